//! Lists of rows of one height, of which only those in view are laid out.

use egui::layers::ShapeIdx;
use egui::{
    Align, Color32, LayerId, Layout, Rect, Response, RichText, Role, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo,
    pos2, vec2,
};

use super::focus::{Shape, Stops};
use super::parts::cut;
use crate::theme::{ROW_HEIGHT, palette};

/// How far a list was scrolled, and how much of it could be seen.
#[derive(Clone, Copy, Debug)]
struct Seen {
    offset: f32,
    height: f32,
    /// How high a row is.
    row: f32,
    /// The room became less, and hid the row that is to stay in view.
    has_lost_row: bool,
}

impl Seen {
    fn ends(&self, place: usize) -> (f32, f32) {
        (place as f32 * self.row, (place + 1) as f32 * self.row)
    }

    fn shows(&self, place: usize) -> bool {
        let (top, bottom) = self.ends(place);
        top >= self.offset - 1.0 && bottom <= self.offset + self.height + 1.0
    }

    /// Whether another height, and not somebody's scrolling, took the row out of view.
    fn has_lost(&self, before: &Self, place: usize) -> bool {
        (before.height - self.height).abs() > 0.5 && before.shows(place) && !self.shows(place)
    }

    /// How far to scroll, where the row is not seen.
    fn offset_for(&self, place: usize) -> Option<f32> {
        let (top, bottom) = self.ends(place);
        let Self { offset, height, row, .. } = *self;
        if self.shows(place) {
            return None;
        }
        // A step scrolls by a row; a jump lands in the middle.
        let is_near = top > offset - 2.0 * row && bottom < offset + height + 2.0 * row;
        Some(match (is_near, top < offset) {
            (false, _) => (top - (height - row) / 2.0).max(0.0),
            (true, true) => top,
            (true, false) => (bottom - height).max(0.0),
        })
    }
}

/// A list that scrolls, and is one stop of Tab.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    id: &'static str,
    count: usize,
    row_height: f32,
    most_height: f32,
    keep: Option<usize>,
    /// The row to keep is also where Tab comes in.
    stands_there: bool,
    is_to_reveal: bool,
    entered: Option<usize>,
}

impl List {
    pub(super) fn new(id: &'static str, count: usize) -> Self {
        Self {
            id,
            count,
            row_height: ROW_HEIGHT,
            most_height: f32::INFINITY,
            keep: None,
            stands_there: false,
            is_to_reveal: false,
            entered: None,
        }
    }

    /// The row to `keep` is brought into view where that is asked for, and stays in view when the room for the list
    /// changes.
    pub(super) fn keep(self, keep: Option<usize>, is_to_reveal: bool) -> Self {
        Self { keep, is_to_reveal, ..self }
    }

    pub(super) fn rows_of(self, row_height: f32) -> Self {
        Self { row_height, ..self }
    }

    pub(super) fn no_higher_than(self, most_height: f32) -> Self {
        Self { most_height, ..self }
    }

    /// A key led to this row from what stands before it.
    pub(super) fn entered(self, entered: Option<usize>) -> Self {
        Self { entered, ..self }
    }

    /// It stands at the row to keep by itself.
    pub(super) fn stands_there(self) -> Self {
        Self { stands_there: true, ..self }
    }

    /// Draws the rows in view.
    pub(super) fn show(self, ui: &mut Ui, mut row: impl FnMut(&mut Ui, usize)) {
        let Self { id, count, row_height, most_height, .. } = self;
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        let seen_id = egui::Id::unique(("seen of list", id));
        let seen: Option<Seen> = ui.data(|data| data.get_temp(seen_id));
        let room = seen.map_or(ui.available_height().min(most_height), |seen| seen.height);
        let shape = Shape::rows(count, row_height, room);
        let mut stops = Stops::new(ui, id, shape, self.keep.filter(|_| self.stands_there));
        if let Some(place) = self.entered {
            stops.enter(place);
        } else if let (Some(place), true) = (self.keep, self.is_to_reveal) {
            stops.lead_to(place);
        }
        let reveal = stops.moved_to().or(self.keep.filter(|_| seen.is_some_and(|seen| seen.has_lost_row)));
        // As low as its room, or its last row would lie below the card's end.
        let mut area = ScrollArea::vertical().id_salt(id).auto_shrink(false).animated(false).min_scrolled_height(0.0);
        if most_height.is_finite() {
            area = area.max_height(most_height);
        }
        let before = seen.unwrap_or(Seen { offset: 0.0, height: room, row: row_height, has_lost_row: false });
        if let Some(offset) = reveal.and_then(|place| before.offset_for(place)) {
            area = area.vertical_scroll_offset(offset);
            // Or it would be taken for scrolling beyond the end of a shorter list that stood here before, and spring back.
            let kinetic = &mut ui.spacing_mut().scroll.kinetic;
            (kinetic.rubber_band, kinetic.decay_time) = (false, 0.0);
        }
        let output = area.show_rows(ui, row_height, count, |ui, range| {
            stops.drawn(range.clone());
            for place in range {
                place_ui(ui, &mut stops, place, &mut row);
            }
        });
        stops.end(ui);
        let (offset, height) = (output.state.clamped_offset().y, output.inner_rect.height());
        let mut now = Seen { offset, height, row: row_height, has_lost_row: false };
        now.has_lost_row = seen.zip(self.keep).is_some_and(|(before, place)| now.has_lost(&before, place));
        if now.has_lost_row {
            ui.ctx().request_repaint();
        }
        ui.data_mut(|data| data.insert_temp(seen_id, now));
    }
}

/// Draws the rows in view of a list that stands at one of its rows by itself.
pub(super) fn list_ui(
    ui: &mut Ui,
    id: &'static str,
    count: usize,
    keep: Option<usize>,
    is_to_reveal: bool,
    row: impl FnMut(&mut Ui, usize),
) {
    List::new(id, count).keep(keep, is_to_reveal).stands_there().show(ui, row);
}

/// A few rows that do not scroll by themselves. They are one stop of Tab, too.
pub(super) fn few_rows_ui(ui: &mut Ui, id: &'static str, count: usize, mut row: impl FnMut(&mut Ui, usize)) {
    let mut stops = Stops::new(ui, id, Shape { rows: count, columns: 1, page: count }, None);
    for place in 0..count {
        let drawn = place_ui(ui, &mut stops, place, &mut row);
        // What they stand in may scroll.
        drawn.filter(Response::gained_focus).into_iter().for_each(|row| row.scroll_to_me(None));
    }
    stops.end(ui);
}

/// Draws one of the rows. It has one id wherever its list is scrolled to.
pub(super) fn place_ui(
    ui: &mut Ui,
    stops: &mut Stops,
    place: usize,
    row: &mut impl FnMut(&mut Ui, usize),
) -> Option<Response> {
    let sense = stops.sense(place);
    ui.data_mut(|data| data.insert_temp(row_id(), RowFocus { sense, id: None }));
    ui.push_id(place, |ui| row(ui, place));
    let drawn: Option<RowFocus> = ui.data_mut(|data| {
        let drawn = data.get_temp(row_id());
        data.remove::<RowFocus>(row_id());
        drawn
    });
    let response = drawn.and_then(|row| ui.ctx().read_response(row.id?))?;
    stops.row(ui, place, &response);
    Some(response)
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

/// The room of a row over the whole width. In a list one row is a stop of Tab; one that stands alone is its own.
pub(super) fn row_room(ui: &mut Ui, height: f32) -> (Rect, Response) {
    let in_list: Option<RowFocus> = ui.data(|data| data.get_temp(row_id()));
    let sense = in_list.map_or(Sense::click(), |row| row.sense);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), sense);
    if in_list.is_some() {
        ui.data_mut(|data| data.insert_temp(row_id(), RowFocus { sense, id: Some(response.id) }));
    }
    (rect, response)
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
    let (rect, response) = row_room(ui, ROW_HEIGHT);
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

/// Two lines in the middle of a row: what it is, and small below it what there is to say.
pub(super) fn two_lines_ui(ui: &mut Ui, row: Rect, head: &str, body: &str) {
    const BETWEEN: f32 = 4.0;
    let colours = palette(ui);
    let head = RichText::new(head).color(colours.text);
    let body = RichText::new(body).size(11.5).color(colours.dim);
    let height = |ui: &Ui, font: &egui::FontId| ui.fonts_mut(|fonts| fonts.row_height(font));
    let body_font = egui::FontId::new(11.5, egui::FontFamily::Proportional);
    let lines = height(ui, &egui::TextStyle::Body.resolve(ui.style())) + BETWEEN + height(ui, &body_font);
    let inside = row.shrink2(vec2(8.0, ((row.height() - lines) / 2.0).max(0.0)));
    let mut ui = ui.new_child(UiBuilder::new().max_rect(inside).layout(Layout::top_down(Align::Min)));
    ui.spacing_mut().item_spacing.y = BETWEEN;
    cut(&mut ui, head);
    cut(&mut ui, body);
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
        let layer = ui.layer_id();
        let begin = ui.ctx().graphics_mut(|graphics| graphics.entry(layer).next_idx());
        let drawn = ui.scope_builder(builder, contents).response.rect;
        // Each clip of its own is a call of the graphics driver of its own, and most cells keep within their place.
        if !place.expand(0.5).contains_rect(drawn) {
            clip(ui, layer, begin, place);
        }
    }
}

/// Cuts what was drawn since to a place.
fn clip(ui: &Ui, layer: LayerId, begin: ShapeIdx, place: Rect) {
    ui.ctx().graphics_mut(|graphics| {
        let list = graphics.entry(layer);
        for index in begin.0..list.next_idx().0 {
            list.mutate_shape(ShapeIdx(index), |shape| shape.clip_rect = shape.clip_rect.intersect(place));
        }
    });
}

/// Between two columns.
const CELL_GAP: f32 = 12.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(row: f32, rows: f32) -> Seen {
        Seen { offset: row * ROW_HEIGHT, height: rows * ROW_HEIGHT, row: ROW_HEIGHT, has_lost_row: false }
    }

    fn row_for(place: usize, seen: &Seen) -> Option<f32> {
        seen.offset_for(place).map(|offset| (offset / ROW_HEIGHT * 2.0).round() / 2.0)
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
