//! Streams as they stood, found by their names.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::EngineError;
use crate::index::{AsOf, Held, Place};
use crate::store::{Flow, ModelPlace, StoreError, same_as_kept};

/// Which of them a name belongs to. Their names stand where the streams do, in memory or in a file, and nowhere else: of each,
/// eight bytes are kept.
#[derive(Debug)]
pub(super) struct ByName {
    /// In the order of their tags, and those of one tag in that in which they began.
    rows: Vec<Row>,
    hashing: RandomState,
    /// Names are the same here if they are in this table.
    kept_in: Option<ModelPlace>,
    _held: Held,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    /// Some of the hash of its name.
    tag: u32,
    /// Among all places; with [`TAKEN`] where somebody took it.
    at: u32,
}

const TAKEN: u32 = 1 << 31;

/// So many are looked at before anybody is asked whether to go on.
const BETWEEN_LOOKS: u32 = 4_096;

impl ByName {
    pub(super) fn new(
        as_of: &AsOf,
        kept_in: Option<&ModelPlace>,
        go_on: &mut dyn FnMut() -> Flow,
    ) -> Result<Self, EngineError> {
        let mut held = as_of.memory().hold();
        held.resize((as_of.len() * size_of::<Row>()) as u64)?;
        let (rows, hashing) = (Vec::with_capacity(as_of.len()), RandomState::new());
        let mut by_name = Self { rows, hashing, kept_in: kept_in.cloned(), _held: held };
        for (place, at) in as_of.places().iter().zip(0..TAKEN) {
            if at.is_multiple_of(BETWEEN_LOOKS) && go_on().is_break() {
                return Err(StoreError::Cancelled.into());
            }
            // One that cannot be read back is missing; whoever asks is told in the end.
            if let Some(row) = as_of.row(*place) {
                let tag = by_name.tag(&by_name.as_kept(row.stream));
                by_name.rows.push(Row { tag, at });
            }
        }
        by_name.rows.sort_unstable_by_key(|row| (row.tag, row.at));
        Ok(by_name)
    }

    fn tag(&self, name: &str) -> u32 {
        self.hashing.hash_one(name) as u32
    }

    fn as_kept<'n>(&self, name: Cow<'n, str>) -> Cow<'n, str> {
        match &self.kept_in {
            Some(table) => same_as_kept(table, &name).into(),
            None => name,
        }
    }

    /// Where in `rows` those of a name are: mostly one, and none for most names that nobody has.
    fn rows_of(&self, as_of: &AsOf, name: &str) -> impl Iterator<Item = (usize, Place)> {
        let tag = self.tag(name);
        let begin = self.rows.partition_point(|row| row.tag < tag);
        let alike = self.rows.iter().enumerate().skip(begin).take_while(move |(_, row)| row.tag == tag);
        alike.filter_map(move |(number, row)| {
            let place = *as_of.places().get((row.at & !TAKEN) as usize)?;
            (self.as_kept(as_of.row(place)?.stream) == name).then_some((number, place))
        })
    }

    pub(super) fn find(&self, as_of: &AsOf, name: &str) -> Option<Place> {
        self.rows_of(as_of, name).last().map(|(_, place)| place)
    }

    /// The same, once.
    pub(super) fn take(&mut self, as_of: &AsOf, name: &str) -> Option<Place> {
        let found: Vec<(usize, Place)> = self.rows_of(as_of, name).collect();
        let mut taken = None;
        for (number, place) in found {
            let row = self.rows.get_mut(number).filter(|row| row.at & TAKEN == 0)?;
            row.at |= TAKEN;
            taken = Some(place);
        }
        taken
    }

    /// Those that nobody took, in the order in which they began.
    pub(super) fn left(&mut self) -> impl Iterator<Item = usize> {
        self.rows.retain(|row| row.at & TAKEN == 0);
        self.rows.sort_unstable_by_key(|row| row.at);
        self.rows.iter().map(|row| row.at as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::as_of::{as_of, choose};
    use crate::engine::small_store::leads_called;
    use crate::index::{Budget, Memory, StoreMoment};

    #[test]
    fn each_is_found_by_its_name_and_taken_once_and_the_pool_knows_what_that_takes() {
        const LEADS: i64 = 3_000;
        let (_folder, engine) = leads_called(LEADS, |number| format!("lead-{}", number * 7 % LEADS));
        let answer = engine.ask("testing", |reader, _| {
            let choice = choose(reader, None, None)?.expect("there are streams").choice;
            let memory = Memory::new(Budget { bytes: 1 << 30 });
            let on = &mut || Flow::Continue(());
            let stood = as_of(reader, &choice, None, StoreMoment::Latest, &memory, &mut |_| Flow::Continue(()))?;
            let before = memory.taken();
            let mut by_name = ByName::new(&stood, None, on)?;
            assert_eq!(memory.taken() - before, 8 * LEADS as u64);
            let name = |place: Place| stood.row(place).expect("there").stream.into_owned();
            for number in 0..LEADS {
                let wanted = format!("lead-{number}");
                assert_eq!(by_name.find(&stood, &wanted).map(name), Some(wanted.clone()));
                if number % 3 > 0 {
                    assert_eq!(by_name.take(&stood, &wanted).map(name), Some(wanted.clone()));
                    assert_eq!((by_name.take(&stood, &wanted), by_name.find(&stood, &wanted).is_some()), (None, true));
                }
            }
            assert_eq!((by_name.find(&stood, "lead"), by_name.take(&stood, "")), (None, None));
            let left: Vec<String> = by_name.left().map(|at| name(stood.places()[at])).collect();
            let begun = (0..LEADS).map(|number| number * 7 % LEADS).filter(|number| number % 3 == 0);
            assert_eq!(left, begun.map(|number| format!("lead-{number}")).collect::<Vec<_>>());
            drop(by_name);
            assert_eq!(memory.taken(), before);
            memory.allow(Budget { bytes: before + 8 * LEADS as u64 - 1 });
            let refused = ByName::new(&stood, None, on);
            assert!(matches!(refused, Err(EngineError::OverBudget(_))), "{refused:?}");
            memory.allow(Budget { bytes: 1 << 30 });
            let stopped = ByName::new(&stood, None, &mut || Flow::Break(()));
            assert!(matches!(stopped, Err(EngineError::Store(StoreError::Cancelled))), "{stopped:?}");
            Ok::<_, EngineError>(())
        });
        answer.wait().expect("answered").expect("read");
    }
}
