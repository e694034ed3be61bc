//! Leads and tickets as cqrs-es aggregates, whose commands are the events themselves.

use std::convert::Infallible;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use serde_json::Value;

macro_rules! events {
    ($name:ident { $($kind:ident { $($field:ident: $of:ty),* $(,)? }),* $(,)? }) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum $name { $($kind { $(#[serde(default, skip_serializing_if = "skip")] $field: $of),* }),* }

        impl DomainEvent for $name {
            fn event_type(&self) -> String {
                match self { $(Self::$kind { .. } => stringify!($kind).to_owned()),* }
            }

            fn event_version(&self) -> String {
                "1.0".to_owned()
            }
        }
    };
}

/// A field that the scenario does not give at all is not stored; one that it gives as null is.
fn skip<T: Serialize>(value: &T) -> bool {
    matches!(serde_json::to_value(value), Ok(Value::String(text)) if text == ABSENT)
}

const ABSENT: &str = "\u{0}absent";

/// Any JSON value, with absence told from null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Given(Value);

impl Default for Given {
    fn default() -> Self {
        Self(Value::String(ABSENT.to_owned()))
    }
}

impl Given {
    fn or(self, before: Value) -> Value {
        if skip(&self) || self.0.is_null() { before } else { self.0 }
    }
}

events!(LeadEvent {
    LeadInitialized { lead_id: String, name: Value, phone: Given },
    Contacted { channel: String, note: Given },
    ContactRetracted {},
    FollowupSet { followup_on: String },
    FollowupCancelled {},
    ContactDetailsUpdated { name: Given, phone: Given },
    OrderSubmitted { payment_deadline: String, order: Given },
    PaymentConfirmed { status: Given },
    PaymentFailed { reason: Given },
    LeadClosed { reason: Given },
    LeadReopened {},
});

events!(TicketEvent {
    TicketInitialized { ticket_id: String, customer: String, subject: String, priority: String },
    AgentAssigned { agent: String },
    TicketViewed { agent: String },
    MessagePosted { role: String, author: String, body: String },
    PriorityChanged { priority: String },
    TicketEscalated { reason: Given },
    TicketClosed { by: String, reason: Given },
    TicketReopened { by: String },
});

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Lead {
    lead_id: String,
    name: Value,
    phone: Value,
    status: String,
    status_before: String,
    contacts: i64,
    followups: i64,
    order: Value,
}

impl Aggregate for Lead {
    const TYPE: &'static str = "lead";
    type Command = LeadEvent;
    type Event = LeadEvent;
    type Error = Infallible;
    type Services = ();

    async fn handle(&mut self, command: LeadEvent, (): &(), sink: &EventSink<Self>) -> Result<(), Infallible> {
        sink.write(command, self).await;
        Ok(())
    }

    fn apply(&mut self, event: LeadEvent) {
        match event {
            LeadEvent::LeadInitialized { lead_id, name, phone } => {
                *self = Self { lead_id, name, phone: phone.or(Value::Null), ..Self::default() };
                self.become_("NEW_LEAD");
            }
            LeadEvent::Contacted { .. } => self.contacts += 1,
            LeadEvent::ContactRetracted {} => self.contacts -= 1,
            LeadEvent::FollowupSet { .. } => {
                self.followups += 1;
                self.become_("FOLLOWUP_SET");
            }
            LeadEvent::FollowupCancelled {} => {
                self.followups -= 1;
                self.status = self.status_before.clone();
            }
            LeadEvent::ContactDetailsUpdated { name, phone } => {
                self.name = name.or(self.name.take());
                self.phone = phone.or(self.phone.take());
            }
            LeadEvent::OrderSubmitted { order, .. } => {
                self.order = order.or(Value::Null);
                self.become_("PENDING_PAYMENT");
            }
            LeadEvent::PaymentConfirmed { .. } => self.become_("CONVERTED"),
            LeadEvent::PaymentFailed { .. } => self.become_("PAYMENT_FAILED"),
            LeadEvent::LeadClosed { .. } => self.become_("CLOSED"),
            LeadEvent::LeadReopened {} => self.status = self.status_before.clone(),
        }
    }
}

impl Lead {
    fn become_(&mut self, status: &str) {
        self.status_before = std::mem::replace(&mut self.status, status.to_owned());
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Ticket {
    ticket_id: String,
    customer: String,
    subject: String,
    priority: String,
    agent: Option<String>,
    escalated: bool,
    closed: bool,
    messages: Vec<String>,
}

impl Aggregate for Ticket {
    const TYPE: &'static str = "ticket";
    type Command = TicketEvent;
    type Event = TicketEvent;
    type Error = Infallible;
    type Services = ();

    async fn handle(&mut self, command: TicketEvent, (): &(), sink: &EventSink<Self>) -> Result<(), Infallible> {
        sink.write(command, self).await;
        Ok(())
    }

    fn apply(&mut self, event: TicketEvent) {
        match event {
            TicketEvent::TicketInitialized { ticket_id, customer, subject, priority } => {
                *self = Self { ticket_id, customer, subject, priority, ..Self::default() };
            }
            TicketEvent::AgentAssigned { agent } => self.agent = Some(agent),
            TicketEvent::TicketViewed { .. } => {}
            TicketEvent::MessagePosted { body, .. } => self.messages.push(body),
            TicketEvent::PriorityChanged { priority } => self.priority = priority,
            TicketEvent::TicketEscalated { .. } => self.escalated = true,
            TicketEvent::TicketClosed { .. } => self.closed = true,
            TicketEvent::TicketReopened { .. } => self.closed = false,
        }
    }
}
