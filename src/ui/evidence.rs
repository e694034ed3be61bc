use egui::{RichText, TextEdit, Ui};

use super::Scene;
use super::dialog::Dialog;
use super::export::sought_name;
use super::parts::{named_field, shortened};
use super::path_field::PathField;
use super::tool::tool_ui;
use crate::command::Action;
use crate::event::{StreamId, Version};
use crate::locale::Language;
use crate::theme::palette;
use crate::view::{EvidenceChoice, Evidencing, FileFor, Made, OpenStore, Sought, ToolName};

/// A page about the stream up to the cursor, or about what was found, that carries its proof.
pub(super) fn evidence_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let here = store.view.as_ref().and_then(|view| Some((view.stream.clone(), view.version()?)));
    let found = store.activity.sought().filter(|sought| !sought.text.trim().is_empty());
    let making = &mut store.tools.evidencing;
    making.at = here.as_ref().map(|(_, version)| *version);
    let language = *making.language.get_or_insert(scene.locale.language());
    let colours = palette(ui);
    let title = scene.text("evidence");
    Dialog::new("evidence", &title, 540.0).show(ui, scene, is_open, |ui, scene| {
        ui.add(egui::Label::new(RichText::new(scene.text("evidence-about")).color(colours.dim)).wrap());
        ui.add_space(6.0);
        let to = PathField {
            id: "evidence",
            name: "export-to",
            choose: "choose-file",
            hint: "/path/to/evidence.pdf",
            file_for: FileFor::Evidence,
        };
        to.show(ui, scene, &mut making.to);
        ui.add_space(6.0);
        let can_be_made = of_ui(ui, scene, making, here, found);
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            ui.label(scene.text("evidence-language"));
            for (known, name) in [(Language::English, "English"), (Language::Korean, "한국어")] {
                if ui.radio(language == known, name).clicked() {
                    making.language = Some(known);
                }
            }
        });
        ui.add_space(6.0);
        let since = PathField {
            id: "seal of evidence",
            name: "evidence-since",
            choose: "choose-seal",
            hint: "/path/to/store.seal",
            file_for: FileFor::EvidenceSince,
        };
        since.show(ui, scene, &mut making.since);
        ui.label(RichText::new(scene.text("key-file")).size(11.5).color(colours.dim));
        let field = TextEdit::singleline(&mut making.key).hint_text(scene.text("key-file-own"));
        named_field(ui, field.desired_width(f32::INFINITY), &scene.text("key-file"));
        ui.add_space(4.0);
        ui.checkbox(&mut making.replaces, scene.text("export-replace"));
        ui.add_space(8.0);
        let is_there = tool_ui(ui, scene, &mut making.asked, &Action::StartTool(ToolName::Evidencing));
        if making.asked.is_loading() {
            return;
        }
        if let Some(Made { path, written }) = making.asked.value().filter(|_| is_there) {
            let values = [("events", scene.events(written.events).into()), ("path", path.display().to_string().into())];
            ui.add(egui::Label::new(scene.locale.with("evidence-done", values)).wrap());
            ui.label(RichText::new(scene.text("evidence-key")).size(11.5).color(colours.dim));
            ui.add(egui::Label::new(RichText::new(written.key.to_string()).monospace()).wrap());
            ui.add_space(8.0);
        }
        let text = RichText::new(scene.text("evidence-start")).strong().color(colours.on_accent);
        let can_start = can_be_made && !making.to.trim().is_empty();
        if ui.add_enabled(can_start, egui::Button::new(text).fill(colours.accent)).clicked() {
            scene.ask(Action::StartTool(ToolName::Evidencing));
        }
    });
}

/// What it is to be of; answers whether that is there.
fn of_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    making: &mut Evidencing,
    here: Option<(StreamId, Version)>,
    found: Option<Sought>,
) -> bool {
    let mut choices = Vec::new();
    if let Some((stream, version)) = here {
        let stream = shortened(stream.as_str()).into_owned();
        let values = [("stream", stream.into()), ("version", version.to_string().into())];
        choices.push((EvidenceChoice::Here, scene.locale.with("evidence-here", values)));
    }
    if let Some(sought) = found {
        let name = sought_name(scene, &sought);
        choices.push((EvidenceChoice::Found(sought), name));
    }
    if choices.is_empty() {
        ui.label(scene.text("evidence-of-nothing"));
    }
    let is_there = choices.iter().any(|(choice, _)| *choice == making.of);
    if let (false, Some((first, _))) = (is_there, choices.first()) {
        making.of = first.clone();
    }
    let can_be_made = !choices.is_empty();
    for (choice, name) in choices {
        if ui.radio(making.of == choice, name).clicked() {
            making.of = choice;
        }
    }
    can_be_made
}
