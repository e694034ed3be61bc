//! What a lead allows, what it refuses, and that history which broke a rule is still applied.

use foldline::domain::lead::{LeadCommand, LeadStatus};
use foldline::domain::{Breach, Draft, EventKind};
use foldline::event::Timestamp;
use foldline::projection::{LeadAnalysis, LeadSearch, LeadState};
use serde_json::{Value, json};

use super::given::{Past, draft, event, given, just_after, just_before, minute, stored_event};

fn initialized() -> Past {
    event("lead-initialized", json!({"lead-id": 1, "name": "aab", "phone": "1111"}))
}

fn contacted() -> Past {
    event("contacted", json!({}))
}

fn followup_set(on: Timestamp) -> Past {
    event("followup-set", json!({"followup-on": on.to_string()}))
}

fn order_submitted() -> Past {
    event("order-submitted", json!({"payment-deadline": minute(600).to_string()}))
}

fn payment_confirmed() -> Past {
    event("payment-confirmed", json!({}))
}

fn payment_failed() -> Past {
    event("payment-failed", json!({}))
}

fn lead_closed() -> Past {
    event("lead-closed", json!({}))
}

/// The shortest lawful way to a status.
fn history_to(status: LeadStatus) -> Vec<Past> {
    match status {
        LeadStatus::NewLead => vec![initialized()],
        LeadStatus::FollowupSet => vec![initialized(), followup_set(minute(60))],
        LeadStatus::PendingPayment => vec![initialized(), order_submitted()],
        LeadStatus::PaymentFailed => vec![initialized(), order_submitted(), payment_failed()],
        LeadStatus::Converted => vec![initialized(), order_submitted(), payment_confirmed()],
        LeadStatus::Closed => vec![initialized(), lead_closed()],
    }
}

fn initialize() -> LeadCommand {
    LeadCommand::Initialize { lead_id: "1".to_owned(), name: "aab".to_owned(), phone: "1111".to_owned() }
}

fn contact() -> LeadCommand {
    LeadCommand::Contact { channel: None, note: None }
}

fn rename(name: &str) -> LeadCommand {
    LeadCommand::UpdateDetails { name: Some(name.to_owned()), phone: None }
}

const FAIL: LeadCommand = LeadCommand::FailPayment { reason: None };
const CLOSE: LeadCommand = LeadCommand::Close { reason: None };

fn set_followup() -> LeadCommand {
    LeadCommand::SetFollowup { on: minute(60) }
}

fn submit_order() -> LeadCommand {
    LeadCommand::SubmitOrder { deadline: minute(600) }
}

fn followup_set_draft() -> Draft {
    draft("followup-set", json!({"followup-on": "2025-01-01T01:00:00.000Z"}))
}

fn order_draft() -> Draft {
    draft("order-submitted", json!({"payment-deadline": "2025-01-01T10:00:00.000Z"}))
}

/// Today's shape of a confirmation is the second.
fn payment_confirmed_draft() -> Draft {
    Draft { schema: 2, ..draft("payment-confirmed", json!({})) }
}

/// The command is answered with the draft in just these statuses, and refused with the status' name in all others.
#[track_caller]
fn allowed_only_in(allowed: &[LeadStatus], kind: EventKind, command: &LeadCommand, expected: &Draft) {
    for status in LeadStatus::ALL {
        let asked = given(history_to(status)).when(command.clone());
        if allowed.contains(&status) {
            asked.then([expected.clone()]);
        } else {
            asked.then_refused(Breach::While { kind, status: status.name() });
        }
    }
}

const NEITHER_CLOSED_NOR_CONVERTED: [LeadStatus; 4] =
    [LeadStatus::NewLead, LeadStatus::FollowupSet, LeadStatus::PendingPayment, LeadStatus::PaymentFailed];

#[track_caller]
fn state(events: Vec<Past>, expected: Value) {
    given(events).shows(LeadState, expected);
}

// What each event does.

#[test]
fn each_event_gives_the_lead_its_status() {
    for status in LeadStatus::ALL {
        given(history_to(status)).shows(LeadState, json!({"status": status.name()})).finds(&[]);
    }
}

#[test]
fn statuses_have_the_names_of_the_wire() {
    let names = LeadStatus::ALL.map(LeadStatus::name);
    assert_eq!(names, ["NEW_LEAD", "FOLLOWUP_SET", "PENDING_PAYMENT", "PAYMENT_FAILED", "CONVERTED", "CLOSED"]);
}

#[test]
fn a_new_lead_has_its_id_name_phone_and_time_of_creation() {
    given([initialized()]).shows(
        LeadState,
        json!({"lead-id": 1, "name": "aab", "phone": "1111", "created-on": "2025-01-01T00:00:00.000Z", "version": 0}),
    );
}

#[test]
fn each_contact_counts_one_and_leaves_the_status() {
    state(
        vec![initialized(), contacted(), followup_set(minute(60)), contacted()],
        json!({"contacts": 2, "status": "FOLLOWUP_SET"}),
    );
}

#[test]
fn each_followup_counts_one_and_the_last_date_stands() {
    state(
        vec![initialized(), followup_set(minute(60)), followup_set(minute(90))],
        json!({"followups": 2, "followup-on": "2025-01-01T01:30:00.000Z"}),
    );
}

#[test]
fn corrected_details_replace_only_the_given_fields() {
    let rename = event("contact-details-updated", json!({"name": "aaa"}));
    let renumber = event("contact-details-updated", json!({"phone": "2222"}));
    state(vec![initialized(), rename.clone()], json!({"name": "aaa", "phone": "1111"}));
    state(vec![initialized(), renumber.clone()], json!({"name": "aab", "phone": "2222"}));
    state(vec![initialized(), rename, renumber], json!({"name": "aaa", "phone": "2222"}));
}

#[test]
fn a_corrected_detail_leaves_the_status() {
    let mut events = history_to(LeadStatus::Converted);
    events.push(event("contact-details-updated", json!({"name": "aaa"})));
    state(events, json!({"status": "CONVERTED"}));
}

#[test]
fn an_order_keeps_its_payment_deadline() {
    state(vec![initialized(), order_submitted()], json!({"payment-deadline": "2025-01-01T10:00:00.000Z"}));
}

#[test]
fn every_event_moves_the_version_and_the_time_of_the_last_update() {
    given([initialized(), contacted().at(minute(7))])
        .shows(LeadState, json!({"version": 1, "updated-on": "2025-01-01T00:07:00.000Z"}));
}

// The beginning.

#[test]
fn a_lead_begins_with_its_initialization() {
    given([])
        .when(initialize())
        .then([draft("lead-initialized", json!({"lead-id": 1, "name": "aab", "phone": "1111"}))]);
}

#[test]
fn a_lead_id_that_is_no_number_stays_text() {
    let command = LeadCommand::Initialize { lead_id: "007".to_owned(), name: "x".to_owned(), phone: "1".to_owned() };
    given([]).when(command).then([draft("lead-initialized", json!({"lead-id": "007", "name": "x", "phone": "1"}))]);
}

#[test]
fn nothing_happens_to_a_lead_before_its_beginning() {
    for (kind, command) in [
        (EventKind::Contacted, contact()),
        (EventKind::FollowupSet, set_followup()),
        (EventKind::ContactDetailsUpdated, rename("aaa")),
        (EventKind::OrderSubmitted, submit_order()),
        (EventKind::PaymentConfirmed, LeadCommand::ConfirmPayment),
        (EventKind::PaymentFailed, FAIL),
        (EventKind::LeadClosed, CLOSE),
    ] {
        given([]).when(command).then_refused(Breach::NotBegun { kind, first: EventKind::LeadInitialized });
    }
}

#[test]
fn a_lead_begins_only_once() {
    for status in LeadStatus::ALL {
        given(history_to(status)).when(initialize()).then_refused(Breach::BegunTwice(EventKind::LeadInitialized));
    }
}

// Which status each command needs.

#[test]
fn a_contact_needs_a_lead_that_is_neither_closed_nor_converted() {
    let expected = draft("contacted", json!({}));
    allowed_only_in(&NEITHER_CLOSED_NOR_CONVERTED, EventKind::Contacted, &contact(), &expected);
}

#[test]
fn a_followup_needs_a_lead_that_is_neither_closed_nor_converted() {
    let expected = followup_set_draft();
    allowed_only_in(&NEITHER_CLOSED_NOR_CONVERTED, EventKind::FollowupSet, &set_followup(), &expected);
}

#[test]
fn closing_needs_a_lead_that_is_neither_closed_nor_converted() {
    let expected = draft("lead-closed", json!({}));
    allowed_only_in(&NEITHER_CLOSED_NOR_CONVERTED, EventKind::LeadClosed, &CLOSE, &expected);
}

#[test]
fn an_order_needs_a_new_lead_a_followup_or_a_failed_payment() {
    let allowed = [LeadStatus::NewLead, LeadStatus::FollowupSet, LeadStatus::PaymentFailed];
    allowed_only_in(&allowed, EventKind::OrderSubmitted, &submit_order(), &order_draft());
}

#[test]
fn a_payment_is_confirmed_only_while_pending() {
    let expected = payment_confirmed_draft();
    let command = LeadCommand::ConfirmPayment;
    allowed_only_in(&[LeadStatus::PendingPayment], EventKind::PaymentConfirmed, &command, &expected);
}

#[test]
fn a_payment_fails_only_while_pending() {
    let expected = draft("payment-failed", json!({}));
    allowed_only_in(&[LeadStatus::PendingPayment], EventKind::PaymentFailed, &FAIL, &expected);
}

#[test]
fn details_may_be_corrected_at_any_time() {
    let expected = draft("contact-details-updated", json!({"name": "aaa"}));
    allowed_only_in(&LeadStatus::ALL, EventKind::ContactDetailsUpdated, &rename("aaa"), &expected);
}

// What else the rules ask.

#[test]
fn a_correction_must_change_something() {
    let nothing = || Breach::ChangesNothing(EventKind::ContactDetailsUpdated);
    let update = |name: Option<&str>, phone: Option<&str>| LeadCommand::UpdateDetails {
        name: name.map(str::to_owned),
        phone: phone.map(str::to_owned),
    };
    given([initialized()]).when(update(None, None)).then_refused(nothing());
    given([initialized()]).when(update(Some("aab"), None)).then_refused(nothing());
    given([initialized()]).when(update(None, Some("1111"))).then_refused(nothing());
    given([initialized()]).when(update(Some("aab"), Some("1111"))).then_refused(nothing());
}

#[test]
fn a_correction_of_one_field_may_repeat_the_other() {
    let command = LeadCommand::UpdateDetails { name: Some("aab".to_owned()), phone: Some("2222".to_owned()) };
    given([initialized()])
        .when(command)
        .then([draft("contact-details-updated", json!({"name": "aab", "phone": "2222"}))])
        .shows(LeadState, json!({"name": "aab", "phone": "2222"}));
}

#[test]
fn a_followup_before_its_own_time_is_refused() {
    let command = LeadCommand::SetFollowup { on: just_before(minute(60)) };
    given([initialized()]).when_at(minute(60), command).then_refused(Breach::FollowupInThePast);
}

#[test]
fn a_followup_at_its_own_time_is_allowed() {
    given([initialized()]).when_at(minute(60), set_followup()).then([followup_set_draft()]);
}

#[test]
fn what_a_command_says_stands_in_the_payload() {
    let text = |text: &str| Some(text.to_owned());
    given([initialized()])
        .when(LeadCommand::Contact { channel: text("phone"), note: text("call again") })
        .then([draft("contacted", json!({"channel": "phone", "note": "call again"}))]);
    given(history_to(LeadStatus::PendingPayment))
        .when(LeadCommand::FailPayment { reason: text("card refused") })
        .then([draft("payment-failed", json!({"reason": "card refused"}))]);
    given([initialized()])
        .when(LeadCommand::Close { reason: text("not interested") })
        .then([draft("lead-closed", json!({"reason": "not interested"}))]);
}

// History that broke a rule.

#[test]
fn a_payment_confirmed_on_a_closed_lead_converts_it_and_is_reported() {
    let mut events = history_to(LeadStatus::Closed);
    events.push(payment_confirmed());
    given(events)
        .finds(&[(2, "payment-confirmed while CLOSED")])
        .shows(LeadState, json!({"status": "CONVERTED", "version": 2}));
}

/// Every event in every status in which it is out of place: it does what it always does, and is reported.
#[test]
fn an_event_in_the_wrong_status_is_applied_and_reported() {
    use LeadStatus::{Closed, Converted, FollowupSet, NewLead, PaymentFailed, PendingPayment};
    let cases: [(Past, &str, Value, &[LeadStatus]); 6] = [
        (contacted(), "contacted", json!({"contacts": 1}), &[Converted, Closed]),
        (followup_set(minute(60)), "followup-set", json!({"status": "FOLLOWUP_SET"}), &[Converted, Closed]),
        (
            order_submitted(),
            "order-submitted",
            json!({"status": "PENDING_PAYMENT"}),
            &[PendingPayment, Converted, Closed],
        ),
        (
            payment_confirmed(),
            "payment-confirmed",
            json!({"status": "CONVERTED"}),
            &[NewLead, FollowupSet, PaymentFailed, Converted, Closed],
        ),
        (
            payment_failed(),
            "payment-failed",
            json!({"status": "PAYMENT_FAILED"}),
            &[NewLead, FollowupSet, PaymentFailed, Converted, Closed],
        ),
        (lead_closed(), "lead-closed", json!({"status": "CLOSED"}), &[Converted, Closed]),
    ];
    for (past, name, expected, statuses) in cases {
        for status in statuses {
            let mut events = history_to(*status);
            let version = events.len() as u64;
            events.push(past.clone());
            given(events)
                .finds(&[(version, &format!("{name} while {}", status.name()))])
                .shows(LeadState, expected.clone());
        }
    }
}

#[test]
fn an_event_before_the_beginning_is_applied_and_reported() {
    given([contacted(), initialized()])
        .finds(&[(0, "contacted before lead-initialized")])
        .shows(LeadState, json!({"contacts": 1, "status": "NEW_LEAD", "name": "aab"}));
}

#[test]
fn a_second_beginning_is_applied_and_reported() {
    let again = event("lead-initialized", json!({"lead-id": 1, "name": "bbb", "phone": "2222"}));
    given([initialized(), lead_closed(), again]).finds(&[(2, "lead-initialized a second time")]).shows(
        LeadState,
        json!({"name": "bbb", "phone": "2222", "status": "NEW_LEAD", "created-on": "2025-01-01T00:00:00.000Z"}),
    );
}

#[test]
fn a_followup_recorded_for_the_past_is_applied_and_reported() {
    given([initialized(), followup_set(just_before(minute(60))).at(minute(60))])
        .finds(&[(1, "followup-set to a time before the event itself")])
        .shows(
            LeadState,
            json!({"status": "FOLLOWUP_SET", "followups": 1, "followup-on": "2025-01-01T00:59:59.999999Z"}),
        );
}

#[test]
fn a_correction_that_changed_nothing_is_reported() {
    let events = [initialized(), event("contact-details-updated", json!({"name": "aab"}))];
    given(events)
        .finds(&[(1, "contact-details-updated changes nothing")])
        .shows(LeadState, json!({"name": "aab", "version": 1}));
}

#[test]
fn a_type_that_no_lead_knows_moves_the_version_and_is_reported() {
    given([initialized(), event("parcel-shipped", json!({"name": "zzz"}))])
        .finds(&[(1, "parcel-shipped is no event of this kind of stream")])
        .shows(LeadState, json!({"name": "aab", "version": 1}));
}

#[test]
fn findings_are_reported_up_to_the_version_that_is_looked_at() {
    let timeline = given([initialized(), payment_failed(), lead_closed(), contacted()]).timeline(LeadState);
    let counts: Vec<_> = (0..4).map(|index| timeline.findings(index).len()).collect();
    assert_eq!(counts, [0, 1, 1, 2]);
}

#[test]
fn a_rule_about_time_is_not_held_against_an_event_without_one() {
    given([initialized(), followup_set(just_before(minute(0))).untimed()]).finds(&[]);
    given([initialized(), followup_set(just_before(minute(0)))])
        .finds(&[(1, "followup-set to a time before the event itself")]);
}

#[test]
fn an_event_without_a_time_leaves_the_time_of_the_last_update() {
    given([initialized(), contacted().untimed()])
        .shows(LeadState, json!({"updated-on": "2025-01-01T00:00:00.000Z", "version": 1, "contacts": 1}));
}

// The other projections of a lead.

#[test]
fn search_keeps_every_name_and_phone_once_first_seen_first() {
    let details = |name: &str, phone: &str| event("contact-details-updated", json!({"name": name, "phone": phone}));
    given([initialized(), details("aaa", "2222"), details("aab", "2222"), details("ccc", "1111")]).shows(
        LeadSearch,
        json!({"lead-id": 1, "names": ["aab", "aaa", "ccc"], "phones": ["1111", "2222"], "version": 3}),
    );
}

#[test]
fn analysis_names_every_status_in_small_letters() {
    for status in LeadStatus::ALL {
        let expected = json!({"status": status.name().to_lowercase()});
        given(history_to(status)).shows(LeadAnalysis, expected);
    }
}

#[test]
fn analysis_counts_contacts_followups_and_the_time_to_conversion() {
    given([
        initialized(),
        contacted(),
        followup_set(minute(60)),
        contacted(),
        order_submitted(),
        payment_confirmed().at(just_after(minute(90))),
    ])
    .shows(LeadAnalysis, json!({"contacts": 2, "followups": 1, "seconds-to-conversion": 5400, "version": 5}));
}

#[test]
fn a_lead_that_is_not_converted_has_no_time_to_conversion() {
    given(history_to(LeadStatus::PendingPayment)).shows(LeadAnalysis, json!({"seconds-to-conversion": null}));
}

#[test]
fn a_lead_without_an_id_in_its_payload_takes_the_one_of_its_stream() {
    given([stored_event("lead-initialized", b"{}")]).shows(LeadState, json!({"lead-id": 1, "name": null}));
}

#[test]
fn an_event_whose_name_negates_a_contact_is_none() {
    for name in ["CustomerNotContacted", "NotContacted", "lead_never_contacted", "FailedToBeContacted"] {
        given([initialized(), event(name, json!({}))])
            .shows(LeadState, json!({"contacts": 0}))
            .finds(&[(1, &format!("{name} is no event of this kind of stream"))]);
    }
}

#[test]
fn an_event_that_is_only_guessed_to_be_a_contact_says_so() {
    given([initialized(), event("CustomerContacted", json!({})), event("crm.Lead.Contacted", json!({}))])
        .shows(LeadState, json!({"contacts": 2}))
        .finds(&[(1, "CustomerContacted is taken for contacted, which is a guess")]);
}
