//! Through what a store is looked at, and the cursor over all of it.

use super::App;
use super::dialogs::Dialog;
use crate::command::{Command, TimeAction};
use crate::view::{Lens, LensWish, OpenStore, StoreTime, ToolName};

/// How much nearer the store's time comes at once.
const ZOOM_STEP: f64 = 2.0;

impl App {
    pub(super) fn look_through(&mut self, lens: Lens) {
        self.is_playing = false;
        self.reveal = true;
        self.store.iter_mut().for_each(|store| {
            let is_another = store.lens() != lens;
            store.set_lens(lens);
            if is_another {
                store.enter_row();
            }
        });
    }

    /// Opens the dialog of a tool, or closes it. Rows are exported as the table shows them: it is looked at then.
    pub(super) fn toggle_tool(&mut self, ctx: &egui::Context, name: ToolName) {
        let Some(store) = &mut self.store else { return };
        if !self.dialogs.toggle(ctx, Dialog::Tool(name)) {
            return;
        }
        if name == ToolName::ExportingRows {
            store.set_lens(Lens::Store);
        }
        store.tools.get_mut(name).reopened();
        if store.tools.get(name).starts_by_itself() {
            store.start_tool(name);
        }
    }

    fn time(&mut self) -> Option<&mut StoreTime> {
        self.store.as_mut().filter(|store| store.lens().is_of_store()).map(|store| &mut store.time)
    }

    /// What moves the cursor of a stream moves that of the store, where that is looked at.
    pub(super) fn steps_in_store(&mut self, command: Command) -> bool {
        let table = self.store.as_mut().filter(|store| store.lens() == Lens::Store);
        if let (Command::Compare, Some(store)) = (command, table) {
            store.wish_of_table(LensWish::ToggleCompared);
            return true;
        }
        let Some(time) = self.time() else { return false };
        match command {
            Command::StepForward => time.step(1),
            Command::StepBack => time.step(-1),
            Command::TenForward => time.step(10),
            Command::TenBack => time.step(-10),
            Command::First => time.first(),
            Command::Last | Command::Follow => time.last(),
            Command::PinA => time.pin(0),
            Command::PinB => time.pin(1),
            Command::ZoomIn => time.zoom(ZOOM_STEP),
            Command::ZoomOut => time.zoom(1.0 / ZOOM_STEP),
            Command::ZoomAll => time.show(None),
            _ => return false,
        }
        true
    }

    /// From two moments beside each other back to the table, where they are on screen.
    pub(super) fn leaves_compared(&mut self) -> bool {
        let shows = |store: &&mut OpenStore| store.lens() == Lens::Store && store.table.compared.is_shown;
        let Some(store) = self.store.as_mut().filter(shows) else { return false };
        store.wish_of_table(LensWish::ToggleCompared);
        true
    }

    /// So many bars on from the cursor.
    pub(super) fn step_bars(&mut self, by: isize) {
        self.time().into_iter().for_each(|time| time.step_bars(by));
    }

    pub(super) fn run_time(&mut self, ctx: &egui::Context, action: &TimeAction) {
        let Some(time) = self.store.as_mut().map(|store| &mut store.time) else { return };
        match *action {
            TimeAction::GoTo(moment) => time.go_to(moment),
            TimeAction::GoToValue(value) => time.go_to_value(value),
            TimeAction::StepBars(by) => time.step_bars(by),
            TimeAction::GoToTyped => {
                time.go_to_typed();
            }
            TimeAction::By(facet) => time.facet = facet,
            TimeAction::Along(axis) => time.set_axis(axis),
            TimeAction::Show(span) => time.show(span),
            TimeAction::Brush(brush) => time.set_brush(brush),
            TimeAction::Shapes(is_on) => time.shapes.set_on(is_on),
            TimeAction::RemovePin(pin) => time.pins.get_mut(pin).into_iter().for_each(|pin| *pin = None),
        }
        ctx.request_repaint();
    }
}
