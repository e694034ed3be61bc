use egui::{Button, CollapsingHeader, Grid, RichText, ScrollArea, Ui};
use serde_json::Value;

use super::Scene;
use super::findings_here::findings_here_ui;
use super::focus::keep_in_sight;
use super::history::mark;
use super::json_tree::json_ui;
use super::lanes_here::lanes_here_ui;
use super::parts::{AUTHOR_LINES, REASON_LINES, caption, cut, few_lines, hairline, shortened};
use super::refusal;
use crate::command::{Action, Command};
use crate::engine::{Causes, LinkedEvent};
use crate::event::visible::visible;
use crate::event::{RecordedEvent, StreamId, Version};
use crate::theme::palette;
use crate::view::{EventDetail, LinkedTo, OpenStore, StreamView, ToolName};
use crate::workspace::Note;

/// Longer payloads are folded: what is not shown is not laid out.
const SHOWN_LETTERS: usize = 20_000;

/// The event at the cursor: what happened, when, by whom and why, as read and as stored.
pub fn event_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let (Some(view), _) = store.on_screen() else { return };
    let Some(detail) = view.event().value() else {
        caption(ui, &scene.text("event"));
        return;
    };
    // All of it scrolls: in a low window its buttons are out of reach otherwise.
    ScrollArea::vertical().id_salt("event detail").auto_shrink(false).show(ui, |ui| {
        detail_ui(ui, scene, store, view, detail);
        lanes_here_ui(ui, scene, store, view);
        keep_in_sight(ui);
    });
}

fn detail_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, view: &StreamView, detail: &EventDetail) {
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
    let around = store.causes.around(&event.stream, event.version);
    facts_ui(ui, scene, detail, around.and_then(|causes| chain_ends(causes, event)));
    ui.add_space(8.0);
    let text = RichText::new(scene.text("compensate")).strong().color(colours.on_accent);
    ui.horizontal_wrapped(|ui| {
        let why_not = |command| refusal(store, command);
        let said = |scene: &Scene<'_>, command| why_not(command).map(|why| scene.text(why)).unwrap_or_default();
        let fix = ui.add_enabled(why_not(Command::Compensate).is_none(), Button::new(text).fill(colours.accent));
        if fix.on_disabled_hover_text(said(scene, Command::Compensate)).clicked() {
            scene.run(Command::Compensate);
        }
        let what_if = ui.add_enabled(why_not(Command::WhatIf).is_none(), Button::new(scene.text("what-if")));
        let what_if = what_if.on_disabled_hover_text(said(scene, Command::WhatIf));
        if what_if.on_hover_text(scene.text("what-if-about")).clicked() {
            scene.run(Command::WhatIf);
        }
        let copy = ui.button(scene.text("copy-event"));
        if copy.on_hover_text(scene.text("copy-event-about")).clicked() {
            scene.ask(Action::Copy(serde_json::to_string_pretty(event).unwrap_or_default()));
        }
        let copy = ui.button(scene.text("copy-link"));
        if copy.on_hover_text(scene.text("copy-link-about")).clicked() {
            scene.run(Command::CopyLink);
        }
        if ui.button(scene.text("note")).on_hover_text(scene.text("note-about")).clicked() {
            scene.run(Command::Tool(ToolName::Noting));
        }
    });
    if let Some(note) = view.head().filter(|_| !is_stale).and_then(|head| view.note_on(head)) {
        ui.add_space(6.0);
        note_ui(ui, scene, note);
    }
    if !is_stale {
        findings_here_ui(ui, scene, store, view);
    }
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

fn note_ui(ui: &mut Ui, scene: &Scene<'_>, note: &Note) {
    let colours = palette(ui);
    ui.horizontal_wrapped(|ui| {
        caption(ui, &scene.text("note-text"));
        caption(ui, &scene.zone.long(note.at));
    });
    let (text, ink) = if note.text.is_empty() {
        (scene.text("note-bookmark"), colours.dim)
    } else {
        (note.text.clone(), colours.text)
    };
    ui.add(egui::Label::new(RichText::new(visible(&text)).color(ink)).wrap());
}

fn is_nothing(payload: &Value) -> bool {
    match payload {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn facts_ui(ui: &mut Ui, scene: &mut Scene<'_>, detail: &EventDetail, ends: Option<(Vec<Way>, Vec<Way>)>) {
    let dim = palette(ui).dim;
    let EventDetail { event, metadata, caused_by, led_to, missing_cause, may_have_led_to_more, corrects, .. } = detail;
    Grid::new("facts").num_columns(2).spacing([16.0, 6.0]).show(ui, |ui| {
        let fact = |ui: &mut Ui, name: &str, value: RichText| {
            ui.label(RichText::new(scene.text(name)).color(dim));
            ui.add(egui::Label::new(value).wrap());
            ui.end_row();
        };
        let when = event.recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
        fact(ui, "when", RichText::new(when).monospace());
        for (name, value, lines) in [("who", &metadata.actor, AUTHOR_LINES), ("why", &metadata.reason, REASON_LINES)] {
            if let Some(value) = value {
                ui.label(RichText::new(scene.text(name)).color(dim));
                few_lines(ui, value, lines);
                ui.end_row();
            }
        }
        if let (Some(id), None) = (&metadata.compensates, corrects) {
            fact(ui, "corrects", RichText::new(id.to_string()).monospace());
        }
        let way = |to: &LinkedTo| Way::to(&event.stream, &to.stream, to.version, to.event_type.as_str());
        ways_ui(ui, scene, "corrects", &corrects.iter().map(way).collect::<Vec<_>>());
        ways_ui(ui, scene, "caused-by", &caused_by.iter().map(way).collect::<Vec<_>>());
        if let Some(missing) = missing_cause {
            ui.label(RichText::new(scene.text("caused-by")).color(dim));
            let said = scene.locale.with("cause-missing", [("cause", missing.to_string().into())]);
            ui.add(egui::Label::new(RichText::new(said).color(palette(ui).warning)).wrap());
            ui.end_row();
        }
        let mut effects: Vec<Way> = led_to.iter().map(way).collect();
        if *may_have_led_to_more {
            let text = scene.text(if led_to.is_empty() { "led-to-look" } else { "led-to-more" });
            effects.push(Way { text, action: Action::Run(Command::Causes) });
        }
        ways_ui(ui, scene, "led-to", &effects);
        // Once the whole chain is known, its ends are said too.
        if let Some((root, ends)) = ends {
            ways_ui(ui, scene, "causes-root", &root);
            ways_ui(ui, scene, "causes-ends", &ends);
        }
    });
}

fn ways_ui(ui: &mut Ui, scene: &mut Scene<'_>, name: &str, to: &[Way]) {
    if to.is_empty() {
        return;
    }
    let dim = palette(ui).dim;
    let accent = palette(ui).accent;
    for (place, Way { text, action }) in to.iter().enumerate() {
        // Said once, for all of them.
        ui.label(RichText::new(if place == 0 { scene.text(name) } else { String::new() }).color(dim));
        if ui.add(Button::new(RichText::new(text).color(accent)).frame(false).truncate()).clicked() {
            scene.ask(action.clone());
        }
        ui.end_row();
    }
}

/// A link to an event.
struct Way {
    text: String,
    action: Action,
}

impl Way {
    fn to(here: &StreamId, stream: &StreamId, version: Version, event_type: &str) -> Self {
        let event_type = shortened(event_type);
        if stream == here {
            return Self { text: format!("{event_type} · v{version}"), action: Action::GoToVersion(version) };
        }
        let text = format!("{event_type} · {} v{version}", shortened(stream.as_str()));
        Self { text, action: Action::GoToPlace(stream.clone(), version) }
    }
}

/// More ends than these are seen among all causes and effects.
const ENDS_SHOWN: usize = 4;

/// What the event's chain began with, and what it ended in.
fn chain_ends(causes: &Causes, event: &RecordedEvent) -> Option<(Vec<Way>, Vec<Way>)> {
    let is_this = |linked: &LinkedEvent| linked.stream == event.stream && linked.head.version == event.version;
    if !causes.asked().is_some_and(is_this) {
        return None;
    }
    let way = |to: &LinkedEvent| Way::to(&event.stream, &to.stream, to.head.version, to.head.event_type.as_str());
    let root = causes.events.get(causes.root).filter(|root| !is_this(root)).map(way).into_iter().collect();
    let causing: std::collections::HashSet<usize> =
        causes.events.iter().filter(|event| event.is_on_chain).filter_map(|event| event.caused_by).collect();
    let is_end =
        |(place, event): &(usize, &LinkedEvent)| event.is_on_chain && !causing.contains(place) && !is_this(event);
    let ends = causes.events.iter().enumerate().filter(is_end).take(ENDS_SHOWN).map(|(_, event)| way(event)).collect();
    Some((root, ends))
}

fn block_ui(ui: &mut Ui, scene: &mut Scene<'_>, id: &str, title: &str, text: &str, is_open: bool) {
    if text.is_empty() {
        return;
    }
    CollapsingHeader::new(title).id_salt(id).default_open(is_open).show(ui, |ui| {
        let end = text.floor_char_boundary(SHOWN_LETTERS);
        let (shown, is_cut) = (&text[..end], end < text.len());
        // As it is laid out there, but for letters that hide.
        let shown = shown.replace('\t', "    ").replace('\r', "");
        ui.add(egui::Label::new(RichText::new(visible(&shown)).monospace()).wrap());
        if is_cut {
            ui.label("…");
        }
        if ui.small_button(scene.text("copy")).clicked() {
            scene.ask(Action::Copy(text.to_owned()));
        }
    });
}
