use std::sync::Arc;

use imbl::Vector;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::cells::{Cell, Items, compare_cells, gather};
use super::lead::{SeenTexts, flaw, guess, id_cell, version_cell};
use super::{Folded, Problem, Projection, Registrar, SMALL_STATE, item_path};
use crate::domain::ticket::{Messages, Ticket, TicketEvent, breach, decode};
use crate::domain::{Aggregate, Decoded};
use crate::event::{EventRow, Head, Version};

type Event = Decoded<TicketEvent>;

pub(super) fn register(registrar: &mut impl Registrar) {
    registrar.add(TicketState);
    registrar.add(TicketSearch);
    registrar.add(TicketService);
}

/// `state`: the ticket as it stands.
#[derive(Clone, Copy, Debug)]
pub struct TicketState;

impl Projection for TicketState {
    type Event = Event;
    type State = Ticket;

    fn name(&self) -> &'static str {
        "state"
    }

    fn aggregate(&self) -> Option<Aggregate> {
        Some(Aggregate::Ticket)
    }

    fn knows_rules(&self) -> bool {
        true
    }

    fn revision(&self) -> u32 {
        1
    }

    fn decode(&self, row: &EventRow<'_>) -> Event {
        decode(row)
    }

    fn apply(&self, ticket: &mut Ticket, event: &Event, head: &Head, problems: &mut Vec<Problem>) -> Folded {
        problems.extend(breach(ticket, &event.event, head.recorded_at).map(Problem::Breach));
        problems.extend(flaw(event.flaw.as_deref(), head));
        problems.extend(guess(event.is_guess, event.event.kind(), head));
        ticket.apply(&event.event, head);
        Ok(())
    }

    fn weight(&self, ticket: &Ticket) -> usize {
        ticket.weight()
    }

    fn is_small(&self, ticket: &Ticket) -> bool {
        ticket.messages.len() <= FEW_MESSAGES && self.weight(ticket) <= SMALL_STATE
    }

    fn has_fixed_fields(&self) -> bool {
        true
    }

    fn cells<'s>(&self, ticket: &'s Ticket, visit: &mut dyn FnMut(&'s str, Cell<'s>)) {
        scalar_cells(ticket, visit);
        visit("messages", Cell::List(&ticket.messages));
    }

    fn bookkeeping(&self) -> &'static [&'static str] {
        &["updated-on", "version"]
    }

    /// A message is only ever added, or retracted in its place: no other item needs a look.
    fn changes(&self, before: &Ticket, event: &Event, after: &Ticket, report: &mut dyn FnMut(&str)) {
        let (old, new) = (gather(|visit| scalar_cells(before, visit)), gather(|visit| scalar_cells(after, visit)));
        compare_cells(&old, &new, report);
        for index in before.messages.len()..after.messages.len() {
            report(&item_path("messages", index));
        }
        if let TicketEvent::MessageRetracted { of: Some(id) } = &event.event
            && let Some(index) = before.message_index(id)
        {
            let (was, is) = (before.messages.item(index), after.messages.item(index));
            super::report_value_changes(&item_path("messages", index), &was, &is, report);
        }
    }
}

fn scalar_cells<'s>(ticket: &'s Ticket, visit: &mut dyn FnMut(&'s str, Cell<'s>)) {
    visit("ticket-id", id_cell(ticket.ticket_id.as_deref()));
    visit("subject", Cell::text(ticket.subject.as_deref()));
    visit("customer", Cell::text(ticket.customer.as_deref()));
    visit("status", Cell::text(ticket.status.map(|status| status.name())));
    visit("priority", Cell::text(ticket.priority.map(|priority| priority.name())));
    visit("agent", Cell::text(ticket.agent.as_deref()));
    visit("is-escalated", Cell::Bool(ticket.is_escalated()));
    visit("created-on", Cell::time(ticket.created_on));
    visit("closed-on", Cell::time(ticket.closed_on));
    visit("updated-on", Cell::time(ticket.updated_on));
    visit("version", version_cell(ticket.version));
}

/// So many messages are made for a cell without anybody's noticing.
const FEW_MESSAGES: usize = 64;

/// Of each message these are shown: role, author, body and time.
const MESSAGE_LEAVES: usize = 4;

impl Items for Messages {
    fn len(&self) -> usize {
        Vector::len(self)
    }

    fn leaves_before(&self, index: usize) -> usize {
        MESSAGE_LEAVES * index + self.retracted_before(index)
    }

    fn item(&self, index: usize) -> Value {
        let Some(message) = self.get(index) else { return Value::Null };
        let text = |text: &Option<Arc<str>>| text.as_deref().map_or(Value::Null, Value::from);
        let mut fields = Map::new();
        fields.insert("role".to_owned(), message.role.map_or(Value::Null, |role| role.name().into()));
        fields.insert("author".to_owned(), text(&message.author));
        fields.insert("body".to_owned(), text(&message.body));
        fields.insert("posted-on".to_owned(), message.posted_on.map_or(Value::Null, |at| at.to_string().into()));
        if message.is_retracted {
            fields.insert("is-retracted".to_owned(), true.into());
        }
        Value::Object(fields)
    }
}

/// `search`: every agent, customer and subject that this ticket ever had.
#[derive(Clone, Copy, Debug)]
pub struct TicketSearch;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TicketSearchState {
    ticket_id: Option<Arc<str>>,
    agents: SeenTexts,
    customers: SeenTexts,
    subjects: SeenTexts,
    version: Option<Version>,
}

impl Projection for TicketSearch {
    type Event = Event;
    type State = TicketSearchState;

    fn name(&self) -> &'static str {
        "search"
    }

    fn aggregate(&self) -> Option<Aggregate> {
        Some(Aggregate::Ticket)
    }

    fn revision(&self) -> u32 {
        1
    }

    fn decode(&self, row: &EventRow<'_>) -> Event {
        decode(row)
    }

    fn apply(&self, state: &mut TicketSearchState, event: &Event, head: &Head, _problems: &mut Vec<Problem>) -> Folded {
        state.version = Some(head.version);
        match &event.event {
            TicketEvent::Initialized { ticket_id, customer, subject, .. } => {
                if ticket_id.is_some() {
                    state.ticket_id.clone_from(ticket_id);
                }
                state.customers.add(customer.as_deref());
                state.subjects.add(subject.as_deref());
            }
            TicketEvent::AgentAssigned { agent, .. } => state.agents.add(agent.as_deref()),
            _ => {}
        }
        Ok(())
    }

    fn has_fixed_fields(&self) -> bool {
        true
    }

    fn cells<'s>(&self, state: &'s TicketSearchState, visit: &mut dyn FnMut(&'s str, Cell<'s>)) {
        visit("ticket-id", id_cell(state.ticket_id.as_deref()));
        visit("agents", Cell::List(&state.agents));
        visit("customers", Cell::List(&state.customers));
        visit("subjects", Cell::List(&state.subjects));
        visit("version", version_cell(state.version));
    }

    fn bookkeeping(&self) -> &'static [&'static str] {
        &["version"]
    }

    fn changes(&self, before: &TicketSearchState, _: &Event, after: &TicketSearchState, report: &mut dyn FnMut(&str)) {
        if before.ticket_id != after.ticket_id {
            report("ticket-id");
        }
        after.agents.report_added(&before.agents, "agents", report);
        after.customers.report_added(&before.customers, "customers", report);
        after.subjects.report_added(&before.subjects, "subjects", report);
        if before.version != after.version {
            report("version");
        }
    }
}

/// `service`: whether the customer was answered in time.
#[derive(Clone, Copy, Debug)]
pub struct TicketService;

impl Projection for TicketService {
    type Event = Event;
    type State = Ticket;

    fn name(&self) -> &'static str {
        "service"
    }

    fn aggregate(&self) -> Option<Aggregate> {
        Some(Aggregate::Ticket)
    }

    fn revision(&self) -> u32 {
        1
    }

    fn decode(&self, row: &EventRow<'_>) -> Event {
        decode(row)
    }

    fn apply(&self, ticket: &mut Ticket, event: &Event, head: &Head, _problems: &mut Vec<Problem>) -> Folded {
        ticket.apply(&event.event, head);
        Ok(())
    }

    fn weight(&self, ticket: &Ticket) -> usize {
        ticket.weight()
    }

    /// No message is shown.
    fn is_small(&self, _: &Ticket) -> bool {
        true
    }

    fn has_fixed_fields(&self) -> bool {
        true
    }

    fn cells<'s>(&self, ticket: &'s Ticket, visit: &mut dyn FnMut(&'s str, Cell<'s>)) {
        visit("ticket-id", id_cell(ticket.ticket_id.as_deref()));
        visit("waiting-since", Cell::time(ticket.wait.for_agent_since));
        visit("deadline", Cell::time(ticket.wait.deadline));
        visit("answered", Cell::text(ticket.answered.map(|answered| answered.name())));
        visit("seconds-to-first-answer", seconds_to_first_answer(ticket).map_or(Cell::Null, Cell::Number));
        visit("escalations", Cell::Number(ticket.escalations.into()));
        visit("reassignments", Cell::Number(ticket.reassignments.into()));
        visit("version", version_cell(ticket.version));
    }

    fn bookkeeping(&self) -> &'static [&'static str] {
        &["version"]
    }

    fn changes(&self, before: &Ticket, _: &Event, after: &Ticket, report: &mut dyn FnMut(&str)) {
        let changed = [
            ("ticket-id", before.ticket_id != after.ticket_id),
            ("waiting-since", before.wait.for_agent_since != after.wait.for_agent_since),
            ("deadline", before.wait.deadline != after.wait.deadline),
            ("answered", before.answered != after.answered),
            ("seconds-to-first-answer", seconds_to_first_answer(before) != seconds_to_first_answer(after)),
            ("escalations", before.escalations != after.escalations),
            ("reassignments", before.reassignments != after.reassignments),
        ];
        changed.iter().filter(|(_, is_changed)| *is_changed).for_each(|(name, _)| report(name));
    }
}

fn seconds_to_first_answer(ticket: &Ticket) -> Option<i64> {
    Some(ticket.first_answer_on?.micros_since(ticket.created_on?) / 1_000_000)
}
