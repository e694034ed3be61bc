//! A connection to a server, watched: who listens there need not be PostgreSQL, and the network may go away. An answer
//! that stops coming ends in an error instead of a wait without end, and a message is no longer than what PostgreSQL
//! sends, whatever its length field promises: the client would make room for all of it at once.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_postgres::Socket;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::ServerDetail;
use super::messages::{Greeting, Incoming, Outgoing};

/// How long a server may say nothing while an answer is owed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) connecting: Duration,
    /// `None` where statements may take as long as they like.
    pub(super) answering: Option<Duration>,
}

/// Why a connection was given up on. It travels inside of an [`io::Error`].
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum GaveUp {
    #[error("nothing was said within {} s", .0.as_secs_f32())]
    SilentGreeting(Duration),
    #[error("nothing was said for {} s", .0.as_secs_f32())]
    SilentAnswer(Duration),
    #[error("an answer is too large to be read ({0} bytes)")]
    TooLarge(u64),
    #[error("{0}")]
    NoPostgres(ServerDetail),
}

impl GaveUp {
    /// What gave up on the connection, where that is behind an error.
    pub(super) fn behind<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            // An `io::Error` does not name what it carries as its source.
            let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            if let Some(found) = carried.and_then(|carried| carried.downcast_ref()) {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

impl From<GaveUp> for io::Error {
    fn from(gave_up: GaveUp) -> Self {
        Self::other(gave_up)
    }
}

type Tls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// What the words travel on.
pub(super) enum Wire {
    Plain(Socket),
    Tls(Box<Tls>),
    /// A socket of this machine.
    #[cfg(unix)]
    Local(tokio::net::UnixStream),
}

/// A wire and what is known of the conversation on it.
pub(super) struct Guarded {
    wire: Wire,
    patience: Patience,
    incoming: Incoming,
    outgoing: Outgoing,
    /// Answers that the server owes: one for each question that asks for one.
    owed: u64,
    /// Runs since something last came or went, while an answer is owed.
    timer: Option<Pin<Box<Sleep>>>,
    gave_up: Option<GaveUp>,
}

impl Guarded {
    pub(super) fn new(wire: Wire, patience: Patience) -> Self {
        Self {
            wire,
            patience,
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
            owed: 0,
            timer: None,
            gave_up: None,
        }
    }

    /// Once given up on, a connection stays so.
    fn usable(&self) -> io::Result<()> {
        self.gave_up.clone().map_or(Ok(()), |gave_up| Err(gave_up.into()))
    }

    fn give_up<T>(&mut self, why: GaveUp) -> Poll<io::Result<T>> {
        self.gave_up = Some(why.clone());
        Poll::Ready(Err(why.into()))
    }

    /// Nothing moves: how much longer that may be.
    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let (limit, why): (_, fn(Duration) -> GaveUp) = match self.incoming.greeting() {
            Greeting::Over => (self.patience.answering, GaveUp::SilentAnswer),
            Greeting::Awaited => (Some(self.patience.connecting), GaveUp::SilentGreeting),
        };
        let Some(limit) = limit.filter(|_| self.owed > 0) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => self.give_up(why(limit)),
            Poll::Pending => Poll::Pending,
        }
    }

    fn wire(&mut self) -> Pin<&mut Wire> {
        Pin::new(&mut self.wire)
    }
}

impl AsyncRead for Guarded {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.usable()?;
        let before = into.filled().len();
        match this.wire().poll_read(context, into) {
            Poll::Pending => this.wait(context),
            Poll::Ready(Ok(())) => {
                this.timer = None;
                let read = into.filled().get(before..).unwrap_or_default();
                match this.incoming.read(read) {
                    Ok(answers) => {
                        this.owed = this.owed.saturating_sub(answers);
                        Poll::Ready(Ok(()))
                    }
                    Err(why) => this.give_up(why),
                }
            }
            failed => failed,
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.usable()?;
        match this.wire().poll_write(context, bytes) {
            Poll::Pending => this.wait(context),
            Poll::Ready(Ok(count)) => {
                this.timer = None;
                let answers = this.outgoing.wrote(bytes.get(..count).unwrap_or_default());
                this.owed += answers;
                // Whoever wrote does not ask for the answer before there is one: the timer has to wake him.
                match this.wait(context) {
                    Poll::Pending => Poll::Ready(Ok(count)),
                    gave_up => gave_up,
                }
            }
            failed => failed,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.usable()?;
        match this.wire().poll_flush(context) {
            Poll::Pending => this.wait(context),
            done => done,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.usable()?;
        match this.wire().poll_shutdown(context) {
            Poll::Pending => this.wait(context),
            done => done,
        }
    }
}

impl TlsStream for Guarded {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.wire {
            Wire::Tls(stream) => stream.channel_binding(),
            _ => ChannelBinding::none(),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, into),
            #[cfg(unix)]
            Self::Local(stream) => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
            #[cfg(unix)]
            Self::Local(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
            #[cfg(unix)]
            Self::Local(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
            #[cfg(unix)]
            Self::Local(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
