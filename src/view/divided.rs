//! The partitions of one of the user's own projections, looked at as the streams of the store: listed, scrubbed, compared
//! and counted like any others. The store with its own streams waits until somebody goes back to it.

use super::projections_lens::Offering;
use super::{Labels, Lens, OpenStore, OwnFile, UserError};
use crate::engine::{
    Asked, Away, Cause, Division, Engine, GoneOn, Partitioned, Progress, Question, Spot, StoreChange, Ticket, Tool,
};
use crate::event::{Position, StreamId, Version};
use crate::script::{Partition, Script};
use crate::store::Store;

/// A store whose partitions are looked at as streams.
pub struct Divided {
    /// The store with its own streams, as it was left.
    whole: Box<OpenStore>,
    division: Division,
    going_on: Asked<GoOn>,
    looking: Asked<LookUp>,
    standing: Asked<FindStand>,
    /// What happened to the store meanwhile.
    missed: Option<StoreChange>,
    /// Which projections became others meanwhile.
    offered: Vec<String>,
}

impl std::fmt::Debug for Divided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Divided").field("division", &self.division).finish_non_exhaustive()
    }
}

/// Divides the events of a store by the function of a projection.
#[derive(Clone, Debug)]
pub struct DivideStore(Script);

impl Question for DivideStore {
    type Answer = Partitioned;
    type Error = UserError;

    const WHAT: &'static str = "dividing events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Partitioned, UserError> {
        if let Some(events) = reader.kept_events()? {
            ticket.set_total(events);
        }
        let division = Division::new(reader, &self.0, ticket.memory(), &mut |count| ticket.reached(count))?;
        Ok(division.over(reader)?)
    }
}

/// Divides what was recorded since.
#[derive(Clone, Debug)]
pub struct GoOn(Division);

impl Question for GoOn {
    type Answer = StoreChange;
    type Error = UserError;

    const WHAT: &'static str = "dividing events";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<StoreChange, UserError> {
        let gone_on = self.0.go_on(reader, &mut |count| ticket.reached(count))?;
        Ok(match gone_on {
            GoneOn::Grew { changed, .. } => StoreChange::Grew(self.0.names(&changed)),
            GoneOn::Anew => StoreChange::Replaced,
        })
    }
}

/// Looks up what was asked while a frame was drawn.
#[derive(Clone, Debug)]
pub struct LookUp(Division);

impl Question for LookUp {
    type Answer = ();
    type Error = UserError;

    const WHAT: &'static str = "reading events";

    fn answer(self, _: &dyn Store, _: &Ticket) -> Result<(), UserError> {
        self.0.look_up();
        Ok(())
    }
}

/// Where one stands among the partitions at first.
#[derive(Clone, Debug)]
pub struct FindStand {
    division: Division,
    /// The stream that is looked at, which may be one of them.
    looked_at: Option<StreamId>,
    chosen: Option<StreamId>,
    /// The event that was looked at in the store.
    at: Option<Position>,
}

/// See [`FindStand`].
#[derive(Clone, Debug)]
pub enum Stand {
    Here,
    In(StreamId),
    At(StreamId, Version),
    Nowhere,
}

impl FindStand {
    /// Where it was, or in the partition of the event at the cursor, or else in the first.
    fn find(&self) -> Stand {
        let Self { division, looked_at, chosen, at } = self;
        let is_there = |stream: &StreamId| division.span_of(stream).is_some();
        if looked_at.as_ref().is_some_and(is_there) {
            return Stand::Here;
        }
        if let Some(chosen) = chosen.clone().filter(is_there) {
            return Stand::In(chosen);
        }
        match (at.and_then(|at| division.place_of(at)), division.first()) {
            (Some((partition, version)), _) => Stand::At(partition, version),
            (None, Some(first)) => Stand::In(first),
            (None, None) => Stand::Nowhere,
        }
    }
}

impl Question for FindStand {
    type Answer = Stand;
    type Error = UserError;

    const WHAT: &'static str = "reading events";

    fn answer(self, _: &dyn Store, _: &Ticket) -> Result<Stand, UserError> {
        Ok(self.find())
    }
}

/// In which of the store's streams an event of a partition stands.
#[derive(Clone, Debug)]
pub struct FindHome(Division, StreamId, Version);

impl Question for FindHome {
    type Answer = Option<Spot>;
    type Error = UserError;

    const WHAT: &'static str = "reading events";

    fn answer(self, _: &dyn Store, _: &Ticket) -> Result<Option<Spot>, UserError> {
        let Self(division, partition, version) = self;
        Ok(division.own_event(&partition, version))
    }
}

/// By which events are put together otherwise than by their streams, so that each partition can be told by its own events.
fn divides(script: &Script) -> bool {
    let definition = script.definition();
    definition.partition != Partition::Stream && !definition.is_bi_state
}

impl OpenStore {
    /// Of the store's own streams, whatever is looked at.
    pub(super) fn store_engine(&self) -> &Engine {
        &self.whole().engine
    }

    /// The store with its own streams.
    pub fn whole(&self) -> &Self {
        self.divided.as_ref().map_or(self, |divided| &divided.whole)
    }

    /// The projection whose partitions are looked at as streams.
    pub fn divided_by(&self) -> Option<&str> {
        self.division().map(|division| division.script().name())
    }

    pub(super) fn division(&self) -> Option<&Division> {
        self.divided.as_ref().map(|divided| &divided.division)
    }

    /// Each partition of the chosen projection is a stream here, so that its states can be gone through.
    pub fn has_streams_of_own(&self) -> bool {
        self.own.is_of_streams() || self.divided.is_some()
    }

    /// Why the partitions cannot be looked at as streams.
    pub fn dividing_error(&self) -> Option<&UserError> {
        self.dividing.error()
    }

    /// How far the events are divided, where that takes long.
    pub fn dividing_progress(&self) -> Option<Progress> {
        self.dividing.progress()
    }

    pub(super) fn dividing_tools(&self) -> impl Iterator<Item = &dyn Tool<Error = UserError>> {
        let of_divided = self.divided.iter().flat_map(|divided| -> [&dyn Tool<Error = UserError>; 3] {
            [&divided.going_on, &divided.looking, &divided.standing]
        });
        of_divided.chain([&self.dividing as &dyn Tool<Error = UserError>, &self.going_home])
    }

    /// The partitions of the chosen projection are looked at as soon as it divides the events; with another one that does
    /// not, the store's own streams are.
    fn want_division(&mut self) {
        let Some(chosen) = self.own.chosen() else { return self.undivide() };
        // One that never ran divides nothing yet.
        let Some(script) = chosen.script().cloned() else { return };
        if !divides(&script) {
            self.dividing = Asked::default();
            return self.undivide();
        }
        let is_here = self.division().is_some_and(|division| division.script().has_source_of(&script));
        let is_asked = self.dividing.question().is_some_and(|asked| asked.0.has_source_of(&script));
        if !is_here && !is_asked {
            let engine = self.store_engine().clone();
            self.dividing.ask(&engine, DivideStore(script));
        }
    }

    /// By the same projection, which is tried again.
    pub(super) fn divide_again(&mut self) {
        let Some(script) = self.division().map(|division| division.script().clone()) else { return };
        let engine = self.store_engine().clone();
        self.dividing.ask(&engine, DivideStore(script));
    }

    /// Takes what has come, and what was recorded meanwhile.
    pub(super) fn poll_division(&mut self) -> bool {
        if self.lens == Lens::Projections || self.divided.is_some() {
            self.want_division();
        }
        if let Some(divided) = &mut self.divided {
            divided.whole.lens = self.lens;
        }
        let engine = self.store_engine().clone();
        let mut is_new = self.dividing.poll(&engine);
        if let Some(made) = self.dividing.take() {
            self.take_division(made);
            is_new = true;
        }
        is_new |= self.poll_looks(&engine);
        if let Some(change) = self.poll_whole(&engine) {
            self.was_replaced |= change == StoreChange::Replaced;
            self.change_streams(&change);
            is_new = true;
        }
        is_new
    }

    /// What lies in a file is looked up behind, and that of the event at the cursor before anybody asks for it.
    fn poll_looks(&mut self, engine: &Engine) -> bool {
        let mut is_new = self.going_home.poll(engine);
        if let Some((stream, version)) = self.going_home.take().flatten()
            && self.divided.is_none()
        {
            self.stand_at(stream, version);
        }
        let here = self.view.as_ref().and_then(|view| Some((view.stream.clone(), view.version()?)));
        let Some(Divided { division, looking, standing, .. }) = &mut self.divided else { return is_new };
        let _ = here.map(|(stream, version)| division.home_at_hand(&stream, version));
        is_new |= looking.poll(engine) | standing.poll(engine);
        if division.wants_look() && !looking.is_on_its_way() {
            looking.ask(engine, LookUp(division.clone()));
        }
        let asked_at = standing.question().and_then(|asked| asked.looked_at.clone());
        if let Some(stand) = standing.take()
            // Somebody may have gone elsewhere meanwhile.
            && self.view.as_ref().map(|view| &view.stream) == asked_at.as_ref()
        {
            self.stand(stand);
        }
        is_new
    }

    /// Something that was asked while a frame was drawn is still to be looked up.
    pub(super) fn wants_look(&self) -> bool {
        let divided = self.divided.as_ref();
        divided.is_some_and(|divided| divided.division.wants_look() && !divided.looking.is_on_its_way())
    }

    /// What happened to the partitions, as soon as that is known.
    fn poll_whole(&mut self, engine: &Engine) -> Option<StoreChange> {
        self.divided.as_ref()?;
        if let Some(change) = engine.take_change() {
            self.change_whole(engine, &change);
            let divided = self.divided.as_mut()?;
            if change != StoreChange::Rewritten {
                divided.going_on.ask_because(engine, GoOn(divided.division.clone()), Cause::Store);
                divided.missed = match divided.missed.take() {
                    Some(StoreChange::Replaced) => Some(StoreChange::Replaced),
                    _ if change == StoreChange::Replaced => Some(change),
                    _ => Some(StoreChange::Somewhere),
                };
            }
        }
        let divided = self.divided.as_mut()?;
        divided.going_on.poll(engine);
        divided.going_on.take().filter(|change| !matches!(change, StoreChange::Grew(streams) if streams.is_empty()))
    }

    /// Whoever comes back finds the projections as they are by then.
    pub(super) fn note_offering(&mut self, offering: &Offering) {
        if let Some(divided) = &mut self.divided {
            divided.offered.extend(offering.names.iter().cloned());
        }
    }

    fn take_division(&mut self, made: Partitioned) {
        let division = made.division().clone();
        let chosen = self.own.chosen().and_then(OwnFile::script);
        let is_wanted = chosen.is_some_and(|script| script.has_source_of(division.script()));
        let Some(projection) = division.projection().filter(|_| is_wanted) else { return };
        let name = projection.name().to_owned();
        match &mut self.divided {
            Some(divided) => {
                divided.division.supersede();
                self.engine.take_partitions(made);
                let before = std::mem::replace(&mut divided.division, division.clone());
                if before.script().name() != name {
                    self.engine.offers().withdraw(before.script().name());
                }
                self.engine.offers().offer(&projection);
                self.change_streams(&StoreChange::Replaced);
            }
            None => {
                self.leave_own();
                let engine = self.engine.over_partitions(made);
                engine.offers().offer(&projection);
                self.go_behind_partitions(engine, division.clone());
            }
        }
        self.labels = Labels::of_partitions(&name);
        self.begin_under(&name);
        self.stand_in(&division);
    }

    /// What is worked with goes along; what is looked at begins anew.
    fn go_behind_partitions(&mut self, engine: Engine, division: Division) {
        let workspace = self.own.workspace().clone();
        let own = std::mem::replace(&mut self.own, super::ProjectionsLens::idle(workspace.clone()));
        let mut store = Self::of(engine, workspace, own);
        store.lens = self.lens;
        store.follows = self.follows;
        store.wants_survey = false;
        store.tools = std::mem::take(&mut self.tools);
        store.dividing = std::mem::take(&mut self.dividing);
        let whole = Box::new(std::mem::replace(self, store));
        let (going_on, looking, standing) = (Asked::default(), Asked::default(), Asked::default());
        let (missed, offered) = (None, Vec::new());
        self.divided = Some(Divided { whole, division, going_on, looking, standing, missed, offered });
    }

    /// In the partition that was looked at, or that of the event at the cursor, or else in the first.
    fn stand_in(&mut self, division: &Division) {
        let head = self.whole().view.as_ref().and_then(|view| view.head());
        let find = FindStand {
            division: division.clone(),
            looked_at: self.view.as_ref().map(|view| view.stream.clone()),
            chosen: self.own.partition.as_deref().map(StreamId::from),
            at: head.and_then(|head| head.position),
        };
        if division.is_at_hand() {
            return self.stand(find.find());
        }
        let engine = self.store_engine().clone();
        self.divided.iter_mut().for_each(|divided| divided.standing.ask(&engine, find.clone()));
    }

    fn stand(&mut self, stand: Stand) {
        match stand {
            Stand::Here => {}
            Stand::In(partition) => self.select(partition),
            Stand::At(partition, version) => self.go_to(partition, version),
            Stand::Nowhere => self.unselect(),
        }
    }

    /// Back to the store's own streams, at the event that was looked at.
    pub fn undivide(&mut self) {
        let Some(Divided { whole, division, missed, offered, .. }) = self.divided.take() else { return };
        let here = self.view.as_ref().and_then(|view| Some((view.stream.clone(), view.version()?)));
        let mut whole = *whole;
        std::mem::swap(&mut whole.own, &mut self.own);
        std::mem::swap(&mut whole.tools, &mut self.tools);
        whole.dividing = Asked::default();
        whole.follows = self.follows;
        whole.was_replaced |= self.was_replaced;
        let lens = self.lens;
        *self = whole;
        if let Some(missed) = missed {
            self.change_streams(&missed);
        }
        if !offered.is_empty() {
            self.take_offering(&Offering { is_new: true, names: offered, has_other_names: true });
        }
        if let Some((stream, version)) = here {
            match division.home_at_hand(&stream, version) {
                Ok(Some((stream, version))) => self.stand_at(stream, version),
                Ok(None) => {}
                Err(Away) => self.going_home.ask(&self.engine, FindHome(division, stream, version)),
            }
        }
        self.lens = lens;
        if lens.is_of_store() {
            self.time.want();
        }
    }

    fn stand_at(&mut self, stream: StreamId, version: Version) {
        self.select(stream);
        self.view.iter_mut().for_each(|view| view.start_at(crate::engine::Moment::Version(version)));
    }

    /// Where an event that is looked at was recorded, which is elsewhere where partitions are looked at. `None` also for as
    /// long as that is looked up.
    pub(super) fn home_of(&self, stream: &StreamId, version: Version) -> Option<(StreamId, Version)> {
        match self.division() {
            Some(division) => division.home_at_hand(stream, version).ok().flatten(),
            None => Some((stream.clone(), version)),
        }
    }
}
