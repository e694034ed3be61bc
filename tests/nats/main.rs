//! Stores on NATS JetStream, against servers of its own that this program starts and stops: a new one, the one that
//! Debian has, and three as a cluster.

#![allow(clippy::unwrap_used)]

mod harness;
mod keeper;
mod servers;
