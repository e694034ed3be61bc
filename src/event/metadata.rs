use std::borrow::Cow;

use serde_json::{Map, Value};

use super::json_text::members;
use super::{EventId, same_name};

/// What surrounds an event: who, why, and what led to it. Read from the stored JSON object; keys may be
/// spelled in any of the usual ways, and what is not one of these stays in `all`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    pub actor: Option<String>,
    pub reason: Option<String>,
    pub compensates: Option<EventId>,
    pub correlation_id: Option<String>,
    pub causation_id: Option<String>,
    pub all: Map<String, Value>,
}

impl Metadata {
    /// Total: what is no JSON object reads as no metadata, and the stored text is still there to be shown.
    pub fn parse(stored: &[u8]) -> Self {
        let Ok(Value::Object(all)) = serde_json::from_slice(stored) else { return Self::default() };
        let text = |names: &[&str]| {
            names.iter().find_map(|name| {
                let (_, value) = all.iter().find(|(key, _)| same_name(key, name))?;
                match value {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                }
            })
        };
        Self {
            actor: text(&ACTOR_KEYS),
            reason: text(&["reason", "why"]),
            compensates: text(&["compensates"]).map(|id| EventId::new(&id)),
            correlation_id: text(&["correlation-id"]),
            causation_id: text(&["causation-id"]),
            all,
        }
    }
}

/// The keys under which systems keep who recorded an event, the best first.
const ACTOR_KEYS: [&str; 4] = ["actor", "user", "user-name", "user-id"];

/// Who recorded an event, without reading anything else of its metadata: what [`Metadata::parse`] says of an object
/// that is whole.
pub fn actor_in(stored: &[u8]) -> Option<Cow<'_, str>> {
    let mut best: Option<(usize, &[u8])> = None;
    for (key, value) in members(stored) {
        let key = std::str::from_utf8(key).ok()?;
        let is_said = matches!(value.first(), Some(b'"' | b'-' | b'0'..=b'9'));
        let rank = ACTOR_KEYS.iter().position(|known| is_said && same_name(key, known));
        // Of two spellings of one key, the first counts.
        if let Some(rank) = rank.filter(|rank| best.is_none_or(|(best, _)| *rank < best)) {
            best = Some((rank, value));
        }
        if matches!(best, Some((0, _))) {
            break;
        }
    }
    let (_, value) = best?;
    match value {
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => std::str::from_utf8(inner).ok().map(Cow::Borrowed),
        [b'"', ..] => serde_json::from_slice::<String>(value).ok().map(Cow::Owned),
        number => std::str::from_utf8(number).ok().map(Cow::Borrowed),
    }
}

/// Writes metadata the way the native store keeps it.
#[derive(Clone, Debug, Default)]
pub struct MetadataBuilder(Map<String, Value>);

impl MetadataBuilder {
    #[must_use]
    pub fn with(mut self, key: &str, value: Option<impl Into<String>>) -> Self {
        if let Some(value) = value {
            self.0.insert(key.to_owned(), Value::String(value.into()));
        }
        self
    }

    #[must_use]
    pub fn actor(self, actor: &str) -> Self {
        self.with("actor", Some(actor))
    }

    #[must_use]
    pub fn reason(self, reason: &str) -> Self {
        self.with("reason", Some(reason))
    }

    #[must_use]
    pub fn compensates(self, id: Option<&EventId>) -> Self {
        self.with("compensates", id.map(ToString::to_string))
    }

    #[must_use]
    pub fn caused_by(self, correlation: &str, causation: &str) -> Self {
        self.with("correlation-id", Some(correlation)).with("causation-id", Some(causation))
    }

    /// The stored text; empty where there is nothing to say.
    pub fn build(self) -> String {
        if self.0.is_empty() { String::new() } else { Value::Object(self.0).to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_reads_every_usual_spelling() {
        for stored in [
            r#"{"actor":"kim","reason":"typo","correlation-id":"c1","causation-id":7}"#,
            r#"{"Actor":"kim","reason":"typo","correlationId":"c1","causation_id":"7"}"#,
        ] {
            let read = Metadata::parse(stored.as_bytes());
            assert_eq!(
                (
                    read.actor.as_deref(),
                    read.reason.as_deref(),
                    read.correlation_id.as_deref(),
                    read.causation_id.as_deref()
                ),
                (Some("kim"), Some("typo"), Some("c1"), Some("7"))
            );
        }
    }

    #[test]
    fn the_actor_alone_is_read_as_it_is_with_all_the_rest() {
        for stored in [
            r#"{"actor":"kim","reason":"typo"}"#,
            r#"{"user_id":7,"userName":"김","reason":"x"}"#,
            r#"{"correlation":{"actor":"no"},"User":"a\"b"}"#,
            r#"{"actor":null}"#,
            r#"{"reason":"typo"}"#,
            "",
            "[1]",
        ] {
            let read = Metadata::parse(stored.as_bytes()).actor;
            assert_eq!(actor_in(stored.as_bytes()).as_deref(), read.as_deref(), "{stored}");
        }
    }

    #[test]
    fn metadata_that_is_no_object_reads_as_none() {
        for stored in [&b""[..], b"null", b"[1]", b"{", b"\xff\xfe", b"{\"actor\":{}}"] {
            assert_eq!(Metadata::parse(stored).actor, None);
        }
    }
}
