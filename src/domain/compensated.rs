use std::sync::Arc;

use imbl::OrdSet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::{EventId, allocated, allocated_shared};

/// So many lie one behind another; a tree pays for more.
const FEW: usize = 8;

/// The events that were taken back. Most streams have none and few have more than one or two, so no room is kept for
/// more; cloning shares them, however many there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Compensated(Option<Arc<Ids>>);

/// In order either way.
#[derive(Clone, Debug, PartialEq)]
enum Ids {
    Few(Vec<EventId>),
    Many(OrdSet<EventId>),
}

impl Compensated {
    /// The bytes that the ids take.
    pub(super) fn weight(&self) -> usize {
        let ids = match self.0.as_deref() {
            None => return 0,
            Some(Ids::Few(ids)) => ids.capacity(),
            // In nodes that are seldom full.
            Some(Ids::Many(ids)) => 2 * ids.len(),
        };
        allocated_shared(size_of::<Ids>()) + allocated(ids * size_of::<EventId>())
    }

    pub(super) fn contains(&self, id: &EventId) -> bool {
        match self.0.as_deref() {
            None => false,
            Some(Ids::Few(ids)) => ids.contains(id),
            Some(Ids::Many(ids)) => ids.contains(id),
        }
    }

    pub(super) fn insert(&mut self, id: &EventId) {
        let Some(held) = &mut self.0 else {
            self.0 = Some(Arc::new(Ids::Few(vec![id.clone()])));
            return;
        };
        let ids = Arc::make_mut(held);
        match ids {
            Ids::Few(few) => {
                let Err(place) = few.binary_search(id) else { return };
                if few.len() < FEW {
                    few.reserve_exact(1);
                    few.insert(place, id.clone());
                } else {
                    *ids = Ids::Many(few.drain(..).chain([id.clone()]).collect());
                }
            }
            Ids::Many(many) => {
                many.insert(id.clone());
            }
        }
    }
}

/// As a list in order.
impl Serialize for Compensated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_deref() {
            None => serializer.collect_seq([(); 0]),
            Some(Ids::Few(ids)) => serializer.collect_seq(ids),
            Some(Ids::Many(ids)) => serializer.collect_seq(ids),
        }
    }
}

impl<'de> Deserialize<'de> for Compensated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut read = Self::default();
        Vec::<EventId>::deserialize(deserializer)?.iter().for_each(|id| read.insert(id));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_and_keeps_what_a_set_would(numbers in prop::collection::vec(0..30_u8, 0..40)) {
            let (mut few_or_many, mut set) = (Compensated::default(), OrdSet::new());
            let ids: Vec<EventId> = (0..30_u8).map(|n| EventId::new(&n.to_string())).collect();
            for number in numbers {
                let before = (few_or_many.clone(), set.clone());
                few_or_many.insert(&ids[usize::from(number)]);
                set.insert(ids[usize::from(number)].clone());
                for id in &ids {
                    prop_assert_eq!(few_or_many.contains(id), set.contains(id));
                    prop_assert_eq!(before.0.contains(id), before.1.contains(id));
                }
                let kept = serde_json::to_string(&few_or_many).expect("kept");
                prop_assert_eq!(&kept, &serde_json::to_string(&set).expect("kept"));
                prop_assert_eq!(&serde_json::from_str::<Compensated>(&kept).expect("read back"), &few_or_many);
            }
        }
    }
}
