//! The files of a user's own projections: read, kept as they are typed, and what they say once they were compiled.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::reading::{FoundFile, FoundText};
use crate::engine::{Asked, Engine, Question, Ticket, Tool};
use crate::projection::Fault;
use crate::replay::ProjectionRef;
use crate::script::{Bundled, Script, ScriptProjection};
use crate::store::Store;
use crate::view::UserError;
use crate::workspace::{Keeping, SourceError, keep_source};

/// How long is waited for one more key before what was typed is kept and compiled.
const BETWEEN_KEYS: Duration = Duration::from_millis(100);

/// A projection of the user's own, in a file.
#[derive(Debug)]
pub struct OwnFile {
    path: PathBuf,
    /// What it is called wherever projections are: its file's name, or its path where two have the same name.
    name: String,
    /// As it stands in the editor.
    text: String,
    /// What stands in the file, as far as is known.
    on_disk: Arc<OnDisk>,
    /// As it was compiled last without a fault.
    script: Option<Script>,
    /// Why the text as it is cannot be compiled.
    fault: Option<Fault>,
    /// Why the file cannot be read or written.
    error: Option<UserError>,
    /// What another program wrote, while something was typed here that is not kept yet.
    newer: Option<Arc<str>>,
    /// Which typing is the latest.
    typed: Arc<AtomicU64>,
    is_kept: bool,
    /// It comes with the program: it is run and read, and never typed in.
    is_example: bool,
    /// What stands in it is not known, so that nothing is typed in its place.
    is_unread: bool,
    keeping: Asked<KeepSource>,
}

/// Known to whoever writes the file and to whoever looks at it.
#[derive(Debug)]
struct OnDisk {
    text: Mutex<Arc<str>>,
    /// Held while it is written.
    writing: Mutex<()>,
}

impl OnDisk {
    fn new(text: Arc<str>) -> Arc<Self> {
        Arc::new(Self { text: Mutex::new(text), writing: Mutex::default() })
    }

    fn text(&self) -> Arc<str> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, text: Arc<str>) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

impl OwnFile {
    fn new(found: FoundFile) -> Self {
        let FoundFile { path, name, found } = found;
        let is_unread = found.is_err();
        let (text, compiled, error) = match found {
            Ok(FoundText { text, compiled }) => (text, compiled, None),
            Err(error) => (Arc::from(""), None, Some(error)),
        };
        let (script, fault) = match compiled {
            Some(Ok(script)) => (Some(script), None),
            Some(Err(fault)) => (None, Some(fault)),
            None => (None, None),
        };
        Self {
            path,
            name,
            text: text.to_string(),
            on_disk: OnDisk::new(text),
            script,
            fault,
            error,
            newer: None,
            typed: Arc::default(),
            is_kept: true,
            is_example: false,
            is_unread,
            keeping: Asked::default(),
        }
    }

    /// One that comes with the program.
    pub(super) fn example(bundled: Bundled) -> Self {
        let Bundled { name, source } = bundled;
        // No file lies there; it only tells one from the other.
        let path = Path::new("examples").join(name).with_extension("js");
        let found = Ok(FoundText { text: source.into(), compiled: None });
        Self { is_example: true, ..Self::new(FoundFile { path, name: name.to_owned(), found }) }
    }

    pub fn is_example(&self) -> bool {
        self.is_example
    }

    /// Compiles an example, unless it was.
    pub(super) fn compile_example(&mut self, engine: &Engine) {
        if self.is_example && self.script.is_none() && self.fault.is_none() {
            self.keep(engine, Duration::ZERO);
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands in the file, as far as is known.
    pub(super) fn text_on_disk(&self) -> Arc<str> {
        self.on_disk.text()
    }

    /// What runs: the text as it was when it had no fault last.
    pub fn script(&self) -> Option<&Script> {
        self.script.as_ref()
    }

    /// Why the text as it is cannot be compiled.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    pub fn error(&self) -> Option<&UserError> {
        self.error.as_ref().or(self.keeping.error())
    }

    /// Another program wrote it while something was typed here.
    pub fn has_newer(&self) -> bool {
        self.newer.is_some()
    }

    /// All that was typed is in the file.
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// What runs is the text as it stands in the editor.
    pub fn runs_as_typed(&self) -> bool {
        self.script.as_ref().is_some_and(|script| script.source() == self.text)
    }

    pub(super) fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.keeping
    }

    /// Takes what is typed: it is kept and compiled in a moment.
    pub(super) fn type_text(&mut self, engine: &Engine, text: String) {
        if self.text != text && !self.is_example && !self.is_unread {
            self.text = text;
            self.keep(engine, BETWEEN_KEYS);
        }
    }

    fn keep(&mut self, engine: &Engine, pause: Duration) {
        self.is_kept = self.is_example;
        let number = self.typed.fetch_add(1, Ordering::AcqRel) + 1;
        // Nothing is written over what another program wrote until somebody says so.
        let may_write = self.newer.is_none() && !self.is_example;
        self.keeping.ask(
            engine,
            KeepSource {
                path: self.path.clone(),
                name: self.name.clone(),
                text: self.text.as_str().into(),
                on_disk: self.on_disk.clone(),
                number,
                typed: self.typed.clone(),
                may_write,
                pause,
            },
        );
    }

    /// Goes on with what another program wrote; what was typed meanwhile is given up.
    pub(super) fn take_newer(&mut self, engine: &Engine) {
        if let Some(newer) = self.newer.take() {
            self.on_disk.set(newer.clone());
            self.text = newer.to_string();
            self.keep(engine, Duration::ZERO);
        }
    }

    /// Writes what was typed over what another program wrote.
    pub(super) fn keep_mine(&mut self, engine: &Engine) {
        if let Some(newer) = self.newer.take() {
            self.on_disk.set(newer);
            self.keep(engine, Duration::ZERO);
        }
    }

    /// Takes what came of keeping and compiling.
    pub(super) fn poll(&mut self, engine: &Engine) -> Polled {
        if !self.keeping.poll(engine) {
            return Polled::default();
        }
        let Some(KeptSource { number, kept, compiled }) = self.keeping.take() else {
            return Polled { is_new: true, has_other_script: false };
        };
        if number == self.typed.load(Ordering::Acquire) {
            match kept {
                Some(Ok(Keeping::Kept)) => (self.is_kept, self.error) = (true, None),
                Some(Ok(Keeping::Newer(newer))) => self.newer = Some(newer.into()),
                Some(Err(error)) => self.error = Some(error),
                None => {}
            }
        }
        Polled { is_new: true, has_other_script: self.compiled(compiled) }
    }

    fn compiled(&mut self, compiled: Result<Script, Fault>) -> bool {
        match compiled {
            Ok(script) => {
                self.fault = None;
                let is_other = self.script.as_ref().is_none_or(|known| known.source() != script.source());
                if is_other {
                    self.script = Some(script);
                }
                is_other
            }
            Err(fault) => {
                self.fault = Some(fault);
                false
            }
        }
    }

    /// What was found in the file. Says whether another script runs now.
    fn found(&mut self, found: Result<FoundText, UserError>) -> bool {
        let FoundText { text, compiled } = match found {
            Ok(found) => found,
            Err(error) => {
                self.error = Some(error);
                return false;
            }
        };
        if self.is_kept {
            self.error = None;
        }
        self.is_unread = false;
        if *text == *self.on_disk.text() {
            return false;
        }
        if *text == *self.text {
            // Both wrote the same.
            self.on_disk.set(text);
            (self.is_kept, self.newer) = (true, None);
            return false;
        }
        if !self.is_kept {
            self.newer = Some(text);
            return false;
        }
        self.text = text.to_string();
        self.on_disk.set(text);
        compiled.is_some_and(|compiled| self.compiled(compiled))
    }

    /// Writes at once what was typed and is not in the file yet: nothing is drawn any more that could wait for it.
    pub(super) fn keep_now(&mut self) {
        if self.is_kept || self.newer.is_some() {
            return;
        }
        // Whoever waits for one more key has nothing to do any more.
        self.typed.fetch_add(1, Ordering::AcqRel);
        let _writing = self.on_disk.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = keep_source(&self.path, &self.on_disk.text(), &self.text) {
            tracing::warn!(%error, "a projection was not kept");
        }
    }
}

/// What came of a look at what was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Polled {
    pub(super) is_new: bool,
    pub(super) has_other_script: bool,
}

/// A projection as the choosers know it, where each stream has a state of its own.
pub(super) fn offered(script: &Script) -> Option<ProjectionRef> {
    ScriptProjection::of(script).map(ProjectionRef::new)
}

/// Which of the projections changed.
#[derive(Clone, Debug, Default)]
pub(super) struct FilesChanged {
    /// Another script runs under this name.
    pub(super) others: Vec<String>,
    /// Under these nothing runs any more.
    pub(super) gone: Vec<String>,
}

/// Puts what was found in the place of what was known. The one that is worked on stays, also where its file is gone.
pub(super) fn take_found(files: &mut Vec<OwnFile>, found: Vec<FoundFile>, worked_on: Option<&Path>) -> FilesChanged {
    let mut changed = FilesChanged::default();
    let mut ordered = Vec::with_capacity(found.len());
    for found in found {
        let known = files.iter().position(|file| file.path == found.path).map(|place| files.remove(place));
        match known {
            Some(mut file) if file.name == found.name || !file.is_kept => {
                if file.found(found.found) {
                    changed.others.push(file.name.clone());
                }
                ordered.push(file);
            }
            known => {
                // The places that faults name are told by the name: it is compiled anew with another.
                changed.gone.extend(known.map(|file| file.name));
                let file = OwnFile::new(found);
                changed.others.push(file.name.clone());
                ordered.push(file);
            }
        }
    }
    for mut file in std::mem::take(files) {
        let is_worked_on = Some(file.path.as_path()) == worked_on;
        // What was typed and is not kept yet is not thrown away with a file that somebody removed.
        if file.is_kept && !is_worked_on {
            changed.gone.push(file.name);
            continue;
        }
        if is_worked_on {
            file.error = Some(SourceError::Gone { path: file.path.clone() }.into());
        }
        ordered.push(file);
    }
    *files = ordered;
    changed
}

/// Keeps a text that was typed, and compiles it.
#[derive(Clone, Debug)]
pub struct KeepSource {
    path: PathBuf,
    name: String,
    text: Arc<str>,
    on_disk: Arc<OnDisk>,
    number: u64,
    typed: Arc<AtomicU64>,
    may_write: bool,
    pause: Duration,
}

#[derive(Debug)]
pub struct KeptSource {
    number: u64,
    /// `None` where it was not to be written.
    kept: Option<Result<Keeping, UserError>>,
    compiled: Result<Script, Fault>,
}

impl Question for KeepSource {
    type Answer = KeptSource;
    type Error = UserError;
    const WHAT: &'static str = "keeping a projection";

    fn answer(self, _: &dyn Store, ticket: &Ticket) -> Result<KeptSource, UserError> {
        let Self { path, name, text, on_disk, number, typed, may_write, pause } = self;
        ticket.pause(pause);
        if number != typed.load(Ordering::Acquire) {
            return Err(crate::store::StoreError::Cancelled.into());
        }
        let kept = may_write.then(|| {
            let _writing = on_disk.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = keep_source(&path, &on_disk.text(), &text);
            if matches!(kept, Ok(Keeping::Kept)) {
                on_disk.set(text.clone());
            }
            kept.map_err(UserError::from)
        });
        Ok(KeptSource { number, kept, compiled: Script::read(&name, &text) })
    }
}
