use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use super::sealing::named;
use super::{UserError, WindowTool};
use crate::engine::{Asked, Cause, Engine, Question, Ticket, Tool, all_findings, check_since, read_seal};
use crate::event::{StreamId, Version};
use crate::proof::Seal;
use crate::store::{Finding, FindingKind, FoundAt, Store};

/// More than these of one kind nobody reads; the command line prints them all.
pub const FINDINGS_KEPT: u64 = 1_000;

/// What is to be looked at in a store, as the window lists it.
#[derive(Debug, Default)]
pub struct Checking {
    /// The path of a seal that the store is held against; empty for none.
    pub since: String,
    pub asked: Asked<CheckStore>,
    /// Only findings of this kind.
    pub kind: Option<FindingKind>,
    /// Only of streams with this in their name.
    pub stream: String,
    /// The finding that was gone to last, or pointed at.
    pub at: Option<usize>,
    /// Something was recorded since, which was not looked at.
    pub is_behind: bool,
    /// How long the last check ran, as far as that was seen.
    took: Duration,
}

/// What takes no longer is done again by itself when the store has changed.
const SHORT: Duration = Duration::from_secs(2);

/// A step from one finding to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingStep<T> {
    To(T),
    /// There is none in this direction; a step more goes round.
    End,
}

impl<T> FindingStep<T> {
    /// `None` where there is no finding at all.
    pub(super) fn of(next: Option<T>, round: Option<T>, goes_round: bool) -> Option<Self> {
        match (next, round) {
            (Some(next), _) => Some(Self::To(next)),
            (None, Some(round)) if goes_round => Some(Self::To(round)),
            (None, round) => round.map(|_| Self::End),
        }
    }
}

impl Checking {
    /// What was found last; it stays while the store is checked anew.
    pub fn checked(&self) -> Option<&Checked> {
        self.asked.value()
    }

    /// The store has changed: what was found is found anew, or said to be out of date where that takes long.
    pub(super) fn follow(&mut self, engine: &Engine) {
        if self.asked.question().is_some() && (self.asked.value().is_some() || self.asked.is_loading()) {
            self.is_behind = true;
            if self.took <= SHORT {
                self.asked.again(engine, Cause::Store);
            }
        }
    }

    /// The findings that are listed, by their places among all.
    pub fn listed(&self) -> Vec<usize> {
        let Some(Checked { findings, .. }) = self.checked() else { return Vec::new() };
        let part = self.stream.trim().to_lowercase();
        let is_of_stream = |finding: &Finding| {
            let stream = finding.place.stream.as_ref();
            part.is_empty() || stream.is_some_and(|stream| stream.as_str().to_lowercase().contains(&part))
        };
        let is_listed =
            |finding: &Finding| self.kind.is_none_or(|kind| kind == finding.kind()) && is_of_stream(finding);
        findings.iter().enumerate().filter(|(_, finding)| is_listed(finding)).map(|(place, _)| place).collect()
    }

    /// Goes to the next listed finding that has a place, or to the one before; from either end to the other where it is
    /// to go round.
    pub fn step(&mut self, is_next: bool, goes_round: bool) -> Option<FindingStep<(StreamId, Option<Version>)>> {
        let findings = &self.checked()?.findings;
        let has_place = |place: &usize| findings.get(*place).is_some_and(|finding| finding.place.stream.is_some());
        let listed: Vec<usize> = self.listed().into_iter().filter(has_place).collect();
        let (next, round) = match (is_next, self.at) {
            (true, Some(at)) => (listed.iter().find(|place| **place > at), listed.first()),
            (true, None) => (listed.first(), None),
            (false, Some(at)) => (listed.iter().rfind(|place| **place < at), listed.last()),
            (false, None) => (listed.last(), None),
        };
        let FindingStep::To(next) = FindingStep::of(next.copied(), round.copied(), goes_round)? else {
            return Some(FindingStep::End);
        };
        let FoundAt { stream, version, .. } = findings.get(next)?.place.clone();
        self.at = Some(next);
        Some(FindingStep::To((stream?, version)))
    }
}

impl WindowTool for Checking {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        (self.kind, self.at, self.is_behind) = (None, None, false);
        self.stream.clear();
        self.asked.ask(engine, CheckStore { since: named(&self.since) });
    }

    fn starts_by_itself(&self) -> bool {
        true
    }

    /// What was gone to last stays that, wherever it stands now.
    fn poll(&mut self, engine: &Engine) -> bool {
        let running = self.asked.progress().map(|progress| progress.running);
        let at = self.at.and_then(|at| self.asked.value()?.findings.get(at).cloned());
        if !self.asked.poll(engine) {
            return false;
        }
        self.took = running.unwrap_or_default();
        self.is_behind = self.asked.is_on_its_way();
        if let (Some(at), Some(checked)) = (at, self.asked.value()) {
            self.at = checked.findings.iter().position(|finding| *finding == at);
        }
        true
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    pub findings: Vec<Finding>,
    /// With those that were not kept.
    pub found: u64,
    /// How many there are of each kind, the gravest first.
    pub kinds: Vec<(FindingKind, u64)>,
    /// What the store was held against.
    pub since: Option<Seal>,
    /// Those of each version, by their places among all: a frame asks for those at the cursor.
    by_place: HashMap<StreamId, HashMap<Version, Vec<usize>>>,
}

impl Checked {
    fn note(&mut self, finding: Finding) {
        self.found += 1;
        let (kind, mut none) = (finding.kind(), 0);
        let known = match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => count,
            None => {
                self.kinds.push((kind, 0));
                self.kinds.last_mut().map_or(&mut none, |(_, count)| count)
            }
        };
        *known += 1;
        if *known <= FINDINGS_KEPT {
            self.findings.push(finding);
        }
    }

    /// The gravest kinds first, and of one kind in the order in which they were found.
    fn in_order(mut self) -> Self {
        let rank = |kind: FindingKind| FindingKind::ALL.iter().position(|known| *known == kind);
        self.kinds.sort_by_key(|(kind, _)| rank(*kind));
        self.findings.sort_by_key(|finding| rank(finding.kind()));
        for (number, finding) in self.findings.iter().enumerate() {
            if let FoundAt { stream: Some(stream), version: Some(version), .. } = &finding.place {
                let of_stream = self.by_place.entry(stream.clone()).or_default();
                of_stream.entry(*version).or_default().push(number);
            }
        }
        self
    }

    /// What was found at an event. Costs what there is.
    pub fn at<'f>(&'f self, stream: &StreamId, version: Version) -> impl Iterator<Item = &'f Finding> + use<'f> {
        let places = self.by_place.get(stream).and_then(|of_stream| of_stream.get(&version));
        places.into_iter().flatten().filter_map(|number| self.findings.get(*number))
    }
}

#[derive(Clone, Debug)]
pub struct CheckStore {
    since: Option<PathBuf>,
}

impl Question for CheckStore {
    type Answer = Checked;
    type Error = UserError;
    const WHAT: &'static str = "checking events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Checked, UserError> {
        // A damaged store may not be able to say how many events it holds, and is checked all the same.
        if let Ok(Some(events)) = reader.kept_events() {
            // Each is looked at by itself, in its stream, and among all.
            ticket.set_total(3 * events);
        }
        let since = self.since.map(|path| read_seal(&path)).transpose()?.map(|(seal, _)| seal);
        let mut checked = Checked::default();
        let (mut note, mut reached) = (|finding| checked.note(finding), |count| ticket.reached(count));
        match &since {
            Some(seal) => check_since(reader, seal, all_findings, &mut note, &mut reached)?,
            None => all_findings(reader, &mut note, &mut reached)?,
        }
        checked.since = since;
        Ok(checked.in_order())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Fault;

    fn finding(stream: Option<&str>, version: u64, what: Fault) -> Finding {
        match stream {
            Some(stream) => Finding::of_stream(stream.into(), Some(Version(version)), what),
            None => Finding::of_store(what),
        }
    }

    #[test]
    fn findings_are_counted_by_kind_the_gravest_first_and_no_kind_crowds_out_another() {
        let mut checked = Checked::default();
        for version in 0..1_200 {
            checked.note(finding(Some("a-1"), version, Fault::CauseMissing { cause: "x".to_owned() }));
        }
        checked.note(finding(Some("a-1"), 7, Fault::HashBroken));
        checked.note(finding(None, 0, Fault::EndsDiffer));
        let checked = checked.in_order();
        let kinds = [(FindingKind::BrokenChain, 1), (FindingKind::WrongCount, 1), (FindingKind::MissingCause, 1_200)];
        assert_eq!((checked.kinds.as_slice(), checked.found), (&kinds[..], 1_202));
        assert_eq!(checked.findings.len(), 1_002);
        assert_eq!(checked.findings.first().map(Finding::kind), Some(FindingKind::BrokenChain));
    }
}
