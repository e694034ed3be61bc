//! What the README walks through: its commands, run as they stand there.

use std::path::Path;

use crate::sandbox::{Ran, Sandbox};

/// The commands below a heading of the README, as somebody copies them.
fn commands(heading: &str) -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).expect("the README");
    let (_, section) = readme.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
    let lines = section.lines().take_while(|line| !line.starts_with('#'));
    let commands: Vec<&str> = lines.filter_map(|line| line.strip_prefix("    ")).collect();
    let commands = commands.join("\n");
    assert!(commands.contains("foldline "), "{heading} has no commands: {commands}");
    commands
}

/// Runs them in an empty folder, one after the other; the first that fails ends it.
fn walk(heading: &str) -> Ran {
    let sandbox = Sandbox::empty();
    let program = Path::new(env!("CARGO_BIN_EXE_foldline"));
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", program.parent().expect("a folder").display());
    let mut shell = sandbox.command_of("sh");
    Ran::from(shell.arg("-exc").arg(commands(heading)).env("PATH", path).output().expect("a shell"))
}

#[test]
fn a_domain_of_ones_own_is_at_its_states_and_who_set_them_by_what_stands_in_the_readme() {
    let walked = walk("### A domain of your own in five minutes").ok();
    for told in ["ON_THE_WAY", "Daegu", "tom", "the customer has moved"] {
        assert!(walked.out.contains(told), "{told}: {walked:#?}");
    }
}

#[test]
fn what_there_is_to_find_in_the_samples_is_found_by_what_stands_in_the_readme() {
    let walked = walk("### Samples with something to find").ok();
    for told in ["sora", "dr-oh 2025-01-07 10:00", "account-2", "lowest", "order-3", "tom", "sensor-2", "sensor-3"] {
        assert!(walked.out.contains(told), "{told}: {walked:#?}");
    }
}
