use std::sync::mpsc::sync_channel;
use std::thread;

use serde_json::Value;

use super::chunk::Chunk;
use super::{Moment, SNAPSHOT_SPACING, SessionError, resolve};
use crate::domain::Aggregate;
use crate::event::{EventRow, StreamId, Timestamp, Version};
use crate::projection::Problem;
use crate::replay::{AnyFold, Finding, ProjectionRef, Story, Timeline, registry};
use crate::store::{Columns, Flow, Query, Reader, StoreError, StreamOrder, StreamQuery, StreamRow};

/// A stream and what is known of it before any of it is read.
#[derive(Clone, Debug)]
pub struct Described {
    pub row: StreamRow,
    pub aggregate: Option<Aggregate>,
}

impl Described {
    /// The projection of that name, or the one shown first.
    pub fn projection(&self, name: Option<&str>) -> Result<ProjectionRef, SessionError> {
        let Some(name) = name else { return Ok(registry().first(self.aggregate).clone()) };
        let refusal = || SessionError::NoProjection {
            stream: self.row.stream.clone(),
            asked: name.to_owned(),
            known: registry().of_aggregate(self.aggregate).iter().map(|known| known.name().to_owned()).collect(),
        };
        registry().find(self.aggregate, name).cloned().ok_or_else(refusal)
    }
}

/// Looks a stream up. A name that is not there is answered with those that look like it.
pub fn describe(reader: &dyn Reader, stream: &StreamId) -> Result<Described, SessionError> {
    let Some(row) = reader.stream(stream)? else {
        return Err(SessionError::NoStream { stream: stream.clone(), near: near_names(reader, stream)? });
    };
    let mut aggregate = None;
    reader.visit_events(&Query::stream(stream.clone()).limit(1).columns(Columns::HEADS), &mut |first| {
        aggregate = Aggregate::of_stream(stream, &row.category, first.event_type.as_str());
        Flow::Break(())
    })?;
    Ok(Described { row, aggregate })
}

fn near_names(reader: &dyn Reader, stream: &StreamId) -> Result<Vec<StreamId>, StoreError> {
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
    reader: &dyn Reader,
    described: &Described,
    projection: &ProjectionRef,
    moment: Moment,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Shown, SessionError> {
    let version = resolve(reader, &described.row, moment)?;
    let judge = registry().judge(described.aggregate);
    let mut shown = fold_to(reader, &described.row, projection, version, progress)?;
    if judge != projection {
        // A projection that fails on an event says so beside what the rules say.
        let failures = shown.findings.into_iter().filter(|finding| matches!(finding.problem, Problem::Failed(_)));
        let judged = fold_to(reader, &described.row, judge, version, progress)?.findings;
        shown.findings = judged.into_iter().chain(failures).collect();
        shown.findings.sort_by_key(|finding| finding.version);
    }
    Ok(shown)
}

fn fold_to(
    reader: &dyn Reader,
    row: &StreamRow,
    projection: &ProjectionRef,
    version: Version,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Shown, SessionError> {
    let (mut fold, from) = begin_fold(reader, row, projection, version)?;
    let mut recorded_at = None;
    let mut is_cancelled = false;
    let mut count = 0;
    let query = Query::stream(row.stream.clone()).between(from, Some(version));
    reader.visit_events(&query, &mut |event| {
        fold.push(event);
        recorded_at = event.recorded_at;
        count += 1;
        let flow = progress(count);
        is_cancelled = flow.is_break();
        flow
    })?;
    if is_cancelled {
        return Err(StoreError::Cancelled.into());
    }
    if count == 0 {
        recorded_at = reader.event_at(&row.stream, version)?.and_then(|event| event.recorded_at);
    }
    Ok(Shown { version, recorded_at, state: fold.show(), findings: fold.findings().to_vec() })
}

/// A fold that stands as far as a snapshot goes, and the first version that is still to be read.
pub(super) fn begin_fold(
    reader: &dyn Reader,
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
    reader: &dyn Reader,
    described: &Described,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Story, SessionError> {
    let mut story = Story::new(described.aggregate);
    load_rows(reader, &described.row, story.timeline_mut(), progress)?;
    Ok(story)
}

/// Loads a stream under any projection.
pub fn load_timeline(
    reader: &dyn Reader,
    described: &Described,
    projection: &ProjectionRef,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Box<dyn Timeline>, SessionError> {
    let mut timeline = projection.timeline(usize::try_from(described.row.events).unwrap_or(0));
    load_rows(reader, &described.row, timeline.as_mut(), progress)?;
    Ok(timeline)
}

/// A stream shorter than this is folded before a second thread would have begun.
const WORTH_A_THREAD: u64 = 500;

/// Events that are handed to the folding thread together.
const CHUNK: usize = 256;

/// Chunks that may wait for it before reading pauses.
const WAITING: usize = 16;

/// Reads on this thread; where the stream is long, decodes and folds on another.
fn load_rows(
    reader: &dyn Reader,
    row: &StreamRow,
    timeline: &mut dyn Timeline,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), SessionError> {
    if row.events < WORTH_A_THREAD {
        return each_row(reader, &row.stream, progress, &mut |event| {
            timeline.push_row(event);
            Flow::Continue(())
        });
    }
    let (sender, receiver) = sync_channel::<Chunk>(WAITING);
    thread::scope(|scope| {
        let folding = thread::Builder::new()
            .name("fold".to_owned())
            .spawn_scoped(scope, move || {
                for chunk in receiver {
                    chunk.each(&row.stream, &mut |event| timeline.push_row(event));
                }
            })
            .map_err(|source| StoreError::Io { path: "a thread".into(), source })?;
        let mut chunk = Chunk::default();
        each_row(reader, &row.stream, progress, &mut |event| {
            chunk.push(event);
            if chunk.len() < CHUNK {
                return Flow::Continue(());
            }
            // Nobody listens any more only where folding panicked, which joining will tell.
            let handed_over = sender.send(std::mem::take(&mut chunk));
            if handed_over.is_ok() { Flow::Continue(()) } else { Flow::Break(()) }
        })?;
        let _ = sender.send(chunk);
        drop(sender);
        folding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(())
    })
}

fn each_row(
    reader: &dyn Reader,
    stream: &StreamId,
    progress: &mut dyn FnMut(u64) -> Flow,
    push: &mut dyn FnMut(&EventRow<'_>) -> Flow,
) -> Result<(), SessionError> {
    let mut count = 0;
    let mut is_cancelled = false;
    reader.visit_events(&Query::stream(stream.clone()), &mut |row| {
        count += 1;
        is_cancelled = progress(count).is_break();
        if is_cancelled { Flow::Break(()) } else { push(row) }
    })?;
    if is_cancelled { Err(StoreError::Cancelled.into()) } else { Ok(()) }
}
