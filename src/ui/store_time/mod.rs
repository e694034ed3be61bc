//! The timeline of a whole store: its events in bars, the one cursor over them, and a span that is marked.

mod brush;
mod chart;
mod legend;
mod overview;
mod shapes;

use egui::{Align2, Area, Button, ComboBox, Frame, Id, Label, Order, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};

use super::Scene;
use super::ends::ends_ui;
use super::grouped;
use super::icons::flag_button;
use super::timeline::steps_ui;
use crate::command::{Action, Command, TimeAction};
use crate::index::{Facet, StoreMoment};
use crate::theme::palette;
use crate::view::{BarLength, Lens, OpenStore, StoreAxis};

/// How high it is, with the room around it, in a window so wide.
pub fn store_time_height(store: &OpenStore, window_width: f32) -> f32 {
    let controls = if has_two_lines(window_width) { 2.0 * (LINE + 4.0) } else { LINE };
    controls + 8.0 + chart_height(store.lens()) + chart::SCALE + overview::HEIGHT + 16.0
}

/// A line of what moves the cursor.
const LINE: f32 = 26.0;

/// In a window as narrow as this, what moves the cursor and what the bars are drawn by stand on two lines.
fn has_two_lines(window_width: f32) -> bool {
    window_width < 1_000.0
}

fn chart_height(lens: Lens) -> f32 {
    match lens {
        Lens::Activity => 62.0,
        Lens::Stream | Lens::Store | Lens::Projections => 92.0,
    }
}

/// Below this width the line has no room for what the bars are told apart by.
const ROOM_FOR_LEGEND: f32 = 760.0;
const LEGEND: f32 = 244.0;

/// From this width on each choice stands by itself; where a pin stands needs room, too.
const ROOM_FOR_CHOICES: f32 = 1_216.0;
const OF_PIN: f32 = 60.0;

/// What is wrong with what was typed is told in lines so long.
const FAULT_WIDTH: f32 = 360.0;

/// What moves the cursor, and the bars. Costs what is on screen, however large the store is.
pub fn store_time_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_playing: bool) {
    let width = ui.available_width();
    let gutter = if width < ROOM_FOR_LEGEND { 0.0 } else { LEGEND };
    store.prepare_bars(width - gutter, scene.zone.clock());
    let has_two_lines = has_two_lines(ui.ctx().content_rect().width());
    let mut typed = std::mem::take(&mut store.time.typed);
    if has_two_lines {
        ui.horizontal(|ui| {
            ui.set_min_height(LINE);
            cursor_ui(ui, scene, store, is_playing);
            typed_ui(ui, scene, &mut typed);
        });
    }
    ui.horizontal(|ui| {
        ends_ui(
            ui,
            scene,
            "store time",
            |ui, scene| {
                if has_two_lines {
                    place_ui(ui, scene, store);
                } else {
                    cursor_ui(ui, scene, store, is_playing);
                    place_ui(ui, scene, store);
                    typed_ui(ui, scene, &mut typed);
                }
            },
            |ui, scene| choices_ui(ui, scene, store),
        );
    });
    store.time.typed = typed;
    ui.add_space(4.0);
    chart::chart_ui(ui, scene, store, gutter, chart_height(store.lens()));
}

/// What moves the cursor, and when that is.
fn cursor_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, is_playing: bool) {
    steps_ui(ui, scene, is_playing);
    let cursor = store.time.cursor();
    let when = match (cursor.recorded_at, cursor.count) {
        (Some(at), _) => scene.zone.long(at),
        (None, 0) => scene.text("store-before-all"),
        (None, _) => scene.text("no-time"),
    };
    ui.label(RichText::new(when).monospace().strong());
}

/// Behind how many events of all it stands.
fn place_ui(ui: &mut Ui, scene: &Scene<'_>, store: &OpenStore) {
    let cursor = store.time.cursor();
    let (count, total) = (cursor.count as u64, grouped(cursor.total as u64));
    let name = match cursor.position {
        // Where there are gaps, a position is not the number of events up to it.
        Some(position) if position.0 == count => "store-position",
        Some(_) => "store-position-among",
        None => "store-count",
    };
    let position = cursor.position.map_or_else(String::new, |position| grouped(position.0));
    let values = [("position", position.into()), ("count", grouped(count).into()), ("total", total.into())];
    let place = scene.locale.with(name, values);
    let dim = palette(ui).dim;
    ui.label(RichText::new(place).color(dim));
}

/// Where a position or a time is typed. What is wrong with it is said over it, and moves nothing.
fn typed_ui(ui: &mut Ui, scene: &mut Scene<'_>, typed: &mut crate::view::TypedStoreMoment) {
    let danger = palette(ui).danger;
    let name = scene.text("store-go");
    let field = ui.add(TextEdit::singleline(&mut typed.text).hint_text(&name).desired_width(130.0));
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &name));
    if field.changed() {
        typed.fault = None;
    }
    if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
        scene.ask(Action::Time(TimeAction::GoToTyped));
    }
    if std::mem::take(&mut typed.wants_focus) {
        field.request_focus();
    }
    if let Some(fault) = &typed.fault {
        let sentence = scene.sentence(&fault.message);
        let area = Area::new(Id::unique("fault of the typed moment")).order(Order::Foreground).interactable(false);
        area.pivot(Align2::LEFT_BOTTOM).fixed_pos(field.rect.left_top() - vec2(0.0, 4.0)).show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).show(ui, |ui| {
                ui.set_max_width(FAULT_WIDTH);
                ui.add(Label::new(RichText::new(&sentence).color(danger)).wrap());
            });
        });
    }
}

/// By what the bars are told apart, along what they lie, and the pins.
fn choices_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let colours = palette(ui);
    let time = &store.time;
    let pins = time.pins.iter().flatten().count();
    let has_room = ui.ctx().content_rect().width() >= ROOM_FOR_CHOICES + OF_PIN * pins as f32;
    if has_room {
        let length = time.bars().and_then(|bars| bars.length);
        ui.label(RichText::new(bar_words(scene, length)).color(colours.dim));
    }
    let facets = [(Facet::Type, "by-type"), (Facet::Category, "by-category"), (Facet::Actor, "by-actor")];
    let facets = facets.map(|(facet, name)| (time.facet == facet, name, TimeAction::By(facet)));
    let axes = [(StoreAxis::Place, "by-position"), (StoreAxis::Time, "by-time")];
    let axes = axes.map(|(axis, name)| (time.axis == axis, name, TimeAction::Along(axis)));
    if has_room {
        choices_of(ui, scene, &facets);
        ui.add_space(4.0);
        choices_of(ui, scene, &axes);
    } else {
        // The choice that is made stands for all of them, so that where a moment is typed keeps its room.
        menu_of(ui, scene, &facets);
        menu_of(ui, scene, &axes);
    }
    shapes::shapes_choice(ui, scene, store);
    let pins = [(Command::PinA, colours.pin_a, 'A'), (Command::PinB, colours.pin_b, 'B')];
    for (pin, (command, colour, letter)) in time.pins.iter().zip(pins) {
        let hint = scene.text(command.title());
        let text = match pin {
            Some(pin) => format!("{letter} {}", moment_words(scene, *pin)),
            None => letter.to_string(),
        };
        let shown = if has_room { text.clone() } else { letter.to_string() };
        let button = flag_button(ui, &shown, colour);
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &text));
        if button.on_hover_text(format!("{hint}  ·  {text}")).clicked() {
            scene.run(command);
        }
    }
}

type Choice = (bool, &'static str, TimeAction);

fn choices_of(ui: &mut Ui, scene: &mut Scene<'_>, choices: &[Choice]) {
    for (is_chosen, name, action) in choices {
        if choice_ui(ui, scene, *is_chosen, name) {
            scene.ask(Action::Time(action.clone()));
        }
    }
}

fn menu_of(ui: &mut Ui, scene: &mut Scene<'_>, choices: &[Choice]) {
    let Some((_, chosen, _)) = choices.iter().find(|(is_chosen, ..)| *is_chosen) else { return };
    let name = scene.text(chosen);
    let shown = ComboBox::from_id_salt(*chosen).width(72.0).selected_text(&name).show_ui(ui, |ui| {
        for (is_chosen, name, action) in choices {
            if choice_ui(ui, scene, *is_chosen, name) {
                scene.ask(Action::Time(action.clone()));
                ui.close();
            }
        }
    });
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
}

fn choice_ui(ui: &mut Ui, scene: &Scene<'_>, is_chosen: bool, name: &str) -> bool {
    let text = scene.text(name);
    let button = ui.add(Button::selectable(is_chosen, &text));
    button.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &text));
    button.clicked()
}

/// How much one bar holds.
fn bar_words(scene: &Scene<'_>, length: Option<BarLength>) -> String {
    match length {
        Some(BarLength { count, unit }) => {
            let length = scene.locale.with(unit, [("count", count.into())]);
            scene.locale.with("store-bars-of", [("length", length.into())])
        }
        None => scene.text("store-bars"),
    }
}

/// A moment, as short as it can be told.
pub(super) fn moment_words(scene: &Scene<'_>, moment: StoreMoment) -> String {
    match moment {
        StoreMoment::Latest => scene.text("store-latest"),
        StoreMoment::Position(position) => grouped(position.0),
        StoreMoment::Time(at) => scene.zone.in_form(at, "%Y-%m-%d %H:%M:%S").unwrap_or_else(|| at.to_string()),
    }
}
