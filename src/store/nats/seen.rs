//! A message as a stream holds it.

use async_nats::jetstream::message::StreamMessage;
use async_nats::{HeaderMap, Message};

use crate::event::Timestamp;

/// A message, and where and when the stream took it.
#[derive(Clone, Debug)]
pub(in crate::store) struct Seen {
    pub(in crate::store) sequence: u64,
    pub(in crate::store) at: Timestamp,
    /// How many are behind it for whoever reads on.
    pub(super) pending: u64,
    /// Which of those that were handed to a reader it is, from one on.
    pub(super) handed: u64,
    pub(super) message: Message,
}

impl Seen {
    /// Of a message that a consumer handed over: its place stands in where an answer would go to.
    pub(super) fn of_handed(message: Message) -> Option<Self> {
        let reply = message.reply.as_ref()?.as_str();
        // `$JS.ACK.stream.consumer.times.sequence.handed.nanoseconds.pending`; newer ones name a domain and an account
        // before the stream, and may say more at the end. None of the words has a dot.
        let begin = match memchr::memchr_iter(b'.', reply.as_bytes()).count() {
            8 => 5,
            10.. => 7,
            _ => return None,
        };
        let mut numbers = reply.split('.').skip(begin).map(|word| word.parse::<u64>().ok());
        let mut number = || numbers.next()?;
        let (sequence, handed, nanos, pending) = (number()?, number()?, number()?, number()?);
        let at = Timestamp::from_micros(i64::try_from(nanos / 1000).ok()?);
        Some(Self { sequence, at, pending, handed, message })
    }

    pub(super) fn of_stored(stored: StreamMessage) -> Self {
        let StreamMessage { subject, sequence, headers, payload, time } = stored;
        let nanos = time.unix_timestamp_nanos();
        let at = Timestamp::from_micros(i64::try_from(nanos / 1000).unwrap_or(0));
        let headers = Some(headers).filter(|headers| !headers.is_empty());
        let message = Message { subject, reply: None, payload, headers, status: None, description: None, length: 0 };
        Self { sequence, at, pending: 0, handed: 0, message }
    }

    pub(in crate::store) fn subject(&self) -> &str {
        self.message.subject.as_str()
    }

    pub(in crate::store) fn headers(&self) -> Option<&HeaderMap> {
        self.message.headers.as_ref()
    }

    pub(in crate::store) fn body(&self) -> &[u8] {
        &self.message.payload
    }
}
