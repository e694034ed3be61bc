//! The file of settings stays whole, whenever a window that writes it is killed.

use std::fs;
use std::path::Path;

use foldline::workspace::FieldsFile;
use serde_json::{Map, Value, json};

use crate::workshop::{Talking, say};

const SAVES: &str = "FOLDLINE_TEST_SETTINGS";
const ROUNDS: u64 = 20;

fn fields(own: &str, number: u64) -> Map<String, Value> {
    // Large enough that no single write could bring it to the disk.
    let filling: Vec<String> = (0..3_000).map(|nth| format!("{own} {number} {nth} 가나다")).collect();
    let mut fields = Map::new();
    fields.insert(own.to_owned(), json!({ "number": number, "filling": { "lines": filling.join("\n") } }));
    fields
}

/// As a process of its own: saves without end.
#[test]
fn child() {
    let Some(path) = std::env::var_os(SAVES) else { return };
    let mut file = FieldsFile::new(Path::new(&path).to_owned());
    for number in 0.. {
        file.save(&fields("theirs", number)).expect("saved");
        say(&number.to_string());
    }
}

#[test]
fn a_window_that_is_killed_while_it_saves_leaves_whole_settings_and_nothing_beside_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("settings.json");
    let mut mine = FieldsFile::new(path.clone());
    for round in 0..ROUNDS {
        let mut writer = Talking::spawn(crate::workshop::child("settings_file::child", SAVES, &path));
        let mut saved = None;
        for _ in 0..=round % 4 {
            saved = writer.next_word();
        }
        // The other window goes on beside it.
        mine.save(&fields("mine", round)).expect("saved");
        saved = writer.kill().pop().or(saved);
        let saved: u64 = saved.and_then(|word| word.parse().ok()).expect("a number");
        let (now, told) = FieldsFile::new(path.clone()).load();
        assert!(told.is_none(), "round {round}: {told:?}");
        let now = now.expect("there");
        let number = |own: &str| now.get(own).and_then(|own| own.get("number")).and_then(Value::as_u64);
        assert_eq!(number("mine"), Some(round), "what this window saved is there");
        assert!(number("theirs") >= Some(saved), "round {round}: {:?} is there, {saved} was said", number("theirs"));
    }
    mine.save(&fields("mine", ROUNDS)).expect("saved");
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().into_string().expect("a name"))
        .collect();
    left.sort();
    assert_eq!(left, ["settings.json", "settings.lock"]);
}
