//! Making a store: a stream of JetStream that keeps everything and lets nobody take anything away.

use serde_json::{Value, json};

use super::super::address::{Parts, with_stream};
use super::super::bridge::Asking;
use super::super::connection::{ANSWERING, Connection, INSISTING, NO_PEERS};
use super::super::layout::{ENVELOPES, OWN, SCHEMA};
use super::super::message::all_subjects;
use super::super::store::NatsStore;
use super::super::{failed, open};
use super::only_reads;
use crate::event::EventId;
use crate::store::{Address, NatsError, OpenOptions, Store, StoreError};

/// How many copies a server keeps at most.
const MOST_REPLICAS: usize = 5;

/// In nanoseconds: two minutes, in which a repeated id is known to the server itself.
const DUPLICATE_WINDOW: u64 = 120_000_000_000;

/// A store on a server that whole stores are brought into.
#[derive(Debug)]
pub struct ServerTarget(pub(super) NatsStore);

/// The store that the address names, made where there is none: as many copies as asked for, or one. Where it must be
/// new, one that is there is refused.
pub(in crate::store) fn target(
    address: &Address,
    replicas: Option<usize>,
    must_be_new: bool,
) -> Result<ServerTarget, StoreError> {
    match create(address, replicas.unwrap_or(1)) {
        Err(StoreError::Nats { error, .. }) if !must_be_new && matches!(*error, NatsError::NameTaken { .. }) => {
            let store = open(address, &OpenOptions::default())?;
            match store.read_only_reason() {
                None => Ok(ServerTarget(store)),
                Some(reason) => Err(only_reads(&store, reason)),
            }
        }
        made => made.map(ServerTarget),
    }
}

fn create(address: &Address, replicas: usize) -> Result<NatsStore, StoreError> {
    let refused = |error| failed(address, error);
    let Some(name) = Parts::of(address).map_err(refused)?.stream else {
        return Err(refused(NatsError::NoName));
    };
    if name.is_empty() || name.contains(['.', '*', '>', '/', '\\', '%']) || name.contains(char::is_whitespace) {
        return Err(refused(NatsError::BadName { name }));
    }
    if replicas == 0 || replicas > MOST_REPLICAS {
        return Err(refused(NatsError::Replicas { asked: replicas, words: format!("1 to {MOST_REPLICAS}") }));
    }
    let asking = Asking::default();
    let connection = Connection::to(address, &asking).map_err(refused)?.insisting();
    match asking.wait(INSISTING + ANSWERING, connection.info(&name)) {
        Ok(_) => return Err(refused(NatsError::NameTaken { name })),
        Err(NatsError::Changed(_)) => {}
        Err(error) => return Err(refused(error)),
    }
    // The same each time it is asked for: a server that has made it already says yes again.
    let config = config(&name, replicas, connection.is_at_least(2, 12));
    let made = connection.ask::<Value>(format!("STREAM.CREATE.{name}"), &config);
    asking.wait(INSISTING + ANSWERING, made).map_err(|error| match error {
        // What three servers can, one alone or a cluster of two cannot.
        NatsError::Said(words) if words.contains("replicas") || words.contains(NO_PEERS) => {
            refused(NatsError::Replicas { asked: replicas, words })
        }
        other => refused(other),
    })?;
    open(&with_stream(address, &name), &OpenOptions::default())
}

fn config(name: &str, replicas: usize, has_batches: bool) -> Value {
    let id = EventId::Uuid(uuid::Uuid::now_v7().into_bytes());
    let envelopes = if has_batches { String::new() } else { format!("; {ENVELOPES}") };
    let mut config = json!({
        "name": name,
        "description": format!("{OWN}; schema {SCHEMA}; id {id}{envelopes}"),
        "subjects": [all_subjects(name)],
        "storage": "file", "retention": "limits", "discard": "old", "num_replicas": replicas,
        "max_msgs": -1, "max_bytes": -1, "max_age": 0, "max_msgs_per_subject": -1, "max_msg_size": -1,
        "max_consumers": -1, "duplicate_window": DUPLICATE_WINDOW,
        "deny_delete": true, "deny_purge": true, "allow_direct": true,
    });
    if has_batches {
        config["allow_atomic"] = Value::from(true);
    }
    config
}
