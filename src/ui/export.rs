use egui::{ComboBox, RichText, TextEdit, Ui};

use super::dialog::Dialog;
use super::ends::ends_ui;
use super::parts::{named_field, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::{Action, Command};
use crate::event::StreamId;
use crate::store::files::FileFormat;
use crate::theme::palette;
use crate::view::{ExportWhat, Exported, Exporting, FileFor, OpenStore, Sought, ToolName};

/// The events of the store, or of the stream on screen, into a file.
pub(super) fn export_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let here = store.view.as_ref().map(|view| view.stream.clone());
    let found = store.tools.search.asked.value().filter(|found| !found.hits.is_empty());
    let found = found.map(|found| found.sought.clone());
    let exporting = &mut store.tools.exporting;
    let colours = palette(ui);
    let title = scene.text("export");
    Dialog::new("export", &title, 520.0).show(ui, scene, is_open, |ui, scene| {
        ui.label(RichText::new(scene.text("export-to")).size(11.5).color(colours.dim));
        let type_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
            let field = TextEdit::singleline(&mut exporting.to).hint_text("/path/to/events.jsonl");
            if named_field(ui, field.desired_width(f32::INFINITY), &scene.text("export-to")).changed() {
                exporting.named();
            }
        };
        let choose_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
            if ui.button(scene.text("choose-file")).clicked() {
                scene.ask(Action::ChooseFile(FileFor::Export));
            }
        };
        ui.horizontal(|ui| ends_ui(ui, scene, "export", type_ui, choose_ui));
        ui.add_space(6.0);
        what_ui(ui, scene, exporting, here.as_ref(), found);
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            let name = ui.label(scene.text("export-format")).id;
            let chosen = FileFormat::ALL.iter().find(|(format, _)| *format == exporting.format);
            let box_of_formats = ComboBox::from_id_salt("format").selected_text(chosen.map_or("", |(_, name)| name));
            let shown = box_of_formats.show_ui(ui, |ui| {
                let formats: Vec<_> = exporting.formats().collect();
                for (format, name) in formats {
                    ui.selectable_value(&mut exporting.format, format, name);
                }
            });
            shown.response.labelled_by(name);
        });
        ui.checkbox(&mut exporting.replaces, scene.text("export-replace"));
        if exporting.format == FileFormat::Csv {
            if exporting.what != ExportWhat::Findings {
                ui.checkbox(&mut exporting.has_csv_fields, scene.text("export-csv-fields"));
            }
            ui.checkbox(&mut exporting.is_csv_safe, scene.text("export-csv-safe"));
        }
        ui.add_space(8.0);
        let is_there = tool_ui(ui, scene, &mut exporting.asked, &Action::StartTool(ToolName::Exporting));
        if exporting.asked.is_loading() {
            return;
        }
        if let Some(Exported { path, count, is_findings }) = exporting.asked.value().filter(|_| is_there) {
            let path = path.display().to_string();
            let values = [("count", grouped(*count).into()), ("path", path.into())];
            let name = if *is_findings { "export-done-findings" } else { "export-done" };
            ui.label(scene.locale.with(name, values));
        }
        ui.horizontal(|ui| {
            let text = RichText::new(scene.text("export-start")).strong().color(colours.on_accent);
            let can_start = !exporting.to.trim().is_empty();
            if ui.add_enabled(can_start, egui::Button::new(text).fill(colours.accent)).clicked() {
                scene.ask(Action::StartTool(ToolName::Exporting));
            }
            if ui.button(scene.text("evidence")).on_hover_text(scene.text("evidence-about")).clicked() {
                scene.ask(Action::CloseDialog);
                scene.run(Command::Tool(ToolName::Evidencing));
            }
        });
    });
}

/// How what was looked for is named where its events are written to a file.
pub(super) fn sought_name(scene: &Scene<'_>, sought: &Sought) -> String {
    let Sought { text, day, .. } = sought;
    let day = day.as_ref().map_or("", |day| &day.name);
    let name = match (day.is_empty(), text.is_empty()) {
        (true, _) => "export-found",
        (false, true) => "export-found-day",
        (false, false) => "export-found-of-day",
    };
    scene.locale.with(name, [("text", shortened(text).into_owned().into()), ("day", day.into())])
}

/// What is to be written: everything, or a part of it that is on screen or was found.
fn what_ui(ui: &mut Ui, scene: &Scene<'_>, exporting: &mut Exporting, here: Option<&StreamId>, found: Option<Sought>) {
    let mut choices = vec![(ExportWhat::Store, scene.text("export-everything"))];
    if let Some(here) = here {
        let name = scene.locale.with("only-stream", [("stream", shortened(here.as_str()).into_owned().into())]);
        choices.push((ExportWhat::Here, name));
    }
    if let Some(found) = found {
        let name = sought_name(scene, &found);
        choices.push((ExportWhat::Found(found), name));
    }
    if let ExportWhat::Found(sought) = &exporting.what
        && !choices.iter().any(|(what, _)| *what == exporting.what)
    {
        choices.push((exporting.what.clone(), sought_name(scene, sought)));
    }
    choices.push((ExportWhat::Findings, scene.text("export-findings")));
    for (what, name) in choices {
        if ui.radio(exporting.what == what, name).clicked() {
            exporting.choose_what(what);
        }
    }
}
