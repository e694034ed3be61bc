use egui::containers::menu::MenuButton;
use egui::{Button, Label, RichText, Ui};

use super::dialog::Dialog;
use super::parts::{is_entered, primary};
use super::path_field::PathField;
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::engine::MirrorState;
use crate::event::Explain;
use crate::store::{Notice, Source};
use crate::theme::palette;
use crate::view::{FileFor, OpenStore, ToolName};

/// A copy of the store that follows it.
pub(super) fn mirror_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let title = scene.text("mirror-store");
    let mirroring = &mut store.tools.mirroring;
    let colours = palette(ui);
    Dialog::new("mirror", &title, 520.0).show(ui, scene, is_open, |ui, scene| {
        ui.add(Label::new(RichText::new(scene.text("mirror-about")).color(colours.dim)).wrap());
        ui.add_space(6.0);
        let to = PathField {
            id: "mirror",
            name: "mirror-to",
            choose: "choose-file",
            hint: "/path/to/mirror.db",
            file_for: FileFor::Mirror,
        };
        let to = to.show(ui, scene, &mut mirroring.to);
        let is_asked = to.is_some_and(|field| is_entered(ui, &field));
        ui.add_space(8.0);
        let start = Action::StartTool(ToolName::MirrorStore);
        if !tool_ui(ui, scene, mirroring, &start) {
            return;
        }
        let Some((path, mirrored)) = mirroring.mirror() else {
            let can_start = !mirroring.to.trim().is_empty();
            let pressed = ui.add_enabled(can_start, primary(ui, scene.text("mirror-start"))).clicked();
            if (pressed || is_asked) && can_start {
                scene.ask(start);
            }
            return;
        };
        let values = [("events", scene.events(mirrored.events).into()), ("path", path.display().to_string().into())];
        ui.add(Label::new(scene.locale.with("mirror-follows", values)).wrap());
        ui.add_space(8.0);
        let source = Source::from(path.clone());
        ui.horizontal(|ui| {
            if ui.add(primary(ui, scene.text("mirror-open"))).clicked() {
                scene.ask(Action::Open(source));
            }
            if ui.button(scene.text("mirror-stop")).clicked() {
                mirroring.stop();
            }
        });
    });
}

/// Of what an open mirror is one, how far it is, and whether it follows: a press tells all of it and lets it.
pub(super) fn mirror_line_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, notice: &Notice) {
    let colours = palette(ui);
    let state = store.kept_up.as_ref().map(crate::engine::MirrorWork::state);
    let origin = || ("origin", store.origin().unwrap_or_default().to_owned().into());
    let (sentence, ink) = match &state {
        Some(MirrorState::Following(mirrored)) => {
            let values = [origin(), ("behind", grouped(mirrored.standing.behind).into())];
            (scene.locale.with("mirror-following", values), colours.dim)
        }
        Some(MirrorState::CatchingUp) => (scene.locale.with("mirror-catching-up", [origin()]), colours.dim),
        Some(MirrorState::Waiting(_, message)) => (scene.sentence(message), colours.warning),
        Some(MirrorState::Ended(message)) => (scene.sentence(message), colours.danger),
        None => (scene.sentence(&notice.message()), colours.dim),
    };
    let follows = state.as_ref().is_some_and(|state| !matches!(state, MirrorState::Ended(_)));
    let room = ui.available_width() * 0.6;
    ui.scope(|ui| {
        ui.set_max_width(room);
        let button = Button::new(RichText::new(&sentence).color(ink)).frame(false).truncate();
        let (line, _) = MenuButton::from_button(button).ui(ui, |ui| {
            ui.set_max_width(420.0);
            ui.add(Label::new(&sentence).wrap());
            ui.add_space(6.0);
            let name = if follows { "mirror-stop" } else { "mirror-follow" };
            if ui.button(scene.text(name)).clicked() {
                scene.ask(Action::KeepUp(!follows));
                ui.close();
            }
        });
        line.on_hover_text(&sentence);
    });
}
