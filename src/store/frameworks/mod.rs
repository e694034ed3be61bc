//! Tables that other frameworks write, and tables that nobody declared. One declaration says what they mean; both
//! databases are read by it.
//!
//! Each framework has a folder with all its rules: how its tables are recognised and what their columns mean, how it
//! spells an append, by which rule it numbers versions and what can be checked. To add one is to add a folder and to
//! name it here.
//!
//! [`Catalogue`] is what a database holds; [`recognise`] finds the declaration that fits its columns and keys and
//! gives a [`Layout`]; [`ForeignStore`] reads events through it, and leaves to a [`Database`] only how a statement is
//! run.

// The frameworks.
mod axon;
mod commanded;
mod cqrs_es;
mod disintegrate;
mod emmett;
mod eventsourcing;
mod marten;
mod message_db;
mod ocel;
mod pekko;
mod places;
mod rails_event_store;
mod spatie;
mod sql_stream_store;

// What they all stand on.
mod catalogue;
mod cell;
mod content;
mod decode;
mod guess;
mod held;
mod key;
mod layout;
mod looks;
mod mapping;
mod naming;
mod numbering;
mod preview;
mod recognise;
mod repeated;
mod rules;
mod said;
mod saved;
mod scan;
mod spelling;
mod sql;
mod store;
mod verify;
mod within;
mod writing;

use rules::Rules;

pub use catalogue::{Catalogue, Column, Dialect, Expr, Table, quote};
pub(in crate::store) use cell::time_of_text;
pub use cell::{Cell, Cells, Value};
pub(in crate::store) use content::is_label_of_encrypted;
pub use guess::{Guess, GuessedBy, Reason, Sample};
pub use key::CipherKey;
pub use layout::{
    Category, ColumnPart, Layout, MetadataPart, MetadataText, SaidAt, SaidIn, Snapshots, Time, TimeUnit, Unnumbered,
};
pub use mapping::{Mapping, MappingError};
pub(in crate::store) use naming::{joined as stream_name, parts_of as stream_parts};
pub use places::places_inside;
pub(in crate::store) use preview::look_into_file;
pub use preview::{Unmapped, look_into, preview, unmapped};
pub use recognise::{Recognised, chosen, recognise};
pub(in crate::store) use rules::{Append, AppendRules, PostgresRules, SqliteRules};
pub use saved::{forget_mapping, save_mapping, saved_mapping};
pub use sql::Sql;
pub use store::{Database, ForeignStore, Rows};
pub(in crate::store) use writing::{Example, Shaped, shaped};

/// Every framework that is known, in the order in which a table is held against them.
static ALL: &[&Rules] = &[
    &eventsourcing::RULES,
    &emmett::RULES,
    &cqrs_es::RULES,
    &message_db::RULES,
    &marten::RULES,
    &rails_event_store::RULES,
    &axon::RULES,
    &pekko::RULES,
    &commanded::RULES,
    &spatie::RULES,
    &sql_stream_store::RULES,
    &disintegrate::RULES,
    &ocel::RULES,
];
