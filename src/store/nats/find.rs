//! One event by its id. What was walked over once is known; an id that says when it was made was not recorded before that;
//! else every message is walked over, without its body where that does.

use super::connection::Which;
use super::layout::sequence_of_id;
use super::pull::Want;
use super::store::NatsStore;
use super::write::{CLOCKS_AGREE, first_since, made_at};
use crate::event::{EventId, RecordedEvent};
use crate::store::{Flow, StoreError};

pub(super) fn event(store: &NatsStore, id: &EventId) -> Result<Option<RecordedEvent>, StoreError> {
    if let Some(sequence) = sequence_of_id(id)
        && let Some(event) = event_in(store, sequence, id)?
    {
        return Ok(Some(event));
    }
    let to = store.info()?.state.last_seq;
    let known = {
        let ledger = store.ledger()?;
        (ledger.to > 0).then(|| ledger.ids.places(id))
    };
    for sequence in known.iter().flatten() {
        if let Some(event) = event_in(store, *sequence, id)? {
            return Ok(Some(event));
        }
    }
    // Nobody has walked over anything yet, and most of it need not be.
    if known.is_none()
        && let Some(made) = made_at(id)
    {
        let from = first_since(store, made.plus_micros(-CLOCKS_AGREE), to)?;
        if let Some(event) = between(store, from, to, id)? {
            return Ok(Some(event));
        }
    }
    let (places, from) = {
        let ledger = store.bring_ledger_to(to)?;
        (ledger.ids.places(id), ledger.ids.to + 1)
    };
    for sequence in places {
        if let Some(event) = event_in(store, sequence, id)? {
            return Ok(Some(event));
        }
    }
    between(store, from, to, id)
}

fn event_in(store: &NatsStore, sequence: u64, id: &EventId) -> Result<Option<RecordedEvent>, StoreError> {
    let mut event = None;
    if let Some(seen) = store.message(Which::At(sequence))? {
        store.events_of(&seen, &mut |read| {
            if read.id == *id {
                event = Some(read);
            }
        })?;
    }
    Ok(event)
}

fn between(store: &NatsStore, from: u64, to: u64, id: &EventId) -> Result<Option<RecordedEvent>, StoreError> {
    let layout = &store.server.layout;
    let want = Want { from, to, filter: None, headers_only: layout.has_all_in_headers() };
    let mut found = None;
    store.each(want, &mut |seen| {
        let mut is_here = false;
        layout.events(&seen, &mut |event| is_here |= event.id == *id);
        if is_here {
            found = Some(seen.sequence);
            return Flow::Break(());
        }
        Flow::Continue(())
    })?;
    found.map_or(Ok(None), |sequence| event_in(store, sequence, id))
}
