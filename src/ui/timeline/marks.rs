use std::sync::Arc;

use egui::{Color32, Id, Mesh, Painter, Rect, Shape, Ui, pos2, vec2};

use super::track::Track;
use crate::theme::FAINT;
use crate::ui::icons::paint_sign;
use crate::view::{Column, LANES, StreamView, columns};

/// How high a mark is, and how much higher where several share a place: by time the more the more there are.
const HEIGHT: f32 = 14.0;
const TALLER: f32 = 8.0;

/// What was made for a frame, for as long as the next ones show the same.
#[derive(Clone)]
pub(super) struct Kept {
    key: Key,
    columns: Arc<Vec<Column>>,
}

/// Where the columns came from: the stream as it was, what is shown of it, on how many points, and what a filter wants.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    stream: usize,
    len: usize,
    revision: u64,
    is_by_time: bool,
    shown: crate::view::Shown,
    points: f32,
    looks: Option<u64>,
}

/// The columns to draw, made anew only where something changed.
pub(super) fn kept_columns(ui: &Ui, name: &'static str, track: &Track<'_>, view: &StreamView) -> Arc<Vec<Column>> {
    let Track { line, shown, rect, .. } = track;
    let matches = view.history_filter.matches();
    let key = Key {
        stream: line.heads().as_ptr().addr(),
        len: line.len(),
        revision: view.revision(),
        is_by_time: line.is_by_time(),
        shown: *shown,
        points: rect.width(),
        looks: matches.map(|_| view.history_filter.looks()),
    };
    let id = Id::unique(name);
    if let Some(kept) = ui.data(|data| data.get_temp::<Kept>(id)).filter(|kept| kept.key == key) {
        return kept.columns;
    }
    let columns = Arc::new(columns(line, *shown, rect.width(), matches.as_ref()));
    ui.data_mut(|data| data.insert_temp(id, Kept { key, columns: columns.clone() }));
    columns
}

/// One mark an event. Where several share a place, they are one bar with each type's share of it. What lies behind the
/// cursor or is left out by the filter is faint.
pub(super) fn marks_ui(ui: &Ui, painter: &Painter, track: &Track<'_>, view: &StreamView) {
    let colours = track.colours;
    let columns = kept_columns(ui, "columns of the timeline", track, view);
    let names = track.line.types().names();
    let signs: Vec<_> = names.iter().map(|name| colours.sign(view.sign_of(name.as_str()))).collect();
    let hue = |lane: usize| signs.get(lane).map_or(colours.faint, |sign| sign.hue);
    let here = track.x_of(track.cursor);
    let most = columns.iter().map(|column| column.count).max().unwrap_or(1).max(2) as f32;
    let mut bars = Bars(Mesh::default());
    for column in columns.iter() {
        let x = track.rect.left() + column.x;
        let is_faint = x > here + 0.5;
        let middle = pos2(x, track.y());
        if column.is_alone {
            let rect = Rect::from_center_size(middle, vec2(8.0, HEIGHT));
            let head = track.line.heads().get(track.line.event_at(column.first));
            let sign = colours.sign(head.map_or(0, |head| view.sign_of(head.event_type.as_str())));
            // Under a ring the line would show through.
            painter.rect_filled(rect, 2.0, colours.panel);
            paint_sign(painter, rect, sign.faint_if(is_faint || column.is_left_out));
            continue;
        }
        let taller = match column.count {
            0 | 1 => 0.0,
            count if track.line.is_by_time() => TALLER * (count as f32).ln() / most.ln(),
            _ => TALLER,
        };
        let left = (x - column.width / 2.0).round();
        let right = (x + column.width / 2.0).round().max(left + 1.0);
        let height = HEIGHT + taller;
        let rect = Rect::from_min_max(pos2(left, middle.y - height / 2.0), pos2(right, middle.y + height / 2.0));
        // What lies under it must not change its colours.
        bars.0.add_colored_rect(rect, colours.panel);
        let strength = match (is_faint, column.is_left_out) {
            (true, true) => FAINT * FAINT,
            (false, false) => 1.0,
            _ => FAINT,
        };
        bars.stack(rect, &column.counts, |lane| hue(lane).gamma_multiply(strength));
    }
    painter.add(Shape::mesh(bars.0));
}

struct Bars(Mesh);

impl Bars {
    /// The share of each type, from the bottom up. Each that is there is seen, however few there are of it.
    fn stack(&mut self, rect: Rect, counts: &[u32; LANES], colour: impl Fn(usize) -> Color32) {
        let all: u32 = counts.iter().sum();
        let there = counts.iter().filter(|count| **count > 0).count();
        let least = (rect.height() / there.max(1) as f32).min(1.0);
        let room = rect.height() - least * there as f32;
        let mut bottom = rect.bottom();
        for (lane, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let top = bottom - least - room * (*count as f32 / all.max(1) as f32);
            let part = Rect::from_min_max(pos2(rect.left(), top), pos2(rect.right(), bottom));
            self.0.add_colored_rect(part, colour(lane));
            bottom = top;
        }
    }
}
