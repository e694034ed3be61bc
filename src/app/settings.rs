use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::event::Timestamp;
use crate::locale::Language;
use crate::store::{Source, StoreInfo};
use crate::ui::{RecentStore, Zone};
use crate::view::{OpenStore, Panes};

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
    /// What was known of them when they were last open.
    pub known: Vec<KnownStore>,
    /// Where each store was looked at last, the latest first.
    pub places: Vec<Place>,
    /// Stores for which it was said what switching writing on means.
    pub told_of_writing: Vec<String>,
    pub panes: Panes,
    /// Who signed last.
    pub actor: String,
    /// Lanes of the timeline, by store and category of streams, the store that was open last first.
    pub lanes: Vec<KeptLanes>,
    /// Those that were saved by a name, for any store.
    pub saved_lanes: Vec<(String, Vec<String>)>,
}

/// The lanes of a store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptLanes {
    store: String,
    of_category: BTreeMap<String, Vec<String>>,
}

/// A recent store as it was when it was last open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownStore {
    name: String,
    framework: String,
    streams: u64,
    events: u64,
    /// In microseconds since 1970.
    opened_at: i64,
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

    /// Keeps the lanes of the open store.
    pub(super) fn remember_lanes(&mut self, store: &OpenStore) {
        const STORES_KEPT: usize = 100;
        let name = store.source.absolute_name();
        self.lanes.retain(|known| known.store != name);
        let mut of_category = store.lanes.kept().clone();
        of_category.retain(|_, texts| !texts.is_empty());
        if !of_category.is_empty() {
            self.lanes.insert(0, KeptLanes { store: name, of_category });
            self.lanes.truncate(STORES_KEPT);
        }
        self.saved_lanes.clone_from(&store.lanes.saved);
    }

    /// Gives a store the lanes that it had.
    pub(super) fn restore_lanes(&self, store: &mut OpenStore) {
        let name = store.source.absolute_name();
        if let Some(kept) = self.lanes.iter().find(|known| known.store == name) {
            store.lanes.restore(kept.of_category.clone());
        }
        store.lanes.saved.clone_from(&self.saved_lanes);
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

    fn known(&mut self, source: &Source) -> Option<&mut KnownStore> {
        let name = source.absolute_name();
        let Self { known, recent, .. } = self;
        known.retain(|known| recent.contains(&known.name));
        if known.iter().all(|known| known.name != name) {
            known.push(KnownStore { name: name.clone(), ..KnownStore::default() });
        }
        known.iter_mut().find(|known| known.name == name)
    }

    pub(super) fn note_opening(&mut self, source: &Source, now: Timestamp) {
        self.known(source).into_iter().for_each(|known| known.opened_at = now.micros());
    }

    pub(super) fn note_counts(&mut self, source: &Source, info: &StoreInfo) {
        if let Some(known) = self.known(source) {
            known.framework = info.framework.to_string();
            (known.streams, known.events) = (info.streams, info.events);
        }
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.recent.retain(|known| known != name);
        self.known.retain(|known| known.name != name);
    }

    /// The recent stores with all that is known of them.
    pub(super) fn recent_stores(&self, gone: &[String]) -> Vec<RecentStore> {
        let store = |name: &String| {
            let known = self.known.iter().find(|known| known.name == *name).cloned().unwrap_or_default();
            RecentStore {
                name: name.clone(),
                framework: known.framework,
                streams: known.streams,
                events: known.events,
                opened_at: Some(known.opened_at).filter(|at| *at > 0).map(Timestamp::from_micros),
                is_gone: gone.contains(name),
            }
        };
        self.recent.iter().map(store).collect()
    }
}
