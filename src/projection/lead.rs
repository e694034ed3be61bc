use std::sync::Arc;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::cells::{Cell, Items};
use super::{Folded, Problem, Projection, Registrar, item_path};
use crate::domain::lead::{Lead, LeadEvent, breach, decode};
use crate::domain::{Aggregate, Decoded, EventKind, Flaw};
use crate::event::{EventRow, Head, ShortText, Version};
use serde_json::Value;

type Event = Decoded<LeadEvent>;

pub(super) fn register(registrar: &mut impl Registrar) {
    registrar.add(LeadState);
    registrar.add(LeadSearch);
    registrar.add(LeadAnalysis);
}

/// What of an event could not be read.
pub(super) fn flaw(flaw: Option<&Flaw>, head: &Head) -> Option<Problem> {
    // Asked first: this runs for every event that is folded, and hardly any has one.
    let flaw = flaw?.clone();
    Some(Problem::Payload { event_type: head.event_type.clone(), flaw })
}

/// That an event's type was only guessed.
pub(super) fn guess(is_guess: bool, kind: Option<EventKind>, head: &Head) -> Option<Problem> {
    let kind = kind.filter(|_| is_guess)?;
    Some(Problem::Guess { event_type: head.event_type.clone(), kind })
}

/// An aggregate's id as it is usually written: a plain number without quotes.
pub(super) fn id_cell(id: Option<&str>) -> Cell<'_> {
    match id.map(|id| (id, id.parse::<i64>())) {
        Some((id, Ok(number))) if number.to_string() == id => Cell::Number(number),
        Some((id, _)) => Cell::Text(id),
        None => Cell::Null,
    }
}

pub(super) fn version_cell(version: Option<Version>) -> Cell<'static> {
    version.map_or(Cell::Null, |version| Cell::Number(i64::try_from(version.0).unwrap_or(i64::MAX)))
}

/// `state`: the lead as it stands.
#[derive(Clone, Copy, Debug)]
pub struct LeadState;

type LeadCell = fn(&Lead) -> Cell<'_>;

const STATE_CELLS: [(&str, LeadCell); 11] = [
    ("lead-id", |lead| id_cell(lead.lead_id.as_deref())),
    ("name", |lead| Cell::text(lead.name.as_deref())),
    ("status", |lead| Cell::text(lead.status.map(|status| status.name()))),
    ("phone", |lead| Cell::text(lead.phone.as_deref())),
    ("contacts", |lead| Cell::Number(lead.contacts.into())),
    ("followups", |lead| Cell::Number(lead.followups.into())),
    ("followup-on", |lead| Cell::time(lead.followup_on)),
    ("payment-deadline", |lead| Cell::time(lead.payment_deadline)),
    ("created-on", |lead| Cell::time(lead.created_on)),
    ("updated-on", |lead| Cell::time(lead.updated_on)),
    ("version", |lead| version_cell(lead.version)),
];

impl Projection for LeadState {
    type Event = Event;
    type State = Lead;

    fn name(&self) -> &'static str {
        "state"
    }

    fn aggregate(&self) -> Option<Aggregate> {
        Some(Aggregate::Lead)
    }

    fn knows_rules(&self) -> bool {
        true
    }

    /// Since 2, a snapshot names the events that may be taken back by their short ids.
    fn revision(&self) -> u32 {
        2
    }

    fn decode(&self, row: &EventRow<'_>) -> Event {
        decode(row)
    }

    fn apply(&self, lead: &mut Lead, event: &Event, head: &Head, problems: &mut Vec<Problem>) -> Folded {
        problems.extend(breach(lead, &event.event, head.recorded_at).map(Problem::Breach));
        problems.extend(flaw(event.flaw.as_deref(), head));
        problems.extend(guess(event.is_guess, event.event.kind(), head));
        lead.apply(&event.event, head);
        Ok(())
    }

    fn weight(&self, lead: &Lead) -> usize {
        lead.weight()
    }

    /// All that it shows are texts and numbers of its own.
    fn is_small(&self, _: &Lead) -> bool {
        true
    }

    fn has_fixed_fields(&self) -> bool {
        true
    }

    fn cells<'s>(&self, lead: &'s Lead, visit: &mut dyn FnMut(&'s str, Cell<'s>)) {
        for (name, cell) in STATE_CELLS {
            visit(name, cell(lead));
        }
    }

    fn cell_at<'s>(&self, lead: &'s Lead, place: usize) -> Option<(&'s str, Cell<'s>)> {
        let (name, cell) = STATE_CELLS.get(place)?;
        Some((name, cell(lead)))
    }

    /// Asked behind each event where one field of every lead is counted.
    fn cell<'s>(&self, lead: &'s Lead, name: &str) -> Option<Cell<'s>> {
        let (_, cell) = STATE_CELLS.iter().find(|(known, _)| *known == name)?;
        Some(cell(lead))
    }

    fn bookkeeping(&self) -> &'static [&'static str] {
        &["updated-on", "version"]
    }

    /// Runs for every event of a stream while it is loaded: the fields are compared where they lie.
    fn changes(&self, before: &Lead, _: &Event, after: &Lead, report: &mut dyn FnMut(&str)) {
        let changed = [
            ("lead-id", before.lead_id != after.lead_id),
            ("name", before.name != after.name),
            ("status", before.status != after.status),
            ("phone", before.phone != after.phone),
            ("contacts", before.contacts != after.contacts),
            ("followups", before.followups != after.followups),
            ("followup-on", before.followup_on != after.followup_on),
            ("payment-deadline", before.payment_deadline != after.payment_deadline),
            ("created-on", before.created_on != after.created_on),
        ];
        changed.iter().filter(|(_, is_changed)| *is_changed).for_each(|(name, _)| report(name));
    }
}

/// Texts in the order in which they were first seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct SeenTexts(Vector<Arc<str>>);

impl SeenTexts {
    /// Few names are ever given to one customer, so a walk finds a known one soonest.
    pub(super) fn add(&mut self, text: Option<&str>) {
        if let Some(text) = text
            && !self.0.iter().any(|seen| **seen == *text)
        {
            self.0.push_back(text.into());
        }
    }

    /// Texts are only ever added, so what changed lies behind what was there.
    pub(super) fn report_added(&self, before: &Self, name: &str, report: &mut dyn FnMut(&str)) {
        for index in before.0.len()..self.0.len() {
            report(&item_path(name, index));
        }
    }
}

impl Items for SeenTexts {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn leaves_before(&self, index: usize) -> usize {
        index
    }

    fn item(&self, index: usize) -> Value {
        self.0.get(index).map_or(Value::Null, |text| Value::from(&**text))
    }
}

/// `search`: every name and phone that this lead was ever known by.
#[derive(Clone, Copy, Debug)]
pub struct LeadSearch;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LeadSearchState {
    lead_id: Option<ShortText>,
    names: SeenTexts,
    phones: SeenTexts,
    version: Option<Version>,
}

impl Projection for LeadSearch {
    type Event = Event;
    type State = LeadSearchState;

    fn name(&self) -> &'static str {
        "search"
    }

    fn aggregate(&self) -> Option<Aggregate> {
        Some(Aggregate::Lead)
    }

    fn revision(&self) -> u32 {
        1
    }

    fn decode(&self, row: &EventRow<'_>) -> Event {
        decode(row)
    }

    fn apply(&self, state: &mut LeadSearchState, event: &Event, head: &Head, _problems: &mut Vec<Problem>) -> Folded {
        state.version = Some(head.version);
        match &event.event {
            LeadEvent::Initialized { lead_id, name, phone } => {
                if lead_id.is_some() {
                    state.lead_id.clone_from(lead_id);
                }
                state.names.add(name.as_deref());
                state.phones.add(phone.as_deref());
            }
            LeadEvent::DetailsUpdated { name, phone, .. } => {
                state.names.add(name.as_deref());
                state.phones.add(phone.as_deref());
            }
            _ => {}
        }
        Ok(())
    }

    fn has_fixed_fields(&self) -> bool {
        true
    }

    fn cells<'s>(&self, state: &'s LeadSearchState, visit: &mut dyn FnMut(&'s str, Cell<'s>)) {
        visit("lead-id", id_cell(state.lead_id.as_deref()));
        visit("names", Cell::List(&state.names));
        visit("phones", Cell::List(&state.phones));
        visit("version", version_cell(state.version));
    }

    fn bookkeeping(&self) -> &'static [&'static str] {
        &["version"]
    }

    fn changes(&self, before: &LeadSearchState, _: &Event, after: &LeadSearchState, report: &mut dyn FnMut(&str)) {
        if before.lead_id != after.lead_id {
            report("lead-id");
        }
        after.names.report_added(&before.names, "names", report);
        after.phones.report_added(&before.phones, "phones", report);
        if before.version != after.version {
            report("version");
        }
    }
}

/// `analysis`: how much it took, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct LeadAnalysis;

impl Projection for LeadAnalysis {
    type Event = Event;
    type State = Lead;

    fn name(&self) -> &'static str {
        "analysis"
    }

    fn aggregate(&self) -> Option<Aggregate> {
        Some(Aggregate::Lead)
    }

    /// Since 2, a snapshot names the events that may be taken back by their short ids.
    fn revision(&self) -> u32 {
        2
    }

    fn decode(&self, row: &EventRow<'_>) -> Event {
        decode(row)
    }

    fn apply(&self, lead: &mut Lead, event: &Event, head: &Head, _problems: &mut Vec<Problem>) -> Folded {
        lead.apply(&event.event, head);
        Ok(())
    }

    fn weight(&self, lead: &Lead) -> usize {
        lead.weight()
    }

    /// All that it shows are texts and numbers of its own.
    fn is_small(&self, _: &Lead) -> bool {
        true
    }

    fn has_fixed_fields(&self) -> bool {
        true
    }

    fn cells<'s>(&self, lead: &'s Lead, visit: &mut dyn FnMut(&'s str, Cell<'s>)) {
        visit("lead-id", id_cell(lead.lead_id.as_deref()));
        visit("contacts", Cell::Number(lead.contacts.into()));
        visit("followups", Cell::Number(lead.followups.into()));
        visit("status", Cell::text(lead.status.map(|status| status.lowercase_name())));
        visit("seconds-to-conversion", seconds_to_conversion(lead).map_or(Cell::Null, Cell::Number));
        visit("version", version_cell(lead.version));
    }

    fn bookkeeping(&self) -> &'static [&'static str] {
        &["version"]
    }

    fn changes(&self, before: &Lead, _: &Event, after: &Lead, report: &mut dyn FnMut(&str)) {
        let changed = [
            ("lead-id", before.lead_id != after.lead_id),
            ("contacts", before.contacts != after.contacts),
            ("followups", before.followups != after.followups),
            ("status", before.status != after.status),
            ("seconds-to-conversion", seconds_to_conversion(before) != seconds_to_conversion(after)),
        ];
        changed.iter().filter(|(_, is_changed)| *is_changed).for_each(|(name, _)| report(name));
    }
}

fn seconds_to_conversion(lead: &Lead) -> Option<i64> {
    Some(lead.converted_on?.micros_since(lead.created_on?) / 1_000_000)
}
