//! Two programs that change one value, brought together: whoever changed a part last has it.

use serde_json::{Map, Value};

/// What stands in the file by now, with what became of `base` in this program written over it.
///
/// An object is brought together field by field, and a list whose entries can be told apart entry by entry. Anything else
/// is taken whole.
pub(super) fn merged(base: Option<&Value>, mine: &Value, theirs: &Value) -> Value {
    match (base, mine, theirs) {
        (Some(base), mine, theirs) if base == mine => theirs.clone(),
        (Some(Value::Object(base)), Value::Object(mine), Value::Object(theirs)) => {
            Value::Object(merged_fields(base, mine, theirs))
        }
        (Some(Value::Array(base)), Value::Array(mine), Value::Array(theirs)) => {
            merged_list(base, mine, theirs).map_or_else(|| Value::Array(mine.clone()), Value::Array)
        }
        (_, mine, _) => mine.clone(),
    }
}

/// Fields that this program does not know stay as they are.
pub(super) fn merged_fields(
    base: &Map<String, Value>,
    mine: &Map<String, Value>,
    theirs: &Map<String, Value>,
) -> Map<String, Value> {
    let mut fields = theirs.clone();
    for (name, value) in mine {
        let value = match theirs.get(name) {
            Some(there) => merged(base.get(name), value, there),
            // It was taken out of the file by hand: only what was changed since comes back.
            None if base.get(name) == Some(value) => continue,
            None => value.clone(),
        };
        fields.insert(name.clone(), value);
    }
    for name in base.keys().filter(|name| !mine.contains_key(*name)) {
        fields.remove(name);
    }
    fields
}

/// Entries that this program added, changed or moved to the front come first, then the others as the file has them, but
/// for those that this program took out. `None` where two entries cannot be told apart.
fn merged_list(base: &[Value], mine: &[Value], theirs: &[Value]) -> Option<Vec<Value>> {
    let (of_base, of_mine, of_theirs) = (keys(base)?, keys(mine)?, keys(theirs)?);
    let moved = moved_to_front(&of_base, &of_mine);
    let before = |key: &str| of_base.iter().position(|known| *known == key).and_then(|at| base.get(at));
    let is_mine = |nth: usize, key: &str| nth < moved || before(key) != mine.get(nth);
    let mut list = Vec::new();
    let mut taken = Vec::new();
    for (nth, (key, value)) in of_mine.iter().zip(mine).enumerate() {
        if is_mine(nth, key) {
            let there = of_theirs.iter().position(|known| known == key).and_then(|at| theirs.get(at));
            let of_both = there.filter(|there| there.is_object()).map(|there| merged(before(key), value, there));
            list.push(of_both.unwrap_or_else(|| value.clone()));
            taken.push(*key);
        }
    }
    for (key, value) in of_theirs.iter().zip(theirs) {
        let is_removed = of_base.contains(key) && !of_mine.contains(key);
        if !taken.contains(key) && !is_removed {
            list.push(value.clone());
        }
    }
    Some(list)
}

/// How many entries at the front no longer stand in the order that they had.
fn moved_to_front(base: &[&str], mine: &[&str]) -> usize {
    let mut rest = base.iter().rev();
    let kept = mine.iter().rev().take_while(|key| rest.any(|known| known == *key)).count();
    mine.len() - kept
}

/// By what each entry is known: itself, its store or name, or the first of a pair.
fn keys(list: &[Value]) -> Option<Vec<&str>> {
    let keys: Option<Vec<&str>> = list.iter().map(key).collect();
    let keys = keys?;
    let is_told_apart = keys.iter().enumerate().all(|(nth, key)| !keys.iter().take(nth).any(|known| known == key));
    is_told_apart.then_some(keys)
}

fn key(entry: &Value) -> Option<&str> {
    match entry {
        Value::String(text) => Some(text),
        Value::Object(fields) => fields.get("store").or_else(|| fields.get("name"))?.as_str(),
        Value::Array(pair) => pair.first()?.as_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn assert_merged(base: &Value, mine: &Value, theirs: &Value, expected: &Value) {
        assert_eq!(merged(Some(base), mine, theirs), *expected);
    }

    #[test]
    fn fields_are_brought_together_one_by_one_and_the_last_to_change_one_has_it() {
        assert_merged(
            &json!({"light": false, "language": "en", "panes": {"streams": 1, "event": 2}}),
            &json!({"light": true, "language": "en", "panes": {"streams": 9, "event": 2}}),
            &json!({"light": false, "language": "ko", "panes": {"streams": 1, "event": 8}, "unknown": 7}),
            &json!({"light": true, "language": "ko", "panes": {"streams": 9, "event": 8}, "unknown": 7}),
        );
        assert_merged(&json!({"a": 1}), &json!({"a": 2}), &json!({"a": 3}), &json!({"a": 2}));
    }

    #[test]
    fn what_was_opened_in_either_window_is_recent_and_what_was_removed_stays_removed() {
        assert_merged(
            &json!(["a", "b", "c"]),
            &json!(["d", "a", "c"]),
            &json!(["e", "a", "b", "c"]),
            &json!(["d", "e", "a", "c"]),
        );
        // Opened anew: moved to the front, and nothing else touched.
        assert_merged(
            &json!(["a", "b", "c"]),
            &json!(["c", "a", "b"]),
            &json!(["e", "a", "b", "c"]),
            &json!(["c", "e", "a", "b"]),
        );
        assert_merged(&json!(["a"]), &json!([]), &json!(["b", "a"]), &json!(["b"]));
    }

    #[test]
    fn entries_of_a_list_are_known_by_their_store() {
        assert_merged(
            &json!([{"store": "a", "at": 1}, {"store": "b", "at": 1}]),
            &json!([{"store": "a", "at": 1}, {"store": "b", "at": 5}]),
            &json!([{"store": "a", "at": 7}, {"store": "b", "at": 1}]),
            &json!([{"store": "b", "at": 5}, {"store": "a", "at": 7}]),
        );
    }

    #[test]
    fn lists_whose_entries_cannot_be_told_apart_are_taken_whole() {
        assert_merged(&json!([1]), &json!([1, 2]), &json!([3]), &json!([1, 2]));
        assert_merged(&json!(["a"]), &json!(["a", "a"]), &json!(["b"]), &json!(["a", "a"]));
    }
}
