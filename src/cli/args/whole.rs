//! What is asked of every stream at once.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::{Format, RowFormat, number, store_moment};
use crate::cli::own::ProjectionName;
use crate::index::StoreMoment;

/// What an answer may take unless told otherwise, in MiB: with what the program itself takes beside it, ten million events
/// stay below 768.
const MEMORY: u64 = 640;

#[derive(Debug, Args)]
pub(in crate::cli) struct WorkersArgs {
    /// The address of the store
    pub store: OsString,
    /// Under which name they fold together
    #[arg(long, value_name = "NAME")]
    pub share: String,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(in crate::cli) struct ProjectArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// state, search, analysis (leads), service (tickets), fields (any stream), one that comes with a sample (reservations, bank, orders, sensors) or a file of your own (FILE.js) [default: the first that a stream has]
    #[arg(long, value_name = "P")]
    pub projection: Option<ProjectionName>,
    /// Fold together with others who say the same name, on any number of machines; for stores on NATS JetStream
    #[arg(long, value_name = "NAME", requires = "projection", conflicts_with_all = ["as_of", "condition", "count_by", "sort", "columns", "to", "emitted", "logged"])]
    pub share: Option<String>,
    /// With --share: the results as a table that other programs read, in a database that all workers reach; after a # the table [default: the category and the projection]
    #[arg(long, value_name = "ADDRESS|FILE.db[#TABLE]", requires = "share")]
    pub into: Option<OsString>,
    /// With --share: go on with what is recorded, until stopped (Ctrl+C)
    #[arg(long, requires = "share")]
    pub follow: bool,
    /// A position in the store's order, a time, a day or a month (2025-01), which count to their end, or `latest`
    #[arg(long, value_name = "AT|POSITION", default_value = "latest", value_parser = store_moment, allow_negative_numbers = true)]
    pub as_of: StoreMoment,
    /// Only streams of this category (what stands before the first `-`)
    #[arg(long, value_name = "C")]
    pub category: Option<String>,
    /// Only streams for which this condition held then, such as `status == "CLOSED" && contacts > 2`
    #[arg(long = "where", value_name = "EXPRESSION")]
    pub condition: Option<String>,
    /// How many streams have each value of this field, in place of the streams
    #[arg(long, value_name = "FIELD", conflicts_with_all = ["sort", "descending", "columns"])]
    pub count_by: Option<String>,
    /// In the order of stream, version, recorded_at (of the last event) or a field [default: in which they began]
    #[arg(long, value_name = "FIELD")]
    pub sort: Option<String>,
    /// The largest first
    #[arg(long, requires = "sort")]
    pub descending: bool,
    /// Only these fields of the state
    #[arg(long, value_name = "FIELD,…")]
    pub columns: Vec<String>,
    /// At most so many
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub limit: Option<u64>,
    /// The memory that the states may take, in MiB; the program itself takes up to 64 beside them
    #[arg(long, value_name = "MIB", default_value_t = MEMORY, value_parser = number, allow_negative_numbers = true)]
    pub memory: u64,
    /// Write them to this file, whose name ends in .parquet
    #[arg(long, value_name = "FILE", conflicts_with_all = ["count_by", "csv_safe"])]
    pub to: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "to")]
    pub force: bool,
    /// What a projection of your own emits and links, in place of its partitions; nothing of it is written
    #[arg(long, conflicts_with_all = ["condition", "count_by", "sort", "columns"])]
    pub emitted: bool,
    /// What a projection of your own logs, in place of its partitions
    #[arg(long, conflicts_with_all = ["emitted", "condition", "count_by", "sort", "columns"])]
    pub logged: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: RowFormat,
    /// Let no cell of the CSV begin like a formula: a `'` is put before it, which an import takes away again
    #[arg(long)]
    pub csv_safe: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SqlArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// One SELECT in SQLite's SQL [default: list the tables]
    #[arg(allow_hyphen_values = true)]
    pub query: Option<String>,
    /// With tables of a projection of your own; one that does not give each stream a state makes `streams` its partitions
    #[arg(long, value_name = "FILE.js")]
    pub projection: Option<ProjectionName>,
    /// A position in the store's order, a time, a day or a month (2025-01), which count to their end, or `latest`
    #[arg(long, value_name = "AT|POSITION", default_value = "latest", value_parser = store_moment, allow_negative_numbers = true)]
    pub as_of: StoreMoment,
    /// At most so many rows [default: 1000 in a table, all in the other formats]
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub limit: Option<u64>,
    /// Give up after so many seconds; 0 for never
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = number, allow_negative_numbers = true)]
    pub timeout: u64,
    /// The memory that the states of one table may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = MEMORY, value_parser = number, allow_negative_numbers = true)]
    pub memory: u64,
    #[arg(long, value_enum, default_value = "table")]
    pub format: RowFormat,
    /// Let no cell of the CSV begin like a formula: a `'` is put before it
    #[arg(long)]
    pub csv_safe: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MaterialiseArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// state, search, analysis (leads), service (tickets), fields (any stream) or a file of your own (FILE.js)
    #[arg(long, value_name = "P")]
    pub projection: ProjectionName,
    /// Only streams of this category (what stands before the first `-`)
    #[arg(long, value_name = "C")]
    pub category: Option<String>,
    /// A file of its own, or an address; after a # the table [default: the category and the projection]
    #[arg(long, value_name = "FILE.db|ADDRESS[#TABLE]")]
    pub into: OsString,
    /// The memory that it may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = MEMORY, value_parser = number, allow_negative_numbers = true)]
    pub memory: u64,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DriftArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// state, search, analysis (leads), service (tickets), fields (any stream) or a file of your own (FILE.js)
    #[arg(long, value_name = "P")]
    pub projection: ProjectionName,
    /// Only streams of this category (what stands before the first `-`)
    #[arg(long, value_name = "C")]
    pub category: Option<String>,
    /// The file or the address of the table; after a # its name [default: as `materialise` names it]
    #[arg(long, value_name = "FILE.db|ADDRESS[#TABLE]")]
    pub against: OsString,
    /// What `--map` names: here it is of the table, and not of the store.
    #[arg(skip)]
    pub map: Option<PathBuf>,
    /// The memory that it may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = MEMORY, value_parser = number, allow_negative_numbers = true)]
    pub memory: u64,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompareProjectionsArgs {
    /// What is: a file of your own (FILE.js), or state, search, analysis (leads), service (tickets), fields (any stream)
    pub old: ProjectionName,
    /// What it would become: the same
    pub new: ProjectionName,
    /// A path, an address or `sample`
    pub store: OsString,
    /// A position in the store's order, a time, a day or a month (2025-01), which count to their end, or `latest`
    #[arg(long, value_name = "AT|POSITION", default_value = "latest", value_parser = store_moment, allow_negative_numbers = true)]
    pub as_of: StoreMoment,
    /// The memory that it may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = MEMORY, value_parser = number, allow_negative_numbers = true)]
    pub memory: u64,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct GuessProjectionArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The category, as `foldline info` names it
    pub category: String,
    /// Write it to this file, whose name ends in .js [default: print it]
    #[arg(long, value_name = "FILE.js")]
    pub to: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "to")]
    pub force: bool,
}
