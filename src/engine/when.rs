//! When a condition holds: in one stream, event by event, and in all streams of a store.

use std::sync::{Arc, Mutex};

use super::load::describe_first;
use super::ticket::lock;
use super::whole::each_decoded;
use super::{Described, EngineError, load_timeline};
use crate::event::{EventRow, Metadata, Timestamp};
use crate::expr::{Expression, Flaw, FlawKind, Names, Stop, Uses};
use crate::replay::{Counted, Index, ProjectionRef, Spoken, SpokenOf, Timeline, Turns, Watched, Watching, registry};
use crate::store::{Flow, Store, StoreError};

/// What the events of one stream say besides what a projection keeps, as far as an expression asks for it.
#[derive(Debug, Default)]
pub struct SpokenWords {
    wants_author: bool,
    wants_payload: bool,
    authors: Vec<(Option<String>, Option<String>)>,
    payloads: Vec<Box<[u8]>>,
}

impl SpokenWords {
    pub fn new(uses: &Uses) -> Self {
        Self::wanting(uses.author, uses.payload)
    }

    pub fn wanting(wants_author: bool, wants_payload: bool) -> Self {
        Self { wants_author, wants_payload, ..Self::default() }
    }

    /// Keeps what is wanted of the next event.
    pub fn push(&mut self, row: &EventRow<'_>) {
        if self.wants_author {
            let Metadata { actor, reason, .. } = Metadata::parse(row.metadata);
            self.authors.push((actor, reason));
        }
        if self.wants_payload {
            self.payloads.push(row.payload.into());
        }
    }
}

impl SpokenOf for SpokenWords {
    fn spoken(&self, index: Index) -> Spoken<'_> {
        let author = self.authors.get(index);
        Spoken {
            actor: author.and_then(|(actor, _)| actor.as_deref()),
            reason: author.and_then(|(_, reason)| reason.as_deref()),
            payload: self.payloads.get(index).map(AsRef::as_ref),
        }
    }
}

/// Reads one stream, and when an expression holds in it.
pub fn when_stream(
    reader: &dyn Store,
    described: &Described,
    projection: &ProjectionRef,
    text: &str,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(Box<dyn Timeline>, Turns), EngineError> {
    // What the expression asks for is kept while the stream is read; its names are known only then.
    let sketch = Expression::new(text, &Names { is_open: true, ..projection.names() })?;
    let mut spoken = SpokenWords::new(sketch.uses());
    let timeline = load_timeline(reader, described, projection, &mut |row| spoken.push(row), progress)?;
    let expression = Expression::new(text, &timeline.names())?;
    let mut turns = Turns::default();
    let all = 0..timeline.heads().len();
    let read = timeline.read_along(&expression, all.clone(), &spoken, &|| false, &mut |index, value| {
        turns.note_value(index, &expression, value);
    });
    read.map_err(|stop| stopped(&stop, &expression))?;
    turns.look_to(all.end);
    Ok((timeline, turns))
}

/// Why an expression was not read to the end.
pub fn stopped(stop: &Stop, expression: &Expression) -> EngineError {
    match stop {
        Stop::TooManySteps => {
            Flaw { kind: FlawKind::TooManySteps, span: 0..expression.text().len(), instead: None }.into()
        }
        Stop::TooManyStepsInAll => {
            Flaw { kind: FlawKind::TooManyStepsInAll, span: 0..expression.text().len(), instead: None }.into()
        }
        Stop::Cancelled | Stop::Unknown(_) => StoreError::Cancelled.into(),
    }
}

/// A condition to be read in all streams of a category.
#[derive(Clone, Debug)]
pub struct WhenInStore {
    pub text: String,
    pub category: String,
    /// By its name; the one that is shown first where none is named.
    pub projection: Option<String>,
    /// Also how it was then.
    pub then: Option<Timestamp>,
}

/// What was found of it so far. Clones are of the same: one is filled while others look.
#[derive(Clone, Debug, Default)]
pub struct FoundWhen(Arc<Mutex<FoundSoFar>>);

#[derive(Clone, Debug, Default)]
pub struct FoundSoFar {
    pub counted: Counted,
    /// The first of them.
    pub rows: Vec<Watched>,
}

impl FoundWhen {
    pub fn so_far(&self) -> FoundSoFar {
        lock(&self.0).clone()
    }
}

/// More streams than these are counted, and not shown while the search goes on.
const SHOWN_SO_FAR: usize = 200;

/// The projection under which the streams of a category are shown first, or the one of that name.
pub fn projection_of_category(
    reader: &dyn Store,
    category: &str,
    name: Option<&str>,
) -> Result<Option<ProjectionRef>, EngineError> {
    let Some(described) = describe_first(reader, category)? else { return Ok(None) };
    Ok(Some(match name {
        Some(name) => described.projection(Some(name))?,
        None => registry().first(described.aggregate),
    }))
}

/// Reads a condition in all streams of a category. `None` where there is no such category.
pub fn when_in_store(
    reader: &dyn Store,
    wanted: &WhenInStore,
    found: &FoundWhen,
    stop: &dyn Fn() -> bool,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Option<Box<dyn Watching>>, EngineError> {
    let WhenInStore { text, category, projection, then } = wanted;
    let Some(projection) = projection_of_category(reader, category, projection.as_deref())? else { return Ok(None) };
    let names = projection.names();
    let expression = Expression::new(text, &names)?;
    let mut watching = projection.watch(expression.clone(), *then);
    let mut over = None;
    let rows = || projection.rows_to_watch(expression.uses());
    let read = each_decoded(reader, &rows, Some(category), None, &mut |decoded, seen| {
        if let Err(stop) = watching.fold(decoded, stop) {
            over = Some(stop);
            return Err(StoreError::Cancelled);
        }
        let mut so_far = lock(&found.0);
        so_far.counted = watching.counts();
        let missing = SHOWN_SO_FAR.saturating_sub(so_far.rows.len());
        let more = watching.found(so_far.rows.len(), missing);
        so_far.rows.extend(more);
        drop(so_far);
        if progress(seen).is_break() { Err(StoreError::Cancelled) } else { Ok(()) }
    });
    if let Some(stop) = over {
        return Err(stopped(&stop, &expression));
    }
    read?;
    // Where any name may be a field, one that no stream has is a wrong word.
    if names.is_open && expression.uses().fields.iter().any(|field| !watching.has_field(field)) {
        let known = expression.uses().fields.iter().filter(|field| watching.has_field(field)).cloned();
        let fields = known.chain(watching.some_fields()).collect();
        Expression::new(text, &Names { fields, differ: true, ..Names::default() })?;
    }
    Ok(Some(watching))
}
