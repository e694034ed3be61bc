//! One of the user's own projections: its source, what it makes of one stream, and what of the whole store.

mod cards;
mod colours;
mod editor;
mod handler;
mod head;
mod left;
mod right;

use egui::{Rect, RichText, Ui, UiBuilder, vec2};

use super::parts::shortened;
use super::{LensPart, Scene};
use crate::command::Action;
use crate::theme::palette;
use crate::view::{CARD_GAP, OpenStore, ProjectionWish};

/// A part of the lens: which projections there are, the one that is worked on, and what it makes of the store.
pub fn projections_lens_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    store: &mut OpenStore,
    part: LensPart,
    wants_focus: &mut bool,
) {
    match part {
        LensPart::Left => left::left_ui(ui, scene, store),
        LensPart::Middle => middle_ui(ui, scene, store),
        LensPart::Right => right::right_ui(ui, scene, store, wants_focus),
    }
}

fn wish(scene: &mut Scene<'_>, wish: ProjectionWish) {
    scene.ask(Action::Projections(wish));
}

/// The share of the middle that the state below the source has.
const CARDS_SHARE: f32 = 0.34;

fn middle_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    if store.own.chosen().is_none() {
        return nothing_ui(ui, scene, store);
    }
    let marks = store.projection_marks();
    head::head_ui(ui, scene, store, &marks);
    ui.add_space(6.0);
    let space = ui.available_rect_before_wrap();
    let below = (space.height() * CARDS_SHARE).clamp(120.0, 260.0).min(space.height() * 0.5);
    let editor = Rect::from_min_size(space.min, vec2(space.width(), space.height() - below - CARD_GAP));
    let cards = Rect::from_min_max(editor.left_bottom() + vec2(0.0, CARD_GAP), space.max);
    ui.scope_builder(UiBuilder::new().max_rect(editor), |ui| {
        ui.shrink_clip_rect(editor.expand(1.0));
        editor::editor_ui(ui, scene, store, &marks);
    });
    ui.scope_builder(UiBuilder::new().max_rect(cards), |ui| {
        ui.shrink_clip_rect(cards.expand(1.0));
        cards::cards_ui(ui, scene, store);
    });
}

/// What can be done where there is no projection yet.
fn nothing_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let colours = palette(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.3);
        ui.label(RichText::new(scene.text("projections-none-title")).heading());
        ui.add_space(6.0);
        ui.set_max_width(460.0);
        ui.label(RichText::new(scene.text("projections-none")).color(colours.dim));
        if let Some(error) = store.own.error() {
            ui.add_space(6.0);
            ui.label(RichText::new(shortened(&scene.sentence(&error.message))).color(colours.danger));
        }
    });
}
