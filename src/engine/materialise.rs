//! A projection kept up to date in a table that other programs read.
//!
//! The table stands at a place in the store, which is written with its rows. It is moved on by folding only the streams
//! that were appended to since; where that would not give what a fresh fold gives (another definition, a store that was
//! replaced, one without an order), it is made anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::as_of::{as_of, choose};
use super::columns::{columns_for, fields_of, met_in, sql_name};
use super::failures::failures;
use super::model_columns::{MORE, MOST_COLUMNS, add_columns, taken, values_of};
use super::spill::unless_torn;
use super::{Chosen, EngineError, Ticket};
use crate::event::{Cursor, EventBatch, Explain, Message, Position, StreamId, Version};
use crate::index::{AsOf, Budget, Place, StoreMoment};
use crate::projection::path_value;
use crate::replay::{Failures, ProjectionRef};
use crate::store::{
    Changes, ColumnKind, Columns, Flow, ModelColumn, ModelError, ModelHead, ModelPlace, ModelRow, Query, ReadModel,
    Source, Store, StoreError, write_model,
};

/// Which projection goes into which table.
#[derive(Clone, Debug)]
pub struct ModelWish {
    pub projection: String,
    pub category: Option<String>,
    pub place: ModelPlace,
    /// The store, which is never written to.
    pub source: Source,
    pub budget: Budget,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Materialised {
    pub table: String,
    pub rows: u64,
    /// Up to where the store is in it; nothing where it keeps no order.
    pub position: Option<Position>,
    /// Events that were new.
    pub events: u64,
    /// Why all of it was made, and not what is new alone.
    pub made: Option<WhyMade>,
    /// It stands at the end of the store.
    pub is_caught_up: bool,
    /// Categories whose streams have no projection of the wanted name.
    pub left_out: Vec<String>,
    /// Of a user's own projection: the rows that were written without an event on which it failed.
    pub failed: Failures,
}

/// Why a table was made from all events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyMade {
    /// There was none.
    New,
    /// The projection is another one, or gives other rows, than the one that it was made of.
    Definition,
    /// The store was cut, restored, or is another one.
    Replaced,
    /// The store keeps no order by which what is new could be told.
    NoOrder,
    /// A value came that does not fit its column.
    Columns,
    /// More is new than is in it.
    MuchNew,
}

impl WhyMade {
    /// In English, for the command line.
    pub fn message(self) -> &'static str {
        match self {
            Self::New => "made",
            Self::Definition => "made anew, because the projection is not the one that it was made of",
            Self::Replaced => "made anew, because the store was cut, restored or replaced since",
            Self::NoOrder => "made anew, because this store keeps no order by which new events could be told",
            Self::Columns => "made anew, because a value came that did not fit its column",
            Self::MuchNew => "made anew, because more was new than was in it",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Definition => "definition",
            Self::Replaced => "replaced",
            Self::NoOrder => "no_order",
            Self::Columns => "columns",
            Self::MuchNew => "much_new",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum MaterialiseError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("there is no category {0} in this store")]
    NoCategory(String),
}

impl Explain for MaterialiseError {
    fn message(&self) -> Message {
        match self {
            Self::Model(error) => error.message(),
            Self::Engine(error) => error.message(),
            Self::NoCategory(category) => Message::new("model-no-category").text("category", category),
        }
    }
}

impl From<StoreError> for MaterialiseError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

/// A stream that has come further than this is not folded from its beginning again: its state is kept beside the table.
const KEPT_FROM: u64 = 64;

/// Rows that are handed over together.
const AT_ONCE: usize = 2_000;

/// A server gives places to events before they can be seen. One may come to be seen behind a place that was read already;
/// so far back is looked again.
const LOOKED_AT_AGAIN: u64 = 2_000;

/// So much new is folded stream by stream in any case.
const FEW: usize = 1_000;

/// How a table is called where nobody says. The name of a file of the user's own ends with the name of its language,
/// which is none of the table's.
pub fn model_table(projection: &str, category: Option<&str>) -> String {
    let projection = projection.strip_suffix(".js").unwrap_or(projection);
    sql_name(&category.map_or_else(|| projection.to_owned(), |category| format!("{category}_{projection}")))
}

/// Makes the table, or moves it on to the end of the store.
pub fn materialise(reader: &dyn Store, wish: &ModelWish, ticket: &Ticket) -> Result<Materialised, MaterialiseError> {
    let category = wish.category.as_deref();
    let chosen = choose(reader, Some(&wish.projection), category)?;
    let Some(mut chosen) = chosen else {
        return Err(MaterialiseError::NoCategory(wish.category.clone().unwrap_or_default()));
    };
    chosen.choice = Arc::new(chosen.choice.for_run());
    let work = Work { reader, wish, chosen: &chosen, ticket };
    write_model(&wish.place, &wish.source, &mut |model| work.bring_up(model))
}

struct Work<'w> {
    reader: &'w dyn Store,
    wish: &'w ModelWish,
    chosen: &'w Chosen,
    ticket: &'w Ticket,
}

/// What became of the store since the table was written.
enum Since {
    Grew { changed: Vec<StreamId>, events: u64, end: Cursor },
    Make(WhyMade),
}

impl Work<'_> {
    fn bring_up(&self, model: &mut dyn ReadModel) -> Result<Materialised, MaterialiseError> {
        let definition = self.definition();
        let head = model.head()?;
        let since = match &head {
            None => Since::Make(WhyMade::New),
            Some(head) if head.definition != definition => Since::Make(WhyMade::Definition),
            Some(head) => self.since(head, model)?,
        };
        let mut failed = Failures::default();
        let (events, made) = match (since, head) {
            (Since::Grew { changed, events, end }, Some(head)) => {
                match self.move_on(model, &head, &changed, &end, &mut failed)? {
                    None => (events, None),
                    Some(why) => (self.make(model, &definition, &mut failed)?, Some(why)),
                }
            }
            (Since::Make(why), _) => (self.make(model, &definition, &mut failed)?, Some(why)),
            (Since::Grew { .. }, None) => (self.make(model, &definition, &mut failed)?, Some(WhyMade::New)),
        };
        let position = model.head()?.and_then(|head| head.place).map(|(position, _)| position);
        Ok(Materialised {
            table: self.wish.place.to_string(),
            rows: model.rows()?,
            position,
            events,
            made,
            is_caught_up: self.reader.end()?.position() == position,
            left_out: self.chosen.left_out.clone(),
            failed,
        })
    }

    /// What makes other rows of the same events.
    fn definition(&self) -> String {
        let category = self.wish.category.as_deref();
        let text = format!("1\n{category:?}\n{}\n{KEPT_FROM}", self.chosen.choice.definition());
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }

    fn go_on(&self) -> Result<(), StoreError> {
        if self.ticket.is_cancelled() { Err(StoreError::Cancelled) } else { Ok(()) }
    }

    /// The streams that were appended to, each once.
    fn since(&self, head: &ModelHead, model: &mut dyn ReadModel) -> Result<Since, MaterialiseError> {
        if !self.reader.capabilities().has_feed {
            return Ok(Since::Make(WhyMade::NoOrder));
        }
        let mut end = match &head.place {
            Some((position, event)) => Cursor::after(*position, event.clone()),
            None => Cursor::beginning(),
        };
        let mut changed: BTreeSet<StreamId> = BTreeSet::new();
        let mut events = 0;
        let mut scan = match self.reader.changes(&end, Columns::HEADS)? {
            Changes::Grew(scan) => scan,
            Changes::Replaced => return Ok(Since::Make(WhyMade::Replaced)),
            Changes::Unknown => return Ok(Since::Make(WhyMade::NoOrder)),
        };
        let mut batch = EventBatch::default();
        loop {
            self.go_on()?;
            scan.next_batch(&mut batch)?;
            if batch.is_empty() {
                break;
            }
            end.advance(&batch);
            events += batch.len() as u64;
            let _ = self.ticket.reached(events);
            for row in batch.rows() {
                if !changed.contains(row.stream) {
                    changed.insert(row.stream.clone());
                }
            }
        }
        drop(scan);
        if let (Source::Server(_), Some((position, _))) = (&self.wish.source, &head.place) {
            let from = Position(position.0.saturating_sub(LOOKED_AT_AGAIN));
            let again = Query::positions(Some(from), Some(*position)).columns(Columns::HEADS);
            let mut seen: BTreeMap<StreamId, u64> = BTreeMap::new();
            self.reader.visit_events(&again, &mut |row| {
                seen.insert(row.stream.clone(), row.version.0);
                self.ticket.flow()
            })?;
            self.go_on()?;
            for (stream, version) in seen {
                let is_wanted = self.projection_of(&stream)?.is_some();
                if is_wanted
                    && !changed.contains(&stream)
                    && model.version(&stream)?.is_none_or(|known| known.0 < version)
                {
                    events += 1;
                    changed.insert(stream);
                }
            }
        }
        let mut wanted = Vec::new();
        for stream in changed {
            if self.projection_of(&stream)?.is_some() {
                wanted.push(stream);
            }
        }
        if wanted.len() > FEW && wanted.len() as u64 > model.rows()? / 2 {
            return Ok(Since::Make(WhyMade::MuchNew));
        }
        Ok(Since::Grew { changed: wanted, events, end })
    }

    /// What a stream is folded by; `None` where it does not belong in the table.
    fn projection_of(&self, stream: &StreamId) -> Result<Option<&ProjectionRef>, StoreError> {
        if let Some(category) = &self.wish.category {
            let is_of_it = if self.reader.capabilities().names_tell_categories {
                stream.category() == category
            } else {
                self.reader.stream(stream)?.is_some_and(|row| row.category == *category)
            };
            if !is_of_it {
                return Ok(None);
            }
        }
        Ok(self.chosen.choice.projection_of(stream))
    }

    /// Folds the streams that were appended to up to the new end. Says why where all must be made anew.
    fn move_on(
        &self,
        model: &mut dyn ReadModel,
        head: &ModelHead,
        changed: &[StreamId],
        end: &Cursor,
        failed: &mut Failures,
    ) -> Result<Option<WhyMade>, MaterialiseError> {
        let mut head = head.clone();
        for streams in changed.chunks(AT_ONCE) {
            let mut rows = Vec::new();
            for stream in streams {
                self.go_on()?;
                rows.extend(self.folded(model, stream, end, failed)?);
            }
            if !add_columns(model, &self.chosen.choice, &mut head.columns, &rows)? {
                return Ok(Some(WhyMade::Columns));
            }
            let mut written = Vec::with_capacity(rows.len());
            for (mut row, state) in rows {
                row.values = values_of(&head.columns, |path| path_value(&state, path).cloned(), || state.clone());
                if row.values.iter().zip(&head.columns).any(|(value, column)| !column.kind.takes(value)) {
                    return Ok(Some(WhyMade::Columns));
                }
                written.push(row);
            }
            model.put(&head.columns, &written)?;
        }
        if let Some(place) = end.place() {
            head.place = Some((place.position, place.id.clone()));
        }
        head.source = self.wish.source.to_string();
        model.set_head(&head)?;
        Ok(None)
    }

    /// A stream as it stands at the end, without its values, and its state.
    fn folded(
        &self,
        model: &mut dyn ReadModel,
        stream: &StreamId,
        end: &Cursor,
        failed: &mut Failures,
    ) -> Result<Option<(ModelRow, Value)>, MaterialiseError> {
        let Some(projection) = self.projection_of(stream)? else { return Ok(None) };
        let kept =
            model.kept(stream)?.and_then(|(version, state)| Some((version, projection.resume(version, &state)?)));
        let (mut fold, from) = match kept {
            Some((version, fold)) => (fold, Some(Version(version.0.saturating_add(1)))),
            None => (projection.fold(), None),
        };
        let mut last = None;
        self.reader.visit_events(&Query::stream(stream.clone()).between(from, None), &mut |row| {
            // What was recorded since is for the next time.
            if row.position.is_some_and(|position| Some(position) > end.position()) {
                return Flow::Break(());
            }
            fold.push(row);
            last = Some((row.version, row.recorded_at.map(|at| at.to_string())));
            self.ticket.flow()
        })?;
        self.go_on()?;
        let Some((version, recorded_at)) = last else { return Ok(None) };
        if projection.is_own()
            && let Some(finding) = fold.findings().first()
        {
            failed.add(stream, finding);
        }
        let kept = if version.0 >= KEPT_FROM { fold.to_snapshot() } else { None };
        let row = ModelRow { stream: stream.clone(), version, recorded_at, values: Vec::new(), kept };
        Ok(Some((row, fold.show())))
    }

    /// From all events.
    fn make(
        &self,
        model: &mut dyn ReadModel,
        definition: &str,
        failed: &mut Failures,
    ) -> Result<u64, MaterialiseError> {
        let Self { reader, wish, chosen, ticket } = self;
        let category = wish.category.as_deref();
        let tell = &mut |count| ticket.reached(count);
        let held = ticket.hold_within(wish.budget);
        let as_of = as_of(*reader, &chosen.choice, category, StoreMoment::Latest, held, tell)?;
        *failed = failures(&as_of);
        let columns = self.columns(&as_of)?;
        model.make(&columns)?;
        for places in as_of.places().chunks(AT_ONCE) {
            self.go_on()?;
            let rows: Vec<ModelRow> = places.iter().filter_map(|place| row_of(&as_of, &columns, *place)).collect();
            model.put(&columns, &rows)?;
        }
        unless_torn(&as_of)?;
        let place = as_of.read_to().place().map(|place| (place.position, place.id.clone()));
        model.set_head(&ModelHead {
            definition: definition.to_owned(),
            columns,
            source: wish.source.to_string(),
            place,
        })?;
        Ok(as_of.events())
    }

    fn columns(&self, as_of: &AsOf) -> Result<Vec<ModelColumn>, MaterialiseError> {
        let mut fields = fields_of(&self.chosen.choice, usize::MAX, || Ok::<_, EngineError>(met_in(as_of)))?;
        let has_more = fields.len() > MOST_COLUMNS;
        fields.truncate(MOST_COLUMNS);
        let mut columns: Vec<ModelColumn> = columns_for(&fields, &mut taken(&[]))
            .into_iter()
            .map(|column| ModelColumn { name: column.name, path: column.path, kind: ColumnKind::Empty })
            .collect();
        for column in &mut columns {
            let kinds = as_of.places().iter().map(|place| ColumnKind::of(&as_of.value(*place, &column.path)));
            column.kind = kinds.fold(ColumnKind::Empty, ColumnKind::and);
        }
        if has_more {
            columns.push(ModelColumn { name: MORE.to_owned(), path: String::new(), kind: ColumnKind::Text });
        }
        Ok(columns)
    }
}

fn row_of(as_of: &AsOf, columns: &[ModelColumn], place: Place) -> Option<ModelRow> {
    let row = as_of.row(place)?;
    let values = values_of(columns, |path| Some(as_of.value(place, path)), || as_of.state(place).unwrap_or_default());
    let kept = if row.version.0 >= KEPT_FROM { as_of.snapshot(place) } else { None };
    let recorded_at = row.recorded_at.map(|at| at.to_string());
    Some(ModelRow { stream: row.stream.into(), version: row.version, recorded_at, values, kept })
}
