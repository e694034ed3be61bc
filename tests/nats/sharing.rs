//! A store that several workers fold together, and a mirror of one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, stream};
use foldline::engine::{
    DriftWish, ShareInto, ShareWish, ShareWorker, SharedRow, Ticket, drift, shared_rows, shared_values, shared_work,
};
use foldline::event::{Cursor, EventBatch, RecordedEvent};
use foldline::index::Budget;
use foldline::sample::{SampleOptions, generate};
use foldline::store::native::NativeStore;
use foldline::store::{
    self, Address, Changes, Columns, Expected, Flow, Mirroring, ModelPlace, Query, Source, Store, StreamQuery,
    StreamRow,
};

use crate::postgres::Database;
use crate::servers::{Kind, Server, block_on, connect};
use crate::stores::{fresh_name, noted, stream as stream_named, writer};
use crate::way::Way;

/// A stream as rita writes it: leads with a name that is changed, `rounds` times.
fn published(server: &Server, name: &str, leads: u32, rounds: u32) -> Source {
    block_on(async {
        let context = jetstream::new(connect(&server.url()).await.unwrap());
        let (stream, subjects) = (format!("ES_{name}"), vec![format!("$ES.{name}.>")]);
        let config = stream::Config { name: stream, subjects, ..Default::default() };
        context.get_or_create_stream(config).await.unwrap();
        let mut coming = Vec::new();
        for round in 0..rounds {
            for lead in 0..leads {
                let event = if round == 0 { "lead-initialized" } else { "contact-details-updated" };
                let mut headers = HeaderMap::new();
                headers.insert("Nats-Msg-Id", format!("{lead}-{round}").as_str());
                headers.insert("Rita-Type", event);
                headers.insert("Rita-Time", "2025-01-01T01:00:00Z");
                headers.insert("Rita-Codec", "json");
                // A number, and later none.
                let size = if round < 5 { round.to_string() } else { "\"large\"".to_owned() };
                let body = format!("{{\"lead-id\":{lead},\"name\":\"n{round}\",\"size\":{size}}}");
                let subject = format!("$ES.{name}.lead.{lead}.{event}");
                coming.push(context.publish_with_headers(subject, headers, body.into()).await.unwrap());
            }
        }
        for answer in coming {
            answer.await.unwrap();
        }
    });
    Source::parse(&format!("{}/ES_{name}", server.url()))
}

fn opened(source: &Source) -> Box<dyn Store> {
    store::open(source).unwrap_or_else(|error| panic!("{error}"))
}

fn rows(reader: &dyn Store, name: &str) -> Vec<SharedRow> {
    shared_rows(shared_values(reader, name, "here", false).unwrap().as_ref()).unwrap()
}

fn work(source: &Source, name: &str, me: &str, is_killed: &AtomicBool) -> u64 {
    let wish = ShareWish { projection: "state".to_owned(), category: None, into: None };
    work_on(&wish, Duration::from_millis(400), source, name, me, is_killed)
}

/// Works until everything is folded, or until it is told that it is killed: then it leaves nothing in order.
fn work_on(wish: &ShareWish, lease: Duration, source: &Source, name: &str, me: &str, is_killed: &AtomicBool) -> u64 {
    let reader = opened(source);
    let values = shared_values(reader.as_ref(), name, "here", true).unwrap_or_else(|error| panic!("{error}"));
    let mut worker = ShareWorker::with_lease(lease, values.as_ref(), name, me, reader.as_ref(), wish)
        .unwrap_or_else(|error| panic!("{error}"));
    let end = reader.end().unwrap().position();
    let mut folded = 0;
    loop {
        let mut seen = 0;
        let step = worker.step(reader.as_ref(), &mut || {
            seen += 1;
            if seen > 50 && is_killed.load(Ordering::Relaxed) { Flow::Break(()) } else { Flow::Continue(()) }
        });
        let Ok(step) = step else { return folded };
        folded += step.events;
        if step.everywhere >= end {
            return folded;
        }
    }
}

#[test]
fn several_workers_fold_what_one_folds_and_the_part_of_one_that_is_killed_is_handed_over() {
    for kind in [Kind::New, Kind::Old] {
        folded_by_several(Server::shared(kind));
    }
}

fn folded_by_several(server: &Server) {
    let source = published(server, "shared", 60, 5);
    let on = AtomicBool::new(false);
    assert_eq!(work(&source, "alone", "a", &on), 300);
    let expected = rows(opened(&source).as_ref(), "alone");
    assert_eq!(expected.len(), 60);
    assert!(expected.iter().all(|row| row.state["name"] == "n4" && row.version.0 == 5), "{expected:?}");

    let killed = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let (source, on, killed) = (&source, &on, &killed);
        scope.spawn(move || work(source, "both", "killed", killed));
        for me in ["b", "c"] {
            scope.spawn(move || work(source, "both", me, on));
        }
    });
    let reader = opened(&source);
    assert_eq!(rows(reader.as_ref(), "both"), expected);
    // What comes later is folded on from there.
    published(server, "shared", 60, 6);
    assert_eq!(work(&source, "both", "d", &on), 60);
    let after = rows(reader.as_ref(), "both");
    assert!(after.len() == 60 && after.iter().all(|row| row.state["name"] == "n5"), "{after:?}");
    let values = shared_values(reader.as_ref(), "both", "here", false).unwrap();
    let told = shared_work(values.as_ref(), "both", reader.as_ref()).unwrap();
    assert!(told.iter().all(|work| work.behind == 0), "{told:?}");
}

#[test]
fn shared_work_that_is_refused_leaves_nothing_to_be_looked_at() {
    let server = Server::shared(Kind::New);
    let source = published(server, "refused", 3, 2);
    let folder = tempfile::tempdir().unwrap();
    let (other, nowhere) = (folder.path().join("other.db"), folder.path().join("none/leads.db"));
    drop(NativeStore::create(&other).unwrap());
    let (own, taken) = (folder.path().join("own.db"), folder.path().join("own.db#state"));
    let place = ModelPlace { source: own.clone().into(), table: Some("state".to_owned()) };
    let into = Some(ShareInto { place, source: source.clone() });
    let first = ShareWish { projection: "state".to_owned(), category: None, into };
    assert_eq!(work_on(&first, Duration::from_millis(400), &source, "first", "a", &AtomicBool::new(false)), 6);
    for (projection, into, words) in [
        ("nosuch", None, "nosuch"),
        ("state", Some(&other), "is no file of read models"),
        ("state", Some(&nowhere), "there is no such folder"),
        ("state", Some(&taken), "this table is of something else"),
    ] {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_foldline"));
        program.args(["project", &source.to_string(), "--share", "second", "--projection", projection]);
        let answer =
            program.args(into.map(|into| ["--into".into(), into.as_os_str().to_owned()]).into_iter().flatten());
        let answer = answer.output().unwrap();
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        assert!(!answer.status.success() && said.contains(words), "{said}");
        assert_eq!(opened(&source).shared_names().unwrap().unwrap(), ["first"], "{said}");
    }
    assert!(!nowhere.exists());
}

#[test]
fn who_wants_some_streams_is_spared_the_others_and_knows_how_far_it_came() {
    let server = Server::shared(Kind::New);
    let source = published(server, "some", 100, 40);
    let reader = opened(&source);
    let is_wanted = |name: &str| name == "lead:7" || name == "lead:93";
    let Changes::Grew(mut scan) = reader.changes_of(&Cursor::beginning(), Columns::ALL, &is_wanted).unwrap() else {
        panic!("nothing was taken away")
    };
    let (mut cursor, mut batch, mut others, mut wanted) = (Cursor::beginning(), EventBatch::default(), 0, Vec::new());
    loop {
        scan.next_batch(&mut batch).unwrap();
        if batch.is_empty() {
            break;
        }
        cursor.advance(&batch);
        for row in batch.rows() {
            if is_wanted(row.stream.as_str()) { wanted.push(row.to_recorded()) } else { others += 1 }
        }
    }
    let mut expected = Vec::new();
    reader
        .visit_events(&Query::store(), &mut |row| {
            expected.extend(is_wanted(row.stream.as_str()).then(|| row.to_recorded()));
            Flow::Continue(())
        })
        .unwrap();
    assert_eq!((wanted.len(), wanted), (80, expected));
    assert_eq!(others, 1, "the last of all");
    assert_eq!(cursor.position(), reader.end().unwrap().position());
}

#[test]
fn a_worker_is_sent_the_events_once_and_no_list_of_all_streams_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut from = NativeStore::create(&folder.path().join("sales.db")).unwrap();
    // Leads and tickets, each of which has its own projection of this name.
    let options = SampleOptions { events: Some(3_000), ..SampleOptions::default() };
    generate(&mut from, &options, &mut |_| Flow::Continue(())).unwrap();
    for kind in [Kind::New, Kind::Old] {
        let server = Server::shared(kind);
        let way = Way::to(server.node.port);
        let name = fresh_name();
        let target = store::server_target(&Address::new(&format!("{}/{name}", server.url())), None, true).unwrap();
        store::bring_in(&target, &from, &mut |_| Flow::Continue(())).unwrap();
        let source = Source::parse(&format!("nats://127.0.0.1:{}/{name}", way.port));
        let carried = |work: &mut dyn FnMut()| {
            let before = way.carried.load(Ordering::Relaxed);
            work();
            way.carried.load(Ordering::Relaxed) - before
        };
        let mut count = 0;
        let whole = carried(&mut || {
            let every = &mut |_: &foldline::event::EventRow<'_>| {
                count += 1;
                Flow::Continue(())
            };
            opened(&source).visit_events(&Query::store(), every).unwrap();
        });
        let on = AtomicBool::new(false);
        let wish = ShareWish { projection: "state".to_owned(), category: None, into: None };
        // Long enough that all is one step: with each a reading begins.
        let lease = Duration::from_mins(10);
        let folding = carried(&mut || assert_eq!(work_on(&wish, lease, &source, "once", "a", &on), count));
        // Beside them the acknowledgements of what it wrote.
        assert!(folding * 2 < whole * 3, "{kind:?}: {folding} bytes for a worker, {whole} for all events");
    }
}

#[test]
fn the_first_stream_of_a_category_is_the_same_whether_or_not_all_streams_were_listed() {
    let server = Server::shared(Kind::Old);
    let own = format!("{}/{}", server.url(), fresh_name());
    store::server_target(&Address::new(&own), None, true).unwrap();
    for name in ["lead-2", "settings", "a.b-c", "lead-1", "lead-2"] {
        writer(&own).append(&stream_named(name), Expected::Any, &[noted(&format!("{name} {}", fresh_name()))]).unwrap();
    }
    for source in [Source::parse(&own), published(server, "firsts", 4, 3)] {
        let listed = opened(&source);
        let mut all = Vec::new();
        listed
            .visit_streams(&StreamQuery::default(), &mut |row| {
                all.push(row);
                Flow::Continue(())
            })
            .unwrap();
        assert!(all.len() > 3, "{all:?}");
        for (category, _) in listed.categories().unwrap() {
            let first = |reader: &dyn Store| {
                let query = StreamQuery { category: Some(category.clone()), limit: Some(1), ..StreamQuery::default() };
                let mut first = None;
                let kept = &mut |row: StreamRow| {
                    first = Some((row.stream, row.category, row.events, row.first_version, row.last_version));
                    Flow::Continue(())
                };
                reader.visit_streams(&query, kept).unwrap();
                first
            };
            let known = all
                .iter()
                .find(|row| row.category == category)
                .map(|row| (row.stream.clone(), row.category.clone(), row.events, row.first_version, row.last_version));
            assert!(known.is_some(), "{category}");
            assert_eq!((first(opened(&source).as_ref()), first(listed.as_ref())), (known.clone(), known));
        }
    }
}

/// Folded by one alone, the table's rows are those of the events; so says what holds any table against them.
fn assert_holds(source: &Source, place: &ModelPlace, rows: u64) {
    let (projection, against) = ("fields".to_owned(), place.clone());
    let wish = DriftWish { projection, category: None, against, map: None, budget: Budget::default() };
    let held = drift(opened(source).as_ref(), &wish, &Ticket::new("held")).unwrap_or_else(|error| panic!("{error}"));
    assert!(held.is_none() && held.rows == rows && held.failed.is_none(), "{held:?}");
}

/// Whoever is killed on the way, and though two who take each other for dead work on the same partitions all the time.
#[test]
fn what_several_fold_into_a_table_is_there_once_and_never_taken_back() {
    let server = Server::shared(Kind::New);
    let source = published(server, "tabled", 60, 4);
    let database = Database::with("");
    let place = ModelPlace { source: database.source(), table: Some("leads".to_owned()) };
    let into = Some(ShareInto { place: place.clone(), source: source.clone() });
    let wish = ShareWish { projection: "fields".to_owned(), category: None, into };
    let (on, killed) = (AtomicBool::new(false), AtomicBool::new(true));
    let patient = Duration::from_millis(400);
    std::thread::scope(|scope| {
        let (wish, source, on, killed) = (&wish, &source, &on, &killed);
        scope.spawn(move || work_on(wish, patient, source, "tabled", "killed", killed));
        for me in ["b", "c"] {
            scope.spawn(move || work_on(wish, patient, source, "tabled", me, on));
        }
    });
    assert_holds(&source, &place, 60);
    for rounds in 5..=7 {
        published(server, "tabled", 60, rounds);
        std::thread::scope(|scope| {
            let (wish, source, on) = (&wish, &source, &on);
            for me in ["d", "e", "f"] {
                let me = format!("{me}{rounds}");
                scope.spawn(move || work_on(wish, Duration::ZERO, source, "tabled", &me, on));
            }
        });
        assert_holds(&source, &place, 60);
    }
    let count: i64 =
        database.client().query_one("SELECT count(*) FROM leads WHERE size = 'large'", &[]).unwrap().get(0);
    assert_eq!(count, 60, "the column takes what is no number");

    let program = std::process::Command::new(env!("CARGO_BIN_EXE_foldline"))
        .args(["project", &source.to_string(), "--share", "tabled", "--projection", "fields", "--format", "json"])
        .args(["--into", &place.to_string()])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&program.stdout);
    let said: serde_json::Value = serde_json::from_str(&told).unwrap_or_else(|_| panic!("{program:?}"));
    assert_eq!((&said["rows"], &said["caught_up"]), (&60.into(), &true.into()), "{said}");
    let refused = |more: &[&str]| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_foldline"));
        program.args(["project", &source.to_string(), "--share", "tabled", "--projection", "fields"]).args(more);
        let answer = program.output().unwrap();
        assert_eq!(answer.status.code(), Some(2), "{answer:?}");
        String::from_utf8_lossy(&answer.stderr).into_owned()
    };
    assert!(refused(&[]).contains("goes into"), "{}", refused(&[]));
    let elsewhere = Database::with("").address();
    assert!(refused(&["--into", &elsewhere]).contains("never in this database"));
}

fn without_places(reader: &dyn Store) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    let mut visit = |row: &foldline::event::EventRow<'_>| {
        events.push(RecordedEvent { position: None, ..row.to_recorded() });
        Flow::Continue(())
    };
    reader.visit_events(&Query::store(), &mut visit).unwrap();
    events
}

#[test]
fn a_mirror_of_a_stream_holds_its_events_and_goes_on() {
    let server = Server::shared(Kind::Old);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mirror.db");
    for (rounds, new) in [(3, 90), (3, 0), (4, 30)] {
        let source = published(server, "mirrored", 30, rounds);
        let reader = opened(&source);
        let (mut mirroring, _) =
            Mirroring::begin(&source, reader.as_ref(), &path).unwrap_or_else(|error| panic!("{error}"));
        let done = mirroring.catch_up(reader.as_ref(), &mut |_| Flow::Continue(())).unwrap();
        assert_eq!((done.new, done.standing.behind), (new, 0));
        drop(mirroring);
        assert_eq!(without_places(&NativeStore::open(&path).unwrap()), without_places(reader.as_ref()));
    }
}
