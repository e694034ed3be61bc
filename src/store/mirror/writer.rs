use std::path::Path;

use super::{Mirrored, Mirroring, unless_circle};
use crate::event::{EventId, NewEvent, RecordedEvent, StreamId, Version};
use crate::store::native::NativeStore;
use crate::store::{
    AppendError, Appended, Capabilities, Closed, Expected, Finding, Flow, Framework, InfoAtOnce, Interrupter, Opener,
    Query, Scan, Snapshot, Source, Steady, Store, StoreError, StoreInfo, StreamQuery, StreamRow, Writer,
};

/// A mirror that is appended to. What is planned is planned on what the mirror shows, brought up to its origin first;
/// what is appended goes to the origin by its own rules, and comes back from there.
struct MirrorWriter {
    mirroring: Mirroring,
    origin: Box<dyn Writer>,
}

/// Opens the origin of a mirror to append to it; `None` where the store is no mirror. An origin that is another by now is
/// refused before anything is recorded in it.
pub(in crate::store) fn open_for_writing(path: &Path) -> Result<Option<Box<dyn Writer>>, StoreError> {
    let Some((store, mirror)) = NativeStore::open_mirror(path)? else { return Ok(None) };
    let source = Source::parse(&mirror.origin);
    unless_circle(path, &source)?;
    let origin = crate::store::open_for_writing(&source)?;
    let mut mirroring = Mirroring::of(store, path, mirror.origin);
    mirroring.check(origin.as_ref())?;
    mirroring.catch_up(origin.as_ref(), &mut |_| Flow::Continue(()))?;
    Ok(Some(Box::new(MirrorWriter { mirroring, origin })))
}

impl Writer for MirrorWriter {
    fn append(&mut self, stream: &StreamId, expected: Expected, events: &[NewEvent]) -> Result<Appended, AppendError> {
        let appended = self.origin.append(stream, expected, events)?;
        // It is recorded, whether it is seen here at once or with the next following.
        let came = self.origin.again().and_then(|origin| {
            let Mirrored { new, .. } = self.mirroring.catch_up(origin.as_ref(), &mut |_| Flow::Continue(()))?;
            tracing::debug!(new, "what was appended came back");
            self.mirroring.store.event_at(stream, appended.last)
        });
        let position = came.unwrap_or_else(|error| {
            tracing::warn!(%error, "what was appended to the origin is not in the mirror yet");
            None
        });
        Ok(Appended { position: position.and_then(|event| event.position), ..appended })
    }

    fn keeps_snapshots(&self) -> bool {
        self.mirroring.store.keeps_snapshots()
    }

    fn keep_snapshot(&mut self, stream: &StreamId, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.mirroring.store.keep_snapshot(stream, snapshot)
    }
}

/// What is looked at is the mirror.
impl Store for MirrorWriter {
    fn framework(&self) -> Framework {
        self.mirroring.store.framework()
    }

    fn capabilities(&self) -> Capabilities {
        self.mirroring.store.capabilities()
    }

    /// What is appended goes there.
    fn closed(&self, stream: &StreamId) -> Result<Option<Closed>, StoreError> {
        self.origin.closed(stream)
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        self.mirroring.store.info()
    }

    fn info_at_once(&self) -> Result<Option<InfoAtOnce>, StoreError> {
        self.mirroring.store.info_at_once()
    }

    fn kept_events(&self) -> Result<Option<u64>, StoreError> {
        self.mirroring.store.kept_events()
    }

    fn scan<'s>(&'s self, query: &Query) -> Result<Box<dyn Scan + 's>, StoreError> {
        self.mirroring.store.scan(query)
    }

    fn visit_streams(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError> {
        self.mirroring.store.visit_streams(query, visit)
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamRow>, StoreError> {
        self.mirroring.store.stream(stream)
    }

    fn event_by_id(&self, id: &EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.mirroring.store.event_by_id(id)
    }

    fn verify(&self, report: &mut dyn FnMut(Finding), progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), StoreError> {
        self.mirroring.store.verify(report, progress)
    }

    fn opener(&self) -> Opener {
        self.mirroring.store.opener()
    }

    fn interrupter(&self) -> Option<Interrupter> {
        self.mirroring.store.interrupter()
    }

    fn may_be_kept(&self) -> bool {
        false
    }

    fn steady(&self) -> Result<Steady<'_>, StoreError> {
        self.mirroring.store.steady()
    }

    fn snapshot(
        &self,
        stream: &StreamId,
        projection: &str,
        revision: u32,
        at_most: Version,
    ) -> Result<Option<Snapshot>, StoreError> {
        self.mirroring.store.snapshot(stream, projection, revision, at_most)
    }
}
