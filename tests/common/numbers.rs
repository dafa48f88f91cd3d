//! How far apart numbers are.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]

/// Between numbers at the same place.
pub fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
