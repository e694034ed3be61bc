use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, SslNegotiation};

use super::client::{Cancel, Client, NoConnection, Way};
use super::connector::Connector;
use super::guarded::Patience;
use super::settings::Settings;
use super::{ServerDetail, ServerError, tls};

/// How long one batch of rows, or one count, may take the server.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(1);
const LOCK_TIMEOUT: &str = "5s";

const KEEPALIVE: Duration = Duration::from_secs(30);

/// A connection, and what ends a question that is asked over it.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) cancel: Cancel,
}

/// A connection that can only look, and says so to the server.
pub(super) fn connect(settings: &Settings) -> Result<Connected, ServerError> {
    let mut last = ServerError::Unreachable(ServerDetail::NoHost);
    for (host, port) in &settings.hosts {
        match connect_to(settings, host, *port) {
            Ok(connected) => return Ok(connected),
            // Another host may be there; a wrong password is wrong on each.
            Err(error @ (ServerError::Unreachable(_) | ServerError::NotReady)) => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

fn connect_to(settings: &Settings, host: &str, port: u16) -> Result<Connected, ServerError> {
    let Settings {
        user, database, password, options, connect_timeout, tls_mode, parts, home, root_certificate, ..
    } = settings;
    let mut config = Config::new();
    config.host(host).port(port).user(user).dbname(database).application_name("foldline");
    config.connect_timeout(*connect_timeout);
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
    let patience = Patience { connecting: *connect_timeout, answering: answering(settings) };
    let way = match socket(host, port) {
        // What nobody else can listen to needs no TLS.
        #[cfg(unix)]
        Some(path) => {
            config.ssl_mode(SslMode::Disable);
            Way::Socket { path, patience }
        }
        _ => {
            // The connector agrees on TLS by itself, also on there being none.
            config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
            let tls = match *tls_mode {
                tls::Mode::Disable => None,
                mode => Some(tls::connector(mode, parts, home.as_deref(), root_certificate.clone())?),
            };
            let is_tls_required = !matches!(tls_mode, tls::Mode::Disable | tls::Mode::Prefer);
            Way::Network(Connector { tls, is_tls_required, patience })
        }
    };
    let session = session_settings(settings);
    let connect = move || {
        let mut client = Client::connect(&config, &way)?;
        client.batch_execute(&session)?;
        let cancel = Cancel { token: client.cancel_token(), way };
        Ok(Connected { client, cancel })
    };
    match within(*connect_timeout, connect)? {
        Ok(connected) => Ok(connected),
        Err(NoConnection::System(error)) => Err(ServerError::Unreachable(ServerDetail::of_system(&error))),
        Err(NoConnection::Postgres(error)) => Err(ServerError::from_postgres(&error, user, database)),
    }
}

/// Where a host is a folder, the socket in it.
fn socket(host: &str, port: u16) -> Option<PathBuf> {
    (cfg!(unix) && host.starts_with('/')).then(|| Path::new(host).join(format!(".s.PGSQL.{port}")))
}

/// How long a server may be silent: as long as a statement may take, and then as long as the network may.
fn answering(settings: &Settings) -> Option<Duration> {
    let statement = match settings.option("statement_timeout") {
        None => STATEMENT_TIMEOUT,
        Some(written) => duration(written).filter(|limit| !limit.is_zero())?,
    };
    Some(statement + settings.connect_timeout)
}

/// As PostgreSQL writes one: milliseconds, or a number with its unit.
fn duration(written: &str) -> Option<Duration> {
    let written = written.trim_matches(|letter: char| letter.is_whitespace() || letter == '\'');
    let digits = written.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(written.len());
    let (number, unit) = written.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis = match unit.trim() {
        "us" => return Some(Duration::from_micros(number)),
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.saturating_mul(millis)))
}

/// What listens there need not be PostgreSQL, and may take a connection and never say a word.
fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, NoConnection> + Send + 'static,
) -> Result<Result<T, NoConnection>, ServerError> {
    let (tell, told) = sync_channel(1);
    let started = thread::Builder::new().name("connecting".to_owned()).spawn(move || {
        // Nobody waits any more where the limit has passed.
        let _ = tell.send(work());
    });
    started.map_err(|error| ServerError::Failed(ServerDetail::Said(error.to_string())))?;
    told.recv_timeout(limit).map_err(|_| ServerError::Unreachable(ServerDetail::NoAnswerWithin(limit)))
}

/// What was asked for in the address stands. Times come in one spelling, and nothing can be written by mistake.
fn session_settings(settings: &Settings) -> String {
    let mut sql = "SET default_transaction_read_only = on; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; \
                   SET bytea_output = 'hex'; SET standard_conforming_strings = on;"
        .to_owned();
    let statement = format!("{}s", STATEMENT_TIMEOUT.as_secs());
    for (name, value) in [("statement_timeout", statement.as_str()), ("lock_timeout", LOCK_TIMEOUT)] {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_as_postgresql_writes_it() {
        for (written, millis) in [("500", 500), ("200ms", 200), ("60s", 60_000), ("2min", 120_000), ("1 h", 3_600_000)]
        {
            assert_eq!(duration(written), Some(Duration::from_millis(millis)), "{written}");
        }
        assert_eq!(duration("soon"), None);
    }
}
