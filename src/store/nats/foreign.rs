//! Streams that other programs write: rita's and esrc's as they are known to be, any other by a mapping. All of them are
//! declared the same way: which token of the subject, which header or which place in the body says what.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::connection::StreamConfig;
use super::layout::{Decoded, Under, id_of_sequence};
use super::seen::Seen;
use super::texts::Headers;
use crate::event::{EventId, StreamId, Version, json_value};
use crate::store::Framework;
use crate::store::frameworks::{Cell, TimeUnit, stream_name as joined, stream_parts as parts_of};

const RITA: Framework = Framework::named("rita");
const ESRC: Framework = Framework::named("esrc");

/// Where in a message something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A token of the subject, counted from nought.
    Token(usize),
    Subject,
    Header(String),
    /// A place inside the body's JSON.
    Body(Vec<String>),
    /// The name around the body, as serde tags an enum, or the bare name where nothing is inside.
    Tag,
    /// When the server took it.
    Taken,
    Sequence,
}

/// What a message means.
#[derive(Clone, Debug)]
pub(super) struct Foreign {
    pub(super) framework: Framework,
    /// Joined where they are several.
    pub(super) stream: Vec<Part>,
    pub(super) category: Option<Part>,
    /// The first that is there.
    pub(super) event_type: Vec<Part>,
    pub(super) id: Option<Part>,
    pub(super) time: Option<Part>,
    pub(super) time_unit: TimeUnit,
    pub(super) version: Option<Part>,
    pub(super) schema: Option<Part>,
    /// The whole body where it is empty.
    pub(super) payload: Vec<String>,
    /// Headers that begin so are shown without it.
    pub(super) metadata_prefix: &'static str,
    /// Named in the metadata.
    pub(super) around: Vec<(&'static str, Part)>,
    /// What every subject begins with, and how many tokens it has, where both are known.
    pub(super) subjects: Option<(Vec<String>, usize)>,
    /// The subjects that the stream takes; none where that is not known.
    pub(super) patterns: Vec<String>,
}

impl Foreign {
    /// What a stream's first message says of who wrote it; `None` where nobody that is known.
    pub(super) fn recognised(config: &StreamConfig, first: Option<&Seen>) -> Option<Self> {
        let subject = |sign: &str| config.subjects.iter().flatten().any(|subject| subject.starts_with(sign));
        let header =
            |name: &str| first.and_then(|first| first.headers()).is_some_and(|headers| headers.get(name).is_some());
        let tokens: Vec<&str> = first.map_or_else(Vec::new, |first| first.subject().split('.').collect());
        if header("Rita-Type") || header("rita-type") || subject("$ES.") {
            return Some(Self::rita(config, &tokens, header("rita-type")));
        }
        header("Esrc-Version").then(|| Self::esrc(config, &tokens))
    }

    /// `$ES.{store}.{type}.{id}.{event}`, with a tenant behind the store where there are such; the older ones
    /// `{store}.{type}.{id}.{event}`.
    fn rita(config: &StreamConfig, tokens: &[&str], is_older: bool) -> Self {
        let before = if is_older { 1 } else { 2 };
        // A first message that somebody else left there says nothing of the others.
        let usual = before + 3..=before + 4;
        let count = if usual.contains(&tokens.len()) { tokens.len() } else { *usual.start() };
        let name = |name: &str| if is_older { name.to_ascii_lowercase() } else { name.to_owned() };
        let known: Vec<String> = match tokens.get(..before) {
            Some(tokens) => tokens.iter().map(|token| (*token).to_owned()).collect(),
            None => {
                let own = config.subjects.iter().flatten().next().map_or("$ES", String::as_str);
                own.split('.').take(before).map(str::to_owned).collect()
            }
        };
        Self {
            framework: RITA,
            stream: (before..count.saturating_sub(1)).map(Part::Token).collect(),
            category: Some(Part::Token(count.saturating_sub(3))),
            event_type: vec![Part::Header(name("Rita-Type")), Part::Token(count - 1)],
            id: Some(Part::Header("Nats-Msg-Id".to_owned())),
            time: Some(Part::Header(name("Rita-Time"))),
            time_unit: TimeUnit::Auto,
            version: None,
            schema: None,
            payload: Vec::new(),
            metadata_prefix: if is_older { "rita-meta-" } else { "Rita-Meta-" },
            around: Vec::new(),
            subjects: Some((known, count)),
            patterns: config.subjects.clone().unwrap_or_default(),
        }
    }

    /// `{prefix}.{name}.{uuid}`; the header `Esrc-Version` says the shape of an event, not its number.
    fn esrc(config: &StreamConfig, tokens: &[&str]) -> Self {
        let count = tokens.len().max(2);
        let before = count - 2;
        Self {
            framework: ESRC,
            stream: vec![Part::Token(before), Part::Token(before + 1)],
            category: Some(Part::Token(before)),
            event_type: vec![Part::Header("Esrc-Event-Type".to_owned()), Part::Tag],
            id: Some(Part::Header("Nats-Msg-Id".to_owned())),
            time: None,
            time_unit: TimeUnit::Auto,
            version: None,
            schema: Some(Part::Header("Esrc-Version".to_owned())),
            payload: Vec::new(),
            metadata_prefix: "xn-",
            around: Vec::new(),
            subjects: Some((tokens.iter().take(before).map(|token| (*token).to_owned()).collect(), count)),
            patterns: config.subjects.clone().unwrap_or_default(),
        }
    }

    pub(super) fn has_all_in_headers(&self) -> bool {
        let is_outside = |part: &Part| !matches!(part, Part::Body(_) | Part::Tag);
        let parts = self.stream.iter().chain(&self.event_type).chain(&self.category).chain(&self.id);
        let parts = parts.chain(&self.time).chain(&self.version).chain(&self.schema);
        parts.chain(self.around.iter().map(|(_, part)| part)).all(is_outside)
    }

    pub(super) fn event<'a>(&self, seen: &'a Seen) -> Decoded<'a> {
        let tokens: Vec<&str> = seen.subject().split('.').collect();
        let said = |part: &Part| said(part, &tokens, seen);
        let whole = |parts: &[Part]| {
            let parts: Option<Vec<String>> = parts.iter().map(|part| said(part).map(Cow::into_owned)).collect();
            parts.filter(|parts| !parts.is_empty())
        };
        // A subject that is shaped in another way is a stream of its own.
        let stream = whole(&self.stream).filter(|_| self.has_shape(&tokens));
        let stream = stream.map_or(Cow::Borrowed(seen.subject()), |parts| Cow::Owned(joined(&parts)));
        let category = self.category.as_ref().and_then(&said).filter(|_| self.has_shape(&tokens));
        let event_type = self.event_type.iter().find_map(&said).unwrap_or(Cow::Borrowed("event"));
        let taken = Some(seen.at);
        let time = self.time.as_ref().and_then(&said);
        let recorded_at = time.map_or(taken, |text| Cell::Text(text.as_bytes()).time(self.time_unit).or(taken));
        let id = self.id.as_ref().and_then(&said);
        let number = |part: &Option<Part>| part.as_ref().and_then(&said)?.trim().parse::<u64>().ok();
        Decoded {
            stream,
            category,
            version: number(&self.version).map(Version),
            event_type,
            schema: number(&self.schema).and_then(|number| u32::try_from(number).ok()).unwrap_or(1),
            recorded_at,
            id: id.map_or_else(|| id_of_sequence(seen.sequence), |id| EventId::new(&id)),
            payload: self.payload_in(seen.body()),
            metadata: self.metadata(seen, &said),
        }
    }

    fn payload_in<'a>(&self, body: &'a [u8]) -> Cow<'a, [u8]> {
        if self.payload.is_empty() {
            return Cow::Borrowed(body);
        }
        let found = json_value(body).ok().and_then(|value| {
            self.payload.iter().try_fold(value, |mut value, name| value.get_mut(name).map(Value::take))
        });
        found.map_or(Cow::Borrowed(body), |value| Cow::Owned(value.to_string().into_bytes()))
    }

    /// The headers that say nothing else.
    fn metadata<'a>(&self, seen: &Seen, said: &dyn Fn(&Part) -> Option<Cow<'a, str>>) -> Cow<'a, [u8]> {
        let used = |name: &str| {
            let parts = self.event_type.iter().chain(&self.id).chain(&self.time).chain(&self.version);
            let parts = parts.chain(&self.schema).chain(&self.category).chain(&self.stream);
            parts.clone().any(|part| matches!(part, Part::Header(used) if used.eq_ignore_ascii_case(name)))
        };
        let mut metadata: Vec<(String, Value)> = Vec::new();
        let mut last = None;
        for (name, value) in seen.headers().into_iter().flat_map(Headers::iter) {
            if used(name) || name.starts_with("Nats-") {
                continue;
            }
            let value = Value::from(value);
            if last.replace(name) == Some(name)
                && let Some((_, values)) = metadata.last_mut()
            {
                match values {
                    Value::Array(values) => values.push(value),
                    one => *one = Value::Array(vec![one.take(), value]),
                }
                continue;
            }
            let name = match name.get(..self.metadata_prefix.len()) {
                Some(prefix) if prefix.eq_ignore_ascii_case(self.metadata_prefix) => {
                    &name[self.metadata_prefix.len()..]
                }
                _ => name,
            };
            metadata.push((name.to_owned(), value));
        }
        // The client keeps headers in no order.
        metadata.sort_by(|a, b| a.0.cmp(&b.0));
        let around = self
            .around
            .iter()
            .filter_map(|(name, part)| Some(((*name).to_owned(), Value::from(said(part)?.into_owned()))));
        metadata.splice(0..0, around.collect::<Vec<_>>());
        if metadata.is_empty() {
            return Cow::Borrowed(&[]);
        }
        let object: Map<String, Value> = metadata.into_iter().collect();
        Cow::Owned(Value::Object(object).to_string().into_bytes())
    }

    fn has_shape(&self, tokens: &[&str]) -> bool {
        self.subjects.as_ref().is_none_or(|(known, count)| {
            tokens.len() == *count && known.iter().zip(tokens).all(|(known, token)| known == token)
        })
    }

    /// The subject under which a stream's events are, where its name says that.
    pub(super) fn under(&self, stream: &StreamId) -> Under {
        if let [Part::Subject] = self.stream.as_slice() {
            return self.exactly(stream.as_str());
        }
        let parts = parts_of(stream.as_str(), self.stream.len());
        let Some(parts) = parts else { return self.exactly(stream.as_str()) };
        let named: Option<Vec<(usize, &str)>> = self
            .stream
            .iter()
            .zip(&parts)
            .map(|(part, text)| match part {
                Part::Token(at) => Some((*at, text.as_str())),
                _ => None,
            })
            .collect();
        named.map_or(Under::Any, |named| self.pattern(&named))
    }

    pub(super) fn under_category(&self, category: &str) -> Under {
        match &self.category {
            Some(Part::Token(at)) => self.pattern(&[(*at, category)]),
            _ => Under::Any,
        }
    }

    fn pattern(&self, named: &[(usize, &str)]) -> Under {
        let Some((known, count)) = &self.subjects else { return Under::Any };
        let mut tokens: Vec<&str> = known.iter().map(String::as_str).collect();
        tokens.resize(*count, "*");
        for (at, text) in named {
            match tokens.get_mut(*at) {
                // What is no token may be a subject that is shaped in another way.
                Some(token) if !text.contains(['.', '*', '>']) => *token = text,
                _ => return Under::Any,
            }
        }
        self.exactly(&tokens.join("."))
    }

    /// A server refuses to look for what cannot be in a stream.
    fn exactly(&self, subject: &str) -> Under {
        let is_subject = subject.split('.').all(|token| !token.is_empty() && token != ">")
            && !subject.contains(|letter: char| letter.is_whitespace() || letter.is_control());
        let can_be_there = self.patterns.is_empty() || self.patterns.iter().any(|pattern| is_within(subject, pattern));
        if is_subject && can_be_there { Under::Subject(subject.to_owned()) } else { Under::Nothing }
    }

    pub(super) fn tells_streams(&self) -> bool {
        let is_in_subject = |part: &Part| matches!(part, Part::Token(_) | Part::Subject);
        self.stream.iter().chain(&self.category).all(is_in_subject)
    }

    /// The category and the stream of a subject, where it tells them.
    pub(super) fn stream_of(&self, subject: &str) -> (String, String) {
        let tokens: Vec<&str> = subject.split('.').collect();
        let said = |part: &Part| match part {
            Part::Token(at) => tokens.get(*at).map(|token| (*token).to_owned()),
            Part::Subject => Some(subject.to_owned()),
            _ => None,
        };
        let parts: Option<Vec<String>> = self.stream.iter().map(said).collect();
        let stream =
            parts.filter(|_| self.has_shape(&tokens)).map_or_else(|| subject.to_owned(), |parts| joined(&parts));
        let category = self.category.as_ref().filter(|_| self.has_shape(&tokens)).and_then(said);
        let category = category.unwrap_or_else(|| StreamId::from(stream.as_str()).category().to_owned());
        (category, stream)
    }
}

/// Whether whatever a filter names is also named by a pattern.
fn is_within(filter: &str, pattern: &str) -> bool {
    let mut tokens = filter.split('.');
    for known in pattern.split('.') {
        match (known, tokens.next()) {
            (_, None) => return false,
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (known, Some(token)) if known == token => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

fn said<'a>(part: &Part, tokens: &[&'a str], seen: &'a Seen) -> Option<Cow<'a, str>> {
    match part {
        Part::Token(at) => tokens.get(*at).map(|token| Cow::Borrowed(*token)),
        Part::Subject => Some(Cow::Borrowed(seen.subject())),
        Part::Header(name) => seen.headers()?.get(name).map(Cow::Borrowed),
        Part::Body(path) => {
            let mut value = json_value(seen.body()).ok()?;
            for name in path {
                value = value.get_mut(name)?.take();
            }
            match value {
                Value::String(text) => Some(Cow::Owned(text)),
                Value::Null => None,
                other => Some(Cow::Owned(other.to_string())),
            }
        }
        Part::Tag => match json_value(seen.body()).ok()? {
            Value::String(name) => Some(Cow::Owned(name)),
            Value::Object(fields) if fields.len() == 1 => fields.keys().next().cloned().map(Cow::Owned),
            _ => None,
        },
        Part::Taken => Some(Cow::Owned(seen.at.to_string())),
        Part::Sequence => Some(Cow::Owned(seen.sequence.to_string())),
    }
}
