//! What happens next to a lead, and when. The number of events still to come steers the story to its end.

use super::{Contact, Ending, LeadStory, Odd, Step};
use crate::domain::lead::LeadStatus;
use crate::event::Timestamp;
use crate::sample::calendar::{DAY, HOUR, MINUTE};

impl LeadStory {
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
        let is_alone = rest == 1 && self.step == Step::Begin;
        let percent = match self.step {
            // What ends a story too soon is taken back, so that it can go on.
            Step::Close | Step::Confirm if rest > 0 => 100,
            Step::Begin if is_alone => 6,
            Step::Contact(_) if rest >= 3 => 3,
            Step::Followup if rest >= 3 => 4,
            Step::NewPhone | Step::Fix if rest >= 3 => 7,
            Step::Order if rest >= 4 => 8,
            // The money was only late: the next step after taking it back is the payment.
            Step::Fail if rest == 2 && self.ending == Ending::Converts => 40,
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
            Some(odd) if !odd.is_last() && matches!(self.done, Step::Contact(_)) => return Step::Odd(odd),
            _ => {}
        }
        match self.lead.status {
            Some(LeadStatus::Closed | LeadStatus::Converted) => Step::NewPhone,
            Some(LeadStatus::PendingPayment) => self.while_pending(rest),
            _ => self.while_open(rest),
        }
    }

    fn while_open(&mut self, rest: u64) -> Step {
        match (self.ending, rest) {
            (Ending::Loses, 1) => return Step::Close,
            (Ending::Converts, 2) => return Step::Order,
            _ => {}
        }
        let roll = self.thread.random.below(100);
        match self.done {
            Step::Begin => Step::Contact(Contact::First),
            Step::Contact(_) => match roll {
                ..60 if self.slip.is_some() => Step::Fix,
                ..52 => Step::Followup,
                52..66 if rest >= 5 => Step::Order,
                66..68 if rest >= 4 => Step::Close,
                68..72 => Step::NewPhone,
                _ => Step::Contact(Contact::Again),
            },
            Step::Followup => match roll {
                ..8 => Step::Followup,
                8..11 => Step::NewPhone,
                _ if roll < 80 || self.thread.is_long() => Step::Contact(Contact::Kept),
                _ => Step::Contact(Contact::Missed),
            },
            Step::Fail if roll < 45 && rest >= 3 => Step::Order,
            Step::Fail => Step::Contact(Contact::AfterFailure),
            _ if roll < 30 => Step::Followup,
            _ => Step::Contact(Contact::Again),
        }
    }

    fn while_pending(&mut self, rest: u64) -> Step {
        let roll = self.thread.random.below(100);
        match (self.ending, rest) {
            (Ending::Converts, 1) => Step::Confirm,
            (Ending::Loses, 1) => Step::Close,
            (Ending::Converts, 2) => Step::Contact(Contact::WhilePending),
            (_, 2..) if self.done == Step::Undo => Step::Contact(Contact::WhilePending),
            (_, 4..) if roll < 6 => Step::Confirm,
            _ if roll < 60 || matches!(self.done, Step::Contact(_)) => Step::Fail,
            _ => Step::Contact(Contact::WhilePending),
        }
    }

    fn time_of(&mut self, step: Step, now: Timestamp) -> Timestamp {
        let before_deadline =
            self.lead.payment_deadline.map_or(DAY, |deadline| deadline.micros_since(now)).clamp(30 * MINUTE, 5 * DAY);
        let was_contact = matches!(self.done, Step::Contact(_));
        let thread = &mut self.thread;
        let roll = thread.random.below(100);
        match step {
            Step::Contact(Contact::First) if roll < 70 => thread.office(now, 4 * MINUTE, 5 * HOUR),
            Step::Contact(Contact::First) => thread.office(now, 5 * HOUR, 3 * DAY),
            Step::Contact(Contact::Kept | Contact::Missed) => self.time_of_followup(step, now),
            Step::Contact(_) => thread.office(now, 3 * HOUR, 3 * DAY),
            Step::Followup if was_contact => thread.any_time(now, MINUTE / 2, 6 * MINUTE),
            Step::Fix if roll < 80 => thread.any_time(now, MINUTE / 2, 4 * MINUTE),
            Step::Followup | Step::Fix | Step::NewPhone => thread.office(now, HOUR, 4 * DAY),
            Step::Order if roll < 60 => thread.office(now, 5 * MINUTE, 3 * HOUR),
            Step::Order => thread.waking(now, 3 * HOUR, 2 * DAY),
            Step::Confirm if roll < 30 => thread.any_time(now, MINUTE, 20 * MINUTE),
            Step::Confirm if roll < 88 => thread.waking(now, 20 * MINUTE, before_deadline),
            Step::Confirm => thread.waking(now, before_deadline, before_deadline + 2 * DAY),
            Step::Fail if roll < 60 => thread.any_time(now, MINUTE / 2, 15 * MINUTE),
            Step::Fail => thread.any_time(now, before_deadline + MINUTE, before_deadline + 5 * MINUTE),
            Step::Close if was_contact => thread.office(now, 2 * MINUTE, 40 * MINUTE),
            Step::Close => thread.office(now, 2 * DAY, 12 * DAY),
            Step::Undo if roll < 60 => thread.office(now, 3 * MINUTE, 2 * HOUR),
            Step::Undo => thread.office(now, 2 * HOUR, 2 * DAY),
            Step::Odd(Odd::BackdatedFollowup) => thread.office(now, 20 * MINUTE, 4 * HOUR),
            Step::Begin | Step::Odd(_) => thread.waking(now, 4 * HOUR, 5 * DAY),
        }
    }

    /// A follow-up that is kept happens at its time, or within a quarter of an hour.
    fn time_of_followup(&mut self, step: Step, now: Timestamp) -> Timestamp {
        let on = self.lead.followup_on.filter(|on| *on > now && !self.thread.is_long());
        match (on, step) {
            (Some(on), Step::Contact(Contact::Kept)) => on.plus_micros(self.thread.random.span(0, 15 * MINUTE)),
            (Some(on), _) => self.thread.office(on, DAY, 5 * DAY),
            (None, _) => self.thread.office(now, 3 * HOUR, 2 * DAY),
        }
    }
}
