//! A projection of which functions had to be ended too often is given up: in the fold that ended them, and nowhere else.

use std::sync::Arc;

use foldline::engine::{AsOfCondition, Ticket, Untold, as_of};
use foldline::event::{NewEvent, RecordedEvent, StreamId};
use foldline::expr::{DoubtKind, Expression};
use foldline::index::{Budget, Choice, StoreMoment};
use foldline::replay::{ProjectionRef, Timeline, Turns};
use foldline::script::{Script, ScriptProjection};
use foldline::store::{Expected, Flow, Writer};
use serde_json::{Value, json};

use super::given::{event, given};
use super::memory_store::MemoryStore;
use super::workshop::event as new_event;

const SOURCE: &str = "fromAll().foreachStream().when({
  $init: () => ({ n: 0 }),
  added(s) { s.n++ },
  hopeless(s) { s.n = 1000; 'x'.repeat(80e6) },
})";

/// It is given up at the eighth event that takes too much.
const LAST: usize = 15;

/// Each second event takes too much, up to and with that one; all others count.
fn history() -> Vec<RecordedEvent> {
    let kind = |index: usize| if index % 2 == 1 && index <= LAST { "hopeless" } else { "added" };
    given((0..80).map(|index| event(kind(index), json!({})))).recorded().to_vec()
}

fn projection() -> ProjectionRef {
    let script = Script::read("own.js", SOURCE).expect("a projection");
    ProjectionRef::new(ScriptProjection::of(&script).expect("a state a stream"))
}

fn timeline(projection: &ProjectionRef) -> Box<dyn Timeline> {
    let mut timeline = projection.timeline(0);
    for event in history() {
        timeline.push_row(&event.as_row());
    }
    timeline
}

fn count(timeline: &dyn Timeline, index: usize) -> Value {
    timeline.value_at(index, "n")
}

#[test]
fn behind_the_event_at_which_it_was_given_up_the_last_state_stands_and_is_said_not_to_be_known() {
    let timeline = timeline(&projection());
    assert_eq!(timeline.not_run_from(), Some(LAST + 1));
    let messages = |index| -> Vec<String> { timeline.findings_at(index).iter().map(|found| found.message()).collect() };
    let ended = messages(LAST);
    assert!(
        ended.len() == 1 && ended.iter().all(|ended| ended.ends_with("it took more than 64 MiB of memory")),
        "{ended:?}"
    );
    let stream = history()[0].stream.clone();
    let not_run = format!(
        "not run: the projection was given up at {stream} v{LAST} (hopeless); functions ended by then for more than 250 ms or 64 MiB: 8"
    );
    for index in [LAST + 1, LAST + 2, 79] {
        assert_eq!(messages(index), std::slice::from_ref(&not_run), "{index}");
        assert_eq!(count(&*timeline, index), json!(8), "{index}");
        assert_eq!(timeline.changed_count(index), 0, "{index}");
        assert_eq!(timeline.set_by(index, "n"), Some(LAST - 1), "{index}");
    }
    // Before it, each as it came, wherever one comes from.
    for index in (0..=LAST).rev() {
        assert_eq!(count(&*timeline, index), json!(index / 2 + 1), "{index}");
    }
}

#[test]
fn each_fold_counts_for_itself() {
    let projection = projection();
    let first = timeline(&projection);
    assert!(first.not_run_from().is_some());
    // Were it counted together, it would not even begin.
    let second = timeline(&projection);
    assert_eq!(second.not_run_from(), first.not_run_from());
    assert_eq!(count(&*second, 79), json!(8));
    let mut fold = projection.fold();
    history().iter().filter(|event| event.event_type.as_str() == "added").for_each(|event| fold.push(&event.as_row()));
    assert_eq!((fold.show(), fold.findings().len()), (json!({"n": 72}), 0));
    // Of one run over a store, all together.
    let run = projection.for_run();
    assert!(timeline(&run).not_run_from().is_some());
    assert_eq!(timeline(&run).not_run_from(), Some(0));
}

#[test]
fn a_lane_is_not_known_where_it_was_not_run() {
    let timeline = timeline(&projection());
    let read = |text: &str| {
        let expression = Expression::new(text, &timeline.names()).expect("a condition");
        let mut turns = Turns::default();
        let read = timeline.read_along(&expression, 0..80, &(), &|| false, &mut |index, value| {
            turns.note_value(index, &expression, value);
        });
        read.expect("read");
        turns.look_to(80);
        turns
    };
    let of_state = read("n > 2");
    assert_eq!((of_state.ranges().len(), of_state.unknown()), (1, 64));
    assert_eq!(of_state.ranges().first(), Some(&(4..LAST + 1)));
    assert!(matches!(of_state.doubt(), Some((at, doubt)) if *at == LAST + 1 && doubt.kind == DoubtKind::NotRun));
    assert_eq!(read("event.type == 'added'").unknown(), 0, "an event is known all the same");
    for of_state in ["old.n == 8", "state['n'] > 2", "changed('n')", "size(state) > 0"] {
        assert_eq!(read(of_state).unknown(), 64, "{of_state}");
    }
}

/// Also where it failed in one way before it was not run.
#[test]
fn a_row_of_which_the_state_is_not_known_is_not_asked_whether_a_condition_holds() {
    let mut store = MemoryStore::default();
    let mut record = |stream: &str, events: &[RecordedEvent]| {
        let new: Vec<NewEvent> = events
            .iter()
            .enumerate()
            .map(|(number, event)| new_event(&format!("{stream}-{number}"), event.event_type.as_str(), "{}"))
            .collect();
        store.append(&StreamId::from(stream), Expected::NoStream, &new).expect("recorded");
    };
    record("order-known", &history()[..1]);
    record("order-given-up", &history());
    record("order-not-run", &history()[..1]);
    let choice = Arc::new(Choice::one(projection().for_run()));
    let ticket = Ticket::new("reading states");
    let as_of = as_of(&store, &choice, None, StoreMoment::Latest, Budget::default(), &mut |_| Flow::Continue(()))
        .expect("folded");
    let among = |text: &str| {
        let condition = AsOfCondition::new(text, &choice).expect("sound");
        let (found, untold) = condition.among(&as_of, as_of.places(), &ticket).expect("read");
        let names: Vec<String> =
            found.iter().filter_map(|place| Some(as_of.row(*place)?.stream.into_owned())).collect();
        (names.join(" "), untold)
    };
    let untold = Untold { unknown: 0, not_run: 2 };
    assert_eq!(among("n == 1"), ("order-known".to_owned(), untold));
    assert_eq!(among("n == 8"), (String::new(), untold));
    assert_eq!(among("n == 0"), (String::new(), untold));
    assert_eq!(among("event.type == 'added'").1, Untold::default());
    let kept: Vec<bool> = as_of.places().iter().map(|place| as_of.snapshot(*place).is_some()).collect();
    assert_eq!(kept, [true, false, false], "what goes on from there would not know");
}

#[test]
fn what_goes_on_behind_it_in_another_way_is_not_run_either() {
    let timeline = timeline(&projection());
    let mut behind = timeline.refold(Some(40)).expect("there");
    behind.fold_range(41..44);
    assert_eq!(behind.value("n"), json!(8));
    let mut before = timeline.refold(Some(4)).expect("there");
    before.fold_these(&[6, 8, 10]);
    assert_eq!(before.value("n"), json!(6), "before it, it runs");
}
