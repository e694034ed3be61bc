//! One append as the server is asked for it, until it is known what became of it.

use std::time::{Duration, Instant};

use async_nats::HeaderMap;
use async_nats::jetstream;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};

use super::super::bridge::Asking;
use super::super::connection::{Connection, Which};
use super::super::store::NatsStore;
use crate::event::NewEvent;
use crate::store::{NatsError, ServerDetail, StoreError};

/// A message that is to be published.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub subject: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// What became of an append for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// By this call; the last message stands there.
    Recorded { sequence: u64 },
    /// The stream does not end where it was said to: nothing was recorded by the last attempt.
    Behind,
    /// A message with one of these ids was there already.
    IdTaken,
}

/// What became of it, and whether there was a moment in which that was not known: then what is found there may be of
/// this call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    pub outcome: Outcome,
    pub was_unsure: bool,
}

/// What one attempt tells.
enum Told {
    For(Outcome),
    /// Nothing was recorded, and nothing will be of this attempt; another may go through.
    NotNow(NatsError),
    /// Nothing was recorded, and no other attempt would be.
    Never(NatsError),
    /// The server that leads refused it; another that keeps a copy may still have it.
    Refused(NatsError),
    Unsure(NatsError),
}

/// How long an append may take in all, servers that choose a new leader included.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// With everything that has to be asked before and behind it.
pub(super) const WHOLE: Duration = Duration::from_secs(18);
/// How long the first attempts are waited for; a server that is alive answers in milliseconds, and asking once more does
/// no harm.
const FIRST_ANSWER: Duration = Duration::from_secs(2);
/// So often refused by the server that leads, with nothing recorded, it stays refused.
const REFUSALS: u32 = 3;
pub(super) const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

const EXPECTED_SUBJECT: &str = "Nats-Expected-Last-Subject-Sequence";

/// What JetStream answers where the stream ends elsewhere.
const WRONG_LAST: [u64; 2] = [10_071, 10_164];
/// What is too large for a stream stays so.
const NEVER: [u64; 2] = [10_054, 10_097];
/// Where a batch has an id that is known.
const KNOWN_ID: u64 = 10_201;

impl NatsStore {
    /// Publishes these messages, as one, behind that message of their subject, and goes on until it is known what became
    /// of them. To ask again is safe: the second attempt names the same message as the last, so at most one is taken.
    /// That holds within one stream alone, and a server has no word by which a message says of which making of a stream
    /// it is meant for: so it is looked before each further attempt, and what was taken at a place that the stream was
    /// beyond already, `held`, was taken by another.
    pub(super) fn settle(
        &self,
        messages: &[Message],
        (behind, mut held): (u64, u64),
        events: &[NewEvent],
        until: Instant,
    ) -> Result<Settled, StoreError> {
        let began = Instant::now();
        let (mut was_unsure, mut was_silent) = (false, false);
        let mut answer_in = FIRST_ANSWER;
        let mut refusals = 0;
        loop {
            let mut is_refused = false;
            let error = match self.attempt(messages, behind, answer_in) {
                // A server that lost its last messages may give their places once more; else it is another stream.
                Told::For(Outcome::Recorded { sequence }) if sequence <= held => {
                    was_unsure = true;
                    held = sequence.saturating_sub(1);
                    NatsError::Silent(ServerDetail::NoAnswer)
                }
                Told::For(outcome) => return Ok(Settled { outcome, was_unsure }),
                Told::Never(error) if !was_unsure => return Err(self.failed(error)),
                Told::Never(error) | Told::NotNow(error) => error,
                Told::Refused(error) => {
                    is_refused = true;
                    error
                }
                Told::Unsure(error) => {
                    (was_unsure, was_silent) = (true, true);
                    error
                }
            };
            refusals = if is_refused { refusals + 1 } else { 0 };
            // What no answer came to may be on its way, and come to be there when the servers have agreed.
            if refusals >= REFUSALS && !was_silent && self.ends_at(messages, behind) {
                return Err(self.failed(error));
            }
            was_unsure |= is_refused;
            let left = || until.saturating_duration_since(Instant::now());
            answer_in = (answer_in * 2).min(PATIENCE / 2).min(left());
            loop {
                if began.elapsed() + BETWEEN_ATTEMPTS > PATIENCE || left() <= BETWEEN_ATTEMPTS {
                    return Err(self.unsettled(was_unsure, events, error));
                }
                std::thread::sleep(BETWEEN_ATTEMPTS);
                match self.looked(answer_in.min(left())) {
                    Ok(()) => break,
                    Err(error @ NatsError::MadeAnew { .. }) => return Err(self.unsettled(was_unsure, events, error)),
                    // Who cannot say what the stream is would not take an event either.
                    Err(error) => tracing::debug!(%error, "nobody says whether the stream is the same"),
                }
            }
        }
    }

    /// Sees that the stream is still the one that was opened.
    fn looked(&self, answer_in: Duration) -> Result<(), NatsError> {
        let connection = &self.server.connection;
        let info = Asking::default().wait(answer_in, connection.info(&self.server.stream))?;
        self.made_then(&info)
    }

    /// Whether the server that leads says that nothing came behind that message.
    fn ends_at(&self, messages: &[Message], behind: u64) -> bool {
        let subject = messages.first().map(|message| message.subject.as_str()).unwrap_or_default();
        let last = self.message(Which::Last(subject));
        last.is_ok_and(|last| last.map_or(0, |last| last.sequence) == behind)
    }

    /// What is said where nothing became known in time: where nobody was there to take it, nothing was recorded.
    pub(super) fn unsettled(&self, was_unsure: bool, events: &[NewEvent], error: NatsError) -> StoreError {
        if !was_unsure {
            return self.failed(error);
        }
        let id = events.first().map(|event| event.id.to_string()).unwrap_or_default();
        let detail = match error {
            NatsError::MadeAnew { .. } => ServerDetail::StreamMadeAnew,
            error => ServerDetail::Said(error.to_string()),
        };
        self.failed(NatsError::Undecided { id, detail })
    }

    fn attempt(&self, messages: &[Message], behind: u64, answer_in: Duration) -> Told {
        // Of its own: who interrupts a reading does not mean what is being recorded.
        let asking = Asking::default();
        let connection = &self.server.connection;
        let asked = asking.wait(answer_in, async {
            Ok(match messages {
                [one] => {
                    let mut headers = one.headers.clone();
                    headers.insert(EXPECTED_SUBJECT, behind.to_string());
                    publish(connection, one, headers).await
                }
                several => publish_batch(connection, several, behind).await,
            })
        });
        match asked {
            Ok(Ok(ack)) if !ack.duplicate => Told::For(Outcome::Recorded { sequence: ack.sequence }),
            Ok(Ok(_)) => Told::For(Outcome::IdTaken),
            Ok(Err(error)) => told(&error),
            Err(error) => Told::Unsure(connection.failed(error)),
        }
    }
}

type Published = Result<jetstream::publish::PublishAck, PublishError>;

async fn publish(connection: &Connection, message: &Message, headers: HeaderMap) -> Published {
    connection
        .jetstream
        .publish_with_headers(message.subject.clone(), headers, message.body.clone().into())
        .await?
        .await
}

/// An atomic batch: numbered messages that the server keeps apart until the last of them comes.
async fn publish_batch(connection: &Connection, messages: &[Message], behind: u64) -> Published {
    let batch = connection.client.new_inbox().replace('.', "-");
    let mut last = None;
    for (number, message) in (1_u64..).zip(messages) {
        let mut headers = message.headers.clone();
        headers.insert("Nats-Batch-Id", batch.as_str());
        headers.insert("Nats-Batch-Sequence", number.to_string());
        if number == 1 {
            headers.insert(EXPECTED_SUBJECT, behind.to_string());
        }
        if number == messages.len() as u64 {
            headers.insert("Nats-Batch-Commit", "1");
            last = Some((message, headers));
            break;
        }
        let sent =
            connection.client.publish_with_headers(message.subject.clone(), headers, message.body.clone().into()).await;
        sent.map_err(|error| PublishError::with_source(PublishErrorKind::Other, error))?;
    }
    match last {
        Some((message, headers)) => publish(connection, message, headers).await,
        None => Err(PublishError::new(PublishErrorKind::Other)),
    }
}

/// What an answer that is no acknowledgement means.
fn told(error: &PublishError) -> Told {
    let refused = std::error::Error::source(error).and_then(|source| source.downcast_ref::<jetstream::Error>());
    let code = refused.map(|refused| refused.error_code().0);
    match (error.kind(), code) {
        (PublishErrorKind::WrongLastSequence | PublishErrorKind::WrongLastMessageId, _) => Told::For(Outcome::Behind),
        (_, Some(code)) if WRONG_LAST.contains(&code) => Told::For(Outcome::Behind),
        (_, Some(KNOWN_ID)) => Told::For(Outcome::IdTaken),
        // Nobody was there who could have taken it.
        (PublishErrorKind::StreamNotFound, _) => Told::NotNow(NatsError::NoLeader),
        (PublishErrorKind::MaxPayloadExceeded, _) => Told::Never(NatsError::Said(error.to_string())),
        (_, Some(code)) if NEVER.contains(&code) => Told::Never(NatsError::Said(error.to_string())),
        (_, Some(_)) => match refused.map(NatsError::from_jetstream) {
            None | Some(NatsError::NoLeader) => Told::Unsure(NatsError::NoLeader),
            Some(error) => Told::Refused(error),
        },
        (_, None) => Told::Unsure(NatsError::from_request(error)),
    }
}
