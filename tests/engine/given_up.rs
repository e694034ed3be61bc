//! A projection of which functions had to be ended too often is given up: in the fold that ended them, and nowhere else.

use foldline::event::RecordedEvent;
use foldline::expr::{DoubtKind, Expression};
use foldline::replay::{ProjectionRef, Timeline, Turns};
use foldline::script::{Script, ScriptProjection};
use serde_json::{Value, json};

use super::given::{event, given};

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
