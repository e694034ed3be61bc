//! What came of shared work in a table that other programs read. Its rows, what their folds go on from, and up to where
//! each partition is in it are written in one transaction, and only where the partition still is where the worker went on
//! from: one that another took over meanwhile changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::worker::ShareInto;
use super::{SHARE, Share, ShareError, TableOf};
use crate::engine::model_columns::{MORE, add_columns, values_of};
use crate::event::{EventId, Position, StreamId};
use crate::index::Choice;
use crate::projection::path_value;
use crate::store::{
    ColumnKind, KeptRow, ModelColumn, ModelError, ModelHead, ModelPart, ModelPlace, ModelRow, ReadModel, SharedValues,
    Source, write_model,
};

/// Up to where a partition is in the table.
pub(super) type Stand = (Position, EventId);

/// The table of one shared work.
#[derive(Clone, Debug)]
pub(super) struct SharedTable {
    pub(super) place: ModelPlace,
    /// The store, which is never written to.
    pub(super) source: Source,
    /// Of which shared work it is; no other has the same.
    pub(super) definition: String,
    pub(super) partitions: u32,
}

/// A table that several write, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedTableStanding {
    pub table: String,
    pub rows: u64,
    /// Up to where every partition is in it.
    pub position: Option<Position>,
}

/// A stream's row, without its values, and its state.
pub(super) struct FoldedRow {
    pub(super) partition: u32,
    pub(super) row: ModelRow,
    pub(super) state: Value,
}

impl SharedTable {
    /// Sees that the table is there and of this work; makes it where nobody did yet. Says whether it was made now.
    pub(super) fn begin(&self, was_made: bool) -> Result<bool, ShareError> {
        self.write(&mut |model| match model.head()? {
            Some(head) => self.unless_other(&head).map(|()| false),
            None if was_made => Err(ShareError::TableGone(self.place.to_string())),
            None => {
                model.make(&[])?;
                let (definition, source) = (self.definition.clone(), self.source.to_string());
                model.set_head(&ModelHead { definition, columns: Vec::new(), source, place: None })?;
                Ok(true)
            }
        })
    }

    fn write<T>(&self, work: &mut dyn FnMut(&mut dyn ReadModel) -> Result<T, ShareError>) -> Result<T, ShareError> {
        write_model(&self.place, &self.source, work)
    }

    fn unless_other(&self, head: &ModelHead) -> Result<(), ShareError> {
        if head.definition == self.definition { Ok(()) } else { Err(ShareError::OtherTable(self.place.to_string())) }
    }

    fn head(&self, model: &mut dyn ReadModel) -> Result<ModelHead, ShareError> {
        let head = model.head()?.ok_or_else(|| ShareError::TableGone(self.place.to_string()))?;
        self.unless_other(&head)?;
        Ok(head)
    }

    /// Up to where each partition is in it.
    pub(super) fn parts(&self) -> Result<BTreeMap<u32, Stand>, ShareError> {
        self.write(&mut |model| {
            self.head(model)?;
            parts(model)
        })
    }

    pub(super) fn held(&self, streams: &[StreamId]) -> Result<HashMap<StreamId, KeptRow>, ShareError> {
        self.write(&mut |model| Ok(model.held(streams)?.into_iter().collect()))
    }

    pub(super) fn standing(&self) -> Result<SharedTableStanding, ShareError> {
        self.write(&mut |model| {
            let position = self.head(model)?.place.map(|(position, _)| position);
            Ok(SharedTableStanding { table: self.place.to_string(), rows: model.rows()?, position })
        })
    }

    /// Brings partitions from where they were to where they are now. Answers which of them are elsewhere by now, and of
    /// which nothing was written.
    pub(super) fn bring(
        &self,
        choice: &Choice,
        from: &BTreeMap<u32, Option<Stand>>,
        to: &Stand,
        folded: &[FoldedRow],
    ) -> Result<BTreeSet<u32>, ShareError> {
        self.write(&mut |model| {
            let mut head = self.head(model)?;
            let mut stands = parts(model)?;
            let is_elsewhere = |(number, from): &(&u32, &Option<Stand>)| stands.get(number) != from.as_ref();
            let elsewhere: BTreeSet<u32> = from.iter().filter(is_elsewhere).map(|(number, _)| *number).collect();
            let rows: Vec<(ModelRow, Value)> = folded
                .iter()
                .filter(|folded| from.contains_key(&folded.partition) && !elsewhere.contains(&folded.partition))
                .map(|folded| (folded.row.clone(), folded.state.clone()))
                .collect();
            if !add_columns(model, choice, &mut head.columns, &rows)? {
                let more = ModelColumn { name: MORE.to_owned(), path: String::new(), kind: ColumnKind::Text };
                model.add_column(&more)?;
                head.columns.push(more);
            }
            let rows: Vec<ModelRow> = rows
                .into_iter()
                .map(|(row, state)| {
                    let value = |path: &str| path_value(&state, path).cloned();
                    ModelRow { values: values_of(&head.columns, value, || state.clone()), ..row }
                })
                .collect();
            for (at, column) in head.columns.iter_mut().enumerate() {
                let kinds = rows.iter().filter_map(|row| row.values.get(at)).map(ColumnKind::of);
                let kind = kinds.fold(column.kind, ColumnKind::and);
                if kind != column.kind {
                    column.kind = kind;
                    model.widen_column(column)?;
                }
            }
            model.put(&head.columns, &rows)?;
            let brought = from.keys().filter(|number| !elsewhere.contains(number));
            let brought: Vec<ModelPart> =
                brought.map(|number| ModelPart { number: *number, place: to.clone() }).collect();
            model.set_parts(&brought)?;
            stands.extend(brought.into_iter().map(|part| (part.number, part.place)));
            let is_begun = stands.len() >= self.partitions as usize;
            head.place = stands.into_values().min_by_key(|(position, _)| *position).filter(|_| is_begun);
            head.source = self.source.to_string();
            model.set_head(&head)?;
            Ok(elsewhere)
        })
    }
}

/// Refuses a table in which there is something already, or where none can be made, without leaving anything.
pub(super) fn unless_taken(ShareInto { place, source }: &ShareInto) -> Result<(), ShareError> {
    enum Looked {
        Free,
        Refused(ShareError),
    }
    impl From<ModelError> for Looked {
        fn from(error: ModelError) -> Self {
            Self::Refused(error.into())
        }
    }
    let looked = write_model(place, source, &mut |model| -> Result<(), Looked> {
        let is_free = model.head()?.is_none();
        Err(if is_free { Looked::Free } else { Looked::Refused(ShareError::OtherTable(place.to_string())) })
    });
    match looked {
        Ok(()) | Err(Looked::Free) => Ok(()),
        Err(Looked::Refused(error)) => Err(error),
    }
}

fn parts(model: &mut dyn ReadModel) -> Result<BTreeMap<u32, Stand>, ShareError> {
    Ok(model.parts()?.into_iter().map(|part| (part.number, part.place)).collect())
}

pub(super) fn written(share: &Share) -> Vec<u8> {
    serde_json::to_vec(share).unwrap_or_default()
}

/// The table of this work, made by whoever is the first.
pub(super) fn table_of(
    values: &dyn SharedValues,
    name: &str,
    share: &Share,
    revision: u64,
    wish: Option<&ShareInto>,
) -> Result<Option<SharedTable>, ShareError> {
    let goes_into = |into: &TableOf| Err(ShareError::GoesInto { name: name.to_owned(), into: into.table.clone() });
    let (into, wish) = match (&share.into, wish) {
        (None, None) => return Ok(None),
        (Some(into), None) => return goes_into(into),
        (None, Some(_)) => return Err(ShareError::GoesNowhere(name.to_owned())),
        (Some(into), Some(wish)) => (into, wish),
    };
    let definition =
        blake3::hash(format!("shared 1\n{}\n{}", share.definition, into.id).as_bytes()).to_hex().to_string();
    let ShareInto { place, source } = wish.clone();
    let table = SharedTable { place, source, definition, partitions: share.partitions };
    let is_made_now = table.begin(into.is_made)?;
    if !into.is_made {
        let made = TableOf { is_made: true, is_found: !is_made_now, ..into.clone() };
        let made = Share { into: Some(made), ..share.clone() };
        // Who is too late for that and made one all the same made it somewhere else, unless the other found this very one.
        if values.change_one(SHARE, written(&made), Some(revision))?.is_none() && is_made_now {
            let said = values.get(SHARE)?.and_then(|kept| serde_json::from_slice::<Share>(&kept.value).ok());
            if !said.and_then(|share| share.into).is_some_and(|into| into.is_found) {
                return goes_into(into);
            }
        }
    }
    Ok(Some(table))
}
