//! The sum of the outer products of vectors with themselves: what a covariance is made of.
//!
//! Loop order: a few vectors at a time, which stay in the first cache; a tile of the sum stays in registers while they run past
//! it. Only tiles that reach into the lower triangle are worked out: half of them.

use nalgebra::DMatrix;
use pulp::{Simd, WithSimd};

/// Vectors that are added together.
const TOGETHER: usize = 32;
/// Columns of a tile, and what the vectors' length is padded to: a vector of the widest processor.
const TILE: usize = 8;

/// `Σ u u'` over vectors `u` that are handed over one by one.
pub(super) struct OuterSum {
    n: usize,
    /// `n` and as much as fills the last tile.
    pitch: usize,
    /// `[pitch, pitch]`, the lower triangle.
    sums: Vec<f64>,
    /// `[TOGETHER][pitch]`, beyond `n` zeros.
    waiting: Vec<f64>,
    n_waiting: usize,
}

impl OuterSum {
    /// Of vectors of `n` numbers.
    pub(super) fn new(n: usize) -> Self {
        let pitch = n.next_multiple_of(TILE);
        Self {
            n,
            pitch,
            sums: vec![0.0; pitch * pitch],
            waiting: vec![0.0; TOGETHER * pitch],
            n_waiting: 0,
        }
    }

    /// The place of the next vector, to be written.
    pub(super) fn next(&mut self) -> &mut [f64] {
        if self.n_waiting == TOGETHER {
            self.add();
        }
        self.n_waiting += 1;
        &mut self.waiting[(self.n_waiting - 1) * self.pitch..][..self.n]
    }

    /// `[n, n]`, the lower triangle.
    pub(super) fn lower_triangle(mut self) -> DMatrix<f64> {
        self.add();
        let columns = self.sums.chunks_exact(self.pitch.max(1)).take(self.n);
        DMatrix::from_iterator(self.n, self.n, columns.flat_map(|column| &column[..self.n]).copied())
    }

    fn add(&mut self) {
        pulp::Arch::new().dispatch(Addition {
            vectors: &self.waiting[..self.n_waiting * self.pitch],
            pitch: self.pitch,
            sums: &mut self.sums,
        });
        self.n_waiting = 0;
    }
}

struct Addition<'a> {
    vectors: &'a [f64],
    pitch: usize,
    sums: &'a mut [f64],
}

impl WithSimd for Addition<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for column in (0..self.pitch).step_by(TILE) {
            let mut row = column;
            while row < self.pitch {
                let tile = (self.vectors, self.pitch, column, row);
                if row + 2 * S::F64_LANES <= self.pitch {
                    add_tile::<S, 2>(simd, tile, self.sums);
                    row += 2 * S::F64_LANES;
                } else {
                    add_tile::<S, 1>(simd, tile, self.sums);
                    row += S::F64_LANES;
                }
            }
        }
    }
}

/// Adds to the tile of `TILE` columns and `WIDTH` vectors of rows.
///
/// No closure and no `array::from_fn` in it: they are not always inlined, and then lack the processor's vectors.
#[inline(always)]
fn add_tile<S: Simd, const WIDTH: usize>(
    simd: S,
    (vectors, pitch, first_column, first_row): (&[f64], usize, usize, usize),
    sums: &mut [f64],
) {
    let mut tile = [[simd.splat_f64s(0.0); WIDTH]; TILE];
    for vector in vectors.chunks_exact(pitch) {
        let along = S::as_simd_f64s(&vector[first_row..first_row + WIDTH * S::F64_LANES]).0;
        let mut rows = [simd.splat_f64s(0.0); WIDTH];
        rows.copy_from_slice(along);
        for (sums, &x) in tile.iter_mut().zip(&vector[first_column..first_column + TILE]) {
            let x = simd.splat_f64s(x);
            for (sum, row) in sums.iter_mut().zip(rows) {
                *sum = simd.mul_add_e_f64s(x, row, *sum);
            }
        }
    }
    for (m, tile) in tile.iter().enumerate() {
        let place = (first_column + m) * pitch + first_row;
        let to = S::as_mut_simd_f64s(&mut sums[place..place + WIDTH * S::F64_LANES]).0;
        for (to, sum) in to.iter_mut().zip(tile) {
            *to = simd.add_f64s(*to, *sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use proptest::prelude::{prop_assert, proptest};
    use pulp::Simd;

    use super::{Addition, OuterSum, TILE};

    proptest! {
        /// More vectors than are added together, lengths that no tile divides.
        #[test]
        fn it_is_the_sum_over_the_vectors(n in 0usize..40, n_vectors in 0usize..80) {
            let vectors = DMatrix::from_fn(n, n_vectors, |i, j| ((7 * i + 3 * j) as f64).sin());
            let mut sum = OuterSum::new(n);
            for vector in vectors.column_iter() {
                sum.next().copy_from_slice(vector.as_slice());
            }
            let found = sum.lower_triangle();
            let pitch = n.next_multiple_of(TILE);
            let mut padded = vec![0.0; pitch * n_vectors];
            for (padded, vector) in padded.chunks_exact_mut(pitch.max(1)).zip(vectors.column_iter()) {
                padded[..n].copy_from_slice(vector.as_slice());
            }
            let mut by_numbers = vec![0.0; pitch * pitch];
            pulp::Scalar.vectorize(Addition { vectors: &padded, pitch, sums: &mut by_numbers });
            for column in 0..n {
                for row in column..n {
                    let expected: f64 = vectors.column_iter().map(|vector| vector[column] * vector[row]).sum();
                    prop_assert!((found[(row, column)] - expected).abs() < 1e-12);
                    prop_assert!((by_numbers[column * pitch + row] - expected).abs() < 1e-12);
                }
            }
        }
    }
}
