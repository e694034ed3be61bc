//! The whole store as a table, at one moment: a row a stream. What changed last stands first and is there at once; any other
//! order, and whatever narrows the rows, comes behind it.

mod away;
mod columns;
mod counts;
mod differ;
mod export;
mod filters;
mod following;
mod kept;
mod looking;
mod narrowed;
mod rows;
mod shown;
mod views;
mod wishes;

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

pub use away::ReadAway;
pub use columns::{FittedColumn, Fitting, Kind, LensColumn, LensOrder, TABLE_MARGIN};
pub use counts::{ChartLayer, CountChart, CountField, LAYERS, ValueCount, ValueCounts};
pub use differ::{CompareMoments, MomentsCompared};
pub(in crate::view) use export::RowsOf;
pub use export::{ExportRows, ExportedRows, ExportingRows};
pub use filters::{CHANGED_WITHIN, RowChip};
pub use following::ReadFollowed;
pub use rows::{ArrangeRows, LensRow, Newest, ReadRows};
pub use views::KeptView;

use away::AwayRows;
use filters::filter_of;
use following::FollowedRows;
use rows::{Kinds, NewestRows, Picture};

use crate::engine::{
    ArrangeWanted, ArrangedFor, AsOfWanted, Asked, Cause, DifferBy, Engine, FoldedStores, RowsFormat, RowsWish,
    StoreChange, Tool,
};
use crate::event::{Position, StreamId, Timestamp, Version};
use crate::index::{Edition, Sorting, StoreMoment};
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
    /// Before the others: it gives way last.
    ColumnFirst(String),
    /// The columns as at first.
    ResetColumns,
    CountBy(String),
    /// Sum and shares of a column, or none any more.
    NumbersOf(Option<String>),
    Select(StreamId),
    /// Two moments beside each other in place of the table, and back.
    ToggleCompared,
    ComparedField(String),
    SortCompared(DifferBy),
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
    /// Those for which there was no room.
    left_out: Vec<LensColumn>,
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
    away: AwayRows,
    /// The rows in view are of the cursor, and in the order of before.
    follows: bool,
    followed: FollowedRows,
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

    fn shown(&self) -> Shown {
        (self.category.clone(), self.projection.clone())
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
            counted: self.counted_among(time),
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
        let has_room = |shown: &ArrangedFor| shown.0.of == wanted.of || shown.1.bytes() <= engine.memory().left().bytes;
        if let Some(shown) = self.arranged.take_if(|shown| !has_room(shown)) {
            let around = self.seen.start.saturating_sub(AROUND)..self.seen.end + AROUND;
            let row = |place| self.away.row(&shown.1, place);
            self.picture = Some(Picture::new(&shown.0.of, shown.1.places.len(), row, around, self.fields()));
        }
        let (seen, fields) = (self.seen.clone(), self.fields().to_vec());
        let question = ArrangeRows { wanted, folded: self.folded.clone(), seen, fields };
        match cause {
            // The cursor may be dragged.
            Cause::User => self.arranging.ask_when_still(engine, question),
            Cause::Store => self.arranging.ask_because(engine, question, cause),
        }
    }

    pub(in crate::view) fn poll(&mut self, engine: &Engine) -> bool {
        let mut is_new = self.newest.poll(engine) | self.away.poll(engine) | self.followed.poll(engine);
        if self.arranging.poll(engine) {
            is_new = true;
            if self.arranging.error().is_none() {
                let come = self.arranging.take().flatten();
                self.arranged = come.map(|(arranged, rows)| {
                    if !rows.is_empty() {
                        self.away.take_in(&arranged.1, rows);
                    }
                    arranged
                });
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
        self.followed.forget();
        match change {
            StoreChange::Rewritten => {
                self.arranging.again_if_failed(engine);
                self.newest.look_again();
                self.away.look_again();
                return;
            }
            StoreChange::Replaced => {
                self.newest.forget();
                self.away.forget();
                self.refreshed = None;
                self.folded.forget();
                self.compared.forget();
            }
            StoreChange::Grew(_) | StoreChange::Somewhere => {
                self.newest.look_again();
                self.away.look_again();
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
        self.folded.forget_under(names);
        self.followed.forget();
        if is_shown || has_other_names {
            self.newest.forget();
            self.away.forget();
            self.refreshed = None;
        }
        if is_shown {
            self.look_anew();
            self.compared.forget();
        }
    }

    /// What of it may be waited for, or has failed.
    pub(in crate::view) fn tools(&self) -> [&dyn Tool<Error = UserError>; 7] {
        let Self { newest, away, followed, arranging, counts, compared, kept, .. } = self;
        [&newest.reading, &away.reading, &followed.reading, arranging, &counts.asked, &compared.asked, &kept.asked]
    }

    /// What is shown, to be written to a file: the rows as they are wanted, with what is folded already, or what differs.
    pub(in crate::view) fn rows_wish(&self) -> RowsOf {
        if let Some(wish) = self.compared.wish().filter(|_| self.compared.is_shown) {
            return RowsOf::Differences(wish);
        }
        let wanted = ArrangeWanted { numbers_of: None, counted: None, ..self.wanted() };
        let wish =
            RowsWish { wanted, columns: self.fields().to_vec(), format: RowsFormat::default(), is_csv_safe: true };
        RowsOf::Table(wish, self.folded.clone())
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
        self.away.look_again();
        Tool::retry(&mut self.arranging, engine);
        Tool::retry(&mut self.counts.asked, engine);
        Tool::retry(&mut self.compared.asked, engine);
    }
}

#[cfg(test)]
mod tests;
