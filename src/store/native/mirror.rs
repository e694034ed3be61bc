//! What a mirror keeps of its origin, in places that every version of the format has and knows what to do with.
//!
//! - That it is a mirror, and of what: the name of an event type of which there is no event. A name can neither be
//!   changed nor removed, and no list shows a type without events.
//! - How far it is: a snapshot of its newest event under a projection that nobody has. It is sealed with the chain at
//!   that event, so that it counts only for the history that it was written with, and stands in the transaction that
//!   recorded the event.

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::chain::{Chained, Link, ROOT, seal};
use super::names::lossy;
use super::read::{IdColumn, bytes, event_id, unsigned};
use super::{Bulk, NativeStore};
use crate::event::{Cursor, EventId, Position, RecordedEvent, Timestamp, Version};
use crate::store::{Snapshot, StoreError};

/// How the name begins that says of what a store is a mirror.
const ORIGIN: &str = "foldline:mirror of ";

/// The first text behind all that begin so.
const BEHIND_ORIGIN: &str = "foldline:mirror of!";

/// Under which the standing is kept. Nothing folds by it.
const STANDING: &str = "foldline:mirror";

/// Of the standing's text.
const REVISION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct KeptOrigin {
    source: String,
    /// No name is there twice, and an origin may come back to where it was.
    since: i64,
}

/// How far a mirror is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorStanding {
    /// The place in the origin behind which it goes on; `None` where the origin has no order of its own.
    pub position: Option<u64>,
    /// The event that stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Events of the origin that were not mirrored yet.
    pub behind: u64,
    /// When that was so, in microseconds.
    pub as_of_micros: i64,
    /// Foldline can append to the origin.
    pub appends: bool,
    /// Places of the origin that were passed over without an event, which somebody may be about to record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

/// Neighbouring places without an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub from: u64,
    pub to: u64,
    /// When it was met, in microseconds.
    pub since: i64,
}

impl MirrorStanding {
    pub fn as_of(&self) -> Timestamp {
        Timestamp::from_micros(self.as_of_micros)
    }

    /// Behind what to go on.
    pub fn cursor(&self) -> Option<Cursor> {
        Some(Cursor::after(Position(self.position?), EventId::new(self.event.as_deref()?)))
    }

    /// The same when it stands behind this event of the origin.
    #[must_use]
    pub fn behind_place(self, cursor: &Cursor) -> Self {
        match cursor.place() {
            Some(place) => Self { position: Some(place.position.0), event: Some(place.id.to_string()), ..self },
            None => self,
        }
    }

    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        Self { as_of_micros: now.micros(), ..self }
    }
}

/// What a store says of itself that is a mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// As it is typed, without a password.
    pub origin: String,
    /// `None` before the first event, or where another program recorded one or took away what was kept.
    pub standing: Option<MirrorStanding>,
}

impl Mirror {
    /// What is appended goes to the origin, where Foldline can append.
    pub fn appends(&self) -> bool {
        self.standing.as_ref().is_none_or(|standing| standing.appends)
    }
}

impl NativeStore {
    /// Of what this store is a mirror; `None` where it is none.
    pub fn mirror(&self) -> Result<Option<Mirror>, StoreError> {
        self.reading(|connection| {
            let Some(origin) = origin_of(connection)? else { return Ok(None) };
            Ok(Some(Mirror { origin, standing: standing_of(connection)? }))
        })
    }
}

impl NativeStore {
    /// Whether an event of this store says what was recorded: its hash fits the one before it.
    pub(in crate::store) fn is_as_recorded(&self, event: &RecordedEvent) -> Result<bool, StoreError> {
        let Some(position) = event.position else { return Ok(false) };
        let link = |position: u64| {
            self.reading(|connection| {
                let mut find = connection.prepare_cached("SELECT chain FROM events WHERE position = ?1")?;
                let found = find.query_row([position as i64], |row| Ok(Link::try_from(bytes(row.get_ref(0)?)).ok()));
                Ok(found.optional()?.flatten())
            })
        };
        let before = if position.0 <= 1 { Some(ROOT) } else { link(position.0 - 1)? };
        let RecordedEvent { position: _, stream, version, event_type, schema, recorded_at, id, payload, metadata } =
            event;
        let chained = Chained {
            stream: stream.as_str(),
            version: *version,
            event_type: event_type.as_str(),
            schema: *schema,
            recorded_at: *recorded_at,
            id,
            payload,
            metadata,
        };
        Ok(match (before, link(position.0)?) {
            (Some(before), Some(link)) => chained.after(&before) == link,
            _ => false,
        })
    }
}

fn origin_of(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let mut find = connection.prepare_cached(
        "SELECT name FROM types WHERE name > ?1 AND name < ?2 AND events = 0 ORDER BY id DESC LIMIT 1",
    )?;
    let name = find.query_row([ORIGIN, BEHIND_ORIGIN], |row| Ok(lossy(row.get_ref(0)?))).optional()?;
    let kept = name.and_then(|name| serde_json::from_str::<KeptOrigin>(name.strip_prefix(ORIGIN)?).ok());
    Ok(kept.map(|kept| kept.source))
}

fn standing_of(connection: &Connection) -> rusqlite::Result<Option<MirrorStanding>> {
    let mut find = connection.prepare_cached(
        "SELECT n.revision, n.version, n.event_id, n.state, n.seal, e.chain
         FROM (SELECT stream, version, id, chain FROM events ORDER BY position DESC LIMIT 1) e
         JOIN snapshots n ON n.stream = e.stream AND n.projection = ?1 AND n.version = e.version AND n.event_id = e.id",
    )?;
    let kept = find.query_row([STANDING], |row| {
        let snapshot = Snapshot {
            projection: STANDING.to_owned(),
            revision: row.get::<_, i64>(0)?.try_into().unwrap_or(u32::MAX),
            version: Version(unsigned(row, 1)?),
            event_id: event_id(row.get_ref(2)?),
            state: lossy(row.get_ref(3)?),
        };
        let is_sound = bytes(row.get_ref(4)?) == seal(bytes(row.get_ref(5)?), &snapshot);
        Ok(Some(snapshot).filter(|kept| is_sound && kept.revision == REVISION))
    });
    // A format without seals is no mirror's.
    match kept.optional()?.flatten() {
        Some(kept) => Ok(serde_json::from_str(&kept.state).ok()),
        None => Ok(None),
    }
}

impl Bulk<'_> {
    /// The place of the newest event, within this transaction.
    pub fn head(&self) -> Position {
        self.head
    }

    /// Makes the store a mirror, or one of an origin that stands elsewhere now.
    pub fn mirrors(&mut self, origin: &str, now: Timestamp) -> Result<(), StoreError> {
        let kept = KeptOrigin { source: origin.to_owned(), since: now.micros() };
        let name = format!("{ORIGIN}{}", serde_json::to_string(&kept).unwrap_or_default());
        let insert = self.tx.execute("INSERT INTO types (name) VALUES (?1)", [name]);
        insert.map(drop).map_err(|source| self.failed(source))
    }

    /// Keeps how far the mirror is with this transaction. Without an event there is nothing to keep it by.
    pub fn keep_standing(&mut self, standing: &MirrorStanding) -> Result<(), StoreError> {
        self.try_keep_standing(standing).map_err(|source| self.failed(source))
    }

    fn try_keep_standing(&mut self, standing: &MirrorStanding) -> rusqlite::Result<()> {
        let mut newest =
            self.tx.prepare_cached("SELECT stream, version, id, chain FROM events ORDER BY position DESC LIMIT 1")?;
        let newest: rusqlite::Result<(i64, Version, EventId, Vec<u8>)> = newest.query_row([], |row| {
            let version = Version(unsigned(row, 1)?);
            Ok((row.get(0)?, version, event_id(row.get_ref(2)?), row.get(3)?))
        });
        let Some((stream, version, event_id, link)) = newest.optional()? else { return Ok(()) };
        let state = serde_json::to_string(standing).unwrap_or_default();
        let (projection, revision) = (STANDING.to_owned(), REVISION);
        let snapshot = Snapshot { projection, revision, version, event_id, state };
        self.tx.prepare_cached("DELETE FROM snapshots WHERE projection = ?1")?.execute([STANDING])?;
        self.tx
            .prepare_cached(
                "INSERT INTO snapshots (stream, projection, revision, version, event_id, state, seal)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                stream,
                STANDING,
                REVISION,
                i64::try_from(version.0).unwrap_or(i64::MAX),
                IdColumn(&snapshot.event_id),
                &snapshot.state,
                seal(&link, &snapshot).as_slice(),
            ))
            .map(drop)
    }
}
