use super::load::each_event;
use super::{EngineError, Question, Ticket};
use crate::event::StreamId;
use crate::script::{Doubt, Script, SeenFields, doubts as doubts_of, handled_types};
use crate::store::{Flow, Query, Store};

/// Asks which fields a source reads of events although none has them.
#[derive(Clone, Debug)]
pub struct DoubtsWanted {
    pub script: Script,
    /// Whose events are looked at besides the store's newest.
    pub stream: Option<StreamId>,
}

/// Events are looked at until so many were; a field that is rarer than that may be doubted wrongly.
const LOOKED_AT: u64 = 2_000;

impl Question for DoubtsWanted {
    type Answer = Vec<Doubt>;
    type Error = EngineError;

    const WHAT: &'static str = "reading fields";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Vec<Doubt>, EngineError> {
        doubts(reader, &self, &mut |count| ticket.reached(count))
    }
}

/// Holds what a source reads of bodies against a stream's first events, and the newest of the store.
pub fn doubts(
    reader: &dyn Store,
    wanted: &DoubtsWanted,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Vec<Doubt>, EngineError> {
    let DoubtsWanted { script, stream } = wanted;
    let types = handled_types(script.source());
    if types.is_empty() {
        return Ok(Vec::new());
    }
    let mut seen = SeenFields::default();
    let mut count = 0;
    let of_stream = stream.iter().map(|stream| Query::stream(stream.clone()));
    for query in of_stream.chain([Query::store().backward()]) {
        let before = count;
        count += each_event(reader, &query.limit(LOOKED_AT), &mut |more| progress(before + more), &mut |row| {
            let event_type = row.event_type.as_str();
            if types.contains(event_type)
                && let Ok(body) = str::from_utf8(&row.body())
                && !body.trim().is_empty()
            {
                seen.add(event_type, body);
            }
        })?;
    }
    Ok(doubts_of(script.source(), &seen))
}
