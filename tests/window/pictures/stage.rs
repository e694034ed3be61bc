//! A window that is looked at: at the sample, in one theme and one language, with nothing of this machine in sight.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers, Pos2, Role, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use foldline::app::{App, Settings, Start};
use foldline::command::Command;
use foldline::engine::write_sample;
use foldline::event::StreamId;
use foldline::locale::{Language, Locale};
use foldline::sample::SampleOptions;
use foldline::store::Flow;
use image::RgbaImage;
use tempfile::TempDir;

use crate::painter::Painter;

/// Longer than any of this takes on a busy machine; a picture that gets here has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// The name under which the sample is opened, relative to the folder that the pictures are taken in: so no path of
/// this machine is ever in a picture.
const STORE: &str = "sales.db";

#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) is_light: bool,
    pub(crate) language: Language,
}

impl Look {
    pub(crate) const ALL: [Self; 4] = [
        Self { is_light: false, language: Language::English },
        Self { is_light: true, language: Language::English },
        Self { is_light: false, language: Language::Korean },
        Self { is_light: true, language: Language::Korean },
    ];

    /// `dark-en`.
    pub(crate) fn name(self) -> String {
        let theme = if self.is_light { "light" } else { "dark" };
        let language = match self.language {
            Language::English => "en",
            Language::Korean => "ko",
        };
        format!("{theme}-{language}")
    }
}

pub(crate) struct Stage {
    window: Harness<'static, App>,
    locale: Locale,
    /// What is kept beside stores goes with the picture.
    _workspaces: TempDir,
}

impl Stage {
    pub(crate) fn welcome(look: Look, size: [f32; 2]) -> Self {
        Self::begin(look, size, Start::default())
    }

    /// At a version of a stream of the sample.
    pub(crate) fn at(look: Look, size: [f32; 2], stream: &str, version: usize) -> Self {
        go_where_the_sample_is();
        let start = Start {
            store: Some(Path::new(STORE).to_owned().into()),
            stream: Some(StreamId::from(stream)),
            ..Start::default()
        };
        let mut stage = Self::begin(look, size, start);
        // Step by step from the first event: how far a list is scrolled depends on the way there, and while a busy
        // machine still reads, a line that says so takes room.
        stage.press(Key::Home);
        (0..version).for_each(|_| stage.press(Key::ArrowRight));
        stage
    }

    fn begin(look: Look, size: [f32; 2], start: Start) -> Self {
        let workspaces = tempfile::tempdir().expect("a folder");
        let kept_settings = Some(workspaces.path().join("settings.json"));
        let start = Start { workspaces: Some(workspaces.path().to_owned()), settings: kept_settings, ..start };
        let settings = Settings { is_light: look.is_light, language: look.language, ..Settings::default() };
        let kept = serde_json::to_string(&settings).expect("settings");
        let window = Harness::builder()
            .with_size(size)
            .with_render_cursor(false)
            // The harness would choose its own after the settings were read.
            .with_theme(if look.is_light { egui::Theme::Light } else { egui::Theme::Dark })
            .renderer(Painter::default())
            .build_eframe(move |context| {
                // Leaked: the window asks for what outlives it.
                context.storage = Some(Box::leak(Box::new(Kept(kept))));
                App::new(context, start)
            });
        let mut stage = Self { window, locale: Locale::new(look.language), _workspaces: workspaces };
        stage.settle();
        stage
    }

    fn settle(&mut self) {
        let end = Instant::now() + PATIENCE;
        self.window.run_steps(2);
        while self.window.state().is_busy() {
            assert!(Instant::now() < end, "the window is still busy");
            self.window.step();
            std::thread::yield_now();
        }
        self.window.run_steps(6);
    }

    pub(crate) fn press(&mut self, key: Key) {
        self.window.key_press(key);
        self.settle();
    }

    /// Runs a command by its name in the palette, whatever the language.
    pub(crate) fn run(&mut self, command: Command) {
        self.open_palette_with(&self.locale.text(command.title()));
        self.press(Key::Enter);
    }

    pub(crate) fn open_palette_with(&mut self, text: &str) {
        self.window.key_press_modifiers(Modifiers::COMMAND, Key::K);
        self.settle();
        self.window.event(egui::Event::Text(text.to_owned()));
        self.settle();
    }

    /// Presses the button whose name stands under `name` in the language files.
    pub(crate) fn click(&mut self, name: &str) {
        let label = self.locale.text(name);
        self.window.get_by_role_and_label(Role::Button, &label).click();
        self.settle();
    }

    /// Types into the field whose name stands under `name` in the language files.
    pub(crate) fn type_into(&mut self, name: &str, text: &str) {
        let label = self.locale.text(name);
        self.window.get_by_role_and_label(Role::TextInput, &label).focus();
        self.settle();
        self.window.event(egui::Event::Text(text.to_owned()));
        self.settle();
    }

    /// Types where the focus is.
    pub(crate) fn strike(&mut self, text: &str) {
        self.window.event(egui::Event::Text(text.to_owned()));
        self.settle();
    }

    /// Where an event lies on the timeline, all of which is shown.
    fn mark_of(&self, version: usize, last: usize) -> Pos2 {
        let name = self.locale.text("timeline");
        let line = self.window.get_by_role_and_label(Role::Slider, &name).rect().shrink2(vec2(10.0, 0.0));
        pos2(line.left() + line.width() * version as f32 / last as f32, line.top() + 34.0)
    }

    /// Takes the cursor of the timeline by the hand, which is seen from now on.
    pub(crate) fn take_the_cursor(&mut self, version: usize, last: usize) {
        self.window.set_render_cursor(true);
        let place = self.mark_of(version, last);
        self.window.hover_at(place);
        self.window.drag_at(place);
        self.settle();
    }

    pub(crate) fn drag_the_cursor_to(&mut self, version: usize, last: usize) {
        let place = self.mark_of(version, last);
        self.window.hover_at(place);
        self.settle();
    }

    pub(crate) fn picture(&mut self) -> RgbaImage {
        self.window.render().expect("a picture")
    }
}

/// Settings as a run before left them.
struct Kept(String);

impl eframe::Storage for Kept {
    fn get_string(&self, _: &str) -> Option<String> {
        Some(self.0.clone())
    }

    fn set_string(&mut self, _: &str, _: String) {}

    fn remove_string(&mut self, _: &str) {}

    fn flush(&mut self) {}
}

/// Makes the sample once, in a folder that lasts as long as this program, and goes there.
fn go_where_the_sample_is() {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(STORE);
        write_sample(&path, &SampleOptions::default(), &mut |_| Flow::Continue(())).expect("a sample");
        std::env::set_current_dir(folder.path()).expect("the folder");
        folder
    });
}
