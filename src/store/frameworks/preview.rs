//! For whoever makes a mapping: what the database holds, what it may mean, and how the first events then read.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use super::guess::{Guess, Looked, Sample, guess};
use super::mapping::{Mapping, MappingError};
use super::within::within;
use super::{Catalogue, Database};
use crate::event::RecordedEvent;
use crate::store::nats;
use crate::store::opening::ReadOnlyFile;
use crate::store::postgres::{self, PgDatabase};
use crate::store::sqlite::{self, SqliteTables, read_catalogue};
use crate::store::{Flow, Interrupter, OpenOptions, Query, Source, Store, StoreError};

/// A database that is to be mapped.
#[derive(Debug)]
pub struct Unmapped {
    pub catalogue: Catalogue,
    pub guesses: Vec<Guess>,
    /// The tables whose first rows took too long to read: they are guessed at by their names alone.
    pub slow: Vec<String>,
    /// By table.
    samples: HashMap<String, Vec<Sample>>,
}

impl Unmapped {
    /// What the columns of a table hold.
    pub fn samples(&self, table: &str) -> &[Sample] {
        self.samples.get(table).map_or(&[], Vec::as_slice)
    }
}

/// Looks into a database that nobody recognised.
pub fn look_into(source: &Source) -> Result<Unmapped, StoreError> {
    match source {
        Source::File(path) => look_into_file(path),
        Source::Server(address) if address.is_nats() => nats::look_into_server(address),
        Source::Server(address) => {
            let database = PgDatabase::at(address)?;
            unmapped(&database, database.catalogue()?)
        }
    }
}

pub(in crate::store) fn look_into_file(path: &Path) -> Result<Unmapped, StoreError> {
    let tables = SqliteTables::new(path, ReadOnlyFile::open(path)?);
    let catalogue = read_catalogue(tables.connection()).map_err(|source| StoreError::from_sqlite(path, source))?;
    unmapped(&tables, catalogue)
}

/// The same for any database.
pub fn unmapped(database: &dyn Database, catalogue: Catalogue) -> Result<Unmapped, StoreError> {
    let Looked { guesses, samples, slow } = guess(database, &catalogue)?;
    Ok(Unmapped { catalogue, guesses, slow, samples })
}

/// Rows that are read to show a few events: some may be no events, or stand in another order.
const TRIED: u64 = 1000;

/// How long reading them may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The first events as a mapping reads them, of a table's first rows.
pub fn preview(source: &Source, mapping: &Mapping, count: u64) -> Result<Vec<RecordedEvent>, StoreError> {
    let options = OpenOptions {
        mapping: Some(Mapping { first_rows: Some(TRIED), ..mapping.clone() }),
        ..OpenOptions::from_environment()
    };
    let read = match source {
        Source::File(path) => {
            let file = ReadOnlyFile::open(path)?;
            let handle = file.connection().get_interrupt_handle();
            let interrupter = Interrupter::new(move || handle.interrupt());
            first_events(Some(interrupter), || sqlite::open(path, file, &options), count)
        }
        Source::Server(address) if address.is_nats() => {
            let store = nats::open(address, &options)?;
            first_events(store.interrupter(), || Ok(store), count)
        }
        Source::Server(address) => {
            let database = PgDatabase::at(address)?;
            first_events(database.interrupter(), || postgres::open_in(database, &options), count)
        }
    };
    read?.ok_or_else(|| StoreError::Mapping {
        place: source.to_string(),
        source: MappingError::TooSlow { table: mapping.table.clone(), seconds: PATIENCE.as_secs() },
    })
}

/// Opening a store by a mapping looks into the table already.
fn first_events<S: Store>(
    interrupter: Option<Interrupter>,
    open: impl FnOnce() -> Result<S, StoreError>,
    count: u64,
) -> Result<Option<Vec<RecordedEvent>>, StoreError> {
    within(PATIENCE, interrupter, || {
        let mut events = Vec::new();
        open()?.visit_events(&Query::store().limit(count), &mut |row| {
            events.push(row.to_recorded());
            Flow::Continue(())
        })?;
        Ok(events)
    })
}
