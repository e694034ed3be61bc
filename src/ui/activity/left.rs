//! The searches that are kept, the last ones, and which fields changed in what was found.

use egui::{Align, Layout, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::super::focus::keep_in_sight;
use super::super::icons::{Icon, small_icon_button};
use super::super::list::{Look, few_rows_ui, list_row};
use super::super::parts::{body_width, cut, hairline, is_entered, named_field, shortened};
use super::super::{Scene, grouped};
use super::{heading_ui, wish};
use crate::theme::palette;
use crate::view::{ActivityWish, MOST_COUNTED, OpenStore, says_nothing, term_text};

/// Fields that changed less often than these are typed.
const FIELDS: usize = 12;

const RECENT: usize = 6;

/// What a button takes beside its text, and the space before it.
const ROOM_OF_BUTTON: f32 = 32.0;

pub fn activity_left_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    ScrollArea::vertical().id_salt("activity left").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        saved_ui(ui, scene, store);
        section(ui);
        recent_ui(ui, scene, store);
        section(ui);
        fields_ui(ui, scene, store);
        keep_in_sight(ui);
    });
}

fn section(ui: &mut Ui) {
    ui.add_space(8.0);
    hairline(ui);
    ui.add_space(6.0);
}

fn saved_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    let dim = palette(ui).dim;
    let text = store.activity.text.trim().to_owned();
    let kept = &mut store.activity.kept;
    let save = scene.text("activity-save");
    let room_of_save = body_width(ui, &save) + ROOM_OF_BUTTON;
    heading_ui(ui, &scene.text("activity-saved"), room_of_save, |ui| {
        let is_possible = !text.is_empty() && kept.name.is_none();
        if ui.add_enabled(is_possible, egui::Button::new(save)).clicked() {
            kept.name = Some(String::new());
        }
    });
    if let Some(name) = &mut kept.name {
        let is_new = name.is_empty();
        let field = TextEdit::singleline(name).hint_text(scene.text("activity-save-name"));
        let field = named_field(ui, field.desired_width(f32::INFINITY), &scene.text("activity-save-name"));
        if is_new && !field.has_focus() && !field.lost_focus() {
            field.request_focus();
        }
        let is_left = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape));
        let mut is_saved = is_entered(ui, &field);
        ui.horizontal(|ui| {
            is_saved |=
                ui.add_enabled(!name.trim().is_empty(), egui::Button::new(scene.text("activity-save-now"))).clicked();
            if ui.button(scene.text("cancel")).clicked() || is_left {
                scene.ask(crate::command::Action::Activity(ActivityWish::LeaveSaving));
            }
        });
        if is_saved {
            wish(scene, ActivityWish::Save);
        }
    }
    if let Some(error) = kept.error() {
        let text = scene.sentence(&error.message);
        ui.add(egui::Label::new(RichText::new(text).color(palette(ui).danger)).wrap());
    }
    let saved: Vec<(String, String)> = kept.saved().map(|saved| (saved.name.clone(), saved.text.clone())).collect();
    let activity = &store.activity;
    if saved.is_empty() {
        ui.label(RichText::new(scene.text("activity-saved-none")).color(dim));
    }
    few_rows_ui(ui, "saved searches", saved.len(), |ui, place| {
        let Some((name, query)) = saved.get(place) else { return };
        let response = list_row(ui, &shortened(name), Look::Choice(*query == text), |ui, rect| {
            let inside = rect.shrink2(vec2(8.0, 0.0));
            ui.scope_builder(
                egui::UiBuilder::new().max_rect(inside).layout(Layout::right_to_left(Align::Center)),
                |ui| {
                    let forget = scene.locale.with("activity-forget", [("name", shortened(name).into_owned().into())]);
                    if small_icon_button(ui, Icon::Cross, &forget, true).clicked() {
                        wish(scene, ActivityWish::Forget(name.clone()));
                    }
                    if let Some(found) = activity.count_of(query) {
                        let count = grouped(found);
                        let more = || scene.locale.with("activity-saved-more", [("count", count.clone().into())]);
                        let said = if found < MOST_COUNTED { count.clone() } else { more() };
                        ui.label(RichText::new(said).color(dim));
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        cut(ui, shortened(name).as_ref());
                    });
                },
            );
        });
        if response.clicked() {
            wish(scene, ActivityWish::LookFor(query.clone()));
        }
    });
}

fn recent_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let dim = palette(ui).dim;
    let recent: Vec<&String> = store.activity.kept.recent().iter().take(RECENT).collect();
    let room_of_cross = if recent.is_empty() { 0.0 } else { ROOM_OF_BUTTON };
    heading_ui(ui, &scene.text("activity-recent"), room_of_cross, |ui| {
        if !recent.is_empty()
            && small_icon_button(ui, Icon::Cross, &scene.text("activity-recent-clear"), true).clicked()
        {
            wish(scene, ActivityWish::ForgetRecent);
        }
    });
    if recent.is_empty() {
        ui.label(RichText::new(scene.text("activity-recent-none")).color(dim));
    }
    few_rows_ui(ui, "recent searches", recent.len(), |ui, place| {
        let Some(text) = recent.get(place) else { return };
        let response = list_row(ui, &shortened(text), Look::Plain(None), |ui, rect| {
            let inside = rect.shrink2(vec2(8.0, 0.0));
            let layout = Layout::left_to_right(Align::Center);
            ui.scope_builder(egui::UiBuilder::new().max_rect(inside).layout(layout), |ui| {
                cut(ui, RichText::new(shortened(text)).monospace().color(dim));
            });
        });
        if response.clicked() {
            wish(scene, ActivityWish::LookFor((*text).clone()));
        }
    });
}

/// The fields whose values were replaced, each of which narrows the search to the events that did so. Where a field is
/// set for the first time, nothing changed that anybody would look for.
fn fields_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let colours = palette(ui);
    let activity = &store.activity;
    let counts = activity.fields();
    let is_part = counts.is_some_and(|counts| counts.of < activity.found().len());
    let title = match counts.filter(|_| is_part) {
        Some(counts) => scene.locale.with("activity-fields-of", [("count", grouped(counts.of as u64).into())]),
        None => scene.text("activity-fields"),
    };
    heading_ui(ui, &title, 0.0, |_| ());
    let fields = counts.map_or(&[][..], |counts| &counts.replaced);
    let shown = fields.get(..fields.len().min(FIELDS)).unwrap_or_default();
    if shown.is_empty() {
        let name = if activity.is_counting_fields() { "activity-fields-coming" } else { "activity-fields-none" };
        ui.label(RichText::new(scene.text(name)).color(colours.dim));
    }
    let read = activity.read();
    few_rows_ui(ui, "changed fields", shown.len(), |ui, place| {
        let Some((field, count)) = shown.get(place) else { return };
        let piece = term_text("replaced", field);
        let is_asked = read.has(&piece);
        let name = shortened(field);
        let counted = grouped(*count);
        let said = format!("{name}, {counted}");
        let response = list_row(ui, &said, Look::Choice(is_asked), |ui, rect| {
            let inside = rect.shrink2(vec2(8.0, 0.0));
            let layout = Layout::right_to_left(Align::Center);
            ui.scope_builder(egui::UiBuilder::new().max_rect(inside).layout(layout), |ui| {
                ui.label(RichText::new(&counted).color(colours.dim));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let caption = scene.locale.caption(field).unwrap_or_default();
                    cut(ui, RichText::new(name.as_ref()).monospace());
                    if !caption.is_empty() && ui.available_width() > 24.0 {
                        cut(ui, RichText::new(caption).size(11.5).color(colours.dim));
                    }
                });
            });
        });
        if response.clicked() {
            wish(scene, ActivityWish::LookFor(read.toggled(&piece, says_nothing)));
        }
    });
}
