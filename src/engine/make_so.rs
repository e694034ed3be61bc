use serde_json::Value;

use super::EngineError;
use super::load::{Described, each_batch, load_story_to};
use crate::compensate::{Authorship, PlanError, Proposal, Since, propose, take_in};
use crate::event::{EventRow, StreamKey, Version};
use crate::projection::{diff_values, path_value};
use crate::replay::{AnyFold, Branch, Change, Finding, Layout, NewEvents, Story, Timeline, WhatIf, registry};
use crate::store::{Flow, Query, Store, StoreError};

/// What would have to be appended to make a branch so, and what each projection would then show.
#[derive(Clone, Debug)]
pub struct Proposed {
    pub proposal: Proposal,
    pub previews: Vec<ProjectionPreview>,
    /// An edit of the branch cannot be carried out: it is not all that was meant.
    pub has_faults: bool,
}

/// What proposed events change under one projection.
#[derive(Clone, Debug)]
pub struct ProjectionPreview {
    pub projection: String,
    pub changes: Vec<Change>,
    /// What stays different from the branch under this projection, where it is another than the one that they are found
    /// by.
    pub remaining: Vec<Change>,
    /// What is wrong with them: rules they break, or a projection that fails on them.
    pub problems: Vec<Finding>,
}

/// Proposes events that make a branch so. Reads the stream once, and writes nothing.
pub fn propose_branch<E: From<EngineError> + From<PlanError>>(
    reader: &dyn Store,
    described: &Described,
    branch: &Branch,
    authorship: &Authorship,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Proposed, E> {
    let stream = &described.row.stream;
    if let Some(closed) = reader.closed(stream).map_err(EngineError::from)? {
        return Err(PlanError::of_closed(closed, stream).into());
    }
    let mut story = Story::new(described.aggregate);
    let registry = registry();
    let offered = registry.of_aggregate(described.aggregate);
    let mut folds: Vec<Box<dyn AnyFold>> = offered.iter().map(|projection| projection.fold()).collect();
    let own = story.timeline().projection_name().to_owned();
    let mut others: Vec<Option<Box<dyn Timeline>>> =
        offered.iter().map(|projection| (projection.name() != own).then(|| projection.timeline(0))).collect();
    each_batch(reader, &Query::stream(stream.clone()), progress, &mut |batch| {
        for row in batch.rows() {
            story.push(&row);
            for fold in &mut folds {
                fold.push(&row);
            }
            for timeline in others.iter_mut().flatten() {
                timeline.push_row(&row);
            }
        }
        Flow::Continue(())
    })?;
    let history = story.timeline();
    let mut layout = Layout::new(history.heads(), branch);
    let events = NewEvents::make(&mut layout, branch, stream, described.aggregate, |index| {
        let changed = || EngineError::from(StoreError::Changed(stream.as_str().into()));
        let head = history.heads().get(index).ok_or_else(changed)?;
        let event = reader.event_at(stream, head.version).map_err(EngineError::from)?;
        event.filter(|event| event.id == head.id).ok_or_else(changed)
    })?;
    let what_if = WhatIf::new(history, None, layout, events);
    let proposal = propose(&story, &what_if, branch, stream, authorship)?;
    let (layout, events) = (&what_if.layout, &what_if.events);
    let previews = offered
        .iter()
        .zip(&mut folds)
        .zip(&others)
        .map(|((projection, fold), other)| {
            let (before, known) = (fold.show(), fold.findings().len());
            each_row(&proposal, &mut |row| fold.push(row));
            let after = fold.show();
            let empty = projection.timeline(0);
            let bookkeeping = empty.bookkeeping();
            let remaining = other.as_ref().map(|history| {
                let wanted = history.branched(layout, events);
                changes(&after, &wanted.show(wanted.heads().len().checked_sub(1)), bookkeeping)
            });
            let problems = fold.findings().get(known..).unwrap_or_default().to_vec();
            ProjectionPreview {
                projection: projection.name().to_owned(),
                changes: changes(&before, &after, bookkeeping),
                remaining: remaining.unwrap_or_default(),
                problems,
            }
        })
        .collect();
    let has_faults = !what_if.layout.faults().is_empty();
    Ok(Proposed { proposal, previews, has_faults })
}

/// What others recorded behind the version that a proposal stood on; marked where it changes fields that the proposal
/// changes, too.
pub fn came_since(
    reader: &dyn Store,
    described: &Described,
    seen: Option<Version>,
    fields: &[&str],
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Vec<Since>, EngineError> {
    let stream = &described.row.stream;
    let mut story = match seen {
        Some(_) => load_story_to(reader, described, seen, progress)?,
        None => Story::new(described.aggregate),
    };
    let from = seen.map(|seen| Version(seen.0.saturating_add(1)));
    let (mut events, mut read) = (Vec::new(), 0);
    reader.visit_events(&Query::stream(stream.clone()).between(from, None), &mut |row| {
        events.push(row.to_recorded());
        read += 1;
        progress(read)
    })?;
    Ok(take_in(&mut story, &events, fields))
}

/// The proposed events as they will be read once they are recorded.
fn each_row(proposal: &Proposal, visit: &mut dyn FnMut(&EventRow<'_>)) {
    for (event, number) in proposal.events.iter().zip(0..) {
        visit(&EventRow {
            position: None,
            stream_key: StreamKey(0),
            stream: &proposal.stream,
            version: Version(proposal.first.0 + number),
            event_type: &event.event_type,
            schema: event.schema,
            recorded_at: event.recorded_at,
            id: event.id.clone(),
            payload: event.payload.as_bytes(),
            metadata: event.metadata.as_bytes(),
        });
    }
}

pub(super) fn changes(before: &Value, after: &Value, bookkeeping: &[&str]) -> Vec<Change> {
    let value = |shown: &Value, path: &str| path_value(shown, path).cloned().unwrap_or(Value::Null);
    let change = |field: String| Change { before: value(before, &field), after: value(after, &field), field };
    diff_values(before, after, bookkeeping).into_iter().map(change).collect()
}
