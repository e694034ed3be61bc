//! One machine's part in shared work, to its end.

use std::time::Duration;

use super::{ShareError, ShareInto, ShareStep, ShareWish, ShareWorker, SharedLook, shared_values};
use crate::engine::{EngineError, Ticket};
use crate::event::Position;
use crate::store::{ModelPlace, Source, Store, StoreError};

/// Between two steps where nothing came.
const BETWEEN: Duration = Duration::from_millis(500);

/// So often in a row, and so long after each other, it is tried again where the servers do not answer.
const TRIES: u32 = 10;
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// What one machine did for shared work, once all of it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    pub name: String,
    /// Events that were folded here.
    pub events: u64,
    pub position: Option<Position>,
}

/// Works on shared work that others began, until every partition is folded, whoever folds it.
pub fn fold_together(
    reader: &dyn Store,
    look: &SharedLook,
    source: &Source,
    ticket: &Ticket,
) -> Result<Together, ShareError> {
    let SharedLook { name, projection, category, into, .. } = look;
    let into =
        into.as_ref().map(|into| ShareInto { place: ModelPlace::parse_os(into.as_ref()), source: source.clone() });
    let wish = ShareWish { projection: projection.clone(), category: category.clone(), into };
    let values = shared_values(reader, name, &source.to_string(), false)?;
    let mut worker = ShareWorker::join(values.as_ref(), name, &worker_name(), reader, &wish)?;
    let end = reader.end()?.position();
    let (mut folded, mut failures) = (0, 0);
    let position = loop {
        match worker.step(reader, &mut || ticket.flow()) {
            Ok(ShareStep { events, everywhere }) => {
                failures = 0;
                folded += events;
                if ticket.reached(folded).is_break() {
                    break Err(StoreError::Cancelled.into());
                }
                if everywhere >= end {
                    break Ok(everywhere);
                }
                if events == 0 {
                    ticket.pause(BETWEEN);
                }
            }
            // What was folded and not written is folded anew; meanwhile the others may have taken it over.
            Err(ShareError::Engine(EngineError::Store(error)))
                if failures < TRIES && !matches!(error, StoreError::Cancelled) =>
            {
                tracing::debug!(%error, "tried again");
                failures += 1;
                ticket.pause(AFTER_FAILURE);
                worker.forget();
            }
            Err(error) => break Err(error),
        }
    };
    // The others need not wait for what this one held.
    let left = worker.leave();
    let position = position?;
    left?;
    Ok(Together { name: name.clone(), events: folded, position })
}

/// No two processes anywhere have the same.
pub fn worker_name() -> String {
    let machine = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let machine: String =
        machine.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').take(24).collect();
    let machine = if machine.is_empty() { "worker".to_owned() } else { machine };
    let drawn = uuid::Uuid::now_v7().simple().to_string();
    format!("{machine}-{}-{}", std::process::id(), drawn.get(24..).unwrap_or_default())
}
