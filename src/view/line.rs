use super::time_order::TimeOrder;
use super::{EventTypes, Loaded, Pause, Tally, TimeScale};
use crate::event::Head;
use crate::replay::Index;

/// The part of a stream that its timeline shows: counted in events or in microseconds, so that it stays where it is
/// when the stream grows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    pub is_by_time: bool,
    pub from: f64,
    pub to: f64,
}

/// What is shown of a line: shares of it, from nought to one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    pub from: f64,
    pub to: f64,
}

/// So many events, or microseconds, at least are shown, however near one goes.
const FEWEST_EVENTS: f64 = 4.0;
const SHORTEST_MICROS: f64 = 1_000.0;

/// How near to the edge of what is shown the cursor may come by itself, as a share of it.
const MARGIN: f64 = 0.06;

impl Shown {
    pub const WHOLE: Self = Self { from: 0.0, to: 1.0 };

    pub fn width(self) -> f64 {
        self.to - self.from
    }

    pub fn is_whole(self) -> bool {
        self.from <= 0.0 && self.to >= 1.0
    }

    pub fn has(self, share: f64) -> bool {
        (self.from..=self.to).contains(&share)
    }

    /// From nought at the left edge to one at the right, beyond them outside.
    pub fn place_of(self, share: f64) -> f64 {
        (share - self.from) / self.width()
    }

    pub fn share_at(self, place: f64) -> f64 {
        self.from + self.width() * place
    }

    /// So many times as near, with what lies at `share` staying where it is.
    #[must_use]
    pub fn zoomed(self, share: f64, factor: f64, narrowest: f64) -> Self {
        let width = (self.width() / factor).clamp(narrowest.min(1.0), 1.0);
        let place = self.place_of(share).clamp(0.0, 1.0);
        Self { from: share - width * place, to: share + width * (1.0 - place) }.within()
    }

    #[must_use]
    pub fn moved(self, by: f64) -> Self {
        Self { from: self.from + by, to: self.to + by }.within()
    }

    /// Moved no farther than it takes to have `share` in sight.
    #[must_use]
    pub fn holding(self, share: f64) -> Self {
        let margin = self.width() * MARGIN;
        let (low, high) = (self.from + margin, self.to - margin);
        if self.has(share) { self } else { self.moved(share - share.clamp(low.min(high), high.max(low))) }
    }

    fn within(self) -> Self {
        let width = self.width().min(1.0);
        let from = self.from.clamp(0.0, 1.0 - width);
        Self { from, to: from + width }
    }
}

/// Where the events of a stream lie on its timeline: by their versions, each as far from the next, or by their times. All
/// places are shares of the whole line, from nought to one.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    heads: &'a [Head],
    types: &'a EventTypes,
    pauses: &'a TimeScale,
    /// `None` by versions.
    scale: Option<&'a TimeScale>,
    order: Option<&'a TimeOrder>,
}

impl<'a> Line<'a> {
    /// By time only where there are times.
    pub fn new(loaded: &'a Loaded, is_by_time: bool) -> Self {
        Self::of(loaded.timeline.heads(), &loaded.types, &loaded.time_scale, loaded.time_order.as_ref(), is_by_time)
    }

    pub(super) fn of(
        heads: &'a [Head],
        types: &'a EventTypes,
        time_scale: &'a TimeScale,
        order: Option<&'a TimeOrder>,
        is_by_time: bool,
    ) -> Self {
        let scale = (is_by_time && !time_scale.is_empty()).then_some(time_scale);
        Self { heads, types, pauses: time_scale, scale, order: order.filter(|_| scale.is_some()) }
    }

    pub fn is_by_time(&self) -> bool {
        self.scale.is_some()
    }

    pub fn scale(&self) -> Option<&'a TimeScale> {
        self.scale
    }

    pub fn heads(&self) -> &'a [Head] {
        self.heads
    }

    pub fn types(&self) -> &'a EventTypes {
        self.types
    }

    pub fn len(&self) -> usize {
        self.heads.len()
    }

    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    fn last(&self) -> f64 {
        self.heads.len().saturating_sub(1).max(1) as f64
    }

    /// Where the n-th mark from the left lies.
    pub fn share_at(&self, place: usize) -> f64 {
        let Some(scale) = self.scale else { return place as f64 / self.last() };
        let at = match self.order {
            Some(order) => order.time_at(place),
            None => self.heads.get(place).and_then(|head| head.recorded_at),
        };
        at.map_or(1.0, |at| scale.share(at))
    }

    /// Where an event lies.
    pub fn share_of(&self, index: Index) -> f64 {
        self.share_at(self.order.and_then(|order| order.place_of(index)).unwrap_or(index))
    }

    /// Which event has the n-th mark from the left.
    pub fn event_at(&self, place: usize) -> Index {
        self.order.and_then(|order| order.event_at(place)).unwrap_or(place)
    }

    /// How many marks lie left of here.
    pub fn marks_before(&self, share: f64) -> usize {
        if self.scale.is_none() {
            let place = (share * self.last()).ceil().max(0.0) as usize;
            return place.min(self.len());
        }
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.share_at(middle) < share { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The event whose mark is nearest.
    pub fn nearest(&self, share: f64) -> Index {
        let after = self.marks_before(share).min(self.len().saturating_sub(1));
        let before = after.saturating_sub(1);
        let is_before = (self.share_at(before) - share).abs() <= (self.share_at(after) - share).abs();
        self.event_at(if is_before { before } else { after })
    }

    /// Counts by type, in the order of the marks.
    pub fn tally(&self) -> &'a Tally {
        self.order.map_or(self.types.tally(), TimeOrder::tally)
    }

    /// Whether the marks stand in the order of versions.
    pub fn is_in_order(&self) -> bool {
        self.order.is_none()
    }

    /// Where the longest pauses begin and end.
    pub fn pauses(&self) -> impl Iterator<Item = (Pause, Shown)> + '_ {
        self.pauses.pauses().filter_map(|pause| {
            if let Some(scale) = self.scale {
                return Some((pause, Shown { from: scale.share(pause.from), to: scale.share(pause.to) }));
            }
            // By versions, between two events, if these follow each other there too.
            let after = self.heads.partition_point(|head| head.recorded_at.is_none_or(|at| at < pause.to));
            let before = self.heads.get(after.checked_sub(1)?)?;
            let is_here = before.recorded_at == Some(pause.from)
                && self.heads.get(after).is_some_and(|head| head.recorded_at == Some(pause.to));
            is_here.then(|| (pause, Shown { from: self.share_at(after - 1), to: self.share_at(after) }))
        })
    }

    /// How near one can go.
    pub fn narrowest(&self) -> f64 {
        let narrowest = match self.scale {
            Some(scale) => scale.share_of_length(SHORTEST_MICROS),
            None => FEWEST_EVENTS / self.last(),
        };
        narrowest.min(1.0)
    }

    /// What a span shows; of one that was chosen on the other line, what has the same events.
    pub fn shown(&self, span: Option<Span>, other: &Line<'_>) -> Shown {
        let Some(span) = span else { return Shown::WHOLE };
        let wanted = if span.is_by_time == self.is_by_time() {
            Shown { from: self.share_of_number(span.from), to: self.share_of_number(span.to) }
        } else {
            let here = |number: f64| self.share_of(other.nearest(other.share_of_number(number)));
            let (one, two) = (here(span.from), here(span.to));
            Shown { from: one.min(two), to: one.max(two) }
        };
        let middle = f64::midpoint(wanted.from, wanted.to);
        let half = wanted.width().max(self.narrowest()) / 2.0;
        Shown { from: middle - half, to: middle + half }.within()
    }

    /// What is to be kept of what is shown; nothing where that is all.
    pub fn span(&self, shown: Shown) -> Option<Span> {
        let is_by_time = self.is_by_time();
        let number = |share: f64| self.scale.map_or(share * self.last(), |scale| scale.micros_at(share));
        (!shown.is_whole()).then(|| Span { is_by_time, from: number(shown.from), to: number(shown.to) })
    }

    fn share_of_number(&self, number: f64) -> f64 {
        self.scale.map_or(number / self.last(), |scale| scale.share_of_micros(number))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::event::{EventId, EventType, Timestamp, Version};

    fn heads(seconds: &[Option<i64>]) -> Vec<Head> {
        let head = |(version, second): (usize, &Option<i64>)| Head {
            version: Version(version as u64),
            position: None,
            recorded_at: second.map(|second| Timestamp::from_micros(second * 1_000_000)),
            id: EventId::new("x"),
            event_type: EventType::from(if version % 3 == 0 { "a" } else { "b" }),
        };
        seconds.iter().enumerate().map(head).collect()
    }

    /// Events at these seconds, along such a line and along the other.
    pub(in crate::view) fn with_line<R>(
        seconds: &[Option<i64>],
        is_by_time: bool,
        look: impl FnOnce(&Line<'_>, &Line<'_>) -> R,
    ) -> R {
        let heads = heads(seconds);
        let types = EventTypes::new(&heads);
        let scale = TimeScale::new(&heads);
        let order = TimeOrder::new(&heads, &types);
        let line = |is_by_time| Line::of(&heads, &types, &scale, order.as_ref(), is_by_time);
        look(&line(is_by_time), &line(!is_by_time))
    }

    fn ordered(seconds: &[i64]) -> Vec<Option<i64>> {
        seconds.iter().copied().map(Some).collect()
    }

    #[test]
    fn every_event_is_found_where_it_is_drawn() {
        let backward = [Some(0), Some(400), None, Some(20), Some(10), Some(1000), None];
        for seconds in [ordered(&[0, 10, 20, 400, 1000]), backward.to_vec(), ordered(&[7]), vec![None, None]] {
            for is_by_time in [false, true] {
                with_line(&seconds, is_by_time, |line, _| {
                    for index in 0..line.len() {
                        let share = line.share_of(index);
                        let found = line.share_of(line.nearest(share));
                        assert!((found - share).abs() < 1e-9, "{index} of {seconds:?}, by time: {is_by_time}");
                    }
                });
            }
        }
    }

    #[test]
    fn clocks_that_ran_backward_do_not_hide_events() {
        let seconds: Vec<Option<i64>> = (0..1_000).map(|n| Some(if n % 10 == 0 { 1_000 - n } else { n })).collect();
        with_line(&seconds, true, |line, _| {
            let half = line.marks_before(0.5);
            let before = (0..1_000).filter(|index| line.share_of(*index) < 0.5).count();
            assert_eq!(half, before);
            let counted: u32 = line.tally().between(0, half).iter().sum();
            assert_eq!(counted as usize, before);
        });
    }

    #[test]
    fn beyond_the_ends_lie_the_first_and_the_last_event() {
        for is_by_time in [false, true] {
            with_line(&ordered(&[0, 5, 9]), is_by_time, |line, _| {
                assert_eq!((line.nearest(-1.0), line.nearest(7.0)), (0, 2));
            });
        }
    }

    #[test]
    fn what_lies_under_the_pointer_stays_there_while_one_goes_nearer() {
        let mut shown = Shown::WHOLE;
        for factor in [1.3, 2.0, 5.0, 0.7] {
            let place = shown.place_of(0.3);
            shown = shown.zoomed(0.3, factor, 0.0001);
            assert!((shown.place_of(0.3) - place).abs() < 1e-9, "{shown:?}");
        }
        let out = shown.zoomed(0.3, 0.0001, 0.0001);
        assert!(out.is_whole(), "{out:?}");
        assert!((Shown::WHOLE.zoomed(0.5, 1e9, 0.01).width() - 0.01).abs() < 1e-9);
    }

    #[test]
    fn what_is_shown_never_leaves_the_line() {
        let shown = Shown { from: 0.2, to: 0.4 };
        assert!(shown.moved(-5.0).from.abs() < 1e-9 && (shown.moved(5.0).to - 1.0).abs() < 1e-9);
        let held = shown.holding(0.9);
        assert!(held.has(0.9) && (held.width() - 0.2).abs() < 1e-9);
        assert_eq!(shown.holding(0.3), shown, "what is in sight moves nothing");
    }

    #[test]
    fn a_stream_that_grows_shows_the_same_events_as_before() {
        let before: Vec<Option<i64>> = (0..100).map(|n| Some(n * 60)).collect();
        let grown: Vec<Option<i64>> = (0..400).map(|n| Some(n * 60)).collect();
        for is_by_time in [false, true] {
            let span = with_line(&before, is_by_time, |line, _| line.span(Shown { from: 0.25, to: 0.5 }));
            let events = |seconds: &[Option<i64>]| {
                with_line(seconds, is_by_time, |line, other| {
                    let shown = line.shown(span, other);
                    (line.marks_before(shown.from), line.marks_before(shown.to))
                })
            };
            assert_eq!(events(&before), events(&grown), "by time: {is_by_time}");
        }
    }

    #[test]
    fn the_other_line_shows_the_same_events() {
        let seconds: Vec<Option<i64>> = (0..100).map(|n| Some(n * n)).collect();
        let span =
            with_line(&seconds, false, |line, _| line.span(Shown { from: line.share_of(40), to: line.share_of(60) }));
        with_line(&seconds, true, |line, other| {
            let shown = line.shown(span, other);
            assert!(shown.has(line.share_of(40)) && shown.has(line.share_of(60)), "{shown:?}");
            assert!(!shown.has(line.share_of(39)) && !shown.has(line.share_of(61)), "{shown:?}");
        });
    }

    #[test]
    fn pauses_lie_between_the_same_events_on_both_lines() {
        let month = 30 * 24 * 3600;
        let seconds = ordered(&[0, 10, 20, 30, month, month + 10, month + 20]);
        for is_by_time in [false, true] {
            with_line(&seconds, is_by_time, |line, _| {
                let found: Vec<Shown> = line.pauses().map(|(_, place)| place).collect();
                let wanted = Shown { from: line.share_of(3), to: line.share_of(4) };
                assert_eq!(found, vec![wanted], "by time: {is_by_time}");
            });
        }
    }
}
