use std::collections::BTreeSet;

use serde_json::Value;

use super::{EndsWith, Index, Reduced, Stopped, Timeline, Work, reduce};

/// Why a field has the value that it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    pub value: Value,
    /// The event that gave it.
    pub set_by: Option<Index>,
    /// Each of these was taken away alone, and the value was another one. Ascending.
    pub needed: Vec<Index>,
    /// The earliest events of the history, so many, were not taken away one by one, since that would take too long.
    /// Among those that did not change the field, that is.
    pub untried: usize,
    /// These alone give the value, and none of them can be spared. Ascending.
    pub enough: Reduced,
}

/// Asks the history itself: it is folded again without this event and that one, and with ever fewer of them. An event
/// need not have changed a field to be needed for it, so all are tried: those that changed it first.
pub fn why(timeline: &dyn Timeline, at: Index, path: &str, work: &mut Work<'_>) -> Result<Why, Stopped> {
    let value = timeline.value_at(at, path);
    let is_bookkeeping = timeline.bookkeeping().contains(&path);
    let set_by = if is_bookkeeping { Some(at) } else { timeline.set_by(at, path) };
    let mut changed: BTreeSet<Index> = timeline.changes_at(path).into_iter().filter(|index| *index <= at).collect();
    changed.extend(set_by);
    // To fold on from late is cheap, so that most are tried before the work ends.
    let others = (0..=at).rev().filter(|index| !changed.contains(index));
    let order = changed.iter().rev().copied().chain(others);
    let (mut needed, mut tried) = (BTreeSet::new(), 0);
    let for_enough = work.left() / 2;
    for index in order {
        work.told(tried, at + 1)?;
        if !work.take(at - index, for_enough) {
            break;
        }
        if value_without(timeline, index, at, path).is_some_and(|without| without != value) {
            needed.insert(index);
        }
        tried += 1;
    }
    let enough =
        enough(timeline, at, &EndsWith { path: path.to_owned(), value: value.clone() }, &needed, &changed, work)?;
    Ok(Why { value, set_by, needed: needed.into_iter().collect(), untried: at + 1 - tried, enough })
}

fn value_without(timeline: &dyn Timeline, left_out: Index, at: Index, path: &str) -> Option<Value> {
    let mut history = timeline.refold(left_out.checked_sub(1))?;
    history.fold_range(left_out + 1..at + 1);
    Some(history.value(path))
}

/// Begins with the few events that are likely to do, so that a long history is not folded for each that is not.
fn enough(
    timeline: &dyn Timeline,
    at: Index,
    symptom: &EndsWith,
    needed: &BTreeSet<Index>,
    changed: &BTreeSet<Index>,
    work: &mut Work<'_>,
) -> Result<Reduced, Stopped> {
    let last: Vec<Index> = changed.last().copied().into_iter().collect();
    let guesses = [last, needed.iter().copied().collect(), changed.union(needed).copied().collect()];
    for events in guesses {
        if let Some(reduced) = reduce(timeline, events, &mut symptom.clone(), work)? {
            return Ok(reduced);
        }
    }
    let all: Vec<Index> = (0..=at).collect();
    let reduced = reduce(timeline, all.clone(), &mut symptom.clone(), work)?;
    Ok(reduced.unwrap_or(Reduced { kept: all, is_minimal: false }))
}
