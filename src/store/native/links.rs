//! What is kept of the links between events, so that an id leads to those that name it.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};

use super::read::{IdColumn, bytes};
use crate::event::{EventId, LinkKind, Links};

/// One link: an event names an id.
pub(super) type Link = (LinkKind, EventId, i64);

/// Links are written together in the order of their table, which then grows at few places at a time; more than these
/// are not held back.
const HELD: usize = 20_000;

/// Links on their way into their table.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<Link>);

impl Held {
    pub(super) fn note(&mut self, metadata: &[u8], position: i64) {
        if metadata.is_empty() {
            return;
        }
        let Links { correlation, causation } = Links::of(metadata);
        self.0.extend(correlation.map(|id| (LinkKind::Correlation, id, position)));
        self.0.extend(causation.map(|id| (LinkKind::Causation, id, position)));
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= HELD
    }

    pub(super) fn flush(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort_unstable();
        let mut insert = connection.prepare_cached("INSERT INTO links (kind, id, position) VALUES (?1, ?2, ?3)")?;
        for (kind, id, position) in self.0.drain(..) {
            insert.execute((number(kind), IdColumn(&id), position))?;
        }
        Ok(())
    }
}

pub(super) fn number(kind: LinkKind) -> i64 {
    match kind {
        LinkKind::Correlation => 0,
        LinkKind::Causation => 1,
    }
}

/// Fills the table from every event there is.
pub(super) fn keep_all(connection: &Connection) -> rusqlite::Result<()> {
    let mut held = Held::default();
    let mut events = connection.prepare("SELECT position, metadata FROM events WHERE metadata IS NOT NULL")?;
    let mut rows = events.query([])?;
    while let Some(row) = rows.next()? {
        held.note(bytes(row.get_ref(1)?), row.get(0)?);
        if held.is_full() {
            held.flush(connection)?;
        }
    }
    held.flush(connection)
}

/// Whether the table is there, whatever the file's number says.
pub(super) fn are_kept(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'links'";
    Ok(connection.prepare_cached(sql)?.query_row([], |_| Ok(())).optional()?.is_some())
}

/// All links of a store in a few bytes, whichever order they come in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sum(u128);

impl Sum {
    pub(super) fn add(&mut self, metadata: &[u8], position: i64) {
        let links = Links::of(metadata);
        for kind in LinkKind::ALL {
            match links.get(kind) {
                Some(EventId::Uuid(id)) => self.one(number(kind), 4, id, position),
                Some(EventId::Text(id)) => self.one(number(kind), 3, id.as_bytes(), position),
                None => {}
            }
        }
    }

    fn one(&mut self, kind: i64, of_type: u8, id: &[u8], position: i64) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&kind.to_le_bytes()).update(&position.to_le_bytes()).update(&[of_type]).update(id);
        let mut half = [0; 16];
        half.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        self.0 = self.0.wrapping_add(u128::from_le_bytes(half));
    }

    /// What is kept.
    pub(super) fn of_table(connection: &Connection) -> rusqlite::Result<Self> {
        let mut sum = Self::default();
        let mut list = connection.prepare("SELECT kind, id, position FROM links")?;
        let mut rows = list.query([])?;
        while let Some(row) = rows.next()? {
            let (kind, position) = (row.get(0)?, row.get(2)?);
            match row.get_ref(1)? {
                ValueRef::Blob(id) => sum.one(kind, 4, id, position),
                ValueRef::Text(id) => sum.one(kind, 3, id, position),
                _ => sum.one(kind, 0, &[], position),
            }
        }
        Ok(sum)
    }
}
