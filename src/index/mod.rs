//! A whole store at any moment. Pure: somebody else hands in what was decoded.
//!
//! - A *moment* ([`StoreMoment`]) is a position in the store's order, or a time, or the end. An event counts up to a
//!   position if its own is no larger; up to a time if it was recorded by then. Where clocks ran backward, the order of the
//!   stream decides: what stands before an event that counts, counts too. An event without a time does so only then.
//! - A *row* ([`AsOfRow`]) is a stream that had begun by then: its name, the last event that counts (its version and
//!   time), its state under the projection chosen for it ([`Choice`]), and where that projection failed on it.
//! - An answer *belongs to one position*: [`AsOf::read_to`] says up to where the store was read. Of a store without an
//!   order across its streams it says nothing, and a position is no moment of it.
//! - *Counts over time* ([`Counting`]): of one field, type, actor or category, how many streams or events there were of each
//!   value at any moment ([`Tally`]), and how many events in each span of time ([`Histogram`]). Read once, and moved on
//!   by what is recorded since.
//!
//! A [`Census`] tells which shapes the payloads of each type have and when they changed ([`ShapeChange`]), and a
//! [`Chronicle`] what happened when: every event of the store in some sixteen bytes.
//!
//! What is kept asks for its memory, of which all of an open store has one [`Budget`] together ([`Memory`]). Where that is
//! too small, what may be asked for again ([`Kept`]) gives way, states are laid outside of memory ([`AsOf::lay_down`]), and
//! what has no room even then says so.

mod as_of;
mod budget;
mod census;
mod choice;
mod chronicle;
mod counting;
mod histogram;
mod kept;
mod memory;
mod moment;
mod numbers;
mod order;
mod runs;
mod shapes;
mod tally;
mod values;

pub use as_of::{AsOf, AsOfRow, AtHand, Place, Sorting};
pub use budget::{Budget, OverBudget};
pub use census::{Census, FieldShape, JsonType, MOST_FIELDS, Seen, Span, TypeShape};
pub use choice::{Choice, MixedRows};
pub use chronicle::{
    Chronicle, ChronicleRows, Counted, Edges, Edition, Entry, Facet, FoundPlaces, Lanes, NumberSet, Sieve,
};
pub use counting::{Categories, CountOf, CountRows, CountWish, Counting};
pub use histogram::{Bucket, Histogram};
pub use kept::Kept;
pub use memory::{Drawer, Held, Memory, Meter};
pub use moment::{NoStoreMoment, StoreMoment};
pub use numbers::Figures;
pub use order::compare;
pub use shapes::{ShapeChange, ShapeTurn};
pub use tally::Tally;
pub use values::MOST_VALUES;
