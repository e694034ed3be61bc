use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::{PARTITION, Part, ShareError, WORKER, key_of, number_of};
use crate::event::Cursor;
use crate::store::{Flow, SharedValues};

/// A worker whose beat stays as it is for longer than this is gone.
pub(super) const LEASE: Duration = Duration::from_secs(8);

/// Which partitions are whose, as one worker sees it.
#[derive(Debug)]
pub(super) struct Leases {
    me: String,
    partitions: u32,
    lease: Duration,
    /// The number under which each worker's beat was last seen, and since when.
    seen: BTreeMap<String, (u64, Instant)>,
    pub(super) mine: BTreeMap<u32, (Part, u64)>,
    /// Those of them that were taken with the last beat, perhaps once more: of these only what is written is known.
    pub(super) taken: BTreeSet<u32>,
    beat: u64,
    own: Option<u64>,
}

impl Leases {
    pub(super) fn new(me: String, partitions: u32, lease: Duration) -> Self {
        Self {
            me,
            partitions,
            lease,
            seen: BTreeMap::new(),
            mine: BTreeMap::new(),
            taken: BTreeSet::new(),
            beat: 0,
            own: None,
        }
    }

    /// Tells that this worker is there, and takes or leaves partitions so that each worker has its part. Answers how far
    /// the others' are.
    pub(super) fn beat(&mut self, values: &dyn SharedValues) -> Result<Vec<Part>, ShareError> {
        self.beat += 1;
        let key = format!("{WORKER}{}", self.me);
        let own = values.change_one(&key, self.beat.to_string().into_bytes(), self.own)?;
        // A worker of this name from before.
        self.own = match own {
            None => values.get(&key)?.map(|kept| kept.revision),
            own => own,
        };
        let now = Instant::now();
        let mut workers: BTreeSet<String> = BTreeSet::from([self.me.clone()]);
        let mut others: BTreeMap<u32, (Part, u64)> = BTreeMap::new();
        let (seen, lease) = (&mut self.seen, self.lease);
        values.visit(WORKER, &mut |key, kept| {
            let (known, since) = seen.entry(key.to_owned()).or_insert((kept.revision, now));
            if *known != kept.revision {
                (*known, *since) = (kept.revision, now);
            }
            if kept.value != GONE && now.duration_since(*since) < lease {
                workers.extend(key.strip_prefix(WORKER).map(str::to_owned));
            }
            Flow::Continue(())
        })?;
        values.visit(PARTITION, &mut |key, kept| {
            if let (Some(number), Ok(part)) = (number_of(key), serde_json::from_slice::<Part>(&kept.value)) {
                others.insert(number, (part, kept.revision));
            }
            Flow::Continue(())
        })?;
        // What another took meanwhile is known by its number.
        self.mine.retain(|number, (_, revision)| others.get(number).is_some_and(|(_, found)| found == revision));
        let fair = (self.partitions as usize).div_ceil(workers.len());
        while self.mine.len() > fair {
            let Some((number, (part, revision))) = self.mine.pop_last() else { break };
            let left = Part { worker: String::new(), beat: part.beat + 1, ..part };
            values.change_one(&key_of(number), written(&left), Some(revision))?;
        }
        let free = (0..self.partitions).filter(|number| !self.mine.contains_key(number)).filter(|number| {
            others.get(number).is_none_or(|(part, _)| part.worker == self.me || !workers.contains(&part.worker))
        });
        let free: Vec<u32> = free.collect();
        self.taken.clear();
        for number in free {
            if self.mine.len() >= fair {
                break;
            }
            let known = others.get(&number).map(|(part, revision)| (part.clone(), *revision));
            let (part, revision) = known.map_or((Part::default(), None), |(part, revision)| (part, Some(revision)));
            let taken = Part { worker: self.me.clone(), beat: part.beat + 1, ..part };
            if let Some(revision) = values.change_one(&key_of(number), written(&taken), revision)? {
                self.mine.insert(number, (taken, revision));
                self.taken.insert(number);
            }
        }
        let theirs = (0..self.partitions).filter(|number| !self.mine.contains_key(number));
        Ok(theirs.map(|number| others.get(&number).map(|(part, _)| part.clone()).unwrap_or_default()).collect())
    }

    /// Writes how far a partition is, which renews its lease. `false` where it is another's by now.
    pub(super) fn keep(&mut self, values: &dyn SharedValues, number: u32, part: &Part) -> Result<bool, ShareError> {
        let Some((_, revision)) = self.mine.get(&number) else { return Ok(false) };
        let part = Part { worker: self.me.clone(), beat: part.beat + 1, ..part.clone() };
        match values.change_one(&key_of(number), written(&part), Some(*revision))? {
            Some(revision) => {
                self.mine.insert(number, (part, revision));
                Ok(true)
            }
            None => {
                self.mine.remove(&number);
                Ok(false)
            }
        }
    }

    /// A partition is elsewhere than its lease says.
    pub(super) fn stands(&mut self, number: u32, cursor: &Cursor) {
        if let Some((part, _)) = self.mine.get_mut(&number) {
            *part = part.at(cursor);
        }
    }

    /// What is held of a partition has to be taken anew.
    pub(super) fn forget_one(&mut self, number: u32) {
        self.mine.remove(&number);
    }

    /// What is held has to be taken anew.
    pub(super) fn forget(&mut self) {
        self.mine.clear();
    }

    /// Lets go of everything, so that the others need not wait.
    pub(super) fn leave(&mut self, values: &dyn SharedValues) -> Result<(), ShareError> {
        for (number, (part, revision)) in std::mem::take(&mut self.mine) {
            let left = Part { worker: String::new(), beat: part.beat + 1, ..part };
            values.change_one(&key_of(number), written(&left), Some(revision))?;
        }
        values.change_one(&format!("{WORKER}{}", self.me), GONE.to_vec(), self.own).map(drop)?;
        Ok(())
    }
}

/// In the place of the beat of a worker that left.
pub(super) const GONE: &[u8] = b"gone";

pub(super) fn written(part: &Part) -> Vec<u8> {
    serde_json::to_vec(part).unwrap_or_default()
}
