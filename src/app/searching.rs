//! What is looked for among all that happened.

use super::App;
use super::logic::now;
use crate::view::{ActivityWish, Lens};

impl App {
    /// To where it is typed.
    pub(super) fn begin_search(&mut self) {
        self.look_through(Lens::Activity);
        self.wants_filter_focus = true;
    }

    /// Looks for this, and shows what is found.
    pub(super) fn search(&mut self, text: String) {
        self.look_through(Lens::Activity);
        self.wish_activity(&ActivityWish::LookFor(text));
    }

    pub(super) fn wish_activity(&mut self, wish: &ActivityWish) {
        let calendar = self.settings.zone.calendar(now());
        self.store.iter_mut().for_each(|store| store.wish(wish.clone(), &calendar));
    }
}
