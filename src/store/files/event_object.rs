//! One event as one JSON object, in the two shapes that Foldline itself writes.
//!
//! The plain shape is what `foldline events --format jsonl` prints. The seed's shape is flat: `lead-id` or
//! `ticket-id` names the stream (`stream` any other), then `event-id` (the version), `event-type` and `timestamp`;
//! the rest is the payload. What a plain history does not have stands beside it when an event has it: `id`, `schema`,
//! `metadata`. A payload that would collide with these names, or that would not be put together again as it was,
//! stands whole under `payload`; text of several lines, or that is no JSON, under `payload-text`.

use std::io::{self, Write};

use serde_json::value::RawValue;

use super::flaw::LineFlaw;
use super::raw::{RawObject, quoted};
use super::{Incoming, derived_id};
use crate::event::{EventId, EventRow, EventType, NewEvent, StreamId, Timestamp, Version, same_name};

const SEED_STREAMS: [&str; 2] = ["lead", "ticket"];

const SEED_ENVELOPE: [&str; 13] = [
    "lead-id",
    "ticket-id",
    "stream",
    "event-id",
    "event-type",
    "timestamp",
    "id",
    "schema",
    "metadata",
    "metadata-text",
    "payload",
    "payload-text",
    // What tells a CloudEvent.
    "specversion",
];

/// Reads either shape.
pub(super) fn read(mut object: RawObject<'_>, line: u64) -> Result<Incoming, LineFlaw> {
    if object.has("event-type") { read_seed(&mut object, line) } else { read_plain(&mut object, line) }
}

fn read_plain(object: &mut RawObject<'_>, line: u64) -> Result<Incoming, LineFlaw> {
    let stream = object.take_text("stream")?.ok_or(LineFlaw::NoStream)?;
    let event_type = object.take_text("type")?.ok_or(LineFlaw::NoType)?;
    let version = object.take_text("version")?.map(|text| number("version", &text).and_then(version)).transpose()?;
    let recorded_at = object.take_text("recorded-at")?;
    // Its place in the store it came from says nothing in another.
    object.take("position");
    let payload = nested(object, "payload", "payload-text")?;
    let mut incoming = finish(object, line, stream, version, event_type, recorded_at)?;
    incoming.event.payload = match (payload, object.0.first()) {
        (Some(_), Some((unknown, _))) => return Err(LineFlaw::UnknownField(unknown.as_str().into())),
        (Some(payload), None) => payload,
        (None, _) => object.to_text(),
    };
    Ok(incoming)
}

fn read_seed(object: &mut RawObject<'_>, line: u64) -> Result<Incoming, LineFlaw> {
    let mut stream = object.take_text("stream")?;
    for category in SEED_STREAMS {
        if stream.is_none()
            && let Some(key) = object.take_text(&format!("{category}-id"))?
        {
            stream = Some(format!("{category}-{key}"));
        }
    }
    let stream = stream.ok_or(LineFlaw::NoStream)?;
    let event_type = object.take_text("event-type")?.ok_or(LineFlaw::NoType)?;
    let recorded_at = object.take_text("timestamp")?;
    // A number is the version; anything else is a real id.
    let (version, id) = match object.take_text("event-id")? {
        Some(text) => match text.parse() {
            Ok(number) => (Some(version(number)?), None),
            Err(_) => (None, Some(text)),
        },
        None => (None, None),
    };
    let payload = nested(object, "payload", "payload-text")?;
    let mut incoming = finish(object, line, stream, version, event_type, recorded_at)?;
    incoming.event.payload = payload.unwrap_or_else(|| object.to_text());
    if let (true, Some(id)) = (incoming.needs_id, id) {
        incoming.event.id = EventId::new(&id);
        incoming.needs_id = false;
    }
    Ok(incoming)
}

/// Takes the fields that both shapes share. What is left in the object is the payload's.
fn finish(
    object: &mut RawObject<'_>,
    line: u64,
    stream: String,
    version: Option<Version>,
    event_type: String,
    recorded_at: Option<String>,
) -> Result<Incoming, LineFlaw> {
    let id = object.take_text("id")?;
    let schema = object.take_text("schema")?.map(|text| number("schema", &text)).transpose()?;
    let metadata = nested(object, "metadata", "metadata-text")?.filter(|text| text != "null").unwrap_or_default();
    if stream.is_empty() || event_type.is_empty() {
        return Err(LineFlaw::NoName);
    }
    let recorded_at = recorded_at.map(|text| text.parse::<Timestamp>()).transpose()?;
    Ok(Incoming {
        line,
        stream: StreamId::new(stream),
        version,
        needs_id: id.is_none(),
        event: NewEvent {
            id: EventId::new(id.as_deref().unwrap_or_default()),
            event_type: EventType::new(event_type),
            schema: schema.map_or(Ok(1), u32::try_from).map_err(|_| LineFlaw::NumberTooLarge { field: "schema" })?,
            recorded_at,
            payload: String::new(),
            metadata,
        },
    })
}

/// A value that stands as JSON or, beside it, as text.
fn nested(object: &mut RawObject<'_>, name: &str, text_name: &str) -> Result<Option<String>, LineFlaw> {
    match object.take_text(text_name)? {
        Some(text) => Ok(Some(text)),
        None => Ok(object.take(name).map(|raw| raw.get().to_owned())),
    }
}

fn number(field: &'static str, text: &str) -> Result<u64, LineFlaw> {
    text.parse().map_err(|_| LineFlaw::NotANumber { field, found: text.into() })
}

/// Databases count to 2^63 − 1; a larger number could only be kept as another.
pub(super) fn version(number: u64) -> Result<Version, LineFlaw> {
    match i64::try_from(number) {
        Ok(_) => Ok(Version(number)),
        Err(_) => Err(LineFlaw::VersionTooLarge { version: number }),
    }
}

/// Writes the plain shape.
pub(super) fn write_plain(out: &mut dyn Write, row: &EventRow<'_>) -> io::Result<()> {
    let position = row.position.map_or("null".to_owned(), |position| position.to_string());
    let recorded_at = row.recorded_at.map_or("null".to_owned(), |at| format!("\"{at}\""));
    write!(
        out,
        "{{\"position\":{position},\"stream\":{},\"version\":{},\"id\":{},\"type\":{},\"schema\":{},\"recorded_at\":{recorded_at}",
        quoted(row.stream.as_str()),
        row.version,
        quoted(&row.id.to_string()),
        quoted(row.event_type.as_str()),
        row.schema,
    )?;
    write_nested(out, ("payload", "payload_text"), row.payload)?;
    if !row.metadata.is_empty() {
        write_nested(out, ("metadata", "metadata_text"), row.metadata)?;
    }
    out.write_all(b"}")
}

/// Writes the seed's shape.
pub(super) fn write_seed(out: &mut dyn Write, row: &EventRow<'_>) -> io::Result<()> {
    let own_key = row.stream.key().filter(|key| !key.is_empty() && SEED_STREAMS.contains(&row.stream.category()));
    match own_key {
        Some(key) => write!(out, "{{\"{}-id\":{}", row.stream.category(), plain_number_or_text(key))?,
        None => write!(out, "{{\"stream\":{}", quoted(row.stream.as_str()))?,
    }
    write!(out, ",\"event-id\":{},\"event-type\":{}", row.version, quoted(row.event_type.as_str()))?;
    if let Some(at) = row.recorded_at {
        write!(out, ",\"timestamp\":\"{at}\"")?;
    }
    let derived =
        derived_id(row.stream, row.version.0, row.event_type.as_str(), row.recorded_at, row.payload, row.metadata);
    if row.id != derived {
        write!(out, ",\"id\":{}", quoted(&row.id.to_string()))?;
    }
    if row.schema != 1 {
        write!(out, ",\"schema\":{}", row.schema)?;
    }
    if !row.metadata.is_empty() {
        write_nested(out, ("metadata", "metadata-text"), row.metadata)?;
    }
    match serde_json::from_slice::<RawObject<'_>>(row.payload) {
        Ok(fields) if is_flat(&fields, row.payload) => {
            for (key, value) in &fields.0 {
                write!(out, ",{}:{}", quoted(key), value.get())?;
            }
        }
        _ => write_nested(out, ("payload", "payload-text"), row.payload)?,
    }
    out.write_all(b"}")
}

/// Whether the payload can stand between the envelope's fields and be put together again letter for letter.
fn is_flat(fields: &RawObject<'_>, payload: &[u8]) -> bool {
    fields.0.iter().all(|(key, _)| !SEED_ENVELOPE.iter().any(|name| same_name(key, name)))
        && fields.to_text().as_bytes() == payload
        && !payload.contains(&b'\n')
}

fn write_nested(out: &mut dyn Write, (name, text_name): (&str, &str), stored: &[u8]) -> io::Result<()> {
    match serde_json::from_slice::<&RawValue>(stored) {
        // A line break would end a line of JSON Lines; spaces around the value would be lost.
        Ok(raw) if raw.get().len() == stored.len() && !raw.get().contains(['\n', '\r']) => {
            write!(out, ",\"{name}\":{}", raw.get())
        }
        _ => write!(out, ",\"{text_name}\":{}", quoted(&String::from_utf8_lossy(stored))),
    }
}

/// `7` where the text is a number and would be read as the same text again.
fn plain_number_or_text(text: &str) -> String {
    match text.parse::<u64>() {
        Ok(number) if number.to_string() == text => text.to_owned(),
        _ => quoted(text).into_owned(),
    }
}
