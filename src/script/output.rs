use serde::{Deserialize, Serialize};

/// What a handler did besides changing the state. Nothing of it is written anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Output {
    pub emitted: Vec<Emitted>,
    pub logs: Vec<String>,
    /// What it asked for that is no part of the events: the clock, which was the event's time, or chance, which always
    /// falls the same way.
    pub impure: Option<String>,
}

/// An event that it would have recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emitted {
    pub kind: EmittedKind,
    pub stream: String,
    #[serde(rename = "type")]
    pub event_type: String,
    /// JSON where it is an event; what is linked where it is a link.
    pub data: String,
    /// JSON.
    pub metadata: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmittedKind {
    Event,
    Link,
    StreamLink,
}

impl Output {
    pub(super) fn read(told: &str) -> Option<Self> {
        serde_json::from_str(told).ok()
    }
}
