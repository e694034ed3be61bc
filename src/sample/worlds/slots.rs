//! The doctors' half hours, each of which is given to one patient.

use std::collections::BTreeSet;

use crate::event::Timestamp;
use crate::sample::calendar::{self, HOUR, MINUTE};
use crate::sample::random::Random;

pub(super) const DOCTORS: &[&str] = &["dr-han", "dr-oh", "dr-alvarez", "dr-yoon", "dr-mori", "dr-novak"];

/// A half hour of a doctor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub at: Timestamp,
    pub doctor: usize,
}

impl Slot {
    pub(super) fn doctor(self) -> &'static str {
        DOCTORS[self.doctor % DOCTORS.len()]
    }

    /// As the desk names it, by the clock on its wall.
    pub(super) fn name(self) -> String {
        let local = self.at.plus_micros(9 * HOUR).to_utc();
        let local = local.map_or_else(|| self.at.to_string(), |local| local.format("%Y-%m-%d %H:%M").to_string());
        format!("{} {local}", self.doctor())
    }
}

#[derive(Debug, Default)]
pub(super) struct Slots(BTreeSet<Slot>);

impl Slots {
    pub(super) fn take(&mut self, slot: Slot) {
        self.0.insert(slot);
    }

    pub(super) fn leave(&mut self, slot: Slot) {
        self.0.remove(&slot);
    }

    /// A free one on a working day, some days later, and takes it.
    pub(super) fn take_any(&mut self, now: Timestamp, random: &mut Random) -> Slot {
        while self.0.first().is_some_and(|past| past.at < now) {
            self.0.pop_first();
        }
        let days = 1 + random.below(9) as i64;
        let mut slot =
            Slot { at: calendar::appointment(now, days, random), doctor: random.below(DOCTORS.len() as u64) as usize };
        let first = slot.doctor;
        while !self.0.insert(slot) {
            slot.doctor = (slot.doctor + 1) % DOCTORS.len();
            if slot.doctor == first {
                slot.at = calendar::next_half_hour(calendar::after_office_time(slot.at, 30 * MINUTE));
            }
        }
        slot
    }
}
