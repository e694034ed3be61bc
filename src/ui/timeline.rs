mod add_lane;
mod bars;
mod branch_line;
mod handler_lines;
mod lane_drawing;
mod lanes;
mod marks;
mod overview;
mod pins;
mod scale;
mod track;

use egui::{RichText, Role, TextEdit, Ui, Vec2, WidgetInfo};

use add_lane::add_lane_ui;
pub(super) use scale::short_length;

use super::Scene;
use super::compare::called;
use super::ends::ends_ui;
use super::icons::{Icon, flag_button, icon_button};
use super::parts::cut;
use super::streams::whole;
use crate::command::{Action, Command};
use crate::event::{Head, StreamId, Version};
use crate::theme::palette;
use crate::view::{LaneTyping, OpenStore, Pin, TypedMoment};

/// How high it is with its lanes and the room around it, in a window of this size.
pub fn timeline_height(store: &OpenStore, window: Vec2) -> f32 {
    let branch = if store.has_branch() { branch_line::HEIGHT + 4.0 } else { 0.0 };
    let controls = if has_two_lines(store, window.x) { 2.0 * (LINE + 4.0) } else { LINE + 4.0 };
    controls + track::height(store.lane_texts().len(), window.y) + 4.0 + track::OVERVIEW + 16.0 + branch
}

/// A line of what moves the cursor.
const LINE: f32 = 26.0;

/// In a window as narrow as this, what moves the cursor and what the line is drawn by stand on two lines: the more pins
/// there are, the sooner.
fn has_two_lines(store: &OpenStore, window_width: f32) -> bool {
    const LEAST: f32 = 800.0;
    const OF_PIN: f32 = 130.0;
    let pins = store.pins.iter().flatten().count();
    window_width < LEAST + OF_PIN * pins as f32
}

/// What moves the cursor, and the line with its marks. What is drawn of a stream costs what there is room for, however
/// long it is.
pub fn timeline_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    store: &mut OpenStore,
    is_by_time: bool,
    typed: &mut TypedMoment,
    is_playing: bool,
) {
    // Taken out while it is drawn: what it offers is of the same store.
    let mut typing = std::mem::take(&mut store.lanes.typing);
    let mut controls = Controls { typed, typing: &mut typing, is_playing, is_by_time };
    timeline_of_ui(ui, scene, store, &mut controls);
    store.lanes.typing = typing;
}

/// What the controls hold and say.
struct Controls<'c> {
    typed: &'c mut TypedMoment,
    typing: &'c mut LaneTyping,
    is_playing: bool,
    is_by_time: bool,
}

fn timeline_of_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, controls: &mut Controls<'_>) {
    let (Some(view), _) = store.on_screen() else { return };
    let (Some(loaded), Some(cursor)) = (view.base(), view.cursor()) else { return };
    let is_by_time = controls.is_by_time;
    let heads = loaded.timeline.heads();
    let has_times = !loaded.time_scale.is_empty();
    let has_two_lines = has_two_lines(store, ui.ctx().content_rect().width());
    if has_two_lines {
        ui.horizontal(|ui| {
            ui.set_min_height(LINE);
            cursor_ui(ui, scene, heads, cursor, controls.typed, controls.is_playing);
        });
    }
    ui.horizontal(|ui| {
        ends_ui(
            ui,
            scene,
            "timeline",
            |ui, scene| {
                if !has_two_lines {
                    cursor_ui(ui, scene, heads, cursor, controls.typed, controls.is_playing);
                }
                add_lane_ui(ui, scene, controls.typing, view);
            },
            |ui, scene| scale_ui(ui, scene, store, &view.stream, has_times.then_some(is_by_time)),
        );
    });
    let written = track::track_ui(ui, scene, store, view, is_by_time);
    if let Some(open) = store.branching.open().filter(|_| store.has_branch()) {
        let lanes = store.lane_texts().len();
        branch_line::branch_line_ui(ui, scene, (view, open), is_by_time, lanes, written.as_ref());
    }
}

/// What moves the cursor, of a stream or of the store.
pub(super) fn steps_ui(ui: &mut Ui, scene: &mut Scene<'_>, is_playing: bool) {
    let play = if is_playing { (Icon::Pause, "stop") } else { (Icon::Play, "play") };
    for (icon, name, command) in [
        (Icon::First, "first-event", Command::First),
        (Icon::Back, "step-back", Command::StepBack),
        (play.0, play.1, Command::Play),
        (Icon::Forward, "step-forward", Command::StepForward),
        (Icon::Last, "last-event", Command::Last),
    ] {
        if icon_button(ui, icon, &scene.text(name)).clicked() {
            scene.run(command);
        }
    }
}

/// What moves the cursor, and where it stands.
fn cursor_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    heads: &[Head],
    cursor: usize,
    typed: &mut TypedMoment,
    is_playing: bool,
) {
    steps_ui(ui, scene, is_playing);
    let Some(head) = heads.get(cursor) else { return };
    let last = heads.last().map_or(String::new(), |head| head.version.to_string());
    let values = [("version", head.version.to_string().into()), ("last", last.into())];
    ui.label(RichText::new(scene.locale.with("version-of", values)).strong());
    let when = head.recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
    let when = RichText::new(when).monospace().color(palette(ui).dim);
    // Where a version or a time can be typed comes before when it was, which the event says, too.
    let when = egui::WidgetText::from(when).into_galley(
        ui,
        Some(egui::TextWrapMode::Extend),
        f32::INFINITY,
        egui::TextStyle::Body,
    );
    if ui.available_width() > when.size().x + TYPED + LEAST_LANE + 3.0 * ui.spacing().item_spacing.x {
        ui.label(when);
    }
    typed_ui(ui, scene, typed);
}

/// By what a line can be drawn.
const WAYS: [(bool, &str); 2] = [(false, "by-version"), (true, "by-time")];

/// A window narrower than this has no room for them beside two pins.
const NARROWEST: f32 = 600.0;

/// By what the line is drawn, and the pins on it.
fn scale_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, here: &StreamId, is_by_time: Option<bool>) {
    let colours = palette(ui);
    // In the narrowest windows this is chosen in the settings.
    let ways = if ui.ctx().content_rect().width() < NARROWEST { &[][..] } else { &WAYS[..] };
    for (by_time, name) in ways.iter().copied() {
        let is_chosen = is_by_time.unwrap_or(false) == by_time;
        let label = egui::Button::selectable(is_chosen, scene.text(name));
        if ui.add_enabled(is_by_time.is_some() || !by_time, label).clicked() {
            scene.ask(Action::ByTime(by_time));
        }
    }
    // A short name stands on the flag, where it does not push everything else aside.
    let has_room = ui.available_width() >= ROOM_FOR_NAMES;
    let [a, b] = &store.pins;
    for (pin, command, colour, letter) in
        [(a, Command::PinA, colours.pin_a, 'A'), (b, Command::PinB, colours.pin_b, 'B')]
    {
        let hint = scene.text(command.title());
        let Some(pin) = pin else {
            if flag_button(ui, &letter.to_string(), colour).on_hover_text(hint).clicked() {
                scene.run(command);
            }
            continue;
        };
        let Pin { stream, version } = pin;
        let is_here = stream == here;
        let named = format!("{letter} {} v{version}", called(&store.labels, stream));
        let text = if is_here { format!("{letter} v{version}") } else { named };
        let text_shown = if is_here || has_room { cut_to(&text, *version) } else { format!("{letter} … v{version}") };
        let button = flag_button(ui, &text_shown, colour);
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &text));
        let place = format!("{} v{version}", whole(stream.as_str(), store.labels.of(stream)));
        if button.on_hover_text(format!("{hint}  ·  {place}")).clicked() {
            scene.run(command);
        }
    }
    if store.pins.iter().all(Option::is_some) {
        let text = RichText::new(scene.text("diff-pins")).color(colours.accent);
        if ui.add(egui::Button::new(text).frame(false)).clicked() {
            scene.run(Command::Compare);
        }
    }
}

/// A line narrower than this has no room for what the streams of pins are called.
const ROOM_FOR_NAMES: f32 = 980.0;

/// As much of a name as a flag has room for, and all of the version.
fn cut_to(text: &str, version: Version) -> String {
    const LETTERS: usize = 22;
    if text.chars().count() <= LETTERS {
        return text.to_owned();
    }
    let begin: String = text.chars().take(LETTERS - 6).collect();
    format!("{}… v{version}", begin.trim_end())
}

/// How wide the field is in which a version or a time is typed, and that of a new lane at least.
const TYPED: f32 = 120.0;
const LEAST_LANE: f32 = 24.0;

/// Where a version or a time is typed. What is wrong with it is said beside it, and moves nothing.
fn typed_ui(ui: &mut Ui, scene: &mut Scene<'_>, typed: &mut TypedMoment) {
    let danger = palette(ui).danger;
    let name = scene.text("timeline-go");
    let field = ui.add(TextEdit::singleline(&mut typed.text).hint_text(&name).desired_width(TYPED));
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &name));
    if field.changed() {
        typed.fault = None;
    }
    if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
        scene.ask(Action::GoToTyped);
    }
    if std::mem::take(&mut typed.wants_focus) {
        field.request_focus();
    }
    if let Some(fault) = &typed.fault {
        let width = (ui.available_width() * 0.5).max(80.0);
        let sentence = scene.sentence(&fault.message);
        ui.scope(|ui| {
            ui.set_max_width(width);
            cut(ui, RichText::new(&sentence).color(danger)).on_hover_text(&sentence);
        });
    }
}
