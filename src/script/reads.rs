//! Which fields of events' bodies a source reads, held against those that events have.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::Value;
use tree_sitter::Node;

use super::syntax::{self, MOST_NESTED, bare, handler, is_function, part, parts, place_of, quoted, text};
use crate::event::{json_value, nearest};
use crate::projection::SourcePlace;

/// A field that is read of a body, and that no event of the type has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The name in the source.
    pub range: Range<usize>,
    pub place: SourcePlace,
    pub event_type: Box<str>,
    pub field: Box<str>,
    /// What may have been meant.
    pub near: Option<Box<str>>,
}

/// The fields that bodies had, for each type of event.
#[derive(Clone, Debug, Default)]
pub struct SeenFields {
    types: BTreeMap<Box<str>, Fields>,
}

#[derive(Clone, Debug, Default)]
struct Fields {
    /// Only what is an object in every event has fields of which one can be missing.
    is_other: bool,
    inside: BTreeMap<Box<str>, Fields>,
    seen: u64,
}

/// Fields of fields are looked at so deep.
const DEEPEST: usize = 4;
/// An object with more names than these is a map, in which any name may stand.
const MOST_NAMES: usize = 200;
/// A name that is like no other is doubted only where so many events are without it.
const ENOUGH: u64 = 10;

impl SeenFields {
    /// Notes the fields of one body, as JSON.
    pub fn add(&mut self, event_type: &str, body: &str) {
        let fields = match self.types.get_mut(event_type) {
            Some(fields) => fields,
            None => self.types.entry(event_type.into()).or_default(),
        };
        match json_value(body.as_bytes()) {
            Ok(value) => fields.add(&value, 0),
            Err(_) => fields.is_other = true,
        }
    }
}

impl Fields {
    fn add(&mut self, value: &Value, depth: usize) {
        self.seen += 1;
        let Value::Object(object) = value else {
            self.is_other = true;
            return;
        };
        if depth >= DEEPEST {
            self.is_other = true;
            return;
        }
        for (name, value) in object {
            if let Some(known) = self.inside.get_mut(name.as_str()) {
                known.add(value, depth + 1);
            } else if self.inside.len() < MOST_NAMES {
                self.inside.entry(name.as_str().into()).or_default().add(value, depth + 1);
            } else {
                self.is_other = true;
            }
        }
    }
}

/// The event types whose handlers a source writes out, so that their bodies can be looked at.
pub fn handled_types(source: &str) -> BTreeSet<Box<str>> {
    let mut reading = Reading::new(source);
    reading.run();
    reading.reads.into_iter().map(|read| read.event_type.into()).collect()
}

/// What a source reads of bodies although no event has it. Silent about types of which none was seen.
pub fn doubts(source: &str, seen: &SeenFields) -> Vec<Doubt> {
    let mut reading = Reading::new(source);
    reading.run();
    let mut doubts = Vec::new();
    for Read { event_type, path } in reading.reads {
        let Some(mut fields) = seen.types.get(event_type) else { continue };
        for (name, range) in path {
            if fields.is_other || fields.inside.is_empty() || ALWAYS_THERE.contains(&name) {
                break;
            }
            if let Some(inside) = fields.inside.get(name) {
                fields = inside;
                continue;
            }
            let known: Vec<&str> = fields.inside.keys().map(|name| &**name).collect();
            let near: Option<Box<str>> = nearest(name, &known).first().map(|near| (*near).into());
            if near.is_none() && fields.seen < ENOUGH {
                break;
            }
            let place = place_of(source, range.start);
            doubts.push(Doubt { range, place, event_type: event_type.into(), field: name.into(), near });
            break;
        }
    }
    doubts.sort_by_key(|doubt| doubt.range.start);
    doubts.dedup();
    doubts
}

/// What every object has.
const ALWAYS_THERE: [&str; 6] =
    ["hasOwnProperty", "toString", "valueOf", "constructor", "isPrototypeOf", "propertyIsEnumerable"];

/// Names one inside the other, each with its place in the source.
type NamedPath<'s> = Vec<(&'s str, Range<usize>)>;

struct Read<'s> {
    event_type: &'s str,
    path: NamedPath<'s>,
}

/// What a name stands for inside of a handler.
#[derive(Clone, Debug)]
enum Means<'s> {
    Event,
    Body(NamedPath<'s>),
    /// Something else of the same name.
    Other,
}

struct Reading<'s> {
    source: &'s str,
    event_type: Option<&'s str>,
    /// The innermost last.
    names: Vec<(&'s str, Means<'s>)>,
    reads: Vec<Read<'s>>,
    depth: usize,
}

impl<'s> Reading<'s> {
    fn new(source: &'s str) -> Self {
        Self { source, event_type: None, names: Vec::new(), reads: Vec::new(), depth: 0 }
    }

    fn run(&mut self) {
        if let Some(tree) = syntax::parse(self.source) {
            self.visit(tree.root_node());
        }
    }

    fn visit(&mut self, node: Node<'_>) {
        if self.depth >= MOST_NESTED {
            return;
        }
        self.depth += 1;
        self.visit_inside(node);
        self.depth -= 1;
    }

    fn visit_inside(&mut self, node: Node<'_>) {
        if is_function(node) {
            let (outside, known) = (self.event_type, self.names.clone());
            match handler(node, self.source) {
                Some(taken) => {
                    self.event_type = taken.event_type;
                    self.names.clear();
                    if let Some(event) = taken.parameters.get(1) {
                        self.bind(*event, &Means::Event);
                    }
                }
                None => syntax::parameters(node).into_iter().for_each(|parameter| self.bind(parameter, &Means::Other)),
            }
            for inner in parts(node) {
                self.visit(inner);
            }
            self.event_type = outside;
            self.names = known;
            return;
        }
        match node.kind() {
            "variable_declarator" => {
                let value = part(node, "value");
                if let Some(value) = value {
                    self.visit(value);
                }
                let means = value.and_then(|value| self.means(value)).unwrap_or(Means::Other);
                if let Some(name) = part(node, "name") {
                    self.bind(name, &means);
                }
            }
            // What is assigned to is not read.
            "assignment_expression" => {
                if let Some(right) = part(node, "right") {
                    self.visit(right);
                }
                let target = part(node, "left").filter(|left| left.kind() == "subscript_expression");
                if let Some(index) = target.and_then(|target| part(target, "index")) {
                    self.visit(index);
                }
            }
            "member_expression" | "subscript_expression" => match self.means(node) {
                Some(Means::Body(path)) => self.note(path),
                _ => parts(node).into_iter().for_each(|inner| self.visit(inner)),
            },
            _ => parts(node).into_iter().for_each(|inner| self.visit(inner)),
        }
    }

    fn note(&mut self, path: NamedPath<'s>) {
        if let Some(event_type) = self.event_type {
            self.reads.push(Read { event_type, path });
        }
    }

    /// What an expression stands for, where that is an event or something of its body.
    fn means(&self, node: Node<'_>) -> Option<Means<'s>> {
        let node = bare(node);
        match node.kind() {
            "identifier" => {
                let name = text(node, self.source);
                let (_, means) = self.names.iter().rev().find(|(known, _)| *known == name)?;
                (!matches!(means, Means::Other)).then(|| means.clone())
            }
            "member_expression" | "subscript_expression" => {
                let (name, range) = match part(node, "property") {
                    Some(property) => (text(property, self.source), property.byte_range()),
                    None => {
                        let index = part(node, "index")?;
                        let range = index.byte_range();
                        (quoted(index, self.source)?, range.start + 1..range.end.saturating_sub(1))
                    }
                };
                match self.means(part(node, "object")?)? {
                    Means::Event => matches!(name, "data" | "body").then(|| Means::Body(Vec::new())),
                    Means::Body(mut path) => {
                        path.push((name, range));
                        Some(Means::Body(path))
                    }
                    Means::Other => None,
                }
            }
            _ => None,
        }
    }

    /// Gives a name, or each name of a pattern, its meaning.
    fn bind(&mut self, pattern: Node<'_>, means: &Means<'s>) {
        match pattern.kind() {
            "identifier" | "shorthand_property_identifier_pattern" => {
                self.names.push((text(pattern, self.source), means.clone()));
            }
            "assignment_pattern" | "object_assignment_pattern" => {
                if let Some(left) = part(pattern, "left") {
                    self.bind(left, means);
                }
            }
            "object_pattern" => {
                for field in parts(pattern) {
                    let (name, inner) = match field.kind() {
                        "pair_pattern" => (part(field, "key"), part(field, "value")),
                        "object_assignment_pattern" => (part(field, "left"), part(field, "left")),
                        _ => (Some(field), Some(field)),
                    };
                    let (Some(name), Some(inner)) = (name, inner) else { continue };
                    if field.kind() == "rest_pattern" || name.kind() == "computed_property_name" {
                        for rest in parts(field) {
                            self.bind(rest, &Means::Other);
                        }
                        continue;
                    }
                    let (range, spelled) = (name.byte_range(), text(name, self.source));
                    let spelled = quoted(name, self.source).unwrap_or(spelled);
                    let of_field = match means {
                        Means::Event if matches!(spelled, "data" | "body") => Means::Body(Vec::new()),
                        Means::Body(path) => {
                            let mut path = path.clone();
                            path.push((spelled, range));
                            self.note(path.clone());
                            Means::Body(path)
                        }
                        _ => Means::Other,
                    };
                    self.bind(inner, &of_field);
                }
            }
            _ => parts(pattern).into_iter().for_each(|inner| self.bind(inner, &Means::Other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen() -> SeenFields {
        let mut seen = SeenFields::default();
        seen.add("Paid", r#"{"amount":5,"by":{"name":"kim","tags":["a"]},"note":"x"}"#);
        seen.add("Paid", r#"{"amount":6,"extra":null}"#);
        seen.add("Blob", "no JSON");
        seen
    }

    /// What is doubted in a handler of `Paid`: the names, and what may be meant.
    fn doubted(body: &str) -> Vec<(String, Option<String>)> {
        doubted_in(&format!("fromAll().when({{ Paid(s, e) {{ {body} }} }})"))
    }

    fn doubted_in(source: &str) -> Vec<(String, Option<String>)> {
        let doubt = |doubt: Doubt| {
            assert!(source[doubt.range.clone()] == *doubt.field, "{doubt:?}");
            (doubt.field.into(), doubt.near.map(Into::into))
        };
        doubts(source, &seen()).into_iter().map(doubt).collect()
    }

    #[test]
    fn a_field_that_no_event_of_the_type_has_is_doubted_at_its_place() {
        let source = "fromAll().when({\n  '한글': s => s,\n  Paid(s, e) { s.n -= e.data.amout }\n})";
        let found = doubts(source, &seen());
        assert_eq!(found.len(), 1);
        let Doubt { range, place, event_type, field, near } = &found[0];
        assert_eq!(
            (&source[range.clone()], &**event_type, &**field, near.as_deref()),
            ("amout", "Paid", "amout", Some("amount"))
        );
        assert_eq!(*place, SourcePlace { line: 3, column: 30 });
    }

    #[test]
    fn it_is_found_however_the_body_is_reached() {
        let amount = [("amout".to_owned(), Some("amount".to_owned()))];
        for body in [
            "return e.body.amout",
            "return e?.data?.amout",
            "return e['data'][\"amout\"]",
            "const d = e.data; return [1].map(x => d.amout + x)",
            "const { data } = e; return data.amout",
            "const { body: { amout } } = e; return amout",
            "const { amout: n = 3 } = e.body; return n",
            "return `${(e.data).amout}`",
        ] {
            assert_eq!(doubted(body), amount, "{body}");
        }
        assert_eq!(doubted("return e.data.by.nam"), [("nam".to_owned(), Some("name".to_owned()))]);
        assert_eq!(doubted_in("fromAll().when({ Paid: (s, { data: { amout } }) => amout })"), amount);
        assert_eq!(doubted_in("fromAll(); on_event('Paid', function (s, e) { return e.data.amout })"), amount);
    }

    #[test]
    fn a_name_that_is_like_no_other_is_doubted_only_where_many_events_are_without_it() {
        assert_eq!(doubted("return e.data.quite"), []);
        let mut seen = seen();
        (0..ENOUGH).for_each(|_| seen.add("Paid", r#"{"amount":1}"#));
        let found = doubts("fromAll().when({ Paid(s, e) { return e.data.quite } })", &seen);
        assert_eq!(
            found.iter().map(|doubt| (&*doubt.field, doubt.near.as_deref())).collect::<Vec<_>>(),
            [("quite", None)]
        );
    }

    #[test]
    fn what_any_event_has_and_what_is_no_field_is_not_doubted() {
        for body in [
            "return e.data.amount + e.data.extra + e.data.by.name",
            "return e.data.note.length + e.data.by.tags.map(x => x.y)",
            "return e.data.hasOwnProperty('x')",
            "return e.metadata.amout + e.amout + s.data.amout",
            "e.data.made = 1",
            "const d = {}; return d.amout",
            "return [{ data: {} }].map(e => e.data.amout)",
            "return e.data[s.key]",
            "const { amount, ...rest } = e.data; return rest.amout",
        ] {
            assert_eq!(doubted(body), [], "{body}");
        }
        let others = "fromAll().when({ Blob(s, e) { return e.data.x }, Never(s, e) { return e.data.x }, $any(s, e) { return e.data.x } })";
        assert_eq!(doubted_in(others), []);
    }

    #[test]
    fn the_types_whose_bodies_are_read_are_told() {
        let source =
            "fromAll().when({ Paid(s, e) { s.n = e.data.n }, Sent(s) { s.n++ }, $any(s, e) { s.n = e.data.n } })";
        assert_eq!(handled_types(source), BTreeSet::from(["Paid".into()]));
    }
}
