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
    let worker = ShareWorker::join(values.as_ref(), name, &worker_name(), reader, &wish)?;
    let end = reader.end()?.position();
    let mut position = None;
    let events = work_until(worker, reader, ticket, &mut |step| {
        position = step.everywhere;
        position >= end
    })?;
    Ok(Together { name: name.clone(), events, position })
}

/// Works until a step is the last, through faults of the servers that pass, and lets go of what it held. Says how many
/// events were folded here: one whose fold was lost on the way more than once.
pub fn work_until(
    mut worker: ShareWorker<'_>,
    reader: &dyn Store,
    ticket: &Ticket,
    is_last: &mut dyn FnMut(&ShareStep) -> bool,
) -> Result<u64, ShareError> {
    let (mut folded, mut failures) = (0, 0);
    let done = loop {
        let step = match worker.step(reader, &mut || ticket.flow()) {
            Ok(step) => step,
            // What was folded and not written is folded anew; meanwhile the others may have taken it over.
            Err(error) if failures < TRIES && is_passing(&error) => {
                tracing::debug!(%error, "tried again");
                failures += 1;
                ticket.pause(AFTER_FAILURE);
                worker.forget();
                continue;
            }
            Err(error) => break Err(error),
        };
        failures = 0;
        folded += step.events;
        if ticket.reached(folded).is_break() {
            break Err(StoreError::Cancelled.into());
        }
        if is_last(&step) {
            break Ok(folded);
        }
        if step.events == 0 {
            ticket.pause(BETWEEN);
        }
    };
    // The others need not wait for what this one held.
    let left = worker.leave();
    let folded = done?;
    left?;
    Ok(folded)
}

fn is_passing(error: &ShareError) -> bool {
    matches!(error, ShareError::Engine(EngineError::Store(error)) if !matches!(error, StoreError::Cancelled))
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
