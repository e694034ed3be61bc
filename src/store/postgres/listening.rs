//! Listening to a channel on which a framework tells that events were recorded: over a connection of its own, made anew
//! whenever it is lost. What is said there is only that it is worth a look.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;

use super::client::Heard;
use super::connection::{Connected, connect};
use super::pool::Server;
use crate::store::frameworks::quote;
use crate::store::{Alarm, Ring};

/// Between two attempts to listen again: short at first.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A silence as long as this is asked about: the connection may be gone without a word.
const SILENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Ending {
    is_over: AtomicBool,
    told: Notify,
}

/// Rings with each notification, and whenever it listens again, since nobody knows what was said meanwhile.
pub(super) fn listen(server: Arc<Server>, channel: String, ring: Ring) -> Option<Alarm> {
    let ending = Arc::new(Ending::default());
    let theirs = Arc::clone(&ending);
    let listening = thread::Builder::new().name("listening".to_owned()).spawn(move || {
        let mut pause = FIRST_PAUSE;
        while !theirs.is_over.load(Ordering::Acquire) {
            match listening(&server, &channel, &theirs) {
                Some(mut connected) => {
                    pause = FIRST_PAUSE;
                    ring();
                    hear(&mut connected, &theirs, &ring);
                }
                None => {
                    thread::sleep(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    });
    listening.ok()?;
    Some(Alarm::until(move || {
        ending.is_over.store(true, Ordering::Release);
        ending.told.notify_one();
    }))
}

/// A connection that listens. A standby cannot, and some proxies do not hand on what is said: there one asks now and then.
fn listening(server: &Server, channel: &str, ending: &Ending) -> Option<Connected> {
    let mut connected = connect(&server.settings).ok()?;
    match connected.client.batch_execute(&format!("LISTEN {}", quote(channel))) {
        Ok(()) => Some(connected),
        Err(error) => {
            tracing::debug!(%error, channel, "nobody listens");
            if error.code().is_some() {
                ending.is_over.store(true, Ordering::Release);
            }
            None
        }
    }
}

/// Until the connection is lost or nobody is interested any more.
fn hear(connected: &mut Connected, ending: &Ending, ring: &Ring) {
    while !ending.is_over.load(Ordering::Acquire) {
        match connected.client.listen(SILENCE, &ending.told) {
            Heard::Something => ring(),
            Heard::Lost => return,
            Heard::Nothing => {
                if connected.client.batch_execute("").is_err() {
                    return;
                }
            }
        }
    }
}
