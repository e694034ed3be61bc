//! Bank accounts: what was paid in and out, when it was done and when it was recorded.

use serde_json::{Value, json};

use super::scripted::{Line, draft, line};
use super::slots::Slots;
use super::{Outline, Story};
use crate::event::{EventId, Timestamp};
use crate::sample::calendar::{DAY, HOUR, MINUTE, SECOND};
use crate::sample::people::{self, Person, Words};
use crate::sample::thread::{Said, Thread, Told};

const SHOPS: Words = Words {
    en: &["bakery", "bookshop", "railway", "pharmacy", "supermarket", "cinema"],
    ko: &["빵집", "서점", "철도", "약국", "마트", "영화관"],
};
const PURPOSES: Words = Words {
    en: &["rent", "telephone", "insurance", "a present", "lessons"],
    ko: &["월세", "통신비", "보험료", "선물", "학원비"],
};
const SALARY: Words = Words { en: &["salary"], ko: &["급여"] };

/// Of a few accounts' money that much is always left.
const KEPT: u64 = 1_000;

#[derive(Debug)]
pub(super) struct AccountStory {
    thread: Thread,
    number: u64,
    owner: Person,
    balance: u64,
    is_open: bool,
    will_close: bool,
}

impl AccountStory {
    pub(super) fn new(outline: Outline) -> Self {
        let Outline { mut thread, number, length, is_recent } = outline;
        let owner = people::customer(None, &mut thread.random);
        let will_close = !is_recent && length > 4 && thread.random.chance(6);
        Self { thread, number, owner, balance: 0, is_open: false, will_close }
    }

    fn act(&mut self, at: Timestamp) -> (&'static str, Value, Said) {
        let language = self.owner.language;
        if !self.is_open {
            self.is_open = true;
            let payload =
                json!({"owner": self.owner.name, "phone": self.owner.phone, "number": self.iban(), "currency": "KRW"});
            return ("opened", payload, Said::silently("counter"));
        }
        if self.will_close && self.thread.left == 1 {
            let rest = std::mem::take(&mut self.balance);
            return ("closed", json!({"paidOut": rest, "madeAt": at.to_string()}), Said::silently("counter"));
        }
        let random = &mut self.thread.random;
        // What was done is recorded a moment later.
        let made_at = at.plus_micros(-random.span(SECOND, 40 * SECOND)).to_string();
        let (roll, share) = (random.below(100), random.below(90) + 1);
        let spendable = self.balance.saturating_sub(KEPT);
        let amount = match roll {
            ..45 => share * 1_000,
            45..65 => share.div_ceil(3) * 10_000,
            65..80 => share * 8_000,
            80..84 => 300 + share * 10,
            _ => 1_500_000 + share * 30_000,
        };
        if roll < 80 && amount <= spendable {
            self.balance -= amount;
            return match roll {
                ..45 => {
                    let shop = SHOPS.pick(language, random);
                    let payload = json!({"amount": amount, "shop": shop, "madeAt": made_at});
                    ("card-paid", payload, Said::silently("card network"))
                }
                45..65 => (
                    "withdrawn",
                    json!({"amount": amount, "from": "cash machine", "madeAt": made_at}),
                    Said::silently("atm"),
                ),
                _ => {
                    let to = format!("110-{:03}-{:06}", random.below(1_000), random.below(1_000_000));
                    let purpose = PURPOSES.pick(language, random);
                    let payload = json!({"amount": amount, "to": to, "madeAt": made_at});
                    ("transferred", payload, Said::by("app", purpose))
                }
            };
        }
        let is_interest = (80..84).contains(&roll) && self.balance > 0;
        let amount = if is_interest { amount } else { amount.max(1_500_000 + share * 30_000) };
        self.balance += amount;
        if is_interest {
            return ("interest-paid", json!({"amount": amount, "madeAt": made_at}), Said::silently("system"));
        }
        let payload = json!({"amount": amount, "from": "transfer", "madeAt": made_at});
        ("deposited", payload, Said::by("clearing", SALARY.pick(language, random)))
    }

    fn iban(&mut self) -> String {
        format!("110-{:03}-{:06}", self.number % 1_000, self.thread.random.below(1_000_000))
    }
}

impl Story for AccountStory {
    fn tell(&mut self, at: Timestamp, id: EventId, _: &mut Slots) -> (Told, Option<Timestamp>) {
        let was_open = self.is_open;
        let (event_type, payload, said) = self.act(at);
        let told = self.thread.tell(&draft(event_type, payload), said, at, id);
        if self.thread.left == 0 {
            return (told, None);
        }
        let next =
            if was_open { self.thread.waking(at, HOUR, 6 * DAY) } else { self.thread.any_time(at, 2 * MINUTE, HOUR) };
        (told, Some(next))
    }
}

/// The first account pays in 100,000 and takes out 30,000. The second is overdrawn because a deposit that was made before
/// the withdrawal was recorded after it.
pub(super) fn written() -> Vec<Vec<Line>> {
    let made = |amount: u64, key: &str, what: &str, at: &str| json!({"amount": amount, key: what, "madeAt": at});
    let simple = vec![
        line(
            "2025-01-02T00:31:10Z",
            "opened",
            "counter",
            "",
            json!({"owner": "김하늘", "phone": "010-0101-2030", "number": "110-001-204815", "currency": "KRW"}),
        ),
        line("2025-01-02T00:33:42Z", "deposited", "counter", "", made(100_000, "from", "cash", "2025-01-02T00:33:40Z")),
        line(
            "2025-01-03T03:12:09Z",
            "withdrawn",
            "atm",
            "",
            made(30_000, "from", "cash machine", "2025-01-03T03:12:08Z"),
        ),
    ];
    let late = vec![
        line(
            "2025-01-02T01:10:00Z",
            "opened",
            "counter",
            "",
            json!({"owner": "박도윤", "phone": "010-0666-1204", "number": "110-002-771520", "currency": "KRW"}),
        ),
        line("2025-01-02T01:12:30Z", "deposited", "counter", "", made(500_000, "from", "cash", "2025-01-02T01:12:28Z")),
        line(
            "2025-01-06T02:00:05Z",
            "transferred",
            "app",
            "월세",
            made(450_000, "to", "110-310-448120", "2025-01-06T02:00:04Z"),
        ),
        line(
            "2025-01-10T01:15:22Z",
            "withdrawn",
            "atm",
            "",
            made(800_000, "from", "cash machine", "2025-01-10T01:15:20Z"),
        ),
        line(
            "2025-01-10T01:15:24Z",
            "fee-charged",
            "system",
            "the account is overdrawn",
            made(15_000, "for", "overdraft", "2025-01-10T01:15:24Z"),
        ),
        line(
            "2025-01-10T05:10:47Z",
            "deposited",
            "branch 0412",
            "the branch was offline from 09:20 to 14:05; entered afterwards",
            made(2_000_000, "from", "transfer", "2025-01-10T00:30:11Z"),
        ),
        line(
            "2025-01-11T04:02:31Z",
            "card-paid",
            "card network",
            "",
            made(38_500, "shop", "서점", "2025-01-11T04:02:30Z"),
        ),
    ];
    vec![simple, late]
}
