//! Foldline reads CEL by itself: it may be stopped, says where a word is wrong, and takes what is absent as null. Whatever
//! another reader of CEL answers, Foldline answers too.

use std::collections::HashMap;

use cel::{Context, Program, Value as Cel};
use foldline::expr::{DoubtKind, EventPart, Expression, Kind, Moment, Names, Stop, Value, Which};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::workshop::cases;

struct At(Json);

impl Moment for At {
    fn field(&self, _: Which, name: &str) -> Value<'_> {
        self.0.get(name).map_or(Value::Null, Value::json)
    }

    fn fields(&self, _: Which) -> Vec<(&str, Value<'_>)> {
        Vec::new()
    }

    fn event(&self, _: EventPart) -> Value<'_> {
        Value::Null
    }

    fn changed(&self, _: &str) -> bool {
        false
    }

    fn had(&self, _: &str) -> bool {
        false
    }

    fn count(&self, _: &str) -> u64 {
        0
    }
}

const WHOLE: [i64; 5] = [0, 1, -3, 7, i64::MAX];
const TEXTS: [&str; 4] = ["", "ab", "b", "김서"];

fn state(whole: i64, text: &str, is: bool) -> Json {
    json!({
        "i": whole, "d": 2.5, "t": text, "s": "abc", "b": is, "n": null, "l": [1, 2, whole], "w": ["ab", text],
        "m": {"x": whole, "y": text},
    })
}

fn to_cel(value: &Json) -> Cel {
    match value {
        Json::Null => Cel::Null,
        Json::Bool(is) => Cel::Bool(*is),
        Json::Number(number) => number.as_i64().map_or_else(|| Cel::Float(number.as_f64().unwrap_or(0.0)), Cel::Int),
        Json::String(text) => Cel::String(text.clone().into()),
        Json::Array(items) => Cel::List(items.iter().map(to_cel).collect::<Vec<_>>().into()),
        Json::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), to_cel(value))).collect::<HashMap<_, _>>().into()
        }
    }
}

/// As text that tells any two values apart that CEL tells apart.
fn shown(value: &Cel) -> Option<String> {
    Some(match value {
        Cel::Null => "null".to_owned(),
        Cel::Bool(is) => is.to_string(),
        Cel::Int(number) => format!("int {number}"),
        Cel::UInt(number) => format!("uint {number}"),
        Cel::Float(number) => format!("double {number:?}"),
        Cel::String(text) => format!("text {text:?}"),
        Cel::List(items) => format!("{:?}", items.iter().map(shown).collect::<Option<Vec<_>>>()?),
        _ => return None,
    })
}

fn ours(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(is) => is.to_string(),
        Value::Int(number) => format!("int {number}"),
        Value::Uint(number) => format!("uint {number}"),
        Value::Double(number) => format!("double {number:?}"),
        Value::Text(text) => format!("text {text:?}"),
        Value::List(items) => format!("{:?}", items.iter().map(ours).collect::<Vec<_>>()),
        Value::Json(Json::Array(items)) => {
            format!("{:?}", items.iter().map(|item| ours(&Value::json(item))).collect::<Vec<_>>())
        }
        other => other.shown(),
    }
}

fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "i",
        "d",
        "t",
        "s",
        "b",
        "n",
        "l",
        "w",
        "m",
        "m.x",
        "m.y",
        "m['x']",
        "l[0]",
        "l[2]",
        "0",
        "1",
        "2",
        "7u",
        "2.0",
        "-1",
        "'b'",
        "\"ab\"",
        "'김'",
        "true",
        "false",
        "null",
        "[]",
        "[1, 2]",
        "{'a': 1}.a",
        "size(l)",
        "size(t)",
        "l.size()",
        "has(m.x)",
        "has(m.z)",
        "t.contains('b')",
        "s.startsWith('a')",
        "s.endsWith(t)",
        "string(i)",
        "int(d)",
        "double(i)",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let sign = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "&&", "||", "in"]);
        let each = prop::sample::select(vec!["all", "exists", "exists_one", "map", "filter"]);
        prop_oneof![
            6 => (inner.clone(), sign, inner.clone()).prop_map(|(one, sign, two)| format!("({one} {sign} {two})")),
            2 => inner.clone().prop_map(|of| format!("!({of})")),
            1 => inner.clone().prop_map(|of| format!("(-({of}))")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            2 => (prop::sample::select(vec!["l", "w", "[1, 2, 3]"]), each, inner.clone())
                .prop_map(|(of, what, body)| format!("{of}.{what}(e, ({body} == e) || b)")),
            1 => (prop::sample::select(vec!["l", "w"]), inner.clone()).prop_map(|(of, body)| format!("{of}.map(e, [e, {body}])")),
            1 => (inner.clone(), inner).prop_map(|(one, two)| format!("[{one}, {two}]")),
        ]
    })
}

/// The other reader rounds a whole number before it compares it with a broken one, so that 2^63 - 1 is 2^63 to it. By CEL's
/// definition, which Foldline keeps to, each stands at its own place on the line of numbers.
fn of_broken_numbers(text: &str) -> bool {
    ["d", "2.0"]
        .iter()
        .any(|name| text.split(|one: char| !one.is_alphanumeric() && one != '.').any(|word| word == *name))
        || text.contains("double(")
}

#[test]
fn a_whole_number_is_not_rounded_before_it_is_compared_with_a_broken_one() {
    let at = At(state(i64::MAX, "", true));
    let names = Names { fields: vec!["i".to_owned()], ..Names::default() };
    for (text, expected) in [
        ("double(i) == i", "false"),
        ("double(i) > i", "true"),
        ("double(i) in [i]", "false"),
        ("double(9007199254740992) == 9007199254740993", "false"),
        ("double(9007199254740992) == 9007199254740992", "true"),
    ] {
        let expression = Expression::new(text, &names).unwrap_or_else(|flaw| panic!("{text}: {flaw}"));
        assert_eq!(expression.value(&at, &|| false).as_ref().map(ours), Ok(expected.to_owned()), "{text}");
    }
}

/// The other reader takes a map's keys, in any order, for what is added to a list. CEL has no such sum.
fn is_map_added_to_list(stop: &Stop) -> bool {
    matches!(stop, Stop::Unknown(doubt) if matches!(doubt.kind, DoubtKind::Reckon(Kind::List, Kind::Map)))
}

proptest! {
    #![proptest_config(cases(768))]

    #[test]
    fn what_cel_answers_foldline_answers_too(
        text in expressions(),
        whole in prop::sample::select(WHOLE.to_vec()),
        word in prop::sample::select(TEXTS.to_vec()),
        is in any::<bool>(),
    ) {
        let whole = if of_broken_numbers(&text) { whole.min(1 << 53) } else { whole };
        let state = state(whole, word, is);
        let mut context = Context::default();
        for (name, value) in state.as_object().expect("an object") {
            context.add_variable_from_value(name.as_str(), to_cel(value));
        }
        let program = Program::compile(&text).expect("every one of these is CEL");
        let names = Names { fields: state.as_object().expect("an object").keys().cloned().collect(), ..Names::default() };
        let expression = Expression::new(&text, &names).unwrap_or_else(|flaw| panic!("{text}: {flaw}"));
        let at = At(state);
        if let Some(expected) = program.execute(&context).ok().as_ref().and_then(shown) {
            let value = expression.value(&at, &|| false);
            if value.as_ref().is_err_and(is_map_added_to_list) {
                return Ok(());
            }
            let value = value.as_ref().map(ours);
            prop_assert_eq!(value, Ok(expected), "{} with {} and {:?}", text, whole, word);
        }
    }
}
