//! What `verify` looks for in a stream of JetStream: events that are not what was recorded, messages that have gone or
//! were never of the house, and whatever lets somebody take messages away.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::layout::{Layout, is_believed};
use super::message::{self, Hash};
use super::pull::Want;
use super::seen::Seen;
use super::store::NatsStore;
use crate::event::{EventRow, Position, StreamKey, Version};
use crate::store::native::chain::ROOT;
use crate::store::{Fault, Finding, Flow, FoundAt, HistoryCheck, HistoryRules, Query, Store, StoreError};

/// Goes through every message once.
pub(super) fn check(
    store: &NatsStore,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), StoreError> {
    let server = &*store.server;
    let asked = format!("STREAM.INFO.{}", server.stream);
    let info: Value = store.wait(server.connection.ask(asked, &json!({ "deleted_details": true })))?;
    let is_own = matches!(server.layout, Layout::Own { .. });
    check_stream(&info, is_own, server.layout.places(), report);
    let rules = HistoryRules { first_version: None, step: 1, expects_json: true };
    let mut history = HistoryCheck::new(rules);
    let mut count = 0;
    let mut tell = |more: u64| {
        count += more;
        progress(count)
    };
    let mut is_stopped = false;
    if is_own {
        let last = info["state"]["last_seq"].as_u64().unwrap_or(0);
        let is_cut = info["state"]["first_seq"].as_u64().unwrap_or(1) > 1;
        let mut chains = Chains { hashes: HashMap::new(), is_cut };
        let want = Want { from: 1, to: last, filter: None, headers_only: false };
        store.each(want, &mut |seen| {
            let events = check_message(store, &seen, &mut chains, &mut history, report);
            let flow = tell(events);
            is_stopped = flow.is_break();
            flow
        })?;
    } else {
        store.visit_events(&Query::store(), &mut |row| {
            history.row(row, report);
            let flow = tell(1);
            is_stopped = flow.is_break();
            flow
        })?;
    }
    if is_stopped { Err(StoreError::Cancelled) } else { Ok(()) }
}

/// What the stream says of itself.
fn check_stream(info: &Value, is_own: bool, places: u64, report: &mut dyn FnMut(Finding)) {
    for (from, to) in missing_ranges(info) {
        let (from, to) = (from * places, to * places + places - 1);
        report(Finding::of_store(Fault::PositionsMissing { from, to }));
    }
    let config = &info["config"];
    for limit in ["max_msgs", "max_msgs_per_subject", "max_bytes", "max_age"] {
        if config[limit].as_i64().is_some_and(|most| most > 0) {
            report(Finding::of_store(Fault::DropsMessages { limit: limit.to_owned() }));
        }
    }
    for guard in ["deny_delete", "deny_purge"] {
        if is_own && config[guard] != true {
            report(Finding::of_store(Fault::GuardOff { guard: guard.to_owned() }));
        }
    }
}

/// The hash of the last event of each stream.
struct Chains {
    hashes: HashMap<StreamKey, Hash>,
    /// The first messages of the store have gone.
    is_cut: bool,
}

/// Says how many events were looked at.
fn check_message(
    store: &NatsStore,
    seen: &Seen,
    chains: &mut Chains,
    history: &mut HistoryCheck,
    report: &mut dyn FnMut(Finding),
) -> u64 {
    let places = store.server.layout.places();
    let mut names = store.names();
    let mut index = 0;
    let read = match (message::stream_of(&store.server.stream, seen.subject()), seen.headers()) {
        (None, _) => Err(message::MessageFlaw::Subject),
        (_, None) => Err(message::MessageFlaw::Missing("Foldline-Schema")),
        (Some(name), Some(headers)) => {
            let (stream, stream_key) = names.stream(&name);
            message::read_chained(headers, seen.body(), &mut |event| {
                let event_type = names.event_type(&event.event_type);
                let (said, before) = (event.version, history.seen(stream_key));
                let behind = if before.events == 0 { Version(0) } else { Version(before.highest.0.saturating_add(1)) };
                let is_believed = is_believed(said, seen.sequence);
                let row = EventRow {
                    position: Some(store.server.layout.position(seen.sequence, index)),
                    stream_key,
                    stream: &stream,
                    version: if is_believed { said } else { behind },
                    event_type: &event_type,
                    schema: event.schema,
                    recorded_at: event.recorded_at,
                    id: event.id.clone(),
                    payload: &event.payload,
                    metadata: &event.metadata,
                };
                history.row(&row, report);
                if !is_believed {
                    report(Finding::of_event(&row, Fault::VersionNotBelieved { said, counted: behind }));
                }
                let before = chains.hashes.get(&stream_key);
                let due = event.hash_behind(before.unwrap_or(&ROOT), &stream);
                // Of a stream whose beginning has gone nobody knows what its first event stood behind.
                let is_known = before.is_some() || !chains.is_cut || event.version.0 == 0;
                if is_known && event.hash != Some(due) {
                    report(Finding::of_event(&row, Fault::HashBroken));
                }
                // Going on from what is stored, so that one edited event is named and not all that follow.
                // What another program left without one counts as a beginning, as it does for who appends behind it.
                let stands = event.hash.unwrap_or_else(|| event.hash_behind(&ROOT, &stream));
                chains.hashes.insert(stream_key, stands);
                index += 1;
            })
        }
    };
    if let Err(flaw) = read {
        let place = FoundAt { position: Some(Position(seen.sequence * places)), ..FoundAt::default() };
        let what = Fault::StrayMessage { sequence: seen.sequence, subject: seen.subject().to_owned(), flaw };
        report(Finding { place, what });
    }
    index.max(1)
}

/// What the stream no longer holds, as ranges.
fn missing_ranges(info: &Value) -> Vec<(u64, u64)> {
    let state = &info["state"];
    let number = |name: &str| state[name].as_u64().unwrap_or(0);
    let (first, last) = (number("first_seq"), number("last_seq"));
    let mut ranges = Vec::new();
    if first > 1 {
        ranges.push((1, first - 1));
    }
    let mut deleted: Vec<u64> =
        state["deleted"].as_array().into_iter().flatten().filter_map(|one| one.as_u64()).collect();
    deleted.retain(|one| *one >= first.max(1) && *one <= last);
    deleted.sort_unstable();
    for one in deleted {
        match ranges.last_mut() {
            Some((_, to)) if *to + 1 == one => *to = one,
            _ => ranges.push((one, one)),
        }
    }
    ranges
}
