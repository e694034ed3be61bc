use egui::{Align, Frame, Layout, Margin, RichText, Role, ScrollArea, TextEdit, Ui, WidgetInfo, vec2};

use super::Scene;
use super::parts::{card, card_head, cut, shortened};
use super::state::as_read;
use crate::command::Action;
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{CompareCell, CompareMode, CompareRow, Compared, Comparing, OnScreen, Pin, Side, StreamView};

const MODES: [(CompareMode, &str); 3] = [
    (CompareMode::Moments, "compare-moments"),
    (CompareMode::Projections, "compare-projections"),
    (CompareMode::Streams, "compare-streams"),
];

/// How much of a row the field's name takes.
const NAME_SHARE: f32 = 0.22;

/// States side by side: what differs is lit on every side, what is equal can be left out.
pub fn compare_ui(ui: &mut Ui, scene: &mut Scene<'_>, shown: OnScreen<'_>, view: &mut StreamView, height: f32) {
    let dim = palette(ui).dim;
    let OnScreen { view: _, comparing, pins, engine } = shown;
    card(ui, |ui| {
        choice_ui(ui, scene, comparing, view, pins);
        let (mode, hides_equal) = (comparing.mode, comparing.hides_equal);
        let explain = |ui: &mut Ui, text: String| {
            Frame::new().inner_margin(Margin::symmetric(16, 10)).show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.label(RichText::new(text).color(dim));
            });
        };
        let (sides, rows) = match comparing.table(engine, view, pins) {
            Compared::Table(sides, rows) => (sides, rows),
            Compared::Loading => return explain(ui, scene.text("compare-loading")),
            Compared::NeedsChoice => {
                let name = match mode {
                    CompareMode::Moments => "compare-needs-pins",
                    CompareMode::Projections => "compare-needs-projections",
                    CompareMode::Streams => "compare-needs-stream",
                };
                return explain(ui, scene.text(name));
            }
        };
        let differing = rows.iter().filter(|row| row.differs).count();
        let shown: Vec<&CompareRow> = rows.iter().filter(|row| !(row.is_equal && hides_equal)).collect();
        let title: Vec<String> = sides.iter().map(|side| side_title(scene, side, sides)).collect();
        let title = title.join(&scene.text("compare-beside"));
        card_head(ui, &title, &scene.locale.with("fields-differ", [("count", differing.into())]));
        heads_ui(ui, scene, sides);
        ui.spacing_mut().item_spacing.y = 0.0;
        let height = (height - (ui.min_rect().height())).max(4.0 * ROW_HEIGHT);
        ScrollArea::vertical().id_salt("compare").auto_shrink(false).max_height(height).show_rows(
            ui,
            ROW_HEIGHT,
            shown.len(),
            |ui, range| {
                for row in shown.get(range).unwrap_or_default() {
                    row_ui(ui, scene, row, sides, &view.stream);
                }
            },
        );
    });
}

/// What is compared. Two lines in every mode, so that what lies below stays where it is.
fn choice_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    comparing: &mut Comparing,
    view: &StreamView,
    pins: &[Option<Pin>; 2],
) {
    Frame::new().inner_margin(Margin::symmetric(12, 6)).show(ui, |ui| {
        ui.horizontal(|ui| {
            for (mode, name) in MODES {
                ui.selectable_value(&mut comparing.mode, mode, scene.text(name));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.checkbox(&mut comparing.hides_equal, scene.text("hide-equal"));
            });
        });
        ui.horizontal(|ui| match comparing.mode {
            CompareMode::Moments => pins_ui(ui, scene, pins),
            CompareMode::Projections => {
                for (number, projection) in view.projections().iter().enumerate() {
                    let mut is_shown = comparing.shows_projection(number);
                    let name = scene.text(&format!("projection-{}", projection.name()));
                    if ui.checkbox(&mut is_shown, name).changed() {
                        comparing.toggle_projection(number);
                    }
                }
            }
            CompareMode::Streams => {
                let name = scene.text("compare-other");
                let field =
                    ui.add(TextEdit::singleline(&mut comparing.typed_other).hint_text(&name).desired_width(240.0));
                field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &name));
                if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
                    comparing.choose_other();
                }
            }
        });
    });
}

/// Where the pins stand, each in its colour.
fn pins_ui(ui: &mut Ui, scene: &Scene<'_>, pins: &[Option<Pin>; 2]) {
    let colours = palette(ui);
    ui.set_min_height(ui.spacing().interact_size.y);
    for (pin, letter, colour) in [(&pins[0], 'A', colours.pin_a), (&pins[1], 'B', colours.pin_b)] {
        let place = pin.as_ref().map_or_else(
            || format!("{letter}  {}", scene.text("compare-no-pin")),
            |pin| format!("{letter}  {} v{}", shortened(pin.stream.as_str()), pin.version),
        );
        ui.label(RichText::new(place).color(colour));
        ui.add_space(12.0);
    }
}

/// What tells a side from the others: its version, its stream or its projection.
fn side_title(scene: &Scene<'_>, side: &Side, sides: &[Side]) -> String {
    let version = side.version.map_or_else(|| scene.text("compare-not-begun"), |version| format!("v{version}"));
    let is_one_stream = sides.iter().all(|other| other.stream == side.stream);
    let is_one_projection = sides.iter().all(|other| other.number == side.number);
    match (is_one_stream, is_one_projection) {
        (true, true) => version,
        (true, false) => scene.text(&format!("projection-{}", side.projection.name())),
        (false, _) => format!("{} {version}", shortened(side.stream.as_str())),
    }
}

fn heads_ui(ui: &mut Ui, scene: &Scene<'_>, sides: &[Side]) {
    let colours = palette(ui);
    let inks = inks(ui, sides.len());
    Frame::new().inner_margin(Margin::symmetric(16, 0)).show(ui, |ui| {
        let width = ui.available_width();
        ui.horizontal(|ui| {
            cell(ui, width * NAME_SHARE, |ui| {
                cut(ui, RichText::new(scene.text("col-field")).size(11.5).color(colours.dim));
            });
            for (side, ink) in sides.iter().zip(inks) {
                cell(ui, side_width(width, sides.len()), |ui| {
                    cut(ui, RichText::new(side_title(scene, side, sides)).size(11.5).color(ink));
                });
            }
        });
    });
}

/// Two sides have the colours of the pins; more have none of their own.
fn inks(ui: &Ui, sides: usize) -> Vec<egui::Color32> {
    let colours = palette(ui);
    if sides == 2 { vec![colours.pin_a, colours.pin_b] } else { vec![colours.text; sides] }
}

fn side_width(width: f32, sides: usize) -> f32 {
    width * (1.0 - NAME_SHARE) / sides.max(1) as f32
}

fn cell(ui: &mut Ui, width: f32, contents: impl FnOnce(&mut Ui)) {
    let spacing = ui.spacing().item_spacing.x;
    ui.allocate_ui_with_layout(vec2(width - spacing, ROW_HEIGHT), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(vec2(width - spacing, ROW_HEIGHT));
        contents(ui);
    });
}

fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, row: &CompareRow, sides: &[Side], here: &crate::event::StreamId) {
    let colours = palette(ui);
    let fill = if row.differs { colours.accent_soft } else { colours.panel };
    let inks = inks(ui, sides.len());
    Frame::new().fill(fill).inner_margin(Margin::symmetric(16, 0)).show(ui, |ui| {
        let width = ui.available_width();
        ui.horizontal(|ui| {
            let name_ink = if row.differs { colours.accent } else { colours.dim };
            cell(ui, width * NAME_SHARE, |ui| {
                cut(ui, RichText::new(shortened(&row.field)).color(name_ink));
            });
            for ((value, side), ink) in row.cells.iter().zip(sides).zip(inks) {
                let ink = if row.differs { ink } else { colours.text };
                cell(ui, side_width(width, sides.len()), |ui| value_ui(ui, scene, value.as_ref(), side, ink, here));
            }
        });
    });
}

fn value_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    value: Option<&CompareCell>,
    side: &Side,
    ink: egui::Color32,
    here: &crate::event::StreamId,
) {
    let colours = palette(ui);
    let Some(CompareCell { value, set_by }) = value else {
        ui.label(RichText::new("—").color(colours.dim)).on_hover_text(scene.text("compare-absent"));
        return;
    };
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.add_space(8.0);
        if let Some(version) = set_by {
            let text = RichText::new(format!("v{version}")).color(colours.dim);
            let hint = scene.locale.with("go-to-version", [("version", version.to_string().into())]);
            if ui.add(egui::Button::new(text).frame(false)).on_hover_text(hint).clicked() {
                scene.ask(if side.stream == *here {
                    Action::GoToVersion(*version)
                } else {
                    Action::GoToPlace(side.stream.clone(), *version)
                });
            }
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            cut(ui, RichText::new(as_read(scene, value)).monospace().color(ink));
        });
    });
}
