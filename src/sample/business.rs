//! The whole business: many stories at once, told in the order of time. Only the stories that are going on are
//! kept, and no more of them than fit; so a history of any length takes the same memory.

use std::collections::{BinaryHeap, VecDeque};

use super::calendar::{self, DAY, HOUR, OFFICE_DAY};
use super::going::Going;
use super::identity::Identities;
use super::lead::LeadStory;
use super::people::Person;
use super::plan::{Kind, Plan};
use super::random::Random;
use super::thread::{Era, Told};
use super::ticket::TicketStory;
use super::{EVENTS_A_STREAM, first_lead};
use crate::domain::Breach;
use crate::event::Timestamp;

/// 2025-01-01T01:00:01.01Z, when lead-1 begins.
pub(super) const BEGINS: Timestamp = Timestamp::from_micros(1_735_693_201_010_000);

/// How many stories go on at once. One takes about five kilobytes; while all places are taken, new ones wait.
const MOST_AT_ONCE: usize = 24_576;

/// A small history takes weeks, the usual sample a year, a large one never more than this.
const FEWEST_DAYS: i64 = 21;
const MOST_DAYS: i64 = 640;
const STREAMS_A_DAY: u64 = 14;

/// Customers are awake for so much of a day.
const WAKING_DAY: i64 = 16 * HOUR;

/// Old shapes of events are written in this part of the history.
const OLD_PART: i64 = 6;

/// The longest stories take this part of the whole time.
const LONGEST_STORY_PART: i64 = 3;

/// Tickets come from those who became customers lately.
const CUSTOMERS_KNOWN: usize = 512;
const KNOWN_PERCENT: u64 = 65;

/// Somebody who bought something, and the events that tell of it.
#[derive(Clone, Debug)]
pub(super) struct Customer {
    pub person: Person,
    pub correlation: String,
    pub conversion: String,
}

#[derive(Debug)]
enum Story {
    Lead(LeadStory),
    Ticket(TicketStory),
}

#[derive(Debug)]
pub(super) struct Business {
    seed: u64,
    random: Random,
    identities: Identities,
    plan: Plan,
    begun: u64,
    /// When the next stream begins.
    arrival: Timestamp,
    mean_gap: i64,
    era: Era,
    /// The time of the event told last.
    now: Timestamp,
    going: BinaryHeap<Going<Story>>,
    first: VecDeque<Told>,
    customers: VecDeque<Customer>,
}

impl Business {
    /// A history of exactly so many events in exactly so many streams, of which lead-1 has the first.
    pub(super) fn new(streams: u64, events: u64, seed: u64) -> Self {
        let mut identities = Identities::new(Random::branch(seed, u64::MAX));
        let first_length = first_lead::LENGTH.min(events - (streams - 1));
        let first = VecDeque::from(first_lead::tell(first_length, BEGINS, &mut identities));
        let days = streams.max(events / EVENTS_A_STREAM) / STREAMS_A_DAY;
        let days = (days.min(MOST_DAYS as u64) as i64).max(FEWEST_DAYS);
        let era = Era {
            old_until: BEGINS.plus_micros(days * DAY / OLD_PART),
            longest_story: days * 5 / 7 * OFFICE_DAY / LONGEST_STORY_PART,
        };
        let now = BEGINS.plus_micros(60 * calendar::SECOND);
        let mut business = Self {
            seed,
            random: Random::new(seed),
            identities,
            plan: Plan::new(streams, events - first_length, Random::branch(seed, u64::MAX - 1)),
            begun: 0,
            arrival: now,
            // At weekends a third as many come, which takes nearly a fifth of a week's.
            mean_gap: (days * WAKING_DAY / streams.max(1) as i64 * 4 / 5).max(2_000),
            era,
            now,
            going: BinaryHeap::new(),
            first,
            customers: VecDeque::new(),
        };
        business.wait_for_the_next();
        business
    }

    /// The next event of the whole history, or nothing at its end.
    pub(super) fn next_event(&mut self) -> Result<Option<Told>, Breach> {
        if let Some(told) = self.first.pop_front() {
            return Ok(Some(told));
        }
        while self.plan.has_more()
            && self.going.len() < MOST_AT_ONCE
            && self.going.peek().is_none_or(|going| self.arrival <= going.at)
        {
            self.begin_story();
            self.wait_for_the_next();
        }
        let Some(Going { at, order, mut story }) = self.going.pop() else { return Ok(None) };
        self.now = at;
        let id = self.identities.next_at(at);
        let (told, next) = match &mut *story {
            Story::Lead(lead) => {
                let told = lead.tell(at, id)?;
                if let Some(customer) = lead.won_customer() {
                    self.customers.truncate(CUSTOMERS_KNOWN - 1);
                    self.customers.push_front(customer);
                }
                told
            }
            Story::Ticket(ticket) => ticket.tell(at, id)?,
        };
        if let Some(next) = next {
            self.going.push(Going { at: next, order, story });
        }
        Ok(Some(told))
    }

    fn begin_story(&mut self) {
        let outline = self.plan.next_stream();
        let random = Random::branch(self.seed, self.begun);
        let story = match outline.kind {
            Kind::Lead => Story::Lead(LeadStory::new(&outline, self.era, random)),
            Kind::Ticket => {
                let known = self.random.below(self.customers.len() as u64) as usize;
                let is_known = self.random.chance(KNOWN_PERCENT);
                let customer = self.customers.get(known).filter(|_| is_known).cloned();
                Story::Ticket(TicketStory::new(&outline, customer, self.era, random))
            }
        };
        // One that had to wait for a place begins now.
        let at = self.arrival.max(self.now);
        self.going.push(Going { at, order: self.begun, story: Box::new(story) });
        self.begun += 1;
    }

    fn wait_for_the_next(&mut self) {
        let slower = if calendar::is_at_weekend(self.arrival) { 3 } else { 1 };
        let gap = self.random.span(0, 2 * self.mean_gap * slower);
        self.arrival = calendar::after_waking_time(self.arrival, gap);
    }
}
