//! The server for these tests, a database for each of them, and what they ask of a store.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use foldline::event::{RecordedEvent, StreamId};
use foldline::store::{self, Flow, Query, Source, Store, StreamQuery, StreamRow};
use postgres::{Client, Config, NoTls};

/// One server for all tests of this program. It ends when its standard input closes, which this process's end does.
pub(crate) struct Server {
    pub(crate) settings: HashMap<String, String>,
    _process: Child,
}

pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres/server.sh");
        let mut child = Command::new(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests/postgres/server.sh can be run");
        let mut settings = HashMap::new();
        let mut is_ready = false;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if line == "ready" {
                is_ready = true;
                break;
            }
            let (name, value) = line.split_once('=').unwrap();
            settings.insert(name.to_owned(), value.to_owned());
        }
        assert!(is_ready, "PostgreSQL did not start: install Debian's package `postgresql`; see the message above");
        Server { settings, _process: child }
    })
}

impl Server {
    pub(crate) fn get(&self, name: &str) -> &str {
        &self.settings[name]
    }

    pub(crate) fn client(&self, database: &str) -> Client {
        let mut config = Config::new();
        config.host(self.get("PGHOST")).port(self.get("PGPORT").parse().unwrap());
        config.user("foldline").dbname(database).connect(NoTls).unwrap()
    }
}

/// A database of one test's own.
pub(crate) struct Database {
    pub(crate) name: String,
}

impl Database {
    pub(crate) fn with(sql: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        server().client("postgres").batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
        let database = Self { name };
        database.run(sql);
        database
    }

    pub(crate) fn client(&self) -> Client {
        server().client(&self.name)
    }

    #[track_caller]
    pub(crate) fn run(&self, sql: &str) {
        if let Err(error) = self.client().batch_execute(sql) {
            panic!("{error:?}");
        }
    }

    /// Over the socket, as that user.
    /// How many statements about this run just now.
    pub(crate) fn busy_with(&self, words: &str) -> i64 {
        let sql = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND query LIKE '%' || $1 || '%'";
        self.client().query_one(sql, &[&words]).unwrap().get(0)
    }

    pub(crate) fn address_of(&self, user: &str) -> String {
        let (host, port) = (server().get("PGHOST").replace('/', "%2F"), server().get("PGPORT"));
        format!("postgres://{user}@{host}:{port}/{}", self.name)
    }

    pub(crate) fn address(&self) -> String {
        self.address_of("foldline")
    }

    pub(crate) fn source(&self) -> Source {
        Source::parse(&self.address())
    }

    #[track_caller]
    pub(crate) fn open(&self) -> Box<dyn Store> {
        store::open(&self.source()).unwrap_or_else(|error| panic!("{error}"))
    }
}

pub(crate) fn events(reader: &dyn Store, query: &Query) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    reader
        .visit_events(query, &mut |row| {
            events.push(row.to_recorded());
            Flow::Continue(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    events
}

pub(crate) fn stream(reader: &dyn Store, name: &str) -> Vec<RecordedEvent> {
    events(reader, &Query::stream(StreamId::from(name)))
}

pub(crate) fn streams(reader: &dyn Store, query: &StreamQuery) -> Vec<StreamRow> {
    let mut rows = Vec::new();
    reader
        .visit_streams(query, &mut |row| {
            rows.push(row);
            Flow::Continue(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    rows
}

/// A thread with a name.
pub(crate) fn on_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::thread::JoinHandle<T> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).unwrap()
}
