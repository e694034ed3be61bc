//! A store on NATS JetStream in the window, while another program records into it.

use async_nats::jetstream::{self, stream::Config};
use egui::Key;

use crate::driver::Driver;
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
