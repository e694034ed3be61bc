//! What is told of a handler, and that telling it changes nothing.

use std::collections::HashMap;

use serde_json::Value;

use super::tests::given;
use super::*;
use crate::projection::{Fault, FaultKind};

/// A state and the one that is shared, as they were kept.
type States = (Option<Option<String>>, Option<Option<String>>);

fn before(states: &States) -> Before<'_> {
    Before { state: states.0.as_ref().map(Option::as_deref), shared: states.1.as_ref().map(Option::as_deref) }
}

/// The trace of the last of these events of one stream, each a type and a body.
fn trace(source: &str, events: &[(&str, &str)]) -> Trace {
    let script = Script::read("p.js", source).expect("a projection");
    let (last, earlier) = events.split_last().expect("an event");
    let mut states = States::default();
    for (version, (event_type, body)) in (0..).zip(earlier) {
        states = folded(&script, &given("a-1", version, event_type, body), "a-1", &states).expect("a state");
    }
    let event = given("a-1", earlier.len() as u64, last.0, last.1);
    script.trace(&event, &before(&states)).expect("a trace")
}

/// What the projection does with an event by itself.
fn folded(script: &Script, given: &Given<'_>, partition: &str, states: &States) -> Result<States, Fault> {
    let (running, definition) = (script.run()?, script.definition());
    if definition.is_bi_state {
        states.1.as_ref().map_or_else(|| running.init_shared(), |shared| running.load_shared(shared.as_deref()))?;
    }
    match &states.0 {
        Some(state) => running.load(state.as_deref())?,
        None => {
            running.init()?;
            if definition.has_created {
                running.created(given, partition)?;
            }
        }
    }
    running.handle(given, partition)?;
    let shared = definition.is_bi_state.then(|| running.shared()).transpose()?;
    Ok((Some(running.state()?), shared))
}

/// Line by line: which ran, and what it set.
fn lines(trace: &Trace) -> Vec<(u32, String)> {
    assert!(!trace.is_unwatched, "{trace:?}");
    let step = |step: &Step| {
        let change = |change: &Change| {
            let side = |side: &Option<Box<str>>| side.as_deref().unwrap_or("-").to_owned();
            format!("{} {}>{}", change.field, side(&change.before), side(&change.after))
        };
        let changes: Vec<String> = step.changes.iter().map(change).collect();
        (step.place.line, changes.join(", "))
    };
    trace.steps.iter().map(step).collect()
}

fn told(lines: &[(u32, &str)]) -> Vec<(u32, String)> {
    lines.iter().map(|(line, changes)| (*line, (*changes).to_owned())).collect()
}

const BANK: &str = "fromCategory('account').foreachStream().when({
  $init() {
    return { balance: 0, count: 0, overdrawn: false, last: null };
  },
  Withdrawn(s, e) {
    s.balance -= e.data.amount;
    s.count += 1;
    s.overdrawn = s.balance < 0;
    s.last = e.sequenceNumber;
  },
})";

#[test]
fn each_line_tells_what_it_set_from_what_to_what() {
    let trace = trace(BANK, &[("Withdrawn", r#"{"amount":-5}"#), ("Withdrawn", r#"{"amount":2}"#)]);
    let expected = [(6, "balance 5>3"), (7, "count 1>2"), (8, "overdrawn false>false"), (9, "last 0>1")];
    assert_eq!(lines(&trace), told(&expected));
    assert!(trace.steps.iter().all(|step| step.phase == Phase::Handler && step.place.column == 5));
    assert!(trace.steps[2].changes[0].is_same());
    assert_eq!(trace.after.as_deref(), Some(r#"{"balance":3,"count":2,"overdrawn":false,"last":1}"#));
    assert_eq!(trace.before.as_deref(), Some(r#"{"balance":5,"count":1,"overdrawn":false,"last":0}"#));
}

#[test]
fn the_first_event_tells_how_the_state_began() {
    let trace = trace(BANK, &[("Withdrawn", r#"{"amount":1}"#)]);
    assert_eq!(trace.steps[0].phase, Phase::Init);
    assert_eq!(lines(&trace)[0], (3, "balance ->0, count ->0, overdrawn ->false, last ->null".to_owned()));
    assert_eq!(lines(&trace)[1], (6, "balance 0>-1".to_owned()));
    assert_eq!(trace.before, None);
}

#[test]
fn what_a_called_function_does_is_told_at_its_own_lines_and_the_rest_at_the_callers() {
    let source = "const twice = (n) =>
  n * 2;
function add(s, n) {
  s.sum += n;
  return s.sum;
}
fromAll().when({ $init: () => ({ sum: 0, last: 0 }), x(s, e) {
  s.last = add(s, twice(e.body.n));
} })";
    let trace = trace(source, &[("x", r#"{"n":1}"#), ("x", r#"{"n":3}"#)]);
    assert_eq!(lines(&trace), told(&[(8, "last 2>8"), (2, ""), (4, "sum 2>8"), (5, "")]));
}

#[test]
fn branches_and_loops_are_told_as_they_ran() {
    let source = "fromAll().when({ $init: () => ({ n: 0, odd: 0 }), x(s, e) {
  for (const one of e.body.list) {
    if (one % 2)
      s.odd++;
    else s.n += one;
  }
  for (let i = 0; i < 2; i++) s.n++
  if (s.n > 100) return null;
} })";
    let trace = trace(source, &[("x", r#"{"list":[]}"#), ("x", r#"{"list":[1,4]}"#)]);
    let expected = [
        (2, ""),
        (3, ""),
        (4, "odd 0>1"),
        (2, ""),
        (3, ""),
        (5, "n 2>6"),
        (7, ""),
        (7, "n 6>7"),
        (7, ""),
        (7, "n 7>8"),
        (7, ""),
        (8, ""),
    ];
    assert_eq!(lines(&trace), told(&expected));
}

#[test]
fn a_state_that_is_returned_anew_tells_only_what_differs() {
    let source = "fromAll().when({ y() {}, $init: () => ({ n: 1, list: [{ a: 1 }], gone: 0 }), x(s, e) {
  const { gone, ...rest } = s;
  return { ...rest, n: s.n + 1, list: [...s.list, e.body], 'a b': { c: 1 }, 'd.e': 1 };
} })";
    let trace = trace(source, &[("y", "{}"), ("x", r#"{"b":2}"#)]);
    let changed = r#"n 1>2, list[1] ->{"b":2}, a b ->{"c":1}, ["d.e"] ->1, gone 0>-"#;
    assert_eq!(lines(&trace), told(&[(2, ""), (3, changed)]));
}

#[test]
fn what_is_logged_stands_at_the_line_that_logged_it() {
    let source = "fromAll().when({ x(s, e) {\n log('one');\n s.n = 1;\n log('two', e.body);\n log('three') } })";
    let trace = trace(source, &[("x", r#"{"n":1}"#)]);
    let logged: Vec<_> = trace.steps.iter().map(|step| (step.place.line, step.logged.join("|"))).collect();
    assert_eq!(logged, told(&[(2, "one"), (3, ""), (4, r#"two {"n":1}"#), (5, "three")]));
    assert_eq!(trace.output.logs.len(), 3);
}

#[test]
fn a_fault_stands_where_it_stands_in_the_source_and_behind_the_lines_that_ran() {
    let source = "fromAll().when({ y() {}, $init: () => ({ n: 0 }), x(s, e) {\n  s.n = 1;\n  s.m = s.none.such;\n  s.o = 1;\n} })";
    let trace = trace(source, &[("y", "{}"), ("x", "{}")]);
    assert_eq!(lines(&trace), told(&[(2, "n 0>1"), (3, "")]));
    let script = Script::read("p.js", source).expect("a projection");
    let plain = folded(&script, &given("a-1", 1, "x", "{}"), "a-1", &States::default());
    assert_eq!(trace.fault, plain.err(), "the marks moved it");
    assert_eq!(trace.after, trace.before, "a fault leaves the state");
    let nan =
        self::trace("fromAll().when({ $init: () => ({ n: 1 }), x(s, e) {\n s.n += e.body.amout } })", &[("x", "{}")]);
    assert_eq!(lines(&nan)[1..], told(&[(2, "n 1>NaN")]));
    assert!(nan.fault.expect("no JSON").to_string().contains("NaN at n"));
}

#[test]
fn an_endless_loop_is_ended_and_what_ran_is_told_up_to_a_bound() {
    let trace = trace(
        "fromAll().when({ y() {}, $init: () => ({ n: 0 }), x(s) {\n for (;;) s.n++ } })",
        &[("y", "{}"), ("x", "{}")],
    );
    assert!(matches!(trace.fault.as_ref().map(|fault| &fault.kind), Some(FaultKind::TooLong(_))), "{:?}", trace.fault);
    assert!(trace.is_cut && trace.steps.len() == MOST_STEPS);
    assert_eq!(lines(&trace)[..2], told(&[(2, "n 0>1"), (2, "n 1>2")]));
}

/// The source with marks may take longer than a handler only to come to its end.
#[test]
fn the_trace_of_a_handler_that_was_ended_is_told_soon() {
    let mut took = Vec::new();
    for body in ["for (;;) s.n++", "while (s.n === 0);", "for (;;) { s.n++; s.list.push('x'.repeat(4e5) + s.n) }"] {
        let source = format!("fromAll().when({{ $init: () => ({{ n: 0, list: [] }}), x(s) {{\n {body} }} }})");
        let begun = running::worked_by_this_thread().expect("told");
        let trace = trace(&source, &[("x", "{}")]);
        took.push(running::worked_by_this_thread().expect("told").saturating_sub(begun));
        let has_steps = trace.steps.iter().any(|step| step.phase == Phase::Handler);
        assert!(trace.fault.is_some() && has_steps, "{body}: {:?}", trace.fault);
    }
    assert!(took.iter().all(|took| *took < HANDLER_TIME * 3), "{took:?}");
}

#[test]
fn a_large_state_is_compared_by_its_uppermost_fields() {
    let source =
        "fromAll().when({ y() {}, $init: () => ({ n: 0, list: Array.from({ length: 50000 }, (_, i) => i) }), x(s) {
  s.n = 1;
  s.list[3] = 0;
  s.list = [];
} })";
    let trace = trace(source, &[("y", "{}"), ("x", "{}")]);
    assert!(trace.is_coarse);
    assert_eq!(lines(&trace), told(&[(2, "n 0>1"), (3, ""), (4, "list […]>[…]")]));
}

#[test]
fn what_transforms_and_filters_answered_is_told() {
    let source = "fromAll().partitionBy(e => e.body.shop).when({ $init: () => ({ n: 0 }), x(s) { s.n++ } })
  .transformBy(s => ({ twice: s.n * 2 }))
  .filterBy(s => s.twice > 5).outputState()";
    let trace = trace(source, &[("x", r#"{"shop":"b"}"#)]);
    assert_eq!(trace.partition.as_deref(), Some("b"));
    let answer = |kind, text: &str| Answer { kind, text: Some(text.into()) };
    assert_eq!(trace.answers, [answer(AnswerKind::Transform, r#"{"twice":2}"#), answer(AnswerKind::Filter, "false")]);
    let phases: Vec<Phase> = trace.steps.iter().map(|step| step.phase).collect();
    assert_eq!(phases, [Phase::Partition, Phase::Init, Phase::Handler, Phase::Output, Phase::Output]);
}

/// Whatever JavaScript has, in the ways in which a mark could change what it means.
const FINE_POINTS: &[&str] = &[
    "'use strict'; s.strict = (function () { 'use strict'; return this === undefined })()",
    "if (s) s.a = 1; else s.b = 2",
    "if (!s) s.a = 1\n else s.b = 2",
    "if (s) ; else s.b = 2",
    "for (const k in { a: 1, b: 2 }) s[k] = k",
    "outer: for (const a of [1, 2, 3]) { for (const b of [1, 2]) { if (a === 2) continue outer; if (b === 2) break outer; s[`${a}${b}`] = 1 } }",
    "let i = 0; do s.n = i; while (++i < 3) s.i = i",
    "a: { s.x = 1; break a; }\n s.y = 2",
    "switch (e.eventType) { case 'y': s.y = 1; case 'x': let z = 3; s.z = z; break; default: s.d = 1 }",
    "const f = () => ({ a: 1 }), g = function () { return f.name + g.name }; s.n = g(); s.f = f()",
    "let h = class { static s = 1; #p = 2; get p() { return this.#p } static { s.st = 1 } }; s.h = h.name + new h().p",
    "var a = 1\nvar b = a\n++b\ns.b = b",
    "let c = s\n;[1, 2].forEach(n => s[n] = n)",
    "s.a = s.b = s.c = 3",
    "s.t = `a${[1, 2].map(n => `${n}!`).join('')}b`",
    "s.r = 'a/b'.replace(/[/]/g, ';') + '//' // no comment\n s.q = 1 /* nor */ / 2",
    "function* g() { const x = yield 1; s.x = x; return yield* [2, 3] } const it = g(); it.next(); it.next(7); s.l = [...g()]",
    "try { throw { a: 1 } } catch ({ a }) { s.a = a } finally { s.f = 1 }",
    "try { null.x } catch { s.caught = true }",
    "s.o = { get x() { return 1 }, ['c' + 1]() { return 2 }, async: 1, get: 2 }.x",
    "const d = (a, b = a + 1, { c = b } = {}, ...r) => [a, b, c, r.length]; s.d = d(1)",
    "s.v = s?.none?.deep ?? 'none'; s.w ||= 1; s.w &&= 2; s.u ??= 3",
    "const { a: { b = 5 } = {}, ...rest } = { c: 1 }; s.b = b; s.rest = rest",
    "return s.early = 1, s",
    "while (true) { if (s.n > 3) break; s.n = (s.n || 0) + 1 }",
    "for (let i = 0, j = 3; i < j; i++, j--) s[i] = j",
    "for (var i = 0; i < 2; i++);\n s.i = i",
    "if (s) { function inner() { return 1 } } s.inner = inner()",
    "s.same = (x => x)(s) === s; s.self = [s].includes(s)",
    "const o = {}; s.o = o; s.is = s.o === o; Object.freeze(s.o)",
    "s.n = (() => { for (const x of [1, 2, 3]) if (x === 2) return x })()",
    "debugger; ; s.a = void 0; delete s.a; s.has = 'a' in s",
    "s.new = new (class A { constructor() { this.t = new.target.name } })().t",
    "with (s) { s.w = typeof none }",
    "label: if (s) break label; s.l = 1",
    "async function later() { await 1 } s.t = typeof later",
    "s.한글 = '값'; s['a b'] = 1; s[0] = 2; s[0]++",
    "s = { other: 1 }; s.n = 1; return s",
    "s.c = ((a, b) => a - b)(3, 1), s.d = 4",
    "if (s) for (const x of [1]) if (x) s.x = x; else s.y = x; else s.z = 1",
    "s.x = 1;;;\n{ s.y = 2 }\n{}",
    "s.fib = (function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) })(7)",
    "const a = function () {}\n, b = class {}; s.names = [a.name, b.name]",
    "s.len = ((a, b = 1) => {}).length; s.x = !function () { return 0 }()",
    "throw new RangeError('on purpose')",
    "throw 'text'",
    "return null",
    "log('a'), log('b'); emit('o-1', 't', { a: 1 })",
];

#[test]
fn a_source_with_marks_does_what_it_does_without() {
    for body in FINE_POINTS {
        let source = format!("fromAll().foreachStream().when({{ $init: () => ({{}}), x(s, e) {{ {body} }} }})");
        let told = trace(&source, &[("x", r#"{"n":1}"#)]);
        assert!(!told.is_unwatched, "{body}\n{}", marked::Marked::of(&source).expect("read").source);
        assert!(told.steps.iter().any(|step| step.phase == Phase::Handler), "nothing ran in {body}");
    }
}

#[test]
fn a_source_that_reads_itself_is_told_without_its_lines() {
    let told = trace("fromAll().when({ x: function me(s) { s.n = String(me).length } })", &[("x", "{}")]);
    assert!(told.is_unwatched && told.steps.is_empty());
    assert!(told.after.is_some());
}

/// Each projection that is compared with the engine of KurrentDB, over the same events.
#[test]
fn every_trace_ends_in_the_state_that_the_projection_gives() {
    let told: Value =
        serde_json::from_str(include_str!("../../tests/frameworks/projections/cases.json")).expect("JSON");
    let (events, cases) = (told["events"].as_array().expect("events"), told["cases"].as_array().expect("cases"));
    let mut traced = 0;
    for case in cases {
        let name = &case["name"];
        let Ok(script) = Script::read("p.js", case["source"].as_str().expect("a source")) else { continue };
        let definition = script.definition();
        let (mut states, mut shared) = (HashMap::<String, Option<String>>::new(), None);
        let mut versions: HashMap<&str, u64> = HashMap::new();
        for event in events {
            let (stream, event_type) = (event["stream"].as_str().expect("text"), event["type"].as_str().expect("text"));
            let version = *versions.entry(stream).and_modify(|version| *version += 1).or_insert(0);
            let body = event["data"].to_string();
            let given = given(stream, version, event_type, &body);
            if !definition.takes(stream, given.category, event_type) {
                continue;
            }
            let partition = match definition.partition {
                Partition::One => String::new(),
                Partition::Stream => stream.to_owned(),
                Partition::Function => match script.run().expect("running").partition(&given) {
                    Ok(Some(partition)) => partition,
                    _ => continue,
                },
            };
            let known = (states.get(&partition).cloned(), shared.clone());
            let trace = script.trace(&given, &before(&known)).expect("a trace");
            assert!(!trace.is_unwatched && !trace.is_cut, "{name}");
            let (state, shared_after) = match folded(&script, &given, &partition, &known) {
                Ok(after) => after,
                Err(fault) => {
                    assert_eq!(trace.fault, Some(fault), "{name}");
                    continue;
                }
            };
            assert_eq!(trace.fault, None, "{name}");
            assert_eq!(Some(trace.after.map(String::from)), state, "{name}");
            assert_eq!(trace.shared.map(String::from), shared_after.clone().flatten(), "{name}");
            traced += 1;
            shared = shared_after;
            states.insert(partition, state.flatten());
        }
    }
    assert!(traced > 100, "{traced} traces");
}

#[test]
fn from_a_millisecond_on_it_is_told_in_milliseconds_how_long_a_handler_took() {
    for (micros, said) in
        [(0, "0 µs"), (999, "999 µs"), (1_000, "1.0 ms"), (7_229, "7.2 ms"), (12_345, "12.3 ms"), (249_960, "250.0 ms")]
    {
        let trace = Trace { took: std::time::Duration::from_micros(micros), ..Trace::default() };
        assert_eq!(trace.took_text(), said);
    }
}
