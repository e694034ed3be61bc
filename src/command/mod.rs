//! Every user action as data: its name, what it says, and its shortcut. Menus, keys and the list of keys are all made
//! from this one table.

mod action;
mod shortcut;

pub use action::{Action, BranchAction, LaneAction, TimeAction};
pub use shortcut::{Key, Shortcut};

use crate::view::{Lens, Pane, ToolName};

/// What a user can ask for without saying more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    ExploreSample,
    OpenFile,
    OpenAddress,
    /// Opens a projection of the user's own with the store.
    OpenProjection,
    CloseStore,
    Back,
    Forward,
    /// What the store holds, as when it was opened.
    Overview,
    StepForward,
    StepBack,
    TenForward,
    TenBack,
    First,
    Last,
    Play,
    PinA,
    PinB,
    Compare,
    /// What led to the event and what it led to.
    Causes,
    /// To the next of the findings of a check, or of the stream where nothing was checked.
    NextFinding,
    PreviousFinding,
    Follow,
    ZoomIn,
    ZoomOut,
    ZoomAll,
    /// To where a lane is typed.
    AddLane,
    /// To where the chosen lane turns next, or turned last.
    NextTurn,
    PreviousTurn,
    /// To the next line that the handler at the cursor ran, or back.
    NextLine,
    PreviousLine,
    /// To where what is looked for among all that happened is typed.
    SearchEvents,
    /// Opens the tool's dialog, or closes it.
    Tool(ToolName),
    Settings,
    Retry,
    FocusFilter,
    NextPart,
    PreviousPart,
    /// Looks through it, at the same moment.
    Lens(Lens),
    /// Shows a pane, or folds it away.
    Fold(Pane),
    ToggleTheme,
    ToggleLanguage,
    ToggleZone,
    ToggleWriting,
    Compensate,
    WhatIf,
    MakeSo,
    CopyLink,
    CopyPlace,
    MapColumns,
    Palette,
    ShowKeys,
    Dismiss,
}

/// The menus, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    Store,
    Go,
    Event,
    View,
}

impl Menu {
    pub const ALL: [Self; 4] = [Self::Store, Self::Go, Self::Event, Self::View];

    /// Under which name its title stands in the language files.
    pub fn title(self) -> &'static str {
        match self {
            Self::Store => "menu-store",
            Self::Go => "menu-go",
            Self::Event => "menu-event",
            Self::View => "menu-view",
        }
    }
}

impl Command {
    /// Every command, in the order of the menus. Tools stand together, behind what has to do with the store's file.
    pub fn all() -> impl Iterator<Item = Self> {
        let (before, after) = Self::FIXED.split_at(Self::BEFORE_TOOLS);
        let tools = ToolName::ALL.iter().copied().map(Self::Tool);
        before.iter().copied().chain(tools).chain(after.iter().copied())
    }

    const BEFORE_TOOLS: usize = 6;

    /// All but the tools.
    const FIXED: &'static [Self] = &[
        Self::ExploreSample,
        Self::OpenFile,
        Self::OpenAddress,
        Self::OpenProjection,
        Self::CloseStore,
        Self::SearchEvents,
        Self::Back,
        Self::Forward,
        Self::Overview,
        Self::StepForward,
        Self::StepBack,
        Self::TenForward,
        Self::TenBack,
        Self::First,
        Self::Last,
        Self::Play,
        Self::PinA,
        Self::PinB,
        Self::Compare,
        Self::Causes,
        Self::NextFinding,
        Self::PreviousFinding,
        Self::Follow,
        Self::ZoomIn,
        Self::ZoomOut,
        Self::ZoomAll,
        Self::AddLane,
        Self::NextTurn,
        Self::PreviousTurn,
        Self::NextLine,
        Self::PreviousLine,
        Self::Settings,
        Self::Retry,
        Self::FocusFilter,
        Self::NextPart,
        Self::PreviousPart,
        Self::Lens(Lens::Stream),
        Self::Lens(Lens::Store),
        Self::Lens(Lens::Activity),
        Self::Lens(Lens::Projections),
        Self::Fold(Pane::Streams),
        Self::Fold(Pane::Event),
        Self::Fold(Pane::Timeline),
        Self::Fold(Pane::State),
        Self::Fold(Pane::History),
        Self::ToggleTheme,
        Self::ToggleLanguage,
        Self::ToggleZone,
        Self::ToggleWriting,
        Self::Compensate,
        Self::WhatIf,
        Self::MakeSo,
        Self::CopyLink,
        Self::CopyPlace,
        Self::MapColumns,
        Self::Palette,
        Self::ShowKeys,
        Self::Dismiss,
    ];

    /// Under which name its title stands in the language files.
    pub fn title(self) -> &'static str {
        match self {
            Self::ExploreSample => "explore-sample",
            Self::OpenFile => "open-file",
            Self::OpenAddress => "open-address",
            Self::OpenProjection => "open-projection",
            Self::CloseStore => "close-store",
            Self::Back => "back",
            Self::Forward => "forward",
            Self::Overview => "overview",
            Self::StepForward => "step-forward",
            Self::StepBack => "step-back",
            Self::TenForward => "ten-forward",
            Self::TenBack => "ten-back",
            Self::First => "first-event",
            Self::Last => "last-event",
            Self::Play => "play",
            Self::PinA => "pin-a",
            Self::PinB => "pin-b",
            Self::Compare => "compare",
            Self::Causes => "causes",
            Self::NextFinding => "next-finding",
            Self::PreviousFinding => "previous-finding",
            Self::Follow => "follow",
            Self::ZoomIn => "zoom-in",
            Self::ZoomOut => "zoom-out",
            Self::ZoomAll => "zoom-all",
            Self::AddLane => "add-lane",
            Self::NextTurn => "next-turn",
            Self::PreviousTurn => "previous-turn",
            Self::NextLine => "next-line",
            Self::PreviousLine => "previous-line",
            Self::SearchEvents => "search-events",
            Self::Tool(name) => name.title(),
            Self::Settings => "settings",
            Self::Retry => "reload",
            Self::FocusFilter => "focus-filter",
            Self::NextPart => "next-part",
            Self::PreviousPart => "previous-part",
            Self::Lens(lens) => match lens {
                Lens::Stream => "look-stream",
                Lens::Store => "look-store",
                Lens::Activity => "look-activity",
                Lens::Projections => "look-projections",
            },
            Self::Fold(pane) => match pane {
                Pane::Streams => "fold-streams",
                Pane::Event => "fold-event",
                Pane::Timeline => "fold-timeline",
                Pane::State => "fold-state",
                Pane::History => "fold-history",
            },
            Self::ToggleTheme => "toggle-theme",
            Self::ToggleLanguage => "toggle-language",
            Self::ToggleZone => "toggle-zone",
            Self::ToggleWriting => "toggle-writing",
            Self::Compensate => "compensate",
            Self::WhatIf => "what-if",
            Self::MakeSo => "make-so",
            Self::CopyLink => "copy-link",
            Self::CopyPlace => "copy-place",
            Self::MapColumns => "map-columns",
            Self::Palette => "palette",
            Self::ShowKeys => "show-keys",
            Self::Dismiss => "dismiss",
        }
    }

    /// Whether it makes sense only while a store is open.
    pub fn needs_store(self) -> bool {
        !matches!(
            self,
            Self::ExploreSample
                | Self::OpenFile
                | Self::OpenAddress
                | Self::NextPart
                | Self::PreviousPart
                | Self::Settings
                | Self::Retry
                | Self::ToggleTheme
                | Self::ToggleLanguage
                | Self::ToggleZone
                | Self::Palette
                | Self::ShowKeys
                | Self::Dismiss
        )
    }

    /// Whether its key acts while a dialog is open, whichever that is. All others wait until the dialog is closed: what
    /// is typed into it must change nothing behind it.
    pub fn works_over_dialogs(self) -> bool {
        matches!(self, Self::Dismiss | Self::ShowKeys)
    }

    /// Whether a field has the keyboard once it is done.
    pub fn leads_to_field(self) -> bool {
        matches!(self, Self::SearchEvents | Self::FocusFilter | Self::AddLane | Self::Palette)
    }

    /// Whether it is done again and again for as long as its key is held.
    pub fn repeats(self) -> bool {
        matches!(
            self,
            Self::StepForward | Self::StepBack | Self::TenForward | Self::TenBack | Self::NextLine | Self::PreviousLine
        )
    }

    /// In which menu it stands.
    pub fn menu(self) -> Menu {
        match self {
            Self::ExploreSample
            | Self::OpenFile
            | Self::OpenAddress
            | Self::OpenProjection
            | Self::CloseStore
            | Self::SearchEvents
            | Self::Tool(_)
            | Self::Retry
            | Self::MapColumns
            | Self::ToggleWriting => Menu::Store,
            Self::Back
            | Self::Forward
            | Self::Overview
            | Self::StepForward
            | Self::StepBack
            | Self::TenForward
            | Self::TenBack
            | Self::First
            | Self::Last
            | Self::Play
            | Self::NextFinding
            | Self::PreviousFinding
            | Self::Follow
            | Self::ZoomIn
            | Self::ZoomOut
            | Self::ZoomAll
            | Self::AddLane
            | Self::NextTurn
            | Self::PreviousTurn
            | Self::NextLine
            | Self::PreviousLine => Menu::Go,
            Self::PinA
            | Self::PinB
            | Self::Compare
            | Self::Causes
            | Self::Compensate
            | Self::WhatIf
            | Self::MakeSo
            | Self::CopyLink
            | Self::CopyPlace => Menu::Event,
            Self::FocusFilter
            | Self::NextPart
            | Self::PreviousPart
            | Self::Lens(_)
            | Self::Fold(_)
            | Self::ToggleTheme
            | Self::ToggleLanguage
            | Self::ToggleZone
            | Self::Settings
            | Self::Palette
            | Self::ShowKeys
            | Self::Dismiss => Menu::View,
        }
    }

    pub fn shortcut(self) -> Option<Shortcut> {
        let ctrl = |key| Some(Shortcut { is_ctrl: true, ..Shortcut::plain(key) });
        let shift = |key| Some(Shortcut { is_shift: true, ..Shortcut::plain(key) });
        let alt = |key| Some(Shortcut { is_alt: true, ..Shortcut::plain(key) });
        let plain = |key| Some(Shortcut::plain(key));
        match self {
            Self::OpenFile => ctrl(Key::O),
            Self::OpenAddress => shift(Key::O).map(|shortcut| Shortcut { is_ctrl: true, ..shortcut }),
            Self::Palette => ctrl(Key::K),
            Self::SearchEvents => ctrl(Key::F),
            Self::Tool(name) => name.ctrl_letter().and_then(Key::of_letter).and_then(ctrl),
            Self::Settings => ctrl(Key::Comma),
            Self::Retry => ctrl(Key::R),
            Self::Follow => plain(Key::F),
            Self::ZoomIn => plain(Key::Plus),
            Self::ZoomOut => plain(Key::Minus),
            Self::ZoomAll => plain(Key::Zero),
            Self::AddLane => plain(Key::L),
            Self::NextTurn => plain(Key::T),
            Self::PreviousTurn => shift(Key::T),
            Self::NextLine => plain(Key::Period),
            Self::PreviousLine => plain(Key::Comma),
            Self::Compensate => plain(Key::C),
            Self::WhatIf => plain(Key::W),
            Self::Back => alt(Key::Left),
            Self::Forward => alt(Key::Right),
            Self::Overview => alt(Key::Home),
            Self::StepForward => plain(Key::Right),
            Self::StepBack => plain(Key::Left),
            Self::TenForward => shift(Key::Right),
            Self::TenBack => shift(Key::Left),
            Self::First => plain(Key::Home),
            Self::Last => plain(Key::End),
            Self::Play => plain(Key::Space),
            Self::PinA => plain(Key::A),
            Self::PinB => plain(Key::B),
            Self::Compare => plain(Key::D),
            Self::Causes => plain(Key::E),
            Self::NextFinding => plain(Key::F8),
            Self::PreviousFinding => shift(Key::F8),
            Self::FocusFilter => plain(Key::Slash),
            Self::NextPart => plain(Key::F6),
            Self::PreviousPart => shift(Key::F6),
            Self::Lens(Lens::Stream) => ctrl(Key::One),
            Self::Lens(Lens::Store) => ctrl(Key::Two),
            Self::Lens(Lens::Activity) => ctrl(Key::Three),
            Self::Lens(Lens::Projections) => ctrl(Key::Four),
            Self::ShowKeys => plain(Key::F1),
            Self::Dismiss => plain(Key::Escape),
            Self::ExploreSample
            | Self::OpenProjection
            | Self::CloseStore
            | Self::Fold(_)
            | Self::ToggleTheme
            | Self::ToggleLanguage
            | Self::ToggleZone
            | Self::ToggleWriting
            | Self::MapColumns
            | Self::MakeSo
            | Self::CopyLink
            | Self::CopyPlace => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_commands_share_a_shortcut_or_a_title() {
        let mut shortcuts = HashSet::new();
        let mut titles = HashSet::new();
        for command in Command::all() {
            assert!(titles.insert(command.title()), "{command:?}");
            if let Some(shortcut) = command.shortcut() {
                assert!(shortcuts.insert(shortcut), "{command:?} has a taken shortcut");
            }
        }
    }
}
