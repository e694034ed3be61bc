use serde::{Deserialize, Serialize};

use super::Settings;
use crate::engine::Moment;
use crate::event::{StreamId, Version};
use crate::index::StoreMoment;
use crate::store::Source;
use crate::view::{KeptDraft, Lens, OpenStore, Pin};

/// Of how many stores the place is kept.
pub(super) const PLACES_KEPT: usize = 50;

/// Where a store was looked at last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    store: String,
    at: Option<(String, u64)>,
    pins: [Option<(String, u64)>; 2],
    /// Corrections that were begun.
    drafts: Vec<KeptDraft>,
    lens: Lens,
    /// Of the whole store, as it is typed.
    moment: Option<String>,
    /// Its pins.
    moments: [Option<String>; 2],
}

impl Place {
    fn of(store: &OpenStore) -> Self {
        let at = store.view.as_ref().and_then(|view| Some((view.stream.to_string(), view.version()?.0)));
        let kept = |pin: &Option<Pin>| pin.as_ref().map(|pin| (pin.stream.to_string(), pin.version.0));
        Self {
            store: store.source.absolute_name(),
            at,
            pins: [kept(&store.pins[0]), kept(&store.pins[1])],
            drafts: store.drafts_to_keep(),
            lens: store.lens(),
            moment: Some(store.time.moment().to_string()).filter(|_| store.lens().is_of_store()),
            moments: store.time.pins.map(|pin| pin.map(|moment| moment.to_string())),
        }
    }

    pub(super) fn go_to(&self, store: &mut OpenStore) {
        if let Some((stream, version)) = &self.at {
            store.select(StreamId::from(stream.as_str()));
            if let Some(view) = &mut store.view {
                view.start_at(Moment::Version(Version(*version)));
            }
        }
    }

    /// Looks through the same lens at the same moment.
    pub(super) fn restore_lens(&self, store: &mut OpenStore) {
        store.set_lens(self.lens);
        let moment = |text: &Option<String>| text.as_ref()?.parse::<StoreMoment>().ok();
        if self.lens.is_of_store()
            && let Some(moment) = moment(&self.moment)
        {
            store.time.go_to(moment);
        }
        store.time.pins = self.moments.each_ref().map(moment);
    }

    pub(super) fn set_pins(&self, store: &mut OpenStore) {
        let pin = |kept: &Option<(String, u64)>| {
            kept.as_ref()
                .map(|(stream, version)| Pin { stream: StreamId::from(stream.as_str()), version: Version(*version) })
        };
        store.pins = [pin(&self.pins[0]), pin(&self.pins[1])];
        for kept in self.drafts.iter().rev() {
            store.keep_draft(kept.clone());
        }
    }
}

impl Settings {
    pub(super) fn place(&self, source: &Source) -> Option<Place> {
        let name = source.absolute_name();
        self.places.iter().find(|place| place.store == name).cloned()
    }

    pub(super) fn remember_place(&mut self, store: &OpenStore) {
        let place = Place::of(store);
        self.places.retain(|known| known.store != place.store);
        self.places.insert(0, place);
        self.places.truncate(PLACES_KEPT);
    }
}
