use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Finding;
use crate::event::{EventRow, Version};
use crate::projection::Projection;

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

    pub fn to_snapshot(&self) -> Option<String> {
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

    pub fn state(&self) -> &P::State {
        &self.state
    }
}
