//! What may be wrong with what events mean: a domain, a condition, a correction.

use foldline::compensate::PlanError;
use foldline::domain::{Breach, EventKind, Flaw};
use foldline::event::{EventType, JsonFault, NotJson, StreamId, Version};
use foldline::expr::{Doubt, DoubtKind, Flaw as ConditionFlaw, FlawKind, Kind};
use foldline::projection::{Problem, ProjectionError};
use foldline::replay::EditError;
use foldline::sample::SampleError;

use super::{path, text};

pub(super) fn every_problem() -> Vec<Problem> {
    let flaws = [
        Flaw::NotJson(text("detail").into()),
        Flaw::NotAnObject,
        Flaw::NotATime { field: "followup-on", text: text("text").into() },
        Flaw::Unknown { field: "priority", text: text("text").into() },
    ];
    let event_type = EventType::new(text("event"));
    let mut problems: Vec<Problem> =
        flaws.into_iter().map(|flaw| Problem::Payload { event_type: event_type.clone(), flaw }).collect();
    problems.extend(every_breach().into_iter().map(Problem::Breach));
    problems.push(Problem::Guess { event_type, kind: EventKind::Contacted });
    problems.push(Problem::Failed(ProjectionError::Event(text("detail").into())));
    problems.push(Problem::Failed(ProjectionError::StateTooLarge { bytes: 7, limit: 5 }));
    problems
}

pub(super) fn every_breach() -> Vec<Breach> {
    let (kind, first) = (EventKind::ALL[0], EventKind::ALL[1]);
    vec![
        Breach::While { kind, status: "converted" },
        Breach::NotBegun { kind, first },
        Breach::BegunTwice(kind),
        Breach::FollowupInThePast,
        Breach::ChangesNothing(kind),
        Breach::NamesNothing(kind),
        Breach::AlreadyCompensated(kind),
        Breach::CompensatedBefore(kind),
        Breach::NothingToUndo(kind),
        Breach::NoCompensation(text("type")),
        Breach::ChangedLater(text("field")),
        Breach::NothingBefore("«field»"),
        Breach::EscalatedEarly,
        Breach::EscalatedWithoutWait,
        Breach::EscalatedTwice,
        Breach::EscalatedClosedBy("«who»"),
        Breach::ClosedEarly,
        Breach::ReopenedBy("«who»"),
        Breach::ReopenedLate,
        Breach::MovedUnescalated,
        Breach::MovedEarly,
        Breach::Unreadable(text("detail")),
        Breach::Foreign(text("type")),
    ]
}

pub(super) fn every_flaw_of_a_condition() -> Vec<ConditionFlaw> {
    let kinds = vec![
        FlawKind::Empty,
        FlawKind::TooLong,
        FlawKind::TooDeep,
        FlawKind::Letter('#'),
        FlawKind::OpenText,
        FlawKind::Escape,
        FlawKind::Number(text("number")),
        FlawKind::LargeNumber(text("number")),
        FlawKind::Unexpected(text("word")),
        FlawKind::Unfinished,
        FlawKind::Field(text("field")),
        FlawKind::EventPart(text("part")),
        FlawKind::Function(text("function")),
        FlawKind::Arguments { function: "«function»", takes: "«takes»", given: 11 },
        FlawKind::Variable(text("function")),
        FlawKind::Pattern(text("pattern")),
        FlawKind::Time(text("time")),
        FlawKind::Length(text("length")),
        FlawKind::Zone(text("zone")),
        FlawKind::Bytes,
        FlawKind::TooManySteps,
        FlawKind::TooManyStepsInAll,
    ];
    for kind in &kinds {
        match kind {
            FlawKind::Empty
            | FlawKind::TooLong
            | FlawKind::TooDeep
            | FlawKind::Letter(_)
            | FlawKind::OpenText
            | FlawKind::Escape
            | FlawKind::Number(_)
            | FlawKind::LargeNumber(_)
            | FlawKind::Unexpected(_)
            | FlawKind::Unfinished
            | FlawKind::Field(_)
            | FlawKind::EventPart(_)
            | FlawKind::Function(_)
            | FlawKind::Arguments { .. }
            | FlawKind::Variable(_)
            | FlawKind::Pattern(_)
            | FlawKind::Time(_)
            | FlawKind::Length(_)
            | FlawKind::Zone(_)
            | FlawKind::Bytes
            | FlawKind::TooManySteps
            | FlawKind::TooManyStepsInAll => {}
        }
    }
    let flaw = |kind: &FlawKind, instead| ConditionFlaw { kind: kind.clone(), span: 0..1, instead };
    kinds.iter().flat_map(|kind| [flaw(kind, None), flaw(kind, Some(text("instead")))]).collect()
}

pub(super) fn every_doubt() -> Vec<Doubt> {
    let kinds = vec![
        DoubtKind::Compare(Kind::Null, Kind::Int),
        DoubtKind::Compare(Kind::Text, Kind::Time),
        DoubtKind::Reckon(Kind::Bool, Kind::Length),
        DoubtKind::NoCondition(Kind::List),
        DoubtKind::NoCondition(Kind::Map),
        DoubtKind::Takes("«function»", Kind::Kind),
        DoubtKind::NoItem,
        DoubtKind::ByNought,
        DoubtKind::TooLarge,
        DoubtKind::Zone(text("zone")),
        DoubtKind::NotRun,
    ];
    kinds.into_iter().map(|kind| Doubt { kind, span: 0..1 }).collect()
}

pub(super) fn every_plan_error() -> Vec<PlanError> {
    vec![
        PlanError::NoSuchEvent { stream: StreamId::from("lead-1"), version: Version(11) },
        PlanError::NoRules(EventType::from("«type»")),
        PlanError::NoActor,
        PlanError::NoReason,
        PlanError::FieldTwice("«name»".to_owned()),
        PlanError::PayloadNotJson(JsonFault { what: NotJson::Value, line: 1, column: 2 }),
        PlanError::NoType,
        PlanError::Archived(StreamId::from("lead-1")),
        PlanError::Encrypted,
        PlanError::NothingLoaded(text("stream").as_str().into()),
    ]
}

pub(super) fn every_edit_error() -> Vec<EditError> {
    vec![
        EditError::NoEvent { version: Version(11) },
        EditError::OtherEvent { version: Version(11) },
        EditError::NotAPath(text("path")),
        EditError::NoPlace { version: Version(11), path: text("path") },
    ]
}

pub(super) fn every_sample_error() -> Vec<SampleError> {
    vec![
        SampleError::Nothing,
        SampleError::TooFewEvents { streams: 12, events: 11 },
        SampleError::OnlyLead1,
        SampleError::TooMany,
        SampleError::NotEmpty(path()),
        SampleError::Story(Breach::ClosedEarly),
    ]
}
