//! How many events each stream gets, so that the wished numbers come out exactly, and of which kind it is.

use super::random::Random;

/// Of so many streams, so many are tickets: the mix of the picture that newcomers know.
const TICKETS: (u64, u64) = (902, 5_112);

/// Lengths of the first leads after lead-1, where the wished numbers leave room for them.
const FIRST_LENGTHS: &[(u64, u64)] = &[(2, 12), (3, 3), (4, 31), (5, 8), (7, 5)];

/// How far a stream's length lies from the mean, in per cent: many short, few long. The mean of these is 100.
const SPREAD: [u64; 20] = [18, 25, 32, 38, 44, 50, 56, 62, 67, 72, 78, 85, 92, 100, 110, 122, 138, 166, 225, 420];

const LEAST_OF_TICKETS: u64 = 60;

/// The last streams are drawn close to the mean, else the very last would have to take whatever is left.
const CLOSE_TO_MEAN: u64 = 32;

/// One stream in so many breaks a rule somewhere.
const MARRED_EVERY: u64 = 150;
const MARRED_LENGTH: u64 = 7;

const LONG: std::ops::RangeInclusive<u64> = 200..=1_500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Lead,
    Ticket,
}

/// What a stream is to become.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outline {
    pub kind: Kind,
    /// Of its kind, counted from 1.
    pub number: u64,
    pub length: u64,
    /// Began so late that its end still lies ahead.
    pub is_recent: bool,
    /// Which of the broken rules it shows, as a running number.
    pub marred: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Plan {
    random: Random,
    streams: u64,
    begun: u64,
    leads: u64,
    tickets: u64,
    tickets_left: u64,
    /// Events that no stream has been given yet.
    events_left: u64,
    first_recent: u64,
    keeps_first_lengths: bool,
    long_every: u64,
    long_left: u64,
    longest: u64,
    mar_offset: u64,
}

impl Plan {
    /// A plan for the streams after lead-1, which is counted in `streams` but has its events already.
    pub(super) fn new(streams: u64, events_left: u64, mut random: Random) -> Self {
        let mean = events_left / streams.max(1);
        let longest = (events_left / 15).min(*LONG.end());
        let long = if longest < *LONG.start() || mean > 50 { 0 } else { long_streams(streams, events_left) };
        // Long streams begin early enough to end with the others.
        let early = streams * 6 / 10;
        Self {
            streams,
            begun: 1,
            leads: 1,
            tickets: 0,
            tickets_left: (streams - 1).min((streams * TICKETS.0 + TICKETS.1 / 2) / TICKETS.1),
            events_left,
            first_recent: streams - streams * 3 / 100,
            keeps_first_lengths: (4..=12).contains(&mean) && events_left > 300,
            long_every: (early / long.max(1)).max(1),
            long_left: long.min(early),
            longest,
            mar_offset: 20 + random.below(60),
            random,
        }
    }

    pub(super) fn has_more(&self) -> bool {
        self.begun < self.streams
    }

    pub(super) fn next_stream(&mut self) -> Outline {
        let index = self.begun;
        let remaining = self.streams - index;
        let is_ticket = self.random.below(remaining) < self.tickets_left;
        self.begun += 1;
        let (kind, number) = if is_ticket {
            self.tickets_left -= 1;
            self.tickets += 1;
            (Kind::Ticket, self.tickets)
        } else {
            self.leads += 1;
            (Kind::Lead, self.leads)
        };
        let marred = (index % MARRED_EVERY == self.mar_offset).then_some(index / MARRED_EVERY);
        let is_recent = index >= self.first_recent;
        let length = self.length(index, kind, number, marred.is_some());
        self.events_left -= length;
        Outline { kind, number, length, is_recent, marred }
    }

    /// Each stream has one event; what there is beyond that is shared out around the mean, so that the lengths add
    /// up whatever is drawn.
    fn length(&mut self, index: u64, kind: Kind, number: u64, is_marred: bool) -> u64 {
        let remaining = self.streams - index;
        let spare = self.events_left - remaining;
        if remaining == 1 {
            return 1 + spare;
        }
        if self.long_left > 0 && index.is_multiple_of(self.long_every) {
            self.long_left -= 1;
            return (1 + self.long_extent()).min(1 + spare);
        }
        if let Some((_, length)) = FIRST_LENGTHS.iter().find(|(n, _)| *n == number)
            && self.keeps_first_lengths
            && kind == Kind::Lead
        {
            return (*length).min(1 + spare);
        }
        // A stream that begins late has had half the time of another, and counts half.
        let early = self.first_recent.saturating_sub(index);
        let weight = 2 * early + (remaining - early);
        let own_weight = if early > 0 { 2 } else { 1 };
        let percent =
            if remaining <= CLOSE_TO_MEAN { 100 } else { SPREAD[self.random.below(SPREAD.len() as u64) as usize] };
        // A question is seldom settled in two events.
        let percent = if kind == Kind::Ticket { percent.max(LEAST_OF_TICKETS) } else { percent };
        // Half as much up to half as much again, so that lengths do not gather at twenty places.
        let jitter = 50 + self.random.below(101);
        let short_spare = u128::from(spare.saturating_sub(self.long_left * self.long_extent_mean()));
        let whole = u128::from(weight) * 100 * 100;
        // Rounded up or down by chance, so that nothing is lost on average.
        let chance = u128::from(self.random.below(weight.saturating_mul(100 * 100)));
        let more = ((short_spare * u128::from(own_weight * percent * jitter) + chance) / whole) as u64;
        let least = if is_marred { MARRED_LENGTH - 1 } else { 0 };
        1 + more.max(least).min(spare)
    }

    /// Between the shortest and the longest that count as long; shorter ones more often.
    fn long_extent(&mut self) -> u64 {
        let range = self.longest + 1 - *LONG.start();
        LONG.start() + self.random.below(range).min(self.random.below(range))
    }

    /// The smaller of two draws lies at a third of their range.
    fn long_extent_mean(&self) -> u64 {
        LONG.start() + self.longest.saturating_sub(*LONG.start()) / 3
    }
}

fn long_streams(streams: u64, events: u64) -> u64 {
    if streams > 9_000 { 6 + streams / 4_000 } else { (events / 5_000).clamp(1, 6) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(streams: u64, events: u64) -> Vec<Outline> {
        let mut plan = Plan::new(streams, events, Random::new(3));
        std::iter::from_fn(|| plan.has_more().then(|| plan.next_stream())).collect()
    }

    #[test]
    fn the_spread_keeps_the_mean() {
        assert_eq!(SPREAD.iter().sum::<u64>(), 100 * SPREAD.len() as u64);
    }

    #[test]
    fn lengths_add_up_whatever_is_wished() {
        for (streams, events) in
            [(2, 1), (2, 5_000), (10, 9), (10, 10), (334, 1_993), (5_112, 31_197), (40_000, 240_000), (1_000, 90_000)]
        {
            let outlines = lengths(streams, events);
            assert_eq!(outlines.len() as u64, streams - 1);
            assert_eq!(outlines.iter().map(|o| o.length).sum::<u64>(), events, "{streams} streams, {events} events");
            assert!(outlines.iter().all(|o| o.length > 0));
        }
    }

    #[test]
    fn the_usual_sample_has_the_usual_mix_and_some_long_streams() {
        let outlines = lengths(5_112, 31_197);
        assert_eq!(outlines.iter().filter(|o| o.kind == Kind::Ticket).count(), 902);
        let long = outlines.iter().filter(|o| o.length >= 200).count();
        assert!((4..=8).contains(&long), "{long} long streams");
        let late = outlines.iter().rev().take(100).map(|o| o.length).max();
        assert!(late < Some(40), "{late:?}");
    }
}
