//! Tools that are opened with something to say already.

use super::App;
use super::dialogs::Dialog;
use crate::engine::TrailForm;
use crate::view::{ExportWhat, ReasonPlace, Sought, ToolName, WindowTool};

impl App {
    /// Opens the dialog that exports, for this: a page is only made where it was asked for.
    pub(super) fn export_this(&mut self, ctx: &egui::Context, what: ExportWhat) {
        let form = self.store.as_ref().map(|store| store.tools.exporting.trail).unwrap_or_default();
        self.export_as(ctx, what, if form == TrailForm::Html { TrailForm::default() } else { form });
    }

    /// The same for a page that tells what was found.
    pub(super) fn print_this(&mut self, ctx: &egui::Context, sought: Sought) {
        self.export_as(ctx, ExportWhat::Told(sought), TrailForm::Html);
    }

    fn export_as(&mut self, ctx: &egui::Context, what: ExportWhat, form: TrailForm) {
        if let Some(store) = &mut self.store {
            store.tools.exporting.trail = form;
            store.tools.exporting.choose_what(what);
            store.tools.exporting.reopened();
            self.dialogs.open(ctx, Dialog::Tool(ToolName::Exporting));
        }
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
