//! The places that a chronicle names of a store: it knows who did what, when and where, and only what an event says has to
//! be read.

use std::ops::RangeInclusive;

use super::plan::all_places;
use super::running::{BLOCK, Piece};
use super::{Days, Search, Wanted};
use crate::engine::StoreChronicle;
use crate::index::{Chronicle, Facet, NumberSet, Sieve};
use crate::store::{Changes, Columns, Store, StoreError};

/// Events that are read together, and blocks that are looked through for them before it is told how far it is.
const AT_ONCE: usize = 512;
const BLOCKS_AT_ONCE: usize = 16;

/// Places that lie no further apart are read in one go, with what lies between them.
const APART: u64 = 16;

/// The way through a store by its chronicle: first what was recorded since it was read, then what it knows, the latest
/// first.
pub(super) struct ChronicledWay<'a> {
    chronicle: &'a StoreChronicle,
    sieve: Sieve,
    /// The places that are not in it: up to which one they are still to be read, and the first of them.
    tail: Option<(u64, u64)>,
    /// How many of its events are left, of so many at first.
    left: usize,
    length: usize,
}

impl<'a> ChronicledWay<'a> {
    /// `None` where it leaves all of the store, knows nothing yet, or is of another one.
    pub(super) fn of(
        search: &Search,
        chronicle: &'a StoreChronicle,
        reader: &dyn Store,
    ) -> Result<Option<Self>, StoreError> {
        let capabilities = reader.capabilities();
        if !capabilities.finds_by_position && !capabilities.has_dense_positions {
            return Ok(None);
        }
        let Some(all) = all_places(reader)? else { return Ok(None) };
        let known = chronicle.look(|known| {
            let last = known.len().checked_sub(1).and_then(|last| known.entry(last)?.position)?;
            let sieve = sieve_of(search, known);
            (known.has_order() && sieve != Sieve::default())
                .then(|| (known.read_to().clone(), last.0, known.len(), sieve))
        });
        let Some((read_to, last, length, sieve)) = known else { return Ok(None) };
        if matches!(reader.changes(&read_to, Columns::HEADS)?, Changes::Replaced) {
            return Ok(None);
        }
        let tail = Some((*all.end(), last + 1)).filter(|(end, first)| end >= first);
        Ok(Some(Self { chronicle, sieve, tail, left: length, length }))
    }

    /// The next places to be read, and for how many events they and what was passed over stand.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, StoreError> {
        if let Some((end, first)) = self.tail {
            let begin = end.saturating_sub(BLOCK - 1).max(first);
            self.tail = begin.checked_sub(1).filter(|rest| *rest >= first).map(|rest| (rest, first));
            return Ok(Some((vec![begin..=end], end - begin + 1)));
        }
        if self.left == 0 {
            return Ok(None);
        }
        let Self { sieve, left, length, .. } = self;
        let found = self.chronicle.look(|known| {
            // The store was replaced, and is read anew.
            let is_there = known.len() >= *length;
            is_there.then(|| {
                let found = known.newest(sieve, 0..*left, AT_ONCE, BLOCKS_AT_ONCE);
                let positions = found.places.iter().filter_map(|place| Some(known.entry(*place)?.position?.0));
                (together(positions), found.rest)
            })
        });
        let Some((places, rest)) = found else { return Err(StoreError::Changed("the store".into())) };
        let stands_for = self.left.saturating_sub(rest) as u64;
        self.left = rest.min(self.left.saturating_sub(1));
        Ok(Some((places, stands_for)))
    }
}

/// Places from the latest on, those that lie close together in one piece.
fn together(places: impl Iterator<Item = u64>) -> Vec<RangeInclusive<u64>> {
    let mut pieces: Vec<RangeInclusive<u64>> = Vec::new();
    for place in places {
        match pieces.last_mut() {
            Some(piece) if piece.start().saturating_sub(place) <= APART => *piece = place..=*piece.end(),
            _ => pieces.push(place..=place),
        }
    }
    pieces
}

/// What the chronicle can tell of a search: what is let through is read, and asked for all of it.
fn sieve_of(search: &Search, known: &Chronicle) -> Sieve {
    let Days { from, end } = search.days();
    let of_kind = |facet: Facet, is_fit: &dyn Fn(&Wanted, &str) -> Option<bool>| {
        let is_asked = search.terms.iter().any(|term| is_fit(&term.wanted, "").is_some());
        is_asked.then(|| {
            NumberSet::of(known.kinds(facet), |number| {
                search.any_of(|wanted| is_fit(wanted, known.kind(facet, number)))
            })
        })
    };
    let is_of_streams = search.terms.iter().any(|term| matches!(term.wanted, Wanted::Stream(_)));
    let of_stream = |number: u32| {
        search.any_of(|wanted| match wanted {
            Wanted::Stream(glob) => Some(glob.fits(known.stream(number))),
            _ => None,
        })
    };
    Sieve {
        types: of_kind(Facet::Type, &|wanted, name| match wanted {
            Wanted::Type(glob) => Some(glob.fits(name)),
            _ => None,
        }),
        actors: of_kind(Facet::Actor, &|wanted, name| match wanted {
            Wanted::Actor(glob) => Some(glob.fits(name)),
            _ => None,
        }),
        categories: of_kind(Facet::Category, &|wanted, name| match wanted {
            Wanted::Category(glob) => Some(glob.fits(name)),
            _ => None,
        }),
        streams: is_of_streams.then(|| NumberSet::of(known.streams(), of_stream)),
        from,
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::together;

    #[test]
    fn places_that_lie_close_are_read_in_one_go() {
        let pieces = together([900, 899, 890, 100, 99, 5].into_iter());
        assert_eq!(pieces, [890..=900, 99..=100, 5..=5]);
    }
}
