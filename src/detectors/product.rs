//! The product of two matrices on one core: that of `nalgebra` wakes other threads, beside those that are at work here already.
//!
//! Loop order: eight columns of the result at a time (four where registers are few) and of these two vectors of rows, whose sums
//! stay in registers while the shared dimension runs innermost.

use nalgebra::DMatrix;
use pulp::{Simd, WithSimd};

/// `a · b`.
pub(super) fn product(a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
    assert_eq!(a.ncols(), b.nrows(), "the shared dimension");
    let mut product = DMatrix::zeros(a.nrows(), b.ncols());
    pulp::Arch::new().dispatch(Product {
        a,
        b,
        product: &mut product,
    });
    product
}

struct Product<'a> {
    a: &'a DMatrix<f64>,
    b: &'a DMatrix<f64>,
    product: &'a mut DMatrix<f64>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.by_columns::<S, 8>(simd);
        } else {
            self.by_columns::<S, 4>(simd);
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn by_columns<S: Simd, const COLUMNS: usize>(self, simd: S) {
        let (n_rows, n_columns) = self.product.shape();
        let n_shared = self.a.ncols();
        if n_rows == 0 || n_shared == 0 {
            return;
        }
        let (a, b) = (self.a.as_slice(), self.b.as_slice());
        let columns = self.product.as_mut_slice().chunks_mut(COLUMNS * n_rows);
        for (first, to) in (0..n_columns).step_by(COLUMNS).zip(columns) {
            // Columns beyond the last repeat it: what they yield is thrown away.
            let mut numbers: [&[f64]; COLUMNS] = [&[]; COLUMNS];
            for (j, numbers) in numbers.iter_mut().enumerate() {
                *numbers = &b[(first + j).min(n_columns - 1) * n_shared..][..n_shared];
            }
            let mut row = 0;
            while row < n_rows {
                let width = (n_rows - row).min(2 * S::F64_LANES);
                if width == 2 * S::F64_LANES {
                    tile::<S, COLUMNS, 2>(simd, (a, n_rows), numbers, (row, width), to);
                    row += width;
                } else {
                    let width = width.min(S::F64_LANES);
                    tile::<S, COLUMNS, 1>(simd, (a, n_rows), numbers, (row, width), to);
                    row += width;
                }
            }
        }
    }
}

/// `COLUMNS` columns of the product, `width` rows of them in `WIDTH` vectors from `row` on; `a` comes with its number of rows.
///
/// No closure and no `array::from_fn` in it: they are not always inlined, and then lack the processor's vectors.
#[inline(always)]
fn tile<S: Simd, const COLUMNS: usize, const WIDTH: usize>(
    simd: S,
    (a, n_rows): (&[f64], usize),
    numbers: [&[f64]; COLUMNS],
    (row, width): (usize, usize),
    to: &mut [f64],
) {
    let mut sums = [[simd.splat_f64s(0.0); WIDTH]; COLUMNS];
    let is_whole = width == WIDTH * S::F64_LANES;
    for (k, along) in a.chunks_exact(n_rows).enumerate() {
        let along = &along[row..row + width];
        let mut vectors = [simd.splat_f64s(0.0); WIDTH];
        if is_whole {
            vectors.copy_from_slice(S::as_simd_f64s(along).0);
        } else {
            vectors[0] = simd.partial_load_f64s(along);
        }
        for (sums, numbers) in sums.iter_mut().zip(&numbers) {
            let x = simd.splat_f64s(numbers[k]);
            for (sum, vector) in sums.iter_mut().zip(vectors) {
                *sum = simd.mul_add_e_f64s(x, vector, *sum);
            }
        }
    }
    for (column, sums) in to.chunks_exact_mut(n_rows).zip(&sums) {
        let to = &mut column[row..row + width];
        if is_whole {
            S::as_mut_simd_f64s(to).0.copy_from_slice(sums);
        } else {
            simd.partial_store_f64s(to, sums[0]);
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;
    use proptest::prelude::{prop_assert, proptest};
    use pulp::Simd;

    use super::{Product, product};

    proptest! {
        #[test]
        fn it_is_the_product_on_any_processor(n_rows in 0usize..40, n_shared in 0usize..20, n_columns in 0usize..20) {
            let number = |i: usize, j: usize| ((7 * i + 3 * j) as f64).sin();
            let (a, b) = (DMatrix::from_fn(n_rows, n_shared, number), DMatrix::from_fn(n_shared, n_columns, number));
            let mut by_numbers = DMatrix::zeros(n_rows, n_columns);
            pulp::Scalar.vectorize(Product { a: &a, b: &b, product: &mut by_numbers });
            for found in [product(&a, &b), by_numbers] {
                for i in 0..n_rows {
                    for j in 0..n_columns {
                        let expected: f64 = (0..n_shared).map(|k| a[(i, k)] * b[(k, j)]).sum();
                        prop_assert!((found[(i, j)] - expected).abs() < 1e-12);
                    }
                }
            }
        }
    }
}
