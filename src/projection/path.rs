//! Where a value stands inside a shown state: `status`, `messages[3].body`, `["a.b"].c`.

use std::fmt::Write as _;

use serde_json::{Map, Value};

pub use crate::event::key_path;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathStep {
    Key(String),
    Item(usize),
}

pub fn item_path(parent: &str, index: usize) -> String {
    let mut path = String::with_capacity(parent.len() + 6);
    path.push_str(parent);
    let _ = write!(path, "[{index}]");
    path
}

/// How a projection reports that nothing which is shown of a value changed, while its size may have: what is absent and
/// what is `null` are shown alike, and are not as many. The path of no value.
pub fn size_path(of: &str) -> String {
    format!("{of}{SIZE}")
}

/// The value whose size changed; `None` for the path of a value.
pub fn sized(path: &str) -> Option<&str> {
    path.strip_suffix(SIZE)
}

const SIZE: &str = "[]";

/// The steps of a path made by [`key_path`] and [`item_path`]; `None` for a text that is no path.
pub(super) fn path_steps(path: &str) -> Option<Vec<PathStep>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let mut values = serde_json::Deserializer::from_str(inner).into_iter::<Value>();
            let value = values.next()?.ok()?;
            let end = values.byte_offset();
            steps.push(match value {
                Value::String(key) => PathStep::Key(key),
                number => PathStep::Item(usize::try_from(number.as_u64()?).ok()?),
            });
            rest = inner.get(end..)?.strip_prefix(']')?;
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 {
                return None;
            }
            steps.push(PathStep::Key(name[..end].to_owned()));
            rest = &name[end..];
        }
    }
    Some(steps)
}

/// A path as every path is spelled here, however it was written: `a["b"]` is `a.b`.
pub fn spelled_path(path: &str) -> Option<String> {
    let spelled = path_steps(path)?.iter().fold(String::new(), |parent, step| match step {
        PathStep::Key(key) => key_path(&parent, key),
        PathStep::Item(index) => item_path(&parent, *index),
    });
    Some(spelled)
}

/// Whether a text is the path of a field.
pub fn is_path(text: &str) -> bool {
    path_steps(text).is_some_and(|steps| !steps.is_empty())
}

/// The name of the state's field that a path lies in.
pub fn root_field(path: &str) -> Option<String> {
    match path.strip_prefix('[') {
        Some(quoted) => serde_json::Deserializer::from_str(quoted).into_iter::<String>().next()?.ok(),
        None => path.split(['.', '[']).next().filter(|name| !name.is_empty()).map(str::to_owned),
    }
}

/// The name of a field of the state itself; `None` for a path that leads further in.
pub fn field_name(path: &str) -> Option<String> {
    match path_steps(path)?.as_slice() {
        [PathStep::Key(name)] => Some(name.clone()),
        _ => None,
    }
}

/// Puts a value at a path, where what contains it is there or is an object to be made. `None` where there is no such
/// place: inside of a text, or behind the end of a list.
pub fn set_path_value(value: &mut Value, path: &str, new: Value) -> Option<()> {
    let mut place = value;
    for step in path_steps(path)? {
        if place.is_null() && matches!(step, PathStep::Key(_)) {
            *place = Value::Object(Map::new());
        }
        place = match (place, step) {
            (Value::Object(fields), PathStep::Key(key)) => fields.entry(key).or_insert(Value::Null),
            (Value::Array(items), PathStep::Item(index)) => {
                if index == items.len() {
                    items.push(Value::Null);
                }
                items.get_mut(index)?
            }
            _ => return None,
        };
    }
    *place = new;
    Some(())
}

/// The value at a path.
pub fn path_value<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    step_into(value, &path_steps(path)?)
}

pub(super) fn step_into<'v>(value: &'v Value, steps: &[PathStep]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match step {
        PathStep::Key(key) => value.get(key),
        PathStep::Item(index) => value.get(index),
    })
}

/// The path itself and then each that contains it, the whole state excluded.
pub fn parents(path: &str) -> Vec<&str> {
    let mut ends = vec![path.len()];
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b'.' | b'[' if !is_quoted && at > 0 => ends.push(at),
            _ => {}
        }
    }
    ends.sort_unstable_by(|a, b| b.cmp(a));
    ends.into_iter().map(|end| &path[..end]).collect()
}

/// Visits every value that holds no further ones, with its path; an empty object or list is such a value. A state
/// without any field has none.
pub fn leaves<'v>(value: &'v Value, visit: &mut dyn FnMut(&str, &'v Value)) {
    fn down<'v>(path: &str, value: &'v Value, visit: &mut dyn FnMut(&str, &'v Value)) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (key, value) in fields {
                    down(&key_path(path, key), value, visit);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for (index, value) in items.iter().enumerate() {
                    down(&item_path(path, index), value, visit);
                }
            }
            leaf => visit(path, leaf),
        }
    }
    let is_nothing = value.is_null() || value.as_object().is_some_and(Map::is_empty);
    if !is_nothing {
        down("", value, visit);
    }
}

/// How many leaves a value has; one that is no container is its own.
pub(super) fn leaf_count(value: &Value) -> usize {
    match value {
        Value::Object(fields) if !fields.is_empty() => fields.values().map(leaf_count).sum(),
        Value::Array(items) if !items.is_empty() => items.iter().map(leaf_count).sum(),
        _ => 1,
    }
}

/// Of a text that is longer only the beginning is looked at leaf by leaf; whoever wants it whole asks for its path.
pub const LONGEST_LEAF: usize = 64 << 10;

pub(crate) fn beginning_of_leaf(value: &Value) -> Value {
    match value {
        Value::String(text) if text.len() > LONGEST_LEAF => {
            Value::String(format!("{}…", &text[..text.floor_char_boundary(LONGEST_LEAF)]))
        }
        other => other.clone(),
    }
}

/// The n-th leaf of the value at `path`, with its own path.
pub(super) fn nth_leaf(path: String, value: &Value, n: usize) -> Option<(String, Value)> {
    let mut left = n;
    let mut is_here = |value: &Value| {
        let count = leaf_count(value);
        let is_here = left < count;
        if !is_here {
            left -= count;
        }
        is_here
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let (key, inner) = fields.iter().find(|(_, value)| is_here(value))?;
            nth_leaf(key_path(&path, key), inner, left)
        }
        Value::Array(items) if !items.is_empty() => {
            let (index, inner) = items.iter().enumerate().find(|(_, value)| is_here(value))?;
            nth_leaf(item_path(&path, index), inner, left)
        }
        leaf => (n == 0).then(|| (path, beginning_of_leaf(leaf))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_lies_in_a_field_of_the_state() {
        let paths = [("phone", "phone"), ("messages[3].body", "messages"), ("address.city", "address")];
        for (path, field) in paths.into_iter().chain([(r#"["b.c"].d"#, "b.c"), (r#"["a\"["][0]"#, "a\"[")]) {
            assert_eq!(root_field(path).as_deref(), Some(field), "{path}");
        }
        assert_eq!(root_field(""), None);
    }

    #[test]
    fn odd_keys_are_quoted_and_found_again() {
        let value = json!({"a.b": {"": [{"x]\"y": 1}]}, "plain": {"가 나": 2}});
        let mut seen = Vec::new();
        leaves(&value, &mut |path, leaf| seen.push((path.to_owned(), leaf.clone())));
        let paths: Vec<_> = seen.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, [r#"["a.b"][""][0]["x]\"y"]"#, "plain.가 나"]);
        for (path, leaf) in &seen {
            assert_eq!(path_value(&value, path), Some(leaf), "{path}");
        }
    }

    #[test]
    fn parents_go_outward_and_respect_quotes() {
        assert_eq!(parents("messages[3].body"), ["messages[3].body", "messages[3]", "messages"]);
        assert_eq!(parents(r#"["a.b"].c"#), [r#"["a.b"].c"#, r#"["a.b"]"#]);
        assert_eq!(parents("status"), ["status"]);
    }

    #[test]
    fn a_value_is_put_where_its_path_leads() {
        let put = |mut value: Value, path: &str| set_path_value(&mut value, path, json!(9)).map(|()| value);
        assert_eq!(put(json!({"a": {"b": 1}, "c": 2}), "a.b"), Some(json!({"a": {"b": 9}, "c": 2})));
        assert_eq!(put(json!({"c": 2}), "a.b"), Some(json!({"c": 2, "a": {"b": 9}})));
        assert_eq!(put(json!({"a": [1, 2]}), "a[2]"), Some(json!({"a": [1, 2, 9]})));
        assert_eq!(put(json!({"a.b": 1}), r#"["a.b"]"#), Some(json!({"a.b": 9})));
        assert_eq!(put(json!({"a": [1]}), "a[2]"), None);
        assert_eq!(put(json!({"a": "text"}), "a.b"), None);
        assert!(is_path("a.b[1]") && !is_path("") && !is_path("a..b"));
    }

    proptest! {
        #[test]
        fn every_path_leads_back_to_its_value(keys in proptest::collection::vec("\\PC{0,6}", 1..4)) {
            let value = keys.iter().rev().fold(json!(7), |inner, key| json!({ key.as_str(): [inner] }));
            let mut found = None;
            leaves(&value, &mut |path, leaf| found = Some((path.to_owned(), leaf.clone())));
            let (path, leaf) = found.expect("one leaf");
            prop_assert_eq!(path_value(&value, &path), Some(&leaf));
            prop_assert_eq!(parents(&path).len(), keys.len() * 2);
        }
    }
}
