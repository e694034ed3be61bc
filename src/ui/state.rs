use egui::{Align, Frame, Layout, Margin, RichText, ScrollArea, Ui, vec2};

use super::Scene;
use super::parts::{card, card_head, cut, shortened};
use super::people::as_read;
use super::streams::in_order;
use crate::command::{Action, Command};
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{StateRow, StreamView};

/// The stream's name, and under which projection it is seen.
pub fn title_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, label: Option<&str>, is_comparing: bool) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.selectable_label(is_comparing, scene.text("compare")).clicked() {
                scene.run(Command::Compare);
            }
            for (number, projection) in view.projections().iter().enumerate().rev() {
                let name = scene.text(&format!("projection-{}", projection.name()));
                if ui.selectable_label(number == view.projection_number(), name).clicked() {
                    scene.ask(Action::Projection(number));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let dim = palette(ui).dim;
                let (first, second) = in_order(view.stream.as_str(), label);
                let (name, label) = (&shortened(first), &shortened(second.unwrap_or_default()));
                // The two share one line, and what does not fit is under the pointer.
                let mut job = egui::text::LayoutJob::default();
                let heading = egui::TextStyle::Heading.resolve(ui.style());
                job.append(name, 0.0, egui::TextFormat::simple(heading, palette(ui).text));
                let body = egui::TextStyle::Body.resolve(ui.style());
                job.append(
                    label,
                    12.0,
                    egui::TextFormat { valign: Align::Center, ..egui::TextFormat::simple(body, dim) },
                );
                cut(ui, job);
            });
        });
    });
}

/// Every field of the state at the cursor: what the event there changed is lit, with what it was before.
pub fn state_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut StreamView, height: f32) {
    let Some(at) = view.version() else { return };
    let (count, changed) = view.prepare_state();
    card(ui, |ui| {
        let title = scene.locale.with("state-at", [("version", at.to_string().into())]);
        let aside = scene.locale.with("fields-changed", [("count", changed.into())]);
        card_head(ui, &title, &aside);
        ui.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical().id_salt("state").auto_shrink(false).max_height(height).show_rows(
            ui,
            ROW_HEIGHT,
            count,
            |ui, range| {
                for row in range.filter_map(|place| view.state_row(place)) {
                    row_ui(ui, scene, &row);
                }
            },
        );
    });
}

fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, row: &StateRow) {
    let colours = palette(ui);
    let is_lit = row.was.is_some();
    let fill = match (row.is_removed, is_lit) {
        (true, _) => colours.danger_soft,
        (false, true) => colours.accent_soft,
        _ => colours.panel,
    };
    Frame::new().fill(fill).inner_margin(Margin::symmetric(16, 0)).show(ui, |ui| {
        let width = ui.available_width();
        ui.allocate_ui_with_layout(vec2(width, ROW_HEIGHT), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_height(ROW_HEIGHT);
            let cell = |ui: &mut Ui, share: f32, text: RichText| {
                let size = vec2(width * share, ROW_HEIGHT);
                ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
                    ui.set_min_width(size.x - 8.0);
                    cut(ui, text);
                });
            };
            let name_ink = if is_lit { colours.accent } else { colours.dim };
            cell(ui, 0.20, RichText::new(shortened(&row.field)).color(name_ink));
            match (row.is_removed, &row.was) {
                (true, Some(was)) => {
                    cell(
                        ui,
                        0.31,
                        RichText::new(as_read(scene, was)).monospace().strikethrough().color(colours.danger),
                    );
                    cell(ui, 0.26, RichText::new(scene.text("removed")).color(colours.danger));
                }
                (_, was) => {
                    cell(ui, 0.31, RichText::new(as_read(scene, &row.value)).monospace().color(colours.text));
                    let was = match was.as_deref() {
                        None => String::new(),
                        Some("") => scene.text("was-empty"),
                        Some(value) => scene.locale.with("was", [("value", as_read(scene, value).into())]),
                    };
                    cell(ui, 0.26, RichText::new(was).monospace().color(colours.dim));
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(version) = row.set_by {
                    let ink = if is_lit { colours.accent } else { colours.dim };
                    let text = RichText::new(format!("v{version} ↗")).color(ink);
                    let button = ui.add(egui::Button::new(text).frame(false));
                    let hint = scene.locale.with("go-to-version", [("version", version.to_string().into())]);
                    if button.on_hover_text(hint).clicked() {
                        scene.ask(Action::GoToVersion(version));
                    }
                    cut(ui, RichText::new(shortened(&row.actor)).color(colours.dim));
                }
            });
        });
    });
}
