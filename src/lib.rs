//! Foldline opens an event store and shows any aggregate at any version: *state = fold(events)*.
//!
//! # The house
//!
//! - [`event`]: the words. Ids, versions, positions, times, an event as recorded, [`event::EventBatch`] and
//!   [`event::Cursor`], and [`event::Message`]: what is said to a person, before it is in any language.
//! - [`expr`]: conditions in CEL over an event and the state that it led to, read once and told at any moment.
//! - [`store`]: where events are kept. Batches that are pulled, what is new behind a place, appending.
//!   - `native`: Foldline's own SQLite file.
//!   - `frameworks`: one folder a framework with all its rules; beside them what they share.
//!   - `mirror`: a native store that holds what another holds and follows it; what is appended to it goes to the origin.
//!   - `nats`: streams on NATS JetStream, Foldline's own and others'.
//!   - `sqlite`, `postgres`: how any layout is read and written there, and read models kept. `files`: JSON, CloudEvents, CSV, XES, OCEL.
//! - [`domain`]: leads and tickets. What events mean (`apply`), which commands they answer (`decide`), old shapes.
//! - [`projection`]: named folds over events, and how their states are shown and compared. Each registers itself.
//! - [`script`]: projections of a user's own, in JavaScript, each in a runtime of its own that it cannot leave.
//! - [`replay`]: one stream in memory. Checkpoints, state at any version, changes, blame; branches of it, which are never
//!   written; the registry of projections, and what each open store adds to it.
//! - [`proof`]: a Merkle tree of events, seals that are signed, and what became of a store since one was made.
//! - [`evidence`]: a part of a history on a page, HTML or PDF, that carries its proof and is checked without the store.
//! - [`compensate`]: an append planned, previewed, carried out, and made anew after a conflict; what makes a branch so.
//! - [`index`]: a whole store at any moment: each stream under a projection as it stood, counts of a field over time.
//! - [`engine`]: an open store at work. A few threads with kept connections, one answer at a time for each question,
//!   what others record, and the questions that the command line and the window share; `sql` answers those in SQL,
//!   `materialise` keeps projections as tables, `drift` holds tables against them. `partitions` folds a user's own projection,
//!   `division` makes its partitions streams of a store. `share` folds one projection on several machines,
//!   `mirror_work` keeps a mirror up with its origin.
//!   What has no room in memory lies in a file of `spill`.
//! - [`workspace`]: what a user keeps beside a store, in a file of the user's own, and the user's own projections for it.
//! - [`view`]: what the window shows of an open store, without drawing it. No I/O, no clock.
//! - [`sample`]: believable histories from a seed number.
//! - [`cli`]: the command line.
//! - [`locale`]: the two languages.
//! - `command`, `app`, `ui`, `theme`: the window (feature `window`). A file a panel.
//!
//! Imports point one way: `event ← store, domain, expr ← projection ← script; projection ← replay ← compensate ← index ← engine ← view ← ui ← app`, and
//! `engine ← cli`, `store ← workspace ← view, cli`. `proof` and `locale` import `event` alone, `evidence` what is before
//! `compensate` and these two, `theme` only `locale`. A test reads every path that a file names.
//!
//! A tool more for the window is a file in `view` with its [`engine::Question`], a file in `ui` that draws its answer,
//! a line in the list of `view::tools` and one in that of `ui::tools`. How it reports progress, is stopped, fails,
//! is tried again and is asked anew when the store has changed is written once, in [`engine::Asked`].
//!
//! # What always holds
//!
//! 1. `event`, `proof`, `expr`, `domain`, `projection`, `replay`, `index`, `evidence` and `view` do no input or output, read no clock and know no egui; no
//!    recorded history can make a built-in projection fail, and where a user's own fails, that is part of what is shown.
//! 2. `store` knows no domain, and `domain` no store.
//! 3. The window's thread reads no store: it asks the engine, and draws the last answer it has.
//! 4. Opening a store to look changes nothing: not a byte of it, not a file beside it; and nothing of its content stays
//!    in a temporary folder.
//! 5. Events are never changed or removed, by any way through the program. What was acknowledged is never reported as
//!    failed, nor the other way round.
//! 6. Whatever is shown at version v equals folding every event up to v, one by one, from nothing.
//! 7. The engine builds without the window, and nothing in it names egui.
//!
//! # How data flows
//!
//! A table's bytes → a [`store::Scan`] fills an [`event::EventBatch`] → a [`projection::Projection`] decodes and folds its
//! rows → [`replay::Replay`] keeps checkpoints and the events of each field → [`index`] one state a stream
//! → [`engine`] answers for a moment → [`view`]
//! holds what is asked and shown → `ui` draws it. Appending runs the other way: a command → `decide` → a
//! [`compensate::Plan`] to look at → [`store::Writer::append`] → recorded, or a [`store::Conflict`] that carries the events
//! that came first. What was recorded comes back through the engine's feed like everybody else's: as what lies behind a
//! [`event::Cursor`], and a history that is open grows by it alone.

#[cfg(feature = "window")]
pub mod app;
pub mod cli;
#[cfg(feature = "window")]
pub mod command;
pub mod compensate;
pub mod domain;
pub mod engine;
pub mod event;
pub mod evidence;
pub mod expr;
pub mod index;
pub mod locale;
pub mod projection;
pub mod proof;
pub mod replay;
pub mod sample;
pub mod script;
pub mod store;
#[cfg(feature = "window")]
pub mod theme;
#[cfg(feature = "window")]
pub mod ui;
pub mod view;
pub mod workspace;
