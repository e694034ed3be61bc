//! The window: its state here, what it does in `logic`, how it is laid out in `layout`.

#![deny(clippy::indexing_slicing, reason = "a redraw between two facts must not end the program")]

mod asking;
mod branches;
mod correcting;
mod dialogs;
mod going;
mod ground;
mod keeping;
mod keys;
mod lanes;
mod layout;
mod lens_layout;
mod lenses;
mod logic;
mod no_window;
mod panes;
mod place;
mod polling;
mod projections;
mod refused;
mod regions;
mod searching;
mod settings;
mod typed_ahead;

use std::cell::Cell;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dialogs::{Dialog, Dialogs};
use keeping::Keeper;
use keys::Keyboard;
pub use no_window::NoWindow;
use refused::{Question, Refused};
use regions::Regions;
pub use settings::Settings;
use typed_ahead::TypedAhead;

use crate::command::Action;
use crate::engine::{
    Engine, Loading, MirrorWork, Moment, SampleDomain, Wake, begin, bundled_projection, keep_little_of_what_is_freed,
    meter, sample_domain_at,
};
use crate::event::StreamId;
use crate::index::Meter;
use crate::locale::Locale;
use crate::store::{self, Address, Source, data_folder};
use crate::theme::palette_of;
use crate::ui::{Notice, TypedPath, focus_ring_ui};
use crate::view::{FileFor, Middle, OpenStore, Split, Stay, TypedMoment, UserError};
use crate::workspace::Workspace;

/// What the window begins with.
#[derive(Clone, Debug, Default)]
pub struct Start {
    pub store: Option<Source>,
    pub stream: Option<StreamId>,
    pub at: Option<Moment>,
    /// Projections of the user's own, to be opened with the store.
    pub projections: Vec<PathBuf>,
    /// Where what a user keeps for stores lies; `None` is the user's own folder.
    pub workspaces: Option<PathBuf>,
    /// The file of the settings; without one nothing survives a restart.
    pub settings: Option<PathBuf>,
    /// Where samples are kept, if not in the user's own folder.
    pub samples: Option<PathBuf>,
    /// Where to write what each frame cost, in milliseconds, a line a frame.
    pub frame_times: Option<PathBuf>,
    /// Whoever made a link chose the store.
    pub is_of_link: bool,
    /// The memory that is allowed is for the whole process, which this measures.
    pub meter: Option<Meter>,
}

/// Everything the window holds. Panels draw from it and answer with actions; only `logic` changes it.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a state of its own; none excludes another")]
pub struct App {
    settings: Settings,
    keeper: Keeper,
    locale: Locale,
    wake: Waker,
    store: Option<OpenStore>,
    opening: Loading<Opened, Refused>,
    /// A store that opened, until its first questions are answered. Until then what was there stays.
    coming: Option<OpenStore>,
    /// The sample, while it is being made.
    sample: Loading<PathBuf, UserError>,
    /// Where to go once the store is open.
    start: Start,
    /// What went wrong last, until it is dismissed.
    error: Option<UserError>,
    /// What happened to the store, until it is dismissed or something goes wrong.
    told: Option<UserError>,
    /// What was put away of what the store itself has to say.
    dismissed: Option<UserError>,
    typed: TypedPath,
    typed_moment: TypedMoment,
    /// Where what is kept for stores lies, where that is not the user's own folder.
    workspaces: Option<PathBuf>,
    /// Where samples lie, the same way.
    samples: Option<PathBuf>,
    is_playing: bool,
    /// Mirrors that follow their origins while another store is on screen.
    mirrors: Vec<MirrorWork>,
    dialogs: Dialogs,
    notice: Option<Notice>,
    regions: Regions,
    /// A field had the focus as the last frame ended.
    was_typing: bool,
    /// What was to be opened and is not open yet, for another try.
    asked: Option<Asked>,
    middle: Middle,
    /// What each frame cost, for whoever measures.
    frame_times: Option<File>,
    meter: Option<Meter>,
    /// When the process was measured last.
    measured: Option<Instant>,
    wants_filter_focus: bool,
    typed_ahead: TypedAhead,
    /// The end of the findings was told, in this direction and at this place.
    at_end: Option<(bool, Option<Stay>)>,
    /// How the middle was shared out in the last frame.
    split: Split,
    /// The history came for the sake of a field, and whether it was folded by somebody before.
    came_for_field: Option<bool>,
    /// The row that the history should bring into view, because the cursor moved elsewhere.
    reveal: bool,
    /// Which of the recent stores are not there any more.
    gone: Loading<Vec<String>, UserError>,
    file_dialog: Loading<Option<PathBuf>, UserError>,
    export_dialog: Loading<Option<PathBuf>, UserError>,
    /// A branch on its way to a file, or from one.
    branch_file: Loading<Option<BranchFile>, UserError>,
    /// What the file is chosen for.
    file_for: FileFor,
    /// The colour that whoever shows the window cleared it with, where that is so.
    cleared: Cell<Option<egui::Color32>>,
}

/// What became of a file that was chosen for a branch.
#[derive(Clone, Debug)]
enum BranchFile {
    Written,
    Read(String),
}

#[derive(Clone, Debug)]
enum Asked {
    Sample(SampleDomain),
    Store(Source, bool),
}

/// A store that was found to be one.
#[derive(Debug)]
struct Opened {
    engine: Engine,
    is_writing_on: bool,
    /// The projection that comes with a sample.
    begins_under: Option<&'static str>,
}

struct Waker(Wake);

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waker")
    }
}

impl App {
    pub fn new(context: &eframe::CreationContext<'_>, start: Start) -> Self {
        crate::theme::install(&context.egui_ctx);
        let (keeper, settings, told) = Keeper::start(start.settings.as_deref(), context.storage);
        context.egui_ctx.set_theme(settings.theme());
        let ctx = context.egui_ctx.clone();
        let mut app = Self {
            locale: Locale::new(settings.language),
            settings,
            keeper,
            wake: Waker(Arc::new(move || ctx.request_repaint())),
            store: None,
            opening: Loading::default(),
            coming: None,
            sample: Loading::default(),
            start: Start::default(),
            error: None,
            told,
            dismissed: None,
            typed: TypedPath::default(),
            typed_moment: TypedMoment::default(),
            workspaces: start.workspaces.clone(),
            samples: start.samples.clone(),
            branch_file: Loading::default(),
            is_playing: false,
            mirrors: Vec::new(),
            dialogs: Dialogs::default(),
            notice: None,
            regions: Regions::default(),
            was_typing: false,
            asked: None,
            middle: Middle::State,
            frame_times: start.frame_times.as_ref().and_then(|path| File::create(path).ok()),
            meter: start.meter,
            measured: None,
            wants_filter_focus: false,
            typed_ahead: TypedAhead::default(),
            at_end: None,
            split: Split::default(),
            came_for_field: None,
            reveal: false,
            gone: Loading::default(),
            file_dialog: Loading::default(),
            export_dialog: Loading::default(),
            file_for: FileFor::default(),
            cleared: Cell::default(),
        };
        app.look_for_recent();
        app.begin(&context.egui_ctx, start);
        app
    }

    fn begin(&mut self, ctx: &egui::Context, start: Start) {
        let store = start.store.clone();
        self.start = start;
        match store {
            // A password kept for another server must not be told to one that a stranger named.
            Some(Source::Server(address)) if self.start.is_of_link && !self.knows(&address) => {
                self.typed.text = address.to_string();
                self.dialogs.open(ctx, Dialog::Open);
            }
            Some(source) => self.open(source, false),
            None => {}
        }
    }

    /// Whether this server was opened here before.
    fn knows(&self, address: &Address) -> bool {
        let name = Source::Server(address.clone()).absolute_name();
        self.settings.recent.contains(&name)
    }

    /// Begins to open a store. What can't be opened is told, and what was open stays.
    fn open(&mut self, source: Source, is_writing_on: bool) {
        self.asked = Some(Asked::Store(source.clone(), is_writing_on));
        self.coming = None;
        let wake = self.wake.0.clone();
        self.opening.request(begin("opening the store", &self.wake.0, move |_| -> Result<Opened, Refused> {
            let first = store::open(&source).map_err(|error| Refused::of(&source, error))?;
            let domain = source.path().and_then(sample_domain_at);
            let bundled = domain.and_then(|domain| Some((domain.name(), bundled_projection(domain.name())?)));
            let engine = Engine::new(source, first, wake);
            let begins_under = bundled.map(|(name, projection)| {
                engine.offers().offer(&projection);
                name
            });
            Ok(Opened { engine, is_writing_on, begins_under })
        }));
    }

    fn greet(&mut self, opened: Opened) {
        let Opened { engine, is_writing_on, begins_under } = opened;
        let workspace = match &self.workspaces {
            Some(folder) => Workspace::in_folder(folder, engine.source()),
            None => Workspace::of(engine.source()),
        };
        self.meter.iter().for_each(|meter| engine.memory().measure_by(*meter));
        engine.memory().allow(self.settings.memory_mib.budget());
        let mut store = OpenStore::with_workspace(engine, workspace);
        store.is_writing_on = is_writing_on;
        if let Some(name) = begins_under {
            store.begin_under(name);
        }
        store.asks_before_writing = !is_writing_on && !self.settings.was_told_of_writing(&store.source);
        self.coming = Some(store);
    }

    /// A store that answers takes the place of the one before it.
    fn show(&mut self, mut store: OpenStore) {
        self.remember_place();
        self.settings.remember(&store.source);
        self.settings.note_opening(&store.source, logic::now());
        self.error = None;
        // What became of the settings has nothing to do with which store is open.
        self.told.take_if(|told| !told.message.id.starts_with("settings-"));
        self.asked = None;
        self.is_playing = false;
        // Where to go was meant for this store, and for no later one.
        let Start { stream, at, projections, .. } = std::mem::take(&mut self.start);
        let place = self.settings.place(&store.source);
        let kept = place.clone().filter(|_| stream.is_none());
        if let Some(stream) = stream {
            store.select(stream);
        } else if let Some(place) = &place {
            place.go_to(&mut store);
        }
        if let Some(place) = place {
            place.set_pins(&mut store);
        }
        self.settings.restore_lanes(&mut store);
        if let Some(place) = &kept {
            place.restore_lens(&mut store);
        }
        self.reveal = true;
        if let (Some(view), Some(moment)) = (&mut store.view, at) {
            view.start_at(moment);
        }
        if !projections.is_empty() {
            store.add_projections(projections);
        }
        self.hand_over_mirrors();
        store.take_mirrors(&mut self.mirrors);
        self.store = Some(store);
    }

    /// What follows in the background goes on without the store on screen.
    fn hand_over_mirrors(&mut self) {
        self.mirrors.extend(self.store.iter_mut().flat_map(OpenStore::hand_over_mirrors));
    }

    /// Sees which recent files are still there. Away from the window's thread: a share may take long to say so.
    fn look_for_recent(&mut self) {
        let names = self.settings.recent.clone();
        if names.is_empty() {
            return;
        }
        self.gone.request(begin("looking for recent stores", &self.wake.0, move |_| {
            let is_gone = |name: &String| Source::parse(name).path().is_some_and(|path| !path.exists());
            Ok(names.into_iter().filter(is_gone).collect())
        }));
    }

    /// Keeps where the open store is looked at, for the next time.
    fn remember_place(&mut self) {
        if let Some(store) = self.store.as_ref().map(OpenStore::whole) {
            self.settings.remember_place(store);
            self.settings.remember_lanes(store);
            if let Some(overview) = store.info.value() {
                self.settings.note_counts(&store.source, overview);
            }
        }
    }

    /// Whether anything is still on its way, for tests that wait.
    pub fn is_busy(&self) -> bool {
        self.sample.is_loading()
            || self.gone.is_loading()
            || self.opening.is_loading()
            || self.coming.is_some()
            || self.dialogs.is_busy()
            || self.branch_file.is_loading()
            || self.store.as_ref().is_some_and(OpenStore::is_loading)
    }
}

impl eframe::App for App {
    /// With what most of the window shows, so that most of it is painted by then.
    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        let panel = palette_of(visuals).panel;
        self.cleared.set(Some(panel));
        panel.to_normalized_gamma_f32()
    }

    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.poll(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        if let (Some(file), Some(secs)) = (&mut self.frame_times, frame.info().cpu_usage) {
            let _ = writeln!(file, "{:.3}", secs * 1_000.0);
        }
        self.dialogs.return_focus(ui.ctx());
        let keyboard = Keyboard::new(ui.ctx(), self.was_typing, &self.dialogs);
        self.typed_ahead.begin(ui.ctx(), keyboard, &self.dialogs, self.wants_filter_focus);
        let mut actions = Vec::new();
        self.layout(ui, &mut actions);
        focus_ring_ui(ui);
        for action in actions {
            self.run(ui.ctx(), action);
        }
        for command in keyboard.commands(ui, &self.dialogs) {
            // The one before it may have opened a dialog.
            if self.dialogs.let_through(command) {
                self.run(ui.ctx(), Action::Run(command));
            }
        }
        let had_draft = self.dialogs.shows_draft();
        let has_draft = self.store.as_ref().is_some_and(|store| store.draft.is_some());
        self.dialogs.show_draft(ui.ctx(), has_draft);
        if (has_draft || had_draft) && ui.input(|input| !input.events.is_empty()) {
            // What was typed is saved also where nothing is drawn any more before the program is killed.
            ui.ctx().request_repaint_after(BETWEEN_SAVES + Duration::from_millis(100));
        }
        self.was_typing = ui.ctx().text_edit_focused();
    }

    fn auto_save_interval(&self) -> Duration {
        BETWEEN_SAVES
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.remember_place();
        let failed = self.keeper.keep(&self.settings, &self.wake.0, storage);
        self.told = failed.or(self.told.take());
    }
}

/// While something is drawn, what survives a restart is saved so often.
const BETWEEN_SAVES: Duration = Duration::from_secs(5);

/// Opens the window and stays until it is closed.
pub fn run(mut start: Start) -> Result<(), NoWindow> {
    if let Some(reason) = NoWindow::foreseen() {
        return Err(reason);
    }
    let viewport = egui::ViewportBuilder::default()
        .with_title("Foldline")
        .with_app_id("foldline")
        .with_icon(icon())
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([860.0, 560.0]);
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    start.settings = start.settings.or_else(|| Some(data_folder()?.join("settings.json")));
    keep_little_of_what_is_freed();
    start.meter = Some(meter());
    eframe::run_native("foldline", options, Box::new(|context| Ok(Box::new(App::new(context, start)))))
        .map_err(|error| NoWindow::from_error(&error))
}

const ICON: &[u8] = include_bytes!("../../assets/icons/128.png");

/// What stands for the window in a list of windows. Without one it is only less easy to find.
fn icon() -> egui::IconData {
    eframe::icon_data::from_png_bytes(ICON).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_icon_can_be_read() {
        let icon = super::icon();
        assert_eq!((icon.width, icon.height, icon.rgba.len()), (128, 128, 128 * 128 * 4));
    }
}
