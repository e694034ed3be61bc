use std::error::Error;

use tokio_postgres::error::{DbError, SqlState};

use super::connection::quoted;
use super::connector::NO_TLS;
use super::guarded::GaveUp;
use super::{AddressFlaw, ServerDetail, SqlClass};

/// Why a server's store could not be read or written; each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("this is no address of a PostgreSQL store ({0}); write it like postgres://user@host:5432/database")]
    BadAddress(AddressFlaw),
    #[error("no server answers there ({0}); check the host and port, and that PostgreSQL runs and listens there")]
    Unreachable(ServerDetail),
    #[error("user “{user}” needs a password; set PGPASSWORD, add a line to ~/.pgpass, or type it when asked")]
    PasswordNeeded { user: String },
    #[error("the password of user “{user}” is not accepted; type it again, or correct PGPASSWORD or ~/.pgpass")]
    WrongPassword { user: String },
    #[error("the server refuses the connection ({0}); ask its owner to allow it in pg_hba.conf")]
    Refused(String),
    #[error("there is no user “{user}” on this server; name another before the @ of the address")]
    NoSuchUser { user: String },
    #[error("there is no database “{name}” on this server; name another after the host")]
    NoSuchDatabase { name: String },
    #[error(
        "the server offers no TLS, which sslmode asks for; turn it on there, or say sslmode=disable to send everything in plain text"
    )]
    TlsNotOffered,
    #[error(
        "TLS with this server failed ({0}); give its authority's certificate with sslrootcert=FILE, or ask for less with sslmode=require"
    )]
    TlsFailed(ServerDetail),
    #[error("{path}: this certificate or key cannot be read ({detail}); correct the address's option {option}", path = .path.display())]
    Certificate { option: &'static str, path: std::path::PathBuf, detail: ServerDetail },
    #[error("the user may not do that ({detail}); let the owner say: {grant}")]
    Denied { detail: String, grant: String },
    #[error("{0}; let the table's owner change the policy, or append as a user for whom it allows that")]
    Policy(String),
    #[error("this server takes no changes ({0}); append at the one that it follows")]
    Follows(String),
    #[error(
        "the server was given up on after the statement timeout; look at less at once, or allow more in the address: ?options=-c%20statement_timeout%3D600s"
    )]
    TimedOut,
    #[error("another program holds a lock on the tables; try again when it has finished")]
    Locked,
    #[error("the server has no connection left; close others, or try again later")]
    TooMany,
    #[error("the server is starting or shutting down; try again in a moment")]
    NotReady,
    #[error("the connection was lost ({0}); try again")]
    Lost(ServerDetail),
    #[error("the server stopped answering ({0}); check the network and the server, then try again")]
    Silent(ServerDetail),
    #[error("what answers there is not a PostgreSQL that Foldline can read: {0}; check the host and port")]
    NoPostgres(ServerDetail),
    #[error("the events there are too large to be read at once ({bytes} bytes); look at fewer")]
    TooLarge { bytes: u64 },
    #[error("stopped before the end, as asked")]
    Cancelled,
    #[error(
        "no table here is an event store that Foldline knows (it has: {tables}); which columns are these? `foldline map` prints a guess to correct, and `--map FILE` reads by it"
    )]
    Unrecognised { tables: String },
    #[error(
        "it holds several tables of events ({tables}); say which schema with ?search_path=SCHEMA at the end of the address, or which table with `--map FILE`, where FILE says {{\"table\": \"{first}\"}}"
    )]
    Several { tables: String, first: String },
    #[error("the tables are not as they were found ({0}); open the store again")]
    Changed(ServerDetail),
    #[error(
        "the framework's own function for appending is not here ({0}); append with the application, or let it bring its tables up to date"
    )]
    NoFunction(String),
    #[error("{class} (PostgreSQL says: {words})")]
    Sql { class: SqlClass, words: String },
    #[error("the question could not be asked ({0}); try again")]
    Failed(ServerDetail),
}

impl ServerError {
    /// Whether a password, typed now, may help.
    pub fn asks_for_password(&self) -> bool {
        matches!(self, Self::PasswordNeeded { .. } | Self::WrongPassword { .. })
    }

    /// Whether nobody answers, as while a server is started again.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::NotReady | Self::TooMany | Self::Lost(_) | Self::Silent(_))
    }

    /// Whether the connection that it came over is of no more use.
    pub(super) fn ends_connection(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Silent(_) | Self::TooLarge { .. } | Self::NoPostgres(_))
    }

    pub(super) fn from_postgres(error: &tokio_postgres::Error, user: &str, database: &str) -> Self {
        let Some(said) = error.as_db_error() else { return without_answer(error, user) };
        let user = user.to_owned();
        let message = said.message().to_owned();
        match *said.code() {
            SqlState::INVALID_PASSWORD => Self::WrongPassword { user },
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION if message.contains("does not exist") => {
                Self::NoSuchUser { user }
            }
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Self::Refused(message),
            SqlState::INVALID_CATALOG_NAME => Self::NoSuchDatabase { name: database.to_owned() },
            SqlState::INSUFFICIENT_PRIVILEGE if message.contains("row-level security") => Self::Policy(message),
            // Which right that is, the server's catalogue tells.
            SqlState::INSUFFICIENT_PRIVILEGE => {
                let grant = format!("GRANT SELECT ON ALL TABLES IN SCHEMA … TO {}", quoted(&user));
                Self::Denied { grant, detail: message }
            }
            SqlState::READ_ONLY_SQL_TRANSACTION => Self::Follows(message),
            SqlState::QUERY_CANCELED => Self::TimedOut,
            SqlState::LOCK_NOT_AVAILABLE | SqlState::T_R_DEADLOCK_DETECTED => Self::Locked,
            SqlState::TOO_MANY_CONNECTIONS => Self::TooMany,
            SqlState::CANNOT_CONNECT_NOW => Self::NotReady,
            SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => Self::Lost(ServerDetail::Said(message)),
            SqlState::UNDEFINED_FUNCTION => Self::NoFunction(message),
            SqlState::UNDEFINED_TABLE | SqlState::UNDEFINED_COLUMN => Self::Changed(ServerDetail::Said(message)),
            ref code => Self::Sql { class: SqlClass::of(code), words: in_full(said) },
        }
    }
}

fn in_full(said: &DbError) -> String {
    match said.detail() {
        Some(detail) => format!("{} ({detail})", said.message()),
        None => said.message().to_owned(),
    }
}

fn without_answer(error: &tokio_postgres::Error, user: &str) -> ServerError {
    if let Some(gave_up) = GaveUp::behind(error) {
        let detail = ServerDetail::of_giving_up(gave_up);
        return match gave_up {
            GaveUp::SilentGreeting(_) => ServerError::Unreachable(detail),
            GaveUp::SilentAnswer(_) => ServerError::Silent(detail),
            GaveUp::TooLarge(bytes) => ServerError::TooLarge { bytes: *bytes },
            GaveUp::NoPostgres(_) => ServerError::NoPostgres(detail),
        };
    }
    let words = words_and_causes(error);
    let detail = ServerDetail::of_failure(error);
    if words.contains("password missing") {
        ServerError::PasswordNeeded { user: user.to_owned() }
    } else if words.contains(NO_TLS) {
        ServerError::TlsNotOffered
    } else if words.contains("TLS handshake") {
        ServerError::TlsFailed(detail)
    } else if words.starts_with("error connecting") || words.contains("timeout") {
        ServerError::Unreachable(detail)
    } else if words.starts_with("unexpected message") || words.starts_with("error parsing response") {
        ServerError::NoPostgres(detail)
    } else if error.is_closed() || words.starts_with("error communicating") {
        ServerError::Lost(detail)
    } else {
        ServerError::Failed(detail)
    }
}

pub(super) fn words_and_causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_words = cause.to_string();
        if !words.contains(&cause_words) {
            words = format!("{words}: {cause_words}");
        }
        next = cause.source();
    }
    words
}
