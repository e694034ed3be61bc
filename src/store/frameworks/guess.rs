//! What a table that nobody declared may mean: never taken for granted, always shown to be corrected.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::catalogue::{Catalogue, Column, Table};
use super::looks::{Looks, Run, look_at, run_of};
use super::mapping::Mapping;
use super::places::places_inside;
use super::store::Database;
use super::within::within;
use crate::event::{ACTOR, CAUSATION, CORRELATION, REASON, kebab_words, same_name};
use crate::store::StoreError;

/// A mapping that may be right, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Guess {
    pub mapping: Mapping,
    /// The higher, the surer; only to be compared.
    pub weight: u32,
    pub reasons: Vec<Reason>,
    /// Enough was found for events to be read. Where it is not, the rest is a beginning.
    pub is_whole: bool,
}

/// Why a column was taken for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// As a mapping names it.
    pub role: &'static str,
    pub column: String,
    pub by: GuessedBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum GuessedBy {
    Name,
    Values,
    UniqueKey,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            GuessedBy::Name => "its name",
            GuessedBy::Values => "its values",
            GuessedBy::UniqueKey => "a unique key",
        };
        write!(f, "{}: {}, by {by}", self.role, self.column)
    }
}

/// What a column holds: a few of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub column: String,
    pub values: Vec<String>,
    /// The places inside of its objects, `user.name`, with a few of their values.
    pub inside: Vec<(String, Vec<String>)>,
    /// The same for the objects inside of its objects.
    pub objects: Vec<(String, Vec<String>)>,
}

/// The tables that may hold events, the likeliest first, and what the columns of each hold.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) guesses: Vec<Guess>,
    pub(super) samples: HashMap<String, Vec<Sample>>,
    /// The tables that could not be looked into in time.
    pub(super) slow: Vec<String>,
}

/// How long looking into one table may take, and into all of them.
const ONE_TABLE: Duration = Duration::from_secs(2);
const ALL_TABLES: Duration = Duration::from_secs(8);

/// A text with more different values than this is no event's type.
const MOST_TYPES: usize = 60;

/// The words that name each role, the surest first.
const STREAM: &[&str] = &[
    "stream-id",
    "stream",
    "stream-name",
    "aggregate-id",
    "aggregate",
    "aggregate-uuid",
    "originator-id",
    "persistence-id",
    "entity-id",
    "entity",
    "subject",
    "case-id",
    "case",
    "key",
    "ref",
    "reference",
];
/// What a column ends with that names another thing, whose events these may be.
const STREAM_ENDS: [&str; 5] = ["-id", "-uuid", "-ref", "-key", "-guid"];
const VERSION: &[&str] = &[
    "version",
    "stream-version",
    "aggregate-version",
    "sequence-number",
    "sequence",
    "seq",
    "seq-no",
    "revision",
    "event-number",
    "no",
    "number",
    "nr",
    "step",
];
const TYPE: &[&str] =
    &["event-type", "type", "event-name", "event", "name", "kind", "topic", "activity", "action", "what"];
const PAYLOAD: &[&str] =
    &["payload", "data", "event-data", "body", "json", "content", "state", "details", "message", "value"];
/// What applications call an event's own content, where they keep it in one column with what they say around it; and
/// further names of that which are a column's no more often than a member's.
const WRAPPED: &[&str] = &["payload", "data", "event-data", "event-payload", "body", "content"];
const ENVELOPE: &[&str] = &[
    "source",
    "spec-version",
    "specversion",
    "schema",
    "schema-version",
    "event-version",
    "dataschema",
    "datacontenttype",
    "v",
    "tenant",
    "tenant-id",
    "service",
    "producer",
];
const TIME: &[&str] = &[
    "recorded-at",
    "occurred-at",
    "timestamp",
    "time",
    "created-at",
    "event-time",
    "inserted-at",
    "created",
    "at",
    "ts",
    "when",
    "date",
];
const METADATA: &[&str] = &["metadata", "meta-data", "meta", "headers", "context"];
const ID: &[&str] = &["event-id", "message-id", "event-uuid", "uuid", "id", "guid"];
const POSITION: &[&str] =
    &["global-position", "position", "global-sequence", "global-index", "seq-id", "ordering", "offset"];
/// Behind those under which metadata names an author.
const AUTHOR: &[&str] = &["by", "who", "username", "modified-by", "updated-by", "operator", "login"];
const CORRELATION_COLUMNS: &[&str] = &["trace-id", "transaction-id", "conversation-id"];
const CAUSATION_COLUMNS: &[&str] = &["caused-by", "parent-event-id", "parent-id"];

/// Looks at every table.
pub(super) fn guess(database: &dyn Database, catalogue: &Catalogue) -> Result<Looked, StoreError> {
    let mut looked = Looked::default();
    let end = Instant::now() + ALL_TABLES;
    for table in &catalogue.tables {
        let limit = ONE_TABLE.min(end.saturating_duration_since(Instant::now()));
        let looks = within(limit, database.interrupter(), || look_at(database, catalogue.dialect, table))?
            .unwrap_or_else(|| {
                looked.slow.push(table.full_name());
                vec![Looks::default(); table.columns.len()]
            });
        let with_looks = table.columns.iter().zip(&looks);
        let samples = with_looks.map(|(column, looks)| Sample {
            column: column.name.clone(),
            values: looks.shown(),
            inside: looks.inside.clone().into_iter().collect(),
            objects: looks.objects.iter().map(|(path, (_, values))| (path.clone(), values.clone())).collect(),
        });
        let samples: Vec<Sample> = samples.collect();
        looked.guesses.extend(guess_table(table, &looks, &samples));
        looked.samples.insert(table.full_name(), samples);
    }
    // A beginning is better than nothing, and only that.
    if looked.guesses.iter().any(|guess| guess.is_whole) {
        looked.guesses.retain(|guess| guess.is_whole);
    }
    let Looked { guesses, slow, .. } = &mut looked;
    // What could not be looked into may be right, and would be of little use.
    guesses.sort_by_key(|guess| (slow.contains(&guess.mapping.table), std::cmp::Reverse(guess.weight)));
    Ok(looked)
}

struct Search<'t> {
    table: &'t Table,
    looks: &'t [Looks],
    taken: Vec<&'t str>,
    weight: u32,
    reasons: Vec<Reason>,
}

impl<'t> Search<'t> {
    fn free(&self) -> impl Iterator<Item = (&'t Column, &'t Looks)> {
        let with_looks = self.table.columns.iter().zip(self.looks);
        with_looks.filter(|(column, _)| !self.taken.contains(&column.name.as_str()))
    }

    /// The free column with the surest of the names whose values may stand there; else one whose values alone speak.
    fn find(
        &mut self,
        role: &'static str,
        names: &[&str],
        fits: impl Fn(&Looks) -> bool,
        speaks: impl Fn(&Looks) -> bool,
    ) -> Option<String> {
        let named = names.iter().find_map(|name| {
            self.free().find(|(column, looks)| kebab_words(&column.name) == *name && (looks.values == 0 || fits(looks)))
        });
        let (column, by) = match named {
            Some((column, _)) => (column, GuessedBy::Name),
            None => (self.free().find(|(_, looks)| speaks(looks))?.0, GuessedBy::Values),
        };
        self.take(column, role, by);
        Some(column.name.clone())
    }

    fn take(&mut self, column: &'t Column, role: &'static str, by: GuessedBy) {
        self.taken.push(&column.name);
        self.weight += if by == GuessedBy::Values { 1 } else { 2 };
        self.reasons.push(Reason { role, column: column.name.clone(), by });
    }

    /// Two columns that together never repeat, one of them a count, are a stream and its versions.
    fn by_key(&self) -> Option<(&'t Column, &'t Column)> {
        self.table.unique_keys.iter().find_map(|key| {
            let [one, other] = key.as_slice() else { return None };
            let of = |name: &str| self.free().find(|(column, _)| column.name == *name);
            let (one, other) = (of(one)?, of(other)?);
            let counts =
                |(column, looks): (&Column, &Looks)| column.declared.contains("int") || looks.mostly(looks.counts);
            match (counts(one), counts(other)) {
                (_, true) => Some((one.0, other.0)),
                (true, false) => Some((other.0, one.0)),
                (false, false) => None,
            }
        })
    }

    /// A column whose values repeat, and one whose numbers grow inside of each of those values and begin anew in the
    /// next. Names decide between several.
    fn by_values(&self) -> Option<(&'t Column, &'t Column)> {
        let names_stream = |column: &Column| STREAM.contains(&&*kebab_words(&column.name)) || names_other(column);
        let names_version = |column: &Column| VERSION.contains(&&*kebab_words(&column.name));
        let mut best = None;
        for (stream, streams) in self.free().filter(|(_, looks)| may_be_stream(looks) && looks.repeats()) {
            for (version, versions) in self.free().filter(|(_, looks)| !looks.mostly(looks.times)) {
                if stream.name == version.name || run_of(streams, versions).is_none() {
                    continue;
                }
                // What begins anew in each stream counts its events, whatever the number of all rows is called.
                let score = 2 * u32::from(names_stream(stream))
                    + 2 * u32::from(names_version(version))
                    + 3 * u32::from(versions.repeats());
                // One stream alone tells its versions from the order of all rows by name only.
                let is_told = versions.repeats() || names_version(version);
                if is_told && best.is_none_or(|(known, _)| score > known) {
                    best = Some((score, (stream, version)));
                }
            }
        }
        best.map(|(_, pair)| pair)
    }

    /// A column that names another thing, by its name: of several, one whose values repeat.
    fn names_stream(&self) -> Option<&'t Column> {
        let is_other = |column: &Column| {
            let words = kebab_words(&column.name);
            let known =
                [ID, ACTOR.as_slice(), AUTHOR, &CORRELATION, CORRELATION_COLUMNS, &CAUSATION, CAUSATION_COLUMNS];
            names_other(column) && !known.iter().any(|names| names.contains(&&*words))
        };
        let named = || self.free().filter(|(column, looks)| is_other(column) && looks.json == 0);
        let found = named().find(|(_, looks)| looks.repeats()).or_else(|| named().next());
        found.map(|(column, _)| column)
    }
}

fn names_other(column: &Column) -> bool {
    let words = kebab_words(&column.name);
    STREAM_ENDS.iter().any(|end| words.len() > end.len() && words.ends_with(end))
}

fn may_be_stream(looks: &Looks) -> bool {
    looks.is_full() && looks.json == 0 && !looks.mostly(looks.times)
}

fn never(_: &Looks) -> bool {
    false
}

fn guess_table(table: &Table, looks: &[Looks], samples: &[Sample]) -> Option<Guess> {
    let mut search = Search { table, looks, taken: Vec::new(), weight: 0, reasons: Vec::new() };
    let counts = |looks: &Looks| looks.mostly(looks.counts);
    let json = |looks: &Looks| looks.mostly(looks.json);
    let times = |looks: &Looks| looks.mostly(looks.times);
    let any_name = |looks: &Looks| looks.json == 0;
    let words = |looks: &Looks| looks.json == 0 && looks.times == 0;
    let looks_of = |name: &str| table.columns.iter().zip(looks).find(|(column, _)| column.name == *name).map(|it| it.1);
    let mut mapping = Mapping { table: table.full_name(), version_base: 1, version_step: 1, ..Mapping::default() };
    let pair = search.by_key().map(|pair| (pair, GuessedBy::UniqueKey));
    if let Some(((stream, version), by)) = pair.or_else(|| search.by_values().map(|pair| (pair, GuessedBy::Values))) {
        search.take(stream, "stream", by);
        search.take(version, "version", by);
        (mapping.stream, mapping.version) = (vec![stream.name.clone()], Some(version.name.clone()));
    } else {
        mapping.stream = search.find("stream", STREAM, any_name, never).into_iter().collect();
        if let (true, Some(column)) = (mapping.stream.is_empty(), search.names_stream()) {
            search.take(column, "stream", GuessedBy::Name);
            mapping.stream = vec![column.name.clone()];
        }
        mapping.version = search.find("version", VERSION, counts, never);
    }
    let numbered = mapping.stream.first().zip(mapping.version.as_ref());
    let run = numbered.and_then(|(stream, version)| run_of(looks_of(stream)?, looks_of(version)?));
    if let Some(Run { base, step }) = run {
        (mapping.version_base, mapping.version_step) = (base.unsigned_abs(), step.unsigned_abs());
    }
    mapping.time = search.find("time", TIME, |looks| times(looks) || counts(looks), times);
    mapping.metadata = search.find("metadata", METADATA, |_| true, never).into_iter().collect();
    mapping.payload = search.find("payload", PAYLOAD, |looks| looks.values == 0 || !counts(looks), json);
    if let Some(looks) = mapping.payload.as_deref().and_then(looks_of) {
        unwrap_payload(&mut mapping, looks, &mut search.reasons);
    }
    // One line of text is no object around an event: it says who recorded it.
    if let Some(column) = mapping.metadata.first()
        && looks_of(column).is_some_and(|looks| looks.mostly(looks.words))
    {
        search.reasons.iter_mut().filter(|reason| reason.role == "metadata").for_each(|reason| reason.role = "author");
        mapping.author = mapping.metadata.pop();
    }
    if mapping.author.is_none() {
        let names: Vec<&str> = ACTOR.into_iter().chain(AUTHOR.iter().copied()).collect();
        mapping.author = search.find("author", &names, words, never);
    }
    mapping.event_type = search.find("type", TYPE, any_name, |looks| {
        let is_few = looks.different() <= MOST_TYPES && (looks.repeats() || looks.rows == 1);
        looks.is_full() && looks.mostly(looks.words) && is_few
    });
    mapping.id = search.find("id", ID, any_name, never);
    mapping.position = search.find("position", POSITION, counts, never);
    if mapping.position.is_none() && !table.has_rowid {
        // A number that only grows is both: which event, and in which order.
        let growing = table.columns.iter().zip(looks).find(|(column, looks)| {
            looks.grows() && mapping.version.as_ref() != Some(&column.name) && !looks.mostly(looks.times)
        });
        mapping.position = growing.map(|(column, _)| column.name.clone());
    }
    mapping.reason = search.find("reason", &REASON, words, never);
    let both = |one: &[&'static str], more: &[&'static str]| -> Vec<&str> { one.iter().chain(more).copied().collect() };
    mapping.correlation = search.find("correlation", &both(&CORRELATION, CORRELATION_COLUMNS), any_name, never);
    mapping.causation = search.find("causation", &both(&CAUSATION, CAUSATION_COLUMNS), any_name, never);
    guess_inside(&mut mapping, samples, &mut search.reasons);
    let is_whole = !mapping.stream.is_empty() && (mapping.payload.is_some() || mapping.event_type.is_some());
    let Search { weight, reasons, .. } = search;
    (weight > 0).then_some(Guess { mapping, weight, reasons, is_whole })
}

/// A payload that an application wrapped, with what it says around each event beside it, or alone.
fn unwrap_payload(mapping: &mut Mapping, looks: &Looks, reasons: &mut [Reason]) {
    let Some(column) = mapping.payload.clone() else { return };
    let is_around = |name: &str| {
        let words = kebab_words(name);
        let known = [METADATA, ID, TYPE, TIME, STREAM, VERSION, POSITION, AUTHOR, CORRELATION_COLUMNS];
        let around = [ACTOR.as_slice(), &REASON, &CORRELATION, &CAUSATION, CAUSATION_COLUMNS, ENVELOPE];
        known.iter().chain(&around).any(|names| names.contains(&&*words))
    };
    let is_wrapped = |(path, (count, _)): &(&String, &(u32, Vec<String>))| {
        let is_right_inside = looks.names_in_objects.contains(*path);
        let others = looks.names_in_objects.iter().filter(|name| name != path);
        looks.mostly(*count) && is_right_inside && others.clone().all(|name| is_around(name))
    };
    let wrapped = WRAPPED.iter().find_map(|name| {
        looks.objects.iter().find(|(path, _)| kebab_words(path) == *name).filter(|found| is_wrapped(found))
    });
    let Some((path, _)) = wrapped else { return };
    let place = format!("{column}.{path}");
    for reason in reasons.iter_mut().filter(|reason| reason.role == "payload") {
        (reason.column, reason.by) = (place.clone(), GuessedBy::Values);
    }
    mapping.payload = Some(place);
    if mapping.metadata.is_empty() && looks.names_in_objects.len() > 1 {
        let objects = looks.objects.iter().filter(|(_, (count, _))| looks.mostly(*count));
        let named = objects.map(|(path, _)| path).find(|path| METADATA.contains(&&*kebab_words(path)));
        // Or else all that stands around the payload.
        mapping.metadata = vec![named.map_or(column.clone(), |path| format!("{column}.{path}"))];
    }
}

/// What no column says may stand inside of the metadata or, by a sure name, of the payload.
fn guess_inside(mapping: &mut Mapping, samples: &[Sample], reasons: &mut Vec<Reason>) {
    let places: Vec<String> = places_inside(mapping, samples).into_iter().map(|(place, _)| place).collect();
    let find = |names: &[&str], sure: usize| {
        let look = |prefix: &str, names: &[&str]| {
            names.iter().find_map(|name| {
                let is_it = |place: &&String| {
                    let path = place.strip_prefix(prefix);
                    path.is_some_and(|path| same_name(path, name) || same_name(path.trim_end_matches(".name"), name))
                };
                places.iter().find(is_it).cloned()
            })
        };
        look("metadata.", names).or_else(|| look("payload.", names.get(..sure).unwrap_or(names)))
    };
    // In a payload, an author may be of a book, and a comment a customer's: only the surer names count.
    let roles = [
        ("author", &mut mapping.author, ACTOR.as_slice(), 5),
        ("reason", &mut mapping.reason, &REASON, 1),
        ("correlation", &mut mapping.correlation, &CORRELATION, 1),
        ("causation", &mut mapping.causation, &CAUSATION, 1),
    ];
    for (role, place, names, sure) in roles {
        if place.is_none() {
            *place = find(names, sure);
            reasons.extend(place.iter().map(|place| Reason { role, column: place.clone(), by: GuessedBy::Name }));
        }
    }
}
