use std::collections::HashMap;
use std::sync::Arc;

use super::block::Row;
use super::column::NEVER;
use super::names::Names;
use crate::event::{ByNumber, EventId, EventRow, Position, StreamId, StreamKey, Timestamp, actor_in};
use crate::index::Categories;
use crate::replay::DecodedRows;

/// Events on their way into a chronicle, decoded on whatever thread reads them.
#[derive(Debug)]
pub struct ChronicleRows {
    categories: Categories,
    /// Those of these events, each with its category where its name does not say it.
    pub(super) streams: Vec<(StreamKey, StreamId, Option<Arc<str>>)>,
    known: Known,
    pub(super) types: Names,
    pub(super) actors: Names,
    /// With numbers of streams, types and actors that hold here alone.
    pub(super) rows: Vec<Row>,
    pub(super) last: Option<(Position, EventId)>,
}

/// The streams that were met, by what tells them apart.
#[derive(Debug)]
enum Known {
    ByKey(ByNumber<StreamKey, u32>),
    /// Where numbers are of one reading alone.
    ByName(HashMap<StreamId, u32>),
}

impl ChronicleRows {
    /// `has_keys`: every connection to the store numbers its streams alike.
    pub fn new(categories: &Categories, has_keys: bool) -> Self {
        Self {
            categories: Arc::clone(categories),
            streams: Vec::new(),
            known: if has_keys { Known::ByKey(ByNumber::default()) } else { Known::ByName(HashMap::new()) },
            types: Names::default(),
            actors: Names::default(),
            rows: Vec::new(),
            last: None,
        }
    }

    fn stream(&mut self, row: &EventRow<'_>) -> u32 {
        let number = self.streams.len() as u32;
        let known = match &mut self.known {
            Known::ByKey(known) => *known.entry(row.stream_key).or_insert(number),
            Known::ByName(known) => match known.get(row.stream) {
                Some(number) => *number,
                None => {
                    known.insert(row.stream.clone(), number);
                    number
                }
            },
        };
        if known == number {
            let category = self.categories.get(row.stream).cloned();
            self.streams.push((row.stream_key, row.stream.clone(), category));
        }
        known
    }
}

impl DecodedRows for ChronicleRows {
    fn push(&mut self, row: &EventRow<'_>) {
        let stream = self.stream(row);
        let (event_type, _) = self.types.note(row.event_type.as_str());
        let (actor, _) = self.actors.note(&actor_in(row.metadata).unwrap_or_default());
        self.rows.push(Row {
            stream,
            version: row.version.0,
            at: row.recorded_at.map_or(NEVER, Timestamp::micros),
            event_type,
            actor,
            position: row.position.map_or(0, |position| position.0),
        });
        if let Some(position) = row.position {
            self.last = Some((position, row.id.clone()));
        }
    }

    fn len(&self) -> usize {
        self.rows.len()
    }
}
