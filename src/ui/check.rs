use egui::{Label, RichText, Role, Ui, UiBuilder, WidgetInfo, vec2};

use super::dialog::Dialog;
use super::list::{List, row_room};
use super::parts::{cut, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::event::Explain;
use crate::store::{Finding, FoundAt};
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{Checked, ExportWhat, OpenStore, ToolName};

/// Two lines.
const FINDING_HEIGHT: f32 = 2.0 * ROW_HEIGHT;

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
            ui.scope(|ui| {
                let height = (findings.len() as f32 * FINDING_HEIGHT).min(420.0);
                let list = List::new("findings", findings.len()).rows_of(FINDING_HEIGHT).no_higher_than(height);
                list.show(ui, |ui, place| {
                    findings.get(place).into_iter().for_each(|finding| finding_ui(ui, scene, finding));
                });
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

/// What it is and where, and below it in a sentence. A press leads there.
fn finding_ui(ui: &mut Ui, scene: &mut Scene<'_>, finding: &Finding) {
    let Finding { place: FoundAt { stream, version, position: _ }, what } = finding;
    let colours = palette(ui);
    let kind = scene.sentence(&what.kind().message());
    let sentence = shortened(&scene.sentence(&what.message())).into_owned();
    let place = stream.as_ref().map(|stream| match version {
        Some(version) => format!("{} v{version}", shortened(stream.as_str())),
        None => shortened(stream.as_str()).into_owned(),
    });
    let (rect, response) = row_room(ui, FINDING_HEIGHT);
    let role = if place.is_some() { Role::Button } else { Role::Row };
    let parts = [place.as_deref(), Some(&kind), Some(&sentence)];
    let name = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    response.widget_info(|| WidgetInfo::labeled(role, true, &name));
    if response.has_focus() || (response.hovered() && place.is_some()) {
        ui.painter().rect_filled(rect, 6.0, colours.selection);
    }
    let mut inside = ui.new_child(UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 6.0))));
    inside.spacing_mut().item_spacing = vec2(8.0, 4.0);
    inside.horizontal(|ui| {
        ui.add(Label::new(RichText::new(&kind).strong()).selectable(false));
        if let Some(place) = &place {
            cut(ui, RichText::new(place).color(colours.accent));
        }
    });
    cut(&mut inside, RichText::new(&sentence).color(colours.dim));
    if let (true, Some(stream)) = (response.clicked(), stream) {
        scene.ask(match version {
            Some(version) => Action::GoToPlace(stream.clone(), *version),
            None => Action::Select(stream.clone()),
        });
        scene.ask(Action::CloseDialog);
    }
}
