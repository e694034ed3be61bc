//! Everything that the engine may find or refuse can be said in each language.

mod meaning;
mod nats;
mod store;
mod work;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use egui::{Key, Modifiers};
use foldline::compensate::PlanError;
use foldline::domain::{Aggregate, Breach};
use foldline::engine::{DriftError, ExcerptError, MakeSampleError, MaterialiseError, write_sample};
use foldline::event::{Explain, JsonFault, Message, NotJson, Said};
use foldline::evidence::EvidenceFault;
use foldline::locale::{Language, Locale};
use foldline::replay::registry;
use foldline::sample::SampleOptions;
use foldline::store::files::{ExportError, LineFlaw, TargetError, Unread};
use foldline::store::native::{Mirror, MirrorStanding};
use foldline::store::{
    Address, AppendError, Fault, FileKind, FindingKind, Flow, Notice, Query, ReadOnlyReason, StoreError, StreamQuery,
};

use self::meaning::{
    every_breach, every_doubt, every_edit_error, every_flaw_of_a_condition, every_plan_error, every_problem,
    every_sample_error,
};
use self::store::{
    every_append_error, every_fault, every_line_flaw, every_mapping_error, every_server_error, every_store_error,
    is_listed_above,
};
use self::work::{
    every_model_error, every_session_error, every_settings_error, every_share_error, every_signing_error,
    every_source_error, every_sql_error, every_workspace_error,
};
use crate::driver::Driver;

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

#[test]
fn every_error_is_said_in_every_language() {
    every_sql_error().iter().for_each(assert_said);
    every_model_error().iter().for_each(assert_said);
    every_share_error().iter().for_each(assert_said);
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

/// The source of these rooms, file by file, without their tests.
fn sources(rooms: &[&str]) -> Vec<String> {
    fn gather(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                gather(&path, found);
            } else if !path.ends_with("tests.rs") {
                found.push(std::fs::read_to_string(path).expect("readable"));
            }
        }
    }
    let (root, mut found) = (PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src"), Vec::new());
    for room in rooms {
        gather(&root.join(room), &mut found);
    }
    found
}

/// What takes long is named while it runs, by a text of its own.
#[test]
fn everything_that_may_take_long_is_named() {
    let mut jobs = BTreeSet::new();
    for source in sources(&["view", "engine", "app"]) {
        // Tests stand last in a file.
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        for call in ["const WHAT: &'static str = \"", "begin(\""] {
            let names = source.split(call).skip(1).filter_map(|rest| rest.split('"').next());
            jobs.extend(names.filter(|name| *name != "testing").map(|name| format!("job-{}", name.replace(' ', "-"))));
        }
    }
    assert!(jobs.len() > 40, "{}", jobs.len());
    for locale in Language::ALL.map(Locale::new) {
        let missing: Vec<&String> = jobs.iter().filter(|name| locale.text(name) == **name).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

/// A name without a text would stand there itself.
#[test]
fn every_text_that_the_window_asks_for_is_there() {
    let locale = Locale::new(Language::Korean);
    let mut asked = BTreeSet::new();
    for source in sources(&["ui", "app"]) {
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
