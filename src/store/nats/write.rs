//! Appending.

use super::store::NatsStore;
use crate::store::{ReadOnlyReason, Store, StoreError, Writer};

pub(super) fn opened(store: NatsStore) -> Result<Box<dyn Writer>, StoreError> {
    let reason = store.read_only_reason().unwrap_or(ReadOnlyReason::Framework);
    let place = store.server.address.to_string();
    drop(store);
    Err(StoreError::OnlyReads { place, reason })
}
