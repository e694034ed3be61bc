//! Where an export may be written. Nobody who exports wants to lose a store, and a name is soon mistyped: a store, a
//! database, their side files, and whatever is no ordinary file are never replaced.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::store::locking::open_beside_locks;
use crate::store::private::prefix_beside;
use crate::store::{FileKind, Source, StoreError};

/// The files that SQLite keeps beside a database.
const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// More links than this lead in a circle.
const MOST_LINKS: usize = 40;

const DATABASE: &[u8; 16] = b"SQLite format 3\0";

#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error("{}: this file is there already; name another, or allow replacing it", .0.display())]
    Taken(PathBuf),
    #[error("{}: this is the store that is exported; name another file", .0.display())]
    Exported(PathBuf),
    #[error("{}: this is a database, which an export never replaces; name another file", .0.display())]
    Database(PathBuf),
    #[error("{}: this is a {kind}, which an export never replaces; name another file", path.display())]
    NoFile { path: PathBuf, kind: FileKind },
    #[error("{}: this is a private key, which is never replaced; name another file", .0.display())]
    Key(PathBuf),
    #[error("nothing is written to standard output here; name a file, or `./-` for one of that name")]
    Dash,
    #[error("{}: the links lead in a circle; name another file", .0.display())]
    Circle(PathBuf),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A file that an export may write.
#[derive(Debug)]
pub struct ExportTarget {
    /// As it was named.
    named: PathBuf,
    /// Behind all symbolic links.
    path: PathBuf,
    exported: Option<PathBuf>,
    /// What what is written is signed with.
    key: Option<PathBuf>,
    may_replace: bool,
    existing: Option<Metadata>,
}

impl ExportTarget {
    pub fn new(path: &Path, exported: &Source, may_replace: bool) -> Result<Self, TargetError> {
        Self::beside(exported.path(), path, may_replace)
    }

    /// For what comes from no store.
    pub fn of_no_store(path: &Path, may_replace: bool) -> Result<Self, TargetError> {
        Self::beside(None, path, may_replace)
    }

    /// One of several that a folder is filled with. Nobody named it: a link that stands there is replaced itself, and what
    /// it leads to stays.
    pub fn in_folder(folder: &Path, name: &str, may_replace: bool) -> Result<Self, TargetError> {
        let path = folder.join(name);
        Self::at(None, &path, path.clone(), may_replace)
    }

    fn beside(exported: Option<&Path>, path: &Path, may_replace: bool) -> Result<Self, TargetError> {
        if path.as_os_str() == "-" {
            return Err(TargetError::Dash);
        }
        Self::at(exported, path, behind_links(path)?, may_replace)
    }

    fn at(exported: Option<&Path>, named: &Path, path: PathBuf, may_replace: bool) -> Result<Self, TargetError> {
        let mut target = Self {
            named: named.to_owned(),
            path,
            exported: exported.map(Path::to_owned),
            key: None,
            may_replace,
            existing: None,
        };
        target.look()?;
        Ok(target)
    }

    /// For what is signed with the key in this file.
    pub fn signed_with(mut self, key: &Path) -> Result<Self, TargetError> {
        self.key = Some(key.to_owned());
        self.look()?;
        Ok(self)
    }

    /// May be asked again: another program may have made something of the file meanwhile.
    fn look(&mut self) -> Result<(), TargetError> {
        let Self { named, path, exported, key, may_replace, existing } = self;
        let failed = |error| TargetError::Store(StoreError::from_io(named, error));
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(StoreError::NoFolder(folder.to_owned()).into());
        }
        *existing = match fs::symlink_metadata(&*path) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        if let Some(found) = existing
            && let Some(kind) = FileKind::of(found)
        {
            return Err(TargetError::NoFile { path: named.clone(), kind });
        }
        // Of a link only the link is replaced, whatever it leads to.
        let is_file = existing.as_ref().is_some_and(|found| !found.is_symlink());
        if is_file && exported.as_deref().is_some_and(|exported| is_same_file(exported, path)) {
            return Err(TargetError::Exported(named.clone()));
        }
        if let Some(database) = database_of_side_file(path) {
            return Err(StoreError::SideFile { path: named.clone(), database }.into());
        }
        if is_file && is_database(path).map_err(failed)? {
            return Err(TargetError::Database(named.clone()));
        }
        let is_key_in_use = || key.as_deref().is_some_and(|key| is_same_file(key, path));
        if is_file && (is_key_in_use() || is_private_key(path).map_err(failed)?) {
            return Err(TargetError::Key(named.clone()));
        }
        if existing.is_some() && !*may_replace {
            return Err(TargetError::Taken(named.clone()));
        }
        Ok(())
    }

    /// Writes aside, in the same folder, and puts the file in its place when it is whole; a failure leaves what was
    /// there. A new file gets the mode that the umask leaves, a replaced one keeps its own.
    pub fn write<T, E: From<TargetError>>(
        mut self,
        write: impl FnOnce(&mut File) -> Result<T, E>,
        failed: impl Fn(io::Error) -> E,
    ) -> Result<T, E> {
        let mut file = self.file_aside().map_err(&failed)?;
        let answer = write(file.as_file_mut())?;
        file.as_file_mut().flush().map_err(&failed)?;
        if let Some(existing) = self.existing.as_ref().filter(|existing| !existing.is_symlink()) {
            keep_mode(file.as_file(), existing).map_err(&failed)?;
        }
        self.look()?;
        let persisted = if self.may_replace { file.persist(&self.path) } else { file.persist_noclobber(&self.path) };
        persisted.map_err(|error| failed(error.error))?;
        Ok(answer)
    }

    /// The same of what is made already.
    pub fn write_whole(self, bytes: &[u8]) -> Result<(), TargetError> {
        let path = self.named.clone();
        let failed = |error| TargetError::Store(StoreError::from_io(&path, error));
        self.write(|file| file.write_all(bytes).map_err(failed), failed)
    }

    /// What replaces a file is for its owner's eyes until it has that file's mode.
    fn file_aside(&self) -> io::Result<NamedTempFile> {
        let prefix = prefix_beside(folder_of(&self.path));
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        #[cfg(unix)]
        if self.existing.as_ref().is_none_or(Metadata::is_symlink) {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        builder.tempfile_in(folder_of(&self.path))
    }

    /// As it was named.
    pub fn name(&self) -> &Path {
        &self.named
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Also where the last link leads to a file that is not there yet.
fn behind_links(path: &Path) -> Result<PathBuf, TargetError> {
    let mut at = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&at) {
            Ok(next) => at = folder_of(&at).join(next),
            Err(_) => return Ok(at),
        }
    }
    Err(TargetError::Circle(path.to_owned()))
}

fn is_database(path: &Path) -> io::Result<bool> {
    let mut beginning = Vec::new();
    (&*open_beside_locks(path)?).take(DATABASE.len() as u64).read_to_end(&mut beginning)?;
    // A database that was just begun has all it holds in its side files.
    let has_side_file = || SIDE_FILES.iter().any(|suffix| with_suffix(path, suffix).exists());
    Ok(beginning == DATABASE || beginning.is_empty() && has_side_file())
}

/// Of whatever kind, where a PEM file begins with it.
fn is_private_key(path: &Path) -> io::Result<bool> {
    let mut beginning = Vec::new();
    (&*open_beside_locks(path)?).take(128).read_to_end(&mut beginning)?;
    let beginning = String::from_utf8_lossy(&beginning);
    let first = beginning.trim_start().lines().next().unwrap_or_default();
    Ok(first.starts_with("-----BEGIN ") && first.trim_end().ends_with("PRIVATE KEY-----"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A file of this name would be taken for a part of the database.
pub(in crate::store) fn database_of_side_file(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.as_encoded_bytes();
    let base = SIDE_FILES.iter().find_map(|suffix| name.strip_suffix(suffix.as_bytes()))?;
    let base = without_encoding_trouble(base)?;
    let database = path.with_file_name(base);
    let is_empty = || fs::metadata(&database).is_ok_and(|file| file.is_file() && file.len() == 0);
    (database.is_file() && (is_database(&database).unwrap_or(true) || is_empty())).then_some(database)
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere a name's bytes need not be text")]
fn without_encoding_trouble(name: &[u8]) -> Option<&OsStr> {
    use std::os::unix::ffi::OsStrExt;
    Some(OsStr::from_bytes(name))
}

#[cfg(not(unix))]
fn without_encoding_trouble(name: &[u8]) -> Option<&OsStr> {
    std::str::from_utf8(name).ok().map(OsStr::new)
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if let (Ok(one), Ok(other)) = (fs::metadata(one), fs::metadata(other)) {
            return (one.dev(), one.ino()) == (other.dev(), other.ino());
        }
    }
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(unix)]
fn keep_mode(file: &File, existing: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let mut mode = existing.mode() & 0o777;
    let made = file.metadata()?;
    if made.uid() != existing.uid() || made.gid() != existing.gid() {
        let kept = fchown(file, Some(existing.uid()), Some(existing.gid()))
            .or_else(|_| fchown(file, None, Some(existing.gid())));
        if kept.is_err() {
            // What the old group might, the new one may not.
            mode &= !0o070;
        }
    }
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn keep_mode(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}
