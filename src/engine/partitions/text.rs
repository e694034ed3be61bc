//! What is kept of a state: its JSON, here or in a file.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::engine::spill::fault_of;
use crate::replay::{OnShelf, ShelfSpace};
use crate::store::StoreError;

/// JSON, or nothing.
#[derive(Clone, Debug, Default)]
pub(super) enum Text {
    #[default]
    Nothing,
    /// Shared by those that go on from each other.
    Here(Arc<str>),
    /// It had no room in memory.
    Laid(OnShelf),
}

/// A state as far as it is looked at while a frame is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateText<'t> {
    Nothing,
    AtHand(&'t str),
    /// It lies in a file: who has a reader of the store is to be asked.
    Away,
}

impl From<Option<String>> for Text {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Nothing, |text| Self::Here(text.into()))
    }
}

impl Text {
    /// What it takes of memory beside its place.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Here(text) => text.len() as u64,
            Self::Nothing | Self::Laid(_) => 0,
        }
    }

    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Here(text) => text.len() as u64,
            Self::Laid(slot) => slot.length.into(),
        }
    }

    pub(super) fn look(&self) -> StateText<'_> {
        match self {
            Self::Nothing => StateText::Nothing,
            Self::Here(text) => StateText::AtHand(text),
            Self::Laid(_) => StateText::Away,
        }
    }

    pub(super) fn is_here(&self) -> bool {
        matches!(self, Self::Here(_))
    }

    /// Where it lies, if it has no room in memory.
    pub(super) fn slot(&self) -> Option<OnShelf> {
        match self {
            Self::Laid(slot) => Some(*slot),
            Self::Nothing | Self::Here(_) => None,
        }
    }

    pub(super) fn read(&self, space: Option<&ShelfSpace>) -> Result<Option<Cow<'_, str>>, StoreError> {
        match self {
            Self::Nothing => Ok(None),
            Self::Here(text) => Ok(Some(text.as_ref().into())),
            Self::Laid(slot) => {
                let read = space.and_then(|space| space.fetch(*slot)).and_then(|text| String::from_utf8(text).ok());
                let fault = || space.and_then(|space| fault_of(space.shelf())).unwrap_or_else(torn);
                read.map(|text| Some(text.into())).ok_or_else(fault)
            }
        }
    }

    /// Lays it on a shelf, where it is not there already.
    pub(super) fn lay(&mut self, space: &ShelfSpace) -> Result<(), StoreError> {
        if let Self::Here(text) = self {
            let fault = || fault_of(space.shelf()).unwrap_or_else(torn);
            *self = Self::Laid(space.lay(text.as_bytes()).ok_or_else(fault)?);
        }
        Ok(())
    }
}

fn torn() -> StoreError {
    StoreError::from_io(Path::new("states"), io::ErrorKind::InvalidData.into())
}
