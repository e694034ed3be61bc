use std::ops::Range;

use crate::event::{EventRow, Head, StreamId, StreamKey};

/// Rows copied out of a store to be decoded on another thread. Their texts lie behind one another, so that a chunk
/// costs a few allocations and not a few thousand.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    texts: Vec<u8>,
    rows: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    head: Head,
    stream_key: StreamKey,
    schema: u32,
    payload: Range<usize>,
    metadata: Range<usize>,
}

impl Chunk {
    pub(super) fn push(&mut self, row: &EventRow<'_>) {
        let payload = self.keep(row.payload);
        let metadata = self.keep(row.metadata);
        self.rows.push(Kept { head: row.head(), stream_key: row.stream_key, schema: row.schema, payload, metadata });
    }

    fn keep(&mut self, text: &[u8]) -> Range<usize> {
        let start = self.texts.len();
        self.texts.extend_from_slice(text);
        start..self.texts.len()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Hands every row back, in order. All are of the one stream.
    pub(super) fn each(self, stream: &StreamId, visit: &mut dyn FnMut(&EventRow<'_>)) {
        let Self { texts, rows } = self;
        for Kept { head, stream_key, schema, payload, metadata } in rows {
            visit(&EventRow {
                position: head.position,
                stream_key,
                stream,
                version: head.version,
                event_type: &head.event_type,
                schema,
                recorded_at: head.recorded_at,
                id: head.id,
                payload: &texts[payload],
                metadata: &texts[metadata],
            });
        }
    }
}
