//! What a store, a file, a server or an append may be refused with, and what a check may find.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use foldline::event::{EventId, Message, StreamId, Timestamp, Version};
use foldline::store::files::{LineFlaw, Quote};
use foldline::store::frameworks::MappingError;
use foldline::store::{
    AddressFlaw, AppendError, Conflict, Damage, Expected, Fault, Framework, OriginFault, ReadOnlyReason, SchemaChange,
    SchemaObject, ServerDetail, ServerError, SqlClass, StoreError, Unfit,
};

use super::{nats, path, text};

/// One of each; the match below does not let a new one be forgotten.
pub(super) fn every_fault() -> Vec<Fault> {
    let version = Version(7);
    let time = |n| Timestamp::from_micros(n);
    let mut all = vec![
        Fault::BeginsLate { version },
        Fault::VersionsMissing { from: 3, to: 3 },
        Fault::VersionsMissing { from: 3, to: 5 },
        Fault::PositionsMissing { from: 3, to: 5 },
        Fault::SecondEvent { version },
        Fault::OutOfOrder { after: version },
        Fault::EarlierThanBefore { at: time(1), before: time(2_000_000) },
        Fault::PayloadNotJson { detail: text("detail") },
        Fault::PayloadNoObject,
        Fault::MetadataNotJson,
        Fault::PayloadNotText,
        Fault::PayloadsEncrypted { count: 12 },
        Fault::HashBroken,
        Fault::CountsDiffer { kept: 11, kept_last: version, events: 12, last: Version(13) },
        Fault::EndsDiffer,
        Fault::LinksDiffer,
        Fault::CauseMissing { cause: text("cause") },
        Fault::TypeCountDiffers { event_type: text("type"), kept: 11, events: 12 },
        Fault::HeadWithoutEvents { version: -1 },
        Fault::HeadElsewhere { version: 11, last: 12 },
        Fault::SnapshotWithoutEvents { version: 11 },
        Fault::SnapshotBeyondEvents { version: 11, last: 12 },
        Fault::SnapshotFieldOfOtherVersion { version: 11, field: text("field"), said_at: version },
        Fault::SnapshotFieldDiffers { field: text("field"), kept: text("kept"), events: text("events") },
        Fault::SnapshotDiffers { projection: text("projection") },
        Fault::SnapshotSealBroken { projection: text("projection") },
        Fault::FormatGone,
        Fault::CategoryDiffers { kept: text("kept"), own: text("own") },
        Fault::StreamNumber { number: -11 },
        Fault::EventNumbers { position: 11 },
        Fault::VersionNotBelieved { said: Version(u64::MAX), counted: version },
        Fault::DropsMessages { limit: text("limit") },
        Fault::GuardOff { guard: text("guard") },
        Fault::FileDamaged { path: text("path") },
        Fault::ReadingEnded { detail: Damage::Said(text("detail")) },
        Fault::Unreadable { path: text("path"), detail: Damage::UnknownNumbers },
        Fault::SealedGone { sealed: 13, there: 12, same: 11 },
        Fault::SealedChanged { same: 11, until: 12 },
        Fault::SealedAnew { sealed: 13 },
        Fault::SealedBehind { sealed: 13, there: 12, same: 11 },
        Fault::SealedOther { sealed: 13, there: 12 },
    ];
    for flaw in nats::every_message_flaw() {
        all.push(Fault::StrayMessage { sequence: 11, subject: text("subject"), flaw });
    }
    for how in [SchemaChange::Gone, SchemaChange::Changed, SchemaChange::Added] {
        for object in [SchemaObject::Index, SchemaObject::Table, SchemaObject::View] {
            all.push(Fault::SchemaDiffers { object, name: text("name"), how });
        }
    }
    for (object, how) in [
        (SchemaObject::Guard, SchemaChange::Gone),
        (SchemaObject::Guard, SchemaChange::Changed),
        (SchemaObject::Trigger, SchemaChange::Added),
    ] {
        all.push(Fault::SchemaDiffers { object, name: text("name"), how });
    }
    all
}

pub(super) fn is_listed_above(fault: &Fault) {
    match fault {
        Fault::BeginsLate { .. }
        | Fault::VersionsMissing { .. }
        | Fault::PositionsMissing { .. }
        | Fault::SecondEvent { .. }
        | Fault::OutOfOrder { .. }
        | Fault::EarlierThanBefore { .. }
        | Fault::PayloadNotJson { .. }
        | Fault::PayloadNoObject
        | Fault::MetadataNotJson
        | Fault::PayloadNotText
        | Fault::PayloadsEncrypted { .. }
        | Fault::HashBroken
        | Fault::CountsDiffer { .. }
        | Fault::EndsDiffer
        | Fault::LinksDiffer
        | Fault::CauseMissing { .. }
        | Fault::TypeCountDiffers { .. }
        | Fault::HeadWithoutEvents { .. }
        | Fault::HeadElsewhere { .. }
        | Fault::SnapshotWithoutEvents { .. }
        | Fault::SnapshotBeyondEvents { .. }
        | Fault::SnapshotFieldOfOtherVersion { .. }
        | Fault::SnapshotFieldDiffers { .. }
        | Fault::SnapshotDiffers { .. }
        | Fault::SnapshotSealBroken { .. }
        | Fault::SchemaDiffers { .. }
        | Fault::FormatGone
        | Fault::CategoryDiffers { .. }
        | Fault::StreamNumber { .. }
        | Fault::EventNumbers { .. }
        | Fault::StrayMessage { .. }
        | Fault::VersionNotBelieved { .. }
        | Fault::DropsMessages { .. }
        | Fault::GuardOff { .. }
        | Fault::FileDamaged { .. }
        | Fault::ReadingEnded { .. }
        | Fault::Unreadable { .. }
        | Fault::SealedGone { .. }
        | Fault::SealedChanged { .. }
        | Fault::SealedAnew { .. }
        | Fault::SealedBehind { .. }
        | Fault::SealedOther { .. } => {}
        // Another's words: SQLite's of its pages, the domain's of its rules. A line of a file has a test of its own.
        Fault::Pages { .. } | Fault::LineUnreadable { .. } | Fault::RuleBroken { .. } | Fault::EventOdd { .. } => {}
    }
}

pub(super) fn differs(fault: fn(StreamId, Version) -> OriginFault) -> StoreError {
    let fault = Box::new(fault(StreamId::from("stream"), Version(11)));
    StoreError::OriginDiffers { path: path(), origin: text("origin"), fault }
}

pub(super) fn every_store_error() -> Vec<StoreError> {
    vec![
        StoreError::Missing(path()),
        StoreError::IsFolder(path()),
        StoreError::NoFolder(path()),
        StoreError::AlreadyThere(path()),
        StoreError::LeftBehind { path: path(), side: PathBuf::from(text("side")) },
        StoreError::SideFile { path: path(), database: PathBuf::from(text("database")) },
        StoreError::MirrorCircle { path: path(), origin: text("origin") },
        StoreError::MirrorEdited {
            path: path(),
            origin: text("origin"),
            stream: StreamId::from("stream"),
            version: Version(11),
        },
        StoreError::EmptyFile(path()),
        StoreError::NotADatabase(path()),
        StoreError::Unrecognised { path: path(), tables: text("tables") },
        StoreError::Several { place: text("place"), tables: text("tables"), first: text("first") },
        StoreError::OnlyReads { place: text("place"), reason: ReadOnlyReason::File },
        StoreError::Mirror { path: path(), origin: text("origin") },
        StoreError::NoMirror(path()),
        StoreError::MirrorOfItself(path()),
        StoreError::OriginDiffers { path: path(), origin: text("origin"), fault: Box::new(OriginFault::Replaced) },
        StoreError::OriginDiffers { path: path(), origin: text("origin"), fault: Box::new(OriginFault::Emptied) },
        differs(|stream, version| OriginFault::Cut { stream, version }),
        differs(|stream, version| OriginFault::Gone { stream, version }),
        differs(|stream, version| OriginFault::Edited { stream, version }),
        differs(|stream, version| OriginFault::Added { stream, version }),
        StoreError::NotMirrored {
            path: path(),
            stream: StreamId::from("stream"),
            version: Version(11),
            error: Box::new(AppendError::NoName),
        },
        StoreError::MirrorFull { path: path(), events: 11 },
        StoreError::Newer { path: path(), found: 11, supported: 12 },
        StoreError::Damaged { path: path(), detail: Damage::Said(text("detail")) },
        StoreError::Damaged { path: path(), detail: Damage::UnknownNumbers },
        StoreError::Damaged { path: path(), detail: Damage::TablesMissing },
        StoreError::Damaged { path: path(), detail: Damage::NamesUnreadable },
        StoreError::Damaged { path: path(), detail: Damage::FormatGone },
        StoreError::Locked(path()),
        StoreError::Changed(path()),
        StoreError::Full(path()),
        StoreError::TemporaryFull(path()),
        StoreError::TemporaryChanged(path()),
        StoreError::ReadOnly(path()),
        StoreError::Denied(path()),
        StoreError::Io { path: path(), source: io::Error::other(text("source")) },
        // What the system says most often.
        StoreError::Io { path: path(), source: io::Error::from_raw_os_error(2) },
        StoreError::Io { path: path(), source: io::Error::from_raw_os_error(13) },
        StoreError::Io { path: path(), source: io::Error::from_raw_os_error(16) },
        StoreError::Io { path: path(), source: io::Error::from_raw_os_error(17) },
        StoreError::Io { path: path(), source: io::Error::from_raw_os_error(20) },
        StoreError::Io { path: path(), source: io::Error::from_raw_os_error(21) },
        StoreError::Io { path: path(), source: io::Error::from_raw_os_error(27) },
        StoreError::Io { path: path(), source: io::Error::from_raw_os_error(28) },
        StoreError::Io { path: path(), source: io::Error::from_raw_os_error(30) },
        StoreError::Sqlite { path: path(), source: rusqlite::Error::InvalidParameterName(text("source")) },
        StoreError::Cancelled,
    ]
}

/// One of each; the match does not let a new one be forgotten.
pub(super) fn every_line_flaw() -> Vec<LineFlaw> {
    let quote = |name: &str| Quote::from(text(name));
    let at = Some(7);
    let all = vec![
        LineFlaw::NotJson { said: quote("said"), column: None },
        LineFlaw::NotJson { said: quote("said"), column: at },
        LineFlaw::CellNotJson { heading: quote("heading"), said: quote("said"), column: None },
        LineFlaw::CellNotJson { heading: quote("heading"), said: quote("said"), column: at },
        LineFlaw::Said(quote("words")),
        LineFlaw::Refused { words: quote("id"), message: Message::new("line-said").text("words", text("id")) },
        LineFlaw::NotUtf8,
        LineFlaw::Utf16,
        LineFlaw::OtherEncoding(quote("name")),
        LineFlaw::UnknownEntity(quote("name")),
        LineFlaw::TooLong,
        LineFlaw::RestLeftOut,
        LineFlaw::UnpacksTooFar { most: text("most"), ratio: 11 },
        LineFlaw::TooDeep,
        LineFlaw::NoStream,
        LineFlaw::NoType,
        LineFlaw::NoId { number: 11 },
        LineFlaw::SameId { number: 11, id: quote("id") },
        LineFlaw::NoName,
        LineFlaw::NotText { field: quote("field"), found: quote("found") },
        LineFlaw::NotANumber { field: "schema", found: quote("found") },
        LineFlaw::NumberTooLarge { field: "schema" },
        LineFlaw::VersionTooLarge { version: u64::MAX },
        LineFlaw::UnknownField(quote("name")),
        LineFlaw::NotATime(quote("found")),
        LineFlaw::CloudEventLacks("source"),
        LineFlaw::OtherCloudEvents(quote("version")),
        LineFlaw::NotBase64(quote("said")),
        LineFlaw::Cells { cells: 11, headings: 12 },
        LineFlaw::ColumnForEachField,
        LineFlaw::Cut { key: quote("key"), length: text("length"), kept: text("kept") },
        LineFlaw::Nameless { trace: quote("trace") },
        LineFlaw::EndsInTrace,
        LineFlaw::Ends(Box::new(LineFlaw::NotUtf8)),
    ];
    for flaw in &all {
        match flaw {
            LineFlaw::NotJson { .. }
            | LineFlaw::CellNotJson { .. }
            | LineFlaw::Said(_)
            | LineFlaw::Refused { .. }
            | LineFlaw::NotUtf8
            | LineFlaw::Utf16
            | LineFlaw::OtherEncoding(_)
            | LineFlaw::UnknownEntity(_)
            | LineFlaw::TooLong
            | LineFlaw::RestLeftOut
            | LineFlaw::UnpacksTooFar { .. }
            | LineFlaw::TooDeep
            | LineFlaw::NoStream
            | LineFlaw::NoType
            | LineFlaw::NoId { .. }
            | LineFlaw::SameId { .. }
            | LineFlaw::NoName
            | LineFlaw::NotText { .. }
            | LineFlaw::NotANumber { .. }
            | LineFlaw::NumberTooLarge { .. }
            | LineFlaw::VersionTooLarge { .. }
            | LineFlaw::UnknownField(_)
            | LineFlaw::NotATime(_)
            | LineFlaw::CloudEventLacks(_)
            | LineFlaw::OtherCloudEvents(_)
            | LineFlaw::NotBase64(_)
            | LineFlaw::Cells { .. }
            | LineFlaw::ColumnForEachField
            | LineFlaw::Cut { .. }
            | LineFlaw::Nameless { .. }
            | LineFlaw::EndsInTrace
            | LineFlaw::Ends(_) => {}
        }
    }
    all
}

/// One of each; the match does not let a new one be forgotten.
pub(super) fn every_address_flaw() -> Vec<AddressFlaw> {
    let all = vec![
        AddressFlaw::OtherScheme,
        AddressFlaw::Percent,
        AddressFlaw::SlashBeforeAt,
        AddressFlaw::HostPort,
        AddressFlaw::Port,
        AddressFlaw::OptionForm,
        AddressFlaw::UnknownOption(text("name").into()),
        AddressFlaw::PairForm,
        AddressFlaw::OpenQuote,
        AddressFlaw::StrayPassword,
        AddressFlaw::AmpersandInPassword,
        AddressFlaw::NoUser,
        AddressFlaw::ConnectTimeout,
        AddressFlaw::TlsMode(text("mode").into()),
        AddressFlaw::CertificateWithoutKey,
    ];
    for flaw in &all {
        match flaw {
            AddressFlaw::OtherScheme
            | AddressFlaw::Percent
            | AddressFlaw::SlashBeforeAt
            | AddressFlaw::HostPort
            | AddressFlaw::Port
            | AddressFlaw::OptionForm
            | AddressFlaw::UnknownOption(_)
            | AddressFlaw::PairForm
            | AddressFlaw::OpenQuote
            | AddressFlaw::StrayPassword
            | AddressFlaw::AmpersandInPassword
            | AddressFlaw::NoUser
            | AddressFlaw::ConnectTimeout
            | AddressFlaw::TlsMode(_)
            | AddressFlaw::CertificateWithoutKey => {}
        }
    }
    all
}

/// The same of what is known of a failure on the way.
pub(super) fn every_server_detail() -> Vec<ServerDetail> {
    let limit = Duration::from_secs(11);
    let all = vec![
        ServerDetail::Said(text("words")),
        ServerDetail::NoHost,
        ServerDetail::UnknownHost,
        ServerDetail::NoRoute,
        ServerDetail::NobodyListens,
        ServerDetail::NoSocket,
        ServerDetail::NoFile,
        ServerDetail::NoAnswerWithin(limit),
        ServerDetail::NoAnswer,
        ServerDetail::IdWithoutEvent,
        ServerDetail::StreamMadeAnew,
        ServerDetail::SilentFor(limit),
        ServerDetail::HungUp,
        ServerDetail::EndlessGreeting,
        ServerDetail::EndlessSettings,
        ServerDetail::EndlessMessage,
        ServerDetail::NoAuthority,
        ServerDetail::Expired,
        ServerDetail::NotYetValid,
        ServerDetail::UnknownAuthority,
        ServerDetail::OtherName,
        ServerDetail::NoCertificate,
        ServerDetail::NoEventNumber,
    ];
    for detail in &all {
        match detail {
            ServerDetail::Said(_)
            | ServerDetail::NoHost
            | ServerDetail::UnknownHost
            | ServerDetail::NoRoute
            | ServerDetail::NobodyListens
            | ServerDetail::NoSocket
            | ServerDetail::NoFile
            | ServerDetail::NoAnswerWithin(_)
            | ServerDetail::NoAnswer
            | ServerDetail::IdWithoutEvent
            | ServerDetail::StreamMadeAnew
            | ServerDetail::SilentFor(_)
            | ServerDetail::HungUp
            | ServerDetail::EndlessGreeting
            | ServerDetail::EndlessSettings
            | ServerDetail::EndlessMessage
            | ServerDetail::NoAuthority
            | ServerDetail::Expired
            | ServerDetail::NotYetValid
            | ServerDetail::UnknownAuthority
            | ServerDetail::OtherName
            | ServerDetail::NoCertificate
            | ServerDetail::NoEventNumber => {}
        }
    }
    all
}

pub(super) fn every_server_error() -> Vec<ServerError> {
    let words = || text("detail");
    let mut all = vec![
        ServerError::PasswordNeeded { user: text("user") },
        ServerError::WrongPassword { user: text("user") },
        ServerError::Refused(words()),
        ServerError::NoSuchUser { user: text("user") },
        ServerError::NoSuchDatabase { name: text("name") },
        ServerError::TlsNotOffered,
        ServerError::Denied { detail: words(), grant: text("grant") },
        ServerError::TimedOut,
        ServerError::Locked,
        ServerError::TooMany,
        ServerError::NotReady,
        ServerError::Unrecognised { tables: text("tables") },
        ServerError::Several { tables: text("tables"), first: text("first") },
        ServerError::NoFunction(words()),
        ServerError::Policy(words()),
        ServerError::Follows(words()),
        ServerError::TooLarge { bytes: 11 },
        ServerError::Cancelled,
    ];
    all.extend(every_address_flaw().into_iter().map(ServerError::BadAddress));
    for detail in every_server_detail() {
        all.extend([
            ServerError::Unreachable(detail.clone()),
            ServerError::TlsFailed(detail.clone()),
            ServerError::Certificate { option: "sslrootcert", path: path(), detail: detail.clone() },
            ServerError::Lost(detail.clone()),
            ServerError::Silent(detail.clone()),
            ServerError::NoPostgres(detail.clone()),
            ServerError::Changed(detail.clone()),
            ServerError::Failed(detail),
        ]);
    }
    all.extend(SqlClass::ALL.map(|class| ServerError::Sql { class, words: words() }));
    for error in &all {
        match error {
            ServerError::BadAddress(_)
            | ServerError::Unreachable(_)
            | ServerError::PasswordNeeded { .. }
            | ServerError::WrongPassword { .. }
            | ServerError::Refused(_)
            | ServerError::NoSuchUser { .. }
            | ServerError::NoSuchDatabase { .. }
            | ServerError::TlsNotOffered
            | ServerError::TlsFailed(_)
            | ServerError::Certificate { .. }
            | ServerError::Denied { .. }
            | ServerError::Policy(_)
            | ServerError::Follows(_)
            | ServerError::TimedOut
            | ServerError::Locked
            | ServerError::TooMany
            | ServerError::NotReady
            | ServerError::Lost(_)
            | ServerError::Silent(_)
            | ServerError::NoPostgres(_)
            | ServerError::TooLarge { .. }
            | ServerError::Cancelled
            | ServerError::Unrecognised { .. }
            | ServerError::Several { .. }
            | ServerError::Changed(_)
            | ServerError::NoFunction(_)
            | ServerError::Sql { .. }
            | ServerError::Failed(_) => {}
        }
    }
    all
}

pub(super) fn every_mapping_error() -> Vec<MappingError> {
    vec![
        MappingError::Unreadable { path: path(), detail: text("detail") },
        MappingError::NoTable { asked: text("asked"), known: text("known") },
        MappingError::NoColumn { asked: text("asked"), role: "version", table: text("table"), known: text("known") },
        MappingError::NoColumn { asked: text("asked"), role: "causation", table: text("table"), known: text("known") },
        MappingError::NoStream { table: text("table") },
        MappingError::TooSlow { table: text("table"), seconds: 11 },
    ]
}

pub(super) fn every_append_error() -> Vec<AppendError> {
    let conflict = |expected, actual| {
        let stream = StreamId::from("lead-1");
        AppendError::Conflict(Box::new(Conflict { stream, expected, actual, since: Vec::new() }))
    };
    let unfit = [
        Unfit::Refused(text("words")),
        Unfit::NoTypeToFollow,
        Unfit::NoAttributes,
        Unfit::NotJson,
        Unfit::NoTime,
        Unfit::NotPacked(text("words")),
        Unfit::UnknownType { asked: text("asked"), known: text("known") },
    ];
    let mut errors: Vec<AppendError> =
        unfit.into_iter().map(|why| AppendError::Unfit { framework: Framework::FOLDLINE, why }).collect();
    errors.extend([
        AppendError::Archived(StreamId::from("lead-1")),
        AppendError::Encrypted,
        conflict(Expected::Exact(Version(11)), Some(Version(12))),
        conflict(Expected::NoStream, Some(Version(12))),
        conflict(Expected::Any, None),
        AppendError::VersionTaken { stream: StreamId::from("lead-1"), version: Version(11), last: Version(12) },
        AppendError::VersionTooLarge {
            stream: StreamId::from("lead-1"),
            version: Version(u64::MAX),
            most: i64::MAX as u64,
        },
        AppendError::HeadDisagrees { stream: StreamId::from("lead-1") },
        AppendError::IdTaken(EventId::new("«id»")),
        AppendError::PayloadNotJson { event_type: text("type"), detail: text("detail") },
        AppendError::MetadataNotObject { event_type: text("type") },
        AppendError::NoName,
    ]);
    errors
}
