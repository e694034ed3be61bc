//! Where the keyboard is: the ring around what has the focus, and lists that are one stop of Tab.

use std::ops::Range;

use egui::style::ScrollAnimation;
use egui::{EventFilter, Id, Key, Modifiers, Rect, Response, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::theme::{CONTROL_RADIUS, ROW_HEIGHT, palette};

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

/// With these nothing moves the focus but Tab: an arrow is for a list or a command.
pub const ARROWS_STAY: EventFilter =
    EventFilter { tab: false, horizontal_arrows: true, vertical_arrows: true, escape: false };

/// At which row of a list the focus is, or comes in with Tab.
#[derive(Clone, Copy, Debug, Default)]
struct Stop {
    place: usize,
    has_focus: bool,
    wants_focus: bool,
    /// The row that the list itself stood at.
    kept: Option<usize>,
}

/// A list that is one stop of Tab. Inside it the arrows, Page Up and Down, Home and End lead from row to row.
#[derive(Debug)]
pub(super) struct Stops {
    id: Id,
    stop: Stop,
    has_focus: bool,
    is_moved: bool,
    drawn: Range<usize>,
}

impl Stops {
    /// `kept`: the row that the list stands at by itself.
    pub(super) fn new(ui: &Ui, list: &'static str, count: usize, kept: Option<usize>) -> Self {
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
        let last = count.saturating_sub(1);
        stop.place = stop.place.min(last);
        let before = stop.place;
        if is_here {
            let page = ((ui.available_height() / ROW_HEIGHT) as usize).saturating_sub(1).max(1);
            ui.input_mut(|input| {
                let mut pressed = |key| input.count_and_consume_key(Modifiers::NONE, key);
                stop.place = (stop.place + pressed(Key::ArrowDown) + page * pressed(Key::PageDown)).min(last);
                let back = pressed(Key::ArrowUp) + page * pressed(Key::PageUp);
                stop.place = stop.place.saturating_sub(back);
                if pressed(Key::Home) > 0 {
                    stop.place = 0;
                }
                if pressed(Key::End) > 0 {
                    stop.place = last;
                }
            });
        }
        let is_moved = stop.place != before;
        stop.wants_focus |= is_moved;
        Self { id, stop, has_focus: false, is_moved, drawn: 0..count }
    }

    /// This row is to be brought into view, and is where Tab comes in.
    pub(super) fn lead_to(&mut self, place: usize) {
        self.stop.place = place;
        self.is_moved = true;
    }

    /// A key led into the list from what stands before it.
    pub(super) fn enter(&mut self) {
        self.stop.wants_focus = true;
        self.lead_to(0);
    }

    /// The row that is to be brought into view, because a key led there.
    pub(super) fn moved_to(&self) -> Option<usize> {
        self.is_moved.then_some(self.stop.place)
    }

    /// Scrolls to a row, from within the rows that are drawn.
    pub(super) fn scroll_to(ui: &Ui, place: usize, drawn: &Range<usize>, height: f32) {
        let top = ui.max_rect().top() + (place as f32 - drawn.start as f32) * height;
        let row = Rect::from_min_size(pos2(ui.max_rect().left(), top), vec2(1.0, height));
        ui.scroll_to_rect_animation(row, None, ScrollAnimation::none());
    }

    /// Which rows are drawn. Where the one that Tab would come in at is not among them, it comes in at the first.
    pub(super) fn drawn(&mut self, rows: Range<usize>) {
        self.drawn = rows;
    }

    /// What a row listens to: all to the pointer, and one to the keyboard.
    pub(super) fn sense(&self, place: usize) -> Sense {
        let stop = if self.drawn.contains(&self.stop.place) { self.stop.place } else { self.drawn.start };
        if place == stop { Sense::click() } else { Sense::CLICK }
    }

    /// A row was drawn: it gets the focus where a key led to it.
    pub(super) fn row(&mut self, ui: &Ui, place: usize, response: &Response) {
        if self.stop.wants_focus && place == self.stop.place {
            self.stop.wants_focus = false;
            response.request_focus();
        }
        if response.has_focus() {
            self.has_focus = true;
            // Where a key led to a row that is not drawn yet, the old one is left in a moment.
            if !self.stop.wants_focus {
                self.stop.place = place;
            }
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, ARROWS_STAY));
        }
    }

    pub(super) fn end(self, ui: &Ui) {
        let stop = Stop { has_focus: self.has_focus, ..self.stop };
        ui.data_mut(|data| data.insert_temp(self.id, stop));
    }
}
