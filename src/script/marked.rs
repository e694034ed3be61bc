//! A source with marks put into it, which tell where it is when it runs.
//!
//! A mark stands around an expression, `e(b(7),(x + 1))` in place of `x + 1`, or before a statement, `p(7);break`. It is
//! put where the source's meaning stays as it was, and nowhere else: not around a function that takes its name from what it is
//! assigned to, not before what must come first (`"use strict"`), not between a label and its loop. The lines stay the same.

use serde::Serialize;
use tree_sitter::Node;

use super::syntax::{self, MOST_NESTED, bare, handler, is_comment, is_function, part, parts, text};
use crate::projection::SourcePlace;

/// A marked source, and what its marks stand for.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) source: String,
    /// A name that the source itself nowhere has. The functions that the marks call begin with it.
    pub(super) name: String,
    pub(super) marks: Vec<Mark>,
}

#[derive(Debug, Serialize)]
pub(super) struct Mark {
    #[serde(skip)]
    place: SourcePlace,
    /// The head of a loop, which may be come by several times before its body.
    #[serde(rename = "head")]
    is_head: bool,
    /// Where in the state its assignments point, as far as the source alone tells.
    sets: Vec<Vec<Key>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Key {
    Item(u32),
    Name(String),
}

/// How the names of the functions that the marks call end: a step begins, it ends, it is passed.
const BEGINS: &str = "b";
const ENDS: &str = "e";
const PASSES: &str = "p";

impl Marked {
    /// `None` where the source cannot be read.
    pub(super) fn of(source: &str) -> Option<Self> {
        let tree = syntax::parse(source)?;
        let mut name = "$step".to_owned();
        while source.contains(&name) {
            name.push('$');
        }
        let mut marking = Marking { source, name, marks: Vec::new(), inserted: Vec::new(), state: None, depth: 0 };
        marking.statements(tree.root_node(), true);
        Some(marking.finish())
    }

    pub(super) fn place(&self, mark: usize) -> Option<SourcePlace> {
        self.marks.get(mark).map(|mark| mark.place)
    }
}

struct Marking<'s> {
    source: &'s str,
    name: String,
    marks: Vec<Mark>,
    /// What is put where, in the order of the tree: what encloses comes first.
    inserted: Vec<Inserted>,
    /// What the handler calls its state.
    state: Option<&'s str>,
    depth: usize,
}

struct Inserted {
    at: usize,
    /// What ends there comes before what begins there.
    is_begin: bool,
    text: String,
}

impl<'s> Marking<'s> {
    fn finish(mut self) -> Marked {
        // Stable: what begins at one place keeps the order from outside in, what ends there that from inside out.
        self.inserted.sort_by_key(|inserted| (inserted.at, inserted.is_begin));
        let mut marked = String::with_capacity(self.source.len() * 2);
        let mut from = 0;
        for Inserted { at, text, .. } in &self.inserted {
            marked.push_str(self.source.get(from..*at).unwrap_or_default());
            marked.push_str(text);
            from = *at;
        }
        marked.push_str(self.source.get(from..).unwrap_or_default());
        Marked { source: marked, name: self.name, marks: self.marks }
    }

    fn begin(&mut self, at: usize, text: String) {
        self.inserted.push(Inserted { at, is_begin: true, text });
    }

    fn end(&mut self, at: usize, text: String) {
        self.inserted.push(Inserted { at, is_begin: false, text });
    }

    fn mark(&mut self, at: Node<'_>, is_head: bool) -> usize {
        let start = at.start_position();
        let line_start = at.start_byte() - start.column;
        let before = self.source.get(line_start..at.start_byte()).unwrap_or_default();
        let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        let place = SourcePlace { line: number(start.row), column: number(before.chars().count()) };
        self.marks.push(Mark { place, is_head, sets: Vec::new() });
        self.marks.len() - 1
    }

    /// Marks an expression, which still gives what it gave.
    fn around(&mut self, expression: Node<'s>, mark: usize) {
        if expression.byte_range().is_empty() {
            return;
        }
        let name = &self.name;
        let text = format!("{name}{ENDS}({name}{BEGINS}({mark}),(");
        self.begin(expression.start_byte(), text);
        self.expression(expression);
        self.end(expression.end_byte(), "))".to_owned());
    }

    /// Marks a statement that has no expression to be marked.
    fn before(&mut self, statement: Node<'_>, mark: usize, is_in_list: bool) {
        let pass = format!("{}{PASSES}({mark});", self.name);
        if is_in_list {
            self.begin(statement.start_byte(), pass);
        } else {
            self.begin(statement.start_byte(), format!("{{{pass}"));
            self.end(end_of(statement), "}".to_owned());
        }
    }

    /// The statements of a block, one after the other.
    fn statements(&mut self, block: Node<'s>, may_have_directives: bool) {
        let mut is_first = may_have_directives;
        for statement in parts(block) {
            is_first &= is_directive(statement);
            if !is_first {
                self.statement(statement, true);
            }
        }
    }

    fn statement(&mut self, node: Node<'s>, is_in_list: bool) {
        if self.depth >= MOST_NESTED || node.is_error() || node.is_missing() {
            return;
        }
        self.depth += 1;
        self.statement_inside(node, is_in_list);
        self.depth -= 1;
    }

    fn statement_inside(&mut self, node: Node<'s>, is_in_list: bool) {
        match node.kind() {
            "expression_statement" => {
                if let Some(expression) = parts(node).first() {
                    let mark = self.mark(node, false);
                    self.note_sets(*expression, mark);
                    self.around(*expression, mark);
                }
            }
            "lexical_declaration" | "variable_declaration" => self.declaration(node, is_in_list),
            "return_statement" | "throw_statement" => {
                let mark = self.mark(node, false);
                match parts(node).first() {
                    Some(expression) => self.around(*expression, mark),
                    None => self.before(node, mark, is_in_list),
                }
            }
            "break_statement" | "continue_statement" => {
                let mark = self.mark(node, false);
                self.before(node, mark, is_in_list);
            }
            "if_statement" => {
                self.head(node, "condition", false);
                self.body(node, "consequence");
                match part(node, "alternative") {
                    Some(other) if other.kind() == "else_clause" => {
                        for other in parts(other) {
                            self.statement(other, false);
                        }
                    }
                    Some(other) => self.statement(other, false),
                    None => {}
                }
            }
            "while_statement" | "do_statement" => {
                self.head(node, "condition", true);
                self.body(node, "body");
            }
            "with_statement" => {
                self.head(node, "object", false);
                self.body(node, "body");
            }
            "for_statement" => self.for_statement(node),
            "for_in_statement" => self.for_in(node),
            "switch_statement" => self.switch(node),
            "try_statement" => {
                for block in ["body", "handler", "finalizer"].into_iter().filter_map(|name| part(node, name)) {
                    let block = if block.kind() == "statement_block" { Some(block) } else { part(block, "body") };
                    if let Some(block) = block {
                        self.statements(block, false);
                    }
                }
            }
            "statement_block" => self.statements(node, false),
            "labeled_statement" => {
                let inner = parts(node).last().copied().filter(|inner| inner.kind() != "statement_identifier");
                if let Some(inner) = inner {
                    self.statement(inner, false);
                }
            }
            "empty_statement" | "debugger_statement" => {}
            _ => self.expression(node),
        }
    }

    /// Marks what stands in the brackets of a statement.
    fn head(&mut self, statement: Node<'s>, name: &str, is_head: bool) {
        let mark = self.mark(statement, is_head);
        if let Some(inner) = part(statement, name).map(bare_once) {
            self.around(inner, mark);
        }
    }

    fn body(&mut self, statement: Node<'s>, name: &str) {
        if let Some(body) = part(statement, name) {
            self.statement(body, false);
        }
    }

    fn switch(&mut self, node: Node<'s>) {
        self.head(node, "value", false);
        for case in part(node, "body").into_iter().flat_map(parts) {
            let tested = part(case, "value");
            if let Some(tested) = tested {
                self.expression(tested);
            }
            for statement in parts(case).into_iter().filter(|statement| Some(*statement) != tested) {
                self.statement(statement, true);
            }
        }
    }

    fn declaration(&mut self, node: Node<'s>, is_in_list: bool) {
        let mark = self.mark(node, false);
        let mut is_marked = false;
        for declared in parts(node) {
            if let Some(name) = part(declared, "name") {
                self.expression(name);
            }
            let Some(value) = part(declared, "value") else { continue };
            if is_nameless(value) || is_marked {
                self.expression(value);
            } else {
                self.around(value, mark);
                is_marked = true;
            }
        }
        if !is_marked && is_in_list {
            self.before(node, mark, true);
        }
    }

    fn for_statement(&mut self, node: Node<'s>) {
        let mark = self.mark(node, true);
        for name in ["initializer", "condition", "increment"] {
            let Some(head) = part(node, name) else { continue };
            match head.kind() {
                "lexical_declaration" | "variable_declaration" => {
                    for declared in parts(head) {
                        match part(declared, "value") {
                            Some(value) if !is_nameless(value) => self.around(value, mark),
                            Some(value) => self.expression(value),
                            None => {}
                        }
                    }
                }
                "expression_statement" => {
                    if let Some(inner) = parts(head).first() {
                        self.around(*inner, mark);
                    }
                }
                "empty_statement" => {}
                _ => self.around(head, mark),
            }
        }
        self.body(node, "body");
    }

    fn for_in(&mut self, node: Node<'s>) {
        let mark = self.mark(node, true);
        if let Some(left) = part(node, "left") {
            self.expression(left);
        }
        if let Some(list) = part(node, "right") {
            self.around(list, mark);
        }
        let Some(body) = part(node, "body") else { return };
        let pass = format!("{}{PASSES}({mark});", self.name);
        if body.kind() == "statement_block" {
            self.begin(body.start_byte() + 1, pass);
            self.statement(body, false);
        } else {
            self.begin(body.start_byte(), format!("{{{pass}"));
            self.statement(body, false);
            self.end(end_of(body), "}".to_owned());
        }
    }

    /// Finds the functions in it.
    fn expression(&mut self, node: Node<'s>) {
        if self.depth >= MOST_NESTED || node.is_error() {
            return;
        }
        self.depth += 1;
        if is_function(node) {
            self.function(node);
        } else if node.kind() == "class_static_block" {
            if let Some(body) = part(node, "body") {
                self.statements(body, false);
            }
        } else {
            for inner in parts(node) {
                self.expression(inner);
            }
        }
        self.depth -= 1;
    }

    fn function(&mut self, node: Node<'s>) {
        let parameters = syntax::parameters(node);
        let outside = self.state;
        let first = parameters.first().filter(|first| first.kind() == "identifier");
        let first = first.map(|first| text(*first, self.source));
        if handler(node, self.source).is_some() {
            self.state = first;
        } else if parameters.iter().any(|parameter| Some(text(*parameter, self.source)) == self.state) {
            self.state = None;
        }
        for parameter in parameters {
            self.expression(parameter);
        }
        if node.kind() == "method_definition"
            && let Some(name) = part(node, "name")
        {
            self.expression(name);
        }
        if let Some(body) = part(node, "body") {
            if body.kind() == "statement_block" {
                self.statements(body, true);
            } else {
                let mark = self.mark(body, false);
                self.note_sets(bare(body), mark);
                self.around(body, mark);
            }
        }
        self.state = outside;
    }

    /// Notes which of the state's fields an expression assigns to, where that can be seen without running it.
    fn note_sets(&mut self, expression: Node<'_>, mark: usize) {
        let mut expression = expression;
        loop {
            let (target, next) = match expression.kind() {
                "assignment_expression" => (part(expression, "left"), part(expression, "right")),
                "augmented_assignment_expression" => (part(expression, "left"), None),
                "update_expression" => (part(expression, "argument"), None),
                "sequence_expression" => {
                    return parts(expression).into_iter().for_each(|part| self.note_sets(part, mark));
                }
                _ => return,
            };
            if target
                .is_some_and(|target| target.kind() == "identifier" && Some(text(target, self.source)) == self.state)
            {
                // From here on it is another object.
                self.state = None;
            }
            let path = target.and_then(|target| self.path_in_state(target));
            if let (Some(path), Some(mark)) = (path, self.marks.get_mut(mark)) {
                mark.sets.push(path);
            }
            match next {
                Some(next) => expression = next,
                None => return,
            }
        }
    }

    fn path_in_state(&self, target: Node<'_>) -> Option<Vec<Key>> {
        let mut keys = Vec::new();
        let mut at = target;
        loop {
            match at.kind() {
                "member_expression" => keys.push(Key::Name(text(part(at, "property")?, self.source).to_owned())),
                "subscript_expression" => {
                    let index = part(at, "index")?;
                    keys.push(match syntax::quoted(index, self.source) {
                        Some(name) => Key::Name(name.to_owned()),
                        None => Key::Item(text(index, self.source).parse().ok()?),
                    });
                }
                "identifier" => {
                    keys.reverse();
                    return (Some(text(at, self.source)) == self.state && !keys.is_empty()).then_some(keys);
                }
                _ => return None,
            }
            at = part(at, "object")?;
        }
    }
}

/// What stands in brackets that belong to a statement.
fn bare_once(node: Node<'_>) -> Node<'_> {
    match parts(node).first() {
        Some(inner) if node.kind() == "parenthesized_expression" => *inner,
        _ => node,
    }
}

/// A function or class that takes its name from what it is assigned to.
fn is_nameless(value: Node<'_>) -> bool {
    let value = bare(value);
    is_function(value) || value.kind() == "class"
}

/// A text alone at the beginning, such as `"use strict"`.
fn is_directive(statement: Node<'_>) -> bool {
    let inner = parts(statement);
    statement.kind() == "expression_statement" && inner.first().is_some_and(|inner| inner.kind() == "string")
}

/// Where a statement ends. What follows it may be counted to it where no semicolon ends it.
fn end_of(statement: Node<'_>) -> usize {
    let mut node = statement;
    loop {
        let mut cursor = node.walk();
        let children = node.children(&mut cursor);
        let last = children.filter(|child| !is_comment(*child) && !child.byte_range().is_empty()).last();
        match last {
            Some(last) => node = last,
            None => return node.end_byte(),
        }
    }
}
