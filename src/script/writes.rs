//! Which fields of the state a handler can get at, as far as its own text tells. Where it names all of them, a look at these
//! few tells whether the state behind it is still one of plain values; else the whole state has to be looked at.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::syntax::{self, MOST_NESTED, is_later, part, parts, quoted, text};

/// The fields that a handler names of its first parameter. `None` where the state might go elsewhere, or it cannot be told.
pub(super) fn fields_of_function(source: &str) -> Option<BTreeSet<String>> {
    syntax::in_function(source, read)
}

fn read(source: &str, function: Node<'_>) -> Option<BTreeSet<String>> {
    let state = match syntax::parameters(function).first() {
        None => None,
        Some(parameter) if parameter.kind() == "identifier" => Some(*parameter),
        // What is taken out of it is a plain value, if all that it has are plain values.
        Some(parameter) if parameter.kind() == "object_pattern" => None,
        Some(_) => return None,
    };
    let mut reading = Reading { source, function, state, fields: BTreeSet::new() };
    reading.visit(function, 0)?;
    Some(reading.fields)
}

struct Reading<'s, 't> {
    source: &'s str,
    function: Node<'t>,
    /// Where the state is given a name.
    state: Option<Node<'t>>,
    fields: BTreeSet<String>,
}

impl<'t> Reading<'_, 't> {
    fn is_state(&self, node: Node<'t>) -> bool {
        self.state.is_some_and(|state| text(state, self.source) == text(node, self.source))
    }

    fn visit(&mut self, node: Node<'t>, depth: usize) -> Option<()> {
        if depth > MOST_NESTED {
            return None;
        }
        match node.kind() {
            "identifier" | "shorthand_property_identifier" | "shorthand_property_identifier_pattern" => {
                return self.name(node);
            }
            // Names of its own come from elsewhere, and what is not run at once may run later.
            "with_statement" => return None,
            _ if node != self.function && is_later(node) && self.is_named_in(node, 0) => return None,
            "member_expression" | "subscript_expression" => {
                let object = part(node, "object")?;
                if object.kind() == "identifier" && self.is_state(object) {
                    return self.field(node);
                }
            }
            _ => {}
        }
        for inner in parts(node) {
            self.visit(inner, depth + 1)?;
        }
        Some(())
    }

    /// The state itself is named only where it is given, and where it is given back.
    fn name(&self, node: Node<'t>) -> Option<()> {
        if text(node, self.source) == "arguments" {
            return None;
        }
        if !self.is_state(node) || self.state == Some(node) {
            return Some(());
        }
        let mut outer = node.parent()?;
        while outer.kind() == "parenthesized_expression" {
            outer = outer.parent()?;
        }
        let is_given_back = outer.kind() == "return_statement" || outer == self.function;
        (node.kind() == "identifier" && is_given_back).then_some(())
    }

    /// A field of the state. One that is called is a method that every object has, and is given the state.
    fn field(&mut self, node: Node<'t>) -> Option<()> {
        let name = match part(node, "property") {
            Some(property) => text(property, self.source),
            None => quoted(part(node, "index")?, self.source)?,
        };
        let is_plain = !name.contains('\\') && !name.starts_with('#') && name != "__proto__";
        let mut called = node;
        let mut outer = node.parent()?;
        while outer.kind() == "parenthesized_expression" {
            (called, outer) = (outer, outer.parent()?);
        }
        let is_called = matches!(outer.kind(), "call_expression" | "new_expression")
            && [part(outer, "function"), part(outer, "constructor")].contains(&Some(called));
        if !is_plain || is_called {
            return None;
        }
        self.fields.insert(name.to_owned());
        Some(())
    }

    fn is_named_in(&self, node: Node<'t>, depth: usize) -> bool {
        if depth > MOST_NESTED {
            return true;
        }
        let is_name = matches!(
            node.kind(),
            "identifier" | "shorthand_property_identifier" | "shorthand_property_identifier_pattern"
        );
        (is_name && self.is_state(node)) || parts(node).into_iter().any(|inner| self.is_named_in(inner, depth + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(source: &str) -> Option<Vec<String>> {
        fields_of_function(source).map(|fields| fields.into_iter().collect())
    }

    #[test]
    fn the_fields_that_a_handler_names_are_those_that_it_can_get_at() {
        for (source, named) in [
            ("(s, e) => { s.n++ }", &["n"][..]),
            ("s => s", &[]),
            ("() => 1", &[]),
            ("paid(s, e) { s.n += e.body.n; s['last one'] = e.created; return s }", &["last one", "n"]),
            ("function (s, e) { if (s.a > 1) { delete s?.b } return (s) }", &["a", "b"]),
            ("(s, e) => { const w = s.who; s.n = Math.max(s.n, w) }", &["n", "who"]),
            ("(s, e) => { s.n = e.body.list.map(x => x.n).length; s.at = `${s.n}` }", &["at", "n"]),
            ("({ n }, e) => ({ n: n + 1 })", &[]),
        ] {
            let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(fields(source), Some(named), "{source}");
        }
    }

    #[test]
    fn where_the_state_goes_elsewhere_nothing_is_known() {
        for source in [
            "(s, e) => { s[e.streamId] = 1 }",
            "(s, e) => { other = s }",
            "(s, e) => ({ ...s })",
            "(s, e) => ({ s })",
            "(s, e) => [s]",
            "(s, e) => { keep(s) }",
            "(s, e) => { later = () => s.n++ }",
            "(s, e) => { later = { m() { s.n++ } } }",
            "(s, e) => { later = class { n = s.n++ } }",
            "(s, e) => { s.valueOf().x = {} }",
            "(s, e) => { (s.valueOf)().x = {} }",
            "(s, e) => { s.__proto__.x = 1 }",
            "(s, e) => { s.\\u006e = 1 }",
            "(s, e) => { with (s) { n = 1 } }",
            "function (s) { arguments[0].x = 1 }",
            "(s, e) => { s = { n: 1 } }",
            "(s, e) => { const { n } = s }",
            "(s, e) => { for (const k in s) s.n = k }",
            "(s, e) => { for (const s of [1]) {} }",
            "(s = {}, e) => { s.n = 1 }",
            "(...all) => { all[0].n = 1 }",
            "([s]) => { s.n++ }",
            "no function",
        ] {
            assert_eq!(fields(source), None, "{source}");
        }
    }
}
