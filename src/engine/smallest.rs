//! The fewest events of a stream that still show something.

use super::when::{SpokenWords, stopped};
use super::{Described, EngineError, Shows, load_story, load_timeline};
use crate::domain::Aggregate;
use crate::event::{Head, Version};
use crate::expr::{Expression, Names, Uses};
use crate::projection::{Problem, key_path};
use crate::replay::{
    ByTheRules, GoesWrong, Holds, Index, MOST_FOLDED, ProjectionRef, Reduced, Refold, Symptom, Timeline, Turns, Work,
    reduce,
};
use crate::store::{Flow, Store, StoreError};

/// What a smaller history must still show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// That a condition holds, as it last did.
    Condition(String),
    /// What is wrong at a version.
    Finding(Version),
    /// The last rule that was broken.
    Rule,
}

/// A history of which no event can be spared.
#[derive(Clone, Debug, PartialEq)]
pub struct Smallest {
    pub kept: Vec<Head>,
    /// How many events the stream has.
    pub from: u64,
    /// Where it showed last; what comes behind is of no matter.
    pub until: Version,
    /// It shows no more behind the last event.
    pub is_past: bool,
    /// Each event that is left was left out once, and missed.
    pub is_minimal: bool,
    pub shows: Shows,
}

/// Looks for the smallest history, and tells how much of how much is done.
pub fn smallest(
    reader: &dyn Store,
    described: &Described,
    projection: &ProjectionRef,
    (sought, is_by_the_rules): (&Sought, bool),
    progress: &mut dyn FnMut(u64, u64) -> Flow,
) -> Result<Smallest, EngineError> {
    let uses = match sought {
        // Its names are known when the stream has been read.
        Sought::Condition(text) => {
            Expression::new(text, &Names { is_open: true, ..projection.names() })?.uses().clone()
        }
        Sought::Finding(_) | Sought::Rule => Uses::default(),
    };
    let mut spoken = SpokenWords::new(&uses);
    let total = described.row.events;
    let own =
        load_timeline(reader, described, projection, &mut |row| spoken.push(row), &mut |count| progress(count, total))?;
    let own = own.as_ref();
    let is_judged = is_by_the_rules || !matches!(sought, Sought::Condition(_));
    let story = is_judged.then(|| load_story(reader, described, &mut |count| progress(count, total))).transpose()?;
    let judge = story.as_ref().map_or(own, |story| story.timeline());
    let stream = &described.row.stream;
    let wrong = |timeline: &dyn Timeline, event: Index| {
        let problem = timeline.finding_at(event)?.problem.clone();
        Some(GoesWrong { event, problem })
    };
    let (until, timeline, mut symptom): (Index, &dyn Timeline, AnySymptom<'_>) = match sought {
        Sought::Condition(text) => {
            let expression = Expression::new(text, &own.names())?;
            let mut turns = Turns::default();
            let all = 0..own.heads().len();
            let read = own.read_along(&expression, all.clone(), &spoken, &|| false, &mut |index, value| {
                turns.note_value(index, &expression, value);
            });
            read.map_err(|stop| stopped(&stop, &expression))?;
            turns.look_to(all.end);
            let last = turns.ranges().last().ok_or_else(|| EngineError::NeverTrue(stream.clone()))?;
            (last.end.saturating_sub(1), own, AnySymptom::Holds(Holds::new(expression, own, &spoken)))
        }
        Sought::Finding(version) => {
            let nothing = || EngineError::NothingWrong { stream: stream.clone(), version: *version };
            let event = own.index_of(*version).ok_or_else(nothing)?;
            // A rule first, and else what the projection makes of the event.
            let found = [judge, own].into_iter().find_map(|timeline| Some((timeline, wrong(timeline, event)?)));
            let (timeline, symptom) = found.ok_or_else(nothing)?;
            (event, timeline, AnySymptom::Wrong(symptom))
        }
        Sought::Rule => {
            let all = judge.findings(judge.heads().len());
            let broken = all.into_iter().rev().find(|found| matches!(found.problem, Problem::Breach(_)));
            let symptom = broken.and_then(|broken| {
                let event = judge.index_of(broken.version)?;
                Some(GoesWrong { event, problem: broken.problem.clone() })
            });
            let symptom = symptom.ok_or_else(|| EngineError::NoRuleBroken(stream.clone()))?;
            (symptom.event, judge, AnySymptom::Wrong(symptom))
        }
    };
    let events: Vec<Index> = (0..=until).collect();
    let mut work = Work::new(MOST_FOLDED, progress);
    let kind = KindOfStream::of(described, timeline.heads());
    let mut symptom_of_kind = OfItsKind { symptom: symptom.as_mut(), kind: &kind, heads: timeline.heads() };
    let reduced = if is_by_the_rules {
        reduce(timeline, events, &mut ByTheRules { symptom: &mut symptom_of_kind, judge }, &mut work)?
    } else {
        reduce(timeline, events, &mut symptom_of_kind, &mut work)?
    };
    if let AnySymptom::Holds(holds) = &symptom
        && let Some(stop) = holds.over()
    {
        return Err(stopped(stop, holds.expression()));
    }
    // The same events, folded in the same order: they show it, or the store was changed between two readings of it.
    let Some(Reduced { kept, is_minimal }) = reduced else {
        return Err(StoreError::Changed(stream.as_str().into()).into());
    };
    let heads = timeline.heads();
    Ok(Smallest {
        shows: symptom.shown(own, &kept),
        kept: kept.iter().filter_map(|index| heads.get(*index)).cloned().collect(),
        from: heads.len() as u64,
        until: heads.get(until).map(|head| head.version).unwrap_or_default(),
        is_past: until + 1 < heads.len() && matches!(sought, Sought::Condition(_)),
        is_minimal,
    })
}

/// What a stream is taken for by its name and its first event.
#[derive(Debug)]
struct KindOfStream<'d> {
    described: &'d Described,
    category: &'d str,
}

impl<'d> KindOfStream<'d> {
    fn of(described: &'d Described, heads: &[Head]) -> Self {
        let stream = &described.row.stream;
        // A file of its own knows the name alone.
        let by_name = Self { described, category: stream.category() };
        match heads.first() {
            Some(first) if !by_name.may_begin_with(first) => Self { category: &described.row.category, ..by_name },
            _ => by_name,
        }
    }

    fn may_begin_with(&self, first: &Head) -> bool {
        let Self { described: Described { row, aggregate, is_partition }, category } = self;
        *is_partition || Aggregate::of_stream(&row.stream, category, first.event_type.as_str()) == *aggregate
    }
}

/// The same, in histories alone that are taken for the same kind: a reader of its own would see another state.
#[derive(Debug)]
struct OfItsKind<'s> {
    symptom: &'s mut dyn Symptom,
    kind: &'s KindOfStream<'s>,
    heads: &'s [Head],
}

impl Symptom for OfItsKind<'_> {
    fn shows(&mut self, so_far: &dyn Refold<'_>, events: &[Index], folded: usize) -> bool {
        let first = events.first().and_then(|first| self.heads.get(*first));
        first.is_none_or(|first| self.kind.may_begin_with(first)) && self.symptom.shows(so_far, events, folded)
    }
}

enum AnySymptom<'s> {
    Holds(Holds<'s>),
    Wrong(GoesWrong),
}

impl AnySymptom<'_> {
    fn as_mut(&mut self) -> &mut dyn Symptom {
        match self {
            Self::Holds(holds) => holds,
            Self::Wrong(wrong) => wrong,
        }
    }

    /// What is left shows, for whoever reads it or tests it.
    fn shown(&self, own: &dyn Timeline, kept: &[Index]) -> Shows {
        match self {
            Self::Wrong(wrong) => Shows::Fault { text: wrong.problem.to_string() },
            Self::Holds(holds) => {
                let history = own.refold(None).map(|mut history| {
                    history.fold_these(kept);
                    history
                });
                let fields = holds.expression().uses().fields.iter().filter_map(|name| {
                    let path = key_path("", name);
                    let value = history.as_ref()?.value(&path);
                    Some((path, value))
                });
                Shows::Condition { text: holds.expression().text().to_owned(), fields: fields.collect() }
            }
        }
    }
}
