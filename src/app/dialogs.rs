use egui::{Context, Id};

use crate::command::Command;
use crate::event::Message;
use crate::store::Address;
use crate::ui::PaletteState;
use crate::view::{MappingDraft, ToolName};

/// What lies over the panels, with what is said in it.
#[derive(Debug)]
pub(super) enum Dialog {
    Open,
    Keys,
    Settings,
    Tool(ToolName),
    Palette(PaletteState),
    /// What the columns of a store mean, while it is being said.
    Mapping(Box<MappingDraft>),
    Password(PasswordWanted),
    /// Which of a server's streams is meant.
    StreamOfServer(Address, Box<[String]>),
    /// The open store's draft.
    Compensate,
    /// An edit of the branch that is open.
    BranchEdit,
    /// What would make it so.
    MakeSo,
    /// What switching writing on means; an append may wait for the answer.
    Writing {
        then_appends: bool,
    },
}

/// A server's question, and what is being typed in answer.
pub(super) struct PasswordWanted {
    pub(super) address: Address,
    pub(super) message: Message,
    pub(super) typed: String,
}

impl std::fmt::Debug for PasswordWanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordWanted").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Dialog {
    /// The command that opens it, and closes it where it is on top.
    fn command(&self) -> Option<Command> {
        match self {
            Self::Open => Some(Command::OpenAddress),
            Self::Keys => Some(Command::ShowKeys),
            Self::Settings => Some(Command::Settings),
            Self::Tool(name) => Some(Command::Tool(*name)),
            Self::Palette(_) => Some(Command::Palette),
            Self::Mapping(_)
            | Self::Password(_)
            | Self::StreamOfServer(..)
            | Self::Compensate
            | Self::BranchEdit
            | Self::MakeSo
            | Self::Writing { .. } => None,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.command() == other.command()
    }

    /// Whether it is about the store that is open, and has no meaning for another.
    pub(super) fn is_of_store(&self) -> bool {
        matches!(self, Self::Tool(_) | Self::Compensate | Self::Writing { .. }) || self.is_of_branch()
    }

    pub(super) fn is_of_branch(&self) -> bool {
        matches!(self, Self::BranchEdit | Self::MakeSo)
    }
}

/// Every dialog that is open, the one on top last. Only that one hears the keyboard.
#[derive(Debug, Default)]
pub(super) struct Dialogs {
    open: Vec<Shown>,
    /// What gets the focus back, and in which frame its dialog was closed.
    returns: Option<(Id, u64)>,
}

#[derive(Debug)]
struct Shown {
    dialog: Dialog,
    /// What had the focus when it opened, and gets it back.
    focused: Option<Id>,
}

impl Dialogs {
    pub(super) fn top(&self) -> Option<&Dialog> {
        self.open.last().map(|shown| &shown.dialog)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Dialog> {
        self.open.iter_mut().map(|shown| &mut shown.dialog)
    }

    pub(super) fn mapping(&mut self) -> Option<&mut MappingDraft> {
        self.iter_mut().find_map(|dialog| if let Dialog::Mapping(draft) = dialog { Some(&mut **draft) } else { None })
    }

    pub(super) fn is_busy(&self) -> bool {
        self.open.iter().any(|shown| matches!(&shown.dialog, Dialog::Mapping(draft) if draft.is_busy()))
    }

    /// Whether a command may be asked for by its key now.
    pub(super) fn let_through(&self, command: Command) -> bool {
        self.top().is_none_or(|top| {
            // From the list of what was found F8 goes to it, as it does outside.
            let leads_out = self.shows_check() && matches!(command, Command::NextFinding | Command::PreviousFinding);
            leads_out || command.works_over_dialogs() || top.command() == Some(command)
        })
    }

    fn shows_check(&self) -> bool {
        matches!(self.top(), Some(Dialog::Tool(ToolName::Checking)))
    }

    /// Closes the check where it is on top: somebody goes to what it found.
    pub(super) fn leave_check(&mut self, ctx: &Context) {
        if self.shows_check() {
            self.close_where(ctx, |dialog| matches!(dialog, Dialog::Tool(ToolName::Checking)));
        }
    }

    pub(super) fn shows_draft(&self) -> bool {
        self.open.iter().any(|shown| matches!(shown.dialog, Dialog::Compensate))
    }

    /// A draft is open in its dialog, and nothing else is.
    pub(super) fn show_draft(&mut self, ctx: &Context, is_there: bool) {
        match (is_there, self.shows_draft()) {
            (true, false) => self.open(ctx, Dialog::Compensate),
            (false, true) => self.close_where(ctx, |dialog| matches!(dialog, Dialog::Compensate)),
            _ => {}
        }
    }

    /// Puts a dialog on top. What was typed so far goes nowhere but into it.
    pub(super) fn open(&mut self, ctx: &Context, dialog: Dialog) {
        self.close_where(ctx, |open| open.is_like(&dialog));
        let focused = ctx.memory(egui::Memory::focused).or(self.returns.take().map(|(id, _)| id));
        ctx.memory_mut(egui::Memory::stop_text_input);
        egui::Popup::close_all(ctx);
        // What is told of a thing under the pointer would stay over the dialog for as long as the pointer rests.
        ctx.input_mut(|input| input.pointer = egui::PointerState::default());
        self.open.push(Shown { dialog, focused });
    }

    /// Opens it, or closes it where it is open.
    pub(super) fn toggle(&mut self, ctx: &Context, dialog: Dialog) -> bool {
        let is_open = self.iter_mut().any(|open| open.is_like(&dialog));
        if is_open {
            self.close_where(ctx, |open| open.is_like(&dialog));
        } else {
            self.open(ctx, dialog);
        }
        !is_open
    }

    /// Answers with what was on top.
    pub(super) fn close_top(&mut self, ctx: &Context) -> Option<Dialog> {
        let Shown { dialog, focused } = self.open.pop()?;
        self.give_back(ctx, focused);
        Some(dialog)
    }

    pub(super) fn close_where(&mut self, ctx: &Context, closes: impl Fn(&Dialog) -> bool) {
        let is_top_closed = self.top().is_some_and(&closes);
        let mut focused = None;
        self.open.retain(|shown| {
            let stays = !closes(&shown.dialog);
            if !stays && focused.is_none() {
                focused = shown.focused;
            }
            stays
        });
        if is_top_closed {
            self.give_back(ctx, focused);
        }
    }

    fn give_back(&mut self, ctx: &Context, focused: Option<Id>) {
        ctx.memory_mut(egui::Memory::stop_text_input);
        self.returns = focused.map(|id| (id, ctx.cumulative_frame_nr()));
    }

    /// Gives the focus back to what had it before a dialog. For one frame after that was closed nothing behind it may
    /// have the focus yet.
    pub(super) fn return_focus(&mut self, ctx: &Context) {
        let Some((id, closed)) = self.returns else { return };
        if ctx.cumulative_frame_nr() < closed + 2 {
            return ctx.request_repaint();
        }
        self.returns = None;
        ctx.memory_mut(|memory| memory.request_focus(id));
    }
}
