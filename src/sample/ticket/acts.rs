//! Carries out a step of a ticket's story: who does it, with which words, and what the domain decides.

use serde_json::json;

use super::{HELP_PAGE, MANAGER, Odd, SYSTEM, Step, TicketStory};
use crate::domain::ticket::{Party, Priority, Role, TicketCommand, TicketEvent, decide};
use crate::domain::{Breach, Draft};
use crate::event::Timestamp;
use crate::sample::people::{Language, Words};
use crate::sample::support_words::{self as words, LONG_SUBJECT, LONG_TURNS, MORE_TURNS, Pair, TOPICS};
use crate::sample::thread::Said;

/// Customers are told apart by the names in their messages; as authors of events they are all this one.
const CUSTOMER: &str = "customer";

impl TicketStory {
    /// The event of the coming step. What the rules refuse becomes a look at the ticket, which they never do.
    pub(super) fn act(&mut self, at: Timestamp, is_mistake: bool) -> Result<(Draft, Said), Breach> {
        if let Step::Odd(odd) = self.step {
            return Ok(self.break_rule(odd));
        }
        let (command, said) = self.command(self.step, is_mistake);
        let mut drafts = decide(&self.ticket, &command, at).unwrap_or_default();
        if let Some(draft) = drafts.pop() {
            return Ok((draft, said));
        }
        self.step = Step::View;
        let (command, said) = self.command(Step::View, false);
        let mut drafts = decide(&self.ticket, &command, at)?;
        let draft = drafts.pop().ok_or_else(|| Breach::Unreadable("nothing was decided".to_owned()))?;
        Ok((draft, said))
    }

    fn command(&mut self, step: Step, is_mistake: bool) -> (TicketCommand, Said) {
        let agent = self.agent();
        match step {
            Step::Begin | Step::Odd(_) => {
                let subject = self.subject().to_owned();
                let (ticket_id, customer, priority) =
                    (self.number.to_string(), self.customer.name.clone(), self.priority);
                let said = Said::by(HELP_PAGE, self.say(&words::OPENED_REASON));
                (TicketCommand::Open { ticket_id, customer, subject, priority }, said)
            }
            Step::Assign => {
                let agent = self.another_agent();
                let said = Said::by(SYSTEM, self.say(&words::ASSIGNED_REASON));
                (TicketCommand::Assign { agent: agent.to_owned() }, said)
            }
            Step::HandOver => {
                self.is_viewed = false;
                let next = self.another_agent();
                let said = Said::by(agent, self.say(&words::SHIFT_REASON));
                (TicketCommand::Assign { agent: next.to_owned() }, said)
            }
            Step::Move => {
                self.will_move = false;
                self.is_viewed = false;
                let next = self.another_agent();
                let said = Said::by(SYSTEM, self.say(&words::MOVED_REASON));
                (TicketCommand::MoveUnopened { agent: next.to_owned() }, said)
            }
            Step::View => {
                self.is_viewed = true;
                (TicketCommand::View { agent: agent.to_owned() }, Said::silently(agent))
            }
            Step::Ask | Step::Chase | Step::Thank => (self.customer_writes(step), Said::silently(CUSTOMER)),
            Step::Answer | Step::Add => {
                if is_mistake {
                    return (self.agent_writes_elsewhere(agent), Said::silently(agent));
                }
                let cause = if step == Step::Answer { self.question.take() } else { None };
                (self.agent_writes(step, agent), Said::silently(agent).caused_by(cause))
            }
            Step::ChangePriority => self.change_priority(agent),
            Step::Escalate => {
                self.will_escalate = false;
                self.is_viewed = false;
                let reason = self.say(&words::ESCALATED_REASON);
                (TicketCommand::Escalate { reason: reason.to_owned() }, Said::by(CUSTOMER, reason))
            }
            Step::Close(by) => self.close(by, agent),
            Step::Reopen => {
                self.is_viewed = false;
                let said = Said::by(CUSTOMER, self.say(&words::REOPENED_REASON));
                (TicketCommand::Reopen { by: Party::Customer }, said)
            }
            Step::Undo => self.undo(agent),
        }
    }

    fn customer_writes(&mut self, step: Step) -> TicketCommand {
        let body = match step {
            Step::Thank => self.say(&words::THANKS).to_owned(),
            Step::Ask if self.done == Step::Reopen => self.say(&words::BACK_AGAIN).to_owned(),
            Step::Ask => {
                let turn = self.asked;
                self.asked += 1;
                self.is_viewed = false;
                self.turn(turn).0
            }
            _ => self.say(&words::CHASE).to_owned(),
        };
        TicketCommand::Post { role: Role::Customer, author: self.customer.name.clone(), body }
    }

    fn agent_writes(&mut self, step: Step, agent: &str) -> TicketCommand {
        let answers_next = self.answered < self.asked && step == Step::Answer;
        let answer = answers_next.then(|| self.turn(self.asked - 1).1);
        let body = match answer {
            Some(answer) => {
                self.answered = self.asked;
                answer
            }
            None if step == Step::Answer => self.say(&words::ANSWER_CHASE).to_owned(),
            None => self.say(&words::HOLD).to_owned(),
        };
        TicketCommand::Post { role: Role::Agent, author: agent.to_owned(), body }
    }

    /// An answer that belongs to another ticket.
    fn agent_writes_elsewhere(&self, agent: &str) -> TicketCommand {
        let [(_, answer), ..] = TOPICS[(self.topic + 1) % TOPICS.len()].turns;
        TicketCommand::Post { role: Role::Agent, author: agent.to_owned(), body: self.in_language(answer).to_owned() }
    }

    /// A question and its answer, in the customer's language.
    fn turn(&self, number: u64) -> (String, String) {
        if self.thread.is_long() {
            let count = LONG_TURNS.len() as u64;
            let (question, answer) = LONG_TURNS[(number % count) as usize];
            let branch = (number / count + 2).to_string();
            let filled = |pair| self.in_language(pair).replace("{n}", &branch);
            return (filled(question), filled(answer));
        }
        let turns = &self.topic().turns;
        // Each ticket goes on with another of the further questions.
        let further = |beyond: u64| MORE_TURNS[((beyond + self.number) % MORE_TURNS.len() as u64) as usize];
        let (question, answer) = match turns.get(number as usize) {
            Some(turn) => *turn,
            None => further(number - turns.len() as u64),
        };
        (self.in_language(question).to_owned(), self.in_language(answer).to_owned())
    }

    fn subject(&self) -> &'static str {
        self.in_language(if self.thread.is_long() { LONG_SUBJECT } else { self.topic().subject })
    }

    fn in_language(&self, (english, korean): Pair) -> &'static str {
        match self.customer.language {
            Language::English => english,
            Language::Korean => korean,
        }
    }

    fn change_priority(&mut self, agent: &'static str) -> (TicketCommand, Said) {
        let now = self.ticket.priority.unwrap_or(self.priority);
        let is_raised = match now {
            Priority::Low => true,
            Priority::Urgent => false,
            Priority::Medium | Priority::High => self.thread.random.chance(60),
        };
        let priority = match (now, is_raised) {
            (Priority::Low, _) | (Priority::High, false) => Priority::Medium,
            (Priority::Medium, true) | (Priority::Urgent, _) => Priority::High,
            (Priority::Medium, false) => Priority::Low,
            (Priority::High, true) => Priority::Urgent,
        };
        let reasons = if is_raised { &words::RAISED_REASON } else { &words::LOWERED_REASON };
        (TicketCommand::ChangePriority { priority }, Said::by(agent, self.say(reasons)))
    }

    fn close(&mut self, by: Party, agent: &'static str) -> (TicketCommand, Said) {
        let (actor, reasons) = match by {
            Party::Customer if self.ticket.wait.for_agent_since.is_some() && self.done != Step::Thank => {
                (CUSTOMER, &words::SELF_SOLVED_REASON)
            }
            Party::Customer => (CUSTOMER, &words::SOLVED_REASON),
            Party::Agent => (agent, &words::SOLVED_REASON),
            Party::Manager => (MANAGER, &words::MANAGER_REASON),
            Party::System => (SYSTEM, &words::QUIET_REASON),
        };
        let reason = self.say(reasons);
        (TicketCommand::Close { by, reason: reason.to_owned() }, Said::by(actor, reason))
    }

    fn undo(&mut self, agent: &'static str) -> (TicketCommand, Said) {
        let Some(target) = self.mistake.take() else {
            return (TicketCommand::View { agent: agent.to_owned() }, Said::silently(agent));
        };
        let (actor, reasons) = match &target.event {
            TicketEvent::Initialized { .. } => (MANAGER, &words::UNDO_OPENING),
            TicketEvent::Posted { .. } => (agent, &words::UNDO_MESSAGE),
            TicketEvent::PriorityChanged { .. } => (agent, &words::UNDO_PRIORITY),
            TicketEvent::AgentAssigned { .. } => (MANAGER, &words::UNDO_AGENT),
            TicketEvent::Escalated => (CUSTOMER, &words::UNDO_ESCALATION),
            _ => (MANAGER, &words::UNDO_CLOSING),
        };
        let reason = self.say(reasons);
        (TicketCommand::Compensate { target, reason: reason.to_owned() }, Said::by(actor, reason))
    }

    /// An event that today's rules would refuse, as another tool or an older release let it through.
    fn break_rule(&mut self, odd: Odd) -> (Draft, Said) {
        self.odd = None;
        let draft = |event_type, payload| Draft { event_type, schema: 1, payload, compensates: None };
        match odd {
            Odd::WordAfterClosing => {
                let body = self.say(&words::WORD_AFTER_CLOSING);
                let payload = json!({"role": "customer", "author": self.customer.name, "body": body});
                (draft("message-posted", payload), Said::by(CUSTOMER, self.say(&words::LATE_MAIL)))
            }
            Odd::EarlyEscalation => {
                self.is_viewed = false;
                let reason = self.say(&words::CALLED_IN);
                (draft("ticket-escalated", json!({"reason": reason})), Said::by(MANAGER, reason))
            }
            Odd::TidiedTooSoon => {
                let reason = self.say(&words::TIDIED_TOO_SOON);
                (draft("ticket-closed", json!({"by": "system", "reason": reason})), Said::by(SYSTEM, reason))
            }
        }
    }

    /// Who has the ticket; the manager, as long as nobody has.
    fn agent(&self) -> &'static str {
        let held = self.ticket.agent.as_deref();
        self.speakers().iter().copied().find(|name| Some(*name) == held).unwrap_or(MANAGER)
    }

    fn another_agent(&mut self) -> &'static str {
        let held = self.agent();
        let others: Vec<&'static str> = self.speakers().iter().copied().filter(|name| *name != held).collect();
        self.thread.random.pick(&others)
    }

    fn say(&mut self, words: &Words) -> &'static str {
        words.pick(self.customer.language, &mut self.thread.random)
    }
}
