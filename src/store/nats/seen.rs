//! A message as a stream holds it.

use async_nats::header::{HeaderName, HeaderValue};
use async_nats::{HeaderMap, Message};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::texts::{Headers, Kept};
use crate::event::Timestamp;

/// A message as a server answers with it where it is asked for that one alone.
#[derive(Debug, Deserialize)]
pub(super) struct Stored {
    subject: String,
    seq: u64,
    #[serde(default)]
    data: String,
    hdrs: Option<String>,
    time: String,
}

/// What there is to be read of headers, whatever another program has written.
fn headers_of(written: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut lines = written.lines().skip(1).peekable();
    while let Some(line) = lines.next() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let mut value = value.trim_start().to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with(char::is_whitespace)) {
            value.push_str(more);
        }
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.trim_end().parse::<HeaderValue>()) {
            headers.append(name, value);
        }
    }
    headers
}

/// Where and when a stream took a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    sequence: u64,
    at: Timestamp,
    pending: u64,
    handed: u64,
}

/// A message, and where and when the stream took it.
#[derive(Clone, Debug)]
pub(in crate::store) struct Seen {
    pub(in crate::store) sequence: u64,
    pub(in crate::store) at: Timestamp,
    /// How many are behind it for whoever reads on.
    pub(super) pending: u64,
    /// Which of those that were handed to a reader it is, from one on.
    pub(super) handed: u64,
    kept: Kept,
}

impl Stamp {
    /// Of a message that a consumer handed over: its place stands in where an answer would go to.
    pub(super) fn of_handed(message: &Message) -> Option<Self> {
        let reply = message.reply.as_ref()?.as_str();
        // `$JS.ACK.stream.consumer.times.sequence.handed.nanoseconds.pending`; newer ones name a domain and an account
        // before the stream, and may say more at the end. None of the words has a dot.
        let (mut dots, mut count) = ([0; MOST_DOTS], 0);
        for at in memchr::memchr_iter(b'.', reply.as_bytes()).take(MOST_DOTS) {
            dots[count] = at;
            count += 1;
        }
        let begin = match count {
            8 => 4,
            10.. => 6,
            _ => return None,
        };
        let mut words = dots[begin..].windows(2).enumerate().map(|(nth, two)| {
            let end = if begin + nth + 1 < count { two[1] } else { reply.len() };
            reply.get(two[0] + 1..end)?.parse::<u64>().ok()
        });
        let mut number = || words.next()?;
        let (sequence, handed, nanos, pending) = (number()?, number()?, number()?, number()?);
        let at = Timestamp::from_micros(i64::try_from(nanos / 1000).ok()?);
        Some(Self { sequence, at, pending, handed })
    }
}

/// As many as are looked at.
const MOST_DOTS: usize = 11;

impl Seen {
    pub(super) fn new(Stamp { sequence, at, pending, handed }: Stamp, kept: Kept) -> Self {
        Self { sequence, at, pending, handed, kept }
    }

    /// `None` where the server's answer is none.
    pub(super) fn of_stored(stored: Stored) -> Option<Self> {
        let Stored { subject, seq: sequence, data, hdrs, time } = stored;
        let at = Timestamp::parse_rfc3339(&time)?;
        let headers = hdrs.map(|encoded| BASE64_STANDARD.decode(encoded)).transpose().ok()?;
        let headers = headers.map(|written| headers_of(&String::from_utf8_lossy(&written)));
        let body = BASE64_STANDARD.decode(data).ok()?;
        let kept = Kept::alone(&subject, headers.as_ref().filter(|headers| !headers.is_empty()), &body);
        Some(Self { sequence, at, pending: 0, handed: 0, kept })
    }

    pub(in crate::store) fn subject(&self) -> &str {
        self.kept.subject()
    }

    pub(in crate::store) fn headers(&self) -> Option<Headers<'_>> {
        self.kept.headers()
    }

    pub(in crate::store) fn body(&self) -> &[u8] {
        self.kept.body()
    }
}
