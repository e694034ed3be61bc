use super::UserError;
use crate::engine::{KeptCounts, Question, Ticket};
use crate::store::{Notice, ReadOnlyReason, Store, StoreInfo};

/// A store as a whole.
#[derive(Clone, Debug)]
pub struct Overview {
    pub info: StoreInfo,
    /// Nothing is left out that takes a walk over all streams.
    pub is_whole: bool,
    /// Why Foldline never appends here.
    pub read_only: Option<ReadOnlyReason>,
    /// What whoever looks at it should know first.
    pub notice: Option<Notice>,
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
        let info = at_once.map_or_else(|| reader.info(), Ok)?;
        Ok(Overview { read_only: reader.read_only_reason(), notice: reader.notice(), info, is_whole })
    }
}
