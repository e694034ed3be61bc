//! What a condition is at a moment, and what is said of one that cannot be read.

use std::cell::Cell;
use std::time::{Duration, Instant};

use foldline::event::Timestamp;
use foldline::expr::{
    DoubtKind, EventPart, Expression, FlawKind, Kind, Moment, Names, Reading, Stop, Value, Which, hole_at,
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::workshop::cases;

/// A moment with these states and this event.
#[derive(Debug, Default)]
struct At {
    state: Json,
    old: Json,
    changed: Vec<&'static str>,
}

impl At {
    fn new(state: Json) -> Self {
        Self { state, ..Self::default() }
    }
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a time")
}

impl Moment for At {
    fn field(&self, which: Which, name: &str) -> Value<'_> {
        let state = if which == Which::Now { &self.state } else { &self.old };
        // A state of its own kind knows its times as such.
        match state.get(name).map_or(Value::Null, Value::json) {
            Value::Text(text) if name.ends_with("-on") => Value::Time(time(&text)),
            other => other,
        }
    }

    fn fields(&self, which: Which) -> Vec<(&str, Value<'_>)> {
        let state = if which == Which::Now { &self.state } else { &self.old };
        state.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), Value::json(value))).collect()
    }

    fn event(&self, part: EventPart) -> Value<'_> {
        match part {
            EventPart::Type => Value::text("contacted"),
            EventPart::Version => Value::Int(7),
            EventPart::RecordedAt => Value::Time(time("2025-01-03T12:30:00Z")),
            EventPart::Actor => Value::text("kim"),
            EventPart::Payload => Value::made(json!({"notes": {"length": 12}})),
            EventPart::Reason | EventPart::Id => Value::Null,
        }
    }

    fn changed(&self, path: &str) -> bool {
        self.changed.contains(&path)
    }

    fn had(&self, path: &str) -> bool {
        self.old.get(path).is_some_and(|value| !value.is_null())
    }

    fn count(&self, event_type: &str) -> u64 {
        if event_type == "contacted" { 3 } else { 0 }
    }
}

fn lead() -> At {
    At {
        state: json!({
            "status": "CLOSED", "contacts": 3, "rate": 2.5, "phone": null, "created-on": "2025-01-01T00:30:00Z",
            "at": "2025-01-01T09:30:00+09:00", "payment-deadline": "2025-02-01T00:00:00Z", "name": "김서연",
            "messages": [{"body": "hello", "by": "agent"}, {"body": "bye", "by": "customer"}], "open": true,
            "address": {"city": "Seoul", "zip": null}, "상태": "완료", "event": "x"
        }),
        old: json!({"status": "NEW", "contacts": 2}),
        changed: vec!["status", "name"],
    }
}

fn names() -> Names {
    let state = lead().state;
    Names { fields: state.as_object().expect("an object").keys().cloned().collect(), ..Names::default() }
}

fn read(text: &str, at: &At) -> Reading {
    let expression = Expression::new(text, &names()).unwrap_or_else(|flaw| panic!("{text}: {flaw}"));
    expression.holds(at, &|| false).unwrap_or_else(|stop| panic!("{text}: {stop:?}"))
}

#[test]
fn a_condition_holds_or_does_not() {
    let lead = lead();
    for text in [
        r#"status == "CLOSED" && contacts > 2"#,
        r#"state["payment-deadline"] > timestamp("2025-01-15T00:00:00Z")"#,
        r#"state.status == 'CLOSED' && old.status == "NEW""#,
        "contacts == 3.0 && contacts < 3.5 && rate == 2.5 && rate * 2 == 5",
        "contacts == old.contacts + 1",
        r#"changed("status") && !changed("phone")"#,
        r#"replaced("status") && !replaced("contacts") && !replaced("name")"#,
        r#"count("contacted") == 3 && count("shipped") == 0"#,
        r#"age(state["created-on"]) == duration("60h") && age(state["created-on"]) > duration("2d")"#,
        r#"event.type == "contacted" && event.version == 7 && event.actor.startsWith("k")"#,
        r#"event["payload"].notes.length == 12"#,
        r#"messages.exists(m, m.by == "customer") && messages.map(m, m.body) == ["hello", "bye"]"#,
        r#"messages.size() == 2 && size(messages.filter(m, m.by == "agent")) == 1"#,
        r#"messages[0].body.contains("ell") && contains(messages[1]["body"], "by")"#,
        r#"status in ["NEW", "CLOSED"] && !(status in ["NEW"]) && "city" in address"#,
        "has(state.status) && !has(state.phone) && has(address.zip) && !has(address.street)",
        r#"phone == null && phone != "x" && address.street == null && address.street.number == null"#,
        r#"name == "김서연" && size(name) == 3 && 상태 == "완료""#,
        r#"contacts > 5 ? false : status.matches("^CL.*D$")"#,
        r#"state["created-on"].getFullYear() == 2025 && event.recorded_at.getHours("+09:00") == 21"#,
        r#"state["created-on"] < "2025-01-02" && state["created-on"] == "2025-01-01T09:30:00+09:00""#,
        r#"timestamp(at) == state["created-on"]"#,
        r#"event.recorded_at - state["created-on"] == duration("60h")"#,
        "type(contacts) == int && type(name) == string && type(phone) == null_type",
        r#"int("42") == 42 && string(7) == "7" && double("1.5") == 1.5 && bool("true")"#,
        r#"state["event"] == "x" && state.`payment-deadline` != null"#,
        "1u < 2 && 9007199254740993 > 9007199254740992.0 && -9223372036854775808 < 0",
        r#""a\u0041\n" == 'aA
' && r"\d" == "\\d" && """x"y""" == 'x"y'"#,
        "0x10 == 16 && 7 % 4 == 3 && -7 / 2 == -3 && 1e3 == 1000.0",
        "{'a': 1}.a == 1 && {'a': {'b': [1, 2]}}.a.b[1] == 2 && [1, 2] + [3] == [1, 2, 3]",
        "[[1, 2], [3]].all(x, x.exists(y, y > 0)) && [1, 2, 2].exists_one(x, x == 1)",
        "open // and a remark",
    ] {
        assert_eq!(read(text, &lead), Reading::True, "{text}");
    }
    for text in [
        "contacts > 3",
        "!open",
        r#"status == "closed""#,
        "phone == 0",
        r#"messages.all(m, m.by == "agent")"#,
        r#"contacts == "3""#,
        "[] == [null]",
    ] {
        assert_eq!(read(text, &lead), Reading::False, "{text}");
    }
}

#[test]
fn what_cannot_be_told_is_unknown_and_decides_nothing_that_others_decide() {
    let lead = lead();
    let doubt = |text: &str| match read(text, &lead) {
        Reading::Unknown(doubt) => (doubt.kind, text.get(doubt.span).expect("a part of it").to_owned()),
        told => panic!("{text} is {told:?}"),
    };
    assert_eq!(doubt("phone > 2"), (DoubtKind::Compare(Kind::Null, Kind::Int), "phone > 2".to_owned()));
    assert_eq!(doubt("open && name < 3"), (DoubtKind::Compare(Kind::Text, Kind::Int), "name < 3".to_owned()));
    assert_eq!(doubt("phone + 1 == 2").0, DoubtKind::Reckon(Kind::Null, Kind::Int));
    assert_eq!(doubt("contacts").0, DoubtKind::NoCondition(Kind::Int));
    assert_eq!(doubt("!status"), (DoubtKind::NoCondition(Kind::Text), "status".to_owned()));
    assert_eq!(doubt("contacts / 0 == 1").0, DoubtKind::ByNought);
    assert_eq!(doubt("9223372036854775807 + contacts > 0").0, DoubtKind::TooLarge);
    for text in ["int(1e300) > 0", "uint(-1) > 0u", "int(18446744073709551615u) > 0", "int(0.0 / 0.0) > 0"] {
        assert_eq!(doubt(text).0, DoubtKind::TooLarge, "{text}");
    }
    assert_eq!(doubt("event.recorded_at.getHours(name) > 9").0, DoubtKind::Zone("김서연".into()));
    assert_eq!(doubt("messages[9].body == null").0, DoubtKind::NoItem);
    assert_eq!(doubt("size(contacts) == 1").0, DoubtKind::Takes("size", Kind::Int));
    assert_eq!(doubt("messages.exists(m, m.body > 1)").0, DoubtKind::Compare(Kind::Text, Kind::Int));
    for text in ["phone > 2 || open", "open || phone > 2", "messages.exists(m, m.by == 'agent' || m.body > 1)"] {
        assert_eq!(read(text, &lead), Reading::True, "{text}");
    }
    for text in ["phone > 2 && false", "false && phone > 2"] {
        assert_eq!(read(text, &lead), Reading::False, "{text}");
    }
}

#[test]
fn a_wrong_word_is_named_where_it_stands_with_what_was_meant() {
    for (text, wrong, kind, instead) in [
        ("", "", FlawKind::Empty, None),
        (r#"statsu == "CLOSED""#, "statsu", FlawKind::Field("statsu".into()), Some("status")),
        (r#"open && state.statsu == "X""#, "statsu", FlawKind::Field("statsu".into()), Some("status")),
        (r#"state["stauts"] == 1"#, r#""stauts""#, FlawKind::Field("stauts".into()), Some(r#""status""#)),
        ("old.contcts > 1", "contcts", FlawKind::Field("contcts".into()), Some("contacts")),
        (
            "payment-deadline == null",
            "payment-deadline",
            FlawKind::Field("payment-deadline".into()),
            Some(r#"state["payment-deadline"]"#),
        ),
        ("deadline == null", "deadline", FlawKind::Field("deadline".into()), Some(r#"state["payment-deadline"]"#)),
        ("zzzzzz > 1", "zzzzzz", FlawKind::Field("zzzzzz".into()), None),
        ("status == CLOSED", "CLOSED", FlawKind::Field("CLOSED".into()), Some(r#""CLOSED""#)),
        ("open && status != zzzzzz", "zzzzzz", FlawKind::Field("zzzzzz".into()), Some(r#""zzzzzz""#)),
        (r#"zzzzzz == "CLOSED""#, "zzzzzz", FlawKind::Field("zzzzzz".into()), None),
        ("contacts == contcts", "contcts", FlawKind::Field("contcts".into()), Some("contacts")),
        (r#"changed("phnoe")"#, r#""phnoe""#, FlawKind::Field("phnoe".into()), Some(r#""phone""#)),
        (r#"event.tpye == "x""#, "tpye", FlawKind::EventPart("tpye".into()), Some("type")),
        (r#"status.contans("x")"#, "contans", FlawKind::Function("contans".into()), Some("contains")),
        ("chagned('status')", "chagned", FlawKind::Function("chagned".into()), Some("changed")),
        (
            "contains(status)",
            "contains(status)",
            FlawKind::Arguments { function: "contains", takes: "contains(text, part)", given: 1 },
            None,
        ),
        (
            "messages.all(m)",
            "messages.all(m)",
            FlawKind::Arguments { function: "all", takes: "list.all(item, item > 1)", given: 1 },
            None,
        ),
        ("messages.map(1, 2)", "1", FlawKind::Variable("map".into()), None),
        (r#"status = "CLOSED""#, "=", FlawKind::Unexpected("=".into()), Some("==")),
        (r#"status === "X""#, "===", FlawKind::Unexpected("===".into()), Some("==")),
        ("contacts <> 2", "<>", FlawKind::Unexpected("<>".into()), Some("!=")),
        ("open and contacts > 2", "and", FlawKind::Unexpected("and".into()), Some("&&")),
        ("open & open", "&", FlawKind::Unexpected("&".into()), Some("&&")),
        ("not open", "not", FlawKind::Unexpected("not".into()), Some("!")),
        ("open &&", "", FlawKind::Unfinished, None),
        ("(open", "", FlawKind::Unfinished, None),
        ("open)", ")", FlawKind::Unexpected(")".into()), None),
        ("contacts > > 2", ">", FlawKind::Unexpected(">".into()), None),
        (r#"status == "CLOSED"#, r#""CLOSED"#, FlawKind::OpenText, None),
        (r#"status == "\q""#, r"\", FlawKind::Escape, Some(r"\\")),
        ("contacts > 12abc", "12abc", FlawKind::Number("12abc".into()), None),
        (
            "contacts > 99999999999999999999",
            "99999999999999999999",
            FlawKind::LargeNumber("99999999999999999999".into()),
            Some("99999999999999999999.0"),
        ),
        (
            "contacts > 9223372036854775808",
            "9223372036854775808",
            FlawKind::LargeNumber("9223372036854775808".into()),
            Some("9223372036854775808u"),
        ),
        ("rate > 1e999", "1e999", FlawKind::LargeNumber("1e999".into()), None),
        (
            r#"event.recorded_at.getHours("Asia/Seoul") > 9"#,
            r#""Asia/Seoul""#,
            FlawKind::Zone("Asia/Seoul".into()),
            None,
        ),
        ("status == #1", "#", FlawKind::Letter('#'), None),
        (r#"status.matches("(")"#, r#""(""#, FlawKind::Pattern("(".into()), None),
        (r#"timestamp("soon") < at"#, r#""soon""#, FlawKind::Time("soon".into()), None),
        (r#"duration("5 x") < age(at)"#, r#""5 x""#, FlawKind::Length("5 x".into()), None),
        (r#"b"x" == status"#, r#"b"x""#, FlawKind::Bytes, None),
        ("event == 1", "event", FlawKind::Unexpected("event".into()), Some("event.type")),
    ] {
        let flaw = Expression::new(text, &names()).expect_err(text);
        assert_eq!(text.get(flaw.span.clone()), Some(wrong), "{text}: {flaw:?}");
        assert_eq!((&flaw.kind, flaw.instead.as_deref()), (&kind, instead), "{text}");
        let said = flaw.to_string();
        assert!(said.ends_with(['.', '?']) && !said.contains('\n'), "{said}");
        if let Some(mended) = flaw.replaced(text) {
            assert!(mended.contains(instead.unwrap_or_default()), "{text} became {mended}");
        }
    }
    let flaw = Expression::new("statsu == \"CLOSED\"", &names()).expect_err("no field");
    assert_eq!(flaw.to_string(), "No field statsu. Did you mean status?");
    assert_eq!(flaw.replaced("statsu == \"CLOSED\"").as_deref(), Some("status == \"CLOSED\""));
}

#[test]
fn where_fields_come_with_the_events_any_name_may_be_one() {
    let open = Names { fields: vec!["payment-deadline".to_owned()], is_open: true, ..Names::default() };
    assert!(Expression::new("whatever == 1 && type == 'x'", &open).is_ok());
    let flaw = Expression::new("payment-deadline > 1", &open).expect_err("a difference of nothing");
    assert_eq!(flaw.instead.as_deref(), Some(r#"state["payment-deadline"]"#));
}

#[test]
fn too_long_and_too_deep_are_told_and_nothing_overflows() {
    let kind = |text: &str| Expression::new(text, &names()).map(|_| ()).map_err(|flaw| flaw.kind);
    assert_eq!(kind(&"1".repeat(5_000)), Err(FlawKind::TooLong));
    for (open, close) in
        [("(", ")"), ("[", "]"), ("!", ""), ("- ", ""), ("{1:", "}"), ("size(", ")"), ("true ? 1 : ", "")]
    {
        let count = 3_900 / (open.len() + close.len());
        let deep = format!("{}1{}", open.repeat(count), close.repeat(count));
        assert_eq!(kind(&deep), Err(FlawKind::TooDeep), "{open}");
    }
    assert_eq!(kind(&format!("1{}", " + 1".repeat(900))), Err(FlawKind::TooDeep));
    assert_eq!(kind(&format!("name{}", "[0]".repeat(900))), Err(FlawKind::TooDeep));
    // A long list of alternatives is not deep.
    assert_eq!(kind(&format!("open{}", " || contacts == 1".repeat(200))), Ok(()));
}

#[test]
fn an_endless_condition_ends_and_one_that_nobody_waits_for_ends_at_once() {
    let many = At::new(json!({ "messages": vec![1; 1_000] }));
    for text in [
        "messages.all(a, messages.all(b, messages.all(c, a + b + c > 0)))",
        "messages.map(a, messages.map(b, messages.map(c, [a, b, c]))).size() == 1",
        &format!("['{}']{}.size() == 1", "x".repeat(900), ".map(x, x + x)".repeat(40)),
        &format!("[messages]{}.size() == 1", ".map(x, x + x)".repeat(40)),
    ] {
        let expression = Expression::new(text, &names()).expect(text);
        let began = Instant::now();
        assert_eq!(expression.holds(&many, &|| false), Err(Stop::TooManySteps), "{text}");
        assert!(began.elapsed() < Duration::from_secs(5), "{text} took {:?}", began.elapsed());
        let looks = Cell::new(0);
        let stop = || {
            looks.set(looks.get() + 1);
            looks.get() > 2
        };
        assert_eq!(expression.holds(&many, &stop), Err(Stop::Cancelled), "{text}");
    }
}

#[test]
fn whether_a_field_is_there_may_be_asked_where_other_states_have_it() {
    let here = Names { differ: true, ..names() };
    for text in ["has(address2)", "has(state.address2)", "has(state['a b'])", "has(address2.city)"] {
        let expression = Expression::new(text, &here).unwrap_or_else(|flaw| panic!("{text}: {flaw}"));
        assert_eq!(expression.holds(&lead(), &|| false), Ok(Reading::False), "{text}");
        assert!(Expression::new(text, &names()).is_err(), "{text}: all of one kind have the same fields");
    }
    assert!(Expression::new("address2 == null", &here).is_err());
}

#[test]
fn the_steps_of_many_readings_together_have_an_end() {
    let many = At::new(json!({ "messages": vec![1; 100] }));
    let expression = Expression::new("messages.all(a, messages.exists(b, b == a))", &names()).expect("sound");
    let (mut left, mut readings) = (1_000_000, 0);
    let over = loop {
        match expression.holds_within(&many, &|| false, &mut left) {
            Ok(reading) => readings += i32::from(reading.is_true()),
            Err(stop) => break stop,
        }
    };
    assert_eq!((over, left), (Stop::TooManyStepsInAll, 0));
    assert!((10..1_000).contains(&readings), "{readings}");
}

#[test]
fn what_an_expression_looks_at_is_known() {
    let uses = |text: &str| Expression::new(text, &names()).expect(text).uses().clone();
    let fields = |text: &str| uses(text).fields.into_iter().collect::<Vec<_>>();
    assert_eq!(fields(r#"status == "X" && state["phone"] == null"#), ["phone", "status"]);
    assert!(!uses(r#"status == "X" || contacts > 2"#).is_of_event);
    for text in [
        "event.version > 1",
        "old.status == status",
        r#"changed("phone")"#,
        "age(at) > duration('1h')",
        "count('x') > 1",
        "size(state) > 1",
        "size(messages) > 1",
        "messages.exists(m, true)",
        "has(address.zip)",
        "address == messages",
    ] {
        assert!(uses(text).is_of_event, "{text}");
    }
    assert!(uses("event.actor == 'kim'").author && uses("event.payload.x == 1").payload && uses("old.open").old);
    let plain = |text: &str| Expression::new(text, &names()).expect(text).field().map(str::to_owned);
    assert_eq!(
        (plain("status"), plain("state['phone']"), plain("!open")),
        (Some("status".into()), Some("phone".into()), None)
    );
}

#[test]
fn what_is_about_to_be_typed_is_told_from_what_stands_there() {
    let hole = |marked: &str| {
        let caret = marked.find('|').expect("a caret");
        let text = marked.replacen('|', "", 1);
        let hole = hole_at(&text, caret);
        let (span, typed) = (text.get(hole.span.clone()).expect("a part of it").to_owned(), hole.typed.clone());
        (hole, span, typed)
    };
    let (_, span, typed) = hole("open && con|");
    assert_eq!((span.as_str(), typed.as_str()), ("con", "con"));
    let (_, span, typed) = hole("open && co|nt > 2");
    assert_eq!((span.as_str(), typed.as_str()), ("cont", "co"));
    assert_eq!(hole("status == |").0.value_of.as_deref(), Some("status"));
    let (at, span, typed) = hole("status != \"CL|");
    assert_eq!((at.value_of.as_deref(), span.as_str(), typed.as_str()), (Some("status"), "\"CL", "CL"));
    let (at, span, _) = hole("status == \"CL|OSED\" && open");
    assert_eq!((at.value_of.as_deref(), span.as_str()), (Some("status"), "\"CLOSED\""));
    assert_eq!(hole("state[\"created-on\"] == |").0.value_of.as_deref(), Some("created-on"));
    assert!(hole("event.|").0.is_event_part && hole("open && event.ty|").0.is_event_part);
    assert_eq!(hole("event.type == |").0.value_of_event.as_deref(), Some("type"));
    assert!(hole("changed(\"ph|").0.is_quoted_field && hole("state[\"|\"]").0.is_quoted_field);
    assert!(hole("count(\"|").0.is_quoted_type);
    let (at, span, typed) = hole("contacts > 12|");
    assert_eq!((at.value_of, span.as_str(), typed.as_str()), (None, "", ""));
}

proptest! {
    #![proptest_config(cases(256))]

    /// Whatever is typed is read or refused, its flaw lies inside of it, and reading goes on nowhere for ever.
    #[test]
    fn nothing_that_is_typed_does_harm(
        parts in prop::collection::vec(prop::sample::select(vec![
            "status", "state", "old", "event", ".", "[", "]", "(", ")", "\"", "'", "\\", "==", "!=", "<", "&&", "||", "!",
            "-", "+", "*", "/", "%", "?", ":", ",", "{", "}", "1", "2.5", "0x", "9u", "1e", "null", "true", "in", "has(",
            ".all(x, ", ".map(x, ", "x", "changed(", "age(", "timestamp(", "matches(", " ", "김", "`", "“", "r\"", "//", "\n",
            "contacts", "messages", ".size()", "duration('1h')", "[0]", "'a'", "type(", "int",
        ]), 0..24),
        caret in 0..120_usize,
    ) {
        let text = parts.concat();
        hole_at(&text, caret);
        match Expression::new(&text, &names()) {
            Ok(expression) => {
                let _ = expression.holds(&lead(), &|| false);
            }
            Err(flaw) => {
                prop_assert!(text.get(flaw.span.clone()).is_some(), "{:?} of {:?}", flaw, text);
                prop_assert!(!flaw.to_string().is_empty());
            }
        }
    }
}
