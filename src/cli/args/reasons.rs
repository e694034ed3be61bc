//! What is asked backwards: when, why, what if, and what caused it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::{Format, ShownArgs, StreamArgs, moment, number};
use crate::cli::own::ProjectionName;
use crate::engine::Moment;

#[derive(Debug, Args)]
pub(in crate::cli) struct TraceArgs {
    #[command(flatten)]
    pub of: StreamArgs,
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
pub(in crate::cli) struct CausesArgs {
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
pub(in crate::cli) struct WhyArgs {
    #[command(flatten)]
    pub of: StreamArgs,
    /// The field, as `foldline blame` names it
    pub field: String,
    /// A version, a time or `latest`
    #[arg(long, value_name = "AT", default_value = "latest", value_parser = moment, allow_negative_numbers = true)]
    pub at: Moment,
    /// Why it is not this: text, or JSON. What would make it so is tried, and the rule named that forbids it
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub not: Option<String>,
    #[command(flatten)]
    pub shown: ShownArgs,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["expression", "rule", "finding"])))]
pub(in crate::cli) struct ReduceArgs {
    #[command(flatten)]
    pub of: StreamArgs,
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
    #[command(flatten)]
    pub shown: ShownArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct WhatIfArgs {
    #[command(flatten)]
    pub of: StreamArgs,
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
    #[command(flatten)]
    pub shown: ShownArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct WhenArgs {
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
    #[command(flatten)]
    pub shown: ShownArgs,
}
