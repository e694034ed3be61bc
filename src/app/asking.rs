//! Tools that are opened with something to say already.

use super::App;
use super::dialogs::Dialog;
use crate::engine::TrailForm;
use crate::view::{ExportWhat, ReasonPlace, Sought, ToolName, WindowTool};

impl App {
    /// Opens the dialog that exports, for this.
    pub(super) fn export_this(&mut self, ctx: &egui::Context, what: ExportWhat) {
        if let Some(store) = &mut self.store {
            store.tools.exporting.choose_what(what);
            store.tools.exporting.reopened();
            self.dialogs.open(ctx, Dialog::Tool(ToolName::Exporting));
        }
    }

    /// The same for a page that tells what was found.
    pub(super) fn print_this(&mut self, ctx: &egui::Context, sought: Sought) {
        if let Some(store) = &mut self.store {
            store.tools.exporting.trail = TrailForm::Html;
        }
        self.export_this(ctx, ExportWhat::Told(sought));
    }

    /// Asks why a field of the state at the cursor is as it is, under the n-th projection.
    pub(super) fn ask_why(&mut self, ctx: &egui::Context, number: usize, field: String) {
        let Some(store) = &mut self.store else { return };
        if let Some(place) = store.view.as_ref().and_then(|view| ReasonPlace::of(view, number)) {
            store.tools.reasons.choose(place, field);
            store.start_tool(ToolName::Reasons);
            self.dialogs.open(ctx, Dialog::Tool(ToolName::Reasons));
        }
    }
}
