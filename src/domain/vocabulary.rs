//! The names of events, in every spelling that frameworks give them.

use crate::event::{StreamId, kebab_words};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    Lead,
    Ticket,
}

impl Aggregate {
    pub const ALL: [Self; 2] = [Self::Lead, Self::Ticket];
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

/// The kind behind a stored type name: `crm.Lead.Initialized`, `lead_initialized` and `LeadInitialized` are one.
/// Words ahead of the known name (a package, a module) do not count; inside one of the aggregate's own names
/// (`Lead.Closed`) they do.
pub fn kind_of(aggregate: Aggregate, stored_name: &str) -> Option<EventKind> {
    let own = |kind: EventKind| (kind.aggregate() == aggregate).then_some(kind);
    if let Some(kind) = EventKind::from_words(stored_name) {
        return own(kind);
    }
    let words = kebab_words(stored_name);
    let mut rest = words.as_str();
    loop {
        if let Some(kind) = EventKind::from_words(rest).and_then(own) {
            return Some(kind);
        }
        rest = rest.split_once('-')?.1;
    }
}

impl Aggregate {
    /// Which aggregate a stream holds, told from its name and the type of its first event. A stream that merely
    /// happens to use one of the words (`contacted` in a shop's order) is none of ours.
    pub fn of_stream(stream: &StreamId, category: &str, first_type: &str) -> Option<Self> {
        for (aggregate, name, first) in
            [(Self::Lead, "lead", EventKind::LeadInitialized), (Self::Ticket, "ticket", EventKind::TicketInitialized)]
        {
            let kind = kind_of(aggregate, first_type);
            let is_named_so = [category, stream.category()]
                .iter()
                .any(|text| kebab_words(text).rsplit('-').next().is_some_and(|word| word == name));
            if kind == Some(first) || (is_named_so && kind.is_some()) {
                return Some(aggregate);
            }
        }
        None
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
            assert_eq!(kind_of(kind.aggregate(), kind.name()), Some(*kind));
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
    }
}
