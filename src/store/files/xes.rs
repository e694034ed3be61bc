//! XES: logs of events in traces, as process miners write them. A trace is a stream.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use quick_xml::Reader as XmlReader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Number, Value};

use super::derived_id;
use super::flaw::{LineFlaw, Unread};
use super::limits::{Allowance, DEEPEST, LARGEST_ATTRIBUTE, LARGEST_EVENT, Limited, Unpacked, mebibytes};
use super::xml::{as_utf8, attribute_text, xml_flaw};
use crate::event::{EventType, MetadataBuilder, NewEvent, StreamId, Version};
use crate::store::frameworks::time_of_text;
use crate::store::native::{Bulk, NativeStore};
use crate::store::{AppendError, StoreError};

/// Reads a log, packed or not, into a new store. Answers with what could not be read.
pub(super) fn make_store(path: &Path, made: &Path) -> Result<Vec<Unread>, StoreError> {
    let file = File::open(path).map_err(|error| StoreError::from_io(path, error))?;
    let mut input = BufReader::new(file);
    let is_packed = input.fill_buf().map_err(|error| StoreError::from_io(path, error))?.starts_with(&[0x1f, 0x8b]);
    let input: Box<dyn Read> = if is_packed {
        let packed = input.get_ref().metadata().map_or(0, |file| file.len());
        Box::new(Unpacked::new(flate2::bufread::MultiGzDecoder::new(input), packed))
    } else {
        Box::new(input)
    };
    let mut store = NativeStore::create(made)?;
    let mut log = Log {
        bulk: store.bulk()?,
        bad: Vec::new(),
        traces: 0,
        events: 0,
        trace: None,
        event: None,
        depth: 0,
        nesting: 0,
    };
    log.read(path, as_utf8(path, BufReader::new(input))?)?;
    let Log { bulk, bad, events, .. } = log;
    if let (0, Some(first)) = (events, bad.first()) {
        return Err(StoreError::not_events(path, first.clone()));
    }
    bulk.commit()?;
    Ok(bad)
}

struct Log<'s> {
    bulk: Bulk<'s>,
    bad: Vec<Unread>,
    traces: u64,
    events: u64,
    trace: Option<Trace>,
    event: Option<Attributes>,
    /// How deep inside an attribute, whose own attributes are left out.
    depth: u32,
    /// How deep inside anything.
    nesting: u32,
}

/// An event's attributes, as far as one event may be long.
#[derive(Default)]
struct Attributes {
    all: Vec<(String, Value)>,
    size: u64,
    /// The keys of what was cut or left out, and why.
    cut: Option<LineFlaw>,
    /// What could not be read of it, so that it is no event.
    flaw: Option<LineFlaw>,
}

impl Attributes {
    fn push(&mut self, key: String, mut value: Value) {
        if let Value::String(text) = &mut value
            && text.len() > LARGEST_ATTRIBUTE
        {
            let (len, kept) = (text.len() as u64, LARGEST_ATTRIBUTE as u64);
            text.truncate(text.floor_char_boundary(LARGEST_ATTRIBUTE));
            text.push('…');
            let (length, kept) = (mebibytes(len), mebibytes(kept));
            self.cut.get_or_insert_with(|| LineFlaw::Cut { key: key.as_str().into(), length, kept });
        }
        self.size += (key.len() + plain_len(&value)) as u64;
        if self.size > LARGEST_EVENT {
            self.cut.get_or_insert(LineFlaw::RestLeftOut);
        } else {
            self.all.push((key, value));
        }
    }
}

fn plain_len(value: &Value) -> usize {
    value.as_str().map_or(8, str::len)
}

#[derive(Default)]
struct Trace {
    name: Option<String>,
    number: u64,
    events: u64,
    /// Events that stand ahead of the trace's name, and their length.
    waiting: Vec<Attributes>,
    waiting_size: u64,
}

impl Trace {
    fn fallback_name(&self) -> String {
        format!("trace-{}", self.number)
    }
}

impl Log<'_> {
    fn read(&mut self, path: &Path, input: impl BufRead) -> Result<(), StoreError> {
        let allowance = Allowance::new();
        let mut xml = XmlReader::from_reader(Limited::new(input, &allowance));
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            allowance.renew();
            match xml.read_event_into(&mut buffer) {
                Ok(Event::Start(tag)) => {
                    self.nesting += 1;
                    if self.nesting > DEEPEST {
                        let byte = xml.buffer_position();
                        return self.stop(path, Unread::Byte { byte, flaw: LineFlaw::TooDeep });
                    }
                    let byte = xml.buffer_position();
                    self.begin(&tag, false, byte);
                }
                Ok(Event::Empty(tag)) => self.begin(&tag, true, xml.buffer_position()),
                Ok(Event::End(tag)) => {
                    self.nesting = self.nesting.saturating_sub(1);
                    self.end(tag.local_name().as_ref())?;
                }
                Ok(Event::Eof) if self.trace.is_some() => {
                    self.bad.push(Unread::Whole(LineFlaw::EndsInTrace));
                    return self.close_trace();
                }
                Ok(Event::Eof) => return Ok(()),
                Ok(_) => {}
                Err(error) => {
                    let byte = xml.error_position().max(xml.buffer_position());
                    return self.stop(path, Unread::Byte { byte, flaw: xml_flaw(&error) });
                }
            }
        }
    }

    /// Keeps what was read before the place that ends the reading.
    fn stop(&mut self, path: &Path, what: Unread) -> Result<(), StoreError> {
        if self.traces == 0 {
            return Err(StoreError::not_events(path, what));
        }
        self.bad.push(what.ending());
        self.event = None;
        self.close_trace()
    }

    fn begin(&mut self, tag: &BytesStart<'_>, is_empty: bool, byte: u64) {
        match tag.local_name().as_ref() {
            b"trace" if !is_empty => {
                self.traces += 1;
                self.trace = Some(Trace { number: self.traces, ..Trace::default() });
            }
            b"event" if self.trace.is_some() && !is_empty => self.event = Some(Attributes::default()),
            kind @ (b"string" | b"date" | b"int" | b"float" | b"boolean" | b"id" | b"list" | b"container") => {
                if self.depth == 0 {
                    match (attribute(kind, tag), &mut self.event, &mut self.trace) {
                        (Ok(Some((key, value))), Some(event), _) => event.push(key, value),
                        (Ok(Some((key, value))), None, Some(trace))
                            if key == "concept:name" && trace.name.is_none() =>
                        {
                            trace.name = Some(plain(&value));
                        }
                        (Err(flaw), Some(event), _) => event.flaw = event.flaw.take().or(Some(flaw)),
                        (Err(flaw), None, Some(_)) => self.bad.push(Unread::Byte { byte, flaw }),
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
                    trace.waiting_size += event.size;
                    trace.waiting.push(event);
                    if trace.name.is_none() && trace.waiting_size > LARGEST_EVENT {
                        let name = trace.fallback_name();
                        self.bad.push(Unread::Whole(LineFlaw::Nameless { trace: name.as_str().into() }));
                        trace.name = Some(name);
                    }
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
        let fallback = trace.fallback_name();
        trace.name.get_or_insert(fallback);
        for event in std::mem::take(&mut trace.waiting) {
            self.record(event)?;
        }
        self.trace = None;
        Ok(())
    }

    fn record(&mut self, attributes: Attributes) -> Result<(), StoreError> {
        let Some(trace) = &mut self.trace else { return Ok(()) };
        trace.events += 1;
        let (number, name) = (trace.events, trace.name.clone().unwrap_or_default());
        let stream = StreamId::new(name);
        let mut payload = Map::new();
        let (mut event_type, mut recorded_at, mut actor) = ("event".to_owned(), None, None);
        let here = |flaw| Unread::Event { number, stream: stream.as_str().into(), flaw };
        if let Some(flaw) = attributes.flaw {
            self.bad.push(here(flaw));
            return Ok(());
        }
        if let Some(cut) = attributes.cut {
            self.bad.push(here(cut));
        }
        for (key, value) in attributes.all {
            match key.as_str() {
                "concept:name" => event_type = plain(&value),
                "time:timestamp" if recorded_at.is_none() => {
                    recorded_at = time_of_text(&plain(&value));
                    if recorded_at.is_none() {
                        self.bad.push(here(LineFlaw::NotATime(plain(&value).into())));
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
                self.bad.push(here(LineFlaw::refused(&other)));
                Ok(())
            }
        }
    }
}

fn attribute(kind: &[u8], tag: &BytesStart<'_>) -> Result<Option<(String, Value)>, LineFlaw> {
    let Some(key) = attribute_text(tag, "key")? else { return Ok(None) };
    let value = attribute_text(tag, "value")?.unwrap_or_default();
    let value = match kind {
        b"int" | b"float" => serde_json::from_str::<Number>(&value).map_or(Value::String(value), Value::Number),
        b"boolean" if value == "true" || value == "1" => Value::Bool(true),
        b"boolean" if value == "false" || value == "0" => Value::Bool(false),
        b"list" | b"container" => Value::String(format!("({})", String::from_utf8_lossy(kind))),
        _ => Value::String(value),
    };
    Ok(Some((key, value)))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
