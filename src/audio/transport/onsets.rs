//! Where a click or a blow begins: the places that a stretched sound must neither repeat nor lose.

/// Blocks whose mean a block is held against.
const N_BEFORE: usize = 24;
/// Fewer blocks tell nothing: the beginning of a clip is no onset.
const MIN_BEFORE: usize = 4;
/// A block this many times as strong as those before it begins something new: 9 dB. Noise is never so uneven from one millisecond
/// to the next, tones and their beats neither.
const RATIO: f32 = 8.0;
/// Mean square of the differences below which a block is silence: about -100 dB re full scale.
const FLOOR: f32 = 1e-10;

/// The first onset from `from` on and before `to` or little later (in samples of a clip at `rate_hz`): where it rises.
///
/// The strength of a block of a millisecond is the energy of its first differences, so that a loud hum does not hide a sharp
/// click. Looks at the samples alone: the answer is the same in whatever pieces a clip is played. Allocates nothing.
pub(super) fn first_onset(samples: &[f32], rate_hz: f64, from: f64, to: f64) -> Option<f64> {
    let block = (rate_hz / 1_000.0).round().max(1.0) as usize;
    let floor = FLOOR * block as f32;
    let first = (from.max(0.0) / block as f64).ceil() as usize;
    let end = (to.max(0.0) / block as f64).ceil() as usize;
    let mut before = [0.0; N_BEFORE];
    for idx in first.saturating_sub(N_BEFORE)..first {
        before[idx % N_BEFORE] = strength(samples, block, idx).unwrap_or(0.0);
    }
    for idx in first..end {
        let here = strength(samples, block, idx)?;
        let n_before = idx.min(N_BEFORE);
        let mean = before.iter().sum::<f32>() / n_before.max(1) as f32;
        if n_before >= MIN_BEFORE && here > RATIO * mean.max(floor) {
            return rise(samples, block, idx);
        }
        before[idx % N_BEFORE] = here;
    }
    None
}

/// Of the block with this index; `None` beyond the last whole one.
fn strength(samples: &[f32], block: usize, idx: usize) -> Option<f32> {
    let start = idx * block;
    let block = samples.get(start.saturating_sub(1)..start + block)?;
    Some(block.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum())
}

/// The first sample of a block that differs from the one before it by half as much as any does.
fn rise(samples: &[f32], block: usize, idx: usize) -> Option<f64> {
    let start = (idx * block).saturating_sub(1);
    let differences = || samples[start..].windows(2).take(block).map(|pair| (pair[1] - pair[0]).abs());
    let largest = differences().fold(0.0, f32::max);
    let at = differences().position(|difference| difference >= 0.5 * largest)?;
    Some((start + 1 + at) as f64)
}

#[cfg(test)]
mod tests {
    use super::first_onset;

    const RATE_HZ: f64 = 16_000.0;

    fn noise(n: usize) -> Vec<f32> {
        let mut state = 7u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / 8_388_608.0 - 1.0) * 0.05
        };
        (0..n).map(|_| next()).collect()
    }

    fn all(samples: &[f32]) -> Vec<f64> {
        let mut found = Vec::new();
        let mut from = 0.0;
        while let Some(place) = first_onset(samples, RATE_HZ, from, samples.len() as f64) {
            found.push(place);
            from = place + 160.0;
        }
        found
    }

    #[test]
    fn clicks_in_noise_are_found_where_they_are() {
        let mut samples = noise(16_000);
        let clicks = [1_000, 4_321, 9_999, 15_000];
        for at in clicks {
            samples[at] += 0.8;
        }
        let found = all(&samples);
        assert_eq!(found.len(), clicks.len(), "{found:?}");
        for (found, at) in found.iter().zip(clicks) {
            assert_eq!(*found, at as f64);
        }
    }

    #[test]
    fn noise_tones_and_beats_have_none() {
        assert!(all(&noise(160_000)).is_empty());
        let tone = |hz: f64, i: i32| (std::f64::consts::TAU * hz * f64::from(i) / RATE_HZ).sin() as f32 * 0.4;
        for (low, high) in [(50.0, 50.0), (100.0, 110.0), (1_000.0, 1_004.0), (440.0, 3_000.0)] {
            let beats: Vec<f32> = (0..32_000).map(|i| tone(low, i) + tone(high, i)).collect();
            assert!(all(&beats).is_empty(), "{low} and {high} Hz");
        }
        assert!(all(&[0.0; 5_000]).is_empty());
        assert!(all(&[]).is_empty());
    }
}
