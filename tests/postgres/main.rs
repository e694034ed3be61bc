//! Stores in PostgreSQL, against a server of its own that this program starts and stops.

#![allow(clippy::unwrap_used)]

mod appending;
mod connecting;
mod frameworks;
mod hanging;
mod listening;
mod looking;
mod mirror;
mod odd;
mod own_projections;
mod probing;
mod read_models;
mod server;
mod tables;
