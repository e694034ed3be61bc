use super::{UserError, WindowTool};
use crate::engine::{Asked, Engine, Question, Ticket, Tool, check};
use crate::event::StreamId;
use crate::store::{Finding, Store};

/// More than these nobody reads; the command line prints them all.
pub const FINDINGS_KEPT: usize = 1_000;

/// What does not fit in a store, as the window lists it.
#[derive(Debug, Default)]
pub struct Checking {
    pub asked: Asked<CheckStore>,
}

impl Checking {
    pub fn checked(&self) -> Option<&Checked> {
        self.asked.value().filter(|_| !self.asked.is_loading())
    }
}

impl WindowTool for Checking {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        self.asked.ask(engine, CheckStore);
    }

    fn starts_by_itself(&self) -> bool {
        true
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    pub findings: Vec<Finding>,
    /// With those that were not kept.
    pub found: u64,
}

impl Checked {
    fn note(&mut self, finding: Finding) {
        self.found += 1;
        if self.findings.len() < FINDINGS_KEPT {
            self.findings.push(finding);
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct CheckStore;

impl Question for CheckStore {
    type Answer = Checked;
    type Error = UserError;
    const WHAT: &'static str = "checking events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Checked, UserError> {
        // A damaged store may not be able to say how many events it holds, and is checked all the same.
        if reader.capabilities().has_kept_counts
            && let Ok(info) = reader.info()
        {
            ticket.set_total(info.events);
        }
        let mut checked = Checked::default();
        check(reader, &mut |finding| checked.note(finding), &mut |count| ticket.reached(count))?;
        Ok(checked)
    }
}
