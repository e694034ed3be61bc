//! Everything that the engine may find or refuse can be said in each language.

use foldline::event::{Explain, Message, Said, Timestamp, Version};
use foldline::locale::{Language, Locale};
use foldline::store::{Fault, SchemaChange, SchemaObject};
use foldline::ui::sentence;

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
        sentence(&locale, &message)
    });
    assert_eq!(english, what.to_string(), "{names:?}");
    let own: String = texts.iter().fold(korean.clone(), |rest, text| rest.replace(text.as_str(), ""));
    assert!(own.chars().any(is_hangul), "{names:?}: {korean}");
    for text in &texts {
        assert!(korean.contains(text), "{names:?}: “{text}” is missing: {korean}");
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
        Fault::MetadataNotJson,
        Fault::PayloadNotText,
        Fault::PayloadsEncrypted { count: 12 },
        Fault::HashBroken,
        Fault::CountsDiffer { kept: 11, kept_last: version, events: 12, last: Version(13) },
        Fault::EndsDiffer,
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
        Fault::FileDamaged { path: text("path") },
        Fault::ReadingEnded { detail: text("detail") },
        Fault::Unreadable { path: text("path"), detail: text("detail") },
    ];
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
        | Fault::MetadataNotJson
        | Fault::PayloadNotText
        | Fault::PayloadsEncrypted { .. }
        | Fault::HashBroken
        | Fault::CountsDiffer { .. }
        | Fault::EndsDiffer
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
        | Fault::FileDamaged { .. }
        | Fault::ReadingEnded { .. }
        | Fault::Unreadable { .. } => {}
        // Another's words: SQLite's of its pages, and those about a line of a file.
        Fault::Pages { .. } | Fault::LineUnreadable { .. } => {}
    }
}

#[test]
fn every_finding_is_said_in_every_language() {
    for fault in every_fault() {
        is_listed_above(&fault);
        assert_said(&fault);
        for language in Language::ALL {
            let locale = Locale::new(language);
            let kind = sentence(&locale, &fault.kind().message());
            assert_eq!(kind.chars().any(is_hangul), language == Language::Korean, "{kind}");
        }
    }
}
