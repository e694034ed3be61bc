//! Some events of a stream, in a file of their own.

use std::path::{Path, PathBuf};

use super::load::each_event;
use super::test_source::{Language, Shows, TestCase, test_source};
use crate::event::{Explain, Message, NewEvent, RecordedEvent, StreamId, Version};
use crate::store::files::{self, ExportError, ExportTarget, FileFormat, Selection, TargetError};
use crate::store::native::Aside;
use crate::store::{AppendError, Flow, Query, Source, Store, StoreError};

/// A part of a stream's history, and what it still shows.
#[derive(Clone, Debug)]
pub struct Excerpt {
    pub stream: StreamId,
    /// How many events the stream has.
    pub from: u64,
    /// Those of the part, ascending.
    pub versions: Vec<Version>,
    pub shows: Shows,
}

/// As what a part of a history is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExcerptForm {
    /// A store of Foldline's own.
    Store,
    Events(FileFormat),
    Test(Language),
}

/// The endings of a file's name that say how it is to be written.
pub const EXCERPT_ENDINGS: &str = ".db, .json, .jsonl, .csv, .rs, .py, .ts";

impl ExcerptForm {
    pub fn from_ending(path: &Path) -> Option<Self> {
        let is_store = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("db"));
        let test = || Language::from_extension(path).map(Self::Test);
        is_store.then_some(Self::Store).or_else(test).or_else(|| FileFormat::from_extension(path).map(Self::Events))
    }
}

/// Why a part of a history was not written.
#[derive(Debug, thiserror::Error)]
pub enum ExcerptError {
    #[error("{}: the name does not say what to write; let it end in {EXCERPT_ENDINGS}", .0.display())]
    NoForm(PathBuf),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for ExcerptError {
    fn message(&self) -> Message {
        match self {
            Self::NoForm(path) => {
                Message::new("excerpt-no-form").text("path", path.display()).text("endings", EXCERPT_ENDINGS)
            }
            Self::Target(error) => error.message(),
            Self::Export(error) => error.message(),
            Self::Append(error) => error.message(),
            Self::Store(error) => error.message(),
        }
    }
}

/// Where an excerpt is to be written, looked at before the work begins.
#[derive(Debug)]
pub struct ExcerptTarget {
    form: ExcerptForm,
    path: PathBuf,
    file: Option<ExportTarget>,
}

impl ExcerptTarget {
    /// By the ending of its name. A store never takes the place of anything.
    pub fn new(path: &Path, source: &Source, may_replace: bool) -> Result<Self, ExcerptError> {
        let form = ExcerptForm::from_ending(path).ok_or_else(|| ExcerptError::NoForm(path.to_owned()))?;
        let is_store = form == ExcerptForm::Store;
        if is_store {
            // That it is the store itself is said before it is said to be there.
            ExportTarget::new(path, source, true)?;
            Aside::look(path)?;
        }
        let file = if is_store { None } else { Some(ExportTarget::new(path, source, may_replace)?) };
        Ok(Self { form, path: path.to_owned(), file })
    }
}

/// Writes a part of a stream. Each event keeps its id and its version, so that it is known again.
pub fn write_excerpt(
    reader: &dyn Store,
    store: &str,
    excerpt: &Excerpt,
    target: ExcerptTarget,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), ExcerptError> {
    let Excerpt { stream, from, versions, shows } = excerpt;
    let query = Query::stream(stream.clone()).between(versions.first().copied(), versions.last().copied());
    let is_in = |version: &Version| versions.binary_search(version).is_ok();
    match (target.form, target.file) {
        (ExcerptForm::Events(format), Some(file)) if !versions.is_empty() => {
            let selection = Selection { query: &query, only: Some(&|row| is_in(&row.version)) };
            files::export(reader, selection, file, format.into(), progress)?;
        }
        (form, file) => {
            let mut given: Vec<RecordedEvent> = Vec::with_capacity(versions.len());
            if !versions.is_empty() {
                each_event(reader, &query, progress, &mut |row| {
                    if is_in(&row.version) {
                        given.push(row.to_recorded());
                    }
                })?;
            }
            let case = TestCase { store, stream: stream.as_str(), from: *from, given: &given, shows };
            match (form, file) {
                (ExcerptForm::Test(language), Some(file)) => files::write_text(file, &test_source(language, &case))?,
                (ExcerptForm::Events(_), Some(file)) => files::write_text(file, "[]\n")?,
                _ => write_store(&target.path, &given)?,
            }
        }
    }
    Ok(())
}

fn write_store(path: &Path, events: &[RecordedEvent]) -> Result<(), ExcerptError> {
    let (mut made, aside) = Aside::begin(path)?;
    let mut bulk = made.bulk()?;
    for event in events {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let new = NewEvent {
            id: event.id.clone(),
            event_type: event.event_type.clone(),
            schema: event.schema,
            recorded_at: event.recorded_at,
            payload: text(&event.payload),
            metadata: text(&event.metadata),
        };
        bulk.record_new(&event.stream, event.version, &new)?;
    }
    bulk.commit()?;
    drop(made);
    aside.place()?;
    Ok(())
}
