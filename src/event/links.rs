//! What an event says led to it and what it belongs to: the ids by which events of different streams find each other.

use super::json_text::members;
use super::metadata::{first_letter, rank_of};
use super::plain_json::{PlainMember, plain_members};
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
        let mut said = Said::default();
        for (key, value) in members(metadata) {
            let Ok(key) = std::str::from_utf8(key) else { continue };
            if said.member(key, value).is_none() {
                return Self::of_whole(metadata);
            }
        }
        said.links().unwrap_or_else(|| Self::of_whole(metadata))
    }

    /// The same, of metadata that is judged in the same pass: `None` where it is not plainly sound JSON.
    pub fn of_sound(text: &str) -> Option<Self> {
        let metadata = text.as_bytes();
        let (mut said, mut is_plain) = (Said::default(), true);
        plain_members(text, |PlainMember { name, value, .. }| {
            is_plain = is_plain && said.member(text.get(name)?, metadata.get(value)?).is_some();
            Some(())
        })?;
        let links = if is_plain { said.links() } else { None };
        Some(links.unwrap_or_else(|| Self::of_whole(metadata)))
    }

    fn of_whole(metadata: &[u8]) -> Self {
        let Metadata { correlation_id, causation_id, .. } = Metadata::parse(metadata);
        let id = |text: Option<String>| text.map(|text| EventId::meant_by(&text));
        Self { correlation: id(correlation_id), causation: id(causation_id) }
    }

    pub fn get(&self, kind: LinkKind) -> Option<&EventId> {
        match kind {
            LinkKind::Correlation => self.correlation.as_ref(),
            LinkKind::Causation => self.causation.as_ref(),
        }
    }
}

/// What the members of an object that were met so far say of its links: of each kind the surest, with its rank.
#[derive(Default)]
struct Said<'t>([Option<(usize, &'t [u8])>; 2]);

impl<'t> Said<'t> {
    /// `None` where the object has to be read with all the rest: a name that is written in an odd way or twice, an object
    /// that names itself. All of it is rare.
    fn member(&mut self, key: &str, value: &'t [u8]) -> Option<()> {
        const ROLES: [&[&str]; 2] = [&CORRELATION, &CAUSATION];
        if key.contains('\\') {
            return None;
        }
        let first = first_letter(key);
        // Both kinds begin so, and few other names do.
        if first != Some(b'c') {
            return Some(());
        }
        let as_written = ROLES.iter().position(|names| names.contains(&key));
        for (role, (names, best)) in ROLES.iter().zip(&mut self.0).enumerate() {
            if as_written.is_some_and(|other| other != role) {
                continue;
            }
            let Some(rank) = rank_of(key, first, names) else { continue };
            if best.is_some() || value.first() == Some(&b'{') {
                return None;
            }
            if is_said(value) {
                *best = Some((rank, value));
            }
        }
        Some(())
    }

    /// `None` where one of them is written with escapes.
    fn links(self) -> Option<Links> {
        if self.0.iter().flatten().any(|(_, value)| value.contains(&b'\\')) {
            return None;
        }
        let [correlation, causation] = self.0.map(|best| Some(EventId::meant_by(plain(best?.1)?)));
        Some(Links { correlation, causation })
    }
}

fn is_said(value: &[u8]) -> bool {
    matches!(value.first(), Some(b'"' | b'-' | b'0'..=b'9'))
}

fn plain(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    let inside = text.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest));
    Some(inside.unwrap_or(text))
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
            r#"{"cause-id":"e1","correlation":"c","causation":"e2"}"#,
            r#"{"correlation":{"id":"c"},"causation-id":"e1","correlation-id":"d"}"#,
            r#"{"correlation-id":"c","causation-id":"e\\1","tags":["causation-id"]}"#,
            "",
            "[1]",
        ] {
            let Metadata { correlation_id, causation_id, .. } = Metadata::parse(stored.as_bytes());
            let id = |text: Option<String>| text.map(|text| EventId::meant_by(&text));
            let expected = Links { correlation: id(correlation_id), causation: id(causation_id) };
            assert_eq!(Links::of(stored.as_bytes()), expected, "{stored}");
            let is_plain = stored.starts_with('{') && !stored.contains("\\u");
            assert_eq!(Links::of_sound(stored), is_plain.then_some(expected), "{stored}");
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
