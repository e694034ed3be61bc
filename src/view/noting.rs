use std::collections::BTreeMap;

use super::{UserError, WindowTool};
use crate::engine::{Asked, Engine, Question, Ticket, Tool};
use crate::event::{EventId, StreamId, Version};
use crate::store::Store;
use crate::workspace::{Note, Notes, Workspace};

/// The notes on a store's events, and the one that is being written.
#[derive(Debug, Default)]
pub struct Noting {
    /// The event that the note is on, and what is typed of it.
    pub draft: Option<NoteDraft>,
    /// What is looked for in the list.
    pub filter: String,
    /// Where they are kept; without one, in the user's own folder.
    pub workspace: Option<Workspace>,
    /// What was known before the last change.
    notes: Notes,
    /// Raised whenever they are asked for, and once more when they have come.
    revision: u64,
    pub asked: Asked<ChangeNotes>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteDraft {
    pub stream: StreamId,
    pub version: Version,
    pub id: EventId,
    pub text: String,
}

impl Noting {
    pub fn notes(&self) -> &Notes {
        self.asked.value().unwrap_or(&self.notes)
    }

    /// Another number whenever the notes may be others.
    pub(super) fn revision(&self) -> u64 {
        2 * self.revision + u64::from(self.asked.value().is_some() && !self.asked.is_loading())
    }

    /// The versions of a stream that carry a note, each with it.
    pub(super) fn of_stream(&self, stream: &StreamId) -> BTreeMap<Version, Note> {
        let of_stream = self.notes().iter().filter(|note| note.stream() == *stream);
        of_stream.map(|note| (note.version, note.clone())).collect()
    }

    /// Reads what was kept, without changing anything.
    pub(super) fn read(&mut self, engine: &Engine) {
        self.ask(engine, Change::Nothing);
    }

    pub(super) fn remove(&mut self, engine: &Engine, stream: &StreamId, version: Version) {
        self.ask(engine, Change::Remove(stream.clone(), version));
    }

    /// Begins a note on an event, or goes on with the one that is there.
    pub(super) fn write_on(&mut self, stream: &StreamId, version: Version, id: &EventId) {
        if self.draft.as_ref().is_some_and(|draft| draft.stream == *stream && draft.version == version) {
            return;
        }
        let text = self.notes().at(stream, version).map_or_else(String::new, |note| note.text.clone());
        self.draft = Some(NoteDraft { stream: stream.clone(), version, id: id.clone(), text });
    }

    fn ask(&mut self, engine: &Engine, change: Change) {
        if let Some(notes) = self.asked.value() {
            self.notes = notes.clone();
        }
        self.revision += 1;
        let workspace = self.workspace.clone().unwrap_or_else(|| Workspace::of(engine.source()));
        self.asked.ask(engine, ChangeNotes { workspace, change });
    }
}

impl WindowTool for Noting {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        if let Some(draft) = self.draft.clone() {
            self.ask(engine, Change::Keep(draft));
        }
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
enum Change {
    Nothing,
    Keep(NoteDraft),
    Remove(StreamId, Version),
}

/// Changes what is kept in the user's own folder; the store is not touched.
#[derive(Clone, Debug)]
pub struct ChangeNotes {
    workspace: Workspace,
    change: Change,
}

impl Question for ChangeNotes {
    type Answer = Notes;
    type Error = UserError;
    const WHAT: &'static str = "keeping notes";

    fn answer(self, _: &dyn Store, _: &Ticket) -> Result<Notes, UserError> {
        let Self { workspace, change } = self;
        Ok(match change {
            Change::Nothing => workspace.load()?,
            Change::Keep(NoteDraft { stream, version, id, text }) => {
                workspace.keep_note(&stream, version, &id, &text)?.section
            }
            Change::Remove(stream, version) => workspace.remove_note(&stream, version)?.section,
        })
    }
}
