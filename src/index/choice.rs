use std::collections::HashMap;
use std::sync::Arc;

use crate::event::{EventRow, StreamId};
use crate::expr::{Names, Uses};
use crate::replay::{DecodedRows, ProjectionRef};

/// Which projection each stream of a store is shown under.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    projections: Vec<ProjectionRef>,
    /// By what stands before the first `-` of a stream's name.
    of_category: HashMap<String, usize>,
    /// Where a store knows better what a category is.
    of_stream: HashMap<StreamId, usize>,
    /// For all the others; left out where there is none.
    otherwise: Option<usize>,
}

impl Choice {
    /// One for every stream.
    pub fn one(projection: ProjectionRef) -> Self {
        Self { projections: vec![projection], otherwise: Some(0), ..Self::default() }
    }

    fn place_of(&mut self, projection: &ProjectionRef) -> usize {
        if let Some(place) = self.projections.iter().position(|known| known == projection) {
            return place;
        }
        self.projections.push(projection.clone());
        self.projections.len() - 1
    }

    pub fn set_category(&mut self, category: &str, projection: &ProjectionRef) {
        let place = self.place_of(projection);
        self.of_category.insert(category.to_owned(), place);
    }

    pub fn set_stream(&mut self, stream: StreamId, projection: &ProjectionRef) {
        let place = self.place_of(projection);
        self.of_stream.insert(stream, place);
    }

    /// For streams of which nothing else is said.
    pub fn set_otherwise(&mut self, projection: &ProjectionRef) {
        self.otherwise = Some(self.place_of(projection));
    }

    /// The same for one run over a store, in which each of them counts for all streams together.
    #[must_use]
    pub fn for_run(&self) -> Self {
        let projections = self.projections.iter().map(ProjectionRef::for_run).collect();
        Self { projections, ..self.clone() }
    }

    /// The same for a run that goes on: those that are at work in it already count on.
    #[must_use]
    pub fn for_run_after(&self, before: &Self) -> Self {
        let of_run = |projection: &ProjectionRef| {
            let is_same = |known: &&ProjectionRef| *known == projection && known.revision() == projection.revision();
            before.projections.iter().find(is_same).cloned().unwrap_or_else(|| projection.for_run())
        };
        Self { projections: self.projections.iter().map(of_run).collect(), ..self.clone() }
    }

    pub fn projections(&self) -> &[ProjectionRef] {
        &self.projections
    }

    /// All streams are shown under the same.
    pub fn is_one(&self) -> bool {
        self.projections.len() == 1 && self.otherwise.is_some()
    }

    /// Nothing need be known of a stream to know what it is shown under.
    fn is_for_every_stream_alike(&self) -> bool {
        self.is_one() && self.of_category.is_empty() && self.of_stream.is_empty()
    }

    /// No stream is left out.
    pub fn is_for_all(&self) -> bool {
        self.otherwise.is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.projections.is_empty()
    }

    /// What this stream is shown under.
    pub fn projection_of(&self, stream: &StreamId) -> Option<&ProjectionRef> {
        self.projections.get(self.of(stream)?)
    }

    /// Whether what was folded by the one may go on by the other.
    pub fn is_same(&self, other: &Self) -> bool {
        self.projections == other.projections && self.definition() == other.definition()
    }

    /// What makes another choice of it: which projections, in which revision, and of which categories.
    pub fn definition(&self) -> String {
        let name = |place: usize| {
            let projection = self.projections.get(place);
            let of = |projection: &ProjectionRef| {
                let revision = projection.revision();
                if !projection.is_own() {
                    return format!("{projection:?} {revision}");
                }
                // From another folder the same file has another path.
                let file = projection.name().rsplit(['/', '\\']).next().unwrap_or_default();
                format!("{file} {revision}")
            };
            projection.map(of).unwrap_or_default()
        };
        let mut parts: Vec<String> =
            self.of_category.iter().map(|(category, place)| format!("{category:?}: {}", name(*place))).collect();
        parts.sort();
        parts.extend(self.otherwise.map(|place| format!("otherwise: {}", name(place))));
        parts.join("; ")
    }

    fn of(&self, stream: &StreamId) -> Option<usize> {
        let by_name = || {
            if self.of_category.is_empty() { None } else { self.of_category.get(stream.category()).copied() }
        };
        let by_stream = if self.of_stream.is_empty() { None } else { self.of_stream.get(stream).copied() };
        by_stream.or_else(by_name).or(self.otherwise)
    }

    /// What a condition may name: the fields of any of them.
    pub fn names(&self) -> Names {
        let mut names = Names::default();
        for projection in &self.projections {
            let Names { fields, is_open, differ, .. } = projection.names();
            names.is_open |= is_open;
            names.differ |= differ;
            for field in fields {
                if !names.fields.contains(&field) {
                    names.fields.push(field);
                }
            }
        }
        names
    }
}

/// Rows of many streams, each decoded for the projection of its stream.
pub struct MixedRows {
    choice: Arc<Choice>,
    pub(super) parts: Vec<Box<dyn DecodedRows>>,
    /// The stream before, which often goes on.
    last: Option<(StreamId, Option<usize>)>,
}

impl std::fmt::Debug for MixedRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MixedRows").field("choice", &self.choice).field("rows", &self.len()).finish_non_exhaustive()
    }
}

impl MixedRows {
    /// With the names of their streams.
    pub fn new(choice: &Arc<Choice>) -> Self {
        Self::of(choice, |projection| projection.rows_to_watch(&Uses::default()))
    }

    /// Without: to count, the numbers of the streams are enough, and a name is counted by two cores at once.
    pub(super) fn without_names(choice: &Arc<Choice>) -> Self {
        Self::of(choice, ProjectionRef::rows)
    }

    fn of(choice: &Arc<Choice>, rows: impl Fn(&ProjectionRef) -> Box<dyn DecodedRows>) -> Self {
        Self { parts: choice.projections.iter().map(rows).collect(), choice: Arc::clone(choice), last: None }
    }
}

impl DecodedRows for MixedRows {
    fn push(&mut self, row: &EventRow<'_>) {
        if let ([only], true) = (self.parts.as_mut_slice(), self.choice.is_for_every_stream_alike()) {
            return only.push(row);
        }
        let part = match &self.last {
            Some((stream, part)) if stream == row.stream => *part,
            _ => {
                let part = self.choice.of(row.stream);
                self.last = Some((row.stream.clone(), part));
                part
            }
        };
        if let Some(rows) = part.and_then(|part| self.parts.get_mut(part)) {
            rows.push(row);
        }
    }

    fn len(&self) -> usize {
        self.parts.iter().map(|rows| rows.len()).sum()
    }
}
