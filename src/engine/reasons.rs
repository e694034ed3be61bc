//! Why a field is as it is, and why not otherwise, asked of a store.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::{Described, EngineError, load_story};
use crate::domain::lead::LeadStatus;
use crate::domain::ticket::{Priority, TicketStatus};
use crate::domain::{Aggregate, Wish};
use crate::event::{StreamId, Timestamp, nearest};
use crate::projection::leaves;
use crate::replay::{Index, Stopped, Timeline, WhyNot, Work, why_not};
use crate::store::{Store, StoreError};

impl From<Stopped> for EngineError {
    fn from(_: Stopped) -> Self {
        StoreError::Cancelled.into()
    }
}

/// What would make a field of a loaded stream be as it is wished. What is asked of the past is judged by the clock of
/// then, and behind the last event by that of now.
pub fn ask_why_not(
    reader: &dyn Store,
    described: &Described,
    shown: &dyn Timeline,
    at: Index,
    (field, wish): (&str, &Wish),
    work: &mut Work<'_>,
) -> Result<WhyNot, EngineError> {
    let story = load_story(reader, described, &mut |_| ControlFlow::Continue(()))?;
    let now = Timestamp::from_micros(chrono::Utc::now().timestamp_micros());
    let heads = shown.heads();
    let last = heads.get(at).and_then(|head| head.recorded_at);
    let is_latest = at + 1 == heads.len();
    let when = last.filter(|last| !is_latest || *last > now).unwrap_or(now);
    Ok(why_not(&story, shown, at, (field, wish), when, work)?)
}

/// Values that a field had, or may have, and that look like the one that was wished and never came.
pub fn values_like(described: &Described, timeline: &dyn Timeline, field: &str, wish: &Wish) -> Vec<String> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for index in timeline.changes_at(field).into_iter().take(MOST_NAMES) {
        known.extend(timeline.value_at(index, field).as_str().map(str::to_owned));
    }
    let named: Vec<&str> = match (described.aggregate, field) {
        (Some(Aggregate::Lead), "status") => LeadStatus::ALL.iter().map(|status| status.name()).collect(),
        (Some(Aggregate::Ticket), "status") => TicketStatus::ALL.iter().map(|status| status.name()).collect(),
        (Some(Aggregate::Ticket), "priority") => Priority::ALL.iter().map(|priority| priority.name()).collect(),
        _ => Vec::new(),
    };
    let known: Vec<&str> =
        known.iter().map(String::as_str).chain(named).filter(|known| *known != wish.text()).collect();
    let mut near: Vec<String> = nearest(wish.text(), &known).into_iter().map(str::to_owned).collect();
    near.dedup();
    near
}

/// More names than these are not compared with one that is wrong.
const MOST_NAMES: usize = 10_000;

/// Whether a field is there, or some event changed it; one that is not is answered with those that look like it.
pub fn check_field(timeline: &dyn Timeline, at: Index, stream: &StreamId, field: &str) -> Result<(), EngineError> {
    if timeline.set_by(at, field).is_some() || !timeline.changes_at(field).is_empty() {
        return Ok(());
    }
    let (mut is_known, mut names) = (false, Vec::new());
    leaves(&timeline.show(Some(at)), &mut |path, _| {
        is_known |= path == field;
        if names.len() < MOST_NAMES {
            names.push(path.to_owned());
        }
    });
    if is_known {
        return Ok(());
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let near = nearest(field, &names).into_iter().map(str::to_owned).collect();
    Err(EngineError::NoField { stream: stream.clone(), asked: field.to_owned(), near })
}
