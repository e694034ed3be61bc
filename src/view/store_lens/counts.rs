use serde_json::Value;

use crate::engine::{Asked, Cause, CountIndex, CountStore, CountWanted, CountedSo, Engine, Question, Ticket};
use crate::event::{Timestamp, json_value};
use crate::index::{CountOf, StoreMoment};
use crate::store::Store;
use crate::view::UserError;

/// A value of a field, with how many streams have it.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueCount {
    pub value: Value,
    pub count: u64,
    /// In the order in which the values came first: it has its hue by that.
    pub number: usize,
}

/// How a field's values were spread over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CountChart {
    pub times: Vec<Timestamp>,
    /// The most frequent at the end come first; what stands behind [`LAYERS`] of them is one layer.
    pub layers: Vec<ChartLayer>,
    /// The most streams at any of the times.
    pub most: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ChartLayer {
    /// `None` for all the others.
    pub value: Option<(Value, usize)>,
    /// At each of the times.
    pub counts: Vec<u32>,
}

/// More layers than these cannot be told apart.
pub const LAYERS: usize = 6;

/// A chart has so many moments.
const SAMPLES: i64 = 160;

/// The bars and the chart: counts of a field at any moment. They are kept and moved on as the store grows, so that the
/// bars follow the cursor within a frame.
#[derive(Debug, Default)]
pub struct ValueCounts {
    wanted: Option<CountWanted>,
    index: CountIndex,
    pub asked: Asked<CountField>,
    /// Made at the last look, and for which moment and how many events.
    bars: Option<((StoreMoment, u64), Vec<ValueCount>)>,
    chart: CountChart,
}

impl ValueCounts {
    pub fn field(&self) -> Option<&str> {
        match &self.wanted.as_ref()?.of {
            CountOf::Field(field) => Some(field),
            CountOf::Type | CountOf::Actor | CountOf::Category => None,
        }
    }

    /// Counts this from now on, if it was not before.
    pub(super) fn want(
        &mut self,
        engine: &Engine,
        field: &str,
        category: Option<&String>,
        projection: Option<&String>,
    ) {
        let wanted = CountWanted {
            of: CountOf::Field(field.to_owned()),
            projection: projection.cloned(),
            category: category.cloned(),
        };
        if self.wanted.as_ref() == Some(&wanted) {
            return;
        }
        *self = Self { wanted: Some(wanted.clone()), ..Self::default() };
        let index = self.index.clone();
        self.asked.ask(engine, CountField(CountStore { index, wanted }));
    }

    /// Nothing is counted any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The store has grown: so do the counts.
    pub(super) fn follow(&mut self, engine: &Engine) {
        if self.wanted.is_some() {
            self.asked.again(engine, Cause::Store);
        }
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        let is_new = self.asked.poll(engine);
        if is_new {
            self.bars = None;
            self.chart = self.index.look(chart_of).unwrap_or_default();
        }
        is_new
    }

    /// Something can be shown.
    pub fn is_there(&self) -> bool {
        self.so_far().is_some_and(|so_far| !so_far.has_too_many_values)
    }

    /// There are names or ids where a few values were hoped for.
    pub fn has_too_many_values(&self) -> bool {
        self.so_far().is_some_and(|so_far| so_far.has_too_many_values)
    }

    fn so_far(&self) -> Option<&CountedSo> {
        self.asked.value().and_then(Option::as_ref)
    }

    /// How many streams have each value at a moment, the most frequent first.
    pub fn at(&mut self, at: StoreMoment) -> &[ValueCount] {
        let events = self.index.look(crate::index::Counting::events).unwrap_or(0);
        if self.bars.as_ref().is_none_or(|(of, _)| *of != (at, events)) {
            let mut bars = if self.is_there() { self.index.look(|counting| bars_of(counting, at)) } else { None };
            let bars = bars.take().unwrap_or_default();
            self.bars = Some(((at, events), bars));
        }
        self.bars.as_ref().map_or(&[], |(_, bars)| bars)
    }

    pub fn chart(&self) -> &CountChart {
        &self.chart
    }

    /// The place of a value in the order in which they came first.
    pub fn number_of(&self, value: &Value) -> Option<usize> {
        let (_, bars) = self.bars.as_ref()?;
        bars.iter().find(|bar| bar.value == *value).map(|bar| bar.number)
    }
}

fn value_of(text: &str) -> Value {
    json_value(text.as_bytes()).unwrap_or_else(|_| text.into())
}

fn bars_of(counting: &crate::index::Counting, at: StoreMoment) -> Vec<ValueCount> {
    let tally = counting.tally();
    let values = tally.values().zip(tally.counts(at)).enumerate();
    let bar = |(number, (text, count)): (usize, (&str, u32))| ValueCount {
        value: value_of(text),
        count: u64::from(count),
        number,
    };
    let mut bars: Vec<ValueCount> = values.map(bar).filter(|bar| bar.count > 0).collect();
    bars.sort_by(|a, b| b.count.cmp(&a.count).then(a.number.cmp(&b.number)));
    bars
}

fn chart_of(counting: &crate::index::Counting) -> CountChart {
    let tally = counting.tally();
    let Some((first, last)) = counting.histogram().extent().filter(|_| !tally.has_too_many_values()) else {
        return CountChart::default();
    };
    let span = last.micros_since(first).max(1);
    // One by one, or a span of thousands of years would not fit.
    let times: Vec<Timestamp> = (0..=SAMPLES)
        .map(|step| first.plus_micros((i128::from(span) * i128::from(step) / i128::from(SAMPLES)) as i64))
        .collect();
    let counts: Vec<Vec<u32>> = times.iter().map(|at| tally.counts(StoreMoment::Time(*at))).collect();
    let most = counts.iter().map(|counts| counts.iter().map(|count| u64::from(*count)).sum()).max().unwrap_or(0);
    let at_end = counts.last().cloned().unwrap_or_default();
    let mut numbers: Vec<usize> = (0..at_end.len()).collect();
    numbers.sort_by_key(|number| std::cmp::Reverse(at_end.get(*number).copied().unwrap_or(0)));
    let texts: Vec<&str> = tally.values().collect();
    let of = |number: usize| counts.iter().map(|counts| counts.get(number).copied().unwrap_or(0)).collect::<Vec<u32>>();
    let told = if numbers.len() > LAYERS + 1 { LAYERS } else { numbers.len() };
    let (own, others) = numbers.split_at(told);
    let mut layers: Vec<ChartLayer> = own
        .iter()
        .map(|number| {
            let value = texts.get(*number).map(|text| (value_of(text), *number));
            ChartLayer { value, counts: of(*number) }
        })
        .collect();
    if !others.is_empty() {
        let mut sums = vec![0_u32; times.len()];
        for number in others {
            for (sum, count) in sums.iter_mut().zip(of(*number)) {
                *sum = sum.saturating_add(count);
            }
        }
        layers.push(ChartLayer { value: None, counts: sums });
    }
    CountChart { times, layers, most }
}

/// Counts a field over all streams.
#[derive(Clone, Debug)]
pub struct CountField(CountStore);

impl Question for CountField {
    type Answer = Option<CountedSo>;
    type Error = UserError;
    const WHAT: &'static str = "counting events";
    const IS_LONG: bool = true;
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        Ok(self.0.answer(reader, ticket)?)
    }
}
