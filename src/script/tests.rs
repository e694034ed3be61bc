//! Each fine point of what a projection may say and how its handlers are called.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::event::Timestamp;
use crate::projection::{Fault, FaultKind};

/// What this thread has worked: what else the machine does has no part in it.
pub(super) fn work() -> Duration {
    running::worked_by_this_thread().expect("this system tells it")
}

pub(super) fn given<'a>(stream: &'a str, version: u64, event_type: &'a str, body: &'a str) -> Given<'a> {
    let category = stream.split_once('-').map_or(stream, |(category, _)| category);
    Given {
        stream,
        category,
        version,
        event_type,
        id: "00000000-0000-0000-0000-000000000001",
        recorded_at: Timestamp::parse_rfc3339("2025-03-04T05:06:07Z"),
        body: Some(body),
        metadata: Some(r#"{"actor":"kim"}"#),
    }
}

fn read(source: &str) -> Definition {
    Script::read("p.js", source).expect("a projection").definition().clone()
}

pub(super) fn refused(source: &str) -> Fault {
    Script::read("p.js", source).expect_err("no projection")
}

fn running(source: &str) -> Running {
    let running = Script::read("p.js", source).expect("a projection").run().expect("at work");
    running.init().expect("a first state");
    running
}

/// The state behind events of one stream, each a type and a body.
fn state(source: &str, events: &[(&str, &str)]) -> Value {
    let running = running(source);
    for (version, (event_type, body)) in (0..).zip(events) {
        running.handle(&given("order-1", version, event_type, body), "order-1").expect("handled");
    }
    running.state().expect("a state").map_or(Value::Null, |text| serde_json::from_str(&text).expect("JSON"))
}

/// What goes wrong with one event.
pub(super) fn fault(source: &str) -> Fault {
    let running = running(source);
    let handled = running.handle(&given("order-1", 0, "x", r#"{"n":1}"#), "order-1").map(drop);
    handled.and_then(|()| running.state().map(drop)).expect_err("a fault")
}

fn thrown(source: &str) -> String {
    fault(source).to_string()
}

#[test]
fn what_a_source_takes_is_told() {
    let all = read("fromAll().when({ $any: s => s })");
    assert!(all.takes("order-1", "order", "anything"));
    let some = read("fromCategory('order').foreachStream().when({ placed() {}, paid() {} })");
    assert_eq!(some.partition, Partition::Stream);
    assert!(some.takes("order-1", "order", "paid"));
    assert!(!some.takes("order-1", "order", "sent") && !some.takes("lead-1", "lead", "paid"));
    let streams = read("fromStreams('a', 'b').when({ x() {} })");
    assert!(streams.takes("b", "b", "x") && !streams.takes("c", "c", "x"));
    assert_eq!(read("fromStreams(['a', 'b']).when({ x() {} })"), streams);
    let categories = read("fromCategories(['a', 'b']).when({ x() {} })");
    assert!(categories.takes("b-7", "b", "x") && !categories.takes("c-7", "c", "x"));
    let system = read("fromStream('$ce-order').when({ x() {} })");
    assert!(system.takes("order-9", "order", "x") && !system.takes("lead-9", "lead", "x"));
    assert!(read("fromStream('$et-paid').when({ $any() {} })").takes("any", "any", "paid"));
    let by_function = read("fromAll().partitionBy(e => e.body.shop).when({ x() {} })");
    assert_eq!(by_function.partition, Partition::Function);
}

#[test]
fn an_event_that_no_handler_names_is_passed_over_once_any_handler_is_named() {
    assert!(read("fromAll().when({ $any() {}, x() {} })").takes("s", "s", "x"));
    assert!(!read("fromAll().when({ $any() {}, x() {} })").takes("s", "s", "y"), "$any stood before a name");
    assert!(read("fromAll().when({ x() {}, $any() {} })").takes("s", "s", "y"), "$any stood behind the names");
}

#[test]
fn options_are_those_that_there_are_in_the_kind_that_each_takes() {
    let read = read(
        "options({ $includeLinks: true, reorderEvents: false, processingLag: 500, resultStreamName: 'r', biState: true }); fromAll().when({})",
    );
    assert!(read.includes_links && read.is_bi_state);
    assert_eq!(read.result_stream.as_deref(), Some("r"));
    let unknown = refused("options({ foo: 1 })").to_string();
    assert_eq!(
        unknown,
        "line 1, column 1: TypeError: there is no option foo; there are $includeLinks, reorderEvents, processingLag, resultStreamName and biState"
    );
    assert!(refused("options({ biState: 1 })").to_string().contains("takes true or false"));
}

#[test]
fn a_chain_offers_only_what_may_follow() {
    for source in [
        "fromStream('a').foreachStream()",
        "fromAll().transformBy(s => s)",
        "fromAll().when({}).when({})",
        "fromAll().foreachStream().partitionBy(e => 1)",
        "fromAll().when({}).outputTo('a').outputState()",
        "fromAll().when({}).partitionBy(e => 1)",
    ] {
        assert!(matches!(refused(source).kind, FaultKind::Thrown(_)), "{source}");
    }
    for source in [
        "fromAll().when({}).transformBy(s => s).filterBy(s => true).outputState()",
        "fromAll().outputState()",
        "fromCategory('a').partitionBy(e => 1).when({}).outputTo('r', 'r-{0}')",
    ] {
        Script::read("p.js", source).expect(source);
    }
}

#[test]
fn what_stands_alone_adds_handlers_as_well() {
    let source = "fromAll(); on_event('x', (s, e) => { s.n = e.body.n }); on_any((s, e) => { s.other = e.eventType })";
    assert_eq!(state(source, &[("x", r#"{"n":7}"#), ("y", "{}")]), json!({ "n": 7, "other": "y" }));
}

#[test]
fn a_state_begins_as_init_gives_it_or_empty() {
    assert_eq!(state("fromAll().when({ x(s) { s.n = 1 } })", &[("x", "{}")]), json!({ "n": 1 }));
    assert_eq!(
        state("fromAll().when({ $init() { return { n: 5 } }, x(s) { s.n++ } })", &[("x", "{}")]),
        json!({ "n": 6 })
    );
}

#[test]
fn nothing_returned_keeps_the_state_and_null_is_a_state() {
    let source =
        "fromAll().when({ $init: () => ({ n: 1 }), keep() {}, drop() { return null }, set: () => ({ n: 2 }) })";
    assert_eq!(state(source, &[("keep", "{}")]), json!({ "n": 1 }));
    assert_eq!(state(source, &[("drop", "{}")]), Value::Null);
    assert_eq!(state(source, &[("drop", "{}"), ("set", "{}")]), json!({ "n": 2 }));
}

#[test]
fn without_handlers_the_last_body_is_the_state() {
    assert_eq!(state("fromAll().outputState()", &[("x", r#"{"a":1}"#), ("y", r#"{"b":2}"#)]), json!({ "b": 2 }));
}

#[test]
fn an_event_says_of_itself_what_it_should() {
    let source =
        "fromAll().when({ x(s, e) { return { isJson: e.isJson, data: e.data, same: e.data === e.body, raw: e.bodyRaw,
        sequence: e.sequenceNumber, type: e.eventType, stream: e.streamId, meta: e.metadata, metaRaw: e.metadataRaw,
        link: e.linkMetadata, partition: e.partition, category: e.category, created: e.created, id: e.eventId } } })";
    let expected = json!({ "isJson": true, "data": { "n": 1 }, "same": true, "raw": "{\"n\":1}", "sequence": 0, "type": "x",
        "stream": "order-1", "meta": { "actor": "kim" }, "metaRaw": "{\"actor\":\"kim\"}", "link": null,
        "partition": "order-1", "category": "order", "created": "2025-03-04T05:06:07.000Z",
        "id": "00000000-0000-0000-0000-000000000001" });
    assert_eq!(state(source, &[("x", r#"{"n":1}"#)]), expected);
}

#[test]
fn a_body_that_nobody_touches_is_never_read() {
    let source = "fromAll().when({ $init: () => ({ n: 0 }), count(s) { s.n++ }, read(s, e) { s.n += e.body.n } })";
    assert_eq!(state(source, &[("count", "{ no JSON")]), json!({ "n": 1 }));
    let running = running(source);
    let fault = running.handle(&given("order-1", 0, "read", "{ no JSON"), "").expect_err("no JSON");
    assert!(fault.to_string().contains("SyntaxError") || matches!(fault.kind, FaultKind::Syntax(_)), "{fault}");
}

#[test]
fn a_body_that_is_no_json_is_nothing_and_its_text_is_there() {
    let source =
        "fromAll().when({ x(s, e) { return { json: e.isJson, body: e.body === undefined, raw: e.bodyRaw } } })";
    assert_eq!(state(source, &[("x", "<a/>")]), json!({ "json": false, "body": true, "raw": "<a/>" }));
}

#[test]
fn a_partition_is_a_text_or_a_number_and_nothing_else() {
    let of = |answer: &str| {
        let running = running(&format!("fromAll().partitionBy(e => {answer}).when({{ $any() {{}} }})"));
        running.partition(&given("order-1", 0, "x", r#"{"n":1}"#)).expect("told")
    };
    assert_eq!(of("e.body.n").as_deref(), Some("1"));
    assert_eq!(of("e.streamId").as_deref(), Some("order-1"));
    assert_eq!(of("''").as_deref(), Some(""));
    for nothing in ["null", "undefined", "true", "{ a: 1 }", "[1]"] {
        assert_eq!(of(&format!("({nothing})")), None, "{nothing}");
    }
}

#[test]
fn a_filter_passes_only_true_itself() {
    let result = |steps: &str| {
        let running = running(&format!("fromAll().when({{ $init: () => ({{ n: 2 }}), x() {{}} }}){steps}"));
        running.result().expect("a result")
    };
    assert_eq!(result(".filterBy(s => s.n === 2)").as_deref(), Some(r#"{"n":2}"#));
    for not_true in ["1", "'true'", "{}", "undefined", "null", "false"] {
        assert_eq!(result(&format!(".filterBy(s => ({not_true}))")), None, "{not_true}");
    }
    assert_eq!(
        result(".transformBy(s => ({ twice: s.n * 2 })).filterBy(s => s.twice > 3)").as_deref(),
        Some(r#"{"twice":4}"#)
    );
    assert_eq!(result(".transformBy(s => null).transformBy(s => ({ a: 1 }))"), None);
}

#[test]
fn a_shared_state_is_the_second_of_two() {
    let running = running(
        "fromAll().foreachStream().when({ $init: () => ({ n: 0 }), $initShared: () => ({ all: 0 }), x(s) { s[0].n++; s[1].all++; return s } })",
    );
    running.init_shared().expect("a shared state");
    for stream in ["a-1", "b-1"] {
        running.init().expect("a state");
        running.handle(&given(stream, 0, "x", "{}"), stream).expect("handled");
    }
    assert_eq!(running.state().expect("a state").as_deref(), Some(r#"{"n":1}"#));
    assert_eq!(running.shared().expect("shared").as_deref(), Some(r#"{"all":2}"#));
    assert!(refused("fromAll().when({ $initShared() {}, $deleted() {} })").to_string().contains("$deleted"));
}

#[test]
fn what_is_emitted_and_logged_is_handed_out_once_and_written_nowhere() {
    let running = running(
        "fromAll().when({ x(s, e) { emit('out-1', 'seen', { n: e.body.n }, { why: 'test' }); linkTo('links', e); linkStreamTo('all', e.streamId); copyTo('x', e); log('n is', e.body); } })",
    );
    assert!(running.handle(&given("order-1", 3, "x", r#"{"n":1}"#), "").expect("handled"));
    let told = running.take().expect("output");
    let emitted = |kind, stream: &str, event_type: &str, data: &str, metadata: Option<&str>| Emitted {
        kind,
        stream: stream.to_owned(),
        event_type: event_type.to_owned(),
        data: data.to_owned(),
        metadata: metadata.map(str::to_owned),
    };
    assert_eq!(
        told.emitted,
        [
            emitted(EmittedKind::Event, "out-1", "seen", r#"{"n":1}"#, Some(r#"{"why":"test"}"#)),
            emitted(EmittedKind::Link, "links", "$>", "3@order-1", None),
            emitted(EmittedKind::StreamLink, "all", "$@", "order-1", None),
        ]
    );
    assert_eq!(told.logs, [r#"n is {"n":1}"#]);
    assert_eq!(running.take().expect("output"), Output::default());
}

#[test]
fn emit_and_link_say_what_they_are_given_wrongly() {
    for (call, said) in [
        ("emit('a', 'b')", "emit takes a stream, a type and a body"),
        ("emit('', 'b', {})", "the stream that emit names must not be empty"),
        ("emit(1, 'b', {})", "must be a text"),
        ("emit('a', 'b', 1)", "must be an object"),
        ("linkTo('a', {})", "something that is no event"),
    ] {
        let words = thrown(&format!("fromAll().when({{ x() {{ {call} }} }})"));
        assert!(words.contains(said), "{call}: {words}");
    }
}

#[test]
fn what_only_defines_is_gone_when_handlers_run() {
    assert!(thrown("fromAll().when({ x() { fromAll() } })").contains("fromAll is not defined"));
    assert!(refused("emit('a', 'b', {}); fromAll().when({})").to_string().contains("emit is not defined"));
}

#[test]
fn a_fault_has_its_line_and_its_column() {
    let fault = fault("fromAll()\n  .when({\n    x(s, e) {\n      return s.a.b\n    }\n  })");
    assert_eq!(fault.place.map(|place| place.line), Some(4), "{fault}");
    let syntax = refused("fromAll()\n.when({ x( })");
    assert!(matches!(syntax.kind, FaultKind::Syntax(_)), "{syntax}");
    assert_eq!(syntax.place.map(|place| place.line), Some(2));
    assert_eq!(thrown("fromAll().when({ x() { throw 'in so many words' } })"), "in so many words");
    assert!(thrown("fromAll().when({ x() { throw new Error('not so') } })").ends_with("not so"));
}

#[test]
fn a_file_that_ends_too_early_says_which_bracket_is_open() {
    let cut = refused("fromAll().when({\n  a(s) {\n    s.n++;\n");
    assert_eq!(cut.kind, FaultKind::Unclosed('{'), "{cut}");
    assert_eq!(cut.place.map(|place| (place.line, place.column)), Some((2, 8)));
    assert_eq!(cut.to_string(), "line 2, column 8: the file ends before this { is closed");
    assert!(matches!(refused("fromAll().when({ a: 'x").kind, FaultKind::Syntax(_)), "a text that is not closed");
    assert!(matches!(refused("fromAll().when({ a() { + } })").kind, FaultKind::Syntax(_)));
}

#[test]
fn an_event_that_is_looked_at_later_is_still_itself() {
    let source = "const later = []; fromAll().when({
      $init: () => ({ seen: '', again: 0 }),
      x(s, e) { later.push(() => e.body.n); s.seen = later.map(look => look()).join() },
      y(s, e) { s.again = e.body.n + e.sequenceNumber },
    })";
    let running = running(source);
    for (version, (event_type, body)) in
        [("x", r#"{"n":1}"#), ("y", r#"{"n":7}"#), ("x", r#"{"n":2}"#)].into_iter().enumerate()
    {
        running.handle(&given("a", version as u64, event_type, body), "").expect("handled");
    }
    assert_eq!(running.state().expect("a state").as_deref(), Some(r#"{"seen":"1,2","again":8}"#));
}

#[test]
fn what_never_ends_is_ended() {
    for source in [
        "for (;;) {}",
        "/(a+)+$/.test('a'.repeat(40) + '!')",
        "const a = []; a.length = 4e9; a.forEach(() => 0)",
        "let s = new Set(); for (;;) s.add({})",
        "let before = null; for (;;) before = { before }",
        "let before = null; for (;;) before = before ? { before } : 1; if (!before) throw new Error('none')",
    ] {
        let begun = work();
        let fault = fault(&format!("fromAll().when({{ x() {{ {source} }} }})"));
        let is_ended = matches!(fault.kind, FaultKind::TooLong(_) | FaultKind::TooMuchMemory(_));
        assert!(is_ended || fault.to_string().contains("places"), "{source}: {fault}");
        let took = work().saturating_sub(begun);
        assert!(took < HANDLER_TIME * 8, "{source} took {took:?}");
    }
    assert!(matches!(refused("for (;;) {}").kind, FaultKind::TooLong(_)));
    let thrown = fault("fromAll().when({ x() { throw null } })");
    assert!(matches!(&thrown.kind, FaultKind::Thrown(words) if words.contains("null")), "{thrown}");
}

#[test]
fn what_takes_all_memory_or_calls_itself_without_end_is_ended() {
    let all = fault("fromAll().when({ x() { return { a: 'x'.repeat(80 << 20) } } })");
    assert!(matches!(all.kind, FaultKind::TooMuchMemory(MEMORY)), "{all}");
    let deep = fault("fromAll().when({ x() { const f = () => f() + 1; return { a: f() } } })");
    assert!(matches!(deep.kind, FaultKind::TooDeep), "{deep}");
    let large = fault("fromAll().when({ x() { return { a: 'x'.repeat(17 << 20) } } })");
    assert!(matches!(large.kind, FaultKind::StateTooLarge { limit: STATE_BYTES, .. }), "{large}");
}

#[test]
fn a_runtime_works_on_behind_a_fault() {
    let running = running(
        "fromAll().when({ $init: () => ({ n: 0 }), x(s) { s.n++ }, bad() { for (;;); }, big() { 'x'.repeat(80 << 20) } })",
    );
    for (version, event_type) in ["bad", "x", "big", "x"].into_iter().enumerate() {
        let before = running.state().expect("a state");
        if running.handle(&given("a", version as u64, event_type, "{}"), "").is_err() {
            running.load(before.as_deref()).expect("as before");
        }
    }
    assert_eq!(running.state().expect("a state").as_deref(), Some(r#"{"n":2}"#));
}

#[test]
fn what_an_object_inherits_is_no_part_of_the_state() {
    let source = "Object.prototype.copy = function () {};
        function Money(n) { this.n = n } Money.prototype.add = function (n) { return new Money(this.n + n) };
        fromAll().when({ x(s) { s.paid = new Money(1).add(2); s.of = Object.create({ m() {} }) } })";
    assert_eq!(state(source, &[("x", "{}")]), json!({ "paid": { "n": 3 }, "of": {} }));
}

#[test]
fn a_state_that_is_no_json_says_where() {
    for (returned, said) in [
        ("{ a: () => 1 }", "the state holds a function at a"),
        ("{ a: [1, NaN] }", "the state holds NaN at a[1]"),
        ("{ a: { b: 5n } }", "the state holds a BigInt at a.b"),
        ("{ a: Infinity }", "the state holds Infinity at a"),
        ("Promise.resolve(1)", "it leaves a promise"),
        ("{ a: Promise.resolve(1) }", "the state holds a promise at a"),
        ("(() => { const a = {}; a.a = a; return a })()", "nested deeper than 64, or holds itself"),
    ] {
        let words = thrown(&format!("fromAll().when({{ x() {{ return {returned} }} }})"));
        assert!(words.contains(said), "{returned}: {words}");
    }
}

#[test]
fn names_that_objects_have_anyway_are_only_names() {
    let source = "fromAll().when({ x(s, e) { s[e.body.k] = e.body.v } })";
    assert_eq!(state(source, &[("x", r#"{"k":"constructor","v":1}"#)]), json!({ "constructor": 1 }));
    let polluting = [("x", r#"{"k":"__proto__","v":{"a":1}}"#), ("x", r#"{"k":"b","v":2}"#)];
    let shown = state(source, &polluting);
    assert_eq!(shown.get("b"), Some(&json!(2)), "{shown}");
    assert_eq!(state("fromAll().when({ toString(s) { s.n = 1 } })", &[("toString", "{}")]), json!({ "n": 1 }));
    assert!(!read("fromAll().when({ x() {} })").takes("s", "s", "toString"));
}

#[test]
fn the_clock_is_the_events_own_and_chance_always_falls_the_same_way() {
    let source = "fromAll().when({ x(s) { return { now: Date.now(), day: new Date().toISOString(), hour: new Date('2025-01-01T05:00:00').getHours(),
        of: new Date(2025, 0, 2).toISOString(), r: Math.random() } } })";
    let first = state(source, &[("x", "{}")]);
    assert_eq!(first["day"], "2025-03-04T05:06:07.000Z");
    assert_eq!((&first["hour"], &first["of"]), (&json!(5), &json!("2025-01-02T00:00:00.000Z")));
    assert_eq!(state(source, &[("x", "{}")]), first);
    let running = running(source);
    assert!(running.handle(&given("a", 0, "x", "{}"), "").expect("handled"));
    assert_eq!(running.take().expect("output").impure.as_deref(), Some("Date.now()"));
}

#[test]
fn what_ran_before_has_no_say_in_clock_and_chance() {
    let source = "fromAll().foreachStream().when({ $init: () => ({ began: Date.now(), drawn: Math.random() }), x(s) { s.later = Math.random() } })";
    let states = |before: &[&str]| {
        let running = running(source);
        for stream in before {
            running.init().expect("begun");
            running.handle(&given(stream, 0, "x", "{}"), stream).expect("handled");
        }
        running.init().expect("begun");
        let begun = running.state().expect("a state");
        running.handle(&given("a", 0, "x", "{}"), "a").expect("handled");
        (begun, running.state().expect("a state"))
    };
    let alone = states(&[]);
    assert!(alone.0.as_ref().is_some_and(|begun| begun.contains(r#""began":0"#)), "{alone:?}");
    assert_eq!(states(&["b", "c"]), alone);
}

#[test]
fn texts_make_no_functions() {
    for source in [
        "eval('1')",
        "new Function('return 1')()",
        "(() => 1).constructor('return 1')()",
        "(async () => 1).constructor('return 1')",
    ] {
        let fault = fault(&format!("fromAll().when({{ x() {{ {source} }} }})"));
        assert!(matches!(fault.kind, FaultKind::Thrown(_)), "{source}: {fault}");
    }
    for name in ["require", "process", "fetch", "setTimeout", "performance", "std", "os", "print"] {
        assert_eq!(
            state(&format!("fromAll().when({{ x() {{ return {{ t: typeof {name} }} }} }})"), &[("x", "{}")]),
            json!({ "t": "undefined" })
        );
    }
}

#[test]
fn a_state_that_was_kept_goes_on_as_if_it_had_lain_there() {
    let source = "fromAll().when({ $init: () => ({ list: [] }), x(s, e) { s.list.push(e.sequenceNumber) } })";
    let (lying, kept) = (running(source), running(source));
    for version in 0..20 {
        let event = given("a", version, "x", "{}");
        lying.handle(&event, "").expect("handled");
        kept.handle(&event, "").expect("handled");
        let text = kept.state().expect("a state");
        kept.load(text.as_deref()).expect("loaded");
    }
    assert_eq!(lying.state(), kept.state());
}

#[test]
fn what_is_thrown_and_is_no_error_is_said_as_javascript_says_it() {
    for (value, said) in [
        ("'no stock'", "no stock"),
        ("5", "5"),
        ("1.5", "1.5"),
        ("null", "null"),
        ("undefined", "undefined"),
        ("false", "false"),
        ("Symbol('late')", "Symbol(late)"),
        ("[1, 2]", "[object Array]"),
        ("{ code: 5, toString() { while (true) {} }, get message() { while (true) {} } }", "[object Object]"),
    ] {
        let source = format!("fromAll().when({{ $any() {{ const what = {value}; throw what }} }})");
        assert_eq!(fault(&source).kind, FaultKind::Thrown(said.into()), "{value}");
    }
    let full = "fromAll().when({ $any(s) { s.n = '\\u0041\\u030a'.repeat(5e6).normalize('NFC').length } })";
    // A slow machine may end it before its memory does.
    let kind = fault(full).kind;
    assert!(matches!(kind, FaultKind::TooMuchMemory(_) | FaultKind::TooLong(_)), "{kind:?}");
}

#[test]
fn long_words_of_an_error_are_cut() {
    for what in ["new Error('한'.repeat(1e6))", "'한'.repeat(1e6)", "Symbol('한'.repeat(1e6))"] {
        let words = thrown(&format!("fromAll().when({{ $any() {{ const what = {what}; throw what }} }})"));
        assert!(words.contains("한한") && words.contains('…') && words.len() < 1_200, "{what}: {} bytes", words.len());
    }
}
