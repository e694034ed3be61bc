use egui::{CollapsingHeader, Grid, RichText, ScrollArea, Ui};
use serde_json::Value;

use super::Scene;
use super::history::mark;
use super::json_tree::json_ui;
use super::parts::{caption, cut, hairline, link, shortened};
use crate::command::{Action, Command};
use crate::event::Version;
use crate::theme::palette;
use crate::view::{EventDetail, StreamView};

/// Longer payloads are folded: what is not shown is not laid out.
const SHOWN_LETTERS: usize = 20_000;

/// The event at the cursor: what happened, when, by whom and why, as read and as stored.
pub fn event_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView) {
    let Some(detail) = view.event().value() else {
        caption(ui, &scene.text("event"));
        return;
    };
    // All of it scrolls: in a low window its buttons are out of reach otherwise.
    ScrollArea::vertical().id_salt("event detail").auto_shrink(false).show(ui, |ui| detail_ui(ui, scene, view, detail));
}

fn detail_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, detail: &EventDetail) {
    // While the next event is on its way the last one stays, dimmed.
    let is_stale = view.version().is_some_and(|version| version != detail.event.version);
    if is_stale {
        ui.multiply_opacity(0.5);
    }
    let colours = palette(ui);
    let EventDetail { event, read_type, read_schema: _, read_payload, stored_payload, stored_metadata, .. } = detail;
    ui.horizontal(|ui| {
        caption(ui, &scene.locale.with("event-version", [("version", event.version.to_string().into())]));
        if let Some(position) = event.position {
            caption(ui, &scene.locale.with("position", [("position", position.to_string().into())]));
        }
    });
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        mark(ui, colours.sign(view.sign_of(event.event_type.as_str())));
        cut(ui, RichText::new(shortened(read_type)).strong().size(15.0));
    });
    if event.event_type.as_str() != read_type {
        caption(ui, &shortened(event.event_type.as_str()));
    }
    if detail.is_guess {
        caption(ui, &scene.text("type-guessed"));
    }
    ui.add_space(6.0);
    facts_ui(ui, scene, detail, view);
    ui.add_space(8.0);
    let text = RichText::new(scene.text("compensate")).strong().color(colours.on_accent);
    ui.horizontal_wrapped(|ui| {
        if ui.add(egui::Button::new(text).fill(colours.accent)).clicked() {
            scene.run(Command::Compensate);
        }
        let copy = ui.button(scene.text("copy-event"));
        if copy.on_hover_text(scene.text("copy-event-about")).clicked() {
            scene.ask(Action::Copy(serde_json::to_string_pretty(event).unwrap_or_default()));
        }
        let copy = ui.button(scene.text("copy-link"));
        if copy.on_hover_text(scene.text("copy-link-about")).clicked() {
            scene.run(Command::CopyLink);
        }
    });
    ui.add_space(8.0);
    hairline(ui);
    CollapsingHeader::new(scene.text("payload-as-read")).id_salt("payload").default_open(true).show(ui, |ui| {
        // An event may say all that it has to say by its type.
        if is_nothing(read_payload) {
            caption(ui, &scene.text("payload-empty"));
            return;
        }
        json_ui(ui, scene, read_payload);
        if ui.small_button(scene.text("copy")).clicked() {
            scene.ask(Action::Copy(serde_json::to_string_pretty(read_payload).unwrap_or_default()));
        }
    });
    let title = scene.locale.with("as-stored", [("schema", event.schema.to_string().into())]);
    block_ui(ui, scene, "stored", &title, stored_payload, false);
    block_ui(ui, scene, "metadata", &scene.text("metadata"), stored_metadata, false);
}

fn is_nothing(payload: &Value) -> bool {
    match payload {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn facts_ui(ui: &mut Ui, scene: &mut Scene<'_>, detail: &EventDetail, view: &StreamView) {
    let dim = palette(ui).dim;
    let EventDetail { event, metadata, caused_by, led_to, corrects, .. } = detail;
    Grid::new("facts").num_columns(2).spacing([16.0, 6.0]).show(ui, |ui| {
        let fact = |ui: &mut Ui, name: &str, value: RichText| {
            ui.label(RichText::new(scene.text(name)).color(dim));
            ui.add(egui::Label::new(value).wrap());
            ui.end_row();
        };
        let when = event.recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
        fact(ui, "when", RichText::new(when).monospace());
        for (name, value) in [("who", &metadata.actor), ("why", &metadata.reason)] {
            if let Some(value) = value {
                fact(ui, name, RichText::new(shortened(value)));
            }
        }
        if let (Some(id), None) = (&metadata.compensates, corrects) {
            fact(ui, "corrects", RichText::new(id.to_string()).monospace());
        }
        let mut ways = |ui: &mut Ui, name: &str, versions: &[Version]| {
            if versions.is_empty() {
                return;
            }
            ui.label(RichText::new(scene.text(name)).color(dim));
            ui.horizontal_wrapped(|ui| {
                for version in versions {
                    if link(ui, &format!("{}v{version}", type_of(view, *version))).clicked() {
                        scene.ask(Action::GoToVersion(*version));
                    }
                }
            });
            ui.end_row();
        };
        ways(ui, "corrects", corrects.as_slice());
        ways(ui, "caused-by", caused_by.as_slice());
        ways(ui, "led-to", led_to);
    });
}

/// What kind of event this is, to stand before its version.
fn type_of(view: &StreamView, version: Version) -> String {
    let head = view.base().and_then(|loaded| {
        let timeline = loaded.timeline.as_ref();
        timeline.heads().get(timeline.index_of(version)?)
    });
    head.map_or_else(String::new, |head| format!("{} · ", shortened(head.event_type.as_str())))
}

fn block_ui(ui: &mut Ui, scene: &mut Scene<'_>, id: &str, title: &str, text: &str, is_open: bool) {
    if text.is_empty() {
        return;
    }
    CollapsingHeader::new(title).id_salt(id).default_open(is_open).show(ui, |ui| {
        let end = text.floor_char_boundary(SHOWN_LETTERS);
        let (shown, is_cut) = (&text[..end], end < text.len());
        ui.add(egui::Label::new(RichText::new(shown).monospace()).wrap());
        if is_cut {
            ui.label("…");
        }
        if ui.small_button(scene.text("copy")).clicked() {
            scene.ask(Action::Copy(text.to_owned()));
        }
    });
}
