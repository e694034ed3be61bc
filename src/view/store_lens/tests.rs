use serde_json::json;

use super::*;
use crate::replay::ProjectionRef;
use crate::script::{Script, ScriptProjection};

fn at(count: usize) -> LensMoment {
    LensMoment { count, at: StoreMoment::Latest, is_end: true, ..LensMoment::default() }
}

fn lens() -> StoreLens {
    let mut lens = StoreLens { category: Some("lead".to_owned()), has_category: true, ..StoreLens::default() };
    lens.moment = Some(at(3));
    lens.columns.insert(lens.shown(), vec!["name".to_owned(), "status".to_owned(), "contacts".to_owned()]);
    lens
}

#[test]
fn a_heading_sorts_by_its_column_and_once_more_the_other_way_round() {
    let mut lens = lens();
    assert_eq!(lens.order, LensOrder { by: LensColumn::Changed, is_descending: true });
    assert!(!lens.rows_need_all(), "what changed last needs no fold of the store");
    lens.sort(LensColumn::Stream);
    assert_eq!(lens.order, LensOrder { by: LensColumn::Stream, is_descending: false });
    assert!(lens.rows_need_all());
    lens.sort(LensColumn::Stream);
    assert!(lens.order.is_descending);
    lens.sort(LensColumn::Changed);
    assert!(!lens.rows_need_all());
}

#[test]
fn values_are_added_to_one_chip_and_taken_from_it_until_it_goes() {
    let mut lens = lens();
    lens.toggle_value("status".to_owned(), json!("NEW"));
    lens.toggle_value("status".to_owned(), json!("LOST"));
    lens.toggle_value("name".to_owned(), json!("Bo"));
    assert_eq!(lens.chips.len(), 2);
    assert!(lens.asks_for("status", &json!("LOST")) && !lens.asks_for("name", &json!("LOST")));
    let conditions: Vec<String> = lens.chips.iter().filter_map(RowChip::condition).collect();
    assert_eq!(conditions, [r#"status in ["NEW", "LOST"]"#, r#"name == "Bo""#]);
    lens.toggle_value("status".to_owned(), json!("NEW"));
    lens.toggle_value("status".to_owned(), json!("LOST"));
    assert_eq!(lens.chips.len(), 1);
}

#[test]
fn another_category_keeps_what_may_hold_there_and_has_columns_of_its_own() {
    let mut lens = lens();
    lens.chips = ["contacts > 2", "kim", "7d"].into_iter().filter_map(RowChip::read).collect();
    lens.sort(LensColumn::Field("contacts".to_owned()));
    lens.toggle_column("phone".to_owned());
    lens.show_category(Some("ticket".to_owned()));
    assert_eq!(lens.chips.len(), 2, "{:?}", lens.chips);
    assert_eq!(lens.order, LensOrder::default());
    assert!(lens.fields().is_empty(), "they are chosen when rows have come");
    lens.show_category(Some("lead".to_owned()));
    assert_eq!(lens.fields(), ["name", "status", "contacts", "phone"]);
}

#[test]
fn a_column_that_goes_takes_its_order_along() {
    let mut lens = lens();
    lens.sort(LensColumn::Field("contacts".to_owned()));
    lens.toggle_column("contacts".to_owned());
    assert_eq!((lens.order.clone(), lens.fields().len()), (LensOrder::default(), 2));
}

#[test]
fn the_field_that_is_counted_is_called_like_one_unless_another_was_chosen() {
    let mut lens = lens();
    assert_eq!(lens.counted_field().as_deref(), Some("status"));
    lens.count_by.insert(lens.shown(), "contacts".to_owned());
    assert_eq!(lens.counted_field().as_deref(), Some("contacts"));
    lens.show_category(Some("order".to_owned()));
    assert_eq!(lens.counted_field(), None);
}

#[test]
fn a_kept_view_brings_the_same_table_back() {
    let mut lens = lens();
    lens.chips = ["contacts > 2", "30d"].into_iter().filter_map(RowChip::read).collect();
    lens.sort(LensColumn::Version);
    lens.toggle_column("phone".to_owned());
    let kept = lens.kept_view();
    let text = serde_json::to_string(&kept).expect("it can be written");
    let read: KeptView = serde_json::from_str(&text).expect("it can be read");
    assert_eq!(read, kept);
    let mut other = StoreLens::default();
    other.show_view(read);
    assert_eq!(other.kept_view(), kept);
    assert!(serde_json::from_str::<KeptView>("{}").is_ok(), "an older one says less");
}

#[test]
fn times_of_chips_lie_before_the_moment_that_is_looked_at() {
    let mut lens = lens();
    lens.chips = vec![RowChip::Changed(60)];
    let time = Timestamp::from_micros(100_000_000);
    lens.moment = Some(LensMoment { time: Some(time), ..at(3) });
    assert_eq!(lens.wanted().filter.since, Some(Timestamp::from_micros(40_000_000)));
    assert_eq!(lens.wanted().sorting, Sorting::Time);
}

/// A lens at a small store, and what it asks.
fn at_store() -> (tempfile::TempDir, Engine, StoreLens) {
    let (folder, engine) = crate::engine::five_leads();
    (folder, engine, lens())
}

fn settle(lens: &mut StoreLens, engine: &Engine) {
    while lens.arranging.is_on_its_way() {
        lens.poll(engine);
        std::thread::yield_now();
    }
}

#[test]
fn what_was_stopped_leaves_the_rows_as_they_were_and_goes_on_when_it_is_told_to() {
    let (_folder, engine, mut lens) = at_store();
    lens.run(&engine, LensWish::Sort(LensColumn::Stream));
    lens.arrange(&engine, false);
    settle(&mut lens, &engine);
    assert_eq!((lens.len(), lens.is_behind()), (5, false));
    lens.run(&engine, LensWish::AddChip(RowChip::Text("n3".to_owned())));
    lens.arrange(&engine, false);
    lens.run(&engine, LensWish::Cancel);
    lens.arrange(&engine, false);
    lens.poll(&engine);
    assert!(!lens.arranging.is_loading(), "it is not asked for again by itself");
    assert_eq!((lens.len(), lens.is_behind()), (5, true), "what was there stays");
    lens.run(&engine, LensWish::Retry);
    settle(&mut lens, &engine);
    assert_eq!((lens.len(), lens.is_behind()), (1, false));
}

#[test]
fn dragging_asks_for_the_last_moment_and_another_order_reads_nothing_again() {
    let (_folder, engine, mut lens) = at_store();
    lens.run(&engine, LensWish::Sort(LensColumn::Stream));
    for position in 1..=4 {
        lens.moment = Some(LensMoment { at: StoreMoment::Position(Position(position)), ..at(position as usize) });
        lens.arrange(&engine, false);
        assert!(lens.is_on_its_way(), "it is not said to have been stopped");
    }
    settle(&mut lens, &engine);
    assert_eq!((lens.len(), lens.is_behind()), (4, false));
    let first = lens.arranged.clone().expect("folded");
    lens.run(&engine, LensWish::Sort(LensColumn::Stream));
    lens.arrange(&engine, false);
    settle(&mut lens, &engine);
    let now = lens.arranged.clone().expect("folded");
    assert!(first.1.is_of(&now.1));
    assert_eq!(lens.row(0).expect("a row").stream.as_str(), "lead-3");
}

#[test]
fn without_room_for_another_table_the_one_that_is_shown_gives_way_and_its_rows_stay_until_the_next_has_come() {
    let (_folder, engine, mut lens) = at_store();
    lens.folded = FoldedStores::new(engine.memory());
    lens.seen = 0..5;
    lens.run(&engine, LensWish::Sort(LensColumn::Stream));
    lens.arrange(&engine, false);
    settle(&mut lens, &engine);
    let table = engine.memory().taken();
    assert!(table > 0, "it is counted");
    engine.memory().allow(crate::index::Budget { bytes: table * 3 / 2 });
    let name = lens.row(1).expect("a row").value("name").into_owned();
    lens.moment = Some(LensMoment { at: StoreMoment::Position(Position(4)), ..at(4) });
    lens.arrange(&engine, false);
    assert!(lens.arranged.is_none(), "it has given way");
    assert_eq!((lens.len(), lens.is_behind()), (5, true), "what was there is still seen");
    let row = lens.row(1).expect("a row");
    assert_eq!((row.stream.as_str(), row.value("name").into_owned()), ("lead-1", name));
    settle(&mut lens, &engine);
    assert_eq!((lens.len(), lens.is_behind(), lens.error()), (4, false, None));
    assert!(engine.memory().taken() <= engine.memory().allowed().bytes);
}

#[test]
fn a_table_that_there_was_no_room_for_comes_by_itself_when_there_is() {
    let (_folder, engine, mut lens) = at_store();
    lens.folded = FoldedStores::new(engine.memory());
    let budget = crate::index::Budget { bytes: 1 << 20 };
    engine.memory().allow(budget);
    // As what reads the timeline takes it.
    let mut other = engine.memory().hold();
    other.resize(budget.bytes).expect("there is room");
    lens.run(&engine, LensWish::Sort(LensColumn::Stream));
    lens.arrange(&engine, false);
    settle(&mut lens, &engine);
    assert_eq!(lens.error().map(|error| error.message.id), Some("ask-over-budget"));
    lens.arrange(&engine, false);
    lens.poll(&engine);
    assert!(!lens.is_on_its_way(), "there is no more room than before");
    drop(other);
    lens.poll(&engine);
    settle(&mut lens, &engine);
    assert_eq!((lens.len(), lens.is_behind(), lens.error()), (5, false, None));
}

/// Looks at the rows, and waits for what of them is read.
fn seen(lens: &mut StoreLens, engine: &Engine) -> Vec<(String, Value, bool)> {
    let look = |lens: &StoreLens| -> Vec<(String, Value, bool)> {
        let rows = (0..lens.len()).filter_map(|place| lens.row(place));
        rows.map(|row| (row.stream.to_string(), row.value("name").into_owned(), row.is_exact())).collect()
    };
    loop {
        lens.see(engine, 0..lens.len());
        if !lens.away.reading.is_loading() {
            return look(lens);
        }
        while !lens.poll(engine) {
            std::thread::yield_now();
        }
    }
}

#[test]
fn states_that_lie_in_a_file_are_asked_of_the_engine_and_stay_in_view_under_another_order() {
    let (_folder, engine, mut lens) = at_store();
    lens.run(&engine, LensWish::Sort(LensColumn::Stream));
    lens.arrange(&engine, false);
    settle(&mut lens, &engine);
    let expected = seen(&mut lens, &engine);
    assert!(lens.away.reading.question().is_none(), "what is at hand is not asked for");
    assert_eq!(expected.first(), Some(&("lead-0".to_owned(), Value::from("n0"), true)));

    let table = lens.arranged.as_ref().expect("folded").1.bytes();
    drop(lens);
    let mut lens = self::lens();
    let memory = crate::index::Memory::new(crate::index::Budget { bytes: table - 64 });
    lens.folded = FoldedStores::new(&memory);
    engine.memory().allow(memory.allowed());
    lens.run(&engine, LensWish::Sort(LensColumn::Stream));
    lens.arrange(&engine, false);
    settle(&mut lens, &engine);
    assert_eq!(lens.error(), None);
    let arranged = lens.arranged.clone().expect("laid down");
    assert!(arranged.1.at_hand(0).is_none(), "it lies in a file");
    let row = lens.row(0).expect("there, before its state is");
    assert_eq!((row.stream.as_str(), row.value("name").into_owned(), row.is_exact()), ("lead-0", Value::Null, false));
    assert_eq!(seen(&mut lens, &engine), expected);

    // What was read is there at once, whatever the order.
    lens.run(&engine, LensWish::Sort(LensColumn::Stream));
    lens.arrange(&engine, false);
    settle(&mut lens, &engine);
    let now = lens.arranged.clone().expect("laid down");
    assert!(!std::sync::Arc::ptr_eq(&now, &arranged) && now.1.at_hand(0).is_none());
    let row = lens.row(4).expect("the first is the last now");
    assert_eq!((row.stream.as_str(), row.value("name").into_owned(), row.is_exact()), ("lead-0", "n0".into(), true));

    // A column more is read, and what was there stays until it has come.
    lens.run(&engine, LensWish::ToggleColumn("status".to_owned()));
    lens.run(&engine, LensWish::ToggleColumn("phone[0]".to_owned()));
    assert_eq!(lens.row(4).expect("a row").value("name").into_owned(), "n0");
    lens.see(&engine, 0..5);
    assert!(lens.away.reading.is_loading());
    let mut expected = expected;
    expected.reverse();
    assert_eq!(seen(&mut lens, &engine), expected);
    lens.see(&engine, 0..5);
    assert!(!lens.away.reading.is_loading(), "a path at which nothing stands is not asked for again");
}

#[test]
fn names_that_lie_in_a_file_are_asked_of_the_engine_too() {
    const LEADS: usize = 4_000;
    // Of these, the names alone take more than there is left beside what stays in memory of each.
    let stores = [1 << 30, 450_000].map(|bytes| {
        let (folder, engine) = crate::engine::leads_called(LEADS as i64, |number| format!("lead-{number:060}"));
        engine.memory().allow(crate::index::Budget { bytes });
        let mut lens = lens();
        lens.folded = FoldedStores::new(engine.memory());
        lens.run(&engine, LensWish::Sort(LensColumn::Stream));
        lens.arrange(&engine, false);
        settle(&mut lens, &engine);
        assert_eq!((lens.len(), lens.error()), (LEADS, None));
        (folder, engine, lens)
    });
    let [(_one, engine, mut much), (_other, small, mut little)] = stores;
    assert!(much.row(0).is_some() && little.row(0).is_none(), "its name is still to be read");
    for places in [0..40, 300..340, LEADS - 40..LEADS] {
        for (lens, engine) in [(&mut much, &engine), (&mut little, &small)] {
            loop {
                lens.see(engine, places.clone());
                if !lens.away.reading.is_loading() {
                    break;
                }
                while !lens.poll(engine) {
                    std::thread::yield_now();
                }
            }
        }
        for place in places {
            let told = |lens: &StoreLens| {
                let row = lens.row(place).expect("it has come");
                let name = row.value("name").into_owned();
                (row.stream.clone(), row.version, row.recorded_at, name, row.is_exact())
            };
            assert_eq!(told(&little), told(&much), "{place}");
        }
    }
    // Where it gives way to another one, what was read of those in view stays, however little was read around them.
    let shown = little.arranged.clone().expect("a table");
    let row = |place| little.away.row(&shown.1, place);
    let picture = Picture::new(&shown.0.of, LEADS, row, 250..400, little.fields());
    assert_eq!(picture.get(310).map(|row| row.stream), little.row(310).map(|row| row.stream));
    assert!(picture.get(310).is_some() && picture.get(299).is_none());
    // They are other rows in another order.
    little.run(&small, LensWish::Sort(LensColumn::Stream));
    little.arrange(&small, false);
    settle(&mut little, &small);
    let in_view: Vec<_> = (LEADS - 40..LEADS).filter_map(|place| little.row(place).map(|row| row.stream)).collect();
    let last = |nth: usize| StreamId::from(format!("lead-{nth:060}").as_str());
    assert_eq!(in_view, (0..40).rev().map(last).collect::<Vec<_>>(), "what is in view comes with the table");
    assert!(little.row(310).is_none(), "what was read of another one is not shown under this number");
}

#[test]
fn a_projection_whose_source_is_another_is_folded_anew() {
    let (_folder, engine, mut lens) = at_store();
    let offer = |begins: u64| {
        let source =
            format!("fromAll().foreachStream().when({{ $init: () => ({{ n: {begins} }}), $any(s) {{ return s }} }})");
        let script = Script::read("own.js", &source).expect("a projection");
        engine.offers().offer(&ProjectionRef::new(ScriptProjection::of(&script).expect("a state a stream")));
    };
    let value = |lens: &mut StoreLens| {
        lens.arrange(&engine, false);
        settle(lens, &engine);
        lens.arranged.as_ref().expect("folded").1.at_hand(0).expect("a small state").value("n")
    };
    offer(1);
    lens.run(&engine, LensWish::Projection(Some("own.js".to_owned())));
    lens.run(&engine, LensWish::Sort(LensColumn::Stream));
    assert_eq!(value(&mut lens), json!(1));
    offer(2);
    lens.take_projections(&["own.js".to_owned()], false);
    assert_eq!(value(&mut lens), json!(2));
}

#[test]
fn moments_are_compared_anew_in_a_store_that_is_another_and_under_another_source() {
    let (_folder, engine, mut lens) = at_store();
    let moments = [2, 4].map(|position| StoreMoment::Position(Position(position)));
    let compare = |lens: &mut StoreLens| {
        lens.compared.want(&engine, moments, None, Some(&"state".to_owned()));
        while lens.compared.asked.is_loading() {
            lens.poll(&engine);
            std::thread::yield_now();
        }
        assert!(lens.compared.differing().is_some_and(|differing| !differing.rows.is_empty()));
    };
    compare(&mut lens);
    lens.follow(&engine, &StoreChange::Replaced);
    assert!(lens.compared.differing().is_none(), "these were differences of other events");
    compare(&mut lens);
    lens.projection = Some("state".to_owned());
    lens.take_projections(&["state".to_owned()], false);
    assert!(lens.compared.differing().is_none(), "these were differences of another source");
    compare(&mut lens);
}
