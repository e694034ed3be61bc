use crate::engine::Lost;
use crate::store::{Address, ServerError, Source, StoreError};
use crate::view::UserError;

/// A store that did not open, and what its user could say to open it.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) error: UserError,
    pub(super) question: Option<Question>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Which columns are these?
    Columns(Source),
    /// Who asks?
    Password(Address),
}

impl Refused {
    pub(super) fn of(source: &Source, error: StoreError) -> Self {
        let question = match &error {
            StoreError::Unrecognised { .. } | StoreError::Several { .. } | StoreError::Mapping { .. } => {
                Some(Question::Columns(source.clone()))
            }
            StoreError::Server { address, error } => match error.as_ref() {
                error if error.asks_for_password() => Some(Question::Password(address.clone())),
                ServerError::Unrecognised { .. } | ServerError::Several { .. } => {
                    Some(Question::Columns(source.clone()))
                }
                _ => None,
            },
            _ => None,
        };
        Self { error: UserError::from(error), question }
    }
}

impl From<Lost> for Refused {
    fn from(lost: Lost) -> Self {
        Self { error: UserError::from(lost), question: None }
    }
}
