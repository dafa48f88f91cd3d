//! Seeded data in the shapes that the works name.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::audio::{Clip, SAMPLE_RATE_HZ};
use crate::dataset::MachineSection;

/// Clusters that embeddings lie in, e.g. seven machines with three working conditions each.
const N_CLUSTERS: usize = 21;
/// Numbers in an embedding.
pub(super) const N_FEATURES: usize = 128;

pub(super) fn dice() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(0)
}

/// Uniform within ±0.5.
pub(super) fn noise(n_values: usize, dice: &mut ChaCha8Rng) -> Vec<f32> {
    (0..n_values).map(|_| dice.random::<f32>() - 0.5).collect()
}

/// Ten seconds of noise.
pub(super) fn clip(dice: &mut ChaCha8Rng) -> Clip {
    Clip {
        samples: noise(10 * SAMPLE_RATE_HZ as usize, dice),
        sample_rate_hz: SAMPLE_RATE_HZ,
    }
}

/// Rows `[n_rows, 128]` in turn from 21 clusters: centres normal with a deviation of 2, rows uniform within ±0.5 of them.
pub(super) fn clusters(n_rows: usize, dice: &mut ChaCha8Rng) -> Vec<f32> {
    // Twelve uniform numbers make one nearly normal.
    let centres: Vec<f32> = (0..N_CLUSTERS * N_FEATURES)
        .map(|_| 2.0 * noise(12, dice).iter().sum::<f32>())
        .collect();
    let mut rows = noise(n_rows * N_FEATURES, dice);
    for (row_idx, row) in rows.chunks_exact_mut(N_FEATURES).enumerate() {
        let centre = &centres[row_idx % N_CLUSTERS * N_FEATURES..];
        for (value, centre) in row.iter_mut().zip(centre) {
            *value += centre;
        }
    }
    rows
}

/// Some machine, for what wants to know one.
pub(super) fn group(machine: &str) -> MachineSection {
    MachineSection {
        machine: machine.to_owned(),
        section: "00".to_owned(),
    }
}
