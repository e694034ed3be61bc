//! What can be said on the command line. The texts here are the help, the man page and the completions.

mod changing;
mod looking;
mod proofs;
mod reasons;
mod whole;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::own::ProjectionName;
use crate::engine::Moment;
use crate::event::{Timestamp, Version};
use crate::index::StoreMoment;
use crate::sample::SampleDomain;
use crate::store::Expected;
use crate::store::files::FileFormat;

pub(super) use changing::{AppendArgs, CompensateArgs, ExportArgs, ImportArgs, MapArgs, MirrorArgs, SampleArgs};
pub(super) use looking::{
    CensusArgs, DiffArgs, EventsArgs, HistogramArgs, IndexArgs, InfoArgs, KindOfEvent, MomentArgs, SearchArgs,
    SpanOfTime, StreamsArgs,
};
pub(super) use proofs::{EvidenceArgs, PageLanguage, SealArgs, VerifyArgs, VerifyEvidenceArgs};
pub(super) use reasons::{CausesArgs, ReduceArgs, TraceArgs, WhatIfArgs, WhenArgs, WhyArgs};
pub(super) use whole::{
    CompareProjectionsArgs, DriftArgs, GuessProjectionArgs, MaterialiseArgs, ProjectArgs, SqlArgs, WorkersArgs,
};

/// Shows any aggregate of an event store at any version, and who set each of its fields.
///
/// STORE is a path, an address (postgres://user@host/database), or `sample` for a store to look around in. AT is a version (5), a time (2025-01-01T01:00:05Z), a
/// day or a month (2025-01), which count to their end, or `latest`. Looking never changes a store.
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
    /// Open the window at this store and stream, with projections of your own (FILE.js); without one, at the welcome
    #[arg(value_name = "STORE [STREAM] [FILE.js]", num_args = 0..)]
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
    Show(MomentArgs),
    /// What differs between two moments of a stream, and who set it
    Diff(DiffArgs),
    /// Every field of a stream's state, with the event that set it
    Blame(MomentArgs),
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
payload.phone=010*  reason:refund  replaced:phone  type:opened,closed\n  {payload.amount > 100 && status == \"OPEN\"}\nTerms \
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
    /// Who folds a shared projection, how far each is, and how many partitions each has
    Workers(WorkersArgs),
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
    /// Keep a local copy of any store, which only follows it: the same events, as fast to look at as a native store
    Mirror(MirrorArgs),
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

// Of a stream. What a line of documentation said here would stand in the help of every command with it.
#[derive(Debug, Args)]
pub(super) struct StreamArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    /// The stream, as `foldline streams` names it
    pub stream: String,
}

// Under a projection, and how that is printed.
#[derive(Debug, Args)]
pub(super) struct ShownArgs {
    /// state, search, analysis (leads), service (tickets), fields (any stream), one that comes with a sample (reservations, bank, orders, sensors) or a file of your own (FILE.js)
    #[arg(long, value_name = "P")]
    pub projection: Option<ProjectionName>,
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
