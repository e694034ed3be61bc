use serde::{Deserialize, Serialize};

use super::{Kept, Section, Workspace, WorkspaceError};
use crate::event::{EventId, StreamId, Timestamp, Version};

/// What somebody noted about an event. Without words it is a bookmark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    stream: String,
    pub version: Version,
    /// The event's own id: in a store that was replaced, another event may stand in its place.
    pub id: EventId,
    pub text: String,
    /// When it was written last.
    pub at: Timestamp,
}

impl Note {
    pub fn stream(&self) -> StreamId {
        StreamId::from(self.stream.as_str())
    }

    pub fn is_at(&self, stream: &StreamId, version: Version) -> bool {
        self.version == version && self.stream == stream.as_str()
    }
}

/// The notes on a store's events, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Notes {
    notes: Vec<Note>,
}

impl Section for Notes {
    const NAME: &'static str = "notes";
}

impl Notes {
    pub fn iter(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    pub fn at(&self, stream: &StreamId, version: Version) -> Option<&Note> {
        self.notes.iter().find(|note| note.is_at(stream, version))
    }

    /// Those with this in them, or in the name of their stream, upper and lower case alike.
    pub fn with<'n>(&'n self, text: &str) -> impl Iterator<Item = &'n Note> + use<'n> {
        let text = text.trim().to_lowercase();
        let is_in = move |place: &str| place.to_lowercase().contains(&text);
        self.notes.iter().filter(move |note| is_in(&note.text) || is_in(&note.stream))
    }

    fn remove(&mut self, stream: &StreamId, version: Version) {
        self.notes.retain(|note| !note.is_at(stream, version));
    }
}

impl Workspace {
    /// Keeps a note in the place of an earlier one on the same event.
    pub fn keep_note(
        &self,
        stream: &StreamId,
        version: Version,
        id: &EventId,
        text: &str,
    ) -> Result<Kept<Notes>, WorkspaceError> {
        let at = Timestamp::from_micros(chrono::Utc::now().timestamp_micros());
        let note = Note { stream: stream.to_string(), version, id: id.clone(), text: text.trim().to_owned(), at };
        self.change(|notes: &mut Notes| {
            notes.remove(stream, version);
            notes.notes.insert(0, note);
        })
    }

    pub fn remove_note(&self, stream: &StreamId, version: Version) -> Result<Kept<Notes>, WorkspaceError> {
        self.change(|notes: &mut Notes| notes.remove(stream, version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Source;

    #[test]
    fn notes_are_kept_found_replaced_and_removed_in_the_users_own_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::in_folder(folder.path(), &Source::parse("/somewhere/sales.db"));
        let (stream, id) = (StreamId::from("lead-1"), EventId::new("a"));
        workspace.keep_note(&stream, Version(3), &id, " wrong name, 고객이 말함 ").expect("kept");
        workspace.keep_note(&stream, Version(5), &id, "").expect("kept");
        workspace.keep_note(&StreamId::from("lead-2"), Version(3), &id, "other").expect("kept");
        let notes: Notes = workspace.load().expect("notes");
        assert_eq!(notes.at(&stream, Version(3)).map(|note| note.text.as_str()), Some("wrong name, 고객이 말함"));
        assert_eq!(notes.with("WRONG").count(), 1);
        assert_eq!(notes.with("lead-").count(), 3);
        workspace.keep_note(&stream, Version(3), &id, "mended").expect("kept");
        let notes = workspace.remove_note(&stream, Version(5)).expect("removed").section;
        let texts: Vec<&str> = notes.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(texts, ["mended", "other"]);
        assert!(workspace.file().is_some_and(|file| file.starts_with(folder.path())));
    }
}
