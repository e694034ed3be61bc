//! A source as a tree. It is read even where it is in error, as it is while somebody types.

use tree_sitter::{Node, Parser, Tree};

use crate::projection::SourcePlace;

/// Nothing that is nested deeper is looked into.
pub(super) const MOST_NESTED: usize = 1_000;

pub(super) fn parse(source: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_javascript::LANGUAGE.into()).ok()?;
    parser.parse(source, None)
}

pub(super) fn is_comment(node: Node<'_>) -> bool {
    matches!(node.kind(), "comment" | "html_comment")
}

/// Whether its inside runs when it is called, and not where it stands.
pub(super) fn is_function(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "arrow_function"
            | "function"
            | "function_expression"
            | "function_declaration"
            | "generator_function"
            | "generator_function_declaration"
            | "method_definition"
    )
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
