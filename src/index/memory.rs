use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Budget, OverBudget};

/// The memory that everything kept of an open store takes together, of what it may. Whoever grows asks first; what is only
/// kept because it may be asked for again ([`Kept`]) gives way then. Clones are of the same.
#[derive(Clone, Debug)]
pub struct Memory(Arc<Shared>);

struct Shared {
    allowed: AtomicU64,
    taken: AtomicU64,
    /// What gives way.
    drawers: Mutex<Vec<Weak<dyn Drawer>>>,
    /// Counts up with each look at something that gives way.
    looks: AtomicU64,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("allowed", &self.allowed).field("taken", &self.taken).finish_non_exhaustive()
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(Budget::default())
    }
}

impl Memory {
    pub fn new(budget: Budget) -> Self {
        let (allowed, taken) = (AtomicU64::new(budget.bytes), AtomicU64::new(0));
        Self(Arc::new(Shared { allowed, taken, drawers: Mutex::default(), looks: AtomicU64::new(0) }))
    }

    pub fn allowed(&self) -> Budget {
        Budget { bytes: self.0.allowed.load(Ordering::Relaxed) }
    }

    /// From now on. What is in use by then stays; what is only kept gives way.
    pub fn allow(&self, budget: Budget) {
        self.0.allowed.store(budget.bytes, Ordering::Relaxed);
        while self.taken() > budget.bytes && self.make_room() {}
    }

    /// In bytes, by all that hold some.
    pub fn taken(&self) -> u64 {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// What one answer may take beside all others.
    pub fn left(&self) -> Budget {
        Budget { bytes: self.allowed().bytes.saturating_sub(self.taken()) }
    }

    /// One more that gives way from now on, for as long as it is there.
    pub fn note_drawer(&self, drawer: Weak<dyn Drawer>) {
        let mut drawers = guard(&self.0.drawers);
        drawers.retain(|drawer| drawer.strong_count() > 0);
        drawers.push(drawer);
    }

    /// The number of a look at something that gives way.
    pub fn next_look(&self) -> u64 {
        self.0.looks.fetch_add(1, Ordering::Relaxed)
    }

    /// For one who will take some.
    pub fn hold(&self) -> Held {
        Held { memory: self.clone(), bytes: 0 }
    }

    /// Something that is kept gives way, the one that was looked at longest ago. False where nothing is left that could.
    fn make_room(&self) -> bool {
        let drawers: Vec<Arc<dyn Drawer>> = guard(&self.0.drawers).iter().filter_map(Weak::upgrade).collect();
        let oldest = drawers.iter().filter_map(|drawer| Some((drawer.oldest()?, drawer))).min_by_key(|(look, _)| *look);
        oldest.is_some_and(|(look, drawer)| drawer.let_go(look))
    }

    fn take(&self, more: u64) -> Result<(), OverBudget> {
        let Shared { allowed, taken, .. } = &*self.0;
        let all = taken.fetch_add(more, Ordering::Relaxed).saturating_add(more);
        let budget = Budget { bytes: allowed.load(Ordering::Relaxed) };
        budget.check(all).inspect_err(|_| {
            taken.fetch_sub(more, Ordering::Relaxed);
        })
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one of them holds; it is given back with its end.
#[derive(Debug)]
pub struct Held {
    memory: Memory,
    bytes: u64,
}

impl Held {
    /// Holds this much from now on, once what is only kept has given way for it. Asked for more than there is even then, it
    /// keeps what it has.
    pub fn resize(&mut self, bytes: u64) -> Result<(), OverBudget> {
        if bytes <= self.bytes {
            self.memory.0.taken.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
            self.bytes = bytes;
            return Ok(());
        }
        let more = bytes - self.bytes;
        loop {
            match self.memory.take(more) {
                Ok(()) => {
                    self.bytes = bytes;
                    return Ok(());
                }
                Err(over) if !self.memory.make_room() => return Err(over),
                Err(_) => {}
            }
        }
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// All of which this is a part.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.0.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl From<&Memory> for Held {
    fn from(memory: &Memory) -> Self {
        memory.hold()
    }
}

/// Memory for one answer alone.
impl From<Budget> for Held {
    fn from(budget: Budget) -> Self {
        Memory::new(budget).hold()
    }
}

/// Answers that were found once and may be asked for again. They stay for as long as nobody needs their memory; those that
/// somebody holds just then free none, and so stay longer. Clones are of the same.
pub struct Kept<K, T>(Arc<Rows<K, T>>);

struct Rows<K, T> {
    memory: Memory,
    rows: Mutex<Vec<Row<K, T>>>,
}

struct Row<K, T> {
    key: K,
    answer: Arc<T>,
    /// When it was looked at last.
    look: u64,
}

/// What gives way without anybody knowing what lies in it.
pub trait Drawer: Send + Sync {
    /// When that was looked at which nobody looked at for the longest time; `None` where nothing may go.
    fn oldest(&self) -> Option<u64>;

    /// Lets go of what was looked at then. False where it is gone already.
    fn let_go(&self, look: u64) -> bool;
}

impl<K: Send, T: Send + Sync> Drawer for Rows<K, T> {
    fn oldest(&self) -> Option<u64> {
        let rows = guard(&self.rows);
        rows.iter().filter(|row| Arc::strong_count(&row.answer) == 1).map(|row| row.look).min()
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
    pub fn new(memory: &Memory) -> Self {
        let rows = Arc::new(Rows { memory: memory.clone(), rows: Mutex::default() });
        memory.note_drawer(Arc::<Rows<K, T>>::downgrade(&rows));
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

    #[test]
    fn what_is_held_is_counted_once_and_given_back() {
        let memory = Memory::new(Budget { bytes: 100 });
        let (mut one, mut other) = (memory.hold(), memory.hold());
        assert_eq!((one.resize(60), other.resize(40)), (Ok(()), Ok(())));
        assert_eq!((memory.taken(), memory.left().bytes), (100, 0));
        assert_eq!(other.resize(41), Err(OverBudget { bytes: 101, budget: Budget { bytes: 100 } }));
        assert_eq!((memory.taken(), other.bytes()), (100, 40), "it keeps what it has");
        drop(one);
        assert_eq!((other.resize(90), memory.taken()), (Ok(()), 90));
        memory.allow(Budget { bytes: 10 });
        assert_eq!((other.resize(50), memory.taken(), memory.left().bytes), (Ok(()), 50, 0), "less is always possible");
    }

    fn of(memory: &Memory, bytes: u64) -> Arc<Held> {
        let mut held = memory.hold();
        held.resize(bytes).expect("there is room");
        Arc::new(held)
    }

    #[test]
    fn what_was_looked_at_longest_ago_gives_way_and_what_is_in_use_stays() {
        let memory = Memory::new(Budget { bytes: 100 });
        let (kept, others) = (Kept::new(&memory), Kept::new(&memory));
        for key in ["a", "b"] {
            kept.keep(key, of(&memory, 20));
        }
        others.keep(1, of(&memory, 20));
        let in_use = of(&memory, 20);
        kept.keep("c", Arc::clone(&in_use));
        assert!(kept.get(&"a").is_some(), "and so it is no longer the oldest");
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
        let kept = Kept::new(&memory);
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
