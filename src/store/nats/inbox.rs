//! What a subscription hands over, in handfuls: whatever has come by the time that the client's thread has looked through
//! it is passed on together. Woken for each message, a reader and the client would do little but wake each other.

use std::sync::Arc;
use std::task::Poll;

use async_nats::{Message, Subscriber};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::NatsError;
use super::bridge::handle;
use super::seen::{Seen, Stamp};
use super::texts::{Kept, Place, Texts};

/// So many messages are a handful at most, and about so many bytes.
const HANDFUL: usize = 512;
const BYTES: usize = 1 << 20;
/// So many handfuls wait for their reader.
const HANDFULS: usize = 16;

/// What came.
#[derive(Debug)]
pub(super) enum Handed {
    Event(Seen),
    /// What the server says instead of a message.
    Said(Box<Message>),
}

#[derive(Debug)]
enum Piece {
    Event(Stamp, Place),
    Said(Box<Message>),
}

#[derive(Debug, Default)]
struct Handful {
    texts: Texts,
    pieces: Vec<Piece>,
}

impl Handful {
    fn add(&mut self, message: Message) {
        if message.status.is_some() {
            self.pieces.push(Piece::Said(Box::new(message)));
        } else if let Some(stamp) = Stamp::of_handed(&message) {
            self.pieces.push(Piece::Event(stamp, self.texts.add(&message)));
        }
    }

    fn is_full(&self) -> bool {
        self.pieces.len() >= HANDFUL || self.texts.len() >= BYTES
    }

    /// An empty one with as much room.
    fn next(&self) -> Self {
        Self { texts: Texts::like(&self.texts), pieces: Vec::with_capacity(self.pieces.len()) }
    }
}

/// Dropping it ends the subscription.
#[derive(Debug)]
pub(super) struct Inbox {
    coming: mpsc::Receiver<Handful>,
    texts: Arc<Texts>,
    here: std::vec::IntoIter<Piece>,
    task: JoinHandle<()>,
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Inbox {
    pub(super) fn begin(mut subscription: Subscriber) -> Result<Self, NatsError> {
        let (hand_over, coming) = mpsc::channel(HANDFULS);
        let task = handle()?.spawn(async move {
            let mut handful = Handful::default();
            while let Some(first) = subscription.next().await {
                handful.add(first);
                while !handful.is_full()
                    && let Some(Some(message)) = subscription.next().now_or_never()
                {
                    handful.add(message);
                }
                let next = handful.next();
                if hand_over.send(std::mem::replace(&mut handful, next)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self { coming, texts: Arc::default(), here: Vec::new().into_iter(), task })
    }

    fn take(&mut self, Handful { texts, pieces }: Handful) {
        (self.texts, self.here) = (Arc::new(texts), pieces.into_iter());
    }

    fn here(&mut self) -> Option<Handed> {
        Some(match self.here.next()? {
            Piece::Event(stamp, place) => Handed::Event(Seen::new(stamp, Kept::new(Arc::clone(&self.texts), place))),
            Piece::Said(message) => Handed::Said(message),
        })
    }

    /// What is next where it has come by now; `None` where nothing will come any more.
    pub(super) fn at_hand(&mut self) -> Poll<Option<Handed>> {
        loop {
            if let Some(handed) = self.here() {
                return Poll::Ready(Some(handed));
            }
            match self.coming.try_recv() {
                Ok(handful) => self.take(handful),
                Err(mpsc::error::TryRecvError::Empty) => return Poll::Pending,
                Err(mpsc::error::TryRecvError::Disconnected) => return Poll::Ready(None),
            }
        }
    }

    /// What is next; `None` where nothing will come any more.
    pub(super) async fn next(&mut self) -> Option<Handed> {
        loop {
            if let Some(handed) = self.here() {
                return Some(handed);
            }
            let handful = self.coming.recv().await?;
            self.take(handful);
        }
    }
}
