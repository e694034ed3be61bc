//! CloudEvents 1.0 in JSON. The specification knows neither streams nor versions: `subject` names the stream and
//! `sequence` the version, as custom has it. Foldline's own events come back as they were; what others wrote keeps
//! its source and its extensions in the metadata.

use std::io::{self, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Incoming;
use super::event_object::version;
use super::flaw::LineFlaw;
use super::raw::{RawObject, quoted};
use crate::event::{EventId, EventRow, EventType, Metadata, NewEvent, StreamId, Timestamp, json_value};

/// The `source` of what Foldline exports: its ids need no source to be unique.
const OWN_SOURCE: &str = "urn:foldline";

pub(super) fn is_cloud_event(object: &RawObject<'_>) -> bool {
    object.has("specversion") && !object.has("event-type")
}

pub(super) fn read(mut object: RawObject<'_>, line: u64) -> Result<Incoming, LineFlaw> {
    let object = &mut object;
    let mut required = |name: &'static str| object.take_text(name)?.ok_or(LineFlaw::CloudEventLacks(name));
    let specversion = required("specversion")?;
    if specversion != "1.0" {
        return Err(LineFlaw::OtherCloudEvents(specversion.into()));
    }
    let (id, source, event_type) = (required("id")?, required("source")?, required("type")?);
    let subject = object.take_text("subject")?;
    let time = object.take_text("time")?.map(|text| text.parse::<Timestamp>()).transpose()?;
    let content_type = object.take_text("datacontenttype")?;
    let sequence = object.take_text("sequence")?;
    let schema = object.take_text("schemaversion")?;
    let own_metadata = object.take_text("metadata")?;
    let payload = payload(object, content_type.as_deref())?;
    let is_own = source == OWN_SOURCE;
    let metadata = match own_metadata {
        Some(text) if is_own => text,
        other => {
            let mut all = Map::new();
            if !is_own {
                all.insert("source".to_owned(), source.clone().into());
            }
            if let Some(text) = other {
                all.insert("metadata".to_owned(), text.into());
            }
            for (name, raw) in &object.0 {
                let name = match name.as_str() {
                    "correlationid" => "correlation-id",
                    "causationid" => "causation-id",
                    other => other,
                };
                all.insert(name.to_owned(), json_value(raw.get().as_bytes()).unwrap_or(Value::Null));
            }
            if all.is_empty() { String::new() } else { Value::Object(all).to_string() }
        }
    };
    Ok(Incoming {
        line,
        stream: StreamId::new(subject.filter(|text| !text.is_empty()).unwrap_or_else(|| source.clone())),
        // A sequence that counts something else than versions of a stream can't be one.
        version: sequence.filter(|_| is_own).and_then(|text| text.parse().ok()).map(version).transpose()?,
        needs_id: false,
        event: NewEvent {
            // Only source and id together are unique.
            id: EventId::new(&if is_own { id } else { format!("{source}#{id}") }),
            event_type: EventType::new(event_type),
            schema: schema.and_then(|text| text.parse().ok()).unwrap_or(1),
            recorded_at: time,
            payload,
            metadata,
        },
    })
}

fn payload(object: &mut RawObject<'_>, content_type: Option<&str>) -> Result<String, LineFlaw> {
    if let Some(encoded) = object.take_text("data-base64")? {
        let bytes = BASE64_STANDARD.decode(&encoded).map_err(|error| LineFlaw::NotBase64(error.to_string().into()))?;
        return Ok(match String::from_utf8(bytes) {
            Ok(text) if serde_json::from_str::<&RawValue>(&text).is_ok() => text,
            Ok(text) => quoted(&text).into_owned(),
            // Bytes that are no text stay as they came.
            Err(_) => format!("{{\"data_base64\":{}}}", quoted(&encoded)),
        });
    }
    let Some(data) = object.take("data") else { return Ok("{}".to_owned()) };
    let is_json_text = content_type == Some("application/json; foldline=text");
    match serde_json::from_str::<String>(data.get()) {
        Ok(text) if is_json_text => Ok(text),
        _ => Ok(data.get().to_owned()),
    }
}

pub(super) fn write(out: &mut dyn Write, row: &EventRow<'_>) -> io::Result<()> {
    write!(
        out,
        "{{\"specversion\":\"1.0\",\"id\":{},\"source\":\"{OWN_SOURCE}\",\"type\":{},\"subject\":{},\"sequence\":\"{}\"",
        quoted(&row.id.to_string()),
        quoted(row.event_type.as_str()),
        quoted(row.stream.as_str()),
        row.version,
    )?;
    if let Some(at) = row.recorded_at {
        write!(out, ",\"time\":\"{at}\"")?;
    }
    if row.schema != 1 {
        write!(out, ",\"schemaversion\":{}", row.schema)?;
    }
    if !row.metadata.is_empty() {
        let Metadata { correlation_id, causation_id, .. } = Metadata::parse(row.metadata);
        for (name, value) in [("correlationid", correlation_id), ("causationid", causation_id)] {
            if let Some(value) = value {
                write!(out, ",\"{name}\":{}", quoted(&value))?;
            }
        }
        // Extensions are plain values: the whole stands as text.
        write!(out, ",\"metadata\":{}", quoted(&String::from_utf8_lossy(row.metadata)))?;
    }
    match serde_json::from_slice::<&RawValue>(row.payload) {
        Ok(raw) if raw.get().len() == row.payload.len() && !raw.get().contains(['\n', '\r']) => {
            write!(out, ",\"datacontenttype\":\"application/json\",\"data\":{}", raw.get())?;
        }
        _ => {
            let text = String::from_utf8_lossy(row.payload);
            write!(out, ",\"datacontenttype\":\"application/json; foldline=text\",\"data\":{}", quoted(&text))?;
        }
    }
    out.write_all(b"}")
}
