//! What of an event its handlers can get at. What none of them can is not handed over: most handlers only count, or read the
//! body, and the texts around it would cost more than the handlers themselves.

use tree_sitter::Node;

use super::syntax::{self, MOST_NESTED, bare, is_function, part, parts, text};

/// The texts of an event that are worth leaving out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wants {
    /// Its body.
    pub(super) body: bool,
    /// Its id and its metadata.
    pub(super) rest: bool,
    /// The names of its stream, its category and its partition.
    pub(super) names: bool,
}

impl Wants {
    pub(super) const ALL: Self = Self { body: true, rest: true, names: true };
    pub(super) const NONE: Self = Self { body: false, rest: false, names: false };

    pub(super) fn and(self, other: Self) -> Self {
        let Self { body, rest, names } = self;
        Self { body: body || other.body, rest: rest || other.rest, names: names || other.names }
    }

    /// What a function can get at of the event that it is given at a place among its parameters. Its own text alone says so: it
    /// names the event and a field of it, or it might do anything with it.
    pub(super) fn of_function(source: &str, place: usize) -> Self {
        // A method stands in an object, any other function where a value may.
        [format!("({source})"), format!("({{{source}}})")]
            .iter()
            .find_map(|source| read(source, place))
            .unwrap_or(Self::ALL)
    }
}

/// `None` where it is no function, or cannot be told.
fn read(source: &str, place: usize) -> Option<Wants> {
    let tree = syntax::parse(source)?;
    let root = tree.root_node();
    if root.has_error() {
        return None;
    }
    let mut function = bare(*parts(*parts(root).first()?).first()?);
    if function.kind() == "object" {
        function = *parts(function).first()?;
    }
    if !is_function(function) {
        return None;
    }
    let parameters = syntax::parameters(function);
    let mut reading = Reading { source, event: None, wants: Wants::NONE };
    for (at, parameter) in parameters.iter().enumerate() {
        let parameter = if parameter.kind() == "assignment_pattern" { part(*parameter, "left")? } else { *parameter };
        match parameter.kind() {
            "identifier" if at == place => reading.event = Some((text(parameter, source), parameter)),
            "object_pattern" if at == place => reading.pattern(parameter)?,
            "rest_pattern" => return None,
            _ if at == place => return None,
            _ => {}
        }
    }
    reading.visit(function, 0)?;
    Some(reading.wants)
}

struct Reading<'s, 't> {
    source: &'s str,
    /// What it calls the event, and where that name is given.
    event: Option<(&'s str, Node<'t>)>,
    wants: Wants,
}

impl<'t> Reading<'_, 't> {
    fn pattern(&mut self, pattern: Node<'t>) -> Option<()> {
        for field in parts(pattern) {
            let name = match field.kind() {
                "pair_pattern" => part(field, "key")?,
                "object_assignment_pattern" => part(field, "left")?,
                "shorthand_property_identifier_pattern" => field,
                _ => return None,
            };
            self.field(text(name, self.source))?;
        }
        Some(())
    }

    fn field(&mut self, name: &str) -> Option<()> {
        match name {
            "body" | "data" | "bodyRaw" => self.wants.body = true,
            "metadata" | "metadataRaw" | "eventId" => self.wants.rest = true,
            "streamId" | "partition" | "category" => self.wants.names = true,
            "sequenceNumber" | "eventType" | "isJson" | "created" | "linkMetadata" | "linkMetadataRaw" => {}
            _ => return None,
        }
        Some(())
    }

    /// Each place where the event is named must name a field of it as well.
    fn visit(&mut self, node: Node<'t>, depth: usize) -> Option<()> {
        if depth > MOST_NESTED {
            return None;
        }
        match node.kind() {
            "identifier" | "shorthand_property_identifier" | "shorthand_property_identifier_pattern" => {
                let name = text(node, self.source);
                let is_event = self.event.is_some_and(|(event, given)| event == name && given != node);
                return (!is_event && name != "arguments").then_some(());
            }
            // Names of its own come from elsewhere.
            "with_statement" => return None,
            "member_expression" => {
                let object = part(node, "object")?;
                let is_event = self.event.is_some_and(|(event, _)| event == text(object, self.source));
                if object.kind() == "identifier" && is_event {
                    return self.field(text(part(node, "property")?, self.source));
                }
            }
            _ => {}
        }
        for inner in parts(node) {
            self.visit(inner, depth + 1)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: Wants = Wants { body: true, ..Wants::NONE };
    const REST: Wants = Wants { rest: true, ..Wants::NONE };
    const NAMES: Wants = Wants { names: true, ..Wants::NONE };

    #[test]
    fn a_handler_wants_what_it_names() {
        for (source, wants) in [
            ("(s, e) => { s.n++ }", Wants::NONE),
            ("s => s", Wants::NONE),
            ("paid(s, e) { s.n = e.sequenceNumber + e.created }", Wants::NONE),
            ("paid(s, e) { s.n = e.streamId + e.created }", NAMES),
            ("(s, { partition }) => { s.of = partition }", NAMES),
            ("'a b'(s, e) { s.n = e.data.n }", BODY),
            ("function (s, e) { return [1].map(x => e?.body.n + x) }", BODY),
            ("(s, { body: { n = 1 }, streamId }) => n + streamId", BODY.and(NAMES)),
            ("(s, e = {}) => `${e.eventId}`", REST),
            ("(s, e) => e.metadata.by + e.body.n", BODY.and(REST)),
            ("async paid(s, e) { }", Wants::NONE),
        ] {
            assert_eq!(Wants::of_function(source, 1), wants, "{source}");
        }
        assert_eq!(Wants::of_function("e => e.body.shop", 0), BODY);
    }

    #[test]
    fn one_that_lets_the_event_out_of_sight_wants_all() {
        for source in [
            "(s, e) => e",
            "(s, e) => { log(e) }",
            "(s, e) => { linkTo('a', e) }",
            "(s, e) => { s.e = { e } }",
            "(s, e) => { s.e = { ...e } }",
            "(s, e) => e[s.key]",
            "(s, e) => { const f = e; return f.body }",
            "(s, e) => { const { metadata } = e }",
            "(s, e) => e.toJSON()",
            "(s, ...rest) => rest[0].body",
            "(...all) => all[1].body",
            "function (s) { return arguments[1].body }",
            "(s, { ...rest }) => rest",
            "(s, { [s.key]: x }) => x",
            "(s, e) => { with (e) { return body } }",
            "(s, [e]) => e",
            "function () { [native code] }",
            "no function",
            "",
        ] {
            assert_eq!(Wants::of_function(source, 1), Wants::ALL, "{source}");
        }
    }
}
