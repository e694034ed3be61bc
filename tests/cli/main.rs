//! Tests of the command line: the built program, run as a user runs it. Some are of what only Unix has: pipes, links,
//! permissions, limits and full disks.

mod bad_input;
mod busy;
mod causes;
mod census;
mod compare_projections;
mod domains;
mod evidence;
#[cfg(unix)]
mod exporting;
mod foreign;
#[cfg(unix)]
mod full_disks;
mod given_up;
mod golden;
mod histogram;
#[cfg(unix)]
mod hostile;
mod materialise;
#[cfg(unix)]
mod memory;
#[cfg(unix)]
mod mirror;
mod odd_keys;
mod ordering;
mod own_projections;
mod project;
#[cfg(unix)]
mod readme;
#[cfg(unix)]
mod safety;
mod sandbox;
mod sealing;
mod search;
mod seed_walk;
mod sql;
mod transfer;
mod what_if;
mod when;
mod why;
