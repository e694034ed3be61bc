use std::borrow::Cow;

use serde_json::{Map, Value};

use super::json_text::members;
use super::{EventId, json_value, same_name};

/// The names under which who, why and what led to it are usually kept around an event, the surest first.
pub const ACTOR: [&str; 12] = [
    "actor",
    "user",
    "user-name",
    "user-id",
    "user-email",
    "author",
    "performed-by",
    "changed-by",
    "created-by",
    "initiated-by",
    "initiator",
    "principal",
];
pub const REASON: [&str; 4] = ["reason", "why", "change-reason", "comment"];
pub const CORRELATION: [&str; 3] = ["correlation-id", "correlation", "correlation-stream-name"];
pub const CAUSATION: [&str; 3] = ["causation-id", "causation", "cause-id"];

/// The names by which an object says who it is.
const NAMED_BY: [&str; 5] = ["name", "user-name", "email", "login", "id"];

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
        let Ok(Value::Object(all)) = json_value(stored) else { return Self::default() };
        let [actor, reason, compensates, correlation_id, causation_id] = found(&all);
        let compensates = compensates.map(|id| EventId::new(&id));
        Self { actor, reason, compensates, correlation_id, causation_id, all }
    }
}

/// Read once an event, so each key is looked at once: the surest name counts, and of its spellings its own.
fn found(all: &Map<String, Value>) -> [Option<String>; 5] {
    const ROLES: [&[&str]; 5] = [&ACTOR, &REASON, &["compensates"], &CORRELATION, &CAUSATION];
    let mut best: [Option<(usize, String)>; 5] = Default::default();
    for (key, value) in all {
        let first = first_letter(key);
        for (names, best) in ROLES.iter().zip(&mut best) {
            let Some(rank) = rank_of(key, first, names) else { continue };
            if best.as_ref().is_none_or(|(known, _)| rank < *known)
                && let Some(text) = text_of(value)
            {
                *best = Some((rank, text));
            }
        }
    }
    best.map(|best| best.map(|(_, text)| text))
}

/// Most names are told apart by their first letter.
pub(super) fn first_letter(key: &str) -> Option<u8> {
    key.bytes().find(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase())
}

/// The lower, the surer.
pub(super) fn rank_of(key: &str, first: Option<u8>, names: &[&str]) -> Option<usize> {
    let (place, name) =
        names.iter().enumerate().find(|(_, name)| name.bytes().next() == first && same_name(key, name))?;
    Some(2 * place + usize::from(*name != key))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(fields) => NAMED_BY.iter().find_map(|name| {
            let (_, value) = fields.iter().find(|(key, _)| same_name(key, name))?;
            if value.is_object() { None } else { text_of(value) }
        }),
        _ => None,
    }
}

/// Who recorded an event, without reading anything else of its metadata: what [`Metadata::parse`] says of an object
/// that is whole.
pub fn actor_in(stored: &[u8]) -> Option<Cow<'_, str>> {
    let mut best: Option<(usize, &[u8])> = None;
    // The names of actors that there are; of one that is written twice the last counts.
    let mut seen: [&[u8]; 4] = [b""; 4];
    let mut count = 0;
    for (name, value) in members(stored) {
        let key = std::str::from_utf8(name).ok()?;
        let Some(rank) = rank_of(key, first_letter(key), &ACTOR) else { continue };
        if count == seen.len() || seen.contains(&name) {
            return Metadata::parse(stored).actor.map(Cow::Owned);
        }
        seen[count] = name;
        count += 1;
        // Of two spellings of one key, the first counts.
        if best.is_none_or(|(best, _)| rank < best)
            && let Some(value) = named_by(value)
        {
            best = Some((rank, value));
        }
    }
    let (_, value) = best?;
    match value {
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => std::str::from_utf8(inner).ok().map(Cow::Borrowed),
        [b'"', ..] => serde_json::from_slice::<String>(value).ok().map(Cow::Owned),
        number => std::str::from_utf8(number).ok().map(Cow::Borrowed),
    }
}

/// The text or number, or the one by which an object says who it is.
fn named_by(value: &[u8]) -> Option<&[u8]> {
    let is_said = |value: &&[u8]| matches!(value.first(), Some(b'"' | b'-' | b'0'..=b'9'));
    if value.first() != Some(&b'{') {
        return Some(value).filter(is_said);
    }
    NAMED_BY.iter().find_map(|name| {
        let is_it = |key: &[u8]| std::str::from_utf8(key).is_ok_and(|key| same_name(key, name));
        let (first, _) = members(value).find(|(key, _)| is_it(key))?;
        members(value).filter(|(key, _)| *key == first).last().map(|(_, value)| value).filter(is_said)
    })
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
            r#"{"user":{"id":7,"name":"kim"},"performedBy":"lee"}"#,
            r#"{"user":[1],"created-by":"lee"}"#,
            r#"{"Actor":"kim","actor":"lee"}"#,
            r#"{"actor":"kim","reason":"x","actor":"lee"}"#,
            r#"{"actor":"kim","actor":null,"user":"lee"}"#,
            r#"{"actor":null,"actor":"kim"}"#,
            r#"{"user":{"name":"kim","id":7,"name":"lee"}}"#,
            r#"{"actor":"a","user":"b","userId":"c","author":"d","createdBy":"e"}"#,
            "",
            "[1]",
        ] {
            let read = Metadata::parse(stored.as_bytes()).actor;
            assert_eq!(actor_in(stored.as_bytes()).as_deref(), read.as_deref(), "{stored}");
        }
    }

    #[test]
    fn who_is_found_where_others_keep_it() {
        for (stored, actor) in [
            (r#"{"performed_by":"kim"}"#, Some("kim")),
            (r#"{"user":{"id":7,"name":"kim"}}"#, Some("kim")),
            (r#"{"userId":7}"#, Some("7")),
            (r#"{"createdBy":"kim","actor":"lee"}"#, Some("lee")),
            (r#"{"user":["kim"]}"#, None),
        ] {
            assert_eq!(Metadata::parse(stored.as_bytes()).actor.as_deref(), actor, "{stored}");
        }
    }

    #[test]
    fn metadata_that_is_no_object_reads_as_none() {
        for stored in [&b""[..], b"null", b"[1]", b"{", b"\xff\xfe", b"{\"actor\":{}}"] {
            assert_eq!(Metadata::parse(stored).actor, None);
        }
    }
}
