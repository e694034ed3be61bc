use egui::{ComboBox, RichText, TextEdit, Ui};

use super::super::dialog::Dialog;
use super::super::ends::ends_ui;
use super::super::parts::named_field;
use super::super::tool::tool_ui;
use super::super::{Scene, grouped};
use super::primary;
use crate::command::Action;
use crate::engine::RowsFormat;
use crate::theme::palette;
use crate::view::{ExportedRows, FileFor, OpenStore, ToolName};

/// The rows of the table, as they are narrowed and sorted, into a file.
pub(in crate::ui) fn rows_export_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let table = &store.table;
    let (about, rows) = match table.compared.differing().filter(|_| table.compared.is_shown) {
        Some(_) => ("export-differences-about", table.compared.count()),
        None => ("export-rows-about", table.len() as u64),
    };
    let category = store.table.category().map_or_else(|| scene.text("table-all"), str::to_owned);
    let exporting = &mut store.tools.exporting_rows;
    let title = scene.text("export-rows");
    Dialog::new("export rows", &title, 520.0).show(ui, scene, is_open, |ui, scene| {
        let dim = palette(ui).dim;
        let values = [("category", category.into()), ("grouped", grouped(rows).into()), ("count", rows.into())];
        ui.label(RichText::new(scene.locale.with(about, values)).color(dim));
        ui.add_space(6.0);
        ui.label(RichText::new(scene.text("export-to")).size(11.5).color(dim));
        let type_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
            let hint = format!("/path/to/{}", exporting.new_name());
            let field = TextEdit::singleline(&mut exporting.to).hint_text(hint);
            if named_field(ui, field.desired_width(f32::INFINITY), &scene.text("export-to")).changed() {
                exporting.named();
            }
        };
        let choose_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
            if ui.button(scene.text("choose-file")).clicked() {
                scene.ask(Action::ChooseFile(FileFor::Rows));
            }
        };
        ui.horizontal(|ui| ends_ui(ui, scene, "export rows", type_ui, choose_ui));
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            let name = ui.label(scene.text("export-format")).id;
            let chosen = RowsFormat::ALL.iter().find(|(format, _)| *format == exporting.format);
            let formats = ComboBox::from_id_salt("format of rows").selected_text(chosen.map_or("", |(_, name)| name));
            let shown = formats.show_ui(ui, |ui| {
                for (format, name) in RowsFormat::ALL {
                    if ui.selectable_value(&mut exporting.format, format, name).changed() {
                        exporting.formatted();
                    }
                }
            });
            shown.response.labelled_by(name);
        });
        ui.checkbox(&mut exporting.replaces, scene.text("export-replace"));
        if exporting.format == RowsFormat::Csv {
            ui.checkbox(&mut exporting.is_csv_safe, scene.text("export-csv-safe"));
        }
        ui.add_space(8.0);
        let is_there = tool_ui(ui, scene, &mut exporting.asked, &Action::StartTool(ToolName::ExportingRows));
        if exporting.asked.is_loading() {
            return;
        }
        if let Some(ExportedRows { path, rows }) = exporting.asked.value().filter(|_| is_there) {
            let path = path.display().to_string();
            let values = [("count", (*rows).into()), ("grouped", grouped(*rows).into()), ("path", path.into())];
            ui.label(scene.locale.with("export-rows-done", values));
        }
        let can_start = !exporting.to.trim().is_empty();
        let start = primary(ui, scene.text("export-start"));
        if ui.add_enabled(can_start, start).clicked() {
            scene.ask(Action::StartTool(ToolName::ExportingRows));
        }
    });
}
