use super::undo::Touched;
use super::{Lead, LeadEvent, LeadStatus};
use crate::domain::{Breach, EventKind};
use crate::event::Timestamp;

/// The first rule that this event breaks in this state, if any. `at` is the event's own time.
pub fn breach(lead: &Lead, event: &LeadEvent, at: Option<Timestamp>) -> Option<Breach> {
    let kind = match event {
        LeadEvent::Other { name } => return Some(Breach::Foreign(name.to_string())),
        known => known.kind()?,
    };
    let Some(status) = lead.status else {
        let begins = kind == EventKind::LeadInitialized;
        return (!begins).then_some(Breach::NotBegun { kind, first: EventKind::LeadInitialized });
    };
    let wrong_status = || Some(Breach::While { kind, status: status.name() });
    let is_over = matches!(status, LeadStatus::Closed | LeadStatus::Converted);
    match event {
        LeadEvent::Initialized { .. } => Some(Breach::BegunTwice(kind)),
        LeadEvent::Contacted | LeadEvent::Closed { .. } if is_over => wrong_status(),
        LeadEvent::FollowupSet { .. } if is_over => wrong_status(),
        LeadEvent::FollowupSet { on: Some(on) } if at.is_some_and(|at| *on < at) => Some(Breach::FollowupInThePast),
        LeadEvent::OrderSubmitted { .. }
            if !matches!(status, LeadStatus::NewLead | LeadStatus::FollowupSet | LeadStatus::PaymentFailed) =>
        {
            wrong_status()
        }
        LeadEvent::PaymentConfirmed | LeadEvent::PaymentFailed if status != LeadStatus::PendingPayment => {
            wrong_status()
        }
        LeadEvent::DetailsUpdated { name, phone, of } => {
            if of.as_ref().is_some_and(|id| lead.is_compensated(id)) {
                return Some(Breach::AlreadyCompensated(kind));
            }
            let changes_name = name.is_some() && *name != lead.name;
            let changes_phone = phone.is_some() && *phone != lead.phone;
            (!changes_name && !changes_phone).then_some(Breach::ChangesNothing(kind))
        }
        LeadEvent::ContactRetracted { .. } => {
            compensation(lead, event, kind).or((lead.contacts == 0).then_some(Breach::NothingToUndo(kind)))
        }
        LeadEvent::FollowupCancelled { .. } => undoing(lead, event, kind, Touched::is_followup),
        LeadEvent::OrderCancelled { .. } => undoing(lead, event, kind, Touched::is_order),
        LeadEvent::PaymentReversed { .. } => undoing(lead, event, kind, Touched::is_conversion),
        LeadEvent::PaymentFailureWithdrawn { .. } => undoing(lead, event, kind, Touched::is_failure),
        LeadEvent::Reopened { .. } if status != LeadStatus::Closed => {
            compensation(lead, event, kind).or_else(wrong_status)
        }
        LeadEvent::Reopened { .. } => undoing(lead, event, kind, Touched::is_close),
        _ => None,
    }
}

/// What any compensation must meet: it names an event, and one that was not compensated before.
fn compensation(lead: &Lead, event: &LeadEvent, kind: EventKind) -> Option<Breach> {
    match event.of() {
        None => Some(Breach::NamesNothing(kind)),
        Some(id) if lead.is_compensated(id) => Some(Breach::AlreadyCompensated(kind)),
        Some(_) => None,
    }
}

fn undoing(lead: &Lead, event: &LeadEvent, kind: EventKind, is_kind: fn(&Touched) -> bool) -> Option<Breach> {
    compensation(lead, event, kind)
        .or_else(|| (!lead.undo.holds(event.of(), is_kind)).then_some(Breach::NothingToUndo(kind)))
}
