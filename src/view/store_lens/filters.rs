use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::RowFilter;
use crate::event::Timestamp;
use crate::expr::spelled;

/// What rows must be like, each of it a chip that can be taken away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowChip {
    /// A condition in CEL over the state.
    Condition(String),
    /// A field is one of these.
    OneOf { field: String, values: Vec<Value> },
    /// This stands in the stream's name or in a column.
    Text(String),
    /// Changed in the last so many seconds before the moment.
    Changed(i64),
}

const DAY: i64 = 86_400;

/// What is offered without typing.
pub const CHANGED_WITHIN: [i64; 4] = [3_600, DAY, 7 * DAY, 30 * DAY];

/// Words that say how long ago, in both languages. What they stand for, in seconds.
const UNITS: [(&[&str], i64); 5] = [
    (&["h", "hour", "hours", "시간"], 3_600),
    (&["d", "day", "days", "일"], DAY),
    (&["w", "week", "weeks", "주"], 7 * DAY),
    (&["month", "months", "개월", "달"], 30 * DAY),
    (&["y", "year", "years", "년"], 365 * DAY),
];

/// Words that go with a length of time and say no more than it does.
const AROUND: [&str; 9] = ["changed", "in", "the", "last", "past", "within", "최근", "변경", "이내"];

impl RowChip {
    /// What was typed: a length of time, a condition, or else a text to look for. `None` where nothing was.
    pub fn read(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        if typed.is_empty() {
            return None;
        }
        if let Some(seconds) = changed_within(typed) {
            return Some(Self::Changed(seconds));
        }
        if let Some(inside) =
            typed.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|_| typed.len() > 1)
        {
            return (!inside.is_empty()).then(|| Self::Text(inside.to_owned()));
        }
        if is_condition(typed) { Some(Self::Condition(with_equals(typed))) } else { Some(Self::Text(typed.to_owned())) }
    }

    /// As an expression, where it is one.
    pub fn condition(&self) -> Option<String> {
        match self {
            Self::Condition(text) => Some(text.clone()),
            Self::OneOf { field, values } => {
                let field = field_in_condition(field);
                Some(match values.as_slice() {
                    [one] => format!("{field} == {one}"),
                    more => {
                        let each: Vec<String> = more.iter().map(Value::to_string).collect();
                        format!("{field} in [{}]", each.join(", "))
                    }
                })
            }
            Self::Text(_) | Self::Changed(_) => None,
        }
    }

    /// As it would be typed.
    pub fn typed(&self) -> String {
        match self {
            Self::Condition(_) | Self::OneOf { .. } => self.condition().unwrap_or_default(),
            Self::Text(text) if Self::read(text).as_ref() == Some(self) => text.clone(),
            Self::Text(text) => format!("\"{text}\""),
            Self::Changed(seconds) if seconds % DAY == 0 => format!("changed last {} days", seconds / DAY),
            Self::Changed(seconds) => format!("changed last {} hours", seconds / 3_600),
        }
    }
}

/// A path as an expression writes it: its first name may be one that an expression takes for something else.
fn field_in_condition(path: &str) -> String {
    let is_plain = !path.contains(['.', '[']);
    if is_plain { spelled(path) } else { path.to_owned() }
}

/// All of them together.
pub(super) fn filter_of(chips: &[RowChip], columns: Vec<String>, time: Option<Timestamp>) -> RowFilter {
    let mut filter = RowFilter { columns, ..RowFilter::default() };
    for chip in chips {
        match chip {
            RowChip::Text(text) => filter.texts.push(text.clone()),
            RowChip::Changed(seconds) => {
                let since = time.map(|time| time.plus_micros(seconds.saturating_mul(-1_000_000)));
                filter.since = filter.since.max(since);
            }
            RowChip::Condition(_) | RowChip::OneOf { .. } => filter.conditions.extend(chip.condition()),
        }
    }
    // Where nobody looks for a text, other columns make no other rows.
    if filter.texts.is_empty() {
        filter.columns.clear();
    }
    filter
}

/// Whether a text is written as a condition is: it compares, calls or denies something.
fn is_condition(text: &str) -> bool {
    let mut is_quoted = None;
    let bare: String = text
        .chars()
        .filter(|letter| {
            let is_mark = matches!(letter, '"' | '\'');
            match is_quoted {
                Some(mark) if mark == *letter => is_quoted = None,
                None if is_mark => is_quoted = Some(*letter),
                _ => {}
            }
            is_quoted.is_none() && !is_mark
        })
        .collect();
    let compares = ["=", "<", ">", "&&", "||", "!"].iter().any(|sign| bare.contains(sign));
    let is_call =
        bare.ends_with(')') && bare.contains('(') && !bare.split('(').next().unwrap_or_default().contains(' ');
    compares || is_call || bare.contains(" in [")
}

/// One `=` is what most people type for two.
fn with_equals(text: &str) -> String {
    let (mut written, mut is_quoted, mut before) = (String::new(), None, ' ');
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match is_quoted {
            Some(mark) if mark == letter => is_quoted = None,
            None if matches!(letter, '"' | '\'') => is_quoted = Some(letter),
            _ => {}
        }
        written.push(letter);
        let is_single = letter == '=' && is_quoted.is_none() && letters.peek() != Some(&'=');
        if is_single && !matches!(before, '=' | '<' | '>' | '!') {
            written.push('=');
        }
        before = letter;
    }
    written
}

fn changed_within(text: &str) -> Option<i64> {
    let mut number: Option<i64> = None;
    let mut unit = None;
    let lower = text.to_lowercase();
    let mut names_change = false;
    for word in lower.split_whitespace() {
        if AROUND.contains(&word) {
            names_change |= ["changed", "last", "past", "최근", "변경"].contains(&word);
            continue;
        }
        let digits = word.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(word.len());
        let (count, rest) = word.split_at(digits);
        if !count.is_empty() {
            if number.is_some() {
                return None;
            }
            number = Some(count.parse().ok()?);
        }
        if !rest.is_empty() {
            let rest =
                rest.strip_suffix("동안").or(rest.strip_suffix("간").filter(|rest| *rest != "시")).unwrap_or(rest);
            let found = UNITS.iter().find(|(names, _)| names.contains(&rest))?;
            if unit.replace(found.1).is_some() {
                return None;
            }
        }
    }
    // `30 d` alone may be looked for as a text; `30d` is hardly anything else.
    let is_short = lower.split_whitespace().count() == 1 && number.is_some();
    (names_change || is_short).then_some(())?;
    let seconds = number.unwrap_or(1).checked_mul(unit?)?;
    (seconds > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_typed_is_a_length_of_time_a_condition_or_a_text() {
        let changed = |seconds| Some(RowChip::Changed(seconds));
        let condition = |text: &str| Some(RowChip::Condition(text.to_owned()));
        let text = |text: &str| Some(RowChip::Text(text.to_owned()));
        for (typed, read) in [
            ("changed last 30 days", changed(30 * DAY)),
            ("changed in the last hour", changed(3_600)),
            ("7d", changed(7 * DAY)),
            ("최근 30일", changed(30 * DAY)),
            ("최근 24시간", changed(DAY)),
            ("최근 2주간 변경", changed(14 * DAY)),
            ("contacts > 2", condition("contacts > 2")),
            ("status = \"a=b\"", condition("status == \"a=b\"")),
            ("a <= 2 && b != 3 || c == 4", condition("a <= 2 && b != 3 || c == 4")),
            ("owner in [\"kim\"]", condition("owner in [\"kim\"]")),
            ("has(phone)", condition("has(phone)")),
            ("name.startsWith(\"A\")", condition("name.startsWith(\"A\")")),
            ("김서연", text("김서연")),
            ("lead-42", text("lead-42")),
            ("Bo (the second)", text("Bo (the second)")),
            ("\"7d\"", text("7d")),
            ("\"a > b\"", text("a > b")),
            ("30 d", text("30 d")),
            ("last", text("last")),
            ("  ", None),
            ("\"\"", None),
        ] {
            assert_eq!(RowChip::read(typed), read, "{typed}");
        }
    }

    #[test]
    fn a_chip_is_read_from_what_it_says() {
        for chip in [
            RowChip::Changed(30 * DAY),
            RowChip::Changed(5 * 3_600),
            RowChip::Text("7d".to_owned()),
            RowChip::Text("kim".to_owned()),
            RowChip::Condition("contacts > 2".to_owned()),
        ] {
            assert_eq!(RowChip::read(&chip.typed()), Some(chip.clone()), "{chip:?}");
        }
    }

    #[test]
    fn one_of_some_values_is_a_condition_however_the_field_is_called() {
        let one_of = |field: &str, values: Vec<Value>| RowChip::OneOf { field: field.to_owned(), values }.condition();
        assert_eq!(one_of("status", vec![json!("NEW")]).as_deref(), Some("status == \"NEW\""));
        assert_eq!(one_of("a-b", vec![json!(1), json!(null)]).as_deref(), Some("state[\"a-b\"] in [1, null]"));
        assert_eq!(one_of("address.city", vec![json!("서울")]).as_deref(), Some("address.city == \"서울\""));
    }

    #[test]
    fn all_chips_together_are_one_filter_and_the_shortest_time_counts() {
        let at = Timestamp::from_micros(100 * DAY * 1_000_000);
        let chips = [
            RowChip::Changed(30 * DAY),
            RowChip::Condition("a > 1".to_owned()),
            RowChip::Changed(7 * DAY),
            RowChip::OneOf { field: "b".to_owned(), values: vec![json!(2)] },
        ];
        let filter = filter_of(&chips, vec!["a".to_owned()], Some(at));
        assert_eq!(filter.conditions, ["a > 1", "b == 2"]);
        assert_eq!(filter.since, Some(Timestamp::from_micros(93 * DAY * 1_000_000)));
        assert!(filter.columns.is_empty(), "nobody looks for a text");
        let filter = filter_of(&[RowChip::Text("x".to_owned())], vec!["a".to_owned()], Some(at));
        assert_eq!((filter.texts, filter.columns), (vec!["x".to_owned()], vec!["a".to_owned()]));
    }
}
