//! Each event of a ticket and what takes it back.

use foldline::domain::ticket::{Party, TicketCommand};
use foldline::domain::{Breach, EventKind};
use foldline::projection::{TicketSearch, TicketService, TicketState};
use serde_json::{Value, json};

use super::given::{Given, Past, REASON, UndoTicket, event, given, hour, id_of, just_after, undoing};

/// Opened at hour 0 with a response limit of 24 hours.
fn opened() -> Past {
    event("ticket-initialized", json!({"ticket-id": 1, "customer": "ann", "subject": "printer", "priority": "medium"}))
        .at(hour(0))
}

fn assigned(agent: &str) -> Past {
    event("agent-assigned", json!({"agent": agent}))
}

fn asked(body: &str) -> Past {
    event("message-posted", json!({"role": "customer", "author": "ann", "body": body}))
}

fn answered(body: &str) -> Past {
    event("message-posted", json!({"role": "agent", "author": "bob", "body": body}))
}

fn reprioritised(priority: &str) -> Past {
    event("priority-changed", json!({"priority": priority}))
}

fn escalated() -> Past {
    event("ticket-escalated", json!({"reason": "no answer"}))
}

fn closed() -> Past {
    event("ticket-closed", json!({"by": "customer", "reason": "done"}))
}

fn reopened() -> Past {
    event("ticket-reopened", json!({"by": "customer"}))
}

fn plain(event_type: &str) -> Past {
    event(event_type, json!({}))
}

#[track_caller]
fn state(history: Given, expected: Value) -> Given {
    history.shows(TicketState, expected)
}

#[track_caller]
fn service(history: Given, expected: Value) -> Given {
    history.shows(TicketService, expected)
}

/// Each message as its body, or as `null` where it was retracted.
fn bodies(history: &Given) -> Vec<Value> {
    let shown = history.shown(TicketState);
    shown["messages"].as_array().expect("a list").iter().map(|message| message["body"].clone()).collect()
}

fn by_manager() -> Value {
    json!({"by": "manager", "reason": REASON})
}

// One compensation for each event.

#[test]
fn a_beginning_is_compensated_by_closing() {
    let after = given([opened()]).when(UndoTicket(0)).then([undoing(0, "ticket-closed", by_manager())]);
    state(after, json!({"status": "CLOSED"}));
}

#[test]
fn an_assignment_is_compensated_by_one_of_the_agent_from_before() {
    let after = given([opened(), assigned("bob"), assigned("eve")]).when(UndoTicket(2)).then([undoing(
        2,
        "agent-assigned",
        json!({"agent": "bob"}),
    )]);
    state(after, json!({"agent": "bob"}));
}

#[test]
fn a_message_is_compensated_by_retracting_it() {
    let after = given([opened(), asked("it smokes"), asked("help")]).when(UndoTicket(2)).then([undoing(
        2,
        "message-retracted",
        json!({}),
    )]);
    assert_eq!(bodies(&after), [json!("it smokes"), Value::Null]);
}

#[test]
fn a_change_of_priority_is_compensated_by_one_of_the_priority_from_before() {
    let after = given([opened(), reprioritised("urgent")]).when(UndoTicket(1)).then([undoing(
        1,
        "priority-changed",
        json!({"priority": "medium"}),
    )]);
    let after = state(after, json!({"priority": "medium"}));
    service(after, json!({"deadline": hour(24).to_string()}));
}

#[test]
fn an_escalation_is_compensated_by_withdrawing_it() {
    let after = given([opened(), escalated().at(just_after(hour(24)))]).when(UndoTicket(1)).then([undoing(
        1,
        "escalation-withdrawn",
        json!({}),
    )]);
    service(state(after, json!({"is-escalated": false})), json!({"escalations": 0}));
}

#[test]
fn a_closing_is_compensated_by_reopening() {
    let after =
        given([opened(), closed()]).when(UndoTicket(1)).then([undoing(1, "ticket-reopened", json!({"by": "manager"}))]);
    state(after, json!({"status": "OPEN", "closed-on": null}));
}

#[test]
fn a_reopening_is_compensated_by_closing() {
    let after =
        given([opened(), closed(), reopened()]).when(UndoTicket(2)).then([undoing(2, "ticket-closed", by_manager())]);
    state(after, json!({"status": "CLOSED"}));
}

/// Each kind of event behind a lawful history, and what compensates it.
fn compensable() -> [(Vec<Past>, EventKind, Past, EventKind); 7] {
    [
        (vec![], EventKind::TicketInitialized, opened(), EventKind::TicketClosed),
        (vec![opened(), assigned("bob")], EventKind::AgentAssigned, assigned("eve"), EventKind::AgentAssigned),
        (vec![opened()], EventKind::MessagePosted, asked("help"), EventKind::MessageRetracted),
        (vec![opened()], EventKind::PriorityChanged, reprioritised("low"), EventKind::PriorityChanged),
        (
            vec![opened()],
            EventKind::TicketEscalated,
            escalated().at(just_after(hour(24))),
            EventKind::EscalationWithdrawn,
        ),
        (vec![opened()], EventKind::TicketClosed, closed(), EventKind::TicketReopened),
        (vec![opened(), closed()], EventKind::TicketReopened, reopened(), EventKind::TicketClosed),
    ]
}

#[test]
fn every_event_of_a_ticket_has_the_counterpart_of_the_table() {
    for (events, _, past, counterpart) in compensable() {
        let version = events.len() as u64;
        let found = given(events).and(past).when(UndoTicket(version)).only_draft();
        assert_eq!((found.event_type, found.compensates), (counterpart.name(), Some(id_of(version))));
    }
}

#[test]
fn an_event_is_compensated_only_once() {
    for (events, kind, past, _) in compensable() {
        let version = events.len() as u64;
        let asked = given(events).and(past).when(UndoTicket(version));
        let counterpart = asked.only_draft();
        asked.then([counterpart]).when(UndoTicket(version)).then_refused(Breach::CompensatedBefore(kind));
    }
}

#[test]
fn a_view_has_no_counterpart() {
    given([opened(), event("ticket-viewed", json!({"agent": "bob"}))])
        .when(UndoTicket(1))
        .then_refused(Breach::NoCompensation("ticket-viewed".to_owned()));
}

#[test]
fn a_retraction_and_a_withdrawal_have_no_counterpart() {
    given([opened(), asked("help"), plain("message-retracted").undoing(1)])
        .when(UndoTicket(2))
        .then_refused(Breach::NoCompensation("message-retracted".to_owned()));
    given([opened(), escalated().at(just_after(hour(24))), plain("escalation-withdrawn").undoing(1)])
        .when(UndoTicket(2))
        .then_refused(Breach::NoCompensation("escalation-withdrawn".to_owned()));
}

#[test]
fn a_type_that_no_ticket_knows_has_no_counterpart() {
    given([opened(), plain("parcel-shipped")])
        .when(UndoTicket(1))
        .then_refused(Breach::NoCompensation("parcel-shipped".to_owned()));
}

// Agent and priority.

#[test]
fn an_agent_that_was_replaced_again_is_not_given_back() {
    given([opened(), assigned("bob"), assigned("eve"), assigned("zoe")])
        .when(UndoTicket(2))
        .then_refused(Breach::ChangedLater("agent".to_owned()));
}

#[test]
fn before_the_first_agent_there_was_none_to_give_back() {
    given([opened(), assigned("bob")]).when(UndoTicket(1)).then_refused(Breach::NothingBefore("agent"));
}

#[test]
fn a_priority_that_was_changed_again_is_not_given_back() {
    given([opened(), reprioritised("urgent"), reprioritised("low")])
        .when(UndoTicket(1))
        .then_refused(Breach::ChangedLater("priority".to_owned()));
}

#[test]
fn search_still_knows_an_agent_that_was_taken_back() {
    given([opened(), assigned("bob"), assigned("eve")])
        .when(UndoTicket(2))
        .then([undoing(2, "agent-assigned", json!({"agent": "bob"}))])
        .shows(TicketSearch, json!({"agents": ["bob", "eve"]}));
}

// Messages.

#[test]
fn a_retracted_message_keeps_its_place_and_author_but_not_its_body() {
    let after = given([opened(), asked("my password is 1234"), answered("please retract that")])
        .when(UndoTicket(1))
        .then([undoing(1, "message-retracted", json!({}))]);
    assert_eq!(bodies(&after), [Value::Null, json!("please retract that")]);
    let message = &after.shown(TicketState)["messages"][0];
    assert_eq!((&message["author"], &message["is-retracted"]), (&json!("ann"), &json!(true)));
}

#[test]
fn a_message_is_retracted_also_after_the_ticket_was_closed() {
    let after = given([opened(), asked("help"), closed()]).when(UndoTicket(1)).then([undoing(
        1,
        "message-retracted",
        json!({}),
    )]);
    assert_eq!(bodies(&state(after, json!({"status": "CLOSED"}))), [Value::Null]);
}

#[test]
fn retracting_the_only_answer_leaves_the_question_waiting_as_before() {
    let after = given([opened(), answered("wrong ticket").at(hour(2))]).when(UndoTicket(1)).then([undoing(
        1,
        "message-retracted",
        json!({}),
    )]);
    let (began, due) = (hour(0).to_string(), hour(24).to_string());
    service(after, json!({"waiting-since": began, "deadline": due, "seconds-to-first-answer": null}));
}

#[test]
fn a_retracted_answer_was_not_in_time() {
    let after = given([opened(), answered("wrong ticket").at(hour(2))]).when(UndoTicket(1)).then([undoing(
        1,
        "message-retracted",
        json!({}),
    )]);
    service(after, json!({"answered": null}));
}

#[test]
fn a_second_answer_in_time_outlives_the_retraction_of_the_first() {
    let events = [opened(), answered("wrong ticket"), asked("what?"), answered("plug it in")];
    let after = given(events).when(UndoTicket(1)).then([undoing(1, "message-retracted", json!({}))]);
    service(after, json!({"answered": "in-time"}));
}

#[test]
fn a_missed_limit_stays_missed_though_the_late_answer_is_retracted() {
    let after = given([opened(), answered("wrong ticket").at(hour(30))]).when(UndoTicket(1)).then([undoing(
        1,
        "message-retracted",
        json!({}),
    )]);
    service(after, json!({"answered": "breached"}));
}

#[test]
fn a_breach_of_an_earlier_answer_outlives_the_retraction_of_a_later_one() {
    let events = [opened(), answered("sorry").at(hour(30)), asked("well?"), answered("done")];
    let after = given(events).when(UndoTicket(3)).then([undoing(3, "message-retracted", json!({}))]);
    service(after, json!({"answered": "breached", "seconds-to-first-answer": 30 * 3600}));
}

#[test]
fn retracting_the_first_answer_makes_the_second_the_first() {
    let events = [opened(), answered("wrong ticket").at(hour(2)), asked("what?"), answered("done").at(hour(5))];
    let after = given(events).when(UndoTicket(1)).then([undoing(1, "message-retracted", json!({}))]);
    service(after, json!({"seconds-to-first-answer": 5 * 3600}));
}

#[test]
fn retracting_a_customers_reply_lets_the_customer_owe_an_answer_again() {
    let history = given([opened(), answered("which printer?").at(hour(1)), asked("oops").at(hour(2))])
        .when(UndoTicket(2))
        .then([undoing(2, "message-retracted", json!({}))]);
    let history = service(history, json!({"waiting-since": null, "deadline": null}));
    let close = TicketCommand::Close { by: Party::System, reason: "quiet".to_owned() };
    let seven_days_after_the_question = hour(7 * 24 + 1);
    let closed = history.when_at(seven_days_after_the_question, close);
    assert_eq!(closed.only_draft().event_type, "ticket-closed");
}

#[test]
fn retracting_both_replies_in_either_order_lets_the_customer_owe_an_answer_again() {
    for order in [[2, 3], [3, 2]] {
        let mut history =
            given([opened(), answered("which printer?"), asked("the grey one"), asked("no, the white one")]);
        for version in order {
            let retracted = undoing(version, "message-retracted", json!({}));
            history = history.when(UndoTicket(version)).then([retracted]);
        }
        service(history, json!({"waiting-since": null, "deadline": null}));
    }
}

#[test]
fn retracting_a_message_leaves_the_wait_that_a_later_one_began() {
    let events = [opened(), answered("wrong ticket").at(hour(2)), asked("what?").at(hour(3))];
    let after = given(events).when(UndoTicket(1)).then([undoing(1, "message-retracted", json!({}))]);
    service(after, json!({"waiting-since": hour(3).to_string(), "deadline": hour(27).to_string()}));
}

#[test]
fn retracting_a_message_does_not_take_back_a_change_of_priority_that_came_later() {
    let events = [opened(), asked("anybody there?").at(hour(1)), reprioritised("high").at(hour(2))];
    let after = given(events).when(UndoTicket(1)).then([undoing(1, "message-retracted", json!({}))]);
    service(after, json!({"waiting-since": hour(0).to_string(), "deadline": hour(8).to_string()}));
}

#[test]
fn a_question_that_waits_again_waits_by_the_priority_of_now() {
    let events = [opened(), answered("wrong ticket").at(hour(1)), reprioritised("high").at(hour(2))];
    let after = given(events).when(UndoTicket(1)).then([undoing(1, "message-retracted", json!({}))]);
    service(after, json!({"waiting-since": hour(0).to_string(), "deadline": hour(8).to_string()}));
}

#[test]
fn a_message_retracted_a_second_time_moves_nothing_more() {
    let events = [opened(), answered("wrong ticket").at(hour(1)), asked("what?").at(hour(2))];
    let retracted = [2, 1, 2].map(|version| plain("message-retracted").undoing(version));
    service(given(events.into_iter().chain(retracted)), json!({"waiting-since": hour(0).to_string()}));
}

#[test]
fn a_question_that_waits_again_on_an_escalated_ticket_is_due_when_it_was() {
    let events = [opened(), escalated().at(just_after(hour(24))), answered("wrong ticket").at(hour(25))];
    let after = given(events).when(UndoTicket(2)).then([undoing(2, "message-retracted", json!({}))]);
    service(after, json!({"waiting-since": hour(0).to_string(), "deadline": hour(24).to_string()}));
}

#[test]
fn retracting_a_message_does_not_take_back_an_escalation_that_came_later() {
    let events = [opened(), asked("anybody there?").at(hour(1)), escalated().at(hour(4))];
    let before = given(events);
    let cut = before.shown(TicketService)["deadline"].clone();
    assert_ne!(cut, json!(hour(24).to_string()), "the escalation cut the time");
    let after = before.when(UndoTicket(1)).then([undoing(1, "message-retracted", json!({}))]);
    service(after, json!({"deadline": cut}));
}

// Escalation.

#[test]
fn withdrawing_an_escalation_gives_back_the_time_that_it_cut() {
    let after = given([opened(), escalated().at(hour(4))]).when(UndoTicket(1)).then([undoing(
        1,
        "escalation-withdrawn",
        json!({}),
    )]);
    service(after, json!({"deadline": hour(24).to_string(), "escalations": 0}));
}

#[test]
fn withdrawing_an_escalation_does_not_bring_back_a_deadline_that_was_met() {
    let events = [opened(), escalated().at(just_after(hour(24))), answered("done").at(hour(25))];
    let after = given(events).when(UndoTicket(1)).then([undoing(1, "escalation-withdrawn", json!({}))]);
    service(after, json!({"deadline": null, "waiting-since": null}));
}

#[test]
fn withdrawing_an_escalation_gives_back_the_time_of_a_question_asked_since() {
    let late = just_after(hour(24));
    let events = [opened(), escalated().at(late), answered("done").at(hour(25)), asked("no").at(hour(30))];
    let after = given(events).when(UndoTicket(1)).then([undoing(1, "escalation-withdrawn", json!({}))]);
    service(after, json!({"deadline": hour(54).to_string()}));
}

#[test]
fn withdrawing_an_escalation_keeps_a_priority_that_was_changed_since() {
    let events = [opened(), escalated().at(hour(4)), reprioritised("high").at(hour(5))];
    let after = given(events).when(UndoTicket(1)).then([undoing(1, "escalation-withdrawn", json!({}))]);
    service(state(after, json!({"priority": "high"})), json!({"deadline": hour(8).to_string()}));
}

#[test]
fn a_ticket_whose_escalation_was_withdrawn_may_be_escalated_again() {
    let history = given([opened(), escalated().at(just_after(hour(24))), plain("escalation-withdrawn").undoing(1)]);
    let escalate = TicketCommand::Escalate { reason: "no answer".to_owned() };
    assert_eq!(history.when(escalate).only_draft().event_type, "ticket-escalated");
}

#[test]
fn a_ticket_whose_escalation_was_withdrawn_is_closed_by_its_agent_again() {
    let history = given([opened(), escalated().at(just_after(hour(24))), plain("escalation-withdrawn").undoing(1)]);
    let close = TicketCommand::Close { by: Party::Agent, reason: "done".to_owned() };
    assert_eq!(history.when(close).only_draft().event_type, "ticket-closed");
}

// Closing and reopening.

#[test]
fn a_manager_closes_an_escalated_ticket_by_compensating_its_beginning() {
    let after = given([opened(), escalated().at(just_after(hour(24)))]).when(UndoTicket(0)).then([undoing(
        0,
        "ticket-closed",
        by_manager(),
    )]);
    state(after, json!({"status": "CLOSED", "is-escalated": true}));
}

#[test]
fn a_closed_ticket_is_not_closed_by_compensating_its_beginning() {
    given([opened(), closed()])
        .when(UndoTicket(0))
        .then_refused(Breach::While { kind: EventKind::TicketClosed, status: "CLOSED" });
}

#[test]
fn an_earlier_closing_does_not_reopen_a_ticket_that_was_closed_again() {
    given([opened(), closed(), reopened(), closed()])
        .when(UndoTicket(1))
        .then_refused(Breach::ChangedLater("status".to_owned()));
}

#[test]
fn an_earlier_reopening_does_not_close_a_ticket_that_was_reopened_again() {
    given([opened(), closed(), reopened(), closed(), reopened()])
        .when(UndoTicket(2))
        .then_refused(Breach::ChangedLater("status".to_owned()));
}

#[test]
fn a_closing_that_was_followed_by_a_reopening_is_not_compensated() {
    given([opened(), closed(), reopened()]).when(UndoTicket(1)).then_refused(Breach::ChangedLater("status".to_owned()));
}

// Recorded compensations that broke a rule.

#[test]
fn a_recorded_compensation_that_names_no_event_is_reported() {
    for name in ["message-retracted", "escalation-withdrawn"] {
        let history = given([opened(), plain(name)]);
        let history = history.finds(&[(1, &format!("{name} names no event that it compensates"))]);
        state(history, json!({"version": 1}));
    }
}

#[test]
fn a_recorded_compensation_of_what_never_happened_is_reported() {
    for name in ["message-retracted", "escalation-withdrawn"] {
        let history = given([opened(), asked("help"), plain(name).undoing(7)]);
        let history = history.finds(&[(2, &format!("{name} finds nothing to undo"))]);
        assert_eq!(bodies(&state(history, json!({"version": 2}))), [json!("help")]);
    }
}

#[test]
fn a_recorded_compensation_of_what_is_compensated_already_is_reported() {
    let escalated = || escalated().at(just_after(hour(24)));
    for (events, undone, again) in [
        (vec![opened(), asked("help")], 1, plain("message-retracted")),
        (vec![opened(), escalated()], 1, plain("escalation-withdrawn")),
        (vec![opened(), assigned("bob"), assigned("eve")], 2, assigned("bob")),
        (vec![opened(), reprioritised("low")], 1, reprioritised("medium")),
        (vec![opened(), closed()], 1, event("ticket-reopened", json!({"by": "manager"}))),
        (vec![opened()], 0, closed()),
    ] {
        let version = events.len() as u64 + 1;
        let twice = given(events).and(again.clone().undoing(undone)).and(again.undoing(undone));
        let findings = twice.findings();
        let [(found, words)] = &findings[..] else { panic!("one finding was expected of {twice}: {findings:?}") };
        assert_eq!(*found, version, "{twice}");
        assert!(words.ends_with("compensates an event that is compensated already"), "{twice}: {words}");
    }
}

#[test]
fn a_recorded_compensation_before_the_beginning_is_reported() {
    for name in ["message-retracted", "escalation-withdrawn", "ticket-reopened"] {
        given([plain(name).undoing(0)]).finds(&[(0, &format!("{name} before ticket-initialized"))]);
    }
}

#[test]
fn a_recorded_withdrawal_leaves_a_later_escalation() {
    let events = [
        opened(),
        escalated().at(just_after(hour(24))),
        plain("escalation-withdrawn").undoing(1),
        escalated(),
        plain("escalation-withdrawn").undoing(1),
    ];
    let history = given(events);
    let history = history.finds(&[(4, "escalation-withdrawn compensates an event that is compensated already")]);
    service(state(history, json!({"is-escalated": true})), json!({"escalations": 1}));
}

#[test]
fn a_reassignment_taken_back_no_longer_counts() {
    let history = given([opened(), assigned("kim"), assigned("lee"), assigned("kim").undoing(2)]);
    service(history, json!({"reassignments": 0}));
}
