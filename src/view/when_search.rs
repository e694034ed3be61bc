use super::{UserError, WindowTool};
use crate::engine::{Asked, Engine, FoundSoFar, FoundWhen, Question, Ticket, Tool, WhenInStore, when_in_store};
use crate::event::{Message, StreamId, Timestamp};
use crate::expr::{Expression, Flaw, Names};
use crate::replay::{Counted, Watched};
use crate::store::Store;

/// More streams than these are counted, and not listed.
pub const STREAMS_KEPT: usize = 2_000;

/// Which of the streams that were found are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenWhich {
    #[default]
    Ever,
    Now,
    Then,
}

impl WhenWhich {
    pub const ALL: [Self; 3] = [Self::Ever, Self::Now, Self::Then];
}

/// A condition that is looked for in all streams of a category.
#[derive(Debug, Default)]
pub struct WhenSearch {
    pub text: String,
    /// The category; that of the stream on screen where none was chosen.
    pub category: String,
    pub which: WhenWhich,
    /// When it is to have been true, as it was typed.
    pub then: String,
    pub asked: Asked<FindWhen>,
    found: FoundWhen,
}

impl WhenSearch {
    /// What was found so far, or in all.
    pub fn so_far(&self) -> FoundSoFar {
        match self.asked.value() {
            Some(found) if !self.asked.is_loading() => FoundSoFar { counted: found.counted, rows: found.rows.clone() },
            _ => self.found.so_far(),
        }
    }

    /// What was found in all, once it has come.
    pub fn found(&self) -> Option<&FoundStreamsWhen> {
        self.asked.value().filter(|_| !self.asked.is_loading())
    }

    /// The time that was typed; none where that is no time.
    pub fn moment(&self) -> Option<Timestamp> {
        Timestamp::parse_lenient(&self.then)
    }

    /// What is wrong with the text, as far as that can be told without its names.
    pub fn flaw(&self) -> Option<Flaw> {
        Expression::new(&self.text, &Names { is_open: true, ..Names::default() }).err()
    }
}

impl WindowTool for WhenSearch {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        let text = self.text.trim().to_owned();
        if text.is_empty() || self.category.is_empty() {
            return;
        }
        self.found = FoundWhen::default();
        let then = self.moment().filter(|_| self.which == WhenWhich::Then);
        let wanted = WhenInStore { text, category: self.category.clone(), projection: None, then };
        self.asked.ask(engine, FindWhen { wanted, found: self.found.clone() });
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
pub struct FindWhen {
    wanted: WhenInStore,
    found: FoundWhen,
}

/// The streams in which a condition was true.
#[derive(Clone, Debug, Default)]
pub struct FoundStreamsWhen {
    pub counted: Counted,
    /// Those that are true now stand among those that ever were.
    pub rows: Vec<Watched>,
    pub then: Option<Timestamp>,
    pub has_more: bool,
}

impl Question for FindWhen {
    type Answer = FoundStreamsWhen;
    type Error = UserError;
    const WHAT: &'static str = "asking every stream";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<FoundStreamsWhen, UserError> {
        if let Some(events) = reader.kept_events()? {
            ticket.set_total(events);
        }
        let stop = || ticket.is_cancelled();
        let watching = when_in_store(reader, &self.wanted, &self.found, &stop, &mut |done| ticket.reached(done))?;
        let Some(watching) = watching else {
            let message = Message::new("when-no-category").text("category", &self.wanted.category);
            return Err(UserError::new(message));
        };
        let counted = watching.counts();
        let mut rows = watching.found(0, usize::MAX);
        // What matters most is what holds; all of that is kept before what only did.
        if rows.len() > STREAMS_KEPT {
            rows.sort_by_key(|row| !(row.is_true_now || row.was_true_then));
            rows.truncate(STREAMS_KEPT);
        }
        Ok(FoundStreamsWhen { counted, has_more: counted.ever > rows.len() as u64, rows, then: self.wanted.then })
    }
}

impl FindWhen {
    pub fn text(&self) -> &str {
        &self.wanted.text
    }

    pub fn category(&self) -> &str {
        &self.wanted.category
    }
}
