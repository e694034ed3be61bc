//! Everything in a store that somebody should look at: what does not fit, rules that events broke, causes that are not
//! there.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::{EngineError, check, each_batch};
use crate::domain::{Aggregate, reading_of};
use crate::event::{EventBatch, EventRow, Explain, Links, StreamId};
use crate::projection::Problem;
use crate::replay::registry;
use crate::store::{Columns, Fault, Finding, FindingKind, Flow, Query, Store, StoreError, StreamQuery};

/// Ids that are held against causes at once. A larger store is read once more for each further so many.
const IDS_AT_ONCE: u64 = 4_000_000;

/// Looks for all of it. `progress` is told how many events were looked at: of one store's events, some three times as
/// many as there are.
pub fn all_findings(
    reader: &dyn Store,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), EngineError> {
    let _steady = reader.steady()?;
    let (mut is_damaged, mut checked) = (false, 0);
    check(
        reader,
        &mut |finding| {
            is_damaged |= finding.kind() == FindingKind::Damaged;
            report(finding);
        },
        &mut |count| {
            checked = count;
            progress(count)
        },
    )?;
    // What is damaged is to be mended first, and may not be read to the end.
    if is_damaged {
        return Ok(());
    }
    let mut judged = 0;
    broken_rules(reader, report, &mut |count| {
        judged = count;
        progress(checked + count)
    })?;
    missing_causes(reader, report, &mut |count| progress(checked + judged + count))
}

/// Events that broke a rule of their domain, or are not what it knows by their name. Stream by stream, so that no more
/// than one state is kept.
pub fn broken_rules(
    reader: &dyn Store,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), EngineError> {
    let types = reader.info()?.event_types;
    let is_known = |name: &str| Aggregate::ALL.iter().any(|aggregate| reading_of(*aggregate, name).is_some());
    if !types.iter().any(|(name, _)| is_known(name)) {
        return Ok(());
    }
    let mut streams: Vec<(StreamId, String)> = Vec::new();
    let mut flow = Flow::Continue(());
    reader.visit_streams(&StreamQuery::default(), &mut |row| {
        streams.push((row.stream, row.category));
        if streams.len().is_multiple_of(1024) {
            flow = progress(0);
        }
        flow
    })?;
    if flow.is_break() {
        return Err(StoreError::Cancelled.into());
    }
    let mut done = 0;
    for (stream, category) in streams {
        let (mut fold, mut is_first, mut count) = (None, true, 0);
        let mut push = |row: &EventRow<'_>| {
            if std::mem::take(&mut is_first) {
                let aggregate = Aggregate::of_stream(&stream, &category, row.event_type.as_str());
                fold = aggregate.map(|aggregate| registry().judge(Some(aggregate)).fold());
            }
            if let Some(fold) = &mut fold {
                fold.push(row);
            }
            fold.is_some()
        };
        each_batch(
            reader,
            &Query::stream(stream.clone()),
            &mut |so_far| {
                count = so_far;
                progress(done + so_far)
            },
            &mut |batch: &mut EventBatch| {
                if batch.rows().all(|row| push(&row)) { Flow::Continue(()) } else { Flow::Break(()) }
            },
        )?;
        done += count;
        for found in fold.iter().flat_map(|fold| fold.findings()) {
            let (said, message) = (found.problem.to_string(), found.problem.message());
            let what = match found.problem {
                Problem::Breach(_) => Fault::RuleBroken { said, message },
                _ => Fault::EventOdd { said, message },
            };
            report(Finding::of_stream(stream.clone(), Some(found.version), what));
        }
    }
    Ok(())
}

/// Events whose cause is not in the store. Where most causes are none of its events, it is a custom of its application to
/// name commands, and no finding.
pub fn missing_causes(
    reader: &dyn Store,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), EngineError> {
    let query = Query::store().columns(Columns { payload: false, metadata: true });
    let hasher = RandomState::new();
    let cause_of = |row: &EventRow<'_>| {
        let id = row.id.as_meant();
        Links::of(row.metadata).causation.filter(|cause| *cause != id)
    };
    let (mut known, mut missing) = (0_usize, HashSet::new());
    let (mut part, mut parts, mut done) = (0, 1, 0);
    while part < parts {
        let (mut ids, mut causes) = (Vec::new(), HashSet::new());
        let mut count = 0;
        let is_of_part = |hash: &u64| hash % parts == part;
        let mut is_too_large = false;
        each_batch(
            reader,
            &query,
            &mut |so_far| {
                count = so_far;
                progress(done + so_far)
            },
            &mut |batch| {
                for row in batch.rows() {
                    ids.extend(Some(hasher.hash_one(row.id.as_meant())).filter(is_of_part));
                    causes.extend(cause_of(&row).map(|cause| hasher.hash_one(cause)).filter(is_of_part));
                }
                is_too_large = ids.len() as u64 > IDS_AT_ONCE && parts == 1;
                if is_too_large { Flow::Break(()) } else { Flow::Continue(()) }
            },
        )?;
        if is_too_large {
            parts = reader.info()?.events.div_ceil(IDS_AT_ONCE).max(2);
            continue;
        }
        done += count;
        ids.sort_unstable();
        let (there, not_there): (Vec<u64>, Vec<u64>) =
            causes.into_iter().partition(|cause| ids.binary_search(cause).is_ok());
        known += there.len();
        missing.extend(not_there);
        part += 1;
    }
    if missing.is_empty() || missing.len() > known {
        return Ok(());
    }
    each_batch(reader, &query, &mut |so_far| progress(done + so_far), &mut |batch| {
        for row in batch.rows() {
            if let Some(cause) = cause_of(&row).filter(|cause| missing.contains(&hasher.hash_one(cause))) {
                report(Finding::of_event(&row, Fault::CauseMissing { cause: cause.to_string() }));
            }
        }
        Flow::Continue(())
    })
}
