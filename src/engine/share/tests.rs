use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::lease::Leases;
use super::table::{FoldedRow, SharedTable};
use super::*;
use crate::engine::{DriftWish, Ticket, drift, five_leads};
use crate::event::{NewEvent, Timestamp};
use crate::index::{Budget, Choice};
use crate::replay::{Offers, ProjectionRef};
use crate::script::{Script, ScriptProjection};
use crate::store::native::NativeStore;
use crate::store::{Expected, ModelPlace, ModelRow, Source, Writer};
use crate::store::{SharedChange, SharedValue};

/// At each change, a second has gone by.
fn at(revision: u64) -> Timestamp {
    Timestamp::from_micros(revision as i64 * 1_000_000)
}

/// The values of a server that never fails.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<BTreeMap<String, SharedValue>>>);

impl SharedValues for Kept {
    fn get(&self, key: &str) -> Result<Option<SharedValue>, StoreError> {
        Ok(self.0.lock().expect("nobody panicked").get(key).cloned())
    }

    fn change(&self, changes: &[SharedChange]) -> Result<Vec<Option<u64>>, StoreError> {
        let mut kept = self.0.lock().expect("nobody panicked");
        let made = changes.iter().map(|SharedChange { key, value, revision }| {
            let known = kept.get(key).map(|kept| kept.revision);
            (known == *revision).then(|| {
                let next = kept.values().map(|kept| kept.revision).max().unwrap_or(0) + 1;
                kept.insert(key.clone(), SharedValue { value: value.clone(), revision: next, at: Some(at(next)) });
                next
            })
        });
        Ok(made.collect())
    }

    fn now(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(Some(at(60)))
    }

    fn visit(&self, prefix: &str, visit: &mut dyn FnMut(&str, SharedValue) -> Flow) -> Result<(), StoreError> {
        let kept = self.0.lock().expect("nobody panicked").clone();
        for (key, value) in kept.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix)) {
            if visit(key, value.clone()).is_break() {
                break;
            }
        }
        Ok(())
    }
}

const NEVER: Duration = Duration::from_hours(1);

#[test]
fn each_partition_is_one_worker_s_and_those_of_one_that_is_gone_are_handed_over() {
    let values = Kept::default();
    let mut first = Leases::new("a".to_owned(), 8, NEVER);
    first.beat(&values).expect("it beats");
    assert_eq!(first.mine.len(), 8, "alone it has them all");
    let mut second = Leases::new("b".to_owned(), 8, NEVER);
    second.beat(&values).expect("it beats");
    assert_eq!(second.mine.len(), 0, "all are held");
    first.beat(&values).expect("it beats");
    second.beat(&values).expect("it beats");
    let mine = |leases: &Leases| leases.mine.keys().copied().collect::<BTreeSet<u32>>();
    assert_eq!((mine(&first).len(), mine(&second).len()), (4, 4));
    assert!(mine(&first).is_disjoint(&mine(&second)));

    // The first is killed: for who waits no longer than this, it is gone at once.
    let mut third = Leases::new("c".to_owned(), 8, Duration::ZERO);
    third.beat(&values).expect("it beats");
    assert_eq!(mine(&third).len(), 8);
    let part = Part { position: Some(7), ..Part::default() };
    let number = *first.mine.keys().next().expect("it has some");
    assert!(!first.keep(&values, number, &part).expect("it is asked"), "what it writes comes too late");
    assert!(!first.mine.contains_key(&number));
}

#[test]
fn what_several_fold_is_what_one_folds_whoever_is_killed_on_the_way() {
    let (_folder, engine) = five_leads();
    let store = crate::store::open(engine.source()).expect("opened");
    let store = store.as_ref();
    let wish = ShareWish { projection: "state".to_owned(), category: None, into: None };
    let on = &mut || Flow::Continue(());
    let alone = Kept::default();
    let mut worker = ShareWorker::join(&alone, "alone", "a", store, &wish).expect("it joins");
    let end = store.end().expect("an end").position();
    assert_eq!(worker.step(store, on).expect("folded").everywhere, end);
    let expected = shared_rows(&alone).expect("rows");
    assert_eq!(expected.len(), 5);

    let values = Kept::default();
    let begin = |name: &str, lease| ShareWorker::with_lease(lease, &values, "both", name, store, &wish).expect("joins");
    let mut first = begin("a", NEVER);
    // It writes states and is killed before it writes how far it is.
    first.step(store, on).expect("folded");
    let behind: Vec<String> =
        values.0.lock().expect("kept").keys().filter(|key| key.starts_with("p.")).cloned().collect();
    for key in behind {
        let revision = values.get(&key).expect("read").map(|kept| kept.revision);
        let part = Part { worker: "a".to_owned(), ..Part::default() };
        values.change_one(&key, lease::written(&part), revision).expect("written").expect("it is the last");
    }
    let mut second = begin("b", Duration::ZERO);
    assert_eq!(second.step(store, on).expect("folded").everywhere, end);
    assert_eq!(shared_rows(&values).expect("rows"), expected);
    // One that was only taken for dead goes on, and changes nothing.
    first.step(store, on).expect("it goes on");
    assert_eq!(shared_rows(&values).expect("rows"), expected);
    let work = shared_work(&values, "both", store).expect("told");
    assert_eq!(work.iter().map(|work| work.partitions.len()).sum::<usize>(), PARTITIONS as usize);
    assert!(work.iter().all(|work| work.behind == 0), "{work:?}");

    let look = look::look(&values, "both".to_owned(), end).expect("looked at").expect("there");
    assert_eq!((look.projection.as_str(), look.partitions, look.free, look.behind), ("state", PARTITIONS, 0, 0));
    let told: Vec<(&str, usize, bool)> =
        look.workers.iter().map(|worker| (worker.name.as_str(), worker.partitions.len(), worker.is_gone())).collect();
    assert!(told.first().is_some_and(|worker| *worker == ("b", PARTITIONS as usize, false)), "{told:?}");

    let other = ShareWish { projection: "search".to_owned(), category: None, into: None };
    let refused = ShareWorker::join(&values, "both", "c", store, &other).map(drop).expect_err("it is another's");
    assert!(matches!(refused, ShareError::OtherProjection(_)), "{refused}");
}

/// A projection that has no end need not be tried anew for each category that a worker meets.
#[test]
fn what_was_given_up_in_one_category_is_not_run_in_another() {
    let source = "fromAll().foreachStream().when({
        $init: () => ({ n: 0 }),
        added(s) { s.n++ },
        hopeless(s) { 'x'.repeat(80e6) },
    })";
    let script = Script::read("own.js", source).expect("a projection");
    let offers = Offers::default();
    offers.offer(&ProjectionRef::new(ScriptProjection::of(&script).expect("a state a stream")));
    offers.enter();
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = NativeStore::create(&folder.path().join("a.db")).expect("a store");
    let mut record = |stream: &str, event_type: &str| {
        let new = NewEvent {
            id: EventId::new(stream),
            event_type: event_type.into(),
            schema: 1,
            recorded_at: Some(at(1)),
            payload: "{}".to_owned(),
            metadata: String::new(),
        };
        store.append(&StreamId::from(stream), Expected::NoStream, &[new]).expect("recorded");
    };
    record("first-1", "added");
    for stream in ["a-1", "b-1", "c-1", "d-1", "e-1", "f-1", "g-1", "h-1"] {
        record(stream, "hopeless");
    }
    record("last-1", "added");
    let wish = ShareWish { projection: "own.js".to_owned(), category: None, into: None };
    let values = Kept::default();
    let mut worker = ShareWorker::join(&values, "work", "a", &store, &wish).expect("it joins");
    worker.step(&store, &mut || Flow::Continue(())).expect("folded");
    let rows = shared_rows(&values).expect("rows");
    let state = |stream: &str| rows.iter().find(|row| row.stream.as_str() == stream).map(|row| row.state.to_string());
    assert_eq!(state("first-1").as_deref(), Some(r#"{"n":1}"#));
    assert_ne!(state("last-1").as_deref(), Some(r#"{"n":1}"#), "it was run");
}

fn contacted(path: &std::path::Path, id: &str) {
    let new = NewEvent {
        id: EventId::new(id),
        event_type: "lead-contacted".into(),
        schema: 1,
        recorded_at: None,
        payload: "{\"channel\":\"phone\"}".to_owned(),
        metadata: String::new(),
    };
    let mut store = NativeStore::open_for_writing(path).expect("it may be written to");
    store.append(&StreamId::from("lead-1"), Expected::Any, &[new]).expect("appended");
}

#[test]
fn a_table_goes_on_from_what_is_in_it_whoever_was_killed_or_came_too_late() {
    let (folder, engine) = five_leads();
    let path = engine.source().path().expect("a file").to_owned();
    let opened = || crate::store::open(engine.source()).expect("opened");
    let source = Source::from(folder.path().join("leads.db"));
    let place = ModelPlace { source, table: Some("leads".to_owned()) };
    let into = Some(ShareInto { place: place.clone(), source: engine.source().clone() });
    let wish = ShareWish { projection: "state".to_owned(), category: None, into };
    let values = Kept::default();
    let begin = |name: &str, lease| {
        ShareWorker::with_lease(lease, &values, "table", name, opened().as_ref(), &wish).expect("joins")
    };
    let on = &mut || Flow::Continue(());
    let holds = || {
        let (projection, against) = ("state".to_owned(), place.clone());
        let wish = DriftWish { projection, category: None, against, map: None, budget: Budget::default() };
        let held = drift(opened().as_ref(), &wish, &Ticket::new("held")).expect("held");
        assert!(held.is_none() && held.rows == 5, "{held:?}");
    };
    let end = || opened().end().expect("an end").position();
    let mut first = begin("a", Duration::ZERO);
    first.step(opened().as_ref(), on).expect("folded");
    holds();
    // Killed between the table and the lease: that the rows are there, the table knows.
    for number in 0..PARTITIONS {
        let revision = values.get(&key_of(number)).expect("read").map(|kept| kept.revision);
        let part = Part { worker: "a".to_owned(), ..Part::default() };
        values.change_one(&key_of(number), lease::written(&part), revision).expect("written");
    }
    let mut second = begin("b", Duration::ZERO);
    let step = second.step(opened().as_ref(), on).expect("folded");
    assert_eq!((step.events, step.everywhere), (0, end()));
    // In the middle of its step another takes it for dead, and is there first.
    contacted(&path, "x");
    contacted(&path, "y");
    let mut has_come = false;
    let late = &mut || {
        if !std::mem::replace(&mut has_come, true) {
            assert_eq!(first.step(opened().as_ref(), &mut || Flow::Continue(())).expect("folded").events, 2);
        }
        Flow::Continue(())
    };
    second.step(opened().as_ref(), late).expect("it finds that it came too late");
    assert_eq!(second.partitions().count(), 0, "they are another's");
    holds();
    contacted(&path, "z");
    assert_eq!(second.step(opened().as_ref(), on).expect("folded").events, 1);
    // One that keeps fewer states than there are has them again from the table.
    let mut second = second.keeping(0);
    for id in ["v", "w"] {
        contacted(&path, id);
        assert_eq!(second.step(opened().as_ref(), on).expect("folded").events, 1);
        assert_eq!(second.kept_states(), 0);
        holds();
    }
    assert_eq!(second.table().expect("read").expect("a table").position, end());
    holds();
}

#[test]
fn a_partition_is_brought_on_only_from_where_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = ModelPlace { source: folder.path().join("table.db").into(), table: None };
    let table = SharedTable {
        place: place.clone(),
        source: folder.path().join("store.db").into(),
        definition: "this".to_owned(),
        partitions: 2,
    };
    assert!(table.begin(false).expect("made"));
    assert!(!table.begin(true).expect("there"));
    let stand = |position: u64| (Position(position), EventId::new(&position.to_string()));
    let row = |version: u64| {
        let (stream, version) = (StreamId::from("lead-1"), Version(version));
        let row = ModelRow { stream, version, recorded_at: None, values: Vec::new(), kept: Some(version.to_string()) };
        FoldedRow { partition: 1, row, state: serde_json::json!({ "at": version.0 }) }
    };
    let choice = Choice::one(crate::replay::registry().first(None).clone());
    let bring = |from: Option<u64>, to: u64, version: u64| {
        let from = BTreeMap::from([(1, from.map(stand))]);
        table.bring(&choice, &from, &stand(to), &[row(version)]).expect("written").is_empty()
    };
    let version = || table.held(&[StreamId::from("lead-1")]).expect("read").into_values().next();
    assert!(bring(None, 5, 5));
    assert!(!bring(None, 3, 3), "somebody was there before");
    assert!(!bring(Some(4), 9, 9));
    assert_eq!(version(), Some((Version(5), Some((Version(5), "5".to_owned())))));
    assert_eq!(table.standing().expect("read").position, None, "the other partition has not begun");
    assert!(bring(Some(5), 9, 3), "a row of a later version stays");
    assert_eq!(version().map(|(version, _)| version), Some(Version(5)));
    let other = SharedTable { definition: "other".to_owned(), ..table.clone() };
    assert!(matches!(other.parts().expect_err("another's"), ShareError::OtherTable(_)));
    let nowhere = SharedTable { place: ModelPlace { table: Some("gone".to_owned()), ..place }, ..table.clone() };
    assert!(matches!(nowhere.begin(true).expect_err("gone"), ShareError::TableGone(_)));
}

/// Values of which one change is late: that the table is made. Something else happens right before it.
struct Late {
    kept: Kept,
    before: RefCell<Option<Box<dyn FnOnce() + Send>>>,
}

impl SharedValues for Late {
    fn get(&self, key: &str) -> Result<Option<SharedValue>, StoreError> {
        self.kept.get(key)
    }

    fn change(&self, changes: &[SharedChange]) -> Result<Vec<Option<u64>>, StoreError> {
        let share =
            |change: &SharedChange| serde_json::from_slice::<Share>(&change.value).ok().filter(|_| change.key == SHARE);
        let is_made = changes.iter().filter_map(share).filter_map(|share| share.into).any(|into| into.is_made);
        if is_made && let Some(happens) = self.before.take() {
            happens();
        }
        self.kept.change(changes)
    }

    fn now(&self) -> Result<Option<Timestamp>, StoreError> {
        self.kept.now()
    }

    fn visit(&self, prefix: &str, visit: &mut dyn FnMut(&str, SharedValue) -> Flow) -> Result<(), StoreError> {
        self.kept.visit(prefix, visit)
    }
}

#[test]
fn who_made_a_table_joins_after_another_found_it_and_is_refused_after_another_made_one_elsewhere() {
    let (folder, engine) = five_leads();
    let store = crate::store::open(engine.source()).expect("opened");
    let store = store.as_ref();
    let wish = |file: &str| {
        let place = ModelPlace { source: folder.path().join(file).into(), table: Some("leads".to_owned()) };
        let into = Some(ShareInto { place, source: engine.source().clone() });
        ShareWish { projection: "state".to_owned(), category: None, into }
    };
    for (mine, theirs) in [("one.db", "one.db"), ("here.db", "there.db")] {
        let kept = Kept::default();
        let (values, source, their_wish) = (kept.clone(), engine.source().clone(), wish(theirs));
        let other_joins = move || {
            let store = crate::store::open(&source).expect("opened");
            ShareWorker::join(&values, "table", "b", store.as_ref(), &their_wish).map(drop).expect("it joins");
        };
        let late = Late { kept: kept.clone(), before: RefCell::new(Some(Box::new(other_joins))) };
        let joined = ShareWorker::join(&late, "table", "a", store, &wish(mine));
        assert!(late.before.borrow().is_none(), "the other came between");
        let share = kept.get(SHARE).expect("read").expect("shared work");
        let into = serde_json::from_slice::<Share>(&share.value).expect("written").into.expect("a table");
        assert_eq!((into.is_made, into.is_found), (true, mine == theirs));
        if mine == theirs {
            let mut worker = joined.expect("the table is of both");
            let step = worker.step(store, &mut || Flow::Continue(())).expect("folded");
            assert_eq!(step.everywhere, store.end().expect("an end").position());
            assert_eq!(worker.table().expect("read").expect("a table").rows, 5);
        } else {
            let refused = joined.map(drop).expect_err("two tables of one work");
            assert!(matches!(refused, ShareError::GoesInto { .. }), "{refused}");
        }
    }
}
