use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::loaded::Loaded;
use crate::domain::{Aggregate, EventKind, reading_of};
use crate::event::EventType;

/// So many types of a category are told apart; whoever draws has fewer signs than these.
const TOLD_APART: usize = 256;

/// Which sign each event type of a category has: a number, which whoever draws turns into a colour and a form. Given out
/// one by one, so that two types of a category look alike only when there is no sign left; a number once given stays.
#[derive(Clone, Debug, Default)]
pub struct Signs(Arc<HashMap<EventType, usize>>);

impl Signs {
    /// The number of the type's sign.
    pub fn of(&self, event_type: &str) -> usize {
        self.0.get(event_type).copied().unwrap_or_else(|| {
            let mut hasher = DefaultHasher::new();
            event_type.hash(&mut hasher);
            hasher.finish() as usize % TOLD_APART
        })
    }

    /// Types of a domain that is known have the numbers in which the domain lists them, in every store and however they
    /// are spelled; others in the order in which they were first met.
    fn learn(&mut self, aggregate: Option<Aggregate>, types: &[EventType]) {
        let listed: Vec<EventKind> =
            EventKind::ALL.iter().copied().filter(|kind| Some(kind.aggregate()) == aggregate).collect();
        let place = |event_type: &EventType| {
            let reading = reading_of(aggregate?, event_type.as_str()).filter(|reading| !reading.is_guess)?;
            listed.iter().position(|kind| *kind == reading.kind)
        };
        for event_type in types {
            if self.0.len() >= TOLD_APART || self.0.contains_key(event_type) {
                continue;
            }
            let others = self.0.values().filter(|number| **number >= listed.len()).count();
            let number = place(event_type).unwrap_or(listed.len() + others);
            Arc::make_mut(&mut self.0).insert(event_type.clone(), number);
        }
    }
}

/// The signs of every category of a store that was looked at.
#[derive(Debug, Default)]
pub(super) struct SignBook(HashMap<String, Signs>);

impl SignBook {
    /// The signs for a stream, with those of its types that were not met before.
    pub(super) fn for_stream(&mut self, loaded: &Loaded) -> Signs {
        let described = &loaded.described;
        self.for_types(&described.row.category, described.aggregate, loaded.types.names())
    }

    /// The same for types of a category, wherever they were met.
    pub(super) fn for_types(&mut self, category: &str, aggregate: Option<Aggregate>, types: &[EventType]) -> Signs {
        let signs = self.0.entry(category.to_owned()).or_default();
        signs.learn(aggregate, types);
        signs.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(names: &[&str]) -> Vec<EventType> {
        names.iter().copied().map(EventType::from).collect()
    }

    #[test]
    fn types_of_a_category_are_numbered_one_by_one_and_keep_their_numbers() {
        let mut signs = Signs::default();
        signs.learn(None, &types(&["Opened", "Shipped", "Paid"]));
        signs.learn(None, &types(&["Cancelled", "Paid", "Archived", "Opened"]));
        let numbers = ["Opened", "Shipped", "Paid", "Cancelled", "Archived"].map(|name| signs.of(name));
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_known_domain_has_the_same_signs_whatever_comes_first_and_however_it_is_spelled() {
        let (mut one, mut other) = (Signs::default(), Signs::default());
        one.learn(Some(Aggregate::Lead), &types(&["lead-initialized", "contacted", "order-submitted"]));
        other.learn(Some(Aggregate::Lead), &types(&["OrderSubmitted", "crm.Contacted", "lead_initialized", "Unheard"]));
        assert_eq!(one.of("order-submitted"), other.of("OrderSubmitted"));
        assert_eq!(one.of("contacted"), other.of("crm.Contacted"));
        let leads = EventKind::ALL.iter().filter(|kind| kind.aggregate() == Aggregate::Lead).count();
        assert_eq!(other.of("Unheard"), leads, "what the domain does not know comes behind it");
    }

    #[test]
    fn more_types_than_can_be_told_apart_cost_no_more() {
        let mut signs = Signs::default();
        let names: Vec<EventType> = (0..2_000).map(|n| EventType::from(format!("type-{n}").as_str())).collect();
        signs.learn(None, &names);
        assert_eq!(signs.0.len(), TOLD_APART);
        assert_eq!(signs.of("type-1999"), signs.of("type-1999"));
    }
}
