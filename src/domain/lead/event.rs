use std::sync::Arc;

use crate::domain::payload::{compensated, fields_of};
use crate::domain::{Aggregate, Decoded, EventKind, Fields, Reading, reading_of, upcast};
use crate::event::{EventId, EventRow, ShortText, Timestamp, payload_value};

/// An event of a lead, with what folding needs of it; a call's notes stay in the payload. Where a compensation
/// names an event, `of` is its id.
#[derive(Clone, Debug, PartialEq)]
pub enum LeadEvent {
    Initialized {
        lead_id: Option<ShortText>,
        name: Option<ShortText>,
        phone: Option<ShortText>,
    },
    Contacted,
    FollowupSet {
        on: Option<Timestamp>,
    },
    DetailsUpdated {
        name: Option<ShortText>,
        phone: Option<ShortText>,
        of: Option<EventId>,
    },
    OrderSubmitted {
        deadline: Option<Timestamp>,
    },
    PaymentConfirmed,
    PaymentFailed,
    Closed {
        of: Option<EventId>,
    },
    ContactRetracted {
        of: Option<EventId>,
    },
    FollowupCancelled {
        of: Option<EventId>,
    },
    OrderCancelled {
        of: Option<EventId>,
    },
    PaymentReversed {
        of: Option<EventId>,
    },
    PaymentFailureWithdrawn {
        of: Option<EventId>,
    },
    Reopened {
        of: Option<EventId>,
    },
    /// Something that no lead knows, by its stored name.
    Other {
        name: Arc<str>,
    },
}

impl LeadEvent {
    pub fn kind(&self) -> Option<EventKind> {
        Some(match self {
            Self::Initialized { .. } => EventKind::LeadInitialized,
            Self::Contacted => EventKind::Contacted,
            Self::FollowupSet { .. } => EventKind::FollowupSet,
            Self::DetailsUpdated { .. } => EventKind::ContactDetailsUpdated,
            Self::OrderSubmitted { .. } => EventKind::OrderSubmitted,
            Self::PaymentConfirmed => EventKind::PaymentConfirmed,
            Self::PaymentFailed => EventKind::PaymentFailed,
            Self::Closed { .. } => EventKind::LeadClosed,
            Self::ContactRetracted { .. } => EventKind::ContactRetracted,
            Self::FollowupCancelled { .. } => EventKind::FollowupCancelled,
            Self::OrderCancelled { .. } => EventKind::OrderCancelled,
            Self::PaymentReversed { .. } => EventKind::PaymentReversed,
            Self::PaymentFailureWithdrawn { .. } => EventKind::PaymentFailureWithdrawn,
            Self::Reopened { .. } => EventKind::LeadReopened,
            Self::Other { .. } => return None,
        })
    }

    /// The event this one compensates, where it names one.
    pub fn of(&self) -> Option<&EventId> {
        match self {
            Self::DetailsUpdated { of, .. }
            | Self::Closed { of }
            | Self::ContactRetracted { of }
            | Self::FollowupCancelled { of }
            | Self::OrderCancelled { of }
            | Self::PaymentReversed { of }
            | Self::PaymentFailureWithdrawn { of }
            | Self::Reopened { of } => of.as_ref(),
            Self::Initialized { .. }
            | Self::Contacted
            | Self::FollowupSet { .. }
            | Self::OrderSubmitted { .. }
            | Self::PaymentConfirmed
            | Self::PaymentFailed
            | Self::Other { .. } => None,
        }
    }
}

/// Reads a stored event. Total: what can't be read is noted as a flaw, and its type still counts.
pub fn decode(row: &EventRow<'_>) -> Decoded<LeadEvent> {
    let Some(Reading { kind, is_guess }) = reading_of(Aggregate::Lead, row.event_type.as_str()) else {
        let event = LeadEvent::Other { name: row.event_type.as_str().into() };
        return Decoded { event, flaw: None, is_guess: false };
    };
    if upcast::needs_upcast(kind, row.schema) {
        let mut payload = payload_value(&row.body());
        upcast::upcast(kind, row.schema, &mut payload);
        let text = payload.to_string();
        // What was no JSON must be judged as it was stored, not as the string that stands for it here.
        let judged = if payload.is_string() { row.payload } else { text.as_bytes() };
        return Decoded { is_guess, ..decode_payload(kind, judged, row) };
    }
    Decoded { is_guess, ..decode_payload(kind, &row.body(), row) }
}

fn decode_payload(kind: EventKind, payload: &[u8], row: &EventRow<'_>) -> Decoded<LeadEvent> {
    let mut flaw = None;
    let event = match kind {
        EventKind::LeadInitialized => {
            let fields = fields_of(payload, &["lead-id", "name", "phone"], &mut flaw);
            let text = |index| fields.text(index).map(ShortText::from);
            LeadEvent::Initialized {
                lead_id: text(0).or_else(|| row.stream.key().map(ShortText::from)),
                name: text(1),
                phone: text(2),
            }
        }
        EventKind::FollowupSet => {
            let fields = fields_of(payload, &["followup-on"], &mut flaw);
            LeadEvent::FollowupSet { on: fields.time(0, "followup-on", &mut flaw) }
        }
        EventKind::ContactDetailsUpdated => {
            let fields = fields_of(payload, &["name", "phone"], &mut flaw);
            let text = |index| fields.text(index).map(ShortText::from);
            LeadEvent::DetailsUpdated { name: text(0), phone: text(1), of: compensated(row) }
        }
        EventKind::OrderSubmitted => {
            let fields = fields_of(payload, &["payment-deadline"], &mut flaw);
            LeadEvent::OrderSubmitted { deadline: fields.time(0, "payment-deadline", &mut flaw) }
        }
        other => {
            let _: Fields<'_, 0> = fields_of(payload, &[], &mut flaw);
            match other {
                EventKind::Contacted => LeadEvent::Contacted,
                EventKind::PaymentConfirmed => LeadEvent::PaymentConfirmed,
                EventKind::PaymentFailed => LeadEvent::PaymentFailed,
                EventKind::LeadClosed => LeadEvent::Closed { of: compensated(row) },
                EventKind::ContactRetracted => LeadEvent::ContactRetracted { of: compensated(row) },
                EventKind::FollowupCancelled => LeadEvent::FollowupCancelled { of: compensated(row) },
                EventKind::OrderCancelled => LeadEvent::OrderCancelled { of: compensated(row) },
                EventKind::PaymentReversed => LeadEvent::PaymentReversed { of: compensated(row) },
                EventKind::PaymentFailureWithdrawn => LeadEvent::PaymentFailureWithdrawn { of: compensated(row) },
                EventKind::LeadReopened => LeadEvent::Reopened { of: compensated(row) },
                _ => LeadEvent::Other { name: row.event_type.as_str().into() },
            }
        }
    };
    Decoded { event, flaw, is_guess: false }
}
