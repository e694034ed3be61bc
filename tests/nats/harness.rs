//! The servers that all other tests here stand on.

use async_nats::jetstream::{self, stream};

use crate::servers::{Cluster, Kind, Server, block_on, connect, until};

fn version_of(server: &Server) -> String {
    block_on(async { connect(&server.url()).await.unwrap().server_info().version })
}

#[test]
fn both_servers_run_and_are_what_they_are_called() {
    assert!(version_of(Server::shared(Kind::New)).starts_with("2.15."));
    assert!(version_of(Server::shared(Kind::Old)).starts_with("2.9."));
}

#[test]
fn a_killed_server_comes_back_with_what_it_had() {
    let mut server = Server::start(Kind::New);
    block_on(async {
        let context = jetstream::new(connect(&server.url()).await.unwrap());
        let config =
            stream::Config { name: "kept".to_owned(), subjects: vec!["kept".to_owned()], ..Default::default() };
        context.create_stream(config).await.unwrap();
        context.publish("kept", "here".into()).await.unwrap().await.unwrap();
    });
    server.node.kill();
    assert!(block_on(async { connect(&server.url()).await.is_err() }));
    server.node.start();
    let mut found = 0;
    assert!(until(|| {
        found = block_on(async {
            let context = jetstream::new(connect(&server.url()).await.ok()?);
            Some(context.get_stream("kept").await.ok()?.cached_info().state.messages)
        })
        .unwrap_or(0);
        found > 0
    }));
    assert_eq!(found, 1);
}

pub(crate) fn three_servers_find_each_other_and_outlive_their_leader() {
    let mut cluster = Cluster::start(Kind::New);
    block_on(async {
        let context = jetstream::new(connect(&cluster.url()).await.unwrap());
        let config = stream::Config {
            name: "kept".to_owned(),
            subjects: vec!["kept".to_owned()],
            num_replicas: 3,
            ..Default::default()
        };
        context.create_stream(config).await.unwrap();
    });
    let leader = cluster.leader_of("kept");
    cluster.nodes[leader].kill();
    assert_ne!(cluster.leader_of("kept"), leader);
    cluster.nodes[leader].start();
    cluster.wait_for_copies("kept");
}

pub(crate) fn a_stopped_server_hangs_and_goes_on() {
    let server = Server::start(Kind::Old);
    server.node.stop();
    assert!(block_on(async { connect(&server.url()).await.is_err() }));
    server.node.go_on();
    assert!(until(|| block_on(async { connect(&server.url()).await.is_ok() })), "{}", server.node.log());
}
