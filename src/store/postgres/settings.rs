//! What an address leaves open is filled in as libpq does: from the environment, the password file, and its defaults.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address::{Address, Parts, Secret};
use super::{AddressFlaw, ServerError, tls};

/// How long a server may take to answer a connection attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

const DEFAULT_PORT: u16 = 5432;

/// Where a server's socket is when no host is named: Debian's place and the one PostgreSQL comes with.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// Everything needed to connect.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) hosts: Vec<(String, u16)>,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) password: Option<Secret>,
    pub(super) options: Option<String>,
    pub(super) search_path: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) tls_mode: tls::Mode,
    pub(super) parts: Parts,
    pub(super) home: Option<PathBuf>,
    pub(super) root_certificate: Option<String>,
}

impl Settings {
    pub(super) fn of(address: &Address) -> Result<Self, ServerError> {
        Self::within(address, &|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn within(address: &Address, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, ServerError> {
        let mut parts = address.parts()?;
        let bad = ServerError::BadAddress;
        let home = environment("HOME").or_else(|| environment("USERPROFILE")).map(PathBuf::from);
        let port = match parts.option("port").map(ToOwned::to_owned).or_else(|| environment("PGPORT")) {
            Some(port) => port.parse().map_err(|_| bad(AddressFlaw::Port))?,
            None => DEFAULT_PORT,
        };
        if parts.hosts.is_empty() {
            let named = environment("PGHOST").or_else(|| environment("PGHOSTADDR"));
            parts.hosts.push((named.unwrap_or_else(|| default_host(port)), None));
        }
        let hosts: Vec<_> = parts.hosts.iter().map(|(host, own)| (host.clone(), own.unwrap_or(port))).collect();
        let user = parts.user.clone().or_else(|| environment("PGUSER")).or_else(|| environment("USER"));
        let user = user.or_else(|| environment("LOGNAME")).or_else(|| environment("USERNAME"));
        let user = user.ok_or_else(|| bad(AddressFlaw::NoUser))?;
        let database = parts.database.clone().or_else(|| environment("PGDATABASE")).unwrap_or_else(|| user.clone());
        let seconds =
            parts.option("connect_timeout").map(ToOwned::to_owned).or_else(|| environment("PGCONNECT_TIMEOUT"));
        let connect_timeout = match seconds.map(|seconds| seconds.parse::<u64>()) {
            None | Some(Ok(0)) => CONNECT_TIMEOUT,
            Some(Ok(seconds)) => Duration::from_secs(seconds),
            Some(Err(_)) => return Err(bad(AddressFlaw::ConnectTimeout)),
        };
        let password = address.secret().cloned().or_else(|| environment("PGPASSWORD").map(Secret::new)).or_else(|| {
            let file = parts.option("passfile").map(ToOwned::to_owned).or_else(|| environment("PGPASSFILE"));
            let file = file.map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(".pgpass")))?;
            let text = readable_password_file(&file)?;
            hosts.iter().find_map(|(host, port)| password_in(&text, host, *port, &database, &user))
        });
        Ok(Self {
            tls_mode: tls::Mode::of(&parts, environment("PGSSLMODE"))?,
            root_certificate: environment("PGSSLROOTCERT"),
            options: parts.option("options").map(ToOwned::to_owned).or_else(|| environment("PGOPTIONS")),
            search_path: parts.option("search_path").map(ToOwned::to_owned),
            hosts,
            user,
            database,
            password,
            connect_timeout,
            parts,
            home,
        })
    }

    pub(super) fn says(&self, setting: &str) -> bool {
        self.options.as_deref().is_some_and(|options| options.contains(setting))
    }

    /// What the options say of a setting: `-c setting=value` or `--setting=value`, the last of them.
    pub(super) fn option(&self, setting: &str) -> Option<&str> {
        self.options.as_deref()?.split_whitespace().rev().find_map(|word| {
            let word = word.trim_start_matches("-c").trim_start_matches("--");
            word.split_once('=').filter(|(name, _)| *name == setting).map(|(_, value)| value)
        })
    }
}

fn default_host(port: u16) -> String {
    let has_socket = |folder: &&&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    SOCKET_FOLDERS.iter().find(has_socket).map_or_else(|| "localhost".to_owned(), |folder| (*folder).to_owned())
}

/// A password file that others may read is not used, as libpq does not.
fn readable_password_file(path: &Path) -> Option<String> {
    let file = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.permissions().mode() & 0o077 != 0 {
            tracing::warn!(path = %path.display(), "the password file is not used: others may read it; chmod 600 it");
            return None;
        }
    }
    let _ = file;
    fs::read_to_string(path).ok()
}

/// `host:port:database:user:password`, each of the first four may be `*`; a backslash escapes.
fn password_in(text: &str, host: &str, port: u16, database: &str, user: &str) -> Option<Secret> {
    let host = if SOCKET_FOLDERS.contains(&host) { "localhost" } else { host };
    let wanted = [host, &port.to_string(), database, user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut fields = fields(line).into_iter();
        let is_ours = wanted.iter().all(|wanted| fields.next().is_some_and(|field| field == "*" || field == *wanted));
        fields.next().filter(|password| is_ours && !password.is_empty()).map(Secret::new)
    })
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let is_escape = letter == '\\';
        // The last field may hold colons as they are.
        if letter == ':' && fields.len() < 5 {
            fields.push(String::new());
        } else if let Some(field) = fields.last_mut() {
            field.extend(if is_escape { letters.next() } else { Some(letter) });
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(typed: &str, environment: &[(&str, &str)]) -> Settings {
        let find = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
        Settings::within(&Address::new(typed), &find).unwrap()
    }

    #[test]
    fn what_the_address_leaves_open_comes_from_the_environment() {
        let environment = [
            ("PGHOST", "db"),
            ("PGPORT", "6000"),
            ("PGUSER", "kim"),
            ("PGPASSWORD", "secret"),
            ("PGSSLMODE", "require"),
        ];
        let made = settings("postgres://", &environment);
        assert_eq!(made.hosts, [("db".to_owned(), 6000)]);
        assert_eq!((made.user.as_str(), made.database.as_str(), made.tls_mode), ("kim", "kim", tls::Mode::Require));
        assert_eq!(made.password.as_ref().map(Secret::reveal), Some("secret"));
        let made = settings("postgres://lee:own@other:1/sales?sslmode=disable", &environment);
        assert_eq!((made.hosts, made.tls_mode), (vec![("other".to_owned(), 1)], tls::Mode::Disable));
        assert_eq!(made.password.as_ref().map(Secret::reveal), Some("own"));
    }

    #[test]
    fn a_line_of_the_password_file_is_found_by_its_four_fields() {
        let text = "# db:1:a:b:wrong\nother:*:*:*:no\ndb:5432:sa\\:les:kim:pass\\\\word:x\n*:*:*:*:last\n";
        let found = |host, user| password_in(text, host, 5432, "sa:les", user).map(|secret| secret.reveal().to_owned());
        assert_eq!(found("db", "kim").as_deref(), Some("pass\\word:x"));
        assert_eq!(found("db", "lee").as_deref(), Some("last"));
    }

    #[cfg(unix)]
    #[test]
    fn a_password_file_that_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        fs::write(&path, "*:*:*:*:secret\n").unwrap();
        let with_mode = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let made = settings("postgres://kim@db/sales", &[("PGPASSFILE", path.to_str().unwrap())]);
            made.password.map(|secret| secret.reveal().to_owned())
        };
        assert_eq!(with_mode(0o600).as_deref(), Some("secret"));
        assert_eq!(with_mode(0o640), None);
    }
}
