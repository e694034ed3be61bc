//! Values that machines share, in a key-value bucket beside the stream: kept by as many servers as the stream is, and each
//! changed by the sequence of its last message.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::PublishErrorKind;
use serde_json::{Value, json};

use super::NatsError;
use super::connection::{ANSWERING, Which};
use super::pull::{Pull, Want};
use super::seen::Seen;
use super::store::NatsStore;
use crate::event::Timestamp;
use crate::store::{Flow, SharedChange, SharedValue, SharedValues, StoreError};

/// So many changes are on their way at once; the client itself holds five thousand.
const TOGETHER: usize = 2_048;

/// How long so many may take.
const CHANGING: Duration = Duration::from_secs(30);

/// In nanoseconds.
const DUPLICATE_WINDOW: u64 = 120_000_000_000;

const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";

pub(super) struct Bucket {
    store: NatsStore,
    name: String,
}

fn shared(seen: &Seen) -> SharedValue {
    SharedValue { value: seen.body().to_vec(), revision: seen.sequence, at: Some(seen.at) }
}

/// What the buckets of a store begin with.
fn prefix(store: &NatsStore) -> String {
    // A stream's name may have letters that a bucket's may not.
    let letters = store.server.stream.chars();
    let stream: String = letters.map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    format!("foldline-{stream}-")
}

/// The names of all the buckets for a store.
pub(super) fn names(store: &NatsStore) -> Result<Vec<String>, StoreError> {
    let prefix = format!("KV_{}", prefix(store));
    let streams = store.wait(store.server.connection.all_streams())?;
    Ok(streams.iter().filter_map(|stream| stream.strip_prefix(&prefix)).map(str::to_owned).collect())
}

/// The bucket of this name for a store, made where there is none and that is wanted.
pub(super) fn bucket(
    store: &NatsStore,
    name: &str,
    may_make: bool,
) -> Result<Option<Box<dyn SharedValues>>, StoreError> {
    let store = store.beside();
    let name = format!("{}{name}", prefix(&store));
    let replicas = store.info()?.config.num_replicas.max(1);
    let connection = &store.server.connection;
    // Asked in plain words: what older servers answer, the client's own buckets do not understand.
    let is_there = store.wait(async {
        match connection.info(&format!("KV_{name}")).await {
            Ok(_) => return Ok(true),
            Err(NatsError::Changed(_)) if may_make => {}
            Err(NatsError::Changed(_)) => return Ok(false),
            Err(error) => return Err(error),
        }
        // The same each time it is asked for: whoever comes second is told yes again.
        let made = connection.ask::<Value>(format!("STREAM.CREATE.KV_{name}"), &config(&name, replicas)).await;
        made.map(|_| true)
    })?;
    Ok(is_there.then(|| Box::new(Bucket { store, name }) as Box<dyn SharedValues>))
}

/// As every client makes a bucket that keeps the last value of each key.
fn config(name: &str, replicas: usize) -> Value {
    json!({
        "name": format!("KV_{name}"),
        "subjects": [format!("$KV.{name}.>")],
        "storage": "file", "retention": "limits", "discard": "new", "num_replicas": replicas,
        "max_msgs": -1, "max_bytes": -1, "max_age": 0, "max_msgs_per_subject": 1, "max_msg_size": -1,
        "max_consumers": -1, "duplicate_window": DUPLICATE_WINDOW,
        "deny_delete": true, "allow_rollup_hdrs": true, "allow_direct": true,
    })
}

impl Bucket {
    fn stream(&self) -> String {
        format!("KV_{}", self.name)
    }

    fn subject(&self, key: &str) -> String {
        format!("$KV.{}.{key}", self.name)
    }

    async fn changed(&self, changes: &[SharedChange]) -> Result<Vec<Option<u64>>, NatsError> {
        let jetstream = &self.store.server.connection.jetstream;
        let mut coming = Vec::with_capacity(changes.len());
        for SharedChange { key, value, revision } in changes {
            let mut headers = HeaderMap::new();
            headers.insert(EXPECTED, revision.unwrap_or(0).to_string().as_str());
            let sent = jetstream.publish_with_headers(self.subject(key), headers, value.clone().into()).await;
            coming.push(sent.map_err(|error| NatsError::from_request(&error))?);
        }
        let mut made = Vec::with_capacity(changes.len());
        for answer in coming {
            made.push(match answer.await {
                Ok(ack) => Some(ack.sequence),
                Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => None,
                Err(error) => return Err(NatsError::from_request(&error)),
            });
        }
        Ok(made)
    }
}

impl SharedValues for Bucket {
    fn get(&self, key: &str) -> Result<Option<SharedValue>, StoreError> {
        let (stream, subject) = (self.stream(), self.subject(key));
        let found = self.store.wait(self.store.server.connection.message(&stream, Which::Last(&subject)))?;
        Ok(found.map(|seen| shared(&seen)))
    }

    fn change(&self, changes: &[SharedChange]) -> Result<Vec<Option<u64>>, StoreError> {
        let mut made = Vec::with_capacity(changes.len());
        for some in changes.chunks(TOGETHER) {
            let answer = self.store.asking.wait(CHANGING, self.changed(some));
            made.extend(answer.map_err(|error| self.store.failed(self.store.server.connection.failed(error)))?);
        }
        Ok(made)
    }

    fn now(&self) -> Result<Option<Timestamp>, StoreError> {
        let info = self.store.wait(self.store.server.connection.info(&self.stream()))?;
        Ok(Timestamp::parse_rfc3339(&info.ts))
    }

    fn visit(&self, prefix: &str, visit: &mut dyn FnMut(&str, SharedValue) -> Flow) -> Result<(), StoreError> {
        let (stream, begin) = (self.stream(), self.subject(""));
        let connection = &self.store.server.connection;
        let to =
            self.store.asking.wait(ANSWERING, connection.info(&stream)).map_err(|error| self.store.failed(error))?;
        let want =
            Want { from: 1, to: to.state.last_seq, filter: Some(format!("{begin}{prefix}>")), headers_only: false };
        let mut pull = Pull::begin(connection, &stream, &self.store.asking, want);
        loop {
            let some = pull.some(TOGETHER).map_err(|error| self.store.failed(error))?;
            if some.is_empty() {
                return Ok(());
            }
            for seen in some {
                let Some(key) = seen.subject().strip_prefix(&begin) else { continue };
                if visit(key, shared(&seen)).is_break() {
                    return Ok(());
                }
            }
        }
    }
}
