//! States of partitions as they are shown: those that lie in a file, or are large, are read by the engine, and what was shown
//! before stays until they have come.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use serde_json::Value;

use crate::engine::{Asked, Engine, OwnRun, Question, StateText, Ticket, Tool, shown_state};
use crate::event::json_value;
use crate::projection::SMALL_STATE;
use crate::store::{Store, StoreError};
use crate::view::UserError;

/// So many rows are remembered as they are drawn.
const MOST_BRIEF: usize = 4_096;

/// So many rows are read at once.
const AT_ONCE: usize = 80;

/// A state that is longer is not taken apart for the window.
const LONGEST: usize = 256 << 10;

/// A partition as a row says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brief {
    /// `None` where it is still to be read.
    pub name: Option<Arc<str>>,
    /// What its field is, or its whole state.
    pub value: Value,
    /// The state is not taken apart for a row.
    pub is_large: bool,
}

/// The state of a partition.
#[derive(Clone, Debug, PartialEq)]
pub enum WholeState {
    Nothing,
    /// Too long to be shown.
    Large,
    Value(Value),
}

#[derive(Debug, Default)]
pub(super) struct ReadStates {
    /// Of which answer the rows are.
    edition: u64,
    briefs: RefCell<HashMap<usize, (u64, Brief)>>,
    /// Drawn, and still to be read.
    lacking: RefCell<Vec<usize>>,
    reading: Asked<ReadBriefs>,
    /// The place and of which answer it is.
    whole: Option<((usize, u64), WholeState)>,
    reading_whole: Asked<ReadWhole>,
}

impl ReadStates {
    /// Another answer has come. Unless it went on from the one before, nothing of that is shown any more.
    pub(super) fn begin_anew(&mut self, is_anew: bool) {
        self.edition += 1;
        self.lacking.borrow_mut().clear();
        (self.reading, self.reading_whole) = (Asked::default(), Asked::default());
        if is_anew {
            self.briefs.borrow_mut().clear();
            self.whole = None;
        }
    }

    pub(super) fn brief(&self, run: &OwnRun, place: usize) -> Brief {
        let mut briefs = self.briefs.borrow_mut();
        let known = briefs.get(&place);
        if let Some((_, brief)) = known.filter(|(edition, _)| *edition == self.edition) {
            return brief.clone();
        }
        let name = run.partitions.name_at_hand(place).map(Arc::from);
        let made = match run.partitions.shown(place) {
            _ if name.is_none() => None,
            StateText::Nothing => Some(Brief::default()),
            StateText::AtHand(text) if text.len() > SMALL_STATE => Some(Brief { is_large: true, ..Brief::default() }),
            StateText::AtHand(text) => Some(brief_of(json_value(text.as_bytes()).ok(), run.field.as_deref())),
            StateText::Away => None,
        };
        let Some(made) = made else {
            let mut lacking = self.lacking.borrow_mut();
            if lacking.len() < AT_ONCE && !lacking.contains(&place) && place < run.partitions.rows.len() {
                lacking.push(place);
            }
            let before = known.map(|(_, brief)| brief.clone()).unwrap_or_default();
            return Brief { name: name.or(before.name), ..before };
        };
        let made = Brief { name, ..made };
        if briefs.len() >= MOST_BRIEF {
            briefs.clear();
        }
        briefs.insert(place, (self.edition, made.clone()));
        made
    }

    /// Whether a partition is called so. Not where that is still to be read.
    pub(super) fn is_called(&self, run: &OwnRun, place: usize, name: &str) -> bool {
        let is_read = || {
            let briefs = self.briefs.borrow();
            briefs.get(&place).is_some_and(|(_, brief)| brief.name.as_deref() == Some(name))
        };
        run.partitions.name_at_hand(place).map_or_else(is_read, |known| known == name)
    }

    pub(super) fn read_lacking(&mut self, engine: &Engine, run: &Arc<OwnRun>) {
        let places = std::mem::take(self.lacking.get_mut());
        if !places.is_empty() && !self.reading.is_loading() && self.reading.error().is_none() {
            self.reading.ask(engine, ReadBriefs { run: Arc::downgrade(run), places });
        }
    }

    pub(super) fn want_whole(&mut self, engine: &Engine, run: &Arc<OwnRun>, place: usize) {
        let key = (place, self.edition);
        let is_asked = self.reading_whole.question().is_some_and(|asked| asked.place == place);
        if is_asked || self.whole.as_ref().is_some_and(|(known, _)| *known == key) {
            return;
        }
        let at_once = match run.partitions.shown(place) {
            StateText::Nothing => Some(WholeState::Nothing),
            StateText::AtHand(text) if text.len() <= SMALL_STATE => Some(whole_of(json_value(text.as_bytes()).ok())),
            StateText::AtHand(text) if text.len() > LONGEST => Some(WholeState::Large),
            StateText::AtHand(_) | StateText::Away => None,
        };
        match at_once {
            Some(whole) => self.whole = Some((key, whole)),
            None => self.reading_whole.ask(engine, ReadWhole { run: Arc::downgrade(run), place }),
        }
    }

    pub(super) fn whole(&self, place: usize) -> Option<&WholeState> {
        self.whole.as_ref().filter(|((of, _), _)| *of == place).map(|(_, whole)| whole)
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        let mut is_new = self.reading.poll(engine);
        if let Some(read) = self.reading.take() {
            let briefs = self.briefs.get_mut();
            if briefs.len() + read.len() > MOST_BRIEF {
                briefs.clear();
            }
            briefs.extend(read.into_iter().map(|(place, brief)| (place, (self.edition, brief))));
        }
        if self.reading_whole.poll(engine) {
            is_new = true;
            if let (Some(whole), Some(asked)) = (self.reading_whole.take(), self.reading_whole.question()) {
                self.whole = Some(((asked.place, self.edition), whole));
                // Of another partition, the same is asked anew.
                self.reading_whole = Asked::default();
            }
        }
        is_new
    }

    pub(super) fn tools(&self) -> [&dyn Tool<Error = UserError>; 2] {
        [&self.reading, &self.reading_whole]
    }
}

fn brief_of(state: Option<Value>, field: Option<&str>) -> Brief {
    let value = match (state, field) {
        (Some(Value::Object(mut fields)), Some(field)) => fields.remove(field).unwrap_or_default(),
        (state, _) => state.unwrap_or_default(),
    };
    Brief { value, ..Brief::default() }
}

fn whole_of(state: Option<Value>) -> WholeState {
    state.map_or(WholeState::Large, WholeState::Value)
}

/// Reads what some rows say.
#[derive(Clone, Debug)]
pub struct ReadBriefs {
    run: Weak<OwnRun>,
    places: Vec<usize>,
}

impl Question for ReadBriefs {
    type Answer = Vec<(usize, Brief)>;
    type Error = UserError;
    const WHAT: &'static str = "reading states";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let Some(run) = self.run.upgrade() else { return Ok(Vec::new()) };
        let mut read = Vec::with_capacity(self.places.len());
        for place in self.places {
            if ticket.is_cancelled() {
                return Err(StoreError::Cancelled.into());
            }
            let state = shown_state(reader, &run, place, SMALL_STATE)?;
            let is_large = state.is_none();
            let name = run.partitions.name(reader, place)?.map(Arc::from);
            read.push((place, Brief { name, is_large, ..brief_of(state, run.field.as_deref()) }));
        }
        Ok(read)
    }
}

/// Reads the whole state of a partition.
#[derive(Clone, Debug)]
pub struct ReadWhole {
    run: Weak<OwnRun>,
    place: usize,
}

impl Question for ReadWhole {
    type Answer = WholeState;
    type Error = UserError;
    const WHAT: &'static str = "reading states";

    fn answer(self, reader: &dyn Store, _: &Ticket) -> Result<WholeState, UserError> {
        let Some(run) = self.run.upgrade() else { return Ok(WholeState::Nothing) };
        Ok(whole_of(shown_state(reader, &run, self.place, LONGEST)?))
    }
}
