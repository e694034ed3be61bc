//! Lists of rows of one height, of which only those in view are laid out.

use egui::{Align, Color32, Layout, Rect, Response, Role, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::focus::Stops;
use crate::theme::{ROW_HEIGHT, palette};

/// How far a list was scrolled, and how much of it could be seen.
#[derive(Clone, Copy, Debug)]
struct Seen {
    offset: f32,
    height: f32,
    /// The room became less, and hid the row that is to stay in view.
    has_lost_row: bool,
}

impl Seen {
    fn shows(&self, place: usize) -> bool {
        let (top, bottom) = (place as f32 * ROW_HEIGHT, (place + 1) as f32 * ROW_HEIGHT);
        top >= self.offset - 1.0 && bottom <= self.offset + self.height + 1.0
    }

    /// Whether another height, and not somebody's scrolling, took the row out of view.
    fn has_lost(&self, before: &Self, place: usize) -> bool {
        (before.height - self.height).abs() > 0.5 && before.shows(place) && !self.shows(place)
    }
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
    let mut stops = Stops::new(ui, id, count, keep);
    let (keep, is_to_reveal) = stops.moved_to().map_or((keep, is_to_reveal), |place| (Some(place), true));
    let seen_id = egui::Id::unique(("seen of list", id));
    let seen: Option<Seen> = ui.data(|data| data.get_temp(seen_id));
    let height = seen.map_or(ui.available_height(), |seen| seen.height);
    let is_to_reveal = is_to_reveal || seen.is_some_and(|seen| seen.has_lost_row);
    // As low as its room, or its last row would lie below the card's end.
    let mut area = ScrollArea::vertical().id_salt(id).auto_shrink(false).animated(false).min_scrolled_height(0.0);
    if let (Some(place), true) = (keep, is_to_reveal) {
        let seen = seen.unwrap_or(Seen { offset: 0.0, height, has_lost_row: false });
        if let Some(offset) = offset_for(place, &seen) {
            area = area.vertical_scroll_offset(offset);
            // Or it would be taken for scrolling beyond the end of a shorter list that stood here before, and spring back.
            let kinetic = &mut ui.spacing_mut().scroll.kinetic;
            (kinetic.rubber_band, kinetic.decay_time) = (false, 0.0);
        }
    }
    let output = area.show_rows(ui, ROW_HEIGHT, count, |ui, range| {
        // One id a row: so a row has the same wherever the list is scrolled to.
        stops.drawn(range.clone());
        for place in range {
            let sense = stops.sense(place);
            ui.data_mut(|data| data.insert_temp(row_id(), RowFocus { sense, id: None }));
            ui.push_id(place, |ui| row(ui, place));
            let drawn: Option<RowFocus> = ui.data(|data| data.get_temp(row_id()));
            if let Some(response) = drawn.and_then(|row| ui.ctx().read_response(row.id?)) {
                stops.row(ui, place, &response);
            }
        }
    });
    ui.data_mut(|data| data.remove::<RowFocus>(row_id()));
    stops.end(ui);
    let offset = output.state.clamped_offset().y;
    let mut now = Seen { offset, height: output.inner_rect.height(), has_lost_row: false };
    now.has_lost_row = seen.zip(keep).is_some_and(|(before, place)| now.has_lost(&before, place));
    if now.has_lost_row {
        ui.ctx().request_repaint();
    }
    ui.data_mut(|data| data.insert_temp(seen_id, now));
}

/// What the row that is being drawn listens to, and then which widget it is.
#[derive(Clone, Copy, Debug)]
struct RowFocus {
    sense: Sense,
    id: Option<egui::Id>,
}

fn row_id() -> egui::Id {
    egui::Id::unique("row of a list")
}

/// How far to scroll, where the row is not seen.
fn offset_for(place: usize, seen: &Seen) -> Option<f32> {
    let (top, bottom) = (place as f32 * ROW_HEIGHT, (place + 1) as f32 * ROW_HEIGHT);
    let Seen { offset, height, .. } = *seen;
    if seen.shows(place) {
        return None;
    }
    // A step scrolls by a row; a jump lands in the middle.
    let is_near = top > offset - 2.0 * ROW_HEIGHT && bottom < offset + height + 2.0 * ROW_HEIGHT;
    Some(match (is_near, top < offset) {
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
    // In a list one row is a stop of Tab; one that stands alone is its own.
    let in_list: Option<RowFocus> = ui.data(|data| data.get_temp(row_id()));
    let sense = in_list.map_or(Sense::click(), |row| row.sense);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), sense);
    if in_list.is_some() {
        ui.data_mut(|data| data.insert_temp(row_id(), RowFocus { sense, id: Some(response.id) }));
    }
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

    fn seen(row: f32, rows: f32) -> Seen {
        Seen { offset: row * ROW_HEIGHT, height: rows * ROW_HEIGHT, has_lost_row: false }
    }

    fn row_for(place: usize, seen: &Seen) -> Option<f32> {
        offset_for(place, seen).map(|offset| (offset / ROW_HEIGHT * 2.0).round() / 2.0)
    }

    #[test]
    fn a_row_in_view_is_left_where_it_is() {
        assert_eq!(row_for(20, &seen(20.0, 10.0)), None);
        assert_eq!(row_for(29, &seen(20.0, 10.0)), None);
    }

    #[test]
    fn a_step_scrolls_by_a_row_and_a_jump_lands_in_the_middle() {
        assert_eq!(row_for(30, &seen(20.0, 10.0)), Some(21.0));
        assert_eq!(row_for(19, &seen(20.0, 10.0)), Some(19.0));
        assert_eq!(row_for(104, &seen(20.0, 10.0)), Some(99.5));
        assert_eq!(row_for(0, &seen(20.0, 10.0)), Some(0.0));
    }

    #[test]
    fn a_row_is_lost_by_less_room_and_not_by_scrolling() {
        assert!(seen(0.0, 5.0).has_lost(&seen(0.0, 10.0), 8));
        assert!(!seen(0.0, 5.0).has_lost(&seen(0.0, 10.0), 3), "it is still there");
        assert!(!seen(20.0, 10.0).has_lost(&seen(0.0, 10.0), 8), "somebody scrolled");
        assert!(!seen(20.0, 5.0).has_lost(&seen(20.0, 10.0), 8), "it was not there before");
    }
}
