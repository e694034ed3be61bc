//! One lead's story: each event is decided by the domain's own rules in the state that the story has reached.

mod acts;
mod course;

use super::business::Customer;
use super::people::{self, Person};
use super::plan::Outline;
use super::random::Random;
use super::thread::{Era, Thread, Told};
use crate::domain::Breach;
use crate::domain::lead::{Lead, LeadStatus, LeadTarget, decode};
use crate::event::{EventId, StreamId, Timestamp};

/// What comes next in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Begin,
    Contact(Contact),
    Followup,
    /// Corrects what was written down wrong.
    Fix,
    NewPhone,
    Order,
    Confirm,
    Fail,
    Close,
    /// Compensates the event before.
    Undo,
    Odd(Odd),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contact {
    First,
    Again,
    /// At the time that was agreed.
    Kept,
    /// Later than was agreed.
    Missed,
    WhilePending,
    AfterFailure,
}

/// How a story ends, where its length allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Converts,
    Loses,
    Open,
}

/// An event that breaks a rule. Real histories have some, and replaying reports them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    LatePayment,
    FormTwice,
    CallAfterSale,
    BackdatedFollowup,
    UnorderedPayment,
}

impl Odd {
    const ALL: [Self; 5] =
        [Self::LatePayment, Self::FormTwice, Self::CallAfterSale, Self::BackdatedFollowup, Self::UnorderedPayment];

    /// Whether it is the last thing that happens.
    fn is_last(self) -> bool {
        matches!(self, Self::LatePayment | Self::CallAfterSale | Self::UnorderedPayment)
    }
}

/// What was written down wrong at the beginning, with what is right.
#[derive(Debug)]
struct Slip {
    wrong_name: Option<String>,
    wrong_phone: Option<String>,
}

impl Slip {
    /// What is left to correct once there is a new number.
    fn without_phone(self) -> Option<Self> {
        self.wrong_name.is_some().then_some(Self { wrong_phone: None, ..self })
    }
}

#[derive(Debug)]
pub(super) struct LeadStory {
    thread: Thread,
    number: u64,
    person: Person,
    /// Who sells to this customer.
    owner: &'static str,
    lead: Lead,
    ending: Ending,
    odd: Option<Odd>,
    slip: Option<Slip>,
    /// An event that the next one compensates.
    mistake: Option<Box<LeadTarget>>,
    /// The order that a payment belongs to.
    order: Option<String>,
    /// What was told last, and what comes next.
    done: Step,
    step: Step,
    /// Until when events are still written in their old shapes.
    old_until: Timestamp,
}

const KOREAN_SPEAKERS: &[&str] = &["kim", "lee", "park", "jung", "kim", "lee"];
const ENGLISH_SPEAKERS: &[&str] = &["ortiz", "chen", "lee", "novak", "ortiz"];
const MANAGER: &str = "choi";
const BILLING: &str = "billing";
const SYSTEM: &str = "system";
const WEB_FORM: &str = "web form";

fn salespeople(language: people::Language) -> &'static [&'static str] {
    match language {
        people::Language::Korean => KOREAN_SPEAKERS,
        people::Language::English => ENGLISH_SPEAKERS,
    }
}

impl LeadStory {
    pub(super) fn new(outline: &Outline, era: Era, mut random: Random) -> Self {
        let Outline { kind: _, number, length, is_recent, marred } = *outline;
        let person = people::customer(Some(number), &mut random);
        let owner = random.pick(salespeople(person.language));
        let odd = marred.map(|n| Odd::ALL[(n % Odd::ALL.len() as u64) as usize]);
        let ending = match odd {
            Some(Odd::LatePayment) => Ending::Loses,
            Some(Odd::CallAfterSale) => Ending::Converts,
            Some(Odd::UnorderedPayment) => Ending::Open,
            Some(Odd::FormTwice | Odd::BackdatedFollowup) | None => ending(length, is_recent, &mut random),
        };
        let slip = if people::is_well_known(number) { None } else { slip(&person, &mut random) };
        Self {
            thread: Thread::new(StreamId::new(format!("lead-{number}")), length, era, random),
            number,
            person,
            owner,
            lead: Lead::default(),
            ending,
            odd,
            slip,
            mistake: None,
            order: None,
            done: Step::Begin,
            step: Step::Begin,
            old_until: era.old_until,
        }
    }

    /// Tells the event that was next, and when the one after it happens, if there is one.
    pub(super) fn tell(&mut self, at: Timestamp, id: EventId) -> Result<(Told, Option<Timestamp>), Breach> {
        let is_mistake = self.is_mistake();
        let (draft, said) = self.act(at)?;
        let told = self.thread.tell(&draft, said, at, id);
        let row = told.as_row();
        let event = decode(&row).event;
        if is_mistake {
            let before = self.lead.clone();
            self.mistake = Some(Box::new(LeadTarget { id: row.id.clone(), event: event.clone(), before }));
        }
        self.lead.apply(&event, &row.head());
        if self.step == Step::Order {
            self.order = self.thread.last().map(str::to_owned);
        }
        let next = self.go_on(at);
        Ok((told, next))
    }

    /// Whom a ticket may come from, where this lead has just become a customer.
    pub(super) fn won_customer(&self) -> Option<Customer> {
        let is_won = self.lead.status == Some(LeadStatus::Converted) && self.lead.converted_on == self.lead.updated_on;
        let person = Person { name: self.lead.name.as_deref()?.to_owned(), ..self.person.clone() };
        let (correlation, conversion) = (self.thread.correlation()?.to_owned(), self.thread.last()?.to_owned());
        is_won.then_some(Customer { person, correlation, conversion })
    }
}

fn ending(length: u64, is_recent: bool, random: &mut Random) -> Ending {
    let (converts, loses) = match length {
        _ if is_recent => (10, 15),
        ..=2 => (0, 60),
        3 => (12, 55),
        4 => (30, 45),
        _ => (46, 40),
    };
    match random.below(100) {
        roll if roll < converts => Ending::Converts,
        roll if roll < converts + loses => Ending::Loses,
        _ => Ending::Open,
    }
}

fn slip(person: &Person, random: &mut Random) -> Option<Slip> {
    let (wrong_name, wrong_phone) = match random.below(100) {
        ..9 => (people::misspelt_name(&person.name, random), None),
        9..14 => (None, people::misheard_phone(&person.phone)),
        14 => (people::misspelt_name(&person.name, random), people::misheard_phone(&person.phone)),
        _ => (None, None),
    };
    (wrong_name.is_some() || wrong_phone.is_some()).then_some(Slip { wrong_name, wrong_phone })
}
