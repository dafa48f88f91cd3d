//! Where the columns of the matrix stand: names stay at the left and the choice at the right, the detectors scroll between them.

use std::ops::RangeInclusive;

use eframe::egui::{Rect, pos2};

use crate::detectors::DetectorKind;

pub(super) const NAME_WIDTH: f32 = 112.0;
/// Of the columns "In use" and "Oracle": a mark, a name and a figure; where room is scarce, without the name.
const SIDE_WIDTH: f32 = 122.0;
const NARROW_SIDE_WIDTH: f32 = 62.0;
const CELL_WIDTHS: RangeInclusive<f32> = 46.0..=92.0;
/// Between the detectors, those in use, and the oracle.
const GAP: f32 = 8.0;
/// Between two runs.
const GROUP_GAP: f32 = 10.0;

/// Widths, and the part of the matrix that is looked at.
pub(super) struct Columns {
    cell_width: f32,
    side_width: f32,
    /// Detectors of the active run, then of those beside it.
    n_cells: Vec<usize>,
}

impl Columns {
    pub(super) fn of(width: f32, n_cells: Vec<usize>) -> Self {
        let (n_all, gaps) = (n_cells.iter().sum::<usize>(), (n_cells.len() - 1) as f32 * GROUP_GAP);
        let rest = |side_width: f32| (width - NAME_WIDTH - gaps - 2.0 * (side_width + GAP)) / n_all.max(1) as f32;
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

    /// Of all columns, seen or not.
    pub(super) fn width(&self) -> f32 {
        self.group(0.0, self.n_cells.len() - 1)[1] + self.sides()
    }

    /// Left and right edge of a run; `origin` is the left edge of the whole matrix.
    pub(super) fn group(&self, origin: f32, group: usize) -> [f32; 2] {
        let before: usize = self.n_cells[..group].iter().sum();
        let left = origin + NAME_WIDTH + before as f32 * self.cell_width + group as f32 * GROUP_GAP;
        [left, left + self.n_cells[group] as f32 * self.cell_width]
    }

    fn sides(&self) -> f32 {
        2.0 * (GAP + self.side_width)
    }

    /// Splits what is seen of the matrix into names, detectors and choice, from left to right.
    pub(super) fn zones(&self, view: Rect) -> [Rect; 3] {
        let x = [
            view.left(),
            view.left() + NAME_WIDTH,
            (view.right() - self.sides()).max(view.left() + NAME_WIDTH),
            view.right(),
        ];
        [0, 1, 2].map(|zone| Rect::from_min_max(pos2(x[zone], view.top()), pos2(x[zone + 1], view.bottom())))
    }

    /// Left and right edge of a detector of a run.
    pub(super) fn cell(&self, origin: f32, group: usize, column: usize) -> [f32; 2] {
        let left = self.group(origin, group)[0] + column as f32 * self.cell_width;
        [left, left + self.cell_width]
    }

    /// 0: in use, 1: oracle; within the zone of the choice.
    pub(super) fn side(&self, zone: Rect, column: usize) -> [f32; 2] {
        let left = zone.left() + GAP + column as f32 * (self.side_width + GAP);
        [left, left + self.side_width]
    }
}

/// The title of a column in up to two lines; long words are cut short, the tooltip has them whole.
pub(super) fn heading(detector: DetectorKind) -> (String, String) {
    let title = detector.title();
    let short = [
        ("Selective MAHA (", "S.MAHA ("),
        ("Selective", "Sel."),
        ("(NTT code)", "NTT"),
        ("Probability", "Prob."),
    ]
    .iter()
    .fold(title.to_owned(), |title, (long, short)| title.replace(long, short));
    match short.rsplit_once(' ') {
        Some((above, last)) => (above.to_owned(), last.to_owned()),
        None => (String::new(), short),
    }
}
