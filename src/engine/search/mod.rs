//! Events by what people remember of them: who, what, where, when and why, a value of the payload, a condition, and words
//! anywhere.

mod chronicled;
mod conditions;
mod days;
mod glob;
mod plan;
mod running;
mod sieved;
mod terms;
mod tokens;

use std::borrow::Cow;
use std::ops::Range;

use super::find::Needle;
use super::{EngineError, SideIndex, StoreChronicle, Words};
use crate::event::{
    EventId, EventRow, EventType, LinkKind, Links, Metadata, Position, StreamId, Timestamp, Version, actor_in,
};
use crate::expr::Expression;
use crate::index::Categories;
use crate::store::{Flow, Store};

use conditions::holds_of_row;
pub use days::{Calendar, Days};
pub use glob::{Glob, PayloadValue};
pub use terms::MisreadKind;

/// What is looked for. Terms of one kind are alternatives, such as two people; everything else must hold together.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub terms: Vec<Term>,
    words: Option<Words>,
    denied_words: Vec<Needle>,
}

/// One thing that is asked of an event, and where it stands in what was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    pub range: Range<usize>,
    pub wanted: Wanted,
    /// It must not be so.
    pub is_denied: bool,
}

impl Term {
    /// Days that were typed: several are alternatives. A border, and what the window itself adds, always holds.
    fn is_of_days(&self) -> bool {
        let is_typed = !self.range.is_empty();
        is_typed && matches!(self.wanted, Wanted::Time(Days { from: Some(_), end: Some(_) }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    Word(String),
    Actor(Glob),
    /// Something of why it was recorded.
    Reason(Glob),
    Type(Glob),
    Stream(Glob),
    Category(Glob),
    /// Recorded within these days, the first included and the end not.
    Time(Days),
    Correlation(EventId),
    Payload(PayloadValue),
    /// It set or changed one of these fields of its stream's state.
    Changed(Vec<String>),
    /// It put another value, or none, where one of these fields had one.
    Replaced(Vec<String>),
    Condition(Condition),
}

/// A condition over the event and the states before and after it, in CEL.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Read before anybody knows which fields there are.
    pub expression: Expression,
    /// Where its text begins in what was typed.
    pub begins: usize,
}

/// A term that cannot be what was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    pub range: Range<usize>,
    pub kind: MisreadKind,
}

/// An event that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEvent {
    pub position: Option<Position>,
    pub stream: StreamId,
    pub version: Version,
    pub id: EventId,
    pub event_type: EventType,
    pub recorded_at: Option<Timestamp>,
    pub actor: Option<String>,
    /// What stands around the words; the value of the payload where one was asked for; else how the payload begins.
    pub place: String,
}

impl Search {
    /// Reads what was typed. `calendar` knows when a day begins, and which one it is.
    pub fn new(text: &str, calendar: &Calendar<'_>) -> Result<Self, Misread> {
        let terms = terms::read(text, calendar)?;
        let word = |term: &Term, is_denied: bool| match &term.wanted {
            Wanted::Word(word) if term.is_denied == is_denied => Some(word.clone()),
            _ => None,
        };
        let words: Vec<String> = terms.iter().filter_map(|term| word(term, false)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let words = (!words.is_empty()).then(|| Words::of(&words));
        let denied_words = terms.iter().filter_map(|term| word(term, true)).map(|word| Needle::new(&word)).collect();
        Ok(Self { terms, words, denied_words })
    }

    /// The fields that are asked for by having changed.
    pub fn named_fields(&self) -> Vec<String> {
        let asked = self.terms.iter().filter(|term| !term.is_denied).filter_map(|term| match &term.wanted {
            Wanted::Changed(fields) | Wanted::Replaced(fields) => Some(fields),
            _ => None,
        });
        asked.flatten().cloned().collect()
    }

    /// Within which days all of it was recorded.
    pub fn days(&self) -> Days {
        let asked = self.terms.iter().filter(|term| !term.is_denied && !term.is_of_days());
        let bounds = asked.fold(Days::default(), |all, term| match &term.wanted {
            Wanted::Time(days) => all.and(*days),
            _ => all,
        });
        let days = self.terms.iter().filter(|term| !term.is_denied).filter_map(|term| match &term.wanted {
            Wanted::Time(days) if term.is_of_days() => Some(*days),
            _ => None,
        });
        days.reduce(Days::around).map_or(bounds, |days| bounds.and(days))
    }

    /// The event, where it is one that is looked for as far as the event itself says. `categories` are those of streams
    /// whose names do not tell.
    fn of_row(&self, row: &EventRow<'_>, categories: &Categories) -> Option<FoundEvent> {
        if !self.of_head(row, categories) || !self.of_metadata(row) {
            return None;
        }
        let place = match &self.words {
            Some(words) => Some(words.snippet(row)?.text),
            None => None,
        };
        if self.denied_words.iter().any(|word| word.is_in(row)) {
            return None;
        }
        let value = self.payload_holds(row)?;
        let actor = self.actor_holds(row)?;
        if !self.conditions_hold(row) {
            return None;
        }
        let place = place.or(value).unwrap_or_else(|| Words::of(&[]).snippet(row).unwrap_or_default().text);
        Some(FoundEvent {
            position: row.position,
            stream: row.stream.clone(),
            version: row.version,
            id: row.id.clone(),
            event_type: row.event_type.clone(),
            recorded_at: row.recorded_at,
            actor,
            place,
        })
    }

    /// What needs neither payload nor metadata.
    fn of_head(&self, row: &EventRow<'_>, categories: &Categories) -> bool {
        self.any_of(|wanted| match wanted {
            Wanted::Type(glob) => Some(glob.fits(row.event_type.as_str())),
            _ => None,
        }) && self.any_of(|wanted| match wanted {
            Wanted::Stream(glob) => Some(glob.fits(row.stream.as_str())),
            _ => None,
        }) && self.any_of(|wanted| match wanted {
            Wanted::Category(glob) => {
                let told = if categories.is_empty() { None } else { categories.get(row.stream) };
                Some(glob.fits(told.map_or_else(|| row.stream.category(), AsRef::as_ref)))
            }
            _ => None,
        }) && self.any_term(|term| match &term.wanted {
            Wanted::Time(days) if term.is_of_days() => Some(row.recorded_at.is_some_and(|at| days.hold(at))),
            _ => None,
        }) && self.terms.iter().all(|term| match &term.wanted {
            Wanted::Time(days) if !term.is_of_days() => {
                row.recorded_at.is_some_and(|at| days.hold(at)) != term.is_denied
            }
            _ => true,
        })
    }

    fn of_metadata(&self, row: &EventRow<'_>) -> bool {
        self.any_of(|wanted| match wanted {
            Wanted::Correlation(id) => Some(Links::of(row.metadata).get(LinkKind::Correlation) == Some(id)),
            _ => None,
        }) && self.any_of(|wanted| match wanted {
            Wanted::Reason(glob) => Some(Metadata::parse(row.metadata).reason.is_some_and(|reason| glob.fits(&reason))),
            _ => None,
        })
    }

    /// Where any is asked for, one of those wanted must be so, and none of those denied.
    fn any_of(&self, is_so: impl Fn(&Wanted) -> Option<bool>) -> bool {
        self.any_term(|term| is_so(&term.wanted))
    }

    fn any_term(&self, is_so: impl Fn(&Term) -> Option<bool>) -> bool {
        let (mut is_asked, mut is_met) = (false, false);
        for term in &self.terms {
            match (is_so(term), term.is_denied) {
                (Some(true), true) => return false,
                (Some(is), false) => (is_asked, is_met) = (true, is_met || is),
                _ => {}
            }
        }
        is_met || !is_asked
    }

    /// Who recorded it; `None` where it must be somebody else.
    #[allow(clippy::option_option, reason = "an event of nobody may be wanted too")]
    fn actor_holds(&self, row: &EventRow<'_>) -> Option<Option<String>> {
        let actor = actor_in(row.metadata);
        let is_wanted = self.any_of(|wanted| match wanted {
            Wanted::Actor(glob) => Some(actor.as_deref().is_some_and(|actor| glob.fits(actor))),
            _ => None,
        });
        is_wanted.then(|| actor.map(Cow::into_owned))
    }

    /// The first value that was asked for, as it stands; `None` where one is not so.
    #[allow(clippy::option_option, reason = "nothing may be asked of the payload")]
    fn payload_holds(&self, row: &EventRow<'_>) -> Option<Option<String>> {
        let mut asked = self.terms.iter().filter_map(|term| match &term.wanted {
            Wanted::Payload(value) => Some((value, term.is_denied)),
            _ => None,
        });
        let mut first = None;
        let is_so = asked.all(|(value, is_denied)| {
            let found = value.found_in(row.payload);
            let is_so = found.is_some() != is_denied;
            first = first.take().or(found);
            is_so
        });
        is_so.then_some(first)
    }

    /// Of the conditions that ask for nothing but the event.
    fn conditions_hold(&self, row: &EventRow<'_>) -> bool {
        self.terms.iter().all(|term| match &term.wanted {
            Wanted::Condition(condition) => {
                holds_of_row(&condition.expression, row).is_none_or(|is| is != term.is_denied)
            }
            _ => true,
        })
    }
}

/// Visits the events that are looked for, the newest first, until nobody wants more. Tells how many were looked at.
pub fn search(
    reader: &dyn Store,
    search: &Search,
    progress: &mut dyn FnMut(u64) -> Flow,
    visit: &mut dyn FnMut(FoundEvent) -> Flow,
) -> Result<(), EngineError> {
    search_with(reader, search, Aids::default(), progress, visit)
}

/// What is known of a store besides, so that less of it has to be read. It changes nothing of what is found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aids<'a> {
    pub side: Option<&'a SideIndex>,
    pub chronicle: Option<&'a StoreChronicle>,
}

/// The same with what is known of the store.
pub fn search_with(
    reader: &dyn Store,
    search: &Search,
    aids: Aids<'_>,
    progress: &mut dyn FnMut(u64) -> Flow,
    visit: &mut dyn FnMut(FoundEvent) -> Flow,
) -> Result<(), EngineError> {
    running::search(reader, search, aids, progress, visit)
}
