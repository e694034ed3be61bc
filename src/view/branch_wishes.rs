//! What can be asked of the branches of an open store.

use super::branching::new_branch;
use super::edit_draft::{EditDraft, EditFault, types_for};
use super::{OpenBranch, OpenStore, PayloadDraft, StreamView, UserError};
use crate::engine::Survey;
use crate::event::{EventId, Message, StreamId, Version};
use crate::replay::{Alteration, Branch, EventRef, Index, SlotEvent, event_ref};

/// What a panel asks of the branch that is open.
#[derive(Clone, Debug, PartialEq)]
pub enum BranchWish {
    /// Another branch that is kept, by its id.
    Enter(String),
    /// A new one, by this name.
    New(String),
    Rename(String),
    /// Keeps this note with it.
    Annotate(String),
    /// Back to history; the branch is kept.
    Leave,
    /// Back to history, and the branch is gone.
    Discard,
    GoTo(usize),
    HideEqual(bool),
    /// Leaves the event of a slot out, or takes it in again.
    Skip(usize),
    /// Opens the dialog that changes the event of a slot, inserts one behind it, or moves it.
    Change(usize),
    Insert(usize),
    Move(usize),
    /// The same for an edit that was made.
    Reopen(usize),
    /// Switches an edit on or off.
    Toggle(usize),
    Remove(usize),
    /// Takes what the dialog says, if it is sound.
    Done,
}

impl OpenStore {
    /// The branch that is open, if it is one of the stream that is looked at.
    pub fn has_branch(&self) -> bool {
        let stream = self.view.as_ref().map(|view| &view.stream);
        self.branching.open().is_some_and(|open| Some(&open.stream) == stream)
    }

    /// Back to history, if a branch was looked at.
    pub fn leave_branch(&mut self) {
        if self.branching.is_open() {
            self.branching.leave();
            self.forget_proposal();
        }
    }

    /// Looks at the stream's last branch that was not made so, or at a new one.
    pub fn what_if(&mut self, id: &EventId, name: impl Fn(usize) -> String) {
        let Some((stream, shown)) = self.view.as_ref().map(|view| (view.stream.clone(), view.projection_number()))
        else {
            return;
        };
        self.leave_draft();
        let last = self.branching.of_stream(&stream).find(|branch| branch.made.is_none()).cloned();
        let number = self.next_branch_number();
        let branch = last.unwrap_or_else(|| new_branch(id, &stream, name(number)));
        self.branching.enter(&self.engine, stream, shown, branch);
    }

    /// The row of the history that the cursor stands in: the event's, or the slot's of a branch.
    pub fn row(&self) -> (Option<Index>, Option<usize>) {
        let cursor = self.view.as_ref().and_then(|view| view.cursor());
        (cursor, self.branching.open().and_then(|open| open.slot(cursor)))
    }

    /// The number of a new branch of the stream that is looked at.
    pub fn next_branch_number(&self) -> usize {
        let stream = self.view.as_ref().map(|view| &view.stream);
        stream.map_or(1, |stream| self.branching.of_stream(stream).count() + 1)
    }

    /// Carries a wish out. `id` is for what is made new. Says whether there is a dialog to be opened.
    pub fn branch(&mut self, wish: BranchWish, id: EventId) -> bool {
        let is_of_slot =
            matches!(wish, BranchWish::Skip(_) | BranchWish::Change(_) | BranchWish::Insert(_) | BranchWish::Move(_));
        if is_of_slot && self.branching.open().is_none_or(OpenBranch::is_behind) {
            // What was pressed is not any more what it was.
            return false;
        }
        match wish {
            BranchWish::Leave => self.leave_branch(),
            BranchWish::Discard => {
                self.branching.discard(&self.engine);
                self.forget_proposal();
            }
            BranchWish::Rename(name) => self.branching.rename(&self.engine, name),
            BranchWish::Annotate(note) => self.branching.annotate(&self.engine, note),
            BranchWish::Enter(known) => {
                let found = self.view.as_ref().and_then(|view| {
                    let branch = self.branching.of_stream(&view.stream).find(|branch| branch.id == known)?;
                    Some((view.stream.clone(), view.projection_number(), branch.clone()))
                });
                if let Some((stream, number, branch)) = found {
                    self.branching.enter(&self.engine, stream, number, branch);
                }
            }
            BranchWish::New(name) => {
                if let Some((stream, number)) =
                    self.view.as_ref().map(|view| (view.stream.clone(), view.projection_number()))
                {
                    let branch = new_branch(&id, &stream, name);
                    self.branching.enter(&self.engine, stream, number, branch);
                }
            }
            BranchWish::GoTo(slot) => {
                let index = self.branching.open_mut().and_then(|open| open.go_to(slot));
                if let (Some(index), Some(view)) = (index, &mut self.view) {
                    view.go_to(index);
                }
            }
            BranchWish::HideEqual(hides) => {
                self.branching.open_mut().into_iter().for_each(|open| open.hides_equal = hides);
            }
            BranchWish::Skip(slot) => self.skip(slot),
            BranchWish::Change(slot) => return self.begin_change(slot, None, id),
            BranchWish::Insert(slot) => {
                let Some(open) = self.branching.open_mut() else { return false };
                let after = open.anchor_at(slot);
                let types = self.view.as_ref().map(|view| offered_types(view, open, &self.survey)).unwrap_or_default();
                open.draft = Some(EditDraft::insert(after, types, id));
                return true;
            }
            BranchWish::Move(slot) => {
                let Some(open) = self.branching.open_mut() else { return false };
                let Some(event) = open.event_at(slot) else { return false };
                let name = open.folded().and_then(|folded| folded.head(slot)).map(|head| head.event_type.to_string());
                open.draft = Some(EditDraft::of_move(event, name.unwrap_or_default(), id));
                return true;
            }
            BranchWish::Reopen(edit) => return self.reopen(edit, id),
            BranchWish::Toggle(edit) => self.branching.edit(&self.engine, |branch| {
                if let Some(edit) = branch.edits.get_mut(edit) {
                    edit.is_on = !edit.is_on;
                }
            }),
            BranchWish::Remove(edit) => self.branching.edit(&self.engine, |branch| {
                if edit < branch.edits.len() {
                    branch.edits.remove(edit);
                }
            }),
            BranchWish::Done => self.take_edit(),
        }
        false
    }

    fn skip(&mut self, slot: usize) {
        let Some(open) = self.branching.open() else { return };
        let Some(event) = open.event_at(slot) else {
            // What the branch itself inserted is simply taken out again.
            let inserted = open.folded().and_then(|folded| folded.slots().get(slot)).map(|slot| slot.event);
            if let Some(SlotEvent::Inserted(edit)) = inserted {
                self.branch(BranchWish::Remove(edit), EventId::new(""));
            }
            return;
        };
        let known = open.skip_of(&event);
        self.branching.edit(&self.engine, |branch| match known {
            Some(edit) => drop(branch.edits.remove(edit)),
            None => branch.push(Alteration::Skip(event)),
        });
    }

    /// Opens the dialog for an event's payload, as it is read at the cursor or as the branch has it.
    fn begin_change(&mut self, slot: usize, replaces: Option<usize>, id: EventId) -> bool {
        let Some(open) = self.branching.open_mut() else { return false };
        let Some(folded) = open.folded() else { return false };
        let mut draft = match folded.slots().get(slot).map(|slot| slot.event) {
            Some(SlotEvent::Inserted(edit)) => return self.reopen(edit, id),
            Some(SlotEvent::Recorded(index)) => {
                let detail = self.view.as_ref().and_then(|view| view.event().value()).map(|detail| &detail.event);
                let recorded = folded.what_if.events.recorded(index).or(detail);
                let head = folded.history().heads().get(index);
                let recorded = recorded.filter(|event| head.is_some_and(|head| head.id == event.id));
                let Some(recorded) = recorded else { return false };
                let aggregate = folded.base.described.aggregate;
                EditDraft::change(recorded, aggregate, folded.what_if.events.changed(index), id)
            }
            None => return false,
        };
        // One edit of a payload says all that is changed of it.
        let same = |edit: &crate::replay::Edit| matches!(&edit.what, Alteration::Change { event, .. } if Some(event) == draft.event.as_ref());
        let known = open.branch.edits.iter().position(same);
        draft.replaces = replaces.or(known);
        open.draft = Some(draft);
        true
    }

    fn reopen(&mut self, edit: usize, id: EventId) -> bool {
        let Some(open) = self.branching.open_mut() else { return false };
        let slot = open.slot_of_edit(edit);
        match open.branch.edits.get(edit).map(|edit| edit.what.clone()) {
            Some(Alteration::Change { .. }) => {
                let Some(slot) = slot else { return false };
                self.begin_change(slot, Some(edit), id)
            }
            Some(Alteration::Insert { after, event }) => {
                let types = self.view.as_ref().map(|view| offered_types(view, open, &self.survey)).unwrap_or_default();
                let mut draft = EditDraft::insert(after, types, event.id);
                draft.event_type = event.event_type;
                draft.payload = PayloadDraft::of(&event.payload);
                draft.replaces = Some(edit);
                open.draft = Some(draft);
                true
            }
            Some(Alteration::Move { event, after }) => {
                let name = open.type_of_edit(edit).unwrap_or_default();
                let mut draft = EditDraft::of_move(event, name, id);
                draft.after = after.map_or_else(|| crate::replay::START.to_owned(), |after| after.version.to_string());
                draft.replaces = Some(edit);
                open.draft = Some(draft);
                true
            }
            Some(Alteration::Skip(_)) | None => false,
        }
    }

    /// What is wrong with the edit that is being typed.
    pub fn edit_fault(&self) -> Option<EditFault> {
        let open = self.branching.open()?;
        open.draft.as_ref()?.fault(|version| self.find_event(version))
    }

    fn find_event(&self, version: Version) -> Option<EventRef> {
        event_ref(self.branching.open()?.folded()?.history(), version)
    }

    fn take_edit(&mut self) {
        let Some(draft) = self.branching.open().and_then(|open| open.draft.clone()) else { return };
        match draft.edit(|version| self.find_event(version)) {
            Ok(what) => {
                if let Some(open) = self.branching.open_mut() {
                    open.draft = None;
                    let stands_elsewhere = matches!(&what, Alteration::Insert { .. } | Alteration::Move { .. });
                    open.awaited = stands_elsewhere.then(|| draft.replaces.unwrap_or(open.branch.edits.len()));
                }
                let is_nothing = matches!(&what, Alteration::Change { to: crate::replay::NewPayload::Fields(fields), .. } if fields.is_empty());
                self.branching.edit(&self.engine, |branch| match draft.replaces {
                    Some(edit) if is_nothing && edit < branch.edits.len() => drop(branch.edits.remove(edit)),
                    Some(edit) => {
                        if let Some(edit) = branch.edits.get_mut(edit) {
                            (edit.what, edit.is_on) = (what, true);
                        }
                    }
                    None if is_nothing => {}
                    None => branch.push(what),
                });
            }
            Err(_) => {
                if let Some(draft) = self.branching.open_mut().and_then(|open| open.draft.as_mut()) {
                    (draft.is_tried, draft.leads_to_fault) = (true, true);
                }
            }
        }
    }

    /// Goes on by so many events of the branch, those that it inserts among them. Says whether there is one.
    pub fn step_in_branch(&mut self, by: isize) -> bool {
        if !self.has_branch() {
            return false;
        }
        let cursor = self.view.as_ref().and_then(|view| view.cursor());
        let index = self.branching.open_mut().and_then(|open| open.step(cursor, by));
        if let (Some(index), Some(view)) = (index, &mut self.view) {
            view.go_to(index);
        }
        index.is_some()
    }

    /// The branch as a file that can be opened again, here or elsewhere.
    pub fn branch_as_file(&self) -> Option<String> {
        serde_json::to_string_pretty(&BranchFile { format: 1, branch: self.branching.open()?.branch.clone() }).ok()
    }

    /// Opens a branch from such a file. It must be one of a stream of this store; edits of other events are marked.
    pub fn open_branch_file(&mut self, text: &str, id: &EventId) -> Result<(), UserError> {
        let damaged = |detail: String| UserError::new(Message::new("branch-not-read").text("detail", detail));
        let file: BranchFile = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        if file.format > 1 {
            return Err(UserError::new(Message::new("branch-newer")));
        }
        let stream = StreamId::from(file.branch.stream.as_str());
        self.select(stream.clone());
        let number = self.view.as_ref().map_or(0, |view| view.projection_number());
        let branch = Branch { id: id.to_string(), made: None, ..file.branch };
        self.branching.enter(&self.engine, stream, number, branch);
        self.branching.edit(&self.engine, |_| ());
        Ok(())
    }
}

/// The types of events that may be inserted into a branch of the stream on screen.
fn offered_types(view: &StreamView, open: &OpenBranch, survey: &Survey) -> Vec<String> {
    let aggregate = open.folded().and_then(|folded| folded.base.described.aggregate);
    let of_category = view.category().map(|category| survey.types_of(category)).unwrap_or_default();
    types_for(aggregate, view.base().map(|loaded| loaded.types.names()).unwrap_or_default(), &of_category)
}

#[derive(serde::Serialize, serde::Deserialize)]
struct BranchFile {
    #[serde(rename = "foldline-branch")]
    format: u32,
    branch: Branch,
}
