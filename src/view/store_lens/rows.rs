use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::columns::Kind;
use crate::engine::{
    ArrangeWanted, Arranged, ArrangedFor, Asked, Engine, FoldedStores, Question, StoodRow, StoodRows, StoodWanted,
    Ticket, arrange, stood,
};
use crate::event::{StreamId, Timestamp, Version};
use crate::index::{AsOf, Place};
use crate::store::Store;
use crate::view::UserError;

/// A stream that changed, and where it stood then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    pub stream: StreamId,
    pub version: Version,
    pub recorded_at: Option<Timestamp>,
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct LensRow<'a> {
    pub stream: &'a StreamId,
    pub version: Version,
    pub recorded_at: Option<Timestamp>,
    cells: Cells<'a>,
}

#[derive(Clone, Debug)]
enum Cells<'a> {
    /// They are still to be read.
    Coming,
    /// As they were read, perhaps of another version of the same stream.
    Read {
        row: &'a StoodRow,
        is_exact: bool,
    },
    Folded {
        as_of: &'a AsOf,
        place: Place,
    },
}

impl<'a> LensRow<'a> {
    /// What stands at a path; null where nothing does, or it is still to be read.
    pub fn value(&self, path: &str) -> Cow<'a, Value> {
        match &self.cells {
            Cells::Coming => Cow::Owned(Value::Null),
            Cells::Read { row, .. } => Cow::Borrowed(row.value(path)),
            Cells::Folded { as_of, place } => Cow::Owned(as_of.value(*place, path)),
        }
    }

    /// What it shows is of this version.
    pub fn is_exact(&self) -> bool {
        match self.cells {
            Cells::Coming => false,
            Cells::Read { is_exact, .. } => is_exact,
            Cells::Folded { .. } => true,
        }
    }

    /// The projection failed on an event of this stream.
    pub fn failed(&self) -> Option<&crate::replay::Finding> {
        match &self.cells {
            Cells::Coming => None,
            Cells::Read { row, .. } => row.failed.as_ref(),
            Cells::Folded { as_of, place } => as_of.row(*place).and_then(|row| row.failed),
        }
    }
}

/// So many rows that were read are kept.
const KEPT: usize = 4_000;

/// At once, no more are read than a few screens show.
const AT_ONCE: usize = 80;

/// The rows that are in view, of the newest of a store, and what was read of them.
#[derive(Debug, Default)]
pub(super) struct NewestRows {
    /// Those in view and around, from this place on.
    window: Vec<Newest>,
    first: usize,
    /// How many there are in all.
    total: usize,
    kept: HashMap<StreamId, Vec<Arc<StoodRow>>>,
    count: usize,
    /// How the kept ones were read.
    read_so: (Option<String>, Vec<String>),
    /// Asked for, and not there: they are gone, and not asked for again until the store changes.
    missing: HashSet<(StreamId, Version)>,
    pub(super) reading: Asked<ReadRows>,
    pub(super) took: Option<Duration>,
}

impl NewestRows {
    pub(super) fn show(&mut self, first: usize, window: Vec<Newest>, total: usize) {
        (self.first, self.window, self.total) = (first, window, total);
    }

    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Whether all of these places are at hand.
    pub(super) fn covers(&self, places: &Range<usize>) -> bool {
        let end = places.end.min(self.total);
        places.start >= end || (self.first <= places.start && end <= self.first + self.window.len())
    }

    pub(super) fn get(&self, place: usize) -> Option<LensRow<'_>> {
        let Newest { stream, version, recorded_at } = self.window.get(place.checked_sub(self.first)?)?;
        let cells = match self.kept.get(stream).and_then(|kept| best_of(kept, *version)) {
            Some(row) => Cells::Read { row, is_exact: row.version == *version },
            None => Cells::Coming,
        };
        Some(LensRow { stream, version: *version, recorded_at: *recorded_at, cells })
    }

    pub(super) fn place_of(&self, stream: &StreamId) -> Option<usize> {
        self.window.iter().position(|newest| newest.stream == *stream).map(|place| place + self.first)
    }

    /// One of those that were read, to tell what fields there are.
    pub(super) fn any_read(&self) -> Option<&StoodRow> {
        let in_view = self.window.iter().filter_map(|newest| self.kept.get(&newest.stream));
        in_view.flatten().map(AsRef::as_ref).find(|row| !row.is_left_out)
    }

    pub(super) fn read(&self) -> impl Iterator<Item = &StoodRow> {
        self.window.iter().filter_map(|newest| self.kept.get(&newest.stream)).flatten().map(AsRef::as_ref)
    }

    /// Rows are read in another way from now on: under another projection, or with other paths.
    pub(super) fn read_so(&mut self, projection: Option<&String>, paths: &[String]) {
        if self.read_so.0.as_ref() != projection || self.read_so.1 != paths {
            self.read_so = (projection.cloned(), paths.to_vec());
            self.forget();
        }
    }

    /// What was read is not so any more.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
        self.missing.clear();
        self.count = 0;
        self.reading.cancel();
    }

    /// The store has changed: what was gone may be there.
    pub(super) fn look_again(&mut self) {
        self.missing.clear();
    }

    /// These are seen: those of which nothing was read are asked for. What is on its way is waited for, so that dragging
    /// shows rows all the while.
    pub(super) fn want(&mut self, engine: &Engine, places: Range<usize>) {
        if self.reading.is_loading() {
            return;
        }
        let mut streams = Vec::new();
        for place in places {
            let Some(newest) = place.checked_sub(self.first).and_then(|place| self.window.get(place)) else { continue };
            let is_kept = |kept: &Vec<Arc<StoodRow>>| kept.iter().any(|row| row.version == newest.version);
            if self.kept.get(&newest.stream).is_some_and(is_kept) {
                continue;
            }
            let wanted = (newest.stream.clone(), newest.version);
            if !self.missing.contains(&wanted) {
                streams.push(wanted);
            }
            if streams.len() == AT_ONCE {
                break;
            }
        }
        if !streams.is_empty() {
            let (projection, paths) = self.read_so.clone();
            self.reading.ask(engine, ReadRows(StoodWanted { streams, projection, paths }));
        }
    }

    /// Takes in what was read. Says whether there is something new to show.
    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        let has_come = self.reading.poll(engine);
        if !has_come {
            return false;
        }
        let asked = self.reading.question().map(|ReadRows(wanted)| wanted.streams.clone()).unwrap_or_default();
        match self.reading.take() {
            Some(StoodRows { rows, took }) => {
                self.took = Some(took);
                self.missing.extend(asked);
                for row in rows {
                    self.keep(row);
                }
                self.make_room();
            }
            // It failed, and says so; what is asked for again by hand is asked anew.
            None => self.missing.extend(asked),
        }
        true
    }

    fn keep(&mut self, row: StoodRow) {
        self.missing.remove(&(row.stream.clone(), row.version));
        let kept = self.kept.entry(row.stream.clone()).or_default();
        if !kept.iter().any(|known| known.version == row.version) {
            kept.push(Arc::new(row));
            self.count += 1;
        }
    }

    /// Of streams that are in view, the latest that was read of each stays.
    fn make_room(&mut self) {
        if self.count <= KEPT {
            return;
        }
        let in_view: HashSet<&StreamId> = self.window.iter().map(|newest| &newest.stream).collect();
        self.kept.retain(|stream, _| in_view.contains(stream));
        for kept in self.kept.values_mut() {
            let surplus = kept.len().saturating_sub(2);
            kept.drain(..surplus);
        }
        self.count = self.kept.values().map(Vec::len).sum();
    }
}

/// The row of this version, or else of the nearest that was read.
fn best_of(kept: &[Arc<StoodRow>], version: Version) -> Option<&StoodRow> {
    kept.iter().min_by_key(|row| row.version.0.abs_diff(version.0)).map(AsRef::as_ref)
}

/// Reads a few streams up to where each stood.
#[derive(Clone, Debug)]
pub struct ReadRows(StoodWanted);

impl Question for ReadRows {
    type Answer = StoodRows;
    type Error = UserError;
    const WHAT: &'static str = "reading rows";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<StoodRows, UserError> {
        Ok(stood(reader, &self.0, ticket)?)
    }
}

/// Every row of a store, filtered and in an order.
#[derive(Clone, Debug)]
pub struct ArrangeRows {
    pub(super) wanted: ArrangeWanted,
    /// What was folded before.
    pub(super) folded: FoldedStores,
}

impl Question for ArrangeRows {
    type Answer = Option<ArrangedFor>;
    type Error = UserError;
    const WHAT: &'static str = "folding events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        Ok(arrange(reader, &self.wanted, &self.folded, ticket)?)
    }
}

/// The n-th row of an arrangement.
pub(super) fn arranged_row(arranged: &Arranged, place: usize) -> Option<LensRow<'_>> {
    let place = *arranged.places.get(place)?;
    let as_of = arranged.as_of();
    let row = as_of.row(place)?;
    let cells = Cells::Folded { as_of, place };
    Some(LensRow { stream: row.stream, version: row.version, recorded_at: row.recorded_at, cells })
}

/// Rows as they stood, for as long as what they are of has given way to what comes in its place.
#[derive(Debug, Default)]
pub(super) struct Picture {
    first: usize,
    rows: Vec<StoodRow>,
    total: usize,
}

impl Picture {
    /// Of these places, with these columns.
    pub(super) fn new(arranged: &Arranged, places: Range<usize>, fields: &[String]) -> Self {
        let total = arranged.places.len();
        let places = places.start.min(total)..places.end.min(total);
        let row = |place: usize| {
            let row = arranged_row(arranged, place)?;
            Some(StoodRow {
                stream: row.stream.clone(),
                version: row.version,
                recorded_at: row.recorded_at,
                cells: fields.iter().map(|field| (field.clone(), row.value(field).into_owned())).collect(),
                bookkeeping: Vec::new(),
                projections: Vec::new(),
                failed: row.failed().cloned(),
                is_left_out: false,
            })
        };
        Self { first: places.start, rows: places.map_while(row).collect(), total }
    }

    pub(super) fn len(&self) -> usize {
        self.total
    }

    pub(super) fn get(&self, place: usize) -> Option<LensRow<'_>> {
        let row = self.rows.get(place.checked_sub(self.first)?)?;
        let cells = Cells::Read { row, is_exact: true };
        Some(LensRow { stream: &row.stream, version: row.version, recorded_at: row.recorded_at, cells })
    }
}

/// What the columns hold, told from rows that were seen. It only grows, so that nothing moves while one scrolls.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    of_path: HashMap<String, Kind>,
    seen: HashSet<(StreamId, Version)>,
    pub(super) stream_letters: usize,
    pub(super) version_figures: usize,
}

/// Later rows move no column any more.
const LOOKED_AT: usize = 400;

impl Kinds {
    pub(super) fn of(&self, path: &str) -> Kind {
        self.of_path.get(path).copied().unwrap_or_default()
    }

    pub(super) fn note(&mut self, row: &LensRow<'_>, paths: &[String]) {
        self.stream_letters = self.stream_letters.max(row.stream.as_str().chars().count().min(60));
        self.version_figures = self.version_figures.max(row.version.to_string().len());
        if self.seen.len() >= LOOKED_AT || !row.is_exact() || !self.seen.insert((row.stream.clone(), row.version)) {
            return;
        }
        for path in paths {
            let value = row.value(path);
            match self.of_path.get_mut(path) {
                Some(kind) => kind.note(&value),
                None => {
                    let mut kind = Kind::default();
                    kind.note(&value);
                    self.of_path.insert(path.clone(), kind);
                }
            }
        }
    }

    /// Other columns: what they hold is looked at again.
    pub(super) fn look_again(&mut self) {
        self.seen.clear();
    }
}
