//! Fields that the chosen projection reads of events although none has them, and what may have been meant.

use super::{OwnFile, ProjectionsLens};
use crate::engine::{Asked, DoubtsWanted, Engine, Question, Ticket, Tool};
use crate::event::{Message, StreamId};
use crate::script::Doubt;
use crate::store::Store;
use crate::view::UserError;

/// Asks it of a source.
#[derive(Clone, Debug)]
pub struct DoubtHere(DoubtsWanted);

impl Question for DoubtHere {
    type Answer = Vec<Doubt>;
    type Error = UserError;

    const WHAT: &'static str = DoubtsWanted::WHAT;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Vec<Doubt>, UserError> {
        Ok(self.0.answer(reader, ticket)?)
    }
}

/// What is doubted of the source that was looked at last.
#[derive(Debug, Default)]
pub(super) struct Doubting(Asked<DoubtHere>);

impl Doubting {
    /// Asks for this source, unless that was asked.
    pub(super) fn want(&mut self, engine: &Engine, file: &OwnFile, stream: Option<&StreamId>) {
        let Some(script) = file.script() else { return };
        let is_asked = self.0.question().is_some_and(|asked| asked.0.script.source() == script.source());
        if !is_asked {
            self.0.ask(engine, DoubtHere(DoubtsWanted { script: script.clone(), stream: stream.cloned() }));
        }
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        self.0.poll(engine)
    }

    pub(super) fn tool(&self) -> &dyn Tool<Error = UserError> {
        &self.0
    }

    /// Of this very text alone: each names a place in it.
    fn of(&self, text: &str) -> &[Doubt] {
        let is_it = self.0.question().is_some_and(|asked| asked.0.script.source() == text) && !self.0.is_loading();
        self.0.value().filter(|_| is_it).map_or(&[], Vec::as_slice)
    }
}

impl ProjectionsLens {
    /// What is doubted of the chosen projection as it is typed.
    pub fn doubts(&self) -> &[Doubt] {
        self.chosen().map_or(&[], |file| self.doubting.of(file.text()))
    }
}

/// What is said of a doubt.
pub fn doubt_message(doubt: &Doubt) -> Message {
    let Doubt { event_type, field, near, .. } = doubt;
    let message = Message::new(if near.is_some() { "projection-doubt-near" } else { "projection-doubt" });
    let message = message.text("field", field).text("type", event_type);
    match near {
        Some(near) => message.text("near", near),
        None => message,
    }
}
