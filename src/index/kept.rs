use std::fmt;
use std::sync::{Arc, Mutex};

use super::Memory;
use super::memory::{Drawer, guard};

/// Answers that were found once and may be asked for again. They stay for as long as nobody needs their memory; those that
/// somebody holds just then free none, and so stay longer. Clones are of the same.
pub struct Kept<K, T>(Arc<Answers<K, T>>);

struct Answers<K, T> {
    memory: Memory,
    weigh: fn(&T) -> u64,
    rows: Mutex<Vec<Row<K, T>>>,
}

struct Row<K, T> {
    key: K,
    answer: Arc<T>,
    /// When it was looked at last.
    look: u64,
}

impl<K: Send, T: Send + Sync> Drawer for Answers<K, T> {
    fn oldest(&self) -> Option<u64> {
        let rows = guard(&self.rows);
        rows.iter().filter(|row| Arc::strong_count(&row.answer) == 1).map(|row| row.look).min()
    }

    fn may_go(&self) -> u64 {
        let rows = guard(&self.rows);
        let free = rows.iter().filter(|row| Arc::strong_count(&row.answer) == 1);
        free.map(|row| (self.weigh)(&row.answer)).sum()
    }

    fn let_go(&self, look: u64) -> bool {
        let mut rows = guard(&self.rows);
        let gone = rows.iter().position(|row| row.look == look).map(|place| rows.swap_remove(place));
        // What is large takes its time to go, and nobody is to wait for that.
        drop(rows);
        gone.is_some()
    }
}

impl<K, T> Clone for Kept<K, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, T> fmt::Debug for Kept<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("len", &guard(&self.0.rows).len()).finish_non_exhaustive()
    }
}

impl<K: Clone + PartialEq + Send + 'static, T: Send + Sync + 'static> Kept<K, T> {
    /// `weigh` tells what an answer takes of this memory.
    pub fn new(memory: &Memory, weigh: fn(&T) -> u64) -> Self {
        let rows = Arc::new(Answers { memory: memory.clone(), weigh, rows: Mutex::default() });
        memory.note_drawer(Arc::<Answers<K, T>>::downgrade(&rows));
        Self(rows)
    }

    pub fn memory(&self) -> &Memory {
        &self.0.memory
    }

    fn look(&self) -> u64 {
        self.0.memory.next_look()
    }

    /// What is kept under this key.
    pub fn get(&self, key: &K) -> Option<Arc<T>> {
        self.best(|known, _| (known == key).then_some(())).map(|(_, answer)| answer)
    }

    /// What is best by a rank; what has none is passed over.
    pub fn best<R: Ord>(&self, rank: impl Fn(&K, &T) -> Option<R>) -> Option<(K, Arc<T>)> {
        let look = self.look();
        let mut rows = guard(&self.0.rows);
        let ranked = rows.iter_mut().filter_map(|row| Some((rank(&row.key, &row.answer)?, row)));
        let (_, row) = ranked.max_by(|(a, _), (b, _)| a.cmp(b))?;
        row.look = look;
        Some((row.key.clone(), Arc::clone(&row.answer)))
    }

    /// Keeps it, in the place of what was kept under that key.
    pub fn keep(&self, key: K, answer: Arc<T>) {
        let row = Row { key, answer, look: self.look() };
        let mut rows = guard(&self.0.rows);
        let before = match rows.iter_mut().find(|known| known.key == row.key) {
            Some(known) => Some(std::mem::replace(known, row)),
            None => {
                rows.push(row);
                None
            }
        };
        drop(rows);
        drop(before);
    }

    /// Keeps so many of them, those that were looked at last.
    pub fn trim(&self, most: usize) {
        let mut rows = guard(&self.0.rows);
        rows.sort_by_key(|row| std::cmp::Reverse(row.look));
        let most = most.min(rows.len());
        let gone = rows.split_off(most);
        drop(rows);
        drop(gone);
    }

    /// Keeps those alone.
    pub fn retain(&self, stays: impl Fn(&K) -> bool) {
        let mut rows = guard(&self.0.rows);
        let (stay, gone) = std::mem::take(&mut *rows).into_iter().partition(|row| stays(&row.key));
        *rows = stay;
        drop(rows);
        drop::<Vec<Row<K, T>>>(gone);
    }

    pub fn forget(&self) {
        let gone = std::mem::take(&mut *guard(&self.0.rows));
        drop(gone);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        guard(&self.0.rows).len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{Budget, Held};

    fn of(memory: &Memory, bytes: u64) -> Arc<Held> {
        let mut held = memory.hold();
        held.resize(bytes).expect("there is room");
        Arc::new(held)
    }

    #[test]
    fn what_was_looked_at_longest_ago_gives_way_and_what_is_in_use_stays() {
        let memory = Memory::new(Budget { bytes: 100 });
        let (kept, others) = (Kept::new(&memory, Held::bytes), Kept::new(&memory, Held::bytes));
        for key in ["a", "b"] {
            kept.keep(key, of(&memory, 20));
        }
        others.keep(1, of(&memory, 20));
        let in_use = of(&memory, 20);
        kept.keep("c", Arc::clone(&in_use));
        assert!(kept.get(&"a").is_some(), "and so it is no longer the oldest");
        assert_eq!((memory.left().bytes, memory.room()), (20, 80), "what is in use frees none");
        let mut answer = memory.hold();
        answer.resize(40).expect("b gives way");
        assert_eq!((kept.get(&"b").is_none(), kept.len(), others.len()), (true, 2, 1));
        answer.resize(80).expect("all that can give way does");
        assert_eq!((kept.get(&"c").is_some(), kept.len(), others.len()), (true, 1, 0), "what is in use stays");
        let over = answer.resize(81).expect_err("nothing is left to give way");
        assert_eq!((over.bytes, memory.taken()), (101, 100));
        drop(in_use);
        answer.resize(81).expect("nobody uses it any more");
        assert!(kept.is_empty());
    }

    #[test]
    fn less_memory_takes_away_what_is_only_kept() {
        let memory = Memory::new(Budget { bytes: 100 });
        let kept = Kept::new(&memory, Held::bytes);
        kept.keep("a", of(&memory, 40));
        kept.keep("b", of(&memory, 40));
        memory.allow(Budget { bytes: 50 });
        assert_eq!((kept.len(), kept.get(&"b").is_some(), memory.taken()), (1, true, 40));
        kept.keep("b", of(&memory, 5));
        assert_eq!((kept.len(), memory.taken()), (1, 5), "what is kept anew takes the place of what was");
        kept.keep("a", of(&memory, 1));
        kept.trim(1);
        assert_eq!((kept.get(&"a").is_some(), memory.taken()), (true, 1));
    }
}
