//! Folders for what must be copied or unpacked before it can be read. Only this user may look inside, and what a
//! program that was killed left behind goes with the next start.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::StoreError;

const PREFIX: &str = "foldline-";

/// What stands in a user's own folder is not to be seen there.
const BESIDE: &str = ".foldline-";

/// A folder for this process alone, removed with the value.
pub(crate) fn private_folder() -> Result<TempDir, StoreError> {
    folder_in(&std::env::temp_dir(), PREFIX)
}

/// The same beside a file that is to be made, on the same disk. What programs that were killed left there goes.
pub(crate) fn private_folder_beside(path: &Path) -> Result<TempDir, StoreError> {
    let parent = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        return Err(StoreError::NoFolder(parent.to_owned()));
    }
    sweep(parent, BESIDE);
    folder_in(parent, BESIDE)
}

/// How a file is named that this process makes beside another, so that it is known for a leftover once the process has
/// ended.
pub(crate) fn prefix_beside(folder: &Path) -> String {
    sweep(folder, BESIDE);
    owner().map_or_else(|| BESIDE.to_owned(), |owner| format!("{BESIDE}{owner}-"))
}

fn folder_in(parent: &Path, prefix: &str) -> Result<TempDir, StoreError> {
    let prefix = owner().map_or_else(|| prefix.to_owned(), |owner| format!("{prefix}{owner}-"));
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent).map_err(|error| StoreError::from_io(parent, error))
}

/// A new file in a private folder; other users may not read it whatever the umask says.
pub(crate) fn private_file(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Removes the folders of programs that ended without doing so. To be called once at the start.
pub fn sweep_leftovers() {
    sweep(&std::env::temp_dir(), PREFIX);
}

fn sweep(folder: &Path, prefix: &str) {
    let Some((me, namespace)) = owner().zip(namespace()) else { return };
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(prefix)) else { continue };
        let words: Vec<&str> = rest.split('-').collect();
        let [of_namespace, pid, started, _] = words.as_slice() else { continue };
        let is_mine = rest.starts_with(&me);
        // A process of another namespace cannot be seen from here, so nothing is known of its end.
        if is_mine || *of_namespace != namespace || started_at(pid).as_deref() == Some(*started) {
            continue;
        }
        let removed = match entry.file_type() {
            Ok(kind) if kind.is_dir() => fs::remove_dir_all(entry.path()),
            Ok(kind) if kind.is_file() => fs::remove_file(entry.path()),
            _ => Ok(()),
        };
        if let Err(error) = removed {
            tracing::debug!(leftover = %entry.path().display(), %error, "a leftover stays");
        }
    }
}

/// Tells this process from every other, those that get its number later too; `None` where that cannot be told.
fn owner() -> Option<String> {
    let pid = std::process::id().to_string();
    Some(format!("{}-{pid}-{}", namespace()?, started_at(&pid)?))
}

/// The namespace in which process numbers mean something: `pid:[4026531836]`, by its number.
fn namespace() -> Option<String> {
    let link = fs::read_link("/proc/self/ns/pid").ok()?;
    let digits: String = link.to_str()?.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

/// When a running process began, in ticks since the machine did; `None` where there is no such process.
fn started_at(pid: &str) -> Option<String> {
    if !pid.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second word is the program's name in brackets, which may hold anything; the start is the 22nd.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_a_process_that_ended_is_swept_and_that_of_one_that_runs_is_not() {
        let mine = private_folder().unwrap();
        let namespace = namespace().unwrap();
        let of_another = |pid: u32, started: &str| {
            let folder = std::env::temp_dir().join(format!("{PREFIX}{namespace}-{pid}-{started}-test"));
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("copy.db"), "x").unwrap();
            folder
        };
        let parent = std::os::unix::process::parent_id();
        let running = of_another(parent, &started_at(&parent.to_string()).unwrap());
        let ended = of_another(parent, "1");
        sweep_leftovers();
        assert!(mine.path().exists() && running.exists() && !ended.exists());
        fs::remove_dir_all(running).unwrap();
    }
}
