use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use postgres::{Client, Config, NoTls};

use super::ServerTrouble;
use super::settings::Settings;
use super::tls;

/// How long one batch of rows, or one count, may take the server.
const STATEMENT_TIMEOUT: &str = "60s";
const LOCK_TIMEOUT: &str = "5s";

const KEEPALIVE: Duration = Duration::from_secs(30);

/// A connection that can only look, and says so to the server.
pub(super) fn connect(settings: &Settings) -> Result<Client, ServerTrouble> {
    let mut last = ServerTrouble::Unreachable("no host is named".to_owned());
    for (host, port) in &settings.hosts {
        match connect_to(settings, host, *port) {
            Ok(client) => return Ok(client),
            // Another host may be there; a wrong password is wrong on each.
            Err(trouble @ (ServerTrouble::Unreachable(_) | ServerTrouble::NotReady)) => last = trouble,
            Err(trouble) => return Err(trouble),
        }
    }
    Err(last)
}

fn connect_to(settings: &Settings, host: &str, port: u16) -> Result<Client, ServerTrouble> {
    let Settings {
        user, database, password, options, connect_timeout, tls_mode, parts, home, root_certificate, ..
    } = settings;
    // TLS is for what others can listen to.
    let mode = if host.starts_with('/') { tls::Mode::Disable } else { *tls_mode };
    let mut config = Config::new();
    config.host(host).port(port).user(user).dbname(database).application_name("foldline");
    config.connect_timeout(*connect_timeout).ssl_mode(mode.for_client());
    if let Some(password) = password {
        config.password(password.reveal());
    }
    if let Some(options) = options {
        config.options(options);
    }
    // A network that goes away in the middle is noticed within a minute.
    config
        .keepalives_idle(KEEPALIVE)
        .keepalives_interval(KEEPALIVE / 3)
        .keepalives_retries(3)
        .tcp_user_timeout(KEEPALIVE * 2);
    let tls = match mode {
        tls::Mode::Disable => None,
        mode => Some(tls::connector(mode, parts, home.as_deref(), root_certificate.clone())?),
    };
    let session = session_settings(settings);
    let connect = move || {
        let mut client = match tls {
            None => config.connect(NoTls)?,
            Some(tls) => config.connect(tls)?,
        };
        client.batch_execute(&session)?;
        Ok(client)
    };
    match within(*connect_timeout, connect)? {
        Ok(client) => Ok(client),
        Err(error) => Err(ServerTrouble::from_postgres(&error, user, database)),
    }
}

/// What listens there need not be PostgreSQL, and may take a connection and never say a word.
fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, postgres::Error> + Send + 'static,
) -> Result<Result<T, postgres::Error>, ServerTrouble> {
    let (tell, told) = sync_channel(1);
    let started = thread::Builder::new().name("connecting".to_owned()).spawn(move || {
        // Nobody waits any more where the limit has passed.
        let _ = tell.send(work());
    });
    started.map_err(|error| ServerTrouble::Other(error.to_string()))?;
    told.recv_timeout(limit)
        .map_err(|_| ServerTrouble::Unreachable(format!("nothing was said within {} s", limit.as_secs())))
}

/// What was asked for in the address stands. Times come in one spelling, and nothing can be written by mistake.
fn session_settings(settings: &Settings) -> String {
    let mut sql = "SET default_transaction_read_only = on; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; \
                   SET bytea_output = 'hex'; SET standard_conforming_strings = on;"
        .to_owned();
    for (name, value) in [("statement_timeout", STATEMENT_TIMEOUT), ("lock_timeout", LOCK_TIMEOUT)] {
        if !settings.says(name) {
            sql += &format!(" SET {name} = '{value}';");
        }
    }
    if let Some(path) = &settings.search_path {
        let schemas: Vec<_> = path.split(',').map(|schema| quoted(schema.trim())).collect();
        sql += &format!(" SET search_path = {};", schemas.join(", "));
    }
    sql
}

/// A name as PostgreSQL takes it literally.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\"").replace('\0', ""))
}
