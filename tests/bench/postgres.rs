//! A server's store that is written while it is looked at. Left out, with a line that says so, where no PostgreSQL is
//! installed.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use foldline::store::Source;
use postgres::{Client, Config, NoTls};

use crate::busy::looks;
use crate::measure::Table;
use crate::stores::Stores;

const STREAMS: u64 = 500;
const EVENTS: u64 = 50_000;

/// As Message DB makes it, as far as reading goes.
const SCHEMA: &str = "CREATE SCHEMA message_store;
    CREATE TABLE message_store.messages (
        global_position bigserial PRIMARY KEY, position bigint NOT NULL, time timestamp NOT NULL DEFAULT now(),
        stream_name text NOT NULL, type text NOT NULL, data jsonb, metadata jsonb,
        id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE, UNIQUE (stream_name, position))";

/// The tests' private server. It ends when its standard input closes, which this process's end does too.
struct Server {
    settings: HashMap<String, String>,
    process: Child,
}

impl Server {
    fn start() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres/server.sh");
        let mut process = Command::new(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let lines = BufReader::new(process.stdout.take()?).lines().map_while(Result::ok);
        let mut settings = HashMap::new();
        for line in lines {
            match line.split_once('=') {
                Some((name, value)) => drop(settings.insert(name.to_owned(), value.to_owned())),
                None if line == "ready" => return Some(Self { settings, process }),
                None => {}
            }
        }
        let _ = process.wait();
        None
    }

    fn client(&self) -> Client {
        let port = self.settings["PGPORT"].parse().expect("a port");
        let mut config = Config::new();
        config.host(&self.settings["PGHOST"]).port(port).user("foldline").dbname("postgres");
        config.connect(NoTls).expect("connected")
    }

    fn source(&self) -> Source {
        let (host, port) = (self.settings["PGHOST"].replace('/', "%2F"), &self.settings["PGPORT"]);
        Source::parse(&format!("postgres://foldline@{host}:{port}/postgres"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

pub(crate) fn written(table: &mut Table, _stores: &Stores) {
    let what = "PostgreSQL: list, filter, stream; written 10 times a second";
    let Some(server) = Server::start() else {
        table.note(format!("left out, since PostgreSQL's server did not start: {what}"));
        return;
    };
    let mut client = server.client();
    client.batch_execute(SCHEMA).expect("a table");
    client
        .batch_execute(&format!(
            "INSERT INTO message_store.messages (stream_name, position, type, data)
             SELECT 'cart-' || n % {STREAMS}, n / {STREAMS}, 'ItemAdded',
                    jsonb_build_object('item', 'item ' || n % 97, 'count', n % 7, 'note', repeat('left at the door ', 4))
             FROM generate_series(0, {EVENTS} - 1) n;
             ANALYZE message_store.messages"
        ))
        .expect("inserted");
    let mut position = i64::try_from(EVENTS / STREAMS).expect("a number");
    let write = move || {
        let insert = "INSERT INTO message_store.messages (stream_name, position, type, data)
                      VALUES ('cart-2', $1, 'ItemAdded', '{\"item\":\"one more\"}')";
        client.execute(insert, &[&position]).expect("recorded");
        position += 1;
    };
    looks(table, what, &server.source(), "cart-1", write);
}
