use egui::{
    Align, Button, ColorImage, Layout, Margin, Rect, RichText, ScrollArea, Sense, TextEdit, TextureHandle, Ui, pos2,
    vec2,
};

use super::Scene;
use super::dialog::{Dialog, take_first_focus};
use super::ends::ends_ui;
use super::icons::{Icon, icon_button};
use super::parts::{caption, card, cut, is_entered, progress_ui};
use crate::command::{Action, Command};
use crate::engine::Progress;
use crate::event::{Message, Timestamp};
use crate::store::Source;
use crate::theme::palette;
use crate::view::SampleDomain;

/// A store that was open before, and what was known of it then.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecentStore {
    /// As it is opened again.
    pub name: String,
    /// Empty where the store was never counted.
    pub framework: String,
    pub streams: u64,
    pub events: u64,
    pub opened_at: Option<Timestamp>,
    /// Its file is not there any more.
    pub is_gone: bool,
}

/// A path or an address that is being typed, and what came of the last try.
#[derive(Debug, Default)]
pub struct TypedPath {
    pub text: String,
    /// Why it did not open.
    pub error: Option<Message>,
    /// The focus is to go back to the field.
    pub wants_focus: bool,
    /// How far the opening is, while it goes on.
    pub progress: Option<Progress>,
}

const WIDTH: f32 = 560.0;
const MARK: f32 = 56.0;
const RECENT_HEIGHT: f32 = 46.0;

/// Nothing is open: where one was lately, what can be opened, and one click to something worth looking at.
pub fn welcome_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    typed: &mut TypedPath,
    recent: &[RecentStore],
    progress: Option<&Progress>,
) {
    let colours = palette(ui);
    ScrollArea::vertical().id_salt("welcome").auto_shrink(false).show(ui, |ui| {
        let width = WIDTH.min(ui.available_width() - 32.0);
        ui.vertical_centered(|ui| {
            ui.add_space((ui.available_height() * 0.08).clamp(16.0, 96.0));
            mark_ui(ui);
            ui.add_space(8.0);
            ui.label(RichText::new(scene.text("app-name")).heading().size(28.0));
            ui.label(RichText::new(scene.text("tagline")).color(colours.dim));
            ui.add_space(20.0);
            ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                ui.set_width(width);
                if !recent.is_empty() {
                    caption(ui, &scene.text("welcome-recent"));
                    ui.add_space(4.0);
                    card(ui, |ui| {
                        ui.spacing_mut().item_spacing.y = 0.0;
                        for store in recent {
                            recent_ui(ui, scene, store);
                        }
                    });
                    ui.add_space(16.0);
                }
                card(ui, |ui| {
                    egui::Frame::new().inner_margin(Margin::same(20)).show(ui, |ui| {
                        // However short what is in it: the card stands under the middle of the mark.
                        ui.set_width(ui.available_width());
                        sample_ui(ui, scene, progress);
                        ui.add_space(20.0);
                        open_ui(ui, scene, typed);
                    });
                });
                ui.add_space(24.0);
            });
        });
    });
}

/// The program's mark, read once.
fn mark_ui(ui: &mut Ui) {
    const PNG: &[u8] = include_bytes!("../../assets/icons/128.png");
    let id = egui::Id::unique("mark of the program");
    let known: Option<TextureHandle> = ui.data(|data| data.get_temp(id));
    let texture = known.or_else(|| {
        let icon = eframe::icon_data::from_png_bytes(PNG).ok()?;
        let size = [icon.width as usize, icon.height as usize];
        let image = ColorImage::from_rgba_unmultiplied(size, &icon.rgba);
        let texture = ui.ctx().load_texture("mark", image, egui::TextureOptions::LINEAR);
        ui.data_mut(|data| data.insert_temp(id, texture.clone()));
        Some(texture)
    });
    let (rect, _) = ui.allocate_exact_size(vec2(MARK, MARK), Sense::hover());
    if let Some(texture) = texture {
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture.id(), rect, whole, egui::Color32::WHITE);
    }
}

/// A store that was open before: its name, what it was, and a way to take it off the list.
fn recent_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &RecentStore) {
    let colours = palette(ui);
    let source = Source::parse(&store.name);
    let title = source.name();
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), RECENT_HEIGHT), Sense::hover());
    let (main, side) = rect.split_left_right_at_x(rect.right() - 44.0);
    let response = ui.interact(main, ui.scope_id().with(("recent", &store.name)), Sense::click());
    let about = about(scene, store);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("{title}, {about}")));
    if response.contains_pointer() || response.has_focus() {
        ui.painter().rect_filled(rect, 0.0, colours.raised);
    }
    let inside = main.shrink2(vec2(16.0, 5.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(inside).layout(Layout::top_down(Align::Min)), |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(at) = store.opened_at {
                    ui.label(RichText::new(scene.zone.day(at)).size(11.5).color(colours.dim));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let ink = if store.is_gone { colours.dim } else { colours.text };
                    cut(ui, RichText::new(&title).color(ink));
                });
            });
        });
        let ink = if store.is_gone { colours.warning } else { colours.dim };
        cut(ui, RichText::new(&about).size(11.5).color(ink));
    });
    ui.scope_builder(
        egui::UiBuilder::new().max_rect(side).layout(Layout::centered_and_justified(egui::Direction::LeftToRight)),
        |ui| {
            let name = scene.locale.with("welcome-forget", [("store", title.clone().into())]);
            if icon_button(ui, Icon::Cross, &name).clicked() {
                scene.ask(Action::ForgetStore(store.name.clone()));
            }
        },
    );
    if response.on_hover_text(&store.name).clicked() {
        scene.ask(Action::Open(source));
    }
}

fn about(scene: &Scene<'_>, store: &RecentStore) -> String {
    let place = Source::parse(&store.name).to_string();
    if store.is_gone {
        return scene.locale.with("welcome-gone", [("place", place.into())]);
    }
    if store.framework.is_empty() {
        return place;
    }
    let values = [
        ("framework", store.framework.clone().into()),
        ("streams", scene.streams(store.streams).into()),
        ("events", scene.events(store.events).into()),
        ("place", place.into()),
    ];
    scene.locale.with("welcome-about", values)
}

/// The same field, while a store is open. Stays until one has opened, with what is wrong at the field.
pub fn open_dialog_ui(ui: &mut Ui, scene: &mut Scene<'_>, typed: &mut TypedPath, is_open: &mut bool) {
    let title = scene.text("open-address");
    let actions = scene.actions.len();
    Dialog::new("open", &title, 520.0).show(ui, scene, is_open, |ui, scene| {
        open_ui(ui, scene, typed);
        if typed.progress.as_ref().is_some_and(|progress| progress_ui(ui, scene, progress)) {
            scene.ask(Action::CancelLoading);
        }
    });
    let chooses_file = |action: &Action| matches!(action, Action::Run(Command::OpenFile));
    if scene.actions.get(actions..).is_some_and(|asked| asked.iter().any(chooses_file)) {
        *is_open = false;
    }
}

fn sample_ui(ui: &mut Ui, scene: &mut Scene<'_>, progress: Option<&Progress>) {
    let colours = palette(ui);
    ui.horizontal(|ui| {
        let text = RichText::new(scene.text("explore-sample")).color(colours.on_accent).strong();
        let button = Button::new(text).fill(colours.accent).min_size(vec2(0.0, 32.0));
        if ui.add_enabled(progress.is_none(), button).clicked() {
            scene.run(Command::ExploreSample);
        }
        if progress.is_some_and(|progress| progress_ui(ui, scene, progress)) {
            scene.ask(Action::CancelLoading);
        }
    });
    ui.label(RichText::new(scene.text("welcome-sample-about")).color(colours.dim));
    ui.add_space(2.0);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(scene.text("welcome-samples")).color(colours.dim));
        for (place, domain) in SampleDomain::ALL.into_iter().enumerate() {
            if place > 0 {
                ui.label(RichText::new("·").color(colours.dim));
            }
            let (name, about) = domain_texts(domain);
            let button = Button::new(RichText::new(scene.text(name)).color(colours.accent)).frame(false);
            if ui.add_enabled(progress.is_none(), button).on_hover_text(scene.text(about)).clicked() {
                scene.ask(Action::Explore(domain));
            }
        }
    });
}

/// What a sample is called, and what there is to find in it.
fn domain_texts(domain: SampleDomain) -> (&'static str, &'static str) {
    match domain {
        SampleDomain::Sales => ("domain-sales", "domain-sales-about"),
        SampleDomain::Reservations => ("domain-reservations", "domain-reservations-about"),
        SampleDomain::Bank => ("domain-bank", "domain-bank-about"),
        SampleDomain::Orders => ("domain-orders", "domain-orders-about"),
        SampleDomain::Sensors => ("domain-sensors", "domain-sensors-about"),
    }
}

fn open_ui(ui: &mut Ui, scene: &mut Scene<'_>, typed: &mut TypedPath) {
    let name = caption_of(ui, &scene.text("welcome-path"));
    let (mut is_entered_now, mut is_clicked) = (false, false);
    let type_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
        let hint = scene.text("welcome-path-hint");
        let field = ui.add(TextEdit::singleline(&mut typed.text).hint_text(hint).desired_width(f32::INFINITY));
        let field = field.labelled_by(name);
        take_first_focus(ui, &field);
        if field.changed() {
            typed.error = None;
        }
        if std::mem::take(&mut typed.wants_focus) {
            field.request_focus();
        }
        is_entered_now = is_entered(ui, &field);
    };
    let go_ui = |ui: &mut Ui, scene: &mut Scene<'_>| is_clicked = ui.button(scene.text("welcome-go")).clicked();
    ui.horizontal(|ui| ends_ui(ui, scene, "path", type_ui, go_ui));
    if (is_entered_now || is_clicked) && !typed.text.trim().is_empty() {
        typed.error = None;
        scene.ask(Action::Open(Source::parse(typed.text.trim())));
    }
    if let Some(error) = &typed.error {
        let danger = palette(ui).danger;
        ui.add(egui::Label::new(RichText::new(scene.sentence(error)).size(11.5).color(danger)).wrap());
    }
    ui.horizontal(|ui| {
        if ui.button(scene.text("open-file")).clicked() {
            scene.run(Command::OpenFile);
        }
        let dim = palette(ui).dim;
        ui.label(RichText::new(scene.text("welcome-drop")).color(dim));
    });
    ui.add_space(6.0);
    let dim = palette(ui).dim;
    ui.add(egui::Label::new(RichText::new(scene.text("welcome-formats")).size(11.5).color(dim)).wrap());
}

/// A caption that names the field below it for whoever cannot see the two together.
fn caption_of(ui: &mut Ui, text: &str) -> egui::Id {
    let dim = palette(ui).dim;
    ui.label(RichText::new(text).size(11.5).color(dim)).id
}
