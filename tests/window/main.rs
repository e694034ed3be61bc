//! Tests of the window through what a screen reader sees of it: roles and names. No display, no graphics card.

mod activity;
mod asking;
mod branching;
mod causes;
mod comparing;
mod correcting;
mod dialogs;
mod dragging;
mod driver;
mod finding;
mod foreign;
mod frames;
mod greeting;
mod history;
#[allow(clippy::unwrap_used, reason = "a test is free to panic")]
mod jetstream;
#[allow(dead_code, clippy::unwrap_used, reason = "the tests of the store itself use the rest, and are free to panic")]
#[path = "../nats/keeper.rs"]
mod keeper;
mod keyboard;
mod lanes;
mod languages;
mod lenses;
mod lists;
mod looking;
mod looks;
mod moments;
mod names;
mod narrow;
#[allow(dead_code, clippy::unwrap_used, reason = "the tests of the store itself use the rest, and are free to panic")]
#[path = "../nats/servers.rs"]
mod nats_servers;
mod odd;
mod panes;
#[allow(dead_code, clippy::unwrap_used, reason = "the tests of the store itself use the rest, and are free to panic")]
#[path = "../postgres/server.rs"]
mod postgres;
mod projections;
mod proofs;
mod reasons;
mod restart;
mod servers;
mod state;
mod store_lens;
mod timeline;
mod wishes;
