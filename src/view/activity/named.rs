//! The event that is called by what is looked for: an id stands in what other events say, too, and its own is among them.

use super::Activity;
use crate::engine::{Engine, Question, Search, Term, Ticket, Wanted};
use crate::event::{EventId, EventType, StreamId, Version};
use crate::store::Store;
use crate::view::UserError;

/// Looks an event up by its id, where a store knows a way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FindNamed(EventId);

/// Where an event stands that was looked for by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedEvent {
    pub event_type: EventType,
    pub stream: StreamId,
    pub version: Version,
}

impl Question for FindNamed {
    type Answer = Option<NamedEvent>;
    type Error = UserError;
    const WHAT: &'static str = "reading events";

    fn answer(self, reader: &dyn Store, _: &Ticket) -> Result<Option<NamedEvent>, UserError> {
        if !reader.capabilities().finds_by_id {
            return Ok(None);
        }
        let event = reader.event_by_id(&self.0)?;
        Ok(event.map(|event| NamedEvent { event_type: event.event_type, stream: event.stream, version: event.version }))
    }
}

/// The id that stands alone in a search.
fn id_in(search: &Search) -> Option<EventId> {
    let [Term { wanted: Wanted::Word(word), is_denied: false, .. }] = search.terms.as_slice() else { return None };
    match EventId::meant_by(word) {
        id @ EventId::Uuid(_) => Some(id),
        // Other texts are mostly words.
        EventId::Text(_) => None,
    }
}

impl Activity {
    /// The event whose id is looked for.
    pub fn named(&self) -> Option<&NamedEvent> {
        let asked = self.read.search().ok().and_then(id_in);
        let is_asked = asked.is_some() && self.named.question().map(|named| &named.0) == asked.as_ref();
        self.named.value().filter(|_| is_asked)?.as_ref()
    }

    pub(super) fn find_named(&mut self, engine: &Engine) {
        match self.read.search().ok().and_then(id_in) {
            Some(id) => self.named.ask(engine, FindNamed(id)),
            None => self.named.cancel(),
        }
    }
}
