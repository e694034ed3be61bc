//! What STORE means: a path, an address, or the sample.

use std::env;
use std::fs;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::sample::{SampleOptions, SampleReport, generate};
use crate::session::keep_long_streams;
use crate::store::native::NativeStore;
use crate::store::{self, Flow, Reader, StoreError};

pub(super) fn open(name: &str) -> Result<Box<dyn Reader + Send>, Failure> {
    let reader = store::open(&path(name)?)?;
    if let Some(notice) = reader.notice() {
        let _ = writeln!(stderr(), "foldline: {notice}");
    }
    Ok(reader)
}

pub(super) fn open_for_writing(name: &str) -> Result<NativeStore, Failure> {
    Ok(store::open_for_writing(&path(name)?)?)
}

pub(super) fn path(name: &str) -> Result<PathBuf, Failure> {
    if name == "sample" {
        return sample_store();
    }
    if name.contains("://") {
        let scheme = name.split("://").next().unwrap_or_default();
        return Err(Failure::Usage(format!("{scheme}: stores behind an address cannot be opened yet; name a file")));
    }
    Ok(PathBuf::from(name))
}

/// The sample that everyone shares, made at its first use and then kept, with what the user appended to it.
fn sample_store() -> Result<PathBuf, Failure> {
    let folder = data_folder().ok_or_else(|| {
        Failure::Usage("there is no home folder to keep the sample in; make one with `foldline sample FILE`".to_owned())
    })?;
    let path = folder.join("sample.db");
    if path.exists() {
        return Ok(path);
    }
    fs::create_dir_all(&folder).map_err(|source| StoreError::Io { path: folder.clone(), source })?;
    // Made aside and moved when whole: an interrupted first use must not leave half a sample.
    let unfinished = tempfile::TempDir::new_in(&folder).map_err(|source| StoreError::Io { path: folder, source })?;
    let made = unfinished.path().join("sample.db");
    write_sample(&made, &SampleOptions::default(), &mut |_| Flow::Continue(()))?;
    fs::rename(&made, &path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
    Ok(path)
}

/// Makes a new store and fills it.
pub(super) fn write_sample(
    path: &Path,
    options: &SampleOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<SampleReport, Failure> {
    // Asked before a file is made that would then stay empty.
    options.numbers()?;
    let mut store = NativeStore::create(path)?;
    let made = fill(&mut store, options, progress);
    drop(store);
    if made.is_err() {
        let _ = fs::remove_file(path);
    }
    made
}

fn fill(
    store: &mut NativeStore,
    options: &SampleOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<SampleReport, Failure> {
    let report = generate(store, options, progress)?;
    keep_long_streams(store)?;
    Ok(report)
}

/// Where programs keep what they made themselves, by the custom of each system.
fn data_folder() -> Option<PathBuf> {
    let named = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        named("LOCALAPPDATA")?
    } else if cfg!(target_os = "macos") {
        named("HOME")?.join("Library/Application Support")
    } else {
        named("XDG_DATA_HOME").or_else(|| Some(named("HOME")?.join(".local/share")))?
    };
    Some(base.join("foldline"))
}
