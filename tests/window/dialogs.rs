//! What lies over the panels: search, export, settings, menus, keys.

use std::io::{Read, Write};
use std::net::TcpListener;

use egui::{Key, Modifiers, Role, Vec2};
use egui_kittest::kittest::Queryable;

use crate::driver::Driver;

#[test]
fn an_export_that_is_opened_again_tells_nothing_of_the_one_before() {
    let mut driver = Driver::at("lead-1");
    let path = driver.path("lead-1.jsonl");
    driver.press_with(Modifiers::COMMAND, Key::E);
    driver.type_into("File to write", &path.display().to_string());
    driver.click("Only in lead-1");
    driver.click("Export");
    assert!(driver.shows_part("7 events written"), "{}", driver.all_text());
    driver.press(Key::Escape);
    driver.press_with(Modifiers::COMMAND, Key::E);
    assert!(!driver.shows_part("events written"), "{}", driver.all_text());
    assert_eq!(driver.value_of("File to write"), path.display().to_string());
}

#[test]
fn what_is_told_of_a_thing_under_the_pointer_does_not_lie_over_a_dialog() {
    let mut driver = Driver::at("lead-1");
    let told = "Look at the activity  ·  Ctrl+3";
    driver.window.get_by_role_and_label(Role::RadioButton, "Activity").hover();
    driver.step_until("it is told", |driver| driver.shows_part(told));
    driver.press(Key::F1);
    driver.assert_shows("Next ten events");
    assert!(!driver.shows_part(told), "{}", driver.all_text());
    driver.press(Key::Escape);
    driver.click("Activity");
    assert!(driver.shows_part("newest first"), "{}", driver.all_text());
}

#[test]
fn the_list_of_keys_is_scrolled_by_the_keyboard() {
    let mut driver = Driver::at("lead-1");
    driver.window.set_size(Vec2::new(1024.0, 560.0));
    driver.press(Key::F1);
    let top = |driver: &Driver| driver.window.get_by_role_and_label(Role::Label, "Next ten events").rect().top();
    let mut before = top(&driver);
    for key in [Key::ArrowDown, Key::PageDown, Key::Home, Key::End] {
        driver.press(key);
        let now = top(&driver);
        assert_eq!(now < before, key != Key::Home, "{key:?} led from {before} to {now}");
        before = now;
    }
}

#[test]
fn a_stream_is_exported_to_a_typed_path_and_a_file_is_not_replaced_unasked() {
    let mut driver = Driver::at("lead-1");
    let path = driver.path("lead-1.csv");
    driver.press_with(Modifiers::COMMAND, Key::E);
    driver.type_into("File to write", &path.display().to_string());
    driver.click("Only in lead-1");
    driver.click("Export");
    assert!(driver.shows_part("7 events written"), "{}", driver.all_text());
    let text = std::fs::read_to_string(&path).expect("the exported file");
    assert_eq!(text.lines().count(), 8, "{text}");
    let heading = text.lines().next().unwrap_or_default();
    assert!(heading.ends_with(",csv_safe"), "no cell begins like a formula unless that is asked for: {heading}");
    driver.click("Export");
    assert!(driver.shows_part("is there already"), "{}", driver.all_text());
    driver.click("Replace the file if it is there");
    driver.click("Export");
    assert!(!driver.shows_part("is there already"), "{}", driver.all_text());
}

#[test]
fn what_a_check_found_is_exported() {
    let mut driver = Driver::at("lead-1");
    let path = driver.path("findings.csv");
    driver.press_with(Modifiers::COMMAND, Key::E);
    driver.click("What a check of the store finds");
    driver.type_into("File to write", &path.display().to_string());
    driver.click("Export");
    assert!(driver.shows_part("findings written to"), "{}", driver.all_text());
    let text = std::fs::read_to_string(&path).expect("the exported file");
    assert!(text.starts_with("\u{feff}kind,stream,version,message"), "{text}");
    let listed = foldline::store::open(&driver.path("small.db").into()).expect("the store");
    let mut found = 0;
    foldline::engine::all_findings(listed.as_ref(), &mut |_| found += 1, &mut |_| foldline::store::Flow::Continue(()))
        .expect("checked");
    assert_eq!(csv::Reader::from_reader(text.as_bytes()).records().count(), found);
}

#[test]
fn an_export_never_replaces_the_store_it_reads() {
    let mut driver = Driver::at("lead-1");
    let store = driver.path("small.db");
    let before = std::fs::read(&store).expect("the store");
    driver.press_with(Modifiers::COMMAND, Key::E);
    driver.type_into("File to write", &store.display().to_string());
    driver.click("Replace the file if it is there");
    driver.click("Export");
    assert!(driver.shows_part("this is the store that is exported"), "{}", driver.all_text());
    assert!(std::fs::read(&store).expect("the store") == before, "the store was replaced");
}

#[test]
fn settings_act_at_once() {
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::Comma);
    driver.click_role(Role::Button, "Local");
    driver.assert_shows("7 events  ·  Local");
    driver.click_role(Role::Button, "Light");
    assert_eq!(driver.window.ctx.theme(), egui::Theme::Light);
    assert!(driver.shows_part(" of 1 GiB"), "what all that is kept takes, and may: {}", driver.all_text());
    driver.click_role(Role::Button, "512 MiB");
    assert!(driver.shows_part(" of 512 MiB"), "{}", driver.all_text());
}

#[test]
fn every_command_stands_in_a_menu() {
    use foldline::command::{Command, Menu};
    let locale = foldline::locale::Locale::new(foldline::locale::Language::English);
    for menu in Menu::ALL {
        let mut driver = Driver::at("lead-1");
        driver.click("small.db");
        driver.click_first(&locale.text(menu.title()));
        for command in Command::all().filter(|command| command.menu() == menu) {
            let title = locale.text(command.title());
            assert!(driver.shows_part(&title), "{title} is in no menu; the window shows:\n{}", driver.all_text());
        }
    }
}

#[test]
fn what_went_wrong_can_be_looked_into_tried_again_and_put_away() {
    let mut driver = Driver::at("lead-1");
    let path = driver.path("late.db");
    driver.open(&path);
    assert!(driver.shows_part("there is no such file"), "{}", driver.all_text());
    driver.click("Show details");
    assert!(driver.shows_part("NotFound") || driver.shows_part("Missing"), "{}", driver.all_text());
    driver.other_sample_at("late.db");
    driver.click("Try again");
    driver.assert_shows("late.db");
    assert!(!driver.shows_part("there is no such file"), "{}", driver.all_text());
}

#[test]
fn a_store_that_vanishes_is_told_and_what_was_read_stays() {
    let mut driver = Driver::at("lead-1");
    std::fs::remove_file(driver.path("small.db")).expect("removed");
    driver.press(Key::ArrowLeft);
    assert!(driver.shows_part("there is no such file"), "{}", driver.all_text());
    driver.assert_shows("State at version 5");
    driver.click("Close");
    assert!(!driver.shows_part("there is no such file"), "{}", driver.all_text());
    driver.press(Key::Home);
    driver.assert_shows("State at version 0");
}

#[test]
fn another_store_is_opened_by_its_path_while_one_is_open() {
    let mut driver = Driver::at("lead-1");
    let other = driver.other_sample();
    driver.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    driver.type_into("Path or address of a store", &other.display().to_string());
    driver.press(Key::Enter);
    driver.assert_shows("other.db");
    driver.assert_hides("Path or address of a store");
    driver.assert_shows(&other.display().to_string());
}

#[test]
fn what_is_wrong_with_a_typed_path_stands_at_its_field_and_is_mended_there() {
    let mut driver = Driver::at("lead-1");
    let other = driver.other_sample().display().to_string();
    let before = desk(&driver);
    driver.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    driver.type_into("Path or address of a store", other.trim_end_matches(".db"));
    driver.press(Key::Enter);
    assert!(driver.shows_part("there is no such file"), "{}", driver.all_text());
    driver.assert_hides("Try again");
    driver.strike(".db");
    assert_eq!(driver.value_of("Path or address of a store"), other);
    assert!(!driver.shows_part("there is no such file"), "{}", driver.all_text());
    assert_eq!(desk(&driver), before);
    driver.press(Key::Enter);
    driver.assert_hides("Path or address of a store");
    driver.assert_shows("other.db");
}

#[test]
fn what_is_wrong_with_a_typed_version_stands_at_its_field_and_moves_nothing() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::Home);
    let place = |driver: &Driver| driver.window.get_by_role_and_label(Role::TextInput, "Filter streams").rect();
    let before = place(&driver);
    driver.type_into("Version or time", "99");
    driver.press(Key::Enter);
    assert!(driver.shows_part("has versions 0 to 6"), "{}", driver.all_text());
    driver.assert_hides("Try again");
    driver.assert_hides("Close");
    assert_eq!(place(&driver), before, "nothing has moved");
    driver.assert_shows("State at version 0");
    driver.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    driver.strike("5");
    assert!(!driver.shows_part("has versions 0 to 6"), "{}", driver.all_text());
    driver.press(Key::Enter);
    driver.assert_shows("State at version 5");
}

#[test]
fn a_file_that_turns_out_to_be_no_store_leaves_the_open_one_where_it_is() {
    let mut driver = Driver::at("lead-1");
    let whole = std::fs::read(driver.path("small.db")).expect("the store");
    for kept in [2, 3, 5, 8] {
        let path = driver.path(&format!("truncated-{kept}.db"));
        std::fs::write(&path, whole.get(..whole.len() / 10 * kept).expect("a part")).expect("written");
        driver.open(&path);
        driver.assert_shows("small.db");
        driver.assert_shows("State at version 6");
        driver.assert_shows("Try again");
        driver.click("Close");
    }
    driver.click("small.db");
    assert!(!driver.shows_part("truncated"), "it is not among the recent ones: {}", driver.all_text());
}

#[test]
fn whoever_copies_is_told_so_for_a_moment() {
    let mut driver = Driver::at("lead-1");
    driver.click("Copy link");
    driver.assert_shows("Link copied");
    driver.window.run_steps(400);
    driver.assert_hides("Link copied");
}

/// What the panels show, whatever lies over them.
fn desk(driver: &Driver) -> Vec<String> {
    let shown = driver.all_text();
    let tells = |line: &&str| {
        ["State at version", "v", "A", "B", "Compensate version"].iter().any(|begin| line.starts_with(begin))
            || ["Hide equal fields", "stop", "Play"].contains(line)
    };
    shown.lines().filter(tells).map(str::to_owned).collect()
}

#[test]
fn a_correction_that_is_begun_hears_every_letter_that_is_typed() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::C);
    driver.strike("dab");
    assert_eq!(driver.value_of("Author"), "dab");
    driver.assert_hides("Hide equal fields");
    assert!(!driver.shows_part("A v6") && !driver.shows_part("B v6"), "{}", driver.all_text());
}

#[test]
fn a_path_is_typed_into_the_export_and_not_into_what_had_the_focus_before() {
    let mut driver = Driver::at("lead-1");
    driver.type_into("Filter streams", "lead");
    driver.press_with(Modifiers::COMMAND, Key::E);
    driver.strike("/tmp/a.csv");
    assert_eq!(driver.value_of("Filter streams"), "lead");
    assert_eq!(driver.value_of("File to write"), "/tmp/a.csv");
    driver.press(Key::Escape);
    driver.strike("-1");
    assert_eq!(driver.value_of("Filter streams"), "lead-1", "what had the focus has it again");
}

#[test]
fn only_what_belongs_to_a_dialog_runs_while_one_is_open() {
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::Comma);
    for key in [Key::A, Key::B, Key::C, Key::D, Key::F, Key::ArrowLeft, Key::Home, Key::Space] {
        driver.press(key);
    }
    for key in [Key::F, Key::E, Key::K, Key::O] {
        driver.press_with(Modifiers::COMMAND, key);
    }
    driver.assert_hides("Search everything that happened");
    driver.assert_hides("File to write");
    driver.assert_shows("State at version 6");
    driver.press(Key::F1);
    driver.assert_shows("Next ten events");
    driver.press(Key::Escape);
    driver.assert_hides("Next ten events");
    driver.assert_shows("Times");
    driver.press(Key::Escape);
    driver.assert_hides("Times");
    assert!(!driver.shows_part("A v6") && !driver.shows("Hide equal fields"), "{}", driver.all_text());
}

#[test]
fn what_lies_behind_a_dialog_cannot_be_pressed() {
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::Comma);
    driver.click_role(Role::Row, "v3 contact-details-updated");
    driver.assert_shows("State at version 6");
    driver.assert_shows("Times");
}

#[test]
fn escape_closes_a_list_that_is_open_in_a_dialog_before_the_dialog() {
    let mut driver = Driver::at("lead-1");
    driver.press_with(Modifiers::COMMAND, Key::E);
    driver.click_role(Role::ComboBox, "Format");
    driver.assert_shows("cloudevents");
    driver.press(Key::Escape);
    driver.assert_shows("File to write");
    driver.assert_hides("cloudevents");
    driver.press(Key::Escape);
    driver.assert_hides("File to write");
}

#[test]
fn escape_closes_a_menu_and_leaves_what_is_below() {
    let mut driver = Driver::at("lead-1");
    driver.open(&std::path::PathBuf::from("/nowhere.db"));
    driver.click("small.db");
    driver.assert_shows("Go");
    driver.press(Key::Escape);
    driver.assert_hides("Go");
    assert!(driver.shows_part("there is no such file"), "{}", driver.all_text());
    driver.press(Key::Escape);
    assert!(!driver.shows_part("there is no such file"), "{}", driver.all_text());
}

#[test]
fn a_dialog_is_in_the_middle_again_when_the_window_changes_and_never_larger() {
    let mut driver = Driver::at("lead-1");
    for (modifiers, key, name) in [
        (Modifiers::NONE, Key::F1, "keys"),
        (Modifiers::COMMAND, Key::E, "export"),
        (Modifiers::NONE, Key::C, "compensate"),
    ] {
        driver.window.set_size(Vec2::new(1280.0, 800.0));
        driver.press_with(modifiers, key);
        for size in [Vec2::new(1280.0, 800.0), Vec2::new(900.0, 600.0), Vec2::new(640.0, 360.0)] {
            driver.window.set_size(size);
            driver.settle();
            let area = egui::Id::unique(("dialog", name));
            let rect = driver.window.ctx.memory(|memory| memory.area_rect(area)).expect("a dialog");
            let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size);
            assert!(window.contains_rect(rect), "{name}: {rect:?} at {size:?}");
            assert!((rect.center() - window.center()).length() < 2.0, "{name}: {rect:?} at {size:?}");
            let cross = driver.window.get_by_label("Close (Esc)").rect();
            assert!(window.contains_rect(cross), "{name}: {cross:?} at {size:?}");
        }
        driver.press(Key::Escape);
    }
}

/// The address of a server that asks everybody for a password, and says nothing else.
fn asking_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let answer = move || {
        for mut stream in listener.incoming().flatten() {
            let mut length = [0; 4];
            let asked = stream.read_exact(&mut length).map(|()| u32::from_be_bytes(length) as usize);
            let mut question = vec![0; asked.unwrap_or(4).clamp(4, 4_096) - 4];
            let is_asked = stream.read_exact(&mut question).is_ok();
            // The password, in plain text.
            let _ = is_asked && stream.write_all(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3]).is_ok();
            let _ = stream.read(&mut [0; 64]);
        }
    };
    std::thread::Builder::new().name("asks for passwords".to_owned()).spawn(answer).expect("a thread");
    format!("postgres://kim@127.0.0.1:{port}/sales?sslmode=disable")
}

#[test]
fn whoever_is_asked_for_a_password_is_told_what_can_be_done_there_and_nothing_of_files() {
    let mut driver = Driver::welcome();
    driver.type_into("Path or address of a store", &asking_server());
    driver.press(Key::Enter);
    assert!(driver.shows_part("asks for the password of “kim”."), "{}", driver.all_text());
    assert!(!driver.shows_part("PGPASSWORD"), "{}", driver.all_text());
    assert!(driver.window.get_by_role_and_label(Role::TextInput, "Password").is_focused(), "it can be typed at once");
}

#[test]
fn what_is_typed_into_any_dialog_changes_nothing_behind_it() {
    let mut driver = Driver::at("lead-1");
    driver.press(Key::ArrowLeft);
    let (before, store) = (desk(&driver), std::fs::read(driver.path("small.db")).expect("the store"));
    let locale = foldline::locale::Locale::new(foldline::locale::Language::English);
    for (id, name) in [
        ("open", "open-address"),
        ("keys", "show-keys"),
        ("settings", "settings"),
        ("export", "export"),
        ("check", "check-store"),
        ("seal", "seal-store"),
        ("evidence", "evidence"),
        ("note", "note"),
        ("compensate", "compensate"),
        ("mapping", "map-columns"),
        ("writing", "toggle-writing"),
        ("palette", ""),
        ("password", "open-address"),
    ] {
        driver.press_with(Modifiers::COMMAND, Key::K);
        if !name.is_empty() {
            driver.strike(&locale.text(name));
            driver.press(Key::Enter);
        }
        if id == "password" {
            driver.type_over("Path or address of a store", &asking_server());
            driver.press(Key::Enter);
        }
        let area = egui::Id::unique(("dialog", id));
        let is_open = |driver: &Driver| {
            driver
                .window
                .ctx
                .memory(|memory| memory.areas().is_visible(&egui::LayerId::new(egui::Order::Foreground, area)))
        };
        assert!(is_open(&driver), "{name} opens no dialog:\n{}", driver.all_text());
        driver.strike("abcdf/+-0lead-closed");
        for key in [Key::ArrowLeft, Key::ArrowRight, Key::Home, Key::End, Key::F6] {
            driver.press(key);
        }
        driver.press_with(Modifiers::ALT, Key::ArrowLeft);
        assert!(is_open(&driver), "{name} is open no more:\n{}", driver.all_text());
        driver.press(Key::Escape);
        if is_open(&driver) {
            driver.press(Key::Escape);
        }
        assert!(!is_open(&driver), "{name} is still open:\n{}", driver.all_text());
        assert_eq!(desk(&driver), before, "{name}");
    }
    assert!(std::fs::read(driver.path("small.db")).expect("the store") == store, "the store was written to");
}

/// No window manager has to heed the least size that a window asks for.
#[test]
fn a_dialog_in_a_window_that_is_far_too_small_is_drawn_without_harm() {
    for (width, height) in [(79.0, 60.0), (40.0, 40.0), (1.0, 1.0)] {
        for key in [Key::Comma, Key::E, Key::K] {
            let mut driver = Driver::at("lead-1");
            driver.window.set_size(egui::vec2(width, height));
            driver.press_with(Modifiers::COMMAND, key);
            driver.window.set_size(egui::vec2(1280.0, 800.0));
            driver.settle();
            driver.press(Key::Escape);
            driver.assert_shows("State at version 6");
        }
    }
}
