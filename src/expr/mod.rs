//! Conditions over an event and the state that it led to, written in CEL: `status == "CLOSED" && contacts > 2`. Pure: what
//! a name stands for, somebody else hands in as a [`Moment`].
//!
//! A condition is read once, and every wrong word of it is told with its place. What is absent at a moment is null, and
//! what then cannot be told (null > 2) is no error: it is unknown there.

mod check;
mod eval;
mod flaw;
mod functions;
mod node;
mod numbers;
mod run;
mod text_functions;
mod tree;
mod value;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use check::{quoted, spelled};
pub use flaw::{Flaw, FlawKind};
pub use functions::{FUNCTIONS, Function, FunctionHelp};
use node::Node;
pub use node::{EventPart, Which};
pub use run::{Doubt, DoubtKind, Reading, Stop};
pub use value::{Kind, Many, Value};
pub use words::{Hole, hole_at};

/// A longer text is none that anybody typed.
pub const LONGEST: usize = 4_000;

/// Deeper than this, nobody nests.
pub const DEEPEST: u16 = 48;

/// So many steps one reading may take: some tens of milliseconds.
pub const MOST_STEPS: u64 = 1_000_000;

/// So many steps a reading of all streams may take, and so many more for each event that was looked at: some seconds, and
/// more than a condition takes that looks at a state and not at all that is in it.
pub const MOST_STEPS_OF_ALL: u64 = 100_000_000;
pub const MORE_STEPS_AN_EVENT: u64 = 250;

/// What the names of an expression may stand for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The fields of the state.
    pub fields: Vec<String>,
    /// There may be more fields than are known: a name that is none of them is no error.
    pub is_open: bool,
    /// Other states of the kind have fields that this one has not: whether it has such a one is asked with reason.
    pub differ: bool,
    /// Single events are looked for: `payload` alone is what the event says, unless a field is called so.
    pub are_of_events: bool,
}

/// What an expression is read at: an event, and the states before and after it.
pub trait Moment {
    /// A field of the state; null where there is none.
    fn field(&self, which: Which, name: &str) -> Value<'_>;

    /// Every field of the state.
    fn fields(&self, which: Which) -> Vec<(&str, Value<'_>)>;

    /// What is known of the event.
    fn event(&self, part: EventPart) -> Value<'_>;

    /// Whether the event changed what stands at this path of the state.
    fn changed(&self, path: &str) -> bool;

    /// Whether something stood at this path before the event.
    fn had(&self, path: &str) -> bool;

    /// How many events of this type there are, up to this one and with it.
    fn count(&self, event_type: &str) -> u64;
}

/// An expression that was found sound. Clones are of the same.
#[derive(Clone, Debug)]
pub struct Expression(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    text: String,
    root: Node,
    uses: Uses,
}

/// What an expression looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is asked by itself")]
pub struct Uses {
    /// These fields of the state after the event.
    pub fields: BTreeSet<String>,
    /// What each event brings anew: its own parts, what it changed, how many came before, the state before it, or
    /// fields that only show while it is read.
    pub is_of_event: bool,
    /// The state before the event.
    pub old: bool,
    /// A state as a whole.
    pub whole: bool,
    /// Who recorded the event, or why.
    pub author: bool,
    pub payload: bool,
    /// It asks what the event changed.
    pub changes: bool,
    /// It counts events.
    pub counts: bool,
    /// What is of this one event alone: its type, who recorded it, what it says or changed.
    pub moment: bool,
    /// What lasts from one event to the next.
    pub lasting: bool,
}

impl Expression {
    /// Reads an expression, of which the names are known.
    pub fn new(text: &str, names: &Names) -> Result<Self, Flaw> {
        if text.len() > LONGEST {
            return Err(Flaw::new(FlawKind::TooLong, LONGEST..text.len()));
        }
        let tree = tree::parse(text)?;
        let (root, uses) = check::check(&tree, names)?;
        Ok(Self(Arc::new(Compiled { text: text.to_owned(), root, uses })))
    }

    pub fn text(&self) -> &str {
        &self.0.text
    }

    pub fn uses(&self) -> &Uses {
        &self.0.uses
    }

    /// A single field of the state, and nothing asked of it.
    pub fn field(&self) -> Option<&str> {
        match &self.0.root {
            Node::Field(Which::Now, name) => Some(name),
            _ => None,
        }
    }

    /// It looks at single events alone: what holds at two of them does not hold in between.
    pub fn is_of_moments(&self) -> bool {
        let Uses { fields, moment, lasting, .. } = &self.0.uses;
        *moment && !lasting && fields.is_empty()
    }

    /// Its value at a moment.
    pub fn value<'m>(&'m self, moment: &'m dyn Moment, stop: &dyn Fn() -> bool) -> Result<Value<'m>, Stop> {
        eval::value(&self.0.root, moment, stop, &mut MOST_STEPS.saturating_mul(2))
    }

    /// What a value says of the condition. What cannot be told is not true.
    pub fn reading(&self, value: Result<Value<'_>, Doubt>) -> Reading {
        match value {
            Ok(Value::Bool(true)) => Reading::True,
            Ok(Value::Bool(false)) => Reading::False,
            Ok(other) => {
                Reading::Unknown(Doubt { kind: DoubtKind::NoCondition(other.kind()), span: 0..self.0.text.len() })
            }
            Err(doubt) => Reading::Unknown(doubt),
        }
    }

    /// Whether it holds at a moment.
    pub fn holds(&self, moment: &dyn Moment, stop: &dyn Fn() -> bool) -> Result<Reading, Stop> {
        self.holds_within(moment, stop, &mut MOST_STEPS.saturating_mul(2))
    }

    /// The same of a moment among many, for all of which so many steps are left.
    pub fn holds_within(&self, moment: &dyn Moment, stop: &dyn Fn() -> bool, left: &mut u64) -> Result<Reading, Stop> {
        match eval::value(&self.0.root, moment, stop, left) {
            Ok(value) => Ok(self.reading(Ok(value))),
            Err(Stop::Unknown(doubt)) => Ok(Reading::Unknown(doubt)),
            Err(over) => Err(over),
        }
    }
}

impl Uses {
    /// A state, or what was changed of one: where a projection was not run, it cannot be told.
    pub fn are_of_states(&self) -> bool {
        !self.fields.is_empty() || self.old || self.whole || self.changes
    }

    /// Something that the event itself does not say: a state, what was changed of one, or how many events came before.
    pub fn are_of_stream(&self) -> bool {
        self.are_of_states() || self.counts
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}
