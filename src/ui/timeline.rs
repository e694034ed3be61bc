use egui::{Align, Align2, Color32, Layout, Rect, RichText, Role, Sense, Stroke, TextEdit, Ui, WidgetInfo, pos2, vec2};

use super::Scene;
use super::icons::{Icon, icon, icon_button, paint};
use crate::command::{Action, Command};
use crate::event::{Head, Version};
use crate::theme::{Palette, palette};
use crate::view::{OpenStore, Pause, Pin, StreamView, TimeScale};

const MARK: f32 = 10.0;

/// Marks nearer than this overlap.
const TOUCHING: f32 = 4.0;

/// The fold line: one mark an event, the cursor on it, and the two pins. Marks that would fall on one another are
/// drawn once, so a stream of any length costs at most one mark a pixel.
pub fn timeline_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    store: &OpenStore,
    is_by_time: bool,
    typed: &mut String,
    is_playing: bool,
) {
    let (Some(view), _) = store.on_screen() else { return };
    let (Some(loaded), Some(cursor)) = (view.base(), view.cursor()) else { return };
    let heads = loaded.timeline.heads();
    let pins = store.pins_here();
    let scale = (!loaded.time_scale.is_empty()).then_some(&loaded.time_scale);
    controls_ui(ui, scene, heads, cursor, &store.pins, scale.map(|_| is_by_time), typed, is_playing);
    track_ui(ui, scene, view, heads, cursor, pins, scale.filter(|_| is_by_time));
}

#[allow(clippy::too_many_arguments, reason = "one row of controls over one timeline")]
fn controls_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    heads: &[Head],
    cursor: usize,
    pins: &[Option<Pin>; 2],
    is_by_time: Option<bool>,
    typed: &mut String,
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
        let name = scene.text("timeline-go");
        let field = ui.add(TextEdit::singleline(typed).hint_text(&name).desired_width(120.0));
        field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &name));
        if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
            scene.ask(Action::GoToTyped);
        }
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
                let where_to = pin.as_ref().map(|pin| format!("{} v{}", pin.stream, pin.version));
                let text = RichText::new(format!("{letter}{}", at.unwrap_or_default())).color(colour);
                let button = ui.add(egui::Button::new(text).frame(false));
                let hint = scene.text(command.title());
                let button = button.on_hover_text(where_to.map_or(hint.clone(), |place| format!("{hint}  ·  {place}")));
                icon(ui, Icon::Flag, colour);
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

fn track_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    view: &StreamView,
    heads: &[Head],
    cursor: usize,
    pins: [Option<usize>; 2],
    scale: Option<&TimeScale>,
) {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 52.0), Sense::click_and_drag());
    let name = scene.text("timeline");
    let version = heads.get(cursor).map_or(Version(0), |head| head.version);
    response.widget_info(|| WidgetInfo::slider(true, version.0 as f64, &name));
    let track = Track::new(rect.shrink2(vec2(MARK, 0.0)), heads, scale);
    if (response.dragged() || response.clicked())
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let index = track.index_at(pointer.x);
        if index != cursor {
            scene.ask(Action::GoTo(index));
        }
    }
    let painter = ui.painter_at(rect.expand2(vec2(0.0, 4.0)));
    let y = rect.top() + 22.0;
    let here = track.x(cursor);
    let (start, end) = (track.rect.left(), track.rect.right());
    painter.line_segment([pos2(start, y), pos2(here, y)], Stroke::new(2.0, colours.accent));
    painter.line_segment([pos2(here, y), pos2(end, y)], Stroke::new(2.0, colours.line));
    pauses_ui(&painter, &track, y, colours);
    // Where marks touch, those of one colour are one rectangle: a long stream costs little more than a short one.
    let mut run: Option<(f32, f32, Color32)> = None;
    let draw = |(left, right, fill): (f32, f32, Color32)| {
        let rect = Rect::from_min_max(pos2(left - 4.0, y - 7.0), pos2(right + 4.0, y + 7.0));
        painter.rect_filled(rect, if right > left { 0.0 } else { 3.0 }, fill);
    };
    track.marks(|index, x| {
        let Some(head) = heads.get(index) else { return };
        let hue = colours.sign(view.sign_of(head.event_type.as_str())).hue;
        let fill = if index > cursor { hue.gamma_multiply(0.45) } else { hue };
        run = match run.take() {
            Some((left, right, of)) if of == fill && x - right <= TOUCHING => Some((left, x, fill)),
            before => {
                before.into_iter().for_each(draw);
                Some((x, x, fill))
            }
        };
    });
    run.into_iter().for_each(draw);
    for (pin, colour) in pins.iter().zip([colours.pin_a, colours.pin_b]) {
        if let Some(index) = pin.filter(|index| *index < heads.len()) {
            let foot = pos2(track.x(index) - 2.0, y - 21.0);
            paint(&painter, Icon::Flag, Rect::from_min_size(foot, vec2(11.0, 12.0)), colour);
        }
    }
    painter.line_segment([pos2(here, y - 16.0), pos2(here, y + 16.0)], Stroke::new(2.0, colours.text));
    painter.circle_filled(pos2(here, y - 17.0), 4.0, colours.text);
    ends_ui(&painter, rect, scene, heads, colours);
    if let Some(pointer) = response.hover_pos() {
        if let Some(pause) = track.pause_at(pointer.x) {
            let length = plain_length(scene, pause.to.micros_since(pause.from));
            response.on_hover_text_at_pointer(scene.locale.with("pause", [("length", length.into())]));
            return;
        }
        let Some(head) = heads.get(track.index_at(pointer.x)) else { return };
        let when = head.recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
        response.on_hover_text_at_pointer(format!(
            "v{}  {}\n{when}",
            head.version,
            super::parts::shortened(head.event_type.as_str())
        ));
    }
}

/// Two strokes across the line where a long pause is drawn short.
fn pauses_ui(painter: &egui::Painter, track: &Track<'_>, y: f32, colours: &Palette) {
    for pause in track.scale.iter().flat_map(|scale| scale.pauses()) {
        let x = track.rect.left() + track.rect.width() * pause.middle as f32;
        let ground = Rect::from_center_size(pos2(x, y), vec2(7.0, 6.0));
        painter.rect_filled(ground, 0.0, colours.panel);
        for shift in [-3.0, 3.0] {
            let stroke = [pos2(x + shift - 2.0, y + 5.0), pos2(x + shift + 2.0, y - 5.0)];
            painter.line_segment(stroke, Stroke::new(1.5, colours.dim));
        }
    }
}

/// How long something lasted, in the largest unit that fits.
fn plain_length(scene: &Scene<'_>, micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let (name, count) = match seconds {
        172_800.. => ("length-days", seconds / 86_400),
        7_200.. => ("length-hours", seconds / 3_600),
        120.. => ("length-minutes", seconds / 60),
        _ => ("length-seconds", seconds),
    };
    scene.locale.with(name, [("count", super::grouped(count.unsigned_abs()).into())])
}

fn ends_ui(painter: &egui::Painter, rect: Rect, scene: &Scene<'_>, heads: &[Head], colours: &Palette) {
    let font = egui::FontId::monospace(11.0);
    let text =
        |head: Option<&Head>| head.and_then(|head| head.recorded_at).map_or(String::new(), |at| scene.zone.short(at));
    painter.text(rect.left_bottom(), Align2::LEFT_BOTTOM, text(heads.first()), font.clone(), colours.dim);
    painter.text(rect.right_bottom(), Align2::RIGHT_BOTTOM, text(heads.last()), font, colours.dim);
}

/// Where events lie on the line.
struct Track<'a> {
    rect: Rect,
    heads: &'a [Head],
    scale: Option<&'a TimeScale>,
}

impl<'a> Track<'a> {
    fn new(rect: Rect, heads: &'a [Head], scale: Option<&'a TimeScale>) -> Self {
        Self { rect, heads, scale }
    }

    fn x(&self, index: usize) -> f32 {
        let share = match (self.scale, self.heads.get(index).and_then(|head| head.recorded_at)) {
            (Some(scale), Some(at)) => scale.share(at),
            _ => index as f64 / (self.heads.len().saturating_sub(1)).max(1) as f64,
        };
        self.rect.left() + self.rect.width() * share.min(1.0) as f32
    }

    /// The pause that is drawn here, a few points wide.
    fn pause_at(&self, x: f32) -> Option<Pause> {
        let middle = |pause: &Pause| self.rect.left() + self.rect.width() * pause.middle as f32;
        self.scale?.pauses().find(|pause| (middle(pause) - x).abs() <= 6.0)
    }

    /// The event nearest to this place. Times may run backward, but rarely; the search takes them as ordered.
    fn index_at(&self, x: f32) -> usize {
        let after = partition(self.heads.len(), |index| self.x(index) < x);
        let before = after.saturating_sub(1);
        let after = after.min(self.heads.len() - 1);
        if (self.x(before) - x).abs() <= (self.x(after) - x).abs() { before } else { after }
    }

    /// Visits the events that show: at most one for each two pixels, found without walking over all the others.
    fn marks(&self, mut draw: impl FnMut(usize, f32)) {
        let mut index = 0;
        while index < self.heads.len() {
            let x = self.x(index);
            draw(index, x);
            let next = partition(self.heads.len(), |other| self.x(other) < x + 2.0);
            index = next.max(index + 1);
        }
    }
}

/// The first number below `len` for which `is_before` no longer holds, where it holds for all that come earlier.
fn partition(len: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventId, EventType, Timestamp, Version};

    fn heads(seconds: &[i64]) -> Vec<Head> {
        let head = |(version, second): (usize, &i64)| Head {
            version: Version(version as u64),
            position: None,
            recorded_at: Some(Timestamp::from_micros(second * 1_000_000)),
            id: EventId::new("x"),
            event_type: EventType::from("t"),
        };
        seconds.iter().enumerate().map(head).collect()
    }

    const WIDE: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(1000.0, 10.0) };

    #[test]
    fn every_event_is_found_where_it_is_drawn() {
        let heads = heads(&[0, 10, 20, 400, 1000]);
        let scale = TimeScale::new(&heads);
        for is_by_time in [false, true] {
            let track = Track::new(WIDE, &heads, is_by_time.then_some(&scale));
            for index in 0..heads.len() {
                assert_eq!(track.index_at(track.x(index)), index, "by time: {is_by_time}");
            }
        }
    }

    #[test]
    fn beyond_the_ends_lie_the_first_and_the_last_event() {
        let heads = heads(&[0, 5, 9]);
        let scale = TimeScale::new(&heads);
        let track = Track::new(WIDE, &heads, Some(&scale));
        assert_eq!((track.index_at(-50.0), track.index_at(5_000.0)), (0, 2));
    }

    #[test]
    fn a_long_stream_draws_no_more_marks_than_the_line_has_room_for() {
        let heads = heads(&(0..200_000).collect::<Vec<i64>>());
        let scale = TimeScale::new(&heads);
        for is_by_time in [false, true] {
            let track = Track::new(WIDE, &heads, is_by_time.then_some(&scale));
            let mut drawn = 0;
            track.marks(|_, _| drawn += 1);
            assert!((400..=501).contains(&drawn), "{drawn} marks");
        }
    }

    #[test]
    fn a_stream_of_one_event_has_a_place_for_it() {
        let heads = heads(&[7]);
        let track = Track::new(WIDE, &heads, None);
        assert_eq!((track.index_at(700.0), track.x(0)), (0, 0.0));
    }
}
