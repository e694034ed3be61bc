//! What a table of a whole store shows, against each of its streams folded by itself.

use std::collections::BTreeMap;

use foldline::engine::{
    ArrangeWanted, ArrangedFor, AsOfWanted, CountAmong, DifferWanted, EngineError, FoldedStores, RowFilter,
    StoodWanted, Ticket, arrange, differing, stood,
};
use foldline::event::{NewEvent, Position, RecordedEvent, StreamId, Timestamp, Version, key_path};
use foldline::index::{Sorting, StoreMoment};
use foldline::projection::{diff_values, path_value};
use foldline::replay::registry;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Query, Store, StoreError, Writer};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::as_of::{cqrs_es, emmett, naively, native, sketches, sql_stream_store};
use super::workshop::{cases, event, own_store, read, second};

fn ticket() -> Ticket {
    Ticket::new("testing")
}

/// Moments that lie before, between and behind the events.
pub(super) fn moments(store: &dyn Store, events: &[RecordedEvent]) -> Vec<StoreMoment> {
    let mut moments = vec![StoreMoment::Latest];
    moments.extend([-1, 0, 7, 20, 100].map(|at| StoreMoment::Time(second(at))));
    if store.capabilities().has_feed {
        let last = events.iter().filter_map(|event| event.position).max().unwrap_or_default();
        moments.extend((0..last.0 + 3).step_by(9).map(|position| StoreMoment::Position(Position(position))));
    }
    moments
}

/// The value, or as much of it as a cell has room for.
fn fits(cell: &Value, value: &Value) -> bool {
    let whole = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let begin = cell.as_str().and_then(|text| text.strip_suffix('…'));
    cell == value || begin.is_some_and(|begin| whole.len() > 400 && begin.len() > 390 && whole.starts_with(begin))
}

fn rows_hold(store: &dyn Store, name: Option<&str>) -> Result<(), TestCaseError> {
    let events = read(store, &Query::store());
    for at in moments(store, &events) {
        let expected = naively(store, &events, name, at);
        let streams = expected.iter().map(|(stream, (version, ..))| (stream.clone(), *version)).collect();
        let wanted = StoodWanted { streams, projection: name.map(str::to_owned), paths: vec!["total".to_owned()] };
        let rows = stood(store, &wanted, &ticket()).expect("read").rows;
        prop_assert_eq!(rows.len(), expected.len());
        for row in rows {
            let (version, recorded_at, state) = &expected[&row.stream];
            prop_assert_eq!((row.version, row.recorded_at), (*version, *recorded_at));
            let fields = state.as_object().cloned().unwrap_or_default();
            for (field, value) in &fields {
                let cell = row.value(&key_path("", field));
                prop_assert!(fits(cell, value), "{} of {} at {:?}: {} is no {}", field, row.stream, at, cell, value);
            }
            prop_assert_eq!(row.value("total"), fields.get("total").unwrap_or(&Value::Null));
        }
        let of = AsOfWanted { projection: name.map(str::to_owned), at, ..AsOfWanted::default() };
        let wanted = ArrangeWanted {
            of,
            filter: RowFilter::default(),
            sorting: Sorting::Time,
            is_descending: true,
            numbers_of: None,
            counted: None,
        };
        let arranged = match arrange(store, &wanted, &FoldedStores::default(), &ticket()) {
            Ok(arranged) => arranged.expect("no category was named"),
            Err(EngineError::NoSuchProjection { .. }) if expected.is_empty() => continue,
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let (_, arranged) = &*arranged;
        prop_assert_eq!(arranged.places.len(), expected.len());
        let times: Vec<Option<Timestamp>> =
            (0..expected.len()).filter_map(|nth| Some(arranged.row(nth)?.recorded_at)).collect();
        let there: Vec<Timestamp> = times.iter().copied().flatten().collect();
        prop_assert!(there.is_sorted_by(|a, b| a >= b), "{:?}", times);
        prop_assert!(times.iter().skip_while(|at| at.is_some()).all(Option::is_none), "{:?}", times);
    }
    Ok(())
}

/// What a table shows, row by row.
fn rows(store: &dyn Store, arranged: &ArrangedFor) -> (Vec<(StreamId, Version, Option<Value>)>, u64) {
    let (_, arranged) = &**arranged;
    let as_of = arranged.as_of(store);
    let row = |place| as_of.row(place).map(|row| (row.stream.into(), row.version, as_of.state(place)));
    (arranged.places.iter().filter_map(|place| row(*place)).collect(), arranged.untold.unknown)
}

/// Who goes over the moments of a store forth and back sees what is folded anew for each of them, whatever is known already.
fn moments_hold(store: &dyn Store, name: Option<&str>) -> Result<(), TestCaseError> {
    let events = read(store, &Query::store());
    let forth = moments(store, &events);
    let back: Vec<StoreMoment> = forth.iter().rev().copied().collect();
    let filtered = RowFilter { conditions: vec!["event.version > 0".to_owned()], ..RowFilter::default() };
    let by_total = Sorting::Field("total".to_owned());
    let (folded, reader) = (FoldedStores::default(), store.opener()().expect("another connection"));
    for (filter, sorting, is_descending) in [
        (RowFilter::default(), Sorting::Time, true),
        (filtered, by_total, true),
        (RowFilter::default(), Sorting::Version, false),
    ] {
        // What is shown is held, as a window does: the next table may go on from it.
        let mut shown = None;
        for at in back.iter().chain(&forth) {
            folded.grew();
            let wanted = ArrangeWanted {
                of: AsOfWanted { projection: name.map(str::to_owned), at: *at, ..AsOfWanted::default() },
                filter: filter.clone(),
                sorting: sorting.clone(),
                is_descending,
                numbers_of: None,
                counted: None,
            };
            let anew = match arrange(store, &wanted, &FoldedStores::default(), &ticket()) {
                Ok(anew) => anew.expect("no category was named"),
                Err(_) => continue,
            };
            let arranged = arrange(&*reader, &wanted, &folded, &ticket()).expect("read").expect("there");
            prop_assert_eq!(rows(store, &arranged), rows(store, &anew), "{} at {:?}", store.framework(), at);
            shown = Some(arranged);
        }
        drop(shown);
    }
    Ok(())
}

/// What of a state is no bookkeeping and differs.
fn differ(was: &Value, is: &Value, bookkeeping: &[&str]) -> Vec<(String, Value, Value)> {
    let value = |state: &Value, path: &str| path_value(state, path).cloned().unwrap_or(Value::Null);
    let paths = diff_values(was, is, bookkeeping).into_iter();
    paths.map(|path| (path.clone(), value(was, &path), value(is, &path))).collect()
}

fn differences_hold(store: &dyn Store, name: Option<&str>) -> Result<(), TestCaseError> {
    let events = read(store, &Query::store());
    let moments = moments(store, &events);
    for (from, to) in moments.iter().flat_map(|from| moments.iter().map(move |to| (*from, *to))) {
        let (was, is) = (naively(store, &events, name, from), naively(store, &events, name, to));
        let wanted = DifferWanted { projection: name.map(str::to_owned), category: None, from, to };
        let found = differing(store, &wanted, &ticket()).expect("read");
        let mut alike = 0;
        for stream in was.keys().chain(is.keys().filter(|stream| !was.contains_key(*stream))) {
            let row = found.rows.iter().find(|row| row.stream == *stream);
            match (was.get(stream), is.get(stream)) {
                (Some((a, _, before)), Some((b, _, after))) if a != b => {
                    let described = foldline::engine::describe(store, stream).expect("there");
                    let projection = described.projection(name).expect("it has one");
                    let expected = differ(before, after, projection.timeline(0).bookkeeping());
                    let told = row.map(|row| {
                        let change = |change: &foldline::replay::Change| {
                            (change.field.clone(), change.before.clone(), change.after.clone())
                        };
                        row.changes.iter().map(change).collect::<Vec<_>>()
                    });
                    alike += u64::from(expected.is_empty());
                    prop_assert_eq!(told.unwrap_or_default(), expected, "{} from {:?} to {:?}", stream, from, to);
                }
                (Some(_), Some(_)) => prop_assert!(row.is_none(), "{} stood still", stream),
                (before, after) => {
                    let row = row.expect("it began or is not there yet");
                    prop_assert_eq!(row.before, before.map(|(version, ..)| *version));
                    prop_assert_eq!(row.after, after.map(|(version, ..)| *version));
                }
            }
        }
        prop_assert_eq!(found.alike, alike);
        prop_assert_eq!(found.differ, found.rows.len() as u64);
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(2))]

    #[test]
    fn going_over_the_moments_shows_what_is_folded_anew_for_each(sketches in sketches()) {
        for make in [native, emmett] {
            let (_folder, store) = make(&sketches);
            moments_hold(&*store, None)?;
        }
    }
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn the_rows_of_any_moment_are_each_stream_folded_alone(sketches in sketches()) {
        for make in [native, emmett, sql_stream_store, cqrs_es] {
            let (_folder, store) = make(&sketches);
            for name in [None, Some("fields"), Some("state")] {
                rows_hold(&*store, name)?;
            }
        }
    }

    #[test]
    fn two_moments_differ_where_their_folds_do(sketches in sketches()) {
        for make in [native, emmett, sql_stream_store, cqrs_es] {
            let (_folder, store) = make(&sketches);
            differences_hold(&*store, None)?;
        }
    }
}

fn of_leads() -> (tempfile::TempDir, NativeStore) {
    let (folder, mut store) = own_store();
    for number in 0..9_i64 {
        let stream = StreamId::from(format!("lead-{number}").as_str());
        let named = json!({"lead-id": number, "name": format!("Name {number}")}).to_string();
        let mut events = vec![event(&format!("{number}-0"), "lead-initialized", &named)];
        for step in 0..number % 3 {
            events.push(NewEvent {
                recorded_at: Some(second(number * 10 + step)),
                ..event(&format!("{number}-{}", step + 1), "contacted", "{}")
            });
        }
        store.append(&stream, Expected::NoStream, &events).expect("recorded");
    }
    (folder, store)
}

fn names(arranged: &ArrangedFor) -> Vec<String> {
    let (_, arranged) = &**arranged;
    (0..arranged.places.len()).map(|nth| arranged.row(nth).expect("a row").stream.to_string()).collect()
}

fn wanted(filter: RowFilter) -> ArrangeWanted {
    ArrangeWanted {
        of: AsOfWanted { category: Some("lead".to_owned()), ..AsOfWanted::default() },
        filter,
        sorting: Sorting::Stream,
        is_descending: false,
        numbers_of: Some("contacts".to_owned()),
        counted: None,
    }
}

#[test]
fn conditions_words_and_times_narrow_the_rows_together_and_another_order_reads_nothing() {
    let (_folder, store) = of_leads();
    let filter = RowFilter {
        conditions: vec!["contacts > 0".to_owned(), "name != 'Name 4' || contacts > 7".to_owned()],
        texts: vec!["NAME".to_owned()],
        columns: vec!["name".to_owned()],
        since: Some(second(20)),
    };
    let first = wanted(filter);
    let folded = FoldedStores::default();
    let arranged = arrange(&store, &first, &folded, &ticket()).expect("read").expect("there");
    assert_eq!(names(&arranged), ["lead-2", "lead-5", "lead-7", "lead-8"]);
    let numbers = arranged.1.numbers.expect("contacts are numbers");
    assert_eq!((numbers.count, numbers.sum, numbers.most), (4, 7.0, 2.0));
    // A store that cannot be read any more is not asked.
    let second = ArrangeWanted { sorting: Sorting::Field("contacts".to_owned()), is_descending: true, ..first };
    let (_elsewhere, empty) = own_store();
    let arranged = arrange(&empty, &second, &folded, &ticket()).expect("known").expect("there");
    assert_eq!(names(&arranged), ["lead-2", "lead-5", "lead-8", "lead-7"]);
    let wrong = wanted(RowFilter { conditions: vec!["contcts > 0".to_owned()], ..RowFilter::default() });
    let error = arrange(&empty, &wrong, &folded, &ticket()).expect_err("there is no such field");
    assert!(matches!(error, EngineError::Condition(_)), "{error}");
}

#[test]
fn what_nobody_waits_for_ends() {
    let (_folder, store) = of_leads();
    let cancelled = ticket();
    cancelled.cancel();
    let is_cancelled = |error: EngineError| matches!(error, EngineError::Store(StoreError::Cancelled));
    let rows = StoodWanted { streams: vec![(StreamId::from("lead-2"), Version(2))], ..StoodWanted::default() };
    assert!(is_cancelled(stood(&store, &rows, &cancelled).expect_err("cancelled")));
    assert!(is_cancelled(
        arrange(&store, &wanted(RowFilter::default()), &FoldedStores::default(), &cancelled).expect_err("cancelled")
    ));
    let moments = DifferWanted { from: StoreMoment::Position(Position(2)), ..DifferWanted::default() };
    assert!(is_cancelled(differing(&store, &moments, &cancelled).expect_err("cancelled")));
}

#[test]
fn a_stream_that_is_gone_has_no_row_and_one_without_the_projection_says_so() {
    let (_folder, mut store) = of_leads();
    store.append(&StreamId::from("order-1"), Expected::Any, &[event("o", "placed", "{}")]).expect("recorded");
    let streams = ["lead-1", "gone-1", "order-1"].map(|stream| (StreamId::from(stream), Version(0))).to_vec();
    let wanted = StoodWanted { streams, projection: Some("analysis".to_owned()), paths: Vec::new() };
    let rows = stood(&store, &wanted, &ticket()).expect("read").rows;
    let told: Vec<(&str, bool)> = rows.iter().map(|row| (row.stream.as_str(), row.is_left_out)).collect();
    assert_eq!(told, [("lead-1", false), ("order-1", true)]);
    let registry = registry();
    let lead = registry.of_aggregate(Some(foldline::domain::Aggregate::Lead));
    assert_eq!(rows[0].projections, lead.iter().map(|offered| offered.name().to_owned()).collect::<Vec<_>>());
    assert!(rows[0].bookkeeping.contains(&"version".to_owned()));
}

/// How many events are folded for what is asked.
fn folded_for(store: &dyn Store, wanted: &ArrangeWanted, folded: &FoldedStores) -> (u64, ArrangedFor) {
    let ticket = ticket();
    let arranged = arrange(store, wanted, folded, &ticket).expect("read").expect("there");
    (ticket.progress().done, arranged)
}

#[test]
fn streams_are_counted_among_those_that_a_filter_lets_through_which_may_be_another_than_that_of_the_rows() {
    let (_folder, mut store) = of_leads();
    let folded = FoldedStores::default();
    let counted = |rows: &str, counted: &str, field: &str| {
        let filter = |text: &str| RowFilter { conditions: vec![text.to_owned()], ..RowFilter::default() };
        let counted = CountAmong { field: field.to_owned(), filter: filter(counted) };
        ArrangeWanted { counted: Some(counted), ..wanted(filter(rows)) }
    };
    let counts = |store: &NativeStore, wanted: &ArrangeWanted| {
        let (_, arranged) = &*arrange(store, wanted, &folded, &ticket()).expect("read").expect("there");
        let counts: BTreeMap<String, u64> = arranged.counts.clone().expect("few values").into_iter().collect();
        (
            arranged.places.len(),
            counts.into_iter().map(|(value, count)| format!("{value}: {count}")).collect::<Vec<_>>(),
        )
    };
    let all = "contacts >= 0";
    assert_eq!(
        counts(&store, &counted("contacts > 0", "contacts > 0", "contacts")),
        (6, ["1: 3", "2: 3"].map(str::to_owned).to_vec())
    );
    // What is left out of the rows by the counted field itself can still be chosen.
    let among_all = counted("contacts > 1", all, "contacts");
    assert_eq!(counts(&store, &among_all), (3, ["0: 3", "1: 3", "2: 3"].map(str::to_owned).to_vec()));
    // A field that no stream has is nothing in each.
    assert_eq!(counts(&store, &counted("contacts > 1", "contacts > 1", "phone")).1, ["null: 3"]);
    // A table that only goes on counts anew.
    store.append(&StreamId::from("lead-0"), Expected::Any, &[event("x", "contacted", "{}")]).expect("recorded");
    folded.grew();
    assert_eq!(counts(&store, &among_all), (3, ["0: 2", "1: 4", "2: 3"].map(str::to_owned).to_vec()));
}

#[test]
fn a_table_under_the_newest_moment_moves_on_by_the_new_events_alone() {
    let (_folder, mut store) = of_leads();
    let wanted = ArrangeWanted {
        sorting: Sorting::Field("contacts".to_owned()),
        is_descending: true,
        ..wanted(RowFilter { conditions: vec!["contacts >= 0".to_owned()], ..RowFilter::default() })
    };
    let folded = FoldedStores::default();
    let (done, first) = folded_for(&store, &wanted, &folded);
    assert_eq!((done, names(&first).len()), (18, 9));
    let contacted = |id: &str| event(id, "contacted", "{}");
    store.append(&StreamId::from("lead-0"), Expected::Any, &["a", "b", "c"].map(contacted)).expect("recorded");
    let named = event("n", "lead-initialized", &json!({"lead-id": 9, "name": "Name 9"}).to_string());
    store.append(&StreamId::from("lead-9"), Expected::NoStream, &[named]).expect("recorded");
    assert_eq!(folded_for(&store, &wanted, &folded).0, 0, "nobody said that it has grown");
    folded.grew();
    let (done, second) = folded_for(&store, &wanted, &folded);
    assert_eq!(done, 22, "it is told how far the whole is");
    assert_eq!(names(&second)[..2], ["lead-0", "lead-2"]);
    assert_eq!(names(&second).len(), 10);
    let touched = second.1.as_of(&store).touched_since(first.1.as_of(&store)).expect("it went on from the first");
    assert_eq!(touched.len(), 2, "the others are as they were, and were not folded");
    assert_eq!(names(&first)[0], "lead-2", "who holds the first one sees it as it was");
    // A category of its own kind asks for a table of its own.
    store.append(&StreamId::from("ticket-1"), Expected::Any, &[event("t", "opened", "{}")]).expect("recorded");
    folded.grew();
    let all = ArrangeWanted { of: AsOfWanted::default(), filter: RowFilter::default(), ..wanted };
    assert_eq!(names(&folded_for(&store, &all, &folded).1).len(), 11);
    store.append(&StreamId::from("order-1"), Expected::Any, &[event("o", "placed", "{}")]).expect("recorded");
    folded.grew();
    assert_eq!(names(&folded_for(&store, &all, &folded).1).len(), 12);
}
