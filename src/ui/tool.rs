use egui::{Label, RichText, Ui};

use super::Scene;
use super::parts::progress_ui;
use crate::command::Action;
use crate::engine::Tool;
use crate::theme::palette;
use crate::view::UserError;

/// How a tool stands, whatever it does: what it is doing with a way to stop it, or what went wrong with a way to try
/// again. Answers whether its result is there to be shown.
pub(super) fn tool_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    tool: &mut dyn Tool<Error = UserError>,
    start: &Action,
) -> bool {
    if let Some(progress) = tool.progress() {
        if progress_ui(ui, scene, &progress) {
            tool.cancel();
        }
        return false;
    }
    let Some(error) = tool.error() else { return true };
    ui.add(Label::new(RichText::new(scene.sentence(&error.message)).color(palette(ui).danger)).wrap());
    if ui.button(scene.text("retry")).clicked() {
        scene.ask(start.clone());
    }
    false
}
