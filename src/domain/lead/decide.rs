use serde_json::Value;

use super::{Lead, LeadEvent, breach, decode};
use crate::domain::draft::{object, plain_id};
use crate::domain::{Breach, Draft, EventKind};
use crate::event::{EventId, ShortText, Timestamp};

/// What somebody wants of a lead.
#[derive(Clone, Debug)]
pub enum LeadCommand {
    Initialize { lead_id: String, name: String, phone: String },
    Contact { channel: Option<String>, note: Option<String> },
    SetFollowup { on: Timestamp },
    UpdateDetails { name: Option<String>, phone: Option<String> },
    SubmitOrder { deadline: Timestamp },
    ConfirmPayment,
    FailPayment { reason: Option<String> },
    Close { reason: Option<String> },
    Compensate { target: Box<LeadTarget>, reason: String },
}

/// A recorded event that is to be compensated, and the lead as it was before it.
#[derive(Clone, Debug)]
pub struct LeadTarget {
    pub id: EventId,
    pub event: LeadEvent,
    pub before: Lead,
}

/// Answers a command with the facts it leads to, or with the rule that forbids it.
pub fn decide(lead: &Lead, command: &LeadCommand, now: Timestamp) -> Result<Vec<Draft>, Breach> {
    match weigh(lead, command, now)? {
        (_, Some(breach)) => Err(breach),
        (draft, None) => Ok(vec![draft]),
    }
}

/// The fact that a command would lead to, and the rule that it would break.
pub fn weigh(lead: &Lead, command: &LeadCommand, now: Timestamp) -> Result<(Draft, Option<Breach>), Breach> {
    let draft = draft(lead, command)?;
    let breach = breach(lead, &draft.read_back(decode).event, Some(now));
    Ok((draft, breach))
}

fn draft(lead: &Lead, command: &LeadCommand) -> Result<Draft, Breach> {
    Ok(match command {
        LeadCommand::Initialize { lead_id, name, phone } => {
            let fields = [
                ("lead-id", Some(plain_id(lead_id))),
                ("name", Some(name.as_str().into())),
                ("phone", Some(phone.as_str().into())),
            ];
            Draft::new(EventKind::LeadInitialized, object(fields))
        }
        LeadCommand::Contact { channel, note } => Draft::new(
            EventKind::Contacted,
            object([("channel", text(channel.as_ref())), ("note", text(note.as_ref()))]),
        ),
        LeadCommand::SetFollowup { on } => {
            Draft::new(EventKind::FollowupSet, object([("followup-on", Some(on.to_string().into()))]))
        }
        LeadCommand::UpdateDetails { name, phone } => Draft::new(
            EventKind::ContactDetailsUpdated,
            object([("name", text(name.as_ref())), ("phone", text(phone.as_ref()))]),
        ),
        LeadCommand::SubmitOrder { deadline } => {
            Draft::new(EventKind::OrderSubmitted, object([("payment-deadline", Some(deadline.to_string().into()))]))
        }
        LeadCommand::ConfirmPayment => Draft::new(EventKind::PaymentConfirmed, object([])),
        LeadCommand::FailPayment { reason } => {
            Draft::new(EventKind::PaymentFailed, object([("reason", text(reason.as_ref()))]))
        }
        LeadCommand::Close { reason } => Draft::new(EventKind::LeadClosed, object([("reason", text(reason.as_ref()))])),
        LeadCommand::Compensate { target, reason } => compensation(lead, target, reason)?,
    })
}

/// The natural counterpart of a recorded event.
fn compensation(lead: &Lead, target: &LeadTarget, reason: &str) -> Result<Draft, Breach> {
    let LeadTarget { id, event, before } = target;
    let with = |kind, payload| Ok(Draft::compensating(kind, payload, id));
    if let (Some(kind), true) = (event.kind(), lead.is_compensated(id)) {
        return Err(Breach::CompensatedBefore(kind));
    }
    match event {
        LeadEvent::Initialized { .. } => {
            with(EventKind::LeadClosed, object([("reason", Some(reason.to_owned().into()))]))
        }
        LeadEvent::Contacted => with(EventKind::ContactRetracted, object([])),
        LeadEvent::FollowupSet { .. } => with(EventKind::FollowupCancelled, object([])),
        LeadEvent::DetailsUpdated { name, phone, of: _ } => {
            let name = restored("name", name.as_ref(), lead.name.as_ref(), before.name.as_ref());
            let phone = restored("phone", phone.as_ref(), lead.phone.as_ref(), before.phone.as_ref());
            match (name, phone) {
                (Err(refusal), Err(_) | Ok(None)) | (Ok(None), Err(refusal)) => Err(refusal),
                (name, phone) => {
                    let value =
                        |text: Result<Option<ShortText>, Breach>| text.ok().flatten().map(|text| Value::from(&*text));
                    with(EventKind::ContactDetailsUpdated, object([("name", value(name)), ("phone", value(phone))]))
                }
            }
        }
        LeadEvent::OrderSubmitted { .. } => with(EventKind::OrderCancelled, object([])),
        LeadEvent::PaymentConfirmed => with(EventKind::PaymentReversed, object([])),
        LeadEvent::PaymentFailed => with(EventKind::PaymentFailureWithdrawn, object([])),
        LeadEvent::Closed { .. } => with(EventKind::LeadReopened, object([])),
        other => {
            let name = match other {
                LeadEvent::Other { name } => name.to_string(),
                known => known.kind().map(|kind| kind.name().to_owned()).unwrap_or_default(),
            };
            Err(Breach::NoCompensation(name))
        }
    }
}

/// The value to give back for one field: nothing where the event did not touch it, a refusal where something later
/// did or where nothing stood there before.
fn restored(
    field: &'static str,
    given: Option<&ShortText>,
    now: Option<&ShortText>,
    before: Option<&ShortText>,
) -> Result<Option<ShortText>, Breach> {
    match given {
        None => Ok(None),
        Some(_) if given == before => Ok(None),
        Some(_) if given != now => Err(Breach::ChangedLater(field.to_owned())),
        Some(_) => before.cloned().map(Some).ok_or(Breach::NothingBefore(field)),
    }
}

fn text(value: Option<&String>) -> Option<Value> {
    value.map(|text| Value::from(text.as_str()))
}
