//! What if: the strip over the panels, and what stands in them while a branch is looked at. Amber is what differs from
//! history, and nothing else.

mod edit;
mod edits;
mod history;
mod make_so;
mod payload;
mod state;
mod strip;
mod type_field;

pub use edit::branch_edit_ui;
pub use edits::edits_ui;
pub use history::branch_history_ui;
pub use make_so::make_so_ui;
pub(super) use payload::json_field_ui;
pub use state::beside_ui;
pub use strip::{STRIP_HEIGHT, frame_ui, strip_ui};

use egui::{Align, FontId, Layout, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::Scene;
use crate::command::{Action, BranchAction};
use crate::replay::{How, START};
use crate::theme::palette;
use crate::view::BranchWish;

impl Scene<'_> {
    pub(super) fn wish(&mut self, wish: BranchWish) {
        self.ask(Action::Branch(BranchAction::Wish(wish)));
    }

    /// `v7`, or where something stands that no version has.
    pub(super) fn version(&self, label: &str) -> String {
        match label.strip_prefix(START).and_then(|label| label.strip_prefix('+')) {
            None => format!("v{label}"),
            Some("1") => self.text("branch-before-first"),
            Some(number) => self.locale.with("branch-before-first-more", [("number", number.to_owned().into())]),
        }
    }
}

/// A word on amber: how an event of the branch stands to history.
fn badge(ui: &mut Ui, text: &str) {
    let colours = palette(ui);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), FontId::proportional(11.5), colours.warning);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(10.0, 4.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    ui.painter().rect_filled(rect, 4.0, colours.warning_soft);
    ui.painter().galley(rect.min + vec2(5.0, 2.0), galley, colours.warning);
}

/// A line of a column: what it is at the left, cut where its room ends, and behind it what has this width.
fn line_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    right_width: f32,
    left: impl FnOnce(&mut Ui, &mut Scene<'_>),
    right: impl FnOnce(&mut Ui, &mut Scene<'_>),
) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::hover());
    let (before, behind) = rect.split_left_right_at_x((rect.right() - right_width).max(rect.left()));
    // What is cut at the left does not touch what stands at the right.
    let before = Rect::from_min_max(before.min, pos2((before.right() - 8.0).max(before.left()), before.bottom()));
    let layout = Layout::left_to_right(Align::Center);
    let mut inside = ui.new_child(UiBuilder::new().max_rect(before).layout(layout).id_salt("left"));
    inside.shrink_clip_rect(before);
    left(&mut inside, scene);
    let mut inside = ui.new_child(UiBuilder::new().max_rect(behind).layout(layout).id_salt("right"));
    inside.shrink_clip_rect(behind);
    right(&mut inside, scene);
}

/// Under which name it is said how a slot's event differs; nothing where it does not.
pub(super) fn how_name(how: How) -> Option<&'static str> {
    match how {
        How::Same => None,
        How::Changed => Some("branch-changed"),
        How::Skipped => Some("branch-skipped"),
        How::MovedAway => Some("branch-moved-away"),
        How::MovedHere => Some("branch-moved"),
        How::Inserted => Some("branch-inserted"),
    }
}

/// What can be done with the event of a slot.
fn slot_menu_ui(ui: &mut Ui, scene: &mut Scene<'_>, slot: usize, how: How) {
    let skip = match how {
        How::Skipped => "branch-unskip",
        How::Inserted => "branch-take-out",
        _ => "branch-skip",
    };
    let can_move = !matches!(how, How::Inserted | How::Skipped);
    for (name, wish, is_possible) in [
        (skip, BranchWish::Skip(slot), !matches!(how, How::MovedAway)),
        ("branch-change", BranchWish::Change(slot), !matches!(how, How::Skipped)),
        ("branch-insert", BranchWish::Insert(slot), true),
        ("branch-move", BranchWish::Move(slot), can_move),
    ] {
        if ui.add_enabled(is_possible, egui::Button::new(scene.text(name))).clicked() {
            // The event that is changed is the one at the cursor, whose payload has been read.
            scene.wish(BranchWish::GoTo(slot));
            scene.wish(wish);
            ui.close();
        }
    }
}
