//! Leads and tickets: what their events mean, and which commands they answer.
//!
//! `apply` is total: recorded history is the truth, also where today's rules would forbid it. `decide` holds the
//! rules, takes the time as an argument and reads nothing else. Each rule is written once, in a `breach` function:
//! `decide` refuses what it names, and replaying reports the same words as a finding.

mod breach;
mod compensated;
mod draft;
mod flaw;
pub mod lead;
mod payload;
pub mod ticket;
mod upcast;
mod vocabulary;
mod wish;

pub use breach::Breach;
pub use draft::{Draft, plain_id};
pub use flaw::Flaw;
pub use payload::{Fields, read_fields};
pub use upcast::{AsRead, as_read, schema_for};
pub use vocabulary::{Aggregate, EventKind, Reading, kind_of, reading_of};
pub use wish::Wish;

/// An event of a domain as read from its payload, with what was wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded<E> {
    pub event: E,
    /// Where the payload could not be read as it should.
    pub flaw: Option<Box<Flaw>>,
    /// Its type only resembles the kind that it is taken for.
    pub is_guess: bool,
}
