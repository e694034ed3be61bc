//! Seals and evidence of a store on their way into files, and evidence checked without a store.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::load::each_event;
use super::sealing::{SealError, each_in_order, read_seal, seal};
use super::signing::{KeyError, key_file, signing_key};
use super::small_file::{Unreadable, read_small};
use super::{EngineError, Moment, Search, Words, describe, resolve, search};
use crate::event::{EventRow, Explain, Message, StreamId, Timestamp, Version};
use crate::evidence::{
    self, About, Checked, Document, Form, KeptEvent, KeptNote, MOST_EVENTS, NoEvidence, Since, StreamName,
};
use crate::locale::Language;
use crate::proof::{Checkpoint, Consistency, Hash, Leaves, Note, PublicKey, Seal, Selected, SigningKey, Tree, origin};
use crate::store::files::{ExportTarget, TargetError};
use crate::store::{Flow, Query, Store, StoreError};

/// More than this no evidence takes.
const LONGEST: u64 = 1 << 29;

/// What evidence is to be of.
#[derive(Clone, Debug)]
pub enum EvidenceOf {
    /// A stream up to a moment.
    Stream { stream: StreamId, at: Moment },
    /// The events with these words in them, in one stream where one is named, and recorded from a time on up to another.
    Found { text: String, stream: Option<StreamId>, between: Option<(Timestamp, Timestamp)> },
    /// The events that a search finds, with what was typed for it.
    Sought { text: String, search: Search },
}

/// What else goes into it.
#[derive(Clone, Debug)]
pub struct EvidenceWish {
    pub of: EvidenceOf,
    pub language: Language,
    /// The store's name as it is to stand there.
    pub store: String,
    /// The file with a seal of the store, from which it is to be shown to have grown.
    pub since: Option<PathBuf>,
    /// Every note on the store's events; those of other events are left out.
    pub notes: Vec<KeptNote>,
}

#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error(
        "{events} events would go into it, and {MOST_EVENTS} is the most; choose an earlier version, or narrower words"
    )]
    TooMany { events: u64 },
    #[error("no event has “{0}” in it; look for other words")]
    NothingFound(String),
    #[error("the store is not the sealed one grown; `foldline verify STORE --since SEAL` says what became of it")]
    NotGrown,
    #[error("{}: {NoEvidence}", .0.display())]
    NoEvidence(PathBuf),
    #[error(transparent)]
    Unread(#[from] Unreadable),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<StoreError> for ProofError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl Explain for ProofError {
    fn message(&self) -> Message {
        match self {
            Self::TooMany { events } => {
                Message::new("evidence-too-many").number("events", *events).number("most", MOST_EVENTS)
            }
            Self::NothingFound(text) => Message::new("evidence-nothing-found").text("text", text),
            Self::NotGrown => Message::new("evidence-not-grown"),
            Self::NoEvidence(path) => Message::new("evidence-none").text("path", path.display()),
            Self::Unread(error) => error.message(),
            Self::Key(error) => error.message(),
            Self::Seal(error) => error.message(),
            Self::Target(error) => error.message(),
            Self::Engine(error) => error.message(),
        }
    }
}

/// Checks a file, and holds it against a seal where one is given.
pub fn check_evidence(path: &Path, seal: Option<&Seal>) -> Result<Checked, ProofError> {
    let file = read_small(path, LONGEST)?;
    evidence::check(&file, seal).map_err(|NoEvidence| ProofError::NoEvidence(path.to_owned()))
}

/// A seal of the store as it is now, written to a file and signed with the key in another one, or with the user's own.
pub fn write_seal(
    reader: &dyn Store,
    target: ExportTarget,
    key: Option<&Path>,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Seal, ProofError> {
    let (target, key) = (target.signed_with(&key_file(key)?)?, signing_key(key)?);
    let made = seal(reader, now(), key.public(), progress)?;
    target.write_whole(made.signed(&key).as_bytes())?;
    Ok(made)
}

/// Evidence that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub events: u64,
    pub root: Option<Hash>,
    pub key: PublicKey,
}

/// The same of evidence.
pub fn write_evidence(
    reader: &dyn Store,
    wish: EvidenceWish,
    form: Form,
    target: ExportTarget,
    key: Option<&Path>,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Written, ProofError> {
    let (target, key) = (target.signed_with(&key_file(key)?)?, signing_key(key)?);
    let document = gather_evidence(reader, wish, now(), &key, progress)?;
    target.write_whole(&evidence::write(&document, form, &key))?;
    let root = document.tree().map(|tree| tree.root);
    Ok(Written { events: document.events.len() as u64, root, key: key.public() })
}

fn now() -> Timestamp {
    Timestamp::from_micros(chrono::Utc::now().timestamp_micros())
}

/// Reads the whole store once, for its tree; only what is asked for is kept.
pub fn gather_evidence(
    reader: &dyn Store,
    wish: EvidenceWish,
    made_at: Timestamp,
    key: &SigningKey,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Document, ProofError> {
    let EvidenceWish { of, language, store, since, mut notes } = wish;
    let since = since.as_deref().map(read_seal).transpose()?;
    let is_of_store = reader.capabilities().has_feed;
    let (about, scope) = scope_of(reader, &of)?;
    let mut gathering = Gathering::new(since.as_ref().map(|(seal, _)| seal));
    let (words, between) = match &of {
        EvidenceOf::Found { text, between, .. } => (Some(Words::new(text)), *between),
        EvidenceOf::Stream { .. } | EvidenceOf::Sought { .. } => (None, None),
    };
    let sought = sought(reader, &of, progress)?;
    let is_between = |event: &EventRow<'_>| {
        between.is_none_or(|(from, to)| event.recorded_at.is_some_and(|at| (from..to).contains(&at)))
    };
    let is_chosen = |event: &EventRow<'_>| {
        scope
            .as_ref()
            .is_none_or(|(stream, last)| event.stream == stream && last.is_none_or(|last| event.version <= last))
            && words.as_ref().is_none_or(|words| words.are_in(event))
            && is_between(event)
            && sought.as_ref().is_none_or(|found| found.contains(&(event.stream.clone(), event.version)))
    };
    if is_of_store {
        each_in_order(reader, progress, &mut |event| gathering.push(event, is_chosen(event)))?;
    } else {
        let query = scope
            .as_ref()
            .map_or_else(Query::store, |(stream, last)| Query::stream(stream.clone()).between(None, *last));
        each_event(reader, &query, progress, &mut |event| {
            if is_chosen(event) {
                gathering.push(event, true);
            }
        })?;
    }
    let Gathering { selected, first, events, found, consistency, grew, .. } = gathering;
    if found > MOST_EVENTS {
        return Err(ProofError::TooMany { events: found });
    }
    if let (EvidenceOf::Found { text, .. } | EvidenceOf::Sought { text, .. }, true) = (&of, events.is_empty()) {
        return Err(ProofError::NothingFound(text.clone()));
    }
    let since = match (since, consistency) {
        (Some(_), _) if grew != Some(true) || !is_of_store => return Err(ProofError::NotGrown),
        (Some((_, written)), Some(consistency)) => Some(Since { seal: written, proof: consistency.proof() }),
        _ => None,
    };
    let (size, root, proof) = selected.finish();
    let checkpoint = Checkpoint { origin: origin(first), size, root, extensions: Vec::new() };
    notes.retain(|note| events.iter().any(|event| event.is_noted_in(note)));
    Ok(Document {
        format: evidence::FORMAT.to_owned(),
        program: evidence::PROGRAM.to_owned(),
        language,
        made_at,
        store,
        about,
        is_of_store,
        checkpoint: Note::sign(checkpoint.write(), &checkpoint.origin, key).write(),
        key: key.public(),
        proof,
        since,
        notes,
        events,
    })
}

/// A stream, and its last version where not all of it is meant.
type WithinStream = (StreamId, Option<Version>);

/// What the page says it is of, and in which stream up to which version the events lie.
fn scope_of(reader: &dyn Store, of: &EvidenceOf) -> Result<(About, Option<WithinStream>), ProofError> {
    match of {
        EvidenceOf::Stream { stream, at } => {
            let row = describe(reader, stream)?.row;
            let version = resolve(reader, &row, *at)?;
            let mut later = 0;
            if version < row.last_version {
                let behind = Query::stream(row.stream.clone()).between(Some(Version(version.0 + 1)), None);
                reader.visit_events(&behind.columns(crate::store::Columns::HEADS), &mut |_| {
                    later += 1;
                    Flow::Continue(())
                })?;
            }
            let about =
                About::Stream { stream: StreamName(row.stream.clone()), category: row.category, version, later };
            Ok((about, Some((row.stream, Some(version)))))
        }
        EvidenceOf::Found { text, stream, between } => {
            let stream = stream.as_ref().map(|stream| describe(reader, stream)).transpose()?;
            let stream = stream.map(|described| described.row.stream);
            let about =
                About::Search { words: text.clone(), stream: stream.clone().map(StreamName), between: *between };
            Ok((about, stream.map(|stream| (stream, None))))
        }
        EvidenceOf::Sought { text, .. } => {
            Ok((About::Search { words: text.clone(), stream: None, between: None }, None))
        }
    }
}

/// The places of what a search finds, where that is what is wanted. One more than evidence takes is enough.
fn sought(
    reader: &dyn Store,
    of: &EvidenceOf,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Option<HashSet<(StreamId, Version)>>, EngineError> {
    let EvidenceOf::Sought { search: wanted, .. } = of else { return Ok(None) };
    let mut found = HashSet::new();
    search(reader, wanted, progress, &mut |event| {
        found.insert((event.stream, event.version));
        if found.len() as u64 > MOST_EVENTS { Flow::Break(()) } else { Flow::Continue(()) }
    })?;
    Ok(Some(found))
}

/// Events on their way into evidence.
struct Gathering<'s> {
    leaves: Leaves,
    selected: Selected,
    first: Option<Hash>,
    events: Vec<KeptEvent>,
    /// With those that were too many to be kept.
    found: u64,
    seal: Option<&'s Seal>,
    /// The tree up to the seal, and what shows that it grew from there.
    tree: Tree,
    consistency: Option<Consistency>,
    /// Whether the tree had the seal's root at its size.
    grew: Option<bool>,
}

impl<'s> Gathering<'s> {
    fn new(seal: Option<&'s Seal>) -> Self {
        let mut new = Self {
            leaves: Leaves::default(),
            selected: Selected::default(),
            first: None,
            events: Vec::new(),
            found: 0,
            seal,
            tree: Tree::default(),
            consistency: None,
            grew: None,
        };
        new.look_at_seal();
        new
    }

    fn push(&mut self, event: &EventRow<'_>, is_chosen: bool) {
        let leaf = self.leaves.of(event);
        self.first.get_or_insert(leaf);
        let index = self.selected.push(leaf, is_chosen && self.found < MOST_EVENTS);
        if is_chosen {
            if self.found < MOST_EVENTS {
                self.events.push(KeptEvent::new(event, index, leaf));
            }
            self.found += 1;
        }
        if self.seal.is_some() {
            match &mut self.consistency {
                Some(consistency) => consistency.push(leaf),
                None => {
                    self.tree.push(leaf);
                    self.look_at_seal();
                }
            }
        }
    }

    fn look_at_seal(&mut self) {
        if let Some(seal) = self.seal
            && seal.size == self.tree.size()
        {
            self.grew = Some(seal.root == self.tree.root());
            self.consistency = Some(Consistency::begin(&self.tree));
        }
    }
}
