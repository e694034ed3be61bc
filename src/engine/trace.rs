use super::load::each_event;
use super::moment::Moment;
use super::{EngineError, Question, Ticket, describe, resolve};
use crate::event::{Head, StreamId, Version};
use crate::replay::Fold;
use crate::script::{ScriptProjection, Trace};
use crate::store::{Flow, Query, Store, StoreError};

/// Asks what the handler of one event does, line by line.
#[derive(Clone, Debug)]
pub struct TraceWanted {
    pub projection: ScriptProjection,
    pub stream: StreamId,
    pub at: Version,
    /// The state before the event, as [`crate::replay::Timeline::snapshot_before`] gives it; without, the stream is folded up to there.
    pub before: Option<String>,
}

/// An event, and what its handler did.
#[derive(Clone, Debug)]
pub struct TracedEvent {
    pub head: Head,
    /// `None` where the projection takes no such event.
    pub trace: Option<Trace>,
}

impl Question for TraceWanted {
    type Answer = TracedEvent;
    type Error = EngineError;

    const WHAT: &'static str = "tracing a handler";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<TracedEvent, EngineError> {
        trace(reader, &self, &mut |count| ticket.reached(count))
    }
}

/// Lets a projection take one event of a stream, and tells step by step what happened.
pub fn trace(
    reader: &dyn Store,
    wanted: &TraceWanted,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<TracedEvent, EngineError> {
    let TraceWanted { projection, stream, at, before } = wanted;
    let Some(event) = reader.event_at(stream, *at)? else {
        // Says which versions there are.
        resolve(reader, &describe(reader, stream)?.row, Moment::Version(*at))?;
        return Err(StoreError::Changed(stream.as_str().into()).into());
    };
    let row = event.as_row();
    let head = row.head();
    if !projection.takes(&row) {
        return Ok(TracedEvent { head, trace: None });
    }
    let folded;
    let before = match before {
        Some(before) => Some(before.as_str()),
        None => {
            folded = fold_before(reader, wanted, progress)?;
            folded.as_deref()
        }
    };
    let trace = projection.trace(before, &row)?;
    Ok(TracedEvent { head, trace })
}

fn fold_before(
    reader: &dyn Store,
    wanted: &TraceWanted,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Option<String>, EngineError> {
    let Some(last) = wanted.at.0.checked_sub(1) else { return Ok(None) };
    let mut fold = Fold::new(wanted.projection.clone());
    let query = Query::stream(wanted.stream.clone()).between(None, Some(Version(last)));
    each_event(reader, &query, progress, &mut |row| fold.push(row))?;
    Ok(serde_json::to_string(fold.state()).ok())
}
