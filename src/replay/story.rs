use super::{Replay, Timeline};
use crate::domain::Aggregate;
use crate::event::EventRow;
use crate::projection::{FieldsProjection, LeadState, TicketState};

/// A stream under the projection that knows its rules: what findings, previews and compensations are made from.
#[derive(Debug)]
pub enum Story {
    Lead(Replay<LeadState>),
    Ticket(Replay<TicketState>),
    Other(Replay<FieldsProjection>),
}

impl Story {
    pub fn new(aggregate: Option<Aggregate>) -> Self {
        match aggregate {
            Some(Aggregate::Lead) => Self::Lead(Replay::new(LeadState)),
            Some(Aggregate::Ticket) => Self::Ticket(Replay::new(TicketState)),
            None => Self::Other(Replay::new(FieldsProjection)),
        }
    }

    pub fn aggregate(&self) -> Option<Aggregate> {
        match self {
            Self::Lead(_) => Some(Aggregate::Lead),
            Self::Ticket(_) => Some(Aggregate::Ticket),
            Self::Other(_) => None,
        }
    }

    pub fn timeline(&self) -> &dyn Timeline {
        match self {
            Self::Lead(replay) => replay,
            Self::Ticket(replay) => replay,
            Self::Other(replay) => replay,
        }
    }

    pub fn timeline_mut(&mut self) -> &mut dyn Timeline {
        match self {
            Self::Lead(replay) => replay,
            Self::Ticket(replay) => replay,
            Self::Other(replay) => replay,
        }
    }

    pub fn push(&mut self, row: &EventRow<'_>) {
        self.timeline_mut().push_row(row);
    }
}
