use egui::containers::menu::MenuButton;
use egui::{Button, RichText, Ui};

use super::Scene;
use super::parts::shortened;
use crate::theme::palette;

/// So many of the user's own stand beside the others; more are in a menu.
const MOST_BESIDE: usize = 2;

/// A name that is longer is cut.
const LONGEST: usize = 24;

/// Under which projection something is shown: those of Foldline's, and the user's own behind them. Answers with the one
/// that was chosen just now.
pub(super) fn projection_choice_ui<'n>(
    ui: &mut Ui,
    scene: &Scene<'_>,
    names: &[&'n str],
    chosen: Option<&str>,
) -> Option<&'n str> {
    let is_own = |name: &str| !scene.locale.has(&format!("projection-{name}"));
    let (own, built_in): (Vec<&str>, Vec<&str>) = names.iter().copied().partition(|name| is_own(name));
    let mut answer = None;
    let beside = if own.len() <= MOST_BESIDE { own.as_slice() } else { &[] };
    for name in built_in.iter().chain(beside) {
        if choice_ui(ui, scene, name, chosen) {
            answer = Some(*name);
        }
    }
    if own.len() > MOST_BESIDE {
        let here = own.iter().find(|name| Some(**name) == chosen);
        let colours = palette(ui);
        let title = here.map_or_else(|| scene.text("projections-mine"), |name| short(name));
        let ink = if here.is_some() { colours.accent } else { colours.text };
        let button = Button::new(RichText::new(format!("{title} …")).color(ink));
        MenuButton::from_button(button).ui(ui, |ui| {
            for name in &own {
                if choice_ui(ui, scene, name, chosen) {
                    answer = Some(*name);
                    ui.close();
                }
            }
        });
    }
    answer.filter(|name| Some(*name) != chosen)
}

fn choice_ui(ui: &mut Ui, scene: &Scene<'_>, name: &str, chosen: Option<&str>) -> bool {
    let said = scene.projection(name);
    let label = ui.selectable_label(Some(name) == chosen, short(&said));
    if short(&said) == said { label.clicked() } else { label.on_hover_text(said).clicked() }
}

fn short(name: &str) -> String {
    let name = shortened(name);
    if name.chars().count() <= LONGEST {
        return name.into_owned();
    }
    name.chars().take(LONGEST - 1).chain(['…']).collect()
}
