//! Places inside of a column: a payload that an application wrapped, and what stands around it there.

use std::borrow::Cow;

use super::guess::Sample;
use super::mapping::Mapping;
use crate::store::files::RawObject;

/// The column that a place begins with, of those that there are, and the names that lead on from there. A column whose
/// own name has dots in it comes before a place inside of another.
pub(super) fn split_place(place: &str, has_column: impl Fn(&str) -> bool) -> Option<(&str, Vec<&str>)> {
    if has_column(place) {
        return Some((place, Vec::new()));
    }
    place.rmatch_indices('.').find_map(|(at, _)| {
        let (column, path) = (place.get(..at)?, place.get(at + 1..)?);
        let path: Vec<&str> = path.split('.').collect();
        (has_column(column) && path.iter().all(|name| !name.is_empty())).then_some((column, path))
    })
}

/// The JSON at a path inside of JSON, also of JSON that was put into a text. `None` where nothing stands there, and in
/// damaged text. Of keys that are written twice the last counts.
pub(super) fn value_at<'a>(text: &'a [u8], path: &[String]) -> Option<Cow<'a, [u8]>> {
    let mut value: Cow<'a, [u8]> = text.into();
    for name in path {
        value = match out_of_text(value) {
            Cow::Borrowed(text) => member(text, name)?.into(),
            Cow::Owned(text) => member(&text, name)?.to_vec().into(),
        };
    }
    Some(out_of_text(value))
}

fn member<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let RawObject(fields) = serde_json::from_slice(object).ok()?;
    fields.into_iter().rfind(|(key, _)| key == name).map(|(_, value)| value.get().as_bytes())
}

/// What a text holds, if that is an object or a list.
fn out_of_text(value: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if !value.trim_ascii_start().starts_with(b"\"") {
        return value;
    }
    match serde_json::from_slice::<String>(&value) {
        Ok(text) if text.trim_start().starts_with(['{', '[']) => text.into_bytes().into(),
        _ => value,
    }
}

/// An object without what stands at a path inside of it; empty where nothing does.
pub(super) fn around(text: &[u8], path: &[String]) -> Vec<u8> {
    let value = out_of_text(text.into());
    let (Some((name, rest)), Ok(RawObject(fields))) = (path.split_first(), serde_json::from_slice(&value)) else {
        return Vec::new();
    };
    if fields.iter().all(|(key, _)| key != name) {
        return Vec::new();
    }
    let mut out = vec![b'{'];
    for (key, value) in fields {
        let value: Cow<'_, [u8]> = match (key == *name, rest) {
            (false, _) => value.get().as_bytes().into(),
            (true, []) => continue,
            (true, rest) => around(value.get().as_bytes(), rest).into(),
        };
        if value.is_empty() {
            continue;
        }
        if out.len() > 1 {
            out.push(b',');
        }
        out.extend_from_slice(serde_json::Value::from(key).to_string().as_bytes());
        out.push(b':');
        out.extend_from_slice(&value);
    }
    out.push(b'}');
    if out.len() == 2 { Vec::new() } else { out }
}

/// The places inside of what a mapping takes for metadata and for the payload, as it names them, and a few values of
/// each.
pub fn places_inside<'s>(mapping: &Mapping, samples: &'s [Sample]) -> Vec<(String, &'s [String])> {
    let split = |place| split_place(place, |name| samples.iter().any(|sample| sample.column == name));
    let payload = mapping.payload.as_deref().and_then(split);
    let metadata = mapping.metadata.first().and_then(|place| split(place));
    let mut places = Vec::new();
    for (prefix, part, other) in [("metadata", &metadata, &payload), ("payload", &payload, &None)] {
        let Some((column, path)) = part else { continue };
        let inside = samples.iter().filter(|sample| sample.column == *column).flat_map(|sample| &sample.inside);
        for (at, values) in inside {
            let names: Vec<&str> = at.split('.').collect();
            let is_other = other.as_ref().is_some_and(|(theirs, other)| {
                theirs == column && path.is_empty() && !other.is_empty() && names.starts_with(other)
            });
            if let Some(rest) = names.strip_prefix(path.as_slice()).filter(|rest| !rest.is_empty() && !is_other) {
                places.push((format!("{prefix}.{}", rest.join(".")), values.as_slice()));
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[track_caller]
    fn assert_at(text: &str, names: &[&str], value: Option<&str>, rest: &str) {
        let found = value_at(text.as_bytes(), &path(names));
        assert_eq!(found.map(|found| String::from_utf8_lossy(&found).into_owned()).as_deref(), value, "{text}");
        assert_eq!(String::from_utf8_lossy(&around(text.as_bytes(), &path(names))), rest, "{text}");
    }

    #[test]
    fn what_is_wrapped_is_taken_out_as_it_is_written_and_the_rest_stays_beside_it() {
        assert_at(r#"{"id":1.50,"data":{"n":2.50}}"#, &["data"], Some(r#"{"n":2.50}"#), r#"{"id":1.50}"#);
        assert_at(r#"{"data":{"n":1}}"#, &["data"], Some(r#"{"n":1}"#), "");
        assert_at(r#"{"e":{"data":[1],"at":2},"k":3}"#, &["e", "data"], Some("[1]"), r#"{"e":{"at":2},"k":3}"#);
        assert_at(r#"{"data":1,"data":{"n":2}}"#, &["data"], Some(r#"{"n":2}"#), "");
        assert_at(r#"{"data":"{\"n\":1.50}","k":3}"#, &["data"], Some(r#"{"n":1.50}"#), r#"{"k":3}"#);
        assert_at(r#""{\"data\":{\"n\":1}}""#, &["data"], Some(r#"{"n":1}"#), "");
        assert_at(r#"{"data":"plain"}"#, &["data"], Some(r#""plain""#), "");
    }

    #[test]
    fn nothing_is_taken_out_of_what_is_not_wrapped_so_or_is_damaged() {
        for text in [r#"{"n":1}"#, r#"{"data":{"n":1}"#, r#"{"data":{},}"#, "[1]", "7", "", "null"] {
            assert_at(text, &["data"], None, "");
        }
    }

    #[test]
    fn a_column_with_dots_in_its_name_comes_before_a_place_inside_of_another() {
        let columns = ["body", "body.data", "a.b"];
        let split = |place| split_place(place, |name| columns.contains(&name));
        assert_eq!(split("body.data"), Some(("body.data", vec![])));
        assert_eq!(split("body.meta.user"), Some(("body", vec!["meta", "user"])));
        assert_eq!(split("a.b.c"), Some(("a.b", vec!["c"])));
        assert_eq!((split("b.c"), split("body."), split("body..c")), (None, None, None));
    }
}
