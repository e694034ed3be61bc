//! The state behind an event is what its JSON says, whether it stayed in the runtime or was read again from text because an
//! event of another partition came between.

use foldline::engine::{describe, load_timeline, partitions};
use foldline::event::StreamId;
use foldline::index::StoreMoment;
use foldline::replay::ProjectionRef;
use foldline::script::{Given, Running, Script, ScriptProjection};
use foldline::store::{Flow, Query, Store};
use proptest::prelude::*;
use serde_json::Value;

use super::as_of::{STREAMS, Sketch, native, sketches};
use super::workshop::{cases, read};

/// Does with its state what JSON cannot tell, or tells otherwise, and looks at it in a later event. `PAD` makes it longer.
const ODD: &str = "
const EMPTY = { n: 0 };
class Point { constructor(x) { this.x = x } get twice() { return this.x * 2 } }
fromAll().foreachStream().when({
  $init: () => ({ n: 0, of: EMPTY, list: [], pad: PAD }),
  $any(s, e) {
    s.n++;
    s.of.n++;
    if (s.a) s.a.hits = (s.a.hits || 0) + 1;
    if (s.b) s.seen = [s.b.hits, typeof s.when, s.when instanceof Date, s.map instanceof Map, 'gone' in s, s.gone === undefined];
    if (s.list.length > 0) { s.list[0] = { ...s.list[0], m: s.n }; s.held = s.list.length }
    if (s.point) s.twice = String(s.point.twice);
    if (s.frozen) { try { 'use strict'; s.frozen.x = s.n } catch (error) { s.thrown = true } }
    if (s.zero === 0) s.sign = 1 / s.zero < 0;
    switch ((e.sequenceNumber * 5 + e.eventType.length + s.n) % 14) {
      case 0: s.a = s.b = { hits: 0 }; break;
      case 1: s.b = s.a; break;
      case 2: s.when = new Date(0); s.map = new Map([[1, 2]]); break;
      case 3: s.gone = undefined; break;
      case 4: s.point = new Point(s.n); break;
      case 5: s.frozen = Object.freeze({ x: 0 }); break;
      case 6: s.zero = -0; break;
      case 7: s.list.push(e.body); s.last = e.body; break;
      case 8: s.list.length += 2; s.list.name = 'list'; break;
      case 9: s.bad = NaN; break;
      case 10: return { ...s, again: s.list, twice: s.list };
      case 11: return JSON.stringify(s);
      case 12: Object.defineProperty(s, 'hidden', { value: 1, configurable: true }); s.of = EMPTY; break;
      default: s.list = s.list.filter(x => x !== null);
    }
  },
})";

/// Counts by names that the events give, and with fields that the handler names.
const PLAIN: &str = "fromAll().foreachStream().when({
  $init: () => ({ n: 0, last: null, sum: 0 }),
  contacted(s, e) { s.n++; s.last = e.eventType; s.sum = s.n * -0 },
  $any(s, e) { s.n += 1; s.last = e.body; if (s.n > 3) s.sum = s.sum / 0; if (s.n % 5 === 0) delete s.sum },
})";

/// A state of which only what was touched is told: what grows and shrinks, what is put elsewhere, what goes and comes again.
const LARGE: &str = "fromAll().foreachStream().when({
  $init: () => ({ pad: 'p'.repeat(30000), n: 0, list: [], by: {}, deep: { a: [{ x: 1 }, { x: 2 }] } }),
  $any(s, e) {
    s.n++;
    if (!s.deep.a) s.deep.a = [{ x: 1 }, { x: 2 }];
    const { list, by, deep } = s, k = (e.sequenceNumber * 7 + s.n) % 50;
    switch ((e.sequenceNumber * 3 + e.eventType.length + s.n) % 16) {
      case 0: list.push(e.body, k); break;
      case 1: list.shift(); break;
      case 2: list.pop(); list.push({ at: s.n }, [s.n]); break;
      case 3: by['k' + k] = { n: s.n, of: e.body }; by[k] = s.n; break;
      case 4: delete by['k' + k]; delete by[k]; break;
      case 5: { const was = by.k1; delete by.k1; by.k2 = s.n; by.k1 = was; break; }
      case 6: deep.a[0].x++; deep.a[1] = deep.a[0]; break;
      case 7: { const first = deep.a[0]; deep.a.reverse(); first.y = s.n; break; }
      case 8: list.splice(1, 2, 'in', { k }); break;
      case 9: list.length = Math.min(list.length, 4); break;
      case 10: s.moved = s.deep; s.moved.z = k; delete s.moved.a; break;
      case 11: for (let i = 0; i < 60; i++) by['m' + i] = [i, { i }]; break;
      case 12: for (const name in by) if (name > 'm2') delete by[name]; else if (by[name] instanceof Array) by[name][1].i++; break;
      case 13: list.sort(); list.unshift({ first: true }); list[0].second = { third: 'é\\n' }; break;
      case 14: by.gone = undefined; by.zero = -0; list[0] = undefined; s.when = new Date(0); break;
      default: if (k % 2) return { ...s, again: list }; delete list[0]; delete s.pad2; s.pad2 = 'x';
    }
  },
})";

/// Each stream by itself, its state read again from its text behind every event.
fn text_by_text(reader: &dyn Store, script: &Script) -> Vec<(String, Value)> {
    let mut states = Vec::new();
    for name in STREAMS {
        let running: Running = script.run().expect("at work");
        let stream = StreamId::from(name);
        // What `$init` gives is shown until an event was taken.
        let (mut state, mut begins): (Option<Option<String>>, Option<String>) = (None, None);
        for event in read(reader, &Query::stream(StreamId::from(name))) {
            let body = String::from_utf8(event.payload.clone()).expect("text");
            if body.trim().is_empty() {
                continue;
            }
            let id = event.id.to_string();
            let given = Given {
                stream: name,
                category: stream.category(),
                version: event.version.0,
                event_type: event.event_type.as_str(),
                id: &id,
                recorded_at: event.recorded_at,
                body: Some(&body),
                metadata: None,
            };
            let laid = match &state {
                Some(state) => running.load(state.as_deref()),
                None => running.init(),
            };
            laid.expect("a state to begin with");
            if state.is_none() {
                begins = running.state().expect("a state");
            }
            if let Ok(after) = running.handle(&given, name).and_then(|_| running.state()) {
                state = Some(after);
            }
        }
        if let Some(state) = state.unwrap_or(begins) {
            states.push((name.to_owned(), serde_json::from_str(&state).expect("JSON")));
        }
    }
    states.sort_by(|one, other| one.0.cmp(&other.0));
    states
}

fn whole(reader: &dyn Store, script: &Script) -> Vec<(String, Value)> {
    let on = &mut |_| Flow::Continue(());
    let made = partitions(reader, script, StoreMoment::Latest, &mut |_, _| Flow::Continue(()), on).expect("folded");
    let state = |text: &str| serde_json::from_str(text).expect("JSON");
    let json = |place| made.state(reader, place).expect("readable");
    let name = |place| made.name(reader, place).expect("readable").expect("there").into_owned();
    let rows = (0..made.rows.len()).filter_map(|place| Some((name(place), state(&json(place)?))));
    let mut rows: Vec<(String, Value)> = rows.collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    rows
}

fn stream_by_stream(reader: &dyn Store, script: &Script) -> Vec<(String, Value)> {
    let projection = ProjectionRef::new(ScriptProjection::of(script).expect("a state a stream"));
    let mut states = Vec::new();
    for name in STREAMS {
        let Ok(described) = describe(reader, &StreamId::from(name)) else { continue };
        let on = &mut |_| Flow::Continue(());
        let timeline = load_timeline(reader, &described, &projection, &mut |_| {}, on).expect("loaded");
        let shown = timeline.heads().len().checked_sub(1).map(|last| timeline.show(Some(last)));
        states.extend(shown.filter(|state| !state.is_null()).map(|state| (name.to_owned(), state)));
    }
    states.sort_by(|one, other| one.0.cmp(&other.0));
    states
}

/// The same events, each stream's in its own order, in runs of one stream.
fn in_runs(sketches: &[Sketch]) -> Vec<Sketch> {
    let mut sorted = sketches.to_vec();
    sorted.sort_by_key(|(stream, ..)| *stream);
    sorted
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn a_state_is_what_its_json_says_however_streams_are_interleaved(sketches in sketches()) {
        let (_folder, mixed) = native(&sketches);
        let (_other, runs) = native(&in_runs(&sketches));
        let long = format!("'{}'", "x".repeat(5_000));
        let longer = format!("'{}'", "y".repeat(20_000));
        let odd = ["0", &long, &longer].map(|pad| ODD.replace("PAD", pad));
        for source in odd.into_iter().chain([PLAIN.to_owned(), LARGE.to_owned()]) {
            let script = Script::read("odd.js", &source).expect("a projection");
            let expected = text_by_text(mixed.as_ref(), &script);
            prop_assert_eq!(&whole(mixed.as_ref(), &script), &expected);
            prop_assert_eq!(&whole(runs.as_ref(), &script), &expected);
            prop_assert_eq!(&stream_by_stream(mixed.as_ref(), &script), &expected);
        }
    }
}
