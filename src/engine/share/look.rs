//! Shared work as whoever looks at it sees it: each by its name, with its workers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::lease::{GONE, LEASE};
use super::{PARTITION, Part, SHARE, Share, ShareError, WORKER, number_of};
use crate::event::{Position, Timestamp};
use crate::store::{Flow, SharedValues, Store};

/// One shared work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedLook {
    pub name: String,
    /// Nothing where it was begun by an older Foldline, which did not say.
    pub projection: String,
    pub category: Option<String>,
    /// The table that the results go into, as the first worker named it.
    pub into: Option<String>,
    pub partitions: u32,
    /// Partitions that nobody is at.
    pub free: u32,
    /// Up to where all of them are folded.
    pub position: Option<Position>,
    /// So much of the store comes behind that.
    pub behind: u64,
    /// Those that hold something or were heard of lately, the ones with most of it first.
    pub workers: Vec<SharedWorker>,
}

/// One of its workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedWorker {
    pub name: String,
    pub partitions: Vec<u32>,
    pub position: Option<Position>,
    pub behind: u64,
    pub heard: Option<Timestamp>,
    /// How long ago that was, by the clock of the server that heard it; nothing where it does not tell its time.
    pub silent: Option<Duration>,
}

impl SharedWorker {
    /// The machine, as a worker's name begins with it.
    pub fn machine(&self) -> &str {
        let mut ends = self.name.rsplitn(3, '-');
        let (_, _) = (ends.next(), ends.next());
        ends.next().unwrap_or(&self.name)
    }

    /// So long without a sign of it, its partitions are handed over.
    pub fn is_gone(&self) -> bool {
        self.silent.is_some_and(|silent| silent >= LEASE)
    }
}

/// Workers that hold nothing and were not heard of for longer than this are history.
const FORGOTTEN: Duration = Duration::from_mins(10);

/// Every shared work on a store, by its name; `None` where no work can be shared on it.
pub fn shared_looks(reader: &dyn Store) -> Result<Option<Vec<SharedLook>>, ShareError> {
    let Some(names) = reader.shared_names()? else { return Ok(None) };
    let end = reader.end()?.position();
    let mut looks = Vec::new();
    for name in names {
        if let Some(values) = reader.shared_values(&name, false)? {
            looks.extend(look(values.as_ref(), name, end)?);
        }
    }
    Ok(Some(looks))
}

pub(super) fn look(
    values: &dyn SharedValues,
    name: String,
    end: Option<Position>,
) -> Result<Option<SharedLook>, ShareError> {
    let share = values.get(SHARE)?.and_then(|kept| serde_json::from_slice::<Share>(&kept.value).ok());
    let Some(Share { partitions, projection, category, into, .. }) = share else { return Ok(None) };
    let now = values.now()?;
    let mut workers: BTreeMap<String, SharedWorker> = BTreeMap::new();
    values.visit(WORKER, &mut |key, kept| {
        let name = key.strip_prefix(WORKER).unwrap_or(key).to_owned();
        let silent = now.zip(kept.at).map(|(now, at)| now.micros_since(at).max(0).unsigned_abs());
        let silent = silent.map(Duration::from_micros);
        if kept.value != GONE {
            let worker = SharedWorker {
                name: name.clone(),
                partitions: Vec::new(),
                position: None,
                behind: 0,
                heard: kept.at,
                silent,
            };
            workers.insert(name, worker);
        }
        Flow::Continue(())
    })?;
    let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
    values.visit(PARTITION, &mut |key, kept| {
        if let (Some(number), Ok(part)) = (number_of(key), serde_json::from_slice::<Part>(&kept.value)) {
            parts.insert(number, part);
        }
        Flow::Continue(())
    })?;
    let behind = |position: Option<u64>| end.map_or(0, |end| end.0.saturating_sub(position.unwrap_or(0)));
    let (mut free, mut all) = (0, Some(u64::MAX));
    for number in 0..partitions {
        let part = parts.remove(&number).unwrap_or_default();
        all = all.min(part.position);
        match workers.get_mut(&part.worker) {
            Some(worker) => {
                let position = Position(part.position.unwrap_or(0));
                worker.position = Some(worker.position.map_or(position, |known| known.min(position)));
                worker.partitions.push(number);
            }
            None => free += 1,
        }
    }
    let is_history =
        |worker: &SharedWorker| worker.partitions.is_empty() && worker.silent.is_some_and(|silent| silent > FORGOTTEN);
    let mut workers: Vec<SharedWorker> = workers.into_values().filter(|worker| !is_history(worker)).collect();
    for worker in &mut workers {
        worker.behind = worker.position.map_or(0, |position| behind(Some(position.0)));
    }
    workers.sort_by(|a, b| b.partitions.len().cmp(&a.partitions.len()).then_with(|| a.name.cmp(&b.name)));
    let position = all.filter(|_| partitions > 0);
    let into = into.map(|into| into.table);
    let look = SharedLook {
        name,
        projection,
        category,
        into,
        partitions,
        free,
        position: position.map(Position),
        behind: behind(position),
        workers,
    };
    Ok(Some(look))
}
