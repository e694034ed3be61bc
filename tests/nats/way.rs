//! A way to a server that can be watched, and that can be stuck.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::stores::on_thread;

/// Between a reader and its server; it carries so much to the reader, and nothing more until it may.
pub(crate) struct Way {
    pub(crate) port: u16,
    pub(crate) most: Arc<AtomicUsize>,
    pub(crate) carried: Arc<AtomicUsize>,
}

impl Way {
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (most, carried) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::new(AtomicUsize::new(0)));
        let (limit, count) = (Arc::clone(&most), Arc::clone(&carried));
        on_thread("way", move || {
            for reader in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let there = (reader.try_clone().unwrap(), server.try_clone().unwrap());
                on_thread("there", move || carry(there.0, there.1, |_| ()));
                let (limit, count) = (Arc::clone(&limit), Arc::clone(&count));
                on_thread("back", move || {
                    carry(server, reader, |length| {
                        let carried = count.fetch_add(length, Ordering::Relaxed);
                        while carried > limit.load(Ordering::Relaxed) {
                            std::thread::park_timeout(std::time::Duration::from_millis(5));
                        }
                    });
                });
            }
        });
        Self { port, most, carried }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, before: impl Fn(usize)) {
    let mut some = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut some) {
        before(length);
        if to.write_all(&some[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
    let _ = from.shutdown(std::net::Shutdown::Both);
}
