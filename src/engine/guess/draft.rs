//! The draft as it is written: KurrentDB's functions, a handler a type, and a comment at each guess.

use std::fmt::Write as _;

use super::Seen;
use super::words::{Said, capital, is_amount, is_identity, said};
use crate::engine::grouped;
use crate::event::{kebab_words, key_path};
use crate::index::{FieldShape, JsonType, TypeShape};

/// More types than these are not written; nobody reads so long a draft.
const MOST_TYPES: usize = 100;

/// More fields than these of one type are names rather than fields.
const MOST_FIELDS: usize = 60;

pub(super) struct Draft {
    head: Vec<String>,
    from: String,
    /// Of the state, each with what it begins as.
    fields: Vec<(String, &'static str)>,
    handlers: Vec<Handler>,
    /// Some payloads are no JSON.
    reads_with_care: bool,
}

struct Handler {
    event_type: String,
    comments: Vec<String>,
    lines: Vec<String>,
    uses: Uses,
}

/// What a handler has to ask the event for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Uses {
    Nothing,
    State,
    Data,
    /// The data may be nothing.
    DataOrNothing,
    /// It may be no JSON.
    DataWithCare,
}

/// A type of event, and what is guessed of it.
struct Kind<'s> {
    shape: &'s TypeShape,
    said: Said,
    begins: bool,
}

impl Kind<'_> {
    /// The fields of its payloads, without what is inside of them.
    fn fields(&self) -> impl Iterator<Item = (String, &FieldShape)> {
        let top = self.shape.fields.iter().filter_map(|field| Some((plain_name(&field.path)?, field)));
        top.filter(|(name, _)| name != "__proto__")
    }

    /// The number by which it moves another one.
    fn amount(&self) -> Option<String> {
        let mut found = self.fields().filter(|(name, field)| is_amount(name) && self.is_always_number(field));
        let (name, _) = found.next()?;
        // Of two numbers, nothing says which.
        found.next().is_none().then_some(name)
    }

    fn is_always_number(&self, field: &FieldShape) -> bool {
        field.present == self.shape.events && field.types().all(|(of, _)| of == JsonType::Number)
    }

    fn uses(&self) -> Uses {
        let is_other = self.shape.fields.iter().any(|field| field.path.is_empty());
        match self.shape.unreadable {
            0 if is_other => Uses::DataOrNothing,
            0 => Uses::Data,
            _ => Uses::DataWithCare,
        }
    }
}

impl Draft {
    pub(super) fn of(seen: &Seen, category: &str, is_in_names: bool) -> Self {
        let shapes = seen.census.types();
        let kinds: Vec<Kind<'_>> = seen
            .types
            .iter()
            // These names stand for something else in a projection.
            .filter(|event_type| !event_type.as_str().starts_with('$'))
            .filter_map(|event_type| {
                let shape = shapes.iter().copied().find(|shape| shape.event_type == *event_type)?;
                let begins = seen.begins.get(event_type).is_some_and(|count| count * 10 >= shape.events * 9);
                Some(Kind { shape, said: said(event_type.as_str(), category), begins })
            })
            .collect();
        let mut draft = Self::begin(seen, category, is_in_names);
        let naming = Naming::of(&kinds, category);
        for kind in kinds.iter().take(MOST_TYPES) {
            draft.handle(kind, &naming);
        }
        if kinds.len() > MOST_TYPES {
            draft
                .head
                .push(format!("{} more types of events are left out.", grouped((kinds.len() - MOST_TYPES) as u64)));
        }
        draft
    }

    fn begin(seen: &Seen, category: &str, is_in_names: bool) -> Self {
        let plural = |count: u64, noun: &str| format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" });
        let streams = plural(seen.streams.len() as u64, "stream");
        let shown = one_line(category);
        let mut head = vec![
            format!("A first draft for {shown}, from {} of {streams}.", plural(seen.events, "event")),
            "Fields are taken over as they are; what is guessed beyond that says so. Change what is wrong.".to_owned(),
        ];
        let from = if is_in_names {
            format!("fromCategory({})", js_text(category))
        } else {
            head.push(format!(
                "The streams of {shown} are not named after it, so all are read, by the types of their events."
            ));
            "fromAll()".to_owned()
        };
        Self { head, from, fields: Vec::new(), handlers: Vec::new(), reads_with_care: false }
    }

    fn field(&mut self, name: &str, begins_as: &'static str) {
        if !self.fields.iter().any(|(known, _)| known == name) {
            self.fields.push((name.to_owned(), begins_as));
        }
    }

    fn handle(&mut self, kind: &Kind<'_>, naming: &Naming) {
        let mut handler = Handler {
            event_type: kind.shape.event_type.to_string(),
            comments: Vec::new(),
            lines: Vec::new(),
            uses: Uses::Nothing,
        };
        if kind.begins {
            handler.comments.push("It begins a stream.".to_owned());
        }
        match &kind.said {
            Said::Negation => {
                handler.comments.push("It says what did not come about: nothing is taken over from it.".to_owned());
            }
            Said::Counted { subject, is_more } if naming.counts(subject) => {
                let count = format!("{subject}Count");
                self.field(&count, "0");
                let (sign, what) = if *is_more { ("+", "one more") } else { ("-", "one less") };
                handler.comments.push(format!("A guess: {what}, whatever else it says."));
                handler.lines.push(format!("{} {sign}= 1", member("state", &count)));
                handler.uses = Uses::State;
            }
            Said::Moved { verb, is_more } if kind.amount().is_some() => {
                let amount = kind.amount().unwrap_or_default();
                let (total, sign) = naming.total(&amount, verb, *is_more);
                self.field(&total, "0");
                let (of, from) = (member("state", &total), member("data", &amount));
                handler.comments.push(format!("A guess: {} is summed up.", one_line(&amount)));
                handler.lines.push(format!("{of} {sign}= {from}"));
                handler.uses = kind.uses();
                self.take_over(kind, naming, Some(&amount), &mut handler);
            }
            said => {
                self.take_over(kind, naming, None, &mut handler);
                match said {
                    Said::Became(status) if naming.has_status => {
                        self.field("status", "null");
                        handler.lines.push(format!("state.status = {} // a guess, from the name", js_text(status)));
                        handler.uses = handler.uses.or_state();
                    }
                    Said::Deleted => {
                        self.field("isDeleted", "false");
                        handler.lines.push("state.isDeleted = true // a guess, from the name".to_owned());
                        handler.uses = handler.uses.or_state();
                    }
                    _ => {}
                }
            }
        }
        self.reads_with_care |= handler.uses == Uses::DataWithCare;
        self.handlers.push(handler);
    }

    /// The fields that an event carries are what they are now.
    fn take_over(&mut self, kind: &Kind<'_>, naming: &Naming, but: Option<&str>, handler: &mut Handler) {
        let mut left_out = 0;
        for (place, (name, shape)) in kind.fields().enumerate() {
            let is_known = !kind.begins && naming.identities.contains(&name);
            if but == Some(name.as_str()) || is_known {
                continue;
            }
            if place >= MOST_FIELDS {
                left_out += 1;
                continue;
            }
            self.field(&name, "null");
            let (of, from) = (member("state", &name), member("data", &name));
            let is_always = shape.present == kind.shape.events;
            handler.lines.push(if is_always {
                format!("{of} = {from}")
            } else {
                format!("if ({from} !== undefined) {of} = {from}")
            });
            handler.uses = kind.uses();
        }
        if left_out > 0 || kind.shape.has_more_fields {
            handler.comments.push("It has more fields than are taken over here.".to_owned());
        }
    }

    pub(super) fn written(&self) -> String {
        let mut text = String::new();
        for line in &self.head {
            let _ = writeln!(text, "// {line}");
        }
        if self.reads_with_care {
            text.push_str("\n// Some payloads are no JSON.\nfunction dataOf(event) {\n  try {\n    return event.data ?? {}\n  } catch {\n    return {}\n  }\n}\n");
        }
        let _ = writeln!(text, "\n{}.foreachStream().when({{", self.from);
        if self.fields.is_empty() {
            text.push_str("  $init() {\n    return {}\n  },\n");
        } else {
            text.push_str("  $init() {\n    return {\n");
            for (name, begins_as) in &self.fields {
                let _ = writeln!(text, "      {}: {begins_as},", js_key(name));
            }
            text.push_str("    }\n  },\n");
        }
        for handler in &self.handlers {
            handler.write(&mut text);
        }
        text.push_str("})\n");
        text
    }
}

impl Uses {
    fn or_state(self) -> Self {
        if self == Self::Nothing { Self::State } else { self }
    }
}

impl Handler {
    fn write(&self, text: &mut String) {
        text.push('\n');
        for comment in &self.comments {
            let _ = writeln!(text, "  // {comment}");
        }
        let name = js_key(&self.event_type);
        let given = match self.uses {
            Uses::Nothing => {
                let _ = writeln!(text, "  {name}() {{}},");
                return;
            }
            Uses::State => "state",
            Uses::Data => "state, { data }",
            Uses::DataOrNothing | Uses::DataWithCare => "state, event",
        };
        let _ = writeln!(text, "  {name}({given}) {{");
        match self.uses {
            Uses::DataOrNothing => text.push_str("    const data = event.data ?? {}\n"),
            Uses::DataWithCare => text.push_str("    const data = dataOf(event)\n"),
            Uses::Nothing | Uses::State | Uses::Data => {}
        }
        for line in &self.lines {
            let _ = writeln!(text, "    {line}");
        }
        text.push_str("  },\n");
    }
}

/// What the types say together.
struct Naming {
    /// Fields that name the stream; whoever begins it says them.
    identities: Vec<String>,
    /// There are several states to be in, and no field says which.
    has_status: bool,
    counted: Vec<String>,
    /// Numbers that are moved up and down both.
    balanced: Vec<String>,
    taken_over: Vec<String>,
}

impl Naming {
    fn of(kinds: &[Kind<'_>], category: &str) -> Self {
        let names = |kind: &Kind<'_>| kind.fields().map(|(name, _)| name).collect::<Vec<_>>();
        let begun: Vec<String> = kinds.iter().filter(|kind| kind.begins).flat_map(names).collect();
        let says_status = |name: &String| ["status", "state"].contains(&kebab_words(name).as_str());
        let became = kinds.iter().filter(|kind| matches!(kind.said, Said::Became(_))).count();
        let has_status = became > 1 && !kinds.iter().flat_map(names).any(|name| says_status(&name));
        let counted = kinds.iter().filter_map(|kind| match &kind.said {
            Said::Counted { subject, is_more: true } => Some(subject.clone()),
            _ => None,
        });
        let moved = |wanted: bool| -> Vec<String> {
            let of = |kind: &Kind<'_>| match kind.said {
                Said::Moved { is_more, .. } if is_more == wanted => kind.amount(),
                _ => None,
            };
            kinds.iter().filter_map(of).collect()
        };
        let (more, less) = (moved(true), moved(false));
        let is_change = |kind: &&Kind<'_>| !matches!(kind.said, Said::Moved { .. } | Said::Negation);
        Self {
            identities: begun.into_iter().filter(|name| is_identity(name, category)).collect(),
            has_status,
            counted: counted.collect(),
            balanced: more.into_iter().filter(|amount| less.contains(amount)).collect(),
            taken_over: kinds.iter().filter(is_change).flat_map(names).collect(),
        }
    }

    /// What only becomes less was never seen to become more.
    fn counts(&self, subject: &str) -> bool {
        self.counted.iter().any(|known| known == subject)
    }

    /// What a sum is called, and how an event moves it.
    fn total(&self, amount: &str, verb: &str, is_more: bool) -> (String, &'static str) {
        if !self.balanced.iter().any(|known| known == amount) {
            return (format!("total{}", capital(verb)), "+");
        }
        let name = if kebab_words(amount).ends_with("amount") { "balance" } else { amount };
        let is_free = !self.taken_over.iter().any(|known| known == name);
        let name = if is_free { name.to_owned() } else { format!("total{}", capital(name)) };
        (name, if is_more { "+" } else { "-" })
    }
}

/// The name of a field of the payload itself. `None` where the path leads further inside.
fn plain_name(path: &str) -> Option<String> {
    if let Some(quoted) = path.strip_prefix('[') {
        let name: String = serde_json::from_str(quoted.strip_suffix(']')?).ok()?;
        return (key_path("", &name) == path).then_some(name);
    }
    (!path.is_empty() && !path.contains(['.', '['])).then(|| path.to_owned())
}

fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || "_$".contains(first));
    begins && letters.all(|letter| letter.is_ascii_alphanumeric() || "_$".contains(letter))
}

fn js_text(text: &str) -> String {
    let is_plain = !text.contains(['\'', '\\', '\u{2028}', '\u{2029}']) && !text.chars().any(char::is_control);
    if is_plain { format!("'{text}'") } else { serde_json::Value::from(text).to_string() }
}

fn js_key(name: &str) -> String {
    if is_identifier(name) { name.to_owned() } else { js_text(name) }
}

fn member(of: &str, name: &str) -> String {
    if is_identifier(name) { format!("{of}.{name}") } else { format!("{of}[{}]", js_text(name)) }
}

/// Part of a comment, which ends with its line.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() || "\u{2028}\u{2029}".contains(letter) { ' ' } else { letter })
        .collect()
}
