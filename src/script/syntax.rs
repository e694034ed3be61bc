//! A source as a tree. It is read even where it is in error, as it is while somebody types.

use std::ops::Range;

use tree_sitter::{Node, Parser, Tree};

use super::highlight::{Token, highlight};
use crate::projection::SourcePlace;

/// Nothing that is nested deeper is looked into.
pub(super) const MOST_NESTED: usize = 1_000;

pub(super) fn parse(source: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_javascript::LANGUAGE.into()).ok()?;
    parser.parse(source, None)
}

/// Reads a function by itself. A method stands in an object, any other function where a value may. `None` where it is
/// no function, or cannot be told.
pub(super) fn in_function<T>(source: &str, read: impl Fn(&str, Node<'_>) -> Option<T>) -> Option<T> {
    [format!("({source})"), format!("({{{source}}})")].iter().find_map(|source| {
        let tree = parse(source)?;
        let root = tree.root_node();
        if root.has_error() {
            return None;
        }
        let mut function = bare(*parts(*parts(root).first()?).first()?);
        if function.kind() == "object" {
            function = *parts(function).first()?;
        }
        if is_function(function) { read(source, function) } else { None }
    })
}

pub(super) fn is_comment(node: Node<'_>) -> bool {
    matches!(node.kind(), "comment" | "html_comment")
}

/// Whether its inside runs when it is called, and not where it stands.
pub(super) fn is_function(node: Node<'_>) -> bool {
    // The word that one begins with is of a kind of the same name.
    let is_one = matches!(
        node.kind(),
        "arrow_function"
            | "function"
            | "function_expression"
            | "function_declaration"
            | "generator_function"
            | "generator_function_declaration"
            | "method_definition"
    );
    is_one && node.is_named()
}

/// Whether its inside may run later than what is around it.
pub(super) fn is_later(node: Node<'_>) -> bool {
    is_function(node) || matches!(node.kind(), "class" | "class_declaration")
}

/// What stands in it besides comments, without brackets and words.
pub(super) fn parts(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !is_comment(*child)).collect()
}

pub(super) fn part<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    node.child_by_field_name(name)
}

pub(super) fn text<'s>(node: Node<'_>, source: &'s str) -> &'s str {
    source.get(node.byte_range()).unwrap_or_default()
}

pub(super) fn place_of(source: &str, at: usize) -> SourcePlace {
    let before = source.get(..at).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    let line = number(before.matches('\n').count());
    SourcePlace { line, column: number(before.get(line_start..).unwrap_or_default().chars().count()) }
}

/// What stands in brackets, however many.
pub(super) fn bare(node: Node<'_>) -> Node<'_> {
    let mut node = node;
    while node.kind() == "parenthesized_expression"
        && let Some(inner) = parts(node).first()
    {
        node = *inner;
    }
    node
}

/// What a text in quotes says; `None` where it is spelled with escapes.
pub(super) fn quoted<'s>(node: Node<'_>, source: &'s str) -> Option<&'s str> {
    let spelled = text(node, source);
    let inner = spelled.get(1..spelled.len().checked_sub(1)?)?;
    (node.kind() == "string" && !inner.contains('\\')).then_some(inner)
}

/// The function that takes the events of a type, where it is written in its place.
pub(super) struct Handler<'t, 's> {
    /// `None` where it takes events of any type.
    pub(super) event_type: Option<&'s str>,
    pub(super) parameters: Vec<Node<'t>>,
}

/// Tells whether a function is a handler: one of `when`'s, or one that is given to `on_event` or `on_any`.
pub(super) fn handler<'t, 's>(function: Node<'t>, source: &'s str) -> Option<Handler<'t, 's>> {
    let parent = function.parent()?;
    let parameters = parameters(function);
    let name = match (function.kind(), parent.kind()) {
        ("method_definition", _) => part(function, "name")?,
        (_, "pair") => part(parent, "key")?,
        (_, "arguments") => {
            let call = parent.parent()?;
            let event_type = match text(part(call, "function")?, source) {
                "on_event" => Some(quoted(*parts(parent).first()?, source)?),
                "on_any" => None,
                _ => return None,
            };
            return Some(Handler { event_type, parameters });
        }
        _ => return None,
    };
    let object = if parent.kind() == "pair" { parent.parent()? } else { parent };
    let arguments = object.parent().filter(|arguments| arguments.kind() == "arguments")?;
    let called = part(arguments.parent()?, "function")?;
    let is_when = called.kind() == "member_expression" && text(part(called, "property")?, source) == "when";
    if object.kind() != "object" || !is_when {
        return None;
    }
    let name = quoted(name, source).unwrap_or_else(|| text(name, source));
    match name {
        "$any" => Some(Handler { event_type: None, parameters }),
        _ if name.starts_with("$init") => None,
        _ => Some(Handler { event_type: Some(name), parameters }),
    }
}

pub(super) fn parameters(function: Node<'_>) -> Vec<Node<'_>> {
    match (part(function, "parameter"), part(function, "parameters")) {
        (Some(one), _) => vec![one],
        (None, Some(list)) => parts(list),
        (None, None) => Vec::new(),
    }
}

/// The last bracket that is opened and never closed, with its place. Brackets in texts, comments and patterns are none.
pub(super) fn unclosed(source: &str) -> Option<(char, SourcePlace)> {
    let mut open: Vec<(char, usize)> = Vec::new();
    let mut spans = highlight(source)
        .into_iter()
        .filter(|(_, token)| matches!(token, Token::Comment | Token::Text | Token::Pattern));
    let mut span = spans.next();
    for (at, letter) in source.char_indices() {
        while span.as_ref().is_some_and(|(range, _)| range.end <= at) {
            span = spans.next();
        }
        if span.as_ref().is_some_and(|(range, _)| range.contains(&at)) {
            continue;
        }
        match letter {
            '(' | '[' | '{' => open.push((letter, at)),
            ')' | ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    let (bracket, at) = open.pop()?;
    Some((bracket, place_of(source, at)))
}

/// The loop in which something ran that never came to an end: around a place, or else the first in a function that begins
/// there. What runs outside of functions is said to be at the beginning of the source, wherever its loop is.
pub(super) fn loop_around(source: &str, place: SourcePlace) -> Option<SourcePlace> {
    let tree = parse(source)?;
    let (root, at) = (tree.root_node(), offset_of(source, place)?);
    let mut begun = Vec::new();
    functions_of_line(root, place.line, 0, &mut begun);
    let within = |node: &Node<'_>| first_loop(*node, 0).map(|found| place_of(source, found.start_byte()));
    if is_line_alone(source, place)
        && let Some(found) = begun.iter().find_map(within)
    {
        return Some(found);
    }
    let mut node = root.descendant_for_byte_range(at, at)?;
    loop {
        if is_loop(node) {
            return Some(place_of(source, node.start_byte()));
        }
        if is_function(node) {
            return within(&node);
        }
        let Some(outer) = node.parent() else { break };
        node = outer;
    }
    // One in brackets, or with a word before it, begins a little further on.
    begun.iter().filter(|function| function.start_byte() >= at).find_map(within).or_else(|| within(&root))
}

/// Where something begins of which the engine knows the line alone; of arrow functions, it gives the first column for
/// whichever they begin at.
pub(super) fn beginning_of(source: &str, place: SourcePlace) -> SourcePlace {
    if !is_line_alone(source, place) {
        return place;
    }
    let mut begun = Vec::new();
    let tree = parse(source);
    if let Some(tree) = &tree {
        functions_of_line(tree.root_node(), place.line, 0, &mut begun);
    }
    begun.first().map_or(place, |function| place_of(source, function.start_byte()))
}

/// Whether nothing can begin at this place but the line.
fn is_line_alone(source: &str, place: SourcePlace) -> bool {
    let first = offset_of(source, place).and_then(|at| source.get(at..)?.chars().next());
    place.column == 1 && first.is_none_or(|first| first.is_whitespace() || matches!(first, ')' | ']' | '}'))
}

/// Functions that begin in this line, in their order.
fn functions_of_line<'t>(node: Node<'t>, line: u32, depth: usize, found: &mut Vec<Node<'t>>) {
    let row = line.saturating_sub(1) as usize;
    if depth > MOST_NESTED || node.start_position().row > row || node.end_position().row < row {
        return;
    }
    if is_function(node) && node.start_position().row == row {
        found.push(node);
    }
    for inner in parts(node) {
        functions_of_line(inner, line, depth + 1, found);
    }
}

fn is_loop(node: Node<'_>) -> bool {
    matches!(node.kind(), "for_statement" | "for_in_statement" | "while_statement" | "do_statement")
}

fn first_loop(node: Node<'_>, depth: usize) -> Option<Node<'_>> {
    if is_loop(node) || depth > MOST_NESTED {
        return is_loop(node).then_some(node);
    }
    // What is in a function of its own runs by itself.
    let is_inside = |inner: &Node<'_>| !is_function(*inner);
    parts(node).into_iter().filter(is_inside).find_map(|inner| first_loop(inner, depth + 1))
}

/// Where a source first does what makes promises: in this function of it, or else anywhere.
pub(super) fn first_later(source: &str, function: &str) -> Option<SourcePlace> {
    let tree = parse(source)?;
    let within = source.find(function).map(|at| at..at + function.len());
    let found = within.and_then(|within| first_promise(tree.root_node(), source, &within, 0));
    let found = found.or_else(|| first_promise(tree.root_node(), source, &(0..source.len()), 0));
    found.map(|found| place_of(source, found.start_byte()))
}

fn first_promise<'t>(node: Node<'t>, source: &str, within: &Range<usize>, depth: usize) -> Option<Node<'t>> {
    if depth > MOST_NESTED || node.end_byte() <= within.start || node.start_byte() >= within.end {
        return None;
    }
    let is_later = match node.kind() {
        "await_expression" => true,
        "identifier" => text(node, source) == "Promise",
        "property_identifier" => {
            let is_called =
                node.parent().and_then(|member| member.parent()).is_some_and(|call| call.kind() == "call_expression");
            is_called && matches!(text(node, source), "then" | "catch" | "finally")
        }
        _ if is_function(node) => node.children(&mut node.walk()).any(|child| child.kind() == "async"),
        _ => false,
    };
    if is_later && within.contains(&node.start_byte()) {
        return Some(node);
    }
    parts(node).into_iter().find_map(|inner| first_promise(inner, source, within, depth + 1))
}

/// Where a place is, in bytes.
pub(super) fn offset_of(source: &str, place: SourcePlace) -> Option<usize> {
    let before = (place.line as usize).checked_sub(1)?;
    let begin: usize = source.split_inclusive('\n').take(before).map(str::len).sum();
    let line = source.split_inclusive('\n').nth(before)?;
    let column = (place.column as usize).saturating_sub(1);
    let inside = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    Some((begin + inside).min(source.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_that_is_never_closed_is_found() {
        for (source, expected) in [
            ("fromAll().when({ a() { }", Some(('{', 1, 16))),
            ("fromAll()\n  .when({\n  a(s) { s.n++;\n", Some(('{', 3, 8))),
            ("x = '(' + `{${[1]}(` /* { */ // (\n + /[(]/g", None),
            ("한글(", Some(('(', 1, 3))),
            ("a]", None),
            ("", None),
        ] {
            let found = unclosed(source).map(|(bracket, place)| (bracket, place.line, place.column));
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn a_loop_is_found_from_inside_of_it_and_from_its_function() {
        let source = "fromAll().when({\n  paid(s) {\n    for (;;);\n  },\n  sent(s) {\n    s.n++;\n    한글: while (true) { s.n++ }\n  },\n  plain(s) { [1].map(() => { for (;;) {} }) },\n})";
        let found =
            |line, column| loop_around(source, SourcePlace { line, column }).map(|place| (place.line, place.column));
        assert_eq!(found(2, 3), Some((3, 5)), "from its function");
        assert_eq!(found(7, 25), Some((7, 9)), "from inside");
        assert_eq!(found(9, 30), Some((9, 30)));
        assert_eq!(found(9, 4), None, "that of another function");
        assert_eq!(found(1, 1), None);
        assert_eq!(found(99, 1), None);
    }

    #[test]
    fn a_loop_is_found_where_the_engine_knows_the_line_alone() {
        let source = "function f() {\n  while (true) {}\n}\nfromAll().when({\n  $init() { for (;;) {} },\n  any: (s) => { while (true) {} },\n  sent(s) {\n    for (const a of s) {\n      s.map(b => {\n        do {} while (b)\n      })\n    }\n  },\n}).transformBy(s => {\n  for (;;) {}\n})";
        let at = |line, column| SourcePlace { line, column };
        let found =
            |source: &str, line, column| loop_around(source, at(line, column)).map(|place| (place.line, place.column));
        assert_eq!(found(source, 1, 1), Some((2, 3)), "the word before it is no function");
        assert_eq!(found(source, 6, 1), Some((6, 17)), "in an arrow function behind others");
        assert_eq!(found(source, 9, 1), Some((10, 9)), "in one within a loop");
        assert_eq!(found(source, 14, 1), Some((15, 3)), "behind a bracket that closes");
        assert_eq!(found("fromAll().when({ x: s => { for (;;) {} } })", 1, 1), Some((1, 28)));
        assert_eq!(found("var n = 0;\nwhile (true) n++;\nfromAll()", 1, 1), Some((2, 1)), "outside of functions");
        assert_eq!(beginning_of(source, at(6, 1)), at(6, 8));
        assert_eq!(beginning_of(source, at(4, 1)), at(4, 1), "something begins there");
        assert_eq!(beginning_of(source, at(3, 1)), at(3, 1), "no function begins in this line");
    }
}
