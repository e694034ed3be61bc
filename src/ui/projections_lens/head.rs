use egui::{Frame, Label, Margin, RichText, Ui};

use super::super::Scene;
use super::super::ends::ends_ui;
use super::super::parts::{cut, link, shortened};
use super::editor::replace_ui;
use super::wish;
use crate::command::Action;
use crate::event::Message;
use crate::theme::{CONTROL_RADIUS, palette};
use crate::view::{LineMark, MarkSource, OpenStore, OwnFile, ProjectionWish};

/// What the projection is called, whether what was typed is in its file, and what is wrong with it.
pub(super) fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, marks: &[LineMark]) {
    let Some(file) = store.own.chosen() else { return };
    let dim = palette(ui).dim;
    ui.horizontal(|ui| {
        let title = |ui: &mut Ui, scene: &mut Scene<'_>| {
            cut(ui, RichText::new(shortened(file.name())).heading());
            ui.add_space(4.0);
            if ui.available_width() > 40.0 {
                cut(ui, RichText::new(scene.text(kept(file))).color(dim));
            }
        };
        ends_ui(ui, scene, "head of projection", title, |ui, scene| {
            let button = ui.button(scene.text("projection-copy-path"));
            if button.on_hover_text(shortened(&file.path().display().to_string())).clicked() {
                scene.ask(Action::Copy(file.path().display().to_string()));
            }
        });
    });
    if file.has_newer() {
        newer_ui(ui, scene, file);
    } else if let Some(error) = file.error() {
        ui.add(Label::new(RichText::new(scene.sentence(&error.message)).color(palette(ui).danger)).wrap());
    }
    fault_ui(ui, scene, file, marks);
}

fn kept(file: &OwnFile) -> &'static str {
    match (file.is_kept(), file.fault().is_some()) {
        (_, true) => "projection-runs-before",
        (true, false) => "projection-kept",
        (false, false) => "projection-keeping",
    }
}

/// Another program wrote the file while something was typed: whose text it is to be, its user says.
fn newer_ui(ui: &mut Ui, scene: &mut Scene<'_>, file: &OwnFile) {
    let colours = palette(ui);
    let frame = Frame::new().fill(colours.warning_soft).corner_radius(CONTROL_RADIUS);
    frame.inner_margin(Margin::symmetric(10, 6)).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let said = scene.locale.with("projection-newer", [("name", shortened(file.name()).into_owned().into())]);
            ui.label(RichText::new(said).color(colours.warning));
            if ui.button(scene.text("projection-take-newer")).clicked() {
                wish(scene, ProjectionWish::TakeNewer);
            }
            if ui.button(scene.text("projection-keep-mine")).clicked() {
                wish(scene, ProjectionWish::KeepMine);
            }
        });
    });
}

/// The first thing that went wrong, with its event.
fn fault_ui(ui: &mut Ui, scene: &mut Scene<'_>, file: &OwnFile, marks: &[LineMark]) {
    let colours = palette(ui);
    let Some(mark) = marks.iter().find(|mark| mark.line > 0).or(marks.first()) else { return };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let message = match (mark.line, mark.column) {
            (0, _) | (_, None) => mark.message.clone(),
            (line, Some(column)) => {
                let place = Message::new("fault-at").text("line", line).text("column", column);
                place.inner("fault", mark.message.clone())
            }
        };
        ui.add(Label::new(RichText::new(scene.sentence(&message)).color(colours.danger)).wrap());
        match &mark.source {
            MarkSource::Event { stream, version, event_type, partitions } => {
                let at = format!("{} v{version} · {}", shortened(stream.as_str()), shortened(event_type));
                if link(ui, &at).clicked() {
                    scene.ask(Action::GoToPlace(stream.clone(), *version));
                }
                if *partitions > 1 {
                    let count =
                        [("count", (*partitions).into()), ("grouped", super::super::grouped(*partitions).into())];
                    ui.label(RichText::new(scene.locale.with("projection-fails-on", count)).color(colours.dim));
                }
            }
            MarkSource::Text if file.script().is_some() => {
                ui.label(RichText::new(scene.text("projection-still-runs")).color(colours.dim));
            }
            MarkSource::Text | MarkSource::Doubt => {}
        }
        if let Some(replacing) = &mark.replacing
            && replace_ui(ui, scene, replacing)
        {
            wish(scene, ProjectionWish::Replace(replacing.clone()));
        }
    });
}
