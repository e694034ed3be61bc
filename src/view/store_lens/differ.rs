use crate::engine::{
    Asked, Cause, DifferBy, DifferOrder, DifferWanted, DifferencesWish, Differing, DifferingStream, Engine, Question,
    RowsFormat, Ticket, differing,
};
use crate::index::StoreMoment;
use crate::store::Store;
use crate::view::UserError;

/// Two moments of the store held against each other.
#[derive(Debug, Default)]
pub struct MomentsCompared {
    /// It is shown in place of the table.
    pub is_shown: bool,
    /// Only streams in which this field differs.
    field: Option<String>,
    order: DifferOrder,
    /// The rows that are shown, by their places in the answer.
    shown: Vec<usize>,
    pub asked: Asked<CompareMoments>,
}

impl MomentsCompared {
    pub(super) fn want(
        &mut self,
        engine: &Engine,
        [from, to]: [StoreMoment; 2],
        category: Option<&String>,
        projection: Option<&String>,
    ) {
        let wanted = DifferWanted { projection: projection.cloned(), category: category.cloned(), from, to };
        if self.asked.question().is_none_or(|CompareMoments(before)| *before != wanted) {
            self.field = None;
            self.asked.ask(engine, CompareMoments(wanted));
        }
    }

    /// The store has grown, and one of the moments is its end.
    pub(super) fn follow(&mut self, engine: &Engine) {
        let ends = |CompareMoments(wanted): &CompareMoments| [wanted.from, wanted.to].contains(&StoreMoment::Latest);
        if self.asked.question().is_some_and(ends) {
            self.asked.again(engine, Cause::Store);
        }
    }

    /// Other events or another source: it is compared anew when it is looked at.
    pub(super) fn forget(&mut self) {
        self.asked = Asked::default();
        self.shown.clear();
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        let is_new = self.asked.poll(engine);
        if is_new {
            self.narrow();
        }
        is_new
    }

    /// Only streams in which this field differs, or all.
    pub(super) fn show_field(&mut self, field: Option<String>) {
        self.field = if self.field == field { None } else { field };
        self.narrow();
    }

    fn narrow(&mut self) {
        let rows = self.asked.value().map_or(&[][..], |differing| &differing.rows);
        let is_shown = |row: &DifferingStream| match &self.field {
            Some(field) => row.changes.iter().any(|change| change.field == *field),
            None => true,
        };
        let shown = rows.iter().enumerate().filter(|(_, row)| is_shown(row)).map(|(place, _)| place);
        let mut shown: Vec<usize> = shown.collect();
        self.order.sort(&mut shown, rows);
        self.shown = shown;
    }

    /// By this; once more, the other way round.
    pub(super) fn sort(&mut self, by: DifferBy) {
        let is_descending = self.order.by == by && !self.order.is_descending;
        self.order = DifferOrder { by, is_descending };
        self.narrow();
    }

    pub fn order(&self) -> DifferOrder {
        self.order
    }

    /// The differences as they are shown, to be written to a file.
    pub(super) fn wish(&self) -> Option<DifferencesWish> {
        let CompareMoments(wanted) = self.asked.question()?;
        let (field, order) = (self.field.clone(), self.order);
        Some(DifferencesWish { wanted: wanted.clone(), field, order, format: RowsFormat::default(), is_csv_safe: true })
    }

    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The moments that the answer is of.
    pub fn moments(&self) -> Option<[StoreMoment; 2]> {
        self.asked.question().map(|CompareMoments(wanted)| [wanted.from, wanted.to])
    }

    pub fn differing(&self) -> Option<&Differing> {
        self.asked.value()
    }

    /// How many streams there are with what is not listed.
    pub fn count(&self) -> u64 {
        let Some(differing) = self.asked.value() else { return 0 };
        let of_field = |field: &str| differing.fields.iter().find(|(name, _)| name == field).map(|(_, count)| *count);
        self.field.as_deref().map_or(differing.differ, |field| of_field(field).unwrap_or_default())
    }

    pub fn len(&self) -> usize {
        self.shown.len()
    }

    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    pub fn row(&self, place: usize) -> Option<&DifferingStream> {
        self.asked.value()?.rows.get(*self.shown.get(place)?)
    }
}

#[derive(Clone, Debug)]
pub struct CompareMoments(DifferWanted);

impl Question for CompareMoments {
    type Answer = Differing;
    type Error = UserError;
    const WHAT: &'static str = "comparing moments";
    const IS_LONG: bool = true;
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Differing, UserError> {
        Ok(differing(reader, &self.0, ticket)?)
    }
}
