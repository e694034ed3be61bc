use egui::{Align, Label, Layout, RichText, ScrollArea, TextEdit, Ui};
use serde_json::Value;

use super::Scene;
use super::dialog::{Dialog, select_at_first};
use super::icons::{Icon, icon_button};
use super::parts::{cut, is_entered, link, named_field, shortened};
use super::people::for_people;
use super::tool::tool_ui;
use crate::command::Action;
use crate::event::{StreamId, Version};
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{Because, GivenReasons, OpenStore, ReasonEvent, ReasonPlace, ToolName};

/// More fields than these nobody looks through; any can be typed.
const FIELDS_OFFERED: usize = 200;

/// The events that a field's value stands on, or what would give it another one.
pub(super) fn reasons_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let here = store.view.as_ref().and_then(|view| ReasonPlace::of(view, view.shown_number()));
    let reasons = &mut store.tools.reasons;
    let view = store.view.as_ref();
    let title = scene.text("why-so");
    Dialog::new("reasons", &title, 640.0).show(ui, scene, is_open, |ui, scene| {
        let colours = palette(ui);
        let mut starts = false;
        // In a narrow window the other value goes to the next line.
        ui.horizontal_wrapped(|ui| {
            let name = scene.text("why-field");
            let field = TextEdit::singleline(&mut reasons.field).hint_text(&name).desired_width(190.0);
            let field = named_field(ui, field, &name);
            select_at_first(ui, &field, &reasons.field);
            starts |= is_entered(ui, &field);
            let menu = icon_button(ui, Icon::Down, &scene.text("why-fields"));
            egui::Popup::menu(&menu).show(|ui| {
                ScrollArea::vertical().id_salt("fields").max_height(300.0).show(ui, |ui| {
                    for field in view.map(|view| view.field_names(FIELDS_OFFERED)).unwrap_or_default() {
                        if ui.button(shortened(&field)).clicked() {
                            reasons.field = field;
                        }
                    }
                });
            });
            let name = scene.text("why-not");
            ui.label(RichText::new(&name).color(colours.dim));
            let wish =
                TextEdit::singleline(&mut reasons.wish).hint_text(scene.text("why-not-hint")).desired_width(190.0);
            let wish = named_field(ui, wish, &name);
            starts |= is_entered(ui, &wish);
            let can_start = here.is_some() && !reasons.field.trim().is_empty();
            starts |= ui.add_enabled(can_start, egui::Button::new(scene.text("why-ask"))).clicked();
            starts &= can_start;
        });
        match &here {
            Some(ReasonPlace { stream, version, projection }) => {
                let values = [
                    ("stream", shortened(stream.as_str()).into()),
                    ("version", version.to_string().into()),
                    ("projection", scene.projection(projection).into()),
                ];
                cut(ui, RichText::new(scene.locale.with("why-place", values)).color(colours.dim));
            }
            None => {
                ui.label(RichText::new(scene.text("why-no-place")).color(colours.dim));
            }
        }
        if starts {
            reasons.place.clone_from(&here);
            scene.ask(Action::StartTool(ToolName::Reasons));
        }
        ui.add_space(6.0);
        let is_there = tool_ui(ui, scene, &mut reasons.asked, &Action::StartTool(ToolName::Reasons));
        if let Some(given) = reasons.given().filter(|_| is_there) {
            given_ui(ui, scene, given);
        }
    });
}

fn given_ui(ui: &mut Ui, scene: &mut Scene<'_>, given: &GivenReasons) {
    let GivenReasons { place, field, value, set_by, because } = given;
    let said = |scene: &Scene<'_>, value: &Value| match value {
        Value::Null => scene.text("no-value"),
        value => for_people(scene, field, value).into_owned(),
    };
    let mut values = vec![
        ("field", shortened(field).into_owned().into()),
        ("value", said(scene, value).into()),
        ("version", place.version.to_string().into()),
    ];
    let name = match because {
        Because::Of { .. } => "why-is",
        Because::Already(_) => "why-is-already",
        Because::Not { wish, .. } => {
            values.push(("wish", said(scene, wish).into()));
            "why-is-not"
        }
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(scene.locale.with(name, values)).strong());
        if let Some(event) = set_by {
            let name = scene.locale.with("why-set-by", [("event", event_name(event).into())]);
            if link(ui, &name).clicked() {
                go_to(scene, &place.stream, event.version);
            }
        }
    });
    ui.add_space(4.0);
    match because {
        Because::Of { events, untried, is_minimal } => {
            events_ui(ui, scene, &place.stream, events);
            let mut note = |name: &str, count: usize| {
                let values = [("count", count.into()), ("grouped", super::grouped(count as u64).into())];
                let text = RichText::new(scene.locale.with(name, values)).color(palette(ui).dim);
                ui.add(Label::new(text).wrap());
            };
            if *untried > 0 {
                note("why-untried", *untried);
            }
            if !*is_minimal {
                note("why-not-minimal", 0);
            }
        }
        Because::Already(_) => {}
        Because::Not { lines, .. } => {
            for (line, version) in lines {
                ui.horizontal_wrapped(|ui| {
                    ui.label(RichText::new("•").color(palette(ui).dim));
                    ui.label(scene.sentence(line));
                    if let Some(version) = version
                        && link(ui, &format!("v{version} ↗")).clicked()
                    {
                        go_to(scene, &place.stream, *version);
                    }
                });
            }
        }
    }
}

fn event_name(event: &ReasonEvent) -> String {
    format!("v{} {}", event.version, shortened(event.event_type.as_str()))
}

fn go_to(scene: &mut Scene<'_>, stream: &StreamId, version: Version) {
    scene.ask(Action::GoToPlace(stream.clone(), version));
    scene.ask(Action::CloseDialog);
}

/// Each event with what it is to the value. Of thousands only those in view are laid out.
fn events_ui(ui: &mut Ui, scene: &mut Scene<'_>, stream: &StreamId, events: &[ReasonEvent]) {
    let colours = palette(ui);
    if events.is_empty() {
        ui.label(scene.text("why-nothing-needed"));
        return;
    }
    ui.add(Label::new(RichText::new(scene.text("why-legend")).color(colours.dim)).wrap());
    ui.add_space(4.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = (events.len() as f32 * ROW_HEIGHT).min(320.0);
    let rows = ScrollArea::vertical().id_salt("reason events").auto_shrink(false).max_height(height);
    rows.show_rows(ui, ROW_HEIGHT, events.len(), |ui, range| {
        for event in events.get(range).unwrap_or_default() {
            let size = egui::vec2(ui.available_width(), ROW_HEIGHT);
            ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_size(size);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let when = event.recorded_at.map(|at| scene.zone.long(at)).unwrap_or_default();
                    ui.label(RichText::new(when).monospace().color(colours.dim));
                    for (is_it, name) in [(event.is_enough, "why-enough"), (event.is_needed, "why-needed")] {
                        let text = if is_it { scene.text(name) } else { String::new() };
                        let ink = if name == "why-needed" { colours.accent } else { colours.dim };
                        mark_ui(ui, RichText::new(text).color(ink));
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        if link(ui, &event_name(event)).clicked() {
                            go_to(scene, stream, event.version);
                        }
                    });
                });
            });
        }
    });
}

/// In a column of its own.
fn mark_ui(ui: &mut Ui, text: RichText) {
    ui.allocate_ui_with_layout(egui::vec2(72.0, ROW_HEIGHT), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(72.0);
        cut(ui, text);
    });
}
