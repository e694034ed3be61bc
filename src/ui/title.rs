use egui::text::{LayoutJob, TextFormat};
use egui::{Align, TextStyle, Ui};

use super::Scene;
use super::ends::ends_ui;
use super::parts::{cut, shortened};
use super::streams::in_order;
use crate::command::{Action, Command};
use crate::theme::palette;
use crate::view::{Middle, StreamView};

/// Narrower than this, the name has a line of its own.
const ONE_LINE: f32 = 600.0;

/// The stream's name, and under which projection it is seen.
pub fn title_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, label: Option<&str>, middle: Middle) {
    if ui.available_width() < ONE_LINE {
        name_ui(ui, view, label);
        ui.horizontal_wrapped(|ui| {
            for (number, name) in projections(scene, view) {
                projection_ui(ui, scene, (view, middle), number, &name);
            }
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
                for (number, name) in projections(scene, view) {
                    projection_ui(ui, scene, (view, middle), number, &name);
                }
                compare_ui(ui, scene, middle);
                causes_ui(ui, scene, middle);
            },
        );
    });
}

fn projections(scene: &Scene<'_>, view: &StreamView) -> Vec<(usize, String)> {
    let name = |name: &str| scene.text(&format!("projection-{name}"));
    view.projections().iter().map(|projection| name(projection.name())).enumerate().collect()
}

fn projection_ui(ui: &mut Ui, scene: &mut Scene<'_>, (view, middle): (&StreamView, Middle), number: usize, name: &str) {
    // Among causes no state is shown, and so none of its projections.
    let is_chosen = number == view.projection_number() && middle != Middle::Causes;
    if ui.selectable_label(is_chosen, name).clicked() {
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
