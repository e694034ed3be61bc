//! Why a field is as it is, and why not otherwise, asked of a store.

use std::ops::ControlFlow;

use super::{Described, EngineError, load_story};
use crate::domain::Wish;
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
