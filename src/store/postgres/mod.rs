//! PostgreSQL: other frameworks' stores behind an address. Looked at in read-only transactions, through portals that
//! fetch some rows at a time, over connections that are kept for a moment.

mod address;
mod address_flaw;
mod append;
mod certificate;
mod client;
mod connection;
mod connector;
mod detail;
mod guarded;
mod listening;
mod messages;
mod moment;
mod pool;
mod read_model;
mod reading;
mod rights;
mod running;
mod secrets;
mod server_error;
mod settings;
mod sql_class;
mod tables;
mod tls;

use std::sync::Arc;
use std::time::Duration;

pub use address::Address;
pub(in crate::store) use address::{Secret, decoded};
pub use address_flaw::AddressFlaw;
pub(in crate::store) use client::Client;
pub use detail::ServerDetail;
pub(super) use read_model::{read_table, storable, write_model};
pub(in crate::store) use secrets::looks_like_address;
pub use server_error::ServerError;
pub use sql_class::SqlClass;

use super::frameworks::{Catalogue, Cells, Database, ForeignStore, Layout, Mapping, Rows, Sql, Value, chosen};
use super::{Alarm, Flow, Interrupter, Notice, OpenOptions, Ring, Source, Steady, StoreError, Writer};
use moment::Moment;
use pool::Server;
use reading::PgRows;
use running::Running;

/// How long what was found out about the tables is taken for true. A statement over a table that has gone ends it.
const TABLES_HOLD: Duration = Duration::from_secs(30);

/// A server's tables, read by a declaration.
pub type ForeignPostgres = ForeignStore<PgDatabase>;

/// One database of a server, to look at.
#[derive(Clone, Debug)]
pub struct PgDatabase {
    address: Address,
    server: Arc<Server>,
    running: Running,
    moment: Moment,
}

impl PgDatabase {
    /// Connects at the first question.
    pub fn at(address: &Address) -> Result<Self, StoreError> {
        let server = Server::at(address).map_err(|error| failed(address, error))?;
        Ok(Self { address: address.clone(), server, running: Running::default(), moment: Moment::default() })
    }

    /// Every table that may be looked at.
    pub fn catalogue(&self) -> Result<Catalogue, StoreError> {
        self.server.catalogue().map_err(|error| failed(&self.address, error))
    }

    fn failed(&self, error: ServerError) -> StoreError {
        failed(&self.address, self.server.with_missing_rights(error, &|_| rights::TO_READ))
    }

    fn known_catalogue(&self) -> Result<Arc<Catalogue>, StoreError> {
        if let Some(known) = self.server.known(TABLES_HOLD) {
            return Ok(known);
        }
        let catalogue = Arc::new(self.catalogue()?);
        self.server.learn(Arc::clone(&catalogue));
        Ok(catalogue)
    }

    fn layout(&self, mapping: Option<&Mapping>) -> Result<Layout, StoreError> {
        let catalogue = self.known_catalogue()?;
        match chosen(self.address.as_str(), &catalogue, mapping) {
            Ok(Some(layout)) => Ok(layout),
            Ok(None) => Err(self.failed(ServerError::Unrecognised { tables: catalogue.names() })),
            // A server has a shorter way to choose than a file has.
            Err(StoreError::Several { tables, first, .. }) => Err(self.failed(ServerError::Several { tables, first })),
            Err(other) => Err(other),
        }
    }
}

fn failed(address: &Address, error: ServerError) -> StoreError {
    if matches!(error, ServerError::Cancelled) {
        return StoreError::Cancelled;
    }
    StoreError::Server { address: address.clone(), error: Box::new(error) }
}

/// Rows whose errors name the address.
struct NamedRows<'d> {
    database: &'d PgDatabase,
    rows: PgRows<'d>,
}

impl Rows for NamedRows<'_> {
    fn some(&mut self, visit: &mut dyn FnMut(&dyn Cells) -> Flow) -> Result<bool, StoreError> {
        self.rows.some(visit).map_err(|error| self.database.failed(error))
    }
}

impl Database for PgDatabase {
    fn query<'d>(&'d self, sql: &Sql) -> Result<Box<dyn Rows + 'd>, StoreError> {
        let rows = PgRows::begin(&self.server, &self.running, &self.moment, sql).map_err(|error| self.failed(error))?;
        Ok(Box::new(NamedRows { database: self, rows }))
    }

    fn opener(&self) -> Arc<dyn Fn() -> Result<Self, StoreError> + Send + Sync> {
        let database = self.clone();
        Arc::new(move || Ok(Self { running: Running::default(), moment: Moment::default(), ..database.clone() }))
    }

    fn interrupter(&self) -> Option<Interrupter> {
        Some(self.running.interrupter())
    }

    fn steady(&self) -> Result<Steady<'_>, StoreError> {
        self.moment.hold(&self.server).map_err(|error| self.failed(error))
    }

    fn changed(&self) -> StoreError {
        self.failed(ServerError::Changed(ServerDetail::NoEventNumber))
    }

    fn may_record_late(&self) -> bool {
        true
    }

    fn notice(&self) -> Option<Notice> {
        None
    }

    fn alarm(&self, layout: &Layout, ring: Ring) -> Option<Alarm> {
        let catalogue = self.known_catalogue().ok()?;
        let channel = layout.channel(catalogue.table(&layout.table)?)?;
        listening::listen(Arc::clone(&self.server), channel, ring)
    }

    /// What the server counts of the table and its parts, and where its sequences stand: neither looks at a row. The
    /// counts may lag some seconds behind; the sequences, where the framework numbers its events by one, do not.
    fn fingerprint(&self, layout: &Layout) -> Result<Option<String>, StoreError> {
        let catalogue = self.known_catalogue()?;
        let Some(table) = catalogue.table(&layout.table) else { return Ok(None) };
        let text = "SELECT (SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text FROM pg_stat_all_tables \
                      WHERE relid = to_regclass($1::text) OR relid IN (SELECT relid FROM pg_partition_tree(to_regclass($1::text)))) \
                    || '/' || (SELECT coalesce(sum(last_value), 0)::text FROM pg_sequences WHERE schemaname = $2::text)";
        let values = vec![Value::Text(table.quoted()), Value::Text(table.schema.clone().unwrap_or_default())];
        let mut seen = None;
        self.rows(&Sql { text: text.to_owned(), values }, &mut |cells| {
            seen = Some(cells.cell(0).name().into_owned());
            Flow::Break(())
        })?;
        Ok(seen)
    }
}

/// What some framework wrote there, or what a mapping says.
pub(super) fn open(address: &Address, options: &OpenOptions) -> Result<ForeignPostgres, StoreError> {
    open_in(PgDatabase::at(address)?, options)
}

pub(super) fn open_in(database: PgDatabase, options: &OpenOptions) -> Result<ForeignPostgres, StoreError> {
    let mut layout = database.layout(options.mapping.as_ref())?;
    layout.read_only = layout.why_read_only();
    let place = database.address.to_string();
    ForeignStore::new(database, layout, options.key.clone(), &place)
}

/// Opens to append, where the framework's own rules can be kept.
pub(super) fn open_for_writing(address: &Address) -> Result<Box<dyn Writer>, StoreError> {
    let store = open(address, &OpenOptions::kept_for(&Source::Server(address.clone())))?;
    match store.layout().read_only {
        None => Ok(Box::new(store)),
        Some(reason) => Err(StoreError::OnlyReads { place: address.to_string(), reason }),
    }
}
