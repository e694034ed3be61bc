//! What every store answers, whoever wrote it and wherever it is kept.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    AppendError, Appended, Columns, Expected, Finding, Flow, Framework, InfoAtOnce, Notice, Query, ReadOnlyReason,
    Scope, SharedValues, Snapshot, StoreError, StoreInfo, StreamQuery, StreamRow,
};
use crate::event::{Cursor, EventBatch, EventId, EventRow, NewEvent, RecordedEvent, StreamId, Version};

/// The reading half of a store, over one connection. Events come in batches that are pulled, so that whoever reads may
/// stop, hand them to other threads, or go on later; nothing is loaded whole.
pub trait Store: Send {
    fn framework(&self) -> Framework;

    /// What can be asked here, and what it costs.
    fn capabilities(&self) -> Capabilities;

    /// Whether Foldline can append here at all.
    fn is_writable(&self) -> bool {
        self.capabilities().appends
    }

    /// Why Foldline never appends here; `None` where it can, or where only the file's permissions stand in the way.
    fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        None
    }

    /// Whether its streams are those in which events were recorded, so that the rules of their domain hold along them.
    fn has_aggregates(&self) -> bool {
        true
    }

    /// Why nothing is appended to this stream, though the store takes events; `None` where one may be.
    fn closed(&self, _stream: &StreamId) -> Result<Option<Closed>, StoreError> {
        Ok(None)
    }

    /// Whether an event may come to stand before others that were read already: where places are taken when a
    /// transaction begins, and seen when it ends.
    fn may_record_late(&self) -> bool {
        false
    }

    /// Something about the whole store that whoever looks at it should know first.
    fn notice(&self) -> Option<Notice> {
        None
    }

    /// A text that changes when events are recorded, at next to no cost; `None` where there is no such thing and one
    /// looks at the file instead.
    fn fingerprint(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// What tells the store from another that stands at the same place later; `None` where only its events tell.
    fn identity(&self) -> Option<String> {
        None
    }

    fn info(&self) -> Result<StoreInfo, StoreError>;

    /// What of [`Store::info`] is known without a walk over all streams. `None` where nothing is known before all of it.
    fn info_at_once(&self) -> Result<Option<InfoAtOnce>, StoreError> {
        Ok(None)
    }

    /// How many events there are, where that is kept: it costs nothing to ask for, however many streams there are.
    fn kept_events(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// The memory that is kept of the names of its streams, by all connections together, in bytes.
    fn names_bytes(&self) -> u64 {
        0
    }

    /// From now on no more is kept of them than that: they are read again where they are met.
    fn keep_names_within(&self, _bytes: u64) {}

    /// The streams by category, the largest category first. Cheaper than [`Store::info`] where a store knows a way.
    fn categories(&self) -> Result<Vec<(String, u64)>, StoreError> {
        Ok(self.info()?.categories)
    }

    /// Begins to read the events of a query. Its first batch holds no more than a screen shows, the later ones more.
    fn scan<'s>(&'s self, query: &Query) -> Result<Box<dyn Scan + 's>, StoreError>;

    fn visit_streams(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError>;

    /// The stream of a category that began first. `None` where there is no such category.
    fn first_of_category(&self, category: &str) -> Result<Option<StreamId>, StoreError> {
        let query = StreamQuery { category: Some(category.to_owned()), limit: Some(1), ..StreamQuery::default() };
        let mut first = None;
        self.visit_streams(&query, &mut |row| {
            first = Some(row.stream);
            Flow::Break(())
        })?;
        Ok(first)
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamRow>, StoreError>;

    fn event_by_id(&self, id: &EventId) -> Result<Option<RecordedEvent>, StoreError>;

    /// Looks at every event and reports what does not fit. `progress` is told how many were seen and may stop.
    fn verify(&self, report: &mut dyn FnMut(Finding), progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), StoreError>;

    /// What opens further connections to the same store, from any thread and after this one has gone. What is known of
    /// the store is in it: nothing is recognised, probed or copied again.
    fn opener(&self) -> Opener;

    /// Another connection to the same store.
    fn again(&self) -> Result<Box<dyn Store>, StoreError> {
        (self.opener())()
    }

    /// Whether this connection still sees the store as it is. Where it does not, another one does.
    fn is_current(&self) -> bool {
        true
    }

    /// Ends what this connection is being asked, from another thread; `None` where that cannot be.
    fn interrupter(&self) -> Option<Interrupter> {
        None
    }

    /// Rings whenever something may have been recorded, until the answer is dropped: at once, where the store has a way to
    /// be told. It may ring for nothing, and what was recorded is still asked of [`Store::changes`]. `None` where one has
    /// to look now and then.
    fn alarm(&self, _ring: Ring) -> Option<Alarm> {
        None
    }

    /// Whether this connection may be kept while nothing is asked of it. One that holds another program's files open
    /// keeps that program from tidying up behind itself.
    fn may_be_kept(&self) -> bool {
        true
    }

    /// Until the answer is dropped, this connection tells of one moment of the store, whatever is recorded meanwhile:
    /// for whoever holds against each other what is read one after the other.
    fn steady(&self) -> Result<Steady<'_>, StoreError> {
        Ok(Steady::default())
    }

    /// The end of the store as it is now.
    fn end(&self) -> Result<Cursor, StoreError> {
        let mut end = Cursor::beginning();
        self.visit_events(&Query::store().backward().limit(1).columns(Columns::HEADS), &mut |row| {
            if let Some(position) = row.position {
                end = Cursor::after(position, row.id.clone());
            }
            Flow::Break(())
        })?;
        Ok(end)
    }

    /// What was recorded after a place.
    fn changes<'s>(&'s self, after: &Cursor, columns: Columns) -> Result<Changes<'s>, StoreError> {
        if !self.capabilities().has_feed {
            return Ok(Changes::Unknown);
        }
        let Some(place) = after.place() else { return Ok(Changes::Grew(self.scan(&Query::store().columns(columns))?)) };
        let at = Some(place.position);
        let mut is_there = false;
        self.visit_events(&Query::positions(at, at).limit(1).columns(Columns::HEADS), &mut |row| {
            is_there = row.id == place.id;
            Flow::Break(())
        })?;
        if !is_there {
            return Ok(Changes::Replaced);
        }
        let next = crate::event::Position(place.position.0.saturating_add(1));
        Ok(Changes::Grew(self.scan(&Query::positions(Some(next), None).columns(columns))?))
    }

    /// The same, for whoever needs some of the streams alone, by their names: of the others a store may leave out what it
    /// need not look into, but not the last that it read, by which is known how far that came.
    fn changes_of<'s>(
        &'s self,
        after: &Cursor,
        columns: Columns,
        _is_wanted: &'s dyn Fn(&str) -> bool,
    ) -> Result<Changes<'s>, StoreError> {
        self.changes(after, columns)
    }

    /// The names of what machines share beside this store; `None` where nothing can be.
    fn shared_names(&self) -> Result<Option<Vec<String>>, StoreError> {
        Ok(None)
    }

    /// Values of this name that machines share, kept where the store is; `None` where there is no such place, or where they
    /// are not there and may not be made.
    fn shared_values(&self, _name: &str, _may_make: bool) -> Result<Option<Box<dyn SharedValues>>, StoreError> {
        Ok(None)
    }

    /// The newest kept snapshot at or before `at_most`, if one was ever made.
    fn snapshot(
        &self,
        _stream: &StreamId,
        _projection: &str,
        _revision: u32,
        _at_most: Version,
    ) -> Result<Option<Snapshot>, StoreError> {
        Ok(None)
    }

    /// Every kept snapshot, for checking them.
    fn visit_snapshots(&self, _visit: &mut dyn FnMut(&StreamId, &Snapshot) -> Flow) -> Result<(), StoreError> {
        Ok(())
    }

    /// Every state that a framework keeps of its aggregates as JSON, and the version that it is said to be of.
    fn visit_kept_states(&self, _visit: &mut dyn FnMut(KeptState) -> Flow) -> Result<(), StoreError> {
        Ok(())
    }

    fn event_at(&self, stream: &StreamId, version: Version) -> Result<Option<RecordedEvent>, StoreError> {
        let mut found = None;
        self.visit_events(&Query::stream(stream.clone()).between(Some(version), Some(version)).limit(1), &mut |row| {
            found = Some(row.to_recorded());
            Flow::Break(())
        })?;
        Ok(found)
    }

    /// The events of a query one by one, for what needs no batch, until `visit` breaks.
    fn visit_events(&self, query: &Query, visit: &mut dyn FnMut(&EventRow<'_>) -> Flow) -> Result<(), StoreError> {
        let mut scan = self.scan(query)?;
        let mut batch = EventBatch::default();
        loop {
            scan.next_batch(&mut batch)?;
            if batch.is_empty() {
                return Ok(());
            }
            for row in batch.rows() {
                if visit(&row).is_break() {
                    return Ok(());
                }
            }
        }
    }
}

/// Why a stream of a store that takes events takes none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Its application has put it away.
    Archived,
    /// Its newest event is encrypted: what is appended would have to be, too, and only its application does that.
    Encrypted,
}

/// A reading of events that has begun. Dropping it ends it.
pub trait Scan {
    /// Puts the next events in the batch, in place of what it held. A batch that stays empty is the end. What could be
    /// read ahead of an error comes first, and the error with the next call.
    fn next_batch(&mut self, batch: &mut EventBatch) -> Result<(), StoreError>;
}

/// Opens a store that was opened before.
pub type Opener = Arc<dyn Fn() -> Result<Box<dyn Store>, StoreError> + Send + Sync>;

/// What can be asked of a store, as data, so that nobody has to pretend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Capabilities {
    /// Foldline can append here at all.
    pub appends: bool,
    /// Counts of streams, types and categories are kept, and cost nothing to ask for.
    pub has_kept_counts: bool,
    /// Events have a place in the order of the whole store, so that what is new can be told from what was read.
    pub has_feed: bool,
    /// Places lie close together, and a stream's number is the same to every connection: ranges of places can be read
    /// by several at once.
    pub has_dense_positions: bool,
    /// A stream's category is what its name says, whichever stream it is.
    pub names_tell_categories: bool,
    /// The event at or behind a place is found without walking through the store.
    pub finds_by_position: bool,
    /// An event is found by its id without walking through the store.
    pub finds_by_id: bool,
    /// The same of the events that name a correlation or a cause.
    pub finds_by_link: bool,
}

/// What became of a store since a place in it.
pub enum Changes<'s> {
    /// What was read stands as it was; these events, often none, came behind it.
    Grew(Box<dyn Scan + 's>),
    /// The event at that place is not there any more: the store was cut, restored or replaced.
    Replaced,
    /// The store has no order by which that could be told.
    Unknown,
}

impl std::fmt::Debug for Changes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Grew(_) => "Grew",
            Self::Replaced => "Replaced",
            Self::Unknown => "Unknown",
        })
    }
}

/// A moment of a store that is held on to. See [`Store::steady`].
#[derive(Default)]
#[must_use = "the moment is let go of at once"]
pub struct Steady<'s>(Option<Box<dyn FnOnce() + 's>>);

impl<'s> Steady<'s> {
    pub(super) fn until(let_go: impl FnOnce() + 's) -> Self {
        Self(Some(Box::new(let_go)))
    }
}

impl Drop for Steady<'_> {
    fn drop(&mut self) {
        if let Some(let_go) = self.0.take() {
            let_go();
        }
    }
}

impl std::fmt::Debug for Steady<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Steady")
    }
}

/// Ends what a connection is being asked, from any thread. Asked of a connection that is idle, it does nothing.
#[derive(Clone)]
pub struct Interrupter(Arc<dyn Fn() + Send + Sync>);

impl Interrupter {
    pub fn new(interrupt: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(interrupt))
    }

    pub fn interrupt(&self) {
        (self.0)();
    }
}

impl std::fmt::Debug for Interrupter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interrupter")
    }
}

/// What an [`Alarm`] calls, from any thread.
pub type Ring = Arc<dyn Fn() + Send + Sync>;

/// Whatever listens for a store. Dropping it ends that. See [`Store::alarm`].
#[must_use = "nobody listens any more"]
pub struct Alarm(Option<Box<dyn FnOnce() + Send>>);

impl Alarm {
    pub(super) fn until(end: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(end)))
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

impl std::fmt::Debug for Alarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Alarm")
    }
}

/// The appending half.
pub trait Writer: Store {
    /// All events of one call are recorded, or none. Events that are already there, with the same content, answer
    /// with where they stand, so a repeated call is safe.
    fn append(&mut self, stream: &StreamId, expected: Expected, events: &[NewEvent]) -> Result<Appended, AppendError>;

    /// Whether there is a place for snapshots. Where there is none, no stream is folded for one.
    fn keeps_snapshots(&self) -> bool {
        false
    }

    /// Keeps a snapshot and drops the older ones of that stream and projection. A store may forget it.
    fn keep_snapshot(&mut self, _stream: &StreamId, _snapshot: &Snapshot) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A state that a framework keeps of an aggregate, by its own application's fold.
#[derive(Clone, Debug)]
pub struct KeptState {
    pub stream: StreamId,
    pub version: Version,
    pub state: Map<String, Value>,
}

/// How many events the next batch of a scan may hold: few at first, so that a short look costs little.
#[derive(Clone, Copy, Debug)]
pub struct BatchSize(usize);

/// What a screen shows.
const FIRST_BATCH: usize = 64;

/// More would not stay in a core's cache while it is decoded.
const LARGEST_BATCH: usize = 1024;

/// A batch whose texts are as long as this is handed over, however few its events are.
const BATCH_TEXT: usize = 1 << 20;

impl BatchSize {
    /// Of a range that was named from end to end, everything is wanted; of anything else perhaps only what a screen
    /// shows.
    pub fn first_of(query: &Query) -> Self {
        let is_range = match &query.scope {
            Scope::Store { from, to } | Scope::Category { from, to, .. } => from.is_some() && to.is_some(),
            Scope::Stream { .. } | Scope::Linked { .. } => false,
        };
        Self(if is_range { LARGEST_BATCH } else { FIRST_BATCH })
    }

    /// How many events that are, where their texts are short.
    pub fn most(self) -> usize {
        self.0
    }

    pub fn is_reached(self, batch: &EventBatch) -> bool {
        batch.len() >= self.0 || batch.text_len() >= BATCH_TEXT
    }

    pub fn grow(&mut self) {
        self.0 = (self.0 * 4).min(LARGEST_BATCH);
    }
}
