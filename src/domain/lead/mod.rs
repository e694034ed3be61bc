//! A sales lead: from first contact to customer, or not.

mod decide;
mod event;
mod rules;
mod towards;
mod undo;

use serde::{Deserialize, Serialize};

pub use decide::{LeadCommand, LeadTarget, decide, weigh};
pub use event::{LeadEvent, decode};
pub use rules::breach;
pub use towards::commands_towards;
use undo::{Step, Touched, UndoTrail};

use crate::domain::compensated::Compensated;
use crate::event::{EventId, Head, ShortText, Timestamp, Version};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LeadStatus {
    NewLead,
    FollowupSet,
    PendingPayment,
    PaymentFailed,
    Converted,
    Closed,
}

impl LeadStatus {
    pub const ALL: [Self; 6] =
        [Self::NewLead, Self::FollowupSet, Self::PendingPayment, Self::PaymentFailed, Self::Converted, Self::Closed];

    pub fn name(self) -> &'static str {
        match self {
            Self::NewLead => "NEW_LEAD",
            Self::FollowupSet => "FOLLOWUP_SET",
            Self::PendingPayment => "PENDING_PAYMENT",
            Self::PaymentFailed => "PAYMENT_FAILED",
            Self::Converted => "CONVERTED",
            Self::Closed => "CLOSED",
        }
    }

    /// The name as the analysis writes it.
    pub fn lowercase_name(self) -> &'static str {
        match self {
            Self::NewLead => "new_lead",
            Self::FollowupSet => "followup_set",
            Self::PendingPayment => "pending_payment",
            Self::PaymentFailed => "payment_failed",
            Self::Converted => "converted",
            Self::Closed => "closed",
        }
    }
}

/// What is true of a lead after its events so far. Cloning shares everything that may be long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    pub lead_id: Option<ShortText>,
    pub name: Option<ShortText>,
    pub phone: Option<ShortText>,
    /// `None` before the lead begins.
    pub status: Option<LeadStatus>,
    pub contacts: u32,
    pub followups: u32,
    pub followup_on: Option<Timestamp>,
    pub payment_deadline: Option<Timestamp>,
    pub created_on: Option<Timestamp>,
    pub converted_on: Option<Timestamp>,
    pub updated_on: Option<Timestamp>,
    pub version: Option<Version>,
    undo: UndoTrail,
    compensated: Compensated,
}

impl Lead {
    /// The bytes that it takes beside its own size.
    pub fn weight(&self) -> usize {
        let texts = [&self.lead_id, &self.name, &self.phone].into_iter().flatten();
        texts.map(ShortText::weight).sum::<usize>() + self.undo.weight() + self.compensated.weight()
    }

    /// Takes the event as a fact. Total: also what breaks a rule is applied.
    pub fn apply(&mut self, event: &LeadEvent, head: &Head) {
        self.version = Some(head.version);
        self.updated_on = head.recorded_at.or(self.updated_on);
        match event {
            LeadEvent::Initialized { lead_id, name, phone } => {
                // A first beginning replaced nothing that could come back.
                if self.status.is_some() {
                    self.remember(Touched::Status, head);
                }
                self.status = Some(LeadStatus::NewLead);
                self.created_on = self.created_on.or(head.recorded_at);
                for (held, given) in [(&mut self.lead_id, lead_id), (&mut self.name, name), (&mut self.phone, phone)] {
                    if given.is_some() {
                        held.clone_from(given);
                    }
                }
            }
            LeadEvent::Contacted => self.contacts += 1,
            LeadEvent::FollowupSet { on } => {
                self.remember(Touched::Followup(self.followup_on), head);
                self.status = Some(LeadStatus::FollowupSet);
                self.followups += 1;
                self.followup_on = *on;
            }
            LeadEvent::DetailsUpdated { name, phone, of } => {
                if name.is_some() {
                    self.name.clone_from(name);
                }
                if phone.is_some() {
                    self.phone.clone_from(phone);
                }
                self.mark_compensated(of.as_ref());
            }
            LeadEvent::OrderSubmitted { deadline } => {
                self.remember(Touched::Order(self.payment_deadline), head);
                self.status = Some(LeadStatus::PendingPayment);
                self.payment_deadline = *deadline;
            }
            LeadEvent::PaymentConfirmed => {
                self.remember(Touched::Conversion(self.converted_on), head);
                self.status = Some(LeadStatus::Converted);
                self.converted_on = head.recorded_at;
            }
            LeadEvent::PaymentFailed => {
                self.remember(Touched::Failure, head);
                self.status = Some(LeadStatus::PaymentFailed);
            }
            LeadEvent::Closed { of } => {
                self.remember(Touched::Close, head);
                self.status = Some(LeadStatus::Closed);
                self.mark_compensated(of.as_ref());
            }
            LeadEvent::ContactRetracted { of } => {
                self.contacts = self.contacts.saturating_sub(1);
                self.mark_compensated(of.as_ref());
            }
            LeadEvent::FollowupCancelled { of } => {
                self.followups = self.followups.saturating_sub(1);
                self.undo(of.as_ref(), Touched::is_followup);
            }
            LeadEvent::OrderCancelled { of } => self.undo(of.as_ref(), Touched::is_order),
            LeadEvent::PaymentReversed { of } => self.undo(of.as_ref(), Touched::is_conversion),
            LeadEvent::PaymentFailureWithdrawn { of } => self.undo(of.as_ref(), Touched::is_failure),
            LeadEvent::Reopened { of } => self.undo(of.as_ref(), Touched::is_close),
            LeadEvent::Other { .. } => {}
        }
    }

    pub fn is_compensated(&self, event: &EventId) -> bool {
        self.compensated.contains(event)
    }

    fn remember(&mut self, touched: Touched, head: &Head) {
        self.undo.push(Step::new(&head.id, self.status, touched));
    }

    /// Restores what held before the named event (the latest of its kind, where none is named), as far as nothing
    /// later changed it.
    fn undo(&mut self, of: Option<&EventId>, is_kind: fn(&Touched) -> bool) {
        self.mark_compensated(of);
        let Some(undone) = self.undo.withdraw(of, is_kind) else { return };
        if undone.status_is_current {
            self.status = undone.step.status;
        }
        match undone.step.touched() {
            Touched::Followup(before) if undone.value_is_current => self.followup_on = before,
            Touched::Order(before) if undone.value_is_current => self.payment_deadline = before,
            Touched::Conversion(before) if undone.value_is_current => self.converted_on = before,
            _ => {}
        }
    }

    fn mark_compensated(&mut self, of: Option<&EventId>) {
        if let Some(id) = of {
            self.compensated.insert(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fold over a whole store holds one for each of a million leads.
    #[test]
    fn a_lead_takes_no_more_room_than_its_fields_need() {
        assert!(size_of::<Lead>() <= 160, "{}", size_of::<Lead>());
        assert!(size_of::<Step>() <= 32, "{}", size_of::<Step>());
    }
}
