//! Finds the point next to the pointer without a look at all of them.

use std::sync::Arc;

use crate::projection::Layout;

/// Points by the square cell that they lie in; some two a cell.
pub(super) struct Grid {
    layout: Arc<Layout>,
    origin: [f32; 2],
    cell: f32,
    n_columns: usize,
    n_rows: usize,
    /// Where each cell begins in `points`, one more than there are cells.
    starts: Vec<u32>,
    points: Vec<u32>,
}

impl Grid {
    /// The grid of this layout: the one from before where it is still the same.
    pub(super) fn renew(before: Option<Self>, layout: &Arc<Layout>) -> Self {
        match before {
            Some(before) if Arc::ptr_eq(&before.layout, layout) => before,
            _ => Self::new(layout),
        }
    }

    fn new(layout: &Arc<Layout>) -> Self {
        let finite = || layout.points.iter().filter(|point| is_finite(point));
        let fold =
            |axis: usize, start: f32, pick: fn(f32, f32) -> f32| finite().fold(start, |seen, point| pick(seen, point[axis]));
        let low = [fold(0, f32::INFINITY, f32::min), fold(1, f32::INFINITY, f32::min)];
        let high = [fold(0, f32::NEG_INFINITY, f32::max), fold(1, f32::NEG_INFINITY, f32::max)];
        let extent = [(high[0] - low[0]).max(0.0), (high[1] - low[1]).max(0.0)];
        let n_points = finite().count();
        let area = (extent[0] * extent[1]).max(1e-12);
        // The floor keeps the cells few where all points lie on a line.
        let floor = extent[0].max(extent[1]) / (n_points.max(1) as f32);
        let cell = (2.0 * area / n_points.max(1) as f32).sqrt().max(floor).max(1e-9);
        let mut grid = Self {
            layout: Arc::clone(layout),
            origin: if n_points == 0 { [0.0; 2] } else { low },
            cell,
            n_columns: (extent[0] / cell) as usize + 1,
            n_rows: (extent[1] / cell) as usize + 1,
            starts: Vec::new(),
            points: vec![0; n_points],
        };
        let mut counts = vec![0u32; grid.n_columns * grid.n_rows + 1];
        for point in finite() {
            counts[grid.cell_of(point) + 1] += 1;
        }
        for cell in 1..counts.len() {
            counts[cell] += counts[cell - 1];
        }
        grid.starts = counts.clone();
        for (point_idx, point) in layout.points.iter().enumerate().filter(|(_, point)| is_finite(point)) {
            let next = &mut counts[grid.cell_of(point)];
            grid.points[*next as usize] = point_idx as u32;
            *next += 1;
        }
        grid
    }

    /// Column and row of a place, within the grid.
    fn place(&self, [x, y]: [f32; 2]) -> [usize; 2] {
        let along = |value: f32, origin: f32, n: usize| (((value - origin) / self.cell).max(0.0) as usize).min(n - 1);
        [
            along(x, self.origin[0], self.n_columns),
            along(y, self.origin[1], self.n_rows),
        ]
    }

    fn cell_of(&self, point: &[f32; 2]) -> usize {
        let [column, row] = self.place(*point);
        row * self.n_columns + column
    }

    /// The nearest point within `radius` that `is_shown`, as its place in the layout.
    pub(super) fn nearest(&self, at: [f32; 2], radius: f32, is_shown: impl Fn(usize) -> bool) -> Option<usize> {
        let mut best: Option<(f32, usize)> = None;
        self.visit(
            [at[0] - radius, at[1] - radius],
            [at[0] + radius, at[1] + radius],
            |point_idx| {
                let [x, y] = self.layout.points[point_idx];
                let distance = (x - at[0]).hypot(y - at[1]);
                if distance <= best.map_or(radius, |(nearest, _)| nearest) && is_shown(point_idx) {
                    best = Some((distance, point_idx));
                }
            },
        );
        best.map(|(_, point_idx)| point_idx)
    }

    /// All points within a rectangle, in the order of the layout.
    pub(super) fn within(&self, low: [f32; 2], high: [f32; 2]) -> Vec<usize> {
        let mut found = Vec::new();
        self.visit(low, high, |point_idx| {
            let [x, y] = self.layout.points[point_idx];
            if (low[0]..=high[0]).contains(&x) && (low[1]..=high[1]).contains(&y) {
                found.push(point_idx);
            }
        });
        found.sort_unstable();
        found
    }

    /// Every point of the cells that a rectangle touches.
    fn visit(&self, low: [f32; 2], high: [f32; 2], mut visit: impl FnMut(usize)) {
        if self.points.is_empty() {
            return;
        }
        let ([left, bottom], [right, top]) = (self.place(low), self.place(high));
        for row in bottom..=top {
            let first = self.starts[row * self.n_columns + left] as usize;
            let end = self.starts[row * self.n_columns + right + 1] as usize;
            for &point_idx in &self.points[first..end] {
                visit(point_idx as usize);
            }
        }
    }
}

fn is_finite(point: &[f32; 2]) -> bool {
    point[0].is_finite() && point[1].is_finite()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Grid;
    use crate::projection::Layout;

    fn layout(n: usize) -> Arc<Layout> {
        let point = |i: usize| [((i * 7919) % 1013) as f32 * 0.1, ((i * 104_729) % 997) as f32 * 0.07];
        Arc::new(Layout {
            points: (0..n).map(point).collect(),
            ..Layout::default()
        })
    }

    #[test]
    fn finds_what_a_look_at_all_points_finds() {
        let layout = layout(3000);
        let grid = Grid::renew(None, &layout);
        for query in [[0.0, 0.0], [50.3, 33.3], [101.0, 69.0], [-5.0, 20.0], [300.0, 300.0]] {
            let distance = |idx: usize| (layout.points[idx][0] - query[0]).hypot(layout.points[idx][1] - query[1]);
            let brute = (0..3000)
                .filter(|idx| idx % 3 != 0)
                .map(distance)
                .fold(f32::INFINITY, f32::min);
            let found = grid.nearest(query, 20.0, |idx| idx % 3 != 0).map(distance);
            assert_eq!(found, (brute <= 20.0).then_some(brute), "at {query:?}");
        }
    }

    #[test]
    fn finds_what_lies_in_a_rectangle() {
        let layout = layout(2000);
        let grid = Grid::renew(None, &layout);
        let (low, high) = ([10.0, 5.0], [42.5, 33.0]);
        let is_inside = |[x, y]: [f32; 2]| x >= low[0] && x <= high[0] && y >= low[1] && y <= high[1];
        let expected: Vec<usize> = (0..2000).filter(|&idx| is_inside(layout.points[idx])).collect();
        assert!(!expected.is_empty());
        assert_eq!(grid.within(low, high), expected);
    }

    #[test]
    fn odd_layouts_have_a_grid_too() {
        let odd = [
            vec![],
            vec![[1.0, 1.0]],
            vec![[f32::NAN, 0.0], [2.0, 2.0]],
            (0..500).map(|i| [i as f32, 0.0]).collect(),
        ];
        for points in odd {
            let n_finite = points.iter().filter(|point: &&[f32; 2]| point[0].is_finite()).count();
            let grid = Grid::renew(
                None,
                &Arc::new(Layout {
                    points,
                    ..Layout::default()
                }),
            );
            assert_eq!(grid.within([-1e9; 2], [1e9; 2]).len(), n_finite);
            assert!(grid.starts.len() < 2000, "the cells stay few");
        }
    }
}
