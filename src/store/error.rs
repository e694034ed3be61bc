use std::path::{Path, PathBuf};

use crate::event::{EventId, RecordedEvent, StreamId, Version};

use super::files::{Unread, database_of_side_file};
use super::frameworks::MappingError;
use super::opening::side_file;
use super::sqlite_temporary_folder;
use super::{Address, Closed, Expected, FileKind, Framework, NatsError, OriginFault, ReadOnlyReason, ServerError};

/// Why a store could not be read or written. Each says what was tried and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{}: there is no such file; check the path, or make one with `foldline sample`", .0.display())]
    Missing(PathBuf),
    #[error("{}: this is a folder; name the file inside it", .0.display())]
    IsFolder(PathBuf),
    #[error("{}: this is a {kind}, not a file; name the file that holds the events", path.display())]
    NoFile { path: PathBuf, kind: FileKind },
    #[error("{}: there is no such folder to write to; make it first", .0.display())]
    NoFolder(PathBuf),
    #[error("{}: this file is there already; name another, or remove it first", .0.display())]
    AlreadyThere(PathBuf),
    #[error("{}: this was left behind by a database that stood at {} and would be taken for a part of a new one; move it away first, or name another file", side.display(), path.display())]
    LeftBehind { path: PathBuf, side: PathBuf },
    #[error("{}: this belongs to the database {}; name another file", path.display(), database.display())]
    SideFile { path: PathBuf, database: PathBuf },
    #[error("{}: the file is empty; it holds no event store", .0.display())]
    EmptyFile(PathBuf),
    #[error("{}: this is not a SQLite database; if it holds events as text, bring it in with `foldline import`", .0.display())]
    NotADatabase(PathBuf),
    #[error("{}: the file cannot be read as events: {what}", path.display())]
    NotEvents { path: PathBuf, what: Box<Unread> },
    #[error("{address}: {error}")]
    Server { address: Address, error: Box<ServerError> },
    #[error("{address}: {error}")]
    Nats { address: Address, error: Box<NatsError> },
    #[error("{}: a SQLite database, but its tables are no event store that Foldline knows (it has: {tables}); which columns are these? `foldline map` prints a guess to correct, and `--map FILE` reads by it", path.display())]
    Unrecognised { path: PathBuf, tables: String },
    #[error("{place}: {source}")]
    Mapping { place: String, source: MappingError },
    #[error(
        "{place}: it holds several tables of events ({tables}); choose one with `--map FILE`, where FILE says {{\"table\": \"{first}\"}}"
    )]
    Several { place: String, tables: String, first: String },
    #[error("{place}: Foldline cannot append here: {reason}")]
    OnlyReads { place: String, reason: ReadOnlyReason },
    #[error("{}: this is a mirror of {origin}; bring events in there, and they come here when it follows", path.display())]
    Mirror { path: PathBuf, origin: String },
    #[error("{}: this file is there already and is no mirror; name a new file for one", .0.display())]
    NoMirror(PathBuf),
    #[error("{}: this is the store itself; name another file for its mirror", .0.display())]
    MirrorOfItself(PathBuf),
    #[error("{}: {origin} is a mirror of this file in turn, so neither is an origin; bring the events into a new store, and mirror that one", path.display())]
    MirrorCircle { path: PathBuf, origin: String },
    #[error("{}: {origin} is not what this is a mirror of any more: {fault}; the mirror stays as it is, so keep it, and mirror what is there now into a new file", path.display())]
    OriginDiffers { path: PathBuf, origin: String, fault: Box<OriginFault> },
    #[error("{}: version {version} of {stream} is not what was mirrored: it was edited in this mirror; mirror {origin} into a new file", path.display())]
    MirrorEdited { path: PathBuf, origin: String, stream: StreamId, version: Version },
    #[error("{}: version {version} of {stream} cannot be mirrored: {error}", path.display())]
    NotMirrored { path: PathBuf, stream: StreamId, version: Version, error: Box<AppendError> },
    #[error("{}: the disk is full; the mirror keeps the {events} events that it holds and goes on from there: free some space and try again", path.display())]
    MirrorFull { path: PathBuf, events: u64 },
    #[error("{}: written by a newer Foldline (format {found}, this one reads up to {supported}); update Foldline", path.display())]
    Newer { path: PathBuf, found: i64, supported: i64 },
    #[error("{}: the database is damaged ({detail}); restore it from a copy", path.display())]
    Damaged { path: PathBuf, detail: Damage },
    #[error("{}: another program is writing to it; try again when it has finished", .0.display())]
    Locked(PathBuf),
    #[error("{}: another program changed it while it was being read; run that again", .0.display())]
    Changed(PathBuf),
    #[error("{}: the disk is full; nothing was written: free some space and try again", .0.display())]
    Full(PathBuf),
    #[error("{}: the disk that holds this folder of temporary files is full; free some space, or name a folder on another disk in TMPDIR, and try again", .0.display())]
    TemporaryFull(PathBuf),
    #[error("{}: another program changed a temporary file of Foldline in this folder; run that again", .0.display())]
    TemporaryChanged(PathBuf),
    #[error("{}: the file or its folder may not be written to; check its permissions", .0.display())]
    ReadOnly(PathBuf),
    #[error("{}: the file may not be opened; check its permissions", .0.display())]
    Denied(PathBuf),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: SQLite says: {source}", path.display())]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error("stopped before the end, as asked")]
    Cancelled,
}

/// What is damaged in a database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// In the database's own words.
    #[error("{0}")]
    Said(String),
    #[error("an event names a stream or a type that is not there")]
    UnknownNumbers,
    #[error("tables are missing")]
    TablesMissing,
    #[error("the names of some streams cannot be read")]
    NamesUnreadable,
    #[error("it does not say which format it is in")]
    FormatGone,
}

impl StoreError {
    /// The server that a password, typed now, may open: open the store at [`Address::with_password`] then.
    pub fn asks_for_password(&self) -> Option<&Address> {
        match self {
            Self::Server { address, error } if error.asks_for_password() => Some(address),
            Self::Nats { address, error } if error.asks_for_password() => Some(address),
            _ => None,
        }
    }

    /// Whether its server does not answer now, and may when it was started again.
    pub fn is_silence(&self) -> bool {
        match self {
            Self::Server { error, .. } => error.is_silence(),
            Self::Nats { error, .. } => error.is_silence(),
            _ => false,
        }
    }

    pub(crate) fn not_events(path: &Path, what: Unread) -> Self {
        Self::NotEvents { path: path.to_owned(), what: Box::new(what) }
    }

    /// Refuses what is there and is no file.
    pub(crate) fn unless_file(path: &Path) -> Result<(), Self> {
        match std::fs::metadata(path).ok().as_ref().and_then(FileKind::of) {
            // A folder has a sentence of its own, where it matters.
            None | Some(FileKind::Folder) => Ok(()),
            Some(kind) => Err(Self::NoFile { path: path.to_owned(), kind }),
        }
    }

    /// Refuses to begin a database beside what another one left: SQLite would play that into it, or delete it. Nor is
    /// one begun under a name that belongs to another database: whoever opened that one would delete it.
    pub(crate) fn unless_part_of_another(path: &Path, suffixes: &[&str]) -> Result<(), Self> {
        let is_there =
            |side: &PathBuf| std::fs::symlink_metadata(side).is_ok_and(|found| !found.is_file() || found.len() > 0);
        if let Some(database) = database_of_side_file(path) {
            return Err(Self::SideFile { path: path.to_owned(), database });
        }
        match suffixes.iter().map(|suffix| side_file(path, suffix)).find(is_there) {
            Some(side) => Err(Self::LeftBehind { path: path.to_owned(), side }),
            None => Ok(()),
        }
    }

    pub(crate) fn from_sqlite(path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(path),
            Some(ErrorCode::OperationInterrupted) => Self::Cancelled,
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::ReadOnly) => Self::ReadOnly(path),
            Some(ErrorCode::NotADatabase) => Self::NotADatabase(path),
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, detail: Damage::Said(plain_message(&source)) },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => {
                Self::Denied(path)
            }
            Some(_) => Self::Sqlite { path, source },
            // Only another tool writes a row whose numbers do not fit the tables.
            None => match source {
                rusqlite::Error::QueryReturnedNoRows => Self::Damaged { path, detail: Damage::UnknownNumbers },
                rusqlite::Error::IntegralValueOutOfRange(..) | rusqlite::Error::InvalidColumnType(..) => {
                    Self::Damaged { path, detail: Damage::Said(source.to_string()) }
                }
                source => Self::Sqlite { path, source },
            },
        }
    }

    /// Of a temporary file of SQLite's, which holds nothing that is not elsewhere. `path` is named where that does not matter.
    pub(crate) fn from_temporary(path: &Path, source: rusqlite::Error) -> Self {
        match Self::from_sqlite(path, source) {
            Self::Full(_) => Self::TemporaryFull(sqlite_temporary_folder()),
            Self::Damaged { .. } | Self::NotADatabase(_) => Self::TemporaryChanged(sqlite_temporary_folder()),
            other => other,
        }
    }

    pub(crate) fn from_io(path: &Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::NotFound => Self::Missing(path),
            ErrorKind::PermissionDenied => Self::Denied(path),
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(path),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full(path),
            ErrorKind::IsADirectory => Self::IsFolder(path),
            ErrorKind::AlreadyExists => Self::AlreadyThere(path),
            _ => Self::Io { path, source },
        }
    }
}

fn plain_message(source: &rusqlite::Error) -> String {
    match source {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}

/// What stood in the way of an append: another's events, as data, so that the caller can rebase on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub stream: StreamId,
    pub expected: Expected,
    /// The stream's last version; `None` where there is no such stream.
    pub actual: Option<Version>,
    /// The events recorded after the expected version, in order.
    pub since: Vec<RecordedEvent>,
}

#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    #[error("{} has moved on: expected {}, found {}", .0.stream, expected_words(.0.expected), actual_words(.0.actual))]
    Conflict(Box<Conflict>),
    /// An event of a history, at a version that its stream has passed already.
    #[error(
        "version {version} of {stream} is taken by another event, or out of order: the stream stands at version {last}"
    )]
    VersionTaken { stream: StreamId, version: Version, last: Version },
    #[error("version {version} of {stream} is larger than a store can keep ({most} at most)")]
    VersionTooLarge { stream: StreamId, version: Version, most: u64 },
    /// Nobody was quicker, and still the stream does not stand where the store says.
    #[error("the head that the store keeps of {stream} does not agree with its events; `foldline verify` says more")]
    HeadDisagrees { stream: StreamId },
    #[error("the event id {0} is already taken by an event with other content; give the new event its own id")]
    IdTaken(EventId),
    #[error("the payload of {event_type} is not JSON ({detail}); correct it and append again")]
    PayloadNotJson { event_type: String, detail: String },
    #[error("the metadata of {event_type} is not a JSON object; correct it and append again")]
    MetadataNotObject { event_type: String },
    #[error("a stream and an event type need a name")]
    NoName,
    #[error("{0} is archived, and nothing is appended to it; take it out of the archive with its application first")]
    Archived(StreamId),
    #[error("this stream is encrypted, and only its application can write into it; record the correction there")]
    Encrypted,
    #[error("{framework} would not understand this event: {why}; correct it and append again")]
    Unfit { framework: Framework, why: Unfit },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AppendError {
    pub(super) fn of_closed(closed: Closed, stream: &StreamId) -> Self {
        match closed {
            Closed::Archived => Self::Archived(stream.clone()),
            Closed::Encrypted => Self::Encrypted,
        }
    }
}

/// Why a framework's application could not read an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// In the database's own words.
    #[error("its table refused it (“{0}”)")]
    Refused(String),
    #[error("an event type is written module:Class.Event, and this stream has none to follow")]
    NoTypeToFollow,
    #[error("the payload must be a JSON object of the event's attributes")]
    NoAttributes,
    #[error("the payload must be JSON")]
    NotJson,
    #[error("every event needs a time")]
    NoTime,
    #[error("it cannot be compressed (“{0}”)")]
    NotPacked(String),
    #[error(
        "no event here is called {asked}, and the application could not read one that it does not know; append one of its own with --type ({known})"
    )]
    UnknownType { asked: String, known: String },
}

fn expected_words(expected: Expected) -> String {
    match expected {
        Expected::Exact(version) => format!("version {version}"),
        Expected::NoStream => "no stream".to_owned(),
        Expected::Any => "any version".to_owned(),
    }
}

fn actual_words(actual: Option<Version>) -> String {
    actual.map_or_else(|| "no stream".to_owned(), |version| format!("version {version}"))
}
