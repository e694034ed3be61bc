//! What was found of an event, as far as there is room for it.

use std::ops::Range;

use egui::Ui;
use egui::text::{LayoutJob, TextFormat};
use unicode_width::UnicodeWidthChar;

use crate::engine::Words;
use crate::theme::palette;
use crate::ui::parts::shortened;

/// What was found, with its words told from what stands around them. Where there is little room, it begins so near to
/// the first of the words that this is in sight.
pub(super) fn place_job(ui: &Ui, place: &str, words: &[&str]) -> LayoutJob {
    let colours = palette(ui);
    let font_id = egui::TextStyle::Monospace.resolve(ui.style());
    let letter = ui.painter().layout_no_wrap("0".to_owned(), font_id.clone(), colours.dim).size().x;
    let columns = (ui.available_width() / letter.max(1.0)) as usize;
    let around = TextFormat { font_id, color: colours.dim, ..TextFormat::default() };
    let word = TextFormat { color: colours.text, underline: egui::Stroke::new(1.5, colours.accent), ..around.clone() };
    let found = Words::of(words).places_in(place);
    let mut end = found.first().map_or(0, |first| begin_of_sight(place, first, columns));
    let mut job = LayoutJob::default();
    if end > 0 {
        job.append("…", 0.0, around.clone());
    }
    let mut add = |part: Range<usize>, format: &TextFormat| {
        if let Some(part) = place.get(part).filter(|part| !part.is_empty()) {
            job.append(&shortened(part), 0.0, format.clone());
        }
    };
    for at in found {
        add(end..at.start, &around);
        add(at.clone(), &word);
        end = at.end;
    }
    add(end..place.len(), &around);
    job
}

/// From where on a text is shown in so many columns, so that a word of it is in sight, and some of what stands behind it.
fn begin_of_sight(text: &str, word: &Range<usize>, columns: usize) -> usize {
    /// What tells that something is left out at either end.
    const MARKS: usize = 2;
    let width = |letter: char| letter.width().unwrap_or(0);
    let to_word = text.get(..word.end).unwrap_or_default();
    if to_word.chars().map(width).sum::<usize>() + MARKS <= columns {
        return 0;
    }
    // What stands behind the word says as much as what stands before it.
    let room = columns.saturating_sub(MARKS) * 2 / 3;
    let mut taken = 0;
    let fits = |(_, letter): &(usize, char)| {
        taken += width(*letter);
        taken <= room
    };
    let begin = to_word.char_indices().rev().take_while(fits).last().map_or(word.end, |(begin, _)| begin);
    begin.min(word.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_at_the_end_of_what_was_found_is_in_sight_however_little_room_there_is() {
        let text = r#"{"actor":"lee","reason":"name misspelt"}"#;
        let start = text.find("misspelt").unwrap_or_default();
        let word = start..start + "misspelt".len();
        assert_eq!(begin_of_sight(text, &word, 80), 0);
        for (columns, shown) in [(30, "on\":\"name misspelt\"}"), (14, "misspelt\"}"), (3, "misspelt\"}")] {
            assert_eq!(text.get(begin_of_sight(text, &word, columns)..), Some(shown), "{columns}");
        }
        let korean = "{\"reason\":\"이름이 틀렸음\"}";
        let start = korean.find("틀렸음").unwrap_or_default();
        let begin = begin_of_sight(korean, &(start..start + "틀렸음".len()), 20);
        assert_eq!(korean.get(begin..), Some("름이 틀렸음\"}"));
    }
}
