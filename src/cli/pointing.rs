//! Where in what was typed something is wrong.

use std::ops::Range;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// So much of a line is printed, in columns; of a longer one what lies around the wrong word.
const MOST: usize = 96;
/// So much of it before the word.
const BEFORE: usize = 40;

/// The line with the wrong word, and marks under it.
pub(super) fn pointed_at(text: &str, place: &Range<usize>) -> String {
    let start = text.get(..place.start).unwrap_or(text);
    let begin = start.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(begin..).unwrap_or_default().lines().next().unwrap_or_default();
    let before = start.get(begin..).unwrap_or_default();
    let wrong = text.get(place.clone()).and_then(|wrong| wrong.lines().next()).unwrap_or_default().width();
    if line.width() <= MOST {
        return marked(line, before.width(), wrong);
    }
    let kept = before.len() - last_columns(before, BEFORE).len();
    let shown = first_columns(line.get(kept..).unwrap_or_default(), MOST);
    let cut = |is_cut: bool| if is_cut { "…" } else { "" };
    let (left, right) = (cut(kept > 0), cut(kept + shown.len() < line.len()));
    let before = left.width() + before.get(kept..).unwrap_or_default().width();
    marked(&format!("{left}{shown}{right}"), before, wrong.min(left.width() + shown.width() - before))
}

fn marked(line: &str, before: usize, wrong: usize) -> String {
    format!("\n  {line}\n  {}{}", " ".repeat(before), "^".repeat(wrong.max(1)))
}

/// What of the beginning is no wider than this.
fn first_columns(text: &str, most: usize) -> &str {
    let mut width = 0;
    let end = text.char_indices().find(|(_, letter)| {
        width += letter.width().unwrap_or(0);
        width > most
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// What of the end is no wider than this.
fn last_columns(text: &str, most: usize) -> &str {
    let mut width = 0;
    let end = text.char_indices().rev().find(|(_, letter)| {
        width += letter.width().unwrap_or(0);
        width > most
    });
    end.and_then(|(before, letter)| text.get(before + letter.len_utf8()..)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrong_word_is_marked_in_its_line() {
        assert_eq!(pointed_at("a ==\n bad", &(6..9)), "\n   bad\n   ^^^");
        assert_eq!(pointed_at("이름 == bad", &(10..13)), "\n  이름 == bad\n          ^^^");
        assert_eq!(pointed_at("", &(0..0)), "\n  \n  ^");
    }

    #[test]
    fn of_a_line_that_is_too_long_for_a_terminal_the_part_around_the_word_is_shown() {
        for letter in ["x", "한"] {
            let long = letter.repeat(3_000);
            let text = format!("{long} bad {long}");
            let place = long.len() + 1..long.len() + 4;
            let said = pointed_at(&text, &place);
            let lines: Vec<&str> = said.lines().skip(1).collect();
            let [line, marks] = lines[..] else { panic!("{said}") };
            assert!(said.lines().all(|line| line.width() <= MOST + 4), "{said}");
            assert!(line.starts_with("  …") && line.ends_with('…'), "{said}");
            let at = line.find("bad").expect("the word is shown");
            assert_eq!(marks, format!("{}^^^", " ".repeat(line[..at].width())));
            // However long what is wrong is itself.
            assert!(pointed_at(&text, &(0..text.len())).lines().all(|line| line.width() <= MOST + 4));
        }
    }
}
