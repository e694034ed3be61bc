//! CSV with a column for each field of the events' payloads and metadata, for whoever looks at them in a spreadsheet.
//! It does not say what was text and what a number, so it is not read back.

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::value::RawValue;

use super::csv_table::{head_cells, safe_cell};
use super::raw::{RawObject, quoted};
use crate::event::{EventRow, key_path};

/// The columns that every event has.
pub(super) const HEAD: [&str; 7] = ["position", "stream", "version", "id", "type", "schema", "recorded_at"];

const PAYLOAD: &str = "payload";
const METADATA: &str = "metadata";

/// Whether a heading names a field inside the payload or the metadata.
pub(super) fn is_field(heading: &str) -> bool {
    let inside = heading.strip_prefix(PAYLOAD).or_else(|| heading.strip_prefix(METADATA));
    inside.is_some_and(|inside| inside.starts_with(['.', '[']))
}

/// Holds the fields that found no column of their own, as one JSON object.
const REST: &str = "more_fields";

/// No spreadsheet shows more columns to anybody's use. What has no place in one of its own is still in the file.
const MOST: usize = 1_000;

/// Objects in objects deeper than this stay JSON.
const DEEPEST: usize = 8;

/// The union of the fields of many events, in the order in which they were met.
#[derive(Debug, Default)]
pub(super) struct FieldColumns {
    payload: Vec<String>,
    metadata: Vec<String>,
    places: HashMap<String, (Part, usize)>,
    has_rest: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Payload,
    Metadata,
}

impl FieldColumns {
    pub(super) fn note(&mut self, row: &EventRow<'_>) {
        each_field(row, &mut |part, name, _| {
            if self.places.contains_key(name) {
                return;
            }
            if self.places.len() == MOST {
                self.has_rest = true;
                return;
            }
            let columns = match part {
                Part::Payload => &mut self.payload,
                Part::Metadata => &mut self.metadata,
            };
            self.places.insert(name.to_owned(), (part, columns.len()));
            columns.push(name.to_owned());
        });
    }

    pub(super) fn heading(&self) -> impl Iterator<Item = &str> {
        let fields = self.payload.iter().chain(&self.metadata).map(String::as_str);
        HEAD.into_iter().chain(fields).chain(self.has_rest.then_some(REST))
    }

    /// `None` where the event has a field that was not there when the columns were looked for.
    fn cells(&self, row: &EventRow<'_>) -> Option<Vec<String>> {
        let mut cells = Vec::from(head_cells(row));
        cells.resize(HEAD.len() + self.places.len(), String::new());
        let mut rest = String::new();
        let mut is_whole = true;
        each_field(row, &mut |_, name, value| {
            let place = self.places.get(name).map(|(part, place)| match part {
                Part::Payload => HEAD.len() + place,
                Part::Metadata => HEAD.len() + self.payload.len() + place,
            });
            match place.and_then(|place| cells.get_mut(place)) {
                Some(cell) => *cell = plain(value),
                None if self.has_rest => {
                    rest.push(if rest.is_empty() { '{' } else { ',' });
                    rest.push_str(&quoted(name));
                    rest.push(':');
                    rest.push_str(value);
                }
                None => is_whole = false,
            }
        });
        if self.has_rest {
            if !rest.is_empty() {
                rest.push('}');
            }
            cells.push(rest);
        }
        is_whole.then_some(cells)
    }

    pub(super) fn write<W: Write>(
        &self,
        table: &mut csv::Writer<W>,
        row: &EventRow<'_>,
        is_safe: bool,
    ) -> io::Result<bool> {
        let Some(cells) = self.cells(row) else { return Ok(false) };
        let cells = cells.iter().map(|cell| if is_safe { safe_cell(cell) } else { cell.as_str().into() });
        table.write_record(cells.map(|cell| cell.into_owned()))?;
        Ok(true)
    }
}

/// Each field with its name and the JSON text of its value. No two fields of an event have one name: a key with a dot in
/// it is quoted, and of keys that are written twice the last counts.
fn each_field(row: &EventRow<'_>, visit: &mut dyn FnMut(Part, &str, &str)) {
    for (part, whole, text) in [(Part::Payload, PAYLOAD, &*row.body()), (Part::Metadata, METADATA, row.metadata)] {
        let visit = &mut |name: &str, value: &str| visit(part, name, value);
        match serde_json::from_slice::<&RawValue>(text) {
            Ok(value) if value.get().starts_with('{') => fields_of(whole, value, 0, visit),
            Ok(value) if value.get() == "null" => {}
            Ok(value) => visit(whole, value.get()),
            Err(_) if text.is_empty() => {}
            Err(_) => visit(whole, &quoted(&String::from_utf8_lossy(text))),
        }
    }
}

fn fields_of(path: &str, object: &RawValue, depth: usize, visit: &mut dyn FnMut(&str, &str)) {
    // A key that is no text, as one with half of a surrogate pair, names no column.
    let Ok(fields) = serde_json::from_str::<RawObject<'_>>(object.get()) else { return visit(path, object.get()) };
    for (key, value) in fields.last_of_each() {
        let path = key_path(path, &key);
        let is_nested = value.get().starts_with('{') && depth < DEEPEST;
        if is_nested && value.get().bytes().any(|byte| byte == b'"') {
            fields_of(&path, value, depth + 1, visit);
        } else {
            visit(&path, value.get());
        }
    }
}

/// A value as one reads it: text without its quotes, nothing for null.
fn plain(value: &str) -> String {
    match value.as_bytes().first() {
        Some(b'"') => serde_json::from_str(value).unwrap_or_else(|_| value.to_owned()),
        Some(b'n') => String::new(),
        _ => value.to_owned(),
    }
}
