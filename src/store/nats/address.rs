//! An address of a NATS server taken apart: `nats://user:password@host:port,host:port/STREAM?option=value`. What stands
//! before the `@` without a colon is a token.

use super::NatsError;
use crate::store::postgres::{Secret, decoded};
use crate::store::{Address, AddressFlaw};

pub(super) const DEFAULT_PORT: u16 = 4222;

#[derive(Debug, Default)]
pub(super) struct Parts {
    /// With their ports.
    pub(super) hosts: Vec<String>,
    pub(super) user: Option<String>,
    /// Of the user, or, where none is named, a token.
    pub(super) secret: Option<Secret>,
    pub(super) stream: Option<String>,
    pub(super) asks_for_tls: bool,
    options: Vec<(String, String)>,
}

/// What may follow the `?`.
const OPTIONS: [&str; 7] = ["creds", "nkey", "ca", "cert", "key", "domain", "connect_timeout"];

impl Parts {
    pub(super) fn of(address: &Address) -> Result<Self, NatsError> {
        let bad = NatsError::BadAddress;
        if let Some(flaw) = address.flaw() {
            return Err(bad(flaw.clone()));
        }
        let (scheme, rest) = address.as_str().split_once("://").ok_or_else(|| bad(AddressFlaw::OtherScheme))?;
        let decode = |text: &str| decoded(text).ok_or_else(|| bad(AddressFlaw::Percent));
        let (front, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, place) = match front.rsplit_once('@') {
            Some((user, _)) if user.contains('/') => return Err(bad(AddressFlaw::SlashBeforeAt)),
            Some((user, place)) => (Some(decode(user.trim_end_matches(':'))?), place),
            None => (None, front),
        };
        let (hosts, stream) = place.split_once('/').unwrap_or((place, ""));
        let mut parts = Self {
            user: user.filter(|user| !user.is_empty()),
            secret: address.secret().cloned(),
            stream: Some(decode(stream.trim_end_matches('/'))?).filter(|name| !name.is_empty()),
            asks_for_tls: scheme.eq_ignore_ascii_case("tls"),
            ..Self::default()
        };
        for host in hosts.split(',').filter(|host| !host.is_empty()) {
            // A later host may name its scheme again.
            let host = host.rsplit_once("//").map_or(host, |(_, host)| host);
            let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
            match host.rsplit_once(':').filter(|_| has_port) {
                Some((_, port)) if port.parse::<u16>().is_err() => return Err(bad(AddressFlaw::HostPort)),
                Some(_) => parts.hosts.push(host.to_owned()),
                None => parts.hosts.push(format!("{host}:{DEFAULT_PORT}")),
            }
        }
        if parts.hosts.is_empty() {
            parts.hosts.push(format!("localhost:{DEFAULT_PORT}"));
        }
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').ok_or_else(|| bad(AddressFlaw::OptionForm))?;
            let (name, value) = (decode(name)?, decode(value)?);
            if !OPTIONS.contains(&name.as_str()) {
                return Err(bad(AddressFlaw::UnknownOption(name.into())));
            }
            parts.options.push((name, value));
        }
        Ok(parts)
    }

    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Short enough for a title: `stream on host`.
pub(in crate::store) fn short_name(address: &Address) -> String {
    match Parts::of(address) {
        Ok(Parts { hosts, stream: Some(stream), .. }) => match hosts.first() {
            Some(host) => format!("{stream} on {}", host.trim_end_matches(&format!(":{DEFAULT_PORT}"))),
            None => stream,
        },
        _ => address.as_str().to_owned(),
    }
}

pub(in crate::store) fn user_of(address: &Address) -> Option<String> {
    Parts::of(address).ok()?.user
}

/// The same server, and this stream of it.
pub(in crate::store) fn with_stream(address: &Address, stream: &str) -> Address {
    let text = address.as_str();
    let (front, query) = text.split_once('?').map_or((text, None), |(front, query)| (front, Some(query)));
    let begin = front.find("://").map_or(0, |at| at + 3);
    let end = front[begin..].find('/').map_or(front.len(), |at| begin + at);
    let mut whole = format!("{}/{stream}", &front[..end]);
    if let Some(query) = query {
        whole.push('?');
        whole.push_str(query);
    }
    let named = Address::new(&whole);
    address.secret().map_or(named.clone(), |secret| named.with_password(secret.reveal()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_nats_writes_them() {
        let parts = Parts::of(&Address::new("tls://k%C3%B6:p%40w@a:1,b,[::1]:3/SALES?ca=/etc/ca.pem")).unwrap();
        assert_eq!(parts.hosts, ["a:1", "b:4222", "[::1]:3"]);
        assert_eq!((parts.user.as_deref(), parts.secret.as_ref().map(Secret::reveal)), (Some("kö"), Some("p@w")));
        assert_eq!((parts.stream.as_deref(), parts.asks_for_tls), (Some("SALES"), true));
        assert_eq!(parts.option("ca"), Some("/etc/ca.pem"));

        let parts = Parts::of(&Address::new("nats://t0k3n@a/SALES")).unwrap();
        assert_eq!((parts.user, parts.secret.as_ref().map(Secret::reveal)), (None, Some("t0k3n")));
        let parts = Parts::of(&Address::new("nats://kim:@a")).unwrap();
        assert_eq!((parts.user.as_deref(), parts.secret.is_none(), parts.stream), (Some("kim"), true, None));
    }

    #[test]
    fn an_address_that_was_shown_leads_to_the_same_place() {
        let typed = Address::new("nats://kim:s3cret@a:4333/SALES?creds=/a@b");
        let again = Parts::of(&Address::new(typed.as_str())).unwrap();
        assert_eq!((again.user.as_deref(), again.secret.is_none()), (Some("kim"), true));
        assert_eq!((again.hosts, again.stream.as_deref()), (vec!["a:4333".to_owned()], Some("SALES")));
        assert_eq!(typed.name(), "SALES on a:4333");
        let other = with_stream(&typed, "LEADS");
        assert_eq!(other.as_str(), "nats://kim:@a:4333/LEADS?creds=/a@b");
        assert_eq!(other.secret().map(Secret::reveal), Some("s3cret"));
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong() {
        for (typed, word) in
            [("nats://a:port/x", "port"), ("nats://a/x?frob=1", "frob"), ("nats://a/%zz", "%"), ("nats://a?x", "=")]
        {
            let error = Parts::of(&Address::new(typed)).unwrap_err().to_string();
            assert!(error.contains(word), "{typed}: {error}");
        }
    }
}
