//! The highest version of a stream, behind which the next event comes. Nearly always that of its last message; but another
//! program may have left any number anywhere, and none is to be given twice for that. Neither how many messages there are
//! tells it, nor the first and the last of them: each is looked at once, and then those that are new.

use super::connection::Which;
use super::pull::Want;
use super::seen::Seen;
use super::store::NatsStore;
use crate::event::{StreamId, Version};
use crate::store::{Flow, StoreError};

/// So many messages are asked for one by one before a reading is begun for the others.
const FEW: usize = 4;

/// Of so many streams it is kept.
const HELD: usize = 10_000;

impl NatsStore {
    /// Of a stream whose messages are under this subject, up to this one.
    pub(super) fn highest(&self, stream: &StreamId, subject: &str, last: &Seen) -> Result<Version, StoreError> {
        let known = self.server.highest().get(stream).copied();
        let (mut walked, mut highest) = known.filter(|(to, _)| *to <= last.sequence).unwrap_or_default();
        if walked == last.sequence {
            return Ok(highest);
        }
        for _ in 0..FEW {
            let name = &self.server.stream;
            let which = Which::Next(walked + 1, subject);
            let next = self.insist(async |connection| connection.message(name, which).await)?;
            let Some(next) = next.filter(|next| next.sequence < last.sequence) else {
                walked = last.sequence - 1;
                break;
            };
            (walked, highest) = (next.sequence, highest.max(self.highest_in(&next, stream)));
        }
        let headers_only = self.server.layout.has_all_in_headers();
        let want = Want { from: walked + 1, to: last.sequence - 1, filter: Some(subject.to_owned()), headers_only };
        let read = self.each(want, &mut |seen| {
            (walked, highest) = (seen.sequence, highest.max(self.highest_in(&seen, stream)));
            Flow::Continue(())
        });
        if read.is_ok() {
            (walked, highest) = (last.sequence, highest.max(self.highest_in(last, stream)));
        }
        // Where somebody interrupts, or a server falls silent, what was seen by then counts the next time.
        self.note_highest(stream, walked, highest);
        read.map(|()| highest)
    }

    /// What is known without looking.
    pub(super) fn note_highest(&self, stream: &StreamId, to: u64, highest: Version) {
        let mut held = self.server.highest();
        if held.len() >= HELD {
            held.clear();
        }
        let known = held.entry(stream.clone()).or_insert((to, highest));
        if to > known.0 {
            *known = (to, highest.max(known.1));
        }
    }

    /// What cannot be read has no version.
    fn highest_in(&self, seen: &Seen, stream: &StreamId) -> Version {
        let mut highest = Version(0);
        self.server.layout.events(seen, &mut |event| {
            if let Some(version) = event.version.filter(|_| event.stream == stream.as_str()) {
                highest = highest.max(version);
            }
        });
        highest
    }
}
