//! A clinic: from booking a visit to going home again, with what happens in between.

use serde_json::{Value, json};

use super::scripted::{Line, draft, line};
use super::slots::{Slot, Slots};
use super::{Outline, Story};
use crate::event::{EventId, Timestamp};
use crate::sample::calendar::{self, HOUR, MINUTE};
use crate::sample::people::{self, Person, Words};
use crate::sample::thread::{Said, Thread, Told};

/// Booked, confirmed, arrived, checked in, treatment started and finished, paid, went home.
const WHOLE_VISIT: u64 = 8;
const FROM_ARRIVAL: u64 = 6;
const FROM_FINISH: u64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Kept,
    Cancelled,
    Missed,
    /// The visit still lies ahead.
    Ahead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Book,
    Confirm,
    Wait,
    Arrive,
    CheckIn,
    Start,
    Treat,
    Finish,
    Pay,
    Leave,
    CallOff,
}

const CLERKS: &[&str] = &["jiwon", "marco", "haneul", "sora"];

struct Treatment {
    name: Words,
    price: u64,
}

const fn treatment(en: &'static [&'static str], ko: &'static [&'static str], price: u64) -> Treatment {
    Treatment { name: Words { en, ko }, price }
}

const TREATMENTS: &[Treatment] = &[
    treatment(&["laser toning"], &["레이저 토닝"], 90_000),
    treatment(&["skin care"], &["피부 관리"], 60_000),
    treatment(&["mole removal"], &["점 제거"], 40_000),
    treatment(&["acne treatment"], &["여드름 치료"], 55_000),
    treatment(&["lifting"], &["리프팅"], 220_000),
    treatment(&["consultation"], &["상담"], 20_000),
];

const MOVED: Words = Words {
    en: &["has a meeting then", "is still travelling", "asked for an earlier hour", "the doctor is away that day"],
    ko: &["그 시간에 회의가 있음", "아직 이동 중", "더 이른 시간을 원함", "의사 부재"],
};
const CALLED_OFF: Words = Words {
    en: &["has a cold", "changed their mind", "found another clinic", "cannot leave work"],
    ko: &["감기에 걸림", "마음이 바뀜", "다른 병원을 찾음", "회사에서 나올 수 없음"],
};
const NOTES: Words = Words {
    en: &["allergic to lidocaine", "prefers the afternoon", "comes with a child", "asked for a quiet room"],
    ko: &["리도카인 알레르기", "오후를 선호함", "아이와 함께 방문", "조용한 방을 원함"],
};
const ADDED: Words =
    Words { en: &["wanted it as well", "recommended by the doctor"], ko: &["추가로 원함", "의사가 권함"] };

#[derive(Debug)]
pub(super) struct ReservationStory {
    thread: Thread,
    number: u64,
    patient: Person,
    course: Course,
    stage: Stage,
    slot: Slot,
    clerk: &'static str,
    treatment: usize,
    total: u64,
    room: u64,
}

impl ReservationStory {
    pub(super) fn new(outline: Outline) -> Self {
        let Outline { mut thread, number, length, is_recent } = outline;
        let patient = people::customer(None, &mut thread.random);
        let course = match (length, thread.random.below(100)) {
            _ if is_recent => Course::Ahead,
            (WHOLE_VISIT.., _) => Course::Kept,
            (_, ..65) => Course::Cancelled,
            _ => Course::Missed,
        };
        let clerk = thread.random.pick(CLERKS);
        let treatment = thread.random.below(TREATMENTS.len() as u64) as usize;
        let room = 1 + thread.random.below(5);
        let slot = Slot { at: crate::sample::business::BEGINS, doctor: 0 };
        Self { thread, number, patient, course, stage: Stage::Book, slot, clerk, treatment, total: 0, room }
    }

    fn act(&mut self, at: Timestamp, slots: &mut Slots) -> (&'static str, Value, Said) {
        let language = self.patient.language;
        let doctor = self.slot.doctor();
        let pick = |words: &Words, thread: &mut Thread| words.pick(language, &mut thread.random);
        match self.stage {
            Stage::Book => {
                self.slot = slots.take_any(at, &mut self.thread.random);
                let wanted = &TREATMENTS[self.treatment];
                self.total = wanted.price;
                let by_app = self.thread.random.chance(60);
                let payload = json!({
                    "reservation": self.number, "patient": self.patient.name, "phone": self.patient.phone,
                    "treatment": pick(&wanted.name, &mut self.thread), "price": wanted.price,
                    "doctor": self.slot.doctor(), "startsAt": self.slot.at.to_string(), "slot": self.slot.name(),
                    "via": if by_app { "app" } else { "phone" },
                });
                ("booked", payload, Said::silently(if by_app { "app" } else { self.clerk }))
            }
            Stage::Confirm => ("confirmed", json!({"by": "text message"}), Said::silently("system")),
            Stage::Wait => self.wait(at, slots),
            Stage::Arrive => ("arrived", json!({}), Said::silently("kiosk")),
            Stage::CheckIn => ("checked-in", json!({"room": self.room}), Said::silently(self.clerk)),
            Stage::Start => {
                let name = pick(&TREATMENTS[self.treatment].name, &mut self.thread);
                ("treatment-started", json!({"treatment": name, "room": self.room}), Said::silently(doctor))
            }
            Stage::Treat => {
                let added = &TREATMENTS[self.thread.random.below(TREATMENTS.len() as u64) as usize];
                self.total += added.price;
                let name = pick(&added.name, &mut self.thread);
                let why = pick(&ADDED, &mut self.thread);
                ("treatment-added", json!({"treatment": name, "price": added.price}), Said::by(doctor, why))
            }
            Stage::Finish => ("treatment-finished", json!({"room": self.room}), Said::silently(doctor)),
            Stage::Pay => {
                let method = self.thread.random.pick(&["card", "cash", "transfer"]);
                ("paid", json!({"amount": self.total, "method": method}), Said::silently(self.clerk))
            }
            Stage::Leave => ("went-home", json!({}), Said::silently("kiosk")),
            Stage::CallOff if self.course == Course::Missed => ("no-show", json!({}), Said::silently("system")),
            Stage::CallOff => {
                slots.leave(self.slot);
                let why = pick(&CALLED_OFF, &mut self.thread);
                ("cancelled", json!({"by": "patient"}), Said::by(self.clerk, why))
            }
        }
    }

    /// What happens between the booking and the visit. One that would come too late moves the visit.
    fn wait(&mut self, at: Timestamp, slots: &mut Slots) -> (&'static str, Value, Said) {
        let language = self.patient.language;
        let is_close = self.slot.at.micros_since(at) < 2 * HOUR;
        match self.thread.random.below(100) {
            roll if is_close || roll < 55 => {
                slots.leave(self.slot);
                self.slot = slots.take_any(at, &mut self.thread.random);
                let clerk = self.thread.random.pick(CLERKS);
                let why = MOVED.pick(language, &mut self.thread.random);
                let Slot { at, .. } = self.slot;
                let payload =
                    json!({"startsAt": at.to_string(), "slot": self.slot.name(), "doctor": self.slot.doctor()});
                ("rescheduled", payload, Said::by(clerk, why))
            }
            ..80 => ("reminded", json!({"by": "text message"}), Said::silently("system")),
            _ => {
                let note = NOTES.pick(language, &mut self.thread.random);
                ("note-added", json!({"note": note}), Said::silently(self.clerk))
            }
        }
    }

    fn following(&mut self) -> Stage {
        let left = self.thread.left;
        match (self.stage, self.course) {
            (Stage::Book | Stage::Confirm | Stage::Wait, Course::Cancelled | Course::Missed) if left == 1 => {
                Stage::CallOff
            }
            (Stage::Book, _) => Stage::Confirm,
            (Stage::Confirm | Stage::Wait, Course::Kept) => {
                let spare = left.saturating_sub(FROM_ARRIVAL);
                let waits = spare > 4 || (spare > 0 && self.thread.random.chance(45));
                if waits { Stage::Wait } else { Stage::Arrive }
            }
            (Stage::Confirm | Stage::Wait, _) => Stage::Wait,
            (Stage::Arrive, _) => Stage::CheckIn,
            (Stage::CheckIn, _) => Stage::Start,
            (Stage::Start | Stage::Treat, _) if left > FROM_FINISH => Stage::Treat,
            (Stage::Start | Stage::Treat, _) => Stage::Finish,
            (Stage::Finish, _) => Stage::Pay,
            (Stage::Pay | Stage::Leave | Stage::CallOff, _) => Stage::Leave,
        }
    }

    /// When the stage that comes now comes.
    fn when(&mut self, now: Timestamp) -> Timestamp {
        let until = self.slot.at.micros_since(now);
        let random = &mut self.thread.random;
        let mut after = |least: i64, most: i64| now.plus_micros(random.span(least, most));
        match self.stage {
            Stage::Book | Stage::Leave => after(MINUTE, 10 * MINUTE),
            Stage::Confirm => after(MINUTE, 20 * MINUTE),
            Stage::Wait | Stage::CallOff if self.course != Course::Missed || self.stage == Stage::Wait => {
                let room = until - 30 * MINUTE;
                if room < 2 * HOUR {
                    return after(2 * MINUTE, 20 * MINUTE);
                }
                let then = after(room / 8, room / 3);
                let awake = calendar::in_waking_hours(then, random);
                if awake.micros_since(now) < room { awake } else { then }
            }
            Stage::Wait | Stage::CallOff => now.max(self.slot.at.plus_micros(30 * MINUTE)),
            Stage::Arrive => {
                let late = if random.chance(12) { random.span(0, 25 * MINUTE) } else { 0 };
                let early = random.span(0, 15 * MINUTE);
                now.plus_micros(MINUTE).max(self.slot.at.plus_micros(late - early))
            }
            Stage::CheckIn => after(2 * MINUTE, 12 * MINUTE),
            Stage::Start => after(5 * MINUTE, 40 * MINUTE),
            Stage::Treat => after(5 * MINUTE, 20 * MINUTE),
            Stage::Finish => after(15 * MINUTE, 60 * MINUTE),
            Stage::Pay => after(3 * MINUTE, 15 * MINUTE),
        }
    }
}

impl Story for ReservationStory {
    fn tell(&mut self, at: Timestamp, id: EventId, slots: &mut Slots) -> (Told, Option<Timestamp>) {
        let (event_type, payload, said) = self.act(at, slots);
        let told = self.thread.tell(&draft(event_type, payload), said, at, id);
        if self.thread.left == 0 {
            return (told, None);
        }
        self.stage = self.following();
        (told, Some(self.when(at)))
    }
}

/// The half hour that two clerks gave to two patients.
const GIVEN_TWICE: (&str, &str) = ("2025-01-07T01:00:00Z", "dr-oh 2025-01-07 10:00");

/// Somebody asks who moved the visit of January 6. And two clerks gave one half hour away, forty seconds apart: each stream
/// by itself is in order.
pub(super) fn written(slots: &mut Slots) -> Vec<Vec<Line>> {
    for (at, doctor) in [("2025-01-06T01:00:00Z", 0), ("2025-01-06T05:30:00Z", 0), (GIVEN_TWICE.0, 1)] {
        if let Some(at) = Timestamp::parse_rfc3339(at) {
            slots.take(Slot { at, doctor });
        }
    }
    let (at, slot) = GIVEN_TWICE;
    let booked = |number: u64, patient: &str, phone: &str, treatment: &str, price: u64| {
        json!({"reservation": number, "patient": patient, "phone": phone, "treatment": treatment, "price": price,
               "doctor": "dr-oh", "startsAt": at, "slot": slot, "via": "phone"})
    };
    let asked = vec![
        line(
            "2025-01-02T02:14:05Z",
            "booked",
            "app",
            "",
            json!({"reservation": 1, "patient": "안정윤", "phone": "010-0412-7755",
            "treatment": "레이저 토닝", "price": 90_000, "doctor": "dr-han", "startsAt": "2025-01-06T01:00:00Z",
            "slot": "dr-han 2025-01-06 10:00", "via": "app"}),
        ),
        line("2025-01-02T02:15:00Z", "confirmed", "system", "", json!({"by": "text message"})),
        line(
            "2025-01-03T08:41:22Z",
            "rescheduled",
            "sora",
            "의사 회의와 겹침",
            json!({"startsAt": "2025-01-06T05:30:00Z", "slot": "dr-han 2025-01-06 14:30", "doctor": "dr-han"}),
        ),
        line("2025-01-06T05:12:40Z", "arrived", "kiosk", "", json!({})),
        line("2025-01-06T05:19:03Z", "checked-in", "jiwon", "", json!({"room": 2})),
        line("2025-01-06T05:47:30Z", "treatment-started", "dr-han", "", json!({"treatment": "레이저 토닝", "room": 2})),
        line(
            "2025-01-06T05:58:10Z",
            "treatment-added",
            "dr-han",
            "추가로 원함",
            json!({"treatment": "피부 관리", "price": 60_000}),
        ),
        line("2025-01-06T06:41:00Z", "treatment-finished", "dr-han", "", json!({"room": 2})),
        line("2025-01-06T06:49:15Z", "paid", "jiwon", "", json!({"amount": 150_000, "method": "card"})),
        line("2025-01-06T06:52:48Z", "went-home", "kiosk", "", json!({})),
    ];
    let first = vec![
        line(
            "2025-01-03T01:05:11Z",
            "booked",
            "jiwon",
            "",
            booked(2, "한가온", "010-0208-1190", "여드름 치료", 55_000),
        ),
        line("2025-01-03T01:06:00Z", "confirmed", "system", "", json!({"by": "text message"})),
        line("2025-01-07T00:52:30Z", "arrived", "kiosk", "", json!({})),
        line("2025-01-07T00:58:02Z", "checked-in", "jiwon", "", json!({"room": 1})),
        line("2025-01-07T01:04:20Z", "treatment-started", "dr-oh", "", json!({"treatment": "여드름 치료", "room": 1})),
        line("2025-01-07T01:46:00Z", "treatment-finished", "dr-oh", "", json!({"room": 1})),
        line("2025-01-07T01:53:37Z", "paid", "jiwon", "", json!({"amount": 55_000, "method": "card"})),
        line("2025-01-07T01:55:01Z", "went-home", "kiosk", "", json!({})),
    ];
    let second = vec![
        line(
            "2025-01-03T01:05:51Z",
            "booked",
            "marco",
            "",
            booked(3, "Lucía Navarro", "+34 000 118 42", "mole removal", 40_000),
        ),
        line("2025-01-03T01:07:00Z", "confirmed", "system", "", json!({"by": "text message"})),
        line("2025-01-07T00:55:10Z", "arrived", "kiosk", "", json!({})),
        line("2025-01-07T00:59:41Z", "checked-in", "marco", "", json!({"room": 1})),
        line(
            "2025-01-07T01:32:08Z",
            "note-added",
            "marco",
            "",
            json!({"note": "has waited for half an hour; the doctor is with somebody else"}),
        ),
        line("2025-01-07T01:58:44Z", "treatment-started", "dr-oh", "", json!({"treatment": "mole removal", "room": 1})),
        line("2025-01-07T02:20:05Z", "treatment-finished", "dr-oh", "", json!({"room": 1})),
        line(
            "2025-01-07T02:26:19Z",
            "paid",
            "marco",
            "half the price, for the wait",
            json!({"amount": 20_000, "method": "cash"}),
        ),
        line("2025-01-07T02:28:00Z", "went-home", "kiosk", "", json!({})),
    ];
    vec![asked, first, second]
}
