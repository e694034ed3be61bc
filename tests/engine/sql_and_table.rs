//! Questions in SQL, against the table that the window shows of the same streams: the same rows, in the same order, counted
//! and added up alike.

use std::collections::HashMap;

use foldline::engine::{
    ArrangeWanted, ArrangedFor, AsOfWanted, CountAmong, FoldedStores, RowFilter, SqlQuery, SqlRows, Ticket, arrange,
    sql,
};
use foldline::event::{NewEvent, StreamId};
use foldline::index::{Place, Sorting, StoreMoment};
use foldline::store::{Expected, Flow, Query, Store, Writer};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::as_of::{cqrs_es, emmett, native, sketches, sql_stream_store};
use super::store_lens::moments;
use super::workshop::{cases, event, own_store, read, second};

const FIELDS: [&str; 4] = ["name", "phone", "status", "contacts"];

#[derive(Default)]
struct Taken(Vec<Vec<Value>>);

impl SqlRows for Taken {
    fn begin(&mut self, _: &[String]) {}

    fn row(&mut self, values: Vec<Value>) -> Flow {
        self.0.push(values);
        Flow::Continue(())
    }
}

fn asked(store: &dyn Store, text: &str, at: StoreMoment) -> Result<Vec<Vec<Value>>, TestCaseError> {
    let (mut taken, query) = (Taken::default(), SqlQuery { text: text.to_owned(), at, ..SqlQuery::default() });
    sql(store, &query, &Ticket::new("asking"), &mut taken)
        .map_err(|error| TestCaseError::fail(format!("{text} at {at:?}: {error}")))?;
    Ok(taken.0)
}

/// What narrows the rows of the table, and how SQL says it.
fn filters() -> Vec<(RowFilter, String)> {
    let condition = |text: &str| RowFilter { conditions: vec![text.to_owned()], ..RowFilter::default() };
    let texts = RowFilter {
        texts: vec!["A".to_owned(), "1".to_owned()],
        columns: FIELDS.map(str::to_owned).to_vec(),
        ..RowFilter::default()
    };
    let holds = |text: &str| {
        let stands_in = |column: &str| format!("instr(lower(coalesce({column}, '')), '{text}') > 0");
        let columns: Vec<String> = ["stream"].iter().chain(&FIELDS).map(|column| stands_in(column)).collect();
        format!("({})", columns.join(" OR "))
    };
    let since = second(7);
    vec![
        (RowFilter::default(), "TRUE".to_owned()),
        (condition("contacts > 1"), "contacts > 1".to_owned()),
        (condition("status == 'FOLLOWUP_SET' || phone == '2'"), "status = 'FOLLOWUP_SET' OR phone = '2'".to_owned()),
        (condition("contacts == 1 && name == 'aab'"), "contacts = 1 AND name = 'aab'".to_owned()),
        (texts, format!("{} AND {}", holds("a"), holds("1"))),
        (
            RowFilter { since: Some(since), ..condition("contacts >= 0") },
            format!("contacts >= 0 AND recorded_at >= '{}'", json!(since).as_str().expect("a text")),
        ),
    ]
}

/// How rows are put in order, by which column of SQL, and whether the largest stands first.
fn orders() -> Vec<(Sorting, &'static str, bool)> {
    let fields = FIELDS.map(|field| (Sorting::Field(field.to_owned()), field));
    let heads = [(Sorting::Stream, "stream"), (Sorting::Version, "version"), (Sorting::Time, "recorded_at")];
    let both = |(by, column): (Sorting, &'static str)| [(by.clone(), column, true), (by, column, false)];
    heads.into_iter().chain(fields).flat_map(both).collect()
}

/// So many of the orders for each moment and filter: in turns, so that each has its own.
const ORDERS: usize = 3;

fn table(store: &dyn Store, wanted: &ArrangeWanted, folded: &FoldedStores) -> Option<ArrangedFor> {
    arrange(store, wanted, folded, &Ticket::new("folding")).expect("folded")
}

/// As the table has them.
fn rows_of(store: &dyn Store, arranged: &ArrangedFor) -> Vec<Vec<Value>> {
    let as_of = arranged.1.as_of(store);
    let row = |place: &Place| {
        let row = as_of.row(*place).expect("it is in the table");
        let mut cells = vec![json!(row.stream), json!(row.version), json!(row.recorded_at)];
        cells.extend(FIELDS.map(|field| as_of.value(*place, field)));
        cells
    };
    arranged.1.places.iter().map(row).collect()
}

fn sorted(rows: &[Vec<Value>]) -> Vec<String> {
    let mut rows: Vec<String> = rows.iter().map(|row| json!(row).to_string()).collect();
    rows.sort();
    rows
}

/// Says how many rows were compared.
fn alike(store: &dyn Store) -> Result<usize, TestCaseError> {
    let events = read(store, &Query::store());
    let (folded, mut compared) = (FoldedStores::default(), 0);
    let orders = orders();
    let mut turns = orders.iter().cycle();
    for at in moments(store, &events) {
        for (filter, condition) in filters() {
            for turn in 0..ORDERS {
                let (sorting, column, is_descending) = turns.next().expect("there are some").clone();
                let wanted = ArrangeWanted {
                    of: AsOfWanted { projection: Some("state".to_owned()), category: Some("lead".to_owned()), at },
                    filter: filter.clone(),
                    sorting,
                    is_descending,
                    numbers_of: Some("contacts".to_owned()),
                    counted: Some(CountAmong { field: "status".to_owned(), filter: filter.clone() }),
                };
                let Some(arranged) = table(store, &wanted, &folded) else {
                    prop_assert!(!events.iter().any(|event| event.stream.as_str().starts_with("lead")));
                    return Ok(compared);
                };
                let shown = rows_of(store, &arranged);
                compared += shown.len();
                let way = if is_descending { "DESC" } else { "ASC" };
                let text = format!(
                    "SELECT stream, version, recorded_at, {} FROM lead_state WHERE {condition} ORDER BY {column} IS NULL, {column} {way}",
                    FIELDS.join(", ")
                );
                let told = asked(store, &text, at)?;
                prop_assert_eq!(sorted(&told), sorted(&shown), "{} at {:?}", text, at);
                // Rows that are alike in it may stand either way.
                let number = ["stream", "version", "recorded_at"].iter().chain(&FIELDS).position(|of| *of == column);
                let keys = |rows: &[Vec<Value>]| -> Vec<Value> {
                    rows.iter().map(|row| row[number.expect("it is asked for")].clone()).collect()
                };
                prop_assert_eq!(keys(&told), keys(&shown), "{} at {:?}", text, at);
                if turn > 0 {
                    continue;
                }
                let text = format!("SELECT status, count(*) FROM lead_state WHERE {condition} GROUP BY 1");
                let told: HashMap<String, u64> = asked(store, &text, at)?
                    .iter()
                    .map(|row| (row[0].to_string(), row[1].as_u64().expect("a count")))
                    .collect();
                prop_assert_eq!(Some(&told), arranged.1.counts.as_ref(), "{} at {:?}", text, at);
                let text = format!(
                    "SELECT count(contacts), total(contacts), min(contacts), max(contacts) FROM lead_state WHERE {condition}"
                );
                let told = asked(store, &text, at)?.remove(0);
                let numbers = arranged.1.numbers;
                let figures = numbers.map_or([0.0; 4], |n| [n.count as f64, n.sum, n.least, n.most]);
                let told: Vec<f64> = told.iter().map(|value| value.as_f64().unwrap_or(0.0)).collect();
                prop_assert_eq!(told, figures.to_vec(), "{} at {:?}", text, at);
            }
        }
    }
    Ok(compared)
}

const NAMES: [&str; 3] = ["aab", "kim", "김민수"];

/// What happened to one of some leads, and when.
type Step = (u8, usize, Option<i64>);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0..9_u8, 0..5_usize, prop::option::weighted(0.9, 0..30_i64)), 30..60)
}

/// Nine leads of which some are called alike, and one has no name.
fn leads(steps: &[Step]) -> (tempfile::TempDir, Box<dyn Store>) {
    let (folder, mut store) = own_store();
    for (number, (lead, kind, at)) in steps.iter().enumerate() {
        let (event_type, payload) = match kind {
            0 if *lead == 4 => ("lead-initialized", json!({})),
            0 => ("lead-initialized", json!({"name": NAMES[usize::from(*lead) % NAMES.len()], "phone": "1"})),
            1 | 2 => ("contacted", json!({})),
            3 => ("contact-details-updated", json!({"phone": "2"})),
            _ => ("followup-set", json!({"followup-on": "2025-02-01T00:00:00Z"})),
        };
        let new =
            NewEvent { recorded_at: at.map(second), ..event(&format!("e{number}"), event_type, &payload.to_string()) };
        let stream = StreamId::from(format!("lead-{lead}").as_str());
        store.append(&stream, Expected::Any, &[new]).expect("recorded");
    }
    (folder, Box::new(store))
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn sql_gives_the_rows_of_the_table_whatever_narrows_them_and_puts_them_in_order(
        steps in steps(),
        sketches in sketches(),
    ) {
        let (_folder, store) = leads(&steps);
        prop_assert!(alike(&*store)? > 100, "there is something to compare");
        for make in [native, emmett, sql_stream_store, cqrs_es] {
            let (_folder, store) = make(&sketches);
            alike(&*store)?;
        }
    }
}
