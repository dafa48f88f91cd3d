//! What pulls the points of a map together: the neighbours of the rows that they stand for.

use pulp::{Simd, WithSimd};

use super::affinities::Row;

/// Neighbours that are gathered at a time, and partial sums that are kept: the same for vectors of any width.
const LANES: usize = 16;

/// Σ p / (1 + d²) · d over the neighbours of the point at `position`.
pub(super) fn attraction(position: [f32; 2], row: Row<'_>, positions: &[[f32; 2]]) -> [f32; 2] {
    pulp::Arch::new().dispatch(Pull {
        position,
        row,
        positions,
    })
}

#[derive(Clone, Copy)]
struct Pull<'a> {
    position: [f32; 2],
    row: Row<'a>,
    positions: &'a [[f32; 2]],
}

impl WithSimd for Pull<'_> {
    type Output = [f32; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f32; 2] {
        let mut sums = [[0.0f32; LANES]; 2];
        let (columns, last_columns) = self.row.columns.as_chunks::<LANES>();
        let (values, last_values) = self.row.values.as_chunks::<LANES>();
        for (columns, values) in columns.iter().zip(values) {
            self.pull(simd, columns, values, &mut sums);
        }
        // An affinity of 0 to any point pulls nothing.
        let (mut columns, mut values) = ([0; LANES], [0.0; LANES]);
        columns[..last_columns.len()].copy_from_slice(last_columns);
        values[..last_values.len()].copy_from_slice(last_values);
        self.pull(simd, &columns, &values, &mut sums);
        sums.map(
            #[inline(always)]
            |sums| sums.iter().sum(),
        )
    }
}

impl Pull<'_> {
    #[inline(always)]
    fn pull<S: Simd>(&self, simd: S, columns: &[u32; LANES], values: &[f32; LANES], sums: &mut [[f32; LANES]; 2]) {
        let (mut xs, mut ys) = ([0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            [xs[lane], ys[lane]] = self.positions[columns[lane] as usize];
        }
        let [x, y] = self.position;
        let (x, y, one) = (simd.splat_f32s(x), simd.splat_f32s(y), simd.splat_f32s(1.0));
        let [x_sums, y_sums] = sums;
        let others = S::as_simd_f32s(&xs).0.iter().zip(S::as_simd_f32s(&ys).0);
        let sums = S::as_mut_simd_f32s(x_sums).0.iter_mut().zip(S::as_mut_simd_f32s(y_sums).0);
        for (((&other_x, &other_y), &value), (x_sum, y_sum)) in others.zip(S::as_simd_f32s(values).0).zip(sums) {
            let (dx, dy) = (simd.sub_f32s(x, other_x), simd.sub_f32s(y, other_y));
            let square = simd.add_f32s(simd.mul_f32s(dx, dx), simd.mul_f32s(dy, dy));
            let pull = simd.div_f32s(value, simd.add_f32s(one, square));
            *x_sum = simd.add_f32s(*x_sum, simd.mul_f32s(pull, dx));
            *y_sum = simd.add_f32s(*y_sum, simd.mul_f32s(pull, dy));
        }
    }
}

#[cfg(test)]
mod tests {
    use pulp::Simd;

    use super::{Pull, Row, attraction};

    #[test]
    fn neighbours_pull_as_defined_whatever_their_number_and_the_processor() {
        let positions: Vec<[f32; 2]> = (0..60).map(|i| [0.3 * i as f32, (i % 7) as f32 - 3.0]).collect();
        for n_neighbours in [0, 1, 15, 16, 17, 31, 32, 50] {
            let columns: Vec<u32> = (0..n_neighbours).map(|i| (i * 37) % 60).collect();
            let values: Vec<f32> = (0..n_neighbours).map(|i| 1e-3 * (i + 1) as f32).collect();
            let row = Row {
                columns: &columns,
                values: &values,
            };
            let position = positions[13];
            let mut expected = [0.0f64; 2];
            for (&column, &value) in columns.iter().zip(&values) {
                let [dx, dy] = [0, 1].map(|axis| f64::from(position[axis]) - f64::from(positions[column as usize][axis]));
                let pull = f64::from(value) / (1.0 + dx * dx + dy * dy);
                expected = [expected[0] + pull * dx, expected[1] + pull * dy];
            }
            let found = attraction(position, row, &positions);
            for axis in 0..2 {
                let difference = (f64::from(found[axis]) - expected[axis]).abs();
                assert!(
                    difference < 1e-6,
                    "{n_neighbours} neighbours: {found:?} instead of {expected:?}"
                );
            }
            let positions = &positions;
            assert_eq!(
                found,
                pulp::Scalar.vectorize(Pull {
                    position,
                    row,
                    positions
                })
            );
        }
    }
}
