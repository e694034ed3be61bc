use egui::{Frame, Label, RichText, Role, TextEdit, Ui, UiBuilder, WidgetInfo, vec2};

use super::dialog::Dialog;
use super::list::{List, row_room};
use super::parts::{OF_BEFORE, cut, is_entered, named_field, shortened};
use super::path_field::PathField;
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::{Action, Command};
use crate::event::Explain;
use crate::proof::Seal;
use crate::store::{Finding, FindingKind, FoundAt};
use crate::theme::{CONTROL_RADIUS, ROW_HEIGHT, palette};
use crate::view::{Checked, Checking, ExportWhat, FileFor, OpenStore, ToolName};

/// Two lines.
const FINDING_HEIGHT: f32 = 2.0 * ROW_HEIGHT;

/// What stands above and below the findings, and between the dialog and the edge of the window.
const OTHERS_HEIGHT: f32 = 375.0;

/// What a seal is told to be takes so much of that.
const OF_SEAL: f32 = 64.0;

/// What is to be looked at in the store, each with the way to its place, what it means and what to do.
pub(super) fn check_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let title = scene.text("check-store");
    let checking = &mut store.tools.checking;
    Dialog::new("check", &title, 720.0).show(ui, scene, is_open, |ui, scene| {
        let since = PathField {
            id: "check",
            name: "check-since",
            choose: "choose-seal",
            hint: "/path/to/store.seal",
            file_for: FileFor::CheckSince,
        };
        let since = since.show(ui, scene, &mut checking.since);
        let is_asked = since.is_some_and(|field| is_entered(ui, &field));
        ui.add_space(6.0);
        // What is found anew because the store has changed takes the place of what was found.
        let is_there = checking.is_behind && checking.checked().is_some()
            || tool_ui(ui, scene, &mut checking.asked, &Action::StartTool(ToolName::Checking));
        // What was found before stays, dimmed, until the new is there.
        let opacity = ui.opacity();
        if !is_there {
            ui.multiply_opacity(OF_BEFORE);
        }
        if checking.checked().is_some() {
            head_ui(ui, scene, checking);
            let listed = checking.listed();
            let mut pointed = checking.at;
            if let Some(Checked { findings, since, .. }) = checking.checked() {
                ui.scope(|ui| {
                    // What can be done with them stays in sight below.
                    let others = OTHERS_HEIGHT + if since.is_some() { OF_SEAL } else { 0.0 };
                    let others = others + if is_there { 0.0 } else { ROW_HEIGHT };
                    let most = (ui.ctx().content_rect().height() - others).clamp(3.0 * FINDING_HEIGHT, 360.0);
                    let height = (listed.len() as f32 * FINDING_HEIGHT).min(most);
                    let list = List::new("findings", listed.len()).rows_of(FINDING_HEIGHT).no_higher_than(height);
                    list.show(ui, |ui, row| {
                        let Some(place) = listed.get(row) else { return };
                        if findings.get(*place).is_some_and(|finding| finding_ui(ui, scene, finding)) {
                            pointed = Some(*place);
                        }
                    });
                });
                let told = pointed.filter(|place| listed.contains(place)).or(listed.first().copied());
                if let Some(finding) = told.and_then(|place| findings.get(place)) {
                    about_ui(ui, scene, finding.kind());
                }
            }
            checking.at = pointed;
        }
        ui.set_opacity(opacity);
        let is_idle = !checking.asked.is_loading();
        let has_found = checking.checked().is_some_and(|checked| checked.found > 0);
        ui.horizontal(|ui| {
            let again = if checking.since.trim().is_empty() { "check-again" } else { "check-compare" };
            let again = ui.add_enabled(is_idle, egui::Button::new(scene.text(again)));
            if again.clicked() || is_asked && is_idle {
                scene.ask(Action::StartTool(ToolName::Checking));
            }
            if has_found && ui.button(scene.text("export-these")).clicked() {
                scene.ask(Action::Export(ExportWhat::Findings));
            }
            if ui.button(scene.text("seal-store")).clicked() {
                scene.run(Command::Tool(ToolName::Sealing));
            }
        });
    });
}

/// How much was found, and which of it is listed.
fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, checking: &mut Checking) {
    let colours = palette(ui);
    let Some(Checked { findings, found, kinds, since, .. }) = checking.checked() else { return };
    let values = [("count", (*found).into()), ("grouped", grouped(*found).into())];
    let ink = if *found == 0 { colours.accent } else { colours.warning };
    if checking.is_behind && !checking.asked.is_on_its_way() {
        ui.label(RichText::new(scene.text("check-behind")).color(colours.dim));
    }
    let (found, listed, kinds) = (*found, findings.len() as u64, kinds.clone());
    let ink = if checking.is_behind { colours.dim } else { ink };
    ui.label(RichText::new(scene.locale.with("check-found", values)).color(ink));
    if let Some(Seal { size, made_at, key, .. }) = since {
        let values = [("count", grouped(*size).into()), ("at", scene.zone.long(*made_at).into())];
        ui.add(Label::new(scene.locale.with("check-held-against", values)).wrap());
        ui.add(Label::new(RichText::new(key.to_string()).monospace().color(colours.dim)).wrap());
        if !kinds.iter().any(|(kind, _)| kind.is_of_seal()) {
            ui.add(Label::new(RichText::new(scene.text("check-only-grew")).color(colours.accent)).wrap());
        }
    }
    if listed < found {
        let more = scene.locale.with("check-more", [("listed", grouped(listed).into())]);
        ui.label(RichText::new(more).color(colours.dim));
    }
    if found == 0 {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        if kinds.len() > 1 {
            ui.selectable_value(&mut checking.kind, None, scene.text("check-all"));
            for (kind, count) in kinds {
                let text = format!("{}  {}", scene.sentence(&kind.message()), grouped(count));
                ui.selectable_value(&mut checking.kind, Some(kind), text);
            }
        }
        let name = scene.text("check-stream");
        let field = TextEdit::singleline(&mut checking.stream).hint_text(&name).desired_width(170.0);
        named_field(ui, field, &name);
    });
    ui.add_space(4.0);
}

/// What a kind of finding means, and what to do about it.
fn about_ui(ui: &mut Ui, scene: &Scene<'_>, kind: FindingKind) {
    let colours = palette(ui);
    ui.add_space(6.0);
    Frame::new().fill(colours.raised).corner_radius(CONTROL_RADIUS).inner_margin(10).show(ui, |ui| {
        ui.set_width(ui.available_width());
        // Of one height for most kinds, so that little moves under the pointer.
        ui.set_min_height(58.0);
        ui.add(Label::new(scene.sentence(&kind.meaning())).wrap());
        ui.add(Label::new(RichText::new(scene.sentence(&kind.advice())).color(colours.dim)).wrap());
    });
    ui.add_space(6.0);
}

/// What it is and where, and below it in a sentence. A press leads there. Answers whether it is pointed at.
fn finding_ui(ui: &mut Ui, scene: &mut Scene<'_>, finding: &Finding) -> bool {
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
    response.has_focus() || response.hovered()
}
