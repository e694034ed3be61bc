//! The streams that events between two moments are of, as many at once as there is room for.

use super::differing::DifferWanted;
use super::load::tell_total;
use super::{EngineError, Ticket};
use crate::event::{ByNumber, EventBatch, Position, StreamId, StreamKey, Timestamp, Version};
use crate::index::{Held, OverBudget, StoreMoment};
use crate::store::{Columns, Flow, Query, Scope, Store, StoreError};

/// Up to where a stream stood at the two moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) stream: StreamId,
    /// Without one, it had not begun.
    pub(super) before: Option<Version>,
    pub(super) after: Option<Version>,
}

/// So many are gathered whatever room there is, and so often it is asked for more.
pub(super) const AT_LEAST: usize = 4_096;

/// The events between are read no more often than this, nor, where there was room for fewer than at first, a few times more. With
/// next to no room it would be some hundred times.
const MOST_TURNS: usize = 12;
const A_FEW_MORE: usize = 4;

/// Hands over every stream that stood at another version, in the order in which they were touched, and says of how many it is
/// done. Where there is no room for all, the events between are read once more for the next ones; where that would be very
/// often, it is said how much room there should be, before anything is handed over.
pub(super) fn each_touched(
    reader: &dyn Store,
    wanted: &DifferWanted,
    at_least: usize,
    ticket: &Ticket,
    take: &mut dyn FnMut(Ends) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let between = between(wanted.from, wanted.to);
    let (mut known, mut done, mut turns) = (Met::default(), 0, 0_usize);
    // Held from turn to turn: what there was room for once, there is room for again.
    let mut held = ticket.memory().hold();
    loop {
        let touched = gather(reader, wanted, &known, at_least, &mut held, ticket)?;
        turns += 1;
        let most = if turns == 1 { MOST_TURNS } else { MOST_TURNS + A_FEW_MORE };
        touched.unless_too_often(most - turns.min(most), most, &held)?;
        ticket.set_total(done + touched.streams.len() as u64);
        for (name, stood) in touched.each() {
            if ticket.reached(done).is_break() {
                return Err(StoreError::Cancelled.into());
            }
            done += 1;
            let stream = StreamId::from(name);
            let (mut before, mut after) = (of_number(stood.before), of_number(stood.after));
            if between.is_some() {
                // Of the moments, one lies before all that was read.
                let earlier = before_first(reader, &stream, stood.first)?;
                (before, after) = (before.or(earlier), after.or(earlier));
            }
            if before != after {
                take(Ends { stream, before, after })?;
            }
        }
        if !touched.is_cut {
            return Ok(());
        }
        touched.places.keys().for_each(|key| known.note(*key));
    }
}

/// Streams that were met, by their numbers.
#[derive(Debug, Default)]
struct Met {
    words: ByNumber<u32, [u64; WORDS as usize]>,
    count: usize,
}

/// Of 64 streams each.
const WORDS: u32 = 64;

impl Met {
    fn note(&mut self, StreamKey(key): StreamKey) {
        let words = self.words.entry(key / (64 * WORDS)).or_insert([0; WORDS as usize]);
        if let Some(word) = words.get_mut((key / 64 % WORDS) as usize) {
            let bit = 1 << (key % 64);
            self.count += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }

    fn contains(&self, StreamKey(key): StreamKey) -> bool {
        let word = self.words.get(&(key / (64 * WORDS))).and_then(|words| words.get((key / 64 % WORDS) as usize));
        word.is_some_and(|word| word & (1 << (key % 64)) != 0)
    }
}

/// Versions of a stream, in as little room as they need: there may be as many as the store has streams.
#[derive(Clone, Copy, Debug)]
struct VersionsMet {
    /// Of its first event that was read; [`NONE`] for the others where there is none.
    first: u64,
    before: u64,
    after: u64,
    name_ends: u32,
}

const NONE: u64 = u64::MAX;

fn of_number(version: u64) -> Option<Version> {
    (version != NONE).then_some(Version(version))
}

#[derive(Debug)]
struct Touched {
    streams: Vec<VersionsMet>,
    /// Their names behind one another: an allocation for each would take several times its letters.
    names: String,
    places: ByNumber<StreamKey, u32>,
    /// There was no room for more.
    is_cut: bool,
    /// Those for which there was none.
    left: Met,
}

impl Touched {
    fn each(&self) -> impl Iterator<Item = (&str, VersionsMet)> {
        let begins = std::iter::once(0).chain(self.streams.iter().map(|stood| stood.name_ends));
        let streams = self.streams.iter().zip(begins);
        streams.filter_map(|(stood, begin)| Some((self.names.get(begin as usize..stood.name_ends as usize)?, *stood)))
    }

    /// `None` where there is no room for another one.
    fn place_of(
        &mut self,
        key: StreamKey,
        name: &StreamId,
        first: Version,
        at_least: usize,
        held: &mut Held,
    ) -> Option<usize> {
        if let Some(place) = self.places.get(&key) {
            return Some(*place as usize);
        }
        let place = self.streams.len();
        let asks = place >= at_least && place.is_multiple_of(at_least);
        let name_ends = u32::try_from(self.names.len() + name.as_str().len()).ok();
        self.is_cut |= name_ends.is_none() || (asks && held.resize(self.bytes().max(held.bytes())).is_err());
        if self.is_cut {
            self.left.note(key);
        }
        let name_ends = name_ends.filter(|_| !self.is_cut)?;
        self.names.push_str(name.as_str());
        self.streams.push(VersionsMet { first: first.0, before: NONE, after: NONE, name_ends });
        self.places.insert(key, place as u32);
        Some(place)
    }

    fn bytes(&self) -> u64 {
        // Of eight places of a map, seven are used before it grows.
        let map = self.places.capacity() * 8 / 7 * (size_of::<(StreamKey, u32)>() + 1);
        let streams = self.streams.capacity() * size_of::<VersionsMet>();
        (map + streams + self.names.capacity()) as u64
    }

    /// Those for which there was no room come in so many more turns of so many in all, if they are as many at a time as these.
    fn unless_too_often(&self, more: usize, of: usize, held: &Held) -> Result<(), OverBudget> {
        let (left, now) = (self.left.count, self.streams.len().max(1));
        if left.div_ceil(now) <= more {
            return Ok(());
        }
        // Twice as much as these have, since lists grow by their length.
        let at_once = (left + now).div_ceil(of) as u64;
        let wanted = 2 * self.bytes().saturating_mul(at_once) / now as u64;
        let memory = held.memory();
        let others = memory.taken().saturating_sub(held.bytes());
        Err(memory.over(others.saturating_add(wanted)))
    }
}

/// The next of them, in the order in which they were touched.
fn gather(
    reader: &dyn Store,
    wanted: &DifferWanted,
    known: &Met,
    at_least: usize,
    held: &mut Held,
    ticket: &Ticket,
) -> Result<Touched, EngineError> {
    let DifferWanted { category, from, to, .. } = wanted;
    let between = between(*from, *to);
    match between {
        Some(_) => ticket.set_total(0),
        None => tell_total(reader, ticket)?,
    }
    let (lowest, highest) = between.unwrap_or_default();
    let query = match category {
        Some(name) => {
            Query { scope: Scope::Category { name: name.clone(), from: lowest, to: highest }, ..Query::store() }
        }
        None => Query::positions(lowest, highest),
    };
    let mut scan = reader.scan(&query.columns(Columns::HEADS))?;
    let (mut batch, mut seen) = (EventBatch::default(), 0);
    let (streams, names, places) = (Vec::new(), String::new(), ByNumber::default());
    let mut touched = Touched { streams, names, places, is_cut: false, left: Met::default() };
    loop {
        scan.next_batch(&mut batch)?;
        if batch.is_empty() {
            break;
        }
        seen += batch.len() as u64;
        if ticket.reached(seen).is_break() {
            return Err(StoreError::Cancelled.into());
        }
        for row in batch.rows() {
            if known.contains(row.stream_key) {
                continue;
            }
            let place = touched.place_of(row.stream_key, row.stream, row.version, at_least, held);
            let Some(place) = place else { continue };
            let Some(stood) = touched.streams.get_mut(place) else { continue };
            if counts(*from, row.position, row.recorded_at) {
                stood.before = row.version.0;
            }
            if counts(*to, row.position, row.recorded_at) {
                stood.after = row.version.0;
            }
        }
    }
    // Some are gathered whatever room there is, and what is held stays held.
    let _ = held.resize(touched.bytes().max(held.bytes()));
    Ok(touched)
}

fn counts(at: StoreMoment, position: Option<Position>, recorded_at: Option<Timestamp>) -> bool {
    match at {
        StoreMoment::Latest => true,
        StoreMoment::Position(to) => position.is_some_and(|position| position <= to),
        StoreMoment::Time(to) => recorded_at.is_some_and(|at| at <= to),
    }
}

/// The positions between the moments, where positions alone tell them apart.
#[allow(clippy::type_complexity, reason = "two bounds, as a query takes them")]
fn between(from: StoreMoment, to: StoreMoment) -> Option<(Option<Position>, Option<Position>)> {
    let position = |at| match at {
        StoreMoment::Latest => Some(None),
        StoreMoment::Position(position) => Some(Some(position)),
        StoreMoment::Time(_) => None,
    };
    let (from, to) = (position(from)?, position(to)?);
    let behind = |at: Position| Some(Position(at.0.saturating_add(1)));
    Some(match (from, to) {
        (Some(a), Some(b)) => (behind(a.min(b)), Some(a.max(b))),
        (Some(one), None) | (None, Some(one)) => (behind(one), None),
        // The same moment twice: nothing lies between.
        (None, None) => (Some(Position(u64::MAX >> 1)), None),
    })
}

/// Where a stream stood before the first of its events that were read.
fn before_first(reader: &dyn Store, stream: &StreamId, first: u64) -> Result<Option<Version>, StoreError> {
    let Some(last) = first.checked_sub(1) else { return Ok(None) };
    let mut stood = None;
    let query = Query::stream(stream.clone()).between(None, Some(Version(last)));
    reader.visit_events(&query.backward().limit(1).columns(Columns::HEADS), &mut |row| {
        stood = Some(row.version);
        Flow::Break(())
    })?;
    Ok(stood)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::small_store::{five_leads, leads_called};
    use crate::index::{Budget, Memory};

    #[test]
    fn streams_are_met_once_whatever_their_numbers_are() {
        let mut met = Met::default();
        let keys = [0, 63, 64, 4_095, 4_096, 70_001, u32::MAX].map(StreamKey);
        for (nth, key) in keys.into_iter().enumerate() {
            assert!(!met.contains(key), "{key:?}");
            met.note(key);
            assert!(keys.iter().take(nth + 1).all(|key| met.contains(*key)));
        }
        assert!(![1, 62, 65, 4_097, u32::MAX - 1].map(StreamKey).iter().any(|key| met.contains(*key)));
    }

    /// However little room there is, the same streams come in the same order, a few at a time; what they take is asked for.
    #[test]
    fn streams_for_which_there_is_no_room_come_behind_the_others() {
        let (_folder, engine) = five_leads();
        let moments = [
            (StoreMoment::Position(Position(0)), StoreMoment::Latest),
            (StoreMoment::Latest, StoreMoment::Position(Position(0))),
            (StoreMoment::Time(Timestamp::from_micros(i64::MIN)), StoreMoment::Latest),
        ];
        for (from, to) in moments {
            let wanted = DifferWanted { from, to, ..DifferWanted::default() };
            let found = engine.ask("testing", move |reader, _| {
                let within = |bytes: u64, at_least: usize| {
                    let memory = Memory::new(Budget { bytes });
                    let (ticket, mut all, mut most) = (Ticket::within("testing", &memory), Vec::new(), 0);
                    each_touched(reader, &wanted, at_least, &ticket, &mut |ends| {
                        most = most.max(memory.taken());
                        all.push(ends);
                        Ok(())
                    })?;
                    Ok::<_, EngineError>((all, most, memory.taken()))
                };
                Ok::<_, EngineError>((within(1 << 20, 1)?, within(0, 1)?, within(0, 2)?))
            });
            let (roomy, ones, twos) = found.wait().expect("answered").expect("read");
            assert_eq!(roomy.0.len(), 5, "{from:?} to {to:?}");
            assert!(roomy.1 >= 5 * size_of::<VersionsMet>() as u64, "what is gathered is asked for: {}", roomy.1);
            assert_eq!((roomy.2, ones.1, twos.1), (0, 0, 0), "and given back");
            assert_eq!((&ones.0, &twos.0), (&roomy.0, &roomy.0), "{from:?} to {to:?}");
        }
    }

    /// The events between would be read once for each few of very many streams.
    #[test]
    fn very_many_turns_are_not_taken_and_the_room_that_is_named_is_enough() {
        const LEADS: i64 = 100;
        let (_folder, engine) = leads_called(LEADS, |number| format!("lead-{number}"));
        let found = engine.ask("testing", |reader, _| {
            let wanted = DifferWanted { from: StoreMoment::Position(Position(0)), ..DifferWanted::default() };
            let within = |bytes: u64, at_least: usize| {
                let memory = Memory::new(Budget { bytes });
                let (ticket, mut all, mut turns) = (Ticket::within("testing", &memory), Vec::new(), 0);
                let mut total = 0;
                let told = each_touched(reader, &wanted, at_least, &ticket, &mut |ends| {
                    turns += usize::from(std::mem::replace(&mut total, ticket.progress().total) != total);
                    all.push(ends);
                    Ok(())
                });
                assert_eq!(memory.taken(), 0);
                (told, all, turns)
            };
            let (told, all, turns) = within(1 << 20, 1);
            told?;
            assert_eq!((all.len() as i64, turns), (LEADS, 1));
            let (told, some, turns) = within(0, 9);
            told?;
            assert_eq!((some == all, turns), (true, MOST_TURNS), "a dozen turns are taken");
            let (told, none, _) = within(0, 8);
            let Err(EngineError::OverBudget(over)) = told else { panic!("{told:?}") };
            assert!(none.is_empty(), "it is said before anything is handed over");
            let (told, some, turns) = within(over.bytes, 8);
            told?;
            assert!(some == all && turns <= MOST_TURNS, "{turns} turns in {} bytes", over.bytes);
            Ok::<_, EngineError>(())
        });
        found.wait().expect("answered").expect("read");
    }
}
