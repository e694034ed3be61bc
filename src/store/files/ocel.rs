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
use super::xml::{as_utf8, attribute_text, entity_text, not_utf8, xml_flaw};
use crate::event::deserialize_json;
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
    #[serde(default, deserialize_with = "deserialize_json")]
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
    let has_mark = beginning.starts_with(&[0xef, 0xbb, 0xbf]);
    let failed = |source| StoreError::from_sqlite(made, source);
    let mut connection = Connection::open(made).map_err(failed)?;
    let tx = connection.transaction().map_err(failed)?;
    let mut tables = Tables::new(&tx).map_err(failed)?;
    if is_xml {
        read_xml(as_utf8(path, input)?, &mut tables).map_err(failed)?;
    } else {
        input.consume(if has_mark { 3 } else { 0 });
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
    let bad = std::mem::take(&mut tables.bad);
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
    /// Events that came, kept or not.
    events: u64,
    bad: Vec<Unread>,
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
            events: 0,
            bad: Vec::new(),
            failed: None,
        })
    }

    fn add_event(&mut self, event: JsonEvent) -> rusqlite::Result<()> {
        let JsonEvent { id, event_type, time, attributes, relationships } = event;
        self.events += 1;
        let number = self.events;
        if id.is_empty() {
            self.bad.push(Unread::Whole(LineFlaw::NoId { number }));
            return Ok(());
        }
        let fields: Map<String, Value> =
            attributes.into_iter().map(|JsonAttribute { name, value }| (name, value)).collect();
        // An id names one event: the first that has it.
        if self.content.execute((&id, time, Value::Object(fields).to_string()))? == 0 {
            self.bad.push(Unread::Whole(LineFlaw::SameId { number, id: id.into() }));
            return Ok(());
        }
        self.event.execute((&id, event_type))?;
        for JsonRelation { object, qualifier } in relationships {
            self.relation.execute((&id, object, qualifier))?;
        }
        Ok(())
    }

    fn refuse_event(&mut self, byte: u64, flaw: LineFlaw) {
        self.events += 1;
        self.bad.push(Unread::Byte { byte, flaw });
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

fn read_xml(input: impl BufRead, tables: &mut Tables<'_>) -> rusqlite::Result<()> {
    let allowance = Allowance::new();
    let mut xml = XmlReader::from_reader(Limited::new(input, &allowance));
    let mut nesting = 0_u32;
    let mut buffer = Vec::new();
    let mut event: Option<XmlEvent> = None;
    let mut attribute: Option<(String, String)> = None;
    loop {
        buffer.clear();
        allowance.renew();
        let byte = xml.buffer_position();
        let read = xml.read_event_into(&mut buffer);
        match read {
            Ok(Event::Start(_)) => nesting += 1,
            Ok(Event::End(_)) => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        match read {
            Ok(_) if nesting > DEEPEST => {
                tables.bad.push(Unread::Byte { byte: xml.buffer_position(), flaw: LineFlaw::TooDeep }.ending());
                return Ok(());
            }
            Ok(Event::Start(tag)) => match tag.local_name().as_ref() {
                b"event" => event = Some(XmlEvent::begin(&tag, byte)),
                b"object" => add_object(&tag, byte, tables)?,
                b"attribute" => {
                    let name = attribute_text(&tag, "name");
                    let name = event.as_mut().and_then(|event| event.unless_flawed(name)).flatten();
                    attribute = name.map(|name| (name, String::new()));
                }
                b"relationship" => event.iter_mut().for_each(|event| event.relate(&tag)),
                _ => {}
            },
            Ok(Event::Empty(tag)) => match tag.local_name().as_ref() {
                b"event" => XmlEvent::begin(&tag, byte).end(tables)?,
                b"object" => add_object(&tag, byte, tables)?,
                b"relationship" => event.iter_mut().for_each(|event| event.relate(&tag)),
                _ => {}
            },
            Ok(Event::Text(part)) => {
                add_text(&mut attribute, &mut event, || Ok(part.decode().map_err(not_utf8)?.into()));
            }
            Ok(Event::CData(part)) => {
                add_text(&mut attribute, &mut event, || Ok(part.decode().map_err(not_utf8)?.into()));
            }
            Ok(Event::GeneralRef(part)) => add_text(&mut attribute, &mut event, || entity_text(&part)),
            Ok(Event::End(tag)) => match tag.local_name().as_ref() {
                b"event" => event.take().map_or(Ok(()), |event| event.end(tables))?,
                b"attribute" => {
                    if let (Some(XmlEvent { event, .. }), Some((name, value))) = (&mut event, attribute.take()) {
                        event.attributes.push(JsonAttribute { name, value: Value::String(value) });
                    }
                }
                _ => {}
            },
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(error) => {
                tables.bad.push(Unread::Byte { byte: xml.error_position(), flaw: xml_flaw(&error) }.ending());
                return Ok(());
            }
        }
    }
}

/// An event as far as it was read, and what was the first of it that could not be.
struct XmlEvent {
    byte: u64,
    event: JsonEvent,
    flaw: Option<LineFlaw>,
}

impl XmlEvent {
    fn begin(tag: &BytesStart<'_>, byte: u64) -> Self {
        let mut begun = Self { byte, event: JsonEvent::default(), flaw: None };
        let mut text = |name| begun.unless_flawed(attribute_text(tag, name)).flatten();
        let (id, event_type, time) = (text("id"), text("type"), text("time"));
        let (id, event_type) = (id.unwrap_or_default(), event_type.unwrap_or_default());
        begun.event = JsonEvent { id, event_type, time, ..JsonEvent::default() };
        begun
    }

    fn unless_flawed<T>(&mut self, read: Result<T, LineFlaw>) -> Option<T> {
        read.map_err(|flaw| self.flaw.get_or_insert(flaw)).ok()
    }

    fn relate(&mut self, tag: &BytesStart<'_>) {
        let object = self.unless_flawed(attribute_text(tag, "object-id")).flatten();
        let qualifier = self.unless_flawed(attribute_text(tag, "qualifier")).flatten().unwrap_or_default();
        self.event.relationships.extend(object.map(|object| JsonRelation { object, qualifier }));
    }

    fn end(self, tables: &mut Tables<'_>) -> rusqlite::Result<()> {
        match self.flaw {
            Some(flaw) => {
                tables.refuse_event(self.byte, flaw);
                Ok(())
            }
            None => tables.add_event(self.event),
        }
    }
}

/// Text counts inside an event's attribute; an attribute that cannot be read whole makes the event a bad one.
fn add_text(
    attribute: &mut Option<(String, String)>,
    event: &mut Option<XmlEvent>,
    read: impl FnOnce() -> Result<String, LineFlaw>,
) {
    if let (Some((_, value)), Some(event)) = (attribute, event)
        && let Some(text) = event.unless_flawed(read())
    {
        value.push_str(&text);
    }
}

/// Inside an event, older files name what it is about by `object` too.
fn add_object(tag: &BytesStart<'_>, byte: u64, tables: &mut Tables<'_>) -> rusqlite::Result<()> {
    match (attribute_text(tag, "id"), attribute_text(tag, "type")) {
        (Ok(Some(id)), Ok(Some(object_type))) => tables.add_object(JsonObject { id, object_type }),
        (Err(flaw), _) | (_, Err(flaw)) => {
            tables.bad.push(Unread::Byte { byte, flaw });
            Ok(())
        }
        _ => Ok(()),
    }
}
