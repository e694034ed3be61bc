use egui::{ComboBox, RichText, TextEdit, Ui};

use super::parts::{dialog, named_field};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::store::files::FileFormat;
use crate::theme::palette;
use crate::view::{OpenStore, ToolName};

/// The events of the store, or of the stream on screen, into a file.
pub(super) fn export_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let here = store.view.as_ref().map(|view| view.stream.clone());
    let exporting = &mut store.tools.exporting;
    let colours = palette(ui);
    let title = scene.text("export");
    dialog(ui, &title, 520.0, is_open, |ui| {
        ui.label(RichText::new(scene.text("export-to")).size(11.5).color(colours.dim));
        ui.horizontal(|ui| {
            let field = TextEdit::singleline(&mut exporting.to).hint_text("/path/to/events.jsonl").desired_width(410.0);
            if named_field(ui, field, &scene.text("export-to")).changed() {
                exporting.named();
            }
            if ui.button(scene.text("choose-file")).clicked() {
                scene.ask(Action::ChooseExportFile);
            }
        });
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            let name = ui.label(scene.text("export-format")).id;
            let chosen = FileFormat::ALL.iter().find(|(format, _)| *format == exporting.format);
            let box_of_formats = ComboBox::from_id_salt("format").selected_text(chosen.map_or("", |(_, name)| name));
            let shown = box_of_formats.show_ui(ui, |ui| {
                for (format, name) in FileFormat::ALL {
                    ui.selectable_value(&mut exporting.format, format, name);
                }
            });
            shown.response.labelled_by(name);
        });
        if let Some(here) = &here {
            let name = scene.locale.with("only-stream", [("stream", here.to_string().into())]);
            ui.checkbox(&mut exporting.is_here_only, name);
        }
        ui.checkbox(&mut exporting.replaces, scene.text("export-replace"));
        if exporting.format == FileFormat::Csv {
            ui.checkbox(&mut exporting.is_csv_safe, scene.text("export-csv-safe"));
        }
        ui.add_space(8.0);
        let is_there = tool_ui(ui, scene, &mut exporting.asked, &Action::StartTool(ToolName::Exporting));
        if exporting.asked.is_loading() {
            return;
        }
        if let Some((path, report)) = exporting.asked.value().filter(|_| is_there) {
            let path = path.display().to_string();
            let values = [("count", grouped(report.events).into()), ("path", path.into())];
            ui.label(scene.locale.with("export-done", values));
        }
        let text = RichText::new(scene.text("export-start")).strong().color(colours.on_accent);
        let can_start = !exporting.to.trim().is_empty();
        if ui.add_enabled(can_start, egui::Button::new(text).fill(colours.accent)).clicked() {
            scene.ask(Action::StartTool(ToolName::Exporting));
        }
    });
}
