//! Values as people read them. What is exact stays under the pointer and in what is copied.

use std::borrow::Cow;

use serde_json::Value;

use super::parts::{LONGEST_DRAWN, shortened};
use super::{Scene, grouped};
use crate::event::Timestamp;
use crate::view::beginning;

/// Numbers that only name something: neither counted nor measured, so never written in groups.
const NAMING: [&str; 17] = [
    "id", "no", "nr", "number", "code", "year", "phone", "zip", "postcode", "version", "position", "port", "key",
    "schema", "pin", "model", "season",
];

/// From here on a count is written in groups of three.
const LONG_NUMBER: u64 = 1_000;

/// The value at this path: a time in the zone of the window, a length of time in days and hours, a long number in
/// groups, anything else as it is, as far as it can be seen. Empty where there is none.
pub(super) fn for_people<'v>(scene: &Scene<'_>, path: &str, value: &'v Value) -> Cow<'v, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => as_read(scene, text),
        Value::Number(number) => number
            .as_i64()
            .and_then(|number| number_for_people(scene, path, number))
            .map_or_else(|| Cow::Owned(number.to_string()), Cow::Owned),
        other => Cow::Owned(shortened(&beginning(other, LONGEST_DRAWN)).into_owned()),
    }
}

/// The value as it is kept.
pub(super) fn exact(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A time in the zone that the window shows; anything else as it is, as far as it can be seen.
pub(super) fn as_read<'v>(scene: &Scene<'_>, value: &'v str) -> Cow<'v, str> {
    /// No time is written longer.
    const LONGEST_TIME: usize = 64;
    let at = if value.len() > LONGEST_TIME { None } else { Timestamp::parse_rfc3339(value) };
    match at {
        Some(at) => Cow::Owned(scene.zone.long(at)),
        None => shortened(value),
    }
}

fn number_for_people(scene: &Scene<'_>, path: &str, number: i64) -> Option<String> {
    let words = words_of(path);
    let is_named = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    if let Some(seconds) = seconds_in(&words, number) {
        return Some(length(scene, seconds));
    }
    if let Some(at) = time_in(&words, number) {
        return Some(scene.zone.long(at));
    }
    let is_long = number.unsigned_abs() >= LONG_NUMBER && !is_named(&NAMING);
    let sign = if number < 0 { "-" } else { "" };
    is_long.then(|| format!("{sign}{}", grouped(number.unsigned_abs())))
}

/// The words of the field's own name: `waitingSeconds` and `seconds-to-answer` both have `seconds`.
fn words_of(path: &str) -> Vec<String> {
    let end = path.trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '[' | ']' | '"'));
    let name = end.rsplit(['.', '"']).next().unwrap_or(end);
    let mut words = vec![String::new()];
    let mut was_small = false;
    for letter in name.chars() {
        let is_border = !letter.is_alphanumeric() || (letter.is_uppercase() && was_small);
        if is_border {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
        was_small = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A length of time, where the name says in what it is measured. One below a second is none to be reworded.
fn seconds_in(words: &[String], number: i64) -> Option<u64> {
    let in_a_second = words.iter().find_map(|word| match word.as_str() {
        "seconds" | "secs" | "sec" => Some(1),
        "milliseconds" | "millis" | "ms" => Some(1_000),
        "microseconds" | "micros" => Some(1_000_000),
        _ => None,
    })?;
    u64::try_from(number).ok().map(|number| number / in_a_second).filter(|seconds| *seconds > 0)
}

/// A moment, where the name is that of one and the number lies where moments of our days lie.
fn time_in(words: &[String], number: i64) -> Option<Timestamp> {
    let is_moment = words.last().is_some_and(|word| {
        matches!(word.as_str(), "at" | "on" | "time" | "timestamp" | "ts" | "date" | "since" | "until" | "deadline")
    });
    let micros = match number {
        1_000_000_000..=9_999_999_999 => number * 1_000_000,
        1_000_000_000_000..=9_999_999_999_999 => number * 1_000,
        1_000_000_000_000_000..=9_999_999_999_999_999 => number,
        1_000_000_000_000_000_000.. => number / 1_000,
        _ => return None,
    };
    is_moment.then(|| Timestamp::from_micros(micros))
}

const UNITS: [(u64, &str); 4] =
    [(86_400, "span-days"), (3_600, "span-hours"), (60, "span-minutes"), (1, "span-seconds")];

/// `72 d 22 h`: the two largest units that say anything.
pub(super) fn length(scene: &Scene<'_>, seconds: u64) -> String {
    let mut left = seconds;
    let mut parts = Vec::new();
    for (unit, name) in UNITS {
        let count = left / unit;
        left %= unit;
        if count > 0 {
            parts.push(scene.locale.with(name, [("count", grouped(count).into())]));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { scene.locale.with("span-seconds", [("count", 0.into())]) } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::locale::{Language, Locale};
    use crate::ui::Zone;

    #[track_caller]
    fn assert_read(language: Language, path: &str, value: &Value, wanted: &str) {
        let locale = Locale::new(language);
        let scene = Scene { locale: &locale, zone: Zone::Utc, actions: &mut Vec::new() };
        assert_eq!(for_people(&scene, path, value), wanted, "{path} {value}");
    }

    #[test]
    fn lengths_of_time_are_read_in_days_and_hours() {
        let english = |path, value: Value, wanted| assert_read(Language::English, path, &value, wanted);
        english("seconds-to-conversion", json!(6_300_014), "72 d 22 h");
        english("waitingSeconds", json!(61), "1 min 1 s");
        english("took.elapsed_ms", json!(7_200_000), "2 h");
        english("elapsed_ms", json!(12), "12");
        english("seconds", json!(0), "0");
        assert_read(Language::Korean, "seconds-to-conversion", &json!(6_300_014), "72일 22시간");
    }

    #[test]
    fn moments_are_read_in_the_zone_and_long_numbers_in_groups() {
        let english = |path, value: Value, wanted| assert_read(Language::English, path, &value, wanted);
        english("created_at", json!(1_735_693_201), "2025-01-01 01:00:01.000 UTC");
        english("due", json!("2025-01-01T01:00:01Z"), "2025-01-01 01:00:01.000 UTC");
        english("amount", json!(1_735_693_201), "1,735,693,201");
        english("balance", json!(-12_345), "-12,345");
        english("amounts[3]", json!(12_345), "12,345");
        english("followups", json!(7_297), "7,297");
        english("followups", json!(729), "729");
    }

    #[test]
    fn what_only_names_something_stays_as_it_is() {
        let english = |path, value: Value, wanted| assert_read(Language::English, path, &value, wanted);
        english("order-number", json!(20_250_101), "20250101");
        english("customerId", json!(1_234_567), "1234567");
        english("year", json!(2025), "2025");
        english("phone", json!("0101234567"), "0101234567");
        english("is-open", json!(true), "true");
        english("nothing", json!(null), "");
    }
}
