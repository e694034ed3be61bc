//! The user's own projections: opened like stores are, and worked on in a lens of their own.

use super::{App, Dialog};
use crate::event::Message;
use crate::store::Source;
use crate::view::{ProjectionWish, UserError};
use crate::workspace::is_source;

impl App {
    /// Opens a store, or a projection with the store that is open.
    pub(super) fn open_any(&mut self, ctx: &egui::Context, source: Source) {
        let path = source.path().filter(|path| is_source(path)).map(ToOwned::to_owned);
        match (path, &mut self.store) {
            (None, _) => self.open(source, false),
            (Some(path), Some(store)) => {
                self.is_playing = false;
                store.add_projection(path);
                self.dialogs.close_where(ctx, |dialog| matches!(dialog, Dialog::Open));
            }
            (Some(path), None) => {
                let message = Message::new("projection-needs-store").text("path", path.display());
                self.tell_unopened(UserError::new(message));
            }
        }
    }

    /// Along the lines of the handler, and past its ends to the event beside.
    pub(super) fn step_line(&mut self, is_on: bool) {
        self.is_playing = false;
        self.reveal = true;
        self.store.iter_mut().for_each(|store| store.step_line(is_on));
    }

    pub(super) fn wish_of_projections(&mut self, wish: &ProjectionWish) {
        if matches!(wish, ProjectionWish::Partition(_)) {
            self.leave();
            self.is_playing = false;
            self.reveal = true;
        }
        self.store.iter_mut().for_each(|store| store.wish_of_projections(wish.clone()));
    }
}
