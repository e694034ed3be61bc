//! A place in the place of STORE, spelled out: `show sales.db#lead-1@5` is `show sales.db lead-1 --at 5`.

use std::ffi::OsString;
use std::path::Path;

use crate::store::Link;

/// Where a command names a version, and how; the others take the store and stream of a place alone.
const VERSIONS: [(&str, &[&str]); 7] = [
    ("show", &["--at"]),
    ("blame", &["--at"]),
    ("trace", &["--at"]),
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

/// An expression that begins with a minus is no option: a blank before it says so to whoever reads the options, and
/// nothing to the expression.
pub(super) fn with_expressions(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if !arguments.get(1).is_some_and(|command| command == "when" || command == "reduce") {
        return arguments;
    }
    let takes_a_value = |option: &OsString| {
        let option = option.as_encoded_bytes();
        option.starts_with(b"--") && !option.contains(&b'=') && !FLAGS.iter().any(|flag| flag.as_bytes() == option)
    };
    for place in 2..arguments.len() {
        let Some(typed) = arguments.get(place).and_then(|typed| typed.to_str()) else { continue };
        if typed == "--" {
            break;
        }
        let is_expression = typed.len() > 2 && typed.starts_with('-') && !typed.starts_with("--");
        if is_expression && !arguments.get(place - 1).is_some_and(takes_a_value) {
            let blank = format!(" {typed}");
            if let Some(argument) = arguments.get_mut(place) {
                *argument = blank.into();
            }
        }
    }
    arguments
}

/// Options of these commands that take no value.
const FLAGS: [&str; 3] = ["--rule", "--by-the-rules", "--force"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_may_begin_with_a_minus() {
        for (typed, spelled) in [
            ("foldline when a.db lead-1 -contacts<0", "foldline when a.db lead-1 | -contacts<0"),
            ("foldline when --category lead a.db -h>0", "foldline when --category lead a.db | -h>0"),
            ("foldline reduce a.db l --force -x<0", "foldline reduce a.db l --force | -x<0"),
            ("foldline reduce a.db l --finding -10", "foldline reduce a.db l --finding -10"),
            ("foldline when -h", "foldline when -h"),
            ("foldline when a.db l -- -x<0", "foldline when a.db l -- -x<0"),
            ("foldline show a.db -x<0", "foldline show a.db -x<0"),
        ] {
            let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
            let spelled = words(&spelled.replace("| ", "|"));
            let spelled: Vec<OsString> =
                spelled.iter().map(|word| word.to_string_lossy().replace('|', " ").into()).collect();
            assert_eq!(with_expressions(words(typed)), spelled, "{typed}");
        }
    }

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
