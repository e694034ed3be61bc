//! One connection to a NATS server, shared by all readers of a store, and the questions of JetStream's interface.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use async_nats::jetstream::response::Response;
use async_nats::jetstream::{self, Context, ErrorCode};
use async_nats::{Client, Event};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::NatsError;
use super::bridge::{Asking, handle};
use super::seen::{Seen, Stored};
use super::settings::Settings;
use crate::store::{Address, ServerDetail};

/// The oldest server whose JetStream has what reading needs.
const OLDEST: (i64, i64) = (2, 9);
const OLDEST_NAME: &str = "2.9";

/// How long one question may take the server.
pub(in crate::store) const ANSWERING: Duration = Duration::from_secs(10);

/// For so long a question is put once more where its answer may still come.
const ASKED_AGAIN: Duration = Duration::from_secs(6);
/// And for so long where others may come to lead, or more depends on it than a look.
pub(super) const INSISTING: Duration = Duration::from_secs(10);
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(100);
/// So long an answer is waited for alone, and each time as much longer.
const ONCE_MORE: Duration = Duration::from_secs(1);

/// Between two attempts to take up a connection again.
const BETWEEN_ATTEMPTS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
];

/// What is known of the connection itself, as the client tells it.
#[derive(Debug, Default)]
pub(in crate::store) struct Line {
    /// The stream is kept by several servers, and the one that is asked may be some moments behind the one that leads.
    pub(super) is_copied: AtomicBool,
    is_lost: AtomicBool,
    /// JetStream has answered here.
    is_served: AtomicBool,
    /// How often it was taken up anew.
    taken_up: AtomicU64,
    pub(super) moved: Notify,
}

impl Line {
    fn heard(&self, event: &Event) {
        match event {
            Event::Connected => {
                self.is_lost.store(false, Ordering::Release);
                self.taken_up.fetch_add(1, Ordering::AcqRel);
                self.moved.notify_waiters();
            }
            Event::Disconnected | Event::Closed => {
                self.is_lost.store(true, Ordering::Release);
                self.moved.notify_waiters();
            }
            other => tracing::debug!(%other, "the NATS client says"),
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    pub(super) fn taken_up(&self) -> u64 {
        self.taken_up.load(Ordering::Acquire)
    }
}

/// A connection. Cheap to clone; the last one closes it.
#[derive(Clone, Debug)]
pub(in crate::store) struct Connection {
    pub(in crate::store) client: Client,
    pub(in crate::store) jetstream: Context,
    pub(in crate::store) line: Arc<Line>,
    /// What JetStream's questions begin with.
    prefix: Arc<str>,
    insists: bool,
}

/// What a cluster says while its servers have not all found each other.
pub(super) const NO_PEERS: &str = "no suitable peers";

impl Connection {
    pub(super) fn to(address: &Address, asking: &Asking) -> Result<Self, NatsError> {
        let Settings { parts, connect_timeout, has_credentials, options } = Settings::of(address)?;
        let line = Arc::new(Line::default());
        let heard = Arc::clone(&line);
        let options = options
            .request_timeout(Some(ANSWERING / 2))
            .reconnect_delay_callback(|attempt| {
                let last = BETWEEN_ATTEMPTS[BETWEEN_ATTEMPTS.len() - 1];
                BETWEEN_ATTEMPTS.get(attempt.saturating_sub(1)).copied().unwrap_or(last)
            })
            .event_callback(move |event| {
                heard.heard(&event);
                std::future::ready(())
            });
        let hosts: Vec<String> = parts.hosts.iter().map(|host| format!("nats://{host}")).collect();
        line.is_copied.store(hosts.len() > 1, Ordering::Relaxed);
        // Every host may take its time.
        let at_most = connect_timeout * u32::try_from(hosts.len()).unwrap_or(1) + Duration::from_secs(1);
        let connected = asking.wait(at_most, async {
            let connected = options.connect(hosts).await;
            connected.map_err(|error| NatsError::from_connecting(&error, has_credentials))
        });
        let client = match connected {
            Err(NatsError::Silent(_)) => Err(NatsError::Unreachable(ServerDetail::NoAnswerWithin(connect_timeout))),
            answer => answer,
        }?;
        // A context begins work of its own.
        let _inside = handle()?.enter();
        let (jetstream, prefix) = match parts.option("domain") {
            Some(domain) => (jetstream::with_domain(client.clone(), domain), format!("$JS.{domain}.API")),
            None => (jetstream::new(client.clone()), "$JS.API".to_owned()),
        };
        let connection = Self { client, jetstream, line, prefix: prefix.into(), insists: false };
        let (major, minor) = OLDEST;
        if !connection.is_at_least(major, minor) {
            let found = connection.client.server_info().version;
            return Err(NatsError::TooOld { found, needed: OLDEST_NAME });
        }
        Ok(connection)
    }

    /// Whether the server is at least of this version.
    pub(in crate::store) fn is_at_least(&self, major: i64, minor: i64) -> bool {
        self.client.is_server_compatible(major, minor, 0)
    }

    /// The same, of which a question is put again whatever may be over in a moment: servers that choose who leads, a
    /// connection that comes back, a cluster that is finding together.
    pub(super) fn insisting(&self) -> Self {
        Self { insists: true, ..self.clone() }
    }

    /// The subject of one of JetStream's questions.
    pub(super) fn subject(&self, question: &str) -> String {
        format!("{}.{question}", self.prefix)
    }

    /// Asks JetStream.
    pub(in crate::store) async fn ask<T: DeserializeOwned>(
        &self,
        question: String,
        payload: &Value,
    ) -> Result<T, NatsError> {
        self.until_it_answers(|| async {
            let answer = self.jetstream.request::<_, _, Response<T>>(question.clone(), payload).await;
            match answer.map_err(|error| self.failed(NatsError::from_request(&error)))? {
                Response::Ok(answer) => Ok(answer),
                Response::Err { error } => Err(NatsError::from_jetstream(&error)),
            }
        })
        .await
    }

    /// How long an answer is waited for. Servers that choose who leads take up to some ten seconds for it.
    pub(super) fn patience(&self) -> Duration {
        if self.line.is_copied.load(Ordering::Relaxed) { INSISTING + ANSWERING / 2 } else { ANSWERING }
    }

    /// Asks once more where a server that was killed leaves the others to choose who leads.
    async fn until_it_answers<T, F>(&self, question: impl Fn() -> F) -> Result<T, NatsError>
    where
        F: Future<Output = Result<T, NatsError>>,
    {
        let begun = Instant::now();
        let may_be_lost = self.insists || self.line.is_copied.load(Ordering::Relaxed);
        let asked_again = if may_be_lost { INSISTING } else { ASKED_AGAIN };
        loop {
            let answer = self.put(&question, may_be_lost).await;
            if matches!(answer, Ok(_) | Err(NatsError::Changed(_))) {
                self.line.is_served.store(true, Ordering::Relaxed);
            }
            let may_pass = match &answer {
                Err(NatsError::NoLeader) => true,
                // What was on its way to a server that was killed is never answered.
                Err(NatsError::Silent(_)) => may_be_lost,
                Err(NatsError::Lost(_)) => self.insists,
                // While it comes back, a server knows nothing of JetStream yet.
                Err(NatsError::NoJetStream) => self.line.is_served.load(Ordering::Relaxed),
                Err(NatsError::Said(words)) => self.insists && words.contains(NO_PEERS),
                _ => false,
            };
            if !may_pass || begun.elapsed() > asked_again {
                return answer;
            }
            sleep(BETWEEN_QUESTIONS).await;
        }
    }

    /// Of a silence it is known whether the connection is there at all.
    pub(super) fn failed(&self, error: NatsError) -> NatsError {
        match error {
            NatsError::Silent(detail) if self.line.is_lost() => NatsError::Lost(detail),
            other => other,
        }
    }

    /// The names of the streams in which events may be: what the server keeps for values and objects has none.
    pub(super) async fn streams(&self) -> Result<Vec<String>, NatsError> {
        let mut names = self.all_streams().await?;
        names.retain(|name| !name.starts_with("KV_") && !name.starts_with("OBJ_"));
        Ok(names)
    }

    pub(super) async fn all_streams(&self) -> Result<Vec<String>, NatsError> {
        #[derive(Deserialize)]
        struct Names {
            #[serde(default)]
            total: usize,
            streams: Option<Vec<String>>,
        }
        let mut names: Vec<String> = Vec::new();
        loop {
            let page: Names = self.ask("STREAM.NAMES".to_owned(), &json!({ "offset": names.len() })).await?;
            let found = page.streams.unwrap_or_default();
            let is_last = found.is_empty();
            names.extend(found);
            if is_last || names.len() >= page.total {
                names.sort();
                return Ok(names);
            }
        }
    }

    pub(in crate::store) async fn info(&self, stream: &str) -> Result<StreamInfo, NatsError> {
        self.ask(format!("STREAM.INFO.{stream}"), &Value::Null).await
    }

    /// Every subject that a filter names, and how many messages are under it, page after page.
    pub(in crate::store) async fn subjects(
        &self,
        stream: &str,
        filter: &str,
        visit: &mut dyn FnMut(&str, u64),
    ) -> Result<(), NatsError> {
        let mut read = 0;
        loop {
            let wish = json!({ "subjects_filter": filter, "offset": read });
            let page: StreamInfo = self.ask(format!("STREAM.INFO.{stream}"), &wish).await?;
            let found = page.state.subjects.unwrap_or_default();
            read += found.len() as u64;
            for (subject, count) in &found {
                visit(subject, *count);
            }
            if found.is_empty() || page.total.is_none_or(|total| read >= total) {
                return Ok(());
            }
        }
    }

    /// A message of the stream, from the server that leads it; `None` where there is none such.
    pub(in crate::store) async fn message(&self, stream: &str, which: Which<'_>) -> Result<Option<Seen>, NatsError> {
        #[derive(Deserialize)]
        struct Answer {
            message: Stored,
        }
        let wish = match which {
            Which::At(sequence) => json!({ "seq": sequence }),
            Which::Next(sequence, subject) => json!({ "seq": sequence.max(1), "next_by_subj": subject }),
            Which::Last(subject) => json!({ "last_by_subj": subject }),
        };
        let asked = format!("STREAM.MSG.GET.{stream}");
        self.until_it_answers(|| async {
            let answer = self.jetstream.request::<_, _, Response<Answer>>(asked.clone(), &wish).await;
            match answer.map_err(|error| self.failed(NatsError::from_request(&error)))? {
                Response::Ok(Answer { message }) => Ok(Seen::of_stored(message)),
                Response::Err { error } if error.error_code() == ErrorCode::NO_MESSAGE_FOUND => Ok(None),
                Response::Err { error } => Err(NatsError::from_jetstream(&error)),
            }
        })
        .await
    }

    /// Puts a question, and once more where its answer may have been lost: the connection was taken up anew, or nothing
    /// comes and another server may lead by now, which knows nothing of what was asked before. The first answer counts.
    async fn put<T, F>(&self, question: &impl Fn() -> F, others_may_lead: bool) -> Result<T, NatsError>
    where
        F: Future<Output = Result<T, NatsError>>,
    {
        let mut asked = vec![Box::pin(question())];
        let mut taken_up = self.line.taken_up();
        loop {
            let mut moved = pin!(self.line.moved.notified());
            moved.as_mut().enable();
            if self.line.taken_up() != taken_up {
                taken_up = self.line.taken_up();
                asked.push(Box::pin(question()));
            }
            let times = u32::try_from(asked.len()).unwrap_or(u32::MAX);
            let mut patience = pin!(sleep(if others_may_lead { ONCE_MORE * times } else { ANSWERING }));
            let answer = poll_fn(|context| {
                for one in &mut asked {
                    if let Poll::Ready(answer) = one.as_mut().poll(context) {
                        return Poll::Ready(Some(answer));
                    }
                }
                if moved.as_mut().poll(context).is_ready() {
                    return Poll::Ready(None);
                }
                patience.as_mut().poll(context).map(|()| None)
            });
            match answer.await {
                Some(answer) => return answer,
                None if self.line.taken_up() == taken_up && !self.line.is_lost() => asked.push(Box::pin(question())),
                None => {}
            }
        }
    }
}

/// One message among those of a stream.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Which<'a> {
    At(u64),
    /// The first at or behind a place, under a subject that the filter names.
    Next(u64, &'a str),
    Last(&'a str),
}

/// What a stream says of itself. Older servers leave some of it out.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::store) struct StreamInfo {
    pub(in crate::store) config: StreamConfig,
    #[serde(default)]
    pub(super) created: String,
    /// What the time is there. Older servers do not say.
    #[serde(default)]
    pub(super) ts: String,
    pub(in crate::store) state: StreamState,
    /// Of subjects, where they were asked for.
    total: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::store) struct StreamConfig {
    pub(in crate::store) name: String,
    pub(in crate::store) subjects: Option<Vec<String>>,
    pub(in crate::store) description: Option<String>,
    pub(in crate::store) num_replicas: usize,
    pub(in crate::store) max_msgs: i64,
    pub(in crate::store) max_msgs_per_subject: i64,
    pub(in crate::store) max_bytes: i64,
    /// In nanoseconds.
    pub(in crate::store) max_age: i64,
    pub(in crate::store) allow_atomic: bool,
    pub(in crate::store) allow_direct: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::store) struct StreamState {
    pub(in crate::store) messages: u64,
    pub(in crate::store) first_seq: u64,
    pub(in crate::store) last_seq: u64,
    pub(in crate::store) num_subjects: u64,
    pub(in crate::store) num_deleted: u64,
    subjects: Option<HashMap<String, u64>>,
}

impl StreamInfo {
    /// Of a stream that was made then.
    pub(super) fn unless_made_anew(&self, created: &str) -> Result<(), NatsError> {
        if self.created == created { Ok(()) } else { Err(NatsError::MadeAnew { stream: self.config.name.clone() }) }
    }

    /// What changes when messages are taken away, or the stream is made anew; what is recorded does not change it.
    pub(super) fn edition(&self) -> Edition {
        let StreamState { messages, first_seq, last_seq, .. } = self.state;
        let held = (last_seq + 1).saturating_sub(first_seq.max(1));
        Edition { created: self.created.clone(), first: first_seq.max(1), missing: held.saturating_sub(messages) }
    }
}

impl StreamConfig {
    /// Whether old messages go by themselves. A limit that is not set is nought or less.
    pub(super) fn drops_messages(&self) -> bool {
        [self.max_msgs, self.max_msgs_per_subject, self.max_bytes, self.max_age].iter().any(|limit| *limit > 0)
    }
}

/// See [`StreamInfo::edition`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edition {
    pub(super) created: String,
    /// The first message that is there.
    pub(super) first: u64,
    /// Between the first and the last.
    pub(super) missing: u64,
}
