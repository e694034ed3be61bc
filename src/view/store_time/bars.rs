use super::span::{self, StoreAxis, StoreSpan};
use crate::domain::Aggregate;
use crate::event::{EventType, StreamId, Timestamp};
use crate::index::{Chronicle, Counted, Edition, Facet, Lanes};
use crate::view::Clock;
use crate::view::signs::SignBook;
use crate::view::ticks::{BarLength, calendar_edges};

/// What is told apart: so many kinds, and all others.
const LANES: usize = 5;

/// The same where the bars are low, and what is found has a line of its own: each line is to be read by itself.
const FEW_LANES: usize = 3;

/// How wide a bar is at least, with the gap behind it.
const LEAST: f32 = 8.0;

/// The events of a span of a store, in bars.
#[derive(Clone, Debug)]
pub struct Bars {
    wish: Wish,
    /// How much was read when they were made.
    edition: Edition,
    is_whole: bool,
    pub span: StoreSpan,
    /// Where one bar ends and the next begins; the first and the last bar may lie only partly in the span.
    pub edges: Vec<i64>,
    pub lanes: Vec<BarLane>,
    /// How many kinds there are that have no lane of their own.
    pub other_kinds: usize,
    /// How many events the others are.
    pub others: u64,
    pub events: u64,
    counted: Counted,
    pub highest: u64,
    /// How long a bar is; `None` where each holds as many events.
    pub length: Option<BarLength>,
}

/// One kind of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarLane {
    pub name: String,
    /// In the span that is shown.
    pub events: u64,
    /// The number of its sign; of types, that which it has everywhere.
    pub sign: usize,
}

/// What bars are made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) facet: Facet,
    pub(super) axis: StoreAxis,
    pub(super) shown: Option<StoreSpan>,
    pub(super) width: u32,
    pub(super) clock: Clock,
    /// There is little room for what the hues mean.
    pub(super) is_low: bool,
}

impl Wish {
    fn is_same(&self, other: &Self) -> bool {
        let key = |wish: &Self| (wish.facet, wish.axis, wish.shown, wish.width, wish.clock.name, wish.is_low);
        key(self) == key(other)
    }
}

impl Bars {
    /// While much is coming, bars that lack little of it will do.
    pub(super) fn is_current(&self, chronicle: &Chronicle, wish: &Wish, is_loading: bool) -> bool {
        const LITTLE: usize = 64;
        let is_near = self.edition == chronicle.edition()
            || (is_loading
                && chronicle.edition().lacks(self.edition).is_some_and(|few| few < chronicle.len() / LITTLE));
        self.wish.is_same(wish) && is_near && (is_loading || self.is_whole == chronicle.is_whole())
    }

    pub(super) fn new(chronicle: &Chronicle, wish: Wish, signs: &mut SignBook) -> Option<Self> {
        let whole = span::whole(chronicle, wish.axis)?;
        let span = wish.shown.unwrap_or(whole);
        let most = (wish.width as f32 / LEAST).max(1.0);
        let calendar = match wish.axis {
            StoreAxis::Time => {
                let least = span.len() as f64 / f64::from(most);
                calendar_edges(span.from, span.to, least, |at: Timestamp| (wish.clock.offset)(at))
            }
            StoreAxis::Place => None,
        };
        let (edges, length) = match calendar {
            Some((edges, length)) => (edges, Some(length)),
            None => (even(span, most as i64), None),
        };
        // What is counted is what is shown: the ends of the first and of the last bar are cut off.
        let within: Vec<i64> = edges.iter().map(|edge| (*edge).clamp(span.from, span.to)).collect();
        let most = if wish.is_low { FEW_LANES } else { LANES };
        let has_room = chronicle.kinds(wish.facet) <= most + 1;
        let lanes = Lanes::largest(chronicle, wish.facet, if has_room { most + 1 } else { most });
        let counted = chronicle.count_between(&span::edges(wish.axis, within), &lanes);
        let sums = counted.sums();
        let highest = counted.buckets().map(|bar| bar.iter().map(|count| u64::from(*count)).sum()).max().unwrap_or(0);
        let made = |(number, events): (&u32, &u64)| BarLane {
            name: chronicle.kind(wish.facet, *number).to_owned(),
            events: *events,
            sign: if wish.facet == Facet::Type { sign_of(chronicle, *number, signs) } else { *number as usize },
        };
        Some(Self {
            wish,
            edition: chronicle.edition(),
            is_whole: chronicle.is_whole(),
            span,
            edges,
            other_kinds: chronicle.kinds(wish.facet).saturating_sub(lanes.numbers.len()),
            others: sums.get(lanes.numbers.len()).copied().unwrap_or(0),
            events: sums.iter().sum(),
            lanes: lanes.numbers.iter().zip(&sums).map(made).collect(),
            counted,
            highest,
            length,
        })
    }

    pub fn axis(&self) -> StoreAxis {
        self.wish.axis
    }

    pub fn facet(&self) -> Facet {
        self.wish.facet
    }

    /// Each bar with where it begins and ends and how many events of each lane it has; those of all others are the last.
    pub fn bars(&self) -> impl Iterator<Item = (i64, i64, &[u32])> {
        let ends = self.edges.iter().skip(1);
        self.edges.iter().zip(ends).zip(self.counted.buckets()).map(|((from, to), counts)| (*from, *to, counts))
    }
}

fn even(span: StoreSpan, most: i64) -> Vec<i64> {
    let bars = most.min(span.len()).max(1);
    let edge =
        |number: i64| (i128::from(span.from) + i128::from(span.len()) * i128::from(number) / i128::from(bars)) as i64;
    (0..=bars).map(edge).collect()
}

/// An event type has one sign in the whole window.
fn sign_of(chronicle: &Chronicle, number: u32, signs: &mut SignBook) -> usize {
    let Some(first) = chronicle.first_of_type(number) else { return number as usize };
    let category = chronicle.category_of(first.stream);
    let event_type: EventType = chronicle.event_type(number);
    let begins = chronicle.first_of_category(category).unwrap_or(first);
    let stream = StreamId::from(chronicle.stream(begins.stream));
    let name = chronicle.kind(Facet::Category, category);
    let aggregate = Aggregate::of_stream(&stream, name, chronicle.kind(Facet::Type, begins.event_type));
    signs.for_types(name, aggregate, std::slice::from_ref(&event_type)).of(event_type.as_str())
}
