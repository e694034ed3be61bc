//! Pieces that several panels are made of.

use std::borrow::Cow;

use egui::style::ScrollAnimation;
use egui::{
    Align, Color32, CornerRadius, Frame, Key, Label, Layout, Margin, Modifiers, Response, RichText, Sense, Stroke,
    TextEdit, TextStyle, Ui, WidgetText, vec2,
};

use super::Scene;
use super::dialog::{Dialog, take_first_focus};
use super::ends::ends_ui;
use super::icons::{Icon, icon_button};
use crate::command::{Action, Command, Menu};
use crate::engine::Progress;
use crate::event::visible::visible;
use crate::theme::{CARD_RADIUS, ROW_HEIGHT, palette};
use crate::view::UserError;

/// A surface of its own, told apart by a hairline.
pub(super) fn card<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let colours = palette(ui);
    Frame::new()
        .fill(colours.panel)
        .stroke(Stroke::new(1.0, colours.line))
        .corner_radius(CornerRadius::same(CARD_RADIUS))
        .show(ui, contents)
        .inner
}

/// The line at a card's head: what it is on the left, what belongs to it on the right.
pub(super) fn card_head(ui: &mut Ui, title: &str, aside: &str) {
    let dim = palette(ui).dim;
    Frame::new().inner_margin(Margin::symmetric(16, 8)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(title);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(aside).color(dim));
            });
        });
    });
    hairline(ui);
}

pub(super) fn hairline(ui: &mut Ui) {
    let line = palette(ui).line;
    let width = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(vec2(width, 1.0), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, line);
}

/// One line that is cut where the space ends, with the whole text under the pointer.
pub(super) fn cut(ui: &mut Ui, text: impl Into<WidgetText>) -> Response {
    ui.add(Label::new(text).truncate().selectable(false))
}

/// Of an event: longer ones would push out of sight what can be done with it.
pub(super) const AUTHOR_LINES: usize = 3;
pub(super) const REASON_LINES: usize = 8;

/// A text of no more than so many lines. Where that cuts it, all of it is told where it is pointed at.
pub(super) fn few_lines(ui: &mut Ui, text: &str, lines: usize) {
    let text = shortened(text);
    let font = TextStyle::Body.resolve(ui.style());
    let mut job = egui::text::LayoutJob::simple(text.to_string(), font, palette(ui).text, ui.available_width());
    job.wrap.max_rows = lines;
    let galley = ui.painter().layout_job(job);
    let is_cut = galley.elided;
    let label = ui.add(Label::new(galley));
    if is_cut {
        label.on_hover_text(text);
    }
}

/// The same in a cell that is no wider than this, and only as wide as what is in it.
pub(super) fn cut_at(ui: &mut Ui, most: f32, text: impl Into<WidgetText>) -> Response {
    let cell = ui.scope(|ui| {
        ui.set_max_width(most);
        cut(ui, text)
    });
    cell.inner
}

/// More letters than any panel is wide. Laying out more would cost a frame, and nobody would see them.
pub(super) const LONGEST_DRAWN: usize = 400;

/// What is worth laying out of a text that may have millions of letters, with those that hide told by their numbers:
/// names and values are strangers', and could else change what stands around them.
pub(super) fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_DRAWN {
        return visible(text);
    }
    Cow::Owned(format!("{}…", visible(&text[..text.floor_char_boundary(LONGEST_DRAWN)])))
}

/// The same of a name: of those that begin alike, the end tells one from the other.
pub(super) fn shortened_name(name: &str) -> Cow<'_, str> {
    const BEGINNING: usize = LONGEST_DRAWN / 2;
    if name.len() <= LONGEST_DRAWN {
        return visible(name);
    }
    let beginning = visible(&name[..name.floor_char_boundary(BEGINNING)]);
    let end = visible(&name[name.ceil_char_boundary(name.len() - BEGINNING)..]);
    Cow::Owned(format!("{beginning}…{end}"))
}

/// A name as it fits into what room there is, cut in its middle.
pub(super) fn fitting_name(ui: &Ui, name: &str, style: &TextStyle) -> String {
    let name = shortened_name(name);
    let font = style.resolve(ui.style());
    let width = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), font.clone(), Color32::PLACEHOLDER).size().x;
    let (room, whole) = (ui.available_width(), width(&name));
    if whole <= room {
        return name.into_owned();
    }
    let letters: Vec<char> = name.chars().collect();
    let mut kept = ((room / whole) * letters.len() as f32) as usize;
    // Letters are not equally wide.
    while kept > MOST_TELLING {
        let cut = middle_cut(&letters, kept);
        if width(&cut) <= room {
            return cut;
        }
        kept -= 1;
    }
    middle_cut(&letters, kept)
}

/// So few letters are kept however narrow it is.
const MOST_TELLING: usize = 4;

/// So many letters of a name, of which more are from its end.
fn middle_cut(letters: &[char], kept: usize) -> String {
    let kept = kept.saturating_sub(1);
    let beginning = kept * 2 / 5;
    let end = letters.len() - (kept - beginning).min(letters.len());
    let (first, last) = (letters.iter().take(beginning), letters.iter().skip(end));
    first.chain(&['…']).chain(last).collect()
}

/// How wide a text is in one line, in a font of this size.
pub(super) fn text_width(ui: &Ui, text: &str, size: f32) -> f32 {
    let font = egui::FontId::new(size, TextStyle::Body.resolve(ui.style()).family);
    ui.painter().layout_no_wrap(text.to_owned(), font, palette(ui).text).size().x
}

/// The same of what is written as text and on buttons.
pub(super) fn body_width(ui: &Ui, text: &str) -> f32 {
    text_width(ui, text, TextStyle::Body.resolve(ui.style()).size)
}

/// A small heading over a panel.
pub(super) fn caption(ui: &mut Ui, text: &str) {
    let dim = palette(ui).dim;
    ui.label(RichText::new(text).size(11.5).color(dim));
}

/// The button of a dialog that does what it is for.
pub(super) fn primary(ui: &Ui, text: String) -> egui::Button<'static> {
    let colours = palette(ui);
    egui::Button::new(RichText::new(text).strong().color(colours.on_accent)).fill(colours.accent)
}

/// Text that acts like a link.
pub(super) fn link(ui: &mut Ui, text: &str) -> Response {
    let accent = palette(ui).accent;
    ui.add(egui::Button::new(RichText::new(text).color(accent)).frame(false))
}

/// The sentence about what went wrong, with what can be done about it.
pub fn error_bar_ui(ui: &mut Ui, scene: &mut Scene<'_>, error: &UserError, can_retry: bool) {
    let colours = palette(ui);
    let UserError { message, details } = error;
    let sentence = &scene.sentence(message);
    Frame::new().fill(colours.danger_soft).inner_margin(Margin::symmetric(16, 8)).show(ui, |ui| {
        let tell = |ui: &mut Ui, _: &mut Scene<'_>| {
            ui.add(Label::new(RichText::new(sentence).color(colours.danger)).wrap());
        };
        let act = |ui: &mut Ui, scene: &mut Scene<'_>| {
            if can_retry && ui.button(scene.text("retry")).clicked() {
                scene.run(Command::Retry);
            }
            if ui.button(scene.text("copy")).clicked() {
                let text = if details.is_empty() { sentence.clone() } else { format!("{sentence}\n\n{details}") };
                scene.ask(Action::Copy(text));
            }
            if ui.button(scene.text("dismiss")).clicked() {
                scene.ask(Action::DismissError);
            }
        };
        ui.horizontal(|ui| ends_ui(ui, scene, ("error", can_retry), tell, act));
        if !details.is_empty() {
            egui::CollapsingHeader::new(scene.text("show-details")).id_salt("error details").show(ui, |ui| {
                egui::ScrollArea::vertical().max_height(120.0).show(ui, |ui| {
                    ui.add(Label::new(RichText::new(details).monospace()).wrap());
                });
            });
        }
    });
}

/// How faint something is that is of before, until its like is known anew.
pub(super) const OF_BEFORE: f32 = 0.55;

/// Something that is in force and can be taken away. Answers whether it is to be.
pub(super) fn chip(ui: &mut Ui, text: &str, clear: &str) -> bool {
    let colours = palette(ui);
    let frame = Frame::new().fill(colours.selection).stroke(Stroke::new(1.0, colours.accent));
    let frame =
        frame.corner_radius(CornerRadius::same(10)).inner_margin(Margin { left: 10, right: 4, top: 0, bottom: 0 });
    let row = ui.horizontal(|ui| {
        let inside = frame.show(ui, |ui| {
            ui.label(text);
            icon_button(ui, Icon::Cross, clear).clicked()
        });
        inside.inner
    });
    row.inner
}

/// A text field that a screen reader knows by this name.
pub(super) fn named_field(ui: &mut Ui, field: TextEdit<'_>, name: &str) -> Response {
    let response = ui.add(field);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, name));
    take_first_focus(ui, &response);
    response
}

/// A field that narrows what is below it: its name, and that of the cross that clears it. Esc clears it, too, and leaves
/// it once it is empty. Answers whether something else stands in it now.
pub(super) fn filter_field(ui: &mut Ui, text: &mut String, names: &[String; 2], width: f32) -> (Response, bool) {
    const CROSS: f32 = 34.0;
    let [name, clear] = names;
    let width = width - if text.is_empty() { 0.0 } else { CROSS };
    let field = named_field(ui, TextEdit::singleline(text).hint_text(name).desired_width(width), name);
    let is_left = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape));
    let is_cleared = !text.is_empty() && (icon_button(ui, Icon::Cross, clear).clicked() || is_left);
    if is_cleared {
        text.clear();
        field.request_focus();
    }
    let is_changed = is_cleared || field.changed();
    (field, is_changed)
}

/// Where a key leads from a filter to what it lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Led {
    /// Into the list.
    Down,
    /// To the first that is found.
    ToFirst,
}

/// Whether one was pressed in this filter that leads on.
pub(super) fn led_from(ui: &Ui, filter: &Response) -> Option<Led> {
    if filter.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::ArrowDown)) {
        return Some(Led::Down);
    }
    is_entered(ui, filter).then_some(Led::ToFirst)
}

/// Whether Enter was pressed in this field of one line. The focus stays there, to go on typing.
pub(super) fn is_entered(ui: &Ui, field: &Response) -> bool {
    let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if is_entered {
        field.request_focus();
    }
    is_entered
}

/// What is being done and how far it is, once it takes long enough to wonder. Answers whether it shall stop.
pub(super) fn progress_ui(ui: &mut Ui, scene: &Scene<'_>, progress: &Progress) -> bool {
    const LONG_ENOUGH: std::time::Duration = std::time::Duration::from_millis(100);
    const BETWEEN_LOOKS: std::time::Duration = std::time::Duration::from_millis(100);
    if progress.running < LONG_ENOUGH {
        ui.ctx().request_repaint_after(LONG_ENOUGH);
        return false;
    }
    ui.ctx().request_repaint_after(BETWEEN_LOOKS);
    let Progress { what, done, total, .. } = *progress;
    let what = scene.text(&format!("job-{}", what.replace(' ', "-")));
    let mut stop = false;
    // In a narrow pane the button has a line of its own.
    ui.horizontal_wrapped(|ui| {
        ui.spinner();
        let name = match (done, total) {
            (0, 0) => "loading",
            (_, 0) => "loading-count",
            _ => "loading-of",
        };
        let values =
            [("what", what.into()), ("done", super::grouped(done).into()), ("total", super::grouped(total).into())];
        ui.label(scene.locale.with(name, values));
        stop = ui.button(scene.text("cancel")).clicked();
    });
    stop
}

/// Every command, menu by menu, with its key.
pub fn keys_ui(ui: &mut Ui, scene: &mut Scene<'_>, is_open: &mut bool) {
    const NAME_SHARE: f32 = 0.68;
    let title = scene.text("keys-title");
    Dialog::new("keys", &title, 760.0).show(ui, scene, is_open, |ui, scene| {
        scroll_by_keys(ui);
        let side_by_side = if ui.available_width() < 640.0 { 1 } else { 2 };
        ui.columns(side_by_side, |columns| {
            for (number, menu) in Menu::ALL.into_iter().enumerate() {
                let Some(ui) = columns.get_mut(number % side_by_side) else { continue };
                caption(ui, &scene.text(menu.title()));
                // In all menus the keys begin at one place.
                let of_name = vec2(ui.available_width() * NAME_SHARE, ROW_HEIGHT);
                for command in Command::all().filter(|command| command.menu() == menu) {
                    ui.horizontal(|ui| {
                        ui.allocate_ui_with_layout(of_name, Layout::left_to_right(Align::Center), |ui| {
                            ui.set_min_width(of_name.x);
                            cut(ui, scene.text(command.title()));
                        });
                        let keys = command.shortcut().map(|shortcut| shortcut.label()).unwrap_or_default();
                        ui.label(RichText::new(keys).monospace());
                    });
                }
                ui.add_space(12.0);
            }
        });
        ui.label(scene.text("keys-menu"));
        ui.add_space(8.0);
    });
}

/// What is only read moves under the keys as it does under a wheel.
fn scroll_by_keys(ui: &Ui) {
    /// Longer than anything that is read here.
    const ALL: f32 = 100_000.0;
    let page = (ui.clip_rect().height() - ROW_HEIGHT).max(ROW_HEIGHT);
    let steps = [
        (Key::ArrowDown, ROW_HEIGHT),
        (Key::ArrowUp, -ROW_HEIGHT),
        (Key::PageDown, page),
        (Key::PageUp, -page),
        (Key::End, ALL),
        (Key::Home, -ALL),
    ];
    let down: f32 = ui.input_mut(|input| {
        steps.iter().map(|(key, step)| input.count_and_consume_key(Modifiers::NONE, *key) as f32 * step).sum()
    });
    if down != 0.0 {
        ui.scroll_with_delta_animation(vec2(0.0, -down), ScrollAnimation::none());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_cut_keeps_its_end_for_that_is_what_tells_it_from_others() {
        let cut = |name: &str, kept| middle_cut(&name.chars().collect::<Vec<_>>(), kept);
        assert_eq!(cut("items.order-000017.count", 11), "item….count");
        assert_eq!(cut("가나다라마바사", 4), "가…바사");
        let (one, other) = (format!("{}1", "x".repeat(900)), format!("{}2", "x".repeat(900)));
        assert_ne!(shortened_name(&one), shortened_name(&other));
        assert!(shortened_name(&one).len() < 2 * LONGEST_DRAWN);
    }
}
