use std::error::Error;
use std::io;
use std::path::PathBuf;

use async_nats::ConnectErrorKind;
use async_nats::jetstream;
use async_nats::jetstream::ErrorCode;
use rustls::AlertDescription;

use super::message::MessageFlaw;
use crate::event::{Explain, Message, grouped};
use crate::store::{AddressFlaw, ServerDetail};

/// Why a store on NATS JetStream could not be read or written; each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    #[error("this is no address of a NATS store ({0}); write it like nats://host:4222/STREAM")]
    BadAddress(AddressFlaw),
    #[error("no server answers there ({0}); check the host and port, and that nats-server runs and listens there")]
    Unreachable(ServerDetail),
    #[error(
        "the server does not accept these credentials; correct the user and password or the token in the address, or name a file with ?creds=FILE or ?nkey=FILE"
    )]
    WrongCredentials,
    #[error(
        "the server asks who is there; write nats://user:password@… or nats://token@…, name a file with ?creds=FILE or ?nkey=FILE, or set NATS_CREDS, NATS_NKEY, NATS_TOKEN or NATS_USER and NATS_PASSWORD"
    )]
    CredentialsNeeded,
    #[error("{}: these credentials cannot be read ({detail}); correct the address's option {option}", path.display())]
    Credentials { option: &'static str, path: PathBuf, detail: ServerDetail },
    #[error("TLS with this server failed ({0}); give its authority's certificate with ?ca=FILE, or set NATS_CA")]
    TlsFailed(ServerDetail),
    #[error("the server asks for a certificate that it trusts ({0}); name yours and its key with ?cert=FILE&key=FILE")]
    CertificateRefused(ServerDetail),
    #[error("the server offers no TLS; turn it on there, or leave tls:// and ?ca out to send everything in plain text")]
    TlsNotOffered,
    #[error("the server is nats-server {found}, and Foldline needs {needed} or newer for this; update it")]
    TooOld { found: String, needed: &'static str },
    #[error("JetStream is not turned on at this server; start nats-server with -js, or ask for an account that has it")]
    NoJetStream,
    #[error("there is no stream {asked} on this server (it has: {known}); name another after the host")]
    NoStream { asked: String, known: String },
    #[error("which stream? It has {}; name one after the host, such as /{}", listed(known), first(known))]
    Several { known: Vec<String> },
    #[error("this server has no stream yet; bring one in with `foldline import FILE --into nats://host/NAME`")]
    NoStreams,
    #[error(
        "the stream {stream} is no event store that Foldline knows (subjects: {subjects}); which part of the subject or which header means what? `foldline map` prints a guess to correct, and `--map FILE` reads by it"
    )]
    Unrecognised { stream: String, subjects: String },
    #[error(
        "the stream was written by a newer Foldline (schema {found}, this one reads up to {supported}); update Foldline"
    )]
    Newer { found: u32, supported: u32 },
    #[error("the user may not do that ({0}); let the server's owner allow it")]
    Denied(String),
    #[error("the server stopped answering ({0}); check the network and the server, then try again")]
    Silent(ServerDetail),
    #[error("the connection was lost ({0}); try again")]
    Lost(ServerDetail),
    #[error("the stream has no leader now: too many of its servers are down; start them again")]
    NoLeader,
    #[error("the stream is not as it was found ({0}); open the store again")]
    Changed(ServerDetail),
    #[error(
        "the stream {stream} was deleted and made anew on the server since it was opened, and nothing was read or recorded there; open the store again"
    )]
    MadeAnew { stream: String },
    #[error("the address names no store; write it behind the host, as in nats://host:4222/sales")]
    NoName,
    #[error("{name}: a store's name has no blanks and none of . * > / \\ % in it; name another")]
    BadName { name: String },
    #[error("there is a stream {name} already; name another")]
    NameTaken { name: String },
    #[error("it cannot be kept {asked} times ({words}); ask for fewer copies, or start more servers of the cluster")]
    Replicas { asked: usize, words: String },
    #[error("others record in this stream without a pause; try again")]
    Busy,
    #[error(
        "the server acknowledged message {acknowledged} and now ends the stream with {shown}; try again, or open the store again if events were deleted there"
    )]
    ShowsLess { shown: u64, acknowledged: u64 },
    #[error("its name takes {length} bytes, and no more than {most} fit into a message; use a shorter one")]
    NameTooLong { length: usize, most: usize },
    #[error(
        "the event takes {length} bytes as a message, and the server takes {most}; raise its max_payload, or make the event smaller"
    )]
    TooLarge { length: usize, most: usize },
    #[error(
        "{} events at once are more than the server records as one ({}); append them in smaller parts",
        grouped(*count as u64),
        grouped(*most as u64)
    )]
    TooMany { count: usize, most: usize },
    #[error(
        "message {sequence} was left there by another program and is no event ({flaw}); nothing was recorded: make a new store of what is sound"
    )]
    Stray { sequence: u64, flaw: MessageFlaw },
    #[error(
        "it is not known whether the event {id} was recorded ({detail}); look whether it is there, and only then try again"
    )]
    Undecided { id: String, detail: ServerDetail },
    #[error(
        "another program records into this store meanwhile; what came before is there: start the import again, and it goes on from there"
    )]
    OthersWrite,
    #[error("stopped before the end, as asked")]
    Cancelled,
    #[error("the server refused it (JetStream says: {0})")]
    Said(String),
    #[error("the question could not be asked ({0}); try again")]
    Failed(ServerDetail),
}

impl NatsError {
    /// Whether a password or token, typed now, may help.
    pub fn asks_for_password(&self) -> bool {
        matches!(self, Self::CredentialsNeeded | Self::WrongCredentials)
    }

    /// Whether nobody answers, as while a server is started again.
    pub fn is_silence(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::NoJetStream
                | Self::Silent(_)
                | Self::Lost(_)
                | Self::NoLeader
                | Self::Failed(_)
        )
    }

    /// Why there is no connection; `has_credentials` tells a wrong key from none.
    pub(super) fn from_connecting(error: &async_nats::ConnectError, has_credentials: bool) -> Self {
        let detail = || cause::<io::Error>(error).map_or_else(|| said(error), ServerDetail::of_system);
        let of_tls = cause::<io::Error>(error).and_then(|error| error.get_ref()?.downcast_ref::<rustls::Error>());
        match error.kind() {
            ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication if has_credentials => {
                Self::WrongCredentials
            }
            ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => Self::CredentialsNeeded,
            _ if matches!(of_tls, Some(rustls::Error::InvalidMessage(_))) => Self::TlsNotOffered,
            _ if matches!(of_tls, Some(rustls::Error::AlertReceived(alert)) if is_of_certificates(*alert)) => {
                Self::CertificateRefused(detail())
            }
            ConnectErrorKind::Tls => Self::TlsFailed(detail()),
            ConnectErrorKind::Io if of_tls.is_some() => Self::TlsFailed(detail()),
            ConnectErrorKind::ServerParse => Self::BadAddress(AddressFlaw::HostPort),
            ConnectErrorKind::Dns => Self::Unreachable(ServerDetail::UnknownHost),
            ConnectErrorKind::TimedOut => Self::Unreachable(ServerDetail::NoAnswer),
            ConnectErrorKind::Io | ConnectErrorKind::MaxReconnects => Self::Unreachable(detail()),
        }
    }

    /// What JetStream's interface answers where it refuses.
    pub(in crate::store) fn from_jetstream(error: &jetstream::Error) -> Self {
        match error.error_code() {
            ErrorCode::STREAM_NOT_FOUND => Self::Changed(ServerDetail::Said(error.to_string())),
            ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => Self::NoJetStream,
            ErrorCode::CLUSTER_NOT_AVAILABLE | ErrorCode::CLUSTER_NOT_LEADER | ErrorCode::STREAM_OFFLINE => {
                Self::NoLeader
            }
            _ => Self::Said(error.to_string()),
        }
    }

    /// Of a question that came to no answer.
    pub(in crate::store) fn from_request(error: &(dyn Error + 'static)) -> Self {
        let all = words(error);
        if let Some(refused) = cause::<jetstream::Error>(error) {
            return Self::from_jetstream(refused);
        }
        if all.contains("no responders") {
            return Self::NoJetStream;
        }
        if all.contains("timed out") {
            return Self::Silent(ServerDetail::NoAnswer);
        }
        Self::Failed(ServerDetail::Said(all))
    }
}

/// What a server says that does not take the client's certificate, or misses it.
fn is_of_certificates(alert: AlertDescription) -> bool {
    use AlertDescription as Said;
    matches!(
        alert,
        Said::CertificateRequired
            | Said::BadCertificate
            | Said::UnsupportedCertificate
            | Said::CertificateExpired
            | Said::CertificateRevoked
            | Said::CertificateUnknown
            | Said::UnknownCA
            | Said::AccessDenied
    )
}

/// Names in a sentence: not more than one reads.
pub(super) fn listed(names: &[String]) -> String {
    const MOST: usize = 12;
    let shown = names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{shown}, …") } else { shown }
}

fn first(names: &[String]) -> &str {
    names.first().map_or("", String::as_str)
}

fn said(error: &(dyn Error + 'static)) -> ServerDetail {
    ServerDetail::Said(words(error))
}

fn words(error: &(dyn Error + 'static)) -> String {
    let mut all = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !all.contains(&words) {
            all = format!("{all}: {words}");
        }
        next = cause.source();
    }
    all
}

/// The first of these among an error and what is behind it.
fn cause<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn sizes(id: &'static str, length: usize, most: usize) -> Message {
    Message::new(id).text("length", length).text("most", most)
}

impl Explain for NatsError {
    fn message(&self) -> Message {
        let because = |id, detail: &ServerDetail| Message::new(id).inner("detail", detail.message());
        match self {
            Self::BadAddress(flaw) => Message::new("nats-bad-address").inner("detail", flaw.message()),
            Self::Unreachable(detail) => because("nats-unreachable", detail),
            Self::WrongCredentials => Message::new("nats-wrong-credentials"),
            Self::CredentialsNeeded => Message::new("nats-credentials-needed"),
            Self::Credentials { option, path, detail } => {
                because("nats-credentials", detail).text("option", option).text("path", path.display())
            }
            Self::TlsFailed(detail) => because("nats-tls-failed", detail),
            Self::CertificateRefused(detail) => because("nats-certificate-refused", detail),
            Self::TlsNotOffered => Message::new("nats-tls-not-offered"),
            Self::TooOld { found, needed } => Message::new("nats-too-old").text("found", found).text("needed", needed),
            Self::NoJetStream => Message::new("nats-no-jetstream"),
            Self::NoStream { asked, known } => Message::new("nats-no-stream").text("asked", asked).text("known", known),
            Self::Several { known } => {
                Message::new("nats-several").text("known", listed(known)).text("first", first(known))
            }
            Self::NoStreams => Message::new("nats-no-streams"),
            Self::Unrecognised { stream, subjects } => {
                Message::new("nats-unrecognised").text("stream", stream).text("subjects", subjects)
            }
            Self::Newer { found, supported } => {
                Message::new("nats-newer").text("found", found).text("supported", supported)
            }
            Self::Denied(detail) => Message::new("nats-denied").text("detail", detail),
            Self::Silent(detail) => because("nats-silent", detail),
            Self::Lost(detail) => because("server-lost", detail),
            Self::NoLeader => Message::new("nats-no-leader"),
            Self::Changed(detail) => because("nats-changed", detail),
            Self::MadeAnew { stream } => Message::new("nats-made-anew").text("stream", stream),
            Self::NoName => Message::new("nats-no-name"),
            Self::BadName { name } => Message::new("nats-bad-name").text("name", name),
            Self::NameTaken { name } => Message::new("nats-name-taken").text("name", name),
            Self::Replicas { asked, words } => Message::new("nats-replicas").text("asked", asked).text("words", words),
            Self::Busy => Message::new("nats-busy"),
            Self::NameTooLong { length, most } => sizes("nats-name-too-long", *length, *most),
            Self::ShowsLess { shown, acknowledged } => {
                Message::new("nats-shows-less").text("shown", shown).text("acknowledged", acknowledged)
            }
            Self::TooLarge { length, most } => sizes("nats-too-large", *length, *most),
            Self::TooMany { count, most } => {
                Message::new("nats-too-many").text("count", grouped(*count as u64)).text("most", grouped(*most as u64))
            }
            Self::Stray { sequence, flaw } => {
                Message::new("nats-stray").text("sequence", sequence).inner("flaw", flaw.message())
            }
            Self::Undecided { id, detail } => because("nats-undecided", detail).text("id", id),
            Self::OthersWrite => Message::new("nats-others-write"),
            Self::Cancelled => Message::new("error-cancelled"),
            Self::Said(words) => Message::new("nats-said").text("words", words),
            Self::Failed(detail) => because("server-failed", detail),
        }
    }
}
