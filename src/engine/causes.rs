//! What led to an event and what it led to, across streams.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::{EngineError, each_batch};
use crate::event::{EventId, EventRow, Head, LinkKind, Links, RecordedEvent, StreamId, Version, actor_in};
use crate::store::{Columns, Flow, LINKS_AT_ONCE, Query, Store, StoreError};

/// More events are not gathered: nobody follows as many, and a correlation may be the whole store's.
pub const CAUSES_KEPT: usize = 10_000;

/// Of what only belongs to the same: the chain is to find room in any case.
const GROUP_KEPT: usize = CAUSES_KEPT / 2;

/// Of what led to an event, until it is known how much room its effects take.
const ANCESTORS_KEPT: usize = CAUSES_KEPT / 2;

/// Causes that led to nothing yet are remembered by a number each, up to so many: a second reading is spared then.
const REMEMBERED: usize = 1 << 21;

/// An event among those that led to it or that it led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedEvent {
    pub stream: StreamId,
    pub head: Head,
    pub actor: Option<String>,
    /// What it names as its cause, whether that is there or not.
    pub cause: Option<EventId>,
    /// The place of its cause among the events.
    pub caused_by: Option<usize>,
    /// It led to the event that was asked about, or follows from it.
    pub is_on_chain: bool,
}

/// An event with its causes and effects, in the order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Causes {
    pub events: Vec<LinkedEvent>,
    /// The place of the event that was asked about.
    pub asked: usize,
    /// The place of what it all began with.
    pub root: usize,
    /// What the events belong to.
    pub correlation: Option<EventId>,
    /// Causes that are named and are not in the store.
    pub missing: Vec<EventId>,
    /// The way back to the beginning came to an event it had passed, or to one that names itself.
    pub is_circle: bool,
    /// There are more than are kept.
    pub is_cut: bool,
}

impl Causes {
    /// The chain alone: what led to the event, the event, and what it led to.
    pub fn on_chain(&self) -> impl Iterator<Item = &LinkedEvent> {
        self.events.iter().filter(|event| event.is_on_chain)
    }

    pub fn asked(&self) -> Option<&LinkedEvent> {
        self.events.get(self.asked)
    }

    /// What an event led to, by their places.
    pub fn effects(&self, of: usize) -> impl Iterator<Item = (usize, &LinkedEvent)> {
        self.events.iter().enumerate().filter(move |(_, event)| event.caused_by == Some(of))
    }
}

/// How much is wanted around an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// What led to it, and what it led to.
    Chain,
    /// Also all that has the same beginning or belongs to the same.
    Everything,
}

/// The event that somebody means: an id, or `STREAM@VERSION`.
pub fn event_meant(reader: &dyn Store, text: &str) -> Result<RecordedEvent, EngineError> {
    let text = text.trim();
    for id in [EventId::new(text), EventId::meant_by(text)] {
        if let Some(event) = reader.event_by_id(&id)? {
            return Ok(event);
        }
    }
    if let Some((stream, version)) = text.rsplit_once('@')
        && let Ok(version) = version.parse()
        && let stream = StreamId::from(stream)
        && let Some(row) = reader.stream(&stream)?
    {
        let version = Version(version);
        return reader.event_at(&stream, version)?.ok_or(EngineError::NoVersion {
            stream,
            asked: version,
            first: row.first_version,
            last: row.last_version,
        });
    }
    // What only led to something: a command, or an event of another store.
    let mut names = None;
    if reader.capabilities().finds_by_link {
        for by in [LinkKind::Causation, LinkKind::Correlation] {
            let query = Query::linked(by, vec![EventId::meant_by(text)]).limit(1).columns(Columns::HEADS);
            reader.visit_events(&query, &mut |row| {
                names = names.take().or_else(|| Some(row.id.to_string()));
                Flow::Break(())
            })?;
        }
    }
    Err(EngineError::NoEvent { asked: text.to_owned(), names })
}

/// Finds what led to an event and what it led to. `progress` is told how many events were looked at, and may stop.
pub fn causes(
    reader: &dyn Store,
    asked: &RecordedEvent,
    around: Around,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Causes, EngineError> {
    let mut web = Web::default();
    web.take(&asked.as_row());
    let is_circle = web.ascend(reader, progress)?;
    let root = web.nodes.len() - 1;
    if around == Around::Everything {
        web.correlation = web.nodes.iter().find_map(|node| node.links.correlation.clone());
        web.follow_all();
        web.find_followed(reader, progress)?;
    }
    if around == Around::Chain || web.has_no_room {
        // First what was asked for itself led to, then what led to it, and the rest where there is room.
        let correlation = web.back_to(root + 1);
        web.follow(0);
        web.find_followed(reader, progress)?;
        web.fill(reader, progress)?;
        if around == Around::Everything && !web.has_no_room {
            (web.correlation, web.followed) = (correlation.clone(), 0);
            web.follow_all();
            web.find_followed(reader, progress)?;
        }
        web.correlation = correlation;
    } else {
        web.fill(reader, progress)?;
    }
    let missing = web.missing(reader, around, progress)?;
    Ok(web.into_causes(root, missing, is_circle))
}

struct Node {
    event: LinkedEvent,
    links: Links,
}

/// Events as they are gathered; the first is the one that was asked about.
#[derive(Default)]
struct Web {
    nodes: Vec<Node>,
    places: HashMap<EventId, usize>,
    /// Events whose effects are wanted, by id.
    wanted: HashSet<EventId>,
    /// Those of them that were not asked about yet.
    waiting: Vec<EventId>,
    /// Up to here the nodes' effects are wanted or known to be not.
    followed: usize,
    correlation: Option<EventId>,
    is_cut: bool,
    has_no_room: bool,
    /// Of what only belongs to the same, no more is taken.
    has_whole_group: bool,
    /// Where the way back was left, before it was walked to its end.
    passed_over: Option<EventId>,
}

impl Web {
    /// The same, of an effect or of what only belongs to the same.
    fn take_as(&mut self, row: &EventRow<'_>, is_effect: bool) -> bool {
        if !is_effect && self.nodes.len() >= GROUP_KEPT && !self.places.contains_key(&row.id.as_meant()) {
            (self.is_cut, self.has_whole_group) = (true, true);
            return false;
        }
        self.take(row)
    }

    /// Takes an event in, if it is not there and there is room. Says whether it is new.
    fn take(&mut self, row: &EventRow<'_>) -> bool {
        let id = row.id.as_meant();
        if self.places.contains_key(&id) {
            return false;
        }
        if self.nodes.len() >= CAUSES_KEPT {
            (self.is_cut, self.has_no_room) = (true, true);
            return false;
        }
        let links = Links::of(row.metadata);
        // What names itself begins something.
        let cause = links.causation.clone().filter(|cause| *cause != id);
        let actor = actor_in(row.metadata).map(|actor| actor.into_owned());
        let stream = row.stream.clone();
        let event = LinkedEvent { stream, head: row.head(), actor, cause, caused_by: None, is_on_chain: false };
        self.places.insert(id, self.nodes.len());
        self.nodes.push(Node { event, links });
        true
    }

    /// Lets go of all but the first so many, and of whose effects were wanted. Hands back what they belong to.
    fn back_to(&mut self, kept: usize) -> Option<EventId> {
        for node in self.nodes.drain(kept.min(self.nodes.len())..) {
            self.places.remove(&node.event.head.id.as_meant());
        }
        self.wanted.clear();
        self.waiting.clear();
        (self.followed, self.has_no_room, self.has_whole_group) = (self.nodes.len(), false, false);
        self.correlation.take()
    }

    /// All that follows from the events whose effects are wanted, and what belongs to the same.
    fn find_followed(&mut self, reader: &dyn Store, progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), EngineError> {
        if reader.capabilities().finds_by_link { self.descend(reader, progress) } else { self.walk(reader, progress) }
    }

    /// Goes back to the beginning. Says whether the way went in a circle.
    fn ascend(&mut self, reader: &dyn Store, progress: &mut dyn FnMut(u64) -> Flow) -> Result<bool, EngineError> {
        while let Some(cause) = self.nodes.last().and_then(|node| node.event.cause.clone()) {
            if self.places.contains_key(&cause) {
                return Ok(true);
            }
            if self.nodes.len() >= ANCESTORS_KEPT {
                self.passed_over = Some(cause.clone());
                return self.pass_over(reader, cause, progress);
            }
            let Some(event) = reader.event_by_id(&cause)? else { break };
            if !self.take(&event.as_row()) {
                // Its id is spelled in two ways.
                break;
            }
            told(progress(self.nodes.len() as u64))?;
        }
        Ok(self.nodes.last().is_some_and(|node| node.links.causation == Some(node.event.head.id.as_meant())))
    }

    /// Goes on to the beginning from here, and keeps that alone.
    fn pass_over(
        &mut self,
        reader: &dyn Store,
        mut next: EventId,
        progress: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<bool, EngineError> {
        let (mut first, mut is_circle) = (None, false);
        let (mut passed, mut marked, mut mark_at) = (0, next.clone(), 2_u64);
        while let Some(event) = reader.event_by_id(&next)? {
            let (cause, own) = (Links::of(&event.metadata).causation, event.id.as_meant());
            first = Some(event);
            let Some(cause) = cause else { break };
            if cause == own {
                is_circle = true;
                break;
            }
            // A circle comes back to a mark, which is set anew after twice as many steps each time.
            if self.places.contains_key(&cause) || cause == marked {
                return Ok(true);
            }
            passed += 1;
            if passed == mark_at {
                (marked, mark_at) = (cause.clone(), mark_at * 2);
            }
            next = cause;
            told(progress(self.nodes.len() as u64 + passed))?;
        }
        if let Some(first) = first {
            self.take(&first.as_row());
        }
        Ok(is_circle)
    }

    /// What was passed over on the way back, as far as there is room by now.
    fn fill(&mut self, reader: &dyn Store, progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), EngineError> {
        let mut next = self.passed_over.take();
        while let Some(cause) = next {
            if self.places.contains_key(&cause) {
                break;
            }
            let Some(event) = reader.event_by_id(&cause)? else { break };
            if !self.take(&event.as_row()) {
                break;
            }
            next = self.nodes.last().and_then(|node| node.event.cause.clone());
            told(progress(self.nodes.len() as u64))?;
        }
        Ok(())
    }

    fn follow(&mut self, place: usize) {
        let Some(node) = self.nodes.get(place) else { return };
        let id = node.event.head.id.as_meant();
        if self.wanted.insert(id.clone()) {
            self.waiting.push(id);
        }
    }

    fn follow_all(&mut self) {
        for place in self.followed..self.nodes.len() {
            self.follow(place);
        }
        self.followed = self.nodes.len();
    }

    /// By the store's index: one generation of effects after the other.
    fn descend(&mut self, reader: &dyn Store, progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), EngineError> {
        let mut correlation = self.correlation.clone();
        while !self.has_no_room {
            if !self.waiting.is_empty() {
                let rest = self.waiting.split_off(self.waiting.len().min(LINKS_AT_ONCE));
                let ids = std::mem::replace(&mut self.waiting, rest);
                self.take_linked(reader, LinkKind::Causation, ids, progress)?;
            } else if let Some(correlation) = correlation.take() {
                self.take_linked(reader, LinkKind::Correlation, vec![correlation], progress)?;
            } else {
                break;
            }
        }
        Ok(())
    }

    fn take_linked(
        &mut self,
        reader: &dyn Store,
        by: LinkKind,
        ids: Vec<EventId>,
        progress: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<(), EngineError> {
        let mut flow = Flow::Continue(());
        let query = Query::linked(by, ids).columns(Columns { payload: false, metadata: true });
        reader.visit_events(&query, &mut |row| {
            self.take_as(row, by == LinkKind::Causation);
            flow = progress(self.nodes.len() as u64);
            let is_full = self.has_no_room || by == LinkKind::Correlation && self.has_whole_group;
            if is_full { Flow::Break(()) } else { flow }
        })?;
        self.follow_all();
        told(flow)
    }

    /// Without an index: by walking through the store. An effect stands behind its cause, so that once is enough;
    /// where one did not, the walk is repeated.
    fn walk(&mut self, reader: &dyn Store, progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), EngineError> {
        let query = Query::store().columns(Columns { payload: false, metadata: true });
        let hasher = RandomState::new();
        let mut looked_at = 0;
        loop {
            let known = self.nodes.len();
            let mut passed: HashSet<u64> = HashSet::new();
            let mut count = 0;
            each_batch(
                reader,
                &query,
                &mut |so_far| {
                    count = so_far;
                    progress(looked_at + so_far)
                },
                &mut |batch| {
                    for row in batch.rows().filter(|row| !row.metadata.is_empty()) {
                        let links = Links::of(row.metadata);
                        let is_effect = links.causation.as_ref().is_some_and(|cause| self.wanted.contains(cause));
                        let is_of_group = self.correlation.is_some() && links.correlation == self.correlation;
                        if is_effect || is_of_group {
                            if self.take_as(&row, is_effect) {
                                self.follow_all();
                            }
                        } else if let Some(cause) = &links.causation
                            && passed.len() < REMEMBERED
                        {
                            passed.insert(hasher.hash_one(cause));
                        }
                    }
                    if self.has_no_room { Flow::Break(()) } else { Flow::Continue(()) }
                },
            )?;
            looked_at += count;
            let is_passed = |node: &Node| passed.contains(&hasher.hash_one(node.event.head.id.as_meant()));
            let new = self.nodes.get(known..).unwrap_or_default();
            let was_early = new.iter().any(is_passed) || (passed.len() >= REMEMBERED && !new.is_empty());
            if self.has_no_room || !was_early {
                return Ok(());
            }
        }
    }

    /// Looks for the causes that are named and were not met. One that is there is taken in, so that it can be shown where
    /// an event came from.
    fn missing(
        &mut self,
        reader: &dyn Store,
        around: Around,
        progress: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<Vec<EventId>, EngineError> {
        let (mut missing, mut known) = (Vec::new(), HashSet::new());
        for place in 0..self.nodes.len() {
            let Some(cause) = self.nodes.get(place).and_then(|node| node.event.cause.clone()) else { continue };
            if self.places.contains_key(&cause) || !known.insert(cause.clone()) {
                continue;
            }
            match reader.event_by_id(&cause)? {
                Some(event) if around == Around::Everything => {
                    self.take(&event.as_row());
                }
                Some(_) => {}
                None => missing.push(cause),
            }
            told(progress(self.nodes.len() as u64))?;
        }
        Ok(missing)
    }

    fn into_causes(mut self, root: usize, missing: Vec<EventId>, is_circle: bool) -> Causes {
        // In the order of time; what has one moment, in that of the store.
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by(|a, b| {
            let key = |at: &usize| {
                self.nodes.get(*at).map(|Node { event: LinkedEvent { head, stream, .. }, .. }| {
                    (head.recorded_at, head.position, stream, head.version)
                })
            };
            key(a).cmp(&key(b))
        });
        let mut place_of = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            if let Some(place) = place_of.get_mut(*old) {
                *place = new;
            }
        }
        let moved = |old: usize| place_of.get(old).copied().unwrap_or_default();
        let places = &self.places;
        for node in &mut self.nodes {
            let cause = node.event.cause.as_ref().and_then(|cause| places.get(cause));
            node.event.caused_by = cause.map(|old| moved(*old));
        }
        let correlation = self.nodes.iter().find_map(|node| node.links.correlation.clone());
        let mut sorted: Vec<(usize, LinkedEvent)> =
            self.nodes.into_iter().enumerate().map(|(old, node)| (moved(old), node.event)).collect();
        sorted.sort_by_key(|(place, _)| *place);
        let mut events: Vec<LinkedEvent> = sorted.into_iter().map(|(_, event)| event).collect();
        let asked = moved(0);
        light(&mut events, asked);
        let root = moved(root);
        // Also where what lies between them is left out.
        if let Some(root) = events.get_mut(root) {
            root.is_on_chain = true;
        }
        Causes { events, asked, root, correlation, missing, is_circle, is_cut: self.is_cut }
    }
}

fn told(flow: Flow) -> Result<(), EngineError> {
    if flow.is_break() { Err(StoreError::Cancelled.into()) } else { Ok(()) }
}

/// Marks the chain through an event: what led to it, and what follows from it.
pub fn light(events: &mut [LinkedEvent], through: usize) {
    let mut on_chain = vec![false; events.len()];
    let mut effects: Vec<Vec<usize>> = vec![Vec::new(); events.len()];
    for (place, event) in events.iter().enumerate() {
        if let Some(effects) = event.caused_by.and_then(|cause| effects.get_mut(cause)) {
            effects.push(place);
        }
    }
    let mut mark = |place: usize| match on_chain.get_mut(place) {
        Some(is_on) => !std::mem::replace(is_on, true),
        None => false,
    };
    let mut waiting = vec![through];
    while let Some(place) = waiting.pop() {
        if mark(place) {
            waiting.extend(effects.get(place).into_iter().flatten());
        }
    }
    let mut before = events.get(through).and_then(|event| event.caused_by);
    while let Some(place) = before.filter(|place| mark(*place)) {
        before = events.get(place).and_then(|event| event.caused_by);
    }
    for (event, is_on) in events.iter_mut().zip(on_chain) {
        event.is_on_chain = is_on;
    }
}
