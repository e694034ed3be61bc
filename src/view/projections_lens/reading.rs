//! The files of a user's own projections are found and read, where others may lie by now, or say something else.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::OwnFile;
use crate::engine::{Question, Ticket, guess_projection};
use crate::projection::Fault;
use crate::script::Script;
use crate::store::Store;
use crate::view::UserError;
use crate::workspace::{SourceError, Stamps, Workspace, read_source};

/// What the files of a store's projections are read for.
#[derive(Clone, Debug)]
pub(super) enum FilesWish {
    Read,
    /// Opens some from elsewhere.
    Add(Vec<PathBuf>),
    /// Begins one of this name, with this text.
    Begin(String, String),
    /// Begins one of this name with a draft of what the events of a category say; where they say nothing, with this text.
    Draft(String, String, String),
    Forget(PathBuf),
}

/// Reads all projections of a store, and compiles what is not known yet.
#[derive(Clone, Debug)]
pub struct ReadFiles {
    pub(super) workspace: Workspace,
    pub(super) wish: FilesWish,
    /// What was read of each so far, under which name.
    pub(super) known: Vec<(PathBuf, String, Arc<str>)>,
}

#[derive(Debug)]
pub struct FoundFiles {
    pub(super) files: Vec<FoundFile>,
    /// How they were before they were read.
    pub(super) stamps: Stamps,
    /// The one that was begun or opened.
    pub(super) chosen: Option<PathBuf>,
    /// The one that is open no longer.
    pub(super) forgotten: Option<PathBuf>,
    /// Why what was wished for could not be done.
    pub(super) refused: Option<UserError>,
}

#[derive(Debug)]
pub(super) struct FoundFile {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) found: Result<FoundText, UserError>,
}

#[derive(Debug)]
pub(super) struct FoundText {
    pub(super) text: Arc<str>,
    /// `None` where it is known already.
    pub(super) compiled: Option<Result<Script, Fault>>,
}

impl ReadFiles {
    pub(super) fn knowing(workspace: Workspace, wish: FilesWish, files: &[OwnFile]) -> Self {
        let known = files.iter().map(|file| (file.path().to_owned(), file.name().to_owned(), file.text_on_disk()));
        Self { workspace, wish, known: known.collect() }
    }
}

impl Question for ReadFiles {
    type Answer = FoundFiles;
    type Error = UserError;
    const WHAT: &'static str = "reading projections";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<FoundFiles, UserError> {
        let Self { workspace, wish, known } = self;
        let wish = match wish {
            FilesWish::Draft(name, category, text) => {
                let draft = guess_projection(reader, &category, &mut |count| ticket.reached(count))?;
                FilesWish::Begin(name, draft.unwrap_or(text))
            }
            wish => wish,
        };
        let mut also_refused = None;
        let forgotten = if let FilesWish::Forget(path) = &wish { Some(path.clone()) } else { None };
        let done: Result<Option<PathBuf>, SourceError> = match wish {
            FilesWish::Read => Ok(None),
            FilesWish::Add(paths) => {
                // Each is taken, whatever is wrong with another; what is wrong first is told.
                let (mut first, mut refused) = (None, None);
                for added in paths.iter().map(|path| workspace.add_projection(path)) {
                    match added {
                        Ok(path) => _ = first.get_or_insert(path),
                        Err(error) => _ = refused.get_or_insert(error),
                    }
                }
                if first.is_some() {
                    also_refused = refused.take();
                }
                refused.map_or(Ok(first), Err)
            }
            FilesWish::Begin(name, text) | FilesWish::Draft(name, _, text) => {
                workspace.begin_projection(&name, &text).map(Some)
            }
            FilesWish::Forget(path) => workspace.forget_projection(&path).map(|()| None),
        };
        let (chosen, refused) = match done {
            Ok(chosen) => (chosen, also_refused.map(UserError::from)),
            Err(error) => (None, Some(error.into())),
        };
        let paths = workspace.projections()?;
        let stamps = workspace.projection_stamps(&elsewhere(&workspace, &paths));
        let mut names = HashSet::new();
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let short = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            let name = if names.insert(short.clone()) { short } else { path.display().to_string() };
            let found = read_source(&path).map_err(UserError::from).map(|text| {
                let is_known =
                    known.iter().any(|(of, called, known)| *of == path && *called == name && **known == *text);
                let compiled = (!is_known).then(|| Script::read(&name, &text));
                FoundText { text: text.into(), compiled }
            });
            files.push(FoundFile { path, name, found });
        }
        Ok(FoundFiles { files, stamps, chosen, forgotten, refused })
    }
}

/// Those of the files that do not lie in the store's folder.
pub(super) fn elsewhere(workspace: &Workspace, files: &[PathBuf]) -> Vec<PathBuf> {
    let folder = workspace.projections_folder();
    files.iter().filter(|path| path.parent() != folder.as_deref()).cloned().collect()
}
