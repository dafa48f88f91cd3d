//! What pushes the points of a map apart: Barnes-Hut (van der Maaten, 2014), a block of neighbouring points at a time.
//!
//! Loop order: points are sorted along a Morton curve, and the points of a block, neighbours on it, share one walk through the
//! quadtree, which lists what pushes them; then everything in the list pushes all points of the block at once, one a lane. A
//! cell counts as one point where it looks small from the nearest edge of the block, so that no point sees less than it would
//! on a walk of its own. Every lane adds in the order of the list: neither threads nor the width of the vectors change a sum.

use pulp::{Simd, WithSimd};

/// Points that share a walk. Fewer walk more often, more see more cells than each of them needs.
pub(super) const BLOCK: usize = 32;
/// A cell that looks smaller than this from a point counts as one point.
const THETA: f32 = 0.5;
/// Cells with no more points than this are not divided.
const LEAF_POINTS: usize = 8;
/// Halvings of the map: the bits that a coordinate has in a Morton key.
const N_LEVELS: u32 = 16;

/// Points in Morton order under a quadtree.
#[derive(Default)]
pub(super) struct Quadtree {
    /// Morton key in the high half, index of the point in the low half; ascending.
    keys: Vec<u64>,
    /// Positions in the order of `keys`.
    xs: Vec<f32>,
    ys: Vec<f32>,
    /// Depth first.
    cells: Vec<Cell>,
}

/// A square of the map that holds points.
struct Cell {
    centre: Pusher,
    /// From further away than this, squared, the cell counts as one point.
    far: f32,
    /// The next cell that does not lie within this one.
    next: usize,
    /// The points of an undivided cell; empty where the cells that follow divide it further.
    first_point: usize,
    end_point: usize,
}

/// A point or several that push as one.
#[derive(Clone, Copy)]
struct Pusher {
    x: f32,
    y: f32,
    n_points: f32,
}

/// What pushes the points of a block.
#[derive(Clone)]
pub(super) struct Repulsion {
    /// Times Z.
    pub(super) x: [f32; BLOCK],
    pub(super) y: [f32; BLOCK],
    /// Each point's part of Z: the sum of 1 / (1 + d²) over all other points.
    pub(super) normaliser: [f32; BLOCK],
}

/// Memory for a walk.
#[derive(Default)]
pub(super) struct Walk {
    pushers: Vec<Pusher>,
}

impl Quadtree {
    /// Sorts the points anew and builds the tree over them.
    pub(super) fn rebuild(&mut self, positions: &[[f32; 2]]) {
        let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        for position in positions {
            for axis in 0..2 {
                low[axis] = low[axis].min(position[axis]);
                high[axis] = high[axis].max(position[axis]);
            }
        }
        let width = (high[0] - low[0]).max(high[1] - low[1]);
        let scale = if width > 0.0 { (1u32 << N_LEVELS) as f32 / width } else { 0.0 };
        let last = (1u32 << N_LEVELS) - 1;
        let grid = |position: &[f32; 2], axis: usize| (((position[axis] - low[axis]) * scale) as u32).min(last);
        self.keys.clear();
        self.keys.extend(positions.iter().enumerate().map(|(point_idx, position)| {
            let key = spread(grid(position, 0)) | spread(grid(position, 1)) << 1;
            u64::from(key) << 32 | point_idx as u64
        }));
        self.keys.sort_unstable();
        let sorted = self.keys.iter().map(|&key| positions[point_of(key)]);
        self.xs.clear();
        self.ys.clear();
        for [x, y] in sorted {
            self.xs.push(x);
            self.ys.push(y);
        }
        self.cells.clear();
        self.add_cell(0, positions.len(), N_LEVELS, width * width / (THETA * THETA));
    }

    /// Adds the cell of these points with all cells within it; `n_levels` more halvings are possible.
    fn add_cell(&mut self, first_point: usize, end_point: usize, n_levels: u32, far: f32) -> Pusher {
        let (cell_idx, n_points) = (self.cells.len(), end_point - first_point);
        let is_whole = n_points <= LEAF_POINTS || n_levels == 0;
        let (mut x, mut y) = (0.0, 0.0);
        self.cells.push(Cell {
            centre: Pusher {
                x,
                y,
                n_points: n_points as f32,
            },
            // Points that no halving parts are as good as one.
            far: if n_points > LEAF_POINTS && n_levels == 0 { -1.0 } else { far },
            next: 0,
            first_point,
            end_point: if is_whole { end_point } else { first_point },
        });
        if is_whole {
            x = self.xs[first_point..end_point].iter().sum();
            y = self.ys[first_point..end_point].iter().sum();
        } else {
            let shift = 32 + 2 * (n_levels - 1);
            let mut first = first_point;
            for quadrant in 0..4 {
                let n_inside = self.keys[first..end_point].partition_point(|key| key >> shift & 3 <= quadrant);
                if n_inside > 0 {
                    let part = self.add_cell(first, first + n_inside, n_levels - 1, 0.25 * far);
                    x += part.x * part.n_points;
                    y += part.y * part.n_points;
                    first += n_inside;
                }
            }
        }
        let n_cells = self.cells.len();
        let cell = &mut self.cells[cell_idx];
        (cell.centre.x, cell.centre.y) = (x / n_points as f32, y / n_points as f32);
        cell.next = n_cells;
        cell.centre
    }

    /// The points of a block: indices into the positions that the tree was built over.
    pub(super) fn points(&self, block_idx: usize) -> impl Iterator<Item = usize> {
        let first = block_idx * BLOCK;
        let end = (first + BLOCK).min(self.keys.len());
        self.keys[first..end].iter().map(|&key| point_of(key))
    }

    /// What pushes the points of a block; lanes beyond the last point mean nothing.
    pub(super) fn repulsion(&self, block_idx: usize, walk: &mut Walk) -> Repulsion {
        // The last point fills the lanes of the last block.
        let place = |lane: usize| (block_idx * BLOCK + lane).min(self.keys.len() - 1);
        let xs: [f32; BLOCK] = std::array::from_fn(|lane| self.xs[place(lane)]);
        let ys: [f32; BLOCK] = std::array::from_fn(|lane| self.ys[place(lane)]);
        self.list_pushers(span(&xs), span(&ys), &mut walk.pushers);
        pulp::Arch::new().dispatch(Push {
            xs: &xs,
            ys: &ys,
            pushers: &walk.pushers,
        })
    }

    /// All that pushes points between these bounds.
    fn list_pushers(&self, [left, right]: [f32; 2], [low, high]: [f32; 2], pushers: &mut Vec<Pusher>) {
        pushers.clear();
        let mut cell_idx = 0;
        while let Some(cell) = self.cells.get(cell_idx) {
            let centre = cell.centre;
            let dx = (left - centre.x).max(centre.x - right).max(0.0);
            let dy = (low - centre.y).max(centre.y - high).max(0.0);
            if dx * dx + dy * dy > cell.far {
                pushers.push(centre);
            } else if cell.end_point > cell.first_point {
                let points = cell.first_point..cell.end_point;
                let alone = |(&x, &y)| Pusher { x, y, n_points: 1.0 };
                pushers.extend(self.xs[points.clone()].iter().zip(&self.ys[points]).map(alone));
            } else {
                cell_idx += 1;
                continue;
            }
            cell_idx = cell.next;
        }
    }
}

/// The bits of a coordinate with a gap after each.
fn spread(coordinate: u32) -> u32 {
    let mut bits = coordinate & 0xffff;
    bits = (bits | bits << 8) & 0x00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333;
    (bits | bits << 1) & 0x5555_5555
}

fn point_of(key: u64) -> usize {
    (key & u64::from(u32::MAX)) as usize
}

fn span(values: &[f32]) -> [f32; 2] {
    let ends = [f32::INFINITY, f32::NEG_INFINITY];
    values
        .iter()
        .fold(ends, |[low, high], &value| [low.min(value), high.max(value)])
}

/// Everything in a list pushes all points of a block.
#[derive(Clone, Copy)]
struct Push<'a> {
    xs: &'a [f32; BLOCK],
    ys: &'a [f32; BLOCK],
    pushers: &'a [Pusher],
}

impl WithSimd for Push<'_> {
    type Output = Repulsion;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Repulsion {
        let mut pushed = Repulsion {
            x: [0.0; BLOCK],
            y: [0.0; BLOCK],
            normaliser: [0.0; BLOCK],
        };
        let one = simd.splat_f32s(1.0);
        let lanes = S::as_simd_f32s(self.xs).0.iter().zip(S::as_simd_f32s(self.ys).0);
        let sums = S::as_mut_simd_f32s(&mut pushed.x).0.iter_mut();
        let sums = sums.zip(S::as_mut_simd_f32s(&mut pushed.y).0);
        let sums = sums.zip(S::as_mut_simd_f32s(&mut pushed.normaliser).0);
        for ((&x, &y), ((x_out, y_out), normaliser_out)) in lanes.zip(sums) {
            let (mut x_sum, mut y_sum, mut normaliser) = (*x_out, *y_out, *normaliser_out);
            for pusher in self.pushers {
                let dx = simd.sub_f32s(x, simd.splat_f32s(pusher.x));
                let dy = simd.sub_f32s(y, simd.splat_f32s(pusher.y));
                let square = simd.add_f32s(simd.mul_f32s(dx, dx), simd.mul_f32s(dy, dy));
                let closeness = simd.div_f32s(one, simd.add_f32s(one, square));
                let weight = simd.mul_f32s(simd.splat_f32s(pusher.n_points), closeness);
                let push = simd.mul_f32s(weight, closeness);
                normaliser = simd.add_f32s(normaliser, weight);
                x_sum = simd.add_f32s(x_sum, simd.mul_f32s(push, dx));
                y_sum = simd.add_f32s(y_sum, simd.mul_f32s(push, dy));
            }
            *x_out = x_sum;
            *y_out = y_sum;
            // Each point has met itself, at no distance and so without a push.
            *normaliser_out = simd.sub_f32s(normaliser, one);
        }
        pushed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, prop, prop_oneof, proptest};
    use pulp::Simd;

    use super::{BLOCK, Push, Pusher, Quadtree, Walk};

    /// Repulsion and part of Z of every point by the definition.
    fn exact(positions: &[[f32; 2]]) -> Vec<[f64; 3]> {
        let place = |idx: usize| positions[idx].map(f64::from);
        let of_point = |idx: usize| {
            let mut sums = [0.0; 3];
            for other in (0..positions.len()).filter(|other| *other != idx) {
                let [dx, dy] = [0, 1].map(|axis| place(idx)[axis] - place(other)[axis]);
                let closeness = 1.0 / (1.0 + dx * dx + dy * dy);
                sums[0] += closeness * closeness * dx;
                sums[1] += closeness * closeness * dy;
                sums[2] += closeness;
            }
            sums
        };
        (0..positions.len()).map(of_point).collect()
    }

    /// The same by the tree.
    fn approximate(positions: &[[f32; 2]]) -> Vec<[f64; 3]> {
        let mut tree = Quadtree::default();
        tree.rebuild(positions);
        let (mut walk, mut found) = (Walk::default(), vec![[f64::NAN; 3]; positions.len()]);
        for block_idx in 0..positions.len().div_ceil(BLOCK) {
            let pushed = tree.repulsion(block_idx, &mut walk);
            for (lane, point_idx) in tree.points(block_idx).enumerate() {
                found[point_idx] = [pushed.x[lane], pushed.y[lane], pushed.normaliser[lane]].map(f64::from);
            }
        }
        found
    }

    /// Far and near, on lines and in heaps.
    fn coordinate() -> impl Strategy<Value = f32> {
        prop_oneof![4 => -30.0f32..30.0, 2 => -1e-4f32..1e-4, 1 => Just(0.0f32), 1 => Just(7.5f32), 1 => -1e4f32..1e4]
    }

    proptest! {
        #[test]
        fn the_tree_pushes_as_all_points_do(positions in prop::collection::vec([coordinate(), coordinate()], 1..300)) {
            let (found, expected) = (approximate(&positions), exact(&positions));
            let largest = expected.iter().flat_map(|sums| [sums[0].abs(), sums[1].abs()]).fold(0.0, f64::max);
            for (found, expected) in found.iter().zip(&expected) {
                for axis in 0..2 {
                    assert!((found[axis] - expected[axis]).abs() <= 0.06 * largest + 1e-4, "{found:?} instead of {expected:?}");
                }
                assert!((found[2] - expected[2]).abs() <= 0.06 * expected[2] + 1e-4, "{found:?} instead of {expected:?}");
            }
        }
    }

    #[test]
    fn points_that_no_halving_parts_push_as_one() {
        // One point far away leaves the others in one cell of the finest grid.
        let mut positions: Vec<[f32; 2]> = (0..500).map(|i| [1e-3 * (i % 7) as f32, 1e-3 * (i % 11) as f32]).collect();
        positions.push([1e6, 1e6]);
        for (found, expected) in approximate(&positions).iter().zip(exact(&positions)) {
            assert!(
                (found[2] - expected[2]).abs() < 1e-3 * expected[2] + 1e-3,
                "{found:?} instead of {expected:?}"
            );
        }
    }

    #[test]
    fn every_processor_adds_alike() {
        let lanes = |step: f32| std::array::from_fn(|lane| step * lane as f32);
        let pushers: Vec<Pusher> = (0..77)
            .map(|i| Pusher {
                x: 0.37 * i as f32,
                y: (i % 5) as f32,
                n_points: (1 + i % 3) as f32,
            })
            .collect();
        let push = Push {
            xs: &lanes(0.11),
            ys: &lanes(-0.7),
            pushers: &pushers,
        };
        let (widest, single) = (pulp::Arch::new().dispatch(push), pulp::Scalar.vectorize(push));
        assert_eq!((widest.x, widest.y), (single.x, single.y));
        assert_eq!(widest.normaliser, single.normaliser);
    }
}
