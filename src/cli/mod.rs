//! The command line: the same engine without a window. Results go to standard output, progress and messages to
//! standard error.

mod args;
mod change;
mod look;
mod moments;
mod output;
mod progress;
mod target;
mod transfer;
mod verify;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Command, Generated};

use crate::compensate::PlanError;
use crate::sample::SampleError;
use crate::session::SessionError;
use crate::store::files::{ExportError, ImportError};
use crate::store::{AppendError, StoreError};

/// What a command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// A check failed, a rule refused, somebody was quicker: the answer is no.
    No,
}

/// Why a command has no outcome.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Sample(#[from] SampleError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("{0}")]
    Usage(String),
    #[error("the result could not be written: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Plan(PlanError::Refused(_) | PlanError::NoRules(_)) => 1,
            _ => 2,
        }
    }
}

/// Messages for whoever looks into a problem: `FOLDLINE_LOG=debug foldline …`.
pub fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("FOLDLINE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).try_init();
}

/// Runs one command and answers with the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut out = io::stdout().lock();
    let result = dispatch(arguments, &mut out).and_then(|outcome| {
        out.flush()?;
        Ok(outcome)
    });
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        // Whoever read the output has seen enough (`foldline events … | head`).
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "foldline: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(arguments: Arguments, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let Arguments { command, words } = arguments;
    match command {
        None => without_command(&words, out),
        Some(Command::Info(args)) => look::info(&args, out),
        Some(Command::Streams(args)) => look::streams(&args, out),
        Some(Command::Events(args)) => look::events(&args, out),
        Some(Command::Show(args)) => moments::show(&args, out),
        Some(Command::Diff(args)) => moments::diff(&args, out),
        Some(Command::Blame(args)) => moments::blame(&args, out),
        Some(Command::Append(args)) => change::append(&args, out),
        Some(Command::Compensate(args)) => change::compensate(&args, out),
        Some(Command::Verify(args)) => verify::verify(&args, out),
        Some(Command::Import(args)) => transfer::import(&args, out),
        Some(Command::Export(args)) => transfer::export(&args, out),
        Some(Command::Sample(args)) => transfer::sample(&args, out),
        Some(Command::Generate { what }) => generate(what, out),
    }
}

fn without_command(words: &[String], out: &mut dyn Write) -> Result<Outcome, Failure> {
    let Some(first) = words.first() else {
        write!(out, "{}", Arguments::command().render_help())?;
        writeln!(out, "\nNew here? Make a store to look around in: foldline sample sample.db")?;
        return Ok(Outcome::Done);
    };
    if first != "sample" && !first.contains("://") && !std::path::Path::new(first).exists() {
        let commands = Arguments::command();
        let begins_alike = |name: &&str| first.get(..2).is_some_and(|beginning| name.starts_with(beginning));
        let near: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).filter(begins_alike).collect();
        let hint = if near.is_empty() {
            "see `foldline help`".to_owned()
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        return Err(Failure::Usage(format!("there is no command and no store called {first}; {hint}")));
    }
    Err(Failure::Usage(format!(
        "this build has no window; ask about the store with a command, such as `foldline info {first}`"
    )))
}

fn generate(what: Generated, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let mut command = Arguments::command();
    match what {
        Generated::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "foldline", &mut script);
            out.write_all(&script)?;
        }
        Generated::Man => clap_mangen::Man::new(command).render(&mut *out)?,
    }
    Ok(Outcome::Done)
}
