use egui::Ui;

use super::Scene;
use super::check::check_ui;
use super::evidence::evidence_ui;
use super::export::export_ui;
use super::mirror::mirror_ui;
use super::note::note_ui;
use super::projections_compared::projections_compared_ui;
use super::read_models::read_models_ui;
use super::reasons::reasons_ui;
use super::seal::seal_ui;
use super::sharing::sharing_ui;
use super::smallest::smallest_ui;
use super::sql_console::sql_ui;
use super::store_lens::rows_export_ui;
use super::when_search::when_search_ui;
use crate::view::{OpenStore, ToolName};

type ToolUi = fn(&mut Ui, &mut Scene<'_>, &mut OpenStore, &mut bool);

/// Draws the dialog of a tool. A tool more is a line more.
pub fn tool_dialog_ui(name: ToolName) -> ToolUi {
    match name {
        ToolName::WhenSearch => when_search_ui,
        ToolName::Exporting => export_ui,
        ToolName::ExportingRows => rows_export_ui,
        ToolName::Checking => check_ui,
        ToolName::Reasons => reasons_ui,
        ToolName::SmallestHistory => smallest_ui,
        ToolName::Sealing => seal_ui,
        ToolName::Evidencing => evidence_ui,
        ToolName::Noting => note_ui,
        ToolName::SqlConsole => sql_ui,
        ToolName::ReadModels => read_models_ui,
        ToolName::MirrorStore => mirror_ui,
        ToolName::Sharing => sharing_ui,
        ToolName::ComparingOwn => projections_compared_ui,
    }
}
