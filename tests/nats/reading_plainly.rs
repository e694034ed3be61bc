//! What another program sees of a store that knows nothing of Foldline but what the README says: the plain client.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use foldline::event::{EventId, MetadataBuilder, NewEvent, Version};
use foldline::store::native::NativeStore;
use foldline::store::{self, Address, AppendError, Expected, Fault, Flow, Query, Store, Writer};

use crate::servers::{Kind, Server, block_on, connect};
use crate::stores::{assert_verifies_clean, findings, fresh_store, ids, noted, read, reader, stream, writer};

/// The header of a stored message.
fn header(message: &jetstream::message::StreamMessage, name: &str) -> Option<String> {
    message.headers.get(name).map(|value| value.as_str().to_owned())
}

#[test]
fn a_correction_is_read_by_its_subject_and_headers() {
    let address = fresh_store(Kind::New);
    let name = address.rsplit('/').next().unwrap().to_owned();
    let mut store = writer(&address);
    store.append(&stream("lead-7"), Expected::NoStream, &[noted("0190b1de-5a4f-7c8e-9a3b-0123456789ab")]).unwrap();
    let correction = NewEvent {
        event_type: "lead-corrected".into(),
        payload: "{\"amount\": 12}".to_owned(),
        metadata: MetadataBuilder::default()
            .actor("김 kim")
            .reason("typo")
            .compensates(Some(&EventId::new("0190b1de-5a4f-7c8e-9a3b-0123456789ab")))
            .build(),
        ..noted("0190b1de-5a4f-7c8e-9a3b-0123456789ac")
    };
    store.append(&stream("lead-7"), Expected::Exact(Version(0)), &[correction]).unwrap();
    block_on(async {
        let context = jetstream::new(connect(&Server::shared(Kind::New).url()).await.unwrap());
        let stream = context.get_stream(&name).await.unwrap();
        let message = stream.get_last_raw_message_by_subject(&format!("foldline.{name}.lead.7")).await.unwrap();
        assert_eq!(&message.payload[..], b"{\"amount\": 12}");
        for (name, value) in [
            ("Nats-Msg-Id", "0190b1de-5a4f-7c8e-9a3b-0123456789ac"),
            ("Foldline-Schema", "1"),
            ("Foldline-Version", "1"),
            ("Foldline-Type", "lead-corrected"),
            ("Foldline-Time", "2025-01-01T00:00:00.000Z"),
            ("Foldline-Actor", "%EA%B9%80%20kim"),
            ("Foldline-Reason", "typo"),
            ("Foldline-Compensates", "0190b1de-5a4f-7c8e-9a3b-0123456789ab"),
        ] {
            assert_eq!(header(&message, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(header(&message, "Foldline-Hash").map(|hash| hash.len()), Some(64));
        let description = stream.cached_info().config.description.clone().unwrap_or_default();
        assert!(description.starts_with("foldline store; schema 1; id "), "{description}");
    });
}

#[test]
fn what_another_program_writes_by_the_readme_is_an_event_and_what_it_leaves_out_is_found() {
    let address = fresh_store(Kind::New);
    let name = address.rsplit('/').next().unwrap().to_owned();
    writer(&address).append(&stream("lead-1"), Expected::NoStream, &[noted("a")]).unwrap();
    let publish = |subject: String, headers: &[(&str, &str)]| {
        let mut map = async_nats::HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, *value);
        }
        block_on(async {
            let context = jetstream::new(connect(&Server::shared(Kind::New).url()).await.unwrap());
            context.publish_with_headers(subject, map, "{\"by\":\"another\"}".into()).await.unwrap().await.unwrap();
        });
    };
    publish(
        format!("foldline.{name}.lead.1"),
        &[("Nats-Msg-Id", "b"), ("Foldline-Schema", "1"), ("Foldline-Version", "1"), ("Foldline-Type", "told")],
    );
    let events = read(reader(&address).as_ref(), &Query::stream(stream("lead-1")));
    assert_eq!((events[1].id.to_string(), events[1].event_type.as_str()), ("b".to_owned(), "told"));
    // Without the hash nobody can say whether it was changed.
    let kinds = |address: &str| -> Vec<&str> {
        findings(reader(address).as_ref()).iter().map(|one| one.kind().name()).collect()
    };
    assert_eq!(kinds(&address), ["broken-chain"]);
    // Going on behind it is possible all the same, and no further finding.
    writer(&address).append(&stream("lead-1"), Expected::Exact(Version(1)), &[noted("c")]).unwrap();
    assert_eq!(kinds(&address), ["broken-chain"]);
    publish(format!("foldline.{name}.lead.2"), &[]);
    publish(format!("foldline.{name}.lead.3.4"), &[("Foldline-Schema", "1")]);
    assert_eq!(kinds(&address), ["broken-chain", "odd-event", "odd-event"]);
    let refused = writer(&address).append(&stream("lead-2"), Expected::Any, &[noted("d")]).unwrap_err();
    assert!(refused.to_string().contains("left there by another program"), "{refused}");
}

#[test]
fn what_others_delete_purge_or_change_is_found() {
    let address = fresh_store(Kind::New);
    let name = address.rsplit('/').next().unwrap().to_owned();
    let mut store = writer(&address);
    for number in 0..6 {
        let lead = format!("lead-{}", number % 2);
        store.append(&stream(&lead), Expected::Any, &[noted(&number.to_string())]).unwrap();
    }
    assert_verifies_clean(store.as_ref());
    block_on(async {
        let context = jetstream::new(connect(&Server::shared(Kind::New).url()).await.unwrap());
        let stream = context.get_stream(&name).await.unwrap();
        assert!(stream.delete_message(3).await.is_err(), "the store is made so that nothing can be deleted");
        assert!(stream.purge().await.is_err());
        assert_eq!(stream.get_info().await.unwrap().state.messages, 6);
    });
    let sentences = |address: &str| -> Vec<String> {
        findings(reader(address).as_ref()).iter().map(|one| one.what.to_string()).collect()
    };
    // Whoever owns the server makes the stream anew without the guards, from what is left of the messages.
    block_on(async {
        let context = jetstream::new(connect(&Server::shared(Kind::New).url()).await.unwrap());
        let mut old = context.get_stream(&name).await.unwrap();
        let mut config = old.info().await.unwrap().config.clone();
        let mut messages = Vec::new();
        for sequence in 1..=6 {
            messages.push(old.get_raw_message(sequence).await.unwrap());
        }
        context.delete_stream(&name).await.unwrap();
        (config.deny_delete, config.deny_purge, config.max_messages) = (false, false, 100);
        let stream = context.create_stream(config).await.unwrap();
        for message in messages {
            let (subject, mut headers) = (message.subject.clone(), message.headers.clone());
            let names: Vec<String> = headers.iter().map(|(name, _)| name.to_string()).collect();
            let mut kept = async_nats::HeaderMap::new();
            for name in names.iter().filter(|name| !name.contains("Expected")) {
                kept.insert(name.as_str(), headers.get(name.as_str()).unwrap().clone());
            }
            headers = kept;
            context.publish_with_headers(subject, headers, message.payload.clone()).await.unwrap().await.unwrap();
        }
        stream.delete_message(3).await.unwrap();
    });
    let said = sentences(&address).join("\n");
    for words in [
        "positions 3 to 3",
        "max_msgs lets the server drop",
        "deny_delete is off",
        "deny_purge is off",
        "version 1 is missing",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// Another program leaves an event of this version behind what there is of lead-1.
fn leave(kind: Kind, address: &str, id: &str, version: &str) {
    let mut headers = async_nats::HeaderMap::new();
    for (name, value) in [("Nats-Msg-Id", id), ("Foldline-Schema", "1"), ("Foldline-Type", "told")] {
        headers.insert(name, value);
    }
    headers.insert("Foldline-Version", version);
    let subject = format!("foldline.{}.lead.1", address.rsplit('/').next().unwrap());
    block_on(async {
        let context = jetstream::new(connect(&Server::shared(kind).url()).await.unwrap());
        context.publish_with_headers(subject, headers, "{}".into()).await.unwrap().await.unwrap();
    });
}

#[test]
fn behind_a_message_that_another_program_left_with_an_earlier_version_no_number_is_given_twice() {
    for kind in [Kind::New, Kind::Old] {
        let address = fresh_store(kind);
        let lead = stream("lead-1");
        let mut first = writer(&address);
        for id in ["a", "b", "c"] {
            first.append(&lead, Expected::Any, &[noted(id)]).unwrap();
        }
        let leave = |id: &str, version: &str| leave(kind, &address, id, version);
        leave("forged", "1");
        let is_named = |store: &dyn Store| {
            let found = findings(store);
            assert!(found.iter().all(|one| one.place.position == found[0].place.position), "{found:?}");
            found[0].kind().name()
        };
        let named = is_named(reader(&address).as_ref());
        // Whoever appended before, and whoever has just come.
        let answer = first.append(&lead, Expected::Any, &[noted("d")]).unwrap();
        assert_eq!((answer.first, answer.last), (Version(3), Version(3)), "{kind:?}");
        leave("forged too", "0");
        let mut second = writer(&address);
        let refused = second.append(&lead, Expected::Exact(Version(0)), &[noted("e")]).unwrap_err();
        let AppendError::Conflict(conflict) = refused else { panic!("{refused}") };
        assert_eq!(conflict.actual, Some(Version(3)));
        let answer = second.append(&lead, Expected::Exact(Version(3)), &[noted("e"), noted("f")]).unwrap();
        assert_eq!((answer.first, answer.last), (Version(4), Version(5)));
        leave("forged in the end", "2");
        // A store of which a part is brought in, and of which that version was another event.
        let folder = tempfile::tempdir().unwrap();
        let mut other = NativeStore::create(&folder.path().join("other.db")).unwrap();
        let others: Vec<_> = ["a", "b", "c", "x"].map(noted).into();
        other.append(&lead, Expected::NoStream, &others).unwrap();
        let target = store::server_target(&Address::new(&address), None, false).unwrap();
        let refused = store::bring_in(&target, &other, &mut |_| Flow::Continue(())).unwrap_err();
        let is_taken = matches!(refused, AppendError::VersionTaken { version: Version(3), last: Version(5), .. });
        assert!(is_taken, "{refused}");
        let versions: Vec<u64> =
            read(reader(&address).as_ref(), &Query::stream(lead.clone())).iter().map(|event| event.version.0).collect();
        assert_eq!(versions, [0, 1, 2, 1, 3, 0, 4, 5, 2]);
        let row = reader(&address).stream(&lead).unwrap().unwrap();
        assert_eq!((row.events, row.last_version), (9, Version(5)), "{kind:?}");
        assert_eq!(named, "duplicate");
    }
}

/// Puts a message on the wire as the plain client would not: whatever bytes its headers are.
fn publish_bytes(server: &Server, subject: &str, headers: &[u8], body: &[u8]) {
    let mut wire = TcpStream::connect(("127.0.0.1", server.node.port)).unwrap();
    let length = headers.len();
    write!(
        wire,
        "CONNECT {{\"verbose\":false,\"headers\":true}}\r\nHPUB {subject} {length} {}\r\n",
        length + body.len()
    )
    .unwrap();
    wire.write_all(&[headers, body, b"\r\nPING\r\n"].concat()).unwrap();
    let answered = BufReader::new(wire).split(b'\n').any(|line| line.is_ok_and(|line| line == b"PONG\r"));
    assert!(answered, "the server did not take it");
}

#[test]
fn a_message_whose_headers_are_no_text_hides_none_of_the_others() {
    for kind in [Kind::New, Kind::Old] {
        let server = Server::shared(kind);
        let address = fresh_store(kind);
        let name = address.rsplit('/').next().unwrap().to_owned();
        let subject = format!("foldline.{name}.lead.1");
        let heads = |version: u8| {
            let text = format!(
                "NATS/1.0\r\nNats-Msg-Id: odd-{version}\r\nFoldline-Schema: 1\r\nFoldline-Version: {version}\r\n\
                 Foldline-Type: told\r\nFrom: "
            );
            [text.as_bytes(), b"\xff\xfe\r\n\r\n"].concat()
        };
        let mut store = writer(&address);
        store.append(&stream("lead-1"), Expected::NoStream, &[noted("a")]).unwrap();
        publish_bytes(server, &subject, &heads(1), b"{}");
        publish_bytes(server, &subject, &heads(2), b"{}");
        store.append(&stream("lead-1"), Expected::Exact(Version(2)), &[noted("b")]).unwrap();
        publish_bytes(server, &subject, b"NATS/1.0\r\nno header at all\r\n\r\n", b"{}");
        let began = Instant::now();
        let store = reader(&address);
        for query in [Query::store(), Query::stream(stream("lead-1")), Query::store().backward()] {
            let mut there = ids(&read(store.as_ref(), &query));
            there.sort();
            // What is no event of the house goes by its number.
            assert_eq!(there, ["a", "b", "message-5", "odd-1", "odd-2"], "{kind:?}");
        }
        let kinds: Vec<&str> = findings(store.as_ref()).iter().map(|one| one.kind().name()).collect();
        assert_eq!(kinds, ["broken-chain", "broken-chain", "odd-event"], "{kind:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{kind:?}: {:?}", began.elapsed());
    }
}

#[test]
fn a_message_of_another_schema_is_named_and_the_others_are_read() {
    for kind in [Kind::New, Kind::Old] {
        let address = fresh_store(kind);
        let name = address.rsplit('/').next().unwrap().to_owned();
        let mut store = writer(&address);
        store.append(&stream("lead-1"), Expected::NoStream, &[noted("a")]).unwrap();
        let large = NewEvent { payload: format!("\"{}\"", "x".repeat((1 << 20) - 2_000)), ..noted("large") };
        store.append(&stream("lead-1"), Expected::Any, &[large]).unwrap();
        for (id, version) in [("later", "2"), ("earlier", "0"), ("none", "")] {
            let subject = format!("foldline.{name}.lead.2");
            let heads = format!(
                "NATS/1.0\r\nNats-Msg-Id: {id}\r\nFoldline-Schema: {version}\r\nFoldline-Version: 0\r\n\
                 Foldline-Type: told\r\n\r\n"
            );
            publish_bytes(Server::shared(kind), &subject, heads.as_bytes(), b"{}");
        }
        let store = reader(&address);
        let there = ids(&read(store.as_ref(), &Query::store()));
        assert_eq!(there, ["a", "large", "message-3", "message-4", "message-5"], "{kind:?}");
        let said: Vec<String> = findings(store.as_ref()).iter().map(|one| one.what.to_string()).collect();
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].contains("schema 2") && said[1].contains("schema 0"), "{said:?}");
        let refused = writer(&address).append(&stream("lead-2"), Expected::Any, &[noted("b")]).unwrap_err();
        assert!(refused.to_string().contains("left there by another program"), "{refused}");
    }
}

#[test]
fn a_number_that_others_skipped_to_and_came_back_from_is_not_given_again() {
    for kind in [Kind::New, Kind::Old] {
        // As many messages as the last one's number says, a few and more than a few.
        for versions in [&["0", "9", "2"][..], &["0", "1", "2", "14", "3", "4", "5", "6", "7", "9"]] {
            let address = fresh_store(kind);
            let lead = stream("lead-1");
            for version in versions {
                leave(kind, &address, &format!("left as {version}"), version);
            }
            let highest = versions.iter().map(|version| version.parse().unwrap()).max().unwrap();
            let row = reader(&address).stream(&lead).unwrap().unwrap();
            assert_eq!((row.events, row.last_version), (versions.len() as u64, Version(highest)), "{kind:?}");
            let found = findings(reader(&address).as_ref());
            let is_gap = |what: &Fault| matches!(what, Fault::VersionsMissing { to, .. } if *to + 1 == highest);
            let is_disorder = |what: &Fault| *what == Fault::OutOfOrder { after: Version(highest) };
            assert!(
                found.iter().any(|one| is_gap(&one.what)) && found.iter().any(|one| is_disorder(&one.what)),
                "{found:?}"
            );
            let mut store = writer(&address);
            let refused = store.append(&lead, Expected::Exact(Version(2)), &[noted("a")]).unwrap_err();
            let AppendError::Conflict(conflict) = refused else { panic!("{refused}") };
            assert_eq!(conflict.actual, Some(Version(highest)), "{kind:?}");
            let answer = store.append(&lead, Expected::Any, &[noted("a"), noted("b")]).unwrap();
            assert_eq!((answer.first, answer.last), (Version(highest + 1), Version(highest + 2)), "{kind:?}");
            // What comes while it is open.
            leave(kind, &address, "left far ahead", "40");
            leave(kind, &address, "left behind", "3");
            let answer = store.append(&lead, Expected::Exact(Version(40)), &[noted("c")]).unwrap();
            assert_eq!(answer.first, Version(41), "{kind:?}");
        }
    }
}

#[test]
fn a_correction_behind_a_message_that_says_to_be_an_earlier_event_meets_no_conflict() {
    for kind in [Kind::New, Kind::Old] {
        let address = fresh_store(kind);
        let lead = stream("lead-1");
        for (event_type, payload) in [
            ("lead-initialized", r#"{"lead-id":1,"name":"a"}"#),
            ("contact-details-updated", r#"{"name":"b"}"#),
            ("contacted", "{}"),
        ] {
            let event = NewEvent { event_type: event_type.into(), payload: payload.to_owned(), ..noted(event_type) };
            writer(&address).append(&lead, Expected::Any, &[event]).unwrap();
        }
        leave(kind, &address, "forged", "0");
        let corrected = Command::new(env!("CARGO_BIN_EXE_foldline"))
            .args(["compensate", &address, "lead-1", "--version", "1", "--actor", "kim", "--reason", "a slip"])
            .args(["--format", "json"])
            .output()
            .unwrap();
        assert!(corrected.status.success(), "{kind:?}: {}", String::from_utf8_lossy(&corrected.stderr));
        let all = read(reader(&address).as_ref(), &Query::stream(lead.clone()));
        let last = all.last().unwrap();
        assert_eq!((all.len(), last.version, last.event_type.as_str()), (5, Version(3), "contact-details-updated"));
        let said: serde_json::Value = serde_json::from_slice(&corrected.stdout).unwrap();
        assert_eq!((&said["version"], &said["state"]["name"]), (&3.into(), &"a".into()), "{said}");
    }
}

#[test]
fn a_number_with_none_behind_it_is_counted_and_locks_no_stream() {
    for kind in [Kind::New, Kind::Old] {
        for said in [u64::MAX, u64::MAX - 1, i64::MAX as u64, i64::MAX as u64 - 1] {
            let address = fresh_store(kind);
            let lead = stream("lead-1");
            let mut first = writer(&address);
            first.append(&lead, Expected::NoStream, &[noted("a"), noted("b")]).unwrap();
            for id in ["forged", "forged too"] {
                leave(kind, &address, id, &said.to_string());
            }
            // As a reader that has met nothing yet sees it, and one that has gone through the whole store.
            let (fresh, walked) = (reader(&address), reader(&address));
            assert_eq!(walked.info().unwrap().longest_stream.unwrap().last_version, Version(3));
            for reader in [fresh, walked] {
                for query in [Query::store(), Query::stream(lead.clone())] {
                    for query in [query.clone(), query.backward()] {
                        let mut there: Vec<(u64, String)> = read(reader.as_ref(), &query)
                            .iter()
                            .map(|event| (event.version.0, event.id.to_string()))
                            .collect();
                        there.sort();
                        let there: Vec<(u64, &str)> = there.iter().map(|(at, id)| (*at, id.as_str())).collect();
                        assert_eq!(there, [(0, "a"), (1, "b"), (2, "forged"), (3, "forged too")], "{kind:?} {said}");
                    }
                }
                assert_eq!(reader.stream(&lead).unwrap().unwrap().last_version, Version(3));
                let forged = reader.event_at(&lead, Version(2)).unwrap().unwrap();
                assert_eq!(reader.event_by_id(&EventId::new("forged")).unwrap().unwrap(), forged);
            }
            let found = findings(reader(&address).as_ref());
            let counted: Vec<u64> = found
                .iter()
                .filter_map(|one| match &one.what {
                    Fault::VersionNotBelieved { said: words, counted } if words.0 == said => Some(counted.0),
                    Fault::HashBroken => None,
                    other => panic!("{kind:?} {said}: {other:?}"),
                })
                .collect();
            assert_eq!(counted, [2, 3], "{found:?}");
            // Of two that go on from the same place one wins; what the message says is no place to go on from.
            let mut second = writer(&address);
            second.append(&lead, Expected::Exact(Version(said)), &[noted("c")]).unwrap_err();
            let answer = second.append(&lead, Expected::Exact(Version(3)), &[noted("c"), noted("d")]).unwrap();
            assert_eq!((answer.first, answer.last), (Version(4), Version(5)), "{kind:?} {said}");
            let refused = first.append(&lead, Expected::Exact(Version(3)), &[noted("e")]).unwrap_err();
            let AppendError::Conflict(conflict) = refused else { panic!("{refused}") };
            assert_eq!(
                (conflict.actual, ids(&conflict.since)),
                (Some(Version(5)), vec!["c".to_owned(), "d".to_owned()])
            );
            // What stands there is known by its id, at the number that it counts as.
            let again =
                NewEvent { event_type: "told".into(), recorded_at: None, payload: "{}".to_owned(), ..noted("forged") };
            let answer = writer(&address).append(&lead, Expected::Any, &[again]).unwrap();
            assert_eq!((answer.already_there, answer.first), (true, Version(2)), "{kind:?} {said}");
            // A part of the store brought in again goes through it.
            let folder = tempfile::tempdir().unwrap();
            let mut other = NativeStore::create(&folder.path().join("other.db")).unwrap();
            other.append(&stream("lead-2"), Expected::NoStream, &[noted("x")]).unwrap();
            let target = store::server_target(&Address::new(&address), None, false).unwrap();
            store::bring_in(&target, &other, &mut |_| Flow::Continue(())).unwrap();
        }
    }
}

#[test]
fn behind_the_highest_number_that_is_believed_there_is_always_another() {
    for kind in [Kind::New, Kind::Old] {
        let address = fresh_store(kind);
        let lead = stream("lead-1");
        for (turn, place) in [1_u64, 4, 7].into_iter().enumerate() {
            let highest = (1 << 62) + place * 4096;
            leave(kind, &address, &format!("forged {turn}"), &highest.to_string());
            for more in 1..=2 {
                let last = Version(highest + more - 1);
                let event = noted(&format!("{turn} {more}"));
                let answer = writer(&address).append(&lead, Expected::Exact(last), &[event]).unwrap();
                assert_eq!(answer.first.0, highest + more, "{kind:?}");
            }
        }
        let found = findings(reader(&address).as_ref());
        assert!(!found.iter().any(|one| matches!(one.what, Fault::VersionNotBelieved { .. })), "{found:?}");
        assert_eq!(
            found.iter().filter(|one| matches!(one.what, Fault::VersionsMissing { .. })).count(),
            2,
            "{found:?}"
        );
    }
}
