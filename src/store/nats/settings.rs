//! What an address leaves open is filled in from the environment. No secret is kept but in memory.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_nats::ConnectOptions;

use super::NatsError;
use super::address::Parts;
use crate::store::{Address, AddressFlaw, LONGEST_OPTION, ServerDetail, read_text};

/// How long a server may take to answer a connection attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Everything needed to connect.
pub(super) struct Settings {
    pub(super) parts: Parts,
    pub(super) connect_timeout: Duration,
    pub(super) has_credentials: bool,
    pub(super) options: ConnectOptions,
}

impl Settings {
    pub(super) fn of(address: &Address) -> Result<Self, NatsError> {
        Self::within(address, &|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn within(address: &Address, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, NatsError> {
        let parts = Parts::of(address)?;
        let connect_timeout = match parts.option("connect_timeout").map(str::parse::<u64>) {
            None | Some(Ok(0)) => CONNECT_TIMEOUT,
            Some(Ok(seconds)) => Duration::from_secs(seconds),
            Some(Err(_)) => return Err(NatsError::BadAddress(AddressFlaw::ConnectTimeout)),
        };
        let file = |option: &str, variable: &str| {
            parts.option(option).map(ToOwned::to_owned).or_else(|| environment(variable)).map(PathBuf::from)
        };
        let mut options =
            ConnectOptions::new().name("foldline").connection_timeout(connect_timeout).require_tls(parts.asks_for_tls);
        let (creds, nkey) = (file("creds", "NATS_CREDS"), file("nkey", "NATS_NKEY"));
        // What the address says itself comes before what the environment says.
        let own = parts.secret.is_some() || parts.user.is_some();
        let (creds, nkey) = (
            creds.filter(|_| !own || parts.option("creds").is_some()),
            nkey.filter(|_| !own || parts.option("nkey").is_some()),
        );
        let mut has_credentials = true;
        if let Some(path) = creds {
            let text = read("creds", &path)?;
            options = options.credentials(&text).map_err(|error| unreadable("creds", &path, &error))?;
        } else if let Some(path) = nkey {
            let text = read("nkey", &path)?;
            let seed = text.lines().map(str::trim).find(|line| line.starts_with("SU"));
            let seed = seed.ok_or_else(|| unreadable("nkey", &path, &"it holds no line that begins with SU"))?;
            options = options.nkey(seed.to_owned());
        } else if let Some(user) = parts.user.clone().or_else(|| environment("NATS_USER").filter(|_| !own)) {
            let password = parts.secret.as_ref().map(|secret| secret.reveal().to_owned());
            let password = password.or_else(|| environment("NATS_PASSWORD"));
            has_credentials = password.is_some();
            options = options.user_and_password(user, password.unwrap_or_default());
        } else if let Some(token) =
            parts.secret.as_ref().map(|secret| secret.reveal().to_owned()).or_else(|| environment("NATS_TOKEN"))
        {
            options = options.token(token);
        } else {
            has_credentials = false;
        }
        if let Some(ca) = file("ca", "NATS_CA") {
            read("ca", &ca)?;
            options = options.add_root_certificates(ca).require_tls(true);
        }
        match (parts.option("cert"), parts.option("key")) {
            (Some(certificate), Some(key)) => {
                for (option, path) in [("cert", certificate), ("key", key)] {
                    read(option, Path::new(path))?;
                }
                options = options.add_client_certificate(PathBuf::from(certificate), PathBuf::from(key));
            }
            (None, None) => {}
            _ => return Err(NatsError::BadAddress(AddressFlaw::CertificateWithoutKey)),
        }
        Ok(Self { parts, connect_timeout, has_credentials, options })
    }
}

fn read(option: &'static str, path: &Path) -> Result<String, NatsError> {
    read_text(path, LONGEST_OPTION).map_err(|error| NatsError::Credentials {
        option,
        path: path.to_owned(),
        detail: ServerDetail::of_file(&error),
    })
}

/// The words are never the file's own.
fn unreadable(option: &'static str, path: &Path, words: &dyn std::fmt::Display) -> NatsError {
    NatsError::Credentials { option, path: path.to_owned(), detail: ServerDetail::Said(words.to_string()) }
}
