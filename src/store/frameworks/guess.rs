//! What a table that nobody declared may mean: never taken for granted, always shown to be corrected.

use serde::Serialize;

use super::catalogue::{Catalogue, Column, Table, quote};
use super::cell::{Cell, Cells};
use super::layout::TimeUnit;
use super::mapping::Mapping;
use super::sql::Sql;
use super::store::Database;
use crate::event::kebab_words;
use crate::store::{Flow, StoreError};

/// A mapping that may be right, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Guess {
    pub mapping: Mapping,
    /// The higher, the surer; only to be compared.
    pub weight: u32,
    pub reasons: Vec<String>,
}

/// Rows that are looked at to learn what a column holds.
const SAMPLED: usize = 20;

/// What a column's values looked like.
#[derive(Clone, Copy, Debug, Default)]
struct Looks {
    values: u32,
    json: u32,
    times: u32,
    counts: u32,
}

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
];
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

/// The tables that may hold events, the likeliest first.
pub(super) fn guess(database: &dyn Database, catalogue: &Catalogue) -> Result<Vec<Guess>, StoreError> {
    let mut guesses = Vec::new();
    for table in &catalogue.tables {
        let looks = look_at(database, table)?;
        guesses.extend(guess_table(table, &looks));
    }
    guesses.sort_by_key(|guess| std::cmp::Reverse(guess.weight));
    Ok(guesses)
}

fn look_at(database: &dyn Database, table: &Table) -> Result<Vec<Looks>, StoreError> {
    let names: Vec<String> = table.columns.iter().map(|column| quote(&column.name)).collect();
    let mut looks = vec![Looks::default(); names.len()];
    if names.is_empty() {
        return Ok(looks);
    }
    let text = format!("SELECT {} FROM {} LIMIT {SAMPLED}", names.join(", "), table.quoted());
    let looked = database.rows(&Sql::plain(text), &mut |row: &dyn Cells| {
        for (index, looks) in looks.iter_mut().enumerate() {
            looks.add(row.cell(index));
        }
        Flow::Continue(())
    });
    // A view that cannot be read is no table of events.
    match looked {
        Err(StoreError::Sqlite { .. }) => Ok(vec![Looks::default(); table.columns.len()]),
        other => other.map(|()| looks),
    }
}

impl Looks {
    fn add(&mut self, cell: Cell<'_>) {
        if cell.is_null() {
            return;
        }
        self.values += 1;
        let first = cell.bytes().iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(first, Some(b'{' | b'[')) && serde_json::from_slice::<serde::de::IgnoredAny>(cell.bytes()).is_ok() {
            self.json += 1;
        }
        if cell.number().is_some_and(|number| (0..100_000).contains(&number)) {
            self.counts += 1;
        } else if cell.time(TimeUnit::Auto).is_some_and(|at| (0..4_102_444_800_000_000).contains(&at.micros())) {
            self.times += 1;
        }
    }

    fn mostly(self, count: u32) -> bool {
        self.values > 0 && count * 5 >= self.values * 4
    }
}

struct Search<'t> {
    table: &'t Table,
    looks: &'t [Looks],
    taken: Vec<&'t str>,
    weight: u32,
    reasons: Vec<String>,
}

impl<'t> Search<'t> {
    /// The free column with the surest of the names whose values may stand there; else one whose values alone speak.
    fn find(
        &mut self,
        role: &str,
        names: &[&str],
        fits: fn(Looks) -> bool,
        speaks: fn(Looks) -> bool,
    ) -> Option<String> {
        let taken = self.taken.clone();
        let free = || {
            let with_looks = self.table.columns.iter().zip(self.looks);
            with_looks.filter(|(column, _)| !taken.contains(&column.name.as_str()))
        };
        let named = names.iter().find_map(|name| {
            free().find(|(column, looks)| kebab_words(&column.name) == *name && (looks.values == 0 || fits(**looks)))
        });
        let (column, reason) = match named {
            Some((column, _)) => (column, "its name"),
            None => (free().find(|(_, looks)| speaks(**looks))?.0, "its values"),
        };
        self.take(column, role, reason);
        Some(column.name.clone())
    }

    fn take(&mut self, column: &'t Column, role: &str, reason: &str) {
        self.taken.push(&column.name);
        self.weight += if reason == "its values" { 1 } else { 2 };
        self.reasons.push(format!("{role}: {}, by {reason}", column.name));
    }
}

fn never(_: Looks) -> bool {
    false
}

fn guess_table(table: &Table, looks: &[Looks]) -> Option<Guess> {
    let mut search = Search { table, looks, taken: Vec::new(), weight: 0, reasons: Vec::new() };
    let counts = |looks: Looks| looks.mostly(looks.counts);
    let json = |looks: Looks| looks.mostly(looks.json);
    let times = |looks: Looks| looks.mostly(looks.times);
    let any_name = |looks: Looks| looks.json == 0;
    let mut mapping = Mapping { table: table.full_name(), version_base: 1, version_step: 1, ..Mapping::default() };
    // Two columns that together never repeat, one of them a count, are a stream and its versions.
    let key = table.unique_keys.iter().find_map(|key| {
        let [one, other] = key.as_slice() else { return None };
        let of = |name: &str| table.columns.iter().zip(looks).find(|(column, _)| column.name == *name);
        let (one, other) = (of(one)?, of(other)?);
        let counts = |(column, looks): (&Column, &Looks)| column.declared.contains("int") || looks.mostly(looks.counts);
        match (counts(one), counts(other)) {
            (_, true) => Some((one.0, other.0)),
            (true, false) => Some((other.0, one.0)),
            (false, false) => None,
        }
    });
    if let Some((stream, version)) = key {
        search.take(stream, "stream", "a unique key");
        search.take(version, "version", "a unique key");
        (mapping.stream, mapping.version) = (vec![stream.name.clone()], Some(version.name.clone()));
    } else {
        mapping.stream = search.find("stream", STREAM, any_name, never).into_iter().collect();
        mapping.version = search.find("version", VERSION, counts, never);
    }
    mapping.time = search.find("time", TIME, |looks| looks.mostly(looks.times) || looks.mostly(looks.counts), times);
    mapping.metadata = search.find("metadata", METADATA, |_| true, never).into_iter().collect();
    mapping.payload = search.find("payload", PAYLOAD, |_| true, json);
    mapping.event_type = search.find("type", TYPE, any_name, never);
    mapping.id = search.find("id", ID, any_name, never);
    mapping.position = search.find("position", POSITION, counts, never);
    let is_likely = !mapping.stream.is_empty() && (mapping.payload.is_some() || mapping.event_type.is_some());
    let Search { weight, reasons, .. } = search;
    is_likely.then_some(Guess { mapping, weight, reasons })
}
