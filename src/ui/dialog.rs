//! What lies over the panels. A dialog has the keyboard and the pointer to itself: what is behind it is dimmed, and
//! nothing that is typed or pressed reaches it.

use egui::text::CCursorRange;
use egui::{
    Align, Align2, Area, Id, Layout, Margin, Modal, Order, Response, RichText, ScrollArea, Sense, TextEdit, Ui, Vec2,
    vec2,
};

use super::Scene;
use super::focus::keep_in_sight;
use super::icons::{Icon, icon_button};
use crate::theme::palette;

/// Between a dialog and the edge of the window.
const MARGIN: f32 = 24.0;

/// Between a dialog's edge and what is in it.
const PADDING: i8 = 16;

/// A dialog with a title and a cross, in the middle of the window and never larger than it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialog<'a> {
    id: &'static str,
    title: &'a str,
    width: f32,
}

impl<'a> Dialog<'a> {
    /// `id` stays the same when the language changes and its title with it.
    pub(super) fn new(id: &'static str, title: &'a str, width: f32) -> Self {
        Self { id, title: title.trim_end_matches('…'), width }
    }

    /// Its first field gets the focus each time it opens. What does not fit is scrolled to.
    pub(super) fn show(
        self,
        ui: &Ui,
        scene: &mut Scene<'_>,
        is_open: &mut bool,
        contents: impl FnOnce(&mut Ui, &mut Scene<'_>),
    ) {
        over(ui, self.id, self.title, Align2::CENTER_CENTER, Vec2::ZERO, self.width, |ui| {
            let mut cross = None;
            ui.horizontal(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    cross = Some(icon_button(ui, Icon::Cross, &scene.text("dialog-close")));
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        let title = RichText::new(self.title).size(14.0).strong();
                        ui.add(egui::Label::new(title).truncate().selectable(false));
                    });
                });
            });
            ui.add_space(8.0);
            let height = (room(ui).y - ui.min_rect().height()).max(80.0);
            // It grows with what is in it, up to what the window has room for.
            let scroll = ScrollArea::both().id_salt("dialog").max_height(height).min_scrolled_height(height);
            scroll.show(ui, |ui| {
                ui.set_width(ui.available_width());
                contents(ui, scene);
                keep_in_sight(ui);
            });
            if let Some(cross) = cross {
                take_first_focus(ui, &cross);
                *is_open &= !cross.clicked();
            }
        });
    }
}

/// A sheet without a title at the upper edge, for what is typed and gone. Answers whether it was clicked away.
pub(super) fn sheet(ui: &Ui, id: &'static str, name: &str, width: f32, contents: impl FnOnce(&mut Ui)) -> bool {
    over(ui, id, name, Align2::CENTER_TOP, vec2(0.0, 60.0), width, contents)
}

/// How large what is inside a dialog may be.
fn room(ui: &Ui) -> Vec2 {
    let all = ui.ctx().content_rect().size() - Vec2::splat(2.0 * (MARGIN + f32::from(PADDING)));
    all.max(Vec2::splat(1.0))
}

/// Answers whether what is behind was clicked at.
fn over(
    ui: &Ui,
    id: &'static str,
    name: &str,
    place: Align2,
    shift: Vec2,
    width: f32,
    contents: impl FnOnce(&mut Ui),
) -> bool {
    let ctx = ui.ctx();
    let colours = palette(ui);
    let wants_focus = wants_focus(ui, id);
    let area = Area::new(Id::unique(("dialog", id)))
        .kind(egui::UiKind::Modal)
        .sense(Sense::hover())
        .anchor(place, shift)
        .order(Order::Foreground)
        .interactable(true)
        .accessible_name(name);
    let frame = egui::Frame::window(ui.style()).inner_margin(Margin::same(PADDING));
    let shown = Modal::new(Id::unique(("dialog", id))).area(area).frame(frame).backdrop_color(colours.shade);
    let shown = shown.show(ctx, |ui| {
        ui.set_width(width.min(room(ui).x));
        // While it is measured nothing in it can have the focus.
        let begins = wants_focus && ui.is_enabled();
        ui.data_mut(|data| data.insert_temp(wanted_id(), begins));
        contents(ui);
        ui.data_mut(|data| data.insert_temp(wanted_id(), false));
        if begins {
            see(ui, id, true);
        }
    });
    shown.is_top_modal && shown.backdrop_response.clicked()
}

/// When a dialog was drawn last, and whether it had given the focus to a field by then.
#[derive(Clone, Copy, Debug)]
struct Seen {
    frame: u64,
    is_focused: bool,
}

fn seen_id(id: &'static str) -> Id {
    Id::unique(("dialog seen", id))
}

fn wanted_id() -> Id {
    Id::unique("a dialog gives the focus away")
}

/// Whether a dialog that was not there in the frame before is still to give the focus to its first field.
fn wants_focus(ui: &Ui, id: &'static str) -> bool {
    let frame = ui.ctx().cumulative_frame_nr();
    let seen: Option<Seen> = ui.data(|data| data.get_temp(seen_id(id)));
    let is_focused = seen.is_some_and(|seen| seen.is_focused && seen.frame + 1 >= frame);
    see(ui, id, is_focused);
    !is_focused
}

fn see(ui: &Ui, id: &'static str, is_focused: bool) {
    let frame = ui.ctx().cumulative_frame_nr();
    ui.data_mut(|data| data.insert_temp(seen_id(id), Seen { frame, is_focused }));
}

/// Gives this the focus if it is in a dialog that has just opened, and nothing before it in the dialog wanted it.
pub(super) fn take_first_focus(ui: &Ui, response: &Response) {
    if ui.data_mut(|data| data.get_temp(wanted_id()).unwrap_or(false)) {
        ui.data_mut(|data| {
            data.insert_temp(wanted_id(), false);
            data.insert_temp(selected_id(), response.id);
        });
        response.request_focus();
    }
}

/// The field that got the focus as its dialog opened, until the text in it is selected.
fn selected_id() -> Id {
    Id::unique("a dialog selects the text of a field")
}

/// This field gets the focus, and what stands in it is selected, as it is when a dialog opens.
pub(super) fn focus_selecting(ui: &Ui, field: &Response) {
    ui.data_mut(|data| data.insert_temp(selected_id(), field.id));
    field.request_focus();
}

/// Selects what stands in a field from before when its dialog opens, so that typing replaces it.
pub(super) fn select_at_first(ui: &Ui, field: &Response, text: &str) {
    let is_wanted = ui.data(|data| data.get_temp(selected_id())) == Some(field.id);
    // Before it hears the keyboard a field lets go of what is selected.
    if !is_wanted || !ui.memory(|memory| memory.owns_ime_events(field.id)) {
        return;
    }
    ui.data_mut(|data| data.remove::<Id>(selected_id()));
    if let Some(mut state) = TextEdit::load_state(ui.ctx(), field.id) {
        state.cursor.set_char_range(Some(CCursorRange::select_all_str(text)));
        state.store(ui.ctx(), field.id);
    }
}
