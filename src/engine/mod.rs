//! An open store at work. It is opened once; its questions run on a few threads, each with a connection of its own that
//! is kept between questions. Who asks is answered later and woken then; whoever asks anew interrupts what has become
//! pointless, in the database itself.

mod asked;
mod feed;
mod pool;
mod ticket;

use std::sync::Arc;

pub use asked::{Asked, Cause, Question, Tool};
pub use feed::StoreChange;
pub use pool::{Answer, Lost};
pub use ticket::{Progress, Ticket};

use crate::store::{Reader, Source, StoreError, Writer};
use feed::Feed;
use pool::{Lane, Pool};

/// Called from a working thread when there is something to see.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A store that is open. Clones are of the same; with the last one its threads end.
#[derive(Clone)]
pub struct Engine(Arc<Room>);

struct Room {
    source: Source,
    pool: Pool,
    feed: Feed,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("source", &self.0.source).finish_non_exhaustive()
    }
}

impl Engine {
    /// Takes over a store that was opened.
    pub fn new(source: Source, first: Box<dyn Reader>, wake: Wake) -> Self {
        let pool = Pool::new(first, wake.clone());
        let feed = Feed::begin(&source, &pool, wake);
        Self(Arc::new(Room { source, pool, feed }))
    }

    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// Runs work on a connection that only reads.
    pub fn ask<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&dyn Reader, &Ticket) -> T + Send + 'static,
    ) -> Answer<Result<T, StoreError>> {
        self.0.pool.ask(what, Lane::Short, work)
    }

    /// The same for what goes over the whole store: it never takes the last thread.
    pub fn ask_long<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&dyn Reader, &Ticket) -> T + Send + 'static,
    ) -> Answer<Result<T, StoreError>> {
        self.0.pool.ask(what, Lane::Long, work)
    }

    /// Runs work on a connection that may append, opened for it alone.
    pub fn write<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut dyn Writer) -> T + Send + 'static,
    ) -> Answer<Result<T, StoreError>> {
        let source = self.0.source.clone();
        let answer = self.0.pool.run(what, Lane::Short, move |_| {
            crate::store::open_for_writing(&source).map(|mut store| work(store.as_mut()))
        });
        self.0.feed.look_soon();
        answer
    }

    /// What happened to the store since this was last asked; `None` where nothing was noticed.
    pub fn take_change(&self) -> Option<StoreChange> {
        self.0.feed.take()
    }
}
