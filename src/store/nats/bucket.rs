//! Values that machines share, in a key-value bucket beside the stream: kept by as many servers as the stream is, and each
//! changed by the sequence of its last message.

use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::jetstream;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::NatsError;
use super::connection::Which;
use super::pull::{Pull, Want};
use super::seen::Seen;
use super::store::NatsStore;
use crate::event::Timestamp;
use crate::store::{Flow, ServerDetail, SharedChange, SharedValue, SharedValues, StoreError};

/// So many changes are on their way at once; the client itself holds five thousand.
const TOGETHER: usize = 2_048;

/// How long so many may take, servers that choose who leads included: busy ones need more than ten seconds for it.
const CHANGING: Duration = Duration::from_secs(30);

/// So long without one, and the answers that are missing are given up.
const ANSWER_IN: Duration = Duration::from_secs(2);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// What JetStream answers where it cannot say yet which message is the last of a subject.
const ON_ITS_WAY: u64 = 10_164;

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
    // Asked in plain words: what older servers answer, the client's own buckets do not understand.
    let is_there = store.insist(async |connection| {
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

    /// One attempt at each of these changes.
    async fn attempt(&self, changes: impl Iterator<Item = &SharedChange>) -> Result<Vec<Told>, NatsError> {
        let jetstream = &self.store.server.connection.jetstream;
        let mut coming = Vec::new();
        for SharedChange { key, value, revision } in changes {
            let mut headers = HeaderMap::new();
            headers.insert(EXPECTED, revision.unwrap_or(0).to_string().as_str());
            coming.push(jetstream.publish_with_headers(self.subject(key), headers, value.clone().into()).await);
        }
        let (mut told, mut answer_in) = (Vec::with_capacity(coming.len()), ANSWER_IN);
        for sent in coming {
            let answer = match sent {
                Ok(answer) => timeout(answer_in, answer.into_future()).await,
                Err(error) => Ok(Err(error)),
            };
            told.push(match answer {
                Ok(Ok(ack)) => Told::Made(ack.sequence),
                Ok(Err(error)) => Told::of(&error),
                Err(_) => {
                    // Of the others it is only asked which have come.
                    answer_in = Duration::ZERO;
                    Told::Unsure(NatsError::Silent(ServerDetail::NoAnswer))
                }
            });
        }
        Ok(told)
    }

    fn failed(&self, error: NatsError) -> StoreError {
        self.store.failed(self.store.server.connection.failed(error))
    }
}

/// What an attempt at a change tells.
enum Told {
    Made(u64),
    /// The value is another by now.
    Behind,
    /// Nothing was changed by it, and another attempt may go through.
    NotNow(NatsError),
    Unsure(NatsError),
    Refused(NatsError),
}

impl Told {
    fn of(error: &PublishError) -> Self {
        let refused = std::error::Error::source(error).and_then(|source| source.downcast_ref::<jetstream::Error>());
        match (error.kind(), refused.map(|refused| refused.error_code().0)) {
            (PublishErrorKind::WrongLastSequence, _) => Self::Behind,
            // A change of this value is on its way, and the servers have not agreed on it yet.
            (_, Some(ON_ITS_WAY)) => Self::NotNow(NatsError::Busy),
            // While servers choose who leads, nobody takes what is meant for the one that does.
            (PublishErrorKind::StreamNotFound | PublishErrorKind::MaxAckPending, _) => {
                Self::NotNow(NatsError::NoLeader)
            }
            (PublishErrorKind::MaxPayloadExceeded, _) => Self::Refused(NatsError::Said(error.to_string())),
            (_, Some(_)) => match NatsError::from_request(error) {
                NatsError::NoLeader => Self::Unsure(NatsError::NoLeader),
                other => Self::Refused(other),
            },
            (_, None) => Self::Unsure(NatsError::from_request(error)),
        }
    }
}

impl SharedValues for Bucket {
    fn get(&self, key: &str) -> Result<Option<SharedValue>, StoreError> {
        let (stream, subject) = (self.stream(), self.subject(key));
        let found = self.store.insist(async |connection| connection.message(&stream, Which::Last(&subject)).await)?;
        Ok(found.map(|seen| shared(&seen)))
    }

    /// Goes on until it is known of each what became of it. To ask again is safe: every attempt names the value that it
    /// is a change of.
    fn change(&self, changes: &[SharedChange]) -> Result<Vec<Option<u64>>, StoreError> {
        let (began, mut left) = (Instant::now(), (0..changes.len()).collect::<Vec<usize>>());
        let (mut made, mut is_unsure) = (vec![None; changes.len()], vec![false; changes.len()]);
        loop {
            let (mut again, mut passing) = (Vec::new(), None);
            for some in left.chunks(TOGETHER) {
                let some_of = some.iter().filter_map(|number| changes.get(*number));
                let told =
                    self.store.asking.wait(CHANGING, self.attempt(some_of)).map_err(|error| self.failed(error))?;
                for (number, told) in some.iter().copied().zip(told) {
                    match told {
                        Told::Made(revision) => made[number] = Some(revision),
                        // An attempt of which nothing was heard may be the one that was quicker.
                        Told::Behind if is_unsure[number] => {
                            let SharedChange { key, value, .. } = &changes[number];
                            let there = self.get(key)?;
                            made[number] = there.filter(|there| there.value == *value).map(|there| there.revision);
                        }
                        Told::Behind => {}
                        Told::NotNow(error) => {
                            again.push(number);
                            passing = Some(error);
                        }
                        Told::Unsure(error) => {
                            again.push(number);
                            is_unsure[number] = true;
                            passing = Some(error);
                        }
                        Told::Refused(error) => return Err(self.failed(error)),
                    }
                }
            }
            let Some(error) = passing else { return Ok(made) };
            if began.elapsed() > CHANGING {
                return Err(self.failed(error));
            }
            left = again;
            std::thread::sleep(BETWEEN_ATTEMPTS);
        }
    }

    fn now(&self) -> Result<Option<Timestamp>, StoreError> {
        let stream = self.stream();
        let info = self.store.insist(async |connection| connection.info(&stream).await)?;
        Ok(Timestamp::parse_rfc3339(&info.ts))
    }

    fn visit(&self, prefix: &str, visit: &mut dyn FnMut(&str, SharedValue) -> Flow) -> Result<(), StoreError> {
        let (stream, begin) = (self.stream(), self.subject(""));
        let connection = self.store.server.connection.insisting();
        let to = self.store.insist(async |connection| connection.info(&stream).await)?;
        let want =
            Want { from: 1, to: to.state.last_seq, filter: Some(format!("{begin}{prefix}>")), headers_only: false };
        let mut pull = Pull::begin(&connection, &stream, &self.store.asking, want);
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
