//! What each status change replaced, so that a compensation can give it back.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::LeadStatus;
use crate::event::{EventId, Timestamp, allocated_shared};

/// One event that set the status, and what held before it. A fold over a whole store holds one for every second or third
/// event: it is kept in as little room as it needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    id: ShortId,
    value: Option<Timestamp>,
    kind: Kind,
    pub(super) status: Option<LeadStatus>,
}

/// A UUID as it is; of any other id, what is made of it: whoever names an event names the same.
type ShortId = [u8; 16];

fn short(id: &EventId) -> ShortId {
    match id {
        EventId::Uuid(bytes) => *bytes,
        EventId::Text(text) => match EventId::from_content(&[text.as_bytes()]) {
            EventId::Uuid(bytes) => bytes,
            EventId::Text(_) => [0; 16],
        },
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Status,
    Followup,
    Order,
    Conversion,
    Failure,
    Close,
}

/// What the event set besides the status, with the value from before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Touched {
    Status,
    Followup(Option<Timestamp>),
    Order(Option<Timestamp>),
    Conversion(Option<Timestamp>),
    Failure,
    Close,
}

impl Step {
    pub(super) fn new(id: &EventId, status: Option<LeadStatus>, touched: Touched) -> Self {
        let (kind, value) = match touched {
            Touched::Status => (Kind::Status, None),
            Touched::Followup(before) => (Kind::Followup, before),
            Touched::Order(before) => (Kind::Order, before),
            Touched::Conversion(before) => (Kind::Conversion, before),
            Touched::Failure => (Kind::Failure, None),
            Touched::Close => (Kind::Close, None),
        };
        Self { id: short(id), value, kind, status }
    }

    pub(super) fn touched(&self) -> Touched {
        match self.kind {
            Kind::Status => Touched::Status,
            Kind::Followup => Touched::Followup(self.value),
            Kind::Order => Touched::Order(self.value),
            Kind::Conversion => Touched::Conversion(self.value),
            Kind::Failure => Touched::Failure,
            Kind::Close => Touched::Close,
        }
    }
}

/// A step as a snapshot keeps it.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Step")]
struct KeptStep {
    id: EventId,
    status: Option<LeadStatus>,
    touched: Touched,
}

impl Touched {
    pub(super) fn is_followup(&self) -> bool {
        matches!(self, Self::Followup(_))
    }

    pub(super) fn is_order(&self) -> bool {
        matches!(self, Self::Order(_))
    }

    pub(super) fn is_conversion(&self) -> bool {
        matches!(self, Self::Conversion(_))
    }

    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Failure)
    }

    pub(super) fn is_close(&self) -> bool {
        matches!(self, Self::Close)
    }
}

/// The steps, newest on top. A shared list: a state is cloned for every event that is loaded, and pushing onto a
/// clone must not copy what lies below.
#[derive(Clone, Default)]
pub(super) struct UndoTrail(Option<Arc<Node>>);

/// So many steps lie in one node: most leads have no more.
const TOGETHER: usize = 3;

#[derive(Clone)]
struct Node {
    below: UndoTrail,
    /// The oldest first; there is at least that one.
    steps: [Option<Step>; TOGETHER],
}

/// A step taken back, and whether its values still stood.
#[derive(Debug)]
pub(super) struct Undone {
    pub step: Step,
    pub status_is_current: bool,
    pub value_is_current: bool,
}

impl UndoTrail {
    pub(super) fn push(&mut self, step: Step) {
        if let Some(node) = self.0.as_mut().filter(|node| node.steps.last().is_some_and(Option::is_none))
            && let Some(place) = Arc::make_mut(node).steps.iter_mut().find(|place| place.is_none())
        {
            *place = Some(step);
            return;
        }
        let mut steps = [None; TOGETHER];
        steps[0] = Some(step);
        self.0 = Some(Arc::new(Node { below: Self(self.0.take()), steps }));
    }

    fn pop(&mut self) -> Option<Step> {
        let node = Arc::make_mut(self.0.as_mut()?);
        let step = node.steps.iter_mut().rev().find_map(Option::take);
        if node.steps.iter().all(Option::is_none) {
            let below = node.below.0.take();
            self.0 = below;
        }
        step
    }

    pub(super) fn holds(&self, of: Option<&EventId>, is_kind: fn(&Touched) -> bool) -> bool {
        let of = of.map(short);
        self.iter().any(|step| is_named(step, of.as_ref(), is_kind))
    }

    /// The bytes that the steps take.
    pub(super) fn weight(&self) -> usize {
        self.nodes().count() * allocated_shared(size_of::<Node>())
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        std::iter::successors(self.0.as_deref(), |node| node.below.0.as_deref())
    }

    /// From the newest down.
    fn iter(&self) -> impl Iterator<Item = &Step> {
        self.nodes().flat_map(|node| node.steps.iter().rev().flatten())
    }

    /// Takes a step out of the trail. The steps after it then stand on what it stood on: undoing them later does
    /// not bring back what was withdrawn here.
    pub(super) fn withdraw(&mut self, of: Option<&EventId>, is_kind: fn(&Touched) -> bool) -> Option<Undone> {
        if !self.holds(of, is_kind) {
            return None;
        }
        let of = of.map(short);
        let mut later: Vec<Step> = Vec::new();
        let step = loop {
            let step = self.pop()?;
            if is_named(&step, of.as_ref(), is_kind) {
                break step;
            }
            later.push(step);
        };
        let status_is_current = later.is_empty();
        if let Some(next) = later.last_mut() {
            next.status = step.status;
        }
        let next_of_kind = later.iter_mut().rev().find(|other| other.kind == step.kind);
        let value_is_current = next_of_kind.is_none();
        if let Some(next) = next_of_kind {
            next.value = step.value;
        }
        later.into_iter().rev().for_each(|step| self.push(step));
        Some(Undone { step, status_is_current, value_is_current })
    }
}

fn is_named(step: &Step, of: Option<&ShortId>, is_kind: fn(&Touched) -> bool) -> bool {
    is_kind(&step.touched()) && of.is_none_or(|id| step.id == *id)
}

/// One by one: dropping a long list from its top would otherwise go as deep as the list is long.
impl Drop for UndoTrail {
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut node) = next.and_then(Arc::into_inner) {
            next = node.below.0.take();
        }
    }
}

impl PartialEq for UndoTrail {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for UndoTrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// As a list from the newest down.
impl Serialize for UndoTrail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|step| KeptStep {
            id: EventId::Uuid(step.id),
            status: step.status,
            touched: step.touched(),
        }))
    }
}

impl<'de> Deserialize<'de> for UndoTrail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let steps = Vec::<KeptStep>::deserialize(deserializer)?;
        let mut trail = Self::default();
        for KeptStep { id, status, touched } in steps.into_iter().rev() {
            trail.push(Step::new(&id, status, touched));
        }
        Ok(trail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_off_as_they_went_on_whoever_has_them_in_common() {
        let step = |number: u32| Step::new(&EventId::new(&number.to_string()), None, Touched::Close);
        let mut trail = UndoTrail::default();
        let mut before = Vec::new();
        for number in 0..20 {
            before.push(trail.clone());
            trail.push(step(number));
        }
        for number in (0..20).rev() {
            assert_eq!(trail.pop(), Some(step(number)));
            assert!(Some(&trail) == before.get(number as usize), "{number}");
        }
        assert_eq!(trail.pop(), None);
        assert!(trail.0.is_none());
    }

    #[test]
    fn an_event_is_found_by_its_id_however_it_is_written() {
        for id in ["0190b1de-5a4f-7c8e-9a3b-0123456789ab", "sale:7", ""] {
            let mut trail = UndoTrail::default();
            trail.push(Step::new(&EventId::new(id), None, Touched::Close));
            let kept = serde_json::to_string(&trail).expect("kept");
            let mut again: UndoTrail = serde_json::from_str(&kept).expect("read back");
            assert!(again.holds(Some(&EventId::new(id)), Touched::is_close), "{id}");
            assert!(!again.holds(Some(&EventId::new("other")), Touched::is_close));
            assert!(again.withdraw(Some(&EventId::new(id)), Touched::is_close).is_some());
        }
    }

    #[test]
    fn a_few_steps_take_no_more_room_than_they_need() {
        // With its counts, what an allocator hands out for it is 128 bytes.
        assert!(size_of::<Node>() <= 104, "{}", size_of::<Node>());
    }

    #[test]
    fn a_very_long_trail_is_cloned_compared_kept_and_dropped() {
        let mut trail = UndoTrail::default();
        for number in 0..200_000 {
            let id = EventId::new(&number.to_string());
            trail.push(Step::new(&id, None, Touched::Status));
        }
        let text = serde_json::to_string(&trail).expect("serialised");
        let again: UndoTrail = serde_json::from_str(&text).expect("read back");
        assert!(again == trail.clone());
        assert!(format!("{trail:?}").len() > 200_000);
    }
}
