//! A user's own projection over a whole store, for whoever works on it: its partitions, which line failed on which event,
//! what it logged, and how long all that took.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::partitions::{FaultAt, Partitions, partitions};
use super::{EngineError, Ticket};
use crate::event::{StreamId, Version};
use crate::index::StoreMoment;
use crate::script::Script;
use crate::store::{Flow, Store};

/// So many lines that it logged are kept.
const MOST_LOGGED: usize = 10_000;

/// What came of a projection.
#[derive(Debug)]
pub struct OwnRun {
    pub partitions: Partitions,
    /// The places of the partitions on which it failed.
    pub failed: Vec<usize>,
    /// What went wrong, by the line of the source; nought where no line is known.
    pub faults: BTreeMap<u32, LineFault>,
    /// The first lines that it logged, in the store's order.
    pub logged: Vec<Logged>,
    /// How many it logged in all.
    pub logs: u64,
    /// How many events and links it would have written.
    pub emitted: u64,
    /// How many events were read.
    pub read: u64,
    pub took: Duration,
    /// What all states and results take as text.
    pub bytes: usize,
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
    /// What it logged at an event.
    pub fn logged_at<'r>(&'r self, stream: &'r StreamId, version: Version) -> impl Iterator<Item = &'r str> {
        let of_event = self.logged.iter().filter(move |logged| logged.version == version && logged.stream == *stream);
        of_event.map(|logged| logged.text.as_str())
    }
}

/// Runs a projection over the whole store.
pub fn run_own(reader: &dyn Store, script: &Script, ticket: &Ticket) -> Result<OwnRun, EngineError> {
    let began = Instant::now();
    if reader.capabilities().has_kept_counts {
        ticket.set_total(reader.info()?.events);
    }
    let (mut logged, mut logs, mut emitted, mut read) = (Vec::new(), 0, 0, 0);
    let found = partitions(
        reader,
        script,
        StoreMoment::Latest,
        &mut |row, told| {
            logs += told.logs.len() as u64;
            emitted += told.emitted.len() as u64;
            let room = MOST_LOGGED.saturating_sub(logged.len());
            let of_event = told.logs.into_iter().take(room);
            logged.extend(of_event.map(|text| Logged { stream: row.stream.clone(), version: row.version, text }));
            Flow::Continue(())
        },
        &mut |count| {
            read = count;
            ticket.reached(count)
        },
    )?;
    let mut run = OwnRun {
        failed: Vec::new(),
        faults: BTreeMap::new(),
        logged,
        logs,
        emitted,
        read,
        took: began.elapsed(),
        bytes: 0,
        partitions: found,
    };
    run.sum_up();
    Ok(run)
}

impl OwnRun {
    fn sum_up(&mut self) {
        let length = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        for (place, row) in self.partitions.rows.iter().enumerate() {
            self.bytes += row.partition.len() + length(&row.state) + length(&row.result);
            if let Some(fault) = &row.failed {
                self.failed.push(place);
                note(&mut self.faults, fault);
            }
        }
        self.partitions.strays.iter().for_each(|fault| note(&mut self.faults, fault));
    }
}

fn note(faults: &mut BTreeMap<u32, LineFault>, fault: &FaultAt) {
    let line = fault.fault.place.map_or(0, |place| place.line);
    let known = faults.entry(line).or_insert_with(|| LineFault { first: fault.clone(), partitions: 0 });
    known.partitions += 1;
}

/// The places of the partitions that have this text in their names, of those only on which it failed.
pub fn partitions_like(run: &OwnRun, text: &str, only_failed: bool, ticket: &Ticket) -> Vec<usize> {
    let text = text.trim().to_lowercase();
    let rows = &run.partitions.rows;
    let is_like = |place: &usize| {
        !ticket.is_cancelled()
            && rows.get(*place).is_some_and(|row| text.is_empty() || row.partition.to_lowercase().contains(&text))
    };
    if only_failed {
        run.failed.iter().copied().filter(is_like).collect()
    } else {
        (0..rows.len()).filter(is_like).collect()
    }
}
