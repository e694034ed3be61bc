//! Where several events share a place, they are one bar with each type's share of it. A long stream has hundreds of
//! bars with a dozen parts each: they are an image, drawn anew when what it shows changes, and cost a frame two
//! rectangles.

use std::sync::Arc;

use egui::{
    Color32, ColorImage, Id, Mesh, Painter, Pos2, Rect, Shape, TextureHandle, TextureOptions, Ui, lerp, pos2, vec2,
};

use super::marks::HEIGHT;
use super::track::Track;
use crate::theme::FAINT;
use crate::view::{Column, LANES, StreamView};

/// How much higher than one mark a bar is: by time the more the more events there are.
const TALLER: f32 = 8.0;

/// So much of a bar may lie beyond the ends of the line.
const BEYOND: f32 = 8.0;

/// The bars of a line, above each other as they are and as they are behind the cursor.
#[derive(Clone)]
struct Kept {
    key: Key,
    texture: TextureHandle,
}

/// What an image of bars was drawn from.
#[derive(Clone, PartialEq)]
struct Key {
    columns: Kin,
    hues: Vec<Color32>,
    panel: Color32,
    size: [usize; 2],
    is_by_time: bool,
}

/// The very columns: they are kept for as long as they stay what they are.
#[derive(Clone)]
struct Kin(Arc<Vec<Column>>);

impl PartialEq for Kin {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

pub(super) fn bars_ui(ui: &Ui, painter: &Painter, track: &Track<'_>, view: &StreamView, columns: &Arc<Vec<Column>>) {
    if columns.iter().all(|column| column.is_alone) {
        return;
    }
    let colours = track.colours;
    let scale = ui.pixels_per_point();
    let names = track.line.types().names();
    let room = Rect::from_center_size(
        pos2(track.rect.center().x, track.y()),
        vec2(track.rect.width() + 2.0 * BEYOND, HEIGHT + TALLER),
    );
    let pixels = |points: f32| (points * scale).round().max(1.0);
    let (width, height) = (pixels(room.width()), pixels(room.height()));
    let key = Key {
        columns: Kin(columns.clone()),
        hues: names.iter().map(|name| colours.sign(view.sign_of(name.as_str())).hue).collect(),
        panel: colours.panel,
        size: [width as usize, height as usize],
        is_by_time: track.line.is_by_time(),
    };
    let id = Id::unique("bars of the timeline");
    let kept = ui.data(|data| data.get_temp::<Kept>(id));
    let texture = match kept {
        Some(kept) if kept.key == key => kept.texture,
        kept => {
            let image = image(&key, scale, colours.faint);
            let texture = match kept {
                Some(Kept { mut texture, .. }) => {
                    texture.set(image, TextureOptions::NEAREST);
                    texture
                }
                None => ui.ctx().load_texture("bars of the timeline", image, TextureOptions::NEAREST),
            };
            ui.data_mut(|data| data.insert_temp(id, Kept { key, texture: texture.clone() }));
            texture
        }
    };
    // A texel for a pixel.
    let on_pixel = |at: Pos2| pos2((at.x * scale).round() / scale, (at.y * scale).round() / scale);
    let room = Rect::from_min_size(on_pixel(room.min), vec2(width, height) / scale);
    let here = (track.x_of(track.cursor) * scale).round() / scale;
    let mut mesh = Mesh::with_texture(texture.id());
    let mut part = |from: f32, to: f32, top: f32| {
        if from < to {
            let u = |x: f32| (x - room.left()) / room.width();
            let uv = Rect::from_min_max(pos2(u(from), top), pos2(u(to), top + 0.5));
            mesh.add_rect_with_uv(Rect::from_x_y_ranges(from..=to, room.y_range()), uv, Color32::WHITE);
        }
    };
    let turn = here.clamp(room.left(), room.right());
    part(room.left(), turn, 0.0);
    part(turn, room.right(), 0.5);
    painter.add(Shape::mesh(mesh));
}

/// Opaque where there is a bar, so that what lies under it doesn't change its colours. The lower half is faint.
fn image(key: &Key, scale: f32, other: Color32) -> ColorImage {
    let Key { columns: Kin(columns), hues, panel, size: [width, height], is_by_time } = key;
    let mut image = ColorImage::filled([*width, 2 * height], Color32::TRANSPARENT);
    let most = columns.iter().map(|column| column.count).max().unwrap_or(1).max(2) as f32;
    for column in columns.iter().filter(|column| !column.is_alone) {
        let taller = match column.count {
            0 | 1 => 0.0,
            count if *is_by_time => TALLER * (count as f32).ln() / most.ln(),
            _ => TALLER,
        };
        let middle = column.x + BEYOND;
        let pixel = |points: f32| (points * scale).round().max(0.0) as usize;
        let left = pixel(middle - column.width / 2.0);
        let right = pixel(middle + column.width / 2.0).max(left + 1).min(*width);
        let tall = pixel(HEIGHT + taller).clamp(1, *height);
        let bottom = usize::midpoint(*height, tall);
        let strength = if column.is_left_out { FAINT } else { 1.0 };
        let hue = |lane: usize| hues.get(lane).copied().unwrap_or(other);
        let mut at = 0;
        for (lane, end) in ends(&column.counts, tall) {
            for (half, strength) in [(0, strength), (1, strength * FAINT)] {
                let colour = mix(*panel, hue(lane), strength);
                for row in bottom.saturating_sub(end)..bottom.saturating_sub(at) {
                    let begin = (half * height + row) * width;
                    if let Some(pixels) = image.pixels.get_mut(begin + left.min(right)..begin + right) {
                        pixels.fill(colour);
                    }
                }
            }
            at = end;
        }
    }
    image
}

/// How far up, in pixels, the share of each type reaches. Each that is there is seen, however few there are of it, for as
/// long as there is room for all.
fn ends(counts: &[u32; LANES], tall: usize) -> impl Iterator<Item = (usize, usize)> {
    let all = counts.iter().sum::<u32>().max(1) as f32;
    let there = counts.iter().filter(|count| **count > 0).count();
    let least = (tall as f32 / there.max(1) as f32).min(1.0);
    let room = tall as f32 - least * there as f32;
    let mut end = 0.0;
    counts.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(lane, count)| {
        end += least + room * (*count as f32 / all);
        (lane, (end.round() as usize).min(tall))
    })
}

fn mix(ground: Color32, ink: Color32, strength: f32) -> Color32 {
    let part = |ground: u8, ink: u8| lerp(f32::from(ground)..=f32::from(ink), strength).round() as u8;
    Color32::from_rgb(part(ground.r(), ink.r()), part(ground.g(), ink.g()), part(ground.b(), ink.b()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(counts: &[u32], is_left_out: bool) -> Column {
        let mut all = [0; LANES];
        all.iter_mut().zip(counts).for_each(|(to, from)| *to = *from);
        let count = counts.iter().sum::<u32>() as usize;
        Column { x: 4.0, width: 2.0, first: 0, count, counts: all, is_left_out, is_alone: false }
    }

    fn drawn(column: Column) -> ColorImage {
        let hues = vec![Color32::RED, Color32::GREEN, Color32::BLUE];
        let (columns, size) = (Kin(Arc::new(vec![column])), [24, 22]);
        image(&Key { columns, hues, panel: Color32::BLACK, size, is_by_time: false }, 1.0, Color32::GRAY)
    }

    fn counted(image: &ColorImage, colour: Color32) -> usize {
        image.pixels.iter().filter(|pixel| **pixel == colour).count()
    }

    #[test]
    fn each_type_that_is_there_is_seen_in_its_share_of_the_bar() {
        let image = drawn(column(&[1, 1_000, 100], false));
        let [red, green, blue] = [Color32::RED, Color32::GREEN, Color32::BLUE].map(|hue| counted(&image, hue));
        assert!(red >= 2, "one in a thousand is not seen");
        assert!(green > 5 * blue && blue > red, "{red} {green} {blue}");
        assert_eq!(red + green + blue, 2 * 22, "a bar two points wide and as high as there is room");
    }

    #[test]
    fn behind_the_cursor_and_left_out_a_bar_is_faint_and_still_opaque() {
        let image = drawn(column(&[5], true));
        let faint = |strength: f32| mix(Color32::BLACK, Color32::RED, strength);
        assert_eq!(counted(&image, faint(FAINT)), 2 * 22);
        assert_eq!(counted(&image, faint(FAINT * FAINT)), 2 * 22);
        assert_eq!(counted(&image, Color32::TRANSPARENT), 24 * 44 - 4 * 22, "nothing else is painted");
    }
}
