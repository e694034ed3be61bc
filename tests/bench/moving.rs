//! What a cursor costs that moves through a large state.

use std::hint::black_box;
use std::time::Instant;

use foldline::event::{EventId, EventRow, EventType, StreamId, StreamKey, Timestamp, Version};
use foldline::projection::TicketState;
use foldline::replay::{ProjectionRef, Timeline};

use crate::measure::{Row, Table, percentile, repeat};
use crate::stores::Stores;

const MESSAGES: u64 = 20_000;

/// Rows of a state that a window of usual height shows.
const VISIBLE: usize = 40;

fn long_ticket() -> Box<dyn Timeline> {
    let mut timeline = ProjectionRef::new(TicketState).timeline(MESSAGES as usize + 1);
    let stream = StreamId::from("ticket-1");
    let (first, posted) = (EventType::from("ticket-initialized"), EventType::from("message-posted"));
    for version in 0..=MESSAGES {
        let role = if version % 2 == 0 { "agent" } else { "customer" };
        let payload = match version {
            0 => r#"{"ticket-id":1,"customer":"ann","subject":"printer","priority":"high"}"#.to_owned(),
            _ => format!(r#"{{"role":"{role}","author":"ann","body":"message {version}, some words long"}}"#),
        };
        timeline.push_row(&EventRow {
            position: None,
            stream_key: StreamKey(0),
            stream: &stream,
            version: Version(version),
            event_type: if version == 0 { &first } else { &posted },
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(1_735_693_201_000_000 + version as i64 * 60_000_000)),
            id: EventId::from_content(&[&version.to_le_bytes()]),
            payload: payload.as_bytes(),
            metadata: b"",
        });
    }
    timeline
}

/// All that a frame asks of the state when the cursor has moved.
pub(crate) fn ticket(table: &mut Table, _stores: &Stores) {
    let timeline = long_ticket();
    let mut at = 0;
    let samples = repeat(400, || {
        at = (at + 7_777) % MESSAGES as usize;
        let began = Instant::now();
        let look = timeline.look(at).expect("there is such an event");
        let lit: usize = timeline.changed_fields(at).into_iter().filter_map(|field| look.leaves_at(field)).sum();
        let first = look.leaf_count().saturating_sub(VISIBLE) / 2;
        for place in first..first + VISIBLE {
            if let Some((field, value)) = look.leaf(place) {
                black_box((timeline.is_changed(at, &field), timeline.set_by(at, &field), value));
            }
        }
        black_box(lit);
        began.elapsed().as_secs_f64()
    });
    let what = format!("move in a ticket of {MESSAGES} messages, {VISIBLE} rows, p95");
    table.add(Row::new(&what, "1 ms", percentile(&samples, 95.0), 1_000.0, "µs").bar(1.0));
}
