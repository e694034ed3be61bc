use egui::containers::menu::MenuButton;
use egui::{Button, Rect, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::command::{Action, BranchAction, Command};
use crate::event::Version;
use crate::replay::MadeSo;
use crate::theme::palette;
use crate::ui::Scene;
use crate::ui::ends::ends_ui;
use crate::ui::icons::{Icon, icon};
use crate::ui::parts::{cut, link, named_field, shortened};
use crate::ui::refusal;
use crate::view::{BranchWish, OpenBranch, OpenStore};

pub const STRIP_HEIGHT: f32 = 40.0;

/// Narrower than this, the strip says only what must be said.
const NARROW: f32 = 760.0;

/// What says that this is not history: the branch's name, how it stands to history, and the ways out.
pub fn strip_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let Some(open) = store.branching.open() else { return };
    let colours = palette(ui);
    let width = ui.available_width();
    ui.horizontal_centered(|ui| {
        icon(ui, Icon::Branch, colours.warning);
        let title = scene.text(if width < NARROW { "what-if-short" } else { "what-if-title" });
        ui.label(RichText::new(title).strong().color(colours.warning));
        ends_ui(
            ui,
            scene,
            "what if",
            |ui, scene| {
                name_ui(ui, scene, store, open);
                ui.add_space(4.0);
                if let Some(made) = open.branch.made
                    && link(ui, &made_words(scene, made)).on_hover_text(scene.text("branch-made-about")).clicked()
                {
                    scene.wish(BranchWish::Leave);
                    scene.ask(Action::GoToVersion(Version(made.first)));
                }
                let counts = cut(ui, RichText::new(counts(scene, open)).color(colours.what_if_dim));
                hatch_ui(ui, counts.rect.right() + 16.0);
            },
            |ui, scene| {
                let text = RichText::new(scene.text("make-so")).color(colours.on_accent);
                let why_not = refusal(store, Command::MakeSo).map(|why| scene.text(why));
                let button = ui.add_enabled(why_not.is_none(), Button::new(text).fill(colours.warning));
                let button = button.on_disabled_hover_text(why_not.unwrap_or_default());
                if button.on_hover_text(scene.text("make-so-about")).clicked() {
                    scene.run(Command::MakeSo);
                }
                if ui.button(scene.text("branch-leave")).on_hover_text(scene.text("branch-leave-about")).clicked() {
                    scene.wish(BranchWish::Leave);
                }
            },
        );
    });
}

/// `3 edits · diverges at v3 · 3 rules broken`
fn counts(scene: &Scene<'_>, open: &OpenBranch) -> String {
    let count = open.branch.active().count();
    let mut parts = vec![scene.locale.with("branch-edits", [("count", count.into())])];
    let is_untold = open.is_untold();
    if is_untold {
        parts.push(scene.text("branch-untold"));
    }
    if let Some(folded) = open.folded() {
        match folded.diverges_at() {
            Some(at) => parts.push(scene.locale.with("branch-diverges", [("version", scene.version(&at).into())])),
            None if is_untold => {}
            None => parts.push(scene.text("branch-same")),
        }
        let broken = folded.what_if.broken.len();
        if broken > 0 {
            parts.push(scene.locale.with("branch-broken", [("count", broken.into())]));
        }
    }
    parts.join("  ·  ")
}

/// The branch's name: pressed it can be changed, or another branch be chosen.
fn name_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, open: &OpenBranch) {
    let button = Button::new(RichText::new(shortened(&open.branch.name))).truncate();
    let menu = scene.text("branch-menu");
    ui.scope(|ui| {
        ui.set_max_width(220.0_f32.min(ui.available_width() * 0.5));
        let (response, _) = MenuButton::from_button(button)
            .config(
                egui::containers::menu::MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside),
            )
            .ui(ui, |ui| menu_ui(ui, scene, store, open));
        let spoken = format!("{menu}: {}", shortened(&open.branch.name));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, spoken.clone()));
        response.on_hover_text(menu);
    });
    icon(ui, Icon::Down, palette(ui).warning);
}

fn menu_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, open: &OpenBranch) {
    ui.set_min_width(220.0);
    let mut name = open.branch.name.clone();
    let field = egui::TextEdit::singleline(&mut name).desired_width(f32::INFINITY);
    if named_field(ui, field, &scene.text("branch-name")).changed() {
        scene.wish(BranchWish::Rename(name));
    }
    let mut note = open.branch.note.clone();
    let said = scene.text("branch-note");
    let field = egui::TextEdit::multiline(&mut note).hint_text(&said).desired_rows(2).desired_width(f32::INFINITY);
    if named_field(ui, field, &said).changed() {
        scene.wish(BranchWish::Annotate(note));
    }
    ui.separator();
    for branch in store.branching.of_stream(&open.stream).filter(|branch| branch.id != open.branch.id) {
        let mut button = Button::new(shortened(&branch.name));
        if let Some(made) = branch.made {
            button = button.right_text(RichText::new(made_words(scene, made)).size(11.5).color(palette(ui).dim));
        }
        if ui.add(button).clicked() {
            scene.wish(BranchWish::Enter(branch.id.clone()));
            ui.close();
        }
    }
    for (name, action) in [
        ("branch-new", BranchAction::New),
        ("branch-export", BranchAction::Export),
        ("branch-import", BranchAction::Import),
        ("branch-discard", BranchAction::Wish(BranchWish::Discard)),
    ] {
        if ui.button(scene.text(name)).clicked() {
            scene.ask(Action::Branch(action));
            ui.close();
        }
    }
}

/// By which events a branch was made so.
fn made_words(scene: &Scene<'_>, made: MadeSo) -> String {
    let MadeSo { first, last } = made;
    let versions = if first == last { format!("v{first}") } else { format!("v{first}–v{last}") };
    scene.locale.with("branch-made", [("versions", versions.into())])
}

/// Hatches the free part of the strip, never what is under a text.
fn hatch_ui(ui: &Ui, left: f32) {
    const APART: f32 = 7.0;
    let strip = ui.max_rect();
    let rect = Rect::from_min_max(pos2(left, strip.top() - 8.0), pos2(strip.right() - 8.0, strip.bottom() + 8.0));
    let rect = rect.intersect(ui.clip_rect());
    if rect.width() < 40.0 {
        return;
    }
    let painter = ui.painter().with_clip_rect(rect);
    let stroke = Stroke::new(1.0, palette(ui).what_if_hatch);
    let mut x = rect.left() - rect.height();
    while x < rect.right() {
        painter.line_segment([pos2(x, rect.bottom()), pos2(x + rect.height(), rect.top())], stroke);
        x += APART;
    }
}

/// Round the panels: all inside is what might have been.
pub fn frame_ui(ui: &Ui, space: Rect) {
    let stroke = Stroke::new(2.0, palette(ui).warning);
    ui.painter().rect_stroke(space, 0.0, stroke, StrokeKind::Inside);
}

/// A check box and its text, named for a screen reader by both.
pub(super) fn switch_ui(ui: &mut Ui, is_on: bool, name: &str) -> bool {
    let mut on = is_on;
    let (rect, _) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::hover());
    let response = ui.put(rect, egui::Checkbox::without_text(&mut on));
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_on, name));
    response.on_hover_text(name).clicked()
}
