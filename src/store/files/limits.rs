//! How much of a file may be in memory at once. A few bytes can claim to be any size, and a file can be one line.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use memchr::memchr;

use super::flaw::LineFlaw;

/// The most that one event of a file may take: a line, an element of an array, a row, an element of XML. Payloads of a
/// few MiB are seen in practice, and reading one takes about five copies of it.
pub(super) const LARGEST_EVENT: u64 = 64 << 20;

/// One attribute of an event in XES is cut beyond this: what belongs to a process is said in far less.
pub(super) const LARGEST_ATTRIBUTE: usize = 4 << 20;

/// A packed log may unpack to this in any case…
const UNPACKED_ALWAYS: u64 = 256 << 20;
/// … and to so many times its own size. Real logs pack to a twentieth or a sixtieth; only noughts reach a thousandth.
const UNPACKED_RATIO: u64 = 200;

/// Logs nest three or four deep; the reader remembers every element that is open.
pub(super) const DEEPEST: u32 = 1_000;

/// A quotation of a bad line is at most so long.
const LONGEST_MESSAGE: usize = 300;

pub(super) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

/// A message may quote what was found, which may be as long as the line it was found in.
pub(super) fn shortened(mut message: String) -> String {
    if message.len() > LONGEST_MESSAGE {
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        message.push('…');
    }
    message
}

/// How much may still be read before the next event begins. Shared, since a parser owns the reader.
#[derive(Clone, Debug)]
pub(super) struct Allowance(Rc<Cell<u64>>);

impl Allowance {
    pub(super) fn new() -> Self {
        Self(Rc::new(Cell::new(LARGEST_EVENT)))
    }

    /// To be said where an event begins.
    pub(super) fn renew(&self) {
        self.0.set(LARGEST_EVENT);
    }
}

/// Fails where one event is longer than may be.
#[derive(Debug)]
pub(super) struct Limited<R> {
    input: R,
    left: Allowance,
}

impl<R> Limited<R> {
    pub(super) fn new(input: R, left: &Allowance) -> Self {
        Self { input, left: left.clone() }
    }

    fn spend(&self, count: usize) {
        self.left.0.set(self.left.0.get().saturating_sub(count as u64));
    }

    fn check(&self) -> io::Result<()> {
        if self.left.0.get() == 0 { Err(LineFlaw::TooLong.into()) } else { Ok(()) }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let count = self.input.read(buffer)?;
        self.spend(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Limited<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check()?;
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.spend(count);
        self.input.consume(count);
    }
}

/// What a packed file may unpack to.
#[derive(Debug)]
pub(super) struct Unpacked<R> {
    input: R,
    allowed: u64,
    read: u64,
}

impl<R> Unpacked<R> {
    pub(super) fn new(input: R, packed: u64) -> Self {
        Self { input, allowed: UNPACKED_ALWAYS.max(packed.saturating_mul(UNPACKED_RATIO)), read: 0 }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read >= self.allowed {
            return Err(LineFlaw::UnpacksTooFar { most: mebibytes(self.allowed), ratio: UNPACKED_RATIO }.into());
        }
        let count = self.input.read(buffer)?;
        self.read += count as u64;
        Ok(count)
    }
}

/// One line, or that it was too long and is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    End,
    Read,
    TooLong,
}

pub(super) fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let count = input.take(LARGEST_EVENT + 1).read_until(b'\n', line)?;
    if count == 0 {
        return Ok(Line::End);
    }
    if count as u64 <= LARGEST_EVENT || line.last() == Some(&b'\n') {
        return Ok(Line::Read);
    }
    *line = Vec::new();
    loop {
        let buffer = input.fill_buf()?;
        let (count, is_end) = match memchr(b'\n', buffer) {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(count);
        if is_end {
            return Ok(Line::TooLong);
        }
    }
}
