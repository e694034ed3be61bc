use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::place::{PLACES_KEPT, Place};
use crate::event::Timestamp;
use crate::index::Budget;
use crate::locale::Language;
use crate::store::Source;
use crate::ui::{RecentStore, Zone};
use crate::view::{OpenStore, Overview, Panes};

const RECENT_KEPT: usize = 8;

/// Of how many stores each is kept.
const TOLD_KEPT: usize = 200;
const LANES_KEPT: usize = 100;

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
    pub memory_mib: MemoryAllowed,
    /// Lanes of the timeline, by store and category of streams, the store that was open last first.
    pub lanes: Vec<KeptLanes>,
    /// Those that were saved by a name, for any store.
    pub saved_lanes: Vec<(String, Vec<String>)>,
}

/// What all that is kept of an open store may take together, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemoryAllowed(pub u64);

impl Default for MemoryAllowed {
    fn default() -> Self {
        Self(1024)
    }
}

impl MemoryAllowed {
    /// With less than this, nothing of a store could be shown.
    const LEAST: u64 = 16;

    pub(super) fn budget(self) -> Budget {
        Budget::of_mebibytes(self.0.max(Self::LEAST))
    }
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
    /// What the fields of a file say, and the names of those that say what nobody can read.
    pub(super) fn read(fields: &Map<String, Value>) -> (Self, Vec<&str>) {
        let read = |fields: &Map<String, Value>| serde_json::from_value::<Self>(Value::Object(fields.clone()));
        let mut unread = Vec::new();
        let settings = read(fields).or_else(|_| {
            let mut good = fields.clone();
            for (name, value) in fields {
                if read(&Map::from_iter([(name.clone(), value.clone())])).is_err() {
                    good.remove(name);
                    unread.push(name.as_str());
                }
            }
            read(&good)
        });
        let mut settings = settings.unwrap_or_default();
        settings.trim();
        (settings, unread)
    }

    pub(super) fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }

    /// Two windows together may have kept more than one keeps.
    fn trim(&mut self) {
        self.recent.truncate(RECENT_KEPT);
        self.places.truncate(PLACES_KEPT);
        self.lanes.truncate(LANES_KEPT);
        self.told_of_writing.truncate(TOLD_KEPT);
    }

    pub(super) fn was_told_of_writing(&self, source: &Source) -> bool {
        self.told_of_writing.contains(&source.absolute_name())
    }

    pub(super) fn tell_of_writing(&mut self, source: &Source) {
        let name = source.absolute_name();
        self.told_of_writing.retain(|known| *known != name);
        self.told_of_writing.insert(0, name);
        self.told_of_writing.truncate(TOLD_KEPT);
    }

    /// Keeps the lanes of the open store.
    pub(super) fn remember_lanes(&mut self, store: &OpenStore) {
        let name = store.source.absolute_name();
        self.lanes.retain(|known| known.store != name);
        let mut of_category = store.lanes.kept().clone();
        of_category.retain(|_, texts| !texts.is_empty());
        if !of_category.is_empty() {
            self.lanes.insert(0, KeptLanes { store: name, of_category });
            self.lanes.truncate(LANES_KEPT);
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

    pub(super) fn note_counts(&mut self, source: &Source, overview: &Overview) {
        if let (Some(streams), Some(known)) = (overview.streams(), self.known(source)) {
            known.framework = overview.info.framework.to_string();
            (known.streams, known.events) = (streams, overview.info.events);
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_field_that_cannot_be_read_costs_no_other() {
        let Value::Object(fields) =
            json!({"is_light": true, "language": "Klingon", "recent": ["a"], "panes": 7, "later": 1})
        else {
            return;
        };
        let (settings, unread) = Settings::read(&fields);
        assert_eq!(unread, ["language", "panes"]);
        assert!(settings.is_light && settings.recent == ["a"], "{settings:?}");
    }

    #[test]
    fn memory_is_a_number_in_the_file_and_a_gibibyte_where_none_stands_there() {
        let read = |fields: Value| Settings::read(fields.as_object().expect("an object")).0.memory_mib.budget();
        assert_eq!(read(json!({})), Budget::of_mebibytes(1024));
        assert_eq!(read(json!({"memory_mib": 300})), Budget::of_mebibytes(300));
        assert_eq!(read(json!({"memory_mib": "much"})), Budget::of_mebibytes(1024));
        assert_eq!(read(json!({"memory_mib": 0})), Budget::of_mebibytes(16), "something can be shown");
        assert_eq!(Settings::default().fields().get("memory_mib"), Some(&json!(1024)));
    }
}
