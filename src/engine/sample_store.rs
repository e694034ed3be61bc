//! The sample that everyone shares, and where it is kept.

use std::fs;
use std::path::{Path, PathBuf};

use super::{EngineError, keep_long_streams};
use crate::replay::ProjectionRef;
pub use crate::sample::SampleDomain;
use crate::sample::{SampleError, SampleOptions, SampleReport, generate};
use crate::script::{Bundled, Script, ScriptProjection};
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

/// What the shared sample of a domain is called in the data folder.
fn file_name(domain: SampleDomain) -> String {
    match domain {
        SampleDomain::Sales => "sample.db".to_owned(),
        other => format!("sample-{}.db", other.name()),
    }
}

/// The path of a domain's shared sample: made at its first use and then kept, with what the user appended to it.
pub fn sample_store(domain: SampleDomain, progress: &mut dyn FnMut(u64) -> Flow) -> Result<PathBuf, MakeSampleError> {
    sample_store_in(&data_folder().ok_or(MakeSampleError::NoHome)?, domain, progress)
}

/// The same in a folder of one's own.
pub fn sample_store_in(
    folder: &Path,
    domain: SampleDomain,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<PathBuf, MakeSampleError> {
    let path = folder.join(file_name(domain));
    if path.exists() {
        return Ok(path);
    }
    fs::create_dir_all(folder).map_err(|source| StoreError::Io { path: folder.to_owned(), source })?;
    match write_sample(&path, &SampleOptions { domain, ..SampleOptions::default() }, progress) {
        // Another program was quicker, and may have recorded something in it by now.
        Err(MakeSampleError::Store(StoreError::AlreadyThere(_))) => Ok(path),
        made => made.map(|_| path),
    }
}

/// Of which domain the shared sample is that lies at this path.
pub fn sample_domain_at(path: &Path) -> Option<SampleDomain> {
    let name = path.file_name()?;
    SampleDomain::ALL.into_iter().find(|domain| *name == *file_name(*domain))
}

/// The projection of this name that comes with the program, where streams can be shown under it.
pub fn bundled_projection(name: &str) -> Option<ProjectionRef> {
    let script = Bundled::find(name).and_then(|bundled| Script::read(bundled.name, bundled.source).ok());
    script.as_ref().and_then(ScriptProjection::of).map(ProjectionRef::new)
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
    let report = fill_sample(&mut store, options, progress)?;
    drop(store);
    aside.place()?;
    Ok(report)
}

/// Fills a store that was just made.
pub fn fill_sample(
    store: &mut NativeStore,
    options: &SampleOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<SampleReport, MakeSampleError> {
    let report = generate(store, options, progress)?;
    keep_long_streams(store);
    Ok(report)
}
