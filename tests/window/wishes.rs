//! What can be asked of the window: opening, filtering, language, theme; and what it says when that fails.

use egui::{Key, Modifiers, Role};
use foldline::app::Start;
use foldline::store::Source;

use egui_kittest::kittest::NodeT;
use egui_kittest::kittest::Queryable;

use crate::driver::Driver;

#[test]
fn nothing_open_shows_where_to_begin() {
    let mut driver = Driver::welcome();
    driver.settle();
    driver.assert_shows("Explore the sample");
    driver.assert_shows("Path or address of a store");
    driver.assert_shows("…or drop a file here");
}

#[test]
fn a_typed_path_opens_the_store_and_is_remembered() {
    let mut driver = Driver::welcome();
    let path = driver.sample();
    driver.settle();
    driver.type_into("Path or address of a store", &path.display().to_string());
    driver.click("Open");
    driver.assert_shows("small.db");
    assert!(driver.shows_part("events"), "{}", driver.all_text());
    driver.assert_shows("Pick a stream on the left to see what was true at every version.");
}

#[test]
fn what_cannot_be_opened_is_said_in_a_sentence_and_the_window_goes_on() {
    let mut driver = Driver::welcome();
    let missing = driver.path("nowhere.db");
    driver.settle();
    driver.type_into("Path or address of a store", &missing.display().to_string());
    driver.click("Open");
    assert!(driver.shows_part("there is no such file"), "{}", driver.all_text());
    driver.assert_shows("Explore the sample");
    driver.press(Key::Escape);
    assert!(!driver.shows_part("there is no such file"), "{}", driver.all_text());
}

#[test]
fn the_filter_narrows_the_list_and_says_when_nothing_is_left() {
    let mut driver = Driver::at("lead-1");
    driver.type_into("Filter streams", "ead-44");
    let streams = driver.streams();
    assert!(!streams.is_empty() && streams.iter().all(|stream| stream.contains("lead-44")), "{streams:?}");
    driver.type_into("Filter streams", "zzz");
    driver.assert_shows("No stream matches");
}

#[test]
fn the_filter_of_streams_is_cleared_by_esc_and_by_its_button() {
    let mut driver = Driver::at("lead-1");
    driver.assert_hides("Clear the filter of streams");
    let all = driver.streams();
    for clears in [(|driver| driver.press(Key::Escape)) as fn(&mut Driver), |driver| {
        driver.click("Clear the filter of streams");
    }] {
        driver.type_into("Filter streams", "zzz");
        driver.assert_shows("No stream matches");
        clears(&mut driver);
        assert_eq!(driver.value_of("Filter streams"), "");
        assert_eq!(driver.streams(), all);
    }
}

#[test]
fn a_category_folds_and_unfolds() {
    let mut driver = Driver::at("lead-1");
    let name = |driver: &Driver| {
        let text = driver.all_text();
        text.lines().find(|line| line.starts_with("lead, ")).expect("the category").to_owned()
    };
    let category = name(&driver);
    driver.click_role(Role::DisclosureTriangle, &category);
    let leads = |driver: &Driver| driver.streams().iter().filter(|stream| stream.contains("lead-")).count();
    assert_eq!(leads(&driver), 0);
    driver.click_role(Role::DisclosureTriangle, &category);
    assert!(leads(&driver) > 5, "{:?}", driver.streams());
}

#[test]
fn the_language_changes_at_once_and_back() {
    let mut driver = Driver::at("lead-1");
    driver.click("한국어");
    driver.assert_shows("버전 6의 상태");
    driver.assert_shows("이력");
    driver.click("English");
    driver.assert_shows("State at version 6");
}

#[test]
fn the_theme_changes_at_once() {
    let mut driver = Driver::at("lead-1");
    let is_dark = |driver: &Driver| driver.window.ctx.theme() == egui::Theme::Dark;
    assert!(is_dark(&driver));
    driver.click("Light or dark");
    assert!(!is_dark(&driver));
    driver.click("Light or dark");
    assert!(is_dark(&driver));
}

#[test]
fn the_keys_are_listed_and_put_away() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::F1);
    driver.assert_shows("Next ten events");
    driver.assert_shows("Shift+→");
    driver.press(Key::Escape);
    driver.assert_hides("Next ten events");
}

#[test]
fn a_stream_that_is_not_there_is_said_in_a_sentence() {
    let driver = Driver::at("lead-999999");
    assert!(driver.shows_part("There is no stream lead-999999"), "{}", driver.all_text());
}

#[test]
fn hangul_in_the_data_is_shown() {
    // A letter that no font has would make the harness panic.
    let driver = Driver::at("lead-2");
    driver.assert_shows("김철수");
}

#[test]
fn an_idle_window_asks_for_no_further_frame() {
    let mut driver = Driver::at("lead-1");
    driver.settle();
    driver.window.run();
    let wait = driver.window.output().viewport_output.values().map(|viewport| viewport.repaint_delay).min();
    assert!(wait > Some(std::time::Duration::from_secs(1)), "a repaint is due in {wait:?}");
}

/// Another program records a contact.
fn append_elsewhere(driver: &Driver, id: &str) {
    use foldline::store::{Expected, open_for_writing};
    let event = foldline::event::NewEvent {
        id: foldline::event::EventId::new(id),
        event_type: "contacted".into(),
        schema: 1,
        recorded_at: None,
        payload: "{}".to_owned(),
        metadata: String::new(),
    };
    let mut other = open_for_writing(&driver.path("small.db").into()).expect("the store");
    other.append(&"lead-1".into(), Expected::Any, &[event]).expect("recorded");
}

#[test]
fn events_that_another_program_appends_appear_and_the_cursor_stays() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::ArrowLeft);
    append_elsewhere(&driver, "elsewhere-1");
    driver.wait_for("v5 of 7");
    driver.assert_shows("State at version 5");
}

#[test]
fn following_keeps_to_the_newest_event() {
    let mut driver = Driver::at("lead-1");
    driver.click("Follow");
    append_elsewhere(&driver, "elsewhere-2");
    driver.wait_for("v7 of 7");
    driver.assert_shows("State at version 7");
}

#[test]
fn the_palette_runs_a_command_or_goes_to_a_stream_by_a_part_of_its_name() {
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "first ev");
    driver.press(Key::Enter);
    driver.assert_shows("State at version 0");
    driver.assert_hides("A command, or part of a stream's id or name");
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "ead-4");
    driver.press(Key::Enter);
    driver.assert_shows("v30 of 30");
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "zzz");
    // What no command and no stream is called may stand in an event.
    driver.assert_shows("Search the events for “zzz”");
    driver.press(Key::Escape);
    driver.assert_hides("Search the events for “zzz”");
    // Where nothing was typed, Enter runs nothing: the first command would leave the store.
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.press(Key::Enter);
    driver.assert_shows("v30 of 30");
    assert!(driver.window.query_by_role_and_label(Role::TextInput, "Search or run a command").is_some());
    driver.press(Key::ArrowDown);
    let first = driver.window.get_all_by_role(Role::ListBoxOption).next().expect("a command");
    assert_eq!(first.accesskit_node().toggled(), Some(egui::accesskit::Toggled::True));
}

#[test]
fn a_store_opened_after_another_was_closed_starts_without_its_stream() {
    let mut driver = Driver::at("lead-1");
    let other = driver.other_sample();
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "close the store");
    driver.press(Key::Enter);
    driver.type_into("Path or address of a store", &other.display().to_string());
    driver.click("Open");
    driver.assert_shows("other.db");
    driver.assert_shows("Pick a stream on the left to see what was true at every version.");
}

#[test]
fn back_and_forward_lead_through_the_places_that_were_jumped_from() {
    let mut driver = Driver::at("lead-1");
    driver.click_role(Role::Row, "v3 contact-details-updated");
    driver.click_stream("lead-4");
    driver.assert_shows("v30 of 30");
    driver.press_with(Modifiers::ALT, Key::ArrowLeft);
    driver.assert_shows("v3 of 6");
    driver.press_with(Modifiers::ALT, Key::ArrowLeft);
    driver.assert_shows("v6 of 6");
    driver.press_with(Modifiers::ALT, Key::ArrowRight);
    driver.assert_shows("v3 of 6");
    driver.press_with(Modifiers::ALT, Key::ArrowRight);
    driver.assert_shows("v30 of 30");
    let press = |pressed| egui::Event::PointerButton {
        pos: egui::pos2(500.0, 300.0),
        button: egui::PointerButton::Extra1,
        pressed,
        modifiers: Modifiers::NONE,
    };
    driver.window.event(press(true));
    driver.window.event(press(false));
    driver.settle();
    driver.assert_shows("v3 of 6");
}

#[test]
fn a_jump_brings_the_stream_into_view_in_the_list() {
    let mut driver = Driver::at("lead-1");
    assert!(!driver.shows_part("lead-300"), "{}", driver.all_text());
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "lead-300");
    driver.press(Key::Enter);
    assert!(
        driver
            .window
            .get_all_by_role(Role::TreeItem)
            .any(|row| row.accesskit_node().label().is_some_and(|name| name.ends_with("lead-300"))),
        "{}",
        driver.all_text()
    );
}

#[test]
fn a_link_that_was_copied_leads_where_it_was_copied() {
    let mut driver = Driver::at("lead-1");
    driver.click_role(Role::Row, "v3 contact-details-updated");
    driver.click("Copy link");
    let link = foldline::store::Link {
        source: driver.path("small.db").into(),
        stream: Some("lead-1".into()),
        at: Some(foldline::event::Version(3)),
    };
    driver.assert_shows("Link copied");
    match foldline::cli::run(["foldline".into(), link.to_string().into()]) {
        foldline::cli::Ended::Window(wish) => {
            assert_eq!(wish.store, Some(link.source));
            assert_eq!((wish.stream, wish.at), (link.stream, link.at.map(foldline::engine::Moment::Version)));
        }
        foldline::cli::Ended::Command(_) => panic!("a link opens the window"),
    }
}

#[test]
fn a_link_to_a_server_that_was_never_opened_asks_first() {
    let start =
        Start { store: Some(Source::parse("postgres://kim@127.0.0.1:1/crm")), is_of_link: true, ..Start::default() };
    let mut driver = Driver::welcome().with_window(crate::driver::window(start));
    driver.settle();
    driver.assert_shows("Path or address of a store");
    assert!(driver.all_text().contains("postgres://kim@127.0.0.1:1/crm"), "{}", driver.all_text());
    assert!(!driver.shows_part("no server answers"), "{}", driver.all_text());
}

#[test]
fn the_whole_store_is_a_place_to_come_back_from() {
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::ALT, Key::Home);
    driver.assert_shows("Events by day");
    driver.assert_hides("State at version 6");
    driver.press_with(Modifiers::ALT, Key::ArrowLeft);
    driver.assert_shows("State at version 6");
}
