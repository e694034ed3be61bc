//! What appends to a store, or makes, reads and writes files of events.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::{Format, StreamArgs, expected, file_format, number, sample_domain};
use crate::cli::own::ProjectionName;
use crate::sample::SampleDomain;
use crate::store::Expected;
use crate::store::files::FileFormat;

#[derive(Debug, Args)]
pub(in crate::cli) struct AppendArgs {
    #[command(flatten)]
    pub of: StreamArgs,
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
pub(in crate::cli) struct CompensateArgs {
    #[command(flatten)]
    pub of: StreamArgs,
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
pub(in crate::cli) struct MapArgs {
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
pub(in crate::cli) struct ImportArgs {
    /// A JSON array, JSON Lines, CloudEvents or CSV, its events in any order; between a file and a server also a whole
    /// store
    pub file: OsString,
    /// The native store, or the address of one on NATS (nats://HOST/NAME), to bring them into; made if it is not there
    #[arg(long, value_name = "STORE")]
    pub into: OsString,
    /// On how many servers of a NATS cluster a store that is made is kept [default: 1]
    #[arg(long, value_name = "N")]
    pub replicas: Option<usize>,
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
pub(in crate::cli) struct MirrorArgs {
    /// The store to mirror: a path, an address or `sample`
    pub source: OsString,
    /// The mirror, a file that is made where there is none
    #[arg(value_name = "LOCAL.db")]
    pub local: PathBuf,
    /// Go on with what is recorded there, until stopped (Ctrl+C)
    #[arg(long)]
    pub follow: bool,
    /// First compare every event of the mirror with its origin, not only the newest
    #[arg(long)]
    pub compare: bool,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
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
pub(in crate::cli) struct SampleArgs {
    /// The store to write, a file or an address (nats://HOST/NAME); it must not be there yet
    pub file: OsString,
    /// On how many servers of a NATS cluster it is kept [default: 1]
    #[arg(long, value_name = "N")]
    pub replicas: Option<usize>,
    /// What it tells of: sales, reservations, bank, orders or sensors
    #[arg(long, value_name = "NAME", default_value = "sales", value_parser = sample_domain)]
    pub domain: SampleDomain,
    /// How many streams [default: by --events; else by --domain, 5112 for sales]
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub streams: Option<u64>,
    /// How many events [default: by --streams; else by --domain, 31204 for sales]
    #[arg(long, value_name = "N", value_parser = number, allow_negative_numbers = true)]
    pub events: Option<u64>,
    /// The same seed gives the same events
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = number, allow_negative_numbers = true)]
    pub seed: u64,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}
