//! What is drawn of a lane: a high and low line, ticks, steps, or segments.

use std::ops::Range;
use std::sync::Arc;

use egui::{Align2, Color32, FontId, Id, Mesh, Painter, Pos2, Rect, Shape, Stroke, Ui, pos2, vec2};

use super::lanes::Lane;
use super::track::Track;
use crate::replay::Index;
use crate::ui::lanes_here::{number_text, told_text};
use crate::ui::{Scene, grouped};
use crate::view::{Gist, LaneData, LaneKind, Shown, Told, pieces, run_ticks};

/// What was made for a frame, for as long as the next ones show the same.
#[derive(Clone)]
struct Kept {
    key: ShapeKey,
    gists: Arc<Vec<Gist>>,
}

#[derive(Clone, Debug, PartialEq)]
struct ShapeKey {
    data: usize,
    steps: usize,
    len: usize,
    revision: u64,
    is_by_time: bool,
    shown: Shown,
    points: f32,
}

/// Where the steps are on the screen, made anew only where something changed.
fn kept_gists(ui: &Ui, track: &Track<'_>, lane: &Lane<'_>, data: &LaneData) -> Arc<Vec<Gist>> {
    let key = ShapeKey {
        data: data.steps.as_ptr().addr(),
        steps: data.steps.len(),
        len: track.line.len(),
        revision: lane.view.revision(),
        is_by_time: track.line.is_by_time(),
        shown: track.shown,
        points: track.rect.width(),
    };
    let id = Id::unique(("pieces of a lane", lane.number));
    if let Some(kept) = ui.data(|data| data.get_temp::<Kept>(id)).filter(|kept| kept.key == key) {
        return kept.gists;
    }
    let begin = |place: usize| data.steps.get(place).map(|(begin, _)| *begin);
    let pieces = pieces(&track.line, track.shown, track.rect.width(), data.steps.len(), &begin, LEAST);
    let gists = Arc::new(pieces.into_iter().map(|piece| data.gist(piece)).collect::<Vec<_>>());
    ui.data_mut(|data| data.insert_temp(id, Kept { key, gists: gists.clone() }));
    gists
}

/// Steps nearer to each other than this are drawn as one.
const LEAST: f32 = 2.0;

/// How thick the line of a condition is.
const LINE: f32 = 1.5;

/// How wide a letter is.
const LETTER: f32 = 6.0;
/// Fewer letters than have room here say nothing.
const LEAST_WORDS: f32 = 22.0;
/// What a band is called takes more than this.
const SHORTEST_SENTENCE: f32 = 36.0;

/// Draws a lane into its room.
pub(super) fn draw(
    ui: &Ui,
    painter: &Painter,
    scene: &Scene<'_>,
    track: &Track<'_>,
    lane: &Lane<'_>,
    data: &LaneData,
    outer: Rect,
) {
    let shapes = kept_gists(ui, track, lane, data);
    let drawing = Drawing {
        painter,
        track,
        data,
        hue: track.colours.lane_hue(lane.number),
        left: track.rect.left(),
        top: outer.top() + 6.0,
        bottom: outer.bottom() - 7.0,
        here: track.x_of(track.cursor),
        outer,
    };
    match data.kind {
        LaneKind::Nothing => drawing.base(),
        LaneKind::Condition => drawing.condition(scene, &shapes),
        LaneKind::Moments => drawing.moments(&shapes),
        LaneKind::Number => drawing.number(scene, &shapes),
        LaneKind::Text => drawing.text(scene, &shapes),
    }
}

/// What cannot be told apart stands as one block for as long as it goes on: hundreds of slivers beside one another cost a
/// frame, and say no more.
#[derive(Debug, Default)]
struct Blocks(Vec<(f32, f32)>);

impl Blocks {
    /// From left to right.
    fn add(&mut self, from: f32, to: f32) {
        match self.0.last_mut() {
            Some((_, end)) if from <= *end + 0.5 => *end = end.max(to),
            _ => self.0.push((from, to)),
        }
    }

    fn paint(&self, mesh: &mut Mesh, height: Range<f32>, ink: Color32) {
        for (from, to) in &self.0 {
            mesh.add_colored_rect(Rect::from_min_max(pos2(*from, height.start), pos2(*to, height.end)), ink);
        }
    }
}

struct Drawing<'d> {
    painter: &'d Painter,
    track: &'d Track<'d>,
    data: &'d LaneData,
    hue: Color32,
    left: f32,
    top: f32,
    bottom: f32,
    /// Where the cursor stands.
    here: f32,
    outer: Rect,
}

impl Drawing<'_> {
    fn told(&self, place: usize) -> Told {
        self.data.steps.get(place).map_or(Told::Nothing, |(_, told)| *told)
    }

    fn font() -> FontId {
        FontId::monospace(11.0)
    }

    fn base(&self) {
        let y = self.bottom;
        self.painter.line_segment(
            [pos2(self.track.rect.left(), y), pos2(self.track.rect.right(), y)],
            Stroke::new(1.0, self.hue.gamma_multiply(0.6)),
        );
    }

    /// What lies behind the cursor is fainter; its words are written over that.
    fn veil(&self) {
        let from = self.here + 1.0;
        if from < self.outer.right() {
            let behind = Rect::from_min_max(pos2(from.max(self.outer.left()), self.outer.top()), self.outer.max);
            self.painter.rect_filled(behind, 0.0, self.track.colours.panel.gamma_multiply(0.45));
        }
    }

    /// Writes where there is room, cut at its end; dim behind the cursor. Says whether there was room.
    fn words(&self, left: f32, right: f32, text: &str, is_centred: bool) -> bool {
        let colours = self.track.colours;
        let (left, right) = (left.max(self.outer.left()), right.min(self.outer.right()));
        let ink = if left > self.here { colours.dim } else { colours.text };
        let room = right - left - 8.0;
        if room < LEAST_WORDS {
            return false;
        }
        let letters = (room / LETTER) as usize;
        let text: String = match text.chars().count() {
            count if count > letters => text.chars().take(letters.saturating_sub(1)).chain(['…']).collect(),
            _ => text.to_owned(),
        };
        let galley = self.painter.layout_no_wrap(text, Self::font(), ink);
        if galley.size().x > room + 6.0 {
            return false;
        }
        let x = if is_centred { f32::midpoint(left, right) - galley.size().x / 2.0 } else { left + 6.0 };
        let y = f32::midpoint(self.top, self.bottom) - galley.size().y / 2.0;
        self.painter.galley(pos2(x.round(), y.round()), galley, ink);
        true
    }

    fn x(&self, at: f32) -> f32 {
        self.left + at
    }

    /// A line that is high where the condition holds.
    fn condition(&self, scene: &Scene<'_>, gists: &[Gist]) {
        let (mut fills, mut line) = (Mesh::default(), Mesh::default());
        let mut crowds = Blocks::default();
        let fill = self.track.colours.band(self.hue);
        let mut stroke = |from: Pos2, to: Pos2| {
            let half = vec2(LINE / 2.0, LINE / 2.0);
            line.add_colored_rect(Rect::from_two_pos(from, to).expand2(half), self.hue);
        };
        let mut before = None;
        for Gist { piece, first_true, .. } in gists {
            let is_true = first_true.is_some();
            let (from, to) = (self.x(piece.from), self.x(piece.to).max(self.x(piece.from) + LINE));
            // Turns that cannot be told apart are a block.
            if piece.is_crowd() && is_true {
                crowds.add(from, to);
                before = None;
                continue;
            }
            let (from, y) = (from.round(), if is_true { self.top } else { self.bottom }.round());
            if is_true {
                fills.add_colored_rect(Rect::from_min_max(pos2(from, self.top), pos2(to, self.bottom)), fill);
            }
            if let Some(before) = before.filter(|before| *before != is_true) {
                let other = if before { self.top } else { self.bottom };
                stroke(pos2(from, other.round()), pos2(from, y));
            }
            stroke(pos2(from, y), pos2(to, y));
            before = Some(is_true);
        }
        crowds.paint(&mut fills, self.top..self.bottom, self.hue.gamma_multiply(0.75));
        self.painter.add(Shape::mesh(fills));
        self.painter.add(Shape::mesh(line));
        self.veil();
        for Gist { piece, .. } in gists.iter().filter(|gist| gist.first_true.is_some() && !gist.piece.is_crowd()) {
            let begin = self.data.steps.get(piece.first).map_or(0, |(begin, _)| *begin);
            let end = self.data.steps.get(piece.end).map_or(self.data.turns.looked_at(), |(begin, _)| *begin);
            let count = end.saturating_sub(begin);
            let (from, to) = (self.x(piece.from), self.x(piece.to));
            let fits = |said: &str, margin: f32| (to - from - margin) / LETTER >= said.chars().count() as f32;
            let short = grouped(count as u64);
            // Sentences are made only where there may be room for one.
            if !fits(&short, 8.0) {
                continue;
            }
            let values = [("count", count.into()), ("grouped", short.as_str().into())];
            let long = (to - from > SHORTEST_SENTENCE).then(|| scene.locale.with("lane-band", values));
            let said = long.filter(|long| fits(long, 12.0)).unwrap_or(short);
            self.words(from, to, &said, true);
        }
    }

    /// A tick at each event at which it is true.
    fn moments(&self, gists: &[Gist]) {
        self.base();
        let (mut marks, mut crowds) = (Mesh::default(), Blocks::default());
        let at = |index: Index| self.track.x_of(index);
        let mut labels = Vec::new();
        for Gist { piece, first_true, .. } in gists {
            let Some(first) = *first_true else { continue };
            let begin = self.data.steps.get(first).map_or(0, |(begin, _)| *begin);
            let end = self.data.steps.get(first + 1).map_or(self.data.turns.looked_at(), |(begin, _)| *begin);
            let is_dense =
                piece.is_crowd() || end - begin > 1 && at(end - 1) - at(begin) < (end - begin) as f32 * LEAST;
            if is_dense {
                let (from, to) = (self.x(piece.from), self.x(piece.to).max(self.x(piece.from) + 2.5));
                let to = if piece.is_crowd() { to } else { at(end - 1) + 1.25 };
                crowds.add(from - 1.25, to.max(from + 1.25));
                continue;
            }
            for (place, event) in
                run_ticks(&self.track.line, self.track.shown, self.track.rect.width(), begin..end, LEAST)
            {
                let x = self.x(place);
                let rect = Rect::from_min_max(pos2(x - 1.25, self.top), pos2(x + 1.25, self.bottom));
                marks.add_colored_rect(rect, self.hue);
                labels.push((x, event));
            }
        }
        crowds.paint(&mut marks, self.top..self.bottom, self.hue);
        self.painter.add(Shape::mesh(marks));
        self.veil();
        let ends = labels.iter().skip(1).map(|(x, _)| *x).chain([self.outer.right()]);
        for ((x, index), next) in labels.iter().zip(ends) {
            let version =
                index.and_then(|index| self.track.line.heads().get(index)).map(|head| format!("v{}", head.version));
            if let Some(version) = version.filter(|version| next - x > version.len() as f32 * 7.0 + 14.0) {
                self.words(*x, next, &version, false);
            }
        }
    }

    /// A line of steps, with the area under it.
    fn number(&self, scene: &Scene<'_>, gists: &[Gist]) {
        let LaneData { low, high, .. } = self.data;
        let height = self.bottom - self.top;
        let y = |number: f64| {
            let share = if high > low { (number - low) / (high - low) } else { 0.5 };
            self.bottom - height * share as f32
        };
        let (mut area, mut line) = (Mesh::default(), Vec::new());
        let fill = self.track.colours.area(self.hue);
        let flush = |line: &mut Vec<Pos2>| {
            if line.len() > 1 {
                self.painter.add(Shape::line(std::mem::take(line), Stroke::new(1.5, self.hue)));
            }
            line.clear();
        };
        let mut lines = Vec::new();
        for Gist { piece, low: least, high: most, .. } in gists {
            let (least, most) = (*least, *most);
            if least > most {
                lines.push(std::mem::take(&mut line));
                continue;
            }
            let (from, to) = (self.x(piece.from), self.x(piece.to).max(self.x(piece.from) + 1.0));
            area.add_colored_rect(Rect::from_min_max(pos2(from, y(most)), pos2(to, self.bottom + 3.0)), fill);
            if piece.is_crowd() {
                line.extend([pos2(from, y(least)), pos2(from, y(most))]);
            }
            let last = match self.told(piece.end - 1) {
                Told::Number(number) => number,
                _ => most,
            };
            line.extend([pos2(from, y(last)), pos2(to, y(last))]);
        }
        lines.push(line);
        self.painter.add(Shape::mesh(area));
        lines.iter_mut().for_each(flush);
        self.veil();
        self.number_words(scene, &y);
    }

    /// The greatest and the least at the right, and the value at the cursor in a tag.
    fn number_words(&self, scene: &Scene<'_>, y: &dyn Fn(f64) -> f32) {
        let (colours, LaneData { low, high, .. }) = (self.track.colours, self.data);
        let small = FontId::monospace(10.0);
        // They would lie under the tag.
        let is_near = (self.outer.right() - 90.0..=self.outer.right()).contains(&self.here);
        if high > low && !is_near {
            for (number, at) in [(*high, self.top + 3.0), (*low, self.bottom - 1.0)] {
                let right = pos2(self.outer.right() - 2.0, at);
                let galley = self.painter.layout_no_wrap(number_text(number), small.clone(), colours.dim);
                let rect = Align2::RIGHT_CENTER.anchor_size(right, galley.size());
                self.painter.rect_filled(rect.expand2(vec2(2.0, 0.0)), 2.0, colours.panel.gamma_multiply(0.7));
                self.painter.galley(rect.min, galley, colours.dim);
            }
        }
        if !self.outer.x_range().contains(self.here) {
            return;
        }
        let told = self.data.told_at(self.track.cursor);
        let text = told_text(scene, self.data, told);
        let galley = self.painter.layout_no_wrap(text, Self::font(), colours.text);
        let size = galley.size() + vec2(10.0, 4.0);
        let middle = match told {
            Told::Number(number) => y(number),
            _ => f32::midpoint(self.top, self.bottom),
        };
        let middle = middle.clamp(self.outer.top() + size.y / 2.0 + 1.0, self.outer.bottom() - size.y / 2.0 - 1.0);
        // Right of the cursor, but at the right end left of it.
        let is_left = self.here + 6.0 + size.x > self.outer.right();
        let left = if is_left { self.here - 6.0 - size.x } else { self.here + 6.0 };
        let tag = Rect::from_min_size(pos2(left, middle - size.y / 2.0), size);
        self.painter.rect_filled(tag, 4.0, colours.panel);
        self.painter.rect_stroke(tag, 4.0, Stroke::new(1.0, self.hue), egui::StrokeKind::Inside);
        self.painter.galley(tag.min + vec2(5.0, 2.0), galley, colours.text);
    }

    /// A segment for each value, with its name where there is room.
    fn text(&self, scene: &Scene<'_>, gists: &[Gist]) {
        let colours = self.track.colours;
        let (mut fills, mut edges, mut crowds) = (Mesh::default(), Mesh::default(), Blocks::default());
        let hue = |told: Told| match told {
            Told::Label(place) => colours.value_hue(place as usize),
            Told::Truth(is) => colours.value_hue(usize::from(is)),
            Told::Number(_) => self.hue,
            Told::Nothing | Told::Unknown => colours.faint,
        };
        for Gist { piece, .. } in gists {
            let told = self.told(piece.first);
            let (from, to) = (self.x(piece.from), self.x(piece.to).max(self.x(piece.from) + 1.0));
            if piece.is_crowd() {
                crowds.add(from, to);
            } else if told != Told::Nothing {
                let rect = Rect::from_min_max(pos2(from, self.top), pos2(to - 1.0, self.bottom));
                fills.add_colored_rect(rect, colours.band(hue(told)));
                let edge = (rect.width()).clamp(0.5, 2.5);
                edges.add_colored_rect(Rect::from_min_max(rect.min, pos2(from + edge, self.bottom)), hue(told));
            }
        }
        crowds.paint(&mut fills, self.top..self.bottom, colours.band(colours.faint));
        self.painter.add(Shape::mesh(fills));
        self.painter.add(Shape::mesh(edges));
        self.veil();
        for Gist { piece, .. } in gists.iter().filter(|gist| !gist.piece.is_crowd()) {
            let told = self.told(piece.first);
            if told != Told::Nothing && piece.to - piece.from > LEAST_WORDS {
                self.words(self.x(piece.from), self.x(piece.to), &told_text(scene, self.data, told), false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_touches_is_one_block_and_what_lies_apart_is_another() {
        let mut blocks = Blocks::default();
        for place in 0..500_u16 {
            blocks.add(f32::from(place) * 2.0, f32::from(place) * 2.0 + 2.0);
        }
        blocks.add(1_010.0, 1_012.0);
        assert_eq!(blocks.0, [(0.0, 1_000.0), (1_010.0, 1_012.0)]);
        let mut mesh = Mesh::default();
        blocks.paint(&mut mesh, 0.0..10.0, Color32::WHITE);
        assert_eq!(mesh.indices.len(), 2 * 6);
    }
}
