use super::census::{FieldShape, JsonType, Seen, TypeShape};
use super::{Census, StoreMoment};
use crate::event::EventType;

/// The payloads of a type are shaped otherwise from here on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeChange {
    pub event_type: EventType,
    /// Empty where the payload itself is meant.
    pub path: Box<str>,
    pub turn: ShapeTurn,
    pub seen: Seen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeTurn {
    /// A field that no event of the type had before.
    Came,
    /// A field that no event of the type has had since.
    Gone,
    /// It is of another type than it was before.
    Became { before: JsonType, now: JsonType },
}

/// So many events without a field tell that one which has it is shaped otherwise. Fewer tell no shape.
const SETTLED: u64 = 5;

/// A field is gone when it was not there so often, and so many times as long as it mostly was not there before.
const GONE: u64 = 10;
const TIMES_AS_LONG: u64 = 8;

/// Where more fields of a type came or went, their names are data.
const MOST_OF_TYPE: usize = 32;

const MOST: usize = 10_000;

impl Census {
    /// Where the payloads of a type changed their shape, in the order in which that was met. It is told of a store that was
    /// read in its order.
    pub fn changes(&self) -> Vec<ShapeChange> {
        let mut changes: Vec<ShapeChange> = self.types().into_iter().flat_map(TypeShape::changes).collect();
        changes.sort_by_key(|change| match change.seen.moment {
            StoreMoment::Position(position) => (position.0, change.seen.at),
            StoreMoment::Time(_) | StoreMoment::Latest => (u64::MAX, change.seen.at),
        });
        changes.truncate(MOST);
        changes
    }
}

impl TypeShape {
    fn changes(&self) -> Vec<ShapeChange> {
        let change = |field: &FieldShape, turn: ShapeTurn, seen: Seen| ShapeChange {
            event_type: self.event_type.clone(),
            path: field.path.clone(),
            turn,
            seen,
        };
        let holder = |field: &FieldShape| self.fields.get(field.holder?);
        let came = |field: &&FieldShape| {
            // What came with what holds it is part of that.
            field.first_event > SETTLED && holder(field).is_none_or(|holder| holder.first_event != field.first_event)
        };
        let gone = |field: &&FieldShape| {
            let without = self.events.saturating_sub(field.last_event);
            let between = field.last_event.div_ceil(field.present.max(1));
            without >= GONE.max(TIMES_AS_LONG * between)
                && holder(field).is_none_or(|holder| holder.last_event != field.last_event)
        };
        let came = self.fields.iter().filter(came);
        let came = came.map(|field| change(field, ShapeTurn::Came, field.first_seen));
        let went = self.fields.iter().filter(gone);
        let went = went.filter_map(|field| Some(change(field, ShapeTurn::Gone, field.gone_since?)));
        let became = self.fields.iter().flat_map(|field| {
            let turns = field.turns.iter().zip(field.turns.iter().skip(1));
            // A list of several types at once is no change.
            let turns = turns.filter(|((_, before, _), (_, now, _))| before != now);
            turns.map(|((before, ..), (now, _, seen))| {
                change(field, ShapeTurn::Became { before: *before, now: *now }, *seen)
            })
        });
        let (came, went): (Vec<ShapeChange>, Vec<ShapeChange>) = (came.collect(), went.collect());
        let mut changes: Vec<ShapeChange> = became.collect();
        changes.truncate(MOST_OF_TYPE);
        if came.len().max(went.len()) <= MOST_OF_TYPE {
            changes.extend(came);
            changes.extend(went);
        }
        changes
    }
}
