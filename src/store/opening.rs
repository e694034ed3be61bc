//! Opens a SQLite file to read it, and leaves it and its folder byte for byte as they were.
//!
//! SQLite itself does not promise that: a read-only connection to a WAL database makes two side files and needs a
//! writable folder, and an `immutable` one is blind to a `-wal` and shows half-written pages over a hot journal. So:
//! - at rest and whole: `immutable`, with a look at the file after each reading that nobody changed it meanwhile;
//! - at rest with side files (its last writer was killed): a private copy together with them, which SQLite recovers;
//! - open in some program: joined as an ordinary reader, whose side files are there already.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::StoreError;

/// How long an ordinary connection waits for another's write.
const PATIENCE: Duration = Duration::from_secs(5);

/// No database is shorter than its header.
const HEADER_LEN: u64 = 100;

/// A private copy's name in its folder.
const COPY: &str = "copy.db";

#[derive(Debug)]
pub(crate) struct ReadOnlyFile {
    pub(crate) connection: Connection,
    path: PathBuf,
    mode: Mode,
    /// The file is cut short or its first page is damaged; what is left is shown as far as it goes.
    pub(crate) is_damaged: bool,
}

#[derive(Debug)]
enum Mode {
    AtRest(Look),
    Copied(Arc<Copied>),
    Joined,
}

impl ReadOnlyFile {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let look = Look::at(path)?;
        match look {
            Look { len: 0, wal: None, .. } => return Err(StoreError::EmptyFile(path.to_owned())),
            // SQLite takes a file of one byte for an empty database.
            Look { len: 1..HEADER_LEN, .. } => return Err(StoreError::NotADatabase(path.to_owned())),
            _ => {}
        }
        let fail = |source| StoreError::from_sqlite(path, source);
        let (connection, mode) = if is_in_use(path) {
            (open_uri(path, "mode=ro")?, Mode::Joined)
        } else if look.wal.is_some() || look.journal.is_some() {
            let (connection, folder) = open_copy(path)?;
            if Look::at(path)? != look {
                return Err(StoreError::Changed(path.to_owned()));
            }
            (connection, Mode::Copied(Arc::new(Copied { folder, of: look })))
        } else {
            (open_uri(path, "mode=ro&immutable=1")?, Mode::AtRest(look))
        };
        connection.busy_timeout(PATIENCE).map_err(fail)?;
        let is_cut = matches!(&mode, Mode::AtRest(look) if is_shorter_than_promised(&connection, look.len));
        let is_damaged = is_damaged(&connection).map_err(fail)? || is_cut;
        tracing::debug!(path = %path.display(), ?mode, is_damaged, "opened to look");
        Ok(Self { connection, path: path.to_owned(), mode, is_damaged })
    }

    /// What opens the file for further connections. A private copy is shared for as long as it is one.
    pub(crate) fn opener(&self) -> FileOpener {
        match &self.mode {
            Mode::Copied(copied) => {
                let (path, copied, is_damaged) = (self.path.clone(), Arc::clone(copied), self.is_damaged);
                Arc::new(move || match copied.of == Look::at(&path)? {
                    true => Self::of_copy(&path, &copied, is_damaged),
                    false => Self::open(&path),
                })
            }
            Mode::AtRest(_) | Mode::Joined => Self::opener_at(&self.path),
        }
    }

    pub(crate) fn opener_at(path: &Path) -> FileOpener {
        let path = path.to_owned();
        Arc::new(move || Self::open(&path))
    }

    fn of_copy(path: &Path, copied: &Arc<Copied>, is_damaged: bool) -> Result<Self, StoreError> {
        let connection = open_copied(path, &copied.folder.path().join(COPY))?;
        connection.busy_timeout(PATIENCE).map_err(|source| StoreError::from_sqlite(path, source))?;
        Ok(Self { connection, path: path.to_owned(), mode: Mode::Copied(Arc::clone(copied)), is_damaged })
    }

    /// Whether the connection still sees what is in the file.
    pub(crate) fn is_current(&self) -> bool {
        match &self.mode {
            Mode::AtRest(seen) => Look::at(&self.path).is_ok_and(|look| look == *seen),
            Mode::Copied(copied) => Look::at(&self.path).is_ok_and(|look| look == copied.of),
            Mode::Joined => true,
        }
    }

    /// Whether it may stay open while nobody reads: where another program has the file open, its last connection to go
    /// tidies up, and it is never to wait for ours.
    pub(crate) fn may_be_kept(&self) -> bool {
        !matches!(self.mode, Mode::Joined)
    }

    /// To be asked after each reading: what an `immutable` connection saw holds only if nobody wrote meanwhile.
    pub(crate) fn still_the_same(&self) -> Result<(), StoreError> {
        match &self.mode {
            Mode::AtRest(look) if Look::at(&self.path)? != *look => Err(StoreError::Changed(self.path.clone())),
            _ => Ok(()),
        }
    }
}

/// A private copy, which goes with the last connection to it.
#[derive(Debug)]
struct Copied {
    folder: TempDir,
    /// What was copied.
    of: Look,
}

pub(crate) type FileOpener = Arc<dyn Fn() -> Result<ReadOnlyFile, StoreError> + Send + Sync>;

/// SQLite refuses a file that is shorter than its first page says, or whose list of tables has a fault, unless it
/// is told to be lenient. A read-only connection loses nothing by that, and what is left can be looked at.
fn is_damaged(connection: &Connection) -> rusqlite::Result<bool> {
    let list = || connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0));
    match list() {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
            connection.pragma_update(None, "writable_schema", true)?;
            list().map(|_| true)
        }
        other => other.map(|_| false),
    }
}

/// A file that lost its tail in the middle of a page reads as if the rest were noughts.
fn is_shorter_than_promised(connection: &Connection, len: u64) -> bool {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0)).unwrap_or(0);
    len < u64::from(number("page_count")) * u64::from(number("page_size"))
}

/// What tells that a file was changed: everything about it and its side files short of reading them.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    len: u64,
    modified: Option<SystemTime>,
    /// Length and time of a side file that holds something.
    wal: Option<(u64, Option<SystemTime>)>,
    journal: Option<(u64, Option<SystemTime>)>,
}

impl Look {
    fn at(path: &Path) -> Result<Self, StoreError> {
        let file = fs::metadata(path).map_err(|error| StoreError::from_io(path, error))?;
        if file.is_dir() {
            return Err(StoreError::IsFolder(path.to_owned()));
        }
        let side = |suffix| {
            let file = fs::metadata(side_file(path, suffix)).ok().filter(|file| file.len() > 0)?;
            Some((file.len(), file.modified().ok()))
        };
        Ok(Self { len: file.len(), modified: file.modified().ok(), wal: side("-wal"), journal: side("-journal") })
    }
}

pub(crate) fn side_file(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// The path with nothing left for SQLite to read as something else: a relative `:memory:` or `file:x` is no file to it.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    std::path::absolute(path).map_err(|error| StoreError::from_io(path, error))
}

fn open_uri(path: &Path, options: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let address = format!("{}?{options}", file_address(&absolute(path)?));
    Connection::open_with_flags(address, flags).map_err(|source| StoreError::from_sqlite(path, source))
}

/// A `file:` address ends its path at `?` and `#`, reads `%` as an escape and what follows `//` as a host. Bytes
/// beyond ASCII are escaped too, since a file's name need not be text.
fn file_address(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut out = String::with_capacity(bytes.len() + 8);
    out.push_str(if bytes.starts_with(b"/") { "file://" } else { "file:" });
    for byte in bytes {
        match byte {
            b'%' | b'?' | b'#' | 0x80.. => {
                let _ = write!(out, "%{byte:02x}");
            }
            plain => out.push(char::from(*plain)),
        }
    }
    out
}

fn open_copy(path: &Path) -> Result<(Connection, TempDir), StoreError> {
    let folder =
        TempDir::with_prefix("foldline-").map_err(|error| StoreError::from_io(&std::env::temp_dir(), error))?;
    let copy = folder.path().join(COPY);
    let copy_file = |suffix: &str| {
        let source = side_file(path, suffix);
        fs::copy(&source, side_file(&copy, suffix)).map(drop).map_err(|error| StoreError::from_io(&source, error))
    };
    copy_file("")?;
    for suffix in ["-wal", "-journal"] {
        if side_file(path, suffix).exists() {
            copy_file(suffix)?;
        }
    }
    // A hot journal names no other file of ours, and a copy of a read-only file must be writable to be recovered.
    let mut permissions = fs::metadata(&copy).map_err(|error| StoreError::from_io(&copy, error))?.permissions();
    #[allow(clippy::permissions_set_readonly_false, reason = "a private copy in a private folder")]
    permissions.set_readonly(false);
    fs::set_permissions(&copy, permissions).map_err(|error| StoreError::from_io(&copy, error))?;
    Ok((open_copied(path, &copy)?, folder))
}

fn open_copied(path: &Path, copy: &Path) -> Result<Connection, StoreError> {
    Connection::open(copy)
        .and_then(|connection| connection.pragma_update(None, "query_only", true).map(|()| connection))
        .map_err(|source| StoreError::from_sqlite(path, source))
}

/// Whether some program, this one included, has the database open. A WAL connection holds a lock on the `-shm`
/// file for as long as it lives, and the kernel lists locks; opening the file to ask would drop this process's own
/// locks on it. Where locks can't be listed, a `-shm` file is taken for a sign of life.
fn is_in_use(path: &Path) -> bool {
    let shm = side_file(path, "-shm");
    if !shm.exists() {
        return false;
    }
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        if let (Ok(locks), Ok(file)) = (fs::read_to_string("/proc/locks"), fs::metadata(&shm)) {
            // `1: POSIX  ADVISORY  READ 4711 fe:01:393228 128 128`: the sixth word ends with the inode.
            let inode = file.ino().to_string();
            return locks
                .lines()
                .filter_map(|line| line.split_whitespace().nth(5))
                .any(|place| place.rsplit(':').next() == Some(&inode));
        }
    }
    true
}
