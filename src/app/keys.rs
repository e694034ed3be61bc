use crate::command::{Action, Command, Key, Shortcut};

/// The commands whose keys were pressed. Letters, arrows and the like belong to a text field while one has the
/// focus.
pub(super) fn actions_of_keys(ui: &egui::Ui) -> Vec<Action> {
    let is_typing = ui.ctx().text_edit_focused();
    ui.input_mut(|input| {
        // Longer combinations first: `Shift+→` must not be taken for `→`.
        let mut commands: Vec<(Command, Shortcut)> =
            Command::all().filter_map(|command| Some((command, command.shortcut()?))).collect();
        commands
            .sort_by_key(|(_, shortcut)| std::cmp::Reverse(u8::from(shortcut.is_ctrl) + u8::from(shortcut.is_shift)));
        commands
            .into_iter()
            .filter(|(_, shortcut)| !(is_typing && shortcut.belongs_to_text()))
            .filter(|(_, shortcut)| is_pressed(input, *shortcut))
            .map(|(command, _)| Action::Run(command))
            .collect()
    })
}

fn is_pressed(input: &mut egui::InputState, shortcut: Shortcut) -> bool {
    // On many keyboards the plus is the equals sign with Shift, which nobody thinks of.
    let is_equals = |input: &mut egui::InputState| input.consume_key(egui::Modifiers::NONE, egui::Key::Equals);
    input.consume_shortcut(&egui_shortcut(shortcut)) || (shortcut.key == Key::Plus && is_equals(input))
}

fn egui_shortcut(shortcut: Shortcut) -> egui::KeyboardShortcut {
    let mut modifiers = egui::Modifiers::NONE;
    if shortcut.is_ctrl {
        modifiers |= egui::Modifiers::COMMAND;
    }
    if shortcut.is_shift {
        modifiers |= egui::Modifiers::SHIFT;
    }
    let key = match shortcut.key {
        Key::Left => egui::Key::ArrowLeft,
        Key::Right => egui::Key::ArrowRight,
        Key::Home => egui::Key::Home,
        Key::End => egui::Key::End,
        Key::Space => egui::Key::Space,
        Key::Escape => egui::Key::Escape,
        Key::F1 => egui::Key::F1,
        Key::Slash => egui::Key::Slash,
        Key::A => egui::Key::A,
        Key::B => egui::Key::B,
        Key::C => egui::Key::C,
        Key::D => egui::Key::D,
        Key::E => egui::Key::E,
        Key::F => egui::Key::F,
        Key::K => egui::Key::K,
        Key::O => egui::Key::O,
        Key::R => egui::Key::R,
        Key::Comma => egui::Key::Comma,
        Key::Plus => egui::Key::Plus,
        Key::Minus => egui::Key::Minus,
        Key::Zero => egui::Key::Num0,
    };
    egui::KeyboardShortcut::new(modifiers, key)
}
