use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use imbl::{OrdMap, Vector};
use memchr::{memchr2_iter, memmem};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::cells::{Cell, RawJson, report_text_changes};
use super::path::size_path;
use super::{Folded, Problem, Projection, Registrar, SMALL_STATE, key_path};
use crate::domain::Flaw;
use crate::event::json_text::leaf_count;
use crate::event::plain_json::{PlainMember, plain_members};
use crate::event::{EventRow, Head, json_value};

pub(super) fn register(registrar: &mut impl Registrar) {
    registrar.add(FieldsProjection);
}

/// `fields`: for any domain. Each payload's top-level fields replace those of the same name.
#[derive(Clone, Copy, Debug)]
pub struct FieldsProjection;

/// The fields in the order in which each first appeared. Persistent, so that a state of thousands of fields costs a
/// checkpoint nothing; a value stays the text that its event gave it.
#[derive(Clone, Debug, Default)]
pub struct FieldsState {
    fields: Vector<Field>,
    places: OrdMap<Arc<str>, usize>,
}

/// Which of the fields that some payload set.
#[derive(Clone, Debug)]
struct Field {
    set: Arc<Setting>,
    slot: u32,
}

/// What one payload sets.
#[derive(Clone, Debug)]
pub enum FieldsEvent {
    Set(Arc<Setting>),
    Unreadable(Flaw),
}

/// A payload's text, and where in it the names and values of its fields stand. Nothing of it is parsed further
/// before somebody looks.
#[derive(Debug)]
pub struct Setting {
    text: Box<str>,
    slots: Box<[Slot]>,
}

#[derive(Clone, Debug)]
struct Slot {
    name: Range<u32>,
    value: Range<u32>,
    /// How many values it holds that hold no further ones.
    leaves: u32,
}

impl Setting {
    fn part(&self, range: &Range<u32>) -> &str {
        self.text.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    fn fields(&self) -> impl Iterator<Item = (u32, &str, &str)> {
        (0..).zip(&self.slots).map(|(number, slot)| (number, self.part(&slot.name), self.part(&slot.value)))
    }
}

impl Field {
    fn name(&self) -> &str {
        self.set.slots.get(self.slot as usize).map_or("", |slot| self.set.part(&slot.name))
    }

    fn text(&self) -> &str {
        self.set.slots.get(self.slot as usize).map_or(NULL, |slot| self.set.part(&slot.value))
    }

    fn cell(&self) -> Cell<'_> {
        let leaves = self.set.slots.get(self.slot as usize).map_or(1, |slot| slot.leaves as usize);
        Cell::Raw(RawJson { text: self.text(), leaves })
    }
}

const NULL: &str = "null";

impl FieldsState {
    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(*self.places.get(name)?)
    }

    fn text(&self, name: &str) -> &str {
        self.field(name).map_or(NULL, Field::text)
    }

    /// Sets what the payload sets, and says for each field what its value was and what it is now.
    fn set(&mut self, set: &Arc<Setting>, mut changed: impl FnMut(&str, &str, &str)) {
        // Most events name their fields in the order of those before them: the next one is where it is looked for first.
        let mut next = 0;
        for (slot, name, value) in set.fields() {
            let field = || Field { set: Arc::clone(set), slot };
            let known = match self.fields.get(next).filter(|known| known.name() == name) {
                Some(known) => Some((next, known)),
                None => self.places.get(name).and_then(|place| Some((*place, self.fields.get(*place)?))),
            };
            match known {
                Some((place, known)) => {
                    next = place + 1;
                    if known.text() != value {
                        changed(name, known.text(), value);
                        self.fields.set(place, field());
                    }
                }
                None => {
                    changed(name, NULL, value);
                    self.places.insert(name.into(), self.fields.len());
                    self.fields.push_back(field());
                    next = self.fields.len();
                }
            }
        }
    }
}

impl Projection for FieldsProjection {
    type Event = FieldsEvent;
    type State = FieldsState;

    fn name(&self) -> &'static str {
        "fields"
    }

    fn revision(&self) -> u32 {
        2
    }

    fn decode(&self, row: &EventRow<'_>) -> FieldsEvent {
        decode(&row.body()).unwrap_or_else(FieldsEvent::Unreadable)
    }

    fn apply(&self, state: &mut FieldsState, event: &FieldsEvent, head: &Head, problems: &mut Vec<Problem>) -> Folded {
        match event {
            FieldsEvent::Set(set) => state.set(set, |_, _, _| {}),
            FieldsEvent::Unreadable(flaw) => {
                problems.push(Problem::Payload { event_type: head.event_type.clone(), flaw: flaw.clone() });
            }
        }
        Ok(())
    }

    fn is_small(&self, state: &FieldsState) -> bool {
        let mut bytes = 0;
        state.fields.iter().all(|field| {
            bytes += size_of::<Field>() + field.name().len() + field.text().len();
            bytes <= SMALL_STATE
        })
    }

    fn cells<'s>(&self, state: &'s FieldsState, visit: &mut dyn FnMut(&'s str, Cell<'s>)) {
        for field in &state.fields {
            visit(field.name(), field.cell());
        }
    }

    fn cell_at<'s>(&self, state: &'s FieldsState, place: usize) -> Option<(&'s str, Cell<'s>)> {
        let field = state.fields.get(place)?;
        Some((field.name(), field.cell()))
    }

    fn cell<'s>(&self, state: &'s FieldsState, name: &str) -> Option<Cell<'s>> {
        state.field(name).map(Field::cell)
    }

    /// Only what the payload names can have changed.
    fn changes(&self, before: &FieldsState, event: &FieldsEvent, after: &FieldsState, report: &mut dyn FnMut(&str)) {
        let FieldsEvent::Set(set) = event else { return };
        for (_, name, _) in set.fields() {
            report_field(name, before.text(name), after.text(name), report);
        }
    }

    /// Without the state from before: to keep it would copy a part of the state for every event.
    fn fold_and_report(
        &self,
        state: &mut FieldsState,
        event: &FieldsEvent,
        head: &Head,
        problems: &mut Vec<Problem>,
        report: &mut dyn FnMut(&str),
    ) {
        match event {
            FieldsEvent::Set(set) => state.set(set, |name, was, is| report_field(name, was, is, report)),
            FieldsEvent::Unreadable(_) => self.fold(state, event, head, problems),
        }
    }
}

fn report_field(name: &str, was: &str, is: &str, report: &mut dyn FnMut(&str)) {
    let is_plain_word =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let path = if is_plain_word { Cow::Borrowed(name) } else { key_path("", name).into() };
    let mut is_reported = false;
    report_text_changes(&path, was, is, &mut |path| {
        is_reported = true;
        report(path);
    });
    if !is_reported {
        report(&size_path(&path));
    }
}

/// Takes a payload apart, no deeper than its own fields.
fn decode(body: &[u8]) -> Result<FieldsEvent, Flaw> {
    if let Some(set) = plain_setting(body) {
        return Ok(FieldsEvent::Set(set));
    }
    let is_sound = u32::try_from(body.len()).is_ok_and(|length| length < u32::MAX / 2) && !may_hide_a_flaw(body);
    let text = match std::str::from_utf8(body) {
        Ok(text) if is_sound => text,
        other => {
            // The parser says in its own words what is wrong and where.
            json_value(body).map_err(|error| Flaw::not_json(&error))?;
            other.map_err(|error| Flaw::not_json(&error))?
        }
    };
    if !text.trim_ascii_start().starts_with('{') {
        return match json_value(text.as_bytes()) {
            Ok(Value::Null) => Ok(FieldsEvent::Set(setting("", Vec::new()))),
            Ok(_) => Err(Flaw::NotAnObject),
            Err(error) => Err(Flaw::not_json(&error)),
        };
    }
    let RawFields(fields) = serde_json::from_str(text).map_err(|error| Flaw::not_json(&error))?;
    Ok(FieldsEvent::Set(setting(text, fields)))
}

/// What a payload of usual size sets that is written as nearly all are.
fn plain_setting(body: &[u8]) -> Option<Arc<Setting>> {
    const MOST: usize = 32;
    u32::try_from(body.len()).ok()?;
    let text = std::str::from_utf8(body).ok()?;
    let (mut slots, mut count) = ([const { Slot { name: 0..0, value: 0..0, leaves: 0 } }; MOST], 0);
    plain_members(text, |PlainMember { name, value, leaves }| {
        let slot = |range: Range<usize>| range.start as u32..range.end as u32;
        let known = slots.iter_mut().take(count).find(|known| {
            let known = known.name.start as usize..known.name.end as usize;
            known.len() == name.len() && text.get(known) == text.get(name.clone())
        });
        // The value that was written last counts.
        if let Some(known) = known {
            (known.value, known.leaves) = (slot(value), leaves);
            return Some(());
        }
        *slots.get_mut(count)? = Slot { name: slot(name), value: slot(value), leaves };
        count += 1;
        Some(())
    })?;
    Some(Arc::new(Setting { text: text.into(), slots: slots.get(..count)?.into() }))
}

fn setting(text: &str, fields: Vec<(Cow<'_, str>, &str)>) -> Arc<Setting> {
    let place = |part: &str| {
        let start = (part.as_ptr() as usize - text.as_ptr() as usize) as u32;
        start..start + part.len() as u32
    };
    // Names that are written with escapes stand behind the text as they are read.
    let mut names = String::new();
    let slots = fields.into_iter().map(|(name, value)| {
        let name = match name {
            Cow::Borrowed(name) => place(name),
            Cow::Owned(name) => {
                let start = (text.len() + names.len()) as u32;
                names.push_str(&name);
                start..start + name.len() as u32
            }
        };
        let is_container = value.starts_with(['{', '[']);
        let leaves = if is_container { leaf_count(value.as_bytes()) as u32 } else { 1 };
        Slot { name, value: place(value), leaves }
    });
    let slots = slots.collect();
    let text = if names.is_empty() { text.into() } else { [text, &names].concat().into() };
    Arc::new(Setting { text, slots })
}

/// More containers than these may be nested deeper than a value is read.
const CONTAINERS_UNDOUBTED: usize = 100;

/// Whether there may be in the text what is passed over when it is taken apart, and refused when a value is read:
/// half a letter in an escape, or nesting without end.
fn may_hide_a_flaw(text: &[u8]) -> bool {
    static ESCAPE: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"\\u"));
    let is_surrogate = |at: usize| matches!(text.get(at + 2..), Some([b'd' | b'D', second, ..]) if second.is_ascii_hexdigit() && !matches!(second, b'0'..=b'7'));
    memchr2_iter(b'{', b'[', text).nth(CONTAINERS_UNDOUBTED).is_some() || ESCAPE.find_iter(text).any(is_surrogate)
}

/// The fields of an object, each name once, with the value that was written last.
struct RawFields<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawFields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RawFieldsVisitor).map(RawFields)
    }
}

struct RawFieldsVisitor;

impl<'de> Visitor<'de> for RawFieldsVisitor {
    type Value = Vec<(Cow<'de, str>, &'de str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        /// So many names are compared with each other; more are looked up.
        const FEW: usize = 16;
        let mut fields: Self::Value = Vec::with_capacity(8);
        let mut places: HashMap<Cow<'de, str>, usize> = HashMap::new();
        while let Some(Name(name)) = map.next_key()? {
            let value = map.next_value::<&'de RawValue>()?.get();
            let known = if fields.len() <= FEW {
                fields.iter().position(|(known, _)| *known == name)
            } else {
                if places.is_empty() {
                    places.extend(fields.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)));
                }
                places.get(&name).copied()
            };
            match known.and_then(|place| fields.get_mut(place)) {
                Some(field) => field.1 = value,
                None => {
                    if fields.len() > FEW {
                        places.insert(name.clone(), fields.len());
                    }
                    fields.push((name, value));
                }
            }
        }
        Ok(fields)
    }
}

/// A key, borrowed from the text where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(name))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }

        deserializer.deserialize_str(NameVisitor).map(Name)
    }
}

/// As a list of names and values: their order is a part of the state.
impl Serialize for FieldsState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.fields.len()))?;
        for field in &self.fields {
            let value: &RawValue = serde_json::from_str(field.text()).map_err(serde::ser::Error::custom)?;
            list.serialize_element(&(field.name(), value))?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for FieldsState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Vec::<(String, Box<RawValue>)>::deserialize(deserializer)?;
        let mut text = String::new();
        for (_, value) in &fields {
            text.push_str(value.get());
        }
        let mut rest = text.as_str();
        let parts = fields.iter().map(|(name, value)| {
            let (value, behind) = rest.split_at(value.get().len());
            rest = behind;
            (Cow::Owned(name.clone()), value)
        });
        let parts = parts.collect();
        let mut state = Self::default();
        state.set(&setting(&text, parts), |_, _, _| {});
        Ok(state)
    }
}
