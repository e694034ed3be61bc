use super::{EventId, EventRow, EventType, Position, StreamId, StreamKey, Timestamp, Version};

/// Events read out of a store together. Their texts lie behind one another, so that a batch costs a few allocations
/// and not a few thousand, and nothing in it borrows from the store: it may cross to another thread.
#[derive(Debug, Default)]
pub struct EventBatch {
    texts: Vec<u8>,
    streams: Vec<StreamId>,
    types: Vec<KnownType>,
    rows: Vec<Row>,
}

/// A type as the store handed it over, and the batch's own copy of it. Whoever folds the batch counts references to the
/// copy, while the reader goes on with his own: one count that two cores change for each event would cost more than what is
/// done with the event.
#[derive(Debug)]
struct KnownType {
    handed: EventType,
    own: EventType,
}

#[derive(Debug)]
struct Row {
    position: Option<Position>,
    stream_key: StreamKey,
    /// Places in `streams` and `types`.
    stream: u32,
    event_type: u32,
    version: Version,
    schema: u32,
    recorded_at: Option<Timestamp>,
    id: EventId,
    /// Where the payload ends, and behind it the metadata; it begins where the row before ends.
    payload_end: usize,
    metadata_end: usize,
}

/// How far back the types of a batch are looked through for one that is known: a store has few of them.
const TYPES_COMPARED: usize = 24;

impl EventBatch {
    /// Empties it, and keeps its room for the next events.
    pub fn clear(&mut self) {
        let Self { texts, streams, types, rows } = self;
        texts.clear();
        streams.clear();
        types.clear();
        rows.clear();
    }

    pub fn push(&mut self, row: &EventRow<'_>) {
        let stream = match self.streams.last() {
            Some(last) if last.is_same(row.stream) => self.streams.len() - 1,
            _ => {
                self.streams.push(row.stream.clone());
                self.streams.len() - 1
            }
        };
        let known = self.types.iter().rev().take(TYPES_COMPARED).position(|known| known.handed.is_same(row.event_type));
        let event_type = match known {
            Some(back) => self.types.len() - 1 - back,
            None => {
                let own = EventType::from(row.event_type.as_str());
                self.types.push(KnownType { handed: row.event_type.clone(), own });
                self.types.len() - 1
            }
        };
        self.texts.extend_from_slice(row.payload);
        let payload_end = self.texts.len();
        self.texts.extend_from_slice(row.metadata);
        self.rows.push(Row {
            position: row.position,
            stream_key: row.stream_key,
            stream: stream as u32,
            event_type: event_type as u32,
            version: row.version,
            schema: row.schema,
            recorded_at: row.recorded_at,
            id: row.id.clone(),
            payload_end,
            metadata_end: self.texts.len(),
        });
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of payloads and metadata.
    pub fn text_len(&self) -> usize {
        self.texts.len()
    }

    /// Its events in their order.
    pub fn rows(&self) -> impl Iterator<Item = EventRow<'_>> {
        let mut begin = 0;
        self.rows.iter().map(move |row| {
            let start = std::mem::replace(&mut begin, row.metadata_end);
            self.shown(row, start)
        })
    }

    /// The event at this place among them.
    pub fn row(&self, place: usize) -> Option<EventRow<'_>> {
        let before = place.checked_sub(1).and_then(|before| self.rows.get(before));
        Some(self.shown(self.rows.get(place)?, before.map_or(0, |before| before.metadata_end)))
    }

    fn shown(&self, row: &Row, start: usize) -> EventRow<'_> {
        EventRow {
            position: row.position,
            stream_key: row.stream_key,
            stream: &self.streams[row.stream as usize],
            version: row.version,
            event_type: &self.types[row.event_type as usize].own,
            schema: row.schema,
            recorded_at: row.recorded_at,
            id: row.id.clone(),
            payload: &self.texts[start..row.payload_end],
            metadata: &self.texts[row.payload_end..row.metadata_end],
        }
    }

    /// The place of its last event, to go on behind.
    pub fn end(&self) -> Option<(Position, &EventId)> {
        let last = self.rows.last()?;
        Some((last.position?, &last.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_out_as_they_went_in() {
        let streams = [StreamId::from("a-1"), StreamId::from("b-1"), StreamId::from("a-1")];
        let types: Vec<EventType> = (0..60).map(|number| EventType::from(format!("t{number}").as_str())).collect();
        let mut batch = EventBatch::default();
        let row = |number: usize| EventRow {
            position: Some(Position(number as u64)),
            stream_key: StreamKey(number as u32 % 3),
            stream: &streams[number % 3],
            version: Version(number as u64),
            event_type: &types[number * 7 % 60],
            schema: 2,
            recorded_at: Some(Timestamp::from_micros(number as i64)),
            id: EventId::new(&number.to_string()),
            payload: if number.is_multiple_of(2) { b"{\"a\":1}" } else { b"" },
            metadata: if number.is_multiple_of(3) { b"{}" } else { b"" },
        };
        for _ in 0..2 {
            batch.clear();
            (0..200).for_each(|number| batch.push(&row(number)));
            assert_eq!(batch.len(), 200);
            for (number, read) in batch.rows().enumerate() {
                assert_eq!(read.to_recorded(), row(number).to_recorded());
                assert_eq!(read.stream_key, row(number).stream_key);
                let alone = batch.row(number).expect("it is there");
                assert_eq!(alone.to_recorded(), row(number).to_recorded());
            }
            assert!(batch.row(200).is_none());
            assert_eq!(batch.end(), Some((Position(199), &EventId::new("199"))));
        }
    }
}
