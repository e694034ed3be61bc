use egui::Event;

use super::dialogs::Dialogs;
use super::keys::Keyboard;

/// What is typed behind a key that leads to a field, before the field has the keyboard: whoever types fast is a frame or two
/// ahead. It is held for the field, and would be commands otherwise.
#[derive(Debug, Default)]
pub(super) struct TypedAhead {
    held: Vec<Event>,
    /// Since the key was pressed; nought where none was.
    frames: u8,
}

/// The key is heard in one frame, and in the next the field is drawn and takes the keyboard.
const LEAST: u8 = 2;

/// No field came: then they are keys as any others.
const MOST: u8 = 8;

impl TypedAhead {
    /// As a frame begins, before anything looks at what was typed. `is_wanted`: the field was not drawn yet.
    pub(super) fn begin(&mut self, ctx: &egui::Context, keyboard: Keyboard, dialogs: &Dialogs, is_wanted: bool) {
        if self.frames > 0 {
            let is_there = self.frames >= LEAST && !is_wanted && ctx.text_edit_focused();
            if is_there || self.frames >= MOST {
                self.frames = 0;
                let held = std::mem::take(&mut self.held);
                ctx.input_mut(|input| drop(input.events.splice(0..0, held)));
                return;
            }
            return self.hold(ctx, 0);
        }
        let leads = ctx.input(|input| input.events.iter().position(|event| keyboard.leads_to_field(event, dialogs)));
        if let Some(place) = leads {
            ctx.input_mut(|input| drop_own_sign(&mut input.events, place));
            self.hold(ctx, place + 1);
        }
    }

    /// Takes what was typed from this place on out of the frame.
    fn hold(&mut self, ctx: &egui::Context, from: usize) {
        self.frames += 1;
        ctx.input_mut(|input| {
            let behind = input.events.split_off(from);
            let (typed, others): (Vec<Event>, Vec<Event>) = behind.into_iter().partition(is_typed);
            input.events.extend(others);
            self.held.extend(typed);
        });
        ctx.request_repaint();
    }
}

/// What the key at this place writes by itself comes right behind it, and has been heard with it: the slash that leads to a
/// filter is no part of what is looked for.
fn drop_own_sign(events: &mut Vec<Event>, place: usize) {
    let writes = |event: &Event| matches!(event, Event::Key { modifiers, .. } if !modifiers.command && !modifiers.ctrl);
    if events.get(place).is_some_and(writes) && matches!(events.get(place + 1), Some(Event::Text(_))) {
        events.remove(place + 1);
    }
}

fn is_typed(event: &Event) -> bool {
    matches!(event, Event::Key { .. } | Event::Text(_) | Event::Ime(_) | Event::Paste(_))
}
