//! The names of events, in every spelling that frameworks give them.

use crate::event::{StreamId, kebab_words};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    Lead,
    Ticket,
}

impl Aggregate {
    pub const ALL: [Self; 2] = [Self::Lead, Self::Ticket];

    /// As it stands in names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Ticket => "ticket",
        }
    }
}

macro_rules! event_kinds {
    ($($aggregate:ident { $($kind:ident = $name:literal $(| $other:literal)*),* $(,)? })*) => {
        /// Every kind of event that the domain knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventKind { $($($kind),*),* }

        impl EventKind {
            pub const ALL: &'static [Self] = &[$($(Self::$kind),*),*];

            /// The name on the wire.
            pub fn name(self) -> &'static str {
                match self { $($(Self::$kind => $name),*),* }
            }

            pub fn aggregate(self) -> Aggregate {
                match self { $($(Self::$kind => Aggregate::$aggregate),*),* }
            }

            fn from_words(words: &str) -> Option<Self> {
                match words { $($($name $(| $other)* => Some(Self::$kind),)*)* _ => None }
            }
        }
    };
}

event_kinds! {
    Lead {
        LeadInitialized = "lead-initialized",
        Contacted = "contacted",
        FollowupSet = "followup-set" | "follow-up-set",
        ContactDetailsUpdated = "contact-details-updated" | "contact-details-change" | "contact-details-changed",
        OrderSubmitted = "order-submitted",
        PaymentConfirmed = "payment-confirmed" | "payment-confirm",
        PaymentFailed = "payment-failed",
        LeadClosed = "lead-closed",
        ContactRetracted = "contact-retracted",
        FollowupCancelled = "followup-cancelled" | "follow-up-cancelled",
        OrderCancelled = "order-cancelled",
        PaymentReversed = "payment-reversed",
        PaymentFailureWithdrawn = "payment-failure-withdrawn",
        LeadReopened = "lead-reopened",
    }
    Ticket {
        TicketInitialized = "ticket-initialized",
        AgentAssigned = "agent-assigned",
        TicketViewed = "ticket-viewed",
        MessagePosted = "message-posted",
        PriorityChanged = "priority-changed",
        TicketEscalated = "ticket-escalated",
        TicketClosed = "ticket-closed",
        TicketReopened = "ticket-reopened",
        MessageRetracted = "message-retracted",
        EscalationWithdrawn = "escalation-withdrawn",
    }
}

/// What a stored type name is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub kind: EventKind,
    /// The name only ends in a known one (`CustomerContacted`); it may mean something else.
    pub is_guess: bool,
}

/// Words ahead of a known name that turn it into its opposite, or into something that did not happen.
const NEGATIONS: &[&str] = &[
    "not",
    "no",
    "non",
    "never",
    "un",
    "dis",
    "without",
    "cannot",
    "cant",
    "didnt",
    "doesnt",
    "dont",
    "hasnt",
    "havent",
    "isnt",
    "wasnt",
    "wont",
    "hardly",
    "nearly",
    "almost",
    "failed",
    "failure",
    "failing",
    "attempt",
    "attempted",
    "tried",
    "to",
    "will",
    "would",
    "should",
    "could",
    "unless",
    "undo",
    "undone",
    "refused",
    "rejected",
    "denied",
    "cancelled",
    "canceled",
    "nicht",
    "nie",
    "kein",
    "keine",
    "ohne",
    "pas",
    "jamais",
    "sans",
    "sin",
    "nunca",
    "nao",
    "não",
    "sem",
    "niet",
    "geen",
    "ikke",
    "inte",
    "안",
    "못",
    "미",
    "비",
    "未",
    "不",
    "没",
    "無",
    "非",
];

/// What stands behind a stored type name: `crm.Lead.Initialized`, `lead_initialized` and `LeadInitialized` are one.
///
/// Words ahead of the known name do not count where they are a package or a module, or the aggregate's own name
/// (`crm.Contacted`, `LeadContacted`). Any other word may be the greater part of the meaning: the reading is then a
/// guess, and none at all where the word negates (`CustomerNotContacted`).
pub fn reading_of(aggregate: Aggregate, stored_name: &str) -> Option<Reading> {
    let own = |words: &str| EventKind::from_words(words).filter(|kind| kind.aggregate() == aggregate);
    if let Some(kind) = EventKind::from_words(stored_name) {
        return (kind.aggregate() == aggregate).then_some(Reading { kind, is_guess: false });
    }
    let words = kebab_words(stored_name);
    let mut rest = words.as_str();
    let kind = loop {
        if let Some(kind) = own(rest) {
            break kind;
        }
        rest = rest.split_once('-')?.1;
    };
    let ahead = words[..words.len() - rest.len()].trim_end_matches('-');
    let own_name = stored_name.rsplit(['.', ':', '/', '\\', '+', '$', '#', '!']).find(|part| !part.is_empty());
    // As many words as stand ahead of the known name in the part that is no package.
    let inside = own_name.map_or(0, |name| word_count(&kebab_words(name)).saturating_sub(word_count(rest)));
    // A package may be called `no` or `to`; hardly one is called `not`.
    let is_negated = |(place, word): (usize, &str)| {
        (place < inside && NEGATIONS.contains(&word)) || ["not", "never", "un", "without"].contains(&word)
    };
    if ahead.rsplit('-').enumerate().any(is_negated) {
        return None;
    }
    let is_guess = !ahead.rsplit('-').take(inside).all(|word| word == aggregate.name());
    Some(Reading { kind, is_guess })
}

fn word_count(words: &str) -> usize {
    if words.is_empty() { 0 } else { words.split('-').count() }
}

/// The kind behind a stored type name, guessed or not.
pub fn kind_of(aggregate: Aggregate, stored_name: &str) -> Option<EventKind> {
    reading_of(aggregate, stored_name).map(|reading| reading.kind)
}

impl Aggregate {
    /// Which aggregate a stream holds, told from its name and the type of its first event. A stream that merely
    /// happens to use one of the words (`contacted` in a shop's order) is none of ours.
    pub fn of_stream(stream: &StreamId, category: &str, first_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|aggregate| {
            let Some(reading) = reading_of(*aggregate, first_type) else { return false };
            let first = match aggregate {
                Self::Lead => EventKind::LeadInitialized,
                Self::Ticket => EventKind::TicketInitialized,
            };
            let is_named_so = [category, stream.category()]
                .iter()
                .any(|text| kebab_words(text).rsplit('-').next().is_some_and(|word| word == aggregate.name()));
            is_named_so || (reading.kind == first && !reading.is_guess)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_spellings_name_the_same_kind() {
        for name in [
            "lead-initialized",
            "LeadInitialized",
            "crm.Lead.Initialized",
            "lead_initialized",
            "crm.domain:Lead.Initialized",
            "App\\Events\\LeadInitialized",
            "Elixir.Crm.Events.LeadInitialized",
        ] {
            assert_eq!(kind_of(Aggregate::Lead, name), Some(EventKind::LeadInitialized), "{name}");
        }
        assert_eq!(kind_of(Aggregate::Lead, "Lead.Contacted"), Some(EventKind::Contacted));
        assert_eq!(kind_of(Aggregate::Lead, "ContactDetailsChange"), Some(EventKind::ContactDetailsUpdated));
        assert_eq!(kind_of(Aggregate::Lead, "FollowUpSet"), Some(EventKind::FollowupSet));
        assert_eq!(kind_of(Aggregate::Lead, "shipped"), None);
        assert_eq!(kind_of(Aggregate::Ticket, "contacted"), None);
    }

    #[test]
    fn every_kind_is_known_by_its_own_name() {
        for kind in EventKind::ALL {
            assert_eq!(reading_of(kind.aggregate(), kind.name()), Some(Reading { kind: *kind, is_guess: false }));
        }
    }

    #[test]
    fn a_name_that_negates_a_known_one_is_not_taken_for_it() {
        for name in [
            "CustomerNotContacted",
            "NotContacted",
            "lead_not_contacted",
            "crm.Lead.NotContacted",
            "NeverContacted",
            "FailedToContacted",
            "un-contacted",
            "Uncontacted",
            "WithoutContacted",
            "NoFollowupSet",
            "ToBeContacted",
            "KundeNichtContacted",
            "Not.Contacted",
        ] {
            assert_eq!(reading_of(Aggregate::Lead, name), None, "{name}");
        }
        assert_eq!(reading_of(Aggregate::Ticket, "TicketNotClosed"), None);
    }

    #[test]
    fn a_name_that_only_ends_in_a_known_one_is_a_guess() {
        let is_guess = |name: &str| reading_of(Aggregate::Lead, name).map(|reading| reading.is_guess);
        for name in ["CustomerContacted", "crm.CustomerContacted", "partner_contacted", "Lead.PartnerLeadClosed"] {
            assert_eq!(is_guess(name), Some(true), "{name}");
        }
        for name in [
            "LeadContacted",
            "lead_contacted",
            "Lead.Contacted",
            "crm.domain:Lead.Initialized",
            "App\\Events\\Contacted",
        ] {
            assert_eq!(is_guess(name), Some(false), "{name}");
        }
    }

    #[test]
    fn a_stream_of_another_domain_that_borrows_a_word_is_not_a_lead() {
        let of = |stream: &str, first: &str| {
            let stream = StreamId::from(stream);
            Aggregate::of_stream(&stream, stream.category(), first)
        };
        assert_eq!(of("lead-1", "lead-initialized"), Some(Aggregate::Lead));
        assert_eq!(of("lead-1", "contacted"), Some(Aggregate::Lead));
        assert_eq!(of("0190b1de", "crm.Lead.Initialized"), Some(Aggregate::Lead));
        assert_eq!(of("order-1", "contacted"), None);
        assert_eq!(of("crm.Ticket-7", "MessagePosted"), Some(Aggregate::Ticket));
        assert_eq!(of("lead-1", "something-else"), None);
        assert_eq!(of("lead-1", "CustomerContacted"), Some(Aggregate::Lead));
        assert_eq!(of("5", "PartnerLeadInitialized"), None, "a guess alone does not make it one");
    }
}
