use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::import::{BadLine, ImportError};
use super::limits::{Allowance, LARGEST_EVENT, Limited, Line, read_line, shortened, too_long};
use super::raw::RawObject;
use super::{FileFormat, Incoming, cloudevents, csv_table, event_object};
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
    let format = format.or_else(|| FileFormat::from_extension(path).filter(|format| *format == FileFormat::Csv));
    if first.is_none() && input.fill_buf().map_err(unreadable)?.len() < (1 << 16) {
        // Nothing but space: what exporting an empty store gives.
        return Ok(());
    }
    let bad = |(line, message): (u64, String)| BadLine { file: path.to_owned(), line, message: shortened(message) };
    let mut visit = |answer: Result<Incoming, (u64, String)>| visit(answer.map_err(bad));
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
fn event(text: &str, line: u64) -> Result<Incoming, (u64, String)> {
    let object: RawObject<'_> = serde_json::from_str(text).map_err(|error| (line, plain(&error, text.as_bytes())))?;
    let read = if cloudevents::is_cloud_event(&object) {
        cloudevents::read(object, line)
    } else {
        event_object::read(object, line)
    };
    read.map_err(|message| (line, message))
}

/// What is wrong with JSON, and where: the line, counted from 1, and its letter, where that is known. The parser counts
/// bytes.
pub(super) fn json_flaw(error: &serde_json::Error, text: &[u8]) -> (String, Option<(u64, usize)>) {
    let line = text.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let ahead = line.get(..error.column()).unwrap_or(line);
    let column = ahead.iter().filter(|byte| begins_letter(**byte)).count();
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

fn is_about_place(error: &serde_json::Error) -> bool {
    error.is_syntax() || error.is_eof()
}

/// A flaw of one line.
fn plain(error: &serde_json::Error, line: &[u8]) -> String {
    match json_flaw(error, line) {
        (said, Some((_, column))) if is_about_place(error) => format!("not JSON: {said} at column {column}"),
        (said, _) if is_about_place(error) => format!("not JSON: {said}"),
        (said, _) => said,
    }
}

/// One event a line; or, where the first line alone is no event, one event in the whole file.
fn read_lines(
    mut input: impl BufRead,
    visit: &mut dyn FnMut(Result<Incoming, (u64, String)>) -> Flow,
) -> Result<(), (u64, String)> {
    let mut bytes = Vec::new();
    let mut line = 0;
    // Blank lines before the first event.
    loop {
        line += 1;
        match read_line(&mut input, &mut bytes).map_err(|error| (line, error.to_string()))? {
            Line::End => return Ok(()),
            Line::Read if bytes.iter().all(u8::is_ascii_whitespace) => {}
            Line::Read if is_no_json(&bytes).is_some() => break,
            answer => {
                let event = if answer == Line::Read { line_event(&bytes, line) } else { Err((line, too_long())) };
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
    input.by_ref().take(rest).read_to_end(&mut whole).map_err(|error| (line, error.to_string()))?;
    match is_no_json(&whole) {
        None => {
            let _ = visit(event(&String::from_utf8_lossy(&whole), line));
            return Ok(());
        }
        Some(error) if is_one_event(&whole) => {
            let (said, place) = json_flaw(&error, &whole);
            let (below, column) = place.unwrap_or((error.line() as u64, 1));
            let _ = visit(Err((line + below.saturating_sub(1), format!("not JSON: {said} at column {column}"))));
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
    visit: &mut dyn FnMut(Result<Incoming, (u64, String)>) -> Flow,
) -> Result<(), (u64, String)> {
    let mut bytes = Vec::new();
    loop {
        line += 1;
        let event = match read_line(&mut input, &mut bytes).map_err(|error| (line, error.to_string()))? {
            Line::End => return Ok(()),
            Line::Read if bytes.iter().all(u8::is_ascii_whitespace) => continue,
            Line::Read => line_event(&bytes, line),
            Line::TooLong => Err((line, too_long())),
        };
        if visit(event).is_break() {
            return Ok(());
        }
    }
}

fn line_event(bytes: &[u8], line: u64) -> Result<Incoming, (u64, String)> {
    let text = std::str::from_utf8(bytes.trim_ascii_end()).map_err(|_| (line, "the text is not UTF-8".to_owned()))?;
    event(text, line)
}

/// An array, element by element. The parser reads single bytes, so the line it has come to can be told.
fn read_array(
    input: impl BufRead,
    visit: &mut dyn FnMut(Result<Incoming, (u64, String)>) -> Flow,
) -> Result<(), (u64, String)> {
    let (line, column) = (Rc::new(Cell::new(1)), Rc::new(Cell::new(0)));
    let allowance = Allowance::new();
    let input =
        CountingLines { input: Limited::new(input, &allowance), line: Rc::clone(&line), column: Rc::clone(&column) };
    let mut json = serde_json::Deserializer::from_reader(input);
    let read = json.deserialize_seq(Elements { line: &line, allowance: &allowance, visit });
    match read.and_then(|went_on| if went_on { json.end() } else { Ok(()) }) {
        Ok(()) => Ok(()),
        Err(error) => {
            let said = words(&error);
            let place = if column.get() > 0 { format!(" at column {}", column.get()) } else { String::new() };
            let flaw = if is_about_place(&error) { format!("not JSON: {said}{place}") } else { said };
            Err((line.get(), format!("{flaw}; what follows could not be read")))
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
    visit: &'v mut dyn FnMut(Result<Incoming, (u64, String)>) -> Flow,
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
