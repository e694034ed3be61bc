//! A whole store at any moment. Pure: somebody else hands in what was decoded.
//!
//! - A *moment* ([`StoreMoment`]) is a position in the store's order, or a time, or the end. An event counts up to a
//!   position if its own is no larger; up to a time if it was recorded by then. Where clocks ran backward, the order of the
//!   stream decides: what stands before an event that counts, counts too. An event without a time does so only then.
//! - A *row* ([`AsOfRow`]) is a stream that had begun by then: its name, the last event that counts (its version and
//!   time), its state under the projection chosen for it ([`Choice`]), and where that projection failed on it.
//! - An answer *belongs to one position*: [`AsOf::read_to`] says up to where the store was read. Of a store without an
//!   order across its streams it says nothing, and a position is no moment of it.
//!
//! What is kept asks for memory by a [`Budget`], and says so where that is too small.

mod as_of;
mod budget;
mod choice;
mod moment;
mod order;

pub use as_of::{AsOf, AsOfRow, Place, Sorting};
pub use budget::{Budget, OverBudget};
pub use choice::{Choice, MixedRows};
pub use moment::{NoStoreMoment, StoreMoment};
pub use order::compare;
