//! What happens to single numbers between two products: batch norm, PReLU, their gradients, and sums over positions.
//!
//! Rows are `[n_positions, n_channels]`. Loop order: a vector of channels stays outermost, so that what belongs to a channel and
//! the sums over positions stay in registers; positions run innermost. Rows are best handed over in stretches that fit the
//! first cache.

use pulp::Simd;

use super::product::{load, store};

/// Batch norm and activation of each channel: `h = scale · z + shift`, and `h` or, where it is negative, `slope · h`, or, where
/// that is more, `ceiling`.
#[derive(Clone, Copy)]
pub(in crate::nn) struct Activation<'a> {
    pub scale: &'a [f32],
    pub shift: &'a [f32],
    pub slope: &'a [f32],
    /// 6 for ReLU6, infinite for PReLU.
    pub ceiling: f32,
}

/// The gradient of a batch norm's input from that of its output, `scale · g + by_value · z + constant`: the gradient of the
/// batch's mean and variance is in the last two.
#[derive(Clone, Copy)]
pub(in crate::nn) struct NormGradient<'a> {
    pub scale: &'a [f32],
    pub by_value: &'a [f32],
    pub constant: &'a [f32],
}

/// An [`Activation`] of a vector of channels.
#[derive(Clone, Copy)]
pub(in crate::nn) struct ActivationVectors<S: Simd> {
    simd: S,
    scale: S::f32s,
    shift: S::f32s,
    slope: S::f32s,
    ceiling: S::f32s,
    zero: S::f32s,
}

impl Activation<'_> {
    #[inline(always)]
    pub(in crate::nn) fn vectors<S: Simd>(&self, simd: S, channel: usize) -> ActivationVectors<S> {
        ActivationVectors {
            simd,
            scale: load(simd, &self.scale[channel..]),
            shift: load(simd, &self.shift[channel..]),
            slope: load(simd, &self.slope[channel..]),
            ceiling: simd.splat_f32s(self.ceiling),
            zero: simd.splat_f32s(0.0),
        }
    }
}

impl<S: Simd> ActivationVectors<S> {
    /// `h` of `z`.
    #[inline(always)]
    pub(in crate::nn) fn normed(&self, z: S::f32s) -> S::f32s {
        self.simd.mul_add_e_f32s(self.scale, z, self.shift)
    }

    /// The negative part of `h`: what the gradient of the slope is made of.
    #[inline(always)]
    pub(in crate::nn) fn negative(&self, h: S::f32s) -> S::f32s {
        self.simd.min_f32s(h, self.zero)
    }

    /// The activation of `h`.
    #[inline(always)]
    pub(in crate::nn) fn activated(&self, h: S::f32s) -> S::f32s {
        let positive = self.simd.min_f32s(self.simd.max_f32s(h, self.zero), self.ceiling);
        self.simd.mul_add_e_f32s(self.slope, self.negative(h), positive)
    }

    /// The gradient of `h` from that of its activation.
    #[inline(always)]
    pub(in crate::nn) fn gradient(&self, h: S::f32s, of_output: S::f32s) -> S::f32s {
        let is_positive = self.simd.greater_than_f32s(h, self.zero);
        let is_above = self.simd.greater_than_f32s(h, self.ceiling);
        let of_negative = self.simd.mul_f32s(self.slope, of_output);
        let of_h = self.simd.select_f32s(is_positive, of_output, of_negative);
        self.simd.select_f32s(is_above, self.zero, of_h)
    }
}

/// A [`NormGradient`] of a vector of channels.
#[derive(Clone, Copy)]
pub(in crate::nn) struct NormGradientVectors<S: Simd> {
    simd: S,
    scale: S::f32s,
    by_value: S::f32s,
    constant: S::f32s,
}

impl NormGradient<'_> {
    #[inline(always)]
    pub(in crate::nn) fn vectors<S: Simd>(&self, simd: S, channel: usize) -> NormGradientVectors<S> {
        NormGradientVectors {
            simd,
            scale: load(simd, &self.scale[channel..]),
            by_value: load(simd, &self.by_value[channel..]),
            constant: load(simd, &self.constant[channel..]),
        }
    }
}

impl<S: Simd> NormGradientVectors<S> {
    /// The gradient of `z` from that of `h`.
    #[inline(always)]
    pub(in crate::nn) fn of_value(&self, of_normed: S::f32s, z: S::f32s) -> S::f32s {
        let from_statistics = self.simd.mul_add_e_f32s(self.by_value, z, self.constant);
        self.simd.mul_add_e_f32s(self.scale, of_normed, from_statistics)
    }
}

/// The vectors of channels: where each begins and ends.
#[inline(always)]
pub(in crate::nn) fn channel_vectors<S: Simd>(n_channels: usize) -> impl Iterator<Item = (usize, usize)> {
    let vectors = (0..n_channels).step_by(S::F32_LANES);
    vectors.map(
        #[inline(always)]
        move |first| (first, (first + S::F32_LANES).min(n_channels)),
    )
}

/// Adds a vector to the sums of channels.
#[inline(always)]
pub(in crate::nn) fn add_to<S: Simd>(simd: S, sums: &mut [f32], sum: S::f32s) {
    let old = load(simd, sums);
    store(simd, sums, simd.add_f32s(old, sum));
}

/// Batch norm and PReLU of rows.
#[inline(always)]
pub(in crate::nn) fn activate<S: Simd>(simd: S, z: &[f32], activation: Activation<'_>, output: &mut [f32]) {
    let n_channels = activation.scale.len();
    for (first, end) in channel_vectors::<S>(n_channels) {
        let activation = activation.vectors(simd, first);
        for (z, output) in z.chunks_exact(n_channels).zip(output.chunks_exact_mut(n_channels)) {
            let h = activation.normed(load(simd, &z[first..end]));
            store(simd, &mut output[first..end], activation.activated(h));
        }
    }
}

/// Adds `Σ a` and `Σ a · b` of each channel to `sums` `[2, n_channels]`.
#[inline(always)]
pub(in crate::nn) fn add_moments<S: Simd>(simd: S, a: &[f32], b: &[f32], sums: &mut [f32]) {
    let n_channels = sums.len() / 2;
    for (first, end) in channel_vectors::<S>(n_channels) {
        // Two of each, because the next addition must not wait for the last one.
        let mut sum = [simd.splat_f32s(0.0); 2];
        let mut product = sum;
        let mut rows = a.chunks_exact(2 * n_channels).zip(b.chunks_exact(2 * n_channels));
        for (a, b) in &mut rows {
            for i in 0..2 {
                let at = i * n_channels + first..i * n_channels + end;
                let (a, b) = (load(simd, &a[at.clone()]), load(simd, &b[at]));
                sum[i] = simd.add_f32s(sum[i], a);
                product[i] = simd.mul_add_e_f32s(a, b, product[i]);
            }
        }
        let n_done = a.len() / (2 * n_channels) * 2 * n_channels;
        if n_done < a.len() {
            let (a, b) = (
                load(simd, &a[n_done + first..n_done + end]),
                load(simd, &b[n_done + first..n_done + end]),
            );
            sum[0] = simd.add_f32s(sum[0], a);
            product[0] = simd.mul_add_e_f32s(a, b, product[0]);
        }
        add_to(simd, &mut sums[first..end], simd.add_f32s(sum[0], sum[1]));
        let products = &mut sums[n_channels + first..n_channels + end];
        add_to(simd, products, simd.add_f32s(product[0], product[1]));
    }
}

/// `scale · z + shift` of rows.
#[inline(always)]
pub(in crate::nn) fn normalise<S: Simd>(simd: S, z: &[f32], (scale, shift): (&[f32], &[f32]), output: &mut [f32]) {
    let n_channels = scale.len();
    for (first, end) in channel_vectors::<S>(n_channels) {
        let (scale, shift) = (load(simd, &scale[first..end]), load(simd, &shift[first..end]));
        for (z, output) in z.chunks_exact(n_channels).zip(output.chunks_exact_mut(n_channels)) {
            let normed = simd.mul_add_e_f32s(scale, load(simd, &z[first..end]), shift);
            store(simd, &mut output[first..end], normed);
        }
    }
}

/// Adds `scale · z + shift` of rows to `sums`.
#[inline(always)]
pub(in crate::nn) fn add_normalised<S: Simd>(simd: S, z: &[f32], (scale, shift): (&[f32], &[f32]), sums: &mut [f32]) {
    let n_channels = scale.len();
    for (first, end) in channel_vectors::<S>(n_channels) {
        let (scale, shift) = (load(simd, &scale[first..end]), load(simd, &shift[first..end]));
        for (z, sums) in z.chunks_exact(n_channels).zip(sums.chunks_exact_mut(n_channels)) {
            let normed = simd.mul_add_e_f32s(scale, load(simd, &z[first..end]), shift);
            let sum = simd.add_f32s(load(simd, &sums[first..end]), normed);
            store(simd, &mut sums[first..end], sum);
        }
    }
}

/// The gradient of a batch norm's input `z` from that of its output, of rows.
#[inline(always)]
pub(in crate::nn) fn norm_gradient<S: Simd>(simd: S, of_normed: &[f32], z: &[f32], norm: NormGradient<'_>, output: &mut [f32]) {
    let n_channels = norm.scale.len();
    for (first, end) in channel_vectors::<S>(n_channels) {
        let norm = norm.vectors(simd, first);
        let rows = z.chunks_exact(n_channels).zip(of_normed.chunks_exact(n_channels));
        for ((z, of_normed), output) in rows.zip(output.chunks_exact_mut(n_channels)) {
            let gradient = norm.of_value(load(simd, &of_normed[first..end]), load(simd, &z[first..end]));
            store(simd, &mut output[first..end], gradient);
        }
    }
}

/// The gradient of `z`, through activation and batch norm, from that of the activation's output.
#[inline(always)]
pub(in crate::nn) fn activation_gradient<S: Simd>(
    simd: S,
    of_output: &[f32],
    z: &[f32],
    (activation, norm): (Activation<'_>, NormGradient<'_>),
    output: &mut [f32],
) {
    let n_channels = norm.scale.len();
    for (first, end) in channel_vectors::<S>(n_channels) {
        let (activation, norm) = (activation.vectors(simd, first), norm.vectors(simd, first));
        let rows = z.chunks_exact(n_channels).zip(of_output.chunks_exact(n_channels));
        for ((z, of_output), output) in rows.zip(output.chunks_exact_mut(n_channels)) {
            let z = load(simd, &z[first..end]);
            let g = activation.gradient(activation.normed(z), load(simd, &of_output[first..end]));
            store(simd, &mut output[first..end], norm.of_value(g, z));
        }
    }
}

/// From the gradient of an activation's output and from `z`: adds to `sums` `[3, n_channels]` the sums of `g` (the gradient of
/// `h`), of `g · z`, and of what the gradient of the slope is made of. Puts the activated rows into `activated`, where wanted.
#[inline(always)]
pub(in crate::nn) fn add_activation_moments<S: Simd>(
    simd: S,
    of_output: &[f32],
    z: &[f32],
    activation: Activation<'_>,
    activated: Option<&mut [f32]>,
    sums: &mut [f32],
) {
    let n_channels = activation.scale.len();
    let mut activated = activated;
    for (first, end) in channel_vectors::<S>(n_channels) {
        let mut pass = ActivationPass {
            vectors: activation.vectors(simd, first),
            totals: [simd.splat_f32s(0.0); 3],
        };
        let rows = z.chunks_exact(n_channels).zip(of_output.chunks_exact(n_channels));
        match &mut activated {
            Some(activated) => {
                for ((z, of_output), activated) in rows.zip(activated.chunks_exact_mut(n_channels)) {
                    let a = pass.step(load(simd, &z[first..end]), load(simd, &of_output[first..end]));
                    store(simd, &mut activated[first..end], a);
                }
            }
            None => {
                for (z, of_output) in rows {
                    pass.step(load(simd, &z[first..end]), load(simd, &of_output[first..end]));
                }
            }
        }
        for (sums, total) in sums.chunks_exact_mut(n_channels).zip(pass.totals) {
            add_to(simd, &mut sums[first..end], total);
        }
    }
}

/// What stays in registers during [`add_activation_moments`].
struct ActivationPass<S: Simd> {
    vectors: ActivationVectors<S>,
    totals: [S::f32s; 3],
}

impl<S: Simd> ActivationPass<S> {
    /// Adds up one position and gives its activation.
    #[inline(always)]
    fn step(&mut self, z: S::f32s, of_output: S::f32s) -> S::f32s {
        let (simd, vectors) = (self.vectors.simd, self.vectors);
        let h = vectors.normed(z);
        let g = vectors.gradient(h, of_output);
        self.totals[0] = simd.add_f32s(self.totals[0], g);
        self.totals[1] = simd.mul_add_e_f32s(g, z, self.totals[1]);
        self.totals[2] = simd.mul_add_e_f32s(of_output, vectors.negative(h), self.totals[2]);
        vectors.activated(h)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulp::WithSimd;

    use super::*;
    use crate::nn::kernels::{numbers, on_every_processor};

    /// All that happens to rows, once each.
    #[derive(Clone)]
    struct Passes {
        n_positions: usize,
        n_channels: usize,
    }

    /// What stands in `sums` before.
    const BEFORE: f32 = 1.0;
    /// Low enough that some activations lie above it.
    const CEILING: f32 = 0.5;

    impl Passes {
        fn rows(&self, seed: f32) -> Vec<f32> {
            numbers(self.n_positions * self.n_channels, seed)
        }
    }

    impl WithSimd for Passes {
        /// Activated; moments of `z` and of the gradients; normalised; added to the gradients; gradient of the norm; gradient
        /// through both; sums of the activation; activated beside.
        type Output = [Vec<f32>; 8];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let [scale, shift, slope, by_value, constant] = [1.0, 2.0, 3.0, 4.0, 5.0].map(|seed| numbers(self.n_channels, seed));
            let activation = Activation {
                scale: &scale,
                shift: &shift,
                slope: &slope,
                ceiling: CEILING,
            };
            let norm = NormGradient {
                scale: &scale,
                by_value: &by_value,
                constant: &constant,
            };
            let (z, gradient) = (self.rows(6.0), self.rows(7.0));
            let empty = vec![f32::NAN; z.len()];
            let [mut activated, mut normed, mut of_norm, mut of_both, mut beside] = [(); 5].map(|()| empty.clone());
            activate(simd, &z, activation, &mut activated);
            let mut moments = vec![BEFORE; 2 * self.n_channels];
            add_moments(simd, &z, &gradient, &mut moments);
            normalise(simd, &z, (&scale, &shift), &mut normed);
            let mut added = gradient.clone();
            add_normalised(simd, &z, (&scale, &shift), &mut added);
            norm_gradient(simd, &gradient, &z, norm, &mut of_norm);
            activation_gradient(simd, &gradient, &z, (activation, norm), &mut of_both);
            let mut sums = vec![BEFORE; 3 * self.n_channels];
            add_activation_moments(simd, &gradient, &z, activation, None, &mut sums);
            add_activation_moments(simd, &gradient, &z, activation, Some(&mut beside), &mut sums);
            [activated, moments, normed, added, of_norm, of_both, sums, beside]
        }
    }

    fn is_near(found: f32, expected: f64) -> bool {
        (f64::from(found) - expected).abs() < 1e-5 * (1.0 + expected.abs())
    }

    proptest! {
        #[test]
        fn every_pass_is_its_formula(n_positions in 1usize..8, n_channels in 1usize..40) {
            let passes = Passes { n_positions, n_channels };
            let (z, gradient) = (passes.rows(6.0), passes.rows(7.0));
            for [activated, moments, normed, added, of_norm, of_both, sums, beside] in on_every_processor(&passes) {
                prop_assert_eq!(&activated, &beside);
                for c in 0..n_channels {
                    let [scale, shift, slope, by_value, constant] =
                        [1.0, 2.0, 3.0, 4.0, 5.0].map(|seed| f64::from(numbers(n_channels, seed)[c]));
                    let mut totals = [0.0; 5];
                    for at in (0..n_positions).map(|position| position * n_channels + c) {
                        let (z, gradient) = (f64::from(z[at]), f64::from(gradient[at]));
                        let h = scale * z + shift;
                        let ceiling = f64::from(CEILING);
                        let factor = if h > ceiling { 0.0 } else if h > 0.0 { 1.0 } else { slope };
                        let (of_h, negative) = (factor * gradient, h.min(0.0));
                        prop_assert!(is_near(activated[at], slope * negative + h.clamp(0.0, ceiling)));
                        prop_assert!(is_near(normed[at], h));
                        prop_assert!(is_near(added[at], gradient + h));
                        prop_assert!(is_near(of_norm[at], scale * gradient + by_value * z + constant));
                        prop_assert!(is_near(of_both[at], scale * of_h + by_value * z + constant));
                        let terms = [z, z * gradient, 2.0 * of_h, 2.0 * of_h * z, 2.0 * gradient * negative];
                        totals.iter_mut().zip(terms).for_each(|(total, term)| *total += term);
                    }
                    let found = moments.chunks(n_channels).chain(sums.chunks(n_channels));
                    for (found, total) in found.zip(totals) {
                        prop_assert!(is_near(found[c], f64::from(BEFORE) + total));
                    }
                }
            }
        }
    }
}
