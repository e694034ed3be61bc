//! What is told of a large state's changes gives the state that its text would have given.

use super::*;
use crate::event::{EventId, EventRow, EventType, Head, StreamId, StreamKey, Version};
use crate::projection::Projection;

const PAD: &str = "'x'.repeat(20000)";

/// The state behind the last of these handlers, each given an event of its own: told event by event, told behind all but the
/// first, and as the engine's own JSON has it.
fn three_ways(bodies: &[&str]) -> [String; 3] {
    let bodies: Vec<String> = bodies.iter().map(|body| body.replace("PAD", PAD)).collect();
    let handler = |(number, body): (usize, &String)| format!("e{number}(s) {{ {body} }}");
    let handlers: Vec<String> = bodies.iter().enumerate().map(handler).collect();
    let source = format!("fromAll().foreachStream().when({{ $init: () => ({{}}), {} }})", handlers.join(",\n"));
    let script = Script::read("told.js", &source).expect("a projection");
    let projection = ScriptProjection::of(&script).expect("a state a stream");
    let (mut events, mut heads): (Vec<_>, Vec<Head>) = Default::default();
    for number in 0..bodies.len() {
        let (stream, event_type) = (StreamId::from("order-1"), EventType::from(format!("e{number}").as_str()));
        let row = EventRow {
            position: None,
            stream_key: StreamKey(0),
            stream: &stream,
            version: Version(number as u64),
            event_type: &event_type,
            schema: 1,
            recorded_at: None,
            id: EventId::Uuid([0; 16]),
            payload: b"{}",
            metadata: b"",
        };
        events.push(projection.decode(&row));
        heads.push(row.head());
    }
    let text = |state: &_| projection.as_json(state).map(ToString::to_string).unwrap_or_default();
    let mut one_by_one = <ScriptProjection as Projection>::State::default();
    let mut first = one_by_one.clone();
    for (number, (event, head)) in events.iter().zip(&heads).enumerate() {
        projection.apply(&mut one_by_one, event, head, &mut Vec::new()).expect("folded");
        if number == 0 {
            first = one_by_one.clone();
        }
    }
    let at_once = projection.fold_at_once(&first, &events[1..], &heads[1..]).expect("folded");
    let whole = bodies.iter().map(|body| {
        format!("a = (s => {{ {body} }})(s); if (a !== undefined) s = a; s = JSON.parse(typeof s === 'string' ? s : JSON.stringify(s));")
    });
    let naive = format!("let s = {{}}, a; {} return s", whole.collect::<String>());
    let source = format!("fromAll().when({{ $init: () => ({{}}), e() {{ {naive} }} }})");
    let running = Script::read("naive.js", &source).expect("a projection").run().expect("at work");
    running.init().expect("a first state");
    running.handle(&tests::given("order-1", 0, "e", "{}"), "order-1").expect("folded");
    let naive = running.state().expect("a state").expect("not nothing");
    [text(&one_by_one), text(&at_once), naive]
}

#[test]
fn what_is_told_of_a_state_gives_the_state_that_its_text_would() {
    for bodies in [
        // A field that JSON may have, and that a name in a source gives nobody.
        &[
            "return JSON.parse('{\"o\":{\"__proto__\":{\"n\":0}},\"pad\":\"' + PAD + '\"}')",
            "s.o.__proto__.n = 5",
            "s.o.__proto__.of = { n: [1] }; s.z = 1",
        ][..],
        // What went because it was nothing comes again behind the others.
        &[
            "return { pad: PAD, x: 1, y: 2 }",
            "s.x = undefined",
            "s.x = 3",
            "s.y = undefined; s.k = 1",
            "s.m = 1; s.y = 4",
        ],
        // A text that is JSON, spelled as JavaScript would not.
        &[
            "return '{\"pad\":\"' + PAD + '\",\"a\":1.0, \"n\":12345678901234567890,\"1\":2,\"e\":1E2,\"d\":1,\"d\":2}'",
            "s.z = 1",
            "s.b = s.n",
        ],
        &[
            "return { pad: PAD, o: { a: 1 }, l: [1, 2, 3] }",
            "s.p = s.o; delete s.o; s.o = s.l; s.p.b = 2",
            "s.l.length = 1; s.l.push(s.p); s.p.c = 3; s.o[1] = s.l",
        ],
    ] {
        let [one_by_one, at_once, naive] = three_ways(bodies);
        assert_eq!(one_by_one, naive, "{bodies:?}");
        assert_eq!(at_once, naive, "{bodies:?}");
    }
}

#[test]
fn a_field_that_the_parser_calls_its_numbers_by_stays_a_field_for_handlers() {
    let number = "{ '$serde_json::private::Number': '12' }";
    let first = format!("return {{ pad: PAD, o: {number} }}");
    let states = three_ways(&[&first, "s.z = 1", "s.t = typeof s.o", &format!("s.q = {number}"), "s.u = typeof s.q"]);
    for state in states {
        assert!(state.contains(r#""t":"object""#) && state.contains(r#""u":"object""#), "{}", &state[20_000..]);
    }
}
