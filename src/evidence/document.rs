use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::Aggregate;
use crate::event::visible::is_hidden;
use crate::event::{EventId, EventRow, EventType, Position, RecordedEvent, StreamId, Timestamp, Version};
use crate::locale::Language;
use crate::proof::{Checkpoint, Hash, Leaves, Note, PublicKey};
use crate::replay::Story;

/// Says what the data is and how it is read.
pub const FORMAT: &str = "foldline-evidence-1";

/// Pages are held against what this version draws.
pub const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// More events than these no page is made of.
pub const MOST_EVENTS: u64 = 20_000;

/// Everything a page of evidence says, as data. Whatever can be made of the events is made of them, and not kept here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub format: String,
    /// The version of the program that drew the pages.
    pub program: String,
    pub language: Language,
    pub made_at: Timestamp,
    /// The store's name, without the way to it.
    pub store: String,
    pub about: About,
    /// The tree is of the whole store; else the store has no order across streams, and it is of these events alone.
    pub is_of_store: bool,
    /// The tree's size and root, signed.
    pub checkpoint: String,
    pub key: PublicKey,
    /// From the events' leaves to the root.
    pub proof: Vec<Hash>,
    /// From a seal that was made earlier to this tree.
    pub since: Option<Since>,
    pub notes: Vec<KeptNote>,
    pub events: Vec<KeptEvent>,
}

/// What the events are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// A stream up to a version, with so many events behind it.
    Stream { stream: StreamName, category: String, version: Version, later: u64 },
    /// What was found, in one stream where one is named.
    Search { words: String, stream: Option<StreamName>, between: Option<(Timestamp, Timestamp)> },
}

/// A stream's name, read and written as a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct StreamName(pub StreamId);

impl<'de> Deserialize<'de> for StreamName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(StreamId::new(String::deserialize(deserializer)?)))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Since {
    pub seal: String,
    pub proof: Vec<Hash>,
}

/// A note that somebody made on an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptNote {
    pub stream: StreamName,
    pub version: Version,
    pub id: EventId,
    pub text: String,
    pub at: Option<Timestamp>,
}

impl KeptNote {
    pub fn new(stream: StreamId, version: Version, id: EventId, text: String, at: Timestamp) -> Self {
        Self { stream: StreamName(stream), version, id, text, at: Some(at) }
    }
}

/// An event, to the byte, and its place in the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptEvent {
    pub index: u64,
    pub leaf: Hash,
    position: Option<Position>,
    stream: StreamName,
    version: Version,
    id: EventId,
    #[serde(rename = "type")]
    event_type: String,
    schema: u32,
    recorded_at: Option<Timestamp>,
    payload: Bytes,
    metadata: Bytes,
}

impl KeptEvent {
    pub fn new(event: &EventRow<'_>, index: u64, leaf: Hash) -> Self {
        Self {
            index,
            leaf,
            position: event.position,
            stream: StreamName(event.stream.clone()),
            version: event.version,
            id: event.id.clone(),
            event_type: event.event_type.to_string(),
            schema: event.schema,
            recorded_at: event.recorded_at,
            payload: Bytes(event.payload.to_vec()),
            metadata: Bytes(event.metadata.to_vec()),
        }
    }

    pub fn is_noted_in(&self, note: &KeptNote) -> bool {
        self.version == note.version && self.stream == note.stream && self.id == note.id
    }

    pub(super) fn recorded(&self) -> RecordedEvent {
        RecordedEvent {
            position: self.position,
            stream: self.stream.0.clone(),
            version: self.version,
            event_type: EventType::new(self.event_type.as_str()),
            schema: self.schema,
            recorded_at: self.recorded_at,
            id: self.id.clone(),
            payload: self.payload.0.clone(),
            metadata: self.metadata.0.clone(),
        }
    }
}

impl Document {
    /// The tree that is signed.
    pub fn tree(&self) -> Option<Checkpoint> {
        Checkpoint::parse(&Note::parse(&self.checkpoint).ok()?.text)
    }

    pub(super) fn recorded(&self) -> Vec<RecordedEvent> {
        self.events.iter().map(KeptEvent::recorded).collect()
    }

    /// The stream folded, where the events are one stream's from its beginning.
    pub(super) fn story(&self, events: &[RecordedEvent]) -> Option<Story> {
        let About::Stream { stream, category, .. } = &self.about else { return None };
        let first = events.first()?;
        let mut story = Story::new(Aggregate::of_stream(&stream.0, category, first.event_type.as_str()));
        for event in events {
            story.push(&event.as_row());
        }
        Some(story)
    }

    /// The leaves that the events give, whatever the data says of them.
    pub(super) fn leaves(events: &[RecordedEvent]) -> Vec<Hash> {
        let mut leaves = Leaves::default();
        events.iter().map(|event| leaves.of(&event.as_row())).collect()
    }

    pub(super) fn to_json(&self) -> String {
        escaped_hidden(serde_json::to_string(self).unwrap_or_default())
    }
}

/// The same JSON, with letters that would hide or turn others around written by their numbers: they stand in texts alone.
fn escaped_hidden(json: String) -> String {
    if !json.contains(is_hidden) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 64);
    for letter in json.chars() {
        if is_hidden(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(letter);
        }
    }
    escaped
}

/// Stored bytes inside JSON: text as it is, all else in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bytes(Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written<'a> {
    Text(Cow<'a, str>),
    Base64 { base64: Cow<'a, str> },
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => Written::Text(text.into()).serialize(serializer),
            Err(_) => Written::Base64 { base64: STANDARD.encode(&self.0).into() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Text(text) => Ok(Self(text.into_owned().into_bytes())),
            Written::Base64 { base64 } => STANDARD.decode(&*base64).map(Self).map_err(serde::de::Error::custom),
        }
    }
}
