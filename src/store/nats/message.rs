//! Foldline's own layout on JetStream: which subject a stream has, and how events become a message and come back from
//! one. Nothing here asks a server.

mod subject;

use std::borrow::Cow;
use std::fmt::Write as _;

use async_nats::header::{HeaderName, NATS_MESSAGE_ID};
use async_nats::{HeaderMap, HeaderValue};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::layout::{Decoded, SCHEMA};
use super::texts::Headers;
use crate::event::hex::{CAPITAL, DIGITS};
use crate::event::{EventId, Explain, Message, Metadata, MetadataBuilder, NewEvent, StreamId, Timestamp, Version};
use crate::store::native::chain::{Chained, Link};

pub(super) use subject::{all_subjects, category_subject, stream_of, subject_of};
use subject::{plain, value};

const SCHEMA_HEADER: HeaderName = HeaderName::from_static("Foldline-Schema");
const VERSION: HeaderName = HeaderName::from_static("Foldline-Version");
const TYPE: HeaderName = HeaderName::from_static("Foldline-Type");
const TIME: HeaderName = HeaderName::from_static("Foldline-Time");
const EVENT_SCHEMA: HeaderName = HeaderName::from_static("Foldline-Event-Schema");
const METADATA: HeaderName = HeaderName::from_static("Foldline-Metadata");
const ACTOR: HeaderName = HeaderName::from_static("Foldline-Actor");
const REASON: HeaderName = HeaderName::from_static("Foldline-Reason");
const CORRELATION: HeaderName = HeaderName::from_static("Foldline-Correlation");
const CAUSATION: HeaderName = HeaderName::from_static("Foldline-Causation");
const COMPENSATES: HeaderName = HeaderName::from_static("Foldline-Compensates");
const HASH: HeaderName = HeaderName::from_static("Foldline-Hash");
const BATCH: HeaderName = HeaderName::from_static("Foldline-Batch");

/// What an event is to be hashed behind: the hash of the event before it in its stream.
pub(super) type Hash = Link;

/// An event where it is to stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'a> {
    pub stream: &'a StreamId,
    pub version: Version,
    pub event: &'a NewEvent,
    pub hash: Hash,
}

impl<'a> Placed<'a> {
    /// With the hash that it has behind this one.
    pub(super) fn behind(before: &Hash, stream: &'a StreamId, version: Version, event: &'a NewEvent) -> Self {
        Self { stream, version, event, hash: Chained::of(stream, version, event).after(before) }
    }
}

/// What a message holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Written {
    /// Roughly what its headers take on the wire.
    pub(super) fn headers_len(&self) -> usize {
        let values = |values: &Vec<HeaderValue>| values.iter().map(|value| value.as_str().len()).sum::<usize>();
        self.headers.iter().map(|(name, all)| AsRef::<str>::as_ref(name).len() + values(all) + 4).sum::<usize>() + 16
    }
}

/// A message that is one event: the payload is the body, and everything else a header.
pub(super) fn as_message(placed: &Placed<'_>) -> Written {
    let NewEvent { payload, metadata, .. } = placed.event;
    let mut headers = heads(placed);
    let mut put = |name: HeaderName, text: &str| headers.insert(name, &*value(text));
    if !metadata.is_empty() {
        put(METADATA, metadata);
        let said = Metadata::parse(metadata.as_bytes());
        let compensates = said.compensates.map(|id| id.to_string());
        for (name, text) in [
            (ACTOR, said.actor),
            (REASON, said.reason),
            (CORRELATION, said.correlation_id),
            (CAUSATION, said.causation_id),
            (COMPENSATES, compensates),
        ] {
            if let Some(text) = text {
                put(name, &text);
            }
        }
    }
    Written { headers, body: payload.as_bytes().to_vec() }
}

/// What is known of an event without its payload and metadata.
fn heads(placed: &Placed<'_>) -> HeaderMap {
    let NewEvent { id, event_type, schema, recorded_at, .. } = placed.event;
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, text: &str| headers.insert(name, &*value(text));
    put(NATS_MESSAGE_ID, &id.to_string());
    put(TYPE, event_type.as_str());
    if let Some(at) = recorded_at {
        // One that no calendar has is written in words.
        put(TIME, &at.to_string());
    }
    // Of these it is known that nothing in them is escaped.
    let mut put = |name: HeaderName, text: String| headers.insert(name, text);
    put(SCHEMA_HEADER, SCHEMA.to_string());
    put(VERSION, placed.version.to_string());
    if *schema != 1 {
        put(EVENT_SCHEMA, schema.to_string());
    }
    put(HASH, hex(&placed.hash));
    headers
}

/// A message that is several events, all of one stream: what a server records of them is all or nothing. Also for one
/// event of which more is said than headers can hold.
pub(super) fn as_envelope(events: &[Placed<'_>]) -> Written {
    let mut headers = match events {
        [one] => heads(one),
        [first, ..] => {
            let mut headers = HeaderMap::new();
            headers.insert(NATS_MESSAGE_ID, &*value(&first.event.id.to_string()));
            headers.insert(SCHEMA_HEADER, &*value(&SCHEMA.to_string()));
            headers
        }
        [] => HeaderMap::new(),
    };
    headers.insert(BATCH, &*value(&events.len().to_string()));
    let mut body = String::from("{\"events\":[");
    for (number, placed) in events.iter().enumerate() {
        let NewEvent { id, event_type, schema, recorded_at, payload, metadata } = placed.event;
        body += if number == 0 { "\n{" } else { ",\n{" };
        let _ = write!(
            body,
            "\"id\":{},\"type\":{},\"version\":{}",
            quoted(&id.to_string()),
            quoted(event_type.as_str()),
            placed.version
        );
        if let Some(at) = recorded_at {
            let _ = write!(body, ",\"time\":{}", quoted(&at.to_string()));
        }
        if *schema != 1 {
            let _ = write!(body, ",\"schema\":{schema}");
        }
        let _ = write!(body, ",\"hash\":\"{}\"", hex(&placed.hash));
        if !metadata.is_empty() {
            add_json(&mut body, "metadata", metadata);
        }
        add_json(&mut body, "payload", payload);
        body.push('}');
    }
    body += "\n]}";
    Written { headers, body: body.into_bytes() }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// JSON as it is; where blanks around it would be lost, as a text under another name.
fn add_json(body: &mut String, name: &str, json: &str) {
    let _ = if json.trim().len() == json.len() {
        write!(body, ",\"{name}\":{json}")
    } else {
        write!(body, ",\"{name}_text\":{}", quoted(json))
    };
}

/// An event as a message says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnEvent<'m> {
    pub id: EventId,
    pub event_type: Cow<'m, str>,
    pub version: Version,
    pub schema: u32,
    pub recorded_at: Option<Timestamp>,
    pub payload: Cow<'m, [u8]>,
    pub metadata: Cow<'m, [u8]>,
    /// As it is written there; `None` where another program wrote none.
    pub hash: Option<Hash>,
}

impl OwnEvent<'_> {
    /// The hash that this event should have behind that one.
    pub(super) fn hash_behind(&self, before: &Hash, stream: &StreamId) -> Hash {
        let chained = Chained {
            stream: stream.as_str(),
            version: self.version,
            event_type: &self.event_type,
            schema: self.schema,
            recorded_at: self.recorded_at,
            id: &self.id,
            payload: &self.payload,
            metadata: &self.metadata,
        };
        chained.after(before)
    }
}

/// Why a message among those of the house cannot be read as one of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageFlaw {
    #[error("its subject is none that Foldline writes")]
    Subject,
    #[error("it has no header {0}")]
    Missing(&'static str),
    #[error("its header {name} says “{said}”")]
    Unreadable { name: &'static str, said: String },
    #[error("it is written in schema {0}")]
    OtherSchema(String),
    #[error("it says to hold several events, and its body is no list of them ({0})")]
    Envelope(String),
    #[error("it says to hold {said} events, and holds {there}")]
    Count { said: String, there: usize },
}

impl Explain for MessageFlaw {
    fn message(&self) -> Message {
        match self {
            Self::Subject => Message::new("message-subject"),
            Self::Missing(name) => Message::new("message-header-missing").text("name", name),
            Self::Unreadable { name, said } => {
                Message::new("message-header-unreadable").text("name", name).text("said", said)
            }
            Self::OtherSchema(schema) => Message::new("message-other-schema").text("schema", schema),
            Self::Envelope(detail) => Message::new("message-envelope").text("detail", detail),
            Self::Count { said, there } => Message::new("message-count").text("said", said).text("there", there),
        }
    }
}

/// Tells of each event that a message holds, in their order. Of a flawed one it tells none.
pub(super) fn read_message<'m>(
    store: &str,
    subject: &str,
    headers: Option<Headers<'m>>,
    body: &'m [u8],
    visit: &mut dyn FnMut(Decoded<'_>),
) -> Result<(), MessageFlaw> {
    let stream = stream_of(store, subject).ok_or(MessageFlaw::Subject)?;
    read_chained(headers.ok_or(MessageFlaw::Missing("Foldline-Schema"))?, body, &mut |event| {
        let OwnEvent { id, event_type, version, schema, recorded_at, payload, metadata, hash: _ } = event;
        visit(Decoded {
            stream: Cow::Borrowed(&stream),
            category: None,
            version: Some(version),
            event_type,
            schema,
            recorded_at,
            id,
            payload,
            metadata,
        });
    })
}

/// The same, with what chains an event to the one before it.
pub(super) fn read_chained<'m>(
    headers: Headers<'m>,
    body: &'m [u8],
    visit: &mut dyn FnMut(OwnEvent<'m>),
) -> Result<(), MessageFlaw> {
    let heads = Heads::of(headers);
    let schema = text(heads.schema).ok_or(MessageFlaw::Missing("Foldline-Schema"))?;
    if schema.parse() != Ok(SCHEMA) {
        return Err(MessageFlaw::OtherSchema(schema.into_owned()));
    }
    match text(heads.batch) {
        Some(said) if said != "1" || !body.is_empty() => read_envelope(&said, body, visit),
        // Of one event the headers say enough where the body was not asked for.
        _ => {
            visit(read_single(&heads, body)?);
            Ok(())
        }
    }
}

/// The headers that are read here, as they are written. Found in one walk: to look each up by its name takes longer than
/// all else that is read of a message.
#[derive(Default)]
struct Heads<'m> {
    id: Option<&'m str>,
    schema: Option<&'m str>,
    version: Option<&'m str>,
    event_type: Option<&'m str>,
    time: Option<&'m str>,
    event_schema: Option<&'m str>,
    metadata: Option<&'m str>,
    actor: Option<&'m str>,
    reason: Option<&'m str>,
    correlation: Option<&'m str>,
    causation: Option<&'m str>,
    compensates: Option<&'m str>,
    hash: Option<&'m str>,
    batch: Option<&'m str>,
}

impl<'m> Heads<'m> {
    fn of(headers: Headers<'m>) -> Self {
        let mut heads = Self::default();
        for (name, value) in headers.iter() {
            let head = match name {
                "Nats-Msg-Id" => &mut heads.id,
                "Foldline-Schema" => &mut heads.schema,
                "Foldline-Version" => &mut heads.version,
                "Foldline-Type" => &mut heads.event_type,
                "Foldline-Time" => &mut heads.time,
                "Foldline-Event-Schema" => &mut heads.event_schema,
                "Foldline-Metadata" => &mut heads.metadata,
                "Foldline-Actor" => &mut heads.actor,
                "Foldline-Reason" => &mut heads.reason,
                "Foldline-Correlation" => &mut heads.correlation,
                "Foldline-Causation" => &mut heads.causation,
                "Foldline-Compensates" => &mut heads.compensates,
                "Foldline-Hash" => &mut heads.hash,
                "Foldline-Batch" => &mut heads.batch,
                _ => continue,
            };
            head.get_or_insert(value);
        }
        heads
    }
}

fn read_single<'m>(heads: &Heads<'m>, body: &'m [u8]) -> Result<OwnEvent<'m>, MessageFlaw> {
    let needed = |head: Option<&'m str>, spelt: &'static str| text(head).ok_or(MessageFlaw::Missing(spelt));
    let odd = |name: &'static str, said: &str| MessageFlaw::Unreadable { name, said: said.to_owned() };
    let version = needed(heads.version, "Foldline-Version")?;
    let version = version.parse().map_err(|_| odd("Foldline-Version", &version))?;
    let schema = match text(heads.event_schema) {
        Some(said) => said.parse().map_err(|_| odd("Foldline-Event-Schema", &said))?,
        None => 1,
    };
    let recorded_at = match text(heads.time) {
        Some(said) => Some(said.parse().map_err(|_| odd("Foldline-Time", &said))?),
        None => None,
    };
    let metadata = match text(heads.metadata) {
        Some(Cow::Borrowed(said)) => Cow::Borrowed(said.as_bytes()),
        Some(Cow::Owned(said)) => Cow::Owned(said.into_bytes()),
        None => Cow::Owned(told_apart(heads).into_bytes()),
    };
    let hash = match text(heads.hash) {
        Some(said) => Some(from_hex(&said).ok_or_else(|| odd("Foldline-Hash", &said))?),
        None => None,
    };
    Ok(OwnEvent {
        id: EventId::new(&needed(heads.id, "Nats-Msg-Id")?),
        event_type: needed(heads.event_type, "Foldline-Type")?,
        version: Version(version),
        schema,
        recorded_at,
        payload: Cow::Borrowed(body),
        metadata,
        hash,
    })
}

/// The metadata of an event that another program wrote, which says who and why in headers alone.
fn told_apart(heads: &Heads<'_>) -> String {
    MetadataBuilder::default()
        .with("actor", text(heads.actor))
        .with("reason", text(heads.reason))
        .with("compensates", text(heads.compensates))
        .with("correlation-id", text(heads.correlation))
        .with("causation-id", text(heads.causation))
        .build()
}

#[derive(Deserialize)]
struct Envelope<'m> {
    #[serde(borrow)]
    events: Vec<Enveloped<'m>>,
}

#[derive(Deserialize)]
struct Enveloped<'m> {
    #[serde(borrow)]
    id: Cow<'m, str>,
    #[serde(borrow, rename = "type")]
    event_type: Cow<'m, str>,
    version: u64,
    #[serde(default = "first_schema")]
    schema: u32,
    time: Option<String>,
    hash: Option<String>,
    #[serde(borrow, default, deserialize_with = "as_written")]
    metadata: Option<&'m RawValue>,
    metadata_text: Option<String>,
    #[serde(borrow, default, deserialize_with = "as_written")]
    payload: Option<&'m RawValue>,
    payload_text: Option<String>,
}

/// A `null` is a payload like any other.
fn as_written<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

fn first_schema() -> u32 {
    1
}

fn read_envelope<'m>(said: &str, body: &'m [u8], visit: &mut dyn FnMut(OwnEvent<'m>)) -> Result<(), MessageFlaw> {
    let Envelope { events } = serde_json::from_slice(body).map_err(|error| MessageFlaw::Envelope(error.to_string()))?;
    if said.parse() != Ok(events.len()) || events.is_empty() {
        return Err(MessageFlaw::Count { said: said.to_owned(), there: events.len() });
    }
    let mut read = Vec::with_capacity(events.len());
    for event in events {
        let odd = |name: &'static str, said: String| MessageFlaw::Unreadable { name, said };
        let recorded_at = event.time.map(|said| said.parse().map_err(|_| odd("time", said))).transpose()?;
        let hash = event.hash.map(|said| from_hex(&said).ok_or(odd("hash", said))).transpose()?;
        read.push(OwnEvent {
            id: EventId::new(&event.id),
            event_type: event.event_type,
            version: Version(event.version),
            schema: event.schema,
            recorded_at,
            payload: bytes(event.payload, event.payload_text),
            metadata: bytes(event.metadata, event.metadata_text),
            hash,
        });
    }
    read.into_iter().for_each(visit);
    Ok(())
}

fn bytes(json: Option<&RawValue>, text: Option<String>) -> Cow<'_, [u8]> {
    match (text, json) {
        (Some(text), _) => Cow::Owned(text.into_bytes()),
        (None, Some(json)) => Cow::Borrowed(json.get().as_bytes()),
        (None, None) => Cow::Borrowed(b""),
    }
}

/// A header's text. One that another program wrote with a stray percent sign counts as it is.
fn text(head: Option<&str>) -> Option<Cow<'_, str>> {
    let written = head?;
    Some(plain(written).unwrap_or(Cow::Borrowed(written)))
}

fn hex(hash: &Hash) -> String {
    let mut text = String::with_capacity(64);
    for byte in hash {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
        }
    }
    text
}

fn from_hex(text: &str) -> Option<Hash> {
    let (mut hash, mut seen) = (Hash::default(), 0);
    if text.len() != 64 {
        return None;
    }
    for (byte, [high, low]) in hash.iter_mut().zip(text.as_bytes().as_chunks().0) {
        let (high, low) = (DIGITS[usize::from(*high)], DIGITS[usize::from(*low)]);
        seen |= high | low;
        *byte = high << 4 | low & 15;
    }
    (seen < 2 * CAPITAL).then_some(hash)
}

#[cfg(test)]
mod tests;
