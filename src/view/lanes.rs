use std::collections::{HashMap, HashSet};

use super::signs::SignBook;
use super::{Signs, TimeScale};
use crate::domain::Aggregate;
use crate::engine::Causes;
use crate::event::{EventType, Head, StreamId, Timestamp, Version};

/// Streams beside one another on one axis of time, with what led from one event to the other.
#[derive(Debug, Default)]
pub struct Lanes {
    pub lanes: Vec<Lane>,
    pub arrows: Vec<Arrow>,
    /// The listed events, in the order of time: places in what was found.
    pub listed: Vec<usize>,
    /// Where each event that was found is drawn: its lane, and how far along the axis.
    pub places: Vec<(usize, f64)>,
    /// Without times, events stand in their order, each as far from the next.
    pub scale: Option<TimeScale>,
    pub on_chain: usize,
}

/// One stream.
#[derive(Debug)]
pub struct Lane {
    pub stream: StreamId,
    /// It was laid beside by hand, with all of its events.
    pub is_beside: bool,
    /// Not all of its events were read.
    pub is_cut: bool,
    /// From left to right.
    pub marks: Vec<Mark>,
    pub signs: Signs,
}

/// An event on its lane.
#[derive(Clone, Debug)]
pub struct Mark {
    pub share: f64,
    pub version: Version,
    pub event_type: EventType,
    pub at: Option<Timestamp>,
    /// Its place in what was found; `None` where it only stands beside.
    pub found: Option<usize>,
    pub is_lit: bool,
}

/// From a cause to its effect: their places in what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrow {
    pub from: usize,
    pub to: usize,
    pub is_lit: bool,
}

impl Lane {
    pub(super) fn beside(stream: StreamId, heads: &[Head], is_cut: bool) -> Self {
        let marks = heads.iter().map(|head| Mark::new(head, None, false)).collect();
        Self { stream, is_beside: true, is_cut, marks, signs: Signs::default() }
    }

    /// The marks from this share on.
    pub fn marks_from(&self, share: f64) -> &[Mark] {
        let first = self.marks.partition_point(|mark| mark.share < share);
        self.marks.get(first..).unwrap_or_default()
    }
}

impl Mark {
    fn new(head: &Head, found: Option<usize>, is_lit: bool) -> Self {
        let Head { version, recorded_at, event_type, .. } = head;
        Self { share: 0.0, version: *version, event_type: event_type.clone(), at: *recorded_at, found, is_lit }
    }
}

impl Lanes {
    /// What belongs together comes first, in the order in which it began; then what was laid beside.
    pub(super) fn new(causes: &Causes, shows_all: bool, beside: Vec<Lane>, book: &mut SignBook) -> Self {
        let mut lanes: Vec<Lane> = Vec::new();
        let mut lane_of: HashMap<StreamId, usize> = HashMap::new();
        for (place, event) in causes.events.iter().enumerate() {
            let number = *lane_of.entry(event.stream.clone()).or_insert_with(|| {
                let stream = event.stream.clone();
                let signs = Signs::default();
                lanes.push(Lane { stream, is_beside: false, is_cut: false, marks: Vec::new(), signs });
                lanes.len() - 1
            });
            let mark = Mark::new(&event.head, Some(place), shows_all || event.is_on_chain);
            lanes.get_mut(number).into_iter().for_each(|lane| lane.marks.push(mark.clone()));
        }
        for whole in beside {
            match lane_of.get(&whole.stream).and_then(|number| lanes.get_mut(*number)) {
                Some(lane) => {
                    let known: HashSet<Version> = lane.marks.iter().map(|mark| mark.version).collect();
                    (lane.is_beside, lane.is_cut) = (true, whole.is_cut);
                    lane.marks.extend(whole.marks.into_iter().filter(|mark| !known.contains(&mark.version)));
                }
                None => lanes.push(whole),
            }
        }
        for lane in &mut lanes {
            let mut met = HashSet::new();
            let types: Vec<EventType> =
                lane.marks.iter().map(|mark| &mark.event_type).filter(|kind| met.insert(*kind)).cloned().collect();
            let category = lane.stream.category().to_owned();
            let first = types.first().map_or("", EventType::as_str);
            lane.signs = book.for_types(&category, Aggregate::of_stream(&lane.stream, &category, first), &types);
        }
        let scale = place_marks(&mut lanes);
        let mut places = vec![(0, 0.0); causes.events.len()];
        for (number, lane) in lanes.iter().enumerate() {
            for mark in &lane.marks {
                if let Some(place) = mark.found.and_then(|found| places.get_mut(found)) {
                    *place = (number, mark.share);
                }
            }
        }
        let events = causes.events.iter().enumerate();
        let lit = |place: usize| causes.events.get(place).is_some_and(|event| shows_all || event.is_on_chain);
        let arrow = |(to, event): (usize, &crate::engine::LinkedEvent)| {
            let from = event.caused_by?;
            Some(Arrow { from, to, is_lit: lit(from) && lit(to) })
        };
        let mut arrows: Vec<Arrow> = events.clone().filter_map(arrow).collect();
        // What is lit is drawn above the rest.
        arrows.sort_by_key(|arrow| arrow.is_lit);
        let listed = events.clone().filter(|(place, _)| lit(*place)).map(|(place, _)| place).collect();
        Self { lanes, arrows, listed, places, scale, on_chain: causes.on_chain().count() }
    }

    pub fn lane(&self, number: usize) -> Option<&Lane> {
        self.lanes.get(number)
    }

    /// Streams that belong together, without those laid beside.
    pub fn related(&self) -> usize {
        self.lanes.iter().filter(|lane| lane.marks.iter().any(|mark| mark.found.is_some())).count()
    }
}

/// Places every mark along the axis, and puts the marks of each lane in order.
fn place_marks(lanes: &mut [Lane]) -> Option<TimeScale> {
    let times = lanes.iter().flat_map(|lane| &lane.marks).filter_map(|mark| mark.at).collect();
    let scale = Some(TimeScale::of_times(times)).filter(|scale| !scale.is_empty());
    if let Some(scale) = &scale {
        for mark in lanes.iter_mut().flat_map(|lane| &mut lane.marks) {
            mark.share = mark.at.map_or(0.0, |at| scale.share(at));
        }
    } else {
        let mut order: Vec<&mut Mark> = lanes.iter_mut().flat_map(|lane| &mut lane.marks).collect();
        // What was found is in the order of the store; the rest stands behind it.
        order.sort_by_key(|mark| (mark.found.unwrap_or(usize::MAX), mark.version));
        let last = order.len().saturating_sub(1);
        for (rank, mark) in order.into_iter().enumerate() {
            mark.share = if last == 0 { 0.5 } else { rank as f64 / last as f64 };
        }
    }
    for lane in lanes {
        lane.marks.sort_by(|a, b| a.share.total_cmp(&b.share).then(a.version.cmp(&b.version)));
    }
    scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::LinkedEvent;
    use crate::event::EventId;

    fn event(
        stream: &str,
        version: u64,
        second: Option<i64>,
        caused_by: Option<usize>,
        is_on_chain: bool,
    ) -> LinkedEvent {
        let id = EventId::new(&format!("{stream}@{version}"));
        let recorded_at = second.map(|second| Timestamp::from_micros(second * 1_000_000));
        let head = Head { version: Version(version), position: None, recorded_at, id, event_type: "t".into() };
        LinkedEvent { stream: stream.into(), head, actor: None, cause: None, caused_by, is_on_chain }
    }

    fn story(times: [Option<i64>; 4]) -> Causes {
        let [a, b, c, d] = times;
        let events = vec![
            event("ticket-7", 0, a, None, true),
            event("lead-4", 3, b, Some(0), true),
            event("ticket-7", 1, c, Some(0), false),
            event("mail-1", 0, d, Some(1), true),
        ];
        Causes { events, asked: 1, root: 0, correlation: None, missing: Vec::new(), is_circle: false, is_cut: false }
    }

    fn lanes(causes: &Causes, shows_all: bool, beside: Vec<Lane>) -> Lanes {
        Lanes::new(causes, shows_all, beside, &mut SignBook::default())
    }

    fn names(lanes: &Lanes) -> Vec<(&str, usize)> {
        lanes.lanes.iter().map(|lane| (lane.stream.as_str(), lane.marks.len())).collect()
    }

    #[test]
    fn each_stream_has_a_lane_and_each_effect_an_arrow_from_its_cause() {
        let causes = story([Some(0), Some(10), Some(20), Some(100)]);
        let drawn = lanes(&causes, false, Vec::new());
        assert_eq!(names(&drawn), [("ticket-7", 2), ("lead-4", 1), ("mail-1", 1)]);
        assert_eq!(drawn.listed, [0, 1, 3]);
        let arrows: Vec<_> = drawn.arrows.iter().map(|arrow| (arrow.from, arrow.to, arrow.is_lit)).collect();
        assert_eq!(arrows, [(0, 2, false), (0, 1, true), (1, 3, true)]);
        let shares: Vec<f64> = drawn.places.iter().map(|(_, share)| *share).collect();
        assert!(shares.is_sorted_by(|one, next| one < next), "{shares:?}");
        let all = lanes(&causes, true, Vec::new());
        assert_eq!((all.listed.len(), all.arrows.iter().filter(|arrow| arrow.is_lit).count()), (4, 3));
    }

    #[test]
    fn a_stream_laid_beside_brings_all_its_events_and_doubles_none() {
        let causes = story([Some(0), Some(10), Some(20), Some(100)]);
        let heads = |stream: &str| -> Vec<Head> {
            (0..5).map(|version| event(stream, version, Some(version as i64 * 7), None, false).head).collect()
        };
        let beside = ["lead-4", "else-1"].map(|stream| Lane::beside(stream.into(), &heads(stream), false)).into();
        let drawn = lanes(&causes, false, beside);
        assert_eq!(names(&drawn), [("ticket-7", 2), ("lead-4", 5), ("mail-1", 1), ("else-1", 5)]);
        assert_eq!(drawn.related(), 3);
        let lane = drawn.lane(1).expect("a lane");
        assert!(lane.marks.is_sorted_by_key(|mark| mark.share));
        assert_eq!(lane.marks.iter().filter(|mark| mark.found.is_some()).count(), 1);
    }

    #[test]
    fn events_without_times_stand_in_their_order() {
        let drawn = lanes(&story([None; 4]), false, Vec::new());
        assert!(drawn.scale.is_none());
        assert_eq!(
            drawn.places.iter().map(|(_, share)| (share * 3.0).round() as usize).collect::<Vec<_>>(),
            [0, 1, 2, 3]
        );
        let one = Causes { events: vec![event("a-1", 0, Some(5), None, true)], asked: 0, ..story([None; 4]) };
        assert_eq!(lanes(&one, false, Vec::new()).places, [(0, 0.5)]);
    }
}
