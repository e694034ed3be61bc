//! The history of one lead that converted: seven events, and what they must give at every version.

use foldline::domain::{Aggregate, as_read};
use foldline::event::{EventId, EventType, RecordedEvent, StreamId, Timestamp, Version};
use foldline::projection::{FieldsProjection, LeadAnalysis, LeadSearch, LeadState, Projection, path_value};
use foldline::replay::{Replay, Timeline, registry};
use serde_json::{Map, Value, json};

/// As it was first printed, misspelt `stauts` included.
const PRINTED: &str = r#"[
  {"lead-id": 1, "event-id": 0, "event-type": "lead-initialized", "name": "aab", "phone": "1111",
   "timestamp": "2025-01-01T01:00:01.01Z"},
  {"lead-id": 1, "event-id": 1, "event-type": "contacted",
   "timestamp": "2025-01-01T01:00:02.01Z"},
  {"lead-id": 1, "event-id": 2, "event-type": "followup-set", "followup-on": "2025-01-01T01:00:02.01Z",
   "timestamp": "2025-01-01T01:00:02.01Z"},
  {"lead-id": 1, "event-id": 3, "event-type": "contact-details-updated", "name": "aaa",
   "timestamp": "2025-01-01T01:00:03.01Z"},
  {"lead-id": 1, "event-id": 4, "event-type": "contacted",
   "timestamp": "2025-01-01T01:00:04.01Z"},
  {"lead-id": 1, "event-id": 5, "event-type": "order-submitted", "payment-deadline": "2025-01-01T01:10:02.01Z",
   "timestamp": "2025-01-01T01:00:05.01Z"},
  {"lead-id": 1, "event-id": 6, "event-type": "payment-confirmed", "stauts": "converted",
   "timestamp": "2025-01-01T01:01:01.01Z"}
]"#;

/// The printed events as recorded ones. What stands around an event leaves its payload.
fn recorded() -> Vec<RecordedEvent> {
    let printed: Vec<Map<String, Value>> = serde_json::from_str(PRINTED).expect("the printed history is JSON");
    let recorded = printed.into_iter().map(|mut fields| {
        let version = fields.remove("event-id").and_then(|id| id.as_u64()).expect("every event is numbered");
        let mut text = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) => text,
            other => panic!("{name} is {other:?}"),
        };
        RecordedEvent {
            position: None,
            stream: StreamId::from("lead-1"),
            version: Version(version),
            event_type: EventType::from(text("event-type").as_str()),
            schema: 1,
            recorded_at: Some(text("timestamp").parse().expect("every event has a time")),
            id: EventId::new(&format!("seed-{version}")),
            payload: Value::Object(fields).to_string().into_bytes(),
            metadata: Vec::new(),
        }
    });
    recorded.collect()
}

fn replayed<P: Projection>(projection: P, events: &[RecordedEvent]) -> Replay<P> {
    let mut replay = Replay::new(projection);
    for event in events {
        replay.push(&event.as_row());
    }
    replay
}

/// The history with some of its types and fields spelt in another way.
fn respelt(types: &[(&str, &str)], fields: &[(&str, &str)]) -> Vec<RecordedEvent> {
    let mut events = recorded();
    for event in &mut events {
        if let Some((_, other)) = types.iter().find(|(name, _)| *name == event.event_type.as_str()) {
            event.event_type = EventType::from(*other);
        }
        let payload: Map<String, Value> = serde_json::from_slice(&event.payload).expect("an object");
        let renamed = payload.into_iter().map(|(name, value)| {
            let other = fields.iter().find(|(known, _)| *known == name);
            (other.map_or(name, |(_, other)| (*other).to_owned()), value)
        });
        event.payload = Value::Object(renamed.collect()).to_string().into_bytes();
    }
    events
}

/// What every projection of a lead shows at every version.
fn all_shown(events: &[RecordedEvent]) -> Vec<Value> {
    let registry = registry();
    let of_a_lead = registry.of_aggregate(Some(Aggregate::Lead)).iter().filter(|known| known.aggregate().is_some());
    let shown = of_a_lead.flat_map(|projection| {
        let mut timeline = projection.timeline(events.len());
        for event in events {
            timeline.push_row(&event.as_row());
        }
        (0..events.len()).map(move |index| timeline.show(Some(index))).collect::<Vec<_>>()
    });
    shown.collect()
}

#[test]
fn the_state_at_version_six_is_that_of_a_converted_lead() {
    let replay = replayed(LeadState, &recorded());
    assert_eq!(
        replay.show(replay.index_of(Version(6))),
        json!({
            "lead-id": 1,
            "name": "aaa",
            "status": "CONVERTED",
            "phone": "1111",
            "contacts": 2,
            "followups": 1,
            "followup-on": "2025-01-01T01:00:02.010Z",
            "payment-deadline": "2025-01-01T01:10:02.010Z",
            "created-on": "2025-01-01T01:00:01.010Z",
            "updated-on": "2025-01-01T01:01:01.010Z",
            "version": 6,
        })
    );
}

#[test]
fn the_search_at_version_six_knows_both_names_first_seen_first() {
    let replay = replayed(LeadSearch, &recorded());
    let expected = json!({"lead-id": 1, "names": ["aab", "aaa"], "phones": ["1111"], "version": 6});
    assert_eq!(replay.show(replay.index_of(Version(6))), expected);
}

#[test]
fn the_analysis_at_version_six_counts_one_followup_two_contacts_and_a_minute() {
    let replay = replayed(LeadAnalysis, &recorded());
    assert_eq!(
        replay.show(replay.index_of(Version(6))),
        json!({
            "lead-id": 1,
            "contacts": 2,
            "followups": 1,
            "status": "converted",
            "seconds-to-conversion": 60,
            "version": 6,
        })
    );
}

#[test]
fn seven_events_stand_at_version_six() {
    let events = recorded();
    let versions: Vec<_> = events.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(replayed(LeadState, &events).index_of(Version(7)), None);
}

#[test]
fn the_state_is_right_at_each_version() {
    let replay = replayed(LeadState, &recorded());
    let columns =
        ["version", "name", "status", "contacts", "followups", "followup-on", "payment-deadline", "updated-on"];
    let followup = "2025-01-01T01:00:02.010Z";
    let deadline = "2025-01-01T01:10:02.010Z";
    let expected = [
        json!([0, "aab", "NEW_LEAD", 0, 0, null, null, "2025-01-01T01:00:01.010Z"]),
        json!([1, "aab", "NEW_LEAD", 1, 0, null, null, "2025-01-01T01:00:02.010Z"]),
        json!([2, "aab", "FOLLOWUP_SET", 1, 1, followup, null, "2025-01-01T01:00:02.010Z"]),
        json!([3, "aaa", "FOLLOWUP_SET", 1, 1, followup, null, "2025-01-01T01:00:03.010Z"]),
        json!([4, "aaa", "FOLLOWUP_SET", 2, 1, followup, null, "2025-01-01T01:00:04.010Z"]),
        json!([5, "aaa", "PENDING_PAYMENT", 2, 1, followup, deadline, "2025-01-01T01:00:05.010Z"]),
        json!([6, "aaa", "CONVERTED", 2, 1, followup, deadline, "2025-01-01T01:01:01.010Z"]),
    ];
    for (version, expected) in (0..).zip(expected) {
        let shown = replay.show(replay.index_of(Version(version)));
        let row: Value = columns.iter().map(|column| shown[column].clone()).collect();
        assert_eq!(row, expected, "version {version}");
        assert_eq!((&shown["lead-id"], &shown["phone"]), (&json!(1), &json!("1111")), "version {version}");
        assert_eq!(shown["created-on"], "2025-01-01T01:00:01.010Z", "version {version}");
    }
}

#[test]
fn before_the_first_event_nothing_is_known() {
    let shown = replayed(LeadState, &recorded()).show(None);
    assert_eq!((&shown["name"], &shown["status"], &shown["version"]), (&Value::Null, &Value::Null, &Value::Null));
}

/// Each way to a version is the same fold: from the nearest checkpoint, or from the beginning.
#[test]
fn every_spacing_of_checkpoints_shows_the_same() {
    let events = recorded();
    for spacing in 1..=8 {
        let mut replay = Replay::with_spacing(LeadState, spacing);
        for event in &events {
            replay.push(&event.as_row());
        }
        for index in 0..events.len() {
            let from_the_beginning = replayed(LeadState, &events[..=index]).show(Some(index));
            assert_eq!(replay.show(Some(index)), from_the_beginning, "index {index}, a checkpoint every {spacing}");
        }
    }
}

#[test]
fn the_history_breaks_no_rule() {
    assert_eq!(replayed(LeadState, &recorded()).findings(6), Vec::<&foldline::replay::Finding>::new());
}

#[test]
fn the_name_was_set_by_version_three() {
    let replay = replayed(LeadState, &recorded());
    assert_eq!(replay.set_by(6, "name"), replay.index_of(Version(3)));
    assert_eq!(replay.set_by(2, "name"), replay.index_of(Version(0)), "as it stood before");
}

#[test]
fn each_field_is_blamed_on_the_event_that_set_it() {
    let replay = replayed(LeadState, &recorded());
    let blamed: Vec<_> = replay.blame(6).into_iter().map(|(field, _, set_by)| (field, set_by)).collect();
    let expected = [
        ("lead-id", 0),
        ("name", 3),
        ("status", 6),
        ("phone", 0),
        ("contacts", 4),
        ("followups", 2),
        ("followup-on", 2),
        ("payment-deadline", 5),
        ("created-on", 0),
        ("updated-on", 6),
        ("version", 6),
    ];
    assert_eq!(blamed, expected.map(|(field, index)| (field.to_owned(), Some(index))));
}

#[test]
fn each_event_lists_the_fields_that_it_changed() {
    let replay = replayed(LeadState, &recorded());
    let changed: Vec<_> = (0..7).map(|index| replay.changed_fields(index)).collect();
    let expected: [&[&str]; 7] = [
        &["lead-id", "name", "status", "phone", "created-on"],
        &["contacts"],
        &["status", "followups", "followup-on"],
        &["name"],
        &["contacts"],
        &["status", "payment-deadline"],
        &["status"],
    ];
    assert_eq!(changed, expected);
}

#[test]
fn the_change_of_name_shows_both_names() {
    let changes = replayed(LeadState, &recorded()).changes(3);
    let seen: Vec<_> = changes.iter().map(|change| (&*change.field, &change.before, &change.after)).collect();
    assert_eq!(seen, [("name", &json!("aab"), &json!("aaa"))]);
}

#[test]
fn the_moment_between_two_events_shows_the_earlier_ones_state() {
    let replay = replayed(LeadState, &recorded());
    let at = |text: &str| replay.index_at(text.parse::<Timestamp>().expect("a time"));
    assert_eq!(at("2025-01-01T01:00:01.009Z"), None);
    assert_eq!(at("2025-01-01T01:00:01.01Z"), Some(0));
    assert_eq!(at("2025-01-01T01:00:02.01Z"), Some(2), "two events of one moment: the later one");
    assert_eq!(at("2025-01-01T01:01:00Z"), Some(5));
    assert_eq!(at("2026-01-01"), Some(6));
}

#[test]
fn the_misspelt_stauts_is_read_as_status_of_the_second_schema() {
    let events = recorded();
    let stored = &events[6];
    let read = as_read(Some(Aggregate::Lead), stored.event_type.as_str(), stored.schema, &stored.payload);
    assert_eq!((read.event_type.as_str(), read.schema), ("payment-confirmed", 2));
    assert_eq!(read.payload, json!({"lead-id": 1, "status": "converted"}));
    let as_stored: Value = serde_json::from_slice(&stored.payload).expect("JSON");
    assert_eq!(as_stored, json!({"lead-id": 1, "stauts": "converted"}), "what is stored stays as it is");
}

#[test]
fn the_fields_projection_shows_what_is_stored_under_its_own_name() {
    let replay = replayed(FieldsProjection, &recorded());
    assert_eq!(
        replay.show(Some(6)),
        json!({
            "lead-id": 1,
            "name": "aaa",
            "phone": "1111",
            "followup-on": "2025-01-01T01:00:02.01Z",
            "payment-deadline": "2025-01-01T01:10:02.01Z",
            "stauts": "converted",
        })
    );
    assert_eq!((replay.set_by(6, "name"), replay.set_by(6, "stauts")), (Some(3), Some(6)));
    assert_eq!(path_value(&replay.show(Some(2)), "name"), Some(&json!("aab")));
}

// Foreign spellings.

#[test]
fn foreign_spellings_of_types_fold_the_same() {
    let types = [
        "lead-initialized",
        "contacted",
        "followup-set",
        "contact-details-updated",
        "order-submitted",
        "payment-confirmed",
    ];
    let spellings: [[&str; 6]; 4] = [
        ["LeadInitialized", "Contacted", "FollowupSet", "ContactDetailsChange", "OrderSubmitted", "PaymentConfirmed"],
        [
            "crm.Lead.Initialized",
            "crm.Lead.Contacted",
            "crm.Lead.FollowupSet",
            "crm.Lead.ContactDetailsUpdated",
            "crm.Lead.OrderSubmitted",
            "crm.Lead.PaymentConfirmed",
        ],
        [
            "lead_initialized",
            "lead_contacted",
            "followup_set",
            "contact_details_updated",
            "order_submitted",
            "payment_confirmed",
        ],
        [
            "App\\Lead\\LeadInitialized",
            "App\\Lead\\Contacted",
            "App\\Lead\\FollowUpSet",
            "App\\Lead\\ContactDetailsChanged",
            "App\\Lead\\OrderSubmitted",
            "App\\Lead\\PaymentConfirmed",
        ],
    ];
    let expected = all_shown(&recorded());
    for spelling in spellings {
        let pairs: Vec<_> = types.into_iter().zip(spelling).collect();
        let events = respelt(&pairs, &[]);
        assert_eq!(all_shown(&events), expected, "{spelling:?}");
        assert_eq!(replayed(LeadState, &events).findings(6).len(), 0, "{spelling:?}");
        assert_eq!(
            Aggregate::of_stream(&StreamId::from("0190b1de"), "0190b1de", spelling[0]),
            Some(Aggregate::Lead),
            "{spelling:?}"
        );
    }
}

#[test]
fn foreign_spellings_of_fields_fold_the_same() {
    let expected = all_shown(&recorded());
    for [lead_id, name, phone, followup_on, payment_deadline] in [
        ["leadId", "name", "phone", "followupOn", "paymentDeadline"],
        ["lead_id", "name", "phone", "followup_on", "payment_deadline"],
        ["LeadId", "Name", "Phone", "FollowUpOn", "PaymentDeadline"],
        ["LEAD_ID", "NAME", "PHONE", "FOLLOWUP_ON", "PAYMENT_DEADLINE"],
    ] {
        let events = respelt(
            &[],
            &[
                ("lead-id", lead_id),
                ("name", name),
                ("phone", phone),
                ("followup-on", followup_on),
                ("payment-deadline", payment_deadline),
            ],
        );
        assert_eq!(all_shown(&events), expected, "{lead_id}");
    }
}

#[test]
fn the_other_name_of_a_correction_is_read_as_todays() {
    let events = respelt(&[("contact-details-updated", "ContactDetailsChange")], &[]);
    let read = as_read(Some(Aggregate::Lead), events[3].event_type.as_str(), 1, &events[3].payload);
    assert_eq!(read.event_type, "contact-details-updated");
    assert_eq!(read.payload, json!({"lead-id": 1, "name": "aaa"}));
    assert_eq!(replayed(LeadState, &events).set_by(6, "name"), Some(3));
}
