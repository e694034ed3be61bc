use egui::{Button, Frame, Label, Margin, RichText, Ui};

use super::super::Scene;
use super::super::ends::ends_ui;
use super::super::parts::{cut, link, primary, shortened};
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
            // Where it cannot be read or written, the sentence below says so.
            if ui.available_width() > 40.0 && file.error().is_none() {
                cut(ui, RichText::new(scene.text(kept(file))).color(dim));
            }
        };
        ends_ui(ui, scene, "head of projection", title, |ui, scene| {
            let table = Button::new(scene.text("projection-materialise"));
            let table = ui.add_enabled(store.has_streams_of_own(), table);
            let why = scene.text("projection-materialise-about");
            if table.on_hover_text(&why).on_disabled_hover_text(why).clicked() {
                wish(scene, ProjectionWish::Materialise);
            }
            if file.is_example() {
                let copy = ui.add(primary(ui, scene.text("projection-copy-example")));
                if copy.on_hover_text(scene.text("projection-copy-example-about")).clicked() {
                    wish(scene, ProjectionWish::CopyExample);
                }
                return;
            }
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

/// So many letters of what went wrong are shown above the source.
const LONGEST_FAULT: usize = 160;

fn beginning_of(said: &str) -> String {
    match said.char_indices().nth(LONGEST_FAULT) {
        Some((end, _)) => format!("{}…", said.get(..end).unwrap_or_default().trim_end()),
        None => said.to_owned(),
    }
}

fn kept(file: &OwnFile) -> &'static str {
    if file.is_example() {
        return "projection-example";
    }
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
        let said = scene.sentence(&message);
        // What was thrown may be a page long: all of it is in what is copied.
        let shown = beginning_of(&said);
        let label = ui.add(Label::new(RichText::new(&shown).color(colours.danger)).wrap());
        if shown.len() < said.len() {
            label.on_hover_text(shortened(&said));
            if link(ui, &scene.text("copy")).clicked() {
                scene.ask(Action::Copy(said));
            }
        }
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
