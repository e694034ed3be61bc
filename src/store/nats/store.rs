//! The reading half.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use tokio::time::sleep;

use super::bridge::Asking;
use super::bucket::bucket;
use super::connection::{ANSWERING, Connection, Edition, INSISTING, StreamInfo, Which};
use super::counted::Highest;
use super::layout::{Layout, Under};
use super::ledger::{Ledger, largest_first};
use super::names::Names;
use super::pull::{Pull, Want};
use super::scan::NatsScan;
use super::seen::Seen;
use super::verify;
use super::write::Known;
use super::{NatsError, failed, find, watch};
use crate::event::{Cursor, EventId, Position, RecordedEvent, StreamId, Version};
use crate::store::{
    Address, Alarm, Capabilities, Changes, Columns, Finding, Flow, Framework, Interrupter, Notice, Opener, Query,
    ReadOnlyReason, Ring, Scan, Scope, SharedValues, Store, StoreError, StoreInfo, StreamOrder, StreamQuery, StreamRow,
    linked_scan,
};

/// What is known of an open stream, shared by all its readers.
#[derive(Debug)]
pub(in crate::store) struct Server {
    pub(super) address: Address,
    pub(super) connection: Connection,
    pub(super) stream: String,
    pub(super) layout: Layout,
    /// As it was opened. Where messages have been taken away since, what was read is no longer so.
    pub(super) edition: Edition,
    /// Its limits may take away its oldest messages.
    drops: bool,
    pub(super) is_replaced: AtomicBool,
    names: Mutex<Names>,
    ledger: Mutex<Ledger>,
    /// Up to where streams were read, so that what is new in them is read alone.
    marks: Mutex<HashMap<StreamId, Mark>>,
    highest: Mutex<Highest>,
}

/// An event of a stream that was read from its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) version: Version,
    pub(super) sequence: u64,
}

/// How long a question waits for a connection that is lost.
const TAKING_UP: Duration = Duration::from_secs(2);

/// So many are kept.
const MARKS: usize = 4096;

/// Between two attempts to get at what another reader is bringing up to date.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);

/// Messages that are counted at once.
const COUNTED: usize = 1024;

/// One reader.
#[derive(Debug)]
pub(in crate::store) struct NatsStore {
    pub(super) server: Arc<Server>,
    pub(super) asking: Asking,
    /// Of the streams that were appended to by it.
    pub(super) known: Known,
}

impl Server {
    pub(super) fn new(
        address: Address,
        connection: Connection,
        stream: String,
        layout: Layout,
        info: &StreamInfo,
    ) -> Self {
        connection.line.is_copied.store(info.config.num_replicas > 1, Ordering::Relaxed);
        Self {
            address,
            connection,
            stream,
            layout,
            edition: info.edition(),
            drops: info.config.drops_messages(),
            is_replaced: AtomicBool::new(false),
            names: Mutex::default(),
            ledger: Mutex::default(),
            marks: Mutex::default(),
            highest: Mutex::default(),
        }
    }

    pub(super) fn highest(&self) -> MutexGuard<'_, Highest> {
        self.highest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NatsStore {
    /// Another reader of the same.
    pub(super) fn beside(&self) -> Self {
        Self { server: Arc::clone(&self.server), asking: Asking::default(), known: Known::default() }
    }

    pub(super) fn new(server: Server, asking: Asking) -> Self {
        Self { server: Arc::new(server), asking, known: Known::default() }
    }

    pub(super) fn failed(&self, error: NatsError) -> StoreError {
        failed(&self.server.address, error)
    }

    pub(super) fn wait<T>(&self, answer: impl Future<Output = Result<T, NatsError>>) -> Result<T, StoreError> {
        let line = &self.server.connection.line;
        // What is being taken up again is there soon, or not for long.
        let at_most = if line.is_lost() { TAKING_UP } else { self.server.connection.patience() };
        let answered = self.asking.wait(at_most, answer);
        answered.map_err(|error| self.failed(self.server.connection.failed(error)))
    }

    /// The same for what an append depends on: it is asked again for as long as that may help.
    pub(super) fn insist<T, F>(&self, ask: impl FnOnce(Connection) -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, NatsError>>,
    {
        let connection = &self.server.connection;
        let answered = self.asking.wait(INSISTING + ANSWERING, ask(connection.insisting()));
        answered.map_err(|error| self.failed(connection.failed(error)))
    }

    /// The messages of the stream as it was opened.
    pub(super) fn pull(&self, want: Want) -> Pull<'_> {
        let Server { connection, stream, edition, .. } = &*self.server;
        Pull::begin(connection, stream, &self.asking, want).of_stream_made(&edition.created)
    }

    pub(super) fn message(&self, which: Which<'_>) -> Result<Option<Seen>, StoreError> {
        self.wait(self.server.connection.message(&self.server.stream, which))
    }

    pub(super) fn last_under(&self, filter: &str) -> Result<Option<Seen>, StoreError> {
        if let Some(last) = self.message(Which::Last(filter))? {
            return Ok(Some(last));
        }
        // An older server forgets where a subject ends when its last message is deleted.
        let mut last = None;
        let to = self.info()?.state.last_seq;
        self.each(Want { from: 1, to, filter: Some(filter.to_owned()), headers_only: true }, &mut |seen| {
            last = Some(seen.sequence);
            Flow::Continue(())
        })?;
        last.map_or(Ok(None), |last| self.message(Which::At(last)))
    }

    /// Every message of a reading, until `visit` breaks.
    pub(super) fn each(&self, want: Want, visit: &mut dyn FnMut(Seen) -> Flow) -> Result<(), StoreError> {
        let mut pull = self.pull(want);
        loop {
            let some = pull.some(COUNTED).map_err(|error| self.failed(error))?;
            if some.is_empty() {
                return Ok(());
            }
            for seen in some {
                if visit(seen).is_break() {
                    return Ok(());
                }
            }
        }
    }

    pub(super) fn names(&self) -> MutexGuard<'_, Names> {
        self.server.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn mark(&self, stream: &StreamId) -> Option<Mark> {
        self.server.marks.lock().unwrap_or_else(PoisonError::into_inner).get(stream).copied()
    }

    pub(super) fn keep_mark(&self, stream: &StreamId, mark: Mark) {
        let mut marks = self.server.marks.lock().unwrap_or_else(PoisonError::into_inner);
        if marks.len() >= MARKS {
            marks.clear();
        }
        let known = marks.entry(stream.clone()).or_insert(mark);
        if mark.version > known.version {
            *known = mark;
        }
    }

    /// `None` while somebody is bringing it up to date.
    pub(super) fn ledger_if_free(&self) -> Option<MutexGuard<'_, Ledger>> {
        self.server.ledger.try_lock().ok()
    }

    /// Waits for whoever is bringing it up to date.
    pub(super) fn ledger(&self) -> Result<MutexGuard<'_, Ledger>, StoreError> {
        loop {
            match self.server.ledger.try_lock() {
                Ok(ledger) => return Ok(ledger),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => self.wait(async {
                    sleep(BETWEEN_ATTEMPTS).await;
                    Ok(())
                })?,
            }
        }
    }

    /// Walks over what is new up to this message.
    pub(super) fn bring_ledger_to(&self, to: u64) -> Result<MutexGuard<'_, Ledger>, StoreError> {
        let mut ledger = self.ledger()?;
        let layout = &self.server.layout;
        let want = Want { from: ledger.to + 1, to, filter: None, headers_only: layout.has_all_in_headers() };
        self.each(want, &mut |seen| {
            ledger.take(layout, &mut self.names(), &seen);
            Flow::Continue(())
        })?;
        ledger.walked(to);
        Ok(ledger)
    }

    fn up_to_date(&self) -> Result<MutexGuard<'_, Ledger>, StoreError> {
        self.bring_ledger_to(self.info()?.state.last_seq)
    }

    /// The events of one message.
    pub(super) fn events_of(&self, seen: &Seen, visit: &mut dyn FnMut(RecordedEvent)) -> Result<(), StoreError> {
        let layout = &self.server.layout;
        let counted =
            if layout.says_versions() { None } else { self.bring_ledger_to(seen.sequence)?.version(seen.sequence) };
        let (mut index, mut failed) = (0, None);
        let mut names = self.names();
        layout.events(seen, &mut |event| {
            let (stream, position) = (names.stream(&event.stream).0, layout.position(seen.sequence, index));
            let version = match event.version.or(counted) {
                None if layout.says_versions() => self.counted(&stream, position).unwrap_or_else(|error| {
                    failed = Some(error);
                    Version(0)
                }),
                version => version.unwrap_or_default(),
            };
            visit(RecordedEvent {
                position: Some(position),
                stream,
                version,
                event_type: names.event_type(&event.event_type),
                schema: event.schema,
                recorded_at: event.recorded_at,
                id: event.id,
                payload: event.payload.into_owned(),
                metadata: event.metadata.into_owned(),
            });
            index += 1;
        });
        failed.map_or(Ok(()), Err)
    }
}

impl Store for NatsStore {
    fn framework(&self) -> Framework {
        self.server.layout.framework()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            appends: self.read_only_reason().is_none(),
            has_kept_counts: false,
            has_feed: true,
            has_dense_positions: false,
            names_tell_categories: matches!(self.server.layout, Layout::Own { .. }),
            finds_by_position: true,
            finds_by_id: false,
            finds_by_link: false,
        }
    }

    fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        match self.server.layout {
            Layout::Own { .. } => None,
            Layout::Foreign(_) if self.framework() == Framework::MAPPED => Some(ReadOnlyReason::Mapping),
            Layout::Foreign(_) => Some(ReadOnlyReason::Framework),
        }
    }

    fn notice(&self) -> Option<Notice> {
        let Server { edition, drops, .. } = &*self.server;
        match (edition.first - 1).saturating_add(edition.missing) {
            0 if *drops => Some(Notice::DropsMessages),
            0 => None,
            gone => Some(Notice::MessagesGone(gone)),
        }
    }

    fn fingerprint(&self) -> Result<Option<String>, StoreError> {
        let info = self.info_of_any()?;
        let Edition { created, first, missing } = info.edition();
        Ok(Some(format!("{created}/{first}/{missing}/{}", info.state.last_seq)))
    }

    fn identity(&self) -> Option<String> {
        Some(self.server.edition.created.clone()).filter(|created| !created.is_empty())
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        let ledger = self.up_to_date()?;
        let longest = ledger.rows().map(|(_, row)| row).reduce(|a, b| if b.events > a.events { b } else { a });
        Ok(StoreInfo {
            framework: self.framework(),
            events: ledger.events,
            streams: ledger.streams(),
            event_types: largest_first(ledger.types.iter().map(|(name, count)| (name.to_string(), *count)).collect()),
            categories: ledger.categories(),
            first_at: ledger.first_at,
            last_at: ledger.last_at,
            longest_stream: longest,
            is_writable: self.is_writable(),
        })
    }

    fn categories(&self) -> Result<Vec<(String, u64)>, StoreError> {
        if !self.server.layout.tells_streams() || self.ledger()?.to > 0 {
            return Ok(self.up_to_date()?.categories());
        }
        // The server lists its subjects far faster than its messages.
        let Server { connection, stream, layout, .. } = &*self.server;
        let mut met: HashSet<String> = HashSet::new();
        let mut categories: HashMap<String, u64> = HashMap::new();
        self.wait(connection.subjects(stream, ">", &mut |subject, _| {
            let (category, stream) = layout.stream_of(subject);
            if layout.has_subject_a_stream() || met.insert(stream) {
                *categories.entry(category).or_default() += 1;
            }
        }))?;
        Ok(largest_first(categories.into_iter().collect()))
    }

    fn scan<'s>(&'s self, query: &Query) -> Result<Box<dyn Scan + 's>, StoreError> {
        if matches!(query.scope, Scope::Linked { .. }) {
            return linked_scan(self, query);
        }
        Ok(Box::new(NatsScan::begin(self, query)?))
    }

    fn visit_streams(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError> {
        if let Some(first) = self.first_alone(query)? {
            let _ = visit(first);
            return Ok(());
        }
        let StreamQuery { category, filter, order, limit } = query;
        let filter = filter.as_ref().map(|filter| filter.to_lowercase());
        let ledger = self.up_to_date()?;
        let mut rows: Vec<(u64, StreamRow)> = ledger
            .rows()
            .filter(|(_, row)| category.as_ref().is_none_or(|category| row.category == *category))
            .filter(|(_, row)| filter.as_ref().is_none_or(|filter| row.stream.as_str().to_lowercase().contains(filter)))
            .collect();
        drop(ledger);
        match order {
            StreamOrder::Began => {}
            StreamOrder::Recent => rows.sort_by_key(|(last, _)| std::cmp::Reverse(*last)),
            StreamOrder::Name => rows.sort_by(|a, b| a.1.stream.cmp(&b.1.stream)),
            StreamOrder::Longest => rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.events)),
        }
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        for (_, row) in rows.into_iter().take(limit) {
            if visit(row).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamRow>, StoreError> {
        let under = self.server.layout.under(stream);
        if under == Under::Nothing {
            return Ok(None);
        }
        // One stream is found without a walk over all, until there was one anyway.
        match under.filter() {
            Some(filter) if self.ledger()?.to == 0 => {
                NatsStore::info(self)?;
                self.stream_under(stream, filter)
            }
            _ => {
                let ledger = self.up_to_date()?;
                let key = self.names().stream(stream.as_str()).1;
                Ok(ledger.row(key))
            }
        }
    }

    fn event_by_id(&self, id: &EventId) -> Result<Option<RecordedEvent>, StoreError> {
        find::event(self, id)
    }

    fn verify(&self, report: &mut dyn FnMut(Finding), progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), StoreError> {
        verify::check(self, report, progress)
    }

    fn opener(&self) -> Opener {
        let server = Arc::clone(&self.server);
        Arc::new(move || {
            Ok(Box::new(Self { server: Arc::clone(&server), asking: Asking::default(), known: Known::default() }))
        })
    }

    fn is_current(&self) -> bool {
        !self.server.is_replaced.load(Ordering::Acquire)
    }

    fn interrupter(&self) -> Option<Interrupter> {
        Some(self.asking.interrupter())
    }

    fn shared_names(&self) -> Result<Option<Vec<String>>, StoreError> {
        super::bucket::names(self).map(Some)
    }

    fn shared_values(&self, name: &str, may_make: bool) -> Result<Option<Box<dyn SharedValues>>, StoreError> {
        bucket(self, name, may_make)
    }

    fn alarm(&self, ring: Ring) -> Option<Alarm> {
        watch::listen(self.server.connection.clone(), self.server.stream.clone(), ring)
    }

    fn changes<'s>(&'s self, after: &Cursor, columns: Columns) -> Result<Changes<'s>, StoreError> {
        Ok(match self.scan_behind(after, columns)? {
            Some(scan) => Changes::Grew(Box::new(scan)),
            None => Changes::Replaced,
        })
    }

    fn changes_of<'s>(
        &'s self,
        after: &Cursor,
        columns: Columns,
        is_wanted: &'s dyn Fn(&str) -> bool,
    ) -> Result<Changes<'s>, StoreError> {
        Ok(match self.scan_behind(after, columns)? {
            Some(scan) => Changes::Grew(Box::new(scan.of_some(is_wanted))),
            None => Changes::Replaced,
        })
    }
}

impl NatsStore {
    /// What comes behind a place; `None` where it is not what it was.
    fn scan_behind(&self, after: &Cursor, columns: Columns) -> Result<Option<NatsScan<'_>>, StoreError> {
        self.info_of_any()?;
        if !self.is_current() {
            return Ok(None);
        }
        let begin = |query: Query| NatsScan::begin(self, &query.columns(columns)).map(Some);
        let Some(place) = after.place() else { return begin(Query::store()) };
        let sequence = place.position.0 / self.server.layout.places();
        let mut is_there = false;
        if let Some(seen) = self.message(Which::At(sequence))? {
            self.server.layout.events(&seen, &mut |event| is_there |= event.id == place.id);
        }
        if !is_there {
            return Ok(None);
        }
        let next = Position(place.position.0.saturating_add(1));
        begin(Query::positions(Some(next), None))
    }
}
