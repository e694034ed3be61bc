//! Between the client, which never blocks, and an engine whose threads wait for their answers: one thread of the
//! program runs the client, and whoever asks waits on its own.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::{Arc, LazyLock, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::NatsError;
use crate::store::{Interrupter, ServerDetail};

/// What the client runs on, begun when it is first needed; `Err` where the system gives no thread.
static RUNNING: LazyLock<Result<Handle, String>> = LazyLock::new(|| {
    let (tell, told) = mpsc::sync_channel(1);
    let run = move || match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let _ = tell.send(Ok(runtime.handle().clone()));
            runtime.block_on(pending::<()>());
        }
        Err(error) => {
            let _ = tell.send(Err(error.to_string()));
        }
    };
    thread::Builder::new().name("nats".to_owned()).spawn(run).map_err(|error| error.to_string())?;
    told.recv().map_err(|error| error.to_string())?
});

/// Where the client's own work goes on while nobody waits for it.
pub(super) fn handle() -> Result<&'static Handle, NatsError> {
    RUNNING.as_ref().map_err(|words| NatsError::Failed(ServerDetail::Said(words.clone())))
}

/// One reader's questions, so that somebody else can end the one that it waits for.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Asking {
    interrupted: Arc<Notify>,
    /// Beyond this moment nothing is waited for long, however many questions there are; what comes all the time still does.
    until: Option<Instant>,
}

/// So long everybody is waited for.
const AT_LEAST: Duration = Duration::from_secs(2);

impl Asking {
    /// Asked while nothing is waited for, it does nothing.
    pub(in crate::store) fn interrupter(&self) -> Interrupter {
        let notify = Arc::clone(&self.interrupted);
        Interrupter::new(move || notify.notify_waiters())
    }

    pub(super) fn set_until(&mut self, until: Option<Instant>) {
        self.until = until;
    }

    /// Waits for an answer: at most this long, and until somebody interrupts.
    pub(in crate::store) fn wait<T>(
        &self,
        at_most: Duration,
        answer: impl Future<Output = Result<T, NatsError>>,
    ) -> Result<T, NatsError> {
        let handle = handle()?;
        let _inside = handle.enter();
        let left = |until: Instant| until.saturating_duration_since(Instant::now()).max(AT_LEAST);
        let at_most = self.until.map_or(at_most, |until| at_most.min(left(until)));
        let mut interrupted = pin!(self.interrupted.notified());
        interrupted.as_mut().enable();
        let mut answer = pin!(answer);
        let either = poll_fn(|context| {
            if interrupted.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(NatsError::Cancelled));
            }
            answer.as_mut().poll(context)
        });
        match handle.block_on(async { timeout(at_most, either).await }) {
            Ok(answer) => answer,
            Err(_) => Err(NatsError::Silent(ServerDetail::SilentFor(at_most))),
        }
    }
}
