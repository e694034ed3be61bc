//! Where the cursor stands, and which part of the timeline is shown around it.

use super::StreamView;
use crate::event::{Timestamp, Version};
use crate::replay::Index;
use crate::view::{FindingStep, Line, Shown as ShownPart, Span};

impl StreamView {
    /// The version that the cursor stands at.
    pub fn version(&self) -> Option<Version> {
        Some(self.base()?.timeline.heads().get(self.cursor?)?.version)
    }

    /// When the event at the cursor was recorded.
    pub(in crate::view) fn time(&self) -> Option<Timestamp> {
        self.base()?.timeline.heads().get(self.cursor?)?.recorded_at
    }

    pub fn cursor(&self) -> Option<Index> {
        self.cursor
    }

    /// Moves the cursor, to the nearest event where there is none at this place.
    pub fn go_to(&mut self, index: Index) {
        let Some(last) = self.len().checked_sub(1) else { return };
        let index = index.min(last);
        if self.cursor != Some(index) {
            self.cursor = Some(index);
            self.wants_event = true;
            self.keep_in_sight();
        }
    }

    /// What the timeline shows of the stream.
    pub fn shown_part(&self, is_by_time: bool) -> ShownPart {
        let Some(loaded) = self.base() else { return ShownPart::WHOLE };
        Line::new(loaded, is_by_time).shown(self.span, &Line::new(loaded, !is_by_time))
    }

    /// Shows this part of the timeline, or all of it.
    pub fn show_part(&mut self, span: Option<Span>) {
        self.span = span;
    }

    /// Goes so many times as near in the timeline: to the cursor where it is in sight, else to the middle.
    pub fn zoom(&mut self, is_by_time: bool, factor: f64) {
        let shown = self.shown_part(is_by_time);
        let Some((loaded, cursor)) = self.base().zip(self.cursor) else { return };
        let line = Line::new(loaded, is_by_time);
        let here = Some(line.share_of(cursor)).filter(|share| shown.has(*share));
        let about = here.unwrap_or(f64::midpoint(shown.from, shown.to));
        self.span = line.span(shown.zoomed(about, factor, line.narrowest()));
    }

    /// The part that is shown follows the cursor when it leaves it.
    pub(super) fn keep_in_sight(&mut self) {
        let (Some(span), Some(loaded), Some(cursor)) = (self.span, self.base(), self.cursor) else { return };
        let line = Line::new(loaded, span.is_by_time);
        let shown = self.shown_part(span.is_by_time);
        let held = shown.holding(line.share_of(cursor));
        if held != shown {
            self.span = line.span(held);
        }
    }

    pub fn step(&mut self, by: isize) {
        if let Some(cursor) = self.cursor {
            self.go_to(cursor.saturating_add_signed(by));
        }
    }

    /// The next event with a finding behind the cursor, or the one before it; from either end the other.
    pub fn next_finding(&self, is_next: bool, goes_round: bool) -> Option<FindingStep<Index>> {
        let (found, cursor) = (self.base()?.timeline.all_findings(), self.cursor?);
        let places = || found.iter().map(|(index, _)| *index);
        let (next, round) = if is_next {
            (places().find(|index| *index > cursor), places().next())
        } else {
            (places().rfind(|index| *index < cursor), places().next_back())
        };
        FindingStep::of(next, round, goes_round)
    }
}
