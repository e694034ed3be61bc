//! The client's side of one connection, for a thread that waits for its answers. It is opened here and not by the
//! library, so that every way to a server is watched alike, a socket of this machine too.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, CancelToken, Config, Connection, Error, Row, Socket};
#[cfg(unix)]
use tokio_postgres::{NoTls, tls::NoTlsStream};

use super::connector::Connector;
use super::guarded::Guarded;
#[cfg(unix)]
use super::guarded::Wire;

/// How long a good-bye may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a server is reached.
#[derive(Clone)]
pub(super) enum Way {
    /// A socket of this machine, which needs no TLS.
    #[cfg(unix)]
    Socket {
        path: std::path::PathBuf,
        patience: super::guarded::Patience,
    },
    Network(Connector),
}

/// Why there is no connection.
pub(super) enum NoConnection {
    System(io::Error),
    Postgres(Error),
}

impl From<io::Error> for NoConnection {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl From<Error> for NoConnection {
    fn from(error: Error) -> Self {
        Self::Postgres(error)
    }
}

/// Asks, and waits for the answer.
pub(in crate::store) struct Client {
    /// Dropped first: with nobody left to ask, the conversation says good-bye.
    asking: tokio_postgres::Client,
    conversation: Conversation,
}

impl Client {
    pub(super) fn connect(config: &Config, way: &Way) -> Result<Self, NoConnection> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let notified = Notified::default();
        let (asking, running) = runtime.block_on(way.open(config, &notified))?;
        Ok(Self { asking, conversation: Conversation { runtime, running: Some(running), notified } })
    }

    /// Waits for what a channel says that this connection listens to, no longer than this and not once it is told to end.
    pub(super) fn listen(&mut self, at_most: Duration, end: &Notify) -> Heard {
        let Conversation { runtime, running, notified } = &mut self.conversation;
        let mut ended = pin!(end.notified());
        let heard = poll_fn(|context| {
            let Some(conversation) = running.as_mut() else { return Poll::Ready(Heard::Lost) };
            if conversation.as_mut().poll(context).is_ready() {
                *running = None;
                return Poll::Ready(Heard::Lost);
            }
            if notified.0.swap(false, Ordering::AcqRel) {
                return Poll::Ready(Heard::Something);
            }
            ended.as_mut().poll(context).map(|()| Heard::Nothing)
        });
        runtime.block_on(async { timeout(at_most, heard).await.unwrap_or(Heard::Nothing) })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.asking.is_closed()
    }

    pub(super) fn cancel_token(&self) -> CancelToken {
        self.asking.cancel_token()
    }

    /// Statements without values, whose rows nobody wants.
    pub(in crate::store) fn batch_execute(&mut self, sql: &str) -> Result<(), Error> {
        self.conversation.wait(self.asking.batch_execute(sql))
    }

    /// Says how many rows it was about.
    pub(in crate::store) fn execute(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        self.conversation.wait(self.asking.execute(sql, values))
    }

    pub(in crate::store) fn query(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.conversation.wait(self.asking.query(sql, values))
    }

    pub(in crate::store) fn query_opt(
        &mut self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Error> {
        self.conversation.wait(self.asking.query_opt(sql, values))
    }

    pub(in crate::store) fn query_one(&mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Row, Error> {
        self.conversation.wait(self.asking.query_one(sql, values))
    }

    /// The same without asking first what the statement is about.
    pub(super) fn query_at_once(&mut self, sql: &str) -> Result<Vec<Row>, Error> {
        self.conversation.wait(self.asking.query_typed(sql, &[]))
    }

    /// Work between a `BEGIN` and its end: kept where the answer says so, else as if nothing had been.
    pub(super) fn in_transaction<T>(
        &mut self,
        begin: &str,
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
        is_kept: impl FnOnce(&T) -> bool,
    ) -> Result<T, Error> {
        self.batch_execute(begin)?;
        match work(self) {
            Ok(answer) => {
                self.batch_execute(if is_kept(&answer) { "COMMIT" } else { "ROLLBACK" })?;
                Ok(answer)
            }
            Err(error) => {
                if !self.is_closed()
                    && let Err(error) = self.batch_execute("ROLLBACK")
                {
                    tracing::debug!(%error, "a transaction could not be ended");
                }
                Err(error)
            }
        }
    }
}

/// How listening ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Something,
    Nothing,
    /// The connection is gone.
    Lost,
}

/// Whether a channel said something since that was last asked.
#[derive(Clone, Default)]
struct Notified(Arc<AtomicBool>);

impl Notified {
    /// The conversation over a connection, which hears what is said to everybody.
    fn through<S, T>(&self, mut connection: Connection<S, T>) -> Running
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self(said) = self.clone();
        Box::pin(poll_fn(move |context| {
            loop {
                match connection.poll_message(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(None) => return Poll::Ready(Ok(())),
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                    Poll::Ready(Some(Ok(AsyncMessage::Notification(_)))) => said.store(true, Ordering::Release),
                    Poll::Ready(Some(Ok(_))) => {}
                }
            }
        }))
    }
}

type Running = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// What is said and heard over a connection, while somebody waits for it.
struct Conversation {
    runtime: Runtime,
    /// `None` once it has ended.
    running: Option<Running>,
    notified: Notified,
}

impl Conversation {
    fn wait<T>(&mut self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Self { runtime, running, notified: _ } = self;
        let mut answer = pin!(answer);
        runtime.block_on(poll_fn(|context| {
            let ended = match running.as_mut().map(|conversation| conversation.as_mut().poll(context)) {
                None | Some(Poll::Pending) => Ok(()),
                Some(Poll::Ready(ended)) => {
                    *running = None;
                    ended
                }
            };
            match ended {
                Ok(()) => answer.as_mut().poll(context),
                Err(error) => Poll::Ready(Err(error)),
            }
        }))
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            // A server that does not even take a good-bye is left without.
            let _ = self.runtime.block_on(async { timeout(FAREWELL, running).await });
        }
    }
}

impl Way {
    async fn open(
        &self,
        config: &Config,
        notified: &Notified,
    ) -> Result<(tokio_postgres::Client, Running), NoConnection> {
        match self {
            #[cfg(unix)]
            Self::Socket { path, patience } => {
                let stream = Guarded::new(Wire::Local(tokio::net::UnixStream::connect(path).await?), *patience);
                let (client, connection): (_, Connection<Guarded, NoTlsStream>) =
                    config.connect_raw(stream, NoTls).await?;
                Ok((client, notified.through(connection)))
            }
            Self::Network(connector) => {
                let (client, connection): (_, Connection<Socket, Guarded>) = config.connect(connector.clone()).await?;
                Ok((client, notified.through(connection)))
            }
        }
    }

    fn patience(&self) -> Duration {
        match self {
            #[cfg(unix)]
            Self::Socket { patience, .. } => patience.connecting,
            Self::Network(connector) => connector.patience.connecting,
        }
    }
}

/// Asks the server, over a connection of its own, to end what it is doing for this one. Idle, it does nothing.
#[derive(Clone)]
pub(super) struct Cancel {
    pub(super) token: CancelToken,
    pub(super) way: Way,
}

impl Cancel {
    /// The server does not say whether it had anything to end, and an answer that comes all the same does no harm.
    pub(super) fn cancel(&self) {
        if let Err(error) = self.try_cancel() {
            tracing::debug!(%error, "a question could not be cancelled");
        }
    }

    fn try_cancel(&self) -> Result<(), Box<dyn std::error::Error>> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { timeout(self.way.patience(), self.ask()).await })?
    }

    async fn ask(&self) -> Result<(), Box<dyn std::error::Error>> {
        match &self.way {
            #[cfg(unix)]
            Way::Socket { path, .. } => {
                let stream = tokio::net::UnixStream::connect(path).await?;
                self.token.cancel_query_raw(stream, NoTls).await?;
            }
            Way::Network(connector) => self.token.cancel_query(connector.clone()).await?,
        }
        Ok(())
    }
}

impl std::fmt::Debug for Cancel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cancel")
    }
}
