use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use serde_json::Value;

use super::{EngineError, Moment, SNAPSHOT_SPACING, Ticket, resolve};
use crate::domain::Aggregate;
use crate::event::{EventBatch, EventId, EventRow, StreamId, Timestamp, Version};
use crate::index::Held;
use crate::projection::Problem;
use crate::replay::{AnyFold, Finding, ProjectionRef, Story, Timeline, registry};
use crate::store::{Columns, Flow, Query, Store, StoreError, StreamOrder, StreamQuery, StreamRow};

/// A stream and what is known of it before any of it is read.
#[derive(Clone, Debug)]
pub struct Described {
    pub row: StreamRow,
    pub aggregate: Option<Aggregate>,
    /// It is one of a projection's partitions, and no stream that events were recorded in.
    pub is_partition: bool,
}

impl Described {
    /// The projection of that name, or the one shown first.
    pub fn projection(&self, name: Option<&str>) -> Result<ProjectionRef, EngineError> {
        let Some(name) = name else { return Ok(registry().first(self.aggregate)) };
        let refusal = || EngineError::NoProjection {
            stream: self.row.stream.clone(),
            asked: name.to_owned(),
            known: registry().of_aggregate(self.aggregate).iter().map(|known| known.name().to_owned()).collect(),
        };
        registry().find(self.aggregate, name).ok_or_else(refusal)
    }
}

/// Looks a stream up. A name that is not there is answered with those that look like it.
pub fn describe(reader: &dyn Store, stream: &StreamId) -> Result<Described, EngineError> {
    let Some(row) = reader.stream(stream)? else {
        return Err(EngineError::NoStream { stream: stream.clone(), near: near_names(reader, stream)? });
    };
    let mut aggregate = None;
    if !reader.has_aggregates() {
        return Ok(Described { row, aggregate, is_partition: true });
    }
    reader.visit_events(&Query::stream(stream.clone()).limit(1).columns(Columns::HEADS), &mut |first| {
        aggregate = Aggregate::of_stream(stream, &row.category, first.event_type.as_str());
        Flow::Break(())
    })?;
    Ok(Described { row, aggregate, is_partition: false })
}

/// The first stream of a category, which tells what the others are. `None` where there is no such category.
pub(super) fn describe_first(reader: &dyn Store, category: &str) -> Result<Option<Described>, EngineError> {
    reader.first_of_category(category)?.map(|first| describe(reader, &first)).transpose()
}

fn near_names(reader: &dyn Store, stream: &StreamId) -> Result<Vec<StreamId>, StoreError> {
    const NAMED: u64 = 3;
    let mut near = Vec::new();
    let last_part = stream.as_str().rsplit(['-', ':', '_']).next().unwrap_or_default();
    for part in [stream.as_str(), last_part] {
        if near.is_empty() && !part.is_empty() {
            let filter = Some(part.to_owned());
            let query = StreamQuery { filter, limit: Some(NAMED), order: StreamOrder::Began, category: None };
            reader.visit_streams(&query, &mut |row| {
                near.push(row.stream);
                Flow::Continue(())
            })?;
        }
    }
    Ok(near)
}

/// A state at one version, and the rules broken on the way there.
#[derive(Clone, Debug)]
pub struct Shown {
    pub version: Version,
    pub recorded_at: Option<Timestamp>,
    pub state: Value,
    pub findings: Vec<Finding>,
}

/// Folds a stream up to a moment, from a snapshot where that saves reading. The findings are those of the
/// projection that knows the rules, whichever one is shown.
pub fn show(
    reader: &dyn Store,
    described: &Described,
    projection: &ProjectionRef,
    moment: Moment,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Shown, EngineError> {
    let version = resolve(reader, &described.row, moment)?;
    let judge = registry().judge(described.aggregate);
    let mut shown = fold_to(reader, &described.row, projection, version, progress)?;
    if judge != *projection {
        // A projection that fails on an event says so beside what the rules say.
        let failures = shown.findings.into_iter().filter(|finding| matches!(finding.problem, Problem::Failed(_)));
        let judged = fold_to(reader, &described.row, &judge, version, progress)?.findings;
        shown.findings = judged.into_iter().chain(failures).collect();
        shown.findings.sort_by_key(|finding| finding.version);
    }
    Ok(shown)
}

fn fold_to(
    reader: &dyn Store,
    row: &StreamRow,
    projection: &ProjectionRef,
    version: Version,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Shown, EngineError> {
    let (mut fold, from) = begin_fold(reader, row, projection, version)?;
    let mut recorded_at = None;
    let query = Query::stream(row.stream.clone()).between(from, Some(version));
    let count = each_event(reader, &query, progress, &mut |event| {
        fold.push(event);
        recorded_at = event.recorded_at;
    })?;
    if count == 0 {
        recorded_at = reader.event_at(&row.stream, version)?.and_then(|event| event.recorded_at);
    }
    Ok(Shown { version, recorded_at, state: fold.show(), findings: fold.findings().to_vec() })
}

/// A fold that stands as far as a snapshot goes, and the first version that is still to be read.
pub(super) fn begin_fold(
    reader: &dyn Store,
    row: &StreamRow,
    projection: &ProjectionRef,
    version: Version,
) -> Result<(Box<dyn AnyFold>, Option<Version>), StoreError> {
    if row.events >= SNAPSHOT_SPACING
        && let Some(kept) = reader.snapshot(&row.stream, projection.name(), projection.revision(), version)?
        && let Some(fold) = projection.resume(kept.version, &kept.state)
    {
        return Ok((fold, Some(Version(kept.version.0 + 1))));
    }
    Ok((projection.fold(), None))
}

/// Loads a stream under the projection that knows its rules.
pub fn load_story(
    reader: &dyn Store,
    described: &Described,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Story, EngineError> {
    load_story_to(reader, described, None, progress)
}

/// The same as it was after a version.
pub fn load_story_to(
    reader: &dyn Store,
    described: &Described,
    to: Option<Version>,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Story, EngineError> {
    let mut story = Story::new(described.aggregate);
    load_rows(reader, &described.row, to, &mut |row| story.timeline_mut().push_row(row), progress)?;
    Ok(story)
}

/// A projection, and how far a stream was folded under it.
pub type FoldOf = (ProjectionRef, Box<dyn AnyFold>);

/// A stream as it was after a version, under each projection that it offers; from snapshots where that saves reading.
pub fn fold_each(
    reader: &dyn Store,
    described: &Described,
    version: Version,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Vec<FoldOf>, EngineError> {
    let row = &described.row;
    let fold = |projection: &ProjectionRef| -> Result<_, EngineError> {
        let (mut fold, from) = begin_fold(reader, row, projection, version)?;
        let query = Query::stream(row.stream.clone()).between(from, Some(version));
        each_batch(reader, &query, progress, &mut |batch| {
            batch.rows().for_each(|row| fold.push(&row));
            Flow::Continue(())
        })?;
        Ok((projection.clone(), fold))
    };
    registry().of_aggregate(described.aggregate).iter().map(fold).collect()
}

/// Loads a stream under any projection. `also` sees each event as it is folded.
pub fn load_timeline(
    reader: &dyn Store,
    described: &Described,
    projection: &ProjectionRef,
    also: &mut (dyn FnMut(&EventRow<'_>) + Send),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Box<dyn Timeline>, EngineError> {
    let mut timeline = projection.timeline(usize::try_from(described.row.events).unwrap_or(0));
    let push = &mut |row: &EventRow<'_>| {
        timeline.push_row(row);
        also(row);
    };
    load_rows(reader, &described.row, None, push, progress)?;
    Ok(timeline)
}

/// So much a timeline may grow before it asks for memory again.
const BETWEEN_WEIGHINGS: u64 = 4 << 20;

/// The same in no more memory than there is: a user's own projection may keep states of any size.
pub fn load_timeline_within(
    reader: &dyn Store,
    described: &Described,
    projection: &ProjectionRef,
    held: &mut Held,
    also: &mut (dyn FnMut(&EventRow<'_>) + Send),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Box<dyn Timeline>, EngineError> {
    let mut timeline = projection.timeline(usize::try_from(described.row.events).unwrap_or(0));
    let (mut over, mut weighed) = (None, 0);
    let is_over = AtomicBool::new(false);
    let push = &mut |row: &EventRow<'_>| {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        timeline.push_row(row);
        also(row);
        if timeline.unshared() >= weighed + BETWEEN_WEIGHINGS {
            weighed = timeline.unshared();
            over = held.resize(weighed).err();
            is_over.store(over.is_some(), Ordering::Relaxed);
        }
    };
    let progress = &mut |count| if is_over.load(Ordering::Relaxed) { Flow::Break(()) } else { progress(count) };
    let read = load_rows(reader, &described.row, None, push, progress);
    if let Some(over) = over {
        return Err(over.into());
    }
    read?;
    held.resize(timeline.bytes())?;
    Ok(timeline)
}

/// A stream shorter than this is folded before a second thread would have begun.
const WORTH_A_THREAD: u64 = 500;

/// Batches that may wait for the folding thread before reading pauses.
const WAITING: usize = 4;

/// Reads on this thread; where the stream is long, decodes and folds on another.
fn load_rows(
    reader: &dyn Store,
    row: &StreamRow,
    to: Option<Version>,
    push: &mut (dyn FnMut(&EventRow<'_>) + Send),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), EngineError> {
    let query = Query::stream(row.stream.clone()).between(None, to);
    if row.events < WORTH_A_THREAD {
        return each_batch(reader, &query, progress, &mut |batch| {
            batch.rows().for_each(|row| push(&row));
            Flow::Continue(())
        });
    }
    let (sender, receiver) = sync_channel::<EventBatch>(WAITING);
    let (used, empty) = sync_channel::<EventBatch>(WAITING);
    thread::scope(|scope| {
        let folding = thread::Builder::new()
            .name("fold".to_owned())
            .spawn_scoped(scope, move || {
                for batch in receiver {
                    batch.rows().for_each(|row| push(&row));
                    // Its room serves again, if the reader is still there and wants it.
                    let _ = used.try_send(batch);
                }
            })
            .map_err(|source| StoreError::Io { path: "a thread".into(), source })?;
        let read = each_batch(reader, &query, progress, &mut |batch| {
            let full = std::mem::replace(batch, empty.try_recv().unwrap_or_default());
            // Nobody listens any more only where folding panicked, which joining will tell.
            if sender.send(full).is_ok() { Flow::Continue(()) } else { Flow::Break(()) }
        });
        drop(sender);
        folding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        read
    })
}

/// Every event of one stream, or of the store; whoever waits is told how many there are, where that costs nothing.
pub fn stream_or_store(reader: &dyn Store, stream: Option<StreamId>, ticket: &Ticket) -> Result<Query, StoreError> {
    Ok(match stream {
        Some(stream) => {
            ticket.set_total(reader.stream(&stream)?.map_or(0, |row| row.events));
            Query::stream(stream)
        }
        None => {
            tell_total(reader, ticket)?;
            Query::store()
        }
    })
}

/// Tells whoever waits how many events there are, where a store keeps that. Takes no walk over its streams.
pub(super) fn tell_total(reader: &dyn Store, ticket: &Ticket) -> Result<(), StoreError> {
    if let Some(events) = reader.kept_events()? {
        ticket.set_total(events);
    }
    Ok(())
}

/// Reads events one by one, and tells after each how many there were. Stopped by who is told, it is cancelled.
pub(super) fn each_event(
    reader: &dyn Store,
    query: &Query,
    progress: &mut dyn FnMut(u64) -> Flow,
    take: &mut dyn FnMut(&EventRow<'_>),
) -> Result<u64, StoreError> {
    let (mut count, mut is_cancelled) = (0, false);
    reader.visit_events(query, &mut |event| {
        take(event);
        count += 1;
        let flow = progress(count);
        is_cancelled = flow.is_break();
        flow
    })?;
    if is_cancelled { Err(StoreError::Cancelled) } else { Ok(count) }
}

/// Every batch of a query, in order. Whoever takes one may keep it and leave another in its place.
pub fn each_batch(
    reader: &dyn Store,
    query: &Query,
    progress: &mut dyn FnMut(u64) -> Flow,
    take: &mut dyn FnMut(&mut EventBatch) -> Flow,
) -> Result<(), EngineError> {
    let mut scan = reader.scan(query)?;
    let (mut batch, mut count) = (EventBatch::default(), 0);
    loop {
        scan.next_batch(&mut batch)?;
        if batch.is_empty() {
            return Ok(());
        }
        count += batch.len() as u64;
        if progress(count).is_break() {
            return Err(StoreError::Cancelled.into());
        }
        if take(&mut batch).is_break() {
            return Ok(());
        }
    }
}

/// What became of a stream since it was read.
#[derive(Debug)]
pub enum Continued {
    /// These came behind it, often none.
    Grew(Vec<EventBatch>),
    /// Its last event is not there any more, or is another one.
    Replaced,
}

/// The events behind the last one that was read of a stream, and nothing else of it.
pub fn continue_stream(
    reader: &dyn Store,
    stream: &StreamId,
    after: Option<&(Version, EventId)>,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Continued, EngineError> {
    let from = after.map(|(version, _)| *version);
    let mut batches = Vec::new();
    let mut is_first = true;
    let mut is_replaced = after.is_some();
    // The last one is read again, to see that it is the same.
    each_batch(reader, &Query::stream(stream.clone()).between(from, None), progress, &mut |batch| {
        if std::mem::take(&mut is_first)
            && let (Some((version, id)), Some(first)) = (after, batch.rows().next())
        {
            is_replaced = first.version != *version || first.id != *id;
        }
        batches.push(std::mem::take(batch));
        if is_replaced { Flow::Break(()) } else { Flow::Continue(()) }
    })?;
    Ok(if is_replaced { Continued::Replaced } else { Continued::Grew(batches) })
}
