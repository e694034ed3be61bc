//! What a question, a projection, a seal or the workspace may be refused with.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use foldline::engine::{
    EngineError, KeyError, ProofError, SealError, ShareError, SqlError, SqlFlaw, SqlHint, SqlRefusal, Unreadable,
};
use foldline::event::{StreamId, Timestamp, Version};
use foldline::expr::{Flaw as ConditionFlaw, FlawKind};
use foldline::index::{Budget, OverBudget};
use foldline::proof::BadSeal;
use foldline::store::ModelError;
use foldline::workspace::{FieldsError, SourceError, WorkspaceError};

use super::{path, text};

pub(super) fn every_session_error() -> Vec<EngineError> {
    let stream = StreamId::from("lead-1");
    vec![
        EngineError::NoStream { stream: stream.clone(), near: Vec::new() },
        EngineError::NoStream { stream: stream.clone(), near: vec![StreamId::from("lead-2")] },
        EngineError::NoVersion { stream: stream.clone(), asked: Version(20), first: Version(11), last: Version(12) },
        EngineError::BeforeItBegan { stream: stream.clone(), asked: Timestamp::from_micros(1), first: text("first") },
        EngineError::NoProjection { stream: stream.clone(), asked: text("asked"), known: vec![text("known")] },
        EngineError::NoField { stream: stream.clone(), asked: text("asked"), near: Vec::new() },
        EngineError::NoField { stream: stream.clone(), asked: text("asked"), near: vec![text("near")] },
        EngineError::NothingWrong { stream: stream.clone(), version: Version(11) },
        EngineError::NoRuleBroken(stream.clone()),
        EngineError::NeverTrue(stream),
        EngineError::NotAMoment(text("text")),
        EngineError::Condition(ConditionFlaw { kind: FlawKind::Empty, span: 0..0, instead: None }),
        EngineError::NoOrder,
        EngineError::NoPositions,
        EngineError::NoOrderToDivide,
        EngineError::SharedState(text("projection")),
        EngineError::NoSuchProjection { asked: text("asked"), known: vec![text("known")] },
        EngineError::NotOfStates,
        EngineError::Lost,
        EngineError::OverBudget(OverBudget { bytes: 200 << 20, budget: Budget::of_mebibytes(100) }),
    ]
}

pub(super) fn every_source_error() -> Vec<SourceError> {
    let path = || PathBuf::from(text("path"));
    let error = || io::Error::other(text("detail"));
    let all = vec![
        SourceError::Unreadable { path: path(), error: error() },
        SourceError::Gone { path: path() },
        SourceError::NoFile { path: path() },
        SourceError::NotText { path: path() },
        SourceError::TooLong { path: path() },
        SourceError::Unwritable { path: path(), error: error() },
        SourceError::Exists { name: text("name") },
        SourceError::BadName { name: text("name") },
        SourceError::Workspace(WorkspaceError::NoFolder),
    ];
    for one in &all {
        match one {
            SourceError::Unreadable { .. }
            | SourceError::Gone { .. }
            | SourceError::NoFile { .. }
            | SourceError::NotText { .. }
            | SourceError::TooLong { .. }
            | SourceError::Unwritable { .. }
            | SourceError::Exists { .. }
            | SourceError::BadName { .. }
            | SourceError::Workspace(_) => {}
        }
    }
    all
}

pub(super) fn every_workspace_error() -> Vec<WorkspaceError> {
    vec![
        WorkspaceError::NoFolder,
        WorkspaceError::Unreadable { path: path(), error: io::Error::other(text("detail")) },
        WorkspaceError::Unwritable { path: path(), error: io::Error::other(text("detail")) },
        WorkspaceError::Damaged { path: path(), detail: text("detail") },
        WorkspaceError::Newer { path: path(), what: "workspace", found: 7, supported: 1 },
        WorkspaceError::Newer { path: path(), what: "notes", found: 7, supported: 1 },
        WorkspaceError::Newer { path: path(), what: "branches", found: 7, supported: 1 },
    ]
}

pub(super) fn every_settings_error() -> Vec<FieldsError> {
    vec![
        FieldsError::PutAside { path: path(), aside: PathBuf::from(text("aside")), detail: text("detail") },
        FieldsError::Unreadable { path: path(), error: io::Error::from_raw_os_error(13) },
        FieldsError::Unwritable { path: path(), error: io::Error::from_raw_os_error(28) },
    ]
}

/// Of what is sealed and signed.
pub(super) fn every_signing_error() -> (Vec<SealError>, Vec<KeyError>, Vec<Unreadable>, Vec<ProofError>) {
    let bad = |bad| SealError::Bad { path: path(), bad };
    let unwritten = KeyError::Unwritten { path: path(), source: io::Error::other(text("source")) };
    (
        vec![bad(BadSeal::NoSeal), bad(BadSeal::Broken)],
        vec![KeyError::NoHome, KeyError::Bad(path()), unwritten],
        vec![Unreadable::Missing(path()), Unreadable::TooLong(path())],
        vec![
            ProofError::TooMany { events: 11 },
            ProofError::NothingFound(text("text")),
            ProofError::NotGrown,
            ProofError::NoEvidence(path()),
        ],
    )
}

pub(super) fn every_sql_error() -> Vec<SqlError> {
    let refusals = [
        SqlRefusal::Function(text("name")),
        SqlRefusal::Pragma(text("name")),
        SqlRefusal::Attach,
        SqlRefusal::Insert,
        SqlRefusal::Update,
        SqlRefusal::Delete,
        SqlRefusal::Transaction,
        SqlRefusal::Schema,
        SqlRefusal::Table(text("name")),
    ];
    let hint = |hint| SqlFlaw::NoColumn { name: text("name"), hint };
    let flaws = [
        SqlFlaw::NoTable { name: text("name"), hint: SqlHint::Near(vec![text("one"), text("other")]) },
        hint(SqlHint::All(vec![text("one"), text("other")])),
        hint(SqlHint::NoTableNamed),
        SqlFlaw::Quoted { name: text("name"), text: text("text") },
        SqlFlaw::Syntax(text("near")),
        SqlFlaw::Unfinished,
        SqlFlaw::NoFunction(text("name")),
        SqlFlaw::Ambiguous(text("name")),
        SqlFlaw::Other(text("said")),
    ];
    let queries = flaws.into_iter().map(|flaw| SqlError::Query { flaw, at: None });
    let others = [SqlError::Several, SqlError::Nothing, SqlError::TooLong(Duration::from_millis(1_500))];
    refusals.into_iter().map(SqlError::Writes).chain(queries).chain(others).collect()
}

pub(super) fn every_share_error() -> Vec<ShareError> {
    vec![
        ShareError::NotThere(text("place")),
        ShareError::Name(text("name")),
        ShareError::OtherProjection(text("name")),
        ShareError::Replaced(text("name")),
        ShareError::None(text("name")),
        ShareError::GoesInto { name: text("name"), into: text("into") },
        ShareError::GoesNowhere(text("name")),
        ShareError::OtherTable(text("place")),
        ShareError::TableGone(text("place")),
        ShareError::Model(ModelError::NoName(text("place"))),
    ]
}

pub(super) fn every_model_error() -> Vec<ModelError> {
    let (place, table) = (text("place"), text("table"));
    let none = |near: &str| ModelError::NoTable { place: place.clone(), table: table.clone(), near: near.to_owned() };
    vec![
        ModelError::IsStore(place.clone()),
        ModelError::NotOurs(place.clone()),
        ModelError::TableTaken { place: place.clone(), table: table.clone() },
        ModelError::Reserved(place.clone()),
        none(""),
        none("«near»"),
        ModelError::NoColumn {
            place: place.clone(),
            table: table.clone(),
            column: text("column"),
            known: text("known"),
        },
        ModelError::Newer(place.clone()),
    ]
}
