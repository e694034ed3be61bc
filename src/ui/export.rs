use egui::{ComboBox, RichText, TextEdit, Ui};

use super::dialog::Dialog;
use super::ends::ends_ui;
use super::parts::{named_field, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::{Action, Command};
use crate::engine::TrailForm;
use crate::event::StreamId;
use crate::store::files::FileFormat;
use crate::theme::palette;
use crate::view::{ExportWhat, Exported, Exporting, FileFor, OpenStore, Sought, ToolName};

/// The events of the store, or of the stream on screen, into a file.
pub(super) fn export_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let here = store.view.as_ref().map(|view| view.stream.clone());
    let found = store.activity.sought();
    let exporting = &mut store.tools.exporting;
    exporting.teller = Some((scene.locale.language(), scene.zone.clock(), scene.zone_name()));
    let colours = palette(ui);
    let title = scene.text("export");
    Dialog::new("export", &title, 520.0).show(ui, scene, is_open, |ui, scene| {
        ui.label(RichText::new(scene.text("export-to")).size(11.5).color(colours.dim));
        let type_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
            let hint = format!("/path/to/{}", exporting.new_name());
            let field = TextEdit::singleline(&mut exporting.to).hint_text(hint);
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
        let is_told = matches!(exporting.what, ExportWhat::Told(_));
        ui.horizontal(|ui| {
            let name = ui.label(scene.text("export-format")).id;
            if is_told {
                let chosen = TrailForm::ALL.iter().find(|(form, _)| *form == exporting.trail);
                let box_of_forms =
                    ComboBox::from_id_salt("trail form").selected_text(chosen.map_or("", |(_, name)| name));
                let shown = box_of_forms.show_ui(ui, |ui| {
                    for (form, name) in TrailForm::ALL {
                        if ui.selectable_value(&mut exporting.trail, form, name).changed() {
                            exporting.formatted();
                        }
                    }
                });
                shown.response.labelled_by(name);
                return;
            }
            let chosen = FileFormat::ALL.iter().find(|(format, _)| *format == exporting.format);
            let box_of_formats = ComboBox::from_id_salt("format").selected_text(chosen.map_or("", |(_, name)| name));
            let shown = box_of_formats.show_ui(ui, |ui| {
                let formats: Vec<_> = exporting.formats().collect();
                for (format, name) in formats {
                    if ui.selectable_value(&mut exporting.format, format, name).changed() {
                        exporting.formatted();
                    }
                }
            });
            shown.response.labelled_by(name);
        });
        ui.checkbox(&mut exporting.replaces, scene.text("export-replace"));
        let is_csv = if is_told { exporting.trail == TrailForm::Csv } else { exporting.format == FileFormat::Csv };
        if is_csv {
            if exporting.what != ExportWhat::Findings && !is_told {
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
            let (name, values) = if *is_findings {
                ("export-done-findings", vec![("count", (*count).into()), ("grouped", grouped(*count).into())])
            } else {
                ("export-done", vec![("events", scene.events(*count).into())])
            };
            ui.label(scene.locale.with(name, values.into_iter().chain([("path", path.into())])));
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
    scene.locale.with("export-found", [("text", shortened(&sought.text).into_owned().into())])
}

/// The same where it is told who did what.
fn told_name(scene: &Scene<'_>, sought: &Sought) -> String {
    let text = shortened(&sought.text).into_owned();
    let name = if text.trim().is_empty() { "export-told-all" } else { "export-told" };
    scene.locale.with(name, [("text", text.into())])
}

/// What is to be written: everything, or a part of it that is on screen or was found.
fn what_ui(ui: &mut Ui, scene: &Scene<'_>, exporting: &mut Exporting, here: Option<&StreamId>, found: Option<Sought>) {
    let mut choices = vec![(ExportWhat::Store, scene.text("export-everything"))];
    if let Some(here) = here {
        let name = scene.locale.with("only-stream", [("stream", shortened(here.as_str()).into_owned().into())]);
        choices.push((ExportWhat::Here, name));
    }
    let chosen = match &exporting.what {
        ExportWhat::Found(sought) | ExportWhat::Told(sought) => Some(sought.clone()),
        _ => None,
    };
    if let Some(sought) = chosen.or(found) {
        if !sought.text.trim().is_empty() {
            choices.push((ExportWhat::Found(sought.clone()), sought_name(scene, &sought)));
        }
        let name = told_name(scene, &sought);
        choices.push((ExportWhat::Told(sought), name));
    }
    choices.push((ExportWhat::Findings, scene.text("export-findings")));
    for (what, name) in choices {
        if ui.radio(exporting.what == what, name).clicked() {
            exporting.choose_what(what);
        }
    }
}
