//! A step of Adam (Kingma & Ba 2015) over numbers that lie side by side: one way to the memory and back for all of them.
//!
//! Every number is rounded after every operation: the step is the same with vectors of any width.

use pulp::Simd;

use super::product::{load, store};

/// What the numbers of a step have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::nn) struct AdamStep {
    pub learning_rate: f32,
    /// How much of the means of gradients and of their squares stays, β₁ and β₂, and how much the new ones count.
    pub kept: [f32; 2],
    pub new: [f32; 2],
    /// What makes up for both means having begun at zero: √(1 - β₂ᵗ) / (1 - β₁ᵗ).
    pub correction: f32,
    /// ε, corrected likewise: times √(1 - β₂ᵗ).
    pub epsilon: f32,
    /// Share of the parameter that is added to its gradient.
    pub weight_decay: f32,
}

/// Moves `parameters` against their `gradients`; `means` are those of the gradients and of their squares.
#[inline(always)]
pub(in crate::nn) fn adam<S: Simd>(simd: S, step: AdamStep, parameters: &mut [f32], gradients: &[f32], means: [&mut [f32]; 2]) {
    let [kept_1, kept_2] = step.kept.map(|kept| simd.splat_f32s(kept));
    let [new_1, new_2] = step.new.map(|new| simd.splat_f32s(new));
    let [rate, correction, epsilon] = [step.learning_rate, step.correction, step.epsilon].map(|x| simd.splat_f32s(x));
    let decay = simd.splat_f32s(step.weight_decay);
    let [means, squares] = means;
    let numbers = parameters.chunks_mut(S::F32_LANES).zip(gradients.chunks(S::F32_LANES));
    let means = means.chunks_mut(S::F32_LANES).zip(squares.chunks_mut(S::F32_LANES));
    for ((parameter, gradient), (mean, square)) in numbers.zip(means) {
        let old = load(simd, parameter);
        let mut g = load(simd, gradient);
        if step.weight_decay > 0.0 {
            g = simd.add_f32s(simd.mul_f32s(old, decay), g);
        }
        let m = simd.add_f32s(simd.mul_f32s(load(simd, mean), kept_1), simd.mul_f32s(g, new_1));
        let of_square = simd.mul_f32s(simd.mul_f32s(g, g), new_2);
        let v = simd.add_f32s(simd.mul_f32s(load(simd, square), kept_2), of_square);
        store(simd, mean, m);
        store(simd, square, v);
        let size = simd.add_f32s(simd.sqrt_f32s(v), epsilon);
        let change = simd.mul_f32s(simd.div_f32s(simd.mul_f32s(m, correction), size), rate);
        store(simd, parameter, simd.sub_f32s(old, change));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulp::WithSimd;

    use super::*;
    use crate::nn::kernels::{numbers, on_every_processor};

    #[derive(Clone)]
    struct Step {
        n: usize,
        step: AdamStep,
    }

    impl WithSimd for Step {
        /// Parameters, means, squares.
        type Output = [Vec<f32>; 3];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let squares = numbers(self.n, 3.0).iter().map(|x| x * x).collect();
            let mut state = [numbers(self.n, 1.0), numbers(self.n, 2.0), squares];
            let [parameters, means, squares] = &mut state;
            adam(simd, self.step, parameters, &numbers(self.n, 4.0), [means, squares]);
            state
        }
    }

    proptest! {
        #[test]
        fn every_number_is_its_formula(n in 1usize..70, decays: bool) {
            let step = AdamStep {
                learning_rate: 0.01,
                kept: [0.9, 0.999],
                new: [0.1, 0.001],
                correction: 0.7,
                epsilon: 1e-3,
                weight_decay: if decays { 0.1 } else { 0.0 },
            };
            let found = on_every_processor(&Step { n, step });
            for i in 0..n {
                let [p, m, v, g] = [1.0, 2.0, 3.0, 4.0].map(|seed| f64::from(numbers(n, seed)[i]));
                let g = g + f64::from(step.weight_decay) * p;
                let (m, v) = (0.9 * m + 0.1 * g, 0.999 * v * v + 0.001 * g * g);
                let p = p - 0.01 * 0.7 * m / (v.sqrt() + 1e-3);
                for [parameters, means, squares] in &found {
                    prop_assert!((f64::from(parameters[i]) - p).abs() < 1e-6);
                    prop_assert!((f64::from(means[i]) - m).abs() < 1e-6);
                    prop_assert!((f64::from(squares[i]) - v).abs() < 1e-6);
                }
            }
            prop_assert!(found.iter().all(|state| *state == found[0]), "the width of vectors changes no bit");
        }
    }
}
