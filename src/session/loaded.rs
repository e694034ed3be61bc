use super::open_store::Opener;
use super::trouble::Trouble;
use super::{Described, TimeScale, describe, load_timeline};
use crate::event::{EventRow, Metadata, StreamId};
use crate::jobs::{Job, Wake};
use crate::replay::{Index, ProjectionRef, Timeline, registry};
use crate::store::{Columns, Flow, Query};

/// A stream in memory under one projection, with who recorded each of its events.
#[derive(Debug)]
pub struct Loaded {
    pub described: Described,
    pub projection: ProjectionRef,
    pub timeline: Box<dyn Timeline>,
    pub time_scale: TimeScale,
    /// An index into the names, for each event.
    actors: Vec<u32>,
    actor_names: Vec<String>,
}

impl Loaded {
    pub fn actor(&self, index: Index) -> &str {
        let name = self.actors.get(index).and_then(|actor| self.actor_names.get(*actor as usize));
        name.map_or("", String::as_str)
    }
}

/// Reads a stream under its n-th projection; under its last one, where it has not so many.
pub(super) fn load_job(stream: StreamId, number: usize, opener: Opener, wake: &Wake) -> Job<Result<Loaded, Trouble>> {
    Job::start("reading events", wake, move |ticket| {
        let reader = opener()?;
        let described = describe(reader.as_ref(), &stream)?;
        let offered = registry().of_aggregate(described.aggregate);
        let projection =
            offered.get(number).or(offered.last()).unwrap_or_else(|| registry().first(described.aggregate)).clone();
        ticket.set_total(described.row.events);
        let go_on = || if ticket.is_cancelled() { Flow::Break(()) } else { Flow::Continue(()) };
        let timeline = load_timeline(reader.as_ref(), &described, &projection, &mut |count| {
            ticket.set_done(count);
            go_on()
        })?;
        let (mut actors, mut actor_names) = (Vec::with_capacity(timeline.heads().len()), vec![String::new()]);
        let only_metadata = Query::stream(stream).columns(Columns { payload: false, metadata: true });
        reader.visit_events(&only_metadata, &mut |row: &EventRow<'_>| {
            let name = Metadata::parse(row.metadata).actor.unwrap_or_default();
            let known = actor_names.iter().position(|known| *known == name).unwrap_or_else(|| {
                actor_names.push(name);
                actor_names.len() - 1
            });
            actors.push(known as u32);
            go_on()
        })?;
        let time_scale = TimeScale::new(timeline.heads());
        Ok(Loaded { described, projection, timeline, time_scale, actors, actor_names })
    })
}
