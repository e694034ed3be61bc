//! Events by what people remember of them: who, what, where, when, a value of the payload, and words anywhere.

mod days;
mod terms;

use std::borrow::Cow;
use std::ops::Range;

use super::load::each_batch;
use super::{EngineError, Words};
use crate::event::{EventBatch, EventId, EventRow, EventType, LinkKind, Links, StreamId, Timestamp, Version, actor_in};
use crate::store::{Flow, Query, Store};

pub use days::{Calendar, Days};
pub use terms::{Glob, MisreadKind, PayloadValue};

/// What is looked for. Terms of one kind are alternatives, such as two people; everything else must hold together.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub terms: Vec<Term>,
    words: Option<Words>,
}

/// One thing that is asked of an event, and where it stands in what was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    pub range: Range<usize>,
    pub wanted: Wanted,
    /// It must not be so.
    pub is_denied: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    Word(String),
    Actor(Glob),
    Type(Glob),
    Stream(Glob),
    Category(Glob),
    /// Recorded within these days, the first included and the end not.
    Time(Days),
    Correlation(EventId),
    Payload(PayloadValue),
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
        let words: Vec<&str> = terms
            .iter()
            .filter_map(|term| match &term.wanted {
                Wanted::Word(word) => Some(word.as_str()),
                _ => None,
            })
            .collect();
        let words = (!words.is_empty()).then(|| Words::of(&words));
        Ok(Self { terms, words })
    }

    /// Where an event that is looked for can be at all, the newest first.
    fn query(&self, reader: &dyn Store) -> Result<Query, EngineError> {
        let wanted = |is_such: fn(&Wanted) -> bool| {
            let mut such = self.terms.iter().filter(|term| !term.is_denied && is_such(&term.wanted));
            such.next().filter(|_| such.next().is_none()).map(|term| &term.wanted)
        };
        if let Some(Wanted::Stream(glob)) = wanted(|wanted| matches!(wanted, Wanted::Stream(_)))
            && let Some(id) = glob.exact().map(StreamId::from)
            && reader.stream(&id)?.is_some()
        {
            return Ok(Query::stream(id).backward());
        }
        if let Some(Wanted::Correlation(id)) = wanted(|wanted| matches!(wanted, Wanted::Correlation(_))) {
            return Ok(Query::linked(LinkKind::Correlation, vec![id.clone()]).backward());
        }
        Ok(Query::store().backward())
    }

    /// The event, where it is one that is looked for.
    pub fn found(&self, row: &EventRow<'_>) -> Option<FoundEvent> {
        if !self.of_head(row) {
            return None;
        }
        let place = match &self.words {
            Some(words) => Some(words.snippet(row)?.text),
            None => None,
        };
        let value = self.payload_holds(row)?;
        let actor = self.actor_holds(row)?;
        let place = place.or(value).unwrap_or_else(|| Words::of(&[]).snippet(row).unwrap_or_default().text);
        Some(FoundEvent {
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
    fn of_head(&self, row: &EventRow<'_>) -> bool {
        self.any_of(|wanted| match wanted {
            Wanted::Type(glob) => Some(glob.fits(row.event_type.as_str())),
            _ => None,
        }) && self.any_of(|wanted| match wanted {
            Wanted::Stream(glob) => Some(glob.fits(row.stream.as_str())),
            _ => None,
        }) && self.any_of(|wanted| match wanted {
            Wanted::Category(glob) => Some(glob.fits(row.stream.category())),
            _ => None,
        }) && self.any_of(|wanted| match wanted {
            Wanted::Correlation(id) => Some(Links::of(row.metadata).get(LinkKind::Correlation) == Some(id)),
            _ => None,
        }) && self.terms.iter().all(|term| match &term.wanted {
            Wanted::Time(days) => row.recorded_at.is_some_and(|at| days.hold(at)) != term.is_denied,
            _ => true,
        })
    }

    /// Where any is asked for, one of those wanted must be so, and none of those denied.
    fn any_of(&self, is_so: impl Fn(&Wanted) -> Option<bool>) -> bool {
        let (mut is_asked, mut is_met) = (false, false);
        for term in &self.terms {
            match (is_so(&term.wanted), term.is_denied) {
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
}

/// Visits the events that are looked for, the newest first, until nobody wants more. Tells how many were looked at.
pub fn search(
    reader: &dyn Store,
    search: &Search,
    progress: &mut dyn FnMut(u64) -> Flow,
    visit: &mut dyn FnMut(FoundEvent) -> Flow,
) -> Result<(), EngineError> {
    let query = search.query(reader)?;
    each_batch(reader, &query, progress, &mut |batch: &mut EventBatch| {
        batch.rows().filter_map(|row| search.found(&row)).try_for_each(&mut *visit)
    })
}
