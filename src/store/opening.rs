//! Opens a SQLite file to read it, and leaves it and its folder byte for byte as they were.
//!
//! SQLite itself does not promise that: a read-only connection to a WAL database makes two side files and needs a
//! writable folder, and an `immutable` one is blind to a `-wal` and shows half-written pages over a hot journal. So:
//! - at rest and whole: `immutable`, with a look at the file after each reading that nobody changed it meanwhile;
//! - at rest with a `-wal` (its last writer was killed): the log is read as it stands, its index kept in memory, with
//!   the same look;
//! - at rest with a hot journal: a private copy, which SQLite recovers and which is unlinked before it is read;
//! - open in some program: joined as an ordinary reader, whose side files are there already.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempDir;

use super::StoreError;
use super::locking::{Locked, Unlocked, open_beside_locks};
use super::private::{private_file, private_folder};

/// How long an ordinary connection waits for another's write.
const PATIENCE: Duration = Duration::from_secs(5);

/// No database is shorter than its header.
const HEADER_LEN: u64 = 100;

/// SQLite's own way to open files without locking them.
const WITHOUT_LOCKS: &str = if cfg!(windows) { "win32-none" } else { "unix-none" };

#[derive(Debug)]
pub(crate) struct ReadOnlyFile {
    connection: Held,
    /// As its user names it; perhaps a link.
    path: PathBuf,
    mode: Mode,
    /// The file is cut short or its first page is damaged; what is left is shown as far as it goes.
    pub(crate) is_damaged: bool,
}

pub(crate) type FileOpener = Arc<dyn Fn() -> Result<ReadOnlyFile, StoreError> + Send + Sync>;

#[derive(Debug)]
enum Held {
    Plain(Connection),
    Locked(Locked),
    Unlocked(Unlocked<Connection>),
}

#[derive(Debug)]
enum Mode {
    AtRest(Look),
    /// What was copied; and the folder, where an open file cannot be unlinked.
    Copied(Look, #[allow(dead_code, reason = "the copy goes with the connection")] Option<TempDir>),
    Joined,
}

impl ReadOnlyFile {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        StoreError::unless_file(path)?;
        let look = Look::at(path)?;
        match look {
            // SQLite itself takes an empty database for the end of any log beside it, and deletes that.
            Look { len: 0, .. } => return Err(StoreError::EmptyFile(path.to_owned())),
            // SQLite takes a file of one byte for an empty database.
            Look { len: 1..HEADER_LEN, .. } => return Err(StoreError::NotADatabase(path.to_owned())),
            _ => {}
        }
        let fail = |source| StoreError::from_sqlite(path, source);
        let real = &look.real;
        let (connection, mode) = match use_of(real) {
            Use::SharedMemory => join(path, real)?,
            Use::File if look.wal.is_none() && may_join(real) => match join(path, real) {
                // It is only read elsewhere too, and its journal is left over from a writer that was killed.
                Err(StoreError::ReadOnly(_)) => copied(path, &look)?,
                joined => joined?,
            },
            _ if look.journal.is_some() => copied(path, &look)?,
            _ if look.wal.is_some() => {
                let connection = Unlocked::new(with_log_in_memory(real).map_err(fail)?);
                (Held::Unlocked(connection), Mode::AtRest(look))
            }
            _ => (Held::Plain(open_uri(real, "mode=ro&immutable=1").map_err(fail)?), Mode::AtRest(look)),
        };
        let mut file = Self { connection, path: path.to_owned(), mode, is_damaged: false };
        let is_damaged = is_damaged(file.connection());
        file.still_the_same()?;
        let is_cut = matches!(&file.mode, Mode::AtRest(look) if is_shorter_than_promised(file.connection(), look));
        file.is_damaged = is_damaged.map_err(fail)? || is_cut;
        tracing::debug!(path = %path.display(), mode = ?file.mode, file.is_damaged, "opened to look");
        Ok(file)
    }

    pub(crate) fn connection(&self) -> &Connection {
        match &self.connection {
            Held::Plain(connection) => connection,
            Held::Locked(connection) => connection,
            Held::Unlocked(connection) => connection,
        }
    }

    /// What opens the file for further connections. A private copy has no name by which it could be opened again, so
    /// another is made for each.
    pub(crate) fn opener_at(path: &Path) -> FileOpener {
        let path = path.to_owned();
        Arc::new(move || Self::open(&path))
    }

    /// Whether the connection still sees what is in the file.
    pub(crate) fn is_current(&self) -> bool {
        match &self.mode {
            Mode::AtRest(seen) | Mode::Copied(seen, _) => Look::at(&self.path).is_ok_and(|look| look == *seen),
            Mode::Joined => true,
        }
    }

    /// Whether it may stay open while nobody reads: where another program has the file open, its last connection to go
    /// tidies up, and it is never to wait for ours.
    pub(crate) fn may_be_kept(&self) -> bool {
        !matches!(self.mode, Mode::Joined)
    }

    /// To be asked after each reading: what a connection without locks saw holds only if nobody wrote meanwhile.
    pub(crate) fn still_the_same(&self) -> Result<(), StoreError> {
        match &self.mode {
            Mode::AtRest(look) if Look::at(&self.path)? != *look => Err(StoreError::Changed(self.path.clone())),
            _ => Ok(()),
        }
    }
}

fn join(path: &Path, real: &Path) -> Result<(Held, Mode), StoreError> {
    let fail = |source| StoreError::from_sqlite(path, source);
    let connection = Locked::open(|| open_uri(real, "mode=ro")).map_err(fail)?;
    connection.busy_timeout(PATIENCE).map_err(fail)?;
    match is_damaged(&connection) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => Err(fail(error)),
        _ => Ok((Held::Locked(connection), Mode::Joined)),
    }
}

/// SQLite shares a log's index between programs by the `-shm` file, which a reader would have to write. Whoever has
/// the database for itself keeps that index in its own memory: told so, and left without locks, a reader needs no
/// other file and changes none.
fn with_log_in_memory(real: &Path) -> rusqlite::Result<Connection> {
    let connection = open_uri(real, &format!("mode=ro&vfs={WITHOUT_LOCKS}"))?;
    connection.pragma_update_and_check(None, "locking_mode", "exclusive", |_| Ok(()))?;
    // The log stays for its writer to take up.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

fn copied(path: &Path, look: &Look) -> Result<(Held, Mode), StoreError> {
    let (connection, folder) = open_copy(path, &look.real)?;
    if Look::at(path)? != *look {
        return Err(StoreError::Changed(path.to_owned()));
    }
    Ok((connection, Mode::Copied(look.clone(), folder)))
}

/// SQLite refuses a file that is shorter than its first page says, or whose list of tables has a fault, unless it
/// is told to be lenient. A read-only connection loses nothing by that, and what is left can be looked at.
fn is_damaged(connection: &Connection) -> rusqlite::Result<bool> {
    let list = || connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0));
    match list() {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            connection.pragma_update(None, "writable_schema", true)?;
            list().map(|_| true)
        }
        other => other.map(|_| false),
    }
}

/// A file that lost its tail in the middle of a page reads as if the rest were noughts. What is still in a log need
/// not be in the file yet.
fn is_shorter_than_promised(connection: &Connection, look: &Look) -> bool {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0)).unwrap_or(0);
    look.wal.is_none() && look.len < u64::from(number("page_count")) * u64::from(number("page_size"))
}

/// What tells that a file was changed: everything about it and its side files short of reading them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    /// The file itself, behind every link. SQLite names the side files after it.
    real: PathBuf,
    /// A file that was put in the place of another.
    identity: Option<(u64, u64)>,
    len: u64,
    modified: Option<SystemTime>,
    /// Length and time of a side file that holds something.
    wal: Option<(u64, Option<SystemTime>)>,
    journal: Option<(u64, Option<SystemTime>)>,
}

impl Look {
    fn at(path: &Path) -> Result<Self, StoreError> {
        let fail = |error| StoreError::from_io(path, error);
        let real = resolved(path)?;
        let file = fs::metadata(&real).map_err(fail)?;
        if file.is_dir() {
            return Err(StoreError::IsFolder(path.to_owned()));
        }
        let side = |suffix| {
            let path = side_file(&real, suffix);
            let file = fs::metadata(&path).ok().filter(|file| file.len() > 0)?;
            Some((path, (file.len(), file.modified().ok())))
        };
        let wal = side("-wal").map(|(_, seen)| seen);
        let journal = side("-journal").filter(|(path, _)| is_hot(path)).map(|(_, seen)| seen);
        Ok(Self { identity: identity(&file), len: file.len(), modified: file.modified().ok(), wal, journal, real })
    }
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn identity(file: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// A journal that is kept for the next transaction begins with noughts.
fn is_hot(journal: &Path) -> bool {
    let mut first = [0];
    let read = fs::File::open(journal).and_then(|mut file| file.read(&mut first));
    read.is_err() || first != [0]
}

pub(crate) fn side_file(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// The file itself, behind every link: SQLite looks for a file's log and journal beside the file, not beside a link to
/// it. Nothing is left either that SQLite could read as something else: a relative `:memory:` or `file:x` is no file
/// to it.
pub(crate) fn resolved(path: &Path) -> Result<PathBuf, StoreError> {
    let resolve = |path: &Path| if cfg!(windows) { std::path::absolute(path) } else { path.canonicalize() };
    resolve(path).map_err(|error| StoreError::from_io(path, error))
}

/// Opens a file that is there to append to it. Nothing is done that would leave a trace of a user who may not.
pub(crate) fn open_to_write(path: &Path) -> Result<Locked, StoreError> {
    let fail = |source| match StoreError::from_sqlite(path, source) {
        // It was just read, so what is missing is the right to write beside it.
        StoreError::Denied(path) => StoreError::ReadOnly(path),
        other => other,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let real = resolved(path)?;
    let connection = Locked::open(|| Connection::open_with_flags(real, flags)).map_err(fail)?;
    // SQLite then opens it to read only, and would make a log of this user's own that its owner cannot write.
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(fail)? {
        return Err(StoreError::ReadOnly(path.to_owned()));
    }
    Ok(connection)
}

fn open_uri(real: &Path, options: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(format!("{}?{options}", file_address(real)), flags)
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

fn open_copy(path: &Path, real: &Path) -> Result<(Held, Option<TempDir>), StoreError> {
    let folder = private_folder()?;
    let copy = folder.path().join("copy.db");
    for suffix in ["", "-wal", "-journal"] {
        let source = side_file(real, suffix);
        if suffix.is_empty() || source.exists() {
            let copied = open_beside_locks(&source)
                .and_then(|from| std::io::copy(&mut &*from, &mut private_file(&side_file(&copy, suffix))?));
            copied.map_err(|error| StoreError::from_io(&source, error))?;
        }
    }
    let recover = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(&copy)?;
        // The first look at it takes back what was half done.
        let _ = is_damaged(&connection)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    let connection = recover().map_err(|source| StoreError::from_sqlite(path, source))?;
    // What is open can be read on without a name, so that nothing is left whatever ends this program.
    let kept = if cfg!(unix) && !side_file(&copy, "-wal").exists() {
        if let Err(error) = folder.close() {
            tracing::debug!(%error, "a private copy keeps its name");
        }
        None
    } else {
        Some(folder)
    };
    Ok((Held::Plain(connection), kept))
}

/// How some program, this one included, has a database open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    None,
    /// By its `-shm` file, as every WAL connection for as long as it lives.
    SharedMemory,
    /// The database itself is locked, as by a transaction without a log. Only Linux lists locks.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    File,
}

/// Whether joining it makes no side file: a log without an index would get both.
fn may_join(real: &Path) -> bool {
    // Bytes 18 and 19 say by which rules it is written and read: 2 is with a log.
    let mut header = [0; 20];
    let read = open_beside_locks(real).and_then(|file| (&*file).read_exact(&mut header));
    side_file(real, "-shm").exists() || (read.is_ok() && header[18..20] != [2, 2])
}

/// The kernel lists locks; opening a file to ask would drop this process's own locks on it. Where locks can't be
/// listed, a `-shm` file is taken for a sign of life.
fn use_of(real: &Path) -> Use {
    let shm = side_file(real, "-shm");
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        if let Ok(locks) = fs::read_to_string("/proc/locks") {
            let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
            // `1: POSIX  ADVISORY  READ 4711 fe:01:393228 128 128`: the sixth word is the device and the inode.
            let is_locked = |path: &Path| {
                let Ok(file) = fs::metadata(path) else { return false };
                // Others lock files of text by other means.
                let locks = locks.lines().filter(|line| line.contains(" POSIX "));
                let mut places = locks.filter_map(|line| line.split_whitespace().nth(5));
                places.any(|place| is_place_of(place, file.dev(), file.ino(), &mounts))
            };
            return match (is_locked(&shm), is_locked(real)) {
                (true, _) => Use::SharedMemory,
                (false, true) => Use::File,
                (false, false) => Use::None,
            };
        }
    }
    if shm.exists() { Use::SharedMemory } else { Use::None }
}

/// Whether `fe:01:393228` is this file. Some file systems, such as btrfs, tell each file another device than the one
/// that locks are listed under; theirs is no mount's, and then the inode alone must do.
#[cfg(target_os = "linux")]
fn is_place_of(place: &str, device: u64, inode: u64, mounts: &str) -> bool {
    let Some((listed, number)) = place.rsplit_once(':') else { return false };
    let major = ((device >> 8) & 0xfff) | ((device >> 32) & 0xffff_f000);
    let minor = (device & 0xff) | ((device >> 12) & 0xffff_ff00);
    let mounted = format!("{major}:{minor}");
    let is_mounted = || mounts.lines().any(|mount| mount.split_whitespace().nth(2) == Some(&mounted));
    number == inode.to_string() && (listed == format!("{major:02x}:{minor:02x}") || !is_mounted())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_lock_on_another_device_is_not_taken_for_one_on_this_file() {
        let mounts = "22 27 0:21 / /proc rw - proc proc rw\n27 1 254:0 / / rw - ext4 /dev/vda rw";
        let disk = 0xfe00;
        assert!(is_place_of("fe:00:393228", disk, 393_228, mounts));
        assert!(!is_place_of("fe:01:393228", disk, 393_228, mounts), "another device");
        assert!(!is_place_of("fe:00:393229", disk, 393_228, mounts), "another inode");
        assert!(is_place_of("00:1c:393228", 0x2d, 393_228, mounts), "a device that is no mount's");
        assert!(!is_place_of("00:1c:393229", 0x2d, 393_228, mounts));
        let large = "30 27 259:300 / /data rw - ext4 /dev/nvme0n1p1 rw";
        assert!(is_place_of("103:12c:7", 0x0011_032c, 7, large));
    }
}
