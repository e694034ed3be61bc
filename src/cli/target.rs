//! What STORE means: a path, an address, or the sample.

use std::io::{Write, stderr};
use std::path::PathBuf;

use super::Failure;
use crate::session::sample_store;
use crate::store::native::NativeStore;
use crate::store::{self, Flow, Reader};

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
        return Ok(sample_store(&mut |_| Flow::Continue(()))?);
    }
    if name.contains("://") {
        let scheme = name.split("://").next().unwrap_or_default();
        return Err(Failure::Usage(format!("{scheme}: stores behind an address cannot be opened yet; name a file")));
    }
    Ok(PathBuf::from(name))
}
