//! The event that is looked at: what happened, to whom, by whom and why, and what led to it.

use egui::{Button, CollapsingHeader, Grid, Label, RichText, Role, ScrollArea, TextStyle, Ui, WidgetInfo};

use super::super::Scene;
use super::super::changes::{old_and_new, text_of};
use super::super::focus::keep_in_sight;
use super::super::history::mark;
use super::super::json_tree::json_ui;
use super::super::parts::{
    AUTHOR_LINES, REASON_LINES, caption, cut, few_lines, fitting_name, hairline, progress_ui, shortened,
};
use super::{quiet_button, wish};
use crate::command::{Action, Command};
use crate::engine::{Causes, LinkedEvent, readable, words_of_type};
use crate::event::visible::visible;
use crate::store::Link;
use crate::theme::palette;
use crate::view::{ActivityWish, EventDetail, OpenStore, ToldRow};

/// So many events of a chain are told before the one that is looked at, and so many from it on.
const CHAIN_BEFORE: usize = 5;
const CHAIN_BEHIND: usize = 12;

/// Deeper than this, nothing is set in any further.
const DEEPEST: usize = 6;

pub fn activity_event_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let Some((stream, version)) = store.activity.selected() else {
        caption(ui, &scene.text("activity-pick"));
        return;
    };
    let told = store.activity.told(stream, *version);
    let Some(detail) = store.activity.event() else {
        caption(ui, &scene.locale.with("event-version", [("version", version.to_string().into())]));
        if let Some(error) = store.activity.event_error() {
            let text = scene.sentence(&error.message);
            ui.add(Label::new(RichText::new(text).color(palette(ui).danger)).wrap());
        }
        return;
    };
    ScrollArea::vertical().id_salt("activity event").auto_shrink(false).show(ui, |ui| {
        detail_ui(ui, scene, store, detail, told.as_deref());
        ui.add_space(8.0);
        hairline(ui);
        ui.add_space(4.0);
        causes_ui(ui, scene, store, detail);
        ui.add_space(4.0);
        hairline(ui);
        stored_ui(ui, scene, detail);
        keep_in_sight(ui);
    });
}

fn detail_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, detail: &EventDetail, told: Option<&ToldRow>) {
    let colours = palette(ui);
    let EventDetail { event, metadata, .. } = detail;
    ui.horizontal(|ui| {
        caption(ui, &scene.locale.with("event-version", [("version", event.version.to_string().into())]));
        if let Some(position) = event.position {
            caption(ui, &scene.locale.with("position", [("position", position.to_string().into())]));
        }
    });
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        mark(ui, colours.sign(told.map_or(0, |told| told.sign)));
        let words = told.map_or_else(|| readable(event.event_type.as_str()), |row| row.told.words(scene.locale));
        ui.add(Label::new(RichText::new(words).strong().size(15.0)).wrap());
    });
    caption(ui, &shortened(event.event_type.as_str()));
    ui.add_space(6.0);
    let room = ui.available_width();
    Grid::new("activity facts").num_columns(2).spacing([16.0, 6.0]).show(ui, |ui| {
        let name = |ui: &mut Ui, name: &str| drop(ui.label(RichText::new(name).color(colours.dim)));
        name(ui, &scene.text("chip-stream"));
        ui.horizontal(|ui| {
            let text = RichText::new(shortened(event.stream.as_str())).color(colours.accent);
            if ui.add(quiet_button(text)).clicked() {
                scene.ask(Action::GoToPlace(event.stream.clone(), event.version));
            }
            if let Some(label) = store.labels.of(&event.stream) {
                cut(ui, shortened(label).as_ref());
            }
        });
        ui.end_row();
        name(ui, &scene.text("when"));
        let when = event.recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
        ui.add(Label::new(RichText::new(when).monospace()).wrap());
        ui.end_row();
        for (key, value, lines) in [("who", &metadata.actor, AUTHOR_LINES), ("why", &metadata.reason, REASON_LINES)] {
            if let Some(value) = value {
                name(ui, &scene.text(key));
                few_lines(ui, value, lines);
                ui.end_row();
            }
        }
        for change in told.map_or(&[][..], |row| &row.told.changes) {
            field_ui(ui, &change.field, room * NAME_SHARE);
            let old = text_of(scene, &change.field, &change.before);
            let is_removed = change.after.is_null() && !change.before.is_null();
            let new = if is_removed { scene.text("removed") } else { text_of(scene, &change.field, &change.after) };
            ui.add(Label::new(old_and_new(ui, &old, &new, false)).wrap());
            ui.end_row();
        }
    });
    ui.add_space(8.0);
    ui.horizontal_wrapped(|ui| {
        let open = RichText::new(scene.text("activity-open")).strong().color(colours.on_accent);
        if ui.add(Button::new(open).fill(colours.accent)).clicked() {
            scene.ask(Action::GoToPlace(event.stream.clone(), event.version));
        }
        let fix = ui.add_enabled(store.divided_by().is_none(), Button::new(scene.text("compensate")));
        let fix = fix.on_disabled_hover_text(scene.text("partitions-read-only"));
        if fix.on_hover_text(scene.text("activity-compensate-about")).clicked() {
            scene.ask(Action::GoToPlace(event.stream.clone(), event.version));
            scene.run(Command::Compensate);
        }
        if ui.button(scene.text("copy-link")).on_hover_text(scene.text("copy-link-about")).clicked() {
            let link =
                Link { source: store.source.clone(), stream: Some(event.stream.clone()), at: Some(event.version) };
            scene.ask(Action::Copy(link.to_string()));
        }
    });
}

/// Of the room there is; what is wider would push the values out of sight.
const NAME_SHARE: f32 = 0.42;

/// The name of a field that was changed, as much of it as there is room for.
fn field_ui(ui: &mut Ui, field: &str, most: f32) {
    ui.scope(|ui| {
        ui.set_max_width(most);
        let (whole, fitting) = (shortened(field), fitting_name(ui, field, &TextStyle::Body));
        let is_cut = fitting != whole;
        let label = cut(ui, RichText::new(fitting).color(palette(ui).dim));
        label.widget_info(|| WidgetInfo::labeled(Role::Label, true, whole.as_ref()));
        if is_cut {
            label.on_hover_text(whole);
        }
    });
}

/// The chain of causes and effects, each below what led to it.
fn causes_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, detail: &EventDetail) {
    let colours = palette(ui);
    caption(ui, &scene.text("activity-causes"));
    if let Some(progress) = store.activity.causes_progress() {
        if progress_ui(ui, scene, &progress) {
            wish(scene, ActivityWish::Stop);
        }
        return;
    }
    let Some(causes) = store.activity.causes() else {
        if !detail.finds_by_link && super::small_link(ui, &scene.text("led-to-look")) {
            wish(scene, ActivityWish::FindCauses);
        }
        return;
    };
    if let Some(missing) = &detail.missing_cause {
        let said = scene.locale.with("cause-missing", [("cause", missing.to_string().into())]);
        ui.add(Label::new(RichText::new(said).color(colours.warning)).wrap());
    }
    let chain = in_chain(causes);
    if chain.len() <= 1 {
        ui.add(Label::new(RichText::new(scene.text("causes-none")).color(colours.dim)).wrap());
        return;
    }
    // What is near to the event, where the chain is long.
    let here = chain.iter().position(|(place, _)| *place == causes.asked).unwrap_or(0);
    let first = here.saturating_sub(CHAIN_BEFORE);
    let shown = chain.get(first..(here + CHAIN_BEHIND).min(chain.len())).unwrap_or_default();
    let left_out = chain.len() - shown.len();
    let outermost = shown.iter().map(|(_, depth)| *depth).min().unwrap_or(0);
    for (place, depth) in shown {
        let Some(event) = causes.events.get(*place) else { continue };
        let depth = depth - outermost;
        let LinkedEvent { stream, head, .. } = event;
        let is_this = *place == causes.asked;
        ui.horizontal(|ui| {
            ui.add_space(10.0 * depth.min(DEEPEST) as f32);
            // As its row names it, once that is known.
            let told = store.activity.told(stream, head.version);
            let of_type = || words_of_type(scene.locale, stream, &head.event_type);
            let words = told.map_or_else(of_type, |row| row.told.words(scene.locale));
            if is_this {
                cut(ui, RichText::new(words).strong());
            } else {
                let to = format!("{words} · {} v{}", shortened(stream.as_str()), head.version);
                let button = ui.add(quiet_button(RichText::new(&to).color(colours.accent)));
                if button.clicked() {
                    wish(scene, ActivityWish::Select(stream.clone(), head.version));
                }
            }
        });
    }
    if left_out > 0 {
        caption(ui, &scene.locale.with("activity-causes-more", [("count", left_out.into())]));
    }
}

/// The events of the chain as a tree is read, each with how deep it lies.
fn in_chain(causes: &Causes) -> Vec<(usize, usize)> {
    let mut listed = Vec::new();
    let mut open = vec![(causes.root, 0)];
    let mut seen = std::collections::HashSet::new();
    while let Some((place, depth)) = open.pop() {
        if !seen.insert(place) {
            continue;
        }
        listed.push((place, depth));
        let mut effects: Vec<usize> =
            causes.effects(place).filter(|(_, event)| event.is_on_chain).map(|(effect, _)| effect).collect();
        effects.reverse();
        open.extend(effects.into_iter().map(|effect| (effect, depth + 1)));
    }
    listed
}

fn stored_ui(ui: &mut Ui, scene: &mut Scene<'_>, detail: &EventDetail) {
    CollapsingHeader::new(scene.text("payload-as-read")).id_salt("activity payload").show(ui, |ui| {
        json_ui(ui, scene, &detail.read_payload);
    });
    let title = scene.locale.with("as-stored", [("schema", detail.event.schema.to_string().into())]);
    for (id, title, text) in [
        ("activity stored", title, &detail.stored_payload),
        ("activity metadata", scene.text("metadata"), &detail.stored_metadata),
    ] {
        if text.is_empty() {
            continue;
        }
        CollapsingHeader::new(title).id_salt(id).show(ui, |ui| {
            ui.add(Label::new(RichText::new(visible(&shortened(text))).monospace()).wrap());
        });
    }
}
