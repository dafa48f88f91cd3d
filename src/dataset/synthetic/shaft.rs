//! Something that turns: its angle over time, tones at multiples of its speed, and events at angles.

use super::dice::Dice;
use crate::audio::SAMPLE_RATE_HZ;

/// Speed is constant within a block: 4 ms, far below what an ear or a front end resolves.
const BLOCK_SAMPLES: usize = 64;
/// Samples that are computed side by side, for the vector unit.
const LANES: usize = 8;

/// The angle of a shaft.
#[derive(Debug, Clone)]
pub(super) struct Shaft {
    /// For each block: the angle at its start and the advance a sample, in turns.
    blocks: Vec<(f64, f64)>,
    n_samples: usize,
}

impl Shaft {
    /// A shaft whose speed wanders around `hz` by the relative amount `jitter`, slowly, as motors do.
    pub(super) fn turning(dice: &mut Dice, n_samples: usize, hz: f32, jitter: f32) -> Self {
        let kicks = dice.noise(n_samples.div_ceil(BLOCK_SAMPLES));
        let (mut kicks, mut wander) = (kicks.into_iter(), 0.0);
        Self::with_speed(dice, n_samples, |_| {
            // The factors keep the variance of the wander at jitter squared: 0.98^2 + 0.2^2 = 1.
            wander = 0.98 * wander + 0.2 * jitter * kicks.next().unwrap_or_default();
            hz * (1.0 + wander)
        })
    }

    /// A shaft whose speed in Hz is `hz_at(seconds)`, at a random angle at first.
    pub(super) fn with_speed(dice: &mut Dice, n_samples: usize, mut hz_at: impl FnMut(f32) -> f32) -> Self {
        let mut angle = f64::from(dice.unit());
        let rate = f64::from(SAMPLE_RATE_HZ);
        let blocks = (0..n_samples.div_ceil(BLOCK_SAMPLES)).map(|block_idx| {
            let secs = (block_idx * BLOCK_SAMPLES) as f64 / rate;
            let block = (angle, f64::from(hz_at(secs as f32)) / rate);
            angle += block.1 * BLOCK_SAMPLES as f64;
            block
        });
        Self {
            blocks: blocks.collect(),
            n_samples,
        }
    }

    /// Adds a sinusoid at `order` times the shaft's speed. Rotating pointers instead of a sine for each sample: about 1 ns a sample.
    pub(super) fn add_order(&self, out: &mut [f32], order: f32, amplitude: f32, phase_turns: f32) {
        for (&(angle, step), block) in self.blocks.iter().zip(out.chunks_mut(BLOCK_SAMPLES)) {
            let order = f64::from(order);
            if order * step >= 0.5 {
                continue; // Above the highest frequency that the rate can carry.
            }
            let start = (angle * order + f64::from(phase_turns)).fract() * std::f64::consts::TAU;
            let advance = order * step * std::f64::consts::TAU;
            let (mut re, mut im) = ([0.0_f32; LANES], [0.0_f32; LANES]);
            let turn = Pointer::at(advance);
            let mut pointer = Pointer::at(start);
            for lane in 0..LANES {
                (re[lane], im[lane]) = (amplitude * pointer.re, amplitude * pointer.im);
                pointer = pointer.times(turn);
            }
            let leap = Pointer::at(advance * LANES as f64);
            for samples in block.chunks_mut(LANES) {
                for (sample, value) in samples.iter_mut().zip(&im) {
                    *sample += value;
                }
                for lane in 0..LANES {
                    let next_re = re[lane] * leap.re - im[lane] * leap.im;
                    im[lane] = re[lane] * leap.im + im[lane] * leap.re;
                    re[lane] = next_re;
                }
            }
        }
    }

    /// `1 + depth * sin(order * angle)` for each sample: how loud something is that the shaft carries past.
    pub(super) fn swell(&self, order: f32, depth: f32, phase_turns: f32) -> Vec<f32> {
        let mut gain = vec![1.0; self.n_samples];
        self.add_order(&mut gain, order, depth, phase_turns);
        gain
    }

    /// The samples at which `order` times the angle passes a whole turn.
    pub(super) fn events(&self, order: f32) -> Vec<usize> {
        let mut events = Vec::new();
        for (block_idx, &(angle, step)) in self.blocks.iter().enumerate() {
            let (from, advance) = (angle * f64::from(order), step * f64::from(order));
            if advance <= 0.0 {
                continue;
            }
            let mut next = from.ceil();
            loop {
                let offset = ((next - from) / advance) as usize;
                if offset >= BLOCK_SAMPLES {
                    break;
                }
                events.push(block_idx * BLOCK_SAMPLES + offset);
                next += 1.0;
            }
        }
        events.retain(|event| *event < self.n_samples);
        events
    }
}

/// A complex number on the unit circle.
#[derive(Debug, Clone, Copy)]
struct Pointer {
    re: f32,
    im: f32,
}

impl Pointer {
    fn at(angle: f64) -> Self {
        Self {
            re: angle.cos() as f32,
            im: angle.sin() as f32,
        }
    }

    fn times(self, other: Self) -> Self {
        Self {
            re: self.re * other.re - self.im * other.im,
            im: self.re * other.im + self.im * other.re,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shaft;
    use crate::dataset::synthetic::dice::Dice;

    #[test]
    fn an_order_is_a_clean_sinusoid() {
        let mut dice = Dice::new(0, &[], 0);
        let shaft = Shaft::with_speed(&mut dice, 4000, |_| 25.0);
        let mut out = vec![0.0; 4000];
        shaft.add_order(&mut out, 7.0, 0.5, 0.25);
        let start = shaft.blocks[0].0;
        for (i, sample) in out.iter().enumerate() {
            let angle = (start + 25.0 * i as f64 / 16_000.0) * 7.0 + 0.25;
            assert!(
                (f64::from(*sample) - 0.5 * (angle * std::f64::consts::TAU).sin()).abs() < 1e-4,
                "sample {i}"
            );
        }
    }

    #[test]
    fn events_come_once_a_turn_and_tones_above_half_the_rate_are_left_out() {
        let shaft = Shaft::with_speed(&mut Dice::new(0, &[], 0), 160_000, |_| 25.0);
        let events = shaft.events(3.0);
        assert!((749..=751).contains(&events.len()), "{}", events.len());
        assert!(events.windows(2).all(|pair| (212..=215).contains(&(pair[1] - pair[0]))));
        let mut out = vec![0.0; 160_000];
        shaft.add_order(&mut out, 400.0, 1.0, 0.0);
        assert!(out.iter().all(|sample| *sample == 0.0));
    }
}
