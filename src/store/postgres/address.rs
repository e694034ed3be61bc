use std::fmt;

use super::ServerTrouble;

/// Where a PostgreSQL store is, as typed: `postgres://user@host:port/database?option=value`. A password that stood in
/// it is kept apart, in memory only: whatever prints, remembers or logs an address prints none.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// The text without the password.
    text: String,
    password: Option<Secret>,
}

/// A password; nothing prints it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn reveal(&self) -> &str {
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
        let (mut text, mut password) = without_userinfo_password(typed);
        if let Some((front, query)) = text.split_once('?') {
            let (secret, kept): (Vec<&str>, Vec<&str>) =
                query.split('&').partition(|option| option.starts_with("password="));
            if let Some(option) = secret.last() {
                password = Some(option["password=".len()..].to_owned());
            }
            let kept = kept.join("&");
            text = if kept.is_empty() { front.to_owned() } else { format!("{front}?{kept}") };
        }
        // Of an escape that is none, the letters stand for themselves.
        let password = password.map(|written| Secret(decoded(&written).unwrap_or(written)));
        Self { text, password: password.filter(|secret| !secret.0.is_empty()) }
    }

    /// The same place, with the password that somebody typed.
    #[must_use]
    pub fn with_password(&self, password: &str) -> Self {
        Self { text: self.text.clone(), password: Some(Secret(password.to_owned())) }
    }

    /// Without the password; this may be shown and remembered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_postgres(&self) -> bool {
        self.rest().is_some()
    }

    /// Short enough for a title: `database on host`.
    pub fn name(&self) -> String {
        match self.parts() {
            Ok(Parts { hosts, database: Some(database), .. }) => match hosts.first() {
                Some((host, _)) => format!("{database} on {host}"),
                None => database,
            },
            _ => self.text.clone(),
        }
    }

    pub(super) fn secret(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    fn rest(&self) -> Option<&str> {
        let (scheme, rest) = self.text.split_once("://")?;
        ["postgres", "postgresql"].contains(&scheme).then_some(rest)
    }

    pub(super) fn parts(&self) -> Result<Parts, ServerTrouble> {
        let bad = |detail: &str| ServerTrouble::BadAddress(detail.to_owned());
        let rest = self.rest().ok_or_else(|| bad("it begins with neither postgres:// nor postgresql://"))?;
        let (front, query) = rest.split_once('?').unwrap_or((rest, ""));
        let decode = |text: &str| decoded(text).ok_or_else(|| bad("a % in it is not followed by two hex digits"));
        let (user, place) = match front.rsplit_once('@') {
            Some((user, _)) if user.contains('/') => {
                return Err(bad("the name or password before @ has a / in it, which must be written %2F"));
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
                port => Some(port.parse().map_err(|_| bad("what follows the host's colon is no port number"))?),
            };
            parts.hosts.push((decode(name.trim_start_matches('[').trim_end_matches(']'))?, port));
        }
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let (name, value) =
                option.split_once('=').ok_or_else(|| bad("what follows ? must be written option=value"))?;
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
    fn take_option(&mut self, name: String, value: String) -> Result<(), ServerTrouble> {
        match name.as_str() {
            "user" => self.user = Some(value),
            "dbname" => self.database = Some(value),
            "host" | "hostaddr" => self.hosts = value.split(',').map(|host| (host.to_owned(), None)).collect(),
            "port" => {
                let port = value.parse().map_err(|_| ServerTrouble::BadAddress("port is no number".to_owned()))?;
                match self.hosts.last_mut() {
                    Some((_, known)) => *known = Some(port),
                    None => self.options.push((name, value)),
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
            _ => return Err(ServerTrouble::BadAddress(format!("it has an option that is not known: {name}"))),
        }
        Ok(())
    }

    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Cuts out generously: what stands between a user's `:` and the last `@` is no more to be shown when it has signs
/// that should have been escaped.
fn without_userinfo_password(typed: &str) -> (String, Option<String>) {
    let untouched = || (typed.to_owned(), None);
    let Some(start) = typed.find("://").map(|at| at + 3) else { return untouched() };
    let rest = &typed[start..];
    let before_options = rest.find('?').unwrap_or(rest.len());
    let last_at = rest[..before_options].rfind('@').or_else(|| {
        // A password with a bare `?` in it: the `@` comes after what looks like options.
        let colon = rest.find(':')?;
        let at = rest.rfind('@')?;
        let is_host_before = rest[..before_options].contains('/');
        (colon < before_options && !is_host_before).then_some(at)
    });
    let Some(at) = last_at else { return untouched() };
    let Some(colon) = rest[..at].find(':') else { return untouched() };
    let shown = format!("{}{}{}", &typed[..start], &rest[..colon], &rest[at..]);
    (shown, Some(rest[colon + 1..at].to_owned()))
}

fn decoded(text: &str) -> Option<String> {
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
            let trouble = Address::new(typed).parts().unwrap_err().to_string();
            assert!(trouble.contains(word), "{typed}: {trouble}");
        }
    }
}
