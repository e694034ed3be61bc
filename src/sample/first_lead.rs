//! lead-1: the seven events of the case that this program's words come from, always the first of a sample.

use serde_json::{Value, json};

use super::identity::Identities;
use super::thread::Told;
use crate::event::{EventId, EventType, MetadataBuilder, NewEvent, StreamId, Timestamp, Version};

pub(super) const LENGTH: u64 = 7;

struct Line {
    /// Microseconds after the first event.
    after: i64,
    event_type: &'static str,
    actor: &'static str,
    reason: &'static str,
    /// The version of the event that led to it.
    cause: Option<usize>,
}

const fn line(
    after: i64,
    event_type: &'static str,
    actor: &'static str,
    reason: &'static str,
    cause: Option<usize>,
) -> Line {
    Line { after, event_type, actor, reason, cause }
}

const SECOND: i64 = 1_000_000;

const LINES: [Line; LENGTH as usize] = [
    line(0, "lead-initialized", "web form", "asked for an offer", None),
    line(SECOND, "contacted", "kim", "answering the enquiry", Some(0)),
    line(SECOND, "followup-set", "kim", "asked to be called on another number", Some(1)),
    line(2 * SECOND, "contact-details-updated", "kim", "name misspelt", Some(1)),
    line(3 * SECOND, "contacted", "lee", "called as agreed", Some(2)),
    line(4 * SECOND, "order-submitted", "lee", "accepted the offer", Some(4)),
    line(60 * SECOND, "payment-confirmed", "billing", "transfer received", Some(5)),
];

/// The payloads, letter for letter; the last is still of the first schema.
fn payload(version: usize) -> Value {
    match version {
        0 => json!({"lead-id": 1, "name": "aab", "phone": "1111"}),
        2 => json!({"followup-on": "2025-01-01T01:00:02.01Z"}),
        3 => json!({"name": "aaa"}),
        5 => json!({"payment-deadline": "2025-01-01T01:10:02.01Z"}),
        6 => json!({"stauts": "converted"}),
        _ => json!({}),
    }
}

/// The first events of lead-1, as many as are asked for.
pub(super) fn tell(length: u64, begins: Timestamp, identities: &mut Identities) -> Vec<Told> {
    let stream = StreamId::from("lead-1");
    let mut ids: Vec<EventId> = Vec::new();
    let lines = LINES.iter().take(length as usize).enumerate();
    lines
        .map(|(version, Line { after, event_type, actor, reason, cause })| {
            let at = begins.plus_micros(*after);
            ids.push(identities.next_at(at));
            let metadata = MetadataBuilder::default()
                .actor(actor)
                .reason(reason)
                .with("correlation-id", Some(ids[0].to_string()))
                .with("causation-id", cause.map(|cause| ids[cause].to_string()))
                .build();
            let event = NewEvent {
                id: ids[version].clone(),
                event_type: EventType::from(*event_type),
                schema: 1,
                recorded_at: Some(at),
                payload: payload(version).to_string(),
                metadata,
            };
            Told { stream: stream.clone(), version: Version(version as u64), event }
        })
        .collect()
}
