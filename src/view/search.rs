use std::collections::VecDeque;

use super::{UserError, WindowTool};
use crate::engine::{Asked, Engine, Question, Snippet, Ticket, Tool, Words, stream_or_store};
use crate::event::{EventRow, EventType, StreamId, Timestamp, Version};
use crate::store::{Flow, Store, StoreError};

/// So many are shown at first, and so many times as many whenever more are wanted.
pub const HITS_KEPT: usize = 500;
const MORE: usize = 4;

/// A day on a clock on the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallDay {
    pub name: String,
    pub from: Timestamp,
    /// When the next one begins.
    pub to: Timestamp,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Words that all stand in the payload or metadata as stored, the type or the stream's name.
    pub text: String,
    /// In which stream alone.
    pub stream: Option<StreamId>,
    /// On which day alone.
    pub day: Option<WallDay>,
}

impl Sought {
    /// Whether it was recorded when it should.
    pub fn is_of_day(&self, row: &EventRow<'_>) -> bool {
        let is_of = |day: &WallDay| row.recorded_at.is_some_and(|at| (day.from..day.to).contains(&at));
        self.day.as_ref().is_none_or(is_of)
    }
}

/// A search for events by any part of them, or by the day on which they were recorded.
#[derive(Debug)]
pub struct EventSearch {
    pub text: String,
    /// Only in the stream on screen.
    pub is_here_only: bool,
    pub day: Option<WallDay>,
    /// No more are to be shown.
    most: usize,
    pub asked: Asked<SearchEvents>,
}

impl Default for EventSearch {
    fn default() -> Self {
        Self { text: String::new(), is_here_only: false, day: None, most: HITS_KEPT, asked: Asked::default() }
    }
}

impl EventSearch {
    /// Looks for something else than before.
    pub fn begin(&mut self, text: String, day: Option<WallDay>) {
        (self.text, self.day, self.is_here_only) = (text, day, false);
    }

    /// The next time, more are shown of the same.
    pub fn want_more(&mut self) {
        self.most = self.most.saturating_mul(MORE);
    }
}

impl WindowTool for EventSearch {
    /// Looks for the words as they are typed, in `here` only if that is wanted.
    fn start(&mut self, engine: &Engine, here: Option<&StreamId>) {
        let text = self.text.trim().to_owned();
        if text.is_empty() && self.day.is_none() {
            return;
        }
        let stream = here.filter(|_| self.is_here_only).cloned();
        let sought = Sought { text, stream, day: self.day.clone() };
        if self.asked.question().is_none_or(|before| before.sought != sought) {
            self.most = HITS_KEPT;
        }
        self.asked.ask(engine, SearchEvents { sought, most: self.most });
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
    sought: Sought,
    most: usize,
}

impl Question for SearchEvents {
    type Answer = Found;
    type Error = UserError;
    const WHAT: &'static str = "searching events";
    const IS_LONG: bool = true;

    /// Of a day all are counted and the latest kept, the newest first; of all others those that come first.
    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Found, UserError> {
        let Self { sought, most } = self;
        let query = stream_or_store(reader, sought.stream.clone(), ticket)?;
        let words = Words::new(&sought.text);
        let is_of_day = sought.day.is_some();
        let (mut hits, mut count, mut looked_at) = (VecDeque::new(), 0_u64, 0);
        reader.visit_events(&query, &mut |row| {
            looked_at += 1;
            if let Some(snippet) = Some(row).filter(|row| sought.is_of_day(row)).and_then(|row| words.snippet(row)) {
                count += 1;
                if hits.len() == most {
                    if !is_of_day {
                        return Flow::Break(());
                    }
                    hits.pop_front();
                }
                hits.push_back(Hit {
                    stream: row.stream.clone(),
                    version: row.version,
                    event_type: row.event_type.clone(),
                    recorded_at: row.recorded_at,
                    snippet,
                });
            }
            ticket.reached(looked_at)
        })?;
        // What was found so far would look like all there is.
        if ticket.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        let has_more = count > hits.len() as u64;
        let hits = if is_of_day { hits.into_iter().rev().collect() } else { hits.into() };
        Ok(Found { sought, hits, count, has_more, looked_at })
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// What was looked for.
    pub sought: Sought,
    pub hits: Vec<Hit>,
    /// How many there are; where there are more than are kept of any but a day's, nobody counted them.
    pub count: u64,
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
    pub snippet: Snippet,
}
