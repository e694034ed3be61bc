use super::load::begin_fold;
use serde_json::Value;

use super::{EngineError, Moment, describe, show};
use crate::event::{StreamId, Timestamp, same_name};
use crate::replay::{ProjectionRef, registry};
use crate::store::{
    Fault, Finding, Flow, KeptState, Query, Snapshot, Store, StoreError, StreamOrder, StreamQuery, StreamRow, Writer,
};

/// A stream gets a new snapshot when this many events have come since the last one; a shorter stream is folded
/// from its start in less than a millisecond.
pub const SNAPSHOT_SPACING: u64 = 1_000;

/// A state larger than this is not kept: reading it back would save nothing.
const LARGEST_KEPT: usize = 4 << 20;

/// After an append: keeps what is due of a stream, where the store has a place for it. Only ever called on a store that
/// is open for writing anyway. The events are recorded by then, and a cache that could not be kept is no failure of
/// theirs: it is noted in the log.
pub fn keep_snapshots(store: &mut dyn Writer, stream: &StreamId) {
    if store.keeps_snapshots() {
        noted(keep_due(store, stream));
    }
}

fn noted(kept: Result<(), EngineError>) {
    if let Err(error) = kept {
        tracing::info!(%error, "no snapshot was kept");
    }
}

fn keep_due(store: &mut dyn Writer, stream: &StreamId) -> Result<(), EngineError> {
    let described = describe(store, stream)?;
    if described.row.events < SNAPSHOT_SPACING {
        return Ok(());
    }
    for projection in registry().of_aggregate(described.aggregate).iter().filter(|projection| !projection.is_own()) {
        if let Some(snapshot) = due_snapshot(store, &described.row, projection)? {
            store.keep_snapshot(stream, &snapshot)?;
        }
    }
    Ok(())
}

/// After a bulk: the same for every long stream.
pub fn keep_long_streams(store: &mut dyn Writer) {
    if store.keeps_snapshots() {
        noted(keep_all_due(store));
    }
}

fn keep_all_due(store: &mut dyn Writer) -> Result<(), EngineError> {
    let mut long = Vec::new();
    let query = StreamQuery { order: StreamOrder::Longest, ..StreamQuery::default() };
    store.visit_streams(&query, &mut |row| {
        if row.events < SNAPSHOT_SPACING {
            return Flow::Break(());
        }
        long.push(row.stream);
        Flow::Continue(())
    })?;
    long.iter().try_for_each(|stream| keep_due(store, stream))
}

fn due_snapshot(
    reader: &dyn Store,
    row: &StreamRow,
    projection: &ProjectionRef,
) -> Result<Option<Snapshot>, StoreError> {
    let (mut fold, from) = begin_fold(reader, row, projection, row.last_version)?;
    let kept_at = from.and_then(|from| from.0.checked_sub(1));
    if kept_at.is_some_and(|kept_at| row.last_version.0 - kept_at < SNAPSHOT_SPACING) {
        return Ok(None);
    }
    let mut last = None;
    reader.visit_events(&Query::stream(row.stream.clone()).between(from, None), &mut |event| {
        fold.push(event);
        last = Some((event.version, event.id.clone()));
        Flow::Continue(())
    })?;
    let state = fold.to_snapshot().filter(|state| state.len() <= LARGEST_KEPT);
    Ok(last.zip(state).map(|((version, event_id), state)| Snapshot {
        projection: projection.name().to_owned(),
        revision: projection.revision(),
        version,
        event_id,
        state,
    }))
}

/// Refolds every kept snapshot's stream and reports those that say something else.
pub fn check_snapshots(reader: &dyn Store, report: &mut dyn FnMut(Finding)) -> Result<(), EngineError> {
    let mut kept = Vec::new();
    reader.visit_snapshots(&mut |stream, snapshot| {
        kept.push((stream.clone(), snapshot.projection.clone()));
        Flow::Continue(())
    })?;
    for (stream, name) in kept {
        let described = describe(reader, &stream)?;
        let Some(projection) = registry().find(described.aggregate, &name) else { continue };
        if let Some(finding) = differing(reader, &described.row, &projection)? {
            report(finding);
        }
    }
    check_kept_states(reader, report)
}

/// States that a framework keeps, held against a replay by the domain: fields of the same name and kind must say the
/// same. What the domain does not know of, it does not judge.
fn check_kept_states(reader: &dyn Store, report: &mut dyn FnMut(Finding)) -> Result<(), EngineError> {
    let mut kept = Vec::new();
    reader.visit_kept_states(&mut |state| {
        kept.push(state);
        Flow::Continue(())
    })?;
    for KeptState { stream, version, state } in kept {
        let described = describe(reader, &stream)?;
        if described.aggregate.is_none() {
            continue;
        }
        let judge = described.projection(None)?;
        let replayed = show(reader, &described, &judge, Moment::Version(version), &mut |_| Flow::Continue(()))?.state;
        let Value::Object(replayed) = replayed else { continue };
        let differing = state.iter().find_map(|(name, kept)| {
            let (_, now) = replayed.iter().find(|(field, _)| same_name(name, field))?;
            disagree(kept, now).then(|| Fault::SnapshotFieldDiffers {
                field: name.clone(),
                kept: kept.to_string(),
                events: now.to_string(),
            })
        });
        if let Some(what) = differing {
            report(Finding::of_stream(stream, Some(version), what));
        }
    }
    Ok(())
}

/// Numbers and flags are held to the letter; text however it spells words, so that `PENDING_PAYMENT` is
/// `PendingPayment`. Of other kinds, or of two kinds, each program has its own idea.
fn disagree(kept: &Value, now: &Value) -> bool {
    let letters = |text: &str| {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    match (kept, now) {
        (Value::Number(kept), Value::Number(now)) => kept != now,
        (Value::Bool(kept), Value::Bool(now)) => kept != now,
        (Value::String(_), Value::String(now)) if now.parse::<Timestamp>().is_ok() => false,
        (Value::String(kept), Value::String(now)) => letters(kept) != letters(now),
        _ => false,
    }
}

fn differing(reader: &dyn Store, row: &StreamRow, projection: &ProjectionRef) -> Result<Option<Finding>, StoreError> {
    let name = projection.name();
    let Some(kept) = reader.snapshot(&row.stream, name, projection.revision(), row.last_version)? else {
        return Ok(None);
    };
    let mut fold = projection.fold();
    reader.visit_events(&Query::stream(row.stream.clone()).between(None, Some(kept.version)), &mut |event| {
        fold.push(event);
        Flow::Continue(())
    })?;
    let is_same = fold.to_snapshot().as_deref() == Some(&kept.state);
    let what = || Fault::SnapshotDiffers { projection: name.to_owned() };
    Ok((!is_same).then(|| Finding::of_stream(row.stream.clone(), Some(kept.version), what())))
}
