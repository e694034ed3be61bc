//! Streams as they stood, in a file of Parquet.

use std::io::BufWriter;
use std::path::Path;

use crate::engine::{unless_unreadable, write_parquet};
use crate::index::{AsOf, Place};
use crate::store::StoreError;
use crate::store::files::{ExportError, ExportTarget};

/// Writes these rows, with these fields.
pub(super) fn write(target: ExportTarget, as_of: &AsOf, places: &[Place], paths: &[String]) -> Result<(), ExportError> {
    let path = target.name().to_owned();
    let failed = |source| ExportError::Store(StoreError::from_io(&path, source));
    target.write(
        |file| {
            write_parquet(BufWriter::new(file), as_of, places, paths, &mut |_| false).map_err(failed)?;
            Ok(unless_unreadable(as_of)?)
        },
        failed,
    )
}

/// Whether a file is to be one by its name.
pub(super) fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"))
}
