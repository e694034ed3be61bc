//! What all that is kept of a store may take together: what can be had again gives way, and what is too large says so.

use std::sync::Arc;

use foldline::engine::{
    ArrangeWanted, ArrangedFor, AsOfWanted, CompareSide, CompareWish, Division, DriftWish, Engine, EngineError,
    FoldedStores, ModelWish, RowFilter, SqlError, SqlQuery, SqlRows, StoreChronicle, Survey, Ticket, arrange,
    compare_projections, describe, drift, load_timeline_within, materialise, run_own, sql,
};
use foldline::event::{Position, StreamId, Timestamp, Version};
use foldline::index::{Budget, Memory, Sorting, StoreMoment};
use foldline::replay::ProjectionRef;
use foldline::script::{Script, ScriptProjection};
use foldline::store::native::NativeStore;
use foldline::store::{Flow, ModelPlace, Source, Store as _};
use serde_json::json;

use super::workshop::{event, own_store};

const LEADS: u64 = 2_000;

fn of_leads() -> (tempfile::TempDir, NativeStore) {
    leads_called(|number| format!("lead-{number}"))
}

fn leads_called(name: impl Fn(u64) -> String) -> (tempfile::TempDir, NativeStore) {
    let (folder, mut store) = own_store();
    let mut bulk = store.bulk().expect("a transaction");
    for number in 0..LEADS {
        let named = json!({"lead-id": number, "name": format!("Name {number}"), "phone": "1".repeat(200)}).to_string();
        let new = event(&number.to_string(), "lead-initialized", &named);
        bulk.record(&StreamId::from(name(number).as_str()), Some(Version(0)), &new).expect("recorded");
    }
    bulk.commit().expect("committed");
    (folder, store)
}

fn asked(
    store: &NativeStore,
    folded: &FoldedStores,
    memory: &Memory,
    position: u64,
) -> Result<ArrangedFor, EngineError> {
    let wanted = ArrangeWanted {
        of: AsOfWanted { at: StoreMoment::Position(Position(position)), ..AsOfWanted::default() },
        filter: RowFilter::default(),
        sorting: Sorting::Stream,
        is_descending: false,
        numbers_of: None,
        counted: None,
    };
    Ok(arrange(store, &wanted, folded, &Ticket::within("folding", memory))?.expect("there"))
}

#[test]
fn partitions_that_are_looked_at_as_streams_take_their_memory_of_their_store() {
    let (folder, store) = of_leads();
    let source = Source::from(folder.path().join("events.db"));
    let script = Script::read("by.js", "fromAll().partitionBy(e => e.eventType).when({ $any(s) { return s } })");
    let engine = Engine::new(source, store.again().expect("opened"), Arc::new(|| ()));
    let on = &mut |_| Flow::Continue(());
    let division = Division::new(&store, &script.expect("a projection"), engine.memory(), on).expect("divided");
    let taken = engine.memory().taken();
    assert!(taken > LEADS * 20, "which event belongs where is counted: {taken}");
    let partitions = engine.over_partitions(division.over(&store).expect("opened"));
    let mut held = partitions.memory().hold();
    held.resize(1_000).expect("there is room");
    assert_eq!(engine.memory().taken(), taken + 1_000, "one store has one budget");
}

fn bytes_of(arranged: &ArrangedFor) -> u64 {
    arranged.1.bytes()
}

#[test]
fn what_was_folded_gives_way_to_what_is_asked_for_and_what_is_shown_does_not() {
    let (_folder, store) = of_leads();
    let memory = Memory::default();
    let one = bytes_of(&asked(&store, &FoldedStores::new(&memory), &memory, LEADS).expect("there is room"));
    assert_eq!(memory.taken(), 0, "nobody keeps it");
    assert!(one > LEADS * 400, "the states are counted: {one}");

    let memory = Memory::new(Budget { bytes: one * 8 / 5 });
    let folded = FoldedStores::new(&memory);
    drop(asked(&store, &folded, &memory, LEADS).expect("there is room"));
    assert!(memory.taken() >= one, "it is kept for whoever asks again: {}", memory.taken());
    let shown = asked(&store, &folded, &memory, LEADS - 10).expect("the first gives way");
    assert_eq!(shown.1.places.len() as u64, LEADS - 10);
    assert!(memory.taken() <= memory.allowed().bytes, "{}", memory.taken());
    let laid = asked(&store, &folded, &memory, LEADS - 20).expect("what is shown stays, and this lies in a file");
    assert!(laid.1.as_of(&store).shelf().is_some() && shown.1.as_of(&store).shelf().is_none());
    assert!(memory.taken() <= memory.allowed().bytes, "{}", memory.taken());
    drop(laid);
    let held = memory.taken();
    let on = asked(&store, &folded, &memory, LEADS).expect("what goes on from it takes little");
    assert!(bytes_of(&on) < one * 8 / 5 && memory.taken() < held + one / 4, "{} and {held}", memory.taken());
    drop((shown, on));
    memory.allow(Budget { bytes: 1 << 10 });
    assert_eq!(memory.taken(), 0, "less memory, and nothing is only kept any more");
}

#[test]
fn all_that_is_known_of_a_store_is_counted_and_none_of_it_takes_more_than_it_may() {
    let (_folder, store) = of_leads();
    let memory = Memory::default();
    let ticket = Ticket::within("reading", &memory);
    let (survey, chronicle) = (Survey::default(), StoreChronicle::new(&memory));
    survey.follow(&store, &ticket).expect("read");
    let of_survey = memory.taken();
    assert!(survey.is_whole() && of_survey > LEADS * 40, "{of_survey}");
    chronicle.follow(&store, &ticket).expect("read");
    assert!(memory.taken() > of_survey + LEADS * 10, "{}", memory.taken());
    drop((survey, chronicle));
    assert_eq!(memory.taken(), 0);

    let memory = Memory::new(Budget { bytes: of_survey / 4 });
    let ticket = Ticket::within("reading", &memory);
    let survey = Survey::default();
    survey.follow(&store, &ticket).expect("the store lists its streams itself");
    assert!(survey.is_too_large(), "as with more streams than are kept");
    assert_eq!(memory.taken(), 0);
    let refused = StoreChronicle::new(&memory).follow(&store, &ticket);
    assert!(matches!(refused, Err(EngineError::OverBudget(_))), "{refused:?}");
}

#[test]
fn partitions_of_a_projection_of_ones_own_ask_for_their_memory_as_they_grow() {
    let (_folder, store) = of_leads();
    let source = "fromAll().foreachStream().when({ $init: () => ({ n: 0 }), $any(s, e) { s.n++; s.last = e.body } })";
    let script = Script::read("last.js", source).expect("a projection");
    let memory = Memory::default();
    let run = run_own(&store, &script, None, &Ticket::within("running", &memory)).expect("there is room");
    assert_eq!(run.partitions.rows.len() as u64, LEADS);
    assert!(memory.taken() > LEADS * 200, "{}", memory.taken());
    drop(run);
    assert_eq!(memory.taken(), 0);
    let memory = Memory::new(Budget { bytes: LEADS * 60 });
    let refused = run_own(&store, &script, None, &Ticket::within("running", &memory));
    assert!(matches!(refused, Err(EngineError::OverBudget(_))), "{refused:?}");
    assert_eq!(memory.taken(), 0, "what was given up takes nothing");
}

/// Names that take more than all else that is known of a stream.
fn of_long_names() -> (tempfile::TempDir, NativeStore) {
    leads_called(|number| format!("lead-{number}-{}", "x".repeat(600)))
}

#[test]
fn names_that_a_table_lacks_take_their_memory_of_the_budget_and_a_sound_table_needs_none_for_them() {
    let (folder, store) = of_long_names();
    let path = folder.path().join("model.db");
    let place = ModelPlace::parse_os(path.as_os_str());
    let (projection, source) = ("state".to_owned(), Source::parse("events.db"));
    let model = ModelWish {
        projection: projection.clone(),
        category: None,
        place: place.clone(),
        source,
        budget: Budget::default(),
    };
    materialise(&store, &model, &Ticket::new("folding")).expect("made");
    let against = place.or_table("state");
    let held = |bytes: u64| {
        let memory = Memory::new(Budget { bytes });
        let (projection, against) = (projection.clone(), against.clone());
        let wish = DriftWish { projection, category: None, against, map: None, budget: Budget::default() };
        let found = drift(&store, &wish, &Ticket::within("folding", &memory));
        assert_eq!(memory.taken(), 0, "an answer that was given takes nothing");
        found
    };
    let little = LEADS * 500;
    let sound = held(little).expect("there is room");
    assert!(sound.is_none() && sound.rows == LEADS, "{sound:?}");
    let table = rusqlite::Connection::open(&path).expect("opened");
    table.execute("UPDATE state SET phone = 'another' WHERE stream LIKE 'lead-7-%'", []).expect("changed");
    let one = held(little).expect("there is room");
    assert_eq!((one.differences.len(), one.missing.len(), one.extra.len()), (1, 0, 0));
    table.execute("UPDATE state SET phone = 'another'", []).expect("changed");
    let many = held(little);
    assert!(many.is_err_and(|error| format!("{error:?}").contains("OverBudget")), "differences are counted");
    table.execute("DELETE FROM state", []).expect("deleted");
    let none = held(little);
    assert!(none.is_err_and(|error| format!("{error:?}").contains("OverBudget")), "what is missing is counted");
    let all = held(1 << 30).expect("there is room");
    let names: Vec<StreamId> = (0..LEADS).map(|n| format!("lead-{n}-{}", "x".repeat(600)).as_str().into()).collect();
    assert!(all.missing == names, "in the order in which they began");
}

/// Rows, and how much memory was taken while they came.
struct Watched<'m> {
    memory: &'m Memory,
    most: u64,
    rows: Vec<Vec<serde_json::Value>>,
}

impl SqlRows for Watched<'_> {
    fn begin(&mut self, _: &[String]) {}

    fn row(&mut self, values: Vec<serde_json::Value>) -> Flow {
        self.most = self.most.max(self.memory.taken());
        self.rows.push(values);
        Flow::Continue(())
    }
}

#[test]
fn a_question_in_sql_takes_the_memory_for_names_of_streams_of_the_budget_and_lays_them_into_a_file_where_there_is_none()
{
    let (_folder, store) = of_long_names();
    let asked = |text: &str, at: StoreMoment, bytes: u64| {
        let memory = Memory::new(Budget { bytes });
        let mut taken = Watched { memory: &memory, most: 0, rows: Vec::new() };
        let query = SqlQuery { text: text.to_owned(), at, ..SqlQuery::default() };
        let asked = sql(&store, &query, &Ticket::within("asking", &memory), &mut taken);
        assert_eq!(memory.taken(), 0, "an answer that was given takes nothing");
        asked.map(|_| (taken.rows, taken.most))
    };
    let then = StoreMoment::Time(Timestamp::from_micros(i64::MAX / 2));
    for (text, at) in [
        ("SELECT stream, category, events, first_version, last_at FROM streams", StoreMoment::Latest),
        ("SELECT stream, category, events, first_version, last_at FROM streams", then),
        ("SELECT count(*), max(version), max(category) FROM events", then),
        ("SELECT l.version FROM streams s JOIN lead_state l ON l.stream = s.stream", StoreMoment::Latest),
    ] {
        let (rows, most) = asked(text, at, 1 << 30).expect("there is room");
        assert!(most > LEADS * 600, "names are counted: {most} of {text}");
        assert!(rows.len() as u64 == LEADS || rows[0][0] == json!(LEADS), "{text}");
        let (same, most) = asked(text, at, LEADS * 500).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(same == rows, "{text}");
        assert!(0 < most && most <= LEADS * 500, "{most} of {text}");
        let refused = asked(text, at, LEADS * 20);
        assert!(matches!(refused, Err(SqlError::Engine(EngineError::OverBudget(_)))), "{text}");
    }
}

/// Rows that nobody looks at.
struct Nobody;

impl SqlRows for Nobody {
    fn begin(&mut self, _: &[String]) {}

    fn row(&mut self, _: Vec<serde_json::Value>) -> Flow {
        Flow::Continue(())
    }
}

#[test]
fn what_folds_a_whole_store_for_one_answer_takes_its_memory_of_all_there_is() {
    let (folder, store) = of_leads();
    let own = "fromAll().foreachStream().when({ $any(s, e) { s.last = e.body } })";
    let script = Script::read("last.js", own).expect("a projection");
    let query = SqlQuery { text: "select count(*) from lead_state".to_owned(), ..SqlQuery::default() };
    let place = ModelPlace::parse_os(folder.path().join("model.db").as_os_str());
    let source = Source::parse("events.db");
    let model = ModelWish { projection: "state".to_owned(), category: None, place, source, budget: Budget::default() };
    let compared = CompareWish {
        old: CompareSide::BuiltIn("state".to_owned()),
        new: CompareSide::Own(script),
        at: StoreMoment::Latest,
        budget: Budget::default(),
    };
    let within = |bytes: u64| {
        let memory = Memory::new(Budget { bytes });
        let ticket = Ticket::within("folding", &memory);
        let asked = sql(&store, &query, &ticket, &mut Nobody);
        let is_refused = [
            matches!(asked, Err(SqlError::Engine(EngineError::OverBudget(_)))),
            materialise(&store, &model, &ticket).is_err_and(|error| format!("{error:?}").contains("OverBudget")),
            matches!(compare_projections(&store, &compared, &ticket), Err(EngineError::OverBudget(_))),
        ];
        assert_eq!(memory.taken(), 0, "an answer that was given takes nothing");
        is_refused
    };
    // A page of places, and 36 bytes of each stream stay.
    assert_eq!(within(LEADS * 60), [true; 3]);
    assert_eq!(within(LEADS * 110), [false, false, true], "states and names of streams lie in a file");
    assert_eq!(within(1 << 30), [false; 3]);
}

#[test]
fn a_history_of_large_states_takes_its_memory_of_all_there_is_while_it_is_read() {
    const EVENTS: u64 = 100;
    let (_folder, mut store) = own_store();
    let stream = StreamId::from("lead-1");
    let mut bulk = store.bulk().expect("a transaction");
    for number in 0..EVENTS {
        bulk.record(&stream, Some(Version(number)), &event(&number.to_string(), "noted", "{}")).expect("recorded");
    }
    bulk.commit().expect("committed");
    let described = describe(&store, &stream).expect("there");
    let load = |letters: usize, bytes: u64| {
        // Another text behind each event: none of them is shared.
        let own = format!(
            "fromAll().foreachStream().when({{ $init: () => ({{ n: 0 }}), $any(s) {{ s.n++; s.text = s.n + 'x'.repeat({letters}) }} }})"
        );
        let script = Script::read("large.js", &own).expect("a projection");
        let projection = ProjectionRef::new(ScriptProjection::of(&script).expect("a state a stream"));
        let memory = Memory::new(Budget { bytes });
        let (mut held, mut seen) = (memory.hold(), 0);
        let on = &mut |_| Flow::Continue(());
        let loaded = load_timeline_within(&store, &described, &projection, &mut held, &mut |_| seen += 1, on);
        (loaded, seen, memory.taken())
    };
    let (refused, seen, _) = load(1 << 20, 1 << 20);
    assert!(matches!(refused, Err(EngineError::OverBudget(_))), "{refused:?}");
    assert!(seen < EVENTS, "it was read to its end");
    let (loaded, seen, taken) = load(20_000, 1 << 30);
    let loaded = loaded.expect("there is room");
    assert_eq!(seen, EVENTS);
    assert!(taken > 3 * 20_000, "states that lie there are counted: {taken}");
    // Sought from where one lies, each is what it was when its event came.
    for (index, n) in [(0, 1), (31, 32), (32, 33), (70, 71), (99, 100)] {
        assert_eq!(loaded.show(Some(index))["n"], json!(n));
    }
}
