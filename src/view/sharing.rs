//! Projections that several machines fold together, looked at while they do.

use std::time::Duration;

use super::{Both, UserError, WindowTool};
use crate::engine::{Asked, Engine, Question, SharedLook, Ticket, Together, Tool, fold_together, shared_looks};
use crate::event::StreamId;
use crate::store::{Source, Store};

/// So long after an answer it is looked again while somebody sees it.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Who is at what, of every shared work on a store; and a part of it that is done here.
#[derive(Debug, Default)]
pub struct Sharing {
    /// The one that is to be worked on here.
    pub wanted: Option<SharedLook>,
    pub asked: Both<LookAtShared, WorkTogether>,
}

impl Sharing {
    /// It is on screen: what it says is kept up.
    pub fn is_seen(&mut self) {
        if self.shares().is_some() {
            self.asked.first.look_again_in(BETWEEN_LOOKS);
        }
    }

    /// `None` until it is known, or where no work can be shared.
    pub fn shares(&self) -> Option<&[SharedLook]> {
        self.asked.first.value()?.as_deref()
    }

    /// Whether work can be shared on this store, once that is known.
    pub fn can_be(&self) -> Option<bool> {
        self.asked.first.value().map(Option::is_some)
    }

    /// What was done here last.
    pub fn done(&self) -> Option<&Together> {
        self.asked.second.value().filter(|_| !self.asked.second.is_loading())
    }
}

impl WindowTool for Sharing {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        match self.wanted.take() {
            Some(look) => self.asked.second.ask(engine, WorkTogether { look, source: engine.source().clone() }),
            None => self.asked.first.ask(engine, LookAtShared),
        }
    }

    fn starts_by_itself(&self) -> bool {
        true
    }

    /// What was done here before is told once.
    fn reopened(&mut self) {
        if !self.asked.second.is_loading() {
            self.asked.second = Asked::default();
        }
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

/// `None` where no work can be shared.
#[derive(Clone, Debug)]
pub struct LookAtShared;

impl Question for LookAtShared {
    type Answer = Option<Vec<SharedLook>>;
    type Error = UserError;
    const WHAT: &'static str = "looking at shared work";

    fn answer(self, reader: &dyn Store, _: &Ticket) -> Result<Self::Answer, UserError> {
        Ok(shared_looks(reader)?)
    }
}

#[derive(Clone, Debug)]
pub struct WorkTogether {
    look: SharedLook,
    /// The store, which is never written to.
    source: Source,
}

impl Question for WorkTogether {
    type Answer = Together;
    type Error = UserError;
    const WHAT: &'static str = "folding events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Together, UserError> {
        ticket.set_total(self.look.behind);
        Ok(fold_together(reader, &self.look, &self.source, ticket)?)
    }
}
