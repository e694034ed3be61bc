//! One stream by its own messages, where nobody has walked over all messages yet.

use super::connection::Which;
use super::ledger::Ledger;
use super::pull::Want;
use super::seen::Seen;
use super::store::{NatsStore, Server};
use crate::event::{StreamId, Version};
use crate::store::{Flow, Store, StoreError, StreamOrder, StreamQuery, StreamRow};

impl NatsStore {
    /// What is told of a stream by its own messages alone.
    pub(super) fn stream_under(&self, stream: &StreamId, filter: &str) -> Result<Option<StreamRow>, StoreError> {
        let Server { layout, connection, stream: name, .. } = &*self.server;
        if layout.places() == 1 {
            // A message an event: its first and its last say the rest.
            let mut events = 0;
            self.wait(connection.subjects(name, filter, &mut |_, count| events += count))?;
            let (first, last) = (self.message(Which::Next(1, filter))?, self.last_under(filter)?);
            let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
            let Some(row) = self.row_between(stream, events, &first, &last) else { return Ok(None) };
            if !layout.says_versions() {
                return Ok(Some(row));
            }
            let last_version = self.highest(stream, filter, &last)?.max(row.last_version);
            return Ok(Some(StreamRow { last_version, ..row }));
        }
        let to = self.info()?.state.last_seq;
        let want = Want { from: 1, to, filter: Some(filter.to_owned()), headers_only: layout.has_all_in_headers() };
        let mut own = Ledger::default();
        self.each(want, &mut |seen| {
            own.take(layout, &mut self.names(), &seen);
            Flow::Continue(())
        })?;
        let key = self.names().stream(stream.as_str()).1;
        Ok(own.row(key))
    }

    fn row_between(&self, stream: &StreamId, events: u64, first: &Seen, last: &Seen) -> Option<StreamRow> {
        let layout = &self.server.layout;
        let (named, key) = self.names().stream(stream.as_str());
        let (mut begin, mut end) = (None, None);
        let mut category = stream.category().to_owned();
        let (first_one, last_one) = if layout.says_versions() { (0, 0) } else { (1, events) };
        layout.events(first, &mut |event| {
            let is_of_it = event.stream == stream.as_str();
            begin = Some((event.version.unwrap_or(Version(first_one)), event.recorded_at)).filter(|_| is_of_it);
            if let Some(said) = event.category {
                category = said.into_owned();
            }
        });
        layout.events(last, &mut |event| end = Some((event.version.unwrap_or(Version(last_one)), event.recorded_at)));
        let ((first_version, first_at), (last_version, last_at)) = (begin?, end?);
        Some(StreamRow { key, stream: named, category, events, first_version, last_version, first_at, last_at })
    }

    /// The stream that began first in a category, where that is all that is asked for; `None` where only a list of all
    /// streams says which it is.
    pub(super) fn first_alone(&self, query: &StreamQuery) -> Result<Option<StreamRow>, StoreError> {
        let StreamQuery { category: Some(category), filter: None, order: StreamOrder::Began, limit: Some(1) } = query
        else {
            return Ok(None);
        };
        let layout = &self.server.layout;
        let under = layout.under_category(category);
        let Some(filter) = under.filter() else { return Ok(None) };
        if self.ledger()?.to > 0 {
            return Ok(None);
        }
        let Some(first) = self.message(Which::Next(1, filter))? else { return Ok(None) };
        let mut stream = None;
        layout.events(&first, &mut |event| {
            stream.get_or_insert_with(|| StreamId::from(&*event.stream));
        });
        let Some(stream) = stream else { return Ok(None) };
        Ok(self.stream(&stream)?.filter(|row| row.category == *category))
    }
}
