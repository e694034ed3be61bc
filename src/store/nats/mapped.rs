//! A stream that nobody declared, read by what its user says of it. A mapping names what a message has as it names a
//! table's columns: `subject`, its tokens `subject_1`, `subject_2` and so on, `body` and places inside of it
//! (`body.order.id`), `time` and `sequence` as the server gave them, and any other name is a header's.

use std::collections::BTreeSet;

use super::connection::StreamConfig;
use super::foreign::{Foreign, Part};
use super::seen::Seen;
use super::texts::Headers;
use crate::store::Framework;
use crate::store::frameworks::{Mapping, MappingError};

pub(super) const SUBJECT: &str = "subject";
pub(super) const BODY: &str = "body";
pub(super) const TIME: &str = "time";
pub(super) const SEQUENCE: &str = "sequence";

/// What a token of the subject is called; they are counted from one.
pub(super) fn token_name(at: usize) -> String {
    format!("{SUBJECT}_{}", at + 1)
}

/// What the messages of a stream have, in the order in which it is shown.
pub(super) fn columns(sample: &[Seen]) -> Vec<String> {
    let tokens = sample.iter().map(|seen| seen.subject().split('.').count()).max().unwrap_or(0);
    let headers: BTreeSet<&str> = sample
        .iter()
        .filter_map(|seen| seen.headers())
        .flat_map(Headers::iter)
        .map(|(name, _)| name)
        .filter(|name| !is_own(name))
        .collect();
    let own = [SUBJECT].map(str::to_owned).into_iter().chain((0..tokens).map(token_name));
    let headers = headers.into_iter().map(str::to_owned);
    own.chain(headers).chain([BODY, TIME, SEQUENCE].map(str::to_owned)).collect()
}

/// Whether a name means something else than a header.
fn is_own(name: &str) -> bool {
    [SUBJECT, BODY, TIME, SEQUENCE].contains(&name) || token_of(name).is_some()
}

fn token_of(name: &str) -> Option<usize> {
    let number: usize = name.strip_prefix(SUBJECT)?.strip_prefix('_')?.parse().ok()?;
    number.checked_sub(1)
}

/// What a mapping's name means, held against what the stream's first messages have.
struct Reader<'m> {
    table: &'m str,
    known: Vec<String>,
}

impl Reader<'_> {
    fn part(&self, role: &'static str, name: &str) -> Result<Part, MappingError> {
        let part = match name {
            SUBJECT => Part::Subject,
            TIME => Part::Taken,
            SEQUENCE => Part::Sequence,
            BODY => Part::Body(Vec::new()),
            _ => match (token_of(name), name.strip_prefix("body.")) {
                (Some(at), _) => Part::Token(at),
                (None, Some(path)) => Part::Body(path.split('.').map(str::to_owned).collect()),
                (None, None) => Part::Header(name.to_owned()),
            },
        };
        // A header may be missing in some messages, but hardly in all.
        let is_known = match &part {
            Part::Token(_) | Part::Header(_) => self.known.iter().any(|known| known == name),
            _ => true,
        };
        if is_known || self.known.len() <= 4 {
            return Ok(part);
        }
        Err(MappingError::NoColumn {
            asked: name.to_owned(),
            role,
            table: self.table.to_owned(),
            known: self.known.join(", "),
        })
    }

    fn maybe(&self, role: &'static str, name: Option<&String>) -> Result<Option<Part>, MappingError> {
        name.map(|name| self.part(role, name)).transpose()
    }

    /// Said around an event: as any other name, or inside of what the mapping calls payload and metadata.
    fn around(&self, role: &'static str, place: &str, payload: &[String]) -> Result<Part, MappingError> {
        if let Some(path) = place.strip_prefix("payload.") {
            return Ok(Part::Body(payload.iter().cloned().chain(path.split('.').map(str::to_owned)).collect()));
        }
        self.part(role, place.strip_prefix("metadata.").unwrap_or(place))
    }
}

/// How a stream is read by a mapping; `sample` are some of its messages.
pub(super) fn mapped(mapping: &Mapping, config: &StreamConfig, sample: &[Seen]) -> Result<Foreign, MappingError> {
    let Mapping { table, stream, version, event_type, payload, time, time_unit, id, category, schema, .. } = mapping;
    let reader = Reader { table, known: columns(sample) };
    if stream.is_empty() {
        return Err(MappingError::NoStream { table: table.clone() });
    }
    let payload = match payload.as_deref().map(|payload| reader.part("payload", payload)).transpose()? {
        Some(Part::Body(path)) => path,
        _ => Vec::new(),
    };
    let mut around = Vec::new();
    for (name, role, place) in [
        ("actor", "author", &mapping.author),
        ("reason", "reason", &mapping.reason),
        ("correlation-id", "correlation", &mapping.correlation),
        ("causation-id", "causation", &mapping.causation),
    ] {
        if let Some(place) = place {
            around.push((name, reader.around(role, place, &payload)?));
        }
    }
    let stream: Vec<Part> = stream.iter().map(|name| reader.part("stream", name)).collect::<Result<_, _>>()?;
    let category = match reader.maybe("category", category.as_ref())? {
        None if stream.len() > 1 => stream.first().cloned(),
        said => said,
    };
    Ok(Foreign {
        framework: Framework::MAPPED,
        stream,
        category,
        event_type: reader.maybe("type", event_type.as_ref())?.into_iter().collect(),
        id: reader.maybe("id", id.as_ref())?.or_else(|| Some(Part::Header("Nats-Msg-Id".to_owned()))),
        time: reader.maybe("time", time.as_ref())?,
        time_unit: *time_unit,
        version: reader.maybe("version", version.as_ref())?,
        schema: reader.maybe("schema", schema.as_ref())?,
        payload,
        metadata_prefix: "",
        around,
        subjects: fixed_subjects(config),
        patterns: config.subjects.clone().unwrap_or_default(),
    })
}

/// What every subject begins with and how many tokens it has, where the stream takes no others.
fn fixed_subjects(config: &StreamConfig) -> Option<(Vec<String>, usize)> {
    let [only] = config.subjects.as_deref()? else { return None };
    if only.contains('>') {
        return None;
    }
    let tokens: Vec<&str> = only.split('.').collect();
    let known = tokens.iter().take_while(|token| **token != "*").map(|token| (*token).to_owned()).collect();
    Some((known, tokens.len()))
}
