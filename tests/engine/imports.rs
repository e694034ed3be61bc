//! The house has one direction: each module imports only those that stand before it.

use std::fs;
use std::path::{Path, PathBuf};

/// Which modules each module may import. What it does not name it may not.
const ARROWS: &[(&str, &[&str])] = &[
    ("event", &[]),
    ("expr", &["event"]),
    ("proof", &["event"]),
    ("store", &["event"]),
    ("domain", &["event"]),
    ("projection", &["event", "domain", "expr"]),
    ("script", &["event", "projection"]),
    ("replay", &["event", "domain", "expr", "projection"]),
    ("compensate", &["event", "domain", "projection", "replay", "store"]),
    ("index", &["event", "expr", "domain", "projection", "replay", "compensate"]),
    ("evidence", &["event", "proof", "expr", "domain", "projection", "replay", "locale"]),
    ("sample", &["event", "store", "domain"]),
    (
        "engine",
        &[
            "event",
            "proof",
            "expr",
            "store",
            "domain",
            "projection",
            "script",
            "replay",
            "compensate",
            "index",
            "sample",
            "evidence",
            "locale",
        ],
    ),
    ("workspace", &["event", "store"]),
    (
        "view",
        &[
            "event",
            "proof",
            "expr",
            "store",
            "domain",
            "projection",
            "script",
            "replay",
            "compensate",
            "index",
            "evidence",
            "engine",
            "locale",
            "workspace",
        ],
    ),
    ("command", &["event", "store", "index", "view"]),
    ("theme", &["locale"]),
    ("locale", &["event"]),
    (
        "cli",
        &[
            "event",
            "proof",
            "expr",
            "store",
            "domain",
            "projection",
            "script",
            "replay",
            "compensate",
            "index",
            "sample",
            "evidence",
            "engine",
            "locale",
            "workspace",
        ],
    ),
    (
        "ui",
        &[
            "event",
            "proof",
            "expr",
            "store",
            "domain",
            "projection",
            "script",
            "replay",
            "compensate",
            "index",
            "engine",
            "workspace",
            "view",
            "command",
            "theme",
            "locale",
        ],
    ),
    ("app", &["event", "store", "index", "engine", "workspace", "view", "command", "theme", "locale", "ui"]),
    // The roots of the library and of the program: they only put the rooms together.
    ("lib", ALL),
    ("main", ALL),
];

const ALL: &[&str] = &[
    "event",
    "proof",
    "expr",
    "store",
    "domain",
    "projection",
    "replay",
    "compensate",
    "index",
    "sample",
    "evidence",
    "engine",
    "workspace",
    "view",
    "command",
    "theme",
    "locale",
    "cli",
    "ui",
    "app",
];

/// Who never opens a store, but asks the engine.
const ASKS_THE_ENGINE: &[&str] = &["view", "ui"];

/// Ends of paths that open one.
const OPENS: &[&str] = &["open", "open_with", "open_for_writing", "NativeStore", "MemoryStore", "FileStore"];

/// Names at the root of the crate that belong to a module: macros stand there, wherever they were written.
const ROOT_NAMES: &[(&str, &str)] = &[];

/// Who may know the window.
const WINDOW: &[&str] = &["main", "app", "ui", "theme"];

/// Who does no I/O and reads no clock.
const PURE: &[&str] = &["event", "proof", "expr", "domain", "projection", "replay", "index", "evidence", "view"];

/// Paths, or ends of paths, that are I/O or a clock.
const IMPURE: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["SystemTime"],
    &["Instant", "now"],
    &["Utc", "now"],
    &["Local", "now"],
    &["rusqlite"],
];

#[test]
fn no_file_of_the_house_turns_an_arrow_round() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 30, "only {} files were found under {}", files.len(), root.display());
    let mut broken = Vec::new();
    for file in files {
        let source = fs::read_to_string(&file).expect("a source file is text");
        let place = file.strip_prefix(&root).expect("it lies there").to_owned();
        broken.extend(breaches(&place, &source).into_iter().map(|what| format!("src/{}: {what}", place.display())));
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// What a file, by its place under `src`, names against the rules.
fn breaches(place: &Path, source: &str) -> Vec<String> {
    let module = module_path(place);
    let name = module.first().cloned().unwrap_or_default();
    let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
        return vec![format!("the module {name} has no rule about what it may import")];
    };
    let mut broken = Vec::new();
    for path in paths(source) {
        let shown = path.join("::");
        if let Some(target) = imported(&module, &path)
            && target != name
            && !allowed.contains(&target)
        {
            broken.push(format!("{name} may not import {target}: {shown}"));
        }
        let is_of_window = path.iter().any(|part| part == "egui" || part == "eframe" || part.starts_with("egui_"));
        if is_of_window && !WINDOW.contains(&&*name) {
            broken.push(format!("{name} may not know the window: {shown}"));
        }
        let is_opening =
            path.last().is_some_and(|last| OPENS.contains(&&**last)) && path.iter().any(|part| part == "store");
        if is_opening && ASKS_THE_ENGINE.contains(&&*name) {
            broken.push(format!("{name} may not open a store: {shown}"));
        }
        let holds = |wanted: &&&[&str]| path.windows(wanted.len()).any(|part| part.iter().eq(wanted.iter()));
        if let Some(impure) = IMPURE.iter().find(holds).filter(|_| PURE.contains(&&*name)) {
            broken.push(format!("{name} may not use {}: {shown}", impure.join("::")));
        }
    }
    broken
}

/// `store/native/read.rs` is `["store", "native", "read"]`; `store/mod.rs` is `["store"]`.
fn module_path(place: &Path) -> Vec<String> {
    let mut parts: Vec<String> =
        place.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.len() > 1 && parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

/// The module of this house that a path leads to, if it leaves its own by `crate`, by the crate's name or by `super`.
fn imported(module: &[String], path: &[String]) -> Option<&'static str> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let target = match path.first()?.as_str() {
        "crate" | "foldline" => path.get(1)?,
        // As many steps up as the file lies deep lead to the root of the crate.
        "super" if ups >= module.len() => path.get(ups)?,
        _ => return None,
    };
    let by_root_name = ROOT_NAMES.iter().find(|(name, _)| name == target).map(|(_, module)| *module);
    by_root_name.or_else(|| ALL.iter().copied().find(|known| known == target))
}

/// Every path that a source text names, `use` groups taken apart; nothing of its comments and texts.
fn paths(source: &str) -> Vec<Vec<String>> {
    let words = words(source);
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if is_name(&words[at]) {
            at = path_from(&words, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one path, or group of paths, that begins at `at` below `outer`; answers where it ends.
fn path_from(words: &[String], at: usize, outer: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = outer.to_vec();
    let mut at = at;
    loop {
        match words.get(at).map(String::as_str) {
            Some("{") if path.len() > outer.len() || !outer.is_empty() => {
                at += 1;
                while words.get(at).is_some_and(|word| word != "}") {
                    at = if is_name(&words[at]) || words[at] == "{" || words[at] == "*" {
                        path_from(words, at, &path, found)
                    } else {
                        at + 1
                    };
                }
                return at + 1;
            }
            Some(word) if is_name(word) || word == "*" => {
                path.push(word.to_owned());
                at += 1;
            }
            _ => break,
        }
        if words.get(at).is_none_or(|word| word != "::") {
            break;
        }
        at += 1;
    }
    found.push(path);
    at
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Names, `::` and single marks, without comments, texts, letters and lifetimes.
fn words(source: &str) -> Vec<String> {
    let letters: Vec<char> = source.chars().collect();
    let starts = |at: usize, text: &str| text.chars().enumerate().all(|(n, c)| letters.get(at + n) == Some(&c));
    let mut words = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        if starts(at, "//") {
            while at < letters.len() && letters[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            at += 2;
            while at < letters.len() && !starts(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if letter == '"' {
            at += 1;
            while at < letters.len() && letters[at] != '"' {
                at += if letters[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if letter == '\'' {
            // A letter between quotes, or a lifetime.
            at += match (letters.get(at + 1), letters.get(at + 2)) {
                (Some('\\'), _) => 2 + letters[at + 2..].iter().skip(1).take_while(|c| **c != '\'').count() + 2,
                (_, Some('\'')) => 3,
                _ => 1,
            };
        } else if letter.is_alphanumeric() || letter == '_' {
            let end = (at..letters.len()).find(|n| !letters[*n].is_alphanumeric() && letters[*n] != '_');
            let end = end.unwrap_or(letters.len());
            let word: String = letters[at..end].iter().collect();
            at = end;
            let hashes = letters[at..].iter().take_while(|c| **c == '#').count();
            if ["r", "br", "cr"].contains(&&*word) && letters.get(at + hashes) == Some(&'"') {
                let closing = format!("\"{}", "#".repeat(hashes));
                at += hashes + 1;
                while at < letters.len() && !starts(at, &closing) {
                    at += 1;
                }
                at += closing.len();
            } else {
                words.push(word);
            }
        } else if starts(at, "::") {
            words.push("::".to_owned());
            at += 2;
        } else {
            if !letter.is_whitespace() {
                words.push(letter.to_string());
            }
            at += 1;
        }
    }
    words
}

#[test]
fn a_source_that_breaks_a_rule_is_caught() {
    for (place, source) in [
        ("event/ids.rs", "use crate::store::Store;"),
        ("expr/eval.rs", "use crate::projection::Cell;"),
        ("store/mod.rs", "use crate::domain::lead::Lead;"),
        ("store/native/read.rs", "fn f() { crate::domain::kind_of(); }"),
        ("store/native/read.rs", "use super::super::super::domain;"),
        ("domain/mod.rs", "pub use crate::{event::EventId, store::{native::NativeStore}};"),
        ("domain/mod.rs", "use super::store;"),
        ("domain/mod.rs", "mod tests { use foldline::store::Store; }"),
        ("projection/path.rs", "use crate::replay;"),
        ("projection/path.rs", "use crate::store as kept;"),
        ("replay/mod.rs", "use crate::{\n    event::*,\n    compensate::Draft,\n};"),
        ("replay/mod.rs", "impl crate::engine::Engine {}"),
        ("index/mod.rs", "use crate::engine::Engine;"),
        ("index/mod.rs", "use crate::store::Store;"),
        ("index/mod.rs", "fn f() { std::time::Instant::now(); }"),
        ("compensate/mod.rs", "use crate::index::AsOf;"),
        ("engine/mod.rs", "use crate::view::OpenStore;"),
        ("engine/mod.rs", "use crate::cli::run;"),
        ("view/search.rs", "use crate::ui::search_ui;"),
        ("view/search.rs", "fn f() { std::fs::read(p); }"),
        ("view/search.rs", "fn f() { std::time::Instant::now(); }"),
        ("view/search.rs", "fn f() { crate::store::open_for_writing(p); }"),
        ("ui/search.rs", "use crate::store::open;"),
        ("cli/mod.rs", "use crate::app::App;"),
        ("cli/mod.rs", "use crate::view::OpenStore;"),
        ("app/mod.rs", "use crate::cli::run;"),
        ("ui/table.rs", "use crate::app::App;"),
        ("newcomer/mod.rs", "fn f() {}"),
        ("workspace/mod.rs", "use crate::engine::Engine;"),
        ("store/mod.rs", "use crate::workspace::Workspace;"),
        ("event/mod.rs", "use egui::Color32;"),
        ("engine/mod.rs", "fn f(ctx: &egui::Context) {}"),
        ("view/mod.rs", "fn f(ctx: &egui::Context) {}"),
        ("store/mod.rs", "use egui_extras::Table;"),
        ("lib.rs", "pub use eframe;"),
        ("event/time.rs", "use std::{fmt, fs};"),
        ("event/time.rs", "fn f() { std::env::var(\"x\"); }"),
        ("domain/mod.rs", "use std::time::{Duration, SystemTime};"),
        ("domain/mod.rs", "use std::time; fn f() { time::Instant::now(); }"),
        ("projection/mod.rs", "fn f() { chrono::Utc::now(); }"),
        ("replay/mod.rs", "use rusqlite::Connection;"),
        ("replay/mod.rs", "use std::net::*;"),
        ("event/ids.rs", "const A: char = '\"'; use crate::store; const B: &str = r#\"\"\"#;"),
        ("event/ids.rs", "const A: &str = \"// no comment\"; use crate::store;"),
        ("event/ids.rs", "fn f<'a>(a: &'a str) { let _ = '\\''; crate::store::open(a); }"),
    ] {
        let broken = breaches(Path::new(place), source);
        assert_eq!(broken.len(), 1, "src/{place} with {source:?}: {broken:?}");
    }
}

#[test]
fn a_source_that_keeps_the_rules_is_left_alone() {
    for (place, source) in [
        ("event/mod.rs", "// use crate::store;\n/* std::fs */ const A: &str = \"crate::store::Store\";"),
        ("event/mod.rs", "const A: &str = r#\"use \"crate::store\"; \"#; use std::fmt;"),
        ("store/opening.rs", "use std::fs; use rusqlite::Connection; use super::StoreError; use crate::event::*;"),
        ("store/native/read.rs", "use super::super::Store; use crate::store::native::names;"),
        ("domain/lead/mod.rs", "use super::super::event; mod event; use event::LeadEvent; use super::store;"),
        ("domain/mod.rs", "mod tests { use super::*; }"),
        ("replay/mod.rs", "use crate::projection::{Projection, cell_value}; use std::time::{Duration, Instant};"),
        ("compensate/mod.rs", "use crate::{store::Writer, replay::Story, domain, event, projection::Cell};"),
        ("projection/mod.rs", "macro_rules! m { () => { $crate::projection::LeadState } }"),
        ("ui/mod.rs", "use egui::Ui; use crate::view::OpenStore; use crate::locale;"),
        ("app/mod.rs", "use crate::ui; use crate::store::open; use eframe::App;"),
        ("view/search.rs", "use crate::engine::Question; use std::time::Duration; use crate::store::Store;"),
        ("main.rs", "use foldline::{app, cli}; use eframe::run_native;"),
        ("lib.rs", "pub mod app; pub mod store;"),
    ] {
        assert_eq!(breaches(Path::new(place), source), [""; 0], "src/{place} with {source:?}");
    }
}
