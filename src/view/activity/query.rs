//! What is typed, and the chips that it was understood as: each can be made of the other.

use std::ops::Range;

use crate::engine::{Calendar, Misread, Search, Term, Wanted};

/// A search as it is typed and as it was understood.
#[derive(Clone, Debug, Default)]
pub struct SearchText {
    pub text: String,
    /// What was understood of it; of a text that cannot be meant, nothing.
    search: Search,
    /// The days that each of its terms names by words, as dates.
    dates: Vec<Option<String>>,
    misread: Option<Misread>,
}

/// What a chip is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChipKind {
    Who,
    Type,
    Stream,
    Category,
    /// Why it was recorded.
    Why,
    Time,
    /// A field that it set or changed.
    Changed,
    /// A field whose value it replaced.
    Replaced,
    Payload,
    Words,
    /// Its own name stands in its value.
    Other,
}

/// One thing that is asked of the events that are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    pub kind: ChipKind,
    pub value: String,
    /// It must not be so.
    pub is_denied: bool,
    /// Where it stands in what was typed.
    pub range: Range<usize>,
}

impl SearchText {
    pub fn new(text: String, calendar: &Calendar<'_>) -> Self {
        match Search::new(&text, calendar) {
            Ok(search) => {
                let dates = search.terms.iter().map(|term| dates_of(term, &text, calendar)).collect();
                Self { text, search, dates, misread: None }
            }
            Err(misread) => Self { text, misread: Some(misread), ..Self::default() },
        }
    }

    /// What is looked for, unless it cannot be understood.
    pub fn search(&self) -> Result<&Search, &Misread> {
        self.misread.as_ref().map_or(Ok(&self.search), Err)
    }

    pub fn misread(&self) -> Option<&Misread> {
        self.misread.as_ref()
    }

    pub fn chips(&self) -> Vec<Chip> {
        let dates = self.dates.iter().map(Option::as_deref).chain(std::iter::repeat(None));
        self.search.terms.iter().zip(dates).map(|(term, dates)| self.chip(term, dates)).collect()
    }

    fn chip(&self, term: &Term, dates: Option<&str>) -> Chip {
        let typed = self.text.get(term.range.clone()).unwrap_or_default();
        let typed = typed.strip_prefix('-').filter(|_| term.is_denied).unwrap_or(typed);
        let behind_colon =
            || typed.split_once(':').map_or(typed, |(_, value)| value).trim().trim_matches('"').to_owned();
        let (kind, value) = match &term.wanted {
            Wanted::Word(word) => (ChipKind::Words, word.clone()),
            Wanted::Actor(_) => (ChipKind::Who, behind_colon()),
            Wanted::Type(_) => (ChipKind::Type, behind_colon()),
            Wanted::Stream(_) => (ChipKind::Stream, behind_colon()),
            // A border says on which side of it.
            Wanted::Time(days) if days.from.is_some() && days.end.is_some() => (ChipKind::Time, behind_colon()),
            Wanted::Time(_) => (ChipKind::Time, typed.to_owned()),
            Wanted::Changed(_) => (ChipKind::Changed, behind_colon()),
            Wanted::Replaced(_) => (ChipKind::Replaced, behind_colon()),
            Wanted::Payload(_) => (ChipKind::Payload, typed.strip_prefix("payload.").unwrap_or(typed).to_owned()),
            Wanted::Category(_) => (ChipKind::Category, behind_colon()),
            Wanted::Reason(_) => (ChipKind::Why, behind_colon()),
            Wanted::Correlation(_) | Wanted::Condition(_) => (ChipKind::Other, typed.to_owned()),
        };
        let value = dates.map_or(value.clone(), |dates| format!("{value}, {dates}"));
        Chip { kind, value, is_denied: term.is_denied, range: term.range.clone() }
    }

    /// Whether a term is asked for that is typed so.
    pub fn has(&self, piece: &str) -> bool {
        self.search.terms.iter().any(|term| self.text.get(term.range.clone()) == Some(piece))
    }

    /// The text without what stands at a place of it.
    pub fn without(&self, range: &Range<usize>) -> String {
        let before = self.text.get(..range.start).unwrap_or_default().trim_end();
        let behind = self.text.get(range.end..).unwrap_or_default().trim_start();
        joined(before, behind)
    }

    /// The text without all of a kind, and with something else in its place.
    pub fn with(&self, pieces: &[String], in_place_of: impl Fn(&Wanted) -> bool) -> String {
        let mut kept = String::new();
        let mut end = 0;
        for term in self.search.terms.iter().filter(|term| in_place_of(&term.wanted)) {
            kept = joined(&kept, self.text.get(end..term.range.start).unwrap_or_default().trim());
            end = term.range.end;
        }
        kept = joined(&kept, self.text.get(end..).unwrap_or_default().trim());
        pieces.iter().fold(kept, |text, piece| joined(&text, piece))
    }

    /// The same, or without the piece where exactly that stands there.
    pub fn toggled(&self, piece: &str, in_place_of: impl Fn(&Wanted) -> bool) -> String {
        let stands_there = self.search.terms.iter().find(|term| self.text.get(term.range.clone()) == Some(piece));
        match stands_there {
            Some(term) => self.without(&term.range),
            None => self.with(&[piece.to_owned()], in_place_of),
        }
    }
}

/// Which days are meant by words like “last Tuesday”; nothing where they were typed as dates.
fn dates_of(term: &Term, text: &str, calendar: &Calendar<'_>) -> Option<String> {
    let Wanted::Time(days) = &term.wanted else { return None };
    let typed = text.get(term.range.clone())?;
    if typed.contains(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let (first, last) = days.dates(calendar)?;
    Some(if first == last { first.to_string() } else { format!("{first} – {last}") })
}

fn joined(before: &str, behind: &str) -> String {
    match (before.is_empty(), behind.is_empty()) {
        (false, false) => format!("{before} {behind}"),
        (_, true) => before.to_owned(),
        (true, _) => behind.to_owned(),
    }
}

/// A term as it is typed: `actor:"kim lee"`.
pub fn term_text(key: &str, value: &str) -> String {
    // A quotation mark cannot stand within others; a star stands for it.
    let value = if ["changed", "replaced"].contains(&key) { value.to_owned() } else { value.replace('*', "[*]") };
    let value = value.replace(['"', '“', '”'], "*");
    if value.contains(char::is_whitespace) || value.is_empty() {
        format!("{key}:\"{value}\"")
    } else {
        format!("{key}:{value}")
    }
}

/// Terms that say who.
pub fn says_who(wanted: &Wanted) -> bool {
    matches!(wanted, Wanted::Actor(_))
}

/// Terms that say when.
pub fn says_when(wanted: &Wanted) -> bool {
    matches!(wanted, Wanted::Time(_))
}

/// None of them: what is added stands beside all others.
pub fn says_nothing(_: &Wanted) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Timestamp;

    fn read(text: &str) -> SearchText {
        let now = Timestamp::parse_rfc3339("2025-03-14T09:23:41Z").unwrap_or_default();
        SearchText::new(text.to_owned(), &Calendar::utc(now))
    }

    fn shown(text: &str) -> Vec<String> {
        let chip = |chip: &Chip| format!("{}{:?} {}", if chip.is_denied { "not " } else { "" }, chip.kind, chip.value);
        read(text).chips().iter().map(chip).collect()
    }

    #[test]
    fn chips_say_what_was_understood() {
        assert_eq!(
            shown(
                "actor:\"kim lee\" -type:contacted 2025-03 on:2025-03-14 after:2024 refund payload.phone = 1111 changed:phone"
            ),
            [
                "Who kim lee",
                "not Type contacted",
                "Time 2025-03",
                "Time 2025-03-14",
                "Time after:2024",
                "Words refund",
                "Payload phone = 1111",
                "Changed phone",
            ]
        );
        assert_eq!(
            shown("last week 지난주 last Tuesday on:어제"),
            [
                "Time last week, 2025-03-03 – 2025-03-09",
                "Time 지난주, 2025-03-03 – 2025-03-09",
                "Time last Tuesday, 2025-03-11",
                "Time 어제, 2025-03-13",
            ]
        );
        assert!(shown("actor:").is_empty() && read("actor:").misread().is_some());
    }

    #[test]
    fn a_chip_that_is_taken_away_leaves_the_rest_as_it_was_typed() {
        let text = "actor:kim  \"two words\" 2025-03 refund";
        let chips = read(text).chips();
        let without = |place: usize| chips.get(place).map(|chip| read(text).without(&chip.range));
        assert_eq!(without(0).as_deref(), Some("\"two words\" 2025-03 refund"));
        assert_eq!(without(1).as_deref(), Some("actor:kim 2025-03 refund"));
        assert_eq!(without(3).as_deref(), Some("actor:kim  \"two words\" 2025-03"));
    }

    #[test]
    fn one_who_or_when_takes_the_place_of_another() {
        let read = read("actor:lee refund 2025-03 actor:park");
        let kim = term_text("actor", "kim");
        assert_eq!(read.with(std::slice::from_ref(&kim), says_who), "refund 2025-03 actor:kim");
        let both = [kim, "on:2025-03-11".to_owned()];
        assert_eq!(read.with(&both, |wanted| says_who(wanted) || says_when(wanted)), "refund actor:kim on:2025-03-11");
        assert_eq!(read.toggled("actor:lee", says_who), "refund 2025-03 actor:park");
        assert_eq!(read.toggled("x", says_nothing), "actor:lee refund 2025-03 actor:park x");
    }

    #[test]
    fn a_name_with_spaces_or_quotation_marks_is_found_as_it_is() {
        for (name, text) in [
            ("kim", "actor:kim"),
            ("kim lee", "actor:\"kim lee\""),
            ("a\"b", "actor:a*b"),
            ("k*m [*]", "actor:\"k[*]m [[*]]\""),
        ] {
            assert_eq!(term_text("actor", name), text);
            let understood = read(text);
            let fits = |term: &Term| matches!(&term.wanted, Wanted::Actor(glob) if glob.fits(name));
            assert!(understood.search().is_ok_and(|search| search.terms.iter().all(fits)), "{name}");
        }
        let star = read("actor:k[*]m");
        let fits = |term: &Term| matches!(&term.wanted, Wanted::Actor(glob) if glob.fits("kim"));
        assert!(!star.search().is_ok_and(|search| search.terms.iter().any(fits)));
    }
}
