use super::UserError;
use crate::engine::{KeptCounts, Question, Ticket};
use crate::store::{InfoAtOnce, Notice, ReadOnlyReason, Store};

/// A store as a whole.
#[derive(Clone, Debug)]
pub struct Overview {
    pub info: InfoAtOnce,
    /// Nothing is left out that takes a walk over all streams.
    pub is_whole: bool,
    /// Why Foldline never appends here.
    pub read_only: Option<ReadOnlyReason>,
    /// What whoever looks at it should know first.
    pub notice: Option<Notice>,
}

impl Overview {
    /// How many streams there are, once they were counted.
    pub fn streams(&self) -> Option<u64> {
        self.info.streams
    }

    /// Each category with its streams, once they were counted.
    pub fn categories(&self) -> impl Iterator<Item = (&str, Option<u64>)> {
        self.info.categories.iter().map(|(name, count)| (name.as_str(), *count))
    }
}

/// Looks at the store as a whole.
#[derive(Clone, Debug)]
pub enum LookAtStore {
    /// What is known without a walk over all streams, where that is something: the rest is asked for when it is there.
    AtOnce(KeptCounts),
    Whole,
}

impl Question for LookAtStore {
    type Answer = Overview;
    type Error = UserError;
    const WHAT: &'static str = "looking at the store";

    fn answer(self, reader: &dyn Store, _: &Ticket) -> Result<Overview, UserError> {
        let at_once = match self {
            Self::AtOnce(counts) => counts.at_once(reader)?,
            Self::Whole => None,
        };
        let is_whole = at_once.is_none();
        let info = at_once.map_or_else(|| reader.info().map(InfoAtOnce::from), Ok)?;
        let (read_only, notice) = (reader.read_only_reason(), reader.notice());
        Ok(Overview { info, is_whole, read_only, notice })
    }
}
