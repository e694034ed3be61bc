//! What a subscription hands over, in handfuls: whatever has come by the time that the client's thread has looked through
//! it is passed on together. Woken for each message, a reader and the client would do little but wake each other.

use std::task::Poll;

use async_nats::{Message, Subscriber};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::NatsError;
use super::bridge::handle;

/// So many messages are a handful at most.
const HANDFUL: usize = 512;
/// So many handfuls wait for their reader.
const HANDFULS: usize = 16;

/// Dropping it ends the subscription.
#[derive(Debug)]
pub(super) struct Inbox {
    coming: mpsc::Receiver<Vec<Message>>,
    here: std::vec::IntoIter<Message>,
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
            while let Some(first) = subscription.next().await {
                let mut handful = vec![first];
                while handful.len() < HANDFUL
                    && let Some(Some(message)) = subscription.next().now_or_never()
                {
                    handful.push(message);
                }
                if hand_over.send(handful).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self { coming, here: Vec::new().into_iter(), task })
    }

    /// The next message where it has come by now; `None` where none will come any more.
    pub(super) fn at_hand(&mut self) -> Poll<Option<Message>> {
        loop {
            if let Some(message) = self.here.next() {
                return Poll::Ready(Some(message));
            }
            match self.coming.try_recv() {
                Ok(handful) => self.here = handful.into_iter(),
                Err(mpsc::error::TryRecvError::Empty) => return Poll::Pending,
                Err(mpsc::error::TryRecvError::Disconnected) => return Poll::Ready(None),
            }
        }
    }

    /// The next message; `None` where none will come any more.
    pub(super) async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.here.next() {
                return Some(message);
            }
            self.here = self.coming.recv().await?.into_iter();
        }
    }
}
