//! Stores that other programs wrote, in the window.

use std::path::Path;

use egui::{Key, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::store::frameworks::forget_mapping;
use rusqlite::Connection;

use crate::driver::Driver;

/// A table that no framework writes.
fn journal(path: &Path) {
    let fill = r#"
        CREATE TABLE "일지" ("order" TEXT, "번호" INTEGER, kind TEXT, body BLOB, at INTEGER);
        INSERT INTO "일지" VALUES
            ('order-7', 10, 'placed', '{"total":12}', 1735689600),
            ('order-7', 20, 'paid', '{"method":"카드"}', 1735689660),
            ('order-8', 10, 'placed', '{"total":3}', 1735689700);"#;
    Connection::open(path).and_then(|file| file.execute_batch(fill)).expect("filled");
}

/// As Python's eventsourcing leaves it.
fn eventsourcing(path: &Path) {
    let fill = r#"
        CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT, state BLOB,
            PRIMARY KEY (originator_id, originator_version));
        INSERT INTO stored_events VALUES
            ('8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001', 1, 'crm:Account.Opened',
             '{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-01T00:00:00+00:00"},"owner":"김서연"}'),
            ('8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001', 2, 'crm:Account.Renamed',
             '{"timestamp":{"_type_":"datetime_iso","_data_":"2025-01-02T00:00:00+00:00"},"owner":"이영희"}');"#;
    Connection::open(path).and_then(|file| file.execute_batch(fill)).expect("filled");
}

#[test]
fn a_known_framework_opens_by_itself_and_its_name_stands_in_the_bar() {
    let mut driver = Driver::with("8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001", eventsourcing);
    assert!(driver.shows_part("eventsourcing"), "{}", driver.all_text());
    driver.assert_shows("이영희");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("김서연");
    driver.assert_shows("State at version 1");
}

#[test]
fn what_is_encrypted_is_never_previewed_as_if_it_could_be_corrected_here() {
    let mut driver = Driver::with("8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001", |path| {
        eventsourcing(path);
        let seal = "UPDATE stored_events SET state = X'FF00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEE' \
                    WHERE originator_version = 2";
        Connection::open(path).and_then(|file| file.execute_batch(seal)).expect("sealed");
    });
    driver.press(Key::Home);
    driver.click("Compensate…");
    driver.assert_shows(
        "This stream is encrypted, and only its application can write into it; record the correction there",
    );
    driver.assert_hides("Author");
    driver.assert_hides("Reason");
    assert!(!driver.shows_part("would be recorded"), "{}", driver.all_text());
    assert!(!driver.shows_part("This store is read-only"), "no switch would help: {}", driver.all_text());
    let button = |driver: &Driver, name: &str| {
        let node = driver.window.get_by_role_and_label(Role::Button, name);
        (node.is_focused(), node.accesskit_node().is_disabled())
    };
    assert!(button(&driver, "Append").1, "it could be appended");
    assert_eq!(button(&driver, "Cancel"), (true, false), "the focus is lost with the fields");
    driver.press(Key::Escape);
    driver.assert_hides("Compensate version 1");
    driver.assert_shows("State at version 1");
}

#[test]
fn an_unknown_table_is_asked_about_seen_in_ten_events_and_opened_by_what_was_said() {
    let mut driver = Driver::with("order-7", journal);
    assert!(driver.shows_part("Which columns are these?"), "{}", driver.all_text());
    let store = foldline::store::Source::from(driver.path("made.db"));
    for (role, column) in
        [("Stream", "order"), ("Version", "번호"), ("Type", "kind"), ("Payload", "body"), ("Time", "at")]
    {
        driver.click_role(Role::ComboBox, role);
        driver.click_role(Role::Button, column);
    }
    for text in ["order-7", "placed", "paid", "2025-01-01 00:01:00.000 UTC"] {
        driver.assert_shows(text);
    }
    driver.click_role(Role::Button, "Use this mapping");
    assert!(driver.shows_part("mapped"), "{}", driver.all_text());
    driver.click_stream("order-7");
    driver.assert_shows("카드");
    driver.press_with(egui::Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "Switch writing");
    driver.press(Key::Enter);
    driver.assert_shows("read-only");
    driver.assert_hides("writing on");
    forget_mapping(&store).expect("forgotten");
}

#[test]
fn a_table_with_names_of_its_own_is_read_by_what_its_values_tell() {
    let mut driver = Driver::with("album-1", |path| {
        let fill = r#"CREATE TABLE album_log (album_ref TEXT, n INTEGER, what_happened TEXT, details TEXT, meta TEXT);
            INSERT INTO album_log VALUES ('album-1', 1, 'added', '{"file":"a.png"}', 'kim'),
                ('album-2', 1, 'added', '{"file":"b.png"}', 'lee'), ('album-1', 2, 'turned', '{"by":90}', 'lee');"#;
        Connection::open(path).and_then(|file| file.execute_batch(fill)).expect("filled");
    });
    let store = foldline::store::Source::from(driver.path("made.db"));
    assert!(driver.shows_part("Stream by its values (album_ref)"), "{}", driver.all_text());
    driver.assert_shows("turned");
    driver.assert_shows("lee");
    driver.click_role(Role::ComboBox, "Author");
    driver.click_role(Role::Button, "payload.file");
    driver.assert_shows("a.png");
    driver.click_role(Role::Button, "Use this mapping");
    assert!(driver.shows_part("mapped"), "{}", driver.all_text());
    driver.press_with(egui::Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "Say what columns mean");
    driver.press(Key::Enter);
    let author = driver.window.get_by_role_and_label(Role::ComboBox, "Author").accesskit_node().value();
    let is_kept = author.as_deref().is_some_and(|value| value.starts_with("payload.file"));
    assert!(is_kept, "what was kept is where it goes on: {author:?}");
    forget_mapping(&store).expect("forgotten");
}

#[test]
fn a_wrapped_payload_is_offered_by_its_place_and_read_from_there() {
    let mut driver = Driver::with("account-1", |path| {
        let fill = r#"CREATE TABLE journal (account TEXT, n INTEGER, kind TEXT, body TEXT);
            INSERT INTO journal VALUES ('account-1', 1, 'opened', '{"by":{"name":"kim"},"info":{"owner":"Bo","city":"Busan"}}'),
                ('account-1', 2, 'moved', '{"by":{"name":"lee"},"info":{"city":"Seoul"}}');"#;
        Connection::open(path).and_then(|file| file.execute_batch(fill)).expect("filled");
    });
    let store = foldline::store::Source::from(driver.path("made.db"));
    for (role, column) in [("Stream", "account"), ("Version", "n"), ("Payload", "body.info")] {
        driver.click_role(Role::ComboBox, role);
        driver.click_role(Role::Button, column);
    }
    driver.click_role(Role::ComboBox, "Author");
    driver.click_role(Role::Button, "payload.city");
    driver.assert_shows(r#"{"city":"Seoul"}"#);
    driver.click_role(Role::ComboBox, "Metadata");
    driver.click_role(Role::Button, "body");
    driver.click_role(Role::ComboBox, "Author");
    driver.click_role(Role::Button, "metadata.by.name");
    driver.assert_shows("lee");
    driver.click_role(Role::Button, "Use this mapping");
    driver.click_stream("account-1");
    // The first event's owner is not gone with the second, which says nothing of one.
    driver.assert_shows("Bo");
    driver.assert_shows("Seoul");
    driver.assert_hides("info");
    forget_mapping(&store).expect("forgotten");
}

#[test]
fn names_of_thousands_of_letters_leave_the_lists_of_a_mapping_in_the_window() {
    let long = "column_".repeat(430);
    let mut driver = Driver::with("x", |path| {
        let fill = format!(
            r#"CREATE TABLE {long} ({long} TEXT, n INTEGER, what TEXT, details TEXT);
            INSERT INTO {long} VALUES ('a-1', 1, 'added', '{{"a":1}}'), ('a-1', 2, 'added', '{{"a":2}}');"#
        );
        Connection::open(path).and_then(|file| file.execute_batch(&fill)).expect("filled");
    });
    for role in ["Table", "Stream", "Payload", "Author"] {
        driver.click_role(Role::ComboBox, role);
        let lists =
            driver.window.query_all_by_role(Role::Button).chain(driver.window.query_all_by_role(Role::ComboBox));
        let widest = lists.map(|node| node.rect()).reduce(|one, other| one.union(other)).expect("shown");
        assert!(widest.width() <= 1_280.0 && widest.height() <= 800.0, "{role}: {widest:?}");
        let offered = driver.window.query_all_by_label_contains("column_column_").map(|node| node.rect().width());
        assert!(offered.fold(0.0, f32::max) <= 800.0, "{role}");
        driver.press(Key::Escape);
    }
}

#[test]
fn a_mapping_that_lacks_its_stream_asks_for_it_before_it_finds_fault() {
    let driver = Driver::with("order-7", |path| {
        let fill = "CREATE TABLE photos (caption TEXT, taken TEXT); INSERT INTO photos VALUES ('sea', '2025-01-01');";
        Connection::open(path).and_then(|file| file.execute_batch(fill)).expect("made");
    });
    assert!(driver.shows_part("Choose as Stream the column"), "{}", driver.all_text());
    assert!(!driver.shows_part("whose event each row of photos is"), "{}", driver.all_text());
}

#[test]
fn a_mapping_that_reads_nothing_cannot_be_taken() {
    let driver = Driver::with("order-7", |path| {
        let fill = "CREATE TABLE notes (a TEXT, b TEXT);";
        Connection::open(path).and_then(|file| file.execute_batch(fill)).expect("made");
    });
    assert!(driver.shows_part("Which columns are these?"), "{}", driver.all_text());
    let take = driver.window.get_by_role_and_label(Role::Button, "Use this mapping");
    assert!(take.accesskit_node().is_disabled());
}

#[test]
fn what_does_not_fit_in_a_store_is_listed_with_the_way_to_its_place() {
    let mut driver = Driver::with("8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001", |path| {
        eventsourcing(path);
        let gap = "UPDATE stored_events SET originator_version = 4 WHERE originator_version = 2;";
        Connection::open(path).and_then(|file| file.execute_batch(gap)).expect("a gap");
    });
    driver.press_with(egui::Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "Check the store");
    driver.press(Key::Enter);
    driver.assert_shows("1 finding");
    driver.assert_shows("Gap");
    driver.press(Key::Escape);
    driver.press(Key::Home);
    driver.press_with(egui::Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "Check the store");
    driver.press(Key::Enter);
    driver.click_beginning("8e5b5e0c7c0f4ad2a1c5d3c1d7f0a001 v4");
    driver.assert_shows("State at version 4");
    driver.assert_hides("Check again");
}

#[test]
fn a_file_of_events_opens_without_importing_it() {
    let mut driver = Driver::welcome();
    let path = driver.path("events.jsonl");
    let line = r#"{"stream":"lead-9","version":0,"type":"lead-initialized","recorded_at":"2025-01-01T00:00:00Z","payload":{"lead-id":9,"name":"이영희","phone":"1"},"metadata":{}}"#;
    std::fs::write(&path, line).expect("written");
    driver.open(&path);
    assert!(driver.shows_part("json"), "{}", driver.all_text());
    driver.click_stream("lead-9");
    driver.assert_shows("이영희");
}

/// A view of which nobody has ever seen the first row.
fn endless(path: &Path) {
    let fill = "CREATE VIEW event_log AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i % 7 + 1 FROM n)
        SELECT 's-' || i AS stream_id, i AS version, 'noted' AS type, '{}' AS payload FROM n WHERE i < 0;";
    Connection::open(path).and_then(|file| file.execute_batch(fill)).expect("filled");
}

#[test]
fn a_view_that_has_no_first_row_is_told_of_instead_of_waited_for() {
    let mut driver = Driver::welcome();
    let path = driver.path("endless.db");
    endless(&path);
    driver.open(&path);
    let told = "the first rows of event_log were not there within 5 s";
    assert!(driver.shows_part("Which columns are these?") || driver.shows_part(told), "{}", driver.all_text());
    assert!(driver.shows_part(told), "{}", driver.all_text());
    assert!(!driver.is_enabled("Use this mapping"), "it reads nothing");
    driver.press(Key::Escape);
    driver.assert_shows("Explore the sample");
}

#[test]
fn opening_a_view_that_has_no_first_row_is_left_at_once() {
    let mut driver = Driver::welcome();
    let path = driver.path("endless.db");
    endless(&path);
    let source = foldline::store::Source::from(path.clone());
    let mapping = r#"{"table":"event_log","stream":"stream_id","version":"version","type":"type","payload":"payload"}"#;
    let mapping = foldline::store::frameworks::Mapping::parse(mapping).expect("a mapping");
    foldline::store::frameworks::save_mapping(&source, &mapping).expect("kept");
    driver.drop_file(&path);
    // What there is to wait for, for ten seconds.
    driver.step_until("it is being opened", |driver| driver.shows("Cancel"));
    let begun = std::time::Instant::now();
    driver.window.get_by_role_and_label(Role::Button, "Cancel").click();
    driver.step_until("nothing is opened any more", |driver| !driver.window.state().is_busy());
    assert!(begun.elapsed().as_secs() < 2, "it was waited for: {:?}", begun.elapsed());
    driver.assert_shows("Explore the sample");
    forget_mapping(&source).expect("forgotten");
}
