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

/// A value to sort by, in the order of [`compare`] and a third of its room.
#[derive(Debug)]
pub(super) enum SortKey {
    Int(i64),
    Real(f64),
    Text(Box<str>),
    Bool(bool),
    /// A list or an object, by its text.
    Nested(Box<str>),
}

impl SortKey {
    /// `None` for what is not there.
    pub(super) fn of(value: Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                None => Self::Real(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Self::Text(text.into()),
            Value::Bool(is) => Self::Bool(is),
            nested => Self::Nested(nested.to_string().into()),
        })
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Int(_) | Self::Real(_) => 0,
            Self::Text(_) => 1,
            Self::Bool(_) => 2,
            Self::Nested(_) => 3,
        }
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(x), Self::Int(y)) => x.cmp(y),
            (Self::Int(x), Self::Real(y)) => (*x as f64).total_cmp(y),
            (Self::Real(x), Self::Int(y)) => x.total_cmp(&(*y as f64)),
            (Self::Real(x), Self::Real(y)) => x.total_cmp(y),
            (Self::Text(x), Self::Text(y)) | (Self::Nested(x), Self::Nested(y)) => x.cmp(y),
            (Self::Bool(x), Self::Bool(y)) => x.cmp(y),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SortKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for SortKey {}

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
                if let (Some(key), Some(of_other)) = (SortKey::of(one.clone()), SortKey::of(other.clone())) {
                    assert_eq!(key.cmp(&of_other), at.cmp(&place), "{one} and {other}");
                }
            }
        }
    }
}
