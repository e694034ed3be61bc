//! What survives a restart: everything the user chose, and nothing that would surprise.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use eframe::{App as _, Storage};
use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::app::{App, Start};
use foldline::event::{EventId, EventType, NewEvent, StreamId};
use foldline::index::Meter;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};
use tempfile::TempDir;

use crate::driver::Driver;

/// What one run leaves for the next: a folder of its own, and what whoever shows the window keeps itself.
#[derive(Clone, Debug)]
struct Kept(Rc<RefCell<BTreeMap<String, String>>>, Rc<TempDir>);

impl Default for Kept {
    fn default() -> Self {
        Self(Rc::default(), Rc::new(tempfile::tempdir().expect("a folder")))
    }
}

impl Kept {
    fn settings(&self) -> PathBuf {
        self.1.path().join("settings.json")
    }
}

impl Storage for Kept {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.borrow().get(key).cloned()
    }

    fn set_string(&mut self, key: &str, value: String) {
        self.0.borrow_mut().insert(key.to_owned(), value);
    }

    fn remove_string(&mut self, key: &str) {
        self.0.borrow_mut().remove(key);
    }

    fn flush(&mut self) {}
}

fn start(kept: &Kept, start: Start) -> Harness<'static, App> {
    let start = Start { settings: Some(kept.settings()), ..start };
    // Leaked: the window asks for what outlives it.
    let kept: &'static Kept = Box::leak(Box::new(kept.clone()));
    Harness::builder().with_size([1280.0, 800.0]).build_eframe(move |context| {
        context.storage = Some(kept);
        App::new(context, start)
    })
}

fn close(driver: Driver, kept: &Kept) -> TempDir {
    let (window, folder) = driver.into_parts();
    let mut app = window.into_state();
    app.save(&mut kept.clone());
    folder
}

fn run(driver: &mut Driver, command: &str) {
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", command);
    driver.press(Key::Enter);
}

#[test]
fn language_zone_and_recent_stores_are_as_they_were_left() {
    let kept = Kept::default();
    let mut driver = Driver::welcome_in(start(&kept, Start::default()));
    let path = driver.sample();
    driver.settle();
    driver.type_into("Path or address of a store", &path.display().to_string());
    driver.press(Key::Enter);
    run(&mut driver, "UTC or local");
    run(&mut driver, "한국어");
    driver.assert_shows("small.db");
    let folder = close(driver, &kept);
    let mut again = Driver::welcome_in(start(&kept, Start::default()));
    again.settle();
    again.assert_shows("샘플 둘러보기");
    assert!(again.shows_part(&path.display().to_string()), "{}", again.all_text());
    again.assert_hides("UTC");
    drop(folder);
}

#[test]
fn lanes_are_there_again_after_a_restart() {
    let kept = Kept::default();
    let driver = Driver::welcome_in(start(&kept, Start::default()));
    let path = driver.sample();
    let wish = || Start { store: Some(path.clone().into()), stream: Some("lead-1".into()), ..Start::default() };
    let mut driver = driver.with_window(start(&kept, wish()));
    driver.settle();
    driver.press(Key::L);
    driver.strike("contacts > 1");
    driver.press(Key::Enter);
    assert!(driver.shows_part("contacts > 1: true once, 3 events"), "{}", driver.all_text());
    let folder = close(driver, &kept);
    let mut again = Driver::welcome_in(start(&kept, wish()));
    again.settle();
    assert!(again.shows_part("contacts > 1: true once, 3 events"), "{}", again.all_text());
    drop(folder);
}

#[test]
fn writing_is_off_again_after_a_restart() {
    let kept = Kept::default();
    let mut driver = Driver::welcome_in(start(&kept, Start::default()));
    let path = driver.sample();
    let at_lead = || Start { store: Some(path.clone().into()), stream: Some("lead-1".into()), ..Start::default() };
    driver = driver.with_window(start(&kept, at_lead()));
    driver.settle();
    run(&mut driver, "Switch writing");
    driver.click_role(Role::Button, "Switch writing on");
    driver.assert_shows("writing on");
    let _folder = close(driver, &kept);
    let mut again = Driver::welcome_in(start(&kept, at_lead()));
    again.settle();
    again.assert_shows("State at version 6");
    again.assert_shows("read-only");
    again.click("read-only");
    // What it means was said for this store.
    again.assert_shows("writing on");
}

#[test]
fn a_correction_that_was_begun_is_there_after_a_restart() {
    let kept = Kept::default();
    let mut driver = Driver::welcome_in(start(&kept, Start::default()));
    let path = driver.sample();
    let at_lead = || Start { store: Some(path.clone().into()), stream: Some("lead-1".into()), ..Start::default() };
    driver = driver.with_window(start(&kept, at_lead()));
    driver.settle();
    driver.click("Compensate…");
    driver.type_into("Reason", "half a sentence");
    let _folder = close(driver, &kept);
    let mut again = Driver::welcome_in(start(&kept, at_lead()));
    again.settle();
    again.click("1 draft kept");
    again.click("lead-1 v6");
    assert!(again.all_text().contains("half a sentence"), "{}", again.all_text());
}

/// A store of one stream: a note, and what became of it.
fn notes(path: &Path, stream: &str, words: &[&str]) {
    let mut store = NativeStore::create(path).expect("a store");
    for (nth, word) in words.iter().enumerate() {
        let event = NewEvent {
            id: EventId::new(&format!("{stream} {nth} {word}")),
            event_type: EventType::from(if nth == 0 { "noted" } else { "changed" }),
            schema: 1,
            recorded_at: None,
            payload: format!(r#"{{"text":"{word}"}}"#),
            metadata: String::new(),
        };
        store.append(&StreamId::from(stream), Expected::Any, &[event]).expect("appended");
    }
}

/// A correction of the second event that was begun and left with the window.
fn begun(kept: &Kept) -> Driver {
    let mut driver = Driver::welcome_in(start(kept, Start::default()));
    let path = driver.path("notes.db");
    notes(&path, "note-1", &["a", "b"]);
    driver.open(&path);
    driver.click_stream("note-1");
    driver.click("Compensate…");
    driver.type_into("Reason", "half a sentence");
    let (window, folder) = driver.into_parts();
    let mut app = window.into_state();
    app.save(&mut kept.clone());
    drop(app);
    Driver::in_folder(start(kept, Start::default()), folder)
}

#[test]
fn what_others_recorded_between_two_runs_is_told_with_the_draft() {
    let kept = Kept::default();
    let mut driver = begun(&kept);
    let path = driver.path("notes.db");
    let mut store = NativeStore::open_for_writing(&path).expect("opened");
    let event = NewEvent {
        id: EventId::new("theirs"),
        event_type: EventType::from("changed"),
        schema: 1,
        recorded_at: None,
        payload: r#"{"text":"c"}"#.to_owned(),
        metadata: r#"{"actor":"lee"}"#.to_owned(),
    };
    store.append(&StreamId::from("note-1"), Expected::Any, &[event]).expect("appended");
    drop(store);
    driver.open(&path);
    driver.click("1 draft kept");
    driver.click("note-1 v1");
    assert!(driver.shows_part("Somebody was quicker"), "{}", driver.all_text());
    for text in ["b → c", "lee", "As planned, as version 2", "b → a", "On what came first, as version 3", "c → a"]
    {
        driver.assert_shows(text);
    }
    assert!(driver.all_text().contains("half a sentence"), "{}", driver.all_text());
}

#[test]
fn a_draft_whose_event_is_another_one_by_now_says_so_and_keeps_its_words() {
    for (stream, words, said) in [
        ("note-1", &["x", "y"][..], "Version 1 of note-1 is changed now"),
        ("note-1", &["x"], "Version 1 of note-1 is not there any more"),
        ("other-1", &["x", "y"], "There is no stream note-1"),
    ] {
        let kept = Kept::default();
        let mut driver = begun(&kept);
        let path = driver.path("notes.db");
        std::fs::remove_file(&path).expect("removed");
        notes(&path, stream, words);
        driver.open(&path);
        driver.click("1 draft kept");
        driver.click("note-1 v1");
        assert!(driver.shows_part(said), "{said}: {}", driver.all_text());
        assert!(driver.all_text().contains("half a sentence"), "{}", driver.all_text());
        driver.assert_shows("What you wrote is kept until you discard it.");
        let append = driver.window.get_by_role_and_label(Role::Button, "Append");
        assert!(append.accesskit_node().is_disabled(), "{said}");
        driver.press(Key::Escape);
        while driver.shows("Compensate version 1") {
            driver.press(Key::Escape);
        }
        driver.assert_shows("1 draft kept");
    }
}

#[test]
fn settings_that_cannot_be_read_are_as_at_the_first_start_and_kept_aside() {
    let kept = Kept::default();
    std::fs::write(kept.settings(), "{\"language\":\"Klin").expect("written");
    let mut driver = Driver::welcome_in(start(&kept, Start::default()));
    driver.settle();
    driver.assert_shows("Explore the sample");
    assert!(driver.shows_part("not all settings could be read"), "{}", driver.all_text());
    let aside = kept.1.path().join("settings.aside-1.json");
    assert_eq!(std::fs::read_to_string(&aside).expect("kept"), "{\"language\":\"Klin");
    // It is told once the store that was asked for is open, too.
    let path = driver.sample();
    driver.open(&path);
    assert!(driver.shows_part("not all settings could be read"), "{}", driver.all_text());
    close(driver, &kept);
    let mut again = Driver::welcome_in(start(&kept, Start::default()));
    again.settle();
    assert!(
        !again.shows_part("not all settings could be read") && again.shows_part("small.db"),
        "{}",
        again.all_text()
    );
    assert!(aside.exists());
}

#[test]
fn one_setting_that_cannot_be_read_costs_no_other() {
    let kept = Kept::default();
    let said = r#"{"foldline-settings":1,"language":"Korean","zone":{"on":"Mars"}}"#;
    std::fs::write(kept.settings(), said).expect("written");
    let mut driver = Driver::welcome_in(start(&kept, Start::default()));
    driver.settle();
    driver.assert_shows("샘플 둘러보기");
    assert!(driver.shows_part("설정을 모두 읽지 못했습니다"), "{}", driver.all_text());
    close(driver, &kept);
    assert_eq!(std::fs::read_to_string(kept.1.path().join("settings.aside-1.json")).expect("kept"), said);
}

#[test]
fn a_budget_below_what_the_program_itself_takes_is_taken_and_said_to_be_little() {
    let kept = Kept::default();
    std::fs::write(kept.settings(), r#"{"foldline-settings":1,"memory_mib":64}"#).expect("written");
    let meter = Meter { taken: || 187 << 20, give_back: || {} };
    let driver = Driver::welcome_in(start(&kept, Start::default()));
    let path = driver.sample();
    let wish =
        Start { store: Some(path.into()), stream: Some("lead-1".into()), meter: Some(meter), ..Start::default() };
    let mut driver = driver.with_window(start(&kept, wish));
    driver.settle();
    assert!(driver.shows_part("The program alone takes 187 MiB of 64 MiB"), "{}", driver.all_text());
    driver.press_with(Modifiers::COMMAND, Key::Comma);
    let little = "the program itself takes 187 MiB, and 224 MiB or more make sense";
    assert!(driver.shows_part(little), "{}", driver.all_text());
    driver.click_role(Role::Button, "256 MiB");
    assert!(driver.shows_part("takes 187 MiB; 224 MiB or more make sense"), "{}", driver.all_text());
    assert!(driver.shows_part("187 MiB of 256 MiB"), "{}", driver.all_text());
    assert!(!driver.shows_part("The program alone"), "{}", driver.all_text());
}

#[test]
fn settings_of_an_older_program_are_taken_over_once() {
    let mut kept = Kept::default();
    kept.set_string("settings", r#"{"language":"Korean"}"#.to_owned());
    let mut driver = Driver::welcome_in(start(&kept, Start::default()));
    driver.settle();
    driver.assert_shows("샘플 둘러보기");
    driver.click("English");
    close(driver, &kept);
    let again = Driver::welcome_in(start(&kept, Start::default()));
    again.assert_shows("Explore the sample");
    close(again, &kept);
    assert_eq!(kept.get_string("settings"), None);
}

#[test]
fn an_older_programs_file_that_was_damaged_is_kept_aside_before_it_is_written_over() {
    let kept = Kept::default();
    std::fs::write(kept.1.path().join("app.ron"), "{ \"settings\": \"half").expect("written");
    let mut driver = Driver::welcome_in(start(&kept, Start::default()));
    driver.settle();
    assert!(driver.shows_part("app.aside-1.ron"), "{}", driver.all_text());
    let aside = std::fs::read_to_string(kept.1.path().join("app.aside-1.ron")).expect("kept");
    assert_eq!(aside, "{ \"settings\": \"half");
}

#[test]
fn two_windows_at_once_keep_each_what_was_changed_in_it() {
    let kept = Kept::default();
    let mut one = Driver::welcome_in(start(&kept, Start::default()));
    let mut other = Driver::welcome_in(start(&kept, Start::default()));
    let (path, other_path) = (one.sample(), other.sample());
    run(&mut one, "UTC or local");
    one.open(&path);
    run(&mut other, "한국어");
    other.open(&other_path);
    let folders = (close(one, &kept), close(other, &kept));
    let mut again = Driver::welcome_in(start(&kept, Start::default()));
    again.settle();
    again.assert_shows("샘플 둘러보기");
    again.assert_hides("UTC");
    for path in [path, other_path] {
        assert!(again.shows_part(&path.display().to_string()), "{}", again.all_text());
    }
    drop(folders);
}

#[test]
fn each_store_opens_where_it_was_left_with_its_pins() {
    let kept = Kept::default();
    let mut driver = Driver::welcome_in(start(&kept, Start::default()));
    let path = driver.sample();
    driver.settle();
    driver.type_into("Path or address of a store", &path.display().to_string());
    driver.press(Key::Enter);
    driver.click_stream("lead-4");
    driver.press(Key::Home);
    driver.press(Key::A);
    driver.click_stream("lead-1");
    driver.press(Key::ArrowLeft);
    driver.press(Key::B);
    let folder = close(driver, &kept);
    let mut again = Driver::welcome_in(start(&kept, Start::default()));
    again.settle();
    again.click_beginning("small.db, ");
    again.assert_shows("State at version 5");
    again.assert_shows("B v5");
    again.press(Key::D);
    again.assert_shows("lead-4 v0 beside lead-1 v5");
    drop(folder);
}

#[test]
fn folded_panes_stay_folded() {
    let kept = Kept::default();
    let driver = Driver::welcome_in(start(&kept, Start::default()));
    let path = driver.sample();
    let at_lead = || Start { store: Some(path.clone().into()), stream: Some("lead-1".into()), ..Start::default() };
    let mut driver = driver.with_window(start(&kept, at_lead()));
    driver.settle();
    driver.assert_shows("Event · v6");
    driver.click("Show or hide the event");
    driver.click("Fold: History");
    let _folder = close(driver, &kept);
    let mut again = Driver::welcome_in(start(&kept, at_lead()));
    again.settle();
    again.assert_shows("State at version 6");
    again.assert_hides("Event · v6");
    again.assert_shows("Unfold: History");
}

#[test]
fn recent_stores_say_what_they_are_and_one_that_is_gone_says_so_and_is_removed_alone() {
    let kept = Kept::default();
    let mut driver = Driver::welcome_in(start(&kept, Start::default()));
    let (path, other) = (driver.sample(), driver.other_sample());
    driver.open(&path);
    driver.open(&other);
    let folder = close(driver, &kept);
    std::fs::remove_file(&path).expect("removed");
    let mut again = Driver::welcome_in(start(&kept, Start::default()));
    again.settle();
    let text = again.all_text();
    let line = |begin: &str| text.lines().find(|line| line.starts_with(begin)).unwrap_or_default().to_owned();
    assert!(line("small.db, ").contains("Not there any more"), "{text}");
    assert!(line("other.db, ").contains("foldline · ") && line("other.db, ").contains(" events in "), "{text}");
    again.click("Remove small.db from this list");
    assert!(!again.shows_part("small.db, ") && again.shows_part("other.db, "), "{}", again.all_text());
    drop(folder);
}
