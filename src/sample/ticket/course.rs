//! What happens next to a ticket, and when. The number of events still to come steers the story to its end.

use super::{Ending, Odd, Step, TicketStory};
use crate::domain::ticket::{Party, QUIET_PERIOD_MICROS, TicketStatus};
use crate::event::Timestamp;
use crate::sample::calendar::{self, DAY, HOUR, MINUTE};

impl TicketStory {
    /// Chooses the next step; answers when it happens, or nothing at the end of the story.
    pub(super) fn go_on(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.thread.left == 0 {
            return None;
        }
        self.done = self.step;
        self.step = self.next_step();
        Some(self.time_of(self.step, now))
    }

    /// Events that are still to come, without the odd one that stands last.
    fn rest(&self) -> u64 {
        self.thread.left - u64::from(self.odd.is_some_and(Odd::is_last) && self.thread.left > 0)
    }

    /// Whether the event that is being told will be compensated by the next one.
    pub(super) fn is_mistake(&mut self) -> bool {
        let rest = self.rest().saturating_sub(1);
        let percent = match self.step {
            Step::Begin if rest == 1 => 25,
            Step::Close(_) if rest > 0 => 30,
            Step::Answer | Step::Add if rest >= 4 => 4,
            Step::ChangePriority | Step::HandOver if rest >= 3 => 15,
            Step::Escalate if rest >= 4 => 14,
            _ => 0,
        };
        self.thread.random.chance(percent)
    }

    fn next_step(&mut self) -> Step {
        let rest = self.rest();
        if self.mistake.is_some() {
            return Step::Undo;
        }
        match self.odd {
            Some(odd) if rest == 0 => return Step::Odd(odd),
            Some(Odd::EarlyEscalation) if self.agent_owes() && self.ticket.agent.is_some() => {
                return Step::Odd(Odd::EarlyEscalation);
            }
            _ => {}
        }
        if self.ticket.status == Some(TicketStatus::Closed) {
            return Step::Reopen;
        }
        if self.done == Step::Reopen {
            return Step::Ask;
        }
        if self.ticket.agent.is_none() {
            let asks_first = self.asked == 0 && self.thread.random.chance(70);
            return if asks_first { Step::Ask } else { Step::Assign };
        }
        if rest == 1 && self.ending != Ending::Open {
            return Step::Close(self.who_closes());
        }
        if self.asked == 0 {
            return Step::Ask;
        }
        if self.agent_owes() { self.while_agent_owes(rest) } else { self.while_customer_owes(rest) }
    }

    fn agent_owes(&self) -> bool {
        self.ticket.wait.for_agent_since.is_some()
    }

    fn while_agent_owes(&mut self, rest: u64) -> Step {
        let roll = self.thread.random.below(100);
        if self.ticket.is_escalated() {
            return match rest {
                3.. if self.will_move && !self.is_viewed => Step::Move,
                2.. if !self.is_viewed => Step::View,
                _ => Step::Answer,
            };
        }
        match rest {
            4.. if self.will_escalate => Step::Escalate,
            2.. if !self.is_viewed && roll < 60 => Step::View,
            3.. if roll < 5 => Step::ChangePriority,
            3.. if roll < 10 && self.done != Step::Chase => Step::Chase,
            3.. if roll < 12 => Step::HandOver,
            _ => Step::Answer,
        }
    }

    fn while_customer_owes(&mut self, rest: u64) -> Step {
        let roll = self.thread.random.below(100);
        match rest {
            2 if self.ending == Ending::Solved && !self.thread.is_long() => Step::Thank,
            // An escalated ticket stays the manager's and the customer's.
            4.. if roll < 8 && !self.ticket.is_escalated() => Step::Close(Party::Agent),
            3.. if roll < 14 && self.done != Step::Add => Step::Add,
            3.. if roll < 17 => Step::HandOver,
            3.. if roll < 20 => Step::ChangePriority,
            _ => Step::Ask,
        }
    }

    fn who_closes(&mut self) -> Party {
        let roll = self.thread.random.below(100);
        if self.ticket.is_escalated() {
            return if roll < 55 { Party::Customer } else { Party::Manager };
        }
        match self.ending {
            Ending::Silent if self.ticket.wait.for_customer_since.is_some() => Party::System,
            _ if self.done == Step::Thank && roll < 75 => Party::Agent,
            _ if self.agent_owes() || roll < 60 => Party::Customer,
            _ => Party::Agent,
        }
    }

    fn time_of(&mut self, step: Step, now: Timestamp) -> Timestamp {
        let limit = self.ticket.priority.unwrap_or(self.priority).response_micros();
        let escalated_on = self.escalated_on.unwrap_or(now);
        let wait = self.ticket.wait;
        let after = |earliest: Timestamp| now.max(earliest);
        let thread = &mut self.thread;
        match step {
            Step::Begin | Step::Assign => thread.any_time(now, MINUTE / 2, 8 * MINUTE),
            Step::Ask if self.asked == 0 => thread.any_time(now, MINUTE, 12 * MINUTE),
            Step::Ask if self.done == Step::Reopen => thread.any_time(now, MINUTE / 2, 5 * MINUTE),
            Step::Ask => thread.waking(now, 10 * MINUTE, 2 * DAY),
            Step::Thank => thread.waking(now, 10 * MINUTE, DAY),
            Step::Chase => thread.waking(now, limit / 4, limit / 2),
            Step::View | Step::Answer => self.time_of_answer(step, now),
            Step::Escalate => {
                // Never before the deadline, however much happens in this stream.
                let earliest = after(wait.deadline.unwrap_or(now)).plus_micros(MINUTE);
                let at = earliest.plus_micros(thread.random.span(0, 4 * HOUR));
                calendar::in_waking_hours(at, &mut thread.random)
            }
            Step::Move => {
                let due = after(escalated_on.plus_micros(limit / 2));
                due.plus_micros(thread.random.span(MINUTE, 10 * MINUTE))
            }
            Step::Close(Party::System) => {
                let due = after(wait.for_customer_since.unwrap_or(now).plus_micros(QUIET_PERIOD_MICROS));
                due.plus_micros(thread.random.span(0, 10 * MINUTE))
            }
            Step::Close(Party::Customer) => thread.waking(now, 20 * MINUTE, DAY),
            Step::Close(_) => thread.office(now, 20 * MINUTE, 2 * DAY),
            Step::Reopen => thread.waking(now, 2 * HOUR, 5 * DAY),
            Step::Add | Step::ChangePriority => thread.office(now, 4 * MINUTE, 2 * HOUR),
            Step::HandOver => thread.office(now, HOUR, DAY),
            Step::Undo => thread.any_time(now, MINUTE, 40 * MINUTE),
            Step::Odd(Odd::EarlyEscalation) => thread.any_time(now, limit / 20, limit / 10),
            Step::Odd(_) => thread.waking(now, 4 * HOUR, 2 * DAY),
        }
    }

    /// Most answers come in time, some by whoever has the night shift.
    fn time_of_answer(&mut self, step: Step, now: Timestamp) -> Timestamp {
        let left = self.ticket.wait.deadline.map_or(0, |deadline| deadline.micros_since(now));
        let is_late = self.thread.random.chance(11) && !self.is_viewed;
        if left <= 4 * MINUTE || is_late || self.thread.is_long() {
            let least = left.max(MINUTE);
            return self.thread.office(now, least, least + 5 * HOUR);
        }
        let most = match step {
            Step::View => left / 3,
            _ => (left * 9 / 10).min(self.thread.random.span(20 * MINUTE, 30 * HOUR)),
        };
        let at = now.plus_micros(self.thread.random.span(MINUTE, most.max(2 * MINUTE)));
        let by_day = calendar::in_office_hours(at, &mut self.thread.random);
        if by_day.micros_since(now) < left { by_day } else { at }
    }
}
