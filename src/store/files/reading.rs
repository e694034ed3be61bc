use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::flaw::LineFlaw;
use super::import::{BadLine, ImportError};
use super::limits::{Allowance, LARGEST_EVENT, Limited, Line, read_line};
use super::raw::RawObject;
use super::{FileFormat, Incoming, cloudevents, csv_table, event_object, is_named_table};
use crate::store::{Flow, StoreError};

/// Reads a file of events one by one. A line that can't be read is handed to `visit` as such; what makes all that
/// follows unreadable ends the reading with an error. Without a format, the file's own text decides.
pub fn read_events(
    path: &Path,
    format: Option<FileFormat>,
    visit: &mut dyn FnMut(Result<Incoming, BadLine>) -> Flow,
) -> Result<(), ImportError> {
    let unreadable = |error| ImportError::Store(StoreError::from_io(path, error));
    if path.is_dir() {
        return Err(StoreError::IsFolder(path.to_owned()).into());
    }
    let mut input = BufReader::with_capacity(1 << 16, File::open(path).map_err(unreadable)?);
    let beginning = input.fill_buf().map_err(unreadable)?;
    if beginning.starts_with(b"SQLite format 3\0") {
        return Err(ImportError::IsDatabase(path.to_owned()));
    }
    if beginning.starts_with(&[0xff, 0xfe]) || beginning.starts_with(&[0xfe, 0xff]) {
        return Err(ImportError::NotUtf8(path.to_owned()));
    }
    if beginning.starts_with(&[0xef, 0xbb, 0xbf]) {
        input.consume(3);
    }
    let first = input.fill_buf().map_err(unreadable)?.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
    let format = format.or_else(|| is_named_table(path).then_some(FileFormat::Csv));
    if first.is_none() && input.fill_buf().map_err(unreadable)?.len() < (1 << 16) {
        // Nothing but space: what exporting an empty store gives.
        return Ok(());
    }
    let bad = |(line, flaw): (u64, LineFlaw)| BadLine { file: path.to_owned(), line, flaw };
    let mut visit = |answer: Result<Incoming, (u64, LineFlaw)>| visit(answer.map_err(bad));
    let result = match (format, first) {
        (Some(FileFormat::Csv), _) => csv_table::read(input, &mut visit),
        (_, Some(b'[')) => read_array(input, &mut visit),
        (_, Some(b'{')) => read_lines(input, &mut visit),
        (Some(format), _) => {
            let format =
                FileFormat::ALL.iter().find(|(known, _)| *known == format).map_or("such text", |(_, name)| name);
            return Err(ImportError::OtherFormat { path: path.to_owned(), format });
        }
        (None, Some(b'<' | 0x1f)) => return Err(ImportError::OnlyOpened(path.to_owned())),
        _ => return Err(ImportError::UnknownFormat(path.to_owned())),
    };
    result.map_err(|place| ImportError::Bad(vec![bad(place)], 1))
}

/// One event, whichever of the JSON shapes it has.
fn event(text: &str, line: u64) -> Result<Incoming, (u64, LineFlaw)> {
    let object: RawObject<'_> = serde_json::from_str(text).map_err(|error| (line, plain(&error, text.as_bytes())))?;
    let read = if cloudevents::is_cloud_event(&object) {
        cloudevents::read(object, line)
    } else {
        event_object::read(object, line)
    };
    read.map_err(|flaw| (line, flaw))
}

/// What is wrong with JSON, and where: the line, counted from 1, and its letter, where that is known. The parser counts
/// bytes.
pub(super) fn json_flaw(error: &serde_json::Error, text: &[u8]) -> (String, Option<(u64, u64)>) {
    let line = text.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let ahead = line.get(..error.column()).unwrap_or(line);
    let column = ahead.iter().filter(|byte| begins_letter(**byte)).count() as u64;
    (words(error), (column > 0).then_some((error.line() as u64, column)))
}

fn begins_letter(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

/// The parser's words without the place, which is named once and as one of the file.
fn words(error: &serde_json::Error) -> String {
    let mut message = error.to_string();
    message.truncate(message.rfind(" at line ").unwrap_or(message.len()));
    message
}

/// What ended the reading of JSON that comes piece by piece.
pub(super) fn stream_flaw(error: serde_json::Error, column: Option<u64>) -> LineFlaw {
    if error.is_io() {
        return LineFlaw::of_io(&io::Error::from(error));
    }
    let said = words(&error);
    flaw(&error, said, column)
}

fn is_about_place(error: &serde_json::Error) -> bool {
    error.is_syntax() || error.is_eof()
}

/// A flaw of one line.
fn plain(error: &serde_json::Error, line: &[u8]) -> LineFlaw {
    let (said, place) = json_flaw(error, line);
    flaw(error, said, place.map(|(_, column)| column))
}

fn flaw(error: &serde_json::Error, said: String, column: Option<u64>) -> LineFlaw {
    let said = said.into();
    if is_about_place(error) { LineFlaw::NotJson { said, column } } else { LineFlaw::Said(said) }
}

/// One event a line; or, where the first line alone is no event, one event in the whole file.
fn read_lines(
    mut input: impl BufRead,
    visit: &mut dyn FnMut(Result<Incoming, (u64, LineFlaw)>) -> Flow,
) -> Result<(), (u64, LineFlaw)> {
    let mut bytes = Vec::new();
    let mut line = 0;
    // Blank lines before the first event.
    loop {
        line += 1;
        match read_line(&mut input, &mut bytes).map_err(|error| (line, LineFlaw::of_io(&error)))? {
            Line::End => return Ok(()),
            Line::Read if bytes.iter().all(u8::is_ascii_whitespace) => {}
            Line::Read if is_no_json(&bytes).is_some() => break,
            answer => {
                let event =
                    if answer == Line::Read { line_event(&bytes, line) } else { Err((line, LineFlaw::TooLong)) };
                if visit(event).is_break() {
                    return Ok(());
                }
                return read_lines_after(input, line, visit);
            }
        }
    }
    // A single event, written over several lines; or a first line that is broken.
    let mut whole = bytes;
    let rest = LARGEST_EVENT.saturating_sub(whole.len() as u64);
    input.by_ref().take(rest).read_to_end(&mut whole).map_err(|error| (line, LineFlaw::of_io(&error)))?;
    match is_no_json(&whole) {
        None => {
            let _ = visit(event(&String::from_utf8_lossy(&whole), line));
            return Ok(());
        }
        Some(error) if is_one_event(&whole) => {
            let (said, place) = json_flaw(&error, &whole);
            let (below, column) = place.unwrap_or((error.line() as u64, 1));
            let flaw = LineFlaw::NotJson { said: said.into(), column: Some(column) };
            let _ = visit(Err((line + below.saturating_sub(1), flaw)));
            return Ok(());
        }
        Some(_) => {}
    }
    read_lines_after(Cursor::new(whole).chain(input), line - 1, visit)
}

fn is_no_json(text: &[u8]) -> Option<serde_json::Error> {
    serde_json::from_slice::<&RawValue>(text).err()
}

/// Whether broken text was meant as one event over several lines: the first only begins it, and no other is one.
fn is_one_event(whole: &[u8]) -> bool {
    let mut lines = whole.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let is_begun = lines.next().is_some_and(|first| is_no_json(first).is_some_and(|error| error.is_eof()));
    let is_event = |line: &[u8]| line.starts_with(b"{") && is_no_json(line).is_none();
    let mut rest = lines.peekable();
    (whole.len() as u64) < LARGEST_EVENT && is_begun && rest.peek().is_some() && !rest.any(is_event)
}

fn read_lines_after(
    mut input: impl BufRead,
    mut line: u64,
    visit: &mut dyn FnMut(Result<Incoming, (u64, LineFlaw)>) -> Flow,
) -> Result<(), (u64, LineFlaw)> {
    let mut bytes = Vec::new();
    loop {
        line += 1;
        let event = match read_line(&mut input, &mut bytes).map_err(|error| (line, LineFlaw::of_io(&error)))? {
            Line::End => return Ok(()),
            Line::Read if bytes.iter().all(u8::is_ascii_whitespace) => continue,
            Line::Read => line_event(&bytes, line),
            Line::TooLong => Err((line, LineFlaw::TooLong)),
        };
        if visit(event).is_break() {
            return Ok(());
        }
    }
}

fn line_event(bytes: &[u8], line: u64) -> Result<Incoming, (u64, LineFlaw)> {
    let text = std::str::from_utf8(bytes.trim_ascii_end()).map_err(|_| (line, LineFlaw::NotUtf8))?;
    event(text, line)
}

/// An array, element by element. The parser reads single bytes, so the line it has come to can be told.
fn read_array(
    input: impl BufRead,
    visit: &mut dyn FnMut(Result<Incoming, (u64, LineFlaw)>) -> Flow,
) -> Result<(), (u64, LineFlaw)> {
    let (line, column) = (Rc::new(Cell::new(1)), Rc::new(Cell::new(0)));
    let allowance = Allowance::new();
    let input =
        CountingLines { input: Limited::new(input, &allowance), line: Rc::clone(&line), column: Rc::clone(&column) };
    let mut json = serde_json::Deserializer::from_reader(input);
    let read = json.deserialize_seq(Elements { line: &line, allowance: &allowance, visit });
    match read.and_then(|went_on| if went_on { json.end() } else { Ok(()) }) {
        Ok(()) => Ok(()),
        Err(error) => {
            let flaw = stream_flaw(error, Some(column.get()).filter(|column| *column > 0));
            Err((line.get(), LineFlaw::Ends(Box::new(flaw))))
        }
    }
}

struct CountingLines<R> {
    input: R,
    line: Rc<Cell<u64>>,
    /// Letters of the line that have come.
    column: Rc<Cell<u64>>,
}

impl<R: BufRead> Read for CountingLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        // The parser asks for a byte at a time.
        for byte in &buffer[..count] {
            if *byte == b'\n' {
                self.line.set(self.line.get() + 1);
                self.column.set(0);
            } else if begins_letter(*byte) {
                self.column.set(self.column.get() + 1);
            }
        }
        Ok(count)
    }
}

struct Elements<'v> {
    line: &'v Cell<u64>,
    allowance: &'v Allowance,
    visit: &'v mut dyn FnMut(Result<Incoming, (u64, LineFlaw)>) -> Flow,
}

impl<'de> Visitor<'de> for Elements<'_> {
    /// Whether the array was read to its end.
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<bool, A::Error> {
        while let Some(raw) = elements.next_element_seed(AsRaw)? {
            self.allowance.renew();
            // The parser stands at the element's end; it began as many lines up as it has breaks.
            let breaks = raw.get().bytes().filter(|byte| *byte == b'\n').count();
            let line = self.line.get().saturating_sub(breaks as u64).max(1);
            if (self.visit)(event(raw.get(), line)).is_break() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

struct AsRaw;

impl<'de> DeserializeSeed<'de> for AsRaw {
    type Value = Box<RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}
