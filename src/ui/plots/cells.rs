//! Rows of coloured cells, of which thousands may share a pixel.

use eframe::egui::emath::Rangef;

/// Cells are drawn at least so wide.
const MIN_POINTS: f32 = 1.0;

/// Cells (where they lie, and their value) from left to right; those that together are narrower than a point become one with the
/// highest value of them: one loud crop in two hours is still seen.
pub fn merged_cells(cells: impl Iterator<Item = (Rangef, f32)>) -> Vec<(Rangef, f32)> {
    let mut merged: Vec<(Rangef, f32)> = Vec::new();
    for (x, value) in cells {
        match merged.last_mut() {
            Some((last, highest)) if x.max - last.min <= MIN_POINTS => {
                last.max = last.max.max(x.max);
                *highest = highest.max(value);
            }
            _ => merged.push((x, value)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::{Rangef, merged_cells};

    #[test]
    fn wide_cells_stay_and_the_highest_of_narrow_ones_is_seen() {
        let row = |width: f32, n: usize| (0..n).map(move |i| (Rangef::new(i as f32 * width, (i + 1) as f32 * width), i as f32));
        assert_eq!(merged_cells(row(7.0, 20)), row(7.0, 20).collect::<Vec<_>>());
        let narrow = merged_cells(row(0.01, 60_000).map(|(x, i)| (x, if i == 31_234.0 { 99.0 } else { 1.0 })));
        assert!(narrow.len() <= 700, "{}", narrow.len());
        let loud: Vec<_> = narrow.iter().filter(|(_, value)| *value == 99.0).collect();
        assert_eq!(loud.len(), 1);
        assert!(loud[0].0.contains(312.345));
        assert!(narrow.windows(2).all(|pair| pair[0].0.max <= pair[1].0.min + 1e-3));
    }
}
