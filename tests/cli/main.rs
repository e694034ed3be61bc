//! Tests of the command line: the built program, run as a user runs it.

mod bad_input;
mod busy;
mod exporting;
mod foreign;
mod golden;
mod hostile;
mod memory;
mod ordering;
mod safety;
mod sandbox;
mod seed_walk;
mod transfer;
