//! What runs in the sound card's own thread. Neither locks, logs nor allocates: `tests/live_input` holds it to that.

use std::sync::atomic::Ordering;

use cpal::FromSample;

use super::input::Counts;

/// Whole frames go into the ring, or are counted.
pub(super) fn take_in<T: Copy>(data: &[T], n_channels: usize, ring: &mut rtrb::Producer<f32>, counts: &Counts)
where
    f32: FromSample<T>,
{
    counts.trouble.over();
    let n_fitting = data.len().min(ring.slots() / n_channels * n_channels);
    if let Ok(chunk) = ring.write_chunk_uninit(n_fitting) {
        chunk.fill_from_iter(data[..n_fitting].iter().map(|&sample| f32::from_sample_(sample)));
    }
    let n_dropped = data.len() - n_fitting;
    if n_dropped > 0 {
        counts.n_dropped.fetch_add(n_dropped as u64, Ordering::Relaxed);
    }
}

/// What waits to be heard goes out; where nothing waits it ends softly, and begins softly when there is enough again.
pub(super) struct GiveOut {
    /// Samples to wait for before it begins: below, every late buffer would be a gap.
    n_wanted: usize,
    /// More than this is more delay than is needed: the oldest are left out.
    n_most: usize,
    /// Change of the gain from one frame to the next.
    step: f32,
    is_begun: bool,
    gain: f32,
    /// What was heard last.
    last: f32,
}

impl GiveOut {
    /// For so much sound that is to wait and so much that may, with fades of so many frames.
    pub(super) fn new(n_wanted: usize, n_most: usize, n_fade: usize) -> Self {
        Self {
            n_wanted,
            n_most,
            step: 1.0 / n_fade.max(1) as f32,
            is_begun: false,
            gain: 0.0,
            last: 0.0,
        }
    }

    /// What waits in the ring goes to all channels; silence where there is none.
    pub(super) fn fill<T: Copy + FromSample<f32>>(
        &mut self,
        data: &mut [T],
        n_channels: usize,
        ring: &mut rtrb::Consumer<f32>,
        counts: &Counts,
    ) {
        counts.trouble.over();
        let n_waiting = ring.slots();
        if n_waiting > self.n_most
            && let Ok(old) = ring.read_chunk(n_waiting - self.n_wanted)
        {
            old.commit_all();
            self.gain = 0.0;
            counts.n_dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.is_begun |= n_waiting >= self.n_wanted;
        for frame in data.chunks_mut(n_channels) {
            let value = if self.is_begun { ring.pop().ok() } else { None };
            if self.is_begun && value.is_none() {
                self.is_begun = false;
                counts.n_dropped.fetch_add(1, Ordering::Relaxed);
            }
            // What breaks off fades from where it was.
            let (heard, aim) = value.map_or((self.last, 0.0), |value| (value, 1.0));
            self.gain += (aim - self.gain).clamp(-self.step, self.step);
            self.last = heard;
            frame.fill(T::from_sample_(heard * self.gain));
        }
        counts.is_begun.store(self.is_begun, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, GiveOut, Ordering};

    #[test]
    fn what_waits_is_played_on_all_channels_without_growing_late_and_silence_where_nothing_waits() {
        let (mut feed, mut ring) = rtrb::RingBuffer::new(1_000);
        let mut out = GiveOut::new(4, 10, 1);
        let (mut buffer, counts) = ([9.0f32; 4], Counts::default());
        let mut fill = |ring: &mut rtrb::Consumer<f32>| {
            out.fill(&mut buffer, 2, ring, &counts);
            buffer
        };
        for value in [1.0, 2.0, 3.0, 4.0, 5.0] {
            feed.push(value).expect("room");
        }
        assert_eq!(fill(&mut ring), [1.0, 1.0, 2.0, 2.0]);
        assert_eq!(fill(&mut ring), [3.0, 3.0, 4.0, 4.0]);
        assert_eq!(fill(&mut ring), [5.0, 5.0, 0.0, 0.0], "run dry");
        feed.push(6.0).expect("room");
        assert_eq!(fill(&mut ring), [0.0; 4], "it waits for enough");
        for value in 0..20u8 {
            feed.push(f32::from(value)).expect("room");
        }
        assert_eq!(fill(&mut ring), [16.0, 16.0, 17.0, 17.0], "what is late is left out");
        assert_eq!(counts.n_dropped.load(Ordering::Relaxed), 2, "a gap and a leap");
    }

    #[test]
    fn a_gap_begins_and_ends_softly() {
        let (mut feed, mut ring) = rtrb::RingBuffer::new(1_000);
        let mut out = GiveOut::new(100, 500, 50);
        let counts = Counts::default();
        let mut heard = Vec::new();
        for n_came in [200, 0, 200, 0] {
            for _ in 0..n_came {
                feed.push(0.8).expect("room");
            }
            let mut buffer = [9.0f32; 150];
            out.fill(&mut buffer, 1, &mut ring, &counts);
            heard.extend(buffer);
        }
        let steepest = heard
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(heard[0], f32::max);
        assert!(steepest < 0.017, "{steepest}");
        assert!(heard.contains(&0.0) && heard.contains(&0.8));
    }
}
