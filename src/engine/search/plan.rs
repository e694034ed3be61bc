//! Where a search has to look at all.

use std::ops::RangeInclusive;

use super::{Search, Term, Wanted};
use crate::engine::EngineError;
use crate::event::{EventType, LinkKind, StreamId};
use crate::store::{Columns, Flow, Query, Scope, Store, StoreError, StreamQuery};

/// Where the events are that may be looked for, the newest first.
#[derive(Debug)]
pub(super) enum Plan {
    /// There can be none.
    Nothing,
    /// A few streams, read one by one.
    Streams(Vec<StreamId>),
    /// These places, read by several at once.
    Places(RangeInclusive<u64>, Option<EventType>),
    /// One reading after the other.
    Walk(Query),
}

/// More streams than these are met sooner on the way through the store.
const MOST_STREAMS: usize = 200;

/// Of streams that are read one by one, so many events are held to be put in order.
const MOST_OF_STREAMS: u64 = 200_000;

impl Plan {
    /// It goes over the whole store.
    pub(super) fn is_of_all(&self) -> bool {
        match self {
            Self::Places(..) => true,
            Self::Walk(query) => matches!(query.scope, Scope::Store { .. }),
            Self::Nothing | Self::Streams(_) => false,
        }
    }

    pub(super) fn of(search: &Search, reader: &dyn Store) -> Result<Self, EngineError> {
        let asked = |is_such: fn(&Wanted) -> bool| {
            search.terms.iter().filter(move |term| !term.is_denied && is_such(&term.wanted))
        };
        let mut correlations = asked(|wanted| matches!(wanted, Wanted::Correlation(_)));
        if let (Some(Term { wanted: Wanted::Correlation(id), .. }), None) = (correlations.next(), correlations.next()) {
            return Ok(Self::Walk(Query::linked(LinkKind::Correlation, vec![id.clone()]).backward()));
        }
        if asked(|wanted| matches!(wanted, Wanted::Stream(_))).next().is_some()
            && let Some(plan) = Self::of_streams(search, reader)?
        {
            return Ok(plan);
        }
        let event_type = match types_of(search, reader)?.as_deref() {
            Some([]) => return Ok(Self::Nothing),
            Some([only]) => Some(EventType::from(only.as_str())),
            _ => None,
        };
        let capabilities = reader.capabilities();
        let query = Query { event_type, ..Query::store().backward() };
        if !capabilities.has_feed || !(capabilities.finds_by_position || capabilities.has_dense_positions) {
            return Ok(Self::Walk(query));
        }
        let Some(all) = all_places(reader)? else { return Ok(Self::Nothing) };
        if capabilities.has_dense_positions {
            return Ok(Self::Places(all, query.event_type));
        }
        Ok(Self::Walk(query))
    }

    /// `None` where too many streams are meant, or where finding them costs as much as finding their events.
    fn of_streams(search: &Search, reader: &dyn Store) -> Result<Option<Self>, StoreError> {
        let is_listed = reader.capabilities().has_kept_counts;
        let (mut streams, mut events) = (Vec::new(), 0);
        let mut is_of_all = true;
        for term in search.terms.iter().filter(|term| !term.is_denied) {
            let Wanted::Stream(glob) = &term.wanted else { continue };
            // Whoever writes a name as it is means that stream, and no other spelling.
            match glob.exact().map(StreamId::from).map(|id| reader.stream(&id)).transpose()?.flatten() {
                Some(row) => {
                    events += row.events;
                    streams.push(row.stream);
                }
                None => is_of_all = false,
            }
        }
        if !is_of_all {
            if !is_listed {
                return Ok(None);
            }
            streams.clear();
            events = 0;
            let is_wanted = |id: &StreamId| {
                search.any_of(|wanted| match wanted {
                    Wanted::Stream(glob) => Some(glob.fits(id.as_str())),
                    _ => None,
                })
            };
            reader.visit_streams(&StreamQuery::default(), &mut |row| {
                if is_wanted(&row.stream) {
                    events += row.events;
                    streams.push(row.stream);
                }
                if streams.len() > MOST_STREAMS { Flow::Break(()) } else { Flow::Continue(()) }
            })?;
        }
        streams.sort_unstable();
        streams.dedup();
        Ok(match streams.as_slice() {
            [] => Some(Self::Nothing),
            // Of one, nothing has to be put in order.
            [only] => Some(Self::Walk(Query::stream(only.clone()).backward())),
            _ if streams.len() > MOST_STREAMS || events > MOST_OF_STREAMS => None,
            _ if !reader.capabilities().has_feed => None,
            _ => Some(Self::Streams(streams)),
        })
    }
}

/// From the first event to the last. `None` where there is none.
pub(super) fn all_places(reader: &dyn Store) -> Result<Option<RangeInclusive<u64>>, StoreError> {
    let end = |query: Query| -> Result<Option<u64>, StoreError> {
        let mut place = None;
        reader.visit_events(&query.limit(1).columns(Columns::HEADS), &mut |row| {
            place = row.position.map(|position| position.0);
            Flow::Break(())
        })?;
        Ok(place)
    };
    let (first, last) = (end(Query::store())?, end(Query::store().backward())?);
    Ok(first.zip(last).map(|(first, last)| first..=last))
}

/// The types of the store that are wanted, where it knows them at once and some are asked for.
fn types_of(search: &Search, reader: &dyn Store) -> Result<Option<Vec<String>>, StoreError> {
    if !search.terms.iter().any(|term| matches!(term.wanted, Wanted::Type(_)) && !term.is_denied) {
        return Ok(None);
    }
    let Some(at_once) = reader.info_at_once()? else { return Ok(None) };
    let is_wanted = |name: &String| {
        search.any_of(|wanted| match wanted {
            Wanted::Type(glob) => Some(glob.fits(name)),
            _ => None,
        })
    };
    Ok(Some(at_once.event_types.into_iter().map(|(name, _)| name).filter(is_wanted).collect()))
}
