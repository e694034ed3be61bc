use std::collections::HashMap;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::content::Kind;
use super::layout::{Layout, Snapshots};
use super::naming::joined;
use super::sql::Sql;
use super::store::{Database, ForeignStore};
use super::writing::object;
use crate::event::{StreamId, Version};
use crate::store::{Fault, Finding, Flow, HistoryCheck, HistoryRules, KeptState, Query, StoreError};

/// How often progress is told.
const STEP: u64 = 4096;

/// Goes through every event once, and through the snapshots that the framework keeps.
pub(super) fn run<D: Database>(
    store: &ForeignStore<D>,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), StoreError> {
    store.database.verify(report)?;
    let read =
        events(store, report, progress).and_then(|()| snapshots(store, report)).and_then(|()| heads(store, report));
    match read {
        // All that could be read was looked at; the rest is itself a finding.
        Err(StoreError::Damaged { detail, .. }) => {
            report(Finding::of_store(Fault::ReadingEnded { detail }));
            Ok(())
        }
        other => other,
    }
}

fn events<D: Database>(
    store: &ForeignStore<D>,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), StoreError> {
    let layout = store.layout();
    let rules = HistoryRules {
        first_version: Some(layout.version_base),
        step: layout.version_step,
        expects_json: layout.expects_json,
    };
    let mut history = HistoryCheck::new(rules);
    let (mut count, mut encrypted) = (0, 0_u64);
    let mut is_cancelled = false;
    store.visit_contents(&Query::store(), &mut |row, kind| {
        history.row(row, report);
        match kind {
            Kind::Encrypted => encrypted += 1,
            Kind::Binary if layout.expects_json => report(Finding::of_event(row, Fault::PayloadNotText)),
            Kind::Text if layout.expects_objects && is_other_json(row.payload) => {
                report(Finding::of_event(row, Fault::PayloadNoObject));
            }
            Kind::Binary | Kind::Text => {}
        }
        count += 1;
        is_cancelled = count % STEP == 0 && progress(count).is_break();
        if is_cancelled { Flow::Break(()) } else { Flow::Continue(()) }
    })?;
    if encrypted > 0 {
        report(Finding::of_store(Fault::PayloadsEncrypted { count: encrypted }));
    }
    if is_cancelled { Err(StoreError::Cancelled) } else { Ok(()) }
}

/// JSON that says something, and is no object.
fn is_other_json(payload: &[u8]) -> bool {
    let text = payload.trim_ascii();
    !text.starts_with(b"{") && text != b"null" && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// A snapshot cannot be held against a replay, which only the application can do. Its version can be held against the
/// events, and a field of it that says what the events said at another version.
fn snapshots<D: Database>(store: &ForeignStore<D>, report: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
    let Some(kept) = &store.layout().snapshots else { return Ok(()) };
    each_kept(store, kept, &mut |Kept { stream, version, last, state }| {
        let what = match last {
            None => Some(Fault::SnapshotWithoutEvents { version }),
            Some(last) if version > last => Some(Fault::SnapshotBeyondEvents { version, last }),
            Some(_) => state.and_then(|state| strayed(store, &stream, version, &state).transpose()).transpose()?,
        };
        report_at(stream, version, what, report);
        Ok(())
    })
}

/// The states that can be held against a replay by whoever knows the domain.
pub(super) fn kept_states<D: Database>(
    store: &ForeignStore<D>,
    visit: &mut dyn FnMut(KeptState) -> Flow,
) -> Result<(), StoreError> {
    let Some(kept) = &store.layout().snapshots else { return Ok(()) };
    let mut is_over = false;
    each_kept(store, kept, &mut |Kept { stream, version, last, state }| {
        let is_within = last.is_some_and(|last| version <= last);
        let version = u64::try_from(version).ok().map(Version);
        if let (Some(version), Some(state), true, false) = (version, state, is_within, is_over) {
            is_over = visit(KeptState { stream, version, state }).is_break();
        }
        Ok(())
    })
}

/// How far the framework says that each stream has come.
fn heads<D: Database>(store: &ForeignStore<D>, report: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
    let Some(kept) = &store.layout().heads else { return Ok(()) };
    each_kept(store, kept, &mut |Kept { stream, version, last, .. }| {
        let what = match last {
            None => Some(Fault::HeadWithoutEvents { version }),
            Some(last) if version != last => Some(Fault::HeadElsewhere { version, last }),
            Some(_) => None,
        };
        report_at(stream, version, what, report);
        Ok(())
    })
}

fn report_at(stream: StreamId, version: i64, what: Option<Fault>, report: &mut dyn FnMut(Finding)) {
    let version = u64::try_from(version).ok().map(Version);
    if let Some(what) = what {
        report(Finding::of_stream(stream, version, what));
    }
}

/// The first field of a snapshot that says what the events said at another version than its own.
fn strayed<D: Database>(
    store: &ForeignStore<D>,
    stream: &StreamId,
    kept: i64,
    state: &Map<String, Value>,
) -> Result<Option<Fault>, StoreError> {
    let mut now: HashMap<String, Value> = HashMap::new();
    let mut said: Vec<(Version, String, Value)> = Vec::new();
    store.visit_contents(&Query::stream(stream.clone()), &mut |row, _| {
        if let Some(fields) = object(&row.body()) {
            for (name, value) in fields.into_iter().filter(|(name, _)| state.contains_key(name)) {
                if i64::try_from(row.version.0).is_ok_and(|version| version <= kept) {
                    now.insert(name.clone(), value.clone());
                }
                said.push((row.version, name, value));
            }
        }
        Flow::Continue(())
    })?;
    let mut differing = state.iter().filter(|(name, value)| now.get(*name).is_some_and(|now| now != *value));
    let strayed = differing.find_map(|(name, value)| {
        let (version, ..) = said.iter().rev().find(|(_, said, was)| said == name && was == value)?;
        Some(Fault::SnapshotFieldOfOtherVersion { version: kept, field: name.clone(), said_at: *version })
    });
    Ok(strayed)
}

/// Something that the framework keeps of a stream.
struct Kept {
    stream: StreamId,
    version: i64,
    /// The last version of the stream's events.
    last: Option<i64>,
    state: Option<Map<String, Value>>,
}

fn each_kept<D: Database>(
    store: &ForeignStore<D>,
    kept: &Snapshots,
    visit: &mut dyn FnMut(Kept) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let count = kept.stream.len();
    let mut failed = Ok(());
    store.database.rows(&store.layout().kept_sql(kept), &mut |cells| {
        let parts: Vec<String> = (0..count).map(|at| cells.cell(at).name().into_owned()).collect();
        if let Some(version) = cells.cell(count).number() {
            let stream = StreamId::new(joined(&parts));
            let state = object(cells.cell(count + 2).bytes());
            failed = visit(Kept { stream, version, last: cells.cell(count + 1).number(), state });
        }
        if failed.is_ok() { Flow::Continue(()) } else { Flow::Break(()) }
    })?;
    failed
}

impl Layout {
    fn kept_sql(&self, kept: &Snapshots) -> Sql {
        let read = |expr| self.dialect.read(expr);
        let mut conditions: Vec<String> =
            kept.stream.iter().zip(&self.stream).map(|(kept, own)| format!("{} = {}", own.sql, kept.sql)).collect();
        conditions.extend(self.filter.clone());
        let last = format!("SELECT max({}) FROM {} WHERE {}", self.version.sql, self.from, conditions.join(" AND "));
        let mut list: Vec<String> = kept.stream.iter().map(read).collect();
        list.extend([read(&kept.version), format!("({last})")]);
        list.push(kept.state.as_ref().map_or_else(|| "NULL".to_owned(), read));
        Sql::plain(format!("SELECT {} FROM {}", list.join(", "), kept.from))
    }
}
