//! Between two events the lines that the handler of the second one ran: the same slider leads through both.

use egui::{Painter, Stroke, pos2};

use super::track::Track;
use crate::view::{Lens, OpenStore};

/// In front of the first event there is room for the lines of its handler.
pub(super) const LEAD: f32 = 44.0;

/// Between an event's mark and the lines before it and behind it.
const GAP: f32 = 9.0;

/// Two ticks are no nearer to each other.
const NEAREST: f32 = 4.0;

/// Where the lines lie that ran.
#[derive(Clone, Copy, Debug)]
pub(super) struct HandlerLines {
    /// Of the event before, and of the one whose lines they are.
    before: f32,
    mark: f32,
    count: usize,
    /// On which one stands.
    pub(super) nth: Option<usize>,
}

impl HandlerLines {
    /// `None` where no line ran, or there is no room for a tick.
    pub(super) fn of(track: &Track<'_>, store: &OpenStore) -> Option<Self> {
        let trace = &store.own.trace;
        let count = if store.lens() == Lens::Projections { trace.line_count() } else { 0 };
        if count == 0 {
            return None;
        }
        let mark = track.x_of(track.cursor);
        let before = match track.cursor.checked_sub(1) {
            Some(before) => track.x_of(before),
            None => mark - LEAD - GAP,
        };
        let before = before.max(track.outer.left());
        (mark - before >= 2.0 * GAP + NEAREST).then_some(Self { before, mark, count, nth: trace.nth() })
    }

    fn x_of(&self, nth: usize) -> f32 {
        self.before + (self.mark - self.before) * (nth + 1) as f32 / (self.count + 1) as f32
    }

    /// Where the cursor stands.
    pub(super) fn here(&self) -> f32 {
        self.nth.map_or(self.mark, |nth| self.x_of(nth))
    }

    /// The line at a place; the inner `None` is behind all of them. `None` where it is none of this event.
    #[allow(clippy::option_option, reason = "no place of this event, or the place behind its lines")]
    pub(super) fn at(&self, x: f32) -> Option<Option<usize>> {
        if (x - self.mark).abs() < GAP / 2.0 {
            return Some(None);
        }
        if x < self.before + GAP / 2.0 || x > self.mark {
            return None;
        }
        let share = (x - self.before) / (self.mark - self.before);
        let nth = (share * (self.count + 1) as f32).round() as usize;
        Some(Some(nth.clamp(1, self.count) - 1))
    }

    /// A tick a line, as many as there is room for.
    pub(super) fn paint(&self, painter: &Painter, track: &Track<'_>) {
        let room = ((self.mark - self.before) / NEAREST) as usize;
        let every = self.count.div_ceil(room.max(1)).max(1);
        let y = track.y();
        for nth in (0..self.count).step_by(every) {
            let is_run = self.nth.is_none_or(|here| nth <= here);
            let ink = if is_run { track.colours.accent } else { track.colours.faint };
            let x = self.x_of(nth);
            painter.line_segment([pos2(x, y - 4.0), pos2(x, y + 4.0)], Stroke::new(1.5, ink));
        }
    }
}
