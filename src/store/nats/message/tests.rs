use proptest::prelude::*;

use super::super::texts::Kept;
use super::*;
use crate::store::native::chain::ROOT;

#[test]
fn a_stream_s_subject_is_read_back_and_no_two_are_alike() {
    let names = [
        "lead-1",
        "settings",
        "_",
        "_-1",
        "-",
        "--",
        "-x",
        "lead-",
        "lead-1-2",
        "a.b-c",
        "a-b.c",
        "a.b.c",
        "고객-김",
        "lead-*",
        "lead->",
        ">",
        "*",
        "a b-c\td",
        "100%-5",
        "%",
        "%-%",
        "%5F-1",
        "\u{a0}-\u{2028}",
        "$JS-API",
    ];
    let mut seen = std::collections::HashSet::new();
    for name in names {
        let stream = StreamId::from(name);
        let subject = subject_of("sales", &stream);
        assert_eq!(stream_of("sales", &subject).as_deref(), Some(name), "{subject}");
        assert_eq!(subject.split('.').count(), 4, "{subject}");
        assert!(!subject.contains(['*', '>', ' ']) && subject.split('.').all(|token| !token.is_empty()), "{subject}");
        let (category, _) = subject.rsplit_once('.').expect("a key");
        assert_eq!(category_subject("sales", stream.category()), format!("{category}.*"));
        assert!(seen.insert(subject));
    }
    assert_eq!(subject_of("sales", &"lead-1".into()), "foldline.sales.lead.1");
    assert_eq!(subject_of("sales", &"settings".into()), "foldline.sales.settings._");
}

#[test]
fn a_subject_that_nobody_here_writes_is_no_stream() {
    for subject in [
        "foldline.sales",
        "foldline.sales.lead",
        "foldline.sales.lead.1.2",
        "foldline.other.lead.1",
        "lead.1",
        "foldline.sales.lead.%41",
        "foldline.sales.le-ad.1",
        "foldline.sales.lead.%2",
        "foldline.sales.%FF.1",
    ] {
        assert_eq!(stream_of("sales", subject), None, "{subject}");
    }
}

fn any_event() -> impl Strategy<Value = NewEvent> {
    let json = prop_oneof![
        Just(" { \"b\" : 1.50,\n\t\"a\":\"\\ud83d\\ude00 가\", \"a\": 12345678901234567890.10e+5 }\n".to_owned()),
        Just("null".to_owned()),
        any::<String>().prop_map(|text| serde_json::json!({"note": text}).to_string()),
    ];
    let metadata = prop_oneof![
        Just(String::new()),
        any::<(String, String)>().prop_map(|(actor, reason)| {
            MetadataBuilder::default().actor(&actor).reason(&reason).caused_by("c 1", "{}").build()
        }),
        Just(" { \"actor\" : \"김\" } ".to_owned()),
    ];
    (any::<String>(), ".+", any::<u32>(), any::<Option<i64>>(), json, metadata).prop_map(
        |(id, event_type, schema, at, payload, metadata)| NewEvent {
            id: EventId::new(&id),
            event_type: event_type.as_str().into(),
            schema,
            recorded_at: at.map(Timestamp::from_micros),
            payload,
            metadata,
        },
    )
}

/// What a server and the client's reader make of a message's headers on the way.
fn carried(headers: &HeaderMap) -> HeaderMap {
    let mut arrived = HeaderMap::new();
    for (name, values) in headers.iter() {
        for value in values {
            let value = value.as_str();
            assert!(!value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()), "{value:?}");
            arrived.append(name.clone(), value.trim());
        }
    }
    arrived
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn events_come_back_from_a_message_letter_for_letter(
        events in proptest::collection::vec(any_event(), 1..4), as_one in any::<bool>(),
    ) {
        let stream = StreamId::from("lead-1");
        let mut before = ROOT;
        let mut placed = Vec::new();
        for (event, version) in events.iter().zip(7..) {
            placed.push(Placed::behind(&before, &stream, Version(version), event));
            before = placed.last().expect("one").hash;
        }
        let messages =
            if as_one { vec![as_envelope(&placed)] } else { placed.iter().map(as_message).collect() };
        let mut back = Vec::new();
        let mut before = ROOT;
        for written in &messages {
            let kept = Kept::alone("", Some(&carried(&written.headers)), &written.body);
            read_chained(kept.headers().expect("headers"), kept.body(), &mut |event| {
                assert_eq!(event.hash, Some(event.hash_behind(&before, &stream)));
                before = event.hash.expect("a hash");
                back.push((event.version, NewEvent {
                    id: event.id,
                    event_type: (&*event.event_type).into(),
                    schema: event.schema,
                    recorded_at: event.recorded_at,
                    payload: String::from_utf8(event.payload.into_owned()).expect("text"),
                    metadata: String::from_utf8(event.metadata.into_owned()).expect("text"),
                }));
            }).expect("read");
        }
        let expected: Vec<_> = events.into_iter().zip(7..).map(|(event, version)| (Version(version), event)).collect();
        prop_assert_eq!(back, expected);
    }
}

#[test]
fn a_hash_is_read_in_either_case_and_only_where_it_is_one() {
    let hash: Hash = std::array::from_fn(|place| (place * 0x2b) as u8);
    let text = hex(&hash);
    assert_eq!((from_hex(&text), from_hex(&text.to_uppercase())), (Some(hash), Some(hash)));
    for place in [0, 1, 31, 63] {
        for letter in ["g", "G", "/", ":", "@", "`", " ", "-"] {
            let mut odd = text.clone();
            odd.replace_range(place..=place, letter);
            assert_eq!(from_hex(&odd), None, "{odd}");
        }
    }
    let shorter = text.get(2..).expect("it is longer");
    for odd in ["", shorter, &format!("{text}0"), &format!("\u{e9}{shorter}")] {
        assert_eq!(from_hex(odd), None, "{odd}");
    }
}

#[test]
fn what_is_no_message_of_the_house_says_what_is_wrong_with_it() {
    let read = |pairs: &[(&str, &str)], body: &str| {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, *value);
        }
        let mut count = 0;
        let kept = Kept::alone("", Some(&headers), body.as_bytes());
        read_chained(kept.headers().expect("headers"), kept.body(), &mut |_| count += 1).map(|()| count)
    };
    let whole = [("Foldline-Schema", "1"), ("Nats-Msg-Id", "a"), ("Foldline-Version", "0"), ("Foldline-Type", "t")];
    assert_eq!(read(&whole, "{}"), Ok(1));
    assert_eq!(read(&[], "{}"), Err(MessageFlaw::Missing("Foldline-Schema")));
    assert_eq!(read(&[("Foldline-Schema", "2")], "{}"), Err(MessageFlaw::OtherSchema("2".to_owned())));
    assert_eq!(read(&whole[..3], "{}"), Err(MessageFlaw::Missing("Foldline-Type")));
    let with = |name, value| read(&[&whole[..], &[(name, value)]].concat(), "{\"events\":[]}");
    let odd = |name, said: &str| Err(MessageFlaw::Unreadable { name, said: said.to_owned() });
    assert_eq!(with("Foldline-Time", "soon"), odd("Foldline-Time", "soon"));
    assert_eq!(with("Foldline-Hash", "00"), odd("Foldline-Hash", "00"));
    assert_eq!(with("Foldline-Batch", "2"), Err(MessageFlaw::Count { said: "2".to_owned(), there: 0 }));
    assert!(matches!(read(&[whole[0], ("Foldline-Batch", "1")], "[]"), Err(MessageFlaw::Envelope(_))));
}

#[test]
fn an_event_with_more_metadata_than_headers_hold_is_known_by_its_headers_too() {
    let metadata = MetadataBuilder::default().reason(&"long ".repeat(20_000)).build();
    let event = NewEvent {
        id: EventId::new("a"),
        event_type: "t".into(),
        schema: 3,
        recorded_at: None,
        payload: "{}".to_owned(),
        metadata,
    };
    let written = as_envelope(&[Placed::behind(&ROOT, &"lead-1".into(), Version(4), &event)]);
    assert!(written.headers_len() < 1_000);
    let read = |body: &[u8]| {
        let mut found = None;
        let tell = &mut |event: OwnEvent<'_>| {
            found = Some((event.id, event.version, event.schema, event.event_type.into_owned(), event.metadata.len()));
        };
        let kept = Kept::alone("", Some(&written.headers), body);
        read_chained(kept.headers().expect("headers"), kept.body(), tell).expect("read");
        found.expect("an event")
    };
    let whole = read(&written.body);
    assert_eq!((whole.1, whole.2, whole.4), (Version(4), 3, event.metadata.len()));
    assert_eq!(read(b""), (whole.0, whole.1, whole.2, whole.3, 0));
}

#[test]
fn who_and_why_are_taken_from_headers_where_that_is_all_there_is() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("Foldline-Schema", "1"),
        ("Nats-Msg-Id", "a"),
        ("Foldline-Version", "0"),
        ("Foldline-Type", "t"),
        ("Foldline-Actor", "kim%20s"),
        ("Foldline-Reason", "100% sure"),
    ] {
        headers.insert(name, value);
    }
    let mut said = Metadata::default();
    let kept = Kept::alone("", Some(&headers), b"{}");
    read_chained(kept.headers().expect("headers"), kept.body(), &mut |event| said = Metadata::parse(&event.metadata))
        .expect("read");
    assert_eq!((said.actor.as_deref(), said.reason.as_deref()), (Some("kim s"), Some("100% sure")));
}
