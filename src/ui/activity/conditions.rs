//! What the search was understood as, a chip each; and more that can be asked for.

use egui::containers::menu::MenuButton;
use egui::{Button, RichText, ScrollArea, Ui};

use super::super::Scene;
use super::super::parts::{chip, shortened};
use super::wish;
use crate::engine::Wanted;
use crate::theme::palette;
use crate::view::{ActivityWish, Chip, ChipKind, FieldCounts, OpenStore, says_nothing, says_when, says_who, term_text};

/// Days as they are named and typed.
const WHEN: [&str; 6] =
    ["when-today", "when-yesterday", "when-this-week", "when-last-week", "when-this-month", "when-last-month"];

/// So many months back are offered.
const MONTHS: i32 = 12;

/// More of one kind are typed and not picked.
const OFFERED: usize = 40;

pub(super) fn conditions_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let read = store.activity.read();
    ui.horizontal_wrapped(|ui| {
        for asked in read.chips() {
            let text = chip_text(scene, &asked);
            let clear = scene.locale.with("chip-remove", [("name", text.clone().into())]);
            if chip(ui, &text, &clear) {
                wish(scene, ActivityWish::LookFor(read.without(&asked.range)));
            }
        }
        let add = Button::new(RichText::new(scene.text("activity-add")).color(palette(ui).accent));
        MenuButton::from_button(add).ui(ui, |ui| add_ui(ui, scene, store));
    });
}

pub(super) fn chip_text(scene: &Scene<'_>, chip: &Chip) -> String {
    let name = match chip.kind {
        ChipKind::Who => Some("chip-who"),
        ChipKind::Type => Some("chip-event"),
        ChipKind::Stream => Some("chip-stream"),
        ChipKind::Category => Some("chip-category"),
        ChipKind::Why => Some("chip-why"),
        ChipKind::Time => Some("chip-time"),
        ChipKind::Changed => Some("chip-changed"),
        ChipKind::Replaced => Some("chip-replaced"),
        ChipKind::Payload => Some("chip-value"),
        ChipKind::Words => Some("chip-words"),
        ChipKind::Other => None,
    };
    let value = shortened(&chip.value).into_owned();
    let text = name.map_or(value.clone(), |name| format!("{}  {value}", scene.text(name)));
    if chip.is_denied { format!("{}  {text}", scene.text("chip-not")) } else { text }
}

/// What can be asked for without knowing how it is typed.
fn add_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let activity = &store.activity;
    let read = activity.read();
    let mut chosen = None;
    ui.menu_button(scene.text("activity-add-who"), |ui| {
        let people = people(store);
        pick_ui(ui, scene, "who", people.iter().map(String::as_str), &mut |name| {
            chosen = Some(read.with(&[term_text("actor", name)], says_who));
        });
    });
    ui.menu_button(scene.text("activity-add-event"), |ui| {
        let types = store.info.value().map_or(&[][..], |overview| &overview.info.event_types);
        pick_ui(ui, scene, "event", types.iter().map(|(name, _)| name.as_str()), &mut |name| {
            chosen = Some(read.with(&[term_text("type", name)], says_nothing));
        });
    });
    ui.menu_button(scene.text("activity-add-replaced"), |ui| {
        let replaced = fields(store, |counts| &counts.replaced);
        pick_ui(ui, scene, "field", replaced.iter().map(String::as_str), &mut |name| {
            chosen = Some(read.with(&[term_text("replaced", name)], says_nothing));
        });
    });
    ui.menu_button(scene.text("activity-add-field"), |ui| {
        let set = fields(store, |counts| &counts.set);
        pick_ui(ui, scene, "field", set.iter().map(String::as_str), &mut |name| {
            chosen = Some(read.with(&[term_text("changed", name)], says_nothing));
        });
    });
    ui.menu_button(scene.text("activity-add-time"), |ui| {
        let mut offered: Vec<String> = WHEN.iter().map(|name| scene.text(name)).collect();
        let month = activity.month_shown();
        offered.extend((0..MONTHS).filter_map(|back| Some(month?.later(-back)?.name())));
        pick_ui(ui, scene, "time", offered.iter().map(String::as_str), &mut |days| {
            chosen = Some(read.with(&[days.to_owned()], says_when));
        });
    });
    ui.menu_button(scene.text("activity-add-category"), |ui| {
        let categories = store.info.value().map_or(&[][..], |overview| &overview.info.categories);
        pick_ui(ui, scene, "category", categories.iter().map(|(name, _)| name.as_str()), &mut |name| {
            let is_category = |wanted: &Wanted| matches!(wanted, Wanted::Category(_));
            chosen = Some(read.with(&[term_text("category", name)], is_category));
        });
    });
    if let Some(view) = &store.view {
        let stream = view.stream.as_str();
        let name = scene.locale.with("only-stream", [("stream", shortened(stream).into_owned().into())]);
        if ui.button(name).clicked() {
            let is_stream = |wanted: &Wanted| matches!(wanted, Wanted::Stream(_));
            chosen = Some(read.with(&[term_text("stream", stream)], is_stream));
        }
    }
    if let Some(text) = chosen {
        wish(scene, ActivityWish::LookFor(text));
        ui.close();
    }
}

/// Those that the latest results changed, the most first, and behind them what else the table of the store has for fields.
fn fields(store: &OpenStore, of: fn(&FieldCounts) -> &[(String, u64)]) -> Vec<String> {
    let counted = store.activity.fields().map_or(&[][..], of);
    let mut fields: Vec<String> = counted.iter().map(|(name, _)| name.clone()).collect();
    let table = &store.table;
    // A search asks for the states of the projection that streams are shown under first.
    let is_first = |name: &str| table.projections().first().is_some_and(|first| first == name);
    if table.projection().is_none_or(is_first) {
        let known = table.known_fields();
        fields.extend(known.into_iter().filter(|name| counted.iter().all(|(before, _)| before != name)));
    }
    fields
}

/// Those who did the most, and those who are seen.
fn people(store: &OpenStore) -> Vec<String> {
    let of_month = store.activity.strip().map_or(&[][..], |strip| &strip.people);
    let of_store = store.greeting.digest().map_or(&[][..], |digest| &digest.people);
    let seen = store.activity.found().rows().iter().take(500).filter_map(|row| row.actor.clone());
    let mut people: Vec<String> = of_month.iter().chain(of_store).map(|(name, _)| name.clone()).collect();
    people.extend(seen);
    let mut known = std::collections::HashSet::new();
    people.retain(|name| known.insert(name.clone()));
    people
}

fn pick_ui<'n>(
    ui: &mut Ui,
    scene: &Scene<'_>,
    id: &str,
    names: impl Iterator<Item = &'n str>,
    pick: &mut dyn FnMut(&str),
) {
    let mut is_empty = true;
    ScrollArea::vertical().id_salt(id).max_height(320.0).show(ui, |ui| {
        for name in names.take(OFFERED) {
            is_empty = false;
            if ui.button(shortened(name)).clicked() {
                pick(name);
            }
        }
    });
    if is_empty {
        ui.label(RichText::new(scene.text("activity-add-none")).color(palette(ui).dim));
    }
}
