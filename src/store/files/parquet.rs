//! Rows as Apache Parquet: plain values in compressed pages, which every reader of the format takes. The crate of that
//! name would add more to a clean build than all of this file does to the program.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

const MAGIC: &[u8] = b"PAR1";

/// Rows that stand together: enough to be compressed well, few enough to be held.
const GROUP: usize = 50_000;

/// What a column holds; anything may be missing anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParquetKind {
    Bool,
    Integer,
    Real,
    /// Microseconds since 1970, in UTC.
    Time,
    Text,
    /// Text that is JSON.
    Json,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ParquetValue {
    Missing,
    Bool(bool),
    /// Also the microseconds of a time.
    Integer(i64),
    Real(f64),
    Text(String),
}

/// Writes rows as they come, and says at the end what there is.
#[derive(Debug)]
pub struct ParquetWriter<W: Write> {
    file: W,
    written: u64,
    columns: Vec<Column>,
    /// Of the group that is being filled.
    rows: usize,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Column {
    name: String,
    kind: ParquetKind,
    present: Vec<bool>,
    values: Vec<u8>,
    /// Truths take a bit each.
    truths: Vec<bool>,
}

#[derive(Debug)]
struct Group {
    rows: usize,
    chunks: Vec<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    offset: u64,
    plain: usize,
    compressed: usize,
}

impl<W: Write> ParquetWriter<W> {
    pub fn new(mut file: W, columns: impl IntoIterator<Item = (String, ParquetKind)>) -> io::Result<Self> {
        file.write_all(MAGIC)?;
        let column = |(name, kind)| Column { name, kind, present: Vec::new(), values: Vec::new(), truths: Vec::new() };
        let columns = columns.into_iter().map(column).collect();
        Ok(Self { file, written: MAGIC.len() as u64, columns, rows: 0, groups: Vec::new() })
    }

    /// A value for each column. One that is of another kind is left out.
    pub fn row(&mut self, values: impl IntoIterator<Item = ParquetValue>) -> io::Result<()> {
        let mut values = values.into_iter();
        for column in &mut self.columns {
            column.push(values.next().unwrap_or(ParquetValue::Missing));
        }
        self.rows += 1;
        if self.rows == GROUP { self.write_group() } else { Ok(()) }
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn write_group(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let mut chunks = Vec::new();
        for at in 0..self.columns.len() {
            let Some(column) = self.columns.get_mut(at) else { break };
            let page = column.take_page();
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&page)?;
            let packed = packed.finish()?;
            let header = page_header(rows, page.len(), packed.len());
            let (plain, compressed) = (header.len() + page.len(), header.len() + packed.len());
            chunks.push(Chunk { offset: self.written, plain, compressed });
            self.put(&header)?;
            self.put(&packed)?;
        }
        self.groups.push(Group { rows, chunks });
        Ok(())
    }

    /// Says what there is. The file is none before that.
    pub fn finish(mut self) -> io::Result<W> {
        if self.rows > 0 {
            self.write_group()?;
        }
        let footer = footer(&self.columns, &self.groups);
        self.put(&footer)?;
        let length = u32::try_from(footer.len()).map_err(io::Error::other)?;
        self.put(&length.to_le_bytes())?;
        self.put(MAGIC)?;
        self.file.flush()?;
        Ok(self.file)
    }
}

impl Column {
    fn push(&mut self, value: ParquetValue) {
        let is_there = match (value, self.kind) {
            (ParquetValue::Bool(is), ParquetKind::Bool) => {
                self.truths.push(is);
                true
            }
            (ParquetValue::Integer(number), ParquetKind::Integer | ParquetKind::Time) => {
                self.values.extend(number.to_le_bytes());
                true
            }
            (ParquetValue::Real(number), ParquetKind::Real) => {
                self.values.extend(number.to_le_bytes());
                true
            }
            (ParquetValue::Text(text), ParquetKind::Text | ParquetKind::Json) => {
                let length = u32::try_from(text.len()).unwrap_or(0);
                self.values.extend(length.to_le_bytes());
                self.values.extend(text.as_bytes().iter().take(length as usize));
                true
            }
            _ => false,
        };
        self.present.push(is_there);
    }

    /// Which values are there, in runs, and then those that are.
    fn take_page(&mut self) -> Vec<u8> {
        let present = std::mem::take(&mut self.present);
        let mut runs = Vec::new();
        for run in present.chunk_by(|one, other| one == other) {
            number(&mut runs, (run.len() as u64) << 1);
            runs.push(u8::from(run.first() == Some(&true)));
        }
        let mut page = (runs.len() as u32).to_le_bytes().to_vec();
        page.append(&mut runs);
        for truths in std::mem::take(&mut self.truths).chunks(8) {
            let bits = truths.iter().zip(0..8).fold(0, |bits, (is, at)| bits | (u8::from(*is) << at));
            page.push(bits);
        }
        page.append(&mut std::mem::take(&mut self.values));
        page
    }
}

impl ParquetKind {
    /// How it is stored, and what it then means, by the numbers of the format.
    fn numbers(self) -> (i32, Option<i32>) {
        const BOOLEAN: i32 = 0;
        const INT64: i32 = 2;
        const DOUBLE: i32 = 5;
        const BYTE_ARRAY: i32 = 6;
        match self {
            Self::Bool => (BOOLEAN, None),
            Self::Integer => (INT64, None),
            Self::Real => (DOUBLE, None),
            Self::Time => (INT64, Some(10)),
            Self::Text => (BYTE_ARRAY, Some(0)),
            Self::Json => (BYTE_ARRAY, Some(19)),
        }
    }
}

const PLAIN: i32 = 0;
const RUNS: i32 = 3;
const GZIP: i32 = 2;
const OPTIONAL: i32 = 1;

fn page_header(rows: usize, plain: usize, compressed: usize) -> Vec<u8> {
    let mut header = Struct::default();
    header.int(1, 0);
    header.int(2, plain as i64);
    header.int(3, compressed as i64);
    let mut data = Struct::default();
    data.int(1, rows as i64);
    data.int(2, PLAIN.into());
    data.int(3, RUNS.into());
    data.int(4, RUNS.into());
    header.inner(5, data);
    header.end()
}

fn footer(columns: &[Column], groups: &[Group]) -> Vec<u8> {
    let mut root = Struct::default();
    root.text(4, "schema");
    root.int(5, columns.len() as i64);
    let schema = std::iter::once(root).chain(columns.iter().map(|column| {
        let (stored, meant) = column.kind.numbers();
        let mut element = Struct::default();
        element.int(1, stored.into());
        element.int(3, OPTIONAL.into());
        element.text(4, &column.name);
        if let Some(meant) = meant {
            element.int(6, meant.into());
        }
        element
    }));
    let mut footer = Struct::default();
    footer.int(1, 1);
    footer.list(2, schema.collect());
    footer.long(3, groups.iter().map(|group| group.rows as i64).sum());
    footer.list(4, groups.iter().map(|group| row_group(columns, group)).collect());
    footer.text(6, concat!("foldline version ", env!("CARGO_PKG_VERSION")));
    footer.end()
}

fn row_group(columns: &[Column], group: &Group) -> Struct {
    let chunks = columns.iter().zip(&group.chunks).map(|(column, chunk)| {
        let mut data = Struct::default();
        data.int(1, column.kind.numbers().0.into());
        data.ints(2, &[PLAIN, RUNS]);
        data.texts(3, &[&column.name]);
        data.int(4, GZIP.into());
        data.long(5, group.rows as i64);
        data.long(6, chunk.plain as i64);
        data.long(7, chunk.compressed as i64);
        data.long(9, chunk.offset as i64);
        let mut outer = Struct::default();
        outer.long(2, chunk.offset as i64);
        outer.inner(3, data);
        outer
    });
    let mut outer = Struct::default();
    outer.list(1, chunks.collect());
    outer.long(2, group.chunks.iter().map(|chunk| chunk.plain as i64).sum());
    outer.long(3, group.rows as i64);
    outer
}

/// A structure in Thrift's compact protocol, in which Parquet says everything about itself.
#[derive(Default)]
struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

const INT: u8 = 5;
const LONG: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Seven bits a byte, the lowest first.
fn number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Small numbers are short, also those below nought.
fn signed(bytes: &mut Vec<u8>, value: i64) {
    number(bytes, ((value << 1) ^ (value >> 63)) as u64);
}

impl Struct {
    /// Fields are numbered upward, by no more than fifteen at once.
    fn field(&mut self, id: u8, kind: u8) {
        self.bytes.push((id - self.last) << 4 | kind);
        self.last = id;
    }

    fn int(&mut self, id: u8, value: i64) {
        self.field(id, INT);
        signed(&mut self.bytes, value);
    }

    fn long(&mut self, id: u8, value: i64) {
        self.field(id, LONG);
        signed(&mut self.bytes, value);
    }

    fn text(&mut self, id: u8, text: &str) {
        self.field(id, BINARY);
        self.raw_text(text);
    }

    fn raw_text(&mut self, text: &str) {
        number(&mut self.bytes, text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }

    fn inner(&mut self, id: u8, inner: Self) {
        self.field(id, STRUCT);
        self.bytes.append(&mut inner.end());
    }

    fn list_of(&mut self, id: u8, kind: u8, length: usize) {
        self.field(id, LIST);
        if length < 15 {
            self.bytes.push((length as u8) << 4 | kind);
        } else {
            self.bytes.push(0xf0 | kind);
            number(&mut self.bytes, length as u64);
        }
    }

    fn ints(&mut self, id: u8, values: &[i32]) {
        self.list_of(id, INT, values.len());
        for value in values {
            signed(&mut self.bytes, (*value).into());
        }
    }

    fn texts(&mut self, id: u8, texts: &[&str]) {
        self.list_of(id, BINARY, texts.len());
        for text in texts {
            self.raw_text(text);
        }
    }

    fn list(&mut self, id: u8, structs: Vec<Self>) {
        self.list_of(id, STRUCT, structs.len());
        for inner in structs {
            self.bytes.append(&mut inner.end());
        }
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}
