//! Projections of the user's own: their files, the one that is worked on, and what it makes of the store. What it makes of
//! one stream is that stream's view under it.

mod doubting;
mod files;
mod marks;
mod offering;
mod read_states;
mod reading;
mod results;
mod tracing;

use std::path::{Path, PathBuf};

pub use doubting::{DoubtHere, doubt_message};
pub use files::{KeepSource, OwnFile};
pub use marks::{LineMark, MarkSource, Replacing};
pub use read_states::{Brief, ReadBriefs, ReadWhole, WholeState};
pub use reading::ReadFiles;
pub use results::{FilterPartitions, OwnResults, RunProjection};
pub use tracing::{Did, HandlerRow, HandlerTrace, ToldValue, TraceHere, TracedHandler};

use doubting::Doubting;
use files::{offered, take_found};
use reading::{FilesWish, FoundFiles, elsewhere};

use crate::engine::{Answer, Asked, Engine, Progress, StoreChange, Tool};
use crate::event::StreamId;
use crate::script::{BUNDLED, Partition};
use crate::view::UserError;
use crate::workspace::Workspace;

/// What is asked of the lens.
#[derive(Clone, Debug, PartialEq)]
pub enum ProjectionWish {
    /// Works on this one.
    Choose(PathBuf),
    /// A name for a new one is typed, with this proposed; or no more.
    Name(Option<String>),
    /// Begins one of the name that was typed, with this text.
    Begin(String),
    /// The same with a draft of what the events of a category say.
    Draft(String, String),
    /// Opens files from elsewhere with this store.
    Add(Vec<PathBuf>),
    /// Opens it no longer; the file stays.
    Forget(PathBuf),
    /// The text of the chosen one, as it is typed.
    Type(String),
    /// What another program wrote, in place of what was typed.
    TakeNewer,
    /// What was typed, in place of what another program wrote.
    KeepMine,
    /// Puts the word that was meant into the text.
    Replace(Replacing),
    /// On one of the lines that ran for the event at the cursor, or behind all of them.
    Stand(Option<usize>),
    /// Looks at this partition.
    Partition(String),
    /// Begins one of one's own from the example that is looked at.
    CopyExample,
    /// Begins one from what the events of a category say, called as that; else from this text.
    DraftOf(String, String),
    /// Opens the dialog that keeps it as a table.
    Materialise,
    /// Something narrows the partitions.
    Narrow,
    /// From the partitions back to the store's own streams.
    Undivide,
    Cancel,
    StopDraft,
    Retry,
    /// Runs the chosen one again, which was given up.
    RunAgain,
}

/// The user's own projections of a store.
pub struct ProjectionsLens {
    workspace: Workspace,
    files: Vec<OwnFile>,
    /// Those that come with the program.
    examples: Vec<OwnFile>,
    reading: Asked<ReadFiles>,
    /// Sees when a file is changed by another program.
    watching: Option<Answer<()>>,
    chosen: Option<PathBuf>,
    /// What is typed as the name of a new one.
    pub new_name: Option<String>,
    /// Why the last wish could not be done.
    refused: Option<UserError>,
    pub results: OwnResults,
    /// Under which projection the stream was shown before this lens was looked through.
    pub(in crate::view) before: Option<usize>,
    /// What the handler of the event at the cursor did.
    pub trace: HandlerTrace,
    doubting: Doubting,
    /// The partition that was chosen last.
    pub partition: Option<String>,
}

impl std::fmt::Debug for ProjectionsLens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProjectionsLens").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

/// What changed among the projections that the choosers know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Offering {
    /// Something is to be drawn anew.
    pub(in crate::view) is_new: bool,
    /// Under these names others run than before, or none.
    pub(in crate::view) names: Vec<String>,
    /// There are more or fewer of them.
    pub(in crate::view) has_other_names: bool,
}

impl ProjectionsLens {
    pub(in crate::view) fn new(engine: &Engine, workspace: Workspace) -> Self {
        let mut lens = Self::idle(workspace);
        lens.read(engine, FilesWish::Read);
        lens
    }

    pub(in crate::view) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// One that has read nothing.
    pub(in crate::view) fn idle(workspace: Workspace) -> Self {
        Self {
            workspace,
            files: Vec::new(),
            examples: BUNDLED.iter().copied().map(OwnFile::example).collect(),
            reading: Asked::default(),
            watching: None,
            chosen: None,
            new_name: None,
            refused: None,
            results: OwnResults::default(),
            before: None,
            trace: HandlerTrace::default(),
            doubting: Doubting::default(),
            partition: None,
        }
    }

    fn read(&mut self, engine: &Engine, wish: FilesWish) {
        self.reading.ask(engine, ReadFiles::knowing(self.workspace.clone(), wish, &self.files));
    }

    pub fn files(&self) -> &[OwnFile] {
        &self.files
    }

    pub fn examples(&self) -> &[OwnFile] {
        &self.examples
    }

    /// Where the projections of this store lie.
    pub fn folder(&self) -> Option<PathBuf> {
        self.workspace.projections_folder()
    }

    /// The one that is worked on.
    pub fn chosen(&self) -> Option<&OwnFile> {
        let chosen = self.chosen.as_deref();
        let mut all = self.files.iter().chain(&self.examples);
        all.find(|file| Some(file.path()) == chosen).or(self.files.first())
    }

    fn chosen_mut(&mut self) -> Option<&mut OwnFile> {
        let path = self.chosen()?.path().to_owned();
        self.files.iter_mut().chain(&mut self.examples).find(|file| file.path() == path)
    }

    /// Whether it lies elsewhere than in the store's folder.
    pub fn is_from_elsewhere(&self, path: &Path) -> bool {
        path.parent() != self.folder().as_deref()
    }

    /// Each stream has a state of its own under the chosen one.
    pub fn is_of_streams(&self) -> bool {
        let script = self.chosen().and_then(OwnFile::script);
        script.is_some_and(|script| {
            let definition = script.definition();
            definition.partition == Partition::Stream && !definition.is_bi_state
        })
    }

    /// How far a draft is that takes long.
    pub fn progress(&self) -> Option<Progress> {
        self.reading.progress()
    }

    /// Why the files could not be read, or what was wished for not be done.
    pub fn error(&self) -> Option<&UserError> {
        self.refused.as_ref().or(self.reading.error())
    }

    pub(in crate::view) fn tools(&self) -> impl Iterator<Item = &dyn Tool<Error = UserError>> {
        let files = self.files.iter().chain(&self.examples).map(OwnFile::asked);
        let of_handler = [self.trace.tool(), self.doubting.tool()];
        files.chain([&self.reading as &dyn Tool<Error = UserError>]).chain(self.results.tools()).chain(of_handler)
    }

    /// What the lens shows is asked for, while it is looked through.
    pub(in crate::view) fn want(&mut self, engine: &Engine, stream: Option<&StreamId>) {
        let script = self.chosen().and_then(|file| file.script().cloned());
        if let Some(script) = script {
            self.results.want(engine, &script);
        }
        let mut doubting = std::mem::take(&mut self.doubting);
        self.chosen().into_iter().for_each(|file| doubting.want(engine, file, stream));
        self.doubting = doubting;
    }

    pub(in crate::view) fn follow(&mut self, engine: &Engine, change: &StoreChange, is_looked_through: bool) {
        self.trace.follow(change);
        if is_looked_through {
            self.results.follow(engine, change);
        } else {
            // It is run when somebody looks again.
            self.results.clear();
        }
    }

    pub(in crate::view) fn wish(&mut self, engine: &Engine, wish: ProjectionWish) {
        match wish {
            ProjectionWish::Choose(path) => {
                self.choose(Some(path));
                self.chosen_mut().into_iter().for_each(|file| file.compile_example(engine));
            }
            ProjectionWish::CopyExample => {
                let example = self.chosen().filter(|file| file.is_example());
                if let Some((name, text)) = example.map(|file| (file.name().to_owned(), file.text().to_owned())) {
                    self.read(engine, FilesWish::Begin(name, text));
                }
            }
            ProjectionWish::DraftOf(category, text) => {
                self.refused = None;
                // There it is told how far it is, and another name is typed where this one is taken.
                self.new_name = Some(category.clone());
                self.read(engine, FilesWish::Draft(category.clone(), category, text));
            }
            ProjectionWish::Name(proposed) => {
                self.refused = None;
                self.new_name = proposed.map(|name| self.free_name(&name));
            }
            ProjectionWish::Begin(text) => {
                if let Some(name) = self.new_name.clone().filter(|name| !name.trim().is_empty()) {
                    self.read(engine, FilesWish::Begin(name, text));
                }
            }
            ProjectionWish::Draft(category, text) => {
                if let Some(name) = self.new_name.clone().filter(|name| !name.trim().is_empty()) {
                    self.read(engine, FilesWish::Draft(name, category, text));
                }
            }
            ProjectionWish::Add(paths) => self.read(engine, FilesWish::Add(paths)),
            ProjectionWish::Forget(path) => self.read(engine, FilesWish::Forget(path)),
            ProjectionWish::Type(text) => {
                self.chosen_mut().into_iter().for_each(|file| file.type_text(engine, text.clone()));
            }
            ProjectionWish::TakeNewer => self.chosen_mut().into_iter().for_each(|file| file.take_newer(engine)),
            ProjectionWish::KeepMine => self.chosen_mut().into_iter().for_each(|file| file.keep_mine(engine)),
            ProjectionWish::Replace(replacing) => {
                let text = self.chosen().and_then(|file| replacing.in_text(file.text()));
                if let (Some(text), Some(file)) = (text, self.chosen_mut()) {
                    file.type_text(engine, text);
                }
            }
            ProjectionWish::Stand(nth) => self.trace.stand(nth),
            ProjectionWish::Partition(partition) => self.choose_partition(partition),
            // Done by the store, and by the window.
            ProjectionWish::Undivide | ProjectionWish::Materialise | ProjectionWish::RunAgain => {}
            ProjectionWish::Narrow => self.results.narrow(engine),
            ProjectionWish::StopDraft => self.reading.cancel(),
            ProjectionWish::Cancel => self.results.cancel(),
            ProjectionWish::Retry => {
                if self.reading.error().is_some() {
                    self.read(engine, FilesWish::Read);
                }
                self.results.retry(engine);
            }
        }
    }

    /// This name, with a number where there is a projection of that name.
    fn free_name(&self, name: &str) -> String {
        let is_free = |name: &String| {
            let is_it = |file: &OwnFile| file.path().file_stem().is_some_and(|stem| stem.to_string_lossy() == **name);
            !self.files.iter().any(is_it)
        };
        let numbered = (2_usize..).map(|number| format!("{name}-{number}"));
        std::iter::once(name.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
    }

    fn choose_partition(&mut self, partition: String) {
        self.results.choose(&partition);
        self.partition = Some(partition);
    }

    fn choose(&mut self, path: Option<PathBuf>) {
        let before = self.chosen().map(|file| file.path().to_owned());
        self.chosen = path;
        if self.chosen().map(OwnFile::path) != before.as_deref() {
            self.results.clear();
            self.partition = None;
        }
    }

    /// Takes what has come: scripts that run now are offered to every chooser.
    pub(in crate::view) fn poll(&mut self, engine: &Engine) -> Offering {
        let mut offering = Offering::default();
        for file in self.files.iter_mut().chain(&mut self.examples) {
            let polled = file.poll(engine);
            offering.is_new |= polled.is_new;
            if polled.has_other_script {
                offering.names.push(file.name().to_owned());
            }
        }
        if self.reading.poll(engine) {
            offering.is_new = true;
            if let Some(found) = self.reading.take() {
                self.take_files(engine, found, &mut offering);
            }
        }
        // What is being read may be what another wish needs.
        if !self.reading.is_loading() && self.watching.as_ref().is_some_and(|watching| watching.poll().is_some()) {
            self.watching = None;
            self.read(engine, FilesWish::Read);
        }
        self.offer(engine, &mut offering);
        offering.is_new |= self.results.poll(engine);
        offering.is_new |= self.trace.poll(engine);
        offering.is_new |= self.doubting.poll(engine);
        offering
    }

    fn take_files(&mut self, engine: &Engine, found: FoundFiles, offering: &mut Offering) {
        let FoundFiles { files, stamps, chosen, forgotten, refused } = found;
        let had = self.chosen().map(|file| file.path().to_owned());
        let changed =
            take_found(&mut self.files, files, had.as_deref().filter(|had| Some(*had) != forgotten.as_deref()));
        for name in &changed.gone {
            engine.offers().withdraw(name);
        }
        offering.has_other_names |= !changed.gone.is_empty();
        offering.names.extend(changed.gone.into_iter().chain(changed.others));
        if chosen.is_some() {
            self.new_name = None;
        }
        // Whoever works on one goes on with it, wherever it stands among the others now.
        self.chosen.clone_from(&had);
        if chosen.is_some() || had.is_some() {
            self.choose(chosen.or(had));
        }
        self.refused = refused;
        self.watch(engine, stamps);
    }

    /// Waits for another program to change one of the files.
    fn watch(&mut self, engine: &Engine, stamps: crate::workspace::Stamps) {
        let paths: Vec<PathBuf> = self.files.iter().map(|file| file.path().to_owned()).collect();
        let workspace = self.workspace.clone();
        let elsewhere = elsewhere(&workspace, &paths);
        self.watching = Some(engine.beside("watching projections", move |ticket| {
            while !ticket.is_cancelled() && workspace.projection_stamps(&elsewhere) == stamps {
                ticket.pause(BETWEEN_LOOKS);
            }
        }));
    }

    /// Tells the choosers of what changed.
    fn offer(&self, engine: &Engine, offering: &mut Offering) {
        let offers = engine.offers();
        for name in &offering.names {
            let file = self.files.iter().chain(&self.examples).find(|file| file.name() == name);
            let known = offers.registry().of_aggregate(None).iter().any(|known| known.is_own() && known.name() == name);
            match file.and_then(OwnFile::script).and_then(offered) {
                Some(projection) => {
                    offers.offer(&projection);
                    offering.has_other_names |= !known;
                }
                None if known => {
                    offers.withdraw(name);
                    offering.has_other_names = true;
                }
                None => {}
            }
        }
    }
}

/// Between two looks at the files. Each is a few system calls; nothing is read until something has changed.
const BETWEEN_LOOKS: std::time::Duration = std::time::Duration::from_millis(400);

impl Drop for ProjectionsLens {
    /// What was typed last is not lost with the window.
    fn drop(&mut self) {
        self.files.iter_mut().for_each(OwnFile::keep_now);
    }
}
