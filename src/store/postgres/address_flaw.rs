use crate::event::{Explain, Message};

/// What is wrong with an address as it was typed, or with what the environment adds to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AddressFlaw {
    #[error("it begins with neither postgres:// nor postgresql://")]
    OtherScheme,
    #[error("a % in it is not followed by two hex digits")]
    Percent,
    #[error("the name or password before @ has a / in it, which must be written %2F")]
    SlashBeforeAt,
    #[error("what follows the host's colon is no port number")]
    HostPort,
    #[error("its port is no number")]
    Port,
    #[error("what follows ? must be written option=value")]
    OptionForm,
    #[error("it has an option that is not known: {0}")]
    UnknownOption(Box<str>),
    #[error("a word in it is no key=value")]
    PairForm,
    #[error("a quoted value in it does not end")]
    OpenQuote,
    #[error("a password stands where none can be read")]
    StrayPassword,
    #[error("a password in it has a & in it, which must be written %26")]
    AmpersandInPassword,
    #[error("it names no user, and neither does PGUSER")]
    NoUser,
    #[error("its connect_timeout is no number of seconds")]
    ConnectTimeout,
    #[error("sslmode={0} is none of disable, prefer, require, verify-ca and verify-full")]
    TlsMode(Box<str>),
    #[error("sslcert and sslkey go together")]
    CertificateWithoutKey,
}

impl Explain for AddressFlaw {
    fn message(&self) -> Message {
        match self {
            Self::OtherScheme => Message::new("address-other-scheme"),
            Self::Percent => Message::new("address-percent"),
            Self::SlashBeforeAt => Message::new("address-slash-before-at"),
            Self::HostPort => Message::new("address-host-port"),
            Self::Port => Message::new("address-port"),
            Self::OptionForm => Message::new("address-option-form"),
            Self::UnknownOption(name) => Message::new("address-unknown-option").text("name", name),
            Self::PairForm => Message::new("address-pair-form"),
            Self::OpenQuote => Message::new("address-open-quote"),
            Self::StrayPassword => Message::new("address-stray-password"),
            Self::AmpersandInPassword => Message::new("address-ampersand-in-password"),
            Self::NoUser => Message::new("address-no-user"),
            Self::ConnectTimeout => Message::new("address-connect-timeout"),
            Self::TlsMode(mode) => Message::new("address-tls-mode").text("mode", mode),
            Self::CertificateWithoutKey => Message::new("address-certificate-without-key"),
        }
    }
}
