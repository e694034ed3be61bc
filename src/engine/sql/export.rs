//! All rows of an answer, into a file.

use std::io::{self, BufWriter, Write};

use serde_json::Value;

use super::super::Ticket;
use super::super::row_export::{UTF8_MARK, plain};
use super::{SqlError, SqlQuery, SqlRows, sql};
use crate::store::files::{CsvWriter, ExportTarget, TargetError};
use crate::store::{Flow, Store, StoreError};

struct CsvRows<W: Write> {
    table: CsvWriter<W>,
    written: io::Result<()>,
    rows: u64,
}

impl<W: Write> CsvRows<W> {
    fn keep(&mut self, written: io::Result<()>) -> Flow {
        if self.written.is_ok() {
            self.written = written;
        }
        if self.written.is_err() { Flow::Break(()) } else { Flow::Continue(()) }
    }
}

impl<W: Write> SqlRows for CsvRows<W> {
    fn begin(&mut self, columns: &[String]) {
        let written = self.table.headings(columns.iter().map(String::as_str));
        let _ = self.keep(written);
    }

    fn row(&mut self, values: Vec<Value>) -> Flow {
        self.rows += 1;
        let cells: Vec<String> = values.iter().map(plain).collect();
        let written = self.table.row(&cells);
        self.keep(written)
    }
}

/// Writes what a query answers as CSV; the file is there when it is whole. Answers with how many rows there are.
pub fn write_sql<E: From<SqlError> + From<TargetError> + From<StoreError>>(
    reader: &dyn Store,
    target: ExportTarget,
    query: &SqlQuery,
    is_csv_safe: bool,
    ticket: &Ticket,
) -> Result<u64, E> {
    let path = target.name().to_owned();
    let failed = |error: io::Error| E::from(StoreError::from_io(&path, error));
    target.write(
        |file| {
            let mut out = BufWriter::with_capacity(1 << 16, file);
            if is_csv_safe {
                out.write_all(UTF8_MARK.as_bytes()).map_err(failed)?;
            }
            let rows = write_csv(reader, query, &mut out, is_csv_safe, ticket, &failed)?;
            out.flush().map_err(failed)?;
            Ok(rows)
        },
        failed,
    )
}

fn write_csv<E: From<SqlError>>(
    reader: &dyn Store,
    query: &SqlQuery,
    out: &mut impl Write,
    is_csv_safe: bool,
    ticket: &Ticket,
    failed: &impl Fn(io::Error) -> E,
) -> Result<u64, E> {
    let mut taken = CsvRows { table: CsvWriter::new(out, is_csv_safe), written: Ok(()), rows: 0 };
    sql(reader, query, ticket, &mut taken)?;
    let CsvRows { table, written, rows } = taken;
    written.and_then(|()| table.finish()).map_err(failed)?;
    Ok(rows)
}
