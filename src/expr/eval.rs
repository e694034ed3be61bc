//! What an expression is at a moment. A small tree is walked; nothing is bound before it is asked for.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;
use std::rc::Rc;

use super::functions::Function;
use super::node::{Called, Each, EachWhat, Node};
use super::numbers::reckon;
use super::run::{Doubt, DoubtKind, Stop};
use super::text_functions::{ahead, length_in, part_of_length, part_of_time, pattern};
use super::tree::Sign;
use super::value::{Kind, Value};
use super::{EventPart, MOST_STEPS, Moment};
use crate::event::Timestamp;

/// After so many steps is looked whether anybody still waits.
const STEPS_BETWEEN_LOOKS: u64 = 4_096;

/// Takes what it needs of the steps that are left.
pub(super) fn value<'m>(
    root: &'m Node,
    moment: &'m dyn Moment,
    stop: &dyn Fn() -> bool,
    left: &mut u64,
) -> Result<Value<'m>, Stop> {
    let mut run = Run { moment, stop, steps: 0, left: *left, look_at: STEPS_BETWEEN_LOOKS, variables: Vec::new() };
    let value = run.value(root);
    *left = left.saturating_sub(run.steps);
    value
}

struct Run<'m, 's> {
    moment: &'m dyn Moment,
    stop: &'s dyn Fn() -> bool,
    steps: u64,
    left: u64,
    /// When to look next.
    look_at: u64,
    variables: Vec<Value<'m>>,
}

type Valued<'m> = Result<Value<'m>, Stop>;

fn doubt<T>(kind: DoubtKind, span: &Range<usize>) -> Result<T, Stop> {
    Err(Stop::Unknown(Doubt { kind, span: span.clone() }))
}

impl<'m> Run<'m, '_> {
    fn step(&mut self, steps: u64) -> Result<(), Stop> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps < self.look_at {
            return Ok(());
        }
        self.look_at = self.steps + STEPS_BETWEEN_LOOKS;
        if self.steps > MOST_STEPS {
            return Err(Stop::TooManySteps);
        }
        if self.steps > self.left {
            return Err(Stop::TooManyStepsInAll);
        }
        if (self.stop)() { Err(Stop::Cancelled) } else { Ok(()) }
    }

    fn value(&mut self, node: &'m Node) -> Valued<'m> {
        self.step(1)?;
        match node {
            Node::Literal(literal) => Ok(literal.value()),
            Node::Variable(place) => Ok(self.variables.get(*place).cloned().unwrap_or(Value::Null)),
            Node::Field(which, name) => Ok(self.moment.field(*which, name)),
            Node::State(which) => {
                let fields = self.moment.fields(*which).into_iter();
                let fields: Rc<[_]> = fields.map(|(name, value)| (Value::text(name), value)).collect();
                self.step(fields.len() as u64)?;
                Ok(Value::Map(fields))
            }
            Node::Event(part) => Ok(self.moment.event(*part)),
            Node::Member(of, name) => {
                let of = self.value(of)?;
                self.step(of.weight() / 8)?;
                Ok(of.member(name).unwrap_or(Value::Null))
            }
            Node::Index(of, index, span) => self.index(of, index, span),
            Node::Has(of, name) => {
                let of = self.value(of)?;
                self.step(of.weight() / 8)?;
                Ok(Value::Bool(of.member(name).is_some()))
            }
            Node::List(items) => {
                let items: Vec<Value<'m>> = items.iter().map(|item| self.value(item)).collect::<Result<_, Stop>>()?;
                Ok(Value::List(items.into()))
            }
            Node::Map(entries) => {
                let mut made = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    made.push((self.value(key)?, self.value(value)?));
                }
                Ok(Value::Map(made.into()))
            }
            Node::Not(of, span) => Ok(Value::Bool(!self.truth(of, span)?)),
            Node::Negate(of, span) => self.negated(of, span),
            Node::Two(sign, sides, span) => self.two(*sign, sides, span),
            Node::All(parts) => self.joined(parts, false),
            Node::Any(parts) => self.joined(parts, true),
            Node::Choice(parts, span) => {
                let [asked, yes, no] = parts.as_ref();
                if self.truth(asked, span)? { self.value(yes) } else { self.value(no) }
            }
            Node::Call(function, called) => self.call(*function, called),
            Node::Matches(of, pattern, span) => match self.value(of)? {
                Value::Text(text) => {
                    self.step(text.len() as u64)?;
                    Ok(Value::Bool(pattern.is_match(&text)))
                }
                other => doubt(DoubtKind::Takes("matches", other.kind()), span),
            },
            Node::Each(each) => self.each(each),
        }
    }

    fn truth(&mut self, node: &'m Node, span: &Range<usize>) -> Result<bool, Stop> {
        match self.value(node)? {
            Value::Bool(is) => Ok(is),
            other => doubt(DoubtKind::NoCondition(other.kind()), span),
        }
    }

    /// All of them, or any: one that decides it does so whatever cannot be told of the others.
    fn joined(&mut self, parts: &'m [(Node, Range<usize>)], decides: bool) -> Valued<'m> {
        let mut unknown = None;
        for (part, span) in parts {
            match self.truth(part, span) {
                Ok(is) if is == decides => return Ok(Value::Bool(decides)),
                Ok(_) => {}
                Err(Stop::Unknown(doubt)) => drop(unknown.get_or_insert(doubt)),
                Err(over) => return Err(over),
            }
        }
        unknown.map_or(Ok(Value::Bool(!decides)), |doubt| Err(Stop::Unknown(doubt)))
    }

    fn negated(&mut self, of: &'m Node, span: &Range<usize>) -> Valued<'m> {
        match self.value(of)? {
            Value::Int(number) => match number.checked_neg() {
                Some(number) => Ok(Value::Int(number)),
                None => doubt(DoubtKind::TooLarge, span),
            },
            Value::Double(number) => Ok(Value::Double(-number)),
            Value::Length(micros) => Ok(Value::Length(micros.saturating_neg())),
            other => doubt(DoubtKind::Takes("-", other.kind()), span),
        }
    }

    fn index(&mut self, of: &'m Node, index: &'m Node, span: &Range<usize>) -> Valued<'m> {
        let (of, index) = (self.value(of)?, self.value(index)?);
        self.step(of.weight() / 8)?;
        match (&of, &index) {
            (Value::Null, _) => Ok(Value::Null),
            (_, Value::Text(key)) if of.kind() == Kind::Map => Ok(of.member(key).unwrap_or(Value::Null)),
            (Value::Map(entries), _) => {
                let mut steps = 0;
                let found = entries.iter().find(|(key, _)| key.equals(&index, &mut steps));
                let found = found.map_or(Value::Null, |(_, value)| value.clone());
                self.step(steps)?;
                Ok(found)
            }
            _ => {
                let place = match index {
                    Value::Int(place) => usize::try_from(place).ok(),
                    Value::Uint(place) => usize::try_from(place).ok(),
                    Value::Double(place) if place >= 0.0 && place.fract() == 0.0 => Some(place as usize),
                    _ => None,
                };
                match place.and_then(|place| of.item(place)) {
                    Some(item) => Ok(item),
                    None => doubt(DoubtKind::NoItem, span),
                }
            }
        }
    }

    fn two(&mut self, sign: Sign, sides: &'m [Node; 2], span: &Range<usize>) -> Valued<'m> {
        let [one, two] = sides;
        let (one, two) = (self.value(one)?, self.value(two)?);
        let order = |wanted: fn(Ordering) -> bool| match one.compare(&two) {
            Some(order) => Ok(Value::Bool(wanted(order))),
            // A broken number that is none has no order either; so says CEL.
            None if one.number().is_some() && two.number().is_some() => Ok(Value::Bool(false)),
            None => doubt(DoubtKind::Compare(one.kind(), two.kind()), span),
        };
        match sign {
            Sign::Equal | Sign::Unequal => {
                let mut steps = 0;
                let is_equal = one.equals(&two, &mut steps);
                self.step(steps)?;
                Ok(Value::Bool(is_equal == (sign == Sign::Equal)))
            }
            Sign::Less => order(Ordering::is_lt),
            Sign::AtMost => order(Ordering::is_le),
            Sign::Greater => order(Ordering::is_gt),
            Sign::AtLeast => order(Ordering::is_ge),
            Sign::In => self.is_in(&one, &two, span),
            _ => self.reckoned(sign, &one, &two, span),
        }
    }

    fn is_in(&mut self, one: &Value<'m>, two: &Value<'m>, span: &Range<usize>) -> Valued<'m> {
        self.step(two.weight())?;
        let mut steps = 0;
        let is_in = if let Some(items) = two.items() {
            items.iter().any(|item| one.equals(item, &mut steps))
        } else if let Some(entries) = two.entries() {
            entries.iter().any(|(key, _)| one.equals(key, &mut steps))
        } else {
            return doubt(DoubtKind::Takes("in", two.kind()), span);
        };
        self.step(steps)?;
        Ok(Value::Bool(is_in))
    }

    fn reckoned(&mut self, sign: Sign, one: &Value<'m>, two: &Value<'m>, span: &Range<usize>) -> Valued<'m> {
        if let Some(made) = reckon(sign, one, two) {
            return made.or_else(|kind| doubt(kind, span));
        }
        match (sign, one, two) {
            (Sign::Plus, Value::Text(one), Value::Text(two)) => {
                self.step((one.len() + two.len()) as u64)?;
                Ok(Value::Text(Cow::Owned([one.as_ref(), two.as_ref()].concat())))
            }
            (Sign::Plus, Value::Time(at), Value::Length(by)) | (Sign::Plus, Value::Length(by), Value::Time(at)) => {
                Ok(Value::Time(at.plus_micros(*by)))
            }
            (Sign::Minus, Value::Time(at), Value::Length(by)) => Ok(Value::Time(at.plus_micros(by.saturating_neg()))),
            (Sign::Plus, Value::Length(one), Value::Length(two)) => Ok(Value::Length(one.saturating_add(*two))),
            (Sign::Minus, Value::Length(one), Value::Length(two)) => Ok(Value::Length(one.saturating_sub(*two))),
            (Sign::Minus, Value::Time(_), _) | (Sign::Minus, _, Value::Time(_)) => match (one.time(), two.time()) {
                (Some(later), Some(earlier)) => Ok(Value::Length(later.micros_since(earlier))),
                _ => doubt(DoubtKind::Reckon(one.kind(), two.kind()), span),
            },
            (Sign::Plus, ..) if one.kind() == Kind::List && two.kind() == Kind::List => {
                self.step(one.weight() + two.weight())?;
                let items = one.items().into_iter().chain(two.items()).flatten().collect();
                Ok(Value::List(items))
            }
            _ => doubt(DoubtKind::Reckon(one.kind(), two.kind()), span),
        }
    }

    fn each(&mut self, each: &'m Each) -> Valued<'m> {
        let of = self.value(&each.of)?;
        self.step(of.weight())?;
        let items = match of.items() {
            Some(items) => items,
            None => match of.entries() {
                Some(entries) => entries.into_iter().map(|(key, _)| key).collect(),
                None => return doubt(DoubtKind::Takes("all, exists, map and filter", of.kind()), &each.span),
            },
        };
        let (mut made, mut count, mut unknown) = (Vec::new(), 0_u64, None);
        for item in items {
            self.variables.push(item);
            let outcome = self.once(each, &mut made);
            self.variables.pop();
            match outcome {
                Ok(is) => {
                    count += u64::from(is);
                    match each.what {
                        EachWhat::All if !is => return Ok(Value::Bool(false)),
                        EachWhat::Exists if is => return Ok(Value::Bool(true)),
                        _ => {}
                    }
                }
                // One item that decides it does so whatever cannot be told of the others.
                Err(Stop::Unknown(doubt)) if matches!(each.what, EachWhat::All | EachWhat::Exists) => {
                    unknown.get_or_insert(doubt);
                }
                Err(over) => return Err(over),
            }
        }
        if let Some(doubt) = unknown {
            return Err(Stop::Unknown(doubt));
        }
        Ok(match each.what {
            EachWhat::All => Value::Bool(true),
            EachWhat::Exists => Value::Bool(false),
            EachWhat::ExistsOne => Value::Bool(count == 1),
            EachWhat::Map | EachWhat::Filter => Value::List(made.into()),
        })
    }

    /// Looks at one item; what is made of it is added.
    fn once(&mut self, each: &'m Each, made: &mut Vec<Value<'m>>) -> Result<bool, Stop> {
        if let Some(only) = &each.only
            && !self.truth(only, &each.span)?
        {
            return Ok(false);
        }
        if each.what == EachWhat::Map {
            made.push(self.value(&each.body)?);
            return Ok(true);
        }
        let is = self.truth(&each.body, &each.span)?;
        if is && each.what == EachWhat::Filter {
            made.extend(self.variables.last().cloned());
        }
        Ok(is)
    }

    fn call(&mut self, function: Function, called: &'m Called) -> Valued<'m> {
        let Called { given, span } = called;
        let mut values = given.iter().map(|node| self.value(node)).collect::<Result<Vec<_>, Stop>>()?.into_iter();
        let (first, second) = (values.next().unwrap_or(Value::Null), values.next());
        let kind = first.kind();
        let refused = || doubt(DoubtKind::Takes(function.name(), kind), span);
        match function {
            Function::Changed | Function::Replaced | Function::Count => {
                let Value::Text(text) = &first else { return refused() };
                Ok(match function {
                    Function::Changed => Value::Bool(self.moment.changed(text)),
                    Function::Replaced => Value::Bool(self.moment.changed(text) && self.moment.had(text)),
                    _ => Value::Int(i64::try_from(self.moment.count(text)).unwrap_or(i64::MAX)),
                })
            }
            Function::Age => match (self.moment.event(EventPart::RecordedAt).time(), first.time()) {
                (Some(at), Some(from)) => Ok(Value::Length(at.micros_since(from))),
                _ => refused(),
            },
            Function::Contains | Function::StartsWith | Function::EndsWith | Function::Matches => {
                let (Value::Text(text), Some(Value::Text(part))) = (&first, &second) else {
                    let other = second.as_ref().map_or(kind, Value::kind);
                    let wrong = if matches!(first, Value::Text(_)) { other } else { kind };
                    return doubt(DoubtKind::Takes(function.name(), wrong), span);
                };
                self.step((text.len() + part.len()) as u64 / 16)?;
                Ok(Value::Bool(match function {
                    Function::Contains => text.contains(part.as_ref()),
                    Function::StartsWith => text.starts_with(part.as_ref()),
                    Function::EndsWith => text.ends_with(part.as_ref()),
                    _ => {
                        self.step(1_000 + (text.len() + part.len()) as u64)?;
                        let Some(pattern) = pattern(part) else { return refused() };
                        pattern.is_match(text)
                    }
                }))
            }
            Function::Size => {
                self.step(first.weight())?;
                first.len().map_or_else(refused, |len| Ok(Value::Int(len as i64)))
            }
            Function::Type => Ok(Value::Kind(kind)),
            Function::Dyn => Ok(first),
            Function::Timestamp
            | Function::Duration
            | Function::Int
            | Function::Uint
            | Function::Double
            | Function::String
            | Function::Bool => {
                let is_number = first.number().is_some();
                let made = converted(function, first);
                made.map_or_else(|| if is_number { doubt(DoubtKind::TooLarge, span) } else { refused() }, Ok)
            }
            _ => {
                let ahead = match &second {
                    None => Some(0),
                    Some(Value::Text(zone)) => ahead(zone),
                    Some(_) => None,
                };
                if let (None, Some(Value::Text(zone)), Some(_)) = (ahead, &second, first.time()) {
                    return doubt(DoubtKind::Zone(zone.to_string()), span);
                }
                let part = match (&first, ahead) {
                    (Value::Length(micros), _) => part_of_length(function, *micros),
                    (other, Some(ahead)) => other.time().and_then(|at| part_of_time(function, at, ahead)),
                    _ => None,
                };
                part.map_or_else(refused, |part| Ok(Value::Int(part)))
            }
        }
    }
}

fn converted(function: Function, value: Value<'_>) -> Option<Value<'_>> {
    match (function, &value) {
        (Function::Int, Value::Int(_))
        | (Function::Uint, Value::Uint(_))
        | (Function::Double, Value::Double(_))
        | (Function::Bool, Value::Bool(_))
        | (Function::Timestamp, Value::Time(_))
        | (Function::Duration, Value::Length(_))
        | (Function::String, Value::Text(_)) => Some(value),
        (Function::Int, Value::Uint(number)) => i64::try_from(*number).ok().map(Value::Int),
        (Function::Int, Value::Double(number)) => (number.abs() < 9.2e18).then_some(Value::Int(number.trunc() as i64)),
        (Function::Int, Value::Text(text)) => text.parse().ok().map(Value::Int),
        (Function::Int, Value::Time(at)) => Some(Value::Int(at.micros().div_euclid(1_000_000))),
        (Function::Uint, Value::Int(number)) => u64::try_from(*number).ok().map(Value::Uint),
        (Function::Uint, Value::Double(number)) => {
            (0.0..1.8e19).contains(number).then_some(Value::Uint(number.trunc() as u64))
        }
        (Function::Uint, Value::Text(text)) => text.parse().ok().map(Value::Uint),
        (Function::Double, Value::Int(number)) => Some(Value::Double(*number as f64)),
        (Function::Double, Value::Uint(number)) => Some(Value::Double(*number as f64)),
        (Function::Double, Value::Text(text)) => text.parse().ok().map(Value::Double),
        (Function::Bool, Value::Text(text)) => match text.as_ref() {
            "true" | "True" | "TRUE" | "t" | "1" => Some(Value::Bool(true)),
            "false" | "False" | "FALSE" | "f" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        (Function::Timestamp, Value::Text(text)) => Timestamp::parse_lenient(text).map(Value::Time),
        (Function::Timestamp, Value::Int(seconds)) => {
            Some(Value::Time(Timestamp::from_micros(seconds.checked_mul(1_000_000)?)))
        }
        (Function::Duration, Value::Text(text)) => length_in(text).map(Value::Length),
        (
            Function::String,
            Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Time(_) | Value::Length(_),
        ) => Some(Value::Text(Cow::Owned(match &value {
            // 2.0 as CEL prints it.
            Value::Double(number) => number.to_string(),
            other => other.shown(),
        }))),
        _ => None,
    }
}
