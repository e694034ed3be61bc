//! The few signs of the window, painted: no font decides whether they are there.

use egui::{
    Atom, Button, Color32, IdSalt, Pos2, Rect, Response, RichText, Role, Sense, Shape, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use crate::theme::{Form, Sign, palette};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icon {
    First,
    Back,
    Play,
    Pause,
    Forward,
    Last,
    Down,
    Right,
    Lock,
    Flag,
    Diamond,
    HalfMoon,
    Cross,
    More,
    Branch,
    PaneLeft,
    PaneRight,
    PaneBelow,
    Glass,
}

const SIZE: f32 = 12.0;

/// A sign that can be pressed; `name` is what it is called.
pub(super) fn icon_button(ui: &mut Ui, icon: Icon, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(26.0, 26.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let colours = palette(ui);
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 6.0, colours.selection);
    }
    let ink = if response.hovered() { colours.text } else { colours.dim };
    paint(ui.painter(), icon, Rect::from_center_size(rect.center(), vec2(SIZE, SIZE)), ink);
    response.on_hover_text(name)
}

/// A smaller one, for rows that have several.
pub(super) fn small_icon_button(ui: &mut Ui, icon: Icon, name: &str, is_enabled: bool) -> Response {
    let sense = if is_enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(20.0, 18.0), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, name));
    let colours = palette(ui);
    let is_lit = is_enabled && (response.hovered() || response.has_focus());
    if is_lit {
        ui.painter().rect_filled(rect, 4.0, colours.selection);
    }
    let ink = match (is_enabled, is_lit) {
        (false, _) => colours.line,
        (true, true) => colours.text,
        (true, false) => colours.dim,
    };
    paint(ui.painter(), icon, Rect::from_center_size(rect.center(), vec2(9.0, 9.0)), ink);
    response.on_hover_text(name)
}

/// A flag with what stands on it, pressed as one.
pub(super) fn flag_button(ui: &mut Ui, text: &str, ink: Color32) -> Response {
    let place = IdSalt::new("flag");
    let text = RichText::new(text).color(ink);
    let button = Button::new((Atom::custom(place, vec2(SIZE, SIZE)), text)).frame_when_inactive(false);
    let shown = button.min_size(vec2(0.0, 26.0)).atom_ui(ui);
    if let Some(rect) = shown.rect(place) {
        paint(ui.painter(), Icon::Flag, rect, ink);
    }
    shown.response
}

/// A sign that says whether something is on, and switches it.
pub(super) fn icon_toggle(ui: &mut Ui, icon: Icon, name: &str, is_on: bool) -> Response {
    bare_icon_toggle(ui, icon, name, is_on).on_hover_text(name)
}

/// The same for who says more of it where it is pointed at.
pub(super) fn bare_icon_toggle(ui: &mut Ui, icon: Icon, name: &str, is_on: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(26.0, 24.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_on, name));
    let colours = palette(ui);
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 6.0, colours.selection);
    }
    let ink = if is_on || response.hovered() { colours.text } else { colours.faint };
    paint(ui.painter(), icon, Rect::from_center_size(rect.center(), vec2(SIZE + 1.0, SIZE)), ink);
    response
}

/// A sign beside a text, which says the same.
pub(super) fn icon(ui: &mut Ui, icon: Icon, ink: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(SIZE, SIZE), Sense::hover());
    paint(ui.painter(), icon, rect, ink);
}

/// What stands for an event type, as large as there is room.
pub(super) fn paint_sign(painter: &egui::Painter, rect: Rect, sign: Sign) {
    let Sign { hue, form } = sign;
    let diamond = |rect: Rect| vec![rect.center_top(), rect.right_center(), rect.center_bottom(), rect.left_center()];
    match form {
        Form::Full => {
            painter.rect_filled(rect, 2.0, hue);
        }
        Form::Ring => {
            painter.rect_stroke(rect, 2.0, Stroke::new(2.0, hue), StrokeKind::Inside);
        }
        Form::Diamond => {
            painter.add(Shape::convex_polygon(diamond(rect.expand(0.5)), hue, Stroke::NONE));
        }
        Form::HollowDiamond => {
            painter.add(Shape::closed_line(diamond(rect.shrink(0.5)), Stroke::new(1.5, hue)));
        }
    }
}

pub(super) fn paint(painter: &egui::Painter, icon: Icon, rect: Rect, ink: Color32) {
    let at = |x: f32, y: f32| pos2(rect.left() + rect.width() * x, rect.top() + rect.height() * y);
    let fill = |points: &[Pos2]| {
        painter.add(Shape::convex_polygon(points.to_vec(), ink, Stroke::NONE));
    };
    let bar = |left: f32, right: f32| fill(&[at(left, 0.1), at(right, 0.1), at(right, 0.9), at(left, 0.9)]);
    match icon {
        Icon::First => {
            bar(0.05, 0.2);
            fill(&[at(0.95, 0.1), at(0.95, 0.9), at(0.3, 0.5)]);
        }
        Icon::Back => fill(&[at(0.8, 0.1), at(0.8, 0.9), at(0.15, 0.5)]),
        Icon::Play => fill(&[at(0.12, 0.0), at(0.95, 0.5), at(0.12, 1.0)]),
        Icon::Pause => {
            bar(0.15, 0.4);
            bar(0.6, 0.85);
        }
        Icon::Forward => fill(&[at(0.2, 0.1), at(0.85, 0.5), at(0.2, 0.9)]),
        Icon::Last => {
            fill(&[at(0.05, 0.1), at(0.7, 0.5), at(0.05, 0.9)]);
            bar(0.8, 0.95);
        }
        Icon::Down => fill(&[at(0.15, 0.3), at(0.85, 0.3), at(0.5, 0.75)]),
        Icon::Right => fill(&[at(0.3, 0.15), at(0.75, 0.5), at(0.3, 0.85)]),
        Icon::Lock => {
            fill(&[at(0.15, 0.45), at(0.85, 0.45), at(0.85, 0.95), at(0.15, 0.95)]);
            let shackle =
                [at(0.28, 0.45), at(0.28, 0.2), at(0.42, 0.06), at(0.58, 0.06), at(0.72, 0.2), at(0.72, 0.45)];
            painter.add(Shape::line(shackle.to_vec(), Stroke::new(1.4, ink)));
        }
        Icon::HalfMoon => {
            let radius = rect.width() * 0.5;
            painter.circle_stroke(rect.center(), radius, Stroke::new(1.4, ink));
            let half: Vec<Pos2> = (0..=16)
                .map(|step| {
                    let angle = std::f32::consts::PI * (step as f32 / 16.0 - 0.5);
                    rect.center() + radius * vec2(angle.cos(), angle.sin())
                })
                .collect();
            fill(&half);
        }
        Icon::Cross => {
            let stroke = Stroke::new(1.4, ink);
            painter.line_segment([at(0.15, 0.15), at(0.85, 0.85)], stroke);
            painter.line_segment([at(0.85, 0.15), at(0.15, 0.85)], stroke);
        }
        Icon::More => {
            for x in [0.15, 0.5, 0.85] {
                painter.circle_filled(at(x, 0.5), 1.5, ink);
            }
        }
        Icon::Branch => {
            let stroke = Stroke::new(1.4, ink);
            painter.line_segment([at(0.2, 0.2), at(0.2, 0.8)], stroke);
            painter.add(Shape::line(vec![at(0.8, 0.3), at(0.8, 0.5), at(0.2, 0.65)], stroke));
            for (x, y) in [(0.2, 0.1), (0.2, 0.9), (0.8, 0.2)] {
                painter.circle_filled(at(x, y), 2.0, ink);
            }
        }
        Icon::PaneLeft | Icon::PaneRight | Icon::PaneBelow => {
            let frame = Rect::from_min_max(at(0.0, 0.08), at(1.0, 0.92));
            painter.rect_stroke(frame, 1.5, Stroke::new(1.2, ink), StrokeKind::Inside);
            match icon {
                Icon::PaneLeft => fill(&[at(0.0, 0.08), at(0.38, 0.08), at(0.38, 0.92), at(0.0, 0.92)]),
                Icon::PaneRight => fill(&[at(0.62, 0.08), at(1.0, 0.08), at(1.0, 0.92), at(0.62, 0.92)]),
                _ => fill(&[at(0.0, 0.6), at(1.0, 0.6), at(1.0, 0.92), at(0.0, 0.92)]),
            }
        }
        Icon::Glass => {
            painter.circle_stroke(at(0.42, 0.42), rect.width() * 0.36, Stroke::new(1.4, ink));
            painter.line_segment([at(0.68, 0.68), at(0.98, 0.98)], Stroke::new(1.6, ink));
        }
        Icon::Diamond => fill(&[at(0.5, 0.0), at(1.0, 0.5), at(0.5, 1.0), at(0.0, 0.5)]),
        Icon::Flag => {
            painter.line_segment([at(0.2, 0.0), at(0.2, 1.0)], Stroke::new(1.4, ink));
            fill(&[at(0.2, 0.02), at(0.95, 0.28), at(0.2, 0.55)]);
        }
    }
}
