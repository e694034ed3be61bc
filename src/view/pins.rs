//! The two pins of an open store.

use super::{OpenStore, Pin};
use crate::replay::Index;

impl OpenStore {
    /// Sets a pin at the cursor, or takes it away where it stands there already.
    pub fn pin(&mut self, pin: usize) {
        let Some((view, version)) = self.view.as_ref().and_then(|view| Some((view, view.version()?))) else { return };
        let here = Pin { stream: view.stream.clone(), version };
        let Some(pin) = self.pins.get_mut(pin) else { return };
        *pin = Some(here).filter(|here| pin.as_ref() != Some(here));
    }

    /// Sets a pin at the n-th event of the stream.
    pub fn move_pin(&mut self, pin: usize, index: Index) {
        let Some(view) = &self.view else { return };
        let head = view.base().and_then(|loaded| loaded.timeline.heads().get(index));
        if let (Some(pin), Some(head)) = (self.pins.get_mut(pin), head) {
            *pin = Some(Pin { stream: view.stream.clone(), version: head.version });
        }
    }

    pub fn remove_pin(&mut self, pin: usize) {
        self.pins.get_mut(pin).into_iter().for_each(|pin| *pin = None);
    }

    /// The places of the pins in the stream on screen.
    pub fn pins_here(&self) -> [Option<Index>; 2] {
        let place = |pin: &Option<Pin>| {
            let (pin, view) = (pin.as_ref()?, self.view.as_ref()?);
            (pin.stream == view.stream).then(|| view.base()?.timeline.index_of(pin.version)).flatten()
        };
        self.pins.each_ref().map(place)
    }
}
