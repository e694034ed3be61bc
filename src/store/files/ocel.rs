//! OCEL 2.0 as JSON or XML: put into the tables that OCEL itself has for SQLite, and read from there.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use quick_xml::Reader as XmlReader;
use quick_xml::events::{BytesStart, Event};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::limits::{Allowance, DEEPEST, LARGEST_OCEL, Limited, mebibytes};
use crate::store::StoreError;

const TABLES: &str = "
CREATE TABLE event (ocel_id TEXT, ocel_type TEXT);
CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT);
CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT);
CREATE TABLE event_map_type (ocel_type TEXT, ocel_type_map TEXT);
CREATE TABLE event_all (ocel_id TEXT PRIMARY KEY, ocel_time TEXT, ocel_attributes TEXT);
";

const INDEXES: &str = "
CREATE INDEX event_object_event ON event_object (ocel_event_id);
CREATE INDEX event_by_id ON event (ocel_id);
";

#[derive(Deserialize)]
struct JsonLog {
    #[serde(default)]
    events: Vec<JsonEvent>,
    #[serde(default)]
    objects: Vec<JsonObject>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct JsonEvent {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    time: Option<String>,
    attributes: Vec<JsonAttribute>,
    relationships: Vec<JsonRelation>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct JsonObject {
    id: String,
    #[serde(rename = "type")]
    object_type: String,
}

#[derive(Deserialize)]
struct JsonAttribute {
    name: String,
    #[serde(default)]
    value: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct JsonRelation {
    #[serde(rename = "objectId")]
    object: String,
    qualifier: String,
}

/// Puts a log into tables at `made`. Answers with what could not be read.
pub(super) fn make_tables(path: &Path, made: &Path) -> Result<Vec<String>, StoreError> {
    let not_events = |detail| StoreError::NotEvents { path: path.to_owned(), detail };
    let file = File::open(path).map_err(|error| StoreError::from_io(path, error))?;
    let len = file.metadata().map_or(0, |file| file.len());
    if len > LARGEST_OCEL {
        let (len, most) = (mebibytes(len), mebibytes(LARGEST_OCEL));
        return Err(not_events(format!("the log is {len} long and is read in memory, which is done up to {most}")));
    }
    let mut input = BufReader::new(file);
    let beginning = input.fill_buf().map_err(|error| StoreError::from_io(path, error))?;
    let is_xml = beginning.iter().find(|byte| **byte >= b' ' && **byte < 0x80 && **byte != b' ') == Some(&b'<');
    if beginning.starts_with(&[0xef, 0xbb, 0xbf]) {
        input.consume(3);
    }
    let mut bad = Vec::new();
    let log = if is_xml {
        read_xml(input, &mut bad)
    } else {
        serde_json::from_reader(input).map_err(|error| not_events(error.to_string()))?
    };
    let failed = |source| StoreError::from_sqlite(made, source);
    let mut connection = Connection::open(made).map_err(failed)?;
    write(&mut connection, &log).map_err(failed)?;
    Ok(bad)
}

fn write(connection: &mut Connection, log: &JsonLog) -> rusqlite::Result<()> {
    let tx = connection.transaction()?;
    tx.execute_batch(TABLES)?;
    let mut event = tx.prepare("INSERT INTO event VALUES (?1, ?2)")?;
    let mut content = tx.prepare("INSERT OR IGNORE INTO event_all VALUES (?1, ?2, ?3)")?;
    let mut relation = tx.prepare("INSERT INTO event_object VALUES (?1, ?2, ?3)")?;
    let mut object = tx.prepare("INSERT OR IGNORE INTO object VALUES (?1, ?2)")?;
    for JsonEvent { id, event_type, time, attributes, relationships } in &log.events {
        let fields: Map<String, Value> =
            attributes.iter().map(|JsonAttribute { name, value }| (name.clone(), value.clone())).collect();
        event.execute((id, event_type))?;
        content.execute((id, time, Value::Object(fields).to_string()))?;
        for JsonRelation { object, qualifier } in relationships {
            relation.execute((id, object, qualifier))?;
        }
    }
    for JsonObject { id, object_type } in &log.objects {
        object.execute((id, object_type))?;
    }
    drop((event, content, relation, object));
    tx.execute_batch(INDEXES)?;
    tx.commit()
}

fn read_xml(input: impl BufRead, bad: &mut Vec<String>) -> JsonLog {
    let mut log = JsonLog { events: Vec::new(), objects: Vec::new() };
    let allowance = Allowance::new();
    let mut xml = XmlReader::from_reader(Limited::new(input, &allowance));
    let mut nesting = 0_u32;
    let mut buffer = Vec::new();
    let mut event: Option<JsonEvent> = None;
    let mut attribute: Option<JsonAttribute> = None;
    loop {
        buffer.clear();
        allowance.renew();
        let read = xml.read_event_into(&mut buffer);
        match read {
            Ok(Event::Start(_)) => nesting += 1,
            Ok(Event::End(_)) => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        match read {
            Ok(_) if nesting > DEEPEST => {
                bad.push(format!("nested deeper than {DEEPEST}; what follows could not be read"));
                return log;
            }
            Ok(Event::Start(tag)) => match tag.local_name().as_ref() {
                b"event" => event = Some(event_of(&tag)),
                b"object" => log.objects.extend(object_of(&tag)),
                b"attribute" => {
                    attribute = text(&tag, "name").map(|name| JsonAttribute { name, value: Value::from("") });
                }
                b"relationship" => relate(event.as_mut(), &tag),
                _ => {}
            },
            Ok(Event::Empty(tag)) => match tag.local_name().as_ref() {
                b"event" => log.events.push(event_of(&tag)),
                b"object" => log.objects.extend(object_of(&tag)),
                b"relationship" => relate(event.as_mut(), &tag),
                _ => {}
            },
            Ok(Event::Text(part)) => {
                if let (Some(JsonAttribute { value: Value::String(value), .. }), Ok(part)) =
                    (&mut attribute, part.decode())
                {
                    value.push_str(&part);
                }
            }
            Ok(Event::GeneralRef(part)) => {
                if let (Some(JsonAttribute { value: Value::String(value), .. }), Ok(name)) =
                    (&mut attribute, part.decode())
                {
                    let letter = part.resolve_char_ref().ok().flatten();
                    match letter {
                        Some(letter) => value.push(letter),
                        None => value.push_str(quick_xml::escape::resolve_predefined_entity(&name).unwrap_or_default()),
                    }
                }
            }
            Ok(Event::End(tag)) => match tag.local_name().as_ref() {
                b"event" => log.events.extend(event.take()),
                b"attribute" => {
                    if let (Some(event), Some(attribute)) = (&mut event, attribute.take()) {
                        event.attributes.push(attribute);
                    }
                }
                _ => {}
            },
            Ok(Event::Eof) => return log,
            Ok(_) => {}
            Err(error) => {
                bad.push(format!("at byte {}: {error}; what follows could not be read", xml.error_position()));
                return log;
            }
        }
    }
}

fn event_of(tag: &BytesStart<'_>) -> JsonEvent {
    JsonEvent {
        id: text(tag, "id").unwrap_or_default(),
        event_type: text(tag, "type").unwrap_or_default(),
        time: text(tag, "time"),
        ..JsonEvent::default()
    }
}

/// Inside an event, older files name what it is about by `object` too.
fn object_of(tag: &BytesStart<'_>) -> Option<JsonObject> {
    Some(JsonObject { id: text(tag, "id")?, object_type: text(tag, "type")? })
}

fn relate(event: Option<&mut JsonEvent>, tag: &BytesStart<'_>) {
    if let (Some(event), Some(object)) = (event, text(tag, "object-id")) {
        event.relationships.push(JsonRelation { object, qualifier: text(tag, "qualifier").unwrap_or_default() });
    }
}

fn text(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.try_get_attribute(name)
        .ok()
        .flatten()?
        .normalized_value(quick_xml::XmlVersion::Explicit1_0)
        .ok()
        .map(std::borrow::Cow::into_owned)
}
