//! Servers that stop talking, or talk without end: each is given up on in time, and costs little.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use foldline::event::StreamId;
use foldline::store::{self, Query, Source};

use crate::server::{Database, events, on_thread, server};
use crate::tables::MESSAGE_DB;

/// Longer than any limit that these tests set.
const FOREVER: Duration = Duration::from_secs(30);

/// Runs what may hang, and says how long it took.
#[track_caller]
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> (T, Duration) {
    let started = Instant::now();
    let (tell, told) = mpsc::sync_channel(1);
    on_thread("what may hang", move || {
        let _ = tell.send(work());
    });
    let answer = told.recv_timeout(FOREVER).expect("it is given up on in time");
    (answer, started.elapsed())
}

/// A way to the tests' server on which the server's words can be held back.
struct Relay {
    /// Where an address names its host and port.
    place: String,
    /// How many more bytes come through from the server.
    allowed: Arc<AtomicI64>,
    /// That the socket is in.
    _folder: Option<tempfile::TempDir>,
}

impl Relay {
    fn over_network() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
        let allowed = Arc::new(AtomicI64::new(i64::MAX));
        let held = Arc::clone(&allowed);
        on_thread("relay", move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let other = client.try_clone().unwrap();
                relay((client.try_clone().unwrap(), client), &held, move || other.shutdown(Shutdown::Both));
            }
        });
        Self { place, allowed, _folder: None }
    }

    fn over_socket() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let place = folder.path().to_str().unwrap().replace('/', "%2F");
        let allowed = Arc::new(AtomicI64::new(i64::MAX));
        let held = Arc::clone(&allowed);
        on_thread("relay", move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let other = client.try_clone().unwrap();
                relay((client.try_clone().unwrap(), client), &held, move || other.shutdown(Shutdown::Both));
            }
        });
        Self { place, allowed, _folder: Some(folder) }
    }

    fn address(&self, database: &Database, query: &str) -> String {
        format!("postgres://foldline@{}/{}?{query}", self.place, database.name)
    }
}

/// Hands over between a client and the tests' server.
fn relay<S: Read + Write + Send + 'static>(
    (mut from, to): (S, S),
    held: &Arc<AtomicI64>,
    hang_up: impl FnOnce() -> std::io::Result<()> + Send + 'static,
) {
    let socket = format!("{}/.s.PGSQL.{}", server().get("PGHOST"), server().get("PGPORT"));
    let upstream = UnixStream::connect(socket).unwrap();
    let mut questions = upstream.try_clone().unwrap();
    on_thread("questions", move || {
        let _ = std::io::copy(&mut from, &mut questions);
        let _ = questions.shutdown(Shutdown::Both);
    });
    let held = Arc::clone(held);
    on_thread("answers", move || {
        hand_over(&upstream, to, &held);
        let _ = hang_up();
    });
}

fn hand_over(mut from: &UnixStream, mut to: impl Write, allowed: &AtomicI64) {
    let mut bytes = [0; 4096];
    loop {
        let count = match from.read(&mut bytes) {
            Ok(count) if count > 0 => count,
            _ => break,
        };
        let before = allowed.fetch_sub(count as i64, Ordering::SeqCst).max(0);
        let passed = count.min(usize::try_from(before).unwrap());
        if to.write_all(&bytes[..passed]).is_err() {
            break;
        }
        while allowed.load(Ordering::SeqCst) <= 0 {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

const SHORT: &str = "sslmode=disable&connect_timeout=1&options=-c%20statement_timeout%3D500ms";

#[test]
fn a_server_that_stalls_before_and_in_an_answer_is_given_up_on() {
    let database = Database::with(MESSAGE_DB);
    database.run(
        "INSERT INTO message_store.messages (stream_name, position, type, data) \
         SELECT 'long-1', n, 'Grew', jsonb_build_object('n', n) FROM generate_series(0, 4999) n",
    );
    let ways: [fn() -> Relay; 2] = [Relay::over_network, Relay::over_socket];
    for (way, bytes) in ways.into_iter().flat_map(|way| [0, 1, 7, 3000].map(|bytes| (way, bytes))) {
        let relay = way();
        let reader = store::open(&Source::parse(&relay.address(&database, SHORT))).unwrap();
        assert_eq!(events(&*reader, &Query::stream(StreamId::from("lead-1"))).len(), 2);
        relay.allowed.store(bytes, Ordering::SeqCst);
        let (error, took) = in_time(move || {
            let answer =
                reader.visit_events(&Query::stream(StreamId::from("long-1")), &mut |_| store::Flow::Continue(()));
            answer.expect_err("the answer stops").to_string()
        });
        assert!(error.contains("stopped answering") && error.contains("try again"), "{error}");
        assert!(took < Duration::from_secs(6), "{took:?}");
        // The next question is asked over a connection of its own.
        relay.allowed.store(i64::MAX, Ordering::SeqCst);
        let again = relay.address(&database, SHORT);
        let (count, _) = in_time(move || {
            let reader = store::open(&Source::parse(&again)).unwrap();
            events(&*reader, &Query::stream(StreamId::from("lead-1"))).len()
        });
        assert_eq!(count, 2);
    }
}

#[test]
fn a_server_that_stalls_in_tls_or_in_the_greeting_is_given_up_on_and_let_go() {
    // The answer "TLS, yes", and that it is sure who asks.
    for said in [&b"S"[..], b"S\x16\x03\x03", b"N", b"NR\0\0\0\x08\0\0\0\0"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answering = on_thread("a server that stalls", move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 8]).unwrap();
            stream.write_all(said).unwrap();
            // Whoever gave up hangs up.
            stream.set_read_timeout(Some(FOREVER)).unwrap();
            std::io::copy(&mut stream, &mut std::io::sink()).is_ok()
        });
        let address = format!("postgres://kim:x@127.0.0.1:{port}/sales?sslmode=prefer&connect_timeout=1");
        let (error, took) = in_time(move || store::open(&Source::parse(&address)).err().unwrap().to_string());
        assert!(error.contains("within 1 s") && error.contains("check the host and port"), "{error}");
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert!(answering.join().unwrap(), "the connection stays open after {said:?}");
    }
}

/// A message of PostgreSQL's protocol.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![kind];
    message.extend(u32::try_from(body.len() + 4).unwrap().to_be_bytes());
    message.extend(body);
    message
}

/// Reads one message and says of which kind it is.
fn heard(stream: &mut TcpStream) -> Option<u8> {
    let mut head = [0; 5];
    stream.read_exact(&mut head).ok()?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    let mut body = vec![0; length as usize - 4];
    stream.read_exact(&mut body).ok()?;
    Some(head[0])
}

/// Greets whoever connects as PostgreSQL does, up to the first question.
fn greet(stream: &mut TcpStream) {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    stream.read_exact(&mut vec![0; u32::from_be_bytes(length) as usize - 4]).unwrap();
    stream.write_all(&message(b'R', &0_u32.to_be_bytes())).unwrap();
    stream.write_all(&message(b'Z', b"I")).unwrap();
}

/// Sends the same again until nobody takes it any more.
fn flood(stream: &mut TcpStream, bytes: &[u8]) {
    let block = bytes.repeat(1 + 65_536 / bytes.len());
    let mut sent = 0_u64;
    while sent < 3 << 30 && stream.write_all(&block).is_ok() {
        sent += block.len() as u64;
    }
}

/// Answers each question with nothing, until the tables are asked for: then with table after table.
fn tables_without_end(stream: &mut TcpStream) {
    greet(stream);
    let mut is_prepared = false;
    while let Some(kind) = heard(stream) {
        let answer = match (kind, is_prepared) {
            (b'Q', _) => [message(b'C', b"SET\0"), message(b'Z', b"I")].concat(),
            (b'P', _) => {
                is_prepared = true;
                continue;
            }
            (b'D', _) => {
                let mut columns = vec![0, 4];
                for kind in [20_u32, 25, 25, 16] {
                    columns.extend(b"c\0\0\0\0\0\0\0");
                    columns.extend(kind.to_be_bytes());
                    columns.extend([0, 8, 0, 0, 0, 0, 0, 0]);
                }
                [message(b'1', b""), message(b't', &[0, 0]), message(b'T', &columns)].concat()
            }
            (b'S', _) => message(b'Z', b"T"),
            (b'B', true) => {
                stream.write_all(&message(b'2', b"")).unwrap();
                let mut row = vec![0, 4];
                for value in [&7_u64.to_be_bytes()[..], b"public", &[b'x'; 4000], &[0]] {
                    row.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
                    row.extend(value);
                }
                return flood(stream, &message(b'D', &row));
            }
            _ => continue,
        };
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

#[test]
fn a_stopped_server_behind_a_socket_is_given_up_on() {
    let folder = tempfile::tempdir().unwrap();
    // A process that is stopped still has its connections taken, by the system, and says nothing.
    let _listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
    let host = folder.path().to_str().unwrap().replace('/', "%2F");
    let address = format!("postgres://kim@{host}/sales?connect_timeout=1");
    let (error, took) = in_time(move || store::open(&Source::parse(&address)).err().unwrap().to_string());
    assert!(error.contains("within 1 s") && error.contains("check the host and port"), "{error}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

type Behaviour = fn(&mut TcpStream);

#[test]
fn a_server_that_sends_without_end_costs_little_memory() {
    let cases: [(&str, Behaviour); 6] = [
        ("a greeting of two gigabytes", |stream| {
            stream.read_exact(&mut [0; 8]).unwrap();
            stream.write_all(b"R\x7f\xff\xff\xff").unwrap();
            flood(stream, &[0; 1024]);
        }),
        ("an error of two gigabytes", |stream| {
            greet(stream);
            stream.write_all(b"E\x7f\xff\xff\xff").unwrap();
            flood(stream, b"Mlong");
        }),
        ("a row of two gigabytes", |stream| {
            greet(stream);
            stream.write_all(b"D\x7f\xff\xff\xff").unwrap();
            flood(stream, &[0; 1024]);
        }),
        ("settings without end", |stream| {
            stream.read_exact(&mut [0; 8]).unwrap();
            stream.write_all(&message(b'R', &0_u32.to_be_bytes())).unwrap();
            for number in 0_u64.. {
                let setting = format!("setting {number}\0{}\0", "x".repeat(4000));
                if stream.write_all(&message(b'S', setting.as_bytes())).is_err() {
                    return;
                }
            }
        }),
        ("notifications without end", |stream| {
            greet(stream);
            flood(stream, &message(b'A', &[b"\0\0\0\x01channel\0".as_slice(), &[b'x'; 4000], b"\0"].concat()));
        }),
        ("tables without end", tables_without_end),
    ];
    for (name, behaviour) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        on_thread("a server without end", move || {
            while let Ok((mut stream, _)) = listener.accept() {
                behaviour(&mut stream);
            }
        });
        // Under 600 MB of address space nothing that was promised 2 GB can be had.
        let script =
            format!("ulimit -v 600000; exec \"$0\" info 'postgres://kim:x@127.0.0.1:{port}/sales?sslmode=disable'");
        let started = Instant::now();
        let output = Command::new("bash").args(["-c", &script, env!("CARGO_BIN_EXE_foldline")]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{name}: {error}");
        assert!(error.contains("no PostgreSQL") || error.contains("too large"), "{name}: {error}");
        assert!(started.elapsed() < Duration::from_secs(20), "{name}: {:?}", started.elapsed());
    }
}
