//! Counts of a store at any moment of it: read in one pass, and moved on by what is recorded since.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockWriteGuard, Weak};

use super::as_of::{aggregate_of, choose, end_at, unless_replaced};
use super::asked::Question;
use super::load::tell_total;
use super::spill::{STATES, make_room, unless_torn};
use super::whole::each_decoded;
use super::{AsOfWanted, EngineError, Lost, Passing, Ticket, as_of};
use crate::event::{Cursor, EventBatch, Explain, Position, StreamId};
use crate::index::{AsOf, Categories, CountOf, CountRows, CountWish, Counting, Drawer, Memory, StoreMoment};
use crate::replay::DecodedRows;
use crate::store::{Changes, Columns, Flow, Query, Scope, Store, StoreError, StreamQuery};

/// What of a store is to be counted at any moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountWanted {
    pub of: CountOf,
    /// For a field: by its name; what each stream is shown under first where none is named.
    pub projection: Option<String>,
    pub category: Option<String>,
}

/// Counts that are kept and moved on, of one wish. Clones are of the same: one is filled while others look. The states that
/// moving on needs give way where others want their memory; what is recorded later is then counted with all the rest.
#[derive(Clone, Debug, Default)]
pub struct CountIndex(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    content: RwLock<Option<Counting>>,
    /// The number of the last look, of those that this memory counts.
    looked: AtomicU64,
    memory: OnceLock<Memory>,
}

impl Drawer for Counted {
    /// `None` also while it is being filled, maybe by the one who asks.
    fn oldest(&self) -> Option<u64> {
        let content = self.content.try_read().ok()?;
        let can_rest = content.as_ref().is_some_and(Counting::can_rest);
        can_rest.then(|| self.looked.load(Ordering::Relaxed))
    }

    fn may_go(&self) -> u64 {
        let content = self.content.try_read().ok();
        content.and_then(|content| content.as_ref().map(Counting::states_bytes)).unwrap_or_default()
    }

    fn let_go(&self, _: u64) -> bool {
        let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        let states = content.as_mut().filter(|counting| counting.can_rest()).map(Counting::rest);
        // What is large takes its time to go, and nobody is to wait for that.
        drop(content);
        states.is_some()
    }
}

/// What an index holds by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedSo {
    /// Up to where the store was read.
    pub read_to: Cursor,
    pub events: u64,
    /// There are names or ids where a few values were hoped for, and nothing is counted by them.
    pub has_too_many_values: bool,
    /// Whether any stream has the field.
    pub has_field: bool,
}

impl CountIndex {
    /// Looks at what was counted so far; `None` before there is anything.
    pub fn look<T>(&self, look: impl FnOnce(&Counting) -> T) -> Option<T> {
        if let Some(memory) = self.0.memory.get() {
            self.0.looked.store(memory.next_look(), Ordering::Relaxed);
        }
        let content = self.0.content.read().unwrap_or_else(PoisonError::into_inner);
        content.as_ref().map(look)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Counting>> {
        self.0.content.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn so_far(&self) -> Option<CountedSo> {
        self.look(|counting| CountedSo {
            read_to: counting.read_to().clone(),
            events: counting.events(),
            has_too_many_values: counting.tally().has_too_many_values(),
            has_field: counting.has_field(),
        })
    }

    /// Counts everything, or what was recorded since. What was known serves until all is known anew. `None` where there is
    /// no such category.
    pub fn follow(
        &self,
        reader: &dyn Store,
        wanted: &CountWanted,
        ticket: &Ticket,
    ) -> Result<Option<CountedSo>, EngineError> {
        let read_to = self.look(|counting| counting.read_to().clone());
        let has_grown = match read_to {
            // A store that was empty is read as a new one.
            Some(read_to) if read_to.place().is_some() => self.go_on(reader, wanted, read_to, ticket)?,
            _ => false,
        };
        if !has_grown {
            let Some(counting) = count_all(reader, wanted, ticket)? else { return Ok(None) };
            *self.write() = Some(counting);
            self.0.memory.get_or_init(|| {
                let counted: Weak<dyn Drawer> = Arc::<Counted>::downgrade(&self.0);
                ticket.memory().note_drawer(counted);
                ticket.memory().clone()
            });
        }
        Ok(self.so_far())
    }

    /// False where what was read is no more what the store holds.
    fn go_on(
        &self,
        reader: &dyn Store,
        wanted: &CountWanted,
        read_to: Cursor,
        ticket: &Ticket,
    ) -> Result<bool, EngineError> {
        let Some(wish) = self.look(|counting| counting.wish().clone()) else { return Ok(false) };
        let end = reader.end()?;
        let Changes::Grew(_) = reader.changes(&read_to, Columns::HEADS)? else { return Ok(false) };
        let (Some(from), Some(to)) = (read_to.position(), end.position()) else { return Ok(false) };
        if to <= from {
            return Ok(to == from);
        }
        if !self.look(Counting::can_go_on).unwrap_or(false) {
            return Ok(false);
        }
        let from = Some(Position(from.0.saturating_add(1)));
        let query = match &wanted.category {
            Some(name) => Query { scope: Scope::Category { name: name.clone(), from, to: Some(to) }, ..Query::store() },
            None => Query::positions(from, Some(to)),
        };
        let mut scan = reader.scan(&query)?;
        let mut batch = EventBatch::default();
        let mut cursor = read_to;
        loop {
            scan.next_batch(&mut batch)?;
            for row in batch.rows() {
                if self.look(|counting| asks_for_a_choice(reader, counting, row.stream)).unwrap_or(Ok(true))? {
                    return Ok(false);
                }
            }
            let mut content = self.write();
            let Some(counting) = content.as_mut().filter(|counting| counting.can_go_on()) else { return Ok(false) };
            // Without room for more, or with states that cannot be read back, all is counted anew beside it: laying states
            // down here would let whoever looks wait.
            if batch.is_empty() {
                return Ok(counting.finish(end).is_ok() && unless_torn(counting).is_ok());
            }
            let mut rows = CountRows::new(&wish, false);
            batch.rows().for_each(|row| rows.push(&counting.renumbered(row)));
            counting.fold(Box::new(rows));
            cursor.advance(&batch);
            if counting.finish(cursor.clone()).is_err() {
                return Ok(false);
            }
            let events = counting.events();
            drop(content);
            if ticket.reached(events).is_break() {
                return Err(StoreError::Cancelled.into());
            }
        }
    }
}

/// Whether nothing says yet how the events of this stream are to be counted: it is of a category that is new, or is of
/// another than its name says.
fn asks_for_a_choice(reader: &dyn Store, counting: &Counting, stream: &StreamId) -> Result<bool, StoreError> {
    let CountWish { of, choice, chosen_for, .. } = counting.wish();
    let is_of_field = match of {
        CountOf::Field(_) => true,
        CountOf::Category => false,
        CountOf::Type | CountOf::Actor => return Ok(false),
    };
    let is_new =
        |category: &str| is_of_field && chosen_for.as_ref().is_some_and(|chosen_for| !chosen_for.contains(category));
    match counting.has_met(stream) {
        Some(true) => Ok(false),
        None => Ok(is_new(stream.category())),
        Some(false) => Ok(reader.stream(stream)?.is_some_and(|row| {
            is_new(&row.category) || (row.category != stream.category() && !(is_of_field && choice.is_one()))
        })),
    }
}

fn count_all(reader: &dyn Store, wanted: &CountWanted, ticket: &Ticket) -> Result<Option<Counting>, EngineError> {
    let CountWanted { of, projection, category } = wanted;
    let category = category.as_deref();
    let (choice, chosen_for) = match of {
        CountOf::Field(_) => match choose(reader, projection.as_deref(), category)? {
            Some(chosen) => (chosen.choice, chosen.categories.map(Arc::new)),
            None => return Ok(None),
        },
        CountOf::Type | CountOf::Actor | CountOf::Category => {
            if let Some(category) = category
                && aggregate_of(reader, category)?.is_none()
            {
                return Ok(None);
            }
            (Arc::default(), None)
        }
    };
    let capabilities = reader.capabilities();
    tell_total(reader, ticket)?;
    let categories = if *of == CountOf::Category { categories(reader)? } else { Categories::default() };
    let wish = CountWish { of: of.clone(), choice, categories, chosen_for };
    let end = end_at(reader, StoreMoment::Latest)?;
    let mut counting = Counting::new(&wish, !capabilities.has_dense_positions, ticket.memory());
    let mut refused = None;
    let rows = || -> Box<dyn DecodedRows> { Box::new(CountRows::new(&wish, !capabilities.has_dense_positions)) };
    if !capabilities.has_feed || end.place().is_some() {
        let read = each_decoded(reader, &rows, category, end.position(), &mut |decoded, seen| {
            counting.fold(decoded);
            if let Err(over) = counting.check() {
                refused = make_room(&mut counting, over, STATES, &mut || ticket.reached(seen)).err();
            }
            if refused.is_some() || ticket.reached(seen).is_break() { Err(StoreError::Cancelled) } else { Ok(()) }
        });
        match refused {
            Some(refused) => return Err(refused),
            None => read?,
        }
    }
    unless_replaced(reader, &end)?;
    if let Err(over) = counting.finish(end.clone()) {
        make_room(&mut counting, over, STATES, &mut || ticket.flow())?;
        counting.finish(end)?;
    }
    unless_torn(&counting)?;
    Ok(Some(counting))
}

/// The streams whose category is not what their names say.
pub(super) fn categories(reader: &dyn Store) -> Result<Categories, StoreError> {
    let mut categories = HashMap::new();
    if !reader.capabilities().names_tell_categories {
        reader.visit_streams(&StreamQuery::default(), &mut |row| {
            if row.stream.category() != row.category {
                categories.insert(row.stream, row.category.as_str().into());
            }
            Flow::Continue(())
        })?;
    }
    Ok(Arc::new(categories))
}

/// Counts a store, or moves its counts on.
#[derive(Clone, Debug)]
pub struct CountStore {
    pub index: CountIndex,
    pub wanted: CountWanted,
}

impl Question for CountStore {
    type Answer = Option<CountedSo>;
    type Error = EngineError;
    const WHAT: &'static str = "counting events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Option<CountedSo>, EngineError> {
        self.index.follow(reader, &self.wanted, ticket)
    }
}

/// How every stream stood, and what of the store is no part of it.
#[derive(Debug)]
pub struct AsOfAnswer {
    pub as_of: AsOf,
    /// Categories whose streams have no projection of the wanted name.
    pub left_out: Vec<String>,
}

impl Question for AsOfWanted {
    /// `None` where there is no such category.
    type Answer = Option<AsOfAnswer>;
    type Error = EngineError;
    const WHAT: &'static str = "folding events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Option<AsOfAnswer>, EngineError> {
        let Self { projection, category, at } = self;
        tell_total(reader, ticket)?;
        let Some(chosen) = choose(reader, projection.as_deref(), category.as_deref())? else { return Ok(None) };
        let progress = &mut |seen| ticket.reached(seen);
        let as_of = as_of(reader, &chosen.choice, category.as_deref(), at, ticket.memory(), progress)?;
        Ok(Some(AsOfAnswer { as_of, left_out: chosen.left_out }))
    }
}

impl From<Lost> for EngineError {
    fn from(_: Lost) -> Self {
        Self::Lost
    }
}

impl Passing for EngineError {
    fn is_passing(&self) -> bool {
        self.message().is_passing()
    }

    fn is_of_room(&self) -> bool {
        matches!(self, Self::OverBudget(_))
    }
}
