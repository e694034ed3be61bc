//! The hash chain: each event is hashed together with its predecessor's hash, in store order, so that an edited,
//! removed or inserted event no longer fits.

use crate::event::{EventId, Timestamp, Version};

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
        let mut hasher = blake3::Hasher::new();
        hasher.update(before);
        let mut part = |bytes: &[u8]| {
            // A length ahead of each part: else moving a letter from one to the next would hash alike.
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(self.stream.as_bytes());
        part(&self.version.0.to_le_bytes());
        part(self.event_type.as_bytes());
        part(&self.schema.to_le_bytes());
        match self.recorded_at {
            Some(at) => part(&at.micros().to_le_bytes()),
            None => part(&[]),
        }
        match self.id {
            EventId::Uuid(bytes) => part(bytes),
            EventId::Text(text) => {
                part(b"text");
                part(text.as_bytes());
            }
        }
        part(self.payload);
        part(self.metadata);
        *hasher.finalize().as_bytes()
    }
}
