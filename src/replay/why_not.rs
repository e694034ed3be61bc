use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::{Index, Refold, Replay, Stopped, Story, Timeline, Work};
use crate::domain::lead::{self, LeadCommand, LeadTarget};
use crate::domain::ticket::{self, TicketCommand, TicketTarget};
use crate::domain::{Breach, Draft, Wish};
use crate::event::{EventId, Timestamp, Version};
use crate::projection::{LeadState, Projection, TicketState};

/// Why a field does not have a value, and what would give it that value. Everything in it was tried: the commands that
/// the stream's kind answers were decided on and folded behind its events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WhyNot {
    /// What the field holds instead.
    pub value: Value,
    pub set_by: Option<Index>,
    /// The last events after which the field was so.
    pub was: Option<RangeInclusive<Index>>,
    /// The events that make it so now, one alone or else two in this order; each way another choice of types.
    pub ways: Vec<Vec<Attempt>>,
    /// The events that would make it so, but for a rule.
    pub forbidden: Vec<(Attempt, Breach)>,
    /// The last events behind which one event would have made it so, and no rule been broken.
    pub missed: Vec<(Attempt, RangeInclusive<Index>)>,
    /// The types of events that changed the field so far, each with how often; the commonest first.
    pub changed_by: Vec<(String, usize)>,
    /// The rules of such a stream are known. Without them there is nothing to try.
    pub has_rules: bool,
}

/// An event that nobody recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    pub event_type: &'static str,
    /// What of its payload is the wished value; the rest does not matter.
    pub payload: Map<String, Value>,
    /// The event that it takes back.
    pub compensates: Option<Version>,
}

/// So many of the latest events are tried to be taken back.
const TAKEN_BACK: usize = 24;

/// So many of the latest versions are gone through for what could have been done.
const LOOKED_BACK: usize = 1_000;

/// Looks for what would make a field hold a wished value after the event at `at`. `story` is the stream under its rules,
/// and `shown` under the projection that has the field; `now` is when the new events would be recorded.
pub fn why_not(
    story: &Story,
    shown: &dyn Timeline,
    at: Index,
    (path, wish): (&str, &Wish),
    now: Timestamp,
    work: &mut Work<'_>,
) -> Result<WhyNot, Stopped> {
    let mut found = WhyNot {
        value: shown.value_at(at, path),
        set_by: shown.set_by(at, path),
        was: last_so(shown, at, path, wish, work)?,
        changed_by: changed_by(shown, at, path),
        ..WhyNot::default()
    };
    let wished = Wished { shown, path, wish };
    match story {
        Story::Lead(replay) => search(replay, &wished, at, now, &mut found, work)?,
        Story::Ticket(replay) => search(replay, &wished, at, now, &mut found, work)?,
        Story::Other(_) => {}
    }
    Ok(found)
}

/// The last stretch of history in which the field was so.
fn last_so(
    shown: &dyn Timeline,
    at: Index,
    path: &str,
    wish: &Wish,
    work: &mut Work<'_>,
) -> Result<Option<RangeInclusive<Index>>, Stopped> {
    let mut end = at;
    for begin in shown.changes_at(path).into_iter().rev().filter(|begin| *begin <= at) {
        work.told(at - begin, at + 1)?;
        if wish.is(&shown.value_at(begin, path)) {
            return Ok(Some(begin..=end));
        }
        let Some(before) = begin.checked_sub(1) else { break };
        end = before;
    }
    Ok(None)
}

fn changed_by(shown: &dyn Timeline, at: Index, path: &str) -> Vec<(String, usize)> {
    let mut types: Vec<(String, usize)> = Vec::new();
    for head in shown.changes_at(path).into_iter().filter(|index| *index <= at).filter_map(|i| shown.heads().get(i)) {
        let name = head.event_type.as_str();
        match types.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => types.push((name.to_owned(), 1)),
        }
    }
    types.sort_by(|(_, one), (_, other)| other.cmp(one));
    types
}

/// A fold whose kind of stream answers commands.
trait Decides: Projection {
    /// What can be tried in this state, each with the rule that forbids it. `past` are the latest events.
    fn tries(
        state: &Self::State,
        past: &[(EventId, &Self::Event, Self::State)],
        wish: &Wish,
        now: Timestamp,
    ) -> Vec<Try>;
}

type Try = (Draft, Option<Breach>);

impl Decides for LeadState {
    fn tries(
        lead: &Self::State,
        past: &[(EventId, &Self::Event, Self::State)],
        wish: &Wish,
        now: Timestamp,
    ) -> Vec<Try> {
        let taking_back = past.iter().map(|(id, event, before)| {
            let target = LeadTarget { id: id.clone(), event: event.event.clone(), before: before.clone() };
            LeadCommand::Compensate { target: Box::new(target), reason: String::new() }
        });
        let commands = lead::commands_towards(wish, now).into_iter().chain(taking_back);
        commands.filter_map(|command| lead::weigh(lead, &command, now).ok()).collect()
    }
}

impl Decides for TicketState {
    fn tries(
        ticket: &Self::State,
        past: &[(EventId, &Self::Event, Self::State)],
        wish: &Wish,
        now: Timestamp,
    ) -> Vec<Try> {
        let taking_back = past.iter().map(|(id, event, before)| {
            let target = TicketTarget { id: id.clone(), event: event.event.clone(), before: before.clone() };
            TicketCommand::Compensate { target: Box::new(target), reason: String::new() }
        });
        let commands = ticket::commands_towards(wish).into_iter().chain(taking_back);
        commands.filter_map(|command| ticket::weigh(ticket, &command, now).ok()).collect()
    }
}

struct Wished<'w> {
    shown: &'w dyn Timeline,
    path: &'w str,
    wish: &'w Wish,
}

impl Wished<'_> {
    fn holds(&self, history: &dyn Refold<'_>) -> bool {
        self.wish.is(&history.value(self.path))
    }
}

fn search<P: Decides>(
    replay: &Replay<P>,
    wished: &Wished<'_>,
    at: Index,
    now: Timestamp,
    found: &mut WhyNot,
    work: &mut Work<'_>,
) -> Result<(), Stopped> {
    found.has_rules = true;
    let (Some(state), Some(shown)) = (replay.state_after(at), wished.shown.refold(Some(at))) else { return Ok(()) };
    let past = past(replay, at);
    let version = Version(replay.heads[at].version.0 + 1);
    for (draft, breach) in P::tries(&state, &past, wished.wish, now) {
        if !wished.holds(&*with(&*shown, &draft, version, now)) {
            continue;
        }
        let attempt = attempt(replay, &draft, wished.wish);
        match breach {
            None => add_way(&mut found.ways, vec![attempt]),
            Some(breach) if !found.forbidden.iter().any(|(known, rule)| known.is_like(&attempt) && *rule == breach) => {
                found.forbidden.push((attempt, breach));
            }
            Some(_) => {}
        }
    }
    // What is allowed to one is not forbidden, though it is to another.
    let ways = &found.ways;
    found.forbidden.retain(|(attempt, _)| !ways.iter().flatten().any(|way| way.is_like(attempt)));
    if !found.ways.is_empty() {
        return Ok(());
    }
    let later = Version(version.0 + 1);
    for (first, _) in P::tries(&state, &past, wished.wish, now).into_iter().filter(|(_, breach)| breach.is_none()) {
        work.told(0, 1)?;
        let then = after(replay, &state, &first, version, now);
        let shown = with(&*shown, &first, version, now);
        for (second, _) in P::tries(&then, &past, wished.wish, now).into_iter().filter(|(_, breach)| breach.is_none()) {
            if wished.holds(&*with(&*shown, &second, later, now)) {
                let steps = [&first, &second].map(|draft| attempt(replay, draft, wished.wish));
                add_way(&mut found.ways, steps.into());
            }
        }
    }
    look_back(replay, wished, at, found, work)
}

/// What one event would have done at earlier versions.
fn look_back<P: Decides>(
    replay: &Replay<P>,
    wished: &Wished<'_>,
    at: Index,
    found: &mut WhyNot,
    work: &mut Work<'_>,
) -> Result<(), Stopped> {
    let first = at.saturating_sub(LOOKED_BACK);
    for index in (first..at).rev() {
        work.told(at - index, at - first)?;
        let (Some(state), Some(shown)) = (replay.state_after(index), wished.shown.refold(Some(index))) else {
            continue;
        };
        let head = &replay.heads[index];
        let (version, then) = (Version(head.version.0 + 1), head.recorded_at.unwrap_or(Timestamp::from_micros(0)));
        if wished.holds(&*shown) {
            continue;
        }
        for (draft, breach) in P::tries(&state, &[], wished.wish, then) {
            if breach.is_some() || !wished.holds(&*with(&*shown, &draft, version, then)) {
                continue;
            }
            let attempt = attempt(replay, &draft, wished.wish);
            match found.missed.iter_mut().find(|(known, _)| known.is_like(&attempt)) {
                Some((_, range)) if *range.start() == index + 1 => *range = index..=*range.end(),
                Some(_) => {}
                None => found.missed.push((attempt, index..=index)),
            }
        }
    }
    Ok(())
}

/// The latest events, each with the state before it, the last first.
fn past<P: Projection>(replay: &Replay<P>, at: Index) -> Vec<(EventId, &P::Event, P::State)> {
    let event = |index: Index| {
        Some((replay.heads.get(index)?.id.clone(), replay.events.get(index)?, replay.state_before(index)?))
    };
    (0..=at).rev().take(TAKEN_BACK).filter_map(event).collect()
}

fn with<'r>(shown: &dyn Refold<'r>, draft: &Draft, version: Version, now: Timestamp) -> Box<dyn Refold<'r> + 'r> {
    let mut history = shown.fork();
    draft.as_recorded(version, Some(now), |row| history.fold_row(row));
    history
}

fn after<P: Projection>(
    replay: &Replay<P>,
    state: &P::State,
    draft: &Draft,
    version: Version,
    now: Timestamp,
) -> P::State {
    let mut state = state.clone();
    draft.as_recorded(version, Some(now), |row| {
        let projection = &replay.projection;
        projection.fold(&mut state, &projection.decode(row), &row.head(), &mut Vec::new());
    });
    state
}

fn attempt<P: Projection>(replay: &Replay<P>, draft: &Draft, wish: &Wish) -> Attempt {
    let fields = draft.payload.as_object().into_iter().flatten().filter(|(_, value)| wish.is(value));
    let target = draft.compensates.as_ref().and_then(|id| replay.heads.iter().rfind(|head| head.id == *id));
    Attempt {
        event_type: draft.event_type,
        payload: fields.map(|(name, value)| (name.clone(), value.clone())).collect(),
        compensates: target.map(|head| head.version),
    }
}

impl Attempt {
    /// The same to whoever asks: who does it, and whether it takes something back, makes no other way.
    fn is_like(&self, other: &Self) -> bool {
        self.event_type == other.event_type
    }
}

/// The first of each choice of types.
fn add_way(ways: &mut Vec<Vec<Attempt>>, way: Vec<Attempt>) {
    let is_like = |known: &Vec<Attempt>| {
        known.len() == way.len() && known.iter().zip(&way).all(|(known, step)| known.is_like(step))
    };
    if !ways.iter().any(is_like) {
        ways.push(way);
    }
}
