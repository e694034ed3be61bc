use std::fmt::Debug;
use std::ops::ControlFlow;

use serde_json::Value;

use super::{Index, Refold, SpokenOf, Timeline};
use crate::expr::{Expression, Stop};
use crate::projection::Problem;

/// What a shorter history must still show.
pub trait Symptom: Debug {
    /// Whether a history of these events shows it. `so_far` stands behind the first `folded` of them.
    fn shows(&mut self, so_far: &dyn Refold<'_>, events: &[Index], folded: usize) -> bool;
}

/// A history with nothing in it that could be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduced {
    /// The events that are left, ascending.
    pub kept: Vec<Index>,
    /// Every one of them was left out once and missed. Not so where the work ended before.
    pub is_minimal: bool,
}

/// Nobody waits for the answer any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// So many events are folded anew before an answer must do with what was tried: seconds, and not minutes.
pub const MOST_FOLDED: u64 = 500_000_000;

/// How much may be folded, and who is told how far it is.
pub struct Work<'w> {
    left: u64,
    progress: &'w mut dyn FnMut(u64, u64) -> ControlFlow<()>,
}

impl Debug for Work<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<'w> Work<'w> {
    /// At most so many events are folded. `progress` hears how much of how much is done, and says whether to go on.
    pub fn new(most: u64, progress: &'w mut dyn FnMut(u64, u64) -> ControlFlow<()>) -> Self {
        Self { left: most, progress }
    }

    pub(super) fn told(&mut self, done: usize, total: usize) -> Result<(), Stopped> {
        if (self.progress)(done as u64, total as u64).is_break() { Err(Stopped) } else { Ok(()) }
    }

    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Whether so many events may still be folded, with this much left for what comes; they then count as folded.
    pub(super) fn take(&mut self, events: usize, leaving: u64) -> bool {
        let left = self.left.checked_sub(events as u64 + 1).filter(|left| *left >= leaving);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

/// The smallest part of these events (ascending) that still shows the symptom, found by leaving out more and more:
/// halves, quarters, and at last each single one until none can be spared. `None` where the events do not show it.
///
/// What is in front of a part that is tried was decided before it, so that it is folded once and not for every try.
pub fn reduce(
    timeline: &dyn Timeline,
    events: Vec<Index>,
    symptom: &mut dyn Symptom,
    work: &mut Work<'_>,
) -> Result<Option<Reduced>, Stopped> {
    let Some(nothing) = timeline.refold(None) else { return Ok(None) };
    if !symptom.shows(&*nothing, &events, 0) {
        return Ok(None);
    }
    let total = events.len();
    let rounds = total.checked_ilog2().unwrap_or(0) as usize + 2;
    let mut kept = events;
    let mut size = kept.len().div_ceil(2).max(1);
    let mut round = 0;
    loop {
        let before = kept.len();
        // How many rounds the last, of single events, will take is not known: they stay within one.
        let done = |share: usize| total * round.min(rounds - 1) / rounds + share / rounds;
        let Left { kept: left, is_whole } = leave_out(&*nothing, &kept, size, symptom, &mut |at, folds| {
            work.told(done(total * at / before.max(1)), total)?;
            Ok(work.take(folds, 0))
        })?;
        if !is_whole || (size == 1 && left.len() == before) {
            return Ok(Some(Reduced { kept: left, is_minimal: is_whole }));
        }
        kept = left;
        size = (size / 2).min(kept.len().div_ceil(2)).max(1);
        round += 1;
    }
}

struct Left {
    kept: Vec<Index>,
    /// Every part was tried.
    is_whole: bool,
}

/// Goes over the events once, and leaves out each part of this size that is not missed. `may_try` hears the place of
/// the part and how many events must be folded for it.
fn leave_out(
    nothing: &dyn Refold<'_>,
    events: &[Index],
    size: usize,
    symptom: &mut dyn Symptom,
    may_try: &mut dyn FnMut(usize, usize) -> Result<bool, Stopped>,
) -> Result<Left, Stopped> {
    let mut so_far = nothing.fork();
    let mut kept = 0;
    // Those that are kept, and behind them those that are still to be decided on.
    let mut trial = events.to_vec();
    let mut at = 0;
    while at < events.len() {
        let behind = (at + size).min(events.len());
        if !may_try(at, events.len() - at)? {
            trial.truncate(kept);
            trial.extend_from_slice(&events[at..]);
            return Ok(Left { kept: trial, is_whole: false });
        }
        trial.truncate(kept);
        trial.extend_from_slice(&events[behind..]);
        if !symptom.shows(&*so_far, &trial, kept) {
            let part = &events[at..behind];
            so_far.fold_these(part);
            trial.truncate(kept);
            trial.extend_from_slice(part);
            kept += part.len();
        }
        at = behind;
    }
    trial.truncate(kept);
    Ok(Left { kept: trial, is_whole: true })
}

/// That a field ends with this value.
#[derive(Clone, Debug)]
pub struct EndsWith {
    pub path: String,
    pub value: Value,
}

impl Symptom for EndsWith {
    fn shows(&mut self, so_far: &dyn Refold<'_>, events: &[Index], folded: usize) -> bool {
        let mut history = so_far.fork();
        history.fold_these(events.get(folded..).unwrap_or_default());
        history.value(&self.path) == self.value
    }
}

/// That an event, which comes last, has the same wrong with it: a rule that it breaks, or a projection that fails on it.
#[derive(Clone, Debug)]
pub struct GoesWrong {
    pub event: Index,
    pub problem: Problem,
}

impl Symptom for GoesWrong {
    fn shows(&mut self, so_far: &dyn Refold<'_>, events: &[Index], folded: usize) -> bool {
        let Some((last, before)) = events.split_last().filter(|(last, _)| **last == self.event) else { return false };
        if folded == events.len() {
            // It was folded already, and what was wrong with it is not known any more.
            return false;
        }
        let mut history = so_far.fork();
        history.fold_these(before.get(folded..).unwrap_or_default());
        let mut is_wrong = false;
        history.fold_judged(&[*last], &mut |_, problem| is_wrong |= problem == self.problem);
        is_wrong
    }
}

/// That a condition holds behind the last event.
pub struct Holds<'s> {
    expression: Expression,
    timeline: &'s dyn Timeline,
    spoken: &'s dyn SpokenOf,
    over: Option<Stop>,
}

impl Debug for Holds<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Holds").field("expression", &self.expression).finish_non_exhaustive()
    }
}

impl<'s> Holds<'s> {
    pub fn new(expression: Expression, timeline: &'s dyn Timeline, spoken: &'s dyn SpokenOf) -> Self {
        Self { expression, timeline, spoken, over: None }
    }

    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Why it could not be read any further. What was reduced by then counts for nothing.
    pub fn over(&self) -> Option<&Stop> {
        self.over.as_ref()
    }
}

impl Symptom for Holds<'_> {
    fn shows(&mut self, so_far: &dyn Refold<'_>, events: &[Index], folded: usize) -> bool {
        let Some((_, before)) = events.split_last() else { return false };
        if self.over.is_some() {
            return false;
        }
        let read = match before.get(folded..) {
            Some(rest) => {
                let mut history = so_far.fork();
                history.fold_these(rest);
                history.fold_and_read(events, &self.expression, self.spoken)
            }
            // The last one was folded already: what it brought is not known any more.
            None => {
                let Some(mut history) = self.timeline.refold(None) else { return false };
                history.fold_these(before);
                history.fold_and_read(events, &self.expression, self.spoken)
            }
        };
        read.map_err(|stop| self.over = Some(stop)).is_ok_and(|reading| reading.is_true())
    }
}

/// The same, in histories alone that break no rule which the whole one did not break.
#[derive(Debug)]
pub struct ByTheRules<'s> {
    pub symptom: &'s mut dyn Symptom,
    /// The same stream under the projection that knows its rules.
    pub judge: &'s dyn Timeline,
}

impl Symptom for ByTheRules<'_> {
    fn shows(&mut self, so_far: &dyn Refold<'_>, events: &[Index], folded: usize) -> bool {
        self.symptom.shows(so_far, events, folded)
            && self.judge.refold(None).is_some_and(|mut history| {
                let mut is_lawful = true;
                history.fold_judged(events, &mut |index, problem| {
                    is_lawful &= self.judge.findings_at(index).iter().any(|known| known.problem == problem);
                });
                is_lawful
            })
    }
}
