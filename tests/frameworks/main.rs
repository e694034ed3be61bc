//! Foldline against the frameworks themselves: they write leads and tickets, Foldline reads and corrects, they load.
//! `tests/frameworks/install` installs them.

mod appending;
mod cases;
mod findings;
mod foldline;
mod framework;
mod own_projections;
mod parquet;
mod reading;
mod server;
