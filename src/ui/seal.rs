use egui::{RichText, TextEdit, Ui};

use super::Scene;
use super::dialog::Dialog;
use super::parts::{is_entered, named_field};
use super::path_field::PathField;
use super::tool::tool_ui;
use crate::command::Action;
use crate::theme::palette;
use crate::view::{FileFor, OpenStore, Sealed, ToolName};

/// A signed checkpoint of the store, to be kept elsewhere.
pub(super) fn seal_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let title = scene.text("seal-store");
    let sealing = &mut store.tools.sealing;
    let colours = palette(ui);
    Dialog::new("seal", &title, 520.0).show(ui, scene, is_open, |ui, scene| {
        ui.add(egui::Label::new(RichText::new(scene.text("seal-about")).color(colours.dim)).wrap());
        ui.add_space(6.0);
        let to = PathField {
            id: "seal",
            name: "export-to",
            choose: "choose-file",
            hint: "/path/to/store.seal",
            file_for: FileFor::Seal,
        };
        let to = to.show(ui, scene, &mut sealing.to);
        let mut is_asked = to.is_some_and(|field| is_entered(ui, &field));
        ui.label(RichText::new(scene.text("key-file")).size(11.5).color(colours.dim));
        let field = TextEdit::singleline(&mut sealing.key).hint_text(scene.text("key-file-own"));
        let field = named_field(ui, field.desired_width(f32::INFINITY), &scene.text("key-file"));
        is_asked |= is_entered(ui, &field);
        ui.add_space(4.0);
        ui.checkbox(&mut sealing.replaces, scene.text("export-replace"));
        ui.add_space(8.0);
        let is_there = tool_ui(ui, scene, &mut sealing.asked, &Action::StartTool(ToolName::Sealing));
        if sealing.asked.is_loading() {
            return;
        }
        if let Some(Sealed { path, seal }) = sealing.asked.value().filter(|_| is_there) {
            let values = [("events", scene.events(seal.size).into()), ("path", path.display().to_string().into())];
            ui.add(egui::Label::new(scene.locale.with("seal-done", values)).wrap());
            for (name, value) in [("evidence-root", seal.root.to_string()), ("evidence-key", seal.key.to_string())] {
                ui.label(RichText::new(scene.text(name)).size(11.5).color(colours.dim));
                ui.add(egui::Label::new(RichText::new(value).monospace()).wrap());
            }
            ui.add_space(8.0);
        }
        let text = RichText::new(scene.text("seal-start")).strong().color(colours.on_accent);
        let can_start = !sealing.to.trim().is_empty();
        let start = ui.add_enabled(can_start, egui::Button::new(text).fill(colours.accent));
        if start.clicked() || is_asked && can_start {
            scene.ask(Action::StartTool(ToolName::Sealing));
        }
    });
}
