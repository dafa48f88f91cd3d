//! A symmetric matrix brought to three diagonals by reflections (Householder; Golub and Van Loan, "Matrix Computations", 8.3.1).
//!
//! Loop order: only the lower triangle is read and written, column by column. For each reflection one pass over what is left
//! takes its product with the reflection's vector – every column serves as the row that it mirrors as well – and one pass updates
//! it. The axes are formed a few columns at a time: these stay in the first cache while all reflections run past them.

use nalgebra::DMatrix;
use pulp::{Simd, WithSimd};

/// Columns of the axes that are formed together.
const PANEL: usize = 4;

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
    pub(super) fn new(matrix: DMatrix<f64>) -> Self {
        pulp::Arch::new().dispatch(Reduction { matrix })
    }
}

#[derive(Clone)]
struct Reduction {
    matrix: DMatrix<f64>,
}

impl WithSimd for Reduction {
    type Output = Tridiagonal;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Tridiagonal {
        let n = self.matrix.nrows();
        let mut tridiagonal = Tridiagonal {
            axes: DMatrix::identity(n, n),
            diagonal: vec![0.0; n],
            links: vec![0.0; n],
        };
        // The reflection on the rows after k is the identity less weight · v v', its vector v standing in the place of column k.
        let mut weights = vec![0.0; n];
        let mut product = vec![0.0; n];
        for k in 0..n {
            let (done, left) = self.matrix.as_mut_slice().split_at_mut((k + 1) * n);
            let column = &mut done[k * n + k..];
            tridiagonal.diagonal[k] = column[0];
            if let [_, v @ ..] = column
                && !v.is_empty()
            {
                (tridiagonal.links[k + 1], weights[k]) = reflection(simd, v);
                if weights[k] > 0.0 {
                    reflect_both_sides(simd, left, v, weights[k], &mut product[..n - k - 1]);
                }
            }
        }
        for (panel_idx, panel) in tridiagonal.axes.as_mut_slice().chunks_mut(PANEL * n).enumerate() {
            // Before the first of its rows that is not 0 a reflection finds nothing.
            for k in (0..((panel_idx + 1) * PANEL - 1).min(n)).rev() {
                if weights[k] > 0.0 {
                    let v = &self.matrix.as_slice()[k * n + k + 1..(k + 1) * n];
                    reflect_panel(simd, panel, n, v, weights[k]);
                }
            }
        }
        tridiagonal
    }
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

/// `(I - weight v v') A (I - weight v v')` of the matrix in the lower triangle of the last rows of `columns`.
#[inline(always)]
fn reflect_both_sides<S: Simd>(simd: S, columns: &mut [f64], v: &[f64], weight: f64, product: &mut [f64]) {
    let n_left = v.len();
    let n = columns.len() / n_left;
    product.fill(0.0);
    for j in 0..n_left {
        let column = &columns[(j + 1) * n - (n_left - j)..(j + 1) * n];
        let beside = multiply_both_ways(simd, &column[1..], v[j], &v[j + 1..], &mut product[j + 1..]);
        product[j] += column[0] * v[j] + beside;
    }
    // A less v w' + w v' with w = weight A v - ½ weight² (v' A v) v.
    let half = 0.5 * weight * (weight * dot(simd, product, v));
    for (w, v) in product.iter_mut().zip(v) {
        *w = weight * *w - half * v;
    }
    for j in 0..n_left {
        let column = &mut columns[(j + 1) * n - (n_left - j)..(j + 1) * n];
        subtract(simd, column, (v[j], &product[j..]), (product[j], &v[j..]));
    }
}

#[inline(always)]
fn reflect_panel<S: Simd>(simd: S, panel: &mut [f64], n: usize, v: &[f64], weight: f64) {
    let first = n - v.len();
    let mut columns = panel.chunks_exact_mut(n).map(
        #[inline(always)]
        |column| &mut column[first..],
    );
    while let Some(a) = columns.next() {
        match [columns.next(), columns.next(), columns.next()] {
            [Some(b), Some(c), Some(d)] => reflect(simd, [a, b, c, d], v, weight),
            others => {
                reflect(simd, [a], v, weight);
                for column in others.into_iter().flatten() {
                    reflect(simd, [column], v, weight);
                }
            }
        }
    }
}

/// `(I - weight v v')` of some columns.
#[inline(always)]
fn reflect<S: Simd, const N: usize>(simd: S, columns: [&mut [f64]; N], v: &[f64], weight: f64) {
    let n = v.len();
    let (v_head, v_tail) = S::as_simd_f64s(v);
    let v_tail = simd.partial_load_f64s(v_tail);
    let mut columns = columns.map(
        #[inline(always)]
        |column| S::as_mut_simd_f64s(&mut column[..n]),
    );
    let mut sums = [simd.splat_f64s(0.0); N];
    for (idx, v) in v_head.iter().enumerate() {
        for (sum, column) in sums.iter_mut().zip(&columns) {
            *sum = simd.mul_add_e_f64s(*v, column.0[idx], *sum);
        }
    }
    for (sum, column) in sums.iter_mut().zip(&mut columns) {
        *sum = simd.mul_add_e_f64s(v_tail, simd.partial_load_f64s(column.1), *sum);
        *sum = simd.splat_f64s(-weight * simd.reduce_sum_f64s(*sum));
    }
    for (idx, v) in v_head.iter().enumerate() {
        for (sum, column) in sums.iter().zip(&mut columns) {
            column.0[idx] = simd.mul_add_e_f64s(*v, *sum, column.0[idx]);
        }
    }
    for (sum, column) in sums.iter().zip(&mut columns) {
        let tail = simd.mul_add_e_f64s(v_tail, *sum, simd.partial_load_f64s(column.1));
        simd.partial_store_f64s(column.1, tail);
    }
}

/// Adds `column · scale` to `sums`; returns the product of the column and `v`.
#[inline(always)]
fn multiply_both_ways<S: Simd>(simd: S, column: &[f64], scale: f64, v: &[f64], sums: &mut [f64]) -> f64 {
    let ((column, column_tail), (v, v_tail)) = (S::as_simd_f64s(column), S::as_simd_f64s(v));
    let (sums, sums_tail) = S::as_mut_simd_f64s(sums);
    let (scale, mut product) = (simd.splat_f64s(scale), simd.splat_f64s(0.0));
    for ((column, v), sum) in column.iter().zip(v).zip(sums) {
        product = simd.mul_add_e_f64s(*column, *v, product);
        *sum = simd.mul_add_e_f64s(*column, scale, *sum);
    }
    let column_tail = simd.partial_load_f64s(column_tail);
    product = simd.mul_add_e_f64s(column_tail, simd.partial_load_f64s(v_tail), product);
    let sum = simd.mul_add_e_f64s(column_tail, scale, simd.partial_load_f64s(sums_tail));
    simd.partial_store_f64s(sums_tail, sum);
    simd.reduce_sum_f64s(product)
}

/// Takes two scaled vectors off a column.
#[inline(always)]
fn subtract<S: Simd>(simd: S, column: &mut [f64], a: (f64, &[f64]), b: (f64, &[f64])) {
    let ((a_head, a_tail), (b_head, b_tail)) = (S::as_simd_f64s(a.1), S::as_simd_f64s(b.1));
    let (a_scale, b_scale) = (simd.splat_f64s(-a.0), simd.splat_f64s(-b.0));
    let (head, tail) = S::as_mut_simd_f64s(column);
    for ((value, a), b) in head.iter_mut().zip(a_head).zip(b_head) {
        *value = simd.mul_add_e_f64s(*a, a_scale, simd.mul_add_e_f64s(*b, b_scale, *value));
    }
    let (a, b) = (simd.partial_load_f64s(a_tail), simd.partial_load_f64s(b_tail));
    let value = simd.mul_add_e_f64s(b, b_scale, simd.partial_load_f64s(tail));
    simd.partial_store_f64s(tail, simd.mul_add_e_f64s(a, a_scale, value));
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
                let reduction = Reduction {
                    matrix: matrix.lower_triangle(),
                };
                for found in [Tridiagonal::new(matrix.clone()), pulp::Scalar.vectorize(reduction)] {
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
