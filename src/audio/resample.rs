//! Changing the sample rate.

/// `samples` at `from_hz` resampled to `to_hz`, the length rounded to the nearest sample.
pub fn resample(_samples: &[f32], _from_hz: u32, _to_hz: u32) -> Vec<f32> {
    unimplemented!()
}
