//! A user's own projection over a whole store, for whoever works on it: its partitions, which line failed on which event,
//! what it logged, and how long all that took.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::load::tell_total;
use super::partitions::{FaultAt, GoneOn, Partitions, partitions_within};
use super::{EngineError, Ticket};
use serde_json::Value;

use crate::event::{EventRow, StreamId, Version, json_value};
use crate::index::StoreMoment;
use crate::projection::SMALL_STATE;
use crate::script::{Output, Script};
use crate::store::{Flow, Store, StoreError};

/// So many lines that it logged are kept.
const MOST_LOGGED: usize = 10_000;

/// What came of a projection.
#[derive(Debug)]
pub struct OwnRun {
    pub partitions: Partitions,
    /// The places of the partitions on which it failed, and of those on which it was not run any more.
    pub failed: Vec<usize>,
    /// How many of them are of the second kind: the first event that they lack came when the projection had been given up.
    pub not_run: u64,
    /// What went wrong, by the line of the source; nought where no line is known.
    pub faults: BTreeMap<u32, LineFault>,
    /// The first lines that it logged, in the store's order.
    pub logged: Vec<Logged>,
    /// How many it logged in all.
    pub logs: u64,
    /// How many events and links it would have written.
    pub emitted: u64,
    /// It did not go on from another one.
    pub is_anew: bool,
    /// How many events were read.
    pub read: u64,
    pub took: Duration,
    /// The field of the states that says most in a row.
    pub field: Option<String>,
    /// What all states and results take as text.
    pub bytes: u64,
}

/// What went wrong on one line: the first time, and on how many partitions.
#[derive(Clone, Debug)]
pub struct LineFault {
    pub first: FaultAt,
    pub partitions: u64,
}

/// A line that a handler logged, and the event that it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub stream: StreamId,
    pub version: Version,
    pub text: String,
}

impl OwnRun {
    /// On how many partitions it failed. Those on which it was not run are not among them.
    pub fn failed_count(&self) -> u64 {
        (self.failed.len() as u64).saturating_sub(self.not_run)
    }

    /// What it logged at an event.
    pub fn logged_at<'r>(&'r self, stream: &'r StreamId, version: Version) -> impl Iterator<Item = &'r str> {
        let of_event = self.logged.iter().filter(move |logged| logged.version == version && logged.stream == *stream);
        of_event.map(|logged| logged.text.as_str())
    }
}

/// Runs a projection over the whole store. Where it is known what came of it before, by the events alone that were
/// recorded since.
pub fn run_own(
    reader: &dyn Store,
    script: &Script,
    known: Option<&OwnRun>,
    ticket: &Ticket,
) -> Result<OwnRun, EngineError> {
    let began = Instant::now();
    let known = known.filter(|known| known.partitions.script().source() == script.source());
    if known.is_none() {
        tell_total(reader, ticket)?;
    }
    let (mut logged, mut logs, mut emitted, mut read) = (Vec::new(), 0, 0, 0);
    let kept = known.map_or(0, |known| known.logged.len());
    let mut take = |row: &EventRow<'_>, told: Output| {
        logs += told.logs.len() as u64;
        emitted += told.emitted.len() as u64;
        let room = MOST_LOGGED.saturating_sub(kept + logged.len());
        let of_event = told.logs.into_iter().take(room);
        logged.extend(of_event.map(|text| Logged { stream: row.stream.clone(), version: row.version, text }));
        Flow::Continue(())
    };
    let mut progress = |count| {
        read = count;
        ticket.reached(count)
    };
    let (partitions, before) = match known {
        None => {
            let at = StoreMoment::Latest;
            (partitions_within(reader, script, at, ticket.memory(), &mut take, &mut progress)?, None)
        }
        Some(known) => {
            let mut partitions = known.partitions.another(ticket.memory());
            let gone_on = partitions.go_on(reader, &mut take, &mut progress)?;
            (partitions, Some(known).filter(|_| gone_on != GoneOn::Anew))
        }
    };
    let mut run = OwnRun {
        partitions,
        failed: Vec::new(),
        not_run: 0,
        faults: BTreeMap::new(),
        logged,
        logs,
        emitted,
        is_anew: before.is_none(),
        read,
        took: began.elapsed(),
        field: None,
        bytes: 0,
    };
    if let Some(before) = before {
        run.logs += before.logs;
        run.emitted += before.emitted;
        run.logged.splice(..0, before.logged.iter().cloned());
        run.read += before.read;
        run.took += before.took;
    }
    run.sum_up();
    run.field = field_of(&run.partitions)?;
    Ok(run)
}

impl OwnRun {
    fn sum_up(&mut self) {
        self.bytes = self.partitions.length() + self.partitions.name_letters();
        for (place, row) in self.partitions.rows.iter().enumerate() {
            if let Some(fault) = &row.failed {
                self.failed.push(place);
                self.not_run += u64::from(fault.is_not_run());
                note(&mut self.faults, fault);
            }
        }
        self.partitions.strays.iter().for_each(|fault| note(&mut self.faults, fault));
    }
}

/// The first number of the states, or else their first field.
fn field_of(partitions: &Partitions) -> Result<Option<String>, StoreError> {
    const LOOKED_AT: usize = 20;
    let mut fields: Vec<(String, Value)> = Vec::new();
    for place in 0..partitions.rows.len().min(LOOKED_AT) {
        if let Some(Value::Object(of_state)) = value_of(partitions, place, SMALL_STATE)? {
            fields.extend(of_state);
        }
    }
    let number = fields.iter().find(|(_, value)| value.is_number());
    let any = || fields.iter().find(|(_, value)| !value.is_object() && !value.is_array() && !value.is_null());
    Ok(number.or_else(any).map(|(name, _)| name.clone()))
}

/// What is shown of a partition, unless it is longer than so much.
fn value_of(partitions: &Partitions, place: usize, longest: usize) -> Result<Option<Value>, StoreError> {
    let text = match partitions.result_text(place)? {
        Some(text) => Some(text),
        None => partitions.state_text(place)?,
    };
    Ok(text.filter(|text| text.len() <= longest).and_then(|text| json_value(text.as_bytes()).ok()))
}

/// What is shown of a partition, read from where it lies. `None` where nothing is, or it is longer than so much.
pub fn shown_state(_: &dyn Store, run: &OwnRun, place: usize, longest: usize) -> Result<Option<Value>, EngineError> {
    Ok(value_of(&run.partitions, place, longest)?)
}

fn note(faults: &mut BTreeMap<u32, LineFault>, fault: &FaultAt) {
    let line = fault.fault.place.map_or(0, |place| place.line);
    let known = faults.entry(line).or_insert_with(|| LineFault { first: fault.clone(), partitions: 0 });
    known.partitions += 1;
}

/// The places of the partitions that have this text in their names, of those only on which it failed.
pub fn partitions_like(
    reader: &dyn Store,
    run: &OwnRun,
    text: &str,
    only_failed: bool,
    ticket: &Ticket,
) -> Result<Vec<usize>, EngineError> {
    let text = text.trim().to_lowercase();
    let all = if only_failed { run.failed.clone() } else { (0..run.partitions.rows.len()).collect() };
    if text.is_empty() {
        return Ok(all);
    }
    let mut found = Vec::new();
    for place in all {
        if ticket.is_cancelled() {
            return Err(StoreError::Cancelled.into());
        }
        let name = run.partitions.name(reader, place)?;
        if name.is_some_and(|name| name.to_lowercase().contains(&text)) {
            found.push(place);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventId, EventType, NewEvent};
    use crate::replay::Fold;
    use crate::script::ScriptProjection;
    use crate::store::native::NativeStore;
    use crate::store::{Expected, Query, Writer};

    const SOURCE: &str = "fromAll().foreachStream().when({
      $init: () => ({ sum: 0 }),
      added(s, e) { s.sum += e.data.n; log('now ' + s.sum) },
      broken(s, e) { e.data.none.n },
    })";

    fn add(store: &mut NativeStore, stream: &str, event_type: &str, number: u64) {
        let event = NewEvent {
            id: EventId::new(&format!("{stream}-{number}")),
            event_type: EventType::from(event_type),
            schema: 1,
            recorded_at: None,
            payload: format!(r#"{{"n":{number}}}"#),
            metadata: "{}".to_owned(),
        };
        store.append(&StreamId::from(stream), Expected::Any, &[event]).expect("appended");
    }

    type Row = (String, Option<String>, u64);

    fn state(store: &NativeStore, run: &OwnRun, place: usize) -> Option<String> {
        run.partitions.state(store, place).expect("readable").map(Into::into)
    }

    fn told(store: &NativeStore, run: &OwnRun) -> (Vec<Row>, Vec<usize>, Vec<Logged>, [u64; 2], u64) {
        let rows = run.partitions.rows.iter().enumerate();
        let name = |place| run.partitions.name(store, place).expect("readable").expect("there").into_owned();
        let rows = rows.map(|(place, row)| (name(place), state(store, run, place), row.events));
        (rows.collect(), run.failed.clone(), run.logged.clone(), [run.logs, run.read], run.bytes)
    }

    #[test]
    fn what_is_gone_on_from_is_what_is_run_anew_and_reads_the_new_events_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = NativeStore::create(&folder.path().join("events.db")).expect("a store");
        let script = Script::read("sum.js", SOURCE).expect("a projection");
        for number in 1..=5 {
            add(&mut store, if number % 2 == 0 { "a-1" } else { "a-2" }, "added", number);
        }
        let first = run_own(&store, &script, None, &Ticket::new("testing")).expect("run");
        assert_eq!((first.logs, first.read, first.failed.len()), (5, 5, 0));
        add(&mut store, "a-1", "broken", 6);
        add(&mut store, "a-3", "added", 7);
        let ticket = Ticket::new("testing");
        let next = run_own(&store, &script, Some(&first), &ticket).expect("gone on");
        assert_eq!(ticket.progress().done, 2);
        let anew = run_own(&store, &script, None, &Ticket::new("testing")).expect("run");
        assert_eq!(told(&store, &next), told(&store, &anew));
        assert_eq!(next.faults.keys().copied().collect::<Vec<u32>>(), [4]);
        // Of another source nothing is gone on from.
        let other = Script::read("sum.js", &SOURCE.replace("sum: 0", "sum: 1")).expect("a projection");
        let other = run_own(&store, &other, Some(&next), &Ticket::new("testing")).expect("run");
        assert_eq!(other.read, 7);
    }

    #[test]
    fn what_fails_at_its_first_event_stands_as_it_begins_and_goes_on_from_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = NativeStore::create(&folder.path().join("events.db")).expect("a store");
        let script = Script::read("sum.js", SOURCE).expect("a projection");
        let alone = |store: &NativeStore| {
            let mut fold = Fold::new(ScriptProjection::of(&script).expect("a state a stream"));
            let visited = store.visit_events(&Query::stream("a-1".into()), &mut |row| {
                fold.push(row);
                Flow::Continue(())
            });
            visited.expect("read");
            // As it was kept half way, too.
            let kept = fold.to_snapshot().expect("kept");
            let again = Fold::resume(ScriptProjection::of(&script).expect("the same"), Version(0), &kept);
            assert_eq!(again.expect("read").show(), fold.show());
            fold.show().to_string()
        };
        add(&mut store, "a-1", "broken", 1);
        let first = run_own(&store, &script, None, &Ticket::new("testing")).expect("run");
        assert_eq!((state(&store, &first, 0), first.failed.len()), (Some(r#"{"sum":0}"#.to_owned()), 1));
        assert_eq!(alone(&store), r#"{"sum":0}"#);
        add(&mut store, "a-1", "added", 2);
        let next = run_own(&store, &script, Some(&first), &Ticket::new("testing")).expect("gone on");
        assert_eq!(state(&store, &next, 0).as_deref(), Some(r#"{"sum":2}"#));
        assert_eq!(alone(&store), r#"{"sum":2}"#);
    }
    #[test]
    fn a_transform_that_fails_on_one_state_leaves_the_others_theirs_and_another_event_may_mend_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = NativeStore::create(&folder.path().join("events.db")).expect("a store");
        let source =
            format!("{SOURCE}.transformBy(s => {{ if (s.sum == 1) s.none.there; return {{ twice: s.sum * 2 }} }})");
        let script = Script::read("sum.js", &source).expect("a projection");
        let results = |store: &NativeStore, run: &OwnRun| -> Vec<(Option<String>, bool)> {
            let rows = run.partitions.rows.iter().enumerate();
            let result = |place| run.partitions.result(store, place).expect("readable").map(Into::into);
            rows.map(|(place, row)| (result(place), row.failed.is_some())).collect()
        };
        add(&mut store, "a-1", "added", 1);
        add(&mut store, "a-2", "added", 4);
        let first = run_own(&store, &script, None, &Ticket::new("testing")).expect("the rest go on");
        let eight = (Some(r#"{"twice":8}"#.to_owned()), false);
        assert_eq!(results(&store, &first), [(None, true), eight.clone()]);
        let fault = first.partitions.rows[0].failed.as_ref().expect("it failed");
        assert_eq!((fault.stream.as_str(), fault.version, fault.event_type.as_str()), ("a-1", Version(0), "added"));
        assert_eq!(state(&store, &first, 0).as_deref(), Some(r#"{"sum":1}"#), "the state is as its events left it");
        add(&mut store, "a-1", "added", 2);
        let next = run_own(&store, &script, Some(&first), &Ticket::new("testing")).expect("gone on");
        assert_eq!(results(&store, &next), [(Some(r#"{"twice":6}"#.to_owned()), false), eight]);
        assert_eq!(
            told(&store, &next),
            told(&store, &run_own(&store, &script, None, &Ticket::new("testing")).expect("run"))
        );
        // What a handler failed on stays.
        add(&mut store, "a-1", "broken", 3);
        let broken = run_own(&store, &script, Some(&next), &Ticket::new("testing")).expect("gone on");
        assert_eq!(broken.partitions.rows[0].failed.as_ref().map(|fault| fault.version), Some(Version(2)));
    }

    #[test]
    fn transforms_that_never_end_are_given_up_as_handlers_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = NativeStore::create(&folder.path().join("events.db")).expect("a store");
        let source = format!("{SOURCE}.transformBy(s => {{ for (;;); }})");
        let script = Script::read("sum.js", &source).expect("a projection");
        for number in 1..=20 {
            add(&mut store, &format!("a-{number}"), "added", number);
        }
        let run = run_own(&store, &script, None, &Ticket::new("testing")).expect("ended");
        let faults = run.partitions.rows.iter().filter_map(|row| row.failed.as_ref()).map(|failed| &failed.fault);
        let (given_up, ended): (Vec<_>, Vec<_>) = faults.partition(|fault| fault.is_not_run());
        assert_eq!((ended.len(), given_up.len(), run.partitions.is_given_up()), (8, 12, true));
        let at = given_up.first().map(ToString::to_string).unwrap_or_default();
        assert!(at.contains("given up at a-8 v0 (added); functions ended by then"), "{at}");
    }
}
