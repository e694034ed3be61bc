use std::path::PathBuf;

use super::{ReasonPlace, UserError, WindowTool};
use crate::engine::{
    Asked, Engine, Excerpt, ExcerptTarget, Question, Smallest, Sought, Ticket, Tool, describe, smallest, write_excerpt,
};
use crate::event::StreamId;
use crate::store::{Source, Store};

/// The fewest events of the stream on screen that still show something.
#[derive(Debug, Default)]
pub struct SmallestHistory {
    /// A condition, where that is what is looked for.
    pub condition: String,
    pub showing: Showing,
    /// Of histories alone that break no other rule.
    pub is_by_the_rules: bool,
    /// The path of the file to write, as typed.
    pub to: String,
    /// A file that is there already may go.
    pub replaces: bool,
    /// The file is to be written, too.
    pub is_to_save: bool,
    /// Where it is looked for.
    pub place: Option<ReasonPlace>,
    pub asked: Asked<FindSmallest>,
}

/// What a smaller history must still show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Showing {
    #[default]
    Condition,
    /// The last rule that was broken.
    Rule,
}

impl SmallestHistory {
    /// What was found last.
    pub fn found(&self) -> Option<&FoundSmallest> {
        self.asked.value().filter(|_| !self.asked.is_loading())
    }

    /// Whether what the dialog says is enough to begin with.
    pub fn can_start(&self) -> bool {
        self.showing == Showing::Rule || !self.condition.trim().is_empty()
    }

    fn sought(&self) -> Sought {
        match self.showing {
            Showing::Rule => Sought::Rule,
            Showing::Condition => Sought::Condition(self.condition.trim().to_owned()),
        }
    }
}

impl WindowTool for SmallestHistory {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        let Some(place) = self.place.clone().filter(|_| self.can_start()) else { return };
        let path = PathBuf::from(self.to.trim());
        let save = (self.is_to_save && !self.to.trim().is_empty()).then(|| Save {
            path,
            replaces: self.replaces,
            source: engine.source().clone(),
        });
        let (sought, is_by_the_rules) = (self.sought(), self.is_by_the_rules);
        self.asked.ask(engine, FindSmallest { place, sought, is_by_the_rules, save });
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
struct Save {
    path: PathBuf,
    replaces: bool,
    /// The store itself, which nothing may replace.
    source: Source,
}

#[derive(Clone, Debug)]
pub struct FindSmallest {
    place: ReasonPlace,
    sought: Sought,
    is_by_the_rules: bool,
    save: Option<Save>,
}

/// A smallest history, of which stream it is, and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundSmallest {
    pub stream: StreamId,
    pub smallest: Smallest,
    pub saved: Option<PathBuf>,
}

impl Question for FindSmallest {
    type Answer = FoundSmallest;
    type Error = UserError;
    const WHAT: &'static str = "leaving events out";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<FoundSmallest, UserError> {
        let Self { place, sought, is_by_the_rules, save } = self;
        // Asked before the work, which may take a while.
        let target =
            save.as_ref().map(|save| ExcerptTarget::new(&save.path, &save.source, save.replaces)).transpose()?;
        let described = describe(reader, &place.stream)?;
        let projection = described.projection(Some(&place.projection))?;
        let mut tell = |done, total| {
            ticket.set_total(total);
            ticket.reached(done)
        };
        let smallest = smallest(reader, &described, &projection, (&sought, is_by_the_rules), &mut tell)?;
        let stream = described.row.stream;
        let mut saved = None;
        if let (Some(target), Some(Save { path, source, .. })) = (target, save) {
            let excerpt = Excerpt {
                stream: stream.clone(),
                from: smallest.from,
                versions: smallest.kept.iter().map(|head| head.version).collect(),
                shows: smallest.shows.clone(),
            };
            write_excerpt(reader, &source.to_string(), &excerpt, target, &mut |_| ticket.flow())?;
            saved = Some(path);
        }
        Ok(FoundSmallest { stream, smallest, saved })
    }
}
