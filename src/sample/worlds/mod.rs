//! Other domains than sales: hospital reservations, bank accounts, orders and sensors. Each begins with a few streams
//! that are written out line by line, with something in them to find; the others are told as their lengths allow.

mod bank;
mod orders;
mod reservations;
mod scripted;
mod sensors;
mod slots;

use std::collections::{BinaryHeap, VecDeque};
use std::fmt::Debug;

use super::business::BEGINS;
use super::calendar::{self, DAY, MINUTE};
use super::going::Going;
use super::identity::Identities;
use super::random::Random;
use super::thread::{Era, Thread, Told};
use crate::event::{EventId, StreamId, Timestamp};
use bank::AccountStory;
use orders::OrderStory;
use reservations::ReservationStory;
use scripted::Scripted;
use sensors::SensorStory;
use slots::Slots;

/// Which business a sample tells of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SampleDomain {
    /// Leads and tickets, which Foldline knows by itself.
    #[default]
    Sales,
    Reservations,
    Bank,
    Orders,
    Sensors,
}

impl SampleDomain {
    pub const ALL: [Self; 5] = [Self::Sales, Self::Reservations, Self::Bank, Self::Orders, Self::Sensors];

    /// As it is typed; that of the projection which comes with it, too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Reservations => "reservations",
            Self::Bank => "bank",
            Self::Orders => "orders",
            Self::Sensors => "sensors",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|domain| domain.name() == name)
    }

    /// What its streams are called before their number.
    const fn category(self) -> &'static str {
        match self {
            Self::Sales => "lead",
            Self::Reservations => "reservation",
            Self::Bank => "account",
            Self::Orders => "order",
            Self::Sensors => "sensor",
        }
    }

    /// A stream in which there is something to find.
    pub const fn worth_a_look(self) -> &'static str {
        match self {
            Self::Sales => "lead-1",
            Self::Reservations => "reservation-1",
            Self::Bank => "account-2",
            Self::Orders => "order-3",
            Self::Sensors => "sensor-2",
        }
    }

    /// Streams and events where nothing else is wished.
    pub(super) const fn usual(self) -> (u64, u64) {
        match self {
            Self::Sales => (super::USUAL_STREAMS, super::USUAL_EVENTS),
            Self::Reservations => (1_200, 12_000),
            Self::Bank => (300, 12_000),
            Self::Orders => (2_500, 17_500),
            Self::Sensors => (24, 12_000),
        }
    }

    /// About so many events has a stream where only one of the two numbers is wished.
    pub(super) const fn events_a_stream(self) -> u64 {
        match self {
            Self::Sales => super::EVENTS_A_STREAM,
            _ => self.usual().1 / self.usual().0,
        }
    }

    /// So many days take those streams until the last has begun.
    fn days(self, streams: u64) -> u64 {
        match self {
            // The doctors have no more hours than that.
            Self::Reservations => (streams / 20).min(640).max(streams / 45).max(21),
            Self::Bank => (streams / 2).clamp(30, 640),
            _ => (streams / 40).clamp(14, 640),
        }
    }
}

/// One stream's story.
trait Story: Debug {
    /// The event of this moment, and when the next one comes; `None` at the end.
    fn tell(&mut self, at: Timestamp, id: EventId, slots: &mut Slots) -> (Told, Option<Timestamp>);
}

/// What a stream is to become.
#[derive(Debug)]
struct Outline {
    thread: Thread,
    /// Counted from 1.
    number: u64,
    length: u64,
    /// Began so late that its end still lies ahead.
    is_recent: bool,
}

/// How far a stream's length lies from the mean, in per cent. The mean of these is 100.
const SPREAD: [u64; 20] =
    [20, 35, 45, 90, 90, 95, 100, 100, 100, 105, 105, 110, 110, 115, 115, 120, 125, 130, 140, 150];

/// With fewer streams than these, those with something to find in them may be left out.
pub const FEWEST_WITH_FINDS: u64 = 10;

/// As many stories at once as the sales have.
const MOST_AT_ONCE: usize = 24_576;

/// Customers are awake for so much of a day, and a third as many come at weekends.
const WAKING_DAY: i64 = 16 * calendar::HOUR;

#[derive(Debug)]
pub(super) struct World {
    domain: SampleDomain,
    seed: u64,
    random: Random,
    identities: Identities,
    streams: u64,
    begun: u64,
    /// Events that no stream has been given yet.
    events_left: u64,
    /// The first streams, where there is room for them.
    scripted: VecDeque<Vec<scripted::Line>>,
    arrival: Timestamp,
    mean_gap: i64,
    now: Timestamp,
    going: BinaryHeap<Going<dyn Story>>,
    slots: Slots,
}

impl World {
    /// A history of exactly so many events in exactly so many streams.
    pub(super) fn new(domain: SampleDomain, streams: u64, events: u64, seed: u64) -> Self {
        let mut slots = Slots::default();
        let written = match domain {
            SampleDomain::Sales | SampleDomain::Sensors => Vec::new(),
            SampleDomain::Reservations => reservations::written(&mut slots),
            SampleDomain::Bank => bank::written(),
            SampleDomain::Orders => orders::written(),
        };
        let their_events: u64 = written.iter().map(|lines| lines.len() as u64).sum();
        let others = streams.saturating_sub(written.len() as u64);
        let has_room = others > 0 && events >= their_events + others;
        let mean_gap = match domain {
            SampleDomain::Sensors => (DAY / streams.max(1) as i64).clamp(2_000, 5 * MINUTE),
            _ => (domain.days(streams) as i64 * WAKING_DAY / streams.max(1) as i64 * 4 / 5).max(2_000),
        };
        Self {
            domain,
            seed,
            random: Random::new(seed),
            identities: Identities::new(Random::branch(seed, u64::MAX)),
            streams,
            begun: 0,
            events_left: events,
            scripted: if has_room { written.into() } else { VecDeque::new() },
            arrival: BEGINS,
            mean_gap,
            now: BEGINS,
            going: BinaryHeap::new(),
            slots,
        }
    }

    /// The next event of the whole history, or nothing at its end.
    pub(super) fn next_event(&mut self) -> Option<Told> {
        while self.begun < self.streams
            && self.going.len() < MOST_AT_ONCE
            && self.going.peek().is_none_or(|going| self.arrival <= going.at)
        {
            self.begin_story();
        }
        let Going { at, order, mut story } = self.going.pop()?;
        self.now = at;
        let (told, next) = story.tell(at, self.identities.next_at(at), &mut self.slots);
        if let Some(next) = next {
            self.going.push(Going { at: next.max(at), order, story });
        }
        Some(told)
    }

    fn begin_story(&mut self) {
        let (order, number) = (self.begun, self.begun + 1);
        let stream = StreamId::from(format!("{}-{number}", self.domain.category()).as_str());
        let random = Random::branch(self.seed, order);
        let era = Era { old_until: BEGINS, longest_story: 200 * calendar::OFFICE_DAY };
        if let Some(lines) = self.scripted.pop_front() {
            let length = lines.len() as u64;
            self.begun += 1;
            self.events_left -= length;
            let (at, story) = Scripted::new(Thread::new(stream, length, era, random), lines);
            self.going.push(Going { at, order, story: Box::new(story) });
            return;
        }
        let length = self.length();
        self.begun += 1;
        self.events_left -= length;
        let is_recent = order >= self.streams - self.streams * 3 / 100;
        let outline = Outline { thread: Thread::new(stream, length, era, random), number, length, is_recent };
        // One that had to wait for a place begins now.
        let at = self.arrival.max(self.now);
        let story: Box<dyn Story> = match self.domain {
            // Sales are told by the business itself.
            SampleDomain::Sales | SampleDomain::Orders => Box::new(OrderStory::new(outline)),
            SampleDomain::Reservations => Box::new(ReservationStory::new(outline)),
            SampleDomain::Bank => Box::new(AccountStory::new(outline)),
            SampleDomain::Sensors => Box::new(SensorStory::new(outline)),
        };
        self.going.push(Going { at, order, story });
        let slower = if calendar::is_at_weekend(self.arrival) { 3 } else { 1 };
        let gap = self.random.span(0, 2 * self.mean_gap * slower);
        self.arrival = calendar::after_waking_time(self.arrival, gap);
    }

    /// Each stream has one event; what there is beyond that is shared out around the mean, so that the lengths add up
    /// whatever is drawn.
    fn length(&mut self) -> u64 {
        let remaining = self.streams - self.begun;
        let spare = self.events_left - remaining;
        if remaining == 1 {
            return 1 + spare;
        }
        // Sensors tell as often as each other.
        let is_even = self.domain == SampleDomain::Sensors;
        let percent = if is_even { 100 } else { SPREAD[self.random.below(SPREAD.len() as u64) as usize] };
        let jitter = 75 + self.random.below(51);
        let whole = u128::from(remaining) * 100 * 100;
        // Rounded up or down by chance, so that nothing is lost on average.
        let chance = u128::from(self.random.below(remaining.saturating_mul(100 * 100)));
        let more = (u128::from(spare) * u128::from(percent * jitter) + chance) / whole;
        1 + (more as u64).min(spare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_keeps_the_mean() {
        assert_eq!(SPREAD.iter().sum::<u64>(), 100 * SPREAD.len() as u64);
    }

    #[test]
    fn numbers_come_out_exactly_and_times_never_run_backward() {
        let others = SampleDomain::ALL.into_iter().filter(|domain| *domain != SampleDomain::Sales);
        for domain in others {
            for (streams, events) in [(1, 1), (1, 90), (2, 7), (4, 4), (40, 500), (300, 900)] {
                let mut world = World::new(domain, streams, events, 3);
                let mut at = BEGINS;
                let mut next_versions = std::collections::HashMap::new();
                while let Some(Told { stream, version, event }) = world.next_event() {
                    let next: &mut u64 = next_versions.entry(stream).or_default();
                    assert_eq!(version.0, *next);
                    *next += 1;
                    let then = event.recorded_at.expect("a time");
                    assert!(then >= at, "{domain:?}");
                    at = then;
                }
                let told: u64 = next_versions.values().sum();
                assert_eq!((next_versions.len() as u64, told), (streams, events), "{domain:?}");
            }
        }
    }
}
