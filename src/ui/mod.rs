//! One file a panel. Panels only draw, and ask by sending actions; none of them changes what it draws.

#![deny(clippy::indexing_slicing, reason = "a redraw between two facts must not end the program")]

mod activity;
mod bar;
mod calendar;
mod card;
mod causes;
mod changes;
mod check;
mod compare;
mod compensate;
mod conflict;
mod dialog;
mod ends;
mod event;
mod evidence;
mod export;
mod field_history;
mod findings_here;
mod focus;
mod greeting;
mod history;
mod icons;
mod json_tree;
mod lanes_here;
mod lens;
mod list;
mod mapping;
mod memory;
mod mirror;
mod note;
mod notice;
mod palette;
mod parts;
mod password;
mod path_field;
mod people;
mod projection_choice;
mod projections_compared;
mod projections_lens;
mod read_models;
mod reasons;
mod refusal;
mod seal;
mod settings;
mod sharing;
mod smallest;
mod splitter;
mod sql_console;
mod state;
mod store_lens;
mod store_time;
mod stream_field;
mod stream_of_server;
mod streams;
mod timeline;
mod title;
mod tool;
mod tools;
mod value_menu;
mod welcome;
mod what_if;
mod when;
mod when_search;
mod writing;

pub use activity::{activity_event_ui, activity_left_ui, activity_ui};
pub use bar::{status_bar_ui, top_bar_ui};
pub use causes::causes_ui;
pub use compare::compare_ui;
pub use compensate::compensate_ui;
pub use event::event_ui;
pub use focus::{ARROWS_STAY, focus_ring_ui};
pub use greeting::greeting_ui;
pub use history::history_ui;
pub use lens::LensPart;
pub use mapping::mapping_ui;
pub use notice::{Notice, notice_ui};
pub use palette::{PaletteState, palette_ui};
pub use parts::{error_bar_ui, keys_ui};
pub use password::password_ui;
pub use projections_lens::projections_lens_ui;
pub use refusal::refusal;
pub use settings::{Choices, settings_ui};
pub use splitter::Splitter;
pub use state::state_ui;
pub use store_lens::store_lens_ui;
pub use store_time::{store_time_height, store_time_ui};
pub use stream_of_server::stream_of_server_ui;
pub use streams::streams_ui;
pub use timeline::{timeline_height, timeline_ui};
pub use title::title_ui;
pub use tools::tool_dialog_ui;
pub use welcome::{RecentStore, TypedPath, open_dialog_ui, welcome_ui};
pub use what_if::{
    STRIP_HEIGHT, beside_ui, branch_edit_ui, branch_history_ui, edits_ui, frame_ui, make_so_ui, strip_ui,
};
pub use when::Zone;
pub use writing::writing_ui;

use crate::command::{Action, Command};
use crate::engine::grouped;
use crate::event::Message;
use crate::locale::Locale;

/// What every panel gets: the language, the zone, and where to put its wishes.
#[derive(Debug)]
pub struct Scene<'a> {
    pub locale: &'a Locale,
    pub zone: Zone,
    pub actions: &'a mut Vec<Action>,
}

impl Scene<'_> {
    /// What the window's times are told in.
    pub fn zone_name(&self) -> String {
        match self.zone {
            Zone::Utc => "UTC".to_owned(),
            Zone::Local => self.text("settings-local"),
        }
    }

    pub(crate) fn ask(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(crate) fn run(&mut self, command: Command) {
        self.ask(Action::Run(command));
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.locale.text(name)
    }

    /// What a projection is called: a built-in one in words, one of the user's own as its file is.
    pub(crate) fn projection(&self, name: &str) -> String {
        let id = format!("projection-{name}");
        if self.locale.has(&id) { self.text(&id) } else { parts::shortened(name).into_owned() }
    }

    pub(crate) fn sentence(&self, message: &Message) -> String {
        self.locale.window_sentence(message)
    }

    /// How many events, with their word.
    pub(crate) fn events(&self, count: u64) -> String {
        self.locale.with("events-counted", [("count", count.into()), ("grouped", grouped(count).into())])
    }

    /// How many streams, with their word.
    pub(crate) fn streams(&self, count: u64) -> String {
        self.locale.with("streams-counted", [("count", count.into()), ("grouped", grouped(count).into())])
    }

    /// The same inside of a sentence.
    pub(crate) fn clause(&self, message: &Message) -> String {
        self.locale.window_clause(message)
    }
}
