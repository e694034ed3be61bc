//! The user's own projections: opened like stores are, and worked on in a lens of their own.

use std::path::PathBuf;

use super::{App, Dialog};
use crate::command::Command;
use crate::event::Message;
use crate::store::Source;
use crate::view::{OpenStore, ProjectionWish, ToolName, UserError};
use crate::workspace::is_source;

impl App {
    /// Opens a store, or a projection with the store that is open.
    pub(super) fn open_any(&mut self, ctx: &egui::Context, source: Source) {
        match source.path().filter(|path| is_source(path)).map(ToOwned::to_owned) {
            None => {
                self.start.projections.clear();
                self.open(source, false);
            }
            Some(path) => self.open_projections(ctx, vec![path]),
        }
    }

    /// Several files at once: the first store, and every projection with it or with the store that is open.
    pub(super) fn open_files(&mut self, ctx: &egui::Context, files: Vec<PathBuf>) {
        let (projections, others): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(|path| is_source(path));
        match others.into_iter().next() {
            Some(store) => {
                self.open_any(ctx, store.into());
                self.start.projections = projections;
            }
            None if !projections.is_empty() => self.open_projections(ctx, projections),
            None => {}
        }
    }

    fn open_projections(&mut self, ctx: &egui::Context, paths: Vec<PathBuf>) {
        let Some(store) = &mut self.store else {
            let path = paths.into_iter().next().unwrap_or_default();
            let message = Message::new("projection-needs-store").text("path", path.display());
            return self.tell_unopened(UserError::new(message));
        };
        self.is_playing = false;
        store.add_projections(paths);
        self.dialogs.close_where(ctx, |dialog| matches!(dialog, Dialog::Open));
    }

    /// Along the lines of the handler, and past its ends to the event beside.
    pub(super) fn step_line(&mut self, is_on: bool) {
        self.is_playing = false;
        self.reveal = true;
        self.store.iter_mut().for_each(|store| store.step_line(is_on));
    }

    pub(super) fn wish_of_projections(&mut self, ctx: &egui::Context, wish: &ProjectionWish) {
        if *wish == ProjectionWish::Materialise {
            self.store.iter_mut().for_each(OpenStore::want_model);
            return self.run_command(ctx, Command::Tool(ToolName::ReadModels));
        }
        if matches!(wish, ProjectionWish::Partition(_)) {
            self.leave();
            self.is_playing = false;
            self.reveal = true;
        }
        self.store.iter_mut().for_each(|store| store.wish_of_projections(wish.clone()));
    }
}
