use egui::{RichText, Role, Sense, Ui, WidgetInfo, vec2};

use super::Scene;
use crate::index::{Budget, Memory};
use crate::theme::palette;
use crate::view::OpenStore;

pub(super) const MIB: u64 = 1 << 20;

/// Below this width, only how much is taken is told in words.
const ROOM_FOR_WORDS: f32 = 1_100.0;

/// How much is taken, of what may be: by what is kept of the store, and by all else that the process holds, where that is
/// measured.
pub(super) fn memory_ui(ui: &mut Ui, scene: &Scene<'_>, store: &OpenStore) {
    let memory = store.engine().memory();
    let (kept, beside, allowed) = (memory.taken(), memory.beside(), memory.budget().bytes);
    if kept == 0 {
        return;
    }
    let taken = kept + beside;
    let colours = palette(ui);
    // Then nothing of what is kept could give way for it.
    let is_alone = beside > allowed;
    let (name, told) = if is_alone { ("memory-alone", beside) } else { ("memory-taken", taken) };
    let text = scene.locale.with(name, [("taken", size_words(told).into()), ("allowed", size_words(allowed).into())]);
    let (bar, response) = ui.allocate_exact_size(vec2(56.0, 6.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &text));
    let share = (taken as f32 / allowed.max(1) as f32).clamp(0.0, 1.0);
    let ink = if share > 0.9 { colours.warning } else { colours.dim };
    ui.painter().rect_filled(bar, 3.0, colours.line);
    let filled = egui::Rect::from_min_size(bar.min, vec2((bar.width() * share).max(3.0), bar.height()));
    ui.painter().rect_filled(filled, 3.0, ink);
    let about = if let (true, Some(least)) = (is_alone, memory.least()) {
        scene.locale.with("memory-alone-about", [("least", size_words(least.bytes).into())])
    } else if beside == 0 {
        scene.text("memory-about")
    } else {
        let parts = [("kept", size_words(kept).into()), ("beside", size_words(beside_told(kept, taken)).into())];
        scene.locale.with("memory-parts", parts)
    };
    response.on_hover_text(format!("{text}\n{about}"));
    // In a small window the room is for what the store is, and the bar says how much of what may be that is.
    let has_room = ui.ctx().content_rect().width() >= ROOM_FOR_WORDS;
    let said = if has_room { text } else { size_words(taken) };
    ui.label(RichText::new(said).size(11.5).color(colours.dim)).on_hover_text(about);
}

/// What makes sense to allow, and where less is allowed, what comes of that. Nothing where the process is not measured.
pub(super) fn least_ui(ui: &mut Ui, scene: &Scene<'_>, memory: &Memory, mebibytes: u64) {
    let Some(least) = memory.least() else { return };
    let colours = palette(ui);
    let is_little = Budget::of_mebibytes(mebibytes).bytes < least.bytes;
    let (name, ink) =
        if is_little { ("settings-memory-little", colours.warning) } else { ("settings-memory-least", colours.dim) };
    let values = [("beside", size_words(memory.beside()).into()), ("least", size_words(least.bytes).into())];
    ui.label(RichText::new(scene.locale.with(name, values)).size(11.5).color(ink));
}

/// What is told of all else, so that the parts, told in whole MiB, add up to what is told of both.
fn beside_told(kept: u64, taken: u64) -> u64 {
    taken.div_ceil(MIB).saturating_sub(kept.div_ceil(MIB)) * MIB
}

pub(super) fn size_words(bytes: u64) -> String {
    match bytes {
        _ if bytes >= 1024 * MIB && bytes.is_multiple_of(1024 * MIB) => format!("{} GiB", bytes / (1024 * MIB)),
        _ if bytes >= 1024 * MIB => format!("{:.1} GiB", bytes as f64 / (1024 * MIB) as f64),
        _ => format!("{} MiB", bytes.div_ceil(MIB)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_the_memory_add_up_to_what_is_told_of_both() {
        let words = |bytes: u64| size_words(bytes).strip_suffix(" MiB").and_then(|n| n.parse::<u64>().ok());
        for (kept, beside) in [(MIB / 3, MIB / 3), (5 * MIB / 2, 363 * MIB / 2 - 9), (1, 0), (3 * MIB, 180 * MIB)] {
            let taken = kept + beside;
            let told = words(kept).zip(words(beside_told(kept, taken))).map(|(kept, beside)| kept + beside);
            assert_eq!(told, words(taken), "{kept} and {beside}");
        }
    }
}
