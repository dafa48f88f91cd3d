//! What still sounds of something that was left: it fades out in a few milliseconds instead of breaking off.

/// The frames to come of all that is fading out, added up. Nothing is allocated after it was made.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// A ring: the next frame stands at `next`.
    frames: Vec<f32>,
    next: usize,
    n_left: usize,
}

impl Tail {
    /// Fades take at most so many frames; none at all where it is 0.
    pub(super) fn new(n_frames: usize) -> Self {
        Self {
            frames: vec![0.0; n_frames],
            next: 0,
            n_left: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn is_silent(&self) -> bool {
        self.n_left == 0
    }

    /// Lets a line that was heard with this gain fade out over so many frames.
    pub(super) fn take_over(&mut self, n_frames: usize, gain: f32, mut sound: impl FnMut() -> f32) {
        let n_frames = n_frames.min(self.len());
        for i in 0..n_frames {
            let place = (self.next + i) % self.len();
            self.frames[place] += sound() * gain * (1.0 - fade_in(i, n_frames));
        }
        self.n_left = self.n_left.max(n_frames);
    }

    /// The next frame.
    pub(super) fn pop(&mut self) -> f32 {
        if self.n_left == 0 {
            return 0.0;
        }
        let value = std::mem::take(&mut self.frames[self.next]);
        self.next = (self.next + 1) % self.len();
        self.n_left -= 1;
        value
    }
}

/// The gain of frame `i` of a fade: what fades out beside it has the rest to 1.
pub(super) fn fade_in(i: usize, n_frames: usize) -> f32 {
    ((i + 1) as f32 / (n_frames + 1) as f32).min(1.0)
}
