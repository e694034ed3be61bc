//! Foldline opens an event store and shows any aggregate at any version: *state = fold(events)*.
//!
//! # The house
//!
//! - [`event`]: the words. Ids, versions, positions, times, rows and recorded events.
//! - [`store`]: reading and appending. The native store, other frameworks' tables, files of events.
//! - [`domain`]: leads and tickets. What events mean (`apply`), which commands they answer (`decide`), old shapes.
//! - [`projection`]: named folds over events, and how their states are shown and compared.
//! - [`replay`]: one stream in memory. Checkpoints, state at any version, changes, blame.
//! - [`compensate`]: an append planned, previewed, carried out, and made anew after a conflict.
//! - [`session`]: one open store and the questions asked of it.
//! - [`sample`]: believable histories from a seed number.
//! - [`cli`]: the command line.
//! - `jobs`: background threads whose newest request wins.
//! - `command`, `app`, `ui`, `theme`, `locale`: the window (feature `window`).
//!
//! Imports point one way: `event ← store, domain ← projection ← replay ← compensate ← session ← {cli, ui ← app}`.
//!
//! # What always holds
//!
//! 1. `event`, `domain`, `projection` and `replay` do no input or output and read no clock; no recorded history can
//!    make them fail.
//! 2. `store` knows no domain, and `domain` no store.
//! 3. Opening a store to look changes nothing: not a byte of it, not a file beside it.
//! 4. Events are never changed or removed, by any way through the program.
//! 5. The window's thread reads no store: it asks a job, and draws the last answer it has.
//! 6. Whatever is shown at version v equals folding every event up to v, one by one, from nothing.
//!
//! # How data flows
//!
//! A table's bytes → [`store::Reader`] visits borrowed rows in order → a [`projection::Projection`] decodes and folds
//! them → [`replay::Replay`] keeps checkpoints and the events of each field → [`session`] answers for a moment. Appending
//! runs the other way: a command → `decide` → a [`compensate::Plan`] to look at → [`store::Writer::append`] → recorded,
//! or a [`store::Conflict`] that carries the events that came first.

#![warn(clippy::print_stderr)]

#[cfg(feature = "window")]
pub mod app;
pub mod cli;
#[cfg(feature = "window")]
pub mod command;
pub mod compensate;
pub mod domain;
pub mod engine;
pub mod event;
#[cfg(feature = "window")]
pub mod locale;
pub mod projection;
pub mod replay;
pub mod sample;
pub mod store;
#[cfg(feature = "window")]
pub mod theme;
#[cfg(feature = "window")]
pub mod ui;
pub mod view;
