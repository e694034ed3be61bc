//! The sample that everyone shares, and where it is kept.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::{SessionError, keep_long_streams};
use crate::sample::{SampleError, SampleOptions, SampleReport, generate};
use crate::store::native::NativeStore;
use crate::store::{Flow, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum MakeSampleError {
    #[error("there is no home folder to keep the sample in; make one with `foldline sample FILE`")]
    NoHome,
    #[error(transparent)]
    Sample(#[from] SampleError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The path of the shared sample: made at its first use and then kept, with what the user appended to it.
pub fn sample_store(progress: &mut dyn FnMut(u64) -> Flow) -> Result<PathBuf, MakeSampleError> {
    let folder = data_folder().ok_or(MakeSampleError::NoHome)?;
    let path = folder.join("sample.db");
    if path.exists() {
        return Ok(path);
    }
    fs::create_dir_all(&folder).map_err(|source| StoreError::Io { path: folder.clone(), source })?;
    // Made aside and moved when whole: an interrupted first use must not leave half a sample.
    let unfinished = tempfile::TempDir::new_in(&folder).map_err(|source| StoreError::Io { path: folder, source })?;
    let made = unfinished.path().join("sample.db");
    write_sample(&made, &SampleOptions::default(), progress)?;
    fs::rename(&made, &path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
    Ok(path)
}

/// Makes a new store and fills it.
pub fn write_sample(
    path: &Path,
    options: &SampleOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<SampleReport, MakeSampleError> {
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
) -> Result<SampleReport, MakeSampleError> {
    let report = generate(store, options, progress)?;
    keep_long_streams(store);
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
