//! Partitions at work: the runtime, the state that lies in it, and what was not kept as text yet.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use super::text::Text;
use super::touched::{EventAt, Touched};
use super::{FaultAt, PART_TO_GROW, PARTITION, PartitionRow, Partitions, Shared, TakeOutput};
use crate::engine::EngineError;
use crate::event::{EventRow, Head};
use crate::projection::Fault;
use crate::script::{Definition, Given, Kept, Partition, Running, Script};
use crate::store::{Flow, StoreError};

/// So many stray events are named.
const MOST_STRAYS: usize = 20;

/// After so many events of one partition its state is kept as text, so that no more need be folded again after a fault.
const MOST_UNKEPT: usize = 64;

pub(in crate::engine) struct Run<'p> {
    made: &'p mut Partitions,
    script: Script,
    running: Running,
    /// The partition whose state lies in the runtime.
    lying: Option<Lying>,
    /// The events that it took since its state was kept as text.
    unkept: Vec<Taken>,
    touched: Touched,
    /// Why a state could not be read back: then nothing is worth what was made since.
    torn: OnceCell<StoreError>,
}

/// Which partition it is, and what it is called.
#[derive(Clone)]
struct Lying {
    place: usize,
    name: Arc<str>,
}

/// An event that may have to be folded once more.
struct Taken {
    event: Kept,
    head: Head,
}

impl Taken {
    fn at(&self) -> EventAt {
        let Head { version, position, event_type, .. } = &self.head;
        let (stream, event_type) = (self.event.stream().clone(), event_type.clone());
        EventAt { stream, version: *version, position: *position, event_type }
    }

    fn fault(&self, fault: Fault) -> FaultAt {
        self.at().fault(fault)
    }
}

impl<'p> Run<'p> {
    pub(in crate::engine) fn begin(made: &'p mut Partitions) -> Result<Self, Fault> {
        let script = made.script.clone();
        let running = script.run_for(&made.ends)?;
        let (unkept, touched, torn) = (Vec::new(), Touched::default(), OnceCell::new());
        Ok(Self { made, script, running, lying: None, unkept, touched, torn })
    }

    fn definition(&self) -> &Definition {
        self.script.definition()
    }

    /// Asks for the memory that the partitions take by now. Costs nothing where that is hardly more than before.
    pub(in crate::engine) fn weigh(&mut self, go_on: &mut dyn FnMut() -> Flow) -> Result<(), EngineError> {
        self.made.weigh(go_on)
    }

    /// Folds an event in, and answers at which place its partition stands, if it belongs to one.
    pub(in crate::engine) fn take(
        &mut self,
        row: &EventRow<'_>,
        output: &mut TakeOutput<'_>,
    ) -> Result<Option<usize>, EngineError> {
        let taken = self.take_in(row, output);
        self.unless_torn()?;
        taken
    }

    fn unless_torn(&mut self) -> Result<(), StoreError> {
        self.torn.take().map_or(Ok(()), Err)
    }

    fn take_in(&mut self, row: &EventRow<'_>, output: &mut TakeOutput<'_>) -> Result<Option<usize>, EngineError> {
        let Some(event) = self.script.kept(row) else { return Ok(None) };
        let taken = Taken { event, head: row.head() };
        let id = self.script.id_of(&taken.head);
        let given = taken.event.given(&taken.head, &id);
        let partition = match partition_of(&self.script, &self.running, &given) {
            Ok(Some(partition)) => partition,
            Ok(None) => return Ok(None),
            Err(fault) => {
                let fault = taken.fault(fault);
                self.made.ends.gave_up_at(|| fault.ended_at());
                if self.made.strays.len() < MOST_STRAYS {
                    self.made.strays.push(fault);
                }
                return Ok(None);
            }
        };
        let place = self.place_of(&partition)?;
        self.touched.note(place);
        if self.definition().transforms {
            self.touched.note_event(place, taken.at());
        }
        self.made.events += 1;
        self.made.rows[place].events += 1;
        if let Err(fault) = self.lay(place, &partition) {
            // A state that cannot even begin.
            self.lying = None;
            let _ = self.running.take();
            self.fails(place, taken.fault(fault));
            return Ok(Some(place));
        }
        match self.hand(place, &partition, &taken.event, &given) {
            Ok(has_output) => {
                let told = if has_output { Some(self.running.take()?) } else { None };
                self.unkept.push(taken);
                if self.unkept.len() >= MOST_UNKEPT || self.definition().is_bi_state {
                    self.keep()?;
                }
                if let Some(told) = told {
                    if let Some(asked) = &told.impure {
                        self.made.impure.get_or_insert_with(|| asked.clone());
                    }
                    if output(row, told).is_break() {
                        return Err(StoreError::Cancelled.into());
                    }
                }
            }
            Err(fault) => {
                let _ = self.running.take();
                self.fails(place, taken.fault(fault));
                self.go_back(place, &partition)?;
            }
        }
        Ok(Some(place))
    }

    fn fails(&mut self, place: usize, fault: FaultAt) {
        self.made.ends.gave_up_at(|| fault.ended_at());
        let row = &self.made.rows[place];
        if row.failed.is_none() || row.is_of_result {
            self.made.change(place, |row| (row.failed, row.is_of_result) = (Some(Box::new(fault)), false));
        }
    }

    /// What the partition at a place is called.
    pub(in crate::engine) fn name(&self, place: usize) -> Result<Cow<'_, str>, StoreError> {
        match self.lying.as_ref().filter(|lying| lying.place == place) {
            Some(lying) => Ok(lying.name.as_ref().into()),
            None => Ok(self.made.name_text(place)?.unwrap_or_default()),
        }
    }

    /// How a partition stands behind the last event.
    pub(in crate::engine) fn state_of(&mut self, partition: &str) -> Result<Option<Cow<'_, str>>, EngineError> {
        self.keep()?;
        self.unless_torn()?;
        let Some(place) = self.made.place_of(partition)? else { return Ok(None) };
        Ok(self.made.state_text(place)?)
    }

    /// Lets the handlers take an event whose partition lies in the runtime. The first that succeeds is given to `$created`
    /// too.
    fn hand(&self, place: usize, partition: &str, event: &Kept, given: &Given<'_>) -> Result<bool, Fault> {
        let row = &self.made.rows[place];
        let is_first = !row.has_begun && self.unkept.is_empty();
        if is_first && self.definition().has_created {
            self.running.created(given, partition)?;
        }
        if event.is_deletion() {
            return self.running.deleted(partition).map(|()| false);
        }
        self.running.handle(given, partition)
    }

    fn place_of(&mut self, partition: &str) -> Result<usize, StoreError> {
        // Events of one partition often come behind one another.
        if let Some(lying) = self.lying.as_ref().filter(|lying| *lying.name == *partition) {
            return Ok(lying.place);
        }
        let Partitions { rows, names, bytes, .. } = &mut *self.made;
        if let Some(place) = names.find(partition)? {
            return Ok(place);
        }
        *bytes += PARTITION as u64;
        if rows.len() == rows.capacity() {
            rows.reserve_exact((rows.len() / PART_TO_GROW).max(PART_TO_GROW));
        }
        let (state, result) = (Text::Nothing, None);
        rows.push(PartitionRow { state, result, failed: None, is_of_result: false, events: 0, has_begun: false });
        Ok(names.push(partition))
    }

    /// Puts the state of a partition into the runtime, and keeps the one that lay there.
    fn lay(&mut self, place: usize, partition: &str) -> Result<(), Fault> {
        if self.definition().is_bi_state && self.made.shared.is_none() {
            self.running.init_shared()?;
            self.made.shared = Some(Shared(self.running.shared()?.map(Into::into)));
        }
        if self.lying.as_ref().is_some_and(|lying| lying.place == place) {
            return Ok(());
        }
        self.keep()?;
        self.lying = Some(Lying { place, name: partition.into() });
        self.put(place)
    }

    /// The state of a partition as it was kept, or as it begins.
    fn put(&self, place: usize) -> Result<(), Fault> {
        if let Some(Shared(shared)) = &self.made.shared {
            self.running.load_shared(shared.as_deref())?;
        }
        if !self.made.rows[place].has_begun {
            return self.running.init();
        }
        let state = self.made.state_text(place).unwrap_or_else(|torn| {
            let _ = self.torn.set(torn);
            None
        });
        self.running.load(state.as_deref())
    }

    /// Keeps the state that lies in the runtime as text. Where it cannot be, the events since the last time are folded
    /// one by one, so that the one at fault is found.
    fn keep(&mut self) -> Result<(), Fault> {
        let Some(Lying { place, name }) = self.lying.clone().filter(|_| !self.unkept.is_empty()) else { return Ok(()) };
        match self.state() {
            Ok(state) => {
                self.set(place, state);
                self.unkept.clear();
                Ok(())
            }
            Err(_) => self.go_back(place, &name),
        }
    }

    fn state(&self) -> Result<(Option<String>, Option<String>), Fault> {
        let shared = if self.definition().is_bi_state { self.running.shared()? } else { None };
        Ok((self.running.state()?, shared))
    }

    fn set(&mut self, place: usize, (state, shared): (Option<String>, Option<String>)) {
        self.made.change(place, |row| (row.state, row.has_begun) = (state.into(), true));
        if self.definition().is_bi_state {
            self.made.shared = Some(Shared(shared.map(Into::into)));
        }
    }

    /// Folds what was not kept once more from the state that was, and leaves out what fails.
    fn go_back(&mut self, place: usize, partition: &str) -> Result<(), Fault> {
        let unkept = std::mem::take(&mut self.unkept);
        self.put(place)?;
        for taken in unkept {
            let id = self.script.id_of(&taken.head);
            let given = taken.event.given(&taken.head, &id);
            let handled = self.hand(place, partition, &taken.event, &given).and_then(|_| self.state());
            let _ = self.running.take();
            match handled {
                Ok(state) => self.set(place, state),
                Err(fault) => {
                    self.fails(place, taken.fault(fault));
                    self.put(place)?;
                }
            }
        }
        if !self.made.rows[place].has_begun {
            // It took no event yet: it stands as `$init` has it, which lies in the runtime.
            let state = self.running.state().ok().flatten();
            self.made.change(place, |row| row.state = state.into());
        }
        Ok(())
    }

    /// Keeps what lies in the runtime, and makes the results of the rows that were touched, which it answers with.
    pub(in crate::engine) fn finish(mut self, go_on: &mut dyn FnMut() -> Flow) -> Result<Vec<usize>, EngineError> {
        self.keep()?;
        self.unless_torn()?;
        let transforms = self.definition().transforms;
        let Self { made, running, touched, .. } = self;
        // A state that is shared is part of every result.
        let places = match made.shared {
            Some(_) if !touched.is_empty() => (0..made.rows.len()).collect(),
            _ => touched.in_order(),
        };
        for place in places.iter().copied().filter(|_| transforms) {
            if let Some(Shared(shared)) = &made.shared {
                running.load_shared(shared.as_deref())?;
            }
            running.load(made.state_text(place)?.as_deref())?;
            // Where that fails, this one says so, and the others have theirs.
            let (result, fault) = match running.result() {
                Ok(result) => (result, None),
                Err(fault) => (None, touched.behind(place).map(|event| Box::new(event.fault(fault)))),
            };
            if let Some(fault) = &fault {
                made.ends.gave_up_at(|| fault.ended_at());
            }
            made.change(place, |row| {
                row.result = result.map(|result| Box::new(Some(result).into()));
                if row.failed.is_none() || row.is_of_result {
                    row.is_of_result = fault.is_some();
                    row.failed = fault;
                }
            });
            made.weigh(go_on)?;
        }
        made.weighed_at = 0;
        made.weigh(go_on)?;
        Ok(places)
    }
}

/// To which partition an event belongs; to none where the projection's function names none.
pub(in crate::engine) fn partition_of<'g>(
    script: &Script,
    running: &Running,
    given: &Given<'g>,
) -> Result<Option<Cow<'g, str>>, Fault> {
    Ok(match script.definition().partition {
        Partition::One => Some("".into()),
        Partition::Stream => Some(given.stream.into()),
        Partition::Function => running.partition(given)?.map(Into::into),
    })
}
