//! Aligned tables for people, JSON for programs.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::args::RowFormat;
use super::terminal::Output;
use crate::event::visible::push_visible;

/// A long value is cut on screen, never in JSON.
const WIDEST_CELL: usize = 60;

/// Rows kept back to learn the columns' widths before the first is printed; later rows are printed as they come.
const ROWS_MEASURED: usize = 500;

/// A table that prints while it is filled, in constant memory. Columns are aligned by what a terminal shows: a
/// Hangul syllable takes two places.
pub(super) struct Table<'o> {
    out: &'o mut Output,
    alignments: Vec<Align>,
    widths: Vec<usize>,
    held: Vec<Vec<String>>,
    /// The last column is sentences: none is cut, and where lines end, it goes on below itself.
    has_sentences: bool,
    line_width: Option<usize>,
    is_measured: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

impl<'o> Table<'o> {
    pub(super) fn new(out: &'o mut Output, columns: &[(&str, Align)]) -> Self {
        let headings: Vec<String> = columns.iter().map(|(name, _)| on_one_line(name, WIDEST_CELL)).collect();
        Self {
            line_width: out.line_width(),
            has_sentences: false,
            out,
            alignments: columns.iter().map(|(_, align)| *align).collect(),
            widths: vec![0; columns.len()],
            held: vec![headings],
            is_measured: false,
        }
    }

    /// With a last column whose sentences are read to their end.
    pub(super) fn with_sentences(out: &'o mut Output, columns: &[(&str, Align)]) -> Self {
        Self { has_sentences: true, ..Self::new(out, columns) }
    }

    pub(super) fn row(&mut self, cells: &[String]) -> io::Result<()> {
        let is_whole = |place: usize| self.has_sentences && place + 1 == self.alignments.len();
        let widest = |place| if is_whole(place) { usize::MAX } else { WIDEST_CELL };
        let cells: Vec<String> =
            cells.iter().enumerate().map(|(place, cell)| on_one_line(cell, widest(place))).collect();
        if self.is_measured {
            return self.print(&cells);
        }
        self.held.push(cells);
        if self.held.len() > ROWS_MEASURED { self.print_held() } else { Ok(()) }
    }

    /// Whether it has headings alone.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_measured && self.held.len() == 1
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.is_measured { Ok(()) } else { self.print_held() }
    }

    fn print_held(&mut self) -> io::Result<()> {
        self.is_measured = true;
        let held = std::mem::take(&mut self.held);
        for row in &held {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        held.iter().try_for_each(|row| self.print(row))
    }

    fn print(&mut self, cells: &[String]) -> io::Result<()> {
        let mut line = String::new();
        for ((cell, width), align) in cells.iter().zip(&self.widths).zip(&self.alignments) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            let indent = line.width();
            let broken = self.line_width.filter(|_| self.has_sentences && indent > 0);
            let cell = broken.map_or_else(|| cell.clone(), |width| wrapped(cell, indent, width));
            match align {
                Align::Left => line.extend([cell.as_str(), &padding]),
                Align::Right => line.extend([&padding, cell.as_str()]),
            }
        }
        writeln!(self.out.text(), "{}", line.trim_end())
    }
}

/// Line breaks would tear the table; control letters are shown here already, so that their width is counted.
fn on_one_line(cell: &str, widest: usize) -> String {
    let mut line = String::new();
    let mut width = 0;
    for letter in cell.chars() {
        let end = line.len();
        push_visible(&mut line, if matches!(letter, '\n' | '\r' | '\t') { ' ' } else { letter });
        width += line[end..].width();
        if width > widest {
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    line
}

/// The words of a sentence on lines of this width, each behind the first below where it began.
fn wrapped(sentence: &str, indent: usize, width: usize) -> String {
    const NARROWEST: usize = 24;
    let room = width.saturating_sub(indent).max(NARROWEST);
    let (mut text, mut here) = (String::new(), 0);
    for word in sentence.split(' ') {
        let length = word.width();
        if here > 0 && here + 1 + length > room {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            here = 0;
        } else if here > 0 {
            text.push(' ');
            here += 1;
        }
        text.push_str(word);
        here += length;
    }
    text
}

/// A value as a person reads it: text without quotes, nothing for `null`.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn optional<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// One JSON value, indented.
pub(super) fn json(out: &mut Output, value: &impl Serialize) -> io::Result<()> {
    let mut out = out.json();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)
}

/// Rows as JSON, printed as they come: an array with one row a line, or bare lines.
pub(super) struct JsonRows<'o> {
    out: &'o mut Output,
    format: RowFormat,
    count: u64,
}

impl<'o> JsonRows<'o> {
    pub(super) fn new(out: &'o mut Output, format: RowFormat) -> Self {
        Self { out, format, count: 0 }
    }

    pub(super) fn row(&mut self, row: &impl Serialize) -> io::Result<()> {
        let mut out = self.out.json();
        if self.format == RowFormat::Json {
            out.write_all(if self.count == 0 { b"[\n  " } else { b",\n  " })?;
        }
        self.count += 1;
        serde_json::to_writer(&mut out, row)?;
        if self.format == RowFormat::Jsonl { out.write_all(b"\n") } else { Ok(()) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn finish(self) -> io::Result<()> {
        match (self.format, self.count) {
            (RowFormat::Json, 0) => self.out.json().write_all(b"[]\n"),
            (RowFormat::Json, _) => self.out.json().write_all(b"\n]\n"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_goes_on_below_where_it_began() {
        assert_eq!(wrapped("one two three", 3, 200), "one two three");
        let text = wrapped("the file was changed behind the signature; 누가 바꿨는지는 알 수 없습니다", 4, 30);
        let lines: Vec<&str> = text.split('\n').collect();
        assert!(lines.len() > 2 && lines.iter().skip(1).all(|line| line.starts_with("    ")), "{text}");
        assert!(lines.iter().all(|line| line.trim_start().width() <= 26), "{text}");
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(words.join(" "), "the file was changed behind the signature; 누가 바꿨는지는 알 수 없습니다");
    }
}
