//! OCEL 2.0 as JSON or XML: put into the tables that OCEL itself has for SQLite, and read from there.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use quick_xml::Reader as XmlReader;
use quick_xml::events::{BytesStart, Event};
use rusqlite::{Connection, Statement, Transaction};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::flaw::{LineFlaw, Unread};
use super::limits::{Allowance, DEEPEST, Limited};
use super::reading::stream_flaw;
use super::xes::xml_flaw;
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

/// Puts a log into tables at `made`, an event at a time. Answers with what could not be read.
pub(super) fn make_tables(path: &Path, made: &Path) -> Result<Vec<Unread>, StoreError> {
    let file = File::open(path).map_err(|error| StoreError::from_io(path, error))?;
    let mut input = BufReader::new(file);
    let beginning = input.fill_buf().map_err(|error| StoreError::from_io(path, error))?;
    let is_xml = beginning.iter().find(|byte| **byte >= b' ' && **byte < 0x80 && **byte != b' ') == Some(&b'<');
    if beginning.starts_with(&[0xef, 0xbb, 0xbf]) {
        input.consume(3);
    }
    let failed = |source| StoreError::from_sqlite(made, source);
    let mut connection = Connection::open(made).map_err(failed)?;
    let tx = connection.transaction().map_err(failed)?;
    let mut bad = Vec::new();
    let mut tables = Tables::new(&tx).map_err(failed)?;
    if is_xml {
        read_xml(input, &mut bad, &mut tables).map_err(failed)?;
    } else {
        let read = read_json(input, &mut tables);
        if let Some(error) = tables.failed {
            return Err(failed(error));
        }
        read.map_err(|error| {
            let (line, column) = (error.line() as u64, error.column() as u64);
            let flaw = stream_flaw(error, Some(column).filter(|column| *column > 0));
            StoreError::not_events(path, if line > 0 { Unread::Line { line, flaw } } else { Unread::Whole(flaw) })
        })?;
    }
    drop(tables);
    tx.execute_batch(INDEXES).and_then(|()| tx.commit()).map_err(failed)?;
    Ok(bad)
}

/// Where a log's events and objects go as they are read.
struct Tables<'t> {
    event: Statement<'t>,
    content: Statement<'t>,
    relation: Statement<'t>,
    object: Statement<'t>,
    /// What ended the reading, where that was not the log's fault.
    failed: Option<rusqlite::Error>,
}

impl<'t> Tables<'t> {
    fn new(tx: &'t Transaction<'_>) -> rusqlite::Result<Self> {
        tx.execute_batch(TABLES)?;
        Ok(Self {
            event: tx.prepare("INSERT INTO event VALUES (?1, ?2)")?,
            content: tx.prepare("INSERT OR IGNORE INTO event_all VALUES (?1, ?2, ?3)")?,
            relation: tx.prepare("INSERT INTO event_object VALUES (?1, ?2, ?3)")?,
            object: tx.prepare("INSERT OR IGNORE INTO object VALUES (?1, ?2)")?,
            failed: None,
        })
    }

    fn add_event(&mut self, event: JsonEvent) -> rusqlite::Result<()> {
        let JsonEvent { id, event_type, time, attributes, relationships } = event;
        let fields: Map<String, Value> =
            attributes.into_iter().map(|JsonAttribute { name, value }| (name, value)).collect();
        self.event.execute((&id, event_type))?;
        self.content.execute((&id, time, Value::Object(fields).to_string()))?;
        for JsonRelation { object, qualifier } in relationships {
            self.relation.execute((&id, object, qualifier))?;
        }
        Ok(())
    }

    fn add_object(&mut self, object: JsonObject) -> rusqlite::Result<()> {
        let JsonObject { id, object_type } = object;
        self.object.execute((id, object_type)).map(|_| ())
    }
}

fn read_json(input: impl BufRead, tables: &mut Tables<'_>) -> serde_json::Result<()> {
    let allowance = Allowance::new();
    let mut json = serde_json::Deserializer::from_reader(Limited::new(input, &allowance));
    json.deserialize_map(JsonLog { tables, allowance: &allowance })?;
    json.end()
}

/// The log's own object: of it only the events and objects are kept, each as it comes.
struct JsonLog<'l, 't> {
    tables: &'l mut Tables<'t>,
    allowance: &'l Allowance,
}

impl<'de> Visitor<'de> for JsonLog<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a log of OCEL")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { tables, allowance } = self;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "events" => map.next_value_seed(Each { tables, allowance, add: Tables::add_event })?,
                "objects" => map.next_value_seed(Each { tables, allowance, add: Tables::add_object })?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            allowance.renew();
        }
        Ok(())
    }
}

/// A list whose elements are taken one by one.
struct Each<'l, 't, T> {
    tables: &'l mut Tables<'t>,
    allowance: &'l Allowance,
    add: fn(&mut Tables<'t>, T) -> rusqlite::Result<()>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Each<'_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Each<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Self { tables, allowance, add } = self;
        while let Some(element) = elements.next_element()? {
            allowance.renew();
            if let Err(error) = add(tables, element) {
                tables.failed = Some(error);
                return Err(A::Error::custom("it could not be kept"));
            }
        }
        Ok(())
    }
}

fn read_xml(input: impl BufRead, bad: &mut Vec<Unread>, tables: &mut Tables<'_>) -> rusqlite::Result<()> {
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
                bad.push(Unread::Byte { byte: xml.buffer_position(), flaw: LineFlaw::TooDeep }.ending());
                return Ok(());
            }
            Ok(Event::Start(tag)) => match tag.local_name().as_ref() {
                b"event" => event = Some(event_of(&tag)),
                b"object" => object_of(&tag).map_or(Ok(()), |object| tables.add_object(object))?,
                b"attribute" => {
                    attribute = text(&tag, "name").map(|name| JsonAttribute { name, value: Value::from("") });
                }
                b"relationship" => relate(event.as_mut(), &tag),
                _ => {}
            },
            Ok(Event::Empty(tag)) => match tag.local_name().as_ref() {
                b"event" => tables.add_event(event_of(&tag))?,
                b"object" => object_of(&tag).map_or(Ok(()), |object| tables.add_object(object))?,
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
                b"event" => event.take().map_or(Ok(()), |event| tables.add_event(event))?,
                b"attribute" => {
                    if let (Some(event), Some(attribute)) = (&mut event, attribute.take()) {
                        event.attributes.push(attribute);
                    }
                }
                _ => {}
            },
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(error) => {
                bad.push(Unread::Byte { byte: xml.error_position(), flaw: xml_flaw(&error) }.ending());
                return Ok(());
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
