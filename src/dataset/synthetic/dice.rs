//! Chance that is the same every time: one stream of numbers for each unit and each clip, whatever thread asks first.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Changes when the machines sound different for the same seed.
const VERSION: &str = "auscult synthetic machines 1";

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream number `stream` of what `names` name, e.g. a machine and its section.
    pub(super) fn new(seed: u64, names: &[&str], stream: u64) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(VERSION.as_bytes()).update(&seed.to_le_bytes());
        for name in names {
            hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        }
        let mut rng = ChaCha8Rng::from_seed(*hasher.finalize().as_bytes());
        rng.set_stream(stream);
        Self(rng)
    }

    /// Uniform in [0, 1).
    pub(super) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// `mean` times a factor within 1 ± `spread`.
    pub(super) fn around(&mut self, mean: f32, spread: f32) -> f32 {
        mean * self.between(1.0 - spread, 1.0 + spread)
    }

    /// A whole number in low..=high.
    pub(super) fn whole(&mut self, low: u32, high: u32) -> u32 {
        low + self.0.next_u32() % (high - low + 1)
    }

    /// One of `items`, which must not be empty.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.0.next_u32() as usize % items.len()]
    }

    /// Bell-shaped with unit variance: the sum of four uniform numbers, cheap and close enough for the ear.
    pub(super) fn normal(&mut self) -> f32 {
        let bits = self.0.next_u64();
        let sum: i64 = (0..4).map(|part| i64::from((bits >> (16 * part)) as u16)).sum();
        // Four uniform 16-bit numbers have the mean 131,070 and the standard deviation 65,536 * sqrt(4 / 12).
        (sum - 131_070) as f32 * (1.0 / 37_837.0)
    }

    /// White noise with unit variance.
    pub(super) fn noise(&mut self, n_samples: usize) -> Vec<f32> {
        (0..n_samples).map(|_| self.normal()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn noise_has_no_mean_and_unit_variance() {
        let noise = Dice::new(1, &["fan"], 0).noise(100_000);
        let mean = noise.iter().sum::<f32>() / noise.len() as f32;
        let variance = noise.iter().map(|x| x * x).sum::<f32>() / noise.len() as f32;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn seed_names_and_stream_each_change_the_numbers() {
        let first = |seed, names: &[&str], stream| Dice::new(seed, names, stream).unit();
        let a = first(1, &["fan", "00"], 0);
        assert!(a == first(1, &["fan", "00"], 0));
        assert!(a != first(2, &["fan", "00"], 0) && a != first(1, &["fan0", "0"], 0) && a != first(1, &["fan", "00"], 1));
    }
}
