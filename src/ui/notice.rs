use egui::{Align2, Area, Frame, Id, Margin, Order, Role, Stroke, Ui, vec2};

use super::Scene;
use crate::theme::{CONTROL_RADIUS, palette};

/// How long it stays, in seconds.
const SHOWN: f64 = 3.0;

/// That something was done which shows nowhere else. Said quietly, and gone by itself.
#[derive(Clone, Copy, Debug)]
pub struct Notice {
    name: &'static str,
    until: f64,
}

impl Notice {
    /// `name`: under which its sentence stands in the language files.
    pub fn new(ctx: &egui::Context, name: &'static str) -> Self {
        Self { name, until: ctx.input(|input| input.time) + SHOWN }
    }
}

/// Over everything, dialogs too; it takes neither the pointer nor the focus. An idle window is woken once, to take it
/// away.
pub fn notice_ui(ui: &Ui, scene: &Scene<'_>, notice: &mut Option<Notice>) {
    let Some(Notice { name, until }) = *notice else { return };
    let left = until - ui.input(|input| input.time);
    if left <= 0.0 {
        *notice = None;
        return;
    }
    ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(left));
    let colours = palette(ui);
    let text = scene.text(name);
    let area = Area::new(Id::unique("notice")).order(Order::Tooltip).interactable(false).fade_in(false);
    let area = area.anchor(Align2::CENTER_BOTTOM, vec2(0.0, -36.0)).role(Role::Status).accessible_name(&text);
    area.show(ui.ctx(), |ui| {
        let frame = Frame::new().fill(colours.raised).stroke(Stroke::new(1.0, colours.line));
        frame.corner_radius(CONTROL_RADIUS).inner_margin(Margin::symmetric(12, 6)).show(ui, |ui| {
            ui.add(egui::Label::new(&text).extend());
        });
    });
}
