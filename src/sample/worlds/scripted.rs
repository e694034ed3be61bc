//! A stream that is written out line by line.

use std::collections::VecDeque;

use serde_json::Value;

use super::Story;
use super::slots::Slots;
use crate::domain::Draft;
use crate::event::{EventId, Timestamp};
use crate::sample::business::BEGINS;
use crate::sample::thread::{Said, Thread, Told};

#[derive(Debug)]
pub(super) struct Line {
    at: Timestamp,
    event_type: &'static str,
    payload: Value,
    actor: &'static str,
    /// Empty where nobody said why.
    reason: &'static str,
}

/// A line at this time, which is written as RFC 3339.
pub(super) fn line(
    at: &str,
    event_type: &'static str,
    actor: &'static str,
    reason: &'static str,
    payload: Value,
) -> Line {
    Line { at: Timestamp::parse_rfc3339(at).unwrap_or(BEGINS), event_type, payload, actor, reason }
}

/// An event's draft: of the first schema, and correcting nothing.
pub(super) fn draft(event_type: &'static str, payload: Value) -> Draft {
    Draft { event_type, schema: 1, payload, compensates: None }
}

#[derive(Debug)]
pub(super) struct Scripted {
    thread: Thread,
    lines: VecDeque<Line>,
}

impl Scripted {
    /// With the time of its first line.
    pub(super) fn new(thread: Thread, lines: Vec<Line>) -> (Timestamp, Self) {
        let lines = VecDeque::from(lines);
        (lines.front().map_or(BEGINS, |line| line.at), Self { thread, lines })
    }
}

impl Story for Scripted {
    fn tell(&mut self, at: Timestamp, id: EventId, _: &mut Slots) -> (Told, Option<Timestamp>) {
        let (event_type, payload, said) = match self.lines.pop_front() {
            Some(Line { event_type, payload, actor, reason, .. }) => {
                let said = if reason.is_empty() { Said::silently(actor) } else { Said::by(actor, reason) };
                (event_type, payload, said)
            }
            None => ("noted", Value::Null, Said::silently("system")),
        };
        let told = self.thread.tell(&draft(event_type, payload), said, at, id);
        (told, self.lines.front().map(|line| line.at))
    }
}
