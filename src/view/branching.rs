//! The branches of a store that is open: those that are kept for it, and the one that is looked at.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::beside::Beside;
use super::edit_draft::EditDraft;
use super::folded_branch::FoldBranch;
use super::{BranchFilter, Folded, StreamView, UserError};
use crate::engine::{Asked, BranchBase, Cause, Engine, Loading, Question, StoreChange, Ticket, Tool};
use crate::event::{EventId, Message, StreamId};
use crate::replay::{Alteration, Branch, EventRef, How, Index, MadeSo, Slot, SlotEvent};
use crate::store::Store;
use crate::workspace::{Section, Workspace};

/// The branches that a user keeps for a store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Branches(pub Vec<Branch>);

impl Section for Branches {
    const NAME: &'static str = "branches";
}

/// What was done to a branch and is not kept yet.
#[derive(Clone, Debug)]
enum Unkept {
    /// With the mark that it was known here to be made so when it was changed.
    Changed(Branch, Option<MadeSo>),
    Removed(String),
}

pub struct Branching {
    workspace: Workspace,
    reading: Asked<ReadBranches>,
    list: Vec<Branch>,
    keeping: Loading<Option<PathBuf>, UserError>,
    unkept: Vec<Unkept>,
    /// What is being kept. If that fails it is tried again with the next change.
    in_flight: Vec<Unkept>,
    has_failed: bool,
    open: Option<OpenBranch>,
    /// What went wrong with keeping, or was put aside for it, until it is told.
    pub told: Option<UserError>,
}

impl std::fmt::Debug for Branching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Branching").field("open", &self.open).finish_non_exhaustive()
    }
}

/// The branch that is looked at in place of its stream's history.
pub struct OpenBranch {
    pub branch: Branch,
    pub stream: StreamId,
    folding: Asked<FoldBranch>,
    /// The slot that the cursor stands at, where that is not the one of its event of history.
    slot: Option<usize>,
    pub hides_equal: bool,
    pub filter: BranchFilter,
    /// What of the two states is unfolded.
    open_groups: BTreeSet<String>,
    beside: Option<Beside>,
    /// Raised with every answer.
    revision: u64,
    /// An edit that is being typed.
    pub draft: Option<EditDraft>,
    /// An edit that was just made, to whose place the cursor goes as soon as it is folded.
    pub(super) awaited: Option<usize>,
}

impl std::fmt::Debug for OpenBranch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenBranch").field("branch", &self.branch).finish_non_exhaustive()
    }
}

impl Branching {
    pub(super) fn new(engine: &Engine, workspace: Workspace) -> Self {
        let mut reading = Asked::default();
        reading.ask(engine, ReadBranches(workspace.clone()));
        Self {
            workspace,
            reading,
            list: Vec::new(),
            keeping: Loading::default(),
            unkept: Vec::new(),
            in_flight: Vec::new(),
            has_failed: false,
            open: None,
            told: None,
        }
    }

    pub fn open(&self) -> Option<&OpenBranch> {
        self.open.as_ref()
    }

    pub fn open_mut(&mut self) -> Option<&mut OpenBranch> {
        self.open.as_mut()
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The branches that are kept of a stream, the last one first.
    pub fn of_stream<'s>(&'s self, stream: &'s StreamId) -> impl Iterator<Item = &'s Branch> {
        self.list.iter().rev().filter(move |branch| branch.stream == stream.as_str())
    }

    /// Looks at a branch of this stream.
    pub fn enter(&mut self, engine: &Engine, stream: StreamId, number: usize, branch: Branch) {
        let mut open = OpenBranch {
            branch,
            stream,
            folding: Asked::default(),
            slot: None,
            hides_equal: false,
            filter: BranchFilter::default(),
            open_groups: BTreeSet::new(),
            beside: None,
            revision: 0,
            draft: None,
            awaited: None,
        };
        open.fold(engine, number, None, Cause::User);
        self.open = Some(open);
    }

    /// Back to history. The branch is kept, if there is anything in it.
    pub fn leave(&mut self) {
        self.open = None;
    }

    /// The same, and the branch is kept no longer.
    pub fn discard(&mut self, engine: &Engine) {
        if let Some(open) = self.open.take() {
            self.list.retain(|known| known.id != open.branch.id);
            self.note(engine, Unkept::Removed(open.branch.id));
        }
    }

    /// Changes the branch that is open, folds it anew and keeps it.
    pub fn edit(&mut self, engine: &Engine, edit: impl FnOnce(&mut Branch)) {
        let Some(open) = &mut self.open else { return };
        // What is edited again is work again.
        let known = open.branch.made.take();
        edit(&mut open.branch);
        let number = open.number();
        let folded = open.folding.value().filter(|folded| folded.number == number);
        let base = folded.map(|folded| Arc::clone(&folded.base));
        open.fold(engine, number, base, Cause::User);
        self.keep(engine, known);
    }

    /// The branch that is open was made so by these events. It is kept, and no longer offered as what to go on with.
    pub(super) fn mark_made(&mut self, engine: &Engine, made: MadeSo) {
        if let Some(open) = &mut self.open {
            let known = open.branch.made.replace(made);
            self.keep(engine, known);
        }
    }

    /// Gives it another name, which folds nothing.
    pub fn rename(&mut self, engine: &Engine, name: String) {
        if let Some(open) = self.open.as_mut().filter(|open| open.branch.name != name) {
            open.branch.name = name;
            let known = open.branch.made;
            self.keep(engine, known);
        }
    }

    /// Keeps a note with it.
    pub fn annotate(&mut self, engine: &Engine, note: String) {
        if let Some(open) = self.open.as_mut().filter(|open| open.branch.note != note) {
            open.branch.note = note;
            let known = open.branch.made;
            self.keep(engine, known);
        }
    }

    fn keep(&mut self, engine: &Engine, known: Option<MadeSo>) {
        let Some(branch) = self.open.as_ref().map(|open| open.branch.clone()) else { return };
        match self.list.iter_mut().find(|known| known.id == branch.id) {
            Some(known) => known.clone_from(&branch),
            None => self.list.push(branch.clone()),
        }
        self.note(engine, Unkept::Changed(branch, known));
    }

    fn note(&mut self, engine: &Engine, unkept: Unkept) {
        self.unkept.push(unkept);
        self.has_failed = false;
        self.keep_what_is_unkept(engine);
    }

    /// One after the other, so that an older state never outruns a newer one.
    fn keep_what_is_unkept(&mut self, engine: &Engine) {
        if self.unkept.is_empty() || self.keeping.is_loading() || self.has_failed {
            return;
        }
        let (workspace, unkept) = (self.workspace.clone(), std::mem::take(&mut self.unkept));
        self.in_flight.clone_from(&unkept);
        self.keeping.request(engine.ask("keeping branches", move |_, _| -> Result<Option<PathBuf>, UserError> {
            Ok(workspace.change(|branches: &mut Branches| branches.take_in(unkept))?.aside)
        }));
    }

    /// Takes what has come. Says whether there is something new to show.
    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        let mut is_new = false;
        if self.reading.poll(engine) {
            is_new = true;
            self.told = self.reading.error().cloned().or(self.told.take());
            let known: Vec<Branch> = std::mem::take(&mut self.list);
            self.list = self.reading.value().map(|read| read.0.clone()).unwrap_or_default();
            self.list.retain(|read| known.iter().all(|newer| newer.id != read.id));
            self.list.extend(known);
        }
        if self.keeping.poll() {
            is_new = true;
            let kept = std::mem::take(&mut self.in_flight);
            self.has_failed = self.keeping.error().is_some();
            if self.has_failed {
                self.unkept.splice(0..0, kept);
            }
            let aside = self.keeping.take().flatten();
            let aside =
                aside.map(|path| UserError::new(Message::new("workspace-put-aside").text("path", path.display())));
            self.told = aside.or_else(|| self.keeping.error().cloned()).or(self.told.take());
        }
        self.keep_what_is_unkept(engine);
        if let Some(open) = &mut self.open
            && open.folding.poll(engine)
        {
            open.revision += 1;
            open.beside = None;
            is_new = true;
        }
        is_new
    }

    /// Reads the history anew on which the branch stands, if this change touches it.
    pub(super) fn follow(&mut self, engine: &Engine, change: &StoreChange) {
        if let Some(open) = &mut self.open
            && (*change == StoreChange::Replaced || change.touches(&open.stream))
        {
            open.fold(engine, open.number(), None, Cause::Store);
        }
    }

    /// Follows the projection that the stream is shown under.
    pub(super) fn show_under(&mut self, engine: &Engine, number: usize) {
        if let Some(open) = &mut self.open
            && open.number() != number
        {
            open.fold(engine, number, None, Cause::User);
        }
    }

    /// What is folded under one of these is folded anew.
    pub(super) fn take_projections(&mut self, engine: &Engine, names: &[String]) {
        if let Some(open) = &mut self.open
            && open.folded().is_some_and(|folded| names.iter().any(|name| name == folded.base.projection.name()))
        {
            open.fold(engine, open.number(), None, Cause::User);
        }
    }

    pub(super) fn is_loading(&self) -> bool {
        self.reading.is_loading()
            || self.keeping.is_loading()
            || self.open.as_ref().is_some_and(|open| open.folding.is_loading())
    }

    /// What is asked without being asked for: its errors and its progress are the window's own.
    pub(super) fn tools(&self) -> impl Iterator<Item = &dyn Tool<Error = UserError>> {
        self.open.iter().map(|open| &open.folding as &dyn Tool<Error = UserError>)
    }
}

impl Branches {
    fn take_in(&mut self, unkept: Vec<Unkept>) {
        for one in unkept {
            match one {
                Unkept::Removed(id) => self.0.retain(|known| known.id != id),
                Unkept::Changed(branch, known) => match self.0.iter_mut().find(|there| there.id == branch.id) {
                    Some(there) => {
                        // Another window made it so meanwhile: whoever did not know of that does not take it back.
                        let made = there.made.filter(|made| branch.made.is_none() && Some(*made) != known);
                        *there = Branch { made: branch.made.or(made), ..branch };
                    }
                    None => self.0.push(branch),
                },
            }
        }
    }
}

impl OpenBranch {
    fn fold(&mut self, engine: &Engine, number: usize, base: Option<Arc<BranchBase>>, cause: Cause) {
        let question = FoldBranch { stream: self.stream.clone(), number, branch: self.branch.clone(), base };
        self.folding.ask_because(engine, question, cause);
    }

    /// The projection that was asked for last.
    fn number(&self) -> usize {
        self.folding.question().map_or(0, |asked| asked.number)
    }

    pub fn folded(&self) -> Option<&Folded> {
        self.folding.value()
    }

    /// What it comes to cannot be told: an edit cannot be carried out, or its stream is gone.
    pub fn is_untold(&self) -> bool {
        self.folding.error().is_some() || self.folded().is_some_and(|folded| !folded.what_if.layout.faults().is_empty())
    }

    /// What is shown is not yet what was edited last.
    pub fn is_behind(&self) -> bool {
        self.folding.is_loading()
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The slot that the cursor stands at.
    pub fn slot(&self, cursor: Option<Index>) -> Option<usize> {
        let layout = &self.folded()?.what_if.layout;
        let cursor = cursor?;
        let chosen = self
            .slot
            .filter(|slot| layout.slots().get(*slot).is_some_and(|slot| slot.history().unwrap_or(0) == cursor));
        chosen.or_else(|| layout.slot_of_history(cursor)).or(layout.slots().len().checked_sub(1))
    }

    /// Goes to a slot. Answers with the event of history that the cursor then stands at.
    pub fn go_to(&mut self, slot: usize) -> Option<Index> {
        let slots = self.folded()?.slots();
        let slot = slot.min(slots.len().checked_sub(1)?);
        let index = slots.get(slot)?.history().unwrap_or(0);
        self.slot = Some(slot);
        Some(index)
    }

    /// Goes on by so many slots.
    pub fn step(&mut self, cursor: Option<Index>, by: isize) -> Option<Index> {
        let slot = self.slot(cursor)?.saturating_add_signed(by);
        self.go_to(slot)
    }

    /// The state beside history's, made ready for the slot at the cursor.
    pub fn prepare(&mut self, cursor: Option<Index>) -> Option<&Beside> {
        let slot = self.slot(cursor)?;
        let Self { folding, beside, revision, open_groups, .. } = self;
        let folded = folding.value()?;
        let is_made = beside.as_ref().is_some_and(|made| made.is_of(slot, *revision));
        if !is_made {
            *beside = Some(Beside::new(folded, slot, *revision));
        }
        let made = beside.as_mut()?;
        made.advance(folded);
        made.lay_out(open_groups);
        Some(made)
    }

    /// Opens what is folded, or folds it.
    pub fn toggle_group(&mut self, path: &str) {
        if !self.open_groups.remove(path) {
            self.open_groups.insert(path.to_owned());
        }
    }

    /// Looks on for what the filter of its history wants. Says whether there is more to look at.
    pub fn filter_history(&mut self, view: &StreamView) -> bool {
        let Self { folding, filter, revision, .. } = self;
        folding.value().is_some_and(|folded| filter.advance(folded, *revision, view))
    }

    pub fn beside(&self) -> Option<&Beside> {
        self.beside.as_ref()
    }

    /// The recorded event that a slot stands for, for an edit to name.
    pub fn event_at(&self, slot: usize) -> Option<EventRef> {
        let folded = self.folded()?;
        match folded.slots().get(slot)?.event {
            SlotEvent::Recorded(index) => folded.history().heads().get(index).map(EventRef::of),
            SlotEvent::Inserted(_) => None,
        }
    }

    /// The event of history behind which something is inserted that is to stand behind this slot.
    pub fn anchor_at(&self, slot: usize) -> Option<EventRef> {
        let folded = self.folded()?;
        let index = folded.slots().get(slot)?.history()?;
        folded.history().heads().get(index).map(EventRef::of)
    }

    /// Whether an edit leaves this event out already, and which one.
    pub fn skip_of(&self, event: &EventRef) -> Option<usize> {
        self.branch.edits.iter().position(|edit| matches!(&edit.what, Alteration::Skip(skipped) if skipped == event))
    }

    /// The place of an edit that was just made, once it is folded.
    pub(super) fn take_arrival(&mut self) -> Option<usize> {
        if self.is_behind() {
            return None;
        }
        let edit = self.awaited.take()?;
        self.slot_of_edit(edit)
    }

    /// Where an edit shows in the branch.
    pub fn slot_of_edit(&self, edit: usize) -> Option<usize> {
        let folded = self.folded()?;
        let what = &self.branch.edits.get(edit)?.what;
        let slots = folded.slots();
        match what {
            Alteration::Insert { .. } => {
                let is_it = |slot: &Slot| slot.event == SlotEvent::Inserted(edit);
                folded.edited().iter().copied().find(|slot| slots.get(*slot).is_some_and(is_it))
            }
            Alteration::Move { event, .. } => {
                let index = folded.history().index_of(event.version)?;
                let is_it = |slot: &Slot| slot.how == How::MovedHere && slot.event == SlotEvent::Recorded(index);
                let here = folded.edited().iter().copied().find(|slot| slots.get(*slot).is_some_and(is_it));
                here.or_else(|| folded.what_if.layout.slot_of_history(index))
            }
            Alteration::Skip(event) | Alteration::Change { event, .. } => {
                folded.what_if.layout.slot_of_history(folded.history().index_of(event.version)?)
            }
        }
    }

    /// The type of the event that an edit is about.
    pub fn type_of_edit(&self, edit: usize) -> Option<String> {
        match &self.branch.edits.get(edit)?.what {
            Alteration::Insert { event, .. } => Some(event.event_type.clone()),
            Alteration::Skip(event) | Alteration::Change { event, .. } | Alteration::Move { event, .. } => {
                let history = self.folded()?.history();
                let head = history.index_of(event.version).and_then(|index| history.heads().get(index))?;
                Some(head.event_type.to_string())
            }
        }
    }
}

/// Reads what is kept for a store.
#[derive(Clone, Debug)]
pub(super) struct ReadBranches(Workspace);

impl Question for ReadBranches {
    type Answer = Branches;
    type Error = UserError;
    const WHAT: &'static str = "reading branches";

    fn answer(self, _: &dyn Store, _: &Ticket) -> Result<Branches, UserError> {
        Ok(self.0.load()?)
    }
}

/// A new branch, with nothing in it yet.
pub(super) fn new_branch(id: &EventId, stream: &StreamId, name: String) -> Branch {
    Branch { id: id.to_string(), name, stream: stream.to_string(), ..Branch::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(name: &str, made: Option<MadeSo>) -> Branch {
        Branch { id: "one".to_owned(), name: name.to_owned(), made, ..Branch::default() }
    }

    #[test]
    fn a_mark_that_another_window_made_is_kept_and_one_that_was_known_is_taken_back() {
        let made = Some(MadeSo { first: 7, last: 8 });
        let mut kept = Branches(vec![branch("there", made)]);
        kept.take_in(vec![Unkept::Changed(branch("edited", None), None)]);
        assert_eq!(kept.0, [branch("edited", made)]);
        kept.take_in(vec![Unkept::Changed(branch("again", None), made)]);
        assert_eq!(kept.0, [branch("again", None)]);
        kept.take_in(vec![Unkept::Changed(branch("made", made), None)]);
        assert_eq!(kept.0, [branch("made", made)]);
    }
}
