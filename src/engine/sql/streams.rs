//! What a query must know of all streams: each by its name, and all as they are listed.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::EngineError;
use super::super::load::each_batch;
use super::super::names::Names;
use super::super::spill::new_shelf;
use super::room::Room;
use crate::event::{ByNumber, Cursor, StreamId, StreamKey, Timestamp, Version};
use crate::index::{Held, StoreMoment};
use crate::replay::Shelf;
use crate::store::{Columns, Flow, Query, Store, StoreError, StreamQuery};

/// Every stream that had begun, with what counts of it.
#[derive(Debug)]
pub(super) struct Streams {
    rows: Vec<Packed>,
    names: Names,
    /// Where a stream's name does not tell it.
    categories: Names,
    /// Where names lie that there was no room for.
    shelf: Option<Arc<dyn Shelf>>,
    /// It is asked for more memory when it takes so much.
    weighed_at: u64,
    held: Held,
}

/// A stream without its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Those that count; none where it had not begun.
    pub(super) events: u64,
    pub(super) first_version: Version,
    pub(super) last_version: Version,
    pub(super) first_at: Option<Timestamp>,
    pub(super) last_at: Option<Timestamp>,
}

/// The same in as little room as it needs: there may be millions of them.
#[derive(Clone, Copy, Debug)]
struct Packed {
    events: u64,
    first_version: u64,
    last_version: u64,
    times: [i64; 2],
    has_times: [bool; 2],
    /// Counted from one; nought where the name tells it.
    category: u32,
}

impl Packed {
    fn of(Row { events, first_version, last_version, first_at, last_at }: Row, category: u32) -> Self {
        let times = [first_at, last_at];
        Self {
            events,
            first_version: first_version.0,
            last_version: last_version.0,
            times: times.map(|at| at.map_or(0, Timestamp::micros)),
            has_times: times.map(|at| at.is_some()),
            category,
        }
    }

    fn row(&self) -> Row {
        let Self { events, first_version, last_version, times: [first, last], has_times, category: _ } = *self;
        let [has_first, has_last] = has_times;
        Row {
            events,
            first_version: Version(first_version),
            last_version: Version(last_version),
            first_at: has_first.then(|| Timestamp::from_micros(first)),
            last_at: has_last.then(|| Timestamp::from_micros(last)),
        }
    }
}

/// So many bytes come before memory is asked for.
const BETWEEN_WEIGHTS: u64 = 1 << 15;

/// A list grows by this part of itself, and not by all of it.
const PART_TO_GROW: usize = 4;

impl Streams {
    pub(super) fn none(room: &Room) -> Self {
        Self {
            rows: Vec::new(),
            names: Names::default(),
            categories: Names::default(),
            shelf: None,
            weighed_at: 0,
            held: room.memory.hold(),
        }
    }

    pub(super) fn read(room: &Room, reader: &dyn Store) -> Result<Self, EngineError> {
        let is_whole = |end: &Cursor| !room.has_order || *end == room.end;
        let is_wanted_whole = match room.at {
            StoreMoment::Latest => true,
            StoreMoment::Position(position) => is_whole(&reader.end()?) && room.end.position() <= Some(position),
            StoreMoment::Time(_) => false,
        };
        if is_wanted_whole {
            let mut streams = Self::none(room);
            let mut failed = None;
            reader.visit_streams(&StreamQuery::default(), &mut |row| {
                let counted = Row {
                    events: row.events,
                    first_version: row.first_version,
                    last_version: row.last_version,
                    first_at: row.first_at,
                    last_at: row.last_at,
                };
                let category = (!room.names_tell_category).then_some(row.category.as_str());
                failed = streams.push(row.stream.as_str(), category, counted, room).err();
                if failed.is_some() { Flow::Break(()) } else { Flow::Continue(()) }
            })?;
            failed.map_or(Ok(()), Err)?;
            room.unless_stopped()?;
            // It may have grown between the two looks.
            if !room.has_order || is_whole(&reader.end()?) {
                return Ok(streams);
            }
        }
        Self::count(room, reader)
    }

    /// By the events that count, one after the other.
    fn count(room: &Room, reader: &dyn Store) -> Result<Self, EngineError> {
        let mut streams = Self::none(room);
        let mut places: ByNumber<StreamKey, u32> = ByNumber::default();
        // Of each stream, events behind the last that counts: they count, too, if one behind them does.
        let mut beyond: Vec<u64> = Vec::new();
        let mut beside = room.memory.hold();
        let mut failed = None;
        let query = Query::positions(None, room.end.position()).columns(Columns::HEADS);
        each_batch(reader, &query, &mut |_| room.flow(), &mut |batch| {
            for row in batch.rows() {
                let place = match places.get(&row.stream_key) {
                    Some(place) => *place as usize,
                    None => {
                        let new = Row {
                            events: 0,
                            first_version: row.version,
                            last_version: row.version,
                            first_at: row.recorded_at,
                            last_at: None,
                        };
                        failed = streams.push(row.stream.as_str(), None, new, room).err();
                        if failed.is_some() {
                            return Flow::Break(());
                        }
                        beyond.push(0);
                        let place = streams.rows.len() - 1;
                        places.insert(row.stream_key, place as u32);
                        place
                    }
                };
                let (Some(known), Some(beyond)) = (streams.rows.get_mut(place), beyond.get_mut(place)) else {
                    continue;
                };
                *beyond += 1;
                if room.at.until().is_none_or(|until| row.recorded_at.is_some_and(|at| at <= until)) {
                    let counted = Row {
                        events: known.events + std::mem::take(beyond),
                        last_version: row.version,
                        last_at: row.recorded_at,
                        ..known.row()
                    };
                    *known = Packed::of(counted, known.category);
                }
            }
            // Of eight places of a map, seven are used before it grows.
            let map = places.capacity() * 8 / 7 * (size_of::<(StreamKey, u32)>() + 1);
            failed = beside.resize((map + beyond.capacity() * size_of::<u64>()) as u64).err().map(EngineError::from);
            if failed.is_some() { Flow::Break(()) } else { Flow::Continue(()) }
        })?;
        failed.map_or(Ok(()), Err)?;
        drop((places, beyond, beside));
        if !room.names_tell_category {
            streams.read_categories(room, reader)?;
        }
        Ok(streams)
    }

    fn read_categories(&mut self, room: &Room, reader: &dyn Store) -> Result<(), EngineError> {
        let mut failed = None;
        reader.visit_streams(&StreamQuery::default(), &mut |row| {
            let noted = self.note_category(&row.stream, &row.category).and_then(|()| self.weigh(room));
            failed = noted.err();
            if failed.is_some() { Flow::Break(()) } else { room.flow() }
        })?;
        failed.map_or(Ok(()), Err)?;
        Ok(room.unless_stopped()?)
    }

    fn note_category(&mut self, stream: &StreamId, category: &str) -> Result<(), EngineError> {
        if let Some(place) = self.names.find(stream.as_str())? {
            let category = self.category_number(category)?;
            if let Some(row) = self.rows.get_mut(place) {
                row.category = category;
            }
        }
        Ok(())
    }

    fn category_number(&mut self, category: &str) -> Result<u32, StoreError> {
        let place = match self.categories.find(category)? {
            Some(place) => place,
            None => self.categories.push(category),
        };
        Ok(place as u32 + 1)
    }

    fn push(&mut self, name: &str, category: Option<&str>, row: Row, room: &Room) -> Result<(), EngineError> {
        let category = category.map_or(Ok(0), |category| self.category_number(category))?;
        if self.rows.len() == self.rows.capacity() {
            self.rows.reserve_exact((self.rows.len() / PART_TO_GROW).max(1));
        }
        self.rows.push(Packed::of(row, category));
        self.names.push(name);
        self.weigh(room)
    }

    /// Asks for what it takes. Where there is no room for names, they lie in a file.
    fn weigh(&mut self, room: &Room) -> Result<(), EngineError> {
        let bytes = self.bytes();
        if bytes < self.weighed_at {
            return Ok(());
        }
        room.unless_stopped()?;
        self.weighed_at = bytes + BETWEEN_WEIGHTS;
        let Err(over) = self.held.resize(bytes) else { return Ok(()) };
        let shelf = self.shelf.clone().or_else(new_shelf).ok_or(over)?;
        let go_on = &mut || !room.is_stopped();
        if !(self.names.lay_down(&shelf, go_on)? && self.categories.lay_down(&shelf, go_on)?) {
            return Err(StoreError::Cancelled.into());
        }
        self.shelf = Some(shelf);
        let bytes = self.bytes();
        self.weighed_at = bytes + BETWEEN_WEIGHTS;
        Ok(self.held.resize(bytes)?)
    }

    fn bytes(&self) -> u64 {
        let rows = self.rows.capacity() * size_of::<Packed>();
        rows as u64 + self.names.bytes() + self.categories.bytes()
    }

    /// How many there are, with those that had not begun.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// `None` where it had not begun.
    pub(super) fn row(&self, place: usize) -> Option<Row> {
        self.rows.get(place).filter(|row| row.events > 0).map(Packed::row)
    }

    pub(super) fn name(&self, place: usize) -> Result<Cow<'_, str>, StoreError> {
        Ok(self.names.read(place)?.unwrap_or_default())
    }

    pub(super) fn category(&self, place: usize) -> Result<Cow<'_, str>, StoreError> {
        let number = self.rows.get(place).and_then(|row| row.category.checked_sub(1));
        match number.map(|number| self.categories.read(number as usize)).transpose()?.flatten() {
            Some(category) => Ok(category),
            None => Ok(StreamId::from(&*self.name(place)?).category().to_owned().into()),
        }
    }

    /// `None` where it had not begun.
    pub(super) fn place(&self, name: &str) -> Result<Option<usize>, StoreError> {
        Ok(self.names.find(name)?.filter(|place| self.row(*place).is_some()))
    }
}
