//! Believable histories of a small business, made from a seed number: the same events, byte for byte, for the same
//! seed on every machine and in every release. The usual one tells of sales; `worlds` of a clinic, a bank, a shop and
//! sensors.
//!
//! Leads and tickets interleave in the order of time as they do in a real store, decided by the domain's own rules.
//! A small share is what real histories have too: corrections, events in old shapes, and a few that broke a rule.
//! Nothing here reads a clock.

mod business;
mod calendar;
mod first_lead;
mod going;
mod identity;
mod lead;
mod people;
mod plan;
mod random;
mod sales_words;
mod support_words;
mod thread;
mod ticket;
mod worlds;

use business::Business;
use thread::Told;
use worlds::World;
pub use worlds::{FEWEST_WITH_FINDS, SampleDomain};

use crate::domain::Breach;
use crate::event::{Explain, Message};
use crate::store::native::NativeStore;
use crate::store::{AppendError, Columns, Flow, Query, Store, StoreError};

/// The usual sample, which newcomers see first: 4,210 leads and 902 tickets.
pub const USUAL_STREAMS: u64 = 5_112;
pub const USUAL_EVENTS: u64 = 31_204;

/// About so many events has a stream where only one of the two numbers is wished.
const EVENTS_A_STREAM: u64 = 6;

/// A transaction's size. Larger ones gain nothing that can be measured and hold more of the store back.
const EVENTS_A_TRANSACTION: u64 = 50_000;

/// How often progress is told.
const STEP: u64 = 4_096;

/// More than anybody has disk for; beyond it, lengths and times would no longer fit their numbers.
const MOST_EVENTS: u64 = 1_000_000_000_000;

/// A store numbers its streams with 32 bits.
const MOST_STREAMS: u64 = u32::MAX as u64;

/// What is wished of a sample. Without numbers it is the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleOptions {
    pub domain: SampleDomain,
    pub streams: Option<u64>,
    pub events: Option<u64>,
    pub seed: u64,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self { domain: SampleDomain::default(), streams: None, events: None, seed: 1 }
    }
}

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleReport {
    pub streams: u64,
    pub events: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    #[error("a sample needs at least one stream and one event")]
    Nothing,
    #[error("{events} events are too few for {streams} streams; ask for at least one event a stream")]
    TooFewEvents { streams: u64, events: u64 },
    #[error(
        "a sample of one stream is lead-1 alone, which has {} events; ask for more streams, or fewer events",
        first_lead::LENGTH
    )]
    OnlyLead1,
    #[error("a sample has at most {MOST_EVENTS} events in {MOST_STREAMS} streams; ask for fewer")]
    TooMany,
    #[error("{}: a sample is written into a new store, and this one has events; name another file", .0.display())]
    NotEmpty(std::path::PathBuf),
    #[error("the sample's story came to a point that the rules forbid ({0}); try another seed")]
    Story(#[from] Breach),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Explain for SampleError {
    fn message(&self) -> Message {
        match self {
            Self::Nothing => Message::new("sample-nothing"),
            Self::TooFewEvents { streams, events } => {
                Message::new("sample-too-few-events").number("streams", *streams).number("events", *events)
            }
            Self::OnlyLead1 => Message::new("sample-only-lead-1").number("events", first_lead::LENGTH),
            Self::TooMany => {
                Message::new("sample-too-many").number("events", MOST_EVENTS).number("streams", MOST_STREAMS)
            }
            Self::NotEmpty(path) => Message::new("sample-not-empty").text("path", path.display()),
            Self::Story(breach) => Message::new("sample-story").inner("breach", breach.message()),
            Self::Append(error) => error.message(),
            Self::Store(error) => error.message(),
        }
    }
}

impl SampleOptions {
    /// The numbers of streams and events that these wishes come to.
    pub fn numbers(&self) -> Result<SampleReport, SampleError> {
        let (domain, is_of_sales) = (self.domain, self.domain == SampleDomain::Sales);
        let each = domain.events_a_stream();
        let fewest = if is_of_sales { first_lead::LENGTH } else { 1 };
        let (streams, events) = match (self.streams, self.events) {
            (Some(0), _) | (_, Some(0)) => return Err(SampleError::Nothing),
            (None, None) => domain.usual(),
            (Some(streams), Some(events)) => (streams, events),
            (Some(streams), None) => (streams, streams.saturating_mul(each).max(fewest)),
            (None, Some(events)) if events <= fewest => (1, events),
            (None, Some(events)) => ((events / each).max(2), events),
        };
        if streams > events {
            return Err(SampleError::TooFewEvents { streams, events });
        }
        if is_of_sales && streams == 1 && events > first_lead::LENGTH {
            return Err(SampleError::OnlyLead1);
        }
        if streams > MOST_STREAMS || events > MOST_EVENTS {
            return Err(SampleError::TooMany);
        }
        Ok(SampleReport { streams, events })
    }
}

/// Who tells the events one after the other.
enum Teller {
    Sales(Box<Business>),
    Other(Box<World>),
}

impl Teller {
    fn next_event(&mut self) -> Result<Option<Told>, Breach> {
        match self {
            Self::Sales(business) => business.next_event(),
            Self::Other(world) => Ok(world.next_event()),
        }
    }
}

/// Writes a sample into a new store, some ten thousands of events at a time. `progress` is told how many were
/// recorded and may stop; what was committed by then stays in the store.
pub fn generate(
    store: &mut NativeStore,
    options: &SampleOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<SampleReport, SampleError> {
    let wished = options.numbers()?;
    let mut is_empty = true;
    store.visit_events(&Query::store().limit(1).columns(Columns::HEADS), &mut |_| {
        is_empty = false;
        Flow::Break(())
    })?;
    if !is_empty {
        return Err(SampleError::NotEmpty(store.path().to_owned()));
    }
    let SampleReport { streams, events } = wished;
    let mut teller = match options.domain {
        SampleDomain::Sales => Teller::Sales(Box::new(Business::new(streams, events, options.seed))),
        domain => Teller::Other(Box::new(World::new(domain, streams, events, options.seed))),
    };
    let mut done = 0;
    let mut is_over = false;
    while !is_over {
        let mut bulk = store.bulk()?;
        for _ in 0..EVENTS_A_TRANSACTION {
            let Some(told) = teller.next_event()? else {
                is_over = true;
                break;
            };
            bulk.record_new(&told.stream, told.version, &told.event)?;
            done += 1;
            if done % STEP == 0 && progress(done).is_break() {
                return Err(StoreError::Cancelled.into());
            }
        }
        bulk.commit()?;
    }
    Ok(SampleReport { events: done, ..wished })
}
