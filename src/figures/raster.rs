//! Pixels: drawing an SVG, and PNG files.

use resvg::{tiny_skia, usvg};

use super::font;

/// An image of 8-bit RGBA, not premultiplied.
pub(super) struct Image {
    pub(super) width: u32,
    pub(super) height: u32,
    /// `[height, width, 4]`
    pub(super) pixels: Vec<u8>,
}

impl Image {
    /// Draws an SVG text, `scale` pixels a point, on white or on nothing.
    pub(super) fn of_svg(svg: &str, scale: f32, is_on_white: bool) -> Result<Self, String> {
        let tree = tree_of(svg)?;
        let size = tree.size();
        let pixels = [size.width(), size.height()].map(|length| (length * scale).round() as u32);
        Self::of_tree(&tree, pixels, [scale, scale], is_on_white)
    }

    /// Draws an SVG text `width` pixels wide; its ground reaches to all edges.
    pub(super) fn of_svg_wide(svg: &str, width: u32) -> Result<Self, String> {
        let tree = tree_of(svg)?;
        let size = tree.size();
        let height = (f64::from(size.height()) / f64::from(size.width()) * f64::from(width)).round() as u32;
        let scale = [width as f32 / size.width(), height as f32 / size.height()];
        Self::of_tree(&tree, [width, height], scale, false)
    }

    fn of_tree(tree: &usvg::Tree, [width, height]: [u32; 2], [x, y]: [f32; 2], is_on_white: bool) -> Result<Self, String> {
        let mut pixmap =
            tiny_skia::Pixmap::new(width, height).ok_or_else(|| format!("{width} x {height} pixels are too many"))?;
        if is_on_white {
            // Also where the drawing covers only part of the last pixels.
            pixmap.fill(tiny_skia::Color::WHITE);
        }
        resvg::render(tree, tiny_skia::Transform::from_scale(x, y), &mut pixmap.as_mut());
        let pixels = pixmap.pixels().iter().flat_map(|pixel| {
            let pixel = pixel.demultiply();
            [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]
        });
        Ok(Self {
            width,
            height,
            pixels: pixels.collect(),
        })
    }

    /// As PNG, with a comment and its size on paper.
    pub(super) fn to_png(&self, comment: Option<&str>, scale: Option<f32>) -> Result<Vec<u8>, String> {
        let is_opaque = self.pixels.chunks_exact(4).all(|pixel| pixel[3] == 255);
        let opaque: Vec<u8>;
        let (colours, bytes) = if is_opaque {
            opaque = self
                .pixels
                .chunks_exact(4)
                .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
                .collect();
            (png::ColorType::Rgb, &opaque)
        } else {
            (png::ColorType::Rgba, &self.pixels)
        };
        let mut out = Vec::new();
        let write = || -> Result<(), png::EncodingError> {
            let mut encoder = png::Encoder::new(&mut out, self.width, self.height);
            encoder.set_color(colours);
            encoder.set_depth(png::BitDepth::Eight);
            if let Some(scale) = scale {
                let per_metre = (f64::from(scale) * 96.0 / 0.0254).round() as u32;
                encoder.set_pixel_dims(Some(png::PixelDimensions {
                    xppu: per_metre,
                    yppu: per_metre,
                    unit: png::Unit::Meter,
                }));
            }
            if let Some(comment) = comment {
                encoder.add_itxt_chunk("Source".to_owned(), comment.to_owned())?;
            }
            let mut writer = encoder.write_header()?;
            writer.write_image_data(bytes)?;
            writer.finish()
        };
        let mut write = write;
        write().map_err(|error| error.to_string())?;
        Ok(out)
    }
}

fn tree_of(svg: &str) -> Result<usvg::Tree, String> {
    let options = usvg::Options {
        fontdb: font::fonts_for(svg),
        font_family: "DejaVu Sans".to_owned(),
        ..usvg::Options::default()
    };
    usvg::Tree::from_str(svg, &options).map_err(|error| error.to_string())
}

/// Bytes as base64 (RFC 4648).
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let padded = [group[0], *group.get(1).unwrap_or(&0), *group.get(2).unwrap_or(&0)];
        let bits = u32::from_be_bytes([0, padded[0], padded[1], padded[2]]);
        for position in 0..4 {
            let index = (bits >> (18 - 6 * position)) & 63;
            out.push(if position <= group.len() {
                char::from(ALPHABET[index as usize])
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_as_in_the_rfc() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(super::base64(plain.as_bytes()), coded);
        }
    }
}
