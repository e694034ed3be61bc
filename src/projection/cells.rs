use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::Projection;
use super::path::{PathStep, item_path, key_path, leaf_count, path_steps, step_into};
use crate::event::json_text::{items, text_members};
use crate::event::{Timestamp, json_value, push_key};

/// One value of a shown state, borrowed: comparing two states of a dozen fields makes no copies.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'s> {
    Null,
    Bool(bool),
    Number(i64),
    Text(&'s str),
    Time(Timestamp),
    Json(&'s Value),
    /// JSON as it is written; valid.
    Raw(RawJson<'s>),
    List(&'s dyn Items),
}

/// The text of a value, and how many leaves it has.
#[derive(Clone, Copy, Debug)]
pub struct RawJson<'s> {
    pub text: &'s str,
    pub leaves: usize,
}

impl RawJson<'_> {
    pub fn to_value(self) -> Value {
        json_value(self.text.as_bytes()).unwrap_or_else(|_| self.text.into())
    }
}

/// A list whose items are made only when they are looked at.
pub trait Items: std::fmt::Debug {
    fn len(&self) -> usize;

    /// How many leaves the first so many items have together, found without making them.
    fn leaves_before(&self, index: usize) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn item(&self, index: usize) -> Value;
}

impl<'s> Cell<'s> {
    pub fn text(text: Option<&'s str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }

    pub fn time(at: Option<Timestamp>) -> Self {
        at.map_or(Self::Null, Self::Time)
    }

    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(is) => is.into(),
            Self::Number(number) => number.into(),
            Self::Text(text) => text.into(),
            Self::Time(at) => at.to_string().into(),
            Self::Json(value) => value.clone(),
            Self::Raw(raw) => raw.to_value(),
            Self::List(items) => (0..items.len()).map(|index| items.item(index)).collect(),
        }
    }
}

impl Cell<'_> {
    /// What stands at a path inside of the cell.
    pub(super) fn value_at(self, steps: &[PathStep]) -> Option<Value> {
        match (self, steps) {
            (cell, []) => Some(cell.to_value()),
            (Cell::List(items), [PathStep::Item(index), rest @ ..]) if *index < items.len() => {
                step_into(&items.item(*index), rest).cloned()
            }
            (Cell::Json(value), steps) => step_into(value, steps).cloned(),
            (Cell::Raw(raw), steps) => step_into(&raw.to_value(), steps).cloned(),
            _ => None,
        }
    }

    /// How many values it holds that hold no further ones.
    pub(super) fn leaf_count(self) -> usize {
        match self {
            Self::Json(value) => leaf_count(value),
            Self::Raw(raw) => raw.leaves,
            Self::List(items) if !items.is_empty() => items.leaves_before(items.len()),
            _ => 1,
        }
    }
}

pub fn show_cells<P: Projection>(projection: &P, state: &P::State) -> Value {
    if let Some(whole) = projection.as_json(state) {
        return whole.clone();
    }
    let mut fields = Map::new();
    projection.cells(state, &mut |name, cell| {
        fields.insert(name.to_owned(), cell.to_value());
    });
    Value::Object(fields)
}

/// Compares two states cell by cell. The general way, which looks at everything once.
pub fn report_cells<P: Projection>(projection: &P, before: &P::State, after: &P::State, report: &mut dyn FnMut(&str)) {
    if let (Some(before), Some(after)) = (projection.as_json(before), projection.as_json(after)) {
        report_value_changes("", before, after, report);
        return;
    }
    let old = gather(|visit| projection.cells(before, visit));
    let new = gather(|visit| projection.cells(after, visit));
    compare_cells(&old, &new, report);
}

pub(super) type NamedCell<'s> = (&'s str, Cell<'s>);

pub(super) fn gather<'s>(cells: impl FnOnce(&mut dyn FnMut(&'s str, Cell<'s>))) -> Vec<NamedCell<'s>> {
    let mut gathered = Vec::with_capacity(16);
    cells(&mut |name, cell| gathered.push((name, cell)));
    gathered
}

pub(super) fn compare_cells(old: &[NamedCell<'_>], new: &[NamedCell<'_>], report: &mut dyn FnMut(&str)) {
    let is_same_shape = old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a.0 == b.0);
    if is_same_shape {
        // The rule for typed states: the same fields in the same order.
        for ((name, was), (_, is)) in old.iter().zip(new) {
            report_cell(name, *was, *is, report);
        }
        return;
    }
    // A state may have any number of fields, where its events name them.
    let (old_by_name, new_by_name): (HashMap<&str, Cell<'_>>, HashMap<&str, Cell<'_>>) =
        (old.iter().copied().collect(), new.iter().copied().collect());
    for (name, was) in old {
        report_cell(name, *was, new_by_name.get(name).copied().unwrap_or(Cell::Null), report);
    }
    for (name, is) in new.iter().filter(|(name, _)| !old_by_name.contains_key(name)) {
        report_cell(name, Cell::Null, *is, report);
    }
}

/// Values of a shown state by their paths, for paths that come field by field: only the field that was asked for last
/// is shown, and that once.
pub struct CellValues<'s, P: Projection> {
    projection: &'s P,
    state: &'s P::State,
    last: Option<(String, Value)>,
}

impl<P: Projection> std::fmt::Debug for CellValues<'_, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CellValues").field("last", &self.last).finish_non_exhaustive()
    }
}

impl<'s, P: Projection> CellValues<'s, P> {
    /// Of a state that is not kept as one JSON value.
    pub fn of(projection: &'s P, state: &'s P::State) -> Self {
        Self { projection, state, last: None }
    }

    /// What stands at the path; null where nothing does.
    pub fn value(&mut self, path: &str) -> Value {
        let Some(steps) = path_steps(path) else { return Value::Null };
        let Some((PathStep::Key(field), rest)) = steps.split_first() else { return Value::Null };
        let Self { projection, state, last } = self;
        let (_, shown) = match last.take() {
            Some((known, shown)) if known == *field => last.insert((known, shown)),
            _ => {
                let cell = projection.cell(state, field).unwrap_or(Cell::Null);
                last.insert((field.clone(), cell.to_value()))
            }
        };
        step_into(shown, rest).cloned().unwrap_or(Value::Null)
    }
}

/// The value at a path of a shown state, without showing the rest of it.
pub fn cell_value<P: Projection>(projection: &P, state: &P::State, path: &str) -> Value {
    let Some(steps) = path_steps(path) else { return Value::Null };
    if let Some(whole) = projection.as_json(state) {
        return step_into(whole, &steps).cloned().unwrap_or(Value::Null);
    }
    let Some((PathStep::Key(field), rest)) = steps.split_first() else { return Value::Null };
    let cell = projection.cell(state, field);
    cell.and_then(|cell| cell.value_at(rest)).unwrap_or(Value::Null)
}

/// Whether a field of a shown state has a value. What is long is not made for that.
pub fn has_value<P: Projection>(projection: &P, state: &P::State, field: &str) -> bool {
    if let Some(whole) = projection.as_json(state) {
        return whole.get(field).is_some_and(|value| !value.is_null());
    }
    match projection.cell(state, field) {
        None | Some(Cell::Null | Cell::Json(Value::Null) | Cell::Raw(RawJson { text: "null", .. })) => false,
        Some(_) => true,
    }
}

fn report_cell(name: &str, before: Cell<'_>, after: Cell<'_>, report: &mut dyn FnMut(&str)) {
    match (before, after) {
        (Cell::Null, Cell::Null) => {}
        (Cell::Bool(a), Cell::Bool(b)) if a == b => {}
        (Cell::Number(a), Cell::Number(b)) if a == b => {}
        (Cell::Text(a), Cell::Text(b)) if a == b => {}
        (Cell::Time(a), Cell::Time(b)) if a == b => {}
        (Cell::Raw(a), Cell::Raw(b)) => report_text_changes(&key_path("", name), a.text, b.text, report),
        (Cell::Raw(RawJson { text: "null", .. }), Cell::Null)
        | (Cell::Null, Cell::Raw(RawJson { text: "null", .. })) => {}
        (Cell::Json(a), Cell::Json(b)) => report_value_changes(&key_path("", name), a, b, report),
        (Cell::Json(Value::Null), Cell::Null) | (Cell::Null, Cell::Json(Value::Null)) => {}
        (Cell::List(a), Cell::List(b)) => {
            let path = key_path("", name);
            for index in 0..a.len().max(b.len()) {
                let item = |items: &dyn Items| if index < items.len() { items.item(index) } else { Value::Null };
                report_value_changes(&item_path(&path, index), &item(a), &item(b), report);
            }
        }
        _ => report(&key_path("", name)),
    }
}

/// The paths at which two values differ that are given as text. What is written alike is alike; only where that does
/// not decide are the values looked at.
pub fn report_text_changes(path: &str, before: &str, after: &str, report: &mut dyn FnMut(&str)) {
    if before == after {
        return;
    }
    let kind = |text: &str| text.as_bytes().first().copied().unwrap_or_default();
    let is_plain = |text: &str| match kind(text) {
        // A letter may be written as itself or as an escape, and an exponent in more ways than one.
        b'"' => !text.contains('\\'),
        b'{' | b'[' => false,
        _ => !text.bytes().any(|byte| matches!(byte, b'e' | b'E')) || matches!(text, "true" | "false"),
    };
    let is_container = |text: &str| matches!(kind(text), b'{' | b'[');
    let is_decided = (is_plain(before) && is_plain(after))
        || (is_container(before) || is_container(after)) && kind(before) != kind(after);
    if is_decided {
        report(path);
        return;
    }
    match kind(before) {
        b'{' if report_member_changes(path, before, after, report) => {}
        b'[' => {
            let items = |list| items(str::as_bytes(list)).map(|item| std::str::from_utf8(item).unwrap_or("null"));
            let (mut a, mut b) = (items(before), items(after));
            for index in 0.. {
                let (was, is) = (a.next(), b.next());
                if was.is_none() && is.is_none() {
                    break;
                }
                if was != is {
                    let (was, is) = (was.unwrap_or("null"), is.unwrap_or("null"));
                    report_text_changes(&item_path(path, index), was, is, report);
                }
            }
        }
        _ => match (json_value(before.as_bytes()), json_value(after.as_bytes())) {
            (Ok(before), Ok(after)) => report_value_changes(path, &before, &after, report),
            _ => report(path),
        },
    }
}

/// So many members are compared one by one.
const FEW_MEMBERS: usize = 32;

/// The members of an object, each with its name.
type Members<'t> = Vec<(&'t str, &'t str)>;

/// Of an object of usual size that is plainly written: no escape in a name, and none named twice.
fn few_members(object: &str) -> Option<Members<'_>> {
    let mut found: Members<'_> = Vec::with_capacity(8);
    for (key, value) in text_members(object) {
        if key.contains('\\') || found.len() == FEW_MEMBERS || found.iter().any(|(known, _)| *known == key) {
            return None;
        }
        found.push((key, value));
    }
    Some(found)
}

/// Looked for first where another object of the same shape has it.
fn value_of<'t>(members: &Members<'t>, key: &str, place: usize) -> Option<&'t str> {
    let there = members.get(place).filter(|(known, _)| *known == key);
    there.or_else(|| members.iter().find(|(known, _)| *known == key)).map(|(_, value)| *value)
}

/// The path of one member after another, in the same room.
#[derive(Debug)]
struct MemberPath {
    path: String,
    parent: usize,
}

impl MemberPath {
    fn inside(parent: &str) -> Self {
        let mut path = String::with_capacity(parent.len() + 32);
        path.push_str(parent);
        Self { path, parent: parent.len() }
    }

    fn of(&mut self, key: &str) -> &str {
        self.path.truncate(self.parent);
        push_key(&mut self.path, key);
        &self.path
    }
}

/// Says whether the two could be told apart as they are written.
fn report_member_changes(path: &str, before: &str, after: &str, report: &mut dyn FnMut(&str)) -> bool {
    if report_alike_members(path, before, after, report) {
        return true;
    }
    let (Some(old), Some(new)) = (few_members(before), few_members(after)) else {
        return report_grown_members(path, before, after, report);
    };
    let mut path = MemberPath::inside(path);
    for (place, (key, was)) in old.iter().enumerate() {
        let is = value_of(&new, key, place).unwrap_or("null");
        if *was != is {
            report_text_changes(path.of(key), was, is, report);
        }
    }
    for (place, (key, is)) in new.iter().enumerate() {
        if value_of(&old, key, place).is_none() {
            report_text_changes(path.of(key), "null", is, report);
        }
    }
    true
}

/// Two objects of many members with the same names in the same order, of which one may have more behind them: a map into
/// which every event puts something. Answers whether they are, and reports nothing where they are not.
fn report_grown_members(path: &str, before: &str, after: &str, report: &mut dyn FnMut(&str)) -> bool {
    let (mut old, mut new) = (text_members(before), text_members(after));
    let (mut known, mut differing) = (HashSet::new(), Vec::new());
    loop {
        let (key, was, is) = match (old.next(), new.next()) {
            (None, None) => break,
            (Some((key, was)), Some((same, is))) if key == same => (key, was, is),
            (Some((key, was)), None) => (key, was, "null"),
            (None, Some((key, is))) => (key, "null", is),
            _ => return false,
        };
        if key.contains('\\') || !known.insert(key) {
            return false;
        }
        if was != is {
            differing.push((key, was, is));
        }
    }
    let mut path = MemberPath::inside(path);
    for (key, was, is) in differing {
        report_text_changes(path.of(key), was, is, report);
    }
    true
}

/// Two objects of a few members with the same names in the same order, as nearly all are that one field holds one after
/// the other. Answers whether they are, and reports nothing where they are not.
fn report_alike_members(path: &str, before: &str, after: &str, report: &mut dyn FnMut(&str)) -> bool {
    const FEWEST: usize = 8;
    let mut pairs = [("", "", ""); FEWEST];
    let mut count = 0;
    let (mut old, mut new) = (text_members(before), text_members(after));
    loop {
        match (old.next(), new.next()) {
            (None, None) => break,
            (Some((key, was)), Some((same, is))) if key == same => {
                let known = pairs.get(..count).unwrap_or_default();
                if key.contains('\\') || known.iter().any(|(known, ..)| *known == key) {
                    return false;
                }
                let Some(pair) = pairs.get_mut(count) else { return false };
                *pair = (key, was, is);
                count += 1;
            }
            _ => return false,
        }
    }
    let mut path = MemberPath::inside(path);
    for (key, was, is) in pairs.iter().take(count) {
        if was != is {
            report_text_changes(path.of(key), was, is, report);
        }
    }
    true
}

/// Whether nobody could tell the two apart: `[]` and `[null]` are two values, and are shown alike.
pub fn are_shown_alike(one: &Value, two: &Value) -> bool {
    let mut are_alike = true;
    report_value_changes("", one, two, &mut |_| are_alike = false);
    are_alike
}

/// The paths at which two values differ: as deep as both are of one shape. What is absent and what is `null` are
/// the same.
pub fn report_value_changes(path: &str, before: &Value, after: &Value, report: &mut dyn FnMut(&str)) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, was) in a {
                report_value_changes(&key_path(path, key), was, b.get(key).unwrap_or(&Value::Null), report);
            }
            for (key, is) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                report_value_changes(&key_path(path, key), &Value::Null, is, report);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for index in 0..a.len().max(b.len()) {
                let (was, is) = (a.get(index).unwrap_or(&Value::Null), b.get(index).unwrap_or(&Value::Null));
                report_value_changes(&item_path(path, index), was, is, report);
            }
        }
        _ => report(path),
    }
}

/// The paths at which two shown states differ, without the named bookkeeping fields, in the order of the fields.
pub fn diff_values(before: &Value, after: &Value, bookkeeping: &[&str]) -> Vec<String> {
    let mut paths = Vec::new();
    report_value_changes("", before, after, &mut |path| {
        if !bookkeeping.contains(&path) {
            paths.push(path.to_owned());
        }
    });
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_differ_where_their_values_do() {
        let many = |last: u32| {
            let members: Vec<String> = (0..last).map(|number| format!("\"m{number}\":{}", number % last)).collect();
            format!("{{{}}}", members.join(","))
        };
        let objects = [
            "{}",
            r#"{"a":1}"#,
            r#"{"a":2}"#,
            r#"{"a":1,"b":"x"}"#,
            r#"{ "a" : 2 , "b" : "x" }"#,
            r#"{"b":"x","a":1}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"a":3}"#,
            r#"{"\u0061":1,"b":"y"}"#,
            r#"{"a":{"b":{"c":[1,2],"d.e":"x"}},"b":null}"#,
            r#"{"a":{"b":{"c":[1,3],"d.e":"y"}},"b":null}"#,
            r#"{"a":[],"b":1e2}"#,
            r#"{"a":{},"b":100}"#,
            &many(8),
            &many(9),
            &many(40),
            &many(41),
            &many(40).replace(":7,", ":{\"a\":1},"),
            &many(40).replace("m39", "m2"),
            &many(40).replace("m39", "\\u006d39"),
            &many(40).replace("\"m0\":0,", ""),
            &many(40).replace(":39", ":null"),
        ];
        for before in objects {
            for after in objects {
                let (mut by_text, mut by_value) = (Vec::new(), Vec::new());
                report_text_changes("f", before, after, &mut |path| by_text.push(path.to_owned()));
                let values = [before, after].map(|text| json_value(text.as_bytes()).expect("JSON"));
                report_value_changes("f", &values[0], &values[1], &mut |path| by_value.push(path.to_owned()));
                by_text.sort();
                by_value.sort();
                assert_eq!(by_text, by_value, "{before} {after}");
            }
        }
    }
}
