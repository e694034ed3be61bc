//! Everything that the engine may find or refuse can be said in each language.

mod nats;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use egui::{Key, Modifiers};
use foldline::compensate::PlanError;
use foldline::domain::{Aggregate, Breach, EventKind, Flaw};
use foldline::engine::{
    DriftError, EngineError, ExcerptError, KeyError, MakeSampleError, MaterialiseError, ProofError, SealError,
    SqlError, SqlFlaw, SqlHint, SqlRefusal, Unreadable, write_sample,
};
use foldline::event::{EventId, EventType, Explain, JsonFault, Message, NotJson, Said, StreamId, Timestamp, Version};
use foldline::evidence::EvidenceFault;
use foldline::expr::{Doubt, DoubtKind, Flaw as ConditionFlaw, FlawKind, Kind};
use foldline::index::{Budget, OverBudget};
use foldline::locale::{Language, Locale};
use foldline::projection::{Problem, ProjectionError};
use foldline::proof::BadSeal;
use foldline::replay::{EditError, registry};
use foldline::sample::{SampleError, SampleOptions};
use foldline::store::files::{ExportError, LineFlaw, Quote, TargetError, Unread};
use foldline::store::frameworks::MappingError;
use foldline::store::native::{Mirror, MirrorStanding};
use foldline::store::{
    Address, AddressFlaw, AppendError, Conflict, Damage, Expected, Fault, FileKind, FindingKind, Flow, Framework,
    ModelError, Notice, OriginFault, Query, ReadOnlyReason, SchemaChange, SchemaObject, ServerDetail, ServerError,
    SqlClass, StoreError, StreamQuery, Unfit,
};

use crate::driver::Driver;
use foldline::workspace::{FieldsError, SourceError, WorkspaceError};

/// The names of a message and of those inside it, and the texts that must be found in the sentence.
fn parts(message: &Message, names: &mut Vec<&'static str>, texts: &mut Vec<String>) {
    names.push(message.id);
    for (_, value) in &message.values {
        match value {
            Said::Text(text) => texts.push(text.clone()),
            Said::Number(number) => texts.push(number.to_string()),
            Said::Message(inner) => parts(inner, names, texts),
        }
    }
}

fn is_hangul(letter: char) -> bool {
    ('가'..='힣').contains(&letter)
}

/// Two words of English in a row are no name of a thing.
fn is_english_sentence(text: &str) -> bool {
    let is_word = |word: &str| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_lowercase());
    let words: Vec<&str> = text.split(|letter: char| letter.is_whitespace() || ",;()".contains(letter)).collect();
    words.windows(2).any(|pair| pair.iter().all(|word| is_word(word)))
}

#[test]
fn a_sentence_is_told_from_a_name() {
    assert!(
        is_english_sentence("its port is no number") && is_english_sentence("응답이 없습니다(nobody listens there)")
    );
    assert!(!is_english_sentence("sslrootcert") && !is_english_sentence("disable, prefer 중 하나"));
}

/// English says what the command line says; Korean says it in Korean, with the same values.
#[track_caller]
fn assert_said(what: &(impl Explain + std::fmt::Display)) {
    let message = what.message();
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    parts(&message, &mut names, &mut texts);
    let [english, korean] = Language::ALL.map(|language| {
        let locale = Locale::new(language);
        for name in &names {
            assert!(locale.has(name), "{name} is not said in {language:?}");
        }
        locale.sentence(&message)
    });
    assert_eq!(english, what.to_string(), "{names:?}");
    let own: String = texts.iter().fold(korean.clone(), |rest, text| rest.replace(text.as_str(), ""));
    assert!(own.chars().any(is_hangul), "{names:?}: {korean}");
    assert!(!is_english_sentence(&own), "{names:?}: {korean}");
    for text in &texts {
        assert!(korean.contains(text), "{names:?}: “{text}” is missing: {korean}");
        // A value is a name, a number or another program's words; a sentence of Foldline's is none.
        assert!(!is_english_sentence(text), "{names:?} holds the sentence “{text}”: {korean}");
    }
}

fn text(name: &str) -> String {
    format!("«{name}»")
}

/// One of each; the match below does not let a new one be forgotten.
fn every_fault() -> Vec<Fault> {
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

fn is_listed_above(fault: &Fault) {
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

#[test]
fn what_each_kind_of_finding_means_and_what_to_do_is_said_in_every_language() {
    for kind in FindingKind::ALL {
        for (language, message) in Language::ALL.into_iter().flat_map(|l| [(l, kind.meaning()), (l, kind.advice())]) {
            let said = Locale::new(language).sentence(&message);
            assert_eq!(said.chars().any(is_hangul), language == Language::Korean, "{kind:?}: {said}");
            assert!(said.ends_with('.'), "{said}");
        }
    }
}

#[test]
fn every_finding_is_said_in_every_language() {
    for fault in every_fault() {
        is_listed_above(&fault);
        assert_said(&fault);
        for language in Language::ALL {
            let locale = Locale::new(language);
            let kind = locale.sentence(&fault.kind().message());
            assert_eq!(kind.chars().any(is_hangul), language == Language::Korean, "{kind}");
        }
    }
}

fn path() -> PathBuf {
    PathBuf::from(text("path"))
}

fn differs(fault: fn(StreamId, Version) -> OriginFault) -> StoreError {
    let fault = Box::new(fault(StreamId::from("stream"), Version(11)));
    StoreError::OriginDiffers { path: path(), origin: text("origin"), fault }
}

fn every_store_error() -> Vec<StoreError> {
    vec![
        StoreError::Missing(path()),
        StoreError::IsFolder(path()),
        StoreError::NoFolder(path()),
        StoreError::AlreadyThere(path()),
        StoreError::LeftBehind { path: path(), side: PathBuf::from(text("side")) },
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
        StoreError::Newer { path: path(), found: 11, supported: 12 },
        StoreError::Damaged { path: path(), detail: Damage::Said(text("detail")) },
        StoreError::Damaged { path: path(), detail: Damage::UnknownNumbers },
        StoreError::Damaged { path: path(), detail: Damage::TablesMissing },
        StoreError::Damaged { path: path(), detail: Damage::NamesUnreadable },
        StoreError::Damaged { path: path(), detail: Damage::FormatGone },
        StoreError::Locked(path()),
        StoreError::Changed(path()),
        StoreError::Full(path()),
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
fn every_line_flaw() -> Vec<LineFlaw> {
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

#[test]
fn what_is_wrong_with_a_piece_of_a_file_is_said_in_every_language() {
    for flaw in every_line_flaw() {
        assert_said(&flaw);
        for what in [
            Unread::Line { line: 1234, flaw: flaw.clone() },
            Unread::Byte { byte: 1234, flaw: flaw.clone() },
            Unread::Event { number: 1234, stream: text("stream").into(), flaw: flaw.clone() },
            Unread::Whole(flaw.clone()),
        ] {
            assert_said(&what);
            assert_said(&StoreError::NotEvents { path: path(), what: Box::new(what.clone()) });
            assert_said(&Fault::LineUnreadable { line: what });
        }
    }
}

/// One of each; the match does not let a new one be forgotten.
fn every_address_flaw() -> Vec<AddressFlaw> {
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
fn every_server_detail() -> Vec<ServerDetail> {
    let limit = Duration::from_secs(11);
    let all = vec![
        ServerDetail::Said(text("words")),
        ServerDetail::NoHost,
        ServerDetail::UnknownHost,
        ServerDetail::NoRoute,
        ServerDetail::NobodyListens,
        ServerDetail::NoSocket,
        ServerDetail::NoAnswerWithin(limit),
        ServerDetail::NoAnswer,
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
            | ServerDetail::NoAnswerWithin(_)
            | ServerDetail::NoAnswer
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

fn every_server_error() -> Vec<ServerError> {
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

fn every_mapping_error() -> Vec<MappingError> {
    vec![
        MappingError::Unreadable { path: path(), detail: text("detail") },
        MappingError::NoTable { asked: text("asked"), known: text("known") },
        MappingError::NoColumn { asked: text("asked"), role: "version", table: text("table"), known: text("known") },
        MappingError::NoColumn { asked: text("asked"), role: "causation", table: text("table"), known: text("known") },
        MappingError::NoStream { table: text("table") },
        MappingError::TooSlow { table: text("table"), seconds: 11 },
    ]
}

fn every_append_error() -> Vec<AppendError> {
    let conflict = |expected, actual| {
        let stream = StreamId::from("lead-1");
        AppendError::Conflict(Box::new(Conflict { stream, expected, actual, since: Vec::new() }))
    };
    let unfit = [
        Unfit::Archived(StreamId::from("lead-1")),
        Unfit::Refused(text("words")),
        Unfit::NoTypeToFollow,
        Unfit::NoAttributes,
        Unfit::NotJson,
        Unfit::NoTime,
        Unfit::NotPacked(text("words")),
        Unfit::Encrypted,
        Unfit::UnknownType { asked: text("asked"), known: text("known") },
    ];
    let mut errors: Vec<AppendError> =
        unfit.into_iter().map(|why| AppendError::Unfit { framework: Framework::FOLDLINE, why }).collect();
    errors.extend([
        conflict(Expected::Exact(Version(11)), Some(Version(12))),
        conflict(Expected::NoStream, Some(Version(12))),
        conflict(Expected::Any, None),
        AppendError::VersionTaken { stream: StreamId::from("lead-1"), version: Version(11), last: Version(12) },
        AppendError::VersionTooLarge { stream: StreamId::from("lead-1"), version: Version(u64::MAX) },
        AppendError::HeadDisagrees { stream: StreamId::from("lead-1") },
        AppendError::IdTaken(EventId::new("«id»")),
        AppendError::PayloadNotJson { event_type: text("type"), detail: text("detail") },
        AppendError::MetadataNotObject { event_type: text("type") },
        AppendError::NoName,
    ]);
    errors
}

fn every_problem() -> Vec<Problem> {
    let flaws = [
        Flaw::NotJson(text("detail").into()),
        Flaw::NotAnObject,
        Flaw::NotATime { field: "followup-on", text: text("text").into() },
        Flaw::Unknown { field: "priority", text: text("text").into() },
    ];
    let event_type = EventType::new(text("event"));
    let mut problems: Vec<Problem> =
        flaws.into_iter().map(|flaw| Problem::Payload { event_type: event_type.clone(), flaw }).collect();
    problems.extend(every_breach().into_iter().map(Problem::Breach));
    problems.push(Problem::Guess { event_type, kind: EventKind::Contacted });
    problems.push(Problem::Failed(ProjectionError::Event(text("detail").into())));
    problems.push(Problem::Failed(ProjectionError::StateTooLarge { bytes: 7, limit: 5 }));
    problems
}

fn every_breach() -> Vec<Breach> {
    let (kind, first) = (EventKind::ALL[0], EventKind::ALL[1]);
    vec![
        Breach::While { kind, status: "converted" },
        Breach::NotBegun { kind, first },
        Breach::BegunTwice(kind),
        Breach::FollowupInThePast,
        Breach::ChangesNothing(kind),
        Breach::NamesNothing(kind),
        Breach::AlreadyCompensated(kind),
        Breach::CompensatedBefore(kind),
        Breach::NothingToUndo(kind),
        Breach::NoCompensation(text("type")),
        Breach::ChangedLater(text("field")),
        Breach::NothingBefore("«field»"),
        Breach::EscalatedEarly,
        Breach::EscalatedWithoutWait,
        Breach::EscalatedTwice,
        Breach::EscalatedClosedBy("«who»"),
        Breach::ClosedEarly,
        Breach::ReopenedBy("«who»"),
        Breach::ReopenedLate,
        Breach::MovedUnescalated,
        Breach::MovedEarly,
        Breach::Unreadable(text("detail")),
        Breach::Foreign(text("type")),
    ]
}

fn every_session_error() -> Vec<EngineError> {
    let stream = StreamId::from("lead-1");
    vec![
        EngineError::NoStream { stream: stream.clone(), near: Vec::new() },
        EngineError::NoStream { stream: stream.clone(), near: vec![StreamId::from("lead-2")] },
        EngineError::NoVersion { stream: stream.clone(), asked: Version(20), first: Version(11), last: Version(12) },
        EngineError::BeforeItBegan { stream: stream.clone(), asked: Timestamp::from_micros(1), first: text("first") },
        EngineError::NoProjection { stream: stream.clone(), asked: text("asked"), known: vec![text("known")] },
        EngineError::NoField { stream: stream.clone(), asked: text("asked"), near: Vec::new() },
        EngineError::NoField { stream: stream.clone(), asked: text("asked"), near: vec![text("near")] },
        EngineError::NothingWrong { stream: stream.clone(), version: Version(11) },
        EngineError::NoRuleBroken(stream.clone()),
        EngineError::NeverTrue(stream),
        EngineError::NotAMoment(text("text")),
        EngineError::Condition(ConditionFlaw { kind: FlawKind::Empty, span: 0..0, instead: None }),
        EngineError::NoOrder,
        EngineError::NoPositions,
        EngineError::NoOrderToDivide,
        EngineError::SharedState(text("projection")),
        EngineError::NoSuchProjection { asked: text("asked"), known: vec![text("known")] },
        EngineError::NotOfStates,
        EngineError::Lost,
        EngineError::OverBudget(OverBudget { bytes: 200 << 20, budget: Budget::of_mebibytes(100) }),
    ]
}

fn every_flaw_of_a_condition() -> Vec<ConditionFlaw> {
    let kinds = vec![
        FlawKind::Empty,
        FlawKind::TooLong,
        FlawKind::TooDeep,
        FlawKind::Letter('#'),
        FlawKind::OpenText,
        FlawKind::Escape,
        FlawKind::Number(text("number")),
        FlawKind::LargeNumber(text("number")),
        FlawKind::Unexpected(text("word")),
        FlawKind::Unfinished,
        FlawKind::Field(text("field")),
        FlawKind::EventPart(text("part")),
        FlawKind::Function(text("function")),
        FlawKind::Arguments { function: "«function»", takes: "«takes»", given: 11 },
        FlawKind::Variable(text("function")),
        FlawKind::Pattern(text("pattern")),
        FlawKind::Time(text("time")),
        FlawKind::Length(text("length")),
        FlawKind::Zone(text("zone")),
        FlawKind::Bytes,
        FlawKind::TooManySteps,
        FlawKind::TooManyStepsInAll,
    ];
    for kind in &kinds {
        match kind {
            FlawKind::Empty
            | FlawKind::TooLong
            | FlawKind::TooDeep
            | FlawKind::Letter(_)
            | FlawKind::OpenText
            | FlawKind::Escape
            | FlawKind::Number(_)
            | FlawKind::LargeNumber(_)
            | FlawKind::Unexpected(_)
            | FlawKind::Unfinished
            | FlawKind::Field(_)
            | FlawKind::EventPart(_)
            | FlawKind::Function(_)
            | FlawKind::Arguments { .. }
            | FlawKind::Variable(_)
            | FlawKind::Pattern(_)
            | FlawKind::Time(_)
            | FlawKind::Length(_)
            | FlawKind::Zone(_)
            | FlawKind::Bytes
            | FlawKind::TooManySteps
            | FlawKind::TooManyStepsInAll => {}
        }
    }
    let flaw = |kind: &FlawKind, instead| ConditionFlaw { kind: kind.clone(), span: 0..1, instead };
    kinds.iter().flat_map(|kind| [flaw(kind, None), flaw(kind, Some(text("instead")))]).collect()
}

fn every_doubt() -> Vec<Doubt> {
    let kinds = vec![
        DoubtKind::Compare(Kind::Null, Kind::Int),
        DoubtKind::Compare(Kind::Text, Kind::Time),
        DoubtKind::Reckon(Kind::Bool, Kind::Length),
        DoubtKind::NoCondition(Kind::List),
        DoubtKind::NoCondition(Kind::Map),
        DoubtKind::Takes("«function»", Kind::Kind),
        DoubtKind::NoItem,
        DoubtKind::ByNought,
        DoubtKind::TooLarge,
        DoubtKind::Zone(text("zone")),
    ];
    kinds.into_iter().map(|kind| Doubt { kind, span: 0..1 }).collect()
}

fn every_plan_error() -> Vec<PlanError> {
    vec![
        PlanError::NoSuchEvent { stream: StreamId::from("lead-1"), version: Version(11) },
        PlanError::NoRules(EventType::from("«type»")),
        PlanError::NoActor,
        PlanError::NoReason,
        PlanError::FieldTwice("«name»".to_owned()),
        PlanError::PayloadNotJson(JsonFault { what: NotJson::Value, line: 1, column: 2 }),
        PlanError::NoType,
        PlanError::NothingLoaded(text("stream").as_str().into()),
    ]
}

fn every_source_error() -> Vec<SourceError> {
    let path = || PathBuf::from(text("path"));
    let error = || io::Error::other(text("detail"));
    let all = vec![
        SourceError::Unreadable { path: path(), error: error() },
        SourceError::Gone { path: path() },
        SourceError::NoFile { path: path() },
        SourceError::NotText { path: path() },
        SourceError::TooLong { path: path() },
        SourceError::Unwritable { path: path(), error: error() },
        SourceError::Exists { name: text("name") },
        SourceError::BadName { name: text("name") },
        SourceError::Workspace(WorkspaceError::NoFolder),
    ];
    for one in &all {
        match one {
            SourceError::Unreadable { .. }
            | SourceError::Gone { .. }
            | SourceError::NoFile { .. }
            | SourceError::NotText { .. }
            | SourceError::TooLong { .. }
            | SourceError::Unwritable { .. }
            | SourceError::Exists { .. }
            | SourceError::BadName { .. }
            | SourceError::Workspace(_) => {}
        }
    }
    all
}

fn every_workspace_error() -> Vec<WorkspaceError> {
    vec![
        WorkspaceError::NoFolder,
        WorkspaceError::Unreadable { path: path(), error: io::Error::other(text("detail")) },
        WorkspaceError::Unwritable { path: path(), error: io::Error::other(text("detail")) },
        WorkspaceError::Damaged { path: path(), detail: text("detail") },
        WorkspaceError::Newer { path: path(), what: "workspace", found: 7, supported: 1 },
        WorkspaceError::Newer { path: path(), what: "notes", found: 7, supported: 1 },
        WorkspaceError::Newer { path: path(), what: "branches", found: 7, supported: 1 },
    ]
}

fn every_settings_error() -> Vec<FieldsError> {
    vec![
        FieldsError::PutAside { path: path(), aside: PathBuf::from(text("aside")), detail: text("detail") },
        FieldsError::Unreadable { path: path(), error: io::Error::from_raw_os_error(13) },
        FieldsError::Unwritable { path: path(), error: io::Error::from_raw_os_error(28) },
    ]
}

fn every_edit_error() -> Vec<EditError> {
    vec![
        EditError::NoEvent { version: Version(11) },
        EditError::OtherEvent { version: Version(11) },
        EditError::NotAPath(text("path")),
        EditError::NoPlace { version: Version(11), path: text("path") },
    ]
}

fn every_sample_error() -> Vec<SampleError> {
    vec![
        SampleError::Nothing,
        SampleError::TooFewEvents { streams: 12, events: 11 },
        SampleError::OnlyLead1,
        SampleError::TooMany,
        SampleError::NotEmpty(path()),
        SampleError::Story(Breach::ClosedEarly),
    ]
}

/// Of what is sealed and signed.
fn every_signing_error() -> (Vec<SealError>, Vec<KeyError>, Vec<Unreadable>, Vec<ProofError>) {
    let bad = |bad| SealError::Bad { path: path(), bad };
    let unwritten = KeyError::Unwritten { path: path(), source: io::Error::other(text("source")) };
    (
        vec![bad(BadSeal::NoSeal), bad(BadSeal::Broken)],
        vec![KeyError::NoHome, KeyError::Bad(path()), unwritten],
        vec![Unreadable::Missing(path()), Unreadable::TooLong(path())],
        vec![
            ProofError::TooMany { events: 11 },
            ProofError::NothingFound(text("text")),
            ProofError::NotGrown,
            ProofError::NoEvidence(path()),
        ],
    )
}

#[test]
fn everything_wrong_with_evidence_is_said_in_every_language() {
    let all = [
        EvidenceFault::SignatureMissing,
        EvidenceFault::SignatureBroken,
        EvidenceFault::Edited,
        EvidenceFault::DataUnreadable,
        EvidenceFault::OtherKey,
        EvidenceFault::CheckpointBroken,
        EvidenceFault::EventChanged,
        EvidenceFault::NotInTree,
        EvidenceFault::PagesDiffer,
        EvidenceFault::SinceBroken,
        EvidenceFault::OtherStore,
        EvidenceFault::OtherRoot { size: 11 },
        EvidenceFault::NotCompared { sealed: 11, size: 12 },
    ];
    all.iter().for_each(assert_said);
}

fn every_sql_error() -> Vec<SqlError> {
    let refusals = [
        SqlRefusal::Function(text("name")),
        SqlRefusal::Pragma(text("name")),
        SqlRefusal::Attach,
        SqlRefusal::Insert,
        SqlRefusal::Update,
        SqlRefusal::Delete,
        SqlRefusal::Transaction,
        SqlRefusal::Schema,
        SqlRefusal::Table(text("name")),
    ];
    let hint = |hint| SqlFlaw::NoColumn { name: text("name"), hint };
    let flaws = [
        SqlFlaw::NoTable { name: text("name"), hint: SqlHint::Near(vec![text("one"), text("other")]) },
        hint(SqlHint::All(vec![text("one"), text("other")])),
        hint(SqlHint::NoTableNamed),
        SqlFlaw::Quoted { name: text("name"), text: text("text") },
        SqlFlaw::Syntax(text("near")),
        SqlFlaw::Unfinished,
        SqlFlaw::NoFunction(text("name")),
        SqlFlaw::Ambiguous(text("name")),
        SqlFlaw::Other(text("said")),
    ];
    let queries = flaws.into_iter().map(|flaw| SqlError::Query { flaw, at: None });
    let others = [SqlError::Several, SqlError::Nothing, SqlError::TooLong(Duration::from_millis(1_500))];
    refusals.into_iter().map(SqlError::Writes).chain(queries).chain(others).collect()
}

fn every_model_error() -> Vec<ModelError> {
    let (place, table) = (text("place"), text("table"));
    let none = |near: &str| ModelError::NoTable { place: place.clone(), table: table.clone(), near: near.to_owned() };
    vec![
        ModelError::IsStore(place.clone()),
        ModelError::NotOurs(place.clone()),
        ModelError::TableTaken { place: place.clone(), table: table.clone() },
        ModelError::Reserved(place.clone()),
        none(""),
        none("«near»"),
        ModelError::NoColumn {
            place: place.clone(),
            table: table.clone(),
            column: text("column"),
            known: text("known"),
        },
        ModelError::Newer(place.clone()),
    ]
}

#[test]
fn every_error_is_said_in_every_language() {
    every_sql_error().iter().for_each(assert_said);
    every_model_error().iter().for_each(assert_said);
    assert_said(&MaterialiseError::NoCategory(text("category")));
    assert_said(&DriftError::NeedsMap(text("place")));
    let (seals, keys, files, proofs) = every_signing_error();
    proofs.iter().for_each(assert_said);
    seals.iter().for_each(assert_said);
    keys.iter().for_each(assert_said);
    files.iter().for_each(assert_said);
    every_store_error().iter().for_each(assert_said);
    for kind in FileKind::ALL {
        assert_said(&StoreError::NoFile { path: path(), kind });
        assert_said(&ExportError::Target(TargetError::NoFile { path: path(), kind }));
    }
    for error in every_server_error() {
        assert_said(&error);
        let address = Address::new("postgres://kim@db/sales");
        assert_said(&StoreError::Server { address, error: Box::new(error) });
    }
    for error in nats::every_nats_error() {
        assert_said(&error);
        let address = Address::new("nats://kim:@db/SALES");
        assert_said(&StoreError::Nats { address, error: Box::new(error) });
    }
    for error in every_mapping_error() {
        assert_said(&error);
        assert_said(&StoreError::Mapping { place: text("place"), source: error });
    }
    every_append_error().iter().for_each(assert_said);
    assert_said(&AppendError::Store(StoreError::Cancelled));
    every_breach().iter().for_each(assert_said);
    every_session_error().iter().for_each(assert_said);
    every_flaw_of_a_condition().iter().for_each(assert_said);
    every_doubt().iter().for_each(assert_said);
    every_plan_error().iter().for_each(assert_said);
    for what in NotJson::ALL {
        assert_said(&JsonFault { what, line: 31, column: 47 });
    }
    assert_said(&PlanError::Refused(Breach::ClosedEarly));
    every_problem().iter().for_each(assert_said);
    every_workspace_error().iter().for_each(assert_said);
    every_source_error().iter().for_each(assert_said);
    every_settings_error().iter().for_each(assert_said);
    every_edit_error().iter().for_each(assert_said);
    every_sample_error().iter().for_each(assert_said);
    assert_said(&MakeSampleError::NoHome);
    assert_said(&ExportError::Store(StoreError::Cancelled));
    for refused in [
        TargetError::Taken(path()),
        TargetError::Exported(path()),
        TargetError::Database(path()),
        TargetError::SideFile { path: path(), database: PathBuf::from(text("database")) },
        TargetError::Key(path()),
        TargetError::Dash,
        TargetError::Circle(path()),
        TargetError::Store(StoreError::NoFolder(path())),
    ] {
        assert_said(&ExportError::Target(refused));
    }
    assert_said(&ExcerptError::NoForm(path()));
    assert_said(&ExportError::Write { path: path(), source: io::Error::other(text("source")) });
}

#[test]
fn what_one_should_know_of_a_store_is_said_in_every_language() {
    let all = [
        ReadOnlyReason::RulesOutside,
        ReadOnlyReason::Framework,
        ReadOnlyReason::NoStreams,
        ReadOnlyReason::Log,
        ReadOnlyReason::Mapping,
        ReadOnlyReason::File,
        ReadOnlyReason::Partitions,
        ReadOnlyReason::Mirror,
        ReadOnlyReason::Permissions,
    ];
    all.iter().for_each(assert_said);
    let all = [
        Notice::FileDamaged(path()),
        Notice::LineUnreadable { path: path(), first: Unread::Line { line: 11, flaw: LineFlaw::NotUtf8 } },
        Notice::LinesUnreadable { path: path(), count: 11, first: Unread::Whole(LineFlaw::Utf16) },
        Notice::NumberedByIdentifier,
        Notice::NumberedByTime,
        Notice::NumberedByRecording,
        Notice::MessagesGone(11),
        Notice::DropsMessages,
        Notice::NumberedWhereMissing(text("column")),
        Notice::Mirror(Mirror { origin: text("origin"), standing: Some(MirrorStanding::default()) }),
        Notice::Mirror(Mirror { origin: text("origin"), standing: None }),
    ];
    all.iter().for_each(assert_said);
}

#[test]
fn no_sentence_of_one_language_lacks_a_value_that_the_other_says() {
    let texts = |language: &str| {
        let file = format!("{}/assets/locales/{language}.ftl", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(file).expect("readable")
    };
    let values = |text: &str| -> BTreeSet<String> {
        let names = text.split("{ $").skip(1).filter_map(|rest| rest.split([' ', '}']).next());
        names.map(str::to_owned).collect()
    };
    let korean = texts("ko");
    let explained = [
        "error-",
        "server-",
        "address-",
        "sql-",
        "file-kind-",
        "mapping-no-",
        "append-",
        "ask-",
        "plan-",
        "breach-",
        "problem-",
        "flaw-",
        "fault-",
        "unread-",
        "line-",
    ];
    let mut seen = 0;
    for line in texts("en").lines().filter(|line| explained.iter().any(|prefix| line.starts_with(prefix))) {
        let (name, english) = line.split_once(" = ").expect("a name and a text");
        let other = korean.lines().find_map(|line| line.strip_prefix(&format!("{name} = "))).expect(name);
        assert_eq!(values(english), values(other), "{name}");
        seen += 1;
    }
    assert!(seen > 100, "only {seen}");
}

/// The words of a sentence about what failed that are neither a name nor another program's.
fn shown_failure(driver: &Driver, part: &str) -> String {
    driver.all_text().lines().find(|line| line.contains(part)).unwrap_or_default().to_owned()
}

#[test]
fn what_does_not_open_is_said_in_korean_where_korean_is_chosen() {
    let mut driver = Driver::at("lead-1");
    driver.click("한국어");
    for (name, content, words) in [
        ("missing.db", None, "파일이 없습니다"),
        ("empty.db", Some(String::new()), "빈 파일"),
        ("text.db", Some("no database at all ".repeat(100)), "SQLite 데이터베이스가 아닙니다"),
    ] {
        let path = driver.path(name);
        if let Some(content) = content {
            std::fs::write(&path, content).expect("written");
        }
        driver.open(&path);
        let said = shown_failure(&driver, &format!("{name}: "));
        assert!(said.contains(words), "{name}: {said}\n{}", driver.all_text());
        // The same failure, once the other language is chosen.
        driver.click("English");
        let english = shown_failure(&driver, &format!("{name}: "));
        assert!(!english.is_empty() && !english.chars().any(is_hangul), "{english}");
        driver.click("한국어");
    }
}

#[test]
fn what_is_wrong_with_an_address_is_said_in_korean_where_korean_is_chosen() {
    let mut driver = Driver::welcome();
    driver.settle();
    driver.click("한국어");
    for (address, words) in [
        ("mysql://db/sales", "postgres://"),
        ("postgres://db:port/sales", "포트 번호가 아닙니다"),
        ("postgres://db/sales?sslmod=on", "알 수 없는 옵션"),
        ("postgres://kim@db/sales?sslmode=maybe", "중 하나여야"),
        ("postgres://kim:x@127.0.0.1:1/sales?sslmode=disable", "연결을 받는 프로그램이 없습니다"),
        ("postgres://kim@%2Fnowhere/sales", "소켓이 없습니다"),
    ] {
        driver.type_over("저장소 경로 또는 주소", address);
        driver.press(Key::Enter);
        let said = shown_failure(&driver, words);
        assert!(!said.is_empty(), "{address}\n{}", driver.all_text());
        assert!(!is_english_sentence(&said), "{address}: {said}");
    }
}

#[test]
fn what_a_check_finds_is_said_in_korean_where_korean_is_chosen() {
    let mut driver = Driver::with("lead-1", |path| {
        let options = SampleOptions { events: Some(200), seed: 1, ..SampleOptions::default() };
        write_sample(path, &options, &mut |_| Flow::Continue(())).expect("a sample");
        let tool = rusqlite::Connection::open(path).expect("any tool can open it");
        tool.execute_batch("DROP TRIGGER events_never_go").expect("the guard is dropped");
    });
    driver.click("한국어");
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("검색 또는 명령 실행", "저장소 점검");
    driver.press(Key::Enter);
    driver.wait_for("보호 해제");
    assert!(driver.shows_part("events_never_go이(가) 없습니다"), "{}", driver.all_text());
    assert!(!driver.shows_part("is gone"), "{}", driver.all_text());
}

/// Leads and tickets are part of Foldline, and so are the words for their fields.
#[test]
fn every_field_of_the_built_in_domain_has_a_korean_caption() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sample.db");
    write_sample(
        &path,
        &SampleOptions { events: Some(2_000), streams: Some(200), ..SampleOptions::default() },
        &mut |_| Flow::Continue(()),
    )
    .expect("a sample");
    let store = foldline::store::open(&path.into()).expect("opened");
    let korean = Locale::new(Language::Korean);
    let mut fields = BTreeSet::new();
    for (aggregate, category) in [(Aggregate::Lead, "lead"), (Aggregate::Ticket, "ticket")] {
        for projection in registry().of_aggregate(Some(aggregate)).iter().filter(|own| own.aggregate().is_some()) {
            let mut streams = Vec::new();
            let query = StreamQuery { category: Some(category.to_owned()), ..StreamQuery::default() };
            store
                .visit_streams(&query, &mut |row| {
                    streams.push(row.stream);
                    Flow::Continue(())
                })
                .expect("listed");
            for stream in streams {
                let mut fold = projection.fold();
                store
                    .visit_events(&Query::stream(stream), &mut |row| {
                        fold.push(row);
                        Flow::Continue(())
                    })
                    .expect("read");
                let shown = fold.show();
                fields.extend(shown.as_object().expect("an object").keys().cloned());
            }
        }
    }
    assert!(fields.contains("payment-deadline") && fields.contains("waiting-since"), "{fields:?}");
    let lacking: Vec<_> = fields.iter().filter(|field| korean.caption(field).is_none()).collect();
    assert!(lacking.is_empty(), "without a caption: {lacking:?}");
}

#[test]
fn nothing_that_the_window_says_sends_anybody_to_the_command_line() {
    for language in Language::ALL {
        let file = format!(
            "{}/assets/locales/{}.ftl",
            env!("CARGO_MANIFEST_DIR"),
            if language == Language::English { "en" } else { "ko" }
        );
        let texts = std::fs::read_to_string(file).expect("readable");
        let said: BTreeSet<&str> =
            texts.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
        for (name, text) in texts.lines().filter_map(|line| line.split_once(" = ")) {
            let is_of_commands = ["`foldline", " --", "`--", "`-`"].iter().any(|part| text.contains(part));
            assert!(
                !is_of_commands || said.contains(format!("window-{name}").as_str()),
                "{name} in {language:?}: {text}"
            );
        }
    }
}

#[test]
fn every_command_has_a_title_in_every_language() {
    for language in Language::ALL {
        let locale = Locale::new(language);
        for command in foldline::command::Command::all() {
            assert_ne!(locale.text(command.title()), command.title(), "{language:?} has no text for {command:?}");
        }
    }
}

/// A name without a text would stand there itself.
#[test]
fn every_text_that_the_window_asks_for_is_there() {
    fn sources(folder: &std::path::Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { sources(&path, found) } else { found.push(path) }
        }
    }
    let (root, locale) = (PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src"), Locale::new(Language::Korean));
    let mut files = Vec::new();
    for room in ["ui", "app"] {
        sources(&root.join(room), &mut files);
    }
    let mut asked = BTreeSet::new();
    for source in files.iter().map(|path| std::fs::read_to_string(path).expect("readable")) {
        for call in ["scene.text(\"", "locale.text(\"", "locale.with(\""] {
            let names = source.split(call).skip(1).filter_map(|rest| rest.split('"').next());
            asked.extend(names.map(str::to_owned));
        }
    }
    assert!(asked.len() > 300, "{}", asked.len());
    // In English some are called as they are said: who, when.
    let missing: Vec<&String> = asked.iter().filter(|name| locale.text(name) == **name).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
