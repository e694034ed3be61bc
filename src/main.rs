//! Starts Foldline: reads the arguments and hands over, to a command or to the window.

use std::process::ExitCode;

use foldline::cli::{self, Ended, WindowWish};

fn main() -> ExitCode {
    cli::start_logging();
    foldline::store::sweep_leftovers();
    match cli::run(std::env::args_os()) {
        Ended::Command(code) => code,
        Ended::Window(wish) => window(wish),
    }
}

#[cfg(feature = "window")]
fn window(wish: WindowWish) -> ExitCode {
    let WindowWish { store, stream, at, projections, frame_times, is_of_link } = wish;
    let start = foldline::app::Start {
        store,
        stream,
        at,
        projections,
        frame_times,
        is_of_link,
        ..foldline::app::Start::default()
    };
    match foldline::app::run(start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            cli::message(reason);
            ExitCode::from(2)
        }
    }
}

#[cfg(not(feature = "window"))]
fn window(_: WindowWish) -> ExitCode {
    cli::message("this build has no window; ask about a store with a command, such as `foldline info STORE`");
    ExitCode::from(2)
}
