//! What is appended from the window: who signs it, and whether writing is on.

use super::App;
use super::dialogs::Dialog;
use super::logic::now;
use crate::event::EventId;
use crate::view::{Signature, Writing};

impl App {
    pub(super) fn signature(&self) -> Signature {
        let id = EventId::Uuid(uuid::Uuid::now_v7().into_bytes());
        Signature { actor: self.settings.actor.clone(), id, now: now() }
    }

    pub(super) fn begin_draft(&mut self) {
        let signature = self.signature();
        self.store.iter_mut().for_each(|store| store.begin_draft(signature.clone()));
    }

    /// Appends what is said whole. Where writing is off, it is asked for first.
    pub(super) fn append_draft(&mut self, ctx: &egui::Context) {
        let Some(store) = &mut self.store else { return };
        if !store.try_draft() {
            return;
        }
        match store.writing() {
            Writing::Never => {}
            Writing::Off => self.dialogs.open(ctx, Dialog::Writing { then_appends: true }),
            Writing::On => {
                if let Some(draft) = &store.draft {
                    self.settings.actor.clone_from(&draft.actor);
                }
                store.append_draft(now());
                self.reveal = true;
            }
        }
    }

    /// Whoever switches writing on for the first time is told what that means.
    pub(super) fn toggle_writing(&mut self, ctx: &egui::Context) {
        let Some(store) = &mut self.store else { return };
        if store.writing() == Writing::Off && store.asks_before_writing {
            self.dialogs.open(ctx, Dialog::Writing { then_appends: false });
        } else {
            store.toggle_writing();
        }
    }

    pub(super) fn allow_writing(&mut self, ctx: &egui::Context) {
        let asked = self.dialogs.close_top(ctx);
        let Some(store) = &mut self.store else { return };
        self.settings.tell_of_writing(&store.source);
        store.asks_before_writing = false;
        if store.writing() == Writing::Off {
            store.toggle_writing();
        }
        if matches!(asked, Some(Dialog::Writing { then_appends: true })) {
            if self.store.as_ref().is_some_and(|store| store.branching.is_open()) {
                return self.append_proposal(ctx);
            }
            self.append_draft(ctx);
        }
    }
}
