use std::sync::LazyLock;

use egui::{Event, EventFilter, Modifiers, PointerButton};

use super::dialogs::Dialogs;
use crate::command::{Command, Key, Shortcut};
use crate::ui::ARROWS_STAY;

/// Who has the keyboard as a frame begins. What is pressed in that frame goes there, whatever the frame then changes: a
/// key is for the widget that has the focus or for a command, and never for both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyboard {
    is_menu_open: bool,
    is_typing: bool,
    has_focus: bool,
}

impl Keyboard {
    /// `was_typing`: at the end of the frame before, since Esc has taken the focus away by now.
    pub(super) fn new(ctx: &egui::Context, was_typing: bool, dialogs: &Dialogs) -> Self {
        if let (Some(focused), None, false) =
            (ctx.memory(egui::Memory::focused), dialogs.top(), ctx.text_edit_focused())
        {
            // The arrows lead through a menu, and from nothing else to what happens to lie beside it.
            let filter = if egui::Popup::is_any_open(ctx) { EventFilter::default() } else { ARROWS_STAY };
            ctx.memory_mut(|memory| memory.set_focus_lock_filter(focused, filter));
        }
        Self {
            is_menu_open: egui::Popup::is_any_open(ctx),
            is_typing: was_typing || ctx.text_edit_focused(),
            has_focus: ctx.memory(|memory| memory.focused().is_some()),
        }
    }

    /// The commands of the keys that nothing on screen has used, in the order in which they were pressed. Asked after
    /// the panels were laid out, which take what is theirs.
    pub(super) fn commands(self, ui: &egui::Ui, dialogs: &Dialogs) -> Vec<Command> {
        let mut commands = Vec::new();
        ui.input_mut(|input| {
            input.events.retain(|event| {
                let Event::Key { key, pressed: true, repeat, modifiers, .. } = event else { return true };
                let found = KNOWN.iter().find(|(_, shortcut)| is_pressed(*shortcut, *key, *modifiers));
                let Some((command, shortcut)) = found else { return true };
                if self.keeps(*shortcut, *command, dialogs) || !dialogs.let_through(*command) {
                    return true;
                }
                if !repeat || command.repeats() {
                    commands.push(*command);
                }
                false
            });
        });
        // The buttons at the side of a mouse.
        for (button, command) in [(PointerButton::Extra1, Command::Back), (PointerButton::Extra2, Command::Forward)] {
            if ui.input(|input| input.pointer.button_pressed(button)) && dialogs.let_through(command) {
                commands.push(command);
            }
        }
        commands
    }

    /// Whether this is the key of a command behind which somebody types into a field.
    pub(super) fn leads_to_field(self, event: &Event, dialogs: &Dialogs) -> bool {
        let Event::Key { key, pressed: true, repeat: false, modifiers, .. } = event else { return false };
        let found = KNOWN.iter().find(|(_, shortcut)| is_pressed(*shortcut, *key, *modifiers));
        found.is_some_and(|(command, shortcut)| {
            command.leads_to_field() && !self.keeps(*shortcut, *command, dialogs) && dialogs.let_through(*command)
        })
    }

    /// Whether this key belongs to what has the focus.
    fn keeps(self, shortcut: Shortcut, command: Command, dialogs: &Dialogs) -> bool {
        let presses = shortcut == Shortcut::plain(Key::Space);
        // Esc leaves a field of the desk; in a dialog it closes that.
        let leaves = command == Command::Dismiss && self.is_typing && dialogs.top().is_none();
        self.is_menu_open || leaves || self.has_focus && presses || self.is_typing && shortcut.belongs_to_text()
    }
}

/// Every command that has a key.
static KNOWN: LazyLock<Vec<(Command, Shortcut)>> =
    LazyLock::new(|| Command::all().filter_map(|command| Some((command, command.shortcut()?))).collect());

fn is_pressed(shortcut: Shortcut, key: egui::Key, modifiers: Modifiers) -> bool {
    // Some keyboards write a sign with Shift and others without.
    let shift = modifiers.shift && !shortcut.key.is_sign();
    // On many the plus is the equals sign with Shift, which nobody thinks of.
    let key = if key == egui::Key::Equals { egui::Key::Plus } else { key };
    key == egui_key(shortcut.key) && Modifiers { shift, ..modifiers }.matches_exact(egui_modifiers(shortcut))
}

fn egui_modifiers(shortcut: Shortcut) -> Modifiers {
    let mut modifiers = Modifiers::NONE;
    if shortcut.is_ctrl {
        modifiers |= Modifiers::COMMAND;
    }
    if shortcut.is_shift {
        modifiers |= Modifiers::SHIFT;
    }
    if shortcut.is_alt {
        modifiers |= Modifiers::ALT;
    }
    modifiers
}

fn egui_key(key: Key) -> egui::Key {
    match key {
        Key::Left => egui::Key::ArrowLeft,
        Key::Right => egui::Key::ArrowRight,
        Key::Home => egui::Key::Home,
        Key::End => egui::Key::End,
        Key::Space => egui::Key::Space,
        Key::Escape => egui::Key::Escape,
        Key::F1 => egui::Key::F1,
        Key::F6 => egui::Key::F6,
        Key::F8 => egui::Key::F8,
        Key::Slash => egui::Key::Slash,
        Key::A => egui::Key::A,
        Key::B => egui::Key::B,
        Key::C => egui::Key::C,
        Key::D => egui::Key::D,
        Key::E => egui::Key::E,
        Key::F => egui::Key::F,
        Key::K => egui::Key::K,
        Key::L => egui::Key::L,
        Key::O => egui::Key::O,
        Key::R => egui::Key::R,
        Key::T => egui::Key::T,
        Key::W => egui::Key::W,
        Key::Comma => egui::Key::Comma,
        Key::Period => egui::Key::Period,
        Key::Plus => egui::Key::Plus,
        Key::Minus => egui::Key::Minus,
        Key::Zero => egui::Key::Num0,
        Key::One => egui::Key::Num1,
        Key::Two => egui::Key::Num2,
        Key::Three => egui::Key::Num3,
        Key::Four => egui::Key::Num4,
    }
}
