//! The hash chain: each event is hashed together with its predecessor's hash, in store order, so that an edited,
//! removed or inserted event no longer fits.

use crate::event::{EventId, NewEvent, StreamId, Timestamp, Version};
use crate::store::Snapshot;

pub(in crate::store) type Link = [u8; 32];

/// What the first event is chained to.
pub(in crate::store) const ROOT: Link = [0; 32];

/// Everything that is recorded of an event. Names are hashed, not their interned numbers, so that a store means
/// the same after a copy that numbers anew.
pub(in crate::store) struct Chained<'a> {
    pub stream: &'a str,
    pub version: Version,
    pub event_type: &'a str,
    pub schema: u32,
    pub recorded_at: Option<Timestamp>,
    pub id: &'a EventId,
    pub payload: &'a [u8],
    pub metadata: &'a [u8],
}

impl<'a> Chained<'a> {
    pub(in crate::store) fn of(stream: &'a StreamId, version: Version, event: &'a NewEvent) -> Self {
        let NewEvent { id, event_type, schema, recorded_at, payload, metadata } = event;
        Self {
            stream: stream.as_str(),
            version,
            event_type: event_type.as_str(),
            schema: *schema,
            recorded_at: *recorded_at,
            id,
            payload: payload.as_bytes(),
            metadata: metadata.as_bytes(),
        }
    }

    pub(in crate::store) fn after(&self, before: &Link) -> Link {
        let mut parts = Parts::default();
        parts.gather(before);
        parts.add(self.stream.as_bytes());
        parts.add(&self.version.0.to_le_bytes());
        parts.add(self.event_type.as_bytes());
        parts.add(&self.schema.to_le_bytes());
        match self.recorded_at {
            Some(at) => parts.add(&at.micros().to_le_bytes()),
            None => parts.add(&[]),
        }
        parts.add_id(self.id);
        parts.add(self.payload);
        parts.add(self.metadata);
        parts.hash()
    }
}

/// Binds a snapshot to the history up to its event, whose link that is, so that neither can be exchanged alone.
pub(super) fn seal(link: &[u8], snapshot: &Snapshot) -> Link {
    let Snapshot { projection, revision, version, event_id, state } = snapshot;
    let mut parts = Parts::default();
    parts.add(b"snapshot");
    parts.add(link);
    parts.add(projection.as_bytes());
    parts.add(&revision.to_le_bytes());
    parts.add(&version.0.to_le_bytes());
    parts.add_id(event_id);
    parts.add(state.as_bytes());
    parts.hash()
}

/// As long as what blake3 hashes in one go.
const GATHERED: usize = 1024;

/// What is hashed as one. The parts of an event are many and short: gathered first, they take half the time.
struct Parts {
    gathered: [u8; GATHERED],
    length: usize,
    /// Of what did not find room.
    hasher: Option<blake3::Hasher>,
}

impl Default for Parts {
    fn default() -> Self {
        Self { gathered: [0; GATHERED], length: 0, hasher: None }
    }
}

impl Parts {
    /// A length ahead of each part: else moving a letter from one to the next would hash alike.
    fn add(&mut self, bytes: &[u8]) {
        self.gather(&(bytes.len() as u64).to_le_bytes());
        self.gather(bytes);
    }

    fn gather(&mut self, bytes: &[u8]) {
        if let Some(room) = self.gathered.get_mut(self.length..self.length + bytes.len()) {
            room.copy_from_slice(bytes);
            self.length += bytes.len();
            return;
        }
        let hasher = self.hasher.get_or_insert_default();
        hasher.update(&self.gathered[..self.length]);
        hasher.update(bytes);
        self.length = 0;
    }

    fn hash(mut self) -> Link {
        let rest = &self.gathered[..self.length];
        match &mut self.hasher {
            None => blake3::hash(rest).into(),
            Some(hasher) => hasher.update(rest).finalize().into(),
        }
    }

    fn add_id(&mut self, id: &EventId) {
        match id {
            EventId::Uuid(bytes) => self.add(bytes),
            EventId::Text(text) => {
                self.add(b"text");
                self.add(text.as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_any_length_are_hashed_as_one_text() {
        let lengths = [0, 1, 7, 8, 300, 1_007, 1_008, 1_016, 1_017, 1_024, 1_025, 3_000, 70_000];
        for first in lengths {
            for second in lengths {
                let (mut parts, mut whole) = (Parts::default(), blake3::Hasher::new());
                for length in [first, second, 5] {
                    let bytes = vec![length as u8; length];
                    parts.add(&bytes);
                    whole.update(&(length as u64).to_le_bytes()).update(&bytes);
                }
                assert_eq!(parts.hash(), *whole.finalize().as_bytes(), "{first}, {second}");
            }
        }
    }
}
