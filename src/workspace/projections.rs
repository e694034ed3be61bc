//! A user's own projections for a store: files of JavaScript in a folder beside what else is kept for it, and files from
//! elsewhere that were opened with it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{Section, Workspace, WorkspaceError};
use crate::event::{Explain, Message};
use crate::store::system_words;

/// A longer source is no projection that a person wrote.
const MOST_SOURCE: u64 = 4 << 20;

/// Files that lie elsewhere, in the order in which they were opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Elsewhere {
    files: Vec<PathBuf>,
}

impl Section for Elsewhere {
    const NAME: &'static str = "projections";
}

/// Why a projection's file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("{}: the projection cannot be read ({error}); check that the file is there and may be read", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{}: the file is gone; what stands here is written again as soon as something is typed", path.display())]
    Gone { path: PathBuf },
    #[error("{}: this is no file; choose a file of JavaScript", path.display())]
    NoFile { path: PathBuf },
    #[error("{}: this is no text in UTF-8; save it as such and try again", path.display())]
    NotText { path: PathBuf },
    #[error("{}: this is longer than {} MiB; a projection is a short text", path.display(), MOST_SOURCE >> 20)]
    TooLong { path: PathBuf },
    #[error("{}: the projection cannot be written ({error}); what was typed stays in the window, save it elsewhere or mend the file's permissions", path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error("there is a projection {name} already; choose another name")]
    Exists { name: String },
    #[error("“{name}” is no name for a file; write letters and numbers")]
    BadName { name: String },
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}

impl Explain for SourceError {
    fn message(&self) -> Message {
        let of = |id, path: &Path| Message::new(id).text("path", path.display());
        match self {
            Self::Unreadable { path, error } => of("source-unreadable", path).inner("detail", system_words(error)),
            Self::Gone { path } => of("source-gone", path),
            Self::NoFile { path } => of("source-no-file", path),
            Self::NotText { path } => of("source-not-text", path),
            Self::TooLong { path } => of("source-too-long", path).number("mebibytes", MOST_SOURCE >> 20),
            Self::Unwritable { path, error } => of("source-unwritable", path).inner("detail", system_words(error)),
            Self::Exists { name } => Message::new("source-exists").text("name", name),
            Self::BadName { name } => Message::new("source-bad-name").text("name", name),
            Self::Workspace(error) => error.message(),
        }
    }
}

/// What became of a text that was to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeping {
    Kept,
    /// Something else stands in the file than was known, and it was left as it is.
    Newer(String),
}

/// What a change of a file is told from, without reading it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamps(Vec<(PathBuf, Option<(u64, SystemTime)>)>);

impl Workspace {
    /// Where the projections of this store lie; `None` where the user has no folder. It is made when there is one to keep.
    pub fn projections_folder(&self) -> Option<PathBuf> {
        Some(self.file.as_ref()?.with_extension("projections"))
    }

    /// Every projection of this store: those of its folder by their names, and then those from elsewhere.
    pub fn projections(&self) -> Result<Vec<PathBuf>, SourceError> {
        let mut files = self.in_projections_folder()?;
        let Elsewhere { files: elsewhere } = self.load()?;
        for file in elsewhere {
            if !files.contains(&file) {
                files.push(file);
            }
        }
        Ok(files)
    }

    fn in_projections_folder(&self) -> Result<Vec<PathBuf>, SourceError> {
        let Some(folder) = self.projections_folder() else { return Ok(Vec::new()) };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(SourceError::Unreadable { path: folder, error }),
        };
        let mut files: Vec<PathBuf> =
            entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| is_source(path)).collect();
        files.sort();
        Ok(files)
    }

    /// How the files are now: of the folder, and of these besides.
    pub fn projection_stamps(&self, elsewhere: &[PathBuf]) -> Stamps {
        let files = self.in_projections_folder().unwrap_or_default();
        let stamp = |path: PathBuf| {
            let found = fs::metadata(&path).ok().and_then(|found| Some((found.len(), found.modified().ok()?)));
            (path, found)
        };
        Stamps(files.into_iter().chain(elsewhere.iter().cloned()).map(stamp).collect())
    }

    /// Opens a file from elsewhere with this store from now on. Answers with it as it is told from others.
    pub fn add_projection(&self, path: &Path) -> Result<PathBuf, SourceError> {
        let path = fs::canonicalize(path).map_err(|error| SourceError::Unreadable { path: path.to_owned(), error })?;
        read_source(&path)?;
        let is_in_folder = self.projections_folder().and_then(|folder| folder.canonicalize().ok());
        if let (Some(folder), Some(name)) = (is_in_folder, path.file_name())
            && path.parent() == Some(&folder)
        {
            return Ok(self.projections_folder().unwrap_or(folder).join(name));
        }
        let added = path.clone();
        self.change::<Elsewhere>(|elsewhere| {
            if !elsewhere.files.contains(&added) {
                elsewhere.files.push(added);
            }
        })?;
        Ok(path)
    }

    /// Opens a file from elsewhere no longer. The file stays as it is.
    pub fn forget_projection(&self, path: &Path) -> Result<(), SourceError> {
        self.change::<Elsewhere>(|elsewhere| elsewhere.files.retain(|known| known != path))?;
        Ok(())
    }

    /// Begins a new one in the store's folder.
    pub fn begin_projection(&self, name: &str, source: &str) -> Result<PathBuf, SourceError> {
        let folder = self.projections_folder().ok_or(WorkspaceError::NoFolder)?;
        let name = name.trim();
        let stem = name.strip_suffix(".js").unwrap_or(name);
        let is_name = !stem.is_empty() && !stem.starts_with('.') && !stem.contains(['/', '\\', ':', '\0', '\n']);
        if !is_name || stem.len() > 200 {
            return Err(SourceError::BadName { name: name.to_owned() });
        }
        let path = folder.join(format!("{stem}.js"));
        let unwritable = |error| SourceError::Unwritable { path: path.clone(), error };
        fs::create_dir_all(&folder).map_err(unwritable)?;
        match File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(source.as_bytes()).and_then(|()| file.sync_all()).map_err(unwritable)?;
                Ok(path)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(SourceError::Exists { name: format!("{stem}.js") })
            }
            Err(error) => Err(unwritable(error)),
        }
    }
}

/// Whether a file is called like a projection of a user's own.
pub fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("js"))
}

/// The text of a projection's file.
pub fn read_source(path: &Path) -> Result<String, SourceError> {
    let unreadable = |error| SourceError::Unreadable { path: path.to_owned(), error };
    // Asked for before it is opened: a pipe would be waited for.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(SourceError::NoFile { path: path.to_owned() });
    }
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MOST_SOURCE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MOST_SOURCE {
        return Err(SourceError::TooLong { path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|_| SourceError::NotText { path: path.to_owned() })
}

/// Puts a text in the place of the one that is known to stand in the file, whole or not at all. Where something else
/// stands there by now, that is left as it is.
pub fn keep_source(path: &Path, known: &str, text: &str) -> Result<Keeping, SourceError> {
    match read_source(path) {
        Ok(there) if there == text => return Ok(Keeping::Kept),
        Ok(there) if there != known => return Ok(Keeping::Newer(there)),
        Ok(_) => {}
        // Somebody removed it; what is typed is not lost with it.
        Err(SourceError::Unreadable { error, .. }) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    write_source(path, text).map_err(|error| SourceError::Unwritable { path: path.to_owned(), error })?;
    Ok(Keeping::Kept)
}

fn write_source(path: &Path, text: &str) -> io::Result<()> {
    // What a link leads to is written, and not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".projection-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    let before = fs::metadata(&path).ok();
    if before.as_ref().is_some_and(|before| before.permissions().readonly()) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    match before {
        Some(before) => file.as_file().set_permissions(before.permissions())?,
        None => readable_by_all(file.as_file())?,
    }
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// A temporary file is its maker's alone; this one is as others are.
#[cfg(unix)]
fn readable_by_all(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Source;

    fn workspace(folder: &Path) -> Workspace {
        Workspace::in_folder(folder, &Source::parse("some.db"))
    }

    #[test]
    fn a_projection_is_begun_in_the_stores_own_folder_and_another_is_opened_from_elsewhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = workspace(&folder.path().join("workspaces"));
        assert!(kept.projections().expect("none").is_empty());
        assert!(!folder.path().join("workspaces").exists(), "looking makes nothing");
        let begun = kept.begin_projection("balance", "fromAll()").expect("begun");
        assert_eq!(begun.file_name().and_then(|name| name.to_str()), Some("balance.js"));
        assert!(matches!(kept.begin_projection("balance.js", ""), Err(SourceError::Exists { .. })));
        for bad in ["", "../out", ".hidden", "a/b", "a\nb"] {
            assert!(matches!(kept.begin_projection(bad, ""), Err(SourceError::BadName { .. })), "{bad:?}");
        }
        let other = folder.path().join("other.js");
        fs::write(&other, "fromAll()").expect("written");
        let other = kept.add_projection(&other).expect("added");
        kept.add_projection(&other).expect("once is enough");
        assert_eq!(kept.add_projection(&begun).expect("it lies there"), begun);
        assert_eq!(kept.projections().expect("both"), [begun.clone(), other.clone()]);
        kept.forget_projection(&other).expect("forgotten");
        assert_eq!(kept.projections().expect("one"), [begun]);
        assert!(other.exists());
        assert!(matches!(kept.add_projection(&folder.path().join("none.js")), Err(SourceError::Unreadable { .. })));
        assert!(matches!(kept.add_projection(folder.path()), Err(SourceError::NoFile { .. })));
    }

    #[test]
    fn what_another_program_wrote_meanwhile_is_never_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.js");
        fs::write(&path, "one").expect("written");
        assert_eq!(keep_source(&path, "one", "two").expect("kept"), Keeping::Kept);
        assert_eq!(fs::read_to_string(&path).expect("read"), "two");
        fs::write(&path, "theirs").expect("written");
        assert_eq!(keep_source(&path, "two", "three").expect("left"), Keeping::Newer("theirs".to_owned()));
        assert_eq!(fs::read_to_string(&path).expect("read"), "theirs");
        fs::remove_file(&path).expect("removed");
        assert_eq!(keep_source(&path, "theirs", "three").expect("kept"), Keeping::Kept);
        assert_eq!(fs::read_to_string(&path).expect("read"), "three");
        let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
        assert_eq!(left.len(), 1, "nothing lies beside it");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_written_keeps_its_permissions_and_a_link_stays_one() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("a.js"), folder.path().join("link.js"));
        fs::write(&path, "one").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        assert_eq!(keep_source(&link, "one", "two").expect("kept"), Keeping::Kept);
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read_to_string(&path).expect("read"), "two");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_change_is_told_from_the_files_without_reading_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = workspace(folder.path());
        let before = kept.projection_stamps(&[]);
        let path = kept.begin_projection("a", "one").expect("begun");
        let begun = kept.projection_stamps(&[]);
        assert_ne!(before, begun);
        assert_eq!(begun, kept.projection_stamps(&[]));
        fs::write(&path, "longer").expect("written");
        assert_ne!(begun, kept.projection_stamps(&[]));
    }
}
