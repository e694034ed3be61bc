//! What one field of every stream is behind each event of a store.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::DecodedRows;
use super::laid::StatesAway;
use super::shelf::Shelf;
use super::standing::LayDown;
use super::streams::{ByStream, Rows};
use crate::event::{Head, StreamKey};
use crate::projection::{Cell, Problem, Projection, cell_value};

/// An event of a stream, and what the field is behind it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'t> {
    pub key: StreamKey,
    pub head: &'t Head,
    /// As JSON.
    pub value: &'t str,
}

/// The states of all streams, for the sake of one field.
pub trait Following: Send + Sync + fmt::Debug {
    /// Folds in what [`super::ProjectionRef::rows`] decoded, and tells of each event.
    fn fold(&mut self, rows: Box<dyn DecodedRows>, tell: &mut dyn FnMut(Told<'_>));

    /// Whether any state has this field.
    fn has_field(&self) -> bool;

    /// The bytes that the states take, as far as some of them tell.
    fn bytes(&self) -> u64;

    /// Lays states on a shelf, or on the one where some lie already. Folding goes on as before. False where that was
    /// stopped, or there is no room there either.
    fn lay_down(&mut self, shelf: &Arc<dyn Shelf>, part: LayDown, go_on: &mut dyn FnMut() -> bool) -> bool;
}

pub(super) struct FollowField<P: Projection> {
    projection: P,
    path: String,
    of_stream: ByStream<P::State>,
    /// Where there was no room for all.
    away: Option<StatesAway>,
    problems: Vec<Problem>,
    value: Vec<u8>,
    has_field: bool,
}

impl<P: Projection> FollowField<P> {
    pub(super) fn new(projection: P, path: &str) -> Self {
        Self {
            projection,
            path: path.to_owned(),
            of_stream: ByStream::new(),
            away: None,
            problems: Vec::new(),
            value: Vec::new(),
            has_field: false,
        }
    }
}

impl<P: Projection> fmt::Debug for FollowField<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowField")
            .field("projection", &self.projection)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Writes what the field is. Most are cells of a state, which are looked at where they lie.
fn write_value<P: Projection>(projection: &P, state: &P::State, path: &str, out: &mut Vec<u8>) -> bool {
    out.clear();
    let cell = if projection.as_json(state).is_none() { projection.cell(state, path) } else { None };
    let written = match cell {
        Some(Cell::Null) => return write_null(out, true),
        Some(Cell::Bool(is)) => serde_json::to_writer(&mut *out, &is),
        Some(Cell::Number(number)) => serde_json::to_writer(&mut *out, &number),
        Some(Cell::Text(text)) => serde_json::to_writer(&mut *out, text),
        Some(other) => serde_json::to_writer(&mut *out, &other.to_value()),
        None => {
            let value = cell_value(projection, state, path);
            let written = serde_json::to_writer(&mut *out, &value);
            return written.is_ok() && !value.is_null();
        }
    };
    written.is_ok()
}

fn write_null(out: &mut Vec<u8>, is_field: bool) -> bool {
    out.extend_from_slice(b"null");
    is_field
}

impl<P: Projection> Following for FollowField<P> {
    fn fold(&mut self, rows: Box<dyn DecodedRows>, tell: &mut dyn FnMut(Told<'_>)) {
        let rows: Box<dyn Any> = rows;
        let Ok(rows) = rows.downcast::<Rows<P>>() else {
            debug_assert!(false, "rows that another projection decoded");
            return;
        };
        let Self { projection, path, of_stream, away, problems, value, has_field } = self;
        for (key, head, event) in rows.rows {
            let is_away = away.is_some() && of_stream.get(key).is_none();
            let taken_up = away.as_mut().filter(|_| is_away).and_then(|away| away.take_up(key));
            let state = of_stream.get_or_begin(key);
            if let Some(taken_up) = taken_up {
                *state = taken_up;
            }
            projection.fold(state, &event, &head, problems);
            problems.clear();
            *has_field |= write_value(projection, state, path, value);
            tell(Told { key, head: &head, value: std::str::from_utf8(value).unwrap_or("null") });
        }
    }

    fn has_field(&self) -> bool {
        self.has_field
    }

    fn bytes(&self) -> u64 {
        let all = self.of_stream.len();
        let step = (all / super::standing::WEIGHED).max(1);
        let (mut weighed, mut bytes) = (0_u64, 0_u64);
        for state in self.of_stream.values().step_by(step) {
            bytes += (size_of::<P::State>() + self.projection.weight(state)) as u64;
            weighed += 1;
        }
        let states = bytes.checked_div(weighed).unwrap_or_default() * all as u64;
        states + self.of_stream.places_bytes() as u64 + self.away.as_ref().map_or(0, StatesAway::bytes)
    }

    fn lay_down(&mut self, shelf: &Arc<dyn Shelf>, part: LayDown, go_on: &mut dyn FnMut() -> bool) -> bool {
        let away = self.away.get_or_insert_with(|| StatesAway::on(shelf));
        let mut lay = |key: StreamKey, state: &P::State| away.lay(key, state);
        self.of_stream.lay_down(part, &mut lay, go_on)
    }
}
