//! A place in the place of STORE, spelled out: `show sales.db#lead-1@5` is `show sales.db lead-1 --at 5`.

use std::ffi::OsString;
use std::path::Path;

use crate::store::Link;

/// Where a command names a version, and how; the others take the store and stream of a place alone.
const VERSIONS: [(&str, &[&str]); 6] = [
    ("show", &["--at"]),
    ("blame", &["--at"]),
    ("evidence", &["--at"]),
    ("why", &["--at"]),
    ("events", &["--from", "--to"]),
    ("compensate", &["--version"]),
];

/// Commands that name a stream behind the store, and no version.
const STREAMS: [&str; 5] = ["diff", "when", "what-if", "reduce", "append"];

/// A file of that very name is that file.
pub(super) fn spelled_out(arguments: Vec<OsString>) -> Vec<OsString> {
    let spell = || {
        let command = arguments.get(1)?.to_str()?;
        let options = match VERSIONS.iter().find(|(name, _)| *name == command) {
            Some((_, options)) => *options,
            None if STREAMS.contains(&command) => &[],
            None => return None,
        };
        let typed = arguments.get(2)?.to_str().filter(|typed| !Path::new(typed).exists())?;
        let Link { stream, at, .. } = Link::parse_place(typed)?;
        let (store, _) = typed.rsplit_once('#')?;
        let mut spelled: Vec<OsString> = arguments.get(..2)?.to_vec();
        spelled.push(store.into());
        spelled.push(stream?.to_string().into());
        spelled.extend(arguments.get(3..)?.iter().cloned());
        for option in at.iter().flat_map(|_| options) {
            spelled.push((*option).into());
            spelled.push(at?.to_string().into());
        }
        Some(spelled)
    };
    spell().unwrap_or(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_store_the_stream_and_the_version() {
        for (typed, spelled) in [
            ("foldline show a.db#lead-1@5", "foldline show a.db lead-1 --at 5"),
            ("foldline show a.db#lead-1 --format json", "foldline show a.db lead-1 --format json"),
            ("foldline events a.db#lead-1@5", "foldline events a.db lead-1 --from 5 --to 5"),
            ("foldline compensate a.db#l@3 --actor k", "foldline compensate a.db l --actor k --version 3"),
            ("foldline diff a.db#lead-1 --from 1 --to 2", "foldline diff a.db lead-1 --from 1 --to 2"),
            ("foldline info a.db#lead-1", "foldline info a.db#lead-1"),
            ("foldline show a.db lead-1", "foldline show a.db lead-1"),
            ("foldline a.db#lead-1@5", "foldline a.db#lead-1@5"),
        ] {
            let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
            assert_eq!(spelled_out(words(typed)), words(spelled), "{typed}");
        }
    }
}
