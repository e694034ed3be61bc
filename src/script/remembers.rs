//! What a source keeps between events outside of its state, where its text tells.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::syntax::{self, MOST_NESTED, is_function, part, parts, place_of, text};
use crate::projection::SourcePlace;

/// A name whose value handlers change although it is no part of the state: what is shown then depends on what ran before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    pub name: Box<str>,
    /// Where it is changed first.
    pub place: SourcePlace,
}

/// The first such name.
pub(super) fn remembered(source: &str) -> Option<Remembered> {
    let tree = syntax::parse(source)?;
    let root = tree.root_node();
    let mut reading = Reading { source, scopes: vec![Scope::of(root, source, true)], found: None };
    reading.visit(root, 0);
    reading.found
}

/// The names that a function gives, or the source itself.
struct Scope<'s> {
    names: BTreeSet<&'s str>,
    /// Whether it runs once, when the source is read.
    is_once: bool,
}

impl<'s> Scope<'s> {
    fn of(node: Node<'_>, source: &'s str, is_once: bool) -> Self {
        let mut scope = Self { names: BTreeSet::new(), is_once };
        if is_function(node) {
            for parameter in syntax::parameters(node) {
                scope.bind(parameter, source, 0);
            }
            // Its own name, by which it calls itself.
            scope.names.extend(part(node, "name").map(|name| text(name, source)));
        }
        for inner in parts(node) {
            scope.collect(inner, source, 0);
        }
        scope
    }

    fn collect(&mut self, node: Node<'_>, source: &'s str, depth: usize) {
        if depth > MOST_NESTED {
            return;
        }
        let name = match node.kind() {
            "variable_declarator" | "function_declaration" | "generator_function_declaration" | "class_declaration" => {
                part(node, "name")
            }
            "for_in_statement" => part(node, "kind").and_then(|_| part(node, "left")),
            "catch_clause" => part(node, "parameter"),
            _ => None,
        };
        if let Some(name) = name {
            self.bind(name, source, 0);
        }
        if !is_function(node) {
            for inner in parts(node) {
                self.collect(inner, source, depth + 1);
            }
        }
    }

    fn bind(&mut self, pattern: Node<'_>, source: &'s str, depth: usize) {
        match pattern.kind() {
            _ if depth > MOST_NESTED => {}
            "identifier" | "shorthand_property_identifier_pattern" => {
                self.names.insert(text(pattern, source));
            }
            "assignment_pattern" | "object_assignment_pattern" => {
                if let Some(left) = part(pattern, "left") {
                    self.bind(left, source, depth + 1);
                }
            }
            "pair_pattern" => {
                if let Some(value) = part(pattern, "value") {
                    self.bind(value, source, depth + 1);
                }
            }
            _ => parts(pattern).into_iter().for_each(|inner| self.bind(inner, source, depth + 1)),
        }
    }
}

struct Reading<'s> {
    source: &'s str,
    /// The innermost last.
    scopes: Vec<Scope<'s>>,
    found: Option<Remembered>,
}

/// What changes the list, the map or the set on which it is called.
const CHANGING: [&str; 12] =
    ["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "set", "add", "delete", "clear"];

impl Reading<'_> {
    fn visit(&mut self, node: Node<'_>, depth: usize) {
        if depth > MOST_NESTED || self.found.is_some() {
            return;
        }
        let is_scope = is_function(node);
        if is_scope {
            let is_once = self.scopes.iter().all(|scope| scope.is_once) && is_called_at_once(node);
            self.scopes.push(Scope::of(node, self.source, is_once));
        }
        if self.scopes.iter().any(|scope| !scope.is_once) {
            self.look(node);
        }
        for inner in parts(node) {
            self.visit(inner, depth + 1);
        }
        if is_scope {
            self.scopes.pop();
        }
    }

    fn look(&mut self, node: Node<'_>) {
        match node.kind() {
            "assignment_expression" | "augmented_assignment_expression" => {
                if let Some(left) = part(node, "left") {
                    self.assigned(left, 0);
                }
            }
            "update_expression" => {
                if let Some(argument) = part(node, "argument") {
                    self.assigned(argument, 0);
                }
            }
            "unary_expression" if part(node, "operator").is_some_and(|sign| text(sign, self.source) == "delete") => {
                if let Some(argument) = part(node, "argument") {
                    self.assigned(argument, 0);
                }
            }
            "for_in_statement" if part(node, "kind").is_none() => {
                if let Some(left) = part(node, "left") {
                    self.assigned(left, 0);
                }
            }
            "call_expression" => {
                let called = part(node, "function").filter(|called| called.kind() == "member_expression");
                let Some((object, property)) =
                    called.and_then(|called| part(called, "object").zip(part(called, "property")))
                else {
                    return;
                };
                if CHANGING.contains(&text(property, self.source))
                    && let Some(root) = root_of(object)
                    && self.stands_outside(text(root, self.source)) == Some(true)
                {
                    self.note(root);
                }
            }
            _ => {}
        }
    }

    /// Each name in what is assigned to.
    fn assigned(&mut self, target: Node<'_>, depth: usize) {
        match target.kind() {
            _ if depth > MOST_NESTED => {}
            "array_pattern" | "object_pattern" | "rest_pattern" => {
                for inner in parts(target) {
                    self.assigned(inner, depth + 1);
                }
            }
            "pair_pattern" => {
                if let Some(value) = part(target, "value") {
                    self.assigned(value, depth + 1);
                }
            }
            "assignment_pattern" | "object_assignment_pattern" => {
                if let Some(left) = part(target, "left") {
                    self.assigned(left, depth + 1);
                }
            }
            _ => {
                // A name that nothing gives is given to everybody by being assigned to.
                if let Some(root) = root_of(target)
                    && self.stands_outside(text(root, self.source)) != Some(false)
                {
                    self.note(root);
                }
            }
        }
    }

    /// Whether a name was given where it outlives the event; `None` where nothing gives it.
    fn stands_outside(&self, name: &str) -> Option<bool> {
        let scope = self.scopes.iter().rev().find(|scope| scope.names.contains(name))?;
        Some(scope.is_once)
    }

    fn note(&mut self, name: Node<'_>) {
        let place = place_of(self.source, name.start_byte());
        let name = text(name, self.source).into();
        self.found.get_or_insert(Remembered { name, place });
    }
}

/// Whether a function is called where it stands.
fn is_called_at_once(function: Node<'_>) -> bool {
    let mut node = function;
    while let Some(outer) = node.parent() {
        if outer.kind() != "parenthesized_expression" {
            return outer.kind() == "call_expression" && part(outer, "function") == Some(node);
        }
        node = outer;
    }
    false
}

/// The name at which an expression of fields begins.
fn root_of(node: Node<'_>) -> Option<Node<'_>> {
    let mut node = node;
    loop {
        node = match node.kind() {
            "identifier" | "shorthand_property_identifier_pattern" => return Some(node),
            "member_expression" | "subscript_expression" => part(node, "object")?,
            "parenthesized_expression" | "non_null_expression" => *parts(node).first()?,
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(source: &str) -> Option<String> {
        remembered(source).map(|found| found.name.into())
    }

    #[test]
    fn what_handlers_change_outside_of_the_state_is_named_with_its_place() {
        let found = remembered("let counter = 0\nfromAll().when({\n  $any(s) { s.n = ++counter }\n})");
        assert_eq!(found, Some(Remembered { name: "counter".into(), place: SourcePlace { line: 3, column: 21 } }));
        for source in [
            "let x = 0; fromAll().when({ $any(s) { x += 1 } })",
            "fromAll().when({ $any(s) { x = s.n } })",
            "const x = {}; fromAll().when({ $any(s, e) { x[e.streamId] = 1 } })",
            "const x = { of: { all: 0 } }; fromAll().when({ $any: s => { delete (x.of).all } })",
            "const x = []; fromAll().when({ $any: s => { x.push(s.n) } })",
            "const x = new Map(); function keep(s) { x.set(s.n, 1) } fromAll().when({ $any: s => keep(s) })",
            "let x; fromAll().when({ $any(s, e) { [s.n, x] = [1, 2] } })",
            "let x; fromAll().when({ $any(s, e) { ({ n: x } = e.body) } })",
            "let x; fromAll().when({ $any(s, e) { for (x of [1]) s.n = x } })",
            "const f = (() => { let x = 0; return () => ++x })(); fromAll().when({ $any: s => { s.n = f() } })",
        ] {
            assert_eq!(name(source).as_deref(), Some("x"), "{source}");
        }
    }

    #[test]
    fn what_ends_with_the_event_or_never_changes_is_not_named() {
        for source in [
            "const rates = { a: 1 }; fromAll().when({ $any(s, e) { s.n = rates[e.body.k] } })",
            "fromAll().when({ $any(s, e) { let x = 0; x++; for (const y of [1]) x += y; s.x = x } })",
            "function add(list, x) { list.push(x) } fromAll().when({ $any(s, e) { add(s.list, 1) } })",
            "const add = (s, n) => { s.n += n; s.list.sort() }; fromAll().when({ $any(s) { add(s, 1) } })",
            "const x = []; x.push(1); for (const y of [1]) x.push(y); fromAll().when({ $any(s) { s.n = x.length } })",
            "let x = 0; (function () { x = 1 })(); fromAll().when({ $any(s) { s.n = x } })",
            "fromAll().when({ $any(s, e) { try { s.n = 1 } catch (error) { error.n = 1 } } })",
            "let x = 1; fromAll().when({ $any(s, { x }) { x = 2; s.x = x } })",
            "no ( source",
        ] {
            assert_eq!(name(source), None, "{source}");
        }
    }
}
