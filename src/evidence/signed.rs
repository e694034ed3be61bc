//! The signature behind the pages: a signed note about every byte ahead of it, written so that the form takes it for a
//! remark.

use std::ops::Range;

use memchr::memmem;

use super::document::Document;
use super::html::unescaped;
use super::{Drawn, Form, draw};
use crate::proof::{Hash, Note, PublicKey, SigningKey};

/// What the note is of, and the name that its key signs under.
const NAME: &str = "foldline/evidence";

/// The whole file: the pages with their data, signed.
pub fn write(document: &Document, form: Form, key: &SigningKey) -> Vec<u8> {
    let Drawn { mut bytes, data } = draw(document, form);
    let (hash, public) = (Hash::of(&bytes), key.public());
    let text = format!("{NAME}\n{} {hash}\n{} {}\nkey {public}\n", bytes.len(), data.start, data.end);
    bytes.extend(remark(form, &Note::sign(text, NAME, key).write()).into_bytes());
    bytes
}

/// A note as a remark of the form.
fn remark(form: Form, note: &str) -> String {
    match form {
        Form::Html => format!("<!--\n{note}-->\n"),
        Form::Pdf => note.lines().flat_map(|line| ["%", line, "\n"]).collect(),
    }
}

/// What the remark says of the bytes ahead of it.
pub(super) struct Signed {
    pub(super) form: Form,
    /// Where it stands, which is where the pages end.
    pub(super) at: usize,
    note: Note,
    length: usize,
    hash: Hash,
    data: Range<usize>,
    pub(super) key: PublicKey,
}

pub(super) enum NotSigned {
    /// There is no remark.
    Missing,
    /// There is one that says nothing.
    Broken,
}

impl Signed {
    /// The last remark of a file, which must end it.
    pub(super) fn find(file: &[u8]) -> Result<Self, NotSigned> {
        let begins = [(Form::Html, format!("<!--\n{NAME}\n")), (Form::Pdf, format!("%{NAME}\n"))];
        let found = begins.iter().filter_map(|(form, begin)| Some((memmem::rfind(file, begin.as_bytes())?, *form)));
        let (at, form) = found.max_by_key(|(at, _)| *at).ok_or(NotSigned::Missing)?;
        file.get(at..).and_then(|tail| Self::read(tail, at, form)).ok_or(NotSigned::Broken)
    }

    fn read(tail: &[u8], at: usize, form: Form) -> Option<Self> {
        let tail = std::str::from_utf8(tail).ok()?;
        let written = match form {
            Form::Html => tail.strip_prefix("<!--\n")?.strip_suffix("-->\n")?.to_owned(),
            Form::Pdf => {
                tail.lines().map(|line| Some(format!("{}\n", line.strip_prefix('%')?))).collect::<Option<_>>()?
            }
        };
        let note = Note::parse(&written).ok().filter(|note| remark(form, &note.write()) == tail)?;
        let mut lines = note.text.lines();
        lines.next().filter(|name| *name == NAME)?;
        let (length, hash) = lines.next()?.split_once(' ')?;
        let (begin, end) = lines.next()?.split_once(' ')?;
        let key = PublicKey::parse(lines.next()?.strip_prefix("key ")?)?;
        let (length, hash) = (length.parse().ok()?, Hash::parse(hash)?);
        let data = begin.parse().ok()?..end.parse().ok()?;
        lines.next().is_none().then_some(Self { form, at, note, length, hash, data, key })
    }

    /// Whether the key that it names signed it.
    pub(super) fn is_signed(&self) -> bool {
        self.note.check(NAME, self.key).is_ok()
    }

    /// Whether these are the bytes it speaks of.
    pub(super) fn is_of(&self, pages: &[u8]) -> bool {
        pages.len() == self.length && Hash::of(pages) == self.hash
    }

    pub(super) fn document(&self, pages: &[u8]) -> Option<Document> {
        let text = std::str::from_utf8(pages.get(self.data.clone())?).ok()?;
        match self.form {
            Form::Html => serde_json::from_str(&unescaped(text)).ok(),
            Form::Pdf => serde_json::from_str(text).ok(),
        }
    }
}
