//! Stores as they stood, folded once: another order or filter folds nothing again, and a later moment only what was recorded
//! between.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use super::as_of::as_of_since;
use super::load::tell_total;
use super::spill::unless_torn;
use super::ticket::lock;
use super::{ArrangeWanted, Arranged, ArrangedFor, AsOfWanted, EngineError, Ticket, as_of, choose};
use crate::event::Position;
use crate::index::{AsOf, Choice, Kept, Memory, StoreMoment};
use crate::store::Store;

/// More moments than these nobody goes back to.
const MOST_KEPT: usize = 8;

/// Every stream of a store as it stood, by what was wanted of it.
#[derive(Debug)]
pub(super) struct Stood {
    pub of: AsOfWanted,
    pub as_of: AsOf,
    /// Categories whose streams have no projection of the wanted name.
    pub left_out: Vec<String>,
    /// How often the store had grown when it was begun.
    grown: u64,
}

impl Stood {
    /// Whatever is recorded, it stays as it is.
    fn is_settled(&self) -> bool {
        match self.of.at {
            StoreMoment::Position(at) => self.as_of.read_to().position() >= Some(at),
            StoreMoment::Latest | StoreMoment::Time(_) => false,
        }
    }

    /// What of it lies in a file could be read back so far.
    fn is_whole(&self) -> bool {
        unless_torn(&self.as_of).is_ok()
    }
}

/// What was folded of one store, for as long as there is room for it. Clones are of the same.
#[derive(Clone, Debug)]
pub struct FoldedStores {
    kept: Kept<AsOfWanted, Stood>,
    grown: Arc<AtomicU64>,
    replaced: Arc<AtomicU64>,
    /// What was put in order last, for as long as somebody shows it.
    arranged: Arc<Mutex<Weak<(ArrangeWanted, Arranged)>>>,
}

impl Default for FoldedStores {
    fn default() -> Self {
        Self::new(&Memory::default())
    }
}

impl FoldedStores {
    pub fn new(memory: &Memory) -> Self {
        Self {
            kept: Kept::new(memory, |stood| stood.as_of.bytes()),
            grown: Arc::default(),
            replaced: Arc::default(),
            arranged: Arc::default(),
        }
    }

    /// Events were recorded: what goes on with the store takes them in when it is asked for next.
    pub fn grew(&self) {
        self.grown.fetch_add(1, Ordering::Relaxed);
    }

    /// Another store stands in the place of this one.
    pub fn forget(&self) {
        self.replaced.fetch_add(1, Ordering::Relaxed);
        self.kept.forget();
    }

    /// Under these names others fold than before.
    pub fn forget_under(&self, names: &[String]) {
        self.replaced.fetch_add(1, Ordering::Relaxed);
        self.kept.retain(|of| of.projection.as_ref().is_none_or(|name| !names.contains(name)));
    }

    pub(super) fn arranged_last(&self) -> Option<ArrangedFor> {
        lock(&self.arranged).upgrade()
    }

    pub(super) fn note_arranged(&self, arranged: &ArrangedFor) {
        *lock(&self.arranged) = Arc::downgrade(arranged);
    }

    /// How the streams stood: as it is known, or from what is known of an earlier moment, or else from the first event on.
    /// What is wrong with the wish, `check` says before anything is folded. `None` where there is no such category.
    pub(super) fn stood(
        &self,
        reader: &dyn Store,
        of: &AsOfWanted,
        check: &dyn Fn(&Choice) -> Result<(), EngineError>,
        ticket: &Ticket,
    ) -> Result<Option<Arc<Stood>>, EngineError> {
        let (grown, replaced) = (self.grown.load(Ordering::Relaxed), self.replaced.load(Ordering::Relaxed));
        let is_so = |known: &Arc<Stood>| (known.grown == grown || known.is_settled()) && known.is_whole();
        if let Some(known) = self.kept.get(of).filter(is_so) {
            check(known.as_of.choice())?;
            return Ok(Some(known));
        }
        let AsOfWanted { projection, category, at } = of;
        let Some(chosen) = choose(reader, projection.as_deref(), category.as_deref())? else { return Ok(None) };
        check(&chosen.choice)?;
        tell_total(reader, ticket)?;
        let progress = &mut |seen| ticket.reached(seen);
        let as_of = match self.since(reader, of, &chosen.choice, ticket)? {
            Some(as_of) => as_of,
            None => as_of(reader, &chosen.choice, category.as_deref(), *at, ticket.memory(), progress)?,
        };
        let stood = Arc::new(Stood { of: of.clone(), as_of, left_out: chosen.left_out, grown });
        // What is of the store that was here before serves nobody else.
        if self.replaced.load(Ordering::Relaxed) == replaced {
            self.kept.keep(of.clone(), Arc::clone(&stood));
            self.kept.trim(MOST_KEPT);
        }
        Ok(Some(stood))
    }

    /// From what is known of the latest moment before.
    fn since(
        &self,
        reader: &dyn Store,
        of: &AsOfWanted,
        choice: &Choice,
        ticket: &Ticket,
    ) -> Result<Option<AsOf>, EngineError> {
        let AsOfWanted { projection, category, at } = of;
        let reached = |known: &AsOfWanted, stood: &Stood| -> Option<Position> {
            let is_alike = known.projection == *projection
                && known.category == *category
                && (known.at == *at || (known.at.until().is_none() && at.until().is_none()))
                && stood.as_of.choice().is_same(choice);
            let position = stood.as_of.read_to().position()?;
            // What cannot be read back any more leads nowhere.
            let is_alike = is_alike && stood.is_whole();
            let is_before = if let StoreMoment::Position(at) = at { position <= *at } else { true };
            (is_alike && is_before).then_some(position)
        };
        let Some((_, base)) = self.kept.best(reached) else { return Ok(None) };
        let progress = &mut |seen| ticket.reached(seen);
        match as_of_since(reader, &base.as_of, category.as_deref(), *at, progress) {
            // Without the one that it would go on from, there may be room.
            Err(EngineError::OverBudget(_)) => Ok(None),
            other => other,
        }
    }
}
