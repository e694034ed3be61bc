//! A moment of a database that several transactions see, one after the other or at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ServerError;
use super::pool::{Lent, Server};
use super::reading::READ_ONLY;
use crate::store::Steady;

/// The moment that one reader holds on to, by the name under which the server hands it on.
#[derive(Clone, Debug, Default)]
pub(super) struct Moment(Arc<Mutex<Option<String>>>);

impl Moment {
    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a reading begins: at the moment that is held, or now.
    pub(super) fn begin(&self) -> String {
        match &*self.lock() {
            Some(name) => format!("{READ_ONLY}; SET TRANSACTION SNAPSHOT '{name}'"),
            None => READ_ONLY.to_owned(),
        }
    }

    /// Holds on to this moment. The server keeps it as long as the transaction lives that made it, which so takes one
    /// connection of its own. Within a moment that is held already, it is that one.
    pub(super) fn hold<'s>(&'s self, server: &'s Server) -> Result<Steady<'s>, ServerError> {
        if self.lock().is_some() {
            return Ok(Steady::default());
        }
        let mut lent = server.lend()?;
        let Some(client) = lent.client() else { return Ok(Steady::default()) };
        let made = client.batch_execute(READ_ONLY).and_then(|()| {
            // Nothing is asked over it until the end, however long that takes.
            client.batch_execute("SET LOCAL idle_in_transaction_session_timeout = 0")?;
            client.query_one("SELECT pg_export_snapshot()", &[])?.try_get::<_, String>(0)
        });
        let name = match made {
            Ok(name) if name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') => name,
            Ok(_) => return Ok(let_go(lent)),
            // What only speaks like PostgreSQL may know no such thing: each reading is then of its own moment.
            Err(error) if error.code().is_some() => {
                tracing::debug!(%error, "the server hands on no moment");
                return Ok(let_go(lent));
            }
            Err(error) => {
                lent.close();
                return Err(server.server_error(&error));
            }
        };
        *self.lock() = Some(name);
        Ok(Steady::until(move || {
            *self.lock() = None;
            let _ = let_go(lent);
        }))
    }
}

/// Ends the transaction, and gives the connection back.
fn let_go(mut lent: Lent<'_>) -> Steady<'static> {
    let ended = lent.client().map(|client| client.batch_execute("ROLLBACK"));
    if !matches!(ended, Some(Ok(()))) {
        lent.close();
    }
    Steady::default()
}
