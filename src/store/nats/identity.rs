//! Which stream it is. One that was deleted and made anew under its name is another, and nothing that is known of the one
//! before is true of it.

use std::sync::atomic::Ordering;

use super::NatsError;
use super::connection::StreamInfo;
use super::store::{NatsStore, Server};
use crate::store::StoreError;

impl NatsStore {
    /// What the stream says of itself now, from the server that leads it. Of another that took its name since, nothing
    /// that is known here is true, and nothing is read.
    pub(super) fn info(&self) -> Result<StreamInfo, StoreError> {
        let info = self.info_of_any()?;
        self.unless_made_anew(&info)?;
        Ok(info)
    }

    pub(super) fn unless_made_anew(&self, info: &StreamInfo) -> Result<(), StoreError> {
        self.made_then(info).map_err(|error| self.failed(error))
    }

    /// An error where it was made anew since the store was opened.
    pub(super) fn made_then(&self, info: &StreamInfo) -> Result<(), NatsError> {
        let Server { edition, is_replaced, .. } = &*self.server;
        info.unless_made_anew(&edition.created).inspect_err(|_| is_replaced.store(true, Ordering::Release))
    }

    /// The same, asked of the server that leads for as long as that may help.
    pub(super) fn insisted_info(&self) -> Result<StreamInfo, StoreError> {
        let info = self.insist(async |connection| connection.info(&self.server.stream).await)?;
        self.unless_made_anew(&info)?;
        Ok(info)
    }

    pub(super) fn info_of_any(&self) -> Result<StreamInfo, StoreError> {
        let Server { connection, stream, edition, is_replaced, .. } = &*self.server;
        let info = self.wait(connection.info(stream))?;
        if info.edition() != *edition {
            is_replaced.store(true, Ordering::Release);
        }
        Ok(info)
    }
}
