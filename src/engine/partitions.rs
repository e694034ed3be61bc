//! A user's own projection over a whole store: every partition that it makes, in the store's order.

use std::collections::HashMap;

use super::EngineError;
use super::as_of::{end_at, unless_replaced};
use crate::event::{Cursor, EventId, EventRow, EventType, StreamId, Timestamp, Version};
use crate::index::StoreMoment;
use crate::projection::Fault;
use crate::script::{Definition, Given, Output, Partition, Running, Script};
use crate::store::{Flow, Query, Store, StoreError};

/// What a projection made of a store.
#[derive(Debug)]
pub struct Partitions {
    /// In the order in which they began.
    pub rows: Vec<PartitionRow>,
    /// Events of which it could not be told to which partition they belong, the first few.
    pub strays: Vec<FaultAt>,
    /// What it asked for that is no part of the events.
    pub impure: Option<String>,
    pub events: u64,
    pub read_to: Cursor,
}

/// One state of a projection.
#[derive(Clone, Debug)]
pub struct PartitionRow {
    pub partition: Box<str>,
    /// JSON; `None` is a state that is nothing.
    pub state: Option<Box<str>>,
    /// What its transforms and filters make of the state.
    pub result: Option<Box<str>>,
    /// The first event that it failed on. The fold went on behind it, with the state as it was.
    pub failed: Option<FaultAt>,
    pub events: u64,
    has_begun: bool,
}

/// A fault, and the event at which it arose.
#[derive(Clone, Debug)]
pub struct FaultAt {
    pub fault: Fault,
    pub stream: StreamId,
    pub version: Version,
    pub event_type: EventType,
}

/// So many stray events are named.
const MOST_STRAYS: usize = 20;

/// After so many events of one partition its state is kept as text, so that no more need be folded again after a fault.
const MOST_UNKEPT: usize = 64;

/// Folds the whole store. What is emitted and logged is handed to `output` with its event, and kept nowhere.
pub fn partitions(
    reader: &dyn Store,
    script: &Script,
    at: StoreMoment,
    output: &mut dyn FnMut(&EventRow<'_>, Output) -> Flow,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Partitions, EngineError> {
    let end = end_at(reader, at)?;
    let mut run = Run::begin(script)?;
    let mut outcome = Ok(());
    let mut seen = 0;
    let is_empty = reader.capabilities().has_feed && end.place().is_none();
    if !is_empty {
        reader.visit_events(&Query::positions(None, end.position()), &mut |row| {
            seen += 1;
            let counts = at.until().is_none_or(|until| row.recorded_at.is_none_or(|at| at <= until));
            if counts {
                outcome = run.take(row, output);
            }
            if outcome.is_err() || progress(seen).is_break() { Flow::Break(()) } else { Flow::Continue(()) }
        })?;
    }
    outcome?;
    unless_replaced(reader, &end)?;
    Ok(run.finish(end)?)
}

struct Run<'s> {
    definition: &'s Definition,
    running: Running,
    rows: Vec<PartitionRow>,
    places: HashMap<Box<str>, usize>,
    /// The partition whose state lies in the runtime.
    lying: Option<usize>,
    /// The events that it took since its state was kept as text.
    unkept: Vec<Owned>,
    shared: Option<Shared>,
    strays: Vec<FaultAt>,
    impure: Option<String>,
    events: u64,
}

/// The state that all partitions have between them, as text; `None` is a state that is nothing.
struct Shared(Option<Box<str>>);

/// An event that may have to be folded once more.
struct Owned {
    stream: StreamId,
    version: Version,
    event_type: EventType,
    id: EventId,
    recorded_at: Option<Timestamp>,
    body: Option<String>,
    metadata: Option<String>,
}

impl Owned {
    fn of(row: &EventRow<'_>) -> Self {
        let metadata = std::str::from_utf8(row.metadata).ok().filter(|text| !text.is_empty());
        Self {
            stream: row.stream.clone(),
            version: row.version,
            event_type: row.event_type.clone(),
            id: row.id.clone(),
            recorded_at: row.recorded_at,
            body: String::from_utf8(row.body().into_owned()).ok(),
            metadata: metadata.map(str::to_owned),
        }
    }

    fn given<'e>(&'e self, id: &'e str) -> Given<'e> {
        Given {
            stream: self.stream.as_str(),
            category: self.stream.category(),
            version: self.version.0,
            event_type: self.event_type.as_str(),
            id,
            recorded_at: self.recorded_at,
            body: self.body.as_deref(),
            metadata: self.metadata.as_deref(),
        }
    }

    fn fault(&self, fault: Fault) -> FaultAt {
        let Self { stream, version, event_type, .. } = self;
        FaultAt { fault, stream: stream.clone(), version: *version, event_type: event_type.clone() }
    }
}

/// A stream that was deleted says so by an event of this type.
const STREAM_DELETED: &str = "$streamDeleted";

impl<'s> Run<'s> {
    fn begin(script: &'s Script) -> Result<Self, Fault> {
        Ok(Self {
            definition: script.definition(),
            running: script.run()?,
            rows: Vec::new(),
            places: HashMap::new(),
            lying: None,
            unkept: Vec::new(),
            shared: None,
            strays: Vec::new(),
            impure: None,
            events: 0,
        })
    }

    fn take(
        &mut self,
        row: &EventRow<'_>,
        output: &mut dyn FnMut(&EventRow<'_>, Output) -> Flow,
    ) -> Result<(), EngineError> {
        let is_deletion = self.definition.handles_deleted && row.event_type.as_str() == STREAM_DELETED;
        let event_type = row.event_type.as_str();
        if !is_deletion && !self.definition.takes(row.stream.as_str(), row.stream.category(), event_type) {
            return Ok(());
        }
        let event = Owned::of(row);
        if !is_deletion && event.body.as_deref().is_none_or(|body| body.trim().is_empty()) {
            return Ok(());
        }
        let id = event.id.to_string();
        let given = event.given(&id);
        let partition: Box<str> = match self.definition.partition {
            Partition::One => "".into(),
            Partition::Stream => event.stream.as_str().into(),
            Partition::Function => match self.running.partition(&given) {
                Ok(Some(partition)) => partition.into(),
                Ok(None) => return Ok(()),
                Err(fault) => {
                    if self.strays.len() < MOST_STRAYS {
                        self.strays.push(event.fault(fault));
                    }
                    return Ok(());
                }
            },
        };
        let (place, is_new) = self.place_of(partition);
        self.lay(place)?;
        self.events += 1;
        let partition = &self.rows[place].partition;
        let mut handled = Ok(());
        if is_new && self.definition.has_created {
            handled = self.running.created(&given, partition);
        }
        let has_output = handled.and_then(|()| {
            if is_deletion {
                self.running.deleted(partition).map(|()| false)
            } else {
                self.running.handle(&given, partition)
            }
        });
        self.rows[place].events += 1;
        match has_output {
            Ok(has_output) => {
                if has_output {
                    let told = self.running.take()?;
                    if let Some(asked) = &told.impure {
                        self.impure.get_or_insert_with(|| asked.clone());
                    }
                    if output(row, told).is_break() {
                        return Err(StoreError::Cancelled.into());
                    }
                }
                self.unkept.push(event);
                if self.unkept.len() >= MOST_UNKEPT || self.definition.is_bi_state {
                    self.keep()?;
                }
            }
            Err(fault) => {
                let _ = self.running.take();
                let failed = event.fault(fault);
                self.rows[place].failed.get_or_insert(failed);
                self.go_back(place)?;
            }
        }
        Ok(())
    }

    fn place_of(&mut self, partition: Box<str>) -> (usize, bool) {
        if let Some(place) = self.places.get(&partition) {
            return (*place, false);
        }
        let place = self.rows.len();
        self.places.insert(partition.clone(), place);
        self.rows.push(PartitionRow {
            partition,
            state: None,
            result: None,
            failed: None,
            events: 0,
            has_begun: false,
        });
        (place, true)
    }

    /// Puts the state of a partition into the runtime, and keeps the one that lay there.
    fn lay(&mut self, place: usize) -> Result<(), Fault> {
        if self.definition.is_bi_state && self.shared.is_none() {
            self.running.init_shared()?;
            self.shared = Some(Shared(self.running.shared()?.map(Into::into)));
        }
        if self.lying == Some(place) {
            return Ok(());
        }
        self.keep()?;
        self.lying = Some(place);
        self.put(place)
    }

    /// The state of a partition as it was kept, or as it begins.
    fn put(&self, place: usize) -> Result<(), Fault> {
        if let Some(Shared(shared)) = &self.shared {
            self.running.load_shared(shared.as_deref())?;
        }
        let row = &self.rows[place];
        if row.has_begun { self.running.load(row.state.as_deref()) } else { self.running.init() }
    }

    /// Keeps the state that lies in the runtime as text. Where it cannot be, the events since the last time are folded
    /// one by one, so that the one at fault is found.
    fn keep(&mut self) -> Result<(), Fault> {
        let Some(place) = self.lying else { return Ok(()) };
        if self.unkept.is_empty() {
            return Ok(());
        }
        match self.state() {
            Ok(state) => {
                self.set(place, state);
                self.unkept.clear();
                Ok(())
            }
            Err(_) => self.go_back(place),
        }
    }

    fn state(&self) -> Result<(Option<String>, Option<String>), Fault> {
        let shared = if self.definition.is_bi_state { self.running.shared()? } else { None };
        Ok((self.running.state()?, shared))
    }

    fn set(&mut self, place: usize, (state, shared): (Option<String>, Option<String>)) {
        let row = &mut self.rows[place];
        row.state = state.map(Into::into);
        row.has_begun = true;
        if self.definition.is_bi_state {
            self.shared = Some(Shared(shared.map(Into::into)));
        }
    }

    /// Folds what was not kept once more from the state that was, and leaves out what fails.
    fn go_back(&mut self, place: usize) -> Result<(), Fault> {
        let unkept = std::mem::take(&mut self.unkept);
        self.put(place)?;
        for event in unkept {
            let id = event.id.to_string();
            let given = event.given(&id);
            let partition = self.rows[place].partition.clone();
            let handled = self.running.handle(&given, &partition).and_then(|_| self.state());
            let _ = self.running.take();
            match handled {
                Ok(state) => self.set(place, state),
                Err(fault) => {
                    let failed = event.fault(fault);
                    self.rows[place].failed.get_or_insert(failed);
                    self.put(place)?;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, read_to: Cursor) -> Result<Partitions, Fault> {
        self.keep()?;
        let (transforms, running) = (self.definition.transforms, &self.running);
        for row in &mut self.rows {
            if !transforms {
                row.result.clone_from(&row.state);
                continue;
            }
            if let Some(Shared(shared)) = &self.shared {
                running.load_shared(shared.as_deref())?;
            }
            running.load(row.state.as_deref())?;
            row.result = running.result()?.map(Into::into);
        }
        let Self { rows, strays, impure, events, .. } = self;
        Ok(Partitions { rows, strays, impure, events, read_to })
    }
}
