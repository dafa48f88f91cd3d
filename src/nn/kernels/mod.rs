//! Fast layers for the processor: pure functions on slices, channels innermost.
//!
//! Every kernel is written once, for vectors of any width; the processor's widest (AVX-512, AVX2, NEON, or single numbers) is
//! picked when the program runs: a kernel is a [`pulp::WithSimd`], and everything inside it is inlined so that it is compiled for
//! each kind of processor.
//!
//! *Invariant:* no burn, no thread, no file.

pub(super) mod activation;
pub(super) mod adam;
pub(super) mod batch_norm;
pub(super) mod convolution;
pub(super) mod depthwise;
pub(super) mod filter;
pub(super) mod floor;
pub(super) mod geometry;
mod panels;
pub(super) mod product;
pub(super) mod rows;
mod scatter;
pub(super) mod weight_gradient;
mod winograd;

/// Numbers in a vector of this processor.
pub(super) fn n_lanes() -> usize {
    struct Lanes;
    impl pulp::WithSimd for Lanes {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _simd: S) -> usize {
            S::F32_LANES
        }
    }
    pulp::Arch::new().dispatch(Lanes)
}

/// What a kernel yields on each kind of vectors that this processor has, single numbers first.
#[cfg(test)]
pub(super) fn on_every_processor<K: pulp::WithSimd + Clone>(kernel: &K) -> Vec<K::Output> {
    use pulp::Simd;
    let mut outputs = vec![Simd::vectorize(pulp::Scalar, kernel.clone())];
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        outputs.push(Simd::vectorize(avx2, kernel.clone()));
    }
    outputs.push(pulp::Arch::new().dispatch(kernel.clone()));
    outputs
}

/// Numbers that look random, the same on every machine.
#[cfg(test)]
fn numbers(n: usize, seed: f32) -> Vec<f32> {
    (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin()).collect()
}
