use std::sync::Arc;

use egui::{Id, Painter, Rect, Ui, pos2, vec2};

use super::bars::bars_ui;
use super::track::Track;
use crate::ui::history::paint_note;
use crate::ui::icons::paint_sign;
use crate::view::{Column, StreamView, columns};

/// How high a mark is.
pub(super) const HEIGHT: f32 = 14.0;

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
    bars_ui(ui, painter, track, view, &columns);
    let here = track.x_of(track.cursor);
    for column in columns.iter().filter(|column| column.is_alone) {
        let x = track.rect.left() + column.x;
        let rect = Rect::from_center_size(pos2(x, track.y()), vec2(8.0, HEIGHT));
        let head = track.line.heads().get(track.line.event_at(column.first));
        let sign = colours.sign(head.map_or(0, |head| view.sign_of(head.event_type.as_str())));
        // Under a ring the line would show through.
        painter.rect_filled(rect, 2.0, colours.panel);
        paint_sign(painter, rect, sign.faint_if(x > here + 0.5 || column.is_left_out));
    }
    notes_ui(painter, track, view);
}

/// Where the cursor stands, its knob leaves a ribbon in sight.
const NOTE_ASIDE: f32 = 9.0;

/// A ribbon over each event in sight that has a note.
fn notes_ui(painter: &Painter, track: &Track<'_>, view: &StreamView) {
    let heads = track.line.heads();
    for version in view.noted() {
        let Ok(index) = heads.binary_search_by_key(&version, |head| head.version) else { continue };
        let x = track.x_of(index);
        let has_note = heads.get(index).is_some_and(|head| view.note_on(head).is_some());
        if has_note && track.rect.x_range().contains(x) {
            let rect = Rect::from_center_size(pos2(x + NOTE_ASIDE, track.y() - HEIGHT), vec2(6.0, 9.0));
            paint_note(painter, rect, track.colours.accent);
        }
    }
}
