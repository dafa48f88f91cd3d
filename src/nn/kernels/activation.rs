//! PReLU with a ceiling, of which PReLU (an infinite ceiling), ReLU6 (slope 0, ceiling 6) and no activation (slope 1) are cases.

use pulp::Simd;

use super::product::store;

/// `x` where it is positive, `slope · x` where it is not; `ceiling` where `x` is above it.
#[inline(always)]
pub(in crate::nn) fn prelu<S: Simd>(simd: S, x: S::f32s, slope: S::f32s, ceiling: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    let positive = simd.min_f32s(simd.max_f32s(x, zero), ceiling);
    simd.mul_add_e_f32s(simd.min_f32s(x, zero), slope, positive)
}

/// Writes the activated vectors to the begin of `to`, as much of them as fits. `slope` holds whole vectors.
#[inline(always)]
pub(in crate::nn) fn store_activated<S: Simd>(simd: S, to: &mut [f32], sums: &[S::f32s], slope: &[f32], ceiling: f32) {
    let ceiling = simd.splat_f32s(ceiling);
    let slopes = S::as_simd_f32s(slope).0;
    if let Some(places) = S::as_mut_simd_f32s(to).0.get_mut(..sums.len()) {
        for ((place, sum), slope) in places.iter_mut().zip(sums).zip(slopes) {
            *place = prelu(simd, *sum, *slope, ceiling);
        }
        return;
    }
    for ((to, sum), slope) in to.chunks_mut(S::F32_LANES).zip(sums).zip(slopes) {
        store(simd, to, prelu(simd, *sum, *slope, ceiling));
    }
}
