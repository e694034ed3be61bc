//! Reading events: forward as the messages come, backward through windows that grow.

use std::collections::{HashMap, VecDeque};

use super::layout::{Decoded, Under};
use super::pull::{Pull, Want};
use super::seen::Seen;
use super::store::{Mark, NatsStore};
use crate::event::{ByNumber, EventBatch, EventRow, Position, StreamKey, Version};
use crate::store::{BatchSize, Direction, Query, Scan, Scope, StoreError};

/// The first window backward, and by how much the next ones are wider.
const WINDOW: u64 = 64;
const WIDER: u64 = 4;
/// A window whose messages are all wanted.
const WIDEST: u64 = 4096;
/// One of which few are.
const WIDEST_THIN: u64 = 1 << 20;
/// Messages of which few may be wanted are read in such handfuls.
const AT_ONCE: usize = 2048;

pub(super) struct NatsScan<'s> {
    store: &'s NatsStore,
    query: Query,
    source: Source<'s>,
    versions: Versions,
    size: BatchSize,
    left: u64,
    /// How many were left when messages were read last, and by how much more of them are read at once than those.
    left_then: Option<u64>,
    wider: usize,
    /// Met after events that are handed over first.
    failed: Option<StoreError>,
    /// The last event that was read of a stream that is read forward.
    mark: Option<Mark>,
    waiting: VecDeque<Seen>,
    chosen: Option<Chosen<'s>>,
}

/// The streams whose messages are looked into, where these are not all.
struct Chosen<'s> {
    is_wanted: &'s dyn Fn(&str) -> bool,
    /// The last message that was passed by since one was looked into, and how many there were.
    passed: Option<Seen>,
    count: usize,
}

enum Source<'s> {
    Nothing,
    Forward(Pull<'s>),
    Backward(Windows),
}

/// Where the versions of events come from that do not say theirs.
enum Versions {
    Counted(ByNumber<StreamKey, u64>),
    /// The store's ledger, which has been brought up to the end of what is read.
    Known,
}

/// What is read backward, and how far that has come.
struct Windows {
    first: u64,
    /// The last that is not read yet; nought at the end.
    to: u64,
    width: u64,
    filter: Option<String>,
    headers_only: bool,
}

impl<'s> NatsScan<'s> {
    pub(super) fn begin(store: &'s NatsStore, query: &Query) -> Result<Self, StoreError> {
        let mut scan = Self {
            store,
            query: query.clone(),
            source: Source::Nothing,
            versions: Versions::Counted(HashMap::default()),
            size: BatchSize::first_of(query),
            left: query.limit.unwrap_or(u64::MAX),
            left_then: None,
            wider: 1,
            failed: None,
            mark: None,
            waiting: VecDeque::new(),
            chosen: None,
        };
        if scan.left > 0 {
            scan.open()?;
        }
        Ok(scan)
    }

    /// The same, of some streams alone, where a subject tells them. Of the others a message is looked into now and then,
    /// and where it is the last.
    pub(super) fn of_some(mut self, is_wanted: &'s dyn Fn(&str) -> bool) -> Self {
        let chosen = Chosen { is_wanted, passed: None, count: 0 };
        self.chosen = Some(chosen).filter(|_| self.store.server.layout.tells_streams());
        self
    }

    fn open(&mut self) -> Result<(), StoreError> {
        let (store, layout) = (self.store, &self.store.server.layout);
        let state = store.info()?.state;
        let places = layout.places();
        let (mut first, mut to) = (state.first_seq.max(1), state.last_seq);
        let mut under = Under::Any;
        let mut counted_before = None;
        match &self.query.scope {
            Scope::Store { from, to: until } | Scope::Category { from, to: until, .. } => {
                first = first.max(from.map_or(0, |position| position.0 / places));
                to = to.min(until.map_or(u64::MAX, |position| position.0 / places));
                if let Scope::Category { name, .. } = &self.query.scope {
                    under = layout.under_category(name);
                }
            }
            Scope::Stream { id, from, .. } => {
                under = layout.under(id);
                let mark = store.mark(id).filter(|_| self.query.direction == Direction::Forward);
                if let Some(mark) = mark.filter(|mark| from.is_some_and(|from| from > mark.version)) {
                    first = first.max(mark.sequence + 1);
                    counted_before = Some(mark);
                }
            }
            Scope::Linked { .. } => {}
        }
        if under == Under::Nothing {
            return Ok(());
        }
        let headers_only = !self.query.columns.payload && layout.has_all_in_headers();
        if first > to {
            return Ok(());
        }
        let is_forward = self.query.direction == Direction::Forward;
        if !layout.says_versions() {
            if let (Some(mark), Scope::Stream { id, .. }) = (counted_before, &self.query.scope) {
                let key = store.names().stream(id.as_str()).1;
                self.versions = Versions::Counted([(key, mark.version.0)].into_iter().collect());
            } else if !is_forward || first > state.first_seq.max(1) {
                drop(store.bring_ledger_to(to)?);
                self.versions = Versions::Known;
            }
        }
        let filter = under.filter().map(str::to_owned);
        self.source = if is_forward {
            Source::Forward(store.pull(Want { from: first, to, filter, headers_only }))
        } else {
            // Where the last message is known, nothing between it and the end is looked through.
            let last = filter.as_deref().map(|filter| store.last_under(filter)).transpose()?;
            match last {
                Some(None) => return Ok(()),
                Some(Some(last)) if last.sequence <= to => {
                    to = last.sequence.saturating_sub(1);
                    self.waiting.push_back(last);
                }
                _ => {}
            }
            Source::Backward(Windows { first, to, width: WINDOW, filter, headers_only })
        };
        Ok(())
    }

    /// The next messages in the order of the query; none at the end.
    fn messages(&mut self) -> Result<(), StoreError> {
        let store = self.store;
        let most = if self.chosen.is_some() { AT_ONCE } else { self.size.most() };
        // Where none of those that came was wanted, what is looked for may be far.
        let is_in_vain = self.left_then.replace(self.left) == Some(self.left);
        self.wider = if is_in_vain { (self.wider * WIDER as usize).min(AT_ONCE) } else { 1 };
        let wish = (most as u64).min(self.left.max(1)) as usize;
        let wish = (wish * self.wider).min(AT_ONCE.max(most));
        match &mut self.source {
            Source::Nothing => {}
            Source::Forward(pull) => {
                let mut some = pull.some(wish).map_err(|error| store.failed(error))?;
                self.waiting.append(&mut some);
            }
            Source::Backward(windows) => {
                while self.waiting.is_empty() && windows.to >= windows.first {
                    let mut some = windows.next(store)?;
                    some.make_contiguous().reverse();
                    self.waiting.append(&mut some);
                }
            }
        }
        if self.waiting.is_empty() {
            self.source = Source::Nothing;
        }
        Ok(())
    }

    fn fill(&mut self, batch: &mut EventBatch) -> Result<(), StoreError> {
        while self.left > 0 && !self.size.is_reached(batch) {
            if self.waiting.is_empty() {
                self.messages()?;
                if self.waiting.is_empty() {
                    return self.tell_place(batch);
                }
            }
            self.decode(batch)?;
            if self.waiting.is_empty() && self.chosen.as_ref().is_some_and(|chosen| chosen.count >= AT_ONCE) {
                self.tell_place(batch)?;
                if !batch.is_empty() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Hands over the last of what was passed by: it says how far the reading is.
    fn tell_place(&mut self, batch: &mut EventBatch) -> Result<(), StoreError> {
        let Some(mut chosen) = self.chosen.take() else { return Ok(()) };
        chosen.count = 0;
        self.waiting.extend(chosen.passed.take());
        let told = self.decode(batch);
        self.chosen = Some(chosen);
        told
    }

    /// Turns messages that are there into events.
    fn decode(&mut self, batch: &mut EventBatch) -> Result<(), StoreError> {
        let Self { store, query, versions, size, left, mark, waiting, source, chosen, .. } = self;
        let layout = &store.server.layout;
        let ledger = match versions {
            Versions::Known => Some(store.ledger()?),
            Versions::Counted(_) => None,
        };
        let mut names = store.names();
        let mut is_over = false;
        while *left > 0 && !is_over && !size.is_reached(batch) {
            let Some(seen) = waiting.pop_front() else { break };
            if let Some(chosen) = chosen {
                if !(chosen.is_wanted)(&layout.stream_name(seen.subject())) {
                    (chosen.passed, chosen.count) = (Some(seen), chosen.count + 1);
                    continue;
                }
                (chosen.passed, chosen.count) = (None, 0);
            }
            let (mut within, mut failed) = (0, None);
            let mut push = |event: &Decoded<'_>, index: u64| {
                let (stream, key) = names.stream(&event.stream);
                let version = match (event.version, &mut *versions) {
                    (Some(version), _) => version,
                    (None, _) if layout.says_versions() => {
                        store.counted(&stream, layout.position(seen.sequence, index)).unwrap_or_else(|error| {
                            failed = Some(error);
                            Version(0)
                        })
                    }
                    (None, Versions::Counted(counts)) => {
                        let count = counts.entry(key).or_default();
                        *count += 1;
                        Version(*count)
                    }
                    (None, Versions::Known) => {
                        ledger.as_ref().and_then(|ledger| ledger.version(seen.sequence)).unwrap_or_default()
                    }
                };
                let position = layout.position(seen.sequence, index);
                let event_type = names.event_type(&event.event_type);
                let row = EventRow {
                    position: Some(position),
                    stream_key: key,
                    stream: &stream,
                    version,
                    event_type: &event_type,
                    schema: event.schema,
                    recorded_at: event.recorded_at,
                    id: event.id.clone(),
                    payload: if query.columns.payload { &event.payload } else { &[] },
                    metadata: if query.columns.metadata { &event.metadata } else { &[] },
                };
                let category = event.category.as_deref().unwrap_or_else(|| stream.category());
                match wanted(query, &row, category) {
                    Wanted::Yes if *left > 0 => {
                        *left -= 1;
                        batch.push(&row);
                    }
                    Wanted::Yes | Wanted::No => {}
                    Wanted::NorAnyBehind => is_over = true,
                }
                if matches!(&query.scope, Scope::Stream { id, .. } if *id == stream) {
                    *mark = Some(Mark { version, sequence: seen.sequence });
                }
            };
            if query.direction == Direction::Forward {
                layout.events(&seen, &mut |event| {
                    push(&event, within);
                    within += 1;
                });
            } else {
                // Only envelopes hold more than one.
                let mut events = Vec::new();
                layout.events(&seen, &mut |event| events.push(owned(event)));
                for (index, event) in events.iter().enumerate().rev() {
                    push(event, index as u64);
                }
            }
            if let Some(failed) = failed {
                return Err(failed);
            }
        }
        if is_over {
            *source = Source::Nothing;
            waiting.clear();
        }
        Ok(())
    }
}

fn owned(event: Decoded<'_>) -> Decoded<'static> {
    let Decoded { stream, category, version, event_type, schema, recorded_at, id, payload, metadata } = event;
    Decoded {
        stream: stream.into_owned().into(),
        category: category.map(|category| category.into_owned().into()),
        version,
        event_type: event_type.into_owned().into(),
        schema,
        recorded_at,
        id,
        payload: payload.into_owned().into(),
        metadata: metadata.into_owned().into(),
    }
}

enum Wanted {
    Yes,
    No,
    /// And what comes after it neither.
    NorAnyBehind,
}

fn wanted(query: &Query, row: &EventRow<'_>, category: &str) -> Wanted {
    let is_between = |from: &Option<Position>, to: &Option<Position>| {
        from.is_none_or(|from| row.position >= Some(from)) && to.is_none_or(|to| row.position <= Some(to))
    };
    let is_in_scope = match &query.scope {
        Scope::Store { from, to } => is_between(from, to),
        Scope::Category { name, from, to } => is_between(from, to) && category == name,
        Scope::Stream { id, from, to } => {
            if row.stream != id {
                return Wanted::No;
            }
            let (is_early, is_late) =
                (from.is_some_and(|from| row.version < from), to.is_some_and(|to| row.version > to));
            let is_past = if query.direction == Direction::Forward { is_late } else { is_early };
            if is_past {
                return Wanted::NorAnyBehind;
            }
            !is_early && !is_late
        }
        Scope::Linked { .. } => true,
    };
    let is_of_type = query.event_type.as_ref().is_none_or(|wanted| wanted == row.event_type);
    if is_in_scope && is_of_type { Wanted::Yes } else { Wanted::No }
}

impl Windows {
    /// The messages of the next window, in the order of the stream.
    fn next(&mut self, store: &NatsStore) -> Result<VecDeque<Seen>, StoreError> {
        let from = self.first.max((self.to + 1).saturating_sub(self.width));
        let want = Want { from, to: self.to, filter: self.filter.clone(), headers_only: self.headers_only };
        let mut pull = store.pull(want);
        let mut all = VecDeque::new();
        loop {
            let mut some = pull.some(self.width as usize).map_err(|error| store.failed(error))?;
            if some.is_empty() {
                break;
            }
            all.append(&mut some);
        }
        self.to = from - 1;
        let is_thin = (all.len() as u64) < self.width / WIDER;
        self.width = (self.width * WIDER).min(if is_thin { WIDEST_THIN } else { WIDEST }).max(WINDOW);
        Ok(all)
    }
}

impl Scan for NatsScan<'_> {
    fn next_batch(&mut self, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        if let Some(failed) = self.failed.take() {
            self.source = Source::Nothing;
            return Err(failed);
        }
        let read = self.fill(batch);
        self.size.grow();
        match read {
            Err(error) if batch.is_empty() => {
                self.source = Source::Nothing;
                Err(error)
            }
            Err(error) => {
                self.failed = Some(error);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

impl Drop for NatsScan<'_> {
    fn drop(&mut self) {
        if let (Some(mark), Scope::Stream { id, .. }, Direction::Forward) =
            (self.mark, &self.query.scope, self.query.direction)
        {
            self.store.keep_mark(id, mark);
        }
    }
}
