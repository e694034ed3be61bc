//! Connections kept for a while after their use: the window opens its store anew for each job, and connecting for each
//! step of a scrub would be slow. Few an address, and none for long.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::address::Address;
use super::client::{Cancel, Client};
use super::connection::{Connected, connect};
use super::settings::Settings;
use super::{ServerDetail, ServerError};
use crate::store::frameworks::Catalogue;

/// Connections kept idle for one address: a view, its list and its watch ask at once, seldom more.
const KEPT: usize = 4;

/// Connections open at once for one address.
const MOST: usize = 12;

const IDLE: Duration = Duration::from_mins(1);
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// How long to wait for one of the connections to come free.
const PATIENCE: Duration = Duration::from_secs(20);

static SERVERS: LazyLock<Mutex<HashMap<Address, Arc<Server>>>> = LazyLock::new(Mutex::default);

/// What is shared by all who look at one address.
pub(super) struct Server {
    pub(super) settings: Settings,
    state: Mutex<State>,
    freed: std::sync::Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<(Connected, Instant)>,
    open: usize,
    known: Option<(Arc<Catalogue>, Instant)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("hosts", &self.settings.hosts).finish_non_exhaustive()
    }
}

impl Server {
    pub(super) fn at(address: &Address) -> Result<Arc<Self>, ServerError> {
        let settings = Settings::of(address)?;
        let mut servers = lock(&SERVERS);
        if let Some(server) = servers.get(address)
            && server.settings.password == settings.password
            && server.settings.hosts == settings.hosts
        {
            return Ok(Arc::clone(server));
        }
        let server = Arc::new(Self { settings, state: Mutex::default(), freed: std::sync::Condvar::new() });
        if servers.is_empty() {
            start_dropping()?;
        }
        servers.insert(address.clone(), Arc::clone(&server));
        Ok(server)
    }

    pub(super) fn server_error(&self, error: &tokio_postgres::Error) -> ServerError {
        let error = ServerError::from_postgres(error, &self.settings.user, &self.settings.database);
        if matches!(error, ServerError::Changed(_)) {
            lock(&self.state).known = None;
        }
        error
    }

    /// Lends a kept connection, or a new one.
    pub(super) fn lend(&self) -> Result<Lent<'_>, ServerError> {
        Ok(Lent { server: self, connected: Some(self.take()?) })
    }

    /// The same for one piece of work.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Client) -> T) -> Result<T, ServerError> {
        let mut lent = self.lend()?;
        lent.client().map(work).ok_or(ServerError::Lost(ServerDetail::HungUp))
    }

    fn take(&self) -> Result<Connected, ServerError> {
        let until = Instant::now() + PATIENCE;
        let mut state = lock(&self.state);
        loop {
            while let Some((connected, _)) = state.idle.pop() {
                if !connected.client.is_closed() {
                    return Ok(connected);
                }
                state.open = state.open.saturating_sub(1);
            }
            if state.open < MOST {
                break;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ServerError::TooMany);
            }
            state = self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.open += 1;
        drop(state);
        connect(&self.settings).inspect_err(|_| self.closed_one())
    }

    pub(super) fn forget_connections(&self) {
        let mut state = lock(&self.state);
        let idle = std::mem::take(&mut state.idle);
        state.open = state.open.saturating_sub(idle.len());
        drop(state);
        drop(idle);
        self.freed.notify_all();
    }

    fn closed_one(&self) {
        let mut state = lock(&self.state);
        state.open = state.open.saturating_sub(1);
        self.freed.notify_one();
    }

    /// What was found out about the tables, if that was lately.
    pub(super) fn known(&self, at_most: Duration) -> Option<Arc<Catalogue>> {
        let state = lock(&self.state);
        state.known.as_ref().filter(|(_, since)| since.elapsed() < at_most).map(|(known, _)| Arc::clone(known))
    }

    pub(super) fn learn(&self, known: Arc<Catalogue>) {
        lock(&self.state).known = Some((known, Instant::now()));
    }

    /// Drops what nobody used for a while; says whether anything is left to look after.
    fn drop_idle(&self) -> bool {
        let mut dropped = Vec::new();
        let mut state = lock(&self.state);
        let all = std::mem::take(&mut state.idle);
        for (connected, since) in all {
            if since.elapsed() < IDLE && !connected.client.is_closed() {
                state.idle.push((connected, since));
            } else {
                dropped.push(connected);
            }
        }
        state.open = state.open.saturating_sub(dropped.len());
        let is_used = state.open > 0;
        drop(state);
        // Saying good-bye takes the server's time, not the lock's.
        drop(dropped);
        self.freed.notify_all();
        is_used
    }
}

fn start_dropping() -> Result<(), ServerError> {
    let look = || {
        loop {
            thread::sleep(BETWEEN_LOOKS);
            let all: Vec<_> = lock(&SERVERS).iter().map(|(name, server)| (name.clone(), Arc::clone(server))).collect();
            let unused: Vec<_> = all.into_iter().filter(|(_, server)| !server.drop_idle()).collect();
            let mut servers = lock(&SERVERS);
            for (address, server) in unused {
                // Nobody else holds it: one count is the map's, one this list's.
                if Arc::strong_count(&server) <= 2 {
                    servers.remove(&address);
                }
            }
            if servers.is_empty() {
                return;
            }
        }
    };
    let started = thread::Builder::new().name("closing idle connections".to_owned()).spawn(look);
    started.map(drop).map_err(|error| ServerError::Failed(ServerDetail::Said(error.to_string())))
}

/// A connection in use, given back when it is dropped.
pub(super) struct Lent<'s> {
    server: &'s Server,
    /// Only ever `None` while it is being dropped.
    connected: Option<Connected>,
}

impl Lent<'_> {
    pub(super) fn client(&mut self) -> Option<&mut Client> {
        self.connected.as_mut().map(|connected| &mut connected.client)
    }

    pub(super) fn cancel(&self) -> Option<Cancel> {
        self.connected.as_ref().map(|connected| connected.cancel.clone())
    }

    /// Ends the connection instead of giving it back.
    pub(super) fn close(mut self) {
        self.connected = None;
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let connected = self.connected.take().filter(|connected| !connected.client.is_closed());
        if let Some(connected) = connected.filter(|_| !thread::panicking()) {
            let mut state = lock(&self.server.state);
            if state.idle.len() < KEPT {
                state.idle.push((connected, Instant::now()));
                self.server.freed.notify_one();
                return;
            }
        }
        self.server.closed_one();
    }
}
