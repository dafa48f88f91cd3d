//! Numbers as a picture: one cell a number where there is room, and the scale beside them.

use eframe::egui::{Color32, ColorImage, Context, Rect, TextureHandle, TextureOptions, pos2};

use crate::ui::plots::{ColorMap, Coloring};

/// Rows of a picture at most.
const MAX_ROWS: usize = 2048;

/// How numbers become colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shade {
    /// The number of the first and the last colour.
    pub(super) range: [f32; 2],
    /// And whether it is inverted; `None`: from blue over white (nothing) to red.
    pub(super) map: Option<(ColorMap, bool)>,
}

impl Shade {
    pub(super) fn colors(self) -> [Color32; 256] {
        match self.map {
            Some((map, is_inverted)) => Coloring {
                map,
                is_inverted,
                range_db: self.range,
            }
            .colors(),
            None => std::array::from_fn(|i| {
                let color = colorous::RED_BLUE.eval_rational(255 - i, 256);
                Color32::from_rgb(color.r, color.g, color.b)
            }),
        }
    }
}

/// The ends of the colours for these numbers: a few that lie far out must not take all contrast.
pub(super) fn range_of(values: &[f32]) -> [f32; 2] {
    let sorted = sorted(values.iter().copied());
    let [low, high] = [quantile(&sorted, 0.01), quantile(&sorted, 0.995)];
    if high > low { [low, high] } else { [low - 0.5, low + 0.5] }
}

/// The same for differences: as far below nothing as above it.
pub(super) fn symmetric_range_of(differences: &[f32]) -> [f32; 2] {
    let sorted = sorted(differences.iter().map(|value| value.abs()));
    let end = quantile(&sorted, 0.995);
    if end > 0.0 { [-end, end] } else { [-1.0, 1.0] }
}

fn sorted(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut sorted: Vec<f32> = values.filter(|value| value.is_finite()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    sorted
}

fn quantile(sorted: &[f32], part: f32) -> f32 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f32 * part).round() as usize).copied().unwrap_or(0.0)
}

/// A picture of `[n_frames, n_bins]`, the lowest bin at the bottom. Where there are more bins than `n_rows`, a row shows the number
/// of its bins that lies farthest from the middle of the range.
pub(super) fn image(values: &[f32], [n_frames, n_bins]: [usize; 2], n_rows: usize, shade: Shade) -> ColorImage {
    let n_rows = n_rows.clamp(1, MAX_ROWS).min(n_bins.max(1));
    let colors = shade.colors();
    let [low, high] = shade.range;
    let (middle, scale) = (0.5 * (low + high), 255.0 / (high - low).max(f32::MIN_POSITIVE));
    // Loud lines stand out of a spectrogram, both signs out of a difference.
    let weight = |value: f32| if shade.map.is_some() { value } else { (value - middle).abs() };
    let mut pixels = Vec::with_capacity(n_frames * n_rows);
    for row in (0..n_rows).rev() {
        let bins = row * n_bins / n_rows..((row + 1) * n_bins / n_rows).max(row * n_bins / n_rows + 1);
        for frame in values.chunks_exact(n_bins.max(1)).take(n_frames) {
            let strongest = frame[bins.clone()]
                .iter()
                .copied()
                .max_by(|a, b| weight(*a).total_cmp(&weight(*b)));
            // The cast holds at both ends.
            let index = ((strongest.unwrap_or(low) - low) * scale).round() as u8;
            pixels.push(colors[usize::from(index)]);
        }
    }
    ColorImage::new([n_frames, n_rows], pixels)
}

/// The texture of a picture, made anew when what it shows changes.
pub(super) struct Sheet<K> {
    made: Option<(K, TextureHandle)>,
}

impl<K> Default for Sheet<K> {
    fn default() -> Self {
        Self { made: None }
    }
}

impl<K: PartialEq> Sheet<K> {
    pub(super) fn texture(&mut self, context: &Context, key: K, make: impl FnOnce() -> ColorImage) -> &TextureHandle {
        let made = self.made.take().filter(|(known, _)| *known == key);
        let made = made.unwrap_or_else(|| (key, context.load_texture("model tensor", make(), TextureOptions::NEAREST)));
        &self.made.insert(made).1
    }
}

/// The frame and the bin below a place in `rect`.
pub(super) fn cell_at(rect: Rect, at: eframe::egui::Pos2, [n_frames, n_bins]: [usize; 2]) -> Option<[usize; 2]> {
    if !rect.contains(at) || n_frames == 0 || n_bins == 0 {
        return None;
    }
    let part = |value: f32, n: usize| ((value * n as f32) as usize).min(n - 1);
    let frame = part((at.x - rect.left()) / rect.width(), n_frames);
    let bin = part((rect.bottom() - at.y) / rect.height(), n_bins);
    Some([frame, bin])
}

/// The whole of a texture.
pub(super) fn whole() -> Rect {
    Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::vec2;

    const GREY: Shade = Shade {
        range: [0.0, 1.0],
        map: Some((ColorMap::Grey, false)),
    };

    #[test]
    fn a_cell_is_a_number_and_the_lowest_bin_is_at_the_bottom() {
        // Two frames of three bins.
        let values = [0.0, 0.5, 1.0, 1.0, 0.0, 0.0];
        let image = image(&values, [2, 3], 400, GREY);
        assert_eq!(image.size, [2, 3]);
        let greys: Vec<u8> = image.pixels.iter().map(|color| color.r()).collect();
        assert_eq!(greys, [255, 0, 128, 0, 0, 255]);
    }

    #[test]
    fn narrow_lines_stay_when_rows_are_few_whatever_their_sign() {
        let mut values = vec![0.1; 100];
        values[37] = 1.0;
        let loud = image(&values, [1, 100], 10, GREY);
        assert_eq!(loud.pixels[6].r(), 255, "row 3 from the bottom holds bin 37");
        let signed = Shade {
            range: [-1.0, 1.0],
            map: None,
        };
        values[62] = -1.0;
        let image = image(&values, [1, 100], 10, signed);
        let colors = signed.colors();
        assert_eq!((image.pixels[6], image.pixels[3]), (colors[255], colors[0]));
        assert!(
            colors[255].r() > colors[255].b() && colors[0].b() > colors[0].r(),
            "more is red, less is blue"
        );
    }

    #[test]
    fn ranges_are_finite_and_not_empty() {
        assert_eq!(range_of(&[3.0; 10]), [2.5, 3.5]);
        assert_eq!(range_of(&[f32::NAN, f32::NEG_INFINITY]), [-0.5, 0.5]);
        assert_eq!(symmetric_range_of(&[-2.0, 1.0]), [-2.0, 2.0]);
        assert_eq!(symmetric_range_of(&[]), [-1.0, 1.0]);
    }

    #[test]
    fn the_pointer_finds_its_cell() {
        let rect = Rect::from_min_size(pos2(10.0, 10.0), vec2(64.0, 128.0));
        assert_eq!(cell_at(rect, pos2(10.5, 137.5), [64, 128]), Some([0, 0]));
        assert_eq!(cell_at(rect, pos2(73.5, 10.5), [64, 128]), Some([63, 127]));
        assert_eq!(cell_at(rect, pos2(9.0, 50.0), [64, 128]), None);
    }
}
