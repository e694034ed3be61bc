//! Foldline's own layout on JetStream: which subject a stream has, and how events become a message and come back from
//! one. Nothing here asks a server.

use std::borrow::Cow;
use std::fmt::Write as _;

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, NATS_MESSAGE_ID};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::layout::{Decoded, SCHEMA};
use crate::event::{EventId, Explain, Message, Metadata, MetadataBuilder, NewEvent, StreamId, Timestamp, Version};
use crate::store::native::chain::{Chained, Link};
use crate::store::unescaped;

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

/// What the first token of every subject of the house is.
const ROOT_TOKEN: &str = "foldline";

/// Stands for what follows the category, in the subject of a stream whose name has no dash and so is its own category.
const NO_KEY: &str = "_";

/// Stands for no text at all, which neither a token nor a header can be. No escape looks like it.
const NOTHING: &str = "%";

/// What an event is to be hashed behind: the hash of the event before it in its stream.
pub(super) type Hash = Link;

/// The subjects of all streams of a store.
pub(super) fn all_subjects(store: &str) -> String {
    format!("{ROOT_TOKEN}.{store}.>")
}

/// The subjects of all streams of one category, and of no other.
pub(super) fn category_subject(store: &str, category: &str) -> String {
    format!("{ROOT_TOKEN}.{store}.{}.*", token(category))
}

pub(super) fn subject_of(store: &str, stream: &StreamId) -> String {
    let key = match stream.key() {
        Some(NO_KEY) => Cow::Borrowed("%5F"),
        Some(key) => token(key),
        None => Cow::Borrowed(NO_KEY),
    };
    format!("{ROOT_TOKEN}.{store}.{}.{key}", token(stream.category()))
}

/// The stream of a subject; `None` where Foldline would write no event under it, so that no two subjects are one stream.
pub(super) fn stream_of(store: &str, subject: &str) -> Option<String> {
    let rest = subject.strip_prefix(ROOT_TOKEN)?.strip_prefix('.')?.strip_prefix(store)?.strip_prefix('.')?;
    let (category, key) = rest.split_once('.')?;
    let (category, key) = (plain(category)?, if key == NO_KEY { None } else { Some(plain(key)?) });
    if category.contains('-') {
        return None;
    }
    let is_ours = token(&category) == rest_token(rest, 0)
        && key.as_deref().is_none_or(|key| {
            let written = rest_token(rest, 1);
            if key == NO_KEY { written == "%5F" } else { token(key) == written }
        });
    is_ours.then(|| key.map_or_else(|| category.to_string(), |key| format!("{category}-{key}")))
}

fn rest_token(rest: &str, number: usize) -> &str {
    rest.splitn(2, '.').nth(number).unwrap_or_default()
}

/// A text as one token of a subject.
fn token(text: &str) -> Cow<'_, str> {
    let is_odd =
        |letter: char| matches!(letter, '.' | '*' | '>' | '%') || letter.is_whitespace() || letter.is_control();
    escaped(text, is_odd)
}

/// A text as a header's value: what is no visible ASCII would be cut, or mean something to somebody on the way.
fn value(text: &str) -> Cow<'_, str> {
    escaped(text, |letter| letter == '%' || !letter.is_ascii_graphic())
}

fn escaped(text: &str, is_odd: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.is_empty() {
        return Cow::Borrowed(NOTHING);
    }
    if !text.contains(&is_odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_odd(letter) {
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

/// The text behind a token or value; `None` where it cannot be one that was written here.
fn plain(written: &str) -> Option<Cow<'_, str>> {
    match written {
        NOTHING => Some(Cow::Borrowed("")),
        _ if !written.contains('%') => Some(Cow::Borrowed(written)),
        _ => String::from_utf8(unescaped(written)?).ok().map(Cow::Owned),
    }
}

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
        let NewEvent { id, event_type, schema, recorded_at, payload, metadata } = event;
        let chained = Chained {
            stream: stream.as_str(),
            version,
            event_type: event_type.as_str(),
            schema: *schema,
            recorded_at: *recorded_at,
            id,
            payload: payload.as_bytes(),
            metadata: metadata.as_bytes(),
        };
        Self { stream, version, event, hash: chained.after(before) }
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
        let values =
            |values: &Vec<async_nats::HeaderValue>| values.iter().map(|value| value.as_str().len()).sum::<usize>();
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
    put(SCHEMA_HEADER, &SCHEMA.to_string());
    put(VERSION, &placed.version.to_string());
    put(TYPE, event_type.as_str());
    if let Some(at) = recorded_at {
        put(TIME, &at.to_string());
    }
    if *schema != 1 {
        put(EVENT_SCHEMA, &schema.to_string());
    }
    put(HASH, &hex(&placed.hash));
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
    headers: Option<&'m HeaderMap>,
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
    headers: &'m HeaderMap,
    body: &'m [u8],
    visit: &mut dyn FnMut(OwnEvent<'m>),
) -> Result<(), MessageFlaw> {
    let schema = text(headers, SCHEMA_HEADER).ok_or(MessageFlaw::Missing("Foldline-Schema"))?;
    if schema.parse() != Ok(SCHEMA) {
        return Err(MessageFlaw::OtherSchema(schema.into_owned()));
    }
    match text(headers, BATCH) {
        Some(said) if said != "1" || !body.is_empty() => read_envelope(&said, body, visit),
        // Of one event the headers say enough where the body was not asked for.
        _ => {
            visit(read_single(headers, body)?);
            Ok(())
        }
    }
}

fn read_single<'m>(headers: &'m HeaderMap, body: &'m [u8]) -> Result<OwnEvent<'m>, MessageFlaw> {
    let needed = |name: HeaderName, spelt: &'static str| text(headers, name).ok_or(MessageFlaw::Missing(spelt));
    let odd = |name: &'static str, said: &str| MessageFlaw::Unreadable { name, said: said.to_owned() };
    let version = needed(VERSION, "Foldline-Version")?;
    let version = version.parse().map_err(|_| odd("Foldline-Version", &version))?;
    let schema = match text(headers, EVENT_SCHEMA) {
        Some(said) => said.parse().map_err(|_| odd("Foldline-Event-Schema", &said))?,
        None => 1,
    };
    let recorded_at = match text(headers, TIME) {
        Some(said) => Some(said.parse().map_err(|_| odd("Foldline-Time", &said))?),
        None => None,
    };
    let metadata = match text(headers, METADATA) {
        Some(Cow::Borrowed(said)) => Cow::Borrowed(said.as_bytes()),
        Some(Cow::Owned(said)) => Cow::Owned(said.into_bytes()),
        None => Cow::Owned(told_apart(headers).into_bytes()),
    };
    let hash = match text(headers, HASH) {
        Some(said) => Some(from_hex(&said).ok_or_else(|| odd("Foldline-Hash", &said))?),
        None => None,
    };
    Ok(OwnEvent {
        id: EventId::new(&needed(NATS_MESSAGE_ID, "Nats-Msg-Id")?),
        event_type: needed(TYPE, "Foldline-Type")?,
        version: Version(version),
        schema,
        recorded_at,
        payload: Cow::Borrowed(body),
        metadata,
        hash,
    })
}

/// The metadata of an event that another program wrote, which says who and why in headers alone.
fn told_apart(headers: &HeaderMap) -> String {
    MetadataBuilder::default()
        .with("actor", text(headers, ACTOR))
        .with("reason", text(headers, REASON))
        .with("compensates", text(headers, COMPENSATES))
        .with("correlation-id", text(headers, CORRELATION))
        .with("causation-id", text(headers, CAUSATION))
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
fn text(headers: &HeaderMap, name: HeaderName) -> Option<Cow<'_, str>> {
    let written = headers.get(name)?.as_str();
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
    let (digits, mut hash) = (text.as_bytes(), Hash::default());
    if digits.len() != 64 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::native::chain::ROOT;

    #[test]
    fn a_stream_s_subject_is_read_back_and_no_two_are_alike() {
        let names = [
            "lead-1",
            "settings",
            "_",
            "_-1",
            "-",
            "--",
            "-x",
            "lead-",
            "lead-1-2",
            "a.b-c",
            "a-b.c",
            "a.b.c",
            "고객-김",
            "lead-*",
            "lead->",
            ">",
            "*",
            "a b-c\td",
            "100%-5",
            "%",
            "%-%",
            "%5F-1",
            "\u{a0}-\u{2028}",
            "$JS-API",
        ];
        let mut seen = std::collections::HashSet::new();
        for name in names {
            let stream = StreamId::from(name);
            let subject = subject_of("sales", &stream);
            assert_eq!(stream_of("sales", &subject).as_deref(), Some(name), "{subject}");
            assert_eq!(subject.split('.').count(), 4, "{subject}");
            assert!(
                !subject.contains(['*', '>', ' ']) && subject.split('.').all(|token| !token.is_empty()),
                "{subject}"
            );
            let (category, _) = subject.rsplit_once('.').expect("a key");
            assert_eq!(category_subject("sales", stream.category()), format!("{category}.*"));
            assert!(seen.insert(subject));
        }
        assert_eq!(subject_of("sales", &"lead-1".into()), "foldline.sales.lead.1");
        assert_eq!(subject_of("sales", &"settings".into()), "foldline.sales.settings._");
    }

    #[test]
    fn a_subject_that_nobody_here_writes_is_no_stream() {
        for subject in [
            "foldline.sales",
            "foldline.sales.lead",
            "foldline.sales.lead.1.2",
            "foldline.other.lead.1",
            "lead.1",
            "foldline.sales.lead.%41",
            "foldline.sales.le-ad.1",
            "foldline.sales.lead.%2",
            "foldline.sales.%FF.1",
        ] {
            assert_eq!(stream_of("sales", subject), None, "{subject}");
        }
    }

    fn any_event() -> impl Strategy<Value = NewEvent> {
        let json = prop_oneof![
            Just(" { \"b\" : 1.50,\n\t\"a\":\"\\ud83d\\ude00 가\", \"a\": 12345678901234567890.10e+5 }\n".to_owned()),
            Just("null".to_owned()),
            any::<String>().prop_map(|text| serde_json::json!({"note": text}).to_string()),
        ];
        let metadata = prop_oneof![
            Just(String::new()),
            any::<(String, String)>().prop_map(|(actor, reason)| {
                MetadataBuilder::default().actor(&actor).reason(&reason).caused_by("c 1", "{}").build()
            }),
            Just(" { \"actor\" : \"김\" } ".to_owned()),
        ];
        (any::<String>(), ".+", any::<u32>(), any::<Option<i64>>(), json, metadata).prop_map(
            |(id, event_type, schema, at, payload, metadata)| NewEvent {
                id: EventId::new(&id),
                event_type: event_type.as_str().into(),
                schema,
                recorded_at: at.map(Timestamp::from_micros),
                payload,
                metadata,
            },
        )
    }

    /// What a server and the client's reader make of a message's headers on the way.
    fn carried(headers: &HeaderMap) -> HeaderMap {
        let mut arrived = HeaderMap::new();
        for (name, values) in headers.iter() {
            for value in values {
                let value = value.as_str();
                assert!(!value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()), "{value:?}");
                arrived.append(name.clone(), value.trim());
            }
        }
        arrived
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn events_come_back_from_a_message_letter_for_letter(
            events in proptest::collection::vec(any_event(), 1..4), as_one in any::<bool>(),
        ) {
            let stream = StreamId::from("lead-1");
            let mut before = ROOT;
            let mut placed = Vec::new();
            for (event, version) in events.iter().zip(7..) {
                placed.push(Placed::behind(&before, &stream, Version(version), event));
                before = placed.last().expect("one").hash;
            }
            let messages =
                if as_one { vec![as_envelope(&placed)] } else { placed.iter().map(as_message).collect() };
            let mut back = Vec::new();
            let mut before = ROOT;
            for written in &messages {
                let headers = carried(&written.headers);
                read_chained(&headers, &written.body, &mut |event| {
                    assert_eq!(event.hash, Some(event.hash_behind(&before, &stream)));
                    before = event.hash.expect("a hash");
                    back.push((event.version, NewEvent {
                        id: event.id,
                        event_type: (&*event.event_type).into(),
                        schema: event.schema,
                        recorded_at: event.recorded_at,
                        payload: String::from_utf8(event.payload.into_owned()).expect("text"),
                        metadata: String::from_utf8(event.metadata.into_owned()).expect("text"),
                    }));
                }).expect("read");
            }
            let expected: Vec<_> = events.into_iter().zip(7..).map(|(event, version)| (Version(version), event)).collect();
            prop_assert_eq!(back, expected);
        }
    }

    #[test]
    fn what_is_no_message_of_the_house_says_what_is_wrong_with_it() {
        let read = |pairs: &[(&str, &str)], body: &str| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, *value);
            }
            let mut count = 0;
            read_chained(&headers, body.as_bytes(), &mut |_| count += 1).map(|()| count)
        };
        let whole = [("Foldline-Schema", "1"), ("Nats-Msg-Id", "a"), ("Foldline-Version", "0"), ("Foldline-Type", "t")];
        assert_eq!(read(&whole, "{}"), Ok(1));
        assert_eq!(read(&[], "{}"), Err(MessageFlaw::Missing("Foldline-Schema")));
        assert_eq!(read(&[("Foldline-Schema", "2")], "{}"), Err(MessageFlaw::OtherSchema("2".to_owned())));
        assert_eq!(read(&whole[..3], "{}"), Err(MessageFlaw::Missing("Foldline-Type")));
        let with = |name, value| read(&[&whole[..], &[(name, value)]].concat(), "{\"events\":[]}");
        let odd = |name, said: &str| Err(MessageFlaw::Unreadable { name, said: said.to_owned() });
        assert_eq!(with("Foldline-Time", "soon"), odd("Foldline-Time", "soon"));
        assert_eq!(with("Foldline-Hash", "00"), odd("Foldline-Hash", "00"));
        assert_eq!(with("Foldline-Batch", "2"), Err(MessageFlaw::Count { said: "2".to_owned(), there: 0 }));
        assert!(matches!(read(&[whole[0], ("Foldline-Batch", "1")], "[]"), Err(MessageFlaw::Envelope(_))));
    }

    #[test]
    fn an_event_with_more_metadata_than_headers_hold_is_known_by_its_headers_too() {
        let metadata = MetadataBuilder::default().reason(&"long ".repeat(20_000)).build();
        let event = NewEvent {
            id: EventId::new("a"),
            event_type: "t".into(),
            schema: 3,
            recorded_at: None,
            payload: "{}".to_owned(),
            metadata,
        };
        let written = as_envelope(&[Placed::behind(&ROOT, &"lead-1".into(), Version(4), &event)]);
        assert!(written.headers_len() < 1_000);
        let read = |body: &[u8]| {
            let mut found = None;
            let tell = &mut |event: OwnEvent<'_>| {
                found =
                    Some((event.id, event.version, event.schema, event.event_type.into_owned(), event.metadata.len()));
            };
            read_chained(&written.headers, body, tell).expect("read");
            found.expect("an event")
        };
        let whole = read(&written.body);
        assert_eq!((whole.1, whole.2, whole.4), (Version(4), 3, event.metadata.len()));
        assert_eq!(read(b""), (whole.0, whole.1, whole.2, whole.3, 0));
    }

    #[test]
    fn who_and_why_are_taken_from_headers_where_that_is_all_there_is() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("Foldline-Schema", "1"),
            ("Nats-Msg-Id", "a"),
            ("Foldline-Version", "0"),
            ("Foldline-Type", "t"),
            ("Foldline-Actor", "kim%20s"),
            ("Foldline-Reason", "100% sure"),
        ] {
            headers.insert(name, value);
        }
        let mut said = Metadata::default();
        read_chained(&headers, b"{}", &mut |event| said = Metadata::parse(&event.metadata)).expect("read");
        assert_eq!((said.actor.as_deref(), said.reason.as_deref()), (Some("kim s"), Some("100% sure")));
    }
}
