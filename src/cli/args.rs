//! What can be said on the command line. The texts here are the help, the man page and the completions.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::own::ProjectionName;
use crate::engine::Moment;
use crate::event::{Timestamp, Version};
use crate::index::StoreMoment;
use crate::sample::SampleDomain;
use crate::store::files::FileFormat;
use crate::store::{Expected, StreamOrder};

/// Shows any aggregate of an event store at any version, and who set each of its fields.
///
/// STORE is a path, an address (postgres://user@host/database), or `sample` for a store to look around in. AT is a version (5), a time (2025-01-01T01:00:05Z, or
/// a date) or `latest`. Looking never changes a store.
#[derive(Debug, Parser)]
#[command(name = "foldline", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
// Not by the name of the file: `foldline.exe` is typed without its ending.
#[command(bin_name = "foldline")]
#[command(
    after_help = "Exit codes: 0 done; 1 the answer is no (a check failed, a conflict); 2 wrong usage, or a store \
that cannot be read. What was recorded or written is done, also where its result could not be printed: that is said.\n\nExamples:\n  foldline sample sales.db\n  foldline streams sales.db --category lead --limit 5\n  \
foldline show sales.db lead-1 --at 4\n  foldline blame sales.db lead-1\n  foldline diff sales.db lead-1 --from 2 --to 5\n  foldline what-if sales.db lead-1 --skip 3\n  \
foldline compensate sales.db lead-1 --version 3 --actor kim --reason \"wrong lead\" --dry-run"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Open the window at this store and stream; without one, at the welcome
    #[arg(value_name = "STORE [STREAM]", num_args = 0..)]
    pub words: Vec<OsString>,
    /// Open the stream at this version, time or `latest`
    #[arg(long, value_name = "AT", value_parser = moment, allow_negative_numbers = true)]
    pub at: Option<Moment>,
    /// Read the store by the mapping in this file, which says what the columns of a table mean (for `drift`: the table)
    #[arg(long, value_name = "FILE", global = true)]
    pub map: Option<PathBuf>,
    /// Write what each frame of the window costs to this file, in milliseconds
    #[arg(long, value_name = "FILE", hide = true)]
    pub frame_times: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// What a store holds, at a glance
    Info(InfoArgs),
    /// The streams of a store
    Streams(StreamsArgs),
    /// The events of a store or of one stream
    Events(EventsArgs),
    /// The state of a stream at any moment, and the rules broken on the way there
    Show(ShowArgs),
    /// What differs between two moments of a stream, and who set it
    Diff(DiffArgs),
    /// Every field of a stream's state, with the event that set it
    Blame(BlameArgs),
    /// What the handler of an event does, line by line, in a projection of your own: which fields it sets, from what to what
    Trace(TraceArgs),
    /// What led to an event and what it led to, across streams
    Causes(CausesArgs),
    /// Which events a field's value stands on, or what would give it another one
    Why(WhyArgs),
    /// The fewest events behind which a condition holds, or that still break a rule
    #[command(
        override_usage = "foldline reduce [OPTIONS] <STORE> <STREAM> <EXPRESSION>\n       foldline reduce [OPTIONS] <STORE> <STREAM> --rule\n       foldline reduce [OPTIONS] <STORE> <STREAM> --finding <V>"
    )]
    Reduce(ReduceArgs),
    /// The state of a stream had some of its events been different; nothing is written
    WhatIf(WhatIfArgs),
    /// Which shapes the payloads of each event type have: their fields, types, how often present, since and until when
    Census(CensusArgs),
    /// How many events there were in each hour, day, week or month, by type, category or actor
    Histogram(HistogramArgs),
    /// Events by who, what, where and when, by values of their payload and by words anywhere, the newest first
    #[command(
        after_help = "QUERY is words, and terms like these, all of which must hold:\n  actor:kim  type:lead-closed  \
stream:lead-42  category:lead  correlation:c-1\n  before:2025-03  after:2025-03-14  on:yesterday  2025-03  last week\n  \
payload.phone=010*  reason:refund  changed:phone  type:opened,closed\n  {payload.amount > 100 && status == \"OPEN\"}\nTerms \
of one kind are alternatives; * stands for anything; - before a term denies it; quotation marks make one word; a condition \
stands in braces. Days are those of UTC."
    )]
    Search(SearchArgs),
    /// An index of a store's texts in the cache folder, so that repeated searches read less: made, moved on, or removed
    Index(IndexArgs),
    /// When a condition held: every version at which it turns true or false, or the streams in which it ever was
    #[command(
        override_usage = "foldline when [OPTIONS] <STORE> <STREAM> <EXPRESSION>\n       foldline when [OPTIONS] --category <C> <STORE> <EXPRESSION>"
    )]
    When(WhenArgs),
    /// Every stream as it stood at a moment: one row a stream, or counts by a field
    Project(ProjectArgs),
    /// Ask in SQL over events, streams and every projection, as of a moment; nothing is written
    #[command(
        after_help = "The tables are `events`, `streams`, `states` (every stream under its first projection, as JSON in `state`) and \
one for each projection of each category: `lead_state`, `lead_search`, `ticket_service`, `order_fields`, with a column for \
each field, in whose name `-` is `_`. Without a query they are listed. The SQL is SQLite's; what is nested is JSON, for \
json_extract and ->>.\n\nExamples:\n  foldline sql sales.db \"select status, count(*) from lead_state group by 1\"\n  \
foldline sql sales.db \"select actor, count(*) from events where type = 'contacted' group by 1\"\n  \
foldline sql sales.db --as-of 2025-03-01 \"select stream, phone from lead_state where contacts > 3\""
    )]
    Sql(SqlArgs),
    /// Keep a projection as a table that any SQL tool reads, in a SQLite file of its own or in PostgreSQL; again: catches up
    #[command(
        after_help = "The table has a row for each stream: `stream`, `version`, `recorded_at` and each field, in whose name `-` \
is `_`. Beside it stands how far it has come, written with its rows: a run that is killed leaves what was there. A store is \
never written to.\n\nExamples:\n  foldline materialise sales.db --projection state --category lead --into leads.db\n  \
foldline materialise sales.db --projection state --into \"postgres://kim@localhost/reports#lead_state\""
    )]
    Materialise(MaterialiseArgs),
    /// Hold a table against a fresh fold of the store: which rows differ, in what, and which event says so
    #[command(
        after_help = "What `foldline materialise` made is compared as of where it stands. For any other table, `--map FILE` says \
what its columns mean, and it is compared with the end of the store:\n  \
{\"key\": \"id\", \"stream\": \"lead-{}\", \"fields\": {\"status\": \"state\", \"name\": \"full_name\"}}\n\
where `key` is the column that tells whose row it is, `stream` how the stream is called with the key for {}, and `fields` \
leads from fields to columns. Ends with 1 if anything differs."
    )]
    Drift(DriftArgs),
    /// Which partitions two versions of a projection show otherwise, in which fields, and since which event
    CompareProjections(CompareProjectionsArgs),
    /// Write a first draft of a projection of your own for a category, from what its events hold
    GuessProjection(GuessProjectionArgs),
    /// Append an event of your own
    Append(AppendArgs),
    /// Append the natural compensation of an earlier event
    Compensate(CompensateArgs),
    /// Check a store: gaps, duplicates, unreadable payloads, disordered times, a broken chain
    Verify(VerifyArgs),
    /// Write a signed seal of a store as it is, to be kept elsewhere; `verify --since` then tells whether it only grew
    Seal(SealArgs),
    /// Write a page about a stream that carries its proof and is checked without the store, as HTML or PDF
    Evidence(EvidenceArgs),
    /// Check a page of evidence, without the store it is of
    VerifyEvidence(VerifyEvidenceArgs),
    /// Guess what the columns of an unknown table mean; prints a mapping for `--map`, to be corrected
    Map(MapArgs),
    /// Bring events from a file into a native store
    Import(ImportArgs),
    /// Write a store's events to a file
    Export(ExportArgs),
    /// Write a store of believable histories, with things to find in them, the same for the same seed
    #[command(
        after_help = "The domains are sales (leads and tickets), reservations (a clinic), bank (accounts), orders (a shop) and \
sensors. Each but the first has a projection of its name, in JavaScript.\n\nExamples:\n  \
foldline sample sales.db\n  \
foldline sample bank.db --domain bank\n  \
foldline when bank.db account-2 'balance < 0' --projection bank"
    )]
    Sample(SampleArgs),
    /// Print shell completions or the man page
    Generate {
        #[command(subcommand)]
        what: Generated,
    },
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum Generated {
    /// A completion script, for the shell to load
    Completions { shell: clap_complete::Shell },
    /// The man page, in roff
    Man {
        /// Write this page and one for each command into a folder instead
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
        /// Replace the pages that are there
        #[arg(long, requires = "to")]
        force: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Aligned columns, to be read
    Table,
    /// JSON, to be relied on
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RowFormat {
    /// Aligned columns, to be read
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated, with headings
    Csv,
}

#[derive(Debug, Args)]
pub(super) struct InfoArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct StreamsArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// Only streams of this category (what stands before the first `-`)
    #[arg(long)]
    pub category: Option<String>,
    /// Only streams with this text in their id or in what they are called; every event is read for that
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub limit: Option<u64>,
    #[arg(long, value_enum, default_value = "began")]
    pub sort: Sort,
    #[arg(long, value_enum, default_value = "table")]
    pub format: RowFormat,
    /// Let no cell of the CSV begin like a formula: a `'` is put before it, which an import takes away again
    #[arg(long)]
    pub csv_safe: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Sort {
    /// In the order in which they began
    Began,
    /// The last changed first
    Recent,
    Name,
    /// The longest first
    Longest,
}

impl From<Sort> for StreamOrder {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Began => Self::Began,
            Sort::Recent => Self::Recent,
            Sort::Name => Self::Name,
            Sort::Longest => Self::Longest,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// Only this stream; without it, every event in store order
    pub stream: Option<String>,
    /// From this version on (without a stream: from this position on)
    #[arg(long, value_name = "V", value_parser = number, allow_negative_numbers = true)]
    pub from: Option<u64>,
    /// Up to this version (without a stream: up to this position)
    #[arg(long, value_name = "V", value_parser = number, allow_negative_numbers = true)]
    pub to: Option<u64>,
    /// Only events of this type
    #[arg(long = "type", value_name = "T")]
    pub event_type: Option<String>,
    /// Only streams of this category
    #[arg(long, conflicts_with = "stream")]
    pub category: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub limit: Option<u64>,
    /// The newest first
    #[arg(long)]
    pub backward: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: RowFormat,
    /// Let no cell of the CSV begin like a formula: a `'` is put before it, which an import takes away again
    #[arg(long)]
    pub csv_safe: bool,
}

#[derive(Debug, Args)]
pub(super) struct CensusArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// Only the streams of this category
    #[arg(long, value_name = "C")]
    pub category: Option<String>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: RowFormat,
    /// Let no cell of the CSV begin like a formula: a `'` is put before it
    #[arg(long)]
    pub csv_safe: bool,
}

#[derive(Debug, Args)]
pub(super) struct HistogramArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// How long each span of time is; days are those of UTC, and weeks begin on Mondays
    #[arg(long, value_enum, value_name = "SPAN")]
    pub by: SpanOfTime,
    /// What is counted apart
    #[arg(long, value_enum, value_name = "KIND", default_value = "type")]
    pub of: KindOfEvent,
    #[arg(long, value_enum, default_value = "table")]
    pub format: RowFormat,
    /// Let no cell of the CSV begin like a formula: a `'` is put before it
    #[arg(long)]
    pub csv_safe: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SpanOfTime {
    Hour,
    Day,
    Week,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum KindOfEvent {
    Type,
    Category,
    Actor,
}

#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// What is looked for: words, terms such as actor:kim or 2025-03, and conditions such as {changed("phone")}
    #[arg(allow_hyphen_values = true)]
    pub query: String,
    /// More of it, where it is not in quotation marks of the shell
    pub words: Vec<String>,
    /// At most so many
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub limit: Option<u64>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: RowFormat,
    /// Let no cell of the CSV begin like a formula: a `'` is put before it
    #[arg(long)]
    pub csv_safe: bool,
}

#[derive(Debug, Args)]
pub(super) struct IndexArgs {
    /// A path, or `sample`
    pub store: OsString,
    /// Only tell how large it is
    #[arg(long, conflicts_with = "remove")]
    pub size: bool,
    /// Remove it
    #[arg(long)]
    pub remove: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it
    pub stream: String,
    /// A version, a time or `latest`
    #[arg(long, value_name = "AT", default_value = "latest", value_parser = moment, allow_negative_numbers = true)]
    pub at: Moment,
    /// state, search, analysis (leads), service (tickets), fields (any stream), one that comes with a sample (reservations, bank, orders, sensors) or a file of your own (FILE.js)
    #[arg(long, value_name = "P")]
    pub projection: Option<ProjectionName>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it
    pub stream: String,
    /// A version, a time or `latest`
    #[arg(long, value_name = "AT", value_parser = moment, allow_negative_numbers = true)]
    pub from: Moment,
    /// A version, a time or `latest`
    #[arg(long, value_name = "AT", value_parser = moment, allow_negative_numbers = true)]
    pub to: Moment,
    /// state, search, analysis (leads), service (tickets), fields (any stream), one that comes with a sample (reservations, bank, orders, sensors) or a file of your own (FILE.js)
    #[arg(long, value_name = "P")]
    pub projection: Option<ProjectionName>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct BlameArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it
    pub stream: String,
    /// A version, a time or `latest`
    #[arg(long, value_name = "AT", default_value = "latest", value_parser = moment, allow_negative_numbers = true)]
    pub at: Moment,
    /// state, search, analysis (leads), service (tickets), fields (any stream), one that comes with a sample (reservations, bank, orders, sensors) or a file of your own (FILE.js)
    #[arg(long, value_name = "P")]
    pub projection: Option<ProjectionName>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct TraceArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it
    pub stream: String,
    /// A file of your own (FILE.js)
    #[arg(long, value_name = "FILE.js")]
    pub projection: ProjectionName,
    /// The event: a version, a time or `latest`
    #[arg(long, value_name = "AT", default_value = "latest", value_parser = moment, allow_negative_numbers = true)]
    pub at: Moment,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct CausesArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The event's id, or STREAM@VERSION
    #[arg(value_name = "EVENT")]
    pub event: String,
    /// Also what has the same beginning, and what belongs to the same correlation
    #[arg(long)]
    pub all: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it
    pub stream: String,
    /// The field, as `foldline blame` names it
    pub field: String,
    /// A version, a time or `latest`
    #[arg(long, value_name = "AT", default_value = "latest", value_parser = moment, allow_negative_numbers = true)]
    pub at: Moment,
    /// Why it is not this: text, or JSON. What would make it so is tried, and the rule named that forbids it
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub not: Option<String>,
    /// state, search, analysis (leads), service (tickets), fields (any stream), one that comes with a sample (reservations, bank, orders, sensors) or a file of your own (FILE.js)
    #[arg(long, value_name = "P")]
    pub projection: Option<ProjectionName>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["expression", "rule", "finding"])))]
pub(super) struct ReduceArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it
    pub stream: String,
    /// What is to hold behind the last event: a condition, as for `foldline when`
    pub expression: Option<String>,
    /// What is to show is the last rule that an event broke
    #[arg(long)]
    pub rule: bool,
    /// What is to show is what is wrong at this version: a broken rule, or that a projection failed
    #[arg(long, value_name = "V", value_parser = number, allow_negative_numbers = true)]
    pub finding: Option<u64>,
    /// Leave out nothing without which an event would break another rule than before
    #[arg(long)]
    pub by_the_rules: bool,
    /// Write the events to this file: a store (.db), events (.json, .jsonl, .csv), or a test (.rs, .py, .ts)
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "to")]
    pub force: bool,
    /// state, search, analysis (leads), service (tickets), fields (any stream), one that comes with a sample (reservations, bank, orders, sensors) or a file of your own (FILE.js)
    #[arg(long, value_name = "P")]
    pub projection: Option<ProjectionName>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct WhatIfArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it
    pub stream: String,
    /// Leave this event out; may be given more than once, as all of these
    #[arg(long, value_name = "V", value_parser = number, allow_negative_numbers = true)]
    pub skip: Vec<u64>,
    /// Give a field of an event's payload another value, like '5:name="Kim"'
    #[arg(long, value_name = "V:FIELD=JSON")]
    pub set: Vec<String>,
    /// Insert an event behind version V (or `start`), like '6:payment-confirmed:{}'
    #[arg(long, value_name = "V:TYPE:JSON")]
    pub insert: Vec<String>,
    /// Let an event stand behind another one (or `start`), like 5:2
    #[arg(long = "move", value_name = "V:V")]
    pub moves: Vec<String>,
    /// Print too what would have to be appended to make it so; nothing is appended
    #[arg(long)]
    pub propose: bool,
    /// state, search, analysis (leads), service (tickets), fields (any stream), one that comes with a sample (reservations, bank, orders, sensors) or a file of your own (FILE.js)
    #[arg(long, value_name = "P")]
    pub projection: Option<ProjectionName>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct WhenArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it; with --category, the expression stands here
    #[arg(value_name = "STREAM")]
    pub first: String,
    /// A condition in CEL, such as `status == "CLOSED" && contacts > 2`
    #[arg(value_name = "EXPRESSION")]
    pub second: Option<String>,
    /// In all streams of this category: those in which it was ever true
    #[arg(long, value_name = "C")]
    pub category: Option<String>,
    /// Only the streams in which it was true at this time
    #[arg(long, value_name = "AT", value_parser = moment, requires = "category")]
    pub at: Option<Moment>,
    /// state, search, analysis (leads), service (tickets), fields (any stream), one that comes with a sample (reservations, bank, orders, sensors) or a file of your own (FILE.js)
    #[arg(long, value_name = "P")]
    pub projection: Option<ProjectionName>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct ProjectArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// state, search, analysis (leads), service (tickets), fields (any stream), one that comes with a sample (reservations, bank, orders, sensors) or a file of your own (FILE.js) [default: the first that a stream has]
    #[arg(long, value_name = "P")]
    pub projection: Option<ProjectionName>,
    /// A position in the store's order, a time or `latest`
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
    /// The memory that it may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = number, allow_negative_numbers = true)]
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
pub(super) struct SqlArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// One SELECT in SQLite's SQL [default: list the tables]
    #[arg(allow_hyphen_values = true)]
    pub query: Option<String>,
    /// With tables of a projection of your own; one that does not give each stream a state makes `streams` its partitions
    #[arg(long, value_name = "FILE.js")]
    pub projection: Option<ProjectionName>,
    /// A position in the store's order, a time or `latest`
    #[arg(long, value_name = "AT|POSITION", default_value = "latest", value_parser = store_moment, allow_negative_numbers = true)]
    pub as_of: StoreMoment,
    /// At most so many rows [default: 1000 in a table, all in the other formats]
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub limit: Option<u64>,
    /// Give up after so many seconds; 0 for never
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = number, allow_negative_numbers = true)]
    pub timeout: u64,
    /// The memory that the states of one table may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = number, allow_negative_numbers = true)]
    pub memory: u64,
    #[arg(long, value_enum, default_value = "table")]
    pub format: RowFormat,
    /// Let no cell of the CSV begin like a formula: a `'` is put before it
    #[arg(long)]
    pub csv_safe: bool,
}

#[derive(Debug, Args)]
pub(super) struct MaterialiseArgs {
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
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = number, allow_negative_numbers = true)]
    pub memory: u64,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct DriftArgs {
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
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = number, allow_negative_numbers = true)]
    pub memory: u64,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct CompareProjectionsArgs {
    /// What is: a file of your own (FILE.js), or state, search, analysis (leads), service (tickets), fields (any stream)
    pub old: ProjectionName,
    /// What it would become: the same
    pub new: ProjectionName,
    /// A path, an address or `sample`
    pub store: OsString,
    /// A position in the store's order, a time or `latest`
    #[arg(long, value_name = "AT|POSITION", default_value = "latest", value_parser = store_moment, allow_negative_numbers = true)]
    pub as_of: StoreMoment,
    /// The memory that it may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = number, allow_negative_numbers = true)]
    pub memory: u64,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct GuessProjectionArgs {
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

#[derive(Debug, Args)]
pub(super) struct AppendArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it
    pub stream: String,
    /// The type of the event
    #[arg(long = "type", value_name = "T")]
    pub event_type: String,
    /// The payload, as JSON; `@FILE` reads it from a file, `-` from standard input
    #[arg(long, value_name = "JSON")]
    pub payload: OsString,
    /// The version you have seen last, `none` for a new stream, or `any`
    #[arg(long, value_name = "V|none|any", value_parser = expected, allow_negative_numbers = true)]
    pub expect: Expected,
    /// Who appends
    #[arg(long, value_name = "A")]
    pub actor: String,
    /// Why
    #[arg(long, value_name = "R")]
    pub reason: String,
    /// The id of the event that this one corrects
    #[arg(long, value_name = "ID")]
    pub compensates: Option<String>,
    /// The new event's own id; repeating a call with the same id is safe [default: a new one]
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// Show what would be, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct CompensateArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it
    pub stream: String,
    /// The version of the event to compensate
    #[arg(long, value_name = "V", value_parser = number, allow_negative_numbers = true)]
    pub version: u64,
    /// Who compensates
    #[arg(long, value_name = "A")]
    pub actor: String,
    /// Why
    #[arg(long, value_name = "R")]
    pub reason: String,
    /// Show what would be, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// Also check that the store is the one in this seal, grown: not cut, rewritten, imported anew or put back
    #[arg(long, value_name = "SEAL")]
    pub since: Option<PathBuf>,
    /// Also events that broke a rule of their domain, and causes that are named and not in the store
    #[arg(long, conflicts_with = "since")]
    pub all: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct SealArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The file to write; keep it where whoever can write to the store cannot
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// The Ed25519 key to sign with, in a PEM file [default: your own, made at its first use]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    pub force: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct EvidenceArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it; with --containing it may be left out
    #[arg(required_unless_present = "containing")]
    pub stream: Option<String>,
    /// A version, a time or `latest`
    #[arg(long, value_name = "AT", default_value = "latest", value_parser = moment, allow_negative_numbers = true)]
    pub at: Moment,
    /// Only the events with all of these words in their payload, metadata, type or stream, upper and lower case alike;
    /// what is in quotation marks is one word
    #[arg(long, value_name = "TEXT", conflicts_with = "at")]
    pub containing: Option<String>,
    /// The file to write; its name ends in .html or .pdf
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    #[arg(long, value_enum, default_value = "en")]
    pub language: PageLanguage,
    /// The Ed25519 key to sign with, in a PEM file [default: your own, made at its first use]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Also show that the store grew from the one in this seal
    #[arg(long, value_name = "SEAL")]
    pub since: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    pub force: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PageLanguage {
    /// English
    En,
    /// Korean
    Ko,
}

#[derive(Debug, Args)]
pub(super) struct VerifyEvidenceArgs {
    /// What `foldline evidence` wrote
    pub file: PathBuf,
    /// Also hold it against this seal of the store
    #[arg(long, value_name = "SEAL", visible_alias = "since")]
    pub checkpoint: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct MapArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// Keep the mapping given by `--map`, and read this store by it from now on
    #[arg(long, conflicts_with = "forget")]
    pub keep: bool,
    /// Forget the mapping that was kept for this store
    #[arg(long)]
    pub forget: bool,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// A JSON array, JSON Lines, CloudEvents or CSV, its events in any order
    pub file: PathBuf,
    /// The native store to bring them into; made if it is not there
    #[arg(long, value_name = "STORE")]
    pub into: OsString,
    /// How the file is written [default: told from its name and text]
    #[arg(long = "as", value_name = "FORMAT", value_parser = file_format)]
    pub file_format: Option<FileFormat>,
    /// Leave out lines that cannot be read, and list them
    #[arg(long)]
    pub skip_bad: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// Only this stream; without it, every event
    pub stream: Option<String>,
    /// The file to write; `-` for standard output
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// json, jsonl, csv, cloudevents or cloudevents-lines [default: told from the file's name]
    #[arg(long = "as", value_name = "FORMAT", value_parser = file_format)]
    pub file_format: Option<FileFormat>,
    /// Only the events with all of these words in their payload, metadata, type or stream, upper and lower case alike;
    /// what is in quotation marks is one word
    #[arg(long, value_name = "TEXT")]
    pub containing: Option<String>,
    /// Only the events that this projection of your own takes; STREAM then names one of its partitions
    #[arg(long, value_name = "FILE.js")]
    pub projection: Option<ProjectionName>,
    /// In CSV, one column for each field of payload and metadata. It is for spreadsheets, and not read back
    #[arg(long)]
    pub csv_fields: bool,
    /// Let no cell of a CSV begin like a formula: a `'` is put before it, which an import takes away again
    #[arg(long)]
    pub csv_safe: bool,
    /// Replace the file if it is there
    #[arg(long)]
    pub force: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(super) struct SampleArgs {
    /// The store to write; it must not be there yet
    pub file: PathBuf,
    /// What it tells of: sales, reservations, bank, orders or sensors
    #[arg(long, value_name = "NAME", default_value = "sales", value_parser = sample_domain)]
    pub domain: SampleDomain,
    /// How many streams
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub streams: Option<u64>,
    /// How many events
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub events: Option<u64>,
    /// The same seed gives the same events
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = number, allow_negative_numbers = true)]
    pub seed: u64,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number, 0 or more".to_owned())
}

fn moment(text: &str) -> Result<Moment, String> {
    text.parse().map_err(|error: crate::engine::EngineError| error.to_string())
}

fn store_moment(text: &str) -> Result<StoreMoment, String> {
    text.parse().map_err(|error: crate::index::NoStoreMoment| error.to_string())
}

fn expected(text: &str) -> Result<Expected, String> {
    match text {
        "none" => Ok(Expected::NoStream),
        "any" => Ok(Expected::Any),
        number => number
            .parse()
            .map(|version| Expected::Exact(Version(version)))
            .map_err(|_| "write a version (6), `none` for a new stream, or `any`".to_owned()),
    }
}

fn sample_domain(name: &str) -> Result<SampleDomain, String> {
    SampleDomain::from_name(name)
        .ok_or_else(|| format!("the domains are {}", SampleDomain::ALL.map(SampleDomain::name).join(", ")))
}

fn file_format(name: &str) -> Result<FileFormat, String> {
    FileFormat::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = FileFormat::ALL.iter().map(|(_, name)| *name).collect();
        format!("the formats are {}", known.join(", "))
    })
}

/// The clock, read once a command.
pub(super) fn now() -> Timestamp {
    Timestamp::from_micros(chrono::Utc::now().timestamp_micros())
}
