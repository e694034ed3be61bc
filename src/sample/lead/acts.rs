//! Carries out a step of a lead's story: who does it, with which words, and what the domain decides.

use serde_json::json;

use super::{BILLING, Contact, LeadStory, MANAGER, Odd, SYSTEM, Slip, Step, WEB_FORM, salespeople};
use crate::domain::lead::{LeadCommand, LeadEvent, decide};
use crate::domain::{Breach, Draft};
use crate::event::Timestamp;
use crate::sample::calendar::{self, DAY};
use crate::sample::people::{self, Language, Words};
use crate::sample::sales_words as words;
use crate::sample::thread::Said;

/// How customers are reached, the usual ways more often.
const KOREAN_CHANNELS: &[&str] = &["phone", "phone", "phone", "phone", "kakao", "kakao", "sms", "email", "visit"];
const OTHER_CHANNELS: &[&str] = &["phone", "phone", "phone", "email", "email", "email", "video", "visit"];
const AGREED_CHANNELS: &[&str] = &["phone", "phone", "phone", "video", "visit"];

impl LeadStory {
    /// The event of the coming step. What the rules refuse becomes a new telephone number, which they never do.
    pub(super) fn act(&mut self, at: Timestamp) -> Result<(Draft, Said), Breach> {
        if let Step::Odd(odd) = self.step {
            return Ok(self.break_rule(odd, at));
        }
        let (command, said) = self.command(self.step, at);
        let mut drafts = decide(&self.lead, &command, at).unwrap_or_default();
        if let Some(draft) = drafts.pop() {
            return Ok((self.in_the_shape_of(draft, at), said));
        }
        self.step = Step::NewPhone;
        let (command, said) = self.command(Step::NewPhone, at);
        let mut drafts = decide(&self.lead, &command, at)?;
        let draft = drafts.pop().ok_or_else(|| Breach::Unreadable("nothing was decided".to_owned()))?;
        Ok((draft, said))
    }

    fn command(&mut self, step: Step, at: Timestamp) -> (LeadCommand, Said) {
        match step {
            Step::Begin | Step::Odd(_) => {
                let (name, phone) = (self.written_name(), self.written_phone());
                let said = Said::by(WEB_FORM, self.say(&words::ENQUIRY));
                (LeadCommand::Initialize { lead_id: self.number.to_string(), name, phone }, said)
            }
            Step::Contact(contact) => self.contact(contact),
            Step::Followup => {
                let on = self.thread.appointment(at);
                let is_postponed = self.done == Step::Followup;
                let reasons = if is_postponed { &words::POSTPONED_REASON } else { &words::FOLLOWUP_REASON };
                (LeadCommand::SetFollowup { on }, Said::by(self.owner, self.say(reasons)))
            }
            Step::Fix => {
                let slip = self.slip.take();
                let is_name = slip.as_ref().is_some_and(|slip| slip.wrong_name.is_some());
                let is_phone = slip.as_ref().is_some_and(|slip| slip.wrong_phone.is_some());
                let reasons = if is_name { &words::NAME_REASON } else { &words::DIGITS_REASON };
                let name = is_name.then(|| self.person.name.clone());
                let phone = is_phone.then(|| self.person.phone.clone());
                (LeadCommand::UpdateDetails { name, phone }, Said::by(self.owner, self.say(reasons)))
            }
            Step::NewPhone => {
                let phone = people::another_phone(&self.person, &mut self.thread.random);
                self.person.phone.clone_from(&phone);
                self.slip = self.slip.take().and_then(Slip::without_phone);
                let said = Said::by(self.owner, self.say(&words::NEW_PHONE_REASON));
                (LeadCommand::UpdateDetails { name: None, phone: Some(phone) }, said)
            }
            Step::Order => {
                let deadline = calendar::closing_time(at, 1 + self.thread.random.below(6) as i64);
                let is_retry = self.done == Step::Fail;
                let reasons = if is_retry { &words::AGAIN_ORDER_REASON } else { &words::ORDER_REASON };
                let actor = if self.thread.random.chance(25) { WEB_FORM } else { self.owner };
                (LeadCommand::SubmitOrder { deadline }, Said::by(actor, self.say(reasons)))
            }
            Step::Confirm => {
                let said = Said::by(BILLING, self.say(&words::PAID_REASON)).caused_by(self.order.clone());
                (LeadCommand::ConfirmPayment, said)
            }
            Step::Fail => {
                let is_overdue = self.lead.payment_deadline.is_some_and(|deadline| at > deadline);
                let random = &mut self.thread.random;
                let bank_says = if is_overdue { words::NO_TRANSFER } else { random.pick(words::BANK_SAYS) };
                let reasons = if is_overdue { &words::OVERDUE_REASON } else { &words::FAILED_REASON };
                let said = Said::by(BILLING, self.say(reasons)).caused_by(self.order.clone());
                (LeadCommand::FailPayment { reason: Some(bank_says.to_owned()) }, said)
            }
            Step::Close => {
                let was_reached = matches!(self.done, Step::Contact(_));
                let (texts, reasons) = if was_reached {
                    (&words::SAID_NO, &words::CLOSED_REASON)
                } else {
                    (&words::NEVER_ANSWERED, &words::TIDIED_REASON)
                };
                let actor = if was_reached { self.owner } else { SYSTEM };
                let said = Said::by(actor, self.say(reasons));
                (LeadCommand::Close { reason: Some(self.say(texts).to_owned()) }, said)
            }
            Step::Undo => self.undo(),
        }
    }

    fn contact(&mut self, contact: Contact) -> (LeadCommand, Said) {
        let random = &mut self.thread.random;
        let is_korean = self.person.language == Language::Korean;
        let channel = random.pick(match contact {
            Contact::Kept | Contact::Missed => AGREED_CHANNELS,
            _ if is_korean => KOREAN_CHANNELS,
            _ => OTHER_CHANNELS,
        });
        // Now and then a colleague makes the call.
        let actor = if random.chance(8) { random.pick(salespeople(self.person.language)) } else { self.owner };
        let (has_channel, has_note, has_reason) = (random.chance(96), random.chance(85), random.chance(60));
        let (notes, reasons) = match contact {
            Contact::First => (&words::FIRST_NOTE, &words::FIRST_REASON),
            Contact::Again => (&words::AGAIN_NOTE, &words::AGAIN_REASON),
            Contact::Kept => (&words::KEPT_NOTE, &words::KEPT_REASON),
            Contact::Missed => (&words::MISSED_NOTE, &words::MISSED_REASON),
            Contact::WhilePending => (&words::PAYMENT_NOTE, &words::PENDING_REASON),
            Contact::AfterFailure => (&words::FAILURE_NOTE, &words::FAILURE_REASON),
        };
        let note = has_note.then(|| self.say(notes).to_owned());
        let said = if has_reason { Said::by(actor, self.say(reasons)) } else { Said::silently(actor) };
        (LeadCommand::Contact { channel: has_channel.then(|| channel.to_owned()), note }, said)
    }

    fn undo(&mut self) -> (LeadCommand, Said) {
        let Some(target) = self.mistake.take() else { return self.contact(Contact::Again) };
        let (actor, reasons) = match &target.event {
            LeadEvent::Initialized { .. } => (MANAGER, &words::UNDO_BEGIN),
            LeadEvent::FollowupSet { .. } => (self.owner, &words::UNDO_FOLLOWUP),
            LeadEvent::DetailsUpdated { .. } => (self.owner, &words::UNDO_DETAILS),
            LeadEvent::OrderSubmitted { .. } => (self.owner, &words::UNDO_ORDER),
            LeadEvent::PaymentConfirmed => (BILLING, &words::UNDO_PAYMENT),
            LeadEvent::PaymentFailed => (BILLING, &words::UNDO_FAILURE),
            LeadEvent::Closed { .. } => (MANAGER, &words::UNDO_CLOSE),
            _ => (self.owner, &words::UNDO_CONTACT),
        };
        let reason = self.say(reasons);
        (LeadCommand::Compensate { target, reason: reason.to_owned() }, Said::by(actor, reason))
    }

    /// An event that today's rules would refuse, as another tool or an older release let it through.
    fn break_rule(&mut self, odd: Odd, at: Timestamp) -> (Draft, Said) {
        self.odd = None;
        let draft = |event_type, schema, payload| Draft { event_type, schema, payload, compensates: None };
        let (draft, actor, reasons) = match odd {
            Odd::LatePayment => (draft("payment-confirmed", 2, json!({})), BILLING, &words::LATE_PAYMENT),
            Odd::UnorderedPayment => (draft("payment-confirmed", 2, json!({})), BILLING, &words::UNORDERED_PAYMENT),
            Odd::CallAfterSale => {
                (draft("contacted", 1, json!({"channel": "phone"})), self.owner, &words::COURTESY_CALL)
            }
            Odd::FormTwice => {
                // This time it is filled in without mistakes.
                self.slip = None;
                let (name, phone) = (self.person.name.as_str(), self.person.phone.as_str());
                let payload = json!({"lead-id": self.number, "name": name, "phone": phone});
                (draft("lead-initialized", 1, payload), WEB_FORM, &words::FORM_AGAIN)
            }
            Odd::BackdatedFollowup => {
                let on = at.plus_micros(-DAY).to_string();
                (draft("followup-set", 1, json!({"followup-on": on})), self.owner, &words::BACKDATED)
            }
        };
        (self.in_the_shape_of(draft, at), Said::by(actor, self.say(reasons)))
    }

    /// In its first months the business wrote some events in shapes and under names that it gave up later.
    fn in_the_shape_of(&mut self, draft: Draft, at: Timestamp) -> Draft {
        if at >= self.old_until {
            return draft;
        }
        match draft.event_type {
            "payment-confirmed" => Draft { schema: 1, payload: json!({"stauts": "converted"}), ..draft },
            "contact-details-updated" if self.number.is_multiple_of(2) => {
                Draft { event_type: "ContactDetailsChange", ..draft }
            }
            _ => draft,
        }
    }

    fn written_name(&self) -> String {
        let wrong = self.slip.as_ref().and_then(|slip| slip.wrong_name.as_ref());
        wrong.unwrap_or(&self.person.name).clone()
    }

    fn written_phone(&self) -> String {
        let wrong = self.slip.as_ref().and_then(|slip| slip.wrong_phone.as_ref());
        wrong.unwrap_or(&self.person.phone).clone()
    }

    fn say(&mut self, words: &Words) -> &'static str {
        words.pick(self.person.language, &mut self.thread.random)
    }
}
