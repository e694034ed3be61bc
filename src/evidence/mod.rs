//! What is handed to somebody who has no store to look into: a part of a history as a page to read and print, with the
//! data behind it and the proof that it stood so in the store. A page that carries it is checked without the store.
//!
//! A file is its pages, which hold the data, and behind them a signature over every byte of both. Whoever checks it makes
//! each event's leaf from the data, follows the proof from the leaves to the root that was signed, folds the events, draws
//! the pages anew and holds them against those in the file, byte for byte; the last where the same version of the program
//! drew them. So neither a page nor its data can be exchanged alone, not even by whoever signs. No input or output, and
//! no clock.

mod check;
mod document;
mod fault;
mod html;
mod pages;
mod pdf;
mod signed;
mod visible;

pub use check::{Checked, NoEvidence, check};
pub use document::{About, Document, FORMAT, KeptEvent, KeptNote, MOST_EVENTS, PROGRAM, Since, StreamName};
pub use fault::{EvidenceFault, EvidenceFinding};
pub use html::{escaped as html_text, html_begin};
pub use signed::write;

/// What a file of evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Html,
    Pdf,
}

impl Form {
    pub const ALL: [(Self, &'static str); 2] = [(Self::Html, "html"), (Self::Pdf, "pdf")];

    /// What a file's name promises.
    pub fn from_extension(path: &std::path::Path) -> Option<Self> {
        let ending = path.extension()?;
        Self::ALL.iter().find(|(_, name)| ending.eq_ignore_ascii_case(name)).map(|(form, _)| *form)
    }
}

/// Pages, and where in them the data stands.
struct Drawn {
    bytes: Vec<u8>,
    data: std::ops::Range<usize>,
}

fn draw(document: &Document, form: Form) -> Drawn {
    let pages = pages::pages(document);
    match form {
        Form::Html => html::draw(document, &pages),
        Form::Pdf => pdf::draw(document, &pages),
    }
}
