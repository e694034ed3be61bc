//! What an answer says of events on which a projection of the user's own failed. Such an answer is no yes.

use serde_json::{Value, json};

use super::own::{ProjectionName, Under, tell_given_up};
use super::progress::counted;
use super::terminal::message;
use super::{Failure, Outcome};
use crate::engine::grouped;
use crate::event::{EventType, StreamId, Version};
use crate::projection::{Problem, ProjectionError, SourcePlace};
use crate::replay::{Failures, Finding, Index, Timeline};

/// Where it failed first.
struct First {
    stream: StreamId,
    version: Version,
    event_type: Option<EventType>,
    finding: Finding,
}

impl First {
    /// Its own stream and version, where it was met among those of a partition.
    fn new(under: &Under, stream: &StreamId, finding: &Finding, event_type: Option<EventType>) -> Self {
        let own = under.division.as_ref().and_then(|division| division.own_event(stream, finding.version));
        let (stream, version) = own.unwrap_or_else(|| (stream.clone(), finding.version));
        Self { stream, version, event_type, finding: finding.clone() }
    }

    fn place(&self) -> Option<SourcePlace> {
        match &self.finding.problem {
            Problem::Failed(ProjectionError::Fault(fault)) => fault.place,
            _ => None,
        }
    }

    fn words(&self) -> String {
        match &self.finding.problem {
            Problem::Failed(ProjectionError::Fault(fault)) => fault.to_string(),
            other => other.to_string(),
        }
    }

    fn said(&self) -> String {
        let Self { stream, version, event_type, .. } = self;
        let event_type = event_type.as_ref().map(|event_type| format!(" ({event_type})")).unwrap_or_default();
        format!("{stream} v{version}{event_type}: {}", self.words())
    }
}

/// Of a whole store: on how many streams it failed, and where first. What JSON says of it is nothing where it did not.
pub(super) fn tell_failures(under: &Under, projection: &str, failures: &Failures) -> Result<Value, Failure> {
    let Some((stream, finding)) = &failures.first else { return Ok(Value::Null) };
    let event = under.reader.event_at(stream, finding.version)?;
    let first = First::new(under, stream, finding, event.map(|event| event.event_type));
    let what = if under.division.is_some() { "partition" } else { "stream" };
    message(format_args!(
        "{projection} {}, whose rows are those of the other events; first on {}",
        failed_on(failures.streams, failures.not_run, what),
        first.said()
    ));
    if failures.not_run > 0 {
        tell_given_up(projection);
    }
    let place = first.place();
    Ok(json!({
        "rows": failures.streams,
        "not_run": failures.not_run,
        "first": {
            "stream": first.stream,
            "version": first.version,
            "type": first.event_type,
            "message": first.words(),
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
        },
    }))
}

/// On how many it failed, and on how many it was not run any more, because it had been given up.
pub(super) fn failed_on(failed: u64, not_run: u64, what: &str) -> String {
    match (failed, not_run) {
        (failed, 0) => format!("failed on {}", counted(failed, what)),
        (0, not_run) => format!("was not run on {}", counted(not_run, what)),
        (failed, not_run) => {
            format!("failed on {}, and was not run on {} more", counted(failed, what), grouped(not_run))
        }
    }
}

/// Of a whole store: what the command ends with.
pub(super) fn outcome_over(
    under: &Under,
    projection: Option<&ProjectionName>,
    failures: &Failures,
) -> Result<Outcome, Failure> {
    let Some(projection) = projection.filter(|projection| projection.script.is_some() && !failures.is_none()) else {
        return Ok(Outcome::Done);
    };
    tell_failures(under, projection, failures)?;
    Ok(Outcome::No)
}

/// Of one stream up to an event, or to its end: what the command ends with.
pub(super) fn outcome_along(
    under: &Under,
    projection: Option<&ProjectionName>,
    stream: &StreamId,
    timeline: &dyn Timeline,
    to: Option<Index>,
) -> Outcome {
    let Some(projection) = projection.filter(|projection| projection.script.is_some()) else { return Outcome::Done };
    let is_failure = |problem: &Problem| matches!(problem, Problem::Failed(_));
    let failed: Vec<&(Index, Finding)> = timeline
        .all_findings()
        .iter()
        .filter(|(at, finding)| to.is_none_or(|to| *at <= to) && is_failure(&finding.problem))
        .collect();
    let Some((at, finding)) = failed.first() else { return Outcome::Done };
    let event_type = timeline.heads().get(*at).map(|head| head.event_type.clone());
    let first = First::new(under, stream, finding, event_type);
    let not_run = failed.iter().filter(|(_, finding)| finding.problem.is_not_run()).count() as u64;
    message(format_args!(
        "{projection} {}, and the answer is that of the other events; first on {}",
        failed_on(failed.len() as u64 - not_run, not_run, "event"),
        first.said()
    ));
    if not_run > 0 {
        tell_given_up(projection);
    }
    Outcome::No
}
