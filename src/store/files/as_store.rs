//! A file of events opened where it is: read once into a private store, which goes when nobody looks any more. The
//! file itself stays what is opened, and what it says beyond events (lines that are none) is told.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tempfile::TempDir;

use super::flaw::{LineFlaw, Unread};
use super::import::{BadLine, ImportError, ImportOptions, import};
use super::{is_named_table, ocel, xes};
use crate::event::{EventBatch, EventId, RecordedEvent, StreamId};
use crate::store::locking::open_beside_locks;
use crate::store::native::NativeStore;
use crate::store::opening::ReadOnlyFile;
use crate::store::private::private_folder;
use crate::store::{
    Capabilities, Fault, Finding, Flow, Framework, InfoAtOnce, Interrupter, Notice, OpenOptions, Opener, Query,
    ReadOnlyReason, Scan, Store, StoreError, StoreInfo, StreamQuery, StreamRow, sqlite,
};

/// How much of a file is looked at to tell what it is.
const BEGINNING: u64 = 1 << 16;

/// Lines that cannot be read are all counted, and this many are told.
const TOLD: usize = 100;

/// What a file's beginning says it is; `None` where it is no text that holds events.
pub(in crate::store) fn file_kind(path: &Path) -> Result<Option<Framework>, StoreError> {
    let failed = |error| StoreError::from_io(path, error);
    if path.is_dir() {
        return Ok(None);
    }
    StoreError::unless_file(path)?;
    let mut beginning = Vec::new();
    // It may be a database that this process writes to.
    let file = open_beside_locks(path).map_err(failed)?;
    (&*file).take(BEGINNING).read_to_end(&mut beginning).map_err(failed)?;
    if beginning.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        let mut text = flate2::read::MultiGzDecoder::new(beginning.as_slice()).take(BEGINNING);
        // The beginning ends in the middle of what is packed.
        let _ = text.read_to_end(&mut unpacked);
        return Ok(kind_of(&unpacked, path).filter(|kind| *kind == Framework::XES));
    }
    Ok(kind_of(&beginning, path))
}

fn kind_of(beginning: &[u8], path: &Path) -> Option<Framework> {
    let text = beginning.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(beginning).trim_ascii_start();
    let says = |part: &str| memchr::memmem::find(text, part.as_bytes()).is_some();
    match text.first()? {
        b'<' if says("<object-types") || says("<event-types") || says("<objects") => Some(Framework::OCEL),
        b'<' if says("<log") => Some(Framework::XES),
        b'{' if says("\"eventTypes\"") || says("\"objectTypes\"") => Some(Framework::OCEL),
        b'{' | b'[' if says("\"specversion\"") => Some(Framework::CLOUD_EVENTS),
        b'{' | b'[' => Some(Framework::JSON),
        _ if is_named_table(path) && !text.contains(&0) => Some(Framework::CSV),
        _ => None,
    }
}

/// A file's events, read through the store they were put into.
pub(in crate::store) struct FileStore {
    kind: Framework,
    path: PathBuf,
    read: Arc<ReadFile>,
    reader: Box<dyn Store>,
}

/// What was made of a file, kept while somebody looks.
struct ReadFile {
    look: Look,
    folder: TempDir,
    bad: Vec<Unread>,
    bad_count: u64,
}

/// What tells that a file was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    path: PathBuf,
    len: u64,
    modified: Option<SystemTime>,
}

impl Look {
    fn at(path: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::from_io(path, error);
        let file = fs::metadata(path).map_err(failed)?;
        let path = std::path::absolute(path).map_err(failed)?;
        Ok(Self { path, len: file.len(), modified: file.modified().ok() })
    }
}

impl FileStore {
    pub(in crate::store) fn open(path: &Path, kind: Framework) -> Result<Self, StoreError> {
        let look = Look::at(path)?;
        let read = Arc::new(read_file(path, kind, look)?);
        let made = read.folder.path().join(STORE);
        let reader: Box<dyn Store> = if kind == Framework::OCEL {
            Box::new(sqlite::open(&made, ReadOnlyFile::open(&made)?, &OpenOptions::default())?)
        } else {
            Box::new(NativeStore::open(&made)?)
        };
        Ok(Self { kind, path: path.to_owned(), read, reader })
    }

    /// Errors name the file that was opened, not what was made of it.
    fn named<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        match answer {
            Err(StoreError::Missing(_) | StoreError::Changed(_)) => Err(StoreError::Changed(self.path.clone())),
            other => other,
        }
    }
}

const STORE: &str = "events.db";

fn read_file(path: &Path, kind: Framework, look: Look) -> Result<ReadFile, StoreError> {
    let folder = private_folder()?;
    let made = folder.path().join(STORE);
    let bad: Vec<Unread> = match kind {
        Framework::OCEL => ocel::make_tables(path, &made)?,
        Framework::XES => xes::make_store(path, &made)?,
        _ => {
            let mut store = NativeStore::create(&made)?;
            let options = ImportOptions { format: None, skip_bad: true };
            match import(path, &mut store, options, &mut |_| Flow::Continue(())) {
                Ok(report) if report.events == 0 && !report.left_out.is_empty() => {
                    return Err(unreadable(path, ImportError::Bad(report.left_out, 1)));
                }
                Ok(report) => report.left_out.into_iter().map(unread).collect(),
                Err(error) => return Err(unreadable(path, error)),
            }
        }
    };
    if Look::at(path)? != look {
        return Err(StoreError::Changed(path.to_owned()));
    }
    let bad_count = bad.len() as u64;
    Ok(ReadFile { look, folder, bad: bad.into_iter().take(TOLD).collect(), bad_count })
}

fn unreadable(path: &Path, error: ImportError) -> StoreError {
    match error {
        ImportError::Store(error) => error,
        ImportError::Bad(lines, _) => {
            let first = lines.into_iter().next();
            StoreError::not_events(path, first.map_or(Unread::Whole(LineFlaw::NotUtf8), unread))
        }
        ImportError::NotUtf8(path) => StoreError::not_events(&path, Unread::Whole(LineFlaw::Utf16)),
        // It was JSON or CSV when it was looked at first.
        ImportError::IsDatabase(_)
        | ImportError::UnknownFormat(_)
        | ImportError::OtherFormat { .. }
        | ImportError::OnlyOpened(_) => StoreError::Changed(path.to_owned()),
    }
}

fn unread(BadLine { line, flaw, .. }: BadLine) -> Unread {
    Unread::Line { line, flaw }
}

struct NamedScan<'s> {
    store: &'s FileStore,
    scan: Box<dyn Scan + 's>,
}

impl Scan for NamedScan<'_> {
    fn next_batch(&mut self, batch: &mut EventBatch) -> Result<(), StoreError> {
        self.store.named(self.scan.next_batch(batch))
    }
}

impl Store for FileStore {
    fn framework(&self) -> Framework {
        self.kind
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { appends: false, ..self.reader.capabilities() }
    }

    fn opener(&self) -> Opener {
        let (kind, path, read, made) = (self.kind, self.path.clone(), Arc::clone(&self.read), self.reader.opener());
        Arc::new(move || {
            // The file is what is looked at; once it has changed, what was made of it is no answer any more.
            if Look::at(&path)? != read.look {
                return Ok(Box::new(Self::open(&path, kind)?));
            }
            Ok(Box::new(Self { kind, path: path.clone(), read: Arc::clone(&read), reader: made()? }))
        })
    }

    fn is_current(&self) -> bool {
        Look::at(&self.path).is_ok_and(|look| look == self.read.look)
    }

    fn interrupter(&self) -> Option<Interrupter> {
        self.reader.interrupter()
    }

    fn categories(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.named(self.reader.categories())
    }

    fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        Some(ReadOnlyReason::File)
    }

    fn notice(&self) -> Option<Notice> {
        let ReadFile { bad, bad_count, .. } = &*self.read;
        let (path, first) = (self.path.clone(), bad.first()?.clone());
        Some(match *bad_count {
            1 => Notice::LineUnreadable { path, first },
            count => Notice::LinesUnreadable { path, count, first },
        })
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        let info = self.named(self.reader.info())?;
        Ok(StoreInfo { framework: self.kind, is_writable: false, ..info })
    }

    fn info_at_once(&self) -> Result<Option<InfoAtOnce>, StoreError> {
        let at_once = self.named(self.reader.info_at_once())?;
        Ok(at_once.map(|at_once| InfoAtOnce { framework: self.kind, is_writable: false, ..at_once }))
    }

    fn kept_events(&self) -> Result<Option<u64>, StoreError> {
        self.named(self.reader.kept_events())
    }

    fn scan<'s>(&'s self, query: &Query) -> Result<Box<dyn Scan + 's>, StoreError> {
        Ok(Box::new(NamedScan { store: self, scan: self.named(self.reader.scan(query))? }))
    }

    fn visit_streams(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError> {
        self.named(self.reader.visit_streams(query, visit))
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamRow>, StoreError> {
        self.named(self.reader.stream(stream))
    }

    fn event_by_id(&self, id: &EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.named(self.reader.event_by_id(id))
    }

    fn verify(&self, report: &mut dyn FnMut(Finding), progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), StoreError> {
        for line in &self.read.bad {
            report(Finding::of_store(Fault::LineUnreadable { line: line.clone() }));
        }
        self.named(self.reader.verify(report, progress))
    }
}
