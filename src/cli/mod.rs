//! The command line: the same engine without a window. Results go to standard output, progress and messages to
//! standard error.

mod args;
mod bring;
mod causes;
mod census;
mod change;
mod compare_projections;
mod evidence;
mod failing;
mod guess;
mod histogram;
mod look;
mod map;
mod materialise;
mod mirror;
mod moments;
mod output;
mod own;
mod parquet;
mod place;
mod pointing;
mod progress;
mod project;
mod reduce;
mod seal;
mod search;
mod share;
mod side;
mod sql;
mod stopping;
mod target;
mod terminal;
mod trace;
mod transfer;
mod tries;
mod verify;
mod what_if;
mod when;
mod why;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Command, Generated};
use pointing::pointed_at;
use target::Context;
pub use terminal::message;
use terminal::{Output, keep_secret, message_above, print_message};

use crate::compensate::PlanError;
use crate::engine::{
    DriftError, EngineError, ExcerptError, MakeSampleError, MaterialiseError, Misread, Moment, Passing, ProofError,
    SealError, ShareError, SideError,
};
use crate::event::{Explain, StreamId};
use crate::expr::Flaw;
use crate::replay::EditError;
use crate::sample::SampleError;
use crate::store::files::{ExportError, ExportTarget, ImportError, TargetError};
use crate::store::{AppendError, Link, ModelError, Source, StoreError, leads_to_other_machine};
use crate::workspace::is_source;

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
    Engine(#[from] EngineError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("{}: this file is there already; name another, or add --force", .0.display())]
    Taken(PathBuf),
    #[error(transparent)]
    Target(TargetError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Excerpt(ExcerptError),
    #[error(transparent)]
    Sample(#[from] SampleError),
    #[error(transparent)]
    MakeSample(#[from] MakeSampleError),
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Edit(#[from] EditError),
    /// With the text in which it stands.
    #[error("{flaw}")]
    Condition { flaw: Flaw, text: String },
    #[error("{misread}")]
    Search { misread: Misread, text: String },
    #[error(transparent)]
    Materialise(#[from] MaterialiseError),
    #[error(transparent)]
    Share(ShareError),
    #[error("{0}")]
    Drift(String),
    #[error("{message}")]
    Sql { message: String, range: Range<usize>, text: String },
    #[error("{0}")]
    Usage(String),
    #[error("{}: the man pages could not be written there: {source}", folder.display())]
    Pages { folder: PathBuf, source: io::Error },
    #[error("the result could not be written: {0}")]
    Output(#[from] io::Error),
}

impl From<ExcerptError> for Failure {
    fn from(error: ExcerptError) -> Self {
        match error {
            ExcerptError::Target(error) => error.into(),
            other => Self::Excerpt(other),
        }
    }
}

impl From<DriftError> for Failure {
    fn from(error: DriftError) -> Self {
        match error {
            DriftError::Other(error) => error.into(),
            other => Self::Drift(other.to_string()),
        }
    }
}

impl From<ShareError> for Failure {
    fn from(error: ShareError) -> Self {
        match error {
            ShareError::Engine(error) => error.into(),
            other => Self::Share(other),
        }
    }
}

impl From<SideError> for Failure {
    fn from(error: SideError) -> Self {
        match error {
            SideError::Engine(error) => error.into(),
            other => Self::Usage(other.to_string()),
        }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        match error {
            // The command line has a word for allowing it.
            TargetError::Taken(path) => Self::Taken(path),
            other => Self::Target(other),
        }
    }
}

impl Passing for Failure {
    fn is_passing(&self) -> bool {
        let said = match self {
            Self::Engine(error) => error.message(),
            Self::Store(error) => error.message(),
            Self::Materialise(MaterialiseError::Engine(error)) => error.message(),
            Self::Materialise(MaterialiseError::Model(ModelError::Store(error))) => error.message(),
            Self::Materialise(_) => return false,
            Self::Append(error) => error.message(),
            Self::Target(error) => error.message(),
            Self::Export(error) => error.message(),
            Self::Excerpt(error) => error.message(),
            Self::Proof(error) => error.message(),
            Self::Sample(error) => error.message(),
            Self::MakeSample(error) => error.message(),
            Self::Plan(error) => error.message(),
            Self::Edit(error) => error.message(),
            Self::Import(_)
            | Self::Taken(_)
            | Self::Seal(_)
            | Self::Share(_)
            | Self::Pages { .. }
            | Self::Condition { .. }
            | Self::Search { .. }
            | Self::Sql { .. }
            | Self::Drift(_)
            | Self::Usage(_)
            | Self::Output(_) => return false,
        };
        said.is_passing()
    }
}

impl Failure {
    fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Damaged { .. }) | Self::Engine(EngineError::Store(StoreError::Damaged { .. }))
        )
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Plan(
                PlanError::Refused(_) | PlanError::NoRules(_) | PlanError::Archived(_) | PlanError::Encrypted,
            ) => 1,
            // Whether the origin is still what was mirrored was asked, and the answer is no.
            Self::Store(StoreError::OriginDiffers { .. } | StoreError::MirrorEdited { .. }) => 1,
            _ => 2,
        }
    }
}

/// Messages for whoever looks into a problem: `FOLDLINE_LOG=debug foldline …`.
pub fn start_logging() {
    // What the client of NATS says while it connects is said by whoever asked for it.
    let filter = tracing_subscriber::EnvFilter::try_from_env("FOLDLINE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,winit=error,async_nats=off"));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(|| terminal::Log).try_init();
}

/// How reading the arguments ended.
#[derive(Debug)]
pub enum Ended {
    /// A command ran, or the arguments were wrong.
    Command(ExitCode),
    /// No command was named: the window is wanted.
    Window(WindowWish),
}

/// What the window should begin with.
#[derive(Debug, Default)]
pub struct WindowWish {
    pub store: Option<Source>,
    pub stream: Option<StreamId>,
    pub at: Option<Moment>,
    /// Projections of the user's own, to be looked at with the store.
    pub projections: Vec<PathBuf>,
    pub frame_times: Option<PathBuf>,
    /// Whoever made a link chose it, and not the person who follows it.
    pub is_of_link: bool,
}

/// Reads the arguments and runs the command they name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Ended {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    keep_secret(&arguments);
    let arguments = place::with_expressions(place::spelled_out(arguments));
    let Arguments { command, words, at, map, frame_times } = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help has nothing in it but the program's own words; an error repeats what was typed.
            if error.use_stderr() {
                print_message(&error.render().to_string());
            } else {
                let _ = error.print();
            }
            return Ended::Command(ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)));
        }
    };
    let Some(mut command) = command else {
        return match window_wish(&words, at) {
            Ok(wish) => Ended::Window(WindowWish { frame_times, ..wish }),
            Err(failure) => Ended::Command(failed(&failure)),
        };
    };
    let mut out = Output::stdout();
    let map = match &mut command {
        // It says there what another table means.
        Command::Drift(args) => {
            args.map = map;
            None
        }
        _ => map,
    };
    let context = match Context::new(map.as_deref()) {
        Ok(context) => context,
        Err(failure) => return Ended::Command(failed(&failure)),
    };
    let result = dispatch(command, &context, &mut out).and_then(|outcome| Ok(out.flush().map(|()| outcome)?));
    // “What can still be read is shown” would only contradict that nothing can.
    if !matches!(&result, Err(failure) if failure.is_damage()) {
        context.print_notices();
    }
    Ended::Command(match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        // Whoever read the output has seen enough (`foldline events … | head`).
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // What could be read before that is shown.
            let _ = out.flush();
            failed(&failure)
        }
    })
}

/// What was written to a store or a file is done, also where its result cannot be printed: that is said, and is no
/// failure. Repeating the command would do it twice.
fn told(printed: Result<(), Failure>, out: &mut Output, what: impl FnOnce() -> String) -> Result<(), Failure> {
    match printed.and_then(|()| Ok(out.flush()?)) {
        Err(Failure::Output(error)) => {
            out.close();
            message(format_args!("{}, but the result could not be printed: {error}", what()));
            Ok(())
        }
        other => other,
    }
}

fn failed(failure: &Failure) -> ExitCode {
    match failure {
        Failure::Condition { flaw, text } => message_above(failure, &pointed_at(text, &flaw.span)),
        Failure::Sql { range, text, .. } => message_above(failure, &pointed_at(text, range)),
        Failure::Search { misread, text } => message_above(failure, &pointed_at(text, &misread.range)),
        _ => message(failure),
    }
    ExitCode::from(failure.exit_code())
}

fn dispatch(command: Command, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    match command {
        Command::Append(args) => change::append(&args, context, out),
        Command::Compensate(args) => change::compensate(&args, context, out),
        Command::Import(args) => transfer::import(&args, out),
        Command::Mirror(args) => mirror::mirror(&args, context, out),
        Command::Sample(args) => transfer::sample(&args, out),
        Command::Generate { what } => generate(what, out),
        Command::Info(args) => looking(look::info, &args, context, out),
        Command::Streams(args) => looking(look::streams, &args, context, out),
        Command::Events(args) => looking(look::events, &args, context, out),
        Command::Show(args) => looking(moments::show, &args, context, out),
        Command::Diff(args) => looking(moments::diff, &args, context, out),
        Command::Blame(args) => looking(moments::blame, &args, context, out),
        Command::Trace(args) => looking(trace::trace, &args, context, out),
        Command::Causes(args) => looking(causes::causes, &args, context, out),
        Command::Why(args) => looking(why::why, &args, context, out),
        Command::Reduce(args) => looking(reduce::reduce, &args, context, out),
        Command::WhatIf(args) => looking(what_if::what_if, &args, context, out),
        Command::Census(args) => looking(census::census, &args, context, out),
        Command::Histogram(args) => looking(histogram::histogram, &args, context, out),
        Command::Search(args) => looking(search::search, &args, context, out),
        Command::Index(args) => looking(side::index, &args, context, out),
        Command::When(args) => looking(when::when, &args, context, out),
        Command::Project(args) => match &args.share {
            Some(share) => share::project(&args, share, context, out),
            None => looking(project::project, &args, context, out),
        },
        Command::Workers(args) => looking(share::workers, &args, context, out),
        Command::Sql(args) => looking(sql::sql, &args, context, out),
        Command::Materialise(args) => looking(materialise::materialise, &args, context, out),
        Command::Drift(args) => looking(materialise::drift, &args, context, out),
        Command::CompareProjections(args) => looking(compare_projections::compare_projections, &args, context, out),
        Command::GuessProjection(args) => looking(guess::guess_projection, &args, context, out),
        Command::Verify(args) => looking(verify::verify, &args, context, out),
        Command::Seal(args) => looking(seal::seal, &args, context, out),
        Command::Evidence(args) => looking(evidence::evidence, &args, context, out),
        Command::VerifyEvidence(args) => evidence::verify(&args, out),
        Command::Map(args) => looking(map::map, &args, context, out),
        Command::Export(args) => looking(transfer::export, &args, context, out),
    }
}

/// What only looks at its store may be done again, from opening it on.
fn looking<A>(
    look: fn(&A, &Context, &mut Output) -> Result<Outcome, Failure>,
    args: &A,
    context: &Context,
    out: &mut Output,
) -> Result<Outcome, Failure> {
    tries::while_passing(out, |out| look(args, context, out))
}

/// No command: the window, at the store and stream that were named.
fn window_wish(words: &[OsString], at: Option<Moment>) -> Result<WindowWish, Failure> {
    let [first, rest @ ..] = words else { return Ok(WindowWish::default()) };
    if first.is_empty() {
        return Err(target::no_store());
    }
    // A stream may be called like one; a file that is there is meant.
    let is_projection = |word: &&OsString| is_source(Path::new(word)) && Path::new(word).is_file();
    let projections = rest.iter().filter(is_projection).map(PathBuf::from).collect();
    let rest: Vec<OsString> = rest.iter().filter(|word| !is_projection(word)).cloned().collect();
    Ok(WindowWish { projections, ..place_wish(first, &rest, at)? })
}

/// Where the window opens.
fn place_wish(first: &OsStr, rest: &[OsString], at: Option<Moment>) -> Result<WindowWish, Failure> {
    let is_link = first.as_encoded_bytes().get(..9).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"foldline:"));
    // A file may be called so too.
    if is_link && !Path::new(first).exists() {
        return linked(&first.to_string_lossy(), rest, at);
    }
    let is_there = match Source::parse_os(first) {
        Source::Server(_) => true,
        Source::File(path) => first == "sample" || path.exists(),
    };
    if let (true, [_, extra, ..]) = (is_there, rest) {
        let extra = extra.to_string_lossy();
        return Err(Failure::Usage(format!(
            "the window opens at one store and one stream, and “{extra}” is neither, nor a projection's file (FILE.js); a command goes before the store"
        )));
    }
    if let (false, [], Some(link)) = (is_there, rest, first.to_str().and_then(Link::parse_place)) {
        let Link { source, stream, at: named } = link;
        let at = at.or(named.map(Moment::Version));
        return Ok(WindowWish { store: Some(source), stream, at, ..WindowWish::default() });
    }
    if !is_there {
        let commands = Arguments::command();
        let typed = first.to_string_lossy();
        let begins_alike = |name: &&str| typed.get(..2).is_some_and(|beginning| name.starts_with(beginning));
        let near: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).filter(begins_alike).collect();
        let hint = if near.is_empty() {
            "see `foldline help`".to_owned()
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        return Err(Failure::Usage(format!(
            "there is no command and no store called {}; {hint}",
            target::shown(first)
        )));
    }
    let stream = rest.first().map(|stream| StreamId::from(&*stream.to_string_lossy()));
    Ok(WindowWish { store: Some(target::source(first)?), stream, at, ..WindowWish::default() })
}

/// The window, where a link leads.
fn linked(text: &str, rest: &[OsString], at: Option<Moment>) -> Result<WindowWish, Failure> {
    let link = Link::parse(text).filter(|_| rest.is_empty());
    let Some(Link { source, stream, at: linked }) = link else {
        return Err(Failure::Usage(format!(
            "“{text}” is no link that Foldline can follow; one reads foldline:/path/to/store.db?stream=STREAM&at=VERSION"
        )));
    };
    if cfg!(windows) && leads_to_other_machine(&source) {
        return Err(Failure::Usage(format!(
            "{source}: a link may not lead to a file on another machine, which would be told who you are; if you trust it, open the file itself"
        )));
    }
    let at = at.or(linked.map(Moment::Version));
    Ok(WindowWish { store: Some(source), stream, at, is_of_link: true, ..WindowWish::default() })
}

fn generate(what: Generated, out: &mut Output) -> Result<Outcome, Failure> {
    // What `foldline help` tells is no page of its own.
    let pages = || Arguments::command().disable_help_subcommand(true);
    match what {
        Generated::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "foldline", &mut script);
            out.data().write_all(&script)?;
        }
        Generated::Man { to: None, .. } => clap_mangen::Man::new(pages()).render(&mut out.data())?,
        Generated::Man { to: Some(folder), force } => write_pages(pages(), &folder, force)?,
    }
    Ok(Outcome::Done)
}

/// A page for each command. Whether every one may be written is asked before the first is.
fn write_pages(mut command: clap::Command, folder: &Path, may_replace: bool) -> Result<(), Failure> {
    let failed = |source| Failure::Pages { folder: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    command.build();
    let (mut commands, mut pages) = (vec![command], Vec::new());
    while let Some(command) = commands.pop() {
        commands.extend(command.get_subcommands().filter(|inner| !inner.is_hide_set()).cloned());
        let page = clap_mangen::Man::new(command);
        let mut text = Vec::new();
        page.render(&mut text).map_err(failed)?;
        pages.push((ExportTarget::in_folder(folder, &page.get_filename(), may_replace)?, text));
    }
    for (target, text) in pages {
        target.write(|file| file.write_all(&text).map_err(failed), failed)?;
    }
    Ok(())
}
