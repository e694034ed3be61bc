//! Rows of a table whose states are not looked at while they are drawn: they lie in a file, or are large.

use super::spill::unless_torn;
use super::stood::{brief, cells_of};
use super::{Arranged, EngineError, StoodRow, Ticket};
use crate::store::{Store, StoreError};

/// The rows at these numbers, with the fields of their states and what stands at these paths. What is long is cut.
pub fn read_rows(
    reader: &dyn Store,
    arranged: &Arranged,
    rows: &[usize],
    paths: &[String],
    ticket: &Ticket,
) -> Result<Vec<StoodRow>, EngineError> {
    let as_of = arranged.as_of(reader);
    let mut read = Vec::with_capacity(rows.len());
    for nth in rows {
        if ticket.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        let Some(place) = arranged.places.get(*nth).copied() else { continue };
        let (Some(row), Some(state)) = (as_of.row(place), as_of.state(place)) else { continue };
        let mut cells = cells_of(&state, &[]);
        for path in paths {
            if !cells.iter().any(|(known, _)| known == path) {
                cells.push((path.clone(), brief(&as_of.value(place, path))));
            }
        }
        read.push(StoodRow {
            stream: row.stream.into(),
            version: row.version,
            recorded_at: row.recorded_at,
            cells,
            bookkeeping: Vec::new(),
            projections: Vec::new(),
            failed: row.failed.cloned(),
            is_left_out: false,
        });
    }
    unless_torn(as_of)?;
    Ok(read)
}
