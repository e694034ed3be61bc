use crate::event::Timestamp;
use crate::index::{Chronicle, Edges, Lanes, StoreMoment};
use crate::view::{Clock, Shown, Tick, TimeScale, time_ticks};

/// How the events of a store are laid out along a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StoreAxis {
    /// By when they were recorded, in microseconds since 1970.
    #[default]
    Time,
    /// By their places in the store's order, evenly.
    Place,
}

/// A part of an axis; `to` lies behind its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoreSpan {
    pub from: i64,
    pub to: i64,
}

impl StoreSpan {
    pub fn new(one: i64, other: i64) -> Self {
        Self { from: one.min(other), to: one.max(other) }
    }

    pub fn len(self) -> i64 {
        self.to.saturating_sub(self.from)
    }

    pub fn is_empty(self) -> bool {
        self.to <= self.from
    }

    pub fn middle(self) -> i64 {
        self.from.saturating_add(self.len() / 2)
    }

    pub fn holds(self, value: i64) -> bool {
        (self.from..self.to).contains(&value)
    }

    /// Where a value lies, from nought to one; beyond these where it lies outside.
    pub fn share(self, value: i64) -> f64 {
        value.saturating_sub(self.from) as f64 / self.len().max(1) as f64
    }

    pub fn value(self, share: f64) -> i64 {
        self.from.saturating_add((self.len() as f64 * share) as i64)
    }

    /// So much nearer; what lies here stays where it is.
    #[must_use]
    pub fn zoomed(self, around: i64, factor: f64) -> Self {
        let len = self.len() as f64 / factor.max(1e-12);
        let from = around.saturating_sub((len * self.share(around)) as i64);
        Self { from, to: from.saturating_add(len.ceil() as i64) }
    }

    #[must_use]
    pub fn moved(self, by: i64) -> Self {
        Self { from: self.from.saturating_add(by), to: self.to.saturating_add(by) }
    }

    /// Moved and shortened to lie in the whole, and no shorter than can be looked at.
    #[must_use]
    pub(super) fn within(self, whole: Self, axis: StoreAxis) -> Self {
        let least = match axis {
            StoreAxis::Time => 1_000,
            StoreAxis::Place => 10,
        };
        let len = self.len().max(least).min(whole.len());
        let from = self.from.clamp(whole.from, whole.to.saturating_sub(len).max(whole.from));
        Self { from, to: from.saturating_add(len) }
    }
}

/// Round times of a span, at least so much of it away from each other; none where the calendar does not reach.
pub fn span_ticks(span: StoreSpan, least: f64, clock: Clock) -> Vec<Tick> {
    let scale = TimeScale::of_times(vec![Timestamp::from_micros(span.from), Timestamp::from_micros(span.to)]);
    time_ticks(&scale, Shown::WHOLE, least, |at| (clock.offset)(at))
}

/// Round numbers of events in a span, each with where it lies.
pub fn place_ticks(span: StoreSpan, least: f64) -> Vec<(f64, u64)> {
    let nice = (0..18).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_i64.pow(power)));
    let length = span.len().max(1) as f64;
    let Some(step) = nice.into_iter().find(|step| *step as f64 / length >= least) else { return Vec::new() };
    let first = span.from.div_euclid(step).saturating_add(i64::from(span.from.rem_euclid(step) > 0)) * step;
    let places = (0..=span.len() / step).map(|number| first + number * step).take_while(|place| *place <= span.to);
    places.map(|place| (span.share(place), place.unsigned_abs())).collect()
}

pub(super) fn whole(chronicle: &Chronicle, axis: StoreAxis) -> Option<StoreSpan> {
    match axis {
        StoreAxis::Place => Some(StoreSpan { from: 0, to: chronicle.len() as i64 }).filter(|span| !span.is_empty()),
        StoreAxis::Time => {
            let (first, last) = chronicle.extent()?;
            // Even one moment has a width to be drawn in.
            let to = last.micros().saturating_add(1).max(first.micros().saturating_add(1_000));
            Some(StoreSpan { from: first.micros(), to })
        }
    }
}

pub(super) fn value_of(chronicle: &Chronicle, axis: StoreAxis, moment: StoreMoment) -> Option<i64> {
    let count = chronicle.count_at(moment);
    match axis {
        StoreAxis::Place => Some(count as i64),
        StoreAxis::Time => {
            let last = chronicle.entry(count.checked_sub(1)?)?;
            last.recorded_at.or_else(|| chronicle.extent().map(|(_, last)| last)).map(Timestamp::micros)
        }
    }
}

pub(super) fn edges(axis: StoreAxis, edges: Vec<i64>) -> Edges {
    match axis {
        StoreAxis::Time => Edges::Times(edges),
        StoreAxis::Place => Edges::Places(edges.into_iter().map(|edge| usize::try_from(edge).unwrap_or(0)).collect()),
    }
}

pub(super) fn events_in(chronicle: &Chronicle, axis: StoreAxis, span: StoreSpan) -> u64 {
    chronicle.count_between(&edges(axis, vec![span.from, span.to]), &Lanes::default()).sums().iter().sum()
}

/// From when to behind when the events of a span were recorded.
pub(super) fn times_of(chronicle: &Chronicle, axis: StoreAxis, span: StoreSpan) -> Option<(Timestamp, Timestamp)> {
    let StoreSpan { from, to } = match axis {
        StoreAxis::Time => span,
        StoreAxis::Place => on_other(chronicle, axis, StoreAxis::Time, span)?,
    };
    Some((Timestamp::from_micros(from), Timestamp::from_micros(to)))
}

/// The same span along the other axis, as near as it can be told.
pub(super) fn on_other(
    chronicle: &Chronicle,
    before: StoreAxis,
    axis: StoreAxis,
    span: StoreSpan,
) -> Option<StoreSpan> {
    match (before, axis) {
        (StoreAxis::Time, StoreAxis::Place) => {
            let place = |at: i64| {
                let before = StoreMoment::Time(Timestamp::from_micros(at.saturating_sub(1)));
                chronicle.count_at(before) as i64
            };
            Some(StoreSpan { from: place(span.from), to: place(span.to) })
        }
        (StoreAxis::Place, StoreAxis::Time) => {
            let at = |place: i64| chronicle.entry(usize::try_from(place).ok()?)?.recorded_at.map(Timestamp::micros);
            let from = at(span.from)?;
            let to = at(span.to.saturating_sub(1)).map_or(from, |to| to.saturating_add(1));
            Some(StoreSpan::new(from, to))
        }
        _ => Some(span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_under_the_pointer_stays_there_and_the_span_stays_in_the_whole() {
        let whole = StoreSpan { from: 1_000, to: 101_000 };
        let nearer = whole.zoomed(26_000, 4.0);
        assert!((nearer.share(26_000) - whole.share(26_000)).abs() < 1e-3, "{nearer:?}");
        assert_eq!(nearer.len(), 25_000);
        assert_eq!(nearer.zoomed(26_000, 0.01).within(whole, StoreAxis::Time), whole);
        assert_eq!(nearer.moved(-90_000).within(whole, StoreAxis::Time), StoreSpan { from: 1_000, to: 26_000 });
        assert_eq!(nearer.moved(500_000).within(whole, StoreAxis::Time).to, whole.to);
        assert_eq!(nearer.zoomed(26_000, 1e9).within(whole, StoreAxis::Time).len(), 1_000);
    }

    #[test]
    fn the_ends_of_all_time_are_no_trouble() {
        let whole = StoreSpan { from: i64::MIN + 1, to: i64::MAX };
        assert!(whole.share(0).is_finite() && whole.value(0.5) > i64::MIN);
        let _ = whole.zoomed(0, 1e-9).within(whole, StoreAxis::Time);
    }
}
