use std::fmt;

use super::{Source, unescaped};
use crate::event::{StreamId, Version};

/// What a link begins with; the desktop opens such links with this program.
const SCHEME: &str = "foldline:";

/// Between the store and the stream of a place: `sales.db#lead-1@5`.
const PLACE: char = '#';

/// An address of a store, of a stream in it and of a version of that, to be sent to somebody:
/// `foldline:/home/kim/sales.db?stream=lead-1&at=5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub source: Source,
    pub stream: Option<StreamId>,
    pub at: Option<Version>,
}

impl Link {
    /// A link, or a place as people write it; `None` for what is neither, or says something that this program does not
    /// know.
    pub fn read(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::parse_place(text))
    }

    /// `STORE#STREAM` or `STORE#STREAM@VERSION`. Nothing of it is escaped; a store with a `#` in its name is told from its
    /// stream by the last one.
    pub fn parse_place(text: &str) -> Option<Self> {
        let (store, place) = text.trim().rsplit_once(PLACE)?;
        let (stream, at) = place_in_store(place)?;
        (!store.is_empty()).then(|| Self { source: Source::parse(store), stream: Some(stream), at })
    }

    /// The place, for whoever reads or types it.
    pub fn place(&self) -> String {
        let Self { source, stream, at } = self;
        let stream = stream.as_ref().map_or_else(String::new, |stream| format!("{PLACE}{stream}"));
        let at = at.map_or_else(String::new, |at| format!("@{at}"));
        format!("{}{stream}{at}", source.absolute_name())
    }

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

/// A stream, and a version of it where one is named: `lead-1@5`. Also with the mark before it that would part it from its
/// store.
pub fn place_in_store(text: &str) -> Option<(StreamId, Option<Version>)> {
    let text = text.trim().trim_start_matches(PLACE);
    let version = |digits: &str| digits.strip_prefix('v').unwrap_or(digits).parse().ok().map(Version);
    let (stream, at) = match text.rsplit_once('@') {
        Some((stream, digits)) if version(digits).is_some() => (stream, version(digits)),
        _ => (text, None),
    };
    (!stream.is_empty()).then(|| (StreamId::from(stream), at))
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
    fn a_place_is_read_as_it_was_written_and_like_the_link_to_it() {
        for (store, stream, at) in [
            ("/home/kim/sales.db", "lead-1", Some(Version(5))),
            ("/home/kim/sales #2.db", "주문@서울", Some(Version(0))),
            ("/home/kim/sales.db", "kim@home", None),
            ("postgres://crm@db:5432/sales?schema=a", "lead-1", Some(Version(5))),
        ] {
            let link = Link { source: Source::parse(store), stream: Some(StreamId::from(stream)), at };
            assert_eq!(Link::read(&link.place()), Some(link.clone()), "{}", link.place());
            assert_eq!(Link::read(&link.to_string()), Some(link));
        }
        let typed = Link::read(" sales.db#lead-1@v5 ").expect("a place");
        assert_eq!((typed.source, typed.at), (Source::parse("sales.db"), Some(Version(5))));
        for text in ["sales.db", "#lead-1", "sales.db#", "sales.db#@5", ""] {
            assert_eq!(Link::parse_place(text), None, "{text}");
        }
        assert_eq!(place_in_store("#lead-1@5"), Some((StreamId::from("lead-1"), Some(Version(5)))));
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
