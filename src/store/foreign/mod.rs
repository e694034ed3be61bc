//! Tables that other frameworks write, and tables that nobody declared. One declaration says what they mean; both
//! databases are read by it.
//!
//! [`Catalogue`] is what a database holds; [`recognise`] finds the declaration that fits its columns and keys and
//! gives a [`Layout`]; [`ForeignStore`] reads events through it, and leaves to a [`Database`] only how a statement is
//! run.

mod catalogue;
mod cell;
mod content;
mod decode;
mod frameworks;
mod guess;
mod key;
mod layout;
mod mapping;
mod naming;
mod preview;
mod recognise;
mod repeated;
mod saved;
mod scan;
mod spelling;
mod sql;
mod store;
mod verify;
mod writing;

pub use catalogue::{Catalogue, Column, Dialect, Expr, Table, quote};
pub(in crate::store) use cell::time_of_text;
pub use cell::{Cell, Cells, Value};
pub use guess::Guess;
pub use key::CipherKey;
pub use layout::{Category, Layout, MetadataPart, Snapshots, Time, TimeUnit, Unnumbered};
pub use mapping::{Mapping, MappingError};
pub(in crate::store) use naming::parts_of as stream_parts;
pub use preview::{Unmapped, look_into, preview, unmapped};
pub use recognise::{Recognised, chosen, recognise};
pub use saved::{forget_mapping, save_mapping, saved_mapping};
pub use sql::Sql;
pub use store::{Database, ForeignStore, Rows};
pub use writing::{Example, Shaped, shaped};
