//! Who recorded an event, why, and what led to it, where a store keeps that in a place of its own: brought into the
//! metadata, under the names by which it is read.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::content::{field_at, text_of};
use super::layout::{Layout, MetadataText, SaidIn};
use crate::store::files::RawObject;

/// Stands before the name of a stored value where another place says what counts.
const OVERRULED: &str = "stored-";

/// A longer text is no author.
const LONGEST_AUTHOR: usize = 120;

/// The metadata with what its layout knows of other places. What is an object already keeps its own text, and a value
/// that another place overrules stays under a name that says so. What is no object, or is damaged, stays as it is
/// stored: it has no place for more, and a check is to find it.
pub(super) fn said_around<'a>(metadata: Cow<'a, [u8]>, payload: &[u8], layout: &Layout) -> Cow<'a, [u8]> {
    let metadata = as_object(metadata, layout.metadata_text);
    if layout.said.is_empty() {
        return metadata;
    }
    let text = metadata.trim_ascii();
    let stored = if text.is_empty() { Ok(RawObject(Vec::new())) } else { serde_json::from_slice(text) };
    let Ok(RawObject(mut fields)) = stored else { return metadata };
    let mut added = String::new();
    let mut is_overruled = false;
    for said in &layout.said {
        let place = match said.part {
            SaidIn::Payload => payload,
            SaidIn::Metadata => text,
        };
        let Some(value) = field_at(place, &said.path).filter(|value| !value.is_empty() && value != "null") else {
            continue;
        };
        let known = fields.iter().rfind(|(name, _)| name == said.field);
        if known.is_some_and(|(_, known)| text_of(known.get().as_bytes()).is_some_and(|known| known == value)) {
            continue;
        }
        for (name, _) in fields.iter_mut().filter(|(name, _)| name == said.field) {
            name.insert_str(0, OVERRULED);
            is_overruled = true;
        }
        let (name, value) = (Value::from(said.field), Value::from(&*value));
        added.push_str(&format!("{name}:{value},"));
    }
    if added.is_empty() {
        return metadata;
    }
    let rest = if is_overruled { RawObject(fields).to_text().into_bytes().into() } else { Cow::Borrowed(text) };
    let inside = rest.strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}")).unwrap_or_default().trim_ascii();
    let mut whole = Vec::with_capacity(rest.len() + added.len() + 2);
    whole.push(b'{');
    whole.extend_from_slice(if inside.is_empty() { added.trim_end_matches(',').as_bytes() } else { added.as_bytes() });
    whole.extend_from_slice(inside);
    whole.push(b'}');
    whole.into()
}

fn as_object(metadata: Cow<'_, [u8]>, form: MetadataText) -> Cow<'_, [u8]> {
    let text = metadata.trim_ascii();
    let is_json = || matches!(text.first(), Some(b'{' | b'[' | b'"')) || text == b"null";
    if form == MetadataText::AsStored || text.is_empty() || is_json() {
        return metadata;
    }
    let Ok(text) = std::str::from_utf8(text) else { return metadata };
    let fields = match form {
        MetadataText::Yaml => flat_yaml(text),
        _ if is_damaged(text) => None,
        _ if text.len() <= LONGEST_AUTHOR && !text.contains(char::is_control) => {
            Some(Map::from_iter([("actor".to_owned(), Value::from(text))]))
        }
        _ => Some(Map::from_iter([("metadata".to_owned(), Value::from(text))])),
    };
    match fields {
        Some(fields) => Value::Object(fields).to_string().into_bytes().into(),
        None => metadata,
    }
}

/// Whether a text is rather a JSON object that lost its shape, or holds what nobody writes in a text.
fn is_damaged(text: &str) -> bool {
    let is_odd = |letter: char| letter == '\u{feff}' || letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    text.contains(is_odd) || text.ends_with('}') || text.contains("\":")
}

/// `:user_id: 7` and its like, line by line. `None` where there is more to it.
fn flat_yaml(text: &str) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    let mut lines = text.lines();
    if !lines.next()?.starts_with("---") {
        return None;
    }
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let (name, value) = line.strip_prefix(':').unwrap_or(line).split_once(':')?;
        let is_name =
            |name: &str| name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '$'));
        if name.is_empty() || !is_name(name) {
            return None;
        }
        let value = value.trim();
        let quoted = |mark: char| value.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
        let value = match (quoted('\'').or(quoted('"')), value) {
            (Some(text), _) => Value::from(text),
            (None, "" | "null" | "~") => Value::Null,
            // Lists, objects and texts over several lines.
            (None, other) if other.starts_with(['[', '{', '|', '>', '&', '*', '!']) => return None,
            (None, other) => Value::from(other),
        };
        fields.insert(name.to_owned(), value);
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{Dialect, Expr};
    use super::super::layout::SaidAt;
    use super::*;
    use crate::store::Framework;

    fn layout(form: MetadataText, said: Vec<SaidAt>) -> Layout {
        let mut layout =
            Layout::new(Framework::MAPPED, Dialect::Sqlite, "t".to_owned(), "t e".to_owned(), Expr::text("'x'"));
        (layout.metadata_text, layout.said) = (form, said);
        layout
    }

    #[track_caller]
    fn assert_said(layout: &Layout, metadata: &str, payload: &str, expected: &str) {
        let metadata = Cow::Borrowed(metadata.as_bytes());
        assert_eq!(String::from_utf8_lossy(&said_around(metadata, payload.as_bytes(), layout)), expected);
    }

    #[test]
    fn what_stands_elsewhere_is_brought_in_and_the_rest_keeps_its_text() {
        let path = |path: &[&str]| path.iter().map(|name| (*name).to_owned()).collect();
        let said = vec![
            SaidAt { field: "actor", part: SaidIn::Payload, path: path(&["by", "login"]) },
            SaidAt { field: "causation-id", part: SaidIn::Metadata, path: path(&["$causationId"]) },
        ];
        let layout = layout(MetadataText::AsStored, said);
        let payload = r#"{"by":{"login":"kim"},"n":1}"#;
        assert_said(
            &layout,
            r#"{"$causationId":"c1","n":1.50}"#,
            payload,
            r#"{"actor":"kim","causation-id":"c1","$causationId":"c1","n":1.50}"#,
        );
        assert_said(&layout, "", payload, r#"{"actor":"kim"}"#);
        assert_said(&layout, "{ }", payload, r#"{"actor":"kim"}"#);
        assert_said(&layout, r#"{"actor":"kim" }"#, payload, r#"{"actor":"kim" }"#);
        assert_said(&layout, "{}", "7", "{}");
        assert_said(&layout, "[1]", payload, "[1]");
    }

    fn author_in_payload() -> Layout {
        let path = vec!["by".to_owned()];
        layout(MetadataText::Author, vec![SaidAt { field: "actor", part: SaidIn::Payload, path }])
    }

    #[test]
    fn a_value_that_another_place_overrules_is_not_lost() {
        let (layout, payload) = (author_in_payload(), r#"{"by":"kim"}"#);
        assert_said(
            &layout,
            r#"{"n":1.50,"actor":"lee"}"#,
            payload,
            r#"{"actor":"kim","n":1.50,"stored-actor":"lee"}"#,
        );
        let deep = r#"{"actor":{"deep":1}}"#;
        assert_said(&layout, deep, payload, r#"{"actor":"kim","stored-actor":{"deep":1}}"#);
        assert_said(&layout, deep, "{}", deep);
    }

    #[test]
    fn nothing_is_brought_into_damaged_metadata() {
        let (layout, payload) = (author_in_payload(), r#"{"by":"kim"}"#);
        for damaged in [r#"{"a":1,}"#, "{,}", r#"{"a":}"#, "{a}", r#"{"a":1}}"#, r#"{"a":1"#, r#""a":1}"#] {
            assert_said(&layout, damaged, payload, damaged);
        }
    }

    #[test]
    fn of_an_author_that_is_written_twice_the_last_counts() {
        assert_said(&author_in_payload(), "", r#"{"by":"kim","n":1,"by":"lee"}"#, r#"{"actor":"lee"}"#);
    }

    #[test]
    fn damaged_metadata_is_no_author() {
        let layout = layout(MetadataText::Author, Vec::new());
        let damaged = ["\u{b}{\"a\":1}", "\u{feff}{\"a\":1}", "a\":1", "a}", "kim\u{1b}[0m", "\u{feff}kim"];
        for damaged in damaged {
            assert_said(&layout, damaged, "{}", damaged);
        }
        assert_said(&layout, "dependabot[bot]", "{}", r#"{"actor":"dependabot[bot]"}"#);
    }

    #[test]
    fn one_line_of_text_is_who_recorded_the_event() {
        let layout = layout(MetadataText::Author, Vec::new());
        assert_said(&layout, "kim@example.com", "{}", r#"{"actor":"kim@example.com"}"#);
        assert_said(&layout, r#"{"a":1}"#, "{}", r#"{"a":1}"#);
        assert_said(&layout, "two\nlines", "{}", r#"{"metadata":"two\nlines"}"#);
        assert_said(&layout, "", "{}", "");
    }

    #[test]
    fn what_ruby_prints_is_read_where_it_is_flat() {
        let layout = layout(MetadataText::Yaml, Vec::new());
        let flat = "---\n:user_id: 7\n:correlation_id: 'c-1'\n:remote_ip: ~\n";
        assert_said(&layout, flat, "{}", r#"{"user_id":"7","correlation_id":"c-1","remote_ip":null}"#);
        for other in ["---\n- 1\n", "---\n:a:\n  :b: 1\n", "plain"] {
            assert_said(&layout, other, "{}", other);
        }
    }
}
