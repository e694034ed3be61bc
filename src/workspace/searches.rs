use serde::{Deserialize, Serialize};

use super::{Kept, Section, Workspace, WorkspaceError};

/// More searches than these are not remembered.
const MOST_RECENT: usize = 12;

/// What is kept under a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SearchKind {
    /// A search for events.
    #[default]
    Activity,
    /// A table of streams, with its filters and columns.
    Store,
}

/// A search or a view that somebody gave a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSearch {
    pub kind: SearchKind,
    pub name: String,
    /// As it is typed, or as its kind writes it.
    pub text: String,
}

/// The searches of a store: those with a name in the order of their names, and the last ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Searches {
    #[serde(default)]
    saved: Vec<SavedSearch>,
    /// The newest first.
    #[serde(default)]
    recent: Vec<String>,
}

impl Section for Searches {
    const NAME: &'static str = "searches";
}

impl Searches {
    pub fn saved(&self, kind: SearchKind) -> impl Iterator<Item = &SavedSearch> {
        self.saved.iter().filter(move |saved| saved.kind == kind)
    }

    pub fn recent(&self) -> &[String] {
        &self.recent
    }

    fn forget(&mut self, kind: SearchKind, name: &str) {
        self.saved.retain(|saved| saved.kind != kind || saved.name != name);
    }

    fn remember(&mut self, text: &str) {
        self.recent.retain(|known| known != text);
        self.recent.insert(0, text.to_owned());
        self.recent.truncate(MOST_RECENT);
    }
}

impl Workspace {
    /// Keeps a search in the place of another of its name.
    pub fn save_search(&self, kind: SearchKind, name: &str, text: &str) -> Result<Kept<Searches>, WorkspaceError> {
        let (name, text) = (name.trim().to_owned(), text.to_owned());
        self.change(|searches: &mut Searches| {
            searches.forget(kind, &name);
            searches.saved.push(SavedSearch { kind, name, text });
            searches.saved.sort_by_cached_key(|saved| saved.name.to_lowercase());
        })
    }

    pub fn forget_search(&self, kind: SearchKind, name: &str) -> Result<Kept<Searches>, WorkspaceError> {
        self.change(|searches: &mut Searches| searches.forget(kind, name))
    }

    /// Puts a search before all others that were made.
    pub fn remember_search(&self, text: &str) -> Result<Kept<Searches>, WorkspaceError> {
        self.change(|searches: &mut Searches| searches.remember(text.trim()))
    }

    pub fn forget_recent_searches(&self) -> Result<Kept<Searches>, WorkspaceError> {
        self.change(|searches: &mut Searches| searches.recent.clear())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Source;

    #[test]
    fn searches_are_kept_by_name_and_the_last_ones_in_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::in_folder(folder.path(), &Source::parse("/somewhere/sales.db"));
        workspace.save_search(SearchKind::Activity, " 연락처 정정, 3월 ", "changed:phone 2025-03").expect("kept");
        workspace.save_search(SearchKind::Activity, "Failed", "type:payment-failed").expect("kept");
        workspace.save_search(SearchKind::Store, "Failed", "a view").expect("kept");
        let kept = workspace.save_search(SearchKind::Activity, "Failed", "type:*failed").expect("kept").section;
        let texts = |searches: &Searches, kind| -> Vec<String> {
            searches.saved(kind).map(|saved| format!("{}: {}", saved.name, saved.text)).collect()
        };
        let wanted = ["Failed: type:*failed", "연락처 정정, 3월: changed:phone 2025-03"];
        assert_eq!(texts(&kept, SearchKind::Activity), wanted);
        let kept = workspace.forget_search(SearchKind::Activity, "Failed").expect("forgotten").section;
        assert_eq!(texts(&kept, SearchKind::Activity), wanted[1..]);
        assert_eq!(texts(&kept, SearchKind::Store), ["Failed: a view"], "of another kind");
        for number in 0..20 {
            workspace.remember_search(&format!("search {number}")).expect("remembered");
        }
        let kept = workspace.remember_search(" search 15 ").expect("remembered").section;
        assert_eq!(kept.recent().len(), MOST_RECENT);
        assert_eq!(kept.recent()[..3], ["search 15", "search 19", "search 18"]);
        let read: Searches = workspace.load().expect("read");
        assert_eq!(read, kept);
        assert!(workspace.forget_recent_searches().expect("forgotten").section.recent().is_empty());
    }
}
