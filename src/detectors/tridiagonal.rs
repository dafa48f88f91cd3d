//! A symmetric matrix brought to three diagonals by reflections (Householder; Golub and Van Loan, "Matrix Computations", 8.3.1).
//!
//! Loop order: of the matrix the lower triangle is kept, in tiles of 8 by 8 whose halves on the diagonal are both there, so that
//! nothing ends within a vector. What a reflection takes off a column is put off until the next reflection is known: then one
//! pass over what is left does it and takes the product with the next reflection's vector, every column serving as the row that
//! it mirrors as well. The axes are formed a few columns at a time: these stay in the first cache while all reflections run past
//! them.

use nalgebra::DMatrix;
use pulp::{Simd, WithSimd};

/// Columns of the axes that are formed together, and rows and columns of a tile: a vector of the widest processor.
const TILE: usize = 8;

/// `Q T Q'` of a symmetric matrix, `T` having three diagonals.
#[derive(Clone)]
pub(super) struct Tridiagonal {
    /// `Q`, `[n, n]`, orthonormal.
    pub(super) axes: DMatrix<f64>,
    /// Of `T`, `[n]`.
    pub(super) diagonal: Vec<f64>,
    /// Of `T`, `[n]`: what links each axis to the one before, 0 for the first.
    pub(super) links: Vec<f64>,
}

impl Tridiagonal {
    /// Of the lower triangle of `matrix`, `[n, n]`.
    pub(super) fn new(matrix: &DMatrix<f64>) -> Self {
        pulp::Arch::new().dispatch(Reduction { matrix })
    }
}

#[derive(Clone)]
struct Reduction<'a> {
    matrix: &'a DMatrix<f64>,
}

impl WithSimd for Reduction<'_> {
    type Output = Tridiagonal;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Tridiagonal {
        let n = self.matrix.nrows();
        let pitch = n.next_multiple_of(TILE);
        let mut left = in_tiles(self.matrix, pitch);
        let (mut diagonal, mut links) = (vec![0.0; n], vec![0.0; n]);
        // The reflection on the rows after k is the identity less weight · v v', v being column k of these, above them zeros.
        let mut vectors = vec![0.0; n * pitch];
        let mut weights = vec![0.0; n];
        // What is to be taken off the matrix: v w' + w v'.
        let (mut v, mut w) = (vec![0.0; pitch], vec![0.0; pitch]);
        let mut product = vec![0.0; pitch];
        for k in 0..n {
            let column = &mut left[k * pitch..(k + 1) * pitch];
            for ((value, v_row), w_row) in column[k..].iter_mut().zip(&v[k..]).zip(&w[k..]) {
                *value -= v_row * w[k] + w_row * v[k];
            }
            diagonal[k] = column[k];
            let next = &mut vectors[k * pitch..(k + 1) * pitch];
            next[k + 1..n].copy_from_slice(&column[k + 1..n]);
            if k + 1 < n {
                (links[k + 1], weights[k]) = reflection(simd, &mut next[k + 1..]);
            }
            if weights[k] == 0.0 {
                next.fill(0.0);
            }
            product.fill(0.0);
            for tile in (k + 1) / TILE..pitch / TILE {
                reflect_columns(simd, &mut left, tile * TILE, [&v, &w, next], &mut product);
            }
            // w = weight A v - ½ weight² (v' A v) v.
            let weight = weights[k];
            let half = 0.5 * weight * (weight * dot(simd, &product, next));
            for ((w, product), next) in w.iter_mut().zip(&product).zip(&*next) {
                *w = weight * *product - half * *next;
            }
            v.copy_from_slice(next);
        }
        Tridiagonal {
            axes: axes(simd, n, &vectors, &weights),
            diagonal,
            links,
        }
    }
}

/// The lower triangle of a matrix in columns of length `pitch`, its diagonal tiles whole.
fn in_tiles(matrix: &DMatrix<f64>, pitch: usize) -> Vec<f64> {
    let n = matrix.nrows();
    let mut tiles = vec![0.0; pitch * pitch];
    for column in 0..n {
        tiles[column * pitch + column..column * pitch + n].copy_from_slice(&matrix.column(column).as_slice()[column..]);
        for row in column / TILE * TILE..column {
            tiles[column * pitch + row] = matrix[(column, row)];
        }
    }
    tiles
}

/// Turns a vector into that of the reflection which leaves nothing of it but its first entry; returns this entry and the
/// reflection's weight, 0 where there is nothing to reflect.
#[inline(always)]
fn reflection<S: Simd>(simd: S, vector: &mut [f64]) -> (f64, f64) {
    let rest = dot(simd, &vector[1..], &vector[1..]);
    let first = vector[0];
    if rest == 0.0 {
        return (first, 0.0);
    }
    // Away from the first entry, so that nothing cancels.
    let image = -(first * first + rest).sqrt().copysign(first);
    vector[0] = first - image;
    (image, 2.0 / (vector[0] * vector[0] + rest))
}

/// Takes `v w' + w v'` off a tile's columns from `first` on, and adds to `product` that of these columns, and of the rows that
/// they mirror, with `next`.
#[inline(always)]
fn reflect_columns<S: Simd>(simd: S, columns: &mut [f64], first: usize, [v, w, next]: [&[f64]; 3], product: &mut [f64]) {
    let pitch = product.len();
    let of_columns = first..first + TILE;
    let (v_columns, w_columns, next_columns) = (&v[of_columns.clone()], &w[of_columns.clone()], &next[of_columns]);
    let columns = &mut columns[first * pitch..(first + TILE) * pitch];
    let mut beside = [simd.splat_f64s(0.0); TILE];
    for row in (first..pitch).step_by(S::F64_LANES) {
        let rows = row..row + S::F64_LANES;
        let (v_rows, w_rows) = (vector(simd, &v[rows.clone()]), vector(simd, &w[rows.clone()]));
        let next_rows = vector(simd, &next[rows.clone()]);
        let mut sum = vector(simd, &product[rows.clone()]);
        for (j, column) in columns.chunks_exact_mut(pitch).enumerate() {
            let column = &mut S::as_mut_simd_f64s(&mut column[rows.clone()]).0[0];
            let taken = simd.mul_add_e_f64s(v_rows, simd.splat_f64s(-w_columns[j]), *column);
            *column = simd.mul_add_e_f64s(w_rows, simd.splat_f64s(-v_columns[j]), taken);
            sum = simd.mul_add_e_f64s(*column, simd.splat_f64s(next_columns[j]), sum);
            // The diagonal tile is whole: its rows are there as columns.
            if row >= first + TILE {
                beside[j] = simd.mul_add_e_f64s(*column, next_rows, beside[j]);
            }
        }
        S::as_mut_simd_f64s(&mut product[rows]).0[0] = sum;
    }
    for (product, beside) in product[first..first + TILE].iter_mut().zip(beside) {
        *product += simd.reduce_sum_f64s(beside);
    }
}

/// The product of all reflections.
#[inline(always)]
fn axes<S: Simd>(simd: S, n: usize, vectors: &[f64], weights: &[f64]) -> DMatrix<f64> {
    let pitch = n.next_multiple_of(TILE);
    let mut axes = DMatrix::zeros(n, n);
    let mut panel = vec![0.0; TILE * pitch];
    for first in (0..n).step_by(TILE) {
        panel.fill(0.0);
        for (j, column) in panel.chunks_exact_mut(pitch).enumerate() {
            column[first + j] = 1.0;
        }
        // Before the first of its rows that is not 0 a reflection finds nothing.
        for k in (0..(first + TILE - 1).min(n)).rev() {
            if weights[k] > 0.0 {
                let from = (k + 1) / TILE * TILE;
                reflect(simd, &mut panel, from, &vectors[k * pitch..(k + 1) * pitch], weights[k]);
            }
        }
        for (j, column) in panel.chunks_exact(pitch).enumerate().take(n - first) {
            axes.column_mut(first + j).copy_from_slice(&column[..n]);
        }
    }
    axes
}

/// `(I - weight v v')` of a panel of columns, whose rows before `from` it leaves.
#[inline(always)]
fn reflect<S: Simd>(simd: S, panel: &mut [f64], from: usize, v: &[f64], weight: f64) {
    let pitch = v.len();
    let mut sums = [simd.splat_f64s(0.0); TILE];
    for row in (from..pitch).step_by(S::F64_LANES) {
        let v = vector(simd, &v[row..row + S::F64_LANES]);
        for (sum, column) in sums.iter_mut().zip(panel.chunks_exact(pitch)) {
            *sum = simd.mul_add_e_f64s(v, vector(simd, &column[row..row + S::F64_LANES]), *sum);
        }
    }
    for sum in &mut sums {
        *sum = simd.splat_f64s(-weight * simd.reduce_sum_f64s(*sum));
    }
    for row in (from..pitch).step_by(S::F64_LANES) {
        let v = vector(simd, &v[row..row + S::F64_LANES]);
        for (sum, column) in sums.iter().zip(panel.chunks_exact_mut(pitch)) {
            let column = &mut S::as_mut_simd_f64s(&mut column[row..row + S::F64_LANES]).0[0];
            *column = simd.mul_add_e_f64s(v, *sum, *column);
        }
    }
}

/// A vector's worth of numbers.
#[inline(always)]
fn vector<S: Simd>(_simd: S, numbers: &[f64]) -> S::f64s {
    S::as_simd_f64s(numbers).0[0]
}

#[inline(always)]
fn dot<S: Simd>(simd: S, a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_tail), (b, b_tail)) = (S::as_simd_f64s(a), S::as_simd_f64s(b));
    let mut sum = simd.splat_f64s(0.0);
    for (a, b) in a.iter().zip(b) {
        sum = simd.mul_add_e_f64s(*a, *b, sum);
    }
    sum = simd.mul_add_e_f64s(simd.partial_load_f64s(a_tail), simd.partial_load_f64s(b_tail), sum);
    simd.reduce_sum_f64s(sum)
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use pulp::Simd;

    use super::{Reduction, Tridiagonal};

    #[test]
    fn axes_and_diagonals_give_the_matrix_back_on_any_processor() {
        for n in [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 70] {
            let whole = DMatrix::from_fn(n, n, |i, j| {
                ((i * j + 3 * (i + j)) % 17) as f64 - 4.0 + if i == j { 20.0 } else { 0.0 }
            });
            // Already three diagonals; nothing at all; of rank 1.
            let sparse = DMatrix::from_fn(n, n, |i, j| if i.abs_diff(j) < 2 { (i + j + 1) as f64 } else { 0.0 });
            let ones = DMatrix::from_element(n, n, 1e-80);
            for matrix in [whole, sparse, DMatrix::zeros(n, n), ones] {
                let lower = matrix.lower_triangle();
                for found in [Tridiagonal::new(&lower), pulp::Scalar.vectorize(Reduction { matrix: &lower })] {
                    let Tridiagonal { axes, diagonal, links } = found;
                    let middle = DMatrix::from_fn(n, n, |i, j| match i.abs_diff(j) {
                        0 => diagonal[i],
                        1 => links[i.max(j)],
                        _ => 0.0,
                    });
                    let rounding = 1e-13 * (1.0 + n as f64);
                    let difference = (&axes * middle * axes.transpose() - &matrix).amax();
                    assert!(difference <= rounding * matrix.amax(), "{n}: off by {difference}");
                    let skew = (axes.transpose() * &axes - DMatrix::identity(n, n)).amax();
                    assert!(skew <= rounding, "{n}: the axes are skew by {skew}");
                    assert_eq!(links[0], 0.0);
                }
            }
        }
    }
}
