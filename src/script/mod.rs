//! Projections that a user wrote, in JavaScript, with the functions that KurrentDB gives to its own.
//!
//! - A [`Script`] is a source that was read, with what it says of itself ([`Definition`]). It crosses threads.
//! - [`Running`] is one at work: a QuickJS runtime that belongs to one thread, with bounded memory, stack and time. It reads
//!   no file and no clock; the time of day is the event's, and chance always falls the same way ([`Output::impure`]
//!   tells that it was asked for). The state behind an event is what its JSON says; a handler of which its own text tells
//!   which fields it can get at is spared the way through it, and is lent an event that is made for all of them once. [`Script::remembers`] names what is kept outside of it.
//! - [`highlight`] colours a source; [`Script::trace`] tells which of its lines an event ran, and what each changed;
//!   [`doubts`] names the fields that it reads of bodies and that none has.
//! - [`ScriptProjection`] is one over a stream, as a [`crate::projection::Projection`] like any other.
//!
//! What is emitted and linked is written nowhere; it is collected and shown.

#[cfg(test)]
mod answers_tests;
mod bundled;
mod definition;
mod held;
#[cfg(test)]
mod held_tests;
mod highlight;
#[cfg(test)]
mod limits_tests;
mod marked;
mod output;
mod projection;
#[cfg(test)]
mod promises_tests;
mod put;
mod reads;
mod remembers;
mod running;
mod source;
mod syntax;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod told_tests;
#[cfg(test)]
mod toll_tests;
mod trace;
#[cfg(test)]
mod trace_tests;
mod tree;
#[cfg(test)]
mod tree_tests;
mod wants;
mod writes;

pub use bundled::{BUNDLED, Bundled};
pub use definition::{Definition, Partition};
pub use highlight::{Token, highlight};
pub use output::{Emitted, EmittedKind, Output};
pub use projection::{Homes, ScriptProjection};
pub use reads::{Doubt, SeenFields, doubts, handled_types};
pub use remembers::Remembered;
pub use running::{Ends, HANDLER_TIME, MEMORY, Running, STATE_BYTES};
pub use source::{Given, Kept, Script};
pub use trace::{Answer, AnswerKind, Before, Change, MOST_STEPS, Phase, Step, Trace};
