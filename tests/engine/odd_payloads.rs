//! Recorded history may hold anything. It is folded all the same, and what could not be read is reported.

use foldline::domain::{Aggregate, EventKind};
use foldline::event::payload_value;
use foldline::projection::{LeadState, TicketState};
use foldline::replay::{ProjectionRef, registry};
use serde_json::json;

use super::given::{Given, given, stored_event};

const NOT_OBJECTS: [&[u8]; 6] = [b"[]", b"[{\"name\":\"x\"}]", b"42", b"-1.5e3", b"\"text\"", b"true"];
const NOT_JSON: [&[u8]; 8] = [b"", b"{", b"{\"name\":", b"{} {}", b"name=x", b"[1", b"-x", b"\xff\xfe{}"];
const WRONG_FIELDS: [&[u8]; 4] = [
    br#"{"lead-id":{"a":1},"name":[1,2],"phone":true,"followup-on":17,"payment-deadline":{},"stauts":null}"#,
    br#"{"ticket-id":[],"customer":{"a":1},"subject":3,"priority":7,"agent":[],"role":false,"body":{},"by":[1]}"#,
    br#"{"compensates":{"id":1},"reason":[null]}"#,
    br#"{"name":null,"phone":null,"followup-on":null,"priority":null,"agent":null,"role":null,"by":null}"#,
];
/// `null` says nothing beyond the type, as does an empty object.
const NOTHING_SAID: [&[u8]; 3] = [b"null", b"{}", b" \n{ } "];

fn every_payload() -> impl Iterator<Item = &'static [u8]> {
    [&NOT_OBJECTS[..], &NOT_JSON, &WRONG_FIELDS, &NOTHING_SAID].into_iter().flatten().copied()
}

fn projections(aggregate: Aggregate) -> Vec<ProjectionRef> {
    registry().of_aggregate(Some(aggregate)).to_vec()
}

fn begun(aggregate: Aggregate) -> Given {
    match aggregate {
        Aggregate::Lead => given([stored_event("lead-initialized", br#"{"lead-id":1,"name":"aab","phone":"1111"}"#)]),
        Aggregate::Ticket => given([stored_event(
            "ticket-initialized",
            br#"{"ticket-id":1,"customer":"ann","subject":"printer","priority":"high"}"#,
        )]),
    }
}

fn printed(payload: &[u8]) -> String {
    String::from_utf8_lossy(payload).into_owned()
}

#[test]
fn every_event_with_any_payload_moves_the_version_of_every_projection() {
    for kind in EventKind::ALL {
        for payload in every_payload() {
            for (version, history) in [(0, given([])), (1, begun(kind.aggregate()))] {
                let after = history.and(stored_event(kind.name(), payload));
                for projection in projections(kind.aggregate()).iter().filter(|known| known.aggregate().is_some()) {
                    let shown = after.shown(projection.clone());
                    assert_eq!(shown["version"], json!(version), "{} {}", kind.name(), printed(payload));
                }
            }
        }
    }
}

/// Keys under which the parser keeps things of its own.
#[test]
fn a_key_that_the_parser_uses_itself_is_shown_as_any_other() {
    for key in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
        for value in [r#""12""#, r#""{\"a\":1}""#, "[1]", r#""x""#] {
            let payload = format!(r#"{{"plain":1.50,"odd":{{"{key}":{value}}},"{key}":{value}}}"#);
            assert_eq!(payload_value(payload.as_bytes()).to_string(), payload);
            let fields = projections(Aggregate::Lead)
                .into_iter()
                .find(|known| known.name() == "fields")
                .expect("for any domain");
            let shown = given([stored_event("noted", payload.as_bytes())]).shown(fields.clone());
            assert_eq!(shown.to_string(), payload);
        }
    }
}

#[test]
fn an_event_after_an_unreadable_one_is_folded_as_always() {
    for payload in every_payload() {
        begun(Aggregate::Lead)
            .and(stored_event("contact-details-updated", payload))
            .and(stored_event("contact-details-updated", br#"{"name":"ccc"}"#))
            .shows(LeadState, json!({"name": "ccc", "version": 2}));
    }
}

#[test]
fn the_type_of_an_unreadable_event_still_counts() {
    for payload in NOT_OBJECTS.into_iter().chain(NOT_JSON).chain(NOTHING_SAID) {
        let lead = |kind: &str| begun(Aggregate::Lead).and(stored_event(kind, payload));
        lead("contacted").shows(LeadState, json!({"contacts": 1}));
        lead("followup-set").shows(LeadState, json!({"status": "FOLLOWUP_SET", "followups": 1}));
        lead("order-submitted").shows(LeadState, json!({"status": "PENDING_PAYMENT"}));
        lead("payment-confirmed").shows(LeadState, json!({"status": "CONVERTED"}));
        lead("payment-failed").shows(LeadState, json!({"status": "PAYMENT_FAILED"}));
        lead("lead-closed").shows(LeadState, json!({"status": "CLOSED"}));
        let ticket = |kind: &str| begun(Aggregate::Ticket).and(stored_event(kind, payload));
        ticket("ticket-escalated").shows(TicketState, json!({"is-escalated": true}));
        ticket("ticket-closed").shows(TicketState, json!({"status": "CLOSED"}));
        let messages = ticket("message-posted").shown(TicketState)["messages"].clone();
        assert_eq!(messages.as_array().map(Vec::len), Some(1), "{}", printed(payload));
    }
}

#[test]
fn a_payload_that_is_no_object_is_reported_for_every_event() {
    for kind in EventKind::ALL {
        for payload in NOT_OBJECTS {
            let findings = begun(kind.aggregate()).and(stored_event(kind.name(), payload)).findings();
            let expected = (1, format!("{}: the payload is not an object", kind.name()));
            assert!(findings.contains(&expected), "{} {}: {findings:?}", kind.name(), printed(payload));
        }
    }
}

#[test]
fn a_payload_that_is_no_json_is_reported_for_every_event() {
    for kind in EventKind::ALL {
        for payload in NOT_JSON {
            let findings = begun(kind.aggregate()).and(stored_event(kind.name(), payload)).findings();
            let beginning = format!("{}: the payload is not JSON", kind.name());
            let is_reported = findings.iter().any(|(version, words)| *version == 1 && words.starts_with(&beginning));
            assert!(is_reported, "{} {}: {findings:?}", kind.name(), printed(payload));
        }
    }
}

#[test]
fn a_text_of_broken_letters_is_said_to_be_no_json() {
    let payload = b"{\"name\":\"\xff\"}";
    let findings = begun(Aggregate::Lead).and(stored_event("contact-details-updated", payload)).findings();
    let beginning = "contact-details-updated: the payload is not JSON";
    assert!(findings.iter().any(|(_, words)| words.starts_with(beginning)), "{findings:?}");
}

#[test]
fn a_payload_that_says_nothing_is_no_flaw() {
    for payload in NOTHING_SAID {
        begun(Aggregate::Lead).and(stored_event("contacted", payload)).finds(&[]);
        begun(Aggregate::Ticket).and(stored_event("ticket-viewed", payload)).finds(&[]);
    }
}

#[test]
fn a_time_that_is_none_is_quoted_and_the_event_is_applied() {
    begun(Aggregate::Lead)
        .and(stored_event("followup-set", br#"{"followup-on":"tomorrow"}"#))
        .finds(&[(1, "followup-set: followup-on is not a time: “tomorrow”")])
        .shows(LeadState, json!({"status": "FOLLOWUP_SET", "followups": 1, "followup-on": null}));
    begun(Aggregate::Lead)
        .and(stored_event("order-submitted", br#"{"payment-deadline":17}"#))
        .finds(&[(1, "order-submitted: payment-deadline is not a time: “17”")])
        .shows(LeadState, json!({"status": "PENDING_PAYMENT", "payment-deadline": null}));
}

#[test]
fn a_word_that_is_none_of_the_known_ones_is_quoted_and_the_event_is_applied() {
    let ticket = || begun(Aggregate::Ticket);
    ticket()
        .and(stored_event("message-posted", br#"{"role":"robot","author":"r2","body":"beep"}"#))
        .finds(&[(1, "message-posted: role is unknown: “robot”")]);
    let findings = ticket().and(stored_event("priority-changed", br#"{"priority":"top"}"#)).findings();
    assert!(findings.contains(&(1, "priority-changed: priority is unknown: “top”".to_owned())), "{findings:?}");
    ticket()
        .and(stored_event("ticket-closed", br#"{"by":"cat"}"#))
        .finds(&[(1, "ticket-closed: by is unknown: “cat”")])
        .shows(TicketState, json!({"status": "CLOSED"}));
}

#[test]
fn a_field_of_another_type_is_kept_as_it_is_written() {
    given([stored_event("lead-initialized", br#"{"lead-id":1.50,"name":{"first":"a"},"phone":1111}"#)])
        .shows(LeadState, json!({"lead-id": "1.50", "name": "{\"first\":\"a\"}", "phone": "1111"}));
}

#[test]
fn an_absent_detail_and_a_null_one_both_leave_what_was_there() {
    for payload in [&br#"{"phone":"2222"}"#[..], br#"{"name":null,"phone":"2222"}"#] {
        begun(Aggregate::Lead)
            .and(stored_event("contact-details-updated", payload))
            .shows(LeadState, json!({"name": "aab", "phone": "2222"}));
    }
}

#[test]
fn a_long_text_is_quoted_in_part() {
    let payload = json!({"followup-on": "x".repeat(5_000_000)}).to_string();
    let findings = begun(Aggregate::Lead).and(stored_event("followup-set", payload.as_bytes())).findings();
    let [(1, words)] = &findings[..] else { panic!("one finding was expected: {} of them", findings.len()) };
    assert!(words.len() < 200, "{} letters", words.len());
}
