use egui::{Align, Layout, RichText, Role, Sense, Ui, WidgetInfo};
use egui_extras::{Column, TableBuilder};

use super::Scene;
use super::parts::{card, card_head, cut};
use crate::command::Action;
use crate::session::StreamView;
use crate::theme::{ROW_HEIGHT, palette};

const HEADER_HEIGHT: f32 = 24.0;

/// Every event of the stream, of which only the rows in view are laid out. What lies after the cursor is faint: one
/// sees what is to come.
pub fn history_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, reveal: &mut bool) {
    let (Some(loaded), Some(cursor)) = (view.base(), view.cursor()) else { return };
    let colours = palette(ui);
    let heads = loaded.timeline.heads();
    let findings = loaded.timeline.findings(heads.len());
    card(ui, |ui| {
        let aside = scene.locale.with("history-events", [("count", heads.len().into())]);
        card_head(ui, &scene.text("history"), &format!("{aside}  ·  {}", scene.zone.name()));
        let height = ui.available_height() - HEADER_HEIGHT - 8.0;
        let mut table = TableBuilder::new(ui)
            .min_scrolled_height(0.0)
            .max_scroll_height(height)
            .id_salt("history")
            .animate_scrolling(false)
            .sense(Sense::click())
            .auto_shrink(false)
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::exact(16.0))
            .column(Column::exact(56.0))
            .column(Column::exact(120.0))
            .column(Column::initial(190.0).clip(true))
            .column(Column::initial(90.0).clip(true))
            .column(Column::remainder().clip(true));
        if std::mem::take(reveal) {
            table = table.scroll_to_row(cursor, None);
        }
        let header = |ui: &mut Ui, scene: &Scene<'_>, name: &str| {
            ui.label(RichText::new(scene.text(name)).size(11.5).color(colours.dim));
        };
        table
            .header(HEADER_HEIGHT, |mut row| {
                row.col(|_| {});
                for name in ["col-version", "col-when", "col-event", "col-who", "col-changed"] {
                    row.col(|ui| header(ui, scene, name));
                }
            })
            .body(|body| {
                body.rows(ROW_HEIGHT, heads.len(), |mut row| {
                    let index = row.index();
                    let head = &heads[index];
                    row.set_selected(index == cursor);
                    let (ink, dim) =
                        if index > cursor { (colours.faint, colours.faint) } else { (colours.text, colours.dim) };
                    let finding = findings
                        .binary_search_by_key(&head.version, |finding| finding.version)
                        .ok()
                        .map(|at| findings[at].message.as_str());
                    row.col(|ui| {
                        if index == cursor {
                            let edge = egui::Rect::from_min_size(ui.max_rect().min, egui::vec2(2.0, ROW_HEIGHT));
                            ui.painter().rect_filled(edge, 0.0, colours.accent);
                        }
                    });
                    row.col(|ui| {
                        cut(ui, RichText::new(head.version.to_string()).monospace().color(dim));
                    });
                    row.col(|ui| {
                        let when = head.recorded_at.map_or_else(|| "—".to_owned(), |at| scene.zone.short(at));
                        let cell = cut(ui, RichText::new(when).monospace().color(dim));
                        if let Some(at) = head.recorded_at {
                            cell.on_hover_text(scene.zone.long(at));
                        }
                    });
                    row.col(|ui| {
                        let name = head.event_type.as_str();
                        mark(ui, if index > cursor { colours.faint } else { colours.hue(name) });
                        cut(ui, RichText::new(name).color(ink));
                        if let Some(message) = finding {
                            ui.label(RichText::new("!").strong().color(colours.warning))
                                .on_hover_text(format!("{}: {message}", scene.text("finding")));
                        }
                    });
                    row.col(|ui| {
                        cut(ui, RichText::new(view.actor(index)).color(dim));
                    });
                    row.col(|ui| {
                        cut(ui, RichText::new(loaded.timeline.changed_fields(index).join(", ")).color(dim));
                    });
                    let response = row.response();
                    let label = format!("v{} {}", head.version, head.event_type);
                    response.widget_info(|| WidgetInfo::selected(Role::Row, true, index == cursor, &label));
                    if response.clicked() {
                        scene.ask(Action::GoTo(index));
                    }
                });
            });
    });
}

/// The little square that stands for an event type, beside its name.
pub(super) fn mark(ui: &mut Ui, colour: egui::Color32) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(8.0, 8.0), Sense::hover());
    ui.painter().rect_filled(rect, 2.0, colour);
}
