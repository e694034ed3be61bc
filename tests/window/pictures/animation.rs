//! The first picture of the README: a hand that drags the cursor along a lead's timeline, as an animated PNG.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use image::RgbaImage;
use png::{BitDepth, BlendOp, ColorType, Compression, Decoder, DisposeOp, Encoder};

use crate::stage::{Look, Stage};

pub(crate) const NAME: &str = "scrubbing.png";

/// So that a page that shows it is there at once.
pub(crate) const MOST_BYTES: u64 = 2_000_000;

const SIZE: [f32; 2] = [1280.0, 800.0];

/// A lead with a history worth scrubbing, and its last version.
const STREAM: &str = "lead-4";
const LAST: usize = 30;

/// Where the hand goes, and how long each picture stays, in milliseconds.
const STEPS: [(usize, u16); 20] = [
    (30, 1_200),
    (28, 110),
    (26, 110),
    (24, 110),
    (22, 110),
    (20, 110),
    (18, 110),
    (16, 110),
    (14, 110),
    (12, 110),
    (10, 110),
    (8, 110),
    (6, 110),
    (5, 130),
    (4, 130),
    (3, 1_000),
    (4, 130),
    (6, 110),
    (8, 110),
    (10, 1_400),
];

pub(crate) const FRAMES: usize = STEPS.len();

/// The first so many pictures.
pub(crate) fn draw(count: usize) -> Vec<RgbaImage> {
    let mut stage = Stage::at(Look::ALL[0], SIZE, STREAM, LAST);
    stage.take_the_cursor(LAST, LAST);
    let picture = |(version, _): &(usize, u16)| {
        stage.drag_the_cursor_to(*version, LAST);
        stage.picture()
    };
    STEPS.iter().take(count).map(picture).collect()
}

pub(crate) fn write(pictures: &[RgbaImage], path: &Path) {
    let [width, height] = SIZE.map(|side| side as u32);
    let mut encoder = Encoder::new(BufWriter::new(File::create(path).expect("the file")), width, height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    encoder.set_animated(pictures.len() as u32, 0).expect("an animation");
    let mut writer = encoder.write_header().expect("a header");
    let mut before: Option<&RgbaImage> = None;
    for (picture, (_, millis)) in pictures.iter().zip(STEPS) {
        writer.set_frame_delay(millis, 1_000).expect("a delay");
        writer.set_dispose_op(DisposeOp::None).expect("what becomes of it");
        writer.set_blend_op(if before.is_some() { BlendOp::Over } else { BlendOp::Source }).expect("how it is laid");
        writer.write_image_data(&what_differs(picture, before)).expect("a picture");
        before = Some(picture);
    }
    writer.finish().expect("the end");
}

/// A picture with nothing where it is as the one before: that takes next to no room.
fn what_differs(picture: &RgbaImage, before: Option<&RgbaImage>) -> Vec<u8> {
    let Some(before) = before else { return picture.as_raw().clone() };
    let pixels = picture.pixels().zip(before.pixels());
    pixels.flat_map(|(pixel, before)| if pixel == before { [0; 4] } else { pixel.0 }).collect()
}

/// How many pictures a file has, and the first of them.
pub(crate) fn read(path: &Path) -> (usize, RgbaImage) {
    let file = File::open(path).expect("the animation; tests/pictures draws it");
    let mut reader = Decoder::new(BufReader::new(file)).read_info().expect("a PNG");
    let count = reader.info().animation_control().map_or(1, |control| control.num_frames as usize);
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut bytes).expect("a picture");
    (count, RgbaImage::from_raw(info.width, info.height, bytes).expect("as large as it says"))
}
