use super::{UserError, WindowTool};
use crate::engine::{Asked, Engine, Needle, Question, Ticket, Tool, stream_or_store};
use crate::event::{EventType, StreamId, Timestamp, Version};
use crate::store::{Flow, Store, StoreError};

/// Who finds more than these types more letters.
pub const HITS_KEPT: usize = 500;

/// A search for events by any part of them: in the payload and metadata as stored, the type and the stream's name.
#[derive(Debug, Default)]
pub struct EventSearch {
    pub text: String,
    /// Only in the stream on screen.
    pub is_here_only: bool,
    pub asked: Asked<SearchEvents>,
}

impl WindowTool for EventSearch {
    /// Looks for the text as it is typed, in `here` only if that is wanted.
    fn start(&mut self, engine: &Engine, here: Option<&StreamId>) {
        let text = self.text.trim().to_owned();
        if text.is_empty() {
            return;
        }
        let stream = here.filter(|_| self.is_here_only).cloned();
        self.asked.ask(engine, SearchEvents { text, stream });
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
pub struct SearchEvents {
    text: String,
    stream: Option<StreamId>,
}

impl Question for SearchEvents {
    type Answer = Found;
    type Error = UserError;
    const WHAT: &'static str = "searching events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Found, UserError> {
        let query = stream_or_store(reader, self.stream.clone(), ticket)?;
        let needle = Needle::new(&self.text);
        let mut found = Found { text: self.text, stream: self.stream, ..Found::default() };
        reader.visit_events(&query, &mut |row| {
            found.looked_at += 1;
            if let Some(excerpt) = needle.excerpt(row) {
                if found.hits.len() == HITS_KEPT {
                    found.has_more = true;
                    return Flow::Break(());
                }
                found.hits.push(Hit {
                    stream: row.stream.clone(),
                    version: row.version,
                    event_type: row.event_type.clone(),
                    recorded_at: row.recorded_at,
                    excerpt,
                });
            }
            ticket.reached(found.looked_at)
        })?;
        // What was found so far would look like all there is.
        if ticket.is_cancelled() { Err(StoreError::Cancelled.into()) } else { Ok(found) }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// What was looked for.
    pub text: String,
    /// In which stream alone.
    pub stream: Option<StreamId>,
    pub hits: Vec<Hit>,
    /// More than are kept were found.
    pub has_more: bool,
    pub looked_at: u64,
}

/// An event in which the text stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub stream: StreamId,
    pub version: Version,
    pub event_type: EventType,
    pub recorded_at: Option<Timestamp>,
    /// What stands around the place.
    pub excerpt: String,
}
