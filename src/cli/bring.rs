//! Bringing events into a store on a server, and from one into a file.

use std::ffi::OsStr;
use std::path::Path;

use super::progress::Progress;
use super::target::asking;
use super::{Failure, transfer};
use crate::engine::{fill_sample, keep_long_streams};
use crate::event::EventBatch;
use crate::sample::{SampleOptions, SampleReport};
use crate::store::files::{self, ImportError, ImportOptions, ImportReport};
use crate::store::native::{Aside, Meanwhile, NativeStore, Recorded};
use crate::store::{self, Address, BroughtIn, Query, Source, Store, StoreError};

/// A file of events, or a whole store, into a store on a server. What can be wrong with a file is found before anything
/// is recorded.
pub(super) fn import_to_server(
    from: &OsStr,
    into: &Address,
    replicas: Option<usize>,
    options: ImportOptions,
) -> Result<ImportReport, Failure> {
    let source = Source::parse_os(from);
    if let Some(path) = source.path() {
        let (mut store, _meanwhile) = Meanwhile::begin()?;
        let mut progress = Progress::new("reading events", None);
        match files::import(path, &mut store, options, &mut |count| progress.tell(count)) {
            Ok(mut report) => {
                drop(progress);
                let brought = carry(into, replicas, false, &store)?;
                report.already_there += brought.already_there;
                report.events = brought.events;
                return Ok(report);
            }
            // A whole store is brought in as it is.
            Err(ImportError::IsDatabase(_)) if options.format.is_none() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let reader = asking(source, store::open)?;
    let BroughtIn { events, streams, already_there } = carry(into, replicas, false, reader.as_ref())?;
    Ok(ImportReport { events, streams, already_there, ..ImportReport::default() })
}

/// A sample into a store on a server, which must not be there yet.
pub(super) fn sample_on_server(
    into: &Address,
    replicas: Option<usize>,
    options: &SampleOptions,
) -> Result<SampleReport, Failure> {
    let (mut store, _meanwhile) = Meanwhile::begin()?;
    let mut progress = Progress::new("making events", Some(options.numbers()?.events));
    let report = fill_sample(&mut store, options, &mut |count| progress.tell(count))?;
    drop(progress);
    carry(into, replicas, true, &store)?;
    Ok(report)
}

fn carry(into: &Address, replicas: Option<usize>, is_new: bool, from: &dyn Store) -> Result<BroughtIn, Failure> {
    let total = from.kept_events().ok().flatten();
    let opened = asking(Source::Server(into.clone()), |source| match source {
        Source::Server(address) => store::server_target(address, replicas, is_new),
        Source::File(path) => Err(StoreError::Missing(path.clone())),
    })?;
    let mut progress = Progress::new("importing events", total);
    Ok(store::bring_in(&opened, from, &mut |count| progress.tell(count))?)
}

/// A store on a server into a native store.
pub(super) fn import_from_server(from: &Address, into: &OsStr, path: &Path) -> Result<ImportReport, Failure> {
    let reader = asking(Source::Server(from.clone()), store::open)?;
    match Aside::begin(path) {
        Ok((mut store, aside)) => {
            let report = copy(reader.as_ref(), &mut store)?;
            drop(store);
            aside.place()?;
            Ok(report)
        }
        Err(StoreError::AlreadyThere(_)) => {
            let mut store = transfer::open_native(into, path)?;
            copy(reader.as_ref(), &mut store)
        }
        Err(error) => Err(error.into()),
    }
}

fn copy(from: &dyn Store, into: &mut NativeStore) -> Result<ImportReport, Failure> {
    let total = from.kept_events().ok().flatten();
    let mut progress = Progress::new("importing events", total);
    let mut report = ImportReport::default();
    let mut streams = std::collections::HashSet::new();
    let mut bulk = into.bulk()?;
    let mut scan = from.scan(&Query::store())?;
    let mut batch = EventBatch::default();
    loop {
        scan.next_batch(&mut batch)?;
        if batch.is_empty() {
            break;
        }
        for row in batch.rows() {
            // Nearly every one is new; what is refused is looked at.
            let recorded = match bulk.record_row(&row) {
                Ok(()) => Recorded::New(row.version),
                Err(_) => bulk.record(row.stream, Some(row.version), &store::as_new(&row)?)?,
            };
            match recorded {
                Recorded::New(_) => report.events += 1,
                Recorded::AlreadyThere(_) => report.already_there += 1,
            }
            if !streams.contains(row.stream) {
                streams.insert(row.stream.clone());
            }
        }
        if progress.tell(report.events + report.already_there).is_break() {
            return Err(StoreError::Cancelled.into());
        }
    }
    bulk.commit()?;
    drop(progress);
    report.streams = streams.len() as u64;
    keep_long_streams(into);
    Ok(report)
}
