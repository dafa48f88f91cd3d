//! The register-tiled matrix product that convolutions and dense layers are made of.
//!
//! Loop order: a block of output channels (two vectors wide) stays outermost, so that its weights are read once for all rows and
//! stay in the first cache; inside it, tiles of eight rows (four, where registers are few) keep their sums in registers while the
//! shared dimension runs innermost. Each step of it loads two vectors of weights and one number a row, and the weights are used
//! for all rows of the tile: the multiply-adds, not the loads, are the limit.

use pulp::Simd;

/// Weights `[n_inputs, n_outputs]` in the order in which the product reads them: blocks of two vectors of outputs (the last one
/// may be a single vector, padded with zeros), and in each block input by input.
#[derive(Debug, Clone)]
pub(in crate::nn) struct Packed {
    values: Vec<f32>,
    n_inputs: usize,
    n_outputs: usize,
    /// Numbers in a vector of the processor that these weights were packed for.
    n_lanes: usize,
}

impl Packed {
    /// `weight(input_idx, output_idx)` for vectors of `n_lanes` numbers.
    pub(in crate::nn) fn new(n_inputs: usize, n_outputs: usize, n_lanes: usize, weight: impl Fn(usize, usize) -> f32) -> Self {
        Self::of_taps((1, n_inputs), n_outputs, n_lanes, |_, input_idx, output_idx| {
            weight(input_idx, output_idx)
        })
    }

    /// `weight(tap, k, output_idx)`, for inputs that are `n_taps` pieces of `n_k` numbers.
    ///
    /// Loop order: taps innermost, which lie side by side in a convolution's weights.
    pub(in crate::nn) fn of_taps(
        (n_taps, n_k): (usize, usize),
        n_outputs: usize,
        n_lanes: usize,
        weight: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let n_inputs = n_taps * n_k;
        let mut packed = Self {
            values: vec![0.0; n_inputs * n_outputs.next_multiple_of(n_lanes)],
            n_inputs,
            n_outputs,
            n_lanes,
        };
        let mut rest = packed.values.as_mut_slice();
        for (first, width) in blocks(n_outputs, n_lanes) {
            let block;
            (block, rest) = rest.split_at_mut(width * n_inputs);
            let n_here = width.min(n_outputs - first);
            for k in 0..n_k {
                for tap in 0..n_taps {
                    for (i, value) in block[(tap * n_k + k) * width..][..n_here].iter_mut().enumerate() {
                        *value = weight(tap, k, first + i);
                    }
                }
            }
        }
        packed
    }

    /// Length of the shared dimension.
    pub(in crate::nn) fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    pub(in crate::nn) fn n_outputs(&self) -> usize {
        self.n_outputs
    }
}

/// First output and width of each block.
fn blocks(n_outputs: usize, n_lanes: usize) -> impl Iterator<Item = (usize, usize)> {
    let padded = n_outputs.next_multiple_of(n_lanes);
    let firsts = (0..padded).step_by(2 * n_lanes);
    firsts.map(move |first| (first, (padded - first).min(2 * n_lanes)))
}

/// A vector for each output, padded like [`Packed`]: biases, slopes.
pub(in crate::nn) fn padded(values: impl ExactSizeIterator<Item = f32>, n_lanes: usize) -> Vec<f32> {
    let n_padded = values.len().next_multiple_of(n_lanes);
    let mut padded: Vec<f32> = values.collect();
    padded.resize(n_padded, 0.0);
    padded
}

/// `bias[n] + Σ_tap Σ_k row(m, tap)[k] · weights[tap · n_k + k][n]` for all rows `m` and outputs `n`, handed to
/// `sink(m, n, vectors)`, one or two vectors at a time; the lanes beyond the last output hold zeros.
///
/// Closures that are handed over must be `#[inline(always)]`: else they are compiled without the processor's vectors.
///
/// A row is given in `n_taps` pieces of equal length (the rows of a convolution's kernel); `weights` has `n_taps · n_k` inputs.
/// `bias` is [`padded`].
#[inline(always)]
pub(in crate::nn) fn product<'a, S: Simd>(
    simd: S,
    (n_rows, n_taps): (usize, usize),
    row: impl Fn(usize, usize) -> &'a [f32],
    weights: &Packed,
    bias: &[f32],
    mut sink: impl FnMut(usize, usize, &[S::f32s]),
) {
    if S::REGISTER_COUNT >= 32 {
        tiles::<S, 8>(simd, (n_rows, n_taps), &row, weights, bias, &mut sink);
    } else {
        tiles::<S, 4>(simd, (n_rows, n_taps), &row, weights, bias, &mut sink);
    }
}

#[inline(always)]
fn tiles<'a, S: Simd, const ROWS: usize>(
    simd: S,
    (n_rows, n_taps): (usize, usize),
    row: &impl Fn(usize, usize) -> &'a [f32],
    weights: &Packed,
    bias: &[f32],
    sink: &mut impl FnMut(usize, usize, &[S::f32s]),
) {
    assert_eq!(weights.n_lanes, S::F32_LANES, "weights are packed for this processor");
    let mut rest = weights.values.as_slice();
    for (first, width) in blocks(weights.n_outputs, weights.n_lanes) {
        let (block, others) = rest.split_at(width * weights.n_inputs);
        rest = others;
        let (block, bias) = (S::as_simd_f32s(block).0, S::as_simd_f32s(&bias[first..first + width]).0);
        for first_row in (0..n_rows).step_by(ROWS) {
            if width == 2 * S::F32_LANES {
                let tile = tile::<S, ROWS, 2>(
                    simd,
                    n_taps,
                    (first_row, n_rows),
                    row,
                    block.as_chunks().0,
                    [bias[0], bias[1]],
                );
                for (m, sums) in tile.into_iter().enumerate() {
                    if first_row + m < n_rows {
                        sink(first_row + m, first, &sums);
                    }
                }
            } else {
                let tile = tile::<S, ROWS, 1>(simd, n_taps, (first_row, n_rows), row, block.as_chunks().0, [bias[0]]);
                for (m, sums) in tile.into_iter().enumerate() {
                    if first_row + m < n_rows {
                        sink(first_row + m, first, &sums);
                    }
                }
            }
        }
    }
}

/// The sums of `ROWS` rows from `first_row` on and `WIDTH` vectors of outputs; `weights` is `[n_taps · n_k]`. Rows beyond the
/// last repeat it: what they yield is thrown away.
#[inline(always)]
fn tile<'a, S: Simd, const ROWS: usize, const WIDTH: usize>(
    simd: S,
    n_taps: usize,
    (first_row, n_rows): (usize, usize),
    row: &impl Fn(usize, usize) -> &'a [f32],
    weights: &[[S::f32s; WIDTH]],
    bias: [S::f32s; WIDTH],
) -> [[S::f32s; WIDTH]; ROWS] {
    let n_k = weights.len() / n_taps;
    let mut sums = [bias; ROWS];
    // No inputs at all: a kernel narrower than its stride leaves such outputs.
    for (tap, weights) in weights.chunks_exact(n_k.max(1)).enumerate() {
        // Equal lengths, told to the compiler, take the bounds checks out of the loop.
        // (`array::from_fn` is not always inlined, and then lacks the processor's vectors.)
        let mut rows: [&[f32]; ROWS] = [&[]; ROWS];
        for (m, piece) in rows.iter_mut().enumerate() {
            *piece = &row((first_row + m).min(n_rows - 1), tap)[..n_k];
        }
        let weights = &weights[..n_k];
        for k in 0..n_k {
            for (sums, row) in sums.iter_mut().zip(&rows) {
                let x = simd.splat_f32s(row[k]);
                for (sum, weight) in sums.iter_mut().zip(&weights[k]) {
                    *sum = simd.mul_add_e_f32s(x, *weight, *sum);
                }
            }
        }
    }
    sums
}

/// Adds `Σ_p a(p)[m] · b(p)[n]` to `sums` `[n_m, n_n]`: the gradient of a layer's weights, from its inputs `a` `[n_p][n_m]` and
/// the gradients `b` `[n_p][n_n]` of its outputs.
///
/// Loop order: a tile of `sums` stays in registers while all `p` run past it; the pairs of tiles are few where layers are
/// narrow, so that `a` and `b` are best handed over in stretches that fit the first cache.
#[inline(always)]
pub(in crate::nn) fn outer_product<'a, S: Simd>(
    simd: S,
    n_p: usize,
    a: impl Fn(usize) -> &'a [f32],
    b: impl Fn(usize) -> &'a [f32],
    (n_m, n_n): (usize, usize),
    sums: &mut [f32],
) {
    if S::REGISTER_COUNT >= 32 {
        outer_tiles::<S, 8>(simd, n_p, &a, &b, (n_m, n_n), sums);
    } else {
        outer_tiles::<S, 4>(simd, n_p, &a, &b, (n_m, n_n), sums);
    }
}

#[inline(always)]
fn outer_tiles<'a, S: Simd, const ROWS: usize>(
    simd: S,
    n_p: usize,
    a: &impl Fn(usize) -> &'a [f32],
    b: &impl Fn(usize) -> &'a [f32],
    (n_m, n_n): (usize, usize),
    sums: &mut [f32],
) {
    for first_n in (0..n_n).step_by(2 * S::F32_LANES) {
        let width = (n_n - first_n).min(2 * S::F32_LANES);
        let mut first_m = 0;
        while first_m < n_m {
            let height = if n_m - first_m < ROWS { 1 } else { ROWS };
            let (first, size) = ((first_m, first_n), (width, n_n));
            match (height == ROWS, width > S::F32_LANES) {
                (true, true) => outer_tile::<S, ROWS, 2>(simd, n_p, a, b, first, size, sums),
                (true, false) => outer_tile::<S, ROWS, 1>(simd, n_p, a, b, first, size, sums),
                (false, true) => outer_tile::<S, 1, 2>(simd, n_p, a, b, first, size, sums),
                (false, false) => outer_tile::<S, 1, 1>(simd, n_p, a, b, first, size, sums),
            }
            first_m += height;
        }
    }
}

/// One tile of [`outer_product`]: `ROWS` numbers of `a`, `width` numbers of `b` in `WIDTH` vectors.
///
/// No closure and no `array::from_fn` in it: they are not always inlined, and then lack the processor's vectors.
#[inline(always)]
fn outer_tile<'a, S: Simd, const ROWS: usize, const WIDTH: usize>(
    simd: S,
    n_p: usize,
    a: &impl Fn(usize) -> &'a [f32],
    b: &impl Fn(usize) -> &'a [f32],
    (first_m, first_n): (usize, usize),
    (width, pitch): (usize, usize),
    sums: &mut [f32],
) {
    let mut tile = [[simd.splat_f32s(0.0); WIDTH]; ROWS];
    for p in 0..n_p {
        let (a, numbers) = (&a(p)[first_m..first_m + ROWS], &b(p)[first_n..first_n + width]);
        let mut b = [simd.splat_f32s(0.0); WIDTH];
        for (v, b) in b.iter_mut().enumerate() {
            *b = load(simd, &numbers[v * S::F32_LANES..]);
        }
        for (sums, a) in tile.iter_mut().zip(a) {
            let a = simd.splat_f32s(*a);
            for (sum, b) in sums.iter_mut().zip(&b) {
                *sum = simd.mul_add_e_f32s(a, *b, *sum);
            }
        }
    }
    let sums = &mut sums[first_m * pitch + first_n..];
    for (m, tile) in tile.into_iter().enumerate() {
        for (v, sum) in tile.into_iter().enumerate() {
            let to = &mut sums[m * pitch + v * S::F32_LANES..m * pitch + width.min((v + 1) * S::F32_LANES)];
            let old = load(simd, to);
            store(simd, to, simd.add_f32s(old, sum));
        }
    }
}

/// The first vector of `from`; missing numbers are zeros.
#[inline(always)]
pub(in crate::nn) fn load<S: Simd>(simd: S, from: &[f32]) -> S::f32s {
    match S::as_simd_f32s(from).0.first() {
        Some(vector) => *vector,
        None => simd.partial_load_f32s(from),
    }
}

/// Writes the vectors to the begin of `to`, as much of them as fits.
#[inline(always)]
pub(in crate::nn) fn store_all<S: Simd>(simd: S, to: &mut [f32], vectors: &[S::f32s]) {
    match S::as_mut_simd_f32s(to).0.get_mut(..vectors.len()) {
        Some(places) => places.copy_from_slice(vectors),
        None => {
            for (to, vector) in to.chunks_mut(S::F32_LANES).zip(vectors) {
                store(simd, to, *vector);
            }
        }
    }
}

/// Writes the vector to the begin of `to`, as much of it as fits.
#[inline(always)]
pub(in crate::nn) fn store<S: Simd>(simd: S, to: &mut [f32], vector: S::f32s) {
    match S::as_mut_simd_f32s(to).0.first_mut() {
        Some(place) => *place = vector,
        None => simd.partial_store_f32s(to, vector),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulp::WithSimd;

    use super::*;
    use crate::nn::kernels::on_every_processor;

    /// Numbers that look random, the same on every machine.
    fn numbers(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin()).collect()
    }

    #[derive(Clone)]
    struct Product {
        sizes: [usize; 4],
    }

    impl WithSimd for Product {
        type Output = Vec<f32>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
            let [n_rows, n_taps, n_k, n_outputs] = self.sizes;
            let input = numbers(n_rows * n_taps * n_k, 1.0);
            let weights = numbers(n_taps * n_k * n_outputs, 2.0);
            let weights = Packed::new(n_taps * n_k, n_outputs, S::F32_LANES, |k, n| weights[k * n_outputs + n]);
            let bias = padded(numbers(n_outputs, 3.0).into_iter(), S::F32_LANES);
            let mut output = vec![0.0; n_rows * n_outputs];
            product(
                simd,
                (n_rows, n_taps),
                #[inline(always)]
                |m, tap| &input[(m * n_taps + tap) * n_k..][..n_k],
                &weights,
                &bias,
                #[inline(always)]
                |m, n, vectors| store_all(simd, &mut output[m * n_outputs + n..(m + 1) * n_outputs], vectors),
            );
            output
        }
    }

    #[derive(Clone)]
    struct Outer {
        sizes: [usize; 3],
    }

    impl WithSimd for Outer {
        type Output = Vec<f32>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
            let [n_p, n_m, n_n] = self.sizes;
            let (a, b) = (numbers(n_p * n_m, 1.0), numbers(n_p * n_n, 2.0));
            let mut sums = numbers(n_m * n_n, 3.0);
            let (a, b) = (a.as_slice(), b.as_slice());
            outer_product(
                simd,
                n_p,
                #[inline(always)]
                |p| &a[p * n_m..][..n_m],
                #[inline(always)]
                |p| &b[p * n_n..][..n_n],
                (n_m, n_n),
                &mut sums,
            );
            sums
        }
    }

    proptest! {
        #[test]
        fn the_product_is_the_sum_over_taps_and_inputs(
            n_rows in 1usize..20, n_taps in 1usize..4, n_k in 1usize..20, n_outputs in 1usize..70,
        ) {
            let (input, weights) = (numbers(n_rows * n_taps * n_k, 1.0), numbers(n_taps * n_k * n_outputs, 2.0));
            let bias = numbers(n_outputs, 3.0);
            let n_inputs = n_taps * n_k;
            for found in on_every_processor(&Product { sizes: [n_rows, n_taps, n_k, n_outputs] }) {
                for m in 0..n_rows {
                    for n in 0..n_outputs {
                        let terms = (0..n_inputs).map(|k| f64::from(input[m * n_inputs + k]) * f64::from(weights[k * n_outputs + n]));
                        let expected = f64::from(bias[n]) + terms.sum::<f64>();
                        prop_assert!((f64::from(found[m * n_outputs + n]) - expected).abs() < 1e-5);
                    }
                }
            }
        }

        #[test]
        fn the_outer_product_is_the_sum_over_positions(n_p in 0usize..20, n_m in 1usize..20, n_n in 1usize..70) {
            let (a, b, before) = (numbers(n_p * n_m, 1.0), numbers(n_p * n_n, 2.0), numbers(n_m * n_n, 3.0));
            for found in on_every_processor(&Outer { sizes: [n_p, n_m, n_n] }) {
                for m in 0..n_m {
                    for n in 0..n_n {
                        let terms = (0..n_p).map(|p| f64::from(a[p * n_m + m]) * f64::from(b[p * n_n + n]));
                        let expected = f64::from(before[m * n_n + n]) + terms.sum::<f64>();
                        prop_assert!((f64::from(found[m * n_n + n]) - expected).abs() < 1e-5);
                    }
                }
            }
        }
    }
}
