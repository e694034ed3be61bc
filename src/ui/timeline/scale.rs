use std::ops::Range;

use egui::{Color32, FontId, Painter, Pos2, Rect, Stroke, pos2, vec2};

use super::track::Track;
use crate::event::Timestamp;
use crate::ui::{Scene, grouped};
use crate::view::{Pause, Tick, TimeScale, time_ticks, version_ticks};

/// What lies between two times at least, in points: the longest words of the scale, which are of a day and a time.
const BETWEEN: f32 = 116.0;

/// Words of the scale come no nearer to each other.
const GAP: f32 = 10.0;

fn font() -> FontId {
    FontId::monospace(11.0)
}

/// Where something is written already, on a line that goes from `first` to `last`.
#[derive(Debug)]
pub(super) struct Written {
    room: Range<f32>,
    taken: Vec<Range<f32>>,
}

impl Written {
    fn new(room: Range<f32>) -> Self {
        Self { room, taken: Vec::new() }
    }

    /// Whether words stand where a line comes by that goes from the left to the right of these.
    pub(super) fn stands_between(&self, left: f32, right: f32) -> bool {
        self.taken.iter().any(|taken| left < taken.end + 2.0 && taken.start - 2.0 < right)
    }

    /// Takes a place for words of this width that stand at `x`: around it, or else beginning or ending there, moved inward
    /// at the ends of the line. Answers with its left end; `None` where all of that is taken.
    fn take(&mut self, x: f32, width: f32) -> Option<f32> {
        let last = (self.room.end - width).max(self.room.start);
        // Beside what stands in the way, words still begin or end at their tick.
        let beside = self.taken.iter().flat_map(|taken| [taken.end + GAP, taken.start - GAP - width]);
        let is_at_tick = |left: &f32| *left <= x + GAP && x - GAP <= *left + width;
        let mut places: Vec<f32> =
            beside.filter(is_at_tick).filter(|left| (self.room.start..=last).contains(left)).collect();
        let middle = (x - width / 2.0).clamp(self.room.start, last);
        places.sort_by(|one, other| (one - middle).abs().total_cmp(&(other - middle).abs()));
        places.insert(0, middle);
        // What stands exactly beside something is free, whatever was rounded.
        let is_apart =
            |left: f32, taken: &Range<f32>| left + width + GAP <= taken.start + 0.01 || taken.end + GAP <= left + 0.01;
        let is_free = |left: &f32| self.taken.iter().all(|taken| is_apart(*left, taken));
        let left = places.into_iter().find(is_free)?;
        self.taken.push(left..left + width);
        Some(left)
    }
}

/// Writes the first of these that there is room for. Says whether there was.
fn write(painter: &Painter, track: &Track<'_>, written: &mut Written, x: f32, texts: &[&str], ink: Color32) -> bool {
    for text in texts {
        let words = painter.layout_no_wrap((*text).to_owned(), font(), ink);
        if let Some(left) = written.take(x, words.size().x) {
            painter.galley(pos2(left.round(), track.scale + 2.0), words, ink);
            return true;
        }
    }
    false
}

/// How long the longest pauses were. By time they are drawn short, with two strokes across the line.
pub(super) fn pauses_ui(painter: &Painter, scene: &Scene<'_>, track: &Track<'_>) -> Written {
    let outer = track.outer.x_range();
    let (mut written, colours, y) = (Written::new(outer.min..outer.max), track.colours, track.y());
    for (pause, place) in track.line.pauses() {
        let x = track.x(f64::midpoint(place.from, place.to));
        if !outer.contains(x) {
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
        let length = short_length(scene, pause.to.micros_since(pause.from));
        let is_said = write(painter, track, &mut written, x, &[&length], colours.dim);
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

fn tick_ui(painter: &Painter, track: &Track<'_>, x: f32, ink: Color32) {
    let top = track.scale - 2.0;
    painter.line_segment([pos2(x, top), pos2(x, top + 4.0)], Stroke::new(1.0, ink));
}

/// Round times, or round versions with their times.
pub(super) fn scale_ui(painter: &Painter, scene: &Scene<'_>, track: &Track<'_>, mut written: Written) -> Written {
    let line = track.line;
    let [first, last] = [line.heads().first(), line.heads().last()].map(|head| head.and_then(|head| head.recorded_at));
    let has_years = scene.zone.spans_years(first, last);
    match line.scale() {
        Some(scale) => times_ui(painter, scene, track, scale, has_years, &mut written),
        None => versions_ui(painter, scene, track, has_years, &mut written),
    }
    written
}

fn times_ui(
    painter: &Painter,
    scene: &Scene<'_>,
    track: &Track<'_>,
    scale: &TimeScale,
    has_years: bool,
    written: &mut Written,
) {
    let (dim, line) = (track.colours.dim, track.line);
    let least = f64::from(BETWEEN / track.rect.width().max(1.0));
    let mut before: Option<Tick> = None;
    for round in time_ticks(scale, track.shown, least, |at| scene.zone.offset(at)) {
        let x = track.x(round.share);
        let is_said = write(painter, track, written, x, &[&round.text(before.as_ref())], dim);
        tick_ui(painter, track, x, if is_said { dim } else { track.colours.line });
        before = if is_said { Some(round) } else { before };
    }
    if before.is_some() {
        return;
    }
    // No round time lies in what is shown: its ends say when it was.
    for share in [track.shown.from, track.shown.to] {
        let at = line.heads().get(line.nearest(share)).and_then(|head| head.recorded_at);
        let form = if has_years { "%Y-%m-%d %H:%M:%S" } else { "%m-%d %H:%M:%S" };
        let text = at.and_then(|at| scene.zone.in_form(at, form)).unwrap_or_default();
        write(painter, track, written, track.x(share), &[&text], dim);
    }
}

fn versions_ui(painter: &Painter, scene: &Scene<'_>, track: &Track<'_>, has_years: bool, written: &mut Written) {
    let (dim, line) = (track.colours.dim, track.line);
    let ticks = |between: f32| {
        let places = version_ticks(&line, track.shown, f64::from(between / track.rect.width().max(1.0)));
        let times = places.iter().filter_map(|place| line.heads().get(*place)?.recorded_at);
        let form = form_of(times.clone().min().zip(times.max()), places.len(), has_years);
        let said = |place: usize| {
            let head = line.heads().get(place)?;
            let when = head.recorded_at.and_then(|at| scene.zone.in_form(at, form)).unwrap_or_default();
            Some((track.x(line.share_at(place)), format!("v{}", head.version), when))
        };
        places.into_iter().filter_map(said).collect::<Vec<_>>()
    };
    // How far apart they have to be for their words to have room is known when the words are.
    let mut shown = ticks(BETWEEN);
    let letter = painter.layout_no_wrap("0".to_owned(), font(), dim).size().x;
    let letters = shown.iter().map(|(_, version, when)| version.len() + 2 + when.len()).max().unwrap_or(0);
    let room = letters as f32 * letter + GAP;
    if room > BETWEEN {
        shown = ticks(room);
    }
    for (x, version, when) in shown {
        // Beside a pause there may be room for the number alone.
        write(painter, track, written, x, &[&format!("{version}  {when}"), &version], dim);
        tick_ui(painter, track, x, dim);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn written(texts: &[(f32, f32)]) -> (Written, Vec<Option<f32>>) {
        let mut written = Written::new(0.0..1_000.0);
        let lefts = texts.iter().map(|(x, width)| written.take(*x, *width)).collect();
        (written, lefts)
    }

    #[test]
    fn words_stand_around_their_tick_and_inside_of_the_line() {
        let (_, lefts) = written(&[(500.0, 100.0), (0.0, 100.0), (1_000.0, 100.0)]);
        assert_eq!(lefts, [Some(450.0), Some(0.0), Some(900.0)]);
    }

    #[test]
    fn words_of_a_tick_beside_a_pause_give_way_to_those_of_the_pause_and_stay_at_their_tick() {
        // A pause of 26 points at 500, and a tick at each of its ends.
        let (written, lefts) = written(&[(500.0, 26.0), (518.0, 106.0), (482.0, 33.0)]);
        assert_eq!(lefts, [Some(487.0), Some(523.0), Some(444.0)]);
        for (number, one) in written.taken.iter().enumerate() {
            for other in written.taken.iter().skip(number + 1) {
                assert!(one.end <= other.start || other.end <= one.start, "{one:?} lies over {other:?}");
            }
        }
    }

    #[test]
    fn what_has_no_room_at_its_tick_is_left_out() {
        let (_, lefts) = written(&[(470.0, 40.0), (530.0, 40.0), (500.0, 40.0)]);
        assert_eq!(lefts, [Some(450.0), Some(510.0), None]);
    }
}
