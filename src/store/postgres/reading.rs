//! Reading: one transaction that may change nothing and sees one moment, rows some at a time.

use std::cell::Cell as StdCell;

use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{FromSql, ToSql, Type};
use postgres::{Client, IsolationLevel, Row, Transaction};

use super::ServerTrouble;
use super::pool::Server;
use crate::store::Flow;
use crate::store::foreign::{Cell, Cells, Sql, Value};

/// Rows of the first batch: what a screen shows. Who reads on gets more at once.
const FIRST_BATCH: i32 = 128;
const LARGEST_BATCH: i32 = 8192;

/// A batch as large as this is not followed by one of more rows.
const BATCH_BYTES: usize = 1 << 20;

impl Server {
    /// Rows of a statement, in order, until the visitor breaks.
    pub(super) fn visit(&self, sql: &Sql, visit: &mut dyn FnMut(&dyn Cells) -> Flow) -> Result<(), ServerTrouble> {
        // PostgreSQL holds no such text, so nothing can equal it.
        if sql.values.iter().any(|value| matches!(value, Value::Text(text) if text.contains('\0'))) {
            return Ok(());
        }
        let has_begun = StdCell::new(false);
        let mut watched = |cells: &dyn Cells| {
            has_begun.set(true);
            visit(cells)
        };
        self.repeating(&mut |client| through_portal(client, sql, &mut watched), &|| !has_begun.get())
    }

    /// Every row of a short answer.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        read: &dyn Fn(&Row) -> Result<T, postgres::Error>,
    ) -> Result<Vec<T>, ServerTrouble> {
        let all = |client: &mut Client| read_only(client)?.query(sql, &[])?.iter().map(read).collect();
        self.repeating(&mut { all }, &|| true)
    }

    /// A connection that turns out to be lost is made anew, once, if nothing was answered yet.
    pub(super) fn repeating<T>(
        &self,
        work: &mut dyn FnMut(&mut Client) -> Result<T, postgres::Error>,
        may_repeat: &dyn Fn() -> bool,
    ) -> Result<T, ServerTrouble> {
        let once = |work: &mut dyn FnMut(&mut Client) -> Result<T, postgres::Error>| {
            self.with(|client| work(client).map_err(|error| self.trouble(&error)))?
        };
        match once(work) {
            Err(ServerTrouble::Lost(words)) => {
                tracing::debug!(words, "the connection was lost");
                // What was kept is as old, and most likely lost too.
                self.forget_connections();
                if may_repeat() { once(work) } else { Err(ServerTrouble::Lost(words)) }
            }
            answer => answer,
        }
    }
}

fn read_only(client: &mut Client) -> Result<Transaction<'_>, postgres::Error> {
    client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start()
}

fn through_portal(
    client: &mut Client,
    sql: &Sql,
    visit: &mut dyn FnMut(&dyn Cells) -> Flow,
) -> Result<(), postgres::Error> {
    let mut transaction = read_only(client)?;
    let values: Vec<Box<dyn ToSql + Sync>> = sql.values.iter().map(bound).collect();
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value).collect();
    let portal = transaction.bind(sql.text.as_str(), &values)?;
    let mut batch = FIRST_BATCH;
    loop {
        let mut rows = transaction.query_portal_raw(&portal, batch)?;
        let (mut count, mut bytes) = (0, 0);
        while let Some(row) = rows.next()? {
            count += 1;
            bytes += row.raw_size_bytes();
            if visit(&PgCells(&row)).is_break() {
                return Ok(());
            }
        }
        if count < batch {
            return Ok(());
        }
        if bytes < BATCH_BYTES {
            batch = LARGEST_BATCH.min(batch * 4);
        } else if bytes > 4 * BATCH_BYTES {
            batch = FIRST_BATCH.max(batch / 2);
        }
    }
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
