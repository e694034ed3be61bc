//! The source in colours: enough of JavaScript's words to be read at a glance. What is not understood is plain.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Color32, FontId, TextStyle, Ui};

use crate::theme::{Palette, palette};

/// How high a line of source is.
pub(super) const LINE: f32 = 20.0;

/// A longer source is plain.
const LONGEST: usize = 256 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ink {
    Plain,
    Comment,
    Text,
    Number,
    Word,
    /// What is called, and what an object has as its own function.
    Call,
    Constant,
}

const WORDS: [&str; 37] = [
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "export",
    "extends",
    "finally",
    "for",
    "from",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "let",
    "new",
    "of",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "try",
    "typeof",
    "var",
    "void",
    "while",
];

const CONSTANTS: [&str; 6] = ["false", "Infinity", "NaN", "null", "true", "undefined"];

impl Ink {
    fn colour(self, colours: &Palette) -> Color32 {
        let [_, green, amber, violet, _, cyan, _] = colours.hues;
        match self {
            Self::Plain => colours.text,
            Self::Comment => colours.dim,
            Self::Text => green,
            Self::Number => amber,
            Self::Word | Self::Constant => violet,
            Self::Call => cyan,
        }
    }
}

/// The job that lays a source out, made once for each text.
pub(super) fn laid_out(ui: &Ui, source: &str) -> Arc<LayoutJob> {
    let id = egui::Id::unique("colours of a source");
    let mut hasher = DefaultHasher::new();
    (source, ui.visuals().dark_mode).hash(&mut hasher);
    let key = hasher.finish();
    let kept: Option<(u64, Arc<LayoutJob>)> = ui.data(|data| data.get_temp(id));
    if let Some((known, job)) = kept
        && known == key
    {
        return job;
    }
    let job = Arc::new(job_of(source, palette(ui), &TextStyle::Monospace.resolve(ui.style())));
    ui.data_mut(|data| data.insert_temp(id, (key, job.clone())));
    job
}

fn job_of(source: &str, colours: &Palette, font: &FontId) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    let format = |ink: Ink| TextFormat {
        font_id: font.clone(),
        color: ink.colour(colours),
        line_height: Some(LINE),
        valign: Align::Center,
        ..TextFormat::default()
    };
    if source.len() > LONGEST {
        job.append(source, 0.0, format(Ink::Plain));
        return job;
    }
    let mut at = 0;
    for (range, ink) in inks(source) {
        job.append(source.get(at..range.start).unwrap_or_default(), 0.0, format(Ink::Plain));
        job.append(source.get(range.clone()).unwrap_or_default(), 0.0, format(ink));
        at = range.end;
    }
    job.append(source.get(at..).unwrap_or_default(), 0.0, format(Ink::Plain));
    job
}

/// What of a source is no plain text, from its beginning on.
fn inks(source: &str) -> Vec<(Range<usize>, Ink)> {
    let mut found = Vec::new();
    let mut at = 0;
    // Behind a value a slash divides; elsewhere it begins a pattern.
    let mut is_behind_value = false;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or_default();
        let (length, ink) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), Ink::Comment)
        } else if rest.starts_with("/*") {
            (rest.find("*/").map_or(rest.len(), |end| end + 2), Ink::Comment)
        } else if matches!(first, '"' | '\'' | '`') {
            (quoted(rest, first), Ink::Text)
        } else if first == '/' && !is_behind_value {
            (pattern(rest), Ink::Text)
        } else if first.is_ascii_digit() {
            (run(rest, |letter| letter.is_alphanumeric() || matches!(letter, '.' | '_')), Ink::Number)
        } else if is_of_name(first) {
            let length = run(rest, is_of_name);
            let (word, behind) = rest.split_at(length);
            (length, ink_of(word, source.get(..at).unwrap_or_default(), behind))
        } else {
            (first.len_utf8(), Ink::Plain)
        };
        if ink != Ink::Comment && !first.is_whitespace() {
            is_behind_value = match ink {
                Ink::Word => rest.starts_with("this") || rest.starts_with("super"),
                Ink::Plain => is_of_name(first) || matches!(first, ')' | ']' | '}'),
                _ => true,
            };
        }
        if ink != Ink::Plain {
            found.push((at..at + length, ink));
        }
        at += length;
    }
    found
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$')
}

fn ink_of(word: &str, before: &str, behind: &str) -> Ink {
    let is_field = before.trim_end().ends_with('.');
    if !is_field && WORDS.contains(&word) {
        return Ink::Word;
    }
    if !is_field && CONSTANTS.contains(&word) {
        return Ink::Constant;
    }
    if behind.trim_start().starts_with('(') { Ink::Call } else { Ink::Plain }
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !belongs(letter)).unwrap_or(text.len())
}

/// How long a text in quotes is; an open one ends with its line.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\n' if quote != '`' => return at,
            letter if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// How long a pattern is; a slash without an end on its line is none.
fn pattern(text: &str) -> usize {
    let (mut is_escaped, mut is_in_class) = (false, false);
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '\n' => return 1,
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => is_in_class = true,
            ']' => is_in_class = false,
            '/' if !is_in_class => {
                let end = at + 1;
                return end + run(text.get(end..).unwrap_or_default(), char::is_alphabetic);
            }
            _ => {}
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &str) -> Vec<(&str, Ink)> {
        inks(source).into_iter().map(|(range, ink)| (&source[range], ink)).collect()
    }

    #[test]
    fn a_source_is_told_apart_word_by_word() {
        assert_eq!(
            told("// 잔액\nfromCategory('a\\'b').when({ $any(s) { return s.in + 1.5 / 2; } })"),
            [
                ("// 잔액", Ink::Comment),
                ("fromCategory", Ink::Call),
                ("'a\\'b'", Ink::Text),
                ("when", Ink::Call),
                ("$any", Ink::Call),
                ("return", Ink::Word),
                ("1.5", Ink::Number),
                ("2", Ink::Number),
            ]
        );
        assert_eq!(told("x = /a\\/[/]b/gi; y = a / b / c"), [("/a\\/[/]b/gi", Ink::Text)]);
        assert_eq!(told("`a\nb` null /* x"), [("`a\nb`", Ink::Text), ("null", Ink::Constant), ("/* x", Ink::Comment)]);
        assert_eq!(told("'open\nlet"), [("'open", Ink::Text), ("let", Ink::Word)]);
    }

    #[test]
    fn every_letter_of_a_source_is_laid_out_once() {
        for source in ["", "/", "'", "`", "/*", "a/", "é/ü", "fromAll()\n\n.when({})\r\n", "x = 'ㄱ' / '나'"] {
            let job = job_of(source, &crate::theme::DARK, &FontId::monospace(12.0));
            assert_eq!(job.text, source);
        }
    }
}
