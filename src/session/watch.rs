use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::jobs::{Job, Wake};
use crate::store::Source;

/// Between two looks at the file. Each is a few system calls; nothing is drawn until something has changed.
const BETWEEN: Duration = Duration::from_millis(400);

/// How long a watch that is no longer wanted may take to notice.
const SLICE: Duration = Duration::from_millis(50);

/// Notices that another program wrote to a store, by its file and its log.
pub(super) struct Watch {
    /// Only a file can be looked at for nothing.
    path: Option<PathBuf>,
    wake: Wake,
    job: Option<Job<()>>,
}

type Look = [Option<(u64, SystemTime)>; 2];

impl Watch {
    pub(super) fn new(source: &Source, wake: &Wake) -> Self {
        let mut watch = Self { path: source.path().map(Path::to_owned), wake: wake.clone(), job: None };
        watch.begin();
        watch
    }

    fn begin(&mut self) {
        self.job = self.path.as_ref().map(|path| watching(path.clone(), look(path), &self.wake));
    }

    /// Whether something was written since this was last asked.
    pub(super) fn has_changed(&mut self) -> bool {
        let has_changed = self.job.as_mut().is_some_and(|job| job.poll().is_some());
        if has_changed {
            self.begin();
        }
        has_changed
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
