//! Stores on NATS JetStream, against servers of its own that this program starts and stops: a new one, the one that
//! Debian has, and three as a cluster.

#![allow(clippy::unwrap_used)]

mod anew;
mod appending;
mod at_once;
mod carrying;
mod contract;
mod dying;
#[path = "../engine/contract/mod.rs"]
mod engine_contract;
mod faults;
mod following;
mod guarded;
mod harness;
mod importing;
mod keeper;
mod live;
mod opening;
mod others;
#[path = "../postgres/server.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod postgres;
mod reading_plainly;
mod readme;
mod servers;
mod sharing;
mod stores;
mod way;
mod wire;
#[path = "../engine/workshop.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod workshop;
