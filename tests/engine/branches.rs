//! What if: whatever is edited, a branch is the naive fold of the events that it has, and history stays what it was.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use foldline::domain::{Aggregate, as_read};
use foldline::event::{EventId, RecordedEvent, StreamId, Version};
use foldline::projection::diff_values;
use foldline::replay::{
    Alteration, Branch, Edit, EditError, EventRef, How, InsertedEvent, Label, Layout, NewEvents, NewPayload,
    ProjectionRef, SlotEvent, Timeline, WhatIf, registry,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::given::{event, given, id_of};
use crate::replay_properties::{free_form, histories};
use crate::workshop::cases;

const CASES: u32 = 64;

fn replayed(projection: &ProjectionRef, events: &[RecordedEvent]) -> Box<dyn Timeline> {
    let mut timeline = projection.timeline(events.len());
    for event in events {
        timeline.push_row(&event.as_row());
    }
    timeline
}

fn refer(event: &RecordedEvent) -> EventRef {
    EventRef { version: event.version, id: event.id.clone() }
}

fn branch(edits: impl IntoIterator<Item = Alteration>) -> Branch {
    let mut branch = Branch::default();
    for edit in edits {
        branch.push(edit);
    }
    branch
}

fn fold(aggregate: Option<Aggregate>, projection: &ProjectionRef, events: &[RecordedEvent], branch: &Branch) -> WhatIf {
    let history = replayed(projection, events);
    let judge = registry().judge(aggregate);
    let judge = (judge != *projection).then(|| replayed(&judge, events));
    let mut layout = Layout::new(history.heads(), branch);
    let stream = events.first().map_or_else(|| StreamId::from("lead-1"), |event| event.stream.clone());
    let recorded = |index: usize| -> Result<RecordedEvent, Infallible> { Ok(events[index].clone()) };
    let Ok(new) = NewEvents::make(&mut layout, branch, &stream, aggregate, recorded);
    WhatIf::new(history.as_ref(), judge.as_deref(), layout, new)
}

/// What is shown after the first so many events, without what every event moves.
fn naive(projection: &ProjectionRef, events: &[RecordedEvent]) -> Value {
    let mut fold = projection.fold();
    for event in events {
        fold.push(&event.as_row());
    }
    fold.show()
}

fn same(timeline: &dyn Timeline, a: &Value, b: &Value) -> bool {
    diff_values(a, b, timeline.bookkeeping()).is_empty()
}

// Any edits

#[derive(Clone, Debug)]
pub(crate) enum Sketch {
    Skip(prop::sample::Index),
    Whole(prop::sample::Index, Value),
    Field(prop::sample::Index, &'static str, Value),
    Insert(Option<prop::sample::Index>, &'static str, Value),
    Move(prop::sample::Index, Option<prop::sample::Index>),
}

pub(crate) fn edits() -> impl Strategy<Value = Vec<(Sketch, bool)>> {
    let any_index = any::<prop::sample::Index>;
    let payload = || {
        prop::sample::select(vec![
            json!({}),
            json!({"name": "B", "phone": "2"}),
            json!({"agent": "lee", "priority": "urgent", "a": [1, {"b": 2}]}),
            json!(7),
            Value::Null,
        ])
    };
    let types =
        prop::sample::select(vec!["contacted", "lead-closed", "agent-assigned", "changed", "payment-confirmed"]);
    let fields = prop::sample::select(vec!["name", "a.b", "items[0]", "agent", "payment-deadline"]);
    let sketch = prop_oneof![
        3 => any_index().prop_map(Sketch::Skip),
        1 => (any_index(), payload()).prop_map(|(at, payload)| Sketch::Whole(at, payload)),
        2 => (any_index(), fields, payload()).prop_map(|(at, field, value)| Sketch::Field(at, field, value)),
        2 => (prop::option::weighted(0.9, any_index()), types, payload())
            .prop_map(|(at, event_type, payload)| Sketch::Insert(at, event_type, payload)),
        2 => (any_index(), prop::option::weighted(0.9, any_index())).prop_map(|(at, after)| Sketch::Move(at, after)),
    ];
    prop::collection::vec((sketch, prop::bool::weighted(0.85)), 0..7)
}

pub(crate) fn drawn(sketches: Vec<(Sketch, bool)>, events: &[RecordedEvent]) -> Branch {
    let at = |index: prop::sample::Index| refer(&events[index.index(events.len())]);
    let edits = sketches.into_iter().enumerate().map(|(number, (sketch, is_on))| {
        let what = match sketch {
            Sketch::Skip(event) => Alteration::Skip(at(event)),
            Sketch::Whole(event, payload) => Alteration::Change { event: at(event), to: NewPayload::Whole(payload) },
            Sketch::Field(event, field, value) => {
                Alteration::Change { event: at(event), to: NewPayload::Fields(vec![(field.to_owned(), value)]) }
            }
            Sketch::Insert(after, event_type, payload) => {
                let id = EventId::new(&format!("new-{number}"));
                let event = InsertedEvent {
                    id,
                    event_type: event_type.to_owned(),
                    payload,
                    recorded_at: None,
                    compensates: None,
                };
                Alteration::Insert { after: after.map(at), event }
            }
            Sketch::Move(event, after) => Alteration::Move { event: at(event), after: after.map(at) },
        };
        Edit { what, is_on }
    });
    Branch { edits: edits.collect(), ..Branch::default() }
}

/// The events of a branch in their order, and of each slot of history and branch how many there are by then: told from
/// the edits alone.
fn expected(events: &[RecordedEvent], branch: &Branch, new: &NewEvents) -> Vec<(usize, Vec<RecordedEvent>)> {
    let place = |event: &EventRef| events.iter().position(|known| known.id == event.id).expect("recorded");
    let anchor = |after: &Option<EventRef>| after.as_ref().map(place);
    let is_skipped = |index: usize| {
        branch.active().any(|(_, edit)| matches!(edit, Alteration::Skip(event) if place(event) == index))
    };
    let mut moved: BTreeMap<usize, (usize, Option<usize>)> = BTreeMap::new();
    for (number, edit) in branch.active() {
        if let Alteration::Move { event, after } = edit {
            moved.insert(place(event), (number, anchor(after)));
        }
    }
    moved.retain(|index, (_, after)| !is_skipped(*index) && *after != Some(*index) && *after != index.checked_sub(1));
    let recorded = |index: usize| new.changed(index).unwrap_or(&events[index]).clone();
    let (mut steps, mut there) = (Vec::new(), Vec::new());
    let places = std::iter::once(None).chain((0..events.len()).map(Some));
    for at in places {
        let count = at.map_or(0, |index| index + 1);
        if let Some(index) = at {
            if !is_skipped(index) && !moved.contains_key(&index) {
                there.push(recorded(index));
            }
            steps.push((count, there.clone()));
        }
        for (number, edit) in branch.active() {
            match edit {
                Alteration::Insert { after, .. } if anchor(after) == at => {
                    there.push(new.inserted(number).expect("made").clone());
                }
                Alteration::Move { event, .. } if moved.get(&place(event)) == Some(&(number, at)) => {
                    there.push(recorded(place(event)));
                }
                _ => continue,
            }
            steps.push((count, there.clone()));
        }
    }
    steps
}

fn check(aggregate: Option<Aggregate>, events: &[RecordedEvent], branch: &Branch) -> Result<(), TestCaseError> {
    for projection in registry().of_aggregate(aggregate) {
        let history = replayed(projection, events);
        let what_if = fold(aggregate, projection, events, branch);
        let steps = expected(events, branch, &what_if.events);
        prop_assert_eq!(what_if.layout.slots().len(), steps.len());
        let mut first_difference = None;
        for (place, (slot, (count, there))) in what_if.layout.slots().iter().zip(&steps).enumerate() {
            let (old, new) = (naive(projection, &events[..*count]), naive(projection, there));
            let shown = |timeline: &dyn Timeline, index| timeline.show(index);
            prop_assert_eq!(&shown(history.as_ref(), slot.history()), &old, "history at slot {}", place);
            prop_assert_eq!(&shown(what_if.timeline.as_ref(), slot.branch()), &new, "branch at slot {}", place);
            if first_difference.is_none() && !same(history.as_ref(), &old, &new) {
                first_difference = Some(place);
            }
            let differences = what_if.differences(history.as_ref(), place);
            prop_assert_eq!(differences.is_empty(), same(history.as_ref(), &old, &new));
            prop_assert_eq!(
                slot.is_in_branch().then(|| what_if.layout.slot_of_branch(slot.branch().expect("one"))),
                slot.is_in_branch().then_some(Some(place))
            );
        }
        prop_assert_eq!(what_if.diverges, first_difference, "under {}", projection.name());
        // Also the changes of each event are as if they had been pushed one by one.
        let all = steps.last().map(|(_, there)| there.clone()).unwrap_or_default();
        let pushed = replayed(projection, &all);
        for index in 0..pushed.heads().len() {
            prop_assert_eq!(pushed.changed_fields(index), what_if.timeline.changed_fields(index));
            prop_assert_eq!(pushed.changes(index), what_if.timeline.changes(index));
        }
        prop_assert_eq!(pushed.all_findings(), what_if.timeline.all_findings());
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(CASES))]

    #[test]
    fn a_branch_of_a_lead_is_the_naive_fold_of_its_events(events in histories(Aggregate::Lead), edits in edits()) {
        check(Some(Aggregate::Lead), &events, &drawn(edits, &events))?;
    }

    #[test]
    fn a_branch_of_a_ticket_is_the_naive_fold_of_its_events(events in histories(Aggregate::Ticket), edits in edits()) {
        check(Some(Aggregate::Ticket), &events, &drawn(edits, &events))?;
    }

    #[test]
    fn a_branch_of_any_stream_is_the_naive_fold_of_its_events(events in free_form(), edits in edits()) {
        check(None, &events, &drawn(edits, &events))?;
    }

    #[test]
    fn a_branch_without_edits_that_are_on_is_history(events in histories(Aggregate::Lead), edits in edits()) {
        let mut branch = drawn(edits, &events);
        branch.edits.iter_mut().for_each(|edit| edit.is_on = false);
        for projection in registry().of_aggregate(Some(Aggregate::Lead)) {
            let what_if = fold(Some(Aggregate::Lead), projection, &events, &branch);
            prop_assert_eq!((what_if.diverges, what_if.broken.len(), what_if.layout.edited()), (None, 0, None));
            let history = replayed(projection, &events);
            prop_assert_eq!(what_if.timeline.heads(), history.heads());
        }
    }

    #[test]
    fn an_event_moved_there_and_back_is_where_it_was(
        events in histories(Aggregate::Ticket), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(),
    ) {
        let (from, to) = (from.index(events.len()), to.index(events.len()));
        let back = from.checked_sub(1).map(|before| refer(&events[before]));
        let there = Alteration::Move { event: refer(&events[from]), after: Some(refer(&events[to])) };
        let back = Alteration::Move { event: refer(&events[from]), after: back };
        for projection in registry().of_aggregate(Some(Aggregate::Ticket)) {
            let what_if = fold(Some(Aggregate::Ticket), projection, &events, &branch([there.clone(), back.clone()]));
            prop_assert_eq!((what_if.diverges, what_if.broken.len(), what_if.layout.edited()), (None, 0, None));
        }
    }

    #[test]
    fn an_event_skipped_and_inserted_again_is_as_if_nothing_were(
        events in histories(Aggregate::Lead), at in any::<prop::sample::Index>(),
    ) {
        let event = &events[at.index(events.len())];
        let read = as_read(Some(Aggregate::Lead), event.event_type.as_str(), event.schema, &event.payload);
        // One of an old shape would be inserted in today's.
        let is_of_today = serde_json::from_slice::<Value>(&event.payload).is_ok_and(|stored| stored == read.payload);
        prop_assume!(event.recorded_at.is_some() && is_of_today);
        let again = InsertedEvent {
            id: event.id.clone(),
            event_type: event.event_type.to_string(),
            payload: read.payload,
            recorded_at: event.recorded_at,
            compensates: event.metadata().compensates,
        };
        let edits = [Alteration::Skip(refer(event)), Alteration::Insert { after: Some(refer(event)), event: again }];
        for projection in registry().of_aggregate(Some(Aggregate::Lead)) {
            let history = replayed(projection, &events);
            let what_if = fold(Some(Aggregate::Lead), projection, &events, &branch(edits.clone()));
            let inserted = what_if.layout.slots().iter().position(|slot| slot.how == How::Inserted).expect("inserted");
            for slot in inserted..what_if.layout.slots().len() {
                prop_assert_eq!(what_if.differences(history.as_ref(), slot), vec![]);
            }
        }
    }

    #[test]
    fn a_branch_is_kept_as_it_is(events in free_form(), edits in edits()) {
        let branch = drawn(edits, &events);
        let text = serde_json::to_string(&branch).expect("written");
        prop_assert_eq!(&serde_json::from_str::<Branch>(&text).expect("read"), &branch);
        let value = serde_json::to_value(&branch).expect("written");
        prop_assert_eq!(serde_json::from_value::<Branch>(value).expect("read"), branch);
    }
}

// One by one

fn lead() -> Vec<RecordedEvent> {
    given([
        event("lead-initialized", json!({"name": "송지우", "phone": "010-2231-9078"})),
        event("contacted", json!({})),
        event("contact-details-updated", json!({"phone": "010-2231-9087"})),
        event("order-submitted", json!({"payment-deadline": "2025-03-10T09:00:00Z"})),
        event("payment-failed", json!({})),
        event("contacted", json!({})),
    ])
    .recorded()
    .to_vec()
}

fn at(version: u64) -> EventRef {
    EventRef { version: Version(version), id: id_of(version) }
}

fn insert(after: Option<EventRef>, event_type: &str) -> Alteration {
    let id = EventId::new(event_type);
    let event = InsertedEvent {
        id,
        event_type: event_type.to_owned(),
        payload: json!({}),
        recorded_at: None,
        compensates: None,
    };
    Alteration::Insert { after, event }
}

fn of_lead(edits: impl IntoIterator<Item = Alteration>) -> (Box<dyn Timeline>, WhatIf) {
    let events = lead();
    let projection = registry().first(Some(Aggregate::Lead));
    (replayed(&projection, &events), fold(Some(Aggregate::Lead), &projection, &events, &branch(edits)))
}

#[test]
fn what_the_branch_breaks_is_told_with_its_place_and_what_history_breaks_is_not() {
    let (history, what_if) = of_lead([
        insert(Some(at(4)), "payment-confirmed"),
        Alteration::Skip(at(2)),
        insert(Some(at(4)), "lead-closed"),
        insert(None, "contacted"),
    ]);
    let broken: Vec<_> =
        what_if.broken.iter().map(|broken| (broken.label.to_string(), broken.problem.to_string())).collect();
    let broken: Vec<_> = broken.iter().map(|(label, message)| (label.as_str(), message.as_str())).collect();
    assert_eq!(
        broken,
        [
            ("start+1", "contacted before lead-initialized"),
            ("4+1", "payment-confirmed while PAYMENT_FAILED"),
            ("4+2", "lead-closed while CONVERTED"),
            ("5", "contacted while CLOSED"),
        ]
    );
    assert_eq!(what_if.diverges_at(history.as_ref()), Some(Label::Inserted { after: None, number: 1 }));
    let last = what_if.layout.slots().len() - 1;
    let fields: Vec<_> = what_if.differences(history.as_ref(), last).into_iter().map(|change| change.field).collect();
    assert_eq!(fields, ["status", "phone", "contacts"]);
}

#[test]
fn an_inserted_event_happens_shortly_after_the_one_before_it_and_never_after_the_next() {
    let (_, what_if) = of_lead((0..70).map(|_| insert(Some(at(1)), "contacted")));
    let (before, after) = (lead()[1].recorded_at, lead()[2].recorded_at);
    let times: Vec<_> = what_if.timeline.heads()[2..72].iter().map(|head| head.recorded_at).collect();
    assert!(times.is_sorted() && times.first() > Some(&before) && times.last() <= Some(&after), "{times:?}");
}

#[test]
fn an_edit_that_names_no_event_is_told_and_the_others_are_carried_out() {
    let other = EventRef { version: Version(3), id: EventId::new("of another store") };
    let field =
        |event, path: &str| Alteration::Change { event, to: NewPayload::Fields(vec![(path.to_owned(), json!("x"))]) };
    let (history, what_if) = of_lead([
        Alteration::Skip(at(9)),
        Alteration::Skip(other.clone()),
        Alteration::Move { event: at(1), after: Some(other) },
        field(at(0), "name.first"),
        field(at(0), "[0"),
        field(at(0), "phone"),
    ]);
    let version = Version;
    assert_eq!(
        what_if.layout.faults(),
        [
            (0, EditError::NoEvent { version: version(9) }),
            (1, EditError::OtherEvent { version: version(3) }),
            (2, EditError::OtherEvent { version: version(3) }),
            (4, EditError::NotAPath("[0".to_owned())),
            (3, EditError::NoPlace { version: version(0), path: "name.first".to_owned() }),
        ]
    );
    let changes = what_if.differences(history.as_ref(), 0);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!((changes[0].field.as_str(), &changes[0].after), ("phone", &json!("x")));
}

#[test]
fn a_payload_of_an_old_shape_is_changed_in_today_s() {
    let events = given([
        event("lead-initialized", json!({"name": "a"})),
        event("order-submitted", json!({})),
        event("payment-confirmed", json!({"stauts": "converted"})),
    ])
    .recorded()
    .to_vec();
    let projection = registry().find(Some(Aggregate::Lead), "fields").expect("of any stream");
    let to = NewPayload::Fields(vec![("by".to_owned(), json!("kim"))]);
    let what_if = fold(Some(Aggregate::Lead), &projection, &events, &branch([Alteration::Change { event: at(2), to }]));
    let changed = what_if.events.changed(2).expect("changed");
    assert_eq!(String::from_utf8_lossy(&changed.payload), r#"{"status":"converted","by":"kim"}"#);
    assert_eq!(changed.schema, 2);
    assert_eq!(what_if.layout.slots()[2].event, SlotEvent::Recorded(2));
}

#[test]
fn a_branch_of_a_stream_without_events_is_what_it_inserts() {
    let projection = registry().first(Some(Aggregate::Lead));
    let edits = branch([insert(None, "lead-initialized"), Alteration::Skip(at(0))]);
    let what_if = fold(Some(Aggregate::Lead), &projection, &[], &edits);
    assert_eq!(what_if.timeline.heads().len(), 1);
    assert_eq!(what_if.layout.faults(), [(1, EditError::NoEvent { version: Version(0) })]);
}

#[test]
fn what_is_shown_alike_is_no_place_where_a_branch_diverges() {
    let events = given([event("order-placed", json!({"items": []})), event("order-paid", json!({"by": "card"}))]);
    let projection = registry().find(None, "fields").expect("of any stream");
    let to = NewPayload::Fields(vec![("items[0]".to_owned(), Value::Null)]);
    let edits = branch([Alteration::Change { event: at(0), to }]);
    let what_if = fold(None, &projection, events.recorded(), &edits);
    assert_eq!(what_if.timeline.show(Some(0))["items"], json!([null]), "the edit is carried out");
    assert_eq!(what_if.diverges, None);
}

/// What is edited last is edited again and again: only what lies behind it is folded.
#[test]
fn of_two_hundred_thousand_events_those_behind_an_edited_payload_are_folded_and_no_others() {
    const EVENTS: u64 = 200_000;
    const LATE: u64 = EVENTS - 1_000;
    let kinds = lead();
    let recorded = |version: u64| {
        let kind = match version {
            0 => 0,
            LATE => 2,
            _ => 1,
        };
        RecordedEvent { version: Version(version), id: id_of(version), ..kinds[kind].clone() }
    };
    let events: Vec<RecordedEvent> = (0..EVENTS).map(recorded).collect();
    let projection = registry().first(Some(Aggregate::Lead));
    let began = Instant::now();
    let history = replayed(&projection, &events);
    let folded = began.elapsed();
    let what_if = |branch: &Branch| {
        let mut layout = Layout::new(history.heads(), branch);
        let recorded = |index: usize| -> Result<RecordedEvent, Infallible> { Ok(events[index].clone()) };
        let stream = StreamId::from("lead-1");
        let Ok(new) = NewEvents::make(&mut layout, branch, &stream, Some(Aggregate::Lead), recorded);
        WhatIf::new(history.as_ref(), None, layout, new)
    };
    let changed = |version: u64, field: &str, value: &str| {
        let to = NewPayload::Fields(vec![(field.to_owned(), json!(value))]);
        Alteration::Change { event: at(version), to }
    };
    let last = EVENTS as usize - 1;
    let differ = |what_if: &WhatIf, slot: usize| -> Vec<String> {
        what_if.differences(history.as_ref(), slot).into_iter().map(|change| change.after.to_string()).collect()
    };
    let mut quickest = Duration::MAX;
    for phone in ["1", "22"] {
        let began = Instant::now();
        let late = what_if(&branch([changed(LATE, "phone", phone)]));
        quickest = quickest.min(began.elapsed());
        assert_eq!((late.layout.shared() as u64, late.diverges), (LATE, Some(LATE as usize)));
        assert_eq!(differ(&late, last), [format!("\"{phone}\"")]);
        assert!(differ(&late, LATE as usize - 1).is_empty());
    }
    // Mostly a sixth or less: the slots of all events are laid out in any case.
    assert!(quickest * 2 < folded, "{quickest:?} for the last thousand events, {folded:?} for all of them");
    let both = what_if(&branch([changed(LATE, "phone", "22"), changed(0, "name", "Bo")]));
    assert_eq!((both.layout.shared(), both.diverges), (0, Some(0)));
    assert_eq!(differ(&both, last), ["\"Bo\"", "\"22\""]);
    assert_eq!(differ(&both, LATE as usize - 1), ["\"Bo\""]);
}
