//! What is asked of a store, a stream and a moment of it.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::{Format, RowFormat, ShownArgs, StreamArgs, moment, number};
use crate::engine::Moment;
use crate::store::StreamOrder;

#[derive(Debug, Args)]
pub(in crate::cli) struct InfoArgs {
    /// A path, an address or `sample`
    pub store: OsString,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StreamsArgs {
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
pub(in crate::cli) enum Sort {
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
pub(in crate::cli) struct EventsArgs {
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
pub(in crate::cli) struct CensusArgs {
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
pub(in crate::cli) struct HistogramArgs {
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
pub(in crate::cli) enum SpanOfTime {
    Hour,
    Day,
    Week,
    Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum KindOfEvent {
    Type,
    Category,
    Actor,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SearchArgs {
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
pub(in crate::cli) struct IndexArgs {
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
pub(in crate::cli) struct MomentArgs {
    #[command(flatten)]
    pub of: StreamArgs,
    /// A version, a time or `latest`
    #[arg(long, value_name = "AT", default_value = "latest", value_parser = moment, allow_negative_numbers = true)]
    pub at: Moment,
    #[command(flatten)]
    pub shown: ShownArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    #[command(flatten)]
    pub of: StreamArgs,
    /// A version, a time or `latest`
    #[arg(long, value_name = "AT", value_parser = moment, allow_negative_numbers = true)]
    pub from: Moment,
    /// A version, a time or `latest`
    #[arg(long, value_name = "AT", value_parser = moment, allow_negative_numbers = true)]
    pub to: Moment,
    #[command(flatten)]
    pub shown: ShownArgs,
}
