//! Projections in JavaScript, run by Foldline and by the engine that KurrentDB gives to those who test theirs.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::foldline::Foldline;
use crate::framework::{installed, sources};

fn time(number: usize) -> String {
    format!("2026-01-01T00:00:{number:02}Z")
}

fn id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// What the other engine makes of each.
fn theirs(cases: &[Value], events: &[Value]) -> Vec<Value> {
    let told = (1..).zip(events).map(|(number, event)| {
        let mut event = event.clone();
        event["id"] = json!(id(number));
        event["at"] = json!(time(number));
        event
    });
    let told: Vec<Value> = told.collect();
    let asked: Vec<Value> = cases.iter().map(|case| json!({"source": case["source"], "events": told})).collect();
    let folder = installed().join("node/kurrent");
    let mut engine = Command::new("node");
    engine.arg(sources().join("node/kurrent.mjs")).arg(&folder).env("GAFFER_RUNTIME_LIB", folder.join("gaffer.so"));
    let mut running = engine.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node starts");
    let mut input = running.stdin.take().expect("a piped input");
    input.write_all(Value::from(asked).to_string().as_bytes()).expect("node listens");
    drop(input);
    let ended = running.wait_with_output().expect("node ends");
    assert!(ended.status.success(), "node ended with {}", ended.status);
    serde_json::from_slice(&ended.stdout).expect("node answers in JSON")
}

#[test]
fn every_projection_gives_the_states_results_and_events_that_the_other_engine_gives() {
    let cases = std::fs::read(sources().join("projections/cases.json")).expect("the cases");
    let cases: Value = serde_json::from_slice(&cases).expect("JSON");
    let (events, cases) = (cases["events"].as_array().expect("events"), cases["cases"].as_array().expect("cases"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut versions = std::collections::HashMap::new();
    let lines = (1..).zip(events).map(|(number, event)| {
        let version = versions.entry(event["stream"].to_string()).and_modify(|version| *version += 1).or_insert(0);
        let line = json!({"stream": event["stream"], "version": version, "type": event["type"], "id": id(number), "recorded_at": time(number), "payload": event["data"]});
        format!("{line}\n")
    });
    std::fs::write(path("events.jsonl"), lines.collect::<String>()).expect("a file of events");
    let from = Foldline { store: path("events.jsonl"), key: None };
    let imported = from.run("import", &["--into", &path("events.db")]);
    assert_eq!(imported.code, 0, "{imported:?}");
    let ours = Foldline { store: path("events.db"), key: None };
    let mut differ = Vec::new();
    for (case, theirs) in cases.iter().zip(theirs(cases, events)) {
        let name = case["name"].as_str().expect("a name");
        std::fs::write(path("p.js"), case["source"].as_str().expect("a source")).expect("a source");
        let run = |more: &[&str]| {
            let own = path("p.js");
            ours.run("project", &[&["--projection", &own, "--format", "json"], more].concat())
        };
        let ran = run(&[]);
        if theirs.get("error").is_some() {
            if ran.code != 2 {
                differ.push(format!("{name}: they refuse it ({}), and here: {ran:?}", theirs["error"]));
            }
            continue;
        }
        if ran.code != 0 {
            differ.push(format!("{name}: {ran:?}"));
            continue;
        }
        // A shared state stands in their results beside each state; of no state they tell the result of a new one.
        let is_shared = !theirs["shared"].is_null();
        let rows = |rows: &Value| -> Vec<Value> {
            let rows = rows.as_array().expect("rows").iter();
            let row = |row: &Value| {
                let has_result = !is_shared && !row["state"].is_null();
                let result = if has_result { row["result"].clone() } else { Value::Null };
                json!([row["partition"], row["state"], result])
            };
            rows.map(row).collect()
        };
        let (is, should) = (rows(&ran.json()), rows(&theirs["rows"]));
        if is != should {
            differ.push(format!("{name}: rows {is:?} and not {should:?}"));
        }
        let emitted = run(&["--emitted"]).json();
        let told = |event: &Value| {
            // What is linked is a text; an event's data is JSON, which they give as a text.
            let data = event["data"].as_str().map(|text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
            json!([event["stream"], event["type"], data.unwrap_or_else(|| event["data"].clone())])
        };
        let list = |events: &Value| -> Vec<Value> { events.as_array().expect("a list").iter().map(told).collect() };
        if list(&emitted) != list(&theirs["emitted"]) {
            differ.push(format!("{name}: emitted {emitted} and not {}", theirs["emitted"]));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
