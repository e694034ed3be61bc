use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::lease::{LEASE, Leases};
use super::table::{FoldedRow, SharedTable, SharedTableStanding, Stand, table_of, unless_taken, written};
use super::{
    KeptState, PARTITIONS, SHARE, STATE, Share, ShareError, TableOf, partition_in, partition_of, shared_values,
    state_key,
};
use crate::engine::as_of::choose;
use crate::event::{Cursor, EventBatch, EventRow, Position, StreamId, Version};
use crate::index::Choice;
use crate::replay::{AnyFold, ProjectionRef};
use crate::store::{
    Changes, Columns, Flow, KeptRow, ModelPlace, ModelRow, Query, SharedChange, SharedValue, SharedValues, Source,
    Store, StoreError,
};

/// So many events are folded before what came of them is written: a few first, so that whoever joins is seen soon, and
/// twice as many each time, since a stream that changed often is written once.
const FIRST: usize = 20_000;
const MOST: usize = 1_000_000;

/// The states of more streams are not kept from one step to the next, where the table that they go into has them.
const MOST_FOLDED: usize = 100_000;

/// This part of a lease a step may take, and no less than this: others must not take a worker for gone that works.
const PART_OF_LEASE: u32 = 4;
const SHORTEST_STEP: Duration = Duration::from_millis(100);

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareStep {
    /// Events of this worker's partitions.
    pub events: u64,
    /// Up to where every partition is folded, whoever folds it; `None` where one has not begun.
    pub everywhere: Option<Position>,
}

/// One of several workers on a shared projection.
pub struct ShareWorker<'v> {
    values: &'v dyn SharedValues,
    name: String,
    wish: ShareWish,
    choice: Arc<Choice>,
    /// Categories for which it was chosen.
    asked: HashSet<String>,
    partitions: u32,
    leases: Leases,
    at_once: usize,
    longest_step: Duration,
    /// What others left of its partitions, until it is gone on from.
    kept: HashMap<String, SharedValue>,
    /// Where the results go, if not beside the leases.
    table: Option<SharedTable>,
    /// The same of what stands there.
    held: HashMap<StreamId, KeptRow>,
    folded: HashMap<StreamId, Folded>,
    most_folded: usize,
}

/// Which projection is folded together.
#[derive(Clone, Debug)]
pub struct ShareWish {
    pub projection: String,
    pub category: Option<String>,
    /// Without it, the results stand beside the leases.
    pub into: Option<ShareInto>,
}

/// A table for the results.
#[derive(Clone, Debug)]
pub struct ShareInto {
    pub place: ModelPlace,
    /// The store, which is never written to.
    pub source: Source,
}

/// For a run that goes on from what was chosen before.
fn chosen(reader: &dyn Store, wish: &ShareWish, before: &Choice) -> Result<Arc<Choice>, ShareError> {
    let chosen = choose(reader, Some(&wish.projection), wish.category.as_deref())?;
    Ok(chosen.map(|chosen| Arc::new(chosen.choice.for_run_after(before))).unwrap_or_default())
}

/// The values for shared work of this name, which is begun where nobody did yet. What is refused leaves nothing there.
pub fn values_to_work_with(
    reader: &dyn Store,
    name: &str,
    place: &str,
    wish: &ShareWish,
) -> Result<Box<dyn SharedValues>, ShareError> {
    match shared_values(reader, name, place, false) {
        Err(ShareError::None(_)) => {}
        there => return there,
    }
    chosen(reader, wish, &Choice::default())?;
    if let Some(into) = &wish.into {
        unless_taken(into)?;
    }
    shared_values(reader, name, place, true)
}

impl std::fmt::Debug for ShareWorker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShareWorker").field("name", &self.name).field("leases", &self.leases).finish_non_exhaustive()
    }
}

struct Folded {
    partition: u32,
    fold: Box<dyn AnyFold>,
    version: Option<Version>,
    recorded_at: Option<String>,
    began: u64,
    revision: Option<u64>,
}

impl<'v> ShareWorker<'v> {
    /// Joins the work of this name, or begins it.
    pub fn join(
        values: &'v dyn SharedValues,
        name: &str,
        me: &str,
        reader: &dyn Store,
        wish: &ShareWish,
    ) -> Result<Self, ShareError> {
        Self::with_lease(LEASE, values, name, me, reader, wish)
    }

    /// For tests of impatience.
    pub fn with_lease(
        lease: Duration,
        values: &'v dyn SharedValues,
        name: &str,
        me: &str,
        reader: &dyn Store,
        wish: &ShareWish,
    ) -> Result<Self, ShareError> {
        let choice = chosen(reader, wish, &Choice::default())?;
        // Of which streams there are, each worker may know another part.
        let own = choice.projections().iter().find(|projection| projection.is_own()).map(ProjectionRef::revision);
        let named = wish.projection.rsplit(['/', '\\']).next().unwrap_or_default();
        let definition = format!("1\n{:?}\n{named}\n{own:?}", wish.category);
        let definition = blake3::hash(definition.as_bytes()).to_hex().to_string();
        let into = wish.into.as_ref().map(|into| TableOf {
            table: into.place.to_string(),
            id: uuid::Uuid::now_v7().simple().to_string(),
            is_made: false,
            is_found: false,
        });
        let (projection, category) = (named.to_owned(), wish.category.clone());
        let wanted = Share { definition, partitions: PARTITIONS, projection, category, into, store: reader.identity() };
        let (share, revision) = match values.change_one(SHARE, written(&wanted), None)? {
            Some(revision) => (wanted, revision),
            None => {
                let kept = values.get(SHARE)?;
                let kept =
                    kept.and_then(|kept| Some((serde_json::from_slice::<Share>(&kept.value).ok()?, kept.revision)));
                kept.filter(|(share, _)| share.definition == wanted.definition && share.partitions > 0)
                    .ok_or_else(|| ShareError::OtherProjection(name.to_owned()))?
            }
        };
        share.unless_other_store(name, reader)?;
        let table = table_of(values, name, &share, revision, wish.into.as_ref())?;
        let leases = Leases::new(me.to_owned(), share.partitions, lease);
        Ok(Self {
            values,
            name: name.to_owned(),
            wish: wish.clone(),
            choice,
            asked: HashSet::new(),
            partitions: share.partitions,
            leases,
            at_once: FIRST,
            longest_step: (lease / PART_OF_LEASE).max(SHORTEST_STEP),
            kept: HashMap::new(),
            table,
            held: HashMap::new(),
            folded: HashMap::new(),
            most_folded: MOST_FOLDED,
        })
    }

    pub fn partitions(&self) -> impl Iterator<Item = u32> + '_ {
        self.leases.mine.keys().copied()
    }

    /// One beat, and some of what is to be folded. `go_on` may end it between two events; what was written by then stays.
    pub fn step(&mut self, reader: &dyn Store, go_on: &mut dyn FnMut() -> Flow) -> Result<ShareStep, ShareError> {
        let others = self.leases.beat(self.values)?;
        // What was let go of, or taken anew, is known only from what is kept of it.
        let leases = &self.leases;
        let is_held = |number: &u32| leases.mine.contains_key(number) && !leases.taken.contains(number);
        self.folded.retain(|_, folded| is_held(&folded.partition));
        self.kept.retain(|key, _| partition_in(key).as_ref().is_some_and(is_held));
        self.take_over()?;
        let begun_with = self.leases.mine.len();
        let events = self.fold_some(reader, go_on)?;
        // How far one is that was lost on the way, the next beat tells.
        let is_lost = self.leases.mine.len() < begun_with;
        let own = self.leases.mine.values().map(|(part, _)| part.position);
        let everywhere = others.iter().map(|part| part.position).chain(own).min().flatten();
        let everywhere = everywhere.filter(|_| !is_lost).map(Position);
        Ok(ShareStep { events, everywhere })
    }

    /// What is written of the partitions that were taken just now.
    fn take_over(&mut self) -> Result<(), ShareError> {
        let taken = self.leases.taken.clone();
        let Some(table) = self.table.as_ref().filter(|_| !taken.is_empty()) else {
            for number in taken {
                self.values.visit(&format!("{STATE}{number}."), &mut |key, value| {
                    self.kept.insert(key.to_owned(), value);
                    Flow::Continue(())
                })?;
            }
            return Ok(());
        };
        let parts = table.parts().inspect_err(|_| self.leases.forget())?;
        for number in taken {
            let cursor = parts
                .get(&number)
                .map_or_else(Cursor::beginning, |(position, event)| Cursor::after(*position, event.clone()));
            self.leases.stands(number, &cursor);
        }
        Ok(())
    }

    /// The table that the results go into, as it stands.
    pub fn table(&self) -> Result<Option<SharedTableStanding>, ShareError> {
        self.table.as_ref().map(SharedTable::standing).transpose()
    }

    /// Begins again from what is written, after a step that failed somewhere.
    pub fn forget(&mut self) {
        self.kept.clear();
        self.held.clear();
        self.folded.clear();
        self.leases.forget();
    }

    #[cfg(test)]
    pub(super) fn keeping(self, most_folded: usize) -> Self {
        Self { most_folded, ..self }
    }

    /// How many states it keeps.
    #[cfg(test)]
    pub(super) fn kept_states(&self) -> usize {
        self.folded.len()
    }

    /// Lets go of its partitions.
    pub fn leave(mut self) -> Result<(), ShareError> {
        self.leases.leave(self.values)
    }

    /// From the place of the partition that is furthest behind on.
    fn fold_some(&mut self, reader: &dyn Store, go_on: &mut dyn FnMut() -> Flow) -> Result<u64, ShareError> {
        let Some(from) = self.leases.mine.values().map(|(part, _)| part).min_by_key(|part| part.position) else {
            return Ok(0);
        };
        let began = Instant::now();
        let mut cursor = from.cursor();
        let (partitions, mine) = (self.partitions, self.partitions().collect::<HashSet<u32>>());
        let is_mine = |stream: &str| mine.contains(&partition_of(stream, partitions));
        let mut scan = match reader.changes_of(&cursor, Columns::ALL, &is_mine)? {
            Changes::Grew(scan) => scan,
            Changes::Replaced | Changes::Unknown => return Err(ShareError::Replaced(self.name.clone())),
        };
        let (mut batch, mut read, mut events) = (EventBatch::default(), 0, 0);
        let mut touched: BTreeMap<u32, BTreeSet<StreamId>> = BTreeMap::new();
        while read < self.at_once && (read == 0 || began.elapsed() < self.longest_step) {
            scan.next_batch(&mut batch)?;
            if batch.is_empty() {
                break;
            }
            read += batch.len();
            cursor.advance(&batch);
            self.look_up(&batch)?;
            for row in batch.rows() {
                if go_on().is_break() {
                    return Err(StoreError::Cancelled.into());
                }
                let partition = partition_of(row.stream.as_str(), self.partitions);
                let Some((part, _)) = self.leases.mine.get(&partition) else { continue };
                if part.position >= row.position.map(|position| position.0) {
                    continue;
                }
                if self.take(reader, &row, partition)? {
                    events += 1;
                    let streams = touched.entry(partition).or_default();
                    if !streams.contains(row.stream) {
                        streams.insert(row.stream.clone());
                    }
                }
            }
        }
        drop(scan);
        if read >= self.at_once {
            self.at_once = (self.at_once * 2).min(MOST);
        }
        if read > 0 {
            self.write(&touched, &cursor)?;
        }
        if self.table.is_some() && self.folded.len() > self.most_folded {
            self.folded.clear();
        }
        Ok(events)
    }

    /// What the table holds of streams that are met for the first time.
    fn look_up(&mut self, batch: &EventBatch) -> Result<(), ShareError> {
        let Some(table) = &self.table else { return Ok(()) };
        let is_met = |row: &EventRow<'_>| {
            let part = self.leases.mine.get(&partition_of(row.stream.as_str(), self.partitions)).map(|(part, _)| part);
            // Of a partition that has only begun there is nothing.
            part.is_some_and(|part| part.position.is_some() && part.position < row.position.map(|place| place.0))
                && !self.folded.contains_key(row.stream)
        };
        let streams: BTreeSet<&StreamId> = batch.rows().filter(is_met).map(|row| row.stream).collect();
        if !streams.is_empty() {
            let streams: Vec<StreamId> = streams.into_iter().cloned().collect();
            self.held = table.held(&streams)?;
        }
        Ok(())
    }

    /// Folds an event. `false` where its stream is not shown, or was folded so far before.
    fn take(&mut self, reader: &dyn Store, row: &EventRow<'_>, partition: u32) -> Result<bool, ShareError> {
        if !self.folded.contains_key(row.stream) {
            let Some(folded) = self.begun(reader, row, partition)? else { return Ok(false) };
            self.folded.insert(row.stream.clone(), folded);
        }
        let Some(folded) = self.folded.get_mut(row.stream) else { return Ok(false) };
        if folded.version.is_some_and(|version| version >= row.version) {
            return Ok(false);
        }
        folded.fold.push(row);
        folded.version = Some(row.version);
        folded.recorded_at = row.recorded_at.map(|at| at.to_string());
        Ok(true)
    }

    /// A stream that is met for the first time, as it was left by whoever folded it before; `None` where it is not shown.
    fn begun(&mut self, reader: &dyn Store, row: &EventRow<'_>, partition: u32) -> Result<Option<Folded>, ShareError> {
        // The first stream of a category tells what its streams are.
        if self.asked.insert(row.stream.category().to_owned()) {
            self.choice = chosen(reader, &self.wish, &self.choice)?;
        }
        let Some(projection) = self.choice.projection_of(row.stream) else { return Ok(None) };
        if self.wish.category.as_deref().is_some_and(|category| category != row.stream.category()) {
            return Ok(None);
        }
        let began = row.position.map_or(0, |position| position.0);
        let fresh =
            Folded { partition, fold: projection.fold(), version: None, recorded_at: None, began, revision: None };
        if self.table.is_some() {
            let Some((version, kept)) = self.held.remove(row.stream) else { return Ok(Some(fresh)) };
            let fold = gone_on(reader, projection, row.stream, version, kept)?;
            return Ok(Some(Folded { fold, version: Some(version), ..fresh }));
        }
        let Some(kept) = self.kept.remove(&state_key(row.stream, partition)) else { return Ok(Some(fresh)) };
        let Ok(KeptState { version, recorded_at, began, kept: state, .. }) = serde_json::from_slice(&kept.value) else {
            return Ok(Some(Folded { revision: Some(kept.revision), ..fresh }));
        };
        let version = Version(version);
        let fold = gone_on(reader, projection, row.stream, version, state.map(|state| (version, state)))?;
        let revision = Some(kept.revision);
        Ok(Some(Folded { partition, fold, version: Some(version), recorded_at, began, revision }))
    }

    /// The results first and the places behind them: what is between the two when a worker is killed is folded again, and
    /// known by its version.
    fn write(&mut self, touched: &BTreeMap<u32, BTreeSet<StreamId>>, cursor: &Cursor) -> Result<(), ShareError> {
        match self.table.clone() {
            Some(table) => self.write_rows(&table, touched, cursor)?,
            None => self.write_states(touched)?,
        }
        let mine: Vec<u32> = self.partitions().collect();
        for number in mine {
            let Some((part, _)) = self.leases.mine.get(&number) else { continue };
            let next = if part.position < cursor.position().map(|position| position.0) {
                part.at(cursor)
            } else {
                part.clone()
            };
            if !self.leases.keep(self.values, number, &next)? {
                self.folded.retain(|_, folded| folded.partition != number);
            }
        }
        Ok(())
    }

    fn write_rows(
        &mut self,
        table: &SharedTable,
        touched: &BTreeMap<u32, BTreeSet<StreamId>>,
        cursor: &Cursor,
    ) -> Result<(), ShareError> {
        let Some(to) = stand_of(cursor) else { return Ok(()) };
        let behind = self.leases.mine.iter().filter(|(_, (part, _))| part.position < Some(to.0.0));
        let from: BTreeMap<u32, Option<Stand>> =
            behind.map(|(number, (part, _))| (*number, stand_of(&part.cursor()))).collect();
        let mut rows = Vec::new();
        for (partition, streams) in touched {
            for stream in streams {
                let Some((folded, version)) = self.folded.get(stream).and_then(|it| Some((it, it.version?))) else {
                    continue;
                };
                let (recorded_at, kept) = (folded.recorded_at.clone(), folded.fold.to_snapshot());
                let row = ModelRow { stream: stream.clone(), version, recorded_at, values: Vec::new(), kept };
                rows.push(FoldedRow { partition: *partition, row, state: folded.fold.show() });
            }
        }
        for number in table.bring(&self.choice, &from, &to, &rows)? {
            // Another has been at it: what it wrote is gone on from, if the partition is still to be had.
            self.folded.retain(|_, folded| folded.partition != number);
            self.leases.forget_one(number);
        }
        Ok(())
    }

    fn write_states(&mut self, touched: &BTreeMap<u32, BTreeSet<StreamId>>) -> Result<(), ShareError> {
        for (partition, streams) in touched {
            let mut changes = Vec::with_capacity(streams.len());
            for stream in streams {
                let Some(folded) = self.folded.get(stream) else { continue };
                let (Some(version), revision) = (folded.version, folded.revision) else { continue };
                let state = KeptState {
                    stream: stream.to_string(),
                    version: version.0,
                    recorded_at: folded.recorded_at.clone(),
                    began: folded.began,
                    state: folded.fold.show(),
                    kept: folded.fold.to_snapshot(),
                };
                let value = serde_json::to_vec(&state).unwrap_or_default();
                changes.push(SharedChange { key: state_key(stream, *partition), value, revision });
            }
            let written = self.values.change(&changes)?;
            for ((stream, change), revision) in streams.iter().zip(&changes).zip(written) {
                let revision = match revision {
                    Some(revision) => Some(revision),
                    None => self.rewritten(change)?,
                };
                match (revision, self.folded.get_mut(stream)) {
                    (Some(revision), Some(folded)) => folded.revision = Some(revision),
                    // Another has come as far: what it wrote is gone on from.
                    _ => {
                        self.folded.remove(stream);
                        if let Some(kept) = self.values.get(&change.key)? {
                            self.kept.insert(change.key.clone(), kept);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes over a state that somebody else wrote meanwhile, where it is of an earlier version; `None` where it is not.
    fn rewritten(&self, change: &SharedChange) -> Result<Option<u64>, ShareError> {
        let version = |value: &[u8]| serde_json::from_slice::<KeptState>(value).ok().map(|state| state.version);
        let Some(kept) = self.values.get(&change.key)? else { return Ok(None) };
        if version(&kept.value) >= version(&change.value) {
            return Ok(None);
        }
        Ok(self.values.change_one(&change.key, change.value.clone(), Some(kept.revision))?)
    }
}

/// A fold as it was behind this version, from what is kept of it on.
fn gone_on(
    reader: &dyn Store,
    projection: &ProjectionRef,
    stream: &StreamId,
    version: Version,
    kept: Option<(Version, String)>,
) -> Result<Box<dyn AnyFold>, StoreError> {
    let kept = kept.and_then(|(version, state)| Some((projection.resume(version, &state)?, version)));
    let (mut fold, known) = kept.map_or_else(|| (projection.fold(), None), |(fold, known)| (fold, Some(known)));
    if known.is_none_or(|known| known < version) {
        let from = known.map(|known| Version(known.0.saturating_add(1)));
        reader.visit_events(&Query::stream(stream.clone()).between(from, Some(version)), &mut |row| {
            fold.push(row);
            Flow::Continue(())
        })?;
    }
    Ok(fold)
}

fn stand_of(cursor: &Cursor) -> Option<Stand> {
    cursor.place().map(|place| (place.position, place.id.clone()))
}
