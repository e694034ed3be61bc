//! After somebody was quicker: what came first, what of it concerns the plan, and the plan made anew on top of it.

use super::plan::Origin;
use super::{Authorship, Plan, PlanError, natural, plan_event};
use crate::event::{Explain, Message, RecordedEvent, Version};
use crate::replay::{Change, Story};
use crate::store::{Conflict, Expected};

/// An event that came first.
#[derive(Clone, Debug)]
pub struct Since {
    pub event: RecordedEvent,
    /// What it changed; the first few of many.
    pub changes: Vec<Change>,
    /// How many more there are.
    pub more: usize,
    /// Of the fields that it changed, those that the plan changes too.
    pub shared: Vec<String>,
    /// What stands against the plan behind this event and did not before.
    pub against: Vec<Message>,
}

/// A plan made anew on top of the events that came first.
#[derive(Debug)]
pub struct Rebased {
    pub since: Vec<Since>,
    pub plan: Result<Plan, PlanError>,
}

/// Of a single event, no more changes are told.
const CHANGES_TOLD: usize = 8;

/// Behind so many events the plan is tried one by one. Of a longer list, the rest is looked at together.
const TRIED: usize = 200;

/// After a conflict: folds the newer events into the story and plans again, with the same author and id.
pub fn rebase(story: &mut Story, plan: &Plan, conflict: &Conflict, authorship: &Authorship) -> Rebased {
    let known = story.timeline().highest_version();
    let fields: Vec<&str> = plan.changes.iter().map(|change| change.field.as_str()).collect();
    let mut against: Vec<Message> = plan.breaches.iter().map(Explain::message).collect();
    let last = conflict.since.len().saturating_sub(1);
    let mut since = Vec::with_capacity(conflict.since.len());
    for (nth, event) in conflict.since.iter().enumerate() {
        let is_new = known.is_none_or(|known| event.version > known);
        if is_new {
            story.push(&event.as_row());
        }
        let mut seen = seen_in(story, event, &fields);
        if is_new && (nth < TRIED || nth == last) {
            let found = match again(story, plan, Some(event.version), authorship) {
                Ok(plan) => plan.breaches.iter().map(Explain::message).collect(),
                Err(error) => vec![error.message()],
            };
            seen.against = found.iter().filter(|message| !against.contains(message)).cloned().collect();
            against = found;
        }
        since.push(seen);
    }
    Rebased { since, plan: again(story, plan, conflict.actual, authorship) }
}

/// The same without a plan of one event: folds the newer events in, and tells what each changed, and which of these fields
/// are among them.
pub fn take_in(story: &mut Story, events: &[RecordedEvent], fields: &[&str]) -> Vec<Since> {
    let known = story.timeline().highest_version();
    let mut since = Vec::with_capacity(events.len());
    for event in events {
        if known.is_none_or(|known| event.version > known) {
            story.push(&event.as_row());
        }
        since.push(seen_in(story, event, fields));
    }
    since
}

fn seen_in(story: &Story, event: &RecordedEvent, fields: &[&str]) -> Since {
    let timeline = story.timeline();
    let index = timeline.index_of(event.version);
    let changes = index.map(|index| timeline.first_changes(index, CHANGES_TOLD)).unwrap_or_default();
    let changed = index.map(|index| timeline.changed_fields(index)).unwrap_or_default();
    let shared = changed.iter().filter(|field| fields.iter().any(|planned| overlap(field, planned)));
    Since {
        event: event.clone(),
        more: changed.len().saturating_sub(changes.len()),
        shared: shared.map(|field| (*field).to_owned()).collect(),
        changes,
        against: Vec::new(),
    }
}

/// One path is the other, or leads into it.
fn overlap(one: &str, other: &str) -> bool {
    let leads_into = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    leads_into(one, other) || leads_into(other, one)
}

fn again(story: &Story, plan: &Plan, actual: Option<Version>, authorship: &Authorship) -> Result<Plan, PlanError> {
    match &plan.origin {
        Origin::Natural { target } => natural(story, target, authorship),
        Origin::Free(free) => {
            let expected = match plan.expected {
                Expected::Any => Expected::Any,
                _ => actual.map_or(Expected::NoStream, Expected::Exact),
            };
            plan_event(story, &plan.stream, expected, free.clone(), authorship)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn a_field_overlaps_with_what_is_inside_of_it_and_with_no_namesake() {
        for (one, other) in [("name", "name"), ("to", "to.city"), ("to.city", "to"), ("list", "list[0].a")] {
            assert!(overlap(one, other), "{one} {other}");
        }
        for (one, other) in [("name", "names"), ("to.city", "to.zip"), ("a", "b")] {
            assert!(!overlap(one, other), "{one} {other}");
        }
    }
}
