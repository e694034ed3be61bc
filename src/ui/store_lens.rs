use egui::{RichText, Ui};

use super::{LensPart, Scene};
use crate::theme::palette;
use crate::view::OpenStore;

/// A part of the lens.
pub fn store_lens_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, part: LensPart) {
    let cursor = store.time.cursor();
    let (count, dim) = (crate::ui::grouped(cursor.count as u64), palette(ui).dim);
    if part == LensPart::Middle {
        ui.label(RichText::new(scene.locale.with("store-lens-coming", [("count", count.into())])).color(dim));
    }
}
