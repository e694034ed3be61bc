//! How a source is coloured.

use std::ops::Range;

use tree_sitter::Node;

use super::syntax::{self, MOST_NESTED, bare, is_function, part};

/// What a piece of a source is. What is none of these has the ink of plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    Comment,
    Keyword,
    /// `true`, `false`, `null`, `undefined`, `this`.
    Constant,
    Number,
    /// Of a template, what stands outside of `${…}`.
    Text,
    Pattern,
    /// A function that is called.
    Call,
    /// A function where it is defined: a handler's name.
    Definition,
}

/// The pieces of a source that have a colour of their own, by their bytes, in order, without overlapping. A source that is
/// in error is coloured as far as it can be read.
pub fn highlight(source: &str) -> Vec<(Range<usize>, Token)> {
    let mut spans = Vec::new();
    if let Some(tree) = syntax::parse(source) {
        colour(tree.root_node(), 0, &mut spans);
    }
    spans
}

fn colour(node: Node<'_>, depth: usize, spans: &mut Vec<(Range<usize>, Token)>) {
    if depth > MOST_NESTED || node.byte_range().is_empty() {
        return;
    }
    let whole = match node.kind() {
        "comment" | "html_comment" | "hash_bang_line" => Some(Token::Comment),
        "string" => Some(Token::Text),
        "regex" => Some(Token::Pattern),
        "number" => Some(Token::Number),
        "true" | "false" | "null" | "undefined" | "this" => Some(Token::Constant),
        "identifier" | "property_identifier" | "private_property_identifier" => function_named(node),
        word if !node.is_named() && word.bytes().all(|letter| letter.is_ascii_lowercase()) => Some(Token::Keyword),
        _ => None,
    };
    if let Some(token) = whole {
        spans.push((node.byte_range(), token));
        return;
    }
    let is_template = node.kind() == "template_string";
    let mut from = node.start_byte();
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        if is_template && child.kind() != "template_substitution" {
            continue;
        }
        if is_template {
            spans.push((from..child.start_byte(), Token::Text));
            from = child.end_byte();
        }
        colour(child, depth + 1, spans);
    }
    if is_template {
        spans.push((from..node.end_byte(), Token::Text));
    }
}

/// Whether a name is that of a function which is called or defined there.
fn function_named(name: Node<'_>) -> Option<Token> {
    let parent = name.parent()?;
    let is = |field: &str| part(parent, field) == Some(name);
    let has_function = |field: &str| part(parent, field).is_some_and(|value| is_function(bare(value)));
    match parent.kind() {
        "call_expression" if is("function") => Some(Token::Call),
        "member_expression" if is("property") => {
            let call = parent.parent().filter(|call| call.kind() == "call_expression")?;
            (part(call, "function") == Some(parent)).then_some(Token::Call)
        }
        "pair" if is("key") && has_function("value") => Some(Token::Definition),
        "variable_declarator" if is("name") && has_function("value") => Some(Token::Definition),
        _ if is_function(parent) && is("name") => Some(Token::Definition),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colours(source: &str) -> Vec<(&str, Token)> {
        highlight(source).into_iter().map(|(range, token)| (&source[range], token)).collect()
    }

    #[test]
    fn a_projection_has_the_colours_of_its_parts() {
        use Token::{Call, Comment, Constant, Definition, Keyword, Number, Text};
        let source = "// 잔액\nfromCategory('account').when({ $init: () => 0, Paid(s, e) { return s.n + 1 || null } })";
        let expected = [
            ("// 잔액", Comment),
            ("fromCategory", Call),
            ("'account'", Text),
            ("when", Call),
            ("$init", Definition),
            ("0", Number),
            ("Paid", Definition),
            ("return", Keyword),
            ("1", Number),
            ("null", Constant),
        ];
        assert_eq!(colours(source), expected);
    }

    #[test]
    fn in_a_template_only_its_text_is_text() {
        let source = "x = `a ${f(`b${1}`)} c` + /d+/g";
        let found = colours(source);
        let expected = [
            ("`a ", Token::Text),
            ("f", Token::Call),
            ("`b", Token::Text),
            ("1", Token::Number),
            ("`", Token::Text),
            (" c`", Token::Text),
            ("/d+/g", Token::Pattern),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_typed_halfway_is_coloured_as_far_as_it_can_be_read() {
        let found = colours("fromAll().when({ paid(s, e) { s.n = 'half");
        assert_eq!(found.first(), Some(&("fromAll", Token::Call)), "{found:?}");
    }

    #[test]
    fn pieces_never_overlap_and_lie_between_letters() {
        for source in
            ["", "`${", "((((", "'한글", "a ? b : `c${d}", "/* x", "class { #a = 1; get b() { } }", "\u{feff}1"]
        {
            let mut end = 0;
            for (range, _) in highlight(source) {
                assert!(
                    range.start >= end && range.end > range.start && source.get(range.clone()).is_some(),
                    "{source}"
                );
                end = range.end;
            }
        }
        let deep = format!("1 + {}2{}", "[".repeat(1_500), "]".repeat(1_500));
        assert_eq!(highlight(&deep).first(), Some(&(0..1, Token::Number)));
    }
}
