//! How a server is reached, and what is said where it cannot be.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, stream::Config};
use foldline::store::{self, NatsError, Source, StoreError};

use crate::servers::{Kind, Server, block_on, connect};

pub(crate) fn refusal(address: &str) -> (NatsError, String) {
    match store::open(&Source::parse(address)).err() {
        Some(StoreError::Nats { address, error }) => {
            let said = format!("{address}: {error}");
            (*error, said)
        }
        other => panic!("{address}: {other:?}"),
    }
}

/// Makes a stream that takes what is under a subject of its name.
pub(crate) fn make(url: &str, stream: &str, subject: &str) {
    block_on(async {
        let config = Config { name: stream.to_owned(), subjects: vec![subject.to_owned()], ..Config::default() };
        jetstream::new(connect(url).await.unwrap()).create_stream(config).await.unwrap();
    });
}

#[test]
fn whoever_may_not_in_is_told_so_and_who_may_comes_in() {
    let server = Server::start_with(Kind::New, "authorization { users: [ {user: kim, password: \"s3cr3t\"} ] }");
    let host = format!("127.0.0.1:{}", server.node.port);
    block_on(async {
        let client = async_nats::ConnectOptions::with_user_and_password("kim".to_owned(), "s3cr3t".to_owned());
        let client = client.connect(&host).await.unwrap();
        let config = Config { name: "S".to_owned(), subjects: vec!["$ES.s.>".to_owned()], ..Config::default() };
        jetstream::new(client).create_stream(config).await.unwrap();
    });
    let (error, said) = refusal(&format!("nats://{host}/S"));
    assert!(matches!(error, NatsError::CredentialsNeeded), "{said}");
    for wrong in ["kim:wr0ng", "t0k3n"] {
        let (error, said) = refusal(&format!("nats://{wrong}@{host}/S"));
        assert!(matches!(error, NatsError::WrongCredentials) && error.asks_for_password(), "{said}");
        assert!(!said.contains("wr0ng") && !said.contains("t0k3n"), "{said}");
    }
    let source = Source::parse(&format!("nats://kim:s3cr3t@{host}/S"));
    assert!(store::open(&source).is_ok());
    assert_eq!(source.to_string(), format!("nats://kim:@{host}/S"));
    // What was shown asks for the password, and that typed opens it.
    let Err(error) = store::open(&Source::parse(&source.to_string())) else { panic!("no password, and in") };
    let address = error.asks_for_password().expect("a password may help").with_password("s3cr3t");
    assert!(store::open(&Source::Server(address)).is_ok());
}

#[test]
fn what_is_wrong_on_the_way_is_one_sentence_within_its_time() {
    // Nobody there.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (error, said) = refusal(&format!("nats://{free}/S"));
    assert!(matches!(error, NatsError::Unreachable(_)) && said.contains("nats-server"), "{said}");
    // Somebody who never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let begun = Instant::now();
    let (error, said) = refusal(&format!("nats://{}/S?connect_timeout=1", silent.local_addr().unwrap()));
    assert!(matches!(error, NatsError::Unreachable(_)), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // No address at all.
    let (error, said) = refusal("nats://host/S?frob=1");
    assert!(matches!(error, NatsError::BadAddress(_)) && said.contains("frob"), "{said}");
    // A file of credentials that is not there.
    let (error, said) = refusal(&format!("nats://{free}/S?creds=/nowhere/a.creds"));
    assert!(matches!(error, NatsError::Credentials { .. }) && said.contains("/nowhere/a.creds"), "{said}");
}

#[test]
fn a_server_that_is_too_old_is_told_from_one_that_is_not() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    let answering = thread::Builder::new().name("an old server".to_owned());
    let answers = move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let info = r#"{"server_id":"X","server_name":"X","version":"2.1.9","go":"go1","host":"0.0.0.0","port":4222,"headers":false,"max_payload":1048576,"proto":1,"client_id":1,"client_ip":"127.0.0.1","nonce":"","jetstream":false}"#;
            let _ = write!(stream, "INFO {info}\r\n");
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while let Some(Ok(line)) = lines.next() {
                if line == "PING" {
                    let _ = write!(stream, "PONG\r\n");
                }
            }
        }
    };
    answering.spawn(answers).unwrap();
    let (error, said) = refusal(&format!("nats://{place}/S"));
    assert!(matches!(&error, NatsError::TooOld { found, .. } if found == "2.1.9"), "{said}");
}

#[test]
fn a_stream_is_chosen_where_the_address_names_none() {
    for kind in [Kind::New, Kind::Old] {
        let server = Server::start(kind);
        let url = server.url();
        assert!(matches!(refusal(&url).0, NatsError::NoStreams));
        make(&url, "A", "$ES.a.>");
        let opened = store::open(&Source::parse(&url)).unwrap();
        assert_eq!(opened.framework().name(), "rita");
        make(&url, "B", "b.>");
        let (error, said) = refusal(&url);
        assert!(matches!(&error, NatsError::Several { known } if known == &["A", "B"]), "{said}");
        assert!(said.contains("/A"), "{said}");
        let (error, said) = refusal(&format!("{url}/C"));
        assert!(matches!(error, NatsError::NoStream { .. }) && said.contains("A, B"), "{said}");
        for odd in ["a.b", "*", "a%20b", "a%2Fb"] {
            let (error, said) = refusal(&format!("{url}/{odd}"));
            assert!(matches!(error, NatsError::NoStream { .. }), "{said}");
        }
        let (error, said) = refusal(&format!("{url}/B"));
        assert!(matches!(error, NatsError::Unrecognised { .. }) && said.contains("b.>"), "{said}");
    }
}
