use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use serde_json::Value as Json;

use super::numbers::{Number, compare_numbers};
use crate::event::json_text::{items, members};
use crate::event::{Message, Timestamp, json_value};

/// A list whose items are made only when they are looked at.
pub trait Many: fmt::Debug {
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn item(&self, index: usize) -> Json;
}

/// A value while an expression is read. What is long is borrowed, and looked into no deeper than the expression goes.
#[derive(Clone, Debug)]
pub enum Value<'v> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Cow<'v, str>),
    Time(Timestamp),
    /// A length of time, in microseconds.
    Length(i64),
    List(Rc<[Value<'v>]>),
    Map(Rc<[(Value<'v>, Value<'v>)]>),
    /// An object or a list of JSON.
    Json(&'v Json),
    /// The same as it is written; valid.
    Raw(&'v str),
    Made(Rc<Json>),
    Many(Rc<dyn Many + 'v>),
    Kind(Kind),
}

/// What sort of value something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Time,
    Length,
    List,
    Map,
    Kind,
}

impl Kind {
    pub(super) const ALL: [Self; 11] = [
        Self::Null,
        Self::Bool,
        Self::Int,
        Self::Uint,
        Self::Double,
        Self::Text,
        Self::Time,
        Self::Length,
        Self::List,
        Self::Map,
        Self::Kind,
    ];

    /// As CEL names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::Text => "string",
            Self::Time => "google.protobuf.Timestamp",
            Self::Length => "google.protobuf.Duration",
            Self::List => "list",
            Self::Map => "map",
            Self::Kind => "type",
        }
    }

    /// As people say it.
    pub fn plain_name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "yes or no",
            Self::Int | Self::Uint | Self::Double => "a number",
            Self::Text => "text",
            Self::Time => "a time",
            Self::Length => "a length of time",
            Self::List => "a list",
            Self::Map => "an object",
            Self::Kind => "a type",
        }
    }

    /// Under which name it stands in the language files, where a field is said to be of it.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::Null => "sort-null",
            Self::Bool => "sort-bool",
            Self::Int | Self::Uint | Self::Double => "sort-number",
            Self::Text => "sort-text",
            Self::Time => "sort-time",
            Self::Length => "sort-length",
            Self::List => "sort-list",
            Self::Map => "sort-map",
            Self::Kind => "sort-kind",
        }
    }

    /// The same in every language.
    pub fn message(self) -> Message {
        Message::new(match self {
            Self::Null => "kind-null",
            Self::Bool => "kind-bool",
            Self::Int | Self::Uint | Self::Double => "kind-number",
            Self::Text => "kind-text",
            Self::Time => "kind-time",
            Self::Length => "kind-length",
            Self::List => "kind-list",
            Self::Map => "kind-map",
            Self::Kind => "kind-kind",
        })
    }
}

impl<'v> Value<'v> {
    pub fn text(text: &'v str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub fn json(value: &'v Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(is) => Self::Bool(*is),
            Json::Number(number) => number_of(number),
            Json::String(text) => Self::text(text),
            Json::Array(_) | Json::Object(_) => Self::Json(value),
        }
    }

    pub fn made(value: Json) -> Self {
        match value {
            Json::String(text) => Self::Text(Cow::Owned(text)),
            Json::Array(_) | Json::Object(_) => Self::Made(Rc::new(value)),
            Json::Null => Self::Null,
            Json::Bool(is) => Self::Bool(is),
            Json::Number(number) => number_of(&number),
        }
    }

    /// The same, of which others have a share.
    pub fn shared(value: &Rc<Json>) -> Self {
        match value.as_ref() {
            Json::Array(_) | Json::Object(_) => Self::Made(Rc::clone(value)),
            other => Self::made(other.clone()),
        }
    }

    /// Of JSON as it is written; valid.
    pub fn raw(text: &'v str) -> Self {
        let text = text.trim_ascii();
        match text.as_bytes().first() {
            Some(b'"') => {
                let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
                if inner.contains('\\') {
                    serde_json::from_str::<String>(text).map_or(Self::Null, |text| Self::Text(Cow::Owned(text)))
                } else {
                    Self::text(inner)
                }
            }
            Some(b'{' | b'[') => Self::Raw(text),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'-' | b'0'..=b'9') => number_in(text),
            _ => Self::Null,
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Uint(_) => Kind::Uint,
            Self::Double(_) => Kind::Double,
            Self::Text(_) => Kind::Text,
            Self::Time(_) => Kind::Time,
            Self::Length(_) => Kind::Length,
            Self::List(_) | Self::Many(_) => Kind::List,
            Self::Map(_) => Kind::Map,
            Self::Json(value) => kind_of(value),
            Self::Made(value) => kind_of(value),
            Self::Raw(text) => {
                if text.starts_with('[') {
                    Kind::List
                } else {
                    Kind::Map
                }
            }
            Self::Kind(_) => Kind::Kind,
        }
    }

    pub(super) fn number(&self) -> Option<Number> {
        match self {
            Self::Int(number) => Some(Number::Whole(i128::from(*number))),
            Self::Uint(number) => Some(Number::Whole(i128::from(*number))),
            Self::Double(number) => Some(Number::Broken(*number)),
            _ => None,
        }
    }

    /// A number, to be drawn.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Uint(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            _ => None,
        }
    }

    /// As it is shown: text without quotes, and nothing else changed.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Time(at) => at.to_string(),
            Self::Kind(kind) => kind.name().to_owned(),
            Self::Length(micros) => super::text_functions::length_text(*micros),
            Self::Raw(text) => (*text).to_owned(),
            other => other.to_json().to_string(),
        }
    }

    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(is) => (*is).into(),
            Self::Int(number) => (*number).into(),
            Self::Uint(number) => (*number).into(),
            Self::Double(number) => (*number).into(),
            Self::Text(_) | Self::Time(_) | Self::Length(_) | Self::Kind(_) => self.shown().into(),
            Self::Json(value) => (*value).clone(),
            Self::Made(value) => (**value).clone(),
            Self::Raw(text) => json_value(text.as_bytes()).unwrap_or_default(),
            Self::Many(items) => (0..items.len()).map(|index| items.item(index)).collect(),
            Self::List(items) => items.iter().map(Value::to_json).collect(),
            Self::Map(entries) => entries.iter().map(|(key, value)| (key.shown(), value.to_json())).collect(),
        }
    }

    /// Letters of a text, items of a list, entries of an object.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(text.chars().count()),
            Self::List(items) => Some(items.len()),
            Self::Many(items) => Some(items.len()),
            Self::Map(entries) => Some(entries.len()),
            Self::Json(value) => Some(json_len(value)),
            Self::Made(value) => Some(json_len(value)),
            Self::Raw(text) if text.starts_with('[') => Some(items(text.as_bytes()).count()),
            Self::Raw(_) => self.entries().map(|entries| entries.len()),
            _ => None,
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Option<Vec<Value<'v>>> {
        match self {
            Self::List(items) => Some(items.to_vec()),
            Self::Many(items) => Some((0..items.len()).map(|index| Self::made(items.item(index))).collect()),
            Self::Json(Json::Array(items)) => Some(items.iter().map(Self::json).collect()),
            Self::Made(value) => Some(value.as_array()?.iter().cloned().map(Self::made).collect()),
            Self::Raw(text) if text.starts_with('[') => Some(items(text.as_bytes()).map(raw_bytes).collect()),
            _ => None,
        }
    }

    pub(super) fn item(&self, index: usize) -> Option<Value<'v>> {
        match self {
            Self::List(items) => items.get(index).cloned(),
            Self::Many(items) => (index < items.len()).then(|| Self::made(items.item(index))),
            Self::Json(Json::Array(items)) => items.get(index).map(Self::json),
            Self::Made(value) => value.as_array()?.get(index).cloned().map(Self::made),
            Self::Raw(text) if text.starts_with('[') => items(text.as_bytes()).nth(index).map(raw_bytes),
            _ => None,
        }
    }

    /// The entries of an object, each key once.
    pub(super) fn entries(&self) -> Option<Vec<(Value<'v>, Value<'v>)>> {
        match self {
            Self::Map(entries) => Some(entries.to_vec()),
            Self::Json(Json::Object(fields)) => {
                Some(fields.iter().map(|(key, value)| (Self::text(key), Self::json(value))).collect())
            }
            Self::Made(value) => {
                let fields = value.as_object()?.iter();
                Some(fields.map(|(key, value)| (Self::Text(key.clone().into()), Self::made(value.clone()))).collect())
            }
            Self::Raw(text) if text.starts_with('{') => {
                let mut entries: Vec<(Value<'v>, Value<'v>)> = Vec::new();
                let mut places = std::collections::HashMap::new();
                for (key, value) in members(text.as_bytes()) {
                    let key = key_text(key);
                    // The value that was written last counts.
                    let place = *places.entry(key.clone()).or_insert(entries.len());
                    match entries.get_mut(place) {
                        Some(entry) => entry.1 = raw_bytes(value),
                        None => entries.push((Self::Text(key), raw_bytes(value))),
                    }
                }
                Some(entries)
            }
            _ => None,
        }
    }

    /// What stands under this key of an object.
    pub(super) fn member(&self, key: &str) -> Option<Value<'v>> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(known, _)| matches!(known, Self::Text(known) if known == key))
                .map(|(_, v)| v.clone()),
            Self::Json(value) => value.get(key).map(Self::json),
            Self::Made(value) => value.get(key).cloned().map(Self::made),
            Self::Raw(text) if text.starts_with('{') => {
                members(text.as_bytes()).filter(|(known, _)| key_text(known) == key).last().map(|(_, v)| raw_bytes(v))
            }
            _ => None,
        }
    }

    /// As many steps as it costs to look at all of it.
    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::Text(text) => 1 + text.len() as u64 / 16,
            Self::Raw(text) => 1 + text.len() as u64 / 8,
            Self::List(items) => 1 + items.len() as u64,
            Self::Many(items) => 1 + items.len() as u64,
            Self::Map(entries) => 1 + entries.len() as u64,
            Self::Json(value) => 1 + json_len(value) as u64,
            Self::Made(value) => 1 + json_len(value) as u64,
            _ => 1,
        }
    }

    /// Whether both are the same value, whatever numbers they are written as. Adds to `steps` what it looked at.
    pub(super) fn equals(&self, other: &Value<'_>, steps: &mut u64) -> bool {
        *steps += 1;
        if let (Some(one), Some(two)) = (self.number(), other.number()) {
            return compare_numbers(one, two) == Some(Ordering::Equal);
        }
        match (self, other) {
            (Self::Null, Value::Null) => true,
            (Self::Bool(one), Value::Bool(two)) => one == two,
            (Self::Text(one), Value::Text(two)) => {
                *steps += one.len() as u64 / 64;
                one == two
            }
            (Self::Length(one), Value::Length(two)) => one == two,
            (Self::Kind(one), Value::Kind(two)) => one == two,
            (Self::Time(_), Value::Time(_) | Value::Text(_)) | (Self::Text(_), Value::Time(_)) => {
                self.time().is_some() && self.time() == other.time()
            }
            _ => self.holds_the_same(other, steps),
        }
    }

    fn holds_the_same(&self, other: &Value<'_>, steps: &mut u64) -> bool {
        if self.kind() != other.kind() || self.len() != other.len() {
            return false;
        }
        *steps += self.weight();
        if let (Some(one), Some(two)) = (self.items(), other.items()) {
            return one.iter().zip(&two).all(|(one, two)| one.equals(two, steps));
        }
        let (Some(one), Some(two)) = (self.entries(), other.entries()) else { return false };
        one.iter().all(|(key, value)| {
            two.iter().any(|(other_key, other)| key.equals(other_key, steps) && value.equals(other, steps))
        })
    }

    /// Which comes first; `None` where that cannot be told.
    pub(super) fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        if let (Some(one), Some(two)) = (self.number(), other.number()) {
            return compare_numbers(one, two);
        }
        match (self, other) {
            (Self::Bool(one), Value::Bool(two)) => Some(one.cmp(two)),
            (Self::Text(one), Value::Text(two)) => Some(one.as_ref().cmp(two.as_ref())),
            (Self::Length(one), Value::Length(two)) => Some(one.cmp(two)),
            // A time compares with the text of one.
            (Self::Time(_), Value::Time(_) | Value::Text(_)) | (Self::Text(_), Value::Time(_)) => {
                Some(self.time()?.cmp(&other.time()?))
            }
            _ => None,
        }
    }

    pub(super) fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Time(at) => Some(*at),
            Self::Text(text) => Timestamp::parse_lenient(text),
            _ => None,
        }
    }
}

fn kind_of(value: &Json) -> Kind {
    if value.is_array() { Kind::List } else { Kind::Map }
}

fn json_len(value: &Json) -> usize {
    value.as_array().map(Vec::len).or_else(|| value.as_object().map(serde_json::Map::len)).unwrap_or(0)
}

fn number_of(number: &serde_json::Number) -> Value<'static> {
    let whole = number.as_i64().map(Value::Int).or_else(|| number.as_u64().map(Value::Uint));
    whole.or_else(|| number.as_f64().map(Value::Double)).unwrap_or(Value::Null)
}

fn number_in(text: &str) -> Value<'static> {
    let whole = text.parse().ok().map(Value::Int).or_else(|| text.parse().ok().map(Value::Uint));
    whole.or_else(|| text.parse().ok().map(Value::Double)).unwrap_or(Value::Null)
}

fn raw_bytes(text: &[u8]) -> Value<'_> {
    std::str::from_utf8(text).map_or(Value::Null, Value::raw)
}

fn key_text(key: &[u8]) -> Cow<'_, str> {
    let key = std::str::from_utf8(key).unwrap_or_default();
    if key.contains('\\') {
        serde_json::from_str::<String>(&format!("\"{key}\"")).unwrap_or_default().into()
    } else {
        key.into()
    }
}
