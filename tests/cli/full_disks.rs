//! Disks that are full: it is said which, and what to do, and nothing half made stays on them.

use std::fs;

use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

/// Runs a line of shell, which finds the program in `$FOLDLINE`, where `small` is a disk of so many bytes.
#[track_caller]
fn on_small_disk(sandbox: &Sandbox, bytes: u64, line: &str) -> Ran {
    let small = sandbox.path("small");
    fs::create_dir_all(&small).expect("a folder");
    let script = format!("mount -t tmpfs -o size={bytes} tmpfs small && echo mounted && {{ {line}; }}");
    let mut command = sandbox.command_of("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script]);
    command.env("FOLDLINE", env!("CARGO_BIN_EXE_foldline")).env("XDG_CACHE_HOME", small);
    let mut ran = Ran::from(command.output().expect("this test needs the program `unshare` (util-linux)"));
    let out = ran.out.strip_prefix("mounted\n").map(str::to_owned);
    ran.out = out.unwrap_or_else(|| {
        panic!(
            "this test needs `unshare --map-root-user --mount` and `mount` inside it, which may be forbidden: {ran:#?}"
        )
    });
    ran
}

#[test]
fn a_query_without_room_for_its_temporary_files_says_where_they_are_and_what_to_do() {
    let sandbox = Sandbox::with_seed();
    let text = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
                SELECT i, hex(zeroblob(100)) AS t FROM n ORDER BY t, i DESC";
    let line = format!("SQLITE_TMPDIR= TMPDIR=\"$XDG_CACHE_HOME\" \"$FOLDLINE\" sql a.db '{text}'");
    let ran = on_small_disk(&sandbox, 1 << 20, &line).code(2);
    let folder = sandbox.path("small").display().to_string();
    ran.says(&format!("{folder}: the disk that holds this folder of temporary files is full; free some space"))
        .in_one_line();
}

#[test]
fn an_export_to_parquet_that_finds_no_room_says_so_and_leaves_nothing() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["sample", "s.db", "--events", "3000"]).ok();
    let project = "\"$FOLDLINE\" project s.db --projection state --category lead --to small/rows.parquet";
    let ran = on_small_disk(&sandbox, 4_096, &format!("{project}; code=$?; ls -A small; exit $code")).code(2);
    let ran = ran.says("small/rows.parquet: the disk is full; nothing was written: free some space and try again");
    assert_eq!(ran.out, "");
    ran.in_one_line();
}

#[test]
fn an_index_that_finds_no_room_says_so_and_leaves_nothing_half_made() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["sample", "s.db", "--events", "3000"]).ok();
    let full = "the disk that holds this index is full";
    for bytes in [4_096, 8_192] {
        let ran = on_small_disk(&sandbox, bytes, "\"$FOLDLINE\" index s.db; code=$?; find small -type f; exit $code");
        let ran = ran.code(2).says(full).says("XDG_CACHE_HOME");
        assert_eq!(ran.out, "");
        ran.in_one_line();
    }
    // One that was there before is as good as before.
    let made = sandbox.run(&["index", "s.db", "--format", "json"]).ok().json();
    let bytes = made["bytes"].as_u64().expect("a number");
    let event = |n: u64| {
        let text = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{{\"stream\":\"n-1\",\"type\":\"noted\",\"payload\":{{\"text\":\"{text:x}\"}}}}\n")
    };
    sandbox.write("more.jsonl", (0..4_000).map(event).collect::<String>());
    let ran = on_small_disk(
        &sandbox,
        bytes.next_multiple_of(4_096) + 8_192,
        "\"$FOLDLINE\" index s.db --format json && \"$FOLDLINE\" import more.jsonl --into s.db > /dev/null && {
             \"$FOLDLINE\" index s.db
             echo \"ended $?\"
             cat small/foldline/index/*.index | wc -c
             \"$FOLDLINE\" index s.db --size --format json
         }",
    );
    let ran = ran.ok().says(full);
    let (before, after) = ran.out.split_once("ended 2\n").unwrap_or_else(|| panic!("{ran:#?}"));
    let (length, after) = after.split_once('\n').unwrap_or_else(|| panic!("{ran:#?}"));
    assert_eq!(length.trim().parse::<u64>().ok(), Some(bytes), "{ran:#?}");
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(json(after), json(before));
}
