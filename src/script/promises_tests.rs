//! What handlers leave to be done behind them, where nothing runs: it is a fault, and not a state without it.

use super::tests::given;
use super::*;
use crate::projection::{Fault, FaultKind, SourcePlace};

fn running(source: &str) -> Running {
    Script::read("p.js", source).expect("a projection").run().expect("at work")
}

/// What goes wrong with the first event, whichever of the functions it is.
fn first(running: &Running) -> Result<Option<String>, Fault> {
    let event = given("order-1", 0, "x", r#"{"n":1}"#);
    running.partition(&event)?;
    running.init_shared()?;
    running.init()?;
    running.created(&event, "order-1")?;
    running.handle(&event, "order-1")?;
    running.state()?;
    running.result()
}

fn fault(source: &str) -> Fault {
    first(&running(source)).expect_err(source)
}

#[test]
fn what_is_async_says_so_with_its_place() {
    for (source, line, column) in [
        ("fromAll().when({\n async x(s, e) { s.n = 1 } })", 2, 2),
        ("fromAll().when({\n async x(s, e) { await 0; s.n = 1 } })", 2, 2),
        ("fromAll().when({\n x: async (s, e) => { for await (const n of [1]) s.n = n } })", 2, 5),
        ("fromAll().when({ y: async s => s,\n x(s) { return Promise.resolve(s) } })", 2, 16),
        ("async function add(s) { await 0; s.n = 1 }\nfromAll().when({ x(s) { add(s) } })", 1, 1),
        (
            "fromAll().when({ async y() {},\n x(s) { const p = e => e;\n Promise.resolve(1).then(n => { s.n = n }) } })",
            3,
            2,
        ),
        ("const p = Promise.resolve([]);\nfromAll().when({ x(s) { p.then([].push.bind([])) } })", 2, 27),
        (
            "let go; const p = new Promise(r => { go = r }); p.then(() => log('later'));\nfromAll().when({ x(s) { go(1) } })",
            1,
            23,
        ),
        ("fromAll().when({ $init: async () => ({ n: 0 }), x(s) { s.n++ } })", 1, 25),
        ("fromAll().when({ async $created(s) { await 0; s.n = 1 }, x(s) {} })", 1, 18),
        ("fromAll().partitionBy(async e => e.body.n).when({ x(s) {} })", 1, 23),
        ("fromAll().when({ x(s) {} }).filterBy(async s => true)", 1, 38),
        ("fromAll().when({ x(s) {} }).transformBy(async s => 1)", 1, 41),
        ("fromAll().when({ $initShared: () => ({}), async x([s, all]) { all.n = 1; return [s, all] } })", 1, 43),
    ] {
        let fault = fault(source);
        assert_eq!(fault.kind, FaultKind::Promise, "{source}: {fault}");
        assert_eq!(fault.place, Some(SourcePlace { line, column }), "{source}: {fault}");
    }
    let inside = fault("fromAll().when({\n x(s) { s.of = Promise.resolve(1) } })");
    assert_eq!(
        inside.to_string(),
        "line 2, column 16: TypeError: the state holds a promise at of; a handler must not be async"
    );
}

#[test]
fn what_an_async_function_throws_and_nobody_catches_is_told() {
    let lost =
        fault("async function add(s) {\n throw new Error('no rate') }\nfromAll().when({ x(s) { add(s); s.n = 1 } })");
    assert_eq!(lost.kind, FaultKind::Thrown("no rate".into()));
    assert_eq!(lost.place.map(|place| place.line), Some(2));
    assert_eq!(fault("fromAll().when({ x(s) { Promise.reject('why') } })").kind, FaultKind::Thrown("why".into()));
    // What goes wrong in the handler itself is said, whatever it left.
    let own = fault("fromAll().when({ x(s) { Promise.reject('why'); throw new Error('own') } })");
    assert_eq!(own.kind, FaultKind::Thrown("own".into()));
    let own = fault("fromAll().when({ x(s) { Promise.resolve().then(() => 1); throw new Error('own') } })");
    assert_eq!(own.kind, FaultKind::Thrown("own".into()));
}

#[test]
fn what_was_left_never_runs_and_the_next_event_has_nothing_of_it() {
    let running = running(
        "let ran = 0; async function add(s) { await 0; ran++; s.n++; log('ran') }
        fromAll().when({ $init: () => ({ n: 0 }),
            x(s) { add(s); Promise.resolve().then(() => { ran++; for (;;); }).then(() => ran++) },
            y(s) { s.n++; s.ran = ran } })",
    );
    for version in 0..3 {
        running.init().expect("a first state");
        let event = given("order-1", 2 * version, "x", "{}");
        assert_eq!(running.handle(&event, "order-1").expect_err("a fault").kind, FaultKind::Promise);
        running.load(Some(r#"{"n":5}"#)).expect("loaded");
        running.handle(&given("order-1", 2 * version + 1, "y", "{}"), "order-1").expect("handled");
        assert_eq!(running.state().expect("a state").as_deref(), Some(r#"{"n":6,"ran":0}"#));
        assert!(running.take().expect("taken").logs.is_empty());
    }
}

#[test]
fn what_is_left_does_not_pile_up() {
    let running = running(
        "fromAll().when({ x(s, e) { const text = 'ab'.repeat(500) + e.sequenceNumber; Promise.resolve(text).then(t => t + text) } })",
    );
    let mut early = 0;
    for version in 0..20_000 {
        running.init().expect("a first state");
        running.handle(&given("order-1", version, "x", "{}"), "order-1").expect_err("a fault");
        if version == 2_000 {
            early = running.taken();
        }
    }
    assert!(running.taken() < early + (4 << 20), "{early} bytes, then {}", running.taken());
}

#[test]
fn promises_that_leave_nothing_to_be_done_are_no_fault() {
    for source in [
        "Promise.resolve(1).then(() => { throw 1 }); Promise.reject(1); (async () => { await 0; log('x') })();
        fromAll().when({ x(s) { s.n = 1 } })",
        "async function add(s) { s.n = 1 } fromAll().when({ x(s) { add(s); new Promise(() => {}); Promise.resolve(2) } })",
    ] {
        assert_eq!(first(&running(source)).expect(source).as_deref(), Some(r#"{"n":1}"#), "{source}");
    }
}
