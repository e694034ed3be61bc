//! Addresses, passwords, TLS, and what goes wrong on the way to a store.

use std::io::{Read, Write};
use std::net::TcpListener;

use foldline::store::{self, Address, Source};

use crate::server::{Database, on_thread, server};
use crate::tables::MESSAGE_DB;

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |escaped, byte| escaped + &format!("%{byte:02X}"))
}

/// Over the loopback, where a password is asked for and TLS offered.
fn loopback(database: &Database, host: &str, query: &str) -> String {
    let password = escaped(server().get("FOLDLINE_PG_PASSWORD"));
    let port = server().get("FOLDLINE_PG_PORT");
    format!("postgresql://foldline:{password}@{host}:{port}/{}?{query}", database.name)
}

#[track_caller]
fn refusal(address: &str) -> String {
    let error = store::open(&Source::parse(address)).err().expect("this address opens nothing").to_string();
    let password = server().get("FOLDLINE_PG_PASSWORD");
    assert!(!error.contains(password) && !error.contains(&escaped(password)), "{error}");
    error
}

#[track_caller]
fn opens(address: &str) {
    let reader = store::open(&Source::parse(address)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(reader.info().unwrap().events, 3);
}

/// Whether the connection that Foldline holds to this database is encrypted.
fn is_encrypted(database: &Database) -> bool {
    let sql = "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
               WHERE a.application_name = 'foldline' AND a.datname = current_database()";
    database.client().query_one(sql, &[]).unwrap().get(0)
}

#[test]
fn tls_is_on_where_the_server_offers_it() {
    let database = Database::with(MESSAGE_DB);
    opens(&loopback(&database, "127.0.0.1", ""));
    assert!(is_encrypted(&database));
}

#[test]
fn the_key_value_form_of_an_address_opens_the_same_store() {
    let database = Database::with(MESSAGE_DB);
    let (password, port) = (server().get("FOLDLINE_PG_PASSWORD"), server().get("FOLDLINE_PG_PORT"));
    let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");
    let name = &database.name;
    opens(&format!("host=127.0.0.1 port={port} user=foldline password='{quoted}' dbname={name}"));
    opens(&format!(" dbname = {name} port = {port} sslmode=disable PASSWORD='{quoted}' user=foldline host=localhost"));
    opens(&loopback(&database, "127.0.0.1", "").replace("postgresql://", "POSTGRESQL://"));
    let said = refusal(&format!("host=127.0.0.1 port={port} user=foldline password='{quoted}' dbname=gone"));
    assert!(said.contains("gone"), "{said}");
}

#[test]
fn plain_text_is_for_who_asks_for_it() {
    let database = Database::with(MESSAGE_DB);
    opens(&loopback(&database, "127.0.0.1", "sslmode=disable"));
    assert!(!is_encrypted(&database));
}

#[test]
fn the_authority_and_the_name_are_checked_as_far_as_asked() {
    let database = Database::with(MESSAGE_DB);
    let authority = server().get("FOLDLINE_PG_CA");
    for query in ["sslmode=require", &format!("sslmode=verify-full&sslrootcert={authority}")] {
        opens(&loopback(&database, "localhost", query));
    }
    opens(&loopback(&database, "127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={authority}")));
    assert!(is_encrypted(&database));

    let other = tempfile::NamedTempFile::new().unwrap();
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=other",
        ])
        .args(["-keyout", "/dev/null", "-out"])
        .arg(other.path())
        .output()
        .unwrap();
    assert!(made.status.success());
    let path = other.path().display();
    let error = refusal(&loopback(&database, "localhost", &format!("sslmode=verify-ca&sslrootcert={path}")));
    assert!(error.contains("sslrootcert"), "{error}");
    let error = refusal(&loopback(&database, "localhost", "sslmode=verify-full&sslrootcert=/nowhere.crt"));
    assert!(error.contains("/nowhere.crt"), "{error}");
}

#[test]
fn a_certificate_made_out_to_another_name_is_no_full_proof() {
    let database = Database::with(MESSAGE_DB);
    let authority = server().get("FOLDLINE_PG_CA");
    // The same machine by a number that the certificate does not name.
    let full = loopback(&database, "127.0.0.2", &format!("sslmode=verify-full&sslrootcert={authority}"));
    let by_number = std::net::TcpStream::connect(("127.0.0.2", server().get("FOLDLINE_PG_PORT").parse().unwrap()));
    assert!(by_number.is_ok(), "the server listens on the whole loopback");
    let error = refusal(&full);
    assert!(error.contains("TLS"), "{error}");
    opens(&loopback(&database, "127.0.0.2", &format!("sslmode=verify-ca&sslrootcert={authority}")));
}

#[test]
fn a_server_without_tls_is_refused_when_tls_is_required() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answering = std::thread::Builder::new().spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 8]).unwrap();
        // The answer "no TLS" of PostgreSQL's protocol.
        stream.write_all(b"N").unwrap();
        let _ = stream.read(&mut [0; 1]);
    });
    let error = refusal(&format!("postgres://kim:x@127.0.0.1:{port}/sales?sslmode=require"));
    assert!(error.contains("offers no TLS") && error.contains("sslmode=disable"), "{error}");
    answering.unwrap().join().unwrap();
}

#[test]
fn something_that_takes_connections_and_says_nothing_is_given_up_on() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for mode in ["disable", "prefer"] {
        let query = format!("sslmode={mode}&connect_timeout=1");
        let error = refusal(&format!("postgres://kim:x@127.0.0.1:{port}/sales?{query}"));
        assert!(error.contains("within 1 s") && error.contains("check the host and port"), "{error}");
    }
}

#[test]
fn what_goes_wrong_is_told_with_a_next_step() {
    let database = Database::with(MESSAGE_DB);
    let port = server().get("FOLDLINE_PG_PORT");
    let name = &database.name;
    let password = escaped(server().get("FOLDLINE_PG_PASSWORD"));
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (address, words) in [
        (format!("postgres://foldline:wrong@127.0.0.1:{port}/{name}"), "not accepted"),
        (format!("postgres://foldline@127.0.0.1:{port}/{name}"), "PGPASSWORD"),
        (format!("postgres://foldline:{password}@127.0.0.1:{port}/nothing"), "no database “nothing”"),
        (format!("postgres://foldline:{password}@127.0.0.1:{nowhere}/{name}"), "check the host and port"),
        (database.address_of("nobody_at_all"), "no user “nobody_at_all”"),
        ("mysql://127.0.0.1/sales".to_owned(), "postgres://"),
    ] {
        let error = refusal(&address);
        assert!(error.contains(words), "{address}: {error}");
    }
}

#[test]
fn a_password_that_is_typed_opens_the_store_and_is_not_shown() {
    let database = Database::with(MESSAGE_DB);
    let port = server().get("FOLDLINE_PG_PORT");
    let address = Address::new(&format!("postgres://foldline@127.0.0.1:{port}/{}", database.name));
    let error = store::open(&Source::Server(address.clone())).err().unwrap();
    assert_eq!(error.asks_for_password(), Some(&address));
    let source = Source::Server(address.with_password(server().get("FOLDLINE_PG_PASSWORD")));
    assert_eq!(store::open(&source).unwrap_or_else(|error| panic!("{error}")).info().unwrap().events, 3);
    for shown in [source.to_string(), format!("{source:?}"), source.name()] {
        assert!(!shown.contains(server().get("FOLDLINE_PG_PASSWORD")), "{shown}");
    }
}

#[test]
fn a_missing_right_is_told_with_the_grant_that_gives_it() {
    let database = Database::with(MESSAGE_DB);
    let role = format!("poor_{}", database.name);
    database.run(&format!("CREATE ROLE {role} LOGIN"));
    let source = Source::parse(&database.address_of(&role));
    let said = |source: &Source| match store::open(source) {
        Err(error) => error.to_string(),
        Ok(reader) => reader.info().unwrap_err().to_string(),
    };
    let error = said(&source);
    assert!(error.contains(&format!("GRANT USAGE ON SCHEMA \"message_store\" TO \"{role}\"")), "{error}");
    database.run(&format!("GRANT USAGE ON SCHEMA message_store TO {role}"));
    let error = said(&source);
    assert!(error.contains(&format!("GRANT SELECT ON \"message_store\".\"messages\" TO \"{role}\"")), "{error}");
}

/// A certificate that signs itself, and its key, in a folder.
fn self_signed(folder: &std::path::Path, subject: &str, more: &[&str]) -> (std::path::PathBuf, std::path::PathBuf) {
    let (certificate, key) = (folder.join("own.crt"), folder.join("own.key"));
    let output = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-subj", subject, "-keyout"])
        .args([&key, std::path::Path::new("-out"), &certificate])
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (certificate, key)
}

/// The tests' server behind TLS with another certificate. Answers with its port.
fn behind_tls(certificate: &std::path::Path, key: &std::path::Path) -> u16 {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(certificate).unwrap()],
            PrivateKeyDer::from_pem_file(key).unwrap(),
        )
        .unwrap();
    let config = std::sync::Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    on_thread("TLS in front", move || {
        for stream in listener.incoming() {
            let config = std::sync::Arc::clone(&config);
            on_thread("one connection", move || relay_tls(stream.unwrap(), config));
        }
    });
    port
}

fn relay_tls(mut stream: std::net::TcpStream, config: std::sync::Arc<rustls::ServerConfig>) {
    stream.read_exact(&mut [0; 8]).unwrap();
    stream.write_all(b"S").unwrap();
    let socket = format!("{}/.s.PGSQL.{}", server().get("PGHOST"), server().get("PGPORT"));
    let mut upstream = std::os::unix::net::UnixStream::connect(socket).unwrap();
    let patience = Some(std::time::Duration::from_millis(5));
    stream.set_read_timeout(patience).unwrap();
    upstream.set_read_timeout(patience).unwrap();
    let mut tls = rustls::StreamOwned::new(rustls::ServerConnection::new(config).unwrap(), stream);
    let mut bytes = [0; 16_384];
    // What is there is handed over, now in one direction, now in the other.
    loop {
        for direction in 0..2 {
            let read = if direction == 0 { tls.read(&mut bytes) } else { upstream.read(&mut bytes) };
            let written = match read {
                Ok(0) => return,
                Ok(count) if direction == 0 => upstream.write_all(&bytes[..count]),
                Ok(count) => tls.write_all(&bytes[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
                Err(_) => return,
            };
            if written.is_err() {
                return;
            }
        }
    }
}

#[test]
fn a_certificate_that_signed_itself_is_proof_when_it_is_the_one_that_was_given() {
    let database = Database::with(MESSAGE_DB);
    // As PostgreSQL's own manual makes one: an authority, with its name in the subject alone; and one that is none.
    let by_hand = &[][..];
    let plain = &["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost"][..];
    for (subject, more) in [("/CN=localhost", by_hand), ("/O=Sales/CN=other", plain)] {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = self_signed(folder.path(), subject, more);
        let port = behind_tls(&certificate, &key);
        let address = |host: &str, mode: &str, root: &std::path::Path| {
            format!("postgres://foldline@{host}:{port}/{}?sslmode={mode}&sslrootcert={}", database.name, root.display())
        };
        opens(&address("localhost", "verify-full", &certificate));
        opens(&address("127.0.0.1", "verify-ca", &certificate));
        let error = refusal(&address("127.0.0.1", "verify-full", &certificate));
        assert!(error.contains("TLS"), "{error}");
        // Another one of the same name is not the one that was given.
        let elsewhere = tempfile::tempdir().unwrap();
        let (other, _) = self_signed(elsewhere.path(), subject, more);
        let error = refusal(&address("localhost", "verify-full", &other));
        assert!(error.contains("TLS"), "{error}");
    }
}

#[test]
fn a_certificate_of_yesterday_is_no_proof() {
    let database = Database::with(MESSAGE_DB);
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = self_signed(folder.path(), "/CN=localhost", &[]);
    let script = "openssl req -new -key own.key -subj /CN=localhost -out own.csr && \
                  printf 'subjectAltName=DNS:localhost\\n' >own.ext && \
                  openssl x509 -req -in own.csr -signkey own.key -days -1 -extfile own.ext -out own.crt";
    let made = std::process::Command::new("bash").args(["-c", script]).current_dir(folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let port = behind_tls(&certificate, &key);
    let root = certificate.display();
    let query = format!("sslmode=verify-full&sslrootcert={root}");
    let error = refusal(&format!("postgres://foldline@localhost:{port}/{}?{query}", database.name));
    assert!(error.contains("TLS") && error.to_lowercase().contains("expired"), "{error}");
}
