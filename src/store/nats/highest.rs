//! The highest version of a stream, behind which the next event comes. Nearly always that of its last message; but another
//! program may have left any number anywhere, and none is to be given twice for that. Neither how many messages there are
//! tells it, nor the first and the last of them: each is looked at once, and then those that are new.
//!
//! A number so high that hardly any is left behind it is not believed: such an event counts as the one behind the highest
//! before it, for everybody who reads, appends or verifies.

use std::collections::HashMap;

use super::connection::Which;
use super::pull::Want;
use super::seen::Seen;
use super::store::NatsStore;
use crate::event::{Position, StreamId, Version};
use crate::store::{Flow, StoreError};

/// So many messages are asked for one by one before a reading is begun for the others.
const FEW: usize = 4;

/// Of so many streams it is kept, and of so many events that are counted.
const HELD: usize = 10_000;
const COUNTED: usize = 1_000_000;

/// What is known of the streams that were looked through.
#[derive(Debug, Default)]
pub(super) struct Highest {
    streams: HashMap<StreamId, Walked>,
    /// The versions of events whose messages are not believed, by where they stand.
    counted: HashMap<Position, Version>,
}

/// A stream up to the message with this sequence.
#[derive(Clone, Copy, Debug, Default)]
struct Walked {
    to: u64,
    highest: Option<Version>,
}

impl NatsStore {
    /// Of a stream whose messages are under this subject, up to this one.
    pub(super) fn highest(&self, stream: &StreamId, subject: &str, last: &Seen) -> Result<Version, StoreError> {
        let known = self.server.highest().streams.get(stream).copied().or_else(|| self.walked_by_ledger(stream));
        self.walk(stream, subject, last, known)
    }

    /// As far as all messages of the store were gone through, so was each stream.
    fn walked_by_ledger(&self, stream: &StreamId) -> Option<Walked> {
        let key = self.names().stream(stream.as_str()).1;
        let (to, row) = self.ledger_if_free()?.last_of(key)?;
        Some(Walked { to, highest: Some(row.last_version) })
    }

    /// On from where it is known, if that is anywhere.
    fn walk(
        &self,
        stream: &StreamId,
        subject: &str,
        last: &Seen,
        known: Option<Walked>,
    ) -> Result<Version, StoreError> {
        let mut walked = known.filter(|known| known.to <= last.sequence).unwrap_or_default();
        if walked.to == last.sequence {
            return Ok(walked.highest.unwrap_or_default());
        }
        self.make_room();
        for _ in 0..FEW {
            let name = &self.server.stream;
            let which = Which::Next(walked.to + 1, subject);
            let next = self.insist(async |connection| connection.message(name, which).await)?;
            let Some(next) = next.filter(|next| next.sequence < last.sequence) else {
                walked.to = last.sequence - 1;
                break;
            };
            self.walk_over(&next, stream, &mut walked);
        }
        let headers_only = self.server.layout.has_all_in_headers();
        let want = Want { from: walked.to + 1, to: last.sequence - 1, filter: Some(subject.to_owned()), headers_only };
        let read = self.each(want, &mut |seen| {
            self.walk_over(&seen, stream, &mut walked);
            Flow::Continue(())
        });
        if read.is_ok() {
            self.walk_over(last, stream, &mut walked);
        }
        // Where somebody interrupts, or a server falls silent, what was seen by then counts the next time.
        self.note_walked(stream, walked);
        read.map(|()| walked.highest.unwrap_or_default())
    }

    /// What is known without looking.
    pub(super) fn note_highest(&self, stream: &StreamId, to: u64, highest: Version) {
        self.note_walked(stream, Walked { to, highest: Some(highest) });
    }

    fn note_walked(&self, stream: &StreamId, walked: Walked) {
        let mut held = self.server.highest();
        let known = held.streams.entry(stream.clone()).or_insert(walked);
        if walked.to > known.to {
            *known = Walked { to: walked.to, highest: walked.highest.max(known.highest) };
        }
    }

    /// Before a stream is looked through, so that what comes of it is there when it was.
    fn make_room(&self) {
        let mut held = self.server.highest();
        let Highest { streams, counted } = &mut *held;
        if streams.len() >= HELD || counted.len() >= COUNTED {
            streams.clear();
            counted.clear();
        }
    }

    /// Where an event stands in its stream whose message is not believed.
    pub(super) fn counted(&self, stream: &StreamId, position: Position) -> Result<Version, StoreError> {
        let known = || self.server.highest().counted.get(&position).copied();
        let under = self.server.layout.under(stream);
        let Some(subject) = under.filter() else { return Ok(Version(0)) };
        if let Some(version) = known() {
            return Ok(version);
        }
        let Some(last) = self.last_under(subject)? else { return Ok(Version(0)) };
        // On to where the stream ends now, and from its beginning where what was met before was let go of.
        let walked = self.server.highest().streams.get(stream).copied();
        self.walk(stream, subject, &last, walked)?;
        if known().is_none() {
            self.walk(stream, subject, &last, None)?;
        }
        Ok(known().unwrap_or_default())
    }

    /// What cannot be read has no version.
    fn walk_over(&self, seen: &Seen, stream: &StreamId, walked: &mut Walked) {
        let (layout, mut index) = (&self.server.layout, 0);
        layout.events(seen, &mut |event| {
            let position = layout.position(seen.sequence, index);
            index += 1;
            if event.stream != stream.as_str() {
                return;
            }
            let version = event.version.unwrap_or_else(|| {
                let behind = walked.highest.map_or(Version(0), |highest| Version(highest.0.saturating_add(1)));
                self.server.highest().counted.insert(position, behind);
                behind
            });
            walked.highest = walked.highest.max(Some(version));
        });
        walked.to = seen.sequence;
    }
}
