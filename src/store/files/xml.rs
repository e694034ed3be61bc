//! What the readers of XML share: text in the encoding that a file declares, and values that are never empty merely
//! because they could not be read.

use std::io::{self, BufRead, Read};
use std::path::Path;

use quick_xml::encoding::EncodingError;
use quick_xml::escape::{EscapeError, resolve_predefined_entity};
use quick_xml::events::{BytesRef, BytesStart};
use quick_xml::{Error, XmlVersion};

use super::flaw::{LineFlaw, Unread};
use crate::store::StoreError;

/// What windows-1252 has where Latin-1 has control characters. Five places are empty there, and stay what they are.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The file's text as UTF-8, whichever encoding it declares.
pub(super) fn as_utf8<'r>(path: &Path, mut input: impl BufRead + 'r) -> Result<Box<dyn BufRead + 'r>, StoreError> {
    let failed = |error| StoreError::not_events(path, Unread::Byte { byte: 0, flaw: LineFlaw::of_io(&error) });
    let beginning = input.fill_buf().map_err(failed)?;
    // Behind a mark that says UTF-8 itself, nothing else is asked.
    let declared = declared_encoding(beginning).unwrap_or_default().to_ascii_lowercase();
    let is_windows = match declared.as_str() {
        "" | "utf-8" | "utf8" | "us-ascii" | "ascii" => return Ok(Box::new(input)),
        "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "latin-1" => false,
        "windows-1252" | "cp1252" | "cp-1252" => true,
        _ => return Err(StoreError::not_events(path, Unread::Whole(LineFlaw::OtherEncoding(declared.into())))),
    };
    Ok(Box::new(OneByteLetters { input, is_windows, text: String::new(), taken: 0 }))
}

fn declared_encoding(beginning: &[u8]) -> Option<String> {
    let head = beginning.trim_ascii_start().strip_prefix(b"<?xml")?;
    let head = String::from_utf8_lossy(head.get(..memchr::memmem::find(head, b"?>")?)?).into_owned();
    let (_, value) = head.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|mark| ['"', '\''].contains(mark))?;
    value.get(1..)?.split_once(quote).map(|(name, _)| name.trim().to_owned())
}

/// Text of which each byte is a letter, read as UTF-8.
struct OneByteLetters<R> {
    input: R,
    is_windows: bool,
    text: String,
    taken: usize,
}

impl<R: BufRead> BufRead for OneByteLetters<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken >= self.text.len() {
            let bytes = self.input.fill_buf()?;
            let is_windows = self.is_windows;
            let letter = |byte: &u8| match WINDOWS.get(usize::from(byte.wrapping_sub(0x80))) {
                Some(letter) if is_windows => *letter,
                _ => char::from(*byte),
            };
            self.text.clear();
            self.text.extend(bytes.iter().map(letter));
            self.taken = 0;
            let count = bytes.len();
            self.input.consume(count);
        }
        Ok(self.text.as_bytes().get(self.taken..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.taken += count;
    }
}

impl<R: BufRead> Read for OneByteLetters<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

pub(super) fn xml_flaw(error: &Error) -> LineFlaw {
    match error {
        Error::Io(error) => LineFlaw::of_io(error),
        Error::Encoding(_) => LineFlaw::NotUtf8,
        Error::Escape(EscapeError::UnrecognizedEntity(_, name)) => LineFlaw::UnknownEntity(name.as_str().into()),
        other => LineFlaw::Said(other.to_string().into()),
    }
}

pub(super) fn not_utf8(_: EncodingError) -> LineFlaw {
    LineFlaw::NotUtf8
}

/// An attribute of an element; `None` where it has none of that name.
pub(super) fn attribute_text(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, LineFlaw> {
    let read = || match tag.try_get_attribute(name)? {
        Some(found) => Ok(Some(found.normalized_value(XmlVersion::Explicit1_0)?.into_owned())),
        None => Ok(None),
    };
    read().map_err(|error: Error| xml_flaw(&error))
}

/// What `&…;` stands for. What a file defines itself is not looked up: it may be without end, or in another file.
pub(super) fn entity_text(entity: &BytesRef<'_>) -> Result<String, LineFlaw> {
    if let Some(letter) = entity.resolve_char_ref().map_err(|error| xml_flaw(&error))? {
        return Ok(letter.into());
    }
    let name = entity.decode().map_err(not_utf8)?;
    match resolve_predefined_entity(&name) {
        Some(text) => Ok(text.to_owned()),
        None => Err(LineFlaw::UnknownEntity(name.as_ref().into())),
    }
}
