//! What STORE means: a path, an address, or the sample.

use std::io::{Write, stderr};
use std::path::PathBuf;

use super::Failure;
use crate::session::sample_store;
use crate::store::{self, Flow, Reader, Source, Writer};

pub(super) fn open(name: &str) -> Result<Box<dyn Reader + Send>, Failure> {
    let reader = store::open(&source(name)?)?;
    if let Some(notice) = reader.notice() {
        let _ = writeln!(stderr(), "foldline: {notice}");
    }
    Ok(reader)
}

pub(super) fn open_for_writing(name: &str) -> Result<Box<dyn Writer + Send>, Failure> {
    Ok(store::open_for_writing(&source(name)?)?)
}

pub(super) fn source(name: &str) -> Result<Source, Failure> {
    if name == "sample" {
        return Ok(sample_store(&mut |_| Flow::Continue(()))?.into());
    }
    Ok(Source::parse(name))
}

/// Where a native store may be made: a file, and nothing behind an address.
pub(super) fn path(name: &str) -> Result<PathBuf, Failure> {
    match source(name)? {
        Source::File(path) => Ok(path),
        Source::Server(address) => {
            Err(Failure::Usage(format!("{address}: events can only be brought into a file; name one")))
        }
    }
}
