//! What the README walks through on three servers: its commands, run as they stand there but for the ports and folders.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use crate::keeper;
use crate::servers::{Kind, free_ports_in_a_row, until};

const HEADING: &str = "### Three servers that keep the same";

// By itself: a person who types these lines waits for three seconds, which suffice where nothing else runs.
#[test]
fn three_servers_one_of_them_killed_and_a_correction_by_what_stands_in_the_readme() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, section) = readme.split_once(&format!("\n{HEADING}\n")).expect("the section");
    let lines = section.lines().take_while(|line| !line.starts_with('#'));
    let commands: Vec<&str> = lines.filter_map(|line| line.strip_prefix("    ")).collect();
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (clients, routes) = (free_ports_in_a_row(), free_ports_in_a_row());
    let commands = commands.join("\n");
    assert!(commands.contains("kill -9") && commands.contains("foldline compensate"), "{commands}");
    let commands = commands
        .replace("622", "{routes}")
        .replace("422", &clients)
        .replace("{routes}", &routes)
        .replace("/tmp/foldline-n", &path("n"));
    // A server that this shell starts goes with it.
    let server = format!("#!/bin/sh\nexec setpriv --pdeathsig KILL -- {} \"$@\"\n", Kind::New.program().display());
    std::fs::write(path("nats-server"), server).unwrap();
    std::fs::set_permissions(path("nats-server"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let foldline = Path::new(env!("CARGO_BIN_EXE_foldline")).parent().unwrap().display();
    let script = format!(
        "exec >{} 2>&1 </dev/null; cd {}; PATH={}:{foldline}:$PATH\nset -ex\n{commands}\n",
        path("said"),
        folder.path().display(),
        folder.path().display(),
    );
    let line = ["bash", "-c", &script].map(str::to_owned);
    let mut shell = keeper::start(&line).unwrap();
    let mut ended = None;
    let is_over = until(|| {
        ended = shell.try_wait().unwrap();
        ended.is_some()
    });
    let said = std::fs::read_to_string(path("said")).unwrap_or_default();
    assert!(is_over && ended.is_some_and(|status| status.success()), "{said}");
    assert!(said.contains("corrected") || said.contains("recorded as version"), "{said}");
}
