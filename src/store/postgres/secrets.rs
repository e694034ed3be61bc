//! Cuts whatever could be a secret out of an address, also out of one that is mistyped: what is left may be shown,
//! logged and remembered. It cuts generously, since a part too little shown is no harm and a password shown is.

use std::path::Path;

use super::AddressFlaw;

/// An address as it may be shown, and what was cut out of it.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    pub(super) shown: String,
    /// As it was written, escapes and all.
    pub(super) password: Option<String>,
    /// Why the address cannot be meant as it was typed.
    pub(super) flaw: Option<AddressFlaw>,
}

/// The keys of libpq's other form of an address, `host=db user=kim`.
const LIBPQ_KEYS: [&str; 22] = [
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "dbname",
    "service",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslpassword",
    "passfile",
    "options",
    "connect_timeout",
    "application_name",
    "client_encoding",
    "target_session_attrs",
    "gssencmode",
    "channel_binding",
    "search_path",
    "keepalives",
];

/// These name a file, and it is needed to connect.
const FILES: [&str; 2] = ["passfile", "sslkey"];

/// Whether a text is meant as an address. Where a path can look like one, a file of that name makes it a path.
pub(in crate::store) fn looks_like_address(text: &str) -> bool {
    let typed = text.trim();
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-_:".contains(&byte))
    };
    if typed.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme)) {
        return true;
    }
    let has_scheme = schemes_without_slashes(typed) > 0;
    let is_mistyped = lacks_a_colon(typed) || holds_an_address(typed) || says_a_password(typed);
    (has_scheme || is_key_value(typed) || is_bare_user_at_host(typed) || is_mistyped) && !Path::new(text).exists()
}

const SCHEMES: [&str; 4] = ["postgres", "postgresql", "nats", "tls"];

/// `postgres//kim:secret@db/sales`.
fn lacks_a_colon(typed: &str) -> bool {
    typed.split_once("//").is_some_and(|(word, _)| SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme)))
}

/// A command as it was copied: `psql postgres://kim:secret@db/sales`.
fn holds_an_address(typed: &str) -> bool {
    typed.split_once("://").is_some_and(|(before, _)| {
        let word = before.rsplit(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
        SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
    })
}

/// `PGPASSWORD=secret psql`, `server=db;pwd=secret`.
fn says_a_password(typed: &str) -> bool {
    let lower = typed.to_ascii_lowercase();
    ["password", "passwd", "pwd"]
        .iter()
        .any(|word| lower.match_indices(word).any(|(at, _)| lower[at + word.len()..].trim_start().starts_with('=')))
}

/// `kim:secret@db/sales`.
fn is_bare_user_at_host(typed: &str) -> bool {
    let Some((userinfo, host)) = typed.rsplit_once('@') else { return false };
    let Some((user, _)) = userinfo.split_once(':') else { return false };
    let is_name = |text: &str| !text.is_empty() && !text.contains(['/', '\\', ' ', '@']);
    // A drive's letter stands before a colon too.
    !userinfo.contains('\\') && is_name(user) && is_name(host.split('/').next().unwrap_or_default())
}

/// How far `jdbc:postgresql:` or `postgres:/` reaches, slashes included; nought where the text begins otherwise.
fn schemes_without_slashes(typed: &str) -> usize {
    let lower = typed.to_ascii_lowercase();
    let mut end = 0;
    while let Some((word, _)) = lower[end..].split_once(':') {
        let is_known = ["jdbc", "postgres", "postgresql"].contains(&word) || end > 0 && lower.starts_with("jdbc:");
        if !is_known || !word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            break;
        }
        end += word.len() + 1;
        // A JDBC address names its kind, and Oracle's its driver: what comes next may be a user.
        if word != "jdbc" && !lower[end..].starts_with("thin:") {
            break;
        }
    }
    if end == 0 { 0 } else { end + typed[end..].bytes().take_while(|byte| *byte == b'/').count() }
}

pub(super) fn is_key_value(typed: &str) -> bool {
    typed.split_once('=').is_some_and(|(key, _)| LIBPQ_KEYS.iter().any(|known| key.trim().eq_ignore_ascii_case(known)))
}

/// `tls://` is NATS's word for an address at which TLS is asked for.
pub(super) fn is_nats_scheme(scheme: &str) -> bool {
    ["nats://", "tls://"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// The key itself, where the file that holds it is meant.
fn is_seed(value: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_uppercase() || letter.is_ascii_digit();
    value.starts_with('S') && value.len() > 40 && value.bytes().all(is_letter)
}

fn is_secret(key: &str) -> bool {
    let key = super::address::decoded(key).unwrap_or_else(|| key.to_owned()).trim().to_ascii_lowercase();
    let words = ["pass", "pwd", "secret", "token", "credential", "apikey", "api_key", "auth"];
    !FILES.contains(&key.as_str()) && words.iter().any(|word| key.contains(word))
}

fn is_password(key: &str) -> bool {
    super::address::decoded(key).is_some_and(|key| key.trim().eq_ignore_ascii_case("password"))
}

pub(super) fn hide(typed: &str) -> Hidden {
    let typed = typed.trim();
    let mut hidden = if is_key_value(typed) { hide_in_pairs(typed) } else { hide_in_uri(typed) };
    // The last net: whatever still says that a secret follows.
    let lower = hidden.shown.to_ascii_lowercase();
    let words = ["password", "passwd", "pwd", "secret", "token"];
    let after = |word: &str| {
        let mut places = lower.match_indices(word).map(|(at, _)| at + word.len());
        places.find(|end| lower[*end..].trim_start().starts_with(['=', ':']) && !hidden.shown[*end..].is_empty())
    };
    if let Some(end) = words.iter().filter_map(|word| after(word)).min() {
        hidden.shown.truncate(end);
        hidden.flaw.get_or_insert(AddressFlaw::StrayPassword);
    }
    hidden
}

fn hide_in_pairs(typed: &str) -> Hidden {
    let (pairs, flaw) = pairs(typed);
    let mut password = None;
    let mut shown = Vec::new();
    for (key, value) in pairs {
        if is_password(&key) {
            password = Some(value);
        } else if !is_secret(&key) {
            // libpq takes a whole address for the name of a database.
            let value = if value.contains("://") { hide_in_uri(&value).shown } else { value };
            shown.push(format!("{key}={}", quoted(&value)));
        }
    }
    // What is shown must be read as the same kind of address again.
    let shown = if shown.is_empty() { "host=''".to_owned() } else { shown.join(" ") };
    Hidden { shown, password, flaw }
}

fn quoted(value: &str) -> String {
    if !value.is_empty() && !value.contains(|letter: char| letter.is_whitespace() || "'\\".contains(letter)) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// libpq's `key = 'value'` list. Nothing after a fault is read, since it may be the rest of a secret.
pub(super) fn pairs(text: &str) -> (Vec<(String, String)>, Option<AddressFlaw>) {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some((key, behind)) = rest.split_once('=') else { return (pairs, Some(AddressFlaw::PairForm)) };
        let key = key.trim();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return (pairs, Some(AddressFlaw::PairForm));
        }
        let behind = behind.trim_start();
        let is_quoted = behind.starts_with('\'');
        let mut value = String::new();
        let mut letters = behind.char_indices().skip(usize::from(is_quoted));
        let mut end = behind.len();
        let mut is_closed = !is_quoted;
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
                '\'' if is_quoted => {
                    end = at + 1;
                    is_closed = true;
                    break;
                }
                letter if letter.is_whitespace() && !is_quoted => {
                    end = at;
                    break;
                }
                letter => value.push(letter),
            }
        }
        if !is_closed {
            return (pairs, Some(AddressFlaw::OpenQuote));
        }
        pairs.push((key.to_ascii_lowercase(), value));
        rest = behind[end..].trim_start();
    }
    (pairs, None)
}

fn hide_in_uri(typed: &str) -> Hidden {
    let start = typed.find("://").map_or_else(|| schemes_without_slashes(typed), |at| at + 3);
    let (scheme, rest) = typed.split_at(start);
    let is_postgres = ["postgres://", "postgresql://"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let is_nats = is_nats_scheme(scheme);
    let mut hidden = Hidden::default();
    let mut rest = rest.to_owned();
    let mut hosts_begin = 0;
    if let Some(at) = end_of_userinfo(&rest) {
        hosts_begin = at + 1;
        let userinfo = &rest[..at];
        let colon = userinfo.find(':').map(|at| (at, 1));
        let escaped = userinfo.to_ascii_lowercase().find("%3a").map(|at| (at, 3));
        // Oracle's users and passwords stand around a slash.
        let slash = userinfo.find('/').filter(|_| !is_postgres && !is_nats).map(|at| (at, 1));
        if let Some((end, len)) = [colon, escaped, slash].into_iter().flatten().min() {
            hidden.password = Some(userinfo[end + len..].to_owned());
            // A user keeps its colon where one without any would be a token.
            let mark = if is_nats { ":" } else { "" };
            rest = format!("{}{mark}{}", &rest[..end], &rest[at..]);
            hosts_begin = end + mark.len() + 1;
        } else if is_nats {
            hidden.password = Some(userinfo.to_owned());
            rest = rest[at + 1..].to_owned();
            hosts_begin = 0;
        }
    }
    hide_false_port(&mut rest, hosts_begin, &mut hidden);
    if let Some((front, query)) = rest.split_once('?') {
        let query = hide_in_options(query, is_postgres, &mut hidden);
        rest = if query.is_empty() { front.to_owned() } else { format!("{front}?{query}") };
    } else if !is_postgres && let Some((front, query)) = rest.split_once(';') {
        let query = hide_in_options(query, is_postgres, &mut hidden);
        rest = format!("{front};{query}");
    }
    hidden.shown = format!("{scheme}{rest}");
    hidden
}

/// The `@` that ends user and password. A password may hold a bare `?`, `/` or `@`; an option may hold an `@` too.
fn end_of_userinfo(rest: &str) -> Option<usize> {
    let last = rest.rfind('@')?;
    let Some(query) = rest.find('?').filter(|query| *query < last) else { return Some(last) };
    let is_option = |piece: &str| {
        piece
            .split_once('=')
            .is_some_and(|(key, _)| is_secret(key) || LIBPQ_KEYS.iter().any(|known| key.eq_ignore_ascii_case(known)))
    };
    let is_in_options = rest[query + 1..].split('&').all(is_option);
    if is_in_options || rest[..query].contains('/') { rest[..query].rfind('@') } else { Some(last) }
}

/// Where no `@` follows the password, it stands in the place of a port.
fn hide_false_port(rest: &mut String, begin: usize, hidden: &mut Hidden) {
    let end = rest[begin..].find(['/', '?']).map_or(rest.len(), |at| begin + at);
    let mut at = begin;
    for host in rest[begin..end].split(',') {
        if let Some((name, port)) = host.rsplit_once(':')
            && !port.contains(']')
            && (port.len() > 5 || !port.bytes().all(|byte| byte.is_ascii_digit()) || has_second_colon(name))
        {
            let colon = at + name.find(':').filter(|_| !name.contains('[')).unwrap_or(name.len());
            let behind = rest[colon..].rfind('@').map_or(rest.len(), |at| colon + at);
            rest.replace_range(colon..behind, "");
            hidden.flaw.get_or_insert(AddressFlaw::HostPort);
            return;
        }
        at += host.len() + 1;
    }
}

/// A host has one colon, before its port; more than one has only an address in brackets.
fn has_second_colon(name: &str) -> bool {
    name.contains(':') && !name.contains('[')
}

fn hide_in_options(query: &str, is_postgres: bool, hidden: &mut Hidden) -> String {
    let separators: &[char] = if is_postgres { &['&'] } else { &['&', ';'] };
    let mut kept = Vec::new();
    let mut is_after_secret = false;
    for option in query.split(separators) {
        match option.split_once('=') {
            Some((key, value)) if is_secret(key) || is_seed(value) => {
                is_after_secret = true;
                if is_password(key) {
                    hidden.password = Some(value.to_owned());
                }
            }
            None if is_after_secret && !option.is_empty() => {
                hidden.flaw.get_or_insert(AddressFlaw::AmpersandInPassword);
            }
            _ => {
                is_after_secret = false;
                kept.push(option);
            }
        }
    }
    kept.join("&")
}

#[cfg(test)]
mod tests {
    use super::super::Address;
    use super::*;
    use crate::store::Source;

    /// `PW` stands for the secret; each is shown without it in every way there is.
    const TYPED: &[&str] = &[
        "postgres://u:PW@h/d",
        "postgresql://u:PW@h/d",
        "POSTGRES://u:PW@h/d",
        "PostgreSQL://u:PW@h/d",
        " postgres://u:PW@h/d",
        "\tpostgres://u:PW@h/d\n",
        "postgresql+psycopg2://u:PW@h/d",
        "postgresql+asyncpg://u:PW@h/d?ssl=true",
        "postgres+ssl://u:PW@h/d",
        "jdbc:postgresql://h/d?user=u&password=PW",
        "jdbc:postgresql://u:PW@h/d",
        "jdbc:postgresql:d?user=u&password=PW",
        "JDBC:POSTGRESQL://h/d?PASSWORD=PW",
        "jdbc:sqlserver://h;databaseName=d;user=u;password=PW;encrypt=true",
        "jdbc:oracle:thin:u/PW@//h:1521/d",
        "mysql://u:PW@h/d",
        "mongodb+srv://u:PW@h/d",
        "nats://u:PW@h",
        "nats://PW@h/S",
        "tls://u:PW@h:4222,h2:4222/S?ca=/etc/ca.pem",
        "nats://PW@h:4222,h2/S?creds=/home/kim@x/a.creds",
        "nats://u%3aPW@h/S",
        "redis://:PW@h",
        "https://u:PW@h/d",
        "postgres:u:PW@h/d",
        "postgres:/u:PW@h/d",
        "postgres:///u:PW@h/d",
        "postgresql:u:PW@h/d",
        "u:PW@h/d",
        "u:PW@h:5432/d",
        "postgres://u:PW",
        "postgres://u:PW/d",
        "postgres://u:PW?sslmode=require",
        "postgres://u:PW:/?@h",
        "postgres://u:PW:5432/?@h",
        "postgres://u:PW/x?y@h/d",
        "postgres://u:PW%40h/d",
        "postgres://u%3APW@h/d",
        "postgres://u%3aPW@h/d",
        "postgres://:PW@h/d",
        "postgres://u:PW@",
        "postgres://u:PW@h1,h2:6000/d",
        "postgres://u:PW@h1,u:PW@h2/d",
        "postgres://u:1@PW@h/d",
        "postgres://u:1@PW?x@h/d",
        "postgres://u:1?PW=1@h/d",
        "postgres://u:1/PW@h/d",
        "postgres://u:1#PW@h/d",
        "postgres://u:1 PW@h/d",
        "postgres://u:PW@[::1]:5432/d",
        "postgres://[::1]:PW/d",
        "postgres://h/d?password=PW",
        "postgres://h/d?PASSWORD=PW",
        "postgres://h/d?Password=PW&sslmode=require",
        "postgres://h/d?p%61ssword=PW",
        "postgres://h/d? password=PW",
        "postgres://h/d?sslpassword=PW",
        "postgres://h/d?passwd=PW",
        "postgres://h/d?pwd=PW",
        "postgres://h/d?pass=PW",
        "postgres://h/d?token=PW",
        "postgres://h/d?oauth_client_secret=PW",
        "postgres://h/d?user=u@corp&password=PW",
        "postgres://h/d?password=1&PW",
        "postgres://h/d?password=1%26PW",
        "postgres://u:PW@h/d?password=PW",
        "postgres://h/d;password=PW",
        "postgres://h/d&password=PW",
        "postgres://h/d/password=PW",
        "postgres://h password=PW",
        "host=h user=u password=PW",
        "host=h user=u password=PW dbname=d",
        "host=h user=u PASSWORD=PW",
        "HOST=h USER=u PASSWORD=PW",
        "host = h user = u password = PW",
        "password=PW host=h",
        "password='1 PW' host=h",
        "password='1\\' PW' host=h",
        "password=1\\ PW host=h",
        "password='1 PW host=h",
        "password=1 PW host=h",
        "host=h sslpassword=PW",
        "user=u passwd=PW",
        "host=h;user=u;password=PW",
        "dbname='postgres://u:PW@h/d'",
        " host=h password=PW",
        "service=s password=PW",
        "postgres//u:PW@h/d",
        "psql postgres://u:PW@h/d",
        "url=postgres://u:PW@h/d",
        "PGPASSWORD=PW psql -h h",
        "server=h;pwd=PW",
    ];

    #[test]
    fn no_secret_of_whatever_looks_like_an_address_is_ever_shown() {
        let secret = "s3cr3t";
        for typed in TYPED.iter().map(|typed| typed.replace("PW", secret)) {
            let source = Source::parse(&typed);
            let Source::Server(address) = &source else { panic!("{typed} is taken for a path") };
            let error = address.parts().err().map_or_else(String::new, |error| error.to_string());
            for shown in [
                source.to_string(),
                format!("{source:?}"),
                source.name(),
                source.absolute_name(),
                format!("{:?}", address.parts()),
                error,
                address.as_str().to_owned(),
            ] {
                assert!(!shown.contains(secret), "{typed}: {shown}");
            }
            // What is remembered as shown is shown the same again.
            assert_eq!(Address::new(address.as_str()).as_str(), address.as_str(), "{typed}");
        }
    }

    #[test]
    fn what_holds_no_secret_is_shown_as_it_was_typed() {
        for typed in [
            "postgres://h/d",
            "postgres://u@h:5432/d?sslmode=require",
            "postgresql://u@h1,h2:6000/d?user=kim@corp",
            "postgres:///d?host=/run/pg&port=6000&passfile=/home/kim/.pgpass",
            "postgres://[::1]:6000/d",
            "host=h user=u dbname=d",
            "host=h dbname='sa les'",
            "nats://h:4222",
        ] {
            assert!(looks_like_address(typed), "{typed}");
            assert_eq!(hide(typed).shown, typed);
            assert!(hide(typed).password.is_none() && hide(typed).flaw.is_none(), "{typed}");
        }
    }

    #[test]
    fn a_path_is_no_address() {
        for path in [
            "sales.db",
            "a:b//c",
            "://x",
            "odd name://x",
            "C:\\data\\sales.db",
            "a=b.db",
            "x@y.db",
            "/a:b@c.db",
            "한글 #%.db",
        ] {
            assert!(!looks_like_address(path), "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_secret_of_any_letters_is_cut_from_an_address_that_is_well_made(secret in "[A-Z]{6}[A-Za-z0-9@/?#&=:.%-]{0,8}") {
            for typed in [format!("postgres://u:{secret}@h"), format!("postgres://u:{secret}@h/d")] {
                let shown = hide(&typed).shown;
                proptest::prop_assert!(!shown.contains(&secret[..6]), "{}: {}", typed, shown);
            }
        }
    }
}
