use std::sync::Arc;

use serde_json::Value;

use super::rules::moving_breach;
use super::{Party, Priority, Role, Ticket, TicketEvent, breach, decode};
use crate::domain::draft::{object, plain_id};
use crate::domain::{Breach, Draft, EventKind};
use crate::event::{EventId, Timestamp};

/// What somebody wants of a ticket.
#[derive(Clone, Debug)]
pub enum TicketCommand {
    Open {
        ticket_id: String,
        customer: String,
        subject: String,
        priority: Priority,
    },
    Assign {
        agent: String,
    },
    View {
        agent: String,
    },
    Post {
        role: Role,
        author: String,
        body: String,
    },
    ChangePriority {
        priority: Priority,
    },
    Escalate {
        reason: String,
    },
    /// By the clock: an escalated ticket that its agent has not opened goes to another.
    MoveUnopened {
        agent: String,
    },
    Close {
        by: Party,
        reason: String,
    },
    Reopen {
        by: Party,
    },
    Compensate {
        target: Box<TicketTarget>,
        reason: String,
    },
}

/// A recorded event that is to be compensated, and the ticket as it was before it.
#[derive(Clone, Debug)]
pub struct TicketTarget {
    pub id: EventId,
    pub event: TicketEvent,
    pub before: Ticket,
}

/// Answers a command with the facts it leads to, or with the rule that forbids it.
pub fn decide(ticket: &Ticket, command: &TicketCommand, now: Timestamp) -> Result<Vec<Draft>, Breach> {
    match weigh(ticket, command, now)? {
        (_, Some(breach)) => Err(breach),
        (draft, None) => Ok(vec![draft]),
    }
}

/// The fact that a command would lead to, and the rule that it would break.
pub fn weigh(ticket: &Ticket, command: &TicketCommand, now: Timestamp) -> Result<(Draft, Option<Breach>), Breach> {
    if let TicketCommand::MoveUnopened { .. } = command
        && let Some(breach) = moving_breach(ticket, now)
    {
        return Err(breach);
    }
    let draft = draft(ticket, command)?;
    let breach = breach(ticket, &draft.read_back(decode).event, Some(now));
    Ok((draft, breach))
}

fn draft(ticket: &Ticket, command: &TicketCommand) -> Result<Draft, Breach> {
    let text = |text: &str| Some(Value::from(text));
    Ok(match command {
        TicketCommand::Open { ticket_id, customer, subject, priority } => Draft::new(
            EventKind::TicketInitialized,
            object([
                ("ticket-id", Some(plain_id(ticket_id))),
                ("customer", text(customer)),
                ("subject", text(subject)),
                ("priority", text(priority.name())),
            ]),
        ),
        TicketCommand::Assign { agent } | TicketCommand::MoveUnopened { agent } => {
            Draft::new(EventKind::AgentAssigned, object([("agent", text(agent))]))
        }
        TicketCommand::View { agent } => Draft::new(EventKind::TicketViewed, object([("agent", text(agent))])),
        TicketCommand::Post { role, author, body } => Draft::new(
            EventKind::MessagePosted,
            object([("role", text(role.name())), ("author", text(author)), ("body", text(body))]),
        ),
        TicketCommand::ChangePriority { priority } => {
            Draft::new(EventKind::PriorityChanged, object([("priority", text(priority.name()))]))
        }
        TicketCommand::Escalate { reason } => {
            Draft::new(EventKind::TicketEscalated, object([("reason", text(reason))]))
        }
        TicketCommand::Close { by, reason } => {
            Draft::new(EventKind::TicketClosed, object([("by", text(by.name())), ("reason", text(reason))]))
        }
        TicketCommand::Reopen { by } => Draft::new(EventKind::TicketReopened, object([("by", text(by.name()))])),
        TicketCommand::Compensate { target, reason } => compensation(ticket, target, reason)?,
    })
}

/// The natural counterpart of a recorded event. Corrections are a manager's.
fn compensation(ticket: &Ticket, target: &TicketTarget, reason: &str) -> Result<Draft, Breach> {
    let TicketTarget { id, event, before } = target;
    let with = |kind, payload| Ok(Draft::compensating(kind, payload, id));
    let manager = || Some(Value::from(Party::Manager.name()));
    if let (Some(kind), true) = (event.kind(), ticket.is_compensated(id)) {
        return Err(Breach::CompensatedBefore(kind));
    }
    match event {
        TicketEvent::Closed { .. } | TicketEvent::Reopened { .. } if ticket.status_set_by.as_ref() != Some(id) => {
            Err(Breach::ChangedLater("status".to_owned()))
        }
        TicketEvent::Initialized { .. } | TicketEvent::Reopened { .. } => {
            with(EventKind::TicketClosed, object([("by", manager()), ("reason", Some(reason.into()))]))
        }
        TicketEvent::AgentAssigned { agent, .. } => {
            let before: Option<&Arc<str>> = before.agent.as_ref();
            let agent = given_back("agent", agent.as_ref() == ticket.agent.as_ref(), before)?;
            with(EventKind::AgentAssigned, object([("agent", Some(Value::from(&**agent)))]))
        }
        TicketEvent::PriorityChanged { priority, .. } => {
            let priority = given_back("priority", *priority == ticket.priority, before.priority)?;
            with(EventKind::PriorityChanged, object([("priority", Some(priority.name().into()))]))
        }
        TicketEvent::Posted { .. } => with(EventKind::MessageRetracted, object([])),
        TicketEvent::Escalated => with(EventKind::EscalationWithdrawn, object([])),
        TicketEvent::Closed { .. } => with(EventKind::TicketReopened, object([("by", manager())])),
        TicketEvent::Viewed { .. } => Err(Breach::NoCompensation(EventKind::TicketViewed.name().to_owned())),
        TicketEvent::MessageRetracted { .. } => {
            Err(Breach::NoCompensation(EventKind::MessageRetracted.name().to_owned()))
        }
        TicketEvent::EscalationWithdrawn { .. } => {
            Err(Breach::NoCompensation(EventKind::EscalationWithdrawn.name().to_owned()))
        }
        TicketEvent::Other { name } => Err(Breach::NoCompensation(name.to_string())),
    }
}

/// The value from before the event, if the event's own still stands.
fn given_back<T>(field: &'static str, still_stands: bool, before: Option<T>) -> Result<T, Breach> {
    if !still_stands {
        return Err(Breach::ChangedLater(field.to_owned()));
    }
    before.ok_or(Breach::NothingBefore(field))
}
