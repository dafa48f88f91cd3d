//! Which of several channels has the most energy.

/// Sums of each channel, taken in piece by piece.
#[derive(Default)]
pub(super) struct Energies {
    n_frames: f64,
    /// Of each channel: the sum and the sum of squares.
    sums: Vec<[f64; 2]>,
}

impl Energies {
    pub(super) fn new(n_channels: usize) -> Self {
        Self {
            n_frames: 0.0,
            sums: vec![[0.0; 2]; n_channels],
        }
    }

    pub(super) fn push(&mut self, n_frames: usize, sample: impl Fn(usize, usize) -> f32) {
        self.n_frames += n_frames as f64;
        for (channel, sums) in self.sums.iter_mut().enumerate() {
            for frame in 0..n_frames {
                let value = f64::from(sample(frame, channel));
                *sums = [sums[0] + value, sums[1] + value * value];
            }
        }
    }

    /// The first of the loudest. What a channel is shifted by is no sound: its energy is that around its mean.
    pub(super) fn loudest(&self) -> u16 {
        let energy = |[sum, squares]: [f64; 2]| squares - sum * sum / self.n_frames.max(1.0);
        let energies = self.sums.iter().map(|&sums| energy(sums)).enumerate();
        let loudest = energies.fold(
            (0, f64::NEG_INFINITY),
            |best, (channel, energy)| {
                if energy > best.1 { (channel, energy) } else { best }
            },
        );
        u16::try_from(loudest.0).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Energies;

    #[test]
    fn a_shifted_channel_is_not_louder() {
        let mut energies = Energies::new(3);
        for _ in 0..2 {
            energies.push(50, |frame, channel| {
                let swing = if frame % 2 == 0 { 1.0 } else { -1.0 };
                [0.9, 0.2 * swing, 0.3 * swing][channel]
            });
        }
        assert_eq!(energies.loudest(), 2);
        assert_eq!(Energies::new(4).loudest(), 0, "silence");
    }
}
