use std::fmt;

use super::secrets::{self, Hidden};
use super::{AddressFlaw, ServerError};

/// Where a store on a server is, as typed: `postgres://user@host:port/database?option=value`, libpq's `host=… user=…
/// dbname=…`, or `nats://user:@host:port/STREAM`. A password or token that stood in
/// it is kept apart, in memory only: whatever prints, remembers or logs an address prints none.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// The text without what could be a secret.
    text: Box<str>,
    password: Option<Secret>,
    /// Why it cannot be meant as it was typed.
    flaw: Option<Box<AddressFlaw>>,
}

/// A password; nothing prints it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::store) struct Secret(Box<str>);

impl Secret {
    pub(in crate::store) fn new(text: String) -> Self {
        Self(text.into())
    }

    pub(in crate::store) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Address {
    /// Takes any text; what is wrong with it is said when it is connected to.
    pub fn new(typed: &str) -> Self {
        let Hidden { shown, password, flaw } = secrets::hide(typed);
        // Of an escape that is none, the letters stand for themselves; the other form of an address knows no escapes.
        let password = password.map(|written| match decoded(&written) {
            Some(read) if !secrets::is_key_value(typed.trim()) => Secret::new(read),
            _ => Secret::new(written),
        });
        Self { text: shown.into(), password: password.filter(|secret| !secret.0.is_empty()), flaw: flaw.map(Box::new) }
    }

    /// The same place, with the password that somebody typed.
    #[must_use]
    pub fn with_password(&self, password: &str) -> Self {
        Self { password: Some(Secret::new(password.to_owned())), ..self.clone() }
    }

    /// Without the password; this may be shown and remembered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_postgres(&self) -> bool {
        self.rest().is_some() || secrets::is_key_value(&self.text)
    }

    /// Who asks, as the address says it.
    pub fn user(&self) -> Option<String> {
        if self.is_nats() {
            return super::super::nats::user_of(self);
        }
        self.parts().ok().and_then(|parts| parts.user)
    }

    /// The same server of NATS, and this stream of it.
    #[must_use]
    pub fn with_stream(&self, stream: &str) -> Self {
        super::super::nats::with_stream(self, stream)
    }

    /// Short enough for a title: `database on host`.
    pub fn name(&self) -> String {
        if self.is_nats() {
            return super::super::nats::short_name(self);
        }
        match self.parts() {
            Ok(Parts { hosts, database: Some(database), .. }) => match hosts.first() {
                Some((host, _)) => format!("{database} on {host}"),
                None => database,
            },
            _ => self.text.to_string(),
        }
    }

    /// A NATS server's, and the JetStream stream behind it.
    pub fn is_nats(&self) -> bool {
        let end = self.text.find("://").map_or(0, |at| at + 3);
        self.text.get(..end).is_some_and(secrets::is_nats_scheme)
    }

    pub(in crate::store) fn flaw(&self) -> Option<&AddressFlaw> {
        self.flaw.as_deref()
    }

    pub(in crate::store) fn secret(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    fn rest(&self) -> Option<&str> {
        let (scheme, rest) = self.text.split_once("://")?;
        ["postgres", "postgresql"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then_some(rest)
    }

    pub(super) fn parts(&self) -> Result<Parts, ServerError> {
        let bad = ServerError::BadAddress;
        if let Some(flaw) = &self.flaw {
            return Err(bad(AddressFlaw::clone(flaw)));
        }
        if secrets::is_key_value(&self.text) {
            return Parts::from_pairs(secrets::pairs(&self.text).0);
        }
        let rest = self.rest().ok_or_else(|| bad(AddressFlaw::OtherScheme))?;
        let (front, query) = rest.split_once('?').unwrap_or((rest, ""));
        let decode = |text: &str| decoded(text).ok_or_else(|| bad(AddressFlaw::Percent));
        let (user, place) = match front.rsplit_once('@') {
            Some((user, _)) if user.contains('/') => {
                return Err(bad(AddressFlaw::SlashBeforeAt));
            }
            Some((user, place)) => (Some(decode(user)?).filter(|user| !user.is_empty()), place),
            None => (None, front),
        };
        let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
        let mut parts = Parts {
            user,
            hosts: Vec::new(),
            database: Some(decode(database)?).filter(|name| !name.is_empty()),
            options: Vec::new(),
        };
        for host in hosts.split(',').filter(|host| !host.is_empty()) {
            let (name, port) = match host.rsplit_once(':') {
                // An address of IPv6 stands in brackets, and its colons begin no port.
                Some((name, port)) if !port.contains(']') => (name, port),
                _ => (host, ""),
            };
            let port = match port {
                "" => None,
                port => Some(port.parse().map_err(|_| bad(AddressFlaw::HostPort))?),
            };
            parts.hosts.push((decode(name.trim_start_matches('[').trim_end_matches(']'))?, port));
        }
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').ok_or_else(|| bad(AddressFlaw::OptionForm))?;
            parts.take_option(decode(name)?, decode(value)?)?;
        }
        Ok(parts)
    }
}

/// An address taken apart; nothing filled in yet.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) user: Option<String>,
    /// A host that begins with `/` is the folder of a socket.
    pub(super) hosts: Vec<(String, Option<u16>)>,
    pub(super) database: Option<String>,
    pub(super) options: Vec<(String, String)>,
}

impl Parts {
    /// From libpq's list, whose order says nothing: what a port belongs to is known first.
    fn from_pairs(mut pairs: Vec<(String, String)>) -> Result<Self, ServerError> {
        pairs.sort_by_key(|(name, _)| match name.as_str() {
            "host" => 0,
            "hostaddr" => 1,
            _ => 2,
        });
        let mut parts = Self { user: None, hosts: Vec::new(), database: None, options: Vec::new() };
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            parts.take_option(name, value)?;
        }
        Ok(parts)
    }

    fn take_option(&mut self, name: String, value: String) -> Result<(), ServerError> {
        match name.as_str() {
            "user" => self.user = Some(value),
            "dbname" => self.database = Some(value),
            "host" | "hostaddr" => self.hosts = value.split(',').map(|host| (host.to_owned(), None)).collect(),
            // One port for each host.
            "port" if value.contains(',') && value.split(',').count() == self.hosts.len() => {
                for ((_, known), port) in self.hosts.iter_mut().zip(value.split(',')) {
                    *known = match port {
                        "" => None,
                        port => Some(port.parse().map_err(|_| ServerError::BadAddress(AddressFlaw::Port))?),
                    };
                }
            }
            "port" => {
                let port = value.parse().map_err(|_| ServerError::BadAddress(AddressFlaw::Port))?;
                match self.hosts.as_mut_slice() {
                    [] => self.options.push((name, value)),
                    hosts => hosts.iter_mut().for_each(|(_, known)| *known = Some(port)),
                }
            }
            // What libpq knows and makes no difference to somebody who only looks.
            "application_name"
            | "fallback_application_name"
            | "keepalives"
            | "keepalives_idle"
            | "keepalives_interval"
            | "keepalives_count"
            | "client_encoding"
            | "target_session_attrs"
            | "gssencmode"
            | "channel_binding"
            | "sslsni"
            | "sslcompression"
            | "krbsrvname"
            | "ssl_min_protocol_version" => {}
            "sslmode" | "sslrootcert" | "sslcert" | "sslkey" | "options" | "connect_timeout" | "passfile"
            | "search_path" => self.options.push((name, value)),
            _ => return Err(ServerError::BadAddress(AddressFlaw::UnknownOption(name.into()))),
        }
        Ok(())
    }

    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(in crate::store) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push((digit()? * 16 + digit()?) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.text).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_ever_printed() {
        for typed in [
            "postgres://kim:s3cret@db/sales",
            "postgres://kim:s3/cret@db/sales",
            "postgres://kim:s3?cret@db",
            "postgres://kim:s3@cret@db/sales",
            "postgresql://:s3cret@/sales",
            "postgres://db/sales?user=kim&password=s3cret&sslmode=require",
            "postgres://kim:x@db/sales?password=s3cret",
        ] {
            let address = Address::new(typed);
            for shown in [address.to_string(), format!("{address:?}"), address.name(), format!("{:?}", address.clone())]
            {
                assert!(!shown.contains("cret") && !shown.contains("s3"), "{typed}: {shown}");
            }
            assert!(address.secret().is_some(), "{typed}");
        }
    }

    #[test]
    fn parts_are_read_as_libpq_reads_them() {
        let parts = Address::new("postgresql://k%C3%B6%40x:p%2Fw@[::1]:6000,db.local/sa%20les?sslmode=require").parts();
        let parts = parts.unwrap();
        assert_eq!(parts.user.as_deref(), Some("kö@x"));
        assert_eq!(parts.hosts, [("::1".to_owned(), Some(6000)), ("db.local".to_owned(), None)]);
        assert_eq!((parts.database.as_deref(), parts.option("sslmode")), (Some("sa les"), Some("require")));

        let parts = Address::new("postgres:///sales?host=/run/pg&port=6000&user=kim").parts().unwrap();
        assert_eq!((parts.hosts, parts.user.as_deref()), (vec![("/run/pg".to_owned(), Some(6000))], Some("kim")));
        let parts = Address::new("postgres://%2Frun%2Fpg/sales").parts().unwrap();
        assert_eq!(parts.hosts, [("/run/pg".to_owned(), None)]);
    }

    #[test]
    fn the_key_value_form_is_read_as_libpq_reads_it() {
        let address = Address::new(
            "host=db,10.0.0.2 port=6000,6001 user=kim password='s3 \\'cret' dbname='sa les' sslmode=require",
        );
        let parts = address.parts().unwrap();
        assert_eq!(parts.hosts, [("db".to_owned(), Some(6000)), ("10.0.0.2".to_owned(), Some(6001))]);
        assert_eq!((parts.user.as_deref(), parts.database.as_deref()), (Some("kim"), Some("sa les")));
        assert_eq!(
            (parts.option("sslmode"), address.secret().map(Secret::reveal)),
            (Some("require"), Some("s3 'cret"))
        );
        assert_eq!(address.as_str(), "host=db,10.0.0.2 port=6000,6001 user=kim dbname='sa les' sslmode=require");
        assert_eq!(address.name(), "sa les on db");
        let percent = Address::new("user=kim password=a%41 host=/run/pg port=6000");
        assert_eq!(percent.secret().map(Secret::reveal), Some("a%41"), "this form knows no escapes");
        assert_eq!(percent.parts().unwrap().hosts, [("/run/pg".to_owned(), Some(6000))]);
        assert!(Address::new("host=db frobnicate=1").parts().unwrap_err().to_string().contains("frobnicate"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_an_address_or_is_refused_without_panic(text in "(postgres://)?[a-z:@/?%=&,\\[\\]#한 .0-9-]*") {
            let address = Address::new(&text);
            let _ = (address.name(), address.parts().map(|parts| parts.hosts));
        }
    }

    #[test]
    fn a_wrong_address_says_what_is_wrong() {
        for (typed, word) in [
            ("mysql://db/x", "postgres://"),
            ("postgres://db:port/x", "port"),
            ("postgres://db/x?sslmod=on", "sslmod"),
            ("postgres://db/%zz", "%"),
            ("postgres://a/b:c@db/x", "%2F"),
        ] {
            let error = Address::new(typed).parts().unwrap_err().to_string();
            assert!(error.contains(word), "{typed}: {error}");
        }
    }
}
