//! A server's store that is written while it is looked at. Left out, with a line that says so, where no PostgreSQL is
//! installed.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use foldline::engine::{CountIndex, CountWanted, Ticket, fold_whole};
use foldline::event::Position;
use foldline::index::{CountOf, StoreMoment};
use foldline::projection::LeadState;
use foldline::store::{self, Flow, Query, Source};
use postgres::{Client, Config, NoTls};

use crate::busy::looks;
use crate::measure::{Row, Table, micros, percentile, repeat, time};
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

/// Of a million events, or of as many as the store at hand has.
const MOST_EVENTS: u64 = 1_000_000;

const EVENTS_A_LEAD: u64 = 10;

/// Leads, as the sample has them: begun, called and followed up.
fn leads(client: &mut Client, events: u64) {
    client.batch_execute(SCHEMA).expect("a table");
    let streams = events / EVENTS_A_LEAD;
    client
        .batch_execute(&format!(
            r"INSERT INTO message_store.messages (stream_name, position, type, time, data, metadata)
             SELECT 'lead-' || n % {streams}, n / {streams},
                    CASE WHEN n < {streams} THEN 'lead-initialized' WHEN n / {streams} % 3 = 1 THEN 'followup-set'
                         ELSE 'contacted' END,
                    timestamp '2025-01-01' + n * interval '1 second',
                    CASE WHEN n < {streams} THEN jsonb_build_object('lead-id', n, 'name', 'Kim ' || n, 'phone', '010-' || n)
                         WHEN n / {streams} % 3 = 1 THEN jsonb_build_object('followup-on', '2025-03-01T09:00:00Z')
                         ELSE jsonb_build_object('channel', 'phone', 'note', 'asked for the new price list and a date') END,
                    jsonb_build_object('actor', 'kim', 'reason', 'scheduled call')
             FROM generate_series(0, {streams} * {EVENTS_A_LEAD} - 1) n;
             ANALYZE message_store.messages"
        ))
        .expect("inserted");
}

/// The whole store folded, and counted as of any moment, over a server's one connection that reads.
pub(crate) fn whole_store(table: &mut Table, stores: &Stores) {
    let Some(server) = Server::start() else {
        table.note("left out, since PostgreSQL's server did not start: PostgreSQL: fold every lead".to_owned());
        return;
    };
    let events = stores.events().min(MOST_EVENTS) / EVENTS_A_LEAD * EVENTS_A_LEAD;
    leads(&mut server.client(), events);
    let reader = store::open(&server.source()).expect("opened");
    let (mut scanned, mut folded) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        scanned.push(time(|| {
            let mut bytes = 0;
            reader
                .visit_events(&Query::store(), &mut |row| {
                    bytes += row.payload.len() + row.metadata.len();
                    Flow::Continue(())
                })
                .expect("read");
            bytes
        }));
        folded.push(time(|| {
            let states = fold_whole(&*reader, &LeadState.into(), Some("lead"), None, &mut |_| Flow::Continue(()));
            assert_eq!(states.expect("folded").events(), events);
        }));
    }
    let per_event = |samples: &[f64]| micros(samples) * 1e3 / events as f64;
    let what = format!("PostgreSQL: fold every lead of {events} events, each");
    table.add(Row::new(&what, "scanning all columns", per_event(&folded), per_event(&scanned), "ns").bar(1.4));

    let of = CountOf::Field("status".to_owned());
    let wanted = CountWanted { of, projection: Some("state".to_owned()), category: Some("lead".to_owned()) };
    let index = CountIndex::default();
    let counted =
        time(|| index.follow(&*reader, &wanted, &Ticket::new("counting")).expect("read").expect("there are leads"));
    let what = format!("PostgreSQL: fold {events} events for the index, each");
    table.add(Row::new(&what, "scanning all columns", per_event(&[counted]), per_event(&scanned), "ns"));
    let mut at = 0_u64;
    let samples = repeat(5_000, || {
        at = at.wrapping_add(7_777_777_777_777);
        let moment = StoreMoment::Position(Position(at % events + 1));
        time(|| index.look(|counting| std::hint::black_box(counting.tally().counts(moment))).is_some())
    });
    let p99 = percentile(&samples, 99.0);
    let row = Row::new("PostgreSQL: as-of counts at a random moment, p99", "1 ms", p99, 1_000.0, "µs");
    table.add(row.bar(1.0));
}
