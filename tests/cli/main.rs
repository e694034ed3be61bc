//! Tests of the command line: the built program, run as a user runs it.

mod bad_input;
mod desk;
mod foreign;
mod golden;
mod memory;
mod safety;
mod seed_walk;
mod transfer;
