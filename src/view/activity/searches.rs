use crate::engine::{Asked, Engine, Question, Ticket};
use crate::store::Store;
use crate::view::UserError;
use crate::workspace::{SavedSearch, SearchKind, Searches, Workspace};

/// The searches that a user keeps for a store, and the name of one that is being saved.
#[derive(Debug, Default)]
pub struct KeptSearches {
    workspace: Option<Workspace>,
    kind: SearchKind,
    known: Searches,
    /// What is typed of a name.
    pub name: Option<String>,
    /// Changes that wait for the one before.
    waiting: Vec<Change>,
    pub(in crate::view) asked: Asked<ChangeSearches>,
}

impl KeptSearches {
    pub(in crate::view) fn of(workspace: Workspace, kind: SearchKind, engine: &Engine) -> Self {
        let mut kept = Self { workspace: Some(workspace), kind, ..Self::default() };
        kept.ask(engine, Change::Nothing);
        kept
    }

    pub fn saved(&self) -> impl Iterator<Item = &SavedSearch> {
        self.known.saved(self.kind)
    }

    pub fn recent(&self) -> &[String] {
        self.known.recent()
    }

    /// Why they could not be read or kept.
    pub fn error(&self) -> Option<&UserError> {
        self.asked.error()
    }

    /// Keeps a text under the name that is typed.
    pub(in crate::view) fn save(&mut self, engine: &Engine, text: &str) {
        let name = self.name.take().filter(|name| !name.trim().is_empty());
        if let Some(name) = name {
            self.ask(engine, Change::Save(name, text.to_owned()));
        }
    }

    pub(in crate::view) fn forget(&mut self, engine: &Engine, name: &str) {
        self.ask(engine, Change::Forget(name.to_owned()));
    }

    pub(super) fn remember(&mut self, engine: &Engine, text: &str) {
        let text = text.trim();
        if !text.is_empty() && self.recent().first().is_none_or(|last| last != text) {
            self.ask(engine, Change::Remember(text.to_owned()));
        }
    }

    pub(in crate::view) fn forget_recent(&mut self, engine: &Engine) {
        self.ask(engine, Change::ForgetRecent);
    }

    fn ask(&mut self, engine: &Engine, change: Change) {
        if self.asked.is_loading() {
            return self.waiting.push(change);
        }
        if let Some(workspace) = self.workspace.clone() {
            self.asked.ask(engine, ChangeSearches { workspace, kind: self.kind, change });
        }
    }

    pub(in crate::view) fn poll(&mut self, engine: &Engine) -> bool {
        let is_new = self.asked.poll(engine);
        if is_new && let Some(known) = self.asked.value() {
            self.known = known.clone();
        }
        if !self.asked.is_loading() && !self.waiting.is_empty() {
            let next = self.waiting.remove(0);
            self.ask(engine, next);
        }
        is_new
    }
}

#[derive(Clone, Debug)]
enum Change {
    Nothing,
    Save(String, String),
    Forget(String),
    Remember(String),
    ForgetRecent,
}

/// Changes what is kept in the user's own folder; the store is not touched.
#[derive(Clone, Debug)]
pub struct ChangeSearches {
    workspace: Workspace,
    kind: SearchKind,
    change: Change,
}

impl Question for ChangeSearches {
    type Answer = Searches;
    type Error = UserError;
    const WHAT: &'static str = "keeping searches";

    fn answer(self, _: &dyn Store, _: &Ticket) -> Result<Searches, UserError> {
        let Self { workspace, kind, change } = self;
        let kept = match change {
            Change::Nothing => return Ok(workspace.load()?),
            Change::Save(name, text) => workspace.save_search(kind, &name, &text),
            Change::Forget(name) => workspace.forget_search(kind, &name),
            Change::Remember(text) => workspace.remember_search(&text),
            Change::ForgetRecent => workspace.forget_recent_searches(),
        };
        Ok(kept?.section)
    }
}
