//! Proofs over a history: a Merkle tree of its events as RFC 6962 builds it, checkpoints of it that are signed, and what
//! became of a store since one was made. No input or output, no clock, and no chance: a key's secret is given.
//!
//! A leaf is the hash of everything that is recorded of an event, without what came before it: its place in the tree says
//! that. So one event's leaf is the same in every store that holds it in that place, whoever wrote the store, and whoever
//! holds the event alone can make it.

mod checkpoint;
mod growth;
mod key;
mod leaf;
mod note;
mod seal;
mod selected;
mod tree;

pub use checkpoint::Checkpoint;
pub use growth::{Growth, Strayed};
pub use key::{BadKey, PublicKey, SigningKey};
pub use leaf::Leaves;
pub use note::{BadNote, Note};
pub use seal::{BadSeal, Seal, Sealing, origin};
pub use selected::{Selected, root_of_selected};
pub use tree::{Consistency, Hash, Tree, is_consistent};
