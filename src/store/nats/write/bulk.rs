//! Bringing in a whole store: its events in their order, each with its id, version and time, many on their way at once.
//! Each names the message that it is to stand behind, so that what arrives is a beginning of the whole and nothing of it
//! twice, whatever is lost on the way; a second run finds that beginning and goes on from there.

use std::collections::{HashMap, VecDeque};

use super::super::layout::{LATEST, is_believed};
use super::super::message::{self, Hash, Placed};
use super::super::pull::{Pull, Want};
use super::super::seen::Seen;
use super::super::store::NatsStore;
use super::ServerTarget;
use super::carrier::Carrier;
use crate::event::{EventBatch, EventId, StreamId, Version};
use crate::store::native::chain::ROOT;
use crate::store::{AppendError, Flow, NatsError, Query, Store, StoreError, as_new, check_content};

/// What became of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BroughtIn {
    pub events: u64,
    pub streams: u64,
    /// Events that had been there already, with the same content.
    pub already_there: u64,
}

/// How many messages are read at once of what is there already.
const READ_AT_ONCE: usize = 2_048;

/// Copies the events of another store.
pub(in crate::store) fn bring_in(
    ServerTarget(into): &ServerTarget,
    from: &dyn Store,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<BroughtIn, AppendError> {
    let last = into.info()?.state.last_seq;
    let mut there = There::begin(into, last);
    let mut carrier = Carrier::behind(into, last);
    let mut chains: HashMap<StreamId, Hash> = HashMap::new();
    let mut report = BroughtIn::default();
    let mut scan = from.scan(&Query::store())?;
    let mut batch = EventBatch::default();
    loop {
        scan.next_batch(&mut batch)?;
        if batch.is_empty() {
            break;
        }
        for row in batch.rows() {
            let event = as_new(&row)?;
            check_content(row.stream, &event)?;
            check_believed(row.stream, row.version)?;
            let before = chains.get(row.stream).copied().unwrap_or(ROOT);
            let placed = Placed::behind(&before, row.stream, row.version, &event);
            match chains.get_mut(row.stream) {
                Some(hash) => *hash = placed.hash,
                None => {
                    chains.insert(row.stream.clone(), placed.hash);
                }
            }
            match there.place(&placed)? {
                Place::IsThere => report.already_there += 1,
                Place::Behind(before) => {
                    let placed = match before {
                        Some(other) => Placed::behind(&other, row.stream, row.version, &event),
                        None => placed,
                    };
                    there.note(&placed);
                    let hash = placed.hash;
                    carrier.add(row.stream.clone(), row.version, event, hash)?;
                    report.events += 1;
                }
            }
        }
        carrier.carry()?;
        if progress(report.events + report.already_there).is_break() {
            carrier.arrive()?;
            return Err(StoreError::Cancelled.into());
        }
    }
    carrier.arrive()?;
    report.streams = chains.len() as u64;
    Ok(report)
}

/// What would not be read as it is written is not brought in.
fn check_believed(stream: &StreamId, version: Version) -> Result<(), AppendError> {
    if is_believed(version, 0) {
        return Ok(());
    }
    Err(AppendError::VersionTooLarge { stream: stream.clone(), version, most: LATEST })
}

/// An event that is there already.
#[derive(Debug)]
struct Held {
    stream: String,
    /// `None` where it is not believed.
    version: Option<Version>,
    id: EventId,
    hash: Option<Hash>,
}

impl Held {
    /// With the same hash, the same was recorded of it and of all before it in its stream.
    fn is(&self, placed: &Placed<'_>) -> bool {
        self.id == placed.event.id
            && self.version == Some(placed.version)
            && self.stream == placed.stream.as_str()
            && self.hash == Some(placed.hash)
    }
}

/// Where an event of the source belongs.
enum Place {
    IsThere,
    /// Behind the event with this hash, where that is not the one before it in the source.
    Behind(Option<Hash>),
}

/// What the store holds already, beside what is brought in.
enum There<'s> {
    /// As far as they go along together, which an import that was cut short does to its end.
    Along {
        pull: Pull<'s>,
        store: &'s NatsStore,
        ready: VecDeque<Held>,
        ends: HashMap<String, (Version, Hash)>,
    },
    /// Others have recorded here too.
    Mixed {
        held: HashMap<EventId, Held>,
        ends: HashMap<String, (Version, Hash)>,
    },
    Nothing,
}

impl<'s> There<'s> {
    fn begin(store: &'s NatsStore, last: u64) -> Self {
        if last == 0 {
            return Self::Nothing;
        }
        let headers_only = store.server.layout.has_all_in_headers();
        let want = Want { from: 1, to: last, filter: None, headers_only };
        Self::Along { pull: store.pull(want), store, ready: VecDeque::new(), ends: HashMap::new() }
    }

    fn place(&mut self, placed: &Placed<'_>) -> Result<Place, AppendError> {
        if let Self::Along { pull, store, ready, ends } = self {
            if ready.is_empty() {
                read_some(store, pull, ready)?;
            }
            match ready.pop_front() {
                Some(held) if held.is(placed) => {
                    ends.insert(held.stream, (placed.version, placed.hash));
                    return Ok(Place::IsThere);
                }
                None => {
                    *self = Self::Nothing;
                    return Ok(Place::Behind(None));
                }
                Some(other) => {
                    let (mut held, mut ends) = (HashMap::new(), std::mem::take(ends));
                    ready.push_front(other);
                    loop {
                        for one in ready.drain(..) {
                            // Another program's message may say to be an event before the last one.
                            let last = ends.get(&one.stream).map(|(last, _)| *last);
                            let behind = last.map_or(Version(0), |last| Version(last.0 + 1));
                            let highest = one.version.unwrap_or(behind).max(last.unwrap_or_default());
                            ends.insert(one.stream.clone(), (highest, one.hash.unwrap_or(ROOT)));
                            held.insert(one.id.clone(), one);
                        }
                        read_some(store, pull, ready)?;
                        if ready.is_empty() {
                            break;
                        }
                    }
                    *self = Self::Mixed { held, ends };
                }
            }
        }
        match self {
            Self::Mixed { held, ends } => match held.get(&placed.event.id) {
                Some(one) if one.is(placed) => Ok(Place::IsThere),
                Some(_) => Err(AppendError::IdTaken(placed.event.id.clone())),
                None => match ends.get(placed.stream.as_str()) {
                    Some((last, _)) if placed.version <= *last => Err(AppendError::VersionTaken {
                        stream: placed.stream.clone(),
                        version: placed.version,
                        last: *last,
                    }),
                    end => Ok(Place::Behind(Some(end.map_or(ROOT, |(_, hash)| *hash)))),
                },
            },
            Self::Along { .. } | Self::Nothing => Ok(Place::Behind(None)),
        }
    }

    /// What is recorded now.
    fn note(&mut self, placed: &Placed<'_>) {
        if let Self::Mixed { ends, .. } = self {
            ends.insert(placed.stream.to_string(), (placed.version, placed.hash));
        }
    }
}

fn read_some(store: &NatsStore, pull: &mut Pull<'_>, ready: &mut VecDeque<Held>) -> Result<(), StoreError> {
    for seen in pull.some(READ_AT_ONCE).map_err(|error| store.failed(error))? {
        hold(store, &seen, ready)?;
    }
    Ok(())
}

fn hold(store: &NatsStore, seen: &Seen, ready: &mut VecDeque<Held>) -> Result<(), StoreError> {
    let stray = |flaw: message::MessageFlaw| store.failed(NatsError::Stray { sequence: seen.sequence, flaw });
    let stream =
        message::stream_of(&store.server.stream, seen.subject()).ok_or_else(|| stray(message::MessageFlaw::Subject))?;
    let headers = seen.headers().ok_or_else(|| stray(message::MessageFlaw::Missing("Foldline-Schema")))?;
    message::read_chained(headers, seen.body(), &mut |event| {
        let version = Some(event.version).filter(|version| is_believed(*version, seen.sequence));
        ready.push_back(Held { stream: stream.clone(), version, id: event.id, hash: event.hash });
    })
    .map_err(stray)
}
