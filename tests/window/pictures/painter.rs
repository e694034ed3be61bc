//! Draws what egui hands over, in software and in whole numbers wherever a pixel is won or lost: the same picture on
//! every machine, with no graphics card, driver or display.

use std::collections::HashMap;

use egui::epaint::{ImageData, ImageDelta, Mesh, Primitive, Vertex};
use egui::{ColorImage, Rect, TextureId, TexturesDelta};
use egui_kittest::TestRenderer;
use image::RgbaImage;

/// Corners are rounded to this part of a pixel, as graphics cards do.
const STEPS: i64 = 256;

#[derive(Default)]
pub(crate) struct Painter {
    textures: HashMap<TextureId, ColorImage>,
}

impl TestRenderer for Painter {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        for (id, images) in delta.set.drain() {
            images.into_iter().for_each(|image| self.take_image(id, &image));
        }
        for id in delta.free.drain() {
            self.textures.remove(&id);
        }
    }

    fn render(&mut self, ctx: &egui::Context, output: &egui::FullOutput) -> Result<RgbaImage, String> {
        let scale = ctx.pixels_per_point();
        let size = ctx.content_rect().size() * scale;
        let mut canvas = RgbaImage::new(size.x.round() as u32, size.y.round() as u32);
        for clipped in ctx.tessellate(output.shapes.clone(), scale) {
            let Primitive::Mesh(mesh) = clipped.primitive else {
                return Err("a shape that only a graphics card can draw".to_owned());
            };
            let texture = self.textures.get(&mesh.texture_id).ok_or("a texture that never came")?;
            draw_mesh(&mut canvas, &mesh, texture, clipped.clip_rect, scale);
        }
        Ok(canvas)
    }
}

impl Painter {
    fn take_image(&mut self, id: TextureId, delta: &ImageDelta) {
        let ImageData::Color(image) = &delta.image;
        let Some([left, top]) = delta.pos else {
            self.textures.insert(id, ColorImage::clone(image));
            return;
        };
        let Some(whole) = self.textures.get_mut(&id) else { return };
        let (width, part_width) = (whole.size[0], image.size[0]);
        for (row, pixels) in image.pixels.chunks_exact(part_width).enumerate() {
            let start = (top + row) * width + left;
            whole.pixels[start..start + part_width].copy_from_slice(pixels);
        }
    }
}

/// The pixels that may be drawn on, ends excluded.
#[derive(Clone, Copy)]
struct Window {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

fn draw_mesh(canvas: &mut RgbaImage, mesh: &Mesh, texture: &ColorImage, clip: Rect, scale: f32) {
    let within = |value: f32, end: u32| (i64::from((value * scale).round() as i32)).clamp(0, i64::from(end));
    let window = Window {
        left: within(clip.min.x, canvas.width()),
        top: within(clip.min.y, canvas.height()),
        right: within(clip.max.x, canvas.width()),
        bottom: within(clip.max.y, canvas.height()),
    };
    for corners in mesh.indices.chunks_exact(3) {
        let corners = [corners[0], corners[1], corners[2]].map(|index| mesh.vertices[index as usize]);
        draw_triangle(canvas, corners, texture, window, scale);
    }
}

/// A corner's place in parts of a pixel.
type Place = (i64, i64);

/// Twice the area left of the line from `a` to `b` as seen from `p`: above nought inside.
fn side(a: Place, b: Place, p: Place) -> i64 {
    (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0)
}

/// A pixel on an edge that two triangles share belongs to the one below or to the right of it, and so to only one.
fn owns_its_points(a: Place, b: Place) -> bool {
    (a.1 == b.1 && b.0 > a.0) || b.1 < a.1
}

fn draw_triangle(canvas: &mut RgbaImage, mut corners: [Vertex; 3], texture: &ColorImage, window: Window, scale: f32) {
    let place = |vertex: &Vertex| {
        let part = |value: f32| (value * scale * STEPS as f32).round() as i64;
        (part(vertex.pos.x), part(vertex.pos.y))
    };
    let mut places = [place(&corners[0]), place(&corners[1]), place(&corners[2])];
    let mut area = side(places[0], places[1], places[2]);
    if area == 0 {
        return;
    }
    if area < 0 {
        corners.swap(1, 2);
        places.swap(1, 2);
        area = -area;
    }
    let edges = [(places[1], places[2]), (places[2], places[0]), (places[0], places[1])];
    let least = edges.map(|(a, b)| i64::from(!owns_its_points(a, b)));
    let [xs, ys] = [places.map(|place| place.0), places.map(|place| place.1)];
    let low = |values: [i64; 3]| values.into_iter().fold(i64::MAX, i64::min).div_euclid(STEPS);
    let high = |values: [i64; 3]| values.into_iter().fold(i64::MIN, i64::max).div_euclid(STEPS) + 1;
    let ink = Ink::new(&corners, texture);
    for y in low(ys).max(window.top)..high(ys).min(window.bottom) {
        for x in low(xs).max(window.left)..high(xs).min(window.right) {
            let middle = (x * STEPS + STEPS / 2, y * STEPS + STEPS / 2);
            let sides = edges.map(|(a, b)| side(a, b, middle));
            if sides[0] >= least[0] && sides[1] >= least[1] && sides[2] >= least[2] {
                let shares = sides.map(|side| side as f32 / area as f32);
                blend(&mut canvas.get_pixel_mut(x as u32, y as u32).0, ink.at(shares));
            }
        }
    }
}

/// What colour a triangle has where.
enum Ink<'a> {
    Plain([f32; 4]),
    Varied { corners: &'a [Vertex; 3], texture: &'a ColorImage },
}

impl<'a> Ink<'a> {
    fn new(corners: &'a [Vertex; 3], texture: &'a ColorImage) -> Self {
        let [first, second, third] = corners;
        let is_plain = [second, third].iter().all(|other| other.uv == first.uv && other.color == first.color);
        let varied = Self::Varied { corners, texture };
        if is_plain { Self::Plain(varied.at([1.0, 0.0, 0.0])) } else { varied }
    }

    /// Premultiplied, each part from 0 to 255.
    fn at(&self, shares: [f32; 3]) -> [f32; 4] {
        match self {
            Self::Plain(colour) => *colour,
            Self::Varied { corners, texture } => {
                let mut colour = [0.0; 4];
                let (mut u, mut v) = (0.0, 0.0);
                for (corner, share) in corners.iter().zip(shares) {
                    for (part, of_corner) in colour.iter_mut().zip(corner.color.to_array()) {
                        *part += f32::from(of_corner) * share;
                    }
                    u += corner.uv.x * share;
                    v += corner.uv.y * share;
                }
                let texel = sample(texture, u, v);
                for (part, of_texture) in colour.iter_mut().zip(texel) {
                    *part *= of_texture / 255.0;
                }
                colour
            }
        }
    }
}

/// The texture at this place, between the four texels around it.
fn sample(texture: &ColorImage, u: f32, v: f32) -> [f32; 4] {
    let [width, height] = texture.size;
    // To a small part of a texel, as graphics cards do: where a letter lies in the texture differs from run to run, and
    // with it how these numbers are rounded.
    let snapped = |value: f32| (value * STEPS as f32).round() / STEPS as f32;
    let (x, y) = (snapped(u * width as f32 - 0.5), snapped(v * height as f32 - 0.5));
    let (left, top) = (x.floor(), y.floor());
    let texel = |column: f32, row: f32| {
        let column = (column.max(0.0) as usize).min(width - 1);
        let row = (row.max(0.0) as usize).min(height - 1);
        texture.pixels[row * width + column].to_array().map(f32::from)
    };
    let (right_share, bottom_share) = (x - left, y - top);
    if right_share == 0.0 && bottom_share == 0.0 {
        return texel(left, top);
    }
    let corners = [
        (texel(left, top), (1.0 - right_share) * (1.0 - bottom_share)),
        (texel(left + 1.0, top), right_share * (1.0 - bottom_share)),
        (texel(left, top + 1.0), (1.0 - right_share) * bottom_share),
        (texel(left + 1.0, top + 1.0), right_share * bottom_share),
    ];
    let mut out = [0.0; 4];
    for (colour, share) in corners {
        for (part, of_texel) in out.iter_mut().zip(colour) {
            *part += of_texel * share;
        }
    }
    out
}

/// Lays a premultiplied colour over what is there.
fn blend(pixel: &mut [u8; 4], ink: [f32; 4]) {
    let behind = 1.0 - ink[3] / 255.0;
    for (part, of_ink) in pixel.iter_mut().zip(ink) {
        *part = (of_ink + f32::from(*part) * behind).round().clamp(0.0, 255.0) as u8;
    }
}
