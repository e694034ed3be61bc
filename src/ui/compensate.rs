use egui::{Button, Grid, Label, RichText, ScrollArea, TextEdit, Ui};

use super::Scene;
use super::parts::shortened;
use crate::command::Action;
use crate::compensate::Plan;
use crate::event::Explain;
use crate::theme::palette;
use crate::view::Draft;

/// The correction in the making. Nothing is written before its last button is pressed, and everything that would
/// change is seen before.
pub fn compensate_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &mut Draft, can_write: bool) {
    let mut is_open = true;
    let title = scene.locale.with("compensate-title", [("version", draft.target.to_string().into())]);
    egui::Window::new(RichText::new(title).size(14.0).strong())
        .id(egui::Id::unique("compensate"))
        .open(&mut is_open)
        .collapsible(false)
        .default_width(560.0)
        .anchor(egui::Align2::CENTER_CENTER, [0.0, 0.0])
        .show(ui.ctx(), |ui| {
            ui.set_width(560.0);
            kind_ui(ui, scene, draft);
            signature_ui(ui, scene, draft);
            ui.add_space(8.0);
            since_ui(ui, scene, draft);
            let plan = draft.plan().cloned();
            match &plan {
                None => {
                    ui.spinner();
                }
                Some(Ok(plan)) => preview_ui(ui, scene, plan),
                Some(Err(error)) => warning(ui, &scene.sentence(&error.message)),
            }
            if let Some(error) = draft.error() {
                warning(ui, &scene.sentence(&error.message));
            }
            ui.add_space(8.0);
            buttons_ui(ui, scene, draft, can_write);
        });
    if !is_open {
        scene.ask(Action::DropDraft);
    }
}

fn kind_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &mut Draft) {
    ui.horizontal(|ui| {
        for (is_free, name) in [(false, "compensate-natural"), (true, "compensate-free")] {
            if ui.selectable_label(draft.is_free == is_free, scene.text(name)).clicked() {
                draft.is_free = is_free;
                draft.has_changed();
            }
        }
    });
    if draft.is_free {
        let is_typed = field(ui, &scene.text("compensate-type"), &mut draft.free_type, 1);
        if field(ui, &scene.text("compensate-payload"), &mut draft.free_payload, 5) || is_typed {
            draft.has_changed();
        }
    }
}

fn signature_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &mut Draft) {
    let is_typed = field(ui, &scene.text("compensate-actor"), &mut draft.actor, 1);
    if field(ui, &scene.text("compensate-reason"), &mut draft.reason, 1) || is_typed {
        draft.has_changed();
    }
}

/// A named field; answers whether something was typed.
fn field(ui: &mut Ui, name: &str, text: &mut String, rows: usize) -> bool {
    let dim = palette(ui).dim;
    let label = ui.add(Label::new(RichText::new(name).size(11.5).color(dim)).sense(egui::Sense::click()));
    let edit =
        if rows > 1 { TextEdit::multiline(text).code_editor().desired_rows(rows) } else { TextEdit::singleline(text) };
    let response = ui.add(edit.desired_width(f32::INFINITY));
    let response = response.labelled_by(label.id);
    if label.clicked() {
        response.request_focus();
    }
    response.changed()
}

/// After a conflict: what came first. Those that touch the same fields are marked.
fn since_ui(ui: &mut Ui, scene: &Scene<'_>, draft: &Draft) {
    if draft.since.is_empty() {
        return;
    }
    let colours = palette(ui);
    egui::Frame::new().fill(colours.warning_soft).corner_radius(6).inner_margin(10).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(scene.text("conflict")).color(colours.warning));
        ScrollArea::vertical().id_salt("since").max_height(120.0).show(ui, |ui| {
            for (event, fields, touches_same) in &draft.since {
                let mark = if *touches_same { scene.text("same-fields") } else { String::new() };
                let who = event.metadata().actor.unwrap_or_default();
                let text = format!("v{}  {}  {who}  {}  {mark}", event.version, event.event_type, fields.join(", "));
                ui.label(RichText::new(text).monospace());
            }
        });
    });
    ui.add_space(8.0);
}

fn preview_ui(ui: &mut Ui, scene: &Scene<'_>, plan: &Plan) {
    let colours = palette(ui);
    let values = [("type", plan.event.event_type.to_string().into()), ("version", plan.version.to_string().into())];
    ui.label(RichText::new(scene.locale.with("preview", values)).strong());
    if plan.changes.is_empty() {
        ui.label(RichText::new(scene.text("preview-nothing")).color(colours.dim));
    }
    ScrollArea::vertical().id_salt("preview").max_height(180.0).show(ui, |ui| {
        Grid::new("preview rows").num_columns(3).spacing([24.0, 6.0]).show(ui, |ui| {
            if !plan.changes.is_empty() {
                for name in ["col-field", "preview-now", "preview-after"] {
                    ui.label(RichText::new(scene.text(name)).size(11.5).color(colours.dim));
                }
                ui.end_row();
            }
            for change in &plan.changes {
                ui.label(RichText::new(shortened(&change.field)).color(colours.accent));
                ui.label(RichText::new(shown(&change.before)).monospace().color(colours.dim));
                ui.label(RichText::new(shown(&change.after)).monospace().color(colours.text));
                ui.end_row();
            }
        });
    });
    for breach in &plan.breaches {
        warning(ui, &scene.sentence(&breach.message()));
    }
}

fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "—".to_owned(),
        serde_json::Value::String(text) => shortened(text).into_owned(),
        other => shortened(&other.to_string()).into_owned(),
    }
}

fn warning(ui: &mut Ui, sentence: &str) {
    let colours = palette(ui);
    ui.add(Label::new(RichText::new(sentence).color(colours.warning)).wrap());
}

fn buttons_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &mut Draft, can_write: bool) {
    let colours = palette(ui);
    ui.horizontal(|ui| {
        let is_ready = draft.is_ready() && can_write;
        let append =
            Button::new(RichText::new(scene.text("append")).strong().color(colours.on_accent)).fill(colours.accent);
        if ui.add_enabled(is_ready, append).clicked() {
            scene.ask(Action::AppendDraft);
        }
        if ui.button(scene.text("cancel")).clicked() {
            scene.ask(Action::DropDraft);
        }
        if !can_write {
            ui.label(RichText::new(scene.text("writing-off")).color(colours.warning));
        }
        if draft.is_busy() {
            ui.spinner();
        }
    });
}
