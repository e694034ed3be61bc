//! What a person starts, and sees in a dialog of its own. A tool more is a file beside this one, a line in the list
//! here, and a line in the list of those that draw them.

use super::{
    Checking, ComparingOwn, Evidencing, Exporting, ExportingRows, MirrorStore, Noting, ReadModels, Reasons, Sealing,
    Sharing, SmallestHistory, SqlConsole, UserError, WhenSearch,
};
use crate::engine::{Engine, Tool};
use crate::event::StreamId;

/// What a file is chosen for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileFor {
    #[default]
    Export,
    Seal,
    /// A seal that the store is held against.
    CheckSince,
    Evidence,
    /// The rows of the table.
    Rows,
    /// The rows of a question in SQL.
    SqlRows,
    /// A table that other programs read.
    ReadModel,
    /// A copy of the store that follows it.
    Mirror,
    /// A seal from which evidence shows the store to have grown.
    EvidenceSince,
    /// A projection of the user's own, to be opened with the store.
    Projection,
}

impl FileFor {
    /// What a new file of it is called at first, unless its format says more; `None` where one that is there is chosen.
    pub fn new_name(self) -> Option<&'static str> {
        match self {
            Self::Export => Some("events.jsonl"),
            Self::Seal => Some("store.seal"),
            Self::Evidence => Some("evidence.pdf"),
            Self::Rows | Self::SqlRows => Some("rows.csv"),
            Self::ReadModel => Some("reports.db"),
            Self::Mirror => Some("mirror.db"),
            Self::CheckSince | Self::EvidenceSince | Self::Projection => None,
        }
    }
}

/// What the window asks of every tool, whatever it does.
pub trait WindowTool {
    /// Begins with what its dialog says, in the stream that is on screen if it wants that.
    fn start(&mut self, engine: &Engine, here: Option<&StreamId>);

    /// It needs to be told nothing, and begins when its dialog is opened.
    fn starts_by_itself(&self) -> bool {
        false
    }

    /// Its dialog is opened, perhaps once more.
    fn reopened(&mut self) {}

    /// Takes what has come. The one place where an answer is taken: whoever does more with it does that here.
    fn poll(&mut self, engine: &Engine) -> bool {
        self.asked_mut().poll(engine)
    }

    fn asked(&self) -> &dyn Tool<Error = UserError>;
    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError>;
}

macro_rules! tools {
    ($($field:ident: $tool:ident = $title:literal, $ctrl:expr;)*) => {
        /// Every tool of an open store.
        #[derive(Debug, Default)]
        pub struct Tools { $(pub $field: $tool),* }

        /// Which of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ToolName { $($tool),* }

        impl ToolName {
            pub const ALL: &'static [Self] = &[$(Self::$tool),*];

            /// Under which name its title stands in the language files.
            pub fn title(self) -> &'static str {
                match self { $(Self::$tool => $title),* }
            }

            /// The letter that opens it, held with Ctrl.
            pub fn ctrl_letter(self) -> Option<char> {
                match self { $(Self::$tool => $ctrl),* }
            }
        }

        impl Tools {
            pub fn get(&self, name: ToolName) -> &dyn WindowTool {
                match name { $(ToolName::$tool => &self.$field),* }
            }

            pub fn get_mut(&mut self, name: ToolName) -> &mut dyn WindowTool {
                match name { $(ToolName::$tool => &mut self.$field),* }
            }
        }
    };
}

tools! {
    when: WhenSearch = "when-search", Some('L');
    exporting: Exporting = "export", Some('E');
    exporting_rows: ExportingRows = "export-rows", None;
    checking: Checking = "check-store", None;
    reasons: Reasons = "why-so", None;
    smallest: SmallestHistory = "smallest-history", None;
    sealing: Sealing = "seal-store", None;
    evidencing: Evidencing = "evidence", None;
    noting: Noting = "note", None;
    sql: SqlConsole = "ask-sql", None;
    read_models: ReadModels = "read-model", None;
    mirroring: MirrorStore = "mirror-store", None;
    sharing: Sharing = "shared-work", None;
    comparing_own: ComparingOwn = "projections-compared", None;
}
