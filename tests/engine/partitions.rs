//! Partitions of a user's own projection: the same whichever way they are read, and gone on from by what is new alone.

use std::sync::Arc;

use foldline::engine::{
    Division, GoneOn, PartitionRow, Partitions, Ticket, as_of, describe, guess_projection, load_timeline, partitions,
    show,
};
use foldline::event::{EventId, Position, StreamId, Version};
use foldline::index::{Budget, Choice, StoreMoment};
use foldline::script::Script;
use foldline::store::frameworks::Mapping;
use foldline::store::native::NativeStore;
use foldline::store::{Columns, Expected, Flow, OpenOptions, Query, Store, StreamOrder, StreamQuery, Writer};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::as_of::{STREAMS, Sketch, cqrs_es, emmett, native, sketches, sql_stream_store, what};
use super::foreign::tables::file_of;
use super::workshop::{cases, event, native_store, read, second, stream};

/// One state for all streams of a kind, which tells which events made it.
const BY_CATEGORY: &str = "fromAll().partitionBy(e => e.category).when({
  $init: () => ({ n: 0, seen: [] }),
  $any(s, e) { s.n++; s.seen.push(e.streamId + '@' + e.sequenceNumber); s[e.eventType] = e.partition },
})";

fn script(source: &str) -> Script {
    Script::read("kinds.js", source).expect("a projection")
}

fn all_of(reader: &dyn Store, script: &Script) -> Partitions {
    let on = &mut |_| Flow::Continue(());
    partitions(reader, script, StoreMoment::Latest, &mut |_, _| Flow::Continue(()), on).expect("folded")
}

fn divided(reader: &dyn Store, script: &Script) -> Division {
    Division::new(reader, script, Budget::default(), &mut |_| Flow::Continue(())).expect("divided")
}

fn state(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| serde_json::from_str(text).expect("JSON"))
}

fn name_at(reader: &dyn Store, made: &Partitions, place: usize) -> String {
    made.name(reader, place).expect("readable").expect("there").into_owned()
}

fn state_at(reader: &dyn Store, made: &Partitions, place: usize) -> Value {
    state(made.state(reader, place).expect("readable").as_deref())
}

fn rows(reader: &dyn Store, made: &Partitions) -> Vec<(String, Value, u64)> {
    let row = |(place, row): (usize, &PartitionRow)| {
        (name_at(reader, made, place), state_at(reader, made, place), row.events)
    };
    made.rows.iter().enumerate().map(row).collect()
}

#[track_caller]
fn assert_partitions_are_streams(reader: &dyn Store, source: &str) {
    let script = script(source);
    let made = all_of(reader, &script);
    let division = divided(reader, &script);
    let projection = division.projection().expect("each has a state of its own");
    let view = division.over(reader).expect("opened");
    let mut names = Vec::new();
    view.visit_streams(&StreamQuery::default(), &mut |row| {
        names.push(row.stream.to_string());
        Flow::Continue(())
    })
    .expect("listed");
    assert_eq!(names, (0..made.rows.len()).map(|place| name_at(reader, &made, place)).collect::<Vec<_>>());
    for (place, row) in made.rows.iter().enumerate() {
        let name = name_at(reader, &made, place);
        let described = describe(&view, &StreamId::from(name.as_str())).expect("it is there");
        assert_eq!((described.row.events, described.aggregate), (row.events, None));
        let on = &mut |_| Flow::Continue(());
        let timeline = load_timeline(&view, &described, &projection, &mut |_| {}, on).expect("loaded");
        let last = timeline.heads().len() - 1;
        assert_eq!(timeline.show(Some(last)), state_at(reader, &made, place), "{name}");
        for (at, head) in timeline.heads().iter().enumerate() {
            assert_eq!(head.version, Version(at as u64));
            let (home, version) = division.own_event(&described.row.stream, head.version).expect("it stands somewhere");
            let event = reader.event_at(&home, version).expect("read").expect("it is there");
            assert_eq!(event.id, head.id);
            let seen = timeline.value_at(at, &format!("seen[{at}]"));
            assert_eq!(seen, json!(format!("{home}@{version}")), "handlers see the event where it stands");
        }
        let middle = last / 2;
        let moment = foldline::engine::Moment::Version(Version(middle as u64));
        let on = &mut |_| Flow::Continue(());
        let shown = show(&view, &described, &projection, moment, on).expect("shown");
        assert_eq!(shown.state, timeline.show(Some(middle)));
    }
}

proptest! {
    #![proptest_config(cases(6))]

    #[test]
    fn a_partition_as_a_stream_is_what_the_whole_fold_makes_of_it(sketches in sketches()) {
        for make in [native, emmett, sql_stream_store] {
            let (_folder, store) = make(&sketches);
            assert_partitions_are_streams(store.as_ref(), BY_CATEGORY);
        }
    }

    #[test]
    fn what_is_gone_on_from_is_what_is_read_anew(sketches in sketches(), cut in 0..40_usize, gives_up in 0..12_u64) {
        let (_folder, path, mut store) = native_store();
        let script = script(BY_CATEGORY);
        let mut made = Partitions::new(&script);
        let division = divided(&store, &script);
        let cut = cut.min(sketches.len());
        record(&mut store, &sketches[..cut], 0);
        // Given up half way, and gone on from there.
        let stop = &mut |seen| if seen > gives_up { Flow::Break(()) } else { Flow::Continue(()) };
        let _ = made.go_on(&store, &mut |_, _| Flow::Continue(()), stop);
        let reader = NativeStore::open(&path).expect("opened");
        go_on(&mut made, &reader);
        division.go_on(&reader, &mut |_| Flow::Continue(())).expect("noted");
        prop_assert_eq!(rows(&reader, &made), rows(&reader, &all_of(&reader, &script)));
        record(&mut store, &sketches[cut..], cut);
        let before = made.events;
        let gone = go_on(&mut made, &store);
        let GoneOn::Grew { events, changed } = gone else { panic!("the store only grew") };
        prop_assert_eq!((events, before + events), ((sketches.len() - cut) as u64, made.events));
        let fresh = all_of(&store, &script);
        prop_assert_eq!(rows(&reader, &made), rows(&reader, &fresh));
        let touched: std::collections::BTreeSet<String> = sketches[cut..]
            .iter()
            .map(|(at, ..)| STREAMS[*at].split('-').next().unwrap_or_default().to_owned())
            .collect();
        let said = changed.iter().map(|place| name_at(&store, &made, *place)).collect();
        prop_assert_eq!(touched, said);
        division.go_on(&store, &mut |_| Flow::Continue(())).expect("noted");
        let anew = divided(&store, &script);
        let of = |division: &Division| read(&division.over(&store).expect("opened"), &Query::store());
        prop_assert_eq!(of(&division), of(&anew));
        prop_assert_eq!(go_on(&mut made, &store), GoneOn::Grew { events: 0, changed: Vec::new() });
    }
}

fn record(store: &mut NativeStore, sketches: &[Sketch], from: usize) {
    for (number, (at, kind, time)) in (from..).zip(sketches) {
        let (event_type, payload) = what(*at, *kind);
        let payload = if payload == "[" { "[]" } else { payload };
        let mut new = event(&format!("e{number}"), event_type, payload);
        new.recorded_at = time.map(second);
        store.append(&StreamId::from(STREAMS[*at]), Expected::Any, &[new]).expect("recorded");
    }
}

fn go_on(made: &mut Partitions, reader: &dyn Store) -> GoneOn {
    let on = &mut |_| Flow::Continue(());
    made.go_on(reader, &mut |_, _| Flow::Continue(()), on).expect("read")
}

#[test]
fn a_store_in_the_place_of_another_is_read_anew() {
    let script = script(BY_CATEGORY);
    let (_one, first) = native(&[(0, 0, None), (1, 0, None), (3, 0, None)]);
    let (_two, second) = native(&[(5, 0, None)]);
    let mut made = all_of(first.as_ref(), &script);
    let division = divided(first.as_ref(), &script);
    assert_eq!(made.rows.len(), 3);
    assert_eq!(go_on(&mut made, second.as_ref()), GoneOn::Anew);
    assert_eq!(rows(second.as_ref(), &made), rows(second.as_ref(), &all_of(second.as_ref(), &script)));
    let noted = division.go_on(second.as_ref(), &mut |_| Flow::Continue(())).expect("noted");
    assert_eq!((noted, division.len()), (GoneOn::Anew, 1));
}

/// Events of one partition lie far apart, and between them those of another.
#[test]
fn a_partition_is_read_in_any_direction_and_range_with_what_was_asked_for() {
    let (_folder, _, mut store) = native_store();
    let mut expected = Vec::new();
    let mut others = 0;
    for number in 0..20_u64 {
        // Near each other, and at distances around the one at which the store is asked anew.
        let between = [0, 1, 255, 256, 300][number as usize % 5];
        let noted: Vec<_> = (others..others + between).map(|id| event(&format!("o{id}"), "noted", "{}")).collect();
        if !noted.is_empty() {
            store.append(&stream("other-1"), Expected::Any, &noted).expect("recorded");
        }
        others += between;
        let kind = ["a", "b", "c"][number as usize % 3];
        let id = format!("w{number}");
        let home = format!("wanted-{}", number % 4);
        store.append(&stream(&home), Expected::Any, &[event(&id, kind, r#"{"x":1}"#)]).expect("recorded");
        expected.push((Version(number), id, kind));
    }
    let script = script("fromAll().partitionBy(e => e.category).when({ $any(s) { return s } })");
    let view = divided(&store, &script).over(&store).expect("opened");
    let wanted = || Query::stream(stream("wanted"));
    let ids = |query: &Query| -> Vec<(Version, String)> {
        read(&view, query).into_iter().map(|event| (event.version, event.id.to_string())).collect()
    };
    let all: Vec<(Version, String)> = expected.iter().map(|(version, id, _)| (*version, id.clone())).collect();
    assert_eq!(ids(&wanted()), all);
    assert_eq!(ids(&wanted().backward()), all.iter().rev().cloned().collect::<Vec<_>>());
    let between = |from, to| wanted().between(Some(Version(from)), Some(Version(to)));
    for (from, to) in [(0, 0), (3, 17), (19, 19), (18, 99), (17, 3), (20, 50)] {
        let part: Vec<_> = all.iter().filter(|(version, _)| (from..=to).contains(&version.0)).cloned().collect();
        assert_eq!(ids(&between(from, to)), part, "{from} to {to}");
        assert_eq!(ids(&between(from, to).backward()), part.into_iter().rev().collect::<Vec<_>>(), "{to} to {from}");
    }
    assert_eq!(ids(&wanted().limit(7)), all[..7]);
    assert_eq!(ids(&wanted().limit(0)), []);
    assert_eq!(ids(&wanted().backward().limit(2)), [all[19].clone(), all[18].clone()]);
    let b: Vec<_> = expected.iter().filter(|(.., kind)| *kind == "b").map(|(at, id, _)| (*at, id.clone())).collect();
    assert_eq!(ids(&wanted().of_type("b".into())), b);
    assert_eq!(ids(&Query::stream(stream("nobody"))), []);
    let heads = read(&view, &wanted().columns(Columns::HEADS).limit(1));
    assert_eq!((heads[0].payload.len(), heads[0].stream.as_str()), (0, "wanted"));
    assert_eq!(read(&view, &wanted().limit(1))[0].payload, br#"{"x":1}"#);
    // The whole of it, in the store's order; of an event its place is found by its id.
    assert_eq!(ids(&Query::store()).len(), others + 20);
    assert_eq!(ids(&Query::positions(Some(Position(1)), Some(Position(2)))).len(), 2);
    let found = view.event_by_id(&EventId::new("w7")).expect("asked").expect("it is there");
    assert_eq!((found.stream.as_str(), found.version), ("wanted", Version(7)));
    let info = view.info().expect("told");
    assert_eq!((info.streams, info.events, info.is_writable), (2, others as u64 + 20, false));
    let mut longest = Vec::new();
    let query = StreamQuery { order: StreamOrder::Longest, limit: Some(1), ..StreamQuery::default() };
    view.visit_streams(&query, &mut |row| {
        longest.push(row.stream.to_string());
        Flow::Continue(())
    })
    .expect("listed");
    assert_eq!(longest, ["other"]);
}

#[test]
fn every_partition_at_a_moment_is_a_row_of_the_store_as_it_stood() {
    let sketches: Vec<Sketch> = (0..30).map(|number| (number % 6, number % 4, Some(number as i64))).collect();
    let (_folder, store) = native(&sketches);
    let script = script(BY_CATEGORY);
    let division = divided(store.as_ref(), &script);
    let choice = Arc::new(Choice::one(division.projection().expect("each has a state of its own")));
    let view = division.over(store.as_ref()).expect("opened");
    for at in [StoreMoment::Latest, StoreMoment::Position(Position(11)), StoreMoment::Time(second(17))] {
        let on = &mut |_| Flow::Continue(());
        let stood = as_of(&view, &choice, None, at, Budget::default(), on).expect("read");
        let made = partitions(store.as_ref(), &script, at, &mut |_, _| Flow::Continue(()), on).expect("folded");
        let as_rows: Vec<(String, Value, u64)> = stood
            .places()
            .iter()
            .map(|place| {
                let row = stood.row(*place).expect("a row");
                (row.stream.to_string(), stood.state(*place).expect("a state"), row.version.0 + 1)
            })
            .collect();
        assert_eq!(as_rows, rows(store.as_ref(), &made), "{at:?}");
        assert_eq!(stood.read_to(), &made.read_to);
    }
}

#[test]
fn an_event_without_a_time_counts_where_a_later_one_of_its_stream_does() {
    let (_folder, store) = native(&[(3, 0, None), (3, 1, Some(1)), (5, 0, None), (3, 2, Some(9)), (5, 1, Some(9))]);
    let script = script("fromAll().foreachStream().when({ $init: () => ({ n: 0 }), $any(s) { s.n++ } })");
    let on = &mut |_| Flow::Continue(());
    let made = partitions(store.as_ref(), &script, StoreMoment::Time(second(5)), &mut |_, _| Flow::Continue(()), on);
    assert_eq!(rows(store.as_ref(), &made.expect("folded")), [("order-1".to_owned(), json!({"n": 2}), 2)]);
}

#[test]
fn the_first_event_that_succeeds_is_the_one_that_creates_the_partition() {
    let source = |by: &str| {
        format!(
            "fromAll(){by}.when({{ $init: () => ({{ n: 0 }}), $created(s, e) {{ s.by = e.eventType }}, $any(s, e) {{ if (e.eventType === 'placed') throw new Error('no'); s.n++ }} }})"
        )
    };
    let (_folder, store) = native(&[(3, 0, None), (3, 1, None), (3, 2, None)]);
    let expected = [("order-1".to_owned(), json!({"n": 2, "by": "paid"}), 3)];
    assert_eq!(rows(store.as_ref(), &all_of(store.as_ref(), &script(&source(".foreachStream()")))), expected);
    let by_name = script(&source(".partitionBy(e => e.streamId)"));
    assert_eq!(rows(store.as_ref(), &all_of(store.as_ref(), &by_name)), expected);
    let view = divided(store.as_ref(), &by_name).over(store.as_ref()).expect("opened");
    let described = describe(&view, &stream("order-1")).expect("there");
    let projection = view.division().projection().expect("alone");
    let on = &mut |_| Flow::Continue(());
    let shown = show(&view, &described, &projection, foldline::engine::Moment::Latest, on).expect("shown");
    assert_eq!(shown.state, expected[0].1);
}

#[test]
fn a_store_without_an_order_and_a_state_that_is_shared_are_refused_in_a_sentence() {
    let (_folder, path) = file_of(
        r#"CREATE TABLE t (id TEXT, version INTEGER, type TEXT, payload TEXT, PRIMARY KEY (id, version)) WITHOUT ROWID;
        INSERT INTO t VALUES ('order-1', 1, 'placed', '{"total":5}'), ('order-2', 1, 'placed', '{"total":7}');"#,
    );
    let mapping =
        Mapping::parse(r#"{"table":"t","stream":"id","version":"version","type":"type","payload":"payload"}"#);
    let options = OpenOptions { mapping: Some(mapping.expect("a mapping")), ..OpenOptions::default() };
    let without = foldline::store::open_with(&path.into(), &options).expect("opened");
    assert!(!without.capabilities().has_feed);
    let refused = |store: &dyn Store, source: &str| {
        let made = Division::new(store, &script(source), Budget::default(), &mut |_| Flow::Continue(()));
        made.expect_err("refused").to_string()
    };
    assert!(refused(without.as_ref(), BY_CATEGORY).contains("no order across its streams"));
    // Each stream has an order of its own; all is read anew when something may have come.
    let each = script("fromAll().foreachStream().when({ $init: () => ({ n: 0 }), $any(s) { s.n++ } })");
    let mut made = all_of(without.as_ref(), &each);
    assert_eq!((made.rows.len(), go_on(&mut made, without.as_ref())), (2, GoneOn::Anew));
    assert_eq!((made.rows.len(), made.events), (2, 2));
    let (_other, store) = native(&[(0, 0, None)]);
    let shared = "fromAll().foreachStream().when({ $initShared: () => ({}), $any(s) { return s } })";
    assert!(refused(store.as_ref(), shared).contains("share a state"));
    let ticket = Ticket::new("dividing");
    ticket.cancel();
    let cancelled = Division::new(store.as_ref(), &script(BY_CATEGORY), Budget::default(), &mut |_| ticket.flow());
    assert!(cancelled.is_err());
    let tight = Budget { bytes: 1 };
    let over = Division::new(store.as_ref(), &script(BY_CATEGORY), tight, &mut |_| Flow::Continue(()));
    assert!(over.expect_err("no room").to_string().contains("MiB"));
}

fn draft_of(store: &dyn Store, category: &str) -> String {
    let draft = guess_projection(store, category, &mut |_| Flow::Continue(())).expect("guessed");
    draft.unwrap_or_else(|| panic!("there is a category {category}"))
}

#[test]
fn a_draft_runs_without_a_fault_on_what_it_was_guessed_from() {
    let sketches: Vec<Sketch> = (0..60).map(|number| (number % 6, number * 7 % 4, Some(number as i64))).collect();
    let csv = tempfile::tempdir().expect("a folder");
    let path = csv.path().join("orders.csv");
    std::fs::write(&path, "stream,version,type,recorded_at,payload\norder-1,0,OrderPlaced,2025-01-01T00:00:00Z,\"{\"\"total\"\":5}\"\norder-1,1,OrderPaid,2025-01-02T00:00:00Z,\"{\"\"by\"\":\"\"card\"\"}\"\norder-2,0,OrderPlaced,2025-01-03T00:00:00Z,\"{\"\"total\"\":7}\"\n").expect("written");
    let table = foldline::store::open(&path.into()).expect("opened");
    let (_one, native) = native(&sketches);
    let (_two, emmett) = emmett(&sketches);
    let (_three, ledger) = cqrs_es(&sketches);
    for store in [&native, &emmett, &ledger, &table] {
        for (category, streams) in store.categories().expect("listed") {
            let draft = draft_of(store.as_ref(), &category);
            let script = Script::read("draft.js", &draft).unwrap_or_else(|fault| panic!("{fault}\n{draft}"));
            let made = all_of(store.as_ref(), &script);
            let failed: Vec<_> = made.rows.iter().filter_map(|row| row.failed.as_ref()).collect();
            assert!(failed.is_empty() && made.strays.is_empty(), "{failed:?}\n{draft}");
            assert!(made.rows.len() as u64 >= streams && made.events > 0, "{category}: {}\n{draft}", made.rows.len());
            assert_eq!(made.impure, None);
        }
    }
    assert_eq!(guess_projection(native.as_ref(), "nobody", &mut |_| Flow::Continue(())).expect("asked"), None);
}

#[test]
fn a_draft_says_what_it_guesses_and_guesses_nothing_of_what_did_not_happen() {
    let (_folder, _, mut store) = native_store();
    let mut number = 0;
    let mut record = |name: &str, event_type: &str, payload: &str| {
        number += 1;
        store
            .append(&stream(name), Expected::Any, &[event(&format!("e{number}"), event_type, payload)])
            .expect("recorded");
    };
    for account in ["account-1", "account-2"] {
        record(account, "AccountOpened", r#"{"accountId": "1", "owner": "kim"}"#);
        record(account, "MoneyDeposited", r#"{"accountId": "1", "amount": 10}"#);
        record(account, "MoneyWithdrawn", r#"{"accountId": "1", "amount": 4, "by": "card"}"#);
        record(account, "MoneyNotDeposited", r#"{"accountId": "1", "amount": 100}"#);
        record(account, "DepositFailed", r#"{"amount": 100}"#);
        record(account, "CardAdded", r#"{"card": "a"}"#);
        record(account, "CardAdded", r#"{"card": "b"}"#);
        record(account, "CardRemoved", r#"{"card": "a"}"#);
        record(account, "owner-changed", r#"{"owner": "lee", "old-name": "kim"}"#);
    }
    record("account-1", "owner-changed", r#"{"owner": "park"}"#);
    record("account-2", "AccountClosed", "{}");
    let draft = draft_of(&store, "account");
    let made = all_of(&store, &Script::read("draft.js", &draft).expect("it runs"));
    let common = |owner: &str, status: &str| json!({"status": status, "accountId": "1", "owner": owner, "balance": 6, "by": "card", "cardCount": 1, "old-name": "kim"});
    let expected = [common("park", "opened"), common("lee", "closed")];
    let states: Vec<Value> = (0..made.rows.len()).map(|place| state_at(&store, &made, place)).collect();
    assert_eq!(states, expected, "{draft}");
    for guess in ["status = 'opened' // a guess", "A guess: amount is summed up", "A guess: one more"] {
        assert!(draft.contains(guess), "{guess} in\n{draft}");
    }
    assert!(draft.contains("fromCategory('account').foreachStream()"), "{draft}");
}
