//! Files of events, opened where they are.

use std::fs;
use std::io::Write;

use foldline::event::{EventId, RecordedEvent};
use foldline::store::{self, FindingKind, Framework, Query, Store, StoreError};
use tempfile::TempDir;

use crate::workshop::{fingerprint, read, stream, verified};

fn opened(name: &str, content: impl AsRef<[u8]>) -> (TempDir, Result<Box<dyn Store>, StoreError>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    fs::write(&path, content).expect("written");
    let before = fingerprint(folder.path());
    let reader = store::open(&path.into());
    if let Ok(reader) = &reader {
        assert!(!reader.is_writable());
        assert!(reader.read_only_reason().is_some());
        reader.info().expect("readable");
    }
    assert_eq!(fingerprint(folder.path()), before, "{name}: looking changed something");
    (folder, reader)
}

fn events_of(name: &str, content: impl AsRef<[u8]>, framework: Framework) -> Vec<RecordedEvent> {
    let (_folder, reader) = opened(name, content);
    let reader = reader.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(reader.framework(), framework, "{name}");
    let events = read(&*reader, &Query::store());
    assert_eq!(reader.info().expect("readable").events, events.len() as u64);
    events
}

fn heads(events: &[RecordedEvent]) -> Vec<(&str, u64, &str, Option<String>)> {
    let head = |event: &'_ RecordedEvent| event.recorded_at.map(|at| at.to_string());
    events
        .iter()
        .map(|event| (event.stream.as_str(), event.version.0, event.event_type.as_str(), head(event)))
        .collect()
}

#[test]
fn json_lines_arrays_csv_and_cloud_events_read_as_what_they_are() {
    let line =
        r#"{"stream":"lead-1","version":1,"type":"contacted","recorded_at":"2025-01-01T01:00:01Z","payload":{}}"#;
    let cloud = r#"{"specversion":"1.0","id":"a","source":"crm","type":"contacted","subject":"lead-1","time":"2025-01-01T01:00:01Z","data":{}}"#;
    for (name, content, framework) in [
        ("a.json", format!("[{line}]"), Framework::JSON),
        ("a.jsonl", format!("{line}\n"), Framework::JSON),
        ("name without an end", format!("\u{feff}{line}\n"), Framework::JSON),
        ("한글 #%.json", format!("[{cloud}]"), Framework::CLOUD_EVENTS),
        (
            "a.csv",
            "stream,version,type,recorded_at,payload\nlead-1,1,contacted,2025-01-01T01:00:01Z,{}\n".to_owned(),
            Framework::CSV,
        ),
        (
            "a.tsv",
            "stream\tversion\ttype\trecorded_at\tpayload\nlead-1\t1\tcontacted\t2025-01-01T01:00:01Z\t{}\n".to_owned(),
            Framework::CSV,
        ),
    ] {
        let events = events_of(name, content, framework);
        let [(stream, _, event_type, at)] = &*heads(&events) else { panic!("{name}: {events:?}") };
        assert_eq!((*stream, *event_type), ("lead-1", "contacted"), "{name}");
        assert_eq!(at.as_deref(), Some("2025-01-01T01:00:01.000Z"), "{name}");
    }
}

const XES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <global scope="event"><string key="concept:name" value="nothing"/></global>
  <trace>
    <event><string key="concept:name" value="Captured"/><date key="time:timestamp" value="2025-01-01T10:00:01+09:00"/>
      <string key="org:resource" value="kim &amp; lee"/><int key="calls" value="3"/><boolean key="won" value="true"/>
      <list key="parts"><values><string key="concept:name" value="inner"/></values></list></event>
    <string key="concept:name" value="case 1"><string key="concept:name" value="inner"/></string>
    <event><string key="concept:name" value="Contacted"/><date key="time:timestamp" value="2025-01-01T01:00:02.000Z"/></event>
  </trace>
  <trace><event><string key="concept:name" value="Captured"/></event></trace>
</log>"#;

#[test]
fn a_trace_is_a_stream_packed_or_not() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(XES.as_bytes()).expect("packed");
    for (name, content) in [("log.xes", XES.as_bytes().to_vec()), ("log.xes.gz", packed.finish().expect("packed"))] {
        let events = events_of(name, content, Framework::XES);
        let at = |second| Some(format!("2025-01-01T01:00:0{second}.000Z"));
        let expected =
            [("case 1", 1, "Captured", at(1)), ("case 1", 2, "Contacted", at(2)), ("trace-2", 1, "Captured", None)];
        assert_eq!(heads(&events), expected);
        assert_eq!(events[0].metadata().actor.as_deref(), Some("kim & lee"));
        let payload = String::from_utf8_lossy(&events[0].payload).into_owned();
        assert_eq!(payload, r#"{"org:resource":"kim & lee","calls":3,"won":true,"parts":"(list)"}"#);
    }
}

#[test]
fn a_log_that_breaks_off_is_read_up_to_there_and_says_so() {
    let end = XES.find("<trace><event>").expect("the second trace") + "<trace><event>".len();
    let (_folder, reader) = opened("cut.xes", &XES[..end]);
    let reader = reader.expect("what is there can be read");
    assert_eq!(read(&*reader, &Query::store()).len(), 2);
    assert!(reader.notice().is_some_and(|notice| notice.to_string().contains("cut.xes")), "{:?}", reader.notice());
    assert!(verified(&*reader).iter().any(|finding| finding.kind() == FindingKind::UnreadablePayload));
}

#[test]
fn an_event_about_two_objects_is_in_both_and_counts_once() {
    let json = r#"{"objectTypes":[],"eventTypes":[],
        "objects":[{"id":"lead-1","type":"Lead","attributes":[],"relationships":[]},{"id":"kim","type":"Person"}],
        "events":[
          {"id":"e1","type":"Captured","time":"2025-01-01T01:00:01Z","attributes":[{"name":"calls","value":3}],"relationships":[{"objectId":"lead-1","qualifier":"of"}]},
          {"id":"e2","type":"Contacted","time":"2025-01-01T01:00:02Z","relationships":[{"objectId":"lead-1","qualifier":"of"},{"objectId":"kim","qualifier":"by"}]}]}"#;
    let xml = r#"<?xml version="1.0"?><log><object-types/><event-types/>
        <objects><object id="lead-1" type="Lead"><attributes><attribute name="x" time="0">1</attribute></attributes></object><object id="kim" type="Person"/></objects>
        <events>
          <event id="e1" type="Captured" time="2025-01-01T01:00:01Z"><attributes><attribute name="calls">a &lt; b</attribute></attributes><objects><relationship object-id="lead-1" qualifier="of"/></objects></event>
          <event id="e2" type="Contacted" time="2025-01-01T01:00:02Z"><objects><relationship object-id="lead-1" qualifier="of"/><relationship object-id="kim" qualifier="by"/></objects></event>
        </events></log>"#;
    for (name, content, payload) in [("a.json", json, r#"{"calls":3}"#), ("a.xml", xml, r#"{"calls":"a < b"}"#)] {
        let (_folder, reader) = opened(name, content);
        let reader = reader.unwrap_or_else(|error| panic!("{name}: {error}"));
        let info = reader.info().expect("readable");
        assert_eq!((info.framework, info.events, info.streams), (Framework::OCEL, 2, 2), "{name}");
        assert_eq!(info.categories, [("Lead".to_owned(), 1), ("Person".to_owned(), 1)], "{name}");
        let ids = |of| read(&*reader, &Query::stream(stream(of))).into_iter().map(|event| event.id).collect::<Vec<_>>();
        assert_eq!(ids("lead-1"), ["e1", "e2"].map(EventId::new), "{name}");
        assert_eq!(ids("kim"), ["e2"].map(EventId::new), "{name}");
        assert_eq!(String::from_utf8_lossy(&read(&*reader, &Query::store())[0].payload), payload, "{name}");
    }
}

/// A log of OCEL with three events of one object. The first has this attribute, the third this id.
fn ocel_xml(head: &str, attribute: &str, third: &str) -> String {
    let about = r#"<objects><relationship object-id="lead-1" qualifier="of"/></objects>"#;
    format!(
        r#"<?xml version="1.0"{head}?><log><objects><object id="lead-1" type="Lead"/></objects><events>
        <event id="e1" type="a" time="2025-01-01T01:00:01Z"><attributes><attribute name="note">{attribute}</attribute></attributes>{about}</event>
        <event id="e2" type="b" time="2025-01-01T01:00:02Z">{about}</event>
        <event id="{third}" type="c" time="2025-01-01T01:00:03Z">{about}</event>
        </events></log>"#
    )
}

fn latin(text: &str) -> Vec<u8> {
    text.chars()
        .map(|letter| if letter == '€' { 0x80 } else { u8::try_from(letter).expect("a letter of Latin-1") })
        .collect()
}

fn first_payload(content: impl AsRef<[u8]>, framework: Framework) -> String {
    let events = events_of("log.xml", content, framework);
    String::from_utf8_lossy(&events[0].payload).into_owned()
}

/// What was read, and what a check says.
fn read_and_found(name: &str, content: impl AsRef<[u8]>) -> (Vec<(String, u64)>, Vec<String>) {
    let (_folder, reader) = opened(name, content);
    let reader = reader.unwrap_or_else(|error| panic!("{name}: {error}"));
    let events = read(&*reader, &Query::stream(stream("lead-1")));
    let found = verified(&*reader).iter().map(|finding| finding.what.to_string()).collect();
    (events.into_iter().map(|event| (event.event_type.to_string(), event.version.0)).collect(), found)
}

#[test]
fn text_in_cdata_is_text() {
    let log = ocel_xml("", "1 &lt; <![CDATA[c3 & <]]>", "e3");
    assert_eq!(first_payload(log, Framework::OCEL), r#"{"note":"1 < c3 & <"}"#);
}

#[test]
fn text_in_latin_1_is_read_as_what_it_declares() {
    for (name, letters) in [("iso-8859-1", "né"), ("ISO-8859-1", "né"), ("windows-1252", "né €")] {
        let head = format!(" encoding='{name}'");
        let log = latin(&ocel_xml(&head, letters, "e3"));
        assert_eq!(first_payload(log, Framework::OCEL), format!(r#"{{"note":"{letters}"}}"#), "{name}");
        let log = XES.replace("UTF-8", name).replace("kim &amp; lee", letters);
        assert!(first_payload(latin(&log), Framework::XES).contains(letters), "{name}");
    }
}

#[test]
fn an_encoding_that_is_not_read_is_refused_by_its_name() {
    for log in [ocel_xml(r#" encoding="EUC-KR""#, "x", "e3"), XES.replace("UTF-8", "EUC-KR")] {
        let (_folder, reader) = opened("log.xml", log);
        let error = reader.err().expect("refused").to_string();
        assert!(error.contains("euc-kr") && error.contains("save it as UTF-8"), "{error}");
    }
}

#[test]
fn an_event_with_text_that_cannot_be_read_is_named_and_left_out() {
    let entity = ocel_xml("", "a&lol;b", "e3").into_bytes();
    let letters = latin(&ocel_xml("", "né", "e3"));
    for (log, what) in [(entity, "“&lol;”"), (letters, "UTF-8")] {
        let (events, found) = read_and_found("log.xml", log);
        assert_eq!(events, [("b".to_owned(), 1), ("c".to_owned(), 2)], "{what}");
        let [said] = &*found else { panic!("{found:?}") };
        assert!(said.contains(what), "{said}");
    }
    let (events, found) = read_and_found("log.xml", ocel_xml("", "x", "&lol;"));
    assert_eq!((events.len(), found.len()), (2, 1), "{found:?}");
    let (_folder, reader) = opened("log.xes", XES.replacen("kim &amp; lee", "&lol;", 1));
    let reader = reader.expect("the rest can be read");
    assert_eq!(heads(&read(&*reader, &Query::store())).first().map(|head| (head.1, head.2)), Some((1, "Contacted")));
    assert!(verified(&*reader).iter().any(|finding| finding.what.to_string().contains("“&lol;”")));
}

#[test]
fn a_repeated_id_is_named_and_leaves_no_gap() {
    let json = r#"{"objectTypes":[],"objects":[{"id":"lead-1","type":"Lead"}],"events":[
        {"id":"e1","type":"a","time":"2025-01-01T01:00:01Z","relationships":[{"objectId":"lead-1","qualifier":"of"}]},
        {"id":"e1","type":"b","time":"2025-01-01T01:00:02Z","relationships":[{"objectId":"lead-1","qualifier":"of"}]},
        {"type":"c","time":"2025-01-01T01:00:02Z","relationships":[{"objectId":"lead-1","qualifier":"of"}]},
        {"id":"e3","type":"c","time":"2025-01-01T01:00:03Z","relationships":[{"objectId":"lead-1","qualifier":"of"}]}]}"#;
    let (events, found) = read_and_found("log.json", json);
    assert_eq!(events, [("a".to_owned(), 1), ("c".to_owned(), 2)]);
    let [same, none] = &*found else { panic!("{found:?}") };
    assert!(same.contains("event 2") && same.contains("“e1”"), "{same}");
    assert!(none.contains("event 3 has no id"), "{none}");
    let (events, found) = read_and_found("log.xml", ocel_xml("", "x", "e2"));
    assert_eq!(events, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
    assert!(found.len() == 1 && found.iter().all(|said| said.contains("“e2”")), "{found:?}");
}

#[test]
fn text_that_holds_no_events_is_refused_with_its_first_flaw() {
    for (name, content) in [
        ("lines.jsonl", &b"{\"id\":1}\n{\"id\":2}\n"[..]),
        ("open.json", b"[{\"a\":"),
        ("broken.json", b"{\"stream\":\"x\""),
        ("numbers.json", b"[1,2,3]"),
        ("letters.json", b"[\xff\xfe]"),
        ("log.xes", b"<log><trace></event>"),
        ("ocel.json", b"{\"eventTypes\":[], \"events\": 3}"),
    ] {
        let (folder, reader) = opened(name, content);
        let error = reader.err().unwrap_or_else(|| panic!("{name} was opened"));
        assert!(matches!(error, StoreError::NotEvents { .. }), "{name}: {error}");
        let message = error.to_string();
        assert!(message.contains(&folder.path().join(name).display().to_string()), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn a_file_that_has_changed_is_read_anew() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.jsonl");
    let line = |n: u64| format!("{{\"stream\":\"a-1\",\"version\":{n},\"type\":\"x\",\"payload\":{{}}}}\n");
    fs::write(&path, line(1)).expect("written");
    let count = || read(&*store::open(&path.clone().into()).expect("opens"), &Query::store()).len();
    assert_eq!((count(), count()), (1, 1));
    fs::write(&path, line(1) + &line(2)).expect("written");
    assert_eq!(count(), 2);
}
