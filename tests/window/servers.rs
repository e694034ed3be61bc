//! Stores behind an address, in the window.

use egui::Key;

use crate::driver::Driver;
use crate::postgres::{Database, server};

/// As cqrs-es leaves it.
const LEADS: &str = r#"
    CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL,
        event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence));
    INSERT INTO events VALUES
        ('account', '7', 1, 'Opened', '1.0', '{"Opened":{"owner":"김서연"}}', '{}'),
        ('account', '7', 2, 'Renamed', '1.0', '{"Renamed":{"owner":"이영희"}}', '{}');"#;

fn connect(driver: &mut Driver, address: &str) {
    driver.type_into("Path or address of a store", address);
    driver.press(Key::Enter);
}

#[test]
fn an_address_opens_a_store_and_its_framework_stands_in_the_bar() {
    let database = Database::with(LEADS);
    let mut driver = Driver::welcome();
    connect(&mut driver, &database.address());
    assert!(driver.shows_part("cqrs-es"), "{}", driver.all_text());
    driver.click_stream("account:7");
    driver.assert_shows("이영희");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("State at version 1");
    driver.assert_shows("김서연");
}

#[test]
fn a_password_is_asked_for_again_where_it_is_wrong_and_is_shown_nowhere() {
    let database = Database::with(LEADS);
    let place = format!("foldline@127.0.0.1:{}/{}?sslmode=disable", server().get("FOLDLINE_PG_PORT"), database.name);
    let mut driver = Driver::welcome();
    connect(&mut driver, &format!("postgres://{place}"));
    driver.type_into("Password", "not this one");
    driver.click_first("Connect");
    assert!(driver.shows_part("is not accepted"), "{}", driver.all_text());
    let password = server().get("FOLDLINE_PG_PASSWORD").to_owned();
    driver.type_into("Password", &password);
    driver.press(Key::Enter);
    assert!(driver.shows_part("cqrs-es"), "{}", driver.all_text());
    assert!(!driver.all_text().contains(&password), "the password is on the screen");
    assert!(!format!("{:?}", driver.window.state()).contains(&password), "the password is in what is logged");
}

#[test]
fn a_connection_that_drops_is_told_and_comes_back_where_it_was() {
    let database = Database::with(LEADS);
    let mut driver = Driver::welcome();
    connect(&mut driver, &database.address());
    driver.click_stream("account:7");
    driver.assert_shows("State at version 2");
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
    driver.press(Key::ArrowLeft);
    assert!(driver.shows_part("Try again"), "{}", driver.all_text());
    driver.assert_shows("State at version 1");
    allow(&mut keeper, true);
    driver.click("Try again");
    driver.assert_hides("Try again");
    driver.assert_shows("State at version 1");
    driver.assert_shows("Event · v1");
}
