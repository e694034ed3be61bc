//! The whole store as a table, at one moment: a row a stream. What changed last stands first and is there at once; any other
//! order, and whatever narrows the rows, comes behind it.

mod columns;
mod counts;
mod differ;
mod export;
mod filters;
mod rows;
mod shown;
mod views;

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

pub use columns::{FittedColumn, Fitting, Kind, LensColumn, LensOrder, TABLE_MARGIN};
pub use counts::{ChartLayer, CountChart, CountField, LAYERS, ValueCount, ValueCounts};
pub use differ::{CompareMoments, MomentsCompared};
pub use export::{ExportRows, ExportedRows, ExportingRows};
pub use filters::{CHANGED_WITHIN, RowChip};
pub use rows::{ArrangeRows, LensRow, Newest, ReadRows};
pub use views::KeptView;

use columns::fields_at_first;
use filters::filter_of;
use rows::{Kinds, NewestRows, Picture, arranged_row};

use crate::engine::{
    ArrangeWanted, ArrangedFor, AsOfWanted, Asked, Cause, Engine, FoldedStores, RowsFormat, RowsWish, StoreChange,
    StoreChronicle, Tool,
};
use crate::event::{Position, StreamId, Timestamp, Version};
use crate::index::{Chronicle, Edition, Facet, Sorting, StoreMoment};
use crate::view::{KeptSearches, UserError};
use crate::workspace::{SearchKind, Workspace};

/// The moment of the store that is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LensMoment {
    /// So many of its events count.
    pub count: usize,
    pub at: StoreMoment,
    pub time: Option<Timestamp>,
    pub position: Option<Position>,
    /// It is the end, and goes on with it.
    pub is_end: bool,
}

/// What is asked of the table.
#[derive(Clone, Debug, PartialEq)]
pub enum LensWish {
    /// The streams of one category, or all.
    Category(Option<String>),
    Projection(Option<String>),
    /// By this column; once more, the other way round.
    Sort(LensColumn),
    SortSo(LensOrder),
    AddChip(RowChip),
    RemoveChip(usize),
    ClearChips,
    /// Rows in which a field has this value, too, or no longer.
    ToggleValue(String, Value),
    ToggleColumn(String),
    /// The columns as at first.
    ResetColumns,
    CountBy(String),
    /// Sum and shares of a column, or none any more.
    NumbersOf(Option<String>),
    Select(StreamId),
    /// Two moments beside each other in place of the table, and back.
    ToggleCompared,
    ComparedField(String),
    /// A view that was kept, as it is written.
    Show(String),
    /// Keeps the table as it is under the name that is typed.
    SaveView,
    LeaveSaving,
    ForgetView(String),
    Cancel,
    Retry,
}

/// What is known of the stream that is selected, besides its row.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectedAbout {
    pub stream: StreamId,
    /// The last event that counts.
    pub version: Version,
    pub event_type: String,
    pub actor: String,
    /// The last that there is by now.
    pub last: Version,
    /// What it was told from.
    of: (usize, Edition),
}

/// Of which streams, and under which projection: each has columns of its own.
type Shown = (Option<String>, Option<String>);

#[derive(Debug, Default)]
pub struct StoreLens {
    category: Option<String>,
    /// Somebody chose it, or it was chosen as the store was first shown.
    has_category: bool,
    projection: Option<String>,
    /// Under which a category is shown at first, if not under its own first.
    begins_under: Option<String>,
    columns: HashMap<Shown, Vec<String>>,
    count_by: HashMap<Shown, String>,
    order: LensOrder,
    chips: Vec<RowChip>,
    /// What is being typed for the next chip.
    pub typed: String,
    selected: Option<StreamId>,
    /// The keyboard is to go to its row, as soon as that is there.
    pub wants_row: bool,
    about: Option<SelectedAbout>,
    moment: Option<LensMoment>,
    /// The places in view.
    seen: Range<usize>,
    newest: NewestRows,
    kinds: Kinds,
    /// For which moment, category and edition of the chronicle the newest were asked.
    refreshed: Option<(usize, Option<String>, Edition)>,
    categories: Vec<(String, u64)>,
    begun: u64,
    arranging: Asked<ArrangeRows>,
    folded: FoldedStores,
    arranged: Option<ArrangedFor>,
    /// The rows in view of what was shown, where that had to give way.
    picture: Option<Picture>,
    numbers_of: Option<String>,
    pub counts: ValueCounts,
    pub compared: MomentsCompared,
    /// The views that are kept for this store.
    pub kept: KeptSearches,
}

/// Rows around those in view that are made ready, too.
const AROUND: usize = 256;

/// A field called so is likely one that streams are told apart by.
const COUNTED_BY: [&str; 12] =
    ["status", "state", "stage", "phase", "kind", "type", "priority", "level", "channel", "plan", "tier", "role"];

impl StoreLens {
    pub(in crate::view) fn new(engine: &Engine, workspace: Workspace) -> Self {
        let (kept, folded) =
            (KeptSearches::of(workspace, SearchKind::Store, engine), FoldedStores::new(engine.memory()));
        Self { folded, kept, ..Self::default() }
    }

    /// Where nobody chose any streams yet, it begins at those that are like the one that is looked at.
    pub(in crate::view) fn begin_at(&mut self, category: &str, stream: &StreamId) {
        if !self.has_category {
            (self.category, self.has_category) = (Some(category.to_owned()), true);
            self.selected = Some(stream.clone());
        }
    }

    /// The moment as the cursor says it is, with what the chronicle knows of it. Costs what is in view.
    pub(in crate::view) fn prepare(
        &mut self,
        engine: &Engine,
        chronicle: &StoreChronicle,
        moment: LensMoment,
        pins: [Option<StoreMoment>; 2],
    ) {
        let was_end = self.moment.replace(moment).is_some_and(|before| before.is_end);
        // Where it is being added to just then, what is shown stays for a frame.
        chronicle.look_now(|chronicle| self.look_at(chronicle, moment));
        self.choose_columns();
        let paths = self.deep_paths();
        self.newest.read_so(self.projection.as_ref(), &paths);
        self.note_kinds();
        if let Some(field) = self.counted_field() {
            self.counts.want(engine, &field, self.category.as_ref(), self.projection.as_ref());
        }
        self.arrange(engine, was_end && moment.is_end);
        // Without two moments there is nothing to compare.
        if let ([Some(from), Some(to)], true) = (pins, self.compared.is_shown) {
            self.compared.want(engine, [from, to], self.category.as_ref(), self.projection.as_ref());
        }
    }

    fn look_at(&mut self, chronicle: &Chronicle, moment: LensMoment) {
        self.look_at_selected(chronicle, moment);
        let made_for = (moment.count, self.category.clone(), chronicle.edition());
        let is_same = self.has_category && self.refreshed.as_ref() == Some(&made_for);
        if is_same && self.newest.covers(&self.seen) {
            return;
        }
        if !is_same {
            let kinds = 0..chronicle.kinds(Facet::Category) as u32;
            let count = |number| chronicle.streams_begun(moment.count, Some(number)) as u64;
            let all = kinds.map(|number| (chronicle.kind(Facet::Category, number).to_owned(), count(number)));
            self.categories = all.collect();
            self.categories.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
            self.begun = chronicle.streams_begun(moment.count, None) as u64;
            if !self.has_category && !chronicle.is_empty() {
                self.category = self.categories.first().map(|(name, _)| name.clone());
                self.has_category = true;
            }
            self.refreshed = Some((moment.count, self.category.clone(), chronicle.edition()));
        }
        let number = self.category.as_ref().map(|name| chronicle.find_kind(Facet::Category, name));
        let Ok(number) = number.map_or(Ok(None), |number| number.map(Some).ok_or(())) else {
            return self.newest.show(0, Vec::new(), 0);
        };
        let total = chronicle.streams_begun(moment.count, number);
        let first = self.seen.start.min(total).saturating_sub(AROUND);
        let most = self.seen.len() + 2 * AROUND;
        let entries = chronicle.recent(moment.count, number, first, most);
        let newest = entries.into_iter().map(|entry| Newest {
            stream: StreamId::from(chronicle.stream(entry.stream)),
            version: entry.version,
            recorded_at: entry.recorded_at,
        });
        self.newest.show(first, newest.collect(), total);
    }

    fn look_at_selected(&mut self, chronicle: &Chronicle, moment: LensMoment) {
        let of = (moment.count, chronicle.edition());
        let Some(selected) = &self.selected else { return self.about = None };
        if self.about.as_ref().is_some_and(|about| about.stream == *selected && about.of == of) {
            return;
        }
        let entries = chronicle.find_stream(selected.as_str()).and_then(|number| {
            Some((chronicle.last_of(number, moment.count)?, chronicle.last_of(number, usize::MAX)?))
        });
        self.about = entries.map(|(entry, last)| SelectedAbout {
            stream: selected.clone(),
            version: entry.version,
            event_type: chronicle.kind(Facet::Type, entry.event_type).to_owned(),
            actor: chronicle.kind(Facet::Actor, entry.actor).to_owned(),
            last: last.version,
            of,
        });
    }

    fn shown(&self) -> Shown {
        (self.category.clone(), self.projection.clone())
    }

    fn choose_columns(&mut self) {
        let shown = self.shown();
        if self.columns.contains_key(&shown) {
            return;
        }
        if let Some(row) = self.newest.any_read() {
            let fields = fields_at_first(&row.cells, &row.bookkeeping, row.stream.as_str());
            self.columns.insert(shown, fields);
            self.kinds.look_again();
        }
    }

    /// Columns that are no field of the state, but lie in one.
    fn deep_paths(&self) -> Vec<String> {
        self.fields().iter().filter(|path| path.contains(['.', '['])).cloned().collect()
    }

    fn note_kinds(&mut self) {
        let Self { newest, kinds, arranged, columns, category, projection, seen, .. } = self;
        let fields = columns.get(&(category.clone(), projection.clone())).map_or(&[][..], Vec::as_slice);
        for place in seen.clone() {
            let row = match &arranged {
                Some(shown) => arranged_row(&shown.1, place),
                None => newest.get(place),
            };
            if let Some(row) = row {
                kinds.note(&row, fields);
            }
        }
    }

    /// The field that the bars are of: the one that was chosen, or one that is called like something to count by.
    fn counted_field(&self) -> Option<String> {
        if let Some(field) = self.count_by.get(&self.shown()) {
            return Some(field.clone());
        }
        let is_called_so = |field: &&String| {
            let name = field.to_lowercase();
            COUNTED_BY.iter().any(|known| name == *known || name.ends_with(known))
        };
        self.fields().iter().find(is_called_so).cloned()
    }

    /// The rows are not those that changed last, in that order.
    fn rows_need_all(&self) -> bool {
        !self.chips.is_empty() || self.order != LensOrder::default()
    }

    /// What the rows are to be, at the moment that is looked at.
    pub fn wanted(&self) -> ArrangeWanted {
        let LensMoment { at, time, .. } = self.moment.unwrap_or_default();
        let sorting = match &self.order.by {
            LensColumn::Stream => Sorting::Stream,
            LensColumn::Version => Sorting::Version,
            LensColumn::Changed => Sorting::Time,
            LensColumn::Field(path) => Sorting::Field(path.clone()),
        };
        ArrangeWanted {
            of: AsOfWanted { projection: self.projection.clone(), category: self.category.clone(), at },
            filter: filter_of(&self.chips, self.fields().to_vec(), time),
            sorting,
            is_descending: self.order.is_descending,
            numbers_of: self.numbers_of.clone(),
        }
    }

    /// Asks for all rows where they are needed. What only goes on with the store's end does not interrupt what is on its way.
    fn arrange(&mut self, engine: &Engine, follows: bool) {
        if !self.rows_need_all() && self.numbers_of.is_none() {
            if self.arranging.question().is_some() {
                // With what went wrong there.
                (self.arranged, self.picture, self.arranging) = (None, None, Asked::default());
            }
            return;
        }
        let wanted = self.wanted();
        if self.arranging.question().is_some_and(|asked| asked.wanted == wanted) {
            return;
        }
        let cause = if follows { Cause::Store } else { Cause::User };
        self.ask_for_rows(engine, wanted, cause);
    }

    fn ask_for_rows(&mut self, engine: &Engine, wanted: ArrangeWanted, cause: Cause) {
        // Where there is no room for another table as large, the one that is shown gives way: of it, what is in view stays.
        let has_room =
            |shown: &ArrangedFor| shown.0.of == wanted.of || shown.1.as_of().bytes() <= engine.memory().left().bytes;
        if let Some(shown) = self.arranged.take_if(|shown| !has_room(shown)) {
            let around = self.seen.start.saturating_sub(AROUND)..self.seen.end + AROUND;
            self.picture = Some(Picture::new(&shown.1, around, self.fields()));
        }
        self.arranging.ask_because(engine, ArrangeRows { wanted, folded: self.folded.clone() }, cause);
    }

    /// These places are in view: what of them is not read yet is asked for.
    pub(in crate::view) fn see(&mut self, engine: &Engine, places: Range<usize>) {
        let is_there = self.newest.covers(&places);
        self.seen = places;
        if self.shows_newest() && is_there {
            self.newest.want(engine, self.seen.clone());
        }
    }

    /// Whether the places in view are still to be looked up.
    pub fn lacks_rows(&self) -> bool {
        self.shows_newest() && !self.newest.covers(&self.seen)
    }

    pub(in crate::view) fn poll(&mut self, engine: &Engine) -> bool {
        let mut is_new = self.newest.poll(engine);
        if self.arranging.poll(engine) {
            is_new = true;
            if self.arranging.error().is_none() {
                self.arranged = self.arranging.take().flatten();
                self.picture = None;
                self.kinds.look_again();
            }
        }
        is_new |= self.counts.poll(engine);
        is_new |= self.compared.poll(engine);
        is_new |= self.kept.poll(engine);
        is_new
    }

    /// Takes in what somebody did to the store.
    pub(in crate::view) fn follow(&mut self, engine: &Engine, change: &StoreChange) {
        match change {
            StoreChange::Rewritten => {
                self.arranging.again_if_failed(engine);
                self.newest.look_again();
                return;
            }
            StoreChange::Replaced => {
                self.newest.forget();
                self.refreshed = None;
                self.folded.forget();
            }
            StoreChange::Grew(_) | StoreChange::Somewhere => {
                self.newest.look_again();
                self.folded.grew();
            }
        }
        // What lies before a position stays as it is.
        let is_before = |wanted: &ArrangeWanted| matches!(wanted.of.at, StoreMoment::Position(_));
        let asked = self.arranging.question().map(|asked| asked.wanted.clone());
        if let Some(wanted) = asked
            && (*change == StoreChange::Replaced || !is_before(&wanted))
        {
            self.ask_for_rows(engine, wanted, Cause::Store);
        }
        self.counts.follow(engine);
        self.compared.follow(engine);
    }

    /// Rows under one of these projections are read anew; where there are other names, what can be chosen is.
    pub(in crate::view) fn take_projections(&mut self, names: &[String], has_other_names: bool) {
        let is_shown = self.projection.as_ref().is_some_and(|shown| names.contains(shown));
        if is_shown || has_other_names {
            self.newest.forget();
            self.refreshed = None;
        }
        if is_shown {
            self.look_anew();
        }
    }

    /// What of it may be waited for, or has failed.
    pub(in crate::view) fn tools(&self) -> [&dyn Tool<Error = UserError>; 5] {
        [&self.newest.reading, &self.arranging, &self.counts.asked, &self.compared.asked, &self.kept.asked]
    }

    /// Carries out what was asked for. The moment and what depends on it come with the next look.
    pub(in crate::view) fn run(&mut self, engine: &Engine, wish: LensWish) {
        match wish {
            LensWish::Category(category) => self.show_category(category),
            LensWish::Projection(projection) => {
                self.projection = projection;
                self.look_anew();
            }
            LensWish::Sort(by) => self.sort(by),
            LensWish::SortSo(order) => self.order = order,
            LensWish::AddChip(chip) => {
                if !self.chips.contains(&chip) {
                    self.chips.push(chip);
                }
            }
            LensWish::RemoveChip(place) if place < self.chips.len() => {
                self.chips.remove(place);
            }
            LensWish::RemoveChip(_) => {}
            LensWish::ClearChips => self.chips.clear(),
            LensWish::ToggleValue(field, value) => self.toggle_value(field, value),
            LensWish::ToggleColumn(path) => self.toggle_column(path),
            LensWish::ResetColumns => {
                self.columns.remove(&self.shown());
            }
            LensWish::CountBy(field) => {
                self.count_by.insert(self.shown(), field);
            }
            LensWish::NumbersOf(field) => self.numbers_of = field,
            LensWish::Select(stream) => self.select(stream),
            LensWish::ToggleCompared => self.compared.is_shown = !self.compared.is_shown,
            LensWish::ComparedField(field) => self.compared.show_field(Some(field)),
            LensWish::Show(text) => {
                if let Ok(view) = serde_json::from_str(&text) {
                    self.show_view(view);
                }
            }
            LensWish::SaveView => {
                let text = self.view_text();
                self.kept.save(engine, &text);
            }
            LensWish::LeaveSaving => self.kept.name = None,
            LensWish::ForgetView(name) => self.kept.forget(engine, &name),
            LensWish::Cancel => self.cancel(),
            LensWish::Retry => self.retry(engine),
        }
    }

    /// Shows streams under this projection until another is chosen.
    pub fn begin_under(&mut self, projection: &str) {
        self.begins_under = Some(projection.to_owned());
        self.projection.clone_from(&self.begins_under);
    }

    fn show_category(&mut self, category: Option<String>) {
        if self.category == category {
            return;
        }
        // What they have in common stays; conditions on fields are of the streams that have them.
        self.chips.retain(|chip| matches!(chip, RowChip::Text(_) | RowChip::Changed(_)));
        (self.category, self.has_category) = (category, true);
        self.projection.clone_from(&self.begins_under);
        self.order = LensOrder::default();
        self.selected = None;
        self.look_anew();
    }

    /// Other streams, or the same under something else.
    fn look_anew(&mut self) {
        self.numbers_of = None;
        (self.arranged, self.picture) = (None, None);
        self.arranging = Asked::default();
        self.kinds = Kinds::default();
        self.counts.clear();
    }

    fn sort(&mut self, by: LensColumn) {
        // Times, versions and numbers are looked through from the largest.
        let begins_large = match &by {
            LensColumn::Changed | LensColumn::Version => true,
            LensColumn::Field(path) => self.kinds.of(path).is_numeric(),
            LensColumn::Stream => false,
        };
        let is_descending = if self.order.by == by { !self.order.is_descending } else { begins_large };
        self.order = LensOrder { by, is_descending };
    }

    fn toggle_value(&mut self, field: String, value: Value) {
        let known = self.chips.iter().position(|chip| matches!(chip, RowChip::OneOf { field: of, .. } if *of == field));
        let Some(place) = known else {
            return self.chips.push(RowChip::OneOf { field, values: vec![value] });
        };
        if let Some(RowChip::OneOf { values, .. }) = self.chips.get_mut(place) {
            match values.iter().position(|known| *known == value) {
                Some(at) => {
                    values.remove(at);
                }
                None => values.push(value),
            }
            if values.is_empty() {
                self.chips.remove(place);
            }
        }
    }

    fn toggle_column(&mut self, path: String) {
        let mut fields = self.fields().to_vec();
        match fields.iter().position(|known| *known == path) {
            Some(at) => {
                fields.remove(at);
                if self.order.by == LensColumn::Field(path) {
                    self.order = LensOrder::default();
                }
            }
            None => fields.push(path),
        }
        self.columns.insert(self.shown(), fields);
        self.kinds.look_again();
    }

    /// The rows as they are wanted, to be written to a file; with what is folded already.
    pub(in crate::view) fn rows_wish(&self) -> (RowsWish, FoldedStores) {
        let wanted = ArrangeWanted { numbers_of: None, ..self.wanted() };
        let wish =
            RowsWish { wanted, columns: self.fields().to_vec(), format: RowsFormat::default(), is_csv_safe: true };
        (wish, self.folded.clone())
    }

    /// Stops what is on its way; what was there stays.
    fn cancel(&mut self) {
        self.arranging.cancel();
        self.counts.asked.cancel();
        self.compared.asked.cancel();
    }

    pub(in crate::view) fn retry_if_failed(&mut self, engine: &Engine) {
        self.arranging.again_if_failed(engine);
        self.counts.asked.again_if_failed(engine);
        self.compared.asked.again_if_failed(engine);
    }

    fn retry(&mut self, engine: &Engine) {
        self.newest.look_again();
        Tool::retry(&mut self.arranging, engine);
        Tool::retry(&mut self.counts.asked, engine);
        Tool::retry(&mut self.compared.asked, engine);
    }
}

#[cfg(test)]
mod tests;
