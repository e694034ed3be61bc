//! Stores behind an address, in the window.

use egui::{Key, Role};

use crate::desk::Desk;
use crate::postgres::{Database, server};

/// As cqrs-es leaves it.
const LEADS: &str = r#"
    CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL,
        event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence));
    INSERT INTO events VALUES
        ('account', '7', 1, 'Opened', '1.0', '{"Opened":{"owner":"김서연"}}', '{}'),
        ('account', '7', 2, 'Renamed', '1.0', '{"Renamed":{"owner":"이영희"}}', '{}');"#;

fn connect(desk: &mut Desk, address: &str) {
    desk.type_into("Path or address of a store", address);
    desk.press(Key::Enter);
}

#[test]
fn an_address_opens_a_store_and_its_framework_stands_in_the_bar() {
    let database = Database::with(LEADS);
    let mut desk = Desk::welcome();
    connect(&mut desk, &database.address());
    assert!(desk.shows_part("cqrs-es"), "{}", desk.all_text());
    desk.click_role(Role::TreeItem, "account:7");
    desk.assert_shows("이영희");
    desk.press(Key::ArrowLeft);
    desk.assert_shows("State at version 1");
    desk.assert_shows("김서연");
}

#[test]
fn a_password_is_asked_for_again_where_it_is_wrong_and_is_shown_nowhere() {
    let database = Database::with(LEADS);
    let place = format!("foldline@127.0.0.1:{}/{}?sslmode=disable", server().get("FOLDLINE_PG_PORT"), database.name);
    let mut desk = Desk::welcome();
    connect(&mut desk, &format!("postgres://{place}"));
    desk.type_into("Password", "not this one");
    desk.click_first("Connect");
    assert!(desk.shows_part("is not accepted"), "{}", desk.all_text());
    let password = server().get("FOLDLINE_PG_PASSWORD").to_owned();
    desk.type_into("Password", &password);
    desk.press(Key::Enter);
    assert!(desk.shows_part("cqrs-es"), "{}", desk.all_text());
    assert!(!desk.all_text().contains(&password), "the password is on the screen");
    assert!(!format!("{:?}", desk.window.state()).contains(&password), "the password is in what is logged");
}

#[test]
fn a_connection_that_drops_is_told_and_comes_back_where_it_was() {
    let database = Database::with(LEADS);
    let mut desk = Desk::welcome();
    connect(&mut desk, &database.address());
    desk.click_role(Role::TreeItem, "account:7");
    desk.assert_shows("State at version 2");
    let mut keeper = server().client("postgres");
    let allow = |keeper: &mut postgres::Client, may: bool| {
        let name = &database.name;
        let said = format!(
            "ALTER DATABASE {name} ALLOW_CONNECTIONS {may};
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}';"
        );
        keeper.batch_execute(&said).expect("allowed or not");
    };
    allow(&mut keeper, false);
    desk.press(Key::ArrowLeft);
    assert!(desk.shows_part("Try again"), "{}", desk.all_text());
    desk.assert_shows("State at version 1");
    allow(&mut keeper, true);
    desk.click("Try again");
    desk.assert_hides("Try again");
    desk.assert_shows("State at version 1");
    desk.assert_shows("Event · v1");
}
