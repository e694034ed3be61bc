//! One of two projections that are compared: its partitions as they stand, and each of them event by event.

use std::borrow::Cow;
use std::sync::Arc;

use super::{CompareSide, ExplainingEvent, Standing};
use crate::engine::as_of::{choose, finish};
use crate::engine::division::{Division, Partitioned};
use crate::engine::load::{describe, load_timeline};
use crate::engine::partitions::{Partitions, Run};
use crate::engine::spill::{STATES_AND_NAMES, make_room, unless_torn};
use crate::engine::{EngineError, FaultAt, Ticket};
use crate::event::{Cursor, EventBatch, EventRow, StreamId, json_value};
use crate::index::{AsOf, Budget, Choice, Held, MixedRows, StoreMoment};
use crate::replay::{ProjectionRef, Timeline};
use crate::script::{Definition, Emitted, Script, ScriptProjection};
use crate::store::{Flow, Store, StoreError};

pub(super) enum Side {
    Own {
        made: Partitions,
        /// Where its partitions are no streams.
        division: Option<Division>,
    },
    BuiltIn {
        as_of: AsOf,
        choice: Arc<Choice>,
        /// What the other one takes.
        takes: Option<Script>,
        bookkeeping: Vec<String>,
    },
}

/// What a projection would have recorded at an event.
#[derive(Clone, Debug)]
pub(super) struct EmittedAt {
    /// Which of the batch's events it is.
    pub(super) row: usize,
    pub(super) partition: Box<str>,
    pub(super) emitted: Vec<Emitted>,
}

/// A side at work.
pub(super) enum Folding<'s> {
    Own { run: Run<'s>, division: &'s mut Option<Division>, emitted: Vec<EmittedAt> },
    BuiltIn { as_of: &'s mut AsOf, choice: &'s Arc<Choice>, takes: Option<&'s Script>, seen: u64 },
}

impl Side {
    pub(super) fn new(
        reader: &dyn Store,
        wish: &CompareSide,
        other: &CompareSide,
        at: StoreMoment,
        held: Held,
    ) -> Result<Self, EngineError> {
        let name = match wish {
            CompareSide::Own(script) => {
                let can_divide = reader.capabilities().has_feed && !script.definition().is_bi_state;
                let divides = can_divide && ScriptProjection::of(script).is_none();
                let division = divides.then(|| Division::empty(script));
                return Ok(Self::Own { made: Partitions::holding(script, held), division });
            }
            CompareSide::BuiltIn(name) => name,
        };
        let chosen = choose(reader, Some(name), None)?.unwrap_or_default();
        let choice = chosen.choice;
        let mut bookkeeping: Vec<String> = Vec::new();
        for projection in choice.projections() {
            let timeline = projection.timeline(0);
            bookkeeping.extend(timeline.bookkeeping().iter().map(|name| (*name).to_owned()));
        }
        let takes = match other {
            CompareSide::Own(script) => Some(script.clone()),
            CompareSide::BuiltIn(_) => None,
        };
        Ok(Self::BuiltIn { as_of: AsOf::new(&choice, at, held), choice, takes, bookkeeping })
    }

    pub(super) fn begin(&mut self) -> Result<Folding<'_>, EngineError> {
        Ok(match self {
            Self::Own { made, division } => Folding::Own { run: Run::begin(made)?, division, emitted: Vec::new() },
            Self::BuiltIn { as_of, choice, takes, .. } => {
                Folding::BuiltIn { as_of, choice, takes: takes.as_ref(), seen: 0 }
            }
        })
    }

    pub(super) fn bookkeeping(&self) -> &[String] {
        match self {
            Self::Own { .. } => &[],
            Self::BuiltIn { bookkeeping, .. } => bookkeeping,
        }
    }

    /// Its partitions, in the order in which they began.
    pub(super) fn names(&self) -> Vec<Box<str>> {
        match self {
            Self::Own { made, .. } => {
                // Who asks looks whether all could be read before it is an answer.
                let name = |place| made.name_text(place).ok().flatten().unwrap_or_default().into();
                (0..made.rows.len()).map(name).collect()
            }
            Self::BuiltIn { as_of, .. } => {
                let name =
                    |place: &_| as_of.row(*place).map_or_else(Box::default, |row| row.stream.into_owned().into());
                as_of.places().iter().map(name).collect()
            }
        }
    }

    pub(super) fn transforms(&self) -> bool {
        matches!(self, Self::Own { made, .. } if made.script().definition().transforms)
    }

    /// Told without taking the states apart.
    pub(super) fn is_surely_alike(&self, place: usize, other: &Self, theirs: usize) -> bool {
        let (Self::Own { made, .. }, Self::Own { made: other, .. }) = (self, other) else { return false };
        let (Some(one), Some(two)) = (made.rows.get(place), other.rows.get(theirs)) else { return false };
        let has_failed = one.failed.is_some() || two.failed.is_some();
        let is_same = |one: Result<_, StoreError>, two: Result<_, StoreError>| one.ok() == two.ok();
        !has_failed
            && is_same(made.state_text(place), other.state_text(theirs))
            && is_same(made.result_text(place), other.result_text(theirs))
    }

    pub(super) fn standing(&self, place: usize) -> Standing {
        match self {
            Self::Own { made, .. } => {
                let Some(row) = made.rows.get(place) else { return Standing::default() };
                // Who asks looks whether all could be read before it is an answer.
                let value = |text: Result<Option<Cow<'_, str>>, StoreError>| {
                    text.ok().flatten().and_then(|text| json_value(text.as_bytes()).ok()).unwrap_or_default()
                };
                let failed = row.failed.as_deref().map(|FaultAt { fault, stream, version, event_type, .. }| {
                    let (stream, event_type) = (stream.clone(), event_type.clone());
                    (fault.clone(), ExplainingEvent { stream, version: *version, event_type })
                });
                Standing { state: value(made.state_text(place)), result: value(made.result_text(place)), failed }
            }
            Self::BuiltIn { as_of, .. } => {
                let Some(place) = as_of.places().get(place) else { return Standing::default() };
                let state = as_of.state(*place).unwrap_or_default();
                Standing { result: state.clone(), state, failed: None }
            }
        }
    }

    /// What lies outside of memory could be read back.
    pub(super) fn unless_torn(&self) -> Result<(), StoreError> {
        match self {
            Self::Own { made, .. } => made.unless_torn(),
            Self::BuiltIn { as_of, .. } => unless_torn(as_of),
        }
    }

    /// Whether its partitions can be told each by its own events.
    pub(super) fn has_timelines(&self) -> bool {
        match self {
            Self::Own { division: Some(division), .. } => division.projection().is_some(),
            Self::Own { made, .. } => ScriptProjection::of(made.script()).is_some(),
            Self::BuiltIn { .. } => true,
        }
    }

    /// A partition event by event. `None` where it has none here, or no partition can be told by its own events.
    pub(super) fn timeline(
        &self,
        reader: &dyn Store,
        view: Option<&Partitioned>,
        partition: &str,
        ticket: &Ticket,
    ) -> Result<Option<Box<dyn Timeline>>, EngineError> {
        let stream = StreamId::from(partition);
        let reader: &dyn Store = match view {
            Some(view) => view,
            None => reader,
        };
        let projection = match self {
            Self::Own { division: Some(division), .. } => division.projection(),
            Self::Own { made, .. } => ScriptProjection::of(made.script()).map(ProjectionRef::new),
            Self::BuiltIn { choice, .. } => choice.projection_of(&stream).cloned(),
        };
        let Some(projection) = projection else { return Ok(None) };
        if reader.stream(&stream)?.is_none() {
            return Ok(None);
        }
        let described = describe(reader, &stream)?;
        Ok(Some(load_timeline(reader, &described, &projection, &mut |_| {}, &mut |_| ticket.flow())?))
    }

    /// The store as this side divides it.
    pub(super) fn view(&self, reader: &dyn Store) -> Result<Option<Partitioned>, EngineError> {
        match self {
            Self::Own { division: Some(division), .. } => Ok(Some(division.over(reader)?)),
            _ => Ok(None),
        }
    }

    /// Its source, where what is shown is made of the state by functions of its own.
    pub(super) fn transforming(&self) -> Option<&Script> {
        match self {
            Self::Own { made, .. } if made.script().definition().transforms => Some(made.script()),
            _ => None,
        }
    }
}

impl Folding<'_> {
    pub(super) fn take(
        &mut self,
        batch: &EventBatch,
        counts: &dyn Fn(&EventRow<'_>) -> bool,
        budget: Budget,
        ticket: &Ticket,
    ) -> Result<(), EngineError> {
        match self {
            Self::Own { run, division, emitted } => {
                for (nth, row) in batch.rows().enumerate().filter(|(_, row)| counts(row)) {
                    let mut told = Vec::new();
                    let place = run.take(&row, &mut |_, output| {
                        told = output.emitted;
                        Flow::Continue(())
                    })?;
                    if let Some(place) = place.filter(|_| !told.is_empty()) {
                        let partition = run.name(place)?.into();
                        emitted.push(EmittedAt { row: nth, partition, emitted: told });
                    }
                    if let (Some(place), Some(division)) = (place, division.as_ref()) {
                        division.note_as(&run.name(place)?, &row);
                    }
                    run.weigh(&mut || ticket.flow())?;
                }
                // Where there is no room for it, events are looked for in one more pass.
                division.take_if(|division| budget.check(division.bytes()).is_err());
            }
            Self::BuiltIn { as_of, choice, takes, seen } => {
                let mut rows: Box<dyn crate::replay::DecodedRows> = Box::new(MixedRows::new(choice));
                let is_taken = |row: &EventRow<'_>| takes.is_none_or(|script| takes_stream(script.definition(), row));
                batch.rows().filter(is_taken).for_each(|row| rows.push(&row));
                as_of.fold(rows);
                *seen += batch.len() as u64;
                if let Err(over) = as_of.check(*seen) {
                    make_room(&mut **as_of, over, STATES_AND_NAMES, &mut || ticket.flow())?;
                }
            }
        }
        Ok(())
    }

    /// What was emitted since this was asked last; `None` where nothing ever is.
    pub(super) fn take_emitted(&mut self) -> Option<Vec<EmittedAt>> {
        match self {
            Self::Own { emitted, .. } => Some(std::mem::take(emitted)),
            Self::BuiltIn { .. } => None,
        }
    }

    pub(super) fn finish(self, end: &Cursor, ticket: &Ticket) -> Result<(), EngineError> {
        match self {
            Self::Own { run, .. } => drop(run.finish(&mut || ticket.flow())?),
            Self::BuiltIn { as_of, .. } => finish(as_of, end, &mut |_| ticket.flow())?,
        }
        Ok(())
    }
}

/// Streams that are named by the types of their events are not named by a stream alone.
fn takes_stream(definition: &Definition, row: &EventRow<'_>) -> bool {
    definition.takes_stream(row.stream.as_str(), row.stream.category(), row.event_type.as_str())
}
