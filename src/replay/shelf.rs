//! Where that lies which has no room in memory, and who uses how much of it.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Takes what has no room in memory. What lies there stays as it is until its room is given back.
pub trait Shelf: Any + Send + Sync + fmt::Debug {
    /// `None` where there is no room for it either.
    fn lay(&self, text: &[u8]) -> Option<OnShelf>;

    /// `None` where it cannot be read any more: then nothing is worth what was made of it since.
    fn fetch(&self, slot: OnShelf) -> Option<Vec<u8>>;

    /// Nobody will ask for this again: its room is for others.
    fn give_back(&self, slot: OnShelf);
}

/// Where something lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnShelf {
    pub at: u64,
    pub length: u32,
    /// Who laid it there.
    pub owner: u32,
}

/// What one answer has on a shelf. Another one may go on from it: what both know stays where it is, and the room of what
/// only one of them laid down is given back as soon as that lays something else in its place.
#[derive(Debug)]
pub struct ShelfSpace {
    shelf: Arc<dyn Shelf>,
    /// What is laid down now is known to nobody else.
    owner: AtomicU32,
    /// As many as know what lies here.
    kin: Arc<()>,
    /// Has no use for these, and another one may have.
    owed: Mutex<Vec<OnShelf>>,
}

fn next_owner() -> u32 {
    static OWNERS: AtomicU32 = AtomicU32::new(0);
    OWNERS.fetch_add(1, Ordering::Relaxed)
}

impl ShelfSpace {
    pub fn on(shelf: &Arc<dyn Shelf>) -> Self {
        let owner = AtomicU32::new(next_owner());
        Self { shelf: Arc::clone(shelf), owner, kin: Arc::default(), owed: Mutex::default() }
    }

    pub fn shelf(&self) -> &Arc<dyn Shelf> {
        &self.shelf
    }

    /// `None` where there is no room for it.
    pub fn lay(&self, text: &[u8]) -> Option<OnShelf> {
        self.settle();
        let slot = self.shelf.lay(text)?;
        Some(OnShelf { owner: self.owner.load(Ordering::Relaxed), ..slot })
    }

    /// `None` where it cannot be read any more.
    pub fn fetch(&self, slot: OnShelf) -> Option<Vec<u8>> {
        self.shelf.fetch(slot)
    }

    /// Has no use for this any more.
    pub fn leave(&self, slot: OnShelf) {
        if self.is_its_own(slot) || self.is_alone() {
            self.shelf.give_back(slot);
        } else {
            self.owed().push(slot);
        }
    }

    /// Nobody else can know what lies there.
    pub fn is_its_own(&self, slot: OnShelf) -> bool {
        slot.owner == self.owner.load(Ordering::Relaxed)
    }

    /// What it takes in memory to know what is to be given back.
    pub fn bytes(&self) -> u64 {
        (self.owed().capacity() * size_of::<OnShelf>()) as u64
    }

    /// Nobody goes on from here, or went on to here.
    pub fn is_alone(&self) -> bool {
        Arc::strong_count(&self.kin) == 1
    }

    /// Gives back what nobody else has a use for any more.
    fn settle(&self) {
        if self.is_alone() {
            let owed = std::mem::take(&mut *self.owed());
            for slot in owed {
                self.shelf.give_back(slot);
            }
        }
    }

    fn owed(&self) -> MutexGuard<'_, Vec<OnShelf>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For one that goes on from here. What lies here now, both know.
impl Clone for ShelfSpace {
    fn clone(&self) -> Self {
        self.settle();
        self.owner.store(next_owner(), Ordering::Relaxed);
        let owed = Mutex::new(self.owed().clone());
        let owner = AtomicU32::new(next_owner());
        Self { shelf: Arc::clone(&self.shelf), owner, kin: Arc::clone(&self.kin), owed }
    }
}
