use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::jobs::{Job, Wake};

/// Between two looks at the file. Each is a few system calls; nothing is drawn until something has changed.
const BETWEEN: Duration = Duration::from_millis(400);

/// How long a watch that is no longer wanted may take to notice.
const SLICE: Duration = Duration::from_millis(50);

/// Notices that another program wrote to a store, by its file and its log.
pub(super) struct Watch {
    path: PathBuf,
    wake: Wake,
    job: Job<()>,
}

type Look = [Option<(u64, SystemTime)>; 2];

impl Watch {
    pub(super) fn new(path: &Path, wake: &Wake) -> Self {
        let seen = look(path);
        Self { path: path.to_owned(), wake: wake.clone(), job: watching(path.to_owned(), seen, wake) }
    }

    /// Whether something was written since this was last asked.
    pub(super) fn has_changed(&mut self) -> bool {
        if self.job.poll().is_none() {
            return false;
        }
        self.job = watching(self.path.clone(), look(&self.path), &self.wake);
        true
    }
}

fn watching(path: PathBuf, seen: Look, wake: &Wake) -> Job<()> {
    Job::start("watching the file", wake, move |ticket| {
        let mut waited = Duration::ZERO;
        while !ticket.is_cancelled() {
            thread::sleep(SLICE);
            waited += SLICE;
            if waited >= BETWEEN {
                waited = Duration::ZERO;
                if look(&path) != seen {
                    return;
                }
            }
        }
    })
}

fn look(path: &Path) -> Look {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let of = |path: &Path| fs::metadata(path).ok().and_then(|file| Some((file.len(), file.modified().ok()?)));
    [of(path), of(Path::new(&log)).filter(|(len, _)| *len > 0)]
}
