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
    is_measured: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

impl<'o> Table<'o> {
    pub(super) fn new(out: &'o mut Output, columns: &[(&str, Align)]) -> Self {
        let headings: Vec<String> = columns.iter().map(|(name, _)| on_one_line(name)).collect();
        Self {
            out,
            alignments: columns.iter().map(|(_, align)| *align).collect(),
            widths: vec![0; columns.len()],
            held: vec![headings],
            is_measured: false,
        }
    }

    pub(super) fn row(&mut self, cells: &[String]) -> io::Result<()> {
        let cells: Vec<String> = cells.iter().map(|cell| on_one_line(cell)).collect();
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
            match align {
                Align::Left => line.extend([cell.as_str(), &padding]),
                Align::Right => line.extend([&padding, cell.as_str()]),
            }
        }
        writeln!(self.out.text(), "{}", line.trim_end())
    }
}

/// Line breaks would tear the table; control letters are shown here already, so that their width is counted.
fn on_one_line(cell: &str) -> String {
    let mut line = String::new();
    let mut width = 0;
    for letter in cell.chars() {
        let end = line.len();
        push_visible(&mut line, if matches!(letter, '\n' | '\r' | '\t') { ' ' } else { letter });
        width += line[end..].width();
        if width > WIDEST_CELL {
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    line
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
