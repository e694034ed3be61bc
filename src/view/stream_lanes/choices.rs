use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value as Json;

use crate::event::Timestamp;
use crate::expr::{EventPart, FUNCTIONS, Hole, Kind, Names, Value, hole_at, quoted, spelled};
use crate::projection::key_path;
use crate::view::{Loaded, StreamView};

/// More are not offered at once; a letter more finds fewer.
const MOST_OF_A_GROUP: usize = 8;

/// So many changes of a field are looked through for the values that it was.
const CHANGES_LOOKED_AT: usize = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceGroup {
    /// Values that the field was, or the event's part.
    Values,
    Fields,
    EventParts,
    Functions,
}

/// What can be put where the caret stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub group: ChoiceGroup,
    /// As it is listed.
    pub shown: String,
    /// What a function does, under this name in the language files.
    pub about: Option<&'static str>,
    /// What kind of value a field has.
    pub kind: Option<Kind>,
    /// What it is at the cursor, or how often it was.
    pub value: String,
    span: Range<usize>,
    insert: String,
}

impl Choice {
    /// The text with it, and where the caret then stands.
    pub(super) fn put_into(&self, text: &str) -> (String, usize) {
        let before = text.get(..self.span.start).unwrap_or(text);
        let after = text.get(self.span.end..).unwrap_or_default();
        // What follows may be there already.
        let (head, tail) = self.insert.split_at(self.insert.trim_end_matches([')', ']']).len());
        let tail = if after.starts_with([')', ']']) { "" } else { tail };
        let made = [before, head, tail].concat();
        (made.clone() + after, made.len())
    }
}

/// What could be meant where the caret stands.
pub(super) fn choices(text: &str, caret: usize, names: &Names, view: &StreamView, loaded: &Loaded) -> Vec<Choice> {
    let hole = hole_at(text, caret);
    let offer = Offer { hole: &hole, wanted: hole.typed.to_lowercase(), view, loaded };
    if let Some(field) = &hole.value_of {
        return offer.values(&offer.values_of(field));
    }
    if let Some(part) = &hole.value_of_event {
        return offer.values(&offer.values_of_event(part));
    }
    if hole.is_quoted_type {
        let types = offer.values_of_event("type");
        return offer.values(&types).into_iter().map(|choice| closed(choice, ")")).collect();
    }
    if hole.is_quoted_field {
        let closing = if text.get(..hole.span.start).unwrap_or_default().ends_with('[') { "]" } else { ")" };
        let quoted_field = |choice: Choice| Choice { insert: quoted(&choice.shown), ..choice };
        return offer.fields(names).into_iter().map(|choice| closed(quoted_field(choice), closing)).collect();
    }
    if hole.is_event_part {
        return offer.event_parts();
    }
    let mut all = offer.fields(names);
    all.extend(offer.functions());
    all
}

fn closed(choice: Choice, closing: &str) -> Choice {
    Choice { insert: choice.insert + closing, ..choice }
}

struct Offer<'o> {
    hole: &'o Hole,
    wanted: String,
    view: &'o StreamView,
    loaded: &'o Loaded,
}

impl Offer<'_> {
    fn choice(&self, group: ChoiceGroup, shown: &str, insert: String) -> Choice {
        let span = self.hole.span.clone();
        Choice { group, shown: shown.to_owned(), about: None, kind: None, value: String::new(), span, insert }
    }

    /// How well a name answers what was typed: the less the better.
    fn rank(&self, name: &str) -> Option<usize> {
        let name = name.to_lowercase();
        match name.find(&self.wanted) {
            Some(0) => Some(0),
            Some(_) => Some(1),
            None => None,
        }
    }

    fn fields(&self, names: &Names) -> Vec<Choice> {
        let mut found: Vec<(usize, &String)> =
            names.fields.iter().filter_map(|name| Some((self.rank(name)?, name))).collect();
        found.sort_by_key(|(rank, _)| *rank);
        let timeline = self.loaded.timeline.as_ref();
        let choice = |(_, name): (usize, &String)| {
            let value = self.view.cursor().map(|cursor| timeline.value_at(cursor, &key_path("", name)));
            let value = value.unwrap_or_default();
            let mut choice = self.choice(ChoiceGroup::Fields, name, spelled(name));
            choice.kind = kind_of(&value);
            choice.value = Value::json(&value).shown();
            if value.is_null() {
                choice.value.clear();
            }
            choice
        };
        found.into_iter().take(MOST_OF_A_GROUP).map(choice).collect()
    }

    fn functions(&self) -> Vec<Choice> {
        let known = FUNCTIONS.iter().filter(|help| help.about.is_some() && self.rank(help.name) == Some(0));
        let function = |help: &crate::expr::FunctionHelp| {
            let takes_name = help.takes.contains("(\"field") || help.takes.contains("(\"type");
            let insert = if takes_name { format!("{}(\"", help.name) } else { format!("{}(", help.name) };
            Choice { about: help.about, ..self.choice(ChoiceGroup::Functions, help.takes, insert) }
        };
        let mut all: Vec<Choice> = known.take(MOST_OF_A_GROUP).map(function).collect();
        for (name, about) in [("event", "name-event"), ("old", "name-old")] {
            if self.rank(name) == Some(0) {
                all.push(Choice {
                    about: Some(about),
                    ..self.choice(ChoiceGroup::Functions, &format!("{name}."), format!("{name}."))
                });
            }
        }
        all
    }

    fn event_parts(&self) -> Vec<Choice> {
        let parts = EventPart::ALL.iter().filter(|(name, _)| self.rank(name).is_some());
        parts.map(|(name, _)| self.choice(ChoiceGroup::EventParts, name, (*name).to_owned())).collect()
    }

    fn values(&self, values: &[(String, String, usize)]) -> Vec<Choice> {
        let fitting = values.iter().filter(|(shown, _, _)| self.rank(shown).is_some());
        let choice = |(shown, insert, count): &(String, String, usize)| Choice {
            value: format!("{}×", crate::engine::grouped(*count as u64)),
            ..self.choice(ChoiceGroup::Values, shown, insert.clone())
        };
        fitting.take(2 * MOST_OF_A_GROUP).map(choice).collect()
    }

    /// The values that a field was: as they are shown, as they are written, and how often it became each.
    fn values_of(&self, field: &str) -> Vec<(String, String, usize)> {
        let timeline = self.loaded.timeline.as_ref();
        let path = key_path("", field);
        let changes = timeline.changes_at(&path);
        let mut counts: BTreeMap<String, (String, usize)> = BTreeMap::new();
        let latest = changes.len().saturating_sub(CHANGES_LOOKED_AT);
        for index in changes.into_iter().skip(latest) {
            let value = timeline.value_at(index, &path);
            if let Some(written) = written(&value) {
                let shown = Value::json(&value).shown();
                counts.entry(shown).or_insert((written, 0)).1 += 1;
            }
        }
        sorted(counts.into_iter().map(|(shown, (written, count))| (shown, written, count)).collect())
    }

    fn values_of_event(&self, part: &str) -> Vec<(String, String, usize)> {
        let heads = self.loaded.timeline.heads();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        match part {
            "type" => {
                let counted = self.loaded.types.tally().between(0, heads.len());
                for (name, count) in self.loaded.types.names().iter().zip(counted) {
                    counts.insert(name.as_str(), count as usize);
                }
            }
            "actor" => {
                let latest = heads.len().saturating_sub(CHANGES_LOOKED_AT);
                for index in latest..heads.len() {
                    *counts.entry(self.loaded.actor(index)).or_default() += 1;
                }
            }
            _ => {}
        }
        let said = counts.into_iter().filter(|(name, _)| !name.is_empty());
        sorted(said.map(|(name, count)| (name.to_owned(), quoted(name), count)).collect())
    }
}

/// The most frequent first.
fn sorted(mut values: Vec<(String, String, usize)>) -> Vec<(String, String, usize)> {
    values.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    values
}

/// A value as an expression writes it.
fn written(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if Timestamp::parse_rfc3339(text).is_some() => Some(format!("timestamp({})", quoted(text))),
        Json::String(text) => Some(quoted(text)),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn kind_of(value: &Json) -> Option<Kind> {
    Some(match value {
        Json::Null => return None,
        Json::String(text) if Timestamp::parse_rfc3339(text).is_some() => Kind::Time,
        other => Value::json(other).kind(),
    })
}
