use std::path::PathBuf;

use super::{UserError, WindowTool};
use crate::engine::{Asked, Engine, Question, Ticket, Tool, write_seal};
use crate::event::StreamId;
use crate::proof::Seal;
use crate::store::files::ExportTarget;
use crate::store::{Source, Store};

/// A store on its way into a seal.
#[derive(Debug, Default)]
pub struct Sealing {
    /// The path as typed.
    pub to: String,
    /// A file that is there already may go.
    pub replaces: bool,
    /// The path of the key to sign with; empty for the user's own.
    pub key: String,
    pub asked: Asked<SealStore>,
}

/// The path that was typed, if one was.
pub(super) fn named(typed: &str) -> Option<PathBuf> {
    let typed = typed.trim();
    (!typed.is_empty()).then(|| PathBuf::from(typed))
}

impl WindowTool for Sealing {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        let path = PathBuf::from(self.to.trim());
        self.asked.ask(
            engine,
            SealStore { path, source: engine.source().clone(), replaces: self.replaces, key: named(&self.key) },
        );
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
pub struct SealStore {
    path: PathBuf,
    key: Option<PathBuf>,
    /// The store itself, which no file may replace.
    source: Source,
    replaces: bool,
}

/// A seal, and where it was written.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub path: PathBuf,
    pub seal: Seal,
}

impl Question for SealStore {
    type Answer = Sealed;
    type Error = UserError;
    const WHAT: &'static str = "sealing events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Sealed, UserError> {
        let Self { path, key, source, replaces } = self;
        let target = ExportTarget::new(&path, &source, replaces)?;
        if let Some(events) = reader.kept_events()? {
            ticket.set_total(events);
        }
        let seal = write_seal(reader, target, key.as_deref(), &mut |count| ticket.reached(count))?;
        Ok(Sealed { path, seal })
    }
}
