use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::time::Duration;

use serde_json::Value;

use super::columns::Kind;
use super::kept::KeptRows;
use crate::engine::{
    ArrangeWanted, Arranged, ArrangedFor, AsOfWanted, Asked, Engine, EngineError, FoldedStores, Question, StoodRow,
    StoodRows, StoodWanted, Ticket, arrange, read_rows, stood,
};
use crate::event::{StreamId, Timestamp, Version};
use crate::index::AtHand;
use crate::replay::Finding;
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
    pub stream: StreamId,
    pub version: Version,
    pub recorded_at: Option<Timestamp>,
    /// The first event on which the projection failed.
    pub(super) failed: Option<&'a Finding>,
    pub(super) cells: Cells<'a>,
}

#[derive(Clone, Debug)]
pub(super) enum Cells<'a> {
    /// They are still to be read.
    Coming,
    /// As they were read, perhaps of another version of the same stream.
    Read {
        row: &'a StoodRow,
        is_exact: bool,
    },
    AtHand(AtHand<'a>),
    /// The stream had not begun.
    NotBegun,
}

impl<'a> Cells<'a> {
    /// Of what was read of a stream, for a row of this version.
    pub(super) fn of_read(read: Option<&'a StoodRow>, version: Version) -> Self {
        read.map_or(Self::Coming, |row| Self::Read { row, is_exact: row.version == version })
    }
}

impl<'a> LensRow<'a> {
    /// What stands at a path; null where nothing does, or it is still to be read.
    pub fn value(&self, path: &str) -> Cow<'a, Value> {
        match &self.cells {
            Cells::Coming | Cells::NotBegun => Cow::Owned(Value::Null),
            Cells::Read { row, .. } => Cow::Borrowed(row.value(path)),
            Cells::AtHand(state) => Cow::Owned(state.value(path)),
        }
    }

    /// What it shows is of this version.
    pub fn is_exact(&self) -> bool {
        match self.cells {
            Cells::Coming => false,
            Cells::Read { is_exact, .. } => is_exact,
            Cells::AtHand(_) | Cells::NotBegun => true,
        }
    }

    /// There was an event of its stream; what its version is without one means nothing.
    pub fn has_begun(&self) -> bool {
        !matches!(self.cells, Cells::NotBegun)
    }

    /// The projection failed on an event of this stream.
    pub fn failed(&self) -> Option<&Finding> {
        self.failed
    }
}

/// So many rows that were read are kept.
const KEPT: usize = 4_000;

/// At once, no more are read than a few screens show.
const AT_ONCE: usize = 80;

/// The rows that are in view, of the newest of a store, and what was read of them.
#[derive(Debug)]
pub(super) struct NewestRows {
    /// Those in view and around, from this place on.
    window: Vec<Newest>,
    first: usize,
    /// How many there are in all.
    total: usize,
    kept: KeptRows,
    /// How the kept ones were read.
    read_so: (Option<String>, Vec<String>),
    /// Asked for, and not there: they are gone, and not asked for again until the store changes.
    missing: HashSet<(StreamId, Version)>,
    pub(super) reading: Asked<ReadRows>,
    pub(super) took: Option<Duration>,
}

impl Default for NewestRows {
    fn default() -> Self {
        Self {
            window: Vec::new(),
            first: 0,
            total: 0,
            kept: KeptRows::new(KEPT),
            read_so: (None, Vec::new()),
            missing: HashSet::new(),
            reading: Asked::default(),
            took: None,
        }
    }
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
        let read = self.kept.nearest(stream.as_str(), *version);
        let failed = read.and_then(|row| row.failed.as_ref());
        let cells = Cells::of_read(read, *version);
        Some(LensRow { stream: stream.clone(), version: *version, recorded_at: *recorded_at, failed, cells })
    }

    pub(super) fn place_of(&self, stream: &StreamId) -> Option<usize> {
        self.window.iter().position(|newest| newest.stream == *stream).map(|place| place + self.first)
    }

    /// One of those that were read, to tell what fields there are.
    pub(super) fn any_read(&self) -> Option<&StoodRow> {
        self.read().find(|row| !row.is_left_out)
    }

    pub(super) fn read(&self) -> impl Iterator<Item = &StoodRow> {
        self.window.iter().flat_map(|newest| self.kept.of(newest.stream.as_str()))
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
            if self.kept.at(newest.stream.as_str(), newest.version).is_some() {
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
                    self.missing.remove(&(row.stream.clone(), row.version));
                    self.kept.keep(row);
                }
                self.kept.make_room(self.window.iter().map(|newest| &newest.stream));
            }
            // It failed, and says so; what is asked for again by hand is asked anew.
            None => self.missing.extend(asked),
        }
        true
    }
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
    /// What is in view, and its columns.
    pub(super) seen: Range<usize>,
    pub(super) fields: Vec<String>,
}

impl Question for ArrangeRows {
    /// With the rows in view of which not even the names are at hand.
    type Answer = Option<(ArrangedFor, NumberedRows)>;
    type Error = UserError;
    const WHAT: &'static str = "folding events";
    const IS_LONG: bool = true;
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let Some(arranged) = arrange(reader, &self.wanted, &self.folded, ticket)? else { return Ok(None) };
        let nameless = self.seen.filter(|nth| arranged.1.row(*nth).is_none()).take(AT_ONCE);
        let rows = read_numbered(reader, &arranged.1, nameless, &self.fields, ticket)?;
        Ok(Some((arranged, rows)))
    }
}

/// Rows of a table as they were read, with their numbers.
pub(super) type NumberedRows = Vec<(usize, StoodRow)>;

pub(super) fn read_numbered(
    reader: &dyn Store,
    arranged: &Arranged,
    rows: impl IntoIterator<Item = usize>,
    paths: &[String],
    ticket: &Ticket,
) -> Result<NumberedRows, EngineError> {
    let mut numbered = Vec::new();
    for nth in rows {
        let read = read_rows(reader, arranged, &[nth], paths, ticket)?;
        numbered.extend(read.into_iter().map(|row| (nth, row)));
    }
    Ok(numbered)
}

/// Rows as they stood, for as long as what they are of has given way to what comes in its place.
#[derive(Debug, Default)]
pub(super) struct Picture {
    of: AsOfWanted,
    first: usize,
    /// Each with whether it is so, and not of another version, or still to be read. `None` where not even its name was read.
    rows: Vec<Option<(StoodRow, bool)>>,
    total: usize,
}

impl Picture {
    /// Of these places, with these columns.
    pub(super) fn new<'a>(
        of: &AsOfWanted,
        total: usize,
        row: impl Fn(usize) -> Option<LensRow<'a>>,
        places: Range<usize>,
        fields: &[String],
    ) -> Self {
        let places = places.start.min(total)..places.end.min(total);
        let row = |place: usize| {
            let row = row(place)?;
            let stood = StoodRow {
                stream: row.stream.clone(),
                version: row.version,
                recorded_at: row.recorded_at,
                cells: fields.iter().map(|field| (field.clone(), row.value(field).into_owned())).collect(),
                bookkeeping: Vec::new(),
                projections: Vec::new(),
                failed: row.failed().cloned(),
                is_left_out: false,
            };
            Some((stood, row.is_exact()))
        };
        Self { of: of.clone(), first: places.start, rows: places.map(row).collect(), total }
    }

    /// What it shows.
    pub(super) fn of(&self) -> &AsOfWanted {
        &self.of
    }

    pub(super) fn len(&self) -> usize {
        self.total
    }

    pub(super) fn get(&self, place: usize) -> Option<LensRow<'_>> {
        let (row, is_exact) = self.rows.get(place.checked_sub(self.first)?)?.as_ref()?;
        let (version, recorded_at, failed) = (row.version, row.recorded_at, row.failed.as_ref());
        let cells = Cells::Read { row, is_exact: *is_exact };
        Some(LensRow { stream: row.stream.clone(), version, recorded_at, failed, cells })
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
