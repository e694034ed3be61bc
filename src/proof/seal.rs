use std::collections::BTreeMap;

use super::{BadNote, Checkpoint, Hash, Leaves, Note, PublicKey, SigningKey, Tree};
use crate::event::{EventRow, Timestamp};

/// Says what the lines behind the root mean.
const KIND: &str = "foldline-seal-1";

/// More marks than these are thinned out.
const MOST_MARKS: usize = 64;

/// A sum over events in whatever order: it says which kind of change a store went through, and never that there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum([u64; 4]);

impl Sum {
    pub(super) fn add(&mut self, hash: Hash) {
        for (sum, bytes) in self.0.iter_mut().zip(hash.0.chunks_exact(8)) {
            let number = bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
            *sum = sum.wrapping_add(number);
        }
    }

    fn hash(self) -> Hash {
        let mut bytes = [0; 32];
        for (place, number) in bytes.chunks_exact_mut(8).zip(self.0) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        Hash(bytes)
    }
}

/// What is known of the events of a store besides their tree: enough to name what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits {
    ids: Sum,
    contents: Sum,
}

impl Traits {
    pub(super) fn add(&mut self, event: &EventRow<'_>, leaf: Hash) {
        self.ids.add(hash_of_id(event));
        self.contents.add(leaf);
    }

    pub(super) fn has_ids_of(&self, sealed: &Seal) -> bool {
        self.ids.hash() == sealed.ids
    }

    pub(super) fn has_contents_of(&self, sealed: &Seal) -> bool {
        self.contents.hash() == sealed.contents
    }
}

pub(super) fn hash_of_id(event: &EventRow<'_>) -> Hash {
    Hash::of(event.id.to_string().as_bytes())
}

/// A store on its way into a seal: fed with each event once, in the store's order.
#[derive(Clone, Debug)]
pub struct Sealing {
    leaves: Leaves,
    tree: Tree,
    traits: Traits,
    first: Option<Hash>,
    last: Option<Hash>,
    /// Every so many events, how the tree stood.
    spacing: u64,
    marks: BTreeMap<u64, Hash>,
}

impl Default for Sealing {
    fn default() -> Self {
        Self {
            leaves: Leaves::default(),
            tree: Tree::default(),
            traits: Traits::default(),
            first: None,
            last: None,
            spacing: 1,
            marks: BTreeMap::new(),
        }
    }
}

impl Sealing {
    pub fn push(&mut self, event: &EventRow<'_>) {
        let leaf = self.leaves.of(event);
        self.tree.push(leaf);
        self.traits.add(event, leaf);
        self.first.get_or_insert(leaf);
        self.last = Some(hash_of_id(event));
        let size = self.tree.size();
        if size.is_multiple_of(self.spacing) {
            self.marks.insert(size, self.tree.root());
            if self.marks.len() > MOST_MARKS {
                self.spacing *= 2;
                let spacing = self.spacing;
                self.marks.retain(|size, _| size.is_multiple_of(spacing));
            }
        }
    }

    pub fn finish(self, made_at: Timestamp, key: PublicKey) -> Seal {
        let Traits { ids, contents } = self.traits;
        Seal {
            origin: origin(self.first),
            size: self.tree.size(),
            root: self.tree.root(),
            key,
            made_at,
            last: self.last,
            ids: ids.hash(),
            contents: contents.hash(),
            marks: self.marks.into_iter().collect(),
        }
    }
}

/// A history is told from others by its first event.
pub fn origin(first: Option<Hash>) -> String {
    first.map_or_else(|| "foldline/empty".to_owned(), |first| format!("foldline/{}", &first.hex()[..16]))
}

/// A store as it was, to be kept elsewhere and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
    /// Whose signature it carries.
    pub key: PublicKey,
    pub made_at: Timestamp,
    pub(super) last: Option<Hash>,
    ids: Hash,
    contents: Hash,
    /// The roots of the beginning, at some sizes.
    pub(super) marks: Vec<(u64, Hash)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSeal {
    #[error("this is no seal that Foldline made; name the file that `foldline seal` wrote")]
    NoSeal,
    #[error("the seal was damaged or edited: its signature does not fit what it says; take another copy of it")]
    Broken,
}

impl From<BadNote> for BadSeal {
    fn from(bad: BadNote) -> Self {
        match bad {
            BadNote::NoNote => Self::NoSeal,
            BadNote::Broken => Self::Broken,
        }
    }
}

impl Seal {
    /// As it is written to a file: a checkpoint in a signed note.
    pub fn signed(&self, key: &SigningKey) -> String {
        let Self { origin, size, root, key: public, made_at, last, ids, contents, marks } = self;
        let mut extensions = vec![KIND.to_owned(), format!("key {public}"), format!("made {made_at}")];
        extensions.extend(last.map(|last| format!("last {last}")));
        extensions.extend([format!("ids {ids}"), format!("contents {contents}")]);
        extensions.extend(marks.iter().map(|(size, root)| format!("mark {size} {root}")));
        let checkpoint = Checkpoint { origin: origin.clone(), size: *size, root: *root, extensions };
        Note::sign(checkpoint.write(), origin, key).write()
    }

    /// What a file says, where its own key signed it so. Whose key that is, is for whoever trusts it to say.
    pub fn parse(written: &[u8]) -> Result<Self, BadSeal> {
        let is_begun = written.starts_with(b"foldline/");
        let refusal = if is_begun { BadSeal::Broken } else { BadSeal::NoSeal };
        let text = std::str::from_utf8(written).map_err(|_| refusal)?;
        let note = Note::parse(text).map_err(|_| refusal)?;
        let seal = Checkpoint::parse(&note.text).and_then(Self::of).ok_or(refusal)?;
        note.check(&seal.origin, seal.key)?;
        Ok(seal)
    }

    fn of(checkpoint: Checkpoint) -> Option<Self> {
        let Checkpoint { origin, size, root, extensions } = checkpoint;
        let mut lines = extensions.iter().map(String::as_str);
        lines.next().filter(|kind| *kind == KIND)?;
        let key = PublicKey::parse(lines.next()?.strip_prefix("key ")?)?;
        let made_at = Timestamp::parse_rfc3339(lines.next()?.strip_prefix("made ")?)?;
        let mut lines = lines.peekable();
        let last = lines.next_if(|line| line.starts_with("last "));
        let last = last.map(|line| line.strip_prefix("last ").and_then(Hash::parse).ok_or(())).transpose().ok()?;
        let mut named = |name: &str| Hash::parse(lines.next()?.strip_prefix(name)?.strip_prefix(' ')?);
        let (ids, contents) = (named("ids")?, named("contents")?);
        let mark = |line: &str| {
            let (size, root) = line.strip_prefix("mark ")?.split_once(' ')?;
            Some((size.parse().ok()?, Hash::parse(root)?))
        };
        let marks: Option<Vec<(u64, Hash)>> = lines.map(mark).collect();
        Some(Self { origin, size, root, key, made_at, last, ids, contents, marks: marks? })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::key::tests::key;
    use super::super::leaf::tests::event;
    use super::*;

    pub(in crate::proof) fn sealed<'e>(events: impl IntoIterator<Item = &'e crate::event::RecordedEvent>) -> Seal {
        let mut sealing = Sealing::default();
        events.into_iter().for_each(|event| sealing.push(&event.as_row()));
        sealing.finish(Timestamp::from_micros(5), key(1).public())
    }

    #[test]
    fn a_seal_is_read_as_it_was_written_and_refused_with_any_byte_changed() {
        let events: Vec<_> = (0..5).map(event).collect();
        let seal = sealed(&events);
        let written = seal.signed(&key(1));
        assert_eq!(Seal::parse(written.as_bytes()), Ok(seal));
        for place in 0..written.len() {
            for mask in [1_u8, 0x20] {
                let mut bytes = written.clone().into_bytes();
                bytes[place] ^= mask;
                assert!(Seal::parse(&bytes).is_err(), "byte {place} with {mask:02x}");
            }
        }
        assert_eq!(Seal::parse(b"hello"), Err(BadSeal::NoSeal));
        assert_eq!(Seal::parse(&written.as_bytes()[..200]), Err(BadSeal::Broken));
        assert_eq!(Seal::parse(sealed(&[]).signed(&key(1)).as_bytes()).map(|seal| seal.size), Ok(0));
    }

    #[test]
    fn a_seal_stays_short_however_long_the_history_is() {
        let events: Vec<_> = (0..3_000).map(event).collect();
        let seal = sealed(&events);
        assert!((32..=MOST_MARKS).contains(&seal.marks.len()), "{}", seal.marks.len());
        assert!(seal.signed(&key(1)).len() < 6_000);
    }
}
