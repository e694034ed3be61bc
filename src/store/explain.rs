//! What went wrong with a store, for the window's languages. The command line prints the English of `Display`; a test
//! holds the two together.

use super::files::{ExportError, TargetError};
use super::frameworks::MappingError;
use super::system_words::system_words;
use super::{AppendError, Damage, Expected, OriginFault, ServerDetail, ServerError, StoreError, Unfit};
use crate::event::{Explain, Message, StreamId, Version};

impl Explain for StoreError {
    fn message(&self) -> Message {
        let of = |id, path: &std::path::Path| Message::new(id).text("path", path.display());
        match self {
            Self::Missing(path) => of("error-missing", path),
            Self::IsFolder(path) => of("error-is-folder", path),
            Self::NoFile { path, kind } => of("error-no-file", path).inner("kind", kind.message()),
            Self::NoFolder(path) => of("error-no-folder", path),
            Self::AlreadyThere(path) => of("error-already-there", path),
            Self::LeftBehind { path, side } => of("error-left-behind", path).text("side", side.display()),
            Self::SideFile { path, database } => of("error-side-file", path).text("database", database.display()),
            Self::EmptyFile(path) => of("error-empty-file", path),
            Self::NotADatabase(path) => of("error-not-a-database", path),
            Self::NotEvents { path, what } => of("error-not-events", path).inner("detail", what.message()),
            Self::Server { address, error } => {
                Message::new("error-of-place").text("place", address).inner("what", error.message())
            }
            Self::Nats { address, error } => {
                Message::new("error-of-place").text("place", address).inner("what", error.message())
            }
            Self::Unrecognised { path, tables } => of("error-unrecognised", path).text("tables", tables),
            Self::Mapping { place, source } => {
                Message::new("error-of-place").text("place", place).inner("what", source.message())
            }
            Self::Several { place, tables, first } => {
                Message::new("error-several").text("place", place).text("tables", tables).text("first", first)
            }
            Self::OnlyReads { place, reason } => {
                Message::new("error-only-reads").text("place", place).inner("reason", reason.message())
            }
            Self::Mirror { path, origin } => of("error-mirror", path).text("origin", origin),
            Self::MirrorCircle { path, origin } => of("error-mirror-circle", path).text("origin", origin),
            Self::NoMirror(path) => of("error-no-mirror", path),
            Self::MirrorOfItself(path) => of("error-mirror-of-itself", path),
            Self::MirrorEdited { path, origin, stream, version } => {
                of("error-mirror-edited", path).text("origin", origin).text("stream", stream).text("version", version)
            }
            Self::OriginDiffers { path, origin, fault } => {
                of("error-origin-differs", path).text("origin", origin).inner("fault", fault.message())
            }
            Self::NotMirrored { path, stream, version, error } => of("error-not-mirrored", path)
                .text("stream", stream)
                .text("version", version)
                .inner("detail", error.message()),
            Self::MirrorFull { path, events } => of("error-mirror-full", path).text("events", events),
            Self::Newer { path, found, supported } => {
                of("error-newer", path).text("found", found).text("supported", supported)
            }
            Self::Damaged { path, detail } => of("error-damaged", path).inner("detail", detail.message()),
            Self::Locked(path) => of("error-locked", path),
            Self::Changed(path) => of("error-changed", path),
            Self::Full(path) => of("error-full", path),
            Self::TemporaryFull(path) => of("error-temporary-full", path),
            Self::TemporaryChanged(path) => of("error-temporary-changed", path),
            Self::ReadOnly(path) => of("error-read-only", path),
            Self::Denied(path) => of("error-denied", path),
            Self::Io { path, source } => of("error-io", path).inner("detail", system_words(source)),
            Self::Sqlite { path, source } => of("error-sqlite", path).text("detail", source),
            Self::Cancelled => Message::new("error-cancelled"),
        }
    }
}

impl Explain for OriginFault {
    fn message(&self) -> Message {
        let of =
            |id, stream: &StreamId, version: &Version| Message::new(id).text("stream", stream).text("version", version);
        match self {
            Self::Replaced => Message::new("origin-replaced"),
            Self::Emptied => Message::new("origin-emptied"),
            Self::Cut { stream, version } => of("origin-cut", stream, version),
            Self::Gone { stream, version } => of("origin-gone", stream, version),
            Self::Edited { stream, version } => of("origin-edited", stream, version),
            Self::Added { stream, version } => of("origin-added", stream, version),
        }
    }
}

impl Explain for Damage {
    fn message(&self) -> Message {
        match self {
            Self::Said(words) => Message::new("damage-said").text("words", words),
            Self::UnknownNumbers => Message::new("damage-unknown-numbers"),
            Self::TablesMissing => Message::new("damage-tables-missing"),
            Self::NamesUnreadable => Message::new("damage-names-unreadable"),
            Self::FormatGone => Message::new("damage-format-gone"),
        }
    }
}

impl Explain for ServerError {
    fn message(&self) -> Message {
        let with = |id, detail: &String| Message::new(id).text("detail", detail);
        let because = |id, detail: &ServerDetail| Message::new(id).inner("detail", detail.message());
        match self {
            Self::BadAddress(flaw) => Message::new("server-bad-address").inner("detail", flaw.message()),
            Self::Unreachable(detail) => because("server-unreachable", detail),
            Self::PasswordNeeded { user } => Message::new("server-password-needed").text("user", user),
            Self::WrongPassword { user } => Message::new("server-wrong-password").text("user", user),
            Self::Refused(detail) => with("server-refused", detail),
            Self::NoSuchUser { user } => Message::new("server-no-such-user").text("user", user),
            Self::NoSuchDatabase { name } => Message::new("server-no-such-database").text("name", name),
            Self::TlsNotOffered => Message::new("server-tls-not-offered"),
            Self::TlsFailed(detail) => because("server-tls-failed", detail),
            Self::Certificate { option, path, detail } => {
                because("server-certificate", detail).text("option", option).text("path", path.display())
            }
            Self::Denied { detail, grant } => with("server-denied", detail).text("grant", grant),
            Self::Policy(detail) => with("server-policy", detail),
            Self::Follows(detail) => with("server-follows", detail),
            Self::Silent(detail) => because("server-silent", detail),
            Self::NoPostgres(detail) => because("server-no-postgres", detail),
            Self::TooLarge { bytes } => Message::new("server-too-large").number("bytes", *bytes),
            Self::Cancelled => Message::new("error-cancelled"),
            Self::TimedOut => Message::new("server-timed-out"),
            Self::Locked => Message::new("server-locked"),
            Self::TooMany => Message::new("server-too-many"),
            Self::NotReady => Message::new("server-not-ready"),
            Self::Lost(detail) => because("server-lost", detail),
            Self::Unrecognised { tables } => Message::new("server-unrecognised").text("tables", tables),
            Self::Several { tables, first } => {
                Message::new("server-several").text("tables", tables).text("first", first)
            }
            Self::Changed(detail) => because("server-changed", detail),
            Self::NoFunction(detail) => with("server-no-function", detail),
            Self::Sql { class, words } => {
                Message::new("server-sql").inner("class", class.message()).text("words", words)
            }
            Self::Failed(detail) => because("server-failed", detail),
        }
    }
}

impl Explain for MappingError {
    fn message(&self) -> Message {
        match self {
            Self::Unreadable { path, detail } => {
                Message::new("mapping-unreadable").text("path", path.display()).text("detail", detail)
            }
            Self::NoTable { asked, known } => {
                Message::new("mapping-no-table").text("asked", asked).text("known", known)
            }
            Self::NoColumn { asked, role, table, known } => Message::new("mapping-no-column")
                .text("asked", asked)
                .inner("role", role_words(role))
                .text("table", table)
                .text("known", known),
            Self::NoStream { table } => Message::new("mapping-no-stream").text("table", table),
            Self::TooSlow { table, seconds } => {
                Message::new("mapping-too-slow").text("table", table).number("seconds", *seconds)
            }
        }
    }
}

/// What a mapping names a column as.
fn role_words(role: &'static str) -> Message {
    Message::new(match role {
        "stream" => "role-stream",
        "version" => "role-version",
        "type" => "role-type",
        "payload" => "role-payload",
        "metadata" => "role-metadata",
        "category" => "role-category",
        "schema" => "role-schema",
        "id" => "role-id",
        "time" => "role-time",
        "position" => "role-position",
        "author" => "role-author",
        "reason" => "role-reason",
        "correlation" => "role-correlation",
        "causation" => "role-causation",
        other => return Message::new("system-said").text("words", other),
    })
}

impl Explain for AppendError {
    fn message(&self) -> Message {
        match self {
            Self::Conflict(conflict) => Message::new("append-conflict")
                .text("stream", &conflict.stream)
                .inner("expected", expected(conflict.expected))
                .inner("actual", conflict.actual.map_or_else(|| Message::new("append-no-stream"), at_version)),
            Self::VersionTaken { stream, version, last } => {
                Message::new("append-version-taken").text("stream", stream).text("version", version).text("last", last)
            }
            Self::VersionTooLarge { stream, version, most } => Message::new("append-version-too-large")
                .text("stream", stream)
                .text("version", version)
                .text("most", most),
            Self::HeadDisagrees { stream } => Message::new("append-head-disagrees").text("stream", stream),
            Self::IdTaken(id) => Message::new("append-id-taken").text("id", id),
            Self::PayloadNotJson { event_type, detail } => {
                Message::new("append-payload-not-json").text("type", event_type).text("detail", detail)
            }
            Self::MetadataNotObject { event_type } => {
                Message::new("append-metadata-not-object").text("type", event_type)
            }
            Self::NoName => Message::new("append-no-name"),
            Self::Archived(stream) => Message::new("append-archived").text("stream", stream),
            Self::Encrypted => Message::new("append-encrypted"),
            Self::Unfit { framework, why } => {
                Message::new("append-unfit").text("framework", framework).inner("detail", why.message())
            }
            Self::Store(error) => error.message(),
        }
    }
}

impl Explain for Unfit {
    fn message(&self) -> Message {
        match self {
            Self::Refused(words) => Message::new("unfit-refused").text("words", words),
            Self::NoTypeToFollow => Message::new("unfit-no-type-to-follow"),
            Self::NoAttributes => Message::new("unfit-no-attributes"),
            Self::NotJson => Message::new("unfit-not-json"),
            Self::NoTime => Message::new("unfit-no-time"),
            Self::NotPacked(words) => Message::new("unfit-not-packed").text("words", words),
            Self::UnknownType { asked, known } => {
                Message::new("unfit-unknown-type").text("asked", asked).text("known", known)
            }
        }
    }
}

fn expected(expected: Expected) -> Message {
    match expected {
        Expected::Exact(version) => at_version(version),
        Expected::NoStream => Message::new("append-no-stream"),
        Expected::Any => Message::new("append-any-version"),
    }
}

fn at_version(version: Version) -> Message {
    Message::new("append-version").number("version", version.0)
}

impl Explain for ExportError {
    fn message(&self) -> Message {
        match self {
            Self::Store(error) => error.message(),
            Self::Target(error) => error.message(),
            Self::Write { path, source } => {
                Message::new("error-io").text("path", path.display()).inner("detail", system_words(source))
            }
        }
    }
}

impl Explain for TargetError {
    fn message(&self) -> Message {
        let of = |id, path: &std::path::Path| Message::new(id).text("path", path.display());
        match self {
            Self::Taken(path) => of("error-export-there", path),
            Self::Exported(path) => of("export-onto-itself", path),
            Self::Database(path) => of("export-onto-database", path),
            Self::NoFile { path, kind } => of("export-onto-no-file", path).inner("kind", kind.message()),
            Self::Key(path) => of("export-onto-key", path),
            Self::Dash => Message::new("export-onto-dash"),
            Self::Circle(path) => of("export-links-in-circle", path),
            Self::Store(error) => error.message(),
        }
    }
}
