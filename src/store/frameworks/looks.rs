//! What stands in the columns of a table: enough of its first rows to tell a name from a number and a time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::de::IgnoredAny;
use serde_json::Value;

use super::catalogue::{Column, Dialect, Expr, Table, quote};
use super::cell::{Cell, Cells};
use super::layout::TimeUnit;
use super::sql::Sql;
use super::store::Database;
use crate::event::json_value;
use crate::store::{Flow, StoreError};

/// Rows that are looked at to learn what a column holds.
const SAMPLED: usize = 200;

/// More values of a column nobody needs to recognise it.
const VALUES_SHOWN: usize = 3;

/// Longer values are cut where they are shown.
const LETTERS_KEPT: usize = 60;

/// In a larger object, nothing is looked for.
const LARGEST_LOOKED_INTO: usize = 64 << 10;

/// What a column's values looked like.
#[derive(Clone, Debug, Default)]
pub(super) struct Looks {
    pub(super) rows: usize,
    pub(super) values: u32,
    pub(super) json: u32,
    pub(super) times: u32,
    pub(super) counts: u32,
    /// Values of one short line that are neither JSON, nor a number, nor a time.
    pub(super) words: u32,
    /// The value of each row, as a name.
    names: Vec<Option<String>>,
    numbers: Vec<Option<i64>>,
    /// The places inside of objects, with a value of each.
    pub(super) inside: BTreeMap<String, Vec<String>>,
    /// The objects inside of objects, with how often they were met and a few of them, as text.
    pub(super) objects: BTreeMap<String, (u32, Vec<String>)>,
    /// Every name that stands right in an object.
    pub(super) names_in_objects: BTreeSet<String>,
}

pub(super) fn look_at(database: &dyn Database, dialect: Dialect, table: &Table) -> Result<Vec<Looks>, StoreError> {
    let names: Vec<String> = table.columns.iter().map(|column| looked_at(dialect, column)).collect();
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

/// As its events would be read: a time, a number or JSON of another kind comes in the server's own bytes otherwise.
fn looked_at(dialect: Dialect, column: &Column) -> String {
    // What such a number leads to may be large, and closed to this user.
    let declared = if column.declared == "oid" { String::new() } else { column.declared.clone() };
    dialect.read(&Expr { sql: quote(&column.name), declared })
}

/// Whether it is an object, or a text that holds one.
fn holds_object(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::String(text) => text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok(),
        _ => false,
    }
}

/// A value that is only looked at.
fn shortened(text: &str) -> String {
    let text = text.trim();
    let cut = text.char_indices().nth(LETTERS_KEPT).map_or(text.len(), |(at, _)| at);
    let line = text.get(..cut).unwrap_or_default().replace(['\n', '\r', '\t'], " ");
    if cut < text.len() { format!("{line}…") } else { line }
}

impl Looks {
    fn add(&mut self, cell: Cell<'_>) {
        self.rows += 1;
        if cell.is_null() {
            self.names.push(None);
            self.numbers.push(None);
            return;
        }
        self.values += 1;
        let number = cell.number();
        self.numbers.push(number);
        let first = cell.bytes().iter().find(|byte| !byte.is_ascii_whitespace());
        let object = match first {
            Some(b'{' | b'[') if cell.bytes().len() <= LARGEST_LOOKED_INTO => json_value(cell.bytes()).ok(),
            Some(b'{' | b'[') => serde_json::from_slice::<IgnoredAny>(cell.bytes()).ok().map(|_| Value::Null),
            _ => None,
        };
        let name = cell.name();
        if let Some(value) = object {
            self.json += 1;
            self.note_inside("", &value, 0);
        } else if number.is_some_and(|number| (0..100_000).contains(&number)) {
            self.counts += 1;
        } else if cell.time(TimeUnit::Auto).is_some_and(|at| (0..4_102_444_800_000_000).contains(&at.micros())) {
            self.times += 1;
        } else if number.is_none() && name.len() <= LETTERS_KEPT && !name.contains('\n') {
            self.words += 1;
        }
        self.names.push(Some(shortened(&name)));
    }

    /// The names in an object, and in the objects inside of it.
    fn note_inside(&mut self, prefix: &str, value: &Value, depth: usize) {
        const DEEPEST: usize = 2;
        const MOST: usize = 60;
        let Value::Object(fields) = value else { return };
        for (name, value) in fields {
            let path = format!("{prefix}{name}");
            if depth == 0 && self.names_in_objects.len() < MOST {
                self.names_in_objects.insert(name.clone());
            }
            if depth < DEEPEST && holds_object(value) && !name.contains('.') {
                self.note_object(&path, value, MOST);
            }
            if value.is_object() && depth < DEEPEST {
                self.note_inside(&format!("{path}."), value, depth + 1);
            } else if !value.is_object() && !value.is_array() && !value.is_null() && !name.contains('.') {
                let is_new = !self.inside.contains_key(&path);
                if is_new && self.inside.len() == MOST {
                    continue;
                }
                let text = shortened(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                let values = self.inside.entry(path).or_default();
                if values.len() < VALUES_SHOWN && !values.contains(&text) {
                    values.push(text);
                }
            }
        }
    }

    fn note_object(&mut self, path: &str, value: &Value, most: usize) {
        if !self.objects.contains_key(path) && self.objects.len() == most {
            return;
        }
        let text = shortened(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let (count, values) = self.objects.entry(path.to_owned()).or_default();
        *count += 1;
        if values.len() < VALUES_SHOWN && !values.contains(&text) {
            values.push(text);
        }
    }

    pub(super) fn shown(&self) -> Vec<String> {
        let mut shown: Vec<String> = Vec::new();
        for name in self.names.iter().flatten() {
            if shown.len() < VALUES_SHOWN && !shown.contains(name) {
                shown.push(name.clone());
            }
        }
        shown
    }

    pub(super) fn mostly(&self, count: u32) -> bool {
        self.values > 0 && count * 5 >= self.values * 4
    }

    pub(super) fn different(&self) -> usize {
        self.names.iter().flatten().collect::<HashSet<_>>().len()
    }

    /// Some value stands in more than one row.
    pub(super) fn repeats(&self) -> bool {
        self.different() < self.values as usize
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows > 0 && self.values as usize == self.rows
    }

    /// Numbers that only grow: the order in which rows were written.
    pub(super) fn grows(&self) -> bool {
        self.rows > 1 && self.numbers.iter().all(Option::is_some) && self.numbers.is_sorted_by(|one, next| one < next)
    }
}

/// How versions run inside of streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) base: i64,
    pub(super) step: i64,
}

/// `None` where the numbers do not grow by one step inside of each stream.
pub(super) fn run_of(streams: &Looks, versions: &Looks) -> Option<Run> {
    let mut last: HashMap<&str, i64> = HashMap::new();
    let (mut base, mut step) = (i64::MAX, None);
    for (stream, number) in streams.names.iter().zip(&versions.numbers) {
        let (stream, number) = (stream.as_deref()?, number.filter(|number| *number >= 0)?);
        match last.insert(stream, number) {
            None => base = base.min(number),
            Some(before) => {
                let by = number.checked_sub(before).filter(|by| *by > 0)?;
                if step.is_some_and(|step| step != by) {
                    return None;
                }
                step = Some(by);
            }
        }
    }
    Some(Run { base, step: step? })
}
