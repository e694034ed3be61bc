//! Orders of a shop: placed, paid, sent, delivered, and what goes wrong in between.

use serde_json::{Value, json};

use super::scripted::{Line, draft, line};
use super::slots::Slots;
use super::{Outline, Story};
use crate::event::{EventId, Timestamp};
use crate::sample::calendar::{DAY, HOUR, MINUTE};
use crate::sample::people::{self, Person, Words};
use crate::sample::thread::{Said, Thread, Told};

/// Placed, paid, packed, shipped, delivered.
const WHOLE_ORDER: u64 = 5;
const FROM_PAYMENT: u64 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Delivered,
    /// Delivered, and some of it sent back.
    SentBack,
    Cancelled,
    /// Cancelled when it was paid already.
    PaidBack,
    Ahead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Place,
    Change,
    Pay,
    Pack,
    Ship,
    Travel,
    Deliver,
    Ask,
    Refund,
    Cancel,
}

struct Ware {
    sku: &'static str,
    name: Words,
    price: u64,
}

const fn ware(sku: &'static str, en: &'static [&'static str], ko: &'static [&'static str], price: u64) -> Ware {
    Ware { sku, name: Words { en, ko }, price }
}

const WARES: &[Ware] = &[
    ware("KB-1", &["Keyboard"], &["키보드"], 89_000),
    ware("MS-2", &["Mouse"], &["마우스"], 35_000),
    ware("LP-7", &["Desk lamp"], &["스탠드"], 32_000),
    ware("CH-4", &["Chair"], &["의자"], 210_000),
    ware("MG-3", &["Mug"], &["머그컵"], 12_000),
    ware("HD-9", &["Headphones"], &["헤드폰"], 140_000),
    ware("NB-5", &["Notebook"], &["공책"], 6_000),
    ware("BG-6", &["Rucksack"], &["배낭"], 74_000),
];

const CANCELLED: Words = Words {
    en: &["ordered by mistake", "found it cheaper", "takes too long", "paid twice elsewhere"],
    ko: &["실수로 주문함", "더 싼 곳을 찾음", "배송이 너무 늦음", "다른 곳에서 결제함"],
};
const SENT_BACK: Words = Words {
    en: &["too small", "came damaged", "another colour was ordered", "not as described"],
    ko: &["너무 작음", "파손되어 도착", "다른 색을 주문함", "설명과 다름"],
};
const PLACES: &[&str] = &["Incheon", "Daejeon", "Gwangju", "Busan", "Osaka", "Rotterdam", "Madrid", "Leipzig"];
const AGENTS: &[&str] = &["mina", "tom", "yuna"];

#[derive(Debug)]
pub(super) struct OrderStory {
    thread: Thread,
    number: u64,
    customer: Person,
    course: Course,
    stage: Stage,
    total: u64,
    paid: u64,
    refunded: u64,
}

impl OrderStory {
    pub(super) fn new(outline: Outline) -> Self {
        let Outline { mut thread, number, length, is_recent } = outline;
        let customer = people::customer(None, &mut thread.random);
        let roll = thread.random.below(100);
        let course = match length {
            _ if is_recent => Course::Ahead,
            1 => Course::Ahead,
            ..WHOLE_ORDER if length == 4 && roll < 50 => Course::PaidBack,
            ..WHOLE_ORDER => Course::Cancelled,
            _ if length > WHOLE_ORDER + 1 && roll < 12 => Course::SentBack,
            _ => Course::Delivered,
        };
        Self { thread, number, customer, course, stage: Stage::Place, total: 0, paid: 0, refunded: 0 }
    }

    fn items(&mut self) -> Vec<Value> {
        let language = self.customer.language;
        let random = &mut self.thread.random;
        let first = random.below(WARES.len() as u64) as usize;
        let kinds = 1 + random.below(3) as usize;
        let mut items = Vec::new();
        for n in 0..kinds {
            let Ware { sku, name, price } = &WARES[(first + n * 3) % WARES.len()];
            let quantity = 1 + random.below(10) / 8;
            self.total += price * quantity;
            items.push(json!({"sku": sku, "name": name.pick(language, random), "quantity": quantity, "price": price}));
        }
        items
    }

    fn act(&mut self) -> (&'static str, Value, Said) {
        let language = self.customer.language;
        match self.stage {
            Stage::Place => {
                let items = self.items();
                let payload = json!({
                    "order": self.number, "customer": self.customer.name, "phone": self.customer.phone, "items": items,
                    "total": self.total, "currency": "KRW",
                });
                ("placed", payload, Said::silently("shop"))
            }
            Stage::Change => self.change(),
            Stage::Pay => {
                self.paid = self.total;
                let method = self.thread.random.pick(&["card", "card", "transfer", "kakao"]);
                ("paid", json!({"amount": self.paid, "method": method}), Said::silently("payments"))
            }
            Stage::Pack => ("packed", json!({"parcels": 1}), Said::silently("warehouse")),
            Stage::Ship => {
                let number = self.thread.random.below(1_000_000_000);
                (
                    "shipped",
                    json!({"carrier": "CJ", "tracking": format!("CJ{number:010}")}),
                    Said::silently("warehouse"),
                )
            }
            Stage::Travel => ("tracked", json!({"place": self.thread.random.pick(PLACES)}), Said::silently("carrier")),
            Stage::Deliver => ("delivered", json!({}), Said::silently("carrier")),
            Stage::Ask => {
                let why = SENT_BACK.pick(language, &mut self.thread.random);
                ("refund-requested", json!({"amount": self.paid}), Said::by("shop", why))
            }
            Stage::Refund => {
                let agent = self.thread.random.pick(AGENTS);
                let amount = self.paid - self.refunded;
                self.refunded = self.paid;
                ("refunded", json!({"amount": amount}), Said::by(agent, "agreed"))
            }
            Stage::Cancel => {
                let why = CANCELLED.pick(language, &mut self.thread.random);
                ("cancelled", json!({}), Said::by("shop", why))
            }
        }
    }

    /// Something that happens before it is paid.
    fn change(&mut self) -> (&'static str, Value, Said) {
        if self.thread.random.chance(30) {
            let payload = json!({"amount": self.total, "why": "the card was refused"});
            return ("payment-failed", payload, Said::silently("payments"));
        }
        let random = &mut self.thread.random;
        let Ware { sku, name, price } = &WARES[random.below(WARES.len() as u64) as usize];
        self.total += price;
        let item =
            json!({"sku": sku, "name": name.pick(self.customer.language, random), "quantity": 1, "price": price});
        ("item-added", json!({"item": item, "total": self.total}), Said::silently("shop"))
    }

    fn following(&mut self) -> Stage {
        let left = self.thread.left;
        // What comes behind the delivery.
        let behind = if self.course == Course::SentBack { 2 } else { 0 };
        match (self.stage, self.course) {
            (Stage::Place | Stage::Change, Course::Cancelled) if left == 1 => Stage::Cancel,
            (Stage::Place | Stage::Change, Course::Cancelled) => Stage::Change,
            (Stage::Place | Stage::Change, Course::PaidBack) => Stage::Pay,
            (Stage::Place | Stage::Change, _) => {
                let spare = left.saturating_sub(FROM_PAYMENT + behind);
                let changes = spare > 0 && spare < 6 && self.thread.random.chance(35);
                if changes { Stage::Change } else { Stage::Pay }
            }
            (Stage::Pay, Course::PaidBack) => Stage::Cancel,
            (Stage::Cancel | Stage::Ask | Stage::Refund, _) => Stage::Refund,
            (Stage::Pay, _) => Stage::Pack,
            (Stage::Pack, _) => Stage::Ship,
            (Stage::Ship | Stage::Travel, course) if course == Course::Ahead || left > 1 + behind => Stage::Travel,
            (Stage::Ship | Stage::Travel, _) => Stage::Deliver,
            (Stage::Deliver, _) => Stage::Ask,
        }
    }

    fn when(&mut self, now: Timestamp) -> Timestamp {
        match self.stage {
            Stage::Place | Stage::Change => self.thread.any_time(now, MINUTE, 20 * MINUTE),
            Stage::Pay => self.thread.any_time(now, MINUTE, 2 * HOUR),
            Stage::Cancel => self.thread.waking(now, 10 * MINUTE, DAY),
            Stage::Pack => self.thread.office(now, 30 * MINUTE, DAY),
            Stage::Ship | Stage::Refund => self.thread.office(now, HOUR, 8 * HOUR),
            Stage::Travel => self.thread.any_time(now, 2 * HOUR, 14 * HOUR),
            Stage::Deliver => self.thread.waking(now, 4 * HOUR, 2 * DAY),
            Stage::Ask => self.thread.waking(now, 5 * HOUR, 6 * DAY),
        }
    }
}

impl Story for OrderStory {
    fn tell(&mut self, at: Timestamp, id: EventId, _: &mut Slots) -> (Told, Option<Timestamp>) {
        let (event_type, payload, said) = self.act();
        let told = self.thread.tell(&draft(event_type, payload), said, at, id);
        if self.thread.left == 0 {
            return (told, None);
        }
        self.stage = self.following();
        (told, Some(self.when(at)))
    }
}

/// A keyboard and a mouse; an order of which somebody asks why it was cancelled; and one that two agents paid back.
pub(super) fn written() -> Vec<Vec<Line>> {
    let item = |sku: &str, name: &str, quantity: u64, price: u64| json!({"sku": sku, "name": name, "quantity": quantity, "price": price});
    let placed = |number: u64, customer: &str, phone: &str, items: Value, total: u64| json!({"order": number, "customer": customer, "phone": phone, "items": items, "total": total, "currency": "KRW"});
    let simple = vec![
        line("2025-01-02T01:20:00Z", "placed", "shop", "", placed(1, "John Reed", "+1 312 555 0142", json!([]), 0)),
        line(
            "2025-01-02T01:21:14Z",
            "item-added",
            "shop",
            "",
            json!({"item": item("KB-1", "Keyboard", 1, 89_000), "total": 89_000}),
        ),
        line(
            "2025-01-02T01:22:40Z",
            "item-added",
            "shop",
            "",
            json!({"item": item("MS-2", "Mouse", 1, 35_000), "total": 124_000}),
        ),
        line("2025-01-02T01:25:03Z", "paid", "payments", "", json!({"amount": 124_000, "method": "card"})),
    ];
    let cancelled = vec![
        line(
            "2025-01-02T11:02:19Z",
            "placed",
            "shop",
            "",
            placed(2, "오은호", "010-0931-5528", json!([item("HD-9", "헤드폰", 3, 140_000)]), 420_000),
        ),
        line("2025-01-02T11:04:00Z", "paid", "payments", "", json!({"amount": 420_000, "method": "card"})),
        line("2025-01-02T11:31:55Z", "cancelled", "yuna", "도난 신고된 카드", json!({})),
        line("2025-01-02T11:32:20Z", "refunded", "yuna", "도난 신고된 카드", json!({"amount": 420_000})),
    ];
    let twice = vec![
        line(
            "2025-01-03T02:40:31Z",
            "placed",
            "shop",
            "",
            placed(3, "Zofia Nowak", "+48 000 512 07", json!([item("LP-7", "Desk lamp", 2, 32_000)]), 64_000),
        ),
        line("2025-01-03T02:44:10Z", "paid", "payments", "", json!({"amount": 64_000, "method": "card"})),
        line("2025-01-03T06:10:00Z", "packed", "warehouse", "", json!({"parcels": 1})),
        line("2025-01-03T08:30:00Z", "shipped", "warehouse", "", json!({"carrier": "CJ", "tracking": "CJ0000412207"})),
        line("2025-01-06T05:02:45Z", "delivered", "carrier", "", json!({})),
        line(
            "2025-01-06T09:15:20Z",
            "refund-requested",
            "shop",
            "one of the two came damaged",
            json!({"amount": 32_000}),
        ),
        line("2025-01-07T01:05:33Z", "refunded", "mina", "one of the two came damaged", json!({"amount": 32_000})),
        line(
            "2025-01-07T01:09:02Z",
            "refunded",
            "tom",
            "she wrote again, and was paid back in full",
            json!({"amount": 64_000}),
        ),
    ];
    vec![simple, cancelled, twice]
}
