//! PReLU, of which ReLU (slope 0) and no activation (slope 1) are cases.

use pulp::Simd;

use super::product::store;

/// `x` where it is positive, `slope · x` where it is not.
#[inline(always)]
pub(in crate::nn) fn prelu<S: Simd>(simd: S, x: S::f32s, slope: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.mul_add_e_f32s(simd.min_f32s(x, zero), slope, simd.max_f32s(x, zero))
}

/// Writes the activated vectors to the begin of `to`, as much of them as fits. `slope` holds whole vectors.
#[inline(always)]
pub(in crate::nn) fn store_activated<S: Simd>(simd: S, to: &mut [f32], sums: &[S::f32s], slope: &[f32]) {
    let slopes = S::as_simd_f32s(slope).0;
    if let Some(places) = S::as_mut_simd_f32s(to).0.get_mut(..sums.len()) {
        for ((place, sum), slope) in places.iter_mut().zip(sums).zip(slopes) {
            *place = prelu(simd, *sum, *slope);
        }
        return;
    }
    for ((to, sum), slope) in to.chunks_mut(S::F32_LANES).zip(sums).zip(slopes) {
        store(simd, to, prelu(simd, *sum, *slope));
    }
}
