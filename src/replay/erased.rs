use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use super::follow::{FollowField, Following};
use super::standing::{AllStood, Standing};
use super::streams::{DecodedRows, Rows, States, StreamStates};
use super::watch::{Watch, WatchRows, Watching};
use super::when::fields_of;
use super::{Finding, Fold, Preview, Replay, Timeline};
use crate::domain::Aggregate;
use crate::event::{EventRow, Timestamp, Version};
use crate::expr::{Expression, Names, Uses};
use crate::projection::Projection;

/// A projection of any type, shared. Two are equal that have one name and fold the streams of one aggregate.
#[derive(Clone)]
pub struct ProjectionRef(Arc<dyn ErasedProjection>);

/// A [`Projection`] without its types. What runs once an event stays typed inside of what these make, so that erasing
/// costs a call for an event or for a chunk of them, and no box.
trait ErasedProjection: Send + Sync {
    fn name(&self) -> &str;
    fn aggregate(&self) -> Option<Aggregate>;
    fn knows_rules(&self) -> bool;
    fn revision(&self) -> u32;
    fn is_own(&self) -> bool;
    fn takes_category(&self, category: &str) -> bool;
    fn for_run(&self) -> ProjectionRef;
    fn fold(&self) -> Box<dyn AnyFold>;
    fn resume(&self, version: Version, kept: &str) -> Option<Box<dyn AnyFold>>;
    fn timeline(&self, events: usize) -> Box<dyn Timeline>;
    fn rows(&self) -> Box<dyn DecodedRows>;
    fn states(&self) -> Box<dyn StreamStates>;
    fn names(&self) -> Names;
    fn rows_to_watch(&self, uses: &Uses) -> Box<dyn DecodedRows>;
    fn watch(&self, expression: Expression, then: Option<Timestamp>) -> Box<dyn Watching>;
    fn standing(&self, until: Option<Timestamp>) -> Box<dyn Standing>;
    fn follow(&self, path: &str) -> Box<dyn Following>;
}

/// For a fold that begins.
fn for_fold<P: Projection>(projection: &P) -> P {
    projection.for_fold(&mut std::iter::empty())
}

impl<P: Projection> ErasedProjection for P {
    fn name(&self) -> &str {
        Projection::name(self)
    }

    fn aggregate(&self) -> Option<Aggregate> {
        Projection::aggregate(self)
    }

    fn knows_rules(&self) -> bool {
        Projection::knows_rules(self)
    }

    fn revision(&self) -> u32 {
        Projection::revision(self)
    }

    fn is_own(&self) -> bool {
        Projection::is_own(self)
    }

    fn takes_category(&self, category: &str) -> bool {
        Projection::takes_category(self, category)
    }

    fn for_run(&self) -> ProjectionRef {
        ProjectionRef::new(Projection::for_run(self))
    }

    fn fold(&self) -> Box<dyn AnyFold> {
        Box::new(Fold::new(for_fold(self)))
    }

    fn resume(&self, version: Version, kept: &str) -> Option<Box<dyn AnyFold>> {
        Some(Box::new(Fold::resume(for_fold(self), version, kept)?))
    }

    fn timeline(&self, events: usize) -> Box<dyn Timeline> {
        let mut replay = Replay::new(for_fold(self));
        replay.reserve(events);
        Box::new(replay)
    }

    fn rows(&self) -> Box<dyn DecodedRows> {
        Box::new(Rows::new(self.clone()))
    }

    fn states(&self) -> Box<dyn StreamStates> {
        Box::new(States::new(for_fold(self)))
    }

    fn names(&self) -> Names {
        let fields = fields_of(self, &P::State::default());
        Names { is_open: fields.is_empty(), differ: fields.is_empty(), fields, ..Names::default() }
    }

    fn rows_to_watch(&self, uses: &Uses) -> Box<dyn DecodedRows> {
        Box::new(WatchRows::new(self.clone(), uses))
    }

    fn watch(&self, expression: Expression, then: Option<Timestamp>) -> Box<dyn Watching> {
        Box::new(Watch::new(for_fold(self), expression, then))
    }

    fn standing(&self, until: Option<Timestamp>) -> Box<dyn Standing> {
        Box::new(AllStood::new(for_fold(self), until))
    }

    fn follow(&self, path: &str) -> Box<dyn Following> {
        Box::new(FollowField::new(for_fold(self), path))
    }
}

impl ProjectionRef {
    pub fn new<P: Projection>(projection: P) -> Self {
        Self(Arc::new(projection))
    }

    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The aggregate whose streams it folds; `None` if it folds any.
    pub fn aggregate(&self) -> Option<Aggregate> {
        self.0.aggregate()
    }

    pub fn knows_rules(&self) -> bool {
        self.0.knows_rules()
    }

    pub fn revision(&self) -> u32 {
        self.0.revision()
    }

    /// Whether it is a user's own, of which no store keeps anything.
    pub fn is_own(&self) -> bool {
        self.0.is_own()
    }

    /// Whether it is meant for the streams of this category, as their names have it.
    pub fn takes_category(&self, category: &str) -> bool {
        self.0.takes_category(category)
    }

    /// The same for one run over a store, stream by stream: what its folds count, as how often a function of a user's own had
    /// to be ended, they count together.
    #[must_use]
    pub fn for_run(&self) -> Self {
        self.0.for_run()
    }

    /// A fold that begins at the first event.
    pub fn fold(&self) -> Box<dyn AnyFold> {
        self.0.fold()
    }

    /// A fold that goes on behind a snapshot; `None` if its text cannot be read.
    pub fn resume(&self, version: Version, kept: &str) -> Option<Box<dyn AnyFold>> {
        self.0.resume(version, kept)
    }

    /// An empty stream with room for so many events. Rows can be pushed at any time, also after it was looked at.
    pub fn timeline(&self, events: usize) -> Box<dyn Timeline> {
        self.0.timeline(events)
    }

    /// A chunk of rows of many streams, decoded as they are pushed.
    pub fn rows(&self) -> Box<dyn DecodedRows> {
        self.0.rows()
    }

    /// A state for each stream of a store, which takes what [`Self::rows`] decoded.
    pub fn states(&self) -> Box<dyn StreamStates> {
        self.0.states()
    }

    /// What an expression may name, before any stream is read.
    pub fn names(&self) -> Names {
        self.0.names()
    }

    /// The same as [`Self::rows`] for a condition over them, with what it asks for besides.
    pub fn rows_to_watch(&self, uses: &Uses) -> Box<dyn DecodedRows> {
        self.0.rows_to_watch(uses)
    }

    /// A condition over each stream of a store; also how it was at one moment.
    pub fn watch(&self, expression: Expression, then: Option<Timestamp>) -> Box<dyn Watching> {
        self.0.watch(expression, then)
    }

    /// How each stream of a store stands behind its last event, or the last one that was recorded until a time. Takes
    /// what [`Self::rows_to_watch`] decoded.
    pub fn standing(&self, until: Option<Timestamp>) -> Box<dyn Standing> {
        self.0.standing(until)
    }

    /// What a field of each stream of a store is behind each event. Takes what [`Self::rows`] decoded.
    pub fn follow(&self, path: &str) -> Box<dyn Following> {
        self.0.follow(path)
    }
}

impl<P: Projection> From<P> for ProjectionRef {
    fn from(projection: P) -> Self {
        Self::new(projection)
    }
}

impl fmt::Debug for ProjectionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.aggregate() {
            Some(aggregate) => write!(f, "{} of {aggregate:?}", self.name()),
            None => f.write_str(self.name()),
        }
    }
}

impl PartialEq for ProjectionRef {
    fn eq(&self, other: &Self) -> bool {
        self.aggregate() == other.aggregate() && self.name() == other.name()
    }
}

impl Eq for ProjectionRef {}

impl Hash for ProjectionRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.aggregate().hash(state);
        self.name().hash(state);
    }
}

/// A [`Fold`] without the type of its projection.
pub trait AnyFold: Send + fmt::Debug {
    fn push(&mut self, row: &EventRow<'_>);
    fn show(&self) -> Value;
    fn findings(&self) -> &[Finding];
    fn version(&self) -> Option<Version>;
    fn to_snapshot(&self) -> Option<String>;
    fn preview(&self, row: &EventRow<'_>) -> Preview;
}

impl<P: Projection> AnyFold for Fold<P> {
    fn push(&mut self, row: &EventRow<'_>) {
        Fold::push(self, row);
    }

    fn show(&self) -> Value {
        Fold::show(self)
    }

    fn findings(&self) -> &[Finding] {
        Fold::findings(self)
    }

    fn version(&self) -> Option<Version> {
        Fold::version(self)
    }

    fn to_snapshot(&self) -> Option<String> {
        Fold::to_snapshot(self)
    }

    fn preview(&self, row: &EventRow<'_>) -> Preview {
        Fold::preview(self, row)
    }
}
