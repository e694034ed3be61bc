//! What the main screens look like, in both themes and both languages, against pictures that somebody looked at.
//!
//! `tests/pictures` draws them all anew after a wanted change; look at what `git diff` then shows before it is
//! committed. A test that fails leaves `NAME.new.png` and `NAME.diff.png` beside the picture.

mod animation;
mod painter;
mod stage;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use egui::Key;
use egui_kittest::{SnapshotOptions, try_image_snapshot_options};
use foldline::command::Command;
use foldline::view::{Pane, ToolName};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, RgbaImage};

use crate::stage::{Look, Stage};

const SIZE: [f32; 2] = [1280.0, 800.0];
const LARGE: [f32; 2] = [1920.0, 1080.0];

/// What rounding may differ by where a processor has other instructions: less than two of 255 steps of grey. A line
/// that moved by one pixel differs by far more.
const TOLERANCE: f32 = 2.0;

struct Screen {
    name: &'static str,
    /// Where its pictures are: those that the README shows are assets, the others are only compared.
    folder: &'static str,
    looks: &'static [Look],
    open: fn(Look) -> Stage,
}

const COMPARED: &str = "tests/window/snapshots";
const SHOWN: &str = "assets/screenshots";

/// Of what the README walks through, one picture in each theme and language is enough.
const DARK_AND_KOREAN: [Look; 2] = [Look::ALL[0], Look::ALL[3]];

const SCREENS: [Screen; 14] = [
    Screen { name: "welcome", folder: COMPARED, looks: &Look::ALL, open: |look| Stage::welcome(look, SIZE) },
    Screen { name: "lead", folder: SHOWN, looks: &Look::ALL, open: |look| Stage::at(look, SIZE, "lead-1", 5) },
    Screen {
        name: "lead-large",
        folder: SHOWN,
        looks: &[Look::ALL[0]],
        open: |look| Stage::at(look, LARGE, "lead-1", 5),
    },
    Screen { name: "ticket", folder: COMPARED, looks: &Look::ALL, open: without_streams },
    Screen { name: "compare", folder: SHOWN, looks: &Look::ALL, open: comparing },
    Screen { name: "lanes", folder: SHOWN, looks: &DARK_AND_KOREAN, open: with_lanes },
    Screen { name: "causes", folder: SHOWN, looks: &DARK_AND_KOREAN, open: tracing },
    Screen { name: "why", folder: SHOWN, looks: &DARK_AND_KOREAN, open: asking_why },
    Screen { name: "what-if", folder: SHOWN, looks: &DARK_AND_KOREAN, open: branching },
    Screen { name: "compensate", folder: SHOWN, looks: &Look::ALL, open: compensating },
    Screen { name: "palette", folder: COMPARED, looks: &Look::ALL, open: finding },
    Screen { name: "keys", folder: COMPARED, looks: &Look::ALL, open: listing_keys },
    Screen { name: "search", folder: COMPARED, looks: &Look::ALL, open: searching },
    Screen { name: "settings", folder: COMPARED, looks: &Look::ALL, open: setting },
];

/// A ticket, in the room that the list of streams leaves when it is folded.
fn without_streams(look: Look) -> Stage {
    let mut stage = Stage::at(look, SIZE, "ticket-1", 3);
    stage.run(Command::Fold(Pane::Streams));
    stage
}

fn comparing(look: Look) -> Stage {
    let mut stage = Stage::at(look, SIZE, "lead-1", 2);
    stage.press(Key::A);
    stage.press(Key::End);
    stage.press(Key::ArrowLeft);
    stage.press(Key::B);
    stage.press(Key::D);
    stage
}

/// The draft that would take back a correction of a name, signed.
fn compensating(look: Look) -> Stage {
    let mut stage = Stage::at(look, SIZE, "lead-1", 3);
    stage.run(Command::ToggleWriting);
    stage.click("writing-allow");
    stage.run(Command::Compensate);
    stage.type_into("compensate-actor", "kim@example.com");
    stage.type_into("compensate-reason", "the first spelling was right");
    stage
}

/// A text, a number and a condition along the stream.
fn with_lanes(look: Look) -> Stage {
    let mut stage = Stage::at(look, SIZE, "lead-1", 5);
    for lane in ["status", "contacts", "contacts > 1"] {
        stage.press(Key::L);
        stage.strike(lane);
        stage.press(Key::Enter);
    }
    stage
}

/// What led to an event, and what it led to in other streams.
fn tracing(look: Look) -> Stage {
    let mut stage = Stage::at(look, SIZE, "lead-1", 5);
    stage.run(Command::Causes);
    stage
}

/// Which events a value needs, and what alone would be enough for it.
fn asking_why(look: Look) -> Stage {
    let mut stage = Stage::at(look, SIZE, "lead-1", 6);
    stage.run(Command::Tool(ToolName::Reasons));
    stage.type_into("why-field", "contacts");
    stage.press(Key::Enter);
    stage
}

/// A correction left out, and a payment that failed inserted: a rule that this breaks, and two lines that part.
fn branching(look: Look) -> Stage {
    let mut stage = Stage::at(look, SIZE, "lead-1", 3);
    stage.run(Command::WhatIf);
    stage.click("branch-add");
    stage.click("branch-skip");
    stage.press(Key::ArrowRight);
    stage.press(Key::ArrowRight);
    stage.click("branch-add");
    stage.click("branch-insert");
    stage.type_into("compensate-type", "payment-failed");
    stage.click("branch-done");
    stage.press(Key::ArrowRight);
    stage
}

fn finding(look: Look) -> Stage {
    let mut stage = Stage::at(look, SIZE, "lead-1", 5);
    stage.open_palette_with("lead-1");
    stage
}

fn listing_keys(look: Look) -> Stage {
    let mut stage = Stage::at(look, SIZE, "lead-1", 5);
    stage.press(Key::F1);
    stage
}

/// What a search through the whole store finds.
fn searching(look: Look) -> Stage {
    let mut stage = Stage::at(look, SIZE, "lead-1", 5);
    stage.run(Command::SearchEvents);
    stage.type_into("activity-search", "misspelt");
    stage.press(Key::Enter);
    stage
}

fn setting(look: Look) -> Stage {
    let mut stage = Stage::at(look, SIZE, "lead-1", 5);
    stage.run(Command::Settings);
    stage
}

fn in_house(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

/// Draws a screen in each of its looks and compares; what differs is told all at once.
#[track_caller]
fn check(name: &str) {
    let screen = SCREENS.iter().find(|screen| screen.name == name).expect("a screen of the list");
    let folder = in_house(screen.folder);
    let is_drawn_anew = std::env::var_os("DRAW_ANEW").is_some();
    let options = SnapshotOptions::new().threshold(TOLERANCE).output_path(&folder);
    let mut faults = Vec::new();
    for look in screen.looks {
        let picture = (screen.open)(*look).picture();
        assert_eq!(holes(&picture), 0, "{name}-{}: pixels that nothing was drawn on", look.name());
        let name = format!("{name}-{}", look.name());
        if is_drawn_anew {
            keep(&picture, &folder.join(format!("{name}.png")));
        }
        let compared = try_image_snapshot_options(&picture, name, &options);
        faults.extend(compared.err().map(|fault| fault.to_string()));
    }
    assert!(faults.is_empty(), "after a wanted change run tests/pictures\n{}", faults.join("\n"));
}

/// Without the layer of transparency, which is full everywhere, and packed as well as the format can: these are kept
/// with the sources.
fn keep(picture: &RgbaImage, path: &Path) {
    let file = std::fs::File::create(path).expect("the picture's file");
    let encoder = PngEncoder::new_with_quality(file, CompressionType::Best, FilterType::Adaptive);
    DynamicImage::ImageRgba8(picture.clone()).to_rgb8().write_with_encoder(encoder).expect("the picture written");
}

fn holes(picture: &RgbaImage) -> usize {
    picture.pixels().filter(|pixel| pixel.0[3] != 255).count()
}

/// The first and the last pixel, line by line from the top, that are not the same in both.
fn where_they_differ(one: &RgbaImage, other: &RgbaImage) -> Option<[(u32, u32); 2]> {
    let differs = |place: &(u32, u32)| one.get_pixel(place.0, place.1) != other.get_pixel(place.0, place.1);
    let mut places = (0..one.height()).flat_map(|y| (0..one.width()).map(move |x| (x, y)));
    let first = places.find(differs)?;
    Some([first, places.rfind(differs).unwrap_or(first)])
}

#[test]
fn welcome() {
    check("welcome");
}

#[test]
fn a_lead_at_a_version() {
    check("lead");
}

#[test]
fn a_lead_in_a_large_window() {
    check("lead-large");
}

#[test]
fn a_ticket_at_a_version() {
    check("ticket");
}

#[test]
fn two_versions_beside_each_other() {
    check("compare");
}

#[test]
fn lanes_below_the_events() {
    check("lanes");
}

#[test]
fn causes_and_effects_across_streams() {
    check("causes");
}

#[test]
fn why_a_value_is_so() {
    check("why");
}

#[test]
fn a_branch_beside_history() {
    check("what-if");
}

#[test]
fn a_correction_before_it_is_written() {
    check("compensate");
}

#[test]
fn the_palette() {
    check("palette");
}

#[test]
fn the_keys() {
    check("keys");
}

#[test]
fn what_a_search_finds() {
    check("search");
}

#[test]
fn the_settings() {
    check("settings");
}

#[test]
fn the_animation_begins_as_it_is_drawn_now() {
    let path = in_house(SHOWN).join(animation::NAME);
    let is_drawn_anew = std::env::var_os("DRAW_ANEW").is_some();
    let pictures = animation::draw(if is_drawn_anew { animation::FRAMES } else { 1 });
    if is_drawn_anew {
        animation::write(&pictures, &path);
    }
    let (count, first) = animation::read(&path);
    assert_eq!(count, animation::FRAMES);
    assert!(std::fs::metadata(&path).expect("the file").len() < animation::MOST_BYTES, "it takes long to come");
    assert_eq!(where_they_differ(&first, &pictures[0]), None, "after a wanted change run tests/pictures");
}

#[test]
fn the_same_screen_is_drawn_the_same_twice_and_another_differently() {
    let [dark, light, ..] = Look::ALL;
    let draw = |look, version| Stage::at(look, SIZE, "lead-1", version).picture();
    let once = draw(dark, 4);
    assert_eq!(where_they_differ(&once, &draw(dark, 4)), None, "the pictures change by themselves");
    assert!(where_they_differ(&once, &draw(dark, 5)).is_some(), "another version looks the same");
    assert!(where_they_differ(&once, &draw(light, 4)).is_some(), "the other theme looks the same");
}

#[test]
fn no_picture_is_left_of_a_screen_that_is_gone() {
    for folder in [COMPARED, SHOWN] {
        let of_folder = SCREENS.iter().filter(|screen| screen.folder == folder);
        let wanted: BTreeSet<String> = of_folder
            .flat_map(|screen| screen.looks.iter().map(|look| format!("{}-{}.png", screen.name, look.name())))
            .collect();
        let animation = (folder == SHOWN).then(|| animation::NAME.to_owned());
        let wanted: BTreeSet<String> = wanted.into_iter().chain(animation).collect();
        let entries = std::fs::read_dir(in_house(folder)).expect("the folder of pictures");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let is_fault_report =
            |name: &String| [".new.png", ".diff.png", ".old.png"].iter().any(|end| name.ends_with(end));
        let found: BTreeSet<String> = names.filter(|name| !is_fault_report(name)).collect();
        assert_eq!(found, wanted, "in {folder}");
    }
}
