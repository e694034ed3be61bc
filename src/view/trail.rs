use super::Lens;
use crate::event::{StreamId, Version};
use crate::index::StoreMoment;

/// How many places are kept in each direction.
const KEPT: usize = 200;

/// Where somebody was: a stream, at a version, seen under a projection, or its row among those of the whole store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    pub stream: StreamId,
    pub version: Option<Version>,
    pub projection: usize,
    /// Through which lens of the whole store, and at which moment of it, where it was a row there.
    pub in_store: Option<(Lens, StoreMoment)>,
}

/// The places that somebody came through, to go back to and forward again.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    behind: Vec<Stay>,
    ahead: Vec<Stay>,
}

impl Trail {
    /// `here` is left for a place that was asked for. What lay ahead is forgotten.
    pub fn leave(&mut self, here: Stay) {
        self.ahead.clear();
        if self.behind.last() != Some(&here) {
            push(&mut self.behind, here);
        }
    }

    /// To where one was before, if it is another place than this.
    pub fn back(&mut self, here: Option<Stay>) -> Option<Stay> {
        go(&mut self.behind, &mut self.ahead, here)
    }

    /// To where one was before going back.
    pub fn forward(&mut self, here: Option<Stay>) -> Option<Stay> {
        go(&mut self.ahead, &mut self.behind, here)
    }
}

fn go(from: &mut Vec<Stay>, to: &mut Vec<Stay>, here: Option<Stay>) -> Option<Stay> {
    while from.last().is_some_and(|stay| Some(stay) == here.as_ref()) {
        from.pop();
    }
    let next = from.pop()?;
    if let Some(here) = here {
        push(to, here);
    }
    Some(next)
}

fn push(places: &mut Vec<Stay>, place: Stay) {
    places.push(place);
    if places.len() > KEPT {
        places.remove(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(version: u64) -> Stay {
        Stay { stream: StreamId::from("lead-1"), version: Some(Version(version)), projection: 0, in_store: None }
    }

    #[test]
    fn back_and_forward_lead_through_the_places_that_were_left() {
        let mut trail = Trail::default();
        trail.leave(at(1));
        trail.leave(at(2));
        assert_eq!(trail.back(Some(at(3))), Some(at(2)));
        assert_eq!(trail.back(Some(at(2))), Some(at(1)));
        assert_eq!(trail.back(Some(at(1))), None);
        assert_eq!(trail.forward(Some(at(1))), Some(at(2)));
        assert_eq!(trail.forward(Some(at(2))), Some(at(3)));
        assert_eq!(trail.back(Some(at(3))), Some(at(2)));
        trail.leave(at(2));
        assert_eq!(trail.forward(Some(at(9))), None, "a new way begins here");
    }

    #[test]
    fn a_place_is_not_left_for_itself() {
        let mut trail = Trail::default();
        trail.leave(at(1));
        assert_eq!(trail.back(Some(at(1))), None);
    }
}
