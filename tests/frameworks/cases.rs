//! Each framework on each database it has, with the settings that change what it stores.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::foldline::Foldline;
use crate::framework::{Writer, installed, sources};
use crate::server::server;

/// Made for these tests with the framework's own `AESCipher.create_key(32)`; `reading` has it among its options too.
const KEY: &str = "gzwc5l9BEruRbAog6TfZeFduY1rIraeMW2JZgIVSmZk=";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

/// Which program writes, and how it is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With these options of the Python writer, as JSON.
    Eventsourcing(&'static str),
    EventsourcingTextIds,
    Emmett,
    Emmett038,
    CqrsEs,
    CqrsEsSnapshots,
    MessageDb,
    Disintegrate,
}

impl Kind {
    pub(crate) fn framework(self) -> &'static str {
        match self {
            Self::Eventsourcing(_) | Self::EventsourcingTextIds => "eventsourcing",
            Self::Emmett | Self::Emmett038 => "emmett",
            Self::CqrsEs | Self::CqrsEsSnapshots => "cqrs-es",
            Self::MessageDb => "message-db",
            Self::Disintegrate => "disintegrate",
        }
    }

    /// The number of a stream's first event.
    pub(crate) fn first_version(self) -> u64 {
        u64::from(self != Self::MessageDb)
    }

    fn command(self, place: &str) -> Command {
        let (installed, sources) = (installed(), sources());
        let node = |script: &str, packages: &str| {
            let mut command = Command::new("node");
            command.arg(sources.join("node").join(script)).arg(installed.join(packages)).arg(place);
            command
        };
        let rust = |name: &str| {
            let mut command = Command::new(installed.join("rust/debug/framework-writers"));
            command.args([name, place]);
            command
        };
        let python = |options: &str| {
            let mut command = Command::new(installed.join("venv/bin/python"));
            command.args(["-m", "crm", place, options]);
            command.env("PYTHONPATH", sources.join("python")).env("PYTHONDONTWRITEBYTECODE", "1");
            command
        };
        match self {
            Self::Eventsourcing(options) => python(options),
            Self::EventsourcingTextIds => {
                let mut command = python("{}");
                command.env("ORIGINATOR_ID_TYPE", "text");
                command
            }
            Self::Emmett => node("emmett.mjs", "node"),
            Self::Emmett038 => node("emmett.mjs", "node/old"),
            Self::CqrsEs => rust("cqrs"),
            Self::CqrsEsSnapshots => rust("cqrs-snapshots"),
            Self::MessageDb => node("message_db.mjs", "node"),
            Self::Disintegrate => rust("disintegrate"),
        }
    }
}

/// A store that a framework is about to write or has written.
pub(crate) struct Store {
    pub(crate) kind: Kind,
    pub(crate) database: Database,
    folder: TempDir,
    /// Of the server, where it is one.
    name: String,
}

impl Store {
    pub(crate) fn new(name: &str, kind: Kind, database: Database) -> Self {
        if database == Database::Postgres {
            server().sql("postgres", &format!("CREATE DATABASE {name}"));
        }
        let store =
            Self { kind, database, folder: tempfile::tempdir().expect("a temporary folder"), name: name.to_owned() };
        if kind == Kind::MessageDb {
            let script = installed().join("node/node_modules/@eventide/message-db/database/install.sh");
            let output = Command::new("bash")
                .arg(script)
                .envs(server().settings())
                .env("DATABASE_NAME", name)
                .env("CREATE_DATABASE", "off")
                .output()
                .expect("Message DB's own installation");
            assert!(output.status.success(), "{output:?}");
        }
        store
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("crm.db")
    }

    pub(crate) fn writer(&self) -> Writer {
        let place = match self.database {
            Database::Sqlite => self.file().to_str().expect("a path in UTF-8").to_owned(),
            Database::Postgres => server().address_with_parameters(&self.name),
        };
        Writer::start(&mut self.kind.command(&place))
    }

    fn with(&self, store: String) -> Foldline {
        let encrypted = matches!(self.kind, Kind::Eventsourcing(options) if options.contains("encrypted"));
        Foldline { store, key: encrypted.then(|| KEY.to_owned()) }
    }

    /// As someone who may only look.
    pub(crate) fn looked_at(&self) -> Foldline {
        self.with(match self.database {
            Database::Sqlite => self.file().to_str().expect("a path in UTF-8").to_owned(),
            Database::Postgres => server().reader(&self.name),
        })
    }

    /// As someone who may append.
    pub(crate) fn written_to(&self) -> Foldline {
        self.with(match self.database {
            Database::Sqlite => self.file().to_str().expect("a path in UTF-8").to_owned(),
            Database::Postgres => server().address(&self.name, "foldline"),
        })
    }

    /// All that looking must not change: every file's name and bytes, or every row with the transaction that wrote it.
    pub(crate) fn everything(&self) -> Vec<(String, Vec<u8>)> {
        match self.database {
            Database::Sqlite => files(self.folder.path()),
            Database::Postgres => vec![(self.name.clone(), server().everything(&self.name).into_bytes())],
        }
    }
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .expect("a readable folder")
        .map(|entry| entry.expect("a readable entry").path())
        .map(|path| (path.display().to_string(), fs::read(&path).expect("a readable file")))
        .collect();
    found.sort();
    found
}
