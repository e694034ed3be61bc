//! What an event says led to it and what it belongs to: the ids by which events of different streams find each other.

use std::borrow::Cow;

use super::json_text::members;
use super::metadata::{first_letter, rank_of};
use super::{CAUSATION, CORRELATION, EventId, Metadata};

/// The two kinds of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinkKind {
    /// Events of one conversation carry the same id.
    Correlation,
    /// An event carries the id of what led to it.
    Causation,
}

impl LinkKind {
    pub const ALL: [Self; 2] = [Self::Correlation, Self::Causation];
}

/// The links of one event, as ids that can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    pub correlation: Option<EventId>,
    pub causation: Option<EventId>,
}

impl Links {
    /// Read without anything else of the metadata: what [`Metadata::parse`] says of an object that is whole.
    pub fn of(metadata: &[u8]) -> Self {
        let [correlation, causation] = said(metadata);
        let id = |text: Option<Cow<'_, str>>| text.map(|text| EventId::meant_by(&text));
        Self { correlation: id(correlation), causation: id(causation) }
    }

    pub fn get(&self, kind: LinkKind) -> Option<&EventId> {
        match kind {
            LinkKind::Correlation => self.correlation.as_ref(),
            LinkKind::Causation => self.causation.as_ref(),
        }
    }
}

fn said(stored: &[u8]) -> [Option<Cow<'_, str>>; 2] {
    const ROLES: [&[&str]; 2] = [&CORRELATION, &CAUSATION];
    let mut best: [Option<(usize, &[u8])>; 2] = [None; 2];
    for (key, value) in members(stored) {
        let Ok(key) = std::str::from_utf8(key) else { continue };
        if key.contains('\\') {
            return whole(stored);
        }
        let first = first_letter(key);
        for (names, best) in ROLES.iter().zip(&mut best) {
            let Some(rank) = rank_of(key, first, names) else { continue };
            match best {
                // A second one of the same name, an object that names itself: rare, and read with all the rest.
                Some(_) => return whole(stored),
                None if value.first() == Some(&b'{') => return whole(stored),
                None if is_said(value) => *best = Some((rank, value)),
                None => {}
            }
        }
    }
    if best.iter().flatten().any(|(_, value)| value.contains(&b'\\')) {
        return whole(stored);
    }
    best.map(|best| best.and_then(|(_, value)| plain(value)))
}

fn is_said(value: &[u8]) -> bool {
    matches!(value.first(), Some(b'"' | b'-' | b'0'..=b'9'))
}

fn plain(value: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(value).ok()?;
    let inside = text.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest));
    Some(Cow::Borrowed(inside.unwrap_or(text)))
}

fn whole(stored: &[u8]) -> [Option<Cow<'static, str>>; 2] {
    let Metadata { correlation_id, causation_id, .. } = Metadata::parse(stored);
    [correlation_id.map(Cow::Owned), causation_id.map(Cow::Owned)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_what_the_metadata_says() {
        for stored in [
            r#"{"actor":"kim","correlation-id":"c1","causation-id":7}"#,
            r#"{"correlationId":"c1","causation_id":"7","x":1}"#,
            r#"{"$correlationId":"c1","$causationId":"a\"b"}"#,
            r#"{"causation":{"id":"e1"},"correlation":["c"]}"#,
            r#"{"causation-id":"e1","causation-id":"e2"}"#,
            r#"{"cause-id":"e1","causationId":"e2","CORRELATION_ID":"c"}"#,
            r#"{"caus\u0061tion-id":"e1"}"#,
            r#"{"causation-id":null,"correlation-id":true,"reason":"because"}"#,
            r#"{"correlationStreamName":"lead-1"}"#,
            r#"{"actor":"kim"}"#,
            "",
            "[1]",
        ] {
            let Metadata { correlation_id, causation_id, .. } = Metadata::parse(stored.as_bytes());
            let id = |text: Option<String>| text.map(|text| EventId::meant_by(&text));
            let expected = Links { correlation: id(correlation_id), causation: id(causation_id) };
            assert_eq!(Links::of(stored.as_bytes()), expected, "{stored}");
        }
    }

    #[test]
    fn every_spelling_of_a_uuid_means_the_same_event() {
        let canonical = EventId::new("0190b1de-5a4f-7c8e-9a3b-0123456789ab");
        for text in [
            "0190b1de-5a4f-7c8e-9a3b-0123456789ab",
            "0190B1DE-5A4F-7C8E-9A3B-0123456789AB",
            "0190b1de5a4f7c8e9a3b0123456789ab",
            "{0190b1de-5a4f-7c8e-9a3b-0123456789ab}",
        ] {
            assert_eq!(EventId::meant_by(text), canonical, "{text}");
        }
        assert_eq!(EventId::meant_by("e-1").to_string(), "e-1");
    }
}
