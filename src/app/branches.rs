//! What if, as far as only the window can do it: dialogs, files, names in its language.

use std::fs;
use std::path::Path;

use super::dialogs::Dialog;
use super::logic::now;
use super::{App, BranchFile};
use crate::command::{BranchAction, Command};
use crate::engine::begin;
use crate::event::{EventId, Message};
use crate::store::system_words;
use crate::ui::{Notice, refusal};
use crate::view::{BranchWish, Middle, UserError, Writing};

fn new_id() -> EventId {
    EventId::Uuid(uuid::Uuid::now_v7().into_bytes())
}

impl App {
    pub(super) fn branch_command(&mut self, ctx: &egui::Context, command: Command) {
        if command == Command::WhatIf { self.what_if() } else { self.make_so(ctx) }
    }

    fn what_if(&mut self) {
        let Self { store, locale, .. } = self;
        if let Some(store) = store {
            store.what_if(&new_id(), |number| locale.with("what-if-name", [("number", number.into())]));
        }
        self.middle = Middle::State;
        self.reveal = true;
    }

    pub(super) fn branch(&mut self, ctx: &egui::Context, action: BranchAction) {
        match action {
            BranchAction::Wish(wish) => self.wish(ctx, wish),
            BranchAction::New => self.new_branch(ctx),
            BranchAction::Export => self.export_branch(),
            BranchAction::Import => self.import_branch(),
            BranchAction::Append => self.append_proposal(ctx),
        }
    }

    fn wish(&mut self, ctx: &egui::Context, wish: BranchWish) {
        self.reveal |= matches!(wish, BranchWish::GoTo(_));
        let Some(store) = &mut self.store else { return };
        if store.branch(wish, new_id()) {
            self.dialogs.open(ctx, Dialog::BranchEdit);
        }
        let has_draft = store.branching.open().is_some_and(|open| open.draft.is_some());
        if !has_draft {
            self.dialogs.close_where(ctx, |dialog| matches!(dialog, Dialog::BranchEdit));
        }
    }

    fn new_branch(&mut self, ctx: &egui::Context) {
        let number = self.store.as_ref().map_or(1, crate::view::OpenStore::next_branch_number);
        let name = self.locale.with("what-if-name", [("number", number.into())]);
        self.wish(ctx, BranchWish::New(name));
    }

    /// Says why a command is out of place now, and whether it is.
    pub(super) fn is_refused(&mut self, command: Command) -> bool {
        let refusal = self.store.as_ref().and_then(|store| refusal(store, command));
        match refusal {
            Some(id) => self.told = Some(UserError::new(Message::new(id))),
            // Whoever goes on elsewhere has read that a command was of another lens.
            None => drop(self.told.take_if(|told| told.message.id.starts_with("lens-of-"))),
        }
        refusal.is_some()
    }

    fn make_so(&mut self, ctx: &egui::Context) {
        let Some(store) = &mut self.store else { return };
        store.making_so.actor.clone_from(&self.settings.actor);
        store.look_at_proposal();
        self.dialogs.open(ctx, Dialog::MakeSo);
    }

    /// Appends what is said whole. Where writing is off, it is asked for first.
    pub(super) fn append_proposal(&mut self, ctx: &egui::Context) {
        let Some(store) = &mut self.store else { return };
        if !store.try_proposal() {
            return;
        }
        match store.writing() {
            Writing::Never => {}
            Writing::Off => self.dialogs.open(ctx, Dialog::Writing { then_appends: true }),
            Writing::On => {
                self.settings.actor.clone_from(&store.making_so.actor);
                store.append_proposal(new_id(), now());
                self.reveal = true;
            }
        }
    }

    fn export_branch(&mut self) {
        let Some(text) = self.open_branch_as_file() else { return };
        self.branch_file.request(begin("choosing a file", &self.wake.0, move |_| {
            let dialog = rfd::FileDialog::new().set_title("Foldline").set_file_name("branch.json");
            dialog.save_file().map(|path| written(&path, &text)).transpose()
        }));
    }

    fn import_branch(&mut self) {
        self.branch_file.request(begin("choosing a file", &self.wake.0, |_| {
            let dialog = rfd::FileDialog::new().set_title("Foldline").add_filter("JSON", &["json"]);
            dialog.pick_file().map(|path| read(&path)).transpose()
        }));
    }

    /// The branch that is open, as a file has it.
    pub fn open_branch_as_file(&self) -> Option<String> {
        self.store.as_ref().and_then(crate::view::OpenStore::branch_as_file)
    }

    /// Opens a branch that a file holds.
    pub fn take_branch_file(&mut self, text: &str) {
        if let Some(store) = &mut self.store
            && let Err(error) = store.open_branch_file(text, &new_id())
        {
            self.told = Some(error);
        }
    }

    pub(super) fn poll_branch_file(&mut self, ctx: &egui::Context) {
        if !self.branch_file.poll() {
            return;
        }
        if let Some(error) = self.branch_file.error() {
            self.told = Some(error.clone());
        }
        match self.branch_file.take().flatten() {
            Some(BranchFile::Written) => self.notice = Some(Notice::new(ctx, "branch-exported")),
            Some(BranchFile::Read(text)) => self.take_branch_file(&text),
            None => {}
        }
    }
}

fn written(path: &Path, text: &str) -> Result<BranchFile, UserError> {
    let failed = |error| {
        UserError::new(Message::new("error-io").text("path", path.display()).inner("detail", system_words(&error)))
    };
    fs::write(path, text).map_err(failed)?;
    Ok(BranchFile::Written)
}

fn read(path: &Path) -> Result<BranchFile, UserError> {
    let failed = |error| {
        UserError::new(Message::new("error-io").text("path", path.display()).inner("detail", system_words(&error)))
    };
    fs::read_to_string(path).map(BranchFile::Read).map_err(failed)
}
