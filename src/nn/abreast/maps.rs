//! Maps with a window in each lane: `[channels, frames, bands, lanes]`, with a margin of zeros around frames and bands.

use std::ops::Range;

use super::taps::MARGIN;
use crate::exploration::Shape;
use crate::nn::kernels::n_lanes;

/// Bytes that a processor fetches at once; a vector that straddles two of them is read twice.
const LINE_LEN: usize = 64;

/// Where the numbers of a map lie, counted in vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub shape: Shape,
}

impl Frame {
    /// From one frame of the map to the next.
    pub(super) fn pitch(self) -> usize {
        self.shape.bands + 2 * MARGIN
    }

    /// From one channel to the next.
    pub(super) fn plane(self) -> usize {
        (self.shape.frames + 2 * MARGIN) * self.pitch()
    }

    pub(super) fn n_vectors(self) -> usize {
        self.shape.channels * self.plane()
    }

    /// The first band of a frame.
    pub(super) fn row(self, channel: usize, frame: usize) -> usize {
        channel * self.plane() + (frame + MARGIN) * self.pitch() + MARGIN
    }

    /// The bands of each frame of a channel: the one walk of all that goes through a map row by row.
    #[inline(always)]
    pub(super) fn rows_of(self, channel: usize) -> impl Iterator<Item = Range<usize>> + Clone {
        (0..self.shape.frames).map(
            #[inline(always)]
            move |frame| {
                let first = self.row(channel, frame);
                first..first + self.shape.bands
            },
        )
    }

    /// The same, channel after channel.
    pub(super) fn rows(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.shape.channels).flat_map(move |channel| self.rows_of(channel))
    }
}

/// The numbers of a map, on whole lines of memory.
#[derive(Debug)]
pub(super) struct Map {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

impl Map {
    pub(super) fn zeros(frame: Frame) -> Self {
        let len = frame.n_vectors() * n_lanes();
        let values = vec![0.0_f32; len + LINE_LEN / size_of::<f32>()];
        let misplaced = values.as_ptr().addr() % LINE_LEN;
        Self {
            start: (LINE_LEN - misplaced) % LINE_LEN / size_of::<f32>(),
            values,
            len,
        }
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values[self.start..self.start + self.len]
    }

    pub(super) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.len]
    }

    /// Puts windows `[n, channels, frames, bands]` into the first lanes and zeros into the others.
    pub(super) fn take_in(&mut self, frame: Frame, windows: &[f32]) {
        let (n_lanes, window_len) = (n_lanes(), frame.shape.n_values());
        let n_windows = windows.len() / window_len;
        let mut from = 0;
        for row in frame.rows() {
            let row = &mut self.values_mut()[row.start * n_lanes..row.end * n_lanes];
            for vector in row.chunks_exact_mut(n_lanes) {
                for (lane, value) in vector.iter_mut().enumerate() {
                    *value = if lane < n_windows {
                        windows[lane * window_len + from]
                    } else {
                        0.0
                    };
                }
                from += 1;
            }
        }
    }

    /// The windows of the first lanes again: as many as there is room for.
    pub(super) fn give_out(&self, frame: Frame, windows: &mut [f32]) {
        let (n_lanes, window_len) = (n_lanes(), frame.shape.n_values());
        let mut to = 0;
        for row in frame.rows() {
            let row = &self.values()[row.start * n_lanes..row.end * n_lanes];
            for vector in row.chunks_exact(n_lanes) {
                for (window, value) in windows.chunks_exact_mut(window_len).zip(vector) {
                    window[to] = *value;
                }
                to += 1;
            }
        }
    }
}
