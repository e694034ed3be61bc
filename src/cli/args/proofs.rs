//! What is checked, and what is taken along to be checked elsewhere.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Format, moment};
use crate::engine::Moment;

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
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
pub(in crate::cli) struct SealArgs {
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
pub(in crate::cli) struct EvidenceArgs {
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
pub(in crate::cli) enum PageLanguage {
    /// English
    En,
    /// Korean
    Ko,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyEvidenceArgs {
    /// What `foldline evidence` wrote
    pub file: PathBuf,
    /// Also hold it against this seal of the store
    #[arg(long, value_name = "SEAL", visible_alias = "since")]
    pub checkpoint: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}
