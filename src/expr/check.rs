//! What each name of an expression stands for, and whether its calls are written as they must be.

use std::ops::Range;

use super::functions::{FUNCTIONS, Function, FunctionHelp};
use super::node::{Called, Each, EachWhat, Literal, Node};
use super::text_functions::{ahead, length_in, pattern};
use super::tree::{Sign, Tree, What};
use super::value::Kind;
use super::{EventPart, Flaw, FlawKind, Names, Uses, Value, Which};
use crate::event::{Timestamp, nearest};

pub(super) fn check(tree: &Tree, names: &Names) -> Result<(Node, Uses), Flaw> {
    let mut checker = Checker { names, uses: Uses::default(), variables: Vec::new() };
    let node = checker.node(tree)?;
    Ok((node, checker.uses))
}

struct Checker<'n> {
    names: &'n Names,
    uses: Uses,
    /// What items are called, the outermost first.
    variables: Vec<String>,
}

type Checked = Result<Node, Flaw>;

/// What goes over the items of a list, and with how many names and expressions.
const EACH: [(&str, EachWhat); 5] = [
    ("all", EachWhat::All),
    ("exists", EachWhat::Exists),
    ("exists_one", EachWhat::ExistsOne),
    ("map", EachWhat::Map),
    ("filter", EachWhat::Filter),
];

impl Checker<'_> {
    fn node(&mut self, tree: &Tree) -> Checked {
        let span = tree.span.clone();
        Ok(match &tree.what {
            What::Value(value) => Node::Literal(Literal::of(value)),
            What::Name(name) => self.name(name, &span)?,
            What::Select { of, name, name_span } => self.select(of, name, name_span)?,
            What::Index(of, index) => self.index(of, index, span)?,
            What::Call { of, name, name_span, given } => self.call(of.as_deref(), name, name_span, given, span)?,
            What::List(items) => Node::List(self.nodes(items)?),
            What::Map(entries) => {
                let entry = |(key, value): &(Tree, Tree)| Ok((self.node(key)?, self.node(value)?));
                Node::Map(entries.iter().map(entry).collect::<Result<_, Flaw>>()?)
            }
            What::Not(of) => Node::Not(Box::new(self.node(of)?), of.span.clone()),
            What::Negate(of) => Node::Negate(Box::new(self.node(of)?), of.span.clone()),
            What::Two(sign, one, two) => self.two(*sign, one, two, span)?,
            What::All(parts) => Node::All(self.parts(parts)?),
            What::Any(parts) => Node::Any(self.parts(parts)?),
            What::Choice(parts) => {
                let [asked, yes, no] = parts.as_ref();
                Node::Choice(Box::new([self.node(asked)?, self.node(yes)?, self.node(no)?]), asked.span.clone())
            }
        })
    }

    fn nodes(&mut self, trees: &[Tree]) -> Result<Vec<Node>, Flaw> {
        trees.iter().map(|tree| self.node(tree)).collect()
    }

    fn parts(&mut self, trees: &[Tree]) -> Result<Vec<(Node, Range<usize>)>, Flaw> {
        trees.iter().map(|tree| Ok((self.node(tree)?, tree.span.clone()))).collect()
    }

    fn name(&mut self, name: &str, span: &Range<usize>) -> Checked {
        if let Some(place) = self.variables.iter().rposition(|known| known == name) {
            return Ok(Node::Variable(place));
        }
        match name {
            "state" => Ok(self.state(Which::Now)),
            "old" => Ok(self.state(Which::Old)),
            "event" => {
                let kind = FlawKind::Unexpected("event".to_owned());
                Err(Flaw::new(kind, span.clone()).instead(Some("event.type".to_owned())))
            }
            "payload" if self.names.are_of_events && !self.names.fields.iter().any(|known| known == name) => {
                self.event_part(name, span, false)
            }
            _ => self.field(Which::Now, name, span),
        }
    }

    /// Whatever of a state is asked for may change with every event.
    fn state(&mut self, which: Which) -> Node {
        self.uses.is_of_event = true;
        self.uses.lasting = true;
        self.uses.old |= which == Which::Old;
        self.uses.whole = true;
        Node::State(which)
    }

    fn field(&mut self, which: Which, name: &str, span: &Range<usize>) -> Checked {
        if !self.knows(name) {
            let mut known = self.known_fields();
            known.extend(self.variables.iter().map(String::as_str));
            let near = nearest(name, &known).first().map(|near| spelled(near));
            return Err(Flaw::new(FlawKind::Field(name.to_owned()), span.clone()).instead(near));
        }
        Ok(self.known_field(which, name))
    }

    fn known_field(&mut self, which: Which, name: &str) -> Node {
        match which {
            Which::Now => drop(self.uses.fields.insert(name.to_owned())),
            Which::Old => {
                self.uses.old = true;
                self.uses.lasting = true;
                self.uses.is_of_event = true;
            }
        }
        Node::Field(which, name.into())
    }

    fn knows(&self, name: &str) -> bool {
        self.names.is_open || self.names.fields.iter().any(|known| known == name)
    }

    fn known_fields(&self) -> Vec<&str> {
        self.names.fields.iter().map(String::as_str).collect()
    }

    /// Which state a tree names as such.
    fn state_of(&self, tree: &Tree) -> Option<Which> {
        let What::Name(name) = &tree.what else { return None };
        if self.variables.contains(name) {
            return None;
        }
        match name.as_str() {
            "state" => Some(Which::Now),
            "old" => Some(Which::Old),
            _ => None,
        }
    }

    fn is_event(&self, tree: &Tree) -> bool {
        matches!(&tree.what, What::Name(name) if name == "event" && !self.variables.contains(name))
    }

    fn select(&mut self, of: &Tree, name: &str, span: &Range<usize>) -> Checked {
        if let Some(which) = self.state_of(of) {
            return self.field(which, name, span).map_err(|flaw| {
                let needs_quotes = flaw.instead.as_ref().is_some_and(|instead| instead.starts_with("state["));
                let whole = of.span.start..span.end;
                if needs_quotes { Flaw { span: whole, ..flaw } } else { flaw }
            });
        }
        if self.is_event(of) {
            return self.event_part(name, span, false);
        }
        Ok(Node::Member(Box::new(self.node(of)?), name.into()))
    }

    fn event_part(&mut self, name: &str, span: &Range<usize>, is_quoted: bool) -> Checked {
        let known = EventPart::ALL.map(|(name, _)| name);
        let Some((_, part)) = EventPart::ALL.iter().find(|(known, _)| *known == name) else {
            let near = nearest(name, &known).first().map(|near| (*near).to_owned());
            let near = near.map(|near| if is_quoted { quoted(&near) } else { near });
            return Err(Flaw::new(FlawKind::EventPart(name.to_owned()), span.clone()).instead(near));
        };
        self.uses.is_of_event = true;
        self.uses.author |= matches!(part, EventPart::Actor | EventPart::Reason);
        self.uses.payload |= *part == EventPart::Payload;
        let is_lasting = matches!(part, EventPart::Version | EventPart::RecordedAt);
        self.uses.lasting |= is_lasting;
        self.uses.moment |= !is_lasting;
        Ok(Node::Event(*part))
    }

    fn index(&mut self, of: &Tree, index: &Tree, span: Range<usize>) -> Checked {
        if let What::Value(Value::Text(name)) = &index.what {
            if let Some(which) = self.state_of(of) {
                if self.knows(name) {
                    return Ok(self.known_field(which, name));
                }
                let near = nearest(name, &self.known_fields()).first().map(|near| quoted(near));
                let kind = FlawKind::Field(name.to_string());
                return Err(Flaw::new(kind, index.span.clone()).instead(near));
            }
            if self.is_event(of) {
                return self.event_part(name, &index.span, true);
            }
            return Ok(Node::Member(Box::new(self.node(of)?), name.as_ref().into()));
        }
        self.looks_inside();
        let of = self.node(of)?;
        Ok(Node::Index(Box::new(of), Box::new(self.node(index)?), span))
    }

    fn two(&mut self, sign: Sign, one: &Tree, two: &Tree, span: Range<usize>) -> Checked {
        // `payment-deadline` is a difference; of a field with a hyphen, the name was meant.
        if sign == Sign::Minus
            && let (Some(left), Some(right)) = (hyphenated(one), hyphenated(two))
        {
            let joined = format!("{left}-{right}");
            let is_field = self.names.fields.contains(&joined);
            let is_difference = left.split('-').chain([right.as_str()]).all(|part| {
                self.names.fields.iter().any(|known| known == part) || self.variables.iter().any(|known| known == part)
            });
            if is_field && !is_difference {
                return Err(Flaw::new(FlawKind::Field(joined.clone()), span).instead(Some(spelled(&joined))));
            }
        }
        if matches!(sign, Sign::Equal | Sign::Unequal) {
            for (asked, named, is_first) in [(one, two, true), (two, one, false)] {
                if let (true, Some(kind)) = (asks_for_kind(asked), kind_named(named)) {
                    let (asked, kind) = (self.node(asked)?, Node::Literal(Literal::Kind(kind)));
                    let sides = if is_first { [asked, kind] } else { [kind, asked] };
                    return Ok(Node::Two(sign, Box::new(sides), span));
                }
            }
        }
        let is_plain = |tree: &Tree| matches!(tree.what, What::Value(_));
        let is_deep = match sign {
            Sign::Equal | Sign::Unequal => !is_plain(one) && !is_plain(two),
            Sign::In => !matches!(&two.what, What::List(items) if items.iter().all(is_plain)),
            _ => false,
        };
        if is_deep {
            self.looks_inside();
        }
        let one = self.node(one)?;
        let two = self.node(two).map_err(|flaw| match (&flaw, &two.what) {
            // Of `status == CLOSED`, the text was meant.
            (Flaw { kind: FlawKind::Field(name), instead: None, .. }, What::Name(_))
                if matches!(sign, Sign::Equal | Sign::Unequal) =>
            {
                let text = quoted(name);
                flaw.instead(Some(text))
            }
            _ => flaw,
        })?;
        Ok(Node::Two(sign, Box::new([one, two]), span))
    }

    /// What is null inside of an object or a list is told from what is absent there, and a list of changes does not.
    fn looks_inside(&mut self) {
        self.uses.is_of_event = true;
    }

    fn call(
        &mut self,
        of: Option<&Tree>,
        name: &str,
        name_span: &Range<usize>,
        given: &[Tree],
        span: Range<usize>,
    ) -> Checked {
        if name == "has" && of.is_none() {
            return self.has(given, span);
        }
        if let Some((_, what)) = EACH.iter().find(|(known, _)| *known == name)
            && let Some(of) = of
        {
            return self.each(*what, of, name, given, span);
        }
        let Some(help) = FUNCTIONS.iter().find(|known| known.name == name) else {
            let known: Vec<&str> =
                FUNCTIONS.iter().map(|known| known.name).chain(EACH.map(|(name, _)| name)).chain(["has"]).collect();
            let near = nearest(name, &known).first().map(|near| (*near).to_owned());
            return Err(Flaw::new(FlawKind::Function(name.to_owned()), name_span.clone()).instead(near));
        };
        let count = given.len() + usize::from(of.is_some());
        if !(help.least..=help.most).contains(&count) {
            return Err(wrong_count(help, given.len(), span));
        }
        let mut nodes = Vec::with_capacity(count);
        for tree in of.into_iter().chain(given) {
            nodes.push(self.node(tree)?);
        }
        let trees: Vec<&Tree> = of.into_iter().chain(given).collect();
        self.called(help, &trees, nodes, span)
    }

    fn called(&mut self, help: &FunctionHelp, trees: &[&Tree], mut given: Vec<Node>, span: Range<usize>) -> Checked {
        let text = |place: usize| match trees.get(place) {
            Some(Tree { what: What::Value(Value::Text(text)), span, .. }) => Some((text.to_string(), span.clone())),
            _ => None,
        };
        match help.function {
            Function::Changed | Function::Replaced => {
                if help.function == Function::Replaced {
                    self.uses.old = true;
                    self.uses.lasting = true;
                }
                self.uses.changes = true;
                self.uses.moment = true;
                self.uses.is_of_event = true;
                if let Some((path, place)) = text(0) {
                    self.check_path(&path, place)?;
                }
            }
            Function::Count => {
                self.uses.counts = true;
                self.uses.lasting = true;
                self.uses.is_of_event = true;
            }
            Function::Age => {
                self.uses.is_of_event = true;
                self.uses.lasting = true;
            }
            Function::Size => self.looks_inside(),
            Function::Timestamp => {
                if let Some((text, place)) = text(0) {
                    let at = Timestamp::parse_lenient(&text);
                    let at = at.ok_or_else(|| Flaw::new(FlawKind::Time(text), place))?;
                    return Ok(Node::Literal(Literal::Time(at)));
                }
            }
            Function::Duration => {
                if let Some((text, place)) = text(0) {
                    let length = length_in(&text).ok_or_else(|| Flaw::new(FlawKind::Length(text), place))?;
                    return Ok(Node::Literal(Literal::Length(length)));
                }
            }
            Function::Year
            | Function::Month
            | Function::DayOfMonth
            | Function::DayOfMonthFromOne
            | Function::DayOfWeek
            | Function::DayOfYear
            | Function::Hours
            | Function::Minutes
            | Function::Seconds
            | Function::Milliseconds => {
                if let Some((text, place)) = text(1).filter(|(text, _)| ahead(text).is_none()) {
                    return Err(Flaw::new(FlawKind::Zone(text), place));
                }
            }
            Function::Matches => {
                if let Some((text, place)) = text(1) {
                    let ready = pattern(&text).ok_or_else(|| Flaw::new(FlawKind::Pattern(text), place))?;
                    given.truncate(1);
                    if let Some(of) = given.pop() {
                        return Ok(Node::Matches(Box::new(of), ready, span));
                    }
                }
            }
            Function::Dyn => {
                if let Some(of) = given.pop() {
                    return Ok(of);
                }
            }
            _ => {}
        }
        Ok(Node::Call(help.function, Called { given, span }))
    }

    /// The field that a path begins with must be known.
    fn check_path(&self, path: &str, span: Range<usize>) -> Result<(), Flaw> {
        // A field may be called so itself.
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let field = path.get(..end).unwrap_or_default();
        if self.knows(path) || self.knows(field) || path.starts_with('[') {
            return Ok(());
        }
        let near = nearest(field, &self.known_fields()).first().map(|near| quoted(near));
        Err(Flaw::new(FlawKind::Field(field.to_owned()), span).instead(near))
    }

    fn has(&mut self, given: &[Tree], span: Range<usize>) -> Checked {
        let [asked] = given else {
            let kind = FlawKind::Arguments { function: "has", takes: "has(state.field)", given: given.len() };
            return Err(Flaw::new(kind, span));
        };
        match self.has_this(asked, &span) {
            // It is a field elsewhere, and here it is not there.
            Err(Flaw { kind: FlawKind::Field(_), .. }) if self.names.differ => Ok(Node::Literal(Literal::Bool(false))),
            node => node,
        }
    }

    fn has_this(&mut self, asked: &Tree, span: &Range<usize>) -> Checked {
        let is_not_null = |node: Node| {
            let null = Node::Literal(Literal::Null);
            Node::Two(Sign::Unequal, Box::new([node, null]), span.clone())
        };
        match &asked.what {
            What::Name(_) => Ok(is_not_null(self.node(asked)?)),
            What::Select { of, name, .. } if self.state_of(of).is_none() && !self.is_event(of) => {
                self.looks_inside();
                Ok(Node::Has(Box::new(self.node(of)?), name.as_str().into()))
            }
            What::Select { .. } | What::Index(..) => Ok(is_not_null(self.node(asked)?)),
            _ => Err(Flaw::new(
                FlawKind::Arguments { function: "has", takes: "has(state.field)", given: 1 },
                asked.span.clone(),
            )),
        }
    }

    fn each(&mut self, what: EachWhat, of: &Tree, name: &str, given: &[Tree], span: Range<usize>) -> Checked {
        let (variable, only, body) = match given {
            [variable, body] => (variable, None, body),
            [variable, only, body] if what == EachWhat::Map => (variable, Some(only), body),
            _ => {
                let (function, _) = EACH.iter().find(|(_, known)| *known == what).copied().unwrap_or(("", what));
                let takes = match what {
                    EachWhat::Map => "list.map(item, item.name)",
                    EachWhat::Filter => "list.filter(item, item > 1)",
                    EachWhat::All => "list.all(item, item > 1)",
                    EachWhat::Exists => "list.exists(item, item > 1)",
                    EachWhat::ExistsOne => "list.exists_one(item, item > 1)",
                };
                return Err(Flaw::new(FlawKind::Arguments { function, takes, given: given.len() }, span));
            }
        };
        let What::Name(item) = &variable.what else {
            return Err(Flaw::new(FlawKind::Variable(name.to_owned()), variable.span.clone()));
        };
        self.looks_inside();
        let of = self.node(of)?;
        self.variables.push(item.clone());
        let only = only.map(|only| self.node(only)).transpose();
        let body = self.node(body);
        self.variables.pop();
        Ok(Node::Each(Box::new(Each { what, of, only: only?, body: body?, span })))
    }
}

fn wrong_count(help: &FunctionHelp, given: usize, span: Range<usize>) -> Flaw {
    Flaw::new(FlawKind::Arguments { function: help.name, takes: help.takes, given }, span)
}

/// Names with hyphens between them.
fn hyphenated(tree: &Tree) -> Option<String> {
    match &tree.what {
        What::Name(name) => Some(name.clone()),
        What::Two(Sign::Minus, one, two) => Some(format!("{}-{}", hyphenated(one)?, hyphenated(two)?)),
        _ => None,
    }
}

fn asks_for_kind(tree: &Tree) -> bool {
    matches!(&tree.what, What::Call { of: None, name, .. } if name == "type")
}

fn kind_named(tree: &Tree) -> Option<Kind> {
    let What::Name(name) = &tree.what else { return None };
    Kind::ALL.into_iter().find(|kind| kind.name() == name)
}

/// A field as an expression writes it.
pub fn spelled(field: &str) -> String {
    let is_word = field.starts_with(|first: char| first == '_' || first.is_alphabetic())
        && field.chars().all(|letter| letter == '_' || letter.is_alphanumeric());
    let is_taken = ["state", "old", "event", "true", "false", "null", "in", "not"].contains(&field);
    if is_word && !is_taken { field.to_owned() } else { format!("state[{}]", quoted(field)) }
}

/// A text as an expression writes it.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
