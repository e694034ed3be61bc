//! What an event changed, in one line: `status NEW → OPEN`, the old in a dim ink.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, Label, Response, RichText, Role, Sense, TextStyle, Ui, WidgetInfo};
use serde_json::Value;

use super::Scene;
use super::parts::{cut, fitting_name, shortened_name};
use super::people::for_people;
use crate::command::Action;
use crate::replay::Change;
use crate::theme::palette;
use crate::view::RowChanges;

/// What a letter takes at most of a line, on average.
const LETTER: f32 = 7.3;

/// A change is left out where less than its name and so many letters have room.
const LEAST_LETTERS: usize = 10;

/// What a name may take of the room in which its values stand, too.
pub(super) fn room_for_name(room: f32) -> f32 {
    (room - LEAST_LETTERS as f32 * LETTER).max(room * 0.5)
}

/// The changed fields one after the other, as many as there is room for. A field leads to its own history.
pub(super) fn changes_ui(ui: &mut Ui, scene: &mut Scene<'_>, changes: &RowChanges, is_to_come: bool) {
    let colours = palette(ui);
    let dim = if is_to_come { colours.faint } else { colours.dim };
    let RowChanges { number, shown, more } = changes;
    let texts: Vec<[String; 2]> = shown.iter().map(|change| both(scene, change)).collect();
    let right = ui.max_rect().right();
    let mut left_out = *more;
    for (place, (change, texts)) in shown.iter().zip(&texts).enumerate() {
        let room = right - ui.cursor().left();
        let has_room = place == 0 || room > (change.field.chars().count() + LEAST_LETTERS) as f32 * LETTER;
        if !has_room {
            left_out += shown.len() - place;
            break;
        }
        if place > 0 {
            ui.add_space(14.0);
        }
        // A long name leaves some room for the values.
        let name = ui.scope(|ui| {
            ui.set_max_width(room_for_name(room));
            field_name(ui, scene, &change.field, dim)
        });
        if name.inner.clicked() {
            scene.ask(Action::OpenField(*number, change.field.clone()));
        }
        ui.add_space(5.0);
        let has_next = place + 1 < shown.len();
        let letters = letters_for(right - ui.cursor().left(), texts, has_next);
        let [old, new] = texts.each_ref().map(|text| shorter(text, letters));
        let old = beside_new(right - ui.cursor().left(), old, &new);
        let line = cut(ui, old_and_new(ui, &old, &new, is_to_come));
        if old.len() + new.len() < texts.iter().map(String::len).sum() {
            let [old, new] = texts;
            line.on_hover_ui(|ui| {
                ui.add(Label::new(old_and_new(ui, old, new, false)).wrap());
            });
        }
    }
    if left_out > 0 && right - ui.cursor().left() > 3.0 * LETTER {
        ui.add_space(10.0);
        cut(ui, RichText::new(format!("+{left_out}")).color(dim));
    }
}

/// A field's name that leads to its history. It can be clicked, but is no stop of its own for Tab: a list is one.
pub(super) fn field_name(ui: &mut Ui, scene: &Scene<'_>, field: &str, ink: Color32) -> Response {
    let short = shortened_name(field);
    let fitting = fitting_name(ui, field, &TextStyle::Body);
    let response =
        ui.add(Label::new(RichText::new(fitting).color(ink)).truncate().selectable(false).sense(Sense::CLICK));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, short.as_ref()));
    if response.hovered() {
        let below = response.rect.bottom() - 1.0;
        ui.painter().hline(response.rect.x_range(), below, egui::Stroke::new(1.0, ink));
        ui.set_cursor_icon(egui::CursorIcon::PointingHand);
    }
    // Put into words only when it is shown: there is one in every row.
    response.on_hover_ui(|ui| {
        ui.label(scene.locale.with("field-open", [("field", short.into())]));
    })
}

fn both(scene: &Scene<'_>, change: &Change) -> [String; 2] {
    let Change { field, before, after } = change;
    let new = if after.is_null() && !before.is_null() { scene.text("removed") } else { text_of(scene, field, after) };
    [text_of(scene, field, before), new]
}

/// A list or an object in words that fit in a line, and what has no letters all the same visible.
pub(super) fn text_of(scene: &Scene<'_>, field: &str, value: &Value) -> String {
    match value {
        Value::String(text) if text.trim().is_empty() => format!("\"{text}\""),
        value => for_people(scene, field, value).replace(['\n', '\r', '\t'], " "),
    }
}

/// Values no longer than this are not cut for the sake of the next change.
const WORD: usize = 24;

/// How many letters each of the two values may take. The first changes are told in full before room is left for the next.
fn letters_for(width: f32, texts: &[String; 2], has_next: bool) -> usize {
    let room = (width / LETTER) as usize;
    let [old, new] = texts.each_ref().map(|text| text.chars().count());
    if !has_next || old + new + 3 <= room {
        return usize::MAX;
    }
    (room / 2).saturating_sub(3).max(WORD)
}

/// The new value is what is asked for: an old one that would leave nothing of it is cut.
pub(super) fn beside_new(width: f32, old: String, new: &str) -> String {
    const TOLD: usize = 4;
    let room = (width / LETTER) as usize;
    let [of_old, of_new] = [&*old, new].map(|text| text.chars().count());
    if of_old + 3 + of_new.min(TOLD) <= room {
        return old;
    }
    shorter(&old, room.saturating_sub(of_new + TOLD).max(room / 2).saturating_sub(TOLD))
}

fn shorter(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        Some((end, _)) if text.get(end..).is_some_and(|rest| rest.chars().nth(1).is_some()) => {
            format!("{}…", text.get(..end).unwrap_or(text).trim_end())
        }
        _ => text.to_owned(),
    }
}

/// `old → new`, or the new alone where there was nothing.
pub(super) fn old_and_new(ui: &Ui, old: &str, new: &str, is_to_come: bool) -> LayoutJob {
    let colours = palette(ui);
    let (dim, ink) = if is_to_come { (colours.faint, colours.faint) } else { (colours.dim, colours.text) };
    let font = TextStyle::Monospace.resolve(ui.style());
    let mut job = LayoutJob::default();
    if !old.is_empty() {
        job.append(&format!("{old} → "), 0.0, TextFormat::simple(font.clone(), dim));
    }
    job.append(new, 0.0, TextFormat::simple(font, ink));
    job
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_value_leaves_room_for_the_new_one() {
        let phone = "010-".repeat(30);
        let old = beside_new(30.0 * LETTER, phone, "010-9999-5");
        assert!(old.chars().count() + 3 + 10 <= 30 && old.chars().count() > 8, "{old}");
        assert_eq!(beside_new(24.0 * LETTER, "PENDING_PAYMENT".to_owned(), "CONVERTED"), "PENDING_PAYMENT");
        assert_eq!(beside_new(1.0, "a".to_owned(), "b"), "a");
    }

    #[test]
    fn a_text_is_cut_between_letters_and_only_where_that_saves_room() {
        assert_eq!(shorter("가나다라마바사", 3), "가나다…");
        assert_eq!(shorter("abcd", 3), "abcd", "the dots would take as much");
        assert_eq!(shorter("abc", 3), "abc");
    }
}
