//! XES: logs of events in traces, as process miners write them. A trace is a stream.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use quick_xml::Reader as XmlReader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Number, Value};

use super::derived_id;
use crate::event::{EventType, MetadataBuilder, NewEvent, StreamId, Version};
use crate::store::frameworks::time_of_text;
use crate::store::native::{Bulk, NativeStore};
use crate::store::{AppendError, StoreError};

/// Reads a log, packed or not, into a new store. Answers with what could not be read.
pub(super) fn make_store(path: &Path, made: &Path) -> Result<Vec<String>, StoreError> {
    let file = File::open(path).map_err(|error| StoreError::from_io(path, error))?;
    let mut input = BufReader::new(file);
    let is_packed = input.fill_buf().map_err(|error| StoreError::from_io(path, error))?.starts_with(&[0x1f, 0x8b]);
    let input: Box<dyn Read> =
        if is_packed { Box::new(flate2::bufread::MultiGzDecoder::new(input)) } else { Box::new(input) };
    let mut store = NativeStore::create(made)?;
    let mut log =
        Log { bulk: store.bulk()?, bad: Vec::new(), traces: 0, events: 0, trace: None, event: None, depth: 0 };
    log.read(path, BufReader::new(input))?;
    let Log { bulk, bad, events, .. } = log;
    if let (0, Some(first)) = (events, bad.first()) {
        return Err(StoreError::NotEvents { path: path.to_owned(), detail: first.clone() });
    }
    bulk.commit()?;
    Ok(bad)
}

struct Log<'s> {
    bulk: Bulk<'s>,
    bad: Vec<String>,
    traces: u64,
    events: u64,
    trace: Option<Trace>,
    event: Option<Vec<(String, Value)>>,
    /// How deep inside an attribute, whose own attributes are left out.
    depth: u32,
}

#[derive(Default)]
struct Trace {
    name: Option<String>,
    number: u64,
    events: u64,
    /// Events that stand ahead of the trace's name.
    waiting: Vec<Vec<(String, Value)>>,
}

impl Log<'_> {
    fn read(&mut self, path: &Path, input: impl BufRead) -> Result<(), StoreError> {
        let mut xml = XmlReader::from_reader(input);
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match xml.read_event_into(&mut buffer) {
                Ok(Event::Start(tag)) => self.begin(&tag, false),
                Ok(Event::Empty(tag)) => self.begin(&tag, true),
                Ok(Event::End(tag)) => self.end(tag.local_name().as_ref())?,
                Ok(Event::Eof) if self.trace.is_some() => {
                    self.bad.push("the file ends inside a trace; what follows is missing".to_owned());
                    return self.close_trace();
                }
                Ok(Event::Eof) => return Ok(()),
                Ok(_) => {}
                Err(error) => {
                    let place = xml.error_position();
                    let detail = format!("at byte {place}: {error}");
                    if self.traces == 0 {
                        return Err(StoreError::NotEvents { path: path.to_owned(), detail });
                    }
                    self.bad.push(format!("{detail}; what follows could not be read"));
                    return self.close_trace();
                }
            }
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>, is_empty: bool) {
        match tag.local_name().as_ref() {
            b"trace" if !is_empty => {
                self.traces += 1;
                self.trace = Some(Trace { number: self.traces, ..Trace::default() });
            }
            b"event" if self.trace.is_some() && !is_empty => self.event = Some(Vec::new()),
            kind @ (b"string" | b"date" | b"int" | b"float" | b"boolean" | b"id" | b"list" | b"container") => {
                if self.depth == 0
                    && let Some((key, value)) = attribute(kind, tag)
                {
                    match (&mut self.event, &mut self.trace) {
                        (Some(event), _) => event.push((key, value)),
                        (None, Some(trace)) if key == "concept:name" => trace.name = Some(plain(&value)),
                        _ => {}
                    }
                }
                self.depth += u32::from(!is_empty);
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &[u8]) -> Result<(), StoreError> {
        match name {
            b"event" => {
                if let (Some(event), Some(trace)) = (self.event.take(), &mut self.trace) {
                    trace.waiting.push(event);
                    if trace.name.is_some() {
                        for event in std::mem::take(&mut trace.waiting) {
                            self.record(event)?;
                        }
                    }
                }
            }
            b"trace" => self.close_trace()?,
            b"string" | b"date" | b"int" | b"float" | b"boolean" | b"id" | b"list" | b"container" => {
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
        Ok(())
    }

    fn close_trace(&mut self) -> Result<(), StoreError> {
        let Some(trace) = &mut self.trace else { return Ok(()) };
        let number = trace.number;
        trace.name.get_or_insert_with(|| format!("trace-{number}"));
        for event in std::mem::take(&mut trace.waiting) {
            self.record(event)?;
        }
        self.trace = None;
        Ok(())
    }

    fn record(&mut self, attributes: Vec<(String, Value)>) -> Result<(), StoreError> {
        let Some(trace) = &mut self.trace else { return Ok(()) };
        trace.events += 1;
        let (number, name) = (trace.events, trace.name.clone().unwrap_or_default());
        let stream = StreamId::new(name);
        let mut payload = Map::new();
        let (mut event_type, mut recorded_at, mut actor) = ("event".to_owned(), None, None);
        for (key, value) in attributes {
            match key.as_str() {
                "concept:name" => event_type = plain(&value),
                "time:timestamp" if recorded_at.is_none() => {
                    recorded_at = time_of_text(&plain(&value));
                    if recorded_at.is_none() {
                        self.bad.push(format!("event {number} of {stream}: “{}” is not a time", plain(&value)));
                    }
                }
                _ => {
                    if key == "org:resource" {
                        actor = Some(plain(&value));
                    }
                    payload.insert(key, value);
                }
            }
        }
        let payload = Value::Object(payload).to_string();
        let metadata = MetadataBuilder::default().with("actor", actor).build();
        let (body, around) = (payload.as_bytes(), metadata.as_bytes());
        let id = derived_id(&stream, number, &event_type, recorded_at, body, around);
        let event_type = EventType::new(event_type);
        let event = NewEvent { id, event_type, schema: 1, recorded_at, payload, metadata };
        // Two traces of one name go on from each other.
        let version = self.bulk.last_version(&stream)?.map_or(Version(1), |last| Version(last.0 + 1));
        match self.bulk.record(&stream, Some(version), &event) {
            Ok(_) => {
                self.events += 1;
                Ok(())
            }
            Err(AppendError::Store(error)) => Err(error),
            Err(other) => {
                self.bad.push(format!("event {number} of {stream}: {other}"));
                Ok(())
            }
        }
    }
}

fn attribute(kind: &[u8], tag: &BytesStart<'_>) -> Option<(String, Value)> {
    let text = |name: &str| {
        let found = tag.try_get_attribute(name).ok().flatten()?;
        found.normalized_value(quick_xml::XmlVersion::Explicit1_0).ok().map(std::borrow::Cow::into_owned)
    };
    let value = text("value").unwrap_or_default();
    let value = match kind {
        b"int" | b"float" => serde_json::from_str::<Number>(&value).map_or(Value::String(value), Value::Number),
        b"boolean" if value == "true" || value == "1" => Value::Bool(true),
        b"boolean" if value == "false" || value == "0" => Value::Bool(false),
        b"list" | b"container" => Value::String(format!("({})", String::from_utf8_lossy(kind))),
        _ => Value::String(value),
    };
    Some((text("key")?, value))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
