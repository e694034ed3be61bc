//! Conditions on single events, and on the states before and after them.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;

use super::super::as_of::{MOST_CATEGORIES, aggregate_of};
use super::super::ticket::lock;
use super::super::{EngineError, SpokenWords, describe, load_timeline, stopped};
use super::{Search, Wanted};
use crate::event::{EventRow, Metadata, StreamId, Version, body_of, json_value};
use crate::expr::{EventPart, Expression, Flaw, Moment, Names, Reading, Value, Which, quoted};
use crate::replay::registry;
use crate::store::{Flow, Store};

/// Whether a condition holds that asks for nothing but the event; `None` where it asks for more. What takes too many
/// steps does not hold.
pub(super) fn holds_of_row(expression: &Expression, row: &EventRow<'_>) -> Option<bool> {
    if expression.uses().are_of_stream() {
        return None;
    }
    let moment = RowMoment { row, said: OnceCell::new(), payload: OnceCell::new() };
    Some(matches!(expression.holds(&moment, &|| false), Ok(Reading::True)))
}

/// An event as it is read, and nothing of its stream.
struct RowMoment<'r> {
    row: &'r EventRow<'r>,
    said: OnceCell<Metadata>,
    payload: OnceCell<Rc<Json>>,
}

impl RowMoment<'_> {
    fn said(&self, which: fn(&Metadata) -> Option<&String>) -> Value<'_> {
        let said = which(self.said.get_or_init(|| Metadata::parse(self.row.metadata)));
        said.filter(|said| !said.is_empty()).map_or(Value::Null, |said| Value::text(said))
    }
}

impl Moment for RowMoment<'_> {
    fn field(&self, _: Which, _: &str) -> Value<'_> {
        Value::Null
    }

    fn fields(&self, _: Which) -> Vec<(&str, Value<'_>)> {
        Vec::new()
    }

    fn event(&self, part: EventPart) -> Value<'_> {
        let row = self.row;
        match part {
            EventPart::Type => Value::text(row.event_type.as_str()),
            EventPart::Version => Value::Int(i64::try_from(row.version.0).unwrap_or(i64::MAX)),
            EventPart::RecordedAt => row.recorded_at.map_or(Value::Null, Value::Time),
            EventPart::Id => Value::Text(row.id.to_string().into()),
            EventPart::Actor => self.said(|said| said.actor.as_ref()),
            EventPart::Reason => self.said(|said| said.reason.as_ref()),
            EventPart::Payload => Value::shared(self.payload.get_or_init(|| {
                let body = body_of(row.event_type.as_str(), row.payload);
                Rc::new(json_value(&body).unwrap_or_default())
            })),
        }
    }

    fn changed(&self, _: &str) -> bool {
        false
    }

    fn had(&self, _: &str) -> bool {
        false
    }

    fn count(&self, _: &str) -> u64 {
        0
    }
}

/// What the streams of a store have for fields, each under the projection that it is shown under first.
fn names_in(reader: &dyn Store) -> Result<Names, EngineError> {
    let mut names = Names { are_of_events: true, ..Names::default() };
    let categories = reader.categories()?;
    // Where a store has no stream yet, or many kinds of them, nobody knows.
    names.is_open = categories.is_empty() || categories.len() > MOST_CATEGORIES;
    for (category, _) in categories.iter().take(MOST_CATEGORIES) {
        let Some(aggregate) = aggregate_of(reader, category)? else { continue };
        let Names { fields, is_open, differ, .. } = registry().first(aggregate).names();
        (names.is_open, names.differ) = (names.is_open || is_open, names.differ || differ);
        names.fields.extend(fields);
    }
    names.differ |= categories.len() > 1;
    names.fields.sort_unstable();
    names.fields.dedup();
    Ok(names)
}

/// Conditions for which a stream is folded, and how they were in the streams that were asked for.
pub(super) struct StateConditions {
    all: Vec<(Expression, bool)>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    streams: HashMap<StreamId, Arc<Held>>,
    /// How many turns are kept.
    turns: usize,
}

/// So many turns are kept of the streams that were met last: some ten megabytes.
const MOST_TURNS: usize = 1 << 19;

/// Up to which version a stream was folded, and from which version on all of it held or did not.
struct Held {
    to: Option<Version>,
    turns: Vec<(Version, bool)>,
}

impl Held {
    fn at(&self, version: Version) -> bool {
        let place = self.turns.partition_point(|(from, _)| *from <= version);
        place.checked_sub(1).and_then(|place| self.turns.get(place)).is_some_and(|(_, is)| *is)
    }
}

/// The term with the field that may have been meant, given as a condition writes it. `None` where several fields were
/// asked for, or where it would have to be written in another way.
fn nearly(is_denied: bool, function: &str, fields: &[String], near: &str) -> Option<String> {
    let near: String = serde_json::from_str(near).ok()?;
    let is_plain = near.chars().all(|letter| letter.is_alphanumeric() || "-_.".contains(letter));
    let denial = if is_denied { "-" } else { "" };
    (fields.len() == 1 && is_plain).then(|| format!("{denial}{function}:{near}"))
}

impl StateConditions {
    /// What of a search asks for states, once it is known that their fields are there. `None` where nothing does.
    pub(super) fn of(search: &Search, reader: &dyn Store) -> Result<Option<Self>, EngineError> {
        let asked = search.terms.iter().filter(|term| match &term.wanted {
            Wanted::Changed(_) | Wanted::Replaced(_) => true,
            Wanted::Condition(condition) => condition.expression.uses().are_of_stream(),
            _ => false,
        });
        let asked: Vec<_> = asked.collect();
        if asked.is_empty() {
            return Ok(None);
        }
        let names = names_in(reader)?;
        let mut all = Vec::new();
        for term in asked {
            let read = match &term.wanted {
                Wanted::Condition(condition) => Expression::new(condition.expression.text(), &names).map_err(|flaw| {
                    let span = condition.begins + flaw.span.start..condition.begins + flaw.span.end;
                    Flaw { span, ..flaw }
                }),
                Wanted::Changed(fields) | Wanted::Replaced(fields) => {
                    let function = if matches!(term.wanted, Wanted::Changed(_)) { "changed" } else { "replaced" };
                    let asked = |field: &String| format!("{function}({})", quoted(field));
                    let parts: Vec<String> = fields.iter().map(asked).collect();
                    let of_term = |flaw: Flaw| {
                        let instead =
                            flaw.instead.as_deref().and_then(|near| nearly(term.is_denied, function, fields, near));
                        Flaw { span: term.range.clone(), instead, ..flaw }
                    };
                    Expression::new(&parts.join(" || "), &names).map_err(of_term)
                }
                _ => continue,
            };
            all.push((read?, term.is_denied));
        }
        Ok(Some(Self { all, known: Mutex::default() }))
    }

    /// Whether they hold at a version of a stream.
    pub(super) fn hold(
        &self,
        reader: &dyn Store,
        stream: &StreamId,
        version: Version,
        stop: &dyn Fn() -> bool,
    ) -> Result<bool, EngineError> {
        let is_known = |held: &&Arc<Held>| held.to.is_some_and(|to| version <= to);
        let known = lock(&self.known).streams.get(stream).filter(is_known).cloned();
        if let Some(held) = known {
            return Ok(held.at(version));
        }
        let held = Arc::new(self.held_in(reader, stream, stop)?);
        let is_so = held.at(version);
        let mut known = lock(&self.known);
        if known.turns > MOST_TURNS {
            *known = Known::default();
        }
        known.turns += held.turns.len() + 1;
        known.streams.insert(stream.clone(), held);
        Ok(is_so)
    }

    fn held_in(&self, reader: &dyn Store, stream: &StreamId, stop: &dyn Fn() -> bool) -> Result<Held, EngineError> {
        let described = describe(reader, stream)?;
        let projection = registry().first(described.aggregate);
        let wants = |of: fn(&Expression) -> bool| self.all.iter().any(|(expression, _)| of(expression));
        let (author, payload) = (wants(|one| one.uses().author), wants(|one| one.uses().payload));
        let mut spoken = SpokenWords::wanting(author, payload);
        let progress = &mut |_| if stop() { Flow::Break(()) } else { Flow::Continue(()) };
        let timeline = load_timeline(reader, &described, &projection, &mut |row| spoken.push(row), progress)?;
        let heads = timeline.heads();
        let mut all = vec![true; heads.len()];
        for (expression, is_denied) in &self.all {
            // What was told of an event lasts until something else is.
            let (mut last, mut from) = (false, 0);
            let mut note = |all: &mut [bool], to: usize, is: bool| {
                for holds in all.get_mut(from..to).unwrap_or_default() {
                    *holds &= last != *is_denied;
                }
                (last, from) = (is, to);
            };
            let read = timeline.read_along(expression, 0..heads.len(), &spoken, stop, &mut |index, value| {
                note(&mut all, index, expression.reading(value) == Reading::True);
            });
            read.map_err(|over| stopped(&over, expression))?;
            note(&mut all, heads.len(), false);
        }
        let mut turns: Vec<(Version, bool)> = Vec::new();
        for (head, is) in heads.iter().zip(all) {
            if turns.last().is_none_or(|(_, before)| *before != is) {
                turns.push((head.version, is));
            }
        }
        Ok(Held { to: heads.last().map(|head| head.version), turns })
    }
}
