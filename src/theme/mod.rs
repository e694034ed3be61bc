//! Colours, fonts and spacing: the only place that names a colour. Two palettes of the same tokens, and what egui's
//! own style makes of them.

#![allow(clippy::unreadable_literal, reason = "a colour is read as its six digits")]

mod fonts;

use egui::{Color32, CornerRadius, FontFamily, FontId, Stroke, Style, TextStyle, Theme, Visuals, vec2};

pub use fonts::{SEMIBOLD, definitions};

pub const ROW_HEIGHT: f32 = 28.0;
pub const CARD_RADIUS: u8 = 8;
pub const CONTROL_RADIUS: u8 = 6;

/// What each colour is for. `faint` never carries what must be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    pub background: Color32,
    pub panel: Color32,
    pub raised: Color32,
    pub line: Color32,
    pub text: Color32,
    pub dim: Color32,
    pub faint: Color32,
    pub accent: Color32,
    pub accent_soft: Color32,
    pub on_accent: Color32,
    pub warning: Color32,
    pub warning_soft: Color32,
    /// What is said beside what differs in a branch.
    pub what_if_dim: Color32,
    /// Lines over the free part of a branch's strip.
    pub what_if_hatch: Color32,
    pub danger: Color32,
    pub danger_soft: Color32,
    pub pin_a: Color32,
    pub pin_b: Color32,
    pub selection: Color32,
    /// Around what has the focus.
    pub focus: Color32,
    /// Over what lies behind a dialog.
    pub shade: Color32,
    /// One an event type; the type's name is always beside it.
    pub hues: [Color32; 7],
    /// How much of a hue is in what is filled with it: a band, and the area under a line.
    band: f32,
    area: f32,
    /// The same of a chart behind the cursor.
    behind: f32,
    /// What of a chart is not told apart.
    pub rest: Color32,
}

/// What stands for an event type: when the hues are used up, they come again in another form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sign {
    pub hue: Color32,
    pub form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Full,
    Ring,
    Diamond,
    HollowDiamond,
}

impl Form {
    const ALL: [Self; 4] = [Self::Full, Self::Ring, Self::Diamond, Self::HollowDiamond];
}

impl Sign {
    #[must_use]
    pub fn faint_if(self, is_faint: bool) -> Self {
        if is_faint { Self { hue: self.hue.gamma_multiply(FAINT), ..self } } else { self }
    }
}

/// How much is left of the hue of what is not there yet, or not asked for.
pub const FAINT: f32 = 0.45;

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

pub const DARK: Palette = Palette {
    background: rgb(0x0f1216),
    panel: rgb(0x151a20),
    raised: rgb(0x1b2129),
    line: rgb(0x262e38),
    text: rgb(0xe3e8ee),
    dim: rgb(0x93a0ae),
    faint: rgb(0x66727f),
    accent: rgb(0x4fb3a5),
    accent_soft: rgb(0x17332f),
    on_accent: rgb(0x0f1216),
    warning: rgb(0xe0a84e),
    warning_soft: rgb(0x3a2d14),
    what_if_dim: rgb(0xc9b28a),
    what_if_hatch: rgb(0x6c5225),
    danger: rgb(0xe57373),
    danger_soft: rgb(0x3b1f20),
    pin_a: rgb(0xe0a84e),
    pin_b: rgb(0xb48ce0),
    selection: rgb(0x20303a),
    focus: rgb(0x8fd9ce),
    shade: Color32::from_rgba_premultiplied(0, 0, 0, 140),
    hues: [rgb(0x6aa9e9), rgb(0x63c08d), rgb(0xd9a54a), rgb(0xc68be0), rgb(0xe0836f), rgb(0x57bfc9), rgb(0x9aa6b2)],
    band: 0.24,
    area: 0.16,
    behind: 0.38,
    rest: rgb(0x373f48),
};

pub const LIGHT: Palette = Palette {
    background: rgb(0xeef1f4),
    panel: rgb(0xffffff),
    raised: rgb(0xf6f8fa),
    line: rgb(0xdbe1e7),
    text: rgb(0x1c232b),
    dim: rgb(0x56626e),
    faint: rgb(0x808b97),
    accent: rgb(0x0b7165),
    accent_soft: rgb(0xdcf1ed),
    on_accent: rgb(0xffffff),
    warning: rgb(0x8a5a00),
    warning_soft: rgb(0xfbeed3),
    what_if_dim: rgb(0x6b5a33),
    what_if_hatch: rgb(0xd9c294),
    danger: rgb(0xb3312f),
    danger_soft: rgb(0xfbe3e2),
    pin_a: rgb(0xa36a00),
    pin_b: rgb(0x7746b8),
    selection: rgb(0xe2eef2),
    focus: rgb(0x0a5d53),
    shade: Color32::from_rgba_premultiplied(8, 10, 12, 90),
    hues: [rgb(0x2268b5), rgb(0x1f7a4a), rgb(0x8f6200), rgb(0x7f3fa8), rgb(0xb0482f), rgb(0x0f7380), rgb(0x5b6772)],
    band: 0.18,
    area: 0.12,
    behind: 0.34,
    rest: rgb(0xb4bdc6),
};

/// The palette that the window shows now.
pub fn palette(ui: &egui::Ui) -> &'static Palette {
    palette_of(ui.visuals())
}

pub fn palette_of(visuals: &Visuals) -> &'static Palette {
    if visuals.dark_mode { &DARK } else { &LIGHT }
}

impl Palette {
    /// The n-th sign. Those behind the last begin anew.
    pub fn sign(&self, number: usize) -> Sign {
        let hues = self.hues.len();
        Sign { hue: self.hues[number % hues], form: Form::ALL[number / hues % Form::ALL.len()] }
    }
}

/// How much of a hue is in a layer of a chart.
const LAYER: f32 = 0.78;

/// Hues as lanes and the values of a field take them.
const IN_ORDER: [usize; 7] = [0, 2, 3, 4, 1, 6, 5];

/// The same so that a lane differs most from the one beside it.
const OF_LANES: [usize; 7] = [0, 3, 5, 2, 4, 1, 6];

impl Palette {
    /// What a band of this hue is filled with.
    pub fn band(&self, hue: Color32) -> Color32 {
        mixed(self.panel, hue, self.band)
    }

    /// What stands under a line of this hue.
    pub fn area(&self, hue: Color32) -> Color32 {
        mixed(self.panel, hue, self.area)
    }

    /// What this hue is in a chart behind the cursor.
    pub fn behind(&self, hue: Color32) -> Color32 {
        mixed(self.panel, hue, self.behind)
    }

    /// What a layer of a chart is filled with.
    pub fn layer(&self, hue: Color32) -> Color32 {
        mixed(self.panel, hue, LAYER)
    }

    /// The hue of the n-th value of a field.
    pub fn value_hue(&self, number: usize) -> Color32 {
        self.hues[IN_ORDER[number % IN_ORDER.len()]]
    }

    /// The hue of the n-th lane.
    pub fn lane_hue(&self, number: usize) -> Color32 {
        self.hues[OF_LANES[number % OF_LANES.len()]]
    }
}

/// The ground with so much of an ink in it.
fn mixed(ground: Color32, ink: Color32, share: f32) -> Color32 {
    let part = |ground: u8, ink: u8| (f32::from(ground) + (f32::from(ink) - f32::from(ground)) * share).round() as u8;
    Color32::from_rgb(part(ground.r(), ink.r()), part(ground.g(), ink.g()), part(ground.b(), ink.b()))
}

/// Gives egui both palettes, the fonts and the measures.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(definitions());
    for (theme, palette) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| apply(style, palette, theme));
    }
}

fn apply(style: &mut Style, palette: &Palette, theme: Theme) {
    let proportional = |size| FontId::new(size, FontFamily::Proportional);
    style.text_styles = [
        (TextStyle::Heading, FontId::new(18.0, FontFamily::Name(SEMIBOLD.into()))),
        (TextStyle::Body, proportional(13.0)),
        (TextStyle::Button, proportional(13.0)),
        (TextStyle::Small, proportional(11.5)),
        (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
    ]
    .into();
    style.spacing.item_spacing = vec2(8.0, 4.0);
    style.spacing.button_padding = vec2(10.0, 4.0);
    style.spacing.interact_size.y = 26.0;
    style.spacing.window_margin = egui::Margin::same(16);
    style.visuals = visuals(palette, theme);
}

fn visuals(palette: &Palette, theme: Theme) -> Visuals {
    let mut visuals = theme.default_visuals();
    let Palette { background, panel, raised, line, text, dim, accent, selection, .. } = *palette;
    visuals.panel_fill = panel;
    visuals.window_fill = panel;
    visuals.window_stroke = Stroke::new(1.0, line);
    visuals.extreme_bg_color = background;
    visuals.faint_bg_color = raised;
    visuals.code_bg_color = raised;
    visuals.hyperlink_color = accent;
    visuals.warn_fg_color = palette.warning;
    visuals.error_fg_color = palette.danger;
    visuals.weak_text_color = Some(dim);
    visuals.selection.bg_fill = selection;
    visuals.selection.stroke = Stroke::new(1.0, accent);
    visuals.window_corner_radius = CornerRadius::same(CARD_RADIUS);
    visuals.menu_corner_radius = CornerRadius::same(CARD_RADIUS);
    let widgets = &mut visuals.widgets;
    for (widget, fill, edge, ink) in [
        (&mut widgets.noninteractive, panel, line, text),
        (&mut widgets.inactive, raised, line, text),
        (&mut widgets.hovered, selection, line, text),
        (&mut widgets.active, selection, accent, text),
        (&mut widgets.open, selection, line, text),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::new(1.0, edge);
        widget.fg_stroke = Stroke::new(1.0, ink);
        widget.corner_radius = CornerRadius::same(CONTROL_RADIUS);
        widget.expansion = 0.0;
    }
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, as WCAG 2 defines it.
    fn luminance(colour: Color32) -> f64 {
        let part = |byte: u8| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(colour.r()) + 0.7152 * part(colour.g()) + 0.0722 * part(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn what_must_be_read_has_the_contrast_of_wcag_aa_in_both_themes() {
        for (name, palette) in [("dark", &DARK), ("light", &LIGHT)] {
            let Palette { panel, raised, selection, accent_soft, warning_soft, danger_soft, .. } = *palette;
            let pairs = [
                ("text on panel", palette.text, panel),
                ("text on raised", palette.text, raised),
                ("text on selection", palette.text, selection),
                ("text on a changed field", palette.text, accent_soft),
                ("dim on panel", palette.dim, panel),
                ("dim on a changed field", palette.dim, accent_soft),
                ("accent on panel", palette.accent, panel),
                ("accent on a changed field", palette.accent, accent_soft),
                ("on accent", palette.on_accent, palette.accent),
                ("warning", palette.warning, warning_soft),
                ("what is said beside a difference", palette.what_if_dim, warning_soft),
                ("text on a difference", palette.text, warning_soft),
                ("on a warning", palette.on_accent, palette.warning),
                ("danger", palette.danger, danger_soft),
                ("pin A", palette.pin_a, panel),
                ("pin B", palette.pin_b, panel),
                ("focus", palette.focus, panel),
                ("between the focus and a primary button", panel, palette.accent),
                ("focus on what is chosen", palette.focus, selection),
            ];
            for (what, ink, ground) in pairs {
                let ratio = contrast(ink, ground);
                assert!(ratio >= 4.5, "{name}: {what} has {ratio:.2}");
            }
            for hue in palette.hues {
                assert!(contrast(hue, panel) >= 3.0, "{name}: {hue:?} as a mark");
                let band = palette.band(hue);
                assert!(contrast(palette.text, band) >= 4.5, "{name}: text on a band of {hue:?}");
            }
        }
    }

    #[test]
    fn no_two_signs_look_alike_before_all_were_used() {
        for palette in [&DARK, &LIGHT] {
            let signs: Vec<Sign> = (0..28).map(|number| palette.sign(number)).collect();
            for (number, sign) in signs.iter().enumerate() {
                assert!(!signs[..number].contains(sign), "{number} looks like one before it");
            }
            assert!(signs[..7].iter().all(|sign| sign.form == Form::Full), "hues come first");
            assert_eq!(palette.sign(28), palette.sign(0));
        }
    }
}
