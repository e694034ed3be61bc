use egui::{Align, Button, Key, Layout, RichText, ScrollArea, TextEdit, Ui, UiBuilder, vec2};

use super::super::ends::ends_ui;
use super::super::focus::keep_in_sight;
use super::super::icons::{Icon, small_icon_button};
use super::super::list::{List, Look, few_rows_ui, list_row};
use super::super::parts::{caption, cut, hairline, is_entered, named_field, shortened, text_width};
use super::super::{Scene, grouped};
use super::wish;
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{LensWish, OpenStore, StoreLens};

/// The letters of what is no more than a heading.
const SMALL: f32 = 11.5;

/// What a button takes beside its text, and the space before it.
const ROOM_OF_BUTTON: f32 = 28.0;

/// The categories of streams, with how many of each had begun at the moment; below them the views that are kept.
pub(super) fn left_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    categories_ui(ui, scene, &store.table);
    ui.add_space(8.0);
    hairline(ui);
    ui.add_space(6.0);
    ScrollArea::vertical().id_salt("views").auto_shrink(false).show(ui, |ui| {
        views_ui(ui, scene, &mut store.table);
        keep_in_sight(ui);
    });
}

fn categories_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &StoreLens) {
    let (title, moment) = (scene.text("table-categories"), scene.text("table-at-cursor"));
    let wanted = text_width(ui, &title, SMALL) + ui.spacing().item_spacing.x + text_width(ui, &moment, SMALL);
    if wanted <= ui.available_width() {
        ui.horizontal(|ui| {
            caption(ui, &title);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| caption(ui, &moment));
        });
    } else {
        caption(ui, &title);
        caption(ui, &moment);
    }
    ui.add_space(4.0);
    let categories = table.categories();
    // Where there are several, all of them together come first.
    let all = usize::from(categories.len() > 1);
    let chosen = match table.category() {
        None => Some(0),
        Some(category) => categories.iter().position(|(name, _)| name == category).map(|place| place + all),
    };
    let count = categories.len() + all;
    let height = (ui.available_height() * 0.6).min(count as f32 * ROW_HEIGHT).max(ROW_HEIGHT);
    let list = List::new("categories", count).keep(chosen, false).no_higher_than(height);
    list.show(ui, |ui, place| {
        let (category, name, count) = match place.checked_sub(all).map(|place| categories.get(place)) {
            None => (None, scene.text("table-all"), table.begun()),
            Some(Some((name, count))) => (Some(name.clone()), name.clone(), *count),
            Some(None) => return,
        };
        let count = grouped(count);
        let row =
            list_row(ui, &format!("{}, {count}", shortened(&name)), Look::Choice(chosen == Some(place)), |ui, _| {
                let dim = palette(ui).dim;
                ui.horizontal_centered(|ui| {
                    ui.add_space(10.0);
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.add_space(8.0);
                        ui.label(RichText::new(count).color(dim));
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| cut(ui, shortened(&name)));
                    });
                });
            });
        if row.clicked() {
            wish(scene, LensWish::Category(category));
        }
    });
}

/// The views that somebody gave a name.
fn views_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &mut StoreLens) {
    let dim = palette(ui).dim;
    let now = table.view_text();
    let kept = &mut table.kept;
    let mut begins = false;
    let (title, save, is_possible) = (scene.text("table-views"), scene.text("table-view-save"), kept.name.is_none());
    let wanted = text_width(ui, &title, SMALL) + text_width(ui, &save, SMALL) + ROOM_OF_BUTTON;
    let has_room = wanted <= ui.available_width();
    let title_ui = |ui: &mut Ui, _: &mut Scene<'_>| drop(cut(ui, RichText::new(&title).size(SMALL).color(dim)));
    let mut save_ui = |ui: &mut Ui, _: &mut Scene<'_>| {
        let save = Button::new(RichText::new(&save).size(SMALL)).truncate();
        begins = ui.add_enabled(is_possible, save).clicked();
    };
    if has_room {
        ui.horizontal(|ui| ends_ui(ui, scene, "head of views", title_ui, save_ui));
    } else {
        title_ui(ui, scene);
        save_ui(ui, scene);
    }
    if begins {
        kept.name = Some(String::new());
    }
    if let Some(name) = &mut kept.name {
        let is_new = name.is_empty();
        let said = scene.text("table-view-name");
        let field = named_field(ui, TextEdit::singleline(name).hint_text(&said).desired_width(f32::INFINITY), &said);
        if is_new && !field.has_focus() && !field.lost_focus() {
            field.request_focus();
        }
        let is_left = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape));
        let mut is_saved = is_entered(ui, &field);
        ui.horizontal(|ui| {
            let save = Button::new(scene.text("activity-save-now"));
            is_saved |= ui.add_enabled(!name.trim().is_empty(), save).clicked();
            if ui.button(scene.text("cancel")).clicked() || is_left {
                wish(scene, LensWish::LeaveSaving);
            }
        });
        if is_saved {
            wish(scene, LensWish::SaveView);
        }
    }
    let saved: Vec<(String, String)> = kept.saved().map(|saved| (saved.name.clone(), saved.text.clone())).collect();
    if saved.is_empty() {
        ui.label(RichText::new(scene.text("table-views-none")).color(dim));
    }
    few_rows_ui(ui, "saved views", saved.len(), |ui, place| {
        let Some((name, text)) = saved.get(place) else { return };
        let said = shortened(name).into_owned();
        let row = list_row(ui, &said, Look::Choice(*text == now), |ui, rect| {
            let inside = UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 0.0)));
            ui.scope_builder(inside.layout(Layout::right_to_left(Align::Center)), |ui| {
                let forget = scene.locale.with("table-view-forget", [("name", said.clone().into())]);
                if small_icon_button(ui, Icon::Cross, &forget, true).clicked() {
                    wish(scene, LensWish::ForgetView(name.clone()));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| cut(ui, &said));
            });
        });
        if row.clicked() {
            wish(scene, LensWish::Show(text.clone()));
        }
    });
}
