//! Sums over the features of one clip, in double precision.

/// Sums that grow side by side: none waits for the one before.
const LANES: usize = 16;

/// `Σ a b` of slices of equal length.
pub(super) fn dot<A: Copy + Into<f64>, B: Copy + Into<f64>>(a: &[A], b: &[B]) -> f64 {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            let mut sums = [0.0; LANES];
            let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
            for (a, b) in a.iter().zip(b) {
                for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                    *sum += (*a).into() * (*b).into();
                }
            }
            let rest = a_rest.iter().zip(b_rest).map(
                #[inline(always)]
                |(a, b)| (*a).into() * (*b).into(),
            );
            sums.iter().sum::<f64>() + rest.sum::<f64>()
        },
    )
}

pub(super) fn length(row: &[f32]) -> f64 {
    dot(row, row).sqrt()
}

/// Nothing has no direction: where a clip is of length 0, so are its products with others.
pub(super) fn one_over(length: f64) -> f64 {
    if length > 0.0 { 1.0 / length } else { 0.0 }
}

/// The sum of clips, `[n_features]`.
pub(super) fn sum<'a>(rows: impl Iterator<Item = &'a [f32]>, n_features: usize) -> Vec<f64> {
    let mut sum = vec![0.0; n_features];
    for row in rows {
        for (sum, x) in sum.iter_mut().zip(row) {
            *sum += f64::from(*x);
        }
    }
    sum
}

/// Writes `row - what`.
pub(super) fn subtract(row: &[f32], what: &[f64], to: &mut [f64]) {
    for ((to, x), what) in to.iter_mut().zip(row).zip(what) {
        *to = f64::from(*x) - what;
    }
}
