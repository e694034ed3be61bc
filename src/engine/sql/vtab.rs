//! SQLite's side of a table: its virtual tables, over [`Table`]s that know nothing of SQLite's calls.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_int};
use std::fmt::Write as _;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::vtab::{
    Context, Filters, IndexConstraintOp, IndexInfo, Module, VTab, VTabConfig, VTabConnection, VTabCursor, sqlite3_vtab,
    sqlite3_vtab_cursor,
};
use rusqlite::{Connection, Error, Result};

/// A table that queries may name.
pub(super) trait Table: Send + Sync {
    /// Asked when a query names the table, and not before.
    fn columns(&self) -> Result<Vec<Column>>;

    /// About how many rows it has.
    fn size(&self) -> f64;

    /// Which share of the rows is left where this column is bounded so; `None` where all are read anyway.
    fn share(&self, column: usize, bound: Bound) -> Option<f64>;

    /// The column in whose order rows come, where those have one value that are named here; and whether they come backward
    /// too.
    fn order(&self, _equal: &[usize]) -> Option<(usize, bool)> {
        None
    }

    fn open(&self) -> Box<dyn Reading>;
}

#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: &'static str,
    /// It can be asked for, and is not among `*`.
    pub(super) is_hidden: bool,
}

impl Column {
    pub(super) fn new(name: &str, kind: &'static str) -> Self {
        Self { name: name.to_owned(), kind, is_hidden: false }
    }

    pub(super) fn hidden(name: &str, kind: &'static str) -> Self {
        Self { is_hidden: true, ..Self::new(name, kind) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Equal,
    /// At least, or more than: SQLite looks at each row again.
    From,
    To,
}

/// What SQLite wants of one reading. It looks at each row again, so that one too many does no harm.
#[derive(Debug, Default)]
pub(super) struct Wish {
    pub(super) bounds: Vec<(usize, Bound, Value)>,
    /// A bit for each column that is looked at, the last for all from there on.
    used: u64,
    pub(super) is_backward: bool,
}

impl Wish {
    pub(super) fn uses(&self, column: usize) -> bool {
        self.used & (1 << column.min(63)) != 0
    }

    /// The text that this column must equal.
    pub(super) fn text(&self, column: usize) -> Option<&str> {
        self.bounds.iter().find_map(|(of, bound, value)| match value {
            Value::Text(text) if *of == column && *bound == Bound::Equal => Some(text.as_str()),
            _ => None,
        })
    }

    /// The whole numbers between which this column must lie.
    pub(super) fn between(&self, column: usize) -> (Option<u64>, Option<u64>) {
        let (mut from, mut to) = (None, None);
        for (_, bound, value) in self.bounds.iter().filter(|(of, ..)| *of == column) {
            let number = match value {
                Value::Integer(number) => u64::try_from(*number).unwrap_or(0),
                // Cut to a whole number, it takes in one row more, if any.
                Value::Real(number) if number.is_finite() && *number >= 0.0 => *number as u64,
                _ => continue,
            };
            if matches!(bound, Bound::Equal | Bound::From) {
                from = from.max(Some(number));
            }
            if matches!(bound, Bound::Equal | Bound::To) {
                to = Some(to.map_or(number, |to: u64| to.min(number)));
            }
        }
        (from, to)
    }
}

/// Rows of a table, one after the other.
pub(super) trait Reading {
    fn begin(&mut self, wish: Wish) -> Result<()>;
    fn next(&mut self) -> Result<()>;
    fn is_over(&self) -> bool;
    fn give(&self, column: usize, to: &mut Context) -> Result<()>;
}

pub(super) fn add_table(connection: &Connection, name: &str, table: Arc<dyn Table>) -> Result<()> {
    // Tables that are there by their name alone: nothing has to be created, which the query could then do too.
    const MODULE: Module<'static, Tab> = Module::eponymous_only_module();
    connection.create_module(name, &MODULE, Some(table))
}

#[repr(C)]
struct Tab {
    /// SQLite's own part, which it expects first.
    base: sqlite3_vtab,
    table: Arc<dyn Table>,
}

#[repr(C)]
struct TabCursor {
    base: sqlite3_vtab_cursor,
    reading: Box<dyn Reading>,
    row: i64,
}

impl Tab {
    fn bound(operator: &IndexConstraintOp) -> Option<Bound> {
        match operator {
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ => Some(Bound::Equal),
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GT | IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GE => {
                Some(Bound::From)
            }
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LT | IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LE => {
                Some(Bound::To)
            }
            _ => None,
        }
    }
}

#[allow(unsafe_code, reason = "the trait asks to be promised that the base stands first, as it does")]
unsafe impl VTab<'_> for Tab {
    type Aux = Arc<dyn Table>;
    type Cursor = TabCursor;

    fn connect(
        connection: &mut VTabConnection,
        table: Option<&Self::Aux>,
        _module: &[u8],
        _database: &[u8],
        _name: &[u8],
        _arguments: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Self)> {
        connection.config(VTabConfig::DirectOnly)?;
        let table = table.ok_or_else(|| Error::ModuleError("a table without rows".to_owned()))?;
        let columns = table.columns()?.into_iter().map(|column| {
            let hidden = if column.is_hidden { " HIDDEN" } else { "" };
            format!("{} {}{hidden}", quoted(&column.name), column.kind)
        });
        let declared = format!("CREATE TABLE x({})", columns.collect::<Vec<_>>().join(", "));
        let declared = CString::new(declared).map_err(|error| Error::ModuleError(error.to_string()))?;
        Ok((Cow::Owned(declared), Self { base: sqlite3_vtab::default(), table: Arc::clone(table) }))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        let mut taken: Vec<(usize, usize, Bound)> = Vec::new();
        let mut rows = self.table.size().max(1.0);
        for (place, constraint) in info.constraints().enumerate() {
            let column = usize::try_from(constraint.column()).ok().filter(|_| constraint.is_usable());
            let Some((column, bound)) = column.zip(Self::bound(&constraint.operator())) else { continue };
            // Letters that another rule compares may be equal where their bytes are not.
            let is_exact = info.collation(place).is_ok_and(|rule| rule.eq_ignore_ascii_case("BINARY"));
            if let Some(share) = self.table.share(column, bound).filter(|_| is_exact) {
                rows = (rows * share).max(1.0);
                taken.push((place, column, bound));
            }
        }
        let mut plan = info.col_used().to_string();
        let equal: Vec<usize> =
            taken.iter().filter(|(_, _, bound)| *bound == Bound::Equal).map(|(_, column, _)| *column).collect();
        let wanted = info.order_bys().next().map(|order| (order.column(), order.is_order_by_desc()));
        let order = self.table.order(&equal).zip(wanted).filter(|_| info.num_of_order_by() == 1);
        let is_ordered = order.is_some_and(|((column, goes_backward), (wanted, is_descending))| {
            usize::try_from(wanted) == Ok(column) && (goes_backward || !is_descending)
        });
        plan += if is_ordered && wanted.is_some_and(|(_, is_descending)| is_descending) { " b" } else { " f" };
        for (argument, (place, column, bound)) in (1..).zip(&taken) {
            info.constraint_usage(*place).set_argv_index(argument);
            let bound = match bound {
                Bound::Equal => '=',
                Bound::From => '>',
                Bound::To => '<',
            };
            let _ = write!(plan, " {column}{bound}");
        }
        info.set_idx_str(&plan);
        info.set_order_by_consumed(is_ordered);
        info.set_estimated_cost(rows);
        info.set_estimated_rows(rows as i64);
        Ok(true)
    }

    fn open(&mut self) -> Result<TabCursor> {
        Ok(TabCursor { base: sqlite3_vtab_cursor::default(), reading: self.table.open(), row: 0 })
    }
}

fn wish(plan: &str, values: &Filters<'_>) -> Result<Wish> {
    let mut words = plan.split(' ');
    let used = words.next().and_then(|used| used.parse().ok()).unwrap_or(u64::MAX);
    let mut wish = Wish { used, is_backward: words.next() == Some("b"), bounds: Vec::new() };
    for (argument, word) in words.enumerate() {
        let (column, bound) = word.split_at(word.len().saturating_sub(1));
        let bound = match bound {
            "=" => Bound::Equal,
            ">" => Bound::From,
            _ => Bound::To,
        };
        if let Ok(column) = column.parse() {
            wish.bounds.push((column, bound, values.get(argument)?));
        }
    }
    Ok(wish)
}

#[allow(unsafe_code, reason = "the trait asks to be promised that the base stands first, as it does")]
unsafe impl VTabCursor for TabCursor {
    fn filter(&mut self, _number: c_int, plan: Option<&str>, values: &Filters<'_>) -> Result<()> {
        self.row = 0;
        self.reading.begin(wish(plan.unwrap_or_default(), values)?)
    }

    fn next(&mut self) -> Result<()> {
        self.row += 1;
        self.reading.next()
    }

    fn eof(&self) -> bool {
        self.reading.is_over()
    }

    fn column(&self, to: &mut Context, column: c_int) -> Result<()> {
        self.reading.give(usize::try_from(column).unwrap_or(usize::MAX), to)
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.row)
    }
}

/// A name as SQLite takes it literally.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\"").replace('\0', ""))
}
