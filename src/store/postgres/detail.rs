use std::error::Error as _;
use std::io;
use std::time::Duration;

use rustls::CertificateError;

use super::guarded::GaveUp;
use super::server_error::words_and_causes;
use crate::event::{Explain, Message};

/// What is known of a failure on the way to a server and back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerDetail {
    /// In the words of the server, the system or the TLS library.
    #[error("{0}")]
    Said(String),
    #[error("no host is named")]
    NoHost,
    #[error("there is no host of that name")]
    UnknownHost,
    #[error("no way leads to that host")]
    NoRoute,
    #[error("nobody listens there")]
    NobodyListens,
    #[error("there is no socket")]
    NoSocket,
    #[error("nothing was said within {} s", .0.as_secs_f32())]
    NoAnswerWithin(Duration),
    #[error("it did not answer in time")]
    NoAnswer,
    #[error("it remembers the event's id, and shows no such event")]
    IdWithoutEvent,
    #[error("the stream was deleted and made anew meanwhile")]
    StreamMadeAnew,
    #[error("nothing was said for {} s", .0.as_secs_f32())]
    SilentFor(Duration),
    #[error("the other side hung up")]
    HungUp,
    #[error("it sends what no PostgreSQL sends: a greeting that does not end")]
    EndlessGreeting,
    #[error("it sends what no PostgreSQL sends: settings and notifications without end")]
    EndlessSettings,
    #[error("it sends what no PostgreSQL sends: a message that does not end")]
    EndlessMessage,
    #[error("no authority is given to check it against")]
    NoAuthority,
    #[error("its certificate has expired")]
    Expired,
    #[error("its certificate is not valid yet")]
    NotYetValid,
    #[error("its certificate comes from an authority that is not trusted here")]
    UnknownAuthority,
    #[error("its certificate is made out to another name")]
    OtherName,
    #[error("there is no such file")]
    NoFile,
    #[error("the file holds no certificate")]
    NoCertificate,
    #[error("an event has no number")]
    NoEventNumber,
}

impl ServerDetail {
    /// Why this side gave up on a connection.
    pub(super) fn of_giving_up(why: &GaveUp) -> Self {
        match why {
            GaveUp::SilentGreeting(limit) => Self::NoAnswerWithin(*limit),
            GaveUp::SilentAnswer(limit) => Self::SilentFor(*limit),
            GaveUp::NoPostgres(detail) => detail.clone(),
            GaveUp::TooLarge(_) => Self::Said(why.to_string()),
        }
    }

    /// What the client came upon, where it is nothing that the server said.
    pub(super) fn of_failure(error: &tokio_postgres::Error) -> Self {
        if error.is_closed() {
            return Self::HungUp;
        }
        let mut next = error.source();
        while let Some(cause) = next {
            if let Some(known) = cause.downcast_ref().and_then(Self::known) {
                return known;
            }
            next = cause.source();
        }
        Self::Said(words_and_causes(error))
    }

    /// What the system says of a file.
    pub(in crate::store) fn of_file(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NoFile,
            _ => Self::Said(error.to_string()),
        }
    }

    /// What the system says of a way to a server.
    pub(in crate::store) fn of_system(error: &io::Error) -> Self {
        Self::known(error).unwrap_or_else(|| Self::Said(error.to_string()))
    }

    fn known(error: &io::Error) -> Option<Self> {
        if let Some(rustls::Error::InvalidCertificate(why)) = error.get_ref().and_then(|carried| carried.downcast_ref())
        {
            return Self::of_certificate(why);
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Some(Self::NobodyListens),
            io::ErrorKind::NotFound => Some(Self::NoSocket),
            io::ErrorKind::TimedOut => Some(Self::NoAnswer),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Some(Self::NoRoute),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Some(Self::HungUp),
            // The standard library has no kind for it.
            _ if error.to_string().starts_with("failed to lookup address") => Some(Self::UnknownHost),
            _ => None,
        }
    }

    fn of_certificate(why: &CertificateError) -> Option<Self> {
        match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Some(Self::Expired),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Some(Self::NotYetValid),
            CertificateError::UnknownIssuer => Some(Self::UnknownAuthority),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Some(Self::OtherName)
            }
            _ => None,
        }
    }
}

impl Explain for ServerDetail {
    fn message(&self) -> Message {
        let seconds = |id, limit: &Duration| Message::new(id).text("seconds", limit.as_secs_f32());
        match self {
            Self::Said(words) => Message::new("server-said").text("words", words),
            Self::NoHost => Message::new("server-no-host"),
            Self::UnknownHost => Message::new("server-unknown-host"),
            Self::NoRoute => Message::new("server-no-route"),
            Self::NobodyListens => Message::new("server-nobody-listens"),
            Self::NoSocket => Message::new("server-no-socket"),
            Self::NoAnswerWithin(limit) => seconds("server-no-answer-within", limit),
            Self::NoAnswer => Message::new("server-no-answer"),
            Self::IdWithoutEvent => Message::new("server-id-without-event"),
            Self::StreamMadeAnew => Message::new("server-stream-made-anew"),
            Self::SilentFor(limit) => seconds("server-silent-for", limit),
            Self::HungUp => Message::new("server-hung-up"),
            Self::EndlessGreeting => Message::new("server-endless-greeting"),
            Self::EndlessSettings => Message::new("server-endless-settings"),
            Self::EndlessMessage => Message::new("server-endless-message"),
            Self::NoAuthority => Message::new("server-no-authority"),
            Self::Expired => Message::new("server-expired"),
            Self::NotYetValid => Message::new("server-not-yet-valid"),
            Self::UnknownAuthority => Message::new("server-unknown-authority"),
            Self::OtherName => Message::new("server-other-name"),
            Self::NoFile => Message::new("server-no-file"),
            Self::NoCertificate => Message::new("server-no-certificate"),
            Self::NoEventNumber => Message::new("server-no-event-number"),
        }
    }
}
