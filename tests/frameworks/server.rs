//! One private PostgreSQL for all tests here, which ends with them, and a database in it for each.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

pub(crate) struct Server {
    /// Kept, because the server stops when its standard input closes.
    _process: Child,
    settings: Vec<(String, String)>,
}

pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres/server.sh");
        let mut process = Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a server");
        let mut settings = Vec::new();
        for line in BufReader::new(process.stdout.take().expect("a piped output")).lines() {
            let line = line.expect("a line");
            match line.split_once('=') {
                Some((name, value)) => settings.push((name.to_owned(), value.to_owned())),
                None if line == "ready" => return Server { _process: process, settings },
                None => panic!("the server says {line}"),
            }
        }
        panic!("the server did not start; see above");
    })
}

impl Server {
    fn setting(&self, name: &str) -> &str {
        let found = self.settings.iter().find(|(key, _)| key == name);
        &found.unwrap_or_else(|| panic!("the server does not say {name}")).1
    }

    pub(crate) fn settings(&self) -> impl Iterator<Item = (&String, &String)> {
        self.settings.iter().map(|(name, value)| (name, value))
    }

    pub(crate) fn address(&self, database: &str, user: &str) -> String {
        let (folder, port) = (self.setting("PGHOST").replace('/', "%2F"), self.setting("PGPORT"));
        format!("postgresql://{user}@{folder}:{port}/{database}")
    }

    /// The socket as a parameter, which every client understands.
    pub(crate) fn address_with_parameters(&self, database: &str) -> String {
        let (folder, port) = (self.setting("PGHOST"), self.setting("PGPORT"));
        format!("postgresql:///{database}?host={folder}&port={port}&user=foldline")
    }

    /// Runs SQL as the superuser and answers its rows as text.
    #[track_caller]
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let output = Command::new(format!("{}/psql", self.setting("FOLDLINE_PG_BIN")))
            .envs(self.settings())
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql])
            .output()
            .expect("psql");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Every row of every table, with the transaction that wrote it, and every sequence.
    pub(crate) fn everything(&self, database: &str) -> String {
        let queries = self.sql(
            database,
            "SELECT format('SELECT ''%1$s'', xmin, t::text FROM %1$s t', c.oid::regclass) FROM pg_class c JOIN pg_namespace n \
             ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
             ORDER BY 1",
        );
        let rows: String = queries.lines().map(|query| self.sql(database, query)).collect();
        rows + &self.sql(database, "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2")
    }

    /// A user of this database that may look and nothing else.
    pub(crate) fn reader(&self, database: &str) -> String {
        let user = format!("{database}_reader");
        self.sql(database, &format!("CREATE ROLE {user} LOGIN"));
        let schemas = self.sql(
            database,
            "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
        );
        for schema in schemas.lines() {
            self.sql(
                database,
                &format!(
                    "GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {user}"
                ),
            );
        }
        self.address(database, &user)
    }
}
