use egui::{RichText, ScrollArea, Ui, vec2};

use super::dialog::Dialog;
use super::parts::{cut, link, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::event::Explain;
use crate::store::{Finding, FoundAt};
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{Checked, ExportWhat, OpenStore, ToolName};

/// What does not fit in the store, each with the way to its place.
pub(super) fn check_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let title = scene.text("check-store");
    let checking = &mut store.tools.checking;
    Dialog::new("check", &title, 680.0).show(ui, scene, is_open, |ui, scene| {
        let colours = palette(ui);
        let is_there = tool_ui(ui, scene, &mut checking.asked, &Action::StartTool(ToolName::Checking));
        if let Some(Checked { findings, found }) = checking.checked().filter(|_| is_there) {
            let values = [("count", (*found).into()), ("grouped", grouped(*found).into())];
            let ink = if *found == 0 { colours.accent } else { colours.warning };
            ui.label(RichText::new(scene.locale.with("check-found", values)).color(ink));
            let listed = findings.len() as u64;
            if listed < *found {
                let more = scene.locale.with("check-more", [("listed", grouped(listed).into())]);
                ui.label(RichText::new(more).color(colours.dim));
            }
            ui.spacing_mut().item_spacing.y = 0.0;
            let rows = ScrollArea::vertical().id_salt("findings").max_height(420.0);
            rows.show_rows(ui, 2.0 * ROW_HEIGHT, findings.len(), |ui, range| {
                for finding in findings.get(range).unwrap_or_default() {
                    finding_ui(ui, scene, finding);
                }
            });
        }
        let is_idle = !checking.asked.is_loading();
        let has_found = checking.checked().is_some_and(|checked| checked.found > 0);
        ui.horizontal(|ui| {
            if ui.add_enabled(is_idle, egui::Button::new(scene.text("check-again"))).clicked() {
                scene.ask(Action::StartTool(ToolName::Checking));
            }
            if has_found && ui.button(scene.text("export-these")).clicked() {
                scene.ask(Action::Export(ExportWhat::Findings));
            }
        });
    });
}

/// Two lines of one height, so that only those in view are laid out.
fn finding_ui(ui: &mut Ui, scene: &mut Scene<'_>, finding: &Finding) {
    let Finding { place: FoundAt { stream, version, position: _ }, what } = finding;
    ui.allocate_ui(vec2(ui.available_width(), 2.0 * ROW_HEIGHT), |ui| {
        ui.set_min_size(vec2(ui.available_width(), 2.0 * ROW_HEIGHT));
        ui.horizontal(|ui| {
            ui.label(RichText::new(scene.sentence(&what.kind().message())).strong());
            let Some(stream) = stream else { return };
            let name = shortened(stream.as_str());
            let (name, action) = match version {
                Some(version) => (format!("{name} v{version}"), Action::GoToPlace(stream.clone(), *version)),
                None => (name.into_owned(), Action::Select(stream.clone())),
            };
            if link(ui, &name).clicked() {
                scene.ask(action);
                scene.ask(Action::CloseDialog);
            }
        });
        cut(ui, RichText::new(shortened(&scene.sentence(&what.message()))).color(palette(ui).dim));
    });
}
