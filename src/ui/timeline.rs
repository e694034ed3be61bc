mod bars;
mod marks;
mod overview;
mod pins;
mod scale;
mod track;

use egui::{Align, Layout, RichText, Role, TextEdit, Ui, WidgetInfo};

pub(super) use scale::short_length;

use super::Scene;
use super::icons::{Icon, flag_button, icon_button};
use super::parts::{cut, shortened};
use crate::command::{Action, Command};
use crate::event::Head;
use crate::theme::palette;
use crate::view::{OpenStore, Pin, TypedMoment};

/// How high it is, with the room around it.
pub const TIMELINE_HEIGHT: f32 = 26.0 + 4.0 + track::HEIGHT + 4.0 + track::OVERVIEW + 16.0;

/// What moves the cursor, and the line with its marks. What is drawn of a stream costs what there is room for, however
/// long it is.
pub fn timeline_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    store: &OpenStore,
    is_by_time: bool,
    typed: &mut TypedMoment,
    is_playing: bool,
) {
    let (Some(view), _) = store.on_screen() else { return };
    let (Some(loaded), Some(cursor)) = (view.base(), view.cursor()) else { return };
    let heads = loaded.timeline.heads();
    let has_times = !loaded.time_scale.is_empty();
    controls_ui(ui, scene, heads, cursor, &store.pins, has_times.then_some(is_by_time), typed, is_playing);
    track::track_ui(ui, scene, store, view, is_by_time);
}

#[allow(clippy::too_many_arguments, reason = "one row of controls over one timeline")]
fn controls_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    heads: &[Head],
    cursor: usize,
    pins: &[Option<Pin>; 2],
    is_by_time: Option<bool>,
    typed: &mut TypedMoment,
    is_playing: bool,
) {
    let colours = palette(ui);
    ui.horizontal(|ui| {
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
        let Some(head) = heads.get(cursor) else { return };
        let last = heads.last().map_or(String::new(), |head| head.version.to_string());
        let values = [("version", head.version.to_string().into()), ("last", last.into())];
        ui.label(RichText::new(scene.locale.with("version-of", values)).strong());
        let when = head.recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
        ui.label(RichText::new(when).monospace().color(colours.dim));
        typed_ui(ui, scene, typed);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if pins.iter().all(Option::is_some) {
                let text = RichText::new(scene.text("diff-pins")).color(colours.accent);
                if ui.add(egui::Button::new(text).frame(false)).clicked() {
                    scene.run(Command::Compare);
                }
            }
            let [a, b] = pins;
            for (pin, command, colour, letter) in
                [(b, Command::PinB, colours.pin_b, 'B'), (a, Command::PinA, colours.pin_a, 'A')]
            {
                let at = pin.as_ref().map(|pin| format!(" v{}", pin.version));
                let where_to = pin.as_ref().map(|pin| format!("{} v{}", shortened(pin.stream.as_str()), pin.version));
                let button = flag_button(ui, &format!("{letter}{}", at.unwrap_or_default()), colour);
                let hint = scene.text(command.title());
                let button = button.on_hover_text(where_to.map_or(hint.clone(), |place| format!("{hint}  ·  {place}")));
                if button.clicked() {
                    scene.run(command);
                }
            }
            for (by_time, name) in [(true, "by-time"), (false, "by-version")] {
                let is_chosen = is_by_time.unwrap_or(false) == by_time;
                let label = egui::Button::selectable(is_chosen, scene.text(name));
                if ui.add_enabled(is_by_time.is_some() || !by_time, label).clicked() {
                    scene.ask(Action::ByTime(by_time));
                }
            }
        });
    });
}

/// Where a version or a time is typed. What is wrong with it is said beside it, and moves nothing.
fn typed_ui(ui: &mut Ui, scene: &mut Scene<'_>, typed: &mut TypedMoment) {
    let danger = palette(ui).danger;
    let name = scene.text("timeline-go");
    let field = ui.add(TextEdit::singleline(&mut typed.text).hint_text(&name).desired_width(120.0));
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
