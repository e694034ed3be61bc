//! What is kept of the links between events, so that an id leads to those that name it.

use std::hash::{BuildHasher, Hasher, RandomState};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Statement};

use super::read::{IdColumn, bytes};
use crate::event::{EventId, LinkKind, Links};

/// One link: an event names an id.
pub(super) type Link = (LinkKind, EventId, i64);

/// Links are written together in the order of their table, which then grows at few places at a time; more than these
/// are not held back.
const HELD: usize = 100_000;

/// Fewer are not written by themselves.
const WORTH_WRITING: usize = 20_000;

/// And so long are their ids at most, where these are texts.
const TEXTS_HELD: usize = 8 << 20;

/// So many are one statement: to begin and to end one costs as much as the link itself.
const ROWS: usize = 16;

/// Links on their way into their table.
#[derive(Debug, Default)]
pub(super) struct Held {
    links: Vec<Link>,
    texts: usize,
}

impl Held {
    pub(super) fn note(&mut self, links: Links, position: i64) {
        let Links { correlation, causation } = links;
        for (kind, id) in [(LinkKind::Correlation, correlation), (LinkKind::Causation, causation)] {
            let Some(id) = id else { continue };
            if let EventId::Text(text) = &id {
                self.texts += text.len();
            }
            self.links.push((kind, id, position));
        }
    }

    /// Where there is time.
    pub(super) fn is_worth_writing(&self) -> bool {
        self.links.len() >= WORTH_WRITING
    }

    pub(super) fn is_full(&self) -> bool {
        self.links.len() >= HELD || self.texts >= TEXTS_HELD
    }

    pub(super) fn flush(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.links.is_empty() {
            return Ok(());
        }
        let mut order: Vec<u128> = self.links.iter().zip(0..).map(|(link, place)| order(link, place)).collect();
        order.sort_unstable();
        let link = |order: &u128| self.links.get((order & PLACE) as usize);
        let (many, rest) = order.as_chunks::<ROWS>();
        if !many.is_empty() {
            let mut insert = connection.prepare_cached(&insert(ROWS))?;
            for links in many {
                for (number, link) in links.iter().filter_map(link).enumerate() {
                    bind(&mut insert, number, link)?;
                }
                insert.raw_execute()?;
            }
        }
        let mut insert = connection.prepare_cached(&insert(1))?;
        for link in rest.iter().filter_map(link) {
            bind(&mut insert, 0, link)?;
            insert.raw_execute()?;
        }
        self.links.clear();
        self.texts = 0;
        Ok(())
    }
}

/// Where a link's place stands in what orders it.
const PLACE: u128 = u32::MAX as u128;

/// Nearly the order of the table, and behind it where the link is held: it differs for ids that begin alike, which then
/// are still neighbours. Numbers are put in order far sooner than links.
fn order((kind, id, _): &Link, place: u32) -> u128 {
    let (is_uuid, begin) = match id {
        EventId::Uuid(bytes) => (true, *bytes),
        EventId::Text(text) => {
            let mut begin = [0; 16];
            begin.iter_mut().zip(text.bytes()).for_each(|(to, byte)| *to = byte);
            (false, begin)
        }
    };
    let kind = u128::from(*kind == LinkKind::Causation) << 127 | u128::from(is_uuid) << 126;
    kind | (u128::from_be_bytes(begin) >> 2) & !PLACE | u128::from(place)
}

fn insert(rows: usize) -> String {
    format!("INSERT INTO links (kind, id, position) VALUES {}", vec!["(?, ?, ?)"; rows].join(", "))
}

fn bind(insert: &mut Statement<'_>, row: usize, (kind, id, position): &Link) -> rusqlite::Result<()> {
    insert.raw_bind_parameter(row * 3 + 1, number(*kind))?;
    insert.raw_bind_parameter(row * 3 + 2, IdColumn(id))?;
    insert.raw_bind_parameter(row * 3 + 3, position)
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
        held.note(Links::of(bytes(row.get_ref(1)?)), row.get(0)?);
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

/// All links of a store in a few bytes, whichever order they come in. What is summed is hashed with keys that are drawn
/// anew each time, so that nobody can write other links that come to the same.
#[derive(Debug, Default)]
pub(super) struct Sum {
    keys: RandomState,
    links: u64,
    total: u64,
}

/// The types of SQLite that an id may have.
const BLOB: u8 = 4;
const TEXT: u8 = 3;
const OTHER: u8 = 0;

impl Sum {
    pub(super) fn add(&mut self, links: &Links, position: i64) {
        for kind in LinkKind::ALL {
            match links.get(kind) {
                Some(EventId::Uuid(id)) => self.one(kind, BLOB, id, position),
                Some(EventId::Text(id)) => self.one(kind, TEXT, id.as_bytes(), position),
                None => {}
            }
        }
    }

    fn one(&mut self, kind: LinkKind, of_type: u8, id: &[u8], position: i64) {
        let mut hasher = self.keys.build_hasher();
        hasher.write_i64(position);
        hasher.write_u64(number(kind) as u64 | u64::from(of_type) << 8);
        hasher.write(id);
        self.links += 1;
        self.total = self.total.wrapping_add(hasher.finish());
    }

    /// Whether the same is kept.
    pub(super) fn is_kept(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let others =
            "SELECT EXISTS (SELECT 1 FROM links WHERE kind < 0) OR EXISTS (SELECT 1 FROM links WHERE kind > 1)";
        if connection.query_row(others, [], |row| row.get(0))? {
            return Ok(false);
        }
        let mut kept = Self { keys: self.keys.clone(), ..Self::default() };
        let mut list = connection.prepare("SELECT position, id FROM links WHERE kind = ?1")?;
        for kind in LinkKind::ALL {
            let mut rows = list.query([number(kind)])?;
            while let Some(row) = rows.next()? {
                let ValueRef::Integer(position) = row.get_ref(0)? else { return Ok(false) };
                match row.get_ref(1)? {
                    ValueRef::Blob(id) => kept.one(kind, BLOB, id, position),
                    ValueRef::Text(id) => kept.one(kind, TEXT, id, position),
                    _ => kept.one(kind, OTHER, &[], position),
                }
            }
        }
        Ok((kept.links, kept.total) == (self.links, self.total))
    }
}
