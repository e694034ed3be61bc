//! Questions in SQL.

use std::io;
use std::time::Duration;

use serde_json::{Map, Value};

use super::args::{RowFormat, SqlArgs};
use super::failing::outcome_over;
use super::look::{Rows, check_csv_safe, written};
use super::output::{Align, plain};
use super::own::Under;
use super::progress::{counted, watching};
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::engine::{SqlAnswer, SqlError, SqlQuery, SqlRows, Ticket, sql as ask, sql_tables};
use crate::index::{Budget, StoreMoment};
use crate::store::Flow;

/// More rows than these nobody reads in a terminal.
const MOST_SHOWN: u64 = 1_000;

pub(super) fn sql(args: &SqlArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    check_csv_safe(args.csv_safe, args.format)?;
    let budget = Budget::of_mebibytes(args.memory);
    let under = Under::within(context, &args.store, args.projection.as_ref(), budget)?;
    let reader = &under.reader;
    let ticket = Ticket::new("asking");
    let Some(text) = &args.query else {
        let tables = watching("reading tables", &ticket, || sql_tables(reader.as_ref(), args.as_of, budget, &ticket));
        let tables = tables.map_err(|error| failed(error, ""))?;
        let columns = [("table", Align::Left), ("columns", Align::Left)];
        let mut rows = Rows::new(out, args.format, args.csv_safe, &columns);
        for table in tables {
            let row = serde_json::json!({ "table": table.name, "columns": table.columns });
            rows.row(&row, || vec![table.name, table.columns.join(", ")])?;
        }
        rows.finish()?;
        return Ok(Outcome::Done);
    };
    let is_table = args.format == RowFormat::Table;
    let query = SqlQuery {
        text: text.clone(),
        at: args.as_of,
        budget,
        limit: args.limit.or(is_table.then_some(MOST_SHOWN)),
        within: (args.timeout > 0).then(|| Duration::from_secs(args.timeout)),
    };
    let mut taken = Taken { args, out: Some(out), rows: None, names: Vec::new(), failed: Ok(()) };
    let answer = ask(reader.as_ref(), &query, &ticket, &mut taken);
    let Taken { rows, failed: printed, .. } = taken;
    printed?;
    let answer = match (answer, rows) {
        (Ok(answer), Some(rows)) => {
            rows.finish()?;
            answer
        }
        (Err(error), Some(rows)) => {
            // What came before that is shown.
            if !rows.is_empty() {
                rows.finish()?;
            }
            return Err(failed(error, text));
        }
        (answer, None) => answer.map_err(|error| failed(error, text))?,
    };
    say(args, &answer);
    outcome_over(&under, args.projection.as_ref(), &answer.failures)
}

fn say(args: &SqlArgs, answer: &SqlAnswer) {
    let rows = counted(answer.rows, "row");
    let then = match args.as_of {
        StoreMoment::Latest => String::new(),
        StoreMoment::Position(position) => format!(" at position {position}"),
        StoreMoment::Time(at) => format!(" at {at}"),
    };
    let read = match answer.read_to.position() {
        Some(position) => format!(", read up to position {position}"),
        None => String::new(),
    };
    if answer.is_cut {
        message(format_args!("the first {rows}{then}{read}; there are more: see them with --limit, or count them"));
    } else if args.format == RowFormat::Table {
        message(format_args!("{rows}{then}{read}"));
    }
}

fn failed(error: SqlError, text: &str) -> Failure {
    match error {
        SqlError::Query { flaw, at: Some(range) } => {
            Failure::Sql { message: flaw.to_string(), range, text: text.to_owned() }
        }
        SqlError::Engine(error) => error.into(),
        SqlError::TooLong(_) => Failure::Usage(format!("{error}; ask for less, or allow more with --timeout")),
        other => Failure::Usage(other.to_string()),
    }
}

/// Rows as they come. What stands above them is known only once the query has been understood.
struct Taken<'a, 'o> {
    args: &'a SqlArgs,
    out: Option<&'o mut Output>,
    rows: Option<Rows<'o>>,
    names: Vec<String>,
    failed: io::Result<()>,
}

impl SqlRows for Taken<'_, '_> {
    fn begin(&mut self, columns: &[String]) {
        let headings: Vec<(&str, Align)> = columns.iter().map(|name| (name.as_str(), Align::Left)).collect();
        self.rows = self.out.take().map(|out| Rows::new(out, self.args.format, self.args.csv_safe, &headings));
        self.names = columns.to_vec();
    }

    fn row(&mut self, values: Vec<Value>) -> Flow {
        let Some(rows) = &mut self.rows else { return Flow::Break(()) };
        let is_object = matches!(self.args.format, RowFormat::Json | RowFormat::Jsonl);
        let result = if is_object {
            rows.row(&self.names.iter().cloned().zip(values).collect::<Map<_, _>>(), Vec::new)
        } else {
            rows.row(&(), || values.iter().map(plain).collect())
        };
        written(result, &mut self.failed)
    }
}
