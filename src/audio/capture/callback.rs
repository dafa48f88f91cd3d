//! What runs in the sound card's own thread. Neither locks, logs nor allocates: `tests/live_input` holds it to that.

use std::sync::atomic::Ordering;

use cpal::FromSample;

use super::input::Counts;

/// Whole frames go into the ring, or are counted.
pub(super) fn take_in<T: Copy>(data: &[T], n_channels: usize, ring: &mut rtrb::Producer<f32>, counts: &Counts)
where
    f32: FromSample<T>,
{
    counts.trouble.end();
    let n_fitting = data.len().min(ring.slots() / n_channels * n_channels);
    if let Ok(chunk) = ring.write_chunk_uninit(n_fitting) {
        chunk.fill_from_iter(data[..n_fitting].iter().map(|&sample| f32::from_sample_(sample)));
    }
    let n_dropped = data.len() - n_fitting;
    if n_dropped > 0 {
        counts.n_dropped.fetch_add(n_dropped as u64, Ordering::Relaxed);
    }
}

/// Where monitoring stands between the two clocks of input and output.
pub(super) struct GiveOut {
    /// Samples to wait for before it begins: below, every late buffer would be a gap.
    pub(super) n_wanted: usize,
    /// More than this is more delay than is needed: the oldest are left out.
    pub(super) n_most: usize,
    pub(super) is_playing: bool,
}

impl GiveOut {
    /// What waits in the ring goes to all channels; silence where there is none.
    pub(super) fn fill<T: Copy + FromSample<f32>>(
        &mut self,
        data: &mut [T],
        n_channels: usize,
        ring: &mut rtrb::Consumer<f32>,
        counts: &Counts,
    ) {
        counts.trouble.end();
        let n_waiting = ring.slots();
        if n_waiting > self.n_most
            && let Ok(old) = ring.read_chunk(n_waiting - self.n_wanted)
        {
            old.commit_all();
        }
        self.is_playing |= n_waiting >= self.n_wanted;
        for frame in data.chunks_mut(n_channels) {
            let value = if self.is_playing { ring.pop().ok() } else { None };
            self.is_playing = value.is_some();
            frame.fill(T::from_sample_(value.unwrap_or(0.0)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, GiveOut};

    #[test]
    fn what_waits_is_played_on_all_channels_without_growing_late_and_silence_where_nothing_waits() {
        let (mut feed, mut ring) = rtrb::RingBuffer::new(1_000);
        let mut out = GiveOut {
            n_wanted: 4,
            n_most: 10,
            is_playing: false,
        };
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
    }
}
