use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::lease::{LEASE, Leases};
use super::{KeptState, PARTITIONS, SHARE, STATE, Share, ShareError, partition_in, partition_of, state_key};
use crate::engine::as_of::choose;
use crate::event::{Cursor, EventBatch, EventRow, Position, StreamId, Version};
use crate::index::Choice;
use crate::replay::{AnyFold, ProjectionRef};
use crate::store::{Changes, Columns, Flow, Query, SharedChange, SharedValue, SharedValues, Store, StoreError};

/// So many events are folded before what came of them is written.
const AT_ONCE: usize = 20_000;

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
    /// What others left of its partitions, until it is gone on from.
    kept: HashMap<String, SharedValue>,
    folded: HashMap<StreamId, Folded>,
}

/// Which projection is folded together.
#[derive(Clone, Debug)]
pub struct ShareWish {
    pub projection: String,
    pub category: Option<String>,
}

fn chosen(reader: &dyn Store, wish: &ShareWish) -> Result<Arc<Choice>, ShareError> {
    let chosen = choose(reader, Some(&wish.projection), wish.category.as_deref())?;
    Ok(chosen.map(|chosen| chosen.choice).unwrap_or_default())
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
        let choice = chosen(reader, wish)?;
        // Of which streams there are, each worker may know another part.
        let own = choice.projections().iter().find(|projection| projection.is_own()).map(ProjectionRef::revision);
        let named = wish.projection.rsplit(['/', '\\']).next().unwrap_or_default();
        let definition = format!("1\n{:?}\n{named}\n{own:?}", wish.category);
        let definition = blake3::hash(definition.as_bytes()).to_hex().to_string();
        let wanted = Share { definition, partitions: PARTITIONS };
        let written = serde_json::to_vec(&wanted).unwrap_or_default();
        let share = match values.change_one(SHARE, written, None)? {
            Some(_) => wanted,
            None => {
                let kept = values.get(SHARE)?.and_then(|kept| serde_json::from_slice::<Share>(&kept.value).ok());
                kept.filter(|share| share.definition == wanted.definition && share.partitions > 0)
                    .ok_or_else(|| ShareError::OtherProjection(name.to_owned()))?
            }
        };
        let leases = Leases::new(me.to_owned(), share.partitions, lease);
        Ok(Self {
            values,
            name: name.to_owned(),
            wish: wish.clone(),
            choice,
            asked: HashSet::new(),
            partitions: share.partitions,
            leases,
            kept: HashMap::new(),
            folded: HashMap::new(),
        })
    }

    pub fn partitions(&self) -> impl Iterator<Item = u32> + '_ {
        self.leases.mine.keys().copied()
    }

    /// One beat, and some of what is to be folded. `go_on` may end it between two events; what was written by then stays.
    pub fn step(&mut self, reader: &dyn Store, go_on: &mut dyn FnMut() -> Flow) -> Result<ShareStep, ShareError> {
        let before: BTreeSet<u32> = self.partitions().collect();
        let others = self.leases.beat(self.values)?;
        let mine: BTreeSet<u32> = self.partitions().collect();
        // What was let go of, or taken anew, is known only from what is kept of it.
        self.folded.retain(|_, folded| before.contains(&folded.partition) && mine.contains(&folded.partition));
        self.kept.retain(|key, _| {
            partition_in(key).is_some_and(|number| before.contains(&number) && mine.contains(&number))
        });
        for number in mine.difference(&before) {
            self.values.visit(&format!("{STATE}{number}."), &mut |key, value| {
                self.kept.insert(key.to_owned(), value);
                Flow::Continue(())
            })?;
        }
        let events = self.fold_some(reader, go_on)?;
        let own = self.leases.mine.values().map(|(part, _)| part.position);
        let everywhere = others.iter().map(|part| part.position).chain(own).min().flatten().map(Position);
        Ok(ShareStep { events, everywhere })
    }

    /// Begins again from what is written, after a step that failed somewhere.
    pub fn forget(&mut self) {
        self.kept.clear();
        self.folded.clear();
        self.leases.forget();
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
        let mut cursor = from.cursor();
        let mut scan = match reader.changes(&cursor, Columns::ALL)? {
            Changes::Grew(scan) => scan,
            Changes::Replaced | Changes::Unknown => return Err(ShareError::Replaced(self.name.clone())),
        };
        let (mut batch, mut read, mut events) = (EventBatch::default(), 0, 0);
        let mut touched: BTreeMap<u32, BTreeSet<StreamId>> = BTreeMap::new();
        while read < AT_ONCE {
            scan.next_batch(&mut batch)?;
            if batch.is_empty() {
                break;
            }
            read += batch.len();
            cursor.advance(&batch);
            for row in batch.rows() {
                if go_on().is_break() {
                    return Err(StoreError::Cancelled.into());
                }
                let partition = partition_of(row.stream, self.partitions);
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
        if read > 0 {
            self.write(&touched, &cursor)?;
        }
        Ok(events)
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
            self.choice = chosen(reader, &self.wish)?;
        }
        let Some(projection) = self.choice.projection_of(row.stream) else { return Ok(None) };
        if self.wish.category.as_deref().is_some_and(|category| category != row.stream.category()) {
            return Ok(None);
        }
        let began = row.position.map_or(0, |position| position.0);
        let fresh =
            Folded { partition, fold: projection.fold(), version: None, recorded_at: None, began, revision: None };
        let Some(kept) = self.kept.remove(&state_key(row.stream, partition)) else { return Ok(Some(fresh)) };
        let Ok(KeptState { version, recorded_at, began, kept: state, .. }) = serde_json::from_slice(&kept.value) else {
            return Ok(Some(Folded { revision: Some(kept.revision), ..fresh }));
        };
        let version = Version(version);
        let fold = match state.and_then(|state| projection.resume(version, &state)) {
            Some(fold) => fold,
            None => {
                // Nothing is kept to go on from.
                let mut fold = projection.fold();
                reader.visit_events(&Query::stream(row.stream.clone()).between(None, Some(version)), &mut |row| {
                    fold.push(row);
                    Flow::Continue(())
                })?;
                fold
            }
        };
        let revision = Some(kept.revision);
        Ok(Some(Folded { partition, fold, version: Some(version), recorded_at, began, revision }))
    }

    /// The states first and the places behind them: what is between the two when a worker is killed is folded again, and
    /// known by its version.
    fn write(&mut self, touched: &BTreeMap<u32, BTreeSet<StreamId>>, cursor: &Cursor) -> Result<(), ShareError> {
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
