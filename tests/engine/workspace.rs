//! What a user keeps beside a store: nothing of it is lost, whoever wrote it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use foldline::event::{EventId, Version};
use foldline::replay::{Alteration, Branch, EventRef, InsertedEvent, NewPayload};
use foldline::store::Source;
use foldline::view::Branches;
use foldline::workspace::{Section, Workspace, WorkspaceError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Words(Vec<String>);

impl Section for Words {
    const NAME: &'static str = "words";
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Numbers(Vec<u64>);

impl Section for Numbers {
    const NAME: &'static str = "numbers";
    const VERSION: u32 = 2;

    fn read(version: u32, content: Value) -> serde_json::Result<Self> {
        let numbers: Vec<u64> = serde_json::from_value(content)?;
        // The first version counted from nought.
        Ok(Self(numbers.into_iter().map(|number| number + u64::from(version == 1)).collect()))
    }
}

fn source() -> Source {
    Source::parse("/nowhere/sales.db")
}

fn empty() -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().expect("a folder");
    let workspace = Workspace::in_folder(&folder.path().join("made/when/needed"), &source());
    (folder, workspace)
}

fn file(workspace: &Workspace) -> &Path {
    workspace.file().expect("a file")
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
}

fn add(workspace: &Workspace, word: &str) -> Option<PathBuf> {
    workspace.change(|words: &mut Words| words.0.push(word.to_owned())).expect("kept").aside
}

#[test]
fn what_was_kept_is_there_again_and_looking_makes_no_file() {
    let (folder, workspace) = empty();
    assert_eq!(workspace.load::<Words>().expect("read"), Words::default());
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "looking has left something");
    assert_eq!(add(&workspace, "하나"), None);
    assert_eq!(add(&workspace, "two"), None);
    assert_eq!(workspace.load::<Words>().expect("read"), Words(vec!["하나".into(), "two".into()]));
    assert_eq!(read(file(&workspace))["store"], "/nowhere/sales.db");
    let other = Workspace::in_folder(&folder.path().join("made/when/needed"), &Source::parse("/nowhere/other.db"));
    assert_eq!(other.load::<Words>().expect("read"), Words::default(), "another store's");
}

#[test]
fn sections_and_fields_that_this_program_does_not_know_survive() {
    let (_folder, workspace) = empty();
    add(&workspace, "one");
    let mut contents = read(file(&workspace));
    let unknown = json!({"version": 9, "content": {"number": 1.250, "list": [1, {"a": null}]}});
    contents["sections"]["of a later day"] = unknown.clone();
    contents["window"] = json!("left");
    fs::write(file(&workspace), contents.to_string()).expect("written");
    assert_eq!(add(&workspace, "two"), None);
    workspace.change(|numbers: &mut Numbers| numbers.0.push(7)).expect("kept");
    let contents = read(file(&workspace));
    assert_eq!(contents["sections"]["of a later day"], unknown);
    assert_eq!(contents["window"], "left");
    assert_eq!(contents["sections"]["words"]["content"], json!(["one", "two"]));
}

#[test]
fn what_an_older_version_wrote_is_read_by_its_own_rules() {
    let (_folder, workspace) = empty();
    add(&workspace, "one");
    let mut contents = read(file(&workspace));
    contents["sections"]["numbers"] = json!({"version": 1, "content": [0, 1]});
    fs::write(file(&workspace), contents.to_string()).expect("written");
    assert_eq!(workspace.load::<Numbers>().expect("read"), Numbers(vec![1, 2]));
}

#[test]
fn what_cannot_be_read_is_told_and_copied_aside_before_it_is_written_over() {
    let newer_section = json!({
        "foldline-workspace": 1, "sections": {"words": {"version": 2, "content": "?"}, "numbers": {"version": 2, "content": [5]}}
    });
    let damaged_section = json!({
        "foldline-workspace": 1, "sections": {"words": {"version": 1, "content": 5}, "numbers": {"version": 2, "content": [5]}}
    });
    for (text, is_newer, numbers) in [
        ("{\"foldline-workspace\": 1, \"sec".to_owned(), false, vec![]),
        ("\0\0\0".to_owned(), false, vec![]),
        (String::new(), false, vec![]),
        ("[]".to_owned(), false, vec![]),
        ("{\"sections\":{}}".to_owned(), false, vec![]),
        ("{\"foldline-workspace\": 1, \"sections\": 3}".to_owned(), false, vec![]),
        ("{\"foldline-workspace\": 2}".to_owned(), true, vec![]),
        (newer_section.to_string(), true, vec![5]),
        (damaged_section.to_string(), false, vec![5]),
    ] {
        let (_folder, workspace) = empty();
        add(&workspace, "before");
        let path = file(&workspace);
        fs::write(path, &text).expect("written");
        let error = workspace.load::<Words>().expect_err(&text);
        assert_eq!(matches!(error, WorkspaceError::Newer { .. }), is_newer, "{text}: {error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        assert_eq!(fs::read_to_string(path).expect("a file"), text, "looking has changed it");
        let aside = add(&workspace, "after").expect("put aside");
        assert_eq!(fs::read_to_string(aside).expect("a copy"), text);
        assert_eq!(workspace.load::<Words>().expect("read"), Words(vec!["after".into()]));
        assert_eq!(workspace.load::<Numbers>().expect("read"), Numbers(numbers), "{text}");
        assert_eq!(add(&workspace, "later"), None);
    }
}

/// The value that the text says, whatever its fields are called.
fn literal(text: &str) -> Value {
    foldline::event::json_value(text.as_bytes()).expect("JSON")
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

/// What is written is looked at as text, for the parser that these tests have would take such an object for a number.
#[test]
fn an_object_with_the_parsers_own_fields_is_kept_as_it_is() {
    for key in ["$serde_json::private::Number", "$serde_json::private::RawValue"] {
        let (_folder, workspace) = empty();
        let odd = format!("{{\"{key}\":\"12\"}}");
        add(&workspace, "one");
        let unknown = format!("\"ofalaterday\":{{\"version\":9,\"content\":[{odd},{{\"a\":{odd}}}]}}");
        let text = fs::read_to_string(file(&workspace)).expect("a file");
        let text = text.replacen("\"sections\": {", &format!("\"sections\": {{{unknown},"), 1);
        fs::write(file(&workspace), &text).expect("written");
        let at = || EventRef { version: Version(0), id: EventId::new("a") };
        let mut branch = Branch { id: "b".into(), name: odd.clone(), stream: "lead-1".into(), ..Branch::default() };
        branch.push(Alteration::Change { event: at(), to: NewPayload::Whole(literal(&odd)) });
        let fields = vec![("name".to_owned(), literal(&odd)), (key.to_owned(), literal(&format!("[1.50,{odd}]")))];
        branch.push(Alteration::Change { event: at(), to: NewPayload::Fields(fields) });
        let event = InsertedEvent {
            id: EventId::new("c"),
            event_type: "noted".into(),
            payload: literal(&format!("{{\"odd\":{odd}}}")),
            recorded_at: None,
            compensates: None,
        };
        branch.push(Alteration::Insert { after: Some(at()), event });
        workspace.change(|kept: &mut Branches| kept.0.push(branch.clone())).expect("kept");
        // Whoever keeps something else writes all of the file anew.
        for word in ["two", "three"] {
            assert_eq!(add(&workspace, word), None);
        }
        let text = without_spaces(&fs::read_to_string(file(&workspace)).expect("a file"));
        assert!(text.contains(&unknown), "{text}");
        for told in [
            format!("{{\"whole\":{odd}}}"),
            format!("[[\"name\",{odd}],[\"{key}\",[1.50,{odd}]]]"),
            format!("\"payload\":{{\"odd\":{odd}}}"),
        ] {
            assert!(text.contains(&told), "no {told} in {text}");
        }
        let Branches(read) = workspace.load().expect("read");
        assert_eq!(read, [branch]);
        let said = serde_json::to_string(&read).expect("written");
        assert_eq!(said.matches(&odd).count(), 4, "{said}");
    }
}

#[test]
fn two_that_keep_at_once_lose_nothing_of_one_another() {
    let (_folder, workspace) = empty();
    thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let workspace = &workspace;
            let keeping = move || (0..20).for_each(|number| drop(add(workspace, &format!("{name}{number}"))));
            thread::Builder::new().spawn_scoped(scope, keeping).expect("a thread");
        }
    });
    assert_eq!(workspace.load::<Words>().expect("read").0.len(), 60);
}

#[test]
fn a_folder_that_may_not_be_written_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = folder.path().join("a file");
    fs::write(&taken, "x").expect("written");
    let workspace = Workspace::in_folder(&taken, &source());
    let error = workspace.change(|_: &mut Words| ()).expect_err("no folder");
    assert!(matches!(error, WorkspaceError::Unwritable { .. }), "{error}");
}
