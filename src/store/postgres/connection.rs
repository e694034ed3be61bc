use postgres::{Client, Config, NoTls};

use super::ServerTrouble;
use super::settings::Settings;
use super::tls;

/// How long one batch of rows, or one count, may take the server.
const STATEMENT_TIMEOUT: &str = "60s";
const LOCK_TIMEOUT: &str = "5s";

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
    let connected = match mode {
        tls::Mode::Disable => config.connect(NoTls),
        mode => config.connect(tls::connector(mode, parts, home.as_deref(), root_certificate.clone())?),
    };
    let failed = |error: postgres::Error| ServerTrouble::from_postgres(&error, user, database);
    let mut client = connected.map_err(failed)?;
    client.batch_execute(&session_settings(settings)).map_err(failed)?;
    Ok(client)
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
