//! One projection folded by several machines. Streams are divided into partitions by their names; who works on a partition
//! is written in values that the store's server keeps for all ([`SharedValues`]), and so is what came of it.
//!
//! - A partition is handed out by a lease in such a value and not by a consumer for each: a consumer hands over messages
//!   to whoever asks, and what it handed to one that was killed comes again behind what came since, out of the order in
//!   which a stream has to be folded. The value holds the place up to which its streams are folded, so that the next
//!   worker goes on there and in order.
//! - A worker writes a beat with every step. The partitions of one whose beat stays as it is for some seconds, by the clock
//!   of whoever looks, are free: no two clocks are ever compared.
//! - A state is written where it is still the one that was gone on from, and says of which version it is. What is folded
//!   twice, because a worker was killed between the states and the place, is known by that and left alone; a worker that
//!   was only taken for dead finds that its place is another's, and writes nothing more.
//! - Where the results go into a table that other programs read, they, what goes on from them and the place of each
//!   partition are there in one transaction, and the place in the lease only tells of it.
//! - Each worker wants its part of all the partitions, by how many workers beat. One that has more lets go of some.
//!
//! A worker is sent every message, and of those of other partitions looks at the subject alone. That the server send it its
//! share alone was measured, and costs more than it saves: with a token for the partition in the subjects
//! (`foldline.sales.05.lead.7`), and as filters of the worker's consumer `foldline.sales.05.>` and so on. As long as a
//! block of the server's files (8 MB) has fewer subjects than messages left to read, which is so for three of four
//! messages of a sample, nats-server 2.15.1 goes through all subjects of the block that match before each message that it
//! sends. In microseconds of its processor time for each message sent, of 200,000; what is worth it takes less than
//! twice as long as without a filter, since half of them are sent:
//!
//! | streams | all messages | half by one filter | half by two | half by 16 of 32 |
//! |---|---|---|---|---|
//! | 33,333, a sample | 2.4 | 11 | 139 | 120 |
//! | 100,000 of 2 events | 1.9 | 2.7 | 5,500 | |
//! | 2,000 of 100 events | 1.6 | 24 | 259 | |
//! | 200 of 1,000 events | 1.4 | 5 | 34 | |
//!
//! A worker's partitions are one filter only where they are a half, a quarter and so on of all, and then it is still the
//! server, which all workers share, that pays for what each of them is spared.
//!
//! So every worker's client takes every message apart, headers and all, before anything here can be asked. Of the
//! processor time of a worker alone that is 0.47 (by samples of its threads, and of the client's by instructions: 89 of 100
//! are the client's own, 11 put together what it made). Each of two can take no less than that and half of the rest, some
//! 0.7 of what one takes; 0.8 was measured, with what both do to hand partitions over.

mod lease;
mod look;
mod table;
mod together;
mod worker;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use look::{SharedLook, SharedWorker, shared_looks};
pub use table::SharedTableStanding;
pub use together::{Together, fold_together, work_until, worker_name};
pub use worker::{ShareInto, ShareStep, ShareWish, ShareWorker, values_to_work_with};

use crate::event::{Cursor, EventId, Explain, Message, Position, StreamId, Version, deserialize_json};
use crate::store::{Flow, ModelError, SharedValues, Store, StoreError};

/// Into so many parts the streams of a store are divided: enough for some machines to have some each.
const PARTITIONS: u32 = 32;

/// What all of the workers agree on.
const SHARE: &str = "share";

/// What begins the keys of workers, partitions and states.
const WORKER: &str = "w.";
const PARTITION: &str = "p.";
const STATE: &str = "s.";

#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    #[error("{0}: work is shared through a server of NATS JetStream; name a store there (nats://host/STORE)")]
    NotThere(String),
    #[error("“{0}” is no name for shared work; write it with letters, digits and -")]
    Name(String),
    #[error("the shared work {0} is another projection's; choose another name with --share")]
    OtherProjection(String),
    #[error("the shared work {0} was begun on what is not in the store any more; choose another name with --share")]
    Replaced(String),
    #[error("there is no shared work {0} here; begin it with `foldline project STORE --share {0} --projection P`")]
    None(String),
    #[error("the shared work {name} goes into {into}; say so with --into, or choose another name with --share")]
    GoesInto { name: String, into: String },
    #[error("the shared work {0} goes into no table; leave --into out, or choose another name with --share")]
    GoesNowhere(String),
    #[error("{0}: this table is of something else; name another after a #")]
    OtherTable(String),
    #[error(
        "{0}: the table of this shared work is not there any more, or was never in this database; begin anew under another name with --share"
    )]
    TableGone(String),
    #[error(transparent)]
    Model(ModelError),
    #[error(transparent)]
    Engine(#[from] super::EngineError),
}

impl Explain for ShareError {
    fn message(&self) -> Message {
        let of = |id, name: &String| Message::new(id).text("name", name);
        match self {
            Self::NotThere(place) => Message::new("share-not-there").text("place", place),
            Self::Name(name) => of("share-name", name),
            Self::OtherProjection(name) => of("share-other-projection", name),
            Self::Replaced(name) => of("share-replaced", name),
            Self::None(name) => of("share-none", name),
            Self::GoesInto { name, into } => of("share-goes-into", name).text("into", into),
            Self::GoesNowhere(name) => of("share-goes-nowhere", name),
            Self::OtherTable(place) => Message::new("share-other-table").text("place", place),
            Self::TableGone(place) => Message::new("share-table-gone").text("place", place),
            Self::Model(error) => error.message(),
            Self::Engine(error) => error.message(),
        }
    }
}

impl From<ModelError> for ShareError {
    fn from(error: ModelError) -> Self {
        match error {
            // As with any other store, it may pass.
            ModelError::Store(error) => error.into(),
            error => Self::Model(error),
        }
    }
}

impl From<StoreError> for ShareError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Share {
    definition: String,
    partitions: u32,
    /// For people, and for whoever joins by the name alone.
    #[serde(default)]
    projection: String,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    into: Option<TableOf>,
    /// Of the store that it was begun on; an older Foldline did not say.
    #[serde(default)]
    store: Option<String>,
}

impl Share {
    /// Of partitions that are not begun, or stand further on than the one that is gone on from, no place tells that it
    /// was another store's.
    fn unless_other_store(&self, name: &str, reader: &dyn Store) -> Result<(), ShareError> {
        match (&self.store, reader.identity()) {
            (Some(begun_on), Some(found)) if *begun_on != found => Err(ShareError::Replaced(name.to_owned())),
            _ => Ok(()),
        }
    }
}

/// The table that the results go into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TableOf {
    /// As the first worker named it. From another machine it may have another address.
    table: String,
    /// Drawn for this table alone, by which it is known.
    id: String,
    is_made: bool,
    /// Whether the worker that said so came upon it, and another had just made it.
    #[serde(default)]
    is_found: bool,
}

/// How far a partition is, and who is at it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    /// Empty where nobody is.
    worker: String,
    /// Counts what is written, so that each writing is another.
    beat: u64,
    position: Option<u64>,
    event: Option<String>,
}

impl Part {
    fn cursor(&self) -> Cursor {
        match (self.position, &self.event) {
            (Some(position), Some(event)) => Cursor::after(Position(position), EventId::new(event)),
            _ => Cursor::beginning(),
        }
    }

    fn at(&self, cursor: &Cursor) -> Self {
        let place = cursor.place();
        Self {
            position: place.map(|place| place.position.0),
            event: place.map(|place| place.id.to_string()),
            ..self.clone()
        }
    }
}

/// A stream's state as the workers keep it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KeptState {
    stream: String,
    version: u64,
    recorded_at: Option<String>,
    /// Where the stream began, for the order of the rows.
    began: u64,
    #[serde(deserialize_with = "deserialize_json")]
    state: Value,
    /// What the fold goes on from; without it, it begins anew.
    kept: Option<String>,
}

/// A row of what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SharedRow {
    pub stream: StreamId,
    pub version: Version,
    pub state: Value,
    #[serde(skip)]
    pub recorded_at: Option<String>,
}

/// A worker, as the others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SharedWork {
    /// Empty for the partitions that nobody is at.
    pub worker: String,
    pub partitions: Vec<u32>,
    /// Up to where all of them are folded.
    pub position: Option<Position>,
    pub behind: u64,
}

/// The values for shared work of this name, which is begun where it may be. `place` is what the store is called.
pub fn shared_values(
    reader: &dyn Store,
    name: &str,
    place: &str,
    may_begin: bool,
) -> Result<Box<dyn SharedValues>, ShareError> {
    let is_name = !name.is_empty() && name.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-');
    if !is_name {
        return Err(ShareError::Name(name.to_owned()));
    }
    let none = || if may_begin { ShareError::NotThere(place.to_owned()) } else { ShareError::None(name.to_owned()) };
    reader.shared_values(name, may_begin)?.ok_or_else(none)
}

/// Who works on what, by the names of the workers.
pub fn shared_work(values: &dyn SharedValues, name: &str, reader: &dyn Store) -> Result<Vec<SharedWork>, ShareError> {
    let share: Share = match values.get(SHARE)?.and_then(|kept| serde_json::from_slice(&kept.value).ok()) {
        Some(share) => share,
        None => return Err(ShareError::None(name.to_owned())),
    };
    let end = reader.end()?.position();
    let mut work: std::collections::BTreeMap<String, Vec<(u32, Part)>> = std::collections::BTreeMap::new();
    let mut met = vec![false; share.partitions as usize];
    values.visit(PARTITION, &mut |key, kept| {
        if let (Some(number), Ok(part)) = (number_of(key), serde_json::from_slice::<Part>(&kept.value)) {
            if let Some(met) = met.get_mut(number as usize) {
                *met = true;
            }
            work.entry(part.worker.clone()).or_default().push((number, part));
        }
        Flow::Continue(())
    })?;
    for (number, _) in met.iter().enumerate().filter(|(_, met)| !**met) {
        work.entry(String::new()).or_default().push((number as u32, Part::default()));
    }
    let mut rows = Vec::new();
    for (worker, mut parts) in work {
        parts.sort_by_key(|(number, _)| *number);
        let position = parts.iter().map(|(_, part)| part.position).min().flatten().map(Position);
        let behind = end.map_or(0, |end| end.0.saturating_sub(position.map_or(0, |position| position.0)));
        let partitions = parts.into_iter().map(|(number, _)| number).collect();
        rows.push(SharedWork { worker, partitions, position, behind });
    }
    Ok(rows)
}

/// What came of it, in the order in which the streams began.
pub fn shared_rows(values: &dyn SharedValues) -> Result<Vec<SharedRow>, ShareError> {
    let mut states = Vec::new();
    values.visit(STATE, &mut |_, kept| {
        states.extend(serde_json::from_slice::<KeptState>(&kept.value));
        Flow::Continue(())
    })?;
    states.sort_by(|a, b| a.began.cmp(&b.began).then_with(|| a.stream.cmp(&b.stream)));
    let row = |KeptState { stream, version, recorded_at, state, .. }| SharedRow {
        stream: StreamId::new(stream),
        version: Version(version),
        state,
        recorded_at,
    };
    Ok(states.into_iter().map(row).collect())
}

fn key_of(number: u32) -> String {
    format!("{PARTITION}{number}")
}

fn number_of(key: &str) -> Option<u32> {
    key.strip_prefix(PARTITION)?.parse().ok()
}

/// In which partition a stream is: the same on every machine.
fn partition_of(stream: &str, partitions: u32) -> u32 {
    let hash = blake3::hash(stream.as_bytes());
    let [a, b, c, d, ..] = *hash.as_bytes();
    u32::from_le_bytes([a, b, c, d]) % partitions.max(1)
}

/// To which partition the state under this key belongs.
fn partition_in(key: &str) -> Option<u32> {
    key.strip_prefix(STATE)?.split('.').next()?.parse().ok()
}

fn state_key(stream: &StreamId, partition: u32) -> String {
    let hash = blake3::hash(stream.as_str().as_bytes()).to_hex();
    format!("{STATE}{partition}.{hash}")
}

#[cfg(test)]
mod tests;
