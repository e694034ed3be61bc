use egui::text::{LayoutJob, TextFormat};
use egui::{Align, TextStyle, Ui};

use super::Scene;
use super::ends::ends_ui;
use super::parts::{cut, shortened};
use super::projection_choice::projection_choice_ui;
use super::streams::in_order;
use crate::command::{Action, Command};
use crate::replay::ProjectionRef;
use crate::theme::palette;
use crate::view::{Middle, StreamView};

/// Narrower than this, the name has a line of its own.
const ONE_LINE: f32 = 600.0;

/// The stream's name, and under which projection it is seen.
pub fn title_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, label: Option<&str>, middle: Middle) {
    if ui.available_width() < ONE_LINE {
        name_ui(ui, view, label);
        ui.horizontal_wrapped(|ui| {
            projections_ui(ui, scene, view, middle);
            compare_ui(ui, scene, middle);
            causes_ui(ui, scene, middle);
        });
        return;
    }
    ui.horizontal(|ui| {
        ends_ui(
            ui,
            scene,
            "title",
            |ui, _| name_ui(ui, view, label),
            |ui, scene| {
                projections_ui(ui, scene, view, middle);
                compare_ui(ui, scene, middle);
                causes_ui(ui, scene, middle);
            },
        );
    });
}

/// Among causes no state is shown, and so none of the projections is chosen.
fn projections_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, middle: Middle) {
    let names: Vec<&str> = view.projections().iter().map(ProjectionRef::name).collect();
    let chosen = names.get(view.projection_number()).copied().filter(|_| middle != Middle::Causes);
    let Some(name) = projection_choice_ui(ui, scene, &names, chosen) else { return };
    if let Some(number) = names.iter().position(|known| *known == name) {
        scene.ask(Action::Projection(number));
        if middle == Middle::Causes {
            scene.run(Command::Causes);
        }
    }
}

fn compare_ui(ui: &mut Ui, scene: &mut Scene<'_>, middle: Middle) {
    if ui.selectable_label(middle == Middle::Compare, scene.text("compare")).clicked() {
        scene.run(Command::Compare);
    }
}

fn causes_ui(ui: &mut Ui, scene: &mut Scene<'_>, middle: Middle) {
    if ui.selectable_label(middle == Middle::Causes, scene.text("causes")).clicked() {
        scene.run(Command::Causes);
    }
}

/// The name and what people call the stream share one line, and what does not fit is under the pointer.
fn name_ui(ui: &mut Ui, view: &StreamView, label: Option<&str>) {
    let colours = palette(ui);
    let (first, second) = in_order(view.stream.as_str(), label);
    let (name, label) = (&shortened(first), &shortened(second.unwrap_or_default()));
    let mut job = LayoutJob::default();
    job.append(name, 0.0, TextFormat::simple(TextStyle::Heading.resolve(ui.style()), colours.text));
    let body = TextFormat::simple(TextStyle::Body.resolve(ui.style()), colours.dim);
    job.append(label, 12.0, TextFormat { valign: Align::Center, ..body });
    let said = if label.is_empty() { name.to_string() } else { format!("{name}, {label}") };
    cut(ui, job).widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &said));
}
