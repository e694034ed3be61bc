use super::{Party, QUIET_PERIOD_MICROS, Ticket, TicketEvent, TicketStatus};
use crate::domain::{Breach, EventKind};
use crate::event::Timestamp;

/// The first rule that this event breaks in this state, if any. `at` is the event's own time; a rule about time
/// is not held against an event that has none.
pub fn breach(ticket: &Ticket, event: &TicketEvent, at: Option<Timestamp>) -> Option<Breach> {
    let kind = match event {
        TicketEvent::Other { name } => return Some(Breach::Foreign(name.to_string())),
        known => known.kind()?,
    };
    let Some(status) = ticket.status else {
        let begins = kind == EventKind::TicketInitialized;
        return (!begins).then_some(Breach::NotBegun { kind, first: EventKind::TicketInitialized });
    };
    let is_closed = status == TicketStatus::Closed;
    let wrong_status = || Some(Breach::While { kind, status: status.name() });
    if let Some(id) = event.of()
        && ticket.is_compensated(id)
    {
        return Some(Breach::AlreadyCompensated(kind));
    }
    match event {
        TicketEvent::Initialized { .. } => Some(Breach::BegunTwice(kind)),
        TicketEvent::AgentAssigned { .. }
        | TicketEvent::Posted { .. }
        | TicketEvent::PriorityChanged { .. }
        | TicketEvent::Escalated
        | TicketEvent::Closed { .. }
            if is_closed =>
        {
            wrong_status()
        }
        TicketEvent::AgentAssigned { agent, .. } => (*agent == ticket.agent).then_some(Breach::ChangesNothing(kind)),
        TicketEvent::PriorityChanged { priority, .. } => {
            (priority.is_none() || *priority == ticket.priority).then_some(Breach::ChangesNothing(kind))
        }
        TicketEvent::Escalated => escalation_breach(ticket, at),
        TicketEvent::Closed { by, of: None } => closing_breach(ticket, *by, at),
        TicketEvent::Reopened { .. } if !is_closed => wrong_status(),
        TicketEvent::Reopened { by, of: None } => reopening_breach(ticket, *by, at),
        TicketEvent::MessageRetracted { of } => match of {
            None => Some(Breach::NamesNothing(kind)),
            Some(id) => ticket.message_index(id).is_none().then_some(Breach::NothingToUndo(kind)),
        },
        TicketEvent::EscalationWithdrawn { of } => match of {
            None => Some(Breach::NamesNothing(kind)),
            Some(id) => {
                let is_held = ticket.escalation.as_ref().is_some_and(|held| held.id == *id);
                (!is_held).then_some(Breach::NothingToUndo(kind))
            }
        },
        // A correction is bound by neither who closes nor when: it is a manager's word on an earlier event.
        TicketEvent::Closed { .. } | TicketEvent::Reopened { .. } => None,
        TicketEvent::Viewed { .. } | TicketEvent::Posted { .. } | TicketEvent::Other { .. } => None,
    }
}

fn escalation_breach(ticket: &Ticket, at: Option<Timestamp>) -> Option<Breach> {
    if ticket.is_escalated() {
        return Some(Breach::EscalatedTwice);
    }
    match (ticket.wait.deadline, at) {
        (None, _) => Some(Breach::EscalatedWithoutWait),
        (Some(deadline), Some(at)) if at <= deadline => Some(Breach::EscalatedEarly),
        _ => None,
    }
}

fn closing_breach(ticket: &Ticket, by: Option<Party>, at: Option<Timestamp>) -> Option<Breach> {
    match by {
        Some(party @ (Party::Agent | Party::System)) if ticket.is_escalated() => {
            Some(Breach::EscalatedClosedBy(party.name()))
        }
        Some(Party::System) => {
            let has_waited = match (ticket.wait.for_customer_since, at) {
                (Some(since), Some(at)) => at.micros_since(since) >= QUIET_PERIOD_MICROS,
                (Some(_), None) => true,
                (None, _) => false,
            };
            (!has_waited).then_some(Breach::ClosedEarly)
        }
        _ => None,
    }
}

fn reopening_breach(ticket: &Ticket, by: Option<Party>, at: Option<Timestamp>) -> Option<Breach> {
    match by {
        Some(party) if party != Party::Customer => Some(Breach::ReopenedBy(party.name())),
        _ => {
            let since = ticket.closed_on.zip(at).map(|(closed, at)| at.micros_since(closed));
            (since > Some(QUIET_PERIOD_MICROS)).then_some(Breach::ReopenedLate)
        }
    }
}

/// Whether the ticket may be moved to another agent because this one has not opened it: escalated, unopened since,
/// and half of the response time gone that this agent had.
pub(super) fn moving_breach(ticket: &Ticket, at: Timestamp) -> Option<Breach> {
    let Some(escalation) = &ticket.escalation else { return Some(Breach::MovedUnescalated) };
    let half = ticket.priority.map_or(0, |priority| priority.response_micros() / 2);
    let is_due = escalation.unopened_since.is_none_or(|since| at.micros_since(since) >= half);
    (escalation.was_viewed || !is_due).then_some(Breach::MovedEarly)
}
