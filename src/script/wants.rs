//! What of an event its handlers can get at. What none of them can is not handed over: most handlers only count, or read the
//! body, and the texts around it would cost more than the handlers themselves. And whether they can get at an event when
//! they have ended: one that none can is handed over in an object that all events have.

use tree_sitter::Node;

use super::syntax::{self, MOST_NESTED, is_later, part, parts, text};

/// The texts of an event that are worth leaving out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is asked for by itself")]
pub(super) struct Wants {
    /// Its body, and whether it is JSON.
    pub(super) body: bool,
    /// Its id and its metadata.
    pub(super) rest: bool,
    /// Its type, and the names of its stream, its category and its partition.
    pub(super) names: bool,
    /// The event itself, beyond the time that the function runs.
    pub(super) beyond: bool,
}

impl Wants {
    pub(super) const ALL: Self = Self { body: true, rest: true, names: true, beyond: true };
    pub(super) const NONE: Self = Self { body: false, rest: false, names: false, beyond: false };

    pub(super) fn and(self, other: Self) -> Self {
        let Self { body, rest, names, beyond } = self;
        Self {
            body: body || other.body,
            rest: rest || other.rest,
            names: names || other.names,
            beyond: beyond || other.beyond,
        }
    }

    /// No text of it but its body.
    pub(super) fn is_few(self) -> bool {
        !self.rest && !self.names
    }

    /// What a function can get at of the event that it is given at a place among its parameters. Its own text alone says so: it
    /// names the event and a field of it, or it might do anything with it.
    pub(super) fn of_function(source: &str, place: usize) -> Self {
        syntax::in_function(source, |source, function| read(source, function, place)).unwrap_or(Self::ALL)
    }
}

/// `None` where it cannot be told.
fn read(source: &str, function: Node<'_>, place: usize) -> Option<Wants> {
    let parameters = syntax::parameters(function);
    let mut reading = Reading { source, function, event: None, wants: Wants::NONE, later: 0 };
    // One that waits, or gives one value after the other, has not ended when it comes back.
    let mut cursor = function.walk();
    reading.wants.beyond = function.kind().starts_with("generator")
        || function.children(&mut cursor).any(|child| matches!(child.kind(), "async" | "*"));
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
    function: Node<'t>,
    /// What it calls the event, and where that name is given.
    event: Option<(&'s str, Node<'t>)>,
    wants: Wants,
    /// So many functions of its own are around what is looked at, which may run later.
    later: usize,
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
            "body" | "data" | "bodyRaw" | "isJson" => self.wants.body = true,
            "metadata" | "metadataRaw" | "eventId" => self.wants.rest = true,
            "eventType" | "streamId" | "partition" | "category" => self.wants.names = true,
            "sequenceNumber" | "created" | "linkMetadata" | "linkMetadataRaw" => {}
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
                    self.wants.beyond |= self.later > 0;
                    return self.field(text(part(node, "property")?, self.source));
                }
            }
            _ => {}
        }
        let is_later = node != self.function && is_later(node);
        self.later += usize::from(is_later);
        for inner in parts(node) {
            self.visit(inner, depth + 1)?;
        }
        self.later -= usize::from(is_later);
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
            ("(s, e) => { s.json = e.isJson }", BODY),
            ("(s, e) => { s.last = e.eventType }", NAMES),
            ("function (s, e) { return [1].map(x => x + 1).concat(e?.body.n) }", BODY),
            ("(s, { body: { n = 1 }, streamId }) => n + streamId", BODY.and(NAMES)),
            ("(s, e = {}) => `${e.eventId}`", REST),
            ("(s, e) => e.metadata.by + e.body.n", BODY.and(REST)),
        ] {
            assert_eq!(Wants::of_function(source, 1), wants, "{source}");
        }
        assert_eq!(Wants::of_function("e => e.body.shop", 0), BODY);
    }

    #[test]
    fn one_that_may_look_at_the_event_later_wants_it_beyond_its_own_time() {
        for source in [
            "function (s, e) { return [1].map(x => e?.body.n + x) }",
            "(s, e) => { later.push(() => e.body.n) }",
            "(s, e) => { s.x = function () { return e.body } }",
            "(s, e) => { class Later { n() { return e.body.n } } }",
            "(s, e, x = () => e.body) => { later = x }",
            "async paid(s, e) { s.n = e.body }",
            "async (s, e) => { s.n = e.body }",
            "*paid(s, e) { yield e.body }",
            "function* (s, e) { yield e.body }",
        ] {
            assert_eq!(Wants::of_function(source, 1), Wants { beyond: true, ..BODY }, "{source}");
        }
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
