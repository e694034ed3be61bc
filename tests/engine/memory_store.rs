//! A store in memory: the second implementation that keeps the contract honest.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldline::event::{EventBatch, EventId, EventRow, NewEvent, Position, RecordedEvent, StreamId, StreamKey, Version};
use foldline::store::{
    AppendError, Appended, BatchSize, Capabilities, Columns, Conflict, Direction, Expected, Finding, Flow, Framework,
    HistoryCheck, Opener, Query, Scan, Scope, Snapshot, Store, StoreError, StoreInfo, StreamOrder, StreamQuery,
    StreamRow, Writer, check_call, same_content,
};

#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryStore {
    events: Vec<RecordedEvent>,
    keys: Vec<StreamKey>,
    streams: Vec<(StreamId, Vec<usize>)>,
    by_name: HashMap<StreamId, StreamKey>,
    by_id: HashMap<EventId, usize>,
    snapshots: BTreeMap<(StreamKey, String), Snapshot>,
    /// Events that were read, by this and by its clones.
    handed: Arc<AtomicU64>,
}

impl MemoryStore {
    pub(crate) fn handed_out(&self) -> u64 {
        self.handed.load(Ordering::Relaxed)
    }

    fn indexes(&self, stream: &StreamId) -> &[usize] {
        self.by_name.get(stream).map_or(&[], |key| &self.streams[key.0 as usize].1)
    }

    fn row(&self, index: usize) -> EventRow<'_> {
        EventRow { stream_key: self.keys[index], ..self.events[index].as_row() }
    }

    fn stream_row(&self, key: usize) -> StreamRow {
        let (stream, indexes) = &self.streams[key];
        let (first, last) = (&self.events[indexes[0]], &self.events[indexes[indexes.len() - 1]]);
        StreamRow {
            key: StreamKey(key as u32),
            stream: stream.clone(),
            category: stream.category().to_owned(),
            events: indexes.len() as u64,
            first_version: first.version,
            last_version: last.version,
            first_at: first.recorded_at,
            last_at: last.recorded_at,
        }
    }

    fn last_version(&self, stream: &StreamId) -> Option<Version> {
        self.indexes(stream).last().map(|index| self.events[*index].version)
    }

    fn already_recorded(&self, stream: &StreamId, events: &[NewEvent]) -> Result<Option<Appended>, AppendError> {
        let mut there = Vec::new();
        for event in events {
            let Some(recorded) = self.by_id.get(&event.id).map(|index| &self.events[*index]) else { continue };
            if !same_content(stream, event, recorded) {
                return Err(AppendError::IdTaken(event.id.clone()));
            }
            there.push(recorded);
        }
        match (there.first(), there.last()) {
            (Some(first), Some(last)) if there.len() == events.len() => Ok(Some(Appended {
                first: first.version,
                last: last.version,
                position: last.position,
                already_there: true,
            })),
            (Some(first), _) => Err(AppendError::IdTaken(first.id.clone())),
            _ => Ok(None),
        }
    }

    fn push(&mut self, stream: &StreamId, version: Version, event: &NewEvent) {
        let key = *self.by_name.entry(stream.clone()).or_insert_with(|| {
            self.streams.push((stream.clone(), Vec::new()));
            StreamKey((self.streams.len() - 1) as u32)
        });
        let index = self.events.len();
        self.streams[key.0 as usize].1.push(index);
        self.by_id.insert(event.id.clone(), index);
        self.keys.push(key);
        self.events.push(RecordedEvent {
            position: Some(Position(index as u64 + 1)),
            stream: stream.clone(),
            version,
            event_type: event.event_type.clone(),
            schema: event.schema,
            recorded_at: event.recorded_at,
            id: event.id.clone(),
            payload: event.payload.clone().into_bytes(),
            metadata: event.metadata.clone().into_bytes(),
        });
    }
}

struct MemoryScan<'s> {
    store: &'s MemoryStore,
    wanted: std::vec::IntoIter<usize>,
    columns: Columns,
    size: BatchSize,
}

impl Scan for MemoryScan<'_> {
    fn next_batch(&mut self, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        while !self.size.is_reached(batch) {
            let Some(index) = self.wanted.next() else { break };
            let mut row = self.store.row(index);
            if !self.columns.payload {
                row.payload = &[];
            }
            if !self.columns.metadata {
                row.metadata = &[];
            }
            batch.push(&row);
        }
        self.store.handed.fetch_add(batch.len() as u64, Ordering::Relaxed);
        self.size.grow();
        Ok(())
    }
}

fn is_wanted(query: &Query, row: &EventRow<'_>) -> bool {
    let fits = |at: Option<u64>, from: Option<u64>, to: Option<u64>| {
        let at = at.unwrap_or(0);
        from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to)
    };
    let position = row.position.map(|position| position.0);
    let is_within = match &query.scope {
        Scope::Store { from, to } => fits(position, from.map(|p| p.0), to.map(|p| p.0)),
        Scope::Category { name, from, to } => {
            row.stream.category() == name && fits(position, from.map(|p| p.0), to.map(|p| p.0))
        }
        Scope::Stream { id, from, to } => {
            row.stream == id && fits(Some(row.version.0), from.map(|v| v.0), to.map(|v| v.0))
        }
        Scope::Linked { .. } => query.scope.links_to(row.metadata),
    };
    is_within && query.event_type.as_ref().is_none_or(|wanted| wanted == row.event_type)
}

impl Store for MemoryStore {
    fn framework(&self) -> Framework {
        Framework::FOLDLINE
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            appends: true,
            has_kept_counts: true,
            has_feed: true,
            has_dense_positions: true,
            names_tell_categories: true,
            finds_by_position: true,
            finds_by_id: true,
            finds_by_link: false,
        }
    }

    fn opener(&self) -> Opener {
        let store = self.clone();
        Arc::new(move || Ok(Box::new(store.clone())))
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        let mut event_types: BTreeMap<&str, u64> = BTreeMap::new();
        for event in &self.events {
            *event_types.entry(event.event_type.as_str()).or_default() += 1;
        }
        let mut categories: BTreeMap<&str, u64> = BTreeMap::new();
        for (stream, _) in &self.streams {
            *categories.entry(stream.category()).or_default() += 1;
        }
        let ranked = |counts: BTreeMap<&str, u64>| {
            let mut ranked: Vec<_> = counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
            ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            ranked
        };
        let longest = (0..self.streams.len()).max_by_key(|key| (self.streams[*key].1.len(), std::cmp::Reverse(*key)));
        Ok(StoreInfo {
            framework: self.framework(),
            events: self.events.len() as u64,
            streams: self.streams.len() as u64,
            event_types: ranked(event_types),
            categories: ranked(categories),
            first_at: (0..self.streams.len()).filter_map(|key| self.stream_row(key).first_at).min(),
            last_at: (0..self.streams.len()).filter_map(|key| self.stream_row(key).last_at).max(),
            longest_stream: longest.map(|key| self.stream_row(key)),
            is_writable: true,
        })
    }

    fn kept_events(&self) -> Result<Option<u64>, StoreError> {
        Ok(Some(self.events.len() as u64))
    }

    fn scan<'s>(&'s self, query: &Query) -> Result<Box<dyn Scan + 's>, StoreError> {
        let mut wanted: Vec<usize> = match &query.scope {
            Scope::Stream { id, .. } => self.indexes(id).to_vec(),
            Scope::Store { .. } | Scope::Category { .. } | Scope::Linked { .. } => (0..self.events.len()).collect(),
        };
        wanted.retain(|index| is_wanted(query, &self.row(*index)));
        if query.direction == Direction::Backward {
            wanted.reverse();
        }
        if let Some(limit) = query.limit {
            wanted.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Ok(Box::new(MemoryScan {
            store: self,
            wanted: wanted.into_iter(),
            columns: query.columns,
            size: BatchSize::first_of(query),
        }))
    }

    fn visit_streams(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError> {
        let StreamQuery { category, filter, order, limit } = query;
        let filter = filter.as_ref().map(|filter| filter.to_ascii_lowercase());
        let mut rows: Vec<StreamRow> = (0..self.streams.len())
            .map(|key| self.stream_row(key))
            .filter(|row| category.as_ref().is_none_or(|category| row.category == *category))
            .filter(|row| filter.as_ref().is_none_or(|part| row.stream.as_str().to_ascii_lowercase().contains(part)))
            .collect();
        let last_index = |row: &StreamRow| self.indexes(&row.stream).last().copied();
        match order {
            StreamOrder::Began => {}
            StreamOrder::Recent => rows.sort_by_key(|row| std::cmp::Reverse(last_index(row))),
            StreamOrder::Name => rows.sort_by(|a, b| a.stream.cmp(&b.stream)),
            StreamOrder::Longest => rows.sort_by_key(|row| std::cmp::Reverse(row.events)),
        }
        for row in rows.into_iter().take(limit.map_or(usize::MAX, |limit| limit as usize)) {
            if visit(row).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamRow>, StoreError> {
        Ok(self.by_name.get(stream).map(|key| self.stream_row(key.0 as usize)))
    }

    fn event_by_id(&self, id: &EventId) -> Result<Option<RecordedEvent>, StoreError> {
        Ok(self.by_id.get(id).map(|index| self.events[*index].clone()))
    }

    fn verify(&self, report: &mut dyn FnMut(Finding), progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), StoreError> {
        let mut history = HistoryCheck::default();
        for index in 0..self.events.len() {
            history.row(&self.row(index), report);
            if progress(index as u64 + 1).is_break() {
                return Err(StoreError::Cancelled);
            }
        }
        Ok(())
    }

    fn snapshot(
        &self,
        stream: &StreamId,
        projection: &str,
        revision: u32,
        at_most: Version,
    ) -> Result<Option<Snapshot>, StoreError> {
        let Some(key) = self.by_name.get(stream) else { return Ok(None) };
        let kept = self.snapshots.get(&(*key, projection.to_owned()));
        let is_of = |snapshot: &&Snapshot| {
            let event = self.by_id.get(&snapshot.event_id).map(|index| &self.events[*index]);
            snapshot.revision == revision
                && snapshot.version <= at_most
                && event.is_some_and(|event| event.stream == *stream && event.version == snapshot.version)
        };
        Ok(kept.filter(is_of).cloned())
    }

    fn visit_snapshots(&self, visit: &mut dyn FnMut(&StreamId, &Snapshot) -> Flow) -> Result<(), StoreError> {
        for ((key, _), snapshot) in &self.snapshots {
            if visit(&self.streams[key.0 as usize].0, snapshot).is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Writer for MemoryStore {
    fn append(&mut self, stream: &StreamId, expected: Expected, events: &[NewEvent]) -> Result<Appended, AppendError> {
        check_call(stream, events)?;
        if let Some(there) = self.already_recorded(stream, events)? {
            return Ok(there);
        }
        let actual = self.last_version(stream);
        if !expected.holds(actual) {
            let after = match expected {
                Expected::Exact(version) => Some(version),
                Expected::NoStream | Expected::Any => None,
            };
            let since = self
                .indexes(stream)
                .iter()
                .map(|index| &self.events[*index])
                .filter(|event| after.is_none_or(|after| event.version > after))
                .cloned()
                .collect();
            let conflict = Conflict { stream: stream.clone(), expected, actual, since };
            return Err(AppendError::Conflict(Box::new(conflict)));
        }
        let first = actual.map_or(Version(0), |last| Version(last.0 + 1));
        for (event, version) in events.iter().zip(first.0..) {
            self.push(stream, Version(version), event);
        }
        let last = Version((first.0 + events.len() as u64).saturating_sub(1));
        Ok(Appended { first, last, position: Some(Position(self.events.len() as u64)), already_there: false })
    }

    fn keep_snapshot(&mut self, stream: &StreamId, snapshot: &Snapshot) -> Result<(), StoreError> {
        let Some(key) = self.by_name.get(stream) else { return Ok(()) };
        let place = (*key, snapshot.projection.clone());
        let kept = self.snapshots.get(&place);
        if kept.is_none_or(|kept| kept.revision != snapshot.revision || kept.version < snapshot.version) {
            self.snapshots.insert(place, snapshot.clone());
        }
        Ok(())
    }
}
