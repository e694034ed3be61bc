use egui::{Align2, Id, Key, Modifiers, RichText, ScrollArea, TextEdit, Ui, WidgetInfo, vec2};

use super::Scene;
use crate::command::{Action, Command};
use crate::theme::palette;
use crate::view::OpenStore;

/// How many streams are offered beside the commands.
const STREAMS_OFFERED: usize = 12;

/// What is typed into the palette, and which line is chosen.
#[derive(Debug, Default)]
pub struct PaletteState {
    pub is_open: bool,
    text: String,
    chosen: usize,
}

impl PaletteState {
    pub fn toggle(&mut self) {
        *self = Self { is_open: !self.is_open, ..Self::default() };
    }
}

/// Every command and every stream, by a part of its name: type, choose with the arrows, Enter.
pub fn palette_ui(ui: &mut Ui, scene: &mut Scene<'_>, state: &mut PaletteState, store: Option<&OpenStore>) {
    let colours = palette(ui);
    let (is_down, is_up, is_entered) = ui.input_mut(|input| {
        (
            input.consume_key(Modifiers::NONE, Key::ArrowDown),
            input.consume_key(Modifiers::NONE, Key::ArrowUp),
            input.consume_key(Modifiers::NONE, Key::Enter),
        )
    });
    let mut picked = None;
    egui::Window::new(scene.text("palette"))
        .id(Id::unique("palette"))
        .title_bar(false)
        .resizable(false)
        .anchor(Align2::CENTER_TOP, vec2(0.0, 60.0))
        .show(ui.ctx(), |ui| {
            ui.set_width(460.0);
            let name = scene.text("palette");
            let hint = scene.text("palette-hint");
            let field = ui.add(TextEdit::singleline(&mut state.text).hint_text(hint).desired_width(f32::INFINITY));
            field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, &name));
            if field.changed() {
                state.chosen = 0;
            }
            field.request_focus();
            // After the field: letters and Enter may come in one frame, and mean what was typed.
            let lines = lines(scene, &state.text, store);
            let last = lines.len().saturating_sub(1);
            let moved = if is_down { state.chosen + 1 } else { state.chosen.saturating_sub(usize::from(is_up)) };
            state.chosen = moved.min(last);
            if is_entered {
                picked = lines.get(state.chosen).map(|line| line.action.clone());
            }
            ScrollArea::vertical().id_salt("palette lines").max_height(320.0).show(ui, |ui| {
                for (number, line) in lines.iter().enumerate() {
                    ui.horizontal(|ui| {
                        let response = ui.selectable_label(number == state.chosen, &line.title);
                        if number == state.chosen && (is_down || is_up) {
                            response.scroll_to_me(None);
                        }
                        if response.clicked() {
                            picked = Some(line.action.clone());
                        }
                        ui.label(RichText::new(&line.aside).size(11.5).color(colours.dim));
                    });
                }
                if lines.is_empty() {
                    ui.label(RichText::new(scene.text("palette-none")).color(colours.dim));
                }
            });
        });
    if let Some(action) = picked {
        state.is_open = false;
        scene.ask(action);
    }
}

struct Line {
    title: String,
    aside: String,
    action: Action,
}

fn lines(scene: &Scene<'_>, text: &str, store: Option<&OpenStore>) -> Vec<Line> {
    let wanted = text.trim().to_lowercase();
    let is_offered = |command: &Command| !matches!(command, Command::Palette | Command::Dismiss);
    let commands = Command::all().filter(is_offered).map(|command| Line {
        title: scene.text(command.title()),
        aside: command.shortcut().map(|shortcut| shortcut.label()).unwrap_or_default(),
        action: Action::Run(command),
    });
    let mut lines: Vec<Line> = commands.filter(|line| line.title.to_lowercase().contains(&wanted)).collect();
    let groups = store.and_then(|store| store.groups.value());
    if let (Some(groups), false) = (groups, wanted.is_empty()) {
        let rows = groups.groups.iter().flat_map(|group| &group.rows);
        let found = rows.filter(|row| row.stream.as_str().to_lowercase().contains(&wanted));
        lines.extend(found.take(STREAMS_OFFERED).map(|row| Line {
            title: row.stream.to_string(),
            aside: row.category.clone(),
            action: Action::Select(row.stream.clone()),
        }));
    }
    lines
}
