//! Which of the places of a sound goes on most like another one.

/// A coarse search looks at so many samples a second.
const SEARCH_HZ: f64 = 16_000.0;

/// The place between `low` and `high` from which on the next `n_compared` samples resemble most those from `from` on, and how much
/// they do, from 0 to 1; only places that are free come into question. Where all are alike, in silence say, it is the nearest to
/// `wished`. The search is done on a part of the samples where there are many, and then refined to a fraction of one. Allocates
/// nothing.
pub(super) fn most_alike(
    samples: &[f32],
    rate_hz: f64,
    (from, n_compared): (f64, f64),
    (low, high): (f64, f64),
    wished: f64,
    is_free: impl Fn(f64) -> bool,
) -> Option<(f64, f32)> {
    let start = from.round().max(0.0) as usize;
    let n = (n_compared as usize).min(samples.len().saturating_sub(start));
    let last = samples.len().saturating_sub(n) as f64;
    let (low, high) = (low.ceil().clamp(0.0, last), high.floor().clamp(0.0, last));
    let (low, high) = (low as usize, high.max(low) as usize);
    let template = samples.get(start..start + n).unwrap_or_default();
    let likeness = |at: usize, stride: usize| likeness(template, samples.get(at..at + n).unwrap_or_default(), stride);
    let better = |best: Option<(usize, f32)>, at: usize, stride: usize| {
        if !is_free(at as f64) {
            return best;
        }
        let found = likeness(at, stride);
        if best.is_none_or(|(_, before)| found > before) {
            Some((at, found))
        } else {
            best
        }
    };
    let stride = (rate_hz / SEARCH_HZ).round().max(1.0) as usize;
    let nearest = (wished.round().max(0.0) as usize).clamp(low, high);
    let mut best = better(None, nearest, stride);
    for at in (low..=high).step_by(stride) {
        best = better(best, at, stride);
    }
    let coarse = best?.0;
    best = Some((coarse, likeness(coarse, 1)));
    for at in coarse.saturating_sub(stride).max(low)..=(coarse + stride).min(high) {
        best = better(best, at, 1);
    }
    let (at, found) = best?;
    if at == start {
        return Some((from, 1.0));
    }
    // The top of the parabola through the best and its neighbours.
    let (before, after) = (at.checked_sub(1).map_or(found, |at| likeness(at, 1)), likeness(at + 1, 1));
    let bend = before - 2.0 * found + after;
    let offset = if bend < 0.0 {
        (0.5 * (before - after) / bend).clamp(-0.5, 0.5)
    } else {
        0.0
    };
    let place = from - start as f64 + at as f64 + f64::from(offset);
    Some((place, found.clamp(0.0, 1.0)))
}

/// The correlation of two stretches, each `stride`-th sample of them, from -1 to 1; 0 where either is silent.
fn likeness(a: &[f32], b: &[f32], stride: usize) -> f32 {
    let (mut ab, mut aa, mut bb) = (0.0f32, 0.0f32, 0.0f32);
    for (a, b) in a.iter().zip(b).step_by(stride) {
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    let size = (aa * bb).sqrt();
    if size > 1e-12 { ab / size } else { 0.0 }
}
