use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use super::open_store::Opener;
use crate::jobs::{Job, Wake};
use crate::store::Source;

/// Between two looks at the file. Each is a few system calls; nothing is drawn until something has changed.
const BETWEEN: Duration = Duration::from_millis(400);

/// Between two questions to a server.
const BETWEEN_QUESTIONS: Duration = Duration::from_secs(2);

/// How long a watch that is no longer wanted may take to notice.
const SLICE: Duration = Duration::from_millis(50);

/// Notices that another program wrote to a store: by its file and its log, or by what its server says of it.
pub(super) struct Watch {
    watched: Watched,
    wake: Wake,
    job: Job<Seen>,
}

#[derive(Clone)]
enum Watched {
    File(PathBuf),
    Server(Opener),
}

#[derive(Clone, PartialEq, Eq)]
enum Seen {
    File(Look),
    /// `None` until the server has answered.
    Server(Option<String>),
}

type Look = [Option<(u64, SystemTime)>; 2];

impl Watch {
    pub(super) fn new(source: &Source, opener: &Opener, wake: &Wake) -> Self {
        let watched = match source {
            Source::File(path) => Watched::File(path.clone()),
            Source::Server(_) => Watched::Server(opener.clone()),
        };
        let seen = match &watched {
            Watched::File(path) => Seen::File(look(path)),
            Watched::Server(_) => Seen::Server(None),
        };
        let job = watching(watched.clone(), seen, wake);
        Self { watched, wake: wake.clone(), job }
    }

    /// Whether something was written since this was last asked.
    pub(super) fn has_changed(&mut self) -> bool {
        match self.job.poll() {
            Some(Ok(seen)) => {
                let seen = match (&self.watched, seen) {
                    (Watched::File(path), _) => Seen::File(look(path)),
                    (Watched::Server(_), seen) => seen,
                };
                self.job = watching(self.watched.clone(), seen, &self.wake);
                true
            }
            _ => false,
        }
    }
}

fn watching(watched: Watched, seen: Seen, wake: &Wake) -> Job<Seen> {
    let (name, between) = match &watched {
        Watched::File(_) => ("watching the file", BETWEEN),
        Watched::Server(_) => ("watching the server", BETWEEN_QUESTIONS),
    };
    let mut seen = seen;
    Job::start(name, wake, move |ticket| {
        // What a server says now is what changes are told from.
        let mut waited = if seen == Seen::Server(None) { between } else { Duration::ZERO };
        while !ticket.is_cancelled() {
            thread::sleep(SLICE);
            waited += SLICE;
            if waited < between {
                continue;
            }
            waited = Duration::ZERO;
            let now = match &watched {
                Watched::File(path) => Seen::File(look(path)),
                // A server that does not answer now may later; whoever reads is told of it.
                Watched::Server(opener) => match opener().and_then(|reader| reader.fingerprint()) {
                    Ok(Some(print)) => Seen::Server(Some(print)),
                    _ => continue,
                },
            };
            let is_first = seen == Seen::Server(None);
            if now != seen && !is_first {
                return now;
            }
            seen = now;
        }
        seen
    })
}

fn look(path: &Path) -> Look {
    // SQLite keeps the log beside the file itself, not beside a link to it.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut log = real.into_os_string();
    log.push("-wal");
    let of = |path: &Path| fs::metadata(path).ok().and_then(|file| Some((file.len(), file.modified().ok()?)));
    [of(path), of(Path::new(&log)).filter(|(len, _)| *len > 0)]
}
