//! The way from an open socket to a guarded connection: TLS is agreed on here, so that plain connections are guarded
//! as encrypted ones are.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_postgres::Socket;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::guarded::{GaveUp, Guarded, Patience, Wire};

/// PostgreSQL's question whether there is TLS: its own length, and a number that stands for it.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The words of an error that [`super::error`] knows again.
pub(super) const NO_TLS: &str = "server does not support TLS";

#[derive(Clone)]
pub(super) struct Connector {
    /// `None` where everything goes in plain text.
    pub(super) tls: Option<MakeRustlsConnect>,
    /// Not even a server without TLS is spoken to in plain text.
    pub(super) is_tls_required: bool,
    pub(super) patience: Patience,
}

/// For one host.
pub(super) struct Connecting {
    connector: Connector,
    host: String,
}

impl MakeTlsConnect<Socket> for Connector {
    type Stream = Guarded;
    type TlsConnect = Connecting;
    type Error = Infallible;

    fn make_tls_connect(&mut self, host: &str) -> Result<Connecting, Infallible> {
        Ok(Connecting { connector: self.clone(), host: host.to_owned() })
    }
}

impl TlsConnect<Socket> for Connecting {
    type Stream = Guarded;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Guarded>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        let patience = self.connector.patience;
        Box::pin(async move {
            match timeout(patience.connecting, self.agreed(socket)).await {
                Ok(wire) => Ok(Guarded::new(wire?, patience)),
                Err(_) => Err(GaveUp::SilentGreeting(patience.connecting).into()),
            }
        })
    }
}

impl Connecting {
    async fn agreed(self, mut socket: Socket) -> io::Result<Wire> {
        let Self { connector: Connector { tls, is_tls_required, patience: _ }, host } = self;
        let Some(mut tls) = tls else { return Ok(Wire::Plain(socket)) };
        socket.write_all(&TLS_REQUEST).await?;
        let mut answer = [0];
        socket.read_exact(&mut answer).await?;
        if answer == *b"S" {
            let Ok(tls) = MakeTlsConnect::<Socket>::make_tls_connect(&mut tls, &host);
            Ok(Wire::Tls(Box::new(tls.connect(socket).await?)))
        } else if is_tls_required {
            Err(io::Error::other(NO_TLS))
        } else {
            Ok(Wire::Plain(socket))
        }
    }
}
