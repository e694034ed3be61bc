//! Values that machines share, in a key-value bucket beside the stream: kept by as many servers as the stream is, and each
//! changed by the sequence of its last message.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::kv;

use super::NatsError;
use super::connection::{ANSWERING, Which};
use super::pull::{Pull, Want};
use super::store::NatsStore;
use crate::store::{Flow, SharedChange, SharedValue, SharedValues, StoreError};

/// So many changes are on their way at once.
const TOGETHER: usize = 512;

/// How long so many may take.
const CHANGING: Duration = Duration::from_secs(30);

const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";

pub(super) struct Bucket {
    store: NatsStore,
    name: String,
}

/// The bucket of this name for a store, made where there is none and that is wanted.
pub(super) fn bucket(
    store: &NatsStore,
    name: &str,
    may_make: bool,
) -> Result<Option<Box<dyn SharedValues>>, StoreError> {
    let store = store.beside();
    // A stream's name may have letters that a bucket's may not.
    let stream: String =
        store.server.stream.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    let name = format!("foldline-{stream}-{name}");
    let replicas = store.info()?.config.num_replicas.max(1);
    let jetstream = store.server.connection.jetstream.clone();
    let is_there = store.wait(async {
        if jetstream.get_key_value(&name).await.is_ok() {
            return Ok(true);
        }
        if !may_make {
            return Ok(false);
        }
        let config = kv::Config { bucket: name.clone(), history: 1, num_replicas: replicas, ..kv::Config::default() };
        let made = jetstream.create_key_value(config).await;
        made.map(|_| true).map_err(|error| NatsError::from_request(&error))
    })?;
    Ok(is_there.then(|| Box::new(Bucket { store, name }) as Box<dyn SharedValues>))
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
        Ok(found.map(|seen| SharedValue { value: seen.body().to_vec(), revision: seen.sequence }))
    }

    fn change(&self, changes: &[SharedChange]) -> Result<Vec<Option<u64>>, StoreError> {
        let mut made = Vec::with_capacity(changes.len());
        for some in changes.chunks(TOGETHER) {
            let answer = self.store.asking.wait(CHANGING, self.changed(some));
            made.extend(answer.map_err(|error| self.store.failed(self.store.server.connection.failed(error)))?);
        }
        Ok(made)
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
                let value = SharedValue { value: seen.body().to_vec(), revision: seen.sequence };
                if visit(key, value).is_break() {
                    return Ok(());
                }
            }
        }
    }
}
