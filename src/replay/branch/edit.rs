use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::event::{EventId, Explain, Head, Literal, Message, Timestamp, Version, deserialize_json};

/// A history that might have been: edits over a recorded stream. Nothing of it is ever written to the store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Stays the same whatever it is called.
    pub id: String,
    pub name: String,
    /// What its maker wants to remember of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    pub stream: String,
    pub edits: Vec<Edit>,
    /// Its correction was appended: there is nothing left to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<MadeSo>,
}

/// The versions of the events that made a branch so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeSo {
    pub first: u64,
    pub last: u64,
}

/// One edit, which may be switched off without being forgotten.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    pub what: Alteration,
    pub is_on: bool,
}

/// What is different in a branch. Where several concern one event, a skip outdoes all others, the last move counts, and
/// changes of its payload follow one another. What stands after an event stands at the place that it has in history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alteration {
    Skip(EventRef),
    Change {
        event: EventRef,
        to: NewPayload,
    },
    /// After an event, or before the first one.
    Insert {
        after: Option<EventRef>,
        event: InsertedEvent,
    },
    Move {
        event: EventRef,
        after: Option<EventRef>,
    },
}

/// A recorded event by its version, and by its id, since the store at its place may be another one by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRef {
    pub version: Version,
    pub id: EventId,
}

/// A payload in place of a recorded one, in today's shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewPayload {
    Whole(#[serde(deserialize_with = "deserialize_json")] Value),
    /// The recorded one, with other values at these paths.
    Fields(#[serde(deserialize_with = "deserialize_fields")] Vec<(String, Value)>),
}

fn deserialize_fields<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, Value)>, D::Error> {
    let fields = Vec::<(String, Literal)>::deserialize(from)?;
    Ok(fields.into_iter().map(|(path, Literal(value))| (path, value)).collect())
}

/// An event that was never recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InsertedEvent {
    pub id: EventId,
    pub event_type: String,
    #[serde(deserialize_with = "deserialize_json")]
    pub payload: Value,
    /// Shortly after the one before it, where nothing else is said.
    pub recorded_at: Option<Timestamp>,
    pub compensates: Option<EventId>,
}

/// The name of an event in a branch: its version, or `6+1` for the first that is inserted after version 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    Recorded(Version),
    Inserted { after: Option<Version>, number: u32 },
}

/// Stands for a version where something is inserted before the first event.
pub const START: &str = "start";

/// Why an edit cannot be carried out. The others of its branch are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("there is no version {version} in this stream; remove the edit, or choose another version")]
    NoEvent { version: Version },
    #[error("version {version} is another event than the one this edit was made for; the store was replaced since")]
    OtherEvent { version: Version },
    #[error("“{0}” is not a field's name; write it as the payload does, a field inside another behind a dot")]
    NotAPath(String),
    #[error("the payload of version {version} has no place for “{path}”; change the whole payload instead")]
    NoPlace { version: Version, path: String },
}

impl Branch {
    /// The edits that are switched on, with their places.
    pub fn active(&self) -> impl Iterator<Item = (usize, &Alteration)> {
        self.edits.iter().enumerate().filter(|(_, edit)| edit.is_on).map(|(place, edit)| (place, &edit.what))
    }

    /// The recorded events that it leaves out or changes.
    pub fn withdrawn(&self) -> Vec<EventRef> {
        let mut withdrawn: Vec<EventRef> = Vec::new();
        for (_, edit) in self.active() {
            if let Alteration::Skip(event) | Alteration::Change { event, .. } = edit
                && !withdrawn.contains(event)
            {
                withdrawn.push(event.clone());
            }
        }
        withdrawn
    }

    pub fn push(&mut self, what: Alteration) {
        self.edits.push(Edit { what, is_on: true });
    }
}

impl Alteration {
    /// The recorded event that it is about: the one it changes, or the one behind which it inserts.
    pub fn event(&self) -> Option<&EventRef> {
        match self {
            Self::Skip(event) | Self::Change { event, .. } | Self::Move { event, .. } => Some(event),
            Self::Insert { after, .. } => after.as_ref(),
        }
    }
}

impl EventRef {
    pub fn of(head: &Head) -> Self {
        Self { version: head.version, id: head.id.clone() }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded(version) => version.fmt(f),
            Self::Inserted { after: Some(version), number } => write!(f, "{version}+{number}"),
            Self::Inserted { after: None, number } => write!(f, "{START}+{number}"),
        }
    }
}

/// A version as a number, as everywhere; what has none as text.
impl Serialize for Label {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Recorded(version) => version.serialize(serializer),
            Self::Inserted { .. } => serializer.collect_str(self),
        }
    }
}

impl Explain for EditError {
    fn message(&self) -> Message {
        match self {
            Self::NoEvent { version } => Message::new("edit-no-event").number("version", version.0),
            Self::OtherEvent { version } => Message::new("edit-other-event").number("version", version.0),
            Self::NotAPath(path) => Message::new("edit-not-a-path").text("path", path),
            Self::NoPlace { version, path } => {
                Message::new("edit-no-place").number("version", version.0).text("path", path)
            }
        }
    }
}
