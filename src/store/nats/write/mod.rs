//! The appending half. What a stream's last message is and what it says are asked of the server that leads; the append
//! names that message, so that of two writers one wins, whichever server each talks to. It is recorded once the server
//! has said so, which it does when most of its copies have it.

mod bulk;
mod carrier;
mod create;
mod known;
mod publish;

use std::collections::HashSet;
use std::time::Instant;

use super::connection::Which;
use super::layout::Layout;
use super::message::{self, Hash, Placed};
use super::seen::Seen;
use super::store::NatsStore;
use crate::event::{EventId, NewEvent, Position, RecordedEvent, StreamId, Version};
use crate::store::native::chain::ROOT;
use crate::store::{
    AppendError, Appended, Columns, Conflict, Expected, Flow, NatsError, Query, ReadOnlyReason, ServerDetail, Store,
    StoreError, Writer, check_call, check_version, same_content,
};

pub use bulk::BroughtIn;
pub(in crate::store) use bulk::bring_in;
pub use create::ServerTarget;
pub(in crate::store) use create::target;
pub(super) use known::{CLOCKS_AGREE, Known, first_since, made_at};
use publish::{BETWEEN_ATTEMPTS, Message, Outcome, PATIENCE, WHOLE};

/// A store that is open to be written to; anything but Foldline's own layout is only read.
pub(super) fn opened(store: NatsStore) -> Result<Box<dyn Writer>, StoreError> {
    match store.read_only_reason() {
        None => Ok(Box::new(store)),
        Some(reason) => Err(only_reads(&store, reason)),
    }
}

fn only_reads(store: &NatsStore, reason: ReadOnlyReason) -> StoreError {
    StoreError::OnlyReads { place: store.server.address.to_string(), reason }
}

/// How often an append is tried anew after another writer came first.
const TRIES: usize = 8;

/// A server takes no subject that does not fit into a line of its protocol, with all that stands there besides.
const LONGEST_SUBJECT: usize = 3_500;

/// What a server takes as one: 64 KB of headers, and some that it adds itself.
const MOST_HEADERS: usize = 60_000;

/// What a server takes as one atomic batch.
const LARGEST_BATCH: usize = 1_000;

/// The places in a message that holds several events.
const LARGEST_ENVELOPE: usize = super::layout::PLACES as usize;

/// Where a stream ends, in a message that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tail {
    /// Of its last message.
    sequence: u64,
    hash: Hash,
}

impl Writer for NatsStore {
    fn append(&mut self, stream: &StreamId, expected: Expected, events: &[NewEvent]) -> Result<Appended, AppendError> {
        check_call(stream, events)?;
        let subject = self.subject(stream)?;
        let mut was_tried = false;
        // Each question may take its time, and all of them together no more than this.
        self.asking.set_until(Some(Instant::now() + WHOLE));
        let answer = self.append_under(&subject, stream, expected, events, &mut was_tried);
        self.asking.set_until(None);
        match answer {
            // What may have been taken isn't said to have failed, whatever came between.
            Err(AppendError::Store(StoreError::Nats { error, .. }))
                if was_tried && !matches!(*error, NatsError::Undecided { .. }) =>
            {
                Err(self.unsettled(true, events, *error).into())
            }
            answer => answer,
        }
    }
}

impl NatsStore {
    /// `was_tried` becomes true where an attempt was made of which nobody knows what became.
    fn append_under(
        &mut self,
        subject: &str,
        stream: &StreamId,
        expected: Expected,
        events: &[NewEvent],
        was_tried: &mut bool,
    ) -> Result<Appended, AppendError> {
        let (began, mut tries, mut tried_behind) = (Instant::now(), 0, None);
        let mut was_looked_for = false;
        while tries < TRIES {
            let last = self.last_message(subject)?;
            // Each time: servers that an attempt waited for may come back with another stream of that name.
            let held = self.insisted_info()?.state.last_seq;
            // A server whose disk is full may lead on without what it has just acknowledged, and take a second event of
            // the same version.
            let (shown, acknowledged) =
                (last.as_ref().map_or(0, |last| last.sequence), self.known.acknowledged(stream));
            if shown < acknowledged {
                if began.elapsed() > PATIENCE {
                    return Err(self.failed(NatsError::ShowsLess { shown, acknowledged }).into());
                }
                std::thread::sleep(BETWEEN_ATTEMPTS);
                continue;
            }
            let tail = last.as_ref().map(|seen| self.tail(seen)).transpose()?;
            if let Some(mut there) = self.already_recorded(stream, subject, events, last.as_ref())? {
                there.already_there &= !*was_tried;
                return Ok(there);
            }
            let version = last.as_ref().map(|last| self.highest(stream, subject, last)).transpose()?;
            if !expected.holds(version) {
                let conflict = self.conflict(stream, expected, version)?;
                return Err(AppendError::Conflict(Box::new(conflict)));
            }
            let first = version.map_or(Version(0), |last| Version(last.0.saturating_add(1)));
            if events.is_empty() {
                let last = version.unwrap_or_default();
                return Ok(Appended { first, last, position: None, already_there: false });
            }
            check_version(stream, Version(first.0.saturating_add(events.len() as u64 - 1)))?;
            let placed = chained(tail.map_or(ROOT, |tail| tail.hash), stream, first, events);
            let messages = self.messages(subject, &placed)?;
            let behind = tail.map_or(0, |tail| tail.sequence);
            let settled = self.settle(&messages, (behind, held), events, began + WHOLE)?;
            *was_tried |= settled.was_unsure;
            match settled.outcome {
                Outcome::Recorded { sequence } => {
                    self.known.note(stream, behind, sequence, &placed);
                    let last = placed.last().map_or(first, |last| last.version);
                    self.note_highest(stream, sequence, last);
                    return Ok(self.appended(first, sequence, events.len()));
                }
                // Something is on its way in this stream, and nobody can see it yet: an append that was made as servers
                // died is taken or given up when the others have agreed.
                Outcome::Behind if tried_behind == Some(behind) && began.elapsed() < PATIENCE => {
                    std::thread::sleep(BETWEEN_ATTEMPTS);
                }
                // Somebody has recorded one of these ids, or something in this stream: the next look says what.
                Outcome::Behind => (tries, tried_behind) = (tries + 1, Some(behind)),
                Outcome::IdTaken => {
                    let last = self.last_message(subject)?;
                    self.insisted_info()?;
                    if let Some(there) = self.already_recorded(stream, subject, events, last.as_ref())? {
                        return Ok(Appended { already_there: !*was_tried, ..there });
                    }
                    if !was_looked_for && let Some(id) = self.taken_elsewhere(events)? {
                        return Err(AppendError::IdTaken(id));
                    }
                    was_looked_for = true;
                    // A server remembers ids before it writes: what it could not write, for want of room, may never come
                    // to be there, and what the others have not agreed on yet may.
                    *was_tried = true;
                    if began.elapsed() > PATIENCE {
                        return Err(self.not_to_be_seen(events).into());
                    }
                    std::thread::sleep(BETWEEN_ATTEMPTS);
                }
            }
        }
        Err(self.failed(NatsError::Busy).into())
    }

    fn own(&self) -> Result<(&str, bool), StoreError> {
        match &self.server.layout {
            Layout::Own { store, has_envelopes } => Ok((store.as_str(), *has_envelopes)),
            Layout::Foreign(_) => Err(only_reads(self, ReadOnlyReason::Framework)),
        }
    }

    fn subject(&self, stream: &StreamId) -> Result<String, StoreError> {
        let (store, _) = self.own()?;
        let subject = message::subject_of(store, stream);
        if subject.len() > LONGEST_SUBJECT {
            return Err(self.failed(NatsError::NameTooLong { length: subject.len(), most: LONGEST_SUBJECT }));
        }
        Ok(subject)
    }

    /// As the server that leads has it.
    fn last_message(&self, subject: &str) -> Result<Option<Seen>, StoreError> {
        let stream = &self.server.stream;
        self.insist(async |connection| connection.message(stream, Which::Last(subject)).await)
    }

    /// Where the stream of this last message ends; an error where another program left something there that cannot be
    /// gone on from.
    fn tail(&self, seen: &Seen) -> Result<Tail, StoreError> {
        let mut tail = None;
        let stream = StreamId::new(message::stream_of(&self.server.stream, seen.subject()).unwrap_or_default());
        let read = seen.headers().map(|headers| {
            message::read_chained(headers, seen.body(), &mut |event| {
                let hash = event.hash.unwrap_or_else(|| event.hash_behind(&ROOT, &stream));
                tail = Some(Tail { sequence: seen.sequence, hash });
            })
        });
        match (tail, read) {
            (Some(tail), _) => Ok(tail),
            (None, Some(Err(flaw))) => Err(self.failed(NatsError::Stray { sequence: seen.sequence, flaw })),
            (None, _) => {
                let flaw = message::MessageFlaw::Missing("Foldline-Schema");
                Err(self.failed(NatsError::Stray { sequence: seen.sequence, flaw }))
            }
        }
    }

    /// Where these events stand, if all of them were recorded before; an error where an id is taken by another.
    fn already_recorded(
        &mut self,
        stream: &StreamId,
        subject: &str,
        events: &[NewEvent],
        last: Option<&Seen>,
    ) -> Result<Option<Appended>, AppendError> {
        let Some(last) = last else { return Ok(None) };
        let versions = known::versions_of(self, stream, subject, events, last)?;
        let mut there: Vec<RecordedEvent> = Vec::new();
        for (event, version) in events.iter().zip(versions) {
            let Some(version) = version else { continue };
            match self.event_at(stream, version)? {
                Some(recorded) if recorded.id == event.id && same_content(stream, event, &recorded) => {
                    there.push(recorded);
                }
                Some(recorded) if recorded.id == event.id => return Err(AppendError::IdTaken(event.id.clone())),
                // What was seen there is there no more, or not at the server that was asked.
                _ => {
                    self.known.forget(stream);
                    return Err(self.not_to_be_seen(events).into());
                }
            }
        }
        Appended::before(events, &there)
    }

    /// Of ids of which the server says that one is recorded already: which is, in whatever stream.
    fn taken_elsewhere(&self, events: &[NewEvent]) -> Result<Option<EventId>, StoreError> {
        let ids: HashSet<&EventId> = events.iter().map(|event| &event.id).collect();
        let mut taken = None;
        self.visit_events(&Query::store().backward().columns(Columns::HEADS), &mut |row| {
            taken = ids.get(&row.id).map(|id| (*id).clone());
            if taken.is_some() { Flow::Break(()) } else { Flow::Continue(()) }
        })?;
        Ok(taken)
    }

    fn not_to_be_seen(&self, events: &[NewEvent]) -> StoreError {
        let id = events.first().map(|event| event.id.to_string()).unwrap_or_default();
        self.failed(NatsError::Undecided { id, detail: ServerDetail::IdWithoutEvent })
    }

    fn conflict(&self, stream: &StreamId, expected: Expected, actual: Option<Version>) -> Result<Conflict, StoreError> {
        let after = match expected {
            Expected::Exact(version) => version.0.checked_add(1),
            Expected::NoStream | Expected::Any => Some(0),
        };
        let mut since = Vec::new();
        if let Some(after) = after.filter(|after| actual.is_some_and(|actual| *after <= actual.0)) {
            let query = Query::stream(stream.clone()).between(Some(Version(after)), actual);
            self.visit_events(&query, &mut |row| {
                since.push(row.to_recorded());
                Flow::Continue(())
            })?;
        }
        Ok(Conflict { stream: stream.clone(), expected, actual, since })
    }

    /// How events become messages here: each its own, or all of them one.
    fn messages(&self, subject: &str, placed: &[Placed<'_>]) -> Result<Vec<Message>, StoreError> {
        let (_, has_envelopes) = self.own()?;
        let most = if has_envelopes { LARGEST_ENVELOPE } else { LARGEST_BATCH };
        if placed.len() > most {
            return Err(self.failed(NatsError::TooMany { count: placed.len(), most }));
        }
        if has_envelopes && placed.len() > 1 {
            return Ok(vec![self.fitting(subject, message::as_envelope(placed))?]);
        }
        let connection = &self.server.connection;
        // An older one would take the messages of a batch one by one, and so perhaps not all of them.
        if placed.len() > 1 && !connection.is_at_least(2, 12) {
            let found = connection.client.server_info().version;
            return Err(self.failed(NatsError::TooOld { found, needed: "2.12" }));
        }
        placed.iter().map(|one| self.message_of(subject, one)).collect()
    }

    fn message_of(&self, subject: &str, placed: &Placed<'_>) -> Result<Message, StoreError> {
        let written = message::as_message(placed);
        match written.headers_len() {
            headers if headers <= MOST_HEADERS => self.fitting_with(subject, written, headers),
            _ => self.fitting(subject, message::as_envelope(std::slice::from_ref(placed))),
        }
    }

    /// Refuses what the server would refuse: some of it by hanging up.
    fn fitting(&self, subject: &str, written: message::Written) -> Result<Message, StoreError> {
        let headers = written.headers_len();
        self.fitting_with(subject, written, headers)
    }

    fn fitting_with(&self, subject: &str, written: message::Written, headers: usize) -> Result<Message, StoreError> {
        let most = self.server.connection.client.max_payload();
        if headers > MOST_HEADERS {
            return Err(self.failed(NatsError::NameTooLong { length: headers, most: MOST_HEADERS }));
        }
        // Room for what an append adds to them.
        let length = headers + written.body.len() + 512;
        if length > most {
            return Err(self.failed(NatsError::TooLarge { length, most }));
        }
        Ok(Message { subject: subject.to_owned(), headers: written.headers, body: written.body })
    }

    fn appended(&self, first: Version, sequence: u64, count: usize) -> Appended {
        let places = self.server.layout.places();
        let is_one = places > 1;
        let within = if is_one { count as u64 - 1 } else { 0 };
        Appended {
            first,
            last: Version(first.0 + count as u64 - 1),
            position: Some(Position(sequence * places + within)),
            already_there: false,
        }
    }
}

fn chained<'a>(mut before: Hash, stream: &'a StreamId, first: Version, events: &'a [NewEvent]) -> Vec<Placed<'a>> {
    let placed = events.iter().zip(first.0..).map(|(event, version)| {
        let placed = Placed::behind(&before, stream, Version(version), event);
        before = placed.hash;
        placed
    });
    placed.collect()
}
