use super::Hash;
use crate::event::EventRow;

/// Ahead of what is hashed: a leaf of this tree is like no leaf of another kind.
const KIND: &[u8] = b"foldline-event-1";

/// Makes the leaves of events, in one piece of memory.
#[derive(Clone, Debug, Default)]
pub struct Leaves {
    bytes: Vec<u8>,
}

impl Leaves {
    /// Everything recorded of the event: stream, version, type, schema, time, id, payload and metadata, each with its
    /// length ahead of it. Its place in the store is not among them, for that is the leaf's place in the tree.
    pub fn of(&mut self, event: &EventRow<'_>) -> Hash {
        let EventRow { stream, version, event_type, schema, recorded_at, id, payload, metadata, .. } = event;
        let id = id.to_string();
        self.bytes.clear();
        self.bytes.push(0);
        self.add(KIND);
        self.add(stream.as_str().as_bytes());
        self.add(&version.0.to_le_bytes());
        self.add(event_type.as_str().as_bytes());
        self.add(&schema.to_le_bytes());
        match recorded_at {
            Some(at) => self.add(&at.micros().to_le_bytes()),
            None => self.add(&[]),
        }
        self.add(id.as_bytes());
        self.add(payload);
        self.add(metadata);
        Hash::of(&self.bytes)
    }

    /// A length ahead of each part: else a letter moved from one to the next would hash alike.
    fn add(&mut self, part: &[u8]) {
        self.bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(part);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::event::{EventId, EventType, Position, RecordedEvent, StreamId, Timestamp, Version};

    pub(in crate::proof) fn event(version: u64) -> RecordedEvent {
        RecordedEvent {
            position: Some(Position(version + 1)),
            stream: StreamId::from("lead-1"),
            version: Version(version),
            event_type: EventType::from("contacted"),
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(1_000_000 + version as i64)),
            id: EventId::new(&format!("id-{version}")),
            payload: format!("{{\"n\":{version}}}").into_bytes(),
            metadata: b"{}".to_vec(),
        }
    }

    #[test]
    fn each_part_of_an_event_is_in_its_leaf_and_its_position_is_not() {
        let plain = event(3);
        let leaf = |event: &RecordedEvent| Leaves::default().of(&event.as_row());
        let changes: [fn(&mut RecordedEvent); 9] = [
            |event| event.stream = StreamId::from("lead-2"),
            |event| event.version = Version(4),
            |event| event.event_type = EventType::from("called"),
            |event| event.schema = 2,
            |event| event.recorded_at = None,
            |event| event.id = EventId::new("other"),
            |event| event.payload.push(b' '),
            |event| event.metadata.clear(),
            |event| (event.payload, event.metadata) = (b"{\"n\":3}{".to_vec(), b"}".to_vec()),
        ];
        for (place, change) in changes.into_iter().enumerate() {
            let mut changed = plain.clone();
            change(&mut changed);
            assert_ne!(leaf(&changed), leaf(&plain), "{place}");
        }
        let moved = RecordedEvent { position: None, ..plain.clone() };
        assert_eq!(leaf(&moved), leaf(&plain));
    }
}
