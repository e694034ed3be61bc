use std::sync::Arc;

use super::{Party, Priority, Role};
use crate::domain::payload::{compensated, fields_of, shortened};
use crate::domain::{Aggregate, Decoded, EventKind, Fields, Flaw, reading_of};
use crate::event::{EventId, EventRow};

/// An event of a ticket, with what folding needs of it. Where a compensation names an event, `of` is its id.
#[derive(Clone, Debug, PartialEq)]
pub enum TicketEvent {
    Initialized {
        ticket_id: Option<Arc<str>>,
        customer: Option<Arc<str>>,
        subject: Option<Arc<str>>,
        priority: Option<Priority>,
    },
    AgentAssigned {
        agent: Option<Arc<str>>,
        of: Option<EventId>,
    },
    Viewed {
        agent: Option<Arc<str>>,
    },
    Posted {
        role: Option<Role>,
        author: Option<Arc<str>>,
        body: Option<Arc<str>>,
    },
    PriorityChanged {
        priority: Option<Priority>,
        of: Option<EventId>,
    },
    Escalated,
    Closed {
        by: Option<Party>,
        of: Option<EventId>,
    },
    Reopened {
        by: Option<Party>,
        of: Option<EventId>,
    },
    MessageRetracted {
        of: Option<EventId>,
    },
    EscalationWithdrawn {
        of: Option<EventId>,
    },
    /// Something that no ticket knows, by its stored name.
    Other {
        name: Arc<str>,
    },
}

impl TicketEvent {
    pub fn kind(&self) -> Option<EventKind> {
        Some(match self {
            Self::Initialized { .. } => EventKind::TicketInitialized,
            Self::AgentAssigned { .. } => EventKind::AgentAssigned,
            Self::Viewed { .. } => EventKind::TicketViewed,
            Self::Posted { .. } => EventKind::MessagePosted,
            Self::PriorityChanged { .. } => EventKind::PriorityChanged,
            Self::Escalated => EventKind::TicketEscalated,
            Self::Closed { .. } => EventKind::TicketClosed,
            Self::Reopened { .. } => EventKind::TicketReopened,
            Self::MessageRetracted { .. } => EventKind::MessageRetracted,
            Self::EscalationWithdrawn { .. } => EventKind::EscalationWithdrawn,
            Self::Other { .. } => return None,
        })
    }

    /// The event this one compensates, where it names one.
    pub fn of(&self) -> Option<&EventId> {
        match self {
            Self::AgentAssigned { of, .. }
            | Self::PriorityChanged { of, .. }
            | Self::Closed { of, .. }
            | Self::Reopened { of, .. }
            | Self::MessageRetracted { of }
            | Self::EscalationWithdrawn { of } => of.as_ref(),
            Self::Initialized { .. }
            | Self::Viewed { .. }
            | Self::Posted { .. }
            | Self::Escalated
            | Self::Other { .. } => None,
        }
    }
}

/// Reads a stored event. Total: what can't be read is noted as a flaw, and its type still counts.
pub fn decode(row: &EventRow<'_>) -> Decoded<TicketEvent> {
    let mut flaw = None;
    let flaw_ref = &mut flaw;
    let body = row.body();
    let payload: &[u8] = &body;
    let reading = reading_of(Aggregate::Ticket, row.event_type.as_str());
    let event = match reading.map(|reading| reading.kind) {
        Some(EventKind::TicketInitialized) => {
            let fields = fields_of(payload, &["ticket-id", "customer", "subject", "priority"], flaw_ref);
            let text = |index| fields.text(index).map(Arc::from);
            TicketEvent::Initialized {
                ticket_id: text(0).or_else(|| row.stream.key().map(Arc::from)),
                customer: text(1),
                subject: text(2),
                priority: named(&fields, 3, "priority", Priority::from_name, flaw_ref),
            }
        }
        Some(EventKind::AgentAssigned) => {
            let fields = fields_of(payload, &["agent"], flaw_ref);
            TicketEvent::AgentAssigned { agent: fields.text(0).map(Arc::from), of: compensated(row) }
        }
        Some(EventKind::TicketViewed) => {
            let fields = fields_of(payload, &["agent"], flaw_ref);
            TicketEvent::Viewed { agent: fields.text(0).map(Arc::from) }
        }
        Some(EventKind::MessagePosted) => {
            let fields = fields_of(payload, &["role", "author", "body"], flaw_ref);
            let text = |index| fields.text(index).map(Arc::from);
            TicketEvent::Posted {
                role: named(&fields, 0, "role", Role::from_name, flaw_ref),
                author: text(1),
                body: text(2),
            }
        }
        Some(EventKind::PriorityChanged) => {
            let fields = fields_of(payload, &["priority"], flaw_ref);
            let priority = named(&fields, 0, "priority", Priority::from_name, flaw_ref);
            TicketEvent::PriorityChanged { priority, of: compensated(row) }
        }
        Some(kind @ (EventKind::TicketClosed | EventKind::TicketReopened)) => {
            let fields = fields_of(payload, &["by"], flaw_ref);
            let by = named(&fields, 0, "by", Party::from_name, flaw_ref);
            let of = compensated(row);
            if kind == EventKind::TicketClosed {
                TicketEvent::Closed { by, of }
            } else {
                TicketEvent::Reopened { by, of }
            }
        }
        Some(other) => {
            let _: Fields<'_, 0> = fields_of(payload, &[], flaw_ref);
            match other {
                EventKind::TicketEscalated => TicketEvent::Escalated,
                EventKind::MessageRetracted => TicketEvent::MessageRetracted { of: compensated(row) },
                EventKind::EscalationWithdrawn => TicketEvent::EscalationWithdrawn { of: compensated(row) },
                _ => TicketEvent::Other { name: row.event_type.as_str().into() },
            }
        }
        None => TicketEvent::Other { name: row.event_type.as_str().into() },
    };
    Decoded { event, flaw, is_guess: reading.is_some_and(|reading| reading.is_guess) }
}

/// A field that takes one of a few words.
fn named<T, const N: usize>(
    fields: &Fields<'_, N>,
    index: usize,
    field: &'static str,
    from_name: fn(&str) -> Option<T>,
    flaw: &mut Option<Box<Flaw>>,
) -> Option<T> {
    let text = fields.text(index)?;
    let value = from_name(&text);
    if value.is_none() {
        flaw.get_or_insert_with(|| Box::new(Flaw::Unknown { field, text: shortened(&text).into() }));
    }
    value
}
