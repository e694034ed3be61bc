use egui::{Grid, Label, ProgressBar, RichText, ScrollArea, Ui};

use super::dialog::Dialog;
use super::parts::{cut, hairline, progress_ui, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::engine::{SharedLook, SharedWorker, Together};
use crate::theme::palette;
use crate::view::{OpenStore, Sharing, ToolName};

/// Who folds which projections together, on however many machines, and how far each is.
pub(super) fn sharing_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let title = scene.text("shared-work");
    let sharing = &mut store.tools.sharing;
    Dialog::new("shared work", &title, 760.0).show(ui, scene, is_open, |ui, scene| {
        let dim = palette(ui).dim;
        ui.add(Label::new(RichText::new(scene.text("shared-about")).color(dim)).wrap());
        ui.add_space(6.0);
        here_ui(ui, scene, sharing);
        let start = Action::StartTool(ToolName::Sharing);
        // What was seen last stays while it is looked again.
        let has_failed = sharing.asked.first.error().is_some();
        if (has_failed || sharing.can_be().is_none()) && !tool_ui(ui, scene, &mut sharing.asked.first, &start) {
            return;
        }
        match sharing.shares() {
            None => {
                ui.add(Label::new(scene.text("shared-not-here")).wrap());
            }
            Some([]) => {
                ui.add(Label::new(scene.text("shared-none")).wrap());
            }
            Some(shares) => {
                let most = (ui.ctx().content_rect().height() - 260.0).max(160.0);
                let is_busy = sharing.asked.second.is_loading();
                let mut wanted = None;
                ScrollArea::vertical().id_salt("shared work").max_height(most).show(ui, |ui| {
                    for share in shares {
                        if share_ui(ui, scene, share, is_busy) {
                            wanted = Some(share.clone());
                        }
                    }
                });
                if wanted.is_some() {
                    sharing.wanted = wanted;
                    scene.ask(start);
                }
            }
        }
        sharing.is_seen();
    });
}

/// What is done for it here.
fn here_ui(ui: &mut Ui, scene: &mut Scene<'_>, sharing: &mut Sharing) {
    let colours = palette(ui);
    if let Some(progress) = sharing.asked.second.progress() {
        if progress_ui(ui, scene, &progress) {
            sharing.asked.second.cancel();
        }
    } else if let Some(error) = sharing.asked.second.error() {
        ui.add(Label::new(RichText::new(scene.sentence(&error.message)).color(colours.danger)).wrap());
    } else if let Some(Together { name, events, .. }) = sharing.done() {
        let values = [("name", shortened(name).into_owned().into()), ("events", scene.events(*events).into())];
        ui.add(Label::new(RichText::new(scene.locale.with("shared-done", values)).color(colours.accent)).wrap());
    }
    ui.add_space(4.0);
}

/// Answers whether it is to be worked on here.
fn share_ui(ui: &mut Ui, scene: &mut Scene<'_>, share: &SharedLook, is_busy: bool) -> bool {
    let colours = palette(ui);
    let small = |text: String| RichText::new(text).size(11.5).color(colours.dim);
    let mut is_wanted = false;
    hairline(ui);
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        ui.label(RichText::new(&share.name).strong());
        let projection = scene.projection(&share.projection);
        let of = share.category.as_ref().map(|category| format!(" · {category}")).unwrap_or_default();
        ui.label(small(format!("{projection}{of}")));
        let can_start = !is_busy && !share.projection.is_empty() && share.behind > 0;
        let name = scene.locale.with("shared-work-on", [("name", share.name.as_str().into())]);
        let button = ui.add_enabled(can_start, egui::Button::new(scene.text("shared-help")));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, can_start, &name));
        is_wanted = button.on_hover_text(scene.text("shared-help-about")).clicked();
    });
    if let Some(into) = &share.into {
        cut(ui, small(scene.locale.with("shared-into", [("table", shortened(into).into_owned().into())])));
    }
    let position = share.position.map_or(0, |position| position.0);
    let end = position + share.behind;
    let part = if end == 0 { 1.0 } else { position as f32 / end as f32 };
    let (name, ink) =
        if share.behind == 0 { ("shared-done-all", colours.accent) } else { ("shared-behind", colours.text) };
    let values = [
        ("position", grouped(position).into()),
        ("count", share.behind.into()),
        ("grouped", grouped(share.behind).into()),
    ];
    ui.label(RichText::new(scene.locale.with(name, values)).color(ink));
    let bar = ProgressBar::new(part).desired_height(4.0).fill(colours.accent).corner_radius(2);
    ui.add(bar);
    if share.free > 0 && share.behind > 0 {
        let values = [("count", share.free.into()), ("total", share.partitions.into())];
        ui.label(RichText::new(scene.locale.with("shared-free", values)).color(colours.warning));
    }
    workers_ui(ui, scene, share);
    ui.add_space(8.0);
    is_wanted
}

fn workers_ui(ui: &mut Ui, scene: &Scene<'_>, share: &SharedLook) {
    let colours = palette(ui);
    if share.workers.is_empty() {
        ui.label(RichText::new(scene.text("shared-nobody")).color(colours.dim));
        return;
    }
    let heads = ["shared-machine", "shared-partitions", "shared-position", "shared-behind-by", "shared-heard"];
    Grid::new(("workers", &share.name)).num_columns(heads.len()).spacing([24.0, 4.0]).show(ui, |ui| {
        for head in heads {
            ui.label(RichText::new(scene.text(head)).size(11.5).color(colours.dim));
        }
        ui.end_row();
        for worker in &share.workers {
            let ink = if worker.is_gone() { colours.warning } else { colours.text };
            let machine = RichText::new(shortened(worker.machine())).color(ink);
            ui.label(machine).on_hover_text(&worker.name);
            let position = worker.position.map(|position| grouped(position.0)).unwrap_or_default();
            let behind = if worker.partitions.is_empty() { String::new() } else { grouped(worker.behind) };
            for text in [grouped(worker.partitions.len() as u64), position, behind, heard(scene, worker)] {
                ui.label(RichText::new(text).color(ink));
            }
            ui.end_row();
        }
    });
}

/// How long ago there was a sign of it.
fn heard(scene: &Scene<'_>, worker: &SharedWorker) -> String {
    match (worker.silent, worker.heard) {
        (Some(silent), _) if worker.is_gone() => {
            scene.locale.with("shared-silent", [("seconds", grouped(silent.as_secs()).into())])
        }
        (Some(silent), _) if silent.as_secs() == 0 => scene.text("shared-heard-now"),
        (Some(silent), _) => scene.locale.with("shared-heard-ago", [("seconds", grouped(silent.as_secs()).into())]),
        (None, Some(at)) => scene.zone.long(at),
        (None, None) => String::new(),
    }
}
