//! A condition over every stream of a store, while they are folded.

use std::any::Any;
use std::cell::OnceCell;
use std::fmt;

use super::bound::{At, Spoken};
use super::streams::ByStream;
use super::{DecodedRows, Failures, Finding};
use crate::event::{EventRow, EventType, Head, Metadata, StreamId, StreamKey, Timestamp, Version};
use crate::expr::{Expression, MORE_STEPS_AN_EVENT, MOST_STEPS_OF_ALL, Reading, Stop, Uses};
use crate::projection::{Problem, Projection, parents, sized};

/// How a condition held in one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    pub stream: StreamId,
    /// How often it became true or false.
    pub turns: u64,
    /// At how many events it was true.
    pub events_true: u64,
    pub is_true_now: bool,
    /// Whether it was at the moment that was asked for.
    pub was_true_then: bool,
    /// The first version at which it was.
    pub first: Version,
    /// The last one at which it became so.
    pub latest: Version,
    /// From there on it is not known.
    pub not_run: Option<NotRun>,
}

/// The first event that a projection was not given, because it had been given up: behind it nothing is known of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRun {
    pub version: Version,
    pub recorded_at: Option<Timestamp>,
}

impl NotRun {
    pub fn is_by(&self, then: Timestamp) -> bool {
        self.recorded_at.is_some_and(|at| at <= then)
    }
}

/// A condition and the states of all streams. Takes what [`super::ProjectionRef::rows_to_watch`] decoded, the rows of each
/// stream in order.
pub trait Watching: Send + fmt::Debug {
    fn fold(&mut self, rows: Box<dyn DecodedRows>, stop: &dyn Fn() -> bool) -> Result<(), Stop>;

    /// In how many streams it was ever true, and in how many it is now.
    fn counts(&self) -> Counted;

    /// Those in which it was ever true, in the order in which it first was; no more than `most`, behind the first `skipped`.
    fn found(&self, skipped: usize, most: usize) -> Vec<Watched>;

    /// Those in which it was never true before the projection was given up, and is not known behind that.
    fn never_known(&self) -> &[(StreamId, NotRun)];

    /// The streams of which the projection could not take every event.
    fn failures(&self) -> &Failures;

    /// Whether any state has this field.
    fn has_field(&self, name: &str) -> bool;

    /// Names of fields, of no more states than a person could have looked at.
    fn some_fields(&self) -> Vec<String>;
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub ever: u64,
    pub now: u64,
    pub then: u64,
    pub events: u64,
    /// At how many events it could not be told.
    pub unknown: u64,
    /// In how many streams it is not known at the end, because the projection had been given up.
    pub not_run: u64,
}

/// What an event says that no projection keeps.
#[derive(Debug, Default)]
struct Said {
    actor: Option<String>,
    reason: Option<String>,
    payload: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct WatchRows<P: Projection> {
    projection: P,
    wants_author: bool,
    wants_payload: bool,
    rows: Vec<Row<P::Event>>,
}

#[derive(Debug)]
struct Row<E> {
    key: StreamKey,
    stream: StreamId,
    head: Head,
    event: E,
    said: Option<Box<Said>>,
}

impl<P: Projection> WatchRows<P> {
    pub(super) fn new(projection: P, uses: &Uses) -> Self {
        Self { projection, wants_author: uses.author, wants_payload: uses.payload, rows: Vec::new() }
    }

    /// What was decoded, without what nobody asked for.
    pub(super) fn into_events(self) -> impl Iterator<Item = (StreamKey, StreamId, Head, P::Event)> {
        self.rows.into_iter().map(|row| (row.key, row.stream, row.head, row.event))
    }
}

impl<P: Projection> DecodedRows for WatchRows<P> {
    fn push(&mut self, row: &EventRow<'_>) {
        let said = (self.wants_author || self.wants_payload).then(|| {
            let author = if self.wants_author { Metadata::parse(row.metadata) } else { Metadata::default() };
            let payload = if self.wants_payload { row.payload.to_vec() } else { Vec::new() };
            Box::new(Said { actor: author.actor, reason: author.reason, payload })
        });
        let event = self.projection.decode(row);
        self.rows.push(Row { key: row.stream_key, stream: row.stream.clone(), head: row.head(), event, said });
    }

    fn len(&self) -> usize {
        self.rows.len()
    }
}

pub(super) struct Watch<P: Projection> {
    projection: P,
    expression: Expression,
    then: Option<Timestamp>,
    of_stream: ByStream<Followed<P::State>>,
    /// Where it was ever true, in that order.
    ever: Vec<StreamKey>,
    never_known: Vec<(StreamId, NotRun)>,
    counted: Counted,
    unread: Vec<Problem>,
    failures: Failures,
    /// Steps that the expression may still take.
    left: u64,
    moved: Vec<String>,
}

#[derive(Clone, Default)]
struct Followed<S> {
    state: S,
    is_true: bool,
    has_failed: bool,
    is_not_run: bool,
    found: Option<Box<Watched>>,
    /// How many events there were of each type, where that is asked for.
    counts: Vec<(EventType, u64)>,
}

impl<S> Followed<S> {
    /// Answers where that is where it was never true.
    fn not_run_from(&mut self, head: &Head) -> Option<NotRun> {
        self.is_not_run = true;
        let not_run = NotRun { version: head.version, recorded_at: head.recorded_at };
        match &mut self.found {
            Some(found) => {
                found.not_run = Some(not_run);
                None
            }
            None => Some(not_run),
        }
    }
}

impl<P: Projection> Watch<P> {
    pub(super) fn new(projection: P, expression: Expression, then: Option<Timestamp>) -> Self {
        Self {
            projection,
            expression,
            then,
            of_stream: ByStream::new(),
            ever: Vec::new(),
            never_known: Vec::new(),
            counted: Counted::default(),
            unread: Vec::new(),
            failures: Failures::default(),
            left: MOST_STEPS_OF_ALL,
            moved: Vec::new(),
        }
    }

    fn take(&mut self, row: Row<P::Event>, stop: &dyn Fn() -> bool) -> Result<(), Stop> {
        let Self { projection, expression, then, of_stream, ever, never_known, counted, unread, failures, left, moved } =
            self;
        let Row { key, stream, head, event, said } = row;
        let uses = expression.uses();
        let followed = of_stream.get_or_begin(key);
        let old = uses.old.then(|| followed.state.clone());
        if uses.changes {
            moved.clear();
            projection.fold_and_report(&mut followed.state, &event, &head, unread, &mut |path| {
                if sized(path).is_none() {
                    moved.push(path.to_owned());
                }
            });
        } else {
            projection.fold(&mut followed.state, &event, &head, unread);
        }
        let failed = unread.drain(..).find(|problem| matches!(problem, Problem::Failed(_)));
        let is_not_run = failed.as_ref().is_some_and(Problem::is_not_run) && uses.are_of_states();
        if is_not_run && !followed.is_not_run {
            counted.not_run += 1;
            never_known.extend(followed.not_run_from(&head).map(|not_run| (stream.clone(), not_run)));
        }
        if let Some(problem) = failed.filter(|_| !followed.has_failed) {
            followed.has_failed = true;
            failures.add(&stream, &Finding { version: head.version, problem });
        }
        if uses.counts {
            match followed.counts.iter_mut().find(|(known, _)| *known == head.event_type) {
                Some((_, count)) => *count += 1,
                None => followed.counts.push((head.event_type.clone(), 1)),
            }
        }
        let said = said.as_deref();
        let at = At {
            projection,
            state: &followed.state,
            old: old.as_ref(),
            head: &head,
            spoken: Spoken {
                actor: said.and_then(|said| said.actor.as_deref()),
                reason: said.and_then(|said| said.reason.as_deref()),
                payload: said.map(|said| said.payload.as_slice()),
            },
            changed: &|path| projection.bookkeeping().contains(&path) || is_moved(moved, path),
            count: &|name| {
                followed.counts.iter().find(|(known, _)| known.as_str() == name).map_or(0, |(_, count)| *count)
            },
            payload: OnceCell::new(),
        };
        *left = left.saturating_add(MORE_STEPS_AN_EVENT);
        // Of what is not known any more only the streams are counted.
        let reading = if followed.is_not_run { Reading::False } else { expression.holds_within(&at, stop, left)? };
        let is_true = reading.is_true();
        counted.events += 1;
        counted.unknown += u64::from(matches!(reading, Reading::Unknown(_)));
        if !is_true && followed.found.is_none() {
            return Ok(());
        }
        let found = followed.found.get_or_insert_with(|| {
            ever.push(key);
            counted.ever += 1;
            Box::new(Watched {
                stream,
                turns: 0,
                events_true: 0,
                is_true_now: false,
                was_true_then: false,
                first: head.version,
                latest: head.version,
                not_run: None,
            })
        });
        found.events_true += u64::from(is_true);
        if is_true != followed.is_true {
            found.turns += 1;
            followed.is_true = is_true;
            found.is_true_now = is_true;
            if is_true {
                found.latest = head.version;
                counted.now += 1;
            } else {
                counted.now = counted.now.saturating_sub(1);
            }
        }
        // Where clocks ran backward, the order of the stream counts.
        if then.is_some_and(|then| head.recorded_at.is_some_and(|at| at <= then)) && found.was_true_then != is_true {
            found.was_true_then = is_true;
            counted.then = if is_true { counted.then + 1 } else { counted.then.saturating_sub(1) };
        }
        Ok(())
    }
}

/// Whether what stands at `path` was among what was moved: it, what holds it, or what it holds.
fn is_moved(moved: &[String], path: &str) -> bool {
    moved
        .iter()
        .any(|moved| moved.is_empty() || parents(path).contains(&moved.as_str()) || parents(moved).contains(&path))
}

impl<P: Projection> fmt::Debug for Watch<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("expression", &self.expression)
            .field("counted", &self.counted)
            .finish_non_exhaustive()
    }
}

impl<P: Projection> Watching for Watch<P> {
    fn fold(&mut self, rows: Box<dyn DecodedRows>, stop: &dyn Fn() -> bool) -> Result<(), Stop> {
        let rows: Box<dyn Any> = rows;
        let Ok(rows) = rows.downcast::<WatchRows<P>>() else {
            debug_assert!(false, "rows that another projection decoded");
            return Ok(());
        };
        rows.rows.into_iter().try_for_each(|row| self.take(row, stop))
    }

    fn counts(&self) -> Counted {
        self.counted
    }

    fn found(&self, skipped: usize, most: usize) -> Vec<Watched> {
        let keys = self.ever.iter().skip(skipped).take(most);
        keys.filter_map(|key| self.of_stream.get(*key)?.found.as_deref().cloned()).collect()
    }

    fn never_known(&self) -> &[(StreamId, NotRun)] {
        &self.never_known
    }

    fn failures(&self) -> &Failures {
        &self.failures
    }

    fn has_field(&self, name: &str) -> bool {
        let mut states = self.of_stream.streams().filter_map(|key| self.of_stream.get(key));
        states.any(|followed| match self.projection.as_json(&followed.state) {
            Some(whole) => whole.get(name).is_some(),
            None => self.projection.cell(&followed.state, name).is_some(),
        })
    }

    fn some_fields(&self) -> Vec<String> {
        const STATES: usize = 1_000;
        let mut names = std::collections::BTreeSet::new();
        for followed in self.of_stream.streams().take(STATES).filter_map(|key| self.of_stream.get(key)) {
            names.extend(super::when::fields_of(&self.projection, &followed.state));
        }
        names.into_iter().collect()
    }
}
