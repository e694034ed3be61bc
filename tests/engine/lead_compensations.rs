//! Each event of a lead and what takes it back.

use foldline::domain::{Breach, EventKind};
use foldline::projection::{LeadAnalysis, LeadSearch, LeadState};
use foldline::replay::ProjectionRef;
use serde_json::{Value, json};

use super::given::{Given, Past, REASON, UndoLead, event, given, undoing};

fn initialized() -> Past {
    event("lead-initialized", json!({"lead-id": 1, "name": "aab", "phone": "1111"}))
}

fn contacted() -> Past {
    event("contacted", json!({}))
}

fn followup_set(on: &str) -> Past {
    event("followup-set", json!({"followup-on": on}))
}

fn renamed(name: &str) -> Past {
    event("contact-details-updated", json!({"name": name}))
}

fn order_submitted() -> Past {
    event("order-submitted", json!({"payment-deadline": FIRST}))
}

fn plain(event_type: &str) -> Past {
    event(event_type, json!({}))
}

const FIRST: &str = "2025-02-01T00:00:00.000Z";
const SECOND: &str = "2025-03-01T00:00:00.000Z";

#[track_caller]
fn state(given: Given, expected: Value) -> Given {
    given.shows(LeadState, expected)
}

// One compensation for each event.

#[test]
fn a_beginning_is_compensated_by_closing() {
    let after = given([initialized()]).when(UndoLead(0)).then([undoing(0, "lead-closed", json!({"reason": REASON}))]);
    state(after, json!({"status": "CLOSED"}));
}

#[test]
fn a_contact_is_compensated_by_retracting_it() {
    let after = given([initialized(), contacted(), contacted()]).when(UndoLead(1)).then([undoing(
        1,
        "contact-retracted",
        json!({}),
    )]);
    state(after, json!({"contacts": 1, "status": "NEW_LEAD"})).shows(LeadAnalysis, json!({"contacts": 1}));
}

#[test]
fn a_followup_is_compensated_by_cancelling_it() {
    let after = given([initialized(), followup_set(FIRST)]).when(UndoLead(1)).then([undoing(
        1,
        "followup-cancelled",
        json!({}),
    )]);
    state(after, json!({"status": "NEW_LEAD", "followups": 0, "followup-on": null}))
        .shows(LeadAnalysis, json!({"followups": 0, "status": "new_lead"}));
}

#[test]
fn a_correction_is_compensated_by_one_with_the_values_from_before() {
    let update = event("contact-details-updated", json!({"name": "aaa", "phone": "2222"}));
    let after = given([initialized(), update]).when(UndoLead(1)).then([undoing(
        1,
        "contact-details-updated",
        json!({"name": "aab", "phone": "1111"}),
    )]);
    state(after, json!({"name": "aab", "phone": "1111"}));
}

#[test]
fn compensating_a_correction_gives_back_only_what_it_gave() {
    given([initialized(), renamed("aaa")]).when(UndoLead(1)).then([undoing(
        1,
        "contact-details-updated",
        json!({"name": "aab"}),
    )]);
}

#[test]
fn an_order_is_compensated_by_cancelling_it() {
    let after =
        given([initialized(), order_submitted()]).when(UndoLead(1)).then([undoing(1, "order-cancelled", json!({}))]);
    state(after, json!({"status": "NEW_LEAD", "payment-deadline": null}));
}

#[test]
fn a_confirmed_payment_is_compensated_by_reversing_it() {
    let after = given([initialized(), order_submitted(), plain("payment-confirmed")])
        .when(UndoLead(2))
        .then([undoing(2, "payment-reversed", json!({}))]);
    state(after, json!({"status": "PENDING_PAYMENT", "payment-deadline": FIRST}))
        .shows(LeadAnalysis, json!({"status": "pending_payment", "seconds-to-conversion": null}));
}

#[test]
fn a_failed_payment_is_compensated_by_withdrawing_the_failure() {
    let after = given([initialized(), order_submitted(), plain("payment-failed")]).when(UndoLead(2)).then([undoing(
        2,
        "payment-failure-withdrawn",
        json!({}),
    )]);
    state(after, json!({"status": "PENDING_PAYMENT", "payment-deadline": FIRST}));
}

#[test]
fn a_closing_is_compensated_by_reopening() {
    let after =
        given([initialized(), plain("lead-closed")]).when(UndoLead(1)).then([undoing(1, "lead-reopened", json!({}))]);
    state(after, json!({"status": "NEW_LEAD"}));
}

// The status from before is given back.

/// The shortest way to each status from which more may come, with that status' name.
fn open_histories() -> [(Vec<Past>, &'static str); 4] {
    [
        (vec![initialized()], "NEW_LEAD"),
        (vec![initialized(), followup_set(FIRST)], "FOLLOWUP_SET"),
        (vec![initialized(), order_submitted()], "PENDING_PAYMENT"),
        (vec![initialized(), order_submitted(), plain("payment-failed")], "PAYMENT_FAILED"),
    ]
}

/// Records `past` behind each history, compensates it, and expects the status from before.
#[track_caller]
fn gives_back_the_status(past: &Past, counterpart: &'static str, statuses: &[&str]) {
    let histories = open_histories().into_iter().filter(|(_, status)| statuses.contains(status));
    for (events, status) in histories {
        let version = events.len() as u64;
        let after =
            given(events).and(past.clone()).when(UndoLead(version)).then([undoing(version, counterpart, json!({}))]);
        state(after, json!({"status": status}));
    }
}

#[test]
fn reopening_gives_back_whatever_status_the_closing_ended() {
    let all = ["NEW_LEAD", "FOLLOWUP_SET", "PENDING_PAYMENT", "PAYMENT_FAILED"];
    gives_back_the_status(&plain("lead-closed"), "lead-reopened", &all);
}

#[test]
fn cancelling_a_followup_gives_back_whatever_status_it_replaced() {
    let all = ["NEW_LEAD", "FOLLOWUP_SET", "PENDING_PAYMENT", "PAYMENT_FAILED"];
    gives_back_the_status(&followup_set(SECOND), "followup-cancelled", &all);
}

#[test]
fn cancelling_an_order_gives_back_whatever_status_it_replaced() {
    gives_back_the_status(&order_submitted(), "order-cancelled", &["NEW_LEAD", "FOLLOWUP_SET", "PAYMENT_FAILED"]);
}

#[test]
fn cancelling_a_second_followup_gives_back_the_first_ones_date() {
    let after = given([initialized(), followup_set(FIRST), followup_set(SECOND)]).when(UndoLead(2)).then([undoing(
        2,
        "followup-cancelled",
        json!({}),
    )]);
    state(after, json!({"status": "FOLLOWUP_SET", "followups": 1, "followup-on": FIRST}));
}

#[test]
fn cancelling_a_second_order_gives_back_the_first_ones_deadline() {
    let second = event("order-submitted", json!({"payment-deadline": SECOND}));
    let after = given([initialized(), order_submitted(), plain("payment-failed"), second])
        .when(UndoLead(3))
        .then([undoing(3, "order-cancelled", json!({}))]);
    state(after, json!({"status": "PAYMENT_FAILED", "payment-deadline": FIRST}));
}

/// Undone at once, an event leaves nothing behind but the version, the time and what search has ever seen.
#[test]
fn compensating_the_last_event_leaves_the_lead_as_it_was_before() {
    for (events, _) in open_histories() {
        for past in [contacted(), followup_set(SECOND), renamed("aaa"), plain("lead-closed")] {
            compensated_at_once(events.clone(), &past);
        }
    }
    let ordered = vec![initialized(), order_submitted()];
    for past in [plain("payment-confirmed"), plain("payment-failed")] {
        compensated_at_once(ordered.clone(), &past);
    }
}

#[track_caller]
fn compensated_at_once(events: Vec<Past>, past: &Past) {
    let version = events.len() as u64;
    let before = given(events);
    let asked = before.clone().and(past.clone()).when(UndoLead(version));
    let counterpart = asked.only_draft();
    let after = asked.then([counterpart]);
    for projection in [ProjectionRef::new(LeadState), ProjectionRef::new(LeadAnalysis)] {
        let (mut was, mut is) = (before.shown(projection.clone()), after.shown(projection.clone()));
        for shown in [&mut was, &mut is] {
            let fields = shown.as_object_mut().expect("a shown state is an object");
            fields.retain(|field, _| !["version", "updated-on"].contains(&field.as_str()));
        }
        assert_eq!(was, is, "{projection:?} around {past:?}");
    }
}

// What came later stands.

#[test]
fn cancelling_a_followup_leaves_a_status_that_came_later() {
    let after = given([initialized(), followup_set(FIRST), order_submitted()]).when(UndoLead(1)).then([undoing(
        1,
        "followup-cancelled",
        json!({}),
    )]);
    state(after, json!({"status": "PENDING_PAYMENT", "followups": 0, "followup-on": null}));
}

#[test]
fn cancelling_a_followup_leaves_the_date_of_a_later_one() {
    let after = given([initialized(), followup_set(FIRST), followup_set(SECOND)]).when(UndoLead(1)).then([undoing(
        1,
        "followup-cancelled",
        json!({}),
    )]);
    state(after, json!({"status": "FOLLOWUP_SET", "followups": 1, "followup-on": SECOND}));
}

#[test]
fn cancelling_an_order_leaves_a_payment_that_came_later() {
    let after = given([initialized(), order_submitted(), plain("payment-confirmed")])
        .when(UndoLead(1))
        .then([undoing(1, "order-cancelled", json!({}))]);
    state(after, json!({"status": "CONVERTED"}));
}

#[test]
fn withdrawing_a_failure_leaves_an_order_that_came_later() {
    let after = given([initialized(), order_submitted(), plain("payment-failed"), order_submitted()])
        .when(UndoLead(2))
        .then([undoing(2, "payment-failure-withdrawn", json!({}))]);
    state(after, json!({"status": "PENDING_PAYMENT"}));
}

/// What a later event replaced may itself have been withdrawn since: undoing the later one then goes further back.
#[test]
fn what_was_withdrawn_does_not_come_back_with_a_later_compensation() {
    let after =
        given([initialized(), followup_set(FIRST), followup_set(SECOND), plain("followup-cancelled").undoing(1)])
            .when(UndoLead(2))
            .then([undoing(2, "followup-cancelled", json!({}))]);
    state(after, json!({"status": "NEW_LEAD", "followups": 0, "followup-on": null}));

    let after =
        given([initialized(), followup_set(FIRST), plain("lead-closed"), plain("followup-cancelled").undoing(1)])
            .when(UndoLead(2))
            .then([undoing(2, "lead-reopened", json!({}))]);
    state(after, json!({"status": "NEW_LEAD"}));
}

#[test]
fn a_contact_made_while_open_is_retracted_also_after_the_lead_was_closed() {
    let after = given([initialized(), contacted(), plain("lead-closed")]).when(UndoLead(1)).then([undoing(
        1,
        "contact-retracted",
        json!({}),
    )]);
    state(after, json!({"contacts": 0, "status": "CLOSED"}));
}

#[test]
fn a_correction_that_was_corrected_again_is_not_given_back() {
    given([initialized(), renamed("aaa"), renamed("ccc")])
        .when(UndoLead(1))
        .then_refused(Breach::ChangedLater("name".to_owned()));
}

#[test]
fn of_two_corrected_fields_only_the_one_that_still_stands_is_given_back() {
    let both = event("contact-details-updated", json!({"name": "aaa", "phone": "2222"}));
    let after = given([initialized(), both, renamed("ccc")]).when(UndoLead(1)).then([undoing(
        1,
        "contact-details-updated",
        json!({"phone": "1111"}),
    )]);
    state(after, json!({"name": "ccc", "phone": "1111"}));
}

#[test]
fn a_detail_that_was_never_there_before_cannot_be_given_back() {
    given([event("lead-initialized", json!({"lead-id": 1, "phone": "1111"})), renamed("aaa")])
        .when(UndoLead(1))
        .then_refused(Breach::NothingBefore("name"));
}

#[test]
fn a_correction_that_changed_nothing_leaves_nothing_to_give_back() {
    given([initialized(), renamed("aab")])
        .when(UndoLead(1))
        .then_refused(Breach::ChangesNothing(EventKind::ContactDetailsUpdated));
}

#[test]
fn search_still_knows_a_name_that_was_taken_back() {
    given([initialized(), renamed("aaa")])
        .when(UndoLead(1))
        .then([undoing(1, "contact-details-updated", json!({"name": "aab"}))])
        .shows(LeadSearch, json!({"names": ["aab", "aaa"]}));
}

// What no compensation may do.

#[test]
fn a_closed_or_converted_lead_is_not_closed_by_compensating_its_beginning() {
    let closed = Breach::While { kind: EventKind::LeadClosed, status: "CLOSED" };
    given([initialized(), plain("lead-closed")]).when(UndoLead(0)).then_refused(closed);
    let converted = Breach::While { kind: EventKind::LeadClosed, status: "CONVERTED" };
    given([initialized(), order_submitted(), plain("payment-confirmed")]).when(UndoLead(0)).then_refused(converted);
}

/// Each kind of event behind a lawful history, and what compensates it.
fn compensable() -> [(Vec<Past>, EventKind, Past, EventKind); 8] {
    let ordered = || vec![initialized(), order_submitted()];
    [
        (vec![], EventKind::LeadInitialized, initialized(), EventKind::LeadClosed),
        (vec![initialized()], EventKind::Contacted, contacted(), EventKind::ContactRetracted),
        (vec![initialized()], EventKind::FollowupSet, followup_set(FIRST), EventKind::FollowupCancelled),
        (vec![initialized()], EventKind::ContactDetailsUpdated, renamed("aaa"), EventKind::ContactDetailsUpdated),
        (vec![initialized()], EventKind::OrderSubmitted, order_submitted(), EventKind::OrderCancelled),
        (ordered(), EventKind::PaymentConfirmed, plain("payment-confirmed"), EventKind::PaymentReversed),
        (ordered(), EventKind::PaymentFailed, plain("payment-failed"), EventKind::PaymentFailureWithdrawn),
        (vec![initialized()], EventKind::LeadClosed, plain("lead-closed"), EventKind::LeadReopened),
    ]
}

#[test]
fn every_event_of_a_lead_has_the_counterpart_of_the_table() {
    for (events, _, past, counterpart) in compensable() {
        let version = events.len() as u64;
        let found = given(events).and(past).when(UndoLead(version)).only_draft();
        assert_eq!((found.event_type, found.compensates), (counterpart.name(), Some(super::given::id_of(version))));
    }
}

#[test]
fn an_event_is_compensated_only_once() {
    for (events, kind, past, _) in compensable() {
        let version = events.len() as u64;
        let asked = given(events).and(past).when(UndoLead(version));
        let counterpart = asked.only_draft();
        asked.then([counterpart]).when(UndoLead(version)).then_refused(Breach::CompensatedBefore(kind));
    }
}

#[test]
fn a_compensation_has_no_counterpart_but_those_of_the_table() {
    let ordered = || vec![initialized(), order_submitted()];
    let failed = || vec![initialized(), order_submitted(), plain("payment-failed")];
    let confirmed = || vec![initialized(), order_submitted(), plain("payment-confirmed")];
    for (events, undone, name) in [
        (vec![initialized(), contacted()], 1, "contact-retracted"),
        (vec![initialized(), followup_set(FIRST)], 1, "followup-cancelled"),
        (ordered(), 1, "order-cancelled"),
        (confirmed(), 2, "payment-reversed"),
        (failed(), 2, "payment-failure-withdrawn"),
        (vec![initialized(), plain("lead-closed")], 1, "lead-reopened"),
    ] {
        let version = events.len() as u64;
        given(events)
            .and(plain(name).undoing(undone))
            .when(UndoLead(version))
            .then_refused(Breach::NoCompensation(name.to_owned()));
    }
}

#[test]
fn a_type_that_no_lead_knows_has_no_counterpart() {
    given([initialized(), plain("parcel-shipped")])
        .when(UndoLead(1))
        .then_refused(Breach::NoCompensation("parcel-shipped".to_owned()));
}

#[test]
fn a_corrected_correction_may_be_corrected_itself() {
    let after = given([initialized(), renamed("aaa"), renamed("aab").undoing(1)]).when(UndoLead(2)).then([undoing(
        2,
        "contact-details-updated",
        json!({"name": "aaa"}),
    )]);
    state(after, json!({"name": "aaa"}));
}

#[test]
fn a_closing_that_compensated_a_beginning_may_be_reopened() {
    let after = given([initialized(), plain("lead-closed").undoing(0)]).when(UndoLead(1)).then([undoing(
        1,
        "lead-reopened",
        json!({}),
    )]);
    state(after, json!({"status": "NEW_LEAD"}));
}

// Recorded compensations that broke a rule.

const UNDOING: [&str; 6] = [
    "contact-retracted",
    "followup-cancelled",
    "order-cancelled",
    "payment-reversed",
    "payment-failure-withdrawn",
    "lead-reopened",
];

#[test]
fn a_recorded_compensation_that_names_no_event_is_reported() {
    for name in UNDOING {
        given([initialized(), plain(name)])
            .finds(&[(1, &format!("{name} names no event that it compensates"))])
            .shows(LeadState, json!({"version": 1}));
    }
}

#[test]
fn a_recorded_compensation_of_what_never_happened_is_reported_and_leaves_the_status() {
    for name in ["contact-retracted", "followup-cancelled", "order-cancelled", "payment-reversed"] {
        given([initialized(), plain(name).undoing(7)])
            .finds(&[(1, &format!("{name} finds nothing to undo"))])
            .shows(LeadState, json!({"status": "NEW_LEAD", "version": 1}));
    }
}

#[test]
fn a_recorded_compensation_of_what_is_compensated_already_is_reported() {
    for (events, _, past, counterpart) in compensable() {
        // A closing is out of place on a lead that is closed already, before it repeats anything.
        if [EventKind::LeadClosed, EventKind::ContactDetailsUpdated].contains(&counterpart) {
            continue;
        }
        let name = counterpart.name();
        let version = events.len() as u64;
        given(events)
            .and(past)
            .and(plain(name).undoing(version))
            .and(plain(name).undoing(version))
            .finds(&[(version + 2, &format!("{name} compensates an event that is compensated already"))]);
    }
}

#[test]
fn a_recorded_correction_of_what_is_corrected_already_is_reported() {
    given([initialized(), renamed("aaa"), renamed("aab").undoing(1), renamed("ccc").undoing(1)])
        .finds(&[(3, "contact-details-updated compensates an event that is compensated already")])
        .shows(LeadState, json!({"name": "ccc"}));
}

#[test]
fn a_recorded_reopening_of_an_open_lead_is_reported() {
    given([initialized(), plain("lead-reopened").undoing(7)])
        .finds(&[(1, "lead-reopened while NEW_LEAD")])
        .shows(LeadState, json!({"status": "NEW_LEAD"}));
}

#[test]
fn a_recorded_reopening_of_a_closing_that_never_happened_is_reported() {
    let closed = || given([initialized(), plain("lead-closed")]);
    closed().and(plain("lead-reopened")).finds(&[(2, "lead-reopened names no event that it compensates")]);
    closed()
        .and(plain("lead-reopened").undoing(7))
        .finds(&[(2, "lead-reopened finds nothing to undo")])
        .shows(LeadState, json!({"status": "CLOSED", "version": 2}));
}

#[test]
fn a_recorded_compensation_before_the_beginning_is_reported() {
    for name in UNDOING {
        given([plain(name).undoing(0)]).finds(&[(0, &format!("{name} before lead-initialized"))]);
    }
}

#[test]
fn counts_never_fall_below_nought() {
    given([initialized(), plain("contact-retracted").undoing(7), plain("followup-cancelled").undoing(8)])
        .shows(LeadState, json!({"contacts": 0, "followups": 0}));
}

/// Another system's stream may say in the payload what ours says in the metadata.
#[test]
fn the_compensated_event_may_be_named_in_the_payload() {
    let cancelled = event("followup-cancelled", json!({"compensates": "event-1"}));
    for cancelled in [cancelled.clone(), cancelled.by_nobody()] {
        given([initialized(), followup_set(FIRST), followup_set(SECOND), cancelled])
            .finds(&[])
            .shows(LeadState, json!({"followup-on": SECOND, "followups": 1}))
            .when(UndoLead(1))
            .then_refused(Breach::CompensatedBefore(EventKind::FollowupSet));
    }
}
