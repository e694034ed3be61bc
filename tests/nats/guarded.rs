//! Servers that ask who is there by certificates, keys and signed files, and what is said to whom they do not know.

use std::path::Path;
use std::process::Command;

use foldline::store::{self, Expected, NatsError, Query, Source};
use tempfile::TempDir;

use crate::opening::refusal;
use crate::servers::{Kind, Server};
use crate::stores::{make, noted, read, reader, stream, writer};

const BOTH: [Kind; 2] = [Kind::New, Kind::Old];

/// An authority, a server's certificate for 127.0.0.1 and a client's, and another authority with its own.
fn certificates() -> TempDir {
    let folder = TempDir::new().unwrap();
    let script = r#"set -e
        authority() {
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$1" \
                -keyout $1.key -out $1.crt
        }
        signed() {
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout $2.key -out $2.csr
            printf 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >$2.ext
            openssl x509 -req -in $2.csr -CA $1.crt -CAkey $1.key -CAcreateserial -days 30 -extfile $2.ext -out $2.crt
        }
        authority own; signed own server; signed own kim; authority other; signed other lee"#;
    let made = Command::new("sh").args(["-c", script]).current_dir(folder.path()).output().unwrap();
    assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
    folder
}

#[test]
fn certificates_are_checked_on_both_sides_and_each_refusal_says_what_is_missing() {
    let folder = certificates();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let guard = format!(
        "tls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify: true, timeout: 5 }}",
        file("server.crt"),
        file("server.key"),
        file("own.crt")
    );
    for kind in BOTH {
        let server = Server::start_with(kind, &guard);
        let host = format!("tls://127.0.0.1:{}", server.node.port);
        let (ca, own) = (file("own.crt"), format!("cert={}&key={}", file("kim.crt"), file("kim.key")));
        let right = format!("{host}/sales?ca={ca}&{own}");
        make(&right, 1);
        writer(&right).append(&stream("lead-1"), Expected::NoStream, &[noted("a")]).unwrap();
        assert_eq!(read(reader(&right).as_ref(), &Query::store()).len(), 1);
        // TLS is used where the server asks for it, whatever the address begins with.
        assert!(store::open(&Source::parse(&right.replace("tls://", "nats://"))).is_ok());

        for authority in ["", &*format!("ca={}&", file("other.crt"))] {
            let (error, said) = refusal(&format!("{host}/sales?{authority}{own}"));
            assert!(matches!(error, NatsError::TlsFailed(_)), "{said}");
            assert!(said.contains("from an authority that is not trusted") && said.contains("?ca=FILE"), "{said}");
        }
        let elsewhere = format!("tls://localhost:{}/sales?ca={ca}&{own}", server.node.port);
        let (error, said) = refusal(&elsewhere);
        assert!(matches!(error, NatsError::TlsFailed(_)) && said.contains("another name"), "{said}");
        let strangers = format!("&cert={}&key={}", file("lee.crt"), file("lee.key"));
        for certificate in ["", &*strangers] {
            let (error, said) = refusal(&format!("{host}/sales?ca={ca}{certificate}"));
            assert!(matches!(error, NatsError::CertificateRefused(_)), "{said}");
            assert!(said.contains("?cert=FILE&key=FILE"), "{said}");
        }
        let (error, said) = refusal(&format!("{host}/sales?ca={ca}&cert=/nowhere.crt&key={}", file("kim.key")));
        assert!(matches!(error, NatsError::Credentials { option: "cert", .. }), "{said}");
        assert!(said.contains("/nowhere.crt") && said.contains("no such file"), "{said}");
    }
    let plain = Server::shared(Kind::New).url().replace("nats://", "tls://");
    let (error, said) = refusal(&format!("{plain}/sales"));
    assert!(matches!(error, NatsError::TlsNotOffered), "{said}");
}

fn keys() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nats/keys")
}

#[test]
fn an_account_is_entered_with_the_file_that_its_operator_s_tools_gave_out_and_with_no_other() {
    let operator = std::fs::read_to_string(keys().join("operator.conf")).unwrap();
    for kind in BOTH {
        let server = Server::start_with(kind, &operator);
        let with = |query: &str| format!("{}/sales{query}", server.url());
        let file = |name: &str| with(&format!("?creds={}", keys().join(name).display()));
        make(&file("kim.creds"), 1);
        writer(&file("kim.creds")).append(&stream("lead-1"), Expected::NoStream, &[noted("a")]).unwrap();
        assert_eq!(read(reader(&file("kim.creds")).as_ref(), &Query::store()).len(), 1);
        // Signed by an account that this operator does not know.
        let (error, said) = refusal(&file("lee.creds"));
        assert!(matches!(error, NatsError::WrongCredentials), "{said}");
        let (error, said) = refusal(&with(""));
        assert!(matches!(error, NatsError::CredentialsNeeded), "{said}");
        // A file that holds something else; its words are not said.
        let (error, said) = refusal(&file("kim.nk"));
        assert!(matches!(error, NatsError::Credentials { option: "creds", .. }) && !said.contains("SUA"), "{said}");
    }
}

#[test]
fn a_user_is_known_by_a_key_that_never_leaves_its_file() {
    let public = std::fs::read_to_string(keys().join("kim.pub")).unwrap();
    let guard = format!("authorization {{ users: [ {{ nkey: {} }} ] }}", public.trim());
    for kind in BOTH {
        let server = Server::start_with(kind, &guard);
        let with = |name: &str| format!("{}/sales?nkey={}", server.url(), keys().join(name).display());
        make(&with("kim.nk"), 1);
        writer(&with("kim.nk")).append(&stream("lead-1"), Expected::NoStream, &[noted("a")]).unwrap();
        let (error, said) = refusal(&with("lee.nk"));
        assert!(matches!(error, NatsError::WrongCredentials), "{said}");
        let (error, said) = refusal(&with("kim.pub"));
        assert!(matches!(error, NatsError::Credentials { option: "nkey", .. }), "{said}");
        assert!(!said.contains(public.trim()), "{said}");
    }
}
