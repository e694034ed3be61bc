use std::fmt;

use crate::event::{StreamId, Version};
use crate::store::{Source, unescaped};

/// What a link begins with; the desktop opens such links with this program.
const SCHEME: &str = "foldline:";

/// An address of a store, of a stream in it and of a version of that, to be sent to somebody:
/// `foldline:/home/kim/sales.db?stream=lead-1&at=5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub source: Source,
    pub stream: Option<StreamId>,
    pub at: Option<Version>,
}

impl Link {
    /// `None` for what is no link, or says something that this program does not know.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_at_checked(SCHEME.len())?;
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return None;
        }
        let (store, asked) = rest.split_once('?').unwrap_or((rest, ""));
        let store = plain(store)?;
        let mut link = Self { source: Source::parse(&store), stream: None, at: None };
        for pair in asked.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=')?;
            let value = plain(value)?;
            match name {
                "stream" => link.stream = Some(StreamId::from(value.as_str())),
                "at" => link.at = Some(Version(value.parse().ok()?)),
                _ => return None,
            }
        }
        (!store.is_empty()).then_some(link)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", escaped(&self.source.absolute_name()))?;
        if let Some(stream) = &self.stream {
            write!(f, "?stream={}", escaped(stream.as_str()))?;
        }
        if let Some(at) = self.at {
            write!(f, "{}at={at}", if self.stream.is_some() { '&' } else { '?' })?;
        }
        Ok(())
    }
}

/// Only what no program between here and there takes for something else is left as it is.
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:@".contains(&byte) {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02X}"));
        }
    }
    written
}

/// Whether it names a file by its machine, as `\\\\machine\\share\\file` does on Windows: looking whether that is there
/// already hands one's name and a proof of one's password to that machine.
pub fn leads_to_other_machine(source: &Source) -> bool {
    let is_slash = |letter: Option<char>| matches!(letter, Some('/' | '\\'));
    source.path().is_some_and(|path| {
        let name = path.to_string_lossy();
        let mut letters = name.trim_start().chars();
        is_slash(letters.next()) && is_slash(letters.next())
    })
}

fn plain(text: &str) -> Option<String> {
    String::from_utf8(unescaped(text)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_as_it_was_written() {
        for (store, stream) in [
            ("/home/kim/sales.db", "lead-1"),
            ("/tmp/한글 100%?&#.db", "a b/c&d=e%20"),
            ("postgres://crm@db:5432/sales?sslmode=require&schema=a", "lead-1"),
        ] {
            let link =
                Link { source: Source::parse(store), stream: Some(StreamId::from(stream)), at: Some(Version(5)) };
            let text = link.to_string();
            assert!(!text.contains([' ', '#', '\'']), "{text}");
            assert_eq!(Link::parse(&text), Some(link), "{text}");
        }
        let whole = Link::parse("foldline:/a.db").map(|link| (link.stream, link.at));
        assert_eq!(whole, Some((None, None)));
    }

    #[test]
    fn a_file_on_another_machine_is_told_from_one_of_this() {
        for other in
            [r"\\machine\share\a.db", "//machine/share/a.db", r"\/machine\a.db", r"\\%3F\UNC\machine\share\a.db"]
        {
            let link = Link::parse(&format!("foldline:{other}")).expect("a link");
            assert!(leads_to_other_machine(&link.source), "{other}");
        }
        for own in [r"C:\data\a.db", "/home/kim/a.db", "a.db", r"\a.db", "postgres://db/sales"] {
            assert!(!leads_to_other_machine(&Source::parse(own)), "{own}");
        }
    }

    #[test]
    fn what_is_no_link_is_not_taken_for_one() {
        for text in [
            "",
            "foldline:",
            "sales.db",
            "foldline:/a.db?at=x",
            "foldline:/a.db?run=rm",
            "foldline:/a%zz",
            "foldline:/a%+1",
        ] {
            assert_eq!(Link::parse(text), None, "{text}");
        }
    }
}
