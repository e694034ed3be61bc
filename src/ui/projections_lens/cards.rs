use egui::{Frame, Label, Margin, Rect, RichText, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::super::Scene;
use super::super::ends::ends_ui;
use super::super::json_tree::json_ui;
use super::super::parts::{card, cut, hairline, shortened};
use super::super::state::{not_run_ui, state_rows_as_ui};
use super::handler::handler_card_ui;
use crate::theme::palette;
use crate::view::{CARD_GAP, OpenStore, OwnFile, WholeState};

/// Narrower than this, there is only the state.
const TWO_CARDS: f32 = 480.0;

/// The state of one stream under the projection, and what its handler did with the event at the cursor.
pub(super) fn cards_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    let space = ui.available_rect_before_wrap();
    if space.width() < TWO_CARDS {
        return state_card_ui(ui, scene, store);
    }
    let left = (space.width() - CARD_GAP) * 0.46;
    let first = Rect::from_min_size(space.min, vec2(left, space.height()));
    let second = Rect::from_min_max(pos2(first.right() + CARD_GAP, space.top()), space.max);
    for (place, name) in [(first, "state"), (second, "handler")] {
        ui.scope_builder(UiBuilder::new().max_rect(place).id_salt(name), |ui| {
            ui.shrink_clip_rect(place.expand(1.0));
            if name == "state" {
                state_card_ui(ui, scene, store);
            } else {
                handler_card_ui(ui, scene, store);
            }
        });
    }
}

fn state_card_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    let size = ui.available_size() - vec2(2.0, 2.0);
    card(ui, |ui| {
        ui.set_min_size(size);
        if store.has_streams_of_own() || store.own.chosen().and_then(OwnFile::script).is_none() {
            stream_state_ui(ui, scene, store);
        } else {
            partition_state_ui(ui, scene, store);
        }
    });
}

/// The state of the stream at the cursor, with what the event there changed.
fn stream_state_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    let name = store.own.chosen().map(|file| file.name().to_owned()).unwrap_or_default();
    let label = store.on_screen().0.and_then(|view| store.labels.of(&view.stream)).map(str::to_owned);
    let Some(view) = store.view.as_mut() else {
        return said_ui(ui, scene, "projection-no-stream");
    };
    let version = view.version().map_or_else(String::new, |version| version.to_string());
    let line = store.own.chosen().and_then(|file| store.own.trace.line(file));
    let aside = match line {
        Some(line) => scene.locale.with("state-at-line", [("version", version.into()), ("line", line.into())]),
        None => scene.locale.with("state-at", [("version", version.into())]),
    };
    let name_of = view.stream.as_str();
    let one = scene.text("projection-one-state");
    head_ui(ui, scene, if name_of.is_empty() { &one } else { name_of }, label.as_deref(), &aside);
    let is_shown = view.shown_loaded().is_some_and(|loaded| loaded.projection.name() == name);
    if !is_shown {
        let name = if view.is_loading() { "stream-coming" } else { "projection-not-run" };
        return said_ui(ui, scene, name);
    }
    not_run_ui(ui, scene, view);
    let counts = view.prepare_state();
    if counts.lines == 0 && !counts.is_searching {
        return said_ui(ui, scene, "projection-no-state");
    }
    let trace = &store.own.trace;
    state_rows_as_ui(ui, scene, view, counts, &|row| trace.as_of_line(row));
}

/// The state of a partition that is no stream, at the end of the store.
fn partition_state_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    let results = &store.own.results;
    let chosen = store.own.partition.as_deref();
    let nth = chosen.and_then(|partition| results.position(partition)).unwrap_or(0);
    if results.row(nth).is_none() {
        return said_ui(ui, scene, "projection-no-partition");
    }
    if let Some(error) = store.dividing_error() {
        let said = scene.sentence(&error.message);
        inside(ui, |ui| {
            ui.add(Label::new(RichText::new(said).color(palette(ui).danger)).wrap());
        });
    }
    let aside = scene.text("projection-state-at-end");
    let name = match results.brief(nth).name {
        Some(name) if name.is_empty() => scene.text("projection-one-state"),
        Some(name) => name.to_string(),
        None => scene.text("table-row-coming"),
    };
    head_ui(ui, scene, &name, None, &aside);
    let value = match store.whole_state(nth) {
        Some(WholeState::Value(value)) => value,
        Some(WholeState::Large) => return said_ui(ui, scene, "projection-state-large"),
        Some(WholeState::Nothing) => return said_ui(ui, scene, "projection-no-state"),
        None => return said_ui(ui, scene, "stream-coming"),
    };
    inside(ui, |ui| {
        ScrollArea::vertical()
            .id_salt("state of partition")
            .auto_shrink(false)
            .show(ui, |ui| json_ui(ui, scene, value));
    });
}

fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, name: &str, label: Option<&str>, aside: &str) {
    let dim = palette(ui).dim;
    Frame::new().inner_margin(Margin::symmetric(16, 6)).show(ui, |ui| {
        ui.horizontal(|ui| {
            let title = |ui: &mut Ui, _: &mut Scene<'_>| {
                cut(ui, RichText::new(shortened(name)).strong());
                if let Some(label) = label.filter(|_| ui.available_width() > 40.0) {
                    cut(ui, RichText::new(shortened(label)).color(dim));
                }
            };
            ends_ui(ui, scene, "head of own state", title, |ui, _| {
                ui.label(RichText::new(aside).color(dim));
            });
        });
    });
    hairline(ui);
}

fn inside(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    Frame::new().inner_margin(Margin::symmetric(16, 8)).show(ui, contents);
}

fn said_ui(ui: &mut Ui, scene: &Scene<'_>, name: &str) {
    let dim = palette(ui).dim;
    inside(ui, |ui| {
        ui.add(Label::new(RichText::new(scene.text(name)).color(dim)).wrap());
    });
}
