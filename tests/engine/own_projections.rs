//! A projection that Foldline does not bring: its state is any JSON value, it fails on some events, and it is held to
//! limits.

use foldline::domain::Aggregate;
use foldline::event::{EventRow, Head, RecordedEvent, StreamKey, Version};
use foldline::projection::{Cell, Folded, Limits, Problem, Projection, ProjectionError};
use foldline::replay::{ProjectionRef, Registry, Timeline};
use serde_json::{Value, json};

use super::given::{event, given};

/// Keeps what was counted last and every note. Fails on an event `broken`, after it has spoilt the state.
#[derive(Clone, Debug)]
pub(crate) struct Notebook {
    name: &'static str,
    limit: usize,
}

impl Projection for Notebook {
    type Event = (String, Value);
    type State = Value;

    fn name(&self) -> &str {
        self.name
    }

    fn revision(&self) -> u32 {
        1
    }

    fn limits(&self) -> Option<Limits> {
        Some(Limits { state_bytes: self.limit })
    }

    fn decode(&self, row: &EventRow<'_>) -> (String, Value) {
        (row.event_type.to_string(), serde_json::from_slice(&row.body()).unwrap_or_default())
    }

    fn apply(&self, state: &mut Value, event: &(String, Value), _: &Head, _: &mut Vec<Problem>) -> Folded {
        let (event_type, payload) = event;
        match event_type.as_str() {
            "broken" => {
                *state = json!("spoilt");
                return Err(ProjectionError::Event("there is no such thing".into()));
            }
            "counted" => *state = payload["n"].clone(),
            "listed" => *state = payload["items"].clone(),
            _ if state.is_object() => state["note"] = payload["note"].clone(),
            _ => *state = json!({ "note": payload["note"] }),
        }
        Ok(())
    }

    fn cells<'s>(&self, _: &'s Value, _: &mut dyn FnMut(&'s str, Cell<'s>)) {}

    fn as_json<'s>(&self, state: &'s Value) -> Option<&'s Value> {
        Some(state)
    }
}

pub(crate) const NOTEBOOK: Notebook = Notebook { name: "notebook", limit: 100 };

fn history() -> Vec<RecordedEvent> {
    let long = "x".repeat(200);
    let story = given([
        event("noted", json!({"note": {"text": "a"}})),
        event("broken", json!({})),
        event("noted", json!({"note": {"text": "b", "by": "kim"}})),
        event("noted", json!({ "note": long })),
        event("counted", json!({"n": 7})),
        event("listed", json!({"items": [1, {"a": null}, 3]})),
        event("listed", json!({"items": [1, {"a": 2}]})),
    ]);
    story.recorded().to_vec()
}

fn timeline(events: &[RecordedEvent]) -> Box<dyn Timeline> {
    let mut timeline = ProjectionRef::new(NOTEBOOK).timeline(0);
    for event in events {
        timeline.push_row(&event.as_row());
    }
    timeline
}

#[test]
fn an_event_on_which_the_projection_fails_leaves_the_state_and_is_a_finding() {
    let timeline = timeline(&history());
    let shown: Vec<Value> = (0..7).map(|index| timeline.show(Some(index))).collect();
    let a = json!({"note": {"text": "a"}});
    let b = json!({"note": {"text": "b", "by": "kim"}});
    let (first, second) = (json!([1, {"a": null}, 3]), json!([1, {"a": 2}]));
    assert_eq!(shown, [a.clone(), a, b.clone(), b, json!(7), first, second]);
    assert_eq!(timeline.show(None), Value::Null);
    let problems: Vec<_> =
        timeline.findings(6).into_iter().map(|finding| (finding.version.0, finding.problem.clone())).collect();
    let failed = Problem::Failed(ProjectionError::Event("there is no such thing".into()));
    let bytes = json!({ "note": "x".repeat(200) }).to_string().len();
    let too_large = Problem::Failed(ProjectionError::StateTooLarge { bytes, limit: 100 });
    assert_eq!(problems, [(1, failed), (3, too_large)]);
}

#[test]
fn a_state_of_any_shape_has_changes_blame_and_differences() {
    let timeline = timeline(&history());
    let changed: Vec<_> = (0..7).map(|index| timeline.changed_fields(index)).collect();
    let expected: [&[&str]; 7] = [&[""], &[], &["note.text", "note.by"], &[], &[""], &[""], &["[1].a", "[2]"]];
    assert_eq!(changed, expected);
    let blamed = |index| -> Vec<_> {
        timeline.blame(index).into_iter().map(|(field, value, by)| (field, value, by.expect("set by one"))).collect()
    };
    assert_eq!(blamed(0), [("note.text".to_owned(), json!("a"), 0)]);
    assert_eq!(blamed(3), [("note.text".to_owned(), json!("b"), 2), ("note.by".to_owned(), json!("kim"), 2)]);
    assert_eq!(blamed(4), [(String::new(), json!(7), 4)]);
    assert_eq!(blamed(6), [("[0]".to_owned(), json!(1), 5), ("[1].a".to_owned(), json!(2), 6)]);
    for index in 0..7 {
        let look = timeline.look(index).expect("there is such an event");
        let leaves: Vec<_> = (0..look.leaf_count()).filter_map(|place| look.leaf(place)).collect();
        let expected: Vec<_> = timeline.blame(index).into_iter().map(|(field, value, _)| (field, value)).collect();
        assert_eq!(leaves, expected, "{index}");
    }
    let diff = timeline.diff(Some(2), Some(4));
    assert_eq!(diff.len(), 1);
    assert_eq!((diff[0].0.field.as_str(), diff[0].1), ("", Some(4)));
}

#[test]
fn rows_pushed_later_go_on_where_the_timeline_stood() {
    let events = history();
    let whole = timeline(&events);
    for cut in 0..=events.len() {
        let mut grown = timeline(&events[..cut]);
        assert_eq!(grown.show(cut.checked_sub(1)), whole.show(cut.checked_sub(1)));
        for event in &events[cut..] {
            grown.push_row(&event.as_row());
        }
        for index in 0..events.len() {
            assert_eq!(grown.show(Some(index)), whole.show(Some(index)), "{index} after {cut}");
            assert_eq!(grown.changed_fields(index), whole.changed_fields(index));
            assert_eq!(grown.findings(index), whole.findings(index));
        }
    }
}

#[test]
fn a_fold_goes_on_behind_its_own_snapshot_with_the_findings_before_it() {
    let events = history();
    let projection = ProjectionRef::new(NOTEBOOK);
    let mut whole = projection.fold();
    for event in &events {
        whole.push(&event.as_row());
    }
    for cut in 0..=events.len() {
        let mut first = projection.fold();
        events[..cut].iter().for_each(|event| first.push(&event.as_row()));
        let kept = first.to_snapshot().expect("it can be kept");
        let mut rest = projection.resume(Version(cut as u64), &kept).expect("it can be read");
        events[cut..].iter().for_each(|event| rest.push(&event.as_row()));
        assert_eq!(rest.show(), whole.show());
        let words = |findings: &[foldline::replay::Finding]| -> Vec<_> {
            findings.iter().map(|finding| (finding.version, finding.message())).collect()
        };
        assert_eq!(words(rest.findings()), words(whole.findings()));
    }
    assert!(projection.resume(Version(1), "{\"state\":").is_none());
}

#[test]
fn many_streams_are_folded_each_on_its_own_and_none_costs_the_room_of_those_below_it() {
    let projection = ProjectionRef::new(NOTEBOOK);
    let mut states = projection.states();
    let mut rows = projection.rows();
    for key in [3, 4_000_000_000] {
        for event in history() {
            let mut row = event.as_row();
            row.stream_key = StreamKey(key);
            rows.push(&row);
        }
    }
    assert_eq!(rows.len(), 14);
    states.fold(rows);
    assert_eq!(states.events(), 14);
    assert_eq!(states.streams().collect::<Vec<_>>(), [StreamKey(3), StreamKey(4_000_000_000)]);
    assert_eq!(states.show(StreamKey(3)), Some(json!([1, {"a": 2}])));
    assert_eq!(states.show(StreamKey(4)), None);
}

#[test]
fn a_projection_is_offered_to_the_streams_it_folds_and_replaced_by_one_of_its_name() {
    let mut registry = Registry::builtin();
    registry.add_ref(&ProjectionRef::new(NOTEBOOK));
    registry.add_ref(&ProjectionRef::new(Notebook { limit: 5, ..NOTEBOOK }));
    let names = |aggregate| -> Vec<_> {
        registry.of_aggregate(aggregate).iter().map(|known| known.name().to_owned()).collect()
    };
    assert_eq!(names(None), ["fields", "notebook"]);
    assert_eq!(names(Some(Aggregate::Lead)), ["state", "search", "analysis", "fields", "notebook"]);
    let mut fold = registry.find(None, "notebook").expect("it was added").fold();
    for event in history() {
        fold.push(&event.as_row());
    }
    assert_eq!(fold.show(), json!(7), "held to the limit of the one added last");
}
