//! The ways through a store: to a place, and back to where one was.

use super::dialogs::Dialog;
use super::{App, Start};
use crate::command::{Action, Command};
use crate::engine::Moment;
use crate::event::{StreamId, Version};
use crate::store::{Link, leads_to_other_machine};
use crate::ui::Notice;
use crate::view::{FindingStep, Lens, OpenStore, Stay, StreamView, ToolName, Trail};

impl App {
    /// Keeps where one is, to come back to.
    pub(super) fn leave(&mut self) {
        if let Some(store) = &mut self.store
            && let Some(here) = store.stay()
        {
            store.trail.leave(here);
        }
    }

    /// To another place of the stream, from where one can come back.
    pub(super) fn jump(&mut self, go: impl FnOnce(&mut StreamView)) {
        self.leave();
        self.go_to(go);
    }

    pub(super) fn go_to_index(&mut self, ctx: &egui::Context, index: usize) {
        // Whoever drags along the line comes through every place.
        if !ctx.input(|input| input.pointer.is_decidedly_dragging()) {
            self.leave();
        }
        self.go_to(|view| view.go_to(index));
    }

    /// To an event of any stream.
    pub(super) fn go_to_place(&mut self, stream: &StreamId, version: Version) {
        self.leave();
        self.is_playing = false;
        self.reveal = true;
        self.store.iter_mut().for_each(|store| store.go_to(stream.clone(), version));
    }

    /// Back to where one was, or forward again.
    pub(super) fn go_along(&mut self, step: fn(&mut Trail, Option<Stay>) -> Option<Stay>) {
        let Some(store) = &mut self.store else { return };
        let here = store.stay();
        if let Some(stay) = step(&mut store.trail, here) {
            self.is_playing = false;
            self.reveal = true;
            store.return_to(stay);
        }
    }

    /// To where a link or a place leads. Whoever made it chose the store: another one is opened as a link opens it.
    pub(super) fn follow(&mut self, ctx: &egui::Context, link: Link) {
        let Link { source, stream, at } = link;
        let is_here = self.store.as_ref().is_some_and(|store| store.source.absolute_name() == source.absolute_name());
        match (is_here, stream, at) {
            (true, Some(stream), Some(at)) => self.run(ctx, Action::GoToPlace(stream, at)),
            (true, Some(stream), None) => self.run(ctx, Action::Select(stream)),
            (true, None, _) => {}
            // To look whether that is there already tells the other machine who asks.
            (false, ..) if leads_to_other_machine(&source) => {
                self.typed.text = source.to_string();
                self.dialogs.open(ctx, Dialog::Open);
            }
            (false, stream, at) => {
                let at = at.map(Moment::Version);
                self.begin(ctx, Start { store: Some(source), stream, at, is_of_link: true, ..Start::default() });
            }
        }
    }

    pub(super) fn go_to_overview(&mut self) {
        self.leave();
        self.is_playing = false;
        if let Some(store) = &mut self.store {
            store.unselect();
            store.set_lens(Lens::Stream);
        }
    }

    pub(super) fn go_to(&mut self, go: impl FnOnce(&mut StreamView)) {
        self.view().into_iter().next().map(go);
        self.reveal = true;
    }

    /// To the next finding of a check, or of the stream; where there is none, to the check itself.
    pub(super) fn step_finding(&mut self, ctx: &egui::Context, is_next: bool) {
        let Some(store) = &mut self.store else { return };
        // Whoever was told that this is the end, and asks once more, goes on from the other.
        let here = (is_next, store.stay());
        let goes_round = self.at_end.take().is_some_and(|at_end| at_end == here);
        let in_list = store.tools.checking.step(is_next, goes_round);
        let in_stream = || store.view.as_ref().and_then(|view| view.next_finding(is_next, goes_round));
        let action = match (in_list, in_stream) {
            (Some(FindingStep::To((stream, Some(version)))), _) => Action::GoToPlace(stream, version),
            (Some(FindingStep::To((stream, None))), _) => Action::Select(stream),
            (None, in_stream) => match in_stream() {
                Some(FindingStep::To(index)) => Action::GoTo(index),
                None => Action::Run(Command::Tool(ToolName::Checking)),
                Some(FindingStep::End) => return self.tell_end(ctx, here),
            },
            (Some(FindingStep::End), _) => return self.tell_end(ctx, here),
        };
        if goes_round {
            self.notice = None;
        }
        if !matches!(action, Action::Run(_)) {
            self.dialogs.leave_check(ctx);
        }
        self.run(ctx, action);
    }

    fn tell_end(&mut self, ctx: &egui::Context, here: (bool, Option<Stay>)) {
        self.notice = Some(Notice::new(ctx, if here.0 { "finding-last" } else { "finding-first" }));
        self.at_end = Some(here);
    }

    pub(super) fn go_to_typed(&mut self) {
        let here = self.store.as_ref().and_then(OpenStore::stay);
        let Some(store) = &mut self.store else { return };
        let Some(view) = &mut store.view else { return };
        let has_gone = self.typed_moment.go(view);
        self.reveal |= has_gone;
        if let (true, Some(here)) = (has_gone, here) {
            store.trail.leave(here);
        }
    }
}
