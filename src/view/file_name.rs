//! The name of a file that is to be written, and the format that it promises.

use std::path::Path;

use crate::engine::{RowsFormat, TrailForm};
use crate::store::files::FileFormat;

/// A name that promises another format than the one that is written ends as that one does. What promises none stays.
pub(super) fn end_as(name: &mut String, extension: &str) {
    let path = Path::new(name.trim());
    if promised(path).is_some_and(|promised| promised != extension) {
        *name = path.with_extension(extension).display().to_string();
    }
}

/// How new names end of the format that this one promises, whatever is written in it.
fn promised(path: &Path) -> Option<&'static str> {
    let events = FileFormat::from_extension(path).map(FileFormat::extension);
    let told = || TrailForm::from_extension(path).map(TrailForm::extension);
    let rows = || RowsFormat::from_extension(path).map(RowsFormat::extension);
    events.or_else(told).or_else(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_promises_another_format_ends_as_the_one_that_is_written() {
        for (name, extension, expected) in [
            ("/a b/rows.parquet", "csv", "/a b/rows.csv"),
            (" rows.csv ", "parquet", "rows.parquet"),
            ("of.march.json", "csv", "of.march.csv"),
            ("page.htm", "jsonl", "page.jsonl"),
            ("page.htm", "html", "page.htm"),
            ("rows.NDJSON", "jsonl", "rows.NDJSON"),
            ("rows.txt", "csv", "rows.txt"),
            ("rows", "csv", "rows"),
            ("", "csv", ""),
        ] {
            let mut ended = name.to_owned();
            end_as(&mut ended, extension);
            assert_eq!(ended, expected, "{name} as {extension}");
        }
    }
}
