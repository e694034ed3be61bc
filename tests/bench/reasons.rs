//! What it costs to ask a history why, and to leave out of it what can be spared.

use std::ops::ControlFlow;

use foldline::event::{EventId, EventRow, EventType, StreamId, StreamKey, Timestamp, Version};
use foldline::expr::Expression;
use foldline::projection::LeadState;
use foldline::replay::{Holds, MOST_FOLDED, Replay, Timeline, Work, reduce, why};

use crate::measure::{Row, Table, micros, repeat, time};
use crate::stores::Stores;

/// A lead with a call and a change of its phone by turns.
fn lead(events: u64) -> Replay<LeadState> {
    let mut replay = Replay::new(LeadState);
    let stream = StreamId::from("lead-1");
    let types = ["lead-initialized", "contacted", "contact-details-updated"].map(EventType::from);
    for version in 0..events {
        let (kind, payload) = match version {
            0 => (0, r#"{"lead-id":1,"name":"aab","phone":"1111"}"#.to_owned()),
            _ if version % 2 == 1 => (1, "{}".to_owned()),
            _ => (2, format!(r#"{{"phone":"{version}"}}"#)),
        };
        replay.push(&EventRow {
            position: None,
            stream_key: StreamKey(0),
            stream: &stream,
            version: Version(version),
            event_type: &types[kind],
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(1_735_693_201_000_000 + version as i64 * 60_000_000)),
            id: EventId::from_content(&[&version.to_le_bytes()]),
            payload: payload.as_bytes(),
            metadata: b"",
        });
    }
    replay
}

pub(crate) fn reasons(table: &mut Table, _stores: &Stores) {
    const REDUCED: u64 = if cfg!(debug_assertions) { 200 } else { 2_000 };
    const ASKED: u64 = if cfg!(debug_assertions) { 500 } else { 20_000 };
    let mut go_on = |_, _| ControlFlow::Continue(());
    let short = lead(REDUCED);
    // Every second event is needed, so that each must be tried alone.
    let condition = Expression::new(&format!("contacts == {}", REDUCED / 2), &short.names()).expect("a condition");
    let samples = repeat(3, || {
        time(|| {
            let mut symptom = Holds::new(condition.clone(), &short, &());
            let all = (0..REDUCED as usize).collect();
            let reduced = reduce(&short, all, &mut symptom, &mut Work::new(MOST_FOLDED, &mut go_on));
            assert_eq!(reduced.expect("nobody stops it").expect("it holds").kept.len() as u64, REDUCED / 2);
        })
    });
    let what = format!("reduce {REDUCED} events to the half that a condition needs");
    table.add(Row::new(&what, "5 s", micros(&samples) / 1e3, 5_000.0, "ms").bar(1.0));
    let long = lead(ASKED);
    let samples = repeat(2, || {
        time(|| {
            let found = why(&long, ASKED as usize - 1, "phone", &mut Work::new(MOST_FOLDED, &mut go_on));
            assert_eq!(found.expect("nobody stops it").untried, 0);
        })
    });
    let what = format!("why a text of {ASKED} events is as it is");
    table.add(Row::new(&what, "10 s", micros(&samples) / 1e3, 10_000.0, "ms").bar(1.0));
}
