//! Small values that several machines share, each changed only by whoever knows it as it stands.

use super::{Flow, StoreError};
use crate::event::Timestamp;

/// A value, and the number under which it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedValue {
    pub value: Vec<u8>,
    pub revision: u64,
    /// When it was set, by the clock of where it is kept.
    pub at: Option<Timestamp>,
}

/// A change of one value.
#[derive(Clone, Debug)]
pub struct SharedChange {
    pub key: String,
    pub value: Vec<u8>,
    /// The one that it takes the place of; `None` where there was none.
    pub revision: Option<u64>,
}

/// Values by their keys, which are of letters, digits, `.` and `-`. A change is made where the value is still the one that
/// it is a change of, and by one alone of several who try.
pub trait SharedValues: Send {
    fn get(&self, key: &str) -> Result<Option<SharedValue>, StoreError>;

    /// The revision of each value that was changed; `None` where another was quicker.
    fn change(&self, changes: &[SharedChange]) -> Result<Vec<Option<u64>>, StoreError>;

    /// Every value whose key begins so, with its key.
    fn visit(&self, prefix: &str, visit: &mut dyn FnMut(&str, SharedValue) -> Flow) -> Result<(), StoreError>;

    /// What the time is where they are kept, if that tells.
    fn now(&self) -> Result<Option<Timestamp>, StoreError>;

    fn change_one(&self, key: &str, value: Vec<u8>, revision: Option<u64>) -> Result<Option<u64>, StoreError> {
        let changes = [SharedChange { key: key.to_owned(), value, revision }];
        Ok(self.change(&changes)?.into_iter().next().flatten())
    }
}
