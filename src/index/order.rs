use std::cmp::Ordering;

use serde_json::Value;

/// Values in an order that a person expects of a column: numbers by their size, text by its letters, yes behind no, and
/// what is not there behind everything.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => match (x.as_i64(), y.as_i64()) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => number(a).total_cmp(&number(b)),
        },
        (Value::String(x), Value::String(y)) => x.cmp(y),
        (Value::Bool(x), Value::Bool(y)) => x.cmp(y),
        (Value::Array(_) | Value::Object(_), Value::Array(_) | Value::Object(_)) => a.to_string().cmp(&b.to_string()),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) | Value::Object(_) => 3,
        Value::Null => 4,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_stand_in_the_order_of_their_kind_and_what_is_not_there_last() {
        let sorted = [
            json!(-2),
            json!(9),
            json!(9.5),
            json!(10),
            json!("a"),
            json!("b"),
            json!(false),
            json!(true),
            json!([1]),
            json!(null),
        ];
        for (at, one) in sorted.iter().enumerate() {
            for (place, other) in sorted.iter().enumerate() {
                assert_eq!(compare(one, other), at.cmp(&place), "{one} and {other}");
            }
        }
    }
}
