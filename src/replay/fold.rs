use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Change, Finding};
use crate::event::{EventRow, Version};
use crate::projection::{Problem, Projection, diff_values, path_value};

/// A fold that keeps nothing but where it has come to: for a state at one version, and for snapshots.
#[derive(Debug)]
pub struct Fold<P: Projection> {
    projection: P,
    state: P::State,
    findings: Vec<Finding>,
    version: Option<Version>,
}

/// What a snapshot keeps: the findings too, since the events that broke a rule are not read again.
#[derive(Serialize, Deserialize)]
struct Kept<S> {
    state: S,
    findings: Vec<Finding>,
}

/// The text of a state of which only the first failure is known, and no other finding wanted.
pub(super) fn snapshot_of<S: Serialize>(state: &S, failed: Option<&Finding>) -> Option<String> {
    serde_json::to_string(&Kept { state, findings: failed.cloned().into_iter().collect() }).ok()
}

/// What one more event would make of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    pub before: Value,
    pub after: Value,
    /// Without what only keeps the books.
    pub changes: Vec<Change>,
    pub problems: Vec<Problem>,
}

impl Preview {
    pub fn of<P: Projection>(projection: &P, state: &P::State, row: &EventRow<'_>) -> Self {
        let mut state = state.clone();
        let before = projection.show(&state);
        let mut problems = Vec::new();
        projection.fold(&mut state, &projection.decode(row), &row.head(), &mut problems);
        let after = projection.show(&state);
        let value = |shown: &Value, path: &str| path_value(shown, path).cloned().unwrap_or(Value::Null);
        let changes = diff_values(&before, &after, projection.bookkeeping())
            .into_iter()
            .map(|field| Change { before: value(&before, &field), after: value(&after, &field), field })
            .collect();
        Self { before, after, changes, problems }
    }
}

impl<P: Projection> Fold<P> {
    pub fn new(projection: P) -> Self {
        Self { projection, state: P::State::default(), findings: Vec::new(), version: None }
    }

    /// Goes on from a snapshot's text; `None` if it cannot be read.
    pub fn resume(projection: P, version: Version, kept: &str) -> Option<Self> {
        let Kept { state, findings } = serde_json::from_str(kept).ok()?;
        Some(Self { projection, state, findings, version: Some(version) })
    }

    pub fn push(&mut self, row: &EventRow<'_>) {
        let event = self.projection.decode(row);
        let mut problems = Vec::new();
        self.projection.fold(&mut self.state, &event, &row.head(), &mut problems);
        self.findings.extend(problems.into_iter().map(|problem| Finding { version: row.version, problem }));
        self.version = Some(row.version);
    }

    /// `None` also where it was not run to its end: what goes on from there would not know.
    pub fn to_snapshot(&self) -> Option<String> {
        if self.findings.iter().any(|finding| finding.problem.is_not_run()) {
            return None;
        }
        serde_json::to_string(&Kept { state: self.state.clone(), findings: self.findings.clone() }).ok()
    }

    pub fn show(&self) -> Value {
        self.projection.show(&self.state)
    }

    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// What one more event would change.
    pub fn preview(&self, row: &EventRow<'_>) -> Preview {
        Preview::of(&self.projection, &self.state, row)
    }

    pub fn state(&self) -> &P::State {
        &self.state
    }
}
