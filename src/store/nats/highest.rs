//! The highest version of a stream, behind which the next event comes. Nearly always that of its last message; but another
//! program may have left any number anywhere, and none is to be given twice for that. Neither how many messages there are
//! tells it, nor the first and the last of them: each is looked at once, and then those that are new.
//!
//! A number so high that hardly any is left behind it is not believed: such an event counts as the one behind the highest
//! before it, for everybody who reads, appends or verifies.

use super::connection::Which;
use super::counted::{Walk, Walked};
use super::pull::Want;
use super::seen::Seen;
use super::store::NatsStore;
use crate::event::{Position, StreamId, Version};
use crate::store::{Flow, StoreError};

/// So many messages are asked for one by one before a reading is begun for the others.
const FEW: usize = 4;

impl NatsStore {
    /// Of a stream whose messages are under this subject, up to this one.
    pub(super) fn highest(&self, stream: &StreamId, subject: &str, last: &Seen) -> Result<Version, StoreError> {
        let walked = self.server.highest().walked(stream);
        // Not in one expression: who reads asks for numbers while it holds the names, which the ledger is asked with.
        let walked = walked.or_else(|| self.walked_by_ledger(stream));
        self.walk(stream, subject, last, walked)
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
        let from = known.filter(|known| known.to <= last.sequence).unwrap_or_default();
        if from.to == last.sequence {
            return Ok(from.highest.unwrap_or_default());
        }
        let mut walk = self.server.highest().walk(stream, from);
        for _ in 0..FEW {
            let name = &self.server.stream;
            let which = Which::Next(walk.walked.to + 1, subject);
            let next = self.insist(async |connection| connection.message(name, which).await)?;
            let Some(next) = next.filter(|next| next.sequence < last.sequence) else {
                walk.passed(last.sequence - 1);
                break;
            };
            self.walk_over(&next, stream, &mut walk);
        }
        let headers_only = self.server.layout.has_all_in_headers();
        let (from, to) = (walk.walked.to + 1, last.sequence - 1);
        let want = Want { from, to, filter: Some(subject.to_owned()), headers_only };
        let read = self.each(want, &mut |seen| {
            self.walk_over(&seen, stream, &mut walk);
            Flow::Continue(())
        });
        if read.is_ok() {
            self.walk_over(last, stream, &mut walk);
        }
        let highest = walk.walked.highest.unwrap_or_default();
        // Where somebody interrupts, or a server falls silent, what was seen by then counts the next time.
        self.server.highest().note(stream, walk);
        read.map(|()| highest)
    }

    /// What is known without looking.
    pub(super) fn note_highest(&self, stream: &StreamId, to: u64, highest: Version) {
        self.server.highest().note_walked(stream, Walked { to, highest: Some(highest) });
    }

    /// Where an event stands in its stream whose message is not believed.
    pub(super) fn counted(&self, stream: &StreamId, position: Position) -> Result<Version, StoreError> {
        let layout = &self.server.layout;
        let under = layout.under(stream);
        let Some(subject) = under.filter() else { return Ok(Version(0)) };
        if let Some(version) = self.server.highest().number(stream, position) {
            return Ok(version);
        }
        let Some(last) = self.last_under(subject)? else { return Ok(Version(0)) };
        let mut look = self.server.highest().look(stream, position, position.0 / layout.places());
        let headers_only = layout.has_all_in_headers();
        let want = Want { from: look.from(), to: last.sequence, filter: Some(subject.to_owned()), headers_only };
        self.each(want, &mut |seen| {
            self.each_version(&seen, stream, &mut |position, said| look.event(position, said));
            look.passed(seen.sequence)
        })?;
        Ok(self.server.highest().keep(stream, look).unwrap_or_default())
    }

    fn walk_over(&self, seen: &Seen, stream: &StreamId, walk: &mut Walk) {
        self.each_version(seen, stream, &mut |_, said| {
            walk.event(said);
        });
        walk.passed(seen.sequence);
    }

    /// What the events of a message say of their versions, where it is believed. What cannot be read has none.
    fn each_version(&self, seen: &Seen, stream: &StreamId, visit: &mut dyn FnMut(Position, Option<Version>)) {
        let (layout, mut index) = (&self.server.layout, 0);
        layout.events(seen, &mut |event| {
            let position = layout.position(seen.sequence, index);
            index += 1;
            if event.stream == stream.as_str() {
                visit(position, event.version);
            }
        });
    }
}
