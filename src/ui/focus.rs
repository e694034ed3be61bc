//! Where the keyboard is: the ring around what has the focus, and lists that are one stop of Tab.

use std::ops::Range;

use egui::style::ScrollAnimation;
use egui::{EventFilter, Id, Key, Modifiers, Rect, Response, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::theme::{CONTROL_RADIUS, palette};

/// Around whatever has the focus, so that nothing can be forgotten. A field shows it by its own edge.
pub fn focus_ring_ui(ui: &Ui) {
    let ctx = ui.ctx();
    if ctx.text_edit_focused() {
        return;
    }
    let Some(response) = ctx.memory(egui::Memory::focused).and_then(|id| ctx.read_response(id)) else { return };
    let rect = response.interact_rect.expand(1.0);
    if rect.is_positive() {
        let colours = palette(ui);
        let painter = ctx.layer_painter(response.layer_id);
        // Between the ring and a fill of its own ink, such as a primary button has, there is the ground's.
        painter.rect_stroke(rect, CONTROL_RADIUS, Stroke::new(2.0, colours.panel), StrokeKind::Inside);
        painter.rect_stroke(rect, CONTROL_RADIUS, Stroke::new(2.0, colours.focus), StrokeKind::Outside);
    }
}

/// What the focus has just come to is scrolled to. Called at the end of what is in a scroll area.
pub(super) fn keep_in_sight(ui: &Ui) {
    let id = ui.scope_id().with("focus that is in sight");
    let focused = ui.memory(egui::Memory::focused);
    let before: Option<Id> = ui.data(|data| data.get_temp(id)).flatten();
    if focused == before {
        return;
    }
    ui.data_mut(|data| data.insert_temp(id, focused));
    let Some(response) = focused.and_then(|id| ui.ctx().read_response(id)) else { return };
    let (rect, seen, clip) = (response.rect, response.interact_rect, ui.clip_rect());
    // What is seen beyond this area's edge belongs to another one.
    let is_elsewhere = seen.is_positive() && !clip.expand(1.0).contains_rect(seen);
    let is_here = response.layer_id == ui.layer_id() && ui.min_rect().contains(rect.center()) && !is_elsewhere;
    if is_here && !clip.contains_rect(rect) {
        ui.scroll_to_rect_animation(rect.expand(4.0), None, ScrollAnimation::none());
    }
}

/// With these nothing moves the focus but Tab: an arrow is for a list or a command.
pub const ARROWS_STAY: EventFilter =
    EventFilter { tab: false, horizontal_arrows: true, vertical_arrows: true, escape: false };

/// At which place of a list the focus is, or comes in with Tab.
#[derive(Clone, Copy, Debug, Default)]
struct Stop {
    place: usize,
    has_focus: bool,
    wants_focus: bool,
    /// For how many frames it has wanted it.
    waited: u8,
    /// The place that the list itself stood at.
    kept: Option<usize>,
}

/// How many places a list has, beside and below each other. They are numbered row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Rows that a page is.
    pub(super) page: usize,
}

impl Shape {
    /// Rows of this height, in a room of that one.
    pub(super) fn rows(rows: usize, height: f32, room: f32) -> Self {
        let page = ((room / height.max(1.0)) as usize).saturating_sub(1).max(1);
        Self { rows, columns: 1, page }
    }

    /// Where the keys that were pressed lead from here.
    fn led(self, place: usize, mut pressed: impl FnMut(Key) -> usize) -> usize {
        let Self { rows, columns, page } = self;
        let (last_row, last_column) = (rows.saturating_sub(1), columns.saturating_sub(1));
        let (mut row, mut column) = (place / columns.max(1), place % columns.max(1));
        row = (row + pressed(Key::ArrowDown) + page * pressed(Key::PageDown)).min(last_row);
        row = row.saturating_sub(pressed(Key::ArrowUp) + page * pressed(Key::PageUp));
        // Where nothing stands beside another, these mean something else.
        if columns > 1 {
            column = (column + pressed(Key::ArrowRight)).min(last_column).saturating_sub(pressed(Key::ArrowLeft));
        }
        if pressed(Key::Home) > 0 {
            (row, column) = (0, 0);
        }
        if pressed(Key::End) > 0 {
            (row, column) = (last_row, last_column);
        }
        row * columns + column
    }
}

/// A list that is one stop of Tab. Inside it the arrows, Page Up and Down, Home and End lead from place to place.
#[derive(Debug)]
pub(super) struct Stops {
    id: Id,
    shape: Shape,
    stop: Stop,
    has_focus: bool,
    is_moved: bool,
    drawn: Range<usize>,
}

impl Stops {
    /// `kept`: the place that the list stands at by itself.
    pub(super) fn new(ui: &Ui, list: &'static str, shape: Shape, kept: Option<usize>) -> Self {
        let id = Id::unique(("stop of list", list));
        let mut stop: Stop = ui.data(|data| data.get_temp(id)).unwrap_or_default();
        let is_here = (stop.has_focus || stop.wants_focus) && !egui::Popup::is_any_open(ui.ctx());
        if let Some(kept) = kept
            && (!is_here || stop.kept != Some(kept))
        {
            stop.place = kept;
            stop.wants_focus |= is_here;
        }
        stop.kept = kept;
        stop.place = stop.place.min((shape.rows * shape.columns).saturating_sub(1));
        let before = stop.place;
        if is_here {
            stop.place =
                ui.input_mut(|input| shape.led(before, |key| input.count_and_consume_key(Modifiers::NONE, key)));
        }
        let is_moved = stop.place != before;
        stop.wants_focus |= is_moved;
        Self { id, shape, stop, has_focus: false, is_moved, drawn: 0..shape.rows }
    }

    /// This place is to be brought into view, and is where Tab comes in.
    pub(super) fn lead_to(&mut self, place: usize) {
        self.stop.wants_focus |= self.stop.has_focus && self.stop.place != place;
        self.stop.place = place;
        self.is_moved = true;
    }

    /// A key led to this place of the list from what stands before it.
    pub(super) fn enter(&mut self, place: usize) {
        self.stop.wants_focus = true;
        self.lead_to(place);
    }

    /// The row that is to be brought into view, because a key led there.
    pub(super) fn moved_to(&self) -> Option<usize> {
        self.is_moved.then_some(self.row_of(self.stop.place))
    }

    fn row_of(&self, place: usize) -> usize {
        place / self.shape.columns.max(1)
    }

    /// Scrolls to a row, from within the rows that are drawn.
    pub(super) fn scroll_to(ui: &Ui, row: usize, drawn: &Range<usize>, height: f32) {
        let top = ui.max_rect().top() + (row as f32 - drawn.start as f32) * height;
        let row = Rect::from_min_size(pos2(ui.max_rect().left(), top), vec2(1.0, height));
        ui.scroll_to_rect_animation(row, None, ScrollAnimation::none());
    }

    /// Which rows are drawn. Where the place that Tab would come in at is not in one of them, it comes in at the first.
    pub(super) fn drawn(&mut self, rows: Range<usize>) {
        self.drawn = rows;
    }

    /// What a place listens to: all to the pointer, and one to the keyboard.
    pub(super) fn sense(&self, place: usize) -> Sense {
        let is_drawn = self.drawn.contains(&self.row_of(self.stop.place));
        let stop = if is_drawn { self.stop.place } else { self.drawn.start * self.shape.columns };
        if place == stop { Sense::click() } else { Sense::CLICK }
    }

    /// A place was drawn: it gets the focus where a key led to it.
    pub(super) fn row(&mut self, ui: &Ui, place: usize, response: &Response) {
        if self.stop.wants_focus && place == self.stop.place {
            self.stop.wants_focus = false;
            response.request_focus();
        }
        if response.has_focus() {
            self.has_focus = true;
            // Where a key led to a place that is not drawn yet, the old one is left in a moment.
            if !self.stop.wants_focus {
                self.stop.place = place;
            }
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, ARROWS_STAY));
        }
    }

    pub(super) fn end(self, ui: &Ui) {
        /// A row that a key led to is drawn by then, if it is there at all.
        const LONGEST_WAIT: u8 = 3;
        let waited = if self.stop.wants_focus && !self.is_moved { self.stop.waited + 1 } else { 0 };
        let wants_focus = self.stop.wants_focus && waited < LONGEST_WAIT;
        let stop = Stop { has_focus: self.has_focus, wants_focus, waited, ..self.stop };
        ui.data_mut(|data| data.insert_temp(self.id, stop));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_through_a_table_and_never_out_of_it() {
        let table = Shape { rows: 3, columns: 2, page: 2 };
        let led = |from, key| table.led(from, |pressed| usize::from(pressed == key));
        for (from, key, to) in [
            (0, Key::ArrowRight, 1),
            (1, Key::ArrowRight, 1),
            (1, Key::ArrowDown, 3),
            (5, Key::ArrowDown, 5),
            (2, Key::ArrowLeft, 2),
            (3, Key::ArrowUp, 1),
            (1, Key::PageDown, 5),
            (3, Key::Home, 0),
            (0, Key::End, 5),
        ] {
            assert_eq!(led(from, key), to, "{key:?} from {from}");
        }
        let list = Shape { columns: 1, ..table };
        assert_eq!(list.led(1, |key| usize::from(key == Key::ArrowRight)), 1, "beside a row there is nothing");
        assert_eq!(Shape { rows: 0, ..list }.led(0, |_| 1), 0);
    }
}
