//! A store on NATS JetStream in the window, while another program records into it.

use std::path::Path;
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, stream::Config};
use egui::{Key, Modifiers, Role};
use foldline::app::Start;
use foldline::engine::{ShareWish, ShareWorker, shared_values};
use foldline::event::{EventId, NewEvent, StreamId, Version};
use foldline::store::{self, Expected, Flow, Source, Writer};

use crate::correcting::elsewhere;
use crate::driver::{Driver, window};
use crate::nats_servers::{Kind, Server, block_on, connect};

fn make(url: &str, name: &str) {
    block_on(async {
        let subjects = vec![format!("$ES.{name}.>")];
        let config = Config { name: name.to_owned(), subjects, ..Config::default() };
        jetstream::new(connect(url).await.unwrap()).create_stream(config).await.unwrap();
    });
}

fn record(url: &str, name: &str, owners: &[&str]) {
    block_on(async {
        let context = jetstream::new(connect(url).await.unwrap());
        for owner in owners {
            let payload = format!("{{\"owner\":\"{owner}\"}}");
            let published = context.publish(format!("$ES.{name}.account.7.changed"), payload.into()).await.unwrap();
            published.await.unwrap();
        }
    });
}

#[test]
fn a_stream_is_chosen_scrubbed_and_grows_while_it_is_looked_at() {
    let mut server = Server::start(Kind::New);
    let url = server.url();
    make(&url, "BOOKS");
    make(&url, "SHOP");
    record(&url, "SHOP", &["김서연", "이영희"]);
    let mut driver = Driver::welcome();
    driver.type_into("Path or address of a store", &url);
    driver.press(Key::Enter);
    driver.wait_for_part("Choose a stream");
    driver.click("SHOP");
    driver.wait_for_part("rita");
    driver.click_stream("account:7");
    driver.assert_shows("State at version 2");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("State at version 1");
    record(&url, "SHOP", &["박지훈"]);
    driver.wait_for_part("v1 of 3");
    driver.assert_shows("State at version 1");
    // The server goes, is told to be gone, and what comes when it is back comes by itself.
    server.node.kill();
    driver.wait_for_part("Connection lost");
    server.node.start();
    assert!(crate::nats_servers::until(|| block_on(async { connect(&url).await.is_ok() })));
    record(&url, "SHOP", &["최민수"]);
    driver.wait_for_part("v1 of 4");
    driver.step_until("it is there again", |driver| !driver.shows_part("Connection lost"));
    driver.press(Key::End);
    driver.assert_shows("State at version 4");
}

fn ran(args: &[&str]) -> String {
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_foldline")).args(args).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

/// A window at a stream of a store on a server.
fn at(address: &str, stream: &str) -> Driver {
    let folder = tempfile::tempdir().unwrap();
    let (store, stream) = (Some(Source::parse(address)), Some(StreamId::from(stream)));
    let workspaces = Some(folder.path().join("workspaces"));
    Driver::in_folder(window(Start { store, stream, workspaces, ..Start::default() }), folder)
}

fn command(driver: &mut Driver, name: &str) {
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.strike(name);
    driver.press(Key::Enter);
    driver.settle();
}

fn moved(writer: &mut dyn Writer, number: u64) {
    let new = NewEvent {
        id: EventId::new(&format!("moved-{number}")),
        event_type: "contact-details-updated".into(),
        schema: 1,
        recorded_at: None,
        payload: format!("{{\"phone\":\"{number}\"}}"),
        metadata: String::new(),
    };
    writer.append(&StreamId::from("lead-1"), Expected::Any, &[new]).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_another_appends_is_shown_at_once_followed_and_corrected_meanwhile() {
    let server = Server::start(Kind::New);
    let address = format!("{}/SALES", server.url());
    ran(&["sample", &address, "--events", "3000", "--seed", "1"]);
    let mut driver = at(&address, "lead-1");
    driver.assert_shows("State at version 6");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("State at version 5");

    // From when the server has taken it to when the row is on screen; the cursor stays.
    let mut writer = store::open_for_writing(&Source::parse(&address)).unwrap();
    let mut took = Vec::new();
    for number in 7..=12 {
        moved(writer.as_mut(), number);
        let begun = Instant::now();
        let place = format!("v5 of {number}");
        driver.step_until("it is shown", |driver| driver.shows(&place));
        took.push(begun.elapsed());
        driver.settle();
    }
    took.sort();
    eprintln!("shown after {took:?}");
    // Other tests may keep the machine busy most of the time, but not always.
    assert!(took.first().is_some_and(|fastest| *fastest < Duration::from_millis(250)), "{took:?}");
    driver.click("Follow");
    driver.assert_shows("State at version 12");
    moved(writer.as_mut(), 13);
    driver.wait_for("State at version 13");
    driver.click("Follow");
    drop(writer);

    driver.allow_writing();
    driver.press(Key::Home);
    driver.click_role(Role::Row, "v3 contact-details-updated");
    driver.click("Compensate…");
    driver.type_into("Author", "kim");
    driver.type_into("Reason", "the first spelling was right");
    elsewhere(Path::new(&address), "lead-2", "contact-details-updated", r#"{"phone":"1"}"#);
    elsewhere(Path::new(&address), "lead-1", "contact-details-updated", r#"{"phone":"2"}"#);
    driver.wait_for("contact-details-updated would be recorded as version 15");
    driver.click_role(Role::Button, "Append behind version 14");
    driver.wait_for("State at version 15");
    let reader = store::open(&Source::parse(&address)).unwrap();
    let last = reader.event_at(&StreamId::from("lead-1"), Version(15)).unwrap().expect("it was recorded");
    assert_eq!(String::from_utf8_lossy(&last.payload), r#"{"name":"aab"}"#);
    assert!(reader.event_at(&StreamId::from("lead-1"), Version(16)).unwrap().is_none(), "once");
    ran(&["verify", &address]);
}

#[test]
fn who_folds_together_is_seen_while_they_do_and_is_helped() {
    let server = Server::start(Kind::New);
    let (url, address) = (server.url(), format!("{}/SHARED", server.url()));
    make(&url, "SHARED");
    record(&url, "SHARED", &["김서연", "이영희"]);
    let mut driver = at(&address, "account:7");
    command(&mut driver, "Shared projections");
    assert!(driver.shows_part("No projection of this store"), "{}", driver.all_text());

    let reader = store::open(&Source::parse(&address)).unwrap();
    let values = shared_values(reader.as_ref(), "owners", "here", true).unwrap();
    let wish = ShareWish { projection: "fields".to_owned(), category: None, into: None };
    let lease = Duration::from_mins(1);
    let mut worker =
        ShareWorker::with_lease(lease, values.as_ref(), "owners", "anna-1-x", reader.as_ref(), &wish).unwrap();
    let mut step = || worker.step(reader.as_ref(), &mut || Flow::Continue(())).unwrap();
    step();
    // It is looked again without a press.
    driver.wait_for("owners");
    driver.wait_for("All folded, position 2");
    driver.assert_shows("anna");
    driver.assert_shows("32");
    record(&url, "SHARED", &["박지훈"]);
    driver.wait_for("Folded up to position 2; 1 event to go");
    assert!(driver.is_enabled("Help with owners here"));
    step();
    driver.wait_for("All folded, position 3");
    assert!(!driver.is_enabled("Help with owners here"), "there is nothing to do");
    // It goes, and what comes later is folded here.
    worker.leave().unwrap();
    record(&url, "SHARED", &["최민수"]);
    driver.wait_for_part("32 of 32 partitions are assigned to nobody");
    driver.click_role(Role::Button, "Help with owners here");
    driver.wait_for("owners: all folded; 1 event on this machine");
    driver.wait_for("All folded, position 4");
    driver.press(Key::Escape);
    driver.click("한국어");
    command(&mut driver, "공유 프로젝션");
    driver.wait_for_part("모두 계산했습니다");
}

#[test]
fn where_no_work_can_be_shared_it_is_said() {
    let mut driver = Driver::at("lead-1");
    command(&mut driver, "Shared projections");
    assert!(driver.shows_part("only on a server of NATS JetStream"), "{}", driver.all_text());
}

#[test]
fn a_mirror_is_made_followed_and_opened() {
    let server = Server::start(Kind::New);
    let address = format!("{}/SALES", server.url());
    ran(&["sample", &address, "--events", "3000", "--seed", "1"]);
    let record = |phone: &str| {
        let payload = format!("{{\"phone\":\"{phone}\"}}");
        elsewhere(Path::new(&address), "lead-1", "contact-details-updated", &payload);
    };
    let mut driver = at(&address, "lead-1");
    let path = driver.path("mirror.db");
    command(&mut driver, "Mirror");
    driver.type_into("File of the mirror", &path.display().to_string());
    driver.click_role(Role::Button, "Make the mirror");
    driver.wait_for_part("3,000 events in ");
    // It follows before it is opened, and afterwards.
    record("1");
    driver.wait_for_part("3,001 events in ");
    driver.click_role(Role::Button, "Open the mirror");
    driver.wait_for_part("Following nats://");
    driver.click_stream("lead-1");
    driver.assert_shows("State at version 7");
    driver.press(Key::ArrowLeft);
    record("2");
    driver.wait_for("v6 of 8");
    driver.click_beginning("Following nats://");
    driver.click("Stop following");
    driver.step_until("it is let go of", |driver| !driver.shows_part("Following nats://"));
    record("3");
    // Nobody writes into it unasked.
    driver.settle();
    driver.assert_shows("v6 of 8");
    driver.click_beginning("Mirror of ");
    driver.click("Follow the origin");
    driver.wait_for("v6 of 9");

    // What cannot be made is said, and tried again elsewhere.
    command(&mut driver, "Mirror…");
    driver.type_into("File of the mirror", &path.display().to_string());
    driver.click_role(Role::Button, "Make the mirror");
    assert!(driver.shows_part("this is the store itself"), "{}", driver.all_text());
}
