//! Rows of coloured cells, of which thousands may share a pixel.

use eframe::egui::emath::Rangef;

/// Narrower cells, in pixels, are drawn as columns of pixels.
const MIN_PIXELS: f32 = 3.0;

/// Cells (where they lie in points, and their value), which must come from left to right. Narrow ones become whole columns of
/// pixels of so many points, each with the highest value of all that have a part in it: one loud crop in two hours is seen, and no
/// smoothing of edges makes it paler.
pub fn merged_cells(cells: impl Iterator<Item = (Rangef, f32)>, pixel_points: f32) -> Vec<(Rangef, f32)> {
    let mut merged: Vec<(Rangef, f32)> = Vec::new();
    // The number of the column that each of the last cells is; none before them is touched again.
    let mut columns: Vec<(i64, f32)> = Vec::new();
    let as_cell = |(column, value): (i64, f32)| {
        let left = column as f32 * pixel_points;
        (Rangef::new(left, left + pixel_points), value)
    };
    for (x, value) in cells {
        if x.span() >= MIN_PIXELS * pixel_points {
            merged.extend(columns.drain(..).map(as_cell));
            merged.push((x, value));
            continue;
        }
        let (first, end) = ((x.min / pixel_points).floor() as i64, (x.max / pixel_points).ceil() as i64);
        for column in first..end.max(first + 1) {
            let at = columns.partition_point(|(other, _)| *other < column);
            match columns.get_mut(at) {
                Some((other, highest)) if *other == column => *highest = highest.max(value),
                _ => columns.insert(at, (column, value)),
            }
        }
    }
    merged.extend(columns.into_iter().map(as_cell));
    merged
}

#[cfg(test)]
mod tests {
    use super::{Rangef, merged_cells};

    fn row(width: f32, n: usize) -> impl Iterator<Item = (Rangef, f32)> {
        (0..n).map(move |i| (Rangef::new(i as f32 * width, (i + 1) as f32 * width), i as f32))
    }

    #[test]
    fn wide_cells_stay() {
        assert_eq!(merged_cells(row(7.0, 20), 0.5), row(7.0, 20).collect::<Vec<_>>());
    }

    #[test]
    fn every_column_of_pixels_shows_the_highest_of_what_lies_in_it() {
        // Crops of two hours at full width: many a pixel; and not quite one a pixel.
        for (width, pixel_points) in [(0.01, 1.0), (0.01, 0.5), (0.93, 1.0), (1.7, 1.0)] {
            let value = |i: f32| (i * 7_919.0) % 1_009.0;
            let cells: Vec<_> = row(width, 2_000).map(|(x, i)| (x, value(i))).collect();
            let merged = merged_cells(cells.iter().copied(), pixel_points);
            assert_eq!(merged.len(), (width * 2_000.0 / pixel_points).ceil() as usize);
            for (column, highest) in merged {
                assert!(((column.min / pixel_points).round() * pixel_points - column.min).abs() < 1e-3);
                let inside = cells
                    .iter()
                    .filter(|(x, _)| x.max > column.min + 1e-3 && x.min < column.max - 1e-3);
                let truth = inside.map(|(_, value)| *value).fold(f32::NEG_INFINITY, f32::max);
                assert!(highest >= truth, "{column:?} shows {highest}, {truth} lies in it");
            }
        }
    }
}
