//! Which of the ids of an append a stream has already. The server itself remembers ids for two minutes; what is older is
//! looked up in the stream.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::connection::Which;
use super::super::layout::is_believed;
use super::super::message::{self, Placed};
use super::super::pull::Want;
use super::super::seen::Seen;
use super::super::store::NatsStore;
use crate::event::{EventId, NewEvent, StreamId, Timestamp, Version};
use crate::store::{Flow, StoreError};

/// The ids of streams that were appended to.
#[derive(Debug, Default)]
pub(in super::super) struct Known {
    streams: HashMap<StreamId, Ids>,
    acknowledged: HashMap<StreamId, u64>,
}

#[derive(Debug, Default)]
struct Ids {
    /// Everything that came since is known; `None`: everything.
    since: Option<Timestamp>,
    /// Up to this message.
    to: u64,
    versions: HashMap<EventId, Version>,
}

/// How many ids are held in all.
const HELD: usize = 200_000;
/// Of so many streams it is held what was acknowledged.
const STREAMS_HELD: usize = 10_000;

/// An id that says when it was made was not recorded before that, by clocks that agree within so many microseconds.
pub(in super::super) const CLOCKS_AGREE: i64 = 3_600_000_000;

impl Known {
    /// The last message of a stream that a server said to have recorded for this program; 0 for none.
    pub(super) fn acknowledged(&self, stream: &StreamId) -> u64 {
        self.acknowledged.get(stream).copied().unwrap_or_default()
    }

    /// What was recorded behind that message.
    pub(super) fn note(&mut self, stream: &StreamId, behind: u64, sequence: u64, placed: &[Placed<'_>]) {
        if self.acknowledged.len() >= STREAMS_HELD {
            self.acknowledged.clear();
        }
        self.acknowledged.insert(stream.clone(), sequence);
        if behind == 0 {
            self.make_room();
            self.streams.insert(stream.clone(), Ids::default());
        }
        if let Some(ids) = self.streams.get_mut(stream).filter(|ids| ids.to == behind) {
            ids.to = sequence;
            ids.versions.extend(placed.iter().map(|placed| (placed.event.id.clone(), placed.version)));
        }
    }

    pub(super) fn forget(&mut self, stream: &StreamId) {
        self.streams.remove(stream);
    }

    fn make_room(&mut self) {
        if self.streams.values().map(|ids| ids.versions.len() + 16).sum::<usize>() > HELD {
            self.streams.clear();
        }
    }
}

/// Where each of these events stands in a stream, by its id. `last` is the stream's last message.
pub(super) fn versions_of(
    store: &mut NatsStore,
    stream: &StreamId,
    subject: &str,
    events: &[NewEvent],
    last: &Seen,
) -> Result<Vec<Option<Version>>, StoreError> {
    let since = earliest(events);
    if events.is_empty() || since.is_some_and(|since| last.at < since) {
        return Ok(vec![None; events.len()]);
    }
    let known = store.known.streams.get(stream).filter(|ids| ids.since.is_none_or(|known| Some(known) <= since));
    let (from, is_new) = match (known, since) {
        (Some(ids), _) => (ids.to + 1, false),
        (None, None) => (1, true),
        (None, Some(since)) => (first_since(store, since, last.sequence)?, true),
    };
    let mut found = Vec::new();
    if from <= last.sequence {
        let headers_only = store.server.layout.has_all_in_headers();
        let want = Want { from, to: last.sequence, filter: Some(subject.to_owned()), headers_only };
        store.each(want, &mut |seen| {
            // What cannot be read has no id that anybody could repeat.
            let mut index = 0;
            let _ = seen.headers().map(|headers| {
                message::read_chained(headers, seen.body(), &mut |event| {
                    let version = Some(event.version).filter(|version| is_believed(*version, seen.sequence));
                    found.push((event.id, version, store.server.layout.position(seen.sequence, index)));
                    index += 1;
                })
            });
            Flow::Continue(())
        })?;
    }
    let found = found.into_iter().map(|(id, version, position)| match version {
        Some(version) => Ok((id, version)),
        None => Ok((id, store.counted(stream, position)?)),
    });
    let found = found.collect::<Result<Vec<_>, StoreError>>()?;
    if is_new {
        store.known.make_room();
        store.known.streams.insert(stream.clone(), Ids { since, ..Ids::default() });
    }
    let ids = store.known.streams.entry(stream.clone()).or_default();
    ids.to = ids.to.max(last.sequence);
    ids.versions.extend(found);
    Ok(events.iter().map(|event| ids.versions.get(&event.id).copied()).collect())
}

/// The moment before which none of these ids was made; `None` where one of them does not say.
fn earliest(events: &[NewEvent]) -> Option<Timestamp> {
    let mut earliest: Option<Timestamp> = None;
    for event in events {
        let made = made_at(&event.id)?;
        earliest = Some(earliest.map_or(made, |earliest| earliest.min(made)));
    }
    earliest.map(|made| made.plus_micros(-CLOCKS_AGREE))
}

/// When an id of the kind that begins with its time was made. One that lies ahead says nothing.
pub(in super::super) fn made_at(id: &EventId) -> Option<Timestamp> {
    let EventId::Uuid(bytes) = id else { return None };
    let ([millis @ .., _, _], _) = bytes.split_first_chunk::<8>()?;
    if bytes[6] >> 4 != 7 {
        return None;
    }
    let millis = millis.iter().fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
    let micros = millis.checked_mul(1_000)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_micros();
    (micros as u128 <= now + 1_000_000).then(|| Timestamp::from_micros(micros))
}

/// The first message of the store that came at that moment or later; `to`, the last, where none did.
pub(in super::super) fn first_since(store: &NatsStore, since: Timestamp, to: u64) -> Result<u64, StoreError> {
    let is_since = |sequence: u64| -> Result<bool, StoreError> {
        Ok(store.message(Which::Next(sequence, ">"))?.is_none_or(|seen| seen.at >= since))
    };
    // From the end back, in steps that grow: what is looked for is seldom far.
    let (mut after, mut step) = (to, 64);
    while after > 1 && is_since(after.saturating_sub(step).max(1))? {
        after = after.saturating_sub(step).max(1);
        step *= 4;
    }
    let mut before = after.saturating_sub(step);
    while before + 1 < after {
        let middle = before + (after - before) / 2;
        if is_since(middle)? { after = middle } else { before = middle }
    }
    Ok(after.max(1))
}
