//! Which events a value stands on, what would give another one, and the fewest events that still show something: each
//! answer held against histories that are folded from nothing.

use std::ops::ControlFlow;

use foldline::domain::{Aggregate, Breach, EventKind, Wish};
use foldline::event::{RecordedEvent, Timestamp, Version};
use foldline::expr::Expression;
use foldline::projection::{
    FieldsProjection, LeadAnalysis, LeadState, Problem, Projection, TicketService, TicketState, cell_value, leaves,
};
use foldline::replay::{
    Attempt, ByTheRules, EndsWith, GoesWrong, Holds, Index, MOST_FOLDED, Reduced, Replay, Stopped, Story, Symptom,
    Timeline, Turns, Why, WhyNot, Work, reduce, why, why_not,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::given::{Given, Past, event, given, hour};
use super::replay_properties::{free_form, histories};
use super::workshop::cases;

fn work<T>(most: u64, ask: impl FnOnce(&mut Work<'_>) -> T) -> T {
    ask(&mut Work::new(most, &mut |_, _| ControlFlow::Continue(())))
}

fn why_of(timeline: &dyn Timeline, field: &str) -> Why {
    let last = timeline.heads().len() - 1;
    work(MOST_FOLDED, |work| why(timeline, last, field, work)).expect("nobody stops it")
}

/// What is needed, and what is enough.
fn found(history: &Given, projection: impl Projection, field: &str) -> (Vec<Index>, Vec<Index>) {
    let Why { needed, enough, untried, .. } = why_of(history.timeline(projection).as_ref(), field);
    assert_eq!((untried, enough.is_minimal), (0, true));
    (needed, enough.kept)
}

fn began() -> Past {
    event("lead-initialized", json!({"lead-id": 1, "name": "aab", "phone": "1111"}))
}

fn renamed(name: &str) -> Past {
    event("contact-details-updated", json!({"name": name}))
}

fn ordered() -> Past {
    event("order-submitted", json!({"payment-deadline": "2025-02-01T00:00:00Z"}))
}

fn plain(event_type: &str) -> Past {
    event(event_type, json!({}))
}

// Why

#[test]
fn a_counted_field_needs_each_event_that_counts_and_a_text_the_last_that_gave_it() {
    let history = given([began(), plain("contacted"), renamed("aaa"), plain("contacted"), ordered()]);
    assert_eq!(found(&history, LeadState, "contacts"), (vec![1, 3], vec![1, 3]));
    assert_eq!(found(&history, LeadState, "name"), (vec![2], vec![2]));
    assert_eq!(found(&history, LeadState, "status"), (vec![4], vec![4]));
    assert_eq!(found(&history, LeadState, "version"), (vec![4], vec![4]));
}

#[test]
fn an_event_that_says_what_was_said_already_makes_neither_of_them_needed() {
    let history = given([began(), renamed("aaa"), renamed("aaa")]);
    let (needed, enough) = found(&history, LeadState, "name");
    assert_eq!(needed, Vec::<Index>::new());
    assert_eq!(enough.len(), 1);
}

#[test]
fn an_event_that_never_changed_the_field_is_needed_where_the_value_differs_without_it() {
    // The answer came two hours after the question: too late for an urgent ticket alone.
    let history = given([
        event("ticket-initialized", json!({"ticket-id": 1, "customer": "ann", "priority": "medium"})).at(hour(0)),
        event("priority-changed", json!({"priority": "urgent"})),
        event("message-posted", json!({"role": "agent", "author": "bob", "body": "yes"})).at(hour(2)),
    ]);
    let timeline = history.timeline(TicketService);
    assert_eq!(timeline.value_at(2, "answered"), "breached");
    assert!(!timeline.changes_at("answered").contains(&1));
    assert_eq!(found(&history, TicketService, "answered"), (vec![0, 1, 2], vec![0, 1, 2]));
}

#[test]
fn what_was_so_from_the_beginning_needs_no_event() {
    let history = given([began(), plain("contacted")]);
    assert_eq!(found(&history, LeadState, "followups"), (vec![], vec![]));
    let taken_back = given([began(), plain("contacted"), plain("contact-retracted").undoing(1)]);
    // Without the one the other remains, or takes back nothing.
    assert_eq!(found(&taken_back, LeadState, "contacts"), (vec![2], vec![]));
}

#[test]
fn a_long_history_is_answered_within_its_work_and_says_what_was_not_tried() {
    let history = given(std::iter::once(began()).chain((0..400).map(|_| plain("contacted"))));
    let timeline = history.timeline(LeadState);
    let last = timeline.heads().len() - 1;
    let name = work(10_000, |work| why(timeline.as_ref(), last, "name", work)).expect("nobody stops it");
    // The one that set it lies farthest back, and was tried before all others.
    assert_eq!((name.needed, name.enough), (vec![0], Reduced { kept: vec![0], is_minimal: true }));
    assert!(name.untried > 200 && name.untried < 400, "{}", name.untried);
    let contacts = work(10_000, |work| why(timeline.as_ref(), last, "contacts", work)).expect("nobody stops it");
    assert!(contacts.needed.len() > 50 && contacts.needed.iter().all(|index| *index > 0));
    let enough = contacts.enough;
    assert!(!enough.is_minimal && enough.kept.len() >= 400, "{}", enough.kept.len());
}

#[test]
fn whoever_waits_no_longer_ends_the_work() {
    let history = given(std::iter::once(began()).chain((0..400).map(|_| plain("contacted"))));
    let timeline = history.timeline(LeadState);
    let mut told = 0;
    let mut stop = |_, _| {
        told += 1;
        if told == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let answer = why(timeline.as_ref(), 400, "contacts", &mut Work::new(MOST_FOLDED, &mut stop));
    assert_eq!((answer, told), (Err(Stopped), 3));
}

/// The value behind these events alone, from nothing.
fn folded<P: Projection>(projection: &P, events: &[RecordedEvent], kept: &[Index], path: &str) -> Value {
    let mut state = P::State::default();
    for event in kept.iter().map(|index| events[*index].as_row()) {
        projection.fold(&mut state, &projection.decode(&event), &event.head(), &mut Vec::new());
    }
    cell_value(projection, &state, path)
}

fn without(events: &[Index], left_out: Index) -> Vec<Index> {
    events.iter().copied().filter(|index| *index != left_out).collect()
}

fn check_why<P: Projection + Copy>(projection: P, events: &[RecordedEvent]) -> Result<(), TestCaseError> {
    let mut replay = Replay::with_spacing(projection, 4);
    for event in events {
        replay.push(&event.as_row());
    }
    let at = events.len() * 3 / 4;
    let mut fields = Vec::new();
    leaves(&replay.show(Some(at)), &mut |path, _| fields.push(path.to_owned()));
    for path in fields.into_iter().take(12) {
        let all: Vec<Index> = (0..=at).collect();
        let value = folded(&projection, events, &all, &path);
        let found = work(MOST_FOLDED, |work| why(&replay, at, &path, work)).expect("nobody stops it");
        prop_assert_eq!((&found.value, found.untried), (&value, 0), "{}", path);
        let differs = |index: &Index| folded(&projection, events, &without(&all, *index), &path) != value;
        let needed: Vec<Index> = all.iter().copied().filter(differs).collect();
        prop_assert_eq!(&found.needed, &needed, "{}", path);
        let Reduced { kept, is_minimal } = found.enough;
        prop_assert!(is_minimal && kept.is_sorted());
        prop_assert_eq!(folded(&projection, events, &kept, &path), value.clone(), "{} by {:?}", path, kept);
        for index in &kept {
            let fewer = without(&kept, *index);
            prop_assert_ne!(folded(&projection, events, &fewer, &path), value.clone(), "{} is spared", index);
        }
    }
    Ok(())
}

// The smallest history

fn problems_of_last<P: Projection>(projection: &P, events: &[RecordedEvent], kept: &[Index]) -> Vec<Problem> {
    let mut state = P::State::default();
    let mut problems = Vec::new();
    for event in kept.iter().map(|index| events[*index].as_row()) {
        problems.clear();
        projection.fold(&mut state, &projection.decode(&event), &event.head(), &mut problems);
    }
    problems
}

fn reduced(timeline: &dyn Timeline, until: Index, symptom: &mut dyn Symptom) -> Option<Reduced> {
    work(MOST_FOLDED, |work| reduce(timeline, (0..=until).collect(), symptom, work)).expect("nobody stops it")
}

/// A condition that holds somewhere holds behind fewer events, of which none can be spared: held against a stream of
/// those events alone, read from its beginning.
fn check_condition<P: Projection + Copy>(
    projection: P,
    events: &[RecordedEvent],
    text: &str,
) -> Result<(), TestCaseError> {
    let holds_last = |kept: &[Index]| {
        let mut replay = Replay::with_spacing(projection, 4);
        for index in kept {
            replay.push(&events[*index].as_row());
        }
        let expression = Expression::new(text, &replay.names()).expect("a sound condition");
        let mut turns = Turns::default();
        let read = replay.read_along(&expression, 0..kept.len(), &(), &|| false, &mut |index, value| {
            turns.note_value(index, &expression, value);
        });
        read.expect("a short condition");
        turns.look_to(kept.len());
        turns.at(kept.len().saturating_sub(1)).is_true
    };
    let mut replay = Replay::with_spacing(projection, 4);
    for event in events {
        replay.push(&event.as_row());
    }
    let expression = Expression::new(text, &replay.names()).expect("a sound condition");
    for until in 0..events.len() {
        let all: Vec<Index> = (0..=until).collect();
        let found = reduced(&replay, until, &mut Holds::new(expression.clone(), &replay, &()));
        prop_assert_eq!(found.is_some(), holds_last(&all), "{} after {}", text, until);
        let Some(Reduced { kept, is_minimal }) = found else { continue };
        prop_assert!(is_minimal && holds_last(&kept), "{} by {:?}", text, kept);
        for spared in &kept {
            prop_assert!(!holds_last(&without(&kept, *spared)), "{}: {} of {:?} is spared", text, spared, kept);
        }
    }
    Ok(())
}

/// Each finding of a history is shown by fewer events, of which none can be spared.
fn check_reduce<P: Projection + Copy>(projection: P, events: &[RecordedEvent]) -> Result<(), TestCaseError> {
    let mut replay = Replay::with_spacing(projection, 4);
    for event in events {
        replay.push(&event.as_row());
    }
    for index in 0..events.len() {
        for finding in replay.findings_at(index) {
            let problem = finding.problem.clone();
            let mut symptom = GoesWrong { event: index, problem: problem.clone() };
            let found = reduced(&replay, index, &mut symptom);
            let Some(Reduced { kept, is_minimal }) = found else { panic!("{index}: {problem} does not show") };
            prop_assert!(is_minimal && kept.is_sorted() && kept.last() == Some(&index));
            prop_assert!(problems_of_last(&projection, events, &kept).contains(&problem), "{} by {:?}", problem, kept);
            for spared in kept.iter().filter(|spared| **spared != index) {
                let fewer = without(&kept, *spared);
                prop_assert!(!problems_of_last(&projection, events, &fewer).contains(&problem), "{}", spared);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn what_is_needed_and_enough_is_what_replaying_says(events in histories(Aggregate::Lead)) {
        check_why(LeadState, &events)?;
        check_why(LeadAnalysis, &events)?;
    }

    #[test]
    fn the_same_of_tickets(events in histories(Aggregate::Ticket)) {
        check_why(TicketState, &events)?;
        check_why(TicketService, &events)?;
    }

    #[test]
    fn the_same_of_any_stream(events in free_form()) {
        check_why(FieldsProjection, &events)?;
    }

    #[test]
    fn behind_a_smallest_history_a_condition_still_holds_and_no_event_is_spared(events in histories(Aggregate::Lead)) {
        for text in [
            "contacts > 1",
            "status == \"CLOSED\" || followups >= 1 && name != null",
            "changed(\"status\") && old.status != null && count(\"contacted\") > 0",
            "event.type == \"order-submitted\"",
            "version > 3",
        ] {
            check_condition(LeadState, &events, text)?;
        }
    }

    #[test]
    fn a_smallest_history_still_breaks_its_rule_and_spares_no_event(
        leads in histories(Aggregate::Lead),
        tickets in histories(Aggregate::Ticket),
    ) {
        check_reduce(LeadState, &leads)?;
        check_reduce(TicketState, &tickets)?;
    }
}

#[test]
fn a_value_is_reduced_to_the_events_that_give_it_and_by_the_rules_to_a_history_that_could_be() {
    let history = given([
        began(),
        plain("contacted"),
        event("followup-set", json!({"followup-on": "2025-03-01T00:00:00Z"})),
        plain("contacted"),
        ordered(),
        renamed("aaa"),
        plain("payment-confirmed"),
    ]);
    let timeline = history.timeline(LeadState);
    let mut converted = EndsWith { path: "status".to_owned(), value: json!("CONVERTED") };
    let plainly = reduced(timeline.as_ref(), 6, &mut converted).expect("it shows");
    assert_eq!(plainly, Reduced { kept: vec![6], is_minimal: true });
    let mut lawful = ByTheRules { symptom: &mut converted, judge: timeline.as_ref() };
    let lawfully = reduced(timeline.as_ref(), 6, &mut lawful).expect("it shows");
    assert_eq!(lawfully, Reduced { kept: vec![0, 4, 6], is_minimal: true });
    assert_eq!(reduced(timeline.as_ref(), 3, &mut converted), None, "it is not so yet");
}

// Why not

fn why_not_of(history: &Given, aggregate: Aggregate, at: Index, field: &str, wish: &str, now: Timestamp) -> WhyNot {
    let mut story = Story::new(Some(aggregate));
    history.recorded().iter().for_each(|event| story.push(&event.as_row()));
    let wish = Wish::new(wish);
    work(MOST_FOLDED, |work| why_not(&story, story.timeline(), at, (field, &wish), now, work)).expect("nobody stops it")
}

fn types(ways: &[Vec<Attempt>]) -> Vec<Vec<&str>> {
    ways.iter().map(|way| way.iter().map(|step| step.event_type).collect()).collect()
}

#[test]
fn a_lead_is_not_converted_because_nothing_was_ordered() {
    let history = given([began(), plain("contacted")]);
    let found = why_not_of(&history, Aggregate::Lead, 1, "status", "CONVERTED", hour(1));
    let [(attempt, breach)] = &found.forbidden[..] else { panic!("{found:?}") };
    assert_eq!(attempt.event_type, "payment-confirmed");
    assert_eq!(*breach, Breach::While { kind: EventKind::PaymentConfirmed, status: "NEW_LEAD" });
    assert_eq!(types(&found.ways), [["order-submitted", "payment-confirmed"]]);
    assert_eq!((found.was, found.value), (None, json!("NEW_LEAD")));
}

#[test]
fn what_one_event_gives_now_is_said_with_the_value_in_it() {
    let history = given([began(), ordered()]);
    let status = why_not_of(&history, Aggregate::Lead, 1, "status", "CONVERTED", hour(1));
    assert_eq!(types(&status.ways), [["payment-confirmed"]]);
    assert!(status.forbidden.is_empty());
    let name = why_not_of(&history, Aggregate::Lead, 1, "name", "kim", hour(1));
    assert_eq!(types(&name.ways), [["contact-details-updated"]]);
    assert_eq!(Value::from(name.ways[0][0].payload.clone()), json!({"name": "kim"}));
    // An order is taken back, or a new one sets it.
    let followup = why_not_of(&history, Aggregate::Lead, 1, "status", "NEW_LEAD", hour(1));
    let [way] = &followup.ways[..] else { panic!("{followup:?}") };
    assert_eq!((way[0].event_type, way[0].compensates), ("order-cancelled", Some(Version(1))));
}

#[test]
fn what_was_so_names_its_last_stretch_and_what_could_have_been_done() {
    let history = given([began(), ordered(), plain("payment-failed"), plain("lead-closed"), renamed("b")]);
    let found = why_not_of(&history, Aggregate::Lead, 4, "status", "PENDING_PAYMENT", hour(1));
    assert_eq!(found.was, Some(1..=1));
    // A new order is against the rules of a closed lead; before it was closed, one could have been taken.
    assert!(found.forbidden.iter().any(|(attempt, _)| attempt.event_type == "order-submitted"), "{found:?}");
    let missed: Vec<_> = found.missed.iter().map(|(attempt, range)| (attempt.event_type, range.clone())).collect();
    assert!(missed.contains(&("order-submitted", 2..=2)), "{missed:?}");
}

#[test]
fn an_agent_may_not_close_an_escalated_ticket_but_the_customer_may() {
    let history = given([
        event("ticket-initialized", json!({"ticket-id": 1, "customer": "ann", "priority": "urgent"})).at(hour(0)),
        event("ticket-escalated", json!({"reason": "no answer"})).at(hour(2)),
    ]);
    let found = why_not_of(&history, Aggregate::Ticket, 1, "status", "CLOSED", hour(3));
    assert_eq!(types(&found.ways), [["ticket-closed"]]);
    assert!(found.forbidden.is_empty(), "{found:?}");
    let escalated = why_not_of(&history, Aggregate::Ticket, 1, "is-escalated", "false", hour(3));
    assert_eq!(types(&escalated.ways), [["escalation-withdrawn"]]);
}

#[test]
fn an_escalation_that_came_too_early_names_the_rule_about_time() {
    let history =
        given([event("ticket-initialized", json!({"ticket-id": 1, "customer": "ann", "priority": "low"})).at(hour(0))]);
    let found = why_not_of(&history, Aggregate::Ticket, 0, "is-escalated", "true", hour(1));
    let rules: Vec<_> = found.forbidden.iter().map(|(attempt, breach)| (attempt.event_type, breach)).collect();
    assert_eq!(rules, [("ticket-escalated", &Breach::EscalatedEarly)]);
    let later = why_not_of(&history, Aggregate::Ticket, 0, "is-escalated", "true", hour(73));
    assert_eq!(types(&later.ways), [["ticket-escalated"]]);
}

#[test]
fn what_no_event_gives_is_said_to_be_out_of_reach() {
    let history = given([began()]);
    let found = why_not_of(&history, Aggregate::Lead, 0, "contacts", "7", hour(1));
    assert_eq!((found.ways, found.forbidden, found.missed, found.was), (vec![], vec![], vec![], None));
    assert!(found.has_rules);
}

#[test]
fn every_way_that_is_named_makes_it_so_and_breaks_no_rule() {
    // Held against the rules once more: each way is recorded and folded from nothing.
    let history = given([began(), plain("contacted"), ordered(), plain("payment-failed")]);
    for (field, wish) in [("status", "CONVERTED"), ("status", "CLOSED"), ("followups", "1"), ("contacts", "0")] {
        let found = why_not_of(&history, Aggregate::Lead, 3, field, wish, hour(1));
        assert!(!found.ways.is_empty(), "{field} {wish}");
        for way in found.ways {
            let grown = way.into_iter().fold(history.clone(), |history, step| {
                let Attempt { event_type, payload, compensates } = step;
                let payload = if payload.is_empty() {
                    json!({"followup-on": "2026-01-01T00:00:00Z", "payment-deadline": "2026-01-01T00:00:00Z"})
                } else {
                    payload.into()
                };
                let past = event(event_type, payload);
                history.and(match compensates {
                    Some(version) => past.undoing(version.0),
                    None => past,
                })
            });
            assert!(Wish::new(wish).is(&grown.shown(LeadState)[field]), "{field} {wish}: {grown}");
            assert!(grown.findings().is_empty(), "{grown}");
        }
    }
}
