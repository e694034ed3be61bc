use std::time::Duration;

use super::dialogs::{Dialog, PasswordWanted};
use super::{App, Asked, Question, Refused};
use crate::command::{Action, Command};
use crate::engine::{SampleDomain, begin, sample_store, sample_store_in};
use crate::event::Timestamp;
use crate::locale::Locale;
use crate::store::{Link, Source};
use crate::ui::{Notice, PaletteState};
use crate::view::{FileFor, MappingDraft, Middle, OpenStore, Pane, StreamView, Trail, UserError};

/// Between two events while playing.
const PLAY_STEP: Duration = Duration::from_millis(400);

/// How much nearer the timeline comes at once.
const ZOOM_STEP: f64 = 2.0;

pub(super) fn now() -> Timestamp {
    Timestamp::from_micros(chrono::Utc::now().timestamp_micros())
}

impl App {
    pub(super) fn make_sample(&mut self, domain: SampleDomain) {
        let folder = self.samples.clone();
        let job = begin("making the sample", &self.wake.0, move |ticket| {
            let progress = &mut |count| ticket.reached(count);
            Ok(match folder {
                Some(folder) => sample_store_in(&folder, domain, progress)?,
                None => sample_store(domain, progress)?,
            })
        });
        self.asked = Some(Asked::Sample(domain));
        self.sample.request(job);
    }

    pub(super) fn explore(&mut self, domain: SampleDomain) {
        self.start = super::Start::default();
        self.make_sample(domain);
    }

    /// At the field where it was typed, while that is there to be mended.
    pub(super) fn tell_unopened(&mut self, error: UserError) {
        if matches!(self.dialogs.top(), Some(Dialog::Open)) {
            (self.typed.error, self.typed.wants_focus) = (Some(error.message), true);
        } else {
            self.error = Some(error);
        }
    }

    /// What did not open is told, or asked about where its user can help.
    pub(super) fn refuse(&mut self, ctx: &egui::Context, refused: Refused) {
        if refused.question.is_some() {
            self.dialogs.close_where(ctx, |dialog| matches!(dialog, Dialog::Open));
        }
        match refused.question {
            Some(Question::Columns(source)) => self.ask_for_columns(ctx, source),
            Some(Question::Password(address, message)) => {
                self.dialogs
                    .open(ctx, Dialog::Password(PasswordWanted { address, message: *message, typed: String::new() }));
            }
            Some(Question::Stream(wanted)) => {
                let (address, streams) = *wanted;
                self.dialogs.open(ctx, Dialog::StreamOfServer(address, streams));
            }
            None => self.tell_unopened(refused.error),
        }
    }

    fn ask_for_columns(&mut self, ctx: &egui::Context, source: Source) {
        let draft = MappingDraft::new(source, self.wake.0.clone());
        self.dialogs.open(ctx, Dialog::Mapping(Box::new(draft)));
    }

    fn shows_error(&self) -> bool {
        let of_store = self.store.as_ref().and_then(OpenStore::error);
        self.error.is_some()
            || self.told.is_some()
            || of_store.is_some_and(|error| self.dismissed.as_ref() != Some(error))
    }

    fn dismiss_error(&mut self) {
        if self.error.take().is_none() && self.told.take().is_none() {
            self.dismissed = self.store.as_ref().and_then(OpenStore::error).cloned();
        }
    }

    /// Once more what went wrong last.
    fn retry(&mut self) {
        self.dismissed = None;
        self.error = None;
        self.told = None;
        match self.asked.clone() {
            Some(Asked::Sample(domain)) => self.make_sample(domain),
            Some(Asked::Store(source, is_writing_on)) => self.open(source, is_writing_on),
            None => self.store.iter_mut().for_each(OpenStore::retry),
        }
    }

    pub(super) fn view(&mut self) -> Option<&mut StreamView> {
        self.store.as_mut()?.view.as_mut()
    }

    pub(super) fn run(&mut self, ctx: &egui::Context, action: Action) {
        match action {
            Action::Run(command) => self.run_command(ctx, command),
            Action::Open(source) => self.open_any(ctx, source),
            Action::Follow(link) => self.follow(ctx, link),
            Action::Select(stream) => {
                self.leave();
                self.settings.panes.uncover();
                self.is_playing = false;
                self.reveal = true;
                if let Some(store) = &mut self.store {
                    store.open_stream(stream);
                }
            }
            Action::GoTo(index) => self.go_to_index(ctx, index),
            Action::GoToVersion(version) => self.jump(|view| {
                let index = view.base().and_then(|loaded| loaded.timeline.index_of(version));
                if let Some(index) = index {
                    view.go_to(index);
                }
            }),
            Action::GoToPlace(stream, version) => self.go_to_place(&stream, version),
            Action::GoToTyped => self.go_to_typed(),
            Action::Projection(number) => self.store.iter_mut().for_each(|store| store.set_projection(number)),
            Action::AddLane(stream) => self.store.iter_mut().for_each(|store| store.add_lane(stream.clone())),
            Action::RemoveLane(stream) => self.store.iter_mut().for_each(|store| store.causes.remove(&stream)),
            Action::OpenField(number, path) => self.open_field(number, path),
            Action::CloseField => self.close_field(),
            Action::Fold(pane) => self.fold(ctx, pane),
            Action::Resize(pane, size) => self.settings.panes.resize(pane, size, self.middle == Middle::Compare),
            Action::Filter(filter) => {
                if let Some(store) = &mut self.store {
                    store.filter = filter;
                    store.list_streams();
                }
            }
            Action::FindStreams(text) => self.store.iter_mut().for_each(|store| store.find_streams(text.clone())),
            Action::SearchEvents(text) => self.search(text),
            Action::SearchDay(day) => self.search(format!("on:{}", day.name)),
            Action::BeginSurvey => self.store.iter_mut().for_each(OpenStore::begin_survey),
            Action::StopSurvey => self.store.iter_mut().for_each(OpenStore::stop_survey),
            Action::Order(order) => {
                if let Some(store) = &mut self.store {
                    store.order = order;
                    store.list_streams();
                }
            }
            Action::ByTime(is_by_time) => self.settings.is_by_time = is_by_time,
            Action::ShowPart(span) => self.view().into_iter().for_each(|view| view.show_part(span)),
            Action::MovePin(pin, index) => self.store.iter_mut().for_each(|store| store.move_pin(pin, index)),
            Action::RemovePin(pin) => self.store.iter_mut().for_each(|store| store.remove_pin(pin)),
            Action::Lanes(action) => self.run_lanes(ctx, action),
            Action::Activity(wish) => self.wish_activity(&wish),
            Action::Time(action) => self.run_time(ctx, &action),
            Action::Projections(wish) => self.wish_of_projections(ctx, &wish),
            Action::Table(wish) => self.store.iter_mut().for_each(|store| store.wish_of_table(wish.clone())),
            Action::Copy(text) => self.copy(ctx, text, "copied"),
            Action::Explore(domain) => self.explore(domain),
            Action::CancelLoading => {
                self.sample.cancel();
                self.opening.cancel();
                self.coming = None;
                self.store.iter_mut().for_each(OpenStore::cancel);
            }
            Action::StartTool(name) => self.store.iter_mut().for_each(|store| store.start_tool(name)),
            Action::KeepUp(follows) => self.store.iter_mut().for_each(|store| store.keep_up(follows)),
            Action::ChooseFile(file_for) => self.choose_file(file_for),
            Action::RemoveNote(stream, at) => self.store.iter_mut().for_each(|store| store.remove_note(&stream, at)),
            Action::AskWhy(number, field) => self.ask_why(ctx, number, field),
            Action::Export(what) => self.export_this(ctx, what),
            Action::Print(sought) => self.print_this(ctx, sought),
            Action::KeepMapping => self.dialogs.mapping().into_iter().for_each(MappingDraft::keep),
            Action::Connect => {
                if let Some(Dialog::Password(PasswordWanted { address, typed, .. })) = self.dialogs.close_top(ctx) {
                    self.open(Source::Server(address.with_password(&typed)), false);
                }
            }
            Action::CloseDialog => self.close_dialog(ctx),
            Action::ForgetRecent => self.settings.recent.clear(),
            Action::ForgetStore(name) => self.settings.forget(&name),
            Action::DismissError => self.dismiss_error(),
            Action::AppendDraft => self.append_draft(ctx),
            Action::LeaveDraft => self.store.iter_mut().for_each(OpenStore::leave_draft),
            Action::DiscardDraft => self.store.iter_mut().for_each(OpenStore::discard_draft),
            Action::ResumeDraft(stream, version) => {
                let signature = self.signature();
                self.reveal = true;
                self.store.iter_mut().for_each(|store| store.resume_draft(stream.clone(), version, signature.clone()));
            }
            Action::AllowWriting => self.allow_writing(ctx),
            Action::Branch(action) => self.branch(ctx, action),
        }
    }

    /// Shows this in the middle; what is there already gives way to the state.
    fn show_in_middle(&mut self, middle: Middle) {
        self.middle = if self.middle == middle { Middle::State } else { middle };
        self.reveal = true;
    }

    /// Closes what is on top, with what was said in it.
    fn close_dialog(&mut self, ctx: &egui::Context) {
        let Some(store) = &mut self.store else {
            self.dialogs.close_top(ctx);
            return;
        };
        match self.dialogs.close_top(ctx) {
            Some(Dialog::Compensate) => store.leave_draft(),
            Some(Dialog::BranchEdit) => {
                store.branching.open_mut().into_iter().for_each(|open| open.draft = None);
            }
            _ => {}
        }
    }

    /// A step in a branch comes through what it inserts.
    fn steps_in_branch(&mut self, command: Command) -> bool {
        let by = match command {
            Command::StepForward => 1,
            Command::StepBack => -1,
            Command::TenForward => 10,
            Command::TenBack => -10,
            _ => return false,
        };
        let has_stepped = self.store.as_mut().is_some_and(|store| store.step_in_branch(by));
        self.reveal |= has_stepped;
        has_stepped
    }

    fn zoom(&mut self, factor: f64) {
        let is_by_time = self.settings.is_by_time;
        self.view().into_iter().for_each(|view| view.zoom(is_by_time, factor));
    }

    /// The way to what is looked at, as a link or as a place.
    fn copy_way(&mut self, ctx: &egui::Context, write: fn(&Link) -> String, said: &'static str) {
        if let Some(link) = self.store.as_ref().and_then(OpenStore::link) {
            self.copy(ctx, write(&link), said);
        }
    }

    fn choose_file(&mut self, file_for: FileFor) {
        self.file_for = file_for;
        let new_name = self.store.as_ref().and_then(|store| store.new_name(file_for));
        self.export_dialog.request(begin("choosing a file", &self.wake.0, move |_| {
            let dialog = rfd::FileDialog::new().set_title("Foldline");
            Ok(match new_name {
                Some(name) => dialog.set_file_name(name).save_file(),
                None => dialog.pick_file(),
            })
        }));
    }

    fn copy(&mut self, ctx: &egui::Context, text: String, said: &'static str) {
        ctx.copy_text(text);
        self.notice = Some(Notice::new(ctx, said));
    }

    fn pick_file(&mut self) {
        self.file_dialog.request(begin("choosing a file", &self.wake.0, |_| {
            Ok(rfd::FileDialog::new().set_title("Foldline").pick_file())
        }));
    }

    pub(super) fn run_command(&mut self, ctx: &egui::Context, command: Command) {
        if !self.is_refused(command) && !self.steps_in_store(command) && !self.steps_in_branch(command) {
            self.carry_out(ctx, command);
        }
    }

    fn carry_out(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::ExploreSample => self.explore(SampleDomain::Sales),
            Command::OpenFile => self.pick_file(),
            Command::OpenProjection => self.choose_file(FileFor::Projection),
            Command::CloseStore => {
                self.remember_place();
                self.dialogs.close_where(ctx, Dialog::is_of_store);
                self.hand_over_mirrors();
                self.store = None;
                self.look_for_recent();
            }
            Command::OpenAddress => {
                self.typed.error = None;
                self.dialogs.toggle(ctx, Dialog::Open);
            }
            Command::Tool(name) => self.toggle_tool(ctx, name),
            Command::SearchEvents => self.begin_search(),
            Command::AddLane => self.begin_lane(ctx),
            Command::NextTurn => self.step_turn(ctx, true),
            Command::PreviousTurn => self.step_turn(ctx, false),
            Command::NextLine => self.step_line(true),
            Command::PreviousLine => self.step_line(false),
            Command::Settings => {
                self.dialogs.toggle(ctx, Dialog::Settings);
            }
            Command::Retry => self.retry(),
            Command::StepForward => self.go_to(|view| view.step(1)),
            Command::StepBack => self.go_to(|view| view.step(-1)),
            Command::TenForward => self.go_to(|view| view.step(10)),
            Command::TenBack => self.go_to(|view| view.step(-10)),
            Command::Back => self.go_along(Trail::back),
            Command::Forward => self.go_along(Trail::forward),
            Command::Overview => self.go_to_overview(),
            Command::First => self.jump(|view| view.go_to(0)),
            Command::Last => self.jump(|view| view.go_to(usize::MAX)),
            Command::Play => self.is_playing = !self.is_playing && self.store.is_some(),
            Command::PinA => self.store.iter_mut().for_each(|store| store.pin(0)),
            Command::PinB => self.store.iter_mut().for_each(|store| store.pin(1)),
            Command::Compare => self.show_in_middle(Middle::Compare),
            Command::Causes => self.show_in_middle(Middle::Causes),
            Command::NextFinding => self.step_finding(ctx, true),
            Command::PreviousFinding => self.step_finding(ctx, false),
            Command::Follow => {
                if let Some(store) = &mut self.store {
                    store.follows = !store.follows;
                    if store.follows {
                        store.view.iter_mut().for_each(|view| view.go_to(usize::MAX));
                    }
                }
            }
            Command::ZoomIn => self.zoom(ZOOM_STEP),
            Command::ZoomOut => self.zoom(1.0 / ZOOM_STEP),
            Command::ZoomAll => self.view().into_iter().for_each(|view| view.show_part(None)),
            Command::NextPart => self.regions.go(ctx, 1),
            Command::PreviousPart => self.regions.go(ctx, -1),
            Command::FocusFilter => {
                let is_of_stream = self.store.as_ref().is_none_or(|store| !store.lens().is_of_store());
                if is_of_stream && self.fit(ctx).streams == 0.0 {
                    self.fold(ctx, Pane::Streams);
                }
                self.wants_filter_focus = true;
            }
            Command::Lens(lens) => self.look_through(lens),
            Command::Fold(pane) => self.fold(ctx, pane),
            Command::ToggleTheme => {
                self.settings.is_light = !self.settings.is_light;
                ctx.set_theme(self.settings.theme());
            }
            Command::ToggleLanguage => {
                self.settings.language = self.settings.language.other();
                self.locale = Locale::new(self.settings.language);
            }
            Command::ToggleZone => self.settings.zone = self.settings.zone.other(),
            Command::ToggleWriting => self.toggle_writing(ctx),
            Command::WhatIf | Command::MakeSo => self.branch_command(ctx, command),
            Command::Compensate => self.begin_draft(),
            Command::MapColumns => {
                if let Some(source) = self.store.as_ref().map(|store| store.source.clone()) {
                    self.ask_for_columns(ctx, source);
                }
            }
            Command::CopyLink => self.copy_way(ctx, |link| link.to_string(), "link-copied"),
            Command::CopyPlace => self.copy_way(ctx, Link::place, "place-copied"),
            Command::Palette => {
                self.dialogs.toggle(ctx, Dialog::Palette(PaletteState::default()));
            }
            Command::ShowKeys => {
                self.dialogs.toggle(ctx, Dialog::Keys);
            }
            Command::Dismiss => self.dismiss(ctx),
        }
    }

    /// Closes what is on top.
    fn dismiss(&mut self, ctx: &egui::Context) {
        match () {
            () if self.dialogs.top().is_some() => self.close_dialog(ctx),
            () if self.shows_error() => self.dismiss_error(),
            () if self.view().is_some_and(|view| view.field_history().is_some()) => self.close_field(),
            () if self.leaves_compared() => {}
            () => self.is_playing = false,
        }
    }

    /// Steps on while playing, and asks to be woken for the next step. Nothing runs while nothing plays.
    pub(super) fn play(&mut self, ui: &egui::Ui) {
        if !self.is_playing {
            return;
        }
        let is_of_store = self.store.as_ref().is_some_and(|store| store.lens().is_of_store());
        let is_at_end = if is_of_store {
            self.store.as_ref().is_none_or(|store| store.time.cursor().count >= store.time.cursor().total)
        } else {
            let Some(view) = self.view() else { return };
            view.cursor().is_none_or(|cursor| cursor + 1 >= view.len())
        };
        let due_id = egui::Id::unique("next play step");
        let now = ui.input(|input| input.time);
        let due: Option<f64> = ui.ctx().data(|data| data.get_temp(due_id));
        if is_at_end {
            self.is_playing = false;
            return;
        }
        if due.is_none_or(|due| now >= due || due - now > PLAY_STEP.as_secs_f64()) {
            if due.is_some() {
                if is_of_store {
                    self.step_bars(1);
                } else {
                    self.go_to(|view| view.step(1));
                }
            }
            ui.ctx().data_mut(|data| data.insert_temp(due_id, now + PLAY_STEP.as_secs_f64()));
        }
        ui.ctx().request_repaint_after(PLAY_STEP / 4);
    }
}
