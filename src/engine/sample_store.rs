//! The sample that everyone shares, and where it is kept.

use std::fs;
use std::path::{Path, PathBuf};

use super::{EngineError, keep_long_streams};
use crate::sample::{SampleError, SampleOptions, SampleReport, generate};
use crate::store::native::{Aside, NativeStore};
use crate::store::{Flow, StoreError, data_folder};

#[derive(Debug, thiserror::Error)]
pub enum MakeSampleError {
    #[error("there is no home folder to keep the sample in; make one with `foldline sample FILE`")]
    NoHome,
    #[error(transparent)]
    Sample(#[from] SampleError),
    #[error(transparent)]
    Engine(#[from] EngineError),
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
    fs::create_dir_all(&folder).map_err(|source| StoreError::Io { path: folder, source })?;
    match write_sample(&path, &SampleOptions::default(), progress) {
        // Another program was quicker, and may have recorded something in it by now.
        Err(MakeSampleError::Store(StoreError::AlreadyThere(_))) => Ok(path),
        made => made.map(|_| path),
    }
}

/// Makes a new store and fills it. It appears when it is whole, so that nobody can record into what may still fail, and
/// never in the place of another.
pub fn write_sample(
    path: &Path,
    options: &SampleOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<SampleReport, MakeSampleError> {
    options.numbers()?;
    let (mut store, aside) = Aside::begin(path)?;
    let report = fill(&mut store, options, progress)?;
    drop(store);
    aside.place()?;
    Ok(report)
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
