use super::content::Kind;
use super::sql::Sql;
use super::store::{Database, ForeignStore};
use crate::event::StreamId;
use crate::store::{Finding, FindingKind, Flow, HistoryCheck, HistoryRules, Query, StoreError};

/// How often progress is told.
const STEP: u64 = 4096;

/// Goes through every event once, and through the snapshots that the framework keeps.
pub(super) fn run<D: Database>(
    store: &ForeignStore<D>,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), StoreError> {
    let whole = |kind, message| Finding { kind, stream: None, version: None, message };
    store.database.verify(report)?;
    let read = events(store, report, progress).and_then(|()| snapshots(store, report));
    match read {
        // All that could be read was looked at; the rest is itself a finding.
        Err(StoreError::Damaged { detail, .. }) => {
            report(whole(FindingKind::Damaged, format!("the events could not be read to the end: {detail}")));
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
            Kind::Binary if layout.expects_json => report(Finding {
                kind: FindingKind::UnreadablePayload,
                stream: Some(row.stream.clone()),
                version: Some(row.version),
                message: "the payload is neither text nor packed text".to_owned(),
            }),
            Kind::Binary | Kind::Text => {}
        }
        count += 1;
        is_cancelled = count % STEP == 0 && progress(count).is_break();
        if is_cancelled { Flow::Break(()) } else { Flow::Continue(()) }
    })?;
    if encrypted > 0 {
        report(Finding {
            kind: FindingKind::UnreadablePayload,
            stream: None,
            version: None,
            message: format!(
                "{encrypted} payloads are encrypted or damaged; to read them, set FOLDLINE_KEY to the application's key in base64"
            ),
        });
    }
    if is_cancelled { Err(StoreError::Cancelled) } else { Ok(()) }
}

/// A snapshot cannot be held against a replay, which only the application can do; its version can be held against
/// the events.
fn snapshots<D: Database>(store: &ForeignStore<D>, report: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
    let Some(sql) = store.layout().snapshots_sql() else { return Ok(()) };
    let streams = store.layout().stream.len();
    store.database.rows(&sql, &mut |cells| {
        let parts: Vec<String> = (0..streams).map(|at| cells.cell(at).name().into_owned()).collect();
        let number = |at: usize| cells.cell(streams + at).number();
        let (kept, last) = (number(0), number(1));
        let message = match (kept, last) {
            (Some(kept), None) => Some(format!("a snapshot at version {kept} is kept, but there are no events")),
            (Some(kept), Some(last)) if kept > last => {
                Some(format!("a snapshot at version {kept} is kept, but the events end at version {last}"))
            }
            _ => None,
        };
        if let Some(message) = message {
            report(Finding {
                kind: FindingKind::StaleSnapshot,
                stream: Some(StreamId::new(super::naming::joined(&parts))),
                version: kept.and_then(|kept| u64::try_from(kept).ok()).map(crate::event::Version),
                message,
            });
        }
        Flow::Continue(())
    })
}

impl super::layout::Layout {
    /// Each kept snapshot: the stream's columns, its version, and the last version of the stream's events.
    fn snapshots_sql(&self) -> Option<Sql> {
        let kept = self.snapshots.as_ref()?;
        let read = |expr| self.dialect.read(expr);
        let same: Vec<String> =
            kept.stream.iter().zip(&self.stream).map(|(kept, own)| format!("{} = {}", own.sql, kept.sql)).collect();
        let mut list: Vec<String> = kept.stream.iter().map(read).collect();
        list.push(read(&kept.version));
        list.push(format!("(SELECT max({}) FROM {} WHERE {})", self.version.sql, self.from, same.join(" AND ")));
        Some(Sql::plain(format!("SELECT {} FROM {}", list.join(", "), kept.from)))
    }
}
