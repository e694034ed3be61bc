//! Sensors that say how warm it is every ten minutes.

use serde_json::{Value, json};

use super::scripted::draft;
use super::slots::Slots;
use super::{Outline, Story};
use crate::event::{EventId, Timestamp};
use crate::sample::calendar::{DAY, HOUR, MINUTE, SECOND};
use crate::sample::random::Random;
use crate::sample::thread::{Said, Thread, Told};

/// A kind of room, in tenths of a degree.
struct Room {
    name: &'static str,
    mean: i64,
    /// So much warmer it is in the afternoon, and so much colder at night.
    swing: i64,
    limit: i64,
}

const ROOMS: &[Room] = &[
    Room { name: "server room", mean: 190, swing: 4, limit: 270 },
    Room { name: "cold room", mean: 40, swing: 3, limit: 80 },
    Room { name: "냉장 창고", mean: 35, swing: 2, limit: 80 },
    Room { name: "office", mean: 215, swing: 20, limit: 300 },
    Room { name: "온실", mean: 250, swing: 45, limit: 380 },
];

/// How far along its swing a room is in each hour of UTC; the rooms are in Seoul. In per cent.
const HOURS: [i64; 24] =
    [10, 30, 50, 70, 85, 95, 100, 95, 80, 55, 30, 10, -10, -25, -40, -50, -60, -70, -80, -90, -95, -80, -50, -20];

/// Sensor 2 tells nonsense for three readings, sensor 3 nothing for a night.
const JUMPS: (u64, std::ops::Range<u64>) = (2, 41..44);
const FALLS_SILENT: (u64, u64) = (3, 60);
const SILENCE: i64 = 9 * HOUR + 20 * MINUTE;

#[derive(Debug)]
pub(super) struct SensorStory {
    thread: Thread,
    number: u64,
    room: usize,
    told: u64,
    /// How far from its room's mean it has wandered, in tenths of a degree.
    drift: i64,
    /// In tenths of a per cent.
    battery: i64,
}

impl SensorStory {
    pub(super) fn new(outline: Outline) -> Self {
        let Outline { mut thread, number, .. } = outline;
        let battery = 600 + thread.random.below(400) as i64;
        let room = (number as usize - 1) % ROOMS.len();
        Self { thread, number, room, told: 0, drift: 0, battery }
    }

    fn act(&mut self, at: Timestamp) -> (&'static str, Value, Said) {
        let Room { name, limit, .. } = ROOMS[self.room];
        if self.told == 0 {
            let payload = json!({"sensor": self.number, "place": format!("{name} {}", self.number.div_ceil(ROOMS.len() as u64)),
                                 "model": "TH-20", "unit": "celsius", "limit": tenths(limit)});
            return ("installed", payload, Said::silently("technician"));
        }
        if self.is_behind_silence() || self.battery < 50 {
            self.battery = 1_000;
            return ("battery-replaced", json!({"battery": 100}), Said::by("technician", "it had fallen silent"));
        }
        if JUMPS.0 == self.number && JUMPS.1.end == self.told {
            return ("restarted", json!({}), Said::by("technician", "it told nonsense"));
        }
        let celsius = self.celsius(at);
        self.battery -= i64::from(self.told.is_multiple_of(4));
        let humidity = 38 + self.thread.random.below(12);
        let payload = json!({"sensor": self.number, "celsius": tenths(celsius), "humidity": humidity, "limit": tenths(limit),
                             "battery": self.battery / 10, "at": at.to_string()});
        ("measured", payload, Said::silently("gateway"))
    }

    fn celsius(&mut self, at: Timestamp) -> i64 {
        let Room { mean, swing, .. } = ROOMS[self.room];
        let hour = at.micros().rem_euclid(DAY) / HOUR;
        let random: &mut Random = &mut self.thread.random;
        self.drift = (self.drift + random.below(5) as i64 - 2).clamp(-6, 6);
        let nonsense = if JUMPS.0 == self.number && JUMPS.1.contains(&self.told) { 275 } else { 0 };
        mean + swing * HOURS[hour as usize % HOURS.len()] / 100 + self.drift + nonsense
    }

    fn is_behind_silence(&self) -> bool {
        FALLS_SILENT == (self.number, self.told)
    }
}

/// As a number of degrees; a division by ten is the same on every machine.
fn tenths(value: i64) -> Value {
    json!(value as f64 / 10.0)
}

impl Story for SensorStory {
    fn tell(&mut self, at: Timestamp, id: EventId, _: &mut Slots) -> (Told, Option<Timestamp>) {
        let (event_type, payload, said) = self.act(at);
        let told = self.thread.tell(&draft(event_type, payload), said, at, id);
        self.told += 1;
        if self.thread.left == 0 {
            return (told, None);
        }
        let pause = if self.is_behind_silence() { SILENCE } else { 10 * MINUTE };
        let late = self.thread.random.span(0, 40 * SECOND);
        (told, Some(at.plus_micros(pause + late)))
    }
}
