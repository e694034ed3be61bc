//! Starts Foldline: reads the arguments and hands over.

use std::process::ExitCode;

fn main() -> ExitCode {
    foldline::cli::start_logging();
    foldline::cli::run(std::env::args_os())
}
