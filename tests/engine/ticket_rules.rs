//! What a ticket allows, what it refuses, how its deadlines run, and that history which broke a rule is still applied.

use foldline::domain::ticket::{Party, Priority, Role, TicketCommand};
use foldline::domain::{Aggregate, Breach, EventKind};
use foldline::event::Timestamp;
use foldline::projection::{TicketSearch, TicketService, TicketState};
use foldline::replay::registry;
use serde_json::{Value, json};

use super::given::{Given, Past, UndoTicket, day, draft, event, given, hour, just_after, just_before, minute, undoing};

/// Opened at hour 0 with a response limit of 24 hours.
fn opened() -> Past {
    opened_as(Priority::Medium)
}

fn opened_as(priority: Priority) -> Past {
    event(
        "ticket-initialized",
        json!({"ticket-id": 1, "customer": "ann", "subject": "printer", "priority": priority.name()}),
    )
    .at(hour(0))
}

fn assigned(agent: &str) -> Past {
    event("agent-assigned", json!({"agent": agent}))
}

fn viewed(agent: &str) -> Past {
    event("ticket-viewed", json!({"agent": agent}))
}

fn asked(body: &str) -> Past {
    event("message-posted", json!({"role": "customer", "author": "ann", "body": body}))
}

fn answered(body: &str) -> Past {
    event("message-posted", json!({"role": "agent", "author": "bob", "body": body}))
}

fn reprioritised(priority: Priority) -> Past {
    event("priority-changed", json!({"priority": priority.name()}))
}

fn escalated() -> Past {
    event("ticket-escalated", json!({"reason": "no answer"}))
}

fn closed_by(by: Party) -> Past {
    event("ticket-closed", json!({"by": by.name(), "reason": "done"}))
}

fn reopened() -> Past {
    event("ticket-reopened", json!({"by": "customer"}))
}

/// The agent's response limit of 24 hours has passed, and the customer escalated just after it.
fn escalated_late() -> [Past; 3] {
    [opened(), assigned("bob"), escalated().at(just_after(hour(24)))]
}

fn open(priority: Priority) -> TicketCommand {
    TicketCommand::Open {
        ticket_id: "1".to_owned(),
        customer: "ann".to_owned(),
        subject: "printer".to_owned(),
        priority,
    }
}

fn assign(agent: &str) -> TicketCommand {
    TicketCommand::Assign { agent: agent.to_owned() }
}

fn view(agent: &str) -> TicketCommand {
    TicketCommand::View { agent: agent.to_owned() }
}

fn post(role: Role) -> TicketCommand {
    TicketCommand::Post { role, author: "bob".to_owned(), body: "hello".to_owned() }
}

fn change_priority(priority: Priority) -> TicketCommand {
    TicketCommand::ChangePriority { priority }
}

fn escalate() -> TicketCommand {
    TicketCommand::Escalate { reason: "no answer".to_owned() }
}

fn move_unopened_to(agent: &str) -> TicketCommand {
    TicketCommand::MoveUnopened { agent: agent.to_owned() }
}

fn close(by: Party) -> TicketCommand {
    TicketCommand::Close { by, reason: "done".to_owned() }
}

fn reopen(by: Party) -> TicketCommand {
    TicketCommand::Reopen { by }
}

#[track_caller]
fn state(history: Given, expected: Value) -> Given {
    history.shows(TicketState, expected)
}

#[track_caller]
fn service(history: Given, expected: Value) -> Given {
    history.shows(TicketService, expected)
}

fn shown(at: Timestamp) -> Value {
    at.to_string().into()
}

// What each event does.

#[test]
fn a_new_ticket_has_its_customer_subject_priority_and_time_of_creation() {
    state(
        given([opened()]),
        json!({
            "ticket-id": 1, "customer": "ann", "subject": "printer", "priority": "medium", "status": "OPEN",
            "agent": null, "is-escalated": false, "messages": [], "created-on": shown(hour(0)), "version": 0,
        }),
    );
}

#[test]
fn an_assigned_ticket_has_its_agent() {
    state(given([opened(), assigned("bob"), assigned("eve")]), json!({"agent": "eve"}));
}

#[test]
fn messages_stand_in_the_order_in_which_they_were_posted() {
    state(
        given([opened(), asked("it smokes"), answered("pull the plug")]),
        json!({"messages": [
            {"role": "customer", "author": "ann", "body": "it smokes", "posted-on": shown(minute(1))},
            {"role": "agent", "author": "bob", "body": "pull the plug", "posted-on": shown(minute(2))},
        ]}),
    );
}

#[test]
fn a_changed_priority_stands() {
    state(given([opened(), reprioritised(Priority::Urgent)]), json!({"priority": "urgent"}));
}

#[test]
fn an_escalated_ticket_says_so_and_counts_it() {
    let history = state(given(escalated_late()), json!({"is-escalated": true, "status": "OPEN"}));
    service(history, json!({"escalations": 1}));
}

#[test]
fn a_closed_ticket_says_when_and_a_reopened_one_no_longer_does() {
    let closed = given([opened(), closed_by(Party::Customer).at(hour(3))]);
    let closed = state(closed, json!({"status": "CLOSED", "closed-on": shown(hour(3))}));
    state(closed.and(reopened()), json!({"status": "OPEN", "closed-on": null}));
}

#[test]
fn a_view_changes_nothing_that_is_shown_but_the_version() {
    let before = given([opened(), assigned("bob")]);
    let after = before.clone().and(viewed("bob"));
    let differences = foldline::projection::diff_values(
        &before.shown(TicketState),
        &after.shown(TicketState),
        &["version", "updated-on"],
    );
    assert_eq!(differences, Vec::<String>::new());
    state(after, json!({"version": 2}));
}

// The beginning.

#[test]
fn a_ticket_begins_with_its_initialization() {
    given([]).when(open(Priority::High)).then([draft(
        "ticket-initialized",
        json!({"ticket-id": 1, "customer": "ann", "subject": "printer", "priority": "high"}),
    )]);
}

#[test]
fn nothing_happens_to_a_ticket_before_its_beginning() {
    for (kind, command) in [
        (EventKind::AgentAssigned, assign("bob")),
        (EventKind::TicketViewed, view("bob")),
        (EventKind::MessagePosted, post(Role::Customer)),
        (EventKind::PriorityChanged, change_priority(Priority::Low)),
        (EventKind::TicketEscalated, escalate()),
        (EventKind::TicketClosed, close(Party::Customer)),
        (EventKind::TicketReopened, reopen(Party::Customer)),
    ] {
        given([]).when(command).then_refused(Breach::NotBegun { kind, first: EventKind::TicketInitialized });
    }
}

#[test]
fn a_ticket_begins_only_once() {
    let twice = || Breach::BegunTwice(EventKind::TicketInitialized);
    given([opened()]).when(open(Priority::Low)).then_refused(twice());
    given([opened(), closed_by(Party::Customer)]).when(open(Priority::Low)).then_refused(twice());
}

// The plain commands.

#[test]
fn what_a_command_says_stands_in_the_payload() {
    given([opened()]).when(assign("bob")).then([draft("agent-assigned", json!({"agent": "bob"}))]);
    given([opened()]).when(view("bob")).then([draft("ticket-viewed", json!({"agent": "bob"}))]);
    for role in [Role::Customer, Role::Agent] {
        let payload = json!({"role": role.name(), "author": "bob", "body": "hello"});
        given([opened()]).when(post(role)).then([draft("message-posted", payload)]);
    }
    let payload = json!({"priority": "urgent"});
    given([opened()]).when(change_priority(Priority::Urgent)).then([draft("priority-changed", payload)]);
}

#[test]
fn an_open_ticket_is_closed_by_its_customer_agent_or_manager() {
    for by in [Party::Customer, Party::Agent, Party::Manager] {
        let after = given([opened()])
            .when(close(by))
            .then([draft("ticket-closed", json!({"by": by.name(), "reason": "done"}))]);
        state(after, json!({"status": "CLOSED"}));
    }
}

#[test]
fn a_closed_ticket_takes_neither_agent_message_priority_escalation_nor_closing() {
    for (kind, command) in [
        (EventKind::AgentAssigned, assign("eve")),
        (EventKind::MessagePosted, post(Role::Customer)),
        (EventKind::PriorityChanged, change_priority(Priority::Low)),
        (EventKind::TicketEscalated, escalate()),
        (EventKind::TicketClosed, close(Party::Manager)),
    ] {
        given([opened(), closed_by(Party::Customer)])
            .when_at(day(3), command)
            .then_refused(Breach::While { kind, status: "CLOSED" });
    }
}

#[test]
fn assigning_the_same_agent_or_priority_again_changes_nothing() {
    given([opened(), assigned("bob")])
        .when(assign("bob"))
        .then_refused(Breach::ChangesNothing(EventKind::AgentAssigned));
    given([opened()])
        .when(change_priority(Priority::Medium))
        .then_refused(Breach::ChangesNothing(EventKind::PriorityChanged));
}

// The response limit.

#[test]
fn each_priority_has_its_own_response_limit() {
    let deadlines = Priority::ALL.iter().map(|priority| {
        let shown = given([opened_as(*priority)]).shown(TicketService);
        shown["deadline"].as_str().expect("a waiting ticket has a deadline").parse::<Timestamp>().expect("a time")
    });
    let deadlines: Vec<_> = deadlines.collect();
    assert_eq!(Priority::ALL, [Priority::Low, Priority::Medium, Priority::High, Priority::Urgent]);
    assert!(deadlines.is_sorted_by(|slower, faster| slower > faster), "more urgent is sooner: {deadlines:?}");
    for (priority, deadline) in Priority::ALL.iter().zip(deadlines) {
        assert_eq!(deadline.micros_since(hour(0)), priority.response_micros(), "{}", priority.name());
    }
}

#[test]
fn the_limit_counts_from_the_first_message_that_waits() {
    let history = given([opened(), asked("anybody there?").at(hour(5))]);
    service(history, json!({"waiting-since": shown(hour(0)), "deadline": shown(hour(24))}));
}

#[test]
fn an_answer_ends_the_wait_and_the_next_question_begins_another() {
    let history = given([opened(), answered("plug it in").at(hour(2))]);
    let history = service(history, json!({"waiting-since": null, "deadline": null}));
    let history = history.and(asked("it is").at(hour(30)));
    service(history, json!({"waiting-since": shown(hour(30)), "deadline": shown(hour(54))}));
}

#[test]
fn a_changed_priority_moves_the_deadline_of_the_question_that_waits() {
    let history = given([opened(), reprioritised(Priority::High).at(hour(3))]);
    service(history, json!({"deadline": shown(hour(8))}));
}

#[test]
fn an_answer_up_to_the_deadline_is_in_time_and_one_after_it_a_breach() {
    let at = |at: Timestamp| given([opened(), answered("plug it in").at(at)]);
    service(given([opened()]), json!({"answered": null}));
    service(at(hour(24)), json!({"answered": "in-time", "seconds-to-first-answer": 86_400}));
    service(at(just_after(hour(24))), json!({"answered": "breached", "seconds-to-first-answer": 86_400}));
}

#[test]
fn one_late_answer_stays_a_breach_whatever_follows() {
    let late = given([opened(), answered("sorry").at(hour(25)), asked("well?"), answered("done")]);
    service(late, json!({"answered": "breached"}));
    let late_at_last =
        given([opened(), answered("soon").at(hour(1)), asked("well?").at(hour(2)), answered("done").at(hour(27))]);
    service(late_at_last, json!({"answered": "breached"}));
}

#[test]
fn the_first_answer_alone_sets_the_time_to_first_answer() {
    let history =
        given([opened(), asked("well?"), answered("soon").at(minute(30)), asked("now?"), answered("done").at(hour(9))]);
    service(history, json!({"seconds-to-first-answer": 1800}));
}

// Escalation.

#[test]
fn a_customer_escalates_only_past_the_response_limit() {
    given([opened()]).when_at(hour(24), escalate()).then_refused(Breach::EscalatedEarly);
    let after = given([opened()])
        .when_at(just_after(hour(24)), escalate())
        .then([draft("ticket-escalated", json!({"reason": "no answer"}))]);
    state(after, json!({"is-escalated": true}));
}

#[test]
fn the_limit_before_escalation_is_that_of_the_priority() {
    given([opened_as(Priority::Urgent)]).when_at(hour(1), escalate()).then_refused(Breach::EscalatedEarly);
    given([opened_as(Priority::Urgent)])
        .when_at(just_after(hour(1)), escalate())
        .then([draft("ticket-escalated", json!({"reason": "no answer"}))]);
}

#[test]
fn an_answered_ticket_is_not_escalated() {
    given([opened(), answered("plug it in")]).when_at(day(3), escalate()).then_refused(Breach::EscalatedWithoutWait);
}

#[test]
fn an_answer_that_the_customer_questions_is_escalated_by_the_new_limit() {
    let history = || given([opened(), answered("plug it in"), asked("it is").at(hour(30))]);
    history().when_at(hour(54), escalate()).then_refused(Breach::EscalatedEarly);
    let payload = json!({"reason": "no answer"});
    history().when_at(just_after(hour(54)), escalate()).then([draft("ticket-escalated", payload)]);
}

#[test]
fn a_ticket_is_not_escalated_twice() {
    given(escalated_late()).when_at(day(9), escalate()).then_refused(Breach::EscalatedTwice);
}

#[test]
fn escalation_cuts_the_remaining_time_by_a_third_in_whole_per_cent() {
    // Of the twenty hours that were left at hour 4, 67 per cent are 13 hours and 24 minutes.
    let early = given([opened(), escalated().at(hour(4))]);
    service(early, json!({"deadline": shown(minute(4 * 60 + 13 * 60 + 24))}))
        .finds(&[(1, "escalated before the agent's response time was over")]);
}

#[test]
fn a_question_to_an_escalated_ticket_is_due_a_third_sooner() {
    let mut events = escalated_late().to_vec();
    events.extend([answered("plug it in").at(hour(25)), asked("it is").at(hour(30))]);
    // 67 per cent of 24 hours are 16 hours, 4 minutes and 48 seconds.
    let due = minute(30 * 60 + 16 * 60 + 4).plus_micros(48_000_000);
    service(given(events), json!({"deadline": shown(due)}));
}

#[test]
fn a_deadline_that_passed_before_the_escalation_does_not_move() {
    service(given(escalated_late()), json!({"deadline": shown(hour(24)), "answered": "breached"}));
}

// An escalated ticket that nobody opens.

/// Half of the 24 hours after the escalation.
fn half_over() -> Timestamp {
    just_after(hour(36))
}

#[test]
fn an_escalated_ticket_that_stays_unopened_for_half_the_limit_goes_to_another_agent() {
    let after = given(escalated_late())
        .when_at(half_over(), move_unopened_to("eve"))
        .then([draft("agent-assigned", json!({"agent": "eve"}))]);
    service(state(after, json!({"agent": "eve"})), json!({"reassignments": 1}));
}

#[test]
fn before_half_the_limit_an_escalated_ticket_stays_with_its_agent() {
    given(escalated_late()).when_at(just_before(half_over()), move_unopened_to("eve")).then_refused(Breach::MovedEarly);
}

#[test]
fn an_escalated_ticket_that_its_agent_opened_stays_with_the_agent() {
    let mut events = escalated_late().to_vec();
    events.push(viewed("bob").at(hour(30)));
    given(events).when_at(day(3), move_unopened_to("eve")).then_refused(Breach::MovedEarly);
}

#[test]
fn opening_a_ticket_before_its_escalation_does_not_keep_it() {
    given([opened(), assigned("bob"), viewed("bob"), escalated().at(just_after(hour(24)))])
        .when_at(half_over(), move_unopened_to("eve"))
        .then([draft("agent-assigned", json!({"agent": "eve"}))]);
}

#[test]
fn another_agents_look_does_not_keep_the_ticket() {
    let mut events = escalated_late().to_vec();
    events.push(viewed("zoe").at(hour(30)));
    given(events)
        .when_at(half_over(), move_unopened_to("eve"))
        .then([draft("agent-assigned", json!({"agent": "eve"}))]);
}

#[test]
fn the_next_agent_too_has_half_the_limit_to_open_the_ticket() {
    let moved = || {
        let mut events = escalated_late().to_vec();
        events.push(assigned("eve").at(half_over()));
        given(events)
    };
    let half_over_again = just_after(hour(48));
    moved().when_at(just_before(half_over_again), move_unopened_to("zoe")).then_refused(Breach::MovedEarly);
    let after = moved()
        .when_at(half_over_again, move_unopened_to("zoe"))
        .then([draft("agent-assigned", json!({"agent": "zoe"}))]);
    service(after, json!({"reassignments": 2}));
}

#[test]
fn what_the_agent_before_opened_the_next_one_has_yet_to_open() {
    let mut events = escalated_late().to_vec();
    events.extend([viewed("bob").at(hour(30)), assigned("eve").at(hour(40))]);
    given(events).when_at(hour(52), move_unopened_to("zoe")).then([draft("agent-assigned", json!({"agent": "zoe"}))]);
}

#[test]
fn a_ticket_that_is_not_escalated_is_not_moved() {
    given([opened(), assigned("bob")]).when_at(day(9), move_unopened_to("eve")).then_refused(Breach::MovedUnescalated);
}

#[test]
fn an_unopened_ticket_goes_to_another_agent_not_to_the_same() {
    given(escalated_late())
        .when_at(half_over(), move_unopened_to("bob"))
        .then_refused(Breach::ChangesNothing(EventKind::AgentAssigned));
}

#[test]
fn the_first_agent_of_a_ticket_is_no_reassignment() {
    service(given([opened(), assigned("bob")]), json!({"reassignments": 0}));
    service(given([opened(), assigned("bob"), assigned("eve"), assigned("bob")]), json!({"reassignments": 2}));
}

// Closing by itself.

/// The agent answered at hour 1; since then the customer owes the next word.
fn answered_at_hour_one() -> [Past; 2] {
    [opened(), answered("which printer?").at(hour(1))]
}

fn seven_days_after_hour_one() -> Timestamp {
    hour(7 * 24 + 1)
}

#[test]
fn a_ticket_closes_by_itself_after_the_customer_owed_an_answer_for_seven_days() {
    let after = given(answered_at_hour_one())
        .when_at(seven_days_after_hour_one(), close(Party::System))
        .then([draft("ticket-closed", json!({"by": "system", "reason": "done"}))]);
    state(after, json!({"status": "CLOSED"}));
}

#[test]
fn a_ticket_does_not_close_by_itself_before_seven_days() {
    given(answered_at_hour_one())
        .when_at(just_before(seven_days_after_hour_one()), close(Party::System))
        .then_refused(Breach::ClosedEarly);
}

#[test]
fn a_ticket_on_which_the_agent_owes_the_answer_never_closes_by_itself() {
    given([opened()]).when_at(day(99), close(Party::System)).then_refused(Breach::ClosedEarly);
    let mut events = answered_at_hour_one().to_vec();
    events.push(asked("the grey one").at(hour(2)));
    given(events).when_at(day(99), close(Party::System)).then_refused(Breach::ClosedEarly);
}

#[test]
fn each_word_of_the_agent_begins_the_seven_days_anew() {
    let mut events = answered_at_hour_one().to_vec();
    events.push(answered("still there?").at(day(5)));
    given(events.clone()).when_at(just_before(day(12)), close(Party::System)).then_refused(Breach::ClosedEarly);
    let payload = json!({"by": "system", "reason": "done"});
    given(events).when_at(day(12), close(Party::System)).then([draft("ticket-closed", payload)]);
}

#[test]
fn an_escalated_ticket_never_closes_by_itself() {
    let mut events = escalated_late().to_vec();
    events.push(answered("which printer?").at(hour(25)));
    given(events).when_at(day(99), close(Party::System)).then_refused(Breach::EscalatedClosedBy("system"));
}

#[test]
fn an_escalated_ticket_is_not_closed_by_its_agent() {
    given(escalated_late()).when(close(Party::Agent)).then_refused(Breach::EscalatedClosedBy("agent"));
}

#[test]
fn an_escalated_ticket_is_closed_by_the_customer_or_the_manager() {
    for by in [Party::Customer, Party::Manager] {
        let payload = json!({"by": by.name(), "reason": "done"});
        let after = given(escalated_late()).when(close(by)).then([draft("ticket-closed", payload)]);
        state(after, json!({"status": "CLOSED"}));
    }
}

// Reopening.

fn closed_at_hour_one() -> [Past; 2] {
    [opened(), closed_by(Party::Agent).at(hour(1))]
}

#[test]
fn a_customer_reopens_a_closed_ticket_up_to_seven_days_later() {
    let after = given(closed_at_hour_one())
        .when_at(seven_days_after_hour_one(), reopen(Party::Customer))
        .then([draft("ticket-reopened", json!({"by": "customer"}))]);
    state(after, json!({"status": "OPEN"}));
}

#[test]
fn a_ticket_is_not_reopened_more_than_seven_days_after_its_closing() {
    given(closed_at_hour_one())
        .when_at(just_after(seven_days_after_hour_one()), reopen(Party::Customer))
        .then_refused(Breach::ReopenedLate);
}

#[test]
fn the_seven_days_count_from_the_last_closing() {
    let mut events = closed_at_hour_one().to_vec();
    events.extend([reopened().at(day(1)), closed_by(Party::Customer).at(day(6))]);
    given(events.clone())
        .when_at(day(13), reopen(Party::Customer))
        .then([draft("ticket-reopened", json!({"by": "customer"}))]);
    given(events).when_at(just_after(day(13)), reopen(Party::Customer)).then_refused(Breach::ReopenedLate);
}

#[test]
fn nobody_but_the_customer_reopens_a_ticket() {
    for by in [Party::Agent, Party::Manager, Party::System] {
        given(closed_at_hour_one()).when(reopen(by)).then_refused(Breach::ReopenedBy(by.name()));
    }
}

#[test]
fn an_open_ticket_is_not_reopened() {
    given([opened()])
        .when(reopen(Party::Customer))
        .then_refused(Breach::While { kind: EventKind::TicketReopened, status: "OPEN" });
}

#[test]
fn a_ticket_stays_escalated_through_closing_and_reopening() {
    let mut events = escalated_late().to_vec();
    events.extend([closed_by(Party::Customer), reopened()]);
    let history = state(given(events), json!({"status": "OPEN", "is-escalated": true}));
    history.when(close(Party::Agent)).then_refused(Breach::EscalatedClosedBy("agent"));
}

// History that broke a rule.

#[test]
fn an_event_on_a_closed_ticket_is_applied_and_reported() {
    let cases = [
        (assigned("eve"), "agent-assigned", json!({"agent": "eve"})),
        (reprioritised(Priority::Low), "priority-changed", json!({"priority": "low"})),
        (escalated(), "ticket-escalated", json!({"is-escalated": true})),
        (closed_by(Party::Manager).at(hour(9)), "ticket-closed", json!({"closed-on": shown(hour(9))})),
    ];
    for (past, name, expected) in cases {
        let history = given([opened(), closed_by(Party::Customer), past]);
        state(history.finds(&[(2, &format!("{name} while CLOSED"))]), expected);
    }
    let history = given([opened(), closed_by(Party::Customer), asked("wait!")]);
    let history = history.finds(&[(2, "message-posted while CLOSED")]);
    assert_eq!(history.shown(TicketState)["messages"][0]["body"], "wait!");
}

#[test]
fn an_event_before_the_beginning_is_applied_and_reported() {
    let history = given([assigned("bob"), opened()]).finds(&[(0, "agent-assigned before ticket-initialized")]);
    state(history, json!({"agent": "bob", "status": "OPEN"}));
}

#[test]
fn a_second_beginning_is_applied_and_reported() {
    let again = event("ticket-initialized", json!({"ticket-id": 1, "customer": "joe", "priority": "low"}));
    let history = given([opened(), again]).finds(&[(1, "ticket-initialized a second time")]);
    state(history, json!({"customer": "joe", "subject": "printer", "priority": "low"}));
}

#[test]
fn an_early_second_or_needless_escalation_is_applied_and_reported() {
    let early = given([opened(), escalated().at(hour(24))]);
    let early = early.finds(&[(1, "escalated before the agent's response time was over")]);
    service(early, json!({"escalations": 1}));
    let twice = given(escalated_late()).and(escalated()).finds(&[(3, "escalated a second time")]);
    service(twice, json!({"escalations": 2}));
    let needless = given([opened(), answered("plug it in"), escalated().at(day(3))]);
    let needless = needless.finds(&[(2, "escalated while no customer's message waits for an answer")]);
    state(needless, json!({"is-escalated": true}));
}

#[test]
fn a_closing_by_the_wrong_party_is_applied_and_reported() {
    for by in [Party::Agent, Party::System] {
        let words =
            format!("an escalated ticket closed by the {}; only the customer or a manager closes it", by.name());
        let history = given(escalated_late()).and(closed_by(by)).finds(&[(3, &words)]);
        state(history, json!({"status": "CLOSED"}));
    }
}

#[test]
fn a_closing_by_the_system_before_its_time_is_applied_and_reported() {
    let history = given(answered_at_hour_one()).and(closed_by(Party::System).at(day(7)));
    let history = history.finds(&[(2, "closed by the system before the customer owed an answer for seven days")]);
    state(history, json!({"status": "CLOSED"}));
}

#[test]
fn a_late_reopening_or_one_by_the_wrong_party_is_applied_and_reported() {
    let late = given(closed_at_hour_one()).and(reopened().at(just_after(seven_days_after_hour_one())));
    let late = late.finds(&[(2, "reopened more than seven days after it was closed")]);
    state(late, json!({"status": "OPEN"}));
    let by_agent = given(closed_at_hour_one()).and(event("ticket-reopened", json!({"by": "agent"})));
    let by_agent = by_agent.finds(&[(2, "reopened by the agent; only the customer reopens a ticket")]);
    state(by_agent, json!({"status": "OPEN"}));
    given([opened(), reopened()]).finds(&[(1, "ticket-reopened while OPEN")]);
}

#[test]
fn a_change_that_changed_nothing_is_reported() {
    given([opened(), assigned("bob"), assigned("bob")]).finds(&[(2, "agent-assigned changes nothing")]);
    given([opened(), reprioritised(Priority::Medium)]).finds(&[(1, "priority-changed changes nothing")]);
}

#[test]
fn a_type_that_no_ticket_knows_moves_the_version_and_is_reported() {
    let history = given([opened(), event("parcel-shipped", json!({"subject": "zzz"}))]);
    let history = history.finds(&[(1, "parcel-shipped is no event of this kind of stream")]);
    state(history, json!({"subject": "printer", "version": 1}));
}

#[test]
fn a_rule_about_time_is_not_held_against_an_event_without_one() {
    given([opened(), escalated().untimed()]).finds(&[]);
    given(answered_at_hour_one()).and(closed_by(Party::System).untimed()).finds(&[]);
    given(closed_at_hour_one()).and(reopened().untimed()).finds(&[]);
}

#[test]
fn a_message_without_a_known_role_leaves_who_waits_for_whom() {
    let robot = event("message-posted", json!({"author": "r2", "body": "beep"}));
    let history = service(given([opened(), robot]), json!({"deadline": shown(hour(24)), "answered": null}));
    assert_eq!(history.shown(TicketState)["messages"][0]["author"], "r2");
}

// Foreign spellings and the other projections.

#[test]
fn foreign_spellings_of_types_and_fields_fold_the_same() {
    let native = [opened(), assigned("bob"), answered("plug it in"), reprioritised(Priority::Low)];
    let foreign = [
        event(
            "support.Ticket.Initialized",
            json!({"ticketId": 1, "Customer": "ann", "SUBJECT": "printer", "Priority": "MEDIUM"}),
        )
        .at(hour(0)),
        event("AgentAssigned", json!({"Agent": "bob"})),
        event("message_posted", json!({"Role": "Agent", "AUTHOR": "bob", "Body": "plug it in"})),
        event("App\\Support\\PriorityChanged", json!({"PRIORITY": "Low"})),
    ];
    let (native, foreign_story) = (given(native), given(foreign.clone()));
    let registry = registry();
    let of_a_ticket = registry.of_aggregate(Some(Aggregate::Ticket)).iter().filter(|known| known.aggregate().is_some());
    for projection in of_a_ticket {
        assert_eq!(foreign_story.shown(projection.clone()), native.shown(projection.clone()), "{projection:?}");
    }
    given(foreign).finds(&[]);
}

#[test]
fn search_keeps_every_agent_customer_and_subject_once_first_seen_first() {
    let again = event("ticket-initialized", json!({"customer": "joe", "subject": "scanner"}));
    given([opened(), assigned("bob"), assigned("eve"), assigned("bob"), again]).shows(
        TicketSearch,
        json!({
            "ticket-id": 1, "agents": ["bob", "eve"], "customers": ["ann", "joe"],
            "subjects": ["printer", "scanner"], "version": 4,
        }),
    );
}

#[test]
fn a_manager_may_take_back_what_only_a_customer_may_do_in_time() {
    let after = given(closed_at_hour_one()).when_at(day(99), UndoTicket(1)).then([undoing(
        1,
        "ticket-reopened",
        json!({"by": "manager"}),
    )]);
    state(after, json!({"status": "OPEN"}));
}

#[test]
fn a_reopened_ticket_owes_its_customer_a_new_answer() {
    let history = given([
        event("ticket-initialized", json!({"ticket-id": 1, "customer": "han", "subject": "s", "priority": "medium"})),
        event("message-posted", json!({"role": "agent", "author": "kim", "body": "done"})).at(hour(1)),
        event("ticket-closed", json!({"by": "customer", "reason": "solved"})).at(hour(2)),
        event("ticket-reopened", json!({"by": "customer"})).at(day(3)),
    ]);
    let service = history.shown(TicketService);
    assert_eq!(service["waiting-since"], json!(day(3).to_string()));
    assert_eq!(service["deadline"], json!(day(4).to_string()));
    history
        .when_at(day(12), TicketCommand::Close { by: Party::System, reason: "quiet".into() })
        .then_refused(Breach::ClosedEarly);
}
