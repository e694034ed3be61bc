//! What runs until it is told to stop: Ctrl+C and a service's SIGTERM end it in an orderly way.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::runtime::Builder;

/// Whether somebody asked this program to stop.
#[derive(Clone, Debug, Default)]
pub(super) struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// From now on the program is not ended by the signals, but asked. `ring` is called once it is.
    pub(super) fn begin(ring: impl Fn() + Send + 'static) -> io::Result<Self> {
        let stopping = Self::default();
        let told = stopping.clone();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let asked = {
            // They are heard from here on, and not from when the thread has begun.
            let _within = runtime.enter();
            asked()?
        };
        thread::Builder::new().name("stopping".to_owned()).spawn(move || {
            runtime.block_on(asked);
            told.0.store(true, Ordering::SeqCst);
            ring();
        })?;
        Ok(stopping)
    }

    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(unix)]
fn asked() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(std::future::poll_fn(move |context| {
        let is_asked = interrupt.poll_recv(context).is_ready() || terminate.poll_recv(context).is_ready();
        if is_asked { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    }))
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn asked() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
