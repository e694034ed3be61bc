//! Lists of rows of one height, of which only those in view are laid out.

use egui::{Align, Color32, Layout, Rect, Response, Role, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use crate::theme::{ROW_HEIGHT, palette};

/// How far a list was scrolled, and how much of it could be seen.
#[derive(Clone, Copy, Debug)]
struct Seen {
    offset: f32,
    height: f32,
}

/// Draws the rows in view. The row to `keep` is brought into view where that is asked for, and stays in view when the
/// room for the list changes.
pub(super) fn list_ui(
    ui: &mut Ui,
    id: &'static str,
    count: usize,
    keep: Option<usize>,
    is_to_reveal: bool,
    mut row: impl FnMut(&mut Ui, usize),
) {
    ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
    let seen_id = egui::Id::unique(("seen of list", id));
    let seen: Option<Seen> = ui.data(|data| data.get_temp(seen_id));
    let height = ui.available_height();
    let mut area = ScrollArea::vertical().id_salt(id).auto_shrink(false).animated(false);
    if let Some(offset) = keep.and_then(|place| offset_for(place, seen, height, is_to_reveal)) {
        area = area.vertical_scroll_offset(offset);
    }
    let output = area.show_rows(ui, ROW_HEIGHT, count, |ui, range| {
        // One id a row: so a row has the same wherever the list is scrolled to.
        range.for_each(|place| drop(ui.push_id(place, |ui| row(ui, place))));
    });
    let seen = Seen { offset: output.state.clamped_offset().y, height: output.inner_rect.height() };
    ui.data_mut(|data| data.insert_temp(seen_id, seen));
}

/// How far to scroll, where the row would not be seen and should be.
fn offset_for(place: usize, seen: Option<Seen>, height: f32, is_to_reveal: bool) -> Option<f32> {
    let (top, bottom) = (place as f32 * ROW_HEIGHT, (place + 1) as f32 * ROW_HEIGHT);
    let Seen { offset, height: before } = seen.unwrap_or(Seen { offset: 0.0, height });
    let is_within = |height: f32| top >= offset - 1.0 && bottom <= offset + height + 1.0;
    let was_lost = (before - height).abs() > 0.5 && is_within(before);
    if is_within(height) || !(is_to_reveal || was_lost) {
        return None;
    }
    // A step scrolls by a row; a jump lands in the middle.
    let is_near = top > offset - 2.0 * ROW_HEIGHT && bottom < offset + height + 2.0 * ROW_HEIGHT;
    Some(match (is_near || was_lost, top < offset) {
        (false, _) => (top - (height - ROW_HEIGHT) / 2.0).max(0.0),
        (true, true) => top,
        (true, false) => (bottom - height).max(0.0),
    })
}

/// What a row is, beside being one of many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Look {
    /// One that is chosen, or one of the others.
    Choice(bool),
    /// On a ground of its own, where something is to be said of it.
    Plain(Option<Color32>),
    /// One that others fold into; open or not.
    Group(bool),
}

/// A row that can be pressed. What is chosen, under the pointer and neither looks different each.
pub(super) fn list_row(ui: &mut Ui, name: &str, look: Look, contents: impl FnOnce(&mut Ui, Rect)) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let (role, is_chosen) = match look {
        Look::Choice(is_chosen) => (Role::Row, is_chosen),
        Look::Plain(_) => (Role::Row, false),
        Look::Group(is_open) => (Role::DisclosureTriangle, is_open),
    };
    response.widget_info(|| WidgetInfo::selected(role, true, is_chosen, name));
    let colours = palette(ui);
    let is_under_pointer = response.contains_pointer() && ui.is_enabled();
    let fill = match look {
        Look::Choice(true) => Some(colours.selection),
        Look::Plain(Some(ground)) => Some(ground),
        _ if is_under_pointer => Some(colours.raised),
        _ => None,
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, 0.0, fill);
    }
    if look == Look::Choice(true) {
        let edge = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        ui.painter().rect_filled(edge, 0.0, colours.accent);
    }
    let mut inside = ui.new_child(UiBuilder::new().max_rect(rect).id_salt(("row", response.id)));
    contents(&mut inside, rect);
    response
}

/// The columns of a row, one after the other from its left.
pub(super) struct Cells {
    rect: Rect,
    x: f32,
}

impl Cells {
    pub(super) fn new(row: Rect, margin: f32) -> Self {
        Self { rect: row, x: row.left() + margin }
    }

    /// A cell of this width. One without any width has given way and is not drawn.
    pub(super) fn cell(&mut self, ui: &mut Ui, width: f32, contents: impl FnOnce(&mut Ui)) {
        if width <= 0.0 {
            return;
        }
        let place = Rect::from_min_max(
            pos2(self.x, self.rect.top()),
            pos2((self.x + width - CELL_GAP).max(self.x), self.rect.bottom()),
        );
        self.x += width;
        let builder = UiBuilder::new().max_rect(place).layout(Layout::left_to_right(Align::Center));
        ui.scope_builder(builder, |ui| {
            ui.shrink_clip_rect(place);
            contents(ui);
        });
    }
}

/// Between two columns.
const CELL_GAP: f32 = 12.0;

#[cfg(test)]
mod tests {
    use super::*;

    const HEIGHT: f32 = 10.0 * ROW_HEIGHT;

    #[test]
    fn a_row_in_view_is_left_where_it_is() {
        let seen = Some(Seen { offset: 20.0 * ROW_HEIGHT, height: HEIGHT });
        assert_eq!(offset_for(20, seen, HEIGHT, true), None);
        assert_eq!(offset_for(29, seen, HEIGHT, true), None);
        assert_eq!(offset_for(50, seen, HEIGHT, false), None, "nobody asked for it");
    }

    #[test]
    fn a_step_scrolls_by_a_row_and_a_jump_lands_in_the_middle() {
        let seen = Some(Seen { offset: 20.0 * ROW_HEIGHT, height: HEIGHT });
        assert_eq!(offset_for(30, seen, HEIGHT, true), Some(21.0 * ROW_HEIGHT));
        assert_eq!(offset_for(19, seen, HEIGHT, true), Some(19.0 * ROW_HEIGHT));
        assert_eq!(offset_for(104, seen, HEIGHT, true), Some(99.5 * ROW_HEIGHT));
        assert_eq!(offset_for(0, seen, HEIGHT, true), Some(0.0));
    }

    #[test]
    fn a_row_that_a_smaller_panel_would_hide_stays_in_view() {
        let seen = Some(Seen { offset: 0.0, height: HEIGHT });
        assert_eq!(offset_for(8, seen, HEIGHT / 2.0, false), Some(4.0 * ROW_HEIGHT));
        let scrolled_away = Some(Seen { offset: 100.0 * ROW_HEIGHT, height: HEIGHT });
        assert_eq!(offset_for(8, scrolled_away, HEIGHT / 2.0, false), None);
    }
}
