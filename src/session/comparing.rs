use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::loaded::{Loaded, load_job};
use super::open_store::Opener;
use super::rows::text;
use super::stream_view::StreamView;
use super::trouble::Trouble;
use crate::event::{StreamId, Timestamp, Version};
use crate::jobs::{Loading, Progress, Wake};
use crate::replay::{Index, ProjectionRef, Timeline};

/// A place in a store that is kept in mind: an event of a stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin {
    pub stream: StreamId,
    pub version: Version,
}

/// What is set side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompareMode {
    /// The two pins, in one stream or in two.
    #[default]
    Moments,
    /// Several projections of the stream at the cursor.
    Projections,
    /// The stream at the cursor, and another one as it was at the same time.
    Streams,
}

/// What is compared with what, and the answer for as long as nothing of it moves.
pub struct Comparing {
    pub mode: CompareMode,
    pub hides_equal: bool,
    /// The name typed for the other stream.
    pub typed_other: String,
    other: Option<StreamId>,
    /// Which projections are set side by side, by number; empty means all.
    left_out: BTreeSet<usize>,
    /// Streams that are not on the desk.
    beside: BTreeMap<(StreamId, usize), Loading<Loaded, Trouble>>,
    made: Option<Made>,
    opener: Opener,
    wake: Wake,
}

#[derive(Debug)]
struct Made {
    sides: Vec<Side>,
    /// Of the stream on the desk.
    readings: u64,
    rows: Vec<CompareRow>,
}

/// One column: a stream under a projection at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    pub stream: StreamId,
    pub number: usize,
    /// `None` where the stream had not begun.
    pub index: Option<Index>,
    pub version: Option<Version>,
    pub projection: ProjectionRef,
}

/// One field on every side.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareRow {
    pub field: String,
    /// `None` where a side has no such field.
    pub cells: Vec<Option<CompareCell>>,
    pub differs: bool,
    /// Every side has it, with the same value.
    pub is_equal: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CompareCell {
    pub value: String,
    pub set_by: Option<Version>,
}

/// What there is to draw.
#[derive(Debug)]
pub enum Compared<'a> {
    /// Something has to be chosen first.
    NeedsChoice,
    Loading,
    Table(&'a [Side], &'a [CompareRow]),
}

impl std::fmt::Debug for Comparing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Comparing").field("mode", &self.mode).field("other", &self.other).finish_non_exhaustive()
    }
}

/// What one side is to be, before its stream has come.
struct Wanted {
    stream: StreamId,
    number: usize,
    at: At,
}

enum At {
    Version(Version),
    Time(Timestamp),
    End,
}

impl Comparing {
    pub(super) fn new(opener: Opener, wake: Wake) -> Self {
        Self {
            mode: CompareMode::default(),
            hides_equal: true,
            typed_other: String::new(),
            other: None,
            left_out: BTreeSet::new(),
            beside: BTreeMap::new(),
            made: None,
            opener,
            wake,
        }
    }

    /// Takes the typed name as the other stream.
    pub fn choose_other(&mut self) {
        let name = self.typed_other.trim();
        self.other = (!name.is_empty()).then(|| StreamId::from(name));
    }

    pub fn other(&self) -> Option<&StreamId> {
        self.other.as_ref()
    }

    pub fn shows_projection(&self, number: usize) -> bool {
        !self.left_out.contains(&number)
    }

    pub fn toggle_projection(&mut self, number: usize) {
        if !self.left_out.remove(&number) {
            self.left_out.insert(number);
        }
    }

    pub fn trouble(&self) -> Option<&Trouble> {
        self.beside.values().find_map(Loading::error)
    }

    pub fn progress(&self) -> Option<Progress> {
        self.beside.values().find_map(Loading::progress)
    }

    pub fn is_loading(&self) -> bool {
        self.beside.values().any(Loading::is_loading)
    }

    pub fn cancel(&mut self) {
        self.beside.values_mut().for_each(Loading::cancel);
    }

    /// Reads anew what was read beside the desk.
    pub(super) fn reload(&mut self) {
        for ((stream, number), loading) in &mut self.beside {
            loading.request(load_job(stream.clone(), *number, self.opener.clone(), &self.wake));
        }
    }

    /// Forgets what failed, so that it is asked for again.
    pub fn retry(&mut self) {
        self.beside.retain(|_, loading| loading.error().is_none());
    }

    pub(super) fn poll(&mut self) -> bool {
        let mut is_new = false;
        for loading in self.beside.values_mut() {
            is_new |= loading.poll();
        }
        if is_new {
            self.made = None;
        }
        is_new
    }

    /// The table as it stands now. Made anew only when one of its sides has moved.
    pub fn table(&mut self, view: &mut StreamView, pins: &[Option<Pin>; 2]) -> Compared<'_> {
        let Some(wanted) = self.wanted(view, pins) else { return Compared::NeedsChoice };
        for Wanted { stream, number, .. } in &wanted {
            self.ask_for(view, stream, *number);
        }
        let sides: Option<Vec<Side>> = wanted.iter().map(|wanted| self.side(view, wanted)).collect();
        let Some(sides) = sides else { return Compared::Loading };
        let readings = view.readings;
        if self.made.as_ref().is_none_or(|made| made.readings != readings || made.sides != sides) {
            let rows = self.rows(view, &sides);
            self.made = Some(Made { sides, readings, rows });
        }
        match &self.made {
            Some(Made { sides, rows, .. }) => Compared::Table(sides, rows),
            None => Compared::Loading,
        }
    }

    fn wanted(&self, view: &StreamView, pins: &[Option<Pin>; 2]) -> Option<Vec<Wanted>> {
        let number = view.projection_number();
        let here = || Some(Wanted { stream: view.stream.clone(), number, at: At::Version(view.version()?) });
        match self.mode {
            CompareMode::Moments => {
                let of = |pin: &Pin| Wanted { stream: pin.stream.clone(), number, at: At::Version(pin.version) };
                let [Some(a), Some(b)] = pins else { return None };
                Some(vec![of(a), of(b)])
            }
            CompareMode::Projections => {
                let shown: Vec<usize> =
                    (0..view.projections().len()).filter(|number| self.shows_projection(*number)).collect();
                if shown.len() < 2 {
                    return None;
                }
                shown.into_iter().map(|number| Some(Wanted { number, ..here()? })).collect()
            }
            CompareMode::Streams => {
                let at = view.time().map_or(At::End, At::Time);
                Some(vec![here()?, Wanted { stream: self.other.clone()?, number, at }])
            }
        }
    }

    fn ask_for(&mut self, view: &mut StreamView, stream: &StreamId, number: usize) {
        if *stream == view.stream {
            view.load(number);
        } else if !self.beside.contains_key(&(stream.clone(), number)) {
            let job = load_job(stream.clone(), number, self.opener.clone(), &self.wake);
            self.beside.entry((stream.clone(), number)).or_default().request(job);
        }
    }

    fn loaded<'a>(&'a self, view: &'a StreamView, stream: &StreamId, number: usize) -> Option<&'a Loaded> {
        if *stream == view.stream { view.loaded(number) } else { self.beside.get(&(stream.clone(), number))?.value() }
    }

    fn side(&self, view: &StreamView, wanted: &Wanted) -> Option<Side> {
        let Wanted { stream, number, at } = wanted;
        let loaded = self.loaded(view, stream, *number)?;
        let timeline = loaded.timeline.as_ref();
        let index = match at {
            At::Version(version) => timeline.index_of(*version),
            At::Time(at) => timeline.index_at(*at),
            At::End => timeline.heads().len().checked_sub(1),
        };
        let version = index.and_then(|index| timeline.heads().get(index)).map(|head| head.version);
        Some(Side { stream: stream.clone(), number: *number, index, version, projection: loaded.projection.clone() })
    }

    fn rows(&self, view: &StreamView, sides: &[Side]) -> Vec<CompareRow> {
        let timelines: Vec<Option<(&dyn Timeline, Index)>> = sides
            .iter()
            .map(|side| Some((self.loaded(view, &side.stream, side.number)?.timeline.as_ref(), side.index?)))
            .collect();
        // Projections are made to hold different fields: what only one of them has is no disagreement.
        compare(&timelines, self.mode != CompareMode::Projections)
    }
}

/// Every field that any side has, in the order in which the sides show them.
fn compare(sides: &[Option<(&dyn Timeline, Index)>], absence_differs: bool) -> Vec<CompareRow> {
    let mut rows: Vec<CompareRow> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut is_bookkeeping = BTreeSet::new();
    for (column, side) in sides.iter().enumerate() {
        let Some((timeline, index)) = side else { continue };
        for (field, value, set_by) in timeline.blame(*index) {
            if timeline.bookkeeping().contains(&field.as_str()) {
                is_bookkeeping.insert(field.clone());
            }
            let place = *places.entry(field).or_insert_with_key(|field| {
                rows.push(CompareRow {
                    field: field.clone(),
                    cells: vec![None; sides.len()],
                    differs: false,
                    is_equal: false,
                });
                rows.len() - 1
            });
            let set_by = set_by.map(|index| timeline.heads()[index].version);
            rows[place].cells[column] = Some(CompareCell { value: text(&value), set_by });
        }
    }
    for row in &mut rows {
        let mut values = row.cells.iter().flatten().map(|cell| &cell.value);
        let first = values.next();
        let is_missing = row.cells.iter().any(Option::is_none);
        let has_others = values.any(|value| Some(value) != first);
        // Every event moves these, which says nothing of what differs.
        let is_bookkeeping = is_bookkeeping.contains(&row.field);
        row.differs = !is_bookkeeping && (has_others || (is_missing && absence_differs));
        row.is_equal = is_bookkeeping || !(has_others || is_missing);
    }
    rows
}
