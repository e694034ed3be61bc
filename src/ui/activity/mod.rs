//! Everything that happened in the store, the newest first: what is looked for and which fields changed at the left, the
//! events by day in the middle, the one that is looked at on the right.

mod conditions;
mod event;
mod left;
mod place;
mod rows;
mod strip;

use egui::{Align, Button, Frame, Layout, Rect, RichText, Stroke, TextEdit, Ui, UiBuilder, pos2, vec2};

use super::icons::{Icon, icon, icon_button};
use super::parts::{cut, is_entered, link, named_field, progress_ui, shortened, text_width};
use super::{Scene, grouped};
use crate::command::Action;
use crate::event::Explain;
use crate::theme::{CONTROL_RADIUS, palette};
use crate::view::{ActivityWish, ExportWhat, MatchTimes, NamedEvent, OpenStore};

/// Narrower than this, the strip of days gives way to the events.
const STRIP_FROM: f32 = 540.0;

/// How wide the strip is, and where there is little room.
const STRIP_WIDTH: [f32; 2] = [150.0, 124.0];

const GAP: f32 = 14.0;

pub use event::activity_event_ui;
pub use left::activity_left_ui;

/// What a panel asks of the activity.
fn wish(scene: &mut Scene<'_>, wish: ActivityWish) {
    scene.ask(Action::Activity(wish));
}

/// What is looked for, what was found, and on which days.
pub fn activity_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, wants_focus: &mut bool) {
    box_ui(ui, scene, store, wants_focus);
    ui.add_space(6.0);
    conditions::conditions_ui(ui, scene, store);
    ui.add_space(4.0);
    state_ui(ui, scene, store);
    named_ui(ui, scene, store);
    ui.add_space(6.0);
    let space = ui.available_rect_before_wrap();
    // Without a month to show, the events have the room.
    let has_strip = space.width() >= STRIP_FROM && store.activity.month_shown().is_some();
    let [wide, narrow] = STRIP_WIDTH;
    let of_strip = if space.width() < 640.0 { narrow } else { wide };
    let strip = if has_strip { of_strip + GAP } else { 0.0 };
    let of_rows = Rect::from_min_max(space.min, pos2(space.right() - strip, space.bottom()));
    ui.scope_builder(UiBuilder::new().max_rect(of_rows), |ui| rows::rows_ui(ui, scene, store));
    if has_strip {
        let of_strip = Rect::from_min_max(pos2(space.right() - of_strip, space.top()), space.max);
        ui.scope_builder(UiBuilder::new().max_rect(of_strip), |ui| strip::strip_ui(ui, scene, store));
    }
}

/// Where the search is typed.
fn box_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, wants_focus: &mut bool) {
    const HEIGHT: f32 = 32.0;
    let colours = palette(ui);
    let activity = &mut store.activity;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), egui::Sense::hover());
    let is_wrong = activity.read().misread().is_some();
    let mut inside = ui.new_child(
        UiBuilder::new().max_rect(rect.shrink2(vec2(10.0, 0.0))).layout(Layout::left_to_right(Align::Center)),
    );
    icon(&mut inside, Icon::Glass, colours.dim);
    let cross = if activity.text.is_empty() { 0.0 } else { 34.0 };
    let field = TextEdit::singleline(&mut activity.text)
        .font(egui::TextStyle::Monospace)
        .frame(Frame::NONE)
        .hint_text(scene.text("activity-hint"))
        .align(egui::Align2::LEFT_CENTER)
        .margin(egui::Margin::symmetric(4, 6))
        .desired_width(inside.available_width() - cross);
    let field = named_field(&mut inside, field, &scene.text("activity-search"));
    if std::mem::take(wants_focus) {
        // Who comes to search goes to no row.
        activity.wants_row = false;
        field.request_focus();
        if let Some(mut state) = TextEdit::load_state(ui.ctx(), field.id) {
            let end = egui::text::CCursor::new(activity.text.chars().count());
            state.cursor.set_char_range(Some(egui::text::CCursorRange::two(egui::text::CCursor::new(0), end)));
            state.store(ui.ctx(), field.id);
        }
    }
    let is_cleared = cross > 0.0 && icon_button(&mut inside, Icon::Cross, &scene.text("activity-clear")).clicked();
    let ink = match (is_wrong, field.has_focus()) {
        (true, _) => colours.warning,
        (false, true) => colours.accent,
        (false, false) => colours.line,
    };
    ui.painter().rect_stroke(rect, CONTROL_RADIUS, Stroke::new(1.0, ink), egui::StrokeKind::Inside);
    if is_cleared {
        wish(scene, ActivityWish::LookFor(String::new()));
    } else if is_entered(&inside, &field) {
        wish(scene, ActivityWish::LookFor(activity.text.clone()));
    } else if field.changed() {
        wish(scene, ActivityWish::Typed);
    }
}

/// How much was found, or what is wrong with what was typed; and what can be done with it.
fn state_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let colours = palette(ui);
    let activity = &store.activity;
    if let Some(misread) = activity.read().misread() {
        let text = scene.sentence(&misread.message());
        ui.add(egui::Label::new(RichText::new(text).color(colours.warning)).wrap());
        return;
    }
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        if let Some(progress) = activity.asked().progress() {
            let found = activity.found().len();
            if !activity.is_of_before() && found > 0 {
                ui.label(RichText::new(count_text(scene, found as u64, "activity-so-far", 0)).color(colours.dim));
            }
            if progress_ui(ui, scene, &progress) {
                wish(scene, ActivityWish::Stop);
            }
            return;
        }
        if let Some(error) = activity.asked().error() {
            let text = scene.sentence(&error.message);
            cut(ui, RichText::new(text).color(colours.danger));
            if ui.button(scene.text("retry")).clicked() {
                wish(scene, ActivityWish::Retry);
            }
            return;
        }
        let found = activity.found().len() as u64;
        let (name, of) = match activity.end() {
            Some(end) if end.has_more => match found_in_all(store) {
                Some(all) if all > found => ("activity-latest-of", all),
                _ => ("activity-latest", end.of),
            },
            Some(end) if end.of > 0 => ("activity-count-of", end.of),
            Some(_) => ("activity-count", 0),
            None => ("activity-stopped", 0),
        };
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if found > 0 {
                for (title, is_to_print) in [("activity-print", true), ("activity-export", false)] {
                    if ui.button(scene.text(title)).clicked() {
                        ask_export(scene, store, is_to_print);
                    }
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                cut(ui, RichText::new(count_text(scene, found, name, of)).color(colours.dim));
            });
        });
    });
}

/// How many events the search finds in the whole store, where that is known.
fn found_in_all(store: &OpenStore) -> Option<u64> {
    match store.activity.read().search() {
        Ok(search) if search.terms.is_empty() => store.info.value().map(|overview| overview.info.events),
        _ => store.activity.matches().and_then(MatchTimes::count),
    }
}

/// The way to the event whose own id is looked for: all others only say it.
fn named_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let Some(NamedEvent { event_type, stream, version }) = store.activity.named() else { return };
    ui.horizontal(|ui| {
        ui.label(RichText::new(scene.text("activity-named")).color(palette(ui).dim));
        let (event_type, id) = (shortened(event_type.as_str()), shortened(stream.as_str()));
        let text = RichText::new(format!("{event_type} · {id} v{version}")).color(palette(ui).accent);
        if ui.add(quiet_button(text)).clicked() {
            scene.ask(Action::GoToPlace(stream.clone(), *version));
        }
    });
}

fn count_text(scene: &Scene<'_>, count: u64, name: &str, of: u64) -> String {
    scene.locale.with(name, [("count", count.into()), ("grouped", grouped(count).into()), ("of", grouped(of).into())])
}

/// Everything that was found goes into a file, for a spreadsheet or to be printed.
fn ask_export(scene: &mut Scene<'_>, store: &OpenStore, is_to_print: bool) {
    if let Some(sought) = store.activity.sought() {
        scene.ask(if is_to_print { Action::Print(sought) } else { Action::Export(ExportWhat::Told(sought)) });
    }
}

/// A small heading with something at its right, as wide as that; below it where there is no room for both.
fn heading_ui(ui: &mut Ui, title: &str, aside_width: f32, aside: impl FnOnce(&mut Ui)) {
    let dim = palette(ui).dim;
    if text_width(ui, title, 11.5) + aside_width > ui.available_width() {
        ui.add(egui::Label::new(RichText::new(title).size(11.5).color(dim)).wrap());
        if aside_width > 0.0 {
            aside(ui);
        }
        return;
    }
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            aside(ui);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                cut(ui, RichText::new(title).size(11.5).color(dim));
            });
        });
    });
}

/// A chip whose text can be pressed, too.
fn small_link(ui: &mut Ui, text: &str) -> bool {
    link(ui, text).clicked()
}

/// A button that looks like a line of text.
fn quiet_button(text: RichText) -> Button<'static> {
    Button::new(text).frame(false).truncate()
}
