//! A branch folded, kept or only looked at.

use super::{BranchEvent, Layout, NewEvents, SlotEvent};
use crate::projection::{Problem, Projection, are_shown_alike};
use crate::replay::Replay;
use crate::replay::refold::Refolded;

impl<P: Projection> Replay<P> {
    /// The same stream with a branch's events. What lies before the first edit is taken over up to its last checkpoint;
    /// later events are folded again, but not decoded again.
    pub(in crate::replay) fn branched_replay(&self, layout: &Layout, events: &NewEvents) -> Self {
        let kept = layout.shared() / self.spacing * self.spacing;
        let mut replay = self.up_to(kept);
        // Up to the first edit, slots and events of history are counted alike.
        let slots = layout.slots().get(kept..).unwrap_or_default();
        replay.reserve(slots.len());
        for slot in slots.iter().filter(|slot| slot.is_in_branch()) {
            match events.standing(slot.event) {
                Some(BranchEvent::New(new)) => replay.push(&new.as_row()),
                Some(BranchEvent::Recorded(index)) => {
                    replay.push_decoded(self.heads[index].clone(), self.events[index].clone());
                }
                None => {}
            }
        }
        replay
    }

    /// What is wrong with the events of a branch where they stand, as far as it is not so in history.
    pub(in crate::replay) fn wrong_slots(&self, layout: &Layout, events: &NewEvents) -> Vec<(usize, Problem)> {
        let Some((first, last)) = layout.edited() else { return Vec::new() };
        let Some(mut branch) = Refolded::behind(self, layout.shared().checked_sub(1)) else { return Vec::new() };
        let mut wrong = Vec::new();
        let mut next_look = last + 1;
        for (place, slot) in layout.slots().iter().enumerate().skip(first) {
            if let Some(event) = events.standing(slot.event).filter(|_| slot.is_in_branch()) {
                branch.fold_event(event);
                for problem in branch.take_problems() {
                    let is_known = match slot.event {
                        SlotEvent::Recorded(index) => self.findings_of(index).any(|known| known.problem == problem),
                        SlotEvent::Inserted(_) => false,
                    };
                    if !is_known {
                        wrong.push((place, problem));
                    }
                }
            }
            // Where history and branch have met again, nothing is wrong that was not. Looked at where history kept its
            // state, and ever more rarely.
            let folded = slot.history().map_or(0, |index| index + 1);
            if place >= next_look
                && folded.is_multiple_of(self.spacing)
                && let Some(kept) = self.checkpoints.get(folded / self.spacing)
            {
                if branch.has_state(kept) {
                    break;
                }
                next_look = place + (place - last);
            }
        }
        wrong
    }

    /// The first slot after which the shown states differ. Before it they are equal, so only what an event changed there
    /// can be the first difference.
    pub(in crate::replay) fn first_different_slot(&self, branch: &Self, layout: &Layout) -> Option<usize> {
        let (first, last) = layout.edited()?;
        let before = layout.shared().checked_sub(1);
        let (mut old, mut new) = (Refolded::behind(self, before)?, Refolded::behind(branch, before)?);
        let mut next_look = last + 1;
        for (place, slot) in layout.slots().iter().enumerate().skip(first) {
            let mut changed: Vec<&str> = Vec::new();
            for (folded, replay, index) in [
                (&mut old, self, slot.history().filter(|_| slot.is_in_history())),
                (&mut new, branch, slot.branch().filter(|_| slot.is_in_branch())),
            ] {
                if let Some(index) = index {
                    folded.fold_event(BranchEvent::Recorded(index));
                    changed.extend(replay.changes.of_event(index));
                }
            }
            if changed.iter().any(|path| !are_shown_alike(&old.cell(path), &new.cell(path))) {
                return Some(place);
            }
            // Where also what is not shown is the same, it stays the same. Looked at ever more rarely, for a state is long.
            if place == next_look {
                if old.has_state(new.state()) {
                    return None;
                }
                next_look += (place - last) + 1;
            }
        }
        None
    }
}
