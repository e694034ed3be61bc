//! The only way to print. A store holds what strangers wrote, and a terminal obeys what it is sent: whatever is meant
//! for a person goes through one place that shows control letters instead of sending them.
//!
//! A command gets an [`Output`] and asks it for a writer by what it will write: text, JSON or data.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use crate::event::visible::{is_harmless, is_hidden, push_visible, visible, visible_on_line};
use crate::store::Source;

/// Standard output. It is no writer itself, so that nothing is printed without saying what it is.
pub(super) struct Output {
    out: Held,
    is_terminal: bool,
}

/// So much is held back before the first byte goes out: what is not out yet can be taken back.
const HELD: usize = 64 << 10;

struct Held {
    out: Box<dyn Write>,
    bytes: Vec<u8>,
    has_printed: bool,
}

impl Held {
    fn new(out: Box<dyn Write>) -> Self {
        Self { out, bytes: Vec::new(), has_printed: false }
    }

    fn release(&mut self) -> io::Result<()> {
        self.has_printed |= !self.bytes.is_empty();
        let bytes = std::mem::take(&mut self.bytes);
        self.out.write_all(&bytes)
    }
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend(bytes);
        if self.bytes.len() > HELD {
            self.release()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.release()?;
        self.out.flush()
    }
}

impl Output {
    #[allow(clippy::disallowed_methods, reason = "the one place that may")]
    pub(super) fn stdout() -> Self {
        let out = io::stdout();
        Self { is_terminal: out.is_terminal(), out: Held::new(Box::new(out.lock())) }
    }

    #[cfg(test)]
    pub(super) fn nowhere() -> Self {
        Self { out: Held::new(Box::new(io::sink())), is_terminal: false }
    }

    /// How many letters fit on a line; `None` where a program reads them.
    pub(super) fn line_width(&self) -> Option<usize> {
        let size = if self.is_terminal { terminal_size::terminal_size() } else { None };
        size.map(|(terminal_size::Width(width), _)| usize::from(width))
    }

    /// Something went out that cannot be taken back.
    pub(super) fn has_printed(&self) -> bool {
        self.out.has_printed
    }

    /// Takes back what has not gone out yet.
    pub(super) fn discard(&mut self) {
        self.out.bytes.clear();
    }

    /// For people: every letter that steers a terminal, or that cannot be seen, is shown by its number.
    pub(super) fn text(&mut self) -> Cleaned<'_> {
        self.cleaned(Way::Shown)
    }

    /// One line for people, in which a line break is shown as well: what a store holds makes no line of its own.
    pub(super) fn line(&mut self, line: impl Display) -> io::Result<()> {
        let line = visible_on_line(&line.to_string());
        writeln!(self.text(), "{line}")
    }

    /// For programs, and harmless in a terminal: the same letters are escaped as JSON has it, which changes no value.
    pub(super) fn json(&mut self) -> Cleaned<'_> {
        self.cleaned(Way::Json)
    }

    /// Byte for byte into a file or a pipe; cleaned where it would meet a terminal.
    pub(super) fn data(&mut self) -> Cleaned<'_> {
        self.data_in(Way::Shown)
    }

    /// The same of JSON.
    pub(super) fn json_data(&mut self) -> Cleaned<'_> {
        self.data_in(Way::Json)
    }

    fn data_in(&mut self, way_to_terminal: Way) -> Cleaned<'_> {
        let way = if self.is_terminal { way_to_terminal } else { Way::AsIs };
        self.cleaned(way)
    }

    fn cleaned(&mut self, way: Way) -> Cleaned<'_> {
        Cleaned { out: &mut self.out, way, rest: Vec::new() }
    }

    /// Nothing more is printed, and nothing that could not be is tried again.
    pub(super) fn close(&mut self) {
        self.out = Held::new(Box::new(io::sink()));
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Shown,
    Json,
    AsIs,
}

/// A writer that cleans what passes.
pub(super) struct Cleaned<'o> {
    out: &'o mut Held,
    way: Way,
    /// The beginning of a letter whose end comes with the next piece.
    rest: Vec<u8>,
}

impl Cleaned<'_> {
    fn clean(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut text = String::with_capacity(bytes.len() + 16);
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            chunk.valid().chars().for_each(|letter| self.push(&mut text, letter));
            match chunk.invalid() {
                [] => {}
                cut if chunks.peek().is_none() && cut.len() < 4 => self.rest = cut.to_vec(),
                _ => text.push(char::REPLACEMENT_CHARACTER),
            }
        }
        self.out.write_all(text.as_bytes())
    }

    fn push(&self, text: &mut String, letter: char) {
        match self.way {
            Way::Json if is_hidden(letter) => {
                letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
            }
            Way::Shown => push_visible(text, letter),
            _ => text.push(letter),
        }
    }
}

impl Write for Cleaned<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.way == Way::AsIs || self.rest.is_empty() && is_harmless(bytes) {
            self.out.write_all(bytes)?;
        } else {
            let mut all = std::mem::take(&mut self.rest);
            all.extend(bytes);
            self.clean(&all)?;
        }
        Ok(bytes.len())
    }

    /// Only the output itself goes out, with all that it holds.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Cleaned<'_> {
    fn drop(&mut self) {
        if !self.rest.is_empty() {
            let _ = self.out.write_all(char::REPLACEMENT_CHARACTER.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// The arguments that hold a password, and how they may be shown.
static SECRETS: OnceLock<Vec<(String, String)>> = OnceLock::new();

/// To be told before anything is printed: no message repeats a password that was typed, whoever words it.
pub(super) fn keep_secret(arguments: &[OsString]) {
    let typed = arguments.iter().filter_map(|argument| argument.to_str());
    let secrets = typed.filter_map(|typed| match Source::parse(typed) {
        Source::Server(address) if address.as_str() != typed => Some((typed.to_owned(), address.to_string())),
        _ => None,
    });
    let _ = SECRETS.set(secrets.collect());
}

fn without_secrets(mut text: String) -> String {
    for (typed, shown) in SECRETS.get().into_iter().flatten() {
        if text.contains(typed.as_str()) {
            text = text.replace(typed.as_str(), shown);
        }
    }
    text
}

/// Says something to whoever ran the program, on one line whatever a store's names hold; where nobody can hear it,
/// nothing is lost but the message.
pub fn message(text: impl Display) {
    message_above(text, "");
}

/// The same, with lines of the program's own making below it.
pub(super) fn message_above(text: impl Display, below: &str) {
    let line = visible_on_line(without_secrets(text.to_string()).trim_end());
    print_message(&format!("foldline: {line}{below}\n"));
}

#[allow(clippy::disallowed_methods, reason = "the one place that may")]
pub(super) fn print_message(text: &str) {
    let _ = io::stderr().lock().write_all(visible(&without_secrets(text.to_owned())).as_bytes());
}

/// Whether messages are read by somebody as they come.
#[allow(clippy::disallowed_methods, reason = "the one place that may")]
pub(super) fn messages_are_watched() -> bool {
    io::stderr().is_terminal()
}

/// One line that is written over until it is cleared by an empty one. The text is the program's own.
#[allow(clippy::disallowed_methods, reason = "the one place that may")]
pub(super) fn status(text: &str) {
    let _ = write!(io::stderr(), "\r\x1b[K{}", visible(text));
}

/// Where the log goes.
pub(super) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        print_message(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printed(is_terminal: bool, print: impl FnOnce(&mut Output)) -> Vec<u8> {
        let page = Page::default();
        let mut out = Output { out: Held::new(Box::new(page.clone())), is_terminal };
        print(&mut out);
        out.flush().unwrap();
        let bytes = page.0.lock().unwrap();
        bytes.clone()
    }

    const HOSTILE: &str = "a\u{1b}[2J\u{9b}31m\u{202e}b\u{200b}\u{7}\u{7f}한\u{e0041}\r\n";

    #[test]
    fn text_shows_what_steers_a_terminal_in_any_pieces() {
        let expected = "a\\u{1b}[2J\\u{9b}31m\\u{202e}b\\u{200b}\\u{7}\\u{7f}한\\u{e0041}\\u{d}\n";
        for size in 1..HOSTILE.len() {
            let bytes = printed(false, |out| {
                let mut text = out.text();
                HOSTILE.as_bytes().chunks(size).for_each(|piece| text.write_all(piece).unwrap());
            });
            assert_eq!(String::from_utf8(bytes).unwrap(), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn json_stays_the_same_value() {
        let bytes = printed(true, |out| serde_json::to_writer(out.json(), HOSTILE).unwrap());
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.chars().any(is_hidden), "{text:?}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), HOSTILE);
    }

    #[test]
    fn data_is_cleaned_for_a_terminal_alone() {
        let write = |out: &mut Output| out.data().write_all(HOSTILE.as_bytes()).unwrap();
        assert_eq!(printed(false, write), HOSTILE.as_bytes());
        let text = String::from_utf8(printed(true, write)).unwrap();
        assert!(!text.chars().any(is_hidden), "{text:?}");
        let write = |out: &mut Output| serde_json::to_writer(out.json_data(), HOSTILE).unwrap();
        let text = String::from_utf8(printed(true, write)).unwrap();
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), HOSTILE);
        assert_eq!(String::from_utf8(printed(false, write)).unwrap(), serde_json::to_string(HOSTILE).unwrap());
    }

    #[test]
    fn what_a_message_repeats_makes_no_line_of_its_own() {
        assert_eq!(visible_on_line("a\nfoldline: b\r\u{1b}[2J"), "a\\u{a}foldline: b\\u{d}\\u{1b}[2J");
    }

    #[test]
    fn bytes_that_are_no_text_do_not_reach_a_terminal() {
        let bytes = printed(true, |out| out.data().write_all(b"a\x9bb\xff\xe2\x80").unwrap());
        assert_eq!(String::from_utf8(bytes).unwrap(), "a\u{fffd}b\u{fffd}\u{fffd}");
    }
}
