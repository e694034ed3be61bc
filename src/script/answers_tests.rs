//! What handlers answer in the place of a state gives the state that its whole text would have given.

use super::tests::given;
use super::tree::Part;
use super::*;
use crate::projection::Fault;

/// Writes handlers by chance, the same for the same number.
struct Writer(u64);

const KEYS: [&str; 8] = ["a", "b", "c", "1", "2", "07", "x y", "n"];

/// What JSON says otherwise, or cannot say.
const ODD: [&str; 18] = [
    "undefined",
    "NaN",
    "-0",
    "new Date(0)",
    "() => 1",
    "5n",
    "'\\ud800'",
    "Symbol()",
    "[,1]",
    "{ toJSON() { return 7 } }",
    "{ get g() { return e.sequenceNumber } }",
    "Object.freeze({ f: 1 })",
    "new (class P { constructor() { this.p = 1 } get q() { return 1 } })",
    "Object.create({ h: 1 })",
    "{ __proto__: { z: 1 } }",
    "{ ['__proto__']: 1 }",
    "new Map([[1, 2]])",
    "new Proxy({ w: 1 }, {})",
];

impl Writer {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn key(&mut self) -> String {
        format!("'{}'", self.one(&KEYS))
    }

    fn path(&mut self) -> String {
        (0..=self.below(3)).fold("s".to_owned(), |path, _| format!("{path}?.[{}]", self.key()))
    }

    /// A part of the state that is an object.
    fn part(&mut self) -> String {
        let path = self.path();
        format!("(typeof {path} === 'object' && {path} ? {path} : s)")
    }

    fn plain(&mut self) -> &'static str {
        self.one(&["1", "2", "'t'", "null", "true", "e.sequenceNumber", "-1.5", "''", "s.n"])
    }

    fn value(&mut self, depth: usize) -> String {
        match self.below(if depth > 2 { 5 } else { 13 }) {
            0 | 1 => self.plain().to_owned(),
            2 => self.part(),
            3 => self.path(),
            4 => {
                if self.below(6) > 0 {
                    self.plain().to_owned()
                } else {
                    self.one(&ODD).to_owned()
                }
            }
            5 => format!("{{ {}: {}, k: {} }}", self.key(), self.value(depth + 1), self.value(depth + 1)),
            6 => format!("[{}, {}]", self.value(depth + 1), self.value(depth + 1)),
            7 | 8 => format!("{{ ...{}, {}: {} }}", self.part(), self.key(), self.value(depth + 1)),
            9 => format!("(({{ {}: gone, ...rest }}) => rest)({})", self.key(), self.part()),
            10 => {
                let change = self.one(&[
                    "[...o, 1]",
                    "o.slice(1)",
                    "o.filter((x, i) => i % 2)",
                    "o.map(x => x)",
                    "o.concat([{ l: 1 }])",
                    "[...o].reverse()",
                    "o.map((x, i) => i === 1 ? { ...x, m: 1 } : x)",
                ]);
                format!("(o => Array.isArray(o) ? {change} : {})({})", self.value(depth + 1), self.part())
            }
            11 => format!("Object.fromEntries(Object.entries({}))", self.part()),
            _ => format!("Object.assign({{}}, {}, {{ {}: {} }})", self.part(), self.key(), self.value(depth + 1)),
        }
    }

    /// Something done to the state itself, or with what was kept of an older one.
    fn step(&mut self) -> String {
        match self.below(14) {
            0 => format!("{}[{}] = {};", self.part(), self.key(), self.value(0)),
            1 => format!("delete {}[{}];", self.part(), self.key()),
            2 => format!("old.push({});", self.part()),
            3 => "if (old.length) try { old[e.sequenceNumber % old.length].n = e.sequenceNumber } catch {}".to_owned(),
            4 => {
                let change = self.one(&[
                    "push(1)",
                    "splice(0, 1)",
                    "splice(1, 0, { q: 1 })",
                    "reverse()",
                    "pop()",
                    "unshift(null)",
                ]);
                format!("{{ const o = {}; if (Array.isArray(o)) o.{change} }}", self.part())
            }
            5 => format!(
                "{{ const o = {}, v = {}; o.c = v; try {{ if (v) v.late = 1 }} catch {{}} }}",
                self.part(),
                self.value(1)
            ),
            6 => "if (old.length) seen = JSON.stringify(old[old.length - 1]).length;".to_owned(),
            7 => "s.seen = seen;".to_owned(),
            _ => String::new(),
        }
    }

    fn handler(&mut self) -> String {
        let steps = self.step() + &self.step();
        let answer = match self.below(8) {
            0 => String::new(),
            1 => format!("return {};", self.part()),
            2 => format!("const r = {{ ...s, {}: {} }}; old.push(r); return r;", self.key(), self.value(0)),
            3 => format!(
                "const r = {{ ...s, a: {{ ...s.a, {}: {} }} }}; if (s.a) s.a.after = 1; return r;",
                self.key(),
                self.value(1)
            ),
            4 => format!("return {{ ...s, list: {}, b: {} }};", self.value(1), self.value(0)),
            _ => format!("return {{ ...s, {}: {}, {}: {} }};", self.key(), self.value(0), self.key(), self.value(0)),
        };
        format!("{steps} {answer}")
    }
}

/// Handlers of the state and the event, `e0` and on.
fn running(handlers: &[String], pad: usize) -> Running {
    let handlers = handlers.iter().enumerate().map(|(number, body)| format!("e{number}(s, e) {{ {body} }}"));
    let handlers = handlers.collect::<Vec<_>>().join(",\n");
    let source = format!(
        "const old = []; let seen = 0;
        fromAll().when({{ $init: () => ({{ pad: 'x'.repeat({pad}), n: 0, a: {{ a: {{ n: 1 }}, b: [1, {{ c: 2 }}, {{ n: 3 }}] }},
            b: [{{ a: 1 }}, {{ b: 2 }}, {{ c: [] }}], c: {{ 1: {{ n: 1 }}, 2: {{}}, x: 1 }}, 1: {{ a: 1 }} }}),
        {handlers} }})"
    );
    let running =
        Script::read("p.js", &source).unwrap_or_else(|fault| panic!("{fault}: {source}")).run().expect("at work");
    running.init().expect("a first state");
    running
}

const HANDLERS: usize = 6;
/// What is longer would double from event to event.
const LONGEST: usize = 60_000;

#[test]
fn an_answer_gives_the_state_that_its_whole_text_would() {
    let mut shared = 0;
    for seed in 0..250 {
        let mut writer = Writer(seed);
        let handlers: Vec<String> = (0..HANDLERS).map(|_| writer.handler()).collect();
        let pad = if writer.below(2) == 0 { 2_000 } else { 20_000 };
        let (fast, plain) = (running(&handlers, pad), running(&handlers, pad));
        let mut text = plain.state().expect("a state");
        let mut tree = Part::read(&fast.state().expect("a state").expect("an object")).expect("JSON");
        for version in 0..18 {
            let event_type = format!("e{}", version as usize % HANDLERS);
            let event = given("order-1", version, &event_type, "{}");
            let expected = || -> Result<Option<String>, Fault> {
                plain.load(text.as_deref())?;
                // What was worked on without being watched is made text as a whole.
                plain.created(&event, "order-1")?;
                plain.handle(&event, "order-1")?;
                plain.state()
            };
            let expected = expected().map_err(|fault| fault.to_string());
            let told = fast.handle(&event, "order-1").and_then(|_| fast.changes());
            let came = told.and_then(|told| Ok((told, fast.state()?))).map_err(|fault| fault.to_string());
            let state = came.as_ref().map(|(_, state)| state.clone()).map_err(Clone::clone);
            let at = || format!("{seed}, event {version}: {}", handlers[version as usize % HANDLERS]);
            assert_eq!(state, expected, "{}", at());
            let Ok((told, Some(state))) = came else { break };
            if let Some(told) = told {
                tree = tree.after(told);
                assert_eq!(tree.to_text(), state, "{}", at());
                shared += 1;
            } else {
                tree = Part::read(&state).expect("JSON");
            }
            if state.len() > LONGEST || !state.starts_with('{') {
                break;
            }
            text = Some(state);
        }
    }
    assert!(shared > 100, "{shared} were told by what differs");
}

#[test]
fn what_a_source_keeps_of_a_state_is_not_the_next_one() {
    for (pad, keeps) in
        [(0, "old.push(s)"), (2_000, "old.push(s.a)"), (20_000, "old.push(s.a)"), (20_000, "old.push(s)")]
    {
        let handlers = [keeps, "s[e.eventType] = 1; for (const o of old) o.n = 5", "s.n = s.n; s.seen = old.length"];
        let running = running(&handlers.map(ToOwned::to_owned), pad);
        for (version, event_type) in (0..).zip(["e0", "e1", "e2"]) {
            running.handle(&given("order-1", version, event_type, "{}"), "order-1").expect("handled");
        }
        let state = running.state().expect("a state").expect("an object");
        assert!(!state.contains(":5"), "{keeps}: {}", &state[pad..]);
    }
    // One of plain values alone.
    let source = "let old; fromAll().when({ $init: () => ({ n: 0 }), e0(s) { old = s }, $any(s, e) { s[e.eventType] = old.n = 1 } })";
    let running = Script::read("p.js", source).expect("a projection").run().expect("at work");
    running.init().expect("a first state");
    for (version, event_type) in (0..).zip(["e0", "e1"]) {
        running.handle(&given("order-1", version, event_type, "{}"), "order-1").expect("handled");
    }
    assert_eq!(running.state().expect("a state").as_deref(), Some(r#"{"n":0,"e1":1}"#));
}
