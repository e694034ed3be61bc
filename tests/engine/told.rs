//! What is told of an event is what its stream shows of it.

use foldline::engine::{
    Calendar, FIELDS_TOLD, ProofError, Search, Survey, Ticket, TrailForm, TrailWish, describe, load_timeline, search,
    tell, write_trail,
};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp, Version};
use foldline::locale::{Language, Locale};
use foldline::replay::Timeline;
use foldline::sample::{SampleOptions, generate};
use foldline::store::files::ExportTarget;
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Flow, Query, Source, Store, Writer};
use proptest::prelude::*;

use crate::workshop::{cases, own_store, read};

fn timeline(store: &dyn Store, stream: &StreamId) -> Box<dyn Timeline> {
    let described = describe(store, stream).expect("there");
    let projection = described.projection(None).expect("its first");
    load_timeline(store, &described, &projection, &mut |_| (), &mut |_| Flow::Continue(())).expect("loaded")
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn what_is_told_of_events_is_what_their_streams_show(
        seed in 0_u64..50,
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 1..30),
    ) {
        let (_folder, mut store) = own_store();
        let options = SampleOptions { events: Some(1_500), seed, ..SampleOptions::default() };
        generate(&mut store, &options, &mut |_| Flow::Continue(())).expect("a sample");
        let events = read(&store, &Query::store());
        let wanted: Vec<(StreamId, Version)> = picks
            .iter()
            .map(|pick| pick.get(&events))
            .map(|event| (event.stream.clone(), event.version))
            .collect();
        let told = tell(&store, &wanted, &[], &mut |_| Flow::Continue(())).expect("told");
        prop_assert_eq!(told.len(), wanted.len());
        for ((stream, version), told) in wanted.iter().zip(&told) {
            let timeline = timeline(&store, stream);
            let index = timeline.index_of(*version).expect("there");
            prop_assert_eq!((&told.stream, told.version), (stream, *version));
            prop_assert_eq!(&told.changes, &timeline.first_changes(index, FIELDS_TOLD));
            prop_assert_eq!(told.changes.len() + told.more, timeline.changed_count(index));
            let event = store.event_at(stream, *version).expect("read").expect("there");
            let metadata = event.metadata();
            prop_assert_eq!((&told.actor, &told.reason), (&metadata.actor, &metadata.reason));
        }
    }
}

fn moved(number: u64) -> NewEvent {
    NewEvent {
        id: EventId::new(&format!("e{number}")),
        event_type: EventType::from("crm:Account.Moved"),
        schema: 1,
        recorded_at: Some(Timestamp::from_micros(1_735_689_600_000_000 + number as i64)),
        payload: format!(r#"{{"city":"town {}","moves":{number}}}"#, number / 2),
        metadata: r#"{"actor":"kim"}"#.to_owned(),
    }
}

#[test]
fn an_event_far_into_a_long_stream_is_told_as_one_at_its_beginning() {
    let (_folder, mut store) = own_store();
    let stream = StreamId::from("account-1");
    let events: Vec<NewEvent> = (0..2_600).map(moved).collect();
    Writer::append(&mut store, &stream, Expected::Any, &events).expect("appended");
    let far = [(stream.clone(), Version(2_400)), (stream.clone(), Version(2_401))];
    let told = tell(&store, &far, &[], &mut |_| Flow::Continue(())).expect("told");
    let timeline = timeline(&store, &stream);
    for (told, (_, version)) in told.iter().zip(&far) {
        let index = timeline.index_of(*version).expect("there");
        let mut changes = told.changes.clone();
        let mut shown = timeline.first_changes(index, FIELDS_TOLD);
        changes.sort_by(|one, other| one.field.cmp(&other.field));
        shown.sort_by(|one, other| one.field.cmp(&other.field));
        assert_eq!(changes, shown);
    }
    let fields = |at: usize| told.get(at).map_or(0, |told| told.changes.len());
    assert_eq!((fields(0), fields(1)), (2, 1), "the city changes with every second");
    assert_eq!(told.first().map(|told| told.words(&Locale::new(Language::Korean))).as_deref(), Some("Account moved"));
}

#[test]
fn an_event_of_a_known_domain_is_told_in_its_words_and_one_that_is_gone_is_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = NativeStore::create(&folder.path().join("a.db")).expect("a store");
    let lead = StreamId::from("lead-1");
    let event = |number: u64, event_type: &str, payload: &str| NewEvent {
        event_type: EventType::from(event_type),
        payload: payload.to_owned(),
        ..moved(number)
    };
    let events = [
        event(0, "lead-initialized", r#"{"lead-id":1,"name":"Kim","phone":"010-1"}"#),
        event(1, "ContactDetailsUpdated", r#"{"phone":"010-2"}"#),
        event(2, "contact-details-updated", r#"{"name":"Lee","phone":"010-3"}"#),
    ];
    Writer::append(&mut store, &lead, Expected::Any, &events).expect("appended");
    let wanted = [
        (lead.clone(), Version(2)),
        (StreamId::from("lead-2"), Version(0)),
        (lead.clone(), Version(9)),
        (lead.clone(), Version(1)),
    ];
    let told = tell(&store, &wanted, &[], &mut |_| Flow::Continue(())).expect("told");
    let words = |language| -> Vec<String> {
        let locale = Locale::new(language);
        told.iter().map(|told| told.words(&locale)).collect()
    };
    assert_eq!(words(Language::English), ["Corrected name and phone number", "Corrected the phone number"]);
    assert_eq!(words(Language::Korean), ["이름과 전화번호를 고침", "전화번호를 고침"]);
    let phone = told.last().and_then(|told| told.changes.first()).expect("a change");
    assert_eq!((phone.field.as_str(), &phone.before, &phone.after), ("phone", &"010-1".into(), &"010-2".into()));
}

fn wish(form: TrailForm) -> TrailWish {
    let text = "category:lead actor:kim";
    let search = Search::new(text, &Calendar::utc(Timestamp::default())).expect("sound");
    TrailWish {
        search,
        text: text.to_owned(),
        form,
        is_csv_safe: true,
        language: Language::English,
        offset: |_| 0,
        zone: "UTC".to_owned(),
        store: "sales.db".to_owned(),
        survey: Survey::default(),
    }
}

#[test]
fn a_trail_holds_all_that_was_found_in_its_order_and_a_stopped_one_is_no_file() {
    let (folder, mut store) = own_store();
    let options = SampleOptions { events: Some(6_000), seed: 3, ..SampleOptions::default() };
    generate(&mut store, &options, &mut |_| Flow::Continue(())).expect("a sample");
    let source = Source::from(folder.path().join("other.db"));
    let path = folder.path().join("trail.jsonl");
    let target = || ExportTarget::new(&path, &source, false).expect("free");
    let stopped = Ticket::new("testing");
    stopped.cancel();
    let refused = write_trail::<ProofError>(&store, target(), &wish(TrailForm::JsonLines), &stopped);
    assert!(refused.is_err() && !path.exists(), "{refused:?}");
    let written = write_trail::<ProofError>(&store, target(), &wish(TrailForm::JsonLines), &Ticket::new("testing"));
    let mut found = Vec::new();
    search(&store, &wish(TrailForm::Csv).search, &mut |_| Flow::Continue(()), &mut |event| {
        found.push((event.stream, event.version));
        Flow::Continue(())
    })
    .expect("found");
    assert!(found.len() > 400, "more than are told together: {}", found.len());
    assert_eq!(written.expect("written"), found.len() as u64);
    let told = tell(&store, &found, &[], &mut |_| Flow::Continue(())).expect("told");
    let text = std::fs::read_to_string(&path).expect("a file");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), told.len());
    for (line, told) in lines.iter().zip(&told) {
        assert_eq!(
            (line["stream"].as_str(), line["version"].as_u64()),
            (Some(told.stream.as_str()), Some(told.version.0))
        );
        assert_eq!(line["actor"], "kim");
        assert_eq!(line["changes"].as_array().map(Vec::len), Some(told.changes.len()));
    }
}
