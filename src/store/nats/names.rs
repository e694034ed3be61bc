//! Streams and types by small numbers, the same to every connection of an open store.

use std::collections::{HashMap, HashSet};

use crate::event::{EventType, StreamId, StreamKey};

#[derive(Debug, Default)]
pub(super) struct Names {
    streams: HashMap<StreamId, u32>,
    types: HashSet<EventType>,
    /// Events of one stream often stand together.
    last: Option<(StreamId, u32)>,
}

impl Names {
    pub(super) fn stream(&mut self, name: &str) -> (StreamId, StreamKey) {
        if let Some((last, number)) = &self.last
            && last.as_str() == name
        {
            return (last.clone(), StreamKey(*number));
        }
        let (stream, number) = match self.streams.get_key_value(name) {
            Some((stream, number)) => (stream.clone(), *number),
            None => {
                let stream = StreamId::from(name);
                let number = u32::try_from(self.streams.len()).unwrap_or(u32::MAX);
                self.streams.insert(stream.clone(), number);
                (stream, number)
            }
        };
        self.last = Some((stream.clone(), number));
        (stream, StreamKey(number))
    }

    pub(super) fn event_type(&mut self, name: &str) -> EventType {
        if let Some(known) = self.types.get(name) {
            return known.clone();
        }
        let event_type = EventType::from(name);
        self.types.insert(event_type.clone());
        event_type
    }
}
