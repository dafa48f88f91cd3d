//! Batch norm and ReLU. The moments of a batch are put together from those of its groups.

use pulp::{Arch, Simd, WithSimd};

use super::maps::{Frame, Map};

/// Of a channel: a factor and an offset that do what the norm does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel {
    scale: f32,
    shift: f32,
    pub mean: f64,
    /// Biased.
    pub variance: f64,
    /// 1 / √(variance + ε)
    inverse: f64,
}

impl Channel {
    pub(super) fn new((mean, variance): (f64, f64), (factor, offset): (f32, f32), epsilon: f64) -> Self {
        let inverse = 1.0 / (variance + epsilon).sqrt();
        let scale = f64::from(factor) * inverse;
        Self {
            scale: scale as f32,
            shift: (f64::from(offset) - mean * scale) as f32,
            mean,
            variance,
            inverse,
        }
    }

    /// The gradients of factor and offset, from [`GradientSums`] over the batch.
    pub(super) fn parameter_gradients(&self, sums: GradientSums) -> (f32, f32) {
        ((sums.weighted * self.inverse) as f32, sums.plain as f32)
    }

    /// What every number of the channel gets through its variance and through its mean: a slope over the distance from the mean,
    /// and an offset.
    fn common(&self, sums: GradientSums, n_values: f64) -> (f32, f32) {
        let scale = f64::from(self.scale);
        let slope = -scale * self.inverse * self.inverse * sums.weighted / n_values;
        (slope as f32, (-scale * sums.plain / n_values) as f32)
    }
}

/// Mean, and sum of squared distances from it, of so many numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    pub n: f64,
    pub mean: f64,
    pub squares: f64,
}

impl Moments {
    /// Of the numbers of both: Chan, Golub and `LeVeque` (1979).
    pub(super) fn and(self, other: Self) -> Self {
        let n = self.n + other.n;
        let apart = other.mean - self.mean;
        Self {
            n,
            mean: self.mean + apart * other.n / n,
            squares: self.squares + other.squares + apart * apart * self.n * other.n / n,
        }
    }
}

/// Over a channel: the sum of the gradients that pass the ReLU, and of their products with the distance from the mean.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GradientSums {
    pub plain: f64,
    pub weighted: f64,
}

impl GradientSums {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            plain: self.plain + other.plain,
            weighted: self.weighted + other.weighted,
        }
    }
}

/// The moments of each channel of a group's first `n_windows` lanes.
pub(super) fn moments(frame: Frame, x: &Map, n_windows: usize) -> Vec<Moments> {
    Arch::new().dispatch(OfChannels {
        frame,
        x: x.values(),
        n_windows,
    })
}

struct OfChannels<'a> {
    frame: Frame,
    x: &'a [f32],
    n_windows: usize,
}

/// The sum of the first lanes.
#[inline(always)]
fn sum_of<S: Simd>(vector: S::f32s, n_windows: usize) -> f64 {
    let lanes = std::slice::from_ref(&vector);
    let lanes: &[f32] = pulp::bytemuck::cast_slice(lanes);
    lanes[..n_windows.min(lanes.len())].iter().map(|&x| f64::from(x)).sum()
}

impl WithSimd for OfChannels<'_> {
    type Output = Vec<Moments>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<Moments> {
        let Self { frame, x, n_windows } = self;
        let x = S::as_simd_f32s(x).0;
        let n = (n_windows * frame.shape.frames * frame.shape.bands) as f64;
        let mut moments = Vec::with_capacity(frame.shape.channels);
        for channel in 0..frame.shape.channels {
            let mut total = 0.0;
            for row in frame.rows_of(channel) {
                let mut sum = simd.splat_f32s(0.0);
                for x in &x[row] {
                    sum = simd.add_f32s(sum, *x);
                }
                total += sum_of::<S>(sum, n_windows);
            }
            let mean = total / n;
            let centre = simd.splat_f32s(mean as f32);
            let mut squares = 0.0;
            for row in frame.rows_of(channel) {
                let mut sum = simd.splat_f32s(0.0);
                for x in &x[row] {
                    let distance = simd.sub_f32s(*x, centre);
                    sum = simd.mul_add_e_f32s(distance, distance, sum);
                }
                squares += sum_of::<S>(sum, n_windows);
            }
            moments.push(Moments { n, mean, squares });
        }
        moments
    }
}

/// `max(0, scale · x + shift)` of each channel.
pub(super) fn normalise(frame: Frame, channels: &[Channel], x: &Map, y: &mut Map) {
    Arch::new().dispatch(Normalise {
        frame,
        channels,
        x: x.values(),
        y: y.values_mut(),
    });
}

struct Normalise<'a> {
    frame: Frame,
    channels: &'a [Channel],
    x: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (x, y) = (S::as_simd_f32s(self.x).0, S::as_mut_simd_f32s(self.y).0);
        let zero = simd.splat_f32s(0.0);
        for (idx, channel) in self.channels.iter().enumerate() {
            let (scale, shift) = (simd.splat_f32s(channel.scale), simd.splat_f32s(channel.shift));
            for row in self.frame.rows_of(idx) {
                for (x, y) in x[row.clone()].iter().zip(&mut y[row]) {
                    // In this order what is not a number stays so.
                    *y = simd.max_f32s(zero, simd.mul_add_e_f32s(*x, scale, shift));
                }
            }
        }
    }
}

/// What a group contributes to the gradients of its norm; `gradient` is zero in lanes without a window.
pub(super) fn gradient_sums(frame: Frame, channels: &[Channel], x: &Map, gradient: &Map) -> Vec<GradientSums> {
    Arch::new().dispatch(SumsOf {
        frame,
        channels,
        x: x.values(),
        gradient: gradient.values(),
    })
}

struct SumsOf<'a> {
    frame: Frame,
    channels: &'a [Channel],
    x: &'a [f32],
    gradient: &'a [f32],
}

/// The gradient where the ReLU is open.
#[inline(always)]
fn passed<S: Simd>(simd: S, normal: S::f32s, gradient: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.greater_than_f32s(normal, zero), gradient, zero)
}

impl WithSimd for SumsOf<'_> {
    type Output = Vec<GradientSums>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<GradientSums> {
        let (x, gradient) = (S::as_simd_f32s(self.x).0, S::as_simd_f32s(self.gradient).0);
        let mut sums = Vec::with_capacity(self.channels.len());
        for (idx, channel) in self.channels.iter().enumerate() {
            let (scale, shift) = (simd.splat_f32s(channel.scale), simd.splat_f32s(channel.shift));
            let mean = simd.splat_f32s(channel.mean as f32);
            let mut of_channel = GradientSums::default();
            for row in self.frame.rows_of(idx) {
                let (mut plain, mut weighted) = (simd.splat_f32s(0.0), simd.splat_f32s(0.0));
                for (x, gradient) in x[row.clone()].iter().zip(&gradient[row]) {
                    let passed = passed(simd, simd.mul_add_e_f32s(*x, scale, shift), *gradient);
                    plain = simd.add_f32s(plain, passed);
                    weighted = simd.mul_add_e_f32s(passed, simd.sub_f32s(*x, mean), weighted);
                }
                of_channel = of_channel.and(GradientSums {
                    plain: f64::from(simd.reduce_sum_f32s(plain)),
                    weighted: f64::from(simd.reduce_sum_f32s(weighted)),
                });
            }
            sums.push(of_channel);
        }
        sums
    }
}

/// Replaces the gradient of `y` by that of `x`: `scale · passed + slope · (x - mean) + offset`, and by zero in lanes without a
/// window. `sums` are those of the batch, over `n_values` numbers a channel.
pub(super) fn backward(
    (frame, n_windows): (Frame, usize),
    channels: &[Channel],
    (sums, n_values): (&[GradientSums], f64),
    x: &Map,
    gradient: &mut Map,
) {
    Arch::new().dispatch(Backward {
        frame,
        n_windows,
        channels,
        common: channels
            .iter()
            .zip(sums)
            .map(|(channel, sums)| channel.common(*sums, n_values))
            .collect(),
        x: x.values(),
        gradient: gradient.values_mut(),
    });
}

struct Backward<'a> {
    frame: Frame,
    n_windows: usize,
    channels: &'a [Channel],
    common: Vec<(f32, f32)>,
    x: &'a [f32],
    gradient: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (x, gradient) = (S::as_simd_f32s(self.x).0, S::as_mut_simd_f32s(self.gradient).0);
        let lanes: Vec<f32> = (0..S::F32_LANES)
            .map(|lane| f32::from(u8::from(lane < self.n_windows)))
            .collect();
        let is_window = S::as_simd_f32s(&lanes).0[0];
        for (idx, (channel, (slope, offset))) in self.channels.iter().zip(self.common).enumerate() {
            let (scale, shift) = (simd.splat_f32s(channel.scale), simd.splat_f32s(channel.shift));
            let mean = simd.splat_f32s(channel.mean as f32);
            let slope = simd.mul_f32s(is_window, simd.splat_f32s(slope));
            let offset = simd.mul_f32s(is_window, simd.splat_f32s(offset));
            for row in self.frame.rows_of(idx) {
                for (x, gradient) in x[row.clone()].iter().zip(&mut gradient[row]) {
                    let passed = passed(simd, simd.mul_add_e_f32s(*x, scale, shift), *gradient);
                    let common = simd.mul_add_e_f32s(slope, simd.sub_f32s(*x, mean), offset);
                    *gradient = simd.mul_add_e_f32s(scale, passed, common);
                }
            }
        }
    }
}
