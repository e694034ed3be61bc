use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::locale::Language;
use crate::store::Source;
use crate::ui::Zone;
use crate::view::Panes;

const KEY: &str = "settings";
const RECENT_KEPT: usize = 8;

/// What survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub is_light: bool,
    pub language: Language,
    pub zone: Zone,
    pub is_by_time: bool,
    /// Absolute paths, and addresses.
    pub recent: Vec<String>,
    /// Where each store was looked at last, the latest first.
    pub places: Vec<Place>,
    /// Stores for which it was said what switching writing on means.
    pub told_of_writing: Vec<String>,
    pub panes: Panes,
    /// Who signed last.
    pub actor: String,
}

impl Settings {
    pub(super) fn load(storage: Option<&dyn eframe::Storage>) -> Self {
        let text = storage.and_then(|storage| storage.get_string(KEY));
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    pub(super) fn save(&self, storage: &mut dyn eframe::Storage) {
        if let Ok(text) = serde_json::to_string(self) {
            storage.set_string(KEY, text);
        }
    }

    pub(super) fn was_told_of_writing(&self, source: &Source) -> bool {
        self.told_of_writing.contains(&source.absolute_name())
    }

    pub(super) fn tell_of_writing(&mut self, source: &Source) {
        const STORES_KEPT: usize = 200;
        let name = source.absolute_name();
        self.told_of_writing.retain(|known| *known != name);
        self.told_of_writing.insert(0, name);
        self.told_of_writing.truncate(STORES_KEPT);
    }

    pub(super) fn theme(&self) -> egui::Theme {
        if self.is_light { egui::Theme::Light } else { egui::Theme::Dark }
    }

    pub(super) fn remember(&mut self, source: &Source) {
        let name = source.absolute_name();
        self.recent.retain(|known| *known != name);
        self.recent.insert(0, name);
        self.recent.truncate(RECENT_KEPT);
    }
}
