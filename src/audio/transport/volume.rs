//! How loud it is: a gain that moves without a click.

/// The gain on all that is heard. It moves in the time of a fade.
#[derive(Debug)]
pub(super) struct Volume {
    gain: f32,
    wanted: f32,
    step: f32,
}

impl Default for Volume {
    fn default() -> Self {
        Self {
            gain: 1.0,
            wanted: 1.0,
            step: 0.0,
        }
    }
}

impl Volume {
    pub(super) fn set(&mut self, wanted: f32, n_frames: usize) {
        self.wanted = wanted.max(0.0);
        self.step = (self.wanted - self.gain).abs() / n_frames.max(1) as f32;
    }

    pub(super) fn next(&mut self) -> f32 {
        if self.gain != self.wanted {
            self.gain += (self.wanted - self.gain).clamp(-self.step, self.step);
        }
        self.gain
    }

    /// Nothing is heard: there is nothing to be gentle with.
    pub(super) fn arrive(&mut self) {
        self.gain = self.wanted;
    }
}
