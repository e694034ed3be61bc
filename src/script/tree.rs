//! A large state as a tree that shares with the one before it what an event left alone.

use std::sync::Arc;

use imbl::ordmap::DiffItem;
use imbl::{HashMap, OrdMap, Vector};
use serde_json::{Map, Value};

use super::held;
use super::put::Put;
use crate::event::{allocated, allocated_shared, json_value};
use crate::projection::{item_path, key_path, report_value_changes};

/// One value of a state, with the length of its text and what all values inside of it take in memory.
#[derive(Debug)]
pub(super) struct Tree {
    node: Node,
    bytes: usize,
    inside: usize,
}

/// A part of a tree, which is the same only where it is shared.
#[derive(Clone, Debug)]
pub(super) struct Part(Arc<Tree>);

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What is small is copied as a whole: the larger ones take kilobytes each.
#[derive(Clone, Debug)]
enum Node {
    Leaf(Value),
    Short(Vec<Part>),
    Long(Vector<Part>),
    Few(Vec<(Arc<str>, Part)>),
    Many(Fields),
}

const FEW: usize = 32;

impl Node {
    /// What it takes in memory besides its place and the values inside of it.
    fn own(&self) -> usize {
        match self {
            Self::Leaf(Value::String(text)) => of_list(text.capacity(), 1),
            Self::Leaf(Value::Number(number)) => allocated(number.as_str().len()),
            Self::Leaf(_) => 0,
            Self::Short(items) => of_list(items.capacity(), size_of::<Part>()),
            Self::Long(items) => held::list(items.len(), size_of::<Part>()),
            Self::Few(fields) => {
                let names = fields.iter().map(|(name, _)| allocated_shared(name.len()));
                of_list(fields.capacity(), size_of::<(Arc<str>, Part)>()) + names.sum::<usize>()
            }
            Self::Many(many) => {
                let count = many.in_order.len();
                let (named, placed) = (size_of::<(Arc<str>, Place)>(), size_of::<(Place, (Arc<str>, Part))>());
                held::hash_map(count, named) + held::ordered_map(count, placed) + many.names
            }
        }
    }
}

fn of_list(capacity: usize, each: usize) -> usize {
    if capacity == 0 { 0 } else { allocated(capacity * each) }
}

/// An object of many fields.
#[derive(Clone, Debug, Default)]
struct Fields {
    places: HashMap<Arc<str>, Place>,
    in_order: OrdMap<Place, (Arc<str>, Part)>,
    next: u64,
    /// What the names take in memory.
    names: usize,
}

/// Where JavaScript has a field: those that are numbers come first.
type Place = (bool, u64);

fn number_of(name: &str) -> Option<u64> {
    let number: u32 = name.parse().ok()?;
    (number < u32::MAX && number.to_string() == name).then_some(u64::from(number))
}

impl Part {
    /// What this text says; `None` where that cannot be told by reading it.
    pub(super) fn read(text: &str) -> Option<Self> {
        json_value(text.as_bytes()).ok().map(Self::of)
    }

    pub(super) fn of(value: Value) -> Self {
        let node = match value {
            Value::Array(items) if items.len() <= FEW => Node::Short(items.into_iter().map(Self::of).collect()),
            Value::Array(items) => Node::Long(items.into_iter().map(Self::of).collect()),
            Value::Object(fields) if fields.len() <= FEW => {
                Node::Few(fields.into_iter().map(|(name, value)| (name.into(), Self::of(value))).collect())
            }
            Value::Object(fields) => {
                let mut many = Fields::default();
                fields.into_iter().for_each(|(name, value)| many.insert(&name, Self::of(value)));
                Node::Many(many)
            }
            leaf => Node::Leaf(leaf),
        };
        let bytes = match &node {
            Node::Leaf(value) => text_length(value),
            Node::Short(items) => list_bytes(items.iter(), items.len()),
            Node::Long(items) => list_bytes(items.iter(), items.len()),
            Node::Few(fields) => fields_bytes(fields.iter().map(|(name, part)| (name, part)), fields.len()),
            Node::Many(many) => {
                fields_bytes(many.in_order.values().map(|(name, part)| (name, part)), many.in_order.len())
            }
        };
        let inside = match &node {
            Node::Leaf(_) => 0,
            Node::Short(items) => items.iter().map(Self::held).sum(),
            Node::Long(items) => items.iter().map(Self::held).sum(),
            Node::Few(fields) => fields.iter().map(|(_, part)| part.held()).sum(),
            Node::Many(many) => many.in_order.values().map(|(_, part)| part.held()).sum(),
        };
        Self::with(node, bytes, inside)
    }

    /// What it takes in memory where it stands alone: what it shares with others is counted as its own.
    pub(super) fn held(&self) -> usize {
        let Tree { node, inside, .. } = &*self.0;
        allocated_shared(size_of::<Tree>()) + node.own() + inside
    }

    /// The length of its text.
    pub(super) fn bytes(&self) -> usize {
        self.0.bytes
    }

    pub(super) fn to_value(&self) -> Value {
        match &self.0.node {
            Node::Leaf(value) => value.clone(),
            Node::Short(items) => items.iter().map(Self::to_value).collect(),
            Node::Long(items) => items.iter().map(Self::to_value).collect(),
            Node::Few(fields) => {
                Value::Object(fields.iter().map(|(name, part)| (name.to_string(), part.to_value())).collect())
            }
            Node::Many(many) => {
                let fields = many.in_order.values().map(|(name, part)| (name.to_string(), part.to_value()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.bytes());
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        if let Node::Leaf(value) = &self.0.node {
            text.push_str(&value.to_string());
        } else if let Some(items) = self.items() {
            text.push('[');
            for (index, item) in items.enumerate() {
                if index > 0 {
                    text.push(',');
                }
                item.write(text);
            }
            text.push(']');
        } else if let Some(fields) = self.fields() {
            text.push('{');
            for (index, (name, part)) in fields.enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name).to_string());
                text.push(':');
                part.write(text);
            }
            text.push('}');
        }
    }

    /// The tree after these changes, one after the other. What stands in something that is there no more is passed over.
    pub(super) fn after(&self, changes: Vec<Put>) -> Self {
        changes.into_iter().fold(self.clone(), |tree, Put { path, value }| tree.put(&path, value).unwrap_or(tree))
    }

    fn put(&self, path: &[String], value: Option<Value>) -> Option<Self> {
        let Some((step, rest)) = path.split_first() else { return value.map(Self::of) };
        let put_in = |part: Option<&Self>, value: Option<Value>| match (rest, part) {
            ([], _) => value.map(Self::of),
            (rest, part) => part?.put(rest, value),
        };
        let is_length = step == "length" && rest.is_empty();
        match &self.0.node {
            Node::Leaf(_) => None,
            Node::Short(items) if !is_length && place_in(step) != Some(FEW) => {
                let at = place_in(step).filter(|at| *at <= items.len())?;
                let part = put_in(items.get(at), value)?;
                let bytes = self.bytes_with(items.get(at), &part, 0, items.is_empty());
                let inside = self.inside_with(items.get(at), &part);
                let mut items = items.clone();
                if at == items.len() {
                    items.push(part);
                } else {
                    items[at] = part;
                }
                Some(Self::with(Node::Short(items), bytes, inside))
            }
            Node::Short(_) | Node::Long(_) => {
                let mut items = match &self.0.node {
                    Node::Short(items) => items.iter().cloned().collect(),
                    Node::Long(items) => items.clone(),
                    _ => return None,
                };
                if is_length {
                    let length = usize::try_from(value?.as_u64()?).ok()?;
                    items.truncate(length.min(items.len()));
                    let bytes = list_bytes(items.iter(), items.len());
                    let inside = items.iter().map(Self::held).sum();
                    return Some(Self::with(Node::Long(items), bytes, inside));
                }
                let at = place_in(step).filter(|at| *at <= items.len())?;
                let part = put_in(items.get(at), value)?;
                let bytes = self.bytes_with(items.get(at), &part, 0, items.is_empty());
                let inside = self.inside_with(items.get(at), &part);
                if at == items.len() {
                    items.push_back(part);
                } else {
                    items.set(at, part);
                }
                Some(Self::with(Node::Long(items), bytes, inside))
            }
            Node::Few(fields) => {
                let at = fields.iter().position(|(name, _)| **name == **step);
                if rest.is_empty() && value.is_none() {
                    let mut left = fields.clone();
                    left.remove(at?);
                    let bytes = fields_bytes(left.iter().map(|(name, part)| (name, part)), left.len());
                    let inside = left.iter().map(|(_, part)| part.held()).sum();
                    return Some(Self::with(Node::Few(left), bytes, inside));
                }
                let part = put_in(at.map(|at| &fields[at].1), value)?;
                let bytes = self.bytes_with(at.map(|at| &fields[at].1), &part, name_length(step), fields.is_empty());
                let inside = self.inside_with(at.map(|at| &fields[at].1), &part);
                match at {
                    Some(at) => {
                        let mut fields = fields.clone();
                        fields[at].1 = part;
                        Some(Self::with(Node::Few(fields), bytes, inside))
                    }
                    None if fields.len() < FEW && number_of(step).is_none() => {
                        let mut fields = fields.clone();
                        fields.push((step.as_str().into(), part));
                        Some(Self::with(Node::Few(fields), bytes, inside))
                    }
                    None => {
                        let mut many = Fields::default();
                        for (name, part) in fields {
                            many.insert(name, part.clone());
                        }
                        many.insert(step, part);
                        Some(Self::with(Node::Many(many), bytes, inside))
                    }
                }
            }
            Node::Many(many) => {
                let known = many.get(step);
                if rest.is_empty() && value.is_none() {
                    let (less, inside) = (known?.bytes(), self.0.inside - known?.held());
                    let less = less + name_length(step) + usize::from(many.in_order.len() > 1);
                    let mut left = many.clone();
                    left.remove(step);
                    return Some(Self::with(Node::Many(left), self.bytes() - less, inside));
                }
                let part = put_in(known, value)?;
                let bytes = self.bytes_with(known, &part, name_length(step), many.in_order.is_empty());
                let inside = self.inside_with(known, &part);
                let mut many = many.clone();
                many.insert(step, part);
                Some(Self::with(Node::Many(many), bytes, inside))
            }
        }
    }

    fn with(node: Node, bytes: usize, inside: usize) -> Self {
        Self(Arc::new(Tree { node, bytes, inside }))
    }

    /// What all inside of it takes with one part in the place of another, or besides those that there are.
    fn inside_with(&self, before: Option<&Self>, part: &Self) -> usize {
        self.0.inside + part.held() - before.map_or(0, Self::held)
    }

    /// Its length with one part in the place of another, or besides those that there are.
    fn bytes_with(&self, before: Option<&Self>, part: &Self, name: usize, is_empty: bool) -> usize {
        match before {
            Some(before) => self.bytes() - before.bytes() + part.bytes(),
            None => self.bytes() + name + part.bytes() + usize::from(!is_empty),
        }
    }

    /// The paths at which two states differ, as [`report_value_changes`] tells them of their values. What they share is
    /// passed over.
    pub(super) fn report_changes(&self, path: &str, after: &Self, report: &mut dyn FnMut(&str)) {
        if self == after {
            return;
        }
        match (&self.0.node, &after.0.node) {
            (Node::Leaf(before), Node::Leaf(after)) => report_value_changes(path, before, after, report),
            (Node::Many(before), Node::Many(after)) => {
                for item in before.in_order.diff(&after.in_order) {
                    match item {
                        DiffItem::Add(_, (name, is)) => {
                            report_with(&key_path(path, name), None, before.has_none(name, is), report);
                        }
                        DiffItem::Remove(_, (name, was)) => {
                            report_with(&key_path(path, name), Some(was), after.get(name), report);
                        }
                        DiffItem::Update { old: (_, (name, was)), new: (_, (other, is)) } => {
                            if name == other {
                                report_with(&key_path(path, name), Some(was), Some(is), report);
                            } else {
                                report_with(&key_path(path, name), Some(was), after.get(name), report);
                                report_with(&key_path(path, other), None, before.has_none(other, is), report);
                            }
                        }
                    }
                }
            }
            _ => match (self.items(), after.items()) {
                (Some(mut before), Some(mut after)) => {
                    for index in 0.. {
                        match (before.next(), after.next()) {
                            (None, None) => break,
                            (was, is) if was == is => {}
                            (was, is) => report_with(&item_path(path, index), was, is, report),
                        }
                    }
                }
                _ => match (self.fields(), after.fields()) {
                    (Some(before), Some(now)) => {
                        let before: Vec<_> = before.collect();
                        for (name, was) in &before {
                            report_with(&key_path(path, name), Some(was), after.field(name), report);
                        }
                        for (name, is) in now.filter(|(name, _)| self.field(name).is_none()) {
                            report_with(&key_path(path, name), None, Some(is), report);
                        }
                    }
                    _ => report_value_changes(path, &self.to_value(), &after.to_value(), report),
                },
            },
        }
    }

    fn items(&self) -> Option<Box<dyn Iterator<Item = &Self> + '_>> {
        match &self.0.node {
            Node::Short(items) => Some(Box::new(items.iter())),
            Node::Long(items) => Some(Box::new(items.iter())),
            _ => None,
        }
    }

    fn fields(&self) -> Option<Box<dyn Iterator<Item = (&str, &Self)> + '_>> {
        match &self.0.node {
            Node::Few(fields) => Some(Box::new(fields.iter().map(|(name, part)| (&**name, part)))),
            Node::Many(many) => Some(Box::new(many.in_order.values().map(|(name, part)| (&**name, part)))),
            _ => None,
        }
    }

    fn field(&self, name: &str) -> Option<&Self> {
        match &self.0.node {
            Node::Few(fields) => fields.iter().find(|(known, _)| **known == *name).map(|(_, part)| part),
            Node::Many(many) => many.get(name),
            _ => None,
        }
    }
}

fn report_with(path: &str, was: Option<&Part>, is: Option<&Part>, report: &mut dyn FnMut(&str)) {
    match (was, is) {
        (Some(was), Some(is)) => was.report_changes(path, is, report),
        (Some(one), None) | (None, Some(one)) => {
            if !matches!(one.0.node, Node::Leaf(Value::Null)) {
                report(path);
            }
        }
        (None, None) => {}
    }
}

impl Fields {
    fn get(&self, name: &str) -> Option<&Part> {
        self.in_order.get(self.places.get(name)?).map(|(_, part)| part)
    }

    /// What stands there now, where nothing of that name stood before: what did was told with that.
    fn has_none<'p>(&self, name: &str, is: &'p Part) -> Option<&'p Part> {
        self.get(name).is_none().then_some(is)
    }

    fn insert(&mut self, name: &str, part: Part) {
        if let Some(place) = self.places.get(name) {
            if let Some((_, known)) = self.in_order.get_mut(place) {
                *known = part;
            }
            return;
        }
        let name: Arc<str> = name.into();
        let place = number_of(&name).map_or((true, self.next), |number| (false, number));
        self.next += 1;
        self.names += allocated_shared(name.len());
        self.places.insert(name.clone(), place);
        self.in_order.insert(place, (name, part));
    }

    fn remove(&mut self, name: &str) {
        if let Some(place) = self.places.remove(name) {
            self.in_order.remove(&place);
            self.names -= allocated_shared(name.len());
        }
    }
}

fn place_in(step: &str) -> Option<usize> {
    step.parse().ok()
}

fn list_bytes<'p>(items: impl Iterator<Item = &'p Part>, count: usize) -> usize {
    2 + items.map(Part::bytes).sum::<usize>() + count.saturating_sub(1)
}

fn fields_bytes<'p>(fields: impl Iterator<Item = (&'p Arc<str>, &'p Part)>, count: usize) -> usize {
    2 + fields.map(|(name, part)| name_length(name) + part.bytes()).sum::<usize>() + count.saturating_sub(1)
}

/// With what stands behind it.
fn name_length(name: &str) -> usize {
    escaped_length(name) + 1
}

fn escaped_length(text: &str) -> usize {
    let letters = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | 8..=10 | 12 | 13 => 2,
        0..32 => 6,
        _ => 1,
    });
    2 + letters.sum::<usize>()
}

fn text_length(leaf: &Value) -> usize {
    match leaf {
        Value::String(text) => escaped_length(text),
        other => other.to_string().len(),
    }
}
