//! Seals, evidence and notes in the window, and places that are pasted.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;
use foldline::engine::{Engine, write_sample};
use foldline::event::StreamId;
use foldline::evidence::check;
use foldline::proof::{Seal, SigningKey};
use foldline::sample::SampleOptions;
use foldline::store::{self, Flow, Source};
use foldline::view::{OpenStore, ToolName};
use foldline::workspace::{Notes, Workspace};

use crate::driver::Driver;

const KEY: &str = "Key to sign with (Ed25519, PEM)";

fn command(driver: &mut Driver, name: &str) {
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.strike(name);
    driver.press(Key::Enter);
}

/// A key in a file, so that none is made in the folder of whoever runs the tests.
fn key_file(driver: &Driver) -> String {
    let path = driver.path("key.pem");
    let (_, pem) = SigningKey::from_secret([7; 32]).expect("a key");
    std::fs::write(&path, pem).expect("a file");
    path.display().to_string()
}

#[test]
fn a_store_is_sealed_and_held_against_its_seal() {
    let mut driver = Driver::at("lead-1");
    let (key, seal) = (key_file(&driver), driver.path("small.seal"));
    command(&mut driver, "Seal");
    driver.type_into("File to write", &seal.display().to_string());
    driver.type_into(KEY, &key);
    driver.click_role(Role::Button, "Seal");
    assert!(driver.shows_part("events sealed in"), "{}", driver.all_text());
    let text = std::fs::read(&seal).expect("the seal");
    let read = Seal::parse(&text).expect("a seal");
    assert!(driver.shows_part(&read.root.to_string()), "{}", driver.all_text());
    driver.click("Close (Esc)");

    command(&mut driver, "Check the store");
    driver.type_into("Compare with a seal", &seal.display().to_string());
    driver.click("Check and compare");
    assert!(driver.shows_part("Held against the seal of"), "{}", driver.all_text());
    assert!(driver.shows_part(ONLY_GREW), "{}", driver.all_text());
    // What can be done stays in sight below the findings in a low window, too.
    driver.window.set_size(egui::vec2(1024.0, 640.0));
    driver.settle();
    let button = driver.window.get_by_role_and_label(Role::Button, "Check and compare").rect();
    assert!(button.bottom() <= 616.0, "{button:?}");
    let edited = String::from_utf8(text).expect("a text").replacen("foldline/", "foldline/0", 1);
    std::fs::write(&seal, edited).expect("a file");
    driver.click("Check and compare");
    assert!(driver.shows_part("the seal was damaged or edited"), "{}", driver.all_text());
}

/// What the seal was asked for.
const ONLY_GREW: &str = "Since that seal the store has only grown";

#[test]
fn a_store_that_is_not_the_sealed_one_is_not_said_to_have_only_grown() {
    let mut driver = Driver::at("lead-1");
    let (key, seal) = (key_file(&driver), driver.path("small.seal"));
    command(&mut driver, "Seal");
    driver.type_into("File to write", &seal.display().to_string());
    driver.type_into(KEY, &key);
    driver.click_role(Role::Button, "Seal");
    driver.click("Close (Esc)");
    let other = driver.path("short.db");
    let options = SampleOptions { events: Some(100), seed: 2, ..SampleOptions::default() };
    write_sample(&other, &options, &mut |_| Flow::Continue(())).expect("another store");
    driver.open(&other);
    command(&mut driver, "Check the store");
    driver.type_into("Compare with a seal", &seal.display().to_string());
    driver.click("Check and compare");
    driver.wait_for_part("Held against the seal of");
    assert!(!driver.shows_part(ONLY_GREW), "{}", driver.all_text());
}

#[test]
fn enter_does_what_the_button_of_the_dialog_does() {
    let mut driver = Driver::at("lead-1");
    let (key, seal) = (key_file(&driver), driver.path("small.seal"));
    command(&mut driver, "Seal");
    driver.type_into(KEY, &key);
    driver.press(Key::Enter);
    assert!(!driver.shows_part("events sealed in"), "there is no file to write");
    driver.type_into("File to write", &seal.display().to_string());
    driver.press(Key::Enter);
    driver.wait_for_part("events sealed in");
    driver.click("Close (Esc)");
    command(&mut driver, "Check the store");
    driver.type_into("Compare with a seal", &seal.display().to_string());
    driver.press(Key::Enter);
    driver.wait_for_part("Held against the seal of");
    driver.click("Close (Esc)");
    command(&mut driver, "Note");
    driver.type_into("Note", "first line");
    driver.press(Key::Enter);
    assert!(!driver.shows("Remove the note"), "Enter ends a line: {}", driver.all_text());
    driver.press_with(Modifiers::COMMAND, Key::Enter);
    driver.wait_for("Remove the note");
}

#[test]
fn evidence_is_made_of_the_stream_up_to_the_cursor_in_the_language_that_is_chosen() {
    let mut driver = Driver::at("lead-1");
    let (key, page) = (key_file(&driver), driver.path("lead-1.html"));
    driver.press(Key::ArrowLeft);
    command(&mut driver, "Evidence");
    driver.assert_shows("lead-1 up to version 5");
    driver.type_into("File to write", &page.display().to_string());
    driver.type_into(KEY, &key);
    driver.click_role(Role::RadioButton, "한국어");
    driver.click("Make evidence");
    assert!(driver.shows_part("Evidence of 6 events written to"), "{}", driver.all_text());
    let file = std::fs::read(&page).expect("the page");
    let text = String::from_utf8_lossy(&file);
    assert!(text.contains("<html lang=\"ko\">") && text.contains("<h1>lead-1, 버전 5</h1>"), "{text}");
    assert_eq!(check(&file, None).expect("evidence").findings, []);
    driver.click("Make evidence");
    assert!(driver.shows_part("is there already"), "{}", driver.all_text());
}

#[test]
fn a_place_that_is_pasted_into_the_palette_leads_there() {
    let mut driver = Driver::at("lead-1");
    command(&mut driver, "#lead-2@1");
    assert!(driver.shows_part("lead-2"), "{}", driver.all_text());
    command(&mut driver, "Evidence");
    driver.assert_shows("lead-2 up to version 1");
    driver.click("Close (Esc)");
    let place = format!("{}#lead-1@4", driver.path("small.db").display());
    command(&mut driver, &place);
    command(&mut driver, "Evidence");
    driver.assert_shows("lead-1 up to version 4");
}

#[test]
fn a_note_is_kept_beside_the_store_shown_with_its_event_and_handed_over_with_evidence() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("small.db");
    let options = SampleOptions { streams: Some(4), events: Some(60), seed: 1, ..SampleOptions::default() };
    write_sample(&path, &options, &mut |_| Flow::Continue(())).expect("a sample");
    let before = std::fs::read(&path).expect("the store");
    let source = Source::from(path.clone());
    let workspace = Workspace::in_folder(&folder.path().join("kept"), &source);
    let open = || {
        let first = store::open(&source).expect("the store");
        let mut open =
            OpenStore::with_workspace(Engine::new(source.clone(), first, Arc::new(|| {})), workspace.clone());
        open.select(StreamId::from("lead-1"));
        wait(&mut open, |open| open.view.as_ref().is_some_and(|view| view.head().is_some()));
        open
    };
    let mut first = open();
    first.begin_note();
    let draft = first.tools.noting.draft.as_mut().expect("a draft");
    let version = draft.version;
    draft.text = "잘못 보낸 송금".to_owned();
    first.start_tool(ToolName::Noting);
    wait(&mut first, |open| open.view.as_ref().and_then(|view| view.note_on(view.head()?)).is_some());
    assert_eq!(std::fs::read(&path).expect("the store"), before, "nothing of it is in the store");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "nor beside it");
    drop(first);

    let notes: Notes = workspace.load().expect("notes");
    assert_eq!(
        notes.with("송금").map(|note| (note.stream(), note.version)).collect::<Vec<_>>(),
        [(StreamId::from("lead-1"), version)]
    );
    let mut again = open();
    again.remove_note(&StreamId::from("lead-1"), version);
    wait(&mut again, |open| open.tools.noting.notes().is_empty() && !open.tools.noting.asked.is_loading());
    assert!(workspace.load::<Notes>().expect("notes").is_empty());
}

#[track_caller]
fn wait(open: &mut OpenStore, until: impl Fn(&OpenStore) -> bool) {
    let begun = Instant::now();
    while !until(open) {
        assert!(begun.elapsed() < Duration::from_secs(30), "it did not come: {:?}", open.tools.noting.asked.error());
        open.poll();
        thread::yield_now();
    }
}
