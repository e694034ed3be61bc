use std::time::Duration;

use serde_json::Value;

use super::rows::{Kinds, Picture};
use super::{
    FittedColumn, Fitting, Kind, LensColumn, LensMoment, LensOrder, LensRow, RowChip, SelectedAbout, StoreLens,
};
use crate::engine::{Arranged, Progress, Untold};
use crate::event::StreamId;
use crate::index::Figures;
use crate::view::UserError;

/// What there is to draw.
impl StoreLens {
    pub fn moment(&self) -> Option<LensMoment> {
        self.moment
    }

    pub fn category(&self) -> Option<&str> {
        self.category.as_deref()
    }

    pub fn projection(&self) -> Option<&str> {
        self.projection.as_deref()
    }

    /// What the streams can be shown under; the first is what they are shown under where nothing was chosen.
    pub fn projections(&self) -> &[String] {
        self.newest.any_read().map_or(&[], |row| &row.projections)
    }

    /// The categories with how many of their streams had begun, the largest first.
    pub fn categories(&self) -> &[(String, u64)] {
        &self.categories
    }

    /// How many streams had begun at all.
    pub fn begun(&self) -> u64 {
        self.begun
    }

    pub fn order(&self) -> &LensOrder {
        &self.order
    }

    pub fn chips(&self) -> &[RowChip] {
        &self.chips
    }

    /// Whether only rows with this value, among others, are shown.
    pub fn asks_for(&self, field: &str, value: &Value) -> bool {
        let asks = |chip: &RowChip| matches!(chip, RowChip::OneOf { field: of, values } if of == field && values.contains(value));
        self.chips.iter().any(asks)
    }

    /// The fields that are shown, in their order.
    pub fn fields(&self) -> &[String] {
        self.columns.get(&self.shown()).map_or(&[], Vec::as_slice)
    }

    /// All fields that rows were seen to have, in their order.
    pub fn known_fields(&self) -> Vec<String> {
        let mut known: Vec<String> = Vec::new();
        let read = self.newest.read().take(12).flat_map(|row| row.cells.iter().map(|(name, _)| name));
        for name in self.fields().iter().chain(read) {
            if !known.contains(name) {
                known.push(name.clone());
            }
        }
        known
    }

    pub fn kind(&self, path: &str) -> Kind {
        self.kinds.of(path)
    }

    /// The columns, in a table of this width.
    pub fn fit(&self, width: f32, has_years: bool) -> Vec<FittedColumn> {
        let fields: Vec<(String, Kind)> =
            self.fields().iter().map(|field| (field.clone(), self.kinds.of(field))).collect();
        let Kinds { stream_letters, version_figures, .. } = self.kinds;
        Fitting { fields: &fields, order: &self.order, stream_letters, version_figures, has_years }.fit(width)
    }

    /// These columns are wanted and had no room when the table was last drawn.
    pub fn see_columns(&mut self, left_out: Vec<LensColumn>) {
        self.left_out = left_out;
    }

    pub fn left_out(&self) -> &[LensColumn] {
        &self.left_out
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self.arranged() {
            Some(arranged) => arranged.places.len(),
            None => self.picture().map_or_else(|| self.newest.total(), Picture::len),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn arranged(&self) -> Option<&Arranged> {
        self.arranged.as_ref().filter(|_| self.rows_need_all()).map(|shown| &shown.1)
    }

    /// What was there, where that had to give way.
    fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref().filter(|_| self.rows_need_all())
    }

    /// The rows are those that changed last, as far as they were read.
    pub(super) fn shows_newest(&self) -> bool {
        self.arranged().is_none() && self.picture().is_none()
    }

    pub fn row(&self, place: usize) -> Option<LensRow<'_>> {
        let of_before = match (self.arranged(), self.picture()) {
            (Some(arranged), _) => self.away.row(arranged, place),
            (None, Some(picture)) => picture.get(place),
            (None, None) => return self.newest.get(place),
        };
        of_before.map(|row| self.followed_row(row))
    }

    /// The rows are of before: others are on their way, or could not be had.
    pub fn is_behind(&self) -> bool {
        self.rows_need_all() && self.arranged.as_ref().is_none_or(|shown| shown.0 != self.wanted())
    }

    /// What narrows the rows or puts them in order, while it is done.
    pub fn progress(&self) -> Option<Progress> {
        self.arranging.progress()
    }

    /// The rows that were asked for are made, or will be when the cursor rests.
    pub fn is_on_its_way(&self) -> bool {
        self.arranging.is_on_its_way()
    }

    /// Why the rows are not what was asked for.
    pub fn error(&self) -> Option<&UserError> {
        self.arranging
            .error()
            .or(self.newest.reading.error())
            .or(self.away.reading.error())
            .or(self.followed.reading.error())
    }

    /// How long the rows that are shown took.
    pub fn took(&self) -> Option<Duration> {
        self.arranged().map(|arranged| arranged.took).or(self.newest.took)
    }

    /// The streams of which it cannot be told whether the conditions hold.
    pub fn untold(&self) -> Untold {
        self.arranged().map(|arranged| arranged.untold).unwrap_or_default()
    }

    /// The column of which numbers are added up, and what they come to as soon as that is known.
    pub fn numbers(&self) -> Option<(&str, Option<Figures>)> {
        let field = self.numbers_of.as_deref()?;
        let of = self.arranged.as_ref().filter(|shown| shown.0.numbers_of.as_deref() == Some(field));
        Some((field, of.and_then(|shown| shown.1.numbers)))
    }

    pub(in crate::view) fn select(&mut self, stream: StreamId) {
        self.selected = Some(stream);
        self.wants_row = false;
    }

    pub fn selected(&self) -> Option<&StreamId> {
        self.selected.as_ref()
    }

    /// What is known of it at the moment; none where it had not begun.
    pub fn about(&self) -> Option<&SelectedAbout> {
        self.about.as_ref()
    }

    /// The row of the selected stream, where it is at hand.
    pub fn selected_row(&self) -> Option<LensRow<'_>> {
        self.row(self.selected_place()?)
    }

    /// Every field of a stream as it was read, with what stands there.
    pub fn cells_of(&self, row: &LensRow<'_>) -> Vec<(String, Value)> {
        self.known_fields().into_iter().map(|field| (field.clone(), row.value(&field).into_owned())).collect()
    }

    /// Where the row of the selected stream is, among those at hand.
    pub fn selected_place(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        if self.shows_newest() {
            self.newest.place_of(selected)
        } else {
            self.seen.clone().find(|place| self.row(*place).is_some_and(|row| row.stream == *selected))
        }
    }
}
