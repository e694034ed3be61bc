//! Events on their way to a server, many at once. Messages are sent and acknowledgements are read on the client's own
//! thread, hundreds for each time that whoever brings the events in is woken: woken for each, two threads would do little
//! else.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::{Duration, Instant};

use async_nats::header::NATS_EXPECTED_LAST_SEQUENCE;
use async_nats::{StatusCode, Subject, Subscriber, jetstream};
use futures_util::future::{Either, select};
use futures_util::{FutureExt, StreamExt};
use serde::Deserialize;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::bridge::{Asking, handle};
use super::super::connection::{Connection, Line, Which};
use super::super::message::{Hash, Placed};
use super::super::seen::Seen;
use super::super::store::NatsStore;
use super::publish::{Message, PATIENCE};
use crate::event::{NewEvent, StreamId, Version};
use crate::store::{AppendError, NatsError, ServerDetail, StoreError};

/// So many messages may be unacknowledged: a server refuses what is behind the ten thousandth that it has not come to.
const ON_THE_WAY: usize = 4_000;
/// And so many bytes.
const BYTES_ON_THE_WAY: usize = 16 << 20;
/// Once no more may be, this part of them is waited for.
const PART_WAITED_FOR: usize = 4;

/// So many events are held until they are known to be recorded, those that are yet to be sent among them.
const HELD: usize = 2 * ON_THE_WAY;
/// And so long are their texts.
const BYTES_HELD: usize = 2 * BYTES_ON_THE_WAY;

/// Events are handed over so many at a time.
const BURST: usize = 500;
/// So many times may wait to be sent.
const BURSTS: usize = 4;
/// It is told after so many acknowledgements how far they are.
const TOLD_AFTER: u64 = 500;

/// How long a server may take for what is on its way to it.
const CARRYING: Duration = Duration::from_secs(30);
/// So long without an acknowledgement, and the way is lost.
const SILENCE: Duration = Duration::from_secs(5);

/// An event until it is known that it is recorded. What was lost on the way is sent once more.
struct Held {
    stream: StreamId,
    version: Version,
    event: NewEvent,
    hash: Hash,
    /// Until it is sent.
    message: Option<Message>,
}

impl Held {
    fn message(&self, store: &NatsStore) -> Result<Message, StoreError> {
        let Self { stream, version, event, hash, message: _ } = self;
        store.message_of(&store.subject(stream)?, &Placed { stream, version: *version, event, hash: *hash })
    }

    fn text_len(&self) -> usize {
        self.event.payload.len() + self.event.metadata.len()
    }
}

/// Brings events to a server, each behind the one before it.
pub(super) struct Carrier<'s> {
    store: &'s NatsStore,
    /// Of its own: nobody's newer wish ends it.
    asking: Asking,
    /// The last message that is known to be recorded.
    behind: u64,
    /// Those behind it.
    held: VecDeque<Held>,
    held_bytes: usize,
    /// How many of these were handed over.
    handed: usize,
    way: Option<Way>,
}

impl<'s> Carrier<'s> {
    pub(super) fn behind(store: &'s NatsStore, last: u64) -> Self {
        let held = VecDeque::new();
        Self { store, asking: Asking::default(), behind: last, held, held_bytes: 0, handed: 0, way: None }
    }

    /// The next event. What a server would not take is refused here.
    pub(super) fn add(
        &mut self,
        stream: StreamId,
        version: Version,
        event: NewEvent,
        hash: Hash,
    ) -> Result<(), AppendError> {
        let mut held = Held { stream, version, event, hash, message: None };
        held.message = Some(held.message(self.store)?);
        self.held_bytes += held.text_len();
        self.held.push_back(held);
        if self.held.len() - self.handed >= BURST || self.held_bytes > BYTES_HELD { self.carry() } else { Ok(()) }
    }

    /// Sends what was added, and waits where too much is not recorded yet.
    pub(super) fn carry(&mut self) -> Result<(), AppendError> {
        self.until(HELD, BYTES_HELD)
    }

    /// Waits until all of it is recorded.
    pub(super) fn arrive(&mut self) -> Result<(), AppendError> {
        self.until(0, 0)
    }

    /// Until no more than this is held.
    fn until(&mut self, most: usize, most_bytes: usize) -> Result<(), AppendError> {
        let (mut moved_at, mut known) = (Instant::now(), self.behind);
        loop {
            let Err(error) = self.try_until(most, most_bytes)? else { return Ok(()) };
            self.way = None;
            self.handed = 0;
            if self.behind > known {
                (moved_at, known) = (Instant::now(), self.behind);
            }
            let mut error = Some(error);
            while let Some(failed) = error {
                if moved_at.elapsed() > PATIENCE {
                    return Err(self.store.failed(failed).into());
                }
                error = self.take_up()?;
            }
        }
    }

    /// The inner error is one after which it is tried anew.
    fn try_until(&mut self, most: usize, most_bytes: usize) -> Result<Result<(), NatsError>, StoreError> {
        loop {
            if self.handed < self.held.len() {
                let mut burst = Vec::with_capacity(BURST);
                for held in self.held.iter_mut().skip(self.handed).take(BURST) {
                    burst.push(match held.message.take() {
                        Some(message) => message,
                        None => held.message(self.store)?,
                    });
                }
                self.handed += burst.len();
                if let Err(error) = self.hand_over(burst) {
                    return Ok(Err(error));
                }
                continue;
            }
            if self.held.len() <= most && self.held_bytes <= most_bytes {
                return Ok(Ok(()));
            }
            if let Err(error) = self.await_more() {
                return Ok(Err(error));
            }
        }
    }

    fn hand_over(&mut self, burst: Vec<Message>) -> Result<(), NatsError> {
        let Self { store, asking, behind, way, .. } = self;
        let way = match way {
            Some(way) => way,
            None => way.insert(Way::begin(store.server.connection.clone(), *behind)?),
        };
        asking.wait(CARRYING, async {
            match way.bursts.send(burst).await {
                Ok(()) => Ok(()),
                Err(_) => Err(way.error().await),
            }
        })?;
        let recorded = *way.recorded.borrow();
        self.is_recorded(recorded);
        Ok(())
    }

    /// Waits until more is known to be recorded than was.
    fn await_more(&mut self) -> Result<(), NatsError> {
        let Self { asking, behind, way, .. } = self;
        let Some(way) = way else { return Ok(()) };
        let recorded = asking.wait(CARRYING, async {
            let more = way.recorded.wait_for(|recorded| *recorded > *behind).await.map(|recorded| *recorded);
            match more {
                Ok(recorded) => Ok(recorded),
                Err(_) => Err(way.error().await),
            }
        })?;
        self.is_recorded(recorded);
        Ok(())
    }

    fn is_recorded(&mut self, to: u64) {
        let count = to.saturating_sub(self.behind) as usize;
        self.held_bytes -= self.held.drain(..count.min(self.held.len())).map(|held| held.text_len()).sum::<usize>();
        self.handed = self.handed.saturating_sub(count);
        self.behind = self.behind.max(to);
    }

    /// After something was lost: asks what stands there, and goes on behind it. Answers with why that cannot be yet.
    fn take_up(&mut self) -> Result<Option<NatsError>, AppendError> {
        std::thread::sleep(Duration::from_millis(200));
        let stream = &self.store.server.stream;
        let last = self.store.insisted_info()?.state.last_seq;
        let recorded = last.saturating_sub(self.behind);
        let others = || self.store.failed(NatsError::OthersWrite);
        if last < self.behind {
            // A server that has just come to lead may not have read all of its own log.
            return Ok(Some(NatsError::ShowsLess { shown: last, acknowledged: self.behind }));
        }
        if recorded > self.held.len() as u64 {
            return Err(others().into());
        }
        if recorded > 0 {
            let ours = self.held.get(recorded as usize - 1).map(|held| held.message(self.store)).transpose()?;
            let there = self.store.insist(async |connection| connection.message(stream, Which::At(last)).await)?;
            let is_ours = match (ours, there.as_ref().and_then(Seen::headers)) {
                (Some(ours), Some(there)) => {
                    ours.headers.get("Nats-Msg-Id").map(|id| id.as_str()) == there.get("Nats-Msg-Id")
                }
                _ => false,
            };
            if !is_ours {
                return Err(others().into());
            }
            self.is_recorded(last);
        }
        Ok(None)
    }
}

/// One way to the server, until something is lost on it. Dropping it ends it.
struct Way {
    bursts: mpsc::Sender<Vec<Message>>,
    /// The last message that was acknowledged.
    recorded: watch::Receiver<u64>,
    task: JoinHandle<NatsError>,
}

impl Drop for Way {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Way {
    fn begin(connection: Connection, behind: u64) -> Result<Self, NatsError> {
        let (bursts, coming) = mpsc::channel(BURSTS);
        let (tell, recorded) = watch::channel(behind);
        let task = handle()?.spawn(async move {
            match Sending::begin(connection, behind, coming, tell).await {
                Ok(sending) => sending.run().await,
                Err(error) => error,
            }
        });
        Ok(Self { bursts, recorded, task })
    }

    /// Why it ended.
    async fn error(&mut self) -> NatsError {
        (&mut self.task).await.unwrap_or(NatsError::Lost(ServerDetail::HungUp))
    }
}

#[derive(Deserialize)]
struct Ack {
    /// Where the message stands.
    #[serde(default)]
    seq: u64,
    error: Option<jetstream::Error>,
}

/// The client's side of a way.
struct Sending {
    connection: Connection,
    coming: mpsc::Receiver<Vec<Message>>,
    tell: watch::Sender<u64>,
    answer_to: Subject,
    acks: Subscriber,
    /// Which of the connections it began on.
    taken_up: u64,
    burst: std::vec::IntoIter<Message>,
    acknowledged: u64,
    /// How long the messages behind that are.
    sent: VecDeque<usize>,
    sent_bytes: usize,
}

impl Sending {
    async fn begin(
        connection: Connection,
        behind: u64,
        coming: mpsc::Receiver<Vec<Message>>,
        tell: watch::Sender<u64>,
    ) -> Result<Self, NatsError> {
        let taken_up = connection.line.taken_up();
        let answer_to = Subject::from(connection.client.new_inbox());
        let acks = connection.client.subscribe(answer_to.clone()).await;
        let acks = acks.map_err(|error| NatsError::from_request(&error))?;
        let (burst, sent) = (Vec::new().into_iter(), VecDeque::new());
        let (acknowledged, sent_bytes) = (behind, 0);
        Ok(Self { connection, coming, tell, answer_to, acks, taken_up, burst, acknowledged, sent, sent_bytes })
    }

    async fn run(mut self) -> NatsError {
        loop {
            if let Err(error) = self.step().await {
                self.tell.send_replace(self.acknowledged);
                return error;
            }
        }
    }

    /// Sends what may be sent, and reads what has come.
    async fn step(&mut self) -> Result<(), NatsError> {
        while self.sent.len() < ON_THE_WAY && self.sent_bytes < BYTES_ON_THE_WAY {
            match self.burst.next() {
                Some(message) => self.send(message).await?,
                None => match self.coming.try_recv() {
                    Ok(burst) => self.burst = burst.into_iter(),
                    Err(_) => break,
                },
            }
        }
        if self.sent.is_empty() {
            return match self.coming.recv().await {
                Some(burst) => {
                    self.burst = burst.into_iter();
                    Ok(())
                }
                // Whoever brings them in has let go of it.
                None => Err(NatsError::Cancelled),
            };
        }
        if !self.burst.as_slice().is_empty() {
            // It is full: some at a time are worth going on for.
            let left = self.sent.len() - self.sent.len() / PART_WAITED_FOR;
            while self.sent.len() >= left.max(1) {
                self.await_ack().await?;
            }
            return Ok(());
        }
        while let Some(message) = self.acks.next().now_or_never() {
            self.ack(message)?;
            if self.sent.is_empty() {
                return Ok(());
            }
        }
        let came = {
            let burst = pin!(self.coming.recv());
            let ack = pin!(next_ack(&mut self.acks, &self.connection.line, self.taken_up));
            match select(burst, ack).await {
                Either::Left((burst, _)) => Either::Left(burst),
                Either::Right((ack, _)) => Either::Right(ack),
            }
        };
        match came {
            Either::Left(Some(burst)) => self.burst = burst.into_iter(),
            Either::Left(None) => return Err(NatsError::Cancelled),
            Either::Right(message) => self.ack(message?)?,
        }
        Ok(())
    }

    async fn send(&mut self, message: Message) -> Result<(), NatsError> {
        let Message { subject, mut headers, body } = message;
        let behind = self.acknowledged + self.sent.len() as u64;
        headers.insert(NATS_EXPECTED_LAST_SEQUENCE, behind.to_string());
        self.sent_bytes += body.len();
        self.sent.push_back(body.len());
        let client = &self.connection.client;
        let sent = client.publish_with_reply_and_headers(subject, self.answer_to.clone(), headers, body.into()).await;
        sent.map_err(|error| NatsError::from_request(&error))
    }

    async fn await_ack(&mut self) -> Result<(), NatsError> {
        let message = match self.acks.next().now_or_never() {
            Some(message) => message,
            None => next_ack(&mut self.acks, &self.connection.line, self.taken_up).await?,
        };
        self.ack(message)
    }

    /// They come in the order in which messages were sent.
    fn ack(&mut self, message: Option<async_nats::Message>) -> Result<(), NatsError> {
        let Some(message) = message else { return Err(NatsError::Lost(ServerDetail::HungUp)) };
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            // Nobody was there who could have taken it.
            return Err(NatsError::NoLeader);
        }
        let Ack { seq, error } = serde_json::from_slice(&message.payload)
            .map_err(|error| NatsError::Failed(ServerDetail::Said(error.to_string())))?;
        if let Some(error) = error {
            return Err(NatsError::from_jetstream(&error));
        }
        if seq != self.acknowledged + 1 {
            return Err(NatsError::Changed(ServerDetail::Said(seq.to_string())));
        }
        self.acknowledged += 1;
        self.sent_bytes -= self.sent.pop_front().unwrap_or_default();
        let told = *self.tell.borrow();
        if self.sent.is_empty() || self.acknowledged - told >= TOLD_AFTER {
            self.tell.send_replace(self.acknowledged);
        }
        Ok(())
    }
}

/// Waits for an acknowledgement. A connection that is lost takes those with it that were under way.
async fn next_ack(acks: &mut Subscriber, line: &Line, taken_up: u64) -> Result<Option<async_nats::Message>, NatsError> {
    let mut moved = pin!(line.moved.notified());
    moved.as_mut().enable();
    if line.taken_up() != taken_up {
        return Err(NatsError::Lost(ServerDetail::HungUp));
    }
    match select(moved, pin!(timeout(SILENCE, acks.next()))).await {
        Either::Left(_) => Err(NatsError::Lost(ServerDetail::HungUp)),
        Either::Right((Ok(message), _)) => Ok(message),
        Either::Right((Err(_), _)) => Err(NatsError::Silent(ServerDetail::NoAnswer)),
    }
}
