//! The hash chain: each event is hashed together with its predecessor's hash, in store order, so that an edited,
//! removed or inserted event no longer fits.

use crate::event::{EventId, Timestamp, Version};
use crate::store::Snapshot;

pub(super) type Link = [u8; 32];

/// What the first event is chained to.
pub(super) const ROOT: Link = [0; 32];

/// Everything that is recorded of an event. Names are hashed, not their interned numbers, so that a store means
/// the same after a copy that numbers anew.
pub(super) struct Chained<'a> {
    pub stream: &'a str,
    pub version: Version,
    pub event_type: &'a str,
    pub schema: u32,
    pub recorded_at: Option<Timestamp>,
    pub id: &'a EventId,
    pub payload: &'a [u8],
    pub metadata: &'a [u8],
}

impl Chained<'_> {
    pub(super) fn after(&self, before: &Link) -> Link {
        let mut parts = Parts(blake3::Hasher::new());
        parts.0.update(before);
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
        *parts.0.finalize().as_bytes()
    }
}

/// Binds a snapshot to the history up to its event, whose link that is, so that neither can be exchanged alone.
pub(super) fn seal(link: &[u8], snapshot: &Snapshot) -> Link {
    let Snapshot { projection, revision, version, event_id, state } = snapshot;
    let mut parts = Parts(blake3::Hasher::new());
    parts.add(b"snapshot");
    parts.add(link);
    parts.add(projection.as_bytes());
    parts.add(&revision.to_le_bytes());
    parts.add(&version.0.to_le_bytes());
    parts.add_id(event_id);
    parts.add(state.as_bytes());
    *parts.0.finalize().as_bytes()
}

struct Parts(blake3::Hasher);

impl Parts {
    /// A length ahead of each part: else moving a letter from one to the next would hash alike.
    fn add(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
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
