//! Projections that a user wrote, in JavaScript, with the functions that KurrentDB gives to its own.
//!
//! - A [`Script`] is a source that was read, with what it says of itself ([`Definition`]). It crosses threads.
//! - [`Running`] is one at work: a QuickJS runtime that belongs to one thread, with bounded memory, stack and time. It reads
//!   no file and no clock; the time of day is the event's, and chance always falls the same way ([`Output::impure`]
//!   tells that it was asked for).
//! - [`ScriptProjection`] is one over a stream, as a [`crate::projection::Projection`] like any other.
//!
//! What is emitted and linked is written nowhere; it is collected and shown.

mod bundled;
mod definition;
mod output;
mod projection;
mod running;
mod source;
#[cfg(test)]
mod tests;

pub use bundled::{BUNDLED, Bundled};
pub use definition::{Definition, Partition};
pub use output::{Emitted, EmittedKind, Output};
pub use projection::{Homes, ScriptProjection};
pub use running::{HANDLER_TIME, MEMORY, Running, STATE_BYTES};
pub use source::{Given, Kept, Script};
