use std::path::PathBuf;

use super::sealing::named;
use super::{Sought, UserError, WindowTool};
use crate::engine::{Asked, Engine, EvidenceOf, EvidenceWish, Moment, Question, Ticket, Tool, Written, write_evidence};
use crate::event::{Message, StreamId, Version};
use crate::evidence::{Form, KeptNote};
use crate::locale::Language;
use crate::store::files::ExportTarget;
use crate::store::{Source, Store};
use crate::workspace::{Note, Notes};

/// What evidence is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum EvidenceChoice {
    /// The stream on screen, up to the cursor.
    #[default]
    Here,
    /// What a search has found.
    Found(Sought),
}

/// A page of evidence on its way.
#[derive(Debug, Default)]
pub struct Evidencing {
    /// The path as typed.
    pub to: String,
    pub of: EvidenceChoice,
    /// Where the cursor stands.
    pub at: Option<Version>,
    /// The window's, until another is chosen.
    pub language: Option<Language>,
    /// The path of a seal from which the store is shown to have grown; empty for none.
    pub since: String,
    pub replaces: bool,
    /// What was noted about the store's events.
    pub notes: Vec<KeptNote>,
    /// The path of the key to sign with; empty for the user's own.
    pub key: String,
    pub asked: Asked<MakeEvidence>,
}

impl Evidencing {
    pub(super) fn take_notes(&mut self, notes: &Notes) {
        let kept =
            |note: &Note| KeptNote::new(note.stream(), note.version, note.id.clone(), note.text.clone(), note.at);
        self.notes = notes.iter().map(kept).collect();
    }
}

impl WindowTool for Evidencing {
    fn start(&mut self, engine: &Engine, here: Option<&StreamId>) {
        let of = match (&self.of, here) {
            (EvidenceChoice::Found(Sought { text, search }), _) => {
                EvidenceOf::Sought { text: text.clone(), search: search.clone() }
            }
            (EvidenceChoice::Here, Some(stream)) => {
                let at = self.at.map_or(Moment::Latest, Moment::Version);
                EvidenceOf::Stream { stream: stream.clone(), at }
            }
            (EvidenceChoice::Here, None) => return,
        };
        let since = named(&self.since);
        let language = self.language.unwrap_or_default();
        let source = engine.source().clone();
        let wish = EvidenceWish { of, language, store: source.name(), since, notes: self.notes.clone() };
        let path = PathBuf::from(self.to.trim());
        self.asked.ask(engine, MakeEvidence { path, wish, source, replaces: self.replaces, key: named(&self.key) });
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

#[derive(Clone, Debug)]
pub struct MakeEvidence {
    path: PathBuf,
    wish: EvidenceWish,
    key: Option<PathBuf>,
    /// The store itself, which no file may replace.
    source: Source,
    replaces: bool,
}

/// Evidence that was written.
#[derive(Clone, Debug)]
pub struct Made {
    pub path: PathBuf,
    pub written: Written,
}

impl Question for MakeEvidence {
    type Answer = Made;
    type Error = UserError;
    const WHAT: &'static str = "making evidence";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Made, UserError> {
        let Self { path, wish, key, source, replaces } = self;
        let form = Form::from_extension(&path)
            .ok_or_else(|| UserError::new(Message::new("evidence-no-form").text("path", path.display())))?;
        let target = ExportTarget::new(&path, &source, replaces)?;
        if let Some(events) = reader.kept_events()? {
            ticket.set_total(events);
        }
        let written = write_evidence(reader, wish, form, target, key.as_deref(), &mut |count| ticket.reached(count))?;
        Ok(Made { path, written })
    }
}
