//! A way to a server that can be watched, stuck and cut, and on which something can get lost.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::stores::on_thread;

/// Between a client and its server. Each direction carries so much, and nothing more until it may.
pub(crate) struct Way {
    pub(crate) port: u16,
    /// To the client.
    pub(crate) most: Arc<AtomicUsize>,
    pub(crate) carried: Arc<AtomicUsize>,
    /// To the server.
    pub(crate) asked: Arc<AtomicUsize>,
    to_server: Direction,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

#[derive(Clone, Default)]
struct Direction {
    /// Nothing is carried on while it is not nought.
    held: Arc<AtomicUsize>,
    waiting: Arc<AtomicUsize>,
}

/// May change the body of a message to the client, and says that it gets lost.
type Meddles = dyn Fn(&mut [u8]) -> bool + Send + Sync;

impl Way {
    pub(crate) fn to(server: u16) -> Self {
        Self::begin(server, None)
    }

    /// On which messages of the server get lost.
    pub(crate) fn losing(server: u16, loses: impl Fn(&[u8]) -> bool + Send + Sync + 'static) -> Self {
        Self::begin(server, Some(Arc::new(move |body: &mut [u8]| loses(body))))
    }

    /// On which what the server says is changed, and none of it is longer for that.
    pub(crate) fn changing(server: u16, changes: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        let meddles = move |body: &mut [u8]| {
            changes(body);
            false
        };
        Self::begin(server, Some(Arc::new(meddles)))
    }

    fn begin(server: u16, meddles: Option<Arc<Meddles>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let way = Self {
            port,
            most: Arc::new(AtomicUsize::new(usize::MAX)),
            carried: Arc::default(),
            asked: Arc::default(),
            to_server: Direction::default(),
            open: Arc::default(),
        };
        let (most, carried, asked) = (Arc::clone(&way.most), Arc::clone(&way.carried), Arc::clone(&way.asked));
        let (to_server, open) = (way.to_server.clone(), Arc::clone(&way.open));
        on_thread("way", move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let there = (client.try_clone().unwrap(), server.try_clone().unwrap());
                open.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                let (Direction { held, waiting }, asked) = (to_server.clone(), Arc::clone(&asked));
                on_thread("there", move || {
                    carry(there.0, there.1, None, |length| {
                        asked.fetch_add(length, Ordering::Relaxed);
                        waiting.fetch_add(1, Ordering::SeqCst);
                        wait_while(|| held.load(Ordering::SeqCst) > 0);
                        waiting.fetch_sub(1, Ordering::SeqCst);
                    });
                });
                let (most, carried, meddles) = (Arc::clone(&most), Arc::clone(&carried), meddles.clone());
                on_thread("back", move || {
                    carry(server, client, meddles.as_deref(), |length| {
                        let before = carried.fetch_add(length, Ordering::Relaxed);
                        wait_while(|| before > most.load(Ordering::Relaxed));
                    });
                });
            }
        });
        way
    }

    /// Nothing that the server says arrives any more.
    pub(crate) fn hold_back(&self) {
        self.most.store(0, Ordering::Relaxed);
    }

    /// Nothing that the client says arrives any more.
    pub(crate) fn hold_there(&self) {
        self.to_server.held.store(1, Ordering::SeqCst);
    }

    /// Whether something that the client said is being held.
    pub(crate) fn holds_something(&self) -> bool {
        self.to_server.held.load(Ordering::SeqCst) > 0 && self.to_server.waiting.load(Ordering::SeqCst) > 0
    }

    /// Hangs up on both; what was held gets lost. The next connections carry all.
    pub(crate) fn cut(&self) {
        for end in self.open.lock().unwrap().drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
        self.most.store(usize::MAX, Ordering::Relaxed);
        self.to_server.held.store(0, Ordering::SeqCst);
    }
}

fn wait_while(is_so: impl Fn() -> bool) {
    while is_so() {
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, meddles: Option<&Meddles>, before: impl Fn(usize)) {
    let (mut some, mut kept) = (vec![0; 1 << 16], Vec::new());
    while let Ok(length @ 1..) = from.read(&mut some) {
        before(length);
        let is_written = match meddles {
            None => to.write_all(&some[..length]),
            Some(meddles) => {
                kept.extend_from_slice(&some[..length]);
                to.write_all(&meddled_with(&mut kept, meddles))
            }
        };
        if is_written.is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

/// Takes whole lines of the protocol, each with the body that it announces, and leaves out what gets lost.
fn meddled_with(kept: &mut Vec<u8>, meddles: &Meddles) -> Vec<u8> {
    let (mut out, mut taken) = (Vec::new(), 0);
    loop {
        let rest = &kept[taken..];
        let Some(line) = rest.windows(2).position(|two| two == b"\r\n") else { break };
        let words: Vec<&[u8]> = rest[..line].split(|byte| *byte == b' ').collect();
        let is_message = matches!(words[0], b"MSG" | b"HMSG");
        let number = |word: &&[u8]| std::str::from_utf8(word).unwrap().trim().parse::<usize>().unwrap();
        let body = if is_message { words.last().map_or(0, number) + 2 } else { 0 };
        let length = line + 2 + body;
        let Some(whole) = kept[taken..].get_mut(..length) else { break };
        if !(is_message && meddles(&mut whole[line + 2..])) {
            out.extend_from_slice(whole);
        }
        taken += length;
    }
    kept.drain(..taken);
    out
}
