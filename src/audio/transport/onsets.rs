//! Where a click or a blow begins: the places that a stretched sound must neither repeat nor lose.

/// Blocks whose mean a block is held against: so few that a blow every ten milliseconds begins anew each time.
const N_BEFORE: usize = 6;
/// A block this many times as strong as those before it begins something new: 9 dB. Noise is never so uneven from one millisecond
/// to the next.
const RATIO: f32 = 8.0;
/// And this many times as strong as the very last one: a tone and its beats swell more slowly, a blow does not.
const STEP: f32 = 3.0;
/// Mean square of the differences below which a block is silence: about -100 dB re full scale.
const FLOOR: f32 = 1e-10;
/// What belongs to an onset and is played on unchanged after it, at most; and which share of the time to the next one.
const ATTACK_SECS: f64 = 0.008;
const ATTACK_SHARE: f64 = 0.3;
/// Onsets that are told at a time: more than lie in the stretch that a join looks at.
const MAX_FOUND: usize = 32;

/// Onsets in a stretch of a clip, rising. In samples.
#[derive(Debug)]
pub(super) struct Onsets {
    places: [f64; MAX_FOUND],
    n_found: usize,
    /// See [`ATTACK_SECS`], and the share as it is at the speed.
    attack: f64,
    attack_share: f64,
}

impl Onsets {
    /// Those from `from` on and before `to` or little later (in samples of a clip at `rate_hz`): where each rises. The beginning
    /// of the samples is one as well: what begins there is heard once.
    ///
    /// The strength of a block of a millisecond is the energy of its first differences, so that a loud hum does not hide a sharp
    /// click. Looks at the samples alone: the answer is the same in whatever pieces a clip is played. Allocates nothing.
    pub(super) fn find(samples: &[f32], rate_hz: f64, from: f64, to: f64, speed: f64) -> Self {
        let mut found = Self {
            places: [0.0; MAX_FOUND],
            n_found: usize::from(from <= 0.0),
            attack: ATTACK_SECS * rate_hz,
            attack_share: ATTACK_SHARE / speed.max(1.0),
        };
        let block = (rate_hz / 1_000.0).round().max(1.0) as usize;
        let floor = FLOOR * block as f32;
        let first = (from.max(0.0) / block as f64).ceil() as usize;
        let end = (to.max(0.0) / block as f64).ceil() as usize;
        let mut before = [0.0; N_BEFORE];
        let mut last = 0.0;
        for idx in first.saturating_sub(N_BEFORE + 1)..end {
            let Some(here) = strength(samples, block, idx) else { break };
            // Near the beginning of the clip there are fewer.
            let (sum, n_before) = (before.iter().sum::<f32>(), idx.saturating_sub(1).min(N_BEFORE));
            let mean = if n_before == 0 { last } else { sum / n_before as f32 };
            if idx >= first.max(1)
                && here > RATIO * mean.max(floor)
                && here > STEP * last
                && let Some(place) = rise(samples, block, idx)
            {
                found.push(place, 2.0 * block as f64);
            }
            if idx > 0 {
                before[idx % N_BEFORE] = last;
            }
            last = here;
        }
        found
    }

    /// Adds a place, unless it is one with the last: both blocks of a blow that begins in one and swells in the next rise.
    fn push(&mut self, place: f64, apart: f64) {
        let is_same = self.places().last().is_some_and(|last| place < last + apart);
        if !is_same && let Some(free) = self.places.get_mut(self.n_found) {
            *free = place;
            self.n_found += 1;
        }
    }

    fn places(&self) -> &[f64] {
        self.places.get(..self.n_found).unwrap_or_default()
    }

    /// The first onset that is not before this place, and how long it is.
    pub(super) fn next(&self, from: f64) -> Option<(f64, f64)> {
        let idx = self.places().iter().position(|place| *place >= from)?;
        Some((self.places[idx], self.attack_of(idx)))
    }

    /// Whether none of them sounds between two places.
    pub(super) fn are_clear_of(&self, from: f64, to: f64) -> bool {
        let sounds = |(idx, place): (usize, &f64)| to > *place && from < place + self.attack_of(idx);
        !self.places().iter().enumerate().any(sounds)
    }

    fn attack_of(&self, idx: usize) -> f64 {
        let places = self.places();
        let to_next = places.get(idx + 1).map_or(f64::INFINITY, |next| next - places[idx]);
        self.attack.min(self.attack_share * to_next)
    }
}

/// Of the block with this index; `None` beyond the last whole one.
fn strength(samples: &[f32], block: usize, idx: usize) -> Option<f32> {
    let start = idx * block;
    let block = samples.get(start.saturating_sub(1)..start + block)?;
    Some(block.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum())
}

/// The first sample of a block and its neighbours that differs from its predecessor by half as much as any does: whichever of two
/// blocks a blow begins in, it is the same.
fn rise(samples: &[f32], block: usize, idx: usize) -> Option<f64> {
    let start = (idx.saturating_sub(1) * block).saturating_sub(1);
    let differences = || {
        samples[start..]
            .windows(2)
            .take(3 * block)
            .map(|pair| (pair[1] - pair[0]).abs())
    };
    let largest = differences().fold(0.0, f32::max);
    let at = differences().position(|difference| difference >= 0.5 * largest)?;
    Some((start + 1 + at) as f64)
}

#[cfg(test)]
mod tests {
    use super::Onsets;

    const RATE_HZ: f64 = 16_000.0;

    fn noise(n: usize) -> Vec<f32> {
        let mut state = 7u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / 8_388_608.0 - 1.0) * 0.05
        };
        (0..n).map(|_| next()).collect()
    }

    /// From the start to the end, a second at a time.
    fn all(samples: &[f32]) -> Vec<f64> {
        let mut found: Vec<f64> = Vec::new();
        for from in (0..samples.len()).step_by(1_600) {
            let from = from as f64;
            let piece = Onsets::find(samples, RATE_HZ, from.max(1.0), from + 1_600.0, 1.0);
            let last = found.last().copied().unwrap_or(-1e9);
            found.extend(piece.places().iter().filter(|place| **place > last + 40.0));
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
        assert_eq!(all(&samples), clicks.map(|at| at as f64));
    }

    #[test]
    fn blows_that_ring_are_found_one_by_one_as_close_as_ten_milliseconds() {
        for spacing in [160, 320, 480, 640, 1_280] {
            let mut samples: Vec<f32> = noise(16_000).iter().map(|x| 0.1 * x).collect();
            let blows: Vec<usize> = (1_000..15_000).step_by(spacing).collect();
            for at in &blows {
                for i in 0..200 {
                    let secs = i as f32 / 16_000.0;
                    samples[at + i] += 0.8 * (-secs / 0.002).exp() * (18_850.0 * secs + 0.6).sin();
                }
            }
            let found = all(&samples);
            assert_eq!(found.len(), blows.len(), "every {spacing} samples: {found:?}");
            for (found, at) in found.iter().zip(&blows) {
                assert!((found - *at as f64).abs() <= 2.0, "{found} for {at}");
            }
        }
    }

    #[test]
    fn noise_tones_and_beats_have_none() {
        assert!(all(&noise(160_000)).is_empty());
        let tone = |hz: f64, i: i32| (std::f64::consts::TAU * hz * f64::from(i) / RATE_HZ).sin() as f32 * 0.4;
        for (low, high) in [
            (50.0, 50.0),
            (50.0, 55.0),
            (100.0, 110.0),
            (1_000.0, 1_004.0),
            (440.0, 3_000.0),
        ] {
            let beats: Vec<f32> = (0..32_000).map(|i| tone(low, i) + tone(high, i)).collect();
            assert!(all(&beats).is_empty(), "{low} and {high} Hz");
        }
        assert!(all(&[0.0; 5_000]).is_empty());
        assert!(all(&[]).is_empty());
    }
}
