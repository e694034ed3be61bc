use std::ops::Range;

use egui::{Color32, FontId, Painter, Pos2, Rect, Stroke, pos2, vec2};

use super::track::Track;
use crate::event::Timestamp;
use crate::ui::{Scene, grouped};
use crate::view::{Pause, Tick, time_ticks, version_ticks};

/// What lies between two ticks at least, in points: their words, and room between them.
const BETWEEN: f32 = 96.0;

/// Words of the scale come no nearer to each other.
const GAP: f32 = 10.0;

fn font() -> FontId {
    FontId::monospace(11.0)
}

/// Where something is written already.
#[derive(Debug, Default)]
pub(super) struct Written(Vec<Range<f32>>);

impl Written {
    /// Takes the place, if nothing is written there.
    fn take(&mut self, left: f32, right: f32) -> bool {
        let is_free = self.0.iter().all(|taken| right + GAP <= taken.start || taken.end + GAP <= left);
        if is_free {
            self.0.push(left..right);
        }
        is_free
    }
}

/// Writes a line of the scale around this place, moved inward at the ends, if there is room. Says whether there was.
fn write(painter: &Painter, track: &Track<'_>, written: &mut Written, x: f32, text: String, ink: Color32) -> bool {
    let words = painter.layout_no_wrap(text, font(), ink);
    let width = words.size().x;
    let (first, last) = (track.outer.left(), (track.outer.right() - width).max(track.outer.left()));
    let left = (x - width / 2.0).clamp(first, last);
    let has_room = written.take(left, left + width);
    if has_room {
        painter.galley(pos2(left.round(), track.scale + 2.0), words, ink);
    }
    has_room
}

/// How long the longest pauses were. By time they are drawn short, with two strokes across the line.
pub(super) fn pauses_ui(painter: &Painter, scene: &Scene<'_>, track: &Track<'_>) -> Written {
    let (mut written, colours, y) = (Written::default(), track.colours, track.y());
    for (pause, place) in track.line.pauses() {
        let x = track.x(f64::midpoint(place.from, place.to));
        if !track.outer.x_range().contains(x) {
            continue;
        }
        let is_by_time = track.line.is_by_time();
        // By versions there is no room between the marks; the strokes then stand on the scale.
        let y = if is_by_time { y } else { track.scale - 1.0 };
        if is_by_time {
            let ground = Rect::from_center_size(pos2(x, y), vec2(7.0, 6.0));
            painter.rect_filled(ground, 0.0, colours.panel);
        }
        let (half, shift) = if is_by_time { (vec2(2.0, 5.0), 3.0) } else { (vec2(1.0, 2.5), 1.5) };
        let is_said =
            write(painter, track, &mut written, x, short_length(scene, pause.to.micros_since(pause.from)), colours.dim);
        for middle in [x - shift, x + shift].into_iter().filter(|_| is_by_time || is_said) {
            let stroke = [pos2(middle - half.x, y + half.y), pos2(middle + half.x, y - half.y)];
            painter.line_segment(stroke, Stroke::new(if is_by_time { 1.5 } else { 1.0 }, colours.dim));
        }
    }
    written
}

/// The pause that is drawn short here.
pub(super) fn pause_at(track: &Track<'_>, pointer: Pos2) -> Option<Pause> {
    let middle = |place: crate::view::Shown| track.x(f64::midpoint(place.from, place.to));
    let is_here = |x: f32| (x - pointer.x).abs() <= 6.0 && track.line.is_by_time();
    track.line.pauses().find(|(_, place)| is_here(middle(*place))).map(|(pause, _)| pause)
}

/// Round times, or round versions with their times.
pub(super) fn scale_ui(painter: &Painter, scene: &Scene<'_>, track: &Track<'_>, mut written: Written) {
    let (colours, line) = (track.colours, track.line);
    let [first, last] = [line.heads().first(), line.heads().last()].map(|head| head.and_then(|head| head.recorded_at));
    let has_years = scene.zone.spans_years(first, last);
    let least = f64::from(BETWEEN / track.rect.width().max(1.0));
    let tick = |x: f32, ink: Color32| {
        let top = track.scale - 2.0;
        painter.line_segment([pos2(x, top), pos2(x, top + 4.0)], Stroke::new(1.0, ink));
    };
    if let Some(scale) = line.scale() {
        let mut before: Option<Tick> = None;
        for round in time_ticks(scale, track.shown, least, |at| scene.zone.offset(at)) {
            let x = track.x(round.share);
            let text = round.text(before.as_ref());
            let is_said = write(painter, track, &mut written, x, text, colours.dim);
            tick(x, if is_said { colours.dim } else { colours.line });
            before = if is_said { Some(round) } else { before };
        }
        if before.is_some() {
            return;
        }
    } else {
        let places = version_ticks(&line, track.shown, least);
        let times = places.iter().filter_map(|place| line.heads().get(*place)?.recorded_at);
        let form = form_of(times.clone().min().zip(times.max()), places.len(), has_years);
        for place in places {
            let Some(head) = line.heads().get(place) else { continue };
            let x = track.x(line.share_at(place));
            let when = head.recorded_at.and_then(|at| scene.zone.in_form(at, form)).unwrap_or_default();
            write(painter, track, &mut written, x, format!("v{}  {when}", head.version), colours.dim);
            tick(x, colours.dim);
        }
        return;
    }
    // No round time lies in what is shown: its ends say when it was.
    for share in [track.shown.from, track.shown.to] {
        let at = line.heads().get(line.nearest(share)).and_then(|head| head.recorded_at);
        let form = if has_years { "%Y-%m-%d %H:%M:%S" } else { "%m-%d %H:%M:%S" };
        let text = at.and_then(|at| scene.zone.in_form(at, form)).unwrap_or_default();
        write(painter, track, &mut written, track.x(share), text, colours.dim);
    }
}

/// As much of a time as tells these ticks apart.
fn form_of(ends: Option<(Timestamp, Timestamp)>, count: usize, has_years: bool) -> &'static str {
    let length = ends.map_or(0, |(first, last)| last.micros_since(first)) / count.max(1) as i64 / 1_000_000;
    match length {
        86_400.. => "%Y-%m-%d",
        60.. if has_years => "%Y-%m-%d %H:%M",
        60.. => "%m-%d %H:%M",
        1.. => "%H:%M:%S",
        _ => "%H:%M:%S%.3f",
    }
}

/// How long something lasted, in the largest unit that fits.
pub(super) fn plain_length(scene: &Scene<'_>, micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let (name, count) = match seconds {
        172_800.. => ("length-days", seconds / 86_400),
        7_200.. => ("length-hours", seconds / 3_600),
        120.. => ("length-minutes", seconds / 60),
        _ => ("length-seconds", seconds),
    };
    scene.locale.with(name, [("count", grouped(count.unsigned_abs()).into())])
}

/// The same as short as it can be written.
pub(in crate::ui) fn short_length(scene: &Scene<'_>, micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let (name, count) = match seconds {
        63_072_000.. => ("pause-years", seconds / 31_557_600),
        172_800.. => ("pause-days", seconds / 86_400),
        7_200.. => ("pause-hours", seconds / 3_600),
        120.. => ("pause-minutes", seconds / 60),
        1.. => ("pause-seconds", seconds),
        _ => ("pause-millis", micros / 1_000),
    };
    scene.locale.with(name, [("count", grouped(count.unsigned_abs()).into())])
}
