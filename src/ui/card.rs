use egui::{Align, Label, Layout, Sense, Ui, UiBuilder};

use super::Scene;
use super::ends::ends_ui;
use super::icons::{Icon, icon_button};
use super::parts::hairline;
use crate::command::Action;
use crate::view::{CARD_HEAD, Pane};

/// What a card is headed by: a press on its triangle or its title folds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct CardHead<'a> {
    pub(super) pane: Pane,
    pub(super) title: &'a str,
    pub(super) is_folded: bool,
}

/// One line of one height. Behind the title stands what narrows the card, and at its right what is said of it; a folded
/// card has only its title.
pub(super) fn card_head_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    head: CardHead<'_>,
    narrows: impl FnOnce(&mut Ui, &mut Scene<'_>),
    aside: impl FnOnce(&mut Ui, &mut Scene<'_>),
) {
    let CardHead { pane, title, is_folded } = head;
    let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), CARD_HEAD - 3.0), Sense::hover());
    let inside = egui::Rect::from_min_max(rect.min + egui::vec2(6.0, 0.0), rect.max - egui::vec2(8.0, 0.0));
    let mut ui_inside = ui.new_child(UiBuilder::new().max_rect(inside).layout(Layout::left_to_right(Align::Center)));
    let inner = &mut ui_inside;
    inner.shrink_clip_rect(rect);
    let (icon, name) = if is_folded { (Icon::Right, "unfold") } else { (Icon::Down, "fold") };
    let name = scene.locale.with(name, [("name", title.into())]);
    if icon_button(inner, icon, &name).clicked() {
        scene.ask(Action::Fold(pane));
    }
    inner.spacing_mut().item_spacing.x = 8.0;
    // Whoever uses the mouse may press the title, too; the keyboard has the triangle, and needs no second stop.
    let taken = inner.add(Label::new(title).truncate().selectable(false).sense(Sense::CLICK));
    if taken.clicked() {
        scene.ask(Action::Fold(pane));
    }
    if is_folded {
        return;
    }
    inner.add_space(8.0);
    let rest = egui::Rect::from_min_max(egui::pos2(taken.rect.right() + 12.0, inside.top()), inside.max);
    if rest.width() > 24.0 {
        let mut rest = inner.new_child(UiBuilder::new().max_rect(rest).layout(Layout::left_to_right(Align::Center)));
        let line = if pane == Pane::State { "head of state" } else { "head of history" };
        ends_ui(&mut rest, scene, line, narrows, aside);
    }
    hairline(ui);
}
