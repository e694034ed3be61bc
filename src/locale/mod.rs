//! The two languages. The texts live in `assets/locales`; this looks them up.

pub mod font;
mod particles;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde::{Deserialize, Serialize};
use unic_langid::LanguageIdentifier;

use crate::event::visible::{is_hidden, visible};
use crate::event::{Message, Said, grouped};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    #[default]
    English,
    Korean,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Korean];

    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }

    fn texts(self) -> &'static str {
        match self {
            Self::English => include_str!("../../assets/locales/en.ftl"),
            Self::Korean => include_str!("../../assets/locales/ko.ftl"),
        }
    }

    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::English => Self::Korean,
            Self::Korean => Self::English,
        }
    }
}

/// One language, ready to be looked up in.
pub struct Locale {
    language: Language,
    bundle: FluentBundle<FluentResource>,
    clauses: HashSet<&'static str>,
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locale").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Locale {
    pub fn new(language: Language) -> Self {
        let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The marks around inserted values would show as boxes in a font that has none.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(written));
        let texts = match language {
            Language::English => language.texts().to_owned(),
            Language::Korean => particles::marked(language.texts()),
        };
        let resource = FluentResource::try_new(texts).unwrap_or_else(|(parsed, errors)| {
            tracing::error!(?errors, "a language file has faults");
            parsed
        });
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(?errors, "a language file says something twice");
        }
        Self { language, bundle, clauses: clauses(language.texts()) }
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of that name; the name itself where there is none, so that a gap is seen and not a hole.
    pub fn text(&self, name: &str) -> String {
        self.format(name, None)
    }

    /// A text with values in it.
    pub fn with<'a>(&self, name: &str, values: impl IntoIterator<Item = (&'a str, FluentValue<'a>)>) -> String {
        let mut args = FluentArgs::new();
        for (key, value) in values {
            // Whatever is put into a sentence may be a stranger's; what is in there already is seen as it is.
            args.set(key, told(key, seen(value)));
        }
        self.format(name, Some(&args))
    }

    /// What is to be said. Sentences inside it are made first.
    pub fn sentence(&self, message: &Message) -> String {
        self.said(message, false)
    }

    /// The window says some things in its own way, where the command line speaks of its own commands or in a few words.
    /// It stands by itself there, behind no name of a program, and so begins as a sentence does.
    pub fn window_sentence(&self, message: &Message) -> String {
        let mut said = self.said(message, true);
        if self.clauses.contains(self.window_name(message.id).as_ref())
            && let Some(first) = said.get_mut(..1)
        {
            first.make_ascii_uppercase();
        }
        said
    }

    /// The same inside of a sentence.
    pub fn window_clause(&self, message: &Message) -> String {
        self.said(message, true)
    }

    fn window_name(&self, id: &'static str) -> Cow<'static, str> {
        let of_window = format!("window-{id}");
        if self.has(&of_window) { of_window.into() } else { id.into() }
    }

    fn said(&self, message: &Message, is_window: bool) -> String {
        let Message { id, values } = message;
        let values = values.iter().map(|(name, value)| {
            let value: FluentValue<'_> = match value {
                Said::Text(text) => text.as_str().into(),
                Said::Number(number) if *name == COUNT => grouped(*number).into(),
                Said::Number(number) => number.to_string().into(),
                Said::Message(inner) => self.said(inner, is_window).into(),
            };
            (*name, value)
        });
        let id = if is_window { self.window_name(id) } else { Cow::Borrowed(*id) };
        self.with(&id, values)
    }

    /// What a field of the built-in domain is called, where its name does not say it already.
    pub fn caption(&self, field: &str) -> Option<String> {
        let name = format!("field-{field}");
        let caption = self.has(&name).then(|| self.text(&name))?;
        let letters = |text: &str| text.to_lowercase().replace([' ', '-'], "");
        (letters(&caption) != letters(field)).then_some(caption)
    }

    /// Whether there is a text of that name.
    pub fn has(&self, name: &str) -> bool {
        self.bundle.has_message(name)
    }

    fn format(&self, name: &str, args: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(name).and_then(|message| message.value()) else {
            return name.to_owned();
        };
        particles::settled(self.bundle.format_pattern(pattern, args, &mut Vec::new()))
    }
}

/// The names of the texts that begin with a small letter of their own: with a word, and not with a name that is written
/// small, or with what is put in.
fn clauses(texts: &'static str) -> HashSet<&'static str> {
    let is_word = |word: &str| {
        let letters = word.trim_end_matches([',', ';', ':', '.']).replace(['-', '’', '\''], "");
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && letters.bytes().all(|letter| letter.is_ascii_lowercase())
            && word != "foldline"
    };
    let mut lines = texts.lines().peekable();
    let mut names = HashSet::new();
    while let Some(line) = lines.next() {
        let Some((name, text)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '#'])) else { continue };
        let text = if text.trim().is_empty() { lines.peek().copied().unwrap_or_default() } else { text };
        if text.split_whitespace().next().is_some_and(is_word) {
            names.insert(name);
        }
    }
    names
}

/// Under which a sentence is told how many there are.
const COUNT: &str = "count";

/// What is counted is written as counts are. A number under another name is one by which something is called, as a line's.
fn told<'v>(key: &str, value: FluentValue<'v>) -> FluentValue<'v> {
    match value {
        FluentValue::Number(FluentNumber { value, mut options }) => {
            options.use_grouping = key == COUNT;
            FluentNumber { value, options }.into()
        }
        value => value,
    }
}

fn written<M>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    match value {
        FluentValue::Number(FluentNumber { value, options })
            if options.use_grouping && value.fract() == 0.0 && *value >= 1_000.0 =>
        {
            Some(grouped(*value as u64))
        }
        _ => None,
    }
}

/// A text with the letters that hide told by their numbers.
fn seen(value: FluentValue<'_>) -> FluentValue<'_> {
    match value {
        FluentValue::String(text) if text.contains(is_hidden) => visible(&text).into_owned().into(),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_sentence_of_the_window_begins_with_a_capital_unless_a_name_begins_it() {
        let locale = Locale::new(Language::English);
        let gone = Message::new("error-gone").text("stream", "lead-1").number("version", 5);
        assert!(locale.window_sentence(&gone).starts_with("Version 5 of lead-1"));
        assert!(locale.window_clause(&gone).starts_with("version 5 of lead-1"));
        assert!(locale.sentence(&gone).starts_with("version 5 of lead-1"), "behind the program's name");
        let inside = Message::new("fault-at").number("line", 2).number("column", 7).inner("fault", gone);
        assert!(locale.window_sentence(&inside).starts_with("Line 2, column 7: version 5"));
        for name in ["evidence-check-how", "address-tls-mode"] {
            assert!(locale.has(name) && !locale.clauses.contains(name), "{name}");
        }
    }

    fn names(language: Language) -> BTreeSet<&'static str> {
        all_names(language).collect()
    }

    fn all_names(language: Language) -> impl Iterator<Item = &'static str> {
        let lines = language.texts().lines().filter(|line| !line.starts_with([' ', '}', '#']));
        lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name)
    }

    #[test]
    fn both_languages_say_the_same_things() {
        assert_eq!(names(Language::English), names(Language::Korean));
    }

    #[test]
    fn no_name_has_two_texts() {
        for language in Language::ALL {
            let lines = language.texts().lines().filter(|line| !line.starts_with([' ', '}', '#']));
            let lines = lines.filter_map(|line| line.split_once(" = "));
            let mut seen = BTreeSet::new();
            let twice: Vec<&str> = lines.map(|(name, _)| name).filter(|name| !seen.insert(*name)).collect();
            assert!(twice.is_empty(), "{twice:?}");
        }
    }

    /// Which particle follows depends on the value's last sound: both are written, 이(가), and one is taken when it is known.
    #[test]
    fn no_korean_particle_suits_only_some_values() {
        let (korean, marks) = (Language::Korean.texts(), ['”', '"', '“']);
        let lone = |text: &str| {
            let text = text.trim_start_matches(marks);
            let mut letters = text.chars();
            let particle = letters.next().is_some_and(|letter| "이가은는을를와과로".contains(letter));
            particle && letters.next().is_none_or(|next| next == ' ' || ".,".contains(next))
        };
        for line in korean.lines() {
            // A brace that is itself written is no value.
            let line = line.replace(r#"{"}"}"#, ")");
            let wrong = line.split('}').skip(1).any(|behind| lone(behind) || behind.starts_with("으로 "));
            assert!(!wrong, "{line}");
        }
    }

    #[test]
    fn every_text_of_every_language_can_be_looked_up() {
        for language in Language::ALL {
            let locale = Locale::new(language);
            for name in names(language) {
                assert!(locale.bundle.has_message(name), "{name} in {language:?}");
                assert!(!locale.text(name).is_empty(), "{name} in {language:?}");
            }
        }
    }

    #[test]
    fn a_field_has_a_caption_where_its_name_does_not_say_it_already() {
        let (english, korean) = (Locale::new(Language::English), Locale::new(Language::Korean));
        assert_eq!(english.caption("payment-deadline"), None);
        assert_eq!(korean.caption("payment-deadline").as_deref(), Some("결제 기한"));
        assert_eq!(korean.caption("somebody-elses-field"), None);
    }

    #[test]
    fn numbers_choose_their_wording() {
        let locale = Locale::new(Language::English);
        let count = |count: u64| locale.with("fields-changed", [("count", count.into())]);
        assert_eq!([count(0), count(1), count(2)], ["no field changed", "1 field changed", "2 fields changed"]);
        for (name, one, many) in [
            ("strip-more", "1 more person", "1,200 more people"),
            ("store-other-types", "1 other type", "1,200 other types"),
            ("store-other-categories", "1 other category", "1,200 other categories"),
            ("store-other-actors", "1 other", "1,200 others"),
        ] {
            let told = |count: u64| locale.with(name, [("count", count.into())]);
            assert_eq!([told(1), told(1_200)], [one, many]);
        }
    }

    #[test]
    fn what_is_counted_is_grouped_by_thousands_in_every_sentence() {
        for language in Language::ALL {
            let locale = Locale::new(language);
            let names = language.texts().lines().filter_map(|line| line.split_once(" =").map(|(name, _)| name));
            let names: Vec<&str> = names.filter(|name| locale.has(name)).collect();
            assert!(names.len() > 1_000, "{}", names.len());
            for name in names {
                let told = locale.with(name, [("count", 1_234_567_u64.into())]);
                assert!(!told.contains("1234567"), "{told}");
            }
            let inside = locale.with("json-inside", [("count", 31_000_u64.into())]);
            assert!(inside.contains("31,000"), "{inside}");
            assert!(locale.sentence(&Message::new("evidence-later").number("count", 31_000)).contains("31,000"));
            let line = locale.with("projection-handler-line", [("line", 1_234_u64.into())]);
            assert!(line.contains("1234"), "a line is called by its number: {line}");
        }
    }
}
