//! Reading: one transaction that may change nothing and sees one moment, rows some at a time.

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql, Type};

use super::ServerError;
use super::client::Client;
use super::moment::Moment;
use super::pool::{Lent, Server};
use super::running::{Asking, Running};
use crate::store::Flow;
use crate::store::frameworks::{Cell, Cells, Sql, Value};

/// Rows of the first batch: what a screen shows. Who reads on gets more at once.
const FIRST_BATCH: i32 = 128;
/// Rows are in memory together, and the next ones may be much longer than those before.
const LARGEST_BATCH: i32 = 1024;

/// A batch as large as this is not followed by one of more rows.
const BATCH_BYTES: usize = 1 << 20;

impl Server {
    /// Every row of a short answer.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        read: &dyn Fn(&Row) -> Result<T, tokio_postgres::Error>,
    ) -> Result<Vec<T>, ServerError> {
        let all = |client: &mut Client| {
            let rows = client.in_transaction(READ_ONLY, |client| client.query(sql, &[]), |_| false)?;
            rows.iter().map(read).collect()
        };
        self.repeating(&mut { all }, &|| true)
    }

    /// A connection that turns out to be lost is made anew, once, if nothing was answered yet.
    pub(super) fn repeating<T>(
        &self,
        work: &mut dyn FnMut(&mut Client) -> Result<T, tokio_postgres::Error>,
        may_repeat: &dyn Fn() -> bool,
    ) -> Result<T, ServerError> {
        let once = |work: &mut dyn FnMut(&mut Client) -> Result<T, tokio_postgres::Error>| {
            self.with(|client| work(client).map_err(|error| self.server_error(&error)))?
        };
        match once(work) {
            Err(ServerError::Lost(detail)) => {
                tracing::debug!(%detail, "the connection was lost");
                // What was kept is as old, and most likely lost too.
                self.forget_connections();
                if may_repeat() { once(work) } else { Err(ServerError::Lost(detail)) }
            }
            Err(error) if error.ends_connection() => {
                self.forget_connections();
                Err(error)
            }
            answer => answer,
        }
    }
}

/// Sees one moment, and changes nothing.
pub(super) const READ_ONLY: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Rows of a statement on their way: a transaction that sees one moment of the store, and a cursor in it.
pub(super) struct PgRows<'s> {
    server: &'s Server,
    running: &'s Running,
    /// How its transaction begins.
    begin: String,
    sql: Sql,
    /// `None` when there is nothing more to read.
    lent: Option<(Lent<'s>, Asking)>,
    fetched: std::vec::IntoIter<Row>,
    /// How many rows are asked for next.
    batch: i32,
    has_more: bool,
    has_begun: bool,
}

impl<'s> PgRows<'s> {
    pub(super) fn begin(
        server: &'s Server,
        running: &'s Running,
        moment: &Moment,
        sql: &Sql,
    ) -> Result<Self, ServerError> {
        // PostgreSQL holds no such text, so nothing can equal it.
        let is_impossible = sql.values.iter().any(|value| matches!(value, Value::Text(text) if text.contains('\0')));
        let mut rows = Self {
            server,
            running,
            begin: moment.begin(),
            sql: sql.clone(),
            lent: None,
            fetched: Vec::new().into_iter(),
            batch: FIRST_BATCH,
            has_more: !is_impossible,
            has_begun: false,
        };
        if rows.has_more {
            rows.fetch()?;
        }
        Ok(rows)
    }

    pub(super) fn some(&mut self, visit: &mut dyn FnMut(&dyn Cells) -> Flow) -> Result<bool, ServerError> {
        loop {
            for row in self.fetched.by_ref() {
                self.has_begun = true;
                if visit(&PgCells(&row)).is_break() {
                    return Ok(true);
                }
            }
            if !self.has_more {
                return Ok(false);
            }
            self.fetch()?;
        }
    }

    /// A connection that turns out to be lost is made anew, once, if nothing was answered yet. Long rows are asked for a
    /// few at a time.
    fn fetch(&mut self) -> Result<(), ServerError> {
        let error = match self.try_fetch() {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let is_cancelled = self.lent.as_ref().is_some_and(|(_, asking)| asking.is_cancelled());
        if !is_cancelled && !error.ends_connection() {
            self.has_more = false;
            return Err(error);
        }
        if let Some((lent, _)) = self.lent.take() {
            lent.close();
        }
        if is_cancelled {
            self.has_more = false;
            return Err(ServerError::Cancelled);
        }
        tracing::debug!(%error, "the connection was lost");
        match error {
            ServerError::TooLarge { .. } if !self.has_begun && self.batch > 1 => {
                self.batch = (self.batch / 16).max(1);
                return self.fetch();
            }
            // What was kept is as old, and most likely lost too.
            ServerError::Lost(_) => self.server.forget_connections(),
            _ => {}
        }
        if self.has_begun || !matches!(error, ServerError::Lost(_)) {
            self.has_more = false;
            return Err(error);
        }
        self.try_fetch().inspect_err(|_| self.has_more = false)
    }

    fn try_fetch(&mut self) -> Result<(), ServerError> {
        let is_new = self.lent.is_none();
        if is_new {
            let lent = self.server.lend()?;
            let Some(cancel) = lent.cancel() else { return Ok(()) };
            self.lent = Some((lent, self.running.begin(cancel)));
        }
        let Some(client) = self.lent.as_mut().and_then(|(lent, _)| lent.client()) else { return Ok(()) };
        let mut ask = || -> Result<Vec<Row>, tokio_postgres::Error> {
            if is_new {
                declare(client, &self.begin, &self.sql)?;
            }
            client.query_at_once(&format!("FETCH FORWARD {} FROM {CURSOR}", self.batch))
        };
        let rows = ask().map_err(|error| self.server.server_error(&error))?;
        self.has_more = rows.len() as i64 >= i64::from(self.batch);
        let bytes: usize = rows.iter().map(Row::raw_size_bytes).sum();
        if bytes < BATCH_BYTES {
            self.batch = LARGEST_BATCH.min(self.batch * 4);
        } else if bytes > 4 * BATCH_BYTES {
            self.batch = FIRST_BATCH.max(self.batch / 2);
        }
        self.fetched = rows.into_iter();
        if !self.has_more {
            self.end();
        }
        Ok(())
    }

    /// Ends the transaction before the connection is lent to somebody else.
    fn end(&mut self) {
        let Some((mut lent, asking)) = self.lent.take() else { return };
        let ended = match lent.client() {
            Some(client) if !client.is_closed() && !asking.is_cancelled() => client.batch_execute("ROLLBACK"),
            _ => return lent.close(),
        };
        let is_cancelled = asking.is_cancelled();
        drop(asking);
        if let Err(error) = &ended {
            tracing::debug!(%error, "the reading could not be ended");
        }
        if is_cancelled || ended.is_err() {
            lent.close();
        }
    }
}

impl Drop for PgRows<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

const CURSOR: &str = "foldline_reading";

fn declare(client: &mut Client, begin: &str, sql: &Sql) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(begin)?;
    let values: Vec<Box<dyn ToSql + Sync>> = sql.values.iter().map(bound).collect();
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value).collect();
    client.execute(&format!("DECLARE {CURSOR} NO SCROLL CURSOR FOR {}", sql.text), &values)?;
    Ok(())
}

fn bound(value: &Value) -> Box<dyn ToSql + Sync> {
    match value {
        Value::Int(number) => Box::new(*number),
        Value::Real(number) => Box::new(*number),
        Value::Text(text) => Box::new(text.clone()),
        Value::Bytes(bytes) => Box::new(bytes.clone()),
    }
}

/// A row of the five kinds of value that statements ask for.
struct PgCells<'a>(&'a Row);

impl Cells for PgCells<'_> {
    fn cell(&self, index: usize) -> Cell<'_> {
        match self.0.try_get::<usize, Option<Raw<'_>>>(index) {
            Ok(Some(Raw(cell))) => cell,
            // Out of range or NULL: both are nothing to show.
            _ => Cell::Null,
        }
    }
}

struct Raw<'a>(Cell<'a>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(match *kind {
            Type::INT8 => Cell::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Cell::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Cell::Int(i16::from_sql(kind, raw)?.into()),
            Type::BOOL => Cell::Int(bool::from_sql(kind, raw)?.into()),
            Type::FLOAT8 => Cell::Real(f64::from_sql(kind, raw)?),
            Type::FLOAT4 => Cell::Real(f32::from_sql(kind, raw)?.into()),
            Type::BYTEA => Cell::Bytes(raw),
            _ => Cell::Text(raw),
        }))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
