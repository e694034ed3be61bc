//! Each family of what the engine does in one step, let run far beyond what a handler may take.

use std::time::Duration;

use super::tests::{fault, given, refused, work};
use super::*;
use std::sync::Arc;

use crate::projection::{Fault, FaultKind};

/// What a handler with this body comes to, and that it came in time.
fn ended(body: &str) -> Fault {
    // Far less than any of them takes by itself.
    ended_within(HANDLER_TIME * 8, body)
}

fn ended_within(most: Duration, body: &str) -> Fault {
    let source = format!("fromAll().when({{ x(s) {{ {body} }} }})");
    let running = Script::read("p.js", &source).expect("a projection").run().expect("at work");
    running.init().expect("a first state");
    let begun = work();
    let handled = running.handle(&given("order-1", 0, "x", "{}"), "order-1");
    let took = work().saturating_sub(begun);
    assert!(took < most, "{body} took {took:?}: {handled:?}");
    handled.map(drop).expect_err(body)
}

fn assert_too_long(bodies: &[&str]) {
    for body in bodies {
        let fault = ended(body);
        assert!(matches!(fault.kind, FaultKind::TooLong(_)), "{body}: {fault}");
    }
}

/// Either of them comes first, by how fast the machine is.
fn assert_ended(bodies: &[&str]) {
    for body in bodies {
        let fault = ended(body);
        let is_ended = matches!(fault.kind, FaultKind::TooLong(_) | FaultKind::TooMuchMemory(_));
        assert!(is_ended || fault.to_string().contains("places"), "{body}: {fault}");
    }
}

#[test]
fn a_search_for_a_long_text_in_a_longer_one_is_ended() {
    let texts = "const h = 'a'.repeat(4e5), n = 'a'.repeat(2e5) + 'b', l = 'a'.repeat(1e4) + 'b' + 'a'.repeat(1e5);";
    for search in [
        "h.indexOf(n)",
        "h.includes(n)",
        "h.indexOf(n, 5)",
        "('b' + h).lastIndexOf(l)",
        "h.split(n)",
        "h.replace(n, '')",
        "h.replaceAll(n, '')",
        "new String(h).indexOf({ toString: () => n })",
    ] {
        assert_too_long(&[&format!("{texts} {search}")]);
    }
}

#[test]
fn long_texts_that_are_compared_by_lists_are_ended() {
    let texts = "const x = 'x'.repeat(2e6), y = x + 'y', z = 'x'.repeat(2e6) + 'z', l = [];";
    for step in [
        "for (let i = 0; i < 2e5; i++) l.push(i & 1 ? y : z); l.sort()",
        "for (let i = 0; i < 2e5; i++) l.push(i & 1 ? y : z); l.toSorted()",
        "new Array(1e6).fill(y).indexOf(z)",
        "new Array(1e6).fill(y).includes(z)",
        "new Array(1e6).fill(y).lastIndexOf(z)",
    ] {
        assert_too_long(&[&format!("{texts} {step}")]);
    }
}

#[test]
fn steps_that_go_through_much_are_ended_between_them() {
    assert_too_long(&[
        "const l = new Array(2e6).fill(1); for (let i = 0; i < 9000; i++) l.includes(2)",
        "const l = new Array(1e6).fill(1); for (let i = 0; i < 9000; i++) l.reverse()",
        "const l = new Array(2e6).fill('x'); for (let i = 0; i < 9000; i++) l.indexOf('y')",
        "const l = new Array(2e6).fill(0.1); for (let i = 0; i < 9000; i++) Math.sumPrecise(l)",
        "const l = new Uint8Array(3e7); for (let i = 0; i < 9000; i++) l.fill(i)",
        "const l = new Uint8Array(3e7); for (let i = 0; i < 9000; i++) l.indexOf(1)",
        "const l = new Uint8Array(3e7); for (let i = 0; i < 9000; i++) l.copyWithin(1, 0)",
        "const l = new Uint8Array(3e7); for (let i = 0; i < 9000; i++) l.set(l.subarray(1))",
        "const t = 'x'.repeat(8e6); for (let i = 0; i < 9000; i++) t.indexOf('q')",
        "const t = 'x'.repeat(8e6); for (let i = 0; i < 9000; i++) t.startsWith(t)",
        "const t = ' '.repeat(8e6); for (let i = 0; i < 9000; i++) t.trim()",
        "const t = 'б'.repeat(4e6); for (let i = 0; i < 9000; i++) t.isWellFormed()",
        "const t = 'z'.repeat(8e6); for (let i = 0; i < 9000; i++) isNaN(t)",
        "const t = ' '.repeat(3e7); for (let i = 0; i < 9000; i++) try { JSON.parse(t) } catch {}",
        "const t = 'x'.repeat(8e6), m = new Map(); for (let i = 0; i < 9000; i++) m.get(t)",
        "const l = []; for (let i = 0; i < 5e5; i++) l.push(i); for (let i = 0; i < 9000; i++) { l.shift(); l.unshift(1) }",
    ]);
}

/// Nothing is paid for an operator, so that the engine has to ask sooner.
#[test]
fn what_operators_go_through_is_ended_between_them() {
    let narrow = "const a = 'x'.repeat(8e6), b = 'x'.repeat(8e6);";
    let wide = "const a = ['x'.repeat(6e6), 'y'].join(''), b = ['x'.repeat(6e6), 'б'].join('');";
    let doubled = "let a = 'x'.repeat(600), b = 'x'.repeat(600); for (let i = 0; i < 18; i++) { a += a; b += b }";
    let named = "const t = 'x'.repeat(4e6), o = {}; o['x'.repeat(4e6)] = 1;";
    let heirs = "let o = {}; for (let i = 0; i < 5e4; i++) o = Object.create(o);";
    for (begin, step) in [
        (narrow, "a === b"),
        (narrow, "a < b"),
        (narrow, "switch (a) { case b: }"),
        (wide, "a === b"),
        (wide, "b < a"),
        (doubled, "a === b"),
        (named, "o[t]"),
        (named, "t in o"),
        ("const t = ' '.repeat(8e6);", "+t"),
        ("const t = ' '.repeat(8e6);", "t == i"),
        ("const n = 3n ** 150000n;", "'' + n"),
        ("const n = 3n ** 150000n;", "`${n}`"),
        (heirs, "o.none"),
        (heirs, "'none' in o"),
    ] {
        let turns = [
            format!("for (let i = 0; i < 9000; i++) {step}"),
            format!("let i = 0; do {{ {step}; }} while (i++ < 9000)"),
            format!("const f = (i) => {{ {step}; return i > 0 && f(i - 1) }}; for (let i = 0; i < 90; i++) f(100)"),
        ];
        for turn in turns {
            let fault = ended_within(HANDLER_TIME * 4, &format!("{begin} {turn}"));
            assert!(matches!(fault.kind, FaultKind::TooLong(_)), "{begin} {turn}: {fault}");
        }
    }
}

/// Each of them looks twice into the one before it: for a trap, and for what is asked.
#[test]
fn proxies_within_proxies_are_ended() {
    let chain = "let p = {}; for (let i = 0; i < 40; i++) p = new Proxy(p, p);";
    let revocable = "let p = {}; for (let i = 0; i < 40; i++) p = Proxy.revocable(p, p).proxy;";
    let inherited = "let p = {}; for (let i = 0; i < 40; i++) p = new Proxy(p, { __proto__: p });";
    for begin in [chain, revocable, inherited] {
        for step in ["p.x", "p.x = 1", "'x' in p", "delete p.x", "for (const k in p);", "Object.keys(p)", "p + ''"] {
            assert_too_long(&[&format!("{begin} {step}")]);
        }
    }
}

/// Each place that is not there is looked for in all of them.
#[test]
fn what_looks_for_places_in_many_prototypes_is_ended() {
    let deep =
        "let o = {}; for (let i = 0; i < 5e4; i++) o = Object.create(o); const l = { length: 4e6, __proto__: o };";
    let array = "const a = Object.setPrototypeOf(Array(4e6), o);";
    for step in [
        "[].reverse.call(l)",
        "[].sort.call(l)",
        "[].unshift.call(l, 1)",
        "[].splice.call(l, 0, 1)",
        "[].copyWithin.call(l, 1, 0)",
        "[].concat.call(a)",
        "[].concat(a)",
        "[a].flat()",
        "[].reverse.call(a)",
    ] {
        assert_ended(&[&format!("{deep} {array} {step}")]);
    }
}

#[test]
fn what_takes_memory_as_it_goes_is_ended_on_its_way() {
    assert_ended(&[
        "const l = new Array(1e6).fill(0.1); for (;;) JSON.stringify(l)",
        "const t = '[' + '1,'.repeat(1e6) + '1]'; for (;;) JSON.parse(t)",
        "const l = []; for (let i = 0; i < 1e5; i++) l[i] = 'x'.repeat(50) + i; for (;;) l.slice().sort()",
        "const l = new Array(1e6).fill('x'); for (;;) l.join()",
        "const t = 'ab'.repeat(1e6); for (;;) t.split('a')",
        "const t = 'x'.repeat(1e7); for (;;) t.toUpperCase()",
        "const o = {}; for (let i = 0; i < 1e5; i++) o['k' + i] = i; for (;;) Object.assign({}, o)",
        "const o = {}; for (let i = 0; i < 1e5; i++) o['k' + i] = i; for (;;) Object.keys(o)",
        "const l = new Array(5e5).fill(1); for (;;) [...l]",
        "for (;;) Array.from({ length: 5e5 })",
        "let n = 3n ** 300000n; for (;;) n * n",
        "const l = new Uint8Array(1e7); for (;;) new Uint16Array(l)",
        "const l = []; l.length = 4e9; JSON.stringify(l)",
        "const l = []; l.length = 4e9; [].concat(l)",
        "const l = []; l.length = 4e9; [l].flat()",
        "const l = []; l.length = 4e9; [1].flatMap(() => l)",
        "const l = []; l.length = 4e9; l[Symbol.iterator]().drop(4e9).next()",
        "String.raw({ raw: { length: 4e9 } })",
    ]);
}

/// Something that tells another length when it is asked again, and lists within lists.
#[test]
fn lengths_that_are_not_what_they_were_are_ended() {
    let list = "let n = 0; const l = { get length() { return n++ ? 2e9 : 0 }, [Symbol.isConcatSpreadable]: true };";
    let object = "let n = 0; const l = { length: { valueOf() { return n++ ? 2e9 : 0 } } };";
    let proxy = "let n = 0; const l = new Proxy([], { get: (t, k) => k === 'length' ? (n++ ? 2e9 : 0) : t[k] });";
    let revocable =
        "let n = 0; const l = Proxy.revocable([], { get: (t, k) => k === 'length' ? (n++ ? 2e9 : 0) : t[k] }).proxy;";
    for begin in [list, object, proxy, revocable] {
        for step in ["reverse", "join", "copyWithin", "sort", "slice", "splice", "unshift", "shift", "concat"] {
            let source = format!("fromAll().when({{ x() {{ {begin} Array.prototype.{step}.call(l, 1, 0) }} }})");
            let running = Script::read("p.js", &source).expect("a projection").run().expect("at work");
            running.init().expect("a first state");
            let begun = work();
            // One that tells first that it is empty is taken at its word.
            let handled = running.handle(&given("order-1", 0, "x", "{}"), "order-1");
            assert!(work().saturating_sub(begun) < HANDLER_TIME * 8, "{begin} {step}: {handled:?}");
        }
    }
    assert_ended(&[
        &format!("{list} for (;;) {{ n = 0; [].concat(l) }}"),
        "const l = []; l.length = 2e9; [[[l]]].flat(5)",
        "const l = []; l.length = 2e9; [[[l]]].flat(Infinity)",
        "const l = new Array(3e6).fill(0.1); for (;;) Math.sumPrecise({ [Symbol.iterator]: () => l[Symbol.iterator]() })",
    ]);
}

#[test]
fn what_becomes_a_long_text_is_paid_for_as_one() {
    assert_ended(&[
        "const h = 'a'.repeat(4e5), n = 'a'.repeat(2e5) + 'b'; h.indexOf(Object.assign(/x/, { toString: () => n }))",
        "const t = { toString: () => t.text, text: ' '.repeat(3e7) }; for (;;) try { JSON.parse(t) } catch {}",
        "const t = new String(' '.repeat(3e7)); for (;;) parseInt(t)",
        "const t = ' '.repeat(3e7), l = new Uint8Array(3e7); for (;;) l.setFromBase64(t)",
        "const t = 'A'.repeat(3e7), l = new Uint8Array(3e7); for (;;) l.setFromBase64(t)",
    ]);
}

/// What is a list of its own kind is worked on as ever.
#[test]
fn lists_that_are_no_arrays_are_worked_on_in_place() {
    let source = r"fromAll().when({ x(s) {
      const q = { length: 2, 0: 'b', 1: 'a' }, all = Array.prototype, found = [];
      found.push(all.sort.call(q) === q, q[0], all.reverse.call(q) === q, q[0], all.unshift.call(q, 'z'), q.length, all.shift.call(q), all.splice.call(q, 0, 1).join());
      found.push(JSON.stringify(q), all.concat.call(q, { length: 1, 0: 'c', [Symbol.isConcatSpreadable]: true })[0] === q, all.join.call('abc', '-'), all.slice.call({ length: '2', 0: 1, 1: 2 }).join());
      (function () { found.push(all.slice.call(arguments, 1).join(), all.map.call(arguments, (x) => x * 2).join()) })(1, 2, 3);
      const p = new Proxy([1, 2], {});
      found.push(p.map((x) => x + 1).join(), [0].concat(p).join(), p.concat(3).join(), p.fill(7) === p, p.join(), Proxy.name, Proxy.length, new Proxy({}, { get: () => 5 }).any);
      found.push([[1, [2, [3]]], [4]].flat().length, [1, [2, [3]]].flat('2').length, [1, [2]].flat(0).length, [1, 2, 3].values().drop({ valueOf: () => 2 }).toArray().join(), Math.sumPrecise(new Set([1, 2])));
      return { found } } })";
    let running = Script::read("p.js", source).expect("a projection").run().expect("at work");
    running.init().expect("a first state");
    running.handle(&given("a", 0, "x", "{}"), "").expect("handled");
    let told = running.state().expect("a state").expect("something");
    // As the engine answers without any of it.
    let expected = r#"{"found":[true,"a",true,"b",3,3,"z","b","{\"0\":\"a\",\"length\":1}",true,"a-b-c","1,2","2,3","2,4,6","2,3","0,1,2","1,2,3",true,"7,7","Proxy",2,5,3,3,2,"3",3]}"#;
    assert_eq!(told, expected);
}

/// The text of a state has time of its own; what of the source runs while it is made has not.
#[test]
fn what_a_state_runs_while_its_text_is_made_has_no_more_time_than_a_handler() {
    let large = "s.list = new Array(2e4).fill(0).map((x, i) => ({ i, t: 'some letters' })); ";
    for begin in ["", large] {
        for odd in [
            "Object.defineProperty(s, 'odd', { get() { for (;;); }, enumerable: true })",
            "let n = 0; Object.defineProperty(s, 'odd', { get() { if (n++) for (;;); return 1 }, enumerable: true })",
            "s.odd = { toJSON() { for (;;); } }; delete s.odd; s.odd = new (class { toJSON() { for (;;); } })",
            "s.odd = Object.defineProperty({}, 'toJSON', { value() { for (;;); } })",
            "s.odd = new Proxy({}, { ownKeys() { for (;;); } })",
            "let n = 0; s.odd = new Proxy({}, { ownKeys() { if (n++) for (;;); return [] } })",
            "Object.prototype.toJSON = function () { for (;;); }; return { list: s.list }",
            "Object.defineProperty(Array.prototype, 7, { get() { for (;;); } }); s.holes = [,,,,,,,,,,]",
        ] {
            assert_too_long(&[&format!("{begin}{odd}")]);
        }
    }
}

/// An error is asked what it says, which may be a function of the source.
#[test]
fn what_an_error_says_is_told_in_time() {
    for part in ["message", "name", "stack"] {
        let told = format!("Object.defineProperty(new Error('x'), '{part}', {{ get() {{ for (;;); }} }})");
        assert_too_long(&[
            &format!("throw {told}"),
            &format!("const e = {told}; try {{ for (;;) 'x'.repeat(1e7).toUpperCase() }} catch {{ throw e }}"),
        ]);
    }
    assert_too_long(&["throw Object.assign(new Error('x'), { message: { toString() { for (;;); } } })"]);
}

#[test]
fn what_is_refused_cannot_be_caught_for_ever() {
    assert_ended(&[
        "for (;;) try { 'x'.repeat(1e6).toUpperCase() } catch {}",
        "const l = []; for (;;) try { l.push({}) } catch {}",
        "let l = null; try { for (;;) l = { l } } catch {} for (;;) try { for (;;); } catch {}",
        "let l = null; try { for (;;) l = { l } } catch {} for (;;) try { for (;;) l = { l }; } catch {}",
        "const h = 'a'.repeat(4e5), n = 'a'.repeat(2e5) + 'b'; for (;;) try { h.indexOf(n) } catch {} finally {}",
        "for (;;) (async () => { for (;;); })()",
    ]);
}

/// What a handler that was refused memory for its time answers all the same is not its answer.
#[test]
fn what_goes_on_without_what_it_asked_for_is_no_answer() {
    let fault =
        ended("const t = 'x'.repeat(1e7); try { for (;;) s.n = t.toUpperCase().length } catch { s.caught = true }");
    assert!(matches!(fault.kind, FaultKind::TooLong(_)), "{fault}");
}

#[test]
fn a_handler_that_takes_all_memory_each_time_is_given_up() {
    let source = "fromAll().when({ x(s) { 'x'.repeat(80e6) }, y(s) { s.n = 1 } })";
    let script = Script::read("p.js", source).expect("a projection");
    let running = script.run().expect("at work");
    running.init().expect("a first state");
    let fault = |version| running.handle(&given("order-1", version, "x", "{}"), "order-1").expect_err("ended").kind;
    for version in 0..8 {
        assert!(matches!(fault(version), FaultKind::TooMuchMemory(MEMORY)), "{version}");
    }
    assert!(matches!(fault(8), FaultKind::GivenUp { times: 8, .. }));
    running.counts_for(&Arc::default());
    assert!(matches!(fault(9), FaultKind::TooMuchMemory(MEMORY)), "another fold counts for itself");
}

/// In each of them the engine is refused a piece while it moves what it holds.
#[test]
fn what_is_refused_in_the_midst_of_growing_does_no_harm() {
    for body in [
        "for (let i = 0;; i++) s['k' + i] = function () { return s }",
        "const l = []; for (;;) { const o = {}; o.l = l; l.push(o); s['k' + l.length] = o }",
        "const m = new Map(); for (let i = 0;; i++) { m.set('k' + i, m); s['k' + i] = { m } }",
        "const o = {}; for (let i = 0; i < 6e4; i++) o['k' + i] = { o }; for (;;) s = Object.assign({}, o, s)",
        "const t = '{\"a\":[' + '{\"b\":1},'.repeat(1e6) + '1]}'; s.a = JSON.parse(t); for (;;) s.b = [s.b, JSON.parse(t)]",
    ] {
        let source = format!("fromAll().when({{ x(s) {{ {body} }}, y() {{ return {{ n: 1 }} }} }})");
        let running = Script::read("p.js", &source).expect("a projection").run().expect("at work");
        for version in 0..3 {
            running.init().expect("a first state");
            let fault = running.handle(&given("a", version, "x", "{}"), "").expect_err("ended");
            assert!(matches!(fault.kind, FaultKind::TooLong(_) | FaultKind::TooMuchMemory(_)), "{body}: {fault}");
            running.init().expect("a state");
            running.handle(&given("a", version, "y", "{}"), "").expect("handled");
            assert_eq!(running.state().expect("a state").as_deref(), Some(r#"{"n":1}"#));
        }
    }
}

/// All that there is room for was to be freed within the time of whatever came next.
#[test]
fn what_an_ended_call_left_is_not_the_next_ones() {
    let grows = "s.l = []; for (let i = 0;; i++) s.l.push({ i: [i, 'of ' + i] })";
    let source = format!("fromAll().when({{ $init: () => ({{ n: 0 }}), x(s) {{ {grows} }} }})");
    let running = Script::read("p.js", &source).expect("a projection").run().expect("at work");
    running.init().expect("a first state");
    let empty = running.taken();
    running.handle(&given("a", 0, "x", "{}"), "").expect_err("ended");
    let left = running.taken();
    assert!(left < empty + (1 << 20), "of {empty} bytes before, {left} are taken behind it");
}

/// What holds itself is let go of between events, so that many of them take no more than one.
#[test]
fn what_holds_itself_ends_with_its_event() {
    let source =
        "fromAll().when({ x(s) { const l = []; for (let i = 0; i < 1e4; i++) l.push({ l }); s.n = l.length } })";
    let running = Script::read("p.js", source).expect("a projection").run().expect("at work");
    running.init().expect("a first state");
    for version in 0..200 {
        running.handle(&given("a", version, "x", "{}"), "").expect("there is room");
    }
}

#[test]
fn a_runtime_that_was_ended_in_a_step_of_its_own_works_on() {
    let source = "fromAll().when({ $init: () => ({ n: 0 }), x(s) { s.n++; s.at = 'xyz'.indexOf('z') },
        bad() { const h = 'a'.repeat(4e5); h.split('a'.repeat(2e5) + 'b') }, full() { for (;;) 'x'.repeat(1e7).toUpperCase() } })";
    let running = Script::read("p.js", source).expect("a projection").run().expect("at work");
    running.init().expect("a first state");
    for (version, event_type) in (0..).zip(["x", "bad", "x", "full", "x"]) {
        let text = running.state().expect("a state");
        if running.handle(&given("a", version, event_type, "{}"), "").is_err() {
            running.load(text.as_deref()).expect("as before");
        }
    }
    assert_eq!(running.state().expect("a state").as_deref(), Some(r#"{"n":3,"at":2}"#));
}

/// What is replaced answers as the engine's own.
#[test]
fn what_pays_for_its_steps_answers_as_ever() {
    let source = r"fromAll().when({ x(s) {
      const long = 'ab'.repeat(4e3) + 'needle' + 'ab'.repeat(4e3), head = 'ab'.repeat(100), none = 'ab'.repeat(100) + 'q';
      const numbers = [3, 1, 2, undefined, 10, , 'a'], objects = [{ toString: () => 'b' }, { toString: () => 'a' }];
      return { found: [
        long.indexOf('needle'), long.indexOf('needle', 8e3 + 1), long.indexOf(head), long.indexOf(head, 1), long.indexOf(none),
        long.lastIndexOf('needle'), long.lastIndexOf(head), long.lastIndexOf(head, 399), long.lastIndexOf(head, NaN), long.lastIndexOf(head, 0),
        long.lastIndexOf(head, -7), long.lastIndexOf(head, undefined), long.indexOf(head, -3), long.indexOf('', 5), long.lastIndexOf(''),
        long.includes('needleab'), long.includes(none), long.split(head).length, long.split('needle', 1).length, long.split('').length,
        long.replace('needle', '[$&]').length, long.replaceAll(head, (all, at) => at).length, long.replaceAll(/needle/g, '').length,
        'a-b'.split(/-/).join(), 'abc'.indexOf(), 'undefined'.indexOf(), 'null'.indexOf(null), 'a1'.indexOf(1), 'abcabc'.lastIndexOf('c', 4),
        String.prototype.indexOf.call(12345, 34), String.prototype.trim.call({ toString: () => ' x ' }), 'x'.localeCompare('y'), '  x '.trimLeft() + '|',
        String.raw`a\n${1}b`, parseInt('12px'), parseInt('ff', 16), parseFloat('1.5x'), isNaN('x'), isNaN(undefined), Number.parseInt === parseInt,
      ], lists: [
        numbers.toSorted().map(String).join(), objects.sort().map(String).join(), [1, 2, 3].includes(2), [NaN].includes(NaN), [NaN].indexOf(NaN),
        [1, 2, 1].lastIndexOf(1), [1, 2, 1].lastIndexOf(1, 1), [1, [2, [3]]].flat(Infinity).join(), [1, 2].flatMap(x => [x, x]).join(), [1].concat([2], 3).join(),
        [5, 1, 4].sort((a, b) => b - a).join(), Array.from(new Uint8Array([3, 1, 2]).sort()).join(), new Uint8Array([1, 2]).indexOf(2), [1, 2, 3].values().drop(1).toArray().join(),
      ], names: [''.indexOf.name, ''.indexOf.length, [].sort.name, [].sort.length, JSON.parse.name, JSON.parse.length, ''.split.length, [].map.length],
        thrown: [() => null.x, () => ''.includes(/x/), () => String.prototype.indexOf.call(null), () => [1].sort(1), () => [Symbol('a'), Symbol('b')].sort(), () => ''.indexOf(Symbol('a')), () => JSON.parse('{')].map((f) => { try { f(); return 'none' } catch (e) { return e.name } }),
        keys: Object.keys(String.prototype).concat(Object.keys(Array.prototype)),
        map: [new Map([['k', 1]]).get('k'), new Map().set('a', 2).size, new Set().add(1).has(1), new Set([1]).delete(1)],
        json: JSON.parse('{\x22a\x22:[1]}', (k, v) => typeof v === 'number' ? v + 1 : v) } } })";
    let running = Script::read("p.js", source).expect("a projection").run().expect("at work");
    running.init().expect("a first state");
    running.handle(&given("a", 0, "x", "{}"), "").expect("handled");
    let told = running.state().expect("a state").expect("something");
    // As the engine answers without any of it.
    let expected = r#"{"found":[8000,-1,0,2,-1,8000,15806,398,15806,0,0,15806,0,5,16006,true,false,81,1,16006,16008,349,16000,"a,b",-1,0,0,1,2,2,"x",-1,"x |","a\\n1b",12,255,1.5,true,true,true],"lists":["1,10,2,3,a,undefined,undefined","a,b",true,true,-1,2,0,"1,2,3","1,1,2,2","1,2,3","5,4,1","1,2,3",1,"2,3"],"names":["indexOf",1,"sort",1,"parse",2,2,1],"thrown":["TypeError","TypeError","TypeError","TypeError","TypeError","TypeError","SyntaxError"],"keys":[],"map":[1,1,true,true],"json":{"a":[2]}}"#;
    assert_eq!(told, expected);
}

#[test]
fn a_loop_without_end_is_what_is_pointed_at() {
    let calls =
        "const more = n => n + 1;\nfromAll().when({\n  x(s) {\n    let n = 0;\n    for (;;) n = more(n);\n  },\n})";
    let of_calls = fault(calls);
    assert!(matches!(of_calls.kind, FaultKind::TooLong(_)), "{of_calls}");
    assert_eq!(of_calls.place.map(|place| (place.line, place.column)), Some((5, 5)), "{of_calls}");
    // Of these the engine knows at best in which line a function begins.
    for (source, place) in [
        ("function f() {\n  while (true) {}\n}\nfromAll().when({ x() { f() } })", (2, 3)),
        ("fromAll().when({\n  $init: () => ({}),\n  x: (s, e) => { while (true); },\n})", (3, 18)),
    ] {
        let found = fault(source);
        assert_eq!(found.place.map(|place| (place.line, place.column)), Some(place), "{found}");
    }
    let outside = refused("var n = 0;\nwhile (true) { n++ }\nfromAll().when({})");
    assert_eq!(outside.place.map(|place| (place.line, place.column)), Some((2, 1)), "{outside}");
}
