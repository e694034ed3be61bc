//! A look into JSON text without building anything of it. What is asked here is no judge of the text: of damaged
//! JSON, it finds nothing or what stands before the damage.

use std::ops::Range;

use memchr::memchr2;

#[inline]
pub fn skip_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).count()
}

/// The place behind the value that begins at `at`.
pub fn skip_value(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => skip_string(text, at),
        b'{' | b'[' => {
            let mut depth = 0_usize;
            let mut at = at;
            loop {
                match text.get(at)? {
                    b'"' => {
                        at = skip_string(text, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => {
            let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
            let length = text[at..].iter().position(is_end).unwrap_or(text.len() - at);
            (length > 0).then_some(at + length)
        }
    }
}

#[inline]
fn skip_string(text: &[u8], at: usize) -> Option<usize> {
    let mut from = at + 1;
    loop {
        let found = from + memchr2(b'"', b'\\', text.get(from..)?)?;
        if text[found] == b'"' {
            return Some(found + 1);
        }
        from = found + 2;
    }
}

/// The place behind this mark, with space before it skipped.
#[inline]
pub fn skip_mark(text: &[u8], at: usize, mark: &[u8]) -> Option<usize> {
    let at = skip_space(text, at);
    text.get(at..)?.starts_with(mark).then_some(at + mark.len())
}

/// The members of an object: each key without its quotes, as it is written, and its value's text.
#[inline]
pub fn members(object: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    places_of_members(object).map(|(key, value)| (&object[key], &object[value]))
}

/// The same of an object that is known to be text, which its parts then are too.
#[inline]
pub fn text_members(object: &str) -> impl Iterator<Item = (&str, &str)> {
    let part = |place: Range<usize>| object.get(place).unwrap_or_default();
    places_of_members(object.as_bytes()).map(move |(key, value)| (part(key), part(value)))
}

#[inline]
fn places_of_members(object: &[u8]) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let mut next = skip_mark(object, 0, b"{").map(|at| skip_space(object, at));
    std::iter::from_fn(move || {
        let at = next.take()?;
        let key_end = (object.get(at) == Some(&b'"')).then(|| skip_string(object, at))??;
        let start = skip_space(object, skip_mark(object, key_end, b":")?);
        let end = skip_value(object, start)?;
        next = skip_mark(object, end, b",").map(|at| skip_space(object, at));
        Some((at + 1..key_end - 1, start..end))
    })
}

/// The values of a list, as they are written.
pub fn items(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begin = skip_mark(list, 0, b"[").map(|at| skip_space(list, at));
    let mut next = begin.filter(|at| list.get(*at) != Some(&b']'));
    std::iter::from_fn(move || {
        let start = next.take()?;
        let end = skip_value(list, start)?;
        next = skip_mark(list, end, b",").map(|at| skip_space(list, at));
        Some(&list[start..end])
    })
}

/// How many values there are in a value that hold no further ones; an empty object or list is one.
pub fn leaf_count(value: &[u8]) -> usize {
    let mut count = 0;
    let mut at = skip_space(value, 0);
    while let Some(byte) = value.get(at) {
        at = match byte {
            b'{' | b'[' => {
                let inner = skip_space(value, at + 1);
                if matches!(value.get(inner), Some(b'}' | b']')) {
                    count += 1;
                    inner + 1
                } else {
                    inner
                }
            }
            b'}' | b']' | b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => at + 1,
            _ => {
                let Some(end) = skip_value(value, at) else { return count };
                let is_key = *byte == b'"' && value.get(skip_space(value, end)) == Some(&b':');
                count += usize::from(!is_key);
                end
            }
        };
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(object: &str) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        members(object.as_bytes()).map(|(key, value)| (text(key), text(value))).collect()
    }

    #[test]
    fn members_are_found_as_they_are_written() {
        let pairs = [("a", "1.50"), ("b\\\"", "\"}\\\\\""), ("c", "{\"d\": [1, \"]\"]}"), ("e", "null")];
        let expected = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(found(r#" { "a" : 1.50 ,"b\"":"}\\","c":{"d": [1, "]"]},"e":null} "#), expected);
        for nothing in ["", "{}", "[1]", "7", "{1:2}", "{\"a\"", "{\"a\":", "null"] {
            assert_eq!(found(nothing), [], "{nothing}");
        }
    }

    #[test]
    fn items_are_found_as_they_are_written() {
        let found = |list: &str| -> Vec<String> {
            items(list.as_bytes()).map(|item| String::from_utf8_lossy(item).into_owned()).collect()
        };
        assert_eq!(found(r#" [ 1.50 ,"]",[2, 3],{"a" : []} ] "#), ["1.50", "\"]\"", "[2, 3]", r#"{"a" : []}"#]);
        assert_eq!(found("[]"), [""; 0]);
        assert_eq!(found("{}"), [""; 0]);
    }

    #[test]
    fn leaves_are_counted_where_they_stand() {
        for (value, count) in [
            ("1", 1),
            ("\"a:\"", 1),
            ("{}", 1),
            ("[ ]", 1),
            ("[1,2,[]]", 3),
            (r#"{"a":{"b":[true,null]},"c":"x","d":{}}"#, 4),
            (r#"[{"a": "b" , "c" :[{"d":1}]}]"#, 2),
        ] {
            assert_eq!(leaf_count(value.as_bytes()), count, "{value}");
        }
    }
}
