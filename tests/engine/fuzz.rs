//! Whatever bytes a file of events or a payload holds, reading it ends in events or in a sentence: never in a panic, and
//! never without end. A few seconds here; for as long as one likes with
//! `FOLDLINE_FUZZ_SECS=3600 cargo test --release --test engine fuzz -- --nocapture`.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use foldline::engine::{Moment, describe, show};
use foldline::event::{EventRow, StreamId, Timestamp, body_of};
use foldline::replay::registry;
use foldline::store::{self, Flow, Query, StreamQuery};

/// One input that takes longer than this has no end that a person would wait for.
const LONGEST: Duration = Duration::from_secs(20);

fn secs() -> u64 {
    std::env::var("FOLDLINE_FUZZ_SECS").ok().and_then(|secs| secs.parse().ok()).unwrap_or(3)
}

/// Numbers that look random and come again from the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}

/// What breaks parsers more often than chance would find it.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "null",
    "-",
    "1e999",
    "-0",
    "18446744073709551615",
    "9223372036854775808",
    "0x",
    "\u{feff}",
    "\0",
    "\r\n",
    "\u{2028}",
    "\u{202e}",
    ",",
    ",,,,",
    "\"\"",
    "<",
    "</",
    "<!--",
    "<![CDATA[",
    "&#0;",
    "&lt;",
    "version",
    "stream",
    "9999-12-31T23:59:60Z",
    "-4000-01-01T00:00:00Z",
    "2025-13-41T99:99:99Z",
    "lead-1",
    "type",
    "payload",
    "_type_",
    "_data_",
    "specversion",
    "event-id",
    "true",
    "[[[[[[[[[[[[[[[[",
];

fn mutated(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.roll(6) {
        let at = dice.roll(bytes.len() + 1);
        let end = (at + 1 + dice.roll(24)).min(bytes.len());
        match dice.roll(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
            1 if at < end => drop(bytes.drain(at..end)),
            2 if at < end => {
                let again = bytes[at..end].to_vec();
                let to = dice.roll(bytes.len() + 1);
                bytes.splice(to..to, again);
            }
            3 => bytes.truncate(at),
            4 if at < bytes.len() => bytes[at] = dice.roll(256) as u8,
            _ => {
                let token = TOKENS[dice.roll(TOKENS.len())].as_bytes();
                bytes.splice(at..at, token.iter().copied());
            }
        }
    }
    bytes
}

/// Begins at the same place each time, and goes on for as long as it may.
fn fuzz(name: &str, seeds: &[&[u8]], mut try_one: impl FnMut(&[u8])) {
    let mut dice = Dice(0x5eed_f01d_11fe);
    let began = Instant::now();
    let mut tried = 0_u64;
    while began.elapsed() < Duration::from_secs(secs()) {
        let input = mutated(seeds[dice.roll(seeds.len())], &mut dice);
        let one = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| try_one(&input)));
        let took = one.elapsed();
        if outcome.is_err() || took > LONGEST {
            let kept = kept_at(name);
            fs::write(&kept, &input).expect("kept");
            panic!(
                "{name}: an input that {} is kept at {}",
                if outcome.is_err() { "panics" } else { "never ends" },
                kept.display()
            );
        }
        tried += 1;
    }
    assert!(tried > 0);
}

fn kept_at(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
    fs::create_dir_all(&folder).expect("a folder");
    folder.join(name)
}

/// Opened, listed, read and folded, as the program would.
fn look_at(path: &Path) {
    let Ok(store) = store::open(&path.to_owned().into()) else { return };
    let _ = store.info();
    let mut streams: Vec<StreamId> = Vec::new();
    let _ = store.visit_streams(&StreamQuery { limit: Some(3), ..StreamQuery::default() }, &mut |row| {
        streams.push(row.stream);
        Flow::Continue(())
    });
    let _ = store.visit_events(&Query::store(), &mut |row| {
        let _ = serde_json::to_string(row);
        Flow::Continue(())
    });
    let _ = store.verify(&mut drop, &mut |_| Flow::Continue(()));
    for stream in streams {
        let Ok(described) = describe(&*store, &stream) else { continue };
        let Ok(projection) = described.projection(None) else { continue };
        let _ = show(&*store, &described, &projection, Moment::Latest, &mut |_| Flow::Continue(()));
    }
}

fn fuzz_files(name: &str, seeds: &[&str]) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join(name);
    let seeds: Vec<&[u8]> = seeds.iter().map(|seed| seed.as_bytes()).collect();
    fuzz(name, &seeds, |input| {
        fs::write(&path, input).expect("written");
        look_at(&path);
    });
}

#[test]
fn json_in_any_state_reads_or_is_refused() {
    fuzz_files(
        "fuzz.jsonl",
        &[
            "{\"stream\":\"lead-1\",\"version\":0,\"type\":\"lead-initialized\",\"recorded_at\":\"2025-01-01T01:00:01Z\",\"payload\":{\"name\":\"aaa\",\"phone\":\"1111\"}}\n{\"stream\":\"lead-1\",\"version\":1,\"type\":\"contacted\",\"payload\":{\"note\":\"가\"},\"metadata\":{\"actor\":\"kim\"}}\n",
            "[{\"lead-id\":1,\"event-id\":0,\"event-type\":\"lead-initialized\",\"timestamp\":\"2025-01-01T01:00:01Z\",\"name\":\"aaa\"}]",
            "{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"crm\",\"type\":\"contacted\",\"subject\":\"lead-1\",\"time\":\"2025-01-01T01:00:01Z\",\"data\":{\"a\":[1,2.5,null]}}",
        ],
    );
}

#[test]
fn csv_in_any_state_reads_or_is_refused() {
    fuzz_files(
        "fuzz.csv",
        &[
            "stream,version,type,recorded_at,payload\nlead-1,0,contacted,2025-01-01T01:00:01Z,\"{\"\"a\"\":1}\"\nlead-1,1,contacted,,{}\n",
        ],
    );
}

#[test]
fn xml_in_any_state_reads_or_is_refused() {
    fuzz_files(
        "fuzz.xes",
        &[
            "<log xes.version=\"2.0\"><trace><string key=\"concept:name\" value=\"case-1\"/><event><string key=\"concept:name\" value=\"a\"/><date key=\"time:timestamp\" value=\"2025-01-01T01:00:01Z\"/><list key=\"l\"><values><int key=\"n\" value=\"1\"/></values></list></event></trace></log>",
        ],
    );
}

#[test]
fn object_centric_logs_in_any_state_read_or_are_refused() {
    fuzz_files(
        "fuzz.json",
        &[
            "{\"eventTypes\":[{\"name\":\"a\",\"attributes\":[]}],\"objectTypes\":[{\"name\":\"order\",\"attributes\":[]}],\"events\":[{\"id\":\"e1\",\"type\":\"a\",\"time\":\"2025-01-01T01:00:01Z\",\"attributes\":[{\"name\":\"n\",\"value\":1}],\"relationships\":[{\"objectId\":\"o1\",\"qualifier\":\"q\"}]}],\"objects\":[{\"id\":\"o1\",\"type\":\"order\",\"attributes\":[],\"relationships\":[]}]}",
        ],
    );
}

#[test]
fn payloads_in_any_state_are_folded_by_every_projection() {
    let types = [
        "lead-initialized",
        "contacted",
        "payment-confirmed",
        "m:Lead.ContactDetailsUpdated",
        "message-posted",
        "noted",
    ];
    let seeds: &[&[u8]] = &[
        br#"{"lead-id":1,"name":"aaa","phone":"1111","followup-on":"2025-01-02T00:00:00Z","tags":["a",{"b":[1,2]}]}"#,
        br#"{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T01:00:01+00:00"},"all":[{"_type_":"tuple_as_list","_data_":[]}],"name":"x"}"#,
        br#"{"Contacted":{"notes":"x","n":1.50}}"#,
        br#"{"role":"agent","author":"kim","body":"hello","priority":"high"}"#,
    ];
    let stream = StreamId::from("lead-1");
    let mut version = 0;
    fuzz("payload", seeds, |input| {
        version += 1;
        let event_type = types[version as usize % types.len()].into();
        let _ = body_of(types[0], input);
        let row = EventRow {
            position: None,
            stream_key: foldline::event::StreamKey(0),
            stream: &stream,
            version: foldline::event::Version(version),
            event_type: &event_type,
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(version as i64)),
            id: foldline::event::EventId::new("x"),
            payload: input,
            metadata: input,
        };
        for aggregate in [Some(foldline::domain::Aggregate::Lead), Some(foldline::domain::Aggregate::Ticket), None] {
            for projection in registry().of_aggregate(aggregate) {
                let mut timeline = projection.timeline(1);
                timeline.push_row(&row);
                timeline.push_row(&row);
                let _ = (timeline.show(Some(1)), timeline.changes(1), timeline.blame(1));
            }
        }
        if let Ok(text) = std::str::from_utf8(input) {
            let _ = text.parse::<Timestamp>();
            let _ = store::Source::parse(text).to_string();
        }
    });
}
