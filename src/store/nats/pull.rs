//! Messages of a stream in their order, pulled some at a time through a consumer that is made for one reading and goes
//! with it. A connection that is lost, a server that dies, a message that goes astray: the reading is taken up behind
//! the last message that came.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

use async_nats::{Message, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::NatsError;
use super::bridge::{Asking, handle};
use super::connection::{ANSWERING, Connection, Which};
use super::inbox::{Handed, Inbox};
use super::seen::Seen;
use crate::store::ServerDetail;

/// How much of a stream is read.
#[derive(Clone, Debug)]
pub(in crate::store) struct Want {
    pub(in crate::store) from: u64,
    /// The last sequence that is wanted; nothing behind it is waited for.
    pub(in crate::store) to: u64,
    /// Only what is under this subject.
    pub(in crate::store) filter: Option<String>,
    pub(in crate::store) headers_only: bool,
}

/// A server says at least this often that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// So long without a word, and the reading is taken up anew.
const SILENCE: Duration = Duration::from_millis(2500);
/// So long without a message, and it is given up.
const PATIENCE: Duration = Duration::from_secs(15);
/// So many consumers are lost one after the other before what comes next is asked for by itself.
const LOSSES: u32 = 2;
/// How long a consumer that was left alone is kept by its server.
const LEFT_ALONE: Duration = Duration::from_secs(10);
/// At most so many messages are on their way, and about so many bytes.
const LARGEST: usize = 2048;
const BYTES: usize = 16 << 20;
/// Between two looks for what the leader has and this server does not have yet.
const BETWEEN_LOOKS: Duration = Duration::from_millis(15);

/// A reading. Dropping it ends it.
pub(in crate::store) struct Pull<'s> {
    connection: &'s Connection,
    stream: &'s str,
    asking: &'s Asking,
    /// When the stream was made, where it has to be that one.
    created: Option<&'s str>,
    want: Want,
    /// Where to go on.
    next: u64,
    ready: VecDeque<Seen>,
    consumer: Option<Consumer>,
    /// How often a consumer was lost without a message.
    losses: u32,
    is_over: bool,
}

/// What hands the messages over.
struct Consumer {
    name: String,
    inbox: Inbox,
    answer_to: String,
    /// Asked for, and not there yet.
    owed: u64,
    /// Behind the last that came.
    pending: u64,
    handed: u64,
    taken_up: u64,
    connection: Connection,
    stream: String,
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let Self { name, stream, connection, .. } = self;
        let question = connection.subject(&format!("CONSUMER.DELETE.{stream}.{name}"));
        let client = connection.client.clone();
        if let Ok(handle) = handle() {
            // Its server tidies it up where this does not arrive.
            handle.spawn(async move { client.publish(question, Vec::new().into()).await });
        }
    }
}

#[derive(Deserialize)]
struct Made {
    name: String,
    #[serde(default)]
    num_pending: u64,
}

/// What became of one wait.
enum Came {
    Messages,
    /// Nothing more of this consumer: it, or the way to it, is gone.
    Broken,
    Nothing,
}

impl<'s> Pull<'s> {
    pub(in crate::store) fn begin(connection: &'s Connection, stream: &'s str, asking: &'s Asking, want: Want) -> Self {
        let is_over = want.from > want.to;
        let next = want.from.max(1);
        let (ready, consumer, losses) = (VecDeque::new(), None, 0);
        Self { connection, stream, asking, created: None, want, next, ready, consumer, losses, is_over }
    }

    /// The same, of the stream that was made then: of another that took its name since, nothing is read.
    pub(super) fn of_stream_made(self, created: &'s str) -> Self {
        Self { created: Some(created).filter(|created| !created.is_empty()), ..self }
    }

    /// Asked behind whatever was asked of the stream: it is then that of before, or was.
    fn unless_made_anew(&self) -> Result<(), NatsError> {
        let Some(created) = self.created else { return Ok(()) };
        let info = self.asking.wait(self.connection.patience(), self.connection.info(self.stream))?;
        info.unless_made_anew(created)
    }

    /// The next messages, about `wish` of them; none at the end.
    pub(in crate::store) fn some(&mut self, wish: usize) -> Result<VecDeque<Seen>, NatsError> {
        let began = Instant::now();
        while self.ready.is_empty() && !self.is_over {
            if began.elapsed() > PATIENCE {
                self.consumer = None;
                return Err(self.connection.failed(NatsError::Silent(ServerDetail::SilentFor(PATIENCE))));
            }
            self.step(wish)?;
        }
        Ok(std::mem::take(&mut self.ready))
    }

    fn step(&mut self, wish: usize) -> Result<(), NatsError> {
        let wish = wish.clamp(1, LARGEST);
        if self.losses >= LOSSES {
            return self.alone();
        }
        let mut consumer = match self.consumer.take() {
            Some(consumer) => consumer,
            None => self.make()?,
        };
        if consumer.pending == 0 && consumer.owed == 0 {
            if self.is_all()? {
                self.is_over = true;
                return Ok(());
            }
            // What is behind is on its way to this server; a new consumer sees it.
            return self.asking.wait(ANSWERING, async {
                sleep(BETWEEN_LOOKS).await;
                Ok(())
            });
        }
        let (ready, want, next) = (&mut self.ready, &self.want, &mut self.next);
        let mut is_at_end = false;
        let came = self.asking.wait(ANSWERING, async {
            consumer.ask_for(wish).await?;
            consumer.receive(want.to, next, ready, wish, &mut is_at_end).await
        })?;
        if is_at_end || self.next > self.want.to {
            self.is_over = true;
            return Ok(());
        }
        self.losses = if matches!(came, Came::Broken) && self.ready.is_empty() { self.losses + 1 } else { 0 };
        match came {
            Came::Broken => drop(consumer),
            Came::Messages | Came::Nothing => self.consumer = Some(consumer),
        }
        Ok(())
    }

    /// Asks for the next message by itself. One whose headers are no text the client does not take from a consumer: it
    /// ends the connection.
    fn alone(&mut self) -> Result<(), NatsError> {
        let which = Which::Next(self.next, self.want.filter.as_deref().unwrap_or(">"));
        let next = self.asking.wait(self.connection.patience(), self.connection.message(self.stream, which))?;
        self.unless_made_anew()?;
        self.losses = 0;
        match next.filter(|next| next.sequence <= self.want.to) {
            Some(next) => {
                self.next = next.sequence + 1;
                self.is_over = self.next > self.want.to;
                self.ready.push_back(next);
            }
            None => self.is_over = true,
        }
        Ok(())
    }

    fn make(&self) -> Result<Consumer, NatsError> {
        let Self { connection, stream, want, next, .. } = self;
        let taken_up = connection.line.taken_up();
        let mut config = json!({
            "deliver_policy": "by_start_sequence", "opt_start_seq": next, "ack_policy": "none",
            "replay_policy": "instant", "inactive_threshold": LEFT_ALONE.as_nanos() as u64, "num_replicas": 1,
            "mem_storage": true, "headers_only": want.headers_only,
        });
        if let Some(filter) = &want.filter {
            config["filter_subject"] = Value::from(filter.as_str());
        }
        let wish = json!({ "stream_name": stream, "config": config });
        let consumer = self.asking.wait(connection.patience(), async {
            let made: Made = connection.ask(format!("CONSUMER.CREATE.{stream}"), &wish).await?;
            let answer_to = connection.client.new_inbox();
            let inbox = connection.client.subscribe(answer_to.clone()).await;
            let inbox = inbox.map_err(|error| NatsError::from_request(&error))?;
            Ok(Consumer {
                name: made.name,
                inbox: Inbox::begin(inbox)?,
                answer_to,
                owed: 0,
                pending: made.num_pending,
                handed: 0,
                taken_up,
                connection: (*connection).clone(),
                stream: (*stream).to_owned(),
            })
        })?;
        self.unless_made_anew()?;
        Ok(consumer)
    }

    /// Whether the server that leads has nothing more of what is wanted either. The one that hands messages over may be
    /// another, and some moments behind.
    fn is_all(&self) -> Result<bool, NatsError> {
        if !self.connection.line.is_copied.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let filter = self.want.filter.as_deref().unwrap_or(">");
        let which = Which::Next(self.next, filter);
        let next = self.asking.wait(self.connection.patience(), self.connection.message(self.stream, which))?;
        Ok(next.is_none_or(|next| next.sequence > self.want.to))
    }
}

impl Consumer {
    /// Keeps enough on its way that the next wait is none.
    async fn ask_for(&mut self, wish: usize) -> Result<(), NatsError> {
        let left = self.pending.saturating_sub(self.owed);
        if left == 0 || self.owed > wish as u64 / 2 {
            return Ok(());
        }
        let count = left.min(wish as u64);
        let bytes = BYTES.max(self.connection.client.max_payload().saturating_mul(2));
        let wish = json!({
            "batch": count, "max_bytes": bytes, "expires": (HEARTBEAT * 10).as_nanos() as u64,
            "idle_heartbeat": HEARTBEAT.as_nanos() as u64,
        });
        let question = self.connection.subject(&format!("CONSUMER.MSG.NEXT.{}.{}", self.stream, self.name));
        let client = &self.connection.client;
        let asked = client.publish_with_reply(question, self.answer_to.clone(), wish.to_string().into()).await;
        asked.map_err(|error| NatsError::from_request(&error))?;
        self.owed += count;
        Ok(())
    }

    /// What is there, and at least one message where one comes.
    async fn receive(
        &mut self,
        to: u64,
        next: &mut u64,
        ready: &mut VecDeque<Seen>,
        wish: usize,
        is_at_end: &mut bool,
    ) -> Result<Came, NatsError> {
        let line = std::sync::Arc::clone(&self.connection.line);
        let mut moved = pin!(line.moved.notified());
        moved.as_mut().enable();
        if line.taken_up() != self.taken_up {
            return Ok(Came::Broken);
        }
        loop {
            let message = match self.inbox.at_hand() {
                Poll::Ready(message) => message,
                Poll::Pending if !ready.is_empty() => return Ok(Came::Messages),
                Poll::Pending => {
                    let mut coming = pin!(self.inbox.next());
                    let either = poll_fn(|context| {
                        if moved.as_mut().poll(context).is_ready() {
                            return Poll::Ready(None);
                        }
                        coming.as_mut().poll(context).map(Some)
                    });
                    match timeout(SILENCE, either).await {
                        Ok(Some(message)) => message,
                        Ok(None) | Err(_) => return Ok(Came::Broken),
                    }
                }
            };
            let seen = match message {
                None => return Err(NatsError::Lost(ServerDetail::HungUp)),
                Some(Handed::Event(seen)) => seen,
                Some(Handed::Said(message)) => match self.told(&message) {
                    Came::Messages => continue,
                    other if ready.is_empty() => return Ok(other),
                    // What came before counts first; what was told shows again with the next wait.
                    Came::Broken => {
                        self.taken_up = u64::MAX;
                        return Ok(Came::Messages);
                    }
                    Came::Nothing => return Ok(Came::Messages),
                },
            };
            if seen.handed != self.handed + 1 {
                return Ok(Came::Broken);
            }
            self.handed = seen.handed;
            self.owed = self.owed.saturating_sub(1);
            self.pending = seen.pending;
            if seen.sequence > to {
                *is_at_end = true;
                return Ok(Came::Messages);
            }
            *next = seen.sequence + 1;
            let is_last = seen.sequence == to;
            ready.push_back(seen);
            if is_last || ready.len() >= wish {
                return Ok(Came::Messages);
            }
            if self.owed <= wish as u64 / 2 {
                self.ask_for(wish).await?;
            }
        }
    }

    /// What the server says instead of a message.
    fn told(&mut self, message: &Message) -> Came {
        match message.status {
            Some(StatusCode::IDLE_HEARTBEAT) => Came::Messages,
            Some(StatusCode::NOT_FOUND | StatusCode::TIMEOUT | StatusCode::REQUEST_TERMINATED) => {
                let is_gone = message
                    .description
                    .as_deref()
                    .is_some_and(|words| ["Deleted", "Leadership", "Shutdown"].iter().any(|word| words.contains(word)));
                if is_gone {
                    return Came::Broken;
                }
                let unsent = message.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
                let unsent = unsent.and_then(|count| count.as_str().parse().ok()).unwrap_or(self.owed);
                self.owed = self.owed.saturating_sub(unsent);
                Came::Nothing
            }
            _ => Came::Broken,
        }
    }
}
