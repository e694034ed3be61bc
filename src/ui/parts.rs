//! Pieces that several panels are made of.

use egui::{Align, CornerRadius, Frame, Label, Layout, Margin, Response, RichText, Sense, Stroke, Ui, WidgetText};

use super::Scene;
use crate::command::{Action, Command};
use crate::session::{OpenStore, StreamView};
use crate::theme::{CARD_RADIUS, palette};

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
    let (rect, _) = ui.allocate_exact_size(egui::vec2(width, 1.0), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, line);
}

/// One line that is cut where the space ends, with the whole text under the pointer.
pub(super) fn cut(ui: &mut Ui, text: impl Into<WidgetText>) -> Response {
    ui.add(Label::new(text).truncate().selectable(false))
}

/// A small heading over a panel.
pub(super) fn caption(ui: &mut Ui, text: &str) {
    let dim = palette(ui).dim;
    ui.label(RichText::new(text).size(11.5).color(dim));
}

/// Text that acts like a link.
pub(super) fn link(ui: &mut Ui, text: &str) -> Response {
    let accent = palette(ui).accent;
    ui.add(egui::Button::new(RichText::new(text).color(accent)).frame(false))
}

/// The sentence about what went wrong, with a way to put it away.
pub fn trouble_ui(ui: &mut Ui, scene: &mut Scene<'_>, sentence: &str) {
    let colours = palette(ui);
    Frame::new().fill(colours.danger_soft).inner_margin(Margin::symmetric(16, 8)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button(scene.text("dismiss")).clicked() {
                    scene.ask(Action::DismissTrouble);
                }
                if ui.button(scene.text("copy")).clicked() {
                    scene.ask(Action::Copy(sentence.to_owned()));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(RichText::new(sentence).color(colours.danger)).wrap());
                });
            });
        });
    });
}

/// What is being waited for, once it takes long enough to wonder; with a way to stop it.
pub fn waiting_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    const LONG_ENOUGH: std::time::Duration = std::time::Duration::from_millis(100);
    let Some(progress) = store.view.as_ref().and_then(StreamView::progress) else { return };
    if progress.running < LONG_ENOUGH {
        ui.ctx().request_repaint_after(LONG_ENOUGH);
        return;
    }
    ui.horizontal(|ui| {
        ui.spinner();
        let values = [
            ("what", progress.what.into()),
            ("done", super::grouped(progress.done).into()),
            ("total", super::grouped(progress.total).into()),
        ];
        ui.label(scene.locale.with("loading", values));
        if ui.button(scene.text("cancel")).clicked() {
            scene.ask(Action::CancelLoading);
        }
    });
}

/// Every command with its key.
pub fn keys_ui(ui: &mut Ui, scene: &mut Scene<'_>) {
    let mut is_open = true;
    egui::Window::new(scene.text("keys-title")).open(&mut is_open).collapsible(false).resizable(false).show(
        ui.ctx(),
        |ui| {
            egui::Grid::new("keys").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
                for command in Command::ALL {
                    let Some(shortcut) = command.shortcut() else { continue };
                    ui.label(scene.text(command.title()));
                    ui.label(RichText::new(shortcut.label()).monospace());
                    ui.end_row();
                }
            });
        },
    );
    if !is_open {
        scene.run(Command::ShowKeys);
    }
}
