use egui::{Align, Frame, Layout, Margin, RichText, ScrollArea, Ui, vec2};

use super::Scene;
use super::parts::{card, card_head, cut};
use super::state::as_read;
use crate::command::Action;
use crate::session::{DiffRow, StreamView};
use crate::theme::{ROW_HEIGHT, palette};

/// The two pinned moments side by side: what differs is lit on both sides, what is equal can be left out.
pub fn compare_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut StreamView, hides_equal: &mut bool, height: f32) {
    let colours = palette(ui);
    let [Some(a), Some(b)] = view.pinned_versions() else {
        card(ui, |ui| {
            card_head(ui, &scene.text("compare"), "");
            Frame::new().inner_margin(Margin::symmetric(16, 10)).show(ui, |ui| {
                ui.label(RichText::new(scene.text("compare-needs-pins")).color(colours.dim));
            });
        });
        return;
    };
    let rows = view.diff_rows();
    let differing = rows.iter().filter(|row| row.differs).count();
    let shown: Vec<&DiffRow> = rows.iter().filter(|row| row.differs || !*hides_equal).collect();
    card(ui, |ui| {
        let values = [("a", a.to_string().into()), ("b", b.to_string().into())];
        let title = scene.locale.with("compare-of", values);
        let aside = scene.locale.with("fields-differ", [("count", differing.into())]);
        card_head(ui, &title, &aside);
        ui.horizontal(|ui| {
            ui.add_space(12.0);
            ui.checkbox(hides_equal, scene.text("hide-equal"));
        });
        ui.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical().id_salt("compare").auto_shrink(false).max_height(height - 26.0).show_rows(
            ui,
            ROW_HEIGHT,
            shown.len(),
            |ui, range| {
                for row in &shown[range] {
                    row_ui(ui, scene, row);
                }
            },
        );
    });
}

fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, row: &DiffRow) {
    let colours = palette(ui);
    let fill = if row.differs { colours.accent_soft } else { colours.panel };
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
            let name_ink = if row.differs { colours.accent } else { colours.dim };
            cell(ui, 0.24, RichText::new(&row.field).color(name_ink));
            let ink = |pin| if row.differs { pin } else { colours.text };
            cell(ui, 0.32, RichText::new(as_read(scene, &row.before)).monospace().color(ink(colours.pin_a)));
            cell(ui, 0.32, RichText::new(as_read(scene, &row.after)).monospace().color(ink(colours.pin_b)));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(version) = row.set_by.filter(|_| row.differs) {
                    let text = RichText::new(format!("v{version} ↗")).color(colours.accent);
                    let hint = scene.locale.with("go-to-version", [("version", version.to_string().into())]);
                    if ui.add(egui::Button::new(text).frame(false)).on_hover_text(hint).clicked() {
                        scene.ask(Action::GoToVersion(version));
                    }
                }
            });
        });
    });
}
