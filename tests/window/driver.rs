//! A window without a screen, at a store of its own.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::app::{App, Start};
use foldline::engine::write_sample;
use foldline::event::StreamId;
use foldline::sample::SampleOptions;
use foldline::store::Flow;
use tempfile::TempDir;

pub(crate) struct Driver {
    pub(crate) window: Harness<'static, App>,
    folder: TempDir,
}

/// Longer than any of this takes on a busy machine; a test that gets here has failed.
const PATIENCE: Duration = Duration::from_secs(30);

impl Driver {
    /// The welcome, with nothing open.
    pub(crate) fn welcome() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let workspaces = Some(folder.path().join("workspaces"));
        Self { window: window(Start { workspaces, ..Start::default() }), folder }
    }

    /// A window that was made elsewhere, with a folder of its own.
    pub(crate) fn welcome_in(window: Harness<'static, App>) -> Self {
        Self { window, folder: tempfile::tempdir().expect("a folder") }
    }

    /// Another window at the same folder.
    pub(crate) fn with_window(self, window: Harness<'static, App>) -> Self {
        Self { window, folder: self.folder }
    }

    /// A window that was made elsewhere, at a folder that another had.
    pub(crate) fn in_folder(window: Harness<'static, App>, folder: TempDir) -> Self {
        let mut driver = Self { window, folder };
        driver.settle();
        driver
    }

    pub(crate) fn into_parts(self) -> (Harness<'static, App>, TempDir) {
        (self.window, self.folder)
    }

    /// A small sample, opened at one of its streams.
    pub(crate) fn at(stream: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = sample_in(folder.path());
        let start = start_at(folder.path(), path, stream);
        let mut driver = Self { window: window(start), folder };
        driver.settle();
        driver
    }

    /// Another window at the small sample, as the first was when it ended.
    pub(crate) fn restarted(self, stream: &str) -> Self {
        let Self { window: ended, folder } = self;
        drop(ended);
        let start = start_at(folder.path(), folder.path().join("small.db"), stream);
        let mut driver = Self { window: window(start), folder };
        driver.settle();
        driver
    }

    /// A store made by hand, opened at one of its streams.
    pub(crate) fn with(stream: &str, make: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("made.db");
        make(&path);
        let start = start_at(folder.path(), path, stream);
        // The bundled fonts have no Hebrew and no Arabic. The program shows boxes where the system has none either; the
        // harness would end the test, from its first frame on.
        let window = Harness::builder()
            .with_size([1280.0, 800.0])
            .allow_missing_glyphs()
            .build_eframe(move |context| App::new(context, start));
        let mut driver = Self { window, folder };
        driver.settle();
        driver
    }

    /// Another window at the store that was made by hand, as the first was when it ended.
    pub(crate) fn reopened(self, stream: &str) -> Self {
        let Self { window: ended, folder } = self;
        drop(ended);
        let start = start_at(folder.path(), folder.path().join("made.db"), stream);
        let mut driver = Self { window: window(start), folder };
        driver.settle();
        driver
    }

    pub(crate) fn sample(&self) -> PathBuf {
        sample_in(self.folder.path())
    }

    /// A second store beside the first.
    pub(crate) fn other_sample(&self) -> PathBuf {
        let path = self.path("other.db");
        std::fs::copy(self.path("small.db"), &path).expect("a copy");
        path
    }

    pub(crate) fn other_sample_at(&self, name: &str) {
        std::fs::copy(self.path("small.db"), self.path(name)).expect("a copy");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Frame by frame until nothing is on its way any more, and then a few for what had to be laid out first.
    pub(crate) fn settle(&mut self) {
        let end = Instant::now() + PATIENCE;
        self.window.run_steps(2);
        while self.window.state().is_busy() {
            assert!(Instant::now() < end, "still busy; the window shows:\n{}", self.all_text());
            self.window.step();
            std::thread::yield_now();
        }
        self.window.run_steps(3);
    }

    /// Frame by frame until this is so, whatever is still on its way.
    pub(crate) fn step_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < end, "never: {what}; the window shows:\n{}", self.all_text());
            self.window.step();
            std::thread::yield_now();
        }
    }

    /// Frame by frame until this is shown.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.shows(text) {
            assert!(Instant::now() < end, "“{text}” never came; the window shows:\n{}", self.all_text());
            self.window.step();
            std::thread::yield_now();
        }
        self.settle();
    }

    /// Frame by frame until this is a part of what is shown.
    pub(crate) fn wait_for_part(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.shows_part(text) {
            assert!(Instant::now() < end, "“{text}” never came; the window shows:\n{}", self.all_text());
            self.window.step();
            std::thread::yield_now();
        }
        self.settle();
    }

    /// The sample that was opened, as it is.
    pub(crate) fn sample_path(&self) -> PathBuf {
        self.path("small.db")
    }

    pub(crate) fn click(&mut self, name: &str) {
        self.window.get_by_label(name).click();
        self.settle();
    }

    pub(crate) fn click_role(&mut self, role: Role, name: &str) {
        self.window.get_by_role_and_label(role, name).click();
        self.settle();
    }

    /// A stream in the list, by its id: what it is called is read aloud before that.
    pub(crate) fn click_stream(&mut self, id: &str) {
        let ending = format!(", {id}");
        let is_it = |label: String| label == id || label.ends_with(&ending);
        self.window.get_by(|node| node.role() == Role::TreeItem && node.label().is_some_and(is_it)).click();
        self.settle();
    }

    /// Presses what is read aloud beginning so.
    pub(crate) fn click_beginning(&mut self, begin: &str) {
        self.window.get_by(|node| node.label().is_some_and(|label| label.starts_with(begin))).click();
        self.settle();
    }

    /// The streams of the list in their order, as they are read aloud.
    pub(crate) fn streams(&self) -> Vec<String> {
        let rows = self.window.query_all_by_role(Role::TreeItem);
        rows.filter_map(|row| row.accesskit_node().label()).collect()
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.window.key_press(key);
        self.settle();
    }

    pub(crate) fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.window.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// Every letter as a keyboard sends it: the key, and what it writes. Goes to whatever has the focus.
    pub(crate) fn strike(&mut self, text: &str) {
        for letter in text.chars() {
            let key = Key::from_name(&letter.to_uppercase().to_string());
            if let Some(key) = key {
                self.window.key_down(key);
            }
            self.window.event(egui::Event::Text(letter.to_string()));
            if let Some(key) = key {
                self.window.key_up(key);
            }
            self.window.step();
        }
        self.settle();
    }

    /// What stands in a field.
    pub(crate) fn value_of(&self, field: &str) -> String {
        let is_one_line = self.window.query_by_role_and_label(Role::TextInput, field).is_some();
        let role = if is_one_line { Role::TextInput } else { Role::MultilineTextInput };
        self.window.get_by_role_and_label(role, field).value().unwrap_or_default()
    }

    /// Whether a button can be pressed.
    pub(crate) fn is_enabled(&self, button: &str) -> bool {
        !self.window.get_by_role_and_label(Role::Button, button).accesskit_node().is_disabled()
    }

    pub(crate) fn type_into(&mut self, field: &str, text: &str) {
        let is_one_line = self.window.query_by_role_and_label(Role::TextInput, field).is_some();
        let role = if is_one_line { Role::TextInput } else { Role::MultilineTextInput };
        self.window.get_by_role_and_label(role, field).focus();
        self.window.run_steps(2);
        self.window.get_by_role_and_label(role, field).type_text(text);
        self.settle();
    }

    /// The same over what stands there.
    pub(crate) fn type_over(&mut self, field: &str, text: &str) {
        self.window.get_by_role_and_label(Role::TextInput, field).focus();
        self.window.run_steps(2);
        self.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.window.run_steps(2);
        self.type_into(field, text);
    }

    /// The same in a field of many lines.
    pub(crate) fn type_over_lines(&mut self, field: &str, text: &str) {
        self.window.get_by_role_and_label(Role::MultilineTextInput, field).focus();
        self.window.run_steps(2);
        self.press_with(Modifiers::COMMAND, Key::A);
        self.type_into(field, text);
    }

    /// Where a name stands twice.
    pub(crate) fn click_first(&mut self, name: &str) {
        self.window.get_all_by_role_and_label(Role::Button, name).next().expect("shown").click();
        self.settle();
    }

    /// Switches writing on, as it is done the first time in a store.
    pub(crate) fn allow_writing(&mut self) {
        self.click("read-only");
        self.click_role(Role::Button, "Switch writing on");
    }

    /// As if the file were dropped onto the window.
    pub(crate) fn open(&mut self, path: &Path) {
        self.drop_file(path);
        self.settle();
    }

    /// The same without waiting for what comes of it.
    pub(crate) fn drop_file(&mut self, path: &Path) {
        self.window.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(path.to_owned())));
        self.window.step();
    }

    pub(crate) fn shows(&self, text: &str) -> bool {
        self.window.query_all_by_label(text).next().is_some()
    }

    pub(crate) fn shows_part(&self, text: &str) -> bool {
        self.window.query_all_by_label_contains(text).next().is_some()
    }

    #[track_caller]
    pub(crate) fn assert_shows(&self, text: &str) {
        assert!(self.shows(text), "“{text}” is not shown; the window shows:\n{}", self.all_text());
    }

    #[track_caller]
    pub(crate) fn assert_hides(&self, text: &str) {
        assert!(!self.shows(text), "“{text}” is shown; the window shows:\n{}", self.all_text());
    }

    /// Everything that can be read, for a failure's message.
    pub(crate) fn all_text(&self) -> String {
        fn down(node: &egui_kittest::Node<'_>, lines: &mut Vec<String>) {
            let access = node.accesskit_node();
            if let Some(label) = access.label().or_else(|| access.value()) {
                lines.push(label);
            }
            for child in node.children() {
                down(&child, lines);
            }
        }
        let mut lines = Vec::new();
        down(&self.window.root(), &mut lines);
        lines.join("\n")
    }
}

/// A file as the system hands it to a window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

pub(crate) fn window(start: Start) -> Harness<'static, App> {
    Harness::builder().with_size([1280.0, 800.0]).build_eframe(move |context| App::new(context, start))
}

/// What is kept beside stores lies in the test's own folder, and not in that of whoever runs it.
fn start_at(folder: &Path, store: PathBuf, stream: &str) -> Start {
    let workspaces = Some(folder.join("workspaces"));
    Start { store: Some(store.into()), stream: Some(StreamId::from(stream)), workspaces, ..Start::default() }
}

fn sample_in(folder: &Path) -> PathBuf {
    let path = folder.join("small.db");
    let options = SampleOptions { events: Some(3_000), seed: 1, ..SampleOptions::default() };
    write_sample(&path, &options, &mut |_| Flow::Continue(())).expect("a sample");
    path
}
