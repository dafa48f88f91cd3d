//! Where the columns of the matrix stand, in much room and in little.

use std::ops::RangeInclusive;

pub(super) const NAME_WIDTH: f32 = 108.0;
/// Of the columns "In use" and "Oracle": a mark, a name and a figure; where room is scarce, without the name.
const SIDE_WIDTH: f32 = 122.0;
const NARROW_SIDE_WIDTH: f32 = 62.0;
const CELL_WIDTHS: RangeInclusive<f32> = 46.0..=92.0;
/// Between the detectors, those in use, and the oracle.
const GAP: f32 = 8.0;

/// Where the columns stand, from the left edge of the matrix.
pub(super) struct Columns {
    cell_width: f32,
    side_width: f32,
    n_cells: usize,
}

impl Columns {
    pub(super) fn of(width: f32, n_cells: usize) -> Self {
        let rest = |side_width: f32| (width - NAME_WIDTH - 2.0 * (side_width + GAP)) / n_cells.max(1) as f32;
        let has_room = rest(SIDE_WIDTH) >= *CELL_WIDTHS.start();
        let side_width = if has_room { SIDE_WIDTH } else { NARROW_SIDE_WIDTH };
        Self {
            cell_width: rest(side_width).floor().clamp(*CELL_WIDTHS.start(), *CELL_WIDTHS.end()),
            side_width,
            n_cells,
        }
    }

    pub(super) fn names_sides(&self) -> bool {
        self.side_width >= SIDE_WIDTH
    }

    pub(super) fn cell(&self, column: usize) -> [f32; 2] {
        let left = NAME_WIDTH + column as f32 * self.cell_width;
        [left, left + self.cell_width]
    }

    /// 0: in use, 1: oracle.
    pub(super) fn side(&self, column: usize) -> [f32; 2] {
        let left = self.cell(self.n_cells)[0] + GAP + column as f32 * (self.side_width + GAP);
        [left, left + self.side_width]
    }

    pub(super) fn width(&self) -> f32 {
        self.side(1)[1]
    }
}
