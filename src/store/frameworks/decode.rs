use std::borrow::{Borrow, Cow};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

use super::cell::{Cell, Cells, time_of_text};
use super::content::{
    Kind, field_at, is_encrypted, marked, merged_metadata, metadata_and_field, metadata_inside, part_of, readable,
    whole_metadata,
};
use super::key::CipherKey;
use super::layout::{Layout, Time, TimeUnit};
use super::naming::{id_of_place, joined};
use super::places::value_at;
use super::said::said_around;
use super::sql::{column, group};
use crate::event::{EventRow, EventType, Position, StreamId, StreamKey, Timestamp, Version};
use crate::store::{Closed, StreamRow};

/// Turns rows into events. Streams get their numbers in the order in which they are met.
#[derive(Debug)]
pub(crate) struct Decoder {
    layout: Layout,
    key: Option<CipherKey>,
    streams: RefCell<Interned<StreamId>>,
    types: RefCell<Interned<EventType>>,
}

#[derive(Debug)]
struct Interned<T> {
    numbers: HashMap<T, u32>,
    last: Option<(T, u32)>,
    /// The first ones, which are compared before anything is hashed: most stores have few types.
    first: Vec<T>,
}

/// So many are compared one by one.
const FEW: usize = 8;

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), last: None, first: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash + Borrow<str> + for<'a> From<&'a str>> Interned<T> {
    fn intern(&mut self, name: &str) -> (T, u32) {
        if let Some((last, number)) = &self.last
            && last.borrow() == name
        {
            return (last.clone(), *number);
        }
        if let Some((known, number)) = self.first.iter().zip(0..).find(|(known, _)| (*known).borrow() == name) {
            return (known.clone(), number);
        }
        let (name, number) = match self.numbers.get_key_value(name) {
            Some((known, number)) => (known.clone(), *number),
            None => {
                let (name, next) = (T::from(name), u32::try_from(self.numbers.len()).unwrap_or(u32::MAX));
                self.numbers.insert(name.clone(), next);
                if self.first.len() < FEW {
                    self.first.push(name.clone());
                }
                (name, next)
            }
        };
        self.last = Some((name.clone(), number));
        (name, number)
    }
}

impl Decoder {
    pub(crate) fn new(layout: Layout, key: Option<CipherKey>) -> Self {
        Self { layout, key, streams: RefCell::default(), types: RefCell::default() }
    }

    /// What makes the same for other connections, each of which numbers its streams by itself.
    pub(crate) fn opener(&self) -> impl Fn() -> Self + Send + Sync + 'static {
        let (layout, key) = (self.layout.clone(), self.key.clone());
        move || Self::new(layout.clone(), key.clone())
    }

    pub(crate) fn stream_key(&self, stream: &str) -> StreamKey {
        StreamKey(self.streams.borrow_mut().intern(stream).1)
    }

    /// Hands the row to `visit` as an event, with what its payload turned out to be.
    pub(crate) fn event<T>(&self, row: &dyn Cells, visit: impl FnOnce(&EventRow<'_>, Kind) -> T) -> T {
        let layout = &self.layout;
        let stream = self.stream_name(row, column::STREAM);
        let (stream, stream_key) = self.streams.borrow_mut().intern(&stream);
        let (event_type, _) = self.types.borrow_mut().intern(&row.cell(column::TYPE).name());
        let version = Version(unsigned(row.cell(column::VERSION)).unwrap_or(0));
        let (stored, kind) = readable(row.cell(column::PAYLOAD), layout.may_be_encrypted, self.key.as_ref());
        let payload = unwrapped(stored, &layout.payload_path);
        let id = match layout.id.as_ref().map_or(Cell::Null, |_| row.cell(column::ID)) {
            Cell::Null => id_of_place(&stream, version),
            cell => cell.id(),
        };
        let has_metadata_inside = layout.metadata_in_payload && kind == Kind::Text;
        let (metadata, recorded_at) = match &layout.time {
            Time::Payload { path } if has_metadata_inside => {
                let (metadata, time) = metadata_and_field(&payload, path);
                (Cow::from(metadata), time.and_then(|text| time_of_field(&text)))
            }
            time => {
                let metadata = if has_metadata_inside {
                    metadata_inside(&payload).into()
                } else {
                    said_around(self.metadata(row), &payload, layout)
                };
                let recorded_at = match time {
                    Time::Column { unit, .. } => row.cell(column::TIME).time(*unit),
                    Time::Payload { path } => time_in(&payload, path),
                    Time::None => None,
                };
                (metadata, recorded_at)
            }
        };
        visit(
            &EventRow {
                position: layout.position.as_ref().and_then(|_| unsigned(row.cell(column::POSITION))).map(Position),
                stream_key: StreamKey(stream_key),
                stream: &stream,
                version,
                event_type: &event_type,
                schema: layout.schema.as_ref().map_or(1, |_| schema_of(row.cell(column::SCHEMA))),
                recorded_at,
                id,
                payload: &payload,
                metadata: &metadata,
            },
            kind,
        )
    }

    /// What the newest event of a stream says of appending to it.
    pub(crate) fn closed(&self, row: &dyn Cells) -> Option<Closed> {
        let Layout { archived, may_be_encrypted, .. } = &self.layout;
        if archived.is_some() && row.cell(column::ARCHIVED).is_true() {
            return Some(Closed::Archived);
        }
        // Whoever has the key can read it; that is not to write as the application does.
        let Cell::Bytes(stored) = row.cell(column::PAYLOAD) else { return None };
        (*may_be_encrypted && is_encrypted(stored)).then_some(Closed::Encrypted)
    }

    fn metadata<'r>(&self, row: &'r dyn Cells) -> Cow<'r, [u8]> {
        let Layout { metadata, archived, deleted, .. } = &self.layout;
        let first = column::STREAM + self.layout.stream.len();
        let merged = match metadata.as_slice() {
            [] => Cow::Borrowed(&[][..]),
            [whole] if whole.field.is_none() => part_of(whole_metadata(row.cell(first)), &whole.part),
            parts => {
                let parts = parts.iter().zip(first..).map(|(part, index)| (part, row.cell(index)));
                merged_metadata(&parts.collect::<Vec<_>>())
            }
        };
        if archived.is_none() && deleted.is_none() {
            return merged;
        }
        let marks = [(column::ARCHIVED, "archived"), (column::DELETED, "deleted")];
        let is_marked = marks.map(|(index, mark)| (row.cell(index).is_true(), mark));
        if is_marked.iter().all(|(is_marked, _)| !is_marked) {
            return merged;
        }
        let marks: Vec<&str> = is_marked.iter().filter(|(is_marked, _)| *is_marked).map(|(_, mark)| *mark).collect();
        marked(merged, &marks)
    }

    /// Of a row with a stream's category, where that is a column, and then the stream's own columns.
    pub(crate) fn category(&self, row: &dyn Cells) -> String {
        let column = row.cell(0);
        let column = (!column.is_null()).then(|| column.name());
        self.layout.category.of(&self.stream_name(row, 1), column.as_deref(), "")
    }

    fn stream_name<'r>(&self, row: &'r dyn Cells, first: usize) -> Cow<'r, str> {
        match self.layout.stream.len() {
            1 => row.cell(first).name(),
            count => {
                let parts: Vec<String> = (first..first + count).map(|at| row.cell(at).name().into_owned()).collect();
                joined(&parts).into()
            }
        }
    }

    /// A row of the list of streams.
    pub(crate) fn stream_row(&self, row: &dyn Cells) -> StreamRow {
        let stream = self.stream_name(row, group::STREAM);
        let column = row.cell(group::CATEGORY);
        let column = (!column.is_null()).then(|| column.name());
        let category = self.layout.category.of(&stream, column.as_deref(), &row.cell(group::TYPE).name());
        let payloads = group::STREAM + self.layout.stream.len();
        let at = |index| match &self.layout.time {
            Time::Column { unit, .. } => row.cell(index).time(*unit),
            // Where the list was asked for with them, the first and the last payload stand behind the columns.
            Time::Payload { path } => match row.cell(payloads + (index - group::FIRST_AT)) {
                Cell::Null => None,
                cell => time_in(&readable(cell, self.layout.may_be_encrypted, self.key.as_ref()).0, path),
            },
            Time::None => None,
        };
        let version = |index| Version(unsigned(row.cell(index)).unwrap_or(0));
        StreamRow {
            key: self.stream_key(&stream),
            category,
            events: unsigned(row.cell(group::EVENTS)).unwrap_or(0),
            first_version: version(group::FIRST_VERSION),
            last_version: version(group::LAST_VERSION),
            first_at: at(group::FIRST_AT),
            last_at: at(group::LAST_AT),
            stream: StreamId::from(&*stream),
        }
    }
}

/// `1`, `v2` and `3.0` say which shape an event has; what says something else is taken for the first.
fn schema_of(cell: Cell<'_>) -> u32 {
    let number = cell.number().or_else(|| {
        let text = std::str::from_utf8(cell.bytes()).ok()?;
        text.trim_start_matches(['v', 'V']).split('.').next()?.parse().ok()
    });
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(1)
}

/// The payload that stands at a path inside of what is stored; what has nothing there is shown whole.
fn unwrapped<'a>(stored: Cow<'a, [u8]>, path: &[String]) -> Cow<'a, [u8]> {
    if path.is_empty() {
        return stored;
    }
    match stored {
        Cow::Borrowed(text) => value_at(text, path).unwrap_or(Cow::Borrowed(text)),
        Cow::Owned(text) => value_at(&text, path).map(Cow::into_owned).unwrap_or(text).into(),
    }
}

fn unsigned(cell: Cell<'_>) -> Option<u64> {
    cell.number().map(|number| u64::try_from(number).unwrap_or(0))
}

fn time_in(payload: &[u8], path: &[String]) -> Option<Timestamp> {
    time_of_field(&field_at(payload, path)?)
}

fn time_of_field(text: &str) -> Option<Timestamp> {
    Timestamp::parse_usual(text.as_bytes())
        .or_else(|| time_of_text(text))
        .or_else(|| Cell::Text(text.as_bytes()).time(TimeUnit::Auto))
}
